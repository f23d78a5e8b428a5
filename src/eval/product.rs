//! Matrix products: operands are used as they lie, transposed or conjugated, and Hermitian products are computed as one
//! triangle and mirrored.

use faer::linalg::matmul::matmul_with_conj;
use faer::linalg::matmul::triangular::{self, BlockStructure};
use faer::{Accum, Conj, MatMut, MatRef, Par};

use super::kernels::{mirror, transpose, vectorized};
use super::real::{Element, Real};
use super::threads;

/// Products with at most this many multiplications are done by the loops here; measured against faer's entry cost.
const SMALL: usize = 20 * 20 * 20;

/// A right operand of more bytes than this is turned first where it is transposed: what the processor's nearer caches hold
/// is read as fast across columns as along them, and of more faer's kernels take up to twice as long; measured.
const TURNED: usize = 1 << 20;

/// The least height of a left operand for which that pays: turning passes over the right one once.
const LEAST_HEIGHT: usize = 64;

/// The entries of scratch that a product asks for whose left operand has this height and whose right one is this.
pub(super) fn scratch_entries<E>(height: usize, right: Operand) -> usize {
    let entries = right.rows * right.cols;
    let pays = right.transposed && height >= LEAST_HEIGHT && entries * size_of::<E>() > TURNED;
    if pays { entries } else { 0 }
}

/// A stored matrix and how it enters a product.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    /// Where it lies.
    pub at: usize,
    /// Its rows as stored.
    pub rows: usize,
    /// Its columns as stored.
    pub cols: usize,
    /// Whether rows and columns are exchanged.
    pub transposed: bool,
    /// Whether the entries are conjugated.
    pub conjugated: bool,
}

impl Operand {
    /// A matrix as it is stored.
    pub(super) fn plain(at: usize, rows: usize, cols: usize) -> Self {
        Operand { at, rows, cols, transposed: false, conjugated: false }
    }

    /// The rows that it has in the product.
    pub(super) fn height(self) -> usize {
        if self.transposed { self.cols } else { self.rows }
    }

    /// The columns that it has in the product.
    pub(super) fn width(self) -> usize {
        if self.transposed { self.rows } else { self.cols }
    }

    fn view<E>(self, arena: &[E]) -> MatRef<'_, E> {
        let stored =
            MatRef::from_column_major_slice(&arena[self.at..self.at + self.rows * self.cols], self.rows, self.cols);
        if self.transposed { stored.transpose() } else { stored }
    }

    fn conj(self) -> Conj {
        if self.conjugated { Conj::Yes } else { Conj::No }
    }
}

/// The second operand of V D V'.
pub(super) fn adjoint_of(rows: usize, cols: usize, complex: bool) -> Operand {
    Operand { transposed: true, conjugated: complex, ..Operand::plain(0, rows, cols) }
}

/// The product of `a` in one arena and `b` in another, column by column into `out`. Where `hermitian` the product is
/// known to be Hermitian in exact arithmetic, and is made so exactly. `turned` is scratch: see [`scratch_entries`].
#[expect(clippy::too_many_arguments, reason = "two operands with their arenas, and where to compute")]
pub(super) fn product<T: Real, E: Element<T>>(
    a_arena: &[E],
    a: Operand,
    b_arena: &[E],
    b: Operand,
    out: &mut [E],
    hermitian: bool,
    turned: &mut [E],
    par: Par,
) {
    let (m, n, k) = (a.height(), b.width(), a.width());
    if m * n * k <= SMALL {
        let (left, right) = (&a_arena[a.at..a.at + m * k], &b_arena[b.at..b.at + k * n]);
        // Real entries are their own conjugates, so that the loops are compiled without the question.
        if E::COMPLEX && (a.conjugated || b.conjugated) {
            let conjugate = |x: E, on: bool| if on { x.conjugate() } else { x };
            vectorized(|| {
                small(left, a, right, b, out, hermitian, |x, y| conjugate(x, a.conjugated) * conjugate(y, b.conjugated))
            });
        } else {
            vectorized(|| small(left, a, right, b, out, hermitian, |x, y| x * y));
        }
    } else {
        let par = threads::for_product(m, n, k, par);
        let left = a.view(a_arena);
        let entries = scratch_entries::<E>(m, b);
        debug_assert!(entries <= turned.len(), "no scratch was reserved to turn an operand in");
        let (right, right_conj) = if entries > 0 && entries <= turned.len() {
            let turned = &mut turned[..entries];
            transpose(&b_arena[b.at..b.at + entries], b.rows, b.conjugated, turned, par);
            (MatRef::from_column_major_slice(turned, k, n), Conj::No)
        } else {
            (b.view(b_arena), b.conj())
        };
        let target = MatMut::from_column_major_slice_mut(out, m, n);
        let one = E::from_real(T::of(1.0));
        if hermitian {
            triangular::matmul_with_conj(
                target,
                BlockStructure::TriangularLower,
                Accum::Replace,
                left,
                BlockStructure::Rectangular,
                a.conj(),
                right,
                BlockStructure::Rectangular,
                right_conj,
                one,
                par,
            );
        } else {
            matmul_with_conj(target, Accum::Replace, left, a.conj(), right, right_conj, one, par);
        }
    }
    if hermitian {
        mirror(out, n);
    }
}

/// The loops for small sizes; of a Hermitian product only the lower triangle.
#[inline(always)]
fn small<E: Copy + num_traits::Zero + std::ops::AddAssign>(
    a: &[E],
    a_shape: Operand,
    b: &[E],
    b_shape: Operand,
    out: &mut [E],
    hermitian: bool,
    times: impl Fn(E, E) -> E,
) {
    let (m, n, k) = (a_shape.height(), b_shape.width(), a_shape.width());
    let (b_row, b_col) = if b_shape.transposed { (b_shape.rows, 1) } else { (1, b_shape.rows) };
    for j in 0..n {
        let first = if hermitian { j } else { 0 };
        let column = &mut out[j * m + first..(j + 1) * m];
        if a_shape.transposed && !b_shape.transposed {
            // Both run down their columns: dot products.
            let right = &b[j * k..(j + 1) * k];
            for (i, out) in column.iter_mut().enumerate() {
                let left = &a[(first + i) * k..(first + i + 1) * k];
                let mut lanes = [E::zero(); 4];
                let (mut fours, mut others) = (left.chunks_exact(4), right.chunks_exact(4));
                for (x, y) in (&mut fours).zip(&mut others) {
                    for (lane, (x, y)) in lanes.iter_mut().zip(x.iter().zip(y)) {
                        *lane += times(*x, *y);
                    }
                }
                let mut sum = E::zero();
                for (x, y) in fours.remainder().iter().zip(others.remainder()) {
                    sum += times(*x, *y);
                }
                *out = (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]) + sum;
            }
        } else if a_shape.transposed {
            for (i, out) in column.iter_mut().enumerate() {
                let left = &a[(first + i) * k..(first + i + 1) * k];
                let mut sum = E::zero();
                for (l, x) in left.iter().enumerate() {
                    sum += times(*x, b[l * b_row + j * b_col]);
                }
                *out = sum;
            }
        } else {
            // The columns of the left operand, added up.
            column.fill(E::zero());
            for l in 0..k {
                let factor = b[l * b_row + j * b_col];
                for (out, x) in column.iter_mut().zip(&a[l * m + first..(l + 1) * m]) {
                    *out += times(*x, factor);
                }
            }
        }
    }
}
