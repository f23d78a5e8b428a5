//! What a number that is put in would save: forms that hold at positive numbers only, or at one number, are chosen for numbers
//! that are known.

use std::collections::BTreeMap;

use num_rational::BigRational;

use super::Request;
use crate::ir::{InputId, Shape};
use crate::rewrite::Rule;
use crate::torch::plan::Source;

/// How many times as fast a form must be to be worth a line.
const WORTH: f64 = 1.5;

/// Numbers with which a cheaper form is chosen.
#[derive(Clone, Debug)]
pub(super) struct Advice {
    /// The parameters, at their defaults.
    pub constants: BTreeMap<InputId, BigRational>,
    /// How many times as fast the value is then, by the model of costs.
    pub times: f64,
}

/// The parameter that brings the most where its default is put in, or all of them where none does by itself. Nothing is said
/// where a size is left open: what is cheapest depends on them.
pub(super) fn advice(
    source: &Source,
    request: &Request,
    constants: &BTreeMap<InputId, BigRational>,
    by: &[InputId],
    rules: &[Rule],
) -> Option<Advice> {
    if source.size_vars().iter().any(|var| !request.sizes.contains_key(var)) {
        return None;
    }
    let seconds = |put: &BTreeMap<InputId, BigRational>| {
        let all = constants.iter().chain(put).map(|(input, value)| (*input, value.clone())).collect();
        // A default that a requirement forbids beside the other constants brings nothing.
        source.seconds(&request.sizes, &all, rules, request.search).ok()
    };
    let open: BTreeMap<InputId, BigRational> = source
        .inputs
        .iter()
        .filter(|known| !constants.contains_key(&known.input) && !by.contains(&known.input))
        .filter(|known| source.graph.inputs()[known.input.0 as usize].ty.shape == Shape::Scalar)
        .filter_map(|known| Some((known.input, known.default.clone()?)))
        .collect();
    if open.is_empty() {
        return None;
    }
    let now = seconds(&BTreeMap::new())?;
    let with = |put: BTreeMap<InputId, BigRational>| {
        let times = now / seconds(&put)?;
        (times >= WORTH).then_some(Advice { constants: put, times })
    };
    let alone = open.iter().filter_map(|(input, value)| with(BTreeMap::from([(*input, value.clone())])));
    let best = alone.max_by(|a, b| a.times.total_cmp(&b.times));
    best.or_else(|| (open.len() > 1).then(|| with(open.clone())).flatten())
}
