//! Probes of representations, against scikit-learn on a small fixed set (`tests/reference/probe_values.py`) and closed forms.

use loewner::base::{Code, Diagnostic};
use loewner::train::probe::{
    Accuracy, Batch, Batches, Features, FineTuning, LinearProbe, Network, Vote, collect, fine_tune, knn, layer_of,
    ranks,
};
use loewner::train::record::{Observer, StepReport};
use serde_json::Value;
use tch::{Device, Kind, Tensor};

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/probe_values.json")).unwrap()
}

fn features(set: &Value) -> Features {
    let rows: Vec<Vec<f64>> = serde_json::from_value(set["features"].clone()).unwrap();
    let labels: Vec<i64> = serde_json::from_value(set["labels"].clone()).unwrap();
    let size = [rows.len() as i64, rows[0].len() as i64];
    Features::new(&Tensor::from_slice(&rows.concat()).view(size), &labels).unwrap()
}

#[track_caller]
fn same(found: Accuracy, expected: &Value) {
    let expected: [f64; 2] = serde_json::from_value(expected.clone()).unwrap();
    let close = (found.top1 - expected[0]).abs() < 1e-12 && (found.top5 - expected[1]).abs() < 1e-12;
    assert!(close, "{found:?}, not {expected:?}");
}

#[test]
fn nearest_neighbours_are_those_of_scikit_learn() {
    let reference = reference();
    let (train, test) = (features(&reference["train"]), features(&reference["test"]));
    for (name, vote) in [("majority", Vote::Majority), ("weighted", Vote::WU_2018)] {
        let cases = reference[name].as_array().unwrap();
        let ks: Vec<i64> = cases.iter().map(|case| case["k"].as_i64().unwrap()).collect();
        // All at once, and each alone.
        for (found, case) in knn(&train, &test, &ks, vote).unwrap().into_iter().zip(cases) {
            same(found, &case["accuracy"]);
            let k = case["k"].as_i64().unwrap();
            same(knn(&train, &test, &[k], vote).unwrap()[0], &case["accuracy"]);
        }
    }
}

#[test]
fn the_linear_probe_is_the_logistic_regression_of_scikit_learn() {
    let reference = reference();
    let (train, test) = (features(&reference["train"]), features(&reference["test"]));
    for case in reference["logistic"].as_array().unwrap() {
        let strength = case["strength"].as_f64().unwrap();
        let found = LinearProbe { strengths: vec![strength], ..LinearProbe::default() }.fit(&train, &test).unwrap();
        let expected = case["objective"].as_f64().unwrap();
        // Both are at the minimum, where an error of the weights is squared.
        assert!((found.objective - expected).abs() < 1e-8 * expected, "{} and {expected}", found.objective);
        same(found.test, &case["accuracy"]);
        assert!((found.train.top1 - case["train_top1"].as_f64().unwrap()).abs() < 1e-12);
        assert!(found.held_out.is_empty());
    }
}

#[test]
fn the_strength_is_chosen_on_what_is_held_out() {
    let reference = reference();
    let (train, test) = (features(&reference["train"]), features(&reference["test"]));
    let probe = LinearProbe::default();
    let found = probe.fit(&train, &test).unwrap();
    let best = found.held_out.iter().copied().fold(0.0, f64::max);
    let first = found.held_out.iter().position(|share| *share == best).unwrap();
    assert_eq!(found.strength, probe.strengths[first]);
    // Two weaker ones in a row that tell less are enough.
    let after = &found.held_out[first + 1..];
    assert!(
        found.held_out.len() == 6 || after.len() >= 2 && after[after.len() - 2..].iter().all(|share| *share < best)
    );
    assert_eq!(probe.fit(&train, &test).unwrap(), found);
    // What is chosen is used on all training images.
    let alone = LinearProbe { strengths: vec![found.strength], ..probe }.fit(&train, &test).unwrap();
    assert_eq!((alone.test, alone.objective), (found.test, found.objective));
    // Labels that the features know nothing of: a strong penalty does best, and no better than chance allows.
    let noise =
        Features::new(train.values(), &(0..160).map(|i| (i * i * 7 + i / 3) % 2).collect::<Vec<i64>>()).unwrap();
    let found = LinearProbe::default().fit(&noise, &noise).unwrap();
    assert!(found.train.top1 < 0.75 && found.train.top5 == 1.0, "{found:?}");
}

