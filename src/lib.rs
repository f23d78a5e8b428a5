//! Loewner: a small language for matrix information theory.

pub mod base;
pub mod eval;
pub mod ir;
pub mod syntax;
