//! What stops an evaluation, as a diagnostic at the subexpression where it did.

use super::fault::{Fault, FaultKind};
use crate::base::{Code, Diagnostic, Span};
use crate::ir::{Dim, Graph, NodeId, Property};

/// Refuses values that no memory holds, before any is asked for: 2^30 numbers are 8 GiB.
///
/// # Errors
/// E0305 at the first of them.
pub fn refuse_giants(graph: &Graph, roots: &[NodeId]) -> Result<(), Diagnostic> {
    const MOST: usize = 1 << 30;
    for node in graph.reachable(roots) {
        let ty = graph.ty(node);
        let size = |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok());
        let entries = size(ty.shape.rows()).zip(size(ty.shape.cols())).map(|(rows, cols)| rows.saturating_mul(cols));
        if entries.is_some_and(|entries| entries > MOST) {
            let diagnostic = Diagnostic::new(Code::E0305, format!("a {} is too large to be held in memory", ty.shape));
            return Err(match origin(graph, node) {
                Some(span) => diagnostic.at(span, "this one"),
                None => diagnostic,
            });
        }
    }
    Ok(())
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
