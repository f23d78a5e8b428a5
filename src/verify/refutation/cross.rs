//! From a point that meets an equality within rounding to one that meets it where no number in closed form does.
//!
//! `x^2 == 2` and `entropy(p) == 1/2` have solutions, and floating point finds them, but none that can be written down. So
//! one number of the point is let go: it lies between two decimals next to what was found, and the certificate shows that
//! the two sides of the equality change places between these, and that the claim fails at all that lies between.
//!
//! Where numbers are given directly all but one are made simple first, as for a rational point (`land`).

use num_rational::BigRational;
use num_traits::{One, Pow, ToPrimitive};

use super::certificate::Violation;
use super::desk::Desk;
use super::land::{Lander, spots};
use super::point::{Loose, Point, Spot, nearest};
use crate::check::{Theorem, VariableKind};
use crate::eval::ValueRef;
use crate::ir::{InputId, NodeId, Range};
use crate::verify::evaluate::residuals;

/// The denominators that free numbers are rounded to, in turn.
const DENOMINATORS: [u32; 5] = [1, 2, 4, 10, 100];

/// The digits to which the one number is known, in turn: of few digits more equalities change sides between the ends, and of
/// many more claims fail at all that lies between.
const DIGITS: [i32; 2] = [10, 6];

/// The size below which digits are counted as of a number of this size.
const LEAST: f64 = 1e-3;

/// The most numbers of a point that are looked at, and of these the most that are let go in turn.
const MOST_NUMBERS: usize = 64;
const MOST_LOOSE: usize = 3;

/// A point next to one, with a number that is not exact, that is certified to contradict the claim.
pub fn cross(desk: &mut Desk<'_>, point: &Point) -> Option<(Point, Violation)> {
    if desk.is_too_large(point) || point.loose.is_some() {
        return None;
    }
    let mut lander = Lander::new(desk, None)?;
    for q in DENOMINATORS {
        if let Some((point, spot)) = lander.determined(desk, point, q)
            && let Some(found) = let_go(desk, &point, spot)
        {
            return Some(found);
        }
    }
    steepest(desk, point).into_iter().find_map(|spot| let_go(desk, point, spot))
}

/// The point with one number let go, where that is certified to contradict the claim.
fn let_go(desk: &mut Desk<'_>, point: &Point, spot: Spot) -> Option<(Point, Violation)> {
    DIGITS.into_iter().find_map(|digits| {
        let candidate = between(point, spot, digits)?;
        let violation = if desk.spent() { None } else { desk.violation(&candidate) };
        violation.map(|violation| (candidate, violation))
    })
}

/// The point with one number between two decimals of so many digits.
fn between(point: &Point, spot: Spot, digits: i32) -> Option<Point> {
    let x = point.number(spot)?;
    let size = x.to_f64()?.abs().max(LEAST).log10().ceil();
    let unit = BigRational::from_integer(10.into()).pow(size.to_i32()? - digits);
    let middle = (x / &unit).round();
    let mut point = point.clone();
    *point.number_mut(spot)? = (&middle - BigRational::one()) * &unit;
    point.loose = Some(Loose { spot, upper: (middle + BigRational::one()) * unit });
    Some(point)
}

/// The numbers that change the side of an equality among the hypotheses when they are moved by little, those that change it
/// most first.
fn steepest(desk: &mut Desk<'_>, point: &Point) -> Vec<Spot> {
    let Some(placed) = desk.place(point) else { return Vec::new() };
    let theorem = &placed.theorem;
    let assumed = theorem.assumptions.iter().filter(|assumption| assumption.margin.equality);
    let sides: Vec<NodeId> = assumed
        .filter_map(|assumption| match residuals(&theorem.graph, assumption.margin.node)[..] {
            [residual] if theorem.graph.ty(residual).is_real_scalar() => Some(residual),
            _ => None,
        })
        .collect();
    let inputs = movable(theorem);
    let mut found: Vec<(f64, Spot)> = Vec::new();
    for spot in spots(theorem, point, &inputs).take(MOST_NUMBERS) {
        let Some(candidate) = between(point, spot, DIGITS[0]) else { continue };
        let Some(upper) = candidate.loose.as_ref().map(|loose| loose.upper.clone()) else { continue };
        let mut ends = [candidate.clone(), candidate];
        for end in &mut ends {
            end.loose = None;
        }
        if let Some(number) = ends[1].number_mut(spot) {
            *number = upper;
        }
        let mut values = ends.iter().filter_map(|end| desk.values(end, &sides, real));
        let (Some(lower), Some(higher)) = (values.next(), values.next()) else { continue };
        let changes = lower.iter().zip(&higher).filter_map(|(lower, higher)| {
            let (lower, higher) = ((*lower)??, (*higher)??);
            (lower * higher < 0.0).then(|| (higher - lower).abs())
        });
        found.extend(changes.reduce(f64::max).map(|change| (change / width(point, spot), spot)));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().take(MOST_LOOSE).map(|(_, spot)| spot).collect()
}

/// How far a number is moved, up to a factor.
fn width(point: &Point, spot: Spot) -> f64 {
    point.number(spot).map_or(1.0, |x| nearest(x).abs().max(LEAST))
}

/// The inputs whose numbers may lie anywhere between two: scalars of intervals, and raw numbers.
fn movable(theorem: &Theorem) -> Vec<InputId> {
    let mut inputs = Vec::new();
    for variable in &theorem.variables {
        match (&variable.kind, &variable.range) {
            (VariableKind::Scalar { input, .. }, Range::Interval(_)) => inputs.push(*input),
            (VariableKind::Member { raw, .. }, _) => inputs.extend(raw),
            (VariableKind::Scalar { .. } | VariableKind::Size(_), _) => {}
        }
    }
    inputs
}

fn real(value: ValueRef<'_, f64>, _: &crate::ir::Shape) -> Option<f64> {
    match value {
        ValueRef::Real { entries, .. } => entries.first().copied(),
        ValueRef::Complex { .. } | ValueRef::Truth(_) => None,
    }
}
