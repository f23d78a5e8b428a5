//! Samples as people and files see them: members, exact raw numbers, sizes.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};

use num_complex::Complex;
use serde_json::{Map, Value as Json, json};

use super::evaluate::Program;
use super::sample::{Numbers, Sample};
use super::trial::Setting;
use super::verdict::{Value, Witness};
use crate::base::{Code, Diagnostic};
use crate::check::VariableKind;
use crate::eval::ValueRef;
use crate::ir::{InputId, Instance, NodeId, Shape};

/// A sample with the members that its raw numbers stand for.
pub fn witness(setting: &Setting<'_>, sample: &Sample, instance: &Instance, margin: (f64, f64)) -> Witness {
    let theorem = setting.theorem;
    let sizes = instance.sizes.iter().map(|(var, size)| (var.name.to_string(), *size)).collect();
    let members: Vec<NodeId> = theorem
        .variables
        .iter()
        .filter_map(|variable| match &variable.kind {
            VariableKind::Member { value, .. } => Some(*value),
            VariableKind::Size(_) | VariableKind::Scalar { .. } => None,
        })
        .collect();
    let program = Program::compile(&setting.layout.graph, &members, instance).ok();
    // Without values the raw numbers still define the witness.
    let machine = program.as_ref().and_then(|program| {
        let mut machine = program.machine();
        machine.load(sample);
        machine.run().ok().map(|()| machine)
    });
    let mut values = Vec::new();
    let mut raw = Vec::new();
    let mut member = 0;
    for variable in &theorem.variables {
        match &variable.kind {
            VariableKind::Size(_) => {}
            VariableKind::Scalar { input, .. } => {
                let value = scalar(*input, sample, instance);
                raw.push((variable.name.clone(), vec![value.clone()]));
                values.push((variable.name.clone(), value));
            }
            VariableKind::Member { raw: inputs, value } => {
                let shape = &setting.layout.graph.ty(*value).shape;
                if let Some(value) = machine.as_ref().and_then(|machine| machine.value(member)) {
                    values.push((variable.name.clone(), of_value(value, shape)));
                }
                member += 1;
                let numbers = inputs.iter().map(|input| raw_value(setting, *input, sample, instance)).collect();
                raw.push((variable.name.clone(), numbers));
            }
        }
    }
    Witness { sizes, values, raw, margin, certified: false, ensemble: ensemble(sample), file: None }
}

/// Shows the values that a case of equality puts for some names, in place of those that were drawn.
pub fn put(
    setting: &Setting<'_>,
    sample: &Sample,
    instance: &Instance,
    values: &[(String, NodeId)],
    witness: &mut Witness,
) {
    let nodes: Vec<NodeId> = values.iter().map(|(_, node)| *node).collect();
    let Ok(program) = Program::compile(&setting.layout.graph, &nodes, instance) else { return };
    let mut machine = program.machine();
    machine.load(sample);
    if machine.run().is_err() {
        return;
    }
    for (place, (name, node)) in values.iter().enumerate() {
        let shown = witness.values.iter_mut().find(|(shown, _)| shown == name);
        if let (Some((_, shown)), Some(value)) = (shown, machine.value(place)) {
            *shown = of_value(value, &setting.layout.graph.ty(*node).shape);
        }
    }
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
    match sample.attack {
        "" => names.join("; "),
        attack => format!("{attack}, from {}", names.join("; ")),
    }
}

