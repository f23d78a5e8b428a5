//! Determinants and inverses: by Cholesky where the matrix is positive semi-definite, by LU otherwise.

use faer::dyn_stack::StackReq;
use faer::linalg::cholesky::llt;
use faer::linalg::lu::partial_pivoting as lu;
use faer::{MatMut, MatRef, Par};

use super::fault::FaultKind;
use super::kernels::{Compensated, mirror};
use super::real::{ComplexElement, Element, Real};
use super::spectral;
use super::threads;
use super::workspace::Work;

/// Positive definite matrices up to this size are factored by the loops here.
const SMALL: usize = 32;

/// The steps of inverse iteration that estimate the least eigenvalue.
const ESTIMATE_STEPS: usize = 3;

/// How far above the zero rule's threshold the estimate must lie for the Cholesky factor to be used: inverse iteration
/// errs on the high side, by far less than this.
const ESTIMATE_SAFETY: f64 = 1e3;

/// The scratch that the factorisations of an n × n matrix ask of faer.
pub(super) fn scratch<T: Real, E: Element<T>>(n: usize, par: Par) -> StackReq {
    let par = threads::for_decomposition(n, n, par);
    StackReq::any_of(&[
        llt::factor::cholesky_in_place_scratch::<E>(n, par, Default::default()),
        llt::inverse::inverse_scratch::<E>(n, par),
        lu::factor::lu_in_place_scratch::<usize, E>(n, n, par, Default::default()),
        lu::inverse::inverse_scratch::<usize, E>(n, par),
    ])
}

/// A determinant as a sign (of modulus 1, or 0 where the matrix is singular) and the logarithm of its modulus.
#[derive(Clone, Copy, Debug)]
pub(super) struct Determinant<T, E> {
    /// det / |det|, or 0.
    pub sign: E,
    /// log |det|
    pub log: T,
}

/// The determinant of the positive semi-definite matrix `a`.
///
/// By Cholesky where an estimate of the least eigenvalue says that the matrix is well away from singular, and by the
/// eigenvalues with their zero rule otherwise, so that both agree on which matrices are singular.
pub(super) fn determinant_psd<T: Real, E: Element<T>>(
    a: &[E],
    n: usize,
    mut work: Work<'_, T, E>,
    par: Par,
) -> Result<Determinant<T, E>, FaultKind> {
    let one = E::from_real(T::of(1.0));
    if cholesky(a, n, &mut work, par) {
        let factor = &work.matrix[..n * n];
        let mut log = Compensated::new();
        for i in 0..n {
            log.add(factor[i * n + i].re().ln());
        }
        let log = log.value() * T::of(2.0);
        if well_conditioned(a, n, &mut work) {
            return Ok(Determinant { sign: one, log });
        }
    }
    let [_, _, values] = &mut work.vectors;
    let values = &mut std::mem::take(values)[..n];
    let [e, p, _] = work.vectors;
    let inner =
        Work { matrix: work.matrix, vectors: [e, p, &mut []], permutation: work.permutation, stack: work.stack };
    spectral::eigenvalues(a, values, inner, par)?;
    spectral::clamp(values);
    Ok(of_eigenvalues(values))
}

/// The determinant from the eigenvalues of a Hermitian matrix.
pub(super) fn of_eigenvalues<T: Real, E: Element<T>>(values: &[T]) -> Determinant<T, E> {
    let (zero, one) = (T::of(0.0), T::of(1.0));
    let mut sign = one;
    let mut log = Compensated::new();
    for value in values {
        if value.is_nan() {
            return Determinant { sign: E::from_real(*value), log: *value };
        }
        if *value == zero {
            return Determinant { sign: E::from_real(zero), log: T::neg_infinity() };
        }
        if *value < zero {
            sign = -sign;
        }
        log.add(value.abs().ln());
    }
    Determinant { sign: E::from_real(sign), log: log.value() }
}

