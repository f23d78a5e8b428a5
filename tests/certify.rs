//! The interval evaluator: its enclosures contain the values that independent code computed with many more digits, and
//! shrink as the precision grows; its decisions are right, on easy and on adversarial inputs.

#[path = "certify/closed.rs"]
mod closed;

use std::time::Instant;

use loewner::Loewner;
use loewner::certify::{Cap, CertifyError, Decision, Enclosure, Inputs, decide, enclose};
use loewner::check::{Part, VariableKind};
use loewner::eval::{Entries, Plan, Workspace};
use loewner::ir::{Dim, Facts, Field, Graph, Input, InputId, Instance, NodeId, Op, Shape, Side, Type};
use num_bigint::BigInt;
use num_complex::Complex;
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

    fn pick<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[((self.next() + 1.0) / 2.0 * of.len() as f64) as usize % of.len()]
    }
}

/// Random raw inputs of a graph, the same for the intervals and for a plan's workspace.
fn random_inputs(graph: &Graph, seed: u64) -> (Inputs, Vec<Vec<(f64, f64)>>) {
    let mut random = Lehmer(seed);
    let (mut inputs, mut raw) = (Inputs::new(), Vec::new());
    for (i, input) in graph.inputs().iter().enumerate() {
        let size = |dim: Dim| dim.as_constant().unwrap_or(0) as usize;
        let len = size(input.ty.shape.rows()) * size(input.ty.shape.cols());
        let entries: Vec<(f64, f64)> = (0..len).map(|_| (random.next(), random.next())).collect();
        if input.ty.field == Field::Real {
            let entries: Vec<f64> = entries.iter().map(|(re, _)| *re).collect();
            inputs.real(InputId(i as u32), &entries);
        } else {
            inputs.complex(InputId(i as u32), &entries);
        }
        raw.push(entries);
    }
    (inputs, raw)
}

/// The margin of the first claim of a theorem with this body, at size n.
fn margin_of(body: &str, n: i64) -> (Graph, NodeId, bool) {
    let mut loewner = Loewner::new();
    let theorem = loewner.define(&format!("theorem \"t\" {{\n{body}\n}}")).unwrap().into_iter().next().unwrap();
    let Part::Margin { margin, .. } = &theorem.claims[0].parts[0] else { panic!("the claim has no margin") };
    let mut instance = Instance::default();
    for variable in &theorem.variables {
        if let VariableKind::Size(size) = &variable.kind {
            instance.sizes.insert(size.clone(), n);
        }
    }
    let (graph, roots) = theorem.graph.instantiate(&[margin.node], &instance).unwrap();
    (graph, roots[0], margin.strict)
}

fn decided(body: &str, n: i64, seed: u64) -> Decision {
    let (graph, margin, strict) = margin_of(body, n);
    let start = Instant::now();
    let decision = decide(&graph, margin, strict, &random_inputs(&graph, seed).0, Cap::default()).unwrap();
    if std::env::var("TIMES").is_ok() {
        println!("{body}\n  {decision} in {:?}", start.elapsed());
    }
    decision
}

fn violated(decision: Decision) {
    assert!(matches!(decision, Decision::Violated(_)), "{decision}");
}

fn holds(decision: Decision) {
    assert!(matches!(decision, Decision::Holds(_)), "{decision}");
}

#[test]
fn a_violated_entropy_inequality_is_decided_fast() {
    for (field, seconds) in [("", 1.0), (", complex", 2.0)] {
        let start = Instant::now();
        violated(decided(
            &format!("forall n in 1..32\nforall K, L: Corr[n{field}]\nclaim entropy(K .* L, 3/2) <= entropy(K, 3/2)"),
            5,
            5,
        ));
        assert!(start.elapsed().as_secs_f64() < seconds, "{:?}", start.elapsed());
    }
}

