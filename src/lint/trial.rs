//! A loss with its random inputs and the values there, and what every probe needs of them.

use super::block::{Block, Side};
use super::draw::Draw;
use super::finding::{Change, Kind, Least, Outcome};
use super::loss::{Loss, Machine, Point};
use super::subject::{Role, Subject};
use crate::base::Diagnostic;

/// Relative changes below this are rounding.
pub(super) const ROUNDING: f64 = 1e-9;

/// A loss on trial.
pub(super) struct Trial<'a> {
    pub subject: &'a Subject<'a>,
    pub loss: &'a Loss,
    pub machine: Machine<'a, f64>,
    pub draws: Vec<Draw<'a>>,
    /// The value at each draw.
    pub values: Vec<Outcome>,
    /// The largest absolute value at a draw.
    pub scale: f64,
    /// The least value so far.
    least: Option<(f64, String)>,
    /// Whether values still fall as features grow.
    pub falling: bool,
}

impl<'a> Trial<'a> {
    pub fn new(subject: &'a Subject<'a>, loss: &'a Loss) -> Result<Self, Vec<Diagnostic>> {
        let draws: Vec<Draw<'a>> = (0..subject.setting.draws).map(|i| Draw::new(subject, loss, i as u64)).collect();
        let machine = loss.machine::<f64>(true)?;
        let mut trial =
            Trial { subject, loss, machine, draws, values: Vec::new(), scale: 0.0, least: None, falling: false };
        trial.values = (0..trial.draws.len()).map(|i| trial.value(&trial.draws[i].point(), "a random input")).collect();
        trial.scale = trial.values.iter().filter_map(Outcome::finite).map(f64::abs).fold(0.0, f64::max);
        Ok(trial)
    }

    /// The value at a point, whose least is kept with the name of the place.
    pub fn value(&mut self, point: &Point, place: &str) -> Outcome {
        let outcome = self.machine.value(point);
        if let Some(value) = outcome.number()
            && self.least.as_ref().is_none_or(|(least, _)| value < *least)
        {
            self.least = Some((value, place.to_owned()));
        }
        outcome
    }

    /// The arguments that vary.
    pub fn varied(&self) -> Vec<(usize, Kind)> {
        let kind = |(i, array): (usize, &super::subject::Array)| match array.role {
            Role::Varied(kind) => Some((i, kind)),
            Role::Label(_) | Role::Held => None,
        };
        self.subject.arrays.iter().enumerate().filter_map(kind).collect()
    }

    /// Whether some argument has more samples than features: no such samples are orthonormal, and a tight frame is what
    /// comes nearest.
    pub fn crowded(&self) -> bool {
        self.draws.iter().flat_map(|draw| draw.features().values()).any(|block| block.cols > block.rows)
    }

    /// Where the samples of each argument are.
    pub fn sides(&self) -> Vec<Option<Side>> {
        let side = |array: &super::subject::Array| match array.role {
            Role::Varied(kind) => Some(kind.side()),
            Role::Label(side) => Some(side),
            Role::Held => None,
        };
        self.subject.arrays.iter().map(side).collect()
    }

    /// What a transformation of the random inputs changes.
    pub fn change(&mut self, mut transformed: impl FnMut(&mut Draw<'a>) -> Point) -> Change {
        let mut largest: Option<f64> = None;
        let mut why = String::new();
        for i in 0..self.draws.len() {
            let point = transformed(&mut self.draws[i]);
            let after = self.machine.value(&point);
            match (self.values[i].finite(), after.number()) {
                (Some(before), Some(after)) => {
                    let relative = relative(after - before, self.scale);
                    largest = Some(largest.map_or(relative, |largest| largest.max(relative)));
                }
                (None, _) => why = reason(&self.values[i]),
                (Some(_), None) => why = reason(&after),
            }
        }
        match largest {
            None => Change::Undefined(why),
            Some(largest) => changed(largest),
        }
    }

    /// The least value that was met.
    pub fn least(&self) -> Option<Least> {
        let (value, place) = self.least.clone()?;
        Some(Least { value, place, falling: self.falling })
    }
}

/// A difference relative to the size of the values; of values that are all zero, any difference is infinite.
pub(super) fn relative(difference: f64, scale: f64) -> f64 {
    if difference == 0.0 { 0.0 } else { difference.abs() / scale }
}

pub(super) fn changed(relative: f64) -> Change {
    if relative <= ROUNDING { Change::Invariant(relative) } else { Change::Changed(relative) }
}

/// Why there is no value.
pub(super) fn reason(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finite(_) => String::new(),
        Outcome::Infinite(x) => format!("the value is {}", if *x > 0.0 { "inf" } else { "-inf" }),
        Outcome::NotANumber => "the value is not a number".to_owned(),
        Outcome::Refused(why) | Outcome::Failed(why) => why.clone(),
    }
}

/// A point with some of its arguments changed.
pub(super) fn with(point: &Point, mut change: impl FnMut(usize, &Block) -> Option<Block>) -> Point {
    point.iter().enumerate().map(|(i, block)| change(i, block).unwrap_or_else(|| block.clone())).collect()
}
