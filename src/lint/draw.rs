//! Inputs: random ones, and those with a structure, made of features and put into the shape that each argument has.

use std::collections::BTreeMap;

use rand::{RngExt, SeedableRng};

use super::block::{Block, Rng, Side, orthonormal, sign, tight_frame};
use super::finding::Kind;
use super::loss::{Loss, Point};
use super::subject::{Array, Role, Subject};
use crate::ir::Set;

/// A structure of the samples, the same in every argument that varies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Structure {
    /// All samples equal, of norm 1, and so in every argument.
    Collapse,
    /// All samples of an argument equal, those of every other argument opposite to those of the one before.
    Opposite,
    /// All samples of an argument equal, and nothing in common between arguments.
    Independent,
    /// Orthonormal samples; of more samples than features, a tight frame.
    Orthonormal,
    /// Zero.
    Zero,
    /// All samples on one line, of norm 1, either way.
    RankOne,
    /// Each sample twice.
    Duplicates,
}

/// The features below the varied arguments, by the number of the argument: a column per sample.
pub(super) type Features = BTreeMap<usize, Block>;

/// Random inputs of one number, for one loss.
pub(super) struct Draw<'a> {
    arrays: &'a [Array],
    shapes: Vec<(usize, usize)>,
    rng: Rng,
    /// The features below each varied argument, a column per sample; kernels are their Gram matrices.
    features: Features,
    /// The arguments that do not vary.
    others: BTreeMap<usize, Block>,
}

impl<'a> Draw<'a> {
    /// The draw with this number. Every other one has two views of the same samples: the second near the first.
    pub fn new(subject: &'a Subject<'_>, loss: &Loss, index: u64) -> Self {
        let shapes: Vec<(usize, usize)> = (0..loss.arguments.len()).map(|i| loss.shape(i)).collect();
        // The sizes take part, so that no two sizes share their numbers.
        let sizes = shapes.iter().fold(0u64, |hash, (m, n)| hash.wrapping_mul(31).wrapping_add((m * 1009 + n) as u64));
        let seed = subject.setting.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ sizes.rotate_left(17) ^ index;
        let mut rng = Rng::seed_from_u64(seed);
        let (mut features, mut others) = (BTreeMap::new(), BTreeMap::new());
        let mut first: BTreeMap<usize, Block> = BTreeMap::new();
        for (i, (array, (rows, cols))) in subject.arrays.iter().zip(&shapes).enumerate() {
            match array.role {
                Role::Varied(kind) => {
                    let (m, n) = match kind {
                        Kind::Columns => (*rows, *cols),
                        Kind::Rows => (*cols, *rows),
                        Kind::Kernel => (*rows, *rows),
                    };
                    let noise = Block::normal(m, n, &mut rng).unit_columns();
                    let drawn = match first.get(&m) {
                        Some(other) if index % 2 == 1 => other.plus(&noise, 0.5).unit_columns(),
                        _ => noise,
                    };
                    first.entry(m).or_insert_with(|| drawn.clone());
                    features.insert(i, drawn);
                }
                // What does not vary is the same in every draw, so that values can be compared between draws.
                Role::Label(side) => {
                    let mut still = Rng::seed_from_u64(subject.setting.seed ^ i as u64);
                    others.insert(i, label(array.set, side, *rows, *cols, &mut still));
                }
                Role::Held => {
                    let mut still = Rng::seed_from_u64(subject.setting.seed ^ i as u64);
                    others.insert(i, held(array.set, *rows, *cols, &mut still));
                }
            }
        }
        Draw { arrays: &subject.arrays, shapes, rng, features, others }
    }

    pub fn rng(&mut self) -> &mut Rng {
        &mut self.rng
    }

    /// The random input itself.
    pub fn point(&self) -> Point {
        self.made_of(&self.features)
    }

    /// The input with the structure in all varied arguments, or in one of them alone.
    pub fn structured(&mut self, structure: Structure, only: Option<usize>) -> Point {
        let features = self.structured_features(structure, only);
        self.made_of(&features)
    }

    /// The features of the random input.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The features with the structure in all varied arguments, or in one of them alone.
    pub fn structured_features(&mut self, structure: Structure, only: Option<usize>) -> Features {
        let mut made: BTreeMap<(usize, usize), Block> = BTreeMap::new();
        let mut features = self.features.clone();
        for (i, block) in &mut features {
            if only.is_some_and(|only| only != *i) {
                continue;
            }
            let shape = (block.rows, block.cols);
            // The same samples in every argument of the same shape, as of two views that agree.
            let next = match (made.get(&shape), structure) {
                (None, _) | (_, Structure::Independent) => structured(structure, block, &mut self.rng),
                (Some(before), Structure::Opposite) => before.scaled(-1.0),
                (Some(before), _) => before.clone(),
            };
            *block = next.clone();
            made.insert(shape, next);
        }
        features
    }

