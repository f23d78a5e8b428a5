//! A counterexample as it would stand on a blackboard: small fractions, aligned matrices, one name a line.

use super::number::{blackboard, count, short};
use super::value::{aligned, cells};
use crate::verify::{ClaimReport, Value, Witness};

/// Matrices beyond this many rows or columns are cut to their corner; the file holds them whole.
const MAX_SHOWN: usize = 12;

/// The witness of a refuted claim, in indented lines.
pub fn witness_text(claim: &ClaimReport, witness: &Witness) -> String {
    let mut text = format!("  {}, {} fails at\n", claim.theorem, claim_name(&claim.claim));
    let sizes: Vec<String> = witness.sizes.iter().map(|(name, size)| format!("{name} = {size}")).collect();
    // Scalars and sizes share a line, as one would say them.
    let scalars = witness.values.iter().filter(|(_, value)| is_scalar(value));
    let scalars = scalars.map(|(name, value)| format!("{name} = {}", cells(value, blackboard)[0][0]));
    let line: Vec<String> = sizes.into_iter().chain(scalars).collect();
    if !line.is_empty() {
        text += &format!("    {}\n", line.join(", "));
    }
    for (name, value) in witness.values.iter().filter(|(_, value)| !is_scalar(value)) {
        text += &block(name, value);
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

/// An interval as its middle and half its width where that is the shorter way to say it.
fn enclosure((lo, hi): (f64, f64)) -> String {
    let radius = (hi - lo) / 2.0;
    if radius.is_finite() && short(lo) == short(hi) {
        let radius = if radius == 0.0 { "0".to_owned() } else { format!("{radius:.0e}") };
        format!("{} ± {radius}", short(lo))
    } else {
        format!("in [{}, {}]", short(lo), short(hi))
    }
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

/// `K = ⎡ 1    1/2 ⎤` and so on, a vector as a column.
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
    let lines = aligned(&rows);
    let mut text = String::new();
    for (i, line) in lines.iter().enumerate() {
        let (open, close) = match (i, lines.len()) {
            (_, 1) => ("[", "]"),
            (0, _) => ("⎡", "⎤"),
            (i, n) if i + 1 == n => ("⎣", "⎦"),
            _ => ("⎢", "⎥"),
        };
        let head = if i == 0 { format!("{name} = ") } else { " ".repeat(name.chars().count() + 3) };
        text += &format!("    {head}{open} {line} {close}\n");
    }
    if cut {
        let (height, width) = (count(height as u64), count(width as u64));
        text += &format!("    (the corner of a {height} × {width} matrix)\n");
    }
    text
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
        assert_eq!(block("K", &value), "    K = ⎡   1  1/2 ⎤\n        ⎣ 1/2    1 ⎦\n");
        let rounded = Value::Matrix(vec![vec![1.0f64.next_up(), -5.2e-18]]);
        assert_eq!(block("K", &rounded), "    K = [ 1  0 ]\n");
        assert_eq!(block("x", &Value::Vector(vec![0.25])), "    x = [ 1/4 ]\n");
    }
}
