//! Witness files: what is written of a refutation, and read again.
//!
//! A file is one JSON object. `file`, `theorem`, `claim` and `statement` say what is refuted, `sizes`, `exact` and `raw`
//! are the input and nothing else defines it: `exact` holds scalars, and members by their own entries, `raw` the raw
//! numbers of a member's chart, a list of blocks. A number is an integer or a fraction as text (`"1/3"`); a vector is a
//! list, a matrix a list of rows, a complex number `[re, im]`. `between` is null, or names a number that is not exact: it lies
//! between what stands in its place and `upper`. `values` (the members, rounded), `margin` (an enclosure, as
//! decimals rounded outwards), `certified`, `follows` (the scalar that is followed to a limit) and `ensemble` are for the
//! reader.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use num_rational::BigRational;
use num_traits::ToPrimitive;
use serde_json::{Map, Value as Json, json};

use super::point::{Given, nearest};
use crate::base::{Code, Diagnostic, replace};
use crate::certify::Entries;
use crate::verify::verdict::{Value, Witness};

/// The version of the schema of witness files.
pub const SCHEMA: u64 = 2;

/// A value for the reader, in doubles: complex entries as `[re, im]`, matrices row by row.
fn to_json(value: &Value) -> Json {
    match value {
        Value::Number(x) => json!(x),
        Value::Exact(x) => json!(nearest(x)),
        Value::Vector(x) => json!(x),
        Value::Matrix(x) => json!(x),
        Value::Complex(x) => json!(x),
        Value::ComplexVector(x) => json!(x),
        Value::ComplexMatrix(x) => json!(x),
    }
}

/// Where witnesses are written.
pub struct Folder {
    path: PathBuf,
    used: BTreeSet<String>,
}

impl Folder {
    /// Makes the folder where it does not exist, and tries to write to it.
    ///
    /// # Errors
    /// [`Code::E0805`] when that fails.
    pub fn open(path: &Path) -> Result<Folder, Diagnostic> {
        let unwritable = |error: std::io::Error| {
            Diagnostic::new(Code::E0805, format!("the folder {} cannot be written", path.display()))
                .note(error.to_string())
                .help("name a folder that can be made and written with --out FOLDER")
        };
        std::fs::create_dir_all(path).map_err(unwritable)?;
        tempfile::NamedTempFile::new_in(path).map_err(unwritable)?;
        Ok(Folder { path: path.to_path_buf(), used: BTreeSet::new() })
    }

    /// Writes a witness to a file of its own, all of it or nothing, and returns the file's name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&mut self, about: (&str, &str, &str), witness: &Witness) -> std::io::Result<String> {
        let stem = format!("{}-{}", slug(about.1), slug(about.2));
        // Names that differ only in signs that file names leave out get numbers.
        let mut name = stem.clone();
        let mut number = 2;
        while !self.used.insert(name.clone()) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        let path = self.path.join(format!("{name}.json"));
        let mut text = serde_json::to_vec_pretty(&content(about, witness))?;
        text.push(b'\n');
        replace(&path, &text)?;
        Ok(path.display().to_string())
    }
}

/// What a witness file holds.
pub(super) fn content((file, theorem, claim): (&str, &str, &str), witness: &Witness) -> Json {
    let object = |pairs: Vec<(&String, Json)>| {
        Json::Object(pairs.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>())
    };
    let (mut raw, mut exact) = (Vec::new(), Vec::new());
    for value in &witness.exact {
        let block = |(entries, shape): (&Entries, &(usize, usize))| block(entries, *shape, value.vector);
        match &value.given {
            Given::Scalar(x) => exact.push((&value.name, number(x))),
            Given::Exact(entries) => exact.push((&value.name, block((entries, &value.shapes[0])))),
            Given::Raw(blocks) => raw.push((&value.name, blocks.iter().zip(&value.shapes).map(block).collect())),
        }
    }
    let (lo, hi) = match &witness.decimal {
        Some((lo, hi)) => (lo.clone(), hi.clone()),
        None => (format!("{:?}", witness.margin.0), format!("{:?}", witness.margin.1)),
    };
    let solution = witness.solution.as_ref().map(|solution| {
        let (block, row, column) = solution.place;
        json!({
            "name": solution.name,
            "block": block + 1,
            "row": row + 1,
            "column": column + 1,
            "part": if solution.imaginary { "im" } else { "re" },
            "upper": number(&solution.ends.1),
        })
    });
    json!({
        "schema": SCHEMA,
        "file": file,
        "theorem": theorem,
        "claim": claim,
        "statement": witness.statement,
        "sizes": object(witness.sizes.iter().map(|(name, size)| (name, json!(size))).collect()),
        "exact": object(exact),
        "raw": object(raw),
        "between": solution,
        "values": object(witness.values.iter().map(|(name, value)| (name, to_json(value))).collect()),
        "certified": witness.certified,
        "margin": [lo, hi],
        "follows": witness.followed,
        "ensemble": witness.ensemble,
    })
}

/// An exact number: an integer, or a fraction as text, `"1/3"`.
fn number(x: &BigRational) -> Json {
    // Whole numbers of any program's size stay numbers; all others are text, which no reader rounds.
    match x.is_integer().then(|| x.to_integer().to_i32()).flatten() {
        Some(integer) => json!(integer),
        None => json!(x.to_string()),
    }
}

/// Entries as a vector, or row by row; a single one by itself; complex ones as `[re, im]`.
fn block(entries: &Entries, (rows, cols): (usize, usize), vector: bool) -> Json {
    let one = |at: usize| match entries {
        Entries::Real(x) => number(&x[at]),
        Entries::Complex(x) => json!([number(&x[at].re), number(&x[at].im)]),
    };
    match vector {
        true => (0..rows).map(one).collect(),
        false => (0..rows).map(|i| (0..cols).map(|j| one(j * rows + i)).collect::<Json>()).collect(),
    }
}

/// A name as part of a file name: letters and digits, and single hyphens for all else.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_file_names() {
        assert_eq!(slug("Proposition 4.7 (3)"), "proposition-4-7-3");
        assert_eq!(slug("../α <= β"), "α-β");
    }
}
