//! The scalar functions of the table in [`crate::ir::ROWS`] as calls of torch, by the forms that do not cancel.
//!
//! Where a form is only good on one side of a threshold, both are computed and one is taken entry by entry.

use super::call::Entrywise as E;
use super::program::{Builder, Number, Value};
use crate::ir::ScalarFn;

impl Builder {
    /// One of two values, entry by entry.
    pub(super) fn choose(&mut self, condition: &Value, x: &Value, y: &Value) -> Value {
        match condition.known() {
            Some(holds) if holds != 0.0 => x.clone(),
            Some(_) => y.clone(),
            None => self.entrywise(E::Where, &[condition, x, y]),
        }
    }

    /// The given value where x is 0, and elsewhere what is worked out from x, which is 1 where it was 0.
    pub(super) fn at_zero(&mut self, x: &Value, there: &Value, f: impl FnOnce(&mut Builder, &Value) -> Value) -> Value {
        let (zero, one) = (Value::ratio(0, 1), Value::ratio(1, 1));
        let is_zero = self.entrywise(E::Eq, &[x, &zero]);
        let safe = self.choose(&is_zero, &one, x);
        let elsewhere = f(self, &safe);
        self.choose(&is_zero, there, &elsewhere)
    }

    /// Whether |x| ≤ 1.
    fn is_small(&mut self, x: &Value) -> Value {
        let magnitude = self.entrywise(E::Abs, &[x]);
        self.entrywise(E::Le, &[&magnitude, &Value::ratio(1, 1)])
    }

    /// c_0 + c_1 x + c_2 x² + … by Horner's rule.
    fn polynomial(&mut self, x: &Value, coefficients: &[Value]) -> Value {
        let mut terms = coefficients.iter().rev();
        let Some(last) = terms.next() else { return Value::ratio(0, 1) };
        terms.fold(last.clone(), |sum, coefficient| {
            let product = self.entrywise(E::Mul, &[&sum, x]);
            self.entrywise(E::Add, &[&product, coefficient])
        })
    }
}

/// (e^x − 1)/x, 1 at 0.
pub(super) fn expm1_rel(b: &mut Builder, x: &Value) -> Value {
    b.at_zero(x, &Value::ratio(1, 1), |b, x| {
        let rise = b.entrywise(E::Expm1, &[x]);
        b.entrywise(E::Div, &[&rise, x])
    })
}

