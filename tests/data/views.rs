//! Views against what torchvision and Pillow make of the same pictures (`views.json`, written by `views.py`).

use std::borrow::Cow;
use std::sync::Arc;

use loewner::base::{Code, Key};
use loewner::train::data::{
    Blur, Crop, Filter, Framing, Images, Jitter, Loader, Normalisation, Options, Picture, Recipe, Split, colour,
    gaussian_blur,
};
use serde::Deserialize;

use super::fashion;

#[derive(Deserialize)]
struct Expected {
    grey: (usize, usize, Vec<u8>),
    colour: (usize, usize, Vec<u8>),
    small: std::collections::BTreeMap<usize, Vec<u8>>,
    others: std::collections::BTreeMap<String, Vec<u8>>,
    resized: Vec<Resized>,
    middle: Vec<Middle>,
    colours: Vec<(usize, String, f32, Vec<f32>)>,
    blurred: Vec<(usize, usize, f32, Vec<f32>)>,
    draws: u64,
    crops: Vec<Drawn>,
}

/// Channels; top, left, height and width of the part; height and width of the view; filter; bytes.
type Resized = (usize, [usize; 4], [usize; 2], String, Vec<u8>);

/// Channels; height and width; side of the view; what the shorter side is brought to; bytes.
type Middle = (usize, [usize; 2], usize, usize, Vec<u8>);

/// Size of the picture, scale, ratio; means and deviations of top, left, height and width.
type Drawn = ([usize; 2], (f64, f64), (f64, f64), [f64; 4], [f64; 4]);

fn expected() -> Expected {
    serde_json::from_str(include_str!("views.json")).unwrap()
}

impl Expected {
    fn picture(&self, channels: usize, size: Option<[usize; 2]>) -> Picture<'_> {
        let (mut height, mut width, mut bytes) = match channels {
            1 => (self.grey.0, self.grey.1, &self.grey.2),
            _ => (self.colour.0, self.colour.1, &self.colour.2),
        };
        if let Some([h, w]) = size.filter(|size| *size != [height, width]) {
            (height, width, bytes) = (h, w, &self.others[&format!("{h}x{w}x{channels}")]);
        }
        Picture { height, width, channels, bytes: Cow::Borrowed(bytes) }
    }

    /// The small picture as planes of numbers from 0 to 1.
    fn planes(&self, channels: usize) -> Vec<f32> {
        let bytes = &self.small[&channels];
        let plane = |channel: usize| bytes.iter().skip(channel).step_by(channels).map(|byte| f32::from(*byte) / 255.0);
        (0..channels).flat_map(plane).collect()
    }
}

fn filter(name: &str) -> Filter {
    if name == "bilinear" { Filter::Bilinear } else { Filter::Bicubic }
}

fn assert_near(got: &[f32], wanted: &[f32], within: f32, what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!((got - wanted).abs() <= within, "{what}, entry {at}: {got} instead of {wanted}");
    }
}

/// Weights of 16 bits instead of Pillow's 22 round few bytes the other way.
fn assert_same_picture(got: &[u8], wanted: &[u8], what: &str) {
    assert_eq!(got.len(), wanted.len(), "{what}");
    for (at, (got, wanted)) in got.iter().zip(wanted).enumerate() {
        assert!(got.abs_diff(*wanted) <= 1, "{what}, byte {at}: {got} instead of {wanted}");
    }
    let others = got.iter().zip(wanted).filter(|(got, wanted)| got != wanted).count();
    assert!(10 * others <= got.len(), "{what}: {others} of {} bytes differ", got.len());
}

#[test]
fn parts_are_resized_as_pillow_does_it() {
    let expected = expected();
    assert!(expected.resized.len() >= 60);
    for (channels, [top, left, height, width], size, name, bytes) in &expected.resized {
        let crop = Crop { left: *left, top: *top, width: *width, height: *height };
        let view = expected.picture(*channels, None).resized(crop, *size, filter(name));
        assert_same_picture(&view.bytes, bytes, &format!("{channels} channels, {crop:?} to {size:?}, {name}"));
    }
}

#[test]
fn the_middle_is_taken_as_torchvision_does_it() {
    let expected = expected();
    for (channels, size, side, shorter, bytes) in &expected.middle {
        let fraction = *side as f64 / *shorter as f64;
        let view = expected.picture(*channels, Some(*size)).middle([*side, *side], fraction, Filter::Bicubic);
        assert_same_picture(&view.bytes, bytes, &format!("{channels} channels, {size:?} to {side} of {shorter}"));
    }
}

#[test]
fn colours_change_as_torchvisions_do() {
    let expected = expected();
    for (channels, name, argument, wanted) in &expected.colours {
        let mut planes = expected.planes(*channels);
        match name.as_str() {
            "brightness" => colour::brightness(&mut planes, *argument),
            "contrast" => colour::contrast(&mut planes, *channels, *argument),
            "saturation" => colour::saturation(&mut planes, *channels, *argument),
            "hue" => colour::hue(&mut planes, *channels, *argument),
            "grayscale" => colour::grayscale(&mut planes, *channels),
            other => panic!("{other}"),
        }
        assert_near(&planes, wanted, 2e-6, &format!("{name} by {argument} with {channels} channels"));
    }
}

