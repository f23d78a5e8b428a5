//! The number types that a plan can compute in: `f32` and `f64`, and the complex numbers over each.

use num_complex::Complex;
use num_traits::{Float, FloatConst, NumAssign, ToPrimitive};

use super::workspace::{Arenas, Scratch, Work};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// A real number type: `f32` or `f64`.
pub trait Real: sealed::Sealed + faer::traits::RealField + Float + FloatConst + NumAssign + Element<Self> {
    /// The complex numbers over it: `num_complex::Complex<Self>`.
    type Complex: ComplexElement<Self>;

    /// The nearest number of this type.
    fn of(value: f64) -> Self;

    /// The number as an `f64`, exactly.
    fn wide(self) -> f64;
}

impl Real for f64 {
    type Complex = Complex<f64>;

    fn of(value: f64) -> Self {
        value
    }

    fn wide(self) -> f64 {
        self
    }
}

impl Real for f32 {
    type Complex = Complex<f32>;

    fn of(value: f64) -> Self {
        value as f32
    }

    fn wide(self) -> f64 {
        f64::from(self)
    }
}

/// An entry of a matrix over the reals `T`: a real or a complex number.
pub trait Element<T: Real>:
    faer::traits::ComplexField<Real = T> + Copy + NumAssign + std::fmt::Debug + 'static
{
    /// Whether this is the complex type.
    const COMPLEX: bool;

    /// The complex conjugate.
    fn conjugate(self) -> Self;
    /// The real part.
    fn re(self) -> T;
    /// The imaginary part.
    fn im(self) -> T;
    /// A real number as an entry.
    fn from_real(x: T) -> Self;
    /// The entry times a real number.
    fn scaled(self, x: T) -> Self;
    /// The modulus, without overflow.
    fn modulus(self) -> T;
    /// The squared modulus.
    fn modulus2(self) -> T;
    /// The arena of buffers of this type.
    fn arena(arenas: &Arenas<T>) -> &[Self];
    /// The arena of buffers of this type, to write to.
    fn arena_mut(arenas: &mut Arenas<T>) -> &mut [Self];
    /// The scratch memory, with the matrices of this type.
    fn work(scratch: &mut Scratch<T>) -> Work<'_, T, Self>;
    /// The entries as real numbers, where they are.
    fn as_real(x: &mut [Self]) -> Option<&mut [T]>;
    /// The quotient; by a divisor without imaginary part as two real quotients.
    fn quotient(self, divisor: Self) -> Self;

    /// Whether any part is NaN.
    fn not_a_number(self) -> bool {
        self.re().is_nan() || self.im().is_nan()
    }

    /// Whether all parts are finite.
    fn finite(self) -> bool {
        self.re().is_finite() && self.im().is_finite()
    }
}

/// A complex number.
pub trait ComplexElement<T: Real>: Element<T> {
    /// The number with these parts.
    fn new(re: T, im: T) -> Self;
    /// The functions that have a complex form, by their principal branches.
    fn exp(self) -> Self;
    /// The principal logarithm.
    fn ln(self) -> Self;
    /// The principal square root.
    fn sqrt(self) -> Self;
    /// The sine.
    fn sin(self) -> Self;
    /// The cosine.
    fn cos(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
}

macro_rules! real_element {
    ($real:ty) => {
        impl Element<$real> for $real {
            const COMPLEX: bool = false;

            fn conjugate(self) -> Self {
                self
            }
            fn re(self) -> $real {
                self
            }
            fn im(self) -> $real {
                0.0
            }
            fn from_real(x: $real) -> Self {
                x
            }
            fn scaled(self, x: $real) -> Self {
                self * x
            }
            fn modulus(self) -> $real {
                self.abs()
            }
            fn modulus2(self) -> $real {
                self * self
            }
            fn arena(arenas: &Arenas<$real>) -> &[Self] {
                &arenas.real
            }
            fn arena_mut(arenas: &mut Arenas<$real>) -> &mut [Self] {
                &mut arenas.real
            }
            fn work(scratch: &mut Scratch<$real>) -> Work<'_, $real, Self> {
                scratch.real_work()
            }
            fn as_real(x: &mut [Self]) -> Option<&mut [$real]> {
                Some(x)
            }
            fn quotient(self, divisor: Self) -> Self {
                self / divisor
            }
        }

        impl Element<$real> for Complex<$real> {
            const COMPLEX: bool = true;

            fn conjugate(self) -> Self {
                Complex::new(self.re, -self.im)
            }
            fn re(self) -> $real {
                self.re
            }
            fn im(self) -> $real {
                self.im
            }
            fn from_real(x: $real) -> Self {
                Complex::new(x, 0.0)
            }
            fn scaled(self, x: $real) -> Self {
                Complex::new(self.re * x, self.im * x)
            }
            fn modulus(self) -> $real {
                self.re.hypot(self.im)
            }
            fn modulus2(self) -> $real {
                self.re * self.re + self.im * self.im
            }
            fn arena(arenas: &Arenas<$real>) -> &[Self] {
                &arenas.complex
            }
            fn arena_mut(arenas: &mut Arenas<$real>) -> &mut [Self] {
                &mut arenas.complex
            }
            fn work(scratch: &mut Scratch<$real>) -> Work<'_, $real, Self> {
                scratch.complex_work()
            }
            fn as_real(_: &mut [Self]) -> Option<&mut [$real]> {
                None
            }
            fn quotient(self, divisor: Self) -> Self {
                if divisor.im == 0.0 {
                    Complex::new(self.re / divisor.re, self.im / divisor.re)
                } else {
                    self / divisor
                }
            }
        }

        impl ComplexElement<$real> for Complex<$real> {
            fn new(re: $real, im: $real) -> Self {
                Complex::new(re, im)
            }
            fn exp(self) -> Self {
                Complex::exp(self)
            }
            fn ln(self) -> Self {
                Complex::ln(self)
            }
            fn sqrt(self) -> Self {
                Complex::sqrt(self)
            }
            fn sin(self) -> Self {
                Complex::sin(self)
            }
            fn cos(self) -> Self {
                Complex::cos(self)
            }
            fn tanh(self) -> Self {
                // Beyond this the function is ±1 to every digit, and the quotient of hyperbolic functions overflows.
                if self.re.abs() > 40.0 { Complex::new(self.re.signum(), 0.0) } else { Complex::tanh(self) }
            }
        }
    };
}

real_element!(f32);
real_element!(f64);

/// The number of this type nearest to an exact rational.
pub(super) fn from_rational<T: Real>(value: &num_rational::BigRational) -> T {
    // The conversion gives an answer, if need be an infinite one, for every rational number.
    T::of(value.to_f64().unwrap_or(f64::NAN))
}
