//! Dyadic numbers m 2^e of unlimited precision with directed rounding.
//!
//! Everything rests on exact integer arithmetic: sums and products of dyadic numbers are dyadic and are computed exactly,
//! quotients and roots are computed as an integer part and a sticky bit, and the only rounding is [`Float::round`], which
//! is a floor or a ceiling of an integer by a power of two. There is no other place where a direction could be wrong.

use std::cmp::Ordering;

use num_bigint::{BigInt, Sign};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

/// Where a result that does not fit goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Round {
    /// Towards −∞.
    Down,
    /// Towards +∞.
    Up,
    /// To a nearest number: for approximations whose error is bounded afterwards.
    Near,
}

/// Numbers with more bits before or after the point than this are shown as powers of ten.
const LONGEST_DECIMAL: i64 = 40_000;

/// The exponent that marks ±∞.
const INFINITE: i64 = i64::MAX;

/// A dyadic number, or ±∞.
#[derive(Clone, Debug)]
pub(super) struct Float {
    man: BigInt,
    exp: i64,
}

impl Float {
    /// m 2^e
    pub fn new(man: BigInt, exp: i64) -> Self {
        if man.is_zero() { Float { man, exp: 0 } } else { Float { man, exp } }
    }

    pub fn zero() -> Self {
        Float { man: BigInt::zero(), exp: 0 }
    }

    pub fn one() -> Self {
        Float::from_i64(1)
    }

    pub fn from_i64(value: i64) -> Self {
        Float::new(value.into(), 0)
    }

    /// 2^e
    pub fn power_of_two(exp: i64) -> Self {
        Float { man: BigInt::one(), exp }
    }

    /// +∞ or −∞.
    pub fn infinity(positive: bool) -> Self {
        Float { man: BigInt::from(if positive { 1 } else { -1 }), exp: INFINITE }
    }

    /// The value of an `f64` exactly; `None` for a NaN.
    pub fn from_f64(value: f64) -> Option<Self> {
        if value.is_nan() {
            return None;
        }
        if value.is_infinite() {
            return Some(Float::infinity(value > 0.0));
        }
        let bits = value.to_bits();
        let field = ((bits >> 52) & 0x7ff) as i64;
        let fraction = (bits & ((1 << 52) - 1)) as i64;
        let (man, exp) = if field == 0 { (fraction, -1074) } else { (fraction | (1 << 52), field - 1075) };
        // Trailing zeros only slow the arithmetic down.
        let zeros = if man == 0 { 0 } else { man.trailing_zeros() };
        let man = man >> zeros;
        Some(Float::new(BigInt::from(if value < 0.0 { -man } else { man }), exp + i64::from(zeros)))
    }

    /// A rational number, rounded.
    pub fn from_rational(value: &BigRational, precision: u64, round: Round) -> Self {
        Float::new(value.numer().clone(), 0).div(&Float::new(value.denom().clone(), 0), precision, round)
    }

    /// The value as a rational number; `None` for ±∞.
    pub fn to_rational(&self) -> Option<BigRational> {
        if !self.is_finite() {
            return None;
        }
        Some(if self.exp >= 0 {
            BigRational::from_integer(&self.man << self.exp as u64)
        } else {
            BigRational::new(self.man.clone(), BigInt::one() << self.exp.unsigned_abs())
        })
    }

    pub fn is_finite(&self) -> bool {
        self.exp != INFINITE
    }

    pub fn is_zero(&self) -> bool {
        self.man.is_zero()
    }

    pub fn is_negative(&self) -> bool {
        self.man.is_negative()
    }

    pub fn is_positive(&self) -> bool {
        self.man.is_positive()
    }

    /// The integer e with 2^(e−1) ≤ |x| < 2^e; the least integer for 0 and the greatest for ±∞.
    pub fn magnitude(&self) -> i64 {
        if self.is_zero() {
            i64::MIN
        } else if self.is_finite() {
            self.exp + self.man.bits() as i64
        } else {
            i64::MAX
        }
    }

    pub fn neg(&self) -> Self {
        Float { man: -&self.man, exp: self.exp }
    }

    pub fn abs(&self) -> Self {
        Float { man: self.man.abs(), exp: self.exp }
    }

    /// x 2^k
    pub fn scale(&self, k: i64) -> Self {
        if self.is_zero() || !self.is_finite() {
            self.clone()
        } else {
            Float { man: self.man.clone(), exp: self.exp + k }
        }
    }

    /// The number rounded to this many significant bits.
    pub fn round(self, precision: u64, round: Round) -> Self {
        let bits = self.man.bits();
        if bits <= precision || !self.is_finite() {
            return self;
        }
        let shift = bits - precision;
        let man = match round {
            // The shift of a negative integer rounds towards −∞.
            Round::Down => self.man >> shift,
            Round::Up => -(-self.man >> shift),
            Round::Near => (self.man + (BigInt::one() << (shift - 1))) >> shift,
        };
        Float::new(man, self.exp + shift as i64)
    }

