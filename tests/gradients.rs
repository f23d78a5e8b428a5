//! Gradients: against reference values, differences of every operation and every definition of the library, closed forms
//! where spectra repeat or vanish, and 60 digits for the scalar functions.

#[path = "gradients/degenerate.rs"]
mod degenerate;
#[path = "gradients/library.rs"]
mod library;
#[path = "gradients/numeric.rs"]
mod numeric;
#[path = "gradients/operations.rs"]
mod operations;
#[path = "gradients/random.rs"]
mod random;
#[path = "gradients/scalars.rs"]
mod scalars;

use faer::Mat;
use loewner::Loewner;

/// Rows of numbers as a matrix of the language.
fn literal(rows: &serde_json::Value) -> String {
    let line = |row: &serde_json::Value| {
        let entries = row.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap());
        entries.collect::<Vec<_>>().join(", ")
    };
    format!("[{}]", rows.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("; "))
}

fn gradient(loewner: &mut Loewner, expr: &str, wrt: &str) -> Mat<f64> {
    match loewner.gradient(expr, wrt) {
        Ok(value) => value.matrix().unwrap_or_else(|| panic!("{expr} by {wrt}: {value:?}")),
        Err(error) => panic!("{expr} by {wrt}: {error}"),
    }
}

/// The largest deviation, relative to the largest entry of both.
fn deviation(a: &Mat<f64>, b: &Mat<f64>) -> f64 {
    assert_eq!((a.nrows(), a.ncols()), (b.nrows(), b.ncols()));
    let scale = a.norm_max().max(b.norm_max()).max(1e-300);
    if a.norm_max() == 0.0 && b.norm_max() == 0.0 { 0.0 } else { (a - b).norm_max() / scale }
}

#[test]
fn the_reference_gradients_are_met() {
    let read = |name: &str| {
        let text = std::fs::read_to_string(format!("tests/reference/{name}")).unwrap();
        serde_json::from_str::<serde_json::Value>(&text).unwrap()
    };
    let (references, calls) = (read("reference_values.json"), read("reference_calls.json"));
    let mut loewner = Loewner::new();
    for kind in ["matrices", "factors"] {
        for (name, rows) in references[kind].as_object().unwrap() {
            loewner.session().bind(name, &literal(rows)).unwrap();
        }
    }
    let (mut met, mut wrong) = (0, Vec::new());
    for call in calls.as_array().unwrap() {
        let Some(expr) = call["grad"].as_str() else { continue };
        let reference = references["values"].as_array().unwrap().iter().find(|r| r["id"] == call["id"]).unwrap();
        let expected = loewner.evaluate(literal(&reference["value"])).unwrap().matrix().unwrap();
        let found = gradient(&mut loewner, expr, call["wrt"].as_str().unwrap());
        let off = deviation(&found, &expected);
        met += 1;
        if off > 1e-12 || off.is_nan() {
            wrong.push(format!("{} {expr}: off by {off:e}\n{found:?}\n{expected:?}", call["id"]));
        }
    }
    assert!(wrong.is_empty(), "of {met}, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(met > 25, "only {met} gradients were compared");
}

#[test]
fn repeated_vanishing_and_tiny_eigenvalues_agree_with_ninety_digits() {
    let text = std::fs::read_to_string("tests/reference/gradient_cases.json").unwrap();
    let cases: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let mut loewner = Loewner::new();
        for (name, value) in case["names"].as_object().unwrap() {
            loewner.session().bind(name, value.as_str().unwrap()).unwrap();
        }
        let expr = case["expr"].as_str().unwrap();
        let found = gradient(&mut loewner, expr, case["wrt"].as_str().unwrap());
        let expected = loewner.evaluate(literal(&case["gradient"])).unwrap().matrix().unwrap();
        // Relative to 1 where the gradient itself vanishes.
        let off = (&found - &expected).norm_max() / expected.norm_max().max(1.0);
        // The Gram matrix of the nearly singular one has an eigenvalue near 1e-12 of the greatest: four digits of it are
        // known at this precision, and a small order lets them weigh.
        let nearly_singular = case["names"].to_string().contains("60001");
        if off > (if nearly_singular { 1e-5 } else { 1e-12 }) || off.is_nan() {
            wrong.push(format!("{expr}, {}: off by {off:e}\n{found:?}\n{expected:?}", case["names"]));
        }
    }
    assert!(wrong.is_empty(), "of {}, {} wrong:\n{}", cases.as_array().unwrap().len(), wrong.len(), wrong.join("\n"));
}
