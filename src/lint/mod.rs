//! Lint: how a loss behaves, found by trying it.
//!
//! ```text
//! definition --subject, hinges--> roles, sizes, scalars --loss--> plans --draw, search--> inputs --probes--> finding::Lint
//! ```
//!
//! Every finding rests on a few random inputs and on structured ones, and is evidence and no proof. A definition is taken
//! by the library's convention: features are d × B, a column per sample, and a square matrix is a kernel of its samples.
//! Random samples have norm 1. What is said of extrema is said of samples of norm 1, and is tried by descents and ascents.

mod behaviour;
mod block;
mod collapse;
mod draw;
mod finding;
mod hinges;
mod law;
mod loss;
mod numerics;
mod scaling;
mod search;
mod subject;
mod trial;

pub use finding::{
    Change, Chosen, Collapse, Collapsed, Constants, Digits, Extremum, Growth, Kind, Law, Least, Lint, Outcome, Pair,
    Place, Precision, Setting, Split, Stationary, Ways,
};

use crate::base::Diagnostic;
use crate::check::Session;
use crate::syntax::ast::Expr;

use trial::Trial;

/// How much to sample.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// How many random inputs each finding rests on.
    pub draws: usize,
    /// The seed: one seed, one lint.
    pub seed: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options { draws: 8, seed: 0 }
    }
}

/// What to lint.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The name of a definition.
    pub loss: String,
    /// Values of parameters that are numbers.
    pub set: Vec<(String, Expr)>,
    /// Sizes; the others are chosen: 8 samples, 12 features, 3 of anything else.
    pub sizes: Vec<(String, i64)>,
}

/// Tries a definition.
///
/// # Errors
/// E0202 where there is no such definition, E0705 where it is none that can be linted, E0501 where its value is no real
/// number, and what the checker finds in it at the sizes.
pub fn lint(session: &Session, request: &Request, options: &Options) -> Result<Lint, Vec<Diagnostic>> {
    let options = Options { draws: options.draws.max(1), ..*options };
    let (subject, loss) = hinges::settled(session, request, &options)?;
    let mut trial = Trial::new(&subject, &loss)?;
    let norm = trial.norm();
    let collapse = trial.collapse();
    let (permutation, rotation) = (trial.permutation(), trial.rotation());
    let (places, stationary) = (trial.places(), trial.stationary());
    let precision = trial.precision()?;
    let split = trial.split();
    let samples = trial.growth(&subject.setting.batch);
    let features = subject.setting.width.as_deref().map(|width| trial.growth(width));
    Ok(Lint {
        loss: subject.name().to_owned(),
        setting: subject.setting.clone(),
        collapse,
        permutation,
        rotation,
        norm,
        samples,
        features,
        split,
        places,
        stationary,
        precision,
        least: trial.least(),
    })
}
