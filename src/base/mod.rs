//! Places in source text, errors as data, suggestions, seeded generators, and the median: what several rooms need and
//! nothing more.

mod code;
mod diagnostic;
mod median;
mod seed;
mod span;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label};
pub use median::median;
pub use seed::{Key, Rng};
pub use span::{FileId, Source, Sources, Span};
pub use suggest::did_you_mean;
