//! Where the history of sessions is kept.

use std::path::PathBuf;

/// The history's file in the user's folder for state, made if need be; none where there is no such folder.
pub(super) fn file() -> Option<PathBuf> {
    let state = variable("XDG_STATE_HOME").or_else(|| Some(variable("HOME")?.join(".local").join("state")))?;
    let folder = state.join("loewner");
    std::fs::create_dir_all(&folder).ok()?;
    Some(folder.join("history"))
}

/// A folder that an environment variable names. The base directory specification has relative ones ignored.
fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute())
}
