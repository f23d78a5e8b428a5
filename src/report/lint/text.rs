//! One loss, a line for each finding.

use super::super::number::{digits, short};
use super::super::{Ink, Style};
use crate::lint::{Change, Chosen, Collapsed, Constants, Digits, Extremum, Growth, Kind, Law, Lint, Outcome, Pair};

/// How far the answers are set in.
const INDENT: usize = 24;

/// All findings of a loss, and on what they rest.
pub fn lint_text(lint: &Lint, style: Style) -> String {
    let mut text = format!("{}\n{}\n", style.paint(Ink::Heading, &lint.loss), setting(lint));
    let mut line = |heading: &str, answer: String| {
        text += &format!("  {heading:<width$}{answer}\n", width = INDENT - 2);
    };
    for (i, state) in lint.collapse.states.iter().enumerate() {
        let several = lint.collapse.states.len() > 1;
        line(if i == 0 { "collapse" } else { "" }, collapse(state, several));
    }
    line("", against(lint));
    line("way to one constant", ways(lint));
    line("stationary there", stationary(lint));
    for (heading, pair, alone) in [
        ("permuted samples", &lint.permutation, "of one argument alone"),
        ("rotated features", &lint.rotation, "each argument by its own"),
    ] {
        let Pair { jointly, apart } = pair;
        let kernels = lint.setting.varied.iter().all(|(_, kind)| *kind == Kind::Kernel);
        let heading = if heading == "rotated features" && kernels { "K to QKQ'" } else { heading };
        line(heading, change(jointly));
        if let Some(apart) = apart {
            line("", format!("{alone}: {}", change(apart)));
        }
    }
    line("norm of the features", growth(&lint.norm, "c"));
    line(&format!("number of samples, {}", lint.setting.batch), growth(&lint.samples, &lint.setting.batch));
    if let (Some(features), Some(width)) = (&lint.features, &lint.setting.width) {
        line(&format!("number of features, {width}"), growth(features, width));
    }
    for split in &lint.split {
        let drift = split.drift.filter(|_| !matches!(split.mean, Change::Invariant(_)));
        let drift = drift.map_or(String::new(), |drift| format!(" ({} on average)", percent(drift)));
        let (mean, sum) = (change(&split.mean), change(&split.sum));
        line(&format!("in {} parts", split.parts), format!("their mean: {mean}{drift}; their sum: {sum}"));
    }
    for (i, place) in lint.places.iter().enumerate() {
        let heading = if i == 0 { "value and gradient at" } else { "" };
        let gradient = match &place.gradient {
            Outcome::Finite(norm) => format!("gradient of norm {}", short(*norm)),
            other => format!("gradient: {}", outcome(other)),
        };
        let both = place.gradient == place.value && place.value.number().is_none();
        let gradient = if both { String::new() } else { format!(", {gradient}") };
        line(heading, format!("{}: {}{gradient}", place.name, outcome(&place.value)));
    }
    for precision in &lint.precision {
        line("digits in f32", format!("at {}: {}", precision.place, digits_of(&precision.single)));
        line("", format!("from rounding the inputs alone: {}", digits_of(&precision.rounded)));
    }
    if let Some(least) = &lint.least {
        let falling = if least.falling { ", and still falling there: no lower bound was met" } else { "" };
        line("least value met", format!("{}, at {}{falling}", short(least.value), least.place));
    }
    text
}

fn setting(lint: &Lint) -> String {
    let setting = &lint.setting;
    let sizes: Vec<String> = setting.sizes.iter().map(|(name, n)| format!("{name} = {n}")).collect();
    let mut text = format!("  {} draws at {}, samples of norm 1", setting.draws, sizes.join(", "));
    if !setting.scalars.is_empty() {
        let scalar = |(name, value, chosen): &(String, String, Chosen)| match chosen {
            Chosen::Default => format!("{name} = {value}"),
            Chosen::Given => format!("{name} = {value} (given)"),
            Chosen::Free => format!("{name} = {value} (no default: chosen)"),
        };
        text += &format!("; {}", setting.scalars.iter().map(scalar).collect::<Vec<_>>().join(", "));
    }
    if setting.off > 0 {
        let (hinges, are) = if setting.off == 1 { ("hinge", "is") } else { ("hinges", "are") };
        text += &format!(
            "\n  {} {hinges} max(0, x) {are} 0 at all random inputs: nothing is seen of what is in there",
            setting.off
        );
    }
    let kind = |(name, kind): &(String, Kind)| match kind {
        Kind::Columns => format!("{name} (a column per sample)"),
        Kind::Rows => format!("{name} (a row per sample)"),
        Kind::Kernel => format!("{name} (a kernel)"),
    };
    text += &format!("\n  varied: {}", setting.varied.iter().map(kind).collect::<Vec<_>>().join(", "));
    for (word, names) in [("goes with the samples", &setting.labels), ("held", &setting.held)] {
        if !names.is_empty() {
            text += &format!("; {word}: {}", names.join(", "));
        }
    }
    text
}

