//! `--load NAME=FILE`: numbers from other programs' files.
//!
//! ```text
//! FILE.npy                    NumPy's format, rank 0 to 2, real or complex
//! FILE.csv                    a rectangle of numbers, with or without a line of names above it
//! FILE.safetensors[:TENSOR]   one tensor of rank 0 to 2
//! ```
//!
//! A file is used whole or not at all: one that is damaged, empty or holds `nan` or `inf` is an error that says where.

mod csv;
mod npy;
mod safetensors;

use std::path::Path;

use crate::base::{Code, Diagnostic, did_you_mean};
use crate::check::{Data, Entries};
use crate::ir::{Dim, Shape};

/// Reads the file that a `--load` names: `FILE.npy`, `FILE.csv` or `FILE.safetensors[:TENSOR]`.
///
/// # Errors
/// E0801 where the file cannot be read, E0803 where it cannot be used, E0806 where it holds `nan` or `inf`.
pub fn load(spec: &str) -> Result<Data, Diagnostic> {
    let (path, tensor) = split_tensor(spec);
    let extension = Path::new(path).extension().and_then(|e| e.to_str()).unwrap_or("").to_lowercase();
    let data = match extension.as_str() {
        "npy" => npy::read(path, &bytes(path)?),
        "csv" => csv::read(path, &bytes(path)?),
        "safetensors" => safetensors::read(path, tensor, &bytes(path)?),
        other => {
            // Whether there is such a file comes first: a misspelt name is the likelier mistake.
            bytes(path)?;
            let message = format!("'{path}' is not a data file that can be loaded");
            let help = match did_you_mean(other, ["npy", "csv", "safetensors"]) {
                Some(near) => format!("did you mean '.{near}'?"),
                None => "a data file's name ends in .npy, .csv or .safetensors".to_owned(),
            };
            Err(Diagnostic::new(Code::E0803, message).help(help))
        }
    }?;
    finite(path, &data)?;
    Ok(data)
}

/// `a.safetensors:weight` is a file and a tensor; any other text is a file.
fn split_tensor(spec: &str) -> (&str, Option<&str>) {
    const MARK: &str = ".safetensors:";
    match spec.find(MARK) {
        Some(at) => (&spec[..at + MARK.len() - 1], Some(&spec[at + MARK.len()..])),
        None => (spec, None),
    }
}

fn bytes(path: &str) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|error| super::files::unreadable(Path::new(path), &error))
}

/// A file that was read but cannot be used.
fn unusable(path: &str, what: impl std::fmt::Display) -> Diagnostic {
    Diagnostic::new(Code::E0803, format!("'{path}' cannot be used: {what}"))
}

/// The shape of an array, which must be one that a value can have.
fn shape(path: &str, sizes: &[usize]) -> Result<Shape, Diagnostic> {
    let written = || sizes.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if sizes.contains(&0) {
        let what = format!("it holds an empty array of shape {}", written());
        return Err(unusable(path, what).help("a batch needs at least one sample and one dimension"));
    }
    let dim = |n: usize| {
        let n = i64::try_from(n).map_err(|_| unusable(path, "its shape is larger than any memory"))?;
        Ok(Dim::constant(n))
    };
    match *sizes {
        [] => Ok(Shape::Scalar),
        [n] => Ok(Shape::Vector(dim(n)?)),
        [m, n] => Ok(Shape::Matrix(dim(m)?, dim(n)?)),
        _ => {
            let what = format!("it holds an array of rank {} ({})", sizes.len(), written());
            Err(unusable(path, what).help("values are scalars, vectors and matrices: reshape it to rank 2 or less"))
        }
    }
}

/// Entries that were read row by row, column by column.
fn by_columns(entries: Entries, sizes: &[usize]) -> Entries {
    fn turned<T: Copy>(v: &[T], m: usize, n: usize) -> Vec<T> {
        (0..n).flat_map(|j| (0..m).map(move |i| v[i * n + j])).collect()
    }
    match (sizes, entries) {
        ([m, n], Entries::Real(v)) => Entries::Real(turned(&v, *m, *n)),
        ([m, n], Entries::Complex(v)) => Entries::Complex(turned(&v, *m, *n)),
        (_, entries) => entries,
    }
}

/// Refuses `nan` and `inf`, naming the first in the order of rows.
fn finite(path: &str, data: &Data) -> Result<(), Diagnostic> {
    let bad: Vec<(usize, f64)> = match &data.entries {
        Entries::Real(v) => v.iter().copied().enumerate().filter(|(_, x)| !x.is_finite()).collect(),
        Entries::Complex(v) => {
            let worse = |z: &num_complex::Complex<f64>| if z.re.is_finite() { z.im } else { z.re };
            v.iter().map(worse).enumerate().filter(|(_, x)| !x.is_finite()).collect()
        }
    };
    let rows = data.shape.rows().as_constant().and_then(|m| usize::try_from(m).ok()).unwrap_or(1);
    let Some((row, column, value)) =
        bad.iter().map(|(at, x)| (at % rows, at / rows, x)).min_by_key(|(i, j, _)| (*i, *j))
    else {
        return Ok(());
    };
    let place = match data.shape {
        Shape::Scalar => "as its only number".to_owned(),
        Shape::Vector(_) => format!("in row {}", row + 1),
        Shape::Matrix(..) => format!("in row {}, column {}", row + 1, column + 1),
    };
    let value = crate::report::digits17(*value);
    let mut diagnostic = Diagnostic::new(Code::E0806, format!("'{path}' holds {value} {place}"));
    if bad.len() > 1 {
        diagnostic = diagnostic.note(format!("{} of its numbers are nan or infinite; this is the first", bad.len()));
    }
    Err(diagnostic.help("find out where they come from, or leave those samples out before saving the file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tensor_is_named_after_a_colon() {
        assert_eq!(split_tensor("a/b.safetensors:w.0:x"), ("a/b.safetensors", Some("w.0:x")));
        assert_eq!(split_tensor("a.safetensors"), ("a.safetensors", None));
        assert_eq!(split_tensor("C:/a.npy"), ("C:/a.npy", None));
    }

    #[test]
    fn numbers_that_are_none_are_named_by_row_and_column() {
        let entries = by_columns(Entries::Real(vec![1.0, 2.0, 3.0, 4.0, f64::NAN, f64::INFINITY]), &[2, 3]);
        let data = Data::matrix(2, 3, entries);
        let error = finite("x.npy", &data).unwrap_err();
        assert_eq!(error.code, Code::E0806);
        assert_eq!(error.message, "'x.npy' holds nan in row 2, column 2");
    }
}
