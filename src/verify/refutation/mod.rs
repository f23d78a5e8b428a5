//! Refutations: from a sample that contradicts a claim in floating point to a small exact input whose violation is
//! certified, kept in a file, and certified again from it.
//!
//! `point` is the exact input; `place` puts members in place of their charts, `member` checks that they are members;
//! `certificate` decides, `desk` bounds the work; `land` finds points that meet equalities exactly, `cross`
//! those of which one number is known to some digits only, `flat`
//! those that meet one by rounding however they are moved, `edge` those where a condition for equality ends; `shrink` (with `select`,
//! `round`, `rational` and `fraction`) looks for what is simpler; `file` writes and reads, `replay` certifies anew.

pub mod certificate;
mod cross;
mod desk;
mod edge;
pub mod file;
mod flat;
mod fraction;
mod land;
pub mod member;
mod place;
mod point;
mod rational;
mod read;
mod replay;
mod round;
mod select;
mod shrink;
#[cfg(test)]
mod tests;

use super::sample::Sample;
use super::trial::Setting;
use super::verdict::{Sides, Witness};
use super::witness;
use crate::certify::{Enclosure, enclose};
use crate::check::Part;
use crate::ir::{Comparison, Instance, Op};
use certificate::{Certificate, Direction, Violation};

pub use desk::Desk;
pub use edge::edge;
pub use land::land;
pub use point::{Given, Loose, Point, is_plain, nearest, size};
pub use read::{WitnessFile, read};
pub use replay::replay;
pub use shrink::Polish;
use shrink::Shrunk;

/// The precision in bits to which the sides of a claim are shown.
const SHOWN: usize = 128;

/// A candidate for a refutation.
pub struct Candidate<'a> {
    /// The raw numbers.
    pub sample: &'a Sample,
    /// Their sizes, and the scalars that are known exactly.
    pub instance: &'a Instance,
    /// An exact point near them that takes their place.
    pub exact: Option<&'a Point>,
    /// The margin as computed, with its error bound.
    pub margin: (f64, f64),
    /// What found it, in a few words.
    pub found: String,
}

/// A point that meets the equalities among the hypotheses, next to one that meets them within rounding only, and that is
/// certified to contradict the claim: a rational one, or one with a number that is not.
pub fn beside(desk: &mut Desk<'_>, point: &Point) -> Option<(Point, Violation)> {
    land(desk, point, None).or_else(|| cross::cross(desk, point))
}

/// The witness that a candidate leads to: certified and shrunk, or as computed where enclosures decide nothing.
///
/// # Errors
/// A sentence, where rigorous enclosures contradict what was computed.
pub fn refute(
    setting: &Setting<'_>,
    claim: usize,
    candidate: &Candidate<'_>,
    polish: Polish<'_>,
) -> Result<Witness, String> {
    let theorem = setting.theorem;
    let own = || Point::of_sample(theorem, candidate.sample, candidate.instance);
    let Some(point) = candidate.exact.cloned().or_else(own) else {
        return Err("an input contradicts the claim, but has entries that are not finite".to_string());
    };
    let mut desk = Desk::new(theorem, claim);
    let place = || witness::place(setting, candidate.sample, candidate.instance);
    let mut thin = false;
    let violation = match desk.certificate(&point) {
        Certificate::Violated(violation) => Some(violation),
        // What floating point found meets an equality only within rounding; a rational neighbour may meet it exactly.
        Certificate::Outside { equality: true, .. } => {
            thin = true;
            None
        }
        Certificate::Open => {
            let equality = theorem.assumptions.iter().any(|given| given.margin.equality);
            thin = equality && (desk.is_too_large(&point) || flat::is_flat(&mut desk, &point));
            None
        }
        Certificate::Holds => {
            let place = place();
            return Err(format!(
                "a sample ({place}) contradicts the claim as computed, but not by rigorous enclosures"
            ));
        }
        Certificate::Undefined => {
            return Err(format!(
                "a sample ({}) contradicts the claim as computed, but the claim has no value there: an operation is \
                 undefined, or what a definition requires is met within rounding only",
                place()
            ));
        }
        Certificate::Outside { equality: false, .. } => {
            return Err(format!(
                "a sample ({}) contradicts the claim, but does not meet the hypotheses by rigorous enclosures",
                place()
            ));
        }
    };
    let mut shrunk = match violation {
        // What solves an equality next to one point solves it next to no simpler one.
        Some(violation) if point.loose.is_some() => Shrunk { point, violation: Some(violation) },
        violation => shrink::shrink(&mut desk, point.clone(), violation, polish),
    };
    if shrunk.violation.is_none()
        && let Some((point, violation)) = cross::cross(&mut Desk::new(theorem, claim), &shrunk.point)
    {
        shrunk = Shrunk { point, violation: Some(violation) };
    }
    let mut witness = match &shrunk.violation {
        // Next to a thin set a claim may fail by anything, however near: flat or steep, nothing bounds by how much.
        None if thin => {
            let place = place();
            return Err(format!(
                "a sample ({place}) contradicts the claim, but meets an equality among the hypotheses within rounding \
                 only, and no input that meets it exactly was found to"
            ));
        }
        Some(violation) => certified(&mut desk, &shrunk.point, violation),
        None => witness::witness(&mut desk, &shrunk.point, &[], candidate.margin),
    };
    witness.ensemble = candidate.found.clone();
    Ok(witness)
}

/// The witness of a certified violation.
fn certified(desk: &mut Desk<'_>, point: &Point, violation: &Violation) -> Witness {
    let witness = witness::witness(desk, point, &violation.put, violation.margin);
    let sides = sides(desk, point, violation);
    let breaks = match (&desk.theorem.claims[desk.claim].parts[violation.part], violation.direction) {
        (Part::Margin { member, .. }, _) => member.clone(),
        (Part::Iff { .. }, Some(Direction::If)) => {
            Some("the condition for equality holds, and the sides differ".into())
        }
        (Part::Iff { .. }, Some(Direction::OnlyIf)) => {
            Some("the sides are equal, and the condition for equality does not hold".into())
        }
        (Part::Iff { .. } | Part::Asymptotic { .. }, _) => None,
    };
    Witness { certified: true, decimal: Some(violation.decimal.clone()), sides, breaks, ..witness }
}

/// The two sides of the comparison that fails, where it is one of real numbers.
fn sides(desk: &mut Desk<'_>, point: &Point, violation: &Violation) -> Option<Sides> {
    let placed = desk.place(point)?;
    let theorem = &placed.theorem;
    let Part::Margin { condition, .. } = &theorem.claims[desk.claim].parts[violation.part] else { return None };
    let Op::Compare(comparison) = theorem.graph.op(*condition) else { return None };
    let relation = match comparison {
        Comparison::Lt => "<",
        Comparison::Le => "<=",
        Comparison::Eq => "==",
        Comparison::Ne => "!=",
    };
    let (graph, roots) = theorem.graph.instantiate(theorem.graph.args(*condition), &placed.instance(point)).ok()?;
    if !roots.iter().all(|root| graph.ty(*root).is_real_scalar()) {
        return None;
    }
    let found = enclose(&graph, &roots, &placed.inputs(point), SHOWN).ok()?;
    let ends = |enclosure: &Enclosure| enclosure.bounds().filter(|(lo, hi)| lo.is_finite() && hi.is_finite());
    Some(Sides { left: ends(&found[0])?, relation, right: ends(&found[1])? })
}
