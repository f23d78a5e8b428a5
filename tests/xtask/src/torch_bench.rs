//! The benchmark of losses on torch against PyTorch: benches/torch.csv, and the table benches/TORCH.md.
//!
//! Two programs are alive at once and take turns, a few tenths of a second each, so that what else the machine does is spread
//! over both; each keeps the inputs that the same seed gives.

use crate::bench::machine;
use crate::json::Json;
use crate::measure::median;
use crate::server::{Server, number};
use crate::step::{Failure, Step, root};
use crate::torch;

const CSV: &str = "benches/torch.csv";
const TABLE: &str = "benches/TORCH.md";

const LOSSES: [&str; 11] =
    ["tcr", "u_mae", "h_1", "h_2", "i_1", "i_2", "spectral_contrastive", "barlow_twins", "info_nce", "vicreg", "m_mae"];

/// (d, B)
const SHAPES: [(u32, u32); 3] = [(768, 1024), (1024, 256), (128, 1024)];

/// How often the two take turns at each loss and shape, and for how many seconds each time.
const TURNS: usize = 3;
const SECONDS: f64 = 0.2;

/// Values and norms of gradients in single precision agree to this.
const AGREEMENT: f64 = 2e-3;

const HEAD: &str = "\
# Losses on torch against PyTorch

Written by `cargo xtask torch-bench`. Value and gradient in single precision on two threads, against what a researcher writes
(`benches/torch/peers.py`), eager and under `torch.compile`: medians of runs in turn. Ratios are PyTorch's time over ours,
above 1 where ours is faster. Memory is how far the resident memory rises over a step, in MB, where freed memory goes back to
the system at once. 'First' is the first step of a shape, with the search for the cheapest form.

| loss | d × B | ours | eager | faster | compiled | faster | memory: ours | eager | first |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
";

/// Asks for a loss at a shape.
fn ask(server: &mut Server, loss: &str, (d, b): (u32, u32), rest: &str) -> Result<Json, Failure> {
    server.ask(&format!("{{\"loss\": \"{loss}\", \"d\": {d}, \"B\": {b}, {rest}}}"))
}

/// Whether two answers are of the same function, by value and by the norms of gradients.
fn agree(ours: &Json, theirs: &Json) -> bool {
    let close = |x: f64, y: f64| (x - y).abs() <= AGREEMENT * x.abs().max(y.abs());
    let gradients = ["Z", "Z1", "Z2", "pred"].iter().all(|name| {
        let of = |answer: &Json| answer.get("gradients").map(|norms| number(norms, name));
        match (of(ours), of(theirs)) {
            (Some(x), Some(y)) if x.is_nan() && y.is_nan() => true,
            (Some(x), Some(y)) => close(x, y),
            _ => false,
        }
    });
    gradients && close(number(ours, "value"), number(theirs, "value"))
}

/// One loss at one shape.
struct Row {
    loss: &'static str,
    shape: (u32, u32),
    ours: f64,
    eager: f64,
    compiled: f64,
    first: f64,
    memory: (f64, f64),
}

/// Measures, and writes both files.
pub fn run(options: &[String]) -> Result<(), Failure> {
    let (only, eager) = match options {
        [] => (None, false),
        [option] if option == "--eager" => (None, true),
        [option, name] if option == "--only" => (Some(name.as_str()), false),
        _ => return Err(Failure::usage("`torch-bench` has the options --eager and --only LOSS")),
    };
    let modes: &[(usize, &str)] = if eager { &[(1, "eager")] } else { &[(1, "eager"), (2, "compile")] };
    println!("{}", torch::ready()?);
    Step::cargo(["bench", "--features", "torch", "--bench", "torch", "--no-run", "--locked"]).run()?;
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".into());
    let bench = ["bench", "--quiet", "--features", "torch", "--bench", "torch", "--locked"];
    let python = torch::python()?;
    let peers = ["benches/torch/peers.py", "--serve"];
    let mut ours = Server::start(&cargo, &bench, false)?;
    let mut theirs = Server::start(&python, &peers, false)?;
    let losses = LOSSES.into_iter().filter(|loss| only.is_none_or(|only| only == *loss));
    let cells: Vec<(&str, (u32, u32))> = losses.flat_map(|loss| SHAPES.map(|shape| (loss, shape))).collect();
    let mut rows = Vec::new();
    for (loss, shape) in &cells {
        let mut times = [Vec::new(), Vec::new(), Vec::new()];
        let mut first = f64::NAN;
        for turn in 0..TURNS {
            let mine = ask(&mut ours, loss, *shape, &format!("\"seconds\": {SECONDS}"))?;
            times[0].push(number(&mine, "seconds"));
            first = number(&mine, "first");
            for (at, mode) in modes {
                let peer = ask(&mut theirs, loss, *shape, &format!("\"seconds\": {SECONDS}, \"mode\": \"{mode}\""))?;
                times[*at].push(number(&peer, "seconds"));
                if turn == 0 && !agree(&mine, &peer) {
                    return Err(Failure::new(format!("{loss} at {shape:?}: the values differ: {mine:?}, {peer:?}")));
                }
            }
        }
        let [ours, eager, compiled] = times.map(|times| if times.is_empty() { f64::NAN } else { median(&times) });
        let memory = (f64::NAN, f64::NAN);
        let row = Row { loss, shape: *shape, ours, eager, compiled, first, memory };
        print!("{}", line(&row));
        rows.push(row);
    }
    drop((ours, theirs));
    if !eager {
        memory(&mut rows, &cargo, &bench, &python)?;
    }
    let table = table(&rows);
    println!("\n{table}");
    if only.is_some() {
        return Ok(());
    }
    let written = |path: &str, text: String| {
        std::fs::write(root()?.join(path), text).map_err(|error| Failure::new(format!("{path}: {error}")))
    };
    written(TABLE, table)?;
    written(CSV, format!("# {}; written by cargo xtask torch-bench\n{}", machine(), csv(&rows)))?;
    println!("written to {CSV} and {TABLE}");
    Ok(())
}

