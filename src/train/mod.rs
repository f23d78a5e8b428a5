//! Training: a loss in the language, a network on torch, real images.
//!
//! ```text
//! config --> data --> network --> objective --> optimiser --> checkpoint, record
//!                                     ^             |
//!                      an expression of the language    watch: any other expression
//! ```
//!
//! A [`Config`] says everything that a run depends on; it is kept with the run, so that the run can be gone on with. Everything
//! random is a function of its seed and of the step, never of what came before: a run that was stopped and gone on with makes
//! the same weights, bit for bit on a processor, as one that was not.

mod checksum;
pub mod config;
pub mod data;
mod ending;
pub mod findings;
pub mod method;
pub mod record;
pub mod schedule;

#[cfg(feature = "torch")]
mod checkpoint;
#[cfg(feature = "torch")]
mod evaluate;
#[cfg(feature = "torch")]
mod folder;
#[cfg(feature = "torch")]
mod network;
#[cfg(feature = "torch")]
pub mod nn;
#[cfg(feature = "torch")]
mod objective;
#[cfg(feature = "torch")]
mod optimiser;
#[cfg(feature = "torch")]
mod origin;
#[cfg(feature = "torch")]
pub mod probe;
#[cfg(feature = "torch")]
mod run;
#[cfg(not(feature = "torch"))]
#[path = "absent.rs"]
mod run;
#[cfg(feature = "torch")]
mod scaling;
#[cfg(feature = "torch")]
mod tensors;
#[cfg(feature = "torch")]
mod watch;

pub use config::Config;
pub use ending::{Ended, Start, Summary};
#[cfg(feature = "torch")]
pub use evaluate::evaluate;
pub use findings::{Asked, Findings};
pub use method::{Family, METHODS, Method};
#[cfg(not(feature = "torch"))]
pub use run::evaluate;
pub use run::{configured, train};
