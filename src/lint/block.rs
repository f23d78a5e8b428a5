//! Matrices of numbers, and what is done to the samples in them.

use rand::RngExt;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The generator of all draws.
pub(super) type Rng = ChaCha8Rng;

/// A matrix, column by column.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Block {
    pub rows: usize,
    pub cols: usize,
    pub entries: Vec<f64>,
}

/// Where the samples of a matrix are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Side {
    Columns,
    Rows,
    /// Both: a kernel.
    Both,
}

impl Block {
    pub fn from_fn(rows: usize, cols: usize, mut entry: impl FnMut(usize, usize) -> f64) -> Self {
        let entries = (0..rows * cols).map(|at| entry(at % rows, at / rows)).collect();
        Block { rows, cols, entries }
    }

    pub fn normal(rows: usize, cols: usize, rng: &mut Rng) -> Self {
        Block::from_fn(rows, cols, |_, _| StandardNormal.sample(rng))
    }

    pub fn at(&self, i: usize, j: usize) -> f64 {
        self.entries[j * self.rows + i]
    }

    pub fn column(&self, j: usize) -> &[f64] {
        &self.entries[j * self.rows..(j + 1) * self.rows]
    }

    pub fn column_mut(&mut self, j: usize) -> &mut [f64] {
        &mut self.entries[j * self.rows..(j + 1) * self.rows]
    }

    pub fn transposed(&self) -> Block {
        Block::from_fn(self.cols, self.rows, |i, j| self.at(j, i))
    }

    pub fn times(&self, other: &Block) -> Block {
        let mut product = Block::from_fn(self.rows, other.cols, |_, _| 0.0);
        for j in 0..other.cols {
            for k in 0..self.cols {
                let factor = other.at(k, j);
                let (column, target) = (&self.entries[k * self.rows..], &mut product.entries[j * self.rows..]);
                column.iter().zip(target).take(self.rows).for_each(|(x, y)| *y += x * factor);
            }
        }
        product
    }

    pub fn scaled(&self, factor: f64) -> Block {
        Block { entries: self.entries.iter().map(|x| x * factor).collect(), ..*self }
    }

    /// The sum of this and a multiple of another.
    pub fn plus(&self, other: &Block, factor: f64) -> Block {
        let entries = self.entries.iter().zip(&other.entries).map(|(x, y)| x + factor * y).collect();
        Block { entries, ..*self }
    }

    /// What of each column is orthogonal to the column of `at`: the part that does not leave its norm.
    pub fn tangent_to(mut self, at: &Block) -> Block {
        for j in 0..at.cols {
            let square: f64 = at.column(j).iter().map(|x| x * x).sum();
            let inner: f64 = at.column(j).iter().zip(self.column(j)).map(|(x, y)| x * y).sum();
            let along = if square > 0.0 { inner / square } else { 0.0 };
            self.column_mut(j).iter_mut().zip(at.column(j)).for_each(|(y, x)| *y -= along * x);
        }
        self
    }

    /// Every column of norm 1; one that is zero stays so.
    pub fn unit_columns(mut self) -> Block {
        for j in 0..self.cols {
            let norm = norm(self.column(j));
            if norm > 0.0 {
                self.column_mut(j).iter_mut().for_each(|x| *x /= norm);
            }
        }
        self
    }

    /// The samples with these numbers, in this order.
    pub fn samples(&self, side: Side, order: &[usize]) -> Block {
        match side {
            Side::Columns => Block::from_fn(self.rows, order.len(), |i, j| self.at(i, order[j])),
            Side::Rows => Block::from_fn(order.len(), self.cols, |i, j| self.at(order[i], j)),
            Side::Both => Block::from_fn(order.len(), order.len(), |i, j| self.at(order[i], order[j])),
        }
    }

    /// The features rotated: QZ, ZQ' where samples are rows, QKQ' of a kernel.
    pub fn rotated(&self, side: Side, q: &Block) -> Block {
        match side {
            Side::Columns => q.times(self),
            Side::Rows => self.times(&q.transposed()),
            Side::Both => {
                let turned = q.times(self).times(&q.transposed());
                // Exactly symmetric, as the kernel was.
                Block::from_fn(self.rows, self.cols, |i, j| (turned.at(i, j) + turned.at(j, i)) / 2.0)
            }
        }
    }
}

