//! Gaussian elimination in exact numbers: rank, determinant, inverse, definiteness. Each declines where the numbers would
//! grow too long.

use super::matrix::Matrix;
use super::number::{Field, Number};

/// Eliminations whose numbers may grow beyond this many bits are not started.
const LARGEST_ELIMINATION: u64 = 12_000;

/// The bound on the steps of an elimination times the bits of the entries.
const LARGEST_WORK: u64 = 2_000_000;

/// Whether an elimination stays within bounds: its numbers have at most about n times the bits of the entries, and
/// there are n³ steps.
fn eliminable<T: Field>(x: &Matrix<T>) -> bool {
    let bits = x.data.iter().map(Number::bits).max().unwrap_or(0);
    let n = x.rows.min(x.cols) as u64;
    2 * bits * n <= LARGEST_ELIMINATION && n * n * n * bits <= LARGEST_WORK
}

/// Row echelon form in place; the rank and the determinant's factor (the product of the pivots with the sign).
fn eliminate<T: Field>(a: &mut Matrix<T>) -> (usize, T) {
    let (mut rank, mut det) = (0, T::one());
    for j in 0..a.cols {
        let Some(pivot) = (rank..a.rows).find(|i| !a.at(*i, j).is_zero()) else { continue };
        if pivot != rank {
            a.swap_rows(pivot, rank);
            det = -det;
        }
        let diagonal = a.at(rank, j).clone();
        det = det * diagonal.clone();
        for i in rank + 1..a.rows {
            if a.at(i, j).is_zero() {
                continue;
            }
            let factor = a.at(i, j).clone() / diagonal.clone();
            for k in j..a.cols {
                let entry = a.at(i, k).clone() - factor.clone() * a.at(rank, k).clone();
                a.set(i, k, entry);
            }
        }
        rank += 1;
    }
    (rank, det)
}

/// The rank.
pub(super) fn rank<T: Field>(x: &Matrix<T>) -> Option<usize> {
    eliminable(x).then(|| eliminate(&mut x.clone()).0)
}

/// The determinant.
pub(super) fn det<T: Field>(x: &Matrix<T>) -> Option<T> {
    if !eliminable(x) {
        return None;
    }
    let (rank, det) = eliminate(&mut x.clone());
    Some(if rank < x.rows { T::zero() } else { det })
}

/// The inverse; `None` also of a singular matrix.
pub(super) fn inverse<T: Field>(x: &Matrix<T>) -> Option<Matrix<T>> {
    let n = x.rows;
    if !eliminable(x) {
        return None;
    }
    // [A I] in echelon form, and then from the bottom up.
    let mut a = Matrix::from_fn(n, 2 * n, |i, j| {
        if j < n {
            x.at(i, j).clone()
        } else if j - n == i {
            T::one()
        } else {
            T::zero()
        }
    });
    if eliminate(&mut a).0 < n || (0..n).any(|i| a.at(i, i).is_zero()) {
        return None;
    }
    for i in (0..n).rev() {
        let diagonal = a.at(i, i).clone();
        for j in n..2 * n {
            let mut entry = a.at(i, j).clone();
            for k in i + 1..n {
                entry = entry - a.at(i, k).clone() * a.at(k, j).clone();
            }
            a.set(i, j, entry / diagonal.clone());
        }
    }
    Some(Matrix::from_fn(n, n, |i, j| a.at(i, n + j).clone()))
}

/// Whether an exact Hermitian matrix is positive semi-definite, and whether it is positive definite, by elimination with
/// diagonal pivots: each Schur complement of a semi-definite matrix is one, and a zero on its diagonal has a zero row
/// (Horn and Johnson, Matrix Analysis, 7.1.10 and 7.7.7).
pub(super) fn definiteness<T: Field>(x: &Matrix<T>, sign: impl Fn(&T) -> i32) -> Option<(bool, bool)> {
    if !eliminable(x) {
        return None;
    }
    let (n, mut a, mut definite) = (x.rows, x.clone(), true);
    for k in 0..n {
        let pivot = a.at(k, k).clone();
        match sign(&pivot) {
            -1 => return Some((false, false)),
            0 => {
                definite = false;
                if (k + 1..n).any(|j| !a.at(k, j).is_zero()) {
                    return Some((false, false));
                }
                continue;
            }
            _ => {}
        }
        for i in k + 1..n {
            let factor = a.at(i, k).clone() / pivot.clone();
            for j in k + 1..n {
                let entry = a.at(i, j).clone() - factor.clone() * a.at(k, j).clone();
                a.set(i, j, entry);
            }
        }
    }
    Some((true, definite))
}
