//! What there is of torch: whether this program has it, which version, which devices; and what to do where something is
//! missing.
//!
//! The interface is the same without the feature `torch`: what needs torch then answers with [`not_built_in`].

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::version;
use crate::base::{Code, Diagnostic};

/// Where tensors lie and operations run.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub enum Device {
    /// The processor.
    #[default]
    Cpu,
    /// An NVIDIA GPU, or an AMD one where torch is built for ROCm, by its number from 0.
    Cuda(usize),
    /// The GPU of a Mac.
    Mps,
}

impl fmt::Display for Device {
    /// As torch writes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Device::Cpu => f.write_str("cpu"),
            Device::Cuda(number) => write!(f, "cuda:{number}"),
            Device::Mps => f.write_str("mps"),
        }
    }
}

impl FromStr for Device {
    type Err = Diagnostic;

    /// Reads `cpu`, `cuda` (the first GPU), `cuda:1` or `mps`.
    ///
    /// # Errors
    /// E0809 for anything else.
    fn from_str(text: &str) -> Result<Self, Diagnostic> {
        let number = || text.strip_prefix("cuda:")?.parse().ok();
        match text {
            "cpu" => Ok(Device::Cpu),
            "cuda" => Ok(Device::Cuda(0)),
            "mps" => Ok(Device::Mps),
            _ => number().map(Device::Cuda).ok_or_else(|| {
                Diagnostic::new(Code::E0809, format!("'{text}' is not a device")).help("write cpu, cuda, cuda:1 or mps")
            }),
        }
    }
}

#[cfg(feature = "torch")]
impl From<Device> for tch::Device {
    fn from(device: Device) -> tch::Device {
        match device {
            Device::Cpu => tch::Device::Cpu,
            Device::Cuda(number) => tch::Device::Cuda(number),
            Device::Mps => tch::Device::Mps,
        }
    }
}

/// The torch that this program is linked with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Libtorch {
    /// Its version, such as `2.13.0+cu130`; `unknown` where no file of its installation says it.
    pub version: String,
    /// The folder of its libraries.
    pub libraries: PathBuf,
    /// Whether its CUDA operations (or those of ROCm) are loaded; there may be no GPU for them.
    pub cuda: bool,
    /// How many GPUs these see.
    pub gpus: usize,
    /// Whether it has the operations of a Mac's GPU, and a GPU for them.
    pub mps: bool,
}

impl Libtorch {
    /// The torch of this program.
    ///
    /// # Errors
    /// E0808 where there is none, E0810 where another one has taken the place of the one it was built with.
    pub fn linked() -> Result<Self, Diagnostic> {
        linked()
    }

    /// Every device that can be used, the processor first.
    pub fn devices(&self) -> Vec<Device> {
        let gpus = (0..self.gpus).map(Device::Cuda);
        std::iter::once(Device::Cpu).chain(gpus).chain(self.mps.then_some(Device::Mps)).collect()
    }

    /// Asks for a device before anything is put there.
    ///
    /// # Errors
    /// E0809 where it cannot be used, with the reason as far as it can be told.
    pub fn require(&self, device: Device) -> Result<(), Diagnostic> {
        let refused = |why: String| Diagnostic::new(Code::E0809, format!("`{device}` cannot be used: {why}"));
        match device {
            Device::Cpu => Ok(()),
            Device::Mps if self.mps => Ok(()),
            Device::Mps => Err(refused(format!("torch {} has no GPU of a Mac here", self.version))
                .note("it needs macOS on Apple silicon")),
            Device::Cuda(number) if number < self.gpus => Ok(()),
            Device::Cuda(_) if !self.cuda => Err(self.without_cuda(refused)),
            Device::Cuda(_) if self.gpus == 0 => Err(refused(format!("torch {} sees no GPU", self.version))
                .help("`nvidia-smi` tells whether the driver sees one; CUDA_VISIBLE_DEVICES may hide it")),
            Device::Cuda(_) => Err(refused(match self.gpus {
                1 => "there is one GPU, cuda:0".to_owned(),
                gpus => format!("there are {gpus} GPUs, cuda:0 to cuda:{}", gpus - 1),
            })),
        }
    }

