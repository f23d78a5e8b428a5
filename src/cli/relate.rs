//! `loewner relate`: how two losses are related.

use super::args::Relate;
use super::engine::Engine;
use super::naming::{assignment, sizes};
use super::{Outcome, Status, output};
use crate::relate::{Given, Standing};
use crate::report::{relation_json, relation_text};

pub(super) fn run(engine: &mut Engine, arguments: &Relate) -> Outcome {
    let mut mistakes = Vec::new();
    for path in &arguments.imports {
        mistakes.extend(engine.load(path).err().into_iter().flatten());
    }
    let mut given = Given { forall: arguments.foralls.clone(), ..Given::default() };
    match sizes(&arguments.sizes) {
        Ok(sizes) => given.sizes = sizes,
        Err(more) => mistakes.extend(more),
    }
    for option in &arguments.sets {
        match assignment("--set", option) {
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
    Ok(match answer.standing() {
        Standing::Line => Status::Expected,
        Standing::Different => Status::Surprise,
        Standing::Open => Status::Open,
    })
}
