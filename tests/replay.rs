//! `loewner replay` from outside: every refutation of the proofs certified again from its file, and every way in which a
//! file can be spoilt by hand told with its code.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

const THEOREM: &str = "theorem \"small\" {\n  forall n in 1..4, a in (0, 2]\n  forall K: Corr[n]\n  assume trace(K*K) \
    <= 3\n  claim bound: sum(K) <= a*n\n  expect refuted\n}\n";

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).stdin(Stdio::null()).args(arguments).output().unwrap()
}

fn out(output: &Output) -> &str {
    std::str::from_utf8(&output.stdout).unwrap()
}

fn err(output: &Output) -> &str {
    std::str::from_utf8(&output.stderr).unwrap()
}

fn good() -> Value {
    json!({
        "schema": 2, "file": "small.lw", "theorem": "small", "claim": "bound", "statement": "claim bound: sum(K) <= a*n",
        "sizes": {"n": 2}, "exact": {"a": "1/2", "K": [[1, "1/2"], ["1/2", 1]]}, "raw": {}, "follows": null,
    })
}

fn folder_with(witness: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("small.lw"), THEOREM).unwrap();
    std::fs::write(folder.path().join("w.json"), witness).unwrap();
    folder
}

/// What replay says of the good witness with a change.
fn changed(change: impl Fn(&mut Value)) -> Output {
    let mut witness = good();
    change(&mut witness);
    run(folder_with(&witness.to_string()).path(), &["replay", "w.json"])
}

#[track_caller]
fn refused(output: &Output, status: i32, code: &str, part: &str) {
    assert_eq!(output.status.code(), Some(status), "{}{}", out(output), err(output));
    assert_eq!(out(output), "");
    assert!(err(output).contains(&format!("error[{code}]")), "{code}: {}", err(output));
    assert!(err(output).contains(part), "{part}: {}", err(output));
    assert!(!err(output).contains("panicked"), "{}", err(output));
}

