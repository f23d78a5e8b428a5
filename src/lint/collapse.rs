//! What the ways to collapse are to a loss: its least or its greatest value among samples of norm 1, or neither.
//!
//! A loss of two views can collapse in more than one way: all samples of both views to one constant, or each view to a
//! constant of its own. Minima and maxima are told against everything that was met: random and structured inputs, and the
//! ends of descents and ascents. That one is neither is then certain, up to rounding; that it is one is evidence.

use super::draw::Structure;
use super::finding::{Collapse, Collapsed, Constants, Extremum, Kind, Outcome, Ways};
use super::trial::{ROUNDING, Trial};

/// Where the ways to collapse are looked at.
const WAY: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];

/// How exactly a search that keeps a collapse finds its extremes.
const SEARCHED: f64 = 1e-6;

impl Constants {
    pub(super) fn structure(self) -> Structure {
        match self {
            Constants::One => Structure::Collapse,
            Constants::Opposite => Structure::Opposite,
            Constants::Own => Structure::Independent,
        }
    }
}

/// A value that was met, and whether each argument was about constant there.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Met {
    pub value: f64,
    pub collapsed: bool,
}

impl Trial<'_> {
    /// The ways in which this loss can collapse. The kernel of equal samples does not tell their constant.
    pub fn constants(&self) -> Vec<Constants> {
        let features = self.varied().into_iter().filter(|(_, kind)| *kind != Kind::Kernel);
        let shapes: Vec<(usize, usize)> = features.map(|(i, _)| self.loss.shape(i)).collect();
        let two = shapes.iter().enumerate().any(|(i, shape)| shapes[..i].contains(shape));
        match two {
            true => vec![Constants::One, Constants::Opposite, Constants::Own],
            false => vec![Constants::One],
        }
    }

    /// Every way to collapse against random and structured inputs and what a search finds, all with samples of norm 1.
    pub fn collapse(&mut self) -> Collapse {
        let constants = self.constants();
        let mut collapsed: Vec<Vec<Outcome>> = vec![Vec::new(); constants.len()];
        let crowded = self.crowded();
        let spread_out = if crowded { "a tight frame" } else { "orthonormal samples" };
        let (mut orthonormal, mut others) = (Vec::new(), Vec::new());
        let mut ways = Ways::default();
        for i in 0..self.draws.len() {
            let at = |trial: &mut Self, structure, place| {
                let point = trial.draws[i].structured(structure, None);
                trial.value(&point, place)
            };
            for (constants, values) in constants.iter().zip(&mut collapsed) {
                values.push(at(self, constants.structure(), "collapse"));
            }
            orthonormal.push(at(self, Structure::Orthonormal, spread_out));
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
        let spread = [random.clone(), numbers(&orthonormal), numbers(&others)].concat();
        let mut met: Vec<Met> = spread.into_iter().map(|value| Met { value, collapsed: false }).collect();
        met.extend(self.search(&constants));
        let kept: Vec<Vec<f64>> = constants.iter().map(|constants| self.search_constants(*constants)).collect();
        met.extend(kept.iter().flatten().map(|value| Met { value: *value, collapsed: true }));
        let (random, search) = (ends(&random), ends(&met.iter().map(|met| met.value).collect::<Vec<f64>>()));
        let states = constants.iter().enumerate().map(|(k, own)| {
            // What has no value in some draw has none.
            let bad = collapsed[k].iter().find(|outcome| outcome.number().is_none());
            // Constants that are one, or opposite, are among those of each argument's own.
            let within = |other: usize| other == k || *own == Constants::Own;
            let here = (0..constants.len()).filter(|other| within(*other));
            let here = here.flat_map(|other| [numbers(&collapsed[other]), kept[other].clone()].concat());
            let here: Vec<f64> = here.collect();
            let elsewhere = collapsed.iter().enumerate().filter(|(other, _)| !within(*other));
            let elsewhere = elsewhere.flat_map(|(_, outcomes)| numbers(outcomes));
            let all = met.iter().copied().chain(elsewhere.map(|value| Met { value, collapsed: false }));
            let (kind, value, greatest) = match (bad, ends(&here)) {
                (None, Some((least, greatest))) => {
                    (extremum((least, greatest), &all.collect::<Vec<Met>>(), self.scale), told(least), told(greatest))
                }
                (bad, _) => {
                    let outcome = bad.cloned().unwrap_or(Outcome::NotANumber);
                    (Extremum::Undefined, outcome.clone(), outcome)
                }
            };
            Collapsed { constants: *own, value, greatest, kind }
        });
        let states = states.collect();
        let bad = orthonormal.iter().find(|outcome| outcome.finite().is_none()).cloned();
        let orthonormal = bad.or_else(|| orthonormal.into_iter().next()).unwrap_or(Outcome::NotANumber);
        Collapse { states, orthonormal, crowded, random, search, ways }
    }
}

