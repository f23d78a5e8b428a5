//! From numbers to expressions: a coefficient that was measured at many sizes and parameters, as a sum of rational multiples
//! of products of their powers, with a logarithm perhaps.
//!
//! What is found is a guess that fits every point to rounding; whoever uses it has it checked elsewhere.

use std::fmt;

pub use super::numeric::FIT;
use super::numeric::{close, dot, least_squares, normalised, rational};
use crate::base::median;

/// The most features that pairs of are tried.
const MAX_FEATURES: usize = 3000;

/// A measured value at a choice of sizes and parameters.
#[derive(Clone, PartialEq, Debug)]
pub struct Point {
    /// The sizes and parameters, in the order of their names.
    pub at: Vec<f64>,
    /// The value.
    pub value: f64,
}

/// What a power is of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Base {
    /// The variable with this number.
    Own(usize),
    /// That variable plus an integer.
    Shifted(usize, i64),
    /// The sum of two variables.
    Both(usize, usize),
}

impl Base {
    fn value(self, at: &[f64]) -> f64 {
        match self {
            Base::Own(i) => at[i],
            Base::Shifted(i, by) => at[i] + by as f64,
            Base::Both(i, j) => at[i] + at[j],
        }
    }

    fn text(self, names: &[String]) -> String {
        match self {
            Base::Own(i) => names[i].clone(),
            Base::Shifted(i, by) if by < 0 => format!("({} - {})", names[i], -by),
            Base::Shifted(i, by) => format!("({} + {by})", names[i]),
            Base::Both(i, j) => format!("({} + {})", names[i], names[j]),
        }
    }
}

/// What a logarithm is of: variables, or numbers that the ansatz allows.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Atom {
    Variable(usize),
    Number(i64),
}

impl Atom {
    fn value(self, at: &[f64]) -> f64 {
        match self {
            Atom::Variable(i) => at[i],
            Atom::Number(n) => n as f64,
        }
    }

    fn text(self, names: &[String]) -> String {
        match self {
            Atom::Variable(i) => names[i].clone(),
            Atom::Number(n) => n.to_string(),
        }
    }
}

/// The logarithm of a quotient of products, as a factor of a term.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Log {
    over: Vec<Atom>,
    under: Vec<Atom>,
}

impl Log {
    fn of(atom: Atom) -> Log {
        Log { over: vec![atom], under: Vec::new() }
    }

    fn value(&self, at: &[f64]) -> f64 {
        let sum = |atoms: &[Atom]| atoms.iter().map(|atom| atom.value(at).ln()).sum::<f64>();
        sum(&self.over) - sum(&self.under)
    }

    fn text(&self, names: &[String]) -> String {
        let product = |atoms: &[Atom]| atoms.iter().map(|atom| atom.text(names)).collect::<Vec<_>>().join(" * ");
        let over = if self.over.is_empty() { "1".to_owned() } else { product(&self.over) };
        match self.under.as_slice() {
            [] => format!("log({over})"),
            [one] => format!("log({over} / {})", one.text(names)),
            several => format!("log({over} / ({}))", product(several)),
        }
    }

    /// The logarithm of the product with another's argument, or of the quotient by it.
    fn join(&mut self, other: Log, times: bool) {
        let (over, under) = if times { (other.over, other.under) } else { (other.under, other.over) };
        self.over.extend(over);
        self.under.extend(under);
    }
}

/// p/q ∏ x^(e/2), with a logarithm perhaps.
#[derive(Clone, PartialEq, Debug)]
struct Term {
    rational: (i64, i64),
    /// Exponents are counted in halves.
    powers: Vec<(Base, i64)>,
    log: Option<Log>,
}

impl Term {
    fn product(powers: &[(Base, i64)], at: &[f64]) -> f64 {
        powers.iter().map(|(base, halves)| base.value(at).powf(*halves as f64 / 2.0)).product()
    }

    fn value(&self, at: &[f64]) -> f64 {
        let (p, q) = self.rational;
        p as f64 / q as f64 * Self::product(&self.powers, at) * self.log.as_ref().map_or(1.0, |log| log.value(at))
    }

