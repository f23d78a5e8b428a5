//! Axes: what range is shown, where the ticks stand, and how they are labelled.

use super::undrawable;
use crate::base::Diagnostic;
use crate::report::number::digits;

/// One axis of a figure.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Axis {
    /// What it shows, with its unit.
    pub label: String,
    /// Whether equal ratios, not equal differences, are equally far apart.
    pub log: bool,
}

/// An axis with its range and ticks, both in the numbers that are drawn: logarithms to the base 10 on a logarithmic axis.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Scale {
    log: bool,
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
}

impl Scale {
    /// The axis on which these values are seen: those that are finite, from the least to the largest with a little room.
    pub fn of(axis: &Axis, values: impl Iterator<Item = f64>, room: f64) -> Result<Scale, Diagnostic> {
        let mut range: Option<(f64, f64)> = None;
        for value in values.filter(|value| value.is_finite()) {
            if axis.log && value <= 0.0 {
                let what = format!("a logarithmic axis has no place for {}", digits(value, 6));
                return Err(undrawable(what).note(format!("it is a value of '{}'", axis.label)));
            }
            let value = if axis.log { value.log10() } else { value };
            range = Some(range.map_or((value, value), |(low, high)| (low.min(value), high.max(value))));
        }
        let (low, high) = range.ok_or_else(|| undrawable(format!("no value of '{}' is finite", axis.label)))?;
        // One value alone stands in the middle.
        let half = if low < high { room * (high - low) } else { low.abs().max(1.0) / 10.0 };
        Ok(Scale::new(axis.log, low - half, high + half))
    }

    /// The axis from 0, or from below it where there are such values, for what is compared by its length.
    pub fn from_zero(axis: &Axis, values: impl Iterator<Item = f64>) -> Result<Scale, Diagnostic> {
        let plain = Axis { label: axis.label.clone(), log: false };
        let with_zero = Scale::of(&plain, values.chain([0.0]), 0.0)?;
        let span = with_zero.high - with_zero.low;
        let room = |end: f64, sign: f64| if end == 0.0 { 0.0 } else { end + sign * 0.08 * span };
        Ok(Scale::new(false, room(with_zero.low, -1.0), room(with_zero.high, 1.0)))
    }

    fn new(log: bool, low: f64, high: f64) -> Scale {
        let ticks = if log { decades(low, high) } else { steps(low, high) };
        Scale { log, low, high, ticks }
    }

    /// Where a value is drawn, if it can be.
    pub fn place(&self, value: f64) -> Option<f64> {
        let place = if self.log { value.log10() } else { value };
        place.is_finite().then_some(place)
    }

    /// Where the end of a band is drawn: at the edge where it lies beyond it.
    pub fn clamp(&self, value: f64) -> f64 {
        let place = if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        place.clamp(self.low, self.high)
    }

    /// What stands at a tick.
    pub fn label(&self, tick: f64) -> String {
        if self.log { digits(10f64.powf(tick), 6) } else { digits(if tick.abs() < 1e-12 { 0.0 } else { tick }, 6) }
    }
}

/// Round numbers, about six of them: multiples of 1, 2 or 5 times a power of ten.
fn steps(low: f64, high: f64) -> Vec<f64> {
    let rough = (high - low) / 6.0;
    let power = 10f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| *step >= rough);
    let step = step.unwrap_or(10.0 * power);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    (first..=last).map(|i| i as f64 * step).collect()
}

/// Powers of ten, with 2 and 5 times them where there are few, and round numbers where there is not even a factor of ten.
fn decades(low: f64, high: f64) -> Vec<f64> {
    let between = |factors: &[f64]| -> Vec<f64> {
        let powers = low.floor() as i32..=high.ceil() as i32;
        let ticks = powers.flat_map(|power| factors.iter().map(move |factor| f64::from(power) + factor.log10()));
        ticks.filter(|tick| (low - 1e-9..=high + 1e-9).contains(tick)).collect()
    };
    let (sparse, dense) = (between(&[1.0]), between(&[1.0, 2.0, 5.0]));
    match (sparse.len(), dense.len()) {
        (0 | 1, 0..=2) => steps(10f64.powf(low), 10f64.powf(high)).into_iter().map(f64::log10).collect(),
        (0..=3, _) => dense,
        // Every other one, or fewer, where there are many.
        (many, _) => sparse.into_iter().step_by(many.div_ceil(8)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(log: bool, low: f64, high: f64) -> Vec<String> {
        let scale = Scale::of(&Axis { label: "x".into(), log }, [low, high].into_iter(), 0.0).unwrap();
        scale.ticks.iter().map(|tick| scale.label(*tick)).collect()
    }

    #[test]
    fn ticks_are_round_numbers() {
        assert_eq!(labels(false, 0.0, 1000.0), ["0", "200", "400", "600", "800", "1000"]);
        assert_eq!(labels(false, 0.5, 0.6), ["0.5", "0.52", "0.54", "0.56", "0.58", "0.6"]);
        assert_eq!(labels(false, -1.0, 1.0), ["-1", "-0.5", "0", "0.5", "1"]);
        assert_eq!(labels(true, 0.01, 100.0), ["0.01", "0.1", "1", "10", "100"]);
        assert_eq!(labels(true, 1.0, 20.0), ["1", "2", "5", "10", "20"]);
        assert_eq!(labels(true, 3.0, 4.0), ["3", "3.2", "3.4", "3.6", "3.8", "4"]);
        assert_eq!(labels(true, 1e-8, 1e8).len(), 6);
    }

    #[test]
    fn what_has_no_place_is_refused() {
        let log = Axis { label: "mu".into(), log: true };
        assert!(Scale::of(&log, [1.0, 0.0].into_iter(), 0.0).unwrap_err().message.contains("no place for 0"));
        assert!(Scale::of(&Axis::default(), [f64::NAN].into_iter(), 0.0).is_err());
        let bars = Scale::from_zero(&Axis::default(), [3.0, 10.0].into_iter()).unwrap();
        assert_eq!((bars.low, bars.ticks[0]), (0.0, 0.0));
        assert!(bars.high > 10.0);
    }
}
