//! The verifier on theorems whose truth is known.

mod build;
mod kinds;
mod verdicts;
