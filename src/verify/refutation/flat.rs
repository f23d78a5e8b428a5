//! Equalities among the hypotheses that hold by rounding over a whole neighbourhood, as sigmoid(x) = 1 does for x above 37.
//!
//! A hypothesis that is an equality is met by floating point where its sides agree within rounding. Where it has a slope,
//! that is next to a point that meets it. Where a function saturates nothing is near, and a claim that fails there is not
//! contradicted. Far out no precision tells the sides apart either: 1 − sigmoid(1000) is 1e−435.

use super::certificate::{At, CAP};
use super::desk::Desk;
use super::land::open;
use super::point::Point;
use crate::certify::Decision;
use crate::check::{Assumption, Theorem, VariableKind};
use crate::ir::{InputId, Instance, Range};
use crate::verify::evaluate::{self, Program};
use crate::verify::hypotheses::{self, Movable, Standing};
use crate::verify::layout::Hypothesis;
use crate::verify::sample::Sample;

/// How far each number is moved, against it or 1: an equality that has a slope, or is flat to no more than the eighth
/// order, is broken by as much.
const REACH: f64 = 0.06;

/// How many points around are looked at.
const AROUND: usize = 4;

/// The fractional part of the golden ratio, whose multiples lie evenly in [0, 1).
const GOLDEN: f64 = 0.618_033_988_749_894_9;

/// Whether an equality among the hypotheses is not certified at a point, and is met within rounding all around it.
pub fn is_flat(desk: &mut Desk<'_>, point: &Point) -> bool {
    let Some(placed) = desk.place(point) else { return false };
    let (inputs, instance) = (placed.inputs(point), placed.instance(point));
    let at = At { inputs: &inputs, instance: &instance, cap: CAP };
    let (sample, open) = (placed.sample(point), open(&placed, point));
    placed.theorem.assumptions.iter().filter(|hypothesis| hypothesis.margin.equality).any(|hypothesis| {
        let decided = at.sign(&placed.theorem.graph, hypothesis.margin.node, hypothesis.margin.strict);
        !matches!(decided, Some(Decision::Holds(_)))
            && is_met_around(&placed.theorem, hypothesis, &open, &sample).unwrap_or(false)
    })
}

/// Whether a hypothesis is met within rounding at all points that are looked at; `None` where it rests on no number that
/// may be moved, or could not be compiled.
fn is_met_around(theorem: &Theorem, hypothesis: &Assumption, instance: &Instance, sample: &Sample) -> Option<bool> {
    let mut graph = theorem.graph.clone();
    let mut roots = Vec::new();
    let conditions = [Hypothesis::push(&mut graph, &hypothesis.margin, &mut roots)];
    let program = Program::compile(&graph, &roots, instance).ok()?;
    let within = |input: InputId| {
        let ends = theorem.variables.iter().find_map(|variable| match (&variable.kind, &variable.range) {
            (VariableKind::Scalar { input: own, .. }, Range::Interval(interval)) if *own == input => {
                evaluate::ends(&graph, interval, instance).ok().flatten()
            }
            (VariableKind::Scalar { .. } | VariableKind::Size(_) | VariableKind::Member { .. }, _) => None,
        });
        ends.map_or(Movable::freely(input), |ends| Movable { input, within: ends.extremes() })
    };
    let movable: Vec<Movable> = program.inputs().iter().map(|input| within(*input)).collect();
    let places = hypotheses::places(&movable, sample);
    if places.is_empty() {
        return None;
    }
    let mut machine = program.machine();
    Some((1..=AROUND).all(|turn| {
        let mut moved = sample.clone();
        for (number, place) in places.iter().enumerate() {
            let x = place.get(sample);
            let share = 2.0 * ((number + 1) as f64 * turn as f64 * GOLDEN).fract() - 1.0;
            let next = x + REACH * share * x.abs().max(1.0);
            place.set(&mut moved, if place.admits(next) { next } else { x });
        }
        let standing = hypotheses::standing(&conditions, &mut machine, &moved);
        matches!(standing, Ok(Standing::Meets | Standing::MeetsWithinRounding))
    }))
}