/// The determinant of any square matrix, by elimination with partial pivoting.
pub(super) fn determinant<T: Real, E: Element<T>>(
    a: &[E],
    n: usize,
    work: Work<'_, T, E>,
    par: Par,
) -> Determinant<T, E> {
    if a.iter().any(|x| !x.finite()) {
        return Determinant { sign: E::from_real(T::nan()), log: T::nan() };
    }
    let par = threads::for_decomposition(n, n, par);
    let matrix = &mut work.matrix[..n * n];
    matrix.copy_from_slice(a);
    let [p, q] = work.permutation;
    let view = MatMut::from_column_major_slice_mut(matrix, n, n);
    let (info, _) = lu::factor::lu_in_place(view, &mut p[..n], &mut q[..n], par, work.stack, Default::default());
    let mut sign = E::from_real(if info.transposition_count % 2 == 0 { T::of(1.0) } else { T::of(-1.0) });
    let mut log = Compensated::new();
    for i in 0..n {
        let pivot = matrix[i * n + i];
        let modulus = pivot.modulus();
        if modulus == T::of(0.0) {
            return Determinant { sign: E::from_real(T::of(0.0)), log: T::neg_infinity() };
        }
        sign *= pivot.scaled(T::of(1.0) / modulus);
        log.add(modulus.ln());
    }
    Determinant { sign, log: log.value() }
}

impl<T: Real, E: Element<T>> Determinant<T, E> {
    /// The determinant itself.
    pub(super) fn value(self) -> E {
        self.sign.scaled(self.log.exp())
    }

    /// Its logarithm as a real number: NaN where the determinant is negative.
    pub(super) fn real_log(self) -> T {
        if self.sign.re() < T::of(0.0) { T::nan() } else { self.log }
    }

    /// Its principal logarithm.
    pub(super) fn complex_log<C: ComplexElement<T>>(self) -> C {
        if self.log == T::neg_infinity() {
            return C::new(self.log, T::of(0.0));
        }
        C::new(self.log, self.sign.im().atan2(self.sign.re()))
    }
}

/// The inverse of `a`, into `out`; by Cholesky where it is known to be positive semi-definite.
pub(super) fn inverse<T: Real, E: Element<T>>(
    a: &[E],
    n: usize,
    psd: bool,
    hermitian: bool,
    out: &mut [E],
    mut work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    if a.iter().any(|x| !x.finite()) {
        out.fill(E::from_real(T::nan()));
        return Ok(());
    }
    let par = threads::for_decomposition(n, n, par);
    if psd {
        if !cholesky(a, n, &mut work, par) || !well_conditioned_by(a, n, &mut work, 1.0) {
            return Err(FaultKind::Singular { at: 0.0 });
        }
        let factor = MatRef::from_column_major_slice(&work.matrix[..n * n], n, n);
        llt::inverse::inverse(MatMut::from_column_major_slice_mut(out, n, n), factor, par, work.stack);
        mirror(out, n);
        return Ok(());
    }
    let matrix = &mut work.matrix[..n * n];
    matrix.copy_from_slice(a);
    let [p, q] = work.permutation;
    let view = MatMut::from_column_major_slice_mut(matrix, n, n);
    let (_, permutation) = lu::factor::lu_in_place(view, &mut p[..n], &mut q[..n], par, work.stack, Default::default());
    if (0..n).any(|i| matrix[i * n + i].modulus() == T::of(0.0)) {
        return Err(FaultKind::Singular { at: 0.0 });
    }
    let factors = MatRef::from_column_major_slice(matrix, n, n);
    let target = MatMut::from_column_major_slice_mut(out, n, n);
    lu::inverse::inverse(target, factors, factors, permutation, par, work.stack);
    if hermitian {
        mirror(out, n);
    }
    Ok(())
}

