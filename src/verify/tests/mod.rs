//! The verifier on theorems whose truth is known.

mod attack;
mod build;
mod kinds;
mod verdicts;