/// d orthogonal directions of equal length have rank d, one direction has rank 1; diag(3, 1) has 4/3^(3/4), and RankMe's ε
/// makes it 1.7547596291961399 (mpmath, 50 digits: as in the library).
#[test]
fn ranks_are_those_of_the_library() {
    let of = |values: &Tensor| ranks(&Features::new(values, &vec![0; values.size()[0] as usize]).unwrap());
    let double = (Kind::Double, Device::Cpu);
    let close =
        |found: f64, expected: f64| assert!((found - expected).abs() < 1e-6 * expected, "{found}, not {expected}");
    let orthogonal = Tensor::eye(7, double).repeat([30, 1]);
    close(of(&orthogonal).unwrap().effective_rank, 7.0);
    close(of(&orthogonal.to_kind(Kind::Float)).unwrap().effective_rank, 7.0);
    close(of(&Tensor::ones([50, 4], double)).unwrap().effective_rank, 1.0);
    let uneven = of(&Tensor::from_slice(&[3.0, 0.0, 0.0, 1.0]).view([2, 2])).unwrap();
    close(uneven.effective_rank, 4.0 / 3f64.powf(0.75));
    close(uneven.rank_me, 1.754_759_629_196_139_9);
    assert_eq!(of(&Tensor::zeros([5, 3], double)).unwrap_err().code, Code::E1031);
}

#[test]
fn what_does_not_fit_is_refused() {
    let double = (Kind::Double, Device::Cpu);
    let refused = |outcome: Result<Features, Diagnostic>, part: &str| {
        let mistake = outcome.unwrap_err();
        assert!(mistake.code == Code::E1031 && mistake.message.contains(part), "{}", mistake.message);
    };
    refused(Features::new(&Tensor::zeros([3], double), &[0, 0, 0]), "rank 1");
    refused(Features::new(&Tensor::zeros([3, 2], double), &[0, 0]), "3 features have 2 labels");
    refused(Features::new(&Tensor::zeros([2, 2], double), &[0, -1]), "-1 is no label");
    refused(Features::new(&Tensor::full([2, 2], f64::NAN, double), &[0, 1]), "not finite");
    let ones = |n: i64, d: i64, labels: &[i64]| Features::new(&Tensor::ones([n, d], double), labels).unwrap();
    let (two, three) = (ones(4, 2, &[0, 1, 0, 1]), ones(4, 3, &[0, 1, 0, 1]));
    assert_eq!(knn(&two, &three, &[1], Vote::Majority).unwrap_err().code, Code::E1031);
    assert!(knn(&two, &two, &[5], Vote::Majority).unwrap_err().message.contains("5 neighbours"));
    let probe = LinearProbe::default();
    assert!(probe.fit(&two, &two).unwrap_err().message.contains("too few"));
    assert!(probe.fit(&ones(20, 2, &[0; 20]), &ones(4, 2, &[0; 4])).unwrap_err().message.contains("one class"));
}

/// Numbers from −1 to 1 by a linear congruence (Numerical Recipes), the same on every machine.
fn numbers(seed: u32, n: i64) -> Tensor {
    let mut state = seed;
    let next = |_: i64| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(state >> 8) / f64::from(1u32 << 23) - 1.0
    };
    Tensor::from_slice(&(0..n).map(next).collect::<Vec<f64>>()).to_kind(Kind::Float)
}

/// Images of 1 × 2 × 2 whose class is whether the signs of their first two pixels agree: no linear map of the pixels tells it.
fn batch(seed: u32, n: i64) -> Batch {
    let images = numbers(seed, 4 * n).view([n, 1, 2, 2]);
    let product = images.select(3, 0).select(2, 0) * images.select(3, 1).select(2, 0);
    let labels = Vec::<i64>::try_from(product.view(-1).gt(0.0).to_kind(Kind::Int64)).unwrap();
    (images, labels)
}

struct Tiny {
    embed: Tensor,
    block: Tensor,
}