/// A way to collapse: its value, and what it is.
fn collapse(state: &Collapsed, several: bool) -> String {
    let constants = match state.constants {
        Constants::One if !several => "all samples equal",
        Constants::One => "to one constant",
        Constants::Opposite => "to opposite constants",
        Constants::Own => "to constants of their own",
    };
    let value = match (state.value.number(), state.greatest.number()) {
        (Some(least), Some(greatest)) if (greatest - least).abs() > 1e-9 * least.abs().max(greatest.abs()) => {
            format!("{} to {}", short(least), short(greatest))
        }
        _ => outcome(&state.value),
    };
    let kind = match state.kind {
        Extremum::Least { alone: true } => ": the least, and nothing else that was met comes to it",
        Extremum::Least { alone: false } => ": the least, and not alone",
        Extremum::Greatest { alone: true } => ": the greatest, and nothing else that was met comes to it",
        Extremum::Greatest { alone: false } => ": the greatest, and not alone",
        Extremum::Some { least: true, greatest: true } => ": with some constants the least, with others the greatest",
        Extremum::Some { least: true, greatest: false } => ": with some constants the least",
        Extremum::Some { .. } => ": with some constants the greatest",
        Extremum::Neither => ": neither the least nor the greatest",
        Extremum::Constant => ": as everywhere",
        Extremum::Undefined => "",
    };
    format!("{constants}: {value}{kind}")
}

/// What collapse is compared with.
fn against(lint: &Lint) -> String {
    let ends = |ends: Option<(f64, f64)>| match ends {
        Some((low, high)) => format!("{} to {}", short(low), short(high)),
        None => "no value".to_owned(),
    };
    let collapse = &lint.collapse;
    let (random, search) = (ends(collapse.random), ends(collapse.search));
    let spread = if collapse.crowded { "a tight frame" } else { "orthonormal" };
    format!("{spread}: {}; random: {random}; all that a search met: {search}", outcome(&collapse.orthonormal))
}

fn ways(lint: &Lint) -> String {
    let ways = lint.collapse.ways;
    if ways.all == 0 {
        return "no value along them".to_owned();
    }
    let mixed = ways.all - ways.fall - ways.rise;
    format!(
        "of {}, it only falls along {}, only rises along {}, does neither along {mixed}",
        ways.all, ways.fall, ways.rise
    )
}

fn stationary(lint: &Lint) -> String {
    let found = &lint.stationary;
    let typical =
        found.typical.map_or(String::new(), |typical| format!(", against {} at random inputs", short(typical)));
    match (found.vanishes, found.tangent_vanishes, &found.gradient, &found.tangent) {
        (Some(true), ..) => "yes: the gradient is zero".to_owned(),
        (Some(false), Some(true), Outcome::Finite(norm), _) => {
            format!("among samples of norm 1: the gradient, of norm {}, only changes norms", short(*norm))
        }
        (Some(false), _, Outcome::Finite(norm), Outcome::Finite(tangent)) => {
            format!(
                "no: a gradient of norm {}, {} tangent to samples of norm 1{typical}",
                short(*norm),
                short(*tangent)
            )
        }
        (_, _, gradient, _) => format!("no answer: {}", outcome(gradient)),
    }
}

pub(super) fn change(change: &Change) -> String {
    match change {
        Change::Invariant(_) => "unchanged".to_owned(),
        Change::Changed(relative) if relative.is_infinite() => "changed without bound".to_owned(),
        Change::Changed(relative) => format!("changed by up to {}", percent(*relative)),
        Change::Undefined(why) => format!("no answer: {why}"),
    }
}

/// A relative change: as a percentage where that is readable.
pub(super) fn percent(relative: f64) -> String {
    let percent = relative * 100.0;
    match percent.abs() {
        large if large >= 1000.0 => format!("{} times", digits(relative, 2)),
        whole if whole >= 100.0 => format!("{percent:.0} %"),
        _ => format!("{} %", digits(percent, 2)),
    }
}

fn growth(growth: &Growth, name: &str) -> String {
    let rough = |residual: f64, exact: bool| match exact {
        true => String::new(),
        false => format!(" (residual {})", digits(residual, 2)),
    };
    let local = match growth.ends {
        (Some(a), Some(b)) => {
            format!("; locally {name}^{} at the start, {name}^{} at the end", digits(a, 2), digits(b, 2))
        }
        _ => String::new(),
    };
    let range = format!("for {name} from {} to {}", short(growth.range.0), short(growth.range.1));
    match &growth.law {
        Law::Constant => format!("unchanged {range}"),
        Law::Steady(spread) => format!("about the same {range}, within {}", percent(*spread)),
        Law::Power { exponent, residual, exact } => {
            let exponent = digits(*exponent, if *exact { 6 } else { 3 });
            format!("as {name}^{exponent} {range}{}", rough(*residual, *exact))
        }
        Law::Logarithm { slope, residual, exact } => {
            let slope = digits(*slope, if *exact { 6 } else { 3 });
            format!("a constant plus {slope} log {name} {range}{}", rough(*residual, *exact))
        }
        Law::None(residual) => {
            let residual = residual.map_or(String::new(), |residual| format!(", residual {}", digits(residual, 2)));
            format!("no power law {range}{residual}{local}")
        }
        Law::Undefined(why) => format!("no answer: {why}"),
    }
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Finite(x) | Outcome::Infinite(x) => short(*x),
        Outcome::NotANumber => "not a number".to_owned(),
        Outcome::Refused(why) => format!("not allowed: {why}"),
        Outcome::Failed(why) => why.clone(),
    }
}

fn digits_of(found: &Digits) -> String {
    let one = |digits: Option<(f64, f64)>| match digits {
        Some((fewest, median)) => format!("{median:.1} ({fewest:.1} at worst)"),
        None => "none".to_owned(),
    };
    let failed = if found.failed > 0 { format!(", {} failed", found.failed) } else { String::new() };
    format!("value {}, gradient {}{failed}", one(found.value), one(found.gradient))
}
