//! Training (feature torch) on a slice of real images: every method, losses of one's own, runs that are killed and gone on with,
//! and what goes wrong.

#[path = "torch_train/continued.rs"]
mod continued;

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use loewner::base::Diagnostic;
use loewner::train::config::Network;
use loewner::train::record::{Observer, StepReport};
use loewner::train::{Config, Ended, METHODS, Method, Start, train};

/// 512 training images of Fashion-MNIST (see tests/data/README.md).
fn data() -> String {
    format!("fashion-mnist:{}/tests/data/fashion-mnist", env!("CARGO_MANIFEST_DIR"))
}

/// A run of a few steps: 128 images in batches of 32, one epoch.
fn config(method: &str) -> Config {
    let network = Network { width: 24, depth: 1, decoder: [12, 1, 3], patch: 7, projector: [32, 16], ..micro() };
    Config {
        images: Some(128),
        batch: 32,
        epochs: 1,
        threads: 1,
        warmup: 0.0,
        network,
        ..Config::of(Method::named(method).unwrap(), &data())
    }
}

fn micro() -> Network {
    Network::named("vit-micro").unwrap()
}

/// A process that is killed when this goes, also where an assertion fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What was told of a run.
#[derive(Default)]
struct Told {
    steps: Vec<StepReport>,
    messages: Vec<String>,
}

impl Observer for Told {
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        self.steps.push(report.clone());
        Ok(())
    }

    fn message(&mut self, text: &str) {
        self.messages.push(text.to_owned());
    }
}

/// A whole run in a new folder.
fn run(config: &Config) -> Result<Told, loewner::Error> {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    let ended = train(config, &folder.path().join("run"), Start::Fresh, &mut told, &|| false)?;
    assert!(matches!(ended, Ended::Finished(_)), "{ended:?}");
    Ok(told)
}

fn refused(config: &Config) -> (String, String) {
    match run(config) {
        Ok(_) => panic!("nothing was refused"),
        Err(error) => (error.diagnostics[0].code.to_string(), error.to_string()),
    }
}

/// The files of a run that must not depend on how often it was interrupted: weights and moments to the bit, the table but for
/// its columns of times.
fn kept(folder: &Path) -> (Vec<u8>, Vec<Vec<String>>) {
    let weights = std::fs::read(folder.join("checkpoint.safetensors")).unwrap();
    let table = std::fs::read_to_string(folder.join("metrics.csv")).unwrap();
    let mut lines = table.lines();
    let names: Vec<&str> = lines.next().unwrap().split(',').collect();
    let times = |name: &&str| ["images_per_second", "stalled_seconds"].contains(name);
    let rows = lines.map(|line| {
        let cells = line.split(',').zip(&names).filter(|(_, name)| !times(name));
        cells.map(|(cell, _)| cell.to_owned()).collect()
    });
    (weights, rows.collect())
}

#[test]
fn every_method_trains() {
    for method in METHODS {
        let told = run(&config(method.name)).unwrap_or_else(|error| panic!("{}: {error}", method.name));
        assert_eq!(told.steps.len(), 4, "{}", method.name);
        assert!(told.steps.iter().all(|step| step.loss.is_finite()), "{}", method.name);
    }
    let network = Network { width: 4, projector: [32, 16], ..Network::named("resnet18-narrow").unwrap() };
    let told = run(&Config { network, ..config("simclr") }).unwrap();
    assert_eq!(told.steps.len(), 4);
}

/// The loss that torch worked out in single precision is the one that the evaluator of the language works out in double, of the
/// same tensors, by another form and another library.
#[test]
fn the_loss_is_what_the_language_says() {
    for (method, written) in [
        ("m-mae", "m_mae(pred, target, mask, Z, 1/100, 1)"),
        ("u-mae", "mae(pred, target, mask) + 0.01 * offdiag_energy(gram(z))"),
        ("m-mae-official", "mae(pred, target, mask) - 0.01 * logdet(eye(d) + 1/d * cov(z))"),
        ("m-mae-entropy", "mae(pred, target, mask) - 0.01 * H(gram(Z), 1)"),
        ("simclr", "simclr(z1, z2, 1/2)"),
        ("barlow-twins", "barlow_twins(F1, F2, 0.0051)"),
        ("byol", "4 - 2*mean(cosines(P1, T2)) - 2*mean(cosines(P2, T1))"),
    ] {
        let told = run(&Config { watch: vec![written.to_owned()], watch_every: 1, ..config(method) });
        let told = told.unwrap_or_else(|error| panic!("{method}: {error}"));
        assert!(told.messages.iter().all(|message| !message.contains("has no value")), "{:?}", told.messages);
        for step in &told.steps {
            let [(_, value)] = &step.watched[..] else { panic!("{method}: {:?}", step.watched) };
            assert!((step.loss - value).abs() <= 1e-4 * value.abs(), "{method}: {} and not {value}", step.loss);
        }
    }
}

