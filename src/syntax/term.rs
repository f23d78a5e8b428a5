//! Expressions built in Rust, by operators and calls, as if they had been written in the language.
//!
//! ```
//! use loewner::syntax::term::{eye, gram, logdet, name};
//!
//! let (z, mu) = (name("Z"), name("mu"));
//! let loss = -logdet(&mu * eye(3) + gram(&z));
//! assert_eq!(loss.to_string(), "-logdet(mu * eye(3) + gram(Z))");
//! ```

use std::fmt;
use std::ops;

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::Signed;

use super::ast::{Arg, Binary, Expr, ExprKind, Ident, Relation};
use super::{Spelling, print_expr};
use crate::base::Span;

/// An expression. It has no place in a text until it is printed, which is how the checker reads it: its mistakes are
/// shown in the printed form.
#[derive(Clone, PartialEq, Debug)]
pub struct Term(Expr);

impl Term {
    fn new(kind: ExprKind) -> Self {
        Term(Expr { kind, span: Span::default() })
    }

    /// The syntax tree.
    pub fn expr(&self) -> &Expr {
        &self.0
    }

    /// The conjugate transpose, `A'`.
    pub fn adjoint(&self) -> Term {
        Term::new(ExprKind::Adjoint(Box::new(self.0.clone())))
    }

    /// The power `A ^ p`: of a square matrix, the matrix power.
    pub fn pow(&self, exponent: impl Into<Term>) -> Term {
        let (base, exponent) = (Box::new(self.0.clone()), Box::new(exponent.into().0));
        Term::new(ExprKind::Power { base, exponent, entrywise: false })
    }

    /// The entrywise power `A .^ p`.
    pub fn entry_pow(&self, exponent: impl Into<Term>) -> Term {
        let (base, exponent) = (Box::new(self.0.clone()), Box::new(exponent.into().0));
        Term::new(ExprKind::Power { base, exponent, entrywise: true })
    }

    /// The entrywise product `A ∘ B`.
    pub fn hadamard(&self, other: impl Into<Term>) -> Term {
        self.clone().chain(Binary::Hadamard, other.into())
    }

    /// The Kronecker product `A ⊗ B`.
    pub fn kron(&self, other: impl Into<Term>) -> Term {
        self.clone().chain(Binary::Kron, other.into())
    }

    /// The entry `A[i, j]`, from 1.
    pub fn at(&self, i: usize, j: usize) -> Term {
        let indices = [i, j].map(|index| Term::from(index as i64).0).to_vec();
        Term::new(ExprKind::Index { base: Box::new(self.0.clone()), indices })
    }

    /// The condition `self <= other`.
    pub fn le(&self, other: impl Into<Term>) -> Term {
        self.compare(Relation::Le, other.into())
    }

    /// The condition `self >= other`.
    pub fn ge(&self, other: impl Into<Term>) -> Term {
        self.compare(Relation::Ge, other.into())
    }

    /// The condition `self == other`. (Rust's `==` compares the terms as they are written.)
    pub fn equals(&self, other: impl Into<Term>) -> Term {
        self.compare(Relation::Eq, other.into())
    }

    /// The Löwner order `self ⪯ other`.
    pub fn loewner_le(&self, other: impl Into<Term>) -> Term {
        self.compare(Relation::LoewnerLe, other.into())
    }

    fn compare(&self, relation: Relation, other: Term) -> Term {
        let first = Box::new(self.0.clone());
        Term::new(ExprKind::Compare { first, rest: vec![(relation, Span::default(), other.0)] })
    }

    /// Joins two operands; the left one stays flat where it is a chain of the same level, as the parser makes it.
    fn chain(self, binary: Binary, right: Term) -> Term {
        let sum = |binary: Binary| matches!(binary, Binary::Add | Binary::Sub);
        let link = (binary, Span::default(), right.0);
        match self.0.kind {
            ExprKind::Chain { first, mut rest } if rest.first().is_some_and(|(b, ..)| sum(*b) == sum(binary)) => {
                rest.push(link);
                Term::new(ExprKind::Chain { first, rest })
            }
            kind => Term::new(ExprKind::Chain { first: Box::new(Term::new(kind).0), rest: vec![link] }),
        }
    }
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print_expr(&self.0, Spelling::Ascii))
    }
}

