//! Losses on torch, forward and backward, asked for line by line: `{"loss", "d", "B", "seconds"}` on standard input, a JSON
//! line back with the median of the runs that fit into the seconds. `cargo xtask torch-bench` takes turns between this and
//! peers.py, which has the same inputs from the same seed.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use loewner::Loewner;
use loewner::torch::{CompiledLoss, Tensor};
use serde_json::{Value, json};
use tch::{Device, Kind};

/// The columns of pred and target.
const NUMBERS: i64 = 768;

/// A loss at a shape, with its inputs.
struct Cell {
    place: (String, i64, i64),
    loss: CompiledLoss,
    inputs: Vec<(String, Tensor)>,
    /// The time of the first step, in which the cheapest form is searched for.
    first: f64,
}

/// Columns of norm 1.
fn normalised(x: &Tensor) -> Tensor {
    x / x.norm_scalaropt_dim(2, [0i64], true).clamp_min(1e-12)
}

fn input(name: &str, made: &[(String, Tensor)], d: i64, batch: i64) -> Tensor {
    let options = (Kind::Float, Device::Cpu);
    match name {
        "mask" => Tensor::arange(batch, (Kind::Int64, Device::Cpu)).remainder(4).ne(0).to_kind(Kind::Float),
        "pred" | "target" => Tensor::randn([batch, NUMBERS], options),
        "Z2" => {
            let noise = normalised(&Tensor::randn([d, batch], options));
            normalised(&(&made[0].1 + noise * 0.5))
        }
        _ => normalised(&Tensor::randn([d, batch], options)),
    }
}

impl Cell {
    fn new(loewner: &mut Loewner, place: (String, i64, i64)) -> Cell {
        let (name, d, batch) = (place.0.as_str(), place.1, place.2);
        let name = match name {
            "tcr" => "tcr_of",
            "info_nce" => "info_nce_half",
            same => same,
        };
        let loss = loewner.loss(name).expect("a loss of the table");
        let constants = ["lambda", "mu", "gamma", "nu", "eps", "tau"];
        let names: Vec<String> = loss.inputs().filter(|name| !constants.contains(name)).map(str::to_owned).collect();
        tch::manual_seed(0);
        let mut inputs: Vec<(String, Tensor)> = Vec::new();
        for name in names {
            let tensor = input(&name, &inputs, d, batch);
            inputs.push((name, tensor));
        }
        for (name, tensor) in &mut inputs {
            let wanted = !matches!(name.as_str(), "mask" | "target");
            *tensor = tensor.set_requires_grad(wanted);
        }
        let mut cell = Cell { place, loss, inputs, first: 0.0 };
        let start = Instant::now();
        let _ = cell.step();
        cell.first = start.elapsed().as_secs_f64();
        cell
    }

    /// One value and its gradients.
    fn step(&mut self) -> (Tensor, Vec<Tensor>) {
        let given: Vec<(&str, &Tensor)> = self.inputs.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
        let value = self.loss.forward(&given).expect("a value");
        let wanted: Vec<&Tensor> = self.inputs.iter().map(|(_, x)| x).filter(|x| x.requires_grad()).collect();
        let gradients = Tensor::run_backward(&[&value], &wanted, false, false);
        (value.detach(), gradients)
    }

    /// How far the resident memory rises over a step, in bytes.
    fn peak(&mut self) -> u64 {
        for _ in 0..3 {
            let _ = self.step();
        }
        std::fs::write("/proc/self/clear_refs", "5").expect("Linux");
        let before = resident("VmRSS");
        let _ = self.step();
        resident("VmHWM").saturating_sub(before)
    }

    fn answer(&mut self, seconds: f64) -> Value {
        let mut runs = Vec::new();
        let start = Instant::now();
        let _ = self.step();
        while start.elapsed().as_secs_f64() < seconds || runs.len() < 3 {
            let start = Instant::now();
            let _ = self.step();
            runs.push(start.elapsed().as_secs_f64());
        }
        runs.sort_by(f64::total_cmp);
        let (value, gradients) = self.step();
        let wanted = self.inputs.iter().filter(|(_, x)| x.requires_grad()).map(|(name, _)| name.clone());
        let norm = |x: &Tensor| json!(x.to_kind(Kind::Double).norm().double_value(&[]));
        let norms: serde_json::Map<String, Value> = wanted.zip(gradients.iter().map(norm)).collect();
        let value = value.double_value(&[]);
        let median = runs[runs.len() / 2];
        json!({"seconds": median, "least": runs[0], "runs": runs.len(), "first": self.first, "value": value, "gradients": norms})
    }
}

/// VmRSS or its high-water mark VmHWM of this process, in bytes (Linux).
fn resident(field: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(field)).expect("a line of memory");
    line.split_whitespace().nth(1).and_then(|kilobytes| kilobytes.parse::<u64>().ok()).expect("a number") * 1024
}

fn main() {
    // `cargo test --benches` has nothing to ask.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    tch::set_num_threads(2);
    let mut loewner = Loewner::new();
    loewner.load(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/torch/losses.lw")).expect("the losses");
    let mut cell: Option<Cell> = None;
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let number = |key: &str| asked[key].as_i64().expect("a size");
        let place = (asked["loss"].as_str().expect("a name").to_owned(), number("d"), number("B"));
        let mut at = match cell.take() {
            Some(cell) if cell.place == place => cell,
            _ => Cell::new(&mut loewner, place),
        };
        let answer = match asked["memory"].as_bool() {
            Some(true) => json!({"peak": at.peak()}),
            Some(false) | None => at.answer(asked["seconds"].as_f64().unwrap_or(0.3)),
        };
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
        cell = Some(at);
    }
}
