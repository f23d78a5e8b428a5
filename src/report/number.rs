//! Numbers as text: all digits for machines, few for tables, small fractions for a blackboard.

use crate::base::significant;

/// The largest denominator that a witness's number is recognised with.
const MAX_DENOMINATOR: u32 = 64;

/// A number with 17 significant digits, which name every `f64` uniquely: `0.46310705107963201`, `1.5e-300`, `inf`.
///
/// Zeros at the end are left out, and the exponent appears only where a plain decimal would be long, as C's `%.17g`
/// has it.
pub fn digits17(x: f64) -> String {
    significant(x, 17)
}

/// A number with so many significant digits.
pub(super) fn digits(x: f64, count: usize) -> String {
    significant(x, count)
}

/// A number with four significant digits, for a table.
pub fn short(x: f64) -> String {
    significant(x, 4)
}

/// A number as one would write it on a blackboard: an integer, a fraction of small denominator where the number is
/// within one unit in the last place of it, else six significant digits.
pub fn blackboard(x: f64) -> String {
    match fraction(x) {
        Some((p, 1)) => p.to_string(),
        Some((p, q)) => format!("{p}/{q}"),
        None => significant(x, 6),
    }
}

/// Whether what [`blackboard`] writes is read back as the same number.
pub(super) fn blackboard_is_exact(x: f64) -> bool {
    match fraction(x) {
        Some((p, q)) => p as f64 / f64::from(q) == x,
        None => significant(x, 6).parse() == Ok(x),
    }
}

/// The fraction p/q with the least q that the number is within one unit in the last place of.
fn fraction(x: f64) -> Option<(i64, u32)> {
    if !x.is_finite() || x.abs() >= 1e6 {
        return None;
    }
    let ulp = x.abs().next_up() - x.abs();
    (1..=MAX_DENOMINATOR).find_map(|q| {
        let p = (x * f64::from(q)).round();
        // A number below every such fraction is not one of them just because it rounds to zero.
        ((p / f64::from(q) - x).abs() <= ulp && (p != 0.0 || x == 0.0)).then_some((p as i64, q))
    })
}

/// A count with its thousands apart: `20,000`.
pub(super) fn count(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seventeen_digits_name_every_number() {
        assert_eq!(digits17(0.463_107_051_079_632), "0.46310705107963201");
        assert_eq!(digits17(0.1), "0.10000000000000001");
        assert_eq!(digits17(1.0), "1");
        assert_eq!(digits17(-0.0), "0");
        assert_eq!(digits17(1e300), "1.0000000000000001e300");
        assert_eq!(digits17(123456.0), "123456");
        assert_eq!(digits17(1e16), "10000000000000000");
        assert_eq!(digits17(1e17), "1e17");
        assert_eq!(digits17(0.00001), "0.00001".parse::<f64>().map(digits17).unwrap());
        assert_eq!(digits17(f64::NEG_INFINITY), "-inf");
        assert_eq!(digits17(f64::NAN), "nan");
        for bits in 0..4000u64 {
            let x = f64::from_bits(bits.wrapping_mul(0x9E37_79B9_7F4A_7C15));
            if x.is_finite() {
                assert_eq!(digits17(x).parse::<f64>().unwrap(), x);
            }
        }
    }

    #[test]
    fn small_fractions_are_recognised_within_one_unit_in_the_last_place() {
        assert_eq!(blackboard(0.5), "1/2");
        assert_eq!(blackboard(-0.6), "-3/5");
        assert_eq!(blackboard(3.0), "3");
        assert_eq!(blackboard(1.0f64.next_down()), "1");
        assert_eq!(blackboard(0.5 + 4.0 * f64::EPSILON), "0.5");
        assert_eq!(blackboard(1e-9), "1e-9");
        assert_eq!(blackboard(0.0), "0");
        assert_eq!(blackboard(1.0 / 63.0), "1/63");
        assert_eq!(blackboard(1.0 / 67.0), "0.0149254");
        assert_eq!(blackboard(std::f64::consts::PI), "3.14159");
    }

    #[test]
    fn what_a_blackboard_rounds_is_known() {
        for exact in [0.5, 1.0 / 3.0, 3.0, 1e-9, 0.123456, f64::INFINITY] {
            assert!(blackboard_is_exact(exact), "{exact}");
        }
        for rounded in [1.0f64.next_down(), std::f64::consts::PI, 0.1234567] {
            assert!(!blackboard_is_exact(rounded), "{rounded}");
        }
    }

    #[test]
    fn counts_are_readable() {
        assert_eq!(count(7), "7");
        assert_eq!(count(20000), "20,000");
        assert_eq!(count(1234567), "1,234,567");
    }
}
