//! Divided differences of the scalar functions as calls of torch: the entries of Loewner matrices, by formulas that do not
//! cancel, those of the evaluator in double precision.

use super::call::Entrywise as E;
use super::program::{Builder, Value};
use super::scalar::{expm1_rel, function, power};
use crate::ir::ScalarFn;

/// Two matrices of arguments, ordered entry by entry.
struct Pair {
    lo: Value,
    hi: Value,
    gap: Value,
}

impl Builder {
    fn add(&mut self, x: &Value, y: &Value) -> Value {
        self.entrywise(E::Add, &[x, y])
    }

    fn sub(&mut self, x: &Value, y: &Value) -> Value {
        self.entrywise(E::Sub, &[x, y])
    }

    fn mul(&mut self, x: &Value, y: &Value) -> Value {
        self.entrywise(E::Mul, &[x, y])
    }

    fn div(&mut self, x: &Value, y: &Value) -> Value {
        self.entrywise(E::Div, &[x, y])
    }

    fn of(&mut self, f: ScalarFn, x: &Value, p: &Value) -> Value {
        function(self, f, x, Some(p))
    }
}

/// (f(a) − f(b))/(a − b) entry by entry, and f' where a = b; at 0 what the table of functions gives for the derivative there.
pub(super) fn difference(b: &mut Builder, f: ScalarFn, x: &Value, y: &Value, p: Option<&Value>) -> Value {
    let (zero, one, two) = (Value::ratio(0, 1), Value::ratio(1, 1), Value::ratio(2, 1));
    let p = p.unwrap_or(&zero);
    let (lo, hi) = (b.entrywise(E::Min, &[x, y]), b.entrywise(E::Max, &[x, y]));
    let gap = b.sub(&hi, &lo);
    let at = Pair { lo, hi, gap };
    let (lo, hi, gap) = (&at.lo, &at.hi, &at.gap);
    match f {
        ScalarFn::Neg => Value { arg: Value::ratio(-1, 1).arg, ty: lo.ty.clone() },
        // e^hi (1 − e^−gap)/gap
        ScalarFn::Exp | ScalarFn::Expm1 => {
            let (power, down) = (b.entrywise(E::Exp, &[hi]), b.entrywise(E::Neg, &[gap]));
            let fall = expm1_rel(b, &down);
            b.mul(&power, &fall)
        }
        ScalarFn::Log => log(b, &at),
        ScalarFn::LogOnSupport => {
            let (general, value) = (log(b, &at), b.of(f, hi, p));
            let inverse = b.of(ScalarFn::RecipOnSupport, hi, p);
            let from_zero = b.mul(&value, &inverse);
            from_zero_or(b, lo, &from_zero, &general)
        }
        ScalarFn::Log1p => {
            let (lo, hi) = (b.add(&one, lo), b.add(&one, hi));
            log(b, &Pair { lo, hi, gap: gap.clone() })
        }
        // 1/(√a + √b)
        ScalarFn::Sqrt => {
            let (first, second) = (b.entrywise(E::Sqrt, &[lo]), b.entrywise(E::Sqrt, &[hi]));
            let sum = b.add(&first, &second);
            b.of(ScalarFn::RecipOnSupport, &sum, p)
        }
        ScalarFn::Recip => reciprocal(b, &at),
        ScalarFn::RecipOnSupport => {
            let (general, by_quotient) = (reciprocal(b, &at), quotient(b, f, &at, p, &zero));
            let product = b.mul(lo, hi);
            from_zero_or(b, &product, &by_quotient, &general)
        }
        ScalarFn::Abs => {
            let slope = b.of(ScalarFn::Sign, lo, p);
            quotient(b, f, &at, p, &slope)
        }
        ScalarFn::Relu => {
            let slope = b.of(ScalarFn::Step, lo, p);
            quotient(b, f, &at, p, &slope)
        }
        ScalarFn::Sign | ScalarFn::Step | ScalarFn::Floor => quotient(b, f, &at, p, &zero),
        // 2 cos((a + b)/2) sin((a − b)/2), and −2 sin((a + b)/2) sin((a − b)/2)
        ScalarFn::Sin | ScalarFn::Cos => {
            let half = b.div(gap, &two);
            let middle = b.add(lo, &half);
            let of_middle = b.entrywise(if f == ScalarFn::Sin { E::Cos } else { E::Sin }, &[&middle]);
            let sinc = b.at_zero(&half, &one, |b, x| {
                let sine = b.entrywise(E::Sin, &[x]);
                b.div(&sine, x)
            });
            let product = b.mul(&of_middle, &sinc);
            if f == ScalarFn::Sin { product } else { b.entrywise(E::Neg, &[&product]) }
        }
        // tanh x = 2 sigmoid(2x) − 1
        ScalarFn::Tanh => {
            let (lo, hi, gap) = (b.mul(&two, lo), b.mul(&two, hi), b.mul(&two, gap));
            let slope = sigmoid(b, &Pair { lo, hi, gap });
            b.mul(&Value::ratio(4, 1), &slope)
        }
        ScalarFn::Sigmoid => sigmoid(b, &at),
        // log((1 + e^hi)/(1 + e^lo)) = log1p(sigmoid(lo) (e^gap − 1))
        ScalarFn::Softplus => {
            let (s, growth) = (b.entrywise(E::Sigmoid, &[lo]), expm1_rel(b, gap));
            let rise = b.mul(&s, &growth);
            let step = b.mul(&rise, gap);
            let relative = b.of(ScalarFn::Log1pRel, &step, p);
            let (near, far) = (b.mul(&rise, &relative), quotient(b, f, &at, p, &zero));
            let small = b.entrywise(E::Le, &[gap, &one]);
            b.choose(&small, &near, &far)
        }
        // hi log hi − lo log lo = gap log hi + lo (log hi − log lo)
        ScalarFn::XLogX => {
            let slope = log(b, &at);
            let (first, second) = (b.entrywise(E::Log, &[hi]), b.mul(lo, &slope));
            let general = b.add(&first, &second);
            let from_zero = b.of(ScalarFn::LogOnSupport, hi, p);
            from_zero_or(b, lo, &from_zero, &general)
        }
        ScalarFn::Pow | ScalarFn::PowOnSupport => of_power(b, f, &at, p),
        ScalarFn::PowLog => {
            let (slope, general) = (slope_at_zero(b, p), power_log(b, &at, p));
            let from_zero = quotient(b, f, &at, p, &slope);
            from_zero_or(b, lo, &from_zero, &general)
        }
        // As x log x: with t = α − 1 and P = (x^t − 1)/t the function is x P.
        ScalarFn::Tsallis => {
            let t = b.sub(p, &one);
            let (value, slope) = (b.of(ScalarFn::PowLog, hi, &t), power_log(b, &at, &t));
            let product = b.mul(lo, &slope);
            let general = b.add(&value, &product);
            let slope = b.of(ScalarFn::TsallisSlope, &zero, p);
            let from_zero = quotient(b, f, &at, p, &slope);
            from_zero_or(b, lo, &from_zero, &general)
        }
        // x^t + P, with the slopes of both.
        ScalarFn::TsallisSlope => {
            let t = b.sub(p, &one);
            let (first, second) = (of_power(b, ScalarFn::Pow, &at, &t), power_log(b, &at, &t));
            let general = b.add(&first, &second);
            let from_zero = quotient(b, f, &at, p, &zero);
            from_zero_or(b, lo, &from_zero, &general)
        }
        ScalarFn::Log1pRel => {
            let distance = b.add(&one, lo);
            mean_or_quotient(b, f, &at, p, &distance, |b, x| b.of(ScalarFn::Log1pRelSlope, x, &Value::ratio(0, 1)))
        }
        ScalarFn::PowLogSlope => {
            let less = b.sub(p, &one);
            mean_or_quotient(b, f, &at, p, lo, |b, x| {
                let (power, log) = (b.of(ScalarFn::PowOnSupport, x, &less), b.entrywise(E::Log, &[x]));
                b.mul(&power, &log)
            })
        }
        // No derivative of this is in the closed set, and nothing asks for it where two arguments meet.
        ScalarFn::Log1pRelSlope => quotient(b, f, &at, p, &Value::number(super::program::Number::Nan)),
    }
}

