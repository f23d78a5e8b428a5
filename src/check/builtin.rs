//! The functions that the language has of itself, one row each. Everything else is written in the library.

use crate::ir::{ROWS, Reduction, ScalarFn};

/// A function of the language.
#[derive(Clone, Debug)]
pub struct Builtin {
    /// Its name.
    pub name: &'static str,
    /// Its arguments, as `:doc` shows them; optional ones in brackets.
    pub arguments: &'static str,
    /// The least and the greatest number of arguments.
    pub arity: (usize, usize),
    /// What it does.
    pub form: Form,
    /// What it is, for `:doc`.
    pub doc: &'static str,
}

/// What a builtin does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// A scalar function of every entry.
    Entrywise(ScalarFn),
    /// The same function of a Hermitian matrix.
    Spectral(ScalarFn),
    /// A reduction with an optional axis; `max` and `min` of two values are entrywise.
    Reduce(Reduction),
    /// Anything else, told apart by [`Special`].
    Special(Special),
}

/// The builtins that are neither scalar functions nor reductions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs)] // Each is documented by its row below.
pub enum Special {
    Abs,
    Abs2,
    Mean,
    Softmax,
    Trace,
    Det,
    LogDet,
    Inv,
    Eye,
    Zeros,
    Ones,
    Diag,
    OffDiag,
    Adjoint,
    Transpose,
    Conj,
    Real,
    Imag,
    Eigvals,
    Svdvals,
    LambdaMax,
    LambdaMin,
    Rank,
    Norm,
    Inner,
    Kron,
    Rows,
    Cols,
    Numel,
    StopGradient,
}

macro_rules! specials {
    ($($name:literal $arguments:literal $least:literal..=$most:literal $special:ident $doc:literal;)*) => {
        const SPECIALS: &[Builtin] = &[$(Builtin {
            name: $name, arguments: $arguments, arity: ($least, $most), form: Form::Special(Special::$special), doc: $doc,
        },)*];
    };
}

specials! {
    "abs" "x" 1..=1 Abs "the modulus of every entry";
    "abs2" "x" 1..=1 Abs2 "the squared modulus of every entry";
    "mean" "x, [\"rows\" | \"cols\"]" 1..=2 Mean "the mean of all entries, or one per row or per column";
    "softmax" "x, [\"rows\" | \"cols\"]" 1..=2 Softmax "exp(x − logsumexp x), over all entries or within each row or column";
    "trace" "A" 1..=1 Trace "the sum of the diagonal; real for a Hermitian matrix";
    "tr" "A" 1..=1 Trace "the trace";
    "det" "A" 1..=1 Det "the determinant";
    "logdet" "A" 1..=1 LogDet "the logarithm of the determinant; −∞ for a singular positive semi-definite matrix";
    "inv" "A" 1..=1 Inv "the inverse";
    "eye" "n" 1..=1 Eye "the n × n identity matrix";
    "zeros" "m, [n]" 1..=2 Zeros "the m × n zero matrix, or the zero vector of m entries";
    "ones" "m, [n]" 1..=2 Ones "the m × n matrix of ones, or the vector of m ones";
    "diag" "A" 1..=1 Diag "the diagonal of a matrix, as a vector; of a vector, the diagonal matrix";
    "offdiag" "A" 1..=1 OffDiag "the matrix with its diagonal set to 0";
    "adjoint" "A" 1..=1 Adjoint "the conjugate transpose, A'";
    "transpose" "A" 1..=1 Transpose "the transpose without conjugation";
    "conj" "A" 1..=1 Conj "every entry conjugated";
    "real" "A" 1..=1 Real "the real part of every entry";
    "imag" "A" 1..=1 Imag "the imaginary part of every entry";
    "eigvals" "A" 1..=1 Eigvals "the eigenvalues of a Hermitian matrix, ascending";
    "svdvals" "A" 1..=1 Svdvals "the singular values, descending";
    "lambda_max" "A" 1..=1 LambdaMax "the greatest eigenvalue of a Hermitian matrix";
    "lambda_min" "A" 1..=1 LambdaMin "the least eigenvalue of a Hermitian matrix";
    "rank" "A" 1..=1 Rank "the number of singular values above n ε σ_max";
    "norm" "A, [\"nuclear\" | \"spectral\" | 1 | 2 | inf]" 1..=2 Norm "the Frobenius or Euclidean norm, or the norm named";
    "inner" "A, B" 2..=2 Inner "tr(A'B) = Σ conj(a) b";
    "kron" "A, B" 2..=2 Kron "the Kronecker product, A ⊗ B";
    "rows" "A" 1..=1 Rows "the number of rows";
    "cols" "A" 1..=1 Cols "the number of columns";
    "numel" "A" 1..=1 Numel "the number of entries";
    "stop_gradient" "A" 1..=1 StopGradient "A, through which no gradient flows";
}

