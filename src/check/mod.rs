//! From abstract syntax to typed graphs: names, sizes, facts, theorems.

mod theorem;

pub use theorem::{Assumption, Claim, Expected, Part, Theorem, Variable, VariableKind};
