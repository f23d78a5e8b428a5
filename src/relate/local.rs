//! Agreement to second order: two expressions that are no line in each other may still be one near a point, or where a
//! parameter grows.
//!
//! Along a curve through a point, raw numbers R + tH in the direction H through the charts of the sets, an expression has
//! the Taylor coefficients f₁ and f₂, from differences of high order. Two expressions agree to second order, up to a factor
//! and a constant, where (g₁, g₂) = c (f₁, f₂) with one c for all directions.

use rand_chacha::ChaCha8Rng;

use super::coefficient::{Coefficient, FIT, Point, identify};
use super::measure::kinds;
use super::range::Parameter;
use super::sample::{Machine, Pair, Place, Raw};

/// The step of the differences: they err by the eighth power of it.
const STEP: f64 = 1.0 / 64.0;

/// Directions at each choice of sizes and parameters, and choices.
const DIRECTIONS: usize = 6;
const PLACES: usize = 32;

/// How exactly the coefficients must agree.
const AGREES: f64 = 1e-6;

/// How well the factor is known where a parameter grows.
const ROUGH: f64 = 1e-4;

/// Where a growing parameter starts, and how often it is doubled.
const START: f64 = 64.0;
const DOUBLINGS: usize = 4;

/// The points that are tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Near {
    /// All raw numbers 0.
    Zero,
    /// All columns equal, and the same in every matrix.
    Collapse,
    /// Orthonormal columns, the same in every matrix.
    Orthonormal,
}

impl Near {
    const ALL: [Near; 3] = [Near::Zero, Near::Collapse, Near::Orthonormal];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Near::Zero => "zero",
            Near::Collapse => "collapse (all columns equal)",
            Near::Orthonormal => "an orthonormal batch",
        }
    }
}

/// An agreement of B with c A and a constant.
#[derive(Clone, PartialEq, Debug)]
pub struct Local {
    /// Where: a point, or a parameter that grows.
    pub at: String,
    /// Whether a parameter grows: then the agreement is that of the leading terms, and the relative error falls like the
    /// parameter's inverse.
    pub limit: bool,
    /// Whether the parameter that grows is a weight of both: each is in the end a multiple of it and nothing else, so that the
    /// agreement is only that of the terms that it weighs.
    pub weight: bool,
    /// Whether the first order vanishes there, so that the agreement is that of the second derivatives.
    pub stationary: bool,
    /// The factor, where it was recognised.
    pub factor: Option<Coefficient>,
    /// The factor at one choice, for one that was not.
    pub example: f64,
    /// In how many directions, at how many choices.
    pub checked: (usize, usize),
}

/// The points near which a pair agrees.
pub fn near(pair: &Pair, rng: &mut ChaCha8Rng) -> Vec<Local> {
    let points = Near::ALL.into_iter().filter_map(|near| at_point(pair, near, rng));
    let points: Vec<Local> = points.collect();
    let growing = pair.parameters.iter().enumerate().filter(|(_, parameter)| parameter.is_unbounded());
    let growing: Vec<(usize, &Parameter)> = growing.collect();
    points.into_iter().chain(growing.into_iter().filter_map(|(i, one)| at_infinity(pair, i, &one.name, rng))).collect()
}

fn at_point(pair: &Pair, near: Near, rng: &mut ChaCha8Rng) -> Option<Local> {
    let (mut points, mut directions, mut stationary) = (Vec::new(), 0, true);
    for _ in 0..PLACES {
        let place = pair.place(rng);
        let Ok(Some(mut machine)) = pair.at(&place.sizes) else { continue };
        let Some(centre) = centre(&mut machine, near) else { continue };
        let Some(jets) = jets(&mut machine, &place, &centre, rng) else { continue };
        let factor = common_factor(&jets)?;
        stationary &= jets.iter().all(|jet| jet.first.0.abs() <= AGREES * jet.scale());
        directions += jets.len();
        points.push(Point { at: place.coordinates(), value: factor });
    }
    // A handful of choices would agree with anything.
    if points.len() < PLACES / 3 {
        return None;
    }
    let factor = identify(&pair.names(), &kinds(pair), &points, 10.0 * FIT);
    let (at, example) = (near.name().to_owned(), points[0].value);
    Some(Local { at, limit: false, weight: false, stationary, factor, example, checked: (directions, points.len()) })
}

