//! A counterexample as it would stand on a blackboard, in the spelling of the language: fractions, aligned matrices, one
//! name a line, and the two sides of what is claimed.

use num_rational::BigRational;
use num_traits::{Pow, ToPrimitive};

use super::exact;
use super::number::{blackboard, blackboard_is_exact, count, digits, short};
use super::value::cells;
use crate::verify::{ClaimReport, ExactValue, PartOf, Sides, Solution, Supremum, Value, Witness, WitnessFile};

/// Matrices beyond this many rows or columns are cut to their corner; the file holds them whole.
const MAX_SHOWN: usize = 12;

/// The most significant digits of a number that is enclosed.
const DIGITS: usize = 15;

/// The significant digits of the ends between which a number lies.
const DIGITS_OF_ENDS: i32 = 12;

/// The witness of a refuted claim, in indented lines.
pub fn witness_text(claim: &ClaimReport, witness: &Witness) -> String {
    format!("  {}, {} fails at\n{}", claim.theorem, claim_name(&claim.claim), witness_lines(witness))
}

/// The input of a witness and the sides there, in indented lines, of a command that keeps witnesses in a folder.
pub fn witness_lines(witness: &Witness) -> String {
    let keep = if witness.file.is_some() { "; the file has every digit" } else { "; --out FOLDER keeps every digit" };
    lines_with(witness, keep)
}

/// The same of a command that keeps none.
pub fn passing_witness_lines(witness: &Witness) -> String {
    lines_with(witness, "")
}

/// The input at which the largest value was found, in indented lines; its sizes are told beside the value.
pub(super) fn supremum_lines(supremum: &Supremum) -> String {
    Members::of(&supremum.values, &supremum.exact).lines(Vec::new(), "; --json has every digit")
}

/// Values by name, as they are shown.
struct Members {
    /// Scalars, which share a line.
    scalars: Vec<String>,
    /// Matrices and vectors, in lines of their own.
    blocks: String,
    /// Whether digits are missing.
    rounded: bool,
}

impl Members {
    fn of(values: &[(String, Value)], exact: &[ExactValue]) -> Members {
        let mut members = Members { scalars: Vec::new(), blocks: String::new(), rounded: false };
        for (name, value) in values {
            let written = exact.iter().find(|exact| exact.name == *name).and_then(exact::expression);
            match (written, is_scalar(value)) {
                (Some(lines), true) => members.scalars.push(format!("{name} = {}", lines.join(" "))),
                (None, true) => {
                    members.scalars.push(format!("{name} = {}", cells(value, blackboard)[0][0]));
                    members.rounded |= !is_exact(value);
                }
                (Some(lines), false) => members.blocks += &named(name, lines),
                (None, false) => {
                    members.blocks += &block(name, value);
                    members.rounded |= !is_exact(value);
                }
            }
        }
        members
    }

    /// The lines: scalars share one with the sizes, as one would say them.
    fn lines(self, sizes: Vec<String>, keep: &str) -> String {
        let first: Vec<String> = sizes.into_iter().chain(self.scalars).collect();
        let mut text = if first.is_empty() { String::new() } else { format!("    {}\n", first.join(", ")) };
        text += &self.blocks;
        // Entries with all their digits would hide the structure; that digits are missing must not be hidden either.
        if self.rounded {
            text += &format!("    (rounded{keep})\n");
        }
        text
    }
}

/// What is said of rounded numbers ends with `keep`.
fn lines_with(witness: &Witness, keep: &str) -> String {
    let sizes = witness.sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
    let mut text = Members::of(&witness.values, &witness.exact).lines(sizes, keep);
    if let Some(solution) = &witness.solution {
        text += &format!("    {}\n", solution_line(solution));
    }
    if let Some(breaks) = &witness.breaks {
        text += &format!("    {breaks}\n");
    }
    if let Some(sides) = &witness.sides {
        text += &format!("    {}\n", comparison(sides));
    }
    let certainty = if witness.certified { "certified margin" } else { "margin" };
    text += &format!("    {certainty} {}", enclosure(witness.margin));
    if !witness.ensemble.is_empty() {
        text += &format!(", found among {}", witness.ensemble);
    }
    text.push('\n');
    if let Some(file) = &witness.file {
        text += &format!("    kept in {file}\n");
    }
    text
}

