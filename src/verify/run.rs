//! The verifier: every claim of every theorem, checked on seeded samples in parallel.
//!
//! A sample is a function of the seed, the theorem's name and its own number, and what samples find is added up in the
//! order of their numbers. So the same seed gives the same report for any number of threads. Only a budget of time makes
//! the number of samples, and with it the report, depend on the machine; there is none unless one is asked for.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::attack::{Attack, Effort, Refuting, attack, polish};
use super::conclude::Evidence;
use super::design::{Design, NoDesign};
use super::layout::{Layout, PartSlots};
use super::limit::{self, Claimed, Limit};
use super::proof::{self, Outcome};
use super::refutation::file::Folder;
use super::refutation::{self, Candidate, Desk, Point};
use super::sample::{Groups, Numbers, Sample};
use super::seed::Key;
use super::settle::settle;
use super::trial::{Findings, Programs, Setting, Unit};
use super::verdict::{ClaimReport, Report, Verdict, Witness};
use super::witness;
use crate::base::{Code, Diagnostic};
use crate::check::{Claim, Part, Theorem};
use crate::ir::{Instance, Op};

/// The stack of a thread: expressions are gone into as deeply as they are nested.
const STACK: usize = 64 << 20;

/// The samples of a unit of work: enough to make the memory for it cheap, few enough to share the work evenly.
const UNIT: u64 = 256;

/// The most rounds of samples when few of them meet the hypotheses.
const MAX_ROUNDS: u64 = 8;

/// Cells of which one sample is moved onto the equalities among the hypotheses at first, to see whether that works.
const TRIED_CELLS: usize = 16;

/// The evaluations that moving samples may take in a later round.
const MOVING: u64 = 200_000;

/// The modelled nanoseconds of all attacks of a run, and the most of one: a file of one theorem gets a thorough attack, a
/// folder of two hundred claims ends in about a minute.
const WORK: f64 = 80e9;
const MOST_WORK: f64 = 10e9;

/// The most work that goes into a smaller counterexample than the one that samples found.
const SMALLER: f64 = 0.3e9;

/// From so many samples the edges of a condition for equality are looked for, and so many are drawn again in a cell to find
/// one that meets the hypotheses.
const STARTS: usize = 4;
const DRAWN_AGAIN: u64 = 8;

/// How to verify.
#[derive(Clone, Debug)]
pub struct Options {
    /// How many samples that meet the hypotheses each claim is checked on.
    pub samples: u64,
    /// The seed.
    pub seed: u64,
    /// The time for the samples of one claim: none are started after it. The report then depends on the machine.
    pub budget: Option<Duration>,
    /// Only theorems whose name, or claims whose label, contains this text.
    pub only: Option<String>,
    /// The number of threads; 0 for one per processor.
    pub threads: usize,
    /// A folder to which witnesses are written.
    pub out: Option<PathBuf>,
    /// How much work goes into attacks on claims that samples leave standing, against the default; 0 for none. With a
    /// budget of time that alone bounds them.
    pub attack: f64,
    /// What a loop over Gaussian samples would find, to compare with: raw numbers are independent Gaussians, sizes and
    /// scalars are uniform in their ranges, `samples` inputs are drawn whether or not they meet the hypotheses, and none
    /// is moved or attacked.
    pub plain: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { samples: 20_000, seed: 0, budget: None, only: None, threads: 0, out: None, attack: 1.0, plain: false }
    }
}

/// What is told while the verifier runs.
pub trait Progress: Sync {
    /// So many theorems will be verified.
    fn start(&self, _theorems: usize) {}
    /// A theorem is next.
    fn theorem(&self, _theorem: &Theorem) {}
    /// So many samples were drawn.
    fn samples(&self, _count: u64) {}
    /// A theorem is done.
    fn done(&self, _claims: &[ClaimReport]) {}
    /// Whether to stop: asked between units of work, which end first. The report then tells what is known so far.
    fn stopped(&self) -> bool {
        false
    }
}

/// Tells nothing.
pub struct Silent;