impl From<&Term> for Term {
    fn from(term: &Term) -> Self {
        term.clone()
    }
}

impl From<i64> for Term {
    fn from(value: i64) -> Self {
        number(BigRational::from_integer(BigInt::from(value)))
    }
}

impl From<i32> for Term {
    fn from(value: i32) -> Self {
        Term::from(i64::from(value))
    }
}

/// The decimal that Rust prints for the number, exactly: `0.1` is one tenth. Infinities become `inf`; NaN becomes
/// `0 / 0`, which no evaluation accepts.
impl From<f64> for Term {
    fn from(value: f64) -> Self {
        if value.is_nan() {
            return Term::from(0) / Term::from(0);
        }
        if value.is_infinite() {
            return if value > 0.0 { name("inf") } else { -name("inf") };
        }
        match decimal(&format!("{value:e}")) {
            Some(exact) => number(exact),
            // Rust prints every finite number as digits, a point and an exponent.
            None => unreachable!("{value:e} is a decimal"),
        }
    }
}

/// The value of `-1.25e-3`.
fn decimal(text: &str) -> Option<BigRational> {
    let (digits, exponent) = text.split_once('e')?;
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let mantissa: BigInt = format!("{whole}{fraction}").parse().ok()?;
    let exponent = exponent.parse::<i32>().ok()? - fraction.len() as i32;
    let ten = BigRational::from_integer(BigInt::from(10));
    Some(BigRational::from_integer(mantissa) * ten.pow(exponent))
}

/// An exact number. A fraction that no decimal equals becomes a quotient.
pub fn number(value: BigRational) -> Term {
    if value.is_negative() {
        return -number(-value);
    }
    let mut denominator = value.denom().clone();
    for prime in [2, 5] {
        let prime = BigInt::from(prime);
        while (&denominator % &prime) == BigInt::from(0) {
            denominator /= &prime;
        }
    }
    let whole =
        |n: &BigInt| Term::new(ExprKind::Number { value: BigRational::from_integer(n.clone()), imaginary: false });
    if denominator == BigInt::from(1) {
        Term::new(ExprKind::Number { value, imaginary: false })
    } else {
        whole(value.numer()) / whole(value.denom())
    }
}

/// A name: of a bound value, a quantified one, or a parameter.
pub fn name(name: &str) -> Term {
    Term::new(ExprKind::Name(name.to_string()))
}

/// An option in quotes, such as `"rows"`.
pub fn option(text: &str) -> Term {
    Term::new(ExprKind::Str(text.to_string()))
}

/// A call of any function by name: of the language, the library, or a definition of your own.
pub fn call<T: Into<Term>>(function: &str, args: impl IntoIterator<Item = T>) -> Term {
    let callee = Ident { name: function.to_string(), span: Span::default() };
    let args = args.into_iter().map(|arg| Arg { name: None, value: arg.into().0 }).collect();
    Term::new(ExprKind::Call { callee, args })
}

/// A matrix of entries, row by row.
pub fn matrix<T: Into<Term>>(rows: impl IntoIterator<Item = Vec<T>>) -> Term {
    let rows = rows.into_iter().map(|row| row.into_iter().map(|entry| entry.into().0).collect()).collect();
    Term::new(ExprKind::Matrix(rows))
}

/// A column of entries.
pub fn vector<T: Into<Term>>(entries: impl IntoIterator<Item = T>) -> Term {
    Term::new(ExprKind::Vector(entries.into_iter().map(|entry| entry.into().0).collect()))
}

macro_rules! functions {
    ($($function:ident($($argument:ident),*);)*) => {
        $(
            #[doc = concat!("The call `", stringify!($function), "(", stringify!($($argument),*), ")`; `:doc ",
                stringify!($function), "` in the REPL tells what it is.")]
            pub fn $function($($argument: impl Into<Term>),*) -> Term {
                call(stringify!($function), [$($argument.into()),*])
            }
        )*
    };
}

