//! Extraction: of all forms of an expression that saturation has found, the one that costs least.
//!
//! The cost of a form is that of its nodes, each counted once however often it is used. Choosing the least such cost is
//! hard in general; here each class takes the form that is cheapest with the choices made below it, and this is repeated
//! until nothing gets cheaper.

use std::collections::{BTreeMap, HashMap};

use super::bare::evaluated;
use super::proof::Proof;
use super::rule::Rule;
use super::saturate::{Ended, Limits, Saturation};
use super::store::Known;
use super::term::{Head, Term, join};
use crate::ir::{Graph, Mismatch, NodeId, Op};

/// Rounds of choosing.
const ROUNDS: usize = 8;

/// The part of the modelled cost that a form may have to take the place of the one that was written. Models of cost are not
/// exact: the mutual information of Gram matrices at 128 × 1024 has a form that costs 0.89 of the original by the model and
/// measured between 0.89 and 1.18 times as fast (`cargo xtask rewrite`), while those that cost 0.84 or less are faster. No
/// form is to be slower by more than 5 %.
const WORTHWHILE: f64 = 0.85;

/// An expression in its cheapest form.
#[derive(Clone, Debug)]
pub struct Rewritten {
    /// The graph of both forms.
    pub graph: Graph,
    /// The expression as it was, its requirements gathered at the root.
    pub before: NodeId,
    /// Its cheapest form, with the same requirements.
    pub after: NodeId,
    /// The modelled costs of the two.
    pub cost: (f64, f64),
    /// Why the two are equal; checked.
    pub proof: Proof,
    /// Whether a cheaper form was found whose proof did not stand: the expression is then left as it was.
    pub unproved: bool,
    /// Why saturation ended.
    pub ended: Ended,
}

/// The cheapest form of a node, by a model of what each node of a graph costs. The sizes that the model needs must be
/// known. Inputs and `leaves` are not looked into.
///
/// # Errors
/// When a term cannot be made, which the constructors rule out.
pub fn rewrite(
    graph: &Graph,
    root: NodeId,
    leaves: &[NodeId],
    rules: &[Rule],
    limits: &Limits,
    cost: &dyn Fn(&Graph, NodeId) -> f64,
) -> Result<Rewritten, Mismatch> {
    let mut graph = graph.clone();
    let (bare, requirements) = gather(&mut graph, root, leaves)?;
    let mut saturation = Saturation::new(&graph, &[bare], leaves, rules);
    let ended = saturation.run(limits, |_| false)?;
    let (mut cheapest, mut costs) = saturation.cheapest(bare, cost)?;
    let mut proof = None;
    // The graph's constructors may fold the cheapest form to one that saturation has not met.
    if saturation.equal(bare, cheapest) {
        let found = saturation.explain(bare, cheapest)?;
        proof = found.check(saturation.graph(), bare, cheapest, rules).is_ok().then_some(found);
    }
    let unproved = proof.is_none();
    let proof = match proof {
        Some(proof) => proof,
        None => {
            (cheapest, costs.1) = (bare, costs.0);
            saturation.explain(bare, bare)?
        }
    };
    let mut graph = saturation.graph().clone();
    let mut required = |node| match requirements {
        Some(condition) => graph.make(Op::Require, vec![node, condition]),
        None => Ok(node),
    };
    let (before, after) = (required(bare)?, required(cheapest)?);
    Ok(Rewritten { graph, before, after, cost: costs, proof, unproved, ended })
}

/// A node without those requirements that are tested whenever it is evaluated, and the conjunction of these. What is
/// required within a branch of a choice is tested only where the branch is taken, and stays there.
fn gather(graph: &mut Graph, root: NodeId, leaves: &[NodeId]) -> Result<(NodeId, Option<NodeId>), Mismatch> {
    let open = evaluated(graph, &[root], leaves);
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    let mut condition: Option<NodeId> = None;
    // Operands have smaller numbers, so that what they become is known.
    for id in open {
        let args: Vec<NodeId> = graph.args(id).iter().map(|arg| made.get(arg).copied().unwrap_or(*arg)).collect();
        let op = graph.op(id).clone();
        let new = if op == Op::Require {
            condition = Some(match condition {
                Some(other) => graph.make(Op::And, vec![other, args[1]])?,
                None => args[1],
            });
            args[0]
        } else if matches!(op, Op::Input(_)) {
            id
        } else {
            graph.make(op, args)?
        };
        made.insert(id, new);
    }
    Ok((made.get(&root).copied().unwrap_or(root), condition))
}

impl Saturation<'_> {
    /// The cheapest node that has been found equal to `root`, with the costs of `root` and of it.
    fn cheapest(
        &mut self,
        root: NodeId,
        cost: &dyn Fn(&Graph, NodeId) -> f64,
    ) -> Result<(NodeId, (f64, f64)), Mismatch> {
        let root_class = self.add(root);
        let root_class = self.store.egraph.find(root_class);
        let mut prices = Prices { cost, of_node: HashMap::new() };
        let mut best: BTreeMap<egg::Id, (f64, NodeId)> = BTreeMap::new();
        let mut classes: Vec<egg::Id> = self.store.egraph.classes().map(|class| class.id).collect();
        classes.sort();
        for _ in 0..ROUNDS {
            let mut changed = false;
            for class in &classes {
                for at in 0..self.store.egraph[*class].nodes.len() {
                    let term = self.store.egraph[*class].nodes[at].clone();
                    let Some(node) = self.choice(&term, &best) else { continue };
                    let price = prices.total(self.store.graph(), node);
                    if best.get(class).is_none_or(|(old, _)| price < *old * (1.0 - 1e-9)) {
                        best.insert(*class, (price, node));
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        let before = prices.total(self.store.graph(), root);
        let found = best.get(&root_class).copied().filter(|(price, _)| *price < before * WORTHWHILE);
        Ok(match found {
            Some((after, node)) => (node, (before, after)),
            None => (root, (before, before)),
        })
    }

    /// The node of a term with the choices made for its operands, where it can be made.
    fn choice(&mut self, term: &Term, best: &BTreeMap<egg::Id, (f64, NodeId)>) -> Option<NodeId> {
        let bare = match &term.head {
            Head::Size(_) => return None,
            Head::Leaf(node) => return Some(*node),
            Head::Op(bare) => bare,
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
struct Prices<'a> {
    cost: &'a dyn Fn(&Graph, NodeId) -> f64,
    of_node: HashMap<NodeId, f64>,
}

impl Prices<'_> {
    /// The cost of a node with all that it rests on.
    fn total(&mut self, graph: &Graph, node: NodeId) -> f64 {
        let mut sum = 0.0;
        let mut seen = std::collections::HashSet::new();
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            if seen.insert(id) {
                sum += *self.of_node.entry(id).or_insert_with(|| (self.cost)(graph, id));
                stack.extend(graph.args(id));
            }
        }
        sum
    }
}
