//! The table that a person reads: grouped by file and theorem, surprises marked, evidence beside each verdict.

use comfy_table::{Cell, CellAlignment, ColumnConstraint, ContentArrangement, Table, Width, presets};

use super::json::expected_name;
use super::number::{count, digits17, short};
use super::witness::{claim_name, supremum_lines, witness_lines, witness_text};
use super::{Ink, Style};
use crate::check::Expected;
use crate::verify::{ClaimReport, ComparisonProof, RefusedProof, Report, Supremum, Verdict};

/// The whole report: a table for each file, what there is to say under it, and a summary line.
pub fn report_text(report: &Report, style: Style) -> String {
    let mut text = String::new();
    for group in report.claims.chunk_by(|a, b| a.file == b.file) {
        text += &style.paint(Ink::Heading, &group[0].file);
        text += "\n\n";
        text += &with_theorems(&table(group, style.width), group, style);
        text.push('\n');
        let remarks: String = group.iter().map(|claim| remarks(claim, style)).collect();
        if !remarks.is_empty() {
            text += &remarks;
            text.push('\n');
        }
    }
    text += &summary(report, style);
    text.push('\n');
    text
}

/// A row for each claim, columns aligned over the whole file.
fn table(claims: &[ClaimReport], width: u16) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic).set_width(width.max(72));
    table.set_header(["  ", "claim", "verdict", "samples", "least margin", "violations", "least at"]);
    for claim in claims {
        let refuted = claim.witness().is_some();
        let bound = claim.violation_bound.filter(|_| !refuted);
        table.add_row([
            Cell::new(if claim.as_expected() { " ✓" } else { " ✗" }),
            Cell::new(&claim.claim),
            Cell::new(verdict_cell(claim)),
            Cell::new(count(claim.samples)).set_alignment(CellAlignment::Right),
            Cell::new(claim.min_margin.map_or("-".to_owned(), short)).set_alignment(CellAlignment::Right),
            Cell::new(bound.map_or(String::new(), |bound| format!("< {}", short(bound.probability)))),
            Cell::new(claim.min_margin_at.as_deref().unwrap_or("")),
        ]);
    }
    for (column, widest) in [(1, 26), (2, 24)] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::UpperBoundary(Width::Fixed(widest)));
        }
    }
    for column in [0, 3, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table.to_string()
}

/// The table with each theorem's name on a line of its own above its claims, and in colours: both after the layout, so
/// that no name and no escape code can disturb the columns' widths.
fn with_theorems(table: &str, claims: &[ClaimReport], style: Style) -> String {
    let mut text = String::new();
    let mut rows = claims.iter();
    let mut theorem = None;
    for (i, line) in table.lines().enumerate() {
        let line = line.trim_end();
        let start = line.trim_start();
        if i == 0 {
            text += &style.paint(Ink::Faint, line);
        } else if start.starts_with(['✓', '✗'])
            && let Some(claim) = rows.next()
        {
            if theorem != Some(&claim.theorem) {
                text += &format!("  {}\n", style.paint(Ink::Heading, &claim.theorem));
                theorem = Some(&claim.theorem);
            }
            text += &match claim.as_expected() {
                true => line.replacen('✓', &style.paint(Ink::Good, "✓"), 1),
                false => style.paint(Ink::Bad, line),
            };
        } else {
            text += line;
        }
        text.push('\n');
    }
    text
}

/// The verdict, and beside it what the file's author expects where that is not what came out.
fn verdict_cell(claim: &ClaimReport) -> String {
    let name = claim.verdict.name();
    match (claim.verdict_as_expected(), claim.expected) {
        (true, _) if claim.refused.is_some() => format!("{name}, proof refused"),
        (true, Expected::Holds) => name.to_owned(),
        (true, Expected::Refuted | Expected::Vacuous) => format!("{name}, as expected"),
        (false, expected) => format!("{name}, not {}", expected_name(expected)),
    }
}

