//! Generators of samples: each sample's is a function of the seed, the theorem's name and the sample's number.

pub use crate::base::{Key, Rng};

/// What a generator is for, so that two uses never share a stream.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stream {
    /// The sizes and baked constants of a cell.
    Cell,
    /// A sample.
    Sample,
    /// A sample on which an asymptotic claim is followed to its limit.
    Limit,
    /// A piece of work of an attack.
    Attack,
}

impl From<Stream> for u64 {
    fn from(stream: Stream) -> u64 {
        stream as u64
    }
}
