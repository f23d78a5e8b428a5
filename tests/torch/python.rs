//! The Python that has PyTorch, for what is compared with it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The one of `cargo xtask torch`, or one on the path; none where libtorch came without Python.
pub fn python() -> Option<PathBuf> {
    let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    // Looked up, not imported: that takes seconds.
    let program = "import sys, importlib.util as u; sys.exit(not (u.find_spec('torch') and u.find_spec('numpy')))";
    [ours, "python3".into(), "python".into()].into_iter().find(|python| {
        let mut command = Command::new(python);
        let status = command.args(["-c", program]).stdin(Stdio::null()).stderr(Stdio::null()).status();
        status.is_ok_and(|status| status.success())
    })
}
