//! What stops an evaluation, as a diagnostic at the subexpression where it did.

use faer::Par;

use super::fault::{Fault, FaultKind};
use super::plan::Plan;
use super::real::Real;
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Dim, Graph, NodeId, Property};

/// The most numbers that a value may have, and that all values of an evaluation may have together: 2^30 are 8 GiB.
const MOST_NUMBERS: usize = 1 << 30;

/// The number of entries of a value of known size.
fn entries(graph: &Graph, node: NodeId) -> Option<usize> {
    let shape = &graph.ty(node).shape;
    let size = |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok());
    size(shape.rows()).zip(size(shape.cols())).map(|(rows, cols)| rows.saturating_mul(cols))
}

/// Refuses values that no memory holds, before any is asked for.
///
/// # Errors
/// E0305 at the first of them.
pub fn refuse_giants(graph: &Graph, roots: &[NodeId]) -> Result<(), Diagnostic> {
    for node in graph.reachable(roots) {
        if entries(graph, node).is_some_and(|entries| entries > MOST_NUMBERS) {
            let shape = &graph.ty(node).shape;
            let diagnostic = Diagnostic::new(Code::E0305, format!("a {shape} is too large to be held in memory"));
            return Err(match origin(graph, node) {
                Some(span) => diagnostic.at(span, "this one"),
                None => diagnostic,
            });
        }
    }
    Ok(())
}

/// How many threads a plan runs on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Threads {
    /// One: evaluations that are many, or whose last digits must be the same on every machine.
    One,
    /// All that there are, for the products and decompositions of large matrices in a single evaluation.
    All,
}

/// The plan of some nodes, where memory holds what it keeps: values that are small enough one by one may be too many. What
/// counts is what the plan has places for, since it writes out neither the parts of an entrywise expression nor transposes.
///
/// # Errors
/// E0305 where a value, or all together, are too large, and where a size is not known.
pub fn plan_within_memory<T: Real>(graph: &Graph, roots: &[NodeId], threads: Threads) -> Result<Plan<T>, Diagnostic> {
    refuse_giants(graph, roots)?;
    let par = match threads {
        Threads::One => Par::Seq,
        Threads::All => Par::rayon(0),
    };
    let plan = Plan::<T>::compile_parallel(graph, roots, par);
    let plan = plan.map_err(|error| Diagnostic::new(Code::E0305, error.to_string()))?;
    if plan.numbers() <= MOST_NUMBERS {
        return Ok(plan);
    }
    let message = format!("{} numbers are too many to be held in memory together", plan.numbers());
    let diagnostic = Diagnostic::new(Code::E0305, message);
    let largest = plan.kept().max_by_key(|node| entries(graph, *node));
    let place = largest.and_then(|node| Some((origin(graph, node)?, &graph.ty(node).shape)));
    Err(match place {
        Some((span, shape)) => diagnostic.at(span, format!("the largest of them, a {shape}")),
        None => diagnostic,
    })
}

/// What went wrong in an evaluation, at the subexpression where it did.
pub fn diagnose(graph: &Graph, fault: &Fault) -> Diagnostic {
    let (code, message, label) = match &fault.kind {
        FaultKind::NotANumber => {
            (Code::E0701, "a value here is not a number (NaN)".to_string(), "first seen here".to_string())
        }
        FaultKind::RequirementFailed { property, measured, accepted } => (
            Code::E0702,
            format!("a matrix here is not {property}"),
            format!("{}, where up to {accepted:.1e} is taken for rounding", deviation(*property, *measured)),
        ),
        FaultKind::ConditionFailed => {
            (Code::E0404, "a condition of a definition does not hold".into(), "required by this".into())
        }
        FaultKind::NoConvergence => {
            (Code::E0703, "a decomposition did not converge".into(), "the matrix decomposed here".into())
        }
        FaultKind::Singular { at } => {
            (Code::E0701, "a function of a matrix is not finite".into(), format!("at the eigenvalue or pivot {at:e}"))
        }
        FaultKind::IndexOutside { index, size } => {
            (Code::E0304, format!("the index {index} is outside 1..{size}"), "this entry".into())
        }
    };
    let diagnostic = Diagnostic::new(code, message);
    let diagnostic = match origin(graph, fault.node) {
        Some(span) => diagnostic.at(span, label),
        None => diagnostic.note(label),
    };
    match fault.kind {
        FaultKind::NotANumber => {
            diagnostic.help("0/0, the logarithm or a real power of a negative number, and ∞ − ∞ have no value")
        }
        FaultKind::RequirementFailed { .. }
        | FaultKind::ConditionFailed
        | FaultKind::NoConvergence
        | FaultKind::Singular { .. }
        | FaultKind::IndexOutside { .. } => diagnostic,
    }
}

fn deviation(property: Property, measured: f64) -> String {
    match property {
        Property::Psd | Property::Pd => format!("its least eigenvalue is {measured:e}"),
        Property::Hermitian
        | Property::UnitDiagonal
        | Property::TraceOne
        | Property::Diagonal
        | Property::Nonnegative
        | Property::Positive
        | Property::ZeroOne
        | Property::Integer
        | Property::SumsToOne
        | Property::UnitColumns
        | Property::UnitRows
        | Property::OrthonormalColumns
        | Property::OrthonormalRows
        | Property::Finite => format!("it is off by {measured:e}"),
    }
}

fn origin(graph: &Graph, node: NodeId) -> Option<Span> {
    graph.node(node).origin
}
