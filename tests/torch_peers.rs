//! The PyTorch programs that ours are measured against compute the same losses, and the same gradients.

use std::io::Write;
use std::process::Command;

#[path = "torch/python.rs"]
mod python;

#[test]
fn the_peers_compute_what_the_library_does() {
    let Some(python) = python::python() else {
        let _ =
            writeln!(std::io::stderr(), "SKIPPED the_peers_compute_what_the_library_does: no Python with torch here");
        return;
    };
    let mut command = Command::new(python);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["benches/torch/peers.py", "--check", env!("CARGO_BIN_EXE_loewner")]);
    let output = command.output().unwrap();
    let told = [output.stdout, output.stderr].concat();
    let told = String::from_utf8_lossy(&told);
    assert!(output.status.success(), "{told}");
    // Eleven losses, with fewer samples than features and with more.
    assert_eq!(told.matches("\"errors\"").count(), 22, "{told}");
}
