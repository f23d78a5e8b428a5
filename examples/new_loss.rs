//! A loss of your own: defined in the language, built once more by operators, evaluated on faer matrices.
//!
//! The loss pulls two views together and spreads their samples out: alignment less the entropy of order 2 of the mean
//! kernel, in nats. `cargo run --example new_loss`

use faer::{Mat, mat};
use loewner::Loewner;
use loewner::syntax::term::{Term, call, entropy, gram, name};

/// The loss as text; `examples/new_loss.lw` holds the same definition, with a theorem about it.
const LOSS: &str = "
    ## alignment(Z1, Z2) - weight * H_2 of the mean of the two Gram matrices, in nats. d x B, columns of norm 1.
    def my_loss(Z1: UnitCols[d, B], Z2: UnitCols[d, B], weight: Real = 1) -> Real where weight >= 0 =
        alignment(Z1, Z2) - weight * entropy((gram(Z1) + gram(Z2))/2, 2)
";

/// The same loss by Rust's operators: a term is an expression of the language, and prints as one.
fn loss(z1: &Term, z2: &Term, weight: f64) -> Term {
    let alignment = call("alignment", [z1, z2]);
    alignment - weight * entropy((gram(z1) + gram(z2)) / 2, 2)
}

/// Runs the example.
pub fn main() -> Result<(), loewner::Error> {
    // Three samples in the plane, a column each, and the second view turned by a right angle at the last sample.
    let first: Mat<f64> = mat![[1.0, 0.6, 0.0], [0.0, 0.8, 1.0]];
    let second: Mat<f64> = mat![[1.0, 0.6, -1.0], [0.0, 0.8, 0.0]];

    let mut loewner = Loewner::new();
    loewner.define(LOSS)?;
    loewner.set("Z1", first.as_ref());
    loewner.set("Z2", second.as_ref());

    let term = loss(&name("Z1"), &name("Z2"), 0.5);
    let written = loewner.evaluate("my_loss(Z1, Z2, weight = 1/2)")?;
    let built = loewner.evaluate(&term)?;
    println!("my_loss(Z1, Z2, weight = 1/2) = {:?}", written.scalar());
    println!("{term} = {:?}", built.scalar());

    // By hand: the last sample moves by |(0, 1) - (-1, 0)|^2 = 2, so that the alignment is 2/3. The mean kernel has the
    // entries 3/5, -1/2 and (4/5 - 3/5)/2 = 1/10 off its diagonal, so that its squared Frobenius norm is
    // 3 + 2 (9/25 + 1/4 + 1/100) = 4.24, and H_2 = log(9/4.24).
    let expected = 2.0 / 3.0 - 0.5 * (9.0_f64 / 4.24).ln();
    for value in [written, built] {
        let value = value.scalar().expect("a loss is a number");
        assert!((value - expected).abs() < 1e-14, "{value} is not {expected}");
    }

    // What a loss asks of its arguments is part of its definition: columns of norm 1 here.
    let mistake = loewner.evaluate("my_loss(2 * Z1, Z2)").expect_err("columns of norm 2 are refused");
    println!("\nmy_loss(2 * Z1, Z2) is refused:\n{mistake}");
    Ok(())
}
