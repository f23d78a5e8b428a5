//! Four claims of the paper through the verifier, in samples per second. `cargo xtask bench` compares with NumPy, whose
//! programs take the same options and print the same line; benches/README.md says what is compared.
//!
//! Without `--bench`, as under `cargo test`, each claim is tried on a few samples.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use loewner::check::{Session, Theorem};
use loewner::verify::{ClaimReport, Options, Silent, Verdict, verify};

const CLAIMS: [&str; 4] = ["4.1", "4.5", "4.11", "4.13"];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        for claim in CLAIMS {
            run(&theorem(claim, 8), 200, 2);
        }
        println!("each of the claims {} holds on a few samples", CLAIMS.join(", "));
        return ExitCode::SUCCESS;
    }
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    let number = |name: &str, otherwise: f64| value(name).map_or(Some(otherwise), |text| text.parse().ok());
    let options = (number("--n", 8.0), number("--seconds", 0.5), number("--threads", 2.0));
    let (Some(n), Some(seconds), Some(threads)) = options else {
        eprintln!("--n, --seconds and --threads need numbers");
        return ExitCode::from(2);
    };
    let claims: Vec<&str> = value("--claim").map_or(CLAIMS.to_vec(), |claim| vec![claim.as_str()]);
    for claim in claims {
        measure(claim, n as u32, seconds, threads as usize);
    }
    ExitCode::SUCCESS
}

/// The theorem of a claim at one size.
fn theorem(claim: &str, n: u32) -> Vec<Theorem> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("benches/claims/{claim}.lw"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    assert!(text.contains("n in 8..8"), "{claim} does not say its size");
    let text = text.replace("n in 8..8", &format!("n in {n}..{n}"));
    let mut session = Session::new();
    session.load_text(claim, &text).unwrap_or_else(|mistakes| panic!("{claim}: {mistakes:?}"))
}

/// Verifies on so many samples; the time in seconds, and the report.
fn run(theorem: &[Theorem], samples: u64, threads: usize) -> (f64, ClaimReport) {
    let options = Options { samples, threads, attack: 0.0, ..Options::default() };
    let start = Instant::now();
    let report = verify(theorem, &options, &Silent);
    let seconds = start.elapsed().as_secs_f64();
    let mut claims = report.unwrap_or_else(|mistake| panic!("{}", mistake.message)).claims;
    assert_eq!(claims.len(), 1, "a file of the benchmark has one claim");
    let claim = claims.remove(0);
    assert!(matches!(claim.verdict, Verdict::Holds | Verdict::Proved { .. }), "{}: {:?}", claim.theorem, claim.verdict);
    (seconds, claim)
}

/// Raises the number of samples until they take long enough. What the verifier does once for a theorem is part of it.
fn measure(claim: &str, n: u32, wanted: f64, threads: usize) {
    let theorem = theorem(claim, n);
    let mut samples = 1000;
    loop {
        let (seconds, report) = run(&theorem, samples, threads);
        if seconds >= wanted {
            let (samples, margin) = (report.samples, report.min_margin.unwrap_or(f64::NAN));
            println!(
                r#"{{"claim": "{claim}", "n": {n}, "samples": {samples}, "seconds": {seconds}, "min_margin": {margin:e}}}"#
            );
            return;
        }
        // A little more than what is wanted at the rate so far, and no leap far beyond what was seen.
        let factor = (1.2 * wanted / seconds).clamp(1.3, 20.0);
        samples = (samples as f64 * factor) as u64;
    }
}
