//! One claim judged at one sample after another of a unit of work.

use super::evaluate::{Machine, Program};
use super::judge::{self, Doubt, Measured, Outcome, Tally, UNSURE_HYPOTHESIS, Worst};
use super::layout::{ClaimLayout, PartSlots, Slot};
use super::sample::Sample;
use super::supremum::Reached;
use crate::ir::Instance;

/// By how much, against its own scale, the condition of an `iff` must fail for a vanishing gap to be remarkable.
const CLEARLY_BROKEN: f64 = 1e-3;

/// A gap that vanishes within rounding is remarkable only where it is below this times the square of the amount by which
/// the condition fails: gaps are of second order in that amount.
const REMARKABLY_SMALL: f64 = 1e-9;

/// A computed violation of up to this, against the sides, is most likely rounding. Of those the error bound, which costs
/// much more than the evaluation, is computed only where the violation is larger than all before it in the unit.
const LIKELY_ROUNDING: f64 = 1e-12;

/// What judging needs to know of a sample.
pub struct About<'a> {
    /// Its number.
    pub number: u64,
    /// The number of its raw numbers.
    pub size: i64,
    /// See [`judge::margin`].
    pub slack: f64,
    /// The violation, against the sides or 1, below which a breach of the hypotheses within rounding may explain it.
    /// Costs error bounds, and so is asked for only where there is a violation.
    pub leeway: &'a dyn Fn() -> f64,
    /// Whether a scalar lies next to an end of its range.
    pub extreme: bool,
    /// The raw numbers.
    pub sample: &'a Sample,
    /// Their sizes, and the scalars that the plan knows.
    pub instance: &'a Instance,
}

/// Judges a claim.
pub struct ClaimJudge<'a> {
    layout: &'a ClaimLayout,
    values: Vec<f64>,
    errors: Errors<'a>,
}

/// The error bounds of a claim's outputs.
struct Errors<'a> {
    machine: Option<Machine<'a>>,
    /// Whether the present sample is in the machine.
    loaded: bool,
    /// The largest violation against the sides that was bounded and found to be within its bound, for each output.
    records: Vec<f64>,
}

/// What the parts of a claim come to at a sample, which counts once.
#[derive(Default)]
struct Verdicts {
    violated: bool,
    tight: bool,
    touches: bool,
    unclear: bool,
    unfounded: bool,
    converse: bool,
    blind: bool,
}

impl<'a> ClaimJudge<'a> {
    /// A judge of a claim.
    pub fn new(layout: &'a ClaimLayout) -> Self {
        let errors = Errors { machine: None, loaded: false, records: vec![0.0; layout.roots.len()] };
        ClaimJudge { layout, values: Vec::new(), errors }
    }

    /// Judges a sample from the outputs of an evaluation. `single` compiles the claim by itself, for error bounds.
    pub fn judge(
        &mut self,
        output: impl Fn(usize) -> f64,
        single: impl Fn() -> Result<&'a Program, String>,
        about: &About<'_>,
        tally: &mut Tally,
    ) {
        if !self.layout.is_sampled() {
            return;
        }
        self.values.clear();
        self.values.extend((0..self.layout.roots.len()).map(output));
        self.errors.loaded = false;
        self.conclude(single, about, tally);
    }

    /// Judges a sample by evaluating this claim alone.
    pub fn judge_alone(
        &mut self,
        single: impl Fn() -> Result<&'a Program, String>,
        about: &About<'_>,
        tally: &mut Tally,
    ) {
        if !self.layout.is_sampled() {
            return;
        }
        self.errors.loaded = false;
        let machine = match self.errors.machine(&single, about.sample) {
            Ok(machine) => machine,
            Err(why) => return tally.drop_for(why.into(), 1),
        };
        if let Err(fault) = machine.run() {
            return tally.drop_for(machine.reason(&fault).into(), 1);
        }
        self.values.clear();
        self.values.extend((0..self.layout.roots.len()).map(|output| machine.scalar(output)));
        self.conclude(single, about, tally);
    }

