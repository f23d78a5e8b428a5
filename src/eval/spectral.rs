//! Eigenvalues, singular values, and functions of Hermitian matrices.

use faer::diag::DiagMut;
use faer::dyn_stack::StackReq;
use faer::linalg::evd::{self, ComputeEigenvectors, tridiag};
use faer::linalg::qr::no_pivoting::factor::recommended_block_size;
use faer::linalg::svd::{self, ComputeSvdVectors};
use faer::{MatMut, MatRef, Par, Spec};

use super::fault::FaultKind;
use super::product::{self, Operand, adjoint_of, product};
use super::real::{Element, Real};
use super::scalar;
use super::threads;
use super::tridiagonal;
use super::workspace::Work;
use crate::ir::ScalarFn;

/// Real matrices up to this size are reduced by the loops of [`tridiagonal::reduce`]; measured against faer's.
const SMALL: usize = 64;

/// The scratch that the decompositions of an m × n matrix ask of faer.
pub(super) fn scratch<T: Real, E: Element<T>>(m: usize, n: usize, par: Par) -> StackReq {
    let (side, par) = (m.max(n), threads::for_decomposition(m, n, par));
    StackReq::any_of(&[
        evd::self_adjoint_evd_scratch::<E>(side, ComputeEigenvectors::Yes, par, Default::default()),
        StackReq::all_of(&[tridiag::tridiag_in_place_scratch::<E>(side, par, Default::default())]),
        svd::svd_scratch::<E>(m, n, ComputeSvdVectors::No, ComputeSvdVectors::No, par, Default::default()),
    ])
}

/// The largest deviation from zero of an eigenvalue that counts as zero: n ε λ_max.
///
/// A Hermitian eigensolver returns the exact eigenvalues of A + E with ‖E‖ below a modest multiple of ε ‖A‖ (Golub and
/// Van Loan, §8.3.3), and by Weyl's inequality no eigenvalue moves by more than ‖E‖. Forming a kernel X'X adds an error
/// of the same size. So an eigenvalue below n ε λ_max cannot be told from 0, and a negative one of a positive
/// semi-definite matrix is 0 or less than its own error.
pub(super) fn zero_threshold<T: Real>(n: usize, greatest: T) -> T {
    T::of(n as f64) * T::epsilon() * greatest
}

/// Applies the zero rule to the ascending eigenvalues of a positive semi-definite matrix.
pub(super) fn clamp<T: Real>(values: &mut [T]) {
    let Some(greatest) = values.last().copied() else { return };
    let threshold = zero_threshold(values.len(), greatest);
    for value in values {
        if *value <= threshold {
            *value = T::of(0.0);
        }
    }
}

/// Whether all entries are finite; a decomposition of others is NaN, and might not end.
fn finite<T: Real, E: Element<T>>(x: &[E]) -> bool {
    // Zero times a finite number is zero, and NaN otherwise: one pass without branches.
    let probe = x.iter().fold(T::of(0.0), |sum, x| sum + x.re() * T::of(0.0) + x.im() * T::of(0.0));
    probe == T::of(0.0)
}

/// The eigenvalues, ascending, of the Hermitian matrix `a` (its lower triangle), into `values`.
pub(super) fn eigenvalues<T: Real, E: Element<T>>(
    a: &[E],
    values: &mut [T],
    work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    let n = values.len();
    if !finite(a) {
        values.fill(T::nan());
        return Ok(());
    }
    if n == 1 {
        values[0] = a[0].re();
        return Ok(());
    }
    if n == 2 {
        let (low, high) = tridiagonal::pair(a[0].re(), a[1].modulus(), a[3].re());
        values.copy_from_slice(&[low, high]);
        return Ok(());
    }
    let [e, p, _] = work.vectors;
    let (e, p) = (&mut e[..n], &mut p[..n]);
    let greatest = a.iter().fold(T::of(0.0), |max, x| max.max(x.re().abs()).max(x.im().abs()));
    if greatest == T::of(0.0) {
        values.fill(greatest);
        return Ok(());
    }
    // A power of two near the largest entry: the scaling is exact, and squares neither overflow nor underflow.
    let widest = if T::epsilon() < T::of(1e-10) { 1000 } else { 120 };
    let scale = T::of(2.0).powi(greatest.log2().floor().to_i32().unwrap_or(0).clamp(-widest, widest));
    let moderate = scale <= T::of(1e9) && scale >= T::of(1e-9);
    let (scale, inverse) = if moderate { (T::of(1.0), T::of(1.0)) } else { (scale, T::of(1.0) / scale) };
    let matrix = &mut work.matrix[..n * n];
    if moderate {
        matrix.copy_from_slice(a);
    } else {
        for (out, x) in matrix.iter_mut().zip(a) {
            *out = x.scaled(inverse);
        }
    }
    let small = if n <= SMALL { E::as_real(&mut work.matrix[..n * n]) } else { None };
    if let Some(real) = small {
        tridiagonal::reduce(real, values, e, p);
    } else {
        let (trid, rest) = work.matrix.split_at_mut(n * n);
        let mut trid = MatMut::from_column_major_slice_mut(trid, n, n);
        let block = recommended_block_size::<E>(n, n);
        let householder = MatMut::from_column_major_slice_mut(&mut rest[..block * (n - 1)], block, n - 1);
        tridiag::tridiag_in_place(
            trid.as_mut(),
            householder,
            threads::for_decomposition(n, n, par),
            work.stack,
            Default::default(),
        );
        for i in 0..n {
            values[i] = trid[(i, i)].re();
            e[i] = if i + 1 < n { trid[(i + 1, i)].modulus() } else { T::of(0.0) };
        }
    }
    if !tridiagonal::eigenvalues(values, e) {
        return Err(FaultKind::NoConvergence);
    }
    if !moderate {
        for value in values {
            *value *= scale;
        }
    }
    Ok(())
}

