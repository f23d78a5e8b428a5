//! A run from its first step to its last.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tch::Tensor;

use super::checkpoint::{self, Header, LAYOUT, Stored};
use super::config::Config;
use super::data::{self, Batch, Images, Loader, Recipe, Split};
use super::ending::{Ended, Start, Summary};
use super::evaluate::tensors;
use super::folder::Folder;
use super::network::Network;
use super::objective::Objective;
use super::optimiser::AdamW;
use super::origin::Origin;
use super::record::{EpochReport, EventLog, MetricsTable, Observer, StepReport};
use super::scaling::Scaling;
use super::schedule::Cosine;
use super::tensors::Tensors;
use super::watch::Watch;
use crate::api::Error;
use crate::base::{Code, Diagnostic};
use crate::torch::{Device, Libtorch};

/// The most images that are looked at before a run begins.
const REHEARSED: usize = 64;

/// Trains as a configuration says, in a folder: `config.json`, `checkpoint.safetensors`, `metrics.csv`, `events.out.tfevents.*`,
/// and `loewner.lock`, which keeps other processes out. The observer is told of every step; `stop` is asked after each.
///
/// A run is gone on with under the configuration that it was begun with. Files alone may lie elsewhere: what they hold counts.
///
/// # Errors
/// Everything that can be known before the first step is told before it: mistakes in the expressions, images that cannot be
/// read, sizes that do not fit, a folder without room for two checkpoints, E1047 where another process trains in it; of a run that
/// is gone on with, E1043 where it was begun with another configuration, and E1046 where what it is made from has changed. Later
/// E1045 where a loss or its gradient is not finite: the weights were not changed by it, and the last checkpoint is as it was.
pub fn train<O: Observer>(
    config: &Config,
    folder: &Path,
    start: Start,
    observer: &mut O,
    stop: &dyn Fn() -> bool,
) -> Result<Ended, Error> {
    let (mut run, folder, after) = match start {
        Start::Fresh => {
            let run = Run::new(config, None)?;
            run.rehearse()?;
            (run, Folder::claim(folder)?, None)
        }
        Start::Resumed => {
            // Nobody else may take a step between what is read here and what is written.
            let folder = Folder::reopen(folder)?;
            let stored = checkpoint::load(folder.path())?;
            same(config, &stored.header.config, folder.path())?;
            let run = Run::new(config, Some(&stored)).map_err(elsewhere)?;
            (run, folder, Some(stored.header.step))
        }
    };
    folder.describe(&run.config)?;
    let mut records = Records::open(&folder, &run.config, after, observer)?;
    run.announce(config, &folder, &mut records);
    run.make_room(folder.path(), start)?;
    run.go(folder.path(), &mut records, stop)
}

/// Refuses to go on with a run under another configuration.
fn same(now: &Config, before: &Config, folder: &Path) -> Result<(), Diagnostic> {
    let differences = now.differences(before);
    if differences.is_empty() {
        return Ok(());
    }
    let message = format!("'{}' is another run than what is asked for", folder.display());
    let mut diagnostic = Diagnostic::new(Code::E1043, message).note(differences.join("; "));
    if now.epochs != before.epochs {
        let why =
            "the learning rate of every step depends on the number of epochs: a run is not made longer or shorter";
        diagnostic = diagnostic.note(why).help(format!("begin another: --epochs {} --out FOLDER", now.epochs));
    }
    Err(diagnostic.help("--resume alone takes everything from the folder"))
}

/// A file that is missing when a run is gone on with may have been moved.
fn elsewhere(mut error: Error) -> Error {
    for diagnostic in &mut error.diagnostics {
        let option = match diagnostic.code {
            Code::E1002 => "--data",
            Code::E0801 => "--loss FILE.lw:NAME or --import FILE.lw",
            _ => continue,
        };
        diagnostic.help.push(format!("where it lies elsewhere by now, say so beside --resume: {option}"));
    }
    error
}

/// The run of a folder.
///
/// # Errors
/// E1043 where the folder has no checkpoint, or one of another version. Whether its tensors are whole is not looked at.
pub fn configured(folder: &Path) -> Result<Config, Diagnostic> {
    checkpoint::header(folder).map(|header| header.config)
}

