//! How a run begins and ends.

use std::time::Duration;

/// Where a run begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Start {
    /// At step 0, in a folder that holds no run.
    Fresh,
    /// Where the checkpoint of the folder is.
    Resumed,
}

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Ended {
    /// After its last step.
    Finished(Summary),
    /// Before, since somebody asked; it can be gone on with.
    Stopped(Summary),
}

/// What there is to say of a run.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Summary {
    /// Steps that were taken, those before it was gone on with included.
    pub step: u64,
    /// The mean of the losses of the last epoch, so far as it went.
    pub loss: f64,
    /// Images that were seen this time.
    pub images: u64,
    /// How long that took.
    pub took: Duration,
    /// How long of this nothing was done but wait for images.
    pub stalled: Duration,
}
