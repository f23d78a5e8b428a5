//! What lint finds, as data.

/// Everything found of one loss.
#[derive(Clone, PartialEq, Debug)]
pub struct Lint {
    /// The definition.
    pub loss: String,
    /// What the arguments were taken for.
    pub setting: Setting,
    /// Whether the ways to collapse are where the loss is least or greatest.
    pub collapse: Collapse,
    /// All samples permuted: every argument alike, then the first alone, where there are several.
    pub permutation: Pair,
    /// The features rotated by an orthogonal matrix: all arguments alike, then each by its own, where there are several.
    pub rotation: Pair,
    /// What a factor before all features does.
    pub norm: Growth,
    /// What the number of samples does.
    pub samples: Growth,
    /// What the number of features does; none where the arguments are kernels.
    pub features: Option<Growth>,
    /// The batch in two and in four parts; fewer where it does not divide.
    pub split: Vec<Split>,
    /// Value and gradient at special inputs.
    pub places: Vec<Place>,
    /// Whether collapse is a stationary point.
    pub stationary: Stationary,
    /// What single precision leaves.
    pub precision: Vec<Precision>,
    /// The least value that was met anywhere.
    pub least: Option<Least>,
}

/// What the arguments were taken for, and how much was sampled.
#[derive(Clone, PartialEq, Debug)]
pub struct Setting {
    /// Sizes by name, in the order of the signature.
    pub sizes: Vec<(String, usize)>,
    /// The name of the number of samples.
    pub batch: String,
    /// The name of the number of features, where there is one.
    pub width: Option<String>,
    /// Scalars with their values as written, and where each is from.
    pub scalars: Vec<(String, String, Chosen)>,
    /// How many of the loss's hinges, max(0, x), are 0 at all random inputs: terms of which nothing is seen here.
    pub off: usize,
    /// Arguments whose samples are varied: features and kernels.
    pub varied: Vec<(String, Kind)>,
    /// Arguments that belong to the samples and go with them, such as a mask.
    pub labels: Vec<String>,
    /// Arguments that belong to no sample, and keep one value.
    pub held: Vec<String>,
    /// How many random inputs each finding rests on.
    pub draws: usize,
    /// The seed.
    pub seed: u64,
}

/// Who chose a scalar.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Chosen {
    /// The definition's default.
    Default,
    /// Whoever asked.
    Given,
    /// There is no default: 1 was taken, or, where that switches a hinge off, the first of a few other numbers that do not.
    Free,
}

/// What a varied argument is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Features, a column per sample.
    Columns,
    /// Features, a row per sample.
    Rows,
    /// A kernel, a row and a column per sample.
    Kernel,
}

/// What came out at one input.
#[derive(Clone, PartialEq, Debug)]
pub enum Outcome {
    /// A finite number: the value, or the norm of the gradient.
    Finite(f64),
    /// The value is infinite, or an entry of the gradient is.
    Infinite(f64),
    /// Not a number.
    NotANumber,
    /// The definition does not allow the input: what it requires.
    Refused(String),
    /// A decomposition failed, or there is no derivative.
    Failed(String),
}

impl Outcome {
    /// The number, if it is finite.
    pub fn finite(&self) -> Option<f64> {
        match self {
            Outcome::Finite(x) => Some(*x),
            Outcome::Infinite(_) | Outcome::NotANumber | Outcome::Refused(_) | Outcome::Failed(_) => None,
        }
    }

    /// The number, if it is one or infinite.
    pub fn number(&self) -> Option<f64> {
        match self {
            Outcome::Finite(x) | Outcome::Infinite(x) => Some(*x),
            Outcome::NotANumber | Outcome::Refused(_) | Outcome::Failed(_) => None,
        }
    }
}

/// Whether collapse is an extremum among samples of norm 1, everything else being held.
#[derive(Clone, PartialEq, Debug)]
pub struct Collapse {
    /// The ways to collapse: one constant, and where two arguments have features of one shape, opposite constants and
    /// any.
    pub states: Vec<Collapsed>,
    /// The value where the samples are orthonormal, or, of more samples than features, form a tight frame.
    pub orthonormal: Outcome,
    /// Whether it is a tight frame, since some argument has more samples than features.
    pub crowded: bool,
    /// The least and the greatest value at random inputs.
    pub random: Option<(f64, f64)>,
    /// The least and the greatest value that descents and ascents from all kinds of starts met, or anything else.
    pub search: Option<(f64, f64)>,
    /// Of the straight ways from random inputs to one constant, how many only fall and how many only rise.
    pub ways: Ways,
}

/// What the samples are mapped to where each argument collapses.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Constants {
    /// All samples of all arguments of one shape to one vector.
    One,
    /// Those of one argument to a vector, those of the next to its opposite.
    Opposite,
    /// Those of each argument to a vector of its own, whatever these are: equal and opposite ones are among them.
    Own,
}

/// A way to collapse.
#[derive(Clone, PartialEq, Debug)]
pub struct Collapsed {
    /// Which.
    pub constants: Constants,
    /// The value, of several constants the least; what has none at one of them has none.
    pub value: Outcome,
    /// The greatest value of several constants.
    pub greatest: Outcome,
    /// What it is to the loss.
    pub kind: Extremum,
}