#[test]
fn decisions_through_every_chart() {
    let forall = |domain: &str, claim: &str| format!("forall n in 1..32\nforall A: {domain}\nclaim {claim}");
    for (domain, claim) in [
        ("Sym[n]", "lambda_min(A) <= A[1, 1]"),
        ("Psd[n]", "det(A) <= trace(A)^n"),
        ("Pd[n]", "logdet(A) <= n * log(trace(A) / n)"),
        ("Corr[n]", "entropy(A, 1/20) <= log(n)"),
        ("Density[n]", "trace(A * A) < 1"),
        ("UnitCols[3, n]", "svdvals(A)[1] <= sqrt(n)"),
        ("UnitRows[n, 3]", "norm(A, \"nuclear\") >= norm(A)"),
        ("Stiefel[n + 2, n]", "abs(A[1, 1]) <= 1"),
        ("Orthogonal[n]", "abs(trace(A)) <= n"),
        ("Unitary[n]", "abs(trace(A)) <= n"),
        ("Simplex[n]", "shannon(A) <= log(n)"),
        ("Mat[n, 2]", "rank(A) >= 2"),
        ("Vec[n]", "norm(A) <= sum(abs(A))"),
        ("Density[n, complex]", "trace(sqrtm(A)) <= sqrt(n)"),
        ("Pd[n, complex]", "trace(inv(A)) >= n^2 / trace(A)"),
        ("Corr[n, complex]", "A <<= n * eye(n)"),
    ] {
        holds(decided(&forall(domain, claim), 3, 11));
        violated(decided(&forall(domain, &format!("not ({claim})")), 3, 12));
    }
}

#[test]
fn what_is_exactly_equal_is_decided() {
    let mut loewner = Loewner::new();
    let mut truth = |text: &str| match enclosures(&mut loewner, text, 128).remove(0) {
        Enclosure::Truth(truth) => truth,
        other => panic!("{text}: {other}"),
    };
    // Rational paths are decided exactly, whatever the precision.
    assert_eq!(truth("det([1, 1/3; 3, 1]) == 0"), Some(true));
    assert_eq!(truth("det([1, 1/3; 3, 1]) < 0"), Some(false));
    assert_eq!(truth("rank([1, 1/3; 3, 1]) == 1"), Some(true));
    assert_eq!(truth("sqrt(4/9) == 2/3"), Some(true));
    assert_eq!(truth("inv([1, 1/3; 0, 1/7])[1, 2] == -7/3"), Some(true));
    assert_eq!(truth("lambda_min([1, 2; 2, 4]) >= 0"), Some(true));
    assert_eq!(truth("[1, 2; 2, 4] >>= 0 * eye(2)"), Some(true));
    // Irrational equalities stay open; inequalities are decided as soon as the enclosures part.
    assert_eq!(truth("sqrt(2) * sqrt(2) == 2"), None);
    assert_eq!(truth("sqrt(2) * sqrt(2) == 2 + 1/10^30"), Some(false));
    assert_eq!(truth("exp(1) < 2.7182818284590452353602874713527"), Some(true));
    assert_eq!(truth("rank(sqrt(2) * [1, 2; 2, 4]) <= 1"), Some(true));
    assert_eq!(truth("rank(sqrt(2) * eye(3)) >= 3"), Some(true));
    // A choice whose condition is open is the hull of both sides.
    assert_eq!(truth("(if sqrt(2)^2 == 2 then 1 else 2) < 3"), Some(true));
    assert_eq!(truth("(if sqrt(2)^2 == 2 then 1 else 2) < 2"), None);
    assert_eq!(truth("1 < 2 or log(0 - 1) > 0"), Some(true));
}

#[test]
fn infinite_and_undefined_values() {
    let mut loewner = Loewner::new();
    let mut of = |text: &str| {
        let compiled = loewner.session().expression(text).unwrap_or_else(|mistakes| panic!("{text}: {mistakes:#?}"));
        enclose(&compiled.graph, &[compiled.root], &Inputs::new(), 128).map(|mut found| found.remove(0))
    };
    // Log of a singular kernel, a divergence without common support: values, and infinite.
    assert_eq!(of("logdet([1, 1; 1, 1])").unwrap().bounds(), Some((f64::NEG_INFINITY, f64::NEG_INFINITY)));
    assert_eq!(of("kl(eye(2), [1, 1; 1, 1])").unwrap().bounds(), Some((f64::INFINITY, f64::INFINITY)));
    // As proofs/README.md has it, 1/0 = +∞.
    assert_eq!(of("sqrt(2) / (2 - sqrt(4))").unwrap().bounds(), Some((f64::INFINITY, f64::INFINITY)));
    assert_eq!(of("-sqrt(2) / (2 - sqrt(4))").unwrap().bounds(), Some((f64::NEG_INFINITY, f64::NEG_INFINITY)));
    // Certainly undefined, by exact and by inexact operands.
    let zero_by_zero = "(2 - sqrt(4)) / (2 - sqrt(4))";
    for text in ["log(-sqrt(2))", "sqrt(-2)", "logdet([1, 0; 0, -sqrt(2)])", "(-sqrt(2)) ^ (1/2)", zero_by_zero] {
        assert!(matches!(of(text), Err(CertifyError::Undefined(_))), "{text}: {:?}", of(text));
    }
    // Perhaps undefined: nothing is said.
    for text in ["log(sqrt(2)^2 - 2)", "1 / (sqrt(2)^2 - 2)", "inv(sqrt(2) * [1, 2; 2, 4])[1, 1]"] {
        assert_eq!(of(text).unwrap().bounds(), Some((f64::NEG_INFINITY, f64::INFINITY)), "{text}");
    }
    // Requirements: refuted, verified exactly, verified from the enclosure, open.
    assert!(matches!(of("von_neumann(sqrt(4) * [1, 2; 2, 1])"), Err(CertifyError::RequirementFailed(..))));
    assert!(of("von_neumann([1, 1; 1, 1])").unwrap().bounds().unwrap().1 < 1e-30);
    assert!(of("kl(sqrt(2) * [1, 1/3; 1/3, 1], eye(2))").unwrap().bounds().unwrap().1.is_finite());
    assert_eq!(
        of("von_neumann(sqrt(2) * [1, 1; 1, 1] - eye(2) * sqrt(2) + sqrt(2) * eye(2))").unwrap().bounds(),
        Some((f64::NEG_INFINITY, f64::INFINITY))
    );
}

