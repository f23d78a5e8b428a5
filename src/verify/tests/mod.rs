//! The verifier on theorems whose truth is known.

mod attack;
mod build;
mod conditions;
mod inside;
mod kinds;
mod verdicts;
mod zero;
