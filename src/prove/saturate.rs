//! Equality by the rules of the library, which saturation applies and a checker of its own goes over again.

use std::sync::LazyLock;
use std::time::Duration;

use crate::check;
use crate::ir::{Graph, NodeId};
use crate::rewrite::{Limits, Rule, prove_equal};

/// How far one step of a calculation may go: its author could have named a step between.
const LIMITS: Limits = Limits { terms: 6_000, rounds: 8, matches: 200, reorder: false, time: Duration::from_secs(2) };

/// The rules of the library, as the rewriter reads them. A rule that it cannot read is one less.
static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let rules = check::rules().iter().filter(|rule| !rule.covered).filter_map(|rule| Rule::of(&rule.identity).ok());
    rules.flatten().collect()
});

/// The names of the rules by which two nodes are equal, where saturation finds that they are.
pub fn equal(graph: &Graph, left: NodeId, right: NodeId, leaves: &[NodeId]) -> Option<Vec<String>> {
    let proof = prove_equal(graph, (left, right), leaves, &RULES, &LIMITS).ok()?;
    let mut names: Vec<String> = proof.lemmas().into_iter().map(str::to_string).collect();
    names.sort();
    names.dedup();
    Some(names)
}
