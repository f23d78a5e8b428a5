//! Laws of growth, fitted by least squares to values over decades.

use super::finding::{Growth, Law};

/// Random values that differ by no more than this are about the same.
const STEADY: f64 = 0.1;
/// Deviations below this are rounding: relative, of values that differ by powers of a thousand.
const ROUNDING: f64 = 1e-9;
/// The largest deviation of log |f| with which a power law is still called one: a factor of 1.16.
const SPREAD: f64 = 0.15;
/// The largest deviation from a logarithm, relative to the range of the values.
const BEND: f64 = 0.03;

/// The law of values at increasing positive numbers. `noisy` values are random, so that a law holds only roughly.
pub(super) fn growth(points: &[(f64, f64)], noisy: bool, why: &str) -> Growth {
    let range = (points.first().map_or(0.0, |p| p.0), points.last().map_or(0.0, |p| p.0));
    let ends = match points {
        [a, b, .., c, d] => (exponent(a, b), exponent(c, d)),
        _ => (None, None),
    };
    let law = if points.len() < 4 { Law::Undefined(why.to_owned()) } else { law(points, noisy) };
    Growth { law, range, ends }
}

/// The exponent between two points.
fn exponent(a: &(f64, f64), b: &(f64, f64)) -> Option<f64> {
    let ratio = b.1 / a.1;
    (ratio > 0.0 && ratio.is_finite()).then(|| ratio.ln() / (b.0 / a.0).ln())
}

fn law(points: &[(f64, f64)], noisy: bool) -> Law {
    let largest = points.iter().map(|p| p.1.abs()).fold(0.0, f64::max);
    let (low, high) = points.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), p| (l.min(p.1), h.max(p.1)));
    if high - low <= ROUNDING * largest.max(f64::MIN_POSITIVE) {
        return Law::Constant;
    }
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), *y)).collect();
    let (slope, bend) = line(&logs);
    let bend = bend / (high - low);
    let same_sign = low > 0.0 || high < 0.0;
    let power = same_sign.then(|| {
        let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (x.ln(), y.abs().ln())).collect();
        line(&logs)
    });
    match power {
        Some((exponent, residual)) if residual <= ROUNDING => {
            return Law::Power { exponent: tidy(exponent, 1e-7), residual, exact: true };
        }
        _ => {}
    }
    if bend <= ROUNDING {
        return Law::Logarithm { slope, residual: bend, exact: true };
    }
    let residual = power.map(|(_, residual)| residual);
    if !noisy {
        return Law::None(residual);
    }
    if high - low <= STEADY * largest {
        return Law::Steady((high - low) / largest);
    }
    match power {
        // Of two laws that both fit, the one that fits better in the values' own scale.
        Some((exponent, residual)) if residual <= SPREAD && exponent.abs() >= 0.3 => {
            Law::Power { exponent, residual, exact: false }
        }
        _ if bend <= BEND => Law::Logarithm { slope, residual: bend, exact: false },
        Some((exponent, residual)) if residual <= SPREAD => Law::Power { exponent, residual, exact: false },
        _ => Law::None(residual),
    }
}

/// Least squares: the slope, and the largest deviation.
fn line(points: &[(f64, f64)]) -> (f64, f64) {
    let n = points.len() as f64;
    let (mx, my) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let sxx: f64 = points.iter().map(|p| (p.0 - mx).powi(2)).sum();
    let sxy: f64 = points.iter().map(|p| (p.0 - mx) * (p.1 - my)).sum();
    let slope = sxy / sxx;
    let deviation = points.iter().map(|p| (p.1 - my - slope * (p.0 - mx)).abs()).fold(0.0, f64::max);
    (slope, deviation)
}

/// A whole number or a half where the exponent is one to rounding.
fn tidy(exponent: f64, tolerance: f64) -> f64 {
    let near = (2.0 * exponent).round() / 2.0;
    if (exponent - near).abs() <= tolerance { near } else { exponent }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(f: impl Fn(f64) -> f64) -> Law {
        let points: Vec<(f64, f64)> = (-3..=3).map(|k| 10f64.powi(k)).map(|x| (x, f(x))).collect();
        growth(&points, false, "").law
    }

    #[test]
    fn laws_are_recognised_and_what_is_none_is_not() {
        assert!(matches!(of(|x| -2.0 * x * x), Law::Power { exponent: 2.0, exact: true, .. }));
        assert!(matches!(of(|x| x.powf(-0.5)), Law::Power { exponent: -0.5, exact: true, .. }));
        assert!(
            matches!(of(|x| 1.0 + 3.0 * x.ln()), Law::Logarithm { slope, exact: true, .. } if (slope - 3.0).abs() < 1e-12)
        );
        assert!(matches!(of(|_| 4.0), Law::Constant));
        assert!(matches!(of(|x| 1.0 + x * x), Law::None(Some(_))));
        assert!(matches!(of(|x| x * x - 1.0), Law::None(None)));
        // Nearly constant values that carry a small power are not constant.
        assert!(matches!(of(|x| 1.0 + 1e-6 * x), Law::None(_)));
    }

    #[test]
    fn a_rough_power_is_a_power_only_among_random_values() {
        let points: Vec<(f64, f64)> = [16.0, 32.0, 64.0, 128.0, 256.0].map(|b: f64| (b, b * (b - 1.0))).to_vec();
        let growth = growth(&points, true, "");
        assert!(matches!(growth.law, Law::Power { exponent, exact: false, .. } if (exponent - 2.0).abs() < 0.05));
        assert!(growth.ends.1.unwrap() < growth.ends.0.unwrap());
    }
}
