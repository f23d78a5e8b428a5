//! `loewner plot` from outside: figures of tables, and what cannot be drawn.

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_loewner"));
    command.current_dir(folder).env("HOME", folder).stdin(Stdio::null());
    command.args(arguments).output().unwrap()
}

#[track_caller]
fn drawn(folder: &Path, arguments: &[&str]) {
    let output = run(folder, arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

/// Two runs of three seeds, a rank that rises and one that falls.
fn runs(folder: &Path) {
    for seed in 0..3 {
        for (method, sign) in [("mae", -1.0), ("mmae", 1.0)] {
            let mut text = "step,loss,effective_rank(z)\n".to_owned();
            for step in 1..=60 {
                let x = f64::from(step);
                let wiggle = (x * (1.3 + f64::from(seed))).sin();
                let rank = 40.0 + sign * 25.0 * (1.0 - (-x / 20.0).exp()) + wiggle;
                writeln!(text, "{},{},{rank}", step * 100, 1.0 / x.sqrt() + 0.02 * wiggle).unwrap();
            }
            let run = folder.join(format!("{method}-{seed}"));
            std::fs::create_dir_all(&run).unwrap();
            std::fs::write(run.join("metrics.csv"), text).unwrap();
        }
    }
    let mut sweep = "method,mu,lambda,seed,accuracy\n".to_owned();
    for (i, mu) in ["0.1", "0.5", "1", "3"].iter().enumerate() {
        for (j, lambda) in ["0.001", "0.01", "0.1"].iter().enumerate() {
            for seed in 0..3u8 {
                let accuracy = 80.0 + 3.0 * i as f64 - 2.0 * j as f64 + f64::from(seed);
                writeln!(sweep, "m{j},{mu},{lambda},{seed},{accuracy}").unwrap();
            }
        }
    }
    std::fs::write(folder.join("sweep.csv"), sweep).unwrap();
}

/// The texts of an SVG, in their order.
fn texts(svg: &str) -> Vec<String> {
    let parts = svg.split("<text").skip(1).map(|rest| rest.split("</text>").next().unwrap());
    parts.map(|part| part.split_once('>').unwrap().1.trim().to_owned()).collect()
}

fn attribute<'a>(element: &'a str, name: &str) -> &'a str {
    element.split(&format!(" {name}=\"")).nth(1).unwrap().split('"').next().unwrap()
}

#[test]
fn runs_of_one_name_are_a_line_with_a_band() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    runs(at);
    let tables: Vec<String> =
        (0..3).flat_map(|seed| ["mae", "mmae"].map(|method| format!("{method}={method}-{seed}/metrics.csv"))).collect();
    let mut arguments = vec!["plot"];
    arguments.extend(tables.iter().map(String::as_str));
    arguments.extend(["--y", "effective_rank(z)", "--title", "Effective rank", "--out", "rank.svg"]);
    drawn(at, &arguments);
    let svg = std::fs::read_to_string(at.join("rank.svg")).unwrap();
    let texts = texts(&svg);
    for text in ["Effective rank", "mae", "mmae", "step", "effective_rank(z)", "0", "2000", "6000"] {
        assert!(texts.iter().any(|found| found == text), "'{text}' is not in {texts:?}");
    }
    // A band and a mark each (the second is a square), and the line through 60 points.
    let line = |colour: &str| {
        let lines = svg.split("<polyline").skip(1).map(|rest| rest.split("/>").next().unwrap());
        let mut long = lines.filter(|line| attribute(line, "points").split_whitespace().count() == 60);
        let found =
            long.find(|line| attribute(line, "stroke").eq_ignore_ascii_case(colour)).expect("a line of this colour");
        let heights = attribute(found, "points")
            .split_whitespace()
            .map(|point| point.split_once(',').unwrap().1.parse().unwrap());
        heights.collect::<Vec<f64>>()
    };
    // The rank falls without the regulariser and rises with it; in an SVG, up is less.
    let (mae, mmae) = (line("#0072B2"), line("#D55E00"));
    assert!(mae[59] > mae[0] + 50.0 && mmae[59] < mmae[0] - 50.0, "{mae:?} {mmae:?}");
    assert_eq!(svg.matches("opacity=\"0.2\"").count(), 2);
}

/// The folder of a run stands for its table, and gives it its name.
#[test]
fn a_folder_is_the_table_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    runs(at);
    drawn(at, &["plot", "mae-0", "mine=mmae-0", "--y", "loss", "--out", "folders.svg"]);
    drawn(at, &["plot", "mae-0/metrics.csv", "mine=mmae-0/metrics.csv", "--y", "loss", "--out", "files.svg"]);
    let read = |name: &str| std::fs::read_to_string(at.join(name)).unwrap();
    assert!(texts(&read("folders.svg")).iter().any(|text| text == "mae-0"));
    assert_eq!(read("folders.svg"), read("files.svg"));
}

