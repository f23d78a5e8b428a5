//! Descents and ascents among samples of norm 1, from starts of all kinds: the least and the greatest values of a loss, as
//! far as slopes lead to them.
//!
//! A kernel is moved by the features below it. What training holds still is moved here: the question is what values the
//! loss takes, not where a gradient that is stopped leads.

use super::block::{Block, norm};
use super::collapse::Met;
use super::draw::{Features, Structure};
use super::finding::{Constants, Kind};
use super::loss::Slope;
use super::trial::Trial;
use crate::ir::Set;

/// Steps of one way.
const STEPS: usize = 80;
/// How often a step that does not lead on is shortened, each time to a quarter.
const SHORTENED: usize = 18;
/// The part of the slope's promise that a step must keep (Armijo).
const KEPT: f64 = 1e-4;
/// How far from collapse a start next to it is.
const NEXT: f64 = 0.1;
/// From how many constants a search starts that keeps the collapse.
const CONSTANTS: usize = 3;
/// Samples that differ by less are about equal.
const ABOUT_EQUAL: f64 = 0.2;

impl Trial<'_> {
    /// What descents and ascents end at.
    pub(super) fn search(&mut self, constants: &[Constants]) -> Vec<Met> {
        let Some(mut slope) = self.loss.slope() else { return Vec::new() };
        let starts = self.starts(constants);
        let mut met = Vec::new();
        for start in &starts {
            let ends = [1.0, -1.0].map(|sign| self.follow(&mut slope, start.clone(), sign, None));
            met.extend(ends.into_iter().flatten());
        }
        met
    }

    /// The values that descents and ascents end at which keep a collapse, and only move its constant.
    pub(super) fn search_constants(&mut self, constants: Constants) -> Vec<f64> {
        let Some(mut slope) = self.loss.slope() else { return Vec::new() };
        let starts: Vec<Features> = self
            .draws
            .iter_mut()
            .take(CONSTANTS)
            .map(|draw| draw.structured_features(constants.structure(), None))
            .collect();
        let mut met = Vec::new();
        for start in &starts {
            let ends = [1.0, -1.0].map(|sign| self.follow(&mut slope, start.clone(), sign, Some(constants)));
            met.extend(ends.into_iter().flatten().map(|met| met.value));
        }
        met
    }

    /// Random samples, views that are near each other and views that are opposite, structures, and the neighbourhood of
    /// every way to collapse.
    fn starts(&mut self, constants: &[Constants]) -> Vec<Features> {
        let mut starts: Vec<Features> = self.draws.iter().take(2).map(|draw| draw.features().clone()).collect();
        let noise = starts[0].clone();
        let draw = &mut self.draws[0];
        let structures = [Structure::Orthonormal, Structure::RankOne, Structure::Duplicates];
        let structured: Vec<Features> =
            structures.into_iter().map(|structure| draw.structured_features(structure, None)).collect();
        for features in &structured {
            starts.push(features.clone());
            if constants.len() > 1 {
                let sign = |at: usize| if at.is_multiple_of(2) { 1.0 } else { -1.0 };
                let opposite = features.iter().enumerate().map(|(at, (i, block))| (*i, block.scaled(sign(at))));
                starts.push(opposite.collect());
            }
        }
        for constants in constants {
            let collapsed = draw.structured_features(constants.structure(), None);
            let beside = collapsed.iter().map(|(i, block)| (*i, block.plus(&noise[i], NEXT).unit_columns()));
            starts.push(beside.collect());
        }
        starts
    }

    /// Follows the slope down (1) or up (−1), within a way to collapse if there is one, and says where it ends.
    fn follow(&mut self, slope: &mut Slope<'_>, start: Features, sign: f64, within: Option<Constants>) -> Option<Met> {
        let mut here = start;
        let (mut value, mut down) = self.slope_at(slope, &here, within)?;
        let mut length = 0.1 / size(&down).max(1e-12);
        for _ in 0..STEPS {
            let steep = size(&down);
            if !value.is_finite() || steep.powi(2) * length <= 1e-15 * self.scale.max(value.abs()) {
                break;
            }
            let mut next = None;
            for _ in 0..SHORTENED {
                let moved = here.iter().map(|(i, block)| (*i, block.plus(&down[i], -sign * length).unit_columns()));
                let moved: Features = moved.collect();
                let point = self.draws[0].made_of(&moved);
                let there = self.value(&point, "the end of a search").number();
                if let Some(there) = there.filter(|there| sign * (there - value) <= -KEPT * length * steep * steep) {
                    next = Some((moved, there));
                    break;
                }
                length /= 4.0;
            }
            let Some((moved, there)) = next else { break };
            let before = std::mem::replace(&mut here, moved);
            value = there;
            let Some((_, steeper)) = self.slope_at(slope, &here, within) else { break };
            length = barzilai_borwein(&before, &here, &down, &steeper).unwrap_or(2.0 * length);
            down = steeper;
        }
        let collapsed = here.values().all(is_about_constant);
        Some(Met { value, collapsed })
    }

    /// The value, and its slope by the features, tangent to samples of norm 1 and to a way to collapse.
    fn slope_at(
        &self,
        slope: &mut Slope<'_>,
        features: &Features,
        within: Option<Constants>,
    ) -> Option<(f64, Features)> {
        let (value, gradient) = slope.at(&self.draws[0].made_of(features))?;
        let below = |(i, kind): (usize, Kind)| {
            let (features, gradient) = (&features[&i], &gradient[i]);
            let by_features = match kind {
                Kind::Columns => gradient.clone(),
                Kind::Rows => gradient.transposed(),
                // K = F'F, over n for density matrices: F (G + G').
                Kind::Kernel => {
                    let both = gradient.plus(&gradient.transposed(), 1.0);
                    let density = self.subject.arrays[i].set == Set::Density;
                    features.times(&both).scaled(if density { 1.0 / features.cols as f64 } else { 1.0 })
                }
            };
            (i, by_features)
        };
        let mut down: Features = self.varied().into_iter().map(below).collect();
        if let Some(constants) = within {
            down = of_constants(&down, constants);
        }
        let down: Features = down.into_iter().map(|(i, block)| (i, block.tangent_to(&features[&i]))).collect();
        size(&down).is_finite().then_some((value, down))
    }
}

