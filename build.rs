//! How programs find torch (feature `torch`; without it, this does nothing).
//!
//! torch-sys links what it needs, but a linker argument of a library does not reach the programs that are made with it:
//! those of this crate get theirs here. A program starts without `LD_LIBRARY_PATH`, since it keeps the path of torch's
//! libraries, and it keeps libtorch_cuda, which registers the CUDA operations when it is loaded. No symbol of it is named
//! anywhere, so that a linker drops it, and CUDA would be absent without a word.

#[path = "src/torch/version.rs"]
mod version;

use std::path::PathBuf;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/torch/version.rs");
    println!("cargo::rerun-if-changed=tests/torch/requirements.txt");
    println!("cargo::rerun-if-env-changed=LIBTORCH_BYPASS_VERSION_CHECK");
    // torch-sys says where its libtorch is, except on Windows, where programs look for libraries in PATH.
    let Some(folder) = std::env::var_os("DEP_TCH_LIBTORCH_LIB").map(PathBuf::from) else { return };
    // Links are followed, so that what is linked now is what is loaded later.
    let folder = folder.canonicalize().unwrap_or(folder);
    let (wanted, found) = (version::wanted(), version::found(&folder).unwrap_or_else(|| "unknown".to_owned()));
    if let Some(file) = version::file(&folder) {
        // Another torch in the same place may have CUDA where this one has not.
        println!("cargo::rerun-if-changed={}", file.display());
    }
    let bypassed = std::env::var_os("LIBTORCH_BYPASS_VERSION_CHECK").is_some();
    // torch-sys looks at the version of some installations and not of others.
    if found != "unknown" && !version::same_release(&found, wanted) && !bypassed {
        println!(
            "cargo::error=torch {wanted} is needed, but {} has {found}: `cargo xtask torch` installs the right one into \
             target/venv; with LIBTORCH_BYPASS_VERSION_CHECK=1 this one is tried all the same",
            folder.display()
        );
    }

    println!("cargo::rustc-env=LOEWNER_TORCH_VERSION={found}");
    println!("cargo::rustc-env=LOEWNER_TORCH_LIBRARIES={}", folder.display());
    println!("cargo::rustc-link-arg=-Wl,-rpath,{}", folder.display());
    for library in ["torch_cuda", "torch_hip"] {
        if folder.join(format!("lib{library}.so")).exists() {
            println!("cargo::rustc-link-arg=-Wl,--push-state,--no-as-needed,-l{library},--pop-state");
        }
    }
}
