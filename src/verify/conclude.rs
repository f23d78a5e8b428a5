//! From counts to a verdict with its evidence.

use super::attack::Summary;
use super::confidence::clopper_pearson;
use super::judge::Tally;
use super::limit::Limit;
use super::trial::{self, Findings};
use super::verdict::{Verdict, ViolationBound, Witness};

/// A computed violation of more than this share of the sides that no enclosure decides is not explained by rounding,
/// even where equalities among the hypotheses are flat.
const SUSPECT: f64 = -1e-3;

/// Followed inputs that show an asymptotic claim.
const ENOUGH_LIMITS: u64 = 3;

/// The evidence on one claim.
pub struct Evidence<'a> {
    /// What the theorem's samples found.
    pub findings: &'a Findings,
    /// What they found of this claim.
    pub tally: &'a Tally,
    /// What an attack found of it.
    pub attack: &'a Summary,
    /// Whether the attack contradicts it.
    pub broken: bool,
    /// The asymptotic parts, with whether the variable goes to infinity.
    pub limits: &'a [(bool, Limit)],
    /// Whether some part is decided by samples.
    pub sampled: bool,
    /// Whether the samples are all the cases that there are.
    pub exhaustive: bool,
    /// Whether there are hypotheses.
    pub conditional: bool,
    /// Whether samples have to meet a condition for equality, which is not put into effect in them.
    pub iff: bool,
    /// Whether a supremum is claimed to be finite.
    pub finite: bool,
    /// Whether it seems not to be.
    pub unbounded: bool,
}

/// What is concluded.
pub struct Conclusion {
    /// The verdict.
    pub verdict: Verdict,
    /// The bound on the violation probability.
    pub bound: Option<ViolationBound>,
    /// Remarks.
    pub notes: Vec<String>,
    /// Samples that count.
    pub samples: u64,
    /// Samples that could not be evaluated.
    pub dropped: u64,
}

