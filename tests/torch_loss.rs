//! Losses on torch as a network meets them: closed forms where textbook gradients break down, precisions, mistakes, and
//! programs that wait for nothing.

use std::collections::BTreeMap;
use std::time::Duration;

use loewner::Loewner;
use loewner::base::Code;
use loewner::ir::Shape;
use loewner::torch::{CompiledLoss, Device, Libtorch, Options, Tensor};
use tch::Kind;

const TEXT: &str = "
def h_1(Z: Mat[d, B]) -> Real = entropy(gram(Z), 1)
def h_2(Z: Mat[d, B]) -> Real = entropy(gram(Z), 2)
def rate(Z: Mat[d, B]) -> Real = coding_rate(Z, 1)
";

fn loss(name: &str) -> CompiledLoss {
    let mut loewner = Loewner::new();
    loewner.define(TEXT).unwrap();
    // The search takes seconds where the program is not optimised, and its outcome is tested elsewhere.
    loewner.loss(name).unwrap().with_options(Options { search: Duration::ZERO, ..Options::default() })
}

fn gradient(loss: &CompiledLoss, z: &Tensor) -> (f64, Tensor) {
    let z = z.copy().set_requires_grad(true);
    let value = loss.forward(&[("Z", &z)]).unwrap();
    assert_eq!(value.size(), Vec::<i64>::new());
    value.backward();
    (value.double_value(&[]), z.grad())
}

fn close(x: &Tensor, y: &Tensor, tolerance: f64) {
    let difference = (x.to_kind(Kind::Double) - y.to_kind(Kind::Double)).abs().max().double_value(&[]);
    assert!(difference <= tolerance, "{difference:e} apart");
}

/// Orthonormal columns of size d: the Gram matrix is the identity, every eigenvalue 1 and repeated. dH_1/dK at K = I is
/// (log B − 1)/B I by K's own formula −(1/B)(log(K/B) + I), so that the gradient is 2 (log B − 1)/B Z.
#[test]
fn the_entropy_has_its_gradient_at_an_orthonormal_batch() {
    for (kind, tolerance) in [(Kind::Double, 1e-13), (Kind::Float, 1e-6)] {
        let (d, b) = (48, 16);
        tch::manual_seed(1);
        let (z, _) = Tensor::linalg_qr(&Tensor::randn([d, b], (Kind::Double, tch::Device::Cpu)), "reduced");
        for z in [z.to_kind(kind), Tensor::eye_m(d, b, (kind, tch::Device::Cpu))] {
            let (value, gradient) = gradient(&loss("h_1"), &z);
            let n = b as f64;
            assert!((value - n.ln()).abs() < 10.0 * tolerance, "{value}");
            close(&gradient, &(z * (2.0 * (n.ln() - 1.0) / n)), tolerance);
        }
    }
}

/// A collapsed batch: Z = z 1', the Gram matrix is all ones, its only eigenvalue that is not 0 is B. The entropy is 0, and
/// along the row space of Z its gradient is −(2/B) Z: −(1/B)(log 1 + 1) on the support, twice, times Z.
#[test]
fn the_entropy_has_its_gradient_at_a_collapsed_batch() {
    for (kind, tolerance) in [(Kind::Double, 1e-13), (Kind::Float, 1e-6)] {
        let (d, b) = (12i64, 32i64);
        tch::manual_seed(2);
        let column = Tensor::randn([d, 1], (Kind::Double, tch::Device::Cpu));
        let column = &column / column.norm();
        let z = column.expand([d, b], false).contiguous().to_kind(kind);
        let (value, gradient) = gradient(&loss("h_1"), &z);
        assert!(value.abs() < 100.0 * tolerance, "{value}");
        close(&gradient, &(&z * (-2.0 / b as f64)), tolerance);
    }
}

/// log det(I + ZZ') of a collapsed batch is log(1 + B), and its gradient 2 Z/(1 + B).
#[test]
fn the_coding_rate_has_its_gradient_at_a_collapsed_batch() {
    let (d, b) = (8i64, 20i64);
    let z = Tensor::full([d, b], 1.0 / (d as f64).sqrt(), (Kind::Double, tch::Device::Cpu));
    let (value, gradient) = gradient(&loss("rate"), &z);
    assert!((value - 21f64.ln()).abs() < 1e-13);
    close(&gradient, &(&z * (2.0 / 21.0)), 1e-13);
}

