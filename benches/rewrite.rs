//! Original against rewritten, value and gradient, at the shapes that training meets: (d, B) = (128, 1024), (768, 1024)
//! and (2048, 128). `cargo xtask rewrite` runs it, one expression at a time, and writes benches/rewrite.csv.
//!
//! The two forms take turns within one run, and the median of the ratios of neighbouring runs counts: what else the
//! machine does meets both. Without `--bench`, as under `cargo test`, each expression is tried at a small shape.

use std::time::Duration;

use loewner::check::Session;
use loewner::explain::{Explanation, Measuring, Search, explain, search};
use loewner::relate::Given;
use loewner::syntax::{Spelling, print_domain};

/// The allocator of the program.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What is measured: a name, the expression, what its names range over, and what is put for parameters.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [(&'static str, &'static str)]);

const ONE: &[&str] = &["Z: UnitCols[d, B]"];
const TWO: &[&str] = &["Z1, Z2: UnitCols[d, B]"];
const ANY: &[&str] = &["Z1, Z2: Mat[d, B]"];

/// I_2 as it is often programmed, from eigenvalues; the library's definition has products for an order of 2.
const I_2: &str = "log(sum((eigvals(gram(Z1) .* gram(Z2)) / B) .^ 2)) - log(sum((eigvals(gram(Z1)) / B) .^ 2)) \
    - log(sum((eigvals(gram(Z2)) / B) .^ 2))";

const ROWS: &[Row] = &[
    ("TCR", "coding_rate", ONE, &[("mu", "1")]),
    ("rate distortion", "rate_distortion", ONE, &[("eps2", "1/2")]),
    ("H_2 of the Gram matrix", "entropy(gram(Z), 2)", ONE, &[]),
    ("H_2 of the covariance", "entropy(cov(Z), 2)", ONE, &[]),
    ("I_2 of Gram matrices", "mutual_information(gram(Z1), gram(Z2), 2)", TWO, &[]),
    ("H_2 by the spectrum", "-log(sum((eigvals(gram(Z)) / B) .^ 2))", ONE, &[]),
    ("I_2 by the spectra", I_2, TWO, &[]),
    ("H_3 of the Gram matrix", "entropy(gram(Z), 3)", ONE, &[]),
    ("H_1 of the Gram matrix", "entropy(gram(Z), 1)", ONE, &[]),
    ("H_1 of the covariance", "entropy(cov(Z), 1)", ONE, &[]),
    ("U-MAE term", "u_mae_term", ONE, &[]),
    ("M-MAE term", "m_mae_term", ONE, &[]),
    ("M-MAE official term", "-0.01 * logdet(eye(d) + 1 / d * cov(normalize_cols(Z)))", &["Z: Mat[d, B]"], &[]),
    ("spectral contrastive", "spectral_contrastive", TWO, &[]),
    ("Barlow Twins", "barlow_twins", ANY, &[]),
    ("Barlow Twins official", "barlow_twins_official", ANY, &[]),
    ("VICReg", "vicreg", ANY, &[]),
    ("InfoNCE", "info_nce", TWO, &[]),
    ("FroSSL", "frossl", ANY, &[]),
    ("uniformity", "uniformity", ONE, &[]),
    ("alignment", "alignment", TWO, &[]),
    ("EMP-SSL", "emp_ssl", TWO, &[]),
    ("effective rank", "effective_rank", &["A: Mat[d, B]"], &[]),
];

const SHAPES: [(i64, i64); 3] = [(128, 1024), (768, 1024), (2048, 128)];

fn said(mistakes: Vec<loewner::base::Diagnostic>) -> String {
    mistakes.into_iter().map(|mistake| mistake.message).collect::<Vec<_>>().join("; ")
}

/// What rewriting makes of a row, or why nothing. Forms that disagree are no result.
fn measure(row: &Row, (d, batch): (i64, i64), measuring: Measuring) -> Result<Explanation, String> {
    let (_, text, forall, set) = row;
    let given = Given {
        forall: forall.iter().map(|text| (*text).to_owned()).collect(),
        set: set.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
        defaults: true,
        ..Given::default()
    };
    // The effective rank is of an m × n matrix by its own names.
    let sizes = [("d".to_owned(), d), ("B".to_owned(), batch)];
    let outcome = explain(&mut Session::new(), text, &given, &sizes, measuring);
    let explanation = outcome.map_err(said)?;
    match explanation.agrees() {
        true => Ok(explanation),
        false => Err(format!("the two forms disagree by {:?}", explanation.deviation)),
    }
}

/// The sizes at which every definition of the library is searched: a batch of features and its kernel, ten classes.
const SIZES: [(&str, i64); 5] = [("d", 768), ("B", 1024), ("n", 1024), ("m", 768), ("k", 10)];

/// What the search makes of a definition, and how long it took each time, in order of length.
struct Timed {
    search: Search,
    seconds: Vec<f64>,
}

/// How often each definition is searched.
const SEARCHES: usize = 5;

