//! Elementary functions of intervals: monotone functions from the ends, the others from the ends and the extrema inside.

use super::float::{Float, Round};
use super::interval::Interval;
use super::series;

/// The precision at which a formula that cancels is given up.
fn limit(precision: u64) -> u64 {
    4 * precision + 4096
}

/// A formula at a point, at a working precision that grows until the result is accurate to `precision` bits.
///
/// Each evaluation encloses the value, so that how far this goes is a matter of tightness only.
pub(super) fn refine(precision: u64, formula: impl Fn(u64) -> Interval) -> Interval {
    let mut working = precision + 24;
    loop {
        let value = formula(working);
        let accurate = value.is_finite()
            && (value.is_point()
                || value.width().magnitude() <= value.least_modulus().magnitude().saturating_sub(precision as i64 - 1));
        if accurate || working >= limit(precision) {
            return Interval { lo: value.lo.round(precision, Round::Down), hi: value.hi.round(precision, Round::Up) };
        }
        working *= 2;
    }
}

/// An increasing function from its values at the ends.
pub(super) fn increasing(x: &Interval, at: impl Fn(&Float) -> Interval) -> Interval {
    if x.is_point() {
        return at(&x.lo);
    }
    Interval::new(at(&x.lo).lo, at(&x.hi).hi)
}

/// A decreasing function from its values at the ends.
pub(super) fn decreasing(x: &Interval, at: impl Fn(&Float) -> Interval) -> Interval {
    if x.is_point() {
        return at(&x.lo);
    }
    Interval::new(at(&x.hi).lo, at(&x.lo).hi)
}

/// exp x
pub(super) fn exp(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| series::exp(x, precision).into())
}

/// log x of the part of the interval where x ≥ 0; −∞ at 0.
pub(super) fn ln(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| {
        if !x.is_positive() {
            Interval::point(Float::infinity(false))
        } else if !x.is_finite() {
            Interval::point(x.clone())
        } else {
            series::ln(x, precision).into()
        }
    })
}

/// exp(x) − 1
pub(super) fn expm1(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| {
        if x.is_zero() {
            return Interval::zero();
        }
        if x.magnitude() < -(precision as i64) {
            // x ≤ exp(x) − 1 ≤ x + x² for |x| ≤ 1.
            let high = x.add(&x.exact_mul(x), precision, Round::Up);
            return Interval::new(x.clone().round(precision, Round::Down), high);
        }
        refine(precision, |p| exp(&Interval::point(x.clone()), p).sub(&Interval::one(), p))
    })
}

/// log(1 + x) of the part of the interval where x ≥ −1.
pub(super) fn log1p(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| match near_zero(x, precision) {
        Some(x) => {
            // x − x² ≤ log(1 + x) ≤ x for |x| ≤ 1/2.
            let low = x.sub(&x.exact_mul(&x), precision, Round::Down);
            Interval::new(low, x.round(precision, Round::Up))
        }
        None => ln(&one_plus(x, precision), precision),
    })
}

/// 1 + x, to `precision` bits of x where x is the smaller one.
fn one_plus(x: &Float, precision: u64) -> Interval {
    let spare = if x.is_finite() && !x.is_zero() { (-x.magnitude()).max(0) as u64 } else { 0 };
    Interval::point(x.clone()).add(&Interval::one(), precision + spare + 8)
}

/// x, where it is so small that the first terms of a series are enough.
fn near_zero(x: &Float, precision: u64) -> Option<Float> {
    (x.magnitude() < -(precision as i64) - 8).then(|| x.clone())
}

/// (exp(x) − 1)/x, 1 at 0: positive and increasing.
pub(super) fn exprel(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| {
        if x.is_zero() {
            return Interval::one();
        }
        if !x.is_finite() {
            return if x.is_negative() { Interval::zero() } else { Interval::point(x.clone()) };
        }
        let point = Interval::point(x.clone());
        expm1(&point, precision + 8).div(&point, precision)
    })
}

/// log(1 + x)/x, 1 at 0: positive and decreasing on x > −1.
pub(super) fn log1prel(x: &Interval, precision: u64) -> Interval {
    decreasing(x, |x| {
        if x.is_zero() {
            return Interval::one();
        }
        if !x.is_finite() {
            return Interval::zero();
        }
        let point = Interval::point(x.clone());
        let log = log1p(&point, precision + 8);
        if log.is_finite() { log.div(&point, precision) } else { Interval::point(Float::infinity(true)) }
    })
}

/// The derivative (x/(1 + x) − log(1 + x))/x² of log(1 + x)/x = ∫₀¹ ds/(1 + xs), which is negative and increasing.
pub(super) fn log1prel_slope(x: &Interval, precision: u64) -> Interval {
    let one = Interval::one();
    increasing(x, |x| {
        if x.is_zero() {
            return Interval::point(Float::power_of_two(-1).neg());
        }
        if !x.is_finite() {
            return Interval::zero();
        }
        let point = Interval::point(x.clone());
        if x.magnitude() < -(precision as i64) - 8 {
            // The slope −1/2 + 2x/3 − 3x²/4 + … lies within |x| of −1/2.
            return Interval::around(&Float::power_of_two(-1).neg(), &x.abs(), precision);
        }
        if !one_plus(x, precision).is_positive() {
            return Interval::point(Float::infinity(false));
        }
        refine(precision, |p| {
            let sum = one_plus(x, p);
            let fraction = one.sub(&one.div(&sum, p), p);
            fraction.sub(&ln(&sum, p), p).div(&point.square(p), p)
        })
    })
}

