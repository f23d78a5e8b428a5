//! `loewner emit`: a loss as a module for another system.

use super::args::Emit;
use super::engine::Engine;
use super::naming::{assignment, sizes};
use super::{Outcome, Status, output};
use crate::base::{Code, Diagnostic, did_you_mean, replace};
use crate::ir::{InputId, SizeVar};
use crate::torch::Source;
use crate::torch::emit::Request;

pub(super) fn run(engine: &mut Engine, arguments: &Emit) -> Outcome {
    let source = engine.loss(&arguments.loss)?;
    let mut request = Request { command: command(arguments), ..Request::default() };
    let mut mistakes = Vec::new();
    match sizes(&arguments.sizes) {
        Ok(sizes) => {
            for (name, n) in sizes {
                match size_named(&source, &name) {
                    Ok(var) => {
                        request.sizes.insert(var, n);
                    }
                    Err(mistake) => mistakes.push(mistake),
                }
            }
        }
        Err(more) => mistakes.extend(more),
    }
    for text in &arguments.set {
        match constant(engine, &source, text) {
            Ok((input, value)) => {
                request.constants.insert(input, value);
            }
            Err(more) => mistakes.extend(more),
        }
    }
    if !arguments.by.is_empty() {
        let mut by = Vec::new();
        for name in &arguments.by {
            match input_named(&source, name.trim()) {
                Ok(input) => by.push(input),
                Err(mistake) => mistakes.push(mistake),
            }
        }
        request.by = Some(by);
    }
    if let Some(names) = &arguments.data_parallel {
        match batch(&source, names) {
            Ok(batch) => request.batch = batch,
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let text = engine.pytorch(&source, &request)?;
    match &arguments.output {
        None => output::say(&text)?,
        Some(path) => replace(path, text.as_bytes()).map_err(|error| {
            let message = format!("'{}' cannot be written: {error}", path.display());
            vec![Diagnostic::new(Code::E0805, message)]
        })?,
    }
    Ok(Status::Expected)
}

/// The command as it can be typed, but for where its output goes.
fn command(arguments: &Emit) -> String {
    let mut words = vec!["loewner emit".to_owned(), arguments.system.clone(), arguments.loss.clone()];
    let options = [("--size", &arguments.sizes), ("--set", &arguments.set), ("--by", &arguments.by)];
    for (option, values) in options {
        let joined = if option == "--set" { values.clone() } else { Vec::from_iter(Some(values.join(","))) };
        words.extend(joined.iter().filter(|value| !value.is_empty()).map(|value| format!("{option} {value}")));
    }
    words.extend(arguments.data_parallel.iter().map(|names| match names.as_str() {
        "" => "--data-parallel".to_owned(),
        names => format!("--data-parallel={names}"),
    }));
    words.join(" ")
}

/// What samples are counted by in the library.
const BATCH: [&str; 2] = ["B", "N"];

/// The sizes that are split over processes.
fn batch(source: &Source, names: &str) -> Result<Vec<SizeVar>, Diagnostic> {
    if !names.is_empty() {
        return names.split(',').map(|name| size_named(source, name.trim())).collect();
    }
    let found: Vec<SizeVar> = source.size_vars().into_iter().filter(|var| BATCH.contains(&&*var.name)).collect();
    if found.is_empty() {
        let message = format!("which size of `{}` is that of the batch?", source.name);
        return Err(Diagnostic::new(Code::E0807, message).help("name it: --data-parallel=n"));
    }
    Ok(found)
}

fn size_named(source: &Source, name: &str) -> Result<SizeVar, Diagnostic> {
    let sizes = source.size_vars();
    sizes.iter().find(|var| &*var.name == name).cloned().ok_or_else(|| {
        let near = did_you_mean(name, sizes.iter().map(|var| &*var.name));
        let names: Vec<&str> = sizes.iter().map(|var| &*var.name).collect();
        Diagnostic::new(Code::E0807, format!("`{}` has no size `{name}`", source.name))
            .note(format!("its sizes: {}", names.join(", ")))
            .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
    })
}

fn input_named(source: &Source, name: &str) -> Result<InputId, Diagnostic> {
    source.input(name).map(|input| input.input).ok_or_else(|| {
        let near = did_you_mean(name, source.inputs.iter().map(|input| input.name.as_str()));
        Diagnostic::new(Code::E0807, format!("`{}` has no input `{name}`", source.name))
            .note(format!("its inputs: {}", source.names()))
            .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
    })
}

/// `NAME=VALUE`, the value an exact number.
fn constant(
    engine: &mut Engine,
    source: &Source,
    text: &str,
) -> Result<(InputId, num_rational::BigRational), Vec<Diagnostic>> {
    let wrong = |mistake: Diagnostic| vec![mistake];
    let (name, value) = assignment("--set", text).map_err(wrong)?;
    let input = input_named(source, name).map_err(wrong)?;
    if !source.graph.inputs()[input.0 as usize].ty.is_real_scalar() {
        return Err(wrong(Diagnostic::new(Code::E0807, format!("--set {name}: it is no number"))));
    }
    match engine.exact(value)? {
        Some(number) => Ok((input, number)),
        None => {
            Err(wrong(Diagnostic::new(Code::E0807, format!("--set {name}: an exact number was expected, such as 1/2"))))
        }
    }
}
