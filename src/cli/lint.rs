//! `loewner lint`: how a loss behaves, found by trying it.

use super::args::Lint;
use super::engine::Engine;
use super::naming::{assignment, sizes};
use super::{Outcome, Status, output};
use crate::lint::{Options, Request};
use crate::report::lint::{lint_json, lint_table, lint_text};

pub(super) fn run(engine: &mut Engine, arguments: &Lint) -> Outcome {
    let options = Options { draws: arguments.draws as usize, seed: arguments.seed };
    if arguments.library {
        let (lints, skipped) = engine.lint_library(&options);
        output::say(&lint_table(&lints, &skipped))?;
        return Ok(Status::Expected);
    }
    // The command line asks for one or the other.
    let loss = arguments.loss.as_deref().unwrap_or_default();
    let mut mistakes = Vec::new();
    let mut request = Request { loss: engine.open(loss)?.to_owned(), ..Request::default() };
    for option in &arguments.set {
        let set = assignment("--set", option).map_err(|mistake| vec![mistake]);
        match set.and_then(|(name, value)| Ok((name.to_owned(), engine.parse(value)?))) {
            Ok(set) => request.set.push(set),
            Err(more) => mistakes.extend(more),
        }
    }
    match sizes(&arguments.sizes) {
        Ok(sizes) => request.sizes = sizes,
        Err(more) => mistakes.extend(more),
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let lint = engine.lint(&request, &options)?;
    output::say(&if arguments.json { lint_json(&lint) } else { lint_text(&lint, output::output_style()) })?;
    Ok(Status::Expected)
}
