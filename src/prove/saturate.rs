//! Equality by the rules of the library, which saturation applies and a checker of its own goes over again.

use std::sync::LazyLock;
use std::time::Duration;

use crate::check::{self, Claim, Part, Relation, Theorem, VariableKind};
use crate::ir::{Finiteness, Graph, NodeId};
use crate::rewrite::{Limits, MAX_TERMS, Rule, evaluated, prove_equal};

/// How far one step of a calculation may go: its author could have named a step between.
const STEP: Limits = Limits {
    terms: 9_000,
    arithmetic: usize::MAX,
    sums: MAX_TERMS,
    rounds: 8,
    matches: 200,
    reorder: false,
    time: Duration::from_secs(2),
};

/// How far a whole claim may go. The time is there for the worst case only: it is the limits on terms and rounds that end a
/// search, so that one seed gives one report.
const CLAIM: Limits = Limits { rounds: 10, matches: 300, time: Duration::from_secs(20), ..STEP };

/// The rules of the library, as the rewriter reads them.
///
/// # Panics
/// When the table holds what is no rule, which a test of the crate rules out.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let of = |rule: &check::Rule| match Rule::of(&rule.identity) {
            Ok(mut rules) => {
                rules.iter_mut().for_each(|read| read.only_complex = rule.only_complex);
                rules
            }
            Err(error) => panic!("`{}` is no rule: {error:?}", rule.identity.name),
        };
        check::rules().iter().filter(|rule| !rule.covered).flat_map(of).collect()
    });
    &RULES
}

/// The names of the rules by which two nodes are equal, where saturation finds that they are; `finite` says of each whether
/// it is finite.
pub fn equal(graph: &Graph, sides: (NodeId, NodeId), leaves: &[NodeId], finite: (bool, bool)) -> Option<Vec<String>> {
    names(graph, sides, leaves, finite, &STEP)
}

/// The names of the rules by which the equalities hold that a claim consists of; `None` where it is not made of equalities,
/// or one is not proved.
pub fn equations(theorem: &Theorem, claim: &Claim) -> Option<Vec<String>> {
    let mut equations: Vec<(NodeId, NodeId)> = Vec::new();
    for part in &claim.parts {
        match part {
            Part::Margin { sides: Some(sides), put, .. } if sides.relation == Relation::Eq && put.is_empty() => {
                equations.push((sides.left, sides.right));
            }
            Part::Margin { .. } | Part::Iff { .. } | Part::Asymptotic { .. } => return None,
        }
    }
    if equations.is_empty() {
        return None;
    }
    let leaf = |kind: &VariableKind| match kind {
        VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => Some(*value),
        VariableKind::Size(_) => None,
    };
    let leaves: Vec<NodeId> = theorem.variables.iter().filter_map(|variable| leaf(&variable.kind)).collect();
    let mut used = Vec::new();
    for sides in equations {
        let graph = &theorem.graph;
        let here = Finiteness::where_required(graph, evaluated(graph, &[sides.0, sides.1], &leaves));
        let finite = (here.has(graph, sides.0), here.has(graph, sides.1));
        used.extend(names(graph, sides, &leaves, finite, &CLAIM)?);
    }
    used.sort();
    used.dedup();
    Some(used)
}

fn names(
    graph: &Graph,
    sides: (NodeId, NodeId),
    leaves: &[NodeId],
    finite: (bool, bool),
    limits: &Limits,
) -> Option<Vec<String>> {
    // Sides of which neither is known to be finite may be infinities of both signs.
    if finite == (false, false) {
        return None;
    }
    let proof = prove_equal(graph, sides, leaves, rules(), limits).ok()?;
    proof.check_infinities(finite, rules()).ok()?;
    let mut names: Vec<String> = proof.lemmas().into_iter().map(str::to_string).collect();
    names.sort();
    names.dedup();
    Some(names)
}
