//! A sum by which other images are told from these.

use super::{Images, Pixels, file};
use crate::base::Diagnostic;
use crate::train::checksum::Checksum;

/// How many pictures in files are read for a sum: all of a large data set would take longer than many a run.
const READ: usize = 256;

impl Images {
    /// A sum of everything that training sees: pixels, labels, names of classes, normalisation; not of where they lie, nor of when
    /// files were written. Of pictures in files it has the name and the length of each, and the bytes of up to 256 that are spread
    /// evenly over them: a picture that is none of these may be replaced by one of its name and length unseen.
    ///
    /// # Errors
    /// E1002 where a picture cannot be read.
    pub fn checksum(&self) -> Result<String, Diagnostic> {
        let mut sum = Checksum::new();
        self.classes.iter().for_each(|class| sum.add(class));
        for value in self.normalisation.mean.iter().chain(&self.normalisation.deviation) {
            sum.add(value.to_le_bytes());
        }
        sum.add(self.labels.iter().flat_map(|label| label.to_le_bytes()).collect::<Vec<u8>>());
        match &self.pixels {
            Pixels::Memory { height, width, channels, bytes } => {
                sum.add(format!("{height} {width} {channels}"));
                sum.add(bytes);
            }
            Pixels::Files(paths) => {
                for path in paths {
                    sum.add(path.file_name().unwrap_or_default().as_encoded_bytes());
                    sum.add(file::length(path)?.to_le_bytes());
                }
                for path in paths.iter().step_by(paths.len().div_ceil(READ).max(1)) {
                    sum.add(file::read(path)?);
                }
            }
        }
        Ok(sum.text())
    }
}
