//! Functions of Hermitian matrices, f(A), from a decomposition with bounds (see [`super::eigen`]).
//!
//! With U'A U = D + F, ‖F‖_F ≤ η, three errors separate f(A) from the computed V f(D) V':
//!
//! 1. ‖f(A) − U f(D) U'‖_F ≤ L η for every f with |f(x) − f(y)| ≤ L |x − y| on both spectra, since in the eigenbases of
//!    A and of D the difference has the entries (f(λ_i) − f(d_j)) w_ij where that of the matrices has (λ_i − d_j) w_ij
//!    (Kittaneh, Proc. Amer. Math. Soc. 94, 1985, 416-418).
//! 2. Where f is steep or discontinuous at a point near which the spectra have only some eigenvalues, it is replaced by
//!    the chord f̃ over a short interval. If the eigenvalues are known to be at its ends or outside it, f̃ agrees with f
//!    on the spectra and the error is still L̃ η. Otherwise f̃ differs from f by at most ω on the interval, and
//!    ‖f(A) − f̃(A)‖₂ ≤ ω, twice. With an interval as long as η this gives for x^p the order η^p, as
//!    ‖A^p − B^p‖ ≤ ‖A − B‖^p does (Bhatia, Matrix Analysis, X.1.1), and for x log x the order η log(1/η).
//! 3. ‖U f(D) U' − V f(D) V'‖_F ≤ ε (2 + ε) ‖f(D)‖₂, since ‖U − V‖_F ≤ ε and ‖V‖₂ ≤ 1 + ε.

use super::complex::Complex;
use super::eigen::Eigen;
use super::float::{Float, Round};
use super::interval::Interval;
use super::matrix::{Matrix, Value};
use super::scalar::{self, Undefined};
use crate::ir::ScalarFn;

const NORM_BITS: u64 = 64;

fn up_add(a: &Float, b: &Float) -> Float {
    a.add(b, NORM_BITS, Round::Up)
}

fn up_mul(a: &Float, b: &Float) -> Float {
    if a.is_zero() || b.is_zero() { Float::zero() } else { a.mul(b, NORM_BITS, Round::Up) }
}

/// f(A); all entries unknown where f has no bound on what the spectrum may be.
///
/// # Errors
/// [`Undefined`] when an eigenvalue certainly lies outside the domain of f.
pub(super) fn function(f: ScalarFn, t: &Interval, eigen: &Eigen, p: u64) -> Result<Value, Undefined> {
    let q = p + 16;
    let mut defined = true;
    for value in &eigen.values {
        defined &= scalar::value(f, value, t, q)?.is_finite();
    }
    let images: Vec<Interval> = if defined {
        // The images of the points of D; those outside the domain of f are moved into the enclosure of their eigenvalue.
        eigen.centers.iter().map(|d| scalar::value(f, &Interval::point(d.clone()), t, q)).collect::<Result<_, _>>()?
    } else {
        Vec::new()
    };
    let continuity = if defined { continuity(f, t, eigen) } else { None };
    Ok(assemble(eigen, &images, continuity, p))
}

/// V f(D) V' with its errors: `images` are the values of f at the points of D, and with them come a Lipschitz constant and
/// the ω of [`continuity`]; without those nothing is known.
pub(super) fn assemble(eigen: &Eigen, images: &[Interval], continuity: Option<(Float, Float)>, p: u64) -> Value {
    let (order, q) = (eigen.order, p + 16);
    let n = eigen.centers.len();
    let error = continuity.and_then(|(lipschitz, gap)| bound(eigen, images, &lipschitz, &gap));
    let full = match error {
        None => Matrix::from_fn(n, n, |_, _| Interval::entire()),
        Some(error) => {
            let scaled = Matrix::from_fn(n, n, |i, j| eigen.vectors.at(i, j).mul(&images[j], q));
            scaled.matmul(&eigen.vectors.transpose(), q).map(|x| x.widen(&error, p))
        }
    };
    if !eigen.complex {
        return Value::Real(full);
    }
    Value::Complex(Matrix::from_fn(order, order, |i, j| Complex {
        re: full.at(i, j).clone(),
        im: full.at(order + i, j).clone(),
    }))
}

