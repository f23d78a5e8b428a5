//! A run in a file: weights, buffers, moments and the step, as safetensors, written whole or not at all.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use safetensors::tensor::{Dtype, SafeTensors, TensorView};
use serde::{Deserialize, Serialize};
use tch::{Kind, Tensor};

use super::checksum::Checksum;
use super::config::Config;
use super::origin::Origin;
use super::scaling::Scaling;
use crate::base::{Code, Diagnostic, did_you_mean};

/// The file of the newest checkpoint of a run.
pub const CHECKPOINT: &str = "checkpoint.safetensors";

/// What a checkpoint says besides its tensors.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Header {
    /// The version of this layout.
    pub layout: u32,
    /// The run.
    pub config: Config,
    /// What it is made from.
    pub origin: Origin,
    /// Steps that were taken.
    pub step: u64,
    /// Steps among them that changed nothing, since their gradients overflowed (half precision).
    pub skipped: u64,
    /// What the loss was multiplied by (half precision).
    pub scaling: Scaling,
    /// The losses of the steps since the epoch began; of the whole epoch at its end.
    pub losses: Vec<f64>,
}

/// The layout that is written, and the only one that is read. It is another wherever the same run would have other sums of what it
/// is made from ([`Origin`]), too: a run of before must not be told that its loss has changed.
pub const LAYOUT: u32 = 3;

/// The name of the header among the file's metadata.
const HEADER: &str = "loewner";

/// Writes a checkpoint into a folder: beside the one that is there first, then in its place.
///
/// # Errors
/// E1043 where it cannot be written; the one that was there is then still there.
pub fn save(folder: &Path, header: &Header, tensors: &[(String, Tensor)]) -> Result<PathBuf, Diagnostic> {
    let path = folder.join(CHECKPOINT);
    let refused = |why: String| unwritable(&path, &why);
    let mut stored = Vec::with_capacity(tensors.len());
    for (name, tensor) in tensors {
        let bytes = bytes(tensor).map_err(|error| refused(error.to_string()))?;
        let shape: Vec<usize> = tensor.size().iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
        stored.push((name.as_str(), dtype(tensor.kind()).map_err(refused)?, shape, bytes));
    }
    let mut views = Vec::with_capacity(stored.len());
    for (name, dtype, shape, bytes) in &stored {
        let view = TensorView::new(*dtype, shape.clone(), bytes).map_err(|error| refused(error.to_string()))?;
        views.push((*name, view));
    }
    let sum = checksum(stored.iter().map(|(name, _, _, bytes)| (*name, bytes.as_slice())));
    // One entry: several would stand in another order each time.
    let text = serde_json::json!({ "checksum": sum, "header": header }).to_string();
    let metadata = HashMap::from([(HEADER.to_owned(), text)]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(|error| refused(error.to_string()))?;
    write(&path, &file).map_err(|error| refused(error.to_string()))?;
    Ok(path)
}

/// Writes a file so that it is whole or as it was. What a run that is killed leaves beside it has one name, and is written
/// over by the next.
fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("safetensors.new");
    let mut file = std::fs::File::create(&beside)?;
    let written = file.write_all(bytes).and_then(|()| file.sync_all());
    if let Err(error) = written {
        drop(file);
        // It is of no use, and the disk may be full.
        let _ = std::fs::remove_file(&beside);
        return Err(error);
    }
    std::fs::rename(&beside, path)
}

/// A sum over all tensors, in the order of their names, by which damage shows.
fn checksum<'a>(tensors: impl Iterator<Item = (&'a str, &'a [u8])>) -> String {
    let mut sorted: Vec<(&str, &[u8])> = tensors.collect();
    sorted.sort_unstable();
    let mut sum = Checksum::new();
    for (name, bytes) in sorted {
        sum.add(name);
        sum.add(bytes);
    }
    sum.text()
}

/// A checkpoint that was read.
#[derive(Debug)]
pub struct Stored {
    /// What it says besides its tensors.
    pub header: Header,
    tensors: HashMap<String, Tensor>,
    path: PathBuf,
}

