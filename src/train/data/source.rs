//! Where images come from, as it is written on the command line.
//!
//! ```text
//! fashion-mnist                       Fashion-MNIST, where it is installed
//! fashion-mnist:FOLDER                its four IDX files, gzipped or not
//! idx:IMAGES,LABELS[,IMAGES,LABELS]   any IDX files: to train on, and to test with
//! cifar10:FOLDER    cifar100:FOLDER   the binary versions
//! folder:FOLDER                       pictures in train/CLASS and val/CLASS (or test/CLASS)
//! ```

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::{Images, Normalisation, Split, cifar, folder, idx};
use crate::base::{Code, Diagnostic, did_you_mean};

/// Where Debian's package `dataset-fashion-mnist` has its files.
const INSTALLED: &str = "/usr/share/datasets/fashion-mnist";

/// The environment variable with a folder of data sets.
const DATA: &str = "LOEWNER_DATA";

/// The names of the classes of Fashion-MNIST, by label (Xiao, Rasul and Vollgraf 2017, Table 2).
const FASHION: [&str; 10] =
    ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"];

const KINDS: [&str; 5] = ["fashion-mnist", "idx", "cifar10", "cifar100", "folder"];

/// A file of images and one of their labels, in MNIST's format.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pair {
    /// A file of rank 3.
    pub images: PathBuf,
    /// A file of rank 1.
    pub labels: PathBuf,
}

/// Where images come from; written and read as on the command line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Source {
    /// Fashion-MNIST (28 × 28, grey, 10 classes), from a folder or from where it is installed.
    FashionMnist(Option<PathBuf>),
    /// Files in MNIST's format; without the second pair there is nothing to test with.
    Idx(Pair, Option<Pair>),
    /// CIFAR-10 (32 × 32, colour, 10 classes).
    Cifar10(PathBuf),
    /// CIFAR-100 (32 × 32, colour, 100 classes).
    Cifar100(PathBuf),
    /// Pictures in folders of their classes, as ImageNet's (colour, 224 × 224 unless another size is asked for).
    Folder(PathBuf),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pair = |pair: &Pair| format!("{},{}", pair.images.display(), pair.labels.display());
        match self {
            Source::FashionMnist(None) => f.write_str("fashion-mnist"),
            Source::FashionMnist(Some(folder)) => write!(f, "fashion-mnist:{}", folder.display()),
            Source::Idx(train, None) => write!(f, "idx:{}", pair(train)),
            Source::Idx(train, Some(test)) => write!(f, "idx:{},{}", pair(train), pair(test)),
            Source::Cifar10(folder) => write!(f, "cifar10:{}", folder.display()),
            Source::Cifar100(folder) => write!(f, "cifar100:{}", folder.display()),
            Source::Folder(folder) => write!(f, "folder:{}", folder.display()),
        }
    }
}

impl FromStr for Source {
    type Err = Diagnostic;

    /// Reads a source.
    ///
    /// # Errors
    /// E1001 where it is none.
    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let refused = |message: String| Diagnostic::new(Code::E1001, message);
        let (kind, rest) = text.split_once(':').map_or((text, None), |(kind, rest)| (kind, Some(rest)));
        let folder = || match rest {
            Some(folder) if !folder.is_empty() => Ok(PathBuf::from(folder)),
            _ => Err(refused(format!("'{text}' names no folder")).help(format!("write {kind}:FOLDER"))),
        };
        match kind {
            "fashion-mnist" if rest.is_none() => Ok(Source::FashionMnist(None)),
            "fashion-mnist" => Ok(Source::FashionMnist(Some(folder()?))),
            "cifar10" => Ok(Source::Cifar10(folder()?)),
            "cifar100" => Ok(Source::Cifar100(folder()?)),
            "folder" => Ok(Source::Folder(folder()?)),
            "idx" => {
                let paths: Vec<&str> = rest.unwrap_or_default().split(',').collect();
                let pair = |images: &str, labels: &str| Pair { images: images.into(), labels: labels.into() };
                match paths[..] {
                    [images, labels] if !paths.contains(&"") => Ok(Source::Idx(pair(images, labels), None)),
                    [images, labels, others, theirs] if !paths.contains(&"") => {
                        Ok(Source::Idx(pair(images, labels), Some(pair(others, theirs))))
                    }
                    _ => Err(refused(format!("'{text}' does not name pairs of files"))
                        .help("write idx:IMAGES,LABELS or idx:IMAGES,LABELS,TEST_IMAGES,TEST_LABELS")),
                }
            }
            _ if Path::new(text).is_dir() => Err(refused(format!("'{text}' does not say what kind of data it is"))
                .help(format!("pictures in folders of their classes: folder:{text}"))
                .help(format!("the four files of Fashion-MNIST: fashion-mnist:{text}"))),
            _ => {
                let near = did_you_mean(kind, KINDS).map(|near| format!("did you mean '{near}'?"));
                Err(refused(format!("'{kind}' is not a kind of data"))
                    .maybe_help(near)
                    .help("write fashion-mnist, idx:IMAGES,LABELS, cifar10:FOLDER, cifar100:FOLDER or folder:FOLDER"))
            }
        }
    }
}

