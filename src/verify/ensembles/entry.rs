//! Real and complex entries alike, so that every ensemble is written once.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

use num_complex::Complex;
use rand::RngExt;
use rand_distr::StandardNormal;

use crate::verify::seed::Rng;

/// A real or complex number as the ensembles use it.
pub trait Entry:
    Copy
    + std::fmt::Debug
    + PartialEq
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + Send
    + 'static
{
    /// Whether the numbers are complex.
    const COMPLEX: bool;
    /// The number with this real part and no imaginary one.
    fn real(x: f64) -> Self;
    /// A Gaussian of mean 0 with E|x|² = 1.
    fn gaussian(rng: &mut Rng) -> Self;
    /// A uniform number of modulus 1: a sign, or a phase.
    fn phase(rng: &mut Rng) -> Self;
    /// cos t + i sin t; for real numbers cos t alone.
    fn cis(t: f64) -> Self;
    /// The conjugate.
    fn conj(self) -> Self;
    /// |x|²
    fn abs2(self) -> f64;
    /// x s
    fn scale(self, s: f64) -> Self;
    /// The real part.
    fn re(self) -> f64;
}

impl Entry for f64 {
    const COMPLEX: bool = false;

    fn real(x: f64) -> Self {
        x
    }

    fn gaussian(rng: &mut Rng) -> Self {
        rng.sample(StandardNormal)
    }

    fn phase(rng: &mut Rng) -> Self {
        if rng.random::<bool>() { 1.0 } else { -1.0 }
    }

    fn cis(t: f64) -> Self {
        t.cos()
    }

    fn conj(self) -> Self {
        self
    }

    fn abs2(self) -> f64 {
        self * self
    }

    fn scale(self, s: f64) -> Self {
        self * s
    }

    fn re(self) -> f64 {
        self
    }
}

impl Entry for Complex<f64> {
    const COMPLEX: bool = true;

    fn real(x: f64) -> Self {
        Complex::new(x, 0.0)
    }

    fn gaussian(rng: &mut Rng) -> Self {
        let (re, im): (f64, f64) = (rng.sample(StandardNormal), rng.sample(StandardNormal));
        Complex::new(re, im) * std::f64::consts::FRAC_1_SQRT_2
    }

    /// Fourth roots of unity half the time: they are exact, and make products cancel exactly.
    fn phase(rng: &mut Rng) -> Self {
        if rng.random::<bool>() {
            let (re, im) = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)][rng.random_range(0..4)];
            Complex::new(re, im)
        } else {
            Complex::cis(std::f64::consts::TAU * rng.random::<f64>())
        }
    }

    fn cis(t: f64) -> Self {
        Complex::cis(t)
    }

    fn conj(self) -> Self {
        Complex::conj(&self)
    }

    fn abs2(self) -> f64 {
        self.norm_sqr()
    }

    fn scale(self, s: f64) -> Self {
        self * s
    }

    fn re(self) -> f64 {
        self.re
    }
}
