//! A unit of work: some samples of one cell, judged for every claim.

use std::sync::OnceLock;

use super::design::{Cell, Design};
use super::evaluate::{Machine, Program, reason};
use super::hypotheses::{self, MAX_MOVED, Projection, Standing};
use super::judge::{self, Measured, Outcome, Tally, UNSURE_HYPOTHESIS, Worst};
use super::layout::{ClaimLayout, Layout, PartSlots};
use super::sample::{Groups, Numbers, Sample, Sampler};
use super::seed::{Key, Stream};
use crate::check::Theorem;
use crate::ir::{InputId, Instance};

/// By how much, against its own scale, the condition of an `iff` must fail for a vanishing gap to be remarkable.
const CLEARLY_BROKEN: f64 = 1e-3;

/// A gap that vanishes within rounding is remarkable only where it is below this times the square of the amount by which
/// the condition fails: gaps are of second order in that amount.
const REMARKABLY_SMALL: f64 = 1e-9;

/// The plans of a theorem at one instance.
pub struct Programs {
    /// The hypotheses; `None` when there are none.
    pub hypotheses: Option<Program>,
    /// All claims together.
    claims: Program,
    /// Each claim by itself, for samples on which the evaluation of some claim faults.
    single: Vec<OnceLock<Result<Program, String>>>,
    instance: Instance,
}

impl Programs {
    /// Compiles a theorem at an instance.
    ///
    /// # Errors
    /// A sentence, when the sizes do not fit.
    pub fn compile(layout: &Layout, instance: &Instance) -> Result<Programs, String> {
        let hypotheses = match layout.hypotheses.is_empty() {
            true => None,
            false => Some(Program::compile(&layout.graph, &layout.hypothesis_roots, instance)?),
        };
        let (roots, _) = layout.claim_roots();
        let claims = Program::compile(&layout.graph, &roots, instance)?;
        let single = layout.claims.iter().map(|_| OnceLock::new()).collect();
        Ok(Programs { hypotheses, claims, single, instance: instance.clone() })
    }

    fn single(&self, layout: &Layout, claim: usize) -> Result<&Program, String> {
        self.single[claim]
            .get_or_init(|| Program::compile(&layout.graph, &layout.claims[claim].roots, &self.instance))
            .as_ref()
            .map_err(String::clone)
    }
}

/// What a theorem's samples are drawn and judged with.
pub struct Setting<'a> {
    /// The theorem.
    pub theorem: &'a Theorem,
    /// Its nodes.
    pub layout: &'a Layout,
    /// Where each claim's outputs start.
    pub offsets: Vec<usize>,
    /// Its variables by group.
    pub groups: &'a Groups,
    /// Its cells.
    pub design: &'a Design,
    /// Its key.
    pub key: Key,
}

/// Some samples of one cell.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Unit {
    /// The cell.
    pub cell: usize,
    /// The number of the first sample.
    pub first: u64,
    /// How many samples.
    pub count: u64,
    /// How many samples that break an equality may be moved onto it.
    pub moves: u64,
}

/// What a unit of work, or several, found.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Findings {
    /// Samples drawn.
    pub drawn: u64,
    /// Samples that met the hypotheses.
    pub met: u64,
    /// Samples that broke an equality and were moved.
    pub moved: u64,
    /// Of these, samples that then met the hypotheses.
    pub arrived: u64,
    /// The least amount by which a sample broke the hypotheses.
    pub residual: Option<f64>,
    /// Samples that could not be drawn or whose hypotheses had no value, by reason.
    pub dropped: Tally,
    /// Claim by claim.
    pub claims: Vec<Tally>,
}

impl Findings {
    /// Nothing yet.
    pub fn new(claims: usize) -> Self {
        Findings { claims: vec![Tally::default(); claims], ..Findings::default() }
    }

    /// Adds what later samples found.
    pub fn merge(&mut self, later: Findings) {
        self.drawn += later.drawn;
        self.met += later.met;
        self.moved += later.moved;
        self.arrived += later.arrived;
        if let Some(residual) = later.residual {
            self.miss(residual);
        }
        self.dropped.merge(later.dropped);
        for (claim, later) in self.claims.iter_mut().zip(later.claims) {
            claim.merge(later);
        }
    }

    fn miss(&mut self, residual: f64) {
        if self.residual.is_none_or(|least| residual < least) {
            self.residual = Some(residual);
        }
    }
}

