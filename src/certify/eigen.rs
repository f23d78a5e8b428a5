//! Enclosures of the eigenvalues of Hermitian matrices.
//!
//! A decomposition A ≈ V D V' is computed in approximate arithmetic, and then bounded whatever its quality. Let
//! ε = ‖V'V − I‖_F < 1 and let V = U P be the polar decomposition, U orthogonal and P = (V'V)^(1/2). The eigenvalues of
//! P satisfy |σ − 1| ≤ |σ² − 1|, so ‖U − V‖_F = ‖P − I‖_F ≤ ε. From A U − U D = (A V − V D) + A (U − V) − (U − V) D,
//!
//! ```text
//! η := ‖U'A U − D‖_F ≤ ‖A V − V D‖_F + ε (‖A‖₂ + ‖D‖₂),
//! ```
//!
//! and U'A U has the eigenvalues of A, so that by Weyl's inequality (Horn and Johnson, Matrix Analysis, 4.3.1) each lies
//! within η of the entry of D of its rank. With interval entries the residual contains that of every matrix in A.

use super::complex::Complex;
use super::float::{Float, Round};
use super::interval::Interval;
use super::matrix::Matrix;

/// A decomposition with its bounds, of a real symmetric matrix or the real form of a complex Hermitian one.
#[derive(Debug)]
pub(super) struct Eigen {
    /// The order of the matrix as it was given.
    pub order: usize,
    /// Whether it stands for a complex matrix of half its size (see [`embed`]).
    pub complex: bool,
    /// The eigenvalues of the matrix as it was given, ascending.
    pub values: Vec<Interval>,
    /// D: the points that go with the columns of V, ascending.
    pub centers: Vec<Float>,
    /// V, of points.
    pub vectors: Matrix<Interval>,
    /// η
    pub eta: Float,
    /// ε
    pub epsilon: Float,
}

const NORM_BITS: u64 = 64;

/// [Re A, −Im A; Im A, Re A]: the map from complex matrices to real ones of twice the size respects sums, products and
/// adjoints, so the real form of a Hermitian matrix is symmetric, has each of its eigenvalues twice, and the real form
/// of f(A) is f of the real form.
pub(super) fn embed(a: &Matrix<Complex>) -> Matrix<Interval> {
    let (m, n) = (a.rows, a.cols);
    Matrix::from_fn(2 * m, 2 * n, |i, j| {
        let z = a.at(i % m, j % n);
        match (i < m, j < n) {
            (true, true) | (false, false) => z.re.clone(),
            (false, true) => z.im.clone(),
            (true, false) => z.im.neg(),
        }
    })
}