impl Progress for Silent {}

/// Verifies theorems.
///
/// # Errors
/// [`Code::E0805`] when the folder for witnesses cannot be written; this is found before anything is sampled.
/// [`Code::E0807`] when the threads cannot be started.
pub fn verify(theorems: &[Theorem], options: &Options, progress: &dyn Progress) -> Result<Report, Diagnostic> {
    let mut folder = options.out.as_deref().map(Folder::open).transpose()?;
    let pool =
        rayon::ThreadPoolBuilder::new().num_threads(options.threads).stack_size(STACK).build().map_err(|error| {
            Diagnostic::new(Code::E0807, format!("{} threads could not be started", options.threads))
                .note(error.to_string())
        })?;
    let chosen: Vec<Theorem> = theorems.iter().filter_map(|theorem| choose(theorem, options.only.as_deref())).collect();
    progress.start(chosen.len());
    let work = options.attack
        * (WORK / chosen.iter().map(|theorem| theorem.claims.len()).sum::<usize>().max(1) as f64).min(MOST_WORK);
    let mut claims = Vec::new();
    for theorem in &chosen {
        if progress.stopped() {
            break;
        }
        progress.theorem(theorem);
        let mut reports = pool.install(|| verify_theorem(theorem, options, work, progress));
        if progress.stopped() {
            reports.iter_mut().for_each(cut_short);
        }
        for report in &mut reports {
            save(report, folder.as_mut());
        }
        progress.done(&reports);
        claims.extend(reports);
    }
    proof::withdraw(&mut claims);
    Ok(Report { seed: options.seed, claims, interrupted: progress.stopped() })
}

/// A counterexample is one however little was looked at; nothing else can be concluded from a part of the work.
fn cut_short(report: &mut ClaimReport) {
    if report.witness().is_none() {
        let reason = format!("interrupted after {} of its samples", report.samples);
        report.verdict = Verdict::Inconclusive { reason };
        report.violation_bound = None;
    }
}

/// The theorem, or those of its claims, that the text names.
fn choose(theorem: &Theorem, only: Option<&str>) -> Option<Theorem> {
    let Some(text) = only else { return Some(theorem.clone()) };
    if theorem.name.contains(text) {
        return Some(theorem.clone());
    }
    let claims: Vec<Claim> = theorem.claims.iter().filter(|claim| claim.label.contains(text)).cloned().collect();
    (!claims.is_empty()).then(|| Theorem { claims, ..theorem.clone() })
}

fn save(report: &mut ClaimReport, folder: Option<&mut Folder>) {
    let (Verdict::Refuted(witness), Some(folder)) = (&mut report.verdict, folder) else { return };
    match folder.write((&report.file, &report.theorem, &report.claim), witness) {
        Ok(file) => witness.file = Some(file),
        Err(error) => report.notes.push(format!("the witness could not be written: {error}")),
    }
}

/// The plans of a theorem's instances, each compiled by the first thread that needs it.
struct Library<'a> {
    layout: &'a Layout,
    instances: Vec<&'a Instance>,
    of_cell: Vec<usize>,
    plans: Vec<OnceLock<Result<Programs, String>>>,
}

impl<'a> Library<'a> {
    fn new(layout: &'a Layout, design: &'a Design) -> Self {
        let mut numbers: BTreeMap<&Instance, usize> = BTreeMap::new();
        let mut instances = Vec::new();
        let of_cell = design
            .cells
            .iter()
            .map(|cell| {
                *numbers.entry(&cell.instance).or_insert_with(|| {
                    instances.push(&cell.instance);
                    instances.len() - 1
                })
            })
            .collect();
        let plans = instances.iter().map(|_| OnceLock::new()).collect();
        Library { layout, instances, of_cell, plans }
    }

    fn plans(&self, cell: usize) -> &Result<Programs, String> {
        let number = self.of_cell[cell];
        self.plans[number].get_or_init(|| Programs::compile(self.layout, self.instances[number]))
    }
}

