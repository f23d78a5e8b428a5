//! Framing: which part of a picture a view shows, brought to the view's size.
//!
//! Parts and sizes are chosen as torchvision chooses them. A part is cut out first and then brought to its size by a
//! convolution on bytes whose support grows as pictures shrink, which is what Pillow's `resize` does: no pixel outside the
//! part has a share in the view.

use std::borrow::Cow;

use fast_image_resize as fir;
use rand::RngExt as _;

use super::Picture;
use crate::base::Rng;

/// How often a random part is tried before the middle is taken: torchvision's number.
const TRIES: usize = 10;

/// A part of a picture, in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Crop {
    /// Columns left of it.
    pub left: usize,
    /// Rows above it.
    pub top: usize,
    /// Its columns, at least 1.
    pub width: usize,
    /// Its rows, at least 1.
    pub height: usize,
}

/// How pixels between pixels are made up.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Filter {
    /// A triangle.
    Bilinear,
    /// The cubic convolution of Keys (1981) with a = -1/2.
    Bicubic,
}

/// Which part of a picture a view shows.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Framing {
    /// The middle, nothing at random: the shorter side is brought to the view's side divided by `fraction`, and the middle is
    /// cut out. A picture that has the view's size already is taken as it is if `fraction` is 1.
    Middle {
        /// In (0, 1]; 1 cuts nothing off a square picture, 0.875 is usual for ImageNet (224 of 256 pixels).
        fraction: f64,
        /// How it is resized.
        filter: Filter,
    },
    /// A part with a random share of the area and a random ratio of width to height, brought to the view's size
    /// (torchvision's `RandomResizedCrop`; Szegedy et al. 2015).
    Resized {
        /// The least and the largest share of the area: uniform in between.
        scale: (f64, f64),
        /// The least and the largest ratio: its logarithm is uniform in between.
        ratio: (f64, f64),
        /// How it is resized.
        filter: Filter,
    },
    /// The picture at the view's size, moved at random by up to so many pixels each way; black comes in at its borders
    /// (torchvision's `RandomCrop` with padding).
    Padded {
        /// Pixels on each side.
        padding: usize,
    },
}

/// What framing needs on a thread, kept from one picture to the next.
#[derive(Default)]
pub(super) struct Bench {
    resizer: fir::Resizer,
    cut: Vec<u8>,
    resized: Vec<u8>,
    padded: Vec<u8>,
}

impl Crop {
    /// The part that torchvision's `RandomResizedCrop` takes of a picture of `[height, width]`: ten tries, then the largest
    /// part in the middle whose ratio of width to height is allowed.
    pub fn random([height, width]: [usize; 2], scale: (f64, f64), ratio: (f64, f64), rng: &mut Rng) -> Crop {
        let area = (height * width) as f64;
        let logs = (ratio.0.ln(), ratio.1.ln());
        for _ in 0..TRIES {
            let target = area * between(scale, rng);
            let ratio = between(logs, rng).exp();
            let (w, h) = (rounded((target * ratio).sqrt()), rounded((target / ratio).sqrt()));
            if (1..=width).contains(&w) && (1..=height).contains(&h) {
                let top = rng.random_range(0..=height - h);
                let left = rng.random_range(0..=width - w);
                return Crop { left, top, width: w, height: h };
            }
        }
        let own = width as f64 / height as f64;
        let (h, w) = if own < ratio.0 {
            (rounded(width as f64 / ratio.0), width)
        } else if own > ratio.1 {
            (height, rounded(height as f64 * ratio.1))
        } else {
            (height, width)
        };
        let (h, w) = (h.clamp(1, height), w.clamp(1, width));
        Crop { left: (width - w) / 2, top: (height - h) / 2, width: w, height: h }
    }
}

impl Picture<'_> {
    /// A part of the picture, brought to `[height, width]` by the convolution of Pillow's `resize`. Pillow goes along rows
    /// first and rounds to bytes, here columns come first: entries differ by a level of 255 or two for that reason alone.
    ///
    /// # Panics
    /// Where the part reaches beyond the picture, or a side has no pixels.
    pub fn resized(&self, crop: Crop, [height, width]: [usize; 2], filter: Filter) -> Picture<'static> {
        let bytes = resize(self, crop, [height, width], filter, &mut Bench::default()).to_vec();
        Picture { height, width, channels: self.channels, bytes: Cow::Owned(bytes) }
    }

    /// The middle of the picture at a size, as [`Framing::Middle`] has it.
    ///
    /// # Panics
    /// Where a side has no pixels.
    pub fn middle(&self, [height, width]: [usize; 2], fraction: f64, filter: Filter) -> Picture<'static> {
        let bytes = middle(self, [height, width], fraction, filter, &mut Bench::default()).to_vec();
        Picture { height, width, channels: self.channels, bytes: Cow::Owned(bytes) }
    }
}

