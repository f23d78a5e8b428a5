//! A system of column vectors, and the little linear algebra that drawing needs: orthonormalising, Cholesky of a
//! semi-definite matrix, rotations that level the norms.
//!
//! The buffers are kept from one sample to the next.

use rand::RngExt;

use super::entry::Entry;
use crate::verify::seed::Rng;

/// A matrix, column by column.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Columns<E> {
    rows: usize,
    cols: usize,
    data: Vec<E>,
}

impl<E: Entry> Columns<E> {
    /// An empty one.
    pub fn new() -> Self {
        Columns { rows: 0, cols: 0, data: Vec::new() }
    }

    /// Gives it a shape and sets every entry to 0.
    pub fn reset(&mut self, rows: usize, cols: usize) {
        (self.rows, self.cols) = (rows, cols);
        self.data.clear();
        self.data.resize(rows * cols, E::real(0.0));
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// All entries, column by column.
    pub fn entries(&self) -> &[E] {
        &self.data
    }

    /// All entries, column by column.
    pub fn entries_mut(&mut self) -> &mut [E] {
        &mut self.data
    }

    /// A column.
    pub fn col(&self, j: usize) -> &[E] {
        &self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// A column.
    pub fn col_mut(&mut self, j: usize) -> &mut [E] {
        &mut self.data[j * self.rows..(j + 1) * self.rows]
    }

    /// An entry.
    pub fn at(&self, i: usize, j: usize) -> E {
        self.data[i + j * self.rows]
    }

    /// Sets an entry.
    pub fn set(&mut self, i: usize, j: usize, x: E) {
        self.data[i + j * self.rows] = x;
    }

    /// Takes over shape and entries of another.
    pub fn copy_from(&mut self, other: &Columns<E>) {
        (self.rows, self.cols) = (other.rows, other.cols);
        self.data.clear();
        self.data.extend_from_slice(&other.data);
    }

    /// Independent Gaussian entries.
    pub fn gaussian(&mut self, rng: &mut Rng) {
        for x in &mut self.data {
            *x = E::gaussian(rng);
        }
    }

    /// The inner product of two columns, conjugate-linear in the first.
    pub fn dot(&self, i: usize, j: usize) -> E {
        dot(self.col(i), self.col(j))
    }

    /// The squared norm of a column.
    pub fn norm2(&self, j: usize) -> f64 {
        norm2(self.col(j))
    }

    /// Multiplies a column.
    pub fn scale_col(&mut self, j: usize, s: f64) {
        for x in self.col_mut(j) {
            *x = x.scale(s);
        }
    }

    /// Multiplies every entry.
    pub fn scale(&mut self, s: f64) {
        for x in &mut self.data {
            *x = x.scale(s);
        }
    }

    /// Copies one column over another.
    pub fn repeat_col(&mut self, from: usize, to: usize) {
        let rows = self.rows;
        self.data.copy_within(from * rows..(from + 1) * rows, to * rows);
    }

    /// Exchanges two columns.
    pub fn swap_cols(&mut self, i: usize, j: usize) {
        for k in 0..self.rows {
            self.data.swap(k + i * self.rows, k + j * self.rows);
        }
    }

    /// Makes the first `count` columns orthonormal, by Gram and Schmidt's method, done twice where the first time took
    /// away more than half of a column (Daniel, Gragg, Kaufman and Stewart, Math. Comp. 30, 1976), which is enough for
    /// an orthonormality of a few units in the last place (Kahan's "twice is enough", in Parlett, The Symmetric
    /// Eigenvalue Problem, 1980). A column that depends on those before it is drawn anew.
    pub fn orthonormalize(&mut self, count: usize, rng: &mut Rng) {
        debug_assert!(count <= self.rows, "more orthonormal columns than dimensions");
        for j in 0..count {
            loop {
                let before = self.norm2(j);
                self.project_out(j);
                if self.norm2(j) < 0.5 * before {
                    self.project_out(j);
                }
                let after = self.norm2(j);
                if after > 1e-20 * before && after > 1e-200 {
                    self.scale_col(j, 1.0 / after.sqrt());
                    break;
                }
                for k in 0..self.rows {
                    self.set(k, j, E::gaussian(rng));
                }
            }
        }
    }

    /// Takes its components along the columns before it, which are orthonormal, away from a column.
    fn project_out(&mut self, j: usize) {
        let (before, from) = self.data.split_at_mut(j * self.rows);
        let column = &mut from[..self.rows];
        for unit in before.chunks_exact(self.rows) {
            let along = dot(unit, column);
            for (x, y) in column.iter_mut().zip(unit) {
                *x -= *y * along;
            }
        }
    }

    /// A uniform (Haar) orthonormal system of `cols` columns in `rows` ≥ `cols` dimensions: the orthonormalised columns
    /// of a Gaussian matrix (Eaton 1983; Mezzadri, Notices of the AMS 54, 2007).
    pub fn haar(&mut self, rows: usize, cols: usize, rng: &mut Rng) {
        self.reset(rows, cols);
        self.gaussian(rng);
        self.orthonormalize(cols, rng);
    }

    /// Replaces a Hermitian positive semi-definite n × n matrix K by an upper triangular C with C'C = K. A pivot that
    /// rounding made negative, or that is noise, is 0, and so is the rest of its row (Higham, Accuracy and Stability of
    /// Numerical Algorithms, section 10.3).
    pub fn semidefinite_cholesky(&mut self) {
        let n = self.rows;
        let largest = (0..n).map(|j| self.at(j, j).re()).fold(0.0, f64::max);
        let noise = largest * f64::EPSILON * 4.0 * n as f64;
        for k in 0..n {
            let mut pivot = self.at(k, k).re();
            for i in 0..k {
                pivot -= self.at(i, k).abs2();
            }
            let root = if pivot > noise { pivot.sqrt() } else { 0.0 };
            self.set(k, k, E::real(root));
            for j in k + 1..n {
                let mut x = self.at(k, j);
                for i in 0..k {
                    x -= self.at(i, k).conj() * self.at(i, j);
                }
                self.set(k, j, if root > 0.0 { x.scale(1.0 / root) } else { E::real(0.0) });
                self.set(j, k, E::real(0.0));
            }
        }
    }

    /// Rotates pairs of columns until every column has the same norm, which keeps the spectrum of the Gram matrix
    /// (Davies and Higham, Numerically stable generation of correlation matrices, BIT 40, 2000). `norms` is a buffer.
    pub fn level_norms(&mut self, norms: &mut Vec<f64>) {
        let n = self.cols;
        norms.clear();
        norms.extend((0..n).map(|j| self.norm2(j)));
        let target = norms.iter().sum::<f64>() / n as f64;
        if target <= 0.0 {
            return;
        }
        for _ in 0..n {
            // One column below the target and one above it: a rotation makes the first one right.
            let below = norms.iter().position(|norm2| *norm2 < target * (1.0 - 1e-14));
            let above = norms.iter().position(|norm2| *norm2 > target * (1.0 + 1e-14));
            let (Some(i), Some(j)) = (below, above) else { return };
            let (a, b) = (norms[i], norms[j]);
            let inner = self.dot(i, j);
            // A phase makes the inner product real, then t = tan of the angle solves (b − τ) t² + 2 c t + (a − τ) = 0.
            let size = inner.abs2().sqrt();
            if size > 0.0 {
                let phase = inner.conj().scale(1.0 / size);
                for k in 0..self.rows {
                    let x = self.at(k, j) * phase;
                    self.set(k, j, x);
                }
            }
            let (p, q) = (b - target, a - target);
            let root = (size * size - p * q).max(0.0).sqrt();
            let t = -q / (size + root);
            let c = 1.0 / (1.0 + t * t).sqrt();
            let s = c * t;
            for k in 0..self.rows {
                let (x, y) = (self.at(k, i), self.at(k, j));
                self.set(k, i, x.scale(c) + y.scale(s));
                self.set(k, j, y.scale(c) - x.scale(s));
            }
            (norms[i], norms[j]) = (self.norm2(i), self.norm2(j));
        }
    }

    /// Replaces the columns by Q times them, with Q the square matrix `rotation`.
    pub fn rotate(&mut self, rotation: &Columns<E>, scratch: &mut Vec<E>) {
        for j in 0..self.cols {
            scratch.clear();
            scratch.extend_from_slice(self.col(j));
            let column = self.col_mut(j);
            column.fill(E::real(0.0));
            for (k, y) in scratch.iter().enumerate() {
                for (x, q) in column.iter_mut().zip(rotation.col(k)) {
                    *x += *q * *y;
                }
            }
        }
    }

    /// Puts the columns into a uniform order.
    pub fn shuffle(&mut self, rng: &mut Rng) {
        for j in (1..self.cols).rev() {
            let i = rng.random_range(0..=j);
            if i != j {
                self.swap_cols(i, j);
            }
        }
    }
}

/// How many partial sums a reduction keeps: a single one waits for every addition and keeps the compiler from vectors.
const LANES: usize = 8;

/// The inner product, conjugate-linear in the first.
fn dot<E: Entry>(a: &[E], b: &[E]) -> E {
    let mut sums = [E::real(0.0); LANES];
    let (a, a_rest) = a.as_chunks::<LANES>();
    let (b, b_rest) = b.as_chunks::<LANES>();
    for (a, b) in a.iter().zip(b) {
        for l in 0..LANES {
            sums[l] += a[l].conj() * b[l];
        }
    }
    for (l, (a, b)) in a_rest.iter().zip(b_rest).enumerate() {
        sums[l] += a.conj() * *b;
    }
    sums.into_iter().fold(E::real(0.0), |sum, x| sum + x)
}

/// The squared norm.
fn norm2<E: Entry>(a: &[E]) -> f64 {
    let mut sums = [0.0; LANES];
    let (a, rest) = a.as_chunks::<LANES>();
    for a in a {
        for l in 0..LANES {
            sums[l] += a[l].abs2();
        }
    }
    for (l, a) in rest.iter().enumerate() {
        sums[l] += a.abs2();
    }
    sums.into_iter().sum()
}
