//! The torch that the feature `torch` is built with.

#[path = "../../../src/torch/version.rs"]
mod version;

use std::path::{Path, PathBuf};

use crate::python;
use crate::step::{Failure, Step, root};

/// The packages, each with its version.
const REQUIREMENTS: &str = "tests/torch/requirements.txt";

/// The environment of ours.
const ENVIRONMENT: &str = "target/venv";

/// A link to torch's folder in that environment, whose own path has the version of Python in it. .cargo/config.toml makes
/// it the value of LIBTORCH where there is no other.
const LINK: &str = "target/libtorch";

/// Where torch comes from.
#[derive(PartialEq, Eq, Debug)]
enum Source {
    /// From [`ENVIRONMENT`].
    Ours,
    /// From the Python on the path, by LIBTORCH_USE_PYTORCH.
    Python(&'static str),
    /// From a folder, by LIBTORCH.
    Folder(PathBuf),
}

impl Source {
    /// What torch-sys will take, read from the variables as it reads them; `link` is what LIBTORCH is by default.
    fn of(variable: impl Fn(&str) -> Option<PathBuf>, link: &Path) -> Self {
        if variable("LIBTORCH_USE_PYTORCH").is_some() {
            return Source::Python(if variable("VIRTUAL_ENV").is_some() { "python" } else { "python3" });
        }
        match variable("LIBTORCH") {
            Some(folder) if folder != link => Source::Folder(folder),
            _ => Source::Ours,
        }
    }
}

/// Makes sure that the right torch is there, and says which one it is and what to type next.
pub fn run() -> Result<(), Failure> {
    let found = ready()?;
    println!("{found}\ncargo build --release --features torch");
    Ok(())
}

/// Makes sure that the right torch is there, and describes it. A torch that the user has chosen is only looked at.
pub fn ready() -> Result<String, Failure> {
    let link = root()?.join(LINK);
    match Source::of(|name| std::env::var_os(name).map(PathBuf::from), &link) {
        Source::Ours => ours(&link),
        Source::Python(python) => theirs(python),
        Source::Folder(folder) => unpacked(&folder),
    }
}

/// A Python with the right torch: the one on the path where the user has chosen it, and that of [`ENVIRONMENT`] otherwise.
pub fn python() -> Result<String, Failure> {
    match Source::of(|name| std::env::var_os(name).map(PathBuf::from), &root()?.join(LINK)) {
        Source::Python(python) => Ok(python.to_owned()),
        Source::Ours | Source::Folder(_) => {
            Ok(python::within(Path::new(ENVIRONMENT), REQUIREMENTS)?.to_string_lossy().into_owned())
        }
    }
}

/// Installs torch, unless it is there, and links its folder.
fn ours(link: &Path) -> Result<String, Failure> {
    println!("torch {} in {ENVIRONMENT}; if it is not there yet, that is a download of up to 3 GB", version::wanted());
    let python = python::within(Path::new(ENVIRONMENT), REQUIREMENTS)?;
    let home = home(&python)?;
    // Relative to the link, so that the repository can be moved with its target folder.
    let target = link.parent().and_then(|parent| home.strip_prefix(parent).ok()).unwrap_or(&home);
    if std::fs::read_link(link).ok().as_deref() != Some(target) {
        let failed = |error: std::io::Error| Failure::new(format!("{LINK} cannot be made: {error}"));
        if link.symlink_metadata().is_ok() {
            std::fs::remove_file(link).map_err(failed)?;
        }
        symbolic_link(target, link).map_err(failed)?;
    }
    Ok(format!("{} in {ENVIRONMENT}, linked as {LINK}", checked(&home, "cargo xtask torch")?))
}

/// Looks at the torch of a Python on the path.
fn theirs(python: &str) -> Result<String, Failure> {
    let home = home(Path::new(python)).map_err(|failure| {
        Failure::new(format!(
            "LIBTORCH_USE_PYTORCH is set, but `{python}`, as the path has it, gives no torch: {}. Unset the variable for \
             the one of `cargo xtask torch`, or put a Python with torch {} first in PATH",
            failure.message,
            version::wanted()
        ))
    })?;
    let advice = format!("{python} -m pip install torch=={}", version::wanted());
    Ok(format!("{} in {}, by LIBTORCH_USE_PYTORCH", checked(&home, &advice)?, home.display()))
}

/// Looks at a folder that the user has named.
fn unpacked(folder: &Path) -> Result<String, Failure> {
    for inside in ["include/torch/csrc/api/include/torch/torch.h", "lib"] {
        if !folder.join(inside).exists() {
            return Err(Failure::new(format!(
                "LIBTORCH is {}, which has no {inside}: let it name an unpacked libtorch or the folder of the Python \
                 package, or unset it for the one of `cargo xtask torch`",
                folder.display()
            )));
        }
    }
    let advice = format!("unset LIBTORCH, or let it name torch {}", version::wanted());
    Ok(format!("{} in {}, by LIBTORCH", checked(folder, &advice)?, folder.display()))
}

/// The version of the torch in a folder, where it is the wanted one. `advice` is what to do where it is not.
fn checked(home: &Path, advice: &str) -> Result<String, Failure> {
    let wanted = version::wanted();
    match version::found(&home.join("lib")) {
        Some(found) if version::same_release(&found, wanted) => Ok(format!("torch {found}")),
        Some(found) if std::env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_some() => {
            Ok(format!("torch {found} (wanted is {wanted}, but LIBTORCH_BYPASS_VERSION_CHECK is set)"))
        }
        Some(found) => Err(Failure::new(format!("{} has torch {found}, wanted is {wanted}: {advice}", home.display()))),
        // A libtorch that a distribution has packed says nothing; the build will.
        None => Ok("torch of a version that no file tells".to_owned()),
    }
}

/// The folder of a Python's torch. It is looked up, not imported: importing takes seconds.
fn home(python: &Path) -> Result<PathBuf, Failure> {
    let program =
        "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s else '')";
    let printed = Step::new(python, ["-c", program]).output()?;
    match printed.trim() {
        "" => Err(Failure::new("it has no package of this name")),
        home if Path::new(home).is_dir() => Ok(PathBuf::from(home)),
        other => Err(Failure::new(format!("it says that torch is in '{other}', which is no folder"))),
    }
}

#[cfg(unix)]
fn symbolic_link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, link)
}

