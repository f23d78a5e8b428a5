//! How far the values of scalar functions lie apart on intervals: what the error bounds need to know of each function.

use super::scalar;
use crate::ir::ScalarFn;

/// The relative error allowed for an evaluation of a scalar function in `f64`; the tests, against values of 50 digits,
/// allow half of it and see a quarter.
pub(super) const EVALUATION: f64 = 8.0 * f64::EPSILON;

/// Whether a function's values are computed without rounding.
pub(super) fn exact(function: ScalarFn) -> bool {
    matches!(
        function,
        ScalarFn::Neg | ScalarFn::Abs | ScalarFn::Relu | ScalarFn::Sign | ScalarFn::Step | ScalarFn::Floor
    )
}

/// The parameter of a function: its value and how far it may be off.
#[derive(Clone, Copy)]
pub(super) struct Parameter {
    pub value: f64,
    pub radius: f64,
}

/// The largest |f(s, q) − y| over s in [lo, hi] and q in the parameter's interval, with the error of evaluating f in
/// `f64` included; infinite where f is not defined, or not bounded, on the interval.
pub(super) fn deviation(function: ScalarFn, lo: f64, hi: f64, p: Parameter, y: f64) -> f64 {
    if !(lo.is_finite() && hi.is_finite() && y.is_finite()) || p.radius.is_infinite() {
        return f64::INFINITY;
    }
    let inside = |x: f64| lo <= x && x <= hi;
    let mut points = vec![lo, hi];
    // On the pieces between these points f is monotone in its argument.
    match function {
        ScalarFn::Neg
        | ScalarFn::Exp
        | ScalarFn::Tanh
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus
        | ScalarFn::Expm1
        | ScalarFn::Relu => {}
        ScalarFn::Abs => points.push(0.0),
        ScalarFn::Sin | ScalarFn::Cos => {
            // |sin a − sin b| ≤ |a − b|, and never more than 2.
            let middle = scalar::value(function, lo + (hi - lo) / 2.0, 0.0);
            return (middle - y).abs() + ((hi - lo) / 2.0).min(2.0) + EVALUATION;
        }
        // Steps: the endpoints see each of them, but for the value at a jump inside.
        ScalarFn::Sign | ScalarFn::Step | ScalarFn::Floor => points.push(0.0),
        ScalarFn::Sqrt | ScalarFn::Log => {
            if lo < 0.0 {
                return f64::INFINITY;
            }
        }
        ScalarFn::Log1p | ScalarFn::Log1pRel | ScalarFn::Log1pRelSlope => {
            if lo < -1.0 {
                return f64::INFINITY;
            }
        }
        ScalarFn::Recip => {
            if inside(0.0) {
                return f64::INFINITY;
            }
        }
        ScalarFn::RecipOnSupport | ScalarFn::LogOnSupport => {
            let negative = function == ScalarFn::LogOnSupport && lo < 0.0;
            if negative || (inside(0.0) && (lo, hi) != (0.0, 0.0)) {
                return f64::INFINITY;
            }
        }
        ScalarFn::XLogX => {
            if lo < 0.0 {
                return f64::INFINITY;
            }
            points.push((-1.0f64).exp());
        }
        ScalarFn::Pow => {
            let integer = p.radius == 0.0 && p.value.fract() == 0.0;
            if (lo < 0.0 && !integer) || (inside(0.0) && p.value - p.radius < 0.0) {
                return f64::INFINITY;
            }
            // 0^p jumps to 1 at p = 0.
            if inside(0.0) && p.value - p.radius <= 0.0 && (p.value != 0.0 || p.radius != 0.0) {
                return f64::INFINITY;
            }
            points.push(0.0);
        }
        // Only gradients are written with these.
        ScalarFn::PowOnSupport | ScalarFn::PowLogSlope | ScalarFn::TsallisSlope => return f64::INFINITY,
        ScalarFn::PowLog => {
            if lo < 0.0 || (lo == 0.0 && p.value - p.radius <= 0.0) {
                return f64::INFINITY;
            }
        }
        ScalarFn::Tsallis => {
            // Convex in x for α > 0, with its least value where the derivative (α x^(α−1) − 1)/(α − 1) is 0.
            let least = p.value - p.radius;
            if lo < 0.0 || least <= 0.0 {
                return f64::INFINITY;
            }
            for alpha in [least, p.value, p.value + p.radius] {
                let t = alpha - 1.0;
                points.push(if t.abs() < 1e-8 { (-1.0f64).exp() } else { (-alpha.ln() / t).exp() });
            }
        }
    }
    // The functions with a parameter are monotone in it for each argument, so that the ends of its interval will do.
    let parameters: &[f64] = if p.radius == 0.0 { &[p.value] } else { &[p.value - p.radius, p.value + p.radius] };
    let relative = if exact(function) { 0.0 } else { EVALUATION };
    let mut worst: f64 = 0.0;
    for x in points.into_iter().filter(|x| inside(*x)) {
        for q in parameters {
            let value = scalar::value(function, x, *q);
            let distance = (value - y).abs() + relative * value.abs();
            if distance.is_nan() {
                return f64::INFINITY;
            }
            worst = worst.max(distance);
        }
    }
    worst
}

