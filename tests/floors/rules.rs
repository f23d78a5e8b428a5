//! The rules that look at one file, or one list of files, at a time.

use super::tokens::tokens;

/// The most lines that a source may have.
pub const LINES: usize = 600;

/// The names that may stand at the top of the repository. All but the first line is what tools insist on.
const TOP: &[&str] = &[
    "Cargo.toml",
    "README.md",
    "src",
    "grammar",
    "proofs",
    "examples",
    "tests",
    "Cargo.lock",
    ".cargo",
    ".ci",
    ".gitattributes",
    ".github",
    ".gitignore",
    "benches",
    "build.rs",
    "CHANGELOG.md",
    "clippy.toml",
    "CONTRIBUTING.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "rustfmt.toml",
];

/// A complaint about a source with too many lines.
pub fn too_long(path: &str, source: &str) -> Option<String> {
    let lines = source.lines().count();
    (lines > LINES).then(|| format!("{path} has {lines} lines, and {LINES} are the most: split it by ideas"))
}

/// Complaints about a source that prints or ends the program, unless it is the command line's or holds tests only.
pub fn output(path: &str, source: &str) -> Vec<String> {
    if path == "src/main.rs" || path.starts_with("src/cli/") || path.ends_with("/tests.rs") || path.contains("/tests/")
    {
        return Vec::new();
    }
    let tokens = tokens(source);
    let is = |i: usize, word: &str| tokens.get(i).is_some_and(|token| token.text == word);
    let mut complaints = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let prints = ["print", "println", "eprint", "eprintln", "dbg"].contains(&token.text.as_str()) && is(i + 1, "!");
        let ends = token.text == "process" && is(i + 1, "::") && (is(i + 2, "exit") || is(i + 2, "abort"));
        if prints || ends {
            let what = if prints { format!("{}!", token.text) } else { "the end of the program".into() };
            complaints.push(format!("{path}:{}: {what} belongs in src/cli/", token.line));
        }
    }
    complaints
}

/// Complaints about names at the top that the design does not list.
pub fn strangers_at_the_top(paths: &[String]) -> Vec<String> {
    let mut tops: Vec<&str> = paths.iter().filter_map(|path| path.split('/').next()).collect();
    tops.dedup();
    let strangers = tops.into_iter().filter(|top| !TOP.contains(top));
    strangers.map(|top| format!("`{top}` stands at the top of the repository: which room does it belong to?")).collect()
}

/// Complaints about paths of the machine that a file was written on.
pub fn machine_paths(path: &str, text: &str) -> Vec<String> {
    // Taken apart, since this file is read too.
    let machine = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/w")];
    let mut complaints = Vec::new();
    for (number, line) in text.lines().enumerate() {
        for found in machine.iter().filter(|found| line.contains(**found)) {
            complaints.push(format!("{path}:{}: `{found}` is a path of one machine", number + 1));
        }
    }
    complaints
}

#[test]
fn a_long_file_is_found() {
    assert_eq!(too_long("src/a.rs", &"\n".repeat(LINES)), None);
    assert!(too_long("src/a.rs", &"\n".repeat(LINES + 1)).is_some());
}

#[test]
fn printing_and_exiting_are_found() {
    for bad in ["println!(\"x\")", "std :: process :: exit(1)", "eprint!(\"\")", "dbg!(x)", "use std::process::abort;"]
    {
        assert_eq!(output("src/eval/plan.rs", bad).len(), 1, "{bad}");
        assert_eq!(output("src/cli/mod.rs", bad), Vec::<String>::new(), "{bad}");
    }
    for good in ["// println!(\"x\")", "let s = \"process::exit\";", "writeln!(f)", "process::id()", "self.print()"] {
        assert_eq!(output("src/eval/plan.rs", good), Vec::<String>::new(), "{good}");
    }
}

#[test]
fn a_stranger_at_the_top_is_found() {
    let paths = ["README.md", "notes.txt", "src/lib.rs", "tools/x", "tools/y"].map(String::from);
    assert_eq!(strangers_at_the_top(&paths).len(), 2);
}

#[test]
fn a_machine_path_is_found() {
    let text = ["fine", concat!("see /wo", "rk/main"), "framework/x", concat!("in /tm", "p/w/x")].join("\n");
    assert_eq!(machine_paths("a.md", &text).len(), 2);
    assert_eq!(machine_paths("a.md", "framework/x, a/root"), Vec::<String>::new());
}
