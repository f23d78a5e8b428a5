//! One piece of work of an attack, done on one thread: some discrete inputs, or an ascent with its hops.

use std::cell::{OnceCell, RefCell};

use rand::RngExt;

use super::descend::descend;
use super::field::Field;
use super::lattice::{self, Kind, Lattice};
use super::objective::{Objective, Target, Weights};
use super::start;
use crate::verify::judge::{Tally, UNSURE_HYPOTHESIS};
use crate::verify::judgement::{About, ClaimJudge};
use crate::verify::refutation::Point;
use crate::verify::sample::{Sample, Sampler};
use crate::verify::seed::{Rng, Stream};
use crate::verify::trial::{Findings, Gate, Programs, Setting};

/// The evaluations of one descent.
const EVALUATIONS: u64 = 160;

/// How often an ascent is shaken loose.
const HOPS: u32 = 3;

/// The evaluations that may be spent on moving the samples of one piece of work onto equalities.
const MOVING: u64 = 20_000;

/// The weights of broken hypotheses, one descent after the other.
const PENALTIES: [f64; 3] = [10.0, 1e3, 1e5];

/// What to do.
#[derive(Clone, Debug)]
pub enum Task {
    /// The assignments of a kind from one number on; all there are, or random ones.
    Discrete {
        /// Which inputs.
        kind: Kind,
        /// The first assignment and how many.
        range: (u64, u64),
        /// Whether assignments are listed rather than drawn.
        listed: bool,
    },
    /// Descents of the margin of a target.
    Ascent {
        /// The target.
        target: usize,
        /// Where to start; a drawn sample if there is none.
        from: Option<Sample>,
        /// Whether the hypotheses were never met: they alone are descended to at first.
        reach: bool,
    },
}

impl Task {
    /// Its name in reports.
    pub fn name(&self) -> &'static str {
        match self {
            Task::Discrete { kind, .. } => kind.name(),
            Task::Ascent { from: None, .. } => "ascent",
            Task::Ascent { from: Some(_), .. } => "basin hopping",
        }
    }
}

/// A sample that contradicts the claim as computed.
#[derive(Clone, Debug)]
pub struct Hit {
    /// The number of its field.
    pub field: usize,
    /// The sample.
    pub sample: Sample,
    /// The number of raw numbers.
    pub size: i64,
    /// The margin against the sides.
    pub relative: f64,
    /// The margin and its error bound.
    pub margin: (f64, f64),
    /// Whether rounding may explain it, of the margin or of a hypothesis: then it counts only once it is certified.
    pub doubtful: bool,
    /// An exact point near the sample that contradicts the claim for certain.
    pub exact: Option<Point>,
}

/// A sample worth starting from again.
#[derive(Clone, Debug)]
pub struct Elite {
    /// Its field and target.
    pub place: (usize, usize),
    /// The objective.
    pub value: f64,
    /// The sample.
    pub sample: Sample,
}

/// What a piece of work, or several, found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// What the judged samples say together; it names no samples.
    pub tally: Tally,
    /// Samples that met the hypotheses.
    pub met: u64,
    /// The first of them, with its field.
    pub meeting: Option<(usize, Sample)>,
    /// The least residual of the hypotheses that was reached.
    pub residual: Option<f64>,
    /// The worst violation, by field.
    pub hits: Vec<Hit>,
    /// A sample at which the two sides agree as computed although the condition of an `iff` clearly fails, by job.
    pub doubts: Vec<Hit>,
    /// The least margin with its field and sample.
    pub least: Option<(f64, usize, Sample)>,
    /// Good starts.
    pub elites: Vec<Elite>,
    /// Descents that were begun.
    pub descents: u64,
    /// Discrete inputs that were looked at.
    pub discrete: u64,
    /// Points without a finite value that descents met and dropped.
    pub dropped: u64,
    /// See [`super::Summary::suspect`].
    pub suspect: f64,
    /// Modelled nanoseconds.
    pub work: f64,
}

impl Found {
    /// Adds what later work found.
    pub fn merge(&mut self, later: Found) {
        self.tally.merge(later.tally);
        self.met += later.met;
        self.meeting = self.meeting.take().or(later.meeting);
        self.residual = match (self.residual, later.residual) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.hits.extend(later.hits);
        self.doubts.extend(later.doubts);
        if let Some((margin, ..)) = &later.least
            && self.least.as_ref().is_none_or(|(least, ..)| margin < least)
        {
            self.least = later.least;
        }
        self.elites.extend(later.elites);
        self.descents += later.descents;
        self.discrete += later.discrete;
        self.dropped += later.dropped;
        self.suspect = self.suspect.min(later.suspect);
        self.work += later.work;
    }
}

/// What a job is done with.
pub struct Job<'a> {
    /// The theorem's setting.
    pub setting: &'a Setting<'a>,
    /// The claim.
    pub claim: usize,
    /// The claim's targets.
    pub targets: &'a [Target],
    /// The discrete inputs of the theorem.
    pub lattice: &'a Lattice,
    /// The number of the field, and the field.
    pub field: (usize, &'a Field),
    /// The task.
    pub task: Task,
    /// The number of the job, which seeds its generator.
    pub number: u64,
}

