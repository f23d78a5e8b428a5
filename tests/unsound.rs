//! False claims that look as if they followed: none is proved, by its calculation or by saturation. They are false on sets
//! that samples do not meet, so that nothing but the prover stands between them and the verdict `proved`.

use std::path::Path;

use loewner::check::Session;
use loewner::prove;

#[test]
fn nothing_false_is_proved() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/unsound");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let (mut tried, mut proved) = (0, Vec::new());
    for path in paths {
        let theorems = Session::new().load_file(&path).unwrap_or_else(|mistakes| panic!("{path:?}: {mistakes:#?}"));
        for theorem in &theorems {
            let claim = &theorem.claims[0];
            let by_steps = prove::claim(theorem, claim);
            // What has no steps here is a lemma, or an equality that saturation must not find.
            tried += usize::from(by_steps.is_some());
            if matches!(by_steps, Some(Ok(_))) || prove::equations(theorem, claim).is_some() {
                proved.push(format!("{}: {}", path.display(), theorem.name));
            }
        }
    }
    assert!(tried >= 15, "{tried} calculations");
    assert!(proved.is_empty(), "proved, and false:\n{}", proved.join("\n"));
}