/// `x lies between 1.414213561 and 1.414213563, where the sides of a hypothesis that is an equality change places`.
fn solution_line(solution: &Solution) -> String {
    let Solution { name, of, place: (block, row, column), imaginary, ends: (lower, upper) } = solution;
    let (row, column) = (row + 1, column + 1);
    let number = match (of, block) {
        (PartOf::Whole, _) => name.clone(),
        (PartOf::Vector, _) => format!("{name}[{row}]"),
        (PartOf::Matrix, _) => format!("{name}[{row}, {column}]"),
        (PartOf::Chart, 0) => format!("number ({row}, {column}) of those that make {name}"),
        (PartOf::Chart, block) => format!("number ({row}, {column}) of those in block {} that make {name}", block + 1),
    };
    let number = if *imaginary { format!("the imaginary part of {number}") } else { number };
    let (lower, upper) = (decimal(lower, BigRational::floor), decimal(upper, BigRational::ceil));
    format!(
        "{number} lies between {lower} and {upper}, where the sides of a hypothesis that is an equality change places"
    )
}

/// A number in some digits, rounded to one side.
fn decimal(x: &BigRational, round: impl Fn(&BigRational) -> BigRational) -> String {
    let size = x.to_f64().map_or(0.0, f64::abs).log10().floor();
    let place = if size.is_finite() { size as i32 + 1 - DIGITS_OF_ENDS } else { 0 };
    let unit = BigRational::from_integer(10.into()).pow(place);
    format!("{:?}", (round(&(x / &unit)) * unit).to_f64().unwrap_or(f64::NAN))
}

/// A witness that was replayed, in a heading and indented lines.
pub fn replay_text(file: &WitnessFile, witness: &Witness) -> String {
    let again = if witness.certified { "certified again" } else { "the ratio grows again" };
    let (theorem, claim) = (&file.theorem, claim_name(&file.claim));
    format!("{}: {again}\n  {theorem}, {claim} fails at\n{}", file.name, witness_lines(witness))
}

/// `0.46310705 == 0.56233514 is false`, in the digits that are certain.
fn comparison(sides: &Sides) -> String {
    let side = |(lo, hi): (f64, f64)| certain(lo, hi).unwrap_or_else(|| format!("[{}, {}]", short(lo), short(hi)));
    format!("{} {} {} is false", side(sides.left), sides.relation, side(sides.right))
}

/// The digits that the ends of an interval share when they are rounded.
fn certain(lo: f64, hi: f64) -> Option<String> {
    (3..=DIGITS).rev().map(|n| (digits(lo, n), digits(hi, n))).find(|(lo, hi)| lo == hi).map(|(lo, _)| lo)
}

/// An interval as its middle and half its width where that is the shorter way to say it.
fn enclosure((lo, hi): (f64, f64)) -> String {
    let radius = (hi - lo) / 2.0;
    match certain(lo, hi).filter(|_| radius.is_finite()) {
        Some(middle) if radius == 0.0 => format!("{middle} ± 0"),
        Some(middle) => {
            // What is shown is rounded itself, to half a unit of its last digit.
            let shown: f64 = middle.parse().unwrap_or(lo);
            format!("{middle} ± {}", upwards((hi - shown).abs().max((shown - lo).abs()).max(radius)))
        }
        None => format!("in [{}, {}]", short(lo), short(hi)),
    }
}

/// A positive number with one digit, rounded up: what is shown must be an enclosure, too.
fn upwards(x: f64) -> String {
    let text = format!("{x:.0e}");
    let shown = text.parse().unwrap_or(x);
    if shown >= x {
        return text;
    }
    // The next number of one digit is a unit of that digit away: 1e-4 is next to 9e-5.
    let unit = text.split_once('e').and_then(|(_, exponent)| format!("1e{exponent}").parse().ok()).unwrap_or(x);
    format!("{:.0e}", shown + unit)
}

/// `K = ` before lines, the others below the first.
fn named(name: &str, lines: Vec<String>) -> String {
    let indent = " ".repeat(name.chars().count() + 3);
    let head = |i: usize| if i == 0 { format!("{name} = ") } else { indent.clone() };
    lines.into_iter().enumerate().map(|(i, line)| format!("    {}{line}\n", head(i))).collect()
}

/// How a text speaks of a claim: by its label, or by its number.
pub(super) fn claim_name(claim: &str) -> String {
    if claim.chars().all(|c| c.is_ascii_digit()) { format!("claim {claim}") } else { format!("claim \"{claim}\"") }
}

