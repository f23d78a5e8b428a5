//! Printing. A reader that goes away is not a mistake: what it no longer wants is dropped in silence.

use std::io::{self, IsTerminal, Write};

use crate::base::{Code, Diagnostic};
use crate::report::Style;

/// Prints to standard output.
///
/// # Errors
/// E0805 where the text cannot be written for another reason than that nobody reads it.
pub(super) fn say(text: &str) -> Result<(), Vec<Diagnostic>> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(vec![Diagnostic::new(Code::E0805, format!("standard output cannot be written: {error}"))])
        }
        _ => Ok(()),
    }
}

/// Prints to standard error. Where that fails there is no place left to say so.
pub(super) fn complain(text: &str) {
    let mut err = io::stderr().lock();
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// How a text on standard output is to look.
pub(super) fn output_style() -> Style {
    style(io::stdout().is_terminal(), terminal_size::terminal_size_of(io::stdout()))
}

/// How a text on standard error is to look.
pub(super) fn error_style() -> Style {
    style(io::stderr().is_terminal(), terminal_size::terminal_size_of(io::stderr()))
}

fn style(terminal: bool, size: Option<(terminal_size::Width, terminal_size::Height)>) -> Style {
    let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    let width = size.map_or(Style::default().width, |(width, _)| width.0);
    Style { colour: terminal && !refused && !dumb, width }
}
