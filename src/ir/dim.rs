//! Symbolic sizes: polynomials with integer coefficients in named size variables, and in integer functions of sizes that are
//! no polynomials.
//!
//! Equality of sizes is equality of polynomials, so `d` and `B` are different sizes even though a sample may give both
//! the value 3, while `n + n` and `2*n` are one. [`solve`] finds the sizes that a call leaves open.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::factor::{Factor, NoSize, SizeCall};

/// A size variable. Two variables are the same when their numbers are; the name is for messages.
#[derive(Clone, Debug)]
pub struct SizeVar {
    /// The number that tells variables of one name apart.
    pub id: u32,
    /// The name as written.
    pub name: Arc<str>,
    /// The least value that it takes: 1 for the size of something, less only for an integer that is quantified so.
    pub least: i64,
}

impl PartialEq for SizeVar {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for SizeVar {}

impl std::hash::Hash for SizeVar {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.id.hash(state);
    }
}

impl PartialOrd for SizeVar {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for SizeVar {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.id.cmp(&other.id)
    }
}

/// A product of sizes has at most this degree, and its factors together make at most this many terms.
const MAX_DEGREE: usize = 64;
const MAX_TERMS: usize = 1024;

/// A product of factors, each as often as it occurs, in order.
type Monomial = Vec<Factor>;

/// A size: a polynomial in its factors. The zero polynomial has no terms.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, Default)]
pub struct Dim {
    terms: BTreeMap<Monomial, i64>,
}

/// Values of size variables.
pub type Sizes = BTreeMap<SizeVar, i64>;

impl Dim {
    /// A known size.
    pub fn constant(value: i64) -> Self {
        Dim { terms: if value == 0 { BTreeMap::new() } else { BTreeMap::from([(Vec::new(), value)]) } }
    }

    /// The size named by a variable.
    pub fn var(var: SizeVar) -> Self {
        Dim::factor(Factor::Var(var))
    }

    fn factor(factor: Factor) -> Self {
        Dim { terms: BTreeMap::from([(vec![factor], 1)]) }
    }

    /// The value of an integer function, as a polynomial where it is one; `None` where its value is no integer.
    pub fn call(call: SizeCall) -> Option<Self> {
        match call.folded() {
            Ok(folded) => folded,
            Err(call) if call.is_large() => None,
            Err(call) => Some(Dim::factor(Factor::Call(Arc::new(call)))),
        }
    }

    /// The functions that it is a polynomial in.
    pub(super) fn calls(&self) -> impl Iterator<Item = &SizeCall> {
        self.terms.keys().flatten().filter_map(|factor| match factor {
            Factor::Var(_) => None,
            Factor::Call(call) => Some(&**call),
        })
    }

    /// Whether it rests on a quotient, which may leave a remainder.
    pub fn is_divided(&self) -> bool {
        self.calls().any(SizeCall::is_divided)
    }

    /// Whether it is a polynomial in size variables alone.
    pub fn is_polynomial(&self) -> bool {
        self.calls().next().is_none()
    }

    /// The value, when no variable is left.
    pub fn as_constant(&self) -> Option<i64> {
        match self.terms.len() {
            0 => Some(0),
            1 => self.terms.get(&Vec::new()).copied(),
            _ => None,
        }
    }

    /// The variable that the size is, if it is nothing more.
    fn as_var(&self) -> Option<&SizeVar> {
        match self.terms.first_key_value() {
            Some((monomial, 1)) if self.terms.len() == 1 => match monomial.as_slice() {
                [Factor::Var(var)] => Some(var),
                _ => None,
            },
            _ => None,
        }
    }

