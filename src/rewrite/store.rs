//! The e-graph over the operations, with what is known of each class.
//!
//! Beside the e-graph stands an ordinary expression graph. Each term of the e-graph is one of its nodes, made by the checked
//! constructors, so that types, facts and folding are the graph's own and are not written a second time. Of the nodes
//! that a class has, one represents it: terms are built on representatives, in the normal form of arithmetic.

use std::collections::BTreeMap;
use std::sync::Arc;

use egg::{Analysis, DidMerge, EGraph, Id};
use rustc_hash::{FxHashMap, FxHashSet};

use super::clock::Clock;
use super::polynomial::{Normalizer, is_arithmetic};
use super::rule::asked;
use super::term::{Term, What, join, split};
use crate::ir::{Basis, Dim, Facts, Graph, Mismatch, NodeId, Op};

/// The reason of a step that arithmetic or the graph's own constructors decide.
pub const ARITHMETIC: &str = "arithmetic";

/// The reason of a step that takes a mark off: what is known of a value does not change it.
pub const MARK: &str = "a mark changes nothing";

/// What is known of a class.
#[derive(Clone, Debug)]
pub enum Known {
    /// It is a size.
    Size(Dim),
    /// It is a value, with those of its nodes that were known to have something that the ones before were not, and all
    /// facts of its nodes.
    Value(Vec<NodeId>, Arc<Facts>),
}

/// What the e-graph's analysis works with.
#[derive(Debug)]
pub struct Knowledge {
    /// The expression graph that all terms are nodes of.
    pub graph: Graph,
    /// The node that is being added.
    adding: NodeId,
}

impl Analysis<Term> for Knowledge {
    type Data = Known;

    fn make(egraph: &mut EGraph<Term, Self>, term: &Term, _: Id) -> Known {
        match term.head.what() {
            What::Size(dim) => Known::Size(dim.clone()),
            What::Leaf(node) => Known::Value(vec![*node], egraph.analysis.graph.shared_facts(*node)),
            What::Op(_) => {
                let node = egraph.analysis.adding;
                Known::Value(vec![node], egraph.analysis.graph.shared_facts(node))
            }
        }
    }

    /// What is known of a class does not depend on what its operands learn later: the representatives carry that.
    fn remake(egraph: &mut EGraph<Term, Self>, _: &Term, id: Id) -> Known {
        egraph[id].data.clone()
    }

    fn merge(&mut self, a: &mut Known, b: Known) -> DidMerge {
        if let (Known::Value(nodes, facts), Known::Value(others, _)) = (a, b) {
            for node in others {
                learn(nodes, facts, node, &self.graph.shared_facts(node));
            }
        }
        DidMerge(false, false)
    }
}

/// What arithmetic does not look into: its size as a tree, and the node.
type Atom = (u64, NodeId);

/// Adds what is known of a node to what is known of its class, and the node where that is new.
fn learn(nodes: &mut Vec<NodeId>, facts: &mut Arc<Facts>, node: NodeId, learned: &Arc<Facts>) {
    if nodes.is_empty() || asked(learned).any(|property| !facts.has(property)) {
        nodes.push(node);
    }
    if !facts.covers(learned) {
        Arc::make_mut(facts).extend(learned);
    }
}

/// The e-graph with its bookkeeping.
pub struct Store {
    /// The e-graph.
    pub egraph: EGraph<Term, Knowledge>,
    /// Nodes that are taken as they are.
    leaves: FxHashSet<NodeId>,
    /// The term of each node of the graph that has been added.
    ids: FxHashMap<NodeId, Id>,
    /// The representative of each class, by the class's number.
    best: BTreeMap<Id, NodeId>,
    /// The size of each node as a tree, and the atoms that arithmetic makes it of, the largest first.
    weights: Vec<(u64, Arc<[Atom]>)>,
    normalizer: Normalizer,
}

impl Store {
    /// An e-graph over a graph. Inputs, and the nodes of `leaves`, are not looked into.
    pub fn new(graph: Graph, leaves: &[NodeId], adding: NodeId) -> Self {
        Store {
            egraph: EGraph::new(Knowledge { graph, adding }).with_explanations_enabled(),
            leaves: leaves.iter().copied().collect(),
            ids: FxHashMap::default(),
            best: BTreeMap::new(),
            weights: Vec::new(),
            normalizer: Normalizer::default(),
        }
    }

    /// The expression graph.
    pub fn graph(&mut self) -> &mut Graph {
        &mut self.egraph.analysis.graph
    }

    /// Multiplies out sums of up to so many terms from here on.
    pub fn multiply_out(&mut self, sums: usize) {
        if self.sums() != sums {
            self.normalizer = Normalizer::new(sums);
        }
    }

    /// The greatest number of terms of a sum that is multiplied out.
    pub fn sums(&self) -> usize {
        self.normalizer.most
    }

