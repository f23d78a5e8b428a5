//! The library: its definitions check by themselves, its examples hold, and it agrees with the reference values, which
//! were computed with 60 digits by independent code.

use loewner::Loewner;
use loewner::api::Value;
use loewner::check::{Definition, Entries, Origin, Session};
use loewner::syntax::ast::{ExprKind, Relation};
use loewner::syntax::{Spelling, parse_expr, print_expr};
use loewner::verify::{Options, Silent, Verdict, verify};

/// The accuracy that the library promises, relative to the larger of the value and 1e-3.
const TOLERANCE: f64 = 1e-12;

#[test]
fn every_definition_checks() {
    let mut loewner = Loewner::new();
    if let Err(diagnostics) = loewner.session().check_library() {
        panic!("{diagnostics:#?}");
    }
}

#[test]
fn every_definition_has_an_example_and_every_example_holds() {
    let session = Session::new();
    let definitions: Vec<_> = session.library().filter(|d| d.origin == Origin::Library).cloned().collect();
    assert!(definitions.len() > 50, "the library has {} definitions", definitions.len());
    let mut wrong = Vec::new();
    let mut count = 0;
    for definition in &definitions {
        let examples = examples(definition);
        if examples.is_empty() {
            wrong.push(format!("{} has no example", definition.def.name.name));
        }
        for (text, source) in examples {
            count += 1;
            if source.is_empty() {
                wrong.push(format!("{text}: the value has no source"));
            }
            if let Err(why) = holds(&text) {
                wrong.push(format!("{text}: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "of {count} examples, {} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The example lines `>>> CONDITION  # source` of a definition's documentation.
fn examples(definition: &Definition) -> Vec<(String, String)> {
    let lines = definition.def.doc.iter().filter_map(|line| line.text.trim().strip_prefix(">>>"));
    lines
        .map(|line| {
            let (text, source) = line.split_once('#').unwrap_or((line, ""));
            (text.trim().to_string(), source.trim().to_string())
        })
        .collect()
}

/// Whether an equality holds to [`TOLERANCE`], or any other condition exactly.
fn holds(text: &str) -> Result<(), String> {
    let mut loewner = Loewner::new();
    let parsed = parse_expr(loewner::base::FileId(0), text);
    let expr = parsed.value.ok_or_else(|| format!("{:?}", parsed.diagnostics))?;
    if let ExprKind::Compare { first, rest } = &expr.kind
        && let [(Relation::Eq, _, second)] = rest.as_slice()
    {
        let mut value = |side| loewner.evaluate(print_expr(side, Spelling::Ascii)).map_err(|error| error.to_string());
        return close(&value(first)?, &value(second)?);
    }
    match loewner.evaluate(text).map_err(|error| error.to_string())?.truth() {
        Some(true) => Ok(()),
        other => Err(format!("evaluates to {other:?}")),
    }
}

fn close(left: &Value, right: &Value) -> Result<(), String> {
    let (Value::Data(a), Value::Data(b)) = (left, right) else { return Err("a condition compared".into()) };
    let (Entries::Real(x), Entries::Real(y)) = (&a.entries, &b.entries) else {
        return if a == b { Ok(()) } else { Err(format!("{left:?} is not {right:?}")) };
    };
    if x.len() != y.len() {
        return Err(format!("{} entries against {}", x.len(), y.len()));
    }
    for (x, y) in x.iter().zip(y) {
        let fits = x == y || (x - y).abs() <= TOLERANCE * x.abs().max(y.abs()).max(1e-3);
        if !fits {
            return Err(format!("{x:e} is not {y:e}: off by {:e}", (x - y).abs()));
        }
    }
    Ok(())
}

#[test]
fn the_reference_values_are_met() {
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
    let mut wrong = Vec::new();
    let mut met = 0;
    for reference in references["values"].as_array().unwrap() {
        let id = reference["id"].as_str().unwrap();
        let call = calls.as_array().unwrap().iter().find(|call| call["id"] == id);
        let Some(call) = call else {
            wrong.push(format!("{id} has no call"));
            continue;
        };
        // Gradients are checked where gradients are.
        let Some(expr) = call["expr"].as_str() else { continue };
        let expected = match reference["value"].as_str() {
            Some(number) => number.to_string(),
            None => literal(&reference["value"]),
        };
        let outcome = loewner.evaluate(expr).and_then(|found| Ok((found, loewner.evaluate(expected)?)));
        match outcome.map_err(|error| error.to_string()).and_then(|(found, expected)| close(&found, &expected)) {
            Ok(()) => met += 1,
            Err(why) => wrong.push(format!("{id} {expr}: {why}")),
        }
    }
    assert!(wrong.is_empty(), "{met} met, {} wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(met > 80, "only {met} values were compared");
}

/// Rows of numbers as a matrix of the language.
fn literal(rows: &serde_json::Value) -> String {
    let line = |row: &serde_json::Value| {
        let entries = row.as_array().unwrap().iter().map(|entry| entry.as_str().unwrap());
        entries.collect::<Vec<_>>().join(", ")
    };
    format!("[{}]", rows.as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("; "))
}

/// The name, the parameters and the requirement of each definition that ends in `-> Real`, as they are written.
fn promised() -> Vec<(String, String, String)> {
    let mut found = Vec::new();
    for (_, text) in loewner::library::FILES {
        for definition in text.split("\ndef ").skip(1) {
            let Some((head, rest)) = definition.split_once(") -> Real") else { continue };
            let Some((name, params)) = head.split_once('(') else { continue };
            // The result of this definition, not of the next one.
            if params.contains(") where") || params.contains(") =") {
                continue;
            }
            let body = [" = ", " =\n"].into_iter().filter_map(|sign| rest.find(sign)).min().unwrap_or(0);
            let requirement = rest[..body].trim();
            let requirement = requirement.strip_prefix("where ").unwrap_or("").to_string();
            found.push((name.to_string(), params.split_whitespace().collect::<Vec<_>>().join(" "), requirement));
        }
    }
    found
}

/// Proofs rest on the promise of a real number: no sample may meet an infinity.
#[test]
fn what_is_promised_to_be_a_number_is_one() {
    let promised = promised();
    assert!(promised.len() > 40, "{} promises", promised.len());
    // Of what exponentials make a logarithm is taken: doubles overflow where certificates do not.
    let mut texts = String::new();
    for (name, params, requirement) in &promised {
        let params: Vec<&str> = params.split(", ").collect::<Vec<_>>();
        // A size list has a comma of its own.
        let mut whole: Vec<String> = Vec::new();
        for part in params {
            match whole.last_mut() {
                Some(last) if last.contains('[') && !last.contains(']') => *last = format!("{last}, {part}"),
                Some(_) | None => whole.push(part.to_string()),
            }
        }
        let given: Vec<(&str, &str)> = whole.iter().filter_map(|param| param.split_once(": ")).collect();
        let quantified = given.iter().map(|(name, set)| {
            let set = set.split(" = ").next().unwrap_or(set);
            // Parameters of the size that losses have; the extremes of the line overflow.
            let set = if set == "Real" { "in [-8, 8]".to_string() } else { format!(": {set}") };
            format!("    forall {name}{}{set}\n", if set.starts_with(':') { "" } else { " " })
        });
        let quantified: String = quantified.collect();
        let assumed: String = match requirement.is_empty() {
            true => String::new(),
            false => requirement.split(" and ").map(|condition| format!("    assume {condition}\n")).collect(),
        };
        let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
        texts += &format!(
            "theorem \"{name}\" {{\n{quantified}{assumed}    claim log1p(abs({name}({}))) <= 10^12\n}}\n",
            names.join(", ")
        );
    }
    let theorems = Session::new().load_text("promises", &texts).unwrap_or_else(|found| panic!("{found:#?}\n{texts}"));
    let options = Options { samples: 300, attack: 0.0, threads: 2, ..Options::default() };
    let reports = verify(&theorems, &options, &Silent).unwrap().claims;
    let wrong = reports.iter().filter(|report| matches!(report.verdict, Verdict::Refuted(_)) || report.samples == 0);
    let wrong: Vec<String> = wrong.map(|report| format!("{}: {}", report.theorem, report.verdict.name())).collect();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), promised.len(), wrong.join("\n"));
}

/// A generator written for a number is one of every entry: log(4/3)/2, 1/3 and the total variation 1/4 by
/// hand.
#[test]
fn generators_of_divergences_may_be_written_for_numbers() {
    let text = "
        def xlx(x) = x*log(x)
        def sq(x: Real) -> Real = (x - 1)^2
        def tv(x: [0, 100]) = abs(x - 1)/2
        def choice(x) = if x > 1 then x - 1 else 0
        theorem \"any size\" { forall p, q: Simplex[n] assume min(q) > 0 claim f_divergence(sq, p, q) >= 0 }";
    let mut loewner = Loewner::new();
    loewner.session().load_text("t.lw", text).unwrap();
    for (generator, expected) in [("xlx", 0.143_841_036_225_890_45), ("sq", 1.0 / 3.0), ("tv", 0.25)] {
        let call = format!("f_divergence({generator}, [1/2, 1/2], [1/4, 3/4])");
        let found = loewner.evaluate(&call).map(|value| value.scalar());
        let near = matches!(found, Ok(Some(found)) if (found - expected).abs() < 1e-14);
        assert!(near, "{call}: {found:?} instead of {expected}");
    }
    let refused = loewner.session().bind("d", "f_divergence(choice, [1/2, 1/2], [1/4, 3/4])").unwrap_err();
    assert_eq!(refused[0].code.to_string(), "E0501");
}