    /// The sum. Of infinities of both signs it is the worst one for the direction, so that an enclosure holds everything.
    pub fn add(&self, other: &Float, precision: u64, round: Round) -> Self {
        match (self.is_finite(), other.is_finite()) {
            (true, true) => {}
            (false, true) => return self.clone(),
            (true, false) => return other.clone(),
            (false, false) if self.man == other.man => return self.clone(),
            (false, false) => return Float::infinity(round == Round::Up),
        }
        if self.is_zero() {
            return other.clone().round(precision, round);
        }
        if other.is_zero() {
            return self.clone().round(precision, round);
        }
        let (large, small) = if self.magnitude() >= other.magnitude() { (self, other) } else { (other, self) };
        // A summand below everything that the other one and the rounding can show only pushes the sum off the number
        // that it starts from: both the sum and `large` ± 2^(e−2) lie strictly between the same neighbours on a grid
        // of spacing 2^e that holds `large` and every rounded number near it.
        let grid = large.exp.min(large.magnitude() - precision as i64 - 2);
        if small.magnitude() < grid - 2 {
            let sign = if small.is_negative() { -1 } else { 1 };
            return align_add(large, &Float { man: BigInt::from(sign), exp: grid - 2 }).round(precision, round);
        }
        align_add(large, small).round(precision, round)
    }

    pub fn sub(&self, other: &Float, precision: u64, round: Round) -> Self {
        self.add(&other.neg(), precision, round)
    }

    /// The product; 0 times ±∞ must not be asked for.
    pub fn mul(&self, other: &Float, precision: u64, round: Round) -> Self {
        if !self.is_finite() || !other.is_finite() {
            debug_assert!(!self.is_zero() && !other.is_zero(), "0 times an infinity");
            return Float::infinity(self.is_negative() == other.is_negative());
        }
        Float::new(&self.man * &other.man, self.exp + other.exp).round(precision, round)
    }

    /// The product without rounding; of finite numbers.
    pub fn exact_mul(&self, other: &Float) -> Self {
        Float::new(&self.man * &other.man, self.exp + other.exp)
    }

    /// The quotient by a nonzero finite number, or of a finite number by ±∞.
    pub fn div(&self, other: &Float, precision: u64, round: Round) -> Self {
        if !self.is_finite() {
            return Float::infinity(self.is_negative() == other.is_negative());
        }
        if self.is_zero() {
            return Float::zero();
        }
        if !other.is_finite() {
            // The quotient is 0 or tiny with a sign; 0 is within both directions only as a limit, which is what it is.
            return Float::zero();
        }
        let (bits, wanted) = (self.man.bits() as i64 - other.man.bits() as i64, precision as i64 + 2);
        let shift = (wanted - bits).max(0) as u64;
        let (quotient, rest) = (&self.man << shift).div_mod_floor(&other.man);
        // The sticky bit puts an inexact quotient strictly between its neighbours.
        let man = (quotient << 1u32) + BigInt::from(u8::from(!rest.is_zero()));
        Float::new(man, self.exp - other.exp - shift as i64 - 1).round(precision, round)
    }

    /// The square root of a number that is not negative.
    pub fn sqrt(&self, precision: u64, round: Round) -> Self {
        if self.is_zero() || !self.is_finite() {
            return self.clone();
        }
        let wanted = 2 * precision as i64 + 4;
        let mut shift = (wanted - self.man.bits() as i64).max(0);
        if (self.exp - shift) % 2 != 0 {
            shift += 1;
        }
        let radicand = &self.man << shift as u64;
        let root = radicand.sqrt();
        let exact = &root * &root == radicand;
        let man = (root << 1u32) + BigInt::from(u8::from(!exact));
        Float::new(man, (self.exp - shift) / 2 - 1).round(precision, round)
    }

    /// ⌊x 2^bits⌋ of a finite number.
    pub fn to_fixed(&self, bits: u64) -> BigInt {
        let shift = self.exp + bits as i64;
        if shift >= 0 { &self.man << shift as u64 } else { &self.man >> shift.unsigned_abs() }
    }

    /// The greatest integer that is at most x.
    pub fn floor(&self) -> Self {
        if self.exp >= 0 { self.clone() } else { Float::new(self.to_fixed(0), 0) }
    }

    /// The nearest `f64` in the direction of rounding (±∞ beyond the range, or the greatest finite number).
    pub fn to_f64(&self, round: Round) -> f64 {
        if !self.is_finite() {
            return if self.is_negative() { f64::NEG_INFINITY } else { f64::INFINITY };
        }
        let magnitude = self.magnitude();
        if self.is_zero() {
            return 0.0;
        }
        let toward_zero = if self.is_negative() { round == Round::Up } else { round == Round::Down };
        let sign = if self.is_negative() { -1.0 } else { 1.0 };
        if magnitude > 1024 {
            return sign * if toward_zero { f64::MAX } else { f64::INFINITY };
        }
        if magnitude < -1073 {
            // Below the least subnormal number 2^−1074.
            return sign * if toward_zero { 0.0 } else { f64::from_bits(1) };
        }
        let precision = (magnitude + 1074).clamp(1, 53) as u64;
        let rounded = self.clone().round(precision, round);
        let man = rounded.man.to_f64().unwrap_or(f64::NAN);
        // Two factors, so that neither leaves the range before the product does; both products are exact.
        let half = rounded.exp / 2;
        let value = man * 2f64.powi(half as i32) * 2f64.powi((rounded.exp - half) as i32);
        if value.is_infinite() && toward_zero { sign * f64::MAX } else { value }
    }

