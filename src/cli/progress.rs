//! Progress on standard error: a bar where that is a terminal, and a plain line now and then elsewhere.

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use super::plot::LivePlot;
use crate::base::{Code, Diagnostic};
use crate::check::Theorem;
use crate::report::short;
use crate::train::record::{EpochReport, Observer, StepReport};
use crate::verify::{ClaimReport, Progress};

/// How often a line is written where there is no terminal: a short run writes none.
const BETWEEN_LINES: Duration = Duration::from_secs(30);

/// Whether a signal asked for the end. A handler of signals has no other way to tell.
static INTERRUPTED: LazyLock<Arc<AtomicBool>> = LazyLock::new(Arc::default);

/// Lets Ctrl-C, and SIGTERM as schedulers send it, end what is under way in good order, which asks [`interrupted`]; a second
/// one ends it at once.
pub(super) fn heed_interrupts() -> Result<(), Vec<Diagnostic>> {
    let register = |signal| {
        // Of the two, the first looks at what the second sets. It ends the process without more ado: an ordinary exit takes torch
        // down under the threads that compute with it, which fails loudly.
        flag::register_conditional_shutdown(signal, super::INTERRUPTED.into(), Arc::clone(&INTERRUPTED))?;
        flag::register(signal, Arc::clone(&INTERRUPTED))
    };
    [SIGINT, SIGTERM].into_iter().try_for_each(|signal| register(signal).map(drop)).map_err(|error| {
        vec![Diagnostic::new(Code::E0807, format!("Ctrl-C and SIGTERM cannot be waited for: {error}"))]
    })
}

/// Whether a signal asked for the end.
pub(super) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}

/// Plain lines where there is no terminal, one now and then.
struct Lines {
    /// When the last one was written, or the run began; `None` where there is a terminal.
    last: Option<Mutex<Instant>>,
}

impl Lines {
    fn new() -> Self {
        Lines { last: (!io::stderr().is_terminal()).then(|| Mutex::new(Instant::now())) }
    }

    /// Writes the line if it is time for one.
    fn tell(&self, line: impl FnOnce() -> String) {
        // A thread that died while it held the lock left a time there all the same.
        let Some(mut last) = self.last.as_ref().map(|last| last.lock().unwrap_or_else(|held| held.into_inner())) else {
            return;
        };
        if last.elapsed() >= BETWEEN_LINES {
            *last = Instant::now();
            // Nobody to tell is no reason to stop.
            let _ = writeln!(io::stderr(), "{}", line());
        }
    }
}

/// A bar on standard error; by itself it draws nothing where that is no terminal.
fn bar(length: u64, template: &str) -> ProgressBar {
    let bar = ProgressBar::new(length);
    // The templates are constants that a test below holds to be some.
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style.progress_chars("━╸ ")),
        Err(_) => bar,
    }
}

/// A bar of theorems with the one that is being verified, the samples drawn and the surprises so far.
pub(super) struct Bar {
    bar: ProgressBar,
    surprises: AtomicU64,
    samples: AtomicU64,
    lines: Lines,
}

impl Bar {
    /// A bar that appears with the first theorem.
    pub fn new() -> Self {
        Bar { bar: bar(0, THEOREMS), surprises: AtomicU64::new(0), samples: AtomicU64::new(0), lines: Lines::new() }
    }

    /// Takes the bar off the screen.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    fn summary(&self) -> String {
        let samples = indicatif::HumanCount(self.samples.load(Ordering::Relaxed));
        let surprises = match self.surprises.load(Ordering::Relaxed) {
            0 => String::new(),
            1 => ", 1 surprise".to_owned(),
            n => format!(", {n} surprises"),
        };
        format!("{samples} samples{surprises}")
    }

    fn tell(&self) {
        self.bar.set_prefix(self.summary());
        self.lines.tell(|| {
            let (done, all) = (self.bar.position(), self.bar.length().unwrap_or(0));
            format!("{done}/{all} theorems, {}, at {}", self.summary(), self.bar.message())
        });
    }
}

impl Progress for Bar {
    fn start(&self, theorems: usize) {
        self.bar.set_length(theorems as u64);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }

    fn theorem(&self, theorem: &Theorem) {
        self.bar.set_message(theorem.name.clone());
        self.tell();
    }