functions! {
    gram(z); cov(z); normalize_cols(z); normalize_rows(z); eye(n); ones(m, n); zeros(m, n);
    trace(a); logdet(a); det(a); inv(a); diag(a); offdiag(a); rank(a); norm(a); inner(a, b);
    eigvals(a); svdvals(a); lambda_max(a); lambda_min(a); expm(a); logm(a); sqrtm(a);
    abs(x); abs2(x); exp(x); log(x); sqrt(x); relu(x); sum(x); mean(x); max(x); min(x); logsumexp(x);
    stop_gradient(x);
    entropy(k, alpha); von_neumann(k); joint_entropy(k1, k2, alpha); mutual_information(k1, k2, alpha);
    tcr(k, mu); coding_rate(z, mu); effective_rank(a); kl(k1, k2); js(k1, k2); eigen_js(k1, k2);
    info_nce(z1, z2, tau); spectral_contrastive(z1, z2, lambda); barlow_twins(z1, z2, lambda);
    mae(pred, target, mask); m_mae(pred, target, mask, z, lambda, mu); u_mae(pred, target, mask, z, gamma);
}

macro_rules! operators {
    ($($op:ident $method:ident $binary:ident;)*) => {
        $(
            operators!(@one $op $method $binary, Term, Term);
            operators!(@one $op $method $binary, Term, &Term);
            operators!(@one $op $method $binary, &Term, Term);
            operators!(@one $op $method $binary, &Term, &Term);
            operators!(@one $op $method $binary, Term, f64);
            operators!(@one $op $method $binary, &Term, f64);
            operators!(@one $op $method $binary, f64, Term);
            operators!(@one $op $method $binary, f64, &Term);
            operators!(@one $op $method $binary, Term, i32);
            operators!(@one $op $method $binary, &Term, i32);
            operators!(@one $op $method $binary, i32, Term);
            operators!(@one $op $method $binary, i32, &Term);
        )*
    };
    (@one $op:ident $method:ident $binary:ident, $left:ty, $right:ty) => {
        impl ops::$op<$right> for $left {
            type Output = Term;

            fn $method(self, right: $right) -> Term {
                Term::from(self).chain(Binary::$binary, Term::from(right))
            }
        }
    };
}

operators! {
    Add add Add;
    Sub sub Sub;
    Mul mul Mul;
    Div div Div;
}

impl ops::Neg for Term {
    type Output = Term;

    fn neg(self) -> Term {
        Term::new(ExprKind::Negate(Box::new(self.0)))
    }
}

impl ops::Neg for &Term {
    type Output = Term;

    fn neg(self) -> Term {
        -self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::FileId;
    use crate::syntax::{parse_expr, strip_spans};

    #[test]
    fn what_is_built_is_what_would_be_parsed() {
        let (z, k) = (name("Z"), name("K"));
        let cases = [
            (gram(&z) - &k * 2 + 0.1, "gram(Z) - K * 2 + 0.1"),
            (-(&z * &k).adjoint().pow(2), "-(Z * K)' ^ 2"),
            (k.hadamard(&k) / 3, "K .* K / 3"),
            (number(BigRational::new(1.into(), 3.into())) * &k, "1 / 3 * K"),
            (entropy(&k, 2.5).le(log(3)), "entropy(K, 2.5) <= log(3)"),
            (call("sum", [z.clone(), option("rows")]), "sum(Z, \"rows\")"),
            (matrix([vec![1, 2], vec![3, 4]]).at(1, 2), "[1, 2; 3, 4][1, 2]"),
            (Term::from(1.5e-3) + Term::from(-2), "0.0015 + -2"),
        ];
        for (term, text) in cases {
            let parsed = parse_expr(FileId(0), text).value.map(strip_spans);
            let printed = parse_expr(FileId(0), &term.to_string()).value.map(strip_spans);
            assert!(parsed.is_some(), "{text}");
            assert_eq!(printed, parsed, "{term} against {text}");
        }
    }
}
