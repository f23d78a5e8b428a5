//! Reading witness files: everything that is wrong with one is told with its place in the file.

use std::collections::BTreeSet;

use num_bigint::BigInt;
use num_complex::Complex;
use num_rational::BigRational;
use num_traits::Zero;
use serde_json::{Map, Value as Json};

use super::file::SCHEMA;
use super::point::{Given, Loose, Point, Spot, size};
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::certify::Entries;
use crate::check::{Theorem, VariableKind};
use crate::ir::{Field, Range, Shape, Sizes, Type};

/// Numbers with more digits than this are refused: arithmetic with them would never end.
const MAX_DIGITS: usize = 20_000;

/// A message shows so many characters of what is wrong.
const SHOWN: usize = 60;

/// A witness file as it was read; that it fits its theorem is still to be seen.
#[derive(Clone, PartialEq, Debug)]
pub struct WitnessFile {
    /// The name of the file.
    pub name: String,
    /// The file of the theorem.
    pub file: String,
    /// The theorem's name.
    pub theorem: String,
    /// The claim's label.
    pub claim: String,
    /// What the claim says.
    pub statement: String,
    /// The scalar that is followed to a limit.
    pub follows: Option<String>,
    sizes: Map<String, Json>,
    exact: Map<String, Json>,
    raw: Map<String, Json>,
    between: Option<Map<String, Json>>,
}

/// Reads the text of a witness file.
///
/// # Errors
/// [`Code::E0901`] when it is no JSON or has another schema.
pub fn read(name: &str, text: &str) -> Result<WitnessFile, Diagnostic> {
    let wrong = |why: String| {
        Diagnostic::new(Code::E0901, format!("'{name}' is no witness: {why}"))
            .help("`loewner verify --out FOLDER` writes witnesses")
    };
    let json: Json = serde_json::from_str(text).map_err(|error| wrong(format!("it is not JSON ({error})")))?;
    let Json::Object(mut object) = json else { return Err(wrong("it is not a JSON object".to_owned())) };
    match object.get("schema") {
        Some(schema) if schema.as_u64() == Some(SCHEMA) => {}
        Some(schema) => {
            let schema = brief(schema);
            return Err(wrong(format!("its schema is {schema}, and this program reads the number {SCHEMA}")));
        }
        None => return Err(wrong("it has no field \"schema\"".to_owned())),
    }
    let mut text = |field: &str| match object.remove(field) {
        Some(Json::String(text)) => Ok(text),
        Some(_) => Err(wrong(format!("its field \"{field}\" is not a string"))),
        None => Err(wrong(format!("it has no field \"{field}\""))),
    };
    let (file, theorem, claim, statement) = (text("file")?, text("theorem")?, text("claim")?, text("statement")?);
    let follows = match object.remove("follows") {
        None | Some(Json::Null) => None,
        Some(Json::String(name)) => Some(name),
        Some(_) => return Err(wrong("its field \"follows\" is neither a string nor null".to_owned())),
    };
    let between = match object.remove("between") {
        None | Some(Json::Null) => None,
        Some(Json::Object(map)) => Some(map),
        Some(_) => return Err(wrong("its field \"between\" is neither an object nor null".to_owned())),
    };
    if follows.is_some() && between.is_some() {
        let why = "it has both \"follows\" and \"between\", and what is followed to a limit starts at exact numbers";
        return Err(wrong(why.to_owned()));
    }
    let mut map = |field: &str| match object.remove(field) {
        Some(Json::Object(map)) => Ok(map),
        Some(_) => Err(wrong(format!("its field \"{field}\" is not an object"))),
        None => Err(wrong(format!("it has no field \"{field}\""))),
    };
    let (sizes, exact, raw) = (map("sizes")?, map("exact")?, map("raw")?);
    Ok(WitnessFile { name: name.to_owned(), file, theorem, claim, statement, follows, sizes, exact, raw, between })
}

