//! Members with rational entries near computed ones. What is made here is only likely to be a member: that is checked
//! exactly afterwards.

use num_bigint::BigInt;
use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::fraction::{multiple_towards_zero, nearest_multiple};
use super::point::{exact, length};
use crate::certify::Entries;
use crate::ir::{Domain, Set};
use crate::verify::sample::Numbers;

/// An exact complex number; real entries have no imaginary part.
pub type Gauss = Complex<BigRational>;

/// A matrix of exact complex numbers, column by column, and whether it is to be complex.
#[derive(Clone, PartialEq, Debug)]
pub struct Grid {
    /// The number of rows.
    pub rows: usize,
    /// The number of columns.
    pub cols: usize,
    /// The entries.
    pub data: Vec<Gauss>,
    /// Whether the set is complex.
    pub complex: bool,
}

/// Which multiple of 1/q an entry becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// The nearest one.
    Nearest,
    /// The next one towards 0: a kernel whose entries off the diagonal shrink is further inside its set.
    Inwards,
}

fn real(x: BigRational) -> Gauss {
    Complex::new(x, BigRational::zero())
}

impl Grid {
    /// A grid by its entries.
    pub fn from_fn(rows: usize, cols: usize, complex: bool, mut entry: impl FnMut(usize, usize) -> Gauss) -> Grid {
        let data = (0..cols).flat_map(|j| (0..rows).map(move |i| (i, j))).map(|(i, j)| entry(i, j)).collect();
        Grid { rows, cols, data, complex }
    }

    /// Exact entries as a grid.
    pub fn of(entries: &Entries, rows: usize, cols: usize) -> Option<Grid> {
        let (data, complex): (Vec<Gauss>, bool) = match entries {
            Entries::Real(x) => (x.iter().cloned().map(real).collect(), false),
            Entries::Complex(x) => (x.clone(), true),
        };
        (data.len() == rows * cols).then_some(Grid { rows, cols, data, complex })
    }

    /// Computed entries as a grid; `None` where one is not finite.
    pub fn computed(numbers: &Numbers, rows: usize, cols: usize) -> Option<Grid> {
        Grid::of(&super::point::entries(numbers)?, rows, cols)
    }

    /// Entry (i, j).
    pub fn at(&self, i: usize, j: usize) -> &Gauss {
        &self.data[j * self.rows + i]
    }

    /// Puts an entry.
    pub fn set(&mut self, i: usize, j: usize, x: Gauss) {
        self.data[j * self.rows + i] = x;
    }

    /// The entries.
    pub fn entries(self) -> Entries {
        match self.complex {
            true => Entries::Complex(self.data),
            false => Entries::Real(self.data.into_iter().map(|z| z.re).collect()),
        }
    }
}

/// Whether the members of a set are Hermitian.
pub fn is_hermitian(set: Set) -> bool {
    matches!(set, Set::Sym | Set::Psd | Set::Pd | Set::Corr | Set::Density)
}

/// A member near a computed one, made of multiples of 1/q, or for unit vectors of fractions whose parts are about q².
pub fn near(domain: &Domain, member: &Grid, q: u32, way: Way) -> Option<Grid> {
    let step = BigInt::from(q);
    let round = |x: &BigRational| match way {
        Way::Nearest => nearest_multiple(x, &step),
        Way::Inwards => multiple_towards_zero(x, &step),
    };
    let each = |z: &Gauss| Complex::new(round(&z.re), round(&z.im));
    let (m, n, complex) = (member.rows, member.cols, member.complex);
    let hermitian = |diagonal: &dyn Fn(usize) -> BigRational| {
        Grid::from_fn(m, n, complex, |i, j| match i.cmp(&j) {
            std::cmp::Ordering::Equal => real(diagonal(i)),
            std::cmp::Ordering::Less => each(member.at(i, j)),
            std::cmp::Ordering::Greater => each(member.at(j, i)).conj(),
        })
    };
    Some(match domain.set {
        Set::Real | Set::Complex | Set::Vec | Set::Mat => Grid::from_fn(m, n, complex, |i, j| each(member.at(i, j))),
        Set::Sym | Set::Psd | Set::Pd => hermitian(&|i| nearest_multiple(&member.at(i, i).re, &step)),
        Set::Corr => hermitian(&|_| BigRational::one()),
        Set::Density => {
            let diagonal: Vec<&BigRational> = (0..n).map(|i| &member.at(i, i).re).collect();
            let shares = apportion(&diagonal, q);
            hermitian(&|i| shares[i].clone())
        }
        Set::Simplex => {
            let entries: Vec<&BigRational> = member.data.iter().map(|z| &z.re).collect();
            let shares = apportion(&entries, q);
            Grid::from_fn(m, n, false, |i, _| real(shares[i].clone()))
        }
        Set::Mask => Grid::from_fn(m, n, false, |i, j| real(member.at(i, j).re.round())),
        Set::UnitCols => columns(member, q)?,
        Set::UnitRows => {
            let turned = Grid::from_fn(n, m, complex, |i, j| member.at(j, i).clone());
            let unit = columns(&turned, q)?;
            Grid::from_fn(m, n, complex, |i, j| unit.at(j, i).clone())
        }
        // A single column is a unit vector; of several, only signed permutations are tried.
        Set::Stiefel | Set::Orthogonal | Set::Unitary if n == 1 => columns(member, q)?,
        Set::Stiefel | Set::Orthogonal | Set::Unitary => {
            let one = BigInt::one();
            let integer = |z: &Gauss| Complex::new(nearest_multiple(&z.re, &one), nearest_multiple(&z.im, &one));
            Grid::from_fn(m, n, complex, |i, j| integer(member.at(i, j)))
        }
    })
}

