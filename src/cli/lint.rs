//! `loewner lint`: how a loss behaves, found by trying it.

use std::path::Path;

use super::args::Lint;
use super::engine::Engine;
use super::{Outcome, Status, output};
use crate::base::{Code, Diagnostic};
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
    let name = match loss.rsplit_once(':') {
        Some((file, name)) => {
            engine.load(Path::new(file))?;
            name
        }
        None if Path::new(loss).extension().is_some_and(|extension| extension == "lw") => {
            let help = format!("write {loss}:NAME, with the name of a definition in the file");
            return Err(vec![Diagnostic::new(Code::E0807, "which definition of the file?").help(help)]);
        }
        None => loss,
    };
    let mut mistakes = Vec::new();
    let mut request = Request { loss: name.to_owned(), ..Request::default() };
    for text in &arguments.set {
        let parts = part("--set", text, "VALUE");
        match parts.map_err(|mistake| vec![mistake]).and_then(|(name, value)| Ok((name, engine.parse(&value)?))) {
            Ok(set) => request.set.push(set),
            Err(more) => mistakes.extend(more),
        }
    }
    for text in arguments.sizes.iter().flat_map(|sizes| sizes.split(',')) {
        let number = |(name, value): (String, String)| match value.parse::<usize>() {
            Ok(n @ 1..=4096) => Ok((name, n)),
            _ => Err(Diagnostic::new(Code::E0807, format!("--size {text}: an integer from 1 to 4096 was expected"))),
        };
        match part("--size", text, "N").and_then(number) {
            Ok(size) => request.sizes.push(size),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let lint = engine.lint(&request, &options)?;
    output::say(&if arguments.json { lint_json(&lint) } else { lint_text(&lint, output::output_style()) })?;
    Ok(Status::Expected)
}

/// `NAME=VALUE` in its parts.
fn part(option: &str, text: &str, value: &str) -> Result<(String, String), Diagnostic> {
    match text.split_once('=') {
        Some((name, rest)) if !name.trim().is_empty() && !rest.trim().is_empty() => {
            Ok((name.trim().to_owned(), rest.trim().to_owned()))
        }
        _ => {
            let message = format!("{option} '{text}' is not NAME={value}");
            Err(Diagnostic::new(Code::E0807, message).help(format!("write {option} NAME={value}")))
        }
    }
}
