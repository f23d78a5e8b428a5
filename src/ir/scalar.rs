//! Scalar functions, one row each: used entry by entry ([`super::Op::Map`]) and as functions of a Hermitian matrix
//! ([`super::Op::Spectral`]).

use std::fmt;

use super::graph::{Graph, Mismatch, NodeId};
use super::op::Zip;

/// Where a real function is defined.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    /// Everywhere.
    Line,
    /// On x ≥ 0.
    Nonnegative,
    /// On x > 0.
    Positive,
    /// On x > −1.
    AboveMinusOne,
    /// Everywhere but at 0.
    Nonzero,
    /// On x ≥ 0; for an integer parameter everywhere (but at 0 if the parameter is negative).
    Power,
}

/// What is known of the sign of a function's values on its domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Range {
    /// Nothing.
    Any,
    /// f ≥ 0.
    Nonnegative,
    /// f > 0.
    Positive,
    /// f is 0 at 0 and f > 0 on x > 0, so it keeps the sign class of a nonnegative argument.
    KeepsSign,
}

/// Whether a function rises or falls all over its domain.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Monotone {
    /// f(x) ≤ f(y) for x ≤ y.
    Rises,
    /// f(x) ≥ f(y) for x ≤ y.
    Falls,
}

/// Where a function jumps, or may: everywhere else on its domain it is continuous in its argument.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Jumps {
    /// At 0.
    AtZero,
    /// At integers.
    AtIntegers,
}

/// The derivative of a row in its argument or in its parameter, built from the graph's own operations: `(graph, x, parameter)`.
pub type Derivative = fn(&mut Graph, NodeId, Option<NodeId>) -> Result<NodeId, Mismatch>;

/// One scalar function.
pub struct ScalarRow {
    /// Which.
    pub function: ScalarFn,
    /// Its name in the language.
    pub name: &'static str,
    /// The name of its matrix form in the language, where it has one.
    pub matrix_name: Option<&'static str>,
    /// The number of parameters after the argument, 0 or 1.
    pub parameters: usize,
    /// Where it is defined.
    pub domain: Domain,
    /// The sign of its values.
    pub range: Range,
    /// Whether it rises or falls, where it does one of them everywhere.
    pub monotone: Option<Monotone>,
    /// Its value at 0 as a limit from the right, where that does not depend on the parameter.
    pub at_zero: Option<f64>,
    /// Where it jumps, if it does.
    pub jumps: Option<Jumps>,
    /// Whether it has a principal branch on complex arguments that the language offers.
    pub complex: bool,
    /// Its derivative in the argument, where it has one in the closed set. Where the function is finite and its slope is
    /// not (√x, x log x and the like at 0), and at a kink, this is 0 or what lies in the middle: the subgradient of least
    /// norm where there is one, and the slope along the support where there is none.
    pub derivative: Option<Derivative>,
    /// Its derivative in the parameter, where it has one and one in the closed set.
    pub parameter_derivative: Option<Derivative>,
    /// What it is, for `:doc`.
    pub doc: &'static str,
}

macro_rules! optional {
    () => {
        None
    };
    ($given:expr) => {
        Some($given)
    };
}

macro_rules! scalar_functions {
    ($($function:ident $name:literal / $matrix:expr, params $parameters:literal, on $domain:ident, range $range:ident,
       at_zero $zero:expr, complex $complex:literal, $(jumps $jumps:ident,)? $(monotone $monotone:ident,)?
       derivative $derivative:expr,
       $(in_parameter $in_parameter:expr,)? $doc:literal;)*) => {
        /// The scalar functions.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum ScalarFn { $(#[doc = $doc] $function,)* }

        /// The table.
        pub static ROWS: &[ScalarRow] = &[$(ScalarRow {
            function: ScalarFn::$function, name: $name, matrix_name: $matrix, parameters: $parameters,
            domain: Domain::$domain, range: Range::$range, at_zero: $zero, complex: $complex,
            jumps: optional!($(Jumps::$jumps)?), monotone: optional!($(Monotone::$monotone)?),
            derivative: $derivative, parameter_derivative: optional!($($in_parameter)?), doc: $doc,
        },)*];
    };
}