/// The raw numbers of a point; `None` where the sizes do not allow it, or where it is none for a scalar or a vector.
fn centre(machine: &mut Machine, near: Near) -> Option<Raw> {
    let shapes = machine.shapes();
    let one = |(input, rows, cols)| {
        let entry = |i: usize, j: usize| match near {
            Near::Zero => 0.0,
            // Some column without symmetries.
            Near::Collapse => 1.0 / (1.0 + i as f64),
            Near::Orthonormal => f64::from(u8::from(i == j)),
        };
        let fits = near != Near::Orthonormal || cols <= rows;
        fits.then(|| (input, (0..cols).flat_map(|j| (0..rows).map(move |i| entry(i, j))).collect()))
    };
    shapes.into_iter().map(one).collect()
}

/// The first two Taylor coefficients of both expressions along a curve.
struct Jet {
    first: (f64, f64),
    second: (f64, f64),
}

impl Jet {
    fn scale(&self) -> f64 {
        self.first.0.abs() + self.second.0.abs()
    }
}

fn jets(machine: &mut Machine, place: &Place, centre: &Raw, rng: &mut ChaCha8Rng) -> Option<Vec<Jet>> {
    machine.run(&place.parameters, centre)?;
    (0..DIRECTIONS).map(|_| jet(machine, place, centre, rng)).collect()
}

/// By central differences at ±h, …, ±4h (Fornberg, *Mathematics of Computation* 51, 1988, table 1).
fn jet(machine: &mut Machine, place: &Place, centre: &Raw, rng: &mut ChaCha8Rng) -> Option<Jet> {
    const FIRST: [f64; 4] = [4.0 / 5.0, -1.0 / 5.0, 4.0 / 105.0, -1.0 / 280.0];
    const SECOND: [f64; 5] = [-205.0 / 72.0, 8.0 / 5.0, -1.0 / 5.0, 8.0 / 315.0, -1.0 / 560.0];
    let direction = machine.gaussian(rng);
    // The largest entry moves by the step.
    let size = direction.iter().flat_map(|(_, x)| x).fold(1e-300, |size: f64, x| size.max(x.abs()));
    let mut at = |t: f64| {
        let moved = |(input, from): &(_, Vec<f64>)| {
            let along = direction.iter().find(|(other, _)| other == input).map_or(&[][..], |(_, x)| x);
            (*input, from.iter().zip(along).map(|(x, h)| x + t / size * h).collect())
        };
        machine.run(&place.parameters, &centre.iter().map(moved).collect())
    };
    let middle = at(0.0)?;
    let (mut first, mut second) = ((0.0, 0.0), (SECOND[0] * middle.0, SECOND[0] * middle.1));
    for k in 1..=4_usize {
        let t = k as f64 * STEP;
        let (plus, minus) = (at(t)?, at(-t)?);
        first.0 += FIRST[k - 1] * (plus.0 - minus.0);
        first.1 += FIRST[k - 1] * (plus.1 - minus.1);
        second.0 += SECOND[k] * (plus.0 + minus.0);
        second.1 += SECOND[k] * (plus.1 + minus.1);
    }
    let (h, h2) = (STEP, 2.0 * STEP * STEP);
    Some(Jet { first: (first.0 / h, first.1 / h), second: (second.0 / h2, second.1 / h2) })
}

/// The one c with g = c f in all coefficients of all curves, where neither vanishes.
fn common_factor(jets: &[Jet]) -> Option<f64> {
    let pairs = || jets.iter().flat_map(|jet| [jet.first, jet.second]);
    let largest = |of: fn((f64, f64)) -> f64| pairs().map(|pair| of(pair).abs()).fold(0.0, f64::max);
    let (f, g) = (largest(|p| p.0), largest(|p| p.1));
    if f < 1e-8 || g < 1e-8 {
        return None;
    }
    let factor = pairs().map(|(f, g)| f * g).sum::<f64>() / pairs().map(|(f, _)| f * f).sum::<f64>();
    pairs().all(|(f, h)| (h - factor * f).abs() <= AGREES * g).then_some(factor)
}

