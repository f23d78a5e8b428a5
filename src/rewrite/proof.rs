//! Proofs: chains of terms, each equal to the next by one named step.
//!
//! A proof is found by saturation and explained by the e-graph; [`Proof::check`] does not rely on either. It makes every
//! term anew with the graph's constructors and asks of each step whether it is what its reason says. What must be right
//! for a checked proof to be one is: the constructors and their folding, the normal form of arithmetic, the matching of
//! rules here, and the rules themselves.

use egg::FlatTerm;

use super::bare::without_tests;
use super::polynomial::Normalizer;
use super::rule::Rule;
use super::saturate::{Ended, Limits, Saturation};
use super::store::{ARITHMETIC, MARK};
use super::term::{Head, Term, What, join, split};
use crate::ir::{Basis, Dim, Finiteness, Graph, Mismatch, NodeId, Op};

/// The largest term that is explained, by the number of its parts as it is written.
const MOST_WRITTEN: u64 = 5_000;

/// A term as it is written, nothing shared and nothing folded.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Tree {
    head: Head,
    args: Vec<Tree>,
}

/// A chain of equal terms.
#[derive(Clone, Debug)]
pub struct Proof {
    /// The terms, from one side to the other.
    terms: Vec<Tree>,
    /// Why each term is equal to the next: the name of a rule, or a reason of the engine.
    reasons: Vec<String>,
    /// The terms as nodes; for one that the constructors refuse, the one before.
    nodes: Vec<NodeId>,
    graph: Graph,
    /// The terms up to which arithmetic multiplies out: with another bound it may leave as an atom what it has gone into here.
    sums: usize,
}

/// Why a proof is none.
#[derive(Clone, PartialEq, Debug)]
pub enum Flaw {
    /// It does not begin and end with the two sides.
    Ends,
    /// The step with this number (from 0) is not what its reason says.
    Step(usize),
    /// Neither side is known to be finite, so that the sides may be infinities of both signs.
    Infinite,
    /// The step with this number (from 0) rests on a value that may be infinite.
    MayBeInfinite(usize),
    /// A term cannot be made.
    Mismatch(Mismatch),
}

impl From<Mismatch> for Flaw {
    fn from(mismatch: Mismatch) -> Self {
        Flaw::Mismatch(mismatch)
    }
}

/// Tries to prove that two nodes of a graph are equal wherever both are defined, by saturation with rules. Inputs and
/// `leaves` are not looked into. The proof is checked.
///
/// # Errors
/// Why nothing was proved: what ended saturation, or what is wrong with the proof that it gave.
pub fn prove_equal(
    graph: &Graph,
    (left, right): (NodeId, NodeId),
    leaves: &[NodeId],
    rules: &[Rule],
    limits: &Limits,
) -> Result<Proof, NotProved> {
    let mut graph = graph.clone();
    let sides = without_tests(&mut graph, &[left, right], leaves)?;
    let mut saturation = Saturation::new(&graph, &sides, leaves, rules);
    let ended = saturation.run(limits, |saturation| saturation.equal(sides[0], sides[1]))?;
    if ended != Ended::Found {
        return Err(NotProved::Ended(ended));
    }
    // An explanation writes every term out, nothing shared.
    if sides.iter().any(|side| saturation.store.weight(*side) > MOST_WRITTEN) {
        return Err(NotProved::Ended(Ended::Terms));
    }
    let proof = saturation.explain(sides[0], sides[1])?;
    proof.check(&graph, sides[0], sides[1], rules).map_err(NotProved::Flaw)?;
    Ok(proof)
}

/// Why an equality was not proved.
#[derive(Clone, PartialEq, Debug)]
pub enum NotProved {
    /// Saturation ended without it.
    Ended(Ended),
    /// The proof that saturation gave does not hold.
    Flaw(Flaw),
    /// A term cannot be made.
    Mismatch(Mismatch),
}

impl From<Mismatch> for NotProved {
    fn from(mismatch: Mismatch) -> Self {
        NotProved::Mismatch(mismatch)
    }
}

impl Saturation<'_> {
    /// Why two nodes that have been found equal are equal.
    ///
    /// # Errors
    /// When a term cannot be made, which the constructors rule out.
    pub fn explain(&mut self, a: NodeId, b: NodeId) -> Result<Proof, Mismatch> {
        let (a, b) = (self.add(a), self.add(b));
        let mut explanation = self.store.egraph.explain_id_equivalence(a, b);
        let flat = explanation.make_flat_explanation();
        let mut graph = self.store.egraph.analysis.graph.clone();
        let (mut terms, mut reasons, mut nodes) = (Vec::new(), Vec::new(), Vec::new());
        for (i, term) in flat.iter().enumerate() {
            let tree = Tree::of(term);
            // Of Y'Y with one of the two Y rewritten it is not known that it is Hermitian, so that nothing can be made that
            // rests on its eigenvalues: what changes there is told with the next term that can be made.
            let node = match (tree.node(&mut graph), nodes.last()) {
                (Ok(node), _) => node,
                (Err(_), Some(before)) => *before,
                (Err(mismatch), None) => return Err(mismatch),
            };
            if i > 0 {
                let reason = reason(term).unwrap_or_default();
                reasons.push(reason);
            }
            terms.push(tree);
            nodes.push(node);
        }
        Ok(Proof { terms, reasons, nodes, graph, sums: self.store.sums() })
    }
}

