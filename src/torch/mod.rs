//! Losses on torch: from an expression graph to a program of torch calls, on any device.
//!
//! [`lower`] turns a graph into a [`Program`]: a straight line of calls that never looks at what it computed, so that no
//! device is waited for. The same program is run by [`CompiledLoss`] (feature `torch`) and written as Python by the exporter.

pub mod available;
mod call;
#[cfg(feature = "torch")]
mod compound;
mod divided;
pub mod emit;
#[cfg(feature = "torch")]
mod entries;
#[cfg(feature = "torch")]
mod loss;
#[cfg(not(feature = "torch"))]
#[path = "absent.rs"]
mod loss;
mod lower;
#[cfg(feature = "torch")]
mod machine;
mod plan;
mod program;
#[cfg(feature = "torch")]
mod recent;
mod scalar;
mod share;
mod simplify;
mod spectral;
mod tune;
pub mod version;

pub use available::{Device, Libtorch};
pub use call::{Call, Entrywise};
#[cfg(feature = "torch")]
pub use loss::refused;
pub use loss::{CompiledLoss, Options, Tensor};
pub use lower::lower;
pub use plan::{Planned, Requirement, Source, SourceInput};
pub use program::{Arg, Number, Program, Register, Step};
