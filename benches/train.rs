//! One step of pre-training a masked autoencoder, asked for line by line as benches/train/peers.py is: `{"check":
//! FILE}` writes weights, images and order of the patches and answers with the value and the norm of the gradient,
//! `{"loss": "mae", "steps": 3}` with the seconds of each step. `cargo xtask train-bench` takes turns between the two.
//!
//! A step is all that is done for a batch that is there: drawing the mask, forward, the loss of the language, backward,
//! AdamW.

use std::io::{BufRead as _, Write as _};
use std::time::Instant;

use loewner::Loewner;
use loewner::torch::CompiledLoss;
use loewner::train::nn::{MaeConfig, Mask, MaskedAutoencoder, Rows, VitSize};
use serde_json::{Value, json};
use tch::nn::{AdamW, Optimizer, OptimizerConfig as _, VarStore};
use tch::{Device, Kind, Tensor};

const BATCH: usize = 256;

/// The network, and what it is trained with.
struct Cell {
    store: VarStore,
    network: MaskedAutoencoder,
    optimizer: Optimizer,
    images: Tensor,
    mae: CompiledLoss,
    m_mae: CompiledLoss,
    step: u64,
}

/// A step by its name: the loss, and which patches are predicted.
fn named(name: &str) -> (&str, Rows) {
    match name {
        "mae_hidden" => ("mae", Rows::Hidden),
        "m_mae_hidden" => ("m_mae", Rows::Hidden),
        same => (same, Rows::All),
    }
}

impl Cell {
    fn new() -> Cell {
        tch::manual_seed(0);
        let mut loewner = Loewner::new();
        let store = VarStore::new(Device::Cpu);
        let config = MaeConfig::of(VitSize::Tiny, [28, 28], 1, 4);
        let network = MaskedAutoencoder::new(&store.root(), &config, 0).expect("a network");
        // What tch has decays all weights alike: the same work as decaying matrices alone.
        let adam = AdamW { beta1: 0.9, beta2: 0.95, wd: 0.05, ..AdamW::default() };
        let optimizer = adam.build(&store, 1e-4).expect("an optimiser");
        Cell {
            images: Tensor::randn([BATCH as i64, 1, 28, 28], (Kind::Float, Device::Cpu)),
            mae: loewner.loss("mae").expect("a loss of the library"),
            m_mae: loewner.loss("m_mae").expect("a loss of the library"),
            store,
            network,
            optimizer,
            step: 0,
        }
    }

    fn mask(&self) -> Mask {
        self.network.config().mask(0, self.step, BATCH).expect("a mask")
    }

    fn value(&self, loss: &str, rows: Rows, mask: &Mask) -> Tensor {
        let made = self.network.forward(&self.images, mask, rows).expect("a reconstruction");
        let mut inputs = vec![("pred", &made.pred), ("target", &made.target), ("mask", &made.mask)];
        if loss == "mae" {
            return self.mae.forward(&inputs).expect("a value");
        }
        let norm = made.class_token.norm_scalaropt_dim(2, [1i64], true).clamp_min(1e-12);
        let z = (&made.class_token / norm).tr();
        inputs.push(("Z", &z));
        self.m_mae.forward(&inputs).expect("a value")
    }

    fn step(&mut self, name: &str) -> f64 {
        let (loss, rows) = named(name);
        let start = Instant::now();
        let value = self.value(loss, rows, &self.mask());
        self.optimizer.backward_step(&value);
        let _ = value.double_value(&[]);
        self.step += 1;
        start.elapsed().as_secs_f64()
    }

    /// Value and gradient by both losses; for predictions of the hidden rows alone they are the same.
    fn check(&mut self, file: &str) -> Value {
        let mask = self.mask();
        let variables = self.store.variables();
        let mut named: Vec<(&str, Tensor)> = variables.iter().map(|(name, x)| (name.as_str(), x.detach())).collect();
        named.extend([("images", self.images.shallow_clone()), ("restore", mask.ids_restore.shallow_clone())]);
        Tensor::write_npz(&named, file).expect("a file that can be written");
        let mut answer = serde_json::Map::new();
        for name in ["mae", "m_mae", "mae_hidden", "m_mae_hidden"] {
            let (loss, rows) = self::named(name);
            let value = self.value(loss, rows, &mask);
            self.optimizer.zero_grad();
            value.backward();
            let gradients = self.store.trainable_variables().into_iter().map(|x| x.grad().to_kind(Kind::Double));
            let squares: f64 = gradients.map(|gradient| gradient.square().sum(None).double_value(&[])).sum();
            answer.insert(name.to_owned(), json!(value.double_value(&[])));
            answer.insert(format!("{name}_gradient"), json!(squares.sqrt()));
        }
        Value::Object(answer)
    }
}

fn main() {
    // `cargo test --benches` has nothing to ask.
    if !std::env::args().any(|arg| arg == "--bench") {
        return;
    }
    tch::set_num_threads(2);
    let mut cell = Cell::new();
    for line in std::io::stdin().lock().lines() {
        let asked: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
        let answer = match asked["check"].as_str() {
            Some(file) => cell.check(file),
            None => {
                let loss = asked["loss"].as_str().expect("a name");
                let steps = asked["steps"].as_u64().expect("a number");
                json!({"seconds": (0..steps).map(|_| cell.step(loss)).collect::<Vec<f64>>()})
            }
        };
        println!("{answer}");
        std::io::stdout().flush().expect("standard output");
    }
}
