//! Elementary functions of dyadic numbers, by series in integers with every rounding counted.
//!
//! A value is an integer in units of 2^−w ("units" below) with a bound on its error in the same units. Each right shift
//! and each quotient loses less than one unit, and the remainder of each series is bounded by its first omitted term,
//! so that the bounds are sums of small integers. The functions return an enclosure `(lo, hi)` of the exact value.

use std::cell::RefCell;

use num_bigint::BigInt;
use num_integer::Integer;
use num_traits::{One, Signed, Zero};

use super::float::{Float, Round};

/// An enclosure of a value.
pub(super) type Bounds = (Float, Float);

/// Arguments of the exponential and the circular functions beyond 2^40 in modulus are not resolved.
const LARGEST: i64 = 40;

/// Spare bits: more than the errors counted below ever take, for a precision under a million bits.
const GUARD: u64 = 48;

thread_local! {
    static LN2: RefCell<(u64, BigInt)> = RefCell::new((0, BigInt::zero()));
    static PI: RefCell<(u64, BigInt)> = RefCell::new((0, BigInt::zero()));
}

/// A constant from its memory: computed again only for more bits than before. In error by at most 2 units.
fn constant(memory: &RefCell<(u64, BigInt)>, bits: u64, compute: fn(u64) -> BigInt) -> BigInt {
    let mut memory = memory.borrow_mut();
    if memory.0 < bits {
        *memory = (bits, compute(bits));
    }
    &memory.1 >> (memory.0 - bits)
}

/// log 2 in units of 2^−bits, in error by at most 2 units.
pub(super) fn ln2(bits: u64) -> BigInt {
    // log 2 = 18 artanh(1/26) − 2 artanh(1/4801) + 8 artanh(1/8749) (Brent and Zimmermann, Modern Computer Arithmetic,
    // §4.8.5). Each sum errs by at most 3 units per term, so the whole by less than 2^32 units of the longer format.
    LN2.with(|memory| {
        constant(memory, bits, |bits| {
            let long = bits + 32;
            (18 * inverse_series(26, long, false) - 2 * inverse_series(4801, long, false)
                + 8 * inverse_series(8749, long, false))
                >> 32u32
        })
    })
}

/// π in units of 2^−bits, in error by at most 2 units.
pub(super) fn pi(bits: u64) -> BigInt {
    // Machin: π = 16 arctan(1/5) − 4 arctan(1/239).
    PI.with(|memory| {
        constant(memory, bits, |bits| {
            let long = bits + 32;
            (16 * inverse_series(5, long, true) - 4 * inverse_series(239, long, true)) >> 32u32
        })
    })
}

/// artanh(1/n) or arctan(1/n) = Σ (±1)^k n^−(2k+1)/(2k + 1).
fn inverse_series(n: u64, bits: u64, alternating: bool) -> BigInt {
    let mut power = (BigInt::one() << bits) / n;
    let mut sum = power.clone();
    let mut k = 1u64;
    while !power.is_zero() {
        power /= n * n;
        let term = &power / (2 * k + 1);
        if alternating && k % 2 == 1 {
            sum -= term;
        } else {
            sum += term;
        }
        k += 1;
    }
    sum
}

/// exp of r ∈ [0, 3/4], given in units of 2^−bits, with a bound on the error.
fn exp_fixed(r: &BigInt, bits: u64) -> (BigInt, BigInt) {
    // exp r = exp(r/2^m)^(2^m). The reduced argument is low by less than one unit.
    let m = exp_halvings(bits);
    let y = r >> m;
    let mut term = BigInt::one() << bits;
    let mut sum = term.clone();
    let mut terms = 0u64;
    while !term.is_zero() {
        terms += 1;
        term = ((term * &y) >> bits) / terms;
        sum += &term;
    }
    // Each term is low by at most 3 units: 2 for its two roundings and less than 1 for the one before times y ≤ 1/2.
    // The rest of the series is below 2 units more, and the reduced argument costs less than exp(y) ≤ 2 units.
    let mut error = BigInt::from(3 * terms + 8);
    // Squaring v with error e gives an error of at most 2 v e + e² 2^−bits + 1. The product of the factors 2 v over all
    // steps is 2^m exp(r − y) ≤ 2.12 · 2^m, and the second order adds less than a tenth as long as e 2^−bits < 2^−10.
    for _ in 0..m {
        sum = (&sum * &sum) >> bits;
    }
    error = (error + 1u32) << (m + 2);
    (sum, error)
}

/// How often the argument of the exponential is halved, which trades terms of the series for squarings.
fn exp_halvings(bits: u64) -> u64 {
    (bits.isqrt() * 2 / 3).max(4)
}

