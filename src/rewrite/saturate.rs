//! Saturation: rules are applied to all that they match, until nothing is new or a limit is reached.

use std::time::{Duration, Instant};

use egg::{Id, Searcher, Symbol};
use rustc_hash::FxHashSet;

use super::proof::Proof;
use super::rule::{Binding, Rule, var_of};
use super::store::Store;
use crate::ir::{Graph, Mismatch, NodeId};

/// How far saturation goes.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Limits {
    /// The greatest number of terms, with those that others have made superfluous.
    pub terms: usize,
    /// The number of terms above which arithmetic adds no normal forms.
    pub arithmetic: usize,
    /// The greatest number of terms of a sum that is multiplied out.
    pub sums: usize,
    /// The greatest number of rounds.
    pub rounds: usize,
    /// The greatest number of matches of one rule in one round.
    pub matches: usize,
    /// Whether rules that arithmetic decides are applied too: they prove nothing, and give other forms to choose from.
    pub reorder: bool,
    /// The greatest time. Where it is reached, the outcome may depend on the machine.
    pub time: Duration,
}

/// The limits of a step of the search for a cheaper form ([`super::rewrite`]): some tens of milliseconds.
impl Default for Limits {
    fn default() -> Self {
        let (terms, arithmetic, sums) = (1_500, 1_500, 8);
        let time = Duration::from_secs(5);
        Limits { terms, arithmetic, sums, rounds: 12, matches: 400, reorder: false, time }
    }
}

/// Why saturation ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Ended {
    /// What was asked for is there.
    Found,
    /// No rule gives anything new.
    Saturated,
    /// The limit on terms.
    Terms,
    /// The limit on rounds.
    Rounds,
    /// The limit on time.
    Time,
}

/// The most parts, nothing shared, of what an explanation is written for: more would take gigabytes where values are used again
/// and again.
const MOST_EXPLAINED: u64 = 100_000;

/// An e-graph under saturation.
pub struct Saturation<'a> {
    pub(super) store: Store,
    rules: &'a [Rule],
    /// Whether anything is complex.
    complex: bool,
    /// What each rule has been applied to, so that a match counts once.
    applied: FxHashSet<(usize, Binding)>,
    /// The matches that have been applied, by the classes that they put for the variables of a form.
    matched: FxHashSet<(usize, usize, Vec<Id>)>,
}

impl<'a> Saturation<'a> {
    /// Starts with these nodes of a graph. Inputs and `leaves` are not looked into.
    pub fn new(graph: &Graph, roots: &[NodeId], leaves: &[NodeId], rules: &'a [Rule]) -> Self {
        let mut graph = graph.clone();
        let any = graph.ids_from(0).next();
        // A graph without nodes has no roots either.
        let any =
            roots.first().copied().or(any).unwrap_or_else(|| graph.truth(true).unwrap_or_else(|_| unreachable!()));
        let mut store = Store::new(graph, leaves, any);
        for root in roots {
            store.add(*root);
        }
        let complex =
            store.graph().reachable(roots).into_iter().any(|node| store.egraph.analysis.graph.is_complex(node));
        Saturation { store, rules, complex, applied: FxHashSet::default(), matched: FxHashSet::default() }
    }

    /// The graph that all nodes belong to. It is the one that saturation started with, and more.
    pub fn graph(&mut self) -> &mut Graph {
        self.store.graph()
    }

    /// Adds a node of [`Self::graph`].
    pub fn add(&mut self, node: NodeId) -> Id {
        self.store.add(node)
    }

    /// The number of terms, those that others have made superfluous included.
    pub fn terms(&self) -> usize {
        self.store.egraph.total_size()
    }

    /// Why two nodes are equal, where they have been found so, or arithmetic sees it: the graph's constructors may have
    /// folded one of them to a form that saturation has not met.
    ///
    /// # Errors
    /// When a term cannot be made, which the constructors rule out.
    pub(super) fn why(&mut self, a: NodeId, b: NodeId, limits: &Limits) -> Result<Option<Proof>, Mismatch> {
        if !self.equal(a, b) {
            self.store.settle(2 * limits.arithmetic)?;
        }
        // An explanation writes every term out, nothing shared.
        let written = self.store.weight(a).max(self.store.weight(b));
        (self.equal(a, b) && written <= MOST_EXPLAINED).then(|| self.explain(a, b)).transpose()
    }

    /// Whether two nodes have been found equal.
    pub fn equal(&mut self, a: NodeId, b: NodeId) -> bool {
        let (a, b) = (self.store.add(a), self.store.add(b));
        self.store.egraph.find(a) == self.store.egraph.find(b)
    }

