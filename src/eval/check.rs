//! Tests of required properties, to a relative tolerance.

use super::fault::FaultKind;
use super::real::{Element, Real};
use crate::ir::Property;

/// Tests a property of a value with `rows` rows. `eigenvalues` are those of the value, ascending, where the property is
/// about them. The tolerance is `factor` n ε relative to the quantity that the property speaks of, n the larger side.
pub(super) fn property<T: Real, E: Element<T>>(
    property: Property,
    x: &[E],
    rows: usize,
    eigenvalues: Option<&[T]>,
    factor: f64,
) -> Result<(), FaultKind> {
    let cols = x.len() / rows;
    let tolerance = factor * rows.max(cols) as f64 * T::epsilon().wide();
    let largest = |of: &mut dyn Iterator<Item = f64>| of.fold(0.0, worse);
    let magnitude = || largest(&mut x.iter().map(|x| x.modulus().wide()));
    let at = |i: usize, j: usize| x[j * rows + i];
    let norms = |columns: bool| {
        let (lines, along) = if columns { (cols, rows) } else { (rows, cols) };
        let entry = move |line: usize, k: usize| if columns { at(k, line) } else { at(line, k) };
        largest(
            &mut (0..lines).map(|line| ((0..along).map(|k| entry(line, k).modulus2().wide()).sum::<f64>() - 1.0).abs()),
        )
    };
    let gram = |columns: bool| {
        let (lines, along) = if columns { (cols, rows) } else { (rows, cols) };
        let entry = move |line: usize, k: usize| if columns { at(k, line) } else { at(line, k) };
        let product = |a: usize, b: usize| {
            let sum = (0..along).fold(E::from_real(T::of(0.0)), |sum, k| sum + entry(a, k).conjugate() * entry(b, k));
            (sum - E::from_real(T::of(if a == b { 1.0 } else { 0.0 }))).modulus().wide()
        };
        largest(&mut (0..lines).flat_map(|a| (0..=a).map(move |b| (a, b))).map(|(a, b)| product(a, b)))
    };
    let real = |x: &E| x.re().wide();
    let (measured, accepted) = match property {
        Property::Hermitian => {
            let pairs = (0..rows).flat_map(|i| (0..=i).map(move |j| (i, j)));
            let off = largest(&mut pairs.map(|(i, j)| (at(i, j) - at(j, i).conjugate()).modulus().wide()));
            (off, tolerance * magnitude())
        }
        Property::Psd | Property::Pd => {
            let values = eigenvalues.unwrap_or(&[]);
            let (Some(least), Some(greatest)) = (values.first(), values.last()) else { return Ok(()) };
            let (least, greatest) = (least.wide(), greatest.wide());
            let slack = tolerance * greatest.abs().max(least.abs());
            let holds = if property == Property::Psd { least >= -slack } else { least > 0.0 };
            return verdict(property, holds, least, slack);
        }
        Property::UnitDiagonal => {
            let off = (0..rows).map(|i| (at(i, i) - E::from_real(T::of(1.0))).modulus().wide());
            (largest(&mut off.into_iter()), tolerance)
        }
        Property::TraceOne => {
            let trace = (0..rows).fold(E::from_real(T::of(0.0)), |sum, i| sum + at(i, i));
            ((trace - E::from_real(T::of(1.0))).modulus().wide(), tolerance)
        }
        Property::Diagonal => {
            let off = (0..cols).flat_map(|j| (0..rows).filter(move |i| *i != j).map(move |i| (i, j)));
            (largest(&mut off.map(|(i, j)| at(i, j).modulus().wide())), tolerance * magnitude())
        }
        Property::Nonnegative => {
            let below = largest(&mut x.iter().map(|x| (-real(x)).max(x.im().abs().wide())));
            // A sign is no matter of rounding for a number on its own; in a vector it is, relative to the others.
            (below, if x.len() == 1 { 0.0 } else { tolerance * magnitude() })
        }
        Property::Positive => {
            let least = x.iter().map(real).fold(f64::INFINITY, |a, b| if b.is_nan() { b } else { a.min(b) });
            return verdict(property, least > 0.0, least, 0.0);
        }
        Property::Finite => {
            let infinite = x.iter().any(|x| !x.re().wide().is_finite() || !x.im().wide().is_finite());
            return verdict(property, !infinite, f64::from(u8::from(infinite)), 0.0);
        }
        Property::ZeroOne => {
            let off = x.iter().map(|x| x.modulus().wide().min((*x - E::from_real(T::of(1.0))).modulus().wide()));
            (largest(&mut off.into_iter()), tolerance)
        }
        Property::Integer => {
            (largest(&mut x.iter().map(|x| (real(x) - real(x).round()).abs() + x.im().abs().wide())), 0.0)
        }
        Property::SumsToOne => {
            let sum = x.iter().fold(E::from_real(T::of(0.0)), |sum, x| sum + *x);
            ((sum - E::from_real(T::of(1.0))).modulus().wide(), tolerance)
        }
        Property::UnitColumns => (norms(true), tolerance),
        Property::UnitRows => (norms(false), tolerance),
        Property::OrthonormalColumns => (gram(true), tolerance),
        Property::OrthonormalRows => (gram(false), tolerance),
    };
    // A NaN deviation is no small one.
    verdict(property, measured <= accepted, measured, accepted)
}

fn verdict(property: Property, holds: bool, measured: f64, accepted: f64) -> Result<(), FaultKind> {
    if holds { Ok(()) } else { Err(FaultKind::RequirementFailed { property, measured, accepted }) }
}

/// The larger of two deviations, NaN being the largest.
fn worse(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() { f64::NAN } else { a.max(b) }
}