/// Who is told of a step: the table, TensorBoard, and whoever asked for the run.
struct Records<'a, O> {
    table: MetricsTable,
    events: EventLog,
    observer: &'a mut O,
}

impl<'a, O: Observer> Records<'a, O> {
    fn open(folder: &Folder, config: &Config, after: Option<u64>, observer: &'a mut O) -> Result<Self, Diagnostic> {
        let path = folder.metrics();
        let table = match after {
            None => MetricsTable::create(&path, &config.watch)?,
            Some(step) => MetricsTable::resume(&path, &config.watch, step)?,
        };
        Ok(Records { table, events: EventLog::open(folder.path(), after)?, observer })
    }

    /// Everybody, in the order in which they are told.
    fn all(&mut self) -> [&mut dyn Observer; 3] {
        [&mut self.table, &mut self.events, self.observer]
    }

    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        self.all().into_iter().try_for_each(|observer| observer.step(report))
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<(), Diagnostic> {
        self.all().into_iter().try_for_each(|observer| observer.epoch(report))
    }

    fn message(&mut self, text: &str) {
        self.all().into_iter().for_each(|observer| observer.message(text));
    }

    fn settle(&mut self) -> Result<(), Diagnostic> {
        self.all().into_iter().try_for_each(Observer::settle)
    }
}

/// Everything that a step needs.
struct Run {
    /// As it is kept: with absolute paths.
    config: Config,
    origin: Origin,
    images: Arc<Images>,
    recipe: Recipe,
    network: Network,
    objective: Objective,
    watch: Watch,
    optimiser: AdamW,
    scaling: Scaling,
    rate: Cosine,
    device: tch::Device,
    /// Steps of an epoch: the images that are left over wait for the next one, in another order.
    per_epoch: u64,
    /// Steps that were taken.
    step: u64,
    /// The losses of the steps since the epoch began; of the whole epoch at its end.
    losses: Vec<f64>,
    /// The watched expressions that had no value at the last look.
    valueless: BTreeSet<String>,
}

/// What a step came to.
struct Taken {
    loss: f64,
    learning_rate: f64,
    watched: Vec<(String, f64)>,
}

/// A stretch of a run that is timed.
struct Lap {
    began: Instant,
    /// What the loader had waited when it began.
    stalled: Duration,
}

/// What a stretch took.
#[derive(Clone, Copy)]
struct Done {
    took: Duration,
    stalled: Duration,
}

impl Lap {
    fn new() -> Self {
        Lap { began: Instant::now(), stalled: Duration::ZERO }
    }

    /// Ends it, at what the loader has waited in all, and begins the next.
    fn end(&mut self, stalled: Duration) -> Done {
        let done = Done { took: self.began.elapsed(), stalled: stalled - self.stalled };
        *self = Lap { stalled, ..Lap::new() };
        done
    }
}

