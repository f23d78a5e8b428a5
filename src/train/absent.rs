//! Training in a program that was built without torch: it says how to get it.

use std::path::Path;

use super::Config;
use super::record::Observer;
use crate::api::Error;
use crate::base::Diagnostic;
use crate::torch::available::not_built_in;

/// Where a run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// At step 0, in a folder that holds no run.
    Fresh,
    /// Where the checkpoint of the folder is.
    Resumed,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ended {
    /// After its last step.
    Finished(Summary),
    /// Before, since somebody asked.
    Stopped(Summary),
}

/// What there is to say of a run: there is none.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Summary {}

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
