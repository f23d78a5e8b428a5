//! Checking theorems on random and adversarial inputs.
//!
//! [`verify`] draws the raw inputs of each theorem through the ensembles, evaluates the margins of its claims, and says
//! what they show. `run` leads: the design splits samples into cells, a unit of a cell is drawn and judged on one thread,
//! and what units find is added up in order and concluded from.

mod attack;
mod conclude;
mod confidence;
mod design;
pub mod ensembles;
mod evaluate;
mod hypotheses;
mod judge;
mod judgement;
mod layout;
mod limit;
mod proof;
mod refutation;
mod run;
mod sample;
mod seed;
mod settle;
mod supremum;
#[cfg(test)]
mod tests;
mod trial;
mod verdict;
mod witness;

pub use crate::certify::Entries;
pub use confidence::{CONFIDENCE, clopper_pearson};
pub use refutation::{Given, WitnessFile, read as read_witness, replay};
pub use run::{Options, Progress, Silent, verify};
pub use seed::{Key, Rng, Stream};
pub use verdict::{
    ClaimReport, ComparisonProof, ExactValue, PartOf, RefusedProof, Report, Sides, Solution, Supremum, Value, Verdict,
    ViolationBound, Witness,
};