#[test]
fn training_lowers_the_loss() {
    let told = run(&Config { epochs: 15, learning_rate: 2e-2, ..config("mae") }).unwrap();
    let mean = |steps: &[StepReport]| steps.iter().map(|step| step.loss).sum::<f64>() / steps.len() as f64;
    let (first, last) = (mean(&told.steps[..4]), mean(&told.steps[56..]));
    // A normalised patch has mean square 48/49 (its variance is over p - 1): that is what predicting nothing costs.
    assert!(first > 0.9 && last < 0.8 * first, "{first} at first, {last} at last");
}

#[test]
fn a_loss_of_ones_own_is_trained_with() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.lw");
    std::fs::write(
        &path,
        "def mine(pred: Mat[N, p], target: Mat[N, p], mask: Mask[N], Z: Mat[d, B], mu: Real, lambda: Real = 1/10) -> Real =\n    \
         mae(pred, target, mask) - lambda * coding_rate(Z, mu)\n",
    )
    .unwrap();
    let set = [("mu".to_owned(), "1/2".to_owned())].into();
    let loss = format!("{}:mine", path.display());
    let watch = vec!["mae(pred, target, mask) - 1/10 * logdet(mu*eye(d) + z*z')".to_owned()];
    let told = run(&Config { loss, set, watch, watch_every: 1, ..config("mae") });
    let told = told.unwrap_or_else(|error| panic!("{error}"));
    for step in &told.steps {
        assert!((step.loss - step.watched[0].1).abs() <= 1e-4 * step.loss.abs(), "{step:?}");
    }
}

/// The example of the README, against its own formula written out.
#[test]
fn the_example_is_trained_with() {
    let loss = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/my_loss.lw:my_loss").to_owned();
    let set = [("mu".to_owned(), "1".to_owned())].into();
    let watch = vec!["mae(pred, target, mask) - 1/200 * (logdet(eye(d) + z*z') + von_neumann(z'*z))".to_owned()];
    let told = run(&Config { loss, set, watch, watch_every: 1, ..config("mae") });
    let told = told.unwrap_or_else(|error| panic!("{error}"));
    for step in &told.steps {
        assert!((step.loss - step.watched[0].1).abs() <= 1e-4 * step.loss.abs(), "{step:?}");
    }
}

#[test]
fn a_run_that_is_stopped_anywhere_ends_the_same() {
    let config = Config { watch: vec!["effective_rank(z)".to_owned()], watch_every: 2, epochs: 2, ..config("m-mae") };
    for config in
        [config.clone(), Config { network: config.network, checkpoint_every: Some(3), ..self::config("byol") }]
    {
        let folder = tempfile::tempdir().unwrap();
        let (whole, parts) = (folder.path().join("whole"), folder.path().join("parts"));
        train(&config, &whole, Start::Fresh, &mut Told::default(), &|| false).unwrap();
        let mut start = Start::Fresh;
        loop {
            let steps = Cell::new(0);
            // Three steps at a time, in the middle of epochs too.
            let stop = || {
                steps.set(steps.get() + 1);
                steps.get() == 3
            };
            match train(&config, &parts, start, &mut Told::default(), &stop).unwrap() {
                Ended::Finished(_) => break,
                Ended::Stopped(summary) => assert_eq!(summary.step % 3, 0),
            }
            start = Start::Resumed;
        }
        assert!(kept(&whole) == kept(&parts), "{}: stopped runs differ", config.method);
        // What is told of a run that has ended is what was told when it ended.
        let summary = |folder: &Path| match train(&config, folder, Start::Resumed, &mut Told::default(), &|| false) {
            Ok(Ended::Finished(summary)) => (summary.step, summary.loss, summary.images),
            other => panic!("{other:?}"),
        };
        let losses = kept(&whole).1.into_iter().map(|row| row[2].parse::<f64>().unwrap());
        let last: Vec<f64> = losses.skip(4).collect();
        let mean = last.iter().sum::<f64>() / last.len() as f64;
        if config.epochs == 2 {
            assert_eq!((summary(&whole), summary(&parts)), ((8, mean, 0), (8, mean, 0)));
        }
    }
}

