//! The programs in examples/ run: each checks its own results.

#[path = "../examples/new_loss.rs"]
mod new_loss;
#[path = "../examples/validate_theorem.rs"]
mod validate_theorem;

#[test]
fn new_loss_runs() {
    new_loss::main().unwrap();
}

#[test]
fn validate_theorem_runs() {
    validate_theorem::main().unwrap();
}

#[test]
fn theorems_about_qubits_are_as_expected() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/qubits.lw");
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_loewner"))
        .args(["verify", file, "--samples", "1000"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[test]
fn every_example_is_run() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut programs: Vec<String> = names.filter(|name| name.ends_with(".rs")).collect();
    programs.sort();
    // Those that need torch are run by tests/torch_examples.rs.
    assert_eq!(
        programs,
        ["new_loss.rs", "train_on_torch.rs", "validate_theorem.rs"],
        "a new example needs its test here"
    );
}
