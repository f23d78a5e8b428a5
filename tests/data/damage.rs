//! Files that are not what they should be: each is named with the place, and nothing panics.

use std::io::Write as _;
use std::path::Path;

use flate2::{Compression, write::GzEncoder};
use loewner::base::{Code, Diagnostic};
use loewner::train::data::{Images, Normalisation, Split};
use proptest::prelude::*;

use super::formats::cifar10;
use super::{fashion, open, slice, told};

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// An IDX file of bytes.
fn idx(sizes: &[u32], entries: &[u8]) -> Vec<u8> {
    let sizes_in_bytes = sizes.iter().flat_map(|size| size.to_be_bytes());
    [0, 0, 8, sizes.len() as u8].into_iter().chain(sizes_in_bytes).chain(entries.iter().copied()).collect()
}

/// What is said of these bytes as images and as labels.
fn read(images: &[u8], labels: &[u8]) -> Result<Images, Diagnostic> {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("images"), images).unwrap();
    std::fs::write(at("labels"), labels).unwrap();
    open(format!("idx:{},{}", at("images").display(), at("labels").display()), Split::Train)
}

/// Three images of 2 × 2 pixels and their labels.
fn three() -> (Vec<u8>, Vec<u8>) {
    (idx(&[3, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), idx(&[3], &[0, 2, 1]))
}

#[test]
fn what_is_wrong_with_an_idx_file_is_named_with_its_place() {
    let (images, labels) = three();
    assert_eq!(read(&images, &labels).unwrap().labels(), [0, 2, 1]);
    assert_eq!(read(&packed(&images), &packed(&labels)), read(&images, &labels));
    let with = |at: usize, byte: u8| {
        let mut changed = images.clone();
        changed[at] = byte;
        changed
    };
    let longer = [&images[..], &[0]].concat();
    for (damaged, code, part) in [
        (vec![], Code::E1003, "it is empty"),
        (images[..3].to_vec(), Code::E1003, "ends at byte 3, in its header of 16 bytes"),
        (images[..9].to_vec(), Code::E1003, "ends at byte 9, in its header of 16 bytes"),
        (images[..20].to_vec(), Code::E1003, "ends at byte 20, its header promises 28 bytes"),
        (longer.clone(), Code::E1003, "should end at byte 28"),
        (packed(&images[..20]), Code::E1003, "ends at byte 20 of what it unpacks to, its header promises 28"),
        (packed(&longer), Code::E1003, "should end at byte 28 of what it unpacks to"),
        (with(2, 0x0d), Code::E1003, "byte 2 says 0x0d"),
        (with(3, 2), Code::E1003, "byte 3 says 2"),
        (with(0, 1), Code::E1003, "this one with 01 00 08 03"),
        (with(7, 0), Code::E1003, "at byte 4, promises an array of size 0"),
        (with(4, 0x7f), Code::E1003, "its header promises 85"),
        (idx(&[u32::MAX; 3], &[]), Code::E1003, "from byte 4, promises an array of sizes"),
        (b"<html>not found</html>".to_vec(), Code::E1003, "a web page"),
        (b"PK\x03\x04zip".to_vec(), Code::E1003, "a zip archive"),
        (labels.clone(), Code::E1003, "holds labels, not images"),
        (idx(&[3, 2, 2], &[7; 12]), Code::E1003, "all its pixels have the same value"),
        (idx(&[2, 2, 2], &[1, 2, 3, 4, 5, 6, 7, 8]), Code::E1004, "has 2 images"),
    ] {
        let refused = read(&damaged, &labels).unwrap_err();
        assert_eq!(refused.code, code, "{part}: {}", told(&refused));
        assert!(told(&refused).contains(part) && refused.message.contains("images'"), "{part}: {}", told(&refused));
    }
    let swapped = read(&labels, &images).unwrap_err();
    assert!(told(&swapped).contains("changed places"), "{}", told(&swapped));
}

#[test]
fn a_broken_gzip_stream_is_named_with_its_place() {
    let (images, labels) = three();
    let whole = packed(&images);
    let cut = read(&whole[..whole.len() - 3], &labels).unwrap_err();
    assert!(cut.message.contains(&format!("breaks off at byte {}", whole.len() - 3)), "{}", told(&cut));
    // The checksum, CRC 32, is in the four bytes before the last four.
    let mut wrong = whole.clone();
    wrong[whole.len() - 6] ^= 1;
    let crc = read(&wrong, &labels).unwrap_err();
    assert!(crc.message.contains("gzip stream is wrong") && crc.message.contains("checksum"), "{}", told(&crc));
    let followed = read(&[&whole[..], b"rest"].concat(), &labels).unwrap_err();
    assert_eq!(followed.code, Code::E1003, "{}", told(&followed));
}

#[test]
fn labels_without_a_class_are_named_with_their_byte() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"] {
        std::fs::copy(slice().join(name), folder.path().join(name)).unwrap();
    }
    let mut labels = vec![3; 256];
    labels[100] = 10;
    std::fs::write(folder.path().join("t10k-labels-idx1-ubyte.gz"), packed(&idx(&[256], &labels))).unwrap();
    let refused = open(format!("fashion-mnist:{}", folder.path().display()), Split::Test).unwrap_err();
    assert_eq!(refused.code, Code::E1004);
    assert!(refused.message.contains("sample 100 the label 10, at byte 108"), "{}", told(&refused));
}

