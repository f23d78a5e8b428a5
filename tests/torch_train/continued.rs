//! Runs that are gone on with: what they are made from is what it was, wherever it lies by now, and nobody else is at them.

use std::cell::Cell;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use loewner::train::{Asked, Config, Ended, Start, evaluate, train};

use super::{Running, Told, config, data, kept};

const FILES: [&str; 4] =
    ["train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"];

/// The images of the tests, unpacked into a folder.
fn unpacked(folder: &Path) -> PathBuf {
    std::fs::create_dir_all(folder).unwrap();
    for name in FILES {
        let packed = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/fashion-mnist").join(format!("{name}.gz"));
        let mut bytes = Vec::new();
        flate2::read::MultiGzDecoder::new(std::fs::File::open(packed).unwrap()).read_to_end(&mut bytes).unwrap();
        std::fs::write(folder.join(name), bytes).unwrap();
    }
    folder.to_owned()
}

/// A byte of a file, changed by one; its place is counted from the end, where no header is.
fn nudge(path: &Path, from_end: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    let at = bytes.len() - from_end;
    // Labels stay below ten, and pixels below 256.
    bytes[at] = if bytes[at] == 0 { 1 } else { bytes[at] - 1 };
    std::fs::write(path, bytes).unwrap();
}

/// So many steps of a run.
fn steps(config: &Config, folder: &Path, start: Start, most: u64) -> Result<Ended, loewner::Error> {
    let taken = Cell::new(0);
    let stop = || {
        taken.set(taken.get() + 1);
        taken.get() == most
    };
    train(config, folder, start, &mut Told::default(), &stop)
}

fn rest(config: &Config, folder: &Path) -> Result<Ended, loewner::Error> {
    steps(config, folder, Start::Resumed, u64::MAX)
}

/// What a run is refused with, which leaves everything as it was.
fn refused(config: &Config, folder: &Path) -> String {
    let before = kept(folder);
    let error = rest(config, folder).unwrap_err().to_string();
    assert!(kept(folder) == before, "{error}");
    error
}

fn loewner(here: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_loewner")).current_dir(here).args(arguments).output().unwrap()
}

#[test]
fn another_loss_is_noticed_and_another_text_of_the_same_is_not() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    let path = |name: &str| home.path().join(name).display().to_string();
    let weight = "def weight() = 1/10\n";
    let mine = "import \"weight.lw\"\n\
                def mine(pred: Mat[N, p], target: Mat[N, p], mask: Mask[N], Z: UnitCols[d, B]) -> Real =\n    \
                mae(pred, target, mask) - weight() * coding_rate(Z, 1)\n";
    write("weight.lw", weight);
    write("mine.lw", mine);
    write("rank.lw", "def rank_of(A: Mat[m, n]) -> Real = effective_rank(A)\n");
    let config = Config {
        loss: format!("{}:mine", path("mine.lw")),
        import: vec![path("rank.lw")],
        watch: vec!["rank_of(z)".to_owned()],
        watch_every: 1,
        ..config("mae")
    };
    let (whole, parts) = (home.path().join("whole"), home.path().join("parts"));
    train(&config, &whole, Start::Fresh, &mut Told::default(), &|| false).unwrap();
    steps(&config, &parts, Start::Fresh, 1).unwrap();

    // What it calls, in another file.
    write("weight.lw", "def weight() = 1/5\n");
    let text = refused(&config, &parts);
    assert!(text.starts_with("E1046") && text.contains("mine.lw:mine` computes another value"), "{text}");
    assert!(!text.contains("watched") && !text.contains("images"), "{text}");
    write("weight.lw", weight);
    // A domain that promises less: the loss could take another form.
    write("mine.lw", &mine.replace("Z: UnitCols[d, B]", "Z: Mat[d, B]"));
    assert!(refused(&config, &parts).starts_with("E1046"));
    write("mine.lw", mine);
    // What is watched is in the table of the run.
    write("rank.lw", "def rank_of(A: Mat[m, n]) -> Real = 2*effective_rank(A)\n");
    let text = refused(&config, &parts);
    assert!(text.starts_with("E1046") && text.contains("watched, `rank_of(z)`, computes another"), "{text}");
    write("rank.lw", "# The same.\n\n\ndef rank_of(A: Mat[m, n]) -> Real = effective_rank(A)\n");
    // Two sizes that are one by now make another loss.
    write(
        "mine.lw",
        &mine.replace("target: Mat[N, p]", "target: Mat[N, N]").replace("pred: Mat[N, p]", "pred: Mat[N, N]"),
    );
    assert!(refused(&config, &parts).starts_with("E1046"));
    // Comments, layout, the names of sizes and what is not used do not count.
    let laid_out =
        mine.replace(" - ", "\n    - ").replace("N]", "rows]").replace("N, p]", "rows, p]").replace("[d, B]", "[B, d]");
    write("mine.lw", &format!("# Mine.\n{laid_out}\n## Not used.\ndef other(x: Real) -> Real = 2*x\n"));
    steps(&config, &parts, Start::Resumed, 1).unwrap();
    write("mine.lw", mine);
    rest(&config, &parts).unwrap();
    assert!(kept(&whole) == kept(&parts), "a run whose files were touched differs");
}

