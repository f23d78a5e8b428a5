//! Sources of images as they should be: the real slice, the whole of Fashion-MNIST where it is installed, and CIFAR.

use std::path::Path;

use loewner::train::data::{Images, Normalisation, Split};

use super::{fashion, open, slice, told};

#[test]
fn the_slice_holds_the_first_images_of_fashion_mnist() {
    for (split, count, first_labels) in [
        // The labels of the first images as the authors' files have them: the first training image is an ankle boot.
        (Split::Train, 512, [9, 0, 0, 3, 0, 2, 7, 2, 5, 5]),
        (Split::Test, 256, [9, 2, 1, 1, 6, 1, 4, 6, 5, 7]),
    ] {
        let images = fashion(split);
        assert_eq!((images.len(), images.shape()), (count, [1, 28, 28]));
        assert_eq!(images.labels()[..10], first_labels);
        assert_eq!(images.classes()[9], "Ankle boot");
        assert!((0..10).all(|label| images.labels().contains(&label)));
        let first = images.picture(0).unwrap();
        assert_eq!((first.height, first.width, first.channels, first.bytes.len()), (28, 28, 1, 784));
    }
}

/// A picture of a class looks like others of it: the mean of all trousers is bright in the middle and dark at the left
/// border. Images that lie a byte off, or labels that lie one off, would not show it.
#[test]
fn images_and_labels_belong_together() {
    let images = fashion(Split::Train);
    let trousers: Vec<usize> = (0..images.len()).filter(|index| images.labels()[*index] == 1).collect();
    assert!(trousers.len() > 30);
    let mean = |column: usize| {
        let of = |index: &usize| {
            (0..28).map(|row| f64::from(images.picture(*index).unwrap().bytes[row * 28 + column])).sum::<f64>()
        };
        trousers.iter().map(of).sum::<f64>() / (28 * trousers.len()) as f64
    };
    assert!(mean(11) > 120.0 && mean(16) > 120.0, "{} {}", mean(11), mean(16));
    assert!(mean(1) < 5.0 && mean(26) < 5.0, "{} {}", mean(1), mean(26));
}

#[test]
fn packed_and_unpacked_files_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"] {
        std::fs::write(folder.path().join(name), unpacked(&slice().join(format!("{name}.gz")))).unwrap();
    }
    let images = open(format!("fashion-mnist:{}", folder.path().display()), Split::Train).unwrap();
    assert_eq!(images, fashion(Split::Train));
    let missing = open(format!("fashion-mnist:{}", folder.path().display()), Split::Test).unwrap_err();
    assert!(told(&missing).contains("t10k-images-idx3-ubyte.gz"), "{}", told(&missing));
}

