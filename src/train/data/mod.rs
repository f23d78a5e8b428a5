//! Data: images from files, what is done to them at random, and batches of them, prefetched on threads. No torch.
//!
//! ```text
//! source.rs     where images come from: `fashion-mnist`, `idx:IMAGES,LABELS`, `cifar10:FOLDER`, `folder:FOLDER`, ...
//! file.rs       files read whole or not at all, unpacked where they are gzipped
//! idx.rs        MNIST's format          cifar.rs   CIFAR's binary records         folder.rs   folders of pictures
//! normalise.rs  mean and deviation      subset.rs  a part with all classes in it
//! recipe.rs     what makes a view of an image; recipes of the methods
//! frame.rs      which part of an image, at which size       colour.rs, blur.rs    how its colours are changed
//! loader.rs     batches in order, from threads         checksum.rs   what tells images from others
//! ```
//!
//! Nothing is trained on that is not what it should be: a file that is truncated, that has bytes too many, whose checksum is
//! wrong or whose labels have no class or no image is an error which names the file and the byte. Folders of pictures are
//! listed first and decoded when a picture is needed, so that there a damaged file is found when its batch is made.
//!
//! A view is a function of the seed, the epoch, the number of the image and the number of the view, and of nothing else: not
//! of threads, nor of what came before. A run that is resumed at a batch sees the batches that it would have seen.
//!
//! ```
//! use std::sync::Arc;
//! use loewner::train::data::{Images, Loader, Options, Recipe, Split};
//!
//! let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fashion-mnist");
//! let source = format!("fashion-mnist:{folder}").parse()?;
//! let images = Arc::new(Images::open(&source, Split::Train)?);
//! let options = Options { batch: 64, threads: 2, ..Options::training(7) };
//! for batch in Loader::epoch(&images, &Recipe::two_views(&images), &options, 0)? {
//!     let batch = batch?;
//!     assert_eq!(batch.views.len(), 2);
//!     assert_eq!(batch.views[0].len(), 64 * 28 * 28);
//! }
//! # Ok::<(), loewner::base::Diagnostic>(())
//! ```

mod blur;
mod checksum;
mod cifar;
pub mod colour;
mod file;
mod folder;
mod frame;
mod idx;
mod loader;
mod normalise;
mod recipe;
mod source;
mod subset;

use std::borrow::Cow;
use std::path::PathBuf;

use crate::base::{Code, Diagnostic};

pub use blur::gaussian_blur;
pub use frame::{Crop, Filter, Framing};
pub use loader::{Batch, Loader, Options};
pub use normalise::Normalisation;
pub use recipe::{Blur, Jitter, Recipe};
pub use source::{Pair, Source};

/// Which images of a data set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Split {
    /// Those to train on.
    Train,
    /// Those kept from training.
    Test,
}

/// Labelled images: pixels in memory, or files that are decoded when they are needed.
#[derive(Clone, PartialEq, Debug)]
pub struct Images {
    shape: [usize; 3],
    classes: Vec<String>,
    labels: Vec<i64>,
    normalisation: Normalisation,
    pixels: Pixels,
}

/// Where the pixels are.
#[derive(Clone, PartialEq, Debug)]
enum Pixels {
    /// Images of one size, one after another, row by row, channel after channel for each pixel.
    Memory { height: usize, width: usize, channels: usize, bytes: Vec<u8> },
    /// A file for each image; decoded to three channels.
    Files(Vec<PathBuf>),
}

/// An image: height × width pixels, row by row, channel after channel for each pixel.
#[derive(Clone, PartialEq, Debug)]
pub struct Picture<'a> {
    /// How many rows of pixels.
    pub height: usize,
    /// How many pixels a row has.
    pub width: usize,
    /// 1 (grey) or 3 (red, green, blue).
    pub channels: usize,
    /// height × width × channels bytes.
    pub bytes: Cow<'a, [u8]>,
}

