//! The networks of `train::nn` against the same networks in torch.nn (tests/torch/models.py), layer by layer, with the
//! same weights.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::Command;

use loewner::Loewner;
use loewner::train::nn::vit::positions;
use loewner::train::nn::{
    Encoder as _, Head, HeadConfig, MaeConfig, MaskedAutoencoder, ResNet, ResNetConfig, Rows, Stem, VitConfig,
};
use serde_json::{Value, json};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

#[path = "torch/models/closed.rs"]
mod closed;
#[path = "torch/python.rs"]
mod python;

type Named = BTreeMap<String, Tensor>;

/// What torch.nn makes of a case, or nothing where there is no Python with torch.
fn theirs(test: &str, case: &Value, given: &Named) -> Option<Named> {
    let Some(python) = python::python() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED {test}: no Python with torch here");
        return None;
    };
    let folder = tempfile::tempdir().unwrap();
    let (source, target) = (folder.path().join("in.npz"), folder.path().join("out.npz"));
    let tensors: Vec<(&String, Tensor)> = given.iter().map(|(name, x)| (name, x.detach().contiguous())).collect();
    Tensor::write_npz(&tensors, &source).unwrap();
    let mut command = Command::new(python);
    command.current_dir(env!("CARGO_MANIFEST_DIR")).args(["tests/torch/models.py", &case.to_string()]);
    let output = command.args([&source, &target]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(Tensor::read_npz(&target).unwrap().into_iter().collect())
}

/// The largest difference, by the largest number.
fn difference(ours: &Tensor, theirs: &Tensor) -> f64 {
    assert_eq!(ours.numel(), theirs.numel(), "{:?} and {:?}", ours.size(), theirs.size());
    let (ours, theirs) = (ours.detach().to_kind(Kind::Double).reshape(-1), theirs.to_kind(Kind::Double).reshape(-1));
    let scale = theirs.abs().max().double_value(&[]).max(1e-300);
    (ours - theirs).abs().max().double_value(&[]) / scale
}

/// All of ours are among theirs and agree, and all of theirs are among ours.
fn agree(of: &str, ours: &Named, theirs: &Named, tolerance: f64) {
    let names = |named: &Named| named.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(ours), names(theirs), "{of}");
    // A difference that is NaN is not small.
    let small = |difference: f64| difference < tolerance;
    let differences = ours.iter().map(|(name, x)| (difference(x, &theirs[name]), name));
    let wrong: Vec<_> = differences.filter(|(difference, _)| !small(*difference)).collect();
    assert!(wrong.is_empty(), "{of}: {wrong:?}");
}

/// Every weight is moved away from what it starts as, so that no bias of 0 and no factor of 1 hides a mistake.
fn moved(store: &VarStore) {
    let mut variables: Vec<(String, Tensor)> = store.variables().into_iter().collect();
    variables.sort_by(|one, other| one.0.cmp(&other.0));
    for (_, mut variable) in variables.into_iter().filter(|(_, variable)| variable.requires_grad()) {
        tch::no_grad(|| {
            let _ = variable.g_add_(&(variable.randn_like() * 0.1));
        });
    }
}

fn weights(store: &VarStore) -> Named {
    store.variables().into_iter().map(|(name, x)| (name, x.detach().copy())).collect()
}

fn gradients(store: &VarStore) -> Named {
    let trained = store.variables().into_iter().filter(|(_, variable)| variable.requires_grad());
    trained.map(|(name, variable)| (format!("grad.{name}"), variable.grad().copy())).collect()
}

fn store(kind: Kind) -> VarStore {
    let mut store = VarStore::new(Device::Cpu);
    store.set_kind(kind);
    store
}