/// What a row has no room for: the witness, the reason, the notes.
fn remarks(claim: &ClaimReport, style: Style) -> String {
    let about = format!("{}, {}", claim.theorem, claim_name(&claim.claim));
    let mut text = match &claim.verdict {
        Verdict::Proved { lemmas } if !lemmas.is_empty() => format!("  {about} rests on {}\n", lemmas.join(", ")),
        Verdict::Proved { .. } | Verdict::Holds => String::new(),
        Verdict::Refuted(witness) => witness_text(claim, witness),
        Verdict::Vacuous { best_residual: Some(residual) } => {
            format!("  {about}: no input met the hypotheses; the nearest missed by {}\n", short(*residual))
        }
        Verdict::Vacuous { best_residual: None } => format!("  {about}: no input met the hypotheses\n"),
        Verdict::Inconclusive { reason } => format!("  {about} is undecided: {reason}\n"),
    };
    if let Some(ComparisonProof { lemmas, clause }) = &claim.comparison {
        let rests = if lemmas.is_empty() { String::new() } else { format!(", resting on {}", lemmas.join(", ")) };
        let rest = match claim.verdict {
            Verdict::Refuted(_) => "fails",
            Verdict::Proved { .. } | Verdict::Holds | Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } => {
                "is not, and rests on samples"
            }
        };
        text += &format!("  {about}: the inequality is proved{rests}; `{clause}` {rest}\n");
    }
    if let Some(refused) = &claim.refused {
        text += &refused_text(&about, refused);
    }
    if let Some(supremum) = &claim.supremum {
        text += &format!("  {about}: {}\n{}", supremum_text(supremum), supremum_lines(supremum));
    }
    if !claim.notes.is_empty() {
        let notes = claim.notes.join("; ");
        // Under a witness the notes need no name before them.
        let line = if text.is_empty() { format!("  {about}: {notes}") } else { format!("    {notes}") };
        text += &style.paint(Ink::Faint, &line);
        text.push('\n');
    }
    text
}

/// A proof that was not accepted: the step, what was needed, what is missing, and where the step is false.
fn refused_text(about: &str, refused: &RefusedProof) -> String {
    let diagnostic = &refused.diagnostic;
    let mut text = match &refused.step {
        Some((number, step)) => format!("  {about}: step {number} of its proof does not follow: {step}\n"),
        None => format!("  {about}: {}\n", diagnostic.message),
    };
    for line in diagnostic.notes.iter().chain(&diagnostic.help) {
        text += &format!("    {line}\n");
    }
    if let Some(witness) = &refused.counterexample {
        text += &format!("    the step is false at\n{}", witness_lines(witness));
    }
    text
}

/// The largest value that was found, and where.
fn supremum_text(supremum: &Supremum) -> String {
    let value = match supremum.enclosure {
        Some((lo, hi)) if lo == hi => format!("exactly {}", digits17(lo)),
        Some((lo, hi)) => {
            let word = if supremum.sure { "certified" } else { "enclosed" };
            format!("{} ({word} in [{}, {}])", digits17(supremum.value), digits17(lo), digits17(hi))
        }
        None => format!("{} as computed", digits17(supremum.value)),
    };
    let beyond = if supremum.unbounded { "; it seems unbounded" } else { "" };
    let unsure = if supremum.sure { "" } else { ", which meets the hypotheses within rounding only: no lower bound" };
    format!("the largest value found is {value} at {}{unsure}{beyond}", supremum.place)
}