    fn conclude(&mut self, single: impl Fn() -> Result<&'a Program, String>, about: &About<'_>, tally: &mut Tally) {
        let values = &self.values;
        let read = |slot: &Slot| slot.read(|output| values[output]);
        let mut verdicts = Verdicts::default();
        for part in &self.layout.parts {
            match part {
                PartSlots::Margin { margin, strict, equality } => {
                    let measured = read(margin);
                    let output = margin.output();
                    let error = || self.errors.error(output, measured, measured.value, &single, about.sample);
                    let outcome = judge::margin(measured, *strict, *equality, about.slack, error);
                    let counts = verdicts.note(measured, outcome, about, tally);
                    // A margin of which the error bound says nothing is not shown as one that was seen, nor is one that a
                    // breach of the hypotheses within rounding explains.
                    let seen = counts
                        || match outcome {
                            Outcome::Agrees | Outcome::Tight => about.slack == 0.0 || measured.is_rounding(),
                            Outcome::Touches => true,
                            Outcome::Blind | Outcome::Unclear(_) | Outcome::Violates(_) => false,
                        };
                    if seen {
                        tally.see(measured.value, about.number);
                    }
                }
                PartSlots::Iff { gap, condition, strict, equality, substituted } => {
                    if let Some(slot) = substituted {
                        let (measured, outcome) =
                            self.errors.vanishes(slot, read(slot), about.slack, &single, about.sample);
                        verdicts.note(measured, outcome, about, tally);
                    }
                    let at = read(condition);
                    let scale = at.scale.max(1.0);
                    let met = if *equality {
                        -at.value <= 1e-9 * scale
                            && -at.value <= self.errors.exactly(condition.output(), at.value, &single, about.sample)
                    } else {
                        at.value > 0.0 || at.value == 0.0 && !strict
                    };
                    if met {
                        tally.met += 1;
                        let slack = if *equality { UNSURE_HYPOTHESIS } else { about.slack };
                        let (measured, outcome) = self.errors.vanishes(gap, read(gap), slack, &single, about.sample);
                        verdicts.note(measured, outcome, about, tally);
                    } else if *strict && at.value == 0.0 && values[gap.output()] == 0.0 {
                        // On the edge of a strict condition, as small integers are exactly, the sides may be equal, too.
                        verdicts.converse = true;
                    } else if at.value < -CLEARLY_BROKEN * scale && !about.extreme {
                        let measured = read(gap);
                        let broken = (at.value / scale).max(-1.0);
                        let small = REMARKABLY_SMALL * broken * broken * measured.scale.max(1.0);
                        if measured.value.abs() <= small {
                            let error = self.errors.exactly(gap.output(), measured.value, &single, about.sample);
                            // Ranks and counts have no error bound, but a difference of 0 may be theirs.
                            let counted = measured.value == 0.0 && error.is_infinite();
                            verdicts.converse |= counted || measured.value.abs() <= error && error <= small;
                        }
                    }
                }
                PartSlots::Asymptotic { .. } => {}
            }
        }
        if let Some(output) = self.layout.supremum {
            self.errors.reach(output, values[output], &single, about, tally);
        }
        verdicts.count(about, tally);
    }
}

