//! What can go wrong while a plan runs, as data.

use std::fmt;

use crate::ir::{NodeId, Property};

/// Why a run has no result.
#[derive(Clone, PartialEq, Debug)]
pub struct Fault {
    /// The node of the instantiated graph where it happened; its origin says where that stands in the source.
    pub node: NodeId,
    /// What happened.
    pub kind: FaultKind,
}

/// The kinds of faults.
#[derive(Clone, PartialEq, Debug)]
pub enum FaultKind {
    /// The first operation that made a value that is not a number from operands that are numbers.
    NotANumber,
    /// A value lacks a property that it is required to have.
    RequirementFailed {
        /// The property.
        property: Property,
        /// What was measured instead: the largest deviation, or for a definiteness the least eigenvalue.
        measured: f64,
        /// The deviation that would have been accepted.
        accepted: f64,
    },
    /// A required condition does not hold.
    ConditionFailed,
    /// A decomposition did not converge.
    NoConvergence,
    /// A matrix has no inverse, or a function of it is infinite at one of its eigenvalues.
    Singular {
        /// The eigenvalue, or the pivot.
        at: f64,
    },
    /// An index beyond the size, or one that is no integer.
    IndexOutside {
        /// The index, from 1.
        index: f64,
        /// The size.
        size: usize,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FaultKind::NotANumber => f.write_str("the value is not a number"),
            FaultKind::RequirementFailed { property, measured, accepted } => {
                write!(f, "the value is not {property}: measured {measured:e}, accepted {accepted:e}")
            }
            FaultKind::ConditionFailed => f.write_str("the required condition does not hold"),
            FaultKind::NoConvergence => f.write_str("the decomposition did not converge"),
            FaultKind::Singular { at } => write!(f, "the function is not finite at the eigenvalue or pivot {at:e}"),
            FaultKind::IndexOutside { index, size } => write!(f, "the index {index} is outside 1..{size}"),
        }
    }
}

impl std::error::Error for Fault {}

/// Why a graph has no plan.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PlanError {
    /// A size of the node is not a number: the graph must be instantiated first.
    UnknownSize(NodeId),
    /// The node has more entries than this machine can address.
    TooLarge(NodeId),
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PlanError::UnknownSize(_) => f.write_str("a size is not known"),
            PlanError::TooLarge(_) => f.write_str("a value is too large for this machine"),
        }
    }
}

impl std::error::Error for PlanError {}