/// A run that is shorter than the stretch between two looks has its beginning and its end looked at.
#[test]
fn the_first_and_the_last_step_are_looked_at() {
    let looks = |watch_every: u64| -> Vec<u64> {
        let watch = vec!["effective_rank(z)".to_owned()];
        let told = run(&Config { watch, watch_every, ..config("mae") }).unwrap_or_else(|error| panic!("{error}"));
        told.steps.iter().filter(|step| !step.watched.is_empty()).map(|step| step.step).collect()
    };
    assert_eq!((looks(50), looks(3)), (vec![1, 4], vec![1, 3, 4]));
}

/// What a loss of one's own is where nothing is said is told as what is set is.
#[test]
fn defaults_are_told() {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/my_loss.lw:my_loss").to_owned();
    let text = std::fs::read_to_string(example.trim_end_matches(":my_loss")).unwrap();
    assert!(text.contains("mu: Real, lambda: Real = 0.01"), "{text}");
    let set = [("mu".to_owned(), "1/2".to_owned())].into();
    let told = run(&Config { loss: example, set, ..config("mae") }).unwrap_or_else(|error| panic!("{error}"));
    assert!(told.messages[0].contains(" at mu = 1/2, lambda = 0.01 (default), of "), "{:?}", told.messages);
}

/// The process is killed, not asked: whatever it was doing then, what is left is gone on with.
#[test]
fn a_run_that_is_killed_ends_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let command = |out: &Path| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
        command.args(["train", "mmae", "--data", &data(), "--images", "256", "--batch", "16", "--epochs", "3"]);
        command.args(["--threads", "1", "--patch", "7", "--checkpoint-every", "2", "--watch", "effective_rank(z)"]);
        command.args(["--watch-every", "5", "--out"]).arg(out).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(command(&whole).status().unwrap().success());
    let rows = |folder: &Path| {
        std::fs::read_to_string(folder.join("metrics.csv")).map_or(0, |text| text.lines().count().saturating_sub(1))
    };
    let mut command = command(&killed);
    for at in [3, 17, 30] {
        let mut child = Running(command.spawn().unwrap());
        let began = Instant::now();
        while rows(&killed) < at && began.elapsed() < Duration::from_secs(120) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert!(child.0.try_wait().unwrap().is_none(), "it must be killed while it runs");
        drop(child);
        command = Command::new(env!("CARGO_BIN_EXE_loewner"));
        command.args(["train", "--resume"]).arg(&killed).stdout(Stdio::null()).stderr(Stdio::null());
    }
    assert!(command.status().unwrap().success());
    assert!(kept(&whole) == kept(&killed), "a killed run differs");
}

/// The reconstruction error of 0.94 is reached after some steps, and the logarithm then is that of a negative number.
#[test]
fn a_loss_that_is_not_finite_stops_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let loss = "mae(pred, target, mask) + log(mae(pred, target, mask) - 94/100) / 1000".to_owned();
    let config = Config { loss, epochs: 20, learning_rate: 2e-2, checkpoint_every: Some(1), ..config("mae") };
    let mut told = Told::default();
    let error = train(&config, &run, Start::Fresh, &mut told, &|| false).unwrap_err();
    let text = error.to_string();
    assert!(text.contains("`log(mae(pred, target, mask) - 94/100)`"), "{text}");
    assert!(text.contains("checkpoint.safetensors' is as it was before"), "{text}");
    let step = told.steps.len();
    assert!(
        step > 1 && text.contains(&format!("at step {} of 80, in the batch of seed 0x", step + 1)),
        "{step}: {text}"
    );
    // Gone on with, it fails again at once: what it had made was kept, and the step that failed has changed nothing.
    let before = kept(&run);
    let again = train(&config, &run, Start::Resumed, &mut Told::default(), &|| false).unwrap_err();
    assert_eq!(again.to_string(), text);
    assert!(kept(&run) == before);
    assert_eq!(loewner::train::configured(&run).unwrap(), config);
}

#[test]
fn a_network_that_diverges_is_named() {
    let wild = Config { learning_rate: 1e30, epochs: 4, ..config("mae") };
    let (code, text) = refused(&wild);
    assert_eq!(code, "E1045");
    assert!(text.contains("which the network gave, is not finite"), "{text}");
}