impl Images {
    /// Opens the training or the test images of a source.
    ///
    /// # Errors
    /// E1002 where a file or folder is missing, E1003 where one is damaged, E1004 where labels do not fit the images, E1005
    /// where a folder of pictures cannot be used. The pictures of a folder are not decoded here.
    pub fn open(source: &Source, split: Split) -> Result<Self, Diagnostic> {
        source.open(split)
    }

    /// Images in memory: of `[height, width, channels]`, one after another, row by row, the channels (1 or 3) of a pixel side
    /// by side.
    ///
    /// # Errors
    /// E1004 where there are no images, more or fewer labels than images, or a label outside the classes; or where the
    /// normalisation has other channels.
    pub fn from_bytes(
        [height, width, channels]: [usize; 3],
        bytes: Vec<u8>,
        labels: Vec<i64>,
        classes: Vec<String>,
        normalisation: Normalisation,
    ) -> Result<Self, Diagnostic> {
        let refused = |message: String| Err(Diagnostic::new(Code::E1004, message));
        let size = height.checked_mul(width).and_then(|pixels| pixels.checked_mul(channels));
        let normal = [&normalisation.mean, &normalisation.deviation].iter().all(|values| values.len() == channels);
        if height == 0 || width == 0 || ![1, 3].contains(&channels) || !normal {
            return refused(format!("images of {height} × {width} pixels with {channels} channels cannot be used"));
        }
        if labels.is_empty() || size.and_then(|size| size.checked_mul(labels.len())) != Some(bytes.len()) {
            let (bytes, labels) = (bytes.len(), labels.len());
            return refused(format!("{bytes} bytes are not {labels} images of {height} × {width} × {channels}"));
        }
        let outside = |label: &i64| !usize::try_from(*label).is_ok_and(|label| label < classes.len());
        if let Some(at) = labels.iter().position(outside) {
            return refused(format!("image {at} has the label {}, there are {} classes", labels[at], classes.len()));
        }
        let pixels = Pixels::Memory { height, width, channels, bytes };
        Ok(Images { shape: [channels, height, width], classes, labels, normalisation, pixels })
    }

    /// How many images there are, at least 1.
    #[allow(clippy::len_without_is_empty)]
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// Channels, height and width of the views that are made of the images.
    pub fn shape(&self) -> [usize; 3] {
        self.shape
    }

    /// The same images, of which views of another size are made: `height` × `width` pixels.
    ///
    /// # Errors
    /// E1007 for a size of 0 or of more than 8,192.
    pub fn at_size(mut self, height: usize, width: usize) -> Result<Self, Diagnostic> {
        if !(1..=LARGEST).contains(&height) || !(1..=LARGEST).contains(&width) {
            let message = format!("images cannot be brought to {height} × {width} pixels");
            return Err(Diagnostic::new(Code::E1007, message).help(format!("a side has 1 to {LARGEST} pixels")));
        }
        self.shape = [self.shape[0], height, width];
        Ok(self)
    }

    /// The names of the classes, by label.
    pub fn classes(&self) -> &[String] {
        &self.classes
    }

    /// The label of each image: the number of its class, from 0.
    pub fn labels(&self) -> &[i64] {
        &self.labels
    }

    /// Mean and deviation of the training images, by which all views are normalised.
    pub fn normalisation(&self) -> &Normalisation {
        &self.normalisation
    }

    /// The image with this number as it is stored, whatever [`shape`](Self::shape) says.
    ///
    /// # Errors
    /// E1002 and E1006 where its file cannot be read or decoded.
    ///
    /// # Panics
    /// Where there is no image with this number.
    pub fn picture(&self, index: usize) -> Result<Picture<'_>, Diagnostic> {
        match &self.pixels {
            Pixels::Memory { height, width, channels, bytes } => {
                let size = height * width * channels;
                let bytes = Cow::Borrowed(&bytes[index * size..][..size]);
                Ok(Picture { height: *height, width: *width, channels: *channels, bytes })
            }
            Pixels::Files(paths) => folder::decode(&paths[index]),
        }
    }
}

/// The most pixels of a side that views are made with.
const LARGEST: usize = 8192;