/// A bound of |f'| on [lo, hi]; infinite where there is none, or none is known.
pub(super) fn lipschitz(function: ScalarFn, lo: f64, hi: f64, p: f64) -> f64 {
    let (near, far) = (if lo <= 0.0 && hi >= 0.0 { 0.0 } else { lo.abs().min(hi.abs()) }, lo.abs().max(hi.abs()));
    let positive = |bound: f64| if lo > 0.0 { bound } else { f64::INFINITY };
    match function {
        ScalarFn::Neg | ScalarFn::Abs | ScalarFn::Sin | ScalarFn::Cos => 1.0,
        ScalarFn::Tanh | ScalarFn::Relu | ScalarFn::Softplus => 1.0,
        ScalarFn::Sigmoid => 0.25,
        ScalarFn::Exp | ScalarFn::Expm1 => hi.exp(),
        ScalarFn::Log | ScalarFn::LogOnSupport => positive(1.0 / lo),
        ScalarFn::Sqrt => positive(0.5 / lo.sqrt()),
        ScalarFn::Recip | ScalarFn::RecipOnSupport => 1.0 / (near * near),
        ScalarFn::Sign | ScalarFn::Step => {
            if near > 0.0 {
                0.0
            } else {
                f64::INFINITY
            }
        }
        ScalarFn::Floor => {
            if lo.floor() == hi.floor() {
                0.0
            } else {
                f64::INFINITY
            }
        }
        ScalarFn::Log1p => {
            if lo > -1.0 {
                1.0 / (1.0 + lo)
            } else {
                f64::INFINITY
            }
        }
        // log(1 + u)/u is convex and falls.
        ScalarFn::Log1pRel => {
            if lo > -1.0 {
                scalar::value(ScalarFn::Log1pRelSlope, lo, 0.0).abs()
            } else {
                f64::INFINITY
            }
        }
        ScalarFn::Log1pRelSlope => f64::INFINITY,
        ScalarFn::PowOnSupport | ScalarFn::PowLogSlope | ScalarFn::TsallisSlope => f64::INFINITY,
        ScalarFn::XLogX => positive((lo.ln() + 1.0).abs().max((hi.ln() + 1.0).abs())),
        ScalarFn::Pow => {
            if p == 0.0 {
                0.0
            } else if p >= 1.0 && (lo >= 0.0 || p.fract() == 0.0) {
                p * far.powf(p - 1.0)
            } else {
                positive(p.abs() * lo.powf(p - 1.0).max(hi.powf(p - 1.0)))
            }
        }
        ScalarFn::PowLog => {
            if p >= 1.0 && lo >= 0.0 {
                hi.powf(p - 1.0)
            } else {
                positive(lo.powf(p - 1.0).max(hi.powf(p - 1.0)))
            }
        }
        // The derivative x^t + (x^t − 1)/t, t = α − 1, is monotone for α > 0.
        ScalarFn::Tsallis => {
            let slope =
                |x: f64| (scalar::value(ScalarFn::Pow, x, p - 1.0) + scalar::value(ScalarFn::PowLog, x, p - 1.0)).abs();
            if p > 0.0 && lo >= 0.0 { slope(lo).max(slope(hi)) } else { f64::INFINITY }
        }
    }
}