fn verify_theorem(theorem: &Theorem, options: &Options, work: f64, progress: &dyn Progress) -> Vec<ClaimReport> {
    let key = Key::new(options.seed, &theorem.name);
    let design = match Design::draw(theorem, key, options.samples, options.plain) {
        Ok(design) => design,
        Err(why) => return theorem.claims.iter().map(|claim| undrawn(theorem, claim, &why)).collect(),
    };
    let layout = Layout::new(theorem);
    let groups = Groups::new(theorem, options.plain);
    let (_, offsets) = layout.claim_roots();
    let setting = Setting { theorem, layout: &layout, offsets, groups: &groups, design: &design, key };
    let library = Library::new(&layout, &design);
    let mut findings = sample(&setting, &library, options, progress);
    for (number, tally) in findings.claims.iter_mut().enumerate() {
        if !progress.stopped() {
            settle(&setting, number, tally, |cell| library.plans(cell));
        }
    }
    let mut reports = Vec::with_capacity(theorem.claims.len());
    for (number, claim) in theorem.claims.iter().enumerate() {
        let limits = if progress.stopped() { Vec::new() } else { follow(&setting, &library, number) };
        // A claim that folds to a truth by the facts has no sides left to measure.
        let decided = !claim.parts.is_empty()
            && claim.parts.iter().all(|part| match part {
                Part::Margin { condition, .. } => *theorem.graph.op(*condition) == Op::Truth(true),
                Part::Iff { .. } | Part::Asymptotic { .. } => false,
            });
        // A proof does not spare the samples: they tell whether anything meets the hypotheses, and they would show a fault.
        let alone = |step: &Theorem| {
            let reports = verify_theorem(step, &proof::of_a_step(options), work / 4.0, &Silent);
            reports.into_iter().next().map(|report| report.verdict)
        };
        let proof = if options.plain { Outcome::None } else { proof::outcome(theorem, claim, alone) };
        let proved = matches!(proof, Outcome::Proved(_));
        let tally = &findings.claims[number];
        let edge = (tally.violations == 0 && !options.plain && !progress.stopped())
            .then(|| on_an_edge(&setting, &library, number))
            .flatten();
        let attacked = (edge.is_none()
            && options.attack > 0.0
            && !proved
            && !options.plain
            && layout.claims[number].is_sampled()
            && !design.exhaustive
            && !decided)
            .then(|| {
                let below = tally.worst.map(|worst| worst.size);
                let deadline = options.budget.map(|budget| Instant::now() + budget);
                let work = if options.budget.is_some() { f64::INFINITY } else { work };
                let work = if below.is_some() { work.min(SMALLER * options.attack) } else { work };
                let stopped = &|| progress.stopped();
                attack(&setting, number, below, findings.met == tally.outside, Effort { work, deadline, stopped })
            });
        let attacked = attacked.unwrap_or_else(|| Attack { refuting: edge, ..Attack::default() });
        let evidence = Evidence {
            findings: &findings,
            tally,
            attack: &attacked.found,
            broken: attacked.refuting.is_some(),
            limits: &limits,
            sampled: layout.claims[number].is_sampled(),
            exhaustive: design.exhaustive,
            conditional: !layout.hypotheses.is_empty(),
            iff: claim.parts.iter().any(|part| matches!(part, Part::Iff { substituted: None, .. })),
            finite: claim.supremum.is_some_and(|supremum| supremum.finite),
            unbounded: tally.reached.iter().chain(&attacked.reached).any(|reached| reached.seems_unbounded()),
        };
        let conclusion = evidence.conclude(|limit| match limit {
            None => refuting_witness(&setting, &library, number, &findings, &attacked),
            Some(place) => limit_witness(&setting, number, place, &limits[place].1)
                .ok_or_else(|| "an input contradicts the claim, but could not be drawn again".to_string()),
        });
        let (min_margin, min_margin_at) = match (tally.least.filter(|_| !decided), &attacked.least) {
            (least, Some((margin, sample, instance))) if least.is_none_or(|least| *margin < least.margin) => {
                (Some(*margin), Some(witness::place(&setting, sample, instance)))
            }
            (Some(least), _) => (Some(least.margin), drawn_place(&setting, &library, least.sample)),
            (None, _) => (None, None),
        };
        let mut verdict = conclusion.verdict;
        let sample = |steps: &Theorem| verify_theorem(steps, &proof::of_a_guard(options), 0.0, &Silent);
        let (proof, contradicted) = proof.guarded(theorem, claim, &verdict, sample, alone);
        let (mut refused, mut comparison) = (None, None);
        match (proof, &verdict) {
            (Outcome::Proved(lemmas), Verdict::Holds) => verdict = Verdict::Proved { lemmas },
            // What most inputs are not in the domain of is shown of few of them.
            (Outcome::Proved(lemmas), Verdict::Inconclusive { .. })
                if conclusion.samples > 0 && 2 * (findings.dropped.unmet() + tally.unmet()) <= findings.drawn =>
            {
                verdict = Verdict::Proved { lemmas };
            }
            (Outcome::Comparison(proof), _) => comparison = Some(proof),
            (Outcome::Refused(why), _) => refused = Some(why),
            (Outcome::Proved(_) | Outcome::None, _) => {}
        }
        let reached = tally.reached.iter().chain(&attacked.reached).reduce(|a, b| if b.beats(a) { b } else { a });
        let mut notes = conclusion.notes;
        notes.extend(design.notes.iter().cloned());
        if let Some(lemmas) = contradicted {
            let lemmas = if lemmas.is_empty() { "arithmetic alone".to_string() } else { lemmas.join(", ") };
            notes.push(format!(
                "a proof of it was accepted: what it rests on is false, or the prover is wrong ({lemmas})"
            ));
        }
        if decided {
            notes.push("decided by what is known of the quantified names: there is no margin to measure".to_string());
        }
        reports.push(ClaimReport {
            file: theorem.file.clone(),
            theorem: theorem.name.clone(),
            claim: claim.label.clone(),
            verdict,
            expected: claim.expected,
            samples: conclusion.samples,
            drawn: findings.drawn + limits.iter().map(|(_, limit)| limit.followed + limit.missed).sum::<u64>(),
            dropped: conclusion.dropped,
            min_margin,
            min_margin_at,
            supremum: reached.map(|reached| reached.report(&setting, number)),
            // Where nothing is claimed, nothing is violated.
            violation_bound: conclusion.bound.filter(|_| !claim.parts.is_empty()),
            comparison,
            refused,
            notes,
        });
    }
    reports
}