/// The value of a scalar function, entry by entry; `p` is its parameter.
pub(super) fn function(b: &mut Builder, function: ScalarFn, x: &Value, p: Option<&Value>) -> Value {
    let (zero, one) = (Value::ratio(0, 1), Value::ratio(1, 1));
    // The graph gives every function that has a parameter one.
    let p = p.unwrap_or(&zero);
    match function {
        ScalarFn::Neg => b.entrywise(E::Neg, &[x]),
        ScalarFn::Exp => b.entrywise(E::Exp, &[x]),
        ScalarFn::Log => b.entrywise(E::Log, &[x]),
        ScalarFn::Sqrt => b.entrywise(E::Sqrt, &[x]),
        ScalarFn::Recip => b.entrywise(E::Recip, &[x]),
        ScalarFn::Abs => b.entrywise(E::Abs, &[x]),
        ScalarFn::Sign => b.entrywise(E::Sign, &[x]),
        ScalarFn::Step => {
            let above = b.entrywise(E::Lt, &[&zero, x]);
            b.entrywise(E::ToReal, &[&above])
        }
        ScalarFn::Floor => b.entrywise(E::Floor, &[x]),
        ScalarFn::Sin => b.entrywise(E::Sin, &[x]),
        ScalarFn::Cos => b.entrywise(E::Cos, &[x]),
        ScalarFn::Tanh => b.entrywise(E::Tanh, &[x]),
        ScalarFn::Relu => b.entrywise(E::Max, &[x, &zero]),
        ScalarFn::Sigmoid => b.entrywise(E::Sigmoid, &[x]),
        // max(x, 0) + log(1 + e^−|x|): neither exponential nor logarithm loses anything.
        ScalarFn::Softplus => {
            let (above, magnitude) = (b.entrywise(E::Max, &[x, &zero]), b.entrywise(E::Abs, &[x]));
            let negative = b.entrywise(E::Neg, &[&magnitude]);
            let small = b.entrywise(E::Exp, &[&negative]);
            let log = b.entrywise(E::Log1p, &[&small]);
            b.entrywise(E::Add, &[&above, &log])
        }
        ScalarFn::Expm1 => b.entrywise(E::Expm1, &[x]),
        ScalarFn::Log1p => b.entrywise(E::Log1p, &[x]),
        ScalarFn::Log1pRel => {
            let quotient = b.at_zero(x, &one, |b, x| {
                let log = b.entrywise(E::Log1p, &[x]);
                b.entrywise(E::Div, &[&log, x])
            });
            let infinite = b.entrywise(E::Eq, &[x, &Value::number(Number::Infinity)]);
            b.choose(&infinite, &zero, &quotient)
        }
        ScalarFn::Log1pRelSlope => log1prel_slope(b, x),
        ScalarFn::XLogX => b.entrywise(E::XLogY, &[x, x]),
        ScalarFn::LogOnSupport => b.at_zero(x, &zero, |b, x| b.entrywise(E::Log, &[x])),
        ScalarFn::RecipOnSupport => b.at_zero(x, &zero, |b, x| b.entrywise(E::Recip, &[x])),
        ScalarFn::Pow => power(b, x, p),
        ScalarFn::PowOnSupport => match p.known() {
            Some(p_known) if p_known >= 0.0 => power(b, x, p),
            Some(_) => b.at_zero(x, &zero, |b, x| power(b, x, p)),
            None => {
                let (everywhere, falls) = (power(b, x, p), b.entrywise(E::Lt, &[p, &zero]));
                let is_zero = b.entrywise(E::Eq, &[x, &zero]);
                let both = b.entrywise(E::And, &[&is_zero, &falls]);
                b.choose(&both, &zero, &everywhere)
            }
        },
        ScalarFn::PowLog => power_log(b, x, p),
        ScalarFn::PowLogSlope => power_log_slope(b, x, p),
        ScalarFn::Tsallis => tsallis(b, x, p),
        ScalarFn::TsallisSlope => tsallis_slope(b, x, p),
    }
}

/// The value of a function that has a complex form, on complex entries.
pub(super) fn complex_function(b: &mut Builder, function: ScalarFn, z: &Value) -> Value {
    let z = b.tensor(z);
    match function {
        ScalarFn::Neg => b.entrywise(E::Neg, &[&z]),
        ScalarFn::Exp => b.entrywise(E::Exp, &[&z]),
        ScalarFn::Log => b.entrywise(E::Log, &[&z]),
        ScalarFn::Sqrt => b.entrywise(E::Sqrt, &[&z]),
        ScalarFn::Recip => b.entrywise(E::Recip, &[&z]),
        ScalarFn::Sin => b.entrywise(E::Sin, &[&z]),
        ScalarFn::Cos => b.entrywise(E::Cos, &[&z]),
        ScalarFn::Tanh => b.entrywise(E::Tanh, &[&z]),
        // The graph makes no complex node of these.
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
        | ScalarFn::TsallisSlope => b.entrywise(E::Mul, &[&z, &Value::number(Number::Nan)]),
    }
}

/// x^p
pub(super) fn power(b: &mut Builder, x: &Value, p: &Value) -> Value {
    match p.known() {
        Some(1.0) => x.clone(),
        Some(2.0) => b.entrywise(E::Square, &[x]),
        Some(0.5) => b.entrywise(E::Sqrt, &[x]),
        Some(-1.0) => b.entrywise(E::Recip, &[x]),
        Some(_) | None => b.entrywise(E::Pow, &[x, p]),
    }
}

