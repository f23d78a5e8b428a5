//! Points of intervals: inside, at the edges, next to them over decades, and at the numbers where formulas change.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{FromPrimitive, ToPrimitive};
use rand::RngExt;

use super::draw::decades;
use super::entry::Entry;
use crate::verify::seed::Rng;

/// An interval with known ends.
#[derive(Clone, PartialEq, Debug)]
pub struct Ends {
    /// The lower end, or −∞.
    pub lo: f64,
    /// Whether the lower end belongs to it.
    pub lo_closed: bool,
    /// The upper end, or +∞.
    pub hi: f64,
    /// Whether the upper end belongs to it.
    pub hi_closed: bool,
    /// The lower end exactly, where it is a known rational number.
    pub lo_exact: Option<BigRational>,
    /// The upper end exactly, where it is a known rational number.
    pub hi_exact: Option<BigRational>,
}

impl Ends {
    /// Whether no number lies in it, or an end is not a number.
    pub fn is_empty(&self) -> bool {
        !(self.lo < self.hi || self.lo == self.hi && self.lo_closed && self.hi_closed)
            || self.lo == f64::INFINITY
            || self.hi == f64::NEG_INFINITY
    }

    /// Whether a number lies in it. Ends that no double equals are compared exactly.
    pub fn contains(&self, x: f64) -> bool {
        let above = match (&self.lo_exact, BigRational::from_f64(x)) {
            (Some(lo), Some(x)) => {
                if self.lo_closed {
                    x >= *lo
                } else {
                    x > *lo
                }
            }
            _ => {
                if self.lo_closed {
                    x >= self.lo
                } else {
                    x > self.lo
                }
            }
        };
        let below = match (&self.hi_exact, BigRational::from_f64(x)) {
            (Some(hi), Some(x)) => {
                if self.hi_closed {
                    x <= *hi
                } else {
                    x < *hi
                }
            }
            _ => {
                if self.hi_closed {
                    x <= self.hi
                } else {
                    x < self.hi
                }
            }
        };
        x.is_finite() && above && below
    }

    /// Whether an exact number lies in it.
    pub fn contains_exactly(&self, x: &BigRational) -> bool {
        let value = x.to_f64().unwrap_or(f64::NAN);
        let above = match &self.lo_exact {
            Some(lo) => {
                if self.lo_closed {
                    x >= lo
                } else {
                    x > lo
                }
            }
            None => {
                if self.lo_closed {
                    value >= self.lo
                } else {
                    value > self.lo
                }
            }
        };
        let below = match &self.hi_exact {
            Some(hi) => {
                if self.hi_closed {
                    x <= hi
                } else {
                    x < hi
                }
            }
            None => {
                if self.hi_closed {
                    value <= self.hi
                } else {
                    value < self.hi
                }
            }
        };
        above && below
    }
}

/// How near to an open end, against a range of length 1, a scalar is moved.
const NEAREST: f64 = 1e-8;

impl Ends {
    /// The least and the greatest double that a scalar is moved to. From an open end it keeps a distance: products with it
    /// would vanish within rounding there, and equalities among hypotheses with them, which hold at no number of the range.
    pub fn extremes(&self) -> (f64, f64) {
        let away = NEAREST * (self.hi - self.lo).min(1.0);
        let lo = if self.lo_closed { self.lo } else { self.lo + away };
        let hi = if self.hi_closed { self.hi } else { self.hi - away };
        // An end that is no double lies between two of them; comparing with it exactly is dear, and done here only.
        let among = |x: f64| [x, x.next_up(), x.next_down()].into_iter().find(|x| self.contains(*x)).unwrap_or(x);
        (among(lo.min(hi)), among(hi.max(lo)))
    }
}

fn ratio(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
}

/// The exact numbers worth a plan of their own: closed ends, and small integers and fractions at which orders of
/// entropies and the like change their nature, the most important first.
pub fn special_values(ends: &Ends) -> Vec<BigRational> {
    let mut values = Vec::new();
    let closed = [(&ends.lo_exact, ends.lo_closed), (&ends.hi_exact, ends.hi_closed)];
    values.extend(closed.into_iter().filter(|(_, closed)| *closed).filter_map(|(end, _)| end.clone()));
    let numbers = [(1, 1), (2, 1), (1, 2), (3, 1), (0, 1), (4, 1), (1, 10), (5, 1), (3, 2), (10, 1), (-1, 1)];
    for (numerator, denominator) in numbers {
        let value = ratio(numerator, denominator);
        if ends.contains_exactly(&value) && !values.contains(&value) {
            values.push(value);
        }
    }
    values
}

