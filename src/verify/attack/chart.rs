//! Scalars of a range as unconstrained numbers, so that an ascent can move them and never leaves the range.

use crate::verify::ensembles::Ends;

/// The least and the greatest modulus that a scalar of an infinite range is moved to.
const SMALLEST: f64 = 1e-8;
const LARGEST: f64 = 1e8;

/// How near to an open end is next to it, and the inverse of how far out is next to infinity.
const NEXT_TO: f64 = 1e-2;

/// A smooth map from the real line onto an interval.
///
/// Between finite ends it is lo + (hi − lo)(1 + sin t)/2, which reaches both, and in the logarithm of the distance from
/// an end where the range spans decades: a claim may fail only next to 0 or far out.
#[derive(Clone, Debug)]
pub struct Chart {
    ends: Ends,
    form: Form,
    /// The least and the greatest number of the range that it is moved to.
    least: f64,
    most: f64,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Form {
    /// x = t
    Free,
    /// x = lo + (hi − lo)(1 + sin t)/2
    Linear,
    /// x = end ± e^s with s = from + (to − from)(1 + sin t)/2: from the lower end upwards, or from the upper one down.
    Logarithmic { upwards: bool, from: f64, to: f64 },
}

impl Chart {
    /// The chart of an interval; of one with a finite end, in the logarithm of the distance from that end if wanted.
    pub fn new(ends: &Ends, logarithmic: bool) -> Chart {
        let (lo, hi) = (ends.lo, ends.hi);
        let furthest = if lo.is_finite() && hi.is_finite() { hi - lo } else { LARGEST };
        let from = (SMALLEST * furthest.min(1.0)).ln();
        let form = match (lo.is_finite(), hi.is_finite()) {
            (false, false) => Form::Free,
            (true, true) if !logarithmic || furthest <= 0.0 => Form::Linear,
            (true, _) => Form::Logarithmic { upwards: true, from, to: furthest.ln() },
            (false, true) => Form::Logarithmic { upwards: false, from, to: furthest.ln() },
        };
        let (least, most) = ends.extremes();
        Chart { ends: ends.clone(), form, least, most }
    }

    /// The scalar, and its derivative by the number it stands for.
    pub fn at(&self, t: f64) -> (f64, f64) {
        let (lo, hi) = (self.ends.lo, self.ends.hi);
        let (x, slope) = match self.form {
            Form::Free => (t, 1.0),
            Form::Linear => (lo + (hi - lo) * (1.0 + t.sin()) / 2.0, (hi - lo) * t.cos() / 2.0),
            Form::Logarithmic { upwards, from, to } => {
                let s = from + (to - from) * (1.0 + t.sin()) / 2.0;
                let slope = s.exp() * (to - from) * t.cos() / 2.0;
                if upwards { (lo + s.exp(), slope) } else { (hi - s.exp(), -slope) }
            }
        };
        // The maps reach ends that may not belong to the range, and round.
        (x.clamp(self.least, self.most.max(self.least)), slope)
    }

    /// A number that stands for about this scalar.
    pub fn back(&self, x: f64) -> f64 {
        let (lo, hi) = (self.ends.lo, self.ends.hi);
        let angle = |share: f64| (2.0 * share.clamp(0.0, 1.0) - 1.0).asin();
        match self.form {
            Form::Free => x,
            Form::Linear => angle(if hi > lo { (x - lo) / (hi - lo) } else { 0.5 }),
            Form::Logarithmic { upwards, from, to } => {
                let distance = if upwards { x - lo } else { hi - x };
                angle((distance.max(f64::MIN_POSITIVE).ln() - from) / (to - from))
            }
        }
    }

    /// Whether a scalar lies next to an open or infinite end of its range, where small gaps say little.
    pub fn is_extreme(&self, x: f64) -> bool {
        let near = |end: f64, closed: bool| {
            if end.is_finite() { !closed && (x - end).abs() < NEXT_TO } else { x.abs() > 1.0 / NEXT_TO }
        };
        near(self.ends.lo, self.ends.lo_closed) || near(self.ends.hi, self.ends.hi_closed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ends(lo: f64, hi: f64) -> Ends {
        Ends { lo, lo_closed: false, hi, hi_closed: hi.is_finite(), lo_exact: None, hi_exact: None }
    }

    proptest! {
        #[test]
        fn the_range_is_never_left_and_slopes_are_slopes(t in -3.0f64..3.0, which in 0usize..4, logarithmic: bool) {
            let ranges = [(0.0, 20.0), (1.0, f64::INFINITY), (f64::NEG_INFINITY, f64::INFINITY), (f64::NEG_INFINITY, 2.0)];
            let ends = ends(ranges[which].0, ranges[which].1);
            let chart = Chart::new(&ends, logarithmic);
            let (x, slope) = chart.at(t);
            prop_assert!(ends.contains(x), "{} of {:?}", x, ends);
            let h = 1e-6;
            let secant = (chart.at(t + h).0 - chart.at(t - h).0) / (2.0 * h);
            prop_assert!((slope - secant).abs() <= 1e-4 * (1e-3 + slope.abs().max(x.abs())), "{} {}", slope, secant);
        }

        #[test]
        fn a_scalar_has_a_number_that_stands_for_it(share in 0.001f64..0.999, logarithmic: bool) {
            let ends = ends(0.0, 20.0);
            let chart = Chart::new(&ends, logarithmic);
            let x = 20.0 * share;
            prop_assert!((chart.at(chart.back(x)).0 - x).abs() <= 1e-6 * x);
        }
    }
}
