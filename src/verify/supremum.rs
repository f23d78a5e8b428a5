//! The largest value of an expression: `sup(EXPR) <= C` asks for it, and reports it with the input that reached it.

use super::refutation::{Desk, Point};
use super::sample::Sample;
use super::trial::Setting;
use super::verdict::Supremum;
use super::witness;
use crate::certify::enclose;
use crate::ir::Instance;

/// An expression that takes a value above this seems to have no bound.
const UNBOUNDED: f64 = 1e12;

/// What is larger by no more than this share is not larger.
const ROUNDING: f64 = 1e-13;

/// The precisions in bits at which a value is enclosed, until its enclosure is as narrow as doubles go.
const PRECISIONS: [usize; 3] = [128, 512, 2048];

/// The largest value so far, with the input that reached it.
#[derive(Clone, PartialEq, Debug)]
pub struct Reached {
    /// The value as computed.
    pub value: f64,
    /// The value less its error bound: what is certainly reached.
    pub least: f64,
    /// The raw numbers.
    pub sample: Sample,
    /// Their sizes, and the scalars that are known exactly.
    pub instance: Instance,
    /// Whether the hypotheses hold there beyond rounding.
    pub sure: bool,
}

impl Reached {
    /// Whether this is a larger value than one that was found before. What rounding adds makes no larger value: an exact
    /// input would give way to its neighbours.
    pub fn beats(&self, before: &Reached) -> bool {
        let rounding = if before.least.is_finite() { ROUNDING * before.least.abs() } else { 0.0 };
        self.least > before.least + rounding || self.least == before.least && self.value > before.value
    }

    /// Whether the expression seems to have no bound.
    pub fn seems_unbounded(&self) -> bool {
        self.least > UNBOUNDED
    }

    /// What is reported of it.
    pub fn report(&self, setting: &Setting<'_>, claim: usize) -> Supremum {
        let mut supremum = Supremum {
            value: self.value,
            enclosure: None,
            sizes: Vec::new(),
            values: Vec::new(),
            exact: Vec::new(),
            place: witness::place(setting, &self.sample, &self.instance),
            sure: self.sure,
            unbounded: self.seems_unbounded(),
        };
        let Some(point) = Point::of_sample(setting.theorem, &self.sample, &self.instance) else { return supremum };
        let mut desk = Desk::new(setting.theorem, claim);
        supremum.enclosure = enclosure(&mut desk, &point);
        if let Some((lo, hi)) = supremum.enclosure {
            supremum.value = supremum.value.clamp(lo, hi);
        }
        let shown = witness::witness(&mut desk, &point, &[], (f64::NEG_INFINITY, f64::INFINITY));
        Supremum { sizes: shown.sizes, values: shown.values, exact: shown.exact, ..supremum }
    }
}

/// A rigorous enclosure of the expression of a claim `sup(EXPR) <= C` at an exact input; `None` where it has no finite
/// value for certain, or the input is too large.
pub fn enclosure(desk: &mut Desk<'_>, point: &Point) -> Option<(f64, f64)> {
    if desk.is_too_large(point) {
        return None;
    }
    let placed = desk.place(point)?;
    let node = placed.theorem.claims[desk.claim].supremum?.value;
    let (graph, roots) = placed.theorem.graph.instantiate(&[node], &placed.instance(point)).ok()?;
    let inputs = placed.inputs(point);
    let mut found = None;
    for precision in PRECISIONS {
        let (lo, hi) = enclose(&graph, &roots, &inputs, precision).ok()?.first()?.bounds()?;
        if lo.is_finite() && hi.is_finite() {
            found = Some((lo, hi));
            if hi <= lo.next_up() {
                break;
            }
        }
    }
    found
}
