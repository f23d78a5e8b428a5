//! Where choices guard nodes: a node that only one branch of a choice rests on has a gradient only where that branch is
//! taken, and its adjoint must not be evaluated elsewhere.

use std::collections::HashMap;

use crate::ir::{Graph, NodeId, Op};

/// The guard around it, the condition, and the value of the condition that lets its nodes be evaluated.
type Key = (Option<usize>, NodeId, bool);

/// The innermost guard that is around all users of a node.
pub(super) struct Guards {
    keys: Vec<Key>,
    index: HashMap<Key, usize>,
    of: HashMap<NodeId, Option<usize>>,
}

impl Guards {
    /// The guards of the nodes of `order`, operands first, that `root` rests on.
    pub(super) fn new(graph: &Graph, order: &[NodeId], root: NodeId) -> Self {
        let mut this = Guards { keys: Vec::new(), index: HashMap::new(), of: HashMap::from([(root, None)]) };
        for id in order.iter().rev() {
            let guard = this.of(*id);
            let args = graph.args(*id);
            if *graph.op(*id) == Op::Select {
                this.note(args[0], guard);
                for (branch, sense) in [(args[1], true), (args[2], false)] {
                    let inner = this.branch(*id, args[0], sense);
                    this.note(branch, inner);
                }
            } else {
                args.iter().for_each(|arg| this.note(*arg, guard));
            }
        }
        this
    }

    /// The guard of a node.
    pub(super) fn of(&self, id: NodeId) -> Option<usize> {
        self.of.get(&id).copied().flatten()
    }

    /// The guard of a branch of a choice.
    pub(super) fn branch(&mut self, select: NodeId, condition: NodeId, sense: bool) -> Option<usize> {
        let key = (self.of(select), condition, sense);
        let keys = &mut self.keys;
        Some(*self.index.entry(key).or_insert_with(|| {
            keys.push(key);
            keys.len() - 1
        }))
    }

    /// What a guard is.
    pub(super) fn key(&self, guard: usize) -> Key {
        self.keys[guard]
    }

    fn note(&mut self, id: NodeId, guard: Option<usize>) {
        let common = match self.of.get(&id) {
            None => guard,
            Some(before) => self.common(*before, guard),
        };
        self.of.insert(id, common);
    }

    /// The innermost guard around both.
    fn common(&self, a: Option<usize>, b: Option<usize>) -> Option<usize> {
        let chain = |from: Option<usize>| std::iter::successors(from, |guard| self.keys[*guard].0);
        let around_a: Vec<usize> = chain(a).collect();
        chain(b).find(|guard| around_a.contains(guard))
    }
}
