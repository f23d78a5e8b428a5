//! Fine-tuning: the whole network is trained on with labels, a linear layer on top of it.
//!
//! As the official code of MAE does it (He et al. 2022, Appendix A.1, `main_finetune.py`, `util/lr_decay.py`): AdamW with
//! β₂ = 0.999, a cosine after a linear start, a learning rate that falls by a factor from layer to layer downwards, smoothed
//! labels. Its mixing of images (mixup, cutmix) and its dropping of paths are not done.

use std::time::Instant;

use tch::{Kind, Reduction, TchError, Tensor};

use super::{Accuracy, accuracy, refused, unfit};
use crate::base::Diagnostic;
use crate::train::optimiser::{AdamW, Parameter};
use crate::train::record::{Observer, StepReport};
use crate::train::schedule::Cosine;

/// AdamW's β₂ in fine-tuning; pre-training has 0.95.
const BETA2: f64 = 0.999;

/// A batch: images B × C × H × W, and their labels.
pub type Batch = (Tensor, Vec<i64>);

/// Batches, as they come or fail to.
pub type Batches<'a> = Box<dyn Iterator<Item = Result<Batch, Diagnostic>> + 'a>;

/// A network that is trained on.
pub struct Network<'a> {
    /// Its features, B × width, of images, and whether it is being trained.
    #[allow(clippy::type_complexity)]
    pub features: &'a dyn Fn(&Tensor, bool) -> Result<Tensor, Diagnostic>,
    /// How many features there are.
    pub width: i64,
    /// Its weights by their names: those that ask for no gradient stay as they are.
    pub weights: Vec<(String, Tensor)>,
    /// How many blocks it has, of which the lower ones learn more slowly; `None` where all learn alike.
    pub blocks: Option<usize>,
}

/// How it is trained. The default is that of a small network; a ViT-Base on ImageNet has 100 epochs, a layer decay of 0.65 or
/// 0.75 and a learning rate of 5·10⁻⁴ times the batch over 256.
#[derive(Clone, PartialEq, Debug)]
pub struct FineTuning {
    /// How many classes there are.
    pub classes: i64,
    /// How many times all images are seen.
    pub epochs: u64,
    /// How many batches an epoch has.
    pub batches: u64,
    /// The learning rate of the top layer at its largest.
    pub learning_rate: f64,
    /// The epochs in which it rises.
    pub warmup: u64,
    /// The decay of matrices.
    pub decay: f64,
    /// What the learning rate is multiplied by from a layer to the one below it.
    pub layer_decay: f64,
    /// The probability that labels give to classes at large.
    pub smoothing: f64,
}

impl Default for FineTuning {
    fn default() -> Self {
        FineTuning {
            classes: 10,
            epochs: 10,
            batches: 1,
            learning_rate: 1e-3,
            warmup: 1,
            decay: 0.05,
            layer_decay: 0.75,
            smoothing: 0.1,
        }
    }
}

/// The layer of a weight, from 0, by its name: what comes before the blocks of a network is layer 0, block i is layer i + 1, and
/// all else is above them (`get_layer_id_for_vit`).
pub fn layer_of(name: &str, blocks: usize) -> usize {
    let parts: Vec<&str> = name.split('.').collect();
    if parts.iter().any(|part| ["cls_token", "pos_embed", "patch_embed"].contains(part)) {
        return 0;
    }
    let block = parts.iter().position(|part| *part == "blocks").and_then(|at| parts.get(at + 1)?.parse::<usize>().ok());
    block.map_or(blocks + 1, |block| block + 1)
}

/// Trains a network and a linear layer on batches with labels, a run of them for each epoch, and tells how often it is right on
/// test images. The linear layer starts at 0: MAE's starts at a deviation of 2·10⁻⁵, which is as good as that.
///
/// # Errors
/// Those of the batches, the network and the observer; E1031 where a label is none of the classes or the loss is no number;
/// E0812 where torch refuses.
pub fn fine_tune<'a>(
    network: &Network<'_>,
    options: &FineTuning,
    mut train: impl FnMut(u64) -> Batches<'a>,
    test: Batches<'_>,
    observer: &mut dyn Observer,
) -> Result<Accuracy, Diagnostic> {
    let mut run = Run::new(network, options).map_err(refused)?;
    for epoch in 0..options.epochs {
        for batch in train(epoch) {
            let (images, labels) = batch?;
            let started = Instant::now();
            let loss = run.step(&images, &labels)?;
            observer.step(&StepReport {
                step: run.optimiser.steps(),
                steps: options.epochs * options.batches,
                epoch: epoch + 1,
                loss,
                learning_rate: run.schedule.at(run.optimiser.steps() - 1),
                images_per_second: labels.len() as f64 / started.elapsed().as_secs_f64(),
                stalled: std::time::Duration::ZERO,
                watched: Vec::new(),
            })?;
        }
    }
    run.tried(test)
}