impl WitnessFile {
    /// The point of a theorem that the file gives. Whether it lies in the theorem's sets is still to be seen.
    ///
    /// # Errors
    /// [`Code::E0904`] when names, sizes, shapes or numbers do not fit.
    pub fn point(&self, theorem: &Theorem) -> Result<Point, Diagnostic> {
        let names = |size: bool| {
            let of = theorem.variables.iter().filter(move |v| matches!(v.kind, VariableKind::Size(_)) == size);
            of.map(|variable| variable.name.as_str()).collect::<BTreeSet<_>>()
        };
        let (size_names, value_names) = (names(true), names(false));
        for (field, map, known) in [
            ("sizes", &self.sizes, &size_names),
            ("exact", &self.exact, &value_names),
            ("raw", &self.raw, &value_names),
        ] {
            if let Some(name) = map.keys().find(|name| !known.contains(name.as_str())) {
                let near = did_you_mean(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
                let message = format!("\"{field}\" gives `{name}`, which the theorem does not quantify so");
                return Err(self.unfit(message).maybe_help(near));
            }
        }
        let mut sizes = Sizes::new();
        for variable in &theorem.variables {
            let VariableKind::Size(var) = &variable.kind else { continue };
            let Some(json) = self.sizes.get(&variable.name) else {
                return Err(self.unfit(format!("\"sizes\" does not give `{}`", variable.name)));
            };
            let Some(n) = json.as_i64().filter(|n| (-i64::from(i32::MAX)..=i64::from(i32::MAX)).contains(n)) else {
                let (name, json) = (&variable.name, brief(json));
                return Err(self.unfit(format!("the size `{name}` is {json}, which is no whole number")));
            };
            sizes.insert(var.clone(), n);
        }
        let mut givens = Vec::with_capacity(theorem.variables.len());
        for variable in &theorem.variables {
            givens.push(match (&variable.kind, &variable.range) {
                (VariableKind::Size(_), _) => None,
                (VariableKind::Scalar { .. }, _) => {
                    let (json, _) = self.given(&variable.name, true)?;
                    Some(Given::Scalar(self.number(json, &format!("`{}`", variable.name))?))
                }
                (VariableKind::Member { .. }, Range::Domain(domain)) => {
                    Some(match self.given(&variable.name, false)? {
                        (json, true) => {
                            let place = format!("\"exact\" `{}`", variable.name);
                            Given::Exact(self.block(json, &domain.ty(), &sizes, &place)?)
                        }
                        (json, false) => {
                            let types = domain.raw();
                            let blocks = json.as_array().filter(|blocks| blocks.len() == types.len());
                            let blocks = blocks.ok_or_else(|| {
                                let (count, name) = (types.len(), &variable.name);
                                self.unfit(format!("\"raw\" `{name}` must be a list of {count} blocks of numbers"))
                            })?;
                            let read = blocks.iter().zip(&types).enumerate().map(|(i, (block, raw))| {
                                let place = format!("\"raw\" `{}`, block {}", variable.name, i + 1);
                                self.block(block, &raw.ty, &sizes, &place)
                            });
                            Given::Raw(read.collect::<Result<_, _>>()?)
                        }
                    })
                }
                (VariableKind::Member { .. }, Range::Integers(..) | Range::Interval(_) | Range::Finite(_)) => None,
            });
        }
        let mut point = Point { sizes, givens, loose: None };
        point.loose = self.between.as_ref().map(|between| self.loose(between, theorem, &point)).transpose()?;
        Ok(point)
    }

    /// The number that lies between two.
    fn loose(&self, between: &Map<String, Json>, theorem: &Theorem, point: &Point) -> Result<Loose, Diagnostic> {
        let text = |field: &str| between.get(field).and_then(Json::as_str);
        let count = |field: &str| {
            between.get(field).and_then(Json::as_u64).and_then(|n| usize::try_from(n).ok()?.checked_sub(1))
        };
        let variable =
            text("name").and_then(|name| theorem.variables.iter().position(|variable| variable.name == name));
        let imaginary = match text("part") {
            Some("re") => Some(false),
            Some("im") => Some(true),
            Some(_) | None => None,
        };
        let spot = variable.zip(imaginary).and_then(|(variable, imaginary)| {
            let (block, row, column) = (count("block")?, count("row")?, count("column")?);
            let rows = match &theorem.variables[variable].range {
                Range::Domain(domain) => size(&domain.raw().get(block)?.ty.shape.rows(), &point.sizes)?,
                Range::Integers(..) | Range::Interval(_) | Range::Finite(_) => 1,
            };
            let spot = Spot { variable, block, entry: column.checked_mul(rows)?.checked_add(row)?, imaginary };
            point.number(spot).filter(|_| row < rows).map(|_| spot)
        });
        let Some(spot) = spot else {
            return Err(self.unfit("\"between\" names no number of the input".to_owned()).help(
                "give the `name` of a scalar or of what stands in \"raw\", with `block`, `row` and `column` from 1, and the \
                 `part` \"re\" or \"im\"",
            ));
        };
        let upper = self.number(between.get("upper").unwrap_or(&Json::Null), "\"upper\" of \"between\"")?;
        if point.number(spot).is_none_or(|lower| upper <= *lower) {
            return Err(self.unfit("\"upper\" of \"between\" is not above what stands in its place".to_owned()));
        }
        Ok(Loose { spot, upper })
    }

    fn unfit(&self, why: String) -> Diagnostic {
        Diagnostic::new(Code::E0904, format!("'{}' does not fit the theorem: {why}", self.name))
            .note(format!("the theorem is \"{}\" of {}", self.theorem, self.file))
    }

    /// What the file gives for a name, and whether that is its own entries.
    fn given(&self, name: &str, scalar: bool) -> Result<(&Json, bool), Diagnostic> {
        match (self.exact.get(name), self.raw.get(name)) {
            (Some(_), Some(_)) => Err(self.unfit(format!("`{name}` is given twice, in \"exact\" and in \"raw\""))),
            (Some(json), None) => Ok((json, true)),
            (None, Some(_)) if scalar => Err(self.unfit(format!("the scalar `{name}` belongs in \"exact\""))),
            (None, Some(json)) => Ok((json, false)),
            (None, None) => Err(self.unfit(format!("nothing is given for `{name}`"))),
        }
    }

    /// The entries of a block of a type, column by column.
    fn block(&self, json: &Json, ty: &Type, sizes: &Sizes, place: &str) -> Result<Entries, Diagnostic> {
        let of = |dim: crate::ir::Dim| size(&dim, sizes).unwrap_or(0);
        let (rows, cols) = (of(ty.shape.rows()), of(ty.shape.cols()));
        let list = |json: &'_ Json, count: usize, what: &str| match json.as_array() {
            Some(list) if list.len() == count => Ok(list.clone()),
            Some(list) => Err(self.unfit(format!("{place} has {} {what}, and the sizes make it {count}", list.len()))),
            None => Err(self.unfit(format!("{place} must be a list of {count} {what}"))),
        };
        let vector = matches!(ty.shape, Shape::Vector(_));
        let lines: Vec<Vec<Json>> = if vector {
            list(json, rows, "entries")?.into_iter().map(|entry| vec![entry]).collect()
        } else {
            let lines = list(json, rows, "rows")?;
            lines.iter().map(|line| list(line, cols, "columns")).collect::<Result<_, _>>()?
        };
        let places = (0..if vector { 1 } else { cols }).flat_map(|j| (0..rows).map(move |i| (i, j)));
        let at = |i: usize, j: usize| match vector {
            true => format!("{place}, entry {}", i + 1),
            false => format!("{place}, row {}, column {}", i + 1, j + 1),
        };
        if ty.field == Field::Complex {
            let entry = |(i, j): (usize, usize)| {
                let place = at(i, j);
                match lines[i][j].as_array().map(Vec::as_slice) {
                    Some([re, im]) => Ok(Complex::new(self.number(re, &place)?, self.number(im, &place)?)),
                    Some(_) => Err(self.unfit(format!("{place} must be [re, im]"))),
                    None => Ok(Complex::new(self.number(&lines[i][j], &place)?, BigRational::zero())),
                }
            };
            return Ok(Entries::Complex(places.map(entry).collect::<Result<_, _>>()?));
        }
        let entry = |(i, j): (usize, usize)| self.number(&lines[i][j], &at(i, j));
        Ok(Entries::Real(places.map(entry).collect::<Result<_, _>>()?))
    }

