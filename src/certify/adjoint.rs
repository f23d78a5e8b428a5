//! The operations that gradients are made of.

use super::complex::Entry;
use super::eigen::Eigen;
use super::float::Float;
use super::interval::Interval;
use super::matrix::Matrix;
use super::spectral;
use crate::ir::Side;

/// The part of the given size that begins below `top` rows and right of `left` columns.
pub(super) fn slice<E: Clone>(x: &Matrix<E>, top: usize, left: usize, rows: usize, cols: usize) -> Matrix<E> {
    Matrix::from_fn(rows, cols, |i, j| x.at(top + i, left + j).clone())
}

/// The factor on one side in the adjoint of the Kronecker product, the other factor given: Σ_kl conj(b_kl) m_(ik)(jl), or
/// Σ_ij conj(a_ij) m_(ik)(jl).
pub(super) fn partial_inner<E: Entry>(
    side: Side,
    m: &Matrix<E>,
    other: &Matrix<E>,
    rows: usize,
    cols: usize,
    p: u64,
) -> Matrix<E> {
    Matrix::from_fn(rows, cols, |i, j| {
        let mut sum = E::zero();
        for l in 0..other.cols {
            for k in 0..other.rows {
                let (row, col) = match side {
                    Side::Left => (i * other.rows + k, j * other.cols + l),
                    Side::Right => (k * rows + i, l * cols + j),
                };
                sum = sum.add(&other.at(k, l).conj().mul(m.at(row, col), p), p);
            }
        }
        sum
    })
}

/// The adjugate: entry (i, j) is (−1)^(i + j) times the minor without row j and column i.
pub(super) fn adjugate<E: Entry>(x: &Matrix<E>, p: u64) -> Matrix<E> {
    let n = x.rows;
    Matrix::from_fn(n, n, |i, j| {
        let without = |at: usize, line: usize| at + usize::from(at >= line);
        let minor = Matrix::from_fn(n - 1, n - 1, |k, l| x.at(without(k, j), without(l, i)).clone()).det(p);
        if (i + j) % 2 == 0 { minor } else { minor.neg() }
    })
}

/// Σ w_i v_i v_i' as f(A) for the f that is w_i on the enclosure of λ_i and linear in between: its Lipschitz constant is
/// that of its chords. Eigenvalues whose enclosures meet must have the same weight, otherwise nothing is known.
pub(super) fn eigen_sum(weights: &[Interval], eigen: &Eigen, p: u64) -> super::matrix::Value {
    let copies = if eigen.complex { 2 } else { 1 };
    let spectra = spectral::spectra(eigen);
    let weight = |i: usize| &weights[i / copies];
    let mut lipschitz = Some(Float::zero());
    for i in 1..spectra.len() {
        let (below, above) = (&spectra[i - 1], &spectra[i]);
        let (v, w) = (weight(i - 1), weight(i));
        let same = i / copies == (i - 1) / copies || (v.is_point() && v == w);
        if same {
            continue;
        }
        let gap = Interval::point(above.lo.clone()).sub(&Interval::point(below.hi.clone()), 64);
        lipschitz = lipschitz
            .filter(|_| gap.is_positive())
            .map(|least| least.max(w.sub(v, 64).div(&gap, 64).greatest_modulus()));
    }
    let images: Vec<Interval> = (0..spectra.len()).map(|i| weight(i).clone()).collect();
    spectral::assemble(eigen, &images, lipschitz.map(|lipschitz| (lipschitz, Float::zero())), p)
}