/// Gradients reach what the tensors were made from, and are scaled by what comes after.
#[test]
fn the_gradient_goes_on_through_a_network() {
    tch::manual_seed(3);
    let weights = Tensor::randn([5, 3], (Kind::Double, tch::Device::Cpu)).set_requires_grad(true);
    let x = Tensor::randn([7, 5], (Kind::Double, tch::Device::Cpu));
    // Samples are rows in a network, and columns here.
    let z = x.matmul(&weights).tr();
    let value = loss("h_2").forward(&[("Z", &z)]).unwrap() * 3.0;
    value.backward();
    let ours = weights.grad().copy();
    // H_2 = −log(‖G‖²/B²) by torch itself.
    let mut other = weights.detach().copy().set_requires_grad(true);
    let z = x.matmul(&other).tr();
    let gram = z.tr().matmul(&z);
    (-(gram.square().sum(Kind::Double) / 49.0).log() * 3.0).backward();
    close(&ours, &other.grad(), 1e-13);
    other.zero_grad();
}

#[test]
fn half_precision_is_computed_with_in_single() {
    tch::manual_seed(4);
    let z = Tensor::randn([6, 9], (Kind::Float, tch::Device::Cpu));
    for (kind, tolerance) in [(Kind::BFloat16, 0.02), (Kind::Half, 2e-3)] {
        let rounded = z.to_kind(kind);
        let (value, gradient_of_half) = gradient(&loss("h_1"), &rounded);
        let (exact, gradient_of_single) = gradient(&loss("h_1"), &rounded.to_kind(Kind::Float));
        assert_eq!(gradient_of_half.kind(), kind);
        assert_eq!(value, exact);
        close(&gradient_of_half, &gradient_of_single, tolerance);
    }
}

#[test]
fn double_decompositions_of_single_precision_are_nearer() {
    tch::manual_seed(5);
    let z = Tensor::randn([40, 64], (Kind::Float, tch::Device::Cpu));
    let options = Options { search: Duration::ZERO, double_decompositions: true, ..Options::default() };
    let (reference, _) = gradient(&loss("h_1"), &z.to_kind(Kind::Double));
    let (wide, _) = gradient(&loss("h_1").with_options(options), &z);
    assert!((wide - reference).abs() < 1e-5, "{wide} {reference}");
}

#[test]
fn jitter_is_off_unless_asked_for() {
    assert_eq!(Options::default().jitter, 0.0);
    let z = Tensor::eye(4, (Kind::Double, tch::Device::Cpu)) * 2.0;
    let options = Options { search: Duration::ZERO, jitter: 0.5, ..Options::default() };
    let text = "def top(Z: Mat[d, B]) -> Real = lambda_max(gram(Z))";
    let mut loewner = Loewner::new();
    loewner.define(text).unwrap();
    let top = loewner.loss("top").unwrap().with_options(options);
    assert!((top.forward(&[("Z", &z)]).unwrap().double_value(&[]) - 4.5).abs() < 1e-12);
}

#[test]
fn mistakes_are_told_and_nothing_is_computed() {
    let z = Tensor::zeros([3, 4], (Kind::Float, tch::Device::Cpu));
    let refused = |loss: &CompiledLoss, inputs: &[(&str, &Tensor)], parts: &[&str]| {
        let error = loss.forward(inputs).unwrap_err();
        assert_eq!(error.code, Code::E0811);
        let text = [std::slice::from_ref(&error.message), &error.notes, &error.help].concat().join("\n");
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    };
    let m_mae = loss("m_mae");
    let (pred, mask) = (Tensor::zeros([6, 2], (Kind::Float, tch::Device::Cpu)), z.get(0));
    refused(&loss("h_1"), &[], &["needs a tensor for `Z`"]);
    refused(&loss("h_1"), &[("z", &z)], &["no input `z`", "did you mean `Z`?"]);
    refused(&loss("h_1"), &[("Z", &z.get(0))], &["does not have the shape [4]", "d × B matrix"]);
    refused(&loss("h_1"), &[("Z", &z), ("Z", &z)], &["given twice"]);
    refused(&loss("h_1"), &[("Z", &z.to_kind(Kind::Int64))], &["Int64", "to_kind(Kind::Float)"]);
    let inputs = [("pred", &pred), ("target", &pred), ("mask", &mask), ("Z", &z)];
    refused(&m_mae, &inputs, &["`mask` of `m_mae` does not have the shape [4]"]);
    let refused = m_mae.set("nu", num_rational::BigRational::from_integer(1.into())).unwrap_err();
    assert_eq!(refused.code, Code::E0811);
    let negative = loss("m_mae").set("mu", num_rational::BigRational::from_integer((-1).into())).unwrap();
    let mask = Tensor::ones([6], (Kind::Float, tch::Device::Cpu));
    let error = negative.forward(&[("pred", &pred), ("target", &pred), ("mask", &mask), ("Z", &z)]).unwrap_err();
    assert!(error.message.contains("break what `m_mae` requires"), "{}", error.message);
}

