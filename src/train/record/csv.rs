//! The table of a run, `metrics.csv`: a row for each step, on disk as soon as the step is done.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use csv::{ReaderBuilder, StringRecord, WriterBuilder};

use super::{Observer, StepReport};
use crate::base::{Code, Diagnostic, did_you_mean, replace};

/// The columns that every table has, before those of the watched expressions.
const COLUMNS: [&str; 6] = ["step", "epoch", "loss", "learning_rate", "images_per_second", "stalled_seconds"];

/// A table that grows by a row for each step.
///
/// Its first line names the columns, the watched expressions as they were written. An expression that was not evaluated at a
/// step has an empty field there. Losses, learning rates and watched values are written with the fewest digits that name
/// the same number, so that the tables of two runs are equal where the runs are, but for the two columns of times.
#[derive(Debug)]
pub struct MetricsTable {
    path: PathBuf,
    file: File,
    watched: Vec<String>,
}

impl MetricsTable {
    /// A table with no rows, in place of any file of that name.
    ///
    /// # Errors
    /// E0805 where the file cannot be written, E0921 where two columns would have one name.
    pub fn create(path: &Path, watched: &[String]) -> Result<Self, Diagnostic> {
        let header = header(path, watched)?;
        replace(path, &header).map_err(|error| unwritable(path, &error))?;
        MetricsTable::append(path, watched)
    }

    /// The table of a run that is resumed after `step`: its rows up to that step, the later ones cut off, as is a last line
    /// that was not written to its end. The file is replaced at once: it has all its rows or those up to `step`.
    ///
    /// # Errors
    /// E0921 where the file is no table of a run that watches these expressions, or lacks steps up to `step`; E0801 where
    /// it cannot be read, E0805 where it cannot be written.
    pub fn resume(path: &Path, watched: &[String], step: u64) -> Result<Self, Diagnostic> {
        let bytes = std::fs::read(path).map_err(|error| {
            Diagnostic::new(Code::E0801, format!("'{}' cannot be read: {error}", path.display()))
                .note("a run is resumed with its table, so that the table is whole when it ends")
        })?;
        let kept = kept(path, &bytes, &header(path, watched)?, step)?;
        if kept < bytes.len() {
            replace(path, &bytes[..kept]).map_err(|error| unwritable(path, &error))?;
        }
        MetricsTable::append(path, watched)
    }

    fn append(path: &Path, watched: &[String]) -> Result<Self, Diagnostic> {
        let file = File::options().append(true).open(path).map_err(|error| unwritable(path, &error))?;
        Ok(MetricsTable { path: path.to_owned(), file, watched: watched.to_vec() })
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A row as the fields of its columns.
    fn row(&self, report: &StepReport) -> Result<Vec<String>, Diagnostic> {
        let mut fields = vec![
            report.step.to_string(),
            report.epoch.to_string(),
            report.loss.to_string(),
            report.learning_rate.to_string(),
            format!("{:.1}", report.images_per_second),
            format!("{:.6}", report.stalled.as_secs_f64()),
        ];
        if let Some((name, _)) = report.watched.iter().find(|(name, _)| !self.watched.contains(name)) {
            let near = did_you_mean(name, self.watched.iter().map(String::as_str));
            return Err(unusable(&self.path, format!("it has no column '{name}'"))
                .maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
        }
        let value = |name: &String| report.watched.iter().find(|(watched, _)| watched == name);
        fields.extend(self.watched.iter().map(|name| value(name).map_or(String::new(), |(_, x)| x.to_string())));
        Ok(fields)
    }
}

impl Observer for MetricsTable {
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        let line = line(&self.row(report)?).map_err(|error| unwritable(&self.path, &error))?;
        // One call for the whole line: a run that is killed leaves whole lines.
        self.file.write_all(&line).map_err(|error| unwritable(&self.path, &error))
    }

    fn settle(&mut self) -> Result<(), Diagnostic> {
        self.file.sync_data().map_err(|error| unwritable(&self.path, &error))
    }
}

/// A record as a line of bytes, fields with commas or quotes in quotes.
fn line<T: AsRef<[u8]>>(fields: impl IntoIterator<Item = T>) -> io::Result<Vec<u8>> {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    writer.write_record(fields)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn header(path: &Path, watched: &[String]) -> Result<Vec<u8>, Diagnostic> {
    let names: Vec<&str> = COLUMNS.into_iter().chain(watched.iter().map(String::as_str)).collect();
    if let Some((i, name)) = names.iter().enumerate().find(|(i, name)| names[..*i].contains(name)) {
        let what = if i < COLUMNS.len() + 1 { "there is a column of that name" } else { "it is watched twice" };
        return Err(unusable(path, format!("two of its columns would be '{name}'")).note(what));
    }
    line(&names).map_err(|error| unwritable(path, &error))
}

/// How many bytes of a table are its rows up to a step.
fn kept(path: &Path, bytes: &[u8], header: &[u8], step: u64) -> Result<usize, Diagnostic> {
    let Some(rows) = bytes.strip_prefix(header) else {
        let found = String::from_utf8_lossy(bytes.split(|byte| *byte == b'\n').next().unwrap_or_default()).into_owned();
        let expected = String::from_utf8_lossy(header).trim_end().to_owned();
        return Err(unusable(path, "it is the table of another run")
            .note(format!("its first line: {found}"))
            .note(format!("the columns of this run: {expected}"))
            .help("resume with the --watch options that the run was started with"));
    };
    // A line without its end was being written when the run was killed; a field of a row never has a line's end in it.
    let whole = rows.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    let columns = header_length(header);
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&rows[..whole]);
    let mut record = StringRecord::new();
    let mut last = 0;
    loop {
        let start = reader.position().byte() as usize;
        let number = reader.position().line() + 1;
        let broken = |what: String| unusable(path, format!("line {number} {what}"));
        match reader.read_record(&mut record) {
            Err(error) => return Err(broken(format!("cannot be read: {error}"))),
            Ok(false) => break,
            Ok(true) => {}
        }
        let here = record.get(0).and_then(|field| field.parse::<u64>().ok());
        match here {
            Some(here) if here > step => return reached(path, last, step).map(|()| header.len() + start),
            Some(here) if here > last && record.len() == columns => last = here,
            Some(here) if here > last => {
                return Err(broken(format!("has {} fields, and there are {columns} columns", record.len())));
            }
            Some(here) => return Err(broken(format!("is of step {here}, and comes after step {last}"))),
            None => return Err(broken("does not start with a step".to_owned())),
        }
    }
    reached(path, last, step).map(|()| header.len() + whole)
}

fn header_length(header: &[u8]) -> usize {
    let mut reader = ReaderBuilder::new().has_headers(false).from_reader(header);
    // The header was written by the same crate.
    reader.records().next().and_then(Result::ok).map_or(0, |record| record.len())
}

/// Every step has its row: a table without the last ones would be whole to look at and is not.
fn reached(path: &Path, last: u64, step: u64) -> Result<(), Diagnostic> {
    if last == step {
        return Ok(());
    }
    Err(unusable(path, format!("it ends at step {last}, and the run is resumed after step {step}"))
        .help("put the table back that belongs to the checkpoint, or start the run anew in another folder"))
}

fn unusable(path: &Path, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Code::E0921, format!("'{}' cannot be continued: {what}", path.display()))
}

pub(super) fn unwritable(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(Code::E0805, format!("'{}' cannot be written: {error}", path.display()))
}