/// Shares in q-ths with the sum 1 in proportion to nonnegative numbers, by the largest remainders.
fn apportion(x: &[&BigRational], q: u32) -> Vec<BigRational> {
    let q = BigRational::from_integer(q.into());
    let exact: Vec<BigRational> = x.iter().map(|x| (*x * &q).max(BigRational::zero())).collect();
    let mut shares: Vec<BigRational> = exact.iter().map(|x| x.floor()).collect();
    let mut order: Vec<usize> = (0..x.len()).collect();
    order.sort_by(|a, b| (&exact[*b] - &shares[*b]).cmp(&(&exact[*a] - &shares[*a])).then(a.cmp(b)));
    let missing = &q - shares.iter().sum::<BigRational>();
    // Rounding may have left the sum a little above 1, and so a floor above its share.
    let count = missing.to_integer().to_usize().unwrap_or(0);
    for place in order.iter().cycle().take(count) {
        shares[*place] += BigRational::one();
    }
    shares.into_iter().map(|share| share / &q).collect()
}

/// Rational unit columns near given ones, by stereographic projection from the point opposite to the largest coordinate:
/// t = v/(1 + v₀) is rounded, and v = 2t/(1 + |t|²), v₀ = (1 − |t|²)/(1 + |t|²) is of norm 1 again.
fn columns(member: &Grid, q: u32) -> Option<Grid> {
    let mut result = member.clone();
    let (step, one) = (BigInt::from(q), BigRational::one());
    for j in 0..member.cols {
        let column: Vec<BigRational> =
            (0..member.rows).flat_map(|i| [member.at(i, j).re.clone(), member.at(i, j).im.clone()]).collect();
        let (pole, largest) = column.iter().enumerate().max_by(|a, b| a.1.abs().cmp(&b.1.abs()).then(b.0.cmp(&a.0)))?;
        let sign = largest.signum();
        let height = &one + largest.abs();
        let rounded: Vec<BigRational> = column.iter().map(|x| nearest_multiple(&(x / &height), &step)).collect();
        let flat = |k: usize| if k == pole { BigRational::zero() } else { rounded[k].clone() };
        let square: BigRational = (0..column.len()).map(|k| flat(k) * flat(k)).sum();
        let scale = &one + &square;
        let coordinate = |k: usize| {
            if k == pole {
                &sign * (&one - &square) / &scale
            } else {
                flat(k) * BigRational::from_integer(2.into()) / &scale
            }
        };
        for i in 0..member.rows {
            result.set(i, j, Complex::new(coordinate(2 * i), coordinate(2 * i + 1)));
        }
    }
    Some(result)
}

