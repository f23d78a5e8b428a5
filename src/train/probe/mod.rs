//! How good a representation is: nearest neighbours, a linear classifier, fine-tuning, and how many directions it fills.
//!
//! A probe sees [`Features`] alone, so that it does not matter where they come from; [`collect`] gets them from a network.
//! Nothing in here is random: orders of images are functions of a seed.

mod fine_tune;
mod knn;
mod linear;
mod logistic;
mod ranks;

use tch::{Device, Kind, TchError, Tensor};

pub use fine_tune::{Batch, Batches, FineTuning, Network, fine_tune, layer_of};
pub use knn::{Vote, knn};
pub use linear::{LinearProbe, Probed, STRENGTHS};
pub use ranks::{Ranks, ranks};

use crate::base::{Code, Diagnostic};
pub use crate::train::findings::Accuracy;

/// Features of images, with what the images show.
#[derive(Debug)]
pub struct Features {
    /// N × d, an image a row, in single or double precision, on the processor.
    values: Tensor,
    /// N labels, from 0.
    labels: Tensor,
}

impl Features {
    /// Features N × d of images with these labels.
    ///
    /// # Errors
    /// E1031 where the numbers do not fit or are not finite, E0812 where torch refuses.
    pub fn new(values: &Tensor, labels: &[i64]) -> Result<Features, Diagnostic> {
        let size = values.size();
        let [n, d] = size[..] else {
            let message = format!("features have rank {}, and a matrix was expected", size.len());
            return Err(unfit(message).note("each image has one row of features"));
        };
        if n != labels.len() as i64 {
            return Err(unfit(format!("{n} features have {} labels", labels.len()))
                .note("each image has one row of features and one label"));
        }
        if n == 0 || d == 0 {
            return Err(unfit("there are no features"));
        }
        if let Some(label) = labels.iter().find(|label| **label < 0) {
            return Err(unfit(format!("{label} is no label")).note("labels are the numbers of classes, from 0"));
        }
        let values = values.f_detach().and_then(|values| values.f_to_device(Device::Cpu)).map_err(refused)?;
        let values = match values.kind() {
            Kind::Float | Kind::Double => values,
            _ => values.f_to_kind(Kind::Float).map_err(refused)?,
        };
        let finite = values.f_isfinite().and_then(|finite| finite.f_all()).map_err(refused)?;
        if finite.int64_value(&[]) == 0 {
            return Err(unfit("features are not finite")
                .help("the network has diverged: train it with a smaller learning rate"));
        }
        Ok(Features { values, labels: Tensor::from_slice(labels) })
    }

    /// How many images there are.
    pub fn len(&self) -> i64 {
        self.values.size()[0]
    }

    /// Whether there are none, which is never so.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many features each has.
    pub fn width(&self) -> i64 {
        self.values.size()[1]
    }

    /// The features, N × d.
    pub fn values(&self) -> &Tensor {
        &self.values
    }

    /// The largest label and one.
    fn classes(&self) -> i64 {
        self.labels.max().int64_value(&[]) + 1
    }

    /// The images at these places.
    fn select(&self, places: &Tensor) -> Result<Features, TchError> {
        Ok(Features { values: self.values.f_index_select(0, places)?, labels: self.labels.f_index_select(0, places)? })
    }
}

/// The features of the images of some batches: of each what the network makes of it, in order.
///
/// # Errors
/// Those of the batches and of the network, and E1031 as [`Features::new`].
pub fn collect(
    batches: impl Iterator<Item = Result<Batch, Diagnostic>>,
    features: impl Fn(&Tensor) -> Result<Tensor, Diagnostic>,
) -> Result<Features, Diagnostic> {
    let (mut values, mut labels) = (Vec::new(), Vec::new());
    for batch in batches {
        let (images, more) = batch?;
        let found = tch::no_grad(|| features(&images))?;
        values.push(found.f_to_device(Device::Cpu).map_err(refused)?);
        labels.extend(more);
    }
    if values.is_empty() {
        return Err(unfit("there are no features"));
    }
    Features::new(&Tensor::f_cat(&values, 0).map_err(refused)?, &labels)
}

/// What both sets of a probe must have in common; returns the number of classes.
fn fitting(train: &Features, test: &Features) -> Result<i64, Diagnostic> {
    if train.width() != test.width() {
        let message = format!("{} features of training images meet {} of test images", train.width(), test.width());
        return Err(unfit(message).note("both come from one network"));
    }
    Ok(train.classes().max(test.classes()))
}

/// How often the classes with the largest scores are right; of equal scores the first is the larger. Scores are N × classes.
fn accuracy(scores: &Tensor, labels: &Tensor) -> Result<Accuracy, TchError> {
    let classes = scores.size()[1];
    let (_, best) = scores.f_sort_stable(true, 1, true)?;
    let best = best.f_narrow(1, 0, classes.min(5))?;
    let right = best.f_eq_tensor(&labels.f_unsqueeze(1)?)?;
    let share = |right: Tensor| right.f_to_kind(Kind::Double)?.f_mean(Kind::Double);
    let top1 = share(right.f_select(1, 0)?)?.double_value(&[]);
    let top5 = share(right.f_any_dim(1, false)?)?.double_value(&[]);
    Ok(Accuracy { top1, top5 })
}

fn unfit(what: impl Into<String>) -> Diagnostic {
    Diagnostic::new(Code::E1031, what)
}

fn refused(error: TchError) -> Diagnostic {
    Diagnostic::new(Code::E0812, format!("a probe: torch refused: {error}"))
}
