//! From abstract syntax to typed graphs: names, sizes, facts, theorems.

mod applied;
mod arguments;
mod builtin;
mod builtin_call;
mod call;
mod citations;
mod claim;
mod data;
mod define;
mod definitions;
mod domain;
mod elaborate;
mod entries;
mod explain;
mod extent;
mod hint;
mod identity;
mod inside;
mod names;
mod opened;
mod operator;
mod proof;
mod ranges;
mod report;
mod scope;
mod session;
mod sizes;
mod statement;
mod theorem;
mod untyped;
mod witness;
mod write;

pub use crate::syntax::ast::Relation;
pub use applied::{Applied, Argument, no_such_size, size_names};
pub use builtin::{Builtin, CLAIM_FORMS, CONSTANTS, builtin, builtins};
pub use data::{Data, Entries};
pub use definitions::{Definition, Origin};
pub use identity::{Rule, read_rules, rules};
pub use opened::{Opened, Parameter};
pub use session::{Compiled, Doc, Session, file_and_name};
pub use theorem::{
    Assumption, Claim, Expected, Lemma, Part, Proof, ProofStep, Sides, Substituted, Supremum, Theorem, Variable,
    VariableKind,
};
pub use write::{Spelled, write};
