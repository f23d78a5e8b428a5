//! The interval evaluator: its enclosures contain the values that independent code computed with many more digits, and
//! shrink as the precision grows; its decisions are right, on easy and on adversarial inputs.

use std::time::Instant;

use loewner::Loewner;
use loewner::certify::{Cap, Decision, Enclosure, Inputs, decide, enclose};
use num_bigint::BigInt;
use num_rational::BigRational;

fn read(name: &str) -> serde_json::Value {
    let text = std::fs::read_to_string(format!("tests/reference/{name}")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The exact value of a decimal number.
fn decimal(text: &str) -> BigRational {
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
    let exponent = exponent.parse::<i32>().unwrap() - fraction.len() as i32;
    let ten = BigRational::from_integer(10.into());
    BigRational::from_integer(digits) * ten.pow(exponent)
}

/// The ends of an enclosure, from their decimal strings.
fn ends(enclosure: &Enclosure) -> (BigRational, BigRational) {
    let Enclosure::Real { lo_decimal, hi_decimal, .. } = enclosure else { panic!("{enclosure} is no number") };
    assert!(!lo_decimal.ends_with("inf") && !hi_decimal.ends_with("inf"), "{enclosure}");
    (decimal(lo_decimal), decimal(hi_decimal))
}

/// The enclosures of the real entries of an expression without free names.
fn enclosures(loewner: &mut Loewner, text: &str, precision: usize) -> Vec<Enclosure> {
    let compiled = loewner.session().expression(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:#?}"));
    let found = enclose(&compiled.graph, &[compiled.root], &Inputs::new(), precision)
        .unwrap_or_else(|error| panic!("{text}: {error}"));
    match found.into_iter().next().unwrap() {
        Enclosure::Entries(entries) => entries,
        other => vec![other],
    }
}

/// 10^−digits relative to the size of the value, or to 1 where that is smaller.
fn close_enough(lo: &BigRational, hi: &BigRational, digits: i32) -> bool {
    use num_traits::Signed;
    let one = BigRational::from_integer(1.into());
    hi - lo <= BigRational::from_integer(10.into()).pow(-digits) * lo.abs().max(hi.abs()).max(one)
}

/// Rows of numbers as a matrix of the language.
fn literal(rows: &serde_json::Value) -> String {
    let line = |row: &serde_json::Value| {
        let entries = row.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap());
        entries.collect::<Vec<_>>().join(", ")
    };
    format!("[{}]", rows.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("; "))
}

#[test]
fn the_reference_values_are_enclosed_to_twenty_digits() {
    let (references, calls) = (read("reference_values.json"), read("reference_calls.json"));
    let mut loewner = Loewner::new();
    for kind in ["matrices", "factors"] {
        for (name, rows) in references[kind].as_object().unwrap() {
            loewner.session().bind(name, &literal(rows)).unwrap();
        }
    }
    let (mut met, mut wrong) = (0, Vec::new());
    for reference in references["values"].as_array().unwrap() {
        let id = reference["id"].as_str().unwrap();
        let Some(call) = calls.as_array().unwrap().iter().find(|call| call["id"] == id) else { continue };
        let (Some(expr), Some(value)) = (call["expr"].as_str(), reference["value"].as_str()) else { continue };
        // The reference is rounded to 25 digits.
        let value = decimal(value);
        let slack = BigRational::from_integer(10.into()).pow(-24) * &value;
        let slack = if slack < BigRational::from_integer(0.into()) { -slack } else { slack };
        let start = Instant::now();
        let found = &enclosures(&mut loewner, expr, 256)[0];
        if found.to_string().contains("inf") {
            wrong.push(format!("{id} {expr}: {found}"));
            continue;
        }
        let (lo, hi) = ends(found);
        if std::env::var("TIMES").is_ok() {
            println!("{id} {expr}: {:?}", start.elapsed());
        }
        if &lo - &slack > value || &hi + &slack < value {
            wrong.push(format!("{id} {expr}: {value} is outside [{lo}, {hi}]"));
        }
        if !close_enough(&lo, &hi, 20) {
            wrong.push(format!("{id} {expr}: wide"));
        }
        met += 1;
    }
    assert!(wrong.is_empty(), "{met} met, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(met > 80, "only {met} values were compared");
}