/// The decomposition of a real symmetric matrix, or of the real form of a complex one; `None` where an entry is unbounded
/// or the computed basis is no basis. With `psd` no eigenvalue is negative; `rank` bounds the rank from above, and is
/// asked for only where an eigenvalue cannot be told from 0.
pub(super) fn decompose(
    a: &Matrix<Interval>,
    complex: bool,
    psd: bool,
    rank: &mut dyn FnMut() -> usize,
    p: u64,
) -> Option<Eigen> {
    if !a.is_finite() {
        return None;
    }
    let n = a.rows;
    let copies = if complex { 2 } else { 1 };
    let working = p + 16 + 2 * u64::from(n.max(2).ilog2());
    let mut vectors = approximate(a, working);
    // Rayleigh quotients of the computed vectors, and an order that ascends.
    let product = a.matmul(&vectors, working);
    let mut centers: Vec<Float> = (0..n)
        .map(|j| {
            let column = (0..n)
                .fold(Interval::zero(), |sum, i| sum.add(&vectors.at(i, j).mul(product.at(i, j), working), working));
            let center = Interval::middle(&column, working);
            if psd { center.max(Float::zero()) } else { center }
        })
        .collect();
    let mut order: Vec<usize> = (0..n).collect();
    order.sort_by(|i, j| centers[*i].cmp(&centers[*j]));
    centers = order.iter().map(|i| centers[*i].clone()).collect();
    vectors = Matrix::from_fn(n, n, |i, j| vectors.at(i, order[j]).clone());
    let product = Matrix::from_fn(n, n, |i, j| product.at(i, order[j]).clone());

    let residual = Matrix::from_fn(n, n, |i, j| {
        let scaled = vectors.at(i, j).mul(&Interval::point(centers[j].clone()), working);
        product.at(i, j).sub(&scaled, working)
    });
    let gram = vectors.transpose().matmul(&vectors, working);
    let defect = Matrix::from_fn(n, n, |i, j| {
        if i == j { gram.at(i, j).sub(&Interval::one(), working) } else { gram.at(i, j).clone() }
    });
    let epsilon = defect.norm();
    if epsilon >= Float::one() {
        return None;
    }
    let up = |a: &Float, b: &Float| a.add(b, NORM_BITS, Round::Up);
    let greatest = centers.iter().map(Float::abs).max().unwrap_or_else(Float::zero);
    let mut eta = up(&residual.norm(), &epsilon.mul(&up(&a.norm(), &greatest), NORM_BITS, Round::Up));

    let mut enclosures: Vec<Interval> = centers.iter().map(|d| Interval::around(d, &eta, working)).collect();
    let touching = enclosures.iter().filter(|value| value.contains_zero()).count();
    let zeros = if touching > 0 { n - (copies * rank()).min(n) } else { 0 };
    if psd {
        // The least eigenvalues are 0 exactly, as many as the rank leaves.
        for (i, value) in enclosures.iter_mut().enumerate() {
            *value = if i < zeros { Interval::zero() } else { value.meet(&Interval::nonnegative()) };
        }
    } else {
        // Where no more eigenvalues can be 0 than must be, all of them are.
        if touching <= zeros {
            for value in enclosures.iter_mut().filter(|value| value.contains_zero()) {
                *value = Interval::zero();
            }
        }
    }
    // An eigenvalue that is known to be 0 gets the center 0, which moves D by as much as the center was off.
    let mut moved = Float::zero();
    for (center, value) in centers.iter_mut().zip(&enclosures) {
        if value.is_zero() && !center.is_zero() {
            let square = center.mul(center, NORM_BITS, Round::Up);
            moved = up(&moved, &square);
            *center = Float::zero();
        }
    }
    eta = up(&eta, &moved.sqrt(NORM_BITS, Round::Up));
    let values = enclosures
        .chunks(copies)
        .map(|pair| {
            // Both copies of an eigenvalue are one number, which lies in the enclosures of both.
            let met = pair[1..].iter().fold(pair[0].clone(), |met, value| met.meet(value));
            Interval { lo: met.lo.round(p + 16, Round::Down), hi: met.hi.round(p + 16, Round::Up) }
        })
        .collect();
    Some(Eigen { order: n / copies, complex, values, centers, vectors, eta, epsilon })
}

/// Approximate eigenvectors of the middle of a symmetric matrix, as columns of points: the rotations of Jacobi in `f64`
/// first, made orthonormal by Newton's iteration V (3 I − V'V)/2, and then in the working precision, where the second
/// order of convergence leaves one sweep for each doubling of the digits.
fn approximate(a: &Matrix<Interval>, p: u64) -> Matrix<Interval> {
    let n = a.rows;
    let middle = a.map(|x| Interval::middle(x, p));
    let scale = middle.data.iter().map(Float::magnitude).max().unwrap_or(0);
    if n == 1 || scale == i64::MIN {
        return Matrix::identity(n);
    }
    let coarse = coarse(&middle, scale);
    let mut v: Matrix<Float> = coarse.map(|x| Float::from_f64(*x).unwrap_or_else(Float::zero));
    let mut digits = 40;
    while digits < p {
        let gram = product(&transposed(&v), &v, p);
        let correction = Matrix::from_fn(n, n, |i, j| {
            let three = if i == j { Float::from_i64(3) } else { Float::zero() };
            three.sub(gram.at(i, j), p, Round::Near).scale(-1)
        });
        v = product(&v, &correction, p);
        digits *= 2;
    }
    let mut b = product(&transposed(&v), &product(&middle, &v, p), p);
    let threshold = scale - p as i64;
    for _ in 0..40 {
        if !sweep(&mut b, &mut v, threshold, p) {
            break;
        }
    }
    v.map(|x| Interval::point(x.clone()))
}

