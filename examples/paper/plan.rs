//! The runs: which method at which parameters belongs to which table or figure.

use std::collections::BTreeMap;

use clap::Args;
use loewner::train::config::Network;
use loewner::train::{Config, Method};

/// How much is trained. The defaults take a few hours on two cores; a GPU does more in the same time.
#[derive(Args, Clone, Debug)]
pub struct Scale {
    /// The images: fashion-mnist, cifar10:FOLDER, folder:FOLDER, ...
    #[arg(long, default_value = "fashion-mnist")]
    pub data: String,
    /// How many training images are used, without their labels to train and with them to probe; 0 for all
    #[arg(long, default_value_t = 20_000)]
    pub images: usize,
    /// How often each is seen
    #[arg(long, default_value_t = 5)]
    pub epochs: u64,
    /// Images in a batch
    #[arg(long, default_value_t = 256)]
    pub batch: usize,
    /// The encoder
    #[arg(long, default_value = "vit-micro")]
    pub encoder: String,
    /// The side of a patch, in pixels
    #[arg(long, default_value_t = 7)]
    pub patch: usize,
    /// Where to compute
    #[arg(long, default_value = "cpu")]
    pub device: String,
    /// Threads of a run; 0 for one a core
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// Runs of each kind, with the seeds 0, 1, ...
    #[arg(long, default_value_t = 3)]
    pub seeds: u64,
}

impl Scale {
    /// How many training images are used; all if there is no number.
    pub fn images(&self) -> Option<usize> {
        (self.images > 0).then_some(self.images)
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Run {
    /// The tables and figures that it belongs to.
    pub experiment: &'static str,
    /// Its name in them.
    pub series: String,
    /// What is varied in a sweep, as a number.
    pub at: Option<f64>,
    /// Everything else.
    pub config: Config,
}

impl Run {
    /// A name for its folder and its row.
    pub fn id(&self) -> String {
        let plain = |c: char| if c.is_alphanumeric() || c == '.' { c } else { '-' };
        let name: String = format!("{} {}", self.experiment, self.series).chars().map(plain).collect();
        format!("{name}-seed{}", self.config.seed).to_lowercase()
    }
}

/// All experiments, in the order of the paper's tables and figures.
pub const EXPERIMENTS: [&str; 4] = ["table1", "table2", "weights", "siamese"];

/// What is watched where patches are hidden: Figure 4.
const RANK: &str = "effective_rank(F)";

/// What is watched with two views: Figures 1 and 2 (of the covariance kernels, order 1), and 5.
const TWO_VIEWS: [&str; 4] = [
    "mutual_information(cov(Y1), cov(Y2), 1)",
    "joint_entropy(cov(Y1), cov(Y2), 1)",
    "js(cov(Y1), cov(Y2))",
    "eigen_js(cov(Y1), cov(Y2))",
];

/// A method with what is set in it: method, series, parameters.
type Setting = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Table 1 and Figure 4: each method at its usual parameters.
const TABLE_1: [Setting; 5] = [
    ("mae", "MAE", &[]),
    ("u-mae-official", "U-MAE", &[]),
    ("m-mae", "M-MAE", &[]),
    ("m-mae-entropy", "M-MAE, H_1", &[("alpha", "1")]),
    ("m-mae-entropy", "M-MAE, H_2", &[("alpha", "2")]),
];

/// Table 2: M-MAE against mu. The run at 1 is that of Table 1 over again, to the bit.
const MU: [&str; 7] = ["0.1", "0.5", "0.75", "1", "1.25", "1.5", "3"];

/// Each regulariser against its weight: method, series, parameter, what else is set, values besides that of Table 1.
type Sweep =
    (&'static str, &'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const WEIGHTS: [Sweep; 4] = [
    ("u-mae-official", "U-MAE", "gamma", &[], &["0.1", "1"]),
    ("m-mae", "M-MAE", "lambda", &[], &["0.0001", "0.001", "0.1"]),
    ("m-mae-entropy", "M-MAE, H_1", "lambda", &[("alpha", "1")], &["0.001", "0.1", "1"]),
    ("m-mae-entropy", "M-MAE, H_2", "lambda", &[("alpha", "2")], &["0.001", "0.1", "1"]),
];

/// Figures 1, 2, 3 and 5.
const SIAMESE: [Setting; 5] = [
    ("barlow-twins", "Barlow Twins", &[]),
    ("byol", "BYOL", &[]),
    ("simclr", "SimCLR", &[("tau", "0.5")]),
    ("simclr", "SimCLR, tau = 0.3", &[("tau", "0.3")]),
    ("simclr", "SimCLR, tau = 0.7", &[("tau", "0.7")]),
];

/// All runs, the first seed of everything before the second: an interrupted list is a smaller experiment, not a lopsided one.
pub fn runs(scale: &Scale) -> Result<Vec<Run>, loewner::Error> {
    let mut runs = Vec::new();
    for seed in 0..scale.seeds {
        for (method, series, set) in TABLE_1 {
            runs.push(run(scale, "table1", (method, series, set), None, seed)?);
        }
        for mu in MU {
            runs.push(run(scale, "table2", ("m-mae", "M-MAE", &[]), Some(("mu", mu)), seed)?);
        }
        for (method, series, parameter, set, values) in WEIGHTS {
            for value in values {
                runs.push(run(scale, "weights", (method, series, set), Some((parameter, value)), seed)?);
            }
        }
        for (method, series, set) in SIAMESE {
            runs.push(run(scale, "siamese", (method, series, set), None, seed)?);
        }
    }
    Ok(runs)
}

fn run(
    scale: &Scale,
    experiment: &'static str,
    (method, series, set): Setting,
    swept: Option<(&str, &str)>,
    seed: u64,
) -> Result<Run, loewner::Error> {
    let method = Method::named(method)?;
    let mut config = Config::of(method, &scale.data);
    config.network = Network { patch: scale.patch, ..Network::named(&scale.encoder)? };
    config.images = scale.images();
    (config.epochs, config.batch, config.seed) = (scale.epochs, scale.batch, seed);
    config.device.clone_from(&scale.device);
    if scale.threads > 0 {
        config.threads = scale.threads;
    }
    config.watch_every = 20;
    config.watch = match method.family.views() {
        1 => vec![RANK.to_owned()],
        _ => TWO_VIEWS.map(str::to_owned).to_vec(),
    };
    config.warmup = 1.0;
    let given = set.iter().copied().chain(swept);
    let given: BTreeMap<String, String> = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    config.set.extend(given);
    let series = match swept {
        Some((parameter, value)) => format!("{series}, {parameter} = {value}"),
        None => series.to_owned(),
    };
    let at = swept.and_then(|(_, value)| value.parse().ok());
    Ok(Run { experiment, series, at, config })
}