impl Tiny {
    fn new() -> Tiny {
        let weight = |seed, rows, columns| numbers(seed, rows * columns).view([rows, columns]).set_requires_grad(true);
        Tiny { embed: weight(1, 5, 32), block: weight(2, 32, 32) }
    }

    fn features(&self, images: &Tensor) -> Tensor {
        let pixels = images.view([-1, 4]);
        let one = Tensor::ones([pixels.size()[0], 1], (Kind::Float, Device::Cpu));
        let hidden = Tensor::cat(&[pixels, one], 1).matmul(&self.embed).relu();
        (hidden.matmul(&self.block) / 4.0).relu()
    }

    fn weights(&self) -> Vec<(String, Tensor)> {
        let all = [("patch_embed.proj.weight", &self.embed), ("blocks.0.mlp.fc1.weight", &self.block)];
        all.map(|(name, tensor)| (name.to_owned(), tensor.shallow_clone())).into()
    }
}

#[derive(Default)]
struct Losses(Vec<(u64, f64)>);

impl Observer for Losses {
    fn step(&mut self, report: &StepReport) -> Result<(), Diagnostic> {
        self.0.push((report.step, report.loss));
        Ok(())
    }
}

fn tuned(tiny: &Tiny, layer_decay: f64) -> (Accuracy, Losses) {
    let network = Network {
        features: &|images, _| Ok(tiny.features(images)),
        width: 32,
        weights: tiny.weights(),
        blocks: Some(1),
    };
    let options = FineTuning {
        classes: 2,
        epochs: 15,
        batches: 8,
        learning_rate: 0.02,
        warmup: 1,
        layer_decay,
        ..FineTuning::default()
    };
    let train = |_: u64| -> Batches<'static> { Box::new((0..8).map(|i| Ok(batch(100 + i, 64)))) };
    let test: Batches<'static> = Box::new((0..4).map(|i| Ok(batch(200 + i, 64))));
    let mut losses = Losses::default();
    (fine_tune(&network, &options, train, test, &mut losses).unwrap(), losses)
}

#[test]
fn fine_tuning_learns_what_no_linear_map_of_the_pixels_tells() {
    let pixels = |range: std::ops::Range<u32>| {
        collect(range.map(|i| Ok(batch(i, 64))), |images| Ok(images.view([-1, 4]))).unwrap()
    };
    let linear = LinearProbe::default().fit(&pixels(100..108), &pixels(200..204)).unwrap();
    assert!(linear.test.top1 < 0.65, "{linear:?}");
    let tiny = Tiny::new();
    let (found, losses) = tuned(&tiny, 0.75);
    assert!(found.top1 > 0.9, "{found:?}");
    // The linear layer starts at 0: log 2 at the first step, with smoothed labels too.
    assert_eq!((losses.0.len(), losses.0[0].0, losses.0[119].0), (120, 1, 120));
    assert!((losses.0[0].1 - 2f64.ln()).abs() < 1e-6 && losses.0[119].1 < 0.45, "{:?}", losses.0);
    // Twice the same, bit for bit.
    let again = Tiny::new();
    assert_eq!(tuned(&again, 0.75).1.0, losses.0);
    assert_eq!(again.block, tiny.block);
}

/// With a layer decay of 0 only the linear layer learns; the official code gives a block of 12 the factor 0.75^(12 − i), what is
/// before them 0.75^13, and the head 1.
#[test]
fn lower_layers_learn_more_slowly() {
    let tiny = Tiny::new();
    let before = [tiny.embed.copy(), tiny.block.copy()];
    let (_, losses) = tuned(&tiny, 0.0);
    assert_eq!([&tiny.embed, &tiny.block].map(Tensor::copy), before);
    assert!(losses.0[119].1 < losses.0[0].1);
    let layers = ["cls_token", "patch_embed.proj.bias", "blocks.0.norm1.weight", "encoder.blocks.11.mlp.fc2.bias"];
    assert_eq!(layers.map(|name| layer_of(name, 12)), [0, 0, 1, 12]);
    assert_eq!(["norm.weight", "fc_norm.bias", "head.weight"].map(|name| layer_of(name, 12)), [13; 3]);
}