/// What of a program may make the processor wait for a device: torch's eigenvalues and singular values, for the library that it
/// calls. Losses without them wait for nothing.
#[test]
fn programs_wait_for_nothing() {
    let mut loewner = Loewner::new();
    loewner.define(TEXT).unwrap();
    for name in ["h_2", "rate", "m_mae", "u_mae", "info_nce", "barlow_twins", "vicreg", "spectral_contrastive"] {
        let source = loewner.loss_source(name).unwrap();
        let mut constants = BTreeMap::new();
        let mut shapes = Vec::new();
        for input in &source.inputs {
            let dims = match source.graph.inputs()[input.input.0 as usize].ty.shape {
                Shape::Scalar => 0,
                Shape::Vector(_) => 1,
                Shape::Matrix(..) => 2,
            };
            match &input.default {
                Some(default) => {
                    constants.insert(input.input, default.clone());
                }
                None => shapes.push((input.input, vec![6; dims])),
            }
        }
        let by: Vec<_> = shapes.iter().map(|(input, _)| *input).collect();
        let sizes = source.sizes(&shapes).unwrap();
        let planned = source.plan(&sizes, &constants, &by, &[], Duration::ZERO).unwrap();
        assert!(planned.program.steps.len() > 5, "{name}");
        let waits = planned.program.steps.iter().find(|step| step.call.waits());
        assert!(waits.is_none(), "{name}: {waits:?}");
    }
}

/// Numbers that stand for matrices, beside tensors without dimensions.
#[test]
fn a_scalar_tensor_fills_a_matrix() {
    let mut loewner = Loewner::new();
    loewner
        .define(
            "def filled(A: Mat[m, n], s: Real) -> Real = sum(s * ones(m, n)) + sum(A)
            def shared(A: Mat[m, n], s: Real) -> Real = sum(ones(m, n) / s) + sum(if s > 0 then ones(m, n) else 2 * ones(m, n)) + sum(A)
            def spiked(A: Mat[n, n], s: Real) -> Real = logdet(eye(n) + s * ones(n, n)) + inner(s * ones(n, n), A)",
        )
        .unwrap();
    let a = Tensor::ones([3, 3], (Kind::Double, tch::Device::Cpu));
    // 9 s + 9; 9/s + 9 + 9; log(1 + 3 s) + 9 s; with their slopes by s at 2.
    for (name, value, slope) in
        [("filled", 27.0, 9.0), ("shared", 22.5, -2.25), ("spiked", 7f64.ln() + 18.0, 3.0 / 7.0 + 9.0)]
    {
        let loss = loewner.loss(name).unwrap().with_options(Options { search: Duration::ZERO, ..Options::default() });
        let s = Tensor::from(2.0f64).set_requires_grad(true);
        let found = loss.forward(&[("A", &a), ("s", &s)]).unwrap();
        found.backward();
        assert!((found.double_value(&[]) - value).abs() < 1e-12, "{name}: {found}");
        assert!((s.grad().double_value(&[]) - slope).abs() < 1e-12, "{name}: {}", s.grad());
    }
}

