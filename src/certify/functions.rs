//! Scalar functions where their values have a closed form.

use std::cmp::Ordering;

use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::closed::{Closed, LARGEST};
use crate::ir::ScalarFn;

/// √q, where it is rational.
pub(super) fn root(q: &BigRational) -> Option<BigRational> {
    if q.is_negative() {
        return None;
    }
    let (a, b) = (q.numer().sqrt(), q.denom().sqrt());
    (&a * &a == *q.numer() && &b * &b == *q.denom()).then(|| BigRational::new(a, b))
}

/// f(x), or f(x, t), where it has a closed form.
pub(super) fn value(function: ScalarFn, x: &Closed, t: Option<&BigRational>) -> Option<Closed> {
    let (zero, one) = (Closed::zero, Closed::one);
    let q = x.as_rational();
    let is_zero = x.is_zero();
    let is_one = q.is_some_and(One::is_one);
    // exp(kx), and 1 + y.
    let exp = |k: i64| x.clone().scale(&BigRational::from_integer(k.into()))?.exp();
    let plus_one = |y: &Closed| y.clone().add(&one());
    match function {
        ScalarFn::Neg => Some(x.clone().neg()),
        ScalarFn::Abs => Some(if x.sign()? == Ordering::Less { x.clone().neg() } else { x.clone() }),
        ScalarFn::Sign => Some(match x.sign()? {
            Ordering::Less => one().neg(),
            Ordering::Equal => zero(),
            Ordering::Greater => one(),
        }),
        ScalarFn::Step => Some(if x.sign()? == Ordering::Greater { one() } else { zero() }),
        ScalarFn::Floor => Some(q?.floor().into()),
        ScalarFn::Relu => Some(if x.sign()? == Ordering::Greater { x.clone() } else { zero() }),
        ScalarFn::Recip => one().div(x),
        ScalarFn::RecipOnSupport if is_zero => Some(zero()),
        ScalarFn::RecipOnSupport => one().div(x),
        ScalarFn::Sqrt => Some(root(q?)?.into()),
        ScalarFn::Exp => x.exp(),
        ScalarFn::Expm1 => x.exp()?.sub(&one()),
        ScalarFn::Cos => is_zero.then(one),
        ScalarFn::Sin => is_zero.then(zero),
        ScalarFn::Tanh => exp(2)?.sub(&one())?.div(&plus_one(&exp(2)?)?),
        ScalarFn::Sigmoid => one().div(&plus_one(&exp(-1)?)?),
        ScalarFn::Softplus => plus_one(&x.exp()?)?.log(),
        ScalarFn::Log => x.log(),
        ScalarFn::Log1p => plus_one(x)?.log(),
        ScalarFn::Log1pRel if is_zero => Some(one()),
        ScalarFn::Log1pRel => plus_one(x)?.log()?.div(x),
        ScalarFn::Log1pRelSlope => is_zero.then(|| BigRational::new((-1).into(), 2.into()).into()),
        ScalarFn::LogOnSupport | ScalarFn::XLogX if is_zero => Some(zero()),
        ScalarFn::LogOnSupport => x.log(),
        ScalarFn::XLogX => x.mul(&x.log()?),
        ScalarFn::Pow => Some(power(q?, t?)?.into()),
        ScalarFn::PowOnSupport if is_zero && t?.is_negative() => Some(zero()),
        ScalarFn::PowOnSupport => Some(power(q?, t?)?.into()),
        ScalarFn::PowLogSlope => is_one.then(zero),
        ScalarFn::TsallisSlope => is_one.then(one),
        ScalarFn::PowLog => {
            let (x, t) = (q?, t?);
            if x.is_one() {
                return Some(zero());
            }
            if (x.is_zero() && !t.is_positive()) || x.is_negative() {
                return None;
            }
            if t.is_zero() {
                return Closed::from(x.clone()).log();
            }
            Some(((power(x, t)? - BigRational::one()) / t).into())
        }
        ScalarFn::Tsallis => {
            let (x, t) = (q?, t?);
            if x.is_one() || (x.is_zero() && t.is_positive()) {
                return Some(zero());
            }
            if (x.is_zero() && t.is_negative()) || x.is_negative() {
                return None;
            }
            if t.is_one() {
                return value(ScalarFn::XLogX, &x.clone().into(), None);
            }
            Some(((power(x, t)? - x) / (t - BigRational::one())).into())
        }
    }
}

/// x^t for t an integer, or half of one and x a square.
fn power(x: &BigRational, t: &BigRational) -> Option<BigRational> {
    if t.is_zero() || x.is_one() {
        return Some(BigRational::one());
    }
    if x.is_zero() {
        return t.is_positive().then(BigRational::zero);
    }
    let (base, exponent) = if t.is_integer() {
        (x.clone(), t.to_integer())
    } else if *t.denom() == 2.into() {
        (root(x)?, t.numer().clone())
    } else {
        return None;
    };
    let exponent = exponent.to_i32()?;
    if base.numer().bits().max(base.denom().bits()).checked_mul(u64::from(exponent.unsigned_abs()))? > LARGEST {
        return None;
    }
    Some(base.pow(exponent))
}