/// Whether a folder has a checkpoint.
///
/// # Errors
/// E1043 where it has none.
pub fn present(folder: &Path) -> Result<(), Diagnostic> {
    if folder.join(CHECKPOINT).exists() {
        return Ok(());
    }
    let why = if folder.is_dir() { format!("there is no {CHECKPOINT} in it") } else { "it is no folder".to_owned() };
    let near = near(folder).map(|near| format!("did you mean '{}'?", near.display()));
    Err(Diagnostic::new(Code::E1043, format!("'{}' holds no run: {why}", folder.display()))
        .maybe_help(near)
        .help("name a folder that `loewner train` has made: runs/METHOD-seedS, unless --out said another"))
}

/// A folder of a run beside this one, with a name like its.
fn near(folder: &Path) -> Option<PathBuf> {
    let beside = match folder.parent()? {
        here if here.as_os_str().is_empty() => Path::new("."),
        parent => parent,
    };
    let entries = std::fs::read_dir(beside).ok()?.filter_map(Result::ok).map(|entry| entry.path());
    let runs = entries.filter(|path| path.join(CHECKPOINT).exists());
    let names: Vec<String> = runs.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect();
    let near = did_you_mean(folder.file_name()?.to_str()?, names.iter().map(String::as_str))?;
    Some(folder.with_file_name(near))
}

fn unusable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::E1043, format!("'{}' is no checkpoint that can be used: {why}", path.display()))
}

/// The header of the checkpoint of a folder, without the tensors: only what describes them is read.
///
/// # Errors
/// E1043 where there is none, or this program does not read it.
pub fn header(folder: &Path) -> Result<Header, Diagnostic> {
    present(folder)?;
    let path = folder.join(CHECKPOINT);
    let start = || -> std::io::Result<serde_json::Value> {
        let mut file = std::fs::File::open(&path)?;
        // A file of safetensors begins with the length of what describes it, which is JSON.
        let mut length = [0; 8];
        file.read_exact(&mut length)?;
        let mut text = String::new();
        file.take(u64::from_le_bytes(length)).read_to_string(&mut text)?;
        Ok(serde_json::from_str(&text)?)
    };
    let start = start().map_err(|error| unusable(&path, &error.to_string()))?;
    told(&path, start["__metadata__"][HEADER].as_str()).map(|(header, _)| header)
}

/// What the entry among the metadata of a checkpoint tells: the header, and the sum of the tensors.
fn told(path: &Path, entry: Option<&str>) -> Result<(Header, String), Diagnostic> {
    let refused = |why: String| unusable(path, &why);
    let text = entry.ok_or_else(|| refused(format!("it has no entry `{HEADER}`")))?;
    let any: serde_json::Value = serde_json::from_str(text).map_err(|error| refused(error.to_string()))?;
    let layout = &any["header"]["layout"];
    if *layout != LAYOUT {
        let why = format!("another version of Loewner wrote it (layout {layout}, where this one has {LAYOUT})");
        return Err(refused(why).help("end the run with the version that began it, or train anew in another folder"));
    }
    let header = serde_json::from_value(any["header"].clone()).map_err(|error| refused(error.to_string()))?;
    Ok((header, any["checksum"].as_str().unwrap_or_default().to_owned()))
}

/// Reads the checkpoint of a folder.
///
/// # Errors
/// E1043 where there is none, or it is no whole checkpoint of this program.
pub fn load(folder: &Path) -> Result<Stored, Diagnostic> {
    present(folder)?;
    let path = folder.join(CHECKPOINT);
    let refused = |why: String| unusable(&path, &why);
    let file = std::fs::read(&path).map_err(|error| refused(error.to_string()))?;
    let (_, metadata) = SafeTensors::read_metadata(&file).map_err(|error| refused(error.to_string()))?;
    let entry = metadata.metadata().as_ref().and_then(|metadata| metadata.get(HEADER));
    let (header, sum) = told(&path, entry.map(String::as_str))?;
    let views = SafeTensors::deserialize(&file).map_err(|error| refused(error.to_string()))?;
    if sum != checksum(views.iter().map(|(name, view)| (name, view.data()))) {
        return Err(refused("its checksum is wrong: it is damaged".to_owned()));
    }
    let mut tensors = HashMap::new();
    for (name, view) in views.iter() {
        let size: Vec<i64> = view.shape().iter().map(|n| i64::try_from(*n).unwrap_or(i64::MAX)).collect();
        let kind = kind(view.dtype()).map_err(refused)?;
        let tensor = Tensor::f_from_data_size(view.data(), &size, kind).map_err(|error| refused(error.to_string()))?;
        tensors.insert(name.to_owned(), tensor);
    }
    Ok(Stored { header, tensors, path })
}