#[test]
fn missing_and_misshapen_inputs_are_errors() {
    let (graph, margin, strict) = margin_of("forall n in 1..32\nforall K: Corr[n]\nclaim entropy(K, 2) <= 1", 3);
    let of = |inputs: &Inputs| decide(&graph, margin, strict, inputs, Cap::default()).unwrap_err();
    assert!(matches!(of(&Inputs::new()), CertifyError::MissingInput(_)));
    let mut inputs = Inputs::new();
    assert!(matches!(of(inputs.real(InputId(0), &[1.0; 4])), CertifyError::WrongEntries(_)));
    assert!(matches!(of(inputs.complex(InputId(0), &[(1.0, 0.0); 9])), CertifyError::WrongEntries(_)));
    assert!(matches!(of(Inputs::new().real(InputId(0), &[f64::NAN; 9])), CertifyError::MissingInput(_)));
    let zeros = Inputs::new().real(InputId(0), &[0.0; 9]).clone();
    // A column of zeros has no direction.
    assert!(matches!(of(&zeros), CertifyError::Undefined(_)));
    // A scalar outside its range is no witness.
    let (graph, margin, strict) = margin_of("forall n in 1..32\nforall a in (0, 1)\nclaim log(a) <= n", 3);
    let error = decide(&graph, margin, strict, Inputs::new().real(InputId(0), &[-0.5]), Cap::default()).unwrap_err();
    assert!(matches!(error, CertifyError::RequirementFailed(..)), "{error}");
}

#[test]
#[ignore = "a measurement"]
fn times() {
    for n in [5, 8, 10] {
        for field in ["", ", complex"] {
            for claim in [
                "entropy(K .* L, 3/2) <= entropy(K, 3/2)",
                "mutual_information(K, L, 1) <= 0",
                "kl(K + eye(n), L + eye(n)) < 0",
                "real(trace(sqrtm(K) * sqrtm(L))) <= 0",
                "rank(K) <= 1",
            ] {
                let body = format!("forall n in 1..32\nforall K, L: Corr[n{field}]\nclaim {claim}");
                let (graph, margin, strict) = margin_of(&body, n);
                let inputs = random_inputs(&graph, 3).0;
                let start = Instant::now();
                let decision = decide(&graph, margin, strict, &inputs, Cap::default()).unwrap();
                println!("n = {n}{field} {claim}: {:?} {decision}", start.elapsed());
            }
        }
    }
    // Exactly tight, so that the precision runs to the cap.
    let (graph, margin, strict) = margin_of("forall n in 1..32\nforall K: Corr[n]\nclaim trace(sqrtm(K)^2) <= n", 5);
    let inputs = random_inputs(&graph, 3).0;
    for precision in [128, 256, 512, 1024, 2048, 4096] {
        let start = Instant::now();
        let cap = Cap { precision, ..Cap::default() };
        let decision = decide(&graph, margin, strict, &inputs, cap).unwrap();
        println!("to {precision} bits: {:?} {decision}", start.elapsed());
    }
}