/// `57 claims: 41 hold, 12 refuted as expected, 4 vacuous as expected; 0 surprises`, and the surprises by name.
fn summary(report: &Report, style: Style) -> String {
    let expected = |wanted: fn(&Verdict) -> bool| {
        report.claims.iter().filter(|claim| claim.as_expected() && wanted(&claim.verdict)).count()
    };
    let kinds = [
        (expected(|v| matches!(v, Verdict::Proved { .. })), "proved"),
        (expected(|v| matches!(v, Verdict::Holds)), "hold"),
        (expected(|v| matches!(v, Verdict::Refuted(_))), "refuted as expected"),
        (expected(|v| matches!(v, Verdict::Vacuous { .. })), "vacuous as expected"),
    ];
    // What was cut off is no surprise.
    let undecided = |claim: &&ClaimReport| report.interrupted && matches!(claim.verdict, Verdict::Inconclusive { .. });
    let cut_off = (report.claims.iter().filter(undecided).count(), "undecided");
    let parts: Vec<String> = kinds
        .into_iter()
        .chain([cut_off])
        .filter(|(n, _)| *n > 0)
        .map(|(n, kind)| format!("{} {kind}", count(n as u64)))
        .collect();
    let surprises: Vec<&ClaimReport> =
        report.claims.iter().filter(|claim| !claim.as_expected() && !undecided(claim)).collect();
    let plural = |n: usize, word: &str| format!("{} {word}{}", count(n as u64), if n == 1 { "" } else { "s" });
    let claims = plural(report.claims.len(), "claim");
    let head = if parts.is_empty() { claims } else { format!("{claims}: {}", parts.join(", ")) };
    let line = format!("{head}; {}", plural(surprises.len(), "surprise"));
    let line = if report.interrupted { format!("interrupted, so far: {line}") } else { line };
    let good = surprises.is_empty() && !report.interrupted;
    let mut text = style.paint(if good { Ink::Good } else { Ink::Bad }, &line);
    for claim in surprises {
        let (file, theorem, name) = (&claim.file, &claim.theorem, claim_name(&claim.claim));
        text += &format!("\n  {file}: {theorem}, {name}: {}", verdict_cell(claim));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Code, Diagnostic};
    use crate::report::report_json;
    use crate::verify::{Value, ViolationBound, Witness};

    fn claim(theorem: &str, claim: &str, verdict: Verdict, expected: Expected) -> ClaimReport {
        ClaimReport {
            file: "proofs/a.lw".to_owned(),
            theorem: theorem.to_owned(),
            claim: claim.to_owned(),
            verdict,
            expected,
            samples: 20000,
            drawn: 20000,
            dropped: 0,
            min_margin: Some(0.0012),
            min_margin_at: Some("n = 3, block kernels".to_owned()),
            supremum: None,
            violation_bound: Some(ViolationBound { confidence: 0.99, probability: 2.3e-4 }),
            comparison: None,
            refused: None,
            notes: Vec::new(),
        }
    }

    fn report() -> Report {
        let witness = Witness {
            sizes: vec![("n".to_owned(), 2)],
            values: vec![
                ("alpha".to_owned(), Value::Exact(num_rational::BigRational::from_integer(2.into()))),
                ("K".to_owned(), Value::Matrix(vec![vec![1.0, 0.5], vec![0.5, 1.0]])),
            ],
            exact: Vec::new(),
            solution: None,
            statement: String::new(),
            decimal: None,
            sides: None,
            breaks: None,
            followed: None,
            margin: (-0.25, f64::NEG_INFINITY.max(-0.24)),
            certified: false,
            ensemble: "Wishart of rank 1".to_owned(),
            file: None,
        };
        let claims = vec![
            claim("Proposition 4.1", "1", Verdict::Holds, Expected::Holds),
            claim("Proposition 4.1", "upper", Verdict::Refuted(Box::new(witness)), Expected::Refuted),
            claim("Proposition 4.2", "1", Verdict::Holds, Expected::Refuted),
        ];
        Report { seed: 0, claims, interrupted: false }
    }

    #[test]
    fn a_person_sees_verdicts_witnesses_and_surprises() {
        let text = report_text(&report(), Style::default());
        assert!(text.contains("\n  Proposition 4.2\n  ✗  1      holds, not refuted"), "{text}");
        assert!(text.contains("n = 2, alpha = 2"), "{text}");
        assert!(text.contains("K = [  1, 1/2;\n         1/2,   1]"), "{text}");
        assert!(text.contains("3 claims: 1 hold, 1 refuted as expected; 1 surprise\n"), "{text}");
        assert!(!text.contains('\x1b'));
        let colourful = report_text(&report(), Style { colour: true, width: 120 });
        assert!(colourful.contains("\x1b[1;31m"));
    }

    #[test]
    fn what_an_interrupt_cut_off_is_no_surprise() {
        let mut report = report();
        report.claims[2].verdict = Verdict::Inconclusive { reason: "interrupted".to_owned() };
        assert!(report_text(&report, Style::default()).contains("1 refuted as expected; 1 surprise\n"));
        report.interrupted = true;
        let text = report_text(&report, Style::default());
        let line = "interrupted, so far: 3 claims: 1 hold, 1 refuted as expected, 1 undecided; 0 surprises";
        assert!(text.trim_end().ends_with(line), "{text}");
    }

    #[test]
    fn a_refused_proof_stands_beside_the_verdict() {
        let mut report = report();
        let diagnostic = Diagnostic::new(Code::E0704, "this calculation does not reach the claim");
        report.claims[0].refused = Some(Box::new(RefusedProof { step: None, diagnostic, counterexample: None }));
        let text = report_text(&report, Style::default());
        assert!(text.contains("\n  ✗  1      holds, proof refused"), "{text}");
        assert!(text.contains("3 claims: 1 refuted as expected; 2 surprises\n"), "{text}");
    }

    #[test]
    fn json_has_the_fields_of_the_contract_in_order() {
        let text = report_json(&report());
        let first = concat!(
            r#"{"file":"proofs/a.lw","theorem":"Proposition 4.1","claim":"1","verdict":"holds","expected":"holds","#,
            r#""as_expected":true,"samples":20000,"min_margin":0.0012,"#,
            r#""violation_bound":{"confidence":0.99,"probability":0.00023},"witness":null}"#
        );
        assert_eq!(text.lines().nth(1), Some(format!("{first},").as_str()));
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["claims"][1]["witness"]["values"]["alpha"], serde_json::json!(2));
        assert_eq!(value["claims"][1]["witness"]["margin"], serde_json::json!(["-0.25", "-0.23999999999999999"]));
    }
}