#[test]
fn blurs_are_torchvisions() {
    let expected = expected();
    for (channels, size, sigma, wanted) in &expected.blurred {
        let mut planes = expected.planes(*channels);
        gaussian_blur(&mut planes, [6, 7], *size, *sigma, &mut Vec::new());
        assert_near(&planes, wanted, 1e-6, &format!("a blur of {size} entries, deviation {sigma}"));
    }
}

/// Means of as many draws as torchvision's: they differ by less than five standard errors of a difference.
#[test]
fn random_parts_are_distributed_as_torchvisions() {
    let expected = expected();
    let draws = expected.draws;
    for ([height, width], scale, ratio, means, deviations) in &expected.crops {
        let mut rng = Key::new(0, "parts").generator(0u64, 0);
        let mut sums = [0.0; 4];
        let mut squares = [0.0; 4];
        for _ in 0..draws {
            let crop = Crop::random([*height, *width], *scale, *ratio, &mut rng);
            assert!(crop.top + crop.height <= *height && crop.left + crop.width <= *width, "{crop:?}");
            for (at, value) in [crop.top, crop.left, crop.height, crop.width].into_iter().enumerate() {
                sums[at] += value as f64;
                squares[at] += (value as f64).powi(2);
            }
        }
        for at in 0..4 {
            let mean = sums[at] / draws as f64;
            let deviation = (squares[at] / draws as f64 - mean * mean).max(0.0).sqrt();
            let error = deviations[at] * (2.0 / draws as f64).sqrt();
            assert!((mean - means[at]).abs() <= 5.0 * error, "{height} × {width}, {at}: {mean} not {}", means[at]);
            // A deviation is drawn less exactly than a mean, but for these bounded numbers not by much.
            assert!((deviation - deviations[at]).abs() <= 10.0 * error, "{height} × {width}, {at}: {deviation}");
        }
    }
}

/// One picture of one channel, as the only image.
fn alone(height: usize, width: usize, channels: usize, bytes: Vec<u8>) -> Arc<Images> {
    let normalisation = Normalisation { mean: vec![0.0; channels], deviation: vec![1.0; channels] };
    let classes = vec!["it".to_owned()];
    Arc::new(Images::from_bytes([height, width, channels], bytes, vec![0], classes, normalisation).unwrap())
}

/// The views of the first image in so many epochs.
fn views(images: &Arc<Images>, recipe: &Recipe, epochs: u64) -> Vec<Vec<f32>> {
    let options = Options { batch: 1, threads: 1, ..Options::training(3) };
    let batches = Loader::steps(images, recipe, &options, 0..epochs).unwrap();
    batches.map(|batch| batch.unwrap().views.swap_remove(0)).collect()
}

const STILL: Recipe = Recipe {
    views: 1,
    framing: Framing::Middle { fraction: 1.0, filter: Filter::Bilinear },
    flip: 0.0,
    jitter: None,
    grayscale: 0.0,
    blur: None,
};

#[test]
fn the_plain_view_is_the_image_normalised() {
    let images = Arc::new(fashion(Split::Test));
    let options = Options { batch: 100, threads: 2, ..Options::evaluation() };
    let mut seen = 0;
    for batch in Loader::epoch(&images, &Recipe::plain(&images), &options, 0).unwrap() {
        let batch = batch.unwrap();
        for (place, index) in batch.indices.iter().enumerate() {
            let bytes = images.picture(*index).unwrap().bytes;
            let wanted: Vec<f32> = bytes.iter().map(|byte| (f32::from(*byte) / 255.0 - 0.2860) / 0.3530).collect();
            assert_near(&batch.views[0][place * 784..][..784], &wanted, 1e-6, "the plain view");
            seen += 1;
        }
    }
    assert_eq!(seen, 256);
}

#[test]
fn planes_come_one_after_another() {
    let (red, green, blue) = ([0u8, 51], [102, 153], [204, 255]);
    let images = alone(1, 2, 3, vec![red[0], green[0], blue[0], red[1], green[1], blue[1]]);
    assert_near(&views(&images, &STILL, 1)[0], &[0.0, 0.2, 0.4, 0.6, 0.8, 1.0], 1e-7, "planes");
    let flipped = Recipe { flip: 1.0, ..STILL };
    assert_near(&views(&images, &flipped, 1)[0], &[0.2, 0.0, 0.6, 0.4, 1.0, 0.8], 1e-7, "planes, mirrored");
}