impl Source {
    /// The text of the same source with absolute paths. Paths that a text cannot have so (a comma in a folder above the files of
    /// `idx:`, a name that is not UTF-8) stay as they are.
    pub fn absolute(&self) -> String {
        let path = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let pair = |pair: &Pair| Pair { images: path(&pair.images), labels: path(&pair.labels) };
        let found = match self {
            Source::FashionMnist(folder) => Source::FashionMnist(folder.as_deref().map(path)),
            Source::Idx(train, test) => Source::Idx(pair(train), test.as_ref().map(pair)),
            Source::Cifar10(folder) => Source::Cifar10(path(folder)),
            Source::Cifar100(folder) => Source::Cifar100(path(folder)),
            Source::Folder(folder) => Source::Folder(path(folder)),
        };
        let text = found.to_string();
        if text.parse().as_ref() == Ok(&found) { text } else { self.to_string() }
    }

    pub(super) fn open(&self, split: Split) -> Result<Images, Diagnostic> {
        match self {
            Source::FashionMnist(folder) => fashion_mnist(folder.as_deref(), split),
            Source::Idx(train, test) => any_idx(train, test.as_ref(), split),
            Source::Cifar10(folder) => cifar::CIFAR10.open(folder, split),
            Source::Cifar100(folder) => cifar::CIFAR100.open(folder, split),
            Source::Folder(path) => folder::open(path, split),
        }
    }
}

fn fashion_mnist(folder: Option<&Path>, split: Split) -> Result<Images, Diagnostic> {
    let start = match split {
        Split::Train => "train",
        Split::Test => "t10k",
    };
    let names = [format!("{start}-images-idx3-ubyte"), format!("{start}-labels-idx1-ubyte")];
    let folders = match folder {
        Some(folder) => vec![folder.to_owned()],
        None => usual_folders(std::env::var_os(DATA).map(PathBuf::from)),
    };
    let home = folders.iter().find(|folder| names.iter().any(|name| packed_or_not(folder, name).is_ok()));
    let home = home.ok_or_else(|| missing(folder, &folders))?;
    let [images, labels] = names.map(|name| packed_or_not(home, &name));
    let pair = Pair { images: images?, labels: labels? };
    let (pictures, labels) = read(&pair, FASHION.len())?;
    if [pictures.height, pictures.width] != [28, 28] {
        let message = format!("'{}' is not of Fashion-MNIST", pair.images.display());
        return Err(Diagnostic::new(Code::E1003, message)
            .note(format!("its images have {} × {} pixels, not 28 × 28", pictures.height, pictures.width))
            .help(format!("other files in this format: idx:{},{}", pair.images.display(), pair.labels.display())));
    }
    made(pictures, labels, FASHION.map(String::from).to_vec(), Normalisation::fashion_mnist())
}

/// The folders to look in: those below or at what the user's environment names, then where the package installs.
fn usual_folders(data: Option<PathBuf>) -> Vec<PathBuf> {
    let named = data.into_iter().flat_map(|data| [data.join("fashion-mnist"), data]);
    named.chain([PathBuf::from(INSTALLED)]).collect()
}

/// A file that may be gzipped.
fn packed_or_not(folder: &Path, name: &str) -> Result<PathBuf, Diagnostic> {
    let paths = [folder.join(format!("{name}.gz")), folder.join(name)];
    let missing = format!("there is neither '{}' nor the same without .gz", paths[0].display());
    paths.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Diagnostic::new(Code::E1002, missing).help("a folder of Fashion-MNIST has four IDX files, gzipped or not")
    })
}

/// Fashion-MNIST is nowhere.
fn missing(named: Option<&Path>, looked_in: &[PathBuf]) -> Diagnostic {
    let files = "train-images-idx3-ubyte.gz, train-labels-idx1-ubyte.gz, t10k-images-idx3-ubyte.gz and \
                 t10k-labels-idx1-ubyte.gz";
    if let Some(folder) = named {
        let message = format!("there are no files of Fashion-MNIST in '{}'", folder.display());
        return Diagnostic::new(Code::E1002, message).help(format!("it should have {files}, or the same without .gz"));
    }
    let shown: Vec<String> = looked_in.iter().map(|folder| folder.display().to_string()).collect();
    Diagnostic::new(Code::E1002, "Fashion-MNIST is not installed")
        .note(format!("it was looked for in {}", shown.join(", ")))
        .help("on Debian and Ubuntu: apt install dataset-fashion-mnist")
        .help(format!("or --data fashion-mnist:FOLDER, with {files} in FOLDER"))
        .help(format!("or let {DATA} name a folder in which they, or a folder fashion-mnist with them, are"))
}

