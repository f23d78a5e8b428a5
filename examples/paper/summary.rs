//! The tables as one reads them: for each series the mean over its seeds, and the deviation.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;

use loewner::base::replace;
use statrs::statistics::Statistics;

use super::results::{Results, Row};

const HEAD: &str = "\
# Results

Written by the example, from the tables in this folder: means over the seeds ± one deviation (that of a sample, with n - 1).
Accuracies are those of the test images.
";

/// Writes the summary of what has been recorded.
pub fn write(results: &Results, experiments: &[&str], path: &Path) -> Result<(), Box<dyn Error>> {
    let mut text = HEAD.to_owned();
    for experiment in experiments {
        let rows = results.rows(experiment)?;
        if !rows.is_empty() {
            table(&mut text, experiment, &rows)?;
        }
    }
    Ok(replace(path, text.as_bytes())?)
}

fn table(text: &mut String, experiment: &str, rows: &[Row]) -> Result<(), std::fmt::Error> {
    let mut series: Vec<&str> = Vec::new();
    for row in rows {
        if !series.contains(&row.series.as_str()) {
            series.push(&row.series);
        }
    }
    let Row { images, epochs, .. } = &rows[0];
    let images = if *images == 0 { "all".to_owned() } else { images.to_string() };
    write!(text, "\n## {experiment}\n\n{images} images, seen {epochs} times.\n\n")?;
    writeln!(text, "| | seeds | linear probe, % | 20 neighbours, % | effective rank |")?;
    writeln!(text, "| --- | ---: | ---: | ---: | ---: |")?;
    for name in series {
        let of: Vec<&Row> = rows.iter().filter(|row| row.series == name).collect();
        let column = |value: fn(&Row) -> f64| spread(&of.iter().map(|row| value(row)).collect::<Vec<f64>>());
        let linear = column(|row| 100.0 * row.linear);
        let knn = column(|row| 100.0 * row.knn);
        let rank = column(|row| row.effective_rank);
        writeln!(text, "| {name} | {} | {linear} | {knn} | {rank} |", of.len())?;
    }
    Ok(())
}

/// Mean ± deviation; the number itself where there is one.
fn spread(values: &[f64]) -> String {
    match values {
        [value] => format!("{value:.2}"),
        _ => format!("{:.2} ± {:.2}", values.mean(), values.std_dev()),
    }
}

#[test]
fn a_spread_is_that_of_a_sample() {
    // By hand: mean 3, deviations -1, -1, 2, squares 1 + 1 + 4 over 2.
    assert_eq!((spread(&[2.0, 2.0, 5.0]), spread(&[1.5])), ("3.00 ± 1.73".to_owned(), "1.50".to_owned()));
}
