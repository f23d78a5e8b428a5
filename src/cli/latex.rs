//! `loewner latex`: an expression, a definition or a file as LaTeX.

use std::path::Path;

use super::args::Latex;
use super::engine::Engine;
use super::{Outcome, Status, output};
use crate::report::latex::{display, latex_expression, latex_program, standalone};

pub(super) fn run(engine: &mut Engine, arguments: &Latex) -> Outcome {
    let source = arguments.source.as_str();
    let path = Path::new(source);
    if let Some(definition) = engine.definition(source)? {
        let fragment = latex_program(&definition);
        output::say(&if arguments.standalone { standalone(&fragment) } else { fragment })?;
        return Ok(Status::Expected);
    }
    // What ends like a file of the language is one, so that a misspelt path is not read as an expression.
    let file = path.extension().is_some_and(|extension| extension == "lw") || path.is_file();
    let text = if file {
        let fragment = latex_program(&engine.program(path)?);
        if arguments.standalone { standalone(&fragment) } else { fragment }
    } else {
        let formula = latex_expression(&engine.parse(source)?);
        if arguments.standalone { standalone(&display(&formula)) } else { format!("{formula}\n") }
    };
    output::say(&text)?;
    Ok(Status::Expected)
}