    /// The function that the size is the value of, if it is nothing more.
    pub fn as_call(&self) -> Option<&SizeCall> {
        match self.terms.first_key_value() {
            Some((monomial, 1)) if self.terms.len() == 1 => match monomial.as_slice() {
                [Factor::Call(call)] => Some(call),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether the size is known to be one.
    pub fn is_one(&self) -> bool {
        self.as_constant() == Some(1)
    }

    /// The sum, or `None` when a coefficient overflows.
    pub fn add(&self, other: &Dim) -> Option<Dim> {
        let mut terms = self.terms.clone();
        for (monomial, coefficient) in &other.terms {
            let entry = terms.entry(monomial.clone()).or_insert(0);
            *entry = entry.checked_add(*coefficient)?;
        }
        terms.retain(|_, coefficient| *coefficient != 0);
        Some(Dim { terms })
    }

    /// The difference, or `None` when a coefficient overflows.
    pub fn sub(&self, other: &Dim) -> Option<Dim> {
        self.add(&other.mul(&Dim::constant(-1))?)
    }

    /// The product, or `None` when a coefficient overflows or the polynomial is too large for any size to be meant.
    pub fn mul(&self, other: &Dim) -> Option<Dim> {
        if self.terms.len().saturating_mul(other.terms.len()) > MAX_TERMS || self.degree() + other.degree() > MAX_DEGREE
        {
            return None;
        }
        let mut product = Dim::default();
        for (left, a) in &self.terms {
            for (right, b) in &other.terms {
                let mut monomial: Monomial = left.iter().chain(right).cloned().collect();
                monomial.sort();
                let term = Dim { terms: BTreeMap::from([(monomial, a.checked_mul(*b)?)]) };
                product = product.add(&term)?;
            }
        }
        Some(product)
    }

    /// The product of factors.
    pub fn product(factors: &[Factor]) -> Dim {
        Dim { terms: BTreeMap::from([(factors.to_vec(), 1)]) }
    }

    /// The power, or `None` for a negative exponent and where the product has none.
    pub fn power(&self, exponent: i64) -> Option<Dim> {
        let exponent = usize::try_from(exponent).ok().filter(|exponent| *exponent <= MAX_DEGREE)?;
        (0..exponent).try_fold(Dim::constant(1), |power, _| power.mul(self))
    }

    fn degree(&self) -> usize {
        self.terms.keys().map(Vec::len).max().unwrap_or(0)
    }

    /// A lower bound on the value, where the signs of the terms give one.
    pub fn least(&self) -> Option<i64> {
        self.terms.iter().try_fold(0i64, |sum, (monomial, coefficient)| {
            let mut term = *coefficient;
            for factor in monomial {
                let least = factor.least()?;
                if *coefficient < 0 || least < 0 {
                    return None;
                }
                term = term.checked_mul(least)?;
            }
            sum.checked_add(term)
        })
    }

    /// The value under an assignment, or `None` when a variable is missing, a product overflows or a part is no integer.
    pub fn eval(&self, sizes: &Sizes) -> Option<i64> {
        self.value(sizes).ok()
    }

    /// The value under an assignment.
    ///
    /// # Errors
    /// [`NoSize`], which says why there is none.
    pub fn value(&self, sizes: &Sizes) -> Result<i64, NoSize> {
        let mut sum: i64 = 0;
        for (monomial, coefficient) in &self.terms {
            let mut term = *coefficient;
            for factor in monomial {
                term = term.checked_mul(factor.value(sizes)?).ok_or(NoSize::TooLarge)?;
            }
            sum = sum.checked_add(term).ok_or(NoSize::TooLarge)?;
        }
        Ok(sum)
    }

    /// The size with every assigned variable replaced, or `None` when a coefficient overflows or a part is no integer.
    pub fn substitute(&self, values: &BTreeMap<SizeVar, Dim>) -> Option<Dim> {
        let mut result = Dim::default();
        for (monomial, coefficient) in &self.terms {
            let mut term = Dim::constant(*coefficient);
            for factor in monomial {
                term = term.mul(&factor.substitute(values)?)?;
            }
            result = result.add(&term)?;
        }
        Some(result)
    }

    /// The terms, each a coefficient and the factors of its product, as often as they occur.
    pub fn monomials(&self) -> impl Iterator<Item = (i64, &[Factor])> {
        self.terms.iter().map(|(monomial, coefficient)| (*coefficient, monomial.as_slice()))
    }

    /// The variables that occur, in functions too, each once, in order.
    pub fn vars(&self) -> Vec<SizeVar> {
        let mut vars: Vec<SizeVar> = self.terms.keys().flatten().flat_map(Factor::vars).collect();
        vars.sort();
        vars.dedup();
        vars
    }

    /// Splits `c * var + rest`, where neither `c` nor `rest` mention `var` and `c` is a number.
    fn linear_in(&self, var: &SizeVar) -> Option<(i64, Dim)> {
        let mut coefficient = None;
        let mut rest = self.clone();
        for (monomial, value) in &self.terms {
            if monomial.iter().any(|factor| factor.mentions(var)) {
                if *monomial != [Factor::Var(var.clone())] || coefficient.replace(*value).is_some() {
                    return None;
                }
                rest.terms.remove(monomial);
            }
        }
        coefficient.map(|c| (c, rest))
    }

    /// The variable, the factor and the rest of a size `factor * var + rest`, where these are numbers.
    pub fn as_line(&self) -> Option<(SizeVar, i64, i64)> {
        let var = self.vars().pop()?;
        let (factor, rest) = self.linear_in(&var)?;
        Some((var, factor, rest.as_constant()?))
    }

    /// The numbers b and c and the rest of a size `c * b^var + rest`.
    fn power_in(&self, var: &SizeVar) -> Option<(i64, i64, Dim)> {
        let mut with_var = self.terms.iter().filter(|(monomial, _)| monomial.iter().any(|f| f.mentions(var)));
        let (Some((monomial, coefficient)), None) = (with_var.next(), with_var.next()) else { return None };
        let [Factor::Call(call)] = monomial.as_slice() else { return None };
        let SizeCall::Power(base, exponent) = &**call else { return None };
        let base = base.as_constant().filter(|base| *base >= 2 && exponent.as_var() == Some(var))?;
        let mut rest = self.clone();
        rest.terms.remove(monomial);
        Some((base, *coefficient, rest))
    }

    /// The k of a size `base^k`.
    fn logarithm(&self, base: i64) -> Option<Dim> {
        let (monomial, coefficient) = self.terms.first_key_value().filter(|_| self.terms.len() == 1)?;
        let (mut power, mut k) = (*coefficient, 0);
        while power > 1 && power % base == 0 {
            (power, k) = (power / base, k + 1);
        }
        let mut sum = Some(Dim::constant(k)).filter(|_| power == 1);
        for factor in monomial {
            let Factor::Call(call) = factor else { return None };
            let SizeCall::Power(own, exponent) = &**call else { return None };
            sum = sum.filter(|_| own.as_constant() == Some(base))?.add(exponent);
        }
        sum
    }

    /// The size divided by a number, when every coefficient is divisible.
    pub fn divide_exactly(&self, divisor: i64) -> Option<Dim> {
        if divisor == 0 {
            return None;
        }
        let mut terms = BTreeMap::new();
        for (monomial, coefficient) in &self.terms {
            if coefficient.checked_rem(divisor)? != 0 {
                return None;
            }
            terms.insert(monomial.clone(), coefficient / divisor);
        }
        Some(Dim { terms })
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.terms.is_empty() {
            return write!(f, "0");
        }
        // The constant term has the empty monomial, which sorts first; it reads better last.
        let ordered = self.terms.iter().filter(|(m, _)| !m.is_empty()).chain(self.terms.get_key_value(&Vec::new()));
        for (i, (monomial, coefficient)) in ordered.enumerate() {
            let sign = match (i, *coefficient < 0) {
                (0, true) => "-",
                (0, false) => "",
                (_, true) => " - ",
                (_, false) => " + ",
            };
            write!(f, "{sign}")?;
            let names: Vec<String> = monomial.iter().map(Factor::to_string).collect();
            match (coefficient.unsigned_abs(), names.is_empty()) {
                (1, false) => write!(f, "{}", names.join("*"))?,
                (c, true) => write!(f, "{c}")?,
                (c, false) => write!(f, "{c}*{}", names.join("*"))?,
            }
        }
        Ok(())
    }
}

/// Why sizes could not be made equal.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SolveError {
    /// The equation with this number can never hold.
    Conflict(usize),
    /// The equation with this number leaves a variable open.
    Undetermined(usize),
}

/// Finds values of the `open` variables that make each pair of sizes equal as polynomials.
///
/// Every equation that is linear in its last open variable binds it, and so does one that says `b^n` is a power of the number
/// b, until nothing more is bound: the answer, and whether there is one, does not depend on the order of the equations.
///
/// # Errors
/// [`SolveError`] with the number of the equation that fails.
pub fn solve(equations: &[(Dim, Dim)], open: &[SizeVar]) -> Result<BTreeMap<SizeVar, Dim>, SolveError> {
    let mut found: BTreeMap<SizeVar, Dim> = BTreeMap::new();
    let mut pending: Vec<usize> = (0..equations.len()).collect();
    loop {
        let before = (found.len(), pending.len());
        let mut left = Vec::new();
        for index in pending {
            let (pattern, actual) = &equations[index];
            // Most equations are n = 768, whose difference need not be made.
            if let (Some(var), Some(_)) = (pattern.as_var(), actual.as_constant())
                && open.contains(var)
                && found.get(var).is_none_or(|known| known == actual)
            {
                found.entry(var.clone()).or_insert_with(|| actual.clone());
                continue;
            }
            let difference = pattern
                .substitute(&found)
                .and_then(|pattern| pattern.sub(&actual.substitute(&found)?))
                .ok_or(SolveError::Conflict(index))?;
            let unknown: Vec<SizeVar> = difference.vars().into_iter().filter(|var| open.contains(var)).collect();
            match unknown.as_slice() {
                [] if difference == Dim::default() => {}
                [] => return Err(SolveError::Conflict(index)),
                [var] => match difference.linear_in(var) {
                    Some((coefficient, rest)) => {
                        let value = rest
                            .mul(&Dim::constant(-1))
                            .and_then(|rest| rest.divide_exactly(coefficient))
                            .ok_or(SolveError::Conflict(index))?;
                        found.insert(var.clone(), value);
                    }
                    None => {
                        let power = difference.power_in(var);
                        let number = power.as_ref().is_some_and(|(_, _, rest)| rest.as_constant().is_some());
                        let exponent = power.and_then(|(base, coefficient, rest)| {
                            rest.mul(&Dim::constant(-1))?.divide_exactly(coefficient)?.logarithm(base)
                        });
                        match exponent {
                            Some(k) => _ = found.insert(var.clone(), k),
                            // A number is a power of another or is none.
                            None if number => return Err(SolveError::Conflict(index)),
                            None => left.push(index),
                        }
                    }
                },
                _ => left.push(index),
            }
        }
        pending = left;
        match pending.first() {
            None => return Ok(found),
            Some(index) if before == (found.len(), pending.len()) => return Err(SolveError::Undetermined(*index)),
            Some(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn var(id: u32, name: &str) -> SizeVar {
        SizeVar { id, name: name.into(), least: 1 }
    }

    #[test]
    fn polynomials_have_one_form() {
        let (n, m) = (Dim::var(var(0, "n")), Dim::var(var(1, "m")));
        let twice = n.add(&n).unwrap();
        assert_eq!(twice, n.mul(&Dim::constant(2)).unwrap());
        assert_eq!(n.mul(&m).unwrap(), m.mul(&n).unwrap());
        assert_eq!(twice.sub(&Dim::constant(1)).unwrap().to_string(), "2*n - 1");
        assert_eq!(n.sub(&n).unwrap().as_constant(), Some(0));
        assert_eq!(n.power(3), n.mul(&n).unwrap().mul(&n));
        assert_eq!(n.power(-1), None);
    }

    #[test]
    fn polynomials_do_not_grow_without_end() {
        let mut size = Dim::var(var(0, "n")).add(&Dim::var(var(1, "m"))).unwrap();
        let grown = (0..64).find(|_| match size.mul(&size) {
            Some(square) => {
                size = square;
                false
            }
            None => true,
        });
        assert!(grown.is_some());
    }

    #[test]
    fn solving_finds_open_sizes_in_any_order() {
        let (n, m, d) = (var(0, "n"), var(1, "m"), var(2, "d"));
        let equations = [
            (Dim::var(n.clone()).add(&Dim::var(m.clone())).unwrap(), Dim::constant(7)),
            (Dim::var(n.clone()).mul(&Dim::constant(2)).unwrap(), Dim::constant(6)),
        ];
        let open = [n.clone(), m.clone()];
        let forward = solve(&equations, &open).unwrap();
        let backward = solve(&[equations[1].clone(), equations[0].clone()], &open).unwrap();
        assert_eq!(forward, backward);
        assert_eq!(forward[&m], Dim::constant(4));
        assert_eq!(solve(&[(Dim::var(d), Dim::constant(2))], &open), Err(SolveError::Conflict(0)));
        assert_eq!(
            solve(&[(Dim::var(n.clone()).mul(&Dim::constant(2)).unwrap(), Dim::constant(5))], &[n]),
            Err(SolveError::Conflict(0))
        );
    }

    #[test]
    fn a_number_is_a_power_or_it_is_not() {
        let (n, m) = (var(0, "n"), var(1, "m"));
        let power = Dim::call(SizeCall::Power(Dim::constant(2), Dim::var(n.clone()))).unwrap();
        let open = std::slice::from_ref(&n);
        let found = |size: &Dim| solve(&[(power.mul(&Dim::constant(3)).unwrap(), size.clone())], open);
        assert_eq!(found(&Dim::constant(24)).unwrap()[&n], Dim::constant(3));
        assert_eq!(found(&Dim::constant(18)), Err(SolveError::Conflict(0)));
        assert_eq!(found(&Dim::constant(8)), Err(SolveError::Conflict(0)));
        // Whether 3 m is three times a power of two, m tells.
        assert_eq!(found(&Dim::var(m).mul(&Dim::constant(3)).unwrap()), Err(SolveError::Undetermined(0)));
    }
}
