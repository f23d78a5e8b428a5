//! The value of an expression, for a person: scalars with all their digits, matrices in aligned rows.

use num_traits::ToPrimitive;

use super::number::digits17;
use crate::verify::Value;

/// What an expression came out as.
#[derive(Clone, PartialEq, Debug)]
pub enum Answer {
    /// The truth of a condition.
    Truth(bool),
    /// A number, a vector or a matrix.
    Value(Value),
}

/// The answer with 17 significant digits: a vector is a column, a matrix has a line for each row, columns aligned.
pub fn answer_text(answer: &Answer) -> String {
    match answer {
        Answer::Truth(truth) => truth.to_string(),
        Answer::Value(value) => aligned(&cells(value, digits17)).join("\n"),
    }
}

/// The entries as text, row by row: a scalar is one row of one entry, a vector a column.
pub(super) fn cells(value: &Value, number: impl Fn(f64) -> String) -> Vec<Vec<String>> {
    let complex = |(re, im): (f64, f64)| complex(re, im, &number);
    match value {
        Value::Number(x) => vec![vec![number(*x)]],
        Value::Exact(x) => vec![vec![number(x.to_f64().unwrap_or(f64::NAN))]],
        Value::Vector(v) => v.iter().map(|x| vec![number(*x)]).collect(),
        Value::Matrix(rows) => rows.iter().map(|row| row.iter().map(|x| number(*x)).collect()).collect(),
        Value::Complex(z) => vec![vec![complex(*z)]],
        Value::ComplexVector(v) => v.iter().map(|z| vec![complex(*z)]).collect(),
        Value::ComplexMatrix(rows) => rows.iter().map(|row| row.iter().map(|z| complex(*z)).collect()).collect(),
    }
}

/// `1/2 + 3/4i` without spaces, so that the entries of a row can be told apart: `0.5+0.75i`.
fn complex(re: f64, im: f64, number: &impl Fn(f64) -> String) -> String {
    // A fraction or an infinity before the imaginary unit needs brackets to be read rightly: (1/2)i.
    let imaginary = |text: String| match text.chars().all(|c| c.is_ascii_digit() || ".e-".contains(c)) {
        true => format!("{text}i"),
        false => format!("({text})i"),
    };
    if im == 0.0 {
        number(re)
    } else if re == 0.0 {
        match im < 0.0 {
            true => format!("-{}", imaginary(number(-im))),
            false => imaginary(number(im)),
        }
    } else {
        let sign = if im < 0.0 { '-' } else { '+' };
        format!("{}{sign}{}", number(re), imaginary(number(im.abs())))
    }
}

/// One line for each row, the entries of a column right-aligned, two spaces between columns.
pub(super) fn aligned(rows: &[Vec<String>]) -> Vec<String> {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |j: usize| rows.iter().filter_map(|row| row.get(j)).map(|cell| cell.chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    rows.iter()
        .map(|row| {
            let cells: Vec<String> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:>width$}")).collect();
            cells.join("  ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matrices_are_aligned_and_vectors_are_columns() {
        let matrix = Value::Matrix(vec![vec![1.0, -0.5], vec![10.25, 1.0]]);
        assert_eq!(answer_text(&Answer::Value(matrix)), "    1  -0.5\n10.25     1");
        assert_eq!(answer_text(&Answer::Value(Value::Vector(vec![1.0, 2.0]))), "1\n2");
        assert_eq!(answer_text(&Answer::Truth(true)), "true");
    }

    #[test]
    fn complex_numbers_are_written_as_in_the_language() {
        let text = |re, im| answer_text(&Answer::Value(Value::Complex((re, im))));
        assert_eq!(text(1.0, 2.0), "1+2i");
        assert_eq!(text(1.0, -0.5), "1-0.5i");
        assert_eq!(text(0.0, -1.0), "-1i");
        assert_eq!(text(3.0, 0.0), "3");
    }
}