    /// Points on the way from the random input (0) to collapse (1), at these parts of it: the features go straight and
    /// are brought back to norm 1.
    pub fn way(&mut self, parts: &[f64]) -> Vec<Point> {
        let end = self.structured_features(Structure::Collapse, None);
        let at = |t: f64| {
            let mix = |(i, block): (&usize, &Block)| {
                let mixed = block.scaled(1.0 - t).plus(&end[i], t);
                (*i, mixed.unit_columns())
            };
            self.made_of(&self.features.iter().map(mix).collect())
        };
        parts.iter().map(|t| at(*t)).collect()
    }

    /// The input that is made of features.
    pub fn made_of(&self, features: &Features) -> Point {
        (0..self.arrays.len())
            .map(|i| match (features.get(&i), self.arrays[i].role) {
                (Some(block), Role::Varied(kind)) => shaped(block, kind, self.arrays[i].set),
                // Every argument is among the features or among the others.
                _ => self.others.get(&i).cloned().unwrap_or_else(|| {
                    let (rows, cols) = self.shapes[i];
                    Block::from_fn(rows, cols, |_, _| 0.0)
                }),
            })
            .collect()
    }
}

/// Features in the shape of an argument.
fn shaped(features: &Block, kind: Kind, set: Set) -> Block {
    match kind {
        Kind::Columns => features.clone(),
        Kind::Rows => features.transposed(),
        Kind::Kernel => {
            let n = features.cols;
            let inner = |i: usize, j: usize| {
                let product: f64 = features.column(i).iter().zip(features.column(j)).map(|(x, y)| x * y).sum();
                // Features of norm 1 have it to rounding; a kernel of theirs has it exactly.
                let one = i == j && (product - 1.0).abs() < 1e-12;
                let product = if one { 1.0 } else { product };
                if set == Set::Density { product / n as f64 } else { product }
            };
            Block::from_fn(n, n, |i, j| if i <= j { inner(i, j) } else { inner(j, i) })
        }
    }
}

fn structured(structure: Structure, like: &Block, rng: &mut Rng) -> Block {
    let (m, n) = (like.rows, like.cols);
    let direction = |rng: &mut Rng| Block::normal(m, 1, rng).unit_columns();
    match structure {
        Structure::Collapse | Structure::Opposite | Structure::Independent => {
            let u = direction(rng);
            Block::from_fn(m, n, |i, _| u.at(i, 0))
        }
        Structure::RankOne => {
            let u = direction(rng);
            let mut signs: Vec<f64> = (0..n).map(|_| sign(rng)).collect();
            if let [first, .., last] = signs.as_mut_slice() {
                (*first, *last) = (1.0, -1.0);
            }
            Block::from_fn(m, n, |i, j| u.at(i, 0) * signs[j])
        }
        Structure::Zero => Block::from_fn(m, n, |_, _| 0.0),
        Structure::Duplicates => Block::from_fn(m, n, |i, j| like.at(i, j / 2)),
        Structure::Orthonormal if n <= m => orthonormal(m, n, rng),
        Structure::Orthonormal => tight_frame(m, n, rng),
    }
}

/// What goes with the samples: a mask of every other one, one class a sample, or weights.
fn label(set: Set, side: Side, rows: usize, cols: usize, rng: &mut Rng) -> Block {
    let positive = |rng: &mut Rng| Block::from_fn(rows, cols, |_, _| 0.5 + rng.random::<f64>());
    match (set, side) {
        (Set::Mask, Side::Columns) => Block::from_fn(rows, cols, |i, j| f64::from(u8::from(j % rows == i))),
        (Set::Mask, Side::Rows | Side::Both) => {
            Block::from_fn(rows, cols, |i, j| f64::from(u8::from((i + j) % 2 == 0)))
        }
        (Set::Simplex, _) => {
            let weights = positive(rng);
            let total: f64 = weights.entries.iter().sum();
            weights.scaled(1.0 / total)
        }
        _ => positive(rng),
    }
}

/// What belongs to no sample.
fn held(set: Set, rows: usize, cols: usize, rng: &mut Rng) -> Block {
    match set {
        Set::Sym | Set::Psd | Set::Pd | Set::Corr | Set::Density => {
            shaped(&Block::normal(rows, rows, rng).unit_columns(), Kind::Kernel, set)
        }
        Set::Stiefel | Set::Orthogonal | Set::Unitary if cols <= rows => orthonormal(rows, cols, rng),
        Set::UnitCols => Block::normal(rows, cols, rng).unit_columns(),
        Set::UnitRows => Block::normal(cols, rows, rng).unit_columns().transposed(),
        Set::Mat => Block::normal(rows, cols, rng),
        Set::Real
        | Set::Complex
        | Set::Vec
        | Set::Simplex
        | Set::Mask
        | Set::Stiefel
        | Set::Orthogonal
        | Set::Unitary => label(set, Side::Rows, rows, cols, rng),
    }
}
