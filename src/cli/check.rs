//! `loewner check`: parse and type-check, run nothing.

use super::args::Check;
use super::engine::Engine;
use super::{Outcome, Status, files, output, story};

pub(super) fn run(engine: &mut Engine, arguments: &Check) -> Outcome {
    if let Some(code) = &arguments.explain {
        output::say(&story::story(code).map_err(|mistake| vec![mistake])?)?;
        return Ok(Status::Expected);
    }
    let paths = files::discover(&arguments.paths)?;
    let (mut theorems, mut claims, mut mistakes) = (0, 0, Vec::new());
    for path in &paths {
        match engine.load(path) {
            Ok(found) => {
                theorems += found.len();
                claims += found.iter().map(|theorem| theorem.claims.len()).sum::<usize>();
            }
            Err(mut found) => mistakes.append(&mut found),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let counted = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (files, theorems, claims) =
        (counted(paths.len(), "file"), counted(theorems, "theorem"), counted(claims, "claim"));
    output::say(&format!("{files}, {theorems}, {claims}: no mistakes\n"))?;
    Ok(Status::Expected)
}