/// The given value where lo is 0, the other elsewhere.
fn from_zero_or(b: &mut Builder, lo: &Value, from_zero: &Value, general: &Value) -> Value {
    let is_zero = b.entrywise(E::Eq, &[lo, &Value::ratio(0, 1)]);
    b.choose(&is_zero, from_zero, general)
}

/// (f(hi) − f(lo))/gap, and a slope where the two are one.
fn quotient(b: &mut Builder, f: ScalarFn, at: &Pair, p: &Value, slope: &Value) -> Value {
    let (above, below) = (b.of(f, &at.hi, p), b.of(f, &at.lo, p));
    let rise = b.sub(&above, &below);
    b.at_zero(&at.gap, slope, |b, gap| b.div(&rise, gap))
}

/// −1/(a b)
fn reciprocal(b: &mut Builder, at: &Pair) -> Value {
    let inverse = b.div(&Value::ratio(-1, 1), &at.hi);
    b.div(&inverse, &at.lo)
}

/// (log hi − log lo)/gap: log1p(gap/lo)/gap where the two are near.
fn log(b: &mut Builder, at: &Pair) -> Value {
    let share = b.div(&at.gap, &at.lo);
    let relative = b.of(ScalarFn::Log1pRel, &share, &Value::ratio(0, 1));
    let near = b.div(&relative, &at.lo);
    let (above, below) = (b.entrywise(E::Log, &[&at.hi]), b.entrywise(E::Log, &[&at.lo]));
    let rise = b.sub(&above, &below);
    let far = b.div(&rise, &at.gap);
    let apart = b.entrywise(E::Lt, &[&at.lo, &at.gap]);
    b.choose(&apart, &far, &near)
}

