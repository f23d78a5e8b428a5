//! What a size is a polynomial in: size variables, and the values of integer functions of sizes: 2^n, n(n − 1)/2, min(m, n).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::dim::{Dim, SizeVar, Sizes};
use super::graph::{Graph, Mismatch, NodeId};
use super::op::Zip;
use super::scalar::ScalarFn;

/// A factor of a term of a size.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Factor {
    /// A variable.
    Var(SizeVar),
    /// The value of a function.
    Call(Arc<SizeCall>),
}

/// An integer function of sizes that is no polynomial. [`Dim::call`] makes one, in one form for one value as far as the laws
/// of powers go.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum SizeCall {
    /// The first to the power of the second, which has no value where the second is negative.
    Power(Dim, Dim),
    /// The first by a positive number, which has no value where that leaves a remainder.
    Quotient(Dim, i64),
    /// The greatest integer that is not above the first by a positive number.
    Floor(Dim, i64),
    /// The smaller one.
    Min(Dim, Dim),
    /// The larger one.
    Max(Dim, Dim),
}

/// Why a size has no value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NoSize {
    /// A variable in it has none.
    Unknown,
    /// A quotient leaves a remainder, or an exponent is negative.
    NoInteger,
    /// It is beyond what is counted.
    TooLarge,
}

/// The most parts of a function, those of its operands included, of which one may hold the next many times.
const MAX_PARTS: usize = 2048;

impl Factor {
    /// A lower bound on the value, where one is known.
    pub(super) fn least(&self) -> Option<i64> {
        match self {
            Factor::Var(var) => Some(var.least),
            Factor::Call(call) => call.least(),
        }
    }

    /// The value under an assignment; see [`Dim::value`].
    pub(super) fn value(&self, sizes: &Sizes) -> Result<i64, NoSize> {
        match self {
            Factor::Var(var) => sizes.get(var).copied().ok_or(NoSize::Unknown),
            Factor::Call(call) => call.value(sizes),
        }
    }

    /// The size that it is with variables replaced; see [`Dim::substitute`].
    pub(super) fn substitute(&self, values: &BTreeMap<SizeVar, Dim>) -> Option<Dim> {
        match self {
            Factor::Var(var) => Some(values.get(var).cloned().unwrap_or_else(|| Dim::var(var.clone()))),
            Factor::Call(call) => call.at(&|dim| dim.substitute(values)),
        }
    }

    /// The variables that occur in it.
    pub(super) fn vars(&self) -> Vec<SizeVar> {
        match self {
            Factor::Var(var) => vec![var.clone()],
            Factor::Call(call) => call.operands().into_iter().flat_map(Dim::vars).collect(),
        }
    }

    /// Whether a variable occurs in it.
    pub(super) fn mentions(&self, var: &SizeVar) -> bool {
        self.vars().contains(var)
    }
}

impl SizeCall {
    /// The sizes that it is a function of.
    pub fn operands(&self) -> Vec<&Dim> {
        match self {
            SizeCall::Power(a, b) | SizeCall::Min(a, b) | SizeCall::Max(a, b) => vec![a, b],
            SizeCall::Quotient(a, _) | SizeCall::Floor(a, _) => vec![a],
        }
    }

    /// The value at other operands.
    fn at(&self, new: &dyn Fn(&Dim) -> Option<Dim>) -> Option<Dim> {
        Dim::call(match self {
            SizeCall::Power(base, exponent) => SizeCall::Power(new(base)?, new(exponent)?),
            SizeCall::Quotient(a, divisor) => SizeCall::Quotient(new(a)?, *divisor),
            SizeCall::Floor(a, divisor) => SizeCall::Floor(new(a)?, *divisor),
            SizeCall::Min(a, b) => SizeCall::Min(new(a)?, new(b)?),
            SizeCall::Max(a, b) => SizeCall::Max(new(a)?, new(b)?),
        })
    }

