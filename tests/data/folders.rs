//! Folders of pictures: listed, compared and decoded; damaged ones are named.

use std::fs;
use std::path::{Path, PathBuf};

use image::{ImageFormat, RgbImage};
use loewner::base::{Code, Diagnostic};
use loewner::train::data::{Images, Split};
use proptest::prelude::*;

use super::{open, told};

/// A picture with edges and slopes, so that every format has something to encode.
fn picture(seed: u32) -> RgbImage {
    RgbImage::from_fn(24, 18, |x, y| {
        image::Rgb([
            (x * 10 + seed) as u8,
            (y * 14) as u8,
            if (x / 4 + y / 5 + seed).is_multiple_of(2) { 30 } else { 220 },
        ])
    })
}

/// Two classes to train on and to test with, so many pictures each, numbered from 0.
pub fn pictures(folder: &Path, count: u32) {
    for (split, class) in [("train", "ape"), ("train", "bee"), ("val", "ape"), ("val", "bee")] {
        let inside = folder.join(split).join(class);
        fs::create_dir_all(&inside).unwrap();
        for number in 0..count {
            picture(number).save(inside.join(format!("{number}.png"))).unwrap();
        }
    }
}

fn images(folder: &Path, split: Split) -> Result<Images, Diagnostic> {
    open(format!("folder:{}", folder.display()), split)
}

/// The sum of a folder tells other pictures, names and classes from these, and not another place.
#[test]
fn a_sum_is_of_what_there_is_and_not_of_where() {
    let home = tempfile::tempdir().unwrap();
    let (one, other) = (home.path().join("one"), home.path().join("other"));
    let sum = |folder: &Path| images(folder, Split::Train).unwrap().checksum().unwrap();
    pictures(&one, 3);
    pictures(&other, 3);
    let before = sum(&one);
    assert_eq!(before, sum(&other));
    // Nor of what is not trained on.
    fs::remove_file(other.join("val/ape/0.png")).unwrap();
    assert_eq!(before, sum(&other));
    picture(7).save(other.join("train/bee/1.png")).unwrap();
    assert_ne!(before, sum(&other));
    picture(1).save(other.join("train/bee/1.png")).unwrap();
    assert_eq!(before, sum(&other));
    fs::rename(other.join("train/ape/2.png"), other.join("train/ape/3.png")).unwrap();
    assert_ne!(before, sum(&other));
    fs::rename(other.join("train/ape/3.png"), other.join("train/bee/3.png")).unwrap();
    let moved = sum(&other);
    fs::rename(other.join("train/bee/3.png"), other.join("train/ape/2.png")).unwrap();
    assert!(moved != before && sum(&other) == before);
    for split in ["train", "val"] {
        fs::rename(other.join(split).join("bee"), other.join(split).join("cow")).unwrap();
    }
    assert_ne!(before, sum(&other));
}

/// Of more pictures than are read, each is told by its length.
#[test]
fn a_sum_is_of_the_length_of_every_picture() {
    let home = tempfile::tempdir().unwrap();
    for split in ["train", "val"] {
        fs::create_dir_all(home.path().join(split).join("ape")).unwrap();
    }
    let file = |number: usize| home.path().join(format!("train/ape/{number:04}.png"));
    (0..600).for_each(|number| fs::write(file(number), [number as u8; 40]).unwrap());
    fs::write(home.path().join("val/ape/0.png"), "x").unwrap();
    let sum = || images(home.path(), Split::Train).unwrap().checksum().unwrap();
    let before = sum();
    for number in 0..600 {
        fs::write(file(number), [number as u8; 41]).unwrap();
        assert_ne!(sum(), before, "{number}");
        fs::write(file(number), [number as u8; 40]).unwrap();
    }
    assert_eq!(sum(), before);
}

#[test]
fn pictures_come_by_class_and_name() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 3);
    let nested = folder.path().join("train/ape/more");
    fs::create_dir(&nested).unwrap();
    picture(9).save(nested.join("9.png")).unwrap();
    // What is no picture is passed over.
    for name in ["train/ape/.hidden.png", "train/ape/notes.txt", "train/LICENSE", "train/bee/Thumbs.db"] {
        fs::write(folder.path().join(name), "no picture").unwrap();
    }
    let train = images(folder.path(), Split::Train).unwrap();
    assert_eq!(train.classes(), ["ape", "bee"]);
    assert_eq!(train.labels(), [0, 0, 0, 0, 1, 1, 1]);
    assert_eq!(train.shape(), [3, 224, 224]);
    assert_eq!(train.clone().at_size(32, 48).unwrap().shape(), [3, 32, 48]);
    for (index, seed) in [(0, 0), (2, 2), (3, 9), (5, 1)] {
        let decoded = train.picture(index).unwrap();
        assert_eq!((decoded.height, decoded.width), (18, 24));
        assert_eq!(*decoded.bytes, *picture(seed), "{index}");
    }
    assert_eq!(images(folder.path(), Split::Test).unwrap().len(), 6);
    // `test` is read where there is no `val`.
    fs::rename(folder.path().join("val"), folder.path().join("test")).unwrap();
    assert_eq!(images(folder.path(), Split::Test).unwrap().len(), 6);
    assert_eq!(train.subset(3, 0).unwrap().len(), 3);
}