/// A random expression for a positive definite n × n matrix.
fn matrix(random: &mut Lehmer, depth: usize) -> String {
    if depth == 0 {
        return random.pick(&["K", "P", "R", "(Z' * Z + eye(n))"]).into();
    }
    let a = matrix(random, depth - 1);
    match random.pick(&["had", "add", "scale", "sqrt", "pow", "exp", "inv", "conj", "kron", "abs", "rate", "tsallis"]) {
        "had" => format!("({a} .* {})", matrix(random, depth - 1)),
        "add" => format!("({a} + {})", matrix(random, depth - 1)),
        "scale" => format!("({a} * (2/3 + abs(s)))"),
        "sqrt" => format!("sqrtm({a} + eye(n))"),
        "pow" => format!("({a} + eye(n)) ^ (2/3)"),
        "exp" => format!("expm({a} / trace({a}))"),
        "inv" => format!("inv(eye(n) + {a})"),
        "conj" => format!("(Z' * {a} * Z + eye(n) / 5)"),
        "kron" => format!("(kron({a}, [2, 1; 1, 3])[1, 1] * {a})"),
        "abs" => format!("absm({a} - 2 * eye(n))"),
        "rate" => format!("logm(eye(n) + {a})"),
        _ => format!("(eye(n) - tsallism({a} / trace({a}), 1.3))"),
    }
}

/// A random real expression.
fn scalar(random: &mut Lehmer, depth: usize) -> String {
    let a = matrix(random, depth.min(2));
    if depth > 0 && random.next() > 0.0 {
        let (x, y) = (scalar(random, depth - 1), scalar(random, depth - 1));
        return match random.pick(&["+", "-", "*", "tanh", "if", "max", "exp", "div", "sin", "softplus", "relu"]) {
            "+" => format!("({x} + {y})"),
            "-" => format!("({x} - {y})"),
            "*" => format!("({x} * {y})"),
            "tanh" => format!("tanh({x})"),
            "if" => format!("(if {x} <= {y} then {x} else {y} + 1)"),
            "max" => format!("max({x}, {y})"),
            "exp" => format!("exp(-({x})^2)"),
            "div" => format!("({x} / (1 + ({y})^2))"),
            "sin" => format!("(sin({x}) + cos({y}))"),
            "softplus" => format!("(softplus({x}) * sigmoid({y}))"),
            _ => format!("(relu({x}) + log1p(abs({y})))"),
        };
    }
    match random.pick(&[
        "tr", "logdet", "det", "nuc", "max", "sum", "lse", "ent", "vn", "mi", "kl", "tcr", "nce", "js", "eff", "entry",
        "mean",
    ]) {
        "tr" => format!("trace({a})"),
        "logdet" => format!("logdet({a})"),
        "det" => format!("det({a} / trace({a}))"),
        "nuc" => format!("norm({a} - eye(n), \"nuclear\")"),
        "max" => format!("max({a})"),
        "sum" => format!("sum({a} .* K)"),
        "lse" => format!("sum(logsumexp({a} / trace({a}), \"rows\"))"),
        "ent" => format!("entropy({}, {})", random.pick(&["K", "L"]), random.pick(&["1/2", "1", "2", "1.0001"])),
        "vn" => "von_neumann(R)".into(),
        "mi" => "mutual_information(K, L, 3/2)".into(),
        "kl" => format!("kl(R, {a} + eye(n))"),
        "tcr" => format!("tcr({a}, 1/2)"),
        "nce" => "info_nce(normalize_cols(Z), normalize_cols(Z + Z .* Z), 1/2)".into(),
        "js" => "js(K, L)".into(),
        "eff" => format!("effective_rank({a})"),
        "entry" => format!("{a}[1, n]"),
        _ => format!("mean(softmax({a} / trace({a}), \"cols\") .* K)"),
    }
}

