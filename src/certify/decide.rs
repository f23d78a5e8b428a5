//! Enclosures at one precision, and signs of margins at as much as it takes.

use std::fmt;
use std::time::{Duration, Instant};

use super::complex::Entry;
use super::evaluate::{CertifyError, Evaluator, ExactMemory, Known};
use super::inputs::{Enclosure, Inputs};
use super::interval::Interval;
use super::matrix::Value;
use crate::ir::{Field, Graph, NodeId, Shape};

/// The precision that a decision starts with, in bits.
const FIRST: u64 = 128;

/// The least precision that is worth having.
const LEAST: u64 = 32;

/// The decimal digits of the margin of a decision.
const DIGITS: u32 = 30;

/// How far a decision goes before it stays open.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cap {
    /// The greatest precision, in bits.
    pub precision: usize,
    /// No precision is started that is not expected to end within this time. The first one always runs.
    pub time: Duration,
}

impl Default for Cap {
    fn default() -> Self {
        Cap { precision: 4096, time: Duration::from_secs(10) }
    }
}

/// The sign of a margin, with an enclosure of it.
#[derive(Clone, PartialEq, Debug)]
pub enum Decision {
    /// The condition fails: the whole enclosure is on the wrong side of zero.
    Violated(Enclosure),
    /// The condition holds.
    Holds(Enclosure),
    /// The enclosure has zero inside, or the value may be undefined, at every precision tried.
    Undecided(Enclosure),
}

impl Decision {
    /// The enclosure of the margin.
    pub fn margin(&self) -> &Enclosure {
        match self {
            Decision::Violated(margin) | Decision::Holds(margin) | Decision::Undecided(margin) => margin,
        }
    }

    /// The ends of the enclosure, rounded outwards.
    pub fn bounds(&self) -> (f64, f64) {
        self.margin().bounds().unwrap_or((f64::NEG_INFINITY, f64::INFINITY))
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Decision::Violated(margin) => write!(f, "violated, the margin is in {margin}"),
            Decision::Holds(margin) => write!(f, "holds, the margin is in {margin}"),
            Decision::Undecided(margin) => write!(f, "undecided, the margin is in {margin}"),
        }
    }
}

/// Encloses the values of some nodes of an instantiated graph at its inputs, with a working precision in bits.
///
/// The enclosures shrink as the precision grows, but nothing is promised about how much at a given one.
///
/// # Errors
/// [`CertifyError`] when a size or an input is missing, or an output certainly has no value: an operation is undefined
/// there, or a requirement fails.
pub fn enclose(
    graph: &Graph,
    outputs: &[NodeId],
    inputs: &Inputs,
    precision: usize,
) -> Result<Vec<Enclosure>, CertifyError> {
    check_sizes(graph, outputs)?;
    let precision = (precision as u64).max(LEAST);
    // As many digits as the precision is worth, and a few more.
    let digits = (precision as f64 * std::f64::consts::LOG10_2) as u32 + 4;
    let mut exact = ExactMemory::new();
    let mut evaluator = Evaluator::new(graph, inputs, precision, &mut exact);
    outputs
        .iter()
        .map(|output| {
            let known = evaluator.run(*output)?;
            Ok(outward(graph, *output, &known, digits))
        })
        .collect()
}

/// Decides whether a margin is at least 0, or above 0 for a `strict` condition, at its inputs: the precision doubles
/// until the sign is certain or the cap is reached.
///
/// # Errors
/// As [`enclose`], and when the margin is no real scalar.
pub fn decide(
    graph: &Graph,
    margin: NodeId,
    strict: bool,
    inputs: &Inputs,
    cap: Cap,
) -> Result<Decision, CertifyError> {
    check_sizes(graph, &[margin])?;
    if !graph.ty(margin).is_real_scalar() {
        return Err(CertifyError::NotARealScalar(margin));
    }
    let start = Instant::now();
    let limit = (cap.precision as u64).max(LEAST);
    let mut exact = ExactMemory::new();
    let mut precision = FIRST.min(limit);
    loop {
        let began = Instant::now();
        let known = Evaluator::new(graph, inputs, precision, &mut exact).run(margin)?;
        let x = scalar(&known);
        let enclosure = Enclosure::of(&x, DIGITS);
        if known.sure {
            if x.is_negative() || strict && x.is_zero() {
                return Ok(Decision::Violated(enclosure));
            }
            if x.is_positive() || !strict && !x.lo.is_negative() {
                return Ok(Decision::Holds(enclosure));
            }
        }
        // The next precision costs up to four times as much as this one did.
        let last = began.elapsed();
        if precision >= limit || start.elapsed() + 4 * last > cap.time {
            return Ok(Decision::Undecided(enclosure));
        }
        precision = (precision * 2).min(limit);
    }
}

/// The enclosure of a real scalar; everything where the value may not exist.
fn scalar(known: &Known) -> Interval {
    match &*known.value {
        Value::Real(x) if known.sure => x.data[0].clone(),
        Value::Real(_) | Value::Complex(_) | Value::Truth(_) => Interval::entire(),
    }
}

/// What the caller sees of a node.
fn outward(graph: &Graph, id: NodeId, known: &Known, digits: u32) -> Enclosure {
    let ty = graph.ty(id);
    let entire = Interval::entire();
    let shown = |x: &Interval| Enclosure::of(if known.sure { x } else { &entire }, digits);
    match &*known.value {
        Value::Truth(truth) => Enclosure::Truth(truth.filter(|_| known.sure)),
        Value::Real(x) if ty.shape == Shape::Scalar && ty.field == Field::Real => shown(&x.data[0]),
        Value::Real(x) => Enclosure::Entries(x.data.iter().map(shown).collect()),
        Value::Complex(x) => Enclosure::Entries(x.data.iter().flat_map(|z| [shown(z.re()), shown(&z.im())]).collect()),
    }
}

/// Refuses a graph whose sizes are not known.
fn check_sizes(graph: &Graph, outputs: &[NodeId]) -> Result<(), CertifyError> {
    for id in graph.reachable(outputs) {
        let shape = &graph.ty(id).shape;
        if shape.rows().as_constant().is_none() || shape.cols().as_constant().is_none() {
            return Err(CertifyError::UnknownSize(id));
        }
    }
    Ok(())
}
