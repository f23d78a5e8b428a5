//! What the line editor asks: is this complete, and how may this word go on.

use rustyline::completion::{Completer, FilenameCompleter, Pair};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{Context, Helper as Help, Highlighter, Hinter};

use super::entry::{COMMANDS, is_incomplete};

/// The line editor's knowledge of the language.
#[derive(Highlighter, Hinter)]
pub(super) struct Helper {
    names: Vec<String>,
    files: FilenameCompleter,
}

impl Helper {
    /// A helper that completes these names.
    pub fn new(names: Vec<String>) -> Self {
        let mut helper = Helper { names: Vec::new(), files: FilenameCompleter::new() };
        helper.set_names(names);
        helper
    }

    /// Replaces the names that are completed.
    pub fn set_names(&mut self, mut names: Vec<String>) {
        names.extend(crate::syntax::KEYWORDS.iter().map(|word| (*word).to_owned()));
        names.sort_unstable();
        names.dedup();
        self.names = names;
    }

    /// Where the word before the cursor starts, and how it may go on.
    fn words(&self, line: &str, at: usize) -> (usize, Vec<String>) {
        let before = &line[..at];
        if before.starts_with(':') && !before.contains(char::is_whitespace) {
            let fits = |command: &&&str| command.starts_with(before);
            return (0, COMMANDS.iter().filter(fits).map(|command| (*command).to_owned()).collect());
        }
        let word = before.chars().rev().take_while(|c| unicode_ident::is_xid_continue(*c));
        let start = at - word.map(char::len_utf8).sum::<usize>();
        let word = &before[start..];
        if word.is_empty() {
            return (at, Vec::new());
        }
        (start, self.names.iter().filter(|name| name.starts_with(word)).cloned().collect())
    }
}

impl Help for Helper {}

impl Completer for Helper {
    type Candidate = Pair;

    fn complete(&self, line: &str, at: usize, _context: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        if line.starts_with(":load ") || line.starts_with(":l ") {
            return self.files.complete_path(line, at);
        }
        let (start, words) = self.words(line, at);
        let pair = |word: String| Pair { display: word.clone(), replacement: word };
        Ok((start, words.into_iter().map(pair).collect()))
    }
}

impl Validator for Helper {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match is_incomplete(context.input()) {
            true => ValidationResult::Incomplete,
            // A mistake is told after the line is entered, with its place.
            false => ValidationResult::Valid(None),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_go_on_as_names_keywords_and_commands() {
        let helper = Helper::new(vec!["entropy".to_owned(), "αβ".to_owned()]);
        assert_eq!(helper.words("1 + ent", 7), (4, vec!["entropy".to_owned()]));
        assert_eq!(helper.words("α", 2), (0, vec!["αβ".to_owned()]));
        assert_eq!(helper.words(":t", 2), (0, vec![":type".to_owned()]));
        assert!(helper.words("theo", 4).1.contains(&"theorem".to_owned()));
        assert!(helper.words("1 + ", 4).1.is_empty());
    }
}
