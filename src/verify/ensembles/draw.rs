//! Draws column systems: one arm for each row of the table of kinds.

use rand::RngExt;
use rand_distr::{Beta, Distribution, Exp1};

use super::columns::Columns;
use super::entry::Entry;
use super::kinds::Kind;
use super::partition::Plan;
use crate::verify::seed::Rng;

/// Buffers that are kept from one sample to the next.
#[derive(Clone, Debug)]
pub struct Scratch<E> {
    /// A matrix.
    pub basis: Columns<E>,
    /// A column.
    pub column: Vec<E>,
    /// Real numbers, such as a spectrum.
    pub numbers: Vec<f64>,
    /// Indices, such as the blocks of a partition.
    pub blocks: Vec<usize>,
    /// The blocks of the partition before.
    pub before: Vec<usize>,
}

impl<E: Entry> Default for Scratch<E> {
    fn default() -> Self {
        Scratch {
            basis: Columns::new(),
            column: Vec::new(),
            numbers: Vec::new(),
            blocks: Vec::new(),
            before: Vec::new(),
        }
    }
}

/// What the systems of one sample share, so that partitions and fans can be placed to each other.
#[derive(Clone, Copy, Debug)]
pub struct Shared {
    /// How partitions stand to each other.
    pub partitions: Plan,
    /// The angle of fans.
    pub angle: f64,
}

/// A number over decades: ±0 excluded, 10^-u with u uniform between the exponents.
pub fn decades(rng: &mut Rng, least: f64, most: f64) -> f64 {
    10f64.powf(least + (most - least) * rng.random::<f64>())
}

