//! Ensembles of what is not a column system: Hermitian matrices, orthonormal frames, probability vectors, masks, free
//! numbers.

use rand::RngExt;
use rand_distr::{Distribution, Exp1, Gamma, StudentT};

use super::columns::Columns;
use super::draw::{Scratch, decades};
use super::entry::Entry;
use crate::verify::seed::Rng;

/// Draws a Hermitian matrix and returns the ensemble's name.
pub fn hermitian<E: Entry>(w: &mut Columns<E>, scratch: &mut Scratch<E>, rng: &mut Rng) -> &'static str {
    let n = w.cols();
    w.reset(n, n);
    match rng.random_range(0..8) {
        0 | 1 => {
            w.gaussian(rng);
            symmetrize(w);
            if E::COMPLEX { "GUE" } else { "GOE" }
        }
        2 => {
            // Q Λ Q' with eigenvalues of both signs over decades.
            with_spectrum(w, scratch, rng, |rng| {
                let size = decades(rng, -6.0, 1.0);
                if rng.random::<bool>() { size } else { -size }
            });
            "indefinite spectrum"
        }
        3 => {
            with_spectrum(w, scratch, rng, |rng| f64::from(rng.random_range(-1..=1)));
            "spectrum of 0, 1 and -1"
        }
        4 => {
            for i in 0..n {
                let x = E::gaussian(rng).re();
                w.set(i, i, E::real(x));
            }
            "diagonal"
        }
        5 => {
            scratch.basis.reset(n, 1);
            scratch.basis.gaussian(rng);
            let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
            for i in 0..n {
                for j in 0..n {
                    w.set(i, j, (scratch.basis.at(i, 0) * scratch.basis.at(j, 0).conj()).scale(sign));
                }
            }
            "rank one"
        }
        6 => {
            for i in 0..n {
                for j in 0..i {
                    let x = E::phase(rng).scale(f64::from(rng.random_range(0..=1)));
                    w.set(i, j, x);
                    w.set(j, i, x.conj());
                }
                w.set(i, i, E::real(f64::from(rng.random_range(-1..=1))));
            }
            "entries 0, 1 and -1"
        }
        _ => {
            let scale = decades(rng, -6.0, 6.0);
            w.gaussian(rng);
            symmetrize(w);
            w.scale(scale);
            "scaled Gaussian"
        }
    }
}

fn symmetrize<E: Entry>(w: &mut Columns<E>) {
    for i in 0..w.cols() {
        for j in 0..=i {
            let x = (w.at(i, j) + w.at(j, i).conj()).scale(0.5);
            w.set(i, j, x);
            w.set(j, i, x.conj());
        }
    }
}

fn with_spectrum<E: Entry>(
    w: &mut Columns<E>,
    scratch: &mut Scratch<E>,
    rng: &mut Rng,
    mut eigenvalue: impl FnMut(&mut Rng) -> f64,
) {
    let n = w.cols();
    scratch.basis.haar(n, n, rng);
    for k in 0..n {
        let lambda = eigenvalue(rng);
        for i in 0..n {
            for j in 0..n {
                let x = (scratch.basis.at(i, k) * scratch.basis.at(j, k).conj()).scale(lambda);
                let sum = w.at(i, j) + x;
                w.set(i, j, sum);
            }
        }
    }
    symmetrize(w);
}

/// Draws orthonormal columns (or, where there are more columns than rows, which no member can have, something Gaussian)
/// and returns the ensemble's name.
pub fn frame<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) -> &'static str {
    let (m, n) = (w.rows(), w.cols());
    w.reset(m, n);
    if n > m {
        w.gaussian(rng);
        return "Gaussian";
    }
    match rng.random_range(0..6) {
        0..3 => {
            w.gaussian(rng);
            w.orthonormalize(n, rng);
            "Haar"
        }
        3 => {
            for j in 0..n {
                w.set(j, j, E::real(1.0));
            }
            "identity"
        }
        4 => {
            for j in 0..n {
                w.set(j, j, E::phase(rng));
            }
            "signed identity"
        }
        _ => {
            // A partial permutation: an m × m one of which the first n columns are kept.
            for j in 0..n {
                w.set(j, j, E::real(1.0));
            }
            for i in (1..m).rev() {
                let k = rng.random_range(0..=i);
                for j in 0..n {
                    let (x, y) = (w.at(i, j), w.at(k, j));
                    w.set(i, j, y);
                    w.set(k, j, x);
                }
            }
            "permutation"
        }
    }
}