/// A bound on every entry of f(A) − V f(D) V'.
fn bound(eigen: &Eigen, images: &[Interval], lipschitz: &Float, gap: &Float) -> Option<Float> {
    if !images.iter().all(Interval::is_finite) {
        return None;
    }
    let greatest = images.iter().map(Interval::greatest_modulus).max()?;
    let basis = {
        let factor = up_add(&Float::from_i64(2), &eigen.epsilon);
        up_mul(&up_mul(&eigen.epsilon, &factor), &greatest)
    };
    if !lipschitz.is_finite() || !gap.is_finite() {
        return None;
    }
    Some(up_add(&basis, &up_add(&up_mul(lipschitz, &eigen.eta), &gap.scale(1))))
}

/// Enclosures that hold both spectra, that of A and that of D: each center lies within η of the eigenvalue of its rank, but
/// perhaps not in its tighter enclosure.
pub(super) fn spectra(eigen: &Eigen) -> Vec<Interval> {
    let copies = if eigen.complex { 2 } else { 1 };
    let both = |(i, center): (usize, &Float)| eigen.values[i / copies].hull(&Interval::point(center.clone()));
    eigen.centers.iter().enumerate().map(both).collect()
}

/// (L, ω): a Lipschitz constant of f or of its chorded form f̃ on both spectra, and a bound on |f − f̃| there.
fn continuity(f: ScalarFn, t: &Interval, eigen: &Eigen) -> Option<(Float, Float)> {
    let spectra = spectra(eigen);
    let hull = spectra[1..].iter().fold(spectra[0].clone(), |hull, x| hull.hull(x));
    let steepness = |x: &Interval| scalar::slope(f, x, t, NORM_BITS).greatest_modulus();
    let whole = steepness(&hull);
    if whole.is_finite() {
        return Some((whole, Float::zero()));
    }
    // The chord: from the end of what lies below 0 to the start of what lies above it. Eigenvalues that are 0 exactly are
    // an end of it; eigenvalues that cannot be told from 0 lie inside it.
    let certain_zero = |x: &Interval| x.is_zero();
    let touching: Vec<&Interval> = spectra.iter().filter(|x| x.contains_zero() && !certain_zero(x)).collect();
    let zeros = spectra.iter().any(certain_zero);
    let low = spectra.iter().filter(|x| x.is_negative()).map(|x| x.hi.clone()).max();
    let high = spectra.iter().filter(|x| x.is_positive()).map(|x| x.lo.clone()).min();
    let at = |x: &Float| scalar::value(f, &Interval::point(x.clone()), t, NORM_BITS).ok();
    let secant = |a: &Float, b: &Float| {
        let rise = at(b)?.sub(&at(a)?, NORM_BITS);
        let run = Interval::point(b.clone()).sub(&Interval::point(a.clone()), NORM_BITS);
        Some(rise.div(&run, NORM_BITS).greatest_modulus())
    };
    let mut lipschitz = Float::zero();
    let mut include = |bound: Float| lipschitz = lipschitz.clone().max(bound);
    if touching.is_empty() {
        // f̃ agrees with f on the spectra: chords from `low` to 0 and on to `high`, or over the gap where 0 is no
        // eigenvalue.
        let mut stops: Vec<Float> = Vec::new();
        stops.extend(low.clone());
        stops.extend(zeros.then(Float::zero));
        stops.extend(high.clone());
        for pair in stops.windows(2) {
            include(secant(&pair[0], &pair[1])?);
        }
        if let Some(low) = low {
            include(steepness(&Interval::new(hull.lo.clone(), low)));
        }
        if let Some(high) = high {
            include(steepness(&Interval::new(high, hull.hi.clone())));
        }
        return Some((lipschitz, Float::zero()));
    }
    if hull.lo.is_negative() {
        return None;
    }
    // Eigenvalues in [0, δ] that may or may not be 0: the chord of f over [0, δ].
    let delta = touching.iter().map(|x| x.hi.clone()).max()?;
    // Others may lie between; the chord is as long as needed to hold η as well.
    let delta = delta.max(eigen.eta.clone());
    let inner = Interval::new(Float::zero(), delta.clone());
    let gap = scalar::value(f, &inner, t, NORM_BITS).ok()?.width();
    include(secant(&Float::zero(), &delta)?);
    if hull.hi > delta {
        include(steepness(&Interval::new(delta, hull.hi.clone())));
    }
    Some((lipschitz, gap))
}
