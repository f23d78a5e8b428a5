//! `loewner explain`: what rewriting makes of an expression, and what it saves.

use super::args::Explain;
use super::engine::Engine;
use super::eval::bind;
use super::naming::{assignment, sizes};
use super::{Outcome, Status, output};
use crate::base::{Code, Diagnostic};
use crate::relate::Given;
use crate::report::{explanation_json, explanation_text};

pub(super) fn run(engine: &mut Engine, arguments: &Explain) -> Outcome {
    let sizes = sizes(&arguments.sizes)?;
    let explanation = if arguments.names.loads.is_empty() {
        for path in &arguments.names.imports {
            engine.load(path)?;
        }
        let mut given = Given { forall: arguments.foralls.clone(), defaults: true, ..Given::default() };
        for option in &arguments.names.lets {
            let (name, text) = assignment("--let", option).map_err(|mistake| vec![mistake])?;
            given.set.push((name.to_owned(), text.to_owned()));
        }
        engine.explain(&arguments.expression, &given, &sizes)?
    } else {
        // Every name has its value, and with it its size.
        bind(engine, &arguments.names)?;
        if let Some((name, _)) = sizes.first() {
            let message = format!("the size `{name}` is that of what is loaded");
            return Err(vec![Diagnostic::new(Code::E0807, message).help("leave --size out")]);
        }
        engine.explain_bound(&arguments.expression)?
    };
    let title = &arguments.expression;
    let text =
        if arguments.json { explanation_json(title, &explanation) } else { explanation_text(title, &explanation) };
    output::say(&text)?;
    Ok(if explanation.agrees() { Status::Expected } else { Status::Surprise })
}