#[test]
fn other_images_are_not_fashion_mnist() {
    let folder = tempfile::tempdir().unwrap();
    let (images, labels) = three();
    std::fs::write(folder.path().join("train-images-idx3-ubyte"), images).unwrap();
    std::fs::write(folder.path().join("train-labels-idx1-ubyte"), labels).unwrap();
    let refused = open(format!("fashion-mnist:{}", folder.path().display()), Split::Train).unwrap_err();
    assert!(told(&refused).contains("2 × 2 pixels, not 28 × 28") && told(&refused).contains("idx:"));
}

#[test]
fn what_is_wrong_with_files_of_cifar_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let inner = cifar10(folder.path(), 3);
    let source = format!("cifar10:{}", folder.path().display());
    let with = |name: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let path = inner.join(name);
        let before = std::fs::read(&path).unwrap();
        let mut bytes = before.clone();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        let refused = open(&source, Split::Train).unwrap_err();
        std::fs::write(&path, before).unwrap();
        assert!(refused.message.contains(name), "{}", told(&refused));
        told(&refused)
    };
    for (name, change, part) in [
        (
            "data_batch_2.bin",
            &(|bytes: &mut Vec<u8>| bytes.truncate(5000)) as &dyn Fn(&mut Vec<u8>),
            "record 1, from byte 3073, has 1927 bytes instead of 3073",
        ),
        ("data_batch_2.bin", &|bytes| bytes.push(0), "record 3, from byte 9219, has 1 bytes"),
        ("data_batch_3.bin", &|bytes| bytes.truncate(2 * 3073), "holds 2 pictures"),
        ("data_batch_5.bin", &|bytes| bytes[3073] = 77, "sample 1 the label 77, at byte 3073"),
        ("data_batch_1.bin", &|bytes| bytes.clear(), "it is empty"),
        ("batches.meta.txt", &|bytes| bytes.truncate(20), "should name 10 classes"),
        ("batches.meta.txt", &|bytes| bytes[3] = 0xff, "no text at byte 3"),
    ] {
        let said = with(name, change);
        assert!(said.contains(part), "{part}: {said}");
    }
    let nowhere = open("cifar10:nowhere", Split::Train).unwrap_err();
    assert!(told(&nowhere).contains("cifar-10-batches-bin"), "{}", told(&nowhere));
    std::fs::create_dir(folder.path().join("py")).unwrap();
    std::fs::write(folder.path().join("py/data_batch_1"), "").unwrap();
    let python = open(format!("cifar10:{}/py", folder.path().display()), Split::Train).unwrap_err();
    assert!(told(&python).contains("version for Python"), "{}", told(&python));
}