/// (x^t − 1)/t: log x · (e^y − 1)/y with y = t log x where |y| ≤ 1, by the powers elsewhere, so that no rounding is
/// magnified.
fn power_log(b: &mut Builder, x: &Value, t: &Value) -> Value {
    if t.known().is_none() {
        // At 0 it is −1/t, and −∞ where t ≤ 0.
        let (zero, infinite) = (Value::ratio(0, 1), Value::number(Number::Infinity));
        let infinite = b.entrywise(E::Neg, &[&infinite]);
        let inverse = b.entrywise(E::Div, &[&Value::ratio(-1, 1), t]);
        let above = b.entrywise(E::Lt, &[&zero, t]);
        let there = b.choose(&above, &inverse, &infinite);
        return b.at_zero(x, &there, |b, x| power_log_off_zero(b, x, t));
    }
    power_log_off_zero(b, x, t)
}

fn power_log_off_zero(b: &mut Builder, x: &Value, t: &Value) -> Value {
    let log = b.entrywise(E::Log, &[x]);
    if t.known() == Some(0.0) {
        return log;
    }
    let y = b.entrywise(E::Mul, &[t, &log]);
    let rise = expm1_rel(b, &y);
    let near = b.entrywise(E::Mul, &[&log, &rise]);
    let power = power(b, x, t);
    let less = b.entrywise(E::Sub, &[&power, &Value::ratio(1, 1)]);
    let far = b.entrywise(E::Div, &[&less, t]);
    let small = b.is_small(&y);
    b.choose(&small, &near, &far)
}

/// (x^α − x)/(α − 1) = x (x^t − 1)/t with t = α − 1, by its first form where the two powers are far apart.
fn tsallis(b: &mut Builder, x: &Value, alpha: &Value) -> Value {
    let t = b.entrywise(E::Sub, &[alpha, &Value::ratio(1, 1)]);
    if t.known() == Some(0.0) {
        return b.entrywise(E::XLogY, &[x, x]);
    }
    if t.known().is_none() {
        // The parameter is positive wherever the library has it, and the value at 0 is 0.
        return b.at_zero(x, &Value::ratio(0, 1), |b, x| tsallis_off_zero(b, x, alpha, &t));
    }
    tsallis_off_zero(b, x, alpha, &t)
}

fn tsallis_off_zero(b: &mut Builder, x: &Value, alpha: &Value, t: &Value) -> Value {
    let log = b.entrywise(E::Log, &[x]);
    let y = b.entrywise(E::Mul, &[t, &log]);
    let rise = expm1_rel(b, &y);
    let near = b.entrywise(E::Mul, &[&log, &rise]);
    let near = b.entrywise(E::Mul, &[x, &near]);
    let power = power(b, x, alpha);
    let less = b.entrywise(E::Sub, &[&power, x]);
    let far = b.entrywise(E::Div, &[&less, t]);
    let small = b.is_small(&y);
    b.choose(&small, &near, &far)
}

/// x^t + (x^t − 1)/t with t = α − 1; at 0 without the power, and 0 there for t = 0.
fn tsallis_slope(b: &mut Builder, x: &Value, alpha: &Value) -> Value {
    let one = Value::ratio(1, 1);
    let t = b.entrywise(E::Sub, &[alpha, &one]);
    let at_zero = match t.known() {
        Some(0.0) => Value::ratio(0, 1),
        Some(_) | None => {
            let inverse = b.at_zero(&t, &Value::ratio(0, 1), |b, t| b.entrywise(E::Recip, &[t]));
            b.entrywise(E::Neg, &[&inverse])
        }
    };
    b.at_zero(x, &at_zero, |b, x| {
        let (power, log) = (power_or_one(b, x, &t), power_log(b, x, &t));
        b.entrywise(E::Add, &[&power, &log])
    })
}

fn power_or_one(b: &mut Builder, x: &Value, t: &Value) -> Value {
    if t.known() == Some(0.0) { Value::ratio(1, 1) } else { power(b, x, t) }
}

/// The terms of the series of [`power_log_slope`]: 20/21! is below the unit roundoff of double precision.
const POWER_LOG_TERMS: i64 = 19;