/// The entries that [`eigenvalues`] and [`decompose`] need as scratch for an n × n matrix.
pub(super) fn scratch_entries<T: Real, E: Element<T>>(n: usize) -> usize {
    n * n + recommended_block_size::<E>(n.max(1), n.max(1)) * n
}

/// The entries that [`function`] needs: the scaled vectors, and what their product asks for.
pub(super) fn function_entries<T: Real, E: Element<T>>(n: usize) -> usize {
    n * n + product::scratch_entries::<E>(n, adjoint_of(n, n, E::COMPLEX))
}

/// The eigenvalues, ascending, and the vectors, column by column, of the Hermitian matrix `a` (its lower triangle).
pub(super) fn decompose<T: Real, E: Element<T>>(
    a: &[E],
    values: &mut [T],
    vectors: &mut [E],
    work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    let n = values.len();
    if !finite(a) {
        values.fill(T::nan());
        vectors.fill(E::from_real(T::nan()));
        return Ok(());
    }
    if n == 1 {
        values[0] = a[0].re();
        vectors[0] = E::from_real(T::of(1.0));
        return Ok(());
    }
    let diagonal = &mut work.matrix[..n];
    evd::self_adjoint_evd(
        MatRef::from_column_major_slice(a, n, n),
        DiagMut::from_slice_mut(diagonal),
        Some(MatMut::from_column_major_slice_mut(vectors, n, n)),
        threads::for_decomposition(n, n, par),
        work.stack,
        Default::default(),
    )
    .map_err(|_| FaultKind::NoConvergence)?;
    for (value, x) in values.iter_mut().zip(diagonal) {
        *value = x.re();
    }
    Ok(())
}

/// A function of a matrix: which, its parameter, and whether the matrix is known to be positive semi-definite.
#[derive(Clone, Copy)]
pub(super) struct MatrixFunction<T> {
    pub function: ScalarFn,
    pub parameter: T,
    pub psd: bool,
}

/// f(A) = V f(Λ) V' from a decomposition, exactly Hermitian. The eigenvalues of a positive semi-definite matrix go
/// through the zero rule first.
///
/// An infinite f(λ) would meet zeros in V and make NaN entries far from where it happened, so it is a fault here.
pub(super) fn function<T: Real, E: Element<T>>(
    f: MatrixFunction<T>,
    values: &[T],
    vectors: &[E],
    out: &mut [E],
    work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    let n = values.len();
    let [images, _, _] = work.vectors;
    let images = &mut images[..n];
    images.copy_from_slice(values);
    if f.psd {
        clamp(images);
    }
    for image in images.iter_mut() {
        let at = *image;
        *image = scalar::value(f.function, at, f.parameter);
        if image.is_infinite() && at.is_finite() {
            return Err(FaultKind::Singular { at: at.wide() });
        }
    }
    let (scaled, turned) = work.matrix.split_at_mut(n * n);
    for ((scaled, vector), image) in scaled.chunks_mut(n).zip(vectors.chunks(n)).zip(images.iter()) {
        for (out, x) in scaled.iter_mut().zip(vector) {
            *out = x.scaled(*image);
        }
    }
    let (left, right) = (Operand::plain(0, n, n), adjoint_of(n, n, E::COMPLEX));
    product(scaled, left, vectors, right, out, true, turned, par);
    Ok(())
}

/// The singular values, descending, of an m × n matrix.
pub(super) fn singular_values<T: Real, E: Element<T>>(
    a: &[E],
    m: usize,
    n: usize,
    values: &mut [T],
    work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    if !finite(a) {
        values.fill(T::nan());
        return Ok(());
    }
    let diagonal = &mut work.matrix[..values.len()];
    svd::svd(
        MatRef::from_column_major_slice(a, m, n),
        DiagMut::from_slice_mut(diagonal),
        None,
        None,
        threads::for_decomposition(m, n, par),
        work.stack,
        Spec::default(),
    )
    .map_err(|_| FaultKind::NoConvergence)?;
    for (value, x) in values.iter_mut().zip(diagonal) {
        *value = x.re();
    }
    Ok(())
}

/// The number of singular values, given in any order and with any sign, above max(m, n) ε σ_max.
pub(super) fn rank<T: Real>(values: &[T], m: usize, n: usize) -> T {
    let greatest = values.iter().fold(T::of(0.0), |max, x| if x.is_nan() { *x } else { max.max(x.abs()) });
    if greatest.is_nan() {
        return greatest;
    }
    let threshold = zero_threshold(m.max(n), greatest);
    T::of(values.iter().filter(|x| x.abs() > threshold).count() as f64)
}
