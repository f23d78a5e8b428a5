//! Where a calculation stands: its arithmetic and its lemmas are about numbers, so that all that it passes through must have
//! finite values wherever the sides of its claim have values.
//!
//! Of what a claim's sides consist of, the values are there with them. What else a step mentions must be defined by what is
//! known of it. A definition of the library that promises a real number keeps that where its requirements are met, however
//! it computes it.

use std::collections::BTreeSet;

use super::store::Store;
use crate::ir::{Basis, Finiteness, Graph, Kind, NodeId, Op, Property, ScalarFn, Zip};
use crate::rewrite::evaluated;

/// What is known to have a finite value at the inputs that a claim says something of.
pub struct Ground {
    claimed: BTreeSet<NodeId>,
    leaves: Vec<NodeId>,
}

impl Ground {
    /// The inputs at which the sides of a claim have values; the store takes what is finite there from it.
    pub fn new(store: &mut Store, sides: &[NodeId]) -> Ground {
        let leaves = store.leaves();
        let claimed = evaluated(&store.graph, sides, &leaves);
        let required: Vec<NodeId> = claimed.iter().copied().collect();
        store.finite = Finiteness::where_required(&store.graph, required);
        let finite: Vec<NodeId> = sides.iter().copied().filter(|side| store.finite.has(&store.graph, *side)).collect();
        store.finite.extend(&store.graph, &finite);
        Ground { claimed, leaves }
    }

    /// Whether a node is known to be finite.
    pub fn is_finite(&self, store: &mut Store, id: NodeId) -> bool {
        if store.finite.has(&store.graph, id) {
            return true;
        }
        // Operations on what is known to be finite.
        let args = store.graph.args(id).to_vec();
        let known: Vec<NodeId> = args.iter().copied().filter(|arg| self.is_finite(store, *arg)).collect();
        store.graph.is_finite_when(id, &|arg| known.contains(&arg))
            || !args.is_empty() && known.len() == args.len() && is_off_its_pole(store, id)
    }

    /// What some nodes consist of that need not have a finite value, and what it may be.
    pub fn unfounded(&self, store: &mut Store, roots: &[NodeId]) -> Option<(NodeId, &'static str)> {
        let promised: Vec<NodeId> = evaluated(&store.graph, roots, &self.leaves)
            .into_iter()
            .filter(|id| is_promised(&store.graph, *id))
            .chain(self.leaves.iter().copied())
            .collect();
        let open = evaluated(&store.graph, roots, &promised);
        let all = evaluated(&store.graph, roots, &self.leaves).into_iter();
        let untested = all.filter(|id| !self.claimed.contains(id)).find(|id| !passes_its_test(store, *id));
        let untested = untested.map(|id| (id, "undefined"));
        untested.or_else(|| {
            open.into_iter().find_map(|id| {
                if !self.is_finite(store, id) {
                    return Some((id, "infinite"));
                }
                let defined = self.claimed.contains(&id)
                    || store.graph.is_total(id)
                    || matches!(store.graph.op(id), Op::Annotate(..))
                    || is_off_its_pole(store, id);
                (!defined).then_some((id, "undefined"))
            })
        })
    }
}

/// Whether a definition promises that a node is a number.
fn is_promised(graph: &Graph, id: NodeId) -> bool {
    matches!(graph.op(id), Op::Annotate(properties, Basis::Construction) if properties.contains(&Property::Finite))
}

/// Whether a node is no test, or what it tests is known.
fn passes_its_test(store: &mut Store, id: NodeId) -> bool {
    let op = store.graph.op(id).clone();
    if let Op::Annotate(properties, Basis::Tested) = op {
        let inner = store.graph.args(id)[0];
        return properties.into_iter().all(|property| store.shows(inner, property));
    }
    op != Op::Require
}

/// Whether the signs that the store knows of operands make an operation defined and finite.
fn is_off_its_pole(store: &mut Store, id: NodeId) -> bool {
    let args = store.graph.args(id).to_vec();
    let op = store.graph.op(id).clone();
    let mut sign = |arg: NodeId, strict: bool| {
        let value = store.written(arg);
        if strict { store.positive(&value) } else { store.nonnegative(&value) }
    };
    match (op.kind(), op) {
        (_, Op::Map(ScalarFn::Log | ScalarFn::Recip | ScalarFn::Pow)) => sign(args[0], true),
        (_, Op::Map(ScalarFn::Sqrt | ScalarFn::Log1p | ScalarFn::Log1pRel)) => sign(args[0], false),
        (_, Op::Zip(Zip::Div)) => sign(args[1], true),
        (_, Op::LogDet | Op::Inverse) => store.shows(args[0], Property::Pd),
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => false,
        (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => false,
    }
}
