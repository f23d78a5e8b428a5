//! Emitted modules in PyTorch compute what tch computes: values and gradients, forward and backward, in both precisions, at
//! more than one batch size, where decompositions degenerate, and under `torch.compile`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use loewner::Loewner;
use loewner::torch::emit::{Request, pytorch};
use loewner::torch::{CompiledLoss, Options, Source, Tensor};
use num_rational::BigRational;
use serde_json::{Value, json};

const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/emitted.lw");

/// Where the inputs are.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Point {
    Ordinary,
    /// All columns are one, or all rows.
    Collapsed,
    /// Columns of the identity.
    Orthonormal,
}

/// Numbers from −1 to 1 that depend on a seed: a linear congruence (Knuth, The Art of Computer Programming, volume 2).
fn numbers(count: usize, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(12345);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// An input by its name: masks hide every other patch, everything else is an m × n matrix.
fn input(name: &str, point: Point, sizes: (usize, usize), seed: u64) -> Value {
    let patches = (7, 4);
    match name {
        "mask" => json!((0..patches.0).map(|i| (i % 2) as f64).collect::<Vec<_>>()),
        _ => {
            let (rows, cols) = if matches!(name, "pred" | "target") { patches } else { sizes };
            let entries = numbers(rows * cols, seed);
            let entry = |i: usize, j: usize| match point {
                Point::Ordinary => entries[i * cols + j],
                Point::Collapsed => entries[i],
                Point::Orthonormal => f64::from(u8::from(i == j % rows)),
            };
            json!((0..rows).map(|i| (0..cols).map(|j| entry(i, j)).collect::<Vec<_>>()).collect::<Vec<_>>())
        }
    }
}

fn tensor(value: &Value, kind: tch::Kind) -> Tensor {
    let rows = value.as_array().unwrap();
    let of = |row: &Value| row.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect::<Vec<_>>();
    let tensor = match rows[0] {
        Value::Array(_) => {
            let entries: Vec<f64> = rows.iter().flat_map(of).collect();
            Tensor::from_slice(&entries).reshape([rows.len() as i64, -1])
        }
        _ => Tensor::from_slice(&of(value)),
    };
    tensor.to_kind(kind)
}

fn written(tensor: &Tensor) -> Value {
    let entries: Vec<f64> = Vec::try_from(tensor.to_kind(tch::Kind::Double).contiguous().reshape(-1)).unwrap();
    match tensor.size().as_slice() {
        [_, cols] => json!(entries.chunks(*cols as usize).collect::<Vec<_>>()),
        [_] => json!(entries),
        _ => json!(entries[0]),
    }
}

struct Loss {
    name: &'static str,
    set: Vec<(&'static str, i64)>,
    /// A search for a cheaper form at sizes where one is known.
    sizes: Option<(i64, i64)>,
}

fn loss(name: &'static str) -> Loss {
    Loss { name, set: Vec::new(), sizes: None }
}

fn losses() -> Vec<Loss> {
    let mut all: Vec<Loss> = [
        "tcr_of_gram",
        "m_mae",
        "u_mae",
        "m_mae_entropy",
        "h1",
        "h2",
        "i1",
        "i2",
        "with_temperature",
        "info_nce",
        "spectral_contrastive",
        "barlow_twins",
        "vicreg",
        "byol",
        "simsiam",
        "matrix_ssl",
        "mec",
        "uniformity",
    ]
    .map(loss)
    .into();
    all.push(Loss { set: vec![("alpha", 2)], ..loss("m_mae_entropy") });
    all.push(Loss { set: vec![("alpha", 3)], ..loss("h_any") });
    // The Gram matrix of 40 samples in 3 dimensions: the form with the covariance is cheaper.
    all.push(Loss { set: vec![("mu", 1)], sizes: Some((3, 40)), ..loss("tcr_of_gram") });
    all
}

fn open(loewner: &mut Loewner, name: &str) -> (Source, CompiledLoss) {
    loewner.load(OWN).unwrap();
    let source = loewner.loss_source(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    let options = Options { search: Duration::ZERO, ..Options::default() };
    (source, loewner.loss(name).unwrap().with_options(options))
}

/// What tch makes of a case in one precision.
fn expected(compiled: &CompiledLoss, inputs: &[(String, Value)], by: &[&str], kind: tch::Kind) -> Value {
    let tensors: Vec<(&str, Tensor)> = inputs.iter().map(|(name, x)| (name.as_str(), tensor(x, kind))).collect();
    let named: Vec<(&str, &Tensor)> = tensors.iter().map(|(name, x)| (*name, x)).collect();
    let (value, gradients) = compiled.value_and_gradients(&named, by).unwrap();
    let gradients: Vec<Value> = by.iter().zip(&gradients).map(|(name, g)| json!([name, written(g)])).collect();
    json!({"value": written(&value), "gradients": gradients})
}

/// The Python that has torch.
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/venv/bin/python");
    if own.exists() { own } else { PathBuf::from("python3") }
}

fn compared(cases: &[Value], folder: &Path) {
    let file = folder.join("cases.json");
    std::fs::write(&file, serde_json::to_string(cases).unwrap()).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/torch/emitted.py");
    let output = Command::new(python()).arg(script).arg(&file).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(text.lines().next(), Some(format!("{} cases", cases.len()).as_str()));
}

/// The cases of a loss, its module written to the folder.
fn cases(loewner: &mut Loewner, loss: &Loss, folder: &Path, number: usize) -> Vec<Value> {
    let (source, mut compiled) = open(loewner, loss.name);
    let mut request = Request { search: Duration::ZERO, ..Request::default() };
    for (name, value) in &loss.set {
        let value = BigRational::from_integer((*value).into());
        request.constants.insert(source.input(name).unwrap().input, value.clone());
        compiled = compiled.set(name, value).unwrap();
    }
    if let Some((d, batch)) = loss.sizes {
        request.search = Duration::from_secs(20);
        for var in source.size_vars() {
            let n = if &*var.name == "d" { d } else { batch };
            request.sizes.insert(var, n);
        }
    }
    let text =
        pytorch(&source, &request, loewner::prove::rules()).unwrap_or_else(|error| panic!("{}: {error:?}", loss.name));
    if loss.sizes.is_some() {
        assert!(text.contains("Z @ Z.T"), "the cheaper form was not found:\n{text}");
    }
    let module = folder.join(format!("{}_{number}.py", loss.name));
    std::fs::write(&module, text).unwrap();
    let shaped = |name: &str| {
        let input = source.input(name).unwrap();
        source.graph.inputs()[input.input.0 as usize].ty.shape != loewner::ir::Shape::Scalar
    };
    let names: Vec<String> = source.inputs.iter().map(|input| input.name.clone()).filter(|name| shaped(name)).collect();
    let by: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != "mask").collect();
    let points = [
        (Point::Ordinary, (5, 8)),
        (Point::Ordinary, (6, 3)),
        (Point::Collapsed, (4, 6)),
        (Point::Orthonormal, (4, 4)),
        (Point::Orthonormal, (3, 6)),
    ];
    points
        .iter()
        .enumerate()
        .map(|(at, (point, sizes))| {
            let inputs: Vec<(String, Value)> = names
                .iter()
                .enumerate()
                .map(|(i, name)| (name.clone(), input(name, *point, *sizes, (10 * at + i) as u64)))
                .collect();
            json!({
                "module": module, "function": loss.name, "label": format!("{point:?}").to_lowercase(),
                "inputs": inputs, "by": by, "scalars": {}, "compile": false,
                "f64": expected(&compiled, &inputs, &by, tch::Kind::Double),
                "f32": expected(&compiled, &inputs, &by, tch::Kind::Float),
            })
        })
        .collect()
}

#[test]
fn modules_agree_with_tch() {
    let folder = tempfile::tempdir().unwrap();
    let mut loewner = Loewner::new();
    let mut all = Vec::new();
    for (number, loss) in losses().iter().enumerate() {
        all.extend(cases(&mut loewner, loss, folder.path(), number));
    }
    compared(&all, folder.path());
}

#[test]
fn modules_compile() {
    let folder = tempfile::tempdir().unwrap();
    let mut loewner = Loewner::new();
    let mut all = Vec::new();
    for (number, name) in ["tcr_of_gram", "info_nce", "h2"].into_iter().enumerate() {
        let mut found = cases(&mut loewner, &loss(name), folder.path(), number);
        found.truncate(2);
        for case in &mut found {
            case["compile"] = json!(true);
            case["label"] = json!("compiled");
            // A second precision would be compiled anew.
            case.as_object_mut().unwrap().remove("f64");
        }
        all.extend(found);
    }
    compared(&all, folder.path());
}

#[test]
fn singular_values_are_for_given_sizes() {
    let folder = tempfile::tempdir().unwrap();
    let mut loewner = Loewner::new();
    let (source, compiled) = open(&mut loewner, "effective_rank");
    let open = pytorch(&source, &Request::default(), loewner::prove::rules()).unwrap_err();
    assert!(open.message.contains("for given sizes only"), "{}", open.message);
    let mut all = Vec::new();
    for (number, sizes) in [(5, 8), (6, 3)].into_iter().enumerate() {
        let mut request = Request { search: Duration::ZERO, ..Request::default() };
        for (var, n) in source.size_vars().into_iter().zip([sizes.0, sizes.1]) {
            request.sizes.insert(var, n);
        }
        let module = folder.path().join(format!("effective_rank_{number}.py"));
        std::fs::write(&module, pytorch(&source, &request, loewner::prove::rules()).unwrap()).unwrap();
        let inputs = [("A".to_owned(), input("A", Point::Ordinary, (sizes.0 as usize, sizes.1 as usize), 3))];
        all.push(json!({
            "module": module, "function": "effective_rank", "label": "ordinary", "inputs": inputs, "by": ["A"],
            "scalars": {}, "compile": false,
            "f64": expected(&compiled, &inputs, &["A"], tch::Kind::Double),
            "f32": expected(&compiled, &inputs, &["A"], tch::Kind::Float),
        }));
    }
    compared(&all, folder.path());
}

/// A learnt temperature, and what a module refuses.
#[test]
fn parameters_can_be_learnt_and_mistakes_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut loewner = Loewner::new();
    let (source, _) = open(&mut loewner, "with_temperature");
    let by = ["Z1", "Z2", "tau"].map(|name| source.input(name).unwrap().input).to_vec();
    let learnt = Request { search: Duration::ZERO, by: Some(by), ..Request::default() };
    let fixed = Request { search: Duration::ZERO, ..Request::default() };
    for (name, request) in [("learnt", &learnt), ("fixed", &fixed)] {
        let text = pytorch(&source, request, loewner::prove::rules()).unwrap();
        std::fs::write(folder.path().join(format!("{name}.py")), text).unwrap();
    }
    let script = r#"
import torch, learnt, fixed
torch.manual_seed(0)
Z1, Z2 = torch.randn(5, 7, dtype=torch.float64), torch.randn(5, 7, dtype=torch.float64)
tau = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
learnt.with_temperature(Z1, Z2, tau).backward()
h = 1e-5
slope = (learnt.with_temperature(Z1, Z2, 0.3 + h) - learnt.with_temperature(Z1, Z2, 0.3 - h)) / (2 * h)
assert abs(tau.grad - slope) < 1e-7, (tau.grad, slope)
assert torch.autograd.gradcheck(lambda x: fixed.with_temperature(x, Z2), Z1.clone().requires_grad_())

def refuses(words, *arguments):
    try:
        fixed.with_temperature(*arguments)
    except ValueError as error:
        assert words in str(error), error
    else:
        raise AssertionError(words)

refuses("Z1 is d x B, not (5,)", Z1[:, 0], Z2)
refuses("Z2 is d x B with d = 5, B = 7, not (5, 6)", Z1, Z2[:, :6])
refuses("no gradient by tau", Z1, Z2, tau)
refuses("2 <= B is required", Z1[:, :1], Z2[:, :1])
refuses("0 < tau is required", Z1, Z2, -1.0)
refuses("real", Z1.to(torch.complex64), Z2)
"#;
    let output = Command::new(python()).current_dir(folder.path()).args(["-c", script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_example_trains() {
    let folder = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/train_with_emitted.py");
    let mut command = Command::new(python());
    command.arg(script).current_dir(folder.path()).env("LOEWNER", env!("CARGO_BIN_EXE_loewner"));
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(String::from_utf8_lossy(&output.stdout).contains("trained"));
}
