//! The interval evaluator: rigorous enclosures of the values of a graph, in arbitrary precision.
//!
//! The raw inputs are exact, every operation returns an enclosure of its exact result, and so the sign of a margin that
//! lies on one side of zero is a theorem about that input.
//!
//! ```text
//! let (graph, roots) = theorem.instantiate(&roots, &instance)?;
//! let mut inputs = Inputs::new();
//! inputs.real(raw, &entries);
//! match decide(&graph, roots[0], strict, &inputs, Cap::default())? { Decision::Violated(margin) => ..., ... }
//! ```
//!
//! The floors: `float` (dyadic numbers, directed rounding), `series` (elementary functions of them), `interval` and
//! `complex` (enclosures), `elementary` and `scalar` (functions of enclosures), `matrix`, `eigen` and `spectral`
//! (linear algebra), `exact`, `number`, `closed`, `functions`, `spectrum` and `eliminate` (what has a closed form), `rank` (ranks from the structure), `property` (requirements),
//! `evaluate` and `operate` and `adjoint` (the operations), `decide`, `crossing` (zeros between two numbers).

mod adjoint;
mod closed;
#[cfg(test)]
mod closed_tests;
mod complex;
mod crossing;
mod decide;
mod eigen;
mod elementary;
mod eliminate;
mod evaluate;
mod exact;
mod float;
mod functions;
mod inputs;
mod interval;
mod matrix;
mod number;
mod operate;
mod property;
mod rank;
mod scalar;
mod series;
mod spectral;
mod spectrum;
#[cfg(test)]
mod tests;

pub use crossing::crosses;
pub use decide::{Cap, Decision, decide, enclose};
pub use evaluate::CertifyError;
pub use inputs::{Between, Enclosure, Entries, Inputs};
pub use property::has_exactly;
