//! The attack: where samples contradict nothing, the margin of a claim is pressed below zero.
//!
//! Random inputs visit thin sets never and corners seldom, and there false inequalities fail. So each claim that samples
//! leave standing is attacked, from the smallest sizes up, by
//!
//! - descents of its margin through the charts, from structured and random starts (`objective`, `descend`, `start`), on
//!   which scalar parameters move with the matrices (`chart`), and hypotheses are penalised and then solved;
//! - basin hopping (Wales and Doye 1997) from the best ends of such descents;
//! - discrete inputs, all of them where they are few: partitions, signs, small integers (`lattice`).
//!
//! What is found is judged as a sample is, and is a refutation only once `refutation` has enclosed its margin. Where
//! descents bring a strict inequality close to equality, a point is solved for at which it holds with equality. Work is
//! measured by a model (`work`) rather than by a clock, so that one seed gives one report.

mod arena;
mod chart;
mod descend;
mod field;
mod job;
mod lattice;
mod objective;
mod polish;
mod start;
#[cfg(test)]
mod tests;
mod work;

use std::time::Instant;

use rand::RngExt;
use rayon::prelude::*;

use super::refutation::certificate::Certificate;
use super::refutation::{Desk, Point, beside, land};
use super::sample::Sample;
use super::seed::{Rng, Stream};
use super::supremum::Reached;
use super::trial::Setting;
use crate::check::Part;
use crate::ir::Instance;
pub use polish::polish;

use field::Field;
use job::{Elite, Found, Hit, Job, Task};
use lattice::Lattice;

/// The descents of a round.
const ROUND: u64 = 24;

/// The assignments of one discrete job.
const CHUNK: u64 = 512;

/// The most of the work that goes into discrete inputs.
const LISTED: f64 = 0.3;

/// The starts that are kept for hopping.
const ELITES: usize = 24;

/// The hits of one round that are enclosed.
const ENCLOSED: usize = 6;

/// The hits of one attack that are enclosed although rounding may explain them.
const DOUBTFUL: usize = 40;

/// The hits of one attack next to which a rational point is looked for that meets the hypotheses exactly.
const LANDED: usize = 16;

/// A strict inequality whose margin descents bring below this share of its sides may hold with equality nearby. So many
/// ends of descents are looked at in one round, and in one attack.
const TOUCHING: f64 = 1e-3;
const TOUCHED_AT_ONCE: usize = 2;
const TOUCHED: usize = 24;

/// The samples of an attack at which the sides agree off the case of equality that are enclosed.
const DOUBTS: usize = 48;

/// Those of them next to which a point of simple fractions is looked for at which the sides are equal.
const NEAR_DOUBTS: usize = 8;

/// How much an attack may do.
#[derive(Clone, Copy)]
pub struct Effort<'a> {
    /// Modelled nanoseconds on one core.
    pub work: f64,
    /// The time at which it ends whatever the work.
    pub deadline: Option<Instant>,
    /// Whether somebody wants it to end.
    pub stopped: &'a (dyn Fn() -> bool + Sync),
}

/// What an attack found.
#[derive(Clone, Debug, Default)]
pub struct Attack {
    /// What contradicts the claim.
    pub refuting: Option<Refuting>,
    /// The least margin that was seen, with its sample and sizes.
    pub least: Option<(f64, Sample, Instance)>,
    /// The largest value of an expression whose supremum is asked for.
    pub reached: Option<Box<Reached>>,
    /// All that was judged.
    pub found: Summary,
}

/// A sample that contradicts a claim.
#[derive(Clone, Debug)]
pub struct Refuting {
    /// The sample.
    pub sample: Sample,
    /// The sizes that it is for, and the scalars that are known exactly.
    pub instance: Instance,
    /// The exact point that contradicts the claim where the sample itself is only next to it.
    pub exact: Option<Point>,
    /// The margin and its error bound.
    pub margin: (f64, f64),
}

/// The sum of an attack.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// Descents.
    pub descents: u64,
    /// Discrete inputs.
    pub discrete: u64,
    /// Samples that met the hypotheses.
    pub met: u64,
    /// Points without a finite value that were dropped on the way.
    pub dropped: u64,
    /// Samples at which the two sides agree although the condition of an `iff` clearly fails, and no certificate tells
    /// whether they are equal.
    pub converse: u64,
    /// The least residual of the hypotheses.
    pub residual: Option<f64>,
    /// The worst margin against the sides of an input at which the claim fails as computed, and of which no enclosure
    /// tells whether it does, or whether the hypotheses hold; 0 if there is none.
    pub suspect: f64,
}

