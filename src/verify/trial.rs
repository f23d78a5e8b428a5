//! A unit of work: some samples of one cell, judged for every claim.

use std::cell::{OnceCell, RefCell};
use std::sync::OnceLock;

use super::design::{Cell, Design, ScalarDraw};
use super::evaluate::{EndsPlan, Machine, Program};
use super::hypotheses::{self, MAX_MOVED, Movable, Projection, Standing};
use super::judge::{Tally, UNSURE_HYPOTHESIS};
use super::judgement::{About, ClaimJudge};
use super::layout::Layout;
use super::sample::{Groups, Numbers, Sample, Sampler};
use super::seed::{Key, Stream};
use crate::check::Theorem;
use crate::ir::{InputId, Instance};

/// Why a sample is not drawn where a range that depends on other inputs has no number.
pub const EMPTY_RANGE: &str = "an empty range";

/// The plans of a theorem at one instance.
pub struct Programs {
    /// The hypotheses; `None` when there are none.
    pub hypotheses: Option<Program>,
    /// All claims together; `None` where the sizes do not fit some claim, which says nothing of the others.
    claims: Option<Program>,
    /// Each claim by itself, for samples on which the evaluation of some claim faults.
    single: Vec<OnceLock<Result<Program, String>>>,
    instance: Instance,
}

impl Programs {
    /// Compiles a theorem at an instance.
    ///
    /// # Errors
    /// A sentence, when the sizes do not fit the hypotheses or the only claim.
    pub fn compile(layout: &Layout, instance: &Instance) -> Result<Programs, String> {
        let hypotheses = match layout.hypotheses.is_empty() {
            true => None,
            false => Some(Program::compile(&layout.graph, &layout.hypothesis_roots, instance)?),
        };
        let (roots, _) = layout.claim_roots();
        let claims = match Program::compile(&layout.graph, &roots, instance) {
            Ok(claims) => Some(claims),
            Err(why) if layout.claims.len() < 2 => return Err(why),
            Err(_) => None,
        };
        let single = layout.claims.iter().map(|_| OnceLock::new()).collect();
        Ok(Programs { hypotheses, claims, single, instance: instance.clone() })
    }

