//! Extraction: of all forms of an expression that saturation has found, the one that costs least.
//!
//! The cost of a form is that of its nodes, each counted once however often it is used. Choosing the least such cost is
//! hard in general; here each class takes the form that is cheapest with the choices made below it, and this is repeated
//! until nothing gets cheaper.

use std::collections::BTreeMap;

use super::clock::Clock;
use super::saturate::Saturation;
use super::store::Known;
use super::term::{Term, What, join};
use crate::ir::{Graph, Mismatch, NodeId};

/// Rounds of choosing.
const ROUNDS: usize = 8;

impl Saturation<'_> {
    /// The cheapest node that has been found equal to `root`, with its cost, where that is less than the cost of `root`.
    pub(super) fn cheapest(
        &mut self,
        root: NodeId,
        prices: &mut Prices<'_>,
    ) -> Result<Option<(NodeId, f64)>, Mismatch> {
        let root_class = self.add(root);
        let root_class = self.store.egraph.find(root_class);
        let mut best: BTreeMap<egg::Id, (f64, NodeId)> = BTreeMap::new();
        let mut classes: Vec<egg::Id> = self.store.egraph.classes().map(|class| class.id).collect();
        classes.sort();
        let mut clock = Clock::default();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for class in &classes {
                for at in 0..self.store.egraph[*class].nodes.len() {
                    let term = self.store.egraph[*class].nodes[at].clone();
                    if !clock.is_due((*class, at), term.args.iter().map(|arg| self.store.egraph.find(*arg))) {
                        continue;
                    }
                    let Some(node) = self.choice(&term, &best) else { continue };
                    let price = prices.total(self.store.graph(), node);
                    if best.get(class).is_none_or(|(old, _)| price < *old * (1.0 - 1e-9)) {
                        best.insert(*class, (price, node));
                        clock.changed(*class);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let before = prices.total(self.store.graph(), root);
        let found = best.get(&root_class).copied().filter(|(price, _)| *price < before);
        Ok(found.map(|(price, node)| (node, price)))
    }

    /// The node of a term with the choices made for its operands, where it can be made.
    fn choice(&mut self, term: &Term, best: &BTreeMap<egg::Id, (f64, NodeId)>) -> Option<NodeId> {
        let bare = match term.head.what() {
            What::Size(_) => return None,
            What::Leaf(node) => return Some(*node),
            What::Op(bare) => bare,
        };
        let (mut nodes, mut sizes) = (Vec::new(), Vec::new());
        for arg in &term.args {
            match self.store.known(*arg) {
                Known::Size(dim) => sizes.push(dim.clone()),
                Known::Value(..) => nodes.push(best.get(&self.store.egraph.find(*arg))?.1),
            }
        }
        let op = join(bare, &sizes)?;
        // A choice may lack a fact that the operation asks for: then it is none.
        self.store.graph().make(op, nodes).ok()
    }
}

/// The costs of nodes, each asked for once.
pub(super) struct Prices<'a> {
    cost: &'a dyn Fn(&Graph, NodeId) -> f64,
    of_node: Vec<f64>,
}

impl<'a> Prices<'a> {
    pub(super) fn new(cost: &'a dyn Fn(&Graph, NodeId) -> f64) -> Self {
        Prices { cost, of_node: Vec::new() }
    }

    /// The cost of a node with all that it rests on, each once.
    pub(super) fn total(&mut self, graph: &Graph, node: NodeId) -> f64 {
        // A node's number says nothing about how far below it others lie, but all of these have smaller ones.
        let mut seen = vec![false; node.index() + 1];
        let mut sum = 0.0;
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.index()], true) {
                sum += self.own(graph, id);
                stack.extend(graph.args(id));
            }
        }
        sum
    }

    /// The cost of a node by itself.
    fn own(&mut self, graph: &Graph, id: NodeId) -> f64 {
        if self.of_node.len() <= id.index() {
            self.of_node.resize(id.index() + 1, f64::NAN);
        }
        let known = &mut self.of_node[id.index()];
        if known.is_nan() {
            *known = (self.cost)(graph, id);
        }
        *known
    }

    /// Forgets the nodes that a graph does not have: another graph that grows from the same one has others in their places.
    pub(super) fn keep(&mut self, graph: &Graph) {
        self.of_node.truncate(graph.len());
    }
}
