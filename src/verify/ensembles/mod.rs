//! Random inputs of many kinds: raw numbers whose images under the charts are the members that a claim is checked on.

mod columns;
mod draw;
mod entry;
mod joint;
mod kinds;
mod other;
mod partition;
mod scalar;
#[cfg(test)]
mod tests;

pub use columns::Columns;
pub use draw::{Scratch, Shared};
pub use entry::Entry;
pub use joint::{Joint, Label, others, systems};
pub use kinds::{KINDS, Kind, KindRow};
pub use other::{frame, hermitian, mask, number, simplex};
pub use partition::{Placement, Plan};
pub use scalar::{Ends, plain_point, point, special_values};