/// The Cholesky factor of `a` in the lower triangle of the scratch matrix; `false` where a pivot is not positive.
fn cholesky<T: Real, E: Element<T>>(a: &[E], n: usize, work: &mut Work<'_, T, E>, par: Par) -> bool {
    let par = threads::for_decomposition(n, n, par);
    let matrix = &mut work.matrix[..n * n];
    matrix.copy_from_slice(a);
    if n > SMALL {
        let view = MatMut::from_column_major_slice_mut(matrix, n, n);
        let regularization = Default::default();
        return llt::factor::cholesky_in_place(view, regularization, par, work.stack, Default::default()).is_ok()
            && (0..n).all(|i| matrix[i * n + i].re().is_finite());
    }
    for j in 0..n {
        let (left, right) = matrix.split_at_mut(j * n);
        let column = &mut right[j..n];
        for earlier in left.chunks(n) {
            let factor = earlier[j].conjugate();
            for (x, l) in column.iter_mut().zip(&earlier[j..]) {
                *x -= *l * factor;
            }
        }
        let pivot = column[0].re();
        if !(pivot > T::of(0.0) && pivot.is_finite()) {
            return false;
        }
        let root = pivot.sqrt();
        let scale = T::of(1.0) / root;
        column[0] = E::from_real(root);
        for x in &mut column[1..] {
            *x = x.scaled(scale);
        }
    }
    true
}

/// Whether the matrix whose Cholesky factor is in the scratch is well away from singular by the zero rule.
fn well_conditioned<T: Real, E: Element<T>>(a: &[E], n: usize, work: &mut Work<'_, T, E>) -> bool {
    well_conditioned_by(a, n, work, ESTIMATE_SAFETY)
}

/// Whether an estimate of λ_min from above, by inverse iteration with the factor, exceeds `safety` times n ε tr A.
///
/// Inverse iteration is started from alternating signs with growing weights, as in LINPACK's condition estimator; each
/// step costs n² operations.
fn well_conditioned_by<T: Real, E: Element<T>>(a: &[E], n: usize, work: &mut Work<'_, T, E>, safety: f64) -> bool {
    let trace = (0..n).fold(T::of(0.0), |sum, i| sum + a[i * n + i].re());
    let threshold = T::of(safety) * spectral::zero_threshold(n, trace);
    let (factor, rest) = work.matrix.split_at_mut(n * n);
    let x = &mut rest[..n];
    for (i, x) in x.iter_mut().enumerate() {
        let weight = 1.0 + i as f64 / n as f64;
        *x = E::from_real(T::of(if i % 2 == 0 { weight } else { -weight }));
    }
    let mut least = T::infinity();
    for _ in 0..ESTIMATE_STEPS {
        let norm = x.iter().fold(T::of(0.0), |sum, x| sum + x.modulus2()).sqrt();
        let inverse = T::of(1.0) / norm;
        for x in x.iter_mut() {
            *x = x.scaled(inverse);
        }
        // L y = x, and then x'A⁻¹x = ‖y‖² is at most 1/λ_min, since ‖x‖ = 1.
        for j in 0..n {
            let pivot = factor[j * n + j].re();
            x[j] = x[j].scaled(T::of(1.0) / pivot);
            let head = x[j];
            for (x, l) in x[j + 1..].iter_mut().zip(&factor[j * n + j + 1..(j + 1) * n]) {
                *x -= *l * head;
            }
        }
        let squared = x.iter().fold(T::of(0.0), |sum, x| sum + x.modulus2());
        least = least.min(T::of(1.0) / squared);
        if least.is_nan() || least <= threshold {
            return false;
        }
        // L' z = y.
        for j in (0..n).rev() {
            let mut sum = x[j];
            for (x, l) in x[j + 1..].iter().zip(&factor[j * n + j + 1..(j + 1) * n]) {
                sum -= l.conjugate() * *x;
            }
            x[j] = sum.scaled(T::of(1.0) / factor[j * n + j].re());
        }
    }
    true
}
