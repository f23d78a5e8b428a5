//! What is asked of a trained network, and what comes out.

use serde::Serialize;

/// What is asked. Where nothing is said of data, device and threads, they are those of the run.
#[derive(Clone, PartialEq, Debug)]
pub struct Asked {
    /// How many neighbours vote, each a classifier of its own.
    pub neighbours: Vec<i64>,
    /// Whether a linear classifier of the features is fitted.
    pub linear: bool,
    /// How often all training images are seen in fine-tuning; 0 for none.
    pub fine_tune: u64,
    /// How many training images the classifiers have; all if there is no number.
    pub images: Option<usize>,
    /// Other images than those of the run, or the same at another place.
    pub data: Option<String>,
    /// Where to compute.
    pub device: Option<String>,
    /// Threads of torch.
    pub threads: Option<usize>,
}

impl Default for Asked {
    /// 20 neighbours and a linear classifier.
    fn default() -> Self {
        Asked {
            neighbours: vec![20],
            linear: true,
            fine_tune: 0,
            images: None,
            data: None,
            device: None,
            threads: None,
        }
    }
}

/// How often a classifier is right, as shares from 0 to 1.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Accuracy {
    /// The most probable class is the right one.
    pub top1: f64,
    /// The right class is among the five most probable ones; 1 where there are no more than five.
    pub top5: f64,
}

/// What came out.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Findings {
    /// The steps that the network was trained for.
    pub step: u64,
    /// How many features the encoder has.
    pub features: i64,
    /// How many images the classifiers had.
    pub train_images: i64,
    /// How many test images they were tried on.
    pub test_images: i64,
    /// exp of the entropy of the singular values of the test images' features (Roy and Vetterli 2007).
    pub effective_rank: f64,
    /// The same as RankMe has it (Garrido et al. 2023).
    pub rank_me: f64,
    /// Cosine neighbours with the weights of Wu et al. 2018, by their number.
    pub neighbours: Vec<(i64, Accuracy)>,
    /// Logistic regression on the frozen features.
    pub linear: Option<Accuracy>,
    /// The whole network, trained on with labels.
    pub fine_tuned: Option<Accuracy>,
}
