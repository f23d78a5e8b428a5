//! Images a second that become batches: `cargo bench --bench data`.
//!
//! Each case takes an epoch, or the part of one that is named, from opened images to the last batch; what reading and
//! unpacking takes is not in it. The grey images are the real ones of `tests/data`, taken again and again; the coloured ones
//! have the size of CIFAR's, the pictures in files that of ImageNet's at half size. `threads` work on batches; the consumer
//! only takes them, so that what is measured is the most that a training run could be given.

use std::sync::{Arc, OnceLock};

use divan::Bencher;
use divan::counter::ItemsCount;
use loewner::train::data::{Images, Loader, Normalisation, Options, Recipe, Split};

const BATCH: usize = 256;
const THREADS: [usize; 2] = [1, 2];

fn main() {
    divan::main();
}

/// 4,096 images of Fashion-MNIST, eight times the 512 that there are.
fn grey() -> Arc<Images> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/fashion-mnist");
    let source = format!("fashion-mnist:{folder}").parse().expect("the source is spelled right");
    let images = Images::open(&source, Split::Train).expect("the images are part of the repository");
    let again = (0..8 * images.len()).map(|index| index % images.len());
    let bytes = again.clone().flat_map(|i| images.picture(i).expect("it is in memory").bytes.into_owned()).collect();
    let labels = again.map(|index| images.labels()[index]).collect();
    let normalisation = images.normalisation().clone();
    Arc::new(
        Images::from_bytes([28, 28, 1], bytes, labels, images.classes().to_vec(), normalisation)
            .expect("these are the sizes of the images"),
    )
}

/// 2,048 coloured images of 32 × 32 pixels.
fn coloured() -> Arc<Images> {
    let bytes = (0..2048 * 32 * 32 * 3usize).map(|at| (at * 7 + at / 96 * 13 + at / 3072 * 31) as u8).collect();
    let images = Images::from_bytes([32, 32, 3], bytes, vec![0; 2048], vec!["it".into()], Normalisation::cifar10());
    Arc::new(images.expect("these are the sizes of the images"))
}

/// 64 pictures of 250 × 200 pixels in JPEG files.
fn files() -> Arc<Images> {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let inside = folder.path().join("train/it");
        std::fs::create_dir_all(&inside).expect("a new folder takes folders");
        for number in 0..64 {
            let wave = |x: u32, by: u32| (128.0 + 100.0 * (f64::from(x * by + number) / 25.0).sin()) as u8;
            let picture =
                image::RgbImage::from_fn(250, 200, |x, y| image::Rgb([wave(x, 1), wave(y, 2), wave(x + y, 3)]));
            picture.save(inside.join(format!("{number}.jpg"))).expect("a new folder takes files");
        }
        folder
    });
    let source = format!("folder:{}", folder.path().display()).parse().expect("the source is spelled right");
    Arc::new(Images::open(&source, Split::Train).expect("the folder was just written"))
}

/// An epoch of batches.
fn epoch(bencher: Bencher, images: &Arc<Images>, recipe: &Recipe, threads: usize) {
    let options = Options { batch: BATCH.min(images.len() / 4), threads, ..Options::training(0) };
    bencher.counter(ItemsCount::new(images.len())).bench_local(|| {
        let mut loader = Loader::epoch(images, recipe, &options, 0).expect("the options make batches");
        while let Some(batch) = loader.next() {
            loader.recycle(divan::black_box(batch.expect("the images are not damaged")));
        }
    });
}

#[divan::bench(args = THREADS)]
fn grey_plain(bencher: Bencher, threads: usize) {
    let images = grey();
    epoch(bencher, &images, &Recipe::plain(&images), threads);
}

#[divan::bench(args = THREADS)]
fn grey_one_view(bencher: Bencher, threads: usize) {
    epoch(bencher, &grey(), &Recipe::one_view(), threads);
}

#[divan::bench(args = THREADS)]
fn grey_two_views(bencher: Bencher, threads: usize) {
    let images = grey();
    epoch(bencher, &images, &Recipe::two_views(&images), threads);
}

#[divan::bench(args = THREADS)]
fn coloured_one_view(bencher: Bencher, threads: usize) {
    epoch(bencher, &coloured(), &Recipe::one_view(), threads);
}

#[divan::bench(args = THREADS)]
fn coloured_two_views(bencher: Bencher, threads: usize) {
    let images = coloured();
    epoch(bencher, &images, &Recipe::two_views(&images), threads);
}

#[divan::bench(args = THREADS)]
fn files_one_view(bencher: Bencher, threads: usize) {
    epoch(bencher, &files(), &Recipe::one_view(), threads);
}

#[divan::bench(args = THREADS)]
fn files_two_views(bencher: Bencher, threads: usize) {
    let images = files();
    epoch(bencher, &images, &Recipe::two_views(&images), threads);
}
