//! The benchmark against NumPy: peers and Loewner in turn, cell by cell, so that a busy machine is busy for all.

use std::fmt::Write as _;

use crate::measure::{Measurement, median};
use crate::python;
use crate::step::{Failure, Step, root};

/// Claims of the paper, by number. The work in each sample is written out in benches/README.md.
const CLAIMS: [&str; 4] = ["4.1", "4.5", "4.11", "4.13"];

/// The sizes of the kernels, each with the ratio to the NumPy loop that the project promises.
const SIZES: [(u32, f64); 3] = [(8, 5.0), (32, 2.0), (128, 1.0)];

/// How many threads Loewner uses, and the most that NumPy's BLAS is given.
const THREADS: u32 = 2;

/// What the command line asks for.
pub struct Options {
    rounds: usize,
    seconds: f64,
    only: Option<String>,
}

impl Options {
    /// Reads the options after `bench`.
    pub fn parse(arguments: &[String]) -> Result<Self, Failure> {
        let mut options = Options { rounds: 5, seconds: 0.5, only: None };
        let mut rest = arguments.iter();
        while let Some(name) = rest.next() {
            let value = rest.next().ok_or_else(|| Failure::usage(format!("`{name}` needs a value")))?;
            let wrong = || Failure::usage(format!("`{value}` does not do for {name}"));
            match name.as_str() {
                "--rounds" => options.rounds = value.parse().ok().filter(|n| *n > 0).ok_or_else(wrong)?,
                "--seconds" => options.seconds = value.parse().ok().filter(|s| *s > 0.0).ok_or_else(wrong)?,
                "--only" => options.only = Some(CLAIMS.iter().find(|c| *c == value).ok_or_else(wrong)?.to_string()),
                _ => return Err(Failure::usage(format!("`bench` has no option `{name}`"))),
            }
        }
        Ok(options)
    }
}

/// The programs, in the order of the table's columns.
const PROGRAMS: [&str; 3] = ["numpy loop", "numpy batched", "loewner"];

/// What is measured: a program by its number, with so many threads. NumPy is measured with one BLAS thread and with all,
/// and the better counts: on small matrices, and on a busy machine, the second thread does harm.
const RUNS: [(usize, u32); 5] = [(0, 1), (0, THREADS), (1, 1), (1, THREADS), (2, THREADS)];

/// One line of the table.
struct Row {
    claim: &'static str,
    n: u32,
    goal: f64,
    /// Samples per second in each round, in the order of [`RUNS`].
    rates: [Vec<f64>; RUNS.len()],
}

impl Row {
    /// The best median of each program.
    fn medians(&self) -> [f64; PROGRAMS.len()] {
        let mut best = [0.0; PROGRAMS.len()];
        for ((program, _), rates) in RUNS.iter().zip(&self.rates) {
            best[*program] = f64::max(best[*program], median(rates));
        }
        best
    }
}