/// [(v − e) 2^s, (v + e) 2^s], rounded outwards.
fn enclosure(value: &BigInt, error: &BigInt, exponent: i64, precision: u64) -> Bounds {
    (
        Float::new(value - error, exponent).round(precision, Round::Down),
        Float::new(value + error, exponent).round(precision, Round::Up),
    )
}

/// exp x
pub(super) fn exp(x: &Float, precision: u64) -> Bounds {
    if !x.is_finite() {
        let value = if x.is_negative() { Float::zero() } else { x.clone() };
        return (value.clone(), value);
    }
    if x.is_zero() {
        return (Float::one(), Float::one());
    }
    if x.magnitude() > LARGEST {
        // |x| ≥ 2^40, and e > 2.
        let extreme = 1i64 << LARGEST;
        return if x.is_negative() {
            (Float::zero(), Float::power_of_two(-extreme))
        } else {
            (Float::power_of_two(extreme), Float::infinity(true))
        };
    }
    let one = Float::one();
    if x.magnitude() < -(precision as i64) - 4 {
        // 1 + x ≤ exp x ≤ 1 + 2x for x in [0, 1], and exp x ≤ 1 for x ≤ 0.
        let high = if x.is_negative() { one.clone() } else { one.add(&x.scale(1), precision, Round::Up) };
        return (one.add(x, precision, Round::Down), high);
    }
    let bits = precision + exp_halvings(precision + 100) + GUARD;
    // x = k log 2 + r. The units of log 2 are 2^48 times smaller, so that k of its errors are below one unit.
    let fixed = x.to_fixed(bits);
    let log2 = ln2(bits + 48);
    let mut k = (&fixed << 48u32).div_floor(&log2);
    let mut r = &fixed - ((&k * &log2) >> 48u32);
    while r.is_negative() {
        k -= 1;
        r = &fixed - ((&k * &log2) >> 48u32);
    }
    let (value, error) = exp_fixed(&r, bits);
    // r is off by at most 3 units, each worth less than exp r ≤ 2.02.
    let k: i64 = k.try_into().unwrap_or(i64::MAX / 4);
    enclosure(&value, &(error + 8u32), k - bits as i64, precision)
}

/// log x for finite x > 0
pub(super) fn ln(x: &Float, precision: u64) -> Bounds {
    // x = m 2^e with m in [0.7, 1.41], where |log m| < (log 2)/2 + 0.01, so that nothing much cancels.
    let mut e = x.magnitude();
    if x.scale(-e).to_f64(Round::Near) < std::f64::consts::FRAC_1_SQRT_2 {
        e -= 1;
    }
    let mut lost = 0;
    if e == 0 || e == -1 {
        let t = x.sub(&Float::one(), u64::MAX >> 2, Round::Near);
        if t.is_zero() {
            return (Float::zero(), Float::zero());
        }
        lost = (-t.magnitude()).max(0) as u64;
        if lost > precision + 8 {
            // t − t² ≤ log(1 + t) ≤ t for |t| ≤ 1/2.
            let low = t.sub(&t.exact_mul(&t), precision, Round::Down);
            return (low, t.round(precision, Round::Up));
        }
    }
    let bits = precision + lost + exp_halvings(precision + lost + 100) + GUARD;
    let one = BigInt::one() << bits;
    let m = x.scale(-e);
    let fixed = m.to_fixed(bits);
    // log m = q + log z with z = m exp(−q), and q is close enough for |z − 1| < 2^−40. Any q would do for correctness.
    let near = Float::from_f64(m.to_f64(Round::Near).ln()).unwrap_or_else(Float::zero);
    let q = near.to_fixed(bits);
    let (power, power_error) = exp_fixed(&q.abs(), bits);
    let z = if q.is_negative() { (&fixed * &power) >> bits } else { (&fixed << bits).div_floor(&power) };
    // m is low by less than a unit, the exponential (between 1 and 1.42) is off by its error.
    let z_error = power_error * 2u32 + 4u32;
    // log z = 2 artanh u with u = (z − 1)/(z + 1), whose derivative in z is 2/(z + 1)² ≤ 1.
    let difference = &z - &one;
    let negative = difference.is_negative();
    let u = (difference.abs() << bits) / (&z + &one);
    let square = (&u * &u) >> bits;
    let mut sum = u.clone();
    let mut power = u;
    let mut terms = 0u64;
    while !power.is_zero() {
        terms += 1;
        power = (power * &square) >> bits;
        sum += &power / (2 * terms + 1);
    }
    let error = (z_error + 3 * terms + 8u32) * 2u32;
    let log_z = if negative { -(sum * 2u32) } else { sum * 2u32 };
    let multiple = (BigInt::from(e) * ln2(bits + 64)) >> 64u32;
    enclosure(&(q + log_z + multiple), &(error + 2u32), -(bits as i64), precision)
}

