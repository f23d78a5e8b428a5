//! Matrices of intervals or rectangles, column by column, with products and eliminations.

use super::complex::{Complex, Entry};
use super::float::{Float, Round};
use super::interval::Interval;

/// Entries column by column. A scalar has one row and one column, a vector one column.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Matrix<E> {
    pub rows: usize,
    pub cols: usize,
    pub data: Vec<E>,
}

/// The bits that norms are computed with; they are rounded upwards.
const NORM_BITS: u64 = 64;

impl<E: Clone> Matrix<E> {
    pub fn scalar(x: E) -> Self {
        Matrix { rows: 1, cols: 1, data: vec![x] }
    }

    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> E) -> Self {
        let mut data = Vec::with_capacity(rows * cols);
        for j in 0..cols {
            for i in 0..rows {
                data.push(entry(i, j));
            }
        }
        Matrix { rows, cols, data }
    }

    pub fn at(&self, i: usize, j: usize) -> &E {
        &self.data[j * self.rows + i]
    }

    pub fn set(&mut self, i: usize, j: usize, x: E) {
        self.data[j * self.rows + i] = x;
    }

    pub fn map<F>(&self, f: impl FnMut(&E) -> F) -> Matrix<F> {
        Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(f).collect() }
    }

    pub fn try_map<F, X>(&self, f: impl FnMut(&E) -> Result<F, X>) -> Result<Matrix<F>, X> {
        Ok(Matrix { rows: self.rows, cols: self.cols, data: self.data.iter().map(f).collect::<Result<_, X>>()? })
    }

    pub fn transpose(&self) -> Self {
        Matrix::from_fn(self.cols, self.rows, |i, j| self.at(j, i).clone())
    }

    /// Entry (i, j), where a scalar stands for every entry.
    pub fn spread(&self, i: usize, j: usize) -> &E {
        if self.data.len() == 1 { &self.data[0] } else { self.at(i, j) }
    }

    pub fn swap_rows(&mut self, a: usize, b: usize) {
        for j in 0..self.cols {
            self.data.swap(j * self.rows + a, j * self.rows + b);
        }
    }
}

impl<E: Entry> Matrix<E> {
    pub fn identity(n: usize) -> Self {
        Matrix::from_fn(n, n, |i, j| if i == j { E::one() } else { E::zero() })
    }

    pub fn adjoint(&self) -> Self {
        Matrix::from_fn(self.cols, self.rows, |i, j| self.at(j, i).conj())
    }

    pub fn matmul(&self, other: &Self, p: u64) -> Self {
        Matrix::from_fn(self.rows, other.cols, |i, j| {
            let mut sum = E::zero();
            for k in 0..self.cols {
                let (x, y) = (self.at(i, k), other.at(k, j));
                if !(x.is_exact_zero() && y.is_finite() || y.is_exact_zero() && x.is_finite()) {
                    sum = sum.add(&x.mul(y, p), p);
                }
            }
            sum
        })
    }

    pub fn kron(&self, other: &Self, p: u64) -> Self {
        Matrix::from_fn(self.rows * other.rows, self.cols * other.cols, |i, j| {
            self.at(i / other.rows, j / other.cols).mul(other.at(i % other.rows, j % other.cols), p)
        })
    }

    pub fn is_finite(&self) -> bool {
        self.data.iter().all(E::is_finite)
    }

    /// The matrix of the middles, as points.
    pub fn middle(&self, p: u64) -> Self {
        self.map(|x| x.middle(p))
    }

    /// An upper bound on the Frobenius norm.
    pub fn norm(&self) -> Float {
        let sum =
            self.data.iter().fold(Float::zero(), |sum, x| sum.add(&x.modulus2(NORM_BITS).hi, NORM_BITS, Round::Up));
        sum.sqrt(NORM_BITS, Round::Up)
    }

    /// The determinant by elimination; where no pivot is certainly not 0, Hadamard's bound Π ‖columns‖ on what is left.
    pub fn det(&self, p: u64) -> E {
        let n = self.rows;
        let mut a = self.clone();
        let mut det = E::one();
        for k in 0..n {
            let pivot = (k..n).max_by(|i, j| {
                let size = |i: &usize| a.at(*i, k).modulus(NORM_BITS).lo;
                size(i).cmp(&size(j))
            });
            let Some(pivot) = pivot else { break };
            if !a.at(pivot, k).modulus(p).is_positive() {
                // |det| ≤ Π ‖column‖₂ of the trailing block (Hadamard; Horn and Johnson, Matrix Analysis, 7.8.3).
                let bound = (k..n).fold(Interval::one(), |bound, j| {
                    let column = Matrix { rows: n - k, cols: 1, data: (k..n).map(|i| a.at(i, j).clone()).collect() };
                    bound.mul(&Interval::point(column.norm()), NORM_BITS)
                });
                if !bound.is_finite() {
                    return E::entire();
                }
                return det.mul(&E::zero().widen(&bound.hi, p), p);
            }
            if pivot != k {
                a.swap_rows(pivot, k);
                det = det.neg();
            }
            let diagonal = a.at(k, k).clone();
            det = det.mul(&diagonal, p);
            for i in k + 1..n {
                if a.at(i, k).is_exact_zero() {
                    continue;
                }
                let factor = a.at(i, k).div(&diagonal, p);
                for j in k + 1..n {
                    let entry = a.at(i, j).sub(&factor.mul(a.at(k, j), p), p);
                    a.set(i, j, entry);
                }
            }
        }
        det
    }

