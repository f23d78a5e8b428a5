//! Images, views and batches: the formats on real and on damaged files, the views against torchvision and Pillow, the
//! batches for any number of threads.

#[path = "data/batches.rs"]
mod batches;
#[path = "data/damage.rs"]
mod damage;
#[path = "data/folders.rs"]
mod folders;
#[path = "data/formats.rs"]
mod formats;
#[path = "data/views.rs"]
mod views;

use std::path::PathBuf;

use loewner::base::Diagnostic;
use loewner::train::data::{Images, Split};

/// The folder of the real images.
fn slice() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/fashion-mnist")
}

fn open(source: impl AsRef<str>, split: Split) -> Result<Images, Diagnostic> {
    Images::open(&source.as_ref().parse()?, split)
}

fn fashion(split: Split) -> Images {
    open(format!("fashion-mnist:{}", slice().display()), split).unwrap()
}

/// The message, notes and helps in one text.
fn told(diagnostic: &Diagnostic) -> String {
    [std::slice::from_ref(&diagnostic.message), &diagnostic.notes, &diagnostic.help].concat().join("\n")
}
