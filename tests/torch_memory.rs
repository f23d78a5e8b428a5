//! The memory of a run of training (feature torch): it does not grow with the steps. This file is a process of its own, in which
//! nothing else is going on.

use std::sync::Mutex;

use loewner::base::Diagnostic;
use loewner::train::record::{Observer, StepReport};
use loewner::train::{Config, Ended, Method, Start, train};

/// What may come to the resident memory over an eighth of the steps, in MB, as the median of all such stretches. Were a batch of
/// images lost at each step, the runs below would grow by more in each of them: by 6 MB (30 times 64 images of 28 × 28 in single
/// precision), and by 2.3 MB (30 times 12 of them in two views). Allocators give memory back and take it again, up to 9 MB in one
/// step, of which a median of stretches sees nothing and the difference of two ends sees everything.
const SLACK: f64 = 1.0;

/// What has been lost when `after` is the resident memory step by step: the median of what came in an eighth of the steps, once
/// the first quarter is over.
fn growth(after: &[f64]) -> f64 {
    let stretch = after.len() / 8;
    let settled = &after[after.len() / 4..];
    let mut grown: Vec<f64> = settled.iter().zip(&settled[stretch..]).map(|(before, after)| after - before).collect();
    grown.sort_by(f64::total_cmp);
    grown[grown.len() / 2]
}

#[test]
fn a_loss_at_each_step_is_growth_and_memory_taken_again_is_not() {
    let jump = |step: usize| if step < 130 { 466.0 } else { 473.0 };
    let series = |lost: f64| -> Vec<f64> { (0..240).map(|step| jump(step) + lost * step as f64).collect() };
    assert_eq!(growth(&series(0.0)), 0.0);
    let batch = 12.0 * 2.0 * 784.0 * 4.0 / (1024.0 * 1024.0);
    assert!(growth(&series(batch)) > 2.0 * SLACK);
}

/// Resident memory in MB, step by step.
#[derive(Default)]
struct Resident {
    after: Vec<f64>,
}

impl Observer for Resident {
    fn step(&mut self, _: &StepReport) -> Result<(), Diagnostic> {
        self.after.extend(status("VmRSS:"));
        Ok(())
    }
}

/// A line of Linux's account of this process, in MB; nothing elsewhere.
fn status(name: &str) -> Option<f64> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// One run at a time, whatever the number of threads that tests have.
static ALONE: Mutex<()> = Mutex::new(());

/// Trains, and tells by how much the resident memory grew in an eighth of the steps.
fn grown(config: &Config) -> Option<f64> {
    let _alone = ALONE.lock();
    let folder = tempfile::tempdir().unwrap();
    let mut resident = Resident::default();
    let ended = train(config, &folder.path().join("run"), Start::Fresh, &mut resident, &|| false);
    let Ended::Finished(summary) = ended.unwrap() else { panic!("it is not stopped") };
    let Some(peak) = status("VmHWM:") else {
        eprintln!("SKIPPED: there is no /proc/self/status");
        return None;
    };
    let steps = resident.after.len();
    assert_eq!(steps as u64, summary.step);
    let grown = growth(&resident.after);
    println!("{}, {steps} steps: {grown:+.2} MB in {} steps; peak {peak:.0} MB", config.method, steps / 8);
    Some(grown)
}

/// Hundreds of steps with everything that a run does, ends of epochs, checkpoints and looks among them.
#[test]
fn memory_is_flat() {
    for (method, watch, images, batch) in
        [("m-mae", "effective_rank(z)", 512, 64), ("byol", "effective_rank(cov(y1))", 96, 12)]
    {
        let data = format!("fashion-mnist:{}/tests/data/fashion-mnist", env!("CARGO_MANIFEST_DIR"));
        let usual = Config::of(Method::named(method).unwrap(), &data);
        let mut network = usual.network.clone();
        (network.patch, network.projector) = (7, [64, 32]);
        let config = Config {
            images: Some(images),
            batch,
            epochs: 30,
            watch: vec![watch.to_owned()],
            watch_every: 40,
            checkpoint_every: Some(20),
            network,
            // The steps are small: two threads would wait for each other most of the time.
            threads: 1,
            ..usual
        };
        if let Some(grown) = grown(&config) {
            assert!(grown <= SLACK, "{method}: {grown:.2} MB more in each eighth of the steps");
        }
    }
}

/// Epochs of the 60,000 images with the sizes of the README's first command.
#[test]
#[ignore = "takes minutes, and Fashion-MNIST where it is installed"]
fn memory_is_flat_over_epochs_of_fashion_mnist() {
    let usual = Config::of(Method::named("m-mae").unwrap(), "fashion-mnist");
    let config = Config { epochs: 4, watch: vec!["effective_rank(z)".to_owned()], ..usual };
    if let Some(grown) = grown(&config) {
        assert!(grown <= SLACK, "{grown:.2} MB more in each eighth of the steps");
    }
}
