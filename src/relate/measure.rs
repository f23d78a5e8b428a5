//! Whether one expression is a line in another: at each choice of sizes and parameters the members vary, and the values
//! lie on a line or do not.

use rand_chacha::ChaCha8Rng;

use super::coefficient::{Coefficient, FIT, Point, identify};
use super::sample::{Pair, Place};
use crate::base::Diagnostic;

/// How many values are looked at for each choice of sizes and parameters.
const VALUES: usize = 14;

/// How many choices are looked at.
const PLACES: usize = 48;

/// Values that differ by no more than this, relative to what they are made of, do not differ.
const ROUNDING: f64 = 1e-10;

/// A spread below this, relative to the values, gives a slope with too few digits.
const SPREAD: f64 = 1e-4;

/// The line through the values at one choice of sizes and parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Line {
    /// The choice.
    pub place: Place,
    /// The slope; `None` where the first expression hardly varies.
    pub slope: Option<f64>,
    /// The second expression where the first is 0.
    pub offset: f64,
}

/// What the values show.
#[derive(Clone, PartialEq, Debug)]
pub enum Shown {
    /// No choice of sizes, parameters and members gave values.
    Nothing,
    /// The two are equal everywhere, as often as they were compared.
    Equal(usize),
    /// Lines at every choice.
    Lines(Vec<Line>),
    /// Three inputs at one choice whose values lie on no line.
    Apart(Place, [(f64, f64); 3]),
}

/// The coefficients of a line, as expressions where they were recognised.
#[derive(Clone, PartialEq, Debug)]
pub struct Coefficients {
    /// The slope.
    pub slope: Option<Coefficient>,
    /// The offset.
    pub offset: Option<Coefficient>,
}

/// A slope, where it is known, and an offset.
type Fit = (Option<f64>, f64);

/// The line through points, or three points that lie on none.
fn line(values: &[(f64, f64)]) -> Result<Fit, [(f64, f64); 3]> {
    let extreme = |better: fn(f64, f64) -> bool| {
        values.iter().copied().reduce(|a, b| if better(b.0, a.0) { b } else { a }).unwrap_or((0.0, 0.0))
    };
    let (low, high) = (extreme(|a, b| a < b), extreme(|a, b| a > b));
    let size = |of: fn(&(f64, f64)) -> f64| values.iter().map(|v| of(v).abs()).fold(0.0, f64::max);
    let (x, y) = (size(|v| v.0), size(|v| v.1));
    let spread = high.0 - low.0;
    if spread <= 1e3 * ROUNDING * x {
        // The first hardly varies: then the second must not either.
        let far = values.iter().copied().find(|v| (v.1 - low.1).abs() > 1e4 * ROUNDING * y);
        return far.map_or(Ok((None, low.1)), |far| Err([low, far, high]));
    }
    let slope = (high.1 - low.1) / spread;
    let offset = low.1 - slope * low.0;
    // An error of the values is magnified where the spread is small.
    let tolerance = ROUNDING * (y + slope.abs() * x) * (1.0 + x / spread);
    match values.iter().find(|v| (v.1 - slope * v.0 - offset).abs() > tolerance) {
        Some(far) => Err([low, *far, high]),
        None => Ok(((spread > SPREAD * x).then_some(slope), offset)),
    }
}

/// Measures a pair.
///
/// # Errors
/// As [`Pair::at`].
pub fn measure(pair: &Pair, rng: &mut ChaCha8Rng) -> Result<Shown, Diagnostic> {
    let mut lines = Vec::new();
    let (mut compared, mut equal) = (0, true);
    for _ in 0..PLACES {
        let place = pair.place(rng);
        let Some(mut machine) = pair.at(&place.sizes)? else { continue };
        let values = machine.values(&place.parameters, VALUES, rng);
        if values.is_empty() {
            continue;
        }
        compared += values.len();
        equal &= values.iter().all(|(a, b)| (a - b).abs() <= 10.0 * ROUNDING * a.abs().max(b.abs()).max(1e-3));
        if values.len() < 4 {
            continue;
        }
        match line(&values) {
            Ok((slope, offset)) => lines.push(Line { place, slope, offset }),
            Err(three) => return Ok(Shown::Apart(place, three)),
        }
    }
    Ok(match (compared, equal) {
        (0, _) => Shown::Nothing,
        (_, true) => Shown::Equal(compared),
        (_, false) => Shown::Lines(lines),
    })
}

/// The coefficients of lines as expressions in sizes and parameters.
pub fn coefficients(pair: &Pair, lines: &[Line], rng: &mut ChaCha8Rng) -> Coefficients {
    let known: Vec<(&Line, f64)> = lines.iter().filter_map(|line| Some((line, line.slope?))).collect();
    let Some((base, _)) = known.first() else { return Coefficients { slope: None, offset: None } };
    let names = pair.names();
    let moved: Vec<Option<Line>> = (0..names.len()).map(|i| beside(pair, base, i, rng)).collect();
    let of = |value: fn(&Line) -> f64| {
        // What the coefficient does not depend on is held still, so that nothing is looked for in it.
        let at = |line: &Line| {
            let mut at = line.place.coordinates();
            for (i, moved) in moved.iter().enumerate() {
                let (before, scale) = (value(base), value(base).abs().max(1e-6));
                if moved.as_ref().is_some_and(|moved| (value(moved) - before).abs() <= 1e-8 * scale) {
                    at[i] = 1.0;
                }
            }
            at
        };
        let points: Vec<Point> = known.iter().map(|(line, _)| Point { at: at(line), value: value(line) }).collect();
        identify(&names, &kinds(pair), &points, FIT)
    };
    Coefficients { slope: of(|line| line.slope.unwrap_or(f64::NAN)), offset: of(|line| line.offset) }
}

/// The line at the choice of another line with one size or parameter moved.
fn beside(pair: &Pair, base: &Line, moved: usize, rng: &mut ChaCha8Rng) -> Option<Line> {
    let mut place = base.place.clone();
    match place.sizes.get_mut(moved) {
        Some(size) => *size = pair.sizes[moved].beside(*size)?,
        None => {
            let at = moved - base.place.sizes.len();
            place.parameters[at] = pair.parameters[at].beside(place.parameters[at])?;
        }
    }
    let mut machine = pair.at(&place.sizes).ok().flatten()?;
    let values = machine.values(&place.parameters, VALUES, rng);
    let (slope, offset) = line(&values).ok()?;
    slope.map(|slope| Line { place, slope: Some(slope), offset })
}

/// Which of the names of a pair are sizes.
pub fn kinds(pair: &Pair) -> Vec<bool> {
    let sizes = pair.sizes.iter().map(|_| true);
    sizes.chain(pair.parameters.iter().map(|_| false)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_on_a_line_are_told_from_others() {
        assert_eq!(line(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)]), Ok((Some(2.0), 1.0)));
        assert_eq!(line(&[(1.0, 4.0), (1.0, 4.0)]), Ok((None, 4.0)));
        assert!(line(&[(0.0, 1.0), (1.0, 3.0), (2.0, 5.001)]).is_err());
        assert!(line(&[(1.0, 4.0), (1.0, 5.0)]).is_err());
    }
}
