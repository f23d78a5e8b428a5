//! How two losses are related, as text and as JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::{Real, WitnessJson};
use super::number::{count, digits17, short};
use super::witness::passing_witness_lines;
use crate::relate::{Answer, Basis, Coefficient, Local, Place, Relation};

/// The answer for a person.
pub fn relation_text(answer: &Answer) -> String {
    let [a, b] = &answer.losses;
    let mut text = format!("first   {a}\nsecond  {b}\n");
    if !answer.ranges.is_empty() {
        text += &format!("where   {}\n", answer.ranges.join("; "));
    }
    text.push('\n');
    text += &body(answer);
    if let Some(narrow) = &answer.unit_columns {
        text += &format!("\nwhere the columns have norm 1:\n{}", body(narrow));
    }
    text
}

fn body(answer: &Answer) -> String {
    let mut text = match &answer.relation {
        Relation::Equal(basis) => format!("second = first\n  {}\n", rests_on(basis)),
        Relation::Affine { slope, offset, basis } => {
            format!("second = {}\n  {}\n", line(slope, offset), rests_on(basis))
        }
        Relation::Lines(lines) => {
            let mut text =
                "measured, and not checked: at each choice of sizes and parameters second = a * first + b, and a and b \
                 were not recognised\n"
                    .to_owned();
            for (place, slope, offset) in lines {
                let at = at(&answer.names, &place.coordinates());
                text += &format!("  {at}: slope = {}, offset = {}\n", short(*slope), short(*offset));
            }
            text
        }
        Relation::Different { place, values, witness } => {
            let mut text = "different, and the second is no line in the first\n".to_owned();
            text += &format!("  three inputs at {}:\n", at(&answer.names, &place.coordinates()));
            for (a, b) in values {
                text += &format!("    first = {}, second = {}\n", digits17(*a), digits17(*b));
            }
            if let Some(witness) = witness {
                text += &format!("  they differ at\n{}", passing_witness_lines(witness));
            }
            text
        }
        Relation::Unknown(why) => format!("unknown: {why}\n"),
    };
    for local in &answer.local {
        text += &near(local);
    }
    text
}

/// `slope * A + offset`
fn line(slope: &Coefficient, offset: &Coefficient) -> String {
    let slope = if slope.is_one() { "first".to_owned() } else { format!("{} * first", factor(slope)) };
    let offset = offset.to_string();
    match offset.strip_prefix('-') {
        _ if offset == "0" => slope,
        Some(rest) => format!("{slope} - {rest}"),
        None => format!("{slope} + {offset}"),
    }
}

/// A coefficient before a sign of multiplication.
fn factor(coefficient: &Coefficient) -> String {
    let text = coefficient.to_string();
    let simple = text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c));
    if simple { text } else { format!("({text})") }
}

fn rests_on(basis: &Basis) -> String {
    match basis {
        Basis::Unfolding => "both unfold to one expression".to_owned(),
        Basis::Proved(lemmas) if lemmas.is_empty() => "proved, by arithmetic".to_owned(),
        Basis::Proved(lemmas) => format!("proved, by {}", lemmas.join(", ")),
        Basis::Samples(samples, bound) => {
            let bound = bound.map_or(String::new(), |bound| {
                let (probability, confidence) = (short(bound.probability), short(bound.confidence));
                format!("; a violation has probability below {probability} at confidence {confidence}")
            });
            format!("holds on {} samples and under attack, and is not proved{bound}", count(*samples))
        }
        Basis::Contradicted(witness) => {
            format!(
                "seen at random points; but it is false: the two sides differ at\n{}",
                passing_witness_lines(witness)
            )
        }
        Basis::Values(why) => format!("measured at random points, and not checked: {why}"),
    }
}

fn near(local: &Local) -> String {
    let factor = match &local.factor {
        Some(found) => factor(found),
        None => format!("a factor ({} at one choice of sizes and parameters)", short(local.example)),
    };
    let (directions, places) = local.checked;
    if local.limit {
        let at = &local.at;
        let weight = if local.weight { ", where only what it weighs counts" } else { "" };
        return format!(
            "as {at}{weight}: second = {factor} * first + a constant, up to a relative error of the order of its inverse\n  \
             {directions} inputs at {places} choices of sizes and parameters\n"
        );
    }
    let order = if local.stationary { ", where both are stationary" } else { "" };
    format!(
        "to second order near {}{order}: second = {factor} * first + a constant\n  \
         {directions} directions at {places} choices of sizes and parameters\n",
        local.at
    )
}

fn at(names: &[String], values: &[f64]) -> String {
    let pairs: Vec<String> =
        names.iter().zip(values).map(|(name, value)| format!("{name} = {}", short(*value))).collect();
    pairs.join(", ")
}

/// The version of the schema, raised when a field changes its meaning.
const SCHEMA: u32 = 2;

