//! The scalar functions of the table in [`crate::ir::ROWS`], with full relative accuracy over the whole range.

use super::real::{ComplexElement, Element, Real};
use crate::ir::ScalarFn;

/// The value of a scalar function at `x`; `p` is its parameter, ignored by the functions that have none.
///
/// Outside its domain a function is NaN, and a NaN stays one. Each value is within a few units in the last place of the
/// exact one, also where the textbook formula cancels (see the table of reference values in the tests).
pub fn value<T: Real>(function: ScalarFn, x: T, p: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    match function {
        ScalarFn::Neg => -x,
        ScalarFn::Exp => x.exp(),
        ScalarFn::Log => x.ln(),
        ScalarFn::Sqrt => x.sqrt(),
        ScalarFn::Recip => one / x,
        ScalarFn::Abs => x.abs(),
        ScalarFn::Sign => {
            if x > zero {
                one
            } else if x < zero {
                -one
            } else {
                x + zero
            }
        }
        ScalarFn::Step => {
            if x > zero {
                one
            } else if x <= zero {
                zero
            } else {
                x
            }
        }
        ScalarFn::Floor => x.floor(),
        ScalarFn::Sin => x.sin(),
        ScalarFn::Cos => x.cos(),
        ScalarFn::Tanh => x.tanh(),
        ScalarFn::Relu => {
            if x <= zero {
                zero
            } else {
                x
            }
        }
        // Both forms have only positive terms, and no exponential of a positive number that could overflow.
        ScalarFn::Sigmoid => {
            if x >= zero {
                one / (one + (-x).exp())
            } else {
                let e = x.exp();
                e / (one + e)
            }
        }
        ScalarFn::Softplus => {
            if x > zero {
                x + (-x).exp().ln_1p()
            } else {
                x.exp().ln_1p()
            }
        }
        ScalarFn::Expm1 => x.exp_m1(),
        ScalarFn::Log1p => x.ln_1p(),
        ScalarFn::Log1pRel => {
            if x == zero {
                one
            } else if x == T::infinity() {
                zero
            } else {
                x.ln_1p() / x
            }
        }
        ScalarFn::Log1pRelSlope => log1prel_slope(x),
        ScalarFn::XLogX => {
            if x == zero {
                zero
            } else {
                x * x.ln()
            }
        }
        ScalarFn::LogOnSupport => {
            if x == zero {
                zero
            } else {
                x.ln()
            }
        }
        ScalarFn::RecipOnSupport => {
            if x == zero {
                zero
            } else {
                one / x
            }
        }
        ScalarFn::Pow => power(x, p),
        ScalarFn::PowOnSupport if x == zero && p < zero => zero,
        ScalarFn::PowOnSupport => power(x, p),
        ScalarFn::PowLog => power_log(x, p),
        ScalarFn::PowLogSlope => power_log_slope(x, p),
        ScalarFn::Tsallis => tsallis(x, p),
        ScalarFn::TsallisSlope => tsallis_slope(x, p),
    }
}

/// x^p. The C library's power is exact for integer exponents of negative bases too; only its conventions pow(NaN, 0) = 1
/// and pow(1, NaN) = 1 would hide a NaN.
fn power<T: Real>(x: T, p: T) -> T {
    if x.is_nan() || p.is_nan() {
        return x + p;
    }
    if p == T::of(2.0) {
        return x * x;
    }
    if p == T::of(1.0) {
        return x;
    }
    // A negative zero counts as zero, so that 1/0 is +∞ whatever computed the 0.
    (x + T::of(0.0)).powf(p)
}

/// (x^t − 1)/t = expm1(t log x)/t.
///
/// Where |t log x| ≤ 1 the condition number of expm1 is at most e/(e − 1), so that the errors of the logarithm and of
/// the product stay what they are; beyond that they would grow with t log x, while x^t itself is accurate and 1 takes
/// at most the same factor away.
fn power_log<T: Real>(x: T, t: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    if t.is_nan() {
        return t;
    }
    if x == zero {
        return if t > zero { -one / t } else { t + T::neg_infinity() };
    }
    let log = x.ln();
    if t == zero || log == zero {
        return log;
    }
    let y = t * log;
    let magnitude = y.abs();
    // expm1(y)/t = log x (1 + y/2 + y²/6 + …); this keeps all digits where y is subnormal.
    if magnitude < T::of(1e-3) * T::epsilon().sqrt() {
        log + log * y * T::of(0.5)
    } else if magnitude <= one {
        y.exp_m1() / t
    } else {
        (x.powf(t) - one) / t
    }
}

