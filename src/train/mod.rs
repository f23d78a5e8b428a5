//! Training: data, models, methods, and what a run records of itself.

pub mod record;
