//! Training: networks on torch, and what feeds and watches them.

#[cfg(feature = "torch")]
pub mod nn;
