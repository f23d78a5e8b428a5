//! Batches: the same for any number of threads and from any start, every image once an epoch, errors in their place.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use loewner::base::Code;
use loewner::train::data::{Batch, Images, Loader, Options, Recipe, Split};

use super::{fashion, open};

fn train() -> Arc<Images> {
    Arc::new(fashion(Split::Train))
}

fn options(threads: usize) -> Options {
    Options { batch: 100, threads, ahead: 3, ..Options::training(5) }
}

fn all(loader: Loader) -> Vec<Batch> {
    loader.map(Result::unwrap).collect()
}

#[test]
fn threads_change_nothing() {
    let images = train();
    let recipe = Recipe::two_views(&images);
    let one = all(Loader::steps(&images, &recipe, &options(1), 0..12).unwrap());
    assert_eq!(one.len(), 12);
    for threads in [2, 4] {
        let many = all(Loader::steps(&images, &recipe, &options(threads), 0..12).unwrap());
        assert!(one == many, "{threads} threads make other batches");
    }
}

#[test]
fn a_start_in_the_middle_gives_the_tail() {
    let images = train();
    let recipe = Recipe::one_view();
    let whole = all(Loader::steps(&images, &recipe, &options(2), 0..10).unwrap());
    for start in [1, 4, 5, 7, 9] {
        let tail = all(Loader::steps(&images, &recipe, &options(2), start..10).unwrap());
        assert!(whole[start as usize..] == tail, "from step {start}");
    }
    assert!(all(Loader::steps(&images, &recipe, &options(2), 10..10).unwrap()).is_empty());
    // 512 images make 5 batches of 100: the second epoch starts at step 5.
    let second = all(Loader::epoch(&images, &recipe, &options(2), 1).unwrap());
    assert!(whole[5..] == second);
    assert_eq!((whole[5].epoch, whole[5].number, whole[4].epoch, whole[4].number), (1, 0, 0, 4));
}

#[test]
fn an_epoch_has_every_image_once() {
    let images = train();
    for (drop_last, batches, last) in [(false, 6, 12), (true, 5, 100)] {
        let options = Options { drop_last, ..options(2) };
        assert_eq!(options.batches(512), batches);
        let epoch = all(Loader::epoch(&images, &Recipe::one_view(), &options, 3).unwrap());
        assert_eq!((epoch.len(), epoch.last().unwrap().indices.len()), (batches, last));
        let seen: Vec<usize> = epoch.iter().flat_map(|batch| batch.indices.clone()).collect();
        assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
        assert_eq!(seen.len(), if drop_last { 500 } else { 512 });
        for batch in &epoch {
            let labels: Vec<i64> = batch.indices.iter().map(|index| images.labels()[*index]).collect();
            assert_eq!(batch.labels, labels);
            assert_eq!(batch.views[0].len(), batch.indices.len() * 784);
        }
    }
    let plain = Options { shuffle: false, drop_last: false, ..options(2) };
    let epoch = all(Loader::epoch(&images, &Recipe::plain(&images), &plain, 0).unwrap());
    assert!(epoch.iter().flat_map(|batch| batch.indices.clone()).eq(0..512));
}

#[test]
fn seeds_epochs_and_views_differ() {
    let images = train();
    let recipe = Recipe::two_views(&images);
    let epoch = |seed, epoch| all(Loader::epoch(&images, &recipe, &Options { seed, ..options(2) }, epoch).unwrap());
    let (here, later, other) = (epoch(5, 0), epoch(5, 1), epoch(6, 0));
    assert_ne!(here[0].indices, later[0].indices);
    assert_ne!(here[0].indices, other[0].indices);
    assert!(here[0].views[0] != here[0].views[1], "both views are the same");
    let seeds: BTreeSet<u64> = [&here, &later, &other].into_iter().flatten().map(|batch| batch.seed).collect();
    assert_eq!(seeds.len(), 15);
    // The view of an image does not depend on which batch it is in.
    let find = |batches: &[Batch], index: usize| {
        let (batch, place) = batches.iter().find_map(|b| Some((b, b.indices.iter().position(|i| *i == index)?)))?;
        Some(batch.views[1][place * 784..][..784].to_vec())
    };
    let cut_otherwise = all(Loader::epoch(&images, &recipe, &Options { batch: 64, ..options(2) }, 0).unwrap());
    assert_eq!(find(&here, 7).unwrap(), find(&cut_otherwise, 7).unwrap());
    assert_ne!(find(&here, 7), find(&later, 7));
}