#[test]
fn what_cannot_be_is_told_before_the_first_step() {
    let loss = |method: &str, loss: &str| Config { loss: loss.to_owned(), set: [].into(), ..config(method) };
    let set = |method: &str, name: &str, value: &str| {
        let mut config = config(method);
        config.set.insert(name.to_owned(), value.to_owned());
        config
    };
    let network = |network: Network| Config { network, ..config("mae") };
    let cases: [(Config, &str, &str); 14] = [
        (loss("mae", "mae(pred, target, mask"), "E0103", "never closed"),
        (loss("simclr", "mae"), "E1044", "needs `pred`"),
        (loss("mae", "mean(mask)"), "E1044", "rests on nothing that is trained"),
        (
            loss("mae", "mae(pred, target, mask) + log(mean(mask) - 3/4)"),
            "E1045",
            "`log(mean(mask) - 3/4)`: this is infinite",
        ),
        (loss("mae", "mae(pred, target, mask) + sqrt(mean(mask) - 7/8)"), "E0701", "`sqrt(mean(mask) - 7/8)`"),
        (set("mae", "nu", "1"), "E1044", "no parameter `nu`"),
        (set("simclr", "tau", "-1"), "E0404", "a condition of a definition does not hold"),
        (set("barlow-twins", "lambda", "-5"), "E0404", "a condition of a definition does not hold"),
        (Config { watch: vec!["cov(z)".to_owned()], ..config("mae") }, "E0501", "`cov(z)` is a d × d matrix"),
        (Config { watch: vec!["1".to_owned(), "1".to_owned()], ..config("mae") }, "E1042", "twice"),
        (Config { images: Some(20), ..config("mae") }, "E1042", "a batch of 32"),
        (Config { epochs: u64::MAX, ..config("mae") }, "E1042", "cannot be counted"),
        (network(Network { patch: 5, ..config("mae").network }), "E1011", "5"),
        (network(Network { decoder: [0, 1, 1], ..config("mae").network }), "E1042", "a size of 0"),
    ];
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    for (config, code, part) in cases {
        let mut told = Told::default();
        let error = train(&config, &run, Start::Fresh, &mut told, &|| false).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(code) && text.contains(part), "{code}: {text}");
        assert!(told.steps.is_empty() && !run.exists(), "{text}");
        // What one batch has made is told with the batch.
        let of_a_batch = ["E1045", "E0701", "E0404"].contains(&code);
        assert_eq!(text.contains("before the first step, in a batch of 32 images of seed 0x"), of_a_batch, "{text}");
    }
    // The folder of a run that cannot be is free for one that can.
    train(&config("mae"), &run, Start::Fresh, &mut Told::default(), &|| false).unwrap();
}

/// What was written on the command line is shown by itself, and a name that means nothing with those that do.
#[test]
fn mistakes_are_told_in_the_terms_of_the_command_line() {
    let loss = Config { loss: "mae(prd, target, mask)".to_owned(), ..config("mae") };
    let (code, text) = refused(&loss);
    assert!(code == "E0201" && text.contains("--loss:2:5: `prd`") && text.contains("did you mean `pred`?"), "{text}");
    assert!(text.contains("the network gives pred: Mat[N, p], target: Mat[N, p]"), "{text}");
    assert!(text.contains("--set prd=VALUE") && !text.contains("make it a parameter"), "{text}");
    let (code, text) = refused(&Config { watch: vec!["effective_rank(z)".to_owned()], ..config("simclr") });
    assert!(code == "E0201" && text.contains("--watch:2:16: `z`") && text.contains("Z1: UnitCols[d, B]"), "{text}");
    // What is near only in the language is told, too.
    let (code, text) = refused(&Config { loss: "mae(pred, target, mask) * pii".to_owned(), ..config("mae") });
    assert!(code == "E0201" && text.contains("did you mean `pi`?") && text.contains("--set pii=VALUE"), "{text}");
    // Of a name that is set and one that is missing, the former is the one that was written.
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/my_loss.lw:my_loss").to_owned();
    let (_, text) =
        refused(&Config { loss: example, set: [("nu".to_owned(), "1".to_owned())].into(), ..config("mae") });
    assert!(text.contains("has no parameter `nu`") && text.contains("did you mean `mu`?"), "{text}");
}

/// An expression without a value is told of once, not at every look.
#[test]
fn a_watched_expression_without_a_value_is_told_of_once() {
    let watch = vec!["log(mean(mask) - 1)".to_owned(), "mean(mask)".to_owned()];
    let told = run(&Config { watch, watch_every: 1, ..config("mae") }).unwrap_or_else(|error| panic!("{error}"));
    let without: Vec<&String> = told.messages.iter().filter(|message| message.contains("has no value")).collect();
    assert_eq!(without.len(), 1, "{without:?}");
    assert!(without[0].starts_with("from step 1 on, `log(mean(mask) - 1)` has no value: "), "{without:?}");
    assert!(told.steps.iter().all(|step| step.watched.len() == 1 && step.watched[0].0 == "mean(mask)"));
}

