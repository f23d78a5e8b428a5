//! One table of cases for all treatments: every definition of the library on torch, in double and single precision, against
//! the evaluator on faer, with gradients against central differences and against torch's own.

#[path = "torch/points.rs"]
mod points;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use faer::Mat;
use loewner::Loewner;
use loewner::check::{Opened, Parameter};
use loewner::ir::{Dim, Set, SizeVar};
use loewner::torch::{CompiledLoss, Options, Tensor};
use num_rational::BigRational;
use points::{Kind, losses, member};

/// The sizes of the first name, the second and so on: fewer columns than rows, more, and as many.
const SIZES: [[i64; 4]; 3] = [[3, 5, 2, 3], [5, 3, 3, 2], [4, 4, 2, 2]];

/// What a parameter is that has no default.
fn parameter(name: &str) -> f64 {
    match name {
        "alpha" => 2.5,
        "eps2" => 0.5,
        "tau" => 0.5,
        _ => 1.5,
    }
}

/// What has no gradient where its spectrum is repeated: any of many subgradients may be found there.
const KINKED: [&str; 2] = ["case_spectral", "case_largest"];

/// One loss at one point.
struct Case {
    name: String,
    kind: Kind,
    /// Names with their matrices; scalars are among the constants.
    inputs: Vec<(String, Mat<f64>, bool)>,
    constants: Vec<(String, f64)>,
}

fn tensor(matrix: &Mat<f64>, vector: bool, kind: tch::Kind) -> Tensor {
    let entries: Vec<f64> = matrix.col_iter().flat_map(|col| col.iter().copied().collect::<Vec<_>>()).collect();
    let (rows, cols) = (matrix.nrows() as i64, matrix.ncols() as i64);
    let tensor = Tensor::from_slice(&entries).to_kind(kind);
    if vector { tensor } else { tensor.reshape([cols, rows]).transpose(0, 1).contiguous() }
}

fn entries(tensor: &Tensor) -> Vec<f64> {
    Vec::try_from(tensor.detach().to_kind(tch::Kind::Double).contiguous().reshape(-1)).unwrap()
}

/// The entries row by row, as torch's lie.
fn rows_of(matrix: &Mat<f64>) -> Vec<f64> {
    matrix.row_iter().flat_map(|row| row.iter().copied().collect::<Vec<_>>()).collect()
}

fn cases(opened: &Opened) -> Vec<Case> {
    let mut cases = Vec::new();
    for sizes in SIZES {
        let vars: Vec<&SizeVar> = opened.sizes.values().collect();
        let values: BTreeMap<SizeVar, i64> =
            vars.iter().enumerate().map(|(i, var)| ((*var).clone(), sizes[i % sizes.len()])).collect();
        'kinds: for kind in Kind::ALL {
            let mut case = Case { name: opened.name.clone(), kind, inputs: Vec::new(), constants: Vec::new() };
            for (i, Parameter { name, domain, default, .. }) in opened.parameters.iter().enumerate() {
                if domain.set == Set::Real {
                    if default.is_none() {
                        case.constants.push((name.clone(), parameter(name)));
                    }
                    continue;
                }
                let shape = domain.ty().shape;
                let size = |dim: Dim| dim.eval(&values).unwrap() as usize;
                let (rows, cols) = (size(shape.rows()), size(shape.cols()));
                // Weights are ordinary whatever the rest is.
                let of = if name.to_lowercase() == "w" { Kind::Ordinary } else { kind };
                let Some(matrix) = member(domain, rows, cols, of, i as u64) else { continue 'kinds };
                let vector = matches!(shape, loewner::ir::Shape::Vector(_));
                case.inputs.push((name.clone(), matrix, vector));
            }
            cases.push(case);
        }
    }
    cases
}

/// What faer makes of a case: the value and the gradients, or nothing where it says that there is none.
fn on_faer(loewner: &mut Loewner, case: &Case, opened: &Opened) -> Option<(f64, Vec<Vec<f64>>)> {
    for (name, matrix, _) in &case.inputs {
        loewner.set(name, matrix.as_ref());
    }
    let args: Vec<String> = opened
        .parameters
        .iter()
        .filter_map(|parameter| {
            let name = &parameter.name;
            if case.inputs.iter().any(|(known, ..)| known == name) {
                return Some(format!("{name} = {name}"));
            }
            let (_, value) = case.constants.iter().find(|(known, _)| known == name)?;
            Some(format!("{name} = {value}"))
        })
        .collect();
    let call = format!("{}({})", case.name, args.join(", "));
    let value = loewner.evaluate(&call).ok()?.scalar()?;
    let gradients: Option<Vec<Vec<f64>>> =
        case.inputs.iter().map(|(name, ..)| Some(rows_of(&loewner.gradient(&call, name).ok()?.matrix()?))).collect();
    Some((value, gradients?))
}

