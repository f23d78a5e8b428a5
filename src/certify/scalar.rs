//! The scalar functions of the table in [`crate::ir::ROWS`] on intervals.

use num_traits::ToPrimitive;

use super::complex::{Complex, Entry};
use super::elementary::{
    cos, exp, expm1, exprel, increasing, ln, log1p, log1prel, log1prel_slope, refine, sigmoid, sin, softplus, tanh,
};
use super::float::{Float, Round};
use super::interval::Interval;
use crate::ir::{ScalarDomain, ScalarFn};

/// A function is certainly undefined on all of an interval.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Undefined;

/// The integers whose powers are taken by multiplication.
const LARGEST_PRODUCT_POWER: i64 = 1 << 20;

/// The range of a scalar function over an interval; `t` is its parameter, ignored by the functions that have none.
///
/// Where only a part of the interval lies in the function's domain, the value may be undefined, and the result is
/// (−∞, ∞).
///
/// # Errors
/// [`Undefined`] when none of it does.
pub(super) fn value(function: ScalarFn, x: &Interval, t: &Interval, p: u64) -> Result<Interval, Undefined> {
    match inside(function, x, t) {
        Some(true) => {}
        Some(false) => return Err(Undefined),
        None => return Ok(Interval::entire()),
    }
    Ok(match function {
        ScalarFn::Neg => x.neg(),
        ScalarFn::Exp => exp(x, p),
        ScalarFn::Log => ln(x, p),
        ScalarFn::Sqrt => x.sqrt(p),
        ScalarFn::Recip => x.recip(p),
        ScalarFn::Abs => x.abs(),
        ScalarFn::Sign => increasing(x, |x| {
            Interval::integer(if x.is_positive() {
                1
            } else if x.is_negative() {
                -1
            } else {
                0
            })
        }),
        ScalarFn::Step => increasing(x, |x| Interval::integer(i64::from(x.is_positive()))),
        ScalarFn::Floor => increasing(x, |x| Interval::point(if x.is_finite() { x.floor() } else { x.clone() })),
        ScalarFn::Sin => sin(x, p),
        ScalarFn::Cos => cos(x, p),
        ScalarFn::Tanh => tanh(x, p),
        ScalarFn::Relu => x.max(&Interval::zero()),
        ScalarFn::Sigmoid => sigmoid(x, p),
        ScalarFn::Softplus => softplus(x, p),
        ScalarFn::Expm1 => expm1(x, p),
        ScalarFn::Log1p => log1p(x, p),
        ScalarFn::Log1pRel => log1prel(x, p),
        ScalarFn::Log1pRelSlope => log1prel_slope(x, p),
        ScalarFn::XLogX => x_log_x(x, p),
        ScalarFn::LogOnSupport => on_support(x, |x| ln(x, p)),
        ScalarFn::RecipOnSupport => on_support(x, |x| x.recip(p)),
        ScalarFn::Pow => power(x, t, p),
        ScalarFn::PowOnSupport => power_on_support(x, t, p),
        ScalarFn::PowLog => power_log(x, t, p),
        ScalarFn::PowLogSlope => power_log_slope(x, t, p),
        ScalarFn::Tsallis => tsallis(x, t, p),
        ScalarFn::TsallisSlope => tsallis_slope(x, t, p),
    })
}

/// Whether the interval lies in the function's domain: all of it, none of it, or neither is certain.
pub(super) fn inside(function: ScalarFn, x: &Interval, t: &Interval) -> Option<bool> {
    let at_least = |bound: i64, open: bool| {
        let bound = Float::from_i64(bound);
        let (below, above) = (x.hi < bound || open && x.hi == bound, x.lo > bound || !open && x.lo == bound);
        if above {
            Some(true)
        } else if below {
            Some(false)
        } else {
            None
        }
    };
    match function.row().domain {
        ScalarDomain::Line => Some(true),
        ScalarDomain::Nonnegative => at_least(0, false),
        ScalarDomain::Positive => at_least(0, true),
        ScalarDomain::AboveMinusOne => at_least(-1, true),
        ScalarDomain::Nonzero if x.is_zero() => Some(false),
        // The reciprocal of an interval that begins at 0 is a half-line, and that of any other with 0 in it everything.
        ScalarDomain::Nonzero => Some(true),
        ScalarDomain::Power if integer(t).is_some() => Some(true),
        // Among exponents that are not one number there may be integers, which have all bases.
        ScalarDomain::Power => at_least(0, false).filter(|inside| *inside || t.is_point()),
    }
}

/// The integer that an interval consists of.
pub(super) fn integer(t: &Interval) -> Option<i64> {
    let whole = t.is_point() && t.lo.is_finite() && t.lo.floor() == t.lo;
    if !whole || t.lo.magnitude() > 60 { None } else { t.lo.to_fixed(0).to_i64() }
}

