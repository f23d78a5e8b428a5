//! Collapse, and what permuting the samples and rotating the features changes.

use std::collections::BTreeMap;

use super::block::{Block, orthonormal, permutation};
use super::draw::{Draw, Structure};
use super::finding::{Collapse, Extremum, Kind, Outcome, Pair, Ways};
use super::loss::Point;
use super::trial::{ROUNDING, Trial, with};

/// Where the ways to collapse are looked at.
const WAY: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

impl<'a> Trial<'a> {
    /// Collapse against random and structured inputs, all with samples of norm 1.
    pub fn collapse(&mut self) -> Collapse {
        let (mut collapsed, mut orthonormal, mut others) = (Vec::new(), Vec::new(), Vec::new());
        let mut ways = Ways::default();
        for i in 0..self.draws.len() {
            let at = |trial: &mut Self, structure, place| {
                let point = trial.draws[i].structured(structure, None);
                trial.value(&point, place)
            };
            collapsed.push(at(self, Structure::Collapse, "collapse"));
            orthonormal.push(at(self, Structure::Orthonormal, "orthonormal samples"));
            others.push(at(self, Structure::RankOne, "samples on a line"));
            others.push(at(self, Structure::Duplicates, "samples that come twice"));
            let way = self.draws[i].way(&WAY);
            let values: Vec<Option<f64>> =
                way.iter().map(|point| self.value(point, "a way to collapse").finite()).collect();
            if let Some(values) = values.into_iter().collect::<Option<Vec<f64>>>() {
                let noise = ROUNDING * values.iter().map(|x| x.abs()).fold(0.0, f64::max);
                ways.all += 1;
                ways.fall += usize::from(values.is_sorted_by(|a, b| *b < a - noise));
                ways.rise += usize::from(values.is_sorted_by(|a, b| *b > a + noise));
            }
        }
        let numbers = |outcomes: &[Outcome]| outcomes.iter().filter_map(Outcome::number).collect::<Vec<f64>>();
        let random = numbers(&self.values);
        let pool: Vec<f64> = [random.clone(), numbers(&orthonormal), numbers(&others)].concat();
        let kind = extremum(&numbers(&collapsed), &pool);
        // What has no value in some draw has none: the worst is shown.
        let worst = |outcomes: Vec<Outcome>| {
            let bad = outcomes.iter().find(|outcome| outcome.finite().is_none()).cloned();
            bad.or_else(|| outcomes.into_iter().next()).unwrap_or(Outcome::NotANumber)
        };
        let ends = |values: &[f64]| (values.iter().copied().fold(f64::INFINITY, f64::min), greatest(values));
        let random = (!random.is_empty()).then(|| ends(&random));
        Collapse { kind, value: worst(collapsed), orthonormal: worst(orthonormal), random, ways }
    }

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
fn samples(block: &Block, side: super::block::Side) -> usize {
    if side == super::block::Side::Columns { block.cols } else { block.rows }
}

fn greatest(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::NEG_INFINITY, f64::max)
}

/// What the values at collapse are among others.
fn extremum(collapsed: &[f64], others: &[f64]) -> Extremum {
    if collapsed.is_empty() || others.is_empty() {
        return Extremum::Undefined;
    }
    let (low, high) = (-greatest(&others.iter().map(|x| -x).collect::<Vec<_>>()), greatest(others));
    let (bottom, top) = (-greatest(&collapsed.iter().map(|x| -x).collect::<Vec<_>>()), greatest(collapsed));
    let size = others.iter().chain(collapsed).filter(|x| x.is_finite()).map(|x| x.abs()).fold(0.0, f64::max);
    let noise = ROUNDING * size;
    if high.max(top) - low.min(bottom) <= noise {
        Extremum::Constant
    } else if top <= low + noise {
        Extremum::Least { alone: low > top + noise }
    } else if bottom >= high - noise {
        Extremum::Greatest { alone: high < bottom - noise }
    } else {
        Extremum::Neither
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extremum_is_told_from_a_tie() {
        assert_eq!(extremum(&[0.0, 0.0], &[1.0, 2.0]), Extremum::Least { alone: true });
        assert_eq!(extremum(&[0.0], &[0.0, 2.0]), Extremum::Least { alone: false });
        assert_eq!(extremum(&[f64::INFINITY], &[0.0, 2.0]), Extremum::Greatest { alone: true });
        assert_eq!(extremum(&[1.0], &[0.0, 2.0]), Extremum::Neither);
        assert_eq!(extremum(&[1.0], &[1.0 + 1e-12, 1.0]), Extremum::Constant);
        assert_eq!(extremum(&[], &[1.0]), Extremum::Undefined);
    }
}
