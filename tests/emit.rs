//! `loewner emit` without torch: what it writes is Python, reads well, and lands where it is told to.

use std::path::Path;
use std::process::{Command, Output, Stdio};

use loewner::Loewner;
use loewner::torch::emit::{Request, pytorch};

fn run_in(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).stdin(Stdio::null()).args(arguments).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[test]
fn a_short_module_reads_well() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_in(folder.path(), &["emit", "pytorch", "coding_rate", "--set", "mu=1/2"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    insta::assert_snapshot!("emit_coding_rate", text(&output.stdout));
}

/// Every loss of the library at which nothing is missing becomes a module that Python accepts.
#[test]
fn the_library_is_python() {
    let folder = tempfile::tempdir().unwrap();
    let mut loewner = Loewner::new();
    let names: Vec<String> = loewner.session().library().map(|def| def.def.name.name.clone()).collect();
    let mut files = Vec::new();
    for name in names {
        let Ok(source) = loewner.loss_source(&name) else { continue };
        let request = Request { search: std::time::Duration::ZERO, ..Request::default() };
        let Ok(text) = pytorch(&source, &request, loewner::prove::rules()) else { continue };
        // What has kernels of the whole batch as inputs cannot be split.
        let batch = source.size_vars().into_iter().filter(|var| ["B", "N"].contains(&&*var.name)).collect();
        let parted = pytorch(&source, &Request { batch, ..request }, loewner::prove::rules());
        for (suffix, text) in [("", Some(text)), ("_parallel", parted.ok())] {
            let Some(text) = text else { continue };
            let long = text.lines().find(|line| line.chars().count() > 120);
            assert_eq!(long, None, "{name}");
            let file = folder.path().join(format!("{name}{suffix}.py"));
            std::fs::write(&file, text).unwrap();
            files.push(file);
        }
    }
    assert!(files.len() > 120, "only {} modules", files.len());
    let python = Command::new("python3").arg("-m").arg("py_compile").args(&files).output();
    match python {
        Ok(output) => assert!(output.status.success(), "{}", text(&output.stderr)),
        Err(error) => println!("skipped: there is no python3 to compile the modules with ({error})"),
    }
}

/// A module has what a run in Rust has: products take over what surrounds them. A split batch has exchanges between them.
#[test]
fn products_take_over_what_surrounds_them() {
    let mut loewner = Loewner::new();
    loewner.define("def own(C: Mat[d, B], A: Mat[d, d], Z: Mat[d, B]) -> Real = sum(abs2(C + A*Z))").unwrap();
    let source = loewner.loss_source("own").unwrap();
    let request = Request { search: std::time::Duration::ZERO, ..Request::default() };
    let batch = source.size_vars().into_iter().filter(|var| &*var.name == "B").collect();
    let whole = pytorch(&source, &request, loewner::prove::rules()).unwrap();
    assert!(whole.contains("torch.addmm(C, A, Z)"), "{whole}");
    let parted = pytorch(&source, &Request { batch, ..request }, loewner::prove::rules()).unwrap();
    assert!(!parted.contains("torch.addmm("), "{parted}");
}

#[test]
fn files_are_replaced_whole_and_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mine.lw"), "def own(Z: Mat[d, B]) -> Real = sum(abs2(Z)) / B\n").unwrap();
    std::fs::write(folder.path().join("own.py"), "old").unwrap();
    let output = run_in(folder.path(), &["emit", "pytorch", "mine.lw:own", "--output", "own.py"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), ""), "{}", text(&output.stderr));
    let written = std::fs::read_to_string(folder.path().join("own.py")).unwrap();
    assert!(written.contains("def own(Z):"), "{written}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2);
    let refused = |arguments: &[&str], part: &str| {
        let output = run_in(folder.path(), &[&["emit", "pytorch"], arguments].concat());
        assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""), "{arguments:?}");
        assert!(text(&output.stderr).contains(part), "{part}: {}", text(&output.stderr));
    };
    refused(&["mine.lw:own", "--output", "nowhere/own.py"], "'nowhere/own.py' cannot be written");
    refused(&["mine.lw:own", "--output", "."], "'.' cannot be written");
    refused(&["m_mea"], "did you mean `m_mae`?");
    refused(&["m_mae", "--set", "mu=-1"], "the constants break what `m_mae` requires");
    refused(&["m_mae", "--set", "mu=-1"], "it requires 0 ≤ mu");
    refused(&["m_mae", "--set", "Z=1"], "it is no number");
    refused(&["m_mae", "--set", "nu=1"], "`m_mae` has no input `nu`");
    refused(&["m_mae", "--size", "e=3"], "`m_mae` has no size `e`");
    refused(&["m_mae", "--by", "mu", "--set", "mu=1"], "`mu` of `m_mae` is a constant");
    refused(&["effective_rank", "--size", "m=3"], "n is missing");
    refused(&["H", "--data-parallel"], "which size of `H` is that of the batch?");
    refused(&["H", "--data-parallel=n"], "`K` of `H` is n × n");
    refused(&["m_mae", "--data-parallel=M"], "`m_mae` has no size `M`");
    refused(&["gram"], "not a real number");
}

#[test]
fn a_module_tells_what_it_takes_for_granted() {
    let folder = tempfile::tempdir().unwrap();
    let own = "def own(Z: UnitCols[d, B]) -> Real = -logdet(eye(d) + cov(Z))";
    std::fs::write(folder.path().join("own.lw"), own).unwrap();
    for (loss, told) in [("own.lw:own", "`Z` is of unit columns"), ("mae", "`mask` is of zeros and ones")] {
        let output = run_in(folder.path(), &["emit", "pytorch", loss]);
        let module = text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ");
        let told = format!("Taken for granted, and not checked: {told}");
        assert!(module.contains(&told), "{loss}: {module}");
    }
    let output = run_in(folder.path(), &["emit", "pytorch", "barlow_twins"]);
    assert!(!text(&output.stdout).contains("Taken for granted"), "matrices of any entries");
}

/// log det(mu I + Z Z') has a form of B x B where mu is positive, which mu >= 0 does not say. A module of open sizes, and one in
/// which the number has been put in, have nothing to be told.
#[test]
fn a_module_tells_what_a_known_number_would_save() {
    let folder = tempfile::tempdir().unwrap();
    let own = "def own(Z: Mat[d, B], lambda: Real = 3, mu: Real = 1) where mu >= 0 = lambda * coding_rate(Z, mu)";
    std::fs::write(folder.path().join("own.lw"), own).unwrap();
    let module = |arguments: &[&str]| {
        let output = run_in(folder.path(), &[&["emit", "pytorch", "own.lw:own"], arguments].concat());
        text(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let told = module(&["--size", "d=1024,B=256"]);
    assert!(told.contains("With `--set mu=1` the value has a form there that is about"), "{told}");
    assert!(told.contains("Z @ Z.T"), "{told}");
    let put_in = module(&["--size", "d=1024,B=256", "--set", "mu=1"]);
    assert!(put_in.contains("Z.T @ Z"), "{put_in}");
    for silent in [put_in, module(&[]), module(&["--size", "d=256,B=1024"])] {
        assert!(!silent.contains("model of costs"), "{silent}");
    }
}
