//! The expression graph: sizes, facts, scalar functions, operations, and the checked constructors that join them.

mod build;
mod decide;
mod dim;
mod domain;
mod fact;
mod factor;
mod finite;
mod fold;
mod graph;
mod identity;
mod infer;
mod instantiate;
mod literal;
mod margin;
mod membership;
mod op;
mod rules;
mod scalar;
mod ty;

pub use dim::{Dim, SizeVar, Sizes, SolveError, solve};
pub use domain::{Domain, Interval, Range, Raw, SETS, Set, SetRow};
pub use fact::{Fact, Facts, Property};
pub use factor::{Factor, NoSize, SizeCall};
pub use finite::Finiteness;
pub use graph::{Graph, Input, Mismatch, Node, NodeId};
pub use identity::{Identity, Useless};
pub use instantiate::Instance;
pub use margin::Margin;
pub use op::{Axis, Basis, Comparison, InputId, Kind, Op, Part, Reduction, Side, Zip};
pub use scalar::{
    Derivative, Domain as ScalarDomain, Jumps, Monotone, ROWS, Range as ScalarRange, ScalarFn, ScalarRow,
};
pub use ty::{Field, Shape, Type};