impl Framing {
    /// The bytes of a view: `height` × `width` pixels with the channels of the picture.
    pub(super) fn frame<'a>(
        &self,
        picture: &'a Picture<'a>,
        [height, width]: [usize; 2],
        rng: &mut Rng,
        bench: &'a mut Bench,
    ) -> &'a [u8] {
        match *self {
            Framing::Middle { fraction, filter } => middle(picture, [height, width], fraction, filter, bench),
            Framing::Resized { scale, ratio, filter } => {
                let crop = Crop::random([picture.height, picture.width], scale, ratio, rng);
                resize(picture, crop, [height, width], filter, bench)
            }
            Framing::Padded { padding } => {
                let (down, right) = (rng.random_range(0..=2 * padding), rng.random_range(0..=2 * padding));
                let mut padded = std::mem::take(&mut bench.padded);
                let whole = middle(picture, [height, width], 1.0, Filter::Bilinear, bench);
                shift(whole, [height, width, picture.channels], padding, [down, right], &mut padded);
                bench.padded = padded;
                &bench.padded
            }
        }
    }
}

/// A number that is uniform between two.
pub(super) fn between((low, high): (f64, f64), rng: &mut Rng) -> f64 {
    low + (high - low) * rng.random::<f64>()
}

/// The nearest integer, a half to the even one, as Python rounds.
fn rounded(x: f64) -> usize {
    x.round_ties_even() as usize
}

/// The middle of a picture: `Resize`, then `CenterCrop`.
fn middle<'a>(
    picture: &'a Picture<'a>,
    [height, width]: [usize; 2],
    fraction: f64,
    filter: Filter,
    bench: &'a mut Bench,
) -> &'a [u8] {
    if fraction == 1.0 && [picture.height, picture.width] == [height, width] {
        return &picture.bytes;
    }
    // The size at which one side fits and the other is no shorter; sizes are cut off to integers.
    let cover = [height, width].map(|side| (side as f64 / fraction) as usize);
    let [tall, wide] = if cover[0] * picture.width >= cover[1] * picture.height {
        [cover[0], (cover[0] * picture.width / picture.height).max(width)]
    } else {
        [(cover[1] * picture.height / picture.width).max(height), cover[1]]
    };
    let whole = Crop { left: 0, top: 0, width: picture.width, height: picture.height };
    let channels = picture.channels;
    resize(picture, whole, [tall, wide], filter, bench);
    let (top, left) = (rounded((tall - height) as f64 / 2.0), rounded((wide - width) as f64 / 2.0));
    let Bench { cut, resized, .. } = bench;
    copy(resized, wide, channels, Crop { left, top, width, height }, cut);
    cut
}

/// A part of a picture, brought to `[height, width]`.
fn resize<'a>(
    picture: &Picture<'_>,
    crop: Crop,
    [height, width]: [usize; 2],
    filter: Filter,
    bench: &'a mut Bench,
) -> &'a [u8] {
    let Bench { resizer, cut, resized, .. } = bench;
    let channels = picture.channels;
    if [crop.height, crop.width] == [height, width] {
        copy(&picture.bytes, picture.width, channels, crop, resized);
        return resized;
    }
    let whole = [crop.height, crop.width] == [picture.height, picture.width];
    let source: &[u8] = if whole {
        &picture.bytes
    } else {
        copy(&picture.bytes, picture.width, channels, crop, cut);
        cut
    };
    resized.clear();
    resized.resize(height * width * channels, 0);
    let pixel = if channels == 1 { fir::PixelType::U8 } else { fir::PixelType::U8x3 };
    let filter = match filter {
        Filter::Bilinear => fir::FilterType::Bilinear,
        Filter::Bicubic => fir::FilterType::CatmullRom,
    };
    let side = |n: usize| u32::try_from(n).expect("a picture that is in memory has sides below 2^32");
    let source = fir::images::ImageRef::new(side(crop.width), side(crop.height), source, pixel)
        .expect("as many bytes were cut out as the part has");
    let mut target = fir::images::Image::from_slice_u8(side(width), side(height), resized, pixel)
        .expect("the buffer was made as large as the view");
    let options = fir::ResizeOptions::new().resize_alg(fir::ResizeAlg::Convolution(filter)).use_alpha(false);
    resizer.resize(&source, &mut target, &options).expect("both images have the same type of pixel");
    resized
}

/// Copies a part of an image whose rows have `stride` pixels.
fn copy(from: &[u8], stride: usize, channels: usize, crop: Crop, to: &mut Vec<u8>) {
    to.clear();
    for row in from.chunks_exact(stride * channels).skip(crop.top).take(crop.height) {
        to.extend_from_slice(&row[crop.left * channels..][..crop.width * channels]);
    }
}

/// The window of an image with black around it that starts so many pixels down and to the right.
fn shift(
    image: &[u8],
    [height, width, channels]: [usize; 3],
    padding: usize,
    [down, right]: [usize; 2],
    to: &mut Vec<u8>,
) {
    to.clear();
    to.resize(image.len(), 0);
    // Where the image is in the window: to the right by what of the padding is left of it, or cut off there.
    let span = |offset: usize, side: usize| {
        let (into, from) = (padding.saturating_sub(offset), offset.saturating_sub(padding));
        (into, from, side.saturating_sub(into + from))
    };
    let ((to_row, from_row, rows), (to_column, from_column, columns)) = (span(down, height), span(right, width));
    for row in 0..rows {
        let from = ((from_row + row) * width + from_column) * channels;
        let into = ((to_row + row) * width + to_column) * channels;
        to[into..into + columns * channels].copy_from_slice(&image[from..from + columns * channels]);
    }
}
