//! Tables read back: columns of one or several of them as series of means with their deviations.

use std::collections::BTreeMap;
use std::path::Path;

use csv::ReaderBuilder;

use crate::base::{Code, Diagnostic, did_you_mean};

/// A table of fields with a name for each column: `metrics.csv` of a run, or results of several.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Table {
    /// What it is called in a legend and in messages.
    pub name: String,
    columns: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The line of the file that each row starts on.
    lines: Vec<u64>,
}

/// The value of a series at one place, over the rows of all tables that are there.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The place, as a number where it is one.
    pub x: f64,
    /// The place as it is written, which names a bar.
    pub label: String,
    /// The mean of the values there.
    pub mean: f64,
    /// Their standard deviation, with one less than their number below it; `None` of one value.
    pub deviation: Option<f64>,
}

/// Points under one name, at rising places where these are numbers, else in the order in which they first come.
#[derive(Clone, PartialEq, Debug)]
pub struct Band {
    /// The name, for a legend.
    pub name: String,
    /// The points.
    pub points: Vec<Point>,
}

/// What is taken from tables.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    /// The column of places.
    pub x: &'a str,
    /// The columns of values.
    pub y: &'a [String],
    /// The column that says which series a row belongs to, in place of the table's name.
    pub by: Option<&'a str>,
    /// Whether places must be numbers.
    pub numeric: bool,
}

impl Table {
    /// A table from the bytes of a file. A last line that lacks fields and its end is being written, and left out.
    ///
    /// # Errors
    /// E0922 where it is no table, E0802 where it is not UTF-8.
    pub fn read(name: &str, path: &Path, bytes: &[u8]) -> Result<Table, Diagnostic> {
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().from_reader(bytes);
        let wrong = |error: csv::Error| match error.kind() {
            csv::ErrorKind::Utf8 { .. } => Diagnostic::new(Code::E0802, format!("'{}' is not UTF-8", path.display())),
            _ => undrawable(format!("'{}' is no table: {error}", path.display())),
        };
        let columns: Vec<String> = reader.headers().map_err(wrong)?.iter().map(str::to_owned).collect();
        let (mut rows, mut lines) = (Vec::new(), Vec::new());
        let mut records = reader.records().peekable();
        while let Some(record) = records.next() {
            let record = match record {
                Ok(record) => record,
                Err(_) if records.peek().is_none() && !bytes.ends_with(b"\n") => break,
                Err(error) => return Err(wrong(error)),
            };
            lines.push(record.position().map_or(0, csv::Position::line));
            rows.push(record.iter().map(str::to_owned).collect());
        }
        if columns.is_empty() || rows.is_empty() {
            return Err(undrawable(format!("'{}' holds no rows", path.display())));
        }
        Ok(Table { name: name.to_owned(), columns, rows, lines })
    }

    fn column(&self, name: &str) -> Result<usize, Diagnostic> {
        let found = self.columns.iter().position(|column| column == name);
        found.ok_or_else(|| {
            let near = did_you_mean(name, self.columns.iter().map(String::as_str));
            undrawable(format!("the table of {} has no column '{name}'", self.name))
                .note(format!("its columns: {}", self.columns.join(", ")))
                .maybe_help(near.map(|near| format!("did you mean '{near}'?")))
        })
    }

    fn number(&self, row: usize, column: usize) -> Result<f64, Diagnostic> {
        let field = self.rows[row][column].trim();
        field.parse().map_err(|_| {
            let (line, column) = (self.lines[row], &self.columns[column]);
            undrawable(format!(
                "line {line} of the table of {}: '{field}' of column '{column}' is no number",
                self.name
            ))
        })
    }
}

/// The series of a selection: one for each name and column of values. Rows of one series at one place, such as those of
/// several seeds, are one point. An empty field is no value.
///
/// # Errors
/// E0922 where a column is not there, a value or a place is no number, or nothing is left to draw.
pub fn gather(tables: &[Table], selection: &Selection<'_>) -> Result<Vec<Band>, Diagnostic> {
    let mut series: Vec<(String, Places)> = Vec::new();
    for table in tables {
        let x = table.column(selection.x)?;
        let by = selection.by.map(|by| table.column(by)).transpose()?;
        for y in selection.y {
            let values = table.column(y)?;
            for row in 0..table.rows.len() {
                if table.rows[row][values].trim().is_empty() {
                    continue;
                }
                let value = table.number(row, values)?;
                let group = by.map_or(table.name.as_str(), |by| table.rows[row][by].trim());
                let name = name(group, y, selection.y.len(), by.is_some() || tables.len() > 1);
                let at = match series.iter().position(|(known, _)| *known == name) {
                    Some(at) => at,
                    None => {
                        series.push((name, Places::default()));
                        series.len() - 1
                    }
                };
                let place = if selection.numeric { Some(table.number(row, x)?) } else { None };
                series[at].1.add(&table.rows[row][x], place, value);
            }
        }
    }
    let bands: Vec<Band> = series.into_iter().map(|(name, places)| Band { name, points: places.points() }).collect();
    if bands.is_empty() {
        let columns = selection.y.iter().map(|y| format!("'{y}'")).collect::<Vec<_>>().join(", ");
        return Err(undrawable(format!("there is no value in {columns}")));
    }
    Ok(bands)
}

fn name(group: &str, column: &str, columns: usize, groups: bool) -> String {
    match (groups, columns) {
        (true, 1) => group.to_owned(),
        (true, _) => format!("{group}: {column}"),
        (false, _) => column.to_owned(),
    }
}

/// The values at each place, places in the order in which they came.
#[derive(Default)]
struct Places {
    found: Vec<(Option<f64>, String, Vec<f64>)>,
    /// Where a place stands, by what is written of it, or by its bits where it is a number.
    index: BTreeMap<String, usize>,
}

impl Places {
    fn add(&mut self, label: &str, place: Option<f64>, value: f64) {
        let key = place.map_or_else(|| label.trim().to_owned(), |x| x.to_string());
        let at = *self.index.entry(key).or_insert_with(|| {
            self.found.push((place, label.trim().to_owned(), Vec::new()));
            self.found.len() - 1
        });
        self.found[at].2.push(value);
    }

    fn points(self) -> Vec<Point> {
        let point = |(i, (place, label, values)): (usize, (Option<f64>, String, Vec<f64>))| {
            let (mean, deviation) = moments(&values);
            Point { x: place.unwrap_or(i as f64), label, mean, deviation }
        };
        let mut points: Vec<Point> = self.found.into_iter().enumerate().map(point).collect();
        points.sort_by(|a, b| a.x.total_cmp(&b.x));
        points
    }
}

/// The mean, and the standard deviation of a sample.
fn moments(values: &[f64]) -> (f64, Option<f64>) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
    (mean, (values.len() > 1).then(|| (squares / (n - 1.0)).sqrt()))
}

/// What cannot be drawn, and why.
fn undrawable(what: String) -> Diagnostic {
    Diagnostic::new(Code::E0922, what)
}