/// Whether B is c A and a constant, with a relative error that falls like the inverse of a growing parameter.
fn at_infinity(pair: &Pair, grows: usize, name: &str, rng: &mut ChaCha8Rng) -> Option<Local> {
    let (mut points, mut checked, mut weight) = (Vec::new(), 0, true);
    for _ in 0..PLACES / 2 {
        let mut place = pair.place(rng);
        let Ok(Some(mut machine)) = pair.at(&place.sizes) else { continue };
        let members: Vec<Raw> = (0..8).map(|_| machine.gaussian(rng)).collect();
        let (mut leading, mut spreads) = (Vec::new(), Vec::new());
        for k in 0..DOUBLINGS {
            place.parameters[grows] = START * f64::from(1 << k);
            let values: Vec<(f64, f64)> =
                members.iter().filter_map(|raw| machine.run(&place.parameters, raw)).collect();
            if values.len() < 6 {
                return None;
            }
            leading.push(deviation(&values)?);
            spreads.push((spread(&values, |v| v.0), spread(&values, |v| v.1)));
        }
        // The deviation from a line halves with every doubling, or is gone.
        let falls = leading.windows(2).all(|pair| pair[1].1 <= 0.62 * pair[0].1 || pair[1].1 < 1e-7);
        let small = leading.last().is_some_and(|(_, deviation)| *deviation < 0.05);
        let starts = leading.first().is_some_and(|(_, deviation)| *deviation > 1e-7);
        if !(falls && small && starts) {
            return None;
        }
        // The spread of a weighed term doubles with its weight, but for what is left of the others.
        let [.., before, last] = spreads.as_slice() else { return None };
        let doubles = |before: f64, last: f64| (last / before - 2.0).abs() < 0.25;
        weight &= doubles(before.0, last.0) && doubles(before.1, last.1);
        checked += members.len();
        // The factor is c s^e (1 + O(1/s)): of two neighbours, the error of first order cancels.
        let last = &leading[leading.len() - 2..];
        let top = START * f64::from(1 << (DOUBLINGS - 1));
        let order = (last[1].0 / last[0].0).abs().log2().round();
        let scaled = |k: usize, s: f64| last[k].0 / s.powf(order);
        let factor = 2.0 * scaled(1, top) - scaled(0, top / 2.0);
        let earlier = {
            let before = &leading[leading.len() - 3..leading.len() - 1];
            2.0 * before[1].0 / (top / 2.0).powf(order) - before[0].0 / (top / 4.0).powf(order)
        };
        // What is left falls fourfold: once more, and the factor has four digits or more.
        points.push((place, (4.0 * factor - earlier) / 3.0, order));
    }
    let order = points.first()?.2;
    if points.len() < PLACES / 6 || points.iter().any(|(_, _, other)| *other != order) {
        return None;
    }
    // The grown parameter's own power is known: what is left is an expression in the others.
    let at = |place: &Place| {
        let mut at = place.coordinates();
        at[place.sizes.len() + grows] = 1.0;
        at
    };
    let rest: Vec<Point> = points.iter().map(|(place, factor, _)| Point { at: at(place), value: *factor }).collect();
    let factor = identify(&pair.names(), &kinds(pair), &rest, ROUGH);
    let factor = factor.map(|factor| factor.times_power(place_of(pair, grows), order as i64));
    let (at, example) = (format!("{name} -> inf"), points[0].1);
    Some(Local { at, limit: true, weight, stationary: false, factor, example, checked: (checked, points.len()) })
}

/// The number of a parameter among sizes and parameters.
fn place_of(pair: &Pair, parameter: usize) -> usize {
    pair.sizes.len() + parameter
}

/// How far values go.
fn spread(values: &[(f64, f64)], of: fn(&(f64, f64)) -> f64) -> f64 {
    let ends = values.iter().map(of).fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), x| (lo.min(x), hi.max(x)));
    ends.1 - ends.0
}

/// The slope of the line through values, and the largest deviation from it relative to the spread of the second.
fn deviation(values: &[(f64, f64)]) -> Option<(f64, f64)> {
    let n = values.len() as f64;
    let (x, y) = (values.iter().map(|v| v.0).sum::<f64>() / n, values.iter().map(|v| v.1).sum::<f64>() / n);
    let centred = || values.iter().map(move |v| (v.0 - x, v.1 - y));
    let square = centred().map(|(a, _)| a * a).sum::<f64>();
    let spread = centred().map(|(_, b)| b.abs()).fold(0.0, f64::max);
    if square == 0.0 || spread == 0.0 {
        return None;
    }
    let slope = centred().map(|(a, b)| a * b).sum::<f64>() / square;
    Some((slope, centred().map(|(a, b)| (b - slope * a).abs()).fold(0.0, f64::max) / spread))
}