/// x log x, convex with its minimum −1/e at 1/e, 0 at 0.
fn x_log_x(x: &Interval, p: u64) -> Interval {
    let at = |x: &Float| -> Interval {
        if x.is_zero() {
            return Interval::zero();
        }
        let point = Interval::point(x.clone());
        point.mul(&ln(&point, p + 4), p)
    };
    if x.is_point() {
        return at(&x.lo);
    }
    let ends = at(&x.lo).hull(&at(&x.hi));
    let bottom = exp(&Interval::integer(-1), p);
    if x.hi < bottom.lo || x.lo > bottom.hi { ends } else { ends.hull(&bottom.neg()) }
}

/// A function of x ≠ 0 that is set to 0 at 0.
fn on_support(x: &Interval, f: impl Fn(&Interval) -> Interval) -> Interval {
    if x.is_zero() {
        return Interval::zero();
    }
    if !x.contains_zero() {
        return f(x);
    }
    f(x).hull(&Interval::zero())
}

/// x^t
pub(super) fn power(x: &Interval, t: &Interval, p: u64) -> Interval {
    if let Some(n) = integer(t)
        && n.abs() <= LARGEST_PRODUCT_POWER
    {
        let q = p + 8 + 2 * u64::from(n.unsigned_abs().max(1).ilog2());
        return if n >= 0 { x.power(n as u64, q) } else { x.power(n.unsigned_abs(), q).recip(p) };
    }
    // Here x ≥ 0, unless the exponent is a huge integer; then |x| with the sign that its parity gives is out of reach.
    if x.lo.is_negative() {
        return Interval::entire();
    }
    if t.is_point() && t.lo == Float::power_of_two(-1) {
        return x.sqrt(p);
    }
    if t.is_point() && t.lo == Float::power_of_two(-1).neg() {
        return x.sqrt(p + 4).recip(p);
    }
    let at = |x: &Float, t: &Float| power_at(x, t, p);
    // x^t is monotone in each argument as long as the other one stays on its side of 1 or 0, so that its extremes over
    // a rectangle are at the corners.
    let corners = [at(&x.lo, &t.lo), at(&x.lo, &t.hi), at(&x.hi, &t.lo), at(&x.hi, &t.hi)];
    corners[1..].iter().fold(corners[0].clone(), |hull, corner| hull.hull(corner))
}

/// x^t of numbers x ≥ 0.
fn power_at(x: &Float, t: &Float, p: u64) -> Interval {
    if t.is_zero() {
        return Interval::one();
    }
    if x.is_zero() {
        return if t.is_positive() { Interval::zero() } else { Interval::point(Float::infinity(true)) };
    }
    if !x.is_finite() {
        return if t.is_positive() { Interval::point(x.clone()) } else { Interval::zero() };
    }
    if *x == Float::one() {
        return Interval::one();
    }
    if !t.is_finite() {
        let large = (*x > Float::one()) == t.is_positive();
        return if large { Interval::point(Float::infinity(true)) } else { Interval::zero() };
    }
    // The relative error of the exponential is the absolute one of t log x, whose size takes bits away.
    let size = t.magnitude().saturating_add(x.magnitude().abs().max(2).ilog2() as i64 + 1).clamp(0, 64) as u64;
    let q = p + size + 8;
    exp(&ln(&Interval::point(x.clone()), q).mul(&Interval::point(t.clone()), q), p)
}

/// x^t, and 0 at 0 for t < 0.
fn power_on_support(x: &Interval, t: &Interval, p: u64) -> Interval {
    if !x.contains_zero() || !t.lo.is_negative() {
        power(x, t, p)
    } else if x.is_zero() && t.is_negative() {
        Interval::zero()
    } else {
        power(x, t, p).hull(&Interval::zero())
    }
}

/// The derivative (log x)² h(t log x) of (x^t − 1)/t in t, with h(s) = (s exp(s) − exp(s) + 1)/s² = ∫₀¹ u exp(su) du,
/// which is positive and increasing; at x = 0 it is 1/t² for t > 0, and by convention 0 otherwise.
fn power_log_slope(x: &Interval, t: &Interval, p: u64) -> Interval {
    if x.contains_zero() {
        return match (x.is_zero(), t.is_positive(), t.hi.is_positive()) {
            (true, true, _) => t.square(p + 8).recip(p),
            (true, _, false) => Interval::zero(),
            (_, _, _) => Interval::nonnegative(),
        };
    }
    let h = |s: &Float| -> Interval {
        if s.magnitude() < -(p as i64) - 8 {
            // h(s) = 1/2 + s/3 + s²/8 + … lies within |s| of 1/2.
            return Interval::around(&Float::power_of_two(-1), &s.abs(), p);
        }
        if !s.is_finite() {
            return if s.is_negative() { Interval::zero() } else { Interval::point(s.clone()) };
        }
        let s = Interval::point(s.clone());
        refine(p, |q| {
            let e = exp(&s, q);
            s.mul(&e, q).sub(&e, q).add(&Interval::one(), q).div(&s.square(q), q)
        })
    };
    let log = ln(x, p + 16);
    let h = increasing(&log.mul(t, p + 16), h);
    log.square(p).mul(&h.max(&Interval::zero()), p)
}

