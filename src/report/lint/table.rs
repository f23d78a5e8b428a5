//! Many losses in one table, in Markdown: a row each, a word or a number for each finding.

use super::super::number::digits;
use super::text::percent;
use crate::lint::{Change, Chosen, Constants, Digits, Extremum, Growth, Law, Lint, Outcome, Pair};

const HEADINGS: [&str; 16] = [
    "definition",
    "parameters",
    "collapse to one constant",
    "to opposite constants",
    "to constants of their own",
    "stationary at one constant",
    "samples permuted",
    "features rotated",
    "features times c",
    "number of samples",
    "number of features",
    "mean of 2 parts",
    "at collapse",
    "at orthonormal samples",
    "at zero",
    "digits in f32",
];

/// What stands before the table.
const PREAMBLE: &str = "\
# How the library behaves

Written by `cargo xtask lint`, which runs `loewner lint --library`. `loewner lint NAME` tells more of each, and about which
numbers. All of it is found by trying: evidence, and no proof.

A matrix d × B is features with a column per sample, N × p has a row per sample, a square one is a kernel. Unless a number of
them is varied there are 8 samples and 12 features, and 3 of anything else. Random samples have norm 1, two views are alike in
every other draw.

- *parameters*: with which all of the row was measured. One with an asterisk has no default: it is 1, or, where 1 leaves a hinge
  max(0, x) at 0 at all random inputs, another number; hinges that stay at 0 are counted as off.
- *collapse*: what the loss is where all samples are mapped to *one constant*, those of both views; where the views are mapped
  to *opposite constants* u and -u; where each is mapped to a constant *of its own*, equal and opposite ones among them. A
  minimum or a maximum is one among all samples of norm 1, whatever else the loss takes being held, as far as random and
  structured inputs and descents and ascents from some ten starts tell: \"not alone\" where other inputs come to the same value,
  as equal views do; *at some constants* where values differ between constants, and only some come to it. *Neither* has been
  seen to be above and below others. A dash: there is one view, or the kernel of equal samples does not tell their constant.