/// Fills `w`, whose shape is set, with a system of the kind. `number` is the system's place among those that share.
/// No column is zero afterwards.
pub fn draw<E: Entry>(
    kind: Kind,
    number: usize,
    shared: &Shared,
    w: &mut Columns<E>,
    scratch: &mut Scratch<E>,
    rng: &mut Rng,
) {
    let (d, b) = (w.rows(), w.cols());
    w.reset(d, b);
    match kind {
        Kind::Gaussian => w.gaussian(rng),
        Kind::LowRank => {
            let rank = rng.random_range(1..=d.min(b));
            for j in 0..b {
                for x in &mut w.col_mut(j)[..rank] {
                    *x = E::gaussian(rng);
                }
            }
        }
        Kind::Lkj => lkj(w, [0.05, 0.5, 1.0, 2.0, 10.0][rng.random_range(0..5)], rng),
        Kind::PowerLaw => {
            let exponent = decades(rng, -1.0, 1.0);
            spectrum(w, scratch, rng, |k, _| ((k + 1) as f64).powf(-exponent));
        }
        Kind::Geometric => {
            let ratio = rng.random::<f64>();
            spectrum(w, scratch, rng, |k, _| ratio.powi(k as i32));
        }
        Kind::OneLarge => {
            let others = decades(rng, -12.0, 0.0);
            spectrum(w, scratch, rng, |k, _| if k == 0 { 1.0 } else { others });
        }
        Kind::FlatWithZeros => {
            let rank = rng.random_range(1..=d.min(b));
            spectrum(w, scratch, rng, |k, _| if k < rank { 1.0 } else { 0.0 });
        }
        Kind::Partition => {
            blocks(number, shared, b, scratch, rng);
            for j in 0..b {
                w.set(scratch.blocks[j] % d, j, E::real(1.0));
            }
        }
        Kind::Fan => {
            blocks(number, shared, b, scratch, rng);
            let (s, c) = shared.angle.sin_cos();
            for j in 0..b {
                w.set(0, j, E::real(c));
                let place = scratch.blocks[j];
                if d > 1 && place > 0 {
                    w.set(1 + (place - 1) / 2 % (d - 1), j, E::real(if place % 2 == 1 { s } else { -s }));
                } else {
                    w.set(0, j, E::real(1.0));
                }
            }
        }
        Kind::Equicorrelated => equicorrelated(w, rng),
        Kind::NearCollapsed => {
            let noise = decades(rng, -12.0, -0.5);
            ones_or_gaussian(w, rng);
            for j in 1..b {
                w.repeat_col(0, j);
            }
            add_noise(w, noise, rng);
        }
        Kind::Collapsed => {
            ones_or_gaussian(w, rng);
            for j in 1..b {
                w.repeat_col(0, j);
            }
        }
        Kind::NearIdentity => {
            let noise = decades(rng, -12.0, -0.5);
            for j in 0..b {
                w.set(j % d, j, E::real(1.0));
            }
            add_noise(w, noise, rng);
        }
        Kind::Identity => {
            for j in 0..b {
                w.set(j % d, j, E::real(1.0));
            }
            if rng.random::<bool>() {
                w.shuffle(rng);
                for j in 0..b {
                    let phase = E::phase(rng);
                    for x in w.col_mut(j) {
                        *x = *x * phase;
                    }
                }
            }
        }
        Kind::NearSingular => {
            w.gaussian(rng);
            let noise = decades(rng, -12.0, -1.0);
            for k in 0..d {
                let sum = (0..b - 1).fold(E::real(0.0), |sum, j| sum + w.at(k, j));
                let x = w.at(k, b - 1);
                w.set(k, b - 1, sum + x.scale(noise));
            }
        }
        Kind::Rbf => rbf(w, scratch, rng),
        Kind::Autoregressive => {
            let r = match rng.random_range(0..4) {
                0 => 1.0 - decades(rng, -8.0, -1.0),
                1 => -rng.random::<f64>(),
                _ => rng.random::<f64>(),
            };
            let (step, tail) = (E::phase(rng), ((1.0 - r) * (1.0 + r)).sqrt());
            let mut phase = E::real(1.0);
            for j in 0..b {
                for i in 0..=j {
                    let power = r.powi((j - i) as i32);
                    w.set(i, j, phase.scale(if i == 0 { power } else { power * tail }));
                }
                phase = phase * step;
            }
        }
        Kind::Circulant => circulant(w, rng),
        Kind::Banded => {
            let width = rng.random_range(1..=3usize);
            for j in 0..b {
                for k in 0..width {
                    w.set((j + k) % d, j, E::gaussian(rng));
                }
            }
        }
        Kind::RankOne => {
            ones_or_gaussian(w, rng);
            for j in 1..b {
                w.repeat_col(0, j);
                let phase = E::phase(rng);
                for x in w.col_mut(j) {
                    *x = *x * phase;
                }
            }
        }
        Kind::Signs => {
            let rank = rng.random_range(1..=d);
            for j in 0..b {
                for x in &mut w.col_mut(j)[..rank] {
                    *x = E::phase(rng);
                }
            }
        }
        Kind::Integer => {
            let (rank, most) = (rng.random_range(1..=d.min(4)), rng.random_range(1..=3i32));
            let least = if rng.random::<bool>() { 0 } else { -most };
            for j in 0..b {
                for x in &mut w.col_mut(j)[..rank] {
                    let unit = if rng.random::<bool>() { E::cis(0.0) } else { E::phase(rng) };
                    *x = unit.scale(f64::from(rng.random_range(least..=most)));
                }
            }
        }
        Kind::Orthonormal => {
            if b <= d {
                w.gaussian(rng);
                w.orthonormalize(b, rng);
            } else {
                spectrum(w, scratch, rng, |_, _| 1.0);
            }
        }
        Kind::Harmonic => harmonic(w, rng),
        Kind::Repeated => {
            let distinct = rng.random_range(1..=b);
            w.gaussian(rng);
            for j in distinct..b {
                w.repeat_col(rng.random_range(0..distinct), j);
            }
            w.shuffle(rng);
        }
        Kind::Clusters => {
            let (distinct, noise) = (rng.random_range(1..=b), decades(rng, -10.0, -0.5));
            w.gaussian(rng);
            for j in distinct..b {
                w.repeat_col(rng.random_range(0..distinct), j);
            }
            add_noise(w, noise, rng);
        }
        Kind::Sparse => {
            for j in 0..b {
                for _ in 0..rng.random_range(1..=2) {
                    w.set(rng.random_range(0..d), j, E::gaussian(rng));
                }
            }
        }
    }
    no_zero_column(w, rng);
}

