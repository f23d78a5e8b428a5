//! Exact values as the language writes them, so that what a report shows can be pasted into an expression.

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

use crate::ir::Set;
use crate::verify::{Entries, ExactValue, Given};

/// Fractions with more digits than this hide what they are: they are shown rounded.
const MAX_DIGITS: usize = 24;

/// A real number, `3` or `-1/2`; `None` where it is too long to be read.
pub(super) fn number(x: &BigRational) -> Option<String> {
    let text = x.to_string();
    (text.len() <= MAX_DIGITS).then_some(text)
}

/// A complex number, `1/2+3/4*1i`.
fn complex(z: &Complex<BigRational>) -> Option<String> {
    if z.im.is_zero() {
        return number(&z.re);
    }
    let size = z.im.abs();
    let imaginary = if size.is_integer() { format!("{}i", number(&size)?) } else { format!("{}*1i", number(&size)?) };
    let imaginary = if size.is_one() { "1i".to_owned() } else { imaginary };
    Some(match (z.re.is_zero(), z.im.is_negative()) {
        (true, false) => imaginary,
        (true, true) => format!("-{imaginary}"),
        (false, false) => format!("{}+{imaginary}", number(&z.re)?),
        (false, true) => format!("{}-{imaginary}", number(&z.re)?),
    })
}

/// The entries as text, row by row; `None` where one is too long.
fn cells(entries: &Entries, (rows, cols): (usize, usize)) -> Option<Vec<Vec<String>>> {
    let one = |at: usize| match entries {
        Entries::Real(x) => number(x.get(at)?),
        Entries::Complex(x) => complex(x.get(at)?),
    };
    (0..rows).map(|i| (0..cols).map(|j| one(j * rows + i)).collect()).collect()
}

/// Rows of entries as a matrix of the language, a line for each row and columns aligned; a vector on one line.
pub(super) fn bracketed(rows: &[Vec<String>], vector: bool) -> Vec<String> {
    if vector {
        let entries: Vec<&str> = rows.iter().flatten().map(String::as_str).collect();
        return vec![format!("[{}]", entries.join(", "))];
    }
    let width = |j: usize| rows.iter().filter_map(|row| row.get(j)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let line = |row: &Vec<String>| {
        let cells: Vec<String> =
            row.iter().enumerate().map(|(j, cell)| format!("{cell:>width$}", width = width(j))).collect();
        cells.join(", ")
    };
    let last = rows.len().saturating_sub(1);
    let end = |i: usize| match (i == last, last) {
        // A single row without a semicolon would be a vector.
        (true, 0) => ";]",
        (true, _) => "]",
        (false, _) => ";",
    };
    rows.iter()
        .enumerate()
        .map(|(i, row)| format!("{}{}{}", if i == 0 { "[" } else { " " }, line(row), end(i)))
        .collect()
}

/// What a name stands for as an expression of the language, in lines that may be joined by spaces; `None` where its
/// numbers are too long to be read.
pub(super) fn expression(value: &ExactValue) -> Option<Vec<String>> {
    if value.put {
        return None;
    }
    match &value.given {
        Given::Scalar(x) => Some(vec![number(x)?]),
        Given::Exact(entries) => Some(bracketed(&cells(entries, *value.shapes.first()?)?, value.vector)),
        Given::Raw(blocks) => {
            let (entries, shape) = (blocks.first()?, *value.shapes.first()?);
            let rows = cells(entries, shape)?;
            let Some(chart) = chart(value.set?, blocks.get(1))? else {
                // A number or a matrix that is its own chart.
                let scalar = matches!(value.set?, Set::Real | Set::Complex);
                return Some(if scalar { vec![rows[0][0].clone()] } else { bracketed(&rows, value.vector) });
            };
            let mut lines = bracketed(&rows, value.vector);
            lines[0] = format!("let W = {}", lines[0]);
            for line in lines.iter_mut().skip(1) {
                line.insert_str(0, "        ");
            }
            lines.push(format!("in {chart}"));
            Some(lines)
        }
    }
}

/// The chart of a set, on a factor W: `Some(None)` where it is the identity, `None` where its other numbers are too long.
fn chart(set: Set, other: Option<&Entries>) -> Option<Option<String>> {
    let text = match set {
        Set::Real | Set::Complex | Set::Vec | Set::Mat => return Some(None),
        Set::Sym => "(W + W')/2".to_owned(),
        Set::Psd => "gram(W)".to_owned(),
        Set::Pd => {
            let Entries::Real(shift) = other? else { return None };
            format!("gram(W) + exp({})*eye(cols(W))", number(shift.first()?)?)
        }
        Set::Corr => "gram(normalize_cols(W))".to_owned(),
        Set::Density => "gram(W)/trace(gram(W))".to_owned(),
        Set::UnitCols => "normalize_cols(W)".to_owned(),
        Set::UnitRows => "normalize_rows(W)".to_owned(),
        Set::Stiefel | Set::Orthogonal | Set::Unitary => "W*(W'*W)^(-1/2)".to_owned(),
        Set::Simplex => "W.^2/sum(W.^2)".to_owned(),
        // Zeros and ones are always exact; what is left of a mask's chart is the sign of its numbers.
        Set::Mask => "max(sign(W), 0*W)".to_owned(),
    };
    Some(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(p: i64, q: i64) -> BigRational {
        BigRational::new(p.into(), q.into())
    }

    fn value(given: Given, set: Set, shape: (usize, usize), vector: bool) -> ExactValue {
        ExactValue { name: "K".into(), given, set: Some(set), shapes: vec![shape], vector, put: false }
    }

    #[test]
    fn exact_values_are_written_in_the_language() {
        let kernel = Entries::Real(vec![ratio(1, 1), ratio(-1, 2), ratio(-1, 2), ratio(1, 1)]);
        let text = |given, set, shape, vector| expression(&value(given, set, shape, vector)).unwrap();
        assert_eq!(text(Given::Exact(kernel.clone()), Set::Corr, (2, 2), false), ["[   1, -1/2;", " -1/2,    1]"]);
        let shares = Entries::Real(vec![ratio(1, 3), ratio(2, 3)]);
        assert_eq!(text(Given::Exact(shares.clone()), Set::Simplex, (2, 1), true), ["[1/3, 2/3]"]);
        assert_eq!(text(Given::Exact(shares), Set::UnitRows, (1, 2), false), ["[1/3, 2/3;]"]);
        assert_eq!(
            text(Given::Raw(vec![kernel]), Set::Corr, (2, 2), false),
            ["let W = [   1, -1/2;", "         -1/2,    1]", "in gram(normalize_cols(W))"]
        );
        let z = |re, im| complex(&Complex::new(re, im)).unwrap();
        assert_eq!(z(ratio(1, 2), ratio(-3, 4)), "1/2-3/4*1i");
        assert_eq!(z(ratio(0, 1), ratio(1, 1)), "1i");
        assert_eq!(z(ratio(0, 1), ratio(-2, 1)), "-2i");
        let long = BigRational::from_float(std::f64::consts::PI).unwrap();
        assert_eq!(expression(&value(Given::Scalar(long), Set::Real, (1, 1), false)), None);
    }
}
