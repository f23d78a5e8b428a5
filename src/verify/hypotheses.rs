//! Whether a sample meets the hypotheses, and how to reach those that no random sample meets.
//!
//! Inequalities are met by rejection. An equality is met where its two sides agree within the error bound of the
//! evaluation; structured ensembles do that in a fixed share of samples. Where they do not, a sample is moved onto the
//! set by Gauss-Newton steps of least norm on its raw numbers and its scalars, with central differences, which reaches
//! generic smooth sets of low dimension. A scalar stays in its range: at an end it moves inwards only.

use super::evaluate::Machine;
use super::layout::Hypothesis;
use super::sample::{Numbers, Sample};
use crate::eval::{Fault, ValueRef};
use crate::ir::InputId;

/// The square of a rounding error: where a sum of squares of residuals is as small, each of them is rounding. An error
/// bound of first order can be smaller there than the squares that it neglects.
const SQUARED_ROUNDING: f64 = 1e-26;

/// The order to which an equality may be flat at its solutions: where x^8 is a rounding error, x is its eighth root, and
/// a claim about x fails by as much. Sums of squares, as zero losses are, have order two.
const FLATTEST: f64 = 8.0;

/// The most raw numbers of a sample that is moved.
pub const MAX_MOVED: usize = 96;

/// The most numbers whose vanishing is solved for.
const MAX_RESIDUALS: usize = 256;

const MAX_STEPS: usize = 60;

/// How a sample stands to the hypotheses.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Standing {
    /// It meets them beyond rounding.
    Meets,
    /// It meets them within rounding.
    MeetsWithinRounding,
    /// It breaks one: the largest amount by which one is broken.
    Breaks(f64),
}

/// Evaluates the hypotheses at a sample.
///
/// # Errors
/// The fault, where they have no value.
pub fn standing(hypotheses: &[Hypothesis], machine: &mut Machine<'_>, sample: &Sample) -> Result<Standing, Fault> {
    machine.load(sample);
    machine.run()?;
    let mut worst = 0.0f64;
    let mut sure = true;
    for hypothesis in hypotheses {
        let margin = hypothesis.margin.read(|output| machine.scalar(output));
        let (value, scale) = (margin.value, margin.scale.max(f64::MIN_POSITIVE));
        if hypothesis.equality {
            sure = false;
            // Far from equality no error bound is needed to say so.
            let near = -value <= SQUARED_ROUNDING || -value <= 1e-6 * scale.max(1.0);
            let met = near
                && (-value <= SQUARED_ROUNDING || {
                    let bound = machine.error(hypothesis.margin.output(), value);
                    // A bound that is loose says nothing of equality.
                    -value <= bound.min(1e-8 * scale.max(1.0))
                });
            if !met {
                worst = worst.max(-value);
            }
        } else {
            sure &= value > 1e-10 * scale;
            if value < 0.0 || hypothesis.strict && value <= 0.0 {
                worst = worst.max(-value).max(f64::MIN_POSITIVE);
            }
        }
    }
    Ok(match (worst > 0.0, sure) {
        (true, _) => Standing::Breaks(worst),
        (false, true) => Standing::Meets,
        (false, false) => Standing::MeetsWithinRounding,
    })
}

/// How large a violation, against the sides or 1, must be before a breach of the hypotheses cannot explain it, at the
/// sample that [`standing`] has just admitted: infinite where an inequality is not met beyond its error bound, a root of
/// the breach where an equality is met within rounding.
pub fn leeway(hypotheses: &[Hypothesis], machine: &mut Machine<'_>) -> f64 {
    let mut leeway = 0.0f64;
    for hypothesis in hypotheses {
        let margin = hypothesis.margin.read(|output| machine.scalar(output));
        let error = machine.error(hypothesis.margin.output(), margin.value);
        if hypothesis.equality {
            let breach = (margin.value.abs() + error) / margin.scale.max(1.0);
            leeway = leeway.max(2.0 * breach.powf(1.0 / FLATTEST));
        } else if margin.value < error || hypothesis.strict && margin.value <= error {
            return f64::INFINITY;
        }
    }
    leeway
}

/// The memory of [`project`], kept from one sample to the next.
#[derive(Clone, Debug, Default)]
pub struct Projection {
    gradients: Vec<f64>,
    residuals: Vec<f64>,
    step: Vec<f64>,
    system: Vec<f64>,
    before: Vec<f64>,
}

/// An input whose numbers may be moved, with the least and the greatest that they may become.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Movable {
    /// The input.
    pub input: InputId,
    /// The ends of its range; infinite where it has none.
    pub within: (f64, f64),
}

