//! A trained network of a folder under its probes.

use std::path::Path;
use std::sync::Arc;

use tch::Tensor;

use super::checkpoint;
use super::config::{Config, Encoder};
use super::data::{self, Batch, Images, Loader, Recipe, Split};
use super::findings::{Accuracy, Asked, Findings};
use super::network::Network;
use super::probe::{self, FineTuning, LinearProbe, Vote, collect, knn, ranks};
use super::record::Observer;
use super::run::{device, open_images};
use crate::base::{Code, Diagnostic};
use crate::torch::Device;

/// Probes the newest checkpoint of a folder: features are those of the encoder, of images without augmentation. The observer is
/// told what is under way, and of the steps of fine-tuning.
///
/// # Errors
/// E1043 where there is no checkpoint, E1031 where features cannot be probed, E1042 where a number that is asked for cannot be, E1014
/// where other images are asked for that do not fit the network, and what is wrong with the images and the device.
pub fn evaluate<O: Observer>(folder: &Path, asked: &Asked, observer: &mut O) -> Result<Findings, Diagnostic> {
    let stored = checkpoint::load(folder)?;
    let mut config = stored.header.config.clone();
    config.data = asked.data.clone().unwrap_or(config.data);
    config.device = asked.device.clone().unwrap_or(config.device);
    config.threads = asked.threads.unwrap_or(config.threads);
    config.check()?;
    let config = &config;
    let device = device(config)?;
    // The classifiers have labels that training had not: all of them, unless fewer are asked for.
    let train = open_images(&Config { images: asked.images, ..config.clone() }, Split::Train)?;
    let test = open_images(config, Split::Test)?;
    let network = Network::new(config, train.shape(), device.into())?;
    stored.restore(&network.state()).map_err(|error| match asked.data {
        Some(_) => other_images(train.shape(), &stored.header.config, &error),
        None => error,
    })?;
    let features = |images: &Arc<Images>| {
        let loader = Loader::epoch(images, &Recipe::plain(images), &data::Options::evaluation(), 0)?;
        collect(batches(loader, images, device), |images| network.features(images, false))
    };
    observer.message(&format!("features of {} training and {} test images", train.len(), test.len()));
    let (of_train, of_test) = (features(&train)?, features(&test)?);
    let ranks = ranks(&of_test)?;
    let accuracies = match asked.neighbours.as_slice() {
        [] => Vec::new(),
        some => {
            observer.message("nearest neighbours");
            knn(&of_train, &of_test, some, Vote::WU_2018)?
        }
    };
    let linear = match asked.linear {
        true => {
            let fewer = if asked.images.is_none() { "; --images N takes fewer" } else { "" };
            observer.message(&format!("a linear classifier of {} images{fewer}", train.len()));
            Some(LinearProbe::default().fit(&of_train, &of_test)?.test)
        }
        false => None,
    };
    let fine_tuned = match asked.fine_tune {
        0 => None,
        epochs => Some(fine_tune(config, &network, [&train, &test], device, epochs, observer)?),
    };
    Ok(Findings {
        step: stored.header.step,
        features: of_train.width(),
        train_images: of_train.len(),
        test_images: of_test.len(),
        effective_rank: ranks.effective_rank,
        rank_me: ranks.rank_me,
        neighbours: asked.neighbours.iter().copied().zip(accuracies).collect(),
        linear,
        fine_tuned,
    })
}

/// The checkpoint is whole, and fits the images that were trained on: others do not fit it.
fn other_images([channels, height, width]: [usize; 3], trained: &Config, why: &Diagnostic) -> Diagnostic {
    let message = format!("images of {channels} x {height} x {width} do not fit the network");
    Diagnostic::new(Code::E1014, message)
        .note(format!("it was trained on those of '{}'", trained.data))
        .note(&why.message)
        .help("--data names images of the same shape")
}

fn fine_tune<O: Observer>(
    config: &Config,
    network: &Network,
    [train, test]: [&Arc<Images>; 2],
    device: Device,
    epochs: u64,
    observer: &mut O,
) -> Result<Accuracy, Diagnostic> {
    let options = data::Options { batch: config.batch.min(train.len()), ..data::Options::training(config.seed) };
    let tuning = FineTuning {
        classes: train.classes().len() as i64,
        epochs,
        batches: options.batches(train.len()) as u64,
        learning_rate: config.learning_rate * options.batch as f64 / 256.0,
        ..FineTuning::default()
    };
    let recipe = Recipe::moved(train);
    // Where batches cannot be made at all, the first epoch says so.
    let epoch = |epoch: u64| -> probe::Batches<'_> {
        match Loader::epoch(train, &recipe, &options, epoch) {
            Ok(loader) => Box::new(batches(loader, train, device)),
            Err(error) => Box::new(std::iter::once(Err(error))),
        }
    };
    let loader = Loader::epoch(test, &Recipe::plain(test), &data::Options::evaluation(), 0)?;
    let tuned = probe::Network {
        features: &|images, train| network.features(images, train),
        width: network.width(),
        weights: network.encoder_weights(),
        blocks: (config.network.encoder == Encoder::Vit).then_some(config.network.depth),
    };
    probe::fine_tune(&tuned, &tuning, epoch, Box::new(batches(loader, test, device)), observer)
}

/// Batches as tensors on a device.
fn batches<'a>(
    loader: Loader,
    images: &'a Arc<Images>,
    device: Device,
) -> impl Iterator<Item = Result<probe::Batch, Diagnostic>> + 'a {
    loader.map(move |batch| {
        let batch = batch?;
        let view = tensors(&batch, images.shape(), device.into()).swap_remove(0);
        Ok((view, batch.labels))
    })
}

/// The views of a batch, each B × C × H × W.
pub(super) fn tensors(batch: &Batch, shape: [usize; 3], device: tch::Device) -> Vec<Tensor> {
    let [channels, height, width] = shape.map(|n| n as i64);
    let size = [batch.labels.len() as i64, channels, height, width];
    batch.views.iter().map(|view| Tensor::from_slice(view).view(size).to_device(device)).collect()
}