/// A singular matrix has log det −∞ and no inverse; what is no number stays none; and no call raises an error.
#[test]
fn singular_matrices_and_what_is_no_number_are_told_by_values() {
    let mut loewner = Loewner::new();
    loewner
        .define(
            "def volume(K: Psd[n]) -> Real = logdet(K)
            def inverse(K: Psd[n]) -> Real = trace(inv(K))
            def spread(K: Psd[n]) -> Real = sum(xlogx(eigvals(K)))
            def corner(A: Mat[m, n]) -> Real = A[1, 1] ^ 2",
        )
        .unwrap();
    let mut at = |name: &str, k: &Tensor| {
        let loss = loewner.loss(name).unwrap().with_options(Options { search: Duration::ZERO, ..Options::default() });
        let k = k.copy().set_requires_grad(true);
        let input = if name == "corner" { "A" } else { "K" };
        let value = loss.forward(&[(input, &k)]).unwrap();
        value.backward();
        (value.double_value(&[]), k.grad())
    };
    let ones = Tensor::ones([3, 3], (Kind::Double, tch::Device::Cpu));
    assert_eq!(at("volume", &ones).0, f64::NEG_INFINITY);
    assert!(at("inverse", &ones).0.is_nan());
    let odd = Tensor::eye(3, (Kind::Double, tch::Device::Cpu));
    let _ = odd.get(1).get(0).fill_(f64::NAN);
    for name in ["volume", "inverse", "spread"] {
        assert!(at(name, &odd).0.is_nan(), "{name}");
    }
    // An entry that is not looked at does no harm.
    let (value, gradient) = at("corner", &odd);
    assert_eq!(value, 1.0);
    assert_eq!(gradient.double_value(&[0, 0]), 2.0);
}

/// A learnt temperature, and an order that is a tensor, at 1 too.
#[test]
fn parameters_may_be_tensors() {
    let q = Tensor::from_slice(&[0.5, 0.25, 0.25, 0.0]);
    for (alpha, value) in [(1.0, 1.5 * 2f64.ln()), (2.0, -(0.375f64).ln())] {
        let alpha = Tensor::from(alpha).set_requires_grad(true);
        let found = loss("renyi").forward(&[("q", &q), ("alpha", &alpha)]).unwrap();
        assert!((found.double_value(&[]) - value).abs() < 1e-12, "{found} {value}");
    }
    let mine = Loewner::new().loss("mae").unwrap();
    assert!(mine.value_and_gradients(&[], &["pred"]).is_err());
}

/// Complex tensors: d/dZ Σ|Z'Z|² = 4 Z (Z'Z), by torch's convention and ours.
#[test]
fn complex_tensors_have_their_gradients() {
    let mut loewner = Loewner::new();
    loewner.define("def energy(Z: Mat[d, B, complex]) -> Real = sum(abs2(Z' * Z))").unwrap();
    let energy = loewner.loss("energy").unwrap().with_options(Options { search: Duration::ZERO, ..Options::default() });
    tch::manual_seed(7);
    let z = Tensor::randn([3, 4], (Kind::ComplexDouble, tch::Device::Cpu)).set_requires_grad(true);
    let value = energy.forward(&[("Z", &z)]).unwrap();
    value.backward();
    let plain = z.detach();
    let expected = plain.matmul(&plain.adjoint().matmul(&plain)) * 4.0;
    let difference = (z.grad() - expected).abs().max().double_value(&[]);
    assert!(difference < 1e-12, "{difference:e}");
    assert!(
        (value.double_value(&[]) - plain.adjoint().matmul(&plain).abs().square().sum(Kind::Double).double_value(&[]))
            .abs()
            < 1e-10
    );
}

/// The same on a GPU, where there is one.
#[test]
fn a_gpu_gives_what_the_processor_gives() {
    let gpu = Libtorch::linked().unwrap().devices().into_iter().find(|device| *device != Device::Cpu);
    let Some(gpu) = gpu else {
        eprintln!("SKIPPED: there is no GPU here");
        return;
    };
    tch::manual_seed(6);
    let z = Tensor::randn([16, 24], (Kind::Float, tch::Device::Cpu));
    for name in ["h_1", "h_2", "rate"] {
        let (here, gradient_here) = gradient(&loss(name), &z);
        let (there, gradient_there) = gradient(&loss(name), &z.to_device(gpu.into()));
        assert!((here - there).abs() < 1e-4, "{name}: {here} {there}");
        close(&gradient_here, &gradient_there.to_device(tch::Device::Cpu), 1e-4);
    }
}