pub(super) fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// n orthonormal columns of m entries, n ≤ m: Gram and Schmidt on normal columns, twice.
pub(super) fn orthonormal(m: usize, n: usize, rng: &mut Rng) -> Block {
    let mut q = Block::normal(m, n, rng);
    for j in 0..n {
        for _ in 0..2 {
            for k in 0..j {
                let inner: f64 = q.column(k).iter().zip(q.column(j)).map(|(x, y)| x * y).sum();
                let other = q.column(k).to_vec();
                q.column_mut(j).iter_mut().zip(&other).for_each(|(x, y)| *x -= inner * y);
            }
            let length = norm(q.column(j));
            q.column_mut(j).iter_mut().for_each(|x| *x /= length);
        }
    }
    q
}

/// n columns of m entries, n ≥ m, each of norm 1, with ZZ' = (n/m) I: a unit-norm tight frame. Orthonormal rows have the
/// second after scaling, and keep it when columns are rotated among each other: every rotation makes the norm of one column
/// 1, as in Davies and Higham 2000, Numerically stable generation of correlation matrices and their factors, BIT 40.
pub(super) fn tight_frame(m: usize, n: usize, rng: &mut Rng) -> Block {
    let mut z = orthonormal(n, m, rng).transposed().scaled((n as f64 / m as f64).sqrt());
    let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let mut left: Vec<usize> = (0..n).collect();
    while left.len() > 1 {
        let square = |j: &usize| inner(z.column(*j), z.column(*j));
        // The shortest and the longest column: their squares have the mean 1 with the others that are left.
        left.sort_by(|i, j| square(i).total_cmp(&square(j)));
        let (i, j) = (left[0], left[left.len() - 1]);
        let (short, long) = (z.column(i).to_vec(), z.column(j).to_vec());
        let (below, above) = (inner(&short, &short) - 1.0, inner(&long, &long) - 1.0);
        if above > 0.0 && below < 0.0 {
            // (c x − s y) has norm 1 for the tangent t of the angle with above t² − 2 ⟨x, y⟩ t + below = 0.
            let cross = inner(&short, &long);
            let root = (cross * cross - below * above).sqrt();
            let t = (cross + root.copysign(cross)) / above;
            let c = 1.0 / t.hypot(1.0);
            let s = c * t;
            let rotated = |a: f64, b: f64| short.iter().zip(&long).map(|(x, y)| a * x + b * y).collect::<Vec<f64>>();
            let (first, second) = (rotated(c, -s), rotated(s, c));
            z.column_mut(i).copy_from_slice(&first);
            z.column_mut(j).copy_from_slice(&second);
        }
        left.remove(0);
    }
    z
}

/// A permutation of n samples that moves the first.
pub(super) fn permutation(n: usize, rng: &mut Rng) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    order.shuffle(rng);
    if order.first() == Some(&0) {
        order.rotate_left(1);
    }
    order
}

/// 1 or −1.
pub(super) fn sign(rng: &mut Rng) -> f64 {
    if rng.random::<bool>() { 1.0 } else { -1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;

    #[test]
    fn a_tight_frame_is_one() {
        for (m, n) in [(1, 1), (1, 5), (3, 3), (3, 4), (4, 17), (5, 64)] {
            let z = tight_frame(m, n, &mut Rng::seed_from_u64(1));
            let frame = z.times(&z.transposed());
            for i in 0..m {
                for j in 0..m {
                    let expected = if i == j { n as f64 / m as f64 } else { 0.0 };
                    assert!((frame.at(i, j) - expected).abs() < 1e-13 * n as f64, "{m}, {n}: {}", frame.at(i, j));
                }
            }
            for j in 0..n {
                assert!((norm(z.column(j)) - 1.0).abs() < 1e-13 * n as f64, "{m}, {n}: {}", norm(z.column(j)));
            }
        }
    }

    #[test]
    fn orthonormal_columns_are() {
        let q = orthonormal(7, 5, &mut Rng::seed_from_u64(1));
        let gram = q.transposed().times(&q);
        for i in 0..5 {
            for j in 0..5 {
                assert!((gram.at(i, j) - f64::from(u8::from(i == j))).abs() < 1e-14);
            }
        }
    }
}
