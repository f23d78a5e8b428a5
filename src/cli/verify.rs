//! `loewner verify`: every claim of the files, with a verdict each.

use super::args::Verify;
use super::engine::Engine;
use super::{Outcome, Status, files, output, progress};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::check::Theorem;
use crate::report::{report_json, report_text};
use crate::verify::{Options, Report};

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
    let defaults = Options::default();
    let options = Options {
        samples: arguments.samples.unwrap_or(defaults.samples),
        seed: arguments.seed,
        budget: arguments.budget,
        // The theorems are chosen above, where a text that chooses none can be told.
        only: None,
        threads: arguments.threads.map_or(defaults.threads, usize::from),
        out: arguments.out.clone(),
        attack: arguments.effort,
        plain: arguments.plain,
    };
    progress::heed_interrupts()?;
    let report = engine.verify(&theorems, &options)?;
    let text = if arguments.json { report_json(&report) } else { report_text(&report, output::output_style()) };
    output::say(&text)?;
    Ok(match report {
        Report { interrupted: true, .. } => Status::Interrupted,
        report if report.as_expected() => Status::Expected,
        _ => Status::Surprise,
    })
}

/// The theorems whose name or file contains the text, in any case; of the others, the claims whose label does.
fn only(theorems: Vec<Theorem>, text: &str) -> Result<Vec<Theorem>, Diagnostic> {
    let wanted = text.to_lowercase();
    let fits = |name: &str| name.to_lowercase().contains(&wanted);
    let near =
        did_you_mean(text, theorems.iter().map(|t| t.name.as_str())).map(|near| format!("did you mean '{near}'?"));
    let total = theorems.len();
    let chosen = theorems.into_iter().filter_map(|mut theorem| {
        if !fits(&theorem.name) && !fits(&theorem.file) {
            theorem.claims.retain(|claim| fits(&claim.label));
        }
        (!theorem.claims.is_empty()).then_some(theorem)
    });
    let chosen: Vec<Theorem> = chosen.collect();
    if chosen.is_empty() {
        let message = format!("no theorem, file or claim has '{text}' in its name");
        return Err(Diagnostic::new(Code::E0807, message).note(format!("{total} theorems were read")).maybe_help(near));
    }
    Ok(chosen)
}

fn listed(paths: &[std::path::PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}