#[test]
fn bytes_in_memory_are_held_to_their_sizes() {
    let made = |size, bytes: usize, labels: &[i64]| {
        let classes = vec!["a".to_owned(), "b".to_owned()];
        Images::from_bytes(size, vec![0; bytes], labels.to_vec(), classes, Normalisation::fashion_mnist())
    };
    assert!(made([2, 3, 1], 12, &[0, 1]).is_ok());
    for (size, bytes, labels, part) in [
        ([2, 3, 1], 11, &[0, 1][..], "11 bytes are not 2 images"),
        ([2, 3, 1], 0, &[], "0 bytes are not 0 images"),
        ([2, 3, 1], 12, &[0, 2], "image 1 has the label 2"),
        ([2, 3, 1], 12, &[-1, 0], "image 0 has the label -1"),
        ([2, 3, 3], 36, &[0, 1], "with 3 channels"),
        ([0, 3, 1], 0, &[0], "0 × 3 pixels"),
        ([usize::MAX, 2, 1], 12, &[0, 1], "12 bytes"),
    ] {
        let refused = made(size, bytes, labels).unwrap_err();
        assert!(refused.code == Code::E1004 && refused.message.contains(part), "{part}: {}", told(&refused));
    }
}

/// A change to the bytes of a file.
#[derive(Clone, Debug)]
enum Change {
    Cut(usize),
    Flip(usize, u8),
    Drop(usize, usize),
    Repeat(usize, usize),
    Insert(usize, Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    let at = || prop_oneof![0..40usize, any::<usize>()];
    prop_oneof![
        at().prop_map(Change::Cut),
        (at(), 1..=255u8).prop_map(|(at, by)| Change::Flip(at, by)),
        (at(), 1..50usize).prop_map(|(at, count)| Change::Drop(at, count)),
        (at(), 1..50usize).prop_map(|(at, count)| Change::Repeat(at, count)),
        (at(), proptest::collection::vec(any::<u8>(), 1..20)).prop_map(|(at, bytes)| Change::Insert(at, bytes)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: &[Change]) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let size = bytes.len();
        match change {
            Change::Cut(at) => bytes.truncate(at % size),
            Change::Flip(at, by) => bytes[at % size] ^= by,
            Change::Drop(at, count) => drop(bytes.drain(at % size..(at % size + count).min(size))),
            Change::Repeat(at, count) => {
                let again = bytes[at % size..(at % size + count).min(size)].to_vec();
                bytes.splice(at % size..at % size, again);
            }
            Change::Insert(at, more) => drop(bytes.splice(at % size..at % size, more.iter().copied())),
        }
    }
    bytes
}

/// The files of the test images, unpacked or not, and what they hold, changed somewhere.
fn mutated(folder: &Path, packed: bool, of_images: &[Change], of_labels: &[Change]) -> Result<Images, Diagnostic> {
    for (name, changes) in [("t10k-images-idx3-ubyte", of_images), ("t10k-labels-idx1-ubyte", of_labels)] {
        let real = std::fs::read(slice().join(format!("{name}.gz"))).unwrap();
        let bytes = if packed {
            real
        } else {
            use std::io::Read as _;
            let mut bytes = Vec::new();
            flate2::read::GzDecoder::new(&real[..]).read_to_end(&mut bytes).unwrap();
            bytes
        };
        std::fs::write(folder.join(name), changed(bytes, changes)).unwrap();
    }
    open(format!("fashion-mnist:{}", folder.display()), Split::Test)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    /// A packed file has a checksum: what changes the images changes it, too, and is refused. Only bytes of the gzip
    /// header that mean nothing (its time, its name) may differ.
    #[test]
    fn a_changed_gzip_file_is_refused_or_means_the_same(
        images in proptest::collection::vec(change(), 0..3),
        labels in proptest::collection::vec(change(), 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        match mutated(folder.path(), true, &images, &labels) {
            Ok(same) => prop_assert_eq!(same, fashion(Split::Test)),
            Err(refused) => prop_assert!(told(&refused).contains("ubyte"), "{}", told(&refused)),
        }
    }

    /// An unpacked file has none: a changed pixel cannot be seen, but the sizes and the labels are right.
    #[test]
    fn a_changed_idx_file_is_refused_or_is_whole(
        images in proptest::collection::vec(change(), 0..3),
        labels in proptest::collection::vec(change(), 0..3),
    ) {
        let folder = tempfile::tempdir().unwrap();
        match mutated(folder.path(), false, &images, &labels) {
            Ok(read) => {
                prop_assert_eq!((read.shape(), read.len()), ([1, 28, 28], read.labels().len()));
                prop_assert!(read.labels().iter().all(|label| (0..10).contains(label)));
                prop_assert!(read.picture(read.len() - 1).is_ok());
            }
            Err(refused) => prop_assert!(told(&refused).contains("ubyte"), "{}", told(&refused)),
        }
    }
}
