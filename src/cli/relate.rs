//! `loewner relate`: how two losses are related.

use super::args::Relate;
use super::engine::Engine;
use super::eval::split;
use super::optimise::size;
use super::{Outcome, Status, output};
use crate::relate::Given;
use crate::report::{relation_json, relation_text};

pub(super) fn run(engine: &mut Engine, arguments: &Relate) -> Outcome {
    let mut mistakes = Vec::new();
    for path in &arguments.imports {
        mistakes.extend(engine.load(path).err().into_iter().flatten());
    }
    let mut given = Given { forall: arguments.foralls.clone(), set: Vec::new(), defaults: false };
    for text in arguments.sizes.iter().flat_map(|text| text.split(',')) {
        match size(text) {
            // A size must be quantified before the sets that use it.
            Ok((name, n)) => given.forall.insert(0, format!("{name} in {n}..{n}")),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    for option in &arguments.sets {
        match split("--set", option) {
            Ok((name, text)) => given.set.push((name.to_owned(), text.to_owned())),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let answer = engine.relate(&arguments.first, &arguments.second, &given, arguments.seed)?;
    let text = if arguments.json { relation_json(&answer) } else { relation_text(&answer) };
    output::say(&text)?;
    Ok(if answer.is_affine() { Status::Expected } else { Status::Surprise })
}