/// A masked autoencoder, its weights moved, against torch.nn's: each layer, the loss of the library, all gradients.
fn compare_mae(config: &MaeConfig, kind: Kind, tolerance: f64) {
    let of = format!("{config:?} in {kind:?}");
    let batch = 3;
    let (encoder, options) = (&config.encoder, (kind, Device::Cpu));
    tch::manual_seed(1);
    let store = store(kind);
    let network = MaskedAutoencoder::new(&store.root(), config, 5).unwrap();
    moved(&store);
    let [height, width] = encoder.image.map(|side| side as i64);
    let images = Tensor::randn([batch, encoder.channels as i64, height, width], options);
    let by = Tensor::randn([batch, encoder.width as i64], options);
    let mask = config.mask(7, 11, batch as usize).unwrap();

    let mut given = weights(&store);
    for (name, input) in [("images", &images), ("restore", &mask.ids_restore), ("weights", &by)] {
        given.insert(name.to_owned(), input.shallow_clone());
    }
    let mut case = serde_json::to_value(config).unwrap();
    case["network"] = json!("mae");
    let Some(theirs) = theirs("compare_mae", &case, &given) else { return };

    let loss = Loewner::new().loss("mae").unwrap();
    for rows in [Rows::All, Rows::Hidden] {
        let mut ours = Named::new();
        let mut observer = |name: &str, x: &Tensor| {
            ours.insert(name.to_owned(), x.detach().copy());
        };
        let made = network.observe(&images, &mask, rows, &mut observer).unwrap();
        let inputs = [("pred", &made.pred), ("target", &made.target), ("mask", &made.mask)];
        let value = loss.forward(&inputs).unwrap() + (&made.class_token * &by).mean(None);
        store.variables().into_values().for_each(|mut variable| variable.zero_grad());
        value.backward();
        ours.extend(gradients(&store));
        for (name, x) in [("value", &value), ("mask", &made.mask), ("latent", &made.latent)] {
            ours.insert(name.to_owned(), x.shallow_clone());
        }
        for name in ["pos_embed", "decoder_pos_embed"] {
            ours.insert(name.to_owned(), store.variables()[name].shallow_clone());
        }
        ours.insert("features".to_owned(), network.features(&images).unwrap());
        ours.insert("pooled".to_owned(), network.encoder().pooled(&images).unwrap());
        // Theirs has every row and every token of the last block: what ours leaves out is taken off.
        let kept = mask.kept() as i64;
        let hidden = mask.hidden.nonzero().view(-1);
        let last = format!("decoder_blocks.{}", config.decoder_depth - 1);
        let mut expected: Named = theirs.iter().map(|(name, x)| (name.clone(), x.shallow_clone())).collect();
        let first = match rows {
            Rows::All => 1,
            Rows::Hidden => {
                // Ours are in the order of the mask, theirs in that of the image.
                let rows = (&mask.ids_hidden
                    + Tensor::arange(batch, (Kind::Int64, Device::Cpu)).view([-1, 1]) * mask.patches() as i64)
                    .view(-1);
                assert_eq!(rows.sort(0, false).0, hidden);
                for name in ["pred", "target", "mask"] {
                    expected.insert(name.to_owned(), theirs[name].index_select(0, &rows));
                }
                1 + kept
            }
        };
        let wanted = theirs[&last].narrow(1, first, theirs[&last].size()[1] - first);
        expected.insert(last, wanted);
        agree(&format!("{of}, {rows:?}"), &ours, &expected, tolerance);
    }
}

fn grey() -> MaeConfig {
    let encoder = VitConfig { image: [12, 12], channels: 1, patch: 3, width: 24, depth: 3, heads: 3 };
    MaeConfig {
        encoder,
        decoder_width: 16,
        decoder_depth: 2,
        decoder_heads: 2,
        mask_ratio: 0.75,
        normalized_target: true,
    }
}

#[test]
fn a_masked_autoencoder_is_that_of_torch_nn() {
    compare_mae(&grey(), Kind::Double, 1e-10);
    // Rounding of single precision, through five blocks and back.
    compare_mae(&grey(), Kind::Float, 2e-5);
}

#[test]
fn images_in_colour_need_not_be_square_nor_targets_normalised() {
    let encoder = VitConfig { image: [8, 12], channels: 3, patch: 4, width: 16, depth: 1, heads: 4 };
    let oblong = MaeConfig {
        encoder,
        decoder_width: 8,
        decoder_depth: 1,
        decoder_heads: 1,
        mask_ratio: 0.5,
        normalized_target: true,
    };
    compare_mae(&oblong, Kind::Double, 1e-10);
    compare_mae(&MaeConfig { normalized_target: false, ..oblong }, Kind::Double, 1e-10);
}