/// tanh x = 1 − 2/(exp(2x) + 1), by the exponential minus 1 so that it is accurate near 0.
pub(super) fn tanh(x: &Interval, precision: u64) -> Interval {
    increasing(x, |x| {
        if x.is_zero() {
            return Interval::zero();
        }
        if !x.is_finite() {
            return Interval::integer(if x.is_negative() { -1 } else { 1 });
        }
        let p = precision + 8;
        let e = expm1(&Interval::point(x.abs().scale(1)), p);
        let value = if e.is_finite() {
            e.div(&e.add(&Interval::integer(2), p), precision)
        } else {
            // exp(2|x|) is beyond every exponent, so that 1 − tanh |x| < 2^−p.
            let below = Float::one().sub(&Float::power_of_two(-(precision as i64)), precision + 8, Round::Down);
            Interval::new(below, Float::one())
        };
        if x.is_negative() { value.neg() } else { value }
    })
}

/// 1/(1 + exp(−x))
pub(super) fn sigmoid(x: &Interval, precision: u64) -> Interval {
    let p = precision + 8;
    increasing(x, |x| {
        let e = exp(&Interval::point(x.neg()), p);
        let sum = e.add(&Interval::one(), p);
        let low = Float::one().div(&sum.hi, precision, Round::Down);
        Interval::new(low, Float::one().div(&sum.lo, precision, Round::Up))
    })
}

/// log(1 + exp x)
pub(super) fn softplus(x: &Interval, precision: u64) -> Interval {
    let p = precision + 8;
    increasing(x, |x| {
        // max(x, 0) + log(1 + exp(−|x|)), whose exponential is at most 1.
        let e = exp(&Interval::point(x.abs().neg()), p);
        let rest = log1p(&e, p);
        if x.is_positive() { rest.add(&Interval::point(x.clone()), precision) } else { rest }
    })
}

/// cos x
pub(super) fn cos(x: &Interval, precision: u64) -> Interval {
    let ends = series::cos_sin(&x.lo, precision).0;
    let other = series::cos_sin(&x.hi, precision).0;
    // The extrema of the cosine are (−1)^k at kπ.
    with_extrema(x, Interval::from(ends).hull(&other.into()), &Interval::zero(), precision)
}

/// sin x
pub(super) fn sin(x: &Interval, precision: u64) -> Interval {
    let ends = series::cos_sin(&x.lo, precision).1;
    let other = series::cos_sin(&x.hi, precision).1;
    // The extrema of the sine are (−1)^k at kπ + π/2.
    let half = Interval::point(Float::power_of_two(-1));
    with_extrema(x, Interval::from(ends).hull(&other.into()), &half, precision)
}

/// The hull of the values at the ends and of (−1)^k for each extremum (k + shift)π that may lie between them.
fn with_extrema(x: &Interval, ends: Interval, shift: &Interval, precision: u64) -> Interval {
    if x.is_point() {
        return ends;
    }
    let whole = Interval::new(Float::from_i64(-1), Float::one());
    if !x.is_finite() || x.lo.magnitude().max(x.hi.magnitude()) > 40 {
        return whole;
    }
    let pi = Interval::from(series::pi_bounds(precision.max(64) + 48));
    let turns = x.div(&pi, precision.max(64) + 48).sub(shift, precision.max(64) + 48);
    let first = turns.lo.neg().floor().neg();
    let last = turns.hi.floor();
    if first > last {
        return ends;
    }
    if last > first {
        return whole;
    }
    // One extremum: even k a maximum, odd k a minimum.
    let odd = first.to_fixed(0).bit(0);
    let value = Interval::integer(if odd { -1 } else { 1 });
    ends.hull(&value)
}

/// The angle of a point x + iy with x > 0 or y ≠ 0, in (−π, π].
pub(super) fn angle(x: &Interval, y: &Interval, precision: u64) -> Interval {
    let p = precision + 16;
    let pi = Interval::from(series::pi_bounds(p));
    // The angle of a point of the first quadrant, by the smaller coordinate over the larger.
    let at = |a: &Float, b: &Float| {
        let atan = |b: &Float, a: &Float| {
            let clip = |t: Float| t.min(Float::one());
            let (low, high) = (clip(b.div(a, p, Round::Down)), clip(b.div(a, p, Round::Up)));
            Interval::new(series::atan(&low, p).0, series::atan(&high, p).1)
        };
        if a.is_zero() && b.is_zero() {
            Interval::zero().hull(&pi.scale(-1))
        } else if b <= a {
            atan(b, a)
        } else {
            pi.scale(-1).sub(&atan(a, b), p)
        }
    };
    // It grows with b and falls with a.
    let first_quadrant = |a: &Interval, b: &Interval| Interval::new(at(&a.hi, &b.lo).lo, at(&a.lo, &b.hi).hi);
    let whole = Interval::new(pi.hi.neg(), pi.hi.clone());
    if !x.is_finite() || !y.is_finite() || (x.contains_zero() && y.contains_zero()) {
        return whole;
    }
    let pieces = |z: &Interval| -> Vec<(bool, Interval)> {
        let zero = Float::zero();
        if !z.lo.is_negative() {
            vec![(false, z.clone())]
        } else if z.hi.is_negative() {
            vec![(true, z.neg())]
        } else if z.hi.is_zero() {
            vec![(true, z.neg()), (false, Interval::zero())]
        } else {
            let below = Interval::new(zero.clone(), z.lo.neg());
            vec![(true, below), (false, Interval::new(zero, z.hi.clone()))]
        }
    };
    let mut result: Option<Interval> = None;
    for (left, a) in pieces(x) {
        for (below, b) in pieces(y) {
            let t = first_quadrant(&a, &b);
            let t = if left { pi.sub(&t, p) } else { t };
            let t = if below { t.neg() } else { t };
            result = Some(result.map_or(t.clone(), |r| r.hull(&t)));
        }
    }
    result.unwrap_or(whole)
}
