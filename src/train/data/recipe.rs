//! Recipes: what makes a view of an image, step by step, and the recipes of the methods.
//!
//! Steps come in the order of the fields, as in the code of SimCLR and of those after it: framing, flip, colour jitter, grey,
//! blur, and at last the normalisation of the images. Framing works on bytes; where colours change, the rest is done in
//! floating point, and nothing is rounded in between.

use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::blur::gaussian_blur;
use super::frame::{Bench, between};
use super::{Filter, Framing, Images, Normalisation, Picture, colour};
use crate::base::{Code, Diagnostic, Rng};

/// What makes a view of an image. Its size, channels and normalisation are those of the images.
#[derive(Clone, PartialEq, Debug)]
pub struct Recipe {
    /// How many views there are of each image, each with random numbers of its own.
    pub views: usize,
    /// Which part of the image is shown.
    pub framing: Framing,
    /// The probability that left and right change places.
    pub flip: f64,
    /// Random changes of colour. Images in grey have their brightness and contrast changed, having nothing else.
    pub jitter: Option<Jitter>,
    /// The probability that the view is in grey; nothing for images that are.
    pub grayscale: f64,
    /// A random blur.
    pub blur: Option<Blur>,
}

/// torchvision's `ColorJitter`, applied at random: brightness, contrast, saturation and hue change in a random order, each by
/// a factor that is uniform between 1 minus and 1 plus its strength (0 at least), the hue by a shift in ± its strength.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Jitter {
    /// The probability that anything changes.
    pub probability: f64,
    /// At least 0.
    pub brightness: f64,
    /// At least 0.
    pub contrast: f64,
    /// At least 0.
    pub saturation: f64,
    /// From 0 to 1/2: the largest share of the circle of hues.
    pub hue: f64,
}

/// A Gaussian blur, applied at random.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Blur {
    /// The probability of a blur.
    pub probability: f64,
    /// The kernel's deviation is uniform in between, in pixels.
    pub sigma: (f64, f64),
    /// Entries of the kernel: an odd number below twice the shorter side.
    pub kernel: usize,
}

/// The ratios of width to height that random parts have: torchvision's.
const RATIO: (f64, f64) = (3.0 / 4.0, 4.0 / 3.0);

/// Pixels of a side from which on the recipes treat images as ImageNet's, and below it as CIFAR's.
const LARGE: usize = 64;

impl Recipe {
    /// Nothing at random: the middle of the image at the size of the views. Of a picture of 64 pixels or more 7/8 of the
    /// shorter side are shown, as is usual for ImageNet; smaller images whole. For evaluation.
    pub fn plain(images: &Images) -> Self {
        let fraction = if large(images) { 0.875 } else { 1.0 };
        let framing = Framing::Middle { fraction, filter: Filter::Bicubic };
        Recipe { views: 1, framing, flip: 0.0, jitter: None, grayscale: 0.0, blur: None }
    }

    /// One view for masked autoencoders: a part of 20 % to 100 % of the area, bicubic, and a flip (He et al. 2022,
    /// `main_pretrain.py`).
    pub fn one_view() -> Self {
        let framing = Framing::Resized { scale: (0.2, 1.0), ratio: RATIO, filter: Filter::Bicubic };
        Recipe { views: 1, framing, flip: 0.5, jitter: None, grayscale: 0.0, blur: None }
    }