/// (x^α − x)/(α − 1) = x (x^t − 1)/t with t = α − 1, and by its first form where the powers differ by more than e, for
/// the reason given at [`power_log`].
fn tsallis<T: Real>(x: T, alpha: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    if x.is_nan() || alpha.is_nan() {
        return x + alpha;
    }
    if x == zero {
        return if alpha > zero {
            zero
        } else if alpha == zero {
            -one
        } else {
            T::neg_infinity()
        };
    }
    if x == T::infinity() {
        return x;
    }
    let t = alpha - one;
    if (t * x.ln()).abs() <= one { x * power_log(x, t) } else { (x.powf(alpha) - x) / t }
}

/// The terms of the series of [`power_log_slope`]: 20/21! is below the unit roundoff of `f64`.
const POWER_LOG_TERMS: u32 = 19;

/// The derivative of (x^t − 1)/t in t: (x^t log x − (x^t − 1)/t)/t.
///
/// With y = t log x it is (log x)² (y exp y − exp y + 1)/y², whose numerator cancels near 0: there it is the series
/// 1/2 + y/3 + y²/8 + … = Σ (k + 1) y^k/(k + 2)!.
fn power_log_slope<T: Real>(x: T, t: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    if x == zero {
        // −1/t has the slope 1/t²; where the value itself is −∞ there is none, and 0 stands for it.
        return if t > zero { one / (t * t) } else { t * zero };
    }
    let log = x.ln();
    let y = t * log;
    if y.abs() > one {
        return (x.powf(t) * log - power_log(x, t)) / t;
    }
    let mut factorial = T::of(2.0);
    let (mut sum, mut power) = (T::of(0.5), one);
    for k in 1..=POWER_LOG_TERMS {
        factorial *= T::of(f64::from(k + 2));
        power *= y;
        sum += T::of(f64::from(k + 1)) * power / factorial;
    }
    log * log * sum
}

/// The derivative of [`tsallis`] in x: x^t + (x^t − 1)/t with t = α − 1, whose terms only cancel near its zero. At 0 it has
/// no finite value for α ≤ 1: there the slope of the power is left out, and at α = 1 all of it.
fn tsallis_slope<T: Real>(x: T, alpha: T) -> T {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let t = alpha - one;
    if x != zero {
        power(x, t) + power_log(x, t)
    } else if t == zero {
        zero
    } else {
        -one / t
    }
}

/// The number of terms of the series of [`log1prel_slope`]: 4^−27 is below the unit roundoff of `f64`.
const SLOPE_TERMS: u32 = 27;

/// The derivative (u/(1 + u) − log(1 + u))/u² of log(1 + u)/u, −1/2 at 0.
///
/// The difference in it cancels near 0. With s = u/(2 + u) we have log(1 + u) = 2 artanh s and u = 2s/(1 − s), and it
/// becomes −(1 − s)²/2 · (1/(1 + s) + s/3 + s³/5 + s⁵/7 + …), which loses nothing. Beyond |s| = 1/2 the series is summed
/// as (artanh s − s)/s².
fn log1prel_slope<T: Real>(u: T) -> T {
    let (one, two) = (T::of(1.0), T::of(2.0));
    if u == T::infinity() {
        return T::of(0.0);
    }
    if u == -one {
        return T::neg_infinity();
    }
    let s = u / (two + u);
    let series = if s.abs() <= T::of(0.5) {
        let square = s * s;
        let mut sum = T::of(0.0);
        for k in (1..=SLOPE_TERMS).rev() {
            sum = sum * square + one / T::of(f64::from(2 * k + 1));
        }
        sum * s
    } else {
        (u.ln_1p() / two - s) / (s * s)
    };
    let (less, more) = (two / (two + u), (two + two * u) / (two + u));
    -(less * less) / two * (one / more + series)
}

/// The value of a scalar function that has a complex form, or `None` for one that has not.
pub fn complex_value<T: Real>(function: ScalarFn, z: T::Complex) -> Option<T::Complex> {
    Some(match function {
        ScalarFn::Neg => -z,
        ScalarFn::Exp => z.exp(),
        ScalarFn::Log => z.ln(),
        ScalarFn::Sqrt => z.sqrt(),
        ScalarFn::Recip => T::Complex::from_real(T::of(1.0)) / z,
        ScalarFn::Sin => z.sin(),
        ScalarFn::Cos => z.cos(),
        ScalarFn::Tanh => z.tanh(),
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
