//! The table of relations between losses: what code bases compute against what the paper prints, src/library/RELATIONS.md.

use crate::json::Json;
use crate::step::{Failure, Step, root};

const TABLE: &str = "src/library/RELATIONS.md";

const HEAD: &str = "\
# How the losses of code bases are related to the paper's

Written by `cargo xtask relations`, which asks `loewner relate FIRST SECOND` for each line. 'Tan' is Tan et al., 'Information Flow in
Self-Supervised Learning', ICML 2024. A relation holds wherever both losses are defined, for real parameters in (0, 10]
and sizes up to 8, and with what the second column puts for parameters; `UnitCols` are columns of norm 1. The last column
says what it rests on: *unfolding*, both are one expression; *proof*, by the rules of the rewriter; *samples*, thousands of
random and adversarial inputs, and no proof. *Different* has a counterexample, which the command shows. 'Near' and 'as' say
where two different losses agree to second order: the second is the factor times the first, and a constant. 'Only what it
weighs': a weight that both losses share grows, and what remains of them are the terms that it weighs.
";

/// What is compared: a heading, A, B, what the names range over, and what is put for parameters.
struct Row {
    group: &'static str,
    a: &'static str,
    b: &'static str,
    forall: &'static [&'static str],
    set: &'static [&'static str],
}

const fn row(
    group: &'static str,
    a: &'static str,
    b: &'static str,
    forall: &'static [&'static str],
    set: &'static [&'static str],
) -> Row {
    Row { group, a, b, forall, set }
}

const Z: &[&str] = &["Z: UnitCols[d, B]"];
const TWO: &[&str] = &["Z1, Z2: UnitCols[d, B]"];
const RATE: &str = "M-MAE (Tan, eq. 11)";
const U_MAE: &str = "U-MAE";
const SPECTRAL: &str = "Spectral contrastive (Tan, eq. 2)";
const BARLOW: &str = "Barlow Twins (Tan, eq. 3)";
const VICREG: &str = "VICReg";
const CODING: &str = "Coding rates";
const RANK: &str = "Effective ranks (Tan, 5.1)";
const OTHER: &str = "Others";

