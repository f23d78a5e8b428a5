//! What the verifier says: typed verdicts with the evidence that they rest on.

use num_rational::BigRational;

use super::refutation::Given;
use crate::base::Diagnostic;
use crate::check::Expected;
use crate::ir::Set;

/// The verdict on a claim.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Proved symbolically.
    Proved {
        /// The lemmas that the proof rests on.
        lemmas: Vec<String>,
    },
    /// No sample contradicts it.
    Holds,
    /// A sample contradicts it, certified by rigorous enclosures or, where these decide nothing, by more than a bound on
    /// the rounding errors.
    Refuted(Box<Witness>),
    /// No input met the hypotheses.
    Vacuous {
        /// The smallest residual of the hypotheses that was reached, where one could be measured.
        best_residual: Option<f64>,
    },
    /// Nothing could be decided.
    Inconclusive {
        /// Why, in a sentence.
        reason: String,
    },
}

impl Verdict {
    /// The name that reports give it.
    pub fn name(&self) -> &'static str {
        match self {
            Verdict::Proved { .. } => "proved",
            Verdict::Holds => "holds",
            Verdict::Refuted(_) => "refuted",
            Verdict::Vacuous { .. } => "vacuous",
            Verdict::Inconclusive { .. } => "inconclusive",
        }
    }
}

/// A value of a quantified name.
#[derive(Clone, PartialEq, Debug)]
pub enum Value {
    /// A real number.
    Number(f64),
    /// An exact real number, where the sample is one.
    Exact(BigRational),
    /// A real vector.
    Vector(Vec<f64>),
    /// A real matrix, row by row.
    Matrix(Vec<Vec<f64>>),
    /// A complex number, as (re, im).
    Complex((f64, f64)),
    /// A complex vector.
    ComplexVector(Vec<(f64, f64)>),
    /// A complex matrix, row by row.
    ComplexMatrix(Vec<Vec<(f64, f64)>>),
}

/// What a name stands for, exactly.
#[derive(Clone, PartialEq, Debug)]
pub struct ExactValue {
    /// The name.
    pub name: String,
    /// The exact numbers.
    pub given: Given,
    /// The set whose member it is; `None` for a scalar from a range.
    pub set: Option<Set>,
    /// Rows and columns of each block of numbers.
    pub shapes: Vec<(usize, usize)>,
    /// Whether it is a vector.
    pub vector: bool,
    /// Whether [`Witness::values`] is shown in its place: where a case of equality puts another value for it, or one of its
    /// numbers lies between two.
    pub put: bool,
}

/// What a number is of what a name stands for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartOf {
    /// All of it.
    Whole,
    /// An entry of a vector.
    Vector,
    /// An entry of a matrix.
    Matrix,
    /// One of the numbers that a chart maps into a set.
    Chart,
}

/// A number of a witness that solves an equality among the hypotheses, and of which two numbers are known between which it
/// lies.
#[derive(Clone, PartialEq, Debug)]
pub struct Solution {
    /// The name that it belongs to.
    pub name: String,
    /// What it is of what the name stands for.
    pub of: PartOf,
    /// The block of raw numbers, the row and the column, from 0.
    pub place: (usize, usize, usize),
    /// Whether it is the imaginary part of what stands there.
    pub imaginary: bool,
    /// The numbers between which it lies; the first is what [`Witness::exact`] has in its place.
    pub ends: (BigRational, BigRational),
}

/// A comparison of two real numbers that fails.
#[derive(Clone, PartialEq, Debug)]
pub struct Sides {
    /// An enclosure of the left side.
    pub left: (f64, f64),
    /// The comparison, as it is written.
    pub relation: &'static str,
    /// An enclosure of the right side.
    pub right: (f64, f64),
}

/// An input that contradicts a claim.
#[derive(Clone, PartialEq, Debug)]
pub struct Witness {
    /// The sizes, by name.
    pub sizes: Vec<(String, i64)>,
    /// The members and scalars, by name, in the order of quantification.
    pub values: Vec<(String, Value)>,
    /// What each name that is no size stands for exactly, in the order of quantification: this defines the input.
    pub exact: Vec<ExactValue>,
    /// The one number that is not exact, where an equality among the hypotheses has no solution that can be written down.
    pub solution: Option<Solution>,
    /// The claim, as its author wrote it.
    pub statement: String,
    /// An enclosure of the margin: the whole interval violates the claim.
    pub margin: (f64, f64),
    /// The ends of a certified enclosure with more digits than a double has, rounded outwards.
    pub decimal: Option<(String, String)>,
    /// The two sides of a claim that is a comparison of real numbers.
    pub sides: Option<Sides>,
    /// What lies outside its set there, where the claim is refuted by that (see [`Part::Margin`](crate::check::Part)), or
    /// which direction of `equality iff` fails.
    pub breaks: Option<String>,
    /// The scalar that was followed to a limit, for a claim about one.
    pub followed: Option<String>,
    /// Whether the enclosure is rigorous (interval arithmetic from the exact raw numbers), rather than the computed margin
    /// with a running bound on its rounding errors.
    pub certified: bool,
    /// Which ensemble drew it.
    pub ensemble: String,
    /// Where `--out` wrote it.
    pub file: Option<String>,
}