impl Stored {
    /// Copies the tensors of the file into these.
    ///
    /// # Errors
    /// E1043 where one is missing or has another shape; nothing is copied then.
    pub fn restore(&self, tensors: &[(String, Tensor)]) -> Result<(), Diagnostic> {
        let refused = |why: String| {
            Diagnostic::new(Code::E1043, format!("'{}' does not fit this network: {why}", self.path.display()))
        };
        let mut pairs = Vec::with_capacity(tensors.len());
        for (name, into) in tensors {
            let from = self.tensors.get(name).ok_or_else(|| refused(format!("it has no `{name}`")))?;
            if from.size() != into.size() || from.kind() != into.kind() {
                return Err(refused(format!(
                    "`{name}` is {:?} of {:?} and not {:?} of {:?}",
                    from.size(),
                    from.kind(),
                    into.size(),
                    into.kind()
                )));
            }
            pairs.push((from, into));
        }
        for (from, into) in pairs {
            tch::no_grad(|| into.shallow_clone().f_copy_(from).map(|_| ()))
                .map_err(|error| refused(error.to_string()))?;
        }
        Ok(())
    }
}

/// The entries of a tensor as they lie in memory, row by row.
fn bytes(tensor: &Tensor) -> Result<Vec<u8>, tch::TchError> {
    let tensor = tensor.f_detach()?.f_to_device(tch::Device::Cpu)?.f_contiguous()?;
    let entries = tensor.numel();
    let mut bytes = vec![0; entries * tensor.kind().elt_size_in_bytes()];
    tensor.f_copy_data_u8(&mut bytes, entries)?;
    Ok(bytes)
}

/// The kinds that networks hold, in both languages.
const KINDS: [(Kind, Dtype); 6] = [
    (Kind::Float, Dtype::F32),
    (Kind::Double, Dtype::F64),
    (Kind::Half, Dtype::F16),
    (Kind::BFloat16, Dtype::BF16),
    (Kind::Int64, Dtype::I64),
    (Kind::Bool, Dtype::BOOL),
];

fn dtype(kind: Kind) -> Result<Dtype, String> {
    let row = KINDS.iter().find(|(known, _)| *known == kind);
    row.map(|(_, dtype)| *dtype).ok_or_else(|| format!("tensors of {kind:?} are not kept"))
}

fn kind(dtype: Dtype) -> Result<Kind, String> {
    let row = KINDS.iter().find(|(_, known)| *known == dtype);
    row.map(|(kind, _)| *kind).ok_or_else(|| format!("tensors of {dtype:?} are not read"))
}