/// The report on a claim no input of which could be drawn.
fn undrawn(theorem: &Theorem, claim: &Claim, why: &NoDesign) -> ClaimReport {
    let (verdict, notes) = match why {
        // A claim about every number of an empty range is about nothing.
        NoDesign::EmptyRange(_) => (Verdict::Vacuous { best_residual: None }, vec![why.to_string()]),
        NoDesign::TooLarge | NoDesign::Ends(_) => {
            (Verdict::Inconclusive { reason: format!("no input could be drawn: {why}") }, Vec::new())
        }
    };
    ClaimReport {
        file: theorem.file.clone(),
        theorem: theorem.name.clone(),
        claim: claim.label.clone(),
        verdict,
        expected: claim.expected,
        samples: 0,
        drawn: 0,
        dropped: 0,
        min_margin: None,
        min_margin_at: None,
        supremum: None,
        violation_bound: None,
        notes,
        comparison: None,
        refused: None,
    }
}

/// Samples in rounds, until as many as wanted met the hypotheses.
fn sample(setting: &Setting<'_>, library: &Library<'_>, options: &Options, progress: &dyn Progress) -> Findings {
    let claims = setting.layout.claims.len();
    let mut findings = Findings::new(claims);
    if !setting.layout.claims.iter().any(|claim| claim.is_sampled()) {
        return findings;
    }
    let deadline = options.budget.map(|budget| Instant::now() + budget * claims as u32);
    let thin = setting.layout.hypotheses.iter().any(|hypothesis| hypothesis.equality);
    for round in 0..MAX_ROUNDS {
        // Moving a sample costs hundreds of evaluations: it is tried only where structured draws fall short, with one
        // sample in some cells, and kept up only where it led somewhere.
        let units = units(setting.design, round, |cell, units| match (thin && round > 0, findings.moved) {
            (true, 0) => u64::from(cell < TRIED_CELLS),
            (true, _) if findings.arrived > 0 => MOVING.div_ceil(units as u64),
            (true, _) | (false, _) => 0,
        });
        let late = |now: Instant| progress.stopped() || deadline.is_some_and(|deadline| now >= deadline);
        let found: Vec<Option<Findings>> = units
            .par_iter()
            .map(|unit| {
                if late(Instant::now()) {
                    return None;
                }
                let found = setting.run(*unit, library.plans(unit.cell));
                progress.samples(unit.count);
                Some(found)
            })
            .collect();
        findings.cut |= found.iter().any(Option::is_none);
        for found in found.into_iter().flatten() {
            findings.merge(found);
        }
        let enough = options.plain || findings.met >= options.samples || setting.layout.hypotheses.is_empty();
        let hopeless = round > 0 && findings.met == 0;
        if enough || hopeless || setting.design.exhaustive || late(Instant::now()) {
            break;
        }
    }
    findings
}

