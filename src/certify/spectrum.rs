//! Rational spectra, of matrices that fall apart into simple blocks.
//!
//! Rows and columns that no chain of entries other than 0 connects are blocks of their own, in whatever order they stand.
//! A block is simple if it has at most two eigenvalues, both rational: one of order 1, one of order 2 whose discriminant
//! is a square, and one that is a multiple of the identity plus a matrix of rank 1. Diagonal matrices, kernels of
//! partitions and equicorrelated kernels are made of such blocks.

use num_rational::BigRational;
use num_traits::Zero;

use super::closed::Closed;
use super::functions::{self, root};
use super::matrix::Matrix;
use super::number::Field;
use crate::ir::ScalarFn;

/// A simple block.
struct Simple {
    /// Its rows and columns.
    places: Vec<usize>,
    /// The eigenvalue of multiplicity one less than the order; of a block of order 1 the eigenvalue.
    many: BigRational,
    /// The other one, another number.
    single: Option<BigRational>,
}

/// The simple blocks of a Hermitian matrix; `None` where some block is not simple.
fn blocks<T: Field>(x: &Matrix<T>) -> Option<Vec<Simple>> {
    let n = x.rows;
    let hermitian = x.cols == n && (0..n).all(|j| (0..=j).all(|i| *x.at(i, j) == x.at(j, i).conj()));
    if !hermitian {
        return None;
    }
    let mut free = vec![true; n];
    let mut found = Vec::new();
    for start in 0..n {
        if !free[start] {
            continue;
        }
        free[start] = false;
        let mut places = vec![start];
        let mut next = 0;
        while let Some(i) = places.get(next).copied() {
            places.extend((0..n).filter(|j| free[*j] && !x.at(i, *j).is_zero()));
            places[next..].iter().for_each(|j| free[*j] = false);
            next += 1;
        }
        places.sort_unstable();
        found.push(simple(x, places)?);
    }
    Some(found)
}

/// A block of connected places, if it is simple.
fn simple<T: Field>(x: &Matrix<T>, places: Vec<usize>) -> Option<Simple> {
    let at = |i: usize, j: usize| x.at(places[i], places[j]);
    let diagonal = |i: usize| at(i, i).re();
    let (many, single) = match places.len() {
        0 | 1 => (diagonal(0), None),
        2 => {
            let (sum, gap) = (diagonal(0) + diagonal(1), diagonal(0) - diagonal(1));
            let product = (at(0, 1).clone() * at(1, 0).clone()).re();
            let four = BigRational::from_integer(4.into());
            let distance = root(&(&gap * &gap + product * four))?;
            let two = BigRational::from_integer(2.into());
            ((&sum - &distance) / &two, Some((sum + distance) / two))
        }
        n => {
            // Of c I ± u u' with connected places no entry is 0, and ±|u_0|² = x_01 x_12 x_20 / (x_12 x_21).
            if (0..n).any(|i| (0..n).any(|j| at(i, j).is_zero() && i != j)) {
                return None;
            }
            let c = diagonal(0) - (at(0, 1).clone() * at(2, 0).clone() / at(2, 1).clone()).re();
            let entry = |i: usize, j: usize| {
                if i == j { at(i, j).clone() - T::from_rational(c.clone()) } else { at(i, j).clone() }
            };
            let corner = entry(0, 0);
            let one = (1..n).all(|i| (1..n).all(|j| entry(i, j) * corner.clone() == entry(i, 0) * entry(0, j)));
            if !one || corner.is_zero() {
                return None;
            }
            let trace = (0..n).fold(BigRational::zero(), |sum, i| sum + diagonal(i) - &c);
            let single = &c + trace;
            (c, Some(single))
        }
    };
    Some(Simple { places, many, single })
}

/// The eigenvalues of a Hermitian matrix, ascending, if they are rational and easily found.
pub(super) fn eigenvalues<T: Field>(x: &Matrix<T>) -> Option<Matrix<BigRational>> {
    let mut values = Vec::with_capacity(x.rows);
    for block in blocks(x)? {
        let many = block.places.len() - usize::from(block.single.is_some());
        values.extend(std::iter::repeat_n(block.many, many).chain(block.single));
    }
    values.sort();
    Some(Matrix { rows: x.rows, cols: 1, data: values })
}

/// f(A) of a real symmetric matrix with such eigenvalues: f(λ) I + (f(μ) − f(λ))/(μ − λ) (A − λ I) on a block with the
/// eigenvalues λ and μ (the interpolating polynomial; Higham, Functions of Matrices, 1.2.2).
pub(super) fn function(f: ScalarFn, t: Option<&BigRational>, x: &Matrix<BigRational>) -> Option<Matrix<Closed>> {
    let n = x.rows;
    let mut result = Matrix::from_fn(n, n, |_, _| Closed::zero());
    for block in blocks(x)? {
        let low = functions::value(f, &block.many.clone().into(), t)?;
        let slope = match &block.single {
            Some(single) => {
                let high = functions::value(f, &single.clone().into(), t)?;
                high.sub(&low)?.scale(&(single - &block.many).recip())?
            }
            None => Closed::zero(),
        };
        for i in &block.places {
            for j in &block.places {
                let image = if i == j {
                    slope.clone().scale(&(x.at(*i, *j) - &block.many))?.add(&low)?
                } else {
                    slope.clone().scale(x.at(*i, *j))?
                };
                result.set(*i, *j, image);
            }
        }
    }
    Some(result)
}