#[derive(Serialize)]
struct RelationJson<'a> {
    schema: u32,
    first: &'a str,
    second: &'a str,
    ranges: &'a [String],
    relation: &'static str,
    slope: Option<String>,
    offset: Option<String>,
    rests_on: Option<&'static str>,
    lemmas: &'a [String],
    samples: Option<u64>,
    /// Of losses that are different, three inputs at one choice whose values lie on no line.
    apart: Option<ApartJson<'a>>,
    /// An input where the two sides of the relation differ; of different losses, the losses.
    witness: Option<WitnessJson<'a>>,
    /// Of a line whose coefficients were not recognised, these at some choices.
    measured: Vec<LineJson<'a>>,
    says: String,
    second_order: Vec<LocalJson<'a>>,
    unit_columns: Option<Box<RelationJson<'a>>>,
}

/// Sizes and parameters by name.
type PlaceJson<'a> = BTreeMap<&'a str, Real>;

#[derive(Serialize)]
struct ApartJson<'a> {
    at: PlaceJson<'a>,
    first: Vec<Real>,
    second: Vec<Real>,
}

#[derive(Serialize)]
struct LineJson<'a> {
    at: PlaceJson<'a>,
    slope: Real,
    offset: Real,
}

#[derive(Serialize)]
struct LocalJson<'a> {
    at: &'a str,
    limit: bool,
    weight: bool,
    factor: Option<String>,
}

impl<'a> RelationJson<'a> {
    fn of(answer: &'a Answer) -> Self {
        let (relation, basis) = match &answer.relation {
            Relation::Equal(basis) => ("equal", Some(basis)),
            Relation::Affine { basis, .. } => ("affine", Some(basis)),
            Relation::Lines(_) => ("measured", None),
            Relation::Different { .. } => ("different", None),
            Relation::Unknown(_) => ("unknown", None),
        };
        let coefficients = match &answer.relation {
            Relation::Affine { slope, offset, .. } => Some((slope.to_string(), offset.to_string())),
            Relation::Equal(_) => Some(("1".to_owned(), "0".to_owned())),
            Relation::Lines(_) | Relation::Different { .. } | Relation::Unknown(_) => None,
        };
        let (rests_on, lemmas, samples) = match basis {
            Some(Basis::Unfolding) => (Some("unfolding"), &[][..], None),
            Some(Basis::Proved(lemmas)) => (Some("proof"), lemmas.as_slice(), None),
            Some(Basis::Samples(samples, _)) => (Some("samples"), &[][..], Some(*samples)),
            Some(Basis::Values(_)) => (Some("values"), &[][..], None),
            Some(Basis::Contradicted(_)) => (Some("contradicted"), &[][..], None),
            None => (None, &[][..], None),
        };
        let place = |place: &Place| -> PlaceJson<'a> {
            answer.names.iter().map(String::as_str).zip(place.coordinates().into_iter().map(Real)).collect()
        };
        let apart = match &answer.relation {
            Relation::Different { place: at, values, .. } => Some(ApartJson {
                at: place(at),
                first: values.iter().map(|(first, _)| Real(*first)).collect(),
                second: values.iter().map(|(_, second)| Real(*second)).collect(),
            }),
            Relation::Equal(_) | Relation::Affine { .. } | Relation::Lines(_) | Relation::Unknown(_) => None,
        };
        let witness = match (&answer.relation, basis) {
            (Relation::Different { witness, .. }, _) => witness.as_deref(),
            (_, Some(Basis::Contradicted(witness))) => Some(&**witness),
            _ => None,
        };
        let measured = match &answer.relation {
            Relation::Lines(lines) => lines.as_slice(),
            Relation::Equal(_) | Relation::Affine { .. } | Relation::Different { .. } | Relation::Unknown(_) => &[],
        };
        let measured = measured.iter().map(|(at, slope, offset)| LineJson {
            at: place(at),
            slope: Real(*slope),
            offset: Real(*offset),
        });
        let local = |local: &'a Local| LocalJson {
            at: &local.at,
            limit: local.limit,
            weight: local.weight,
            factor: local.factor.as_ref().map(Coefficient::to_string),
        };
        let (slope, offset) = coefficients.unzip();
        RelationJson {
            schema: SCHEMA,
            first: &answer.losses[0],
            second: &answer.losses[1],
            ranges: &answer.ranges,
            relation,
            slope,
            offset,
            rests_on,
            lemmas,
            samples,
            apart,
            witness: witness.map(WitnessJson::of),
            measured: measured.collect(),
            says: body(answer),
            second_order: answer.local.iter().map(local).collect(),
            unit_columns: answer.unit_columns.as_deref().map(|narrow| Box::new(RelationJson::of(narrow))),
        }
    }
}

/// The answer as one JSON object on a line.
pub fn relation_json(answer: &Answer) -> String {
    // Strings, numbers, lists and maps keyed by strings cannot fail to be written to memory.
    serde_json::to_string(&RelationJson::of(answer)).expect("every key is a string") + "\n"
}