    fn samples(&self, count: u64) {
        self.samples.fetch_add(count, Ordering::Relaxed);
    }

    fn done(&self, claims: &[ClaimReport]) {
        let surprises = claims.iter().filter(|claim| !claim.as_expected()).count();
        self.surprises.fetch_add(surprises as u64, Ordering::Relaxed);
        self.bar.inc(1);
        self.tell();
    }

    fn stopped(&self) -> bool {
        interrupted()
    }
}

/// A bar of steps with the epoch, the loss, the images per second and the time left, below a plot of what is watched.
pub(super) struct TrainingBar {
    bar: ProgressBar,
    lines: Lines,
    plot: LivePlot,
    /// After how many steps the plot is drawn anew.
    every: u64,
}

impl TrainingBar {
    /// A bar that appears with the first step, its plot drawn every so many steps.
    pub fn new(every: u64) -> Self {
        TrainingBar { bar: bar(0, STEPS), lines: Lines::new(), plot: LivePlot::default(), every: every.max(1) }
    }

    /// Takes the bar off the screen and leaves the plot there.
    pub fn finish(&self) {
        let plot = self.bar.message();
        self.bar.finish_and_clear();
        if !plot.is_empty() && !self.bar.is_hidden() {
            let _ = write!(io::stderr(), "{plot}");
        }
    }
}

fn steps_summary(report: &StepReport) -> String {
    let speed = indicatif::HumanCount(report.images_per_second.max(0.0).round() as u64);
    format!("epoch {}, loss {}, {speed} images/s", report.epoch, short(report.loss))
}

impl Observer for TrainingBar {
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        if self.bar.length() != Some(report.steps) {
            // The time left is estimated from the steps of this run alone, which may go on with another.
            self.bar.set_length(report.steps);
            self.bar.set_position(report.step - 1);
            self.bar.reset_eta();
        }
        self.bar.set_position(report.step);
        self.bar.set_prefix(steps_summary(report));
        if !self.bar.is_hidden() {
            self.plot.add(report);
            if report.step.is_multiple_of(self.every) || report.step == report.steps {
                let size = terminal_size::terminal_size_of(io::stderr());
                let (columns, rows) = size.map_or((80, 24), |(columns, rows)| (columns.0, rows.0));
                self.bar.set_message(self.plot.text(columns, rows));
            }
        }
        self.lines.tell(|| {
            let left = indicatif::HumanDuration(self.bar.eta());
            format!("step {}/{}, {}, {left} left", report.step, report.steps, steps_summary(report))
        });
        Ok(())
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<(), Diagnostic> {
        let waited = report.stalled.as_secs_f64() / report.took.as_secs_f64().max(f64::MIN_POSITIVE);
        self.message(&format!(
            "epoch {}/{}: mean loss {}, {:.1} s, {:.1} % of them waiting for images",
            report.epoch,
            report.epochs,
            short(report.mean_loss),
            report.took.as_secs_f64(),
            100.0 * waited
        ));
        Ok(())
    }

    fn message(&mut self, text: &str) {
        if self.bar.is_hidden() {
            let _ = writeln!(io::stderr(), "{text}");
        } else {
            self.bar.println(text);
        }
    }
}

const THEOREMS: &str = "{bar:30} {pos}/{len}  {prefix}  {wide_msg}";

// The message is the plot, several lines with their ends.
const STEPS: &str = "{msg}{bar:30} {pos}/{len}  {prefix}, {eta} left";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_templates_are_some() {
        assert!([THEOREMS, STEPS].iter().all(|template| ProgressStyle::with_template(template).is_ok()));
    }

    /// A test has no terminal: what is told is a line now and then, and the first only after a while.
    #[test]
    fn a_step_is_summed_up_in_a_line() {
        let report = StepReport {
            step: 7,
            steps: 10,
            epoch: 2,
            loss: 0.123456,
            learning_rate: 1e-3,
            images_per_second: 1234.4,
            stalled: Duration::ZERO,
            watched: Vec::new(),
        };
        assert_eq!(steps_summary(&report), "epoch 2, loss 0.1235, 1,234 images/s");
        let mut bar = TrainingBar::new(1);
        bar.step(&report).unwrap();
        assert_eq!((bar.bar.position(), bar.bar.length()), (7, Some(10)));
    }
}
