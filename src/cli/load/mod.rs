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

/// Numbers with their arrangement, row by row.
#[derive(Clone, PartialEq, Debug)]
pub struct Data {
    /// How the numbers are arranged.
    pub shape: Arrangement,
    /// The numbers, row by row.
    pub values: Values,
    /// How exact they were in the file.
    pub precision: Precision,
}

/// How the numbers of a file are arranged.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arrangement {
    /// One number.
    Scalar,
    /// A column of this many numbers.
    Vector(usize),
    /// Rows × columns.
    Matrix(usize, usize),
}

/// The numbers of a file.
#[derive(Clone, PartialEq, Debug)]
pub enum Values {
    /// Real numbers.
    Real(Vec<f64>),
    /// Complex numbers, as (re, im).
    Complex(Vec<(f64, f64)>),
}

/// How exact the numbers of a file are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Precision {
    /// 32 bits or fewer.
    Single,
    /// 64 bits, or text.
    Double,
}

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

/// The arrangement of an array of this shape.
fn arrangement(path: &str, shape: &[usize]) -> Result<Arrangement, Diagnostic> {
    let written = || shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" × ");
    if shape.contains(&0) {
        let what = format!("it holds an empty array of shape {}", written());
        return Err(unusable(path, what).help("a batch needs at least one sample and one dimension"));
    }
    match *shape {
        [] => Ok(Arrangement::Scalar),
        [n] => Ok(Arrangement::Vector(n)),
        [m, n] => Ok(Arrangement::Matrix(m, n)),
        _ => {
            let what = format!("it holds an array of rank {} ({})", shape.len(), written());
            Err(unusable(path, what).help("values are scalars, vectors and matrices: reshape it to rank 2 or less"))
        }
    }
}

/// Refuses `nan` and `inf`, naming the first.
fn finite(path: &str, data: &Data) -> Result<(), Diagnostic> {
    let bad = |x: &f64| !x.is_finite();
    let (first, count, value) = match &data.values {
        Values::Real(v) => {
            let first = v.iter().position(bad);
            (first, v.iter().filter(|x| bad(x)).count(), first.map(|i| v[i]))
        }
        Values::Complex(v) => {
            let bad_pair = |z: &(f64, f64)| bad(&z.0) || bad(&z.1);
            let first = v.iter().position(bad_pair);
            let value = first.map(|i| if bad(&v[i].0) { v[i].0 } else { v[i].1 });
            (first, v.iter().filter(|z| bad_pair(z)).count(), value)
        }
    };
    let (Some(first), Some(value)) = (first, value) else { return Ok(()) };
    let place = match data.shape {
        Arrangement::Scalar => "as its only number".to_owned(),
        Arrangement::Vector(_) => format!("in row {}", first + 1),
        Arrangement::Matrix(_, n) => format!("in row {}, column {}", first / n + 1, first % n + 1),
    };
    let value = crate::report::digits17(value);
    let mut diagnostic = Diagnostic::new(Code::E0806, format!("'{path}' holds {value} {place}"));
    if count > 1 {
        diagnostic = diagnostic.note(format!("{count} of its numbers are nan or infinite; this is the first"));
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
        let values = Values::Real(vec![1.0, 2.0, 3.0, 4.0, f64::NAN, f64::INFINITY]);
        let data = Data { shape: Arrangement::Matrix(2, 3), values, precision: Precision::Double };
        let error = finite("x.npy", &data).unwrap_err();
        assert_eq!(error.code, Code::E0806);
        assert_eq!(error.message, "'x.npy' holds nan in row 2, column 2");
    }
}
