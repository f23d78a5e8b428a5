//! Small numerical tools: least squares and fractions.

/// How exactly an expression must fit a measured value, relative to the largest, where the values are as exact as
/// floating point makes them.
pub const FIT: f64 = 2e-8;

/// The greatest denominator of a rational number that is recognised, and that of one that is only roughly known.
const MAX_DENOMINATOR: i64 = 360;
const ROUGH_DENOMINATOR: i64 = 12;

/// Whether two numbers differ by no more than a tolerance.
pub fn close(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}

/// The fraction of small denominator that a number is to within `fit`, by continued fractions.
pub fn rational(x: f64, fit: f64) -> Option<(i64, i64)> {
    let greatest = if fit > FIT { ROUGH_DENOMINATOR } else { MAX_DENOMINATOR };
    let (mut before, mut now) = ((1_i64, 0_i64), (x.floor() as i64, 1_i64));
    let mut rest = x - x.floor();
    for _ in 0..12 {
        if (x - now.0 as f64 / now.1 as f64).abs() <= fit * x.abs() {
            return (now.0 != 0).then_some(now);
        }
        if rest.abs() < 1e-12 {
            return None;
        }
        let inverse = 1.0 / rest;
        let whole = inverse.floor();
        rest = inverse - whole;
        let next = (whole as i64 * now.0 + before.0, whole as i64 * now.1 + before.1);
        (before, now) = (now, next);
        if now.1 > greatest {
            return None;
        }
    }
    None
}

/// Σ a b
pub fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The vector over its norm.
pub fn normalised(x: &[f64]) -> Vec<f64> {
    let norm = dot(x, x).sqrt();
    x.iter().map(|x| x / norm).collect()
}

/// The x that minimises |Ax − y|, by the normal equations with pivoting; `None` where these are singular.
pub fn least_squares(rows: &[Vec<f64>], y: &[f64]) -> Option<Vec<f64>> {
    let n = rows.first()?.len();
    // Columns are scaled to norm 1, so that the pivots tell what is singular.
    let norms: Vec<f64> = (0..n).map(|j| rows.iter().map(|row| row[j] * row[j]).sum::<f64>().sqrt()).collect();
    if norms.contains(&0.0) {
        return None;
    }
    let mut a: Vec<Vec<f64>> = (0..n)
        .map(|i| {
            let normal = |j: usize| rows.iter().map(|row| row[i] * row[j]).sum::<f64>() / (norms[i] * norms[j]);
            let right = rows.iter().zip(y).map(|(row, y)| row[i] * y).sum::<f64>() / norms[i];
            (0..n).map(normal).chain([right]).collect()
        })
        .collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|i, j| a[*i][k].abs().total_cmp(&a[*j][k].abs()))?;
        a.swap(k, pivot);
        let row = a[k].clone();
        if row[k].abs() < 1e-11 {
            return None;
        }
        for other in a.iter_mut().enumerate().filter(|(i, _)| *i != k).map(|(_, other)| other) {
            let factor = other[k] / row[k];
            other.iter_mut().zip(&row).for_each(|(x, y)| *x -= factor * y);
        }
    }
    Some((0..n).map(|i| a[i][n] / a[i][i] / norms[i]).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_recognised() {
        assert_eq!(rational(0.375, FIT), Some((3, 8)));
        assert_eq!(rational(-1.0 / 3.0, FIT), Some((-1, 3)));
        assert_eq!(rational(0.025, FIT), Some((1, 40)));
        assert_eq!(rational(std::f64::consts::PI, FIT), None);
    }
}