struct Run<'n> {
    network: &'n Network<'n>,
    options: &'n FineTuning,
    weight: Tensor,
    bias: Tensor,
    optimiser: AdamW,
    schedule: Cosine,
}

impl<'n> Run<'n> {
    fn new(network: &'n Network<'n>, options: &'n FineTuning) -> Result<Run<'n>, TchError> {
        let of = network.weights.first().map_or((Kind::Float, tch::Device::Cpu), |(_, w)| (w.kind(), w.device()));
        let weight = Tensor::f_zeros([network.width, options.classes], of)?.f_set_requires_grad(true)?;
        let bias = Tensor::f_zeros([options.classes], of)?.f_set_requires_grad(true)?;
        let mut parameters: Vec<Parameter> = Vec::new();
        for (name, tensor) in network.weights.iter().filter(|(_, tensor)| tensor.requires_grad()) {
            let scale = network.blocks.map_or(1.0, |blocks| {
                options.layer_decay.powi((blocks + 1 - layer_of(name, blocks).min(blocks + 1)) as i32)
            });
            // The class token is a vector, though it has three dimensions.
            let decays = tensor.dim() > 1 && !name.ends_with("cls_token") && !name.ends_with("pos_embed");
            parameters.push(Parameter { name: name.clone(), tensor: tensor.shallow_clone(), decays, scale });
        }
        for (name, tensor, decays) in [("head.weight", &weight, true), ("head.bias", &bias, false)] {
            parameters.push(Parameter { name: name.to_owned(), tensor: tensor.shallow_clone(), decays, scale: 1.0 });
        }
        let steps = options.epochs * options.batches;
        let schedule = Cosine { peak: options.learning_rate, warmup: options.warmup * options.batches, steps };
        let optimiser = AdamW::new(parameters, BETA2, options.decay)?;
        Ok(Run { network, options, weight, bias, optimiser, schedule })
    }

    /// One step on a batch; its loss before the step.
    fn step(&mut self, images: &Tensor, labels: &[i64]) -> Result<f64, Diagnostic> {
        let labels = self.labels(labels)?;
        let logits = self.logits(images, true)?;
        let smoothing = self.options.smoothing;
        let outcome = (|| {
            let loss = logits.f_cross_entropy_loss::<Tensor>(&labels, None, Reduction::Mean, -100, smoothing)?;
            let gradient = self.optimiser.gradient(&loss)?;
            self.optimiser.step(&gradient, self.schedule.at(self.optimiser.steps()))?;
            loss.f_double_value(&[])
        })();
        let loss = outcome.map_err(refused)?;
        match loss.is_finite() {
            true => Ok(loss),
            false => Err(unfit(format!("the loss of fine-tuning is {loss} at step {}", self.optimiser.steps()))
                .help("fine-tune with a smaller learning rate")),
        }
    }

    fn labels(&self, labels: &[i64]) -> Result<Tensor, Diagnostic> {
        match labels.iter().find(|label| !(0..self.options.classes).contains(*label)) {
            Some(label) => Err(unfit(format!("{label} is no label among {} classes", self.options.classes))),
            None => Tensor::f_from_slice(labels).and_then(|all| all.f_to_device(self.weight.device())).map_err(refused),
        }
    }

    fn logits(&self, images: &Tensor, training: bool) -> Result<Tensor, Diagnostic> {
        let features = (self.network.features)(images, training)?;
        features.f_matmul(&self.weight).and_then(|scores| scores.f_add(&self.bias)).map_err(refused)
    }

    fn tried(&self, test: Batches<'_>) -> Result<Accuracy, Diagnostic> {
        let (mut scores, mut labels) = (Vec::new(), Vec::new());
        for batch in test {
            let (images, more) = batch?;
            scores.push(tch::no_grad(|| self.logits(&images, false))?);
            labels.push(self.labels(&more)?);
        }
        if scores.is_empty() {
            return Err(unfit("there are no test images"));
        }
        let all = Tensor::f_cat(&scores, 0).and_then(|scores| accuracy(&scores, &Tensor::f_cat(&labels, 0)?));
        all.map_err(refused)
    }
}