    /// The term of a node, with everything under it.
    pub fn add(&mut self, node: NodeId) -> Id {
        let mut stack = vec![node];
        while let Some(&top) = stack.last() {
            if self.ids.contains_key(&top) {
                stack.pop();
                continue;
            }
            let graph = &self.egraph.analysis.graph;
            if self.leaves.contains(&top) || matches!(graph.op(top), Op::Input(_)) {
                let id = self.insert(Term::leaf(What::Leaf(top)), top);
                self.ids.insert(top, id);
                continue;
            }
            let args = graph.args(top).to_vec();
            let missing: Vec<NodeId> = args.iter().copied().filter(|arg| !self.ids.contains_key(arg)).collect();
            if !missing.is_empty() {
                stack.extend(missing);
                continue;
            }
            let op = graph.op(top).clone();
            let args: Vec<Id> = args.iter().map(|arg| self.ids[arg]).collect();
            let id = self.term(&op, args.clone(), top);
            self.ids.insert(top, id);
            if let Op::Annotate(_, Basis::Construction) = op {
                self.egraph.union_trusted(id, args[0], MARK);
            }
        }
        self.ids[&node]
    }

    /// The term of an operation on terms, whose node in the graph is `node`.
    fn term(&mut self, op: &Op, mut args: Vec<Id>, node: NodeId) -> Id {
        let (head, sizes) = split(op);
        for dim in sizes {
            args.push(self.size(dim));
        }
        self.insert(Term { head, args }, node)
    }

    /// The term of a size.
    pub fn size(&mut self, dim: Dim) -> Id {
        self.egraph.add_uncanonical(Term::leaf(What::Size(dim)))
    }

    /// Adds a term, whose value is that of `node`.
    pub fn insert(&mut self, term: Term, node: NodeId) -> Id {
        self.egraph.analysis.adding = node;
        let id = self.egraph.add_uncanonical(term);
        let learned = self.egraph.analysis.graph.shared_facts(node);
        let class = self.egraph.find(id);
        if let Known::Value(nodes, facts) = &mut self.egraph[class].data {
            learn(nodes, facts, node, &learned);
        }
        id
    }

    /// What is known of the class of a term.
    pub fn known(&self, id: Id) -> &Known {
        &self.egraph[self.egraph.find(id)].data
    }

    /// The node that represents the class of a term, if it is a value.
    pub fn value(&self, id: Id) -> Option<NodeId> {
        let class = self.egraph.find(id);
        match &self.egraph[class].data {
            Known::Value(nodes, _) => self.best.get(&class).or(nodes.first()).copied(),
            Known::Size(_) => None,
        }
    }

    /// A node of the class of a term that is itself known to have the properties that hold of `wanted`, if there is one:
    /// the representative before others, unless more is known of another. A normal form may hide what its class has (that a
    /// sum multiplied out was a square), and a step of a proof must rest on what is known of the terms that stand in it.
    pub fn value_with(&self, id: Id, wanted: &Facts) -> Option<NodeId> {
        let class = self.egraph.find(id);
        let Known::Value(nodes, _) = &self.egraph[class].data else { return None };
        let graph = &self.egraph.analysis.graph;
        let count = |node: &NodeId| asked(graph.facts(*node)).count();
        let candidates = self.best.get(&class).into_iter().chain(nodes).copied();
        let fit = candidates.filter(|node| asked(wanted).all(|property| graph.has(*node, property)));
        fit.reduce(|best, node| if count(&node) > count(&best) { node } else { best })
    }

