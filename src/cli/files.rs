//! Finding and reading files, with messages that say what to do.

use std::io;
use std::path::{Path, PathBuf};

use crate::base::{Code, Diagnostic, did_you_mean};

/// How deep folders are searched: a link that leads back to its own folder must come to an end.
const MAX_DEPTH: usize = 32;

/// The `.lw` files that the paths name, a folder standing for all those in it and below, sorted by name.
///
/// # Errors
/// E0801, a diagnostic for each path that names nothing.
pub(super) fn discover(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let mut found = Vec::new();
    let mut mistakes = Vec::new();
    for path in paths {
        match std::fs::metadata(path) {
            Err(error) => mistakes.push(unreadable(path, &error)),
            Ok(meta) if meta.is_dir() => {
                let mut inside = Vec::new();
                match search(path, &mut inside, 0) {
                    Err(mistake) => mistakes.push(mistake),
                    Ok(()) if inside.is_empty() => {
                        let message = format!("there is no .lw file in '{}'", path.display());
                        mistakes.push(Diagnostic::new(Code::E0801, message));
                    }
                    Ok(()) => found.append(&mut inside),
                }
            }
            // Whatever else it is, the reader tells whether it is text.
            Ok(_) => found.push(path.clone()),
        }
    }
    // A file that is named twice is loaded once.
    let mut seen = std::collections::HashSet::new();
    found.retain(|path| seen.insert(path.clone()));
    if mistakes.is_empty() { Ok(found) } else { Err(mistakes) }
}

fn search(folder: &Path, found: &mut Vec<PathBuf>, depth: usize) -> Result<(), Diagnostic> {
    if depth > MAX_DEPTH {
        let message = format!("'{}' is nested too deeply, or a link leads back to it", folder.display());
        return Err(Diagnostic::new(Code::E0801, message));
    }
    let entries = std::fs::read_dir(folder).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let mut entries = entries.map_err(|error| unreadable(folder, &error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_dir() {
            search(&path, found, depth + 1)?;
        } else if path.extension().is_some_and(|extension| extension == "lw") {
            found.push(path);
        }
    }
    Ok(())
}

/// Why a path cannot be read, and the likely repair.
pub(super) fn unreadable(path: &Path, error: &io::Error) -> Diagnostic {
    let shown = path.display();
    match error.kind() {
        io::ErrorKind::NotFound if path == Path::new("proofs") => {
            Diagnostic::new(Code::E0801, "there is no folder 'proofs' here")
                .note("without a path, verify reads the folder 'proofs'")
                .help("name a file or a folder: loewner verify PATH")
        }
        io::ErrorKind::NotFound => {
            Diagnostic::new(Code::E0801, format!("there is no file '{shown}'")).maybe_help(neighbour(path))
        }
        io::ErrorKind::PermissionDenied => {
            Diagnostic::new(Code::E0801, format!("'{shown}' may not be read (permission denied)"))
        }
        io::ErrorKind::IsADirectory => Diagnostic::new(Code::E0801, format!("'{shown}' is a folder, not a file")),
        _ => Diagnostic::new(Code::E0801, format!("'{shown}' cannot be read: {error}")),
    }
}

/// The file beside a missing one whose name is nearest to it.
fn neighbour(path: &Path) -> Option<String> {
    let name = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|other| other.ends_with(Path::new(name).extension().and_then(|e| e.to_str()).unwrap_or("")))
        .collect();
    names.sort_unstable();
    let near = did_you_mean(name, names.iter().map(String::as_str))?;
    Some(format!("did you mean '{}'?", path.with_file_name(near).display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_searched_in_order_and_missing_files_have_neighbours() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::create_dir(at("sub")).unwrap();
        for name in ["b.lw", "a.lw", "sub/c.lw", "notes.txt"] {
            std::fs::write(at(name), "").unwrap();
        }
        let found = discover(&[folder.path().to_owned(), at("a.lw")]).unwrap();
        assert_eq!(found, [at("a.lw"), at("b.lw"), at("sub/c.lw")]);
        std::fs::write(at("entropy.lw"), "").unwrap();
        let mistakes = discover(&[at("entorpy.lw"), at("nowhere/x.lw")]).unwrap_err();
        assert_eq!(mistakes.len(), 2);
        assert!(mistakes[0].help[0].contains("entropy.lw"));
    }
}
