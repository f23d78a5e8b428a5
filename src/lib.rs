//! Loewner: a small language for matrix information theory.

pub mod base;
pub mod check;
pub mod eval;
pub mod ir;
pub mod library;
pub mod syntax;
pub mod verify;