fn compiled(loewner: &mut Loewner, case: &Case) -> CompiledLoss {
    // What rewriting makes of an expression agrees with it on faer, which other tests show.
    let options = Options { search: Duration::ZERO, ..Options::default() };
    let mut loss = loewner.loss(&case.name).unwrap().with_options(options);
    for (name, value) in &case.constants {
        loss = loss.set(name, BigRational::from_float(*value).unwrap()).unwrap();
    }
    loss
}

/// The largest difference relative to the largest entry, or to 1.
fn apart(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len());
    let scale = x.iter().chain(y).fold(1.0f64, |max, x| if x.is_finite() { max.max(x.abs()) } else { max });
    x.iter().zip(y).fold(0.0, |max, (x, y)| {
        let difference = if x == y || (x.is_nan() && y.is_nan()) { 0.0 } else { (x - y).abs() / scale };
        if difference.is_nan() { f64::INFINITY } else { max.max(difference) }
    })
}

fn on_torch(loss: &CompiledLoss, case: &Case, kind: tch::Kind) -> (f64, Vec<Vec<f64>>) {
    let mut tensors: Vec<Tensor> = case.inputs.iter().map(|(_, x, vector)| tensor(x, *vector, kind)).collect();
    tensors.iter_mut().for_each(|tensor| *tensor = tensor.set_requires_grad(true));
    let named: Vec<(&str, &Tensor)> = case.inputs.iter().map(|(name, ..)| name.as_str()).zip(&tensors).collect();
    let value = loss.forward(&named).unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    value.backward();
    let gradients = tensors.iter().map(|tensor| entries(&tensor.grad())).collect();
    (entries(&value)[0], gradients)
}

/// The names of everything that is tried.
fn names(loewner: &mut Loewner) -> Vec<String> {
    loewner.load(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/matrices.lw")).unwrap();
    let text = include_str!("torch/matrices.lw");
    let own = text.lines().filter_map(|line| line.strip_prefix("def ")?.split('(').next());
    let library: Vec<String> = loewner.session().library().map(|def| def.def.name.name.clone()).collect();
    library.into_iter().chain(own.map(str::to_owned)).collect()
}

#[test]
fn torch_agrees_with_faer_in_both_precisions() {
    let mut loewner = Loewner::new();
    let names = names(&mut loewner);
    let all = losses(loewner.session(), &names);
    let mut wrong = String::new();
    let (mut compared, mut undefined) = (0, 0);
    for opened in &all {
        let cases = cases(opened);
        let Some(first) = cases.first() else { continue };
        let loss = compiled(&mut loewner, first);
        for case in cases {
            let Some((value, gradients)) = on_faer(&mut loewner, &case, opened) else {
                undefined += 1;
                continue;
            };
            compared += 1;
            for (kind, tolerance) in [(tch::Kind::Double, 1e-10), (tch::Kind::Float, 2e-3)] {
                let (found, mut found_gradients) = on_torch(&loss, &case, kind);
                let mut differences = vec![apart(&[value], &[found])];
                if KINKED.contains(&case.name.as_str()) && case.kind == Kind::Repeated {
                    // For f(tx) = t f(x) every subgradient has ⟨g, x⟩ = f(x).
                    let inner: f64 =
                        found_gradients[0].iter().zip(rows_of(&case.inputs[0].1)).map(|(g, x)| g * x).sum();
                    differences.push(apart(&[value], &[inner]));
                    found_gradients.clone_from(&gradients);
                }
                differences.extend(gradients.iter().zip(&found_gradients).map(|(a, b)| apart(a, b)));
                let worst = differences.iter().copied().fold(0.0, f64::max);
                if worst.is_nan() || worst > tolerance {
                    let sizes: Vec<_> =
                        case.inputs.iter().map(|(n, x, _)| format!("{n} {}x{}", x.nrows(), x.ncols())).collect();
                    let _ = writeln!(
                        wrong,
                        "{} {} {:?} {}: {differences:?} {value} {found}",
                        case.name,
                        case.kind.name(),
                        kind,
                        sizes.join(" ")
                    );
                }
            }
        }
    }
    println!("{} losses, {compared} cases compared, {undefined} without a value", all.len());
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(compared > 600, "only {compared} cases were compared");
}
