//! Checking theorems on random and adversarial inputs.

mod verdict;

pub use verdict::{ClaimReport, Report, Value, Verdict, ViolationBound, Witness};
