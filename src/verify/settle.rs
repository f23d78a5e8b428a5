//! Samples that floating point leaves undecided, decided by certificates.
//!
//! A margin within a large error bound of zero, a violation where rounding may hide that the hypotheses fail, a strict
//! inequality met within rounding of equality: each such sample is drawn again and its margins are enclosed from the
//! exact raw numbers. One that is certain to violate the claim refutes it. One that is certain to agree, or whose sides
//! agree to twenty digits, agrees; one that is certain to break a hypothesis is no sample of the claim. The rest stays
//! undecided, and a claim with such a sample is not said to hold: what no arithmetic tells from a violation may be one.
//! So is a claim with more undecided samples than are looked at.

use rayon::prelude::*;

use super::judge::{Doubt, Tally, Waiting, Worst};
use super::refutation::certificate::{Certificate, Violation};
use super::refutation::{Desk, Point, beside};
use super::trial::{Programs, Setting};

/// Samples that are looked at between two looks at what was found.
const AT_ONCE: usize = 16;

/// After so many samples that stay open no more are looked at: they take the longest, and one is enough for the verdict.
const ENOUGH_OPEN: usize = 4;

/// Decides what can be decided of a claim's undecided samples. `programs` gives the plans of a cell.
pub fn settle<'p>(
    setting: &Setting<'_>,
    claim: usize,
    tally: &mut Tally,
    programs: impl Fn(usize) -> &'p Result<Programs, String> + Sync,
) {
    // A claim that samples contradict needs no more of them.
    if tally.violations > 0 {
        return;
    }
    let look = |waiting: &Waiting| {
        let cell = setting.cell_number(waiting.sample);
        let sample = programs(cell).as_ref().ok().and_then(|programs| setting.redraw(waiting.sample, programs));
        let instance = &setting.design.cells[cell].instance;
        let point = sample.and_then(|sample| Point::of_sample(setting.theorem, &sample, instance));
        let Some(point) = point else { return Certificate::Open };
        let mut desk = Desk::new(setting.theorem, claim);
        match desk.certificate(&point) {
            // Next to a thin set a sample shows nothing, but a point on it may be near.
            open @ (Certificate::Open | Certificate::Outside { equality: true, .. }) => {
                beside(&mut desk, &point).map_or(open, |(_, violation)| Certificate::Violated(violation))
            }
            decided @ (Certificate::Holds | Certificate::Violated(_)) => decided,
            outside @ (Certificate::Undefined | Certificate::Outside { .. }) => outside,
        }
    };
    let mut waiting = std::mem::take(&mut tally.waiting);
    let mut open = Vec::new();
    while !waiting.is_empty() && tally.violations == 0 && open.len() < ENOUGH_OPEN {
        let next: Vec<Waiting> = waiting.drain(..waiting.len().min(AT_ONCE)).collect();
        let found: Vec<Certificate> = next.par_iter().map(look).collect();
        for (sample, found) in next.into_iter().zip(found) {
            if !note(sample, &found, tally) {
                open.push(sample);
            }
        }
    }
    open.extend(waiting);
    tally.waiting = open;
}

/// Counts what a certificate says of a sample; returns whether it decides anything.
fn note(sample: Waiting, found: &Certificate, tally: &mut Tally) -> bool {
    match found {
        // Next to a thin set every sample is outside: it may yet tell of those on it.
        Certificate::Open | Certificate::Outside { equality: true, .. } => return false,
        Certificate::Undefined | Certificate::Outside { equality: false, .. } => {
            tally.judged -= u64::from(sample.doubt != Doubt::Blind);
            tally.outside += 1;
        }
        Certificate::Holds | Certificate::Violated(_) => tally.judged += u64::from(sample.doubt == Doubt::Blind),
    }
    *tally.doubted(sample.doubt) -= 1;
    tally.certified += 1;
    if let Certificate::Violated(Violation { margin: (lo, hi), .. }) = found {
        tally.violations += 1;
        let (margin, bound) = (lo + (hi - lo) / 2.0, (hi - lo) / 2.0);
        tally.violate(Worst { size: sample.size, relative: margin, sample: sample.sample, margin, bound });
    }
    true
}
