//! What was entered: a command, statements, bindings or an expression.

use crate::base::{Code, Diagnostic, FileId, did_you_mean};
use crate::syntax::{parse_bindings, parse_expr, parse_program};

/// One thing entered.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Entry<'a> {
    /// An empty line, or a comment.
    Nothing,
    /// `:quit`
    Quit,
    /// `:help`
    Help,
    /// `:type EXPR`
    Type(&'a str),
    /// `:doc NAME`
    Doc(&'a str),
    /// `:load FILE`
    Load(&'a str),
    /// `def`, `theorem`, `import`
    Statements(&'a str),
    /// `x = EXPR` or `let x = EXPR, y = EXPR`: names with the texts of their values.
    Bindings(Vec<(String, &'a str)>),
    /// Anything else.
    Expression(&'a str),
}

/// The commands, as completion offers them.
pub(super) const COMMANDS: &[&str] = &[":doc", ":help", ":load", ":quit", ":type"];

/// Words that start a statement.
const STATEMENTS: &[&str] = &["def", "theorem", "import"];

/// The texts here are read only to tell what they are: the session parses them again, with their place in its sources.
const NOWHERE: FileId = FileId(0);

/// What was entered.
///
/// # Errors
/// E0807 for a command that there is not, or one without what it needs.
pub(super) fn read(text: &str) -> Result<Entry<'_>, Diagnostic> {
    let trimmed = text.trim();
    if let Some(command) = trimmed.strip_prefix(':') {
        return command_of(command);
    }
    Ok(match kind(trimmed) {
        Kind::Nothing => Entry::Nothing,
        Kind::Statements => Entry::Statements(text),
        Kind::Expression => Entry::Expression(text),
        Kind::Bindings => {
            let parsed = parse_bindings(NOWHERE, text);
            match parsed.value {
                Some(bindings) if parsed.diagnostics.is_empty() => {
                    // A value reaches up to the next name: spans leave out the parentheses around an expression.
                    let ends = bindings.iter().skip(1).map(|next| comma_before(text, next.name.span.start as usize));
                    let ends: Vec<usize> = ends.chain([text.len()]).collect();
                    let value = |(binding, end): (&crate::syntax::ast::Binding, usize)| {
                        let after_name = &text[binding.name.span.end as usize..end];
                        // The parser has seen the sign.
                        let value = after_name.trim_start().trim_start_matches('=').trim();
                        (binding.name.name.clone(), value)
                    };
                    Entry::Bindings(bindings.iter().zip(ends).map(value).collect())
                }
                // The whole text goes to the parser of statements' expressions, whose message names the mistake.
                _ => match name_and_sign(trimmed.strip_prefix("let").unwrap_or(trimmed)) {
                    Some((name, value)) => Entry::Bindings(vec![(name.to_owned(), value)]),
                    None => Entry::Expression(text),
                },
            }
        }
    })
}

/// Whether more lines may complete what was entered so far.
pub(super) fn is_incomplete(text: &str) -> bool {
    let trimmed = text.trim();
    if trimmed.starts_with(':') {
        return false;
    }
    match kind(trimmed) {
        Kind::Nothing => false,
        Kind::Statements => parse_program(NOWHERE, text).incomplete,
        Kind::Bindings => parse_bindings(NOWHERE, text).incomplete,
        Kind::Expression => parse_expr(NOWHERE, text).incomplete,
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Nothing,
    Statements,
    Bindings,
    Expression,
}

fn kind(text: &str) -> Kind {
    let code = text.lines().map(str::trim).find(|line| !line.is_empty() && !line.starts_with('#'));
    let Some(code) = code else {
        // Documentation without a definition waits for one.
        return if text.contains("##") { Kind::Statements } else { Kind::Nothing };
    };
    let word = code.split(|c: char| !unicode_ident::is_xid_continue(c)).next().unwrap_or("");
    if STATEMENTS.contains(&word) {
        Kind::Statements
    } else if word == "let" {
        // `let x = a in b` is an expression, `let x = a` a binding.
        let expression = parse_expr(NOWHERE, text);
        let bindings = parse_bindings(NOWHERE, text);
        if !expression.diagnostics.is_empty() && (bindings.diagnostics.is_empty() || bindings.incomplete) {
            Kind::Bindings
        } else {
            Kind::Expression
        }
    } else if name_and_sign(code).is_some() {
        Kind::Bindings
    } else {
        Kind::Expression
    }
}

/// `x` and the rest of `x = rest`, where the text starts so.
fn name_and_sign(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    let end = text.find(|c: char| !unicode_ident::is_xid_continue(c)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let rest = rest.trim_start().strip_prefix('=')?;
    let named = name.starts_with(|c: char| c == '_' || unicode_ident::is_xid_start(c));
    (named && !rest.starts_with('=')).then_some((name, rest))
}

fn comma_before(text: &str, at: usize) -> usize {
    text[..at].rfind(',').unwrap_or(at)
}

fn command_of(text: &str) -> Result<Entry<'_>, Diagnostic> {
    let (name, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let rest = rest.trim();
    let needs = |what: &str| match rest.is_empty() {
        true => {
            Err(Diagnostic::new(Code::E0807, format!(":{name} needs {what}")).help(format!("write :{name} {what}")))
        }
        false => Ok(rest),
    };
    match name {
        "quit" | "q" | "exit" => Ok(Entry::Quit),
        "help" | "h" | "?" => Ok(Entry::Help),
        "type" | "t" => needs("EXPR").map(Entry::Type),
        "doc" | "d" => needs("NAME").map(Entry::Doc),
        "load" | "l" => needs("FILE").map(|file| Entry::Load(file.trim_matches('"'))),
        _ => {
            let near = did_you_mean(&format!(":{name}"), COMMANDS.iter().copied());
            let help = match near {
                Some(near) => format!("did you mean '{near}'?"),
                None => format!("commands are {}", COMMANDS.join(", ")),
            };
            Err(Diagnostic::new(Code::E0807, format!("there is no command ':{name}'")).help(help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bindings<'a>(pairs: &[(&str, &'a str)]) -> Entry<'a> {
        Entry::Bindings(pairs.iter().map(|(name, value)| ((*name).to_owned(), *value)).collect())
    }

    #[test]
    fn entries_are_told_apart() {
        assert_eq!(read("  # nothing\n").unwrap(), Entry::Nothing);
        assert_eq!(read("x = (1 + 2)").unwrap(), bindings(&[("x", "(1 + 2)")]));
        assert_eq!(
            read("let K = [1, 2; 2, 1], y = f(K, 2)").unwrap(),
            bindings(&[("K", "[1, 2; 2, 1]"), ("y", "f(K, 2)")])
        );
        assert_eq!(read("x == 1").unwrap(), Entry::Expression("x == 1"));
        assert_eq!(read("let x = 1 in x + 1").unwrap(), Entry::Expression("let x = 1 in x + 1"));
        assert_eq!(read("def f(x) = x").unwrap(), Entry::Statements("def f(x) = x"));
        assert_eq!(read("default + 1").unwrap(), Entry::Expression("default + 1"));
        assert_eq!(read(":type  1 + 1 ").unwrap(), Entry::Type("1 + 1"));
        assert_eq!(read(":q").unwrap(), Entry::Quit);
        assert_eq!(read(":tpye 1").unwrap_err().help, ["did you mean ':type'?"]);
        assert_eq!(read(":type").unwrap_err().code, Code::E0807);
    }

    #[test]
    fn open_brackets_wait_for_more() {
        assert!(is_incomplete("trace([1, 2;\n"));
        assert!(is_incomplete("x = [1,\n"));
        assert!(is_incomplete("theorem \"t\" {\n  forall n in 1..3\n"));
        assert!(is_incomplete("## Documentation comes before a definition.\n"));
        assert!(!is_incomplete("trace([1, 2; 3, 4])\n"));
        assert!(!is_incomplete("trace)\n"));
        assert!(!is_incomplete("\n"));
        assert!(!is_incomplete(":help"));
    }
}
