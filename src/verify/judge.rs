//! What one sample says of one part of a claim, and how that adds up.
//!
//! A computed violation counts only beyond the error bound of the evaluation at that sample: below it, rounding may have
//! made it. A margin within its bound of zero is a tight spot, not a violation, and says nothing against a claim that is
//! not strict.

use super::evaluate::{CONDITION, REQUIREMENT};
use super::supremum::Reached;

/// How large an error bound may be, against the sides of a claim, for a margin within it to count as a tight spot.
const TIGHT: f64 = 1e-6;

/// Margins of this size, against the sides of a claim or 1, are what rounding makes of equality where no bound is known.
const ROUNDING: f64 = 1e-12;

/// By how much, against the sides of a claim or 1, a violation must exceed its error bound where the hypotheses
/// themselves hold only within rounding: a claim may amplify a small breach of a hypothesis by its square root.
pub const UNSURE_HYPOTHESIS: f64 = 1e-5;

/// A number with the size of what it is a difference of.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Measured {
    /// The number.
    pub value: f64,
    /// The largest modulus among the sides.
    pub scale: f64,
}

impl Measured {
    /// Whether a margin of this size on the wrong side is what rounding makes of equality.
    pub fn is_rounding(&self) -> bool {
        self.value >= -ROUNDING * self.scale.max(1.0)
    }
}

/// What a sample says.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Outcome {
    /// It agrees with the claim.
    Agrees,
    /// It agrees within rounding: the margin is on the wrong side, or an equality is not met exactly, by less than the
    /// error bound.
    Tight,
    /// A strict inequality is met within rounding of equality.
    Touches,
    /// The margin is on the wrong side, and the error bound too large to say more: the bound.
    Unclear(f64),
    /// The margin is on the wrong side or near zero, and nothing bounds its error.
    Blind,
    /// It contradicts the claim: the error bound.
    Violates(f64),
}

/// Judges the margin of a condition. `slack` is an amount against the sides or 1 by which a violation must exceed the
/// error bound, which `bound` gives when it is needed.
pub fn margin(margin: Measured, strict: bool, equality: bool, slack: f64, mut bound: impl FnMut() -> f64) -> Outcome {
    let Measured { value, scale } = margin;
    if value.is_nan() {
        return Outcome::Blind;
    }
    let rounding = f64::EPSILON * scale;
    let suspicious = if equality {
        // Sides that agree to a few units in the last place agree within any error bound of an evaluation.
        value < -8.0 * rounding
    } else if strict {
        value <= 64.0 * rounding
    } else {
        value < 0.0
    };
    if !suspicious {
        return Outcome::Agrees;
    }
    let error = bound();
    if !value.is_finite() {
        return Outcome::Blind;
    }
    if !error.is_finite() {
        // Nothing is known of the error, but a margin of the size of rounding is no evidence against the claim.
        return match value.abs() <= ROUNDING * scale.max(1.0) {
            true => {
                if strict {
                    Outcome::Touches
                } else {
                    Outcome::Tight
                }
            }
            false => Outcome::Blind,
        };
    }
    let needed = error + slack * scale.max(1.0);
    if value < -needed || strict && slack == 0.0 && value <= 0.0 && error == 0.0 {
        return Outcome::Violates(error);
    }
    if strict && value <= error {
        return if value.abs() <= TIGHT * scale.max(1.0) { Outcome::Touches } else { Outcome::Unclear(error) };
    }
    if value >= 0.0 {
        Outcome::Agrees
    } else if error <= TIGHT * scale || -value <= (TIGHT * TIGHT).max(slack) * scale.max(1.0) {
        Outcome::Tight
    } else {
        Outcome::Unclear(error)
    }
}

/// The least margin seen.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Least {
    /// The margin.
    pub margin: f64,
    /// The number of the sample.
    pub sample: u64,
}

/// The violating sample to show: the smallest, and among those the most violating.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Worst {
    /// The number of raw numbers of the sample.
    pub size: i64,
    /// The margin against the sides.
    pub relative: f64,
    /// The number of the sample.
    pub sample: u64,
    /// The margin.
    pub margin: f64,
    /// Its error bound.
    pub bound: f64,
}

impl Worst {
    fn beats(&self, other: &Worst) -> bool {
        let key = |worst: &Worst| (worst.size, worst.sample);
        match self.size.cmp(&other.size) {
            std::cmp::Ordering::Less => true,
            std::cmp::Ordering::Greater => false,
            // Finite by construction, so that they compare.
            std::cmp::Ordering::Equal => {
                self.relative < other.relative || self.relative == other.relative && key(self) < key(other)
            }
        }
    }
}