/// Where a sample stands, in a few words: sizes, scalars and ensembles.
pub fn place(setting: &Setting<'_>, sample: &Sample, instance: &Instance) -> String {
    let mut words: Vec<String> = instance.sizes.iter().map(|(var, size)| format!("{} = {size}", var.name)).collect();
    for variable in &setting.theorem.variables {
        if let VariableKind::Scalar { input, .. } = &variable.kind {
            words.push(match scalar(*input, sample, instance) {
                Value::Exact(value) => format!("{} = {value}", variable.name),
                // Six decimals would make a zero of it.
                Value::Number(value) if value != 0.0 && value.abs() < 1e-3 => {
                    format!("{} = {value:.3e}", variable.name)
                }
                Value::Number(value) => format!("{} = {value:.6}", variable.name),
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

fn raw_value(setting: &Setting<'_>, input: InputId, sample: &Sample, instance: &Instance) -> Value {
    let shape = &setting.layout.graph.inputs()[input.0 as usize].ty.shape;
    let size = |dim: crate::ir::Dim| dim.eval(&instance.sizes).and_then(|n| usize::try_from(n).ok()).unwrap_or(0);
    let (rows, cols) = (size(shape.rows()), size(shape.cols()));
    match &sample.inputs[input.0 as usize] {
        Numbers::None => Value::Vector(Vec::new()),
        Numbers::Real(entries) => of_value(ValueRef::Real { rows, cols, entries }, shape),
        Numbers::Complex(entries) => of_value(ValueRef::Complex { rows, cols, entries }, shape),
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

/// A value as JSON: numbers with all their digits, complex entries as `[re, im]`, matrices row by row, exact numbers
/// that no double equals as text.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Number(x) => json!(x),
        Value::Exact(x) => {
            use num_traits::{FromPrimitive, ToPrimitive};
            match x.to_f64().filter(|f| num_rational::BigRational::from_f64(*f).is_some_and(|back| back == *x)) {
                Some(f) => json!(f),
                None => json!(x.to_string()),
            }
        }
        Value::Vector(x) => json!(x),
        Value::Matrix(x) => json!(x),
        Value::Complex(x) => json!(x),
        Value::ComplexVector(x) => json!(x),
        Value::ComplexMatrix(x) => json!(x),
    }
}

/// Where witnesses are written.
pub struct Folder {
    path: PathBuf,
    used: BTreeSet<String>,
}

impl Folder {
    /// Makes the folder where it does not exist, and tries to write to it.
    ///
    /// # Errors
    /// [`Code::E0805`] when that fails.
    pub fn open(path: &Path) -> Result<Folder, Diagnostic> {
        let unwritable = |error: std::io::Error| {
            Diagnostic::new(Code::E0805, format!("the folder {} cannot be written", path.display()))
                .note(error.to_string())
                .help("name a folder that can be made and written with --out FOLDER")
        };
        std::fs::create_dir_all(path).map_err(unwritable)?;
        tempfile::NamedTempFile::new_in(path).map_err(unwritable)?;
        Ok(Folder { path: path.to_path_buf(), used: BTreeSet::new() })
    }

    /// Writes a witness to a file of its own, all of it or nothing, and returns the file's name.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn write(&mut self, (file, theorem, claim): (&str, &str, &str), witness: &Witness) -> std::io::Result<String> {
        let stem = format!("{}-{}", slug(theorem), slug(claim));
        // Names that differ only in signs that file names leave out get numbers.
        let mut name = stem.clone();
        let mut number = 2;
        while !self.used.insert(name.clone()) {
            name = format!("{stem}-{number}");
            number += 1;
        }
        let object = |pairs: Vec<(&String, Json)>| {
            Json::Object(pairs.into_iter().map(|(name, value)| (name.clone(), value)).collect::<Map<_, _>>())
        };
        let content = json!({
            "schema": 1,
            "file": file,
            "theorem": theorem,
            "claim": claim,
            "sizes": object(witness.sizes.iter().map(|(name, size)| (name, json!(size))).collect()),
            "values": object(witness.values.iter().map(|(name, value)| (name, to_json(value))).collect()),
            "raw": object(
                witness.raw.iter().map(|(name, values)| (name, values.iter().map(to_json).collect())).collect()
            ),
            "margin": [witness.margin.0, witness.margin.1],
            "ensemble": witness.ensemble,
        });
        let path = self.path.join(format!("{name}.json"));
        let mut temporary = tempfile::NamedTempFile::new_in(&self.path)?;
        serde_json::to_writer_pretty(&mut temporary, &content)?;
        temporary.write_all(b"\n")?;
        temporary.persist(&path).map_err(|error| error.error)?;
        Ok(path.display().to_string())
    }
}

/// A name as part of a file name: letters and digits, and single hyphens for all else.
fn slug(name: &str) -> String {
    let mut slug = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() {
            slug.extend(c.to_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.trim_end_matches('-').chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_are_file_names() {
        assert_eq!(slug("Proposition 4.7 (3)"), "proposition-4-7-3");
        assert_eq!(slug("../α <= β"), "α-β");
    }
}