/// The parameter of a row that has one: the constructors of the graph make sure that it is there.
fn parameter(p: Option<NodeId>) -> Result<NodeId, Mismatch> {
    p.ok_or(Mismatch::Parameters { expected: 1, found: 0 })
}

scalar_functions! {
    Neg "neg" / None, params 0, on Line, range Any, at_zero Some(0.0), complex true,
        monotone Falls, derivative Some(|g, _, _| g.integer(-1)), "−x";
    Exp "exp" / Some("expm"), params 0, on Line, range Positive, at_zero Some(1.0), complex true,
        monotone Rises, derivative Some(|g, x, _| g.map(ScalarFn::Exp, x)), "the exponential";
    Log "log" / Some("logm"), params 0, on Nonnegative, range Any, at_zero Some(f64::NEG_INFINITY), complex true,
        monotone Rises, derivative Some(|g, x, _| g.map(ScalarFn::Recip, x)), "the natural logarithm; −∞ at 0";
    Sqrt "sqrt" / Some("sqrtm"), params 0, on Nonnegative, range KeepsSign, at_zero Some(0.0), complex true,
        monotone Rises, derivative Some(|g, x, _| {
            let root = g.map(ScalarFn::Sqrt, x)?;
            let two = g.integer(2)?;
            let twice = g.zip(Zip::Mul, two, root)?;
            g.map(if g.is_complex(x) { ScalarFn::Recip } else { ScalarFn::RecipOnSupport }, twice)
        }), "the square root";
    Recip "recip" / None, params 0, on Nonzero, range Any, at_zero None, complex true,
        derivative Some(|g, x, _| {
            let square = g.zip(Zip::Mul, x, x)?;
            let inverse = g.map(ScalarFn::Recip, square)?;
            g.map(ScalarFn::Neg, inverse)
        }), "1/x";
    Abs "abs" / Some("absm"), params 0, on Line, range KeepsSign, at_zero Some(0.0), complex false,
        derivative Some(|g, x, _| g.map(ScalarFn::Sign, x)), "the absolute value";
    Sign "sign" / None, params 0, on Line, range Any, at_zero Some(0.0), complex false, jumps AtZero,
        monotone Rises, derivative Some(|g, _, _| g.integer(0)), "−1, 0 or 1";
    Step "step" / None, params 0, on Line, range Nonnegative, at_zero Some(0.0), complex false, jumps AtZero,
        monotone Rises, derivative Some(|g, _, _| g.integer(0)), "1 where x > 0, else 0";
    Floor "floor" / None, params 0, on Line, range Any, at_zero Some(0.0), complex false, jumps AtIntegers,
        monotone Rises, derivative Some(|g, _, _| g.integer(0)), "the greatest integer that is at most x";
    Sin "sin" / None, params 0, on Line, range Any, at_zero Some(0.0), complex true,
        derivative Some(|g, x, _| g.map(ScalarFn::Cos, x)), "the sine";
    Cos "cos" / None, params 0, on Line, range Any, at_zero Some(1.0), complex true,
        derivative Some(|g, x, _| { let s = g.map(ScalarFn::Sin, x)?; g.map(ScalarFn::Neg, s) }), "the cosine";
    Tanh "tanh" / None, params 0, on Line, range KeepsSign, at_zero Some(0.0), complex true,
        monotone Rises, derivative Some(|g, x, _| {
            let t = g.map(ScalarFn::Tanh, x)?;
            let square = g.zip(Zip::Mul, t, t)?;
            g.one_minus(square)
        }), "the hyperbolic tangent";
    Relu "relu" / None, params 0, on Line, range Nonnegative, at_zero Some(0.0), complex false,
        monotone Rises, derivative Some(|g, x, _| g.map(ScalarFn::Step, x)), "max(x, 0)";
    Sigmoid "sigmoid" / None, params 0, on Line, range Positive, at_zero Some(0.5), complex false,
        monotone Rises, derivative Some(|g, x, _| {
            let s = g.map(ScalarFn::Sigmoid, x)?;
            let rest = g.one_minus(s)?;
            g.zip(Zip::Mul, s, rest)
        }), "1/(1 + exp(−x))";
    Softplus "softplus" / None, params 0, on Line, range Positive, at_zero Some(std::f64::consts::LN_2), complex false,
        monotone Rises, derivative Some(|g, x, _| g.map(ScalarFn::Sigmoid, x)), "log(1 + exp x)";
    Expm1 "expm1" / None, params 0, on Line, range Any, at_zero Some(0.0), complex false,
        monotone Rises, derivative Some(|g, x, _| g.map(ScalarFn::Exp, x)), "exp(x) − 1, exact near 0";
    Log1p "log1p" / None, params 0, on AboveMinusOne, range KeepsSign, at_zero Some(0.0), complex false,
        monotone Rises, derivative Some(|g, x, _| {
            let one = g.integer(1)?;
            let one = g.like(one, x)?;
            let sum = g.zip(Zip::Add, one, x)?;
            g.map(ScalarFn::Recip, sum)
        }), "log(1 + x), exact near 0";
    Log1pRel "log1prel" / None, params 0, on AboveMinusOne, range Positive, at_zero Some(1.0), complex false,
        monotone Falls, derivative Some(|g, x, _| g.map(ScalarFn::Log1pRelSlope, x)), "log(1 + x)/x, 1 at 0";
    Log1pRelSlope "log1prel_slope" / None, params 0, on AboveMinusOne, range Any, at_zero Some(-0.5), complex false,
        derivative None, "the derivative of log(1 + x)/x, −1/2 at 0";
    XLogX "xlogx" / Some("xlogxm"), params 0, on Nonnegative, range Any, at_zero Some(0.0), complex false,
        derivative Some(|g, x, _| {
            // log x + 1 where x > 0, and 0 at 0.
            let log = g.map(ScalarFn::LogOnSupport, x)?;
            let one = g.map(ScalarFn::Step, x)?;
            g.zip(Zip::Add, log, one)
        }), "x log x, 0 at 0";
    LogOnSupport "log_on_support" / Some("log_on_supportm"), params 0, on Nonnegative, range Any, at_zero Some(0.0),
        complex false, jumps AtZero, derivative Some(|g, x, _| g.map(ScalarFn::RecipOnSupport, x)), "log x, 0 at 0";
    RecipOnSupport "recip_on_support" / None, params 0, on Line, range Any, at_zero Some(0.0), complex false, jumps AtZero,
        derivative Some(|g, x, _| {
            let inverse = g.map(ScalarFn::RecipOnSupport, x)?;
            let square = g.zip(Zip::Mul, inverse, inverse)?;
            g.map(ScalarFn::Neg, square)
        }), "1/x, 0 at 0";
    Pow "pow" / Some("powm"), params 1, on Power, range Any, at_zero None, complex false,
        derivative Some(power_slope),
        in_parameter |g, x, p| { let p = parameter(p)?; let power = g.map_with(ScalarFn::Pow, x, p)?; with_log(g, power, x) },
        "x to the power p";
    PowOnSupport "pow_on_support" / None, params 1, on Power, range Any, at_zero None, complex false, jumps AtZero,
        derivative Some(power_slope),
        in_parameter |g, x, p| {
            let p = parameter(p)?;
            let power = g.map_with(ScalarFn::PowOnSupport, x, p)?;
            with_log(g, power, x)
        }, "x to the power p, 0 at 0 also where p is negative";
    PowLog "powlog" / None, params 1, on Nonnegative, range Any, at_zero None, complex false,
        derivative Some(|g, x, t| {
            let t = parameter(t)?;
            let one = g.integer(1)?;
            let less = g.zip(Zip::Sub, t, one)?;
            g.map_with(ScalarFn::PowOnSupport, x, less)
        }),
        in_parameter |g, x, t| { let t = parameter(t)?; g.map_with(ScalarFn::PowLogSlope, x, t) },
        "(x^t − 1)/t, log x at t = 0: the Box-Cox logarithm";
    PowLogSlope "powlog_slope" / None, params 1, on Nonnegative, range Nonnegative, at_zero None, complex false, jumps AtZero,
        derivative Some(|g, x, t| {
            // d/dx d/dt (x^t − 1)/t = d/dt x^(t−1).
            let t = parameter(t)?;
            let one = g.integer(1)?;
            let less = g.zip(Zip::Sub, t, one)?;
            let power = g.map_with(ScalarFn::PowOnSupport, x, less)?;
            with_log(g, power, x)
        }), "the derivative of (x^t − 1)/t in t, (log x)²/2 at t = 0";
    Tsallis "tsallis" / Some("tsallism"), params 1, on Nonnegative, range Any, at_zero Some(0.0), complex false,
        derivative Some(|g, x, alpha| { let alpha = parameter(alpha)?; g.map_with(ScalarFn::TsallisSlope, x, alpha) }),
        in_parameter |g, x, alpha| {
            // x (x^t − 1)/t with t = α − 1.
            let alpha = parameter(alpha)?;
            let one = g.integer(1)?;
            let t = g.zip(Zip::Sub, alpha, one)?;
            let slope = g.map_with(ScalarFn::PowLogSlope, x, t)?;
            g.zip(Zip::Mul, x, slope)
        }, "(x^α − x)/(α − 1), x log x at α = 1; smooth through it";
    TsallisSlope "tsallis_slope" / None, params 1, on Nonnegative, range Any, at_zero None, complex false, jumps AtZero,
        derivative Some(|g, x, alpha| {
            let alpha = parameter(alpha)?;
            let two = g.integer(2)?;
            let less = g.zip(Zip::Sub, alpha, two)?;
            let power = g.map_with(ScalarFn::PowOnSupport, x, less)?;
            g.zip(Zip::Mul, alpha, power)
        }),
        in_parameter |g, x, alpha| {
            // x^t + (x^t − 1)/t with t = α − 1.
            let alpha = parameter(alpha)?;
            let one = g.integer(1)?;
            let t = g.zip(Zip::Sub, alpha, one)?;
            let power = g.map_with(ScalarFn::PowOnSupport, x, t)?;
            let first = with_log(g, power, x)?;
            let second = g.map_with(ScalarFn::PowLogSlope, x, t)?;
            g.zip(Zip::Add, first, second)
        }, "the derivative (α x^(α−1) − 1)/(α − 1) of tsallis in x, at 0 without the power, and 0 there for α = 1";
}

