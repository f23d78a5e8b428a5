//! The search for the cheapest form of an expression.
//!
//! Most of what makes an expression cheaper takes few rules, while the forms of a large one are beyond counting: a search that
//! went on until nothing is new would not end. So it goes in steps, each with few terms: the cheapest form that one finds is
//! where the next begins. Where an expression as a whole has too many forms, the numbers that it is made of (traces, norms,
//! log-determinants) are taken one by one. Proofs are asked for at the end, where there is something to prove.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use super::bare::evaluated;
use super::extract::Prices;
use super::proof::Proof;
use super::rule::Rule;
use super::saturate::{Ended, Limits, Saturation};
use crate::ir::{Graph, Mismatch, NodeId, Op};

/// The part of the modelled cost that a form may have to take the place of the one that was written. Models of cost are not
/// exact: the mutual information of Gram matrices at 128 × 1024 has a form that costs 0.89 of the original by the model and
/// measured between 0.89 and 1.18 times as fast (`cargo xtask rewrite`), while those that cost 0.84 or less are faster. No
/// form is to be slower by more than 5 %.
const WORTHWHILE: f64 = 0.85;

/// The part of the modelled cost that a step must leave of it for another one to begin where it ends.
const STEP: f64 = 0.995;

/// The most steps on one expression.
const STEPS: usize = 4;

/// A number within an expression is looked at by itself where it has this part of the cost.
const CONSIDERABLE: f64 = 0.05;

/// The terms of all steps together, as a multiple of those that one step may have. A step takes at most half of what is left:
/// the expression as a whole comes first and gets most, and its costliest numbers come before cheaper ones.
const ALL_STEPS: usize = 2;

/// No step begins that could not have so many terms, of which the log-determinant of a Gram matrix takes about 80.
const LEAST_TERMS: usize = 90;

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
    /// Why the two are equal, without their requirements: each change with its checked proof, in order.
    pub changes: Vec<Change>,
    /// Whether a cheaper form was found whose proof did not stand: the expression is then left as it was before that.
    pub unproved: bool,
    /// What ended the search of the expression as a whole.
    pub ended: Ended,
    /// How many terms were looked at.
    pub terms: usize,
}

/// A change of an expression: a part of it became another that is equal.
#[derive(Clone, Debug)]
pub struct Change {
    /// The part and what took its place.
    part: (NodeId, NodeId),
    /// The whole expression before and after.
    whole: (NodeId, NodeId),
    proof: Proof,
}

impl Change {
    /// The steps of the change: the rule of each, and the whole expression after it. They belong to the graph that is
    /// returned too.
    pub fn steps(&self) -> (Graph, Vec<(String, NodeId)>) {
        let mut graph = self.proof.graph().clone();
        let mut steps = Vec::new();
        for (reason, node) in self.proof.steps() {
            // A step whose expression cannot be made whole is told with the next one that can.
            if let Ok(whole) = put(&mut graph, self.whole.0, self.part.0, node) {
                steps.push((reason.to_owned(), whole));
            }
        }
        (graph, steps)
    }

    /// Whether the change is what it says it is, by these rules.
    fn holds(&self, graph: &mut Graph, rules: &[Rule]) -> bool {
        let (part, whole) = (self.part, self.whole);
        put(graph, whole.0, part.0, part.1) == Ok(whole.1) && self.proof.check(graph, part.0, part.1, rules).is_ok()
    }
}

/// An expression with one of its parts replaced.
fn put(graph: &mut Graph, whole: NodeId, part: NodeId, new: NodeId) -> Result<NodeId, Mismatch> {
    if whole == part {
        return Ok(new);
    }
    Ok(graph.substitute(&[whole], &BTreeMap::from([(part, new)]), &BTreeMap::new())?[0])
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
    let mut prices = Prices::new(cost);
    let price = prices.total(&graph, bare);
    let start = Instant::now();
    let mut search =
        Search { graph, root: bare, price, leaves, rules, limits, start, prices, found: Vec::new(), terms: 0 };
    let ended = search.descend(bare)?;
    let Search { terms, .. } = search;
    let (changes, proved) = search.proved(price)?;
    let Search { mut graph, root: cheapest, price: after, .. } = search;
    let mut required = |node| match requirements {
        Some(condition) => graph.make(Op::Require, vec![node, condition]),
        None => Ok(node),
    };
    let (before, after_node) = (required(bare)?, required(cheapest)?);
    Ok(Rewritten { graph, before, after: after_node, cost: (price, after), changes, unproved: !proved, ended, terms })
}

/// A search in progress.
struct Search<'a> {
    graph: Graph,
    /// The expression, and its cost.
    root: NodeId,
    price: f64,
    leaves: &'a [NodeId],
    rules: &'a [Rule],
    limits: &'a Limits,
    start: Instant,
    prices: Prices<'a>,
    /// What was found to be cheaper, with the saturation that knows why.
    found: Vec<Found<'a>>,
    /// How many terms were looked at.
    terms: usize,
}

/// A change that is not proved yet.
struct Found<'a> {
    part: (NodeId, NodeId),
    whole: (NodeId, NodeId),
    /// The cost of the whole after it.
    price: f64,
    saturation: Saturation<'a>,
}