    fn value(&self, sizes: &Sizes) -> Result<i64, NoSize> {
        let of = |dim: &Dim| dim.value(sizes);
        match self {
            SizeCall::Power(base, exponent) => match (of(base)?, of(exponent)?) {
                (_, exponent) if exponent < 0 => Err(NoSize::NoInteger),
                (base, exponent) => {
                    u32::try_from(exponent).ok().and_then(|k| base.checked_pow(k)).ok_or(NoSize::TooLarge)
                }
            },
            SizeCall::Quotient(a, divisor) => match of(a)? {
                a if a % divisor == 0 => Ok(a / divisor),
                _ => Err(NoSize::NoInteger),
            },
            SizeCall::Floor(a, divisor) => Ok(of(a)?.div_euclid(*divisor)),
            SizeCall::Min(a, b) => Ok(of(a)?.min(of(b)?)),
            SizeCall::Max(a, b) => Ok(of(a)?.max(of(b)?)),
        }
    }

    /// Whether it has more parts than are counted.
    pub(super) fn is_large(&self) -> bool {
        fn uncounted(call: &SizeCall, left: &mut usize) -> bool {
            *left = left.saturating_sub(1);
            let mut inner = call.operands().into_iter().flat_map(Dim::calls);
            *left == 0 || inner.any(|inner| uncounted(inner, left))
        }
        let mut left = MAX_PARTS;
        uncounted(self, &mut left)
    }

    /// Whether its value is a quotient, or rests on one, so that it may have none.
    pub(super) fn is_divided(&self) -> bool {
        matches!(self, SizeCall::Quotient(..)) || self.operands().into_iter().any(Dim::is_divided)
    }

    fn least(&self) -> Option<i64> {
        match self {
            SizeCall::Power(base, exponent) => {
                let (base, exponent) = (base.least()?, u32::try_from(exponent.least()?).ok()?);
                if base < 1 { None } else { base.checked_pow(exponent) }
            }
            // Where there is a value it is at least the quotient, rounded up.
            SizeCall::Quotient(a, divisor) => {
                let least = a.least()?;
                Some(least.div_euclid(*divisor) + i64::from(least.rem_euclid(*divisor) > 0))
            }
            SizeCall::Floor(a, divisor) => Some(a.least()?.div_euclid(*divisor)),
            SizeCall::Min(a, b) => Some(a.least()?.min(b.least()?)),
            SizeCall::Max(a, b) => Some(a.least()?.max(b.least()?)),
        }
    }

    /// Its value in other terms, `None` where there is none; or itself, where nothing is simpler.
    pub(super) fn folded(self) -> Result<Option<Dim>, SizeCall> {
        match self {
            SizeCall::Power(base, exponent) => power(base, exponent),
            SizeCall::Quotient(a, divisor) => match (a.divide_exactly(divisor), a.as_call()) {
                (Some(quotient), _) => Ok(Some(quotient)),
                (None, Some(SizeCall::Quotient(inner, first))) if divisor >= 1 => {
                    let divisor = first.checked_mul(divisor);
                    Ok(divisor.and_then(|divisor| Dim::call(SizeCall::Quotient(inner.clone(), divisor))))
                }
                (None, _) if divisor < 1 || a.as_constant().is_some() => Ok(None),
                (None, _) => Err(SizeCall::Quotient(a, divisor)),
            },
            // Of an operand with a quotient in it the remainder would be lost.
            SizeCall::Floor(a, _) if a.is_divided() => Ok(None),
            SizeCall::Floor(a, divisor) => match (a.divide_exactly(divisor), a.as_constant()) {
                (Some(quotient), _) => Ok(Some(quotient)),
                (None, _) if divisor < 1 => Ok(None),
                (None, Some(a)) => Ok(Some(Dim::constant(a.div_euclid(divisor)))),
                (None, None) => Err(SizeCall::Floor(a, divisor)),
            },
            SizeCall::Min(a, b) => extreme(a, b, i64::min, SizeCall::Min),
            SizeCall::Max(a, b) => extreme(a, b, i64::max, SizeCall::Max),
        }
    }
}

/// A size that is no polynomial, as arithmetic on those that are: 2^n is one value, whether it is written or counted.
pub(super) fn in_factors(g: &mut Graph, dim: &Dim) -> Result<NodeId, Mismatch> {
    let mut sum = g.integer(0)?;
    for (coefficient, factors) in dim.monomials() {
        let mut term = g.integer(coefficient)?;
        for factor in factors {
            let factor = match factor {
                Factor::Var(var) => g.size(Dim::var(var.clone()))?,
                Factor::Call(call) => called(g, call)?,
            };
            term = g.zip(Zip::Mul, term, factor)?;
        }
        sum = g.zip(Zip::Add, sum, term)?;
    }
    Ok(sum)
}