/// p x^(p−1), and 0 at 0 where that is infinite.
fn power_slope(g: &mut Graph, x: NodeId, p: Option<NodeId>) -> Result<NodeId, Mismatch> {
    let p = parameter(p)?;
    let one = g.integer(1)?;
    let less = g.zip(Zip::Sub, p, one)?;
    let power = g.map_with(ScalarFn::PowOnSupport, x, less)?;
    g.zip(Zip::Mul, p, power)
}

/// A power of x times log x, with 0 at 0.
fn with_log(g: &mut Graph, power: NodeId, x: NodeId) -> Result<NodeId, Mismatch> {
    let log = g.map(ScalarFn::LogOnSupport, x)?;
    g.zip(Zip::Mul, power, log)
}

impl ScalarFn {
    /// The function's row.
    pub fn row(self) -> &'static ScalarRow {
        // The table is written in the order of the enumeration, by the same macro.
        &ROWS[self as usize]
    }

    /// The function with this name in the language, entry by entry.
    pub fn named(name: &str) -> Option<ScalarFn> {
        ROWS.iter().find(|row| row.name == name).map(|row| row.function)
    }

    /// The function whose matrix form has this name in the language.
    pub fn matrix_named(name: &str) -> Option<ScalarFn> {
        ROWS.iter().find(|row| row.matrix_name == Some(name)).map(|row| row.function)
    }
}

impl fmt::Display for ScalarFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().name)
    }
}
