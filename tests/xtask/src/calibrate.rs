//! The rates of the cost model, measured on this machine, and how well the model tells what is measured elsewhere.

use crate::bench::machine;
use crate::step::{Failure, Step, root};

const RATES: &str = "src/rewrite/rates.csv";
const CHECK: &str = "benches/cost.csv";

/// How far from what is measured the model may be.
const FACTOR: f64 = 2.0;

/// Measures the rates, builds with them, and compares.
pub fn run() -> Result<(), Failure> {
    let measure = |what: &str| {
        let text = Step::cargo(["bench", "--quiet", "--bench", "calibrate", "--locked", "--", what]).output()?;
        Ok::<String, Failure>(format!("# {}; written by cargo xtask calibrate\n{}\n", machine(), text.trim_end()))
    };
    write(RATES, &measure("--rates")?)?;
    // The rates are part of the program: it is built anew with them.
    let check = measure("--check")?;
    write(CHECK, &check)?;
    let (all, off) = beyond(&check);
    println!("{RATES} and {CHECK} are written; of {all} measurements {} are off by more than {FACTOR}", off.len());
    off.iter().for_each(|line| println!("  {line}"));
    Ok(())
}

/// How many measurements there are, and those that the model misses by more than the factor.
fn beyond(text: &str) -> (usize, Vec<&str>) {
    let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.starts_with("class,")).collect();
    let ratio = |line: &str| line.rsplit(',').next().and_then(|ratio| ratio.parse::<f64>().ok());
    let off = |line: &&str| ratio(line).is_none_or(|ratio| !(1.0 / FACTOR..=FACTOR).contains(&ratio));
    (lines.len(), lines.iter().copied().filter(off).collect())
}

fn write(path: &str, text: &str) -> Result<(), Failure> {
    std::fs::write(root()?.join(path), text).map_err(|error| Failure::new(format!("{path} cannot be written: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_off_is_told() {
        let text = "# machine\nclass,size,ratio\nlu,8x8,1.9\nlu,9x9,2.1\ncholesky,8x8,0.4\n";
        assert_eq!(beyond(text), (3, vec!["lu,9x9,2.1", "cholesky,8x8,0.4"]));
    }
}