#[test]
fn other_images_are_noticed_and_another_place_of_the_same_is_not() {
    let home = tempfile::tempdir().unwrap();
    let folder = unpacked(&home.path().join("images"));
    let at =
        |folder: &Path| Config { data: format!("fashion-mnist:{}", folder.display()), images: None, ..config("mae") };
    let (whole, parts) = (home.path().join("whole"), home.path().join("parts"));
    // Gzipped and in another folder they are the same images.
    train(&Config { data: data(), ..at(&folder) }, &whole, Start::Fresh, &mut Told::default(), &|| false).unwrap();
    steps(&at(&folder), &parts, Start::Fresh, 3).unwrap();
    for file in [FILES[0], FILES[1]] {
        let before = std::fs::read(folder.join(file)).unwrap();
        nudge(&folder.join(file), 100);
        let text = refused(&at(&folder), &parts);
        assert!(text.starts_with("E1046") && text.contains("holds other images, labels or classes"), "{text}");
        std::fs::write(folder.join(file), before).unwrap();
    }
    let moved = home.path().join("moved");
    std::fs::rename(&folder, &moved).unwrap();
    let text = refused(&at(&folder), &parts);
    assert!(text.starts_with("E1002") && text.contains("beside --resume: --data"), "{text}");
    rest(&at(&moved), &parts).unwrap();
    // The files differ in nothing but the place that is written in them.
    let tensors = |folder: &Path| {
        let bytes = std::fs::read(folder.join("checkpoint.safetensors")).unwrap();
        let tensors = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let all = tensors.tensors().into_iter();
        all.map(|(name, view)| (name, view.data().to_vec())).collect::<std::collections::BTreeMap<_, _>>()
    };
    assert!(tensors(&whole) == tensors(&parts), "a run whose images were moved differs");
    assert_eq!(loewner::train::configured(&parts).unwrap().data, at(&moved).data);
}

#[test]
fn another_configuration_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    steps(&config("mae"), &run, Start::Fresh, 1).unwrap();
    let text = refused(&Config { learning_rate: 1e-2, threads: 2, ..config("mae") }, &run);
    assert!(text.starts_with("E1043") && text.contains("learning_rate: 0.001 before, 0.01 now"), "{text}");
    assert!(text.contains("threads: 1 before, 2 now") && !text.contains("--epochs"), "{text}");
    // A longer run has another learning rate at every step, not only more steps.
    let text = refused(&Config { epochs: 2, ..config("mae") }, &run);
    assert!(text.contains("epochs: 1 before, 2 now") && text.contains("begin another: --epochs 2 --out"), "{text}");
    rest(&config("mae"), &run).unwrap();
}

/// Started in one folder, gone on with and looked at from another.
#[test]
fn relative_paths_are_those_of_the_start() {
    let home = tempfile::tempdir().unwrap();
    let (here, there) = (home.path().join("here"), home.path().join("there/deep"));
    std::fs::create_dir_all(&there).unwrap();
    unpacked(&here.join("images"));
    std::fs::write(
        here.join("mine.lw"),
        "def mine(pred: Mat[N, p], target: Mat[N, p], mask: Mask[N], w: Real) -> Real = w*mae(pred, target, mask)\n",
    )
    .unwrap();
    std::fs::write(here.join("rank.lw"), "def rank_of(A: Mat[m, n]) -> Real = effective_rank(A)\n").unwrap();
    let start = [
        "train",
        "mae",
        "--data",
        "fashion-mnist:images",
        "--loss",
        "mine.lw:mine",
        "--set",
        "w=2",
        "--import",
        "rank.lw",
        "--watch",
        "rank_of(z)",
        "--images",
        "128",
        "--batch",
        "64",
        "--epochs",
        "1",
        "--threads",
        "1",
        "--patch",
        "7",
        "--out",
        "run",
    ];
    let done = loewner(&here, &start);
    let told = String::from_utf8_lossy(&done.stderr);
    // What is told is what was written.
    assert!(done.status.success() && told.contains("loss: mine.lw:mine at w = 2"), "{told}");
    let run = here.join("run").display().to_string();
    let again = loewner(&there, &["train", "--resume", &run]);
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let again = loewner(
        &here,
        &["train", "mae", "--resume", "run", "--data", "fashion-mnist:images", "--loss", "mine.lw:mine"],
    );
    assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    let probed = loewner(&there, &["probe", &run, "--no-linear", "--knn", "1", "--json", "--threads", "1"]);
    assert!(probed.status.success(), "{}", String::from_utf8_lossy(&probed.stderr));
}

