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

/// The entries of a gradient that are taken for large in single precision: smaller ones may be what rounding left of 0.
const SMALL: f64 = 1e-2;

/// What has no gradient where its spectrum is repeated: any of many subgradients may be found there.
const KINKED: [&str; 2] = ["case_spectral", "case_largest"];

/// Losses in which something is held still: a target, or for `renyi` the greatest entry, on which the value does not rest.
const HELD: [&str; 7] =
    ["byol", "byol_symmetric", "simsiam", "negative_cosine", "mec_official", "matrix_ssl_official", "renyi"];

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
    apart_at(x, y, 1.0)
}

/// The largest difference relative to the largest entry, or to what is negligible.
fn apart_at(x: &[f64], y: &[f64], least: f64) -> f64 {
    assert_eq!(x.len(), y.len());
    let scale = x.iter().chain(y).fold(least, |max, x| if x.is_finite() { max.max(x.abs()) } else { max });
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

/// What torch's own gradient is at a case.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Autograd {
    /// The same as ours.
    Same,
    /// Finite and different, where ours is a subgradient or rests on a stop or on the support.
    Different,
    /// Not finite.
    NotFinite,
}

fn by_autograd(loss: &CompiledLoss, case: &Case, ours: &[Vec<f64>]) -> Autograd {
    let mut tensors: Vec<Tensor> = case.inputs.iter().map(|(_, x, v)| tensor(x, *v, tch::Kind::Double)).collect();
    tensors.iter_mut().for_each(|tensor| *tensor = tensor.set_requires_grad(true));
    let named: Vec<(&str, &Tensor)> = case.inputs.iter().map(|(name, ..)| name.as_str()).zip(&tensors).collect();
    let value = loss.forward_by_autograd(&named).unwrap_or_else(|error| panic!("{}: {error:?}", case.name));
    if !value.requires_grad() {
        return Autograd::Same;
    }
    value.backward();
    let mut found = Autograd::Same;
    for (tensor, ours) in tensors.iter().zip(ours) {
        let gradient = tensor.grad();
        // What nothing rests on has no gradient in torch.
        let theirs = if gradient.defined() { entries(&gradient) } else { vec![0.0; ours.len()] };
        if theirs.iter().any(|x| !x.is_finite()) {
            return Autograd::NotFinite;
        }
        if apart(ours, &theirs) > 1e-7 {
            found = Autograd::Different;
        }
    }
    found
}

/// The largest difference of the gradients and central differences, relative to the largest entry.
fn from_differences(loss: &CompiledLoss, case: &Case, gradients: &[Vec<f64>]) -> f64 {
    const STEP: f64 = 1e-5;
    let mut worst = 0.0f64;
    for (i, gradient) in gradients.iter().enumerate() {
        let (name, x, _) = &case.inputs[i];
        let symmetric = x.nrows() == x.ncols() && *x == x.transpose() && !name.starts_with('Z');
        let value = |at: usize, step: f64| {
            let tensors: Vec<Tensor> = case.inputs.iter().map(|(_, x, v)| tensor(x, *v, tch::Kind::Double)).collect();
            let (rows, cols) = (case.inputs[i].1.nrows() as i64, case.inputs[i].1.ncols() as i64);
            let moved = tensors[i].reshape([rows * cols]).copy();
            // Of a symmetric matrix two entries move, each half as far.
            let (row, col) = (at as i64 / cols, at as i64 % cols);
            let both = if symmetric { [row * cols + col, col * cols + row] } else { [row * cols + col; 2] };
            for at in both {
                let _ = moved.get(at).fill_(moved.double_value(&[at]) + step / 2.0);
            }
            let moved = moved.reshape(tensors[i].size());
            let named: Vec<(&str, &Tensor)> = case
                .inputs
                .iter()
                .map(|(name, ..)| name.as_str())
                .collect::<Vec<_>>()
                .into_iter()
                .zip(tensors.iter().enumerate().map(|(k, x)| if k == i { &moved } else { x }))
                .collect();
            loss.forward(&named).unwrap().double_value(&[])
        };
        let slopes: Vec<f64> =
            (0..gradient.len()).map(|at| (value(at, STEP) - value(at, -STEP)) / (2.0 * STEP)).collect();
        worst = worst.max(apart(gradient, &slopes));
    }
    worst
}