impl Movable {
    /// An input of a chart, which maps all numbers into its set.
    pub fn freely(input: InputId) -> Self {
        Movable { input, within: (f64::NEG_INFINITY, f64::INFINITY) }
    }
}

/// A number that may be moved: where it stands in a sample, and its ends.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Place {
    input: usize,
    entry: usize,
    imaginary: bool,
    least: f64,
    most: f64,
}

/// Moves numbers of a sample until the equalities among the hypotheses hold to rounding, or no step helps. There must be
/// at most [`MAX_MOVED`] that move. Returns the number of evaluations.
pub fn project(
    hypotheses: &[Hypothesis],
    machine: &mut Machine<'_>,
    places: &[Place],
    sample: &mut Sample,
    memory: &mut Projection,
) -> u64 {
    let mut spent = 0;
    move_onto(hypotheses, machine, places, sample, memory, &mut spent);
    spent
}

fn move_onto(
    hypotheses: &[Hypothesis],
    machine: &mut Machine<'_>,
    places: &[Place],
    sample: &mut Sample,
    memory: &mut Projection,
    spent: &mut u64,
) {
    let equalities: Vec<&Hypothesis> = hypotheses.iter().filter(|hypothesis| hypothesis.equality).collect();
    let n = places.len();
    if equalities.is_empty() || n == 0 || n > MAX_MOVED {
        return;
    }
    let mut evaluate = |sample: &Sample, residuals: &mut Vec<f64>| -> Option<f64> {
        *spent += 1;
        machine.load(sample);
        machine.run().ok()?;
        residuals.clear();
        for output in equalities.iter().flat_map(|hypothesis| hypothesis.residuals.clone()) {
            match machine.value(output) {
                Some(ValueRef::Real { entries, .. }) => residuals.extend(entries),
                Some(ValueRef::Complex { entries, .. }) => residuals.extend(entries.iter().flat_map(|z| [z.re, z.im])),
                Some(ValueRef::Truth(_)) | None => {}
            }
        }
        let squares: f64 = residuals.iter().map(|r| r * r).sum();
        squares.is_finite().then_some(squares)
    };
    let Some(mut squares) = evaluate(sample, &mut memory.residuals) else { return };
    let m = memory.residuals.len();
    if m > MAX_RESIDUALS {
        return;
    }
    let mut stretch = 1.0;
    let mut milestone = f64::INFINITY;
    for step in 0..MAX_STEPS {
        if squares == 0.0 {
            return;
        }
        // Where there is no solution, steps get slow; near one, even a double root gains more than this.
        if step % 4 == 0 {
            if squares > 0.1 * milestone {
                return;
            }
            milestone = squares;
        }
        memory.gradients.clear();
        memory.gradients.resize(m * n, 0.0);
        let residuals = memory.residuals.clone();
        for (k, place) in places.iter().enumerate() {
            let x = place.get(sample);
            let h = 1e-6 * x.abs().max(1e-3);
            // At an end of its range, or of what has a value, a number has one side; with none it stays.
            let mut sides = [(x, None), (x, None)];
            for (side, moved) in sides.iter_mut().zip([x + h, x - h]) {
                if moved >= place.least && moved <= place.most {
                    place.set(sample, moved);
                    let found = evaluate(sample, &mut memory.residuals);
                    *side = (moved, found.map(|_| memory.residuals.clone()));
                }
            }
            place.set(sample, x);
            let [(up, above), (down, below)] = sides;
            let (from, to, width) = match (&below, &above) {
                (Some(below), Some(above)) => (below, above, up - down),
                (Some(below), None) => (below, &residuals, x - down),
                (None, Some(above)) => (&residuals, above, up - x),
                (None, None) => continue,
            };
            for (row, (from, to)) in from.iter().zip(to).enumerate() {
                memory.gradients[row * n + k] = (to - from) / width;
            }
        }
        memory.before.clear();
        memory.before.extend(places.iter().map(|place| place.get(sample)));
        if !inward_step(places, &residuals, memory) {
            return;
        }
        let mut length = stretch;
        let mut improved = false;
        for _ in 0..6 {
            for (k, place) in places.iter().enumerate() {
                let moved = memory.before[k] - length * memory.step[k];
                place.set(sample, moved.max(place.least).min(place.most));
            }
            if let Some(now) = evaluate(sample, &mut memory.residuals)
                && now < squares
            {
                // At a double root, as of a sum of squares, a plain step halves the distance and quarters the residual;
                // twice the step is then right (Schröder 1870).
                let ratio = now / squares;
                stretch = if stretch == 1.0 && (0.03..0.12).contains(&ratio) { 2.0 } else { stretch };
                squares = now;
                improved = true;
                break;
            }
            length /= 2.0;
            stretch = 1.0;
        }
        if !improved {
            for (k, place) in places.iter().enumerate() {
                place.set(sample, memory.before[k]);
            }
            return;
        }
    }
}

