//! Checking theorems on random and adversarial inputs.

pub mod ensembles;
mod seed;
mod verdict;

pub use seed::{Key, Rng, Stream};
pub use verdict::{ClaimReport, Report, Value, Verdict, ViolationBound, Witness};
