//! Numbers with a given number of digits.

/// A number with so many significant digits, as C's `%g` has them, with `inf` and `nan` by their names in the language.
pub fn significant(x: f64, digits: usize) -> String {
    if x.is_nan() {
        return "nan".to_owned();
    }
    if x.is_infinite() {
        return if x > 0.0 { "inf".to_owned() } else { "-inf".to_owned() };
    }
    if x == 0.0 {
        return "0".to_owned();
    }
    let scientific = format!("{x:.*e}", digits - 1);
    // The formatting above always writes an exponent, which lies within ±324.
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if exponent < -5 || exponent >= digits as i32 {
        return format!("{}e{exponent}", trim_zeros(mantissa));
    }
    let decimals = (digits as i32 - 1 - exponent) as usize;
    trim_zeros(&format!("{x:.decimals$}")).to_owned()
}

/// A decimal without the zeros that say nothing.
fn trim_zeros(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use super::significant;

    #[test]
    fn long_numbers_have_an_exponent() {
        let six = |x| significant(x, 6);
        assert_eq!([1e300, -2.5e-8].map(six), ["1e300", "-2.5e-8"]);
        assert_eq!([25_602.024_169, 0.5, 0.0, f64::NEG_INFINITY].map(six), ["25602", "0.5", "0", "-inf"]);
        assert_eq!([999_999.0, 1_000_000.0, 0.000_01].map(six), ["999999", "1e6", "0.00001"]);
    }
}