const ROWS: &[Row] = &[
    row(RATE, "m_mae", "m_mae_official", Z, &["mu=d / m"]),
    row(RATE, "m_mae", "m_mae_official", Z, &["m=1", "mu=1"]),
    row(RATE, "m_mae_term", "-lambda * coding_rate(Z', mu)", Z, &[]),
    row(RATE, "m_mae_term", "u_mae_term", Z, &[]),
    row(RATE, "m_mae_term", "-lambda * entropy(gram(Z), 2)", Z, &[]),
    row(U_MAE, "u_mae_term", "gamma * mean(abs2(gram(normalize_cols(Z))))", Z, &[]),
    row(U_MAE, "u_mae(pred, target, mask, Z, gamma / B ^ 2)", "u_mae_official", Z, &[]),
    row(U_MAE, "u_mae_term", "spectral_contrastive(Z, Z, gamma)", Z, &[]),
    row(SPECTRAL, "spectral_contrastive", "spectral_contrastive_official", TWO, &["mu=1", "lambda=1 / (B - 1)"]),
    row(SPECTRAL, "spectral_contrastive", "spectral_contrastive_official", TWO, &["mu=1"]),
    row(SPECTRAL, "spectral_contrastive", "-2 * sum(Z1 .* Z2) + lambda * offdiag_energy(Z1' * Z2)", TWO, &[]),
    row(BARLOW, "barlow_twins_official", "barlow_twins_solo_learn", &[], &[]),
    row(BARLOW, "barlow_twins", "barlow_twins_official", &[], &[]),
    row(
        BARLOW,
        "barlow_twins(center_rows(Z1), center_rows(Z2), lambda)",
        "barlow_penalty(standardize_rows(Z1) * standardize_rows(Z2)' / B, lambda)",
        &["Z1, Z2: Mat[d, B]", "lambda in (0, 10]"],
        &[],
    ),
    row(
        VICREG,
        "vicreg",
        "vicreg_official",
        &[],
        &["lambda=sim_coeff / d", "mu=std_coeff / 2", "nu=cov_coeff", "gamma=1", "eps=1e-4"],
    ),
    row(
        VICREG,
        "vicreg",
        "vicreg_solo_learn",
        &[],
        &["lambda=sim_coeff / d", "mu=std_coeff", "nu=cov_coeff", "gamma=1", "eps=1e-4"],
    ),
    row(VICREG, "vicreg_official", "vicreg_solo_learn", &[], &[]),
    row(VICREG, "vicreg_official", "vicreg_solo_learn(Z1, Z2, sim_coeff, std_coeff / 2, cov_coeff)", &[], &[]),
    row(CODING, "coding_rate", "rate_distortion", &[], &["mu=B * eps2 / d"]),
    row(CODING, "coding_rate", "scaled_rate(Z, gamma)", &["gamma in (0, 10]"], &["mu=1 / gamma"]),
    row(CODING, "mcr2", "mcr2_official", &[], &["gam1=1", "gam2=1", "eps=eps2"]),
    row(CODING, "emp_ssl", "emp_ssl_official", &[], &[]),
    row(CODING, "emp_ssl(Z1, Z2, lambda, sqrt(eps))", "emp_ssl_official", &[], &[]),
    row(CODING, "emp_ssl_official", "emp_ssl_lightly", &[], &[]),
    row(RANK, "effective_rank(Z)", "effective_rank_cov(Z)", &["Z: Mat[d, B]"], &[]),
    row(RANK, "effective_rank(Z)", "rank_me(Z, 0)", &["Z: Mat[d, B]"], &[]),
    row(RANK, "effective_rank(Z)", "rank_me(Z, 1e-5)", &["Z: Mat[d, B]"], &[]),
    row(RANK, "effective_rank(K)", "exp(von_neumann(K))", &["K: Corr[n]"], &[]),
    row(RANK, "effective_rank(cov(Z))", "effective_rank_cov(Z)", &["Z: Mat[d, B]"], &[]),
    row(OTHER, "simclr", "simclr_official", &[], &[]),
    row(OTHER, "simclr", "simclr_solo_learn", &[], &[]),
    row(OTHER, "info_nce", "simclr", TWO, &[]),
    row(OTHER, "frossl", "frossl_official", &[], &[]),
    row(OTHER, "byol", "negative_cosine", &[], &[]),
    row(OTHER, "byol", "alignment(P, Z)", &["P, Z: UnitCols[d, B]"], &[]),
    row(OTHER, "joint_entropy(K1, K2, 2)", "log(frobenius2(K1 .* K2))", &["K1, K2: Corr[n]"], &[]),
    row(OTHER, "von_neumann", "kl(K, eye(n))", &["K: Corr[n]"], &[]),
    row(OTHER, "mae", "mae_sum", &[], &["mask=ones(N)"]),
];

/// Asks for every relation and writes the table.
pub fn run() -> Result<(), Failure> {
    Step::cargo(["build", "--quiet", "--release", "--locked", "--bin", "loewner"]).run()?;
    let mut text = HEAD.to_owned();
    let mut group = "";
    for row in ROWS {
        if row.group != group {
            group = row.group;
            text += &format!(
                "\n## {group}\n\n| first | second | where | relation | rests on |\n| --- | --- | --- | --- | --- |\n"
            );
        }
        let line = ask(row)?;
        println!("{line}");
        text += &format!("{line}\n");
    }
    std::fs::write(root()?.join(TABLE), text).map_err(|error| Failure::new(format!("{TABLE}: {error}")))?;
    println!("written to {TABLE}");
    Ok(())
}