/// Replaces columns of norm 0, which have no direction, by coordinate vectors.
pub fn no_zero_column<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) {
    for j in 0..w.cols() {
        if w.norm2(j) < 1e-200 {
            let i = rng.random_range(0..w.rows());
            w.set(i, j, E::real(1.0));
        }
    }
}

/// Adds Gaussian noise.
pub fn add_noise<E: Entry>(w: &mut Columns<E>, noise: f64, rng: &mut Rng) {
    for x in w.entries_mut() {
        *x += E::gaussian(rng).scale(noise);
    }
}

fn ones_or_gaussian<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) {
    if rng.random::<bool>() {
        w.set(0, 0, E::real(1.0));
    } else {
        for x in w.col_mut(0) {
            *x = E::gaussian(rng);
        }
    }
}

/// Fills `scratch.blocks` with the partition of b elements that has this number in the sample.
fn blocks<E>(number: usize, shared: &Shared, b: usize, scratch: &mut Scratch<E>, rng: &mut Rng) {
    std::mem::swap(&mut scratch.before, &mut scratch.blocks);
    scratch.blocks.clear();
    scratch.blocks.resize(b, 0);
    let before = if number == 0 || scratch.before.len() != b { &[] } else { &scratch.before[..] };
    shared.partitions.fill(number, before, &mut scratch.blocks, rng);
}

/// Column j of the Cholesky factor of an LKJ matrix: y ~ Beta(j/2, η + (n − 1 − j)/2) of its squared norm lies along a
/// uniform direction of the first j dimensions, the rest on the diagonal. For complex matrices every degree of freedom
/// counts twice.
fn lkj<E: Entry>(w: &mut Columns<E>, eta: f64, rng: &mut Rng) {
    let n = w.cols();
    let freedom = if E::COMPLEX { 1.0 } else { 0.5 };
    w.set(0, 0, E::real(1.0));
    for j in 1..n {
        let (a, b) = (freedom * j as f64, eta + freedom * (n - 1 - j) as f64);
        // Both shapes are positive, so that the distribution exists.
        let y = Beta::new(a, b).map_or(0.5, |beta| beta.sample(rng));
        let mut norm2 = 0.0;
        while norm2 < 1e-200 {
            for x in &mut w.col_mut(j)[..j] {
                *x = E::gaussian(rng);
            }
            norm2 = w.norm2(j);
        }
        w.scale_col(j, (y / norm2).sqrt());
        w.set(j, j, E::real((1.0 - y).max(0.0).sqrt()));
    }
}

/// √Λ Q' with Q Haar-random and the given eigenvalues (scaled to the largest being whatever they are), its norms
/// levelled most of the time.
fn spectrum<E: Entry>(
    w: &mut Columns<E>,
    scratch: &mut Scratch<E>,
    rng: &mut Rng,
    eigenvalue: impl Fn(usize, usize) -> f64,
) {
    let (d, b) = (w.rows(), w.cols());
    let rank = d.min(b);
    scratch.basis.haar(b, rank, rng);
    for k in 0..rank {
        let root = eigenvalue(k, rank).sqrt();
        for j in 0..b {
            w.set(k, j, scratch.basis.at(j, k).conj().scale(root));
        }
    }
    if rng.random_range(0..4) > 0 {
        w.level_norms(&mut scratch.numbers);
    }
}