impl Job<'_> {
    /// Does it.
    pub fn run(&self) -> Found {
        let (_, field) = self.field;
        let Some(programs) = field.programs(self.setting) else { return Found::default() };
        let Some(sampler) = Sampler::new(&self.setting.layout.graph, self.setting.groups, &field.cell) else {
            return Found::default();
        };
        let mut bench = Bench::new(self, programs);
        let mut rng = self.setting.key.generator(Stream::Attack, (self.claim as u64) << 40 | self.number);
        match &self.task {
            Task::Discrete { kind, range, listed } => {
                self.discrete(*kind, *range, *listed, sampler, &mut bench, &mut rng);
            }
            Task::Ascent { target, from, reach } => {
                self.ascent(*target, from.as_ref(), *reach, sampler, &mut bench, &mut rng);
            }
        }
        bench.found
    }

    fn discrete(
        &self,
        kind: Kind,
        (first, count): (u64, u64),
        listed: bool,
        mut sampler: Sampler<'_>,
        bench: &mut Bench<'_>,
        rng: &mut Rng,
    ) {
        let mut sample = Sample::new(&self.setting.layout.graph);
        let columns = self.field.1.columns(self.setting);
        let objective = self.field.1.objective(self.setting, self.targets, 0, false);
        let mut best: Option<(f64, Sample)> = None;
        for number in first..first + count {
            // The scalars are drawn anew for each assignment.
            if !sampler.draw(&mut sample, rng) {
                continue;
            }
            self.lattice.assign(kind, listed.then_some(number), &mut sample, &columns, rng);
            sample.attack = kind.name();
            bench.found.discrete += 1;
            bench.found.work += objective.map_or(lattice::COST, |objective| objective.cost / 2.0);
            if let Some(relative) = bench.look(&mut sample, 0.0)
                && best.as_ref().is_none_or(|(least, _)| relative < *least)
            {
                best = Some((relative, sample.clone()));
            }
        }
        if let Some((value, sample)) = best {
            bench.found.elites.push(Elite { place: (self.field.0, 0), value, sample });
        }
    }

    fn ascent(
        &self,
        target: usize,
        from: Option<&Sample>,
        reach: bool,
        mut sampler: Sampler<'_>,
        bench: &mut Bench<'_>,
        rng: &mut Rng,
    ) {
        let logarithmic = rng.random::<bool>();
        let Some(objective) = self.field.1.objective(self.setting, self.targets, target, logarithmic) else { return };
        if objective.len() == 0 {
            return;
        }
        let mut machine = objective.machine();
        let floor = [1.0, 1e-2, 1e-4][rng.random_range(0..3)];
        let mut weights = Weights { margin: 1.0, floor, penalty: PENALTIES[0], room: 0.0 };
        machine.weigh(weights);
        let mut sample = from.cloned().unwrap_or_else(|| Sample::new(&self.setting.layout.graph));
        let start = match from {
            Some(_) => {
                machine.fix(&sample);
                let mut x = objective.pack(&sample);
                start::shake(objective, &mut x, rng);
                Some(x)
            }
            None => {
                let players = [1, 4, 16, 48][rng.random_range(0..4)];
                start::tournament(objective, &mut machine, &mut sampler, &mut sample, players, rng)
            }
        };
        // A tournament of which no player has a value costs as much as any.
        bench.found.work += machine.evaluations() as f64 * objective.cost;
        let Some(mut x) = start else { return };
        let before = machine.evaluations();
        sample.attack = self.task.name();
        let mut best = f64::INFINITY;
        for hop in 0..=HOPS {
            let mut next = x.clone();
            if hop > 0 {
                start::shake(objective, &mut next, rng);
            }
            let value = self.fall(objective, &mut machine, &mut weights, reach, &mut next, bench);
            if let Some(value) = value
                && value < best
            {
                best = value;
                x = next;
                objective.unpack(&x, &mut sample);
                bench.look(&mut sample.clone(), value);
            }
        }
        bench.found.work += (machine.evaluations() - before) as f64 * objective.cost;
        if best.is_finite() {
            bench.found.elites.push(Elite { place: (self.field.0, target), value: best, sample });
        }
    }

    /// Descends with rising weights for broken hypotheses; the objective at the end.
    fn fall(
        &self,
        objective: &Objective,
        machine: &mut super::objective::Machine<'_>,
        weights: &mut Weights,
        reach: bool,
        x: &mut Vec<f64>,
        bench: &mut Bench<'_>,
    ) -> Option<f64> {
        let penalties = if objective.constrained { &PENALTIES[..] } else { &PENALTIES[..1] };
        let mut value = None;
        for (phase, penalty) in penalties.iter().enumerate() {
            weights.penalty = *penalty;
            weights.margin = if reach && phase == 0 { 0.0 } else { 1.0 };
            // Inequalities that a descent presses against are broken by what the penalty leaves: some room undoes it.
            weights.room = if phase == 0 { 0.0 } else { 2.0 / penalty };
            machine.weigh(*weights);
            bench.found.descents += 1;
            let descent = descend(machine, x, EVALUATIONS)?;
            bench.found.dropped += descent.dropped;
            *x = descent.x;
            value = Some(descent.value);
        }
        value
    }
}

