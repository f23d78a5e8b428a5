//! The house rules that a compiler does not know: which room may import which, how long a file may be, where a program
//! may print or end, what stands at the top of the repository, and that no file tells where it was written.
//!
//! The checks are functions from text to complaints, in `floors/`, so that each is also tried on made-up breaches: a
//! check that cannot fail is worth nothing.

#[path = "floors/arms.rs"]
mod arms;
#[path = "floors/imports.rs"]
mod imports;
#[path = "floors/rules.rs"]
mod rules;
#[path = "floors/tokens.rs"]
mod tokens;

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// A path relative to the top, with `/` on every system.
fn name(path: &Path) -> String {
    let relative = path.strip_prefix(root()).unwrap_or(path);
    relative.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
}

/// Every file below a folder, sorted, without what is built.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let entry = entry.unwrap();
            let built = [".git", "target", "node_modules", ".venv"].iter().any(|name| entry.file_name() == *name);
            if !built && entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else if !built {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// The files that belong to the repository, by path from its top: what git tracks or would add, or, outside a clone,
/// what is there.
fn repository() -> Vec<String> {
    let listed = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard", "-z"])
        .current_dir(root())
        .output();
    match listed {
        Ok(output) if output.status.success() && !output.stdout.is_empty() => {
            let paths = String::from_utf8(output.stdout).unwrap();
            // A file that was removed but not yet committed is still listed.
            paths.split_terminator('\0').filter(|path| root().join(path).is_file()).map(String::from).collect()
        }
        _ => files(&root()).iter().map(|path| name(path)).collect(),
    }
}

fn rust_sources() -> Vec<(String, String)> {
    let rust = files(&root().join("src")).into_iter().filter(|path| path.extension().is_some_and(|e| e == "rs"));
    rust.map(|path| (name(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn assert_no(complaints: Vec<String>) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn rooms_import_only_lower_rooms() {
    let sources = rust_sources();
    assert!(sources.len() > 20, "the sources were not found");
    assert_no(sources.iter().flat_map(|(path, text)| imports::breaches(path, text)).collect());
}

#[test]
fn the_table_of_floors_has_no_cycle() {
    assert_no(imports::cycles(imports::FLOORS));
}

#[test]
fn the_map_of_the_sources_has_the_same_table() {
    let map = std::fs::read_to_string(root().join("src/README.md")).unwrap();
    let house = map.split("## ").find(|part| part.starts_with("The house")).unwrap();
    assert_no(imports::differences(house, imports::FLOORS));
}

#[test]
fn sources_are_short() {
    assert_no(rust_sources().iter().filter_map(|(path, text)| rules::too_long(path, text)).collect());
}

#[test]
fn only_the_command_line_prints_or_exits() {
    assert_no(rust_sources().iter().flat_map(|(path, text)| rules::output(path, text)).collect());
}

#[test]
fn a_match_on_operations_names_them() {
    assert_no(rust_sources().iter().flat_map(|(path, text)| arms::nameless(path, text)).collect());
}

#[test]
fn the_top_of_the_repository_is_tidy() {
    assert_no(rules::strangers_at_the_top(&repository()));
}

#[test]
fn no_file_tells_where_it_was_written() {
    let texts = repository().into_iter().filter_map(|path| {
        // What is not UTF-8 is no text.
        std::fs::read_to_string(root().join(&path)).ok().map(|text| (path, text))
    });
    assert_no(texts.flat_map(|(path, text)| rules::machine_paths(&path, &text)).collect());
}