/// A slope by the constants that samples are mapped to: the mean over the samples, and over arguments that share one.
fn of_constants(slope: &Features, constants: Constants) -> Features {
    let mean = |block: &Block| {
        let sum = |i: usize| (0..block.cols).map(|j| block.at(i, j)).sum::<f64>();
        Block::from_fn(block.rows, block.cols, |i, _| sum(i) / block.cols as f64)
    };
    let means: Features = slope.iter().map(|(i, block)| (*i, mean(block))).collect();
    let alike = |i: usize| -> Vec<usize> {
        let same = |block: &Block| (block.rows, block.cols) == (means[&i].rows, means[&i].cols);
        means.iter().filter(|(_, block)| same(block)).map(|(j, _)| *j).collect()
    };
    let shared = |i: usize| {
        let group = if constants == Constants::Own { vec![i] } else { alike(i) };
        let sign = |at: usize| if constants == Constants::Opposite && at % 2 == 1 { -1.0 } else { 1.0 };
        let own = group.iter().position(|j| *j == i).map_or(1.0, sign);
        let terms = group.iter().enumerate().map(|(at, j)| (own * sign(at) / group.len() as f64, j));
        terms.fold(means[&i].scaled(0.0), |sum, (factor, j)| sum.plus(&means[j], factor))
    };
    means.keys().map(|i| (*i, shared(*i))).collect()
}

fn size(features: &Features) -> f64 {
    norm(&features.values().map(|block| norm(&block.entries)).collect::<Vec<f64>>())
}

/// The length of the next step, |s|²/⟨s, y⟩ of the last one s and the change y of the slope (Barzilai and Borwein, *IMA
/// Journal of Numerical Analysis* 8, 1988); none where the slope does not bend.
fn barzilai_borwein(from: &Features, to: &Features, before: &Features, after: &Features) -> Option<f64> {
    let (mut square, mut inner) = (0.0, 0.0);
    for (i, block) in to {
        let pairs = block.entries.iter().zip(&from[i].entries);
        let slopes = after[i].entries.iter().zip(&before[i].entries);
        for ((x, old), (y, other)) in pairs.zip(slopes) {
            square += (x - old).powi(2);
            inner += (x - old) * (y - other);
        }
    }
    let length = square / inner.abs();
    (length.is_finite() && length > 0.0).then_some(length)
}

/// Whether all samples are about equal.
fn is_about_constant(features: &Block) -> bool {
    let first = features.column(0);
    let apart = |j| norm(&features.column(j).iter().zip(first).map(|(x, y)| x - y).collect::<Vec<f64>>());
    (0..features.cols).all(|j| apart(j) < ABOUT_EQUAL)
}
