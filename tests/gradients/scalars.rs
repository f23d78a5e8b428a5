//! The derivatives of every scalar function, in the argument and in the parameter, and its divided differences, against
//! values that mpmath computed with 60 digits.

use std::collections::BTreeSet;

use loewner::eval::{Plan, divided_difference};
use loewner::ir::{Graph, ROWS, ScalarFn, Type};

use super::numeric::{C, Point, input, scalar};

/// Functions whose derivative passes through zero, near which it has only absolute accuracy.
const CROSSING: &[ScalarFn] = &[ScalarFn::Sin, ScalarFn::Cos, ScalarFn::XLogX, ScalarFn::Tsallis];

/// The derivative as the table builds it, evaluated.
fn slope(function: ScalarFn, in_parameter: bool, x: f64, p: Option<f64>) -> f64 {
    let row = function.row();
    let mut g = Graph::new();
    let argument = input(&mut g, Type::real(scalar()));
    let parameter = p.map(|_| input(&mut g, Type::real(scalar())));
    let derivative = if in_parameter { row.parameter_derivative } else { row.derivative };
    let node = derivative.unwrap()(&mut g, argument, parameter).unwrap();
    let values = [Some(x), p].into_iter().flatten().map(|number| vec![C::new(number, 0.0)]).collect();
    let point = Point { graph: g, values };
    point.run(&Plan::compile(&point.graph, &[node]).unwrap(), 1)[0][0].re
}

#[test]
fn derivatives_and_divided_differences_agree_with_sixty_digits() {
    let table = include_str!("../reference/scalar_slopes.csv");
    let mut met: BTreeSet<(String, &str)> = BTreeSet::new();
    let mut wrong = Vec::new();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |text: &str| (!text.is_empty()).then(|| text.parse::<f64>().unwrap());
        let function = ScalarFn::named(fields[1]).unwrap();
        let (x, y, p, expected) = (number(fields[2]).unwrap(), number(fields[3]), number(fields[4]), number(fields[5]));
        let expected = expected.unwrap();
        let found = match fields[0] {
            "x" => slope(function, false, x, p),
            "p" => slope(function, true, x, p),
            _ => {
                let (y, p) = (y.unwrap(), p.unwrap_or(0.0));
                let found = divided_difference(function, x, y, p);
                assert_eq!(found, divided_difference(function, y, x, p), "{line}: it is symmetric");
                found
            }
        };
        met.insert((fields[0].to_string(), function.row().name));
        let absolute = match function {
            // Differences of derivatives: they are asked for only by second derivatives.
            ScalarFn::PowLogSlope | ScalarFn::TsallisSlope => 1e-13,
            _ if CROSSING.contains(&function) => 2e-14,
            // The rows write σ' as σ (1 − σ) and tanh' as 1 − tanh², which are only accurate relative to 1.
            _ if fields[0] != "pair" => 2e-14,
            _ => 0.0,
        };
        let allowed = 1e-13 * expected.abs() + absolute;
        if (found - expected).abs() > allowed || found.is_nan() {
            wrong.push(format!("{line}: {found:e}, off by {:e}", (found - expected) / expected));
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    for row in ROWS {
        let has = |kind: &str| met.contains(&(kind.to_string(), row.name));
        assert_eq!(has("x"), row.derivative.is_some(), "derivatives of {}", row.name);
        assert_eq!(has("pair"), row.derivative.is_some(), "divided differences of {}", row.name);
        assert_eq!(has("p"), row.parameter_derivative.is_some(), "derivatives of {} in its parameter", row.name);
    }
}

#[test]
fn at_zero_the_slope_is_finite_where_the_function_is() {
    let inf = f64::INFINITY;
    let cases: &[(ScalarFn, Option<f64>, f64)] = &[
        (ScalarFn::Sqrt, None, 0.0),
        (ScalarFn::Log, None, inf),
        (ScalarFn::LogOnSupport, None, 0.0),
        (ScalarFn::RecipOnSupport, None, 0.0),
        (ScalarFn::XLogX, None, 0.0),
        (ScalarFn::Abs, None, 0.0),
        (ScalarFn::Relu, None, 0.0),
        (ScalarFn::Sign, None, 0.0),
        (ScalarFn::Pow, Some(0.5), 0.0),
        (ScalarFn::Pow, Some(1.0), 1.0),
        (ScalarFn::Pow, Some(1.5), 0.0),
        (ScalarFn::Tsallis, Some(3.0), -0.5),
        (ScalarFn::Tsallis, Some(0.5), 2.0),
        (ScalarFn::Tsallis, Some(1.0), 0.0),
        (ScalarFn::Log1pRel, None, -0.5),
    ];
    for (function, p, expected) in cases {
        assert_eq!(slope(*function, false, 0.0, *p), *expected, "{function} at 0, {p:?}");
        assert_eq!(
            divided_difference(*function, 0.0, 0.0, p.unwrap_or(0.0)),
            *expected,
            "{function} at 0 twice, {p:?}"
        );
    }
    // Between 0 and another number the divided difference is the quotient.
    for (function, p, expected) in [
        (ScalarFn::XLogX, 0.0, 4.0f64.ln()),
        (ScalarFn::Sqrt, 0.0, 0.5),
        (ScalarFn::LogOnSupport, 0.0, 4.0f64.ln() / 4.0),
        (ScalarFn::RecipOnSupport, 0.0, 0.0625),
        (ScalarFn::Pow, 0.5, 0.5),
        (ScalarFn::Pow, 3.0, 16.0),
        (ScalarFn::Tsallis, 0.5, 1.0),
        (ScalarFn::Tsallis, 1.0, 4.0f64.ln()),
        (ScalarFn::PowLog, 2.0, 2.0),
    ] {
        assert_eq!(divided_difference(function, 0.0, 4.0, p), expected, "{function} at 0 and 4, {p}");
    }
    assert_eq!(divided_difference(ScalarFn::Log, 0.0, 4.0, 0.0), inf);
    // Negative bases of integer powers, on one side and on both.
    assert_eq!(divided_difference(ScalarFn::Pow, -2.0, -3.0, 3.0), 19.0);
    assert_eq!(divided_difference(ScalarFn::Pow, -2.0, 3.0, 3.0), 7.0);
    assert_eq!(divided_difference(ScalarFn::Pow, -2.0, -2.0, 2.0), -4.0);
    // d/dα x^α at 0.
    assert_eq!(slope(ScalarFn::Pow, true, 0.0, Some(2.0)), 0.0);
    assert_eq!(slope(ScalarFn::Tsallis, true, 0.0, Some(1.0)), 0.0);
    assert_eq!(slope(ScalarFn::PowLog, true, 0.0, Some(2.0)), 0.25);
}
