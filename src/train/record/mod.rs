//! What a run tells while it trains, and who listens: a table on disk, TensorBoard, and, in `cli/`, the terminal.
//!
//! The trainer tells an [`Observer`] of each step when it is done. A run that is resumed after step s tells the steps after
//! s again, and what was recorded of them before is cut off: the record is that of a run that was never interrupted, but
//! for the times in it.

mod csv;
mod events;
mod table;

use std::time::Duration;

pub use csv::MetricsTable;
pub use events::EventLog;
pub use table::{Band, Point, Selection, Table, gather};

use crate::base::Diagnostic;

/// The table of a run, in its folder.
pub const METRICS: &str = "metrics.csv";

/// What there is to say of a step.
#[derive(Clone, PartialEq, Debug)]
pub struct StepReport {
    /// How many steps are done, this one among them: from 1 to `steps`.
    pub step: u64,
    /// How many steps the whole run has.
    pub steps: u64,
    /// The epoch that the step belongs to, from 1.
    pub epoch: u64,
    /// The loss of the step's batch, before the step changed the weights.
    pub loss: f64,
    /// The learning rate of the step, without what a layer multiplies it by.
    pub learning_rate: f64,
    /// Images trained on in a second, since the step before.
    pub images_per_second: f64,
    /// How long the step waited for its images.
    pub stalled: Duration,
    /// The watched expressions that were evaluated at this step, as they were written, with their values.
    pub watched: Vec<(String, f64)>,
}

/// What there is to say of an epoch.
#[derive(Clone, PartialEq, Debug)]
pub struct EpochReport {
    /// The epoch that ended, from 1.
    pub epoch: u64,
    /// How many epochs the whole run has.
    pub epochs: u64,
    /// Its last step.
    pub step: u64,
    /// The mean of the losses of its steps.
    pub mean_loss: f64,
    /// How long it took.
    pub took: Duration,
    /// How much of that was spent waiting for images.
    pub stalled: Duration,
}

/// Somebody who is told of a run.
pub trait Observer {
    /// A step is done.
    ///
    /// # Errors
    /// E0805 where it cannot be recorded.
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic>;

    /// An epoch is done; its last step was told before.
    ///
    /// # Errors
    /// E0805 where it cannot be recorded.
    fn epoch(&mut self, _report: &EpochReport) -> Result<(), Diagnostic> {
        Ok(())
    }

    /// Something that a person may want to read: where the run is kept, that it was resumed, that a checkpoint is written.
    fn message(&mut self, _text: &str) {}

    /// A checkpoint is about to be written: what was told must be on the disk before it is, since the run is resumed after
    /// the checkpoint's step.
    ///
    /// # Errors
    /// E0805 where it cannot be brought there.
    fn settle(&mut self) -> Result<(), Diagnostic> {
        Ok(())
    }
}