fn equicorrelated<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) {
    let n = w.cols();
    let least = if n > 1 { -1.0 / (n as f64 - 1.0) } else { 0.0 };
    let r = match rng.random_range(0..5) {
        0 => least,
        1 => least * (1.0 - decades(rng, -8.0, 0.0)),
        2 => 1.0 - decades(rng, -8.0, 0.0),
        3 => [0.0, 0.5, 0.25, 0.75][rng.random_range(0..4)],
        _ => rng.random::<f64>(),
    };
    // The Cholesky factor of a correlation matrix whose entries are all r, column by column: every row is constant to
    // the right of its diagonal, and the constant of row k is c.
    let mut sum: f64 = 0.0;
    for k in 0..n {
        let pivot: f64 = 1.0 - sum;
        let root = if pivot > 1e-14 { pivot.sqrt() } else { 0.0 };
        let c: f64 = if root > 0.0 { (r - sum) / root } else { 0.0 };
        w.set(k, k, E::real(root));
        for j in k + 1..n {
            w.set(k, j, E::real(c));
        }
        sum += c * c;
    }
}

fn rbf<E: Entry>(w: &mut Columns<E>, scratch: &mut Scratch<E>, rng: &mut Rng) {
    let (n, dimensions) = (w.cols(), rng.random_range(1..=3usize));
    let points = &mut scratch.numbers;
    points.clear();
    points.extend((0..n * dimensions).map(|_| E::gaussian(rng).re()));
    let length = decades(rng, -1.0, 2.0);
    let kernel = &mut scratch.basis;
    kernel.reset(n, n);
    for i in 0..n {
        for j in 0..n {
            let squares: f64 = (0..dimensions)
                .map(|k| {
                    let x = points[i * dimensions + k] - points[j * dimensions + k];
                    x * x
                })
                .sum();
            kernel.set(i, j, E::real((-squares / (2.0 * length * length)).exp()));
        }
    }
    kernel.semidefinite_cholesky();
    for j in 0..n {
        w.col_mut(j)[..n].copy_from_slice(kernel.col(j));
    }
}

/// A random nonnegative spectrum in the Fourier basis: complex exponentials, or cosines and sines in pairs of equal
/// weight, which makes the Gram matrix circulant.
fn circulant<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) {
    let (d, n) = (w.rows(), w.cols());
    let sparse = rng.random::<bool>();
    let mut weight = || if sparse && rng.random::<bool>() { 0.0 } else { rng.sample::<f64, _>(Exp1).sqrt() };
    let turn = |k: usize, j: usize| std::f64::consts::TAU * ((k * j) % n) as f64 / n as f64;
    if E::COMPLEX {
        for k in 0..d.min(n) {
            let root = weight();
            for j in 0..n {
                w.set(k, j, E::cis(turn(k, j)).scale(root));
            }
        }
        return;
    }
    let (mut row, mut k) = (0, 0);
    while row < d && 2 * k <= n {
        let root = weight();
        let pair = k > 0 && 2 * k < n;
        if pair && row + 1 == d {
            break;
        }
        for j in 0..n {
            let (s, c) = turn(k, j).sin_cos();
            w.set(row, j, E::real(root * c));
            if pair {
                w.set(row + 1, j, E::real(root * s));
            }
        }
        row += if pair { 2 } else { 1 };
        k += 1;
    }
}

/// A unit-norm tight frame of n vectors in d dimensions: d rows of the Fourier basis, in pairs of cosine and sine for
/// real frames, with the constant row where d is odd.
fn harmonic<E: Entry>(w: &mut Columns<E>, rng: &mut Rng) {
    let (d, n) = (w.rows(), w.cols());
    let turn = |k: usize, j: usize| std::f64::consts::TAU * ((k * j) % n) as f64 / n as f64;
    if E::COMPLEX {
        let start = rng.random_range(0..n);
        for j in 0..n {
            for k in 0..d {
                w.set(k, j, E::cis(turn(start + k, j)).scale((1.0 / d as f64).sqrt()));
            }
        }
        return;
    }
    let odd = d % 2;
    for j in 0..n {
        if odd == 1 {
            w.set(0, j, E::real((1.0 / d as f64).sqrt()));
        }
        for pair in 0..d / 2 {
            let (s, c) = turn(pair + 1, j).sin_cos();
            let root = (2.0 / d as f64).sqrt();
            w.set(odd + 2 * pair, j, E::real(root * c));
            w.set(odd + 2 * pair + 1, j, E::real(root * s));
        }
    }
}
