//! The scalar functions against values of 50 digits, and their derivatives against differences.

use super::*;

/// The largest relative error allowed, in units of ε; the largest one seen is 2.
const BOUND: f64 = 4.0;

#[test]
fn scalar_functions_agree_with_fifty_digits() {
    let table = include_str!("../../../tests/reference/scalar_functions.csv");
    let mut worst: std::collections::BTreeMap<&str, (f64, String)> = Default::default();
    for line in table.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let function = ScalarFn::named(fields[0]).unwrap();
        let number = |text: &str| text.parse::<f64>().unwrap();
        let (x, p) = (number(fields[1]), if fields[2].is_empty() { 0.0 } else { number(fields[2]) });
        let expected = number(fields[3]);
        let value = scalar_value(function, x, p);
        let error = if value == expected { 0.0 } else { ((value - expected) / expected).abs() / f64::EPSILON };
        let entry = worst.entry(fields[0]).or_default();
        if error > entry.0 || error.is_nan() {
            *entry = (error, format!("{line} gives {value:e}"));
        }
    }
    for (name, (error, line)) in &worst {
        assert!(*error <= BOUND, "{name} is off by {error} ε: {line}");
    }
}

#[test]
fn values_at_the_edges() {
    let inf = f64::INFINITY;
    let cases: &[(ScalarFn, f64, f64, f64)] = &[
        (ScalarFn::Log, 0.0, 0.0, -inf),
        (ScalarFn::Pow, 0.0, 0.0, 1.0),
        (ScalarFn::Pow, 0.0, 0.3, 0.0),
        (ScalarFn::Pow, 0.0, -1.0, inf),
        (ScalarFn::Pow, -0.0, -1.0, inf),
        (ScalarFn::Pow, -2.0, 3.0, -8.0),
        (ScalarFn::Pow, -2.0, -2.0, 0.25),
        (ScalarFn::PowLog, 0.0, 0.5, -2.0),
        (ScalarFn::PowLog, 0.0, 0.0, -inf),
        (ScalarFn::PowLog, 0.0, -1.0, -inf),
        (ScalarFn::Tsallis, 0.0, 0.05, 0.0),
        (ScalarFn::Tsallis, 0.0, 1.0, 0.0),
        (ScalarFn::Tsallis, 0.5, 1000.0, -0.5 / 999.0),
        (ScalarFn::XLogX, 0.0, 0.0, 0.0),
        (ScalarFn::LogOnSupport, 0.0, 0.0, 0.0),
        (ScalarFn::RecipOnSupport, 0.0, 0.0, 0.0),
        (ScalarFn::Softplus, 1000.0, 0.0, 1000.0),
        (ScalarFn::Softplus, -1000.0, 0.0, 0.0),
        (ScalarFn::Sigmoid, -1000.0, 0.0, 0.0),
        (ScalarFn::Sigmoid, 1000.0, 0.0, 1.0),
        (ScalarFn::Log1pRel, 0.0, 0.0, 1.0),
        (ScalarFn::Log1pRel, inf, 0.0, 0.0),
        (ScalarFn::Log1pRelSlope, 0.0, 0.0, -0.5),
        (ScalarFn::Sign, 0.0, 0.0, 0.0),
        (ScalarFn::Sign, -3.0, 0.0, -1.0),
        (ScalarFn::Step, 0.0, 0.0, 0.0),
        (ScalarFn::Relu, -3.0, 0.0, 0.0),
    ];
    for (function, x, p, expected) in cases {
        let value = scalar_value(*function, *x, *p);
        assert!(
            value == *expected || (value - expected).abs() < 1e-15 * expected.abs(),
            "{function}({x}, {p}) = {value}"
        );
    }
    for row in ROWS {
        assert!(scalar_value(row.function, f64::NAN, 2.0).is_nan(), "{} hides a NaN", row.name);
        if let Some(expected) = row.at_zero {
            assert_eq!(scalar_value(row.function, 0.0, 2.0), expected, "{} at 0", row.name);
        }
        if row.parameters == 1 {
            assert!(scalar_value(row.function, 1.0, f64::NAN).is_nan(), "{} hides a NaN parameter", row.name);
        }
    }
    for x in [-1.0f64, -1e-300] {
        assert!(scalar_value(ScalarFn::Log, x, 0.0).is_nan());
        assert!(scalar_value(ScalarFn::XLogX, x, 0.0).is_nan());
        assert!(scalar_value(ScalarFn::Tsallis, x, 0.5).is_nan());
        assert!(scalar_value(ScalarFn::Pow, x, 0.5).is_nan());
    }
}

