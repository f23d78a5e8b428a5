//! The scalar layer against exact rational arithmetic and against itself at many more digits.

use num_bigint::BigInt;
use num_rational::BigRational;

use super::elementary;
use super::float::{Float, Round};
use super::interval::Interval;
use super::scalar;
use super::series;
use crate::ir::{ROWS, ScalarFn};

/// A generator of few lines for test data.
struct Lehmer(u64);

impl Lehmer {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        self.0 >> 20
    }

    /// A number of up to `bits` bits with an exponent in ±`range`.
    fn float(&mut self, bits: u32, range: i64) -> Float {
        let man = (0..bits.div_ceil(32)).fold(BigInt::from(1), |man, _| (man << 32u32) + (self.next() & 0xffff_ffff));
        let size = man.bits() as i64;
        let exponent = (self.next() % (2 * range as u64 + 1)) as i64 - range;
        let x = Float::new(man, exponent - size).round(u64::from(bits), Round::Down);
        if self.next().is_multiple_of(2) { x.neg() } else { x }
    }
}

/// Whether an enclosure contains the exact value, and an end is the exact value only if it fits the precision.
fn sound(enclosure: &Interval, exact: &BigRational, precision: u64) -> bool {
    let (lo, hi) = (enclosure.lo.to_rational().unwrap(), enclosure.hi.to_rational().unwrap());
    let down = Float::from_rational(exact, precision + 64, Round::Down);
    let fits = down.to_rational().as_ref() == Some(exact) && down.clone().round(precision, Round::Down) == down;
    if fits { lo <= *exact && *exact <= hi } else { lo < *exact && *exact < hi }
}