fn transposed(a: &Matrix<Float>) -> Matrix<Float> {
    a.transpose()
}

/// An approximate product.
fn product(a: &Matrix<Float>, b: &Matrix<Float>, p: u64) -> Matrix<Float> {
    Matrix::from_fn(a.rows, b.cols, |i, j| {
        let mut sum = Float::zero();
        for k in 0..a.cols {
            sum = sum.add(&a.at(i, k).exact_mul(b.at(k, j)), p, Round::Near);
        }
        sum
    })
}

/// One sweep of rotations over all pairs; whether any was needed.
fn sweep(b: &mut Matrix<Float>, v: &mut Matrix<Float>, threshold: i64, p: u64) -> bool {
    let n = b.rows;
    let mut turned = false;
    for i in 0..n {
        for j in i + 1..n {
            let off = b.at(i, j).clone();
            if off.magnitude() < threshold {
                continue;
            }
            turned = true;
            // The rotation of Jacobi (Golub and Van Loan, Matrix Computations, §8.5.2).
            let near = Round::Near;
            let theta = b.at(j, j).sub(b.at(i, i), p, near).div(&off.scale(1), p, near);
            let root = theta.mul(&theta, p, near).add(&Float::one(), p, near).sqrt(p, near);
            let t = Float::one().div(&theta.abs().add(&root, p, near), p, near);
            let t = if theta.is_negative() { t.neg() } else { t };
            let c = Float::one().div(&t.mul(&t, p, near).add(&Float::one(), p, near).sqrt(p, near), p, near);
            let s = t.mul(&c, p, near);
            let turn = |x: &Float, y: &Float| {
                (c.exact_mul(x).sub(&s.exact_mul(y), p, near), s.exact_mul(x).add(&c.exact_mul(y), p, near))
            };
            for k in (0..n).filter(|k| *k != i && *k != j) {
                let (x, y) = turn(b.at(k, i), b.at(k, j));
                b.set(i, k, x.clone());
                b.set(k, i, x);
                b.set(j, k, y.clone());
                b.set(k, j, y);
            }
            let shift = t.mul(&off, p, near);
            b.set(i, i, b.at(i, i).sub(&shift, p, near));
            b.set(j, j, b.at(j, j).add(&shift, p, near));
            b.set(i, j, Float::zero());
            b.set(j, i, Float::zero());
            for k in 0..n {
                let (x, y) = turn(v.at(k, i), v.at(k, j));
                v.set(k, i, x);
                v.set(k, j, y);
            }
        }
    }
    turned
}

/// The eigenvectors in `f64`.
fn coarse(a: &Matrix<Float>, scale: i64) -> Matrix<f64> {
    let n = a.rows;
    let mut b = a.map(|x| x.scale(-scale).to_f64(Round::Near));
    let mut v = Matrix::from_fn(n, n, |i, j| f64::from(u8::from(i == j)));
    for _ in 0..30 {
        let mut turned = false;
        for i in 0..n {
            for j in i + 1..n {
                let off = *b.at(i, j);
                if off.abs() < 1e-17 {
                    continue;
                }
                turned = true;
                let theta = (b.at(j, j) - b.at(i, i)) / (2.0 * off);
                let t = theta.signum() / (theta.abs() + theta.hypot(1.0));
                let c = 1.0 / t.hypot(1.0);
                let s = t * c;
                for k in 0..n {
                    let (x, y) = (*b.at(k, i), *b.at(k, j));
                    b.set(k, i, c * x - s * y);
                    b.set(k, j, s * x + c * y);
                }
                for k in 0..n {
                    let (x, y) = (*b.at(i, k), *b.at(j, k));
                    b.set(i, k, c * x - s * y);
                    b.set(j, k, s * x + c * y);
                }
                for k in 0..n {
                    let (x, y) = (*v.at(k, i), *v.at(k, j));
                    v.set(k, i, c * x - s * y);
                    v.set(k, j, s * x + c * y);
                }
            }
        }
        if !turned {
            break;
        }
    }
    v
}
