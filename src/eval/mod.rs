//! The evaluator: a graph at known sizes is compiled once into a [`Plan`], a flat list of instructions over buffers that
//! a [`Workspace`] owns, and run as often as there are samples, without allocating.
//!
//! ```text
//! let (graph, roots) = theorem.instantiate(&roots, &instance)?;
//! let plan = Plan::<f64>::compile(&graph, &roots)?;
//! let mut ws = Workspace::new(&plan);
//! // write ws.input_mut(..), then
//! plan.run(&mut ws)?;
//! let margin = ws.scalar(0);
//! ```

mod adjoint;
mod analysis;
mod bound;
mod check;
mod compile;
mod diagnose;
mod divided;
mod entrywise;
mod factor;
mod fault;
mod gradient;
mod kernels;
mod modulus;
mod plan;
mod product;
mod real;
mod scalar;
mod spectral;
#[cfg(test)]
mod tests;
mod threads;
mod tridiagonal;
mod value;
mod workspace;

pub use bound::{Bound, Bounds};
pub use diagnose::{Threads, diagnose, plan_within_memory, refuse_giants};
pub use divided::difference as divided_difference;
pub use fault::{Fault, FaultKind, PlanError};
pub use plan::Plan;
pub use real::{ComplexElement, Element, Real};
pub use scalar::value as scalar_value;
pub use value::{Entries, InputMut, ValueRef};
pub use workspace::{DEFAULT_TOLERANCE_FACTOR, Workspace};