#[test]
fn a_residual_network_is_that_of_torch_nn() {
    for (stem, side) in [(Stem::Cifar, 16), (Stem::ImageNet, 48)] {
        let config = ResNetConfig { width: 8, ..ResNetConfig::of(stem, 3) };
        for (kind, tolerance) in [(Kind::Double, 1e-10), (Kind::Float, 1e-3)] {
            tch::manual_seed(2);
            let store = store(kind);
            let network = ResNet::new(&store.root(), &config, 5).unwrap();
            moved(&store);
            let images = Tensor::randn([4, 3, side, side], (kind, Device::Cpu));
            let by = Tensor::randn([4, 64], (kind, Device::Cpu));
            let mut given = weights(&store);
            given.extend([("images".to_owned(), images.shallow_clone()), ("weights".to_owned(), by.shallow_clone())]);
            let mut case = serde_json::to_value(&config).unwrap();
            case["network"] = json!("resnet");
            let Some(theirs) = theirs("a_residual_network_is_that_of_torch_nn", &case, &given) else { return };
            let mut ours = Named::new();
            let mut observer = |name: &str, x: &Tensor| {
                ours.insert(name.to_owned(), x.detach().copy());
            };
            let value = (network.observe(&images, true, &mut observer).unwrap() * &by).sum(None);
            value.backward();
            ours.insert("value".to_owned(), value);
            ours.extend(gradients(&store));
            ours.insert("evaluated".to_owned(), network.features(&images).unwrap());
            ours.extend(statistics(&store));
            agree(&format!("{config:?} in {kind:?}"), &ours, &theirs, tolerance);
        }
    }
}

/// The running statistics, under the names that models.py hands them over by.
fn statistics(store: &VarStore) -> Named {
    let running = store.variables().into_iter().filter(|(name, _)| name.contains("running"));
    running.map(|(name, x)| (format!("after.{name}"), x)).collect()
}

#[test]
fn projectors_and_predictors_are_those_of_the_official_codes() {
    let (width, hidden, last) = (6, 10, 4);
    let heads = [
        ("simclr", HeadConfig::simclr(width, last)),
        ("barlow_twins", HeadConfig::barlow_twins(width, hidden)),
        ("vicreg", HeadConfig::vicreg(width, hidden)),
        ("byol", HeadConfig::byol(width, hidden, last)),
        ("simsiam_projector", HeadConfig::simsiam_projector(width, last)),
        ("simsiam_predictor", HeadConfig::simsiam_predictor(width, hidden)),
    ];
    for (name, config) in heads {
        tch::manual_seed(3);
        let store = store(Kind::Double);
        let head = Head::new(&store.root(), &config, 5).unwrap();
        moved(&store);
        let options = (Kind::Double, Device::Cpu);
        let x = Tensor::randn([7, width as i64], options).set_requires_grad(true);
        let by = Tensor::randn([7, 10], options);
        let mut given = weights(&store);
        given.extend([("x".to_owned(), x.detach()), ("weights".to_owned(), by.shallow_clone())]);
        let case = json!({"network": "head", "head": name, "width": width, "hidden": hidden, "last": last});
        let Some(theirs) = theirs("projectors_and_predictors_are_those_of_the_official_codes", &case, &given) else {
            return;
        };
        let y = head.forward(&x, true).unwrap();
        let value = (&y * by.narrow(1, 0, y.size()[1])).sum(None);
        value.backward();
        let mut ours = gradients(&store);
        ours.extend([("y".to_owned(), y), ("value".to_owned(), value), ("grad.x".to_owned(), x.grad())]);
        ours.insert("evaluated".to_owned(), head.forward(&x, false).unwrap());
        // Theirs count the modules of a sequence: linear, norm, rectifier.
        let behind = |name: String| {
            let rest = name.strip_prefix("after.").unwrap_or_default();
            let (layer, rest) = rest.split_once(".norm.").unwrap();
            format!("after.{}.{rest}", 3 * layer.parse::<usize>().unwrap() + 1)
        };
        ours.extend(statistics(&store).into_iter().map(|(name, x)| (behind(name), x)));
        agree(name, &ours, &theirs, 1e-10);
    }
}

#[test]
fn positions_at_the_origin_are_sines_and_cosines_of_nothing() {
    let table = positions(8, [2, 3]);
    assert_eq!(table.len(), 8 * 7);
    assert_eq!(table[..8], [0.0; 8]);
    assert_eq!(table[8..16], [0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]);
    // The second column of the first row: angles 1 and 10000^(-1/2) = 1/100.
    let second = [1f64.sin(), 0.01f64.sin(), 1f64.cos(), 0.01f64.cos()];
    table[16..20].iter().zip(second).for_each(|(x, y)| assert!((x - y).abs() < 1e-15, "{x} {y}"));
    assert_eq!(table[20..24], [0.0, 0.0, 1.0, 1.0]);
}
