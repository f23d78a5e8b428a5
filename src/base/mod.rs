//! Places in source text, errors as data, suggestions, seeded generators, the median, digits of numbers, and files that are replaced at
//! once: what several rooms need and nothing more.

mod code;
mod diagnostic;
mod median;
mod number;
mod replace;
mod seed;
mod span;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label};
pub use median::median;
pub use number::significant;
pub use replace::replace;
pub use seed::{Key, Rng};
pub use span::{FileId, Source, Sources, Span};
pub use suggest::did_you_mean;