/// The units of a round; `moving` gives the evaluations for moving samples of a cell's first unit, given the number of
/// units.
fn units(design: &Design, round: u64, moving: impl Fn(usize, usize) -> u64) -> Vec<Unit> {
    let mut units = Vec::new();
    for (cell, drawn) in design.cells.iter().enumerate() {
        let mut start = 0;
        while start < drawn.count {
            let count = UNIT.min(drawn.count - start);
            let first = round * design.round + drawn.first + start;
            units.push(Unit { cell, first, count, moving: 0 });
            start += count;
        }
    }
    let total = units.len();
    let mut before = None;
    for unit in &mut units {
        if before != Some(unit.cell) {
            unit.moving = moving(unit.cell, total);
        }
        before = Some(unit.cell);
    }
    units
}

fn follow(setting: &Setting<'_>, library: &Library<'_>, claim: usize) -> Vec<(bool, Limit)> {
    let parts = setting.layout.claims[claim].parts.iter();
    parts
        .filter_map(|part| match part {
            PartSlots::Asymptotic { difference, order, variable, to_infinity } => {
                let (difference, order, variable, to_infinity) = (*difference, *order, *variable, *to_infinity);
                let claimed = Claimed::new(&setting.theorem.variables, difference, order, variable, to_infinity);
                Some((to_infinity, limit::follow(setting, claimed, |cell| library.plans(cell))))
            }
            PartSlots::Margin { .. } | PartSlots::Iff { .. } => None,
        })
        .collect()
}

/// Where a sample stands that is drawn again.
fn drawn_place(setting: &Setting<'_>, library: &Library<'_>, sample: u64) -> Option<String> {
    let cell = setting.cell_number(sample);
    let programs = library.plans(cell).as_ref().ok()?;
    let sample = setting.redraw(sample, programs)?;
    Some(witness::place(setting, &sample, &setting.design.cells[cell].instance))
}

/// What contradicts a claim at an edge of its condition for equality, reached from samples of the smallest sizes.
fn on_an_edge(setting: &Setting<'_>, library: &Library<'_>, claim: usize) -> Option<Refuting> {
    let conditional = |part: &Part| matches!(part, Part::Iff { edges, .. } if !edges.is_empty());
    if !setting.theorem.claims[claim].parts.iter().any(conditional) {
        return None;
    }
    let mut cells: Vec<usize> = (0..setting.design.cells.len()).collect();
    cells.sort_by_key(|cell| setting.design.cells[*cell].size);
    let samples = cells.into_iter().filter_map(|cell| {
        let programs = library.plans(cell).as_ref().ok()?;
        let drawn = &setting.design.cells[cell];
        let sample = (0..drawn.count.min(DRAWN_AGAIN)).find_map(|n| setting.redraw(drawn.first + n, programs))?;
        Some((sample, &drawn.instance))
    });
    samples.take(STARTS).find_map(|(sample, instance)| {
        let point = Point::of_sample(setting.theorem, &sample, instance)?;
        let (point, violation) = refutation::edge(setting.theorem, claim, &point)?;
        let (lo, hi) = violation.margin;
        let margin = (lo + (hi - lo) / 2.0, (hi - lo) / 2.0);
        Some(Refuting { sample, instance: instance.clone(), exact: Some(point), margin })
    })
}

