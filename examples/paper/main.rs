//! The experiments of 'Information Flow in Self-Supervised Learning' in small: Tables 1 and 2, Figures 1 to 5, with Fashion-MNIST.
//!
//! `cargo run --release --features torch --example paper` trains what is not trained yet, one run after the other, and writes a row
//! into `examples/paper/results/EXPERIMENT.csv` when a run ends. It can be stopped anywhere (Ctrl-C, or the power): the next start goes on
//! with the run that was under way. `--help` lists what can be changed for a larger machine.

mod plan;
mod results;
mod summary;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use clap::Parser;
use loewner::base::Diagnostic;
use loewner::train::record::{EpochReport, Observer, StepReport};
use loewner::train::{Asked, Ended, Start, evaluate, train};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use plan::{EXPERIMENTS, Run, Scale, runs};
use results::{Results, Row};

/// The paper's experiments in small
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    scale: Scale,
    /// Only runs with this text in their name, such as table1
    #[arg(long, default_value = "")]
    only: String,
    /// At most this many runs
    #[arg(long, default_value_t = usize::MAX)]
    most: usize,
    /// Checkpoints, which are large and can be deleted once a run is recorded
    #[arg(long, default_value = "target/paper")]
    work: PathBuf,
    /// Tables
    #[arg(long, default_value = "examples/paper/results")]
    out: PathBuf,
}

static STOPPED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Stops in good order on Ctrl-C or SIGTERM, and ends with 2 where something cannot be used.
pub fn main() {
    for signal in [SIGINT, SIGTERM] {
        // A second one ends the program at once, as the last checkpoint is whole at any time; torch is not taken down before.
        let heeded = flag::register_conditional_shutdown(signal, 130, Arc::clone(&STOPPED))
            .and_then(|_| flag::register(signal, Arc::clone(&STOPPED)));
        heeded.map(drop).unwrap_or_else(|error| eprintln!("the signal {signal} cannot be waited for: {error}"));
    }
    if let Err(error) = run(std::env::args()) {
        eprintln!("{error}");
        std::process::exit(2);
    }
}

/// Trains and probes what has no row yet.
pub fn run(arguments: impl IntoIterator<Item = String>) -> Result<(), Box<dyn std::error::Error>> {
    let options = Options::try_parse_from(arguments).unwrap_or_else(|error| error.exit());
    let results = Results::open(&options.out)?;
    let all = runs(&options.scale)?;
    let mut open: Vec<&Run> = Vec::new();
    for run in all.iter().filter(|run| run.id().contains(&options.only)) {
        if !results.has(run)? {
            open.push(run);
        }
    }
    println!("{} runs, {} of them to do", all.len(), open.len());
    for run in open.into_iter().take(options.most) {
        let folder = options.work.join(run.id());
        let Some(row) = one(run, &options.scale, &folder)? else {
            println!("stopped in {}; the next start goes on with it", run.id());
            break;
        };
        println!("{}: linear {:.2} %, rank {:.2}", run.id(), 100.0 * row.linear, row.effective_rank);
        results.add(run, row, &folder.join("metrics.csv"))?;
    }
    summary::write(&results, &EXPERIMENTS, &options.out.join("README.md"))
}

/// One run and its probes; nothing where it was stopped.
fn one(run: &Run, scale: &Scale, folder: &Path) -> Result<Option<Row>, Box<dyn std::error::Error>> {
    let start = match folder.join("checkpoint.safetensors").exists() {
        true => Start::Resumed,
        false => Start::Fresh,
    };
    let began = Instant::now();
    let mut listener = Listener { name: run.id() };
    let summary = match train(&run.config, folder, start, &mut listener, &|| STOPPED.load(Ordering::Relaxed))? {
        Ended::Finished(summary) => summary,
        Ended::Stopped(_) => return Ok(None),
    };
    let asked = Asked { images: scale.images(), ..Asked::default() };
    let found = evaluate(folder, &asked, &mut listener).map_err(loewner::Error::from)?;
    let row = Row {
        run: run.id(),
        series: run.series.clone(),
        at: run.at,
        seed: run.config.seed,
        images: run.config.images.unwrap_or(0),
        epochs: run.config.epochs,
        steps: summary.step,
        loss: summary.loss,
        linear: found.linear.map_or(f64::NAN, |right| right.top1),
        linear_top5: found.linear.map_or(f64::NAN, |right| right.top5),
        knn: found.neighbours.first().map_or(f64::NAN, |(_, right)| right.top1),
        effective_rank: found.effective_rank,
        rank_me: found.rank_me,
        seconds: began.elapsed().as_secs_f64(),
    };
    Ok(Some(row))
}

/// A line for each epoch.
struct Listener {
    name: String,
}

impl Observer for Listener {
    fn step(&mut self, _: &StepReport) -> Result<(), Diagnostic> {
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<(), Diagnostic> {
        println!(
            "{}: epoch {}/{}, mean loss {:.4}, {:.1} s",
            self.name,
            report.epoch,
            report.epochs,
            report.mean_loss,
            report.took.as_secs_f64()
        );
        Ok(())
    }
}