/// Attacks a claim at sizes with less than `below` raw numbers, or all.
pub fn attack(setting: &Setting<'_>, claim: usize, below: Option<i64>, reach: bool, effort: Effort<'_>) -> Attack {
    let targets = objective::targets(setting.layout, claim);
    let cells = arena::arenas(setting.theorem);
    let cells = cells.into_iter().filter(|cell| below.is_none_or(|below| cell.size < below));
    let fields: Vec<Field> = cells.map(|cell| Field::new(cell, targets.len())).collect();
    if targets.is_empty() || fields.is_empty() {
        return Attack::default();
    }
    let campaign = Campaign {
        setting,
        claim,
        reach,
        lattice: Lattice::new(setting.theorem),
        groups: groups(&fields),
        targets,
        fields,
    };
    campaign.run(effort)
}

/// The numbers of the fields of one combination of sizes and finite sets, the one in which all scalars move first.
fn groups(fields: &[Field]) -> Vec<std::ops::Range<usize>> {
    let mut groups: Vec<std::ops::Range<usize>> = Vec::new();
    for (number, field) in fields.iter().enumerate() {
        // Those at special values bake more constants than the first of their group.
        let instance = &field.cell.instance;
        let same = groups.last().is_some_and(|group| {
            let first = &fields[group.start].cell.instance;
            first.sizes == instance.sizes
                && instance.constants.len() > first.constants.len()
                && first.constants.iter().all(|(input, value)| instance.constants.get(input) == Some(value))
        });
        match groups.last_mut() {
            Some(group) if same => group.end = number + 1,
            Some(_) | None => groups.push(number..number + 1),
        }
    }
    groups
}

/// Keeps the best of each target: the objectives of different targets are not comparable.
fn keep_best(elites: &mut Vec<Elite>) {
    elites.sort_by(|a, b| a.place.1.cmp(&b.place.1).then(a.value.total_cmp(&b.value)));
    let (mut target, mut kept) = (usize::MAX, 0);
    elites.retain(|elite| {
        kept = if elite.place.1 == target { kept + 1 } else { 0 };
        target = elite.place.1;
        kept < ELITES
    });
}

/// How often an attack looked where work is bounded by a count.
#[derive(Default)]
struct Counts {
    doubted: usize,
    landed: usize,
    touched: usize,
}

struct Campaign<'a> {
    setting: &'a Setting<'a>,
    claim: usize,
    reach: bool,
    lattice: Lattice,
    groups: Vec<std::ops::Range<usize>>,
    targets: Vec<objective::Target>,
    fields: Vec<Field>,
}