/// The most samples of a claim that wait for a certificate: the smallest are kept. Each takes some milliseconds, as much as
/// hundreds of samples in floating point.
pub const MOST_WAITING: usize = 512;

/// Why floating point leaves a sample undecided.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Doubt {
    /// The margin is on the wrong side, within a large error bound.
    Unclear,
    /// It fails, but the hypotheses may fail as well within rounding.
    Unfounded,
    /// A strict inequality is met within rounding of equality.
    Touches,
    /// The condition for equality clearly fails, and the two sides agree within rounding all the same.
    Converse,
    /// The margin is on the wrong side or near zero and nothing bounds its error, or only a large bound does where the
    /// hypotheses themselves hold within rounding.
    Blind,
}

/// A sample that waits for a certificate. The order is that in which they are looked at: those that nothing bounds come
/// last, then the smallest come first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Waiting {
    /// Whether nothing bounds its error.
    pub blind: bool,
    /// The number of its raw numbers.
    pub size: i64,
    /// Its number.
    pub sample: u64,
    /// Why it waits.
    pub doubt: Doubt,
}

/// The sum of what samples say of a claim.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Tally {
    /// Samples that were judged in every part.
    pub judged: u64,
    /// Samples that met the hypotheses but could not be judged, by reason.
    pub dropped: Vec<(std::borrow::Cow<'static, str>, u64)>,
    /// Samples that contradict the claim.
    pub violations: u64,
    /// Samples at which it is met within rounding.
    pub tight: u64,
    /// Samples at which a strict inequality is met within rounding of equality.
    pub touches: u64,
    /// Samples on the wrong side within a large error bound.
    pub unclear: u64,
    /// Samples at which it fails, but the hypotheses may fail as well within rounding.
    pub unfounded: u64,
    /// The least margin of a sample that is unclear or unfounded, or tight by more than rounding next to the hypotheses,
    /// which is nothing to show.
    pub doubtful: Option<f64>,
    /// The largest bound of an unclear sample.
    pub loosest: f64,
    /// Samples at which the condition of an `iff` was met.
    pub met: u64,
    /// Samples at which the condition of an `iff` clearly fails and the two sides agree all the same.
    pub converse: u64,
    /// Samples that certificates decided.
    pub certified: u64,
    /// Of these, samples that break a hypothesis.
    pub outside: u64,
    /// Samples at which nothing bounds the error of a margin on the wrong side or near zero.
    pub blind: u64,
    /// The first of the samples that are undecided, in the order of [`Waiting`], up to [`MOST_WAITING`].
    pub waiting: Vec<Waiting>,
    /// The least margin.
    pub least: Option<Least>,
    /// The violation to show.
    pub worst: Option<Worst>,
    /// The largest value of an expression whose supremum is asked for.
    pub reached: Option<Box<Reached>>,
}

impl Tally {
    /// Notes a margin that was seen.
    pub fn see(&mut self, margin: f64, sample: u64) {
        let seen = Least { margin, sample };
        // Samples come in order within a unit of work, and units are merged in order: the earlier one stays on ties.
        if self.least.is_none_or(|least| margin < least.margin) {
            self.least = Some(seen);
        }
    }

    /// Notes a value of the expression whose supremum is asked for: the earlier one stays on ties.
    pub fn reach(&mut self, reached: Box<Reached>) {
        if self.reached.as_ref().is_none_or(|known| reached.beats(known)) {
            self.reached = Some(reached);
        }
    }

    /// Notes a violation.
    pub fn violate(&mut self, worst: Worst) {
        if self.worst.is_none_or(|known| worst.beats(&known)) {
            self.worst = Some(worst);
        }
    }

    /// Counts a sample that floating point leaves undecided.
    pub fn doubt(&mut self, doubt: Doubt, size: i64, sample: u64) {
        *self.doubted(doubt) += 1;
        let waiting = Waiting { blind: doubt == Doubt::Blind, size, sample, doubt };
        let place = self.waiting.partition_point(|before| *before < waiting);
        if place < MOST_WAITING {
            self.waiting.insert(place, waiting);
            self.waiting.truncate(MOST_WAITING);
        }
    }

    /// The number of samples that are undecided for this reason.
    pub fn doubted(&mut self, doubt: Doubt) -> &mut u64 {
        match doubt {
            Doubt::Unclear => &mut self.unclear,
            Doubt::Unfounded => &mut self.unfounded,
            Doubt::Touches => &mut self.touches,
            Doubt::Converse => &mut self.converse,
            Doubt::Blind => &mut self.blind,
        }
    }