/// What the search makes of each definition of the library that is a number. All definitions take turns, so that a slow moment
/// of the machine meets each of them once at most.
fn searched() -> Vec<(String, Result<Timed, String>)> {
    let mut rounds = (0..SEARCHES).map(|_| searched_once());
    let timed = |search: Search| Timed { seconds: vec![search.seconds], search };
    let mut found: Vec<_> = rounds.next().into_iter().flatten().map(|(name, one)| (name, one.map(timed))).collect();
    for round in rounds {
        for ((_, all), (_, one)) in found.iter_mut().zip(round) {
            if let (Ok(all), Ok(one)) = (all, one) {
                all.seconds.push(one.seconds);
                all.seconds.sort_by(f64::total_cmp);
            }
        }
    }
    found
}

fn searched_once() -> Vec<(String, Result<Search, String>)> {
    let mut session = Session::new();
    let definitions: Vec<_> = session.library().cloned().collect();
    let mut found = Vec::new();
    for definition in definitions {
        let def = &definition.def;
        let domains: Vec<_> = def.params.iter().filter_map(|param| param.domain.as_ref()).collect();
        // What takes a function is no expression in matrices.
        if domains.len() < def.params.len() {
            continue;
        }
        let domains: Vec<String> = domains.iter().map(|domain| print_domain(domain, Spelling::Ascii)).collect();
        let mentions =
            |name: &str| domains.iter().any(|text| text.split(|c: char| !c.is_alphanumeric()).any(|word| word == name));
        let sizes: Vec<(String, i64)> =
            SIZES.iter().filter(|(name, _)| mentions(name)).map(|(name, n)| ((*name).to_owned(), *n)).collect();
        let given = Given { defaults: true, ..Given::default() };
        let name = def.name.name.clone();
        let outcome = search(&mut session, &name, &given, &sizes).map_err(said);
        found.push((name, outcome));
    }
    found
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let value = |name: &str| arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1));
    if !arguments.iter().any(|argument| argument == "--bench") {
        let quick = Measuring { rounds: 1, least: Duration::ZERO };
        let why = |row: &Row| measure(row, (6, 5), quick).err().map(|why| format!("{}: {why}", row.0));
        let failed: Vec<String> = ROWS.iter().filter_map(why).collect();
        assert!(failed.is_empty(), "{} of {} expressions:\n{}", failed.len(), ROWS.len(), failed.join("\n"));
        println!("all {} expressions agree with what rewriting makes of them", ROWS.len());
        return;
    }
    if arguments.iter().any(|argument| argument == "--search") {
        println!("definition,sizes,search_s,slowest_s,terms,ended,modelled_before_s,modelled_after_s,after");
        for (name, outcome) in searched() {
            match outcome {
                Ok(Timed { search: found, seconds }) => {
                    let sizes: Vec<String> = found.sizes.iter().map(|(name, n)| format!("{name}={n}")).collect();
                    println!(
                        "{name},{},{:.4},{:.4},{},{:?},{:.3e},{:.3e},{}",
                        sizes.join(" "),
                        seconds[seconds.len() / 2],
                        seconds[seconds.len() - 1],
                        found.terms,
                        found.ended,
                        found.before.value.seconds,
                        found.after.value.seconds,
                        if found.unproved {
                            "unproved".to_owned()
                        } else {
                            found.after.text.replace(',', ";").replace('\n', " ")
                        }
                    );
                }
                Err(why) => eprintln!("{name} is left out: {why}"),
            }
        }
        return;
    }
    let seconds = value("--seconds").and_then(|text| text.parse().ok()).unwrap_or(1.0);
    let measuring = Measuring { rounds: 5, least: Duration::from_secs_f64(seconds) };
    println!(
        "expression,d,B,value_before_s,value_after_s,value_ratio,gradient_before_s,gradient_after_s,gradient_ratio,\
         flops_before,flops_after,search_s,deviation,rules"
    );
    for row in ROWS.iter().filter(|row| value("--only").is_none_or(|only| row.0 == only)) {
        for shape in SHAPES {
            let found = match measure(row, shape, measuring) {
                Ok(found) => found,
                Err(why) => {
                    eprintln!("{} at {shape:?} is left out: {why}", row.0);
                    continue;
                }
            };
            let gradient = found.gradient.unwrap_or_default();
            let mut rules: Vec<&str> = found.steps.iter().map(|(rule, _)| rule.as_str()).collect();
            rules.dedup();
            println!(
                "{},{},{},{:.3e},{:.3e},{:.3},{:.3e},{:.3e},{:.3},{:.3e},{:.3e},{:.3},{:.1e},{}",
                row.0,
                shape.0,
                shape.1,
                found.value.before,
                found.value.after,
                found.value.ratio,
                gradient.before,
                gradient.after,
                gradient.ratio,
                found.before.value.flops,
                found.after.value.flops,
                found.search,
                found.deviation.0.max(found.deviation.1.unwrap_or(0.0)),
                rules.join("; ").replace(',', " ")
            );
        }
    }
}
