//! Eigenvalues, without vectors, of real symmetric tridiagonal matrices, and the reduction of small matrices to them.
//!
//! The iteration is the root-free QL algorithm of Pal, Walker and Kahan (Parlett, *The Symmetric Eigenvalue Problem*,
//! §8.15), which needs neither square roots nor vectors and is several times faster than the QR algorithm with
//! rotations. Both parts are backward stable: each eigenvalue is off by a modest multiple of ε ‖A‖.

use super::kernels::vectorized;
use super::real::Real;

/// Iterations allowed per eigenvalue; three are usual.
const MAX_ITERATIONS: usize = 60;

/// Reduces a full real symmetric matrix to tridiagonal form by Householder's reflections (Golub and Van Loan, *Matrix
/// Computations*, 4th ed., §8.3.1). `a` is overwritten; `d` gets the diagonal and `e` the off-diagonal, whose last entry
/// is not used; `p` is scratch of the same length. The entries must be finite and of moderate size.
pub(super) fn reduce<T: Real>(a: &mut [T], d: &mut [T], e: &mut [T], p: &mut [T]) {
    vectorized(|| reduction(a, d, e, p));
}

#[inline(always)]
fn reduction<T: Real>(a: &mut [T], d: &mut [T], e: &mut [T], p: &mut [T]) {
    let n = d.len();
    let (zero, half) = (T::of(0.0), T::of(0.5));
    for k in 0..n.saturating_sub(2) {
        d[k] = a[k * n + k];
        // The column below the diagonal becomes the reflection's vector v, with H = I − τ v v'.
        let (head, tail) = a.split_at_mut((k + 1) * n);
        let v = &mut head[k * n + k + 1..];
        // The column is scaled first: squares of tiny entries would underflow, and the reflection with them.
        let largest = v.iter().fold(zero, |largest, x| largest.max(x.abs()));
        if largest < T::min_positive_value() {
            e[k] = zero;
            continue;
        }
        let grow = T::of(1.0) / largest;
        for x in v.iter_mut() {
            *x *= grow;
        }
        let rest = v[1..].iter().fold(zero, |sum, x| sum + *x * *x);
        if rest == zero {
            e[k] = v[0] * largest;
            continue;
        }
        let alpha = v[0];
        let norm = (alpha * alpha + rest).sqrt();
        let beta = if alpha > zero { -norm } else { norm };
        e[k] = beta * largest;
        let scale = T::of(1.0) / (alpha - beta);
        for x in v[1..].iter_mut() {
            *x *= scale;
        }
        v[0] = T::of(1.0);
        let tau = (beta - alpha) / beta;
        // p = τ A v, w = p − (τ/2)(p'v) v, A ← A − v w' − w v'.
        let size = n - k - 1;
        let p = &mut p[..size];
        p.fill(zero);
        for (j, factor) in v.iter().enumerate() {
            let column = &tail[j * n + k + 1..(j + 1) * n];
            for (p, x) in p.iter_mut().zip(column) {
                *p += *x * *factor;
            }
        }
        let mut along = zero;
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p *= tau;
            along += *p * *v;
        }
        let shift = half * tau * along;
        for (p, v) in p.iter_mut().zip(v.iter()) {
            *p -= shift * *v;
        }
        for j in 0..size {
            let (vj, pj) = (v[j], p[j]);
            let column = &mut tail[j * n + k + 1..(j + 1) * n];
            for ((x, v), p) in column.iter_mut().zip(v.iter()).zip(p.iter()) {
                *x -= *v * pj + *p * vj;
            }
        }
    }
    if n >= 2 {
        d[n - 2] = a[(n - 2) * n + n - 2];
        e[n - 2] = a[(n - 2) * n + n - 1];
    }
    d[n - 1] = a[n * n - 1];
}

