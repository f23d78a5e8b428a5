//! How many directions a representation fills, by the library's own definitions.

use std::time::Duration;

use tch::Kind;

use super::{Features, refused, unfit};
use crate::api::{Error, Loewner};
use crate::base::Diagnostic;
use crate::torch::Options;

/// Ranks of features that count directions by how much lies along them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ranks {
    /// `effective_rank`: exp of the entropy of the singular values over their sum (Roy and Vetterli 2007).
    pub effective_rank: f64,
    /// `rank_me`, with the library's ε (Garrido et al. 2023).
    pub rank_me: f64,
}

/// The ranks of features as they are: their d × N matrix, neither centred nor normalised, in double precision.
///
/// # Errors
/// E1031 where all features are 0, and so of no rank; E0812 where torch refuses.
pub fn ranks(features: &Features) -> Result<Ranks, Diagnostic> {
    // The definitions compute with singular values, for which nothing cheaper is to be searched.
    let options = Options { search: Duration::ZERO, ..Options::default() };
    let columns = features.values.f_to_kind(Kind::Double).and_then(|values| values.f_tr()).map_err(refused)?;
    let rank = |name: &str, input: &str| {
        let loss = Loewner::new().loss(name).map_err(first)?.with_options(options);
        let rank = loss.forward(&[(input, &columns)])?.double_value(&[]);
        if rank.is_finite() { Ok(rank) } else { Err(unfit("all features are 0, and have no rank")) }
    };
    Ok(Ranks { effective_rank: rank("effective_rank", "A")?, rank_me: rank("rank_me", "Z")? })
}

/// The first of several mistakes; the library has none.
fn first(error: Error) -> Diagnostic {
    error.diagnostics.into_iter().next().unwrap_or_else(|| unfit("the library has no such definition"))
}
