//! Losses as torch tensors (feature `torch`).

pub mod available;
pub mod version;

pub use available::{Device, Libtorch};