    /// Why the CUDA operations are not loaded.
    fn without_cuda(&self, refused: impl Fn(String) -> Diagnostic) -> Diagnostic {
        if self.libraries.join("libtorch_cuda.so").exists() {
            // Programs of this package keep the library (build.rs); others must see to it themselves.
            return refused("torch has CUDA, but this program was linked without it".to_owned())
                .note("no symbol of libtorch_cuda is named in a program, so that linkers drop it")
                .help("link with -Wl,--no-as-needed -ltorch_cuda, as Loewner's build.rs does for its own programs");
        }
        refused(format!("torch {} was built without CUDA", self.version))
            .note(format!("it was found in {}", self.libraries.display()))
            .help(format!(
                "install a torch {} with CUDA in its place: delete target/venv, let PIP_INDEX_URL name pip's index of \
                 such builds where your usual index has none, run `cargo xtask torch`, and build again",
                version::wanted()
            ))
    }
}

/// The answer of everything that needs torch in a program that was built without it.
pub fn not_built_in() -> Diagnostic {
    Diagnostic::new(Code::E0808, "this program was built without torch")
        .help(format!("`cargo xtask torch` brings torch {} into target/venv, once", version::wanted()))
        .help("`cargo build --release --features torch` then builds with it, and `cargo install --path . --features torch` installs")
        .help("in the Cargo.toml of a program of yours: loewner = { ..., features = [\"torch\"] }")
}

#[cfg(feature = "torch")]
fn linked() -> Result<Libtorch, Diagnostic> {
    let (built, folder) = (env!("LOEWNER_TORCH_VERSION"), env!("LOEWNER_TORCH_LIBRARIES"));
    let libraries = PathBuf::from(folder);
    let version = still_there(built, version::found(&libraries), &libraries)?;
    let (cuda, gpus) = (tch::utils::has_cudart(), usize::try_from(tch::Cuda::device_count()).unwrap_or(0));
    Ok(Libtorch { version, libraries, cuda, gpus, mps: tch::utils::has_mps() })
}

#[cfg(not(feature = "torch"))]
fn linked() -> Result<Libtorch, Diagnostic> {
    Err(not_built_in())
}