fn told(value: f64) -> Outcome {
    if value.is_finite() { Outcome::Finite(value) } else { Outcome::Infinite(value) }
}

/// The least and the greatest of some values, if there are any.
fn ends(values: &[f64]) -> Option<(f64, f64)> {
    let least = values.iter().copied().reduce(f64::min)?;
    Some((least, values.iter().copied().fold(least, f64::max)))
}

/// What values from `bottom` to `top` at collapse are among others; `scale` is the size of values at random inputs.
fn extremum((bottom, top): (f64, f64), met: &[Met], scale: f64) -> Extremum {
    let Some((low, high)) = ends(&met.iter().map(|met| met.value).collect::<Vec<f64>>()) else {
        return Extremum::Undefined;
    };
    // What ends near this collapse comes to its value; only what is spread out comes to the same one elsewhere.
    let spread: Vec<f64> = met.iter().filter(|met| !met.collapsed).map(|met| met.value).collect();
    let noise = |value: f64| ROUNDING * if value.is_finite() { scale.max(value.abs()) } else { scale };
    // The constants that a search finds are known to this.
    let near = |value: f64| noise(value) * (SEARCHED / ROUNDING);
    if high.max(top) - low.min(bottom) <= noise(top) {
        Extremum::Constant
    } else if top <= low + noise(top) {
        Extremum::Least { alone: spread.iter().all(|value| *value > top + noise(top)) }
    } else if bottom >= high - noise(bottom) {
        Extremum::Greatest { alone: spread.iter().all(|value| *value < bottom - noise(bottom)) }
    } else if top - bottom <= noise(top) {
        // All constants come to one value, and it is beaten on both sides.
        Extremum::Neither
    } else {
        match (bottom <= low + near(bottom), top >= high - near(top)) {
            (false, false) => Extremum::Neither,
            (least, greatest) => Extremum::Some { least, greatest },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(collapsed: (f64, f64), others: &[f64]) -> Extremum {
        let met: Vec<Met> = others.iter().map(|value| Met { value: *value, collapsed: false }).collect();
        extremum(collapsed, &met, 2.0)
    }

    #[test]
    fn an_extremum_is_told_from_a_tie() {
        assert_eq!(of((0.0, 0.0), &[1.0, 2.0]), Extremum::Least { alone: true });
        assert_eq!(of((0.0, 0.0), &[0.0, 2.0]), Extremum::Least { alone: false });
        assert_eq!(of((f64::INFINITY, f64::INFINITY), &[0.0, 2.0]), Extremum::Greatest { alone: true });
        assert_eq!(of((1.0, 1.0), &[0.0, 2.0]), Extremum::Neither);
        assert_eq!(of((0.5, 1.0), &[0.0, 2.0]), Extremum::Neither);
        assert_eq!(of((0.0, 1.0), &[0.5, 2.0]), Extremum::Some { least: true, greatest: false });
        assert_eq!(of((1.0, 1.0), &[1.0 + 1e-12, 1.0]), Extremum::Constant);
        assert_eq!(of((1.0, 1.0), &[]), Extremum::Undefined);
    }

    #[test]
    fn what_ends_near_collapse_is_no_other_place() {
        let met = [Met { value: 0.0, collapsed: true }, Met { value: 1.0, collapsed: false }];
        assert_eq!(extremum((0.0, 0.0), &met, 1.0), Extremum::Least { alone: true });
        let met = [Met { value: -1e-6, collapsed: true }, Met { value: 1.0, collapsed: false }];
        assert_eq!(extremum((0.0, 0.0), &met, 1.0), Extremum::Neither);
    }
}
