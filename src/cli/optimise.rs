//! `loewner explain`: what rewriting makes of an expression, and what it saves.

use super::args::Explain;
use super::engine::Engine;
use super::eval::{bind, split};
use super::{Outcome, Status, output};
use crate::base::{Code, Diagnostic};
use crate::relate::Given;
use crate::report::{explanation_json, explanation_text};

pub(super) fn run(engine: &mut Engine, arguments: &Explain) -> Outcome {
    let sizes = arguments.sizes.iter().flat_map(|text| text.split(',')).map(size);
    let sizes = sizes.collect::<Result<Vec<_>, _>>().map_err(|mistake| vec![mistake])?;
    let explanation = if arguments.names.loads.is_empty() {
        for path in &arguments.names.imports {
            engine.load(path)?;
        }
        let mut given = Given { forall: arguments.foralls.clone(), set: Vec::new(), defaults: true };
        for option in &arguments.names.lets {
            let (name, text) = split("--let", option).map_err(|mistake| vec![mistake])?;
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

/// `NAME=NUMBER`
pub(super) fn size(text: &str) -> Result<(String, i64), Diagnostic> {
    let parts = text.split_once('=').and_then(|(name, n)| Some((name.trim(), n.trim().parse::<i64>().ok()?)));
    match parts {
        Some((name, n)) if n >= 1 && !name.is_empty() => Ok((name.to_owned(), n)),
        _ => {
            let message = format!("'{text}' is no size");
            Err(Diagnostic::new(Code::E0807, message).help("write --size NAME=NUMBER,NAME=NUMBER"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_positive_integers_with_names() {
        assert_eq!(size(" d = 768"), Ok(("d".to_owned(), 768)));
        for wrong in ["d", "d=", "=3", "d=0", "d=-1", "d=x", "d=1.5"] {
            assert_eq!(size(wrong).unwrap_err().code, Code::E0807, "{wrong}");
        }
    }
}
