//! JSON: the schema of a report is a contract, and equal reports are equal bytes.
//!
//! Fields stand in a fixed order, and neither times nor thread counts occur. A number that JSON cannot write is the
//! string `"inf"`, `"-inf"` or `"nan"`.

use num_rational::BigRational;
use num_traits::ToPrimitive;
use serde::ser::SerializeSeq;
use serde::{Serialize, Serializer};

use super::number::digits17;
use super::value::Answer;
use crate::check::Expected;
use crate::verify::{ClaimReport, Report, Value, ViolationBound, Witness};

/// The version of the schema, raised when a field changes its meaning.
const SCHEMA: u32 = 1;

/// The report of a run as one JSON object, a line for each claim, with a newline at its end.
pub fn report_json(report: &Report) -> String {
    let claims: Vec<String> = report.claims.iter().map(|claim| compact(&ClaimJson::of(claim))).collect();
    let claims = if claims.is_empty() { String::new() } else { format!("\n{}\n", claims.join(",\n")) };
    let interrupted = if report.interrupted { "\"interrupted\": true, " } else { "" };
    format!("{{\"schema\": {SCHEMA}, \"seed\": {}, {interrupted}\"claims\": [{claims}]}}\n", report.seed)
}

/// `{"shape": [] | [n] | [m, n], "value": ...}` on one line, numbers with 17 significant digits, complex ones as
/// `[re, im]`.
pub fn answer_json(answer: &Answer) -> String {
    match answer {
        Answer::Truth(truth) => format!("{{\"shape\": [], \"value\": {truth}}}"),
        Answer::Value(value) => {
            let shape: Vec<String> = shape(value).iter().map(usize::to_string).collect();
            format!("{{\"shape\": [{}], \"value\": {}}}", shape.join(", "), nested(value))
        }
    }
}

fn shape(value: &Value) -> Vec<usize> {
    match value {
        Value::Number(_) | Value::Exact(_) | Value::Complex(_) => Vec::new(),
        Value::Vector(v) => vec![v.len()],
        Value::ComplexVector(v) => vec![v.len()],
        Value::Matrix(rows) => vec![rows.len(), rows.first().map_or(0, Vec::len)],
        Value::ComplexMatrix(rows) => vec![rows.len(), rows.first().map_or(0, Vec::len)],
    }
}

fn nested(value: &Value) -> String {
    fn list<T>(items: &[T], item: impl Fn(&T) -> String) -> String {
        format!("[{}]", items.iter().map(item).collect::<Vec<_>>().join(", "))
    }
    let real = |x: &f64| json_number(*x);
    let complex = |z: &(f64, f64)| format!("[{}, {}]", json_number(z.0), json_number(z.1));
    match value {
        Value::Number(x) => real(x),
        Value::Exact(x) => real(&nearest(x)),
        Value::Complex(z) => complex(z),
        Value::Vector(v) => list(v, real),
        Value::ComplexVector(v) => list(v, complex),
        Value::Matrix(rows) => list(rows, |row| list(row, real)),
        Value::ComplexMatrix(rows) => list(rows, |row| list(row, complex)),
    }
}

/// A number with 17 significant digits, or a string where JSON has no number for it.
fn json_number(x: f64) -> String {
    if x.is_finite() { digits17(x) } else { format!("\"{}\"", digits17(x)) }
}

fn nearest(x: &BigRational) -> f64 {
    // Only a fraction of two enormous numbers has no nearest double, and no sample is one.
    x.to_f64().unwrap_or(f64::NAN)
}

fn compact(value: &impl Serialize) -> String {
    // Strings, numbers, lists and maps keyed by strings cannot fail to be written to memory.
    serde_json::to_string(value).expect("every key is a string")
}

#[derive(Serialize)]
struct ClaimJson<'a> {
    file: &'a str,
    theorem: &'a str,
    claim: &'a str,
    verdict: &'static str,
    expected: &'static str,
    as_expected: bool,
    samples: u64,
    min_margin: Option<Real>,
    violation_bound: Option<BoundJson>,
    /// An extension: only claims `sup(EXPR) <= C` have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    sup: Option<SupJson<'a>>,
    witness: Option<WitnessJson<'a>>,
}

#[derive(Serialize)]
struct SupJson<'a> {
    value: Real,
    enclosure: Option<[String; 2]>,
    at: AtJson<'a>,
}

#[derive(Serialize)]
struct AtJson<'a> {
    sizes: Map<'a>,
    values: Entries<'a>,
}

#[derive(Serialize)]
struct BoundJson {
    confidence: Real,
    probability: Real,
}