type Operation = (&'static str, fn(&Float, &Float, u64, Round) -> Float, fn(&BigRational, &BigRational) -> BigRational);

const ARITHMETIC: [Operation; 4] = [
    ("add", Float::add, |a, b| a + b),
    ("sub", Float::sub, |a, b| a - b),
    ("mul", Float::mul, |a, b| a * b),
    ("div", Float::div, |a, b| a / b),
];

#[test]
fn arithmetic_rounds_outwards_and_by_less_than_a_unit() {
    let mut random = Lehmer(1);
    for precision in [2u64, 11, 53, 64, 200] {
        for _ in 0..300 {
            // Exponents far apart as well, where only the sticky part of the smaller number is left.
            let (a, b) = (random.float(70, 150), random.float(90, 150));
            let (x, y) = (a.to_rational().unwrap(), b.to_rational().unwrap());
            for (name, operation, exact) in ARITHMETIC {
                let (lo, hi) = (operation(&a, &b, precision, Round::Down), operation(&a, &b, precision, Round::Up));
                let exact = exact(&x, &y);
                assert!(sound(&Interval::new(lo.clone(), hi.clone()), &exact, precision), "{name} {a:?} {b:?}");
                // The two ends are neighbours: one unit in the last place of the larger one apart at most.
                let width = hi.sub(&lo, 64, Round::Up);
                let unit = Float::power_of_two(lo.magnitude().max(hi.magnitude()) - precision as i64);
                assert!(width <= unit, "{name} {a:?} {b:?} at {precision}: {lo:?} {hi:?}");
                // A direction that is wrong is seen: this is what the test above would do then.
                if lo != hi {
                    let swapped = Interval { lo: hi.clone(), hi: lo.clone() };
                    let inner = Interval { lo: lo.clone(), hi: lo.clone() };
                    let upper = Interval { lo: hi.clone(), hi };
                    for wrong in [swapped, inner, upper] {
                        assert!(!sound(&wrong, &exact, precision), "{name} {a:?} {b:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn intervals_contain_the_results_of_their_points() {
    let mut random = Lehmer(2);
    let mut interval = || {
        let (a, b) = (random.float(30, 3), random.float(30, 3));
        if a <= b { Interval::new(a, b) } else { Interval::new(b, a) }
    };
    for _ in 0..2000 {
        let (x, y) = (interval(), interval());
        let points = |i: &Interval| [i.lo.clone(), i.middle(40), i.hi.clone()].map(|x| x.to_rational().unwrap());
        let holds = |enclosure: &Interval, exact: &BigRational| {
            let lo = enclosure.lo.to_rational().is_none_or(|lo| lo <= *exact);
            lo && enclosure.hi.to_rational().is_none_or(|hi| *exact <= hi)
        };
        for a in &points(&x) {
            assert!(holds(&x.square(20), &(a * a)));
            assert!(holds(&x.power(3, 20), &a.pow(3)) && holds(&x.power(4, 20), &a.pow(4)));
            for b in &points(&y) {
                assert!(holds(&x.add(&y, 20), &(a + b)) && holds(&x.sub(&y, 20), &(a - b)));
                assert!(holds(&x.mul(&y, 20), &(a * b)), "{x:?} {y:?}");
                if !y.contains_zero() {
                    assert!(holds(&x.div(&y, 20), &(a / b)), "{x:?} {y:?}");
                }
            }
        }
    }
}

#[test]
fn square_roots_round_outwards() {
    let mut random = Lehmer(3);
    for precision in [3u64, 53, 130] {
        for _ in 0..500 {
            let x = random.float(60, 200).abs();
            let (lo, hi) = (x.sqrt(precision, Round::Down), x.sqrt(precision, Round::Up));
            let square = |x: &Float| x.exact_mul(x);
            assert!(square(&lo) <= x && x <= square(&hi));
            assert!(lo == hi || (square(&lo) < x && x < square(&hi)));
        }
    }
}

/// Enclosures of a function at a low precision contain those at a much higher one, and are tight. Where no end is a bound
/// that the function never reaches (as 1 is for the exponential of a tiny positive number), they do so `strictly`.
fn nested(name: &str, strictly: bool, x: &Float, precision: u64, f: impl Fn(u64) -> Interval) {
    let (coarse, fine) = (f(precision), f(precision + 300));
    assert!(coarse.lo <= fine.lo && fine.hi <= coarse.hi, "{name} {x:?} at {precision}: {coarse:?} {fine:?}");
    if strictly && !fine.is_point() {
        assert!(coarse.lo < fine.lo && fine.hi < coarse.hi, "{name} {x:?} at {precision}: {coarse:?} {fine:?}");
    }
    let width = coarse.width().magnitude();
    let size = fine.greatest_modulus().magnitude();
    assert!(
        coarse.is_point() || width <= size - precision as i64 + 3,
        "{name} {x:?} at {precision} is wide: {coarse:?}"
    );
}

#[test]
fn elementary_functions_round_outwards_and_are_tight() {
    let mut random = Lehmer(4);
    for precision in [16u64, 53, 128, 333] {
        for _ in 0..150 {
            let x = random.float(80, 12);
            let positive = random.float(80, 200).abs();
            let near_one = Float::one().add(&random.float(50, 1).scale(-90), 400, Round::Near);
            let tiny = random.float(20, 300);
            nested("exp", true, &x, precision, |p| series::exp(&x, p).into());
            nested("exp", false, &tiny, precision, |p| series::exp(&tiny.scale(-310), p).into());
            nested("ln", true, &positive, precision, |p| series::ln(&positive, p).into());
            nested("ln", true, &near_one, precision, |p| series::ln(&near_one, p).into());
            let t = random.float(60, 100).abs();
            let t = if t.magnitude() > 0 { t.scale(-t.magnitude()) } else { t };
            nested("atan", true, &t, precision, |p| series::atan(&t, p).into());
            let point = Interval::point(tiny.scale(-330));
            nested("expm1", false, &point.lo, precision, |p| elementary::expm1(&point, p));
            nested("log1p", false, &point.lo, precision, |p| elementary::log1p(&point, p));
            nested("tanh", false, &point.lo, precision, |p| elementary::tanh(&point, p));
            nested("log1prel_slope", false, &point.lo, precision, |p| elementary::log1prel_slope(&point, p));
        }
        nested("pi", true, &Float::zero(), precision, |p| series::pi_bounds(p).into());
    }
}

/// sin² + cos² = 1 at every precision, and the enclosures nest.
#[test]
fn circular_functions_are_enclosed() {
    let mut random = Lehmer(5);
    for _ in 0..300 {
        let x = random.float(60, 30);
        let at = |p| {
            let (cos, sin) = series::cos_sin(&x, p);
            (Interval::from(cos), Interval::from(sin))
        };
        let ((c, s), (fine_c, fine_s)) = (at(60), at(400));
        assert!(c.lo < fine_c.lo && fine_c.hi < c.hi && s.lo < fine_s.lo && fine_s.hi < s.hi, "{x:?}");
        let sum = c.square(90).add(&s.square(90), 90);
        assert!(sum.contains(&Float::one()) && sum.width().magnitude() < -50, "{x:?}");
    }
}

#[test]
fn every_scalar_function_of_an_interval_contains_its_points() {
    let mut random = Lehmer(6);
    let p = 60;
    for row in ROWS {
        for round in 0..150 {
            let a = random.float(30, 3);
            let b = a.add(&random.float(20, 2).abs().scale(-(round % 9)), 64, Round::Near);
            let (t_lo, t_hi) = {
                let t = random.float(12, 2);
                let other = if round % 2 == 0 { t.clone() } else { t.add(&random.float(8, 1).abs(), 60, Round::Near) };
                (t, other)
            };
            let x = Interval::new(a.clone(), b.clone());
            let t = Interval::new(t_lo.clone(), t_hi.clone());
            let Ok(whole) = scalar::value(row.function, &x, &t, p) else { continue };
            let middle = a.add(&b, 70, Round::Near).scale(-1);
            for at in [&a, &middle, &b] {
                for t in [&t_lo, &t_hi] {
                    let point = Interval::point(at.clone());
                    let Ok(value) = scalar::value(row.function, &point, &Interval::point(t.clone()), p + 100) else {
                        continue;
                    };
                    if value.is_entire() {
                        continue;
                    }
                    let inside = whole.lo <= value.lo && value.hi <= whole.hi;
                    assert!(inside, "{} on {x:?} with {t:?}: {whole:?} at {at:?} {value:?}", row.name);
                }
            }
        }
    }
}

/// The enclosure of the slope bounds every difference quotient.
#[test]
fn slopes_bound_difference_quotients() {
    let mut random = Lehmer(7);
    for row in ROWS {
        for _ in 0..60 {
            let a = random.float(30, 2).abs();
            let b = a.add(&random.float(20, 1).abs(), 64, Round::Near);
            let t = Interval::point(random.float(6, 2));
            let x = Interval::new(a.clone(), b.clone());
            let slope = scalar::slope(row.function, &x, &t, 64);
            let at = |x: &Float| scalar::value(row.function, &Interval::point(x.clone()), &t, 200);
            let (Ok(low), Ok(high)) = (at(&a), at(&b)) else { continue };
            let run = Interval::point(b).sub(&Interval::point(a), 200);
            let quotient = high.sub(&low, 200).div(&run, 200);
            if quotient.is_finite() {
                let inside = slope.lo <= quotient.hi && quotient.lo <= slope.hi;
                assert!(inside, "{} on {x:?} with {t:?}: {slope:?}, {quotient:?}", row.name);
            }
        }
    }
}

#[test]
fn conversions_round_outwards() {
    let mut random = Lehmer(8);
    for _ in 0..2000 {
        let x = random.float(90, 1100);
        let (lo, hi) = (x.to_f64(Round::Down), x.to_f64(Round::Up));
        let back = |value: f64| Float::from_f64(value).unwrap();
        assert!(back(lo) <= x && x <= back(hi), "{x:?} {lo:e} {hi:e}");
        assert!(lo.next_up() >= hi, "{x:?} {lo:e} {hi:e}");
        let decimal = |text: &str| -> BigRational {
            let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
            let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
            let digits: BigInt = format!("{whole}{fraction}").parse().unwrap();
            let exponent = exponent.parse::<i32>().unwrap() - fraction.len() as i32;
            BigRational::from_integer(digits) * BigRational::from_integer(10.into()).pow(exponent)
        };
        let exact = x.to_rational().unwrap();
        let (below, above) = (x.to_decimal(12, Round::Down), x.to_decimal(12, Round::Up));
        assert!(decimal(&below) < exact && exact < decimal(&above), "{below} {above}");
    }
    for value in [0.0, 1.5, -2.0, f64::MIN_POSITIVE, 5e-324, f64::MAX, 0.1] {
        let x = Float::from_f64(value).unwrap();
        assert_eq!((x.to_f64(Round::Down), x.to_f64(Round::Up)), (value, value));
    }
    assert_eq!(Float::power_of_two(2000).to_f64(Round::Down), f64::MAX);
    assert_eq!(Float::power_of_two(-1080).neg().to_f64(Round::Down), -5e-324);
    assert_eq!(Float::from_i64(-1234).to_decimal(3, Round::Down), "-1240");
    assert_eq!(Float::from_i64(-1234).to_decimal(3, Round::Up), "-1230");
    assert_eq!(Float::power_of_two(-3).to_decimal(10, Round::Down), "0.125");
    assert_eq!(Float::power_of_two(1 << 30).to_decimal(10, Round::Up), "1e323228498");
}

/// Functions at the ends of what they resolve.
#[test]
fn extremes_are_enclosed() {
    let p = 64;
    let of = |function, x: &Float| scalar::value(function, &Interval::point(x.clone()), &Interval::zero(), p).unwrap();
    let huge = Float::power_of_two(50);
    assert!(of(ScalarFn::Exp, &huge).hi == Float::infinity(true));
    assert!(of(ScalarFn::Exp, &huge.neg()).lo.is_zero() && of(ScalarFn::Exp, &huge.neg()).hi.is_positive());
    assert!(of(ScalarFn::Tanh, &huge).contains(&Float::one()) && of(ScalarFn::Tanh, &huge).lo < Float::one());
    assert!(of(ScalarFn::Sigmoid, &huge.neg()).lo >= Float::zero());
    assert!(of(ScalarFn::Softplus, &huge).contains(&huge));
    assert_eq!(of(ScalarFn::Log, &Float::zero()).hi, Float::infinity(false));
    assert!(scalar::value(ScalarFn::Log, &Interval::integer(-1), &Interval::zero(), p).is_err());
    let across = Interval::new(Float::from_i64(-1), Float::one());
    assert!(scalar::value(ScalarFn::Log, &across, &Interval::zero(), p).unwrap().is_entire());
    assert!(scalar::value(ScalarFn::Recip, &across, &Interval::zero(), p).unwrap().is_entire());
}