/// The numbers of some inputs of a sample.
pub fn places(inputs: &[Movable], sample: &Sample) -> Vec<Place> {
    let mut places = Vec::new();
    for Movable { input, within: (least, most) } in inputs {
        let input = input.0 as usize;
        let place = |entry: usize, imaginary: bool| Place { input, entry, imaginary, least: *least, most: *most };
        match &sample.inputs[input] {
            Numbers::None => {}
            Numbers::Real(numbers) => places.extend((0..numbers.len()).map(|entry| place(entry, false))),
            Numbers::Complex(numbers) => {
                places.extend((0..numbers.len()).flat_map(|entry| [place(entry, false), place(entry, true)]));
            }
        }
    }
    places
}

impl Place {
    /// The number there.
    pub fn get(&self, sample: &Sample) -> f64 {
        match &sample.inputs[self.input] {
            Numbers::None => f64::NAN,
            Numbers::Real(numbers) => numbers[self.entry],
            Numbers::Complex(numbers) if self.imaginary => numbers[self.entry].im,
            Numbers::Complex(numbers) => numbers[self.entry].re,
        }
    }

    /// Puts another number there.
    pub fn set(&self, sample: &mut Sample, x: f64) {
        match &mut sample.inputs[self.input] {
            Numbers::None => {}
            Numbers::Real(numbers) => numbers[self.entry] = x,
            Numbers::Complex(numbers) if self.imaginary => numbers[self.entry].im = x,
            Numbers::Complex(numbers) => numbers[self.entry].re = x,
        }
    }

    /// Whether a number lies within the ends.
    pub fn admits(&self, x: f64) -> bool {
        (self.least..=self.most).contains(&x)
    }
}

/// The step of least norm among those that lead no number out of its range: one that stands at an end and would leave it
/// does not move. Returns false where there is none.
fn inward_step(places: &[Place], residuals: &[f64], memory: &mut Projection) -> bool {
    let (m, n) = (residuals.len(), places.len());
    // Each turn but the last stops a number.
    for _ in 0..=n {
        if !least_norm_step(m, n, residuals, memory) {
            return false;
        }
        let mut stopped = false;
        for (k, place) in places.iter().enumerate() {
            let (x, step) = (memory.before[k], memory.step[k]);
            if x <= place.least && step > 0.0 || x >= place.most && step < 0.0 {
                stopped = true;
                (0..m).for_each(|row| memory.gradients[row * n + k] = 0.0);
            }
        }
        if !stopped {
            return true;
        }
    }
    false
}

/// The step s of least norm with J s = r: s = J' y with (J J') y = r, by elimination with pivots. Returns false where
/// the gradients vanish.
fn least_norm_step(m: usize, n: usize, residuals: &[f64], memory: &mut Projection) -> bool {
    let j = &memory.gradients;
    let system = &mut memory.system;
    system.clear();
    for a in 0..m {
        for b in 0..m {
            system.push((0..n).map(|k| j[a * n + k] * j[b * n + k]).sum());
        }
        system.push(residuals[a]);
    }
    let width = m + 1;
    let largest = (0..m).map(|a| system[a * width + a]).fold(0.0, f64::max);
    if !(largest > 0.0 && largest.is_finite()) {
        return false;
    }
    for a in 0..m {
        // A little of the identity keeps dependent hypotheses solvable (Levenberg 1944).
        system[a * width + a] += 1e-10 * largest;
    }
    for pivot in 0..m {
        let best = (pivot..m)
            .max_by(|x, y| system[x * width + pivot].abs().total_cmp(&system[y * width + pivot].abs()))
            .unwrap_or(pivot);
        for column in 0..width {
            system.swap(pivot * width + column, best * width + column);
        }
        if system[pivot * width + pivot] == 0.0 {
            return false;
        }
        for row in 0..m {
            if row != pivot {
                let factor = system[row * width + pivot] / system[pivot * width + pivot];
                for column in pivot..width {
                    system[row * width + column] -= factor * system[pivot * width + column];
                }
            }
        }
    }
    memory.step.clear();
    memory.step.resize(n, 0.0);
    for a in 0..m {
        let y = system[a * width + m] / system[a * width + a];
        for k in 0..n {
            memory.step[k] += y * j[a * n + k];
        }
    }
    memory.step.iter().all(|x| x.is_finite())
}