impl Setting<'_> {
    /// The cell of a sample.
    fn cell_of(&self, sample: u64) -> &Cell {
        &self.design.cells[self.cell_number(sample)]
    }

    /// The number of the cell of a sample.
    pub fn cell_number(&self, sample: u64) -> usize {
        let within = sample % self.design.round;
        self.design.cells.partition_point(|cell| cell.first <= within).saturating_sub(1)
    }

    /// The inputs whose raw numbers move when a sample is moved onto an equality: the charts' own, since scalars would
    /// leave their ranges.
    fn movable(&self, program: &Program) -> Vec<InputId> {
        let scalar = |input: &InputId| {
            self.theorem.variables.iter().any(|variable| match &variable.kind {
                crate::check::VariableKind::Scalar { input: own, .. } => own == input,
                crate::check::VariableKind::Size(_) | crate::check::VariableKind::Member { .. } => false,
            })
        };
        program.inputs().iter().copied().filter(|input| !scalar(input)).collect()
    }

    /// Draws and judges the samples of a unit.
    pub fn run(&self, unit: Unit, programs: &Result<Programs, String>) -> Findings {
        let mut findings = Findings::new(self.layout.claims.len());
        findings.drawn = unit.count;
        let cell = &self.design.cells[unit.cell];
        let programs = match programs {
            Ok(programs) => programs,
            Err(why) => {
                findings.dropped.drop_for(why.clone().into(), unit.count);
                return findings;
            }
        };
        let Some(mut sampler) = Sampler::new(&self.layout.graph, self.groups, cell) else {
            findings.dropped.drop_for("an end of a range that could not be evaluated".into(), unit.count);
            return findings;
        };
        let mut sample = Sample::new(&self.layout.graph);
        let mut gate = Gate::new(self, programs, unit.moves);
        let mut machine = programs.claims.machine();
        for number in unit.first..unit.first + unit.count {
            let mut rng = self.key.generator(Stream::Sample, number);
            if !sampler.draw(&mut sample, &mut rng) {
                findings.dropped.drop_for("an empty range".into(), 1);
                continue;
            }
            let Some(sure) = gate.admit(&mut sample, &mut findings) else { continue };
            findings.met += 1;
            let slack = if sure { 0.0 } else { UNSURE_HYPOTHESIS };
            machine.load(&sample);
            let about = About { number, size: cell.size, slack, extreme: sample.extreme };
            if machine.run().is_ok() {
                for (claim, tally) in findings.claims.iter_mut().enumerate() {
                    judge_claim(&self.layout.claims[claim], self.offsets[claim], &mut machine, &about, tally);
                }
            } else {
                // Some claim has no value here; the others may have one.
                for (claim, tally) in findings.claims.iter_mut().enumerate() {
                    match programs.single(self.layout, claim) {
                        Ok(program) => {
                            let mut machine = program.machine();
                            machine.load(&sample);
                            match machine.run() {
                                Ok(()) => judge_claim(&self.layout.claims[claim], 0, &mut machine, &about, tally),
                                Err(fault) => tally.drop_for(reason(&fault).into(), 1),
                            }
                        }
                        Err(why) => tally.drop_for(why.into(), 1),
                    }
                }
            }
        }
        findings
    }

    /// Draws a sample anew, moved as it was when it was judged. `None` when it does not meet the hypotheses.
    pub fn redraw(&self, number: u64, programs: &Programs) -> Option<Sample> {
        let mut sample = Sample::new(&self.layout.graph);
        let mut sampler = Sampler::new(&self.layout.graph, self.groups, self.cell_of(number))?;
        let mut rng = self.key.generator(Stream::Sample, number);
        if !sampler.draw(&mut sample, &mut rng) {
            return None;
        }
        let mut gate = Gate::new(self, programs, 1);
        gate.admit(&mut sample, &mut Findings::new(self.layout.claims.len()))?;
        Some(sample)
    }
}

/// Lets samples pass that meet the hypotheses.
pub struct Gate<'a> {
    setting: &'a Setting<'a>,
    machine: Option<Machine<'a>>,
    movable: Vec<InputId>,
    projection: Projection,
    moves: u64,
}

impl<'a> Gate<'a> {
    /// A gate that moves at most so many samples onto equalities.
    pub fn new(setting: &'a Setting<'a>, programs: &'a Programs, moves: u64) -> Self {
        let thin = setting.layout.hypotheses.iter().any(|hypothesis| hypothesis.equality);
        let movable = match &programs.hypotheses {
            Some(program) if thin => setting.movable(program),
            Some(_) | None => Vec::new(),
        };
        let machine = programs.hypotheses.as_ref().map(Program::machine);
        Gate { setting, machine, movable, projection: Projection::default(), moves }
    }