    /// A power of ten beyond the number in the given direction, for numbers whose digits nobody wants to see.
    fn power_of_ten(&self, round: Round) -> String {
        // |x| lies between 2^(m − 1) and 2^m; with exponents below 2^42 the product below is right to 10^−3.
        let tens = |m: i64| m as f64 * std::f64::consts::LOG10_2;
        let smaller = self.is_negative() == (round == Round::Up);
        let exponent =
            if smaller { tens(self.magnitude() - 1).floor() - 1.0 } else { tens(self.magnitude()).ceil() + 1.0 };
        format!("{}1e{exponent}", if self.is_negative() { "-" } else { "" })
    }

    /// A decimal string with this many significant digits, rounded in the given direction.
    pub fn to_decimal(&self, digits: u32, round: Round) -> String {
        if !self.is_finite() {
            return if self.is_negative() { "-inf".into() } else { "inf".into() };
        }
        if self.is_zero() {
            return "0".into();
        }
        if self.magnitude().abs() > LONGEST_DECIMAL {
            return self.power_of_ten(round);
        }
        // |x| = n 10^k with n of the wanted length: k from the number of bits, corrected where it is one off.
        let mut k = ((self.magnitude() - 1) as f64 * std::f64::consts::LOG10_2).floor() as i64 - i64::from(digits) + 1;
        let limit = BigInt::from(10).pow(digits);
        loop {
            let (mut numerator, mut denominator) = (self.man.clone(), BigInt::one());
            if self.exp >= 0 {
                numerator <<= self.exp as u64;
            } else {
                denominator <<= self.exp.unsigned_abs();
            }
            let ten = BigInt::from(10).pow(k.unsigned_abs() as u32);
            if k >= 0 {
                denominator *= ten;
            } else {
                numerator *= ten;
            }
            let scaled = match round {
                Round::Down => numerator.div_floor(&denominator),
                Round::Up => -(-numerator).div_floor(&denominator),
                Round::Near => ((numerator << 1u32) + &denominator).div_floor(&(denominator << 1u32)),
            };
            if scaled.abs() >= limit {
                k += 1;
                continue;
            }
            return decimal(&scaled, k);
        }
    }
}

/// n 10^k as a plain decimal where that is short, in scientific notation otherwise.
fn decimal(n: &BigInt, k: i64) -> String {
    let sign = if n.is_negative() { "-" } else { "" };
    let mut digits = n.abs().to_string();
    if digits == "0" {
        return "0".into();
    }
    let point = digits.len() as i64 + k;
    while digits.len() > 1 && digits.ends_with('0') {
        digits.pop();
    }
    let length = digits.len() as i64;
    if (-5..=0).contains(&point) {
        format!("{sign}0.{}{digits}", "0".repeat(point.unsigned_abs() as usize))
    } else if (1..=21).contains(&point) {
        if length <= point {
            format!("{sign}{digits}{}", "0".repeat((point - length) as usize))
        } else {
            format!("{sign}{}.{}", &digits[..point as usize], &digits[point as usize..])
        }
    } else if length == 1 {
        format!("{sign}{digits}e{}", point - 1)
    } else {
        format!("{sign}{}.{}e{}", &digits[..1], &digits[1..], point - 1)
    }
}

/// The exact sum of two finite numbers.
fn align_add(a: &Float, b: &Float) -> Float {
    let (high, low) = if a.exp >= b.exp { (a, b) } else { (b, a) };
    let shift = (high.exp - low.exp) as u64;
    if shift == 0 {
        return Float::new(&high.man + &low.man, low.exp);
    }
    Float::new((&high.man << shift) + &low.man, low.exp)
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Float {}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        let rank = |sign: Sign| match sign {
            Sign::Minus => -1,
            Sign::NoSign => 0,
            Sign::Plus => 1,
        };
        let (a, b) = (rank(self.man.sign()), rank(other.man.sign()));
        if a != b || a == 0 {
            return a.cmp(&b);
        }
        let (m, n) = (self.magnitude(), other.magnitude());
        let by_size = match m.cmp(&n) {
            Ordering::Equal if self.is_finite() => {
                if self.exp >= other.exp {
                    (self.man.abs() << (self.exp - other.exp) as u64).cmp(&other.man.abs())
                } else {
                    self.man.abs().cmp(&(other.man.abs() << (other.exp - self.exp) as u64))
                }
            }
            order => order,
        };
        if a > 0 { by_size } else { by_size.reverse() }
    }
}
