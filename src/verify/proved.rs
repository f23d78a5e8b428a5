//! Equalities that are proved before they are sampled.

use std::sync::LazyLock;
use std::time::Duration;

use crate::check::{self, Claim, Part, Theorem, VariableKind};
use crate::ir::NodeId;
use crate::rewrite::{Limits, Proof, Rule, prove_equal};
use crate::syntax::ast::Relation;

/// How far the search for a proof goes. The time is there for the worst case only: it is the limits on terms and rounds
/// that end a search, so that one seed gives one report.
const LIMITS: Limits = Limits { terms: 6_000, rounds: 10, matches: 300, reorder: false, time: Duration::from_secs(20) };

/// The rules of the table, made once.
///
/// # Panics
/// When the table holds what is no rule, which a test of the crate rules out.
pub fn rules() -> &'static [Rule] {
    static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
        let of = |rule: &check::Rule| match Rule::of(&rule.identity) {
            Ok(rules) => rules,
            Err(error) => panic!("`{}` is no rule: {error:?}", rule.identity.name),
        };
        check::rules().iter().filter(|rule| !rule.covered).flat_map(of).collect()
    });
    &RULES
}

/// Proofs of the equalities that a claim consists of; `None` where it is not made of equalities, or one is not proved.
pub(super) fn prove(theorem: &Theorem, claim: &Claim) -> Option<Vec<Proof>> {
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
    let leaves: Vec<NodeId> = theorem
        .variables
        .iter()
        .filter_map(|variable| match variable.kind {
            VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => Some(value),
            VariableKind::Size(_) => None,
        })
        .collect();
    equations.into_iter().map(|sides| prove_equal(&theorem.graph, sides, &leaves, rules(), &LIMITS).ok()).collect()
}

/// The lemmas that proofs rest on, each once.
pub(super) fn lemmas(proofs: &[Proof]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in proofs.iter().flat_map(Proof::lemmas) {
        if !names.iter().any(|known| known == name) {
            names.push(name.to_string());
        }
    }
    names
}
