//! What an expression needs, and what it would need no more or need as well if one of its nodes were another.
//!
//! Nodes are counted by their users. Where a node is let go, what it alone used goes with it; where another is taken in, only
//! what is not there yet is added. So the cost of either is found without going through the whole expression.

use rustc_hash::{FxHashMap, FxHashSet};

use super::extract::Prices;
use crate::ir::{Graph, NodeId};

/// The nodes of an expression with the number of their users.
pub(super) struct Cone {
    users: FxHashMap<NodeId, usize>,
}

impl Cone {
    /// The nodes that a root rests on. The root is used from outside.
    pub(super) fn new(graph: &Graph, root: NodeId) -> Self {
        let mut cone = Cone { users: FxHashMap::default() };
        cone.claim(graph, root);
        cone
    }

    /// The nodes that are there.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> =
            self.users.iter().filter(|(_, users)| **users > 0).map(|(node, _)| *node).collect();
        nodes.sort();
        nodes
    }

    /// Counts one user more of a node.
    pub(super) fn claim(&mut self, graph: &Graph, node: NodeId) {
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            let users = self.users.entry(id).or_insert(0);
            *users += 1;
            if *users == 1 {
                stack.extend(graph.args(id));
            }
        }
    }

    /// Takes a node away, however many use it: how many did, and the cost of it and of what nothing else needs.
    pub(super) fn release(&mut self, graph: &Graph, node: NodeId, prices: &mut Prices<'_>) -> (usize, f64) {
        let users = self.users.insert(node, 0).unwrap_or(0);
        let mut cost = 0.0;
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            cost += prices.own(graph, id);
            for arg in graph.args(id) {
                let left = self.users.entry(*arg).or_insert(1);
                *left -= 1;
                if *left == 0 {
                    stack.push(*arg);
                }
            }
        }
        (users, cost)
    }

    /// Puts a node back that was released, with as many users as it had.
    pub(super) fn restore(&mut self, graph: &Graph, node: NodeId, users: usize) {
        self.claim(graph, node);
        self.users.insert(node, users);
    }

    /// The cost of what a node needs beside what is there, or more than `limit` where it is more than that.
    pub(super) fn price(&self, graph: &Graph, node: NodeId, prices: &mut Prices<'_>, limit: f64) -> f64 {
        let mut seen = FxHashSet::default();
        let mut cost = 0.0;
        let mut stack = vec![node];
        while let Some(id) = stack.pop() {
            let there = self.users.get(&id).is_some_and(|users| *users > 0);
            if there || !seen.insert(id) {
                continue;
            }
            cost += prices.own(graph, id);
            if cost > limit {
                break;
            }
            stack.extend(graph.args(id));
        }
        cost
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::{Dim, Facts, Input, Op, Shape, Type, Zip};

    /// (x y + x) (x y)': the product has two users, and everything is back where it was after a node was taken away.
    #[test]
    fn what_is_released_is_what_nothing_else_needs() -> Result<(), crate::ir::Mismatch> {
        let mut graph = Graph::new();
        let shape = Shape::Matrix(Dim::constant(2), Dim::constant(2));
        let [x, y] = ["x", "y"]
            .map(|name| graph.input(Input { name: name.into(), ty: Type::real(shape.clone()), facts: Facts::new() }));
        let product = graph.make(Op::MatMul, vec![x, y])?;
        let sum = graph.make(Op::Zip(Zip::Add), vec![product, x])?;
        let turned = graph.make(Op::Transpose, vec![product])?;
        let whole = graph.make(Op::MatMul, vec![sum, turned])?;
        // The nodes cost 1, 2, 4, ... in their order.
        let cost = |_: &Graph, node: NodeId| f64::from(1u32 << node.index());
        let of = |nodes: &[NodeId]| nodes.iter().map(|node| cost(&graph, *node)).sum::<f64>();
        let mut prices = Prices::new(&cost);
        let mut cone = Cone::new(&graph, whole);
        for (node, alone) in [
            (whole, vec![x, y, product, sum, turned, whole]),
            (sum, vec![sum]),
            (product, vec![product, y]),
            (y, vec![y]),
        ] {
            let before = cone.users.clone();
            let (users, saved) = cone.release(&graph, node, &mut prices);
            assert_eq!(saved, of(&alone));
            assert_eq!(cone.price(&graph, node, &mut prices, f64::INFINITY), saved);
            cone.restore(&graph, node, users);
            assert_eq!(cone.users, before);
        }
        Ok(())
    }
}
