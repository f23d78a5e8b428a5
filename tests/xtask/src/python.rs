//! A Python environment of our own under target/, with pinned packages.

use std::path::{Path, PathBuf};

use crate::step::{Failure, Step, root};

/// The Python of an environment that has what a file of requirements lists. The environment is made on first use and
/// again whenever the file changes.
pub fn with(requirements: &str) -> Result<PathBuf, Failure> {
    let file = root()?.join(requirements);
    let wanted = std::fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("{requirements} could not be read: {error}")))?;
    // Named for the folder of the requirements, so that two lists never disturb each other.
    let name = Path::new(requirements).parent().and_then(Path::file_name).unwrap_or_default();
    let inside = Path::new("target/python").join(name);
    let home = root()?.join(&inside);
    let python = home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    let stamp = home.join("installed.txt");
    if python.exists() && std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }

    let system = interpreter()?;
    if !Step::new(system, ["-c", "import venv, ensurepip"]).succeeds()? {
        let repair = "on Debian and Ubuntu: apt install python3-venv";
        return Err(Failure::new(format!(
            "{system} has no venv module ({repair}); it is needed to install {requirements}"
        )));
    }
    Step::new(system, ["-m", "venv", "--clear", &inside.to_string_lossy()]).run()?;
    Step::new(&python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]).run()?;
    std::fs::write(&stamp, wanted)
        .map_err(|error| Failure::new(format!("{} could not be written: {error}", stamp.display())))?;
    Ok(python)
}

/// The name of the Python 3 that is installed.
fn interpreter() -> Result<&'static str, Failure> {
    for name in ["python3", "python"] {
        if Step::new(name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).succeeds()? {
            return Ok(name);
        }
    }
    Err(Failure::new("no python3 of version 3.10 or later is on the path; this chore compares with Python programs"))
}