    fn number(&self, json: &Json, place: &str) -> Result<BigRational, Diagnostic> {
        let parsed = match json {
            // A decimal means what it says, as it does in the language.
            Json::Number(number) => fraction(&number.to_string()),
            Json::String(text) => fraction(text),
            Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => None,
        };
        parsed.ok_or_else(|| {
            self.unfit(format!("{place} is {}, which is no number", brief(json))).help(format!(
                "write an integer, or a fraction or a decimal as text: 2, \"1/3\", \"0.25\"; {MAX_DIGITS} digits at most"
            ))
        })
    }
}

/// The start of what a file has in a place, which may be of any length.
fn brief(json: &Json) -> String {
    let text = json.to_string();
    let end = text.char_indices().nth(SHOWN).map(|(end, _)| end);
    end.map_or_else(|| text.clone(), |end| format!("{}…", &text[..end]))
}

/// `3`, `-1/3`, `0.25` or `2.5e-3`, exactly.
fn fraction(text: &str) -> Option<BigRational> {
    if text.len() > MAX_DIGITS {
        return None;
    }
    match text.split_once('/') {
        Some((p, q)) => {
            let (p, q): (BigInt, BigInt) = (p.trim().parse().ok()?, q.trim().parse().ok()?);
            (!q.is_zero()).then(|| BigRational::new(p, q))
        }
        None => decimal(text.trim()),
    }
}

fn decimal(text: &str) -> Option<BigRational> {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if !part.chars().all(|c| c.is_ascii_digit()) || !whole.ends_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: BigInt = format!("{whole}{part}").parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    let shift = exponent.checked_sub(i32::try_from(part.len()).ok()?)?;
    // An exponent is a few letters, and the number that it makes may be any length.
    (shift.unsigned_abs() as usize <= MAX_DIGITS)
        .then(|| BigRational::from_integer(digits) * BigRational::from_integer(10.into()).pow(shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_exact() {
        let ratio = |p: i64, q: i64| Some(BigRational::new(p.into(), q.into()));
        assert_eq!(fraction("0.1"), ratio(1, 10));
        assert_eq!(fraction("-2/6"), ratio(-1, 3));
        assert_eq!(fraction("2.5e-3"), ratio(1, 400));
        assert_eq!(fraction("-0.5"), ratio(-1, 2));
        assert_eq!(fraction("7"), ratio(7, 1));
        for bad in ["", "x", "1/0", "1/2/3", ".5", "1.", "1e99999999", "0x10", "inf", "nan", "1.-5", "--1"] {
            // A point without digits after it is harmless, but no number of JSON or of the language.
            assert!(fraction(bad).is_none() || bad == "1.", "{bad}");
        }
    }
}
