//! Zeros that are no rational numbers: where a node has one sign at one end of an interval and the other at the other end,
//! and is continuous between them, it is 0 somewhere between (Bolzano 1817).
//!
//! x² = 2 is met by no input that can be written down, and exp x = 2 by none in closed form. An enclosure over all that lies
//! between the ends is an enclosure at the zero, wherever it is: so a claim is refuted at a number of which only the ends are
//! known between which it lies.
//!
//! Of the node every operation that depends on the number must be continuous on all that lies between: values that are
//! finite and defined there for certain, functions away from their jumps, choices that are the same choice throughout.

use super::complex::Entry;
use super::decide::{Cap, Decision, decide};
use super::evaluate::{CertifyError, Evaluator, ExactMemory, Known};
use super::inputs::Inputs;
use super::matrix::Value;
use crate::ir::{Field, Graph, Jumps, Kind, NodeId, Op, Part, ScalarFn};

/// The precision in bits of the enclosures between the ends, which are as wide as the ends make them.
const BETWEEN: u64 = 128;

/// Whether a real scalar is 0 for certain somewhere between the ends of the one number that lies between two.
///
/// # Errors
/// Those of [`decide`].
pub fn crosses(graph: &Graph, node: NodeId, inputs: &Inputs, cap: Cap) -> Result<bool, CertifyError> {
    let Some((lower, higher)) = inputs.ends() else { return Ok(false) };
    let at_lower = decide(graph, node, false, &lower, cap)?;
    let at_higher = decide(graph, node, false, &higher, cap)?;
    let opposite = matches!(
        (at_lower, at_higher),
        (Decision::Holds(_), Decision::Violated(_)) | (Decision::Violated(_), Decision::Holds(_))
    );
    Ok(opposite && is_continuous(graph, node, inputs)?)
}

/// Whether a node is continuous in the one number that lies between two, between its ends.
fn is_continuous(graph: &Graph, root: NodeId, inputs: &Inputs) -> Result<bool, CertifyError> {
    let Some(loose) = inputs.loose() else { return Ok(true) };
    let mut exact = ExactMemory::new();
    let mut evaluator = Evaluator::new(graph, inputs, BETWEEN, &mut exact);
    evaluator.run(root)?;
    let mut moves = vec![false; root.index() + 1];
    for id in graph.reachable(&[root]) {
        let op = graph.op(id);
        moves[id.index()] =
            *op == Op::Input(loose.input) || graph.args(id).iter().any(|argument| moves[argument.index()]);
        // What no choice leads to was not evaluated, and does not matter.
        let (true, Some(known)) = (moves[id.index()], evaluator.known(id)) else { continue };
        let known = known.as_ref().map_err(Clone::clone)?;
        let argument = |at: usize| {
            let known = evaluator.known(*graph.args(id).get(at)?)?.as_ref().ok()?;
            Some(&*known.value)
        };
        let parameter_moves = graph.args(id).get(1).is_some_and(|parameter| moves[parameter.index()]);
        let continuous = match (op.kind(), op) {
            (_, Op::Map(function)) => argument(0).is_some_and(|x| {
                let real = graph.ty(graph.args(id)[0]).field == Field::Real;
                let simple = function.row().jumps.is_none() && !parameter_moves;
                // A principal branch is cut somewhere; off 0 real functions of the table are continuous in both arguments.
                if real {
                    simple || jumps_at_zero_only(*function) && is_positive(x)
                } else {
                    *function == ScalarFn::Neg
                }
            }),
            (_, Op::Spectral(function)) => function.row().jumps.is_none() && !parameter_moves,
            (_, Op::Part(Part::Re | Part::Im | Part::Abs | Part::Abs2)) => true,
            // Which vectors belong to which eigenvalue changes where eigenvalues meet, and ranks are integers.
            (_, Op::EigenSum | Op::Frechet(_) | Op::SingularSum | Op::Rank) => false,
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => true,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => true,
        };
        if !(continuous && is_settled(known)) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn jumps_at_zero_only(function: ScalarFn) -> bool {
    match function.row().jumps {
        None | Some(Jumps::AtZero) => true,
        Some(Jumps::AtIntegers) => false,
    }
}

/// Whether a value is certain to exist and finite, or the same truth throughout.
fn is_settled(known: &Known) -> bool {
    known.sure
        && match &*known.value {
            Value::Real(x) => x.data.iter().all(Entry::is_finite),
            Value::Complex(x) => x.data.iter().all(Entry::is_finite),
            Value::Truth(truth) => truth.is_some(),
        }
}

fn is_positive(value: &Value) -> bool {
    match value {
        Value::Real(x) => x.data.iter().all(|x| x.is_positive()),
        Value::Complex(_) | Value::Truth(_) => false,
    }
}