    /// The smallest form that has been found of a node, in the normal form of arithmetic.
    pub fn smallest(&mut self, node: NodeId) -> NodeId {
        let id = self.store.add(node);
        self.store.value(id).unwrap_or(node)
    }

    /// Applies the rules until `done` says so or nothing is new or a limit is reached.
    ///
    /// # Errors
    /// When a term is no node of the graph, which its constructors rule out.
    pub fn run(&mut self, limits: &Limits, mut done: impl FnMut(&mut Self) -> bool) -> Result<Ended, Mismatch> {
        let start = Instant::now();
        self.store.multiply_out(limits.sums);
        for _ in 0..limits.rounds {
            // Arithmetic may need more than one round by itself, so that it counts as something new.
            let before = (self.store.egraph.total_size(), self.store.egraph.number_of_classes());
            self.store.settle(limits.arithmetic)?;
            if done(self) {
                return Ok(Ended::Found);
            }
            let matches = self.matches(limits);
            for (at, form, subst) in matches {
                self.apply(at, form, &subst);
                if self.terms() > limits.terms {
                    self.store.settle(limits.arithmetic)?;
                    return Ok(if done(self) { Ended::Found } else { Ended::Terms });
                }
                if start.elapsed() > limits.time {
                    return Ok(Ended::Time);
                }
            }
            self.store.egraph.rebuild();
            if (self.store.egraph.total_size(), self.store.egraph.number_of_classes()) == before {
                self.store.settle(limits.arithmetic)?;
                return Ok(if done(self) { Ended::Found } else { Ended::Saturated });
            }
        }
        self.store.settle(limits.arithmetic)?;
        Ok(if done(self) { Ended::Found } else { Ended::Rounds })
    }

    fn matches(&self, limits: &Limits) -> Vec<(usize, usize, egg::Subst)> {
        let mut found = Vec::new();
        let wanted = |rule: &Rule| (limits.reorder || !rule.arithmetic) && (self.complex || !rule.only_complex);
        for (at, rule) in self.rules.iter().enumerate().filter(|(_, rule)| wanted(rule)) {
            let mut left = limits.matches;
            for (number, form) in rule.forms.iter().enumerate() {
                for of_class in form.pattern.search_with_limit(&self.store.egraph, left) {
                    for subst in of_class.substs {
                        left = left.saturating_sub(1);
                        found.push((at, number, subst));
                    }
                }
                if left == 0 {
                    break;
                }
            }
        }
        found
    }

    fn apply(&mut self, at: usize, form: usize, subst: &egg::Subst) {
        let rule = &self.rules[at];
        let number = form;
        let form = &rule.forms[form];
        let classes = form.pattern.vars().into_iter().filter_map(|var| subst.get(var));
        let place = (at, number, classes.map(|id| self.store.egraph.find(*id)).collect());
        // A match that failed may succeed later, when more is known; one that was applied says nothing new.
        if self.matched.contains(&place) {
            return;
        }
        let Some(binding) = rule.binding(&mut self.store, form, subst) else { return };
        self.matched.insert(place);
        if !self.applied.insert((at, binding.clone())) {
            return;
        }
        let Some(to) = rule.replacement(self.store.graph(), form, &binding) else { return };
        let Some(from) = self.instance(rule, form, &binding, subst) else { return };
        let to = self.store.add(to);
        let reason = if rule.forward { rule.name.clone() } else { format!("{} (from right to left)", rule.name) };
        self.store.egraph.union_trusted(from, to, Symbol::from(reason));
    }

    /// The term of a pattern with the representatives' terms for its variables.
    fn instance(&mut self, rule: &Rule, form: &super::rule::Form, binding: &Binding, subst: &egg::Subst) -> Option<Id> {
        let mut ids: Vec<Id> = Vec::new();
        for (part, stands_for) in form.pattern.ast.iter().zip(&form.parts) {
            let id = match part {
                egg::ENodeOrVar::Var(var) => {
                    let variable = rule.body.variables.iter().find(|variable| var_of(**variable) == *var);
                    match variable {
                        Some(variable) => self.store.add(binding.values[variable]),
                        None => *subst.get(*var)?,
                    }
                }
                egg::ENodeOrVar::ENode(term) => {
                    let mut term = term.clone();
                    for arg in &mut term.args {
                        *arg = ids[usize::from(*arg)];
                    }
                    match stands_for {
                        Some(node) => {
                            let node = rule.put(self.store.graph(), *node, binding)?;
                            self.store.insert(term, node)
                        }
                        None => self.store.egraph.add_uncanonical(term),
                    }
                }
            };
            ids.push(id);
        }
        ids.last().copied()
    }
}