/// Draws the square roots of a probability vector, with random signs left out: the chart squares them.
pub fn simplex(w: &mut [f64], rng: &mut Rng) -> &'static str {
    let n = w.len();
    let name = match rng.random_range(0..8) {
        0..4 => {
            // Dirichlet with equal parameters: normalised gamma variables (Devroye 1986, section XI.4).
            let shape = [0.1, 0.5, 1.0, 5.0][rng.random_range(0..4)];
            if let Ok(gamma) = Gamma::new(shape, 1.0) {
                w.fill_with(|| gamma.sample(rng));
            }
            "Dirichlet"
        }
        4 => {
            w.fill(0.0);
            w[rng.random_range(0..n)] = 1.0;
            "vertex"
        }
        5 => {
            w.fill(1.0);
            "uniform"
        }
        6 => {
            w.fill_with(|| if rng.random::<bool>() { 0.0 } else { rng.sample(Exp1) });
            "sparse"
        }
        _ => {
            w.fill_with(|| f64::from(rng.random_range(0..=3u32)));
            "small integers"
        }
    };
    for x in w.iter_mut() {
        *x = x.sqrt();
    }
    if w.iter().all(|x| *x < 1e-100) {
        w[rng.random_range(0..n)] = 1.0;
    }
    name
}

/// Draws numbers of which those above 0 become ones and the others zeros.
pub fn mask(w: &mut [f64], rng: &mut Rng) -> &'static str {
    let n = w.len();
    match rng.random_range(0..20) {
        0 => {
            w.fill(-1.0);
            "all zeros"
        }
        1..4 => {
            w.fill(1.0);
            "all ones"
        }
        4..7 => {
            w.fill(-1.0);
            w[rng.random_range(0..n)] = 1.0;
            "one hot"
        }
        _ => {
            let rate = [0.25, 0.5, 0.75, 0.9][rng.random_range(0..4)];
            w.fill_with(|| if rng.random_bool(rate) { 1.0 } else { -1.0 });
            "Bernoulli"
        }
    }
}

/// Draws a free number.
pub fn number<E: Entry>(rng: &mut Rng) -> E {
    match rng.random_range(0..6) {
        0..2 => E::gaussian(rng),
        2 => E::phase(rng).scale(f64::from(rng.random_range(0..=4))),
        3 => E::phase(rng).scale(decades(rng, -8.0, 6.0)),
        4 => E::gaussian(rng).scale(10.0),
        _ => E::phase(rng).scale(rng.random::<f64>()),
    }
}

/// How the entries of a set without a norm are scaled.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scaling {
    /// Not.
    None,
    /// By one number over decades.
    Overall,
    /// Each column by its own number over decades.
    Columns,
    /// Each entry by a heavy-tailed number (Student's t with 1 or 2 degrees of freedom).
    HeavyTailed,
    /// To zero.
    Zero,
}

/// A scaling: none most of the time.
pub fn scaling(rng: &mut Rng) -> Scaling {
    match rng.random_range(0..40) {
        0..22 => Scaling::None,
        22..31 => Scaling::Overall,
        31..35 => Scaling::Columns,
        35..39 => Scaling::HeavyTailed,
        _ => Scaling::Zero,
    }
}

/// Scales a system that no chart normalises.
pub fn scale<E: Entry>(scaling: Scaling, w: &mut Columns<E>, rng: &mut Rng) {
    match scaling {
        Scaling::None => {}
        Scaling::Overall => {
            let s = if rng.random::<bool>() { decades(rng, -1.0, 1.0) } else { decades(rng, -6.0, 4.0) };
            w.scale(s);
        }
        Scaling::Columns => {
            for j in 0..w.cols() {
                let s = decades(rng, -3.0, 2.0);
                w.scale_col(j, s);
            }
        }
        Scaling::HeavyTailed => {
            let freedom = if rng.random::<bool>() { 1.0 } else { 2.0 };
            if let Ok(student) = StudentT::new(freedom) {
                for x in w.entries_mut() {
                    // Cut off where squares of squares would leave the range of doubles' exact products.
                    let t: f64 = student.sample(rng);
                    *x = x.scale(t.clamp(-1e6, 1e6));
                }
            }
        }
        Scaling::Zero => w.scale(0.0),
    }
}
