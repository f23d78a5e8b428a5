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
    let negative = loss("m_mae").set("mu", num_rational::BigRational::from_integer((-1).into())).unwrap_err();
    assert!(negative.message.contains("break what `m_mae` requires"), "{}", negative.message);
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

fn random(sizes: &[i64], seed: i64) -> Tensor {
    tch::manual_seed(seed);
    Tensor::randn(sizes, (Kind::Double, tch::Device::Cpu)) * 0.5
}

/// Results may take the memory of operands that nothing needs any more: never of one that something does.
#[test]
fn memory_that_is_used_again_changes_nothing() {
    let mut loewner = Loewner::new();
    loewner.define(TEXT).unwrap();
    let matrices = ["h_1", "h_2", "rate", "spectral_contrastive", "barlow_twins", "vicreg", "info_nce", "nt_xent"];
    let all = matrices.into_iter().chain(["m_mae", "u_mae", "byol", "mec", "matrix_ssl"]);
    let mut compared = 0;
    for name in all {
        let Ok(source) = loewner.loss_source(name) else { continue };
        for shape in [[5, 7], [7, 5]] {
            let tensors: Vec<(String, Tensor)> = source
                .inputs
                .iter()
                .filter(|input| input.default.is_none())
                .enumerate()
                .map(|(i, input)| {
                    let tensor = match source.graph.inputs()[input.input.0 as usize].ty.shape {
                        Shape::Scalar => Tensor::from(0.7),
                        Shape::Vector(_) => Tensor::ones([shape[0]], (Kind::Double, tch::Device::Cpu)),
                        Shape::Matrix(..) => random(&shape, i as i64),
                    };
                    (input.name.clone(), tensor)
                })
                .collect();
            let given: Vec<(&str, &Tensor)> = tensors.iter().map(|(name, x)| (name.as_str(), x)).collect();
            let before: Vec<Tensor> = tensors.iter().map(|(_, x)| x.copy()).collect();
            let names: Vec<&str> = given.iter().map(|(name, _)| *name).collect();
            let run = |in_place: bool| {
                let loss = loewner_loss(name, Options { search: Duration::ZERO, in_place, ..Options::default() });
                loss.value_and_gradients(&given, &names)
            };
            let ((value, gradients), (other, others)) = (run(true).unwrap(), run(false).unwrap());
            close(&value, &other, 1e-13);
            for (gradient, other) in gradients.iter().zip(&others) {
                close(gradient, other, 1e-13);
            }
            // Nothing was written into what was given.
            tensors.iter().zip(&before).for_each(|((_, x), before)| close(x, before, 0.0));
            compared += 1;
        }
    }
    assert!(compared >= 20, "only {compared}");
}

fn loewner_loss(name: &str, options: Options) -> CompiledLoss {
    let mut loewner = Loewner::new();
    loewner.define(TEXT).unwrap();
    loewner.loss(name).unwrap().with_options(options)
}

/// H v is the derivative of the gradient along v, which central differences of the gradient approach.
#[test]
fn second_derivatives_are_those_of_the_gradient() {
    const STEP: f64 = 1e-5;
    for (name, names) in [
        ("rate", &["Z"][..]),
        ("h_2", &["Z"]),
        ("spectral_contrastive", &["Z1", "Z2"]),
        ("barlow_twins", &["Z1", "Z2"]),
        ("info_nce", &["Z1", "Z2"]),
        ("vicreg", &["Z1", "Z2"]),
    ] {
        let loss = loewner_loss(name, Options { search: Duration::ZERO, ..Options::default() });
        for shape in [[4, 6], [6, 4]] {
            let x: Vec<Tensor> = (0..names.len()).map(|i| random(&shape, i as i64)).collect();
            let v: Vec<Tensor> = (0..names.len()).map(|i| random(&shape, 10 + i as i64)).collect();
            let named = |x: &[Tensor]| -> Vec<(String, Tensor)> {
                names.iter().map(|name| (*name).to_owned()).zip(x.iter().map(Tensor::copy)).collect()
            };
            let at = |step: f64| {
                let moved: Vec<Tensor> = x.iter().zip(&v).map(|(x, v)| x + v * step).collect();
                let moved = named(&moved);
                let given: Vec<(&str, &Tensor)> = moved.iter().map(|(name, x)| (name.as_str(), x)).collect();
                loss.value_and_gradients(&given, names).unwrap().1
            };
            let own = named(&x);
            let given: Vec<(&str, &Tensor)> = own.iter().map(|(name, x)| (name.as_str(), x)).collect();
            let products = loss.hessian_vector_product(&given, names, &v.iter().collect::<Vec<_>>()).unwrap();
            for ((product, up), down) in products.iter().zip(at(STEP)).zip(at(-STEP)) {
                let scale = product.abs().max().double_value(&[]).max(1.0);
                close(&(product / scale), &((up - down) / (2.0 * STEP * scale)), 1e-7);
            }
        }
    }
}