    /// Two views for Siamese methods: SimCLR's (Chen et al. 2020, appendix A and B.9). A part of 8 % to 100 % of the area, a
    /// flip, jitter with probability 0.8, grey with 0.2. Views of 64 pixels or more have strength 1 and are blurred half of
    /// the time by a kernel of a tenth of their side; smaller ones have strength 1/2 and no blur, as for CIFAR-10. Images in
    /// grey lose what is about colour: saturation, hue and the change to grey.
    pub fn two_views(images: &Images) -> Self {
        let [channels, height, width] = images.shape();
        let strength = if large(images) { 1.0 } else { 0.5 };
        let coloured = if channels == 3 { strength } else { 0.0 };
        let jitter = Jitter {
            probability: 0.8,
            brightness: 0.8 * strength,
            contrast: 0.8 * strength,
            saturation: 0.8 * coloured,
            hue: 0.2 * coloured,
        };
        // A tenth of the side, made odd.
        let kernel = height.min(width) / 10 / 2 * 2 + 1;
        Recipe {
            views: 2,
            framing: Framing::Resized { scale: (0.08, 1.0), ratio: RATIO, filter: Filter::Bilinear },
            flip: 0.5,
            jitter: Some(jitter),
            grayscale: if channels == 3 { 0.2 } else { 0.0 },
            blur: large(images).then_some(Blur { probability: 0.5, sigma: (0.1, 2.0), kernel }),
        }
    }

    /// One view for supervised training of small images: moved by up to an eighth of the side, 4 pixels of 32, and flipped
    /// (He et al. 2016, section 4.2).
    pub fn moved(images: &Images) -> Self {
        let [_, height, width] = images.shape();
        let framing = Framing::Padded { padding: height.min(width) / 8 };
        Recipe { views: 1, framing, flip: 0.5, jitter: None, grayscale: 0.0, blur: None }
    }

    /// Whether the recipe can be followed for views of `[height, width]`.
    pub(super) fn check(&self, [height, width]: [usize; 2]) -> Result<(), Diagnostic> {
        let unit = 0.0..=1.0;
        let jitter = self.jitter.unwrap_or(Jitter::NONE);
        let blur = self.blur.unwrap_or(Blur { probability: 0.0, sigma: (1.0, 1.0), kernel: 1 });
        let ordered = |(low, high): (f64, f64)| low > 0.0 && low <= high && high.is_finite();
        let strength = |x: f64| x >= 0.0 && x.is_finite();
        let framing = match self.framing {
            Framing::Middle { fraction, .. } => fraction > 0.0 && fraction <= 1.0,
            Framing::Resized { scale, ratio, .. } => ordered(scale) && ordered(ratio) && scale.1 <= 1.0,
            Framing::Padded { padding } => padding <= height.min(width),
        };
        let probabilities = [self.flip, self.grayscale, jitter.probability, blur.probability];
        let wrong = [
            (self.views == 0, "there are no views"),
            (!framing, "its framing has a share outside (0, 1], or a range that is empty or not positive"),
            (!probabilities.iter().all(|p| unit.contains(p)), "a probability is outside [0, 1]"),
            (
                ![jitter.brightness, jitter.contrast, jitter.saturation].into_iter().all(strength),
                "a strength of its jitter is negative",
            ),
            (!(0.0..=0.5).contains(&jitter.hue), "its hue is outside [0, 1/2]"),
            (!ordered(blur.sigma), "the deviation of its blur is not positive"),
            (
                blur.kernel.is_multiple_of(2) || blur.kernel / 2 >= height.min(width),
                "the kernel of its blur is even or reaches beyond the view",
            ),
        ];
        match wrong.iter().find(|(is, _)| *is) {
            None => Ok(()),
            Some((_, what)) => Err(Diagnostic::new(Code::E1007, format!("views cannot be made so: {what}"))),
        }
    }

    fn changes_colours(&self) -> bool {
        self.jitter.is_some() || self.grayscale > 0.0 || self.blur.is_some()
    }
}

impl Jitter {
    const NONE: Jitter = Jitter { probability: 0.0, brightness: 0.0, contrast: 0.0, saturation: 0.0, hue: 0.0 };

