//! From abstract syntax to typed graphs: names, sizes, facts, theorems.

mod applied;
mod arguments;
mod builtin;
mod builtin_call;
mod call;
mod claim;
mod data;
mod define;
mod definitions;
mod domain;
mod elaborate;
mod explain;
mod hint;
mod names;
mod operator;
mod report;
mod scope;
mod session;
mod statement;
mod theorem;
mod witness;

pub use applied::{Applied, Argument, size_names};
pub use builtin::{Builtin, CLAIM_FORMS, CONSTANTS, builtin, builtins};
pub use data::{Data, Entries};
pub use definitions::{Definition, Origin};
pub use session::{Compiled, Doc, Session};
pub use theorem::{Assumption, Claim, Expected, Part, Substituted, Supremum, Theorem, Variable, VariableKind};
