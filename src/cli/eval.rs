//! `loewner eval` and `loewner grad`: one expression, its value or its gradient.

use super::args::{Eval, Grad, Names};
use super::engine::Engine;
use super::{Outcome, Status, load, output};
use crate::base::{Code, Diagnostic};
use crate::report::{Answer, answer_json, answer_text};
use crate::syntax::{CONTEXTUAL, KEYWORDS};

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
        let outcome = split("--load", option).and_then(|(name, file)| Ok((name, file, load::load(file)?)));
        match outcome {
            Ok((name, file, data)) => engine.bind_data(name, data, file),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for option in &names.lets {
        match split("--let", option) {
            Ok((name, text)) => mistakes.extend(engine.bind(name, text).err().into_iter().flatten()),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

/// The names that stand for numbers everywhere.
const CONSTANTS: [&str; 2] = ["pi", "inf"];

/// `NAME=VALUE` in its two parts.
pub(super) fn split<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str), Diagnostic> {
    let value = if option == "--load" { "FILE" } else { "EXPR" };
    let wrong = |message: String| Diagnostic::new(Code::E0807, message).help(format!("write {option} NAME={value}"));
    let (name, rest) = text.split_once('=').ok_or_else(|| wrong(format!("{option} '{text}' has no '='")))?;
    let (name, rest) = (name.trim(), rest.trim());
    if let Err(why) = is_name(name) {
        return Err(wrong(format!("{option} cannot name a value '{name}': {why}")));
    }
    if rest.is_empty() {
        return Err(wrong(format!("{option} {name} has nothing after '='")));
    }
    Ok((name, rest))
}

/// Whether a text can name a value.
fn is_name(text: &str) -> Result<(), &'static str> {
    let mut chars = text.chars();
    let start = chars.next().ok_or("a name is needed")?;
    let fits = (start == '_' || unicode_ident::is_xid_start(start)) && chars.all(unicode_ident::is_xid_continue);
    if !fits {
        Err("a name is a letter or '_', then letters, digits and '_'")
    } else if KEYWORDS.contains(&text) && !CONTEXTUAL.contains(&text) {
        Err("it is a word of the language")
    } else if CONSTANTS.contains(&text) {
        // Whether it would hide the constant or be hidden by it, somebody would be surprised.
        Err("it is a constant of the language")
    } else {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_at_the_first_sign() {
        assert_eq!(split("--let", " K = [1, 1/2; 1/2, 1]").unwrap(), ("K", "[1, 1/2; 1/2, 1]"));
        assert_eq!(split("--let", "c=a==b").unwrap(), ("c", "a==b"));
        assert_eq!(split("--load", "α=z=1.npy").unwrap(), ("α", "z=1.npy"));
        for wrong in ["K", "=1", "1x=2", "K=", "forall=1", "a b=1", "pi=3", "inf=1"] {
            assert_eq!(split("--let", wrong).unwrap_err().code, Code::E0807, "{wrong}");
        }
    }
}
