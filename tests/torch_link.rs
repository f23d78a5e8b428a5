//! Programs with torch start anywhere and can reach a GPU; and what a build without the right torch says is what the
//! stories of the messages quote.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use loewner::base::Code;
use loewner::torch::{Device, Libtorch, version};

const PROGRAM: &str = env!("CARGO_BIN_EXE_loewner");

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

/// Runs the program with not one variable set.
fn bare(arguments: &[&str]) -> Output {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(PROGRAM);
    command.env_clear().current_dir(folder.path()).stdin(Stdio::null()).args(arguments).output().unwrap()
}

/// Says that a test did not test, past the harness, which keeps to itself what a passed test prints.
fn skipped(test: &str, why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED {test}: {why}");
}

#[test]
fn a_program_starts_without_a_library_path() {
    let output = bare(&["devices"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let told = text(&output.stdout);
    assert!(told.starts_with(&format!("torch     {}", version::wanted())), "{told}");
    assert!(told.contains("\ndevices   cpu"), "{told}");
}

#[test]
fn devices_as_json_are_those_of_the_library() {
    let output = bare(&["devices", "--json", "cpu"]);
    let found: serde_json::Value = serde_json::from_str(text(&output.stdout)).unwrap();
    let torch = Libtorch::linked().unwrap();
    assert_eq!(found["torch"], torch.version);
    let devices: Vec<String> = torch.devices().iter().map(Device::to_string).collect();
    assert_eq!(found["devices"], serde_json::json!(devices));
    assert_eq!(found["cuda"], torch.cuda);
}

#[test]
fn a_device_that_is_not_there_is_refused() {
    let gpus = Libtorch::linked().unwrap().gpus;
    let output = bare(&["devices", &format!("cuda:{gpus}"), "cpu", "gpu"]);
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    let told = text(&output.stderr);
    assert_eq!(told.matches("error[E0809]").count(), 2, "{told}");
    assert!(
        told.contains(&format!("`cuda:{gpus}` cannot be used: ")) && told.contains("'gpu' is not a device"),
        "{told}"
    );
}

#[test]
fn a_gpu_computes_where_there_is_one() {
    let torch = Libtorch::linked().unwrap();
    let gpus: Vec<Device> = torch.devices().into_iter().filter(|device| *device != Device::Cpu).collect();
    if gpus.is_empty() {
        return skipped("a_gpu_computes_where_there_is_one", "torch sees no GPU here");
    }
    for device in gpus {
        let ones = tch::Tensor::ones([3, 4], (tch::Kind::Float, device.into()));
        assert_eq!(ones.matmul(&ones.tr()).sum(tch::Kind::Float).double_value(&[]), 36.0, "{device}");
    }
}

/// What the dynamic section of an ELF file lists.
#[cfg(target_os = "linux")]
struct Dynamic {
    /// The libraries that are loaded before the program starts.
    needed: Vec<String>,
    /// Where they are looked for.
    paths: Vec<PathBuf>,
}

#[cfg(target_os = "linux")]
impl Dynamic {
    fn of(file: &Path) -> Self {
        use object::elf::{self, DT_NEEDED, DT_RPATH, DT_RUNPATH};
        use object::read::elf::{Dyn, FileHeader};

        let data = std::fs::read(file).unwrap();
        let header = elf::FileHeader64::<object::Endianness>::parse(data.as_slice()).unwrap();
        let endian = header.endian().unwrap();
        let sections = header.sections(endian, data.as_slice()).unwrap();
        let (entries, link) = sections.dynamic(endian, data.as_slice()).unwrap().expect("no dynamic section");
        let strings = sections.strings(endian, data.as_slice(), link).unwrap();
        let values = |tags: &[i64]| -> Vec<String> {
            let chosen = entries.iter().filter(|entry| tags.contains(&entry.tag(endian)));
            chosen.map(|entry| text(entry.string(endian, strings).unwrap()).to_owned()).collect()
        };
        let paths = values(&[DT_RUNPATH, DT_RPATH]);
        let paths = paths.iter().flat_map(|paths| paths.split(':')).map(PathBuf::from).collect();
        Dynamic { needed: values(&[DT_NEEDED]), paths }
    }

    /// What is wrong with a program that is to use the torch in a folder.
    fn complaints(&self, libraries: &Path) -> Vec<String> {
        let mut complaints = Vec::new();
        if !self.paths.iter().any(|path| path == libraries) {
            complaints.push(format!("{} is not searched, but {:?}", libraries.display(), self.paths));
        }
        for library in ["libtorch_cpu.so", "libtorch_cuda.so", "libtorch_hip.so"] {
            if libraries.join(library).exists() && !self.needed.iter().any(|needed| needed == library) {
                complaints.push(format!("{library} is there, but not loaded: {:?}", self.needed));
            }
        }
        complaints
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_and_tests_load_all_of_torch() {
    let torch = Libtorch::linked().unwrap();
    assert!(torch.libraries.join("libtorch_cpu.so").exists(), "{}", torch.libraries.display());
    for file in [PathBuf::from(PROGRAM), std::env::current_exe().unwrap()] {
        assert_eq!(Dynamic::of(&file).complaints(&torch.libraries), [""; 0], "{}", file.display());
    }
    if torch.libraries.join("libtorch_cuda.so").exists() {
        assert!(torch.cuda, "CUDA is linked, but its operations are not registered");
    } else {
        skipped("programs_and_tests_load_all_of_torch", "the part about CUDA, which this torch has not");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_program_that_lost_cuda_would_be_noticed() {
    let folder = tempfile::tempdir().unwrap();
    for library in ["libtorch_cpu.so", "libtorch_cuda.so"] {
        std::fs::write(folder.path().join(library), "").unwrap();
    }
    // A program that never heard of torch, and is always there.
    let cargo = Dynamic::of(Path::new(env!("CARGO")));
    assert!(cargo.needed.iter().any(|library| library.starts_with("libc.so")), "{:?}", cargo.needed);
    let complaints = cargo.complaints(folder.path());
    assert_eq!(complaints.len(), 3, "{complaints:?}");
    assert!(complaints[2].starts_with("libtorch_cuda.so is there, but not loaded"), "{complaints:?}");
}

/// The newest build script of a package, as cargo has compiled it for this test.
#[cfg(target_os = "linux")]
fn build_script(package: &str) -> PathBuf {
    let build = Path::new(PROGRAM).parent().unwrap().join("build");
    let folders = std::fs::read_dir(build).unwrap().map(|entry| entry.unwrap().path());
    let named = folders.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        name.strip_prefix(package).is_some_and(|hash| hash.starts_with('-') && !hash[1..].contains('-'))
    });
    let scripts = named.map(|path| path.join("build-script-build")).filter(|script| script.exists());
    scripts.max_by_key(|script| script.metadata().unwrap().modified().unwrap()).expect("no build script")
}

/// What the build script of torch-sys says, with these variables beside those that cargo sets.
#[cfg(target_os = "linux")]
fn torch_sys_says(variables: &[(&str, &Path)]) -> String {
    let out = tempfile::tempdir().unwrap();
    let triple = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    // Packages for other systems need not be there.
    let metadata = ["metadata", "--format-version", "1", "--offline", "--locked", "--features", "torch"];
    let metadata = [&metadata[..], &["--filter-platform", &triple]].concat();
    let metadata = Command::new(env!("CARGO")).current_dir(env!("CARGO_MANIFEST_DIR")).args(metadata).output().unwrap();
    let metadata: serde_json::Value = serde_json::from_slice(&metadata.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let package = packages.iter().find(|package| package["name"] == "torch-sys").unwrap();
    let manifest = Path::new(package["manifest_path"].as_str().unwrap());

    let missing = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/torch/missing");
    let output = Command::new(build_script("torch-sys"))
        .current_dir(manifest.parent().unwrap())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .envs([("TARGET", &triple), ("HOST", &triple)])
        .envs([("CARGO_CFG_TARGET_OS", "linux"), ("CARGO_CFG_TARGET_ARCH", std::env::consts::ARCH)])
        .envs([("OPT_LEVEL", "0"), ("DEBUG", "false")])
        .envs([("OUT_DIR", out.path()), ("CPLUS_INCLUDE_PATH", &missing)])
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    assert!(!output.status.success(), "built without a torch: {variables:?}");
    [output.stdout, output.stderr].iter().map(|bytes| text(bytes)).collect()
}

/// A folder with a `python3` in it that does what a shell script does.
#[cfg(target_os = "linux")]
fn python(script: &str) -> (tempfile::TempDir, PathBuf) {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("python3");
    std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let rest = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(folder.path().to_owned()).chain(std::env::split_paths(&rest)));
    (folder, PathBuf::from(path.unwrap()))
}

#[cfg(target_os = "linux")]
#[test]
fn a_build_without_the_right_torch_says_what_the_stories_quote() {
    let folder = tempfile::tempdir().unwrap();
    let use_python = ("LIBTORCH_USE_PYTORCH", Path::new("1"));
    let (_other, path_to_other) = python("echo 'LIBTORCH_VERSION: 1.13.1+cpu'");
    let (_none, path_to_none) = python("echo \"ModuleNotFoundError: No module named 'torch'\" >&2; exit 1");
    for (variables, code, quoted) in [
        (vec![("LIBTORCH", folder.path())], Code::E0808, "there is no libtorch: run `cargo xtask torch` first"),
        (vec![use_python, ("PATH", &path_to_none)], Code::E0808, "no cxx11 abi returned by python"),
        (vec![use_python, ("PATH", &path_to_other)], Code::E0810, "this tch version expects PyTorch"),
    ] {
        let said = torch_sys_says(&variables);
        assert!(said.contains(quoted), "{quoted}: {said}");
        assert!(code.explanation().contains(quoted), "{code} does not tell about: {quoted}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_build_with_another_torch_is_refused() {
    // torch-sys does not look at the version of a Python package that LIBTORCH names: our own build script does.
    let says = |version: &str, bypass: bool| {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("lib")).unwrap();
        std::fs::write(home.path().join("version.py"), format!("__version__ = '{version}'\n")).unwrap();
        let mut command = Command::new(build_script("loewner"));
        command.env_clear().env("DEP_TCH_LIBTORCH_LIB", home.path().join("lib"));
        let output = command.envs(bypass.then_some(("LIBTORCH_BYPASS_VERSION_CHECK", "1"))).output().unwrap();
        text(&output.stdout).to_owned()
    };
    let wanted = version::wanted();
    let refused = says("1.13.1+cpu", false);
    assert!(refused.contains(&format!("cargo::error=torch {wanted} is needed, but ")), "{refused}");
    assert!(refused.contains("has 1.13.1+cpu: `cargo xtask torch`"), "{refused}");
    for said in [says(&format!("{wanted}+cpu"), false), says("1.13.1+cpu", true)] {
        assert!(!said.contains("cargo::error") && said.contains("-Wl,-rpath,"), "{said}");
    }
}