    /// An approximate inverse of the middle by Gauss-Jordan elimination; `None` where a pivot vanishes. The entries are
    /// points.
    fn approximate_inverse(&self, p: u64) -> Option<Self> {
        let n = self.rows;
        let mut a = self.middle(p);
        let mut b = Matrix::<E>::identity(n);
        for k in 0..n {
            let pivot = (k..n).max_by(|i, j| {
                let size = |i: &usize| a.at(*i, k).modulus(NORM_BITS).lo;
                size(i).cmp(&size(j))
            })?;
            if a.at(pivot, k).is_exact_zero() {
                return None;
            }
            a.swap_rows(pivot, k);
            b.swap_rows(pivot, k);
            let diagonal = E::one().div(a.at(k, k), p).middle(p);
            for j in 0..n {
                a.set(k, j, a.at(k, j).mul(&diagonal, p).middle(p));
                b.set(k, j, b.at(k, j).mul(&diagonal, p).middle(p));
            }
            for i in (0..n).filter(|i| *i != k) {
                let factor = a.at(i, k).clone();
                for j in 0..n {
                    a.set(i, j, a.at(i, j).sub(&factor.mul(a.at(k, j), p), p).middle(p));
                    b.set(i, j, b.at(i, j).sub(&factor.mul(b.at(k, j), p), p).middle(p));
                }
            }
        }
        Some(b)
    }

    /// The inverse; everything where the matrix may be singular.
    ///
    /// With M the approximate inverse and E = I − M A, ‖E‖_F < 1 implies that A has an inverse, and
    /// A⁻¹ − M = Σ_{k ≥ 1} E^k M, so that no entry of it exceeds ‖E‖/(1 − ‖E‖) ‖M‖ (Neumann's series; Rump,
    /// Verification methods, Acta Numerica 19, 2010, §10).
    pub fn inverse(&self, p: u64) -> Self {
        let unknown = Matrix::from_fn(self.rows, self.rows, |_, _| E::entire());
        if !self.is_finite() {
            return unknown;
        }
        let Some(m) = self.approximate_inverse(p + 16) else { return unknown };
        let product = m.matmul(self, p + 16);
        let defect = Matrix::from_fn(self.rows, self.rows, |i, j| {
            if i == j { E::one().sub(product.at(i, j), p + 16) } else { product.at(i, j).neg() }
        });
        let norm = defect.norm();
        let rest = Float::one().sub(&norm, NORM_BITS, Round::Down);
        if !rest.is_positive() {
            return unknown;
        }
        let error = norm.mul(&m.norm(), NORM_BITS, Round::Up).div(&rest, NORM_BITS, Round::Up);
        m.map(|x| x.widen(&error, p))
    }
}

/// The value of a node.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Value {
    Real(Matrix<Interval>),
    Complex(Matrix<Complex>),
    Truth(Option<bool>),
}

impl Value {
    pub fn scalar(x: Interval) -> Self {
        Value::Real(Matrix::scalar(x))
    }

    /// Whether some entry is unknown altogether, which a value that is undefined also is.
    pub fn has_unknown(&self) -> bool {
        match self {
            Value::Real(x) => x.data.iter().any(Interval::is_entire),
            Value::Complex(x) => x.data.iter().any(Entry::is_entire),
            Value::Truth(_) => false,
        }
    }

    /// The least value that contains both; both are of one type.
    pub fn hull(&self, other: &Value) -> Value {
        fn join<E: Entry>(x: &Matrix<E>, y: &Matrix<E>) -> Matrix<E> {
            Matrix { rows: x.rows, cols: x.cols, data: x.data.iter().zip(&y.data).map(|(x, y)| x.hull(y)).collect() }
        }
        match (self, other) {
            (Value::Real(x), Value::Real(y)) => Value::Real(join(x, y)),
            (Value::Complex(x), Value::Complex(y)) => Value::Complex(join(x, y)),
            (Value::Truth(x), Value::Truth(y)) if x == y => Value::Truth(*x),
            (Value::Real(_) | Value::Complex(_) | Value::Truth(_), _) => Value::Truth(None),
        }
    }
}
