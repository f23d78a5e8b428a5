//! Divided differences of the scalar functions, by formulas that do not cancel: the entries of Loewner matrices.

use super::real::Real;
use super::scalar::value;
use crate::ir::ScalarFn;

/// (f(a) − f(b))/(a − b), and f'(a) where a = b. Symmetric in a and b, and accurate to a few units in the last place
/// however near they are, by an identity for each function (those of the addition theorems).
///
/// At 0 it takes the value that the table of scalar functions gives for the derivative there: 0 where the function is
/// finite and its slope is not. NaN for a function without a derivative in the table.
pub fn difference<T: Real>(function: ScalarFn, a: T, b: T, p: T) -> T {
    let (zero, one, two) = (T::of(0.0), T::of(1.0), T::of(2.0));
    let (lo, hi) = if a < b { (a, b) } else { (b, a) };
    if !(lo.is_finite() && hi.is_finite()) {
        return T::nan();
    }
    let gap = hi - lo;
    let f = |x: T| value(function, x, p);
    // Exact but for the rounding of f, which is enough where f is piecewise linear or the two are far apart.
    let quotient = |slope: T| if gap == zero { slope } else { (f(hi) - f(lo)) / gap };
    match function {
        ScalarFn::Neg => -one,
        // e^hi (1 − e^−gap)/gap
        ScalarFn::Exp | ScalarFn::Expm1 => hi.exp() * expm1_rel(-gap),
        ScalarFn::Log => log(lo, hi, gap),
        ScalarFn::LogOnSupport if lo == zero => {
            let inverse = value(ScalarFn::RecipOnSupport, hi, zero);
            f(hi) * inverse
        }
        ScalarFn::LogOnSupport => log(lo, hi, gap),
        ScalarFn::Log1p => log(one + lo, one + hi, gap),
        // 1/(√a + √b)
        ScalarFn::Sqrt => value(ScalarFn::RecipOnSupport, hi.sqrt() + lo.sqrt(), zero),
        ScalarFn::Recip => -(one / hi) / lo,
        ScalarFn::RecipOnSupport if lo == zero || hi == zero => quotient(zero),
        ScalarFn::RecipOnSupport => -(one / hi) / lo,
        ScalarFn::Abs => quotient(value(ScalarFn::Sign, lo, zero)),
        ScalarFn::Relu => quotient(value(ScalarFn::Step, lo, zero)),
        ScalarFn::Sign | ScalarFn::Step | ScalarFn::Floor => quotient(zero),
        // 2 cos((a + b)/2) sin((a − b)/2), and −2 sin((a + b)/2) sin((a − b)/2)
        ScalarFn::Sin => (lo + gap / two).cos() * sinc(gap / two),
        ScalarFn::Cos => -(lo + gap / two).sin() * sinc(gap / two),
        // tanh x = 2 sigmoid(2x) − 1
        ScalarFn::Tanh => T::of(4.0) * sigmoid(two * lo, two * hi, two * gap),
        ScalarFn::Sigmoid => sigmoid(lo, hi, gap),
        // log((1 + e^hi)/(1 + e^lo)) = log1p(sigmoid(lo) (e^gap − 1))
        ScalarFn::Softplus if gap <= one => {
            let s = value(ScalarFn::Sigmoid, lo, zero);
            let rise = s * expm1_rel(gap);
            rise * value(ScalarFn::Log1pRel, rise * gap, zero)
        }
        ScalarFn::Softplus => quotient(zero),
        // hi log hi − lo log lo = gap log hi + lo (log hi − log lo)
        ScalarFn::XLogX if lo == zero => value(ScalarFn::LogOnSupport, hi, zero),
        ScalarFn::XLogX => hi.ln() + lo * log(lo, hi, gap),
        ScalarFn::Pow | ScalarFn::PowOnSupport => power(function, lo, hi, gap, p),
        ScalarFn::PowLog if lo == zero => quotient(value(ScalarFn::PowOnSupport, zero, p - one)),
        ScalarFn::PowLog => power_log(hi, gap, p),
        // As x log x: with t = α − 1 and P = (x^t − 1)/t the function is x P.
        ScalarFn::Tsallis if lo == zero => quotient(value(ScalarFn::TsallisSlope, zero, p)),
        ScalarFn::Tsallis => value(ScalarFn::PowLog, hi, p - one) + lo * power_log(hi, gap, p - one),
        // x^t + P, with the slopes of both.
        ScalarFn::TsallisSlope if lo == zero => quotient(zero),
        ScalarFn::TsallisSlope => power(ScalarFn::Pow, lo, hi, gap, p - one) + power_log(hi, gap, p - one),
        ScalarFn::Log1pRel if gap <= (one + lo) / T::of(16.0) => {
            mean(lo, gap, |x| value(ScalarFn::Log1pRelSlope, x, zero))
        }
        ScalarFn::Log1pRel => quotient(zero),
        ScalarFn::PowLogSlope if lo == zero => quotient(zero),
        ScalarFn::PowLogSlope if gap <= lo / T::of(16.0) => {
            mean(lo, gap, |x| value(ScalarFn::PowOnSupport, x, p - one) * x.ln())
        }
        ScalarFn::PowLogSlope => quotient(zero),
        ScalarFn::Log1pRelSlope => quotient(T::nan()),
    }
}

