//! Folders of pictures, laid out as ImageNet's are: `train/CLASS/*.jpg` and `val/CLASS/*.jpg` (or `test/`).
//!
//! Files are listed when the folder is opened and decoded when a picture is needed. A class folder may have folders in it.
//! What is decoded is told from a file's first bytes, not from its name; transparency is dropped, grey becomes three equal
//! channels, and the orientation that a camera noted is not followed: all as torchvision's `ImageFolder` does it.

use std::borrow::Cow;
use std::io::Cursor;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use image::{ImageFormat, ImageReader};

use super::{Images, Normalisation, Picture, Pixels, Split, file};
use crate::base::{Code, Diagnostic, did_you_mean};

/// The size of views of pictures in folders, where none is asked for: that of ImageNet's models.
const SIZE: usize = 224;

/// How deep a class folder is searched: a link that leads back to its own folder must come to an end.
const MAX_DEPTH: usize = 8;

/// The endings of files that are decoded.
const PICTURES: [&str; 9] = ["jpg", "jpeg", "png", "webp", "bmp", "ppm", "pgm", "pbm", "pnm"];

/// The endings of pictures that are not decoded. One of them in a class folder would silently be left out.
const OTHERS: [&str; 9] = ["gif", "tif", "tiff", "avif", "heic", "heif", "jp2", "jxl", "tga"];

/// The images of a split, by class and then by name.
pub(super) fn open(folder: &Path, split: Split) -> Result<Images, Diagnostic> {
    let train = folder.join("train");
    // ImageNet's own folder `test` has no labels: where there is `val`, it is the one to test with.
    let test = ["val", "test"].map(|name| folder.join(name)).into_iter().find(|path| path.is_dir());
    let chosen = match split {
        Split::Train => Some(train.clone()).filter(|path| path.is_dir()),
        Split::Test => test.clone(),
    };
    let Some(chosen) = chosen else { return Err(missing(folder, split)) };
    let classes = classes(&chosen)?;
    let other = match split {
        Split::Train => test,
        Split::Test => Some(train).filter(|path| path.is_dir()),
    };
    if let Some(other) = other {
        same(&chosen, &classes, &other)?;
    }
    let (mut paths, mut labels) = (Vec::new(), Vec::new());
    for (label, class) in classes.iter().enumerate() {
        let inside = chosen.join(class);
        let before = paths.len();
        search(&inside, &mut paths, 0)?;
        if paths.len() == before {
            let message = format!("the class '{class}' has no pictures: '{}' is empty", inside.display());
            return Err(unusable(message).help(format!("pictures end in .{}", PICTURES.join(", ."))));
        }
        labels.resize(paths.len(), label as i64);
    }
    let normalisation = Normalisation::imagenet();
    Ok(Images { shape: [3, SIZE, SIZE], classes, labels, normalisation, pixels: Pixels::Files(paths) })
}

fn unusable(message: String) -> Diagnostic {
    Diagnostic::new(Code::E1005, message)
}

/// The folder of a split is not there.
fn missing(folder: &Path, split: Split) -> Diagnostic {
    let shown = folder.display();
    if !folder.is_dir() {
        return Diagnostic::new(Code::E1002, format!("there is no folder '{shown}'"));
    }
    let (message, wanted) = match split {
        Split::Train => (format!("'{shown}' has no folder 'train'"), "train"),
        Split::Test => (format!("'{shown}' has neither a folder 'val' nor 'test'"), "val"),
    };
    Diagnostic::new(Code::E1002, message)
        .help(format!("pictures lie in folders of their classes: {shown}/{wanted}/CLASS/PICTURE.jpg"))
}

/// The names of the folders in a folder, sorted; hidden ones are none of its classes.
fn classes(folder: &Path) -> Result<Vec<String>, Diagnostic> {
    let mut names = Vec::new();
    for (name, path) in entries(folder)? {
        if path.is_dir() {
            names.push(name);
        } else if is_one_of(&path, &PICTURES) {
            let message = format!("'{}' lies outside the folders of classes", path.display());
            return Err(unusable(message).help(format!("move it into {}/CLASS", folder.display())));
        }
    }
    if names.is_empty() {
        let message = format!("'{}' has no folders of classes", folder.display());
        return Err(unusable(message).help(format!("pictures lie in {}/CLASS", folder.display())));
    }
    Ok(names)
}

