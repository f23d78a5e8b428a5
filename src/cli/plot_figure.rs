//! `loewner plot`: columns of tables as a figure.

use std::path::Path;

use super::args::Plot;
use super::files::unreadable;
use super::{Outcome, Status};
use crate::base::{Code, Diagnostic, replace};
use crate::report::figure::{Axis, Figure, Format, Kind, draw};
use crate::train::record::{METRICS, Selection, Table, gather};

pub(super) fn run(arguments: &Plot) -> Outcome {
    let one = |mistake: Diagnostic| vec![mistake];
    let format = format(&arguments.out).map_err(one)?;
    let kind = match arguments.kind.as_str() {
        "bars" => Kind::Bars,
        "heat" => Kind::Heat,
        // The command line takes these three and no other.
        _ => Kind::Lines,
    };
    let (mut tables, mut mistakes) = (Vec::new(), Vec::new());
    for argument in &arguments.tables {
        match table(argument) {
            Ok(table) => tables.push(table),
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let numeric = kind == Kind::Lines;
    let selection = Selection { x: &arguments.x, y: &arguments.y, by: arguments.by.as_deref(), numeric };
    let bands = gather(&tables, &selection).map_err(one)?;
    // The rows of a heat map are series with names, and the values are its colours.
    let (title, vertical) = match (kind, arguments.title.as_str()) {
        (Kind::Heat, "") => (arguments.y.join(", "), String::new()),
        (Kind::Heat, title) => (title.to_owned(), String::new()),
        (Kind::Lines | Kind::Bars, title) => (title.to_owned(), arguments.y.join(", ")),
    };
    let figure = Figure {
        title,
        x: Axis { label: arguments.x_label.clone().unwrap_or_else(|| arguments.x.clone()), log: arguments.log_x },
        y: Axis { label: arguments.y_label.clone().unwrap_or(vertical), log: arguments.log_y },
        bands,
        kind,
    };
    let bytes = draw(&figure, format).map_err(one)?;
    replace(&arguments.out, &bytes).map_err(|error| {
        vec![Diagnostic::new(Code::E0805, format!("'{}' cannot be written: {error}", arguments.out.display()))]
    })?;
    Ok(Status::Expected)
}

fn format(path: &Path) -> Result<Format, Diagnostic> {
    match path.extension().and_then(|extension| extension.to_str()).map(str::to_lowercase).as_deref() {
        Some("svg") => Ok(Format::Svg),
        Some("png") => Ok(Format::Png),
        _ => {
            let message = format!("--out '{}' names no kind of figure", path.display());
            Err(Diagnostic::new(Code::E1022, message).help("let its name end in .svg or .png"))
        }
    }
}

/// `TABLE` or `NAME=TABLE`, a table being a file or the folder of a run; a file whose own name has a `=` is there under the whole
/// of it.
fn table(argument: &str) -> Result<Table, Diagnostic> {
    let (name, path) = match argument.split_once('=') {
        Some((name, path)) if !Path::new(argument).exists() => (Some(name.trim()), Path::new(path)),
        _ => (None, Path::new(argument)),
    };
    let path = if path.is_dir() { path.join(METRICS) } else { path.to_owned() };
    let bytes = std::fs::read(&path).map_err(|error| unreadable(&path, &error))?;
    Table::read(&name.map_or_else(|| called(&path), str::to_owned), &path, &bytes)
}

/// The table of a run is named after the run's folder, any other after its file.
fn called(path: &Path) -> String {
    let stem = path.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned());
    let folder = path.parent().and_then(Path::file_name).map(|folder| folder.to_string_lossy().into_owned());
    match folder {
        Some(folder) if stem == "metrics" => folder,
        _ => stem,
    }
}