fn ask(row: &Row) -> Result<String, Failure> {
    let mut arguments =
        vec!["run", "--quiet", "--release", "--locked", "--bin", "loewner", "--", "relate", row.a, row.b];
    arguments.push("--json");
    row.forall.iter().for_each(|text| arguments.extend(["--forall", text]));
    row.set.iter().for_each(|text| arguments.extend(["--set", text]));
    // Different losses end with 1, and what is only measured with 3: both are answers.
    let output = Step::cargo(arguments).answer(&[0, 1, 3])?;
    let json =
        Json::parse(output.trim()).ok_or_else(|| Failure::new(format!("no JSON for {} and {}", row.a, row.b)))?;
    Ok(line(row, &json))
}

fn line(row: &Row, json: &Json) -> String {
    let code = |text: &str| format!("`{}`", text.replace('|', "\\|"));
    let given: Vec<String> = row.forall.iter().chain(row.set).map(|text| code(text)).collect();
    let mut relation = relation(json);
    let mut rests = rests_on(json);
    if let Some(narrow) = json.get("unit_columns").filter(|narrow| narrow.get("relation").is_some()) {
        relation += &format!("; on columns of norm 1: {}", self::relation(narrow));
        rests = [rests, rests_on(narrow)].join(" ").trim().to_owned();
    }
    format!("| {} | {} | {} | {relation} | {rests} |", code(row.a), code(row.b), given.join(", "))
}

fn text<'a>(json: &'a Json, name: &str) -> &'a str {
    json.get(name).and_then(Json::text).unwrap_or("")
}

fn relation(json: &Json) -> String {
    let mut said = match text(json, "relation") {
        "equal" => "second = first".to_owned(),
        "affine" => {
            let (slope, offset) = (text(json, "slope"), text(json, "offset"));
            let slope = if slope == "1" { "first".to_owned() } else { format!("({slope}) * first") };
            match offset.strip_prefix('-') {
                _ if offset == "0" => format!("second = `{slope}`"),
                Some(rest) => format!("second = `{slope} - {rest}`"),
                None => format!("second = `{slope} + {offset}`"),
            }
        }
        "measured" => "measured, not checked: second = a * first + b, a and b not recognised".to_owned(),
        other => other.to_owned(),
    };
    for local in json.get("second_order").map_or(&[][..], Json::items) {
        let near = if text(local, "limit") == "true" { "as" } else { "near" };
        let factor = match text(local, "factor") {
            "null" => "a factor".to_owned(),
            factor => format!("`{factor}`"),
        };
        let weight = if text(local, "weight") == "true" { " (only what it weighs)" } else { "" };
        said += &format!("; {near} {}{weight}: {factor}", text(local, "at"));
    }
    said
}

fn rests_on(json: &Json) -> String {
    let lemmas: Vec<&str> = json.get("lemmas").map_or(&[][..], Json::items).iter().filter_map(Json::text).collect();
    match (text(json, "rests_on"), lemmas.is_empty()) {
        ("null", _) => String::new(),
        ("proof", false) => format!("proof: {}", lemmas.join(", ")),
        ("samples", _) => format!("{} samples", text(json, "samples")),
        (other, _) => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_lines() {
        let row = row("", "a", "b", &["Z: Mat[d, B]"], &["mu=1"]);
        let json = r#"{"relation": "affine", "slope": "1", "offset": "lambda", "rests_on": "samples", "lemmas": [],
            "samples": 4000, "second_order": [], "unit_columns": null}"#;
        let expected = "| `a` | `b` | `Z: Mat[d, B]`, `mu=1` | second = `first + lambda` | 4000 samples |";
        assert_eq!(line(&row, &Json::parse(json).unwrap()), expected);
        let json = r#"{"relation": "different", "slope": null, "offset": null, "rests_on": null, "lemmas": [],
            "second_order": [{"at": "mu -> inf", "limit": true, "weight": true, "factor": null}], "unit_columns": null}"#;
        let expected =
            "| `a` | `b` | `Z: Mat[d, B]`, `mu=1` | different; as mu -> inf (only what it weighs): a factor |  |";
        assert_eq!(line(&row, &Json::parse(json).unwrap()), expected);
    }
}