impl Evidence<'_> {
    /// Draws the conclusion; `witness` makes the witness of a refutation, by samples (`None`) or by the asymptotic part
    /// with this place, or says why there is none.
    pub fn conclude(&self, witness: impl FnOnce(Option<usize>) -> Result<Witness, String>) -> Conclusion {
        let (findings, tally) = (self.findings, self.tally);
        let followed: u64 = self.limits.iter().map(|(_, limit)| limit.followed).sum();
        let samples = if self.sampled { tally.judged } else { followed };
        let dropped = findings.dropped.dropped() + tally.dropped();
        let mut notes = self.notes();
        let verdict = match self.verdict() {
            Ok(()) => Verdict::Holds,
            Err(Failure::Vacuous) => {
                let reached = [findings.residual, self.attack.residual].into_iter().flatten();
                Verdict::Vacuous { best_residual: reached.reduce(f64::min) }
            }
            Err(Failure::Inconclusive(reason)) => Verdict::Inconclusive { reason },
            Err(Failure::Refuted(place)) => match witness(place) {
                Ok(witness) => Verdict::Refuted(Box::new(witness)),
                Err(reason) => Verdict::Inconclusive { reason },
            },
        };
        let counts = self.sampled && samples > 0 && !self.exhaustive;
        let bound = match &verdict {
            // What is undecided could be a violation, so that the bound on these counts it as one.
            Verdict::Holds | Verdict::Refuted(_) if counts => {
                clopper_pearson(tally.violations + tally.undecided(), samples)
            }
            Verdict::Holds
            | Verdict::Refuted(_)
            | Verdict::Proved { .. }
            | Verdict::Vacuous { .. }
            | Verdict::Inconclusive { .. } => None,
        };
        if matches!(verdict, Verdict::Refuted(_)) && self.sampled && tally.violations > 0 {
            notes.insert(0, format!("{} of {} contradict it", tally.violations, self::samples(samples)));
        }
        Conclusion { verdict, bound, notes, samples, dropped }
    }

    fn verdict(&self) -> Result<(), Failure> {
        let (findings, tally) = (self.findings, self.tally);
        let inconclusive = |reason: String| Err(Failure::Inconclusive(reason));
        let unevaluated = |dropped: &Tally, of: u64| {
            let why = dropped.commonest_reason().unwrap_or("no value").to_string();
            format!("{} of {} could not be evaluated, most for {why}", dropped.dropped(), samples(of))
        };
        if self.sampled && (tally.violations > 0 || self.broken) {
            return Err(Failure::Refuted(None));
        }
        if let Some(place) = self.limits.iter().position(|(_, limit)| limit.growing.is_some()) {
            return Err(Failure::Refuted(Some(place)));
        }
        if self.sampled {
            // A claim about every number of an empty range is about nothing.
            let empty = |(reason, count): &(_, u64)| reason == trial::EMPTY_RANGE && *count == findings.drawn;
            if self.attack.met == 0 && findings.dropped.dropped.iter().any(empty) {
                return Err(Failure::Vacuous);
            }
            if 2 * findings.dropped.dropped() > findings.drawn {
                return inconclusive(unevaluated(&findings.dropped, findings.drawn));
            }
            if findings.drawn == 0 {
                return inconclusive("the time was up before an input was drawn".to_string());
            }
            let met = findings.met - tally.outside;
            if met + self.attack.met == 0 {
                return Err(Failure::Vacuous);
            }
            if 2 * tally.dropped() > met {
                return inconclusive(unevaluated(tally, met));
            }
            if self.finite && self.unbounded {
                return inconclusive("the expression seems to have no bound".to_string());
            }
            let verb = |count: u64| if count == 1 { "is" } else { "are" };
            if tally.unclear > 0 {
                return inconclusive(format!(
                    "{} {} on the wrong side as computed, within an error bound of up to {:.1e}, and no certificate \
                     decides",
                    samples(tally.unclear),
                    verb(tally.unclear),
                    tally.loosest
                ));
            }
            if tally.unfounded > 0 {
                let at = samples(tally.unfounded);
                return inconclusive(format!("it fails at {at} where rounding may hide that the hypotheses fail, too"));
            }
            if self.attack.suspect < SUSPECT {
                return inconclusive(format!(
                    "an attack found inputs at which it fails by {:.1e} of its sides as computed, and no enclosure tells \
                     whether it does there and whether the hypotheses hold",
                    -self.attack.suspect
                ));
            }
            if tally.touches > 0 {
                return inconclusive(format!(
                    "the inequality is strict, and {} {} within rounding of equality",
                    samples(tally.touches),
                    verb(tally.touches)
                ));
            }
            let converse = tally.converse + self.attack.converse;
            if converse > 0 {
                return inconclusive(format!(
                    "at {} the two sides agree within rounding although the condition for equality fails",
                    samples(converse)
                ));
            }
        }
        for (_, limit) in self.limits {
            if limit.followed == 0 && self.conditional {
                return Err(Failure::Vacuous);
            }
            if limit.unclear > 0 {
                return inconclusive(format!(
                    "for {} of {} inputs the ratio to the order claimed neither clearly stays bounded nor grows",
                    limit.unclear, limit.followed
                ));
            }
            if limit.bounded < ENOUGH_LIMITS {
                return inconclusive(format!(
                    "for only {} of {} inputs the difference stands out of rounding over a decade",
                    limit.bounded, limit.followed
                ));
            }
        }
        Ok(())
    }

    fn notes(&self) -> Vec<String> {
        let (findings, tally) = (self.findings, self.tally);
        let mut notes = Vec::new();
        if self.sampled {
            if findings.cut {
                notes.push(format!("the time was up after {}: not all were drawn", samples(findings.drawn)));
            }
            if self.exhaustive && !findings.cut && findings.drawn > 1 {
                // A case in which the claim has no value, such as a matrix of 0 rows, was not checked.
                notes.push(match findings.dropped.dropped() + tally.dropped() {
                    0 => format!("all {} cases were checked", findings.drawn),
                    open => format!("{} of {} cases were checked", findings.drawn.saturating_sub(open), findings.drawn),
                });
            }
            if self.conditional && findings.met > 0 && 10 * findings.met < findings.drawn {
                notes.push(format!("{} of {} samples met the hypotheses", findings.met, findings.drawn));
            }
            if findings.arrived > 0 {
                notes.push(format!("{} moved onto the hypotheses", samples(findings.arrived)));
            }
            if tally.tight > 0 {
                notes.push(format!("tight: {} within rounding of equality", samples(tally.tight)));
            }
            if tally.unclear > 0 {
                notes.push(format!(
                    "{} undecided: on the wrong side as computed, within error bounds of up to {:.1e}",
                    samples(tally.unclear),
                    tally.loosest
                ));
            }
            if tally.unfounded > 0 {
                let at = samples(tally.unfounded);
                notes.push(format!("{at} undecided: it fails, but within rounding the hypotheses may fail, too"));
            }
            if tally.certified > 0 {
                notes.push(format!("{} decided by certificates", samples(tally.certified)));
            }
            if tally.met > 0 {
                notes.push(format!("the condition for equality was met at {}", samples(tally.met)));
            } else if self.iff && tally.judged > 0 {
                notes.push("the condition for equality was met at no sample".to_owned());
            }
            if tally.dropped() > 0 {
                let why = tally.commonest_reason().unwrap_or("no value");
                notes.push(format!("{} could not be evaluated, most for {why}", samples(tally.dropped())));
            }
            let (descents, discrete) = (self.attack.descents, self.attack.discrete);
            if descents + discrete > 0 {
                let dropped = match self.attack.dropped {
                    0 => String::new(),
                    dropped => format!(", {} without a finite value dropped", plural(dropped, "point")),
                };
                let (descents, discrete) = (plural(descents, "descent"), plural(discrete, "discrete input"));
                notes.push(format!("attacked by {descents} and {discrete}{dropped}"));
            }
            if findings.dropped.dropped() > 0 {
                let why = findings.dropped.commonest_reason().unwrap_or("no value");
                notes.push(format!("{} could not be drawn, most for {why}", samples(findings.dropped.dropped())));
            }
        }
        for (to_infinity, limit) in self.limits {
            notes.extend(limit.describe(*to_infinity));
            if limit.short > 0 {
                let inputs = plural(limit.short, "input");
                notes.push(format!("for {inputs} the difference is lost in rounding too soon"));
            }
        }
        notes
    }
}

/// `1 sample`, `2 samples`.
fn samples(n: u64) -> String {
    plural(n, "sample")
}

fn plural(n: u64, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

/// Why a claim does not just hold.
enum Failure {
    Vacuous,
    Inconclusive(String),
    Refuted(Option<usize>),
}
