//! Where a calculation stands: its arithmetic and its lemmas are about numbers, so that all that it passes through must have
//! finite values wherever the sides of its claim have values.
//!
//! Of what a claim's sides consist of, the values are there with them. What else a step mentions must be defined by what is
//! known of it, or stand in what a lemma says: a lemma says of numbers that meet its hypotheses that its sides are numbers
//! too, which samples of it bear out.

use std::collections::BTreeSet;

use super::store::Store;
use crate::ir::{Graph, NodeId, Op, Property, ScalarFn, Zip};
use crate::rewrite::evaluated;

/// What is known to have a finite value at the inputs that a claim says something of.
pub struct Ground {
    claimed: BTreeSet<NodeId>,
    /// What stands in the lemmas that were used.
    said: BTreeSet<NodeId>,
    leaves: Vec<NodeId>,
}

impl Ground {
    /// The inputs at which the sides of a claim have values; the store takes what is finite there from it.
    pub fn new(store: &mut Store, sides: &[NodeId]) -> Ground {
        let leaves = store.leaves();
        let claimed = evaluated(&store.graph, sides, &leaves);
        let required: Vec<NodeId> = claimed.iter().copied().collect();
        store.finite = crate::ir::Finiteness::where_required(&store.graph, required);
        let finite: Vec<NodeId> = sides.iter().copied().filter(|side| store.finite.has(&store.graph, *side)).collect();
        store.finite.extend(&store.graph, &finite);
        Ground { claimed, said: BTreeSet::new(), leaves }
    }

    /// Adds what the sides of a lemma consist of. One in which an infinity is written says nothing of the kind.
    pub fn rest_on(&mut self, store: &Store, sides: &[NodeId]) {
        for side in sides {
            let parts = evaluated(&store.graph, &[*side], &self.leaves);
            if !writes_infinity(&store.graph, *side, &self.leaves) {
                self.said.extend(parts);
            }
        }
    }

    /// Whether a node is known to be finite.
    pub fn is_finite(&self, store: &mut Store, id: NodeId) -> bool {
        if self.said.contains(&id) || store.finite.has(&store.graph, id) {
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
        evaluated(&store.graph, roots, &self.leaves).into_iter().find_map(|id| {
            if self.leaves.contains(&id) || self.said.contains(&id) {
                return None;
            }
            if !self.is_finite(store, id) {
                return Some((id, "infinite"));
            }
            let defined = self.claimed.contains(&id) || store.graph.is_total(id) || is_off_its_pole(store, id);
            (!defined).then_some((id, "undefined"))
        })
    }
}

/// Whether the signs that the store knows of operands make an operation defined and finite.
fn is_off_its_pole(store: &mut Store, id: NodeId) -> bool {
    let args = store.graph.args(id).to_vec();
    match store.graph.op(id) {
        Op::Map(ScalarFn::Log | ScalarFn::Recip | ScalarFn::Pow) => store.shows(args[0], Property::Positive),
        Op::Map(ScalarFn::Sqrt | ScalarFn::Log1p | ScalarFn::Log1pRel) => store.shows(args[0], Property::Nonnegative),
        Op::Zip(Zip::Div) => store.shows(args[1], Property::Positive),
        Op::LogDet | Op::Inverse => store.shows(args[0], Property::Pd),
        _ => false,
    }
}

/// Whether an infinity stands somewhere in a node.
fn writes_infinity(graph: &Graph, root: NodeId, leaves: &[NodeId]) -> bool {
    let (mut seen, mut stack) = (BTreeSet::new(), vec![root]);
    while let Some(id) = stack.pop() {
        if *graph.op(id) == Op::Infinity {
            return true;
        }
        if seen.insert(id) && !leaves.contains(&id) {
            stack.extend(graph.args(id));
        }
    }
    false
}