fn called(g: &mut Graph, call: &SizeCall) -> Result<NodeId, Mismatch> {
    match call {
        SizeCall::Power(base, exponent) => {
            let (base, exponent) = (g.size(base.clone())?, g.size(exponent.clone())?);
            g.map_with(ScalarFn::Pow, base, exponent)
        }
        SizeCall::Quotient(a, divisor) | SizeCall::Floor(a, divisor) => {
            let (a, divisor) = (g.size(a.clone())?, g.integer(*divisor)?);
            let quotient = g.zip(Zip::Div, a, divisor)?;
            if matches!(call, SizeCall::Floor(..)) { g.map(ScalarFn::Floor, quotient) } else { Ok(quotient) }
        }
        SizeCall::Min(a, b) | SizeCall::Max(a, b) => {
            let (a, b) = (g.size(a.clone())?, g.size(b.clone())?);
            g.zip(if matches!(call, SizeCall::Min(..)) { Zip::Min } else { Zip::Max }, a, b)
        }
    }
}

/// One form for one power: b^(m + 2n) is b^m b^n b^n, and what has a number for its exponent is multiplied out.
fn power(base: Dim, exponent: Dim) -> Result<Option<Dim>, SizeCall> {
    if let Some(k) = exponent.as_constant() {
        return Ok(match (base.as_constant(), u32::try_from(k)) {
            (Some(base), Ok(k)) => base.checked_pow(k).map(Dim::constant),
            (None, Ok(_)) => base.power(k),
            (_, Err(_)) => None,
        });
    }
    let terms: Vec<(i64, Dim)> = exponent.monomials().map(|(k, factors)| (k, Dim::product(factors))).collect();
    let whole = terms.len() == 1 && terms[0].0 == 1;
    // A part that may be negative has no power, while the whole exponent may.
    if whole || terms.iter().any(|(k, part)| *k < 0 || part.least().is_none_or(|least| least < 0)) {
        return Err(SizeCall::Power(base, exponent));
    }
    let mut product = Some(Dim::constant(1));
    for (k, part) in terms {
        // The number in an exponent is a term without factors, of value 1.
        let one = Dim::call(SizeCall::Power(base.clone(), part)).and_then(|one| one.power(k));
        product = product.zip(one).and_then(|(product, one)| product.mul(&one));
    }
    Ok(product)
}

fn extreme(
    a: Dim,
    b: Dim,
    of_numbers: fn(i64, i64) -> i64,
    call: fn(Dim, Dim) -> SizeCall,
) -> Result<Option<Dim>, SizeCall> {
    let at_least = |a: &Dim, b: &Dim| a.sub(b).and_then(|difference| difference.least()).is_some_and(|n| n >= 0);
    let smaller = of_numbers(0, 1) == 0;
    match (a.as_constant(), b.as_constant()) {
        (Some(a), Some(b)) => Ok(Some(Dim::constant(of_numbers(a, b)))),
        // What may have no value is not left out.
        _ if at_least(&a, &b) && !a.is_divided() && !b.is_divided() => Ok(Some(if smaller { b } else { a })),
        _ if at_least(&b, &a) && !a.is_divided() && !b.is_divided() => Ok(Some(if smaller { a } else { b })),
        _ if a == b => Ok(Some(a)),
        _ if a < b => Err(call(a, b)),
        _ => Err(call(b, a)),
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Factor::Var(var) => f.write_str(&var.name),
            Factor::Call(call) => call.fmt(f),
        }
    }
}

/// As the language writes it.
impl fmt::Display for SizeCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizeCall::Power(base, exponent) => write!(f, "{}^{}", Tight(base), Tight(exponent)),
            SizeCall::Quotient(a, divisor) => write!(f, "{}/{divisor}", Tight(a)),
            SizeCall::Floor(a, divisor) => write!(f, "floor({}/{divisor})", Tight(a)),
            SizeCall::Min(a, b) => write!(f, "min({a}, {b})"),
            SizeCall::Max(a, b) => write!(f, "max({a}, {b})"),
        }
    }
}

/// A size that stands beside an operator: in parentheses unless it is a name or a number.
struct Tight<'a>(&'a Dim);

impl fmt::Display for Tight<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.0.to_string();
        if text.chars().all(|c| c.is_alphanumeric() || c == '_') { f.write_str(&text) } else { write!(f, "({text})") }
    }
}