/// The derivative x^t + (x^t − 1)/t of the Tsallis function, t = α − 1; at 0 it is −1/t, and 0 for t = 0, by convention.
fn tsallis_slope(x: &Interval, alpha: &Interval, p: u64) -> Interval {
    let t = alpha.sub(&Interval::one(), 2 * p + 64);
    if x.is_zero() {
        return if t.is_zero() { Interval::zero() } else { Interval::integer(-1).div(&t, p) };
    }
    if x.contains_zero() && !t.is_positive() {
        return Interval::entire();
    }
    power(x, &t, p).add(&power_log(x, &t, p), p)
}

/// (x^t − 1)/t = log x · g(t log x) with g(s) = (exp(s) − 1)/s; increasing in x, and in t as g is in s.
pub(super) fn power_log(x: &Interval, t: &Interval, p: u64) -> Interval {
    let at = |x: &Float, t: &Float| -> Interval {
        let t_point = Interval::point(t.clone());
        if x.is_zero() {
            return if t.is_positive() {
                Interval::integer(-1).div(&t_point, p)
            } else {
                Interval::point(Float::infinity(false))
            };
        }
        let size = t.magnitude().clamp(0, 64) as u64;
        let log = ln(&Interval::point(x.clone()), p + size + 16);
        if log.is_zero() || t.is_zero() {
            return Interval::new(log.lo.round(p, Round::Down), log.hi.round(p, Round::Up));
        }
        if !log.is_finite() || !t.is_finite() {
            return Interval::entire();
        }
        log.mul(&exprel(&log.mul(&t_point, p + size + 16), p + 8), p)
    };
    if x.is_point() && t.is_point() {
        return at(&x.lo, &t.lo);
    }
    let (low, high) = (at(&x.lo, &t.lo), at(&x.hi, &t.hi));
    Interval::new(low.lo.clone().min(high.lo), high.hi.max(low.hi))
}

/// (x^α − x)/(α − 1) = x (x^t − 1)/t with t = α − 1: increasing in α; in x increasing for α ≤ 0, otherwise convex with its
/// least value −x₀/α at x₀ = α^(−1/(α − 1)) = exp(−log1prel(α − 1)).
fn tsallis(x: &Interval, alpha: &Interval, p: u64) -> Interval {
    let at = |x: &Float, alpha: &Float| -> Interval {
        if x.is_zero() {
            return if alpha.is_positive() {
                Interval::zero()
            } else if alpha.is_zero() {
                Interval::integer(-1)
            } else {
                Interval::point(Float::infinity(false))
            };
        }
        if !x.is_finite() {
            return Interval::point(x.clone());
        }
        // α − 1 may need more bits than the working precision where α is close to 1.
        let spare = alpha.magnitude().unsigned_abs().min(4 * p + 4096);
        let t = Interval::point(alpha.clone()).sub(&Interval::one(), p + spare + 64);
        let x = Interval::point(x.clone());
        x.mul(&power_log(&x, &t, p + 4), p)
    };
    let (low, high) = (&alpha.lo, &alpha.hi);
    let upper = at(&x.lo, high).hull(&at(&x.hi, high)).hi;
    let mut lower = at(&x.lo, low).hull(&at(&x.hi, low)).lo;
    if !x.is_point() && low.is_positive() && low.is_finite() {
        let point = Interval::point(low.clone());
        let bottom = exp(&log1prel(&point.sub(&Interval::one(), 2 * p + 64), p).neg(), p);
        if !(x.hi < bottom.lo || x.lo > bottom.hi) {
            lower = lower.min(bottom.div(&point, p).neg().lo);
        }
    }
    Interval::new(lower, upper)
}

