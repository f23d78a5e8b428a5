//! `loewner train`: a network on images, with a loss of the language.

use std::path::PathBuf;

use super::args::Train;
use super::naming::assignment;
use super::{Outcome, Status, output, progress, render};
use crate::base::{Code, Diagnostic};
use crate::train::config::Network;
use crate::train::{self, Config, Ended, Method, Start};

pub(super) fn run(arguments: &Train) -> Outcome {
    let one = |mistake: Diagnostic| vec![mistake];
    let (config, folder, start) = match &arguments.resume {
        None => {
            let config = config(arguments, None)?;
            let folder = arguments.out.clone().unwrap_or_else(|| folder_of(&config.method, config.seed));
            (config, folder, Start::Fresh)
        }
        Some(named) => {
            let folder = match (named, &arguments.out) {
                (Some(folder), _) | (None, Some(folder)) => folder.clone(),
                (None, None) => {
                    let method = arguments.method.as_deref().ok_or_else(which_method)?;
                    let method = Method::named(method).map_err(one)?;
                    folder_of(method.name, arguments.seed.unwrap_or(0))
                }
            };
            let before = train::configured(&folder).map_err(one)?;
            (config(arguments, Some(&before))?, folder, Start::Resumed)
        }
    };
    progress::heed_interrupts()?;
    let mut screen = progress::TrainingBar::new(config.watch_every);
    let ended = train::train(&config, &folder, start, &mut screen, &progress::interrupted);
    screen.finish();
    match ended {
        Ok(Ended::Finished(summary)) => {
            if summary.images == 0 {
                output::say(&format!(
                    "nothing is left to do after step {}; a longer run is another: --epochs N --out FOLDER\n",
                    summary.step
                ))?;
                return Ok(Status::Expected);
            }
            let seconds = summary.took.as_secs_f64();
            output::say(&format!(
                "{} steps, {:.1} s, {:.0} images/s, {:.1} s of these waiting for images; mean loss of the last epoch {:.6}\n",
                summary.step,
                seconds,
                summary.images as f64 / seconds,
                summary.stalled.as_secs_f64(),
                summary.loss
            ))?;
            output::say(&format!("loewner probe {} tells how good the representation is\n", folder.display()))?;
            Ok(Status::Expected)
        }
        Ok(Ended::Stopped(summary)) => {
            output::say(&format!(
                "stopped after step {}; go on with: loewner train --resume {}\n",
                summary.step,
                folder.display()
            ))?;
            Ok(Status::Interrupted)
        }
        Err(error) => {
            // The texts that these point into are the run's own.
            output::complain(&render(error.sources(), &error.diagnostics, output::error_style()));
            Ok(Status::Unusable)
        }
    }
}

/// `runs/METHOD-seedS`
fn folder_of(method: &str, seed: u64) -> PathBuf {
    PathBuf::from("runs").join(format!("{method}-seed{seed}"))
}

fn which_images() -> Vec<Diagnostic> {
    let diagnostic = Diagnostic::new(Code::E0807, "which images?");
    vec![diagnostic.help("give them: --data fashion-mnist, or --data folder:FOLDER")]
}

fn which_method() -> Vec<Diagnostic> {
    let diagnostic = Diagnostic::new(Code::E0807, "which method?");
    vec![diagnostic.help("name one, such as mae, or give --resume a folder")]
}

/// The run that is asked for: what is not said is as in the run before, or as usual.
fn config(arguments: &Train, before: Option<&Config>) -> Result<Config, Vec<Diagnostic>> {
    let one = |mistake: Diagnostic| vec![mistake];
    let mut config = match (before, &arguments.method) {
        (Some(before), None) => before.clone(),
        (Some(before), Some(method)) => {
            Config { method: Method::named(method).map_err(one)?.name.to_owned(), ..before.clone() }
        }
        (None, Some(method)) => {
            let method = Method::named(method).map_err(one)?;
            let data = arguments.data.as_deref().ok_or_else(which_images)?;
            Config::of(method, data)
        }
        (None, None) => return Err(which_method()),
    };
    if let Some(loss) = &arguments.loss
        && *loss != config.loss
    {
        config.loss.clone_from(loss);
        if before.is_none() {
            // The parameters were those of the method's own loss.
            config.set.clear();
        }
    }
    for text in &arguments.sets {
        let (name, value) = assignment("--set", text).map_err(one)?;
        config.set.insert(name.to_owned(), value.to_owned());
    }
    if let Some(name) = &arguments.encoder {
        let named = Network::named(name).map_err(one)?;
        // A run that is gone on with keeps what else was said of its network.
        if !config.network.has_encoder_of(&named) {
            config.network = named;
        }
    }
    let network = &mut config.network;
    put(&mut network.patch, arguments.patch);
    put(&mut network.mask, arguments.mask);
    put(&mut network.decoder, arguments.decoder);
    put(&mut network.projector, arguments.projector);
    network.normalized_target &= !arguments.raw_target;
    put(&mut config.data, arguments.data.clone());
    put(&mut config.images, arguments.images.map(Some));
    put(&mut config.image_size, arguments.image_size.map(Some));
    put(&mut config.epochs, arguments.epochs);
    put(&mut config.batch, arguments.batch);
    put(&mut config.learning_rate, arguments.learning_rate);
    put(&mut config.weight_decay, arguments.weight_decay);
    put(&mut config.warmup, arguments.warmup);
    put(&mut config.clip, arguments.clip.map(Some));
    put(&mut config.seed, arguments.seed);
    put(&mut config.device, arguments.device.clone());
    put(&mut config.threads, arguments.threads);
    put(&mut config.watch_every, arguments.watch_every);
    put(&mut config.checkpoint_every, arguments.checkpoint_every.map(Some));
    config.half |= arguments.half;
    if !arguments.watch.is_empty() {
        config.watch.clone_from(&arguments.watch);
    }
    if !arguments.imports.is_empty() {
        config.import = arguments.imports.iter().map(|path| path.display().to_string()).collect();
    }
    config.check().map_err(one)?;
    Ok(config)
}

fn put<T>(into: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *into = value;
    }
}