fn any_idx(train: &Pair, test: Option<&Pair>, split: Split) -> Result<Images, Diagnostic> {
    // Both splits have the classes and the normalisation of the training images.
    let (pictures, labels) = read(train, 256)?;
    let classes = labels.iter().map(|label| usize::from(*label) + 1).max().unwrap_or(0);
    let normalisation = Normalisation::measured(&train.images, &pictures.bytes, 1)?;
    let names = (0..classes).map(|class| class.to_string()).collect();
    let (trained, size) = (&train.images, [pictures.height, pictures.width]);
    match (split, test) {
        (Split::Train, _) => made(pictures, labels, names, normalisation),
        (Split::Test, None) => Err(Diagnostic::new(Code::E1002, "there are no images to test with")
            .note("`idx:IMAGES,LABELS` names the images to train on alone")
            .help("name those to test with as well: idx:IMAGES,LABELS,TEST_IMAGES,TEST_LABELS")),
        (Split::Test, Some(test)) => {
            let (pictures, labels) = read(test, classes)?;
            if [pictures.height, pictures.width] != size {
                let (height, width) = (pictures.height, pictures.width);
                let what = format!("has images of {height} × {width} pixels, not {} × {}", size[0], size[1]);
                return Err(Diagnostic::new(Code::E1003, format!("'{}' {what}", test.images.display()))
                    .note(format!("those to train on, in '{}', have that size", trained.display())));
            }
            made(pictures, labels, names, normalisation)
        }
    }
}

/// The images and the labels of a pair, one for each.
fn read(pair: &Pair, classes: usize) -> Result<(idx::Pictures, Vec<u8>), Diagnostic> {
    let pictures = idx::images(&pair.images)?;
    let labels = idx::labels(&pair.labels, classes)?;
    if labels.len() == pictures.count {
        return Ok((pictures, labels));
    }
    let (images, of_labels) = (pair.images.display(), pair.labels.display());
    let message = format!("'{images}' has {} images, '{of_labels}' {} labels", pictures.count, labels.len());
    Err(Diagnostic::new(Code::E1004, message).help("are they of the same part of the data set, training or test?"))
}

fn made(
    pictures: idx::Pictures,
    labels: Vec<u8>,
    classes: Vec<String>,
    normalisation: Normalisation,
) -> Result<Images, Diagnostic> {
    let size = [pictures.height, pictures.width, 1];
    let labels = labels.into_iter().map(i64::from).collect();
    Images::from_bytes(size, pictures.bytes, labels, classes, normalisation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_read_as_they_are_written() {
        for text in [
            "fashion-mnist",
            "fashion-mnist:C:/data/fashion",
            "idx:a.gz,b.gz",
            "idx:a,b,c,d",
            "cifar10:data",
            "cifar100:data",
            "folder:my pictures",
        ] {
            assert_eq!(text.parse::<Source>().map(|source| source.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn other_texts_are_refused_with_what_to_write() {
        for (text, help) in [
            ("", "write fashion-mnist, idx"),
            ("fashion_mnist", "did you mean 'fashion-mnist'?"),
            ("cifar-10:x", "did you mean 'cifar10'?"),
            ("cifar10", "write cifar10:FOLDER"),
            ("folder:", "write folder:FOLDER"),
            ("fashion-mnist:", "write fashion-mnist:FOLDER"),
            ("idx:a", "write idx:IMAGES,LABELS"),
            ("idx:a,", "write idx:IMAGES,LABELS"),
            ("idx:a,b,c", "write idx:IMAGES,LABELS"),
            (".", "folder:."),
        ] {
            let refused = text.parse::<Source>().unwrap_err();
            assert_eq!(refused.code, Code::E1001, "{text}");
            assert!(refused.help[0].contains(help), "{text}: {:?}", refused.help);
        }
    }

    #[test]
    fn a_path_that_would_not_be_read_back_stays_as_it_is() {
        let pair = Pair { images: "a,b".into(), labels: "c".into() };
        assert_eq!(Source::Idx(pair, None).absolute(), "idx:a,b,c");
        assert_eq!(Source::Folder("/a:b".into()).absolute(), "folder:/a:b");
        assert_eq!(Source::FashionMnist(None).absolute(), "fashion-mnist");
    }

    #[test]
    fn the_environment_comes_before_the_package() {
        let at = |folder: &str| PathBuf::from(folder);
        assert_eq!(usual_folders(None), [at(INSTALLED)]);
        assert_eq!(usual_folders(Some(at("d"))), [at("d/fashion-mnist"), at("d"), at(INSTALLED)]);
        let told = missing(None, &usual_folders(Some(at("d"))));
        assert!(told.help[0].contains("apt install dataset-fashion-mnist"));
        assert!(
            told.help[1].contains("--data fashion-mnist:FOLDER") && told.help[1].contains("t10k-labels-idx1-ubyte")
        );
    }
}