/// Refuses classes that only one of the two splits has: labels would mean different things in each.
fn same(chosen: &Path, classes: &[String], other: &Path) -> Result<(), Diagnostic> {
    let others = self::classes(other)?;
    let only = |here: &[String], there: &[String]| here.iter().find(|name| !there.contains(name)).cloned();
    let (name, has, lacks, names) = match (only(classes, &others), only(&others, classes)) {
        (Some(name), _) => (name, chosen, other, others),
        (None, Some(name)) => (name, other, chosen, classes.to_vec()),
        (None, None) => return Ok(()),
    };
    let message = format!("the class '{name}' is in '{}', but not in '{}'", has.display(), lacks.display());
    let near = did_you_mean(&name, names.iter().map(String::as_str));
    Err(unusable(message)
        .maybe_help(near.map(|near| format!("is it '{near}' there?")))
        .help("training and test images need the same classes"))
}

/// Adds the pictures of a folder and of those in it.
fn search(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) -> Result<(), Diagnostic> {
    if depth > MAX_DEPTH {
        return Err(unusable(format!("'{}' is nested too deeply, or a link leads back to it", folder.display())));
    }
    for (_, path) in entries(folder)? {
        if path.is_dir() {
            search(&path, found, depth + 1)?;
        } else if is_one_of(&path, &OTHERS) {
            let message = format!("'{}' is a picture in a format that is not read", path.display());
            return Err(unusable(message).help("save it as PNG or JPEG, or take it out of the folder"));
        } else if is_one_of(&path, &PICTURES) {
            found.push(path);
        }
    }
    Ok(())
}

/// What is in a folder, by name; hidden files, which systems leave about, are not.
fn entries(folder: &Path) -> Result<Vec<(String, PathBuf)>, Diagnostic> {
    let unreadable = |error| file::unreadable(folder, &error);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if !name.starts_with('.') {
            found.push((name, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

fn is_one_of(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending.to_ascii_lowercase().as_str()))
}

/// Reads and decodes a picture.
///
/// # Errors
/// E1002 where the file cannot be read, E1006 where it cannot be decoded.
pub(super) fn decode(path: &Path) -> Result<Picture<'static>, Diagnostic> {
    let bytes = file::read(path)?;
    let undecodable = |what: String| {
        Diagnostic::new(Code::E1006, format!("'{}' cannot be decoded: {what}", path.display()))
            .help("fetch or copy it anew, or take it out of the folder")
    };
    if bytes.is_empty() {
        return Err(undecodable("it is empty".to_owned()));
    }
    // Reading from memory does not fail.
    let reader = ImageReader::new(Cursor::new(&bytes)).with_guessed_format().map_err(|e| undecodable(e.to_string()))?;
    if reader.format() == Some(ImageFormat::Jpeg)
        && let Err(what) = ends(&bytes)
    {
        return Err(undecodable(what));
    }
    // Decoders are many thousand lines: should one panic on a picture, then the picture is named.
    let decoded = catch_unwind(|| reader.decode().map(image::DynamicImage::into_rgb8));
    let decoded = match decoded {
        Ok(Ok(decoded)) => decoded,
        Ok(Err(error)) => return Err(undecodable(error.to_string())),
        Err(_) => return Err(undecodable("its decoder panicked".to_owned())),
    };
    let size = |side: u32| usize::try_from(side).ok().filter(|side| *side > 0);
    let (Some(width), Some(height)) = (size(decoded.width()), size(decoded.height())) else {
        return Err(undecodable("it has no pixels".to_owned()));
    };
    Ok(Picture { height, width, channels: 3, bytes: Cow::Owned(decoded.into_raw()) })
}

/// Whether a JPEG file has its end-of-image marker (ITU-T T.81, annex B): decoders fill up in grey what is missing.
fn ends(bytes: &[u8]) -> Result<(), String> {
    const RESTARTS: std::ops::RangeInclusive<u8> = 0xd0..=0xd7;
    const END: u8 = 0xd9;
    let broken = || format!("it is truncated, its data break off at byte {}", bytes.len());
    // After the start-of-image marker.
    let mut at = 2;
    loop {
        // A marker is 0xff, once or more often, and a byte that is neither 0 nor 0xff.
        while *bytes.get(at).ok_or_else(broken)? != 0xff {
            // The data of a scan, or bytes that some programs leave between segments.
            at += 1;
        }
        while *bytes.get(at).ok_or_else(broken)? == 0xff {
            at += 1;
        }
        let marker = bytes[at];
        at += 1;
        match marker {
            END => return Ok(()),
            // In the data of a scan: the 0 that follows a byte 0xff, and restarts.
            0 | 0x01 => {}
            _ if RESTARTS.contains(&marker) => {}
            // A segment with its length.
            _ => {
                let (Some(high), Some(low)) = (bytes.get(at), bytes.get(at + 1)) else { return Err(broken()) };
                at += usize::from(u16::from_be_bytes([*high, *low])).max(2);
            }
        }
    }
}
