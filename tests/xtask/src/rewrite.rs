//! The benchmark of original against rewritten expressions: benches/rewrite.csv, and the table benches/REWRITE.md.

use crate::bench::machine;
use crate::step::{Failure, Step, root};

const CSV: &str = "benches/rewrite.csv";
const TABLE: &str = "benches/REWRITE.md";

/// The most that a rewritten expression may be slower.
const SLOWER: f64 = 0.95;

/// Which expressions must be how many times as fast, at which shape, in value and gradient.
const BARS: [(&str, &str, f64); 4] = [
    ("TCR", "2048,128", 20.0),
    ("H_2 of the Gram matrix", "128,1024", 10.0),
    ("I_2 of Gram matrices", "128,1024", 10.0),
    ("H_2 of the Gram matrix", "768,1024", 10.0),
];

const HEAD: &str = "\
# Original against rewritten

Written by `cargo xtask rewrite`. Each expression is measured as it is written in the library and as the rewriter has it, at
the same inputs, on one thread, in turn: the ratios are medians of those of neighbouring runs, above 1 where the rewritten
form is faster. 'With gradient' is the value and its gradient by all matrices. Both forms agree to 1e-9 wherever they are
measured; an expression without a row was not measured, or could not be.

| expression | d × B | value | | faster | with gradient | | faster |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| | | original | rewritten | | original | rewritten | |
";

/// Measures, writes both files, and tells what misses its bar.
pub fn run(options: &[String]) -> Result<(), Failure> {
    let mut arguments = vec!["bench", "--quiet", "--bench", "rewrite", "--locked", "--"];
    arguments.extend(options.iter().map(String::as_str));
    let output = Step::cargo(arguments).output()?;
    let rows: Vec<Vec<&str>> = output.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut text = HEAD.to_owned();
    text += &rows.iter().map(|row| line(row)).collect::<String>();
    print!("{text}");
    let missed: Vec<String> = rows.iter().flat_map(|row| misses(row)).collect();
    missed.iter().for_each(|miss| println!("{miss}"));
    if !options.is_empty() {
        return Ok(());
    }
    let written = |path: &str, text: String| {
        std::fs::write(root()?.join(path), text).map_err(|error| Failure::new(format!("{path}: {error}")))
    };
    written(CSV, format!("# {}; written by cargo xtask rewrite\n{output}", machine()))?;
    written(TABLE, text)?;
    println!("written to {CSV} and {TABLE}");
    Ok(())
}

/// A cell of a row as a number; NaN where it is none.
fn number(row: &[&str], at: usize) -> f64 {
    row.get(at).and_then(|cell| cell.parse().ok()).unwrap_or(f64::NAN)
}

fn line(row: &[&str]) -> String {
    let cell = |at: usize| row.get(at).copied().unwrap_or("");
    let time = |at: usize| milliseconds(number(row, at));
    format!(
        "| {} | {} × {} | {} | {} | {:.2} | {} | {} | {:.2} |\n",
        cell(0),
        cell(1),
        cell(2),
        time(3),
        time(4),
        number(row, 5),
        time(6),
        time(7),
        number(row, 8)
    )
}

fn milliseconds(seconds: f64) -> String {
    let ms = seconds * 1e3;
    if ms < 1.0 { format!("{ms:.3} ms") } else { format!("{ms:.1} ms") }
}

/// What a row does not reach.
fn misses(row: &[&str]) -> Vec<String> {
    let shape = format!("{},{}", row.get(1).unwrap_or(&""), row.get(2).unwrap_or(&""));
    let bar = BARS.iter().find(|(name, at, _)| row.first() == Some(name) && *at == shape).map(|(.., bar)| *bar);
    let one = |what: &str, ratio: f64| {
        let bar = bar.unwrap_or(SLOWER);
        (ratio < bar).then(|| format!("{} at {shape}: {what} {ratio:.2}, below {bar}", row.first().unwrap_or(&"")))
    };
    // Without a gradient its time is 0.
    let gradient = if number(row, 6) > 0.0 { one("with gradient", number(row, 8)) } else { None };
    one("value", number(row, 5)).into_iter().chain(gradient).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_misses_its_bar_is_told() {
        let fine = "TCR,2048,128,2e-1,5e-3,40,1,1e-2,100,0,0,0,0,";
        let slow = "TCR,2048,128,2e-1,5e-2,4,1,1e-2,100,0,0,0,0,";
        let slower = "InfoNCE,128,1024,1e-2,1.1e-2,0.9,0,0,0,0,0,0,0,";
        let split = |line: &'static str| line.split(',').collect::<Vec<_>>();
        assert!(misses(&split(fine)).is_empty());
        assert_eq!(misses(&split(slow)), ["TCR at 2048,128: value 4.00, below 20"]);
        assert_eq!(misses(&split(slower)), ["InfoNCE at 128,1024: value 0.90, below 0.95"]);
        assert!(line(&split(fine)).starts_with("| TCR | 2048 × 128 | 200.0 ms | 5.0 ms | 40.00 |"));
    }
}
