//! Certificates: an exact point that contradicts a claim is looked at by rigorous enclosures, and where the path from its
//! numbers is rational or ends in sums of logarithms, exactly.

use std::time::Duration;

use crate::certify::{Cap, Decision, Enclosure, Inputs, crosses, decide, enclose};
use crate::check::{Part, Theorem};
use crate::ir::{Graph, Instance, Margin, NodeId};
use crate::verify::evaluate::{residuals, scale_nodes};

/// How far one margin is followed. Only the precision bounds the work, never the clock: a report must not depend on how
/// busy the machine is.
pub const CAP: Cap = Cap { precision: 1024, time: Duration::MAX };

/// Sides that agree to this, against their size or 1, and that no precision tells apart are called equal: a violation as
/// small is nothing that a point shows.
const EVEN: f64 = 1e-20;

/// The precision in bits to which the size of the sides is known.
const ROUGH: usize = 128;

/// What the enclosures say of a point.
#[derive(Clone, PartialEq, Debug)]
pub enum Certificate {
    /// The claim fails there.
    Violated(Violation),
    /// The claim holds there, or is not strict and its sides agree to [`EVEN`], which no precision tells apart.
    Holds,
    /// A hypothesis fails there, or a scalar is outside its range.
    Outside {
        /// The number of the hypothesis, from 0; `None` for the range of a scalar.
        hypothesis: Option<usize>,
        /// Whether it is an equality, which points found by floating point meet only within rounding.
        equality: bool,
    },
    /// The claim has no value there: an operation is undefined, or a definition requires what is not so. Floating point meets
    /// such a requirement within rounding.
    Undefined,
    /// The enclosures decide nothing: a rank would have to be bounded from above, two numbers without a
    /// closed form would have to be told equal, or the claim is about a limit.
    Open,
}

/// Which direction of an equivalence fails: that two sides are equal exactly where a condition holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// The condition holds, and the sides differ.
    If,
    /// The sides are equal, and the condition does not hold.
    OnlyIf,
}

/// What is put for quantified names, in place of what the point gives them.
pub type Put = Vec<(String, NodeId)>;

/// A part of a claim that fails.
#[derive(Clone, PartialEq, Debug)]
pub struct Violation {
    /// The enclosure of the margin: the whole of it is on the wrong side.
    pub margin: (f64, f64),
    /// Its ends with more digits than a double has, rounded outwards.
    pub decimal: (String, String),
    /// The number of the part.
    pub part: usize,
    /// What a case of equality puts for quantified names.
    pub put: Put,
    /// The direction of an equivalence that fails; `None` for a margin.
    pub direction: Option<Direction>,
}

/// Encloses the margins of the hypotheses, and of a claim's parts, at an instance with inputs that are exact, but for one
/// number at most.
///
/// An equality is met only where its two sides are equal as numbers in closed form, rational or sums of logarithms or of
/// exponentials: enclosures that shrink never show that two numbers are the same. Where one number of the inputs lies
/// between two, one equality is met by a number there, if its sides change places between the ends; everything else is
/// then decided for all that lies between.
pub fn certificate(theorem: &Theorem, claim: usize, inputs: &Inputs, instance: &Instance, cap: Cap) -> Certificate {
    let mut graph = theorem.graph.clone();
    let at = At { inputs, instance, cap };
    if let Some(unmet) = unmet(theorem, &at) {
        return unmet;
    }
    let (mut open, mut undefined) = (false, false);
    for (number, part) in theorem.claims[claim].parts.iter().enumerate() {
        // What is looked at in turn, each with what it puts for quantified names.
        let looks: Vec<(Option<Decision>, Put, Option<Direction>)> = match part {
            Part::Margin { margin, put, .. } => vec![(at.margin(&mut graph, *margin), put.clone(), None)],
            Part::Iff { gap, condition, substituted, .. } => {
                let mut zero = |gap: NodeId| {
                    let node = graph.residual_margin(gap).ok()?;
                    at.sign(&graph, node, false)
                };
                let substituted = substituted.as_ref();
                let put = substituted.map(|put| (zero(put.gap), put.values.clone(), Some(Direction::If)));
                let condition = at.sign(&theorem.graph, condition.node, condition.strict);
                let direction = match condition {
                    Some(Decision::Violated(_)) => Direction::OnlyIf,
                    Some(Decision::Holds(_) | Decision::Undecided(_)) | None => Direction::If,
                };
                let own = both_ways(zero(*gap), condition);
                put.into_iter().chain([(own, Vec::new(), Some(direction))]).collect()
            }
            Part::Asymptotic { .. } => vec![(None, Vec::new(), None)],
        };
        for (decision, put, direction) in looks {
            match decision {
                // Where a value is infinite at one number, what is known of all between two is that it may be anything.
                Some(Decision::Violated(enclosure)) if at.is_loose() && !is_finite(&enclosure) => open = true,
                Some(Decision::Violated(Enclosure::Real { lo, hi, lo_decimal, hi_decimal })) => {
                    let (margin, decimal) = ((lo, hi), (lo_decimal, hi_decimal));
                    return Certificate::Violated(Violation { margin, decimal, part: number, put, direction });
                }
                Some(Decision::Holds(_)) => {}
                None if matches!(part, Part::Margin { .. }) => undefined = true,
                Some(Decision::Violated(_) | Decision::Undecided(_)) | None => open = true,
            }
        }
    }
    match (open, undefined) {
        (true, _) => Certificate::Open,
        (false, true) => Certificate::Undefined,
        (false, false) => Certificate::Holds,
    }
}