/// The rise of resident memory, ours and eager PyTorch's, each in a process of its own: what others leave behind hides a rise.
fn memory(rows: &mut [Row], cargo: &str, bench: &[&str], python: &str) -> Result<(), Failure> {
    for row in rows.iter_mut() {
        let mut ours = Server::start(cargo, bench, true)?;
        row.memory.0 = number(&ask(&mut ours, row.loss, row.shape, "\"memory\": true")?, "peak");
        let (d, b) = (row.shape.0.to_string(), row.shape.1.to_string());
        let script = ["benches/torch/peers.py", "--memory", "--mode", "eager", "--loss", row.loss, "--shape", &d, &b];
        let output = Step::new(python, script).output()?;
        let answer = output.lines().next().and_then(Json::parse);
        row.memory.1 = answer.map_or(f64::NAN, |answer| number(&answer, "peak"));
    }
    Ok(())
}

fn line(row: &Row) -> String {
    let ms = |seconds: f64| if seconds.is_nan() { "–".to_owned() } else { format!("{:.2} ms", seconds * 1e3) };
    let ratio = |ratio: f64| if ratio.is_nan() { "–".to_owned() } else { format!("{ratio:.2}") };
    let mb = |bytes: f64| if bytes.is_nan() { "–".to_owned() } else { format!("{:.1}", bytes / 1e6) };
    format!(
        "| {} | {} × {} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        row.loss,
        row.shape.0,
        row.shape.1,
        ms(row.ours),
        ms(row.eager),
        ratio(row.eager / row.ours),
        ms(row.compiled),
        ratio(row.compiled / row.ours),
        mb(row.memory.0),
        mb(row.memory.1),
        ms(row.first),
    )
}

fn geometric_mean(ratios: impl Iterator<Item = f64>) -> f64 {
    let logs: Vec<f64> = ratios.map(f64::ln).collect();
    (logs.iter().sum::<f64>() / logs.len() as f64).exp()
}

fn table(rows: &[Row]) -> String {
    let mut text = HEAD.to_owned();
    rows.iter().for_each(|row| text += &line(row));
    let eager = geometric_mean(rows.iter().map(|row| row.eager / row.ours));
    let compiled = geometric_mean(rows.iter().map(|row| row.compiled / row.ours));
    let against = |name: &str, mean: f64, least: f64| {
        if mean.is_nan() {
            String::new()
        } else {
            format!("Against {name}: geometric mean {mean:.2}, least {least:.2}.\n")
        }
    };
    let least = |ratio: fn(&Row) -> f64| rows.iter().map(ratio).fold(f64::INFINITY, f64::min);
    text += "\n";
    text += &against("eager", eager, least(|row| row.eager / row.ours));
    text += &against("compiled", compiled, least(|row| row.compiled / row.ours));
    text
}

fn csv(rows: &[Row]) -> String {
    let mut text = "loss,d,B,ours,eager,compiled,first,peak_ours,peak_eager\n".to_owned();
    for row in rows {
        let (d, b) = row.shape;
        let (mine, theirs) = row.memory;
        text += &format!(
            "{},{d},{b},{:e},{:e},{:e},{:e},{mine},{theirs}\n",
            row.loss, row.ours, row.eager, row.compiled, row.first
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_differ_are_noticed() {
        let answer = |value: f64, norm: f64| {
            Json::parse(&format!("{{\"value\": {value}, \"gradients\": {{\"Z\": {norm}}}}}")).unwrap()
        };
        assert!(agree(&answer(1.0, 2.0), &answer(1.0001, 2.0)));
        assert!(!agree(&answer(1.0, 2.0), &answer(1.1, 2.0)));
        assert!(!agree(&answer(1.0, 2.0), &answer(1.0, 2.1)));
        assert!(!agree(&answer(1.0, 0.002), &answer(1.0, 0.003)));
    }

    #[test]
    fn the_table_has_the_geometric_mean() {
        let row = |ours: f64| Row {
            loss: "tcr",
            shape: (2, 3),
            ours,
            eager: 4.0,
            compiled: 4.0,
            first: 1.0,
            memory: (1e6, 2e6),
        };
        let table = table(&[row(1.0), row(4.0)]);
        assert!(table.contains("Against compiled: geometric mean 2.00, least 1.00."), "{table}");
    }
}