/// The reason that stands somewhere in a term of an explanation.
fn reason(term: &FlatTerm<Term>) -> Option<String> {
    let here = term.forward_rule.or(term.backward_rule).map(|symbol| symbol.to_string());
    here.or_else(|| term.children.iter().find_map(reason))
}

/// The name of the rule that a reason names.
fn rule_name(reason: &str) -> &str {
    reason.strip_suffix(" (from right to left)").unwrap_or(reason)
}

impl Proof {
    /// The names of the rules that it uses, in order, each once.
    pub fn lemmas(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for reason in &self.reasons {
            let name = rule_name(reason);
            if name != ARITHMETIC && name != MARK && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The steps that change the expression as its constructors write it: the reason, and the expression after it.
    pub fn steps(&self) -> impl Iterator<Item = (&str, NodeId)> {
        let changed = self.reasons.iter().zip(self.nodes.windows(2)).filter(|(_, pair)| pair[0] != pair[1]);
        changed.map(|(reason, pair)| (reason.as_str(), pair[1]))
    }

    /// The graph that the expressions of [`Self::steps`] belong to.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Whether it proves that two nodes of a graph are equal, by these rules.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn check(&self, graph: &Graph, left: NodeId, right: NodeId, rules: &[Rule]) -> Result<(), Flaw> {
        let mut checker = Checker::new(graph, rules, self.sums);
        let ends = match (self.terms.first(), self.terms.last()) {
            (Some(first), Some(last)) => (first.node(&mut checker.graph)?, last.node(&mut checker.graph)?),
            (None, _) | (_, None) => return Err(Flaw::Ends),
        };
        if ends != (left, right) || self.reasons.len() + 1 != self.terms.len() {
            return Err(Flaw::Ends);
        }
        for (i, (pair, reason)) in self.terms.windows(2).zip(&self.reasons).enumerate() {
            if !checker.step(&pair[0], &pair[1], reason)? {
                return Err(Flaw::Step(i));
            }
        }
        Ok(())
    }

    /// Whether the two sides are equal at every input at which both have a value, infinities included, where
    /// [`Self::check`] has gone over the steps; `finite` says of the sides whether they are finite there. From one that is on the value of each term
    /// is the value of the one before, since all that a step rests on is finite: what is put for the variables of a rule,
    /// and what arithmetic does not look into.
    ///
    /// # Errors
    /// The first [`Flaw`].
    pub fn check_infinities(&self, finite: (bool, bool), rules: &[Rule]) -> Result<(), Flaw> {
        let mut checker = Checker::new(&self.graph, rules, self.sums);
        let mut order: Vec<usize> = (0..self.reasons.len()).collect();
        let forward = finite.0;
        if !forward {
            if !finite.1 {
                return Err(Flaw::Infinite);
            }
            order.reverse();
        }
        for i in order {
            let (from, to) = if forward { (i, i + 1) } else { (i + 1, i) };
            let (from, to) = (&self.terms[from], &self.terms[to]);
            let root = from.node(&mut checker.graph)?;
            checker.finite = Some(Finiteness::of(&checker.graph, &[root]));
            if !checker.step(from, to, &self.reasons[i])? {
                return Err(Flaw::MayBeInfinite(i));
            }
        }
        Ok(())
    }
}

impl Tree {
    fn of(term: &FlatTerm<Term>) -> Tree {
        Tree { head: term.node.head.clone(), args: term.children.iter().map(Tree::of).collect() }
    }

    /// The node that the graph's constructors make of it.
    fn node(&self, graph: &mut Graph) -> Result<NodeId, Mismatch> {
        match self.head.what() {
            What::Leaf(node) => Ok(*node),
            What::Size(dim) => Err(Mismatch::BadSize(dim.clone())),
            What::Op(bare) => {
                let (values, sizes) = self.operands();
                let values = values.iter().map(|value| value.node(graph)).collect::<Result<_, _>>()?;
                let op = join(bare, &sizes).ok_or(Mismatch::Arguments { expected: 0, found: sizes.len() })?;
                graph.make(op, values)
            }
        }
    }

    /// The operands that are values, and those that are sizes.
    fn operands(&self) -> (Vec<&Tree>, Vec<Dim>) {
        let mut values = Vec::new();
        let mut sizes = Vec::new();
        for arg in &self.args {
            match arg.head.what() {
                What::Size(dim) => sizes.push(dim.clone()),
                What::Op(_) | What::Leaf(_) => values.push(arg),
            }
        }
        (values, sizes)
    }
}

struct Checker<'a> {
    graph: Graph,
    normalizer: Normalizer,
    rules: &'a [Rule],
    /// The number of nodes that were there before the proof.
    given: usize,
    /// What is finite where the term before the step is; all is taken to be where it is not asked.
    finite: Option<Finiteness>,
}