#[test]
fn buffers_that_come_back_change_nothing() {
    let images = train();
    let recipe = Recipe::two_views(&images);
    let options = Options { drop_last: false, ..options(2) };
    let once = all(Loader::steps(&images, &recipe, &options, 0..12).unwrap());
    let mut loader = Loader::steps(&images, &recipe, &options, 0..12).unwrap();
    let mut again = Vec::new();
    while let Some(batch) = loader.next() {
        let batch = batch.unwrap();
        again.push(batch.clone());
        loader.recycle(batch);
    }
    assert!(once == again);
}

#[test]
fn waiting_is_measured_and_threads_end() {
    let images = train();
    let mut loader = Loader::steps(&images, &Recipe::two_views(&images), &options(1), 0..1000).unwrap();
    assert_eq!(loader.stalled(), Duration::ZERO);
    loader.next().unwrap().unwrap();
    let first = loader.stalled();
    assert!(first > Duration::ZERO);
    // Three batches are made meanwhile, and then are there.
    std::thread::sleep(Duration::from_millis(300));
    loader.next().unwrap().unwrap();
    assert!(loader.stalled() - first < first.max(Duration::from_millis(5)));
    // Nothing hangs, though the threads have most batches before them.
    drop(loader);
}

#[test]
fn batches_that_cannot_be_are_refused() {
    let images = train();
    for (batch, drop_last, works) in [(0, true, false), (0, false, false), (513, true, false), (513, false, true)] {
        let options = Options { batch, drop_last, ..options(1) };
        let made = Loader::epoch(&images, &Recipe::one_view(), &options, 0);
        assert_eq!(made.as_ref().err().map(|error| error.code), (!works).then_some(Code::E1007), "{batch}");
    }
}

#[test]
fn a_subset_has_all_classes_in_their_proportions() {
    let images = fashion(Split::Train);
    let count = |images: &Images, class: i64| images.labels().iter().filter(|label| **label == class).count() as f64;
    for size in [10, 50, 100, 511] {
        let part = images.subset(size, 1).unwrap();
        assert_eq!((part.len(), part.shape(), part.classes()), (size, images.shape(), images.classes()));
        for class in 0..10 {
            let share = count(&images, class) * size as f64 / 512.0;
            assert!((count(&part, class) - share).abs() <= 1.0, "{size}, {class}: {} not {share}", count(&part, class));
        }
    }
    assert_eq!(images.subset(512, 9).unwrap(), images);
    let pictures = |images: &Images| -> BTreeSet<Vec<u8>> {
        (0..images.len()).map(|index| images.picture(index).unwrap().bytes.into_owned()).collect()
    };
    let (few, many) = (pictures(&images.subset(60, 1).unwrap()), pictures(&images.subset(200, 1).unwrap()));
    assert!(few.is_subset(&many));
    assert_ne!(few, pictures(&images.subset(60, 2).unwrap()));
    for wrong in [0, 513] {
        assert_eq!(images.subset(wrong, 0).unwrap_err().code, Code::E1007);
    }
}

/// A picture that cannot be decoded is told of in the place of its batch; what came before is as it would have been.
#[test]
fn an_error_comes_in_its_place_and_ends_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    super::folders::pictures(folder.path(), 20);
    let source = format!("folder:{}", folder.path().display());
    let images = Arc::new(open(&source, Split::Train).unwrap().at_size(16, 16).unwrap());
    let options = Options { batch: 4, shuffle: false, ..options(2) };
    let recipe = Recipe::two_views(&images);
    let whole = all(Loader::epoch(&images, &recipe, &options, 0).unwrap());
    assert_eq!(whole.len(), 10);
    let broken = folder.path().join("train/ape/13.png");
    let bytes = std::fs::read(&broken).unwrap();
    std::fs::write(&broken, &bytes[..bytes.len() / 2]).unwrap();
    let mut loader = Loader::epoch(&images, &recipe, &options, 0).unwrap();
    let before: Vec<Batch> = loader.by_ref().map_while(Result::ok).collect();
    // Pictures are in the order of their names, 0 and 1 and 10 to 13 before 2: the sixth is in the second batch.
    assert!(before == whole[..1]);
    assert!(loader.next().is_none());
    let error = Loader::epoch(&images, &recipe, &options, 0).unwrap().find_map(Result::err).unwrap();
    assert_eq!(error.code, Code::E1006);
    assert!(error.message.contains("13.png"), "{}", error.message);
}
