//! A small network is trained on torch with a loss of one's own, `examples/entropy_loss.lw`, from a collapsed start: every
//! sample has the same representation, where the entropy's textbook gradient is not finite.
//!
//! `cargo run --release --features torch --example train_on_torch`

use loewner::{Error, Loewner};
use tch::nn::{self, Module as _, OptimizerConfig as _};
use tch::{Device, Kind, Tensor};

const SAMPLES: i64 = 64;
const PIXELS: i64 = 20;
const FEATURES: i64 = 8;
const STEPS: usize = 150;

/// Samples as columns, each divided by its norm. In a network they are rows.
fn representation(z: &Tensor) -> Tensor {
    let z = z.tr();
    &z / z.norm_scalaropt_dim(2, [0i64], true)
}

/// The entropy of both views before and after training.
fn train() -> Result<(f64, f64), Error> {
    let mut loewner = Loewner::new();
    let loss = loewner.loss(concat!(env!("CARGO_MANIFEST_DIR"), "/examples/entropy_loss.lw:spread_alignment"))?;
    loewner.define("def spread(Z: Mat[d, B]) -> Real = entropy(gram(Z), 1)")?;
    let spread = loewner.loss("spread")?;

    tch::manual_seed(1);
    let variables = nn::VarStore::new(Device::Cpu);
    let root = variables.root();
    let network = nn::seq()
        .add(nn::linear(&root / "first", PIXELS, 32, Default::default()))
        .add_fn(Tensor::relu)
        .add(nn::linear(&root / "last", 32, FEATURES, Default::default()));
    // The last layer starts as a constant: all representations are one.
    tch::no_grad(|| {
        for (name, mut variable) in variables.variables() {
            if name == "last.weight" {
                let _ = variable.zero_();
            }
        }
    });
    let mut optimizer = nn::Adam::default().build(&variables, 1e-2).expect("an optimiser of the variables");

    let images = Tensor::randn([SAMPLES, PIXELS], (Kind::Float, Device::Cpu));
    let view = || &images + Tensor::randn([SAMPLES, PIXELS], (Kind::Float, Device::Cpu)) * 0.1;
    let failed = |diagnostic: loewner::base::Diagnostic| panic!("{}: {}", diagnostic.code, diagnostic.message);
    let entropy = |z: &Tensor| spread.forward(&[("Z", z)]).unwrap_or_else(failed).double_value(&[]);
    let before = entropy(&representation(&network.forward(&images)));
    for step in 0..STEPS {
        let (z1, z2) = (representation(&network.forward(&view())), representation(&network.forward(&view())));
        let value = loss.forward(&[("Z1", &z1), ("Z2", &z2)]).unwrap_or_else(failed);
        optimizer.backward_step(&value);
        if step % 50 == 0 {
            println!("step {step:3}: loss {:.4}", value.double_value(&[]));
        }
    }
    Ok((before, entropy(&representation(&network.forward(&images)))))
}

/// Trains, and checks that the batch has spread.
pub fn main() {
    let (before, after) = train().unwrap_or_else(|error| panic!("{error}"));
    println!(
        "entropy of the batch: {before:.4} before, {after:.4} after, at most log {FEATURES} = {:.4}",
        (FEATURES as f64).ln()
    );
    assert!(before.abs() < 1e-3, "the start is collapsed");
    // No more than log d for d features.
    assert!(after > 0.9 * (FEATURES as f64).ln() && after <= (FEATURES as f64).ln() + 1e-3);
}
