//! What gradients need beside the operations themselves: sums over eigenvectors and singular vectors, derivatives of
//! matrix functions, the adjugate, and the adjoint of the Kronecker product.

use faer::diag::DiagMut;
use faer::dyn_stack::StackReq;
use faer::linalg::svd::{self, ComputeSvdVectors};
use faer::{MatMut, MatRef, Par, Spec};

use super::divided;
use super::factor;
use super::fault::FaultKind;
use super::kernels::mirror;
use super::product::{Operand, adjoint_of, product};
use super::real::{Element, Real};
use super::spectral::zero_threshold;
use super::threads;
use super::workspace::Work;
use crate::ir::{ScalarFn, Side};

/// The scratch that faer asks for.
pub(super) fn scratch<T: Real, E: Element<T>>(m: usize, n: usize, par: Par) -> StackReq {
    let shared = threads::for_decomposition(m, n, par);
    svd::svd_scratch::<E>(m, n, ComputeSvdVectors::Thin, ComputeSvdVectors::Thin, shared, Default::default())
        .or(factor::scratch::<T, E>(m.max(n), par))
}

/// The entries of scratch: four matrices and a vector.
pub(super) fn scratch_entries(m: usize, n: usize) -> usize {
    let side = m.max(n);
    4 * side * side + side
}

fn scale_columns<T: Real, E: Element<T>>(x: &[E], rows: usize, weights: &[T], out: &mut [E]) {
    for ((out, x), weight) in out.chunks_mut(rows).zip(x.chunks(rows)).zip(weights) {
        for (out, x) in out.iter_mut().zip(x) {
            *out = x.scaled(*weight);
        }
    }
}

/// V diag(w) V', exactly Hermitian.
pub(super) fn eigen_sum<T: Real, E: Element<T>>(
    weights: &[T],
    vectors: &[E],
    out: &mut [E],
    work: Work<'_, T, E>,
    par: Par,
) {
    let n = weights.len();
    let (scaled, turned) = work.matrix.split_at_mut(n * n);
    scale_columns(vectors, n, weights, scaled);
    product(scaled, Operand::plain(0, n, n), vectors, adjoint_of(n, n, E::COMPLEX), out, true, turned, par);
}

/// A function at a decomposed Hermitian matrix.
pub(super) struct Spectrum<'a, T, E> {
    /// The function.
    pub function: ScalarFn,
    /// Its parameter.
    pub parameter: T,
    /// The eigenvalues, with the zero rule applied.
    pub values: &'a [T],
    /// The eigenvectors, column by column.
    pub vectors: &'a [E],
}

/// V (F ∘ (V'HV)) V' (Daleckii and Krein 1965), exactly Hermitian where the direction is.
pub(super) fn frechet<T: Real, E: Element<T>>(
    at: &Spectrum<'_, T, E>,
    direction: &[E],
    hermitian: bool,
    out: &mut [E],
    work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    let n = at.values.len();
    let (plain, adjoint) = (Operand::plain(0, n, n), adjoint_of(n, n, E::COMPLEX));
    let (inner, turned) = work.matrix.split_at_mut(n * n);
    product(direction, plain, at.vectors, plain, inner, false, turned, par);
    product(at.vectors, adjoint, inner, plain, out, hermitian, turned, par);
    for j in 0..n {
        for i in j..n {
            let slope = divided::difference(at.function, at.values[i], at.values[j], at.parameter);
            if slope.is_infinite() {
                return Err(FaultKind::Singular { at: at.values[j].wide() });
            }
            out[j * n + i] = out[j * n + i].scaled(slope);
            if i != j {
                out[i * n + j] = out[i * n + j].scaled(slope);
            }
        }
    }
    product(at.vectors, plain, out, plain, inner, false, turned, par);
    product(inner, plain, at.vectors, adjoint, out, hermitian, turned, par);
    Ok(())
}

/// The thin decomposition A = U diag(σ) V' in the scratch memory: (U, V, σ, the rest).
type Svd<'a, E> = (&'a mut [E], &'a mut [E], &'a mut [E], &'a mut [E]);

fn decompose<'a, T: Real, E: Element<T>>(
    a: &[E],
    m: usize,
    n: usize,
    work: &'a mut Work<'_, T, E>,
    par: Par,
) -> Result<Svd<'a, E>, FaultKind> {
    let count = m.min(n);
    let (u, rest) = work.matrix.split_at_mut(m * count);
    let (v, rest) = rest.split_at_mut(n * count);
    let (sigma, rest) = rest.split_at_mut(count);
    svd::svd(
        MatRef::from_column_major_slice(a, m, n),
        DiagMut::from_slice_mut(sigma),
        Some(MatMut::from_column_major_slice_mut(u, m, count)),
        Some(MatMut::from_column_major_slice_mut(v, n, count)),
        threads::for_decomposition(m, n, par),
        work.stack,
        Spec::default(),
    )
    .map_err(|_| FaultKind::NoConvergence)?;
    Ok((u, v, sigma, rest))
}

