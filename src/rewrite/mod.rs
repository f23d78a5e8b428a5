//! Equality saturation: what an expression is equal to, and which of its forms is the cheapest.
//!
//! [`Rule`]s come from identities, which are theorems of the language itself; see [`Rule::of`]. [`Saturation`] applies them
//! to all that they match, on an e-graph whose terms are nodes of an ordinary expression graph. Arithmetic is no rule: a
//! normal form decides it. [`prove_equal`] turns what saturation finds into a [`Proof`], and a small checker that shares
//! none of the search goes over every step of it.

mod bare;
mod clock;
mod cone;
pub mod cost;
mod extract;
mod polynomial;
mod proof;
mod rule;
mod saturate;
mod search;
mod store;
mod term;

pub use bare::{evaluated, without_tests};
pub use polynomial::{MAX_TERMS, Normalizer, Polynomial};
pub use proof::{Flaw, NotProved, Proof, prove_equal};
pub use rule::{BadRule, Rule};
pub use saturate::{Ended, Limits, Saturation};
pub use search::{Change, Rewritten, rewrite};

#[cfg(test)]
mod tests;
