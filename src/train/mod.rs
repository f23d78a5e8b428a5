//! Training: data, models, methods, and what a run records of itself.

#[cfg(feature = "torch")]
mod optimiser;
#[cfg(feature = "torch")]
pub mod probe;
pub mod record;
#[cfg(feature = "torch")]
mod schedule;