    /// Without its sign.
    fn text(&self, names: &[String]) -> String {
        let (p, q) = (self.rational.0.abs(), self.rational.1);
        let power = |(base, halves): &(Base, i64)| {
            let (base, halves) = (base.text(names), halves.abs());
            match (halves, halves % 2) {
                (2, _) => base,
                (_, 0) => format!("{base}^{}", halves / 2),
                (1, _) => format!("sqrt({})", base.trim_matches(['(', ')'])),
                _ => format!("{base}^({halves}/2)"),
            }
        };
        let side = |sign: bool| self.powers.iter().filter(move |(_, halves)| (*halves > 0) == sign).map(power);
        let number = |n: i64| (n != 1).then(|| n.to_string());
        let mut above: Vec<String> = number(p).into_iter().chain(side(true)).collect();
        above.extend(self.log.as_ref().map(|log| log.text(names)));
        let below: Vec<String> = number(q).into_iter().chain(side(false)).collect();
        let above = if above.is_empty() { "1".to_owned() } else { above.join(" * ") };
        match below.as_slice() {
            [] => above,
            [one] => format!("{above} / {one}"),
            several => format!("{above} / ({})", several.join(" * ")),
        }
    }

    fn complexity(&self) -> i64 {
        let powers: i64 = self.powers.iter().map(|(_, halves)| halves.abs() + 1).sum();
        powers
            + 3 * i64::from(self.log.is_some())
            + self.rational.1.ilog2() as i64
            + self.rational.0.abs().ilog2() as i64
    }
}

/// A sum of terms in named sizes and parameters, none for 0.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Coefficient {
    names: Vec<String>,
    terms: Vec<Term>,
}

impl Coefficient {
    /// The value at a choice of sizes and parameters.
    pub fn value(&self, at: &[f64]) -> f64 {
        self.terms.iter().map(|term| term.value(at)).sum()
    }

    /// The coefficient times an integer power of a variable.
    #[must_use]
    pub fn times_power(mut self, variable: usize, exponent: i64) -> Coefficient {
        if exponent != 0 {
            self.terms.iter_mut().for_each(|term| term.powers.push((Base::Own(variable), 2 * exponent)));
        }
        self
    }

    /// Whether it is the number 0.
    pub fn is_zero(&self) -> bool {
        self.terms.is_empty()
    }

    /// Whether it is the number 1.
    pub fn is_one(&self) -> bool {
        matches!(self.terms.as_slice(), [Term { rational: (1, 1), powers, log: None }] if powers.is_empty())
    }
}

/// As the language writes it.
impl fmt::Display for Coefficient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return f.write_str("0");
        }
        for (i, term) in self.terms.iter().enumerate() {
            let sign = match (i, term.rational.0 < 0) {
                (0, true) => "-",
                (0, false) => "",
                (_, true) => " - ",
                (_, false) => " + ",
            };
            write!(f, "{sign}{}", term.text(&self.names))?;
        }
        Ok(())
    }
}

/// The expression that the values at all points are, to within `fit`, if one is found. `sizes` says which names are sizes,
/// at least 1. Of values that are known to less than [`FIT`] only single products are tried.
pub fn identify(names: &[String], sizes: &[bool], points: &[Point], fit: f64) -> Option<Coefficient> {
    let largest = points.iter().map(|point| point.value.abs()).fold(0.0, f64::max);
    let coefficient = |terms| Coefficient { names: names.to_vec(), terms };
    // What vanishes against 1 is rounding: coefficients of losses are not that small throughout.
    if largest < 1e-11 {
        return Some(coefficient(Vec::new()));
    }
    let active: Vec<usize> = (0..names.len()).filter(|i| varies(points, *i)).collect();
    if let Some(term) = monomial(&active, sizes, points, fit) {
        return Some(coefficient(vec![term]));
    }
    if fit > FIT {
        return None;
    }
    sum(&active, points, largest).map(|terms| coefficient(joined(terms)))
}

/// Terms that differ in their logarithms only, and in the sign perhaps, as one: c log x − c log y is c log(x/y).
fn joined(terms: Vec<Term>) -> Vec<Term> {
    let mut joined: Vec<Term> = Vec::new();
    // Positive ones first, so that what is taken off ends up below the line.
    let (positive, negative): (Vec<Term>, Vec<Term>) = terms.into_iter().partition(|term| term.rational.0 > 0);
    for term in positive.into_iter().chain(negative) {
        let alike = |other: &&mut Term| {
            let sizes = (other.rational.0.abs(), other.rational.1) == (term.rational.0.abs(), term.rational.1);
            sizes && other.powers == term.powers && other.log.is_some() && term.log.is_some()
        };
        match (joined.iter_mut().find(alike), &term.log) {
            (Some(Term { rational, log: Some(log), .. }), Some(other)) => {
                log.join(other.clone(), (rational.0 > 0) == (term.rational.0 > 0));
            }
            _ => joined.push(term),
        }
    }
    joined
}

/// Whether a variable takes several values.
fn varies(points: &[Point], i: usize) -> bool {
    points.iter().any(|point| point.at[i] != points[0].at[i])
}

