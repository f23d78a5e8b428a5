//! What a condition says, as a value compared with 0.

use super::store::Store;
use super::terms::Terms;
use crate::check::{Relation, Sides};
use crate::ir::{Axis, Comparison, Graph, NodeId, Op, Reduction};

/// How a value is compared with 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Order {
    /// It is 0 in every entry.
    Zero,
    /// It is at least 0 in every entry.
    AtLeast,
    /// It is above 0 in every entry.
    Above,
    /// It is a positive semi-definite matrix.
    Psd,
}

impl Order {
    /// Whether a value that compares so with 0 compares with it in the other way, too.
    pub fn implies(self, other: Order) -> bool {
        self == other || self == Order::Zero && other != Order::Above || self == Order::Above && other == Order::AtLeast
    }
}

/// A value that is to compare with 0 in some way.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Goal {
    /// The value, as it is written.
    pub value: Terms,
    /// How it is to compare.
    pub order: Order,
}

/// The sides of a condition, so that larger − smaller compares with 0 as the order says.
#[derive(Clone, Copy, Debug)]
pub struct Compared {
    /// The larger side.
    pub larger: NodeId,
    /// The smaller side.
    pub smaller: NodeId,
    /// How the difference compares with 0.
    pub order: Order,
}

impl Compared {
    /// The sides of a condition of a graph: a comparison of numbers, an equality of matrices, or the Löwner order. `None` for
    /// other conditions.
    pub fn of(graph: &Graph, condition: NodeId) -> Option<Compared> {
        let Op::Compare(comparison) = graph.op(condition) else { return None };
        let (a, b) = (graph.args(condition)[0], graph.args(condition)[1]);
        let zero = |id| graph.constant_value(id).is_some_and(num_traits::Zero::is_zero);
        // The Löwner order is written 0 ≤ min λ(B − A), and equality of matrices max |A − B| = 0.
        if *comparison == Comparison::Le
            && zero(a)
            && *graph.op(b) == Op::Reduce(Reduction::Min, Axis::All)
            && *graph.op(graph.args(b)[0]) == Op::Eigenvalues
        {
            let difference = graph.args(graph.args(b)[0])[0];
            return Some(Compared { larger: difference, smaller: a, order: Order::Psd });
        }
        if *comparison == Comparison::Eq && zero(b) && *graph.op(a) == Op::Reduce(Reduction::Max, Axis::All) {
            let moduli = graph.args(a)[0];
            if let Op::Map(crate::ir::ScalarFn::Abs) | Op::Part(crate::ir::Part::Abs) = graph.op(moduli) {
                return Some(Compared { larger: graph.args(moduli)[0], smaller: b, order: Order::Zero });
            }
        }
        let order = match comparison {
            Comparison::Le => Order::AtLeast,
            Comparison::Lt => Order::Above,
            Comparison::Eq => Order::Zero,
            Comparison::Ne => return None,
        };
        Some(Compared { larger: b, smaller: a, order })
    }

    /// The sides of a comparison as it was written.
    pub fn written(sides: Sides) -> Option<Compared> {
        let Sides { left, relation, right } = sides;
        let (larger, smaller, order) = match relation {
            Relation::Eq => (left, right, Order::Zero),
            Relation::Ge => (left, right, Order::AtLeast),
            Relation::Gt => (left, right, Order::Above),
            Relation::LoewnerGe => (left, right, Order::Psd),
            Relation::Le => (right, left, Order::AtLeast),
            Relation::Lt => (right, left, Order::Above),
            Relation::LoewnerLe => (right, left, Order::Psd),
            Relation::Ne => return None,
        };
        Some(Compared { larger, smaller, order })
    }

    /// What they say, as a goal.
    pub fn goal(&self, store: &mut Store) -> Goal {
        let (larger, smaller) = (store.written(self.larger), store.written(self.smaller));
        Goal { value: larger.minus(&smaller), order: self.order }
    }
}
