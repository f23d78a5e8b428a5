//! Samples and exact points as people see them: members, sizes, scalars.

use num_complex::Complex;
use num_rational::BigRational;
use num_traits::ToPrimitive;

use super::refutation::{Desk, Given, Loose, Point, is_plain, nearest, size};
use super::sample::{Numbers, Sample};
use super::trial::Setting;
use super::verdict::{ExactValue, PartOf, Solution, Value, Witness};
use crate::base::significant;
use crate::check::VariableKind;
use crate::eval::ValueRef;
use crate::ir::{InputId, Instance, NodeId, Range, Shape};

/// A point with the members that its numbers stand for. What a case of equality puts for some names is shown in place of
/// what the point gives them.
pub fn witness(desk: &mut Desk<'_>, point: &Point, put: &[(String, NodeId)], margin: (f64, f64)) -> Witness {
    let theorem = desk.theorem;
    let mut witness = Witness {
        sizes: point.sizes.iter().map(|(var, size)| (var.name.to_string(), *size)).collect(),
        values: Vec::new(),
        exact: Vec::new(),
        solution: None,
        statement: desk.statement().to_owned(),
        margin,
        decimal: None,
        sides: None,
        breaks: None,
        followed: None,
        certified: false,
        ensemble: String::new(),
        file: None,
    };
    for (number, (variable, given)) in theorem.variables.iter().zip(&point.givens).enumerate() {
        let Some(given) = given else { continue };
        let of_dims = |shape: &Shape| (size(&shape.rows(), &point.sizes), size(&shape.cols(), &point.sizes));
        let dims = |shape: &Shape| (of_dims(shape).0.unwrap_or(0), of_dims(shape).1.unwrap_or(0));
        let (set, shapes, vector): (_, Vec<(usize, usize)>, _) = match (&variable.range, given) {
            (Range::Domain(domain), Given::Raw(_)) => {
                let raw = domain.raw();
                let vector = matches!(raw[0].ty.shape, Shape::Vector(_));
                (Some(domain.set), raw.iter().map(|raw| dims(&raw.ty.shape)).collect(), vector)
            }
            (Range::Domain(domain), Given::Exact(_) | Given::Scalar(_)) => {
                let shape = domain.ty().shape;
                (Some(domain.set), vec![dims(&shape)], matches!(shape, Shape::Vector(_)))
            }
            (Range::Integers(..) | Range::Interval(_) | Range::Finite(_), _) => (None, vec![(1, 1)], false),
        };
        let (name, given) = (variable.name.clone(), given.clone());
        let loose = point.loose.as_ref().filter(|loose| loose.spot.variable == number);
        let put = put.iter().any(|(other, _)| *other == name);
        // What is put for a name is told in place of what it was.
        if let Some(Loose { spot, upper }) = loose.filter(|_| !put)
            && let Some(lower) = point.number(*spot)
        {
            let (rows, cols) = shapes[spot.block];
            let place = (spot.block, spot.entry % rows.max(1), spot.entry / rows.max(1));
            let of = match set {
                Some(set) if !is_plain(set) => PartOf::Chart,
                Some(_) if vector => PartOf::Vector,
                Some(_) if rows * cols > 1 => PartOf::Matrix,
                Some(_) | None => PartOf::Whole,
            };
            let ends = (lower.clone(), upper.clone());
            witness.solution = Some(Solution { name: name.clone(), of, place, imaginary: spot.imaginary, ends });
        }
        let put = put || loose.is_some();
        witness.exact.push(ExactValue { name, given, set, shapes, vector, put });
    }
    let members: Vec<(String, NodeId)> = desk.members(point, put);
    let nodes: Vec<NodeId> = members.iter().map(|(_, node)| *node).collect();
    let computed = desk.values(point, &nodes, of_value);
    for (variable, given) in theorem.variables.iter().zip(&point.givens) {
        let place = members.iter().position(|(name, _)| *name == variable.name);
        let value = match (place, given) {
            (_, None) => None,
            (None, Some(Given::Scalar(value)))
                if witness.solution.as_ref().is_some_and(|at| at.name == variable.name) =>
            {
                Some(Value::Number(nearest(value)))
            }
            // Without values the exact numbers still define the witness.
            (Some(place), Some(_)) => computed.as_ref().and_then(|computed| computed[place].clone()),
            (None, Some(Given::Scalar(value))) => Some(Value::Exact(value.clone())),
            (None, Some(Given::Raw(_) | Given::Exact(_))) => None,
        };
        witness.values.extend(value.map(|value| (variable.name.clone(), value)));
    }
    witness
}

