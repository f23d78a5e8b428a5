//! Points at which losses are tried: ordinary ones, and those at which their textbook gradients break down.

use faer::Mat;
use loewner::check::Session;
use loewner::ir::{Domain, Field, Set, Shape};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// A kind of point.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Gaussian entries.
    Ordinary,
    /// The identity, cut or padded to the shape.
    Identity,
    /// Ones everywhere.
    Ones,
    /// A product of two vectors.
    RankOne,
    /// Orthogonal columns or rows with repeated singular values.
    Repeated,
    /// Zeros everywhere.
    Zeros,
}

impl Kind {
    pub const ALL: [Kind; 6] = [Kind::Ordinary, Kind::Identity, Kind::Ones, Kind::RankOne, Kind::Repeated, Kind::Zeros];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Ordinary => "ordinary",
            Kind::Identity => "identity",
            Kind::Ones => "all ones",
            Kind::RankOne => "rank one",
            Kind::Repeated => "repeated spectrum",
            Kind::Zeros => "zeros",
        }
    }
}

fn gaussian(rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> Mat<f64> {
    Mat::from_fn(rows, cols, |_, _| rng.sample::<f64, _>(StandardNormal))
}

/// An m × n matrix of a kind.
fn matrix(kind: Kind, rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> Mat<f64> {
    match kind {
        Kind::Ordinary => gaussian(rows, cols, rng),
        Kind::Identity => Mat::from_fn(rows, cols, |i, j| if i == j { 1.0 } else { 0.0 }),
        Kind::Ones => Mat::from_fn(rows, cols, |_, _| 1.0),
        Kind::RankOne => gaussian(rows, 1, rng) * gaussian(1, cols, rng),
        // Singular values 2, 2, 1, 1, … on rotated axes.
        Kind::Repeated => {
            let side = rows.min(cols);
            let (left, right) = (orthonormal(rows, side, rng), orthonormal(cols, side, rng));
            let scaled = Mat::from_fn(rows, side, |i, j| left[(i, j)] * if j < side.div_ceil(2) { 2.0 } else { 1.0 });
            &scaled * right.transpose()
        }
        Kind::Zeros => Mat::zeros(rows, cols),
    }
}

fn orthonormal(rows: usize, cols: usize, rng: &mut ChaCha8Rng) -> Mat<f64> {
    gaussian(rows, cols, rng).qr().compute_thin_Q()
}

/// A member of a domain of this kind, where there is one.
pub fn member(domain: &Domain, rows: usize, cols: usize, kind: Kind, seed: u64) -> Option<Mat<f64>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    if domain.ty().field == Field::Complex {
        return None;
    }
    Some(match domain.set {
        Set::Mat => matrix(kind, rows, cols, &mut rng),
        // Weights and counts: positive, so that what divides by them is defined.
        Set::Vec => matrix(kind, rows, 1, &mut rng).map(|x| x.abs() + 0.5),
        Set::Psd | Set::Pd => {
            let x = matrix(kind, rows, rows, &mut rng);
            let square = match kind {
                Kind::Identity | Kind::Ones | Kind::Zeros => x,
                Kind::Ordinary | Kind::RankOne | Kind::Repeated => &x * x.transpose(),
            };
            if domain.set == Set::Pd { square + Mat::<f64>::identity(rows, rows) } else { square }
        }
        Set::Simplex => {
            let x = matrix(kind, rows, 1, &mut rng).map(|x| x * x);
            let sum: f64 = (0..rows).map(|i| x[(i, 0)]).sum();
            if sum == 0.0 {
                return None;
            }
            x.map(|x| x / sum)
        }
        // One 1 in each column, as in the membership of samples in classes; every other patch hidden.
        Set::Mask if matches!(domain.ty().shape, Shape::Vector(_)) => Mat::from_fn(rows, 1, |i, _| (i % 2) as f64),
        Set::Mask => Mat::from_fn(rows, cols, |i, j| if j % rows == i { 1.0 } else { 0.0 }),
        Set::Real
        | Set::Complex
        | Set::Sym
        | Set::Corr
        | Set::Density
        | Set::UnitCols
        | Set::UnitRows
        | Set::Stiefel
        | Set::Orthogonal
        | Set::Unitary => return None,
    })
}

/// The definitions of the library and of a text, opened: those that are real numbers of real matrices.
pub fn losses(session: &Session, names: &[String]) -> Vec<loewner::check::Opened> {
    let found = names.iter().filter_map(|name| session.definition(name));
    found.filter_map(|definition| session.opened(definition).ok()).collect()
}