    /// Changes the colours of `channels` planes.
    fn apply(&self, view: &mut [f32], channels: usize, rng: &mut Rng) {
        let mut order = [0, 1, 2, 3];
        order.shuffle(rng);
        for step in order {
            let (strength, is_hue) = match step {
                0 => (self.brightness, false),
                1 => (self.contrast, false),
                2 => (self.saturation, false),
                _ => (self.hue, true),
            };
            if strength == 0.0 {
                continue;
            }
            let range = if is_hue { (-strength, strength) } else { ((1.0 - strength).max(0.0), 1.0 + strength) };
            let by = between(range, rng) as f32;
            match step {
                0 => colour::brightness(view, by),
                1 => colour::contrast(view, channels, by),
                2 => colour::saturation(view, channels, by),
                _ => colour::hue(view, channels, by),
            }
        }
    }
}

fn large(images: &Images) -> bool {
    let [_, height, width] = images.shape();
    height.min(width) >= LARGE
}

/// Makes views on one thread: a recipe, the normalisation as a table, and buffers.
pub(super) struct Kitchen {
    recipe: Recipe,
    shape: [usize; 3],
    normalisation: Normalisation,
    /// For each channel, what each byte is after normalisation.
    table: Vec<[f32; 256]>,
    bench: Bench,
    line: Vec<f32>,
}

impl Kitchen {
    /// For views of the images, by a recipe that was checked.
    pub(super) fn new(recipe: &Recipe, images: &Images) -> Self {
        let normalisation = images.normalisation().clone();
        let channels = normalisation.mean.iter().zip(&normalisation.deviation);
        let table = channels.map(|(mean, deviation)| std::array::from_fn(|byte| (unit(byte) - mean) / deviation));
        Kitchen {
            recipe: recipe.clone(),
            shape: images.shape(),
            table: table.collect(),
            normalisation,
            bench: Bench::default(),
            line: Vec::new(),
        }
    }

    /// Writes a view of a picture: channels × height × width entries, plane by plane.
    pub(super) fn view(&mut self, picture: &Picture<'_>, rng: &mut Rng, out: &mut [f32]) {
        let Kitchen { recipe, shape: [channels, height, width], normalisation, table, bench, line } = self;
        let (channels, size) = (*channels, [*height, *width]);
        let bytes = recipe.framing.frame(picture, size, rng, bench);
        let flipped = recipe.flip > 0.0 && rng.random_bool(recipe.flip);
        if !recipe.changes_colours() {
            return spread(bytes, size, flipped, table, out);
        }
        let plain: [f32; 256] = std::array::from_fn(unit);
        spread(bytes, size, flipped, &vec![plain; channels], out);
        if let Some(jitter) = recipe.jitter.filter(|jitter| rng.random_bool(jitter.probability)) {
            jitter.apply(out, channels, rng);
        }
        if recipe.grayscale > 0.0 && rng.random_bool(recipe.grayscale) {
            colour::grayscale(out, channels);
        }
        if let Some(blur) = recipe.blur.filter(|blur| rng.random_bool(blur.probability)) {
            gaussian_blur(out, size, blur.kernel, between(blur.sigma, rng) as f32, line);
        }
        let planes = out.chunks_exact_mut(size[0] * size[1]);
        for ((plane, mean), deviation) in planes.zip(&normalisation.mean).zip(&normalisation.deviation) {
            plane.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        }
    }
}

/// A byte as a number from 0 to 1.
fn unit(byte: usize) -> f32 {
    byte as f32 / 255.0
}

/// Spreads pixels with their channels side by side over planes, by a table for each channel, mirrored if asked.
fn spread(bytes: &[u8], [height, width]: [usize; 2], flipped: bool, table: &[[f32; 256]], out: &mut [f32]) {
    let channels = table.len();
    for ((channel, plane), values) in out.chunks_exact_mut(height * width).enumerate().zip(table) {
        for (row, entries) in bytes.chunks_exact(width * channels).zip(plane.chunks_exact_mut(width)) {
            let pixels = row[channel..].iter().step_by(channels).map(|byte| values[usize::from(*byte)]);
            if flipped {
                entries.iter_mut().rev().zip(pixels).for_each(|(entry, value)| *entry = value);
            } else {
                entries.iter_mut().zip(pixels).for_each(|(entry, value)| *entry = value);
            }
        }
    }
}