/// The ensembles of a sample in a few words.
pub fn ensemble(sample: &Sample) -> String {
    let names: Vec<String> = sample
        .labels
        .iter()
        .map(|label| match label.joint {
            "" => label.kind.to_string(),
            joint => format!("{}, {joint}", label.kind),
        })
        .collect();
    let names = names.join("; ");
    match (sample.attack, names.is_empty()) {
        ("", _) => names,
        // Scalars come from no ensemble.
        (attack, true) => attack.to_owned(),
        (attack, false) => format!("{attack}, from {names}"),
    }
}

/// The digits of a number that is told in passing.
const DIGITS: usize = 6;

/// The most signs that an exact number is told with.
const MOST_SIGNS: usize = 16;

/// An exact number as it is, where that can be read: 10^300 has 301 digits.
fn readable(value: &BigRational) -> String {
    let exact = value.to_string();
    if exact.len() <= MOST_SIGNS {
        return exact;
    }
    let rounded = value.to_f64().unwrap_or(f64::NAN);
    let shown = significant(rounded, DIGITS);
    // Below the least double stands a number that is positive or negative, and must not read as 0 itself.
    if rounded == 0.0 { format!("about {shown}") } else { shown }
}

/// Where a sample stands, in a few words: sizes, scalars and ensembles.
pub fn place(setting: &Setting<'_>, sample: &Sample, instance: &Instance) -> String {
    let mut words: Vec<String> = instance.sizes.iter().map(|(var, size)| format!("{} = {size}", var.name)).collect();
    for variable in &setting.theorem.variables {
        if let VariableKind::Scalar { input, .. } = &variable.kind {
            words.push(match scalar(*input, sample, instance) {
                Value::Exact(value) => format!("{} = {}", variable.name, readable(&value)),
                Value::Number(value) => format!("{} = {}", variable.name, significant(value, DIGITS)),
                Value::Vector(_)
                | Value::Matrix(_)
                | Value::Complex(_)
                | Value::ComplexVector(_)
                | Value::ComplexMatrix(_) => variable.name.clone(),
            });
        }
    }
    words.extend(Some(ensemble(sample)).filter(|name| !name.is_empty()));
    words.join(", ")
}

fn scalar(input: InputId, sample: &Sample, instance: &Instance) -> Value {
    match (instance.constants.get(&input), &sample.inputs[input.0 as usize]) {
        (Some(value), _) => Value::Exact(value.clone()),
        (None, Numbers::Real(numbers)) if numbers.len() == 1 => Value::Number(numbers[0]),
        (None, Numbers::Real(_) | Numbers::Complex(_) | Numbers::None) => Value::Number(f64::NAN),
    }
}

fn of_value(value: ValueRef<'_, f64>, shape: &Shape) -> Value {
    let pair = |z: &Complex<f64>| (z.re, z.im);
    match (value, shape) {
        (ValueRef::Real { entries, .. }, Shape::Scalar) => Value::Number(entries[0]),
        (ValueRef::Real { entries, .. }, Shape::Vector(_)) => Value::Vector(entries.to_vec()),
        (ValueRef::Real { rows, cols, entries }, Shape::Matrix(..)) => {
            Value::Matrix(by_rows(rows, cols, entries, |x| *x))
        }
        (ValueRef::Complex { entries, .. }, Shape::Scalar) => Value::Complex(pair(&entries[0])),
        (ValueRef::Complex { entries, .. }, Shape::Vector(_)) => {
            Value::ComplexVector(entries.iter().map(pair).collect())
        }
        (ValueRef::Complex { rows, cols, entries }, Shape::Matrix(..)) => {
            Value::ComplexMatrix(by_rows(rows, cols, entries, pair))
        }
        (ValueRef::Truth(truth), _) => Value::Number(f64::from(u8::from(truth))),
    }
}

fn by_rows<E, R>(rows: usize, cols: usize, entries: &[E], one: impl Fn(&E) -> R) -> Vec<Vec<R>> {
    (0..rows).map(|i| (0..cols).map(|j| one(&entries[i + j * rows])).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_are_told_in_few_signs() {
        let ten = |power: i32| BigRational::from_integer(10.into()).pow(power);
        assert_eq!(readable(&BigRational::new(1.into(), 3.into())), "1/3");
        assert_eq!(readable(&ten(300)), "1e300");
        assert_eq!(readable(&ten(-300)), "1e-300");
        assert_eq!(readable(&-ten(-400)), "about 0");
    }
}