/// What gzip itself unpacks.
fn unpacked(path: &Path) -> Vec<u8> {
    use std::io::Read as _;
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

#[test]
fn any_idx_files_are_normalised_by_their_training_images() {
    let at = |name: &str| slice().join(format!("{name}-ubyte.gz")).display().to_string();
    let (images, labels) = (at("train-images-idx3"), at("train-labels-idx1"));
    let pairs = format!("idx:{images},{labels},{},{}", at("t10k-images-idx3"), at("t10k-labels-idx1"));
    let (train, test) = (open(&pairs, Split::Train).unwrap(), open(&pairs, Split::Test).unwrap());
    assert_eq!((train.len(), test.len()), (512, 256));
    assert_eq!(train.classes()[9], "9");
    assert_eq!(train.normalisation(), test.normalisation());
    let (mean, deviation) = moments(&train);
    assert!((f64::from(train.normalisation().mean[0]) - mean).abs() < 1e-6);
    assert!((f64::from(train.normalisation().deviation[0]) - deviation).abs() < 1e-6);
    // Half a pair is nothing to test with.
    let alone = open(format!("idx:{images},{labels}"), Split::Test).unwrap_err();
    assert!(told(&alone).contains("TEST_IMAGES"));
}

/// Mean and deviation of the pixels, worked out in two passes.
fn moments(images: &Images) -> (f64, f64) {
    let pixels = || (0..images.len()).flat_map(|index| images.picture(index).unwrap().bytes.into_owned());
    let count = pixels().count() as f64;
    let mean = pixels().map(|byte| f64::from(byte) / 255.0).sum::<f64>() / count;
    let variance = pixels().map(|byte| (f64::from(byte) / 255.0 - mean).powi(2)).sum::<f64>() / count;
    (mean, variance.sqrt())
}

/// On the 70,000 images themselves, where Debian's package is installed.
#[test]
fn the_constants_of_fashion_mnist_are_those_of_its_images() {
    if !Path::new("/usr/share/datasets/fashion-mnist").is_dir() {
        eprintln!("SKIPPED: the package dataset-fashion-mnist is not installed");
        return;
    }
    let (train, test) = (open("fashion-mnist", Split::Train).unwrap(), open("fashion-mnist", Split::Test).unwrap());
    assert_eq!((train.len(), test.len()), (60_000, 10_000));
    for label in 0..10 {
        let count = |images: &Images| images.labels().iter().filter(|other| **other == label).count();
        assert_eq!((count(&train), count(&test)), (6_000, 1_000), "{label}");
    }
    let (mean, deviation) = moments(&train);
    let Normalisation { mean: said, deviation: also } = Normalisation::fashion_mnist();
    assert!((mean - f64::from(said[0])).abs() < 5e-5, "{mean}");
    assert!((deviation - f64::from(also[0])).abs() < 5e-5, "{deviation}");
    // The slice is the start of the whole.
    let slice = fashion(Split::Train);
    assert!((0..slice.len()).all(|index| slice.picture(index).unwrap() == train.picture(index).unwrap()));
    assert_eq!(slice.labels(), &train.labels()[..slice.len()]);
}

/// Writes files in the layout of CIFAR-10, with `count` records each, and answers their folder.
pub fn cifar10(folder: &Path, count: usize) -> std::path::PathBuf {
    let inner = folder.join("cifar-10-batches-bin");
    std::fs::create_dir_all(&inner).unwrap();
    let names = "airplane\nautomobile\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";
    std::fs::write(inner.join("batches.meta.txt"), names).unwrap();
    let mut files: Vec<String> = (1..=5).map(|number| format!("data_batch_{number}.bin")).collect();
    files.push("test_batch.bin".to_owned());
    for (number, file) in files.iter().enumerate() {
        let records = (0..count).flat_map(|record| {
            let label = ((record + number) % 10) as u8;
            std::iter::once(label).chain((0..3072).map(move |at| pixel(number, record, at)))
        });
        std::fs::write(inner.join(file), records.collect::<Vec<u8>>()).unwrap();
    }
    inner
}

/// Byte `at` of the planes of a record.
fn pixel(file: usize, record: usize, at: usize) -> u8 {
    (at * 7 + record * 13 + file * 101 + at / 1024 * 50) as u8
}

#[test]
fn cifar10_is_read_record_by_record() {
    let folder = tempfile::tempdir().unwrap();
    let inner = cifar10(folder.path(), 12);
    for named in [folder.path(), &inner] {
        let train = open(format!("cifar10:{}", named.display()), Split::Train).unwrap();
        assert_eq!((train.len(), train.shape()), (60, [3, 32, 32]));
        assert_eq!(train.classes()[3], "cat");
        // Record 2 of the fourth file: red, green and blue of the pixel at row 5, column 9, side by side.
        let picture = train.picture(3 * 12 + 2).unwrap();
        assert_eq!(train.labels()[3 * 12 + 2], 5);
        let at = 5 * 32 + 9;
        assert_eq!(picture.bytes[3 * at..][..3], [0, 1, 2].map(|plane| pixel(3, 2, plane * 1024 + at)));
        let test = open(format!("cifar10:{}", named.display()), Split::Test).unwrap();
        assert_eq!((test.len(), test.labels()[0]), (12, 5));
    }
}

#[test]
fn cifar100_has_fine_labels() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let names: String = (0..100).map(|class| format!("class {class}\n")).collect();
    std::fs::write(at("fine_label_names.txt"), names).unwrap();
    let record =
        |coarse: u8, fine: u8| [coarse, fine].into_iter().chain((0..3072).map(|at| at as u8)).collect::<Vec<_>>();
    std::fs::write(at("train.bin"), [record(3, 99), record(19, 0)].concat()).unwrap();
    std::fs::write(at("test.bin"), record(7, 42)).unwrap();
    let source = format!("cifar100:{}", folder.path().display());
    assert_eq!(open(&source, Split::Train).unwrap().labels(), [99, 0]);
    assert_eq!(open(&source, Split::Test).unwrap().labels(), [42]);
    // A coarse label that there is not: the records lie a byte off.
    std::fs::write(at("test.bin"), record(20, 42)).unwrap();
    let refused = open(&source, Split::Test).unwrap_err();
    assert!(told(&refused).contains("label 20, at byte 0"), "{}", told(&refused));
}