#[test]
fn every_refutation_of_the_proofs_is_certified_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir().unwrap();
    let witnesses = folder.path().join("witnesses");
    let witnesses = witnesses.to_str().unwrap();
    let output =
        run(root, &["verify", "proofs", "--samples", "2000", "--effort", "0.05", "--json", "--out", witnesses]);
    let report: Value = serde_json::from_str(out(&output)).unwrap_or_else(|_| panic!("{}", err(&output)));
    let refuted = report["claims"].as_array().unwrap().iter().filter(|claim| claim["verdict"] == "refuted").count();
    assert!(refuted >= 25, "only {refuted} claims of the proofs are refuted");
    let mut files: Vec<String> =
        std::fs::read_dir(witnesses).unwrap().map(|entry| entry.unwrap().path().display().to_string()).collect();
    files.sort();
    assert_eq!(files.len(), refuted);
    let arguments: Vec<&str> = ["replay"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = run(root, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let again = out(&output).lines().filter(|line| line.ends_with(": certified again")).count();
    let grows = out(&output).lines().filter(|line| line.ends_with(": the ratio grows again")).count();
    assert_eq!(again + grows, refuted);
    // Where no folder on the way up holds the proofs, they have to be named.
    let elsewhere = run(folder.path(), &["replay", &files[0]]);
    refused(&elsewhere, 2, "E0801", "--theorems");
    let named = root.join("proofs");
    let elsewhere = run(folder.path(), &["replay", &files[0], "--theorems", named.to_str().unwrap()]);
    assert_eq!(elsewhere.status.code(), Some(0), "{}", err(&elsewhere));
}

#[test]
fn the_witnesses_that_are_kept_with_the_proofs_are_certified_again() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = std::fs::read_dir(root.join("proofs/witnesses")).unwrap();
    let mut files: Vec<String> = kept.map(|entry| entry.unwrap().path().display().to_string()).collect();
    files.sort();
    assert!(files.len() >= 70, "only {} witnesses are kept", files.len());
    let arguments: Vec<&str> = ["replay"].into_iter().chain(files.iter().map(String::as_str)).collect();
    let output = run(root, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn a_witness_is_shown_as_the_language_writes_it() {
    let output = changed(|_| {});
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(
        out(&output),
        "w.json: certified again\n  small, claim \"bound\" fails at\n    n = 2, a = 1/2\n    K = [  1, 1/2;\n         \
         1/2,   1]\n    3 <= 1 is false\n    certified margin -2 ± 0\n"
    );
    // What is shown can be pasted.
    let shown = "[  1, 1/2;\n         1/2,   1]";
    let sum = run(Path::new("."), &["eval", "sum(K)", "--let", &format!("K={shown}")]);
    assert_eq!(out(&sum), "3\n");
}

#[test]
fn theorems_are_found_from_the_witness_upwards() {
    let folder = folder_with("{}");
    let deep = folder.path().join("out/today");
    std::fs::create_dir_all(&deep).unwrap();
    std::fs::write(deep.join("w.json"), good().to_string()).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let output = run(elsewhere.path(), &["replay", deep.join("w.json").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
}

#[test]
fn what_is_no_witness_is_told_so() {
    let read = |text: &str| run(folder_with(text).path(), &["replay", "w.json"]);
    refused(&read("not json"), 2, "E0901", "is not JSON");
    refused(&read("[1, 2]"), 2, "E0901", "not a JSON object");
    refused(&read(""), 2, "E0901", "is not JSON");
    refused(&changed(|w| w["schema"] = json!(1)), 2, "E0901", "schema is 1");
    refused(&changed(|w| w["theorem"] = json!(3)), 2, "E0901", "\"theorem\" is not a string");
    refused(&changed(|w| w["exact"] = json!([])), 2, "E0901", "\"exact\" is not an object");
    let missing = |field: &str| {
        changed(|w| {
            w.as_object_mut().unwrap().remove(field);
        })
    };
    for field in ["schema", "file", "theorem", "claim", "statement", "sizes", "exact", "raw"] {
        refused(&missing(field), 2, "E0901", &format!("no field \"{field}\""));
    }
    refused(&run(Path::new("."), &["replay", "nowhere.json"]), 2, "E0801", "nowhere.json");
}

#[test]
fn what_a_witness_is_about_must_be_there() {
    refused(&changed(|w| w["file"] = json!("large.lw")), 2, "E0801", "large.lw");
    refused(&changed(|w| w["theorem"] = json!("smal")), 2, "E0902", "did you mean \"small\"?");
    refused(&changed(|w| w["claim"] = json!("bond")), 2, "E0902", "did you mean `bound`?");
    refused(&changed(|w| w["statement"] = json!("claim bound: sum(K) <= n")), 2, "E0903", "sum(K) <= a*n");
}

#[test]
fn names_sizes_shapes_and_numbers_must_fit() {
    refused(&changed(|w| w["sizes"] = json!({})), 2, "E0904", "\"sizes\" does not give `n`");
    refused(&changed(|w| w["sizes"]["m"] = json!(2)), 2, "E0904", "`m`");
    refused(&changed(|w| w["sizes"]["n"] = json!(1.5)), 2, "E0904", "no whole number");
    refused(&changed(|w| w["sizes"]["n"] = json!(3)), 2, "E0904", "has 2 rows, and the sizes make it 3");
    refused(&changed(|w| w["exact"]["K"] = json!([[1, 0], [0]])), 2, "E0904", "has 1 columns");
    refused(&changed(|w| w["exact"]["K"] = json!(1)), 2, "E0904", "must be a list of 2 rows");
    refused(
        &changed(|w| w["exact"]["K"][0][1] = json!("x")),
        2,
        "E0904",
        "row 1, column 2 is \"x\", which is no number",
    );
    refused(&changed(|w| w["exact"]["K"][0][1] = json!("1/0")), 2, "E0904", "which is no number");
    refused(&changed(|w| w["exact"]["K"][0][1] = json!("nan")), 2, "E0904", "which is no number");
    refused(&changed(|w| w["exact"]["K"][0][1] = json!([1, 2])), 2, "E0904", "which is no number");
    refused(&changed(|w| w["exact"]["a"] = json!("1e999999999")), 2, "E0904", "which is no number");
    refused(&changed(|w| w["exact"]["L"] = json!(1)), 2, "E0904", "`L`");
    refused(&changed(|w| w["exact"] = json!({"a": 1})), 2, "E0904", "nothing is given for `K`");
    refused(&changed(|w| w["raw"] = json!({"K": [[[1, 0], [0, 1]]]})), 2, "E0904", "given twice");
    let raw = |blocks: Value| {
        changed(move |w| {
            w["exact"] = json!({"a": "1/2"});
            w["raw"] = json!({ "K": blocks.clone() });
        })
    };
    refused(&raw(json!([[1, 0], [0, 1]])), 2, "E0904", "a list of 1 blocks");
    assert_eq!(raw(json!([[[1, 1], [0, 2]]])).status.code(), Some(0));
}

#[test]
fn values_outside_their_sets_refute_nothing() {
    refused(&changed(|w| w["sizes"]["n"] = json!(5)), 2, "E0904", "the sizes make it 5");
    let outside = changed(|w| {
        w["sizes"]["n"] = json!(5);
        w["exact"]["K"] = json!([[1, 0, 0, 0, 0], [0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0, 0, 0, 0, 1]]);
    });
    refused(&outside, 2, "E0905", "the size n = 5 is outside 1..4");
    refused(&changed(|w| w["exact"]["a"] = json!(0)), 2, "E0905", "`a` is outside its range");
    refused(&changed(|w| w["exact"]["a"] = json!("2.000001")), 2, "E0905", "`a` is outside its range");
    refused(&changed(|w| w["exact"]["K"] = json!([[1, 2], [2, 1]])), 2, "E0905", "`K` is not positive semi-definite");
    refused(&changed(|w| w["exact"]["K"][0][0] = json!("0.999999999999999999999")), 2, "E0905", "`K` is not");
    refused(&changed(|w| w["exact"]["K"][0][1] = json!("1/3")), 2, "E0905", "`K` is not");
}

#[test]
fn hypotheses_must_hold_and_claims_must_fail() {
    refused(&changed(|w| w["exact"]["K"] = json!([[1, 1], [1, 1]])), 2, "E0906", "trace(K*K)");
    refused(&changed(|w| w["exact"]["a"] = json!(2)), 1, "E0907", "the claim holds at this input");
    refused(&changed(|w| w["exact"]["a"] = json!("3/2")), 1, "E0907", "the claim holds");
    // One good file beside one that refutes nothing: the good one is told, and the status is that of the other.
    let folder = folder_with(&good().to_string());
    let mut holds = good();
    holds["exact"]["a"] = json!(2);
    std::fs::write(folder.path().join("h.json"), holds.to_string()).unwrap();
    let output = run(folder.path(), &["replay", "w.json", "h.json"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(out(&output).contains("w.json: certified again") && err(&output).contains("E0907"));
}

#[test]
fn claims_about_limits_are_followed_again() {
    let text = "theorem \"slow\" {\n  forall a in [0, 1], x in (0, inf)\n  claim a*x + 1 ~ 1 + O(1) as x -> inf\n  expect \
                refuted\n}\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("slow.lw"), text).unwrap();
    let output = run(folder.path(), &["verify", "slow.lw", "--samples", "200", "--effort", "0.01", "--out", "w"]);
    assert_eq!(output.status.code(), Some(0), "{}{}", out(&output), err(&output));
    let output = run(folder.path(), &["replay", "w/slow-1.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(out(&output).starts_with("w/slow-1.json: the ratio grows again"), "{}", out(&output));
    let mut witness: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("w/slow-1.json")).unwrap()).unwrap();
    assert_eq!(witness["follows"], "x");
    witness["exact"]["a"] = json!(0);
    std::fs::write(folder.path().join("w/slow-1.json"), witness.to_string()).unwrap();
    let output = run(folder.path(), &["replay", "w/slow-1.json"]);
    refused(&output, 1, "E0907", "the ratio does not grow along `x`");
}

#[test]
fn an_input_that_is_followed_meets_the_hypotheses() {
    let text = "theorem \"slow\" {\n  forall a in [0, 4], x in (0, inf)\n  assume a <= 1\n  claim a*x + 1 ~ 1 + O(1) as \
                x -> inf\n  expect refuted\n}\n";
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("slow.lw"), text).unwrap();
    let mut witness = json!({
        "schema": 2, "file": "slow.lw", "theorem": "slow", "claim": "1",
        "statement": "claim a*x + 1 ~ 1 + O(1) as x -> inf", "sizes": {}, "exact": {"a": 1, "x": 100}, "raw": {},
        "follows": "x",
    });
    let replay = |witness: &Value| {
        std::fs::write(folder.path().join("w.json"), witness.to_string()).unwrap();
        run(folder.path(), &["replay", "w.json"])
    };
    assert_eq!(replay(&witness).status.code(), Some(0), "{}", err(&replay(&witness)));
    witness["exact"]["a"] = json!(2);
    refused(&replay(&witness), 2, "E0906", "a <= 1");
}

/// √2 is no number that a file can hold: it is given by two between which it lies.
#[test]
fn a_solution_between_two_numbers_is_certified_again_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let theorem = "theorem \"root\" {\n  forall x in [-2, 2]\n  assume x^2 == 2\n  claim x <= 1\n  expect refuted\n}\n";
    std::fs::write(folder.path().join("root.lw"), theorem).unwrap();
    let verified = run(folder.path(), &["verify", "root.lw", "--out", "kept"]);
    assert_eq!(verified.status.code(), Some(0), "{}{}", out(&verified), err(&verified));
    assert!(out(&verified).contains("x lies between 1.41421356"), "{}", out(&verified));
    let path = folder.path().join("kept/root-1.json");
    let kept: Value = serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
    let replayed = |change: &dyn Fn(&mut Value)| {
        let mut witness = kept.clone();
        change(&mut witness);
        std::fs::write(&path, witness.to_string()).unwrap();
        run(folder.path(), &["replay", "kept/root-1.json"])
    };
    let again = replayed(&|_| {});
    assert_eq!(again.status.code(), Some(0), "{}{}", out(&again), err(&again));
    assert!(out(&again).contains("certified again"), "{}", out(&again));
    assert_eq!(replayed(&|w| w["between"]["upper"] = json!("3/2")).status.code(), Some(0));
    refused(&replayed(&|w| w["between"]["upper"] = json!("1.4142135611")), 2, "E0906", "change places");
    refused(&replayed(&|w| w["between"]["upper"] = json!("1.41421356")), 2, "E0904", "is not above");
    refused(&replayed(&|w| w["between"]["block"] = json!(7)), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["between"]["column"] = json!(5)), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["between"]["part"] = json!("im")), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["follows"] = json!("x")), 2, "E0901", "both");
    refused(&replayed(&|w| w["between"] = Value::Null), 2, "E0906", "an equality must hold exactly");
    refused(&replayed(&|w| w["between"]["name"] = json!("y")), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["between"]["row"] = json!(2)), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["between"]["row"] = json!(0)), 2, "E0904", "no number of the input");
    refused(&replayed(&|w| w["between"]["upper"] = json!("many")), 2, "E0904", "which is no number");
    refused(&replayed(&|w| w["between"] = json!([])), 2, "E0901", "neither an object nor null");
}
