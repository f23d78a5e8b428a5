//! The benchmarks of rewriting: original against rewritten expressions, benches/rewrite.csv and the table benches/REWRITE.md,
//! and how long the search takes, benches/SEARCH.md.

use crate::bench::machine;
use crate::step::{Failure, Step, root};

const CSV: &str = "benches/rewrite.csv";
const TABLE: &str = "benches/REWRITE.md";

/// The most that a rewritten expression may be slower.
const SLOWER: f64 = 0.95;

/// Which expressions must be how many times as fast, at which shape, in value and gradient.
const BARS: [(&str, &str, f64); 9] = [
    ("TCR", "2048,128", 20.0),
    ("H_2 of the Gram matrix", "128,1024", 10.0),
    ("I_2 of Gram matrices", "128,1024", 10.0),
    ("H_2 of the Gram matrix", "768,1024", 10.0),
    ("I_2 of Gram matrices", "768,1024", 10.0),
    ("H_2 by the spectrum", "128,1024", 10.0),
    ("H_2 by the spectrum", "768,1024", 10.0),
    ("I_2 by the spectra", "128,1024", 10.0),
    ("I_2 by the spectra", "768,1024", 10.0),
];

const HEAD: &str = "\
# Original against rewritten

Written by `cargo xtask rewrite`. Each expression is measured as it is written in the library and as the rewriter has it, at
the same inputs, on all threads of the machine, in turn: the ratios are medians of those of neighbouring runs, above 1 where
the rewritten form is faster. Rows 'by the spectrum' are the same quantity as it is often programmed, from eigenvalues. 'With
gradient' is the value and its gradient by all matrices. Both forms agree to 1e-9 wherever they are measured; an expression
without a row was not measured, or could not be.

| expression | d × B | value | | faster | with gradient | | faster |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |
| | | original | rewritten | | original | rewritten | |
";

/// How long a definition of the library may be searched, and all of them, in seconds.
const SEARCH: (f64, f64) = (0.1, 10.0);

const SEARCH_TABLE: &str = "benches/SEARCH.md";

const SEARCH_HEAD: &str = "\
# How long the search takes

Written by `cargo xtask rewrite --search`: what rewriting takes on each definition of the library whose value is a number, from
the graph at known sizes to the form that is checked to be equal: the median of five runs, and the slowest. Of a search that
a limit ended there may be cheaper forms. 'Modelled' is the cost of what was found to that of what was written.

| definition | sizes | search | slowest | terms | ended by | modelled |
| --- | --- | ---: | ---: | ---: | --- | ---: |
";

/// Measures the search on every definition, writes the table, and tells what takes too long.
fn search() -> Result<(), Failure> {
    let output = Step::cargo(["bench", "--quiet", "--bench", "rewrite", "--locked", "--", "--search"]).output()?;
    let rows: Vec<Vec<&str>> = output.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let seconds = |row: &[&str]| number(row, 2);
    let total: f64 = rows.iter().map(|row| seconds(row)).sum();
    let mut text = SEARCH_HEAD.to_owned();
    text += &rows.iter().map(|row| search_line(row)).collect::<String>();
    text += &format!("\n{} definitions, {total:.2} s in all, on {}.\n", rows.len(), machine());
    print!("{text}");
    for row in rows.iter().filter(|row| seconds(row) > SEARCH.0) {
        println!("{}: {}, above {}", row[0], milliseconds(seconds(row)), milliseconds(SEARCH.0));
    }
    if total > SEARCH.1 {
        println!("all together: {total:.1} s, above {} s", SEARCH.1);
    }
    std::fs::write(root()?.join(SEARCH_TABLE), text)
        .map_err(|error| Failure::new(format!("{SEARCH_TABLE}: {error}")))?;
    println!("written to {SEARCH_TABLE}");
    Ok(())
}

fn search_line(row: &[&str]) -> String {
    let cell = |at: usize| row.get(at).copied().unwrap_or("");
    let ratio = match cell(8) {
        "unproved" => "unproved".to_owned(),
        _ => format!("{:.2}", number(row, 7) / number(row, 6)),
    };
    let (time, slowest) = (milliseconds(number(row, 2)), milliseconds(number(row, 3)));
    let ended = cell(5).to_lowercase();
    format!("| `{}` | {} | {time} | {slowest} | {} | {ended} | {ratio} |\n", cell(0), cell(1), cell(4))
}

/// Measures, writes both files, and tells what misses its bar.
pub fn run(options: &[String]) -> Result<(), Failure> {
    if options == ["--search"] {
        return search();
    }
    let mut arguments = vec!["bench", "--quiet", "--bench", "rewrite", "--locked", "--"];
    arguments.extend(options.iter().map(String::as_str));
    let output = Step::cargo(arguments).output()?;
    let rows: Vec<Vec<&str>> = output.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut text = HEAD.to_owned();
    text += &rows.iter().map(|row| line(row)).collect::<String>();
    text += &format!("\nMeasured on {}.\n", machine());
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
    fn a_row_of_the_search_is_a_line_of_its_table() {
        let row = |text: &'static str| search_line(&text.split(',').collect::<Vec<_>>());
        let found = "mec,d=768 B=1024,0.0523,0.0601,709,Terms,1.6e-1,8.0e-2,Z";
        assert_eq!(row(found), "| `mec` | d=768 B=1024 | 52.3 ms | 60.1 ms | 709 | terms | 0.50 |\n");
        let refused = "mec,d=768 B=1024,0.5,0.5,9,Saturated,1.6e-1,1.6e-1,unproved";
        assert!(row(refused).ends_with("| saturated | unproved |\n"));
    }

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