    /// The plan of one claim by itself.
    ///
    /// # Errors
    /// A sentence, when the sizes do not fit.
    pub fn single(&self, layout: &Layout, claim: usize) -> Result<&Program, String> {
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
    /// The evaluations that may be spent on moving samples onto equalities; the last move may overdraw them.
    pub moving: u64,
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
    /// Whether the time was up before all samples were drawn.
    pub cut: bool,
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
        self.cut |= later.cut;
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

    /// The inputs whose numbers move when a sample is moved onto an equality: those of charts, and the scalars of intervals
    /// within these. A range that depends on other inputs is looked at afterwards.
    fn movable(&self, program: &Program, cell: &Cell) -> Vec<Movable> {
        let within = |input: InputId| match cell.scalars.iter().find(|(scalar, _)| *scalar == input) {
            None | Some((_, ScalarDraw::Computed(_))) => Some(Movable::freely(input)),
            Some((_, ScalarDraw::Inside(ends))) => Some(Movable { input, within: ends.extremes() }),
            Some((_, ScalarDraw::Baked(_) | ScalarDraw::Among(_))) => None,
        };
        program.inputs().iter().filter_map(|input| within(*input)).collect()
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
        let gate = RefCell::new(Gate::new(self, programs, cell, unit.moving));
        let mut machine = programs.claims.as_ref().map(Program::machine);
        let mut judges: Vec<ClaimJudge<'_>> = self.layout.claims.iter().map(ClaimJudge::new).collect();
        for number in unit.first..unit.first + unit.count {
            let mut rng = self.key.generator(Stream::Sample, number);
            if !sampler.draw(&mut sample, &mut rng) {
                findings.dropped.drop_for(EMPTY_RANGE.into(), 1);
                continue;
            }
            let Some(sure) = gate.borrow_mut().admit(&mut sample, &mut findings) else { continue };
            findings.met += 1;
            let slack = if sure { 0.0 } else { UNSURE_HYPOTHESIS };
            let leeway = OnceCell::new();
            let leeway = || *leeway.get_or_init(|| gate.borrow_mut().leeway());
            let (size, extreme) = (cell.size, sample.extreme);
            let (sample, instance) = (&sample, &cell.instance);
            let about = About { number, size, slack, leeway: &leeway, extreme, sample, instance };
            let ran = machine.as_mut().is_some_and(|machine| {
                machine.load(sample);
                machine.run().is_ok()
            });
            if let Some(machine) = machine.as_ref().filter(|_| ran) {
                for (claim, judge) in judges.iter_mut().enumerate() {
                    let (offset, tally) = (self.offsets[claim], &mut findings.claims[claim]);
                    let single = || programs.single(self.layout, claim);
                    judge.judge(|output| machine.scalar(offset + output), single, &about, tally);
                }
            } else {
                // Some claim has no value here; the others may have one.
                for (claim, judge) in judges.iter_mut().enumerate() {
                    let tally = &mut findings.claims[claim];
                    judge.judge_alone(|| programs.single(self.layout, claim), &about, tally);
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
        let mut gate = Gate::new(self, programs, self.cell_of(number), 1);
        gate.admit(&mut sample, &mut Findings::new(self.layout.claims.len()))?;
        Some(sample)
    }
}

/// Lets samples pass that meet the hypotheses.
pub struct Gate<'a> {
    setting: &'a Setting<'a>,
    machine: Option<Machine<'a>>,
    /// The ranges that depend on other inputs, which a sample that was moved may have left.
    ends: Vec<(InputId, EndsPlan)>,
    movable: Vec<Movable>,
    projection: Projection,
    moving: u64,
}

impl<'a> Gate<'a> {
    /// A gate that spends so many evaluations on moving samples onto equalities.
    pub fn new(setting: &'a Setting<'a>, programs: &'a Programs, cell: &Cell, moving: u64) -> Self {
        let graph = &setting.layout.graph;
        let ends = cell.scalars.iter().filter_map(|(input, draw)| match draw {
            ScalarDraw::Computed(interval) => Some((*input, EndsPlan::new(graph, *interval, &cell.instance)?)),
            ScalarDraw::Baked(_) | ScalarDraw::Inside(_) | ScalarDraw::Among(_) => None,
        });
        let ends = ends.collect();
        let thin = setting.layout.hypotheses.iter().any(|hypothesis| hypothesis.equality);
        let movable = match &programs.hypotheses {
            Some(program) if thin => setting.movable(program, cell),
            Some(_) | None => Vec::new(),
        };
        let machine = programs.hypotheses.as_ref().map(Program::machine);
        Gate { setting, machine, ends, movable, projection: Projection::default(), moving }
    }

    /// Whether the sample, moved where that helps, meets the hypotheses, and if so whether beyond rounding.
    pub fn admit(&mut self, sample: &mut Sample, findings: &mut Findings) -> Option<bool> {
        let Some(machine) = &mut self.machine else { return is_in_ranges(&mut self.ends, sample).then_some(true) };
        let hypotheses = &self.setting.layout.hypotheses;
        let mut standing = match hypotheses::standing(hypotheses, machine, sample) {
            Ok(standing) => standing,
            Err(fault) => {
                findings.dropped.drop_for(machine.reason(&fault).into(), 1);
                return None;
            }
        };
        if let Standing::Breaks(residual) = standing {
            findings.miss(residual);
            let places = match self.moving {
                0 => Vec::new(),
                _ => hypotheses::places(&self.movable, sample),
            };
            if (1..=MAX_MOVED).contains(&places.len()) {
                findings.moved += 1;
                let spent = hypotheses::project(hypotheses, machine, &places, sample, &mut self.projection);
                self.moving = self.moving.saturating_sub(spent.max(1));
                standing = hypotheses::standing(hypotheses, machine, sample).unwrap_or(standing);
                match standing {
                    Standing::Breaks(residual) => findings.miss(residual),
                    Standing::Meets | Standing::MeetsWithinRounding => findings.arrived += 1,
                }
            }
        }
        let sure = match standing {
            Standing::Meets => true,
            Standing::MeetsWithinRounding => false,
            Standing::Breaks(_) => return None,
        };
        is_in_ranges(&mut self.ends, sample).then_some(sure)
    }

    /// See [`hypotheses::leeway`], for the sample that was admitted last.
    pub fn leeway(&mut self) -> f64 {
        match &mut self.machine {
            Some(machine) => hypotheses::leeway(&self.setting.layout.hypotheses, machine),
            None => 0.0,
        }
    }
}

/// Whether the scalars whose ranges depend on other inputs lie in them.
fn is_in_ranges(ends: &mut [(InputId, EndsPlan)], sample: &Sample) -> bool {
    ends.iter_mut().all(|(input, plan)| match &sample.inputs[input.0 as usize] {
        Numbers::Real(numbers) => plan.ends(sample).is_some_and(|ends| ends.contains(numbers[0])),
        Numbers::Complex(_) | Numbers::None => false,
    })
}