/// Runs the benchmark, prints its table and writes benches/results.csv.
pub fn run(options: &Options) -> Result<(), Failure> {
    let python = python::with("benches/peer/requirements.txt")?;
    Step::cargo(["bench", "--bench", "verify", "--no-run", "--locked"]).run()?;
    let step = |(program, threads): (usize, u32), claim: &str, n: u32| {
        let (seconds, size, threads) = (options.seconds.to_string(), n.to_string(), threads.to_string());
        let tail = ["--claim", claim, "--n", &size, "--seconds", &seconds, "--threads", &threads];
        let step = match program {
            0 => Step::new(&python, [&["benches/peer/numpy_loop.py"], &tail[..]].concat()),
            1 => Step::new(&python, [&["benches/peer/numpy_batched.py"], &tail[..]].concat()),
            _ => Step::cargo([&["bench", "--quiet", "--bench", "verify", "--locked", "--"], &tail[..]].concat()),
        };
        // One of these is read by whichever BLAS this NumPy was built with.
        ["OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]
            .into_iter()
            .fold(step, |step, name| step.env(name, &threads))
    };

    let mut rows: Vec<Row> = Vec::new();
    for claim in CLAIMS.into_iter().filter(|claim| options.only.as_deref().is_none_or(|only| only == *claim)) {
        rows.extend(SIZES.map(|(n, goal)| Row { claim, n, goal, rates: Default::default() }));
    }
    println!("\nMeasured in turn:");
    RUNS.iter().for_each(|run| println!("$ {}", step(*run, "CLAIM", 0)));
    if let Some(load) = load().filter(|load| *load > 0.5) {
        println!("The machine is busy (load {load}): do not take the numbers for its own.");
    }
    for round in 0..options.rounds {
        println!("  round {} of {}", round + 1, options.rounds);
        for row in &mut rows {
            for turn in 0..RUNS.len() {
                // Who goes first changes from round to round.
                let index = (turn + round) % RUNS.len();
                let output = step(RUNS[index], row.claim, row.n).output()?;
                row.rates[index].push(Measurement::parse(&output, row.claim, row.n)?.rate());
            }
        }
    }
    println!("\n{}", table(&rows));
    if options.only.is_some() {
        return Ok(());
    }
    let versions =
        Step::new(&python, ["-c", "import sys, numpy; print(numpy.__version__, sys.version.split()[0])"]).output()?;
    let path = root()?.join("benches/results.csv");
    std::fs::write(&path, csv(&rows, &machine(), versions.trim()))
        .map_err(|error| Failure::new(format!("{} could not be written: {error}", path.display())))?;
    println!("written to benches/results.csv");
    Ok(())
}

fn table(rows: &[Row]) -> String {
    let mut text = format!(
        "claims x samples per second, medians\n{:>6} {:>4} {:>12} {:>14} {:>12} {:>8} {:>11} {:>6}\n",
        "claim", "n", PROGRAMS[0], PROGRAMS[1], PROGRAMS[2], "to loop", "to batched", "goal"
    );
    for row in rows {
        let [slow, batched, ours] = row.medians();
        let (to_loop, to_batched) = (ours / slow, ours / batched);
        let remark = if to_loop < row.goal { "  below the goal" } else { "" };
        // Writing to a string cannot fail.
        let _ = writeln!(
            text,
            "{:>6} {:>4} {slow:>12.0} {batched:>14.0} {ours:>12.0} {to_loop:>8.2} {to_batched:>11.2} {:>6}{remark}",
            row.claim, row.n, row.goal
        );
    }
    text
}

fn csv(rows: &[Row], machine: &str, versions: &str) -> String {
    let (numpy, python) = versions.split_once(' ').unwrap_or((versions, ""));
    let mut text = format!("# {machine}; NumPy {numpy} on Python {python}; written by cargo xtask bench\n");
    text.push_str("claim,n,program,threads,rounds,median_per_second,least_per_second,most_per_second\n");
    for row in rows {
        for ((program, threads), rates) in RUNS.iter().zip(&row.rates) {
            let least = rates.iter().copied().fold(f64::INFINITY, f64::min);
            let most = rates.iter().copied().fold(0.0, f64::max);
            let (claim, n, program, rounds, middle) =
                (row.claim, row.n, PROGRAMS[*program], rates.len(), median(rates));
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{claim},{n},{program},{threads},{rounds},{middle:.0},{least:.0},{most:.0}");
        }
    }
    text
}

/// How many processes have been running in the last minute, where the system says so.
fn load() -> Option<f64> {
    std::fs::read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// What the numbers were measured on.
pub fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = std::fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
        let line = text.lines().find(|line| line.starts_with("model name"))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    });
    format!("{}, {cores} cores, {}", model.as_deref().unwrap_or(std::env::consts::ARCH), std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Options, Failure> {
        Options::parse(&words.split_whitespace().map(String::from).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_read_and_nonsense_is_refused() {
        let options = parse("--rounds 3 --seconds 0.25 --only 4.11").unwrap();
        assert_eq!((options.rounds, options.seconds, options.only.as_deref()), (3, 0.25, Some("4.11")));
        for wrong in ["--rounds 0", "--rounds", "--seconds -1", "--seconds x", "--only 4.12", "--fast yes"] {
            assert!(parse(wrong).is_err_and(|failure| failure.is_usage()), "{wrong}");
        }
    }

    #[test]
    fn the_table_names_what_is_below_its_goal() {
        // The better of the two medians of a NumPy program counts: 100 here.
        let peers = [vec![100.0], vec![30.0], vec![400.0], vec![400.0]];
        let row = |ours: f64| {
            let [a, b, c, d] = peers.clone();
            Row { claim: "4.1", n: 8, goal: 5.0, rates: [a, b, c, d, vec![ours]] }
        };
        assert!(table(&[row(499.0)]).contains("below the goal"));
        assert!(!table(&[row(500.0)]).contains("below the goal"));
        let text = csv(&[row(500.0)], "a machine", "2.0.0 3.12.1");
        assert!(text.starts_with("# a machine; NumPy 2.0.0 on Python 3.12.1"), "{text}");
        assert!(text.ends_with("4.1,8,loewner,2,1,500,500,500\n"), "{text}");
    }
}
