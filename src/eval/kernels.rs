//! The plain loops: arrangement of entries and reductions, over real and complex entries alike.

use faer::Par;
use rayon::prelude::*;

use super::real::{Element, Real};
use super::threads;

/// Runs loops with the widest vector instructions of this machine; what they call must be inlined into them. Each lane
/// does the same operations, without fusing products and sums, so that the results do not depend on the machine.
#[inline(always)]
pub(super) fn vectorized<R>(loops: impl FnOnce() -> R) -> R {
    faer::traits::pulp::Arch::new().dispatch(loops)
}

/// How many entries are summed before the compensated step.
const RUN: usize = 64;

/// Σ x. Runs of 64 entries are added by eight accumulators, and the runs by Kahan and Babuška's compensated sum, so that
/// the error is below 16 ε Σ|x| whatever the length (Higham, *Accuracy and Stability*, 2nd ed., §4.3).
pub(super) fn sum<T: Real, E: Element<T>>(x: &[E]) -> E {
    if x.len() <= RUN {
        return run_sum(x);
    }
    let mut total = Compensated::new();
    for run in x.chunks(RUN) {
        total.add(run_sum(run));
    }
    total.value()
}

/// Σ x of at most a run.
pub(super) fn run_sum<E: Copy + num_traits::Zero + std::ops::AddAssign>(x: &[E]) -> E {
    let mut lanes = [E::zero(); 8];
    let mut eights = x.chunks_exact(8);
    for eight in &mut eights {
        for (lane, entry) in lanes.iter_mut().zip(eight) {
            *lane += *entry;
        }
    }
    let mut rest = E::zero();
    for entry in eights.remainder() {
        rest += *entry;
    }
    ((lanes[0] + lanes[4]) + (lanes[2] + lanes[6])) + ((lanes[1] + lanes[5]) + (lanes[3] + lanes[7])) + rest
}

/// A sum that carries its rounding errors along.
pub(super) struct Compensated<E> {
    sum: E,
    error: E,
}

impl<E: Copy + num_traits::Num> Compensated<E> {
    /// The empty sum.
    pub(super) fn new() -> Self {
        Compensated { sum: E::zero(), error: E::zero() }
    }

    /// Adds one term; by Knuth's branch-free transformation the error of the addition is exact.
    pub(super) fn add(&mut self, x: E) {
        let sum = self.sum + x;
        let virtual_x = sum - self.sum;
        let error = (self.sum - (sum - virtual_x)) + (x - virtual_x);
        // An infinite sum has no error to carry: the differences above are NaN then.
        if (error * E::zero()).is_zero() {
            self.error = self.error + error;
        }
        self.sum = sum;
    }

    /// The sum.
    pub(super) fn value(&self) -> E {
        self.sum + self.error
    }
}

/// The least or the greatest of two numbers; NaN where either is.
pub(super) fn extreme<T: Real>(a: T, b: T, greatest: bool) -> T {
    if a.is_nan() || b.is_nan() {
        T::nan()
    } else if (a < b) == greatest {
        b
    } else {
        a
    }
}

/// The least or the greatest entry.
pub(super) fn extreme_of<T: Real>(x: impl Iterator<Item = T>, greatest: bool) -> T {
    let start = if greatest { T::neg_infinity() } else { T::infinity() };
    x.fold(start, |a, b| extreme(a, b, greatest))
}

/// log Σ exp x = m + log Σ exp(x − m) with m = max x, which cannot overflow; m itself where that is infinite.
pub(super) fn log_sum_exp<T: Real>(x: impl Iterator<Item = T> + Clone) -> T {
    let greatest = extreme_of(x.clone(), true);
    if !greatest.is_finite() {
        return greatest;
    }
    // One term is exp 0 = 1. The others are added first, so that log(1 + rest) keeps a small rest.
    let (mut rest, mut seen) = (Compensated::new(), false);
    for entry in x {
        if entry == greatest && !seen {
            seen = true;
        } else {
            rest.add((entry - greatest).exp());
        }
    }
    greatest + rest.value().ln_1p()
}

/// The side of the tiles in which entries are exchanged across the diagonal. Columns of a matrix whose side is a power of
/// two lie in the same few lines of the cache, so that longer runs across them would drive each other out.
const TILE: usize = 8;

/// A copy with rows and columns exchanged; conjugated on demand. `x` has `rows` rows.
pub(super) fn transpose<T: Real, E: Element<T>>(x: &[E], rows: usize, conjugate: bool, out: &mut [E], par: Par) {
    let cols = x.len() / rows;
    // The rows from one on are columns of the result.
    let turn = |first: usize, count: usize, out: &mut [E]| {
        for first_col in (0..cols).step_by(TILE) {
            for first_row in (0..count).step_by(TILE) {
                for i in first_row..count.min(first_row + TILE) {
                    for j in first_col..cols.min(first_col + TILE) {
                        let entry = x[j * rows + first + i];
                        out[i * cols + j] = if conjugate { entry.conjugate() } else { entry };
                    }
                }
            }
        }
    };
    let parts = threads::for_entries(x.len(), par);
    if parts == 1 {
        return turn(0, rows, out);
    }
    let part = rows.div_ceil(parts).next_multiple_of(TILE);
    let strips = out.par_chunks_mut(part * cols).enumerate();
    strips.for_each(|(number, out)| turn(number * part, out.len() / cols, out));
}

/// The Kronecker product of matrices with these numbers of rows.
pub(super) fn kron<T: Real, E: Element<T>>(a: &[E], a_rows: usize, b: &[E], b_rows: usize, out: &mut [E]) {
    let (a_cols, b_cols) = (a.len() / a_rows, b.len() / b_rows);
    let mut at = 0;
    for ja in 0..a_cols {
        for jb in 0..b_cols {
            for ia in 0..a_rows {
                let factor = a[ja * a_rows + ia];
                for entry in &b[jb * b_rows..(jb + 1) * b_rows] {
                    out[at] = factor * *entry;
                    at += 1;
                }
            }
        }
    }
}

/// Copies a block with `rows` rows into a matrix with `out_rows` rows, with its first entry at (i, j).
pub(super) fn place<E: Copy>(x: &[E], rows: usize, out: &mut [E], out_rows: usize, i: usize, j: usize) {
    for (k, column) in x.chunks(rows).enumerate() {
        let at = (j + k) * out_rows + i;
        out[at..at + rows].copy_from_slice(column);
    }
}

/// The row sums of a matrix, compensated.
pub(super) fn sum_rows<T: Real, E: Element<T>>(x: &[E], rows: usize, out: &mut [E]) {
    for (i, out) in out.iter_mut().enumerate() {
        let mut total = Compensated::new();
        for entry in x[i..].iter().step_by(rows) {
            total.add(*entry);
        }
        *out = total.value();
    }
}

/// Makes a matrix exactly Hermitian from its lower triangle.
pub(super) fn mirror<T: Real, E: Element<T>>(x: &mut [E], n: usize) {
    for first_col in (0..n).step_by(TILE) {
        for first_row in (first_col..n).step_by(TILE) {
            for j in first_col..n.min(first_col + TILE) {
                for i in first_row.max(j + 1)..n.min(first_row + TILE) {
                    x[i * n + j] = x[j * n + i].conjugate();
                }
            }
        }
    }
    for diagonal in x.iter_mut().step_by(n + 1) {
        *diagonal = E::from_real(diagonal.re());
    }
}