impl Run {
    fn new(config: &Config, stored: Option<&Stored>) -> Result<Run, Error> {
        config.check()?;
        let method = config.method()?;
        let device = device(config)?;
        if config.half && !matches!(device, Device::Cuda(_)) {
            let message = format!("--half: {device} does not compute in half precision here");
            return Err(Diagnostic::new(Code::E1042, message).help("leave it out, or use --device cuda").into());
        }
        // The language first: its mistakes are the cheapest to find, and the most frequent.
        let objective = Objective::new(config, method.family)?;
        let watch = Watch::new(config, method.family)?;
        let images = open_images(config, Split::Train)?;
        let origin = Origin { loss: objective.checksum(), watch: watch.checksums(), images: images.checksum()? };
        if let Some(stored) = stored {
            stored.header.origin.require(&origin, config)?;
        }
        let per_epoch = (images.len() / config.batch) as u64;
        if per_epoch == 0 {
            let message = format!("a batch of {} from {} images", config.batch, images.len());
            return Err(Diagnostic::new(Code::E1042, message).help("a smaller --batch, or more --images").into());
        }
        let recipe = match method.family.views() {
            1 => Recipe::one_view(),
            _ => Recipe::two_views(&images),
        };
        let device = tch::Device::from(device);
        let network = Network::new(config, images.shape(), device)?;
        let optimiser = AdamW::new(network.parameters(), config.beta2, config.weight_decay).map_err(refused)?;
        let steps = per_epoch.checked_mul(config.epochs).ok_or_else(|| {
            Diagnostic::new(Code::E1042, format!("--epochs {}: so many steps cannot be counted", config.epochs))
        })?;
        let rate = Cosine {
            peak: config.learning_rate * config.batch as f64 / 256.0,
            warmup: (config.warmup * per_epoch as f64).round() as u64,
            steps,
        };
        let mut run = Run {
            config: config.located(),
            origin,
            images,
            recipe,
            network,
            objective,
            watch,
            optimiser,
            scaling: Scaling::new(config.half),
            rate,
            device,
            per_epoch,
            step: 0,
            losses: Vec::new(),
            valueless: BTreeSet::new(),
        };
        if let Some(stored) = stored {
            stored.restore(&run.state()?)?;
            run.step = stored.header.step;
            run.optimiser.resume(run.step.saturating_sub(stored.header.skipped));
            run.losses.clone_from(&stored.header.losses);
            run.scaling = stored.header.scaling;
        }
        Ok(run)
    }

    /// The loss of a few images, before anything is written: what does not fit, a condition of a definition that is broken, a
    /// loss that rests on no weight or is not finite from the start is told here. It changes nothing.
    fn rehearse(&self) -> Result<(), Error> {
        let options = data::Options {
            batch: self.config.batch.min(REHEARSED),
            threads: 1,
            ahead: 1,
            ..data::Options::training(self.config.seed)
        };
        // Running statistics are moved by every batch of training.
        let state = self.network.state();
        let before: Vec<(String, Tensor)> = state.iter().map(|(name, tensor)| (name.clone(), tensor.copy())).collect();
        for batch in Loader::steps(&self.images, &self.recipe, &options, 0..1)? {
            let batch = batch?;
            let tensors = self.forward(&batch)?;
            let rehearsed = |mut error: Error| {
                if let Some(first) = error.diagnostics.first_mut() {
                    let (count, seed) = (batch.labels.len(), batch.seed);
                    first
                        .notes
                        .push(format!("before the first step, in a batch of {count} images of seed {seed:#018x}"));
                }
                error
            };
            if let Some(infinite) = self.objective.again(&tensors).map_err(rehearsed)? {
                return Err(rehearsed(infinite));
            }
            if !self.objective.value(&tensors).map_err(|error| rehearsed(error.into()))?.requires_grad() {
                let message = format!("`{}` rests on nothing that is trained", self.config.loss);
                return Err(Diagnostic::new(Code::E1044, message).into());
            }
        }
        for ((_, before), (_, now)) in before.iter().zip(&state) {
            tch::no_grad(|| now.shallow_clone().f_copy_(before).map(|_| ())).map_err(refused)?;
        }
        Ok(())
    }

    /// Writes the checkpoint twice, the second while the first is there: the run never needs more room than that. It comes after
    /// all other files, since with it a folder counts as a run that can be gone on with.
    fn make_room(&self, folder: &Path, start: Start) -> Result<(), Diagnostic> {
        self.save(folder)?;
        self.save(folder).inspect_err(|_| {
            if start == Start::Fresh {
                // Nothing is lost, and the folder can be used again.
                let _ = std::fs::remove_file(folder.join(checkpoint::CHECKPOINT));
            }
        })
    }

    /// What is trained, in the words of who asked for it.
    fn announce<O: Observer>(&self, asked: &Config, folder: &Folder, records: &mut Records<'_, O>) {
        let inputs: Vec<String> = self.objective.inputs().map(|(name, set)| format!("{name}: {set}")).collect();
        let mut set: Vec<String> = self.config.set.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        set.extend(self.objective.defaults().map(|(name, value)| format!("{name} = {value} (default)")));
        let with = if set.is_empty() { String::new() } else { format!(" at {}", set.join(", ")) };
        records.message(&format!("loss: {}{with}, of {}", asked.loss, inputs.join(", ")));
        records.message(&format!(
            "{} images, {} parameters, {} steps, into {}",
            self.images.len(),
            self.network.size(),
            self.rate.steps,
            folder.path().display()
        ));
        if let Some(warning) = folder.warning() {
            records.message(&warning);
        }
        if self.step > 0 {
            records.message(&format!("going on after step {}", self.step));
        }
    }

