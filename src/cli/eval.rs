//! `loewner eval` and `loewner grad`: one expression, its value or its gradient.

use super::args::{Eval, Grad, Names};
use super::engine::Engine;
use super::naming::assignment;
use super::{Outcome, Status, load, output};
use crate::base::Diagnostic;
use crate::report::{Answer, answer_json, answer_text};

pub(super) fn run(engine: &mut Engine, arguments: &Eval) -> Outcome {
    bind(engine, &arguments.names)?;
    let answer = engine.evaluate(&arguments.expression)?;
    print(&answer, arguments.json)
}

/// `loewner grad`: one expression, its gradient by a name.
pub(super) fn run_grad(engine: &mut Engine, arguments: &Grad) -> Outcome {
    bind(engine, &arguments.names)?;
    let answer = engine.gradient(&arguments.expression, &arguments.wrt)?;
    print(&answer, arguments.json)
}

fn print(answer: &Answer, json: bool) -> Outcome {
    let text = if json { answer_json(answer) } else { answer_text(answer) };
    output::say(&format!("{text}\n"))?;
    Ok(Status::Expected)
}

/// Reads and binds what the names in the expression stand for.
pub(super) fn bind(engine: &mut Engine, names: &Names) -> Result<(), Vec<Diagnostic>> {
    // Every mistake of the command line is told at once; the expression comes last, since it stands on the rest.
    let mut mistakes = Vec::new();
    for path in &names.imports {
        mistakes.extend(engine.load(path).err().into_iter().flatten());
    }
    for option in &names.loads {
        let outcome = assignment("--load", option).and_then(|(name, file)| Ok((name, file, load::load(file)?)));
        match outcome {
            Ok((name, file, data)) => engine.bind_data(name, data, file),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for option in &names.lets {
        match assignment("--let", option) {
            Ok((name, text)) => mistakes.extend(engine.bind(name, text).err().into_iter().flatten()),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}