/// The plan in `f64` and the enclosure agree, to what rounding can do to the one and a few units of the other.
#[test]
fn random_graphs_agree_with_the_plans() {
    let mut random = Lehmer(2024);
    let mut compared = 0;
    for round in 0..150u64 {
        let text = scalar(&mut random, 2);
        let field = if round % 3 == 0 { ", complex" } else { "" };
        let body = format!(
            "forall n in 2..8\nforall K, L: Corr[n]\nforall P: Pd[n]\nforall R: Density[n]\nforall Z: Mat[n, n]\n\
             forall Q: Pd[n{field}]\nforall s in [-1, 1]\nlet f = {text} + trace(Q)\nclaim f <= 0"
        );
        let n = 2 + (round % 3) as i64;
        let (graph, margin, _) = margin_of(&body, n);
        let (inputs, raw) = random_inputs(&graph, round + 1);
        let Ok(plan) = Plan::<f64>::compile(&graph, &[margin]) else { panic!("{text}") };
        let mut workspace = Workspace::new(&plan);
        for (i, entries) in raw.iter().enumerate() {
            let Some(input) = workspace.input_mut(InputId(i as u32)) else { continue };
            match input.entries {
                Entries::Real(x) => x.iter_mut().zip(entries).for_each(|(x, (re, _))| *x = *re),
                Entries::Complex(x) => x.iter_mut().zip(entries).for_each(|(x, (re, im))| *x = Complex::new(*re, *im)),
            }
        }
        let run = plan.run(&mut workspace);
        let found = enclose(&graph, &[margin], &inputs, 192);
        let (Ok(()), Ok(found)) = (&run, &found) else {
            // Both refuse, or the plan refuses what is too close to singular for it.
            assert!(run.is_err(), "{text}: {found:?}");
            continue;
        };
        let value = workspace.scalar(0).unwrap();
        let (lo, hi) = found[0].bounds().unwrap();
        if !lo.is_finite() || !hi.is_finite() || !value.is_finite() {
            println!("{text}: {value:e} in {}", found[0]);
            continue;
        }
        compared += 1;
        let slack = 1e-8 * value.abs().max(1.0);
        assert!(lo - slack <= value && value <= hi + slack, "{text} at n = {n}: {value:e} is not in {}", found[0]);
        assert!(hi - lo <= slack, "{text}: {} is wide", found[0]);
    }
    assert!(compared > 120, "only {compared} graphs had values to compare");
}

/// The operations of gradients, by identities: Σ λ_i v_i v_i' = A, adj(A) = det(A) A⁻¹, the adjoint of the Kronecker
/// product, and parts put back where they came from.
#[test]
fn operations_of_gradients_meet_their_identities() {
    let size = |n: i64| Dim::constant(n);
    for field in [Field::Real, Field::Complex] {
        let mut g = Graph::new();
        let square = Shape::Matrix(size(3), size(3));
        let ty = Type { field, shape: square.clone() };
        let w = g.input(Input { name: "W".into(), ty, facts: Facts::new() });
        let adjoint = g.adjoint(w).unwrap();
        let a = g.multiply(adjoint, w).unwrap();
        let mut pairs = Vec::new();
        let values = g.make(Op::Eigenvalues, vec![a]).unwrap();
        pairs.push((g.make(Op::EigenSum, vec![a, values]).unwrap(), a));
        let (det, inverse) = (g.make(Op::Det, vec![w]).unwrap(), g.make(Op::Inverse, vec![w]).unwrap());
        pairs.push((g.make(Op::Adjugate, vec![w]).unwrap(), g.multiply(det, inverse).unwrap()));
        let kron = g.make(Op::Kron, vec![w, a]).unwrap();
        for (side, factor, other) in [(Side::Left, w, a), (Side::Right, a, w)] {
            let inner = g.make(Op::PartialInner(side, square.clone()), vec![kron, other]).unwrap();
            let norm = g.norm(other).unwrap();
            let squared = g.multiply(norm, norm).unwrap();
            pairs.push((inner, g.multiply(squared, factor).unwrap()));
        }
        let corner = Op::Slice(size(3), size(6), square.clone());
        let (one, three) = (g.integer(1).unwrap(), g.integer(3).unwrap());
        let two = g.integer(2).unwrap();
        let part = g.make(corner, vec![kron]).unwrap();
        let entry = g.make(Op::Entry, vec![w, two, three]).unwrap();
        pairs.push((part, g.multiply(entry, a).unwrap()));
        let hot = g.make(Op::OneHot(square.clone()), vec![entry, one, three]).unwrap();
        let back = g.make(Op::Entry, vec![hot, one, three]).unwrap();
        pairs.push((back, entry));
        let (inputs, _) = random_inputs(&g, 9);
        for (i, (left, right)) in pairs.into_iter().enumerate() {
            let difference = g.sub(left, right).unwrap();
            let difference = g.norm(difference).unwrap();
            let (lo, hi) = enclose(&g, &[difference], &inputs, 128).unwrap()[0].bounds().unwrap();
            assert!(lo <= 0.0 && hi < 1e-25, "identity {i} over {field:?}: [{lo:e}, {hi:e}]");
        }
    }
}
