//! The benchmark of a step of pre-training against eager PyTorch: benches/train.csv, and the table benches/TRAIN.md.

use crate::bench::machine;
use crate::measure::median;
use crate::server::{Server, number};
use crate::step::{Failure, Step, root};
use crate::torch;

const CSV: &str = "benches/train.csv";
const TABLE: &str = "benches/TRAIN.md";

/// Images in a batch.
const BATCH: f64 = 256.0;

/// Values and norms of gradients in single precision, on the same weights, agree to this.
const AGREEMENT: f64 = 1e-4;

/// Whose step, its name, and what the table calls it.
const STEPS: [(usize, &str, &str); 6] = [
    (0, "mae", "ours"),
    (0, "mae_hidden", "ours, hidden patches alone"),
    (1, "mae", "eager PyTorch"),
    (0, "m_mae", "ours with the regulariser"),
    (0, "m_mae_hidden", "ours with the regulariser, hidden patches alone"),
    (1, "m_mae", "eager PyTorch with the regulariser"),
];

const HEAD: &str = "\
# Pre-training a masked autoencoder, against PyTorch

Written by `cargo xtask train-bench`. One step: mask, forward, loss, backward, AdamW, for a batch of 256 grey images
of 28 × 28 in patches of 4 × 4, of which three quarters are hidden; ViT-Tiny (width 192, 12 blocks, 3 heads) with a
decoder of width 96, 2 blocks and 3 heads; single precision on two threads. PyTorch's is what a researcher writes
(`benches/train/peers.py`). The two programs start from the same weights, agree on the value and on the norm of the
gradient, and take turns, a step each time: medians. The ratio is the median, over the turns, of eager PyTorch's step
without the regulariser over the step of the row.

| step | seconds | images a second | eager over this |
| --- | ---: | ---: | ---: |
";

/// Measures, and writes both files.
pub fn run(options: &[String]) -> Result<(), Failure> {
    let turns = match options {
        [] => 15,
        [option, turns] if option == "--turns" => {
            let wrong = || Failure::usage(format!("`{turns}` is no number of turns"));
            turns.parse().ok().filter(|turns: &usize| *turns > 0).ok_or_else(wrong)?
        }
        _ => return Err(Failure::usage("`train-bench` has the option --turns N")),
    };
    println!("{}", torch::ready()?);
    Step::cargo(["bench", "--features", "torch", "--bench", "train", "--no-run", "--locked"]).run()?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let bench = ["bench", "--quiet", "--features", "torch", "--bench", "train", "--locked"];
    let ours = Server::start(&cargo, &bench, false)?;
    let theirs = Server::start(&torch::python()?, &["benches/train/peers.py", "--serve"], false)?;
    let mut servers = [ours, theirs];
    same(&mut servers)?;
    // The first steps look for the cheapest form of the loss, and take memory from the system.
    let mut times: Vec<Vec<f64>> = vec![Vec::new(); STEPS.len()];
    for turn in 0..=turns {
        for at in 0..STEPS.len() {
            // Who goes first changes from turn to turn.
            let at = if turn % 2 == 0 { at } else { STEPS.len() - 1 - at };
            let (whose, name, _) = STEPS[at];
            let answer = servers[whose].ask(&format!("{{\"loss\": \"{name}\", \"steps\": 1}}"))?;
            let seconds = answer.get("seconds").and_then(|list| list.items().first()?.number());
            let seconds = seconds.ok_or_else(|| Failure::new(format!("no time of {name}: {answer:?}")))?;
            if turn > 0 {
                times[at].push(seconds);
            }
        }
    }
    drop(servers);
    let table = table(&times);
    println!("\n{table}");
    let written = |path: &str, text: String| {
        std::fs::write(root()?.join(path), text).map_err(|error| Failure::new(format!("{path}: {error}")))
    };
    written(TABLE, table)?;
    written(CSV, format!("# {}; written by cargo xtask train-bench\n{}", machine(), csv(&times)))?;
    println!("written to {CSV} and {TABLE}");
    Ok(())
}

/// Both compute the same of the same weights, images and masks.
fn same(servers: &mut [Server; 2]) -> Result<(), Failure> {
    let file = root()?.join("target/train-bench.npz");
    let question = format!("{{\"check\": \"{}\"}}", file.display().to_string().replace('\\', "/"));
    let [ours, theirs] = servers;
    let (ours, theirs) = (ours.ask(&question)?, theirs.ask(&question)?);
    let removed = std::fs::remove_file(&file);
    for loss in ["mae", "m_mae"] {
        for of in ["", "_gradient"] {
            let expected = number(&theirs, &format!("{loss}{of}"));
            for rows in ["", "_hidden"] {
                let found = number(&ours, &format!("{loss}{rows}{of}"));
                // A number that is missing is NaN, and agrees with nothing.
                let agree = (found - expected).abs() <= AGREEMENT * expected.abs();
                if !agree {
                    return Err(Failure::new(format!("{loss}{rows}{of}: {found} of ours, {expected} of PyTorch's")));
                }
            }
        }
    }
    removed.map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}

/// The median over the turns of a function of the times of two steps.
fn paired(times: &[Vec<f64>], [one, other]: [usize; 2], of: impl Fn(f64, f64) -> f64) -> f64 {
    let pairs: Vec<f64> = times[one].iter().zip(&times[other]).map(|(x, y)| of(*x, *y)).collect();
    median(&pairs)
}

fn table(times: &[Vec<f64>]) -> String {
    let mut text = HEAD.to_owned();
    for (at, (.., title)) in STEPS.iter().enumerate() {
        let seconds = median(&times[at]);
        let ratio = paired(times, [2, at], |eager, ours| eager / ours);
        text += &format!("| {title} | {seconds:.3} | {:.0} | {ratio:.2} |\n", BATCH / seconds);
    }
    let share = |plain: usize, with: usize| 100.0 * paired(times, [plain, with], |plain, with| 1.0 - plain / with);
    text += &format!(
        "\nThe regulariser's share of the step of M-MAE (Z: class tokens of norm 1, 192 × 256), the median over the turns: \
         {:.1} % of ours,\n{:.1} % where the hidden patches alone are predicted, {:.1} % of eager PyTorch's.\n",
        share(0, 3),
        share(1, 4),
        share(2, 5)
    );
    text
}

fn csv(times: &[Vec<f64>]) -> String {
    let mut text = "program,step,turn,seconds\n".to_owned();
    for ((whose, name, _), times) in STEPS.iter().zip(times) {
        let program = if *whose == 0 { "loewner" } else { "pytorch" };
        times.iter().enumerate().for_each(|(turn, seconds)| text += &format!("{program},{name},{turn},{seconds:e}\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_those_of_the_same_turn() {
        // The machine was twice as slow in the second turn, for all.
        let times: Vec<Vec<f64>> = [1.0, 0.5, 2.0, 1.25, 0.625, 4.0].iter().map(|x| vec![*x, 2.0 * x, *x]).collect();
        let table = table(&times);
        assert!(table.contains("| ours | 1.000 | 256 | 2.00 |"), "{table}");
        assert!(table.contains("| eager PyTorch | 2.000 | 128 | 1.00 |"), "{table}");
        assert!(table.contains("20.0 % of ours") && table.contains("50.0 % of eager"), "{table}");
    }
}