impl<'a> Errors<'a> {
    fn machine(
        &mut self,
        single: impl Fn() -> Result<&'a Program, String>,
        sample: &Sample,
    ) -> Result<&mut Machine<'a>, String> {
        if self.machine.is_none() {
            self.machine = Some(single()?.machine());
        }
        let Some(machine) = &mut self.machine else { return Err(String::new()) };
        if !self.loaded {
            machine.load(sample);
            self.loaded = true;
        }
        Ok(machine)
    }

    /// The error bound of an output.
    fn exactly(
        &mut self,
        output: usize,
        computed: f64,
        single: impl Fn() -> Result<&'a Program, String>,
        sample: &Sample,
    ) -> f64 {
        self.machine(single, sample).map_or(f64::INFINITY, |machine| machine.error(output, computed))
    }

    /// Notes a value of the expression whose supremum is asked for, where it may be the largest.
    fn reach(
        &mut self,
        output: usize,
        value: f64,
        single: impl Fn() -> Result<&'a Program, String>,
        about: &About<'_>,
        tally: &mut Tally,
    ) {
        let known = tally.reached.as_ref().map_or(f64::NEG_INFINITY, |reached| reached.least);
        if value.is_nan() || tally.reached.is_some() && value <= known {
            return;
        }
        let error = if value.is_infinite() { 0.0 } else { self.exactly(output, value, single, about.sample) };
        let (sample, instance) = (about.sample.clone(), about.instance.clone());
        tally.reach(Box::new(Reached { value, least: value - error, sample, instance, sure: about.slack == 0.0 }));
    }

    /// Judges whether a number that was read from a slot is 0; returns the margin −|x| of that too.
    fn vanishes(
        &mut self,
        slot: &Slot,
        read: Measured,
        slack: f64,
        single: impl Fn() -> Result<&'a Program, String>,
        sample: &Sample,
    ) -> (Measured, Outcome) {
        let measured = Measured { value: -read.value.abs(), scale: read.scale };
        let error = || self.error(slot.output(), measured, read.value, &single, sample);
        (measured, judge::margin(measured, false, true, slack, error))
    }

    /// The error bound of an output whose margin is `measured`; where the violation is most likely rounding, and smaller
    /// than one that was, just the violation itself.
    fn error(
        &mut self,
        output: usize,
        measured: Measured,
        computed: f64,
        single: impl Fn() -> Result<&'a Program, String>,
        sample: &Sample,
    ) -> f64 {
        let violation = measured.value.abs() / measured.scale.max(f64::MIN_POSITIVE);
        // Exact equality is told from equality within rounding by the bound alone.
        if measured.value != 0.0 && violation <= self.records[output].min(LIKELY_ROUNDING) {
            return measured.value.abs();
        }
        let error = self.exactly(output, computed, single, sample);
        if measured.value.abs() <= error {
            self.records[output] = self.records[output].max(violation);
        }
        error
    }
}

impl Verdicts {
    /// Notes an outcome; returns whether it counts as a violation.
    fn note(&mut self, measured: Measured, outcome: Outcome, about: &About<'_>, tally: &mut Tally) -> bool {
        let doubt = |tally: &mut Tally| {
            tally.doubtful = Some(tally.doubtful.map_or(measured.value, |least| least.min(measured.value)));
        };
        match outcome {
            Outcome::Agrees => {}
            Outcome::Tight => {
                self.tight = true;
                // On the hypotheses within rounding this may be a breach of these; where they are met exactly it is not.
                if about.slack > 0.0 && !measured.is_rounding() {
                    doubt(tally);
                }
            }
            Outcome::Touches => self.touches = true,
            // Next to the hypotheses, rather than on them, a margin that may be anything says nothing of the claim.
            Outcome::Unclear(_) if about.slack > 0.0 => {
                self.blind = true;
                doubt(tally);
            }
            Outcome::Unclear(bound) => {
                self.unclear = true;
                doubt(tally);
                tally.loosest = tally.loosest.max(bound);
            }
            Outcome::Blind => self.blind = true,
            // A sample that may be outside the hypotheses says nothing against what follows from them.
            Outcome::Violates(_) if -measured.value / measured.scale.max(1.0) < (about.leeway)() => {
                self.unfounded = true;
                doubt(tally);
            }
            Outcome::Violates(bound) => {
                self.violated = true;
                let relative = measured.value / measured.scale.max(f64::MIN_POSITIVE);
                let (size, sample, margin) = (about.size, about.number, measured.value);
                tally.violate(Worst { size, relative, sample, margin, bound });
                return true;
            }
        }
        false
    }

    fn count(&self, about: &About<'_>, tally: &mut Tally) {
        let doubt = match self {
            Verdicts { violated: true, .. } => None,
            Verdicts { blind: true, .. } => Some(Doubt::Blind),
            Verdicts { unclear: true, .. } => Some(Doubt::Unclear),
            Verdicts { unfounded: true, .. } => Some(Doubt::Unfounded),
            Verdicts { touches: true, .. } => Some(Doubt::Touches),
            Verdicts { converse: true, .. } => Some(Doubt::Converse),
            _ => None,
        };
        if let Some(doubt) = doubt {
            tally.doubt(doubt, about.size, about.number);
        }
        tally.judged += u64::from(doubt != Some(Doubt::Blind));
        tally.violations += u64::from(self.violated);
        let only_tight = matches!(doubt, None | Some(Doubt::Touches | Doubt::Converse));
        tally.tight += u64::from(self.tight && !self.violated && only_tight);
    }
}
