//! Where value and gradient are finite, whether collapse is stationary, and what single precision leaves.

use super::block::{Block, norm};
use super::draw::Structure;
use super::finding::{Digits, Kind, Outcome, Place, Precision, Stationary};
use super::loss::{Machine, Point, gradient_norm};
use super::trial::{Trial, with};
use crate::base::{Diagnostic, median};

/// The special inputs that every loss is tried on.
const PLACES: &[(&str, Structure)] = &[
    ("collapse", Structure::Collapse),
    ("orthonormal samples", Structure::Orthonormal),
    ("zero", Structure::Zero),
    ("samples on a line", Structure::RankOne),
    ("samples that come twice", Structure::Duplicates),
];

/// How near to collapse the precision is looked at: a thousandth of the way before it.
const NEARLY: f64 = 0.999;
/// The most digits that are told: those of double precision.
const MOST: f64 = 16.0;
/// A gradient this small against a typical one is zero.
const VANISHES: f64 = 1e-8;

impl Trial<'_> {
    /// Value and gradient at special inputs; of the draws, the worst is told.
    pub fn places(&mut self) -> Vec<Place> {
        let varied = self.varied();
        let mut asked: Vec<(String, Structure, Option<usize>)> =
            PLACES.iter().map(|(name, structure)| ((*name).to_owned(), *structure, None)).collect();
        if self.crowded() {
            let frames = asked.iter_mut().filter(|(_, structure, _)| *structure == Structure::Orthonormal);
            frames.for_each(|(name, ..)| *name = "a tight frame".to_owned());
        }
        if varied.len() > 1 {
            for (i, _) in &varied {
                let name = format!("{} alone collapsed", self.subject.arrays[*i].name);
                asked.push((name, Structure::Collapse, Some(*i)));
            }
        }
        asked.into_iter().map(|(name, structure, only)| self.place(name, structure, only)).collect()
    }

    fn place(&mut self, name: String, structure: Structure, only: Option<usize>) -> Place {
        let mut worst: Option<(Outcome, Outcome)> = None;
        for i in 0..self.draws.len() {
            let point = self.draws[i].structured(structure, only);
            let value = self.value(&point, &name);
            let gradient = self.gradient(&point).1;
            let bad = |(value, gradient): &(Outcome, Outcome)| value.finite().is_none() || gradient.finite().is_none();
            let found = (value, gradient);
            if worst.as_ref().is_none_or(|before| !bad(before) && bad(&found)) {
                worst = Some(found);
            }
        }
        let (value, gradient) = worst.unwrap_or((Outcome::NotANumber, Outcome::NotANumber));
        // A gradient where there is no value says nothing.
        let gradient = if value.number().is_some() { gradient } else { value.clone() };
        Place { name, value, gradient }
    }

    /// The gradient by the varied arguments, and its norm.
    fn gradient(&mut self, point: &Point) -> (Result<Vec<Block>, Outcome>, Outcome) {
        let of: Vec<usize> = self.varied().iter().map(|(i, _)| *i).collect();
        let gradient = self.machine.gradient(point);
        let norm = gradient_norm(&gradient, &of);
        (gradient, norm)
    }

    /// The gradient at collapse, whole and tangent to samples of norm 1; the largest of the draws.
    pub fn stationary(&mut self) -> Stationary {
        let varied = self.varied();
        let (mut whole, mut tangent) = (Outcome::Finite(0.0), Outcome::Finite(0.0));
        let mut random = Vec::new();
        for i in 0..self.draws.len() {
            let point = self.draws[i].point();
            random.extend(self.gradient(&point).1.finite());
            let point = self.draws[i].structured(Structure::Collapse, None);
            let (gradient, norm_here) = self.gradient(&point);
            let projected = gradient.map(|gradient| {
                with(&gradient, |i, block| {
                    let (_, kind) = varied.iter().find(|(varied, _)| *varied == i)?;
                    Some(tangential(block, &point[i], *kind))
                })
            });
            let of: Vec<usize> = varied.iter().map(|(i, _)| *i).collect();
            whole = larger(whole, norm_here);
            tangent = larger(tangent, gradient_norm(&projected, &of));
        }
        let typical = (!random.is_empty()).then(|| random.iter().sum::<f64>() / random.len() as f64);
        let vanishes = |outcome: &Outcome| Some(outcome.finite()? <= VANISHES * typical?);
        let (vanishes, tangent_vanishes) = (vanishes(&whole), vanishes(&tangent));
        Stationary { gradient: whole, tangent, typical, vanishes, tangent_vanishes }
    }

    /// Digits that survive single precision, at random inputs and near collapse.
    pub fn precision(&mut self) -> Result<Vec<Precision>, Vec<Diagnostic>> {
        let mut single = self.loss.machine::<f32>(true)?;
        let random: Vec<Point> = self.draws.iter().map(|draw| draw.point()).collect();
        let near: Vec<Point> = self.draws.iter_mut().flat_map(|draw| draw.way(&[NEARLY])).collect();
        let places = [("random inputs", random), ("a thousandth of the way from collapse", near)];
        Ok(places.into_iter().map(|(place, points)| self.precision_at(place, &points, &mut single)).collect())
    }

    fn precision_at(&mut self, place: &str, points: &[Point], single: &mut Machine<'_, f32>) -> Precision {
        let of: Vec<usize> = self.varied().iter().map(|(i, _)| *i).collect();
        let (mut rounded, mut evaluated) = (Count::default(), Count::default());
        for point in points {
            let (Some(exact), gradient) = (self.machine.value(point).finite(), self.machine.gradient(point).ok())
            else {
                continue;
            };
            let short = with(point, |_, block| {
                let entries = block.entries.iter().map(|x| f64::from(*x as f32)).collect();
                Some(Block { entries, ..*block })
            });
            let (value, slope) = (self.machine.value(&short).finite(), self.machine.gradient(&short).ok());
            rounded.add(exact, gradient.as_deref(), value, slope.as_deref(), &of);
            if let Some(value) = value {
                let (low, steep) = (single.value(&short).finite(), single.gradient(&short).ok());
                evaluated.add(value, slope.as_deref(), low, steep.as_deref(), &of);
            }
        }
        Precision { place: place.to_owned(), rounded: rounded.digits(), single: evaluated.digits() }
    }
}