#[derive(Serialize)]
pub(super) struct WitnessJson<'a> {
    file: Option<&'a str>,
    margin: [String; 2],
    sizes: Map<'a>,
    values: Entries<'a>,
}

impl<'a> ClaimJson<'a> {
    fn of(claim: &'a ClaimReport) -> Self {
        ClaimJson {
            file: &claim.file,
            theorem: &claim.theorem,
            claim: &claim.claim,
            verdict: claim.verdict.name(),
            expected: expected_name(claim.expected),
            as_expected: claim.as_expected(),
            samples: claim.samples,
            min_margin: claim.min_margin.map(Real),
            violation_bound: claim.violation_bound.map(|ViolationBound { confidence, probability }| BoundJson {
                confidence: Real(confidence),
                probability: Real(probability),
            }),
            sup: claim.supremum.as_ref().map(|supremum| SupJson {
                // A zero without a sign.
                value: Real(supremum.value + 0.0),
                enclosure: supremum.enclosure.map(|(lo, hi)| [digits17(lo), digits17(hi)]),
                at: AtJson { sizes: Map(&supremum.sizes), values: Entries(&supremum.values) },
            }),
            witness: claim.witness().map(WitnessJson::of),
        }
    }
}

impl<'a> WitnessJson<'a> {
    pub fn of(witness: &'a Witness) -> Self {
        WitnessJson {
            file: witness.file.as_deref(),
            margin: margin(witness),
            sizes: Map(&witness.sizes),
            values: Entries(&witness.values),
        }
    }
}

/// What the author of a file expects, as reports name it.
pub(super) fn expected_name(expected: Expected) -> &'static str {
    match expected {
        Expected::Holds => "holds",
        Expected::Refuted => "refuted",
        Expected::Vacuous => "vacuous",
    }
}

/// The ends are strings, since an enclosure may need more digits than a double has.
fn margin(witness: &Witness) -> [String; 2] {
    match &witness.decimal {
        Some((lo, hi)) => [lo.clone(), hi.clone()],
        None => [digits17(witness.margin.0), digits17(witness.margin.1)],
    }
}

/// A real number, as a string where JSON has none for it.
pub(super) struct Real(pub f64);

impl Serialize for Real {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.serialize_str(&digits17(self.0)) }
    }
}

struct Map<'a>(&'a [(String, i64)]);

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, size)| (name, size)))
    }
}

struct Entries<'a>(&'a [(String, Value)]);

impl Serialize for Entries<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, ValueJson(value))))
    }
}

/// A value as numbers and lists.
struct ValueJson<'a>(&'a Value);

impl Serialize for ValueJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn row<T: Copy, U: Serialize, S: Serializer>(s: S, items: &[T], item: fn(T) -> U) -> Result<S::Ok, S::Error> {
            let mut list = s.serialize_seq(Some(items.len()))?;
            for x in items {
                list.serialize_element(&item(*x))?;
            }
            list.end()
        }
        let pair = |(re, im): (f64, f64)| [Real(re), Real(im)];
        match self.0 {
            Value::Number(x) => Real(*x).serialize(serializer),
            // An integer stays one: `"alpha": 2`, not `2.0`.
            Value::Exact(x) => match x.is_integer().then(|| x.to_integer().to_i64()).flatten() {
                Some(integer) => serializer.serialize_i64(integer),
                None => Real(nearest(x)).serialize(serializer),
            },
            Value::Complex(z) => pair(*z).serialize(serializer),
            Value::Vector(v) => row(serializer, v, Real),
            Value::ComplexVector(v) => row(serializer, v, pair),
            Value::Matrix(rows) => {
                serializer.collect_seq(rows.iter().map(|r| r.iter().copied().map(Real).collect::<Vec<_>>()))
            }
            Value::ComplexMatrix(rows) => {
                serializer.collect_seq(rows.iter().map(|r| r.iter().copied().map(pair).collect::<Vec<_>>()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_follow_the_contract() {
        let json = |value| answer_json(&Answer::Value(value));
        assert_eq!(json(Value::Number(0.5)), r#"{"shape": [], "value": 0.5}"#);
        assert_eq!(json(Value::Number(f64::NEG_INFINITY)), r#"{"shape": [], "value": "-inf"}"#);
        assert_eq!(json(Value::Vector(vec![1.0, 0.1])), r#"{"shape": [2], "value": [1, 0.10000000000000001]}"#);
        assert_eq!(json(Value::ComplexMatrix(vec![vec![(0.0, 1.0)]])), r#"{"shape": [1, 1], "value": [[[0, 1]]]}"#);
        assert_eq!(answer_json(&Answer::Truth(false)), r#"{"shape": [], "value": false}"#);
    }
}
