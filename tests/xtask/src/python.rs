//! Python environments of our own under target/, with pinned packages.

use std::path::{Path, PathBuf};

use crate::step::{Failure, Step, root};

/// Prints what is missing of a list of requirements.
const INSTALLED: &str = "tests/xtask/src/installed.py";

/// The Python of an environment that has what a file of requirements lists; it is made on first use. It is named for the
/// folder of the requirements, so that two lists never disturb each other.
pub fn with(requirements: &str) -> Result<PathBuf, Failure> {
    let name = Path::new(requirements).parent().and_then(Path::file_name).unwrap_or_default();
    within(&Path::new("target/python").join(name), requirements)
}

/// As [`with`], in a folder of the repository.
pub fn within(inside: &Path, requirements: &str) -> Result<PathBuf, Failure> {
    let folder = inside.to_string_lossy();
    let python = root()?.join(inside).join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // An environment whose Python has gone since, or that lost its pip, is made anew.
    match Step::new(&python, [INSTALLED, requirements]).quietly()? {
        Some(missing) if missing.is_empty() => return Ok(python),
        Some(missing) => missing.lines().for_each(|line| println!("{folder}: {line}")),
        None => {
            let system = interpreter(requirements)?;
            Step::new(system, ["-m", "venv", "--clear", &folder]).run()?;
        }
    }
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements];
    Step::new(&python, pip).run().map_err(|failure| Failure {
        message: format!(
            "{}\npip says above why it could not install {requirements} into {folder}. Without a network, or behind a \
             proxy, PIP_INDEX_URL names another index and PIP_FIND_LINKS a folder of wheels; `No matching distribution` \
             may also mean that there is none for this Python; a full disk is another reason",
            failure.message
        ),
        ..failure
    })?;
    match Step::new(&python, [INSTALLED, requirements]).output()? {
        missing if missing.is_empty() => Ok(python),
        missing => {
            Err(Failure::new(format!("pip has installed something else into {folder}:\n{}", missing.trim_end())))
        }
    }
}

/// The name of a Python 3 that can make environments.
fn interpreter(requirements: &str) -> Result<&'static str, Failure> {
    let fits = |name: &&str| Step::new(*name, ["-c", "import sys; sys.exit(sys.version_info < (3, 10))"]).succeeds();
    let Some(name) = ["python3", "python"].into_iter().find(|name| fits(name).unwrap_or(false)) else {
        let message =
            format!("no python3 of version 3.10 or later is on the path; it is needed to install {requirements}");
        return Err(Failure::new(message));
    };
    if !Step::new(name, ["-c", "import venv, ensurepip"]).succeeds()? {
        return Err(Failure::new(format!(
            "{name} has no venv module (on Debian and Ubuntu: apt install python3-venv); it is needed to install \
             {requirements}"
        )));
    }
    Ok(name)
}