/// The digits of some draws.
#[derive(Default)]
struct Count {
    value: Vec<f64>,
    gradient: Vec<f64>,
    failed: usize,
}

impl Count {
    fn add(
        &mut self,
        exact: f64,
        gradient: Option<&[Block]>,
        value: Option<f64>,
        slope: Option<&[Block]>,
        of: &[usize],
    ) {
        match value {
            Some(value) => self.value.push(digits((value - exact).abs(), exact.abs())),
            None => self.failed += 1,
        }
        if let (Some(exact), Some(found)) = (gradient, slope) {
            let part = |part: fn(f64, f64) -> f64| {
                let pairs = of.iter().flat_map(|i| exact[*i].entries.iter().zip(&found[*i].entries));
                norm(&pairs.map(|(x, y)| part(*x, *y)).collect::<Vec<f64>>())
            };
            self.gradient.push(digits(part(|x, y| x - y), part(|x, _| x)));
        }
    }

    fn digits(self) -> Digits {
        let summary = |digits: Vec<f64>| Some((digits.iter().copied().reduce(f64::min)?, median(&digits)?));
        Digits { value: summary(self.value), gradient: summary(self.gradient), failed: self.failed }
    }
}

/// Correct decimal digits: −log10 of the relative error, from 0 to those of double precision.
fn digits(error: f64, size: f64) -> f64 {
    if error == 0.0 { MOST } else { (size / error).log10().clamp(0.0, MOST) }
}

/// What of a gradient does not leave samples of norm 1: for features it loses its part along each sample, for a kernel its
/// diagonal.
fn tangential(gradient: &Block, at: &Block, kind: Kind) -> Block {
    match kind {
        Kind::Columns => gradient.clone().tangent_to(at),
        Kind::Rows => gradient.transposed().tangent_to(&at.transposed()).transposed(),
        Kind::Kernel => Block::from_fn(at.rows, at.cols, |i, j| if i == j { 0.0 } else { gradient.at(i, j) }),
    }
}

/// The larger norm, or what is none.
fn larger(a: Outcome, b: Outcome) -> Outcome {
    match (a.finite(), b.finite()) {
        (Some(x), Some(y)) => Outcome::Finite(x.max(y)),
        (None, _) => a,
        (_, None) => b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_count_what_agrees() {
        assert_eq!(digits(0.0, 1.0), MOST);
        assert_eq!(digits(1e-7, 1.0).round(), 7.0);
        assert_eq!(digits(2.0, 1.0), 0.0);
        assert_eq!(digits(1.0, 0.0), 0.0);
    }
}