const REDUCTIONS: &[(&str, Reduction, usize, &str)] = &[
    ("sum", Reduction::Sum, 2, "the sum of all entries, or one per row or per column"),
    ("max", Reduction::Max, 2, "the greatest entry, or one per row or per column; of two values, entrywise"),
    ("min", Reduction::Min, 2, "the least entry, or one per row or per column; of two values, entrywise"),
    ("logsumexp", Reduction::LogSumExp, 2, "log Σ exp x over all entries, or one per row or per column"),
];

/// Scalar functions that the language spells in another way, as operators or through the modulus.
const SPELLED_OTHERWISE: &[ScalarFn] = &[
    ScalarFn::Neg,
    ScalarFn::Abs,
    ScalarFn::Recip,
    ScalarFn::Pow,
    ScalarFn::Step,
    ScalarFn::PowLog,
    ScalarFn::PowLogSlope,
    ScalarFn::PowOnSupport,
    ScalarFn::TsallisSlope,
    ScalarFn::Log1pRelSlope,
    ScalarFn::RecipOnSupport,
];

/// The names that the language promises to everyone (LANGUAGE.md lists them): no file can define them. Every other name
/// of a builtin is one that a file may have taken before the language did, so its own definition goes first there.
const LISTED: &[&str] = &[
    "abs",
    "exp",
    "log",
    "sqrt",
    "sin",
    "cos",
    "tanh",
    "sign",
    "relu",
    "sigmoid",
    "min",
    "max",
    "expm",
    "logm",
    "sqrtm",
    "absm",
    "trace",
    "tr",
    "det",
    "logdet",
    "inv",
    "eye",
    "zeros",
    "ones",
    "diag",
    "offdiag",
    "adjoint",
    "transpose",
    "conj",
    "real",
    "imag",
    "eigvals",
    "svdvals",
    "lambda_max",
    "lambda_min",
    "rank",
    "norm",
    "inner",
    "kron",
    "sum",
    "mean",
    "logsumexp",
    "softmax",
    "rows",
    "cols",
    "numel",
    "stop_gradient",
    "maximizes",
    "minimizes",
];

/// Whether a file cannot define this name: the language lists it, or it is that of a constant.
pub fn is_reserved(name: &str) -> bool {
    LISTED.contains(&name) || CONSTANTS.iter().any(|(constant, _)| *constant == name)
}

/// Every builtin.
pub fn builtins() -> impl Iterator<Item = Builtin> {
    let entrywise = ROWS.iter().filter(|row| !SPELLED_OTHERWISE.contains(&row.function)).map(|row| Builtin {
        name: row.name,
        arguments: if row.parameters == 0 { "x" } else { "x, parameter" },
        arity: (1 + row.parameters, 1 + row.parameters),
        form: Form::Entrywise(row.function),
        doc: row.doc,
    });
    let spectral = ROWS.iter().filter(|row| row.function != ScalarFn::Pow).filter_map(|row| {
        Some(Builtin {
            name: row.matrix_name?,
            arguments: if row.parameters == 0 { "A" } else { "A, parameter" },
            arity: (1 + row.parameters, 1 + row.parameters),
            form: Form::Spectral(row.function),
            doc: row.doc,
        })
    });
    let reductions = REDUCTIONS.iter().map(|(name, reduction, most, doc)| Builtin {
        name,
        arguments: "x, [\"rows\" | \"cols\"]",
        arity: (1, *most),
        form: Form::Reduce(*reduction),
        doc,
    });
    entrywise.chain(spectral).chain(reductions).chain(SPECIALS.iter().cloned())
}

/// The builtin with this name.
pub fn builtin(name: &str) -> Option<Builtin> {
    builtins().find(|builtin| builtin.name == name)
}

/// The constants that the language has of itself.
pub const CONSTANTS: &[(&str, &str)] =
    &[("pi", "π"), ("inf", "+∞"), ("true", "a condition that holds"), ("false", "one that does not")];

/// The words that make a claim of their own, and stand only there.
pub const CLAIM_FORMS: &[&str] = &["maximizes", "minimizes", "sup"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_name_means_something() {
        for name in LISTED {
            assert!(builtin(name).is_some() || CLAIM_FORMS.contains(name), "{name}");
        }
    }
}
