//! Reads arithmetic as mathematics prints it, and computes with it: written without a look at how the program writes it.
//!
//! Factors stand side by side or with a dot, a fraction is one factor, a superscript belongs to what stands right before
//! it, and a minus sign before a product to the whole product.

use std::collections::BTreeMap;

pub struct Reader<'a> {
    rest: &'a str,
    values: &'a BTreeMap<String, f64>,
}

/// The value of a formula, whose letters have these values; none where it cannot be read to its end.
pub fn value(formula: &str, values: &BTreeMap<String, f64>) -> Option<f64> {
    let mut reader = Reader { rest: formula, values };
    let value = reader.sum()?;
    reader.skip();
    reader.rest.is_empty().then_some(value)
}

impl Reader<'_> {
    fn skip(&mut self) {
        loop {
            let before = self.rest;
            self.rest = self.rest.trim_start();
            self.rest = self.rest.strip_prefix(r"\,").unwrap_or(self.rest);
            if self.rest == before {
                return;
            }
        }
    }

    fn take(&mut self, sign: &str) -> bool {
        self.skip();
        let found = self.rest.strip_prefix(sign);
        self.rest = found.unwrap_or(self.rest);
        found.is_some()
    }

    fn sum(&mut self) -> Option<f64> {
        let mut sum = if self.take("-") { -self.product()? } else { self.product()? };
        loop {
            if self.take("+") {
                sum += self.product()?;
            } else if self.take("-") {
                sum -= self.product()?;
            } else {
                return Some(sum);
            }
        }
    }

    fn product(&mut self) -> Option<f64> {
        let mut product = self.power()?;
        loop {
            if self.take("/") {
                product /= self.power()?;
                continue;
            }
            let dotted = self.take(r"\cdot");
            let starts = |c: char| c.is_ascii_alphabetic() || c == '(' || c == '\\' || (dotted && c.is_ascii_digit());
            if !self.rest.trim_start().starts_with(starts) || self.rest.starts_with(r"\right") {
                return Some(product);
            }
            product *= self.power()?;
        }
    }

    fn power(&mut self) -> Option<f64> {
        let base = self.atom()?;
        if !self.take("^") {
            return Some(base);
        }
        let exponent = self.group()?;
        // Two superscripts on one base are a mistake that TeX refuses.
        if self.take("^") { None } else { Some(base.powf(exponent)) }
    }

    fn group(&mut self) -> Option<f64> {
        let value = self.take("{").then(|| self.sum())??;
        self.take("}").then_some(value)
    }

    fn atom(&mut self) -> Option<f64> {
        if self.take(r"\frac") {
            return Some(self.group()? / self.group()?);
        }
        if self.take(r"\left(") {
            let value = self.sum()?;
            return self.take(r"\right)").then_some(value);
        }
        if self.take("(") {
            let value = self.sum()?;
            return self.take(")").then_some(value);
        }
        self.skip();
        let digits = self.rest.chars().take_while(|c| c.is_ascii_digit() || *c == '.').count();
        if digits > 0 {
            let (number, rest) = self.rest.split_at(digits);
            self.rest = rest;
            return number.parse().ok();
        }
        // The longest name first: `a_{1}` before `a`.
        let names = self.values.iter().rev();
        let (name, value) = names.max_by_key(|(name, _)| if self.rest.starts_with(*name) { name.len() } else { 0 })?;
        self.rest = self.rest.strip_prefix(name.as_str())?;
        Some(*value)
    }
}
