//! Event files, which TensorBoard draws: a row of [`super::StepReport`] as one event with a scalar for each number.
//!
//! A file is a list of records: the length of an event (u64, little-endian), a checksum of it, the event as a protocol buffer,
//! and a checksum of that; the checksum is CRC-32C, rotated and shifted so that one of a checksum is not a checksum
//! (TensorFlow, `tensorflow/core/lib/io/record_writer.h`, `core/lib/hash/crc32c.h`). The messages are those parts of
//! `event.proto` and `summary.proto` (TensorBoard, `tensorboard/compat/proto/`) that scalars need. TensorBoard keeps numbers in
//! single precision; [`super::MetricsTable`] has all their digits.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crc::{CRC_32_ISCSI, Crc};
use prost::Message;

use super::csv::unwritable;
use super::{EpochReport, Observer, StepReport};
use crate::base::{Code, Diagnostic};

const CHECKSUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISCSI);

/// What a file starts with, so that TensorBoard knows how to read it.
const VERSION: &str = "brain.Event:2";

/// `SessionLog.START`: the run goes on at the event's step, and what other files say of that step and later ones is void.
const START: i32 = 1;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    // One of several fields in the original, so that 0 is written too.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// The events of a run, a new file each time that it is started or resumed.
#[derive(Debug)]
pub struct EventLog {
    path: PathBuf,
    file: File,
}

impl EventLog {
    /// A new file in a folder, which is made where it does not exist. `after` is the step that the run is resumed after: what
    /// earlier files of the folder say of later steps is no longer shown.
    ///
    /// # Errors
    /// E0805 where it cannot be written.
    pub fn open(folder: &Path, after: Option<u64>) -> Result<Self, Diagnostic> {
        std::fs::create_dir_all(folder).map_err(|error| unwritable(folder, &error))?;
        let now = now();
        // TensorBoard reads the files of a folder in the order of their names.
        let name = format!("events.out.tfevents.{:010}.{:09}.loewner", now.as_secs(), now.subsec_nanos());
        let path = folder.join(name);
        let file = File::options().append(true).create_new(true).open(&path);
        let file = file.map_err(|error| unwritable(&path, &error))?;
        let mut log = EventLog { path, file };
        log.write(now, 0, What::FileVersion(VERSION.to_owned()))?;
        if let Some(step) = after {
            log.write(now, step + 1, What::SessionLog(SessionLog { status: START }))?;
        }
        Ok(log)
    }

    /// Where it is kept.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn write(&mut self, time: Duration, step: u64, what: What) -> Result<(), Diagnostic> {
        let step =
            i64::try_from(step).map_err(|_| Diagnostic::new(Code::E0805, format!("step {step} is too large")))?;
        let event = Event { wall_time: time.as_secs_f64(), step, what: Some(what) };
        // One call for the whole record: a run that is killed leaves whole records.
        self.file.write_all(&record(&event.encode_to_vec())).map_err(|error| unwritable(&self.path, &error))
    }

    fn scalars(&mut self, step: u64, scalars: impl IntoIterator<Item = (String, f64)>) -> Result<(), Diagnostic> {
        let value = scalars.into_iter().map(|(tag, x)| Scalar { tag, simple_value: Some(x as f32) }).collect();
        self.write(now(), step, What::Summary(Summary { value }))
    }
}

impl Observer for EventLog {
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        let own = [
            ("train/loss", report.loss),
            ("train/learning_rate", report.learning_rate),
            ("speed/images_per_second", report.images_per_second),
            ("speed/stalled_seconds", report.stalled.as_secs_f64()),
        ];
        let own = own.into_iter().map(|(tag, x)| (tag.to_owned(), x));
        let watched = report.watched.iter().map(|(name, x)| (format!("watch/{name}"), *x));
        self.scalars(report.step, own.chain(watched))
    }

    fn epoch(&mut self, report: &EpochReport) -> Result<(), Diagnostic> {
        self.scalars(report.step, [("train/mean_loss_of_epoch".to_owned(), report.mean_loss)])
    }

    fn settle(&mut self) -> Result<(), Diagnostic> {
        self.file.sync_data().map_err(|error| unwritable(&self.path, &error))
    }
}

/// The time since 1970, which only a clock that was never set is before.
fn now() -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

/// An event with its length and the checksums.
fn record(event: &[u8]) -> Vec<u8> {
    let length = (event.len() as u64).to_le_bytes();
    [&length[..], &masked(&length), event, &masked(event)].concat()
}

fn masked(bytes: &[u8]) -> [u8; 4] {
    CHECKSUM.checksum(bytes).rotate_right(15).wrapping_add(0xa282_ead8).to_le_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 3720, B.4: CRC-32C of 32 bytes of zeros, of ones, and of 0 to 31, before the rotation.
    #[test]
    fn the_checksum_is_that_of_the_standard() {
        assert_eq!(CHECKSUM.checksum(&[0; 32]), 0x8a91_36aa);
        assert_eq!(CHECKSUM.checksum(&[0xff; 32]), 0x62a8_ab43);
        assert_eq!(CHECKSUM.checksum(&(0..32).collect::<Vec<u8>>()), 0x46dd_794e);
    }

    /// The bytes that TensorBoard's own writer gives for the same events: `tests/reference/event_file.py`.
    #[test]
    fn the_bytes_are_those_of_tensorboard() {
        let event = |time: f64, step: i64, what: What| {
            record(&Event { wall_time: time, step, what: Some(what) }.encode_to_vec())
        };
        let scalar = |tag: &str, x: f32| Scalar { tag: tag.to_owned(), simple_value: Some(x) };
        let summary = Summary { value: vec![scalar("train/loss", 0.75), scalar("watch/entropy(gram(Z), 1)", 0.0)] };
        let ours = [
            event(1.5, 0, What::FileVersion(VERSION.to_owned())),
            event(2.25, 301, What::SessionLog(SessionLog { status: START })),
            event(3.125, 301, What::Summary(summary)),
        ];
        let theirs = include_str!("../../../tests/reference/event_file.hex");
        let ours: String = ours.concat().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(ours, theirs.split_whitespace().collect::<String>());
    }
}