/// The version that is in the folder now, where it is the one that the program was built with.
#[cfg(any(feature = "torch", test))]
fn still_there(built: &str, now: Option<String>, libraries: &std::path::Path) -> Result<String, Diagnostic> {
    match now {
        Some(now) if built == "unknown" || version::same_release(built, &now) => Ok(now),
        None => Ok(built.to_owned()),
        Some(now) => {
            let message = format!("this program was built with torch {built}, but finds torch {now}");
            Err(Diagnostic::new(Code::E0810, message)
                .note(format!("it loads what is in {}", libraries.display()))
                .help("`cargo xtask torch` puts the right one there; or build again"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn libtorch(version: &str, cuda: bool, gpus: usize) -> Libtorch {
        Libtorch { version: version.to_owned(), libraries: PathBuf::from("nowhere/lib"), cuda, gpus, mps: false }
    }

    /// The message, notes and helps in one text.
    fn told(diagnostic: &Diagnostic) -> String {
        [std::slice::from_ref(&diagnostic.message), &diagnostic.notes, &diagnostic.help].concat().join("\n")
    }

    #[test]
    fn devices_are_read_as_torch_writes_them() {
        for (text, device) in [
            ("cpu", Device::Cpu),
            ("cuda", Device::Cuda(0)),
            ("cuda:0", Device::Cuda(0)),
            ("cuda:12", Device::Cuda(12)),
            ("mps", Device::Mps),
        ] {
            assert_eq!(text.parse(), Ok(device), "{text}");
            assert_eq!(device.to_string().parse(), Ok(device), "{text}");
        }
        for wrong in ["", "gpu", "CPU", "cuda:", "cuda:-1", "cuda:x", "cuda0", "cpu:0 "] {
            let refused = wrong.parse::<Device>().unwrap_err();
            assert_eq!(refused.code, Code::E0809, "{wrong}");
            assert!(told(&refused).contains("cuda:1"), "{wrong}");
        }
    }

    #[test]
    fn what_is_there_is_allowed() {
        let two = libtorch("2.13.0+cu130", true, 2);
        assert_eq!(two.devices(), [Device::Cpu, Device::Cuda(0), Device::Cuda(1)]);
        assert!(two.devices().into_iter().all(|device| two.require(device).is_ok()));
        let mac = Libtorch { mps: true, ..libtorch("2.13.0", false, 0) };
        assert_eq!(mac.devices(), [Device::Cpu, Device::Mps]);
        assert_eq!(mac.require(Device::Mps), Ok(()));
    }

    #[test]
    fn what_is_not_there_is_refused_with_the_reason() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("libtorch_cuda.so"), "").unwrap();
        let dropped = Libtorch { libraries: folder.path().to_owned(), ..libtorch("2.13.0+cu130", false, 0) };
        for (torch, device, parts) in [
            (
                libtorch("2.13.0+cpu", false, 0),
                Device::Cuda(0),
                ["torch 2.13.0+cpu was built without CUDA", "cargo xtask torch"],
            ),
            (dropped, Device::Cuda(0), ["linked without it", "--no-as-needed -ltorch_cuda"]),
            (libtorch("2.13.0+cu130", true, 0), Device::Cuda(0), ["sees no GPU", "CUDA_VISIBLE_DEVICES"]),
            (libtorch("2.13.0+cu130", true, 1), Device::Cuda(1), ["`cuda:1` cannot be used", "one GPU, cuda:0"]),
            (libtorch("2.13.0+cu130", true, 2), Device::Cuda(2), ["`cuda:2` cannot be used", "cuda:0 to cuda:1"]),
            (libtorch("2.13.0+cpu", false, 0), Device::Mps, ["`mps` cannot be used", "Apple silicon"]),
        ] {
            let refused = torch.require(device).unwrap_err();
            assert_eq!(refused.code, Code::E0809);
            assert!(parts.iter().all(|part| told(&refused).contains(part)), "{}", told(&refused));
        }
    }

    #[test]
    fn another_torch_in_the_same_place_is_noticed() {
        let now = |version: &str| still_there("2.13.0+cu130", Some(version.to_owned()), Path::new("lib"));
        assert_eq!(now("2.13.0+cpu"), Ok("2.13.0+cpu".to_owned()));
        let refused = now("2.14.1+cu130").unwrap_err();
        assert_eq!(refused.code, Code::E0810);
        assert!(told(&refused).contains("built with torch 2.13.0+cu130, but finds torch 2.14.1+cu130"));
        // An installation that says nothing is not accused.
        assert_eq!(still_there("unknown", None, Path::new("lib")), Ok("unknown".to_owned()));
        assert_eq!(still_there("2.13.0", None, Path::new("lib")), Ok("2.13.0".to_owned()));
    }

    #[test]
    fn the_version_is_read_from_both_kinds_of_installation() {
        let home = tempfile::tempdir().unwrap();
        let libraries = home.path().join("lib");
        assert_eq!(version::found(&libraries), None);
        std::fs::write(home.path().join("build-version"), "2.13.0+cpu\n").unwrap();
        assert_eq!(version::found(&libraries).as_deref(), Some("2.13.0+cpu"));
        std::fs::write(home.path().join("version.py"), "x: str\n__version__ = '2.13.0+cu130'\ndebug = False\n")
            .unwrap();
        assert_eq!(version::found(&libraries).as_deref(), Some("2.13.0+cu130"));
        assert!(version::wanted().split('.').count() == 3, "{}", version::wanted());
    }

    #[cfg(not(feature = "torch"))]
    #[test]
    fn without_torch_the_exact_commands_are_named() {
        let refused = Libtorch::linked().unwrap_err();
        assert_eq!(refused.code, Code::E0808);
        for command in ["cargo xtask torch", "cargo build --release --features torch", "features = [\"torch\"]"] {
            assert!(told(&refused).contains(command), "{command}");
        }
    }
}
