//! Sizes from shapes: how an emitted function finds out its sizes, and what it says of inputs that do not fit.

use std::collections::BTreeMap;

use super::text::{Level, dim};
use crate::ir::{Dim, Factor, Shape, SizeVar};

/// An input as Python sees it.
#[derive(Clone, Debug)]
pub(super) struct Parameter {
    /// Its name in the language, and in Python.
    pub name: String,
    pub python: String,
    /// Its shape, as declared; with numbers where the module is for given sizes.
    pub shape: Shape,
    /// Whether its entries are complex.
    pub complex: bool,
    /// What it is where nothing is given.
    pub default: Option<String>,
    /// The number of the output that is its gradient, if there is one.
    pub gradient: Option<usize>,
}

/// How a size is read off a shape.
#[derive(Clone, Debug)]
struct Reading {
    parameter: usize,
    axis: usize,
    /// The side is `factor` times the size and `rest`.
    factor: i64,
    rest: Dim,
}

/// How every size is found.
#[derive(Clone, Debug, Default)]
pub(super) struct Sizing {
    readings: BTreeMap<SizeVar, Reading>,
    /// The names of the sizes in Python.
    pub names: BTreeMap<SizeVar, String>,
}

pub(super) fn sides(shape: &Shape) -> Vec<Dim> {
    match shape {
        Shape::Scalar => Vec::new(),
        Shape::Vector(n) => vec![n.clone()],
        Shape::Matrix(m, n) => vec![m.clone(), n.clone()],
    }
}

/// `factor · var + rest`, where only `var` is unknown.
fn linear(size: &Dim, known: impl Fn(&SizeVar) -> bool) -> Option<(SizeVar, i64, Dim)> {
    let mut found: Option<(SizeVar, i64)> = None;
    for (coefficient, factors) in size.monomials() {
        if Dim::product(factors).vars().iter().all(&known) {
            continue;
        }
        match factors {
            [Factor::Var(var)] if found.is_none() => found = Some((var.clone(), coefficient)),
            _ => return None,
        }
    }
    let (var, factor) = found?;
    let rest = size.sub(&Dim::constant(factor).mul(&Dim::var(var.clone()))?)?;
    Some((var, factor, rest))
}

impl Sizing {
    /// From the inputs' shapes; the first size that cannot be found, where there is one.
    pub fn new(parameters: &[Parameter], mut name: impl FnMut(&str) -> String) -> Result<Sizing, SizeVar> {
        let mut sizing = Sizing::default();
        let all: Vec<(usize, usize, Dim)> = parameters
            .iter()
            .enumerate()
            .flat_map(|(i, p)| sides(&p.shape).into_iter().enumerate().map(move |(axis, side)| (i, axis, side)))
            .collect();
        loop {
            let before = sizing.readings.len();
            for (parameter, axis, side) in &all {
                if let Some((var, factor, rest)) = linear(side, |var| sizing.readings.contains_key(var)) {
                    sizing.names.insert(var.clone(), name(&var.name));
                    let reading = Reading { parameter: *parameter, axis: *axis, factor, rest };
                    sizing.readings.insert(var, reading);
                }
            }
            if sizing.readings.len() == before {
                break;
            }
        }
        let open = all.iter().flat_map(|(.., side)| side.vars()).find(|var| !sizing.readings.contains_key(var));
        open.map_or(Ok(sizing), Err)
    }

    fn text(&self, size: &Dim) -> String {
        dim(size, &mut |var| self.names.get(var).cloned().unwrap_or_else(|| var.name.to_string())).text
    }

    /// Whether a side is where a size is read.
    fn reads(&self, parameter: usize, axis: usize) -> Option<&SizeVar> {
        let found = self.readings.iter().find(|(_, reading)| (reading.parameter, reading.axis) == (parameter, axis));
        found.map(|(var, _)| var)
    }

