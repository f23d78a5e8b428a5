//! The programs in examples/ that need torch run: each checks its own results, or is checked here.

// Its `main` reads the arguments of a process, which a test has not.
#[allow(dead_code)]
#[path = "../examples/paper/main.rs"]
mod paper;
#[path = "../examples/train_on_torch.rs"]
mod train_on_torch;

#[test]
fn a_network_is_trained_with_a_loss_of_ones_own() {
    train_on_torch::main();
}

/// One run of the paper's experiments, on a slice of the images, is trained, probed, recorded, and not trained again.
#[test]
fn the_papers_experiments_run() {
    let folder = tempfile::tempdir().unwrap();
    let (work, out) = (folder.path().join("work"), folder.path().join("results"));
    let arguments = || {
        let data = format!("fashion-mnist:{}/tests/data/fashion-mnist", env!("CARGO_MANIFEST_DIR"));
        let words = ["paper", "--data", &data, "--images", "64", "--epochs", "1", "--batch", "32", "--seeds", "1"];
        let words = words.into_iter().chain(["--only", "table1-u-mae", "--work"]).map(str::to_owned);
        words.chain([work.display().to_string(), "--out".to_owned(), out.display().to_string()]).collect::<Vec<_>>()
    };
    paper::run(arguments()).unwrap();
    let table = std::fs::read_to_string(out.join("table1.csv")).unwrap();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 2, "{table}");
    assert!(rows[1].starts_with("table1-u-mae-seed0,U-MAE,,0,64,1,2,"), "{table}");
    let curves = std::fs::read_to_string(out.join("table1-curves.csv")).unwrap();
    let mut lines = curves.lines();
    assert_eq!(lines.next(), Some("series,seed,step,effective_rank(F)"));
    // The first step and the last are looked at, and there are no others.
    let looks = ["U-MAE,0,1,", "U-MAE,0,2,"];
    assert!(looks.iter().all(|look| lines.next().is_some_and(|line| line.starts_with(look))), "{curves}");
    assert!(lines.next().is_none(), "{curves}");
    paper::run(arguments()).unwrap();
    assert_eq!(std::fs::read_to_string(out.join("table1.csv")).unwrap(), table);
}
