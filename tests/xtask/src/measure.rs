//! What the benchmark programs print, and the statistics of it.

use std::collections::BTreeMap;

use crate::step::Failure;

/// One measurement: a line such as `{"claim": "4.1", "n": 8, "samples": 5000, "seconds": 0.52, "min_margin": 0.0}`.
#[derive(Clone, PartialEq, Debug)]
pub struct Measurement {
    /// How many samples were drawn and evaluated.
    pub samples: f64,
    /// How long that took, in seconds of the clock on the wall.
    pub seconds: f64,
    /// The least margin of the claim that was seen.
    pub min_margin: f64,
}

impl Measurement {
    /// Reads the only line of a program's output and makes sure that it measured what it was asked to.
    pub fn parse(output: &str, claim: &str, n: u32) -> Result<Self, Failure> {
        let complain = |what: &str| Failure::new(format!("{what} in the benchmark's output: {}", output.trim()));
        let fields = flat_object(output.trim()).ok_or_else(|| complain("no flat JSON object"))?;
        let number = |name: &str| {
            let text = fields.get(name).ok_or_else(|| complain(&format!("no `{name}`")))?;
            text.parse::<f64>().map_err(|_| complain(&format!("`{name}` is no number")))
        };
        if fields.get("claim").map(String::as_str) != Some(claim) || number("n")? != f64::from(n) {
            return Err(complain(&format!("not claim {claim} at n = {n}")));
        }
        let found =
            Measurement { samples: number("samples")?, seconds: number("seconds")?, min_margin: number("min_margin")? };
        // All four claims are true, so that a violation beyond rounding means that a program evaluates something else.
        if !(found.samples > 0.0 && found.seconds > 0.0 && found.min_margin > -1e-6) {
            return Err(complain("an impossible measurement"));
        }
        Ok(found)
    }

    /// Samples per second.
    pub fn rate(&self) -> f64 {
        self.samples / self.seconds
    }
}

/// The fields of a JSON object of numbers and of strings without escapes, as text.
fn flat_object(text: &str) -> Option<BTreeMap<String, String>> {
    let inner = text.strip_prefix('{')?.strip_suffix('}')?;
    inner
        .split(',')
        .map(|pair| {
            let (name, value) = pair.split_once(':')?;
            let unquoted = |s: &str| Some(s.trim().strip_prefix('"')?.strip_suffix('"')?.to_owned());
            Some((unquoted(name)?, unquoted(value).unwrap_or_else(|| value.trim().to_owned())))
        })
        .collect()
}

/// The median; of an even number of values the mean of the middle two.
///
/// # Panics
/// When there is no value.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { (sorted[middle - 1] + sorted[middle]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_read() {
        let line = "{\"claim\": \"4.11\", \"n\": 32, \"samples\": 1000, \"seconds\": 0.5, \"min_margin\": 1e-3}\n";
        let found = Measurement::parse(line, "4.11", 32).unwrap();
        assert_eq!(found, Measurement { samples: 1000.0, seconds: 0.5, min_margin: 1e-3 });
        assert_eq!(found.rate(), 2000.0);
    }

    #[test]
    fn what_was_not_asked_for_is_refused() {
        let line =
            |margin: &str| format!(r#"{{"claim": "4.1", "n": 8, "samples": 9, "seconds": 1, "min_margin": {margin}}}"#);
        assert!(Measurement::parse(&line("0"), "4.1", 8).is_ok());
        assert!(Measurement::parse(&line("0"), "4.1", 32).is_err());
        assert!(Measurement::parse(&line("0"), "4.5", 8).is_err());
        assert!(Measurement::parse(&line("-0.1"), "4.1", 8).is_err());
        assert!(Measurement::parse(&line("NaN"), "4.1", 8).is_err());
        assert!(Measurement::parse("Traceback", "4.1", 8).is_err());
    }

    #[test]
    fn the_median_does_not_depend_on_the_order() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