impl Search<'_> {
    /// Makes an expression cheaper, and where it has too many forms, then the numbers that it is made of. Says what ended the
    /// search of the expression itself, or that time did.
    fn descend(&mut self, part: NodeId) -> Result<Ended, Mismatch> {
        let (part, mut ended) = self.steps(part)?;
        if ended == Ended::Saturated || self.is_spent() {
            return Ok(ended);
        }
        let mut done = BTreeSet::new();
        // A change in one number makes the others anew only where they rest on it.
        let mut whole = part;
        while let Some(number) = self.costliest(whole, &done) {
            done.insert(number);
            let changes = self.found.len();
            if self.descend(number)? == Ended::Time {
                ended = Ended::Time;
            }
            for found in &self.found[changes..] {
                done.insert(found.part.1);
            }
            whole = self.now(whole, changes)?;
            if self.is_spent() {
                break;
            }
        }
        Ok(ended)
    }

    /// The number of terms that the next step may have.
    fn allowance(&self) -> usize {
        (ALL_STEPS * self.limits.terms).saturating_sub(self.terms) / 2
    }

    /// Whether no further step may begin.
    fn is_spent(&self) -> bool {
        self.allowance() < LEAST_TERMS.min(self.limits.terms) || self.start.elapsed() > self.limits.time
    }

    /// The costliest of the numbers that a part is made of that is not done yet.
    fn costliest(&mut self, part: NodeId, done: &BTreeSet<NodeId>) -> Option<NodeId> {
        let left = self.numbers(part).into_iter().filter(|number| !done.contains(number));
        let priced: Vec<_> = left.map(|number| (self.prices.total(&self.graph, number), number)).collect();
        // Of two that cost the same the one that was written first.
        priced.into_iter().rev().max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, number)| number)
    }

    /// What has become of a node by the changes from one on.
    fn now(&mut self, node: NodeId, changes: usize) -> Result<NodeId, Mismatch> {
        let parts: Vec<(NodeId, NodeId)> = self.found[changes..].iter().map(|found| found.part).collect();
        parts.into_iter().try_fold(node, |node, (old, new)| put(&mut self.graph, node, old, new))
    }

    /// The numbers that a part is made of and that have a considerable part of the cost: the outermost ones, but of a chain
    /// of which each has only the next below it, as of −λ log x, what its last one is made of.
    fn numbers(&mut self, part: NodeId) -> Vec<NodeId> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut stack = self.graph.args(part).to_vec();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) || self.leaves.contains(&id) {
                continue;
            }
            if !self.graph.ty(id).is_real_scalar() {
                stack.extend(self.graph.args(id));
            } else if self.prices.total(&self.graph, id) > CONSIDERABLE * self.price {
                found.insert(id);
            }
        }
        match found.iter().copied().collect::<Vec<_>>().as_slice() {
            [only] => self.numbers(*only),
            several => several.to_vec(),
        }
    }

    /// Makes a part of the expression cheaper, step by step; what has become of it, and what ended the first step, or that
    /// time ended one.
    fn steps(&mut self, mut part: NodeId) -> Result<(NodeId, Ended), Mismatch> {
        let mut first = None;
        for _ in 0..STEPS {
            if self.is_spent() {
                break;
            }
            let left = self.limits.time.saturating_sub(self.start.elapsed());
            let mut saturation = Saturation::new(&self.graph, &[part], self.leaves, self.rules);
            let limits = Limits { terms: self.allowance(), time: left, ..*self.limits };
            let ended = saturation.run(&limits, |_| false)?;
            // That there was no time left counts above all.
            match ended {
                Ended::Time => first = Some(Ended::Time),
                Ended::Found | Ended::Saturated | Ended::Terms | Ended::Rounds => _ = first.get_or_insert(ended),
            }
            self.terms += saturation.terms();
            let cheaper = match saturation.cheapest(part, &mut self.prices)? {
                Some((next, _)) => {
                    // What the whole shares with other parts counts once, so that less here may be more there.
                    let whole = put(saturation.graph(), self.root, part, next)?;
                    let price = self.prices.total(saturation.graph(), whole);
                    (price < self.price * STEP).then_some((next, whole, price))
                }
                None => None,
            };
            let Some((next, whole, price)) = cheaper else {
                self.prices.keep(&self.graph);
                break;
            };
            self.graph = saturation.graph().clone();
            self.found.push(Found { part: (part, next), whole: (self.root, whole), price, saturation });
            (self.root, self.price, part) = (whole, price, next);
        }
        let late = if self.start.elapsed() > self.limits.time { Ended::Time } else { Ended::Terms };
        Ok((part, first.unwrap_or(late)))
    }

    /// The changes with their proofs, where they are worth it in all; `false` where one was given up, and all after it, since
    /// its proof did not stand.
    fn proved(&mut self, written: f64) -> Result<(Vec<Change>, bool), Mismatch> {
        let mut changes = Vec::new();
        let mut proved = true;
        let worthwhile = |price: f64| price < written * WORTHWHILE;
        let mut prices = vec![written];
        let before = self.found.first().map_or(self.root, |first| first.whole.0);
        let found = std::mem::take(&mut self.found);
        if worthwhile(self.price) {
            for Found { part, whole, price, mut saturation } in found {
                let proof = saturation.why(part.0, part.1, self.limits)?;
                let change = proof.map(|proof| Change { part, whole, proof });
                let change = change.filter(|change| change.holds(saturation.graph(), self.rules));
                proved = change.is_some();
                let Some(change) = change else { break };
                changes.push(change);
                prices.push(price);
            }
        }
        let price = prices[prices.len() - 1];
        if !worthwhile(price) {
            changes.clear();
        }
        (self.root, self.price) = match changes.last() {
            Some(last) => (last.whole.1, price),
            None => (before, written),
        };
        Ok((changes, proved))
    }
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