impl<'a> Checker<'a> {
    fn new(graph: &Graph, rules: &'a [Rule], sums: usize) -> Self {
        let given = graph.ids_from(0).count();
        Checker { graph: graph.clone(), normalizer: Normalizer::new(sums), rules, given, finite: None }
    }
}

impl Checker<'_> {
    /// Whether values are finite, where that is asked for.
    fn finite(&self, mut values: impl Iterator<Item = NodeId>) -> bool {
        self.finite.as_ref().is_none_or(|finite| values.all(|value| finite.has(&self.graph, value)))
    }

    /// Whether one term becomes another by a step with this reason, somewhere in it.
    fn step(&mut self, from: &Tree, to: &Tree, reason: &str) -> Result<bool, Mismatch> {
        if from == to {
            return Ok(true);
        }
        if from.head == to.head && from.args.len() == to.args.len() {
            let mut different = from.args.iter().zip(&to.args).filter(|(a, b)| a != b);
            if let (Some((a, b)), None) = (different.next(), different.next())
                && self.step(a, b, reason)?
            {
                return Ok(true);
            }
        }
        self.step_here(from, to, reason)
    }

    fn step_here(&mut self, from: &Tree, to: &Tree, reason: &str) -> Result<bool, Mismatch> {
        if matches!(from.head.what(), What::Size(_)) || matches!(to.head.what(), What::Size(_)) {
            return Ok(false);
        }
        // What cannot be made is no step; see `Saturation::explain`.
        let (Ok(a), Ok(b)) = (from.node(&mut self.graph), to.node(&mut self.graph)) else { return Ok(false) };
        if a == b {
            return Ok(true);
        }
        if reason == ARITHMETIC {
            let a = self.normalizer.polynomial(&mut self.graph, a)?;
            let to_node = b;
            let b = self.normalizer.polynomial(&mut self.graph, b)?;
            return Ok(a == b && self.finite(a.atoms().chain([to_node])));
        }
        if reason == MARK {
            return Ok(self.unmarked(a) == self.unmarked(b) && self.marks_hold(a) && self.marks_hold(b));
        }
        let name = rule_name(reason);
        for rule in self.rules.iter().filter(|rule| rule.name == name) {
            if self.applies(rule, from, b) || self.applies(rule, to, a) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    fn unmarked(&self, node: NodeId) -> NodeId {
        let marked = matches!(self.graph.op(node), Op::Annotate(_, Basis::Construction));
        if marked { self.unmarked(self.graph.args(node)[0]) } else { node }
    }

    /// Whether what marks say of a value is known: of one that stood in the claim, or by the facts of what is marked.
    fn marks_hold(&self, node: NodeId) -> bool {
        if node.index() < self.given {
            return true;
        }
        let Op::Annotate(properties, Basis::Construction) = self.graph.op(node) else { return true };
        let inner = self.graph.args(node)[0];
        properties.iter().all(|property| self.graph.has(inner, *property)) && self.marks_hold(inner)
    }

    /// Whether a rule makes `result` of a term.
    fn applies(&mut self, rule: &Rule, term: &Tree, result: NodeId) -> bool {
        rule.forms.iter().any(|form| {
            let mut found = Found::default();
            if !self.matches(rule, form.node, term, &mut found) {
                return false;
            }
            let values = found.values.into_iter().collect();
            let binding = rule.complete(&mut self.graph, values, found.sizes);
            binding.is_some_and(|binding| {
                self.finite(binding.values.values().copied())
                    && rule.replacement(&mut self.graph, form, &binding) == Some(result)
            })
        })
    }

    /// Matches a node of a rule's graph with a term.
    fn matches(&mut self, rule: &Rule, pattern: NodeId, term: &Tree, found: &mut Found) -> bool {
        let graph = &rule.body.graph;
        if let Op::Input(_) = graph.op(pattern) {
            let Ok(value) = term.node(&mut self.graph) else { return false };
            let before = found.values.iter().find(|(variable, _)| *variable == pattern).map(|(_, value)| *value);
            return match before {
                Some(before) => before == value,
                None => {
                    found.values.push((pattern, value));
                    true
                }
            };
        }
        let (head, sizes) = split(graph.op(pattern));
        let (values, actual) = term.operands();
        let args = graph.args(pattern).to_vec();
        if head != term.head || args.len() != values.len() || sizes.len() != actual.len() {
            return false;
        }
        found.sizes.extend(sizes.into_iter().zip(actual));
        args.into_iter().zip(values).all(|(arg, value)| self.matches(rule, arg, value, found))
    }
}

/// What a match has found so far.
#[derive(Default)]
struct Found {
    values: Vec<(NodeId, NodeId)>,
    sizes: Vec<(Dim, Dim)>,
}