#[test]
fn a_png_has_two_pixels_for_a_unit_and_its_colours() {
    let folder = tempfile::tempdir().unwrap();
    runs(folder.path());
    drawn(
        folder.path(),
        &[
            "plot",
            "mae-0/metrics.csv",
            "mmae-0/metrics.csv",
            "--y",
            "effective_rank(z)",
            "--log-y",
            "--log-x",
            "--out",
            "a.png",
        ],
    );
    let file = std::io::BufReader::new(std::fs::File::open(folder.path().join("a.png")).unwrap());
    let mut reader = png::Decoder::new(file).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    assert_eq!((info.width, info.height), (1440, 900));
    let count = |colour: [u8; 3]| pixels.chunks(3).filter(|pixel| **pixel == colour).count();
    assert!(count([0, 114, 178]) > 500 && count([213, 94, 0]) > 500, "both lines");
    assert!(count([255; 3]) > pixels.len() / 3 / 2, "on white");
    assert!(count([40; 3]) > 300, "with text");
}

#[test]
fn sweeps_are_lines_bars_and_cells() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    runs(at);
    let sweep = |more: &[&str]| drawn(at, &[&["plot", "sweep.csv", "--y", "accuracy"], more].concat());
    sweep(&["--x", "mu", "--by", "lambda", "--log-x", "--out", "lines.svg"]);
    sweep(&["--x", "method", "--kind", "bars", "--y-label", "accuracy (%)", "--out", "bars.svg"]);
    sweep(&["--x", "mu", "--by", "lambda", "--kind", "heat", "--out", "heat.svg"]);
    let read = |name: &str| texts(&std::fs::read_to_string(at.join(name)).unwrap());
    assert!(["0.1", "0.2", "0.5", "1", "2"].iter().all(|tick| read("lines.svg").iter().any(|text| text == tick)));
    assert!(read("lines.svg").iter().any(|text| text == "lambda = 0.001"));
    // The mean over four mu and three seeds: 80 + 4.5 + 1, less 2 j.
    for text in ["m0", "m1", "m2", "85.5", "83.5", "81.5", "accuracy (%)", "method"] {
        assert!(read("bars.svg").iter().any(|found| found == text), "'{text}' is not in {:?}", read("bars.svg"));
    }
    // Each cell has its mean over the seeds, 81 + 3 i − 2 j.
    for (i, j) in [(0, 0), (3, 0), (0, 2), (3, 2)] {
        let mean = (81 + 3 * i - 2 * j).to_string();
        assert!(read("heat.svg").contains(&mean), "{mean} is not in {:?}", read("heat.svg"));
    }
}

#[test]
fn what_cannot_be_drawn_is_told_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    runs(at);
    let refused = |arguments: &[&str], code: &str, part: &str| {
        let output = run(at, &[&["plot"], arguments].concat());
        let told = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{told}");
        assert!(told.contains(&format!("error[{code}]")) && told.contains(part), "{told}");
        assert!(!at.join("a.svg").exists());
    };
    refused(&["mae-0/metrics.csv", "--y", "los", "--out", "a.svg"], "E1022", "did you mean 'loss'?");
    refused(&["mae-0/metrics.csv", "--y", "loss", "--out", "a.gif"], "E1022", ".svg or .png");
    std::fs::create_dir(at.join("empty")).unwrap();
    refused(&["empty", "--y", "loss", "--out", "a.svg"], "E0801", "metrics.csv");
    refused(&["mae-9/metrics.csv", "--y", "loss", "--out", "a.svg"], "E0801", "there is no file");
    refused(
        &["sweep.csv", "--x", "method", "--y", "accuracy", "--out", "a.svg"],
        "E1022",
        "'m0' of column 'method' is no number",
    );
    std::fs::write(at.join("zero.csv"), "step,loss\n1,0\n2,nan\n").unwrap();
    refused(&["zero.csv", "--y", "loss", "--log-y", "--out", "a.svg"], "E1022", "no place for 0");
    std::fs::write(at.join("nan.csv"), "step,loss\n1,nan\n2,inf\n").unwrap();
    refused(&["nan.csv", "--y", "loss", "--out", "a.svg"], "E1022", "no value of 'loss' is finite");
    refused(&["zero.csv", "--y", "loss", "--kind", "bars", "--log-y", "--out", "a.svg"], "E1022", "logarithmic");
    refused(&["sweep.csv", "--y", "accuracy", "--x", "mu", "--out", "none/a.svg"], "E0805", "cannot be written");
}
