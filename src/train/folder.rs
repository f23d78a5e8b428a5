//! The folder of a run: who may write into it, and what lies there besides the checkpoint.

use std::fs::{File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::checkpoint::CHECKPOINT;
use super::config::Config;
use super::record::METRICS;
use crate::base::{Code, Diagnostic, replace};

/// The run, to be read by people; what counts is in the checkpoint.
const CONFIG: &str = "config.json";

/// The file that the process which trains here holds locked. It stays when the process ends, and means nothing then.
const LOCK: &str = "loewner.lock";

/// A folder that no other process trains in while this lives. The system releases the lock when the process ends, however it ends.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Closed, and so unlocked, with this.
    _lock: File,
    /// Why the folder is not locked, where its file system cannot lock.
    unlocked: Option<String>,
}

impl Folder {
    /// A folder for a new run, made where it is not there.
    ///
    /// # Errors
    /// E0805 where it cannot be made or written, E1043 where it holds a run or somebody else's files, E1047 where another process
    /// trains in it.
    pub fn claim(path: &Path) -> Result<Folder, Diagnostic> {
        // A new run may lie anywhere; one that is gone on with lies where it lies.
        Folder::claimed(path).map_err(|error| error.help("name another folder by --out"))
    }

    fn claimed(path: &Path) -> Result<Folder, Diagnostic> {
        std::fs::create_dir_all(path).map_err(|error| unwritable(path, &error))?;
        // A run that was killed before its first checkpoint leaves files that are its own; others are somebody else's.
        let ours = std::fs::read(path.join(CONFIG)).is_ok_and(|bytes| serde_json::from_slice::<Config>(&bytes).is_ok());
        if let Some(name) = [CONFIG, METRICS].into_iter().find(|name| !ours && path.join(name).exists()) {
            let message = format!("'{}' is there already, and is no run's", path.join(name).display());
            return Err(Diagnostic::new(Code::E1043, message));
        }
        let folder = Folder::lock(path)?;
        if path.join(CHECKPOINT).exists() {
            let message = format!("'{}' holds a run", path.display());
            return Err(Diagnostic::new(Code::E1043, message).help("go on with it by --resume"));
        }
        Ok(folder)
    }

    /// The folder of a run that is gone on with.
    ///
    /// # Errors
    /// E1043 where it holds no run, E0805 where it cannot be written, E1047 where another process trains in it.
    pub fn reopen(path: &Path) -> Result<Folder, Diagnostic> {
        // Nothing is made where there is no run.
        super::checkpoint::present(path)?;
        Folder::lock(path)
    }

    fn lock(path: &Path) -> Result<Folder, Diagnostic> {
        let name = path.join(LOCK);
        // What is opened is written over: a link would make that somebody else's file.
        if std::fs::symlink_metadata(&name).is_ok_and(|found| !found.is_file()) {
            let message = format!("'{}' is no ordinary file", name.display());
            return Err(Diagnostic::new(Code::E0805, message).help("take it away"));
        }
        let options = File::options().read(true).write(true).create(true).truncate(false).clone();
        let mut file = options.open(&name).map_err(|error| unwritable(path, &error))?;
        let unlocked = match file.try_lock() {
            Ok(()) => {
                // Who it is helps whoever is kept out, and nobody else.
                let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
                None
            }
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Some systems let nobody read what is locked.
                let read = file.read_to_string(&mut text).ok();
                let number = read.and_then(|_| text.trim().parse::<u32>().ok());
                return Err(taken(path, number));
            }
            Err(TryLockError::Error(error)) => Some(error.to_string()),
        };
        Ok(Folder { path: path.to_owned(), _lock: file, unlocked })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What to say where other processes cannot be kept out.
    pub fn warning(&self) -> Option<String> {
        let why = self.unlocked.as_ref()?;
        Some(format!("'{}' cannot be locked ({why}): let no other process train in it", self.path.display()))
    }

    /// The table of the run.
    pub fn metrics(&self) -> PathBuf {
        self.path.join(METRICS)
    }

    /// Writes the run down for people.
    ///
    /// # Errors
    /// E0805 where it cannot be written.
    pub fn describe(&self, config: &Config) -> Result<(), Diagnostic> {
        let text = serde_json::to_string_pretty(config).unwrap_or_default();
        replace(&self.path.join(CONFIG), format!("{text}\n").as_bytes()).map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &std::io::Error) -> Diagnostic {
    let shown = path.display();
    let message = match path.is_file() {
        true => format!("'{shown}' is a file, not a folder"),
        false => format!("'{shown}' cannot be written: {error}"),
    };
    Diagnostic::new(Code::E0805, message)
}

fn taken(path: &Path, process: Option<u32>) -> Diagnostic {
    let by = process.map_or("another process".to_owned(), |number| format!("process {number}"));
    Diagnostic::new(Code::E1047, format!("{by} trains in '{}' at this moment", path.display()))
        .help("wait until it has ended, or end it; a run that was ended can be gone on with by --resume")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::method::METHODS;

    #[test]
    fn one_at_a_time() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run");
        let first = Folder::claim(&path).unwrap();
        let refused = Folder::claim(&path).unwrap_err();
        assert_eq!(refused.code, Code::E1047);
        assert!(refused.message.contains(&format!("process {} trains in", std::process::id())), "{}", refused.message);
        drop(first);
        Folder::claim(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_for_a_lock_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let (mine, missing) = (home.path().join("mine"), home.path().join("missing"));
        std::fs::write(&mine, "a text").unwrap();
        for (target, run) in [(&mine, "one"), (&missing, "two")] {
            let run = home.path().join(run);
            std::fs::create_dir(&run).unwrap();
            std::os::unix::fs::symlink(target, run.join(LOCK)).unwrap();
            assert_eq!(Folder::claim(&run).unwrap_err().code, Code::E0805);
        }
        assert_eq!(std::fs::read_to_string(&mine).unwrap(), "a text");
        assert!(!missing.exists());
    }

    #[test]
    fn only_a_run_is_gone_on_with() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("run");
        assert_eq!(Folder::reopen(&path).unwrap_err().code, Code::E1043);
        assert!(!path.exists());
        std::fs::create_dir(&path).unwrap();
        assert_eq!(Folder::reopen(&path).unwrap_err().code, Code::E1043);
        assert_eq!(std::fs::read_dir(&path).unwrap().count(), 0, "a folder that is none of ours is left as it is");
        std::fs::write(path.join(CHECKPOINT), "").unwrap();
        let open = Folder::reopen(&path).unwrap();
        assert_eq!(Folder::reopen(&path).unwrap_err().code, Code::E1047);
        drop(open);
        assert_eq!(Folder::claim(&path).unwrap_err().code, Code::E1043);
    }

    #[test]
    fn files_of_others_are_left_alone() {
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join(METRICS), "mine").unwrap();
        assert_eq!(Folder::claim(home.path()).unwrap_err().code, Code::E1043);
        assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 1);
        let folder = tempfile::tempdir().unwrap();
        let claimed = Folder::claim(folder.path()).unwrap();
        claimed.describe(&Config::of(&METHODS[0], "fashion-mnist")).unwrap();
        std::fs::write(claimed.metrics(), "").unwrap();
        drop(claimed);
        // What is left of a run that ended before its first checkpoint is in nobody's way.
        Folder::claim(folder.path()).unwrap();
    }
}
