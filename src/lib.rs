//! Loewner: a small language for matrix information theory.
//!
//! One expression graph, many treatments: a quantity is written once, in the language, and evaluated, checked against
//! theorems and (in time) rewritten, differentiated and trained with from the same graph.

pub mod api;
pub mod base;
pub mod certify;
pub mod check;
pub mod cli;
pub mod eval;
pub mod explain;
pub mod grad;
pub mod ir;
pub mod library;
pub mod lint;
pub mod prove;
pub mod relate;
pub mod report;
pub mod rewrite;
pub mod syntax;
pub mod torch;
pub mod train;
pub mod verify;

pub use api::{Error, Loewner, Value};

/// The Rust in the README runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
