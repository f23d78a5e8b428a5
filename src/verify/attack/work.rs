//! How long an evaluation takes, as far as the graph tells: an effort must not depend on a clock, or the same seed would
//! give another report on another day.

use crate::ir::{Graph, Kind, NodeId, Op};

/// Modelled nanoseconds of one instruction with no entries, of an entry, of a multiplication within a product, and of the
/// cube of the size of a decomposition; measured roughly on one core of 2020, and wanted roughly only.
const INSTRUCTION: f64 = 12.0;
const ENTRY: f64 = 1.5;
const PRODUCT: f64 = 0.5;
const DECOMPOSITION: f64 = 12.0;

/// The modelled nanoseconds of an evaluation of the outputs of a graph whose sizes are known.
pub fn estimate(graph: &Graph, outputs: &[NodeId]) -> f64 {
    graph.reachable(outputs).into_iter().map(|id| of_node(graph, id)).sum()
}

fn of_node(graph: &Graph, id: NodeId) -> f64 {
    let sides = |id: NodeId| {
        let shape = &graph.ty(id).shape;
        let side = |dim: crate::ir::Dim| dim.as_constant().unwrap_or(1) as f64;
        (side(shape.rows()), side(shape.cols()))
    };
    let (rows, cols) = sides(id);
    let entries = INSTRUCTION + ENTRY * rows * cols;
    let decomposition = |id: NodeId| {
        let (m, n) = sides(id);
        40.0 * INSTRUCTION + DECOMPOSITION * m * n * m.min(n)
    };
    match (graph.op(id).kind(), graph.op(id)) {
        (_, Op::Eye(_)) => entries,
        (_, Op::MatMul) => {
            let (_, inner) = sides(graph.args(id)[0]);
            entries + PRODUCT * rows * cols * inner
        }
        (Kind::Leaf, _) => 0.0,
        (Kind::Decomposition, _) => entries + decomposition(graph.args(id)[0]),
        (Kind::Entries | Kind::Arrangement | Kind::Contraction | Kind::Condition | Kind::Mark, _) => entries,
    }
}