- *stationary at one constant*: whether the gradient that training sees vanishes there, or does among samples of norm 1.
- *samples permuted*, *features rotated* (of a kernel: K to QKQ'): all arguments alike, and where it differs, apart: the first
  one alone, or each by its own.
- *features times c*, *number of samples*, *number of features*: the law of the value, for c from 1/1000 to 1000 exact, and for
  numbers from 16 to 256 fitted to means over random inputs; \"about the same\" is within a tenth.
- *mean of 2 parts*: the batch in two halves, the mean of their values against the whole, on average.
- *at ...*: whether value and gradient are finite; \"not allowed\" where the definition refuses the input.
- *digits in f32*: decimal digits of the value / of the gradient that survive evaluation in single precision, the median at
  random inputs; and at inputs a thousandth of the way from collapse.

";

/// The table with what its columns mean, and what was left out below it.
pub fn lint_table(lints: &[Lint], skipped: &[String]) -> String {
    let row = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = format!("{PREAMBLE}{}", row(&HEADINGS.map(str::to_owned)));
    text += &row(&HEADINGS.map(|_| "---".to_owned()));
    text.extend(lints.iter().map(|lint| row(&lint_row(lint))));
    if !skipped.is_empty() {
        text += "\nNot linted, since each is no real number, or has no matrix of samples:\n";
        let names: Vec<String> = skipped.iter().map(|skipped| format!("`{skipped}`")).collect();
        text += &format!("{}.\n", names.join(", "));
    }
    text
}

/// The cells of one loss.
pub fn lint_row(lint: &Lint) -> Vec<String> {
    let place = |name: &str| {
        lint.places.iter().find(|place| place.name == name).map_or(String::new(), |place| {
            match (finite(&place.value), finite(&place.gradient)) {
                (None, None) => "finite".to_owned(),
                (Some(value), _) => value,
                (None, Some(gradient)) => format!("gradient {gradient}"),
            }
        })
    };
    let precision = lint.precision.first().map_or(String::new(), |found| single(&found.single));
    let near = lint.precision.get(1).map_or(String::new(), |found| single(&found.single));
    vec![
        format!("`{}`", lint.loss),
        parameters(lint),
        collapse(lint, Constants::One),
        collapse(lint, Constants::Opposite),
        collapse(lint, Constants::Own),
        match (lint.stationary.vanishes, lint.stationary.tangent_vanishes) {
            (Some(true), _) => "yes",
            (Some(false), Some(true)) => "among norm 1",
            (Some(false), _) => "no",
            (None, _) => "-",
        }
        .to_owned(),
        pair(&lint.permutation),
        pair(&lint.rotation),
        growth(&lint.norm, "c"),
        growth(&lint.samples, &lint.setting.batch),
        lint.features
            .as_ref()
            .map_or("-".to_owned(), |features| growth(features, lint.setting.width.as_deref().unwrap_or_default())),
        lint.split.first().map_or("-".to_owned(), |split| match (&split.mean, split.drift) {
            (Change::Invariant(_), _) => "the same".to_owned(),
            (Change::Changed(_), Some(drift)) if drift > 0.0 => format!("+{}", percent(drift)),
            (Change::Changed(_), Some(drift)) => percent(drift),
            (Change::Changed(relative), None) => percent(*relative),
            (Change::Undefined(_), _) => "no value".to_owned(),
        }),
        collapsed(lint, place("collapse")),
        place(if lint.collapse.crowded { "a tight frame" } else { "orthonormal samples" }),
        place("zero"),
        format!("{precision}; {near}"),
    ]
}

/// The numbers that parameters had.
fn parameters(lint: &Lint) -> String {
    let scalar = |(name, value, chosen): &(String, String, Chosen)| match chosen {
        Chosen::Default | Chosen::Given => format!("{name} = {value}"),
        Chosen::Free => format!("{name} = {value}\\*"),
    };
    let mut parts: Vec<String> = lint.setting.scalars.iter().map(scalar).collect();
    match lint.setting.off {
        0 => {}
        1 => parts.push("1 hinge off".to_owned()),
        more => parts.push(format!("{more} hinges off")),
    }
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

/// What a way to collapse is to the loss.
fn collapse(lint: &Lint, constants: Constants) -> String {
    let state = lint.collapse.states.iter().find(|state| state.constants == constants);
    state
        .map_or("-", |state| match state.kind {
            Extremum::Least { alone: true } => "minimum",
            Extremum::Least { alone: false } => "minimum, not alone",
            Extremum::Greatest { alone: true } => "maximum",
            Extremum::Greatest { alone: false } => "maximum, not alone",
            Extremum::Some { least: true, greatest: true } => "minimum and maximum at some constants",
            Extremum::Some { least: true, greatest: false } => "minimum at some constants",
            Extremum::Some { .. } => "maximum at some constants",
            Extremum::Neither => "neither",
            Extremum::Constant => "no difference",
            Extremum::Undefined => "no value",
        })
        .to_owned()
}

/// The cell of collapse, with the arguments whose collapse alone is worse than that of all.
fn collapsed(lint: &Lint, all: String) -> String {
    let alone = lint.places.iter().filter_map(|place| {
        let name = place.name.strip_suffix(" alone collapsed")?;
        finite(&place.value).filter(|word| *word != all).map(|word| format!("; {name} alone {word}"))
    });
    alone.fold(all.clone(), |text, alone| text + &alone)
}

/// What is not finite, in a word.
fn finite(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::Finite(_) => None,
        Outcome::Infinite(x) => Some(if *x > 0.0 { "inf" } else { "-inf" }.to_owned()),
        Outcome::NotANumber => Some("nan".to_owned()),
        Outcome::Refused(_) => Some("not allowed".to_owned()),
        Outcome::Failed(_) => Some("fails".to_owned()),
    }
}

fn pair(pair: &Pair) -> String {
    let word = |change: &Change| match change {
        Change::Invariant(_) => "the same",
        Change::Changed(_) => "changed",
        Change::Undefined(_) => "no value",
    };
    match &pair.apart {
        Some(apart) if word(apart) != word(&pair.jointly) => format!("{}; apart {}", word(&pair.jointly), word(apart)),
        Some(_) | None => word(&pair.jointly).to_owned(),
    }
}

fn growth(growth: &Growth, name: &str) -> String {
    match &growth.law {
        Law::Constant => "the same".to_owned(),
        Law::Steady(_) => "about the same".to_owned(),
        Law::Power { exponent, exact, .. } => format!("{name}^{}", digits(*exponent, if *exact { 6 } else { 2 })),
        Law::Logarithm { slope, .. } => format!("{} log {name}", digits(*slope, 2)),
        Law::None(_) => "no law".to_owned(),
        Law::Undefined(_) => "no value".to_owned(),
    }
}

/// Median digits of the value and of the gradient.
fn single(found: &Digits) -> String {
    let one = |digits: Option<(f64, f64)>| digits.map_or("-".to_owned(), |(_, median)| format!("{median:.0}"));
    format!("{} / {}", one(found.value), one(found.gradient))
}
