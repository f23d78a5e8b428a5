//! From text to abstract syntax and back.
//!
//! ```text
//! text --lexer--> tokens --parse_expr, parse_item, parse_theorem, recover--> ast --printer--> text
//! ```
//!
//! A text with mistakes still gives the statements that have none, and one diagnostic for each mistake.

pub mod ast;
mod lexer;
mod number;
mod parse_expr;
mod parse_item;
mod parse_theorem;
mod printer;
mod recover;
mod slips;
mod spans;
mod stream;
pub mod term;
mod token;

pub use printer::{Spelling, print_domain, print_equality, print_expr, print_item, print_program, print_statement};
pub use spans::{Spanned, strip_spans};
pub use token::{CONTEXTUAL, KEYWORDS, Level, OPERATORS};

use crate::base::{Diagnostic, FileId};

use ast::{Binding, Expr, Program};

/// What was read of a text, and every mistake in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Parsed<T> {
    /// What was read. Where there are mistakes, the statements that hold them are left out.
    pub value: T,
    /// The mistakes, in the order of the text.
    pub diagnostics: Vec<Diagnostic>,
    /// Whether the only mistake is that the text ended too early, so that more lines may complete it.
    pub incomplete: bool,
}

/// Parses a whole file. Never panics and never recurses beyond the nesting bound, whatever the text.
pub fn parse_program(file: FileId, text: &str) -> Parsed<Program> {
    recover::program(file, text)
}

/// Parses one expression and nothing after it.
pub fn parse_expr(file: FileId, text: &str) -> Parsed<Option<Expr>> {
    recover::whole(file, text, "an expression", parse_expr::expr)
}

/// Parses `NAME = EXPR, ...`, with or without `let` before it.
pub fn parse_bindings(file: FileId, text: &str) -> Parsed<Option<Vec<Binding>>> {
    recover::whole(file, text, "a name", recover::let_line)
}
