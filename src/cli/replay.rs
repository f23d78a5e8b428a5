//! `loewner replay`: witnesses are read again, and certified anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::args::Replay;
use super::engine::Engine;
use super::{Outcome, Status, files, output, render};
use crate::base::{Code, Diagnostic};
use crate::check::Theorem;
use crate::report::replay_text;
use crate::verify::{self, WitnessFile};

pub(super) fn run(engine: &mut Engine, arguments: &Replay) -> Outcome {
    let (mut read, mut mistakes) = (Vec::new(), Vec::new());
    for path in &arguments.witnesses {
        match witness(path) {
            Ok(witness) => read.push((path, witness)),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    // Nothing is certified before every file is known to be readable.
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let mut library = Library::new(engine, &arguments.theorems)?;
    let (mut text, mut refuting) = (String::new(), Vec::new());
    for (path, file) in &read {
        let replayed = library.theorems(engine, path, file);
        let replayed = replayed.and_then(|theorems| verify::replay(theorems, file).map_err(|mistake| vec![mistake]));
        match replayed {
            Ok(witness) => text += &replay_text(file, &witness),
            Err(found) if found.iter().all(|mistake| mistake.code == Code::E0907) => refuting.extend(found),
            Err(found) => mistakes.extend(found),
        }
    }
    if !mistakes.is_empty() {
        mistakes.splice(0..0, refuting);
        return Err(mistakes);
    }
    output::say(&text)?;
    if refuting.is_empty() {
        return Ok(Status::Expected);
    }
    output::complain(&render(engine.sources(), &refuting, output::error_style()));
    Ok(Status::Surprise)
}

/// Reads a witness file.
fn witness(path: &Path) -> Result<WitnessFile, Diagnostic> {
    let bytes = std::fs::read(path).map_err(|error| files::unreadable(path, &error))?;
    let text = String::from_utf8(bytes).map_err(|_| {
        Diagnostic::new(Code::E0802, format!("'{}' is not UTF-8", path.display()))
            .help("a witness is a JSON file, as `loewner verify --out FOLDER` writes it")
    })?;
    verify::read_witness(&path.display().to_string(), &text)
}

/// The theorems that witnesses are about; each file is read once.
struct Library {
    read: BTreeMap<PathBuf, Result<Vec<Theorem>, Vec<Diagnostic>>>,
    /// The theorems of `--theorems`, where it is given.
    named: Option<Vec<Theorem>>,
}

impl Library {
    /// Reads what `--theorems` names.
    fn new(engine: &mut Engine, named: &[PathBuf]) -> Result<Library, Vec<Diagnostic>> {
        let mut library = Library { read: BTreeMap::new(), named: None };
        if !named.is_empty() {
            let mut theorems = Vec::new();
            for path in files::discover(named)? {
                theorems.append(&mut engine.load(&path)?);
            }
            library.named = Some(theorems);
        }
        Ok(library)
    }

    /// The theorems of the file that a witness names: relative to the current folder, or else to the witness's folder or
    /// one above it; or those that the user named in its place.
    fn theorems(
        &mut self,
        engine: &mut Engine,
        witness: &Path,
        file: &WitnessFile,
    ) -> Result<&[Theorem], Vec<Diagnostic>> {
        if let Some(named) = &self.named {
            return Ok(named);
        }
        let path = find(witness, Path::new(&file.file)).ok_or_else(|| {
            let message = format!("'{}' is about a theorem of '{}', which is not found", file.name, file.file);
            vec![
                Diagnostic::new(Code::E0801, message)
                    .note("looked for from the current folder, the witness's folder, and the folders above that")
                    .help("name the file: loewner replay WITNESS.json --theorems FILE.lw"),
            ]
        })?;
        match self.read.entry(path.clone()).or_insert_with(|| engine.load(&path)) {
            Ok(theorems) => Ok(theorems),
            // The mistakes of a file are told with the first witness that names it.
            Err(mistakes) => Err(std::mem::take(mistakes)),
        }
    }
}

fn find(witness: &Path, file: &Path) -> Option<PathBuf> {
    if file.is_file() {
        return Some(file.to_owned());
    }
    let folder = std::path::absolute(witness).ok()?;
    folder.ancestors().skip(1).map(|folder| folder.join(file)).find(|path| path.is_file())
}