/// Of what torch differentiates twice itself, its second derivatives are ours.
#[test]
fn second_derivatives_are_torchs_own() {
    for name in ["rate", "h_2"] {
        let loss = loewner_loss(name, Options { search: Duration::ZERO, ..Options::default() });
        let (z, v) = (random(&[4, 6], 3).set_requires_grad(true), random(&[4, 6], 4));
        let written = loss.forward_by_autograd(&[("Z", &z)]).unwrap();
        let gradient = Tensor::run_backward(&[&written], &[&z], true, true).remove(0);
        let theirs = Tensor::run_backward(&[&(gradient * &v).sum(Kind::Double)], &[&z], false, false).remove(0);
        let ours = loss.hessian_vector_product(&[("Z", &z)], &["Z"], &[&v]).unwrap().remove(0);
        close(&ours, &theirs, 1e-11);
    }
}

/// What is not differentiated once more says so, and torch does not differentiate our gradient as a constant.
#[test]
fn second_derivatives_that_are_not_there_are_refused() {
    let (z, v) = (random(&[4, 6], 3).set_requires_grad(true), random(&[4, 6], 4));
    let refused = loss("h_1").hessian_vector_product(&[("Z", &z)], &["Z"], &[&v]).unwrap_err();
    assert_eq!(refused.code, Code::E0813);
    let refused = loss("rate").hessian_vector_product(&[("Z", &z)], &["Z"], &[&v.tr()]).unwrap_err();
    assert_eq!(refused.code, Code::E0811);
    // Beside a term that torch does differentiate twice, the second derivative would be half of it.
    let total = loss("rate").forward(&[("Z", &z)]).unwrap() + z.square().sum(Kind::Double);
    let gradient = Tensor::run_backward(&[&total], &[&z], true, true).remove(0);
    let error = (gradient * v).sum(Kind::Double).f_backward().unwrap_err();
    assert!(error.to_string().contains("_segment_reduce_backward"), "{error}");
}

/// Without gradients nothing of them is worked out: a value whose gradient there is none of has one.
#[test]
fn values_alone_need_no_gradient() {
    let z = random(&[4, 6], 3).set_requires_grad(true);
    let loss = loss("rate");
    let value = tch::no_grad(|| loss.forward(&[("Z", &z)]).unwrap());
    assert!(!value.requires_grad());
    let with = loss.forward(&[("Z", &z)]).unwrap();
    assert!(with.requires_grad());
    close(&value, &with, 0.0);
}

/// What torch refuses is told with the step: here a matrix of 72 terabytes.
#[test]
fn a_refused_operation_is_named() {
    let mut loewner = Loewner::new();
    loewner.define("def giant(v: Vec[n]) -> Real = logdet(eye(n) + v * v')").unwrap();
    let loss = loewner.loss("giant").unwrap().with_options(Options { search: Duration::ZERO, ..Options::default() });
    let v = Tensor::ones([3_000_000], (Kind::Double, tch::Device::Cpu));
    let refused = loss.forward(&[("v", &v)]).unwrap_err();
    assert_eq!(refused.code, Code::E0812, "{refused:?}");
    assert!(refused.notes.iter().any(|note| note.contains("3000000") && note.contains("`MatMul`")), "{refused:?}");
}
