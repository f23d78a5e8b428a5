//! What rewriting makes of an expression, as text and as JSON.

use serde::Serialize;

use super::number::short;
use crate::explain::{Explanation, Form, Times};
use crate::rewrite::Ended;
use crate::rewrite::cost::Cost;

/// Lines longer than this are broken at the bindings of a `let`.
const WIDTH: usize = 110;

/// Steps beyond this many are counted, not shown.
const MAX_STEPS: usize = 24;

/// The explanation for a person. `title` is what was asked for.
pub fn explanation_text(title: &str, explanation: &Explanation) -> String {
    let places = explanation.sizes.iter().map(|(name, n)| format!("{name} = {n}"));
    let places = places.chain(explanation.parameters.iter().map(|(name, x)| format!("{name} = {}", short(*x))));
    let places: Vec<String> = places.collect();
    let at = if places.is_empty() { String::new() } else { format!(" at {}", places.join(", ")) };
    let mut text = format!("{title}{at}\n\nbefore\n{}", shown(&explanation.before.text));
    if explanation.unchanged {
        text += match explanation.unproved {
            true => "\na cheaper form was found, but the proof that it is equal did not stand: left as it is",
            false => "\nno form was found that is so much cheaper as to be worth it: left as it is",
        };
    } else {
        text += &format!("\nafter\n{}\nby", shown(&explanation.after.text));
        for (i, (rule, _)) in explanation.steps.iter().take(MAX_STEPS).enumerate() {
            text += &format!("\n  {:>2}  {rule}", i + 1);
        }
        if explanation.steps.len() > MAX_STEPS {
            text += &format!("\n      and {} more", explanation.steps.len() - MAX_STEPS);
        }
    }
    text += &format!("\n  ({}, {})\n\n", seconds(explanation.search), ended(explanation.ended));
    text += &table(explanation);
    if explanation.unchanged {
        return text;
    }
    let agreement =
        |deviation: f64| if deviation == 0.0 { "exactly".to_owned() } else { format!("to {}", short(deviation)) };
    let (value, gradient) = explanation.deviation;
    text += &format!("the two values agree {}", agreement(value));
    if let Some(gradient) = gradient {
        text += &format!(", with their gradients {}", agreement(gradient));
    }
    if !explanation.agrees() {
        text += ": they do NOT agree to rounding";
    }
    text + "\n"
}

fn shown(text: &str) -> String {
    let mut lines = String::new();
    if text.chars().count() <= WIDTH {
        return format!("  {text}\n");
    }
    // A binding a line; the commas within brackets are no ends of bindings.
    let (mut depth, mut line) = (0, String::new());
    for c in text.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            _ => {}
        }
        line.push(c);
        if depth == 0 && (c == ',' || line.ends_with(" in ")) {
            lines += &format!("  {}\n", line.trim_end());
            line = "   ".to_owned();
        }
    }
    lines + &format!("  {line}\n")
}

fn table(explanation: &Explanation) -> String {
    let mut text = format!("  {:<26}{:>12}{:>14}{:>14}{:>14}\n", "", "flops", "bytes", "modelled", "measured");
    let mut row = |name: &str, cost: Cost, measured: f64| {
        text += &format!(
            "  {name:<26}{:>12}{:>14}{:>14}{:>14}\n",
            short(cost.flops),
            short(cost.bytes),
            seconds(cost.seconds),
            seconds(measured)
        );
    };
    if explanation.unchanged {
        row("value", explanation.before.value, explanation.value.before);
        if let Some((cost, times)) = explanation.before.gradient.zip(explanation.gradient) {
            row("with gradient", cost, times.before);
        }
        return text;
    }
    row("value, before", explanation.before.value, explanation.value.before);
    row("value, after", explanation.after.value, explanation.value.after);
    let gradients = (explanation.before.gradient, explanation.after.gradient, explanation.gradient);
    if let (Some(before), Some(after), Some(times)) = gradients {
        row("with gradient, before", before, times.before);
        row("with gradient, after", after, times.after);
    }
    let mut speeds = format!("value {} times as fast", short(explanation.value.ratio));
    if let Some(times) = explanation.gradient {
        speeds += &format!(", with its gradient {} times", short(times.ratio));
    }
    text + &format!("\n{speeds}\n")
}

fn seconds(x: f64) -> String {
    match x {
        x if x < 1e-6 => format!("{} ns", short((x * 1e10).round() / 10.0)),
        x if x < 1e-3 => format!("{} µs", short((x * 1e7).round() / 10.0)),
        x if x < 1.0 => format!("{} ms", short((x * 1e4).round() / 10.0)),
        x => format!("{} s", short((x * 1e2).round() / 100.0)),
    }
}

fn ended(ended: Ended) -> &'static str {
    match ended {
        Ended::Found => "found",
        Ended::Saturated => "every form was seen",
        Ended::Terms => "the limit on terms was reached",
        Ended::Rounds => "the limit on rounds was reached",
        Ended::Time => "the limit on time was reached",
    }
}

#[derive(Serialize)]
struct CostJson {
    flops: f64,
    bytes: f64,
    modelled_seconds: f64,
    measured_seconds: f64,
}

#[derive(Serialize)]
struct FormJson<'a> {
    text: &'a str,
    value: CostJson,
    gradient: Option<CostJson>,
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    schema: u32,
    expression: &'a str,
    sizes: Vec<(&'a str, i64)>,
    parameters: Vec<(&'a str, f64)>,
    before: FormJson<'a>,
    after: FormJson<'a>,
    unchanged: bool,
    rules: Vec<&'a str>,
    search_seconds: f64,
    value_ratio: f64,
    gradient_ratio: Option<f64>,
    value_deviation: f64,
    gradient_deviation: Option<f64>,
}

fn form(form: &Form, value: f64, gradient: Option<f64>) -> FormJson<'_> {
    let of = |cost: Cost, measured_seconds| CostJson {
        flops: cost.flops,
        bytes: cost.bytes,
        modelled_seconds: cost.seconds,
        measured_seconds,
    };
    let gradient = form.gradient.zip(gradient).map(|(cost, time)| of(cost, time));
    FormJson { text: &form.text, value: of(form.value, value), gradient }
}

/// The explanation as one JSON object on a line.
pub fn explanation_json(title: &str, explanation: &Explanation) -> String {
    let gradient = |of: fn(&Times) -> f64| explanation.gradient.as_ref().map(of);
    let json = ExplanationJson {
        schema: 1,
        expression: title,
        sizes: explanation.sizes.iter().map(|(name, n)| (name.as_str(), *n)).collect(),
        parameters: explanation.parameters.iter().map(|(name, x)| (name.as_str(), *x)).collect(),
        before: form(&explanation.before, explanation.value.before, gradient(|times| times.before)),
        after: form(&explanation.after, explanation.value.after, gradient(|times| times.after)),
        unchanged: explanation.unchanged,
        rules: explanation.steps.iter().map(|(rule, _)| rule.as_str()).collect(),
        search_seconds: explanation.search,
        value_ratio: explanation.value.ratio,
        gradient_ratio: explanation.gradient.map(|times| times.ratio),
        value_deviation: explanation.deviation.0,
        gradient_deviation: explanation.deviation.1,
    };
    // Strings, numbers and lists cannot fail to be written to memory.
    serde_json::to_string(&json).expect("no map has a key that is no string") + "\n"
}
