//! From text to abstract syntax and back.

pub mod ast;
