//! Places in source text, errors as data, and suggestions: what every other room needs and nothing more.

mod code;
mod diagnostic;
mod span;
mod suggest;

pub use code::Code;
pub use diagnostic::{Diagnostic, Label};
pub use span::{FileId, Source, Sources, Span};
pub use suggest::did_you_mean;