/// A parameter that is a number is no tensor, whatever its name; and `e` is a size.
#[test]
fn names_of_numbers_are_not_taken_for_tensors() {
    let set = [("y".to_owned(), "1/5".to_owned())].into();
    let watch = vec!["logdet(eye(e) + E*E') + mae(pred, target, mask) + y".to_owned()];
    let loss = "mae(pred, target, mask) + y*mean(abs2(F))".to_owned();
    assert_eq!(
        run(&Config { loss, set, watch, ..config("mae") }).map_err(|error| error.to_string()).unwrap().steps.len(),
        4
    );
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mine.lw");
    let text =
        "def mine(pred: Mat[N, p], target: Mat[N, p], mask: Mask[N], z: Real = 1/10) = z*mae(pred, target, mask)\n";
    std::fs::write(&path, text).unwrap();
    let loss = format!("{}:mine", path.display());
    assert_eq!(run(&Config { loss, ..config("mae") }).map_err(|error| error.to_string()).unwrap().steps.len(), 4);
}

/// Every weight of what is trained moves, and a target moves after it.
#[test]
fn every_method_moves_its_weights() {
    for method in METHODS {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let mut start = Start::Fresh;
        let mut files = Vec::new();
        for stop_at in [1, 2] {
            let taken = Cell::new(0);
            let stop = || {
                taken.set(taken.get() + 1);
                taken.get() == stop_at
            };
            train(&config(method.name), &run, start, &mut Told::default(), &stop).unwrap();
            files.push(std::fs::read(run.join("checkpoint.safetensors")).unwrap());
            start = Start::Resumed;
        }
        let read = |bytes: &[u8]| {
            let tensors = safetensors::SafeTensors::deserialize(bytes).unwrap();
            let all = tensors.tensors().into_iter();
            all.map(|(name, view)| (name, view.data().to_vec())).collect::<std::collections::BTreeMap<_, _>>()
        };
        let (before, after) = (read(&files[0]), read(&files[1]));
        for (name, bytes) in &before {
            let weight = before.contains_key(&format!("first.{name}"));
            let target = name.strip_prefix("target.").is_some_and(|of| before.contains_key(&format!("first.{of}")));
            // The keys' biases move no attention: all scores of a query rise alike.
            if (weight || target) && !name.ends_with("qkv.bias") {
                assert!(after[name] != *bytes, "{}: `{name}` stays where it is", method.name);
            }
        }
    }
}

#[test]
fn a_folder_is_not_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let run: PathBuf = folder.path().join("run");
    let none = || false;
    train(&config("mae"), &run, Start::Fresh, &mut Told::default(), &none).unwrap();
    let before = kept(&run);
    let again = train(&config("mae"), &run, Start::Fresh, &mut Told::default(), &none).unwrap_err();
    assert_eq!(again.diagnostics[0].code.to_string(), "E1043");
    assert!(kept(&run) == before);
    // A file where a folder should be.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = train(&config("mae"), &file.join("run"), Start::Fresh, &mut Told::default(), &none).unwrap_err();
    assert_eq!(refused.diagnostics[0].code.to_string(), "E0805");
}

/// What `loewner probe` says of a run is what its own parts say, and better than chance after a little training.
#[test]
fn a_trained_network_is_probed() {
    use loewner::train::{Asked, evaluate};
    let folder = tempfile::tempdir().unwrap();
    let run = folder.path().join("run");
    let config = Config { epochs: 5, images: None, learning_rate: 1e-2, ..config("mae") };
    train(&config, &run, Start::Fresh, &mut Told::default(), &|| false).unwrap();
    let asked = Asked { neighbours: vec![1, 5], fine_tune: 8, ..Asked::default() };
    let mut told = Told::default();
    let found = evaluate(&run, &asked, &mut told).unwrap();
    assert_eq!((found.step, found.features, found.train_images, found.test_images), (80, 24, 512, 256));
    assert!(found.effective_rank >= 1.0 && found.effective_rank <= 24.0, "{found:?}");
    // Ten classes, alike in number: chance is right in one of ten.
    let neighbours = found.neighbours.iter().map(|(_, right)| *right);
    for right in neighbours.chain(found.linear).chain(found.fine_tuned) {
        assert!(right.top1 > 0.3 && right.top1 <= right.top5 && right.top5 <= 1.0, "{found:?}");
    }
    assert_eq!(told.steps.len(), 128);
    let stages =
        ["features of 512 training and 256 test images", "nearest neighbours", "a linear classifier of 512 images"];
    assert!(told.messages.iter().zip(stages).all(|(told, stage)| told.starts_with(stage)), "{:?}", told.messages);
    assert_eq!(told.messages.len(), stages.len());
}