fn is_scalar(value: &Value) -> bool {
    match value {
        Value::Number(_) | Value::Exact(_) | Value::Complex(_) => true,
        Value::Vector(_) | Value::ComplexVector(_) | Value::Matrix(_) | Value::ComplexMatrix(_) => false,
    }
}

/// A matrix or a vector whose exact entries are too long to be read.
fn block(name: &str, value: &Value) -> String {
    // What rounding leaves of a zero is a zero on a blackboard; the file has every digit.
    let least = largest(value) * 2f64.powi(-50);
    let mut rows = cells(value, |x| blackboard(if x.abs() <= least { 0.0 } else { x }));
    let (height, width) = (rows.len(), rows.first().map_or(0, Vec::len));
    let cut = height > MAX_SHOWN || width > MAX_SHOWN;
    if cut {
        rows.truncate(MAX_SHOWN);
        for row in &mut rows {
            row.truncate(MAX_SHOWN);
        }
    }
    let vector = matches!(value, Value::Vector(_) | Value::ComplexVector(_));
    let mut text = named(name, exact::bracketed(&rows, vector));
    if cut {
        let (height, width) = (count(height as u64), count(width as u64));
        text += &format!("    (the corner of a {height} × {width} matrix)\n");
    }
    text
}

/// Whether every entry is shown exactly.
fn is_exact(value: &Value) -> bool {
    let pair = |z: &(f64, f64)| blackboard_is_exact(z.0) && blackboard_is_exact(z.1);
    match value {
        Value::Number(x) => blackboard_is_exact(*x),
        Value::Exact(x) => blackboard_is_exact(x.to_f64().unwrap_or(f64::NAN)),
        Value::Complex(z) => pair(z),
        Value::Vector(v) => v.iter().all(|x| blackboard_is_exact(*x)),
        Value::Matrix(rows) => rows.iter().flatten().all(|x| blackboard_is_exact(*x)),
        Value::ComplexVector(v) => v.iter().all(pair),
        Value::ComplexMatrix(rows) => rows.iter().flatten().all(pair),
    }
}

/// The largest entry by its absolute value.
fn largest(value: &Value) -> f64 {
    let of = |x: f64, y: f64| x.max(y.abs());
    let of_pair = |x: f64, z: &(f64, f64)| of(of(x, z.0), z.1);
    match value {
        Value::Number(x) => x.abs(),
        Value::Exact(_) => 0.0,
        Value::Complex(z) => of_pair(0.0, z),
        Value::Vector(v) => v.iter().copied().fold(0.0, of),
        Value::Matrix(rows) => rows.iter().flatten().copied().fold(0.0, of),
        Value::ComplexVector(v) => v.iter().fold(0.0, of_pair),
        Value::ComplexMatrix(rows) => rows.iter().flatten().fold(0.0, of_pair),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_stand_in_brackets_with_fractions() {
        let value = Value::Matrix(vec![vec![1.0, 0.5], vec![0.5, 1.0]]);
        assert_eq!(block("K", &value), "    K = [  1, 1/2;\n         1/2,   1]\n");
        let rounded = Value::Matrix(vec![vec![1.0f64.next_up(), -5.2e-18]]);
        assert_eq!(block("K", &rounded), "    K = [1, 0;]\n");
        assert_eq!(block("x", &Value::Vector(vec![0.25, 3.0])), "    x = [1/4, 3]\n");
        // A cleaned entry is a rounded one.
        assert!(is_exact(&value) && !is_exact(&rounded));
    }

    #[test]
    fn enclosures_have_the_digits_that_are_certain() {
        assert_eq!(enclosure((-0.5, -0.5)), "-0.5 ± 0");
        assert_eq!(enclosure((-0.1234567890123457, -0.1234567890123456)), "-0.123456789012346 ± 5e-16");
        assert_eq!(enclosure((0.12349, 0.12341)), "0.123 ± 5e-4");
        assert_eq!([4e-16, 4.1e-16, 9.1e-5, 1.0, 5e-324].map(upwards), ["4e-16", "5e-16", "1e-4", "1e0", "5e-324"]);
        assert_eq!(enclosure((f64::NEG_INFINITY, -1.0)), "in [-inf, -1]");
        let sides = Sides { left: (0.5, 0.5), relation: "==", right: (2.0 / 3.0, 2.0 / 3.0) };
        assert_eq!(comparison(&sides), "0.5 == 0.666666666666667 is false");
    }
}