/// The names of everything that is tried.
fn names(loewner: &mut Loewner) -> Vec<String> {
    loewner.load(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/matrices.lw")).unwrap();
    let text = include_str!("torch/matrices.lw");
    let own = text.lines().filter_map(|line| line.strip_prefix("def ")?.split('(').next());
    let library: Vec<String> = loewner.session().library().map(|def| def.def.name.name.clone()).collect();
    library.into_iter().chain(own.map(str::to_owned)).collect()
}

/// The table of what torch's own gradient is, which is kept beside the test; `LOEWNER_WRITE=1` writes it anew.
fn tell(table: &BTreeMap<(String, &str), [usize; 3]>) {
    let mut text = include_str!("torch/autograd_head.md").to_owned();
    for ((name, kind), [same, different, not_finite]) in table.iter().filter(|(_, counts)| counts[1] + counts[2] > 0) {
        let name = name.strip_prefix("case_").unwrap_or(name);
        let _ = writeln!(text, "| `{name}` | {kind} | {not_finite} | {different} | {same} |");
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/AUTOGRAD.md");
    if std::env::var_os("LOEWNER_WRITE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    // Where a spectrum is repeated or zero up to rounding only, it rests on the rounding which of the two torch's gradient is.
    let exact = |text: &str| -> Vec<String> {
        let rounded = |line: &&str| line.contains("| rank one |") || line.contains("| repeated spectrum |");
        text.lines().filter(|line| !rounded(line)).map(str::to_owned).collect()
    };
    let kept = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        exact(&kept),
        exact(&text),
        "tests/torch/AUTOGRAD.md is out of date: run this test with LOEWNER_WRITE=1"
    );
}

/// Points at which no loss has a kink: the ordinary ones.
#[test]
fn gradients_are_those_of_central_differences() {
    let mut loewner = Loewner::new();
    let names = names(&mut loewner);
    let mut wrong = String::new();
    let mut compared = 0;
    for opened in &losses(loewner.session(), &names) {
        // A value that is held still has no gradient, and changes all the same.
        if HELD.contains(&opened.name.as_str()) {
            continue;
        }
        let cases = cases(opened);
        let Some(case) = cases.iter().find(|case| case.kind == Kind::Ordinary) else { continue };
        let Some((_, gradients)) = on_faer(&mut loewner, case, opened) else { continue };
        let loss = compiled(&mut loewner, case);
        let ours = on_torch(&loss, case, tch::Kind::Double).1;
        assert_eq!(ours.len(), gradients.len());
        let gradients = ours;
        let worst = from_differences(&loss, case, &gradients);
        compared += 1;
        if worst.is_nan() || worst > 1e-6 {
            let _ = writeln!(wrong, "{}: {worst:e}", case.name);
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(compared > 80, "only {compared}");
}

#[test]
fn torch_agrees_with_faer_in_both_precisions() {
    let mut loewner = Loewner::new();
    let names = names(&mut loewner);
    let all = losses(loewner.session(), &names);
    let mut wrong = String::new();
    let mut table: BTreeMap<(String, &str), [usize; 3]> = BTreeMap::new();
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
            let autograd = by_autograd(&loss, &case, &gradients);
            table.entry((case.name.clone(), case.kind.name())).or_default()[autograd as usize] += 1;
            for (kind, tolerance) in [(tch::Kind::Double, 1e-10), (tch::Kind::Float, 2e-3)] {
                let (found, mut found_gradients) = on_torch(&loss, &case, kind);
                let finite = found_gradients.iter().flatten().all(|x| x.is_finite());
                if found.is_finite() && !finite {
                    let _ = writeln!(wrong, "{} {} {kind:?}: a gradient is not finite", case.name, case.kind.name());
                }
                let mut differences = vec![apart(&[value], &[found])];
                if KINKED.contains(&case.name.as_str()) && case.kind == Kind::Repeated {
                    // For f(tx) = t f(x) every subgradient has ⟨g, x⟩ = f(x).
                    let inner: f64 =
                        found_gradients[0].iter().zip(rows_of(&case.inputs[0].1)).map(|(g, x)| g * x).sum();
                    differences.push(apart(&[value], &[inner]));
                    found_gradients.clone_from(&gradients);
                }
                // Small gradients are as good as great ones, down to what rounding leaves of one that is 0.
                let least = if kind == tch::Kind::Double { 1.0 } else { SMALL };
                differences.extend(gradients.iter().zip(&found_gradients).map(|(a, b)| apart_at(a, b, least)));
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
    tell(&table);
    println!("{} losses, {compared} cases compared, {undefined} without a value", all.len());
    assert!(wrong.is_empty(), "\n{wrong}");
    assert!(compared > 600, "only {compared} cases were compared");
}
