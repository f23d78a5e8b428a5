//! Which torch: the version that is wanted, and the one that is there. The build script reads this file too.

use std::path::{Path, PathBuf};

/// What `cargo xtask torch` installs: the one place where the version stands.
const REQUIREMENTS: &str = include_str!("../../tests/torch/requirements.txt");

/// The version that the bindings are made for, such as `2.13.0`.
pub fn wanted() -> &'static str {
    REQUIREMENTS.lines().find_map(|line| line.strip_prefix("torch==")).unwrap_or_default().trim()
}

/// The file beside a folder of torch's libraries that says their version: `version.py` in a Python package,
/// `build-version` in an unpacked libtorch.
pub fn file(libraries: &Path) -> Option<PathBuf> {
    let home = libraries.parent()?;
    ["version.py", "build-version"].map(|name| home.join(name)).into_iter().find(|file| file.is_file())
}

/// The version of the torch whose libraries are in a folder, such as `2.13.0+cu130`, where a file says so.
pub fn found(libraries: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file(libraries)?).ok()?;
    let assigned = text.lines().find_map(|line| line.strip_prefix("__version__ = "));
    Some(assigned.unwrap_or(&text).trim().trim_matches(['\'', '"']).to_owned())
}

/// Whether two versions are the same release: `2.13.0+cu130` is 2.13.0, built for CUDA 13.0.
pub fn same_release(one: &str, other: &str) -> bool {
    one.split('+').next() == other.split('+').next()
}