/// Zeros between two numbers rest on it that functions which are not said to jump are continuous.
#[test]
fn functions_jump_where_they_are_said_to() {
    let mut jumping = Vec::new();
    for row in ROWS {
        for p in if row.parameters == 1 { vec![-1.0, -0.5, 0.0, 0.5, 1.0, 2.0] } else { vec![0.0] } {
            for x in [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0] {
                let value = |x: f64| scalar_value(row.function, x, p);
                let near = [value(x - 1e-12), value(x), value(x + 1e-12)];
                let finite = near.into_iter().filter(|value| value.is_finite());
                let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
                // What is infinite on one side is no jump of what is finite, and is left to the enclosures.
                if most - least > 1e-3 && value(x).is_finite() && near.iter().all(|value| !value.is_infinite()) {
                    let there = match row.jumps {
                        None => false,
                        Some(Jumps::AtZero) => x == 0.0,
                        Some(Jumps::AtIntegers) => x.fract() == 0.0,
                    };
                    assert!(there, "{} jumps at {x} with {p}", row.name);
                    jumping.push(row.function);
                }
            }
        }
    }
    for function in [ScalarFn::Sign, ScalarFn::Step, ScalarFn::Floor, ScalarFn::LogOnSupport, ScalarFn::RecipOnSupport]
    {
        assert!(jumping.contains(&function), "{function}");
    }
}

#[test]
fn derivatives_agree_with_central_differences() {
    for row in ROWS {
        let Some(derivative) = row.derivative else { continue };
        for p in if row.parameters == 1 { vec![0.3, 1.0, 1.0 + 1e-9, 2.0, 3.5] } else { vec![0.0] } {
            for x in [0.05, 0.4, 0.9, 1.0, 1.7, 6.3, -0.4, -2.2] {
                let defined = match row.domain {
                    ScalarDomain::Line | ScalarDomain::Nonzero => true,
                    ScalarDomain::AboveMinusOne => x > -0.9,
                    ScalarDomain::Nonnegative | ScalarDomain::Positive | ScalarDomain::Power => x > 0.0,
                };
                if !defined || row.function == ScalarFn::Floor && x == 1.0 {
                    continue;
                }
                let mut g = Graph::new();
                let argument = input(&mut g, "x", Type::real(Shape::Scalar));
                let parameter = input(&mut g, "p", Type::real(Shape::Scalar));
                let slope = derivative(&mut g, argument, (row.parameters == 1).then_some(parameter)).unwrap();
                let plan = Plan::<f64>::compile(&g, &[slope]).unwrap();
                let mut ws = Workspace::new(&plan);
                for (i, number) in [x, p].into_iter().enumerate() {
                    if let Some(InputMut { entries: Entries::Real(entry), .. }) = ws.input_mut(InputId(i as u32)) {
                        entry[0] = number;
                    }
                }
                plan.run(&mut ws).unwrap();
                let h = 1e-4;
                // Richardson's extrapolation of central differences has an error of order h⁴.
                let difference =
                    |h: f64| (scalar_value(row.function, x + h, p) - scalar_value(row.function, x - h, p)) / (2.0 * h);
                let expected = (4.0 * difference(h / 2.0) - difference(h)) / 3.0;
                let slope = ws.scalar(0).unwrap();
                let error = (slope - expected).abs() / expected.abs().max(1.0);
                assert!(error < 1e-9, "{}'({x}; {p}) = {slope}, difference {expected}", row.name);
            }
        }
    }
}
