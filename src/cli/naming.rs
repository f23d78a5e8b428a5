//! Options that name things: `NAME=EXPR`, `NAME=FILE`, and sizes, `NAME=N,NAME=N`.

use crate::base::{Code, Diagnostic};
use crate::syntax::{CONTEXTUAL, KEYWORDS};

/// The names that stand for numbers everywhere.
const CONSTANTS: [&str; 2] = ["pi", "inf"];

/// `NAME=VALUE` in its two parts.
pub(super) fn assignment<'a>(option: &str, text: &'a str) -> Result<(&'a str, &'a str), Diagnostic> {
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

/// `NAME=N,NAME=N`, as `--size` takes them, once or more often; every mistake in them.
pub(super) fn sizes(options: &[String]) -> Result<Vec<(String, i64)>, Vec<Diagnostic>> {
    let (mut sizes, mut mistakes): (Vec<(String, i64)>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for text in options.iter().flat_map(|option| option.split(',')) {
        match size(text) {
            Ok((name, _)) if sizes.iter().any(|(known, _)| *known == name) => {
                mistakes.push(Diagnostic::new(Code::E0807, format!("--size gives `{name}` twice")));
            }
            Ok(size) => sizes.push(size),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() { Ok(sizes) } else { Err(mistakes) }
}

/// `NAME=N`
fn size(text: &str) -> Result<(String, i64), Diagnostic> {
    let parts = text.split_once('=').map(|(name, n)| (name.trim(), n.trim().parse::<i64>()));
    match parts {
        Some((name, Ok(n))) if n >= 1 && is_name(name).is_ok() => Ok((name.to_owned(), n)),
        _ => {
            let message = format!("--size {}: a name and an integer from 1 were expected", text.trim());
            Err(Diagnostic::new(Code::E0807, message).help("write --size NAME=NUMBER,NAME=NUMBER"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_at_the_first_sign() {
        assert_eq!(assignment("--let", " K = [1, 1/2; 1/2, 1]").unwrap(), ("K", "[1, 1/2; 1/2, 1]"));
        assert_eq!(assignment("--let", "c=a==b").unwrap(), ("c", "a==b"));
        assert_eq!(assignment("--load", "α=z=1.npy").unwrap(), ("α", "z=1.npy"));
        for wrong in ["K", "=1", "1x=2", "K=", "forall=1", "a b=1", "pi=3", "inf=1"] {
            assert_eq!(assignment("--let", wrong).unwrap_err().code, Code::E0807, "{wrong}");
        }
    }

    #[test]
    fn sizes_are_positive_integers_with_names() {
        let given = |text: &str| sizes(&[text.to_owned()]);
        assert_eq!(given(" d = 768,B=4"), Ok(vec![("d".to_owned(), 768), ("B".to_owned(), 4)]));
        for wrong in ["d", "d=", "=3", "d=0", "d=-1", "d=x", "d=1.5", "d=3,d=4", "d=3,", "1=2"] {
            assert!(given(wrong).unwrap_err().iter().all(|mistake| mistake.code == Code::E0807), "{wrong}");
        }
    }
}