/// A single product of powers, without a logarithm: the logarithms of the values are linear in those of the variables.
fn monomial(active: &[usize], sizes: &[bool], points: &[Point], fit: f64) -> Option<Term> {
    let sign = points[0].value.signum();
    if points.iter().any(|point| point.value.signum() != sign || point.value == 0.0) {
        return None;
    }
    let own: Vec<Base> = active.iter().map(|i| Base::Own(*i)).collect();
    let mut shifted = own.clone();
    shifted.extend(active.iter().map(|i| Base::Shifted(*i, if sizes[*i] { -1 } else { 1 })));
    let mut sums = own.clone();
    let pairs = active.iter().enumerate().flat_map(|(n, i)| active[n + 1..].iter().map(move |j| Base::Both(*i, *j)));
    let pairs = pairs.filter(|base| matches!(base, Base::Both(i, j) if sizes[*i] || sizes[*j]));
    sums.extend(pairs);
    [own, shifted, sums].into_iter().find_map(|bases| {
        let usable: Vec<&Point> =
            points.iter().filter(|point| bases.iter().all(|base| base.value(&point.at) > 0.0)).collect();
        if usable.len() < bases.len() + 2 {
            return None;
        }
        let rows: Vec<Vec<f64>> = usable
            .iter()
            .map(|point| std::iter::once(1.0).chain(bases.iter().map(|base| base.value(&point.at).ln())).collect())
            .collect();
        let logs: Vec<f64> = usable.iter().map(|point| point.value.abs().ln()).collect();
        let exponents = least_squares(&rows, &logs)?;
        let powers: Vec<(Base, i64)> = bases
            .iter()
            .zip(&exponents[1..])
            .map(|(base, exponent)| (*base, (2.0 * exponent).round() as i64))
            .filter(|(_, halves)| *halves != 0)
            .collect();
        let ratios: Vec<f64> = usable.iter().map(|point| point.value / Term::product(&powers, &point.at)).collect();
        let rational = rational(median(&ratios)?, fit)?;
        let term = Term { rational, powers, log: None };
        let fits = points.iter().all(|point| close(term.value(&point.at), point.value, fit * point.value.abs()));
        fits.then_some(term)
    })
}

/// A feature: a product of powers with a logarithm perhaps, and its values at the points.
struct Feature {
    term: Term,
    values: Vec<f64>,
}

/// A sum of one, two or three features with rational coefficients.
fn sum(active: &[usize], points: &[Point], largest: f64) -> Option<Vec<Term>> {
    let features = features(active, points);
    let target: Vec<f64> = points.iter().map(|point| point.value).collect();
    let accept = |chosen: &[usize]| -> Option<Vec<Term>> {
        let rows: Vec<Vec<f64>> =
            (0..points.len()).map(|k| chosen.iter().map(|i| features[*i].values[k]).collect()).collect();
        let solved = least_squares(&rows, &target)?;
        let terms: Option<Vec<Term>> = chosen
            .iter()
            .zip(solved)
            .map(|(i, x)| Some(Term { rational: rational(x, FIT)?, ..features[*i].term.clone() }))
            .collect();
        let terms = terms?;
        let fits = points
            .iter()
            .zip(&target)
            .all(|(point, y)| close(terms.iter().map(|term| term.value(&point.at)).sum::<f64>(), *y, FIT * largest));
        fits.then_some(terms)
    };
    if let Some(single) = (0..features.len()).find_map(|i| accept(&[i])) {
        return Some(single);
    }
    // Of unit features the residual of a pair follows from three inner products; what survives is solved properly.
    let unit: Vec<Vec<f64>> = features.iter().map(|feature| normalised(&feature.values)).collect();
    let y = normalised(&target);
    let along: Vec<f64> = unit.iter().map(|f| dot(f, &y)).collect();
    let mut best: Option<(i64, Vec<Term>)> = None;
    let mut nearest: Option<(f64, [usize; 2])> = None;
    for i in 0..features.len() {
        for j in i + 1..features.len() {
            let cosine = dot(&unit[i], &unit[j]);
            let determinant = 1.0 - cosine * cosine;
            if determinant < 1e-9 {
                continue;
            }
            let explained =
                (along[i] * along[i] + along[j] * along[j] - 2.0 * cosine * along[i] * along[j]) / determinant;
            let left = 1.0 - explained;
            if nearest.is_none_or(|(least, _)| left < least) {
                nearest = Some((left, [i, j]));
            }
            if left < 1e-9
                && let Some(terms) = accept(&[i, j])
            {
                let complexity = terms.iter().map(Term::complexity).sum();
                if best.as_ref().is_none_or(|(least, _)| complexity < *least) {
                    best = Some((complexity, terms));
                }
            }
        }
    }
    if let Some((_, terms)) = best {
        return Some(terms);
    }
    let (_, pair) = nearest?;
    (0..features.len()).filter(|k| !pair.contains(k)).find_map(|k| accept(&[pair[0], pair[1], k]))
}