    fn go<O: Observer>(
        &mut self,
        folder: &Path,
        records: &mut Records<'_, O>,
        stop: &dyn Fn() -> bool,
    ) -> Result<Ended, Error> {
        let options = data::Options { batch: self.config.batch, ..data::Options::training(self.config.seed) };
        let mut loader = Loader::steps(&self.images, &self.recipe, &options, self.step..self.rate.steps)?;
        let first = self.step;
        let (mut run, mut epoch, mut step) = (Lap::new(), Lap::new(), Lap::new());
        while let Some(batch) = loader.next() {
            let batch = batch?;
            if self.step.is_multiple_of(self.per_epoch) {
                self.losses.clear();
            }
            let taken = self.take(&batch, folder, records)?;
            let done = step.end(loader.stalled());
            records.step(&StepReport {
                step: self.step,
                steps: self.rate.steps,
                epoch: batch.epoch + 1,
                loss: taken.loss,
                learning_rate: taken.learning_rate,
                images_per_second: batch.labels.len() as f64 / done.took.as_secs_f64(),
                stalled: done.stalled,
                watched: taken.watched,
            })?;
            loader.recycle(batch);
            self.losses.push(taken.loss);
            let ends = self.step.is_multiple_of(self.per_epoch);
            let due = self.config.checkpoint_every.is_some_and(|every| self.step.is_multiple_of(every));
            let stopped = stop();
            if ends || due || stopped {
                records.settle()?;
                self.save(folder)?;
            }
            if ends {
                let done = epoch.end(loader.stalled());
                records.epoch(&EpochReport {
                    epoch: self.step / self.per_epoch,
                    epochs: self.config.epochs,
                    step: self.step,
                    mean_loss: average(&self.losses),
                    took: done.took,
                    stalled: done.stalled,
                })?;
            }
            if stopped && self.step < self.rate.steps {
                let done = run.end(loader.stalled());
                return Ok(Ended::Stopped(self.summary(first, done)));
            }
        }
        Ok(Ended::Finished(self.summary(first, run.end(loader.stalled()))))
    }

    fn summary(&self, first: u64, done: Done) -> Summary {
        let images = (self.step - first) * self.config.batch as u64;
        Summary { step: self.step, loss: average(&self.losses), images, took: done.took, stalled: done.stalled }
    }

    /// One step: what the network makes of the batch, the loss, its gradient, the weights.
    fn take<O: Observer>(
        &mut self,
        batch: &Batch,
        folder: &Path,
        records: &mut Records<'_, O>,
    ) -> Result<Taken, Error> {
        let tensors = self.forward(batch)?;
        let loss = self.objective.value(&tensors).map_err(|error| self.placed(error.into(), batch, folder))?;
        let value = loss.double_value(&[]);
        if !value.is_finite() {
            return Err(self.placed(self.objective.blame(&tensors), batch, folder));
        }
        let mut gradient = self.optimiser.gradient(&self.scaling.scaled(&loss)).map_err(refused)?;
        let norm = gradient.norm().map_err(refused)?.double_value(&[]);
        let learning_rate = self.rate.at(self.step);
        if norm.is_finite() {
            let norm = self.scaling.unscaled(norm);
            let clip = self.config.clip.map_or(1.0, |clip| (clip / norm).min(1.0));
            let factor = self.scaling.unscaled(clip);
            if factor != 1.0 {
                gradient.scale(factor).map_err(refused)?;
            }
            self.optimiser.step(&gradient, learning_rate).map_err(refused)?;
            self.network.follow(self.config.network.momentum, self.step, self.rate.steps)?;
        } else if !self.scaling.can_shrink() {
            let message = "the gradient of the loss is not finite".to_owned();
            let diagnostic = Diagnostic::new(Code::E1045, message)
                .note(format!("the loss is {value:e}"))
                .help("a smaller --lr or a longer --warmup may keep weights from growing so far");
            return Err(self.placed(diagnostic.into(), batch, folder));
        }
        self.scaling.learn(norm);
        self.step += 1;
        let watched = self.look(&tensors, records);
        Ok(Taken { loss: value, learning_rate, watched })
    }

