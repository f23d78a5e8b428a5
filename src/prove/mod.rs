//! Proofs of claims: equalities by saturation, and calculations, derived step by step.
//!
//! A step is an equality or an inequality between two nodes of a theorem's graph. [`claim`] finds a [`Derivation`] for each
//! step of a claim's proof, from arithmetic, what is known of signs, and the lemmas that the step names, and goes through
//! it a second time; where there is none it says what is missing.
//!
//! `store` has values as sums of products (`terms`), `product` multiplies them, `operate` and `function` say what operations
//! and scalar functions make of them, `sign` what is known of their signs; `instance` puts lemmas to use, `derive` searches
//! (`candidates` has the ways to see a value), `check` goes through what was found, and `ground` sees to it that all of it has
//! a finite value where the claim says something.

mod candidates;
mod check;
mod derive;
mod extent;
mod function;
mod goal;
mod ground;
mod instance;
mod operate;
mod product;
mod saturate;
mod show;
mod sign;
mod step;
mod store;
mod terms;

pub use derive::Derivation;
pub use saturate::{equations, rules};
pub use step::{Proved, Refused, claim, views};