    fn reading(&self, var: &SizeVar, python: &str) -> String {
        let reading = &self.readings[var];
        let side = format!("{python}.shape[{}]", reading.axis);
        let rest = self.text(&reading.rest);
        match (reading.factor, rest.as_str()) {
            (1, "0") => side,
            (factor, "0") => format!("{side} // {factor}"),
            (1, rest) => format!("{side} - ({rest})"),
            (factor, rest) => format!("({side} - ({rest})) // {factor}"),
        }
    }

    /// Lines that set those sizes that `wanted` tells from the inputs, whose shapes are known to fit.
    pub fn set(&self, parameters: &[Parameter], wanted: impl Fn(&SizeVar) -> bool) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, parameter) in parameters.iter().enumerate() {
            let sides = sides(&parameter.shape);
            let plain = |axis: usize| {
                let var = self.reads(i, axis).filter(|var| wanted(var))?;
                (sides[axis] == Dim::var(var.clone())).then_some(var)
            };
            if sides.len() == 2
                && let (Some(first), Some(second)) = (plain(0), plain(1))
            {
                lines.push(format!("{}, {} = {}.shape", self.names[first], self.names[second], parameter.python));
                continue;
            }
            for axis in 0..sides.len() {
                if let Some(var) = self.reads(i, axis).filter(|var| wanted(var)) {
                    lines.push(format!("{} = {}", self.names[var], self.reading(var, &parameter.python)));
                }
            }
        }
        lines
    }

    /// Lines that find the sizes, and refuse what does not fit.
    pub fn checked(&self, function: &str, parameters: &[Parameter]) -> Vec<String> {
        let mut lines = Vec::new();
        for (i, parameter) in parameters.iter().enumerate() {
            let sides = sides(&parameter.shape);
            if sides.is_empty() {
                continue;
            }
            let python = &parameter.python;
            let set = self.set(&parameters[..=i], |var| self.readings[var].parameter == i);
            // What is known before this input is compared first, what is read from it afterwards.
            let before = |size: &Dim| size.vars().iter().all(|var| self.readings[var].parameter < i);
            let plain = |axis: usize| self.reads(i, axis).is_some_and(|var| sides[axis] == Dim::var(var.clone()));
            let compared = |early: bool| {
                let axes = (0..sides.len()).filter(|axis| !plain(*axis) && before(&sides[*axis]) == early);
                let conditions = axes.map(|axis| {
                    let size = dim(&sides[axis], &mut |var| self.names[var].clone()).at(Level::Sum);
                    format!("{python}.shape[{axis}] != {size}")
                });
                conditions.collect::<Vec<String>>()
            };
            let shown = sides.iter().filter(|side| side.as_constant().is_none() && before(side));
            let mut with: Vec<String> = shown.map(|side| format!("{side} = {{{}}}", self.text(side))).collect();
            with.dedup();
            let with = if with.is_empty() { String::new() } else { format!(" with {}", with.join(", ")) };
            let wanted = match &parameter.shape {
                Shape::Vector(n) => format!("a vector of {n}"),
                Shape::Matrix(..) | Shape::Scalar => declared(&parameter.shape),
            };
            let refusal = |conditions: Vec<String>| {
                let message =
                    format!("{function}: {} is {wanted}{with}, not {{tuple({python}.shape)}}", parameter.name);
                [format!("if {}:", conditions.join(" or ")), format!("    raise ValueError(f\"{message}\")")]
            };
            let mut early = vec![format!("{python}.dim() != {}", sides.len())];
            early.extend(compared(true));
            lines.extend(refusal(early));
            lines.extend(set);
            let late = compared(false);
            if !late.is_empty() {
                lines.extend(refusal(late));
            }
        }
        lines
    }
}

/// A shape as it is declared: `d x B`.
pub(super) fn declared(shape: &Shape) -> String {
    match shape {
        Shape::Scalar => "a number".to_owned(),
        Shape::Vector(n) => n.to_string(),
        Shape::Matrix(m, n) => format!("{m} x {n}"),
    }
}