    /// Whether the sample, moved where that helps, meets the hypotheses, and if so whether beyond rounding.
    pub fn admit(&mut self, sample: &mut Sample, findings: &mut Findings) -> Option<bool> {
        let Some(machine) = &mut self.machine else { return Some(true) };
        let hypotheses = &self.setting.layout.hypotheses;
        let mut standing = match hypotheses::standing(hypotheses, machine, sample) {
            Ok(standing) => standing,
            Err(fault) => {
                findings.dropped.drop_for(reason(&fault).into(), 1);
                return None;
            }
        };
        if let Standing::Breaks(residual) = standing {
            findings.miss(residual);
            if self.moves > 0 && !self.movable.is_empty() && movable_numbers(sample, &self.movable) <= MAX_MOVED {
                self.moves -= 1;
                findings.moved += 1;
                hypotheses::project(hypotheses, machine, &self.movable, sample, &mut self.projection);
                standing = hypotheses::standing(hypotheses, machine, sample).unwrap_or(standing);
                match standing {
                    Standing::Breaks(residual) => findings.miss(residual),
                    Standing::Meets | Standing::MeetsWithinRounding => findings.arrived += 1,
                }
            }
        }
        match standing {
            Standing::Meets => Some(true),
            Standing::MeetsWithinRounding => Some(false),
            Standing::Breaks(_) => None,
        }
    }
}

fn movable_numbers(sample: &Sample, inputs: &[InputId]) -> usize {
    let count = |input: &InputId| match &sample.inputs[input.0 as usize] {
        Numbers::None => 0,
        Numbers::Real(numbers) => numbers.len(),
        Numbers::Complex(numbers) => 2 * numbers.len(),
    };
    inputs.iter().map(count).sum()
}

/// What judging needs to know of a sample.
struct About {
    number: u64,
    size: i64,
    slack: f64,
    extreme: bool,
}

fn judge_claim(layout: &ClaimLayout, offset: usize, machine: &mut Machine<'_>, about: &About, tally: &mut Tally) {
    if !layout.is_sampled() {
        return;
    }
    // The worst over the parts: a sample counts once.
    let (mut violated, mut tight, mut touches, mut unclear, mut blind) = (false, false, false, false, false);
    let mut note = |measured: Measured, outcome: Outcome, tally: &mut Tally| match outcome {
        Outcome::Agrees => {}
        Outcome::Tight => tight = true,
        Outcome::Touches => touches = true,
        Outcome::Unclear(bound) => {
            unclear = true;
            tally.loosest = tally.loosest.max(bound);
        }
        Outcome::Blind => blind = true,
        Outcome::Violates(bound) => {
            violated = true;
            let relative = measured.value / measured.scale.max(f64::MIN_POSITIVE);
            let (size, sample, margin) = (about.size, about.number, measured.value);
            tally.violate(Worst { size, relative, sample, margin, bound });
        }
    };
    for part in &layout.parts {
        match part {
            PartSlots::Margin { margin, strict, equality } => {
                let measured = margin.read(machine, offset);
                let bound = || machine.bound(margin.output(offset));
                let outcome = judge::margin(measured, *strict, *equality, about.slack, bound);
                if outcome != Outcome::Blind {
                    tally.see(measured.value, about.number);
                }
                note(measured, outcome, tally);
            }
            PartSlots::Iff { gap, condition, strict, equality, substituted } => {
                let vanishes = |machine: &mut Machine<'_>, slot: &super::layout::Slot, slack: f64| {
                    let measured = slot.read(machine, offset);
                    let measured = Measured { value: -measured.value.abs(), scale: measured.scale };
                    let bound = || machine.bound(slot.output(offset));
                    (measured, judge::margin(measured, false, true, slack, bound))
                };
                if let Some(slot) = substituted {
                    let (measured, outcome) = vanishes(machine, slot, about.slack);
                    note(measured, outcome, tally);
                }
                let at = condition.read(machine, offset);
                let scale = at.scale.max(1.0);
                let met = if *equality {
                    -at.value <= 1e-9 * scale && -at.value <= machine.bound(condition.output(offset))
                } else {
                    at.value > 0.0 || at.value == 0.0 && !strict
                };
                if met {
                    tally.met += 1;
                    let slack = if *equality { UNSURE_HYPOTHESIS } else { about.slack };
                    let (measured, outcome) = vanishes(machine, gap, slack);
                    note(measured, outcome, tally);
                } else if at.value < -CLEARLY_BROKEN * scale && !about.extreme {
                    let measured = gap.read(machine, offset);
                    let broken = (at.value / scale).min(1.0);
                    let small = REMARKABLY_SMALL * broken * broken * measured.scale.max(1.0);
                    if measured.value.abs() <= small {
                        let bound = machine.bound(gap.output(offset));
                        if measured.value.abs() <= bound && bound <= small {
                            tally.converse += 1;
                        }
                    }
                }
            }
            PartSlots::Asymptotic { .. } => {}
        }
    }
    if blind {
        tally.drop_for("an error bound that is infinite next to a margin near or below zero".into(), 1);
        return;
    }
    tally.judged += 1;
    tally.violations += u64::from(violated);
    tally.unclear += u64::from(unclear && !violated);
    tally.touches += u64::from(touches && !violated);
    tally.tight += u64::from(tight && !violated && !unclear);
}