/// A process that trains, once it has made a step.
fn training(command: &mut Command, run: &Path) -> Running {
    let child = Running(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let began = Instant::now();
    let rows = || std::fs::read_to_string(run.join("metrics.csv")).map_or(0, |text| text.lines().count());
    while rows() < 2 && began.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(5));
    }
    child
}

#[test]
fn a_folder_has_one_process_at_a_time() {
    let home = tempfile::tempdir().unwrap();
    let run = home.path().join("run");
    let out = run.display().to_string();
    let mut start = Command::new(env!("CARGO_BIN_EXE_loewner"));
    // More steps than the others need to find it at work.
    start.args([
        "train",
        "mae",
        "--data",
        &data(),
        "--batch",
        "16",
        "--epochs",
        "100000",
        "--threads",
        "1",
        "--patch",
        "7",
    ]);
    let mut child = training(start.args(["--out", &out]), &run);
    let asked =
        [&["train", "--resume", &out][..], &["train", "mae", "--data", &data(), "--threads", "1", "--out", &out]];
    for arguments in asked {
        let refused = loewner(home.path(), arguments);
        let told = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert_eq!(refused.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("error[E1047]: process {} trains in '{out}'", child.0.id())), "{told}");
    }
    // A network may be looked at while it is trained.
    let found = evaluate(&run, &Asked { linear: false, ..Asked::default() }, &mut Told::default()).unwrap();
    assert_eq!(found.neighbours.len(), 1);
    assert!(child.0.try_wait().unwrap().is_none(), "it must be at work until here");
    drop(child);
    // Nothing is left of its lock but the file.
    let config = loewner::train::configured(&run).unwrap();
    assert!(matches!(steps(&config, &run, Start::Resumed, 1).unwrap(), Ended::Stopped(_)));
    assert!(run.join("loewner.lock").exists());
}

#[test]
fn a_probe_goes_elsewhere_than_its_run() {
    let home = tempfile::tempdir().unwrap();
    let folder = unpacked(&home.path().join("images"));
    let run = home.path().join("run");
    let config = Config { data: format!("fashion-mnist:{}", folder.display()), ..config("mae") };
    train(&config, &run, Start::Fresh, &mut Told::default(), &|| false).unwrap();
    let asked = Asked { linear: false, ..Asked::default() };
    let usual = evaluate(&run, &asked, &mut Told::default()).unwrap();
    assert_eq!((usual.train_images, usual.test_images), (512, 256));
    // Other images: those to test with are trained on, and the other way round.
    let [images, labels, test_images, test_labels] = FILES.map(|name| folder.join(name).display().to_string());
    let swapped = format!("idx:{test_images},{test_labels},{images},{labels}");
    let other = evaluate(&run, &Asked { data: Some(swapped), ..asked.clone() }, &mut Told::default()).unwrap();
    assert_eq!((other.train_images, other.test_images), (256, 512));
    assert_ne!(other.effective_rank, usual.effective_rank);
    // Those of another shape do not fit, and it is not the checkpoint that is to blame.
    let pictures = home.path().join("pictures");
    for class in ["train/ape", "val/ape"] {
        std::fs::create_dir_all(pictures.join(class)).unwrap();
        image::RgbImage::new(28, 28).save(pictures.join(class).join("0.png")).unwrap();
    }
    let others = Asked { data: Some(format!("folder:{}", pictures.display())), ..asked.clone() };
    let refused = evaluate(&run, &others, &mut Told::default()).unwrap_err();
    assert_eq!(
        (refused.code.to_string(), refused.message.as_str()),
        ("E1014".to_owned(), "images of 3 x 224 x 224 do not fit the network")
    );
    assert!(refused.notes[0].contains(&config.data), "{:?}", refused.notes);
    std::fs::rename(&folder, home.path().join("moved")).unwrap();
    assert_eq!(evaluate(&run, &asked, &mut Told::default()).unwrap_err().code.to_string(), "E1002");
    let moved = Asked { data: Some(data()), threads: Some(2), device: Some("cpu".to_owned()), ..asked.clone() };
    assert_eq!(evaluate(&run, &moved, &mut Told::default()).unwrap().neighbours, usual.neighbours);
    for (asked, code) in [
        (Asked { device: Some("gpu".to_owned()), ..moved.clone() }, "E0809"),
        (Asked { device: Some("cuda:99".to_owned()), ..moved.clone() }, "E0809"),
        (Asked { threads: Some(0), ..moved.clone() }, "E1042"),
        (Asked { data: Some("pictures".to_owned()), ..moved }, "E1001"),
    ] {
        assert_eq!(evaluate(&run, &asked, &mut Told::default()).unwrap_err().code.to_string(), code);
    }
}
