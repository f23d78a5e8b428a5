//! CIFAR-10 and CIFAR-100 in their binary version (Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009,
//! and the page of the data sets): records of a label, or of a coarse and a fine one, and 3 × 32 × 32 bytes, plane by plane.

use std::path::{Path, PathBuf};

use super::{Images, Normalisation, Split, file, idx};
use crate::base::{Code, Diagnostic};

/// Pixels of a side.
const SIDE: usize = 32;
/// The coarse classes of CIFAR-100.
const COARSE: usize = 20;
/// Bytes of a picture.
const PICTURE: usize = 3 * SIDE * SIDE;

/// One of the two data sets, as its files lie in its folder.
pub(super) struct Layout {
    /// The folder that the archive unpacks to.
    folder: &'static str,
    train: &'static [&'static str],
    test: &'static [&'static str],
    /// The file with a name a line for each class.
    names: &'static str,
    classes: usize,
    /// Bytes before the pictures of a record; the last of them is the label that is used.
    labels: usize,
    normalisation: fn() -> Normalisation,
    /// How to name the source on the command line.
    kind: &'static str,
}

/// CIFAR-10: 10 classes, 50,000 and 10,000 pictures.
pub(super) const CIFAR10: Layout = Layout {
    folder: "cifar-10-batches-bin",
    train: &["data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin", "data_batch_5.bin"],
    test: &["test_batch.bin"],
    names: "batches.meta.txt",
    classes: 10,
    labels: 1,
    normalisation: Normalisation::cifar10,
    kind: "cifar10",
};

/// CIFAR-100: 100 classes (the fine labels), 50,000 and 10,000 pictures.
pub(super) const CIFAR100: Layout = Layout {
    folder: "cifar-100-binary",
    train: &["train.bin"],
    test: &["test.bin"],
    names: "fine_label_names.txt",
    classes: 100,
    labels: 2,
    normalisation: Normalisation::cifar100,
    kind: "cifar100",
};

impl Layout {
    /// The pictures of a split, from the folder of the files or the one that it lies in.
    pub(super) fn open(&self, folder: &Path, split: Split) -> Result<Images, Diagnostic> {
        let folder = self.folder(folder)?;
        let classes = self.classes(&folder.join(self.names))?;
        let files = match split {
            Split::Train => self.train,
            Split::Test => self.test,
        };
        let (mut labels, mut bytes) = (Vec::new(), Vec::new());
        let mut first: Option<(PathBuf, usize)> = None;
        for name in files {
            let path = folder.join(name);
            let count = self.read(&path, &mut labels, &mut bytes)?;
            match &first {
                None => first = Some((path, count)),
                Some((other, same)) if *same != count => {
                    let what = format!("it holds {count} pictures, '{}' holds {same}", other.display());
                    return Err(file::damaged(&path, what));
                }
                Some(_) => {}
            }
        }
        Images::from_bytes([SIDE, SIDE, 3], bytes, labels, classes, (self.normalisation)())
    }

    /// The folder that the files lie in.
    fn folder(&self, named: &Path) -> Result<PathBuf, Diagnostic> {
        let inner = named.join(self.folder);
        let found = [named.to_owned(), inner].into_iter().find(|folder| folder.join(self.test[0]).is_file());
        found.ok_or_else(|| {
            let message = format!("there is no '{}'", named.join(self.test[0]).display());
            let missing = Diagnostic::new(Code::E1002, message);
            let python = ["data_batch_1", "train", "cifar-10-batches-py", "cifar-100-python"];
            if python.iter().any(|name| named.join(name).exists()) {
                return missing
                    .note("this folder seems to hold the version for Python")
                    .help(format!("fetch the binary version, which unpacks to a folder {}", self.folder));
            }
            missing.help(format!("--data {}:FOLDER, with the folder {} of the binary version", self.kind, self.folder))
        })
    }

    /// The names of the classes, a line each.
    fn classes(&self, path: &Path) -> Result<Vec<String>, Diagnostic> {
        let text = String::from_utf8(file::read(path)?).map_err(|error| {
            file::damaged(path, format!("it is no text at byte {}", error.utf8_error().valid_up_to()))
        })?;
        let names: Vec<String> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).map(String::from).collect();
        let mut different = names.clone();
        different.sort_unstable();
        different.dedup();
        if different.len() == names.len() && names.len() == self.classes {
            return Ok(names);
        }
        let (lines, different) = (names.len(), different.len());
        let what = format!("it should name {} classes, but has {lines} lines with {different} names", self.classes);
        Err(file::damaged(path, what))
    }

    /// Adds the records of a file, pixel by pixel instead of plane by plane, and answers how many there are.
    fn read(&self, path: &Path, labels: &mut Vec<i64>, bytes: &mut Vec<u8>) -> Result<usize, Diagnostic> {
        let held = file::read(path)?;
        let record = self.labels + PICTURE;
        if held.is_empty() {
            return Err(file::damaged(path, "it is empty"));
        }
        if held.len() % record != 0 {
            let whole = held.len() / record;
            let (start, rest) = (whole * record, held.len() % record);
            let what = format!("record {whole}, from byte {start}, has {rest} bytes instead of {record}");
            return Err(file::damaged(path, what));
        }
        bytes.reserve(held.len());
        for (sample, record) in held.chunks_exact(record).enumerate() {
            let (before, planes) = record.split_at(self.labels);
            // The coarse label is not used, but tells records that lie a byte off.
            let bounds = if self.labels == 2 { &[COARSE, self.classes][..] } else { &[self.classes] };
            for (at, (label, classes)) in before.iter().zip(bounds).enumerate() {
                if usize::from(*label) >= *classes {
                    return Err(idx::outside(path, *label, sample, sample * record.len() + at, *classes));
                }
            }
            labels.push(i64::from(before[self.labels - 1]));
            let plane = SIDE * SIDE;
            bytes.extend((0..plane).flat_map(|at| [planes[at], planes[plane + at], planes[2 * plane + at]]));
        }
        Ok(held.len() / record)
    }
}