    /// Notes a sample that could not be judged.
    pub fn drop_for(&mut self, reason: std::borrow::Cow<'static, str>, count: u64) {
        match self.dropped.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, known)) => *known += count,
            None => self.dropped.push((reason, count)),
        }
    }

    /// How many judged samples may contradict the claim or not.
    pub fn undecided(&self) -> u64 {
        self.unclear + self.unfounded + self.touches + self.converse
    }

    /// How many samples could not be judged.
    pub fn dropped(&self) -> u64 {
        self.dropped.iter().map(|(_, count)| count).sum::<u64>() + self.blind
    }

    /// The commonest reason for which samples could not be judged.
    pub fn commonest_reason(&self) -> Option<&str> {
        let most = self.dropped.iter().map(|(_, count)| *count).max().unwrap_or(0);
        if self.blind > most {
            return Some("an error bound that says nothing of a margin near or below zero");
        }
        self.dropped.iter().find(|(_, count)| *count == most).map(|(reason, _)| reason.as_ref())
    }

    /// How many samples lie outside what a definition requires of its arguments.
    pub fn unmet(&self) -> u64 {
        let asked = |reason: &str| reason == REQUIREMENT || reason == CONDITION;
        self.dropped.iter().filter(|(reason, _)| asked(reason)).map(|(_, count)| count).sum()
    }

    /// Adds the tally of later samples.
    pub fn merge(&mut self, later: Tally) {
        self.judged += later.judged;
        for (reason, count) in later.dropped {
            self.drop_for(reason, count);
        }
        self.violations += later.violations;
        self.tight += later.tight;
        self.touches += later.touches;
        self.unclear += later.unclear;
        self.unfounded += later.unfounded;
        self.loosest = self.loosest.max(later.loosest);
        self.doubtful = self.doubtful.into_iter().chain(later.doubtful).reduce(f64::min);
        self.met += later.met;
        self.converse += later.converse;
        self.blind += later.blind;
        self.certified += later.certified;
        self.outside += later.outside;
        if !later.waiting.is_empty() {
            self.waiting.extend(later.waiting);
            self.waiting.sort_unstable();
            self.waiting.truncate(MOST_WAITING);
        }
        if let Some(least) = later.least {
            self.see(least.margin, least.sample);
        }
        if let Some(worst) = later.worst {
            self.violate(worst);
        }
        if let Some(reached) = later.reached {
            self.reach(reached);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(value: f64, strict: bool, equality: bool, error: f64) -> Outcome {
        margin(Measured { value, scale: 1.0 }, strict, equality, 0.0, || error)
    }

    #[test]
    fn a_violation_must_exceed_its_error_bound() {
        assert_eq!(judge(1.0, false, false, 1e-14), Outcome::Agrees);
        assert_eq!(judge(-1e-15, false, false, 1e-14), Outcome::Tight);
        assert_eq!(judge(-1e-13, false, false, 1e-14), Outcome::Violates(1e-14));
        assert_eq!(judge(-0.1, false, false, 0.5), Outcome::Unclear(0.5));
        assert_eq!(judge(-0.1, false, false, f64::INFINITY), Outcome::Blind);
        assert_eq!(judge(f64::NAN, false, false, 0.0), Outcome::Blind);
        assert_eq!(judge(-1e-16, false, true, 0.0), Outcome::Agrees);
        assert_eq!(judge(-1e-12, false, true, 1e-13), Outcome::Violates(1e-13));
    }

    #[test]
    fn a_strict_inequality_is_touched_within_the_bound_and_broken_at_exact_equality() {
        assert_eq!(judge(1e-15, true, false, 1e-14), Outcome::Touches);
        assert_eq!(judge(0.0, true, false, 1e-14), Outcome::Touches);
        assert_eq!(judge(0.0, true, false, 0.0), Outcome::Violates(0.0));
        assert_eq!(judge(1e-13, true, false, 1e-14), Outcome::Agrees);
    }

    #[test]
    fn unsure_hypotheses_need_a_larger_violation() {
        let unsure = |value| margin(Measured { value, scale: 1.0 }, false, true, UNSURE_HYPOTHESIS, || 1e-15);
        assert_eq!(unsure(-1e-8), Outcome::Tight);
        assert_eq!(unsure(-1e-3), Outcome::Violates(1e-15));
    }

    #[test]
    fn the_smallest_violation_is_shown_then_the_worst() {
        let mut tally = Tally::default();
        let worst = |size, relative, sample| Worst { size, relative, sample, margin: relative, bound: 0.0 };
        tally.violate(worst(8, -3.0, 0));
        tally.violate(worst(2, -0.1, 5));
        tally.violate(worst(2, -0.2, 7));
        tally.violate(worst(2, -0.2, 9));
        assert_eq!(tally.worst.unwrap().sample, 7);
    }
}