/// The eigenvalues, ascending, of the tridiagonal matrix with diagonal `d` and off-diagonal `e` (the last entry of `e` is
/// not used), in place of `d`. The entries must be finite and of moderate size. `false` where the iteration does not
/// converge.
pub(super) fn eigenvalues<T: Real>(d: &mut [T], e: &mut [T]) -> bool {
    let n = d.len();
    let zero = T::of(0.0);
    let norm = d.iter().chain(&e[..n - 1]).fold(zero, |norm, x| norm.max(x.abs()));
    if norm == zero {
        return true;
    }
    // Dropping an off-diagonal entry moves no eigenvalue by more than that entry (Weyl), here less than ε/8 ‖A‖.
    let negligible = {
        let tolerance = norm * T::epsilon() * T::of(0.125);
        tolerance * tolerance
    };
    let epsilon2 = T::epsilon() * T::epsilon();
    for x in e[..n - 1].iter_mut() {
        *x *= *x;
    }
    e[n - 1] = zero;
    let mut start = 0;
    while start < n {
        // The next block without negligible off-diagonal entries.
        let split = |d: &[T], e: &[T], i: usize| e[i] <= negligible + epsilon2 * (d[i] * d[i + 1]).abs();
        let mut end = start;
        while end + 1 < n && !split(d, e, end) {
            end += 1;
        }
        e[end] = zero;
        if end > start && d[end].abs() < d[start].abs() {
            // The iteration converges best from the end with the smaller entries.
            d[start..=end].reverse();
            e[start..end].reverse();
        }
        if !block(d, e, start, end, &split) {
            return false;
        }
        start = end + 1;
    }
    d.sort_unstable_by(|a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    true
}

/// Iterates on the block from `start` to `end` until it is diagonal; `e` holds squares.
fn block<T: Real>(
    d: &mut [T],
    e: &mut [T],
    start: usize,
    end: usize,
    split: &impl Fn(&[T], &[T], usize) -> bool,
) -> bool {
    let (zero, one, two) = (T::of(0.0), T::of(1.0), T::of(2.0));
    let mut l = start;
    let mut left = MAX_ITERATIONS * (end - start + 1);
    while l < end {
        let mut m = l;
        while m < end && !split(d, e, m) {
            m += 1;
        }
        if m < end {
            e[m] = zero;
        }
        if m == l {
            l += 1;
            continue;
        }
        if m == l + 1 {
            let (low, high) = pair(d[l], e[l].sqrt(), d[l + 1]);
            (d[l], d[l + 1], e[l]) = (low, high, zero);
            l += 2;
            continue;
        }
        if left == 0 {
            return false;
        }
        left -= 1;
        // Wilkinson's shift: the eigenvalue of the leading 2 × 2 block that is nearer to its first entry.
        let root = e[l].sqrt();
        let slope = (d[l + 1] - d[l]) / (two * root);
        let length = (slope * slope + one).sqrt();
        let sigma = d[l] - root / (if slope >= zero { slope + length } else { slope - length });
        let (mut c, mut s) = (one, zero);
        let mut gamma = d[m] - sigma;
        let mut p = gamma * gamma;
        for i in (l..m).rev() {
            let square = e[i];
            let r = p + square;
            if i + 1 != m {
                e[i + 1] = s * r;
            }
            let before = c;
            // The three quotients do not wait for each other: γ²/c is computed as γ² times the last of them.
            c = p / r;
            s = square / r;
            let inverse = r / p;
            let old = gamma;
            let alpha = d[i];
            gamma = c * (alpha - sigma) - s * old;
            d[i + 1] = old + (alpha - gamma);
            p = if c == zero { before * square } else { gamma * gamma * inverse };
        }
        e[l] = s * p;
        d[l] = sigma + gamma;
    }
    true
}

/// The eigenvalues of [a, b; b, d], the lower one first: the middle of the diagonal ± the length of half its difference
/// and b. The one of larger modulus has no cancellation, and the other is off by ε times that.
pub(super) fn pair<T: Real>(a: T, b: T, d: T) -> (T, T) {
    let half = T::of(0.5);
    let middle = (a + d) * half;
    let radius = ((a - d) * half).hypot(b);
    (middle - radius, middle + radius)
}