impl Campaign<'_> {
    fn run(&self, effort: Effort<'_>) -> Attack {
        let mut sum = Found::default();
        let mut elites: Vec<Elite> = Vec::new();
        let mut open: Option<Hit> = None;
        let (mut number, mut doubted, mut converse) = (0, 0, 0);
        let (mut listed, mut counts) = (0.0, Counts::default());
        let mut discrete = self.discrete().into_iter();
        let mut rng = self.setting.key.generator(Stream::Attack, u64::MAX - self.claim as u64);
        let late = || (effort.stopped)() || effort.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        while sum.work < effort.work && !late() {
            let mut jobs: Vec<Job<'_>> = Vec::new();
            // Small sizes are few assignments; of large ones no more are tried than their share allows.
            let share = if listed <= LISTED * sum.work { 2 } else { 0 };
            for (field, tasks) in discrete.by_ref().take(share) {
                jobs.extend(tasks.into_iter().map(|task| self.job(field, task, &mut number)));
            }
            for _ in 0..ROUND {
                let (field, task) = self.ascent(&elites, sum.met == 0, &mut rng);
                jobs.push(self.job(field, task, &mut number));
            }
            let found: Vec<Found> =
                jobs.par_iter().map(|job| if late() { Found::default() } else { job.run() }).collect();
            let (mut hits, mut doubts, mut ends) = (Vec::new(), Vec::new(), Vec::new());
            for mut found in found {
                // Judging costs time that no objective accounts for; without it a round that evaluates nothing, as at
                // sizes that do not fit, would never end.
                found.work += 1e4;
                if found.descents == 0 {
                    listed += found.work;
                }
                hits.append(&mut found.hits);
                doubts.append(&mut found.doubts);
                ends.append(&mut found.elites);
                sum.merge(found);
            }
            let hit = self.enclose(hits, &mut open, &mut sum.suspect, &mut counts);
            if let Some(hit) = hit.or_else(|| self.touch(&ends, &mut counts)) {
                return self.conclude(sum, Some(hit), converse);
            }
            elites.append(&mut ends);
            doubts.truncate(DOUBTS.saturating_sub(doubted));
            let before = doubted;
            doubted += doubts.len();
            let looked = doubts.into_par_iter().enumerate();
            let equal = looked.map(|(i, doubt)| self.equal(doubt, before + i < NEAR_DOUBTS)).collect::<Vec<_>>();
            for (doubt, equal) in equal {
                match equal {
                    Certificate::Violated(_) => return self.conclude(sum, Some(doubt), converse),
                    Certificate::Open | Certificate::Outside { equality: true, .. } => converse += 1,
                    Certificate::Holds | Certificate::Undefined | Certificate::Outside { equality: false, .. } => {}
                }
            }
            keep_best(&mut elites);
        }
        self.conclude(sum, open, converse)
    }

    fn job(&self, field: usize, task: Task, number: &mut u64) -> Job<'_> {
        *number += 1;
        Job {
            setting: self.setting,
            claim: self.claim,
            targets: &self.targets,
            lattice: &self.lattice,
            field: (field, &self.fields[field]),
            task,
            number: *number,
        }
    }

    /// The discrete jobs, by combination of sizes.
    fn discrete(&self) -> Vec<(usize, Vec<Task>)> {
        let kinds = self.lattice.kinds(self.setting.theorem);
        let mut all = Vec::new();
        for group in &self.groups {
            let field = &self.fields[group.start];
            let Some(sample) = lattice::blank(self.setting, field) else { continue };
            let mut tasks = Vec::new();
            for kind in &kinds {
                let count = self.lattice.count(*kind, &sample, &field.columns(self.setting));
                let listed = count <= lattice::MOST;
                let count = count.min(lattice::MOST);
                for first in (0..count).step_by(CHUNK as usize) {
                    tasks.push(Task::Discrete { kind: *kind, range: (first, CHUNK.min(count - first)), listed });
                }
            }
            all.push((group.start, tasks));
        }
        all
    }

    /// The next ascent: small sizes more often than large ones, and good ends of earlier ones again.
    fn ascent(&self, elites: &[Elite], unmet: bool, rng: &mut Rng) -> (usize, Task) {
        let reach = self.reach && unmet;
        if !elites.is_empty() && rng.random_range(0..5) < 2 {
            // The best are taken most often.
            let worst = rng.random_range(0..elites.len());
            let elite = &elites[rng.random_range(0..=worst)];
            let (field, target) = elite.place;
            return (field, Task::Ascent { target, from: Some(elite.sample.clone()), reach: false });
        }
        let places = self.groups.len() as f64;
        let place = ((places + 3.0).ln() - 3f64.ln()) * rng.random::<f64>();
        let group = &self.groups[((3.0 * place.exp() - 3.0) as usize).min(self.groups.len() - 1)];
        let field = if group.len() == 1 || rng.random_range(0..5) < 3 {
            group.start
        } else {
            rng.random_range(group.start + 1..group.end)
        };
        (field, Task::Ascent { target: rng.random_range(0..self.targets.len()), from: None, reach })
    }

    /// The first hit whose violation is certain, smallest sizes first; one that stays open is kept.
    fn enclose(
        &self,
        mut hits: Vec<Hit>,
        open: &mut Option<Hit>,
        suspect: &mut f64,
        counts: &mut Counts,
    ) -> Option<Hit> {
        hits.sort_by(|a, b| {
            let order = a.doubtful.cmp(&b.doubtful).then(a.size.cmp(&b.size));
            order.then(a.relative.total_cmp(&b.relative)).then(a.margin.0.total_cmp(&b.margin.0))
        });
        let mut desk = Desk::new(self.setting.theorem, self.claim);
        for mut hit in hits.into_iter().take(ENCLOSED) {
            if hit.doubtful {
                counts.doubted += 1;
                if counts.doubted > DOUBTFUL {
                    continue;
                }
            }
            let instance = &self.fields[hit.field].cell.instance;
            let Some(point) = Point::of_sample(self.setting.theorem, &hit.sample, instance) else { continue };
            match desk.certificate(&point) {
                Certificate::Violated(_) => return Some(hit),
                // What meets an equality within rounding only may have a neighbour that meets it exactly.
                Certificate::Open | Certificate::Outside { equality: true, .. } => {
                    if counts.landed < LANDED {
                        counts.landed += 1;
                        hit.exact = beside(&mut desk, &point).map(|(point, _)| point);
                    }
                    if hit.exact.is_some() {
                        return Some(hit);
                    }
                    if hit.doubtful {
                        *suspect = suspect.min(hit.relative);
                    } else {
                        open.get_or_insert(hit);
                    }
                }
                Certificate::Holds | Certificate::Undefined | Certificate::Outside { equality: false, .. } => {}
            }
        }
        None
    }

    /// A point at which a strict inequality holds with equality, next to an end of a descent.
    fn touch(&self, ends: &[Elite], counts: &mut Counts) -> Option<Hit> {
        let strict = |elite: &Elite| self.targets[elite.place.1].strict;
        let mut near: Vec<&Elite> =
            ends.iter().filter(|elite| strict(elite).is_some() && elite.value < TOUCHING).collect();
        near.sort_by(|a, b| a.value.total_cmp(&b.value));
        near.truncate(TOUCHED_AT_ONCE.min(TOUCHED.saturating_sub(counts.touched)));
        counts.touched += near.len();
        let look = |elite: &&Elite| {
            let (field, sample) = (elite.place.0, elite.sample.clone());
            let cell = &self.fields[field].cell;
            let point = Point::of_sample(self.setting.theorem, &sample, &cell.instance)?;
            let mut desk = Desk::new(self.setting.theorem, self.claim);
            let (exact, violation) = land(&mut desk, &point, strict(elite))?;
            let (lo, hi) = violation.margin;
            let margin = (lo + (hi - lo) / 2.0, (hi - lo) / 2.0);
            Some(Hit { field, sample, size: cell.size, relative: 0.0, margin, doubtful: false, exact: Some(exact) })
        };
        near.par_iter().map(look).collect::<Vec<_>>().into_iter().flatten().next()
    }

    /// Whether the sides of an `equality iff` are equal without its condition where a doubt says so, or, if that is to be
    /// looked for, at a point of simple fractions near it: a double root, as of x²(x − 37/10)², is known to half of the
    /// digits only.
    fn equal(&self, mut doubt: Hit, near: bool) -> (Hit, Certificate) {
        let (theorem, instance) = (self.setting.theorem, &self.fields[doubt.field].cell.instance);
        let Some(point) = Point::of_sample(theorem, &doubt.sample, instance) else { return (doubt, Certificate::Open) };
        let mut desk = Desk::new(theorem, self.claim);
        let certificate = desk.certificate(&point);
        let beside = match certificate {
            Certificate::Open | Certificate::Holds | Certificate::Outside { equality: true, .. } => true,
            Certificate::Violated(_) | Certificate::Undefined | Certificate::Outside { equality: false, .. } => false,
        };
        if !near || !beside {
            return (doubt, certificate);
        }
        for (number, part) in theorem.claims[self.claim].parts.iter().enumerate() {
            if matches!(part, Part::Iff { .. })
                && let Some((exact, violation)) = land(&mut desk, &point, Some(number))
            {
                doubt.exact = Some(exact);
                return (doubt, Certificate::Violated(violation));
            }
        }
        (doubt, certificate)
    }

    /// How many samples met the hypotheses; none where samples never did and the first that an attack found does not by
    /// its certificate.
    fn met(&self, sum: &Found) -> u64 {
        let Some((field, sample)) = sum.meeting.as_ref().filter(|_| self.reach) else { return sum.met };
        let point = Point::of_sample(self.setting.theorem, sample, &self.fields[*field].cell.instance);
        let looked = point.map(|point| Desk::new(self.setting.theorem, self.claim).certificate(&point));
        if matches!(looked, Some(Certificate::Outside { equality: false, .. })) { 0 } else { sum.met }
    }

    fn conclude(&self, sum: Found, hit: Option<Hit>, converse: u64) -> Attack {
        let instance = |field: usize| self.fields[field].cell.instance.clone();
        let met = self.met(&sum);
        Attack {
            refuting: hit.map(|hit| Refuting {
                sample: hit.sample,
                instance: instance(hit.field),
                exact: hit.exact,
                margin: hit.margin,
            }),
            least: sum.least.map(|(margin, field, sample)| (margin, sample, instance(field))),
            reached: sum.tally.reached,
            found: Summary {
                descents: sum.descents,
                discrete: sum.discrete,
                met,
                dropped: sum.dropped,
                converse,
                residual: sum.residual,
                suspect: sum.suspect,
            },
        }
    }
}
