//! The interval evaluator: its enclosures contain the values that independent code computed with many more digits, and
//! shrink as the precision grows; its decisions are right, on easy and on adversarial inputs.

use std::time::Instant;

use loewner::Loewner;
use loewner::certify::{Cap, Decision, Enclosure, Inputs, decide, enclose};
use loewner::ir::{Dim, Domain, Facts, Graph, Input, InputId, NodeId, Op, Set};
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

#[test]
fn every_operation_encloses_independent_values_and_shrinks() {
    let mut loewner = Loewner::new();
    let mut wrong = Vec::new();
    for case in read("certify_values.json").as_array().unwrap() {
        let expr = case["expr"].as_str().unwrap();
        let digits = case["digits"].as_i64().unwrap() as i32;
        let values: Vec<BigRational> =
            case["values"].as_array().unwrap().iter().map(|x| decimal(x.as_str().unwrap())).collect();
        let start = Instant::now();
        let mut widths: Option<Vec<BigRational>> = None;
        for precision in [128, 512] {
            let found = enclosures(&mut loewner, expr, precision);
            if found.len() != values.len() {
                wrong.push(format!("{expr}: {} entries, not {}", found.len(), values.len()));
                break;
            }
            let mut now = Vec::new();
            for (found, value) in found.iter().zip(&values) {
                if found.to_string().contains("inf") {
                    wrong.push(format!("{expr} at {precision} bits: {found}"));
                    continue;
                }
                let (lo, hi) = ends(found);
                // The values are rounded to 120 digits, or far below that where they are 0.
                let one = BigRational::from_integer(1.into());
                let magnitude = if *value < BigRational::from_integer(0.into()) { -value } else { value.clone() };
                let slack = BigRational::from_integer(10.into()).pow(-118) * magnitude.max(one);
                if &lo - &slack > *value || &hi + &slack < *value {
                    wrong.push(format!("{expr} at {precision} bits: {found} does not contain {:.40}", case["values"]));
                }
                if precision == 512 && !close_enough(&lo, &hi, digits) {
                    wrong.push(format!("{expr}: wide: {found}"));
                }
                now.push(hi - lo);
            }
            if let Some(before) = widths.replace(now.clone())
                && before.iter().zip(&now).any(|(before, now)| now > before)
            {
                wrong.push(format!("{expr}: wider at {precision} bits"));
            }
        }
        if std::env::var("TIMES").is_ok() && start.elapsed().as_millis() > 60 {
            println!("{expr}: {:?}", start.elapsed());
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// A random number generator of few lines for test data.
struct Lehmer(u64);

impl Lehmer {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64 * 2.0 - 1.0
    }
}

/// Random raw inputs of a graph.
fn random_inputs(graph: &Graph, seed: u64) -> Inputs {
    let mut random = Lehmer(seed);
    let mut inputs = Inputs::new();
    for (i, input) in graph.inputs().iter().enumerate() {
        let size = |dim: Dim| dim.as_constant().unwrap() as usize;
        let len = size(input.ty.shape.rows()) * size(input.ty.shape.cols());
        match input.ty.field {
            loewner::ir::Field::Real => {
                let entries: Vec<f64> = (0..len).map(|_| random.next()).collect();
                inputs.real(InputId(i as u32), &entries);
            }
            _ => {
                let entries: Vec<(f64, f64)> = (0..len).map(|_| (random.next(), random.next())).collect();
                inputs.complex(InputId(i as u32), &entries);
            }
        }
    }
    inputs
}

/// The margin of the first claim of a theorem at given sizes.
fn margin(text: &str, n: i64) -> (Graph, NodeId, bool) {
    let mut loewner = Loewner::new();
    let theorem = loewner.define(text).unwrap().into_iter().next().unwrap();
    let margin = match &theorem.claims[0].parts[0] {
        loewner::check::Part::Margin { margin, .. } => *margin,
        _ => panic!("the claim has no margin"),
    };
    let mut instance = loewner::ir::Instance::default();
    for variable in &theorem.variables {
        if let loewner::check::VariableKind::Size(size) = &variable.kind {
            instance.sizes.insert(size.clone(), n);
        }
    }
    let (graph, roots) = theorem.graph.instantiate(&[margin.node], &instance).unwrap();
    (graph, roots[0], margin.strict)
}

#[test]
fn a_violated_entropy_inequality_is_decided_fast() {
    for (field, seconds) in [("", 1.0), (", complex", 2.0)] {
        let text = format!(
            "theorem \"t\" {{\nforall n in 1..32\nforall K, L: Corr[n{field}]\n\
             claim entropy(K .* L, 3/2) <= entropy(K, 3/2)\n}}"
        );
        let (graph, margin, strict) = margin(&text, 5);
        let start = Instant::now();
        let decision = decide(&graph, margin, strict, &random_inputs(&graph, 5), Cap::default()).unwrap();
        println!("{decision} in {:?}", start.elapsed());
        assert!(matches!(decision, Decision::Violated(_)), "{decision}");
        assert!(start.elapsed().as_secs_f64() < seconds, "{:?}", start.elapsed());
    }
}
