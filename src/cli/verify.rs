//! `loewner verify`: every claim of the files, with a verdict each.

use std::path::Path;

use super::args::Verify;
use super::engine::{Effort, Engine};
use super::{Outcome, Status, files, output};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::check::Theorem;
use crate::report::{report_json, report_text, witness_json};
use crate::verify::{Report, Verdict};

pub(super) fn run(engine: &mut Engine, arguments: &Verify) -> Outcome {
    let paths = files::discover(&arguments.paths)?;
    let (mut theorems, mut mistakes) = (Vec::new(), Vec::new());
    for path in &paths {
        match engine.load(path) {
            Ok(mut found) => theorems.append(&mut found),
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    // Nothing is run before everything is known to be sound.
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    if let Some(text) = &arguments.only {
        theorems = only(theorems, text).map_err(|mistake| vec![mistake])?;
    }
    if theorems.is_empty() {
        let message = "there is no theorem in the files";
        return Err(vec![Diagnostic::new(Code::E0807, message).note(format!("read: {}", listed(&paths)))]);
    }
    if let Some(folder) = &arguments.out {
        // A folder that cannot be made is told before the work, not after it.
        std::fs::create_dir_all(folder).map_err(|error| vec![unwritable(folder, &error)])?;
    }
    let effort = Effort {
        samples: arguments.samples,
        seed: arguments.seed,
        budget: arguments.budget,
        threads: arguments.threads,
    };
    let mut report = engine.verify(&theorems, effort);
    if let Some(folder) = &arguments.out {
        keep_witnesses(&mut report, folder).map_err(|mistake| vec![mistake])?;
    }
    let text = if arguments.json { report_json(&report) } else { report_text(&report, output::output_style()) };
    output::say(&text)?;
    Ok(if report.as_expected() { Status::Expected } else { Status::Surprise })
}

/// The theorems whose name or file contains the text, in any case.
fn only(theorems: Vec<Theorem>, text: &str) -> Result<Vec<Theorem>, Diagnostic> {
    let wanted = text.to_lowercase();
    let fits = |t: &Theorem| [&t.name, &t.file].iter().any(|name| name.to_lowercase().contains(&wanted));
    let near =
        did_you_mean(text, theorems.iter().map(|t| t.name.as_str())).map(|near| format!("did you mean '{near}'?"));
    let total = theorems.len();
    let kept: Vec<Theorem> = theorems.into_iter().filter(fits).collect();
    if kept.is_empty() {
        let message = format!("no theorem's name or file contains '{text}'");
        return Err(Diagnostic::new(Code::E0807, message).note(format!("{total} theorems were read")).maybe_help(near));
    }
    Ok(kept)
}

fn listed(paths: &[std::path::PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Code::E0805, format!("'{}' cannot be written: {error}", path.display()))
}

/// Writes each counterexample to a file of its own, and its name into the report.
fn keep_witnesses(report: &mut Report, folder: &Path) -> Result<(), Diagnostic> {
    let mut taken = std::collections::HashSet::new();
    for claim in &mut report.claims {
        let Some(text) = claim.witness().map(|witness| witness_json(claim, witness)) else { continue };
        let stem = format!("{}-{}", slug(&claim.theorem), slug(&claim.claim));
        // Theorems of two files may share a name.
        let names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
        let Some(name) = names.into_iter().find(|name| taken.insert(name.clone())) else { continue };
        let path = folder.join(format!("{name}.json"));
        std::fs::write(&path, text).map_err(|error| unwritable(&path, &error))?;
        if let Verdict::Refuted(witness) = &mut claim.verdict {
            witness.file = Some(path.display().to_string());
        }
    }
    Ok(())
}

/// A name that every file system takes: `Proposition 4.11` is `proposition-4.11`.
fn slug(text: &str) -> String {
    let kept =
        text.to_lowercase().chars().map(|c| if c.is_alphanumeric() || c == '.' { c } else { '-' }).collect::<String>();
    let slug = kept
        .split('-')
        .map(|part| part.trim_matches('.'))
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join("-");
    let slug: String = slug.chars().take(60).collect();
    if slug.is_empty() { "claim".to_owned() } else { slug }
}

#[cfg(test)]
mod tests {
    use super::slug;

    #[test]
    fn slugs_are_names_of_files() {
        assert_eq!(slug("Proposition 4.11"), "proposition-4.11");
        assert_eq!(slug("../a / (b)"), "a-b");
        assert_eq!(slug("((("), "claim");
    }
}