/// cos r and sin r for r ∈ [0, 1], in units of 2^−bits, with one bound on the error of both.
fn cos_sin_fixed(r: &BigInt, bits: u64) -> (BigInt, BigInt, u64) {
    let mut term = BigInt::one() << bits;
    let (mut cos, mut sin) = (BigInt::zero(), BigInt::zero());
    let mut k = 0u64;
    while !term.is_zero() {
        match k % 4 {
            0 => cos += &term,
            1 => sin += &term,
            2 => cos -= &term,
            _ => sin -= &term,
        }
        k += 1;
        term = ((term * r) >> bits) / k;
    }
    // Each term is low by at most 3 units, and what follows the last is below 3 units.
    (cos, sin, 3 * k + 3)
}

/// (cos x, sin x)
pub(super) fn cos_sin(x: &Float, precision: u64) -> (Bounds, Bounds) {
    let one = Float::one();
    let whole = || (Float::from_i64(-1), Float::one());
    if !x.is_finite() || x.magnitude() > LARGEST {
        return (whole(), whole());
    }
    if x.is_zero() {
        return ((one.clone(), one), (Float::zero(), Float::zero()));
    }
    if x.magnitude() < -(precision as i64) {
        // 1 − x² ≤ cos x ≤ 1, and sin x lies between x − x³ and x.
        let square = x.exact_mul(x);
        let cube = square.exact_mul(x);
        let (inner_low, inner_high) = (x.sub(&cube, precision, Round::Down), x.sub(&cube, precision, Round::Up));
        let low = x.clone().round(precision, Round::Down);
        let high = x.clone().round(precision, Round::Up);
        return ((one.sub(&square, precision, Round::Down), one), (low.min(inner_low), high.max(inner_high)));
    }
    let bits = precision + GUARD + 64 + x.magnitude().unsigned_abs();
    let fixed = x.to_fixed(bits);
    let quarter = pi(bits + 48) >> 1u32;
    // x = k π/2 + r with |r| ≤ π/4 and a little.
    let k = ((&fixed << 49u32) + &quarter).div_floor(&(&quarter << 1u32));
    let r = &fixed - ((&k * &quarter) >> 48u32);
    let (cos, sin, error) = cos_sin_fixed(&r.abs(), bits);
    let sin = if r.is_negative() { -sin } else { sin };
    let error = BigInt::from(error + 4);
    let bounds = |value: BigInt| {
        let (low, high) = enclosure(&value, &error, -(bits as i64), precision);
        (low.max(Float::from_i64(-1)), high.min(Float::one()))
    };
    match k.mod_floor(&BigInt::from(4)).try_into().unwrap_or(0u8) {
        0 => (bounds(cos), bounds(sin)),
        1 => (bounds(-sin), bounds(cos)),
        2 => (bounds(-cos), bounds(-sin)),
        _ => (bounds(sin), bounds(-cos)),
    }
}

/// arctan t for t ∈ [0, 1]
pub(super) fn atan(t: &Float, precision: u64) -> Bounds {
    if t.is_zero() {
        return (Float::zero(), Float::zero());
    }
    if t.magnitude() < -(precision as i64) {
        // t − t³ ≤ arctan t ≤ t.
        let cube = t.exact_mul(t).exact_mul(t);
        return (t.sub(&cube, precision, Round::Down), t.clone().round(precision, Round::Up));
    }
    let bits = precision + GUARD + 16 + t.magnitude().unsigned_abs();
    let fixed = t.to_fixed(bits);
    // arctan t = q + arctan((t cos q − sin q)/(cos q + t sin q)) for any q; a close one makes the series short.
    let q = Float::from_f64(t.to_f64(Round::Near).atan()).unwrap_or_else(Float::zero).to_fixed(bits);
    let (cos, sin, error) = cos_sin_fixed(&q, bits);
    let numerator = ((&fixed * &cos) >> bits) - &sin;
    let denominator = &cos + ((&fixed * &sin) >> bits);
    let negative = numerator.is_negative();
    // The denominator is at least cos(π/4) > 0.7, and |numerator| is small: both errors count less than twice.
    let u = (numerator.abs() << bits) / denominator;
    let square = (&u * &u) >> bits;
    let mut sum = u.clone();
    let mut power = u;
    let mut terms = 0u64;
    while !power.is_zero() {
        terms += 1;
        power = (power * &square) >> bits;
        let term = &power / (2 * terms + 1);
        if terms % 2 == 1 {
            sum -= term;
        } else {
            sum += term;
        }
    }
    let error = BigInt::from(6 * error + 3 * terms + 16);
    let value = if negative { q - sum } else { q + sum };
    enclosure(&value, &error, -(bits as i64), precision)
}

/// π
pub(super) fn pi_bounds(precision: u64) -> Bounds {
    let bits = precision + 8;
    enclosure(&pi(bits), &BigInt::from(2), -(bits as i64), precision)
}
