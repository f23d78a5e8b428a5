//! What permuting the samples and rotating the features changes.

use std::collections::BTreeMap;

use super::block::{Block, Side, orthonormal, permutation};
use super::draw::Draw;
use super::finding::{Kind, Pair};
use super::loss::Point;
use super::trial::{Trial, with};

impl<'a> Trial<'a> {
    /// All samples in another order; and those of the first argument alone.
    pub fn permutation(&mut self) -> Pair {
        let sides = self.sides();
        let permuted = |draw: &mut Draw<'a>, only: Option<usize>| {
            let point = draw.point();
            let count = sides.iter().zip(&point).find_map(|(side, block)| side.map(|side| samples(block, side)));
            let order = permutation(count.unwrap_or(0), draw.rng());
            with(&point, |i, block| match (sides[i], only) {
                (Some(_), Some(only)) if only != i => None,
                (Some(side), _) => Some(block.samples(side, &order)),
                (None, _) => None,
            })
        };
        let jointly = self.change(|draw| permuted(draw, None));
        let first = self.varied().first().map(|(i, _)| *i);
        let several = sides.iter().flatten().count() > 1;
        let apart = if several { Some(self.change(|draw| permuted(draw, first))) } else { None };
        Pair { jointly, apart }
    }

    /// Features rotated: those of one width by one orthogonal matrix; and those of each argument by one of its own.
    pub fn rotation(&mut self) -> Pair {
        let varied = self.varied();
        let rotated = |draw: &mut Draw<'a>, one: bool| -> Point {
            let point = draw.point();
            let mut rotations: BTreeMap<(usize, usize), Block> = BTreeMap::new();
            with(&point, |i, block| {
                let (_, kind) = varied.iter().find(|(varied, _)| *varied == i)?;
                let width = if *kind == Kind::Rows { block.cols } else { block.rows };
                let key = (width, if one { 0 } else { i });
                let q = rotations.entry(key).or_insert_with(|| orthonormal(width, width, draw.rng()));
                Some(block.rotated(kind.side(), q))
            })
        };
        let jointly = self.change(|draw| rotated(draw, true));
        let apart = if varied.len() > 1 { Some(self.change(|draw| rotated(draw, false))) } else { None };
        Pair { jointly, apart }
    }
}

/// How many samples an argument has.
fn samples(block: &Block, side: Side) -> usize {
    if side == Side::Columns { block.cols } else { block.rows }
}