/// Σ w_i u_i v_i' over the singular values above max(m, n) ε σ_max.
pub(super) fn singular_sum<T: Real, E: Element<T>>(
    a: &[E],
    m: usize,
    n: usize,
    weights: &mut [T],
    out: &mut [E],
    mut work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    if a.iter().any(|x| !x.finite()) {
        out.fill(E::from_real(T::nan()));
        return Ok(());
    }
    let count = m.min(n);
    let (u, v, sigma, rest) = decompose(a, m, n, &mut work, par)?;
    let threshold = zero_threshold(m.max(n), sigma[0].re());
    for (weight, sigma) in weights.iter_mut().zip(sigma.iter()) {
        if sigma.re() <= threshold {
            *weight = T::of(0.0);
        }
    }
    let (scaled, turned) = rest.split_at_mut(m * count);
    scale_columns(u, m, weights, scaled);
    product(scaled, Operand::plain(0, m, count), v, adjoint_of(n, count, E::COMPLEX), out, false, turned, par);
    Ok(())
}

/// The adjugate. With A = U Σ V' it is adj(V') adj(Σ) adj(U) = det(U V') V diag(∏_(j ≠ i) σ_j) U', since adj(XY) =
/// adj(Y) adj(X) and the adjugate of a unitary matrix is its determinant times its adjoint (Horn and Johnson, §0.8.2).
/// Nothing is divided, so that singular matrices are like others.
pub(super) fn adjugate<T: Real, E: Element<T>>(
    a: &[E],
    n: usize,
    hermitian: bool,
    out: &mut [E],
    mut work: Work<'_, T, E>,
    par: Par,
) -> Result<(), FaultKind> {
    if a.iter().any(|x| !x.finite()) {
        out.fill(E::from_real(T::nan()));
        return Ok(());
    }
    if n == 1 {
        out[0] = E::from_real(T::of(1.0));
        return Ok(());
    }
    let (u, v, sigma, rest) = decompose(a, n, n, &mut work, par)?;
    product(u, Operand::plain(0, n, n), v, adjoint_of(n, n, E::COMPLEX), out, false, rest, par);
    let scaled = &mut rest[..n * n];
    for (i, (scaled, v)) in scaled.chunks_mut(n).zip(v.chunks(n)).enumerate() {
        let others = sigma.iter().enumerate().filter(|(j, _)| *j != i);
        let factor = others.fold(T::of(1.0), |product, (_, sigma)| product * sigma.re());
        for (out, x) in scaled.iter_mut().zip(v) {
            *out = x.scaled(factor);
        }
    }
    // V is no longer needed: U and the scaled V stay, and the determinant is worked out in V's place.
    let (matrix, kept) = work.matrix.split_at_mut(2 * n * n);
    let (u, v) = matrix.split_at_mut(n * n);
    let scaled = &kept[n..n + n * n];
    let inner = Work { matrix: v, vectors: work.vectors, permutation: work.permutation, stack: work.stack };
    let phase = factor::determinant(out, n, inner, par).sign;
    product(scaled, Operand::plain(0, n, n), u, adjoint_of(n, n, E::COMPLEX), out, false, v, par);
    for x in out.iter_mut() {
        *x *= phase;
    }
    if hermitian {
        mirror(out, n);
    }
    Ok(())
}

/// The factor on one side of the adjoint of the Kronecker product, `other` being the factor on the other side with
/// `other_rows` rows: Σ_kl conj(b_kl) m_(ik)(jl), or Σ_ij conj(a_ij) m_(ik)(jl).
pub(super) fn partial_inner<T: Real, E: Element<T>>(
    side: Side,
    m: &[E],
    other: &[E],
    other_rows: usize,
    out: &mut [E],
    out_rows: usize,
) {
    let (rows, other_cols) = (out_rows * other_rows, other.len() / other_rows);
    let out_cols = out.len() / out_rows;
    for (at, out) in out.iter_mut().enumerate() {
        let (i, j) = (at % out_rows, at / out_rows);
        let mut sum = E::from_real(T::of(0.0));
        for (at, b) in other.iter().enumerate() {
            let (k, l) = (at % other_rows, at / other_rows);
            let (row, col) = match side {
                Side::Left => (i * other_rows + k, j * other_cols + l),
                Side::Right => (k * out_rows + i, l * out_cols + j),
            };
            sum += b.conjugate() * m[col * rows + row];
        }
        *out = sum;
    }
}