#[test]
fn pictures_are_known_by_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    pictures(folder.path(), 1);
    let inside = folder.path().join("train/ape");
    let save = |name: &str, format| picture(0).save_with_format(inside.join(name), format).unwrap();
    save("1.bmp", ImageFormat::Bmp);
    save("2.webp", ImageFormat::WebP);
    save("3.ppm", ImageFormat::Pnm);
    // ImageNet has one of these.
    save("4.JPEG", ImageFormat::Png);
    image::GrayImage::from_pixel(5, 4, image::Luma([77])).save(inside.join("5.png")).unwrap();
    image::RgbaImage::from_pixel(5, 4, image::Rgba([1, 2, 3, 0])).save(inside.join("6.png")).unwrap();
    save("7.jpg", ImageFormat::Jpeg);
    let train = images(folder.path(), Split::Train).unwrap();
    for index in 0..5 {
        assert_eq!(*train.picture(index).unwrap().bytes, *picture(0), "{index}");
    }
    assert_eq!(*train.picture(5).unwrap().bytes, [77; 60]);
    assert_eq!(train.picture(6).unwrap().bytes[..6], [1, 2, 3, 1, 2, 3]);
    // What JPEG loses is little on the average.
    let jpeg = train.picture(7).unwrap();
    let off = jpeg.bytes.iter().zip(picture(0).iter()).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>();
    assert!(off / (jpeg.bytes.len() as f64) < 20.0, "{off}");
}

#[test]
fn folders_that_cannot_be_used_are_named() {
    let made = |change: &dyn Fn(&Path)| {
        let folder = tempfile::tempdir().unwrap();
        pictures(folder.path(), 1);
        change(folder.path());
        (folder.path().display().to_string(), images(folder.path(), Split::Train), images(folder.path(), Split::Test))
    };
    let moved = |from: &'static str, to: &'static str| move |at: &Path| fs::rename(at.join(from), at.join(to)).unwrap();
    let (_, train, test) = made(&moved("val/bee", "val/bees"));
    for refused in [train.unwrap_err(), test.unwrap_err()] {
        assert_eq!(refused.code, Code::E1005);
        assert!(told(&refused).contains("bees") && told(&refused).contains("same classes"), "{}", told(&refused));
    }
    let (_, train, _) = made(&moved("train/bee/0.png", "train/ape/1.png"));
    assert!(told(&train.unwrap_err()).contains("the class 'bee' has no pictures"));
    let (_, train, _) = made(&moved("train/bee/0.png", "train/0.png"));
    assert!(told(&train.unwrap_err()).contains("outside the folders of classes"));
    let (_, train, _) = made(&moved("train/bee/0.png", "train/bee/0.gif"));
    assert!(told(&train.unwrap_err()).contains("a format that is not read"));
    let (folder, train, test) = made(&moved("train", "training"));
    assert_eq!(train.unwrap_err().message, format!("'{folder}' has no folder 'train'"));
    assert!(test.is_ok());
    let (_, train, test) = made(&moved("val", "valid"));
    assert!(train.is_ok());
    assert!(told(&test.unwrap_err()).contains("neither a folder 'val' nor 'test'"));
    let nowhere = images(Path::new("nowhere"), Split::Train).unwrap_err();
    assert_eq!((nowhere.code, nowhere.message.as_str()), (Code::E1002, "there is no folder 'nowhere'"));
}

/// Each format, encoded.
fn encoded() -> Vec<(&'static str, Vec<u8>)> {
    let formats = [
        ("png", ImageFormat::Png),
        ("jpg", ImageFormat::Jpeg),
        ("webp", ImageFormat::WebP),
        ("bmp", ImageFormat::Bmp),
        ("ppm", ImageFormat::Pnm),
    ];
    let encode = |format| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture(3).write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    };
    formats.into_iter().map(|(name, format)| (name, encode(format))).collect()
}

/// One class with one picture of these bytes.
fn one(folder: &Path, name: &str, bytes: &[u8]) -> (PathBuf, Images) {
    let inside = folder.join("train/it");
    fs::create_dir_all(&inside).unwrap();
    let path = inside.join(format!("0.{name}"));
    fs::write(&path, bytes).unwrap();
    (path, images(folder, Split::Train).unwrap())
}

#[test]
fn a_picture_that_breaks_off_is_named_wherever_it_does() {
    for (name, bytes) in encoded() {
        // The last bytes of a PNG, its empty end chunk, and of a WebP, its padding, hold nothing of the picture.
        let needed = bytes.len() - if ["png", "webp"].contains(&name) { 16 } else { 1 };
        let folder = tempfile::tempdir().unwrap();
        for length in (0..=needed).step_by(7).chain([needed]) {
            let (path, images) = one(folder.path(), name, &bytes[..length]);
            let refused =
                images.picture(0).err().unwrap_or_else(|| panic!("{name}: {length} of {} bytes", bytes.len()));
            assert_eq!(refused.code, Code::E1006);
            assert!(refused.message.contains(&path.display().to_string()), "{}", told(&refused));
        }
        let (_, images) = one(folder.path(), name, &bytes);
        assert!(images.picture(0).is_ok(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    /// Whatever bytes change, there is a picture of some size or an error with the path.
    #[test]
    fn a_changed_picture_is_decoded_or_named(
        which in 0..5usize,
        changes in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..8),
    ) {
        let (name, mut bytes) = encoded().swap_remove(which);
        for (at, byte) in changes {
            let size = bytes.len();
            // Half of the changes are made to the header.
            bytes[if at % 2 == 0 { at / 2 % 40 } else { at % size }] = byte;
        }
        let folder = tempfile::tempdir().unwrap();
        let (path, images) = one(folder.path(), name, &bytes);
        match images.picture(0) {
            Ok(picture) => prop_assert_eq!(picture.bytes.len(), picture.height * picture.width * 3),
            Err(refused) => {
                prop_assert!(refused.message.contains(&path.display().to_string()));
                prop_assert!(!refused.message.contains("panicked"), "{}", refused.message);
            }
        }
    }
}
