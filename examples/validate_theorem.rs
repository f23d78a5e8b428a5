//! A theorem of your own: stated as text, checked on random and adversarial inputs, the verdicts read as typed values.
//!
//! `cargo run --example validate_theorem`

use loewner::Loewner;
use loewner::verify::{Options, Value, Verdict};

/// Is the mean of two kernels at least as rich as each of them? One is tempted to think so; the first claim is what is
/// true instead, since the entropy is concave.
const THEOREM: &str = r#"
    theorem "the mean of two kernels" {
        forall n in 1..6
        forall K1, K2: Corr[n]
        let M = (K1 + K2)/2
        claim concave: entropy(M, 1) >= (entropy(K1, 1) + entropy(K2, 1))/2
        claim richer: entropy(M, 1) >= max(entropy(K1, 1), entropy(K2, 1))
    }
"#;

/// Runs the example.
pub fn main() -> Result<(), loewner::Error> {
    let mut loewner = Loewner::new();
    let report = loewner.verify(THEOREM, &Options { samples: 5_000, seed: 1, ..Options::default() })?;

    for claim in &report.claims {
        println!("{}: {}, {} samples", claim.claim, claim.verdict.name(), claim.samples);
        match &claim.verdict {
            Verdict::Holds => {
                let bound = claim.violation_bound.expect("samples without a violation bound its probability");
                let (confidence, probability) = (100.0 * bound.confidence, bound.probability);
                println!("  least margin {:?}", claim.min_margin);
                println!(
                    "  with {confidence}% confidence, under the ensembles, at most {probability:.1e} of inputs violate it"
                );
            }
            Verdict::Refuted(witness) => {
                println!("  the margin lies in [{:e}, {:e}] at", witness.margin.0, witness.margin.1);
                for (name, value) in &witness.values {
                    println!("  {name} = {}", shown(value));
                }
            }
            Verdict::Inconclusive { reason } => println!("  {reason}"),
            Verdict::Vacuous { .. } => println!("  no input met the hypotheses"),
            Verdict::Proved { lemmas } => println!("  by {}", lemmas.join(", ")),
        }
    }

    // The same seed gives the same verdicts on every machine and for every number of threads.
    let [concave, richer] = report.claims.as_slice() else { panic!("the theorem has two claims") };
    assert!(matches!(concave.verdict, Verdict::Holds));
    let witness = richer.witness().expect("a mean of kernels can be poorer than one of them");
    assert!(witness.margin.1 < 0.0, "the whole interval violates the claim");
    Ok(())
}

fn shown(value: &Value) -> String {
    match value {
        Value::Matrix(rows) => {
            let rows = rows.iter().map(|row| row.iter().map(|x| format!("{x:.4}")).collect::<Vec<_>>().join(", "));
            format!("[{}]", rows.collect::<Vec<_>>().join("; "))
        }
        Value::Number(x) => x.to_string(),
        other => format!("{other:?}"),
    }
}