    fn forward(&self, batch: &Batch) -> Result<Tensors, Diagnostic> {
        let views = tensors(batch, self.images.shape(), self.device);
        let forward = || self.network.forward(&views, self.config.seed, self.step);
        if self.config.half { tch::autocast(true, forward) } else { forward() }
    }

    /// The watched expressions, where it is time for them: at the first step, after every so many, and at the last. One that has no
    /// value says so once, until it has had one again.
    fn look<O: Observer>(&mut self, tensors: &Tensors, records: &mut Records<'_, O>) -> Vec<(String, f64)> {
        let ends = self.step == 1 || self.step == self.rate.steps;
        if !ends && !self.step.is_multiple_of(self.config.watch_every) {
            return Vec::new();
        }
        let mut named = Vec::new();
        for (text, value) in self.watch.texts().zip(self.watch.look(tensors)) {
            match value {
                Ok(value) => {
                    self.valueless.remove(text);
                    named.push((text.to_owned(), value));
                }
                Err(error) => {
                    let why = error.diagnostics.first().map_or("", |first| first.message.as_str());
                    if self.valueless.insert(text.to_owned()) {
                        records.message(&format!("from step {} on, `{text}` has no value: {why}", self.step));
                    }
                }
            }
        }
        named
    }

    /// A mistake with where it happened, and what is left.
    fn placed(&self, mut error: Error, batch: &Batch, folder: &Path) -> Error {
        if let Some(first) = error.diagnostics.first_mut() {
            first.notes.push(format!(
                "at step {} of {}, in the batch of seed {:#018x}",
                self.step + 1,
                self.rate.steps,
                batch.seed
            ));
            first.notes.push(format!("'{}' is as it was before", folder.join(checkpoint::CHECKPOINT).display()));
        }
        error
    }

    /// Everything that a checkpoint holds.
    fn state(&self) -> Result<Vec<(String, Tensor)>, Diagnostic> {
        let mut state = self.network.state();
        state.extend(self.optimiser.moments().map_err(refused)?);
        // Files of one run are compared byte by byte.
        state.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(state)
    }

    fn save(&self, folder: &Path) -> Result<(), Diagnostic> {
        let header = Header {
            layout: LAYOUT,
            config: self.config.clone(),
            origin: self.origin.clone(),
            step: self.step,
            skipped: self.step - self.optimiser.steps(),
            scaling: self.scaling,
            losses: self.losses.clone(),
        };
        checkpoint::save(folder, &header, &self.state()?).map(|_| ())
    }
}

/// Where a run computes, with as many threads as it says.
///
/// # Errors
/// E0809 where the device is not there.
pub(super) fn device(config: &Config) -> Result<Device, Diagnostic> {
    let device: Device = config.device.parse()?;
    let there = Libtorch::linked()?.require(device);
    there.map_err(|missing| missing.help("a processor is always there: --device cpu"))?;
    tch::set_num_threads(i32::try_from(config.threads).unwrap_or(1));
    Ok(device)
}

/// The images of a run.
///
/// # Errors
/// What is wrong with them or their name.
pub(super) fn open_images(config: &Config, split: Split) -> Result<Arc<Images>, Diagnostic> {
    let mut images = Images::open(&config.data.parse()?, split)?;
    if let (Split::Train, Some(n)) = (split, config.images) {
        images = images.subset(n, config.seed)?;
    }
    if let Some(side) = config.image_size {
        images = images.at_size(side, side)?;
    }
    Ok(Arc::new(images))
}

fn average(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

fn refused(error: tch::TchError) -> Diagnostic {
    crate::torch::refused("a step", &error)
}