/// An enclosure of the derivative over an interval, for Lipschitz constants. It may be (−∞, ∞).
pub(super) fn slope(function: ScalarFn, x: &Interval, t: &Interval, p: u64) -> Interval {
    let one = Interval::one();
    match function {
        ScalarFn::Neg => Interval::integer(-1),
        ScalarFn::Exp | ScalarFn::Expm1 => exp(x, p),
        ScalarFn::Log => x.recip(p),
        ScalarFn::Sqrt => x.sqrt(p).recip(p).scale(-1),
        ScalarFn::Recip => x.square(p).recip(p).neg(),
        // Lipschitz with constant 1, whatever the derivative at 0.
        ScalarFn::Abs => Interval::new(Float::from_i64(-1), Float::one()),
        ScalarFn::Relu => Interval::new(Float::zero(), Float::one()),
        ScalarFn::Sign | ScalarFn::Step if !x.contains_zero() => Interval::zero(),
        ScalarFn::Sign | ScalarFn::Step => Interval::entire(),
        ScalarFn::Floor if x.is_finite() && x.lo.floor() == x.hi.floor() => Interval::zero(),
        ScalarFn::Floor => Interval::entire(),
        ScalarFn::Sin => cos(x, p),
        ScalarFn::Cos => sin(x, p).neg(),
        ScalarFn::Tanh => one.sub(&tanh(x, p).square(p), p),
        ScalarFn::Sigmoid => {
            let s = sigmoid(x, p);
            s.mul(&one.sub(&s, p), p)
        }
        ScalarFn::Softplus => sigmoid(x, p),
        ScalarFn::Log1p => one.add(x, p).recip(p),
        ScalarFn::Log1pRel => log1prel_slope(x, p),
        // The second derivative 2∫₀¹ s²/(1 + xs)³ ds falls from its value at the lower end.
        ScalarFn::Log1pRelSlope => {
            let sum = one.add(x, p).min(&one);
            let cube = sum.power(3, p).recip(p);
            Interval::new(Float::zero(), cube.hi.max(Float::zero()))
        }
        ScalarFn::XLogX => ln(x, p).add(&one, p),
        ScalarFn::LogOnSupport if x.is_positive() => x.recip(p),
        ScalarFn::RecipOnSupport if !x.contains_zero() => x.square(p).recip(p).neg(),
        ScalarFn::LogOnSupport | ScalarFn::RecipOnSupport => Interval::entire(),
        // Nothing is said of the slopes of slopes where they may be infinite.
        ScalarFn::PowOnSupport | ScalarFn::PowLogSlope | ScalarFn::TsallisSlope if x.contains_zero() => {
            Interval::entire()
        }
        ScalarFn::PowLogSlope => power(x, &t.sub(&one, p.max(64) + 64), p).mul(&ln(x, p), p),
        ScalarFn::TsallisSlope => t.mul(&power(x, &t.sub(&Interval::integer(2), p.max(64) + 64), p), p),
        ScalarFn::Pow | ScalarFn::PowOnSupport => {
            if t.is_zero() {
                return Interval::zero();
            }
            if integer(t).is_none() && x.lo.is_negative() {
                return Interval::entire();
            }
            let less = t.sub(&one, p.max(64) + 64);
            if integer(&less).is_some_and(|n| n < 0) && x.contains_zero() {
                return Interval::entire();
            }
            t.mul(&power(x, &less, p), p)
        }
        ScalarFn::PowLog => power(x, &t.sub(&one, p.max(64) + 64), p),
        ScalarFn::Tsallis => {
            let less = t.sub(&one, p.max(64) + 64);
            power(x, &less, p).add(&power_log(x, &less, p), p)
        }
    }
}

/// The value of a function that has a complex form; `None` for one that has not.
pub(super) fn complex_value(function: ScalarFn, z: &Complex, p: u64) -> Option<Complex> {
    Some(match function {
        ScalarFn::Neg => z.neg(),
        ScalarFn::Exp => z.exp(p),
        ScalarFn::Log => z.ln(p),
        ScalarFn::Sqrt => z.sqrt(p),
        ScalarFn::Recip => Complex::one().div(z, p),
        ScalarFn::Sin => z.sin(p),
        ScalarFn::Cos => z.cos(p),
        ScalarFn::Tanh => z.tanh(p),
        ScalarFn::Abs
        | ScalarFn::Sign
        | ScalarFn::Step
        | ScalarFn::Floor
        | ScalarFn::Relu
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus
        | ScalarFn::Expm1
        | ScalarFn::Log1p
        | ScalarFn::Log1pRel
        | ScalarFn::Log1pRelSlope
        | ScalarFn::XLogX
        | ScalarFn::LogOnSupport
        | ScalarFn::RecipOnSupport
        | ScalarFn::Pow
        | ScalarFn::PowOnSupport
        | ScalarFn::PowLog
        | ScalarFn::PowLogSlope
        | ScalarFn::Tsallis
        | ScalarFn::TsallisSlope => return None,
    })
}