/// Judges what a job finds.
struct Bench<'a> {
    setting: &'a Setting<'a>,
    claim: usize,
    programs: &'a Programs,
    field: (usize, &'a Field),
    gate: RefCell<Gate<'a>>,
    judge: ClaimJudge<'a>,
    found: Found,
}

impl<'a> Bench<'a> {
    fn new(job: &Job<'a>, programs: &'a Programs) -> Self {
        let (setting, field) = (job.setting, job.field);
        Bench {
            setting,
            claim: job.claim,
            programs,
            field,
            gate: RefCell::new(Gate::new(setting, programs, &field.1.cell, MOVING)),
            judge: ClaimJudge::new(&setting.layout.claims[job.claim]),
            found: Found::default(),
        }
    }

    /// Judges a sample, moved onto the equalities among the hypotheses where that helps; the margin against its sides
    /// where it has one. An ascent `sought` this margin.
    fn look(&mut self, sample: &mut Sample, sought: f64) -> Option<f64> {
        let mut findings = Findings::new(self.setting.layout.claims.len());
        let sure = self.gate.borrow_mut().admit(sample, &mut findings);
        if let Some(residual) = findings.residual {
            self.found.residual = Some(self.found.residual.map_or(residual, |least| least.min(residual)));
        }
        let sure = sure?;
        // Inequalities that only rounding meets may not be met at all; an equality is never met but within rounding.
        let thin = self.setting.layout.hypotheses.iter().any(|hypothesis| hypothesis.equality);
        self.found.met += u64::from(sure || thin);
        if self.found.meeting.is_none() && (sure || thin) {
            self.found.meeting = Some((self.field.0, sample.clone()));
        }
        let slack = if sure { 0.0 } else { UNSURE_HYPOTHESIS };
        let leeway = OnceCell::new();
        let leeway = || *leeway.get_or_init(|| self.gate.borrow_mut().leeway());
        let size = self.field.1.cell.size;
        let (extreme, instance) = (sample.extreme, &self.field.1.cell.instance);
        let about = About { number: 0, size, slack, leeway: &leeway, extreme, sample, instance };
        let mut tally = Tally::default();
        self.judge.judge_alone(|| self.programs.single(self.setting.layout, self.claim), &about, &mut tally);
        let worst = tally.worst.take();
        let least = tally.least.take();
        // What fails only as far as a breach of the hypotheses within rounding may explain is left to the certificate:
        // an input of small integers may meet them exactly.
        let hit = match (worst, tally.doubtful.take()) {
            (Some(worst), _) => Some((worst.relative, (worst.margin, worst.bound))),
            (None, Some(margin)) if tally.unfounded > 0 => {
                Some((if sought < 0.0 { sought } else { margin }, (margin, 0.0)))
            }
            // Within its error bound, or where none is known, a margin says nothing, and only a certificate does.
            // Small integers meet equalities exactly if at all, and then what is small is no breach of these, and what
            // rounding hides is no rounding of theirs.
            (None, doubtful) if sought == 0.0 && tally.tight > 0 => {
                let margin = doubtful.or(least.map(|least| least.margin)).filter(|margin| *margin < 0.0);
                margin.map(|margin| (0.0, (margin, 0.0)))
            }
            (None, margin) if tally.unclear + tally.blind > 0 => Some((0.0, (margin.unwrap_or(sought), 0.0))),
            (None, _) => None,
        };
        if let Some((relative, margin)) = hit {
            let (field, sample, doubtful) = (self.field.0, sample.clone(), worst.is_none());
            let hit = Hit { field, sample, size, relative, margin, doubtful, exact: None };
            let key = |hit: &Hit| (hit.doubtful, hit.relative);
            match self.found.hits.first_mut() {
                Some(known) if key(known) <= key(&hit) => {}
                Some(known) => *known = hit,
                None => self.found.hits.push(hit),
            }
        }
        // Whether the sides are equal where the condition fails, only a certificate says.
        if tally.converse > 0 && self.found.doubts.is_empty() {
            let (field, sample) = (self.field.0, sample.clone());
            self.found.doubts.push(Hit {
                field,
                sample,
                size,
                relative: 0.0,
                margin: (0.0, 0.0),
                doubtful: true,
                exact: None,
            });
        }
        tally.waiting.clear();
        // A margin within its error bound of zero says that the claim is tight there, not by how much it fails.
        if let Some(least) = least
            && tally.tight + tally.touches == 0
            && self.found.least.as_ref().is_none_or(|(known, ..)| least.margin < *known)
        {
            self.found.least = Some((least.margin, self.field.0, sample.clone()));
        }
        self.found.tally.merge(tally);
        worst.map(|worst| worst.relative).or(least.map(|least| least.margin))
    }
}
