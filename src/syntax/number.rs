//! Exact decimals: from their digits to a ratio of integers and back.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Signed, Zero};

/// The most digits that a literal may have.
pub(super) const MAX_DIGITS: usize = 1000;
/// The largest exponent of ten, either way, that a literal may have.
pub(super) const MAX_EXPONENT: i64 = 1000;

/// The value of a literal that the lexer accepted: digits, perhaps a point and digits, perhaps an exponent.
pub(super) fn decimal(text: &str) -> BigRational {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        // The lexer bounded the exponent, so it fits.
        Some(at) => (&text[..at], text[at + 1..].parse::<i64>().unwrap_or(0)),
        None => (text, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: BigInt = format!("{whole}{fraction}").parse().unwrap_or_default();
    let shift = exponent - fraction.len() as i64;
    let scale = BigInt::from(10).pow(shift.unsigned_abs() as u32);
    if shift >= 0 { BigRational::from_integer(digits * scale) } else { BigRational::new(digits, scale) }
}

/// The shortest literal for a value, in plain digits where that is readable.
///
/// A value that no decimal equals, which no literal can produce, is written as a quotient in parentheses, and a
/// negative one with its sign in parentheses.
pub(super) fn digits(value: &BigRational) -> String {
    if value.is_negative() {
        return format!("(-{})", digits(&-value));
    }
    let Some((mantissa, exponent)) = scientific(value) else {
        return format!("({}/{})", value.numer(), value.denom());
    };
    let length = mantissa.len() as i64;
    match exponent {
        0.. if length + exponent <= 21 => format!("{mantissa}{}", "0".repeat(exponent as usize)),
        ..0 if -exponent <= 21 || -exponent <= length => point(&mantissa, -exponent as usize),
        // The exponent has a bound, and what lies beyond it is written into the mantissa.
        _ if exponent < -MAX_EXPONENT => {
            format!("{}e-{MAX_EXPONENT}", point(&mantissa, (-exponent - MAX_EXPONENT) as usize))
        }
        _ if exponent > MAX_EXPONENT => {
            format!("{mantissa}{}e{MAX_EXPONENT}", "0".repeat((exponent - MAX_EXPONENT) as usize))
        }
        _ => format!("{mantissa}e{exponent}"),
    }
}

/// The digits and the power of ten, the digits without zeros at their end; none where no decimal equals the value.
fn scientific(value: &BigRational) -> Option<(String, i64)> {
    if value.is_zero() {
        return Some(("0".into(), 0));
    }
    let mut denominator = value.denom().clone();
    let (mut twos, mut fives) = (0u32, 0u32);
    for (prime, count) in [(2u32, &mut twos), (5, &mut fives)] {
        while BigInt::is_zero(&(&denominator % prime)) {
            denominator /= prime;
            *count += 1;
        }
    }
    if !denominator.is_one() {
        return None;
    }
    let places = twos.max(fives);
    let scaled = value.numer() * BigInt::from(2).pow(places - twos) * BigInt::from(5).pow(places - fives);
    let text = scaled.to_string();
    let kept = text.trim_end_matches('0');
    Some((kept.to_string(), (text.len() - kept.len()) as i64 - i64::from(places)))
}

/// Digits with a point before the last `places` of them.
fn point(digits: &str, places: usize) -> String {
    let padded = format!("{digits:0>width$}", width = places + 1);
    let (whole, fraction) = padded.split_at(padded.len() - places);
    format!("{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literals_are_exact() {
        assert_eq!(decimal("0.1"), BigRational::new(1.into(), 10.into()));
        assert_eq!(decimal("1e-3"), BigRational::new(1.into(), 1000.into()));
        assert_eq!(decimal("12.50E+1"), BigRational::from_integer(125.into()));
    }

    #[test]
    fn digits_and_decimal_are_inverse_up_to_the_bounds() {
        let long = "7".repeat(MAX_DIGITS);
        let tiny = format!("0.{}1e-1000", "0".repeat(MAX_DIGITS - 2));
        let huge = format!("{long}e1000");
        let cases = ["0", "1", "0.1", "120", "1e-3", "1e21", "1e22", "1e1000", "1e-1000", "12.5e-30", "1000e1000"];
        for literal in cases.into_iter().chain([long.as_str(), &tiny, &huge]) {
            let value = decimal(literal);
            let printed = digits(&value);
            assert_eq!(decimal(&printed), value, "{literal} printed as {printed}");
            assert!(printed.chars().take_while(|c| *c != 'e').filter(char::is_ascii_digit).count() <= MAX_DIGITS);
        }
        assert_eq!(digits(&decimal("0.0051")), "0.0051");
        assert_eq!(digits(&decimal("1e-30")), "1e-30");
    }
}
