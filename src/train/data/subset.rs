//! A part of the images with the classes in their proportions, for runs that are to be short.

use rand::seq::SliceRandom;

use super::{Images, Pixels};
use crate::base::{Code, Diagnostic, Key};

impl Images {
    /// `count` of the images, in the order in which they stand: of each class its share (classes of equal size differ by one
    /// image at most).
    ///
    /// Which images of a class are taken is a function of the seed. The images of a class come in a random order, and the
    /// classes take turns in proportion to their sizes; the first `count` are taken: those of a smaller subset are in every
    /// larger one of the same seed. Class names and normalisation stay those of all images.
    ///
    /// # Errors
    /// E1007 where `count` is 0 or more than there are images.
    pub fn subset(&self, count: usize, seed: u64) -> Result<Images, Diagnostic> {
        if count == 0 || count > self.len() {
            let message = format!("{count} of {} images cannot be taken", self.len());
            return Err(Diagnostic::new(Code::E1007, message).help(format!("take 1 to {}", self.len())));
        }
        let mut of_class = vec![Vec::new(); self.classes.len()];
        for (index, label) in self.labels.iter().enumerate() {
            // Labels are below the number of classes: this was seen to when the images were made.
            of_class[*label as usize].push(index);
        }
        let key = Key::new(seed, "a subset of the images");
        let mut turns = Vec::with_capacity(self.len());
        for (class, mut members) in of_class.into_iter().enumerate() {
            members.shuffle(&mut key.generator(0u64, class as u64));
            let size = members.len() as f64;
            turns.extend(
                members.into_iter().enumerate().map(|(rank, index)| ((rank as f64 + 0.5) / size, class, index)),
            );
        }
        turns.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut chosen: Vec<usize> = turns.into_iter().take(count).map(|(_, _, index)| index).collect();
        chosen.sort_unstable();
        Ok(self.only(&chosen))
    }

    /// The images with these numbers.
    fn only(&self, chosen: &[usize]) -> Images {
        let pixels = match &self.pixels {
            Pixels::Memory { height, width, channels, bytes } => {
                let size = height * width * channels;
                let bytes = chosen.iter().map(|index| &bytes[index * size..][..size]).collect::<Vec<_>>().concat();
                Pixels::Memory { height: *height, width: *width, channels: *channels, bytes }
            }
            Pixels::Files(paths) => Pixels::Files(chosen.iter().map(|index| paths[*index].clone()).collect()),
        };
        Images {
            shape: self.shape,
            classes: self.classes.clone(),
            labels: chosen.iter().map(|index| self.labels[*index]).collect(),
            normalisation: self.normalisation.clone(),
            pixels,
        }
    }
}
