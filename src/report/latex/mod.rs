//! LaTeX of what was written: expressions, definitions, theorems with their claims, and calculations.
//!
//! The text comes from the abstract syntax and not from the graph, so that a formula keeps the names and the order that
//! its author gave it. Nothing but `amsmath`, `amssymb` and `amsthm` is needed, and [`standalone`] adds the preamble.
//!
//! `A'` is written `A^\top` where a statement is about real matrices, and `A^{\mathsf{H}}` where it is about complex ones:
//! where it says `complex`, `Complex` or `Unitary`, or has an imaginary number. Functions act on every entry under their
//! usual names (`\log`, `\exp`); the functions of a Hermitian matrix keep theirs (`logm`, `expm`), but for the powers
//! `A^{1/2}` and `A^{-1}`. Entrywise powers are `A^{\circ p}`.

mod calls;
mod expr;
mod item;
mod layout;
mod names;
mod sets;
mod text;

use crate::syntax::ast::{Expr, Program};

use expr::{Writer, is_complex_expr};
use item::Document;

/// What a document must have before a fragment of [`latex_program`] can stand in it.
const PREAMBLE: &str = "\
\\documentclass{article}
\\usepackage{amsmath,amssymb,amsthm}
\\theoremstyle{definition}
\\newtheorem{definition}{Definition}
\\theoremstyle{plain}
\\newtheorem{theorem}{Theorem}
\\theoremstyle{remark}
\\newtheorem*{remark}{Remark}
\\setlength{\\textwidth}{16cm}\\setlength{\\oddsidemargin}{0cm}
\\setlength{\\textheight}{23cm}\\setlength{\\topmargin}{-1cm}
\\allowdisplaybreaks
";

/// An expression as a formula, to be put into math mode.
pub fn latex_expression(expr: &Expr) -> String {
    Writer::new(is_complex_expr(expr)).expression(expr)
}

/// The statements of a file, in order: environments `definition`, `theorem`, `remark` and `proof`.
pub fn latex_program(program: &Program) -> String {
    Document::default().program(program)
}

/// A document of its own, of a fragment or of a formula between `\[` and `\]`.
pub fn standalone(fragment: &str) -> String {
    format!("{PREAMBLE}\\begin{{document}}\n{}\n\\end{{document}}\n", fragment.trim_end())
}

/// A formula as a display.
pub fn display(formula: &str) -> String {
    format!("\\[\n  {formula}\n\\]\n")
}