/// How values go along the ways to collapse.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ways {
    /// Fall from step to step.
    pub fall: usize,
    /// Rise from step to step.
    pub rise: usize,
    /// All of them.
    pub all: usize,
}

/// What collapse is to a loss.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Extremum {
    /// Nothing that was met is lower; `alone` where everything that is not collapsed this way was higher.
    Least {
        /// Whether no other input of another kind came to the same value.
        alone: bool,
    },
    /// Nothing that was met is higher; `alone` where everything that is not collapsed this way was lower.
    Greatest {
        /// As above.
        alone: bool,
    },
    /// It rests on the constants: with those found by a search that keeps the collapse, nothing is lower, or nothing is
    /// higher, or one and the other.
    Some {
        /// Whether it can be the least value.
        least: bool,
        /// Whether it can be the greatest.
        greatest: bool,
    },
    /// Something is lower, and something is higher.
    Neither,
    /// All values are equal.
    Constant,
    /// The loss has no value there.
    Undefined,
}

/// What a transformation does, on all arguments alike and otherwise.
#[derive(Clone, PartialEq, Debug)]
pub struct Pair {
    /// All arguments alike.
    pub jointly: Change,
    /// Not all alike; none where there is one argument only.
    pub apart: Option<Change>,
}

/// How far a transformation moves the value.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Nowhere by more than rounding: the largest relative change.
    Invariant(f64),
    /// By at most this, relative to the size of the values.
    Changed(f64),
    /// The transformed inputs are not allowed, or have no value.
    Undefined(String),
}

/// How a value grows with a number that is varied over decades.
#[derive(Clone, PartialEq, Debug)]
pub struct Growth {
    /// The law.
    pub law: Law,
    /// From where to where the number went.
    pub range: (f64, f64),
    /// The exponents between the first two and the last two numbers, d log |f| / d log x, where they exist.
    pub ends: (Option<f64>, Option<f64>),
}

/// A law of growth.
#[derive(Clone, PartialEq, Debug)]
pub enum Law {
    /// Always the same.
    Constant,
    /// Of random values: about the same, within this of the largest.
    Steady(f64),
    /// f(x) = f(1) x^k.
    Power {
        /// k, a whole number or a half where it is one.
        exponent: f64,
        /// The largest deviation of log |f| from the law.
        residual: f64,
        /// Whether the law holds to rounding.
        exact: bool,
    },
    /// f(x) = f(1) + a log x.
    Logarithm {
        /// a.
        slope: f64,
        /// The largest deviation from the law, relative to the range of the values.
        residual: f64,
        /// Whether the law holds to rounding.
        exact: bool,
    },
    /// No such law: the residual of the best power, where there is one.
    None(Option<f64>),
    /// Too few of the inputs have a value.
    Undefined(String),
}

/// The batch in parts.
#[derive(Clone, PartialEq, Debug)]
pub struct Split {
    /// How many parts.
    pub parts: usize,
    /// The mean over the parts against the whole.
    pub mean: Change,
    /// The sum over the parts against the whole.
    pub sum: Change,
    /// By how much the mean over the parts is above the whole: over all draws, the sum of the differences against that of
    /// the absolute values.
    pub drift: Option<f64>,
}

/// A special input.
#[derive(Clone, PartialEq, Debug)]
pub struct Place {
    /// Its name.
    pub name: String,
    /// The value there.
    pub value: Outcome,
    /// The norm of the gradient there.
    pub gradient: Outcome,
}

/// The gradient where all samples are one constant.
#[derive(Clone, PartialEq, Debug)]
pub struct Stationary {
    /// Its norm.
    pub gradient: Outcome,
    /// The norm of what is left of it tangent to samples of norm 1.
    pub tangent: Outcome,
    /// The mean norm of the gradient at random inputs.
    pub typical: Option<f64>,
    /// Whether the gradient vanishes to rounding.
    pub vanishes: Option<bool>,
    /// Whether its tangent part does.
    pub tangent_vanishes: Option<bool>,
}

/// Decimal digits that survive, the fewest and the median over the draws.
#[derive(Clone, PartialEq, Debug)]
pub struct Precision {
    /// Where: at random inputs, or near collapse.
    pub place: String,
    /// Inputs rounded to single precision, everything else in double: what no program can avoid.
    pub rounded: Digits,
    /// Evaluated in single precision, against double precision on the same rounded inputs.
    pub single: Digits,
}

/// Digits of the value and of the gradient.
#[derive(Clone, PartialEq, Debug)]
pub struct Digits {
    /// Of the value: the fewest and the median.
    pub value: Option<(f64, f64)>,
    /// Of the gradient, by the norm of its error.
    pub gradient: Option<(f64, f64)>,
    /// How many of the draws failed.
    pub failed: usize,
}

/// The least value that was met.
#[derive(Clone, PartialEq, Debug)]
pub struct Least {
    /// The value.
    pub value: f64,
    /// Where.
    pub place: String,
    /// Whether the values still fall where the features are largest: then nothing bounds them, as far as was seen.
    pub falling: bool,
}