#[cfg(windows)]
fn symbolic_link(target: &Path, link: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(target, link)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(variables: &[(&str, &str)]) -> Source {
        let find = |name: &str| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| value.into());
        Source::of(find, Path::new("/repo/target/libtorch"))
    }

    #[test]
    fn the_source_is_the_one_that_torch_sys_takes() {
        assert_eq!(source(&[]), Source::Ours);
        assert_eq!(source(&[("LIBTORCH", "/repo/target/libtorch")]), Source::Ours);
        assert_eq!(source(&[("LIBTORCH", "/usr")]), Source::Folder("/usr".into()));
        let python = [("LIBTORCH", "/usr"), ("LIBTORCH_USE_PYTORCH", "1")];
        assert_eq!(source(&python), Source::Python("python3"));
        assert_eq!(source(&[&python[..], &[("VIRTUAL_ENV", "/venv")]].concat()), Source::Python("python"));
    }

    #[test]
    fn a_folder_without_torch_is_refused_with_the_remedy() {
        let refused = unpacked(&root().unwrap().join("tests/torch")).unwrap_err().message;
        assert!(refused.contains("has no include/torch/csrc"), "{refused}");
        assert!(refused.contains("unset it for the one of `cargo xtask torch`"), "{refused}");
    }

    #[test]
    fn a_python_without_torch_is_refused_with_the_remedy() {
        let refused = theirs("no-such-python").unwrap_err().message;
        assert!(refused.contains("LIBTORCH_USE_PYTORCH is set, but `no-such-python`"), "{refused}");
        assert!(refused.contains("could not be started"), "{refused}");
    }

    #[test]
    fn another_version_is_refused_with_the_remedy() {
        let home = std::env::temp_dir().join(format!("loewner-xtask-{}", std::process::id()));
        std::fs::create_dir_all(&home).unwrap();
        let check = |version: &str| {
            std::fs::write(home.join("version.py"), format!("__version__ = '{version}'\n")).unwrap();
            checked(&home, "do this").map_err(|failure| failure.message)
        };
        let (right, wrong) = (check(&format!("{}+cpu", version::wanted())), check("1.13.1"));
        std::fs::remove_dir_all(&home).unwrap();
        assert_eq!(right, Ok(format!("torch {}+cpu", version::wanted())));
        let refused = wrong.unwrap_err();
        assert!(refused.contains("has torch 1.13.1, wanted is") && refused.ends_with("do this"), "{refused}");
    }
}