/// The largest value that was found of an expression, with the input that takes it.
#[derive(Clone, PartialEq, Debug)]
pub struct Supremum {
    /// The value as computed.
    pub value: f64,
    /// A rigorous enclosure of the value at that input: its lower end is a lower bound on the supremum.
    pub enclosure: Option<(f64, f64)>,
    /// The sizes, by name.
    pub sizes: Vec<(String, i64)>,
    /// The members and scalars, by name, in the order of quantification.
    pub values: Vec<(String, Value)>,
    /// What each name that is no size stands for exactly: this defines the input.
    pub exact: Vec<ExactValue>,
    /// Where that is: sizes, scalars and the ensemble, in a few words.
    pub place: String,
    /// Whether the hypotheses hold there beyond rounding.
    pub sure: bool,
    /// Whether the expression seems to have no bound.
    pub unbounded: bool,
}

/// An upper bound on the probability, under the ensembles, that a random input violates a claim (Clopper and Pearson,
/// Biometrika 26, 1934).
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct ViolationBound {
    /// The confidence level.
    pub confidence: f64,
    /// The bound.
    pub probability: f64,
}

/// A proof of a claim's comparison that was accepted, beside a clause that it says nothing of: the verdict on the whole is
/// that of the samples.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ComparisonProof {
    /// The lemmas that it rests on.
    pub lemmas: Vec<String>,
    /// The clause on when the two sides are equal, as its author wrote it.
    pub clause: String,
}

/// A proof that was not accepted.
#[derive(Clone, Debug)]
pub struct RefusedProof {
    /// The step that does not follow, from 1, as it is written; none where the steps lead elsewhere than the claim.
    pub step: Option<(usize, String)>,
    /// What was needed and what is missing.
    pub diagnostic: Diagnostic,
    /// An input at which the step itself is false, where one was found.
    pub counterexample: Option<Box<Witness>>,
}

/// The report on one claim.
#[derive(Clone, Debug)]
pub struct ClaimReport {
    /// The file that the theorem stands in.
    pub file: String,
    /// The theorem's name.
    pub theorem: String,
    /// The claim's label, or its number from 1.
    pub claim: String,
    /// The verdict.
    pub verdict: Verdict,
    /// What the file's author expects.
    pub expected: Expected,
    /// How many samples met the hypotheses and were evaluated.
    pub samples: u64,
    /// How many samples were drawn.
    pub drawn: u64,
    /// How many samples could not be evaluated (a value that is not a number, a decomposition that did not converge).
    pub dropped: u64,
    /// The least margin seen, where the claim has one.
    pub min_margin: Option<f64>,
    /// Where the least margin was seen: sizes, scalars and the ensemble, in a few words.
    pub min_margin_at: Option<String>,
    /// The largest value of the expression of a claim `sup(EXPR) <= C`.
    pub supremum: Option<Supremum>,
    /// The bound on the violation probability, where samples support one.
    pub violation_bound: Option<ViolationBound>,
    /// The proof of its comparison, where that leaves its clause on when the two sides are equal to the samples.
    pub comparison: Option<ComparisonProof>,
    /// Why the proof that its author gives of it was not accepted.
    pub refused: Option<Box<RefusedProof>>,
    /// Remarks: how tight, fitted exponents, what was not checked.
    pub notes: Vec<String>,
}

impl ClaimReport {
    /// Whether the verdict is what the file's author expects. Only a proof or samples without a violation count as
    /// holding, only a refutation as refuted. A proof that was not accepted never is.
    pub fn as_expected(&self) -> bool {
        self.refused.is_none() && self.verdict_as_expected()
    }

    /// The same of the verdict alone, whatever became of a proof.
    pub fn verdict_as_expected(&self) -> bool {
        match self.expected {
            Expected::Holds => matches!(self.verdict, Verdict::Proved { .. } | Verdict::Holds),
            Expected::Refuted => matches!(self.verdict, Verdict::Refuted(_)),
            Expected::Vacuous => matches!(self.verdict, Verdict::Vacuous { .. }),
        }
    }

    /// The witness of a refutation.
    pub fn witness(&self) -> Option<&Witness> {
        match &self.verdict {
            Verdict::Refuted(witness) => Some(witness),
            Verdict::Proved { .. } | Verdict::Holds | Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } => None,
        }
    }
}

/// The report of a run.
#[derive(Clone, Debug)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// The claims, in the order of files, theorems and claims.
    pub claims: Vec<ClaimReport>,
    /// Whether it was interrupted: theorems after the last one here were not looked at.
    pub interrupted: bool,
}

impl Report {
    /// Whether every claim came out as its author expects.
    pub fn as_expected(&self) -> bool {
        !self.interrupted && self.claims.iter().all(ClaimReport::as_expected)
    }
}
