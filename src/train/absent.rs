//! Training in a program that was built without torch: it says how to get it.

use std::path::Path;

use super::config::Config;
use super::ending::{Ended, Start};
use super::findings::{Asked, Findings};
use super::record::Observer;
use crate::api::Error;
use crate::base::Diagnostic;
use crate::torch::available::not_built_in;

/// Nothing.
///
/// # Errors
/// E0808, always.
pub fn train<O: Observer>(_: &Config, _: &Path, _: Start, _: &mut O, _: &dyn Fn() -> bool) -> Result<Ended, Error> {
    Err(not_built_in().into())
}

/// Nothing.
///
/// # Errors
/// E0808, always.
pub fn configured(_: &Path) -> Result<Config, Diagnostic> {
    Err(not_built_in())
}

/// Nothing.
///
/// # Errors
/// E0808, always.
pub fn evaluate<O: Observer>(_: &Path, _: &Asked, _: &mut O) -> Result<Findings, Diagnostic> {
    Err(not_built_in())
}