/// What contradicts the claim as a witness, or why it is none: what an attack found before what was drawn, since an attack
/// looks for less than what was drawn only.
fn refuting_witness(
    setting: &Setting<'_>,
    library: &Library<'_>,
    claim: usize,
    findings: &Findings,
    attacked: &Attack,
) -> Result<Witness, String> {
    let polish = |sample: &Sample, instance: &Instance| polish(setting, claim, sample, instance);
    if let Some(Refuting { sample, instance, exact, margin: (margin, bound) }) = &attacked.refuting {
        let (margin, found) = (enclosure(*margin, *bound), witness::ensemble(sample));
        let candidate = Candidate { sample, instance, exact: exact.as_ref(), margin, found };
        let witness = refutation::refute(setting, claim, &candidate, &polish);
        // A smaller input that nothing certifies is worth less than the one that was drawn, if there is one.
        if findings.claims[claim].worst.is_none() || witness.as_ref().is_ok_and(|witness| witness.certified) {
            return witness;
        }
    }
    let drawn = findings.claims[claim].worst.and_then(|worst| {
        let cell = setting.cell_number(worst.sample);
        let programs = library.plans(cell).as_ref().ok()?;
        Some((worst, setting.redraw(worst.sample, programs)?, &setting.design.cells[cell].instance))
    });
    let Some((worst, sample, instance)) = drawn else {
        return Err("a sample contradicts the claim, but could not be drawn again".to_string());
    };
    let (margin, found) = (enclosure(worst.margin, worst.bound), witness::ensemble(&sample));
    refutation::refute(setting, claim, &Candidate { sample: &sample, instance, exact: None, margin, found }, &polish)
}

/// The margin with its error bound. The sum and difference are rounded, so outwards by one more step each; without an
/// error there is nothing to round, and a strict inequality that fails by 0 shows no margin on its right side.
fn enclosure(margin: f64, bound: f64) -> (f64, f64) {
    if bound == 0.0 { (margin, margin) } else { ((margin - bound).next_down(), (margin + bound).next_up()) }
}

/// The witness of a growing ratio: the input, with the variable where it was last followed. The margin is the negative
/// of the slope by which the ratio grows.
fn limit_witness(setting: &Setting<'_>, claim: usize, place: usize, limit: &Limit) -> Option<Witness> {
    let (sample, cell, at, slope, error) = limit.growing.as_ref()?;
    let mut sample: Sample = sample.clone();
    let variables = setting.layout.claims[claim].parts.iter().filter_map(|part| match part {
        PartSlots::Asymptotic { variable, .. } => Some(*variable),
        PartSlots::Margin { .. } | PartSlots::Iff { .. } => None,
    });
    let variable = variables.into_iter().nth(place)?;
    sample.inputs[variable.0 as usize] = Numbers::Real(vec![*at]);
    let instance = &setting.design.cells[*cell as usize].instance;
    let point = Point::of_sample(setting.theorem, &sample, instance)?;
    let mut desk = Desk::new(setting.theorem, claim);
    let witness = witness::witness(&mut desk, &point, &[], (-(slope + error), -(slope - error)));
    let mut quantified = setting.theorem.variables.iter();
    let followed = quantified.find(|name| name.real_input() == Some(variable)).map(|name| name.name.clone());
    Some(Witness { followed, ensemble: witness::ensemble(&sample), ..witness })
}