/// σ(hi) − σ(lo) = σ(hi) σ(−lo) (1 − e^−gap), over the gap.
fn sigmoid(b: &mut Builder, at: &Pair) -> Value {
    let down = b.entrywise(E::Neg, &[&at.lo]);
    let (above, below) = (b.entrywise(E::Sigmoid, &[&at.hi]), b.entrywise(E::Sigmoid, &[&down]));
    let product = b.mul(&above, &below);
    let down = b.entrywise(E::Neg, &[&at.gap]);
    let fall = expm1_rel(b, &down);
    b.mul(&product, &fall)
}

/// x^(t−1) at 0, where a power that is infinite there counts as 0.
fn slope_at_zero(b: &mut Builder, t: &Value) -> Value {
    let less = b.sub(t, &Value::ratio(1, 1));
    b.of(ScalarFn::PowOnSupport, &Value::ratio(0, 1), &less)
}

/// (hi^t − lo^t)/(t gap) for positive numbers: with ℓ = log(lo/hi) it is hi^(t−1) (1 − e^(tℓ))/(t gap/hi).
fn power_log(b: &mut Builder, at: &Pair, t: &Value) -> Value {
    let one = Value::ratio(1, 1);
    let share = b.div(&at.gap, &at.hi);
    let less = b.sub(t, &one);
    let factor = if less.known() == Some(0.0) { one.clone() } else { power(b, &at.hi, &less) };
    let negative = b.entrywise(E::Neg, &[&share]);
    let ratio = b.entrywise(E::Log1p, &[&negative]);
    let exponent = b.mul(t, &ratio);
    let fall = expm1_rel(b, &exponent);
    // −log(1 − s)/s, 1 at 0.
    let relative = b.of(ScalarFn::Log1pRel, &negative, &Value::ratio(0, 1));
    let product = b.mul(&fall, &relative);
    b.mul(&factor, &product)
}

/// The divided difference of x^p; for an integer p also of negative numbers.
fn of_power(b: &mut Builder, f: ScalarFn, at: &Pair, p: &Value) -> Value {
    let (zero, one) = (Value::ratio(0, 1), Value::ratio(1, 1));
    let slope = power_log(b, at, p);
    let positive = b.mul(p, &slope);
    // (−x)^p = ± x^p
    let (lo, hi) = (b.entrywise(E::Neg, &[&at.hi]), b.entrywise(E::Neg, &[&at.lo]));
    let mirrored = power_log(b, &Pair { lo, hi, gap: at.gap.clone() }, p);
    let sign = b.entrywise(E::Pow, &[&Value::ratio(-1, 1), p]);
    let factor = b.mul(&sign, p);
    let product = b.mul(&factor, &mirrored);
    let negative = b.entrywise(E::Neg, &[&product]);
    let less = b.sub(p, &one);
    let at_zero = b.of(ScalarFn::PowOnSupport, &zero, &less);
    let at_zero = b.mul(p, &at_zero);
    let between = quotient(b, f, at, p, &at_zero);
    let (above, below) = (b.entrywise(E::Lt, &[&zero, &at.lo]), b.entrywise(E::Lt, &[&at.hi, &zero]));
    let rest = b.choose(&below, &negative, &between);
    b.choose(&above, &positive, &rest)
}

/// Half the nodes in (−1, 1) and the weights, of sum 1, of Gauss and Legendre's rule with five points, as fractions of
/// 10^16; the rule is symmetric.
const GAUSS: [(i64, i64); 3] = [
    (9_061_798_459_386_640, 1_184_634_425_280_945),
    (5_384_693_101_056_831, 2_393_143_352_496_832),
    (0, 2_844_444_444_444_444),
];

/// The mean of a derivative over the gap where that is at most 1/16 of the distance from the nearest singularity, and the
/// quotient elsewhere (see the evaluator's).
fn mean_or_quotient(
    b: &mut Builder,
    f: ScalarFn,
    at: &Pair,
    p: &Value,
    distance: &Value,
    slope: impl Fn(&mut Builder, &Value) -> Value,
) -> Value {
    const UNIT: i64 = 10_000_000_000_000_000;
    let half = Value::ratio(1, 2);
    let mut sum: Option<Value> = None;
    for (node, weight) in GAUSS {
        for node in if node == 0 { vec![0] } else { vec![-node, node] } {
            let share = Value::ratio(UNIT + node, 2 * UNIT);
            let step = b.mul(&at.gap, &share);
            let x = b.add(&at.lo, &step);
            let value = slope(b, &x);
            let term = b.mul(&value, &Value::ratio(weight, UNIT));
            sum = Some(match sum {
                Some(before) => b.add(&before, &term),
                None => term,
            });
        }
    }
    // The table above is not empty.
    let near = sum.unwrap_or(half);
    let far = quotient(b, f, at, p, &Value::ratio(0, 1));
    let limit = b.div(distance, &Value::ratio(16, 1));
    let small = b.entrywise(E::Le, &[&at.gap, &limit]);
    b.choose(&small, &near, &far)
}