/// The derivative of (x^t − 1)/t in t: (log x)² Σ (k + 1) y^k/(k + 2)! with y = t log x where |y| ≤ 1, and
/// (x^t log x − (x^t − 1)/t)/t elsewhere.
fn power_log_slope(b: &mut Builder, x: &Value, t: &Value) -> Value {
    let zero = Value::ratio(0, 1);
    let at_zero = match t.known() {
        Some(t) if t <= 0.0 => zero.clone(),
        Some(_) | None => {
            let square = b.entrywise(E::Square, &[t]);
            let inverse = b.entrywise(E::Recip, &[&square]);
            let above = b.entrywise(E::Lt, &[&zero, t]);
            b.choose(&above, &inverse, &zero)
        }
    };
    b.at_zero(x, &at_zero, |b, x| {
        let log = b.entrywise(E::Log, &[x]);
        let y = b.entrywise(E::Mul, &[t, &log]);
        let mut factorial = num_bigint::BigInt::from(2);
        let mut coefficients = vec![Value::ratio(1, 2)];
        for k in 1..=POWER_LOG_TERMS {
            factorial *= k + 2;
            let coefficient = num_rational::BigRational::new((k + 1).into(), factorial.clone());
            coefficients.push(Value::number(Number::Constant(coefficient)));
        }
        let series = b.polynomial(&y, &coefficients);
        let square = b.entrywise(E::Square, &[&log]);
        let near = b.entrywise(E::Mul, &[&square, &series]);
        let (power, value) = (power_or_one(b, x, t), power_log(b, x, t));
        let product = b.entrywise(E::Mul, &[&power, &log]);
        let less = b.entrywise(E::Sub, &[&product, &value]);
        let far = b.entrywise(E::Div, &[&less, t]);
        let small = b.is_small(&y);
        b.choose(&small, &near, &far)
    })
}

/// The number of terms of the series of [`log1prel_slope`]: 4^−27 is below the unit roundoff of double precision.
const SLOPE_TERMS: i64 = 27;

/// The derivative (u/(1 + u) − log(1 + u))/u² of log(1 + u)/u. With s = u/(2 + u) it is
/// −(1 − s)²/2 · (1/(1 + s) + s/3 + s³/5 + …), which loses nothing near 0; beyond |s| = 1/2 the series is summed as
/// (artanh s − s)/s².
fn log1prel_slope(b: &mut Builder, u: &Value) -> Value {
    let (one, two) = (Value::ratio(1, 1), Value::ratio(2, 1));
    let sum = b.entrywise(E::Add, &[&two, u]);
    let s = b.entrywise(E::Div, &[u, &sum]);
    let square = b.entrywise(E::Square, &[&s]);
    let coefficients: Vec<Value> = (1..=SLOPE_TERMS).map(|k| Value::ratio(1, 2 * k + 1)).collect();
    let series = b.polynomial(&square, &coefficients);
    let near = b.entrywise(E::Mul, &[&series, &s]);
    let log = b.entrywise(E::Log1p, &[u]);
    let half = b.entrywise(E::Div, &[&log, &two]);
    let less = b.entrywise(E::Sub, &[&half, &s]);
    let far = b.entrywise(E::Div, &[&less, &square]);
    let magnitude = b.entrywise(E::Abs, &[&s]);
    let small = b.entrywise(E::Le, &[&magnitude, &Value::ratio(1, 2)]);
    let series = b.choose(&small, &near, &far);
    // 1 − s and 1 + s.
    let (less, more) = (b.entrywise(E::Sub, &[&one, &s]), b.entrywise(E::Add, &[&one, &s]));
    let inverse = b.entrywise(E::Recip, &[&more]);
    let inner = b.entrywise(E::Add, &[&inverse, &series]);
    let square = b.entrywise(E::Square, &[&less]);
    let product = b.entrywise(E::Mul, &[&square, &inner]);
    b.entrywise(E::Div, &[&product, &Value::ratio(-2, 1)])
}
