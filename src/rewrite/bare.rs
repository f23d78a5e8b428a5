//! An expression without its tests: equalities are claimed where both sides are defined.

use std::collections::{BTreeMap, BTreeSet};

use crate::ir::{Basis, Graph, Kind, Mismatch, NodeId, Op};

/// The nodes that are evaluated whenever `roots` are, down to `leaves`: not those that only a branch of a choice has, nor the
/// parts of a condition, of which one may decide it where the other has no value.
pub fn evaluated(graph: &Graph, roots: &[NodeId], leaves: &[NodeId]) -> BTreeSet<NodeId> {
    let mut found = BTreeSet::new();
    let mut stack = roots.to_vec();
    while let Some(id) = stack.pop() {
        if leaves.contains(&id) || !found.insert(id) {
            continue;
        }
        let args = graph.args(id);
        let always = match (graph.op(id).kind(), graph.op(id)) {
            (_, Op::Select) => &args[..1],
            (_, Op::And | Op::Or) => &[],
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => args,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => args,
        };
        stack.extend(always);
    }
    found
}

/// The nodes `roots` without requirements, and with what is tested on evaluation taken as given. What lies under `leaves`
/// stays as it is, and so does what is tested in one branch of a choice only.
///
/// # Errors
/// When a node cannot be made anew, which the constructors rule out.
pub fn without_tests(graph: &mut Graph, roots: &[NodeId], leaves: &[NodeId]) -> Result<Vec<NodeId>, Mismatch> {
    let needed = evaluated(graph, roots, leaves);
    let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
    for id in needed {
        let args: Vec<NodeId> = graph.args(id).iter().map(|arg| made.get(arg).copied().unwrap_or(*arg)).collect();
        let op = graph.op(id).clone();
        let new = if leaves.contains(&id) || matches!(op, Op::Input(_)) {
            id
        } else if op == Op::Require {
            args[0]
        } else if let Op::Annotate(properties, Basis::Tested) = op {
            graph.annotate(args[0], &properties, Basis::Construction)?
        } else {
            graph.make(op, args)?
        };
        made.insert(id, new);
    }
    Ok(roots.iter().map(|root| made.get(root).copied().unwrap_or(*root)).collect())
}
