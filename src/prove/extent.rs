//! How far arithmetic goes: what is not multiplied out, and what is not begun.

use std::collections::BTreeMap;

use num_traits::{Signed, ToPrimitive};

use crate::ir::{Graph, Kind, NodeId, Op, Reduction, ScalarFn, Zip};

/// A sum of more products is not multiplied out: it stays the product of sums that it is written as.
pub const MOST_TERMS: usize = 4_096;

/// The same of matrix products, which do not commute.
pub const MOST_TERMS_OF_WORDS: usize = 128;

/// The most factors of a product: exponents are counted in halves, in 32 bits, and a derivation multiplies what it finds a
/// few times more.
const MOST_FACTORS: u64 = 1 << 20;

/// The most terms of a product of sums of matrices, each of which is a product in its own order.
const MOST_WORDS: u64 = 4_096;

/// The extent of a node: bounds on the factors of its products, and on the terms of products of matrices in it.
#[derive(Clone, Copy)]
struct Extent {
    factors: u64,
    words: u64,
}

/// Why nodes are not gone into, where they are too large.
pub fn too_much(graph: &Graph, roots: &[NodeId]) -> Option<String> {
    let mut known: BTreeMap<NodeId, Extent> = BTreeMap::new();
    // Operands come first.
    for id in graph.reachable(roots) {
        let extent = extent(graph, id, &known);
        if extent.factors > MOST_FACTORS {
            return Some(format!("products of more than {MOST_FACTORS} factors are not made"));
        }
        if extent.words > MOST_WORDS {
            return Some(format!("sums of more than {MOST_WORDS} products of matrices are not made"));
        }
        known.insert(id, extent);
    }
    None
}

fn extent(graph: &Graph, id: NodeId, known: &BTreeMap<NodeId, Extent>) -> Extent {
    let own: Vec<Extent> = graph.args(id).iter().filter_map(|arg| known.get(arg).copied()).collect();
    let most = own.iter().map(|own| own.factors).max().unwrap_or(1);
    let together = own.iter().fold(0u64, |sum, own| sum.saturating_add(own.factors));
    let op = graph.op(id);
    let factors = match (op.kind(), op) {
        (_, Op::Zip(Zip::Mul | Zip::Div) | Op::MatMul) => together,
        (_, Op::Map(ScalarFn::Pow)) => {
            let power = graph.constant_value(graph.args(id)[1]).map(|power| power.abs().ceil().to_integer());
            most.saturating_mul(power.map_or(1, |power| power.to_u64().unwrap_or(u64::MAX)))
        }
        // A sum of squares of what was decomposed.
        (_, Op::Reduce(..) | Op::Part(_)) => most.saturating_mul(2),
        (_, Op::Size(dim)) => dim.monomials().map(|(_, vars)| vars.len() as u64).max().unwrap_or(1),
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => most,
        (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => most,
    };
    let widest = own.iter().map(|own| own.words).max().unwrap_or(1);
    let words = match (op.kind(), op) {
        (_, Op::MatMul) => own.iter().fold(1u64, |product, own| product.saturating_mul(own.words)),
        (_, Op::Zip(Zip::Add | Zip::Sub)) => own.iter().fold(0u64, |sum, own| sum.saturating_add(own.words)),
        (_, Op::Reduce(Reduction::Sum, _) | Op::DiagonalOf | Op::Zip(_) | Op::Map(ScalarFn::Neg)) => widest,
        (_, Op::Adjoint | Op::Transpose | Op::Complexify) | (Kind::Mark, _) => widest,
        // What else is made of matrices is one factor of what stands around it.
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => 1,
        (Kind::Decomposition | Kind::Condition, _) => 1,
    };
    Extent { factors, words }
}

/// Whether a power of a sum of so many products has few enough: the number of ways to choose with repetition.
pub fn is_small_power(terms: usize, exponent: i32) -> bool {
    let mut ways = 1usize;
    for k in 0..exponent.max(0) as usize {
        ways = ways.saturating_mul(terms.saturating_add(k)) / (k + 1);
        if ways > MOST_TERMS {
            return false;
        }
    }
    true
}
