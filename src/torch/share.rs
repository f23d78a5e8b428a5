//! Sums that are there already: the diagonal of a product that is computed anyway.
//!
//! A graph writes diag(A B) as the sums over the rows of A ∘ B', and tr(A'B) as the sum of a product of entries, which need
//! no product of matrices. Where that product is worked out all the same, its diagonal is one look at n of its entries.

use std::collections::HashMap;

use crate::ir::{Axis, Field, Graph, NodeId, Op, Part, Reduction, Shape, Zip};

/// A node, and whether it is meant transposed.
type Turned = (NodeId, bool);

/// The products of real matrices that a value rests on, by their factors A and B': of the two the order does not matter, as
/// the diagonal of A B is that of B' A'.
pub(super) struct Products(HashMap<(Turned, Turned), NodeId>);

fn turned(graph: &Graph, mut id: NodeId, mut flip: bool) -> Turned {
    while let Op::StopGradient | Op::Annotate(..) | Op::Require | Op::Transpose | Op::Adjoint = graph.op(id) {
        // Of real matrices both are the transpose.
        flip ^= matches!(graph.op(id), Op::Transpose | Op::Adjoint);
        id = graph.args(id)[0];
    }
    (id, flip)
}

fn key(a: Turned, b: Turned) -> (Turned, Turned) {
    if a <= b { (a, b) } else { (b, a) }
}

fn is_real_matrix(graph: &Graph, id: NodeId) -> bool {
    graph.ty(id).field == Field::Real && matches!(graph.ty(id).shape, Shape::Matrix(..))
}

impl Products {
    /// Those that `root` rests on. Its gradient's are left out: they may be put together in other ways.
    pub(super) fn new(graph: &Graph, root: Option<NodeId>) -> Products {
        let mut found = HashMap::new();
        for id in root.into_iter().flat_map(|root| graph.reachable(&[root])) {
            if let (Op::MatMul, [a, b]) = (graph.op(id), graph.args(id))
                && [id, *a, *b].into_iter().all(|id| is_real_matrix(graph, id))
            {
                found.entry(key(turned(graph, *a, false), turned(graph, *b, true))).or_insert(id);
            }
        }
        Products(found)
    }

    /// The product whose diagonal a node is, or the sum of whose diagonal it is.
    pub(super) fn with_diagonal(&self, graph: &Graph, id: NodeId) -> Option<NodeId> {
        let Op::Reduce(Reduction::Sum, axis) = graph.op(id) else { return None };
        let (entries, flipped) = turned(graph, graph.args(id)[0], false);
        let args = graph.args(entries);
        let (x, y) = if *graph.op(entries) == Op::Part(Part::Abs2) {
            (args[0], args[0])
        } else if *graph.op(entries) == Op::Zip(Zip::Mul) {
            (args[0], args[1])
        } else {
            return None;
        };
        if !is_real_matrix(graph, x) || !is_real_matrix(graph, y) || graph.ty(x).shape != graph.ty(y).shape {
            return None;
        }
        let product = |flip| self.0.get(&key(turned(graph, x, flip), turned(graph, y, flip))).copied();
        match axis {
            Axis::Rows => product(flipped),
            Axis::Cols => product(!flipped),
            Axis::All => product(false).or_else(|| product(true)),
        }
    }
}