/// What the enclosures say of the hypotheses, where they do not say that all are met.
pub fn unmet(theorem: &Theorem, at: &At<'_>) -> Option<Certificate> {
    // One number solves one equality.
    let mut solved = false;
    for (number, hypothesis) in theorem.assumptions.iter().enumerate() {
        let equality = hypothesis.margin.equality;
        if equality && !solved && at.solves(&theorem.graph, hypothesis.margin.node) {
            solved = true;
            continue;
        }
        match at.sign(&theorem.graph, hypothesis.margin.node, hypothesis.margin.strict) {
            Some(Decision::Holds(_)) => {}
            Some(Decision::Violated(_)) => return Some(Certificate::Outside { hypothesis: Some(number), equality }),
            Some(Decision::Undecided(_)) | None => return Some(Certificate::Open),
        }
    }
    None
}

/// `gap == 0` exactly where a condition holds: violated where one is shown and the other refuted. The margin is that of
/// the one that fails.
fn both_ways(gap: Option<Decision>, condition: Option<Decision>) -> Option<Decision> {
    match (gap?, condition?) {
        (Decision::Holds(_), Decision::Violated(margin)) | (Decision::Violated(margin), Decision::Holds(_)) => {
            Some(Decision::Violated(margin))
        }
        (Decision::Holds(margin), Decision::Holds(_)) | (Decision::Violated(margin), Decision::Violated(_)) => {
            Some(Decision::Holds(margin))
        }
        (Decision::Undecided(_), _) | (_, Decision::Undecided(_)) => None,
    }
}

fn is_finite(enclosure: &Enclosure) -> bool {
    enclosure.bounds().is_some_and(|(lo, hi)| lo.is_finite() && hi.is_finite())
}

/// Where margins are enclosed.
pub struct At<'a> {
    /// The inputs, exact but for one number at most.
    pub inputs: &'a Inputs,
    /// The sizes and scalars.
    pub instance: &'a Instance,
    /// How far.
    pub cap: Cap,
}

impl At<'_> {
    /// Whether a claim's margin is on the right side, or equal to 0 as far as anything tells.
    fn margin(&self, graph: &mut Graph, margin: Margin) -> Option<Decision> {
        let decision = self.sign(graph, margin.node, margin.strict)?;
        match decision {
            Decision::Undecided(enclosure) if !margin.strict && self.is_even(graph, margin.node, &enclosure) => {
                Some(Decision::Holds(enclosure))
            }
            decision => Some(decision),
        }
    }

    /// Whether an enclosure of a margin with zero inside is negligible against the sides.
    fn is_even(&self, graph: &mut Graph, margin: NodeId, enclosure: &Enclosure) -> bool {
        let Some((lo, hi)) = enclosure.bounds() else { return false };
        let scales = scale_nodes(graph, margin);
        let Ok((graph, roots)) = graph.instantiate(&scales, self.instance) else { return false };
        let Ok(scales) = enclose(&graph, &roots, self.inputs, ROUGH) else { return false };
        let scale = scales.iter().filter_map(|scale| Some(scale.bounds()?.0)).fold(1.0, f64::max);
        lo.abs().max(hi.abs()) <= EVEN * scale
    }

    /// Whether one number lies between two.
    fn is_loose(&self) -> bool {
        self.inputs.loose().is_some()
    }

    /// Whether the two sides of an equality of real numbers, given by its margin, are equal somewhere between the ends of
    /// the one number that lies between two.
    fn solves(&self, graph: &Graph, margin: NodeId) -> bool {
        let [residual] = residuals(graph, margin)[..] else { return false };
        if !self.is_loose() || !graph.ty(residual).is_real_scalar() || residual == margin {
            return false;
        }
        let Ok((graph, roots)) = graph.instantiate(&[residual], self.instance) else { return false };
        crosses(&graph, roots[0], self.inputs, self.cap).unwrap_or(false)
    }

    /// The sign of a margin; `None` where it certainly has no value.
    pub fn sign(&self, graph: &Graph, node: NodeId, strict: bool) -> Option<Decision> {
        let (graph, roots) = graph.instantiate(&[node], self.instance).ok()?;
        decide(&graph, roots[0], strict, self.inputs, self.cap).ok()
    }
}
