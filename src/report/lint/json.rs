//! The findings as one JSON object. Numbers that JSON cannot write are the strings `"inf"`, `"-inf"` and `"nan"`.

use serde_json::{Map, Value, json};

use super::super::number::digits17;
use crate::lint::{Change, Chosen, Collapsed, Constants, Digits, Extremum, Growth, Kind, Law, Lint, Outcome, Pair};

/// The version of the schema, raised when a field changes its meaning.
const SCHEMA: u32 = 2;

/// The findings of a loss as one JSON object, with a newline at its end.
pub fn lint_json(lint: &Lint) -> String {
    let setting = &lint.setting;
    let sizes: Map<String, Value> = setting.sizes.iter().map(|(name, n)| (name.clone(), json!(n))).collect();
    let scalars: Vec<Value> = setting
        .scalars
        .iter()
        .map(|(name, value, chosen)| {
            let chosen = match chosen {
                Chosen::Default => "default",
                Chosen::Given => "given",
                Chosen::Free => "free",
            };
            json!({"name": name, "value": value, "chosen": chosen})
        })
        .collect();
    let varied: Vec<Value> = setting
        .varied
        .iter()
        .map(|(name, kind)| {
            let kind = match kind {
                Kind::Columns => "columns",
                Kind::Rows => "rows",
                Kind::Kernel => "kernel",
            };
            json!({"name": name, "samples": kind})
        })
        .collect();
    let (collapse, found) = (&lint.collapse, &lint.stationary);
    let states: Vec<Value> = collapse.states.iter().map(state).collect();
    let split: Vec<Value> = lint
        .split
        .iter()
        .map(|split| {
            let drift = split.drift.map(number);
            json!({"parts": split.parts, "mean": change(&split.mean), "sum": change(&split.sum), "mean_drift": drift})
        })
        .collect();
    let places: Vec<Value> = lint
        .places
        .iter()
        .map(|place| json!({"at": place.name, "value": outcome(&place.value), "gradient": outcome(&place.gradient)}))
        .collect();
    let precision: Vec<Value> = lint
        .precision
        .iter()
        .map(|found| json!({"at": found.place, "rounded": digits(&found.rounded), "single": digits(&found.single)}))
        .collect();
    let value = json!({
        "schema": SCHEMA,
        "loss": lint.loss,
        "draws": setting.draws,
        "seed": setting.seed,
        "sizes": sizes,
        "batch": setting.batch,
        "features": setting.width,
        "scalars": scalars,
        "hinges_off": setting.off,
        "varied": varied,
        "labels": setting.labels,
        "held": setting.held,
        "collapse": {
            "states": states,
            "orthonormal": (!collapse.crowded).then(|| outcome(&collapse.orthonormal)),
            "tight_frame": collapse.crowded.then(|| outcome(&collapse.orthonormal)),
            "random": collapse.random.map(pair),
            "search": collapse.search.map(pair),
            "ways": {"all": collapse.ways.all, "fall": collapse.ways.fall, "rise": collapse.ways.rise},
        },
        "permutation": both(&lint.permutation),
        "rotation": both(&lint.rotation),
        "norm": growth(&lint.norm),
        "samples": growth(&lint.samples),
        "width": lint.features.as_ref().map(growth),
        "split": split,
        "places": places,
        "stationary": {
            "gradient": outcome(&found.gradient),
            "tangent": outcome(&found.tangent),
            "typical": found.typical.map(number),
            "vanishes": found.vanishes,
            "tangent_vanishes": found.tangent_vanishes,
        },
        "digits": precision,
        "least": lint.least.as_ref().map(|least| {
            json!({"value": number(least.value), "at": least.place, "falling": least.falling})
        }),
    });
    format!("{value}\n")
}

fn state(state: &Collapsed) -> Value {
    let constants = match state.constants {
        Constants::One => "one",
        Constants::Opposite => "opposite",
        Constants::Own => "own",
    };
    let (kind, alone) = match state.kind {
        Extremum::Least { alone } => ("minimum", Some(alone)),
        Extremum::Greatest { alone } => ("maximum", Some(alone)),
        Extremum::Some { least: true, greatest: true } => ("minimum and maximum at some constants", None),
        Extremum::Some { least: true, greatest: false } => ("minimum at some constants", None),
        Extremum::Some { .. } => ("maximum at some constants", None),
        Extremum::Neither => ("neither", None),
        Extremum::Constant => ("constant", None),
        Extremum::Undefined => ("undefined", None),
    };
    let (least, greatest) = (outcome(&state.value), outcome(&state.greatest));
    json!({"constants": constants, "is": kind, "alone": alone, "value": least, "greatest": greatest})
}

fn number(x: f64) -> Value {
    if x.is_finite() { json!(x) } else { json!(digits17(x)) }
}

fn pair((a, b): (f64, f64)) -> Value {
    json!([number(a), number(b)])
}

fn outcome(outcome: &Outcome) -> Value {
    match outcome {
        Outcome::Finite(x) | Outcome::Infinite(x) => number(*x),
        Outcome::NotANumber => json!("nan"),
        Outcome::Refused(why) => json!({"refused": why}),
        Outcome::Failed(why) => json!({"failed": why}),
    }
}

fn change(change: &Change) -> Value {
    match change {
        Change::Invariant(relative) => json!({"invariant": true, "change": number(*relative)}),
        Change::Changed(relative) => json!({"invariant": false, "change": number(*relative)}),
        Change::Undefined(why) => json!({"undefined": why}),
    }
}

fn both(found: &Pair) -> Value {
    json!({"jointly": change(&found.jointly), "apart": found.apart.as_ref().map(change)})
}

fn growth(growth: &Growth) -> Value {
    let law = match &growth.law {
        Law::Constant => json!({"law": "constant"}),
        Law::Steady(spread) => json!({"law": "steady", "spread": number(*spread)}),
        Law::Power { exponent, residual, exact } => {
            json!({"law": "power", "exponent": number(*exponent), "residual": number(*residual), "exact": exact})
        }
        Law::Logarithm { slope, residual, exact } => {
            json!({"law": "logarithm", "slope": number(*slope), "residual": number(*residual), "exact": exact})
        }
        Law::None(residual) => json!({"law": "none", "residual": residual.map(number)}),
        Law::Undefined(why) => json!({"law": "undefined", "why": why}),
    };
    json!({"is": law, "range": pair(growth.range), "ends": [growth.ends.0.map(number), growth.ends.1.map(number)]})
}

fn digits(digits: &Digits) -> Value {
    let one = |found: Option<(f64, f64)>| found.map(|(fewest, median)| json!({"fewest": fewest, "median": median}));
    json!({"value": one(digits.value), "gradient": one(digits.gradient), "failed": digits.failed})
}