/// The features in the variables that vary, simple ones first.
fn features(active: &[usize], points: &[Point]) -> Vec<Feature> {
    let mut powers: Vec<Vec<(Base, i64)>> = vec![Vec::new()];
    for i in active {
        let more: Vec<Vec<(Base, i64)>> = powers
            .iter()
            .filter(|before| before.len() < 3)
            .flat_map(|before| {
                [2, -2, 4, -4].map(|halves| {
                    let mut next = before.clone();
                    next.push((Base::Own(*i), halves));
                    next
                })
            })
            .collect();
        powers.extend(more);
    }
    let mut logs: Vec<Option<Log>> = vec![None, Some(Log::of(Atom::Number(2)))];
    logs.extend(active.iter().map(|i| Some(Log::of(Atom::Variable(*i)))));
    for (n, i) in active.iter().enumerate() {
        let quotient = |j: &usize| Log { over: vec![Atom::Variable(*i)], under: vec![Atom::Variable(*j)] };
        logs.extend(active[n + 1..].iter().map(|j| Some(quotient(j))));
    }
    let mut terms: Vec<Term> = powers
        .iter()
        .flat_map(|powers| logs.iter().map(|log| Term { rational: (1, 1), powers: powers.clone(), log: log.clone() }))
        .collect();
    terms.sort_by_key(Term::complexity);
    terms.truncate(MAX_FEATURES);
    let values = |term: &Term| points.iter().map(|point| term.value(&point.at)).collect();
    let features = terms.into_iter().map(|term| Feature { values: values(&term), term });
    features
        .filter(|feature| feature.values.iter().all(|x| x.is_finite()) && dot(&feature.values, &feature.values) > 0.0)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points at sizes d, B and parameters mu, lambda, at the values of a function.
    fn points(f: impl Fn(f64, f64, f64, f64) -> f64) -> Vec<Point> {
        let mut state = 1_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as f64 / (1_u64 << 31) as f64
        };
        (0..40)
            .map(|_| {
                let (d, b) = ((2.0 + 6.0 * next()).floor(), (2.0 + 6.0 * next()).floor());
                let (mu, lambda) = (0.1 + 5.0 * next(), 0.1 + 5.0 * next());
                Point { at: vec![d, b, mu, lambda], value: f(d, b, mu, lambda) }
            })
            .collect()
    }

    fn found(f: impl Fn(f64, f64, f64, f64) -> f64) -> Option<String> {
        let names = ["d", "B", "mu", "lambda"].map(String::from);
        identify(&names, &[true, true, false, false], &points(f), FIT).map(|found| found.to_string())
    }

    #[test]
    fn coefficients_are_recognised() {
        type Case = (&'static str, fn(f64, f64, f64, f64) -> f64);
        let cases: [Case; 11] = [
            ("0", |_, _, _, _| 0.0),
            ("1", |_, _, _, _| 1.0),
            ("-2", |_, _, _, _| -2.0),
            ("lambda / B^2", |_, b, _, lambda| lambda / (b * b)),
            ("lambda / (2 * (mu + 1)^2)", |_, _, mu, lambda| lambda / (2.0 * (1.0 + mu) * (1.0 + mu))),
            ("lambda * d * log(d / mu)", |d, _, mu, lambda| lambda * d * (d / mu).ln()),
            ("1 / (B * (B - 1))", |_, b, _, _| 1.0 / (b * (b - 1.0))),
            ("d * log(d / (B * mu)) / 2", |d, b, mu, _| 0.5 * d * (d / (b * mu)).ln()),
            ("lambda / (2 * mu * (B + mu))", |_, b, mu, lambda| lambda / (2.0 * mu * (mu + b))),
            ("d - lambda / mu", |d, _, mu, lambda| d - lambda / mu),
            ("-(d + B) / 2", |d, b, _, _| -(d + b) / 2.0),
        ];
        for (text, f) in cases {
            let found = found(f).unwrap_or_default();
            let sorted = |text: &str| {
                let mut letters: Vec<char> = text.chars().collect();
                letters.sort_unstable();
                letters
            };
            // The order of factors is not fixed.
            assert_eq!(sorted(&found), sorted(text), "{text}, found {found}");
        }
    }

    #[test]
    fn what_is_no_such_expression_is_not_recognised() {
        assert_eq!(found(|d, _, mu, _| (d * mu).sin()), None);
        assert_eq!(found(|_, _, mu, _| mu * std::f64::consts::E.powf(0.3)), None);
    }
}
