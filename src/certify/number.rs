//! What exact numbers of several kinds have in common.

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::{Num, Zero};

use super::closed::Closed;

/// An exact complex number.
pub(super) type Gauss = Complex<BigRational>;

/// What all kinds of numbers offer.
pub(super) trait Number: Clone {
    fn naught() -> Self;
    fn conj(&self) -> Self;
    /// The length of the longest integer in it, in bits.
    fn bits(&self) -> u64;
}

/// What the rational numbers and the Gaussian ones offer.
pub(super) trait Field: Number + Num + std::ops::Neg<Output = Self> {
    fn re(&self) -> BigRational;
    fn from_rational(q: BigRational) -> Self;
}

impl Number for BigRational {
    fn naught() -> Self {
        Zero::zero()
    }
    fn conj(&self) -> Self {
        self.clone()
    }
    fn bits(&self) -> u64 {
        self.numer().bits().max(self.denom().bits())
    }
}

impl Field for BigRational {
    fn re(&self) -> BigRational {
        self.clone()
    }
    fn from_rational(q: BigRational) -> Self {
        q
    }
}

impl Number for Gauss {
    fn naught() -> Self {
        Zero::zero()
    }
    fn conj(&self) -> Self {
        Complex::conj(self)
    }
    fn bits(&self) -> u64 {
        Number::bits(&self.re).max(Number::bits(&self.im))
    }
}

impl Field for Gauss {
    fn re(&self) -> BigRational {
        self.re.clone()
    }
    fn from_rational(q: BigRational) -> Self {
        Complex::new(q, BigRational::zero())
    }
}

impl Number for Closed {
    fn naught() -> Self {
        Closed::zero()
    }
    fn conj(&self) -> Self {
        self.clone()
    }
    fn bits(&self) -> u64 {
        Closed::bits(self)
    }
}