#[test]
fn things_happen_as_often_as_they_should() {
    let images = alone(1, 3, 3, vec![0, 100, 200, 10, 20, 30, 255, 0, 0]);
    let still = views(&images, &STILL, 1).swap_remove(0);
    let jitter = Jitter { probability: 0.8, brightness: 0.3, contrast: 0.3, saturation: 0.3, hue: 0.1 };
    let blur = Blur { probability: 0.4, sigma: (0.5, 1.0), kernel: 1 };
    for (recipe, probability) in [
        (Recipe { flip: 0.5, ..STILL }, 0.5),
        (Recipe { grayscale: 0.2, ..STILL }, 0.2),
        (Recipe { jitter: Some(jitter), ..STILL }, 0.8),
        // A kernel of one entry changes nothing.
        (Recipe { blur: Some(blur), ..STILL }, 0.0),
    ] {
        let count = 4000;
        let changed = views(&images, &recipe, count).iter().filter(|view| differ(view, &still)).count() as f64;
        // Five standard deviations of a binomial number.
        let allowed = 5.0 * (count as f64 * probability * (1.0 - probability)).sqrt();
        assert!((changed - count as f64 * probability).abs() <= allowed, "{recipe:?}: {changed} of {count}");
    }
}

fn differ(a: &[f32], b: &[f32]) -> bool {
    a.iter().zip(b).any(|(a, b)| (a - b).abs() > 1e-5)
}

#[test]
fn a_moved_image_keeps_its_pixels_and_gains_black_ones() {
    let side = 4;
    let images = alone(side, side, 1, (1..=16).map(|pixel| pixel * 10).collect());
    let recipe = Recipe { framing: Framing::Padded { padding: 2 }, ..STILL };
    let mut found = [[false; 5]; 5];
    for view in views(&images, &recipe, 2000) {
        let bytes: Vec<i32> = view.iter().map(|x| (x * 255.0).round() as i32).collect();
        let shifts = (-2..=2).flat_map(|down| (-2..=2).map(move |right| (down, right)));
        let moved = |down: i32, right: i32| -> Vec<i32> {
            let at = |row: i32, column: i32| {
                let inside = (0..4).contains(&row) && (0..4).contains(&column);
                if inside { (row * 4 + column + 1) * 10 } else { 0 }
            };
            (0..16).map(|place| at(place / 4 + down, place % 4 + right)).collect()
        };
        let (down, right) = shifts.into_iter().find(|(down, right)| moved(*down, *right) == bytes).unwrap();
        found[(down + 2) as usize][(right + 2) as usize] = true;
    }
    assert_eq!(found, [[true; 5]; 5], "some shifts never occur");
}

#[test]
fn recipes_of_the_methods_are_the_published_ones() {
    let grey = fashion(Split::Train);
    let two = Recipe::two_views(&grey);
    let jitter = two.jitter.unwrap();
    assert_eq!((two.views, two.grayscale, two.blur), (2, 0.0, None));
    assert_eq!((jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue), (0.4, 0.4, 0.0, 0.0));
    let normalisation = Normalisation::imagenet();
    let large = Images::from_bytes([224, 224, 3], vec![0; 224 * 224 * 3], vec![0], vec!["a".into()], normalisation);
    let two = Recipe::two_views(&large.unwrap());
    let jitter = two.jitter.unwrap();
    assert_eq!((jitter.probability, jitter.brightness, jitter.saturation, jitter.hue), (0.8, 0.8, 0.8, 0.2));
    assert_eq!((two.grayscale, two.blur.unwrap().kernel), (0.2, 23));
}

#[test]
fn recipes_that_cannot_be_followed_are_refused() {
    let images = Arc::new(fashion(Split::Test));
    let scale = |low, high| Framing::Resized { scale: (low, high), ratio: (1.0, 1.0), filter: Filter::Bilinear };
    let blur = |kernel, sigma| Some(Blur { probability: 0.5, sigma, kernel });
    let jitter = Jitter { probability: 0.5, brightness: 0.1, contrast: 0.1, saturation: 0.1, hue: 0.1 };
    for wrong in [
        Recipe { views: 0, ..STILL },
        Recipe { flip: 1.5, ..STILL },
        Recipe { grayscale: f64::NAN, ..STILL },
        Recipe { framing: scale(0.0, 1.0), ..STILL },
        Recipe { framing: scale(0.5, 0.2), ..STILL },
        Recipe { framing: scale(0.5, 1.2), ..STILL },
        Recipe { framing: Framing::Middle { fraction: 0.0, filter: Filter::Bicubic }, ..STILL },
        Recipe { framing: Framing::Padded { padding: 29 }, ..STILL },
        Recipe { blur: blur(4, (0.1, 2.0)), ..STILL },
        Recipe { blur: blur(57, (0.1, 2.0)), ..STILL },
        Recipe { blur: blur(5, (0.0, 2.0)), ..STILL },
        Recipe { jitter: Some(Jitter { hue: 0.6, ..jitter }), ..STILL },
        Recipe { jitter: Some(Jitter { contrast: -0.1, ..jitter }), ..STILL },
    ] {
        let refused = Loader::epoch(&images, &wrong, &Options::training(0), 0).err().unwrap();
        assert_eq!(refused.code, Code::E1007, "{wrong:?}");
    }
    assert!(fashion(Split::Test).at_size(0, 28).is_err());
}