/// (e^x − 1)/x, 1 at 0.
fn expm1_rel<T: Real>(x: T) -> T {
    if x == T::of(0.0) { T::of(1.0) } else { x.exp_m1() / x }
}

/// sin(x)/x, 1 at 0.
fn sinc<T: Real>(x: T) -> T {
    if x == T::of(0.0) { T::of(1.0) } else { x.sin() / x }
}

/// (log hi − log lo)/gap; the quotient gap/lo could overflow where the two are far apart, and nothing cancels there.
fn log<T: Real>(lo: T, hi: T, gap: T) -> T {
    if gap == T::of(0.0) {
        T::of(1.0) / lo
    } else if gap > lo {
        (hi.ln() - lo.ln()) / gap
    } else {
        value(ScalarFn::Log1pRel, gap / lo, lo) / lo
    }
}

/// σ(hi) − σ(lo) = σ(hi) σ(−lo) (1 − e^−gap), over the gap.
fn sigmoid<T: Real>(lo: T, hi: T, gap: T) -> T {
    let sigma = |x: T| value(ScalarFn::Sigmoid, x, x);
    sigma(hi) * sigma(-lo) * expm1_rel(-gap)
}

/// (hi^t − lo^t)/(t gap) for positive numbers: with ℓ = log(lo/hi) it is hi^(t−1) (1 − e^(tℓ))/(t gap/hi).
fn power_log<T: Real>(hi: T, gap: T, t: T) -> T {
    let share = gap / hi;
    let factor = hi.powf(t - T::of(1.0));
    if share == T::of(0.0) {
        return factor;
    }
    let ratio = (-share).ln_1p();
    if !ratio.is_finite() {
        return value(ScalarFn::PowLog, hi, t) / gap - value(ScalarFn::PowLog, hi - gap, t) / gap;
    }
    factor * expm1_rel(t * ratio) * (-ratio / share)
}

/// The divided difference of x^p; for an integer p also of negative numbers.
fn power<T: Real>(function: ScalarFn, lo: T, hi: T, gap: T, p: T) -> T {
    let zero = T::of(0.0);
    if lo > zero {
        return p * power_log(hi, gap, p);
    }
    if hi < zero {
        // (−x)^p = ± x^p
        let sign = value(ScalarFn::Pow, -T::of(1.0), p);
        return -sign * p * power_log(-lo, gap, p);
    }
    if gap == zero {
        return p * value(ScalarFn::PowOnSupport, zero, p - T::of(1.0));
    }
    (value(function, hi, p) - value(function, lo, p)) / gap
}

/// The nodes in (−1, 1) and the weights, of sum 1, of Gauss and Legendre's rule with five points.
const GAUSS: [(f64, f64); 5] = [
    (-0.906_179_845_938_664, 0.118_463_442_528_094_55),
    (-0.538_469_310_105_683_1, 0.239_314_335_249_683_24),
    (0.0, 0.284_444_444_444_444_44),
    (0.538_469_310_105_683_1, 0.239_314_335_249_683_24),
    (0.906_179_845_938_664, 0.118_463_442_528_094_55),
];

/// The mean of a derivative over an interval, which is the divided difference. The rule converges like ρ^−10, with ρ the
/// sum of the half axes of the largest ellipse around the interval in which the function is analytic: for an interval
/// whose length is at most 1/16 of the distance from the nearest singularity ρ > 64, and the error is below 2^−60.
fn mean<T: Real>(lo: T, gap: T, slope: impl Fn(T) -> T) -> T {
    let half = T::of(0.5);
    GAUSS
        .iter()
        .fold(T::of(0.0), |sum, (node, weight)| sum + T::of(*weight) * slope(lo + gap * (half + half * T::of(*node))))
}
