//! Comparisons that are decided before anything is evaluated.

use num_traits::Signed;

use super::fact::Property;
use super::graph::{Graph, NodeId};
use super::op::{Comparison, Op};

/// What exact values and signs say about a comparison.
pub(super) fn decide(g: &Graph, comparison: Comparison, a: NodeId, b: NodeId) -> Option<bool> {
    if let (Some(x), Some(y)) = (g.constant_value(a), g.constant_value(b)) {
        return Some(match comparison {
            Comparison::Lt => x < y,
            Comparison::Le => x <= y,
            Comparison::Eq => x == y,
            Comparison::Ne => x != y,
        });
    }
    // An integer is equal to itself, and so is ∞, which a value that may turn out to be none is not.
    let infinite = |id| *g.op(id) == Op::Infinity;
    if a == b && (g.certain(a, Property::Integer) || infinite(a)) {
        return Some(matches!(comparison, Comparison::Le | Comparison::Eq));
    }
    // What is finite lies below ∞.
    let finite = |id| g.certain(id, Property::Finite);
    if (infinite(a) && finite(b)) || (finite(a) && infinite(b)) {
        return Some(match comparison {
            Comparison::Lt | Comparison::Le => infinite(b),
            Comparison::Eq => false,
            Comparison::Ne => true,
        });
    }
    let at_most_zero = |id| g.constant_value(id).is_some_and(|v| !v.is_positive());
    let below_zero = |id| g.constant_value(id).is_some_and(|v| v.is_negative());
    let (positive, nonnegative) = (|id| g.certain(id, Property::Positive), |id| g.certain(id, Property::Nonnegative));
    // a < b because a ≤ 0 < b or a < 0 ≤ b, and the other way round.
    let less = |a, b| (at_most_zero(a) && positive(b)) || (below_zero(a) && nonnegative(b));
    let at_most = |a, b| less(a, b) || (at_most_zero(a) && nonnegative(b));
    match comparison {
        Comparison::Lt if less(a, b) => Some(true),
        Comparison::Lt if at_most(b, a) => Some(false),
        Comparison::Le if at_most(a, b) => Some(true),
        Comparison::Le if less(b, a) => Some(false),
        Comparison::Eq if less(a, b) || less(b, a) => Some(false),
        Comparison::Ne if less(a, b) || less(b, a) => Some(true),
        Comparison::Lt | Comparison::Le | Comparison::Eq | Comparison::Ne => None,
    }
}