/// Simple members of a set that a given one may be replaced by, the simplest first.
pub fn usual(domain: &Domain, rows: usize, cols: usize, complex: bool) -> Vec<Grid> {
    let ratio = |p: i64, q: i64| BigRational::new(p.into(), q.into());
    let make =
        |entry: &dyn Fn(usize, usize) -> BigRational| Grid::from_fn(rows, cols, complex, |i, j| real(entry(i, j)));
    let off = |c: BigRational| make(&|i, j| if i == j { BigRational::one() } else { c.clone() });
    let n = rows as i64;
    match domain.set {
        Set::Real | Set::Complex | Set::Vec | Set::Mat => vec![make(&|_, _| ratio(0, 1)), make(&|_, _| ratio(1, 1))],
        Set::Sym | Set::Psd => {
            let corner = make(&|i, j| ratio(i64::from(i == 0 && j == 0), 1));
            vec![make(&|_, _| ratio(0, 1)), corner, off(ratio(0, 1)), make(&|_, _| ratio(1, 1)), off(ratio(1, 2))]
        }
        Set::Pd => vec![off(ratio(0, 1)), off(ratio(1, 2))],
        Set::Corr if rows == 3 => three(complex),
        Set::Corr => vec![off(ratio(0, 1)), make(&|_, _| ratio(1, 1)), off(ratio(1, 2)), off(ratio(1, 4))],
        Set::Density => {
            let corner = make(&|i, j| ratio(i64::from(i == 0 && j == 0), 1));
            let mixed = make(&|i, j| if i == j { ratio(1, n) } else { ratio(0, 1) });
            vec![corner, mixed, make(&|_, _| ratio(1, n))]
        }
        // One outcome, all alike, and one that is likelier or less likely than the others.
        Set::Simplex if rows == 1 => vec![make(&|_, _| ratio(1, 1))],
        Set::Simplex => {
            let first = |p: BigRational| {
                let others = (ratio(1, 1) - &p) / ratio(n - 1, 1);
                make(&|i, _| if i == 0 { p.clone() } else { others.clone() })
            };
            let likely = [(1, 1), (1, n), (1, 2), (1, 4), (3, 4), (1, 10), (9, 10), (1, 100), (99, 100)];
            likely.into_iter().map(|(p, q)| first(ratio(p, q))).collect()
        }
        Set::Mask => vec![make(&|_, _| ratio(0, 1)), make(&|_, _| ratio(1, 1))],
        Set::UnitCols => {
            vec![make(&|i, _| ratio(i64::from(i == 0), 1)), make(&|i, j| ratio(i64::from(i == j % rows), 1))]
        }
        Set::UnitRows => {
            vec![make(&|_, j| ratio(i64::from(j == 0), 1)), make(&|i, j| ratio(i64::from(j == i % cols), 1))]
        }
        Set::Stiefel | Set::Orthogonal | Set::Unitary => vec![off(ratio(0, 1))],
    }
}

/// Every 3 × 3 matrix of unit diagonal whose other entries are among the simplest, the shortest first: counterexamples
/// that need two kernels often stand among them.
fn three(complex: bool) -> Vec<Grid> {
    let simple = [(0, 1), (1, 1), (-1, 1), (1, 2), (-1, 2), (1, 3), (2, 3), (1, 4), (3, 4)];
    let simple: Vec<BigRational> = simple.iter().map(|(p, q)| BigRational::new((*p).into(), (*q).into())).collect();
    let mut found = Vec::with_capacity(simple.len().pow(3));
    for a in &simple {
        for b in &simple {
            for c in &simple {
                // Entries (1, 2), (1, 3) and (2, 3) are told apart by the sum of their places.
                let off = [a, b, c];
                let entry = |i: usize, j: usize| if i == j { BigRational::one() } else { off[i + j - 1].clone() };
                found.push(Grid::from_fn(3, 3, complex, |i, j| real(entry(i, j))));
            }
        }
    }
    found.sort_by_cached_key(|grid| grid.data.iter().map(|z| length(&z.re)).sum::<u64>());
    found
}

/// Small whole numbers in proportion to the raw numbers of a chart, the largest being `most`: column by column where the
/// chart normalises columns, all together where it normalises the whole. `None` where it normalises nothing.
pub fn whole(domain: &Domain, raw: &Grid, most: u32) -> Option<Grid> {
    let lines: Vec<Vec<(usize, usize)>> = match domain.set {
        Set::Corr | Set::UnitCols => (0..raw.cols).map(|j| (0..raw.rows).map(|i| (i, j)).collect()).collect(),
        Set::UnitRows => (0..raw.rows).map(|i| (0..raw.cols).map(|j| (i, j)).collect()).collect(),
        Set::Density | Set::Simplex | Set::Stiefel | Set::Orthogonal | Set::Unitary => {
            vec![(0..raw.cols).flat_map(|j| (0..raw.rows).map(move |i| (i, j))).collect()]
        }
        Set::Real | Set::Complex | Set::Vec | Set::Mat | Set::Sym | Set::Psd | Set::Pd | Set::Mask => return None,
    };
    let mut result = raw.clone();
    for line in lines {
        let largest = line.iter().flat_map(|(i, j)| [raw.at(*i, *j).re.abs(), raw.at(*i, *j).im.abs()]).max()?;
        if largest.is_zero() {
            return None;
        }
        // A double suffices for the scale: what is rounded needs no exact one.
        let scale = exact(f64::from(most) / largest.to_f64()?)?;
        for (i, j) in line {
            let z = raw.at(i, j);
            result.set(i, j, Complex::new((&z.re * &scale).round(), (&z.im * &scale).round()));
        }
    }
    Some(result)
}