fn unwritable(path: &Path, why: &str) -> Diagnostic {
    Diagnostic::new(Code::E1043, format!("'{}' cannot be written: {why}", path.display()))
        .help("the run needs room for two checkpoints in its folder; --out names another")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::method::METHODS;

    fn header() -> Header {
        let config = Config::of(&METHODS[0], "fashion-mnist");
        let origin = Origin { loss: "1".to_owned(), watch: Vec::new(), images: "2".to_owned() };
        Header { layout: LAYOUT, config, origin, step: 17, skipped: 0, scaling: Scaling::new(false), losses: vec![0.1] }
    }

    fn tensors() -> Vec<(String, Tensor)> {
        let weights = Tensor::from_slice(&[1.5f32, -0.0, f32::MIN_POSITIVE, 3.0, 4.0, 1e30]).reshape([2, 3]);
        // A transposed view: what is kept is what it means, not how it lies.
        vec![("weight".to_owned(), weights.tr()), ("count".to_owned(), Tensor::from_slice(&[7i64]))]
    }

    #[test]
    fn what_is_written_is_read_back_to_the_bit() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &header(), &tensors()).unwrap();
        let stored = load(folder.path()).unwrap();
        assert_eq!(stored.header, header());
        assert_eq!(super::header(folder.path()).unwrap(), header());
        let into = vec![
            ("weight".to_owned(), Tensor::zeros([3, 2], (Kind::Float, tch::Device::Cpu))),
            ("count".to_owned(), Tensor::from_slice(&[0i64])),
        ];
        stored.restore(&into).unwrap();
        for ((_, written), (_, read)) in tensors().iter().zip(&into) {
            assert_eq!(bytes(written).unwrap(), bytes(read).unwrap());
        }
        let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, [CHECKPOINT]);
    }

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &header(), &tensors()).unwrap();
        let stored = load(folder.path()).unwrap();
        let count = Tensor::from_slice(&[0i64]);
        let wrong = Tensor::zeros([2, 3], (Kind::Float, tch::Device::Cpu));
        let refused =
            stored.restore(&[("count".to_owned(), count.shallow_clone()), ("weight".to_owned(), wrong)]).unwrap_err();
        assert!(refused.message.contains("`weight` is [3, 2] of Float and not [2, 3]"), "{}", refused.message);
        assert_eq!(count.int64_value(&[0]), 0);
        assert!(stored.restore(&[("other".to_owned(), count)]).unwrap_err().message.contains("it has no `other`"));
    }

    #[test]
    fn a_broken_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(load(folder.path()).unwrap_err().code, Code::E1043);
        let path = save(folder.path(), &header(), &tensors()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for length in [0, 4, 8, 40, whole.len() - 1] {
            std::fs::write(&path, &whole[..length]).unwrap();
            assert_eq!(load(folder.path()).unwrap_err().code, Code::E1043, "{length} bytes");
            // The header is whole long before the tensors are.
            let header = super::header(folder.path()).map_err(|refused| refused.code);
            assert_eq!(header.err(), (length < whole.len() - 1).then_some(Code::E1043), "{length} bytes");
        }
        let mut damaged = whole.clone();
        let last = damaged.len() - 1;
        damaged[last] ^= 1;
        std::fs::write(&path, damaged).unwrap();
        assert!(load(folder.path()).unwrap_err().message.contains("its checksum is wrong"));
    }

    /// Sums of before are not held against what is summed in another way now.
    #[test]
    fn a_layout_of_before_is_told() {
        let folder = tempfile::tempdir().unwrap();
        save(folder.path(), &Header { layout: LAYOUT - 1, ..header() }, &tensors()).unwrap();
        for refused in [load(folder.path()).unwrap_err(), super::header(folder.path()).unwrap_err()] {
            assert_eq!(refused.code, Code::E1043);
            assert!(refused.message.contains("another version of Loewner wrote it (layout "), "{}", refused.message);
            assert!(refused.help[0].contains("the version that began it"), "{:?}", refused.help);
        }
    }

    #[test]
    fn a_run_of_a_like_name_is_named() {
        let home = tempfile::tempdir().unwrap();
        let run = home.path().join("m-mae-seed0");
        std::fs::create_dir(&run).unwrap();
        save(&run, &header(), &tensors()).unwrap();
        std::fs::create_dir(home.path().join("mmae-seed1")).unwrap();
        let refused = present(&home.path().join("mmae-seed0")).unwrap_err();
        assert_eq!(refused.help[0], format!("did you mean '{}'?", run.display()));
        assert!(present(&run).is_ok() && present(&home.path().join("nothing")).unwrap_err().help.len() == 1);
    }

    #[test]
    fn a_folder_that_cannot_be_written_is_told() {
        let missing = Path::new("/nowhere/at/all");
        let refused = save(missing, &header(), &tensors()).unwrap_err();
        assert!(refused.message.starts_with("'/nowhere/at/all/checkpoint.safetensors' cannot be written"));
    }
}