/// A point of the interval, and whether it lies over decades next to an open or infinite end. The interval must not be
/// empty.
pub fn point(ends: &Ends, rng: &mut Rng) -> (f64, bool) {
    for _ in 0..16 {
        let (x, extreme) = candidate(ends, rng);
        if ends.contains(x) {
            return (x, extreme);
        }
    }
    (inside(ends), false)
}

fn candidate(ends: &Ends, rng: &mut Rng) -> (f64, bool) {
    let (lo, hi) = (ends.lo, ends.hi);
    let width = hi - lo;
    match (lo.is_finite(), hi.is_finite()) {
        (true, true) => match rng.random_range(0..20) {
            0..9 => (lo + width * rng.random::<f64>(), false),
            9..13 => (lo + width * decades(rng, -3.0, 0.0), false),
            13 => edge(ends.lo_closed, lo, width, rng),
            14 => edge(ends.hi_closed, hi, -width, rng),
            _ => (notable(rng), false),
        },
        (true, false) => match rng.random_range(0..20) {
            0..8 => (lo + decades(rng, -2.0, 1.0), false),
            8..11 => (lo + decades(rng, 1.0, 3.0), false),
            11 => (lo + decades(rng, 3.0, 6.0), true),
            12 => edge(ends.lo_closed, lo, 1.0, rng),
            _ => (notable(rng), false),
        },
        (false, true) => match rng.random_range(0..20) {
            0..10 => (hi - decades(rng, -2.0, 2.0), false),
            10 => (hi - decades(rng, 3.0, 6.0), true),
            11 => edge(ends.hi_closed, hi, -1.0, rng),
            _ => (notable(rng), false),
        },
        (false, false) => (super::other::number::<f64>(rng), false),
    }
}

/// The end itself where it belongs to the interval, or next to it: a fraction 10^-1 to 10^-6 of the way inwards.
fn edge(closed: bool, end: f64, inwards: f64, rng: &mut Rng) -> (f64, bool) {
    if closed && rng.random::<bool>() { (end, false) } else { (end + inwards * decades(rng, -6.0, -1.0), true) }
}

/// Small integers, halves, and the neighbourhood of 1 and 2 over decades.
fn notable(rng: &mut Rng) -> f64 {
    let side = if rng.random::<bool>() { 1.0 } else { -1.0 };
    match rng.random_range(0..6) {
        0 => f64::from(rng.random_range(0..=10)),
        1 => f64::from(rng.random_range(0..=10)) / 2.0,
        2 => 1.0,
        3 => 2.0,
        4 => 1.0 + side * decades(rng, -14.0, -1.0),
        _ => 2.0 + side * decades(rng, -12.0, -1.0),
    }
}

/// A point of the interval as a loop of samples has it: uniform, or as far from a finite end as a Gaussian is from 0. The
/// interval must not be empty.
pub fn plain_point(ends: &Ends, rng: &mut Rng) -> f64 {
    for _ in 0..16 {
        let gaussian = f64::gaussian(rng);
        let x = match (ends.lo.is_finite(), ends.hi.is_finite()) {
            (true, true) => ends.lo + (ends.hi - ends.lo) * rng.random::<f64>(),
            (true, false) => ends.lo + gaussian.abs(),
            (false, true) => ends.hi - gaussian.abs(),
            (false, false) => gaussian,
        };
        if ends.contains(x) {
            return x;
        }
    }
    inside(ends)
}

/// Some point of the interval.
fn inside(ends: &Ends) -> f64 {
    let x = match (ends.lo.is_finite(), ends.hi.is_finite()) {
        (true, true) => ends.lo + (ends.hi - ends.lo) / 2.0,
        (true, false) => ends.lo + 1.0,
        (false, true) => ends.hi - 1.0,
        (false, false) => 0.0,
    };
    // The midpoint of an interval narrower than rounding may be an end.
    [x, ends.lo, ends.hi, ends.lo.next_up(), ends.hi.next_down()].into_iter().find(|x| ends.contains(*x)).unwrap_or(x)
}