    /// Chooses representatives anew, from the leaves up: the smallest node, in normal form, on representatives. What is
    /// thereby found equal to a class is joined to it, as long as there are no more than `most` terms.
    ///
    /// # Errors
    /// When a term is no node of the graph, which its constructors rule out.
    pub fn settle(&mut self, most: usize) -> Result<(), Mismatch> {
        const ROUNDS: usize = 6;
        self.egraph.rebuild();
        self.best.clear();
        let mut classes: Vec<Id> = self.egraph.classes().map(|class| class.id).collect();
        classes.sort();
        let mut unions: FxHashMap<(Id, usize), (NodeId, NodeId)> = FxHashMap::default();
        // A term is made again only where an operand has another representative than when it was last made.
        let mut clock = Clock::default();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for class in &classes {
                for at in 0..self.egraph[*class].nodes.len() {
                    let operands = self.egraph[*class].nodes[at].args.iter().map(|arg| self.egraph.find(*arg));
                    if !clock.is_due((*class, at), operands) {
                        continue;
                    }
                    let Some((made, normal)) = self.remade(*class, at)? else { continue };
                    unions.insert((*class, at), (made, normal));
                    let better = self.best.get(class).copied().is_none_or(|old| self.rank(normal) < self.rank(old));
                    if better {
                        self.best.insert(*class, normal);
                        clock.changed(*class);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let mut unions: Vec<_> = unions.into_iter().collect();
        unions.sort_by_key(|(place, _)| *place);
        for ((class, at), (made, normal)) in unions {
            if self.egraph.total_size() > most {
                break;
            }
            let term = self.egraph[class].nodes[at].clone();
            let to = self.add(normal);
            // A union changes the classes, not the terms: the numbers of both stay good.
            if self.egraph.find(to) == self.egraph.find(class) {
                continue;
            }
            let from = self.on_representatives(&term, made);
            self.egraph.union_trusted(from, to, ARITHMETIC);
        }
        self.egraph.rebuild();
        let best = std::mem::take(&mut self.best);
        for (class, node) in best {
            let class = self.egraph.find(class);
            let better = self.best.get(&class).copied().is_none_or(|old| self.rank(node) < self.rank(old));
            if better {
                self.best.insert(class, node);
            }
        }
        Ok(())
    }

    /// A node of a class, made anew on the representatives of its operands, and its normal form; `None` where an operand
    /// has no representative yet.
    fn remade(&mut self, class: Id, at: usize) -> Result<Option<(NodeId, NodeId)>, Mismatch> {
        let term = self.egraph[class].nodes[at].clone();
        let bare = match term.head.what() {
            What::Size(_) => return Ok(None),
            What::Leaf(node) => return Ok(Some((*node, *node))),
            What::Op(bare) => bare,
        };
        let mut nodes = Vec::new();
        let mut sizes = Vec::new();
        for arg in &term.args {
            let arg = self.egraph.find(*arg);
            match &self.egraph[arg].data {
                Known::Size(dim) => sizes.push(dim.clone()),
                Known::Value(..) => match self.best.get(&arg) {
                    Some(node) => nodes.push(*node),
                    None => return Ok(None),
                },
            }
        }
        let Some(op) = join(bare, &sizes) else { return Ok(None) };
        let graph = &mut self.egraph.analysis.graph;
        // A representative may lack a fact that another node of its class has, and that the operation asks for.
        let made = match graph.make(op.clone(), nodes.clone()) {
            Ok(made) => made,
            Err(_) => {
                for (node, arg) in nodes.iter_mut().zip(&term.args) {
                    if let Known::Value(_, facts) = &self.egraph[self.egraph.find(*arg)].data {
                        let held: Vec<_> = asked(facts).collect();
                        *node = self.egraph.analysis.graph.annotate(*node, &held, Basis::Construction)?;
                    }
                }
                // Real and complex values may be of one class: what cannot be made of these representatives stays as it is.
                match self.egraph.analysis.graph.make(op, nodes) {
                    Ok(made) => made,
                    Err(_) => return Ok(None),
                }
            }
        };
        let normal = self.normalizer.normal(&mut self.egraph.analysis.graph, made)?;
        Ok(Some((made, normal)))
    }

    /// A term of the e-graph with the representatives' terms for operands.
    fn on_representatives(&mut self, term: &Term, node: NodeId) -> Id {
        let mut args = Vec::new();
        for arg in &term.args {
            let class = self.egraph.find(*arg);
            let arg = match self.best.get(&class).copied() {
                Some(node) => self.add(node),
                None => *arg,
            };
            args.push(arg);
        }
        self.insert(Term { head: term.head.clone(), args }, node)
    }

    /// Smaller is better: constants, then what is made of small atoms by arithmetic, then small trees, then early nodes. The
    /// atoms come first because arithmetic does not look into them: log x − log n takes part in it, log(x/n) does not. Sets
    /// of atoms are compared from their largest one on, so that of an equation between atoms the largest is eliminated.
    fn rank(&mut self, node: NodeId) -> (bool, Arc<[Atom]>, u64, NodeId) {
        self.weigh();
        let (weight, atoms) = &self.weights[node.index()];
        (self.egraph.analysis.graph.constant_value(node).is_none(), atoms.clone(), *weight, node)
    }

    /// The number of parts of a node as it is written, nothing shared.
    pub fn weight(&mut self, node: NodeId) -> u64 {
        self.weigh();
        self.weights[node.index()].0
    }

    fn weigh(&mut self) {
        let graph = &self.egraph.analysis.graph;
        // Operands have smaller numbers, so that the table fills from the front.
        for id in graph.ids_from(self.weights.len()) {
            let args = if self.leaves.contains(&id) { &[] } else { graph.args(id) };
            let weight = args.iter().map(|arg| self.weights[arg.index()].0).fold(1, u64::saturating_add);
            let atoms: Arc<[Atom]> = match (is_arithmetic(graph, id), args) {
                (false, _) => [(weight, id)].into(),
                (true, [one]) => self.weights[one.index()].1.clone(),
                (true, _) => {
                    let mut all: Vec<Atom> =
                        args.iter().flat_map(|arg| self.weights[arg.index()].1.iter().copied()).collect();
                    all.sort_unstable_by(|a, b| b.cmp(a));
                    all.dedup();
                    all.into()
                }
            };
            self.weights.push((weight, atoms));
        }
    }
}
