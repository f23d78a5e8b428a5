//! Extraction: of all forms of an expression that saturation has found, the one that costs least.
//!
//! The cost of a form is that of its nodes, each counted once however often it is used. Choosing the least such cost is
//! hard in general; here each class takes the form that is cheapest with the choices made below it, and this is repeated
//! until nothing gets cheaper. That takes each class by itself, as if nothing else were there; what another form shares with
//! the rest of the expression is looked at in the end ([`super::cone`]).

use std::collections::{BTreeMap, BTreeSet};

use super::clock::Clock;
use super::cone::Cone;
use super::saturate::Saturation;
use super::store::Known;
use super::term::{Term, What, join};
use crate::ir::{Graph, Mismatch, NodeId};

/// Rounds of choosing.
const ROUNDS: usize = 8;

/// The most nodes that are exchanged for what they share with the rest.
const EXCHANGES: usize = 8;

/// The part of the whole's cost that an exchange has to save.
const CONSIDERABLE: f64 = 0.01;

/// The form that each class takes, with its cost.
type Choices = BTreeMap<egg::Id, (f64, NodeId)>;

impl Saturation<'_> {
    /// The cheapest node that has been found equal to `root`, with its cost, where that is less than the cost of `root`.
    pub(super) fn cheapest(
        &mut self,
        root: NodeId,
        prices: &mut Prices<'_>,
    ) -> Result<Option<(NodeId, f64)>, Mismatch> {
        let root_class = self.add(root);
        let root_class = self.store.egraph.find(root_class);
        let mut best = Choices::new();
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
        let Some((price, node)) = best.get(&root_class).copied() else { return Ok(None) };
        let (price, node) = self.shared(price, node, &best, prices);
        Ok((price < before).then_some((node, price)))
    }

    /// A form that no exchange of one of its nodes makes cheaper, with its cost: forms of a node that are dearer by
    /// themselves are cheaper here where they rest on what the rest of the expression needs anyway.
    fn shared(&mut self, mut price: f64, mut root: NodeId, best: &Choices, prices: &mut Prices<'_>) -> (f64, NodeId) {
        let mut class_of: BTreeMap<NodeId, egg::Id> = best.iter().map(|(class, (_, node))| (*node, *class)).collect();
        let mut refused = BTreeSet::new();
        for _ in 0..EXCHANGES {
            let Some(pair) = self.exchange(price, root, &class_of, &refused, best, prices) else { break };
            let next = self.exchanged(root, pair, &mut class_of);
            match next.map(|next| (prices.total(self.store.graph(), next), next)) {
                Some((less, next)) if less < price * (1.0 - 1e-9) => (price, root) = (less, next),
                // It cannot be made, or rests on what rests on the node itself.
                Some(_) | None => _ = refused.insert(pair),
            }
        }
        (price, root)
    }

    /// The node of an expression, and another form of it, whose exchange saves most, of those that were not refused.
    fn exchange(
        &mut self,
        price: f64,
        root: NodeId,
        class_of: &BTreeMap<NodeId, egg::Id>,
        refused: &BTreeSet<(NodeId, NodeId)>,
        best: &Choices,
        prices: &mut Prices<'_>,
    ) -> Option<(NodeId, NodeId)> {
        let mut cone = Cone::new(self.store.graph(), root);
        let mut most: Option<(f64, NodeId, NodeId)> = None;
        for node in cone.nodes() {
            let Some(class) = class_of.get(&node) else { continue };
            let (users, saved) = cone.release(self.store.graph(), node, prices);
            if saved > price * CONSIDERABLE {
                for at in 0..self.store.egraph[*class].nodes.len() {
                    let term = self.store.egraph[*class].nodes[at].clone();
                    let Some(other) = self.choice(&term, best) else { continue };
                    if other == node || refused.contains(&(node, other)) {
                        continue;
                    }
                    let gain = saved - cone.price(self.store.graph(), other, prices, saved);
                    if gain > most.map_or(price * CONSIDERABLE, |(gain, ..)| gain) {
                        most = Some((gain, node, other));
                    }
                }
            }
            cone.restore(self.store.graph(), node, users);
        }
        most.map(|(_, old, new)| (old, new))
    }

    /// An expression with one of its nodes exchanged for another of its class, where it can be made.
    fn exchanged(
        &mut self,
        root: NodeId,
        (old, new): (NodeId, NodeId),
        class_of: &mut BTreeMap<NodeId, egg::Id>,
    ) -> Option<NodeId> {
        let mut made = BTreeMap::from([(old, new)]);
        for node in self.store.graph().reachable(&[root]) {
            let args = self.store.graph().args(node);
            if node == old || !args.iter().any(|arg| made.contains_key(arg)) {
                continue;
            }
            let args = args.iter().map(|arg| made.get(arg).copied().unwrap_or(*arg)).collect();
            let op = self.store.graph().op(node).clone();
            let next = self.store.graph().make(op, args).ok()?;
            if let Some(class) = class_of.get(&node).copied() {
                class_of.entry(next).or_insert(class);
            }
            made.insert(node, next);
        }
        made.get(&root).copied()
    }

    /// The node of a term with the choices made for its operands, where it can be made.
    fn choice(&mut self, term: &Term, best: &Choices) -> Option<NodeId> {
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
    pub(super) fn own(&mut self, graph: &Graph, id: NodeId) -> f64 {
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
