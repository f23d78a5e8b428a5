//! What needs no other program: masks, moving averages, starts, and what is refused.

use loewner::base::Code;
use loewner::train::nn::ema::cosine_momentum;
use loewner::train::nn::{
    Buffers, Encoder as _, Head, HeadConfig, MaeConfig, Mask, MaskedAutoencoder, MovingAverage, ResNet, ResNetConfig,
    Rows, Stem, VisionTransformer, VitConfig, VitSize,
};
use tch::nn::VarStore;
use tch::{Device, Kind, Tensor};

fn numbers(x: &Tensor) -> Vec<i64> {
    Vec::try_from(x.reshape(-1).to_kind(Kind::Int64)).unwrap()
}

#[test]
fn a_mask_hides_exactly_its_share() {
    // int(L * (1 - ratio)) by hand, in Python: the last of these is not what exact arithmetic would say.
    for (patches, ratio, kept) in [(49, 0.75, 12), (196, 0.75, 49), (16, 0.5, 8), (10, 0.6, 4), (20, 0.9, 1)] {
        let mask = Mask::draw(3, 4, 5, patches, ratio).unwrap();
        assert_eq!((mask.batch(), mask.patches(), mask.kept()), (5, patches, kept));
        assert_eq!(mask.ids_keep.size(), [5, kept as i64]);
        let hidden = numbers(&mask.hidden);
        let (keep, hide, restore) = (numbers(&mask.ids_keep), numbers(&mask.ids_hidden), numbers(&mask.ids_restore));
        for image in 0..5 {
            let of = |all: &[i64], many: usize| all[image * many..(image + 1) * many].to_vec();
            let order = [of(&keep, kept), of(&hide, patches - kept)].concat();
            for (place, at) in of(&restore, patches).into_iter().enumerate() {
                assert_eq!(order[at as usize], place as i64, "the order is undone");
                assert_eq!(of(&hidden, patches)[place], i64::from(at as usize >= kept));
            }
        }
    }
}

#[test]
fn a_mask_is_a_function_of_seed_step_and_place() {
    let drawn = |seed, step, batch| numbers(&Mask::draw(seed, step, batch, 49, 0.75).unwrap().ids_restore);
    assert_eq!(drawn(1, 2, 4), drawn(1, 2, 4));
    assert_eq!(drawn(1, 2, 4), drawn(1, 2, 6)[..4 * 49], "more images change nothing for the first");
    assert_ne!(drawn(1, 2, 4), drawn(2, 2, 4));
    assert_ne!(drawn(1, 2, 4), drawn(1, 3, 4));
    assert_ne!(drawn(1, 2, 2)[..49], drawn(1, 2, 2)[49..]);
}

#[test]
fn every_patch_is_hidden_as_often() {
    let (images, steps) = (64, 50);
    let mut hidden = [0.0; 16];
    for step in 0..steps {
        let mask = Mask::draw(9, step, images, 16, 0.75).unwrap();
        numbers(&mask.hidden).iter().enumerate().for_each(|(row, one)| hidden[row % 16] += *one as f64);
    }
    // Binomial with 3200 trials and 3/4: six standard deviations are 147.
    let mean = 0.75 * images as f64 * steps as f64;
    assert!(hidden.iter().all(|count| (count - mean).abs() < 147.0), "{hidden:?}");
}

fn small() -> ResNetConfig {
    ResNetConfig { width: 2, ..ResNetConfig::of(Stem::Cifar, 1) }
}

#[test]
fn an_average_moves_as_its_formula() {
    let (network, mut target) = (VarStore::new(Device::Cpu), VarStore::new(Device::Cpu));
    let followed = ResNet::new(&network.root(), &small(), 1).unwrap();
    // More than the target has: a predictor.
    Head::new(&(network.root() / "predictor"), &HeadConfig::byol(16, 4, 3), 1).unwrap();
    let follower = ResNet::new(&target.root(), &small(), 2).unwrap();
    let mut average = MovingAverage::new(&mut target, &network).unwrap();
    let images = Tensor::randn([2, 1, 8, 8], (Kind::Float, Device::Cpu));
    assert_eq!(followed.features(&images).unwrap(), follower.features(&images).unwrap(), "it starts as a copy");
    assert!(target.variables().values().all(|x| !x.requires_grad()), "nothing of it is differentiated");

    let name = "layer2.0.conv1.weight";
    let start = target.variables()[name].copy();
    let mut moving = network.variables().remove(name).unwrap();
    tch::no_grad(|| {
        let _ = moving.g_add_scalar_(1.0);
    });
    let _ = followed.forward(&images, true).unwrap();
    for _ in 0..3 {
        average.update(0.9, Buffers::Own).unwrap();
    }
    // x + 1 is followed from x: after t steps 1 - 0.9^t of the way.
    let way = (&target.variables()[name] - start).to_kind(Kind::Double);
    assert!((way - (1.0 - 0.9f64.powi(3))).abs().max().double_value(&[]) < 1e-6);
    let buffer = "bn1.running_var";
    assert_eq!(target.variables()[buffer], Tensor::ones([2], (Kind::Float, Device::Cpu)), "its own statistics stay");
    average.update(1.0, Buffers::Copied).unwrap();
    assert_eq!(target.variables()[buffer], network.variables()[buffer]);
    assert_ne!(target.variables()[buffer], Tensor::ones([2], (Kind::Float, Device::Cpu)));
    assert!(target.variables()[name] != network.variables()[name], "a momentum of 1 moves nothing");
    average.update(0.0, Buffers::Own).unwrap();
    assert_eq!(target.variables()[name], network.variables()[name]);

    let mut other = VarStore::new(Device::Cpu);
    ResNet::new(&other.root(), &ResNetConfig { width: 3, ..small() }, 1).unwrap();
    assert_eq!(MovingAverage::new(&mut other, &network).unwrap_err().code, Code::E1012);
}

#[test]
fn the_momentum_goes_to_one_by_a_cosine() {
    let at = |step| cosine_momentum(0.99, step, 100);
    let expected = [(0, 0.99), (50, 0.995), (100, 1.0), (120, 1.0)];
    expected.into_iter().for_each(|(step, momentum)| assert!((at(step) - momentum).abs() < 1e-12, "{step}"));
}

#[test]
fn weights_start_as_the_official_code_has_them() {
    let config = MaeConfig::of(VitSize::Tiny, [28, 28], 1, 4);
    let made = |seed| {
        let store = VarStore::new(Device::Cpu);
        MaskedAutoencoder::new(&store.root(), &config, seed).unwrap();
        store.variables()
    };
    let (one, again, other) = (made(1), made(1), made(2));
    assert!(one.iter().all(|(name, x)| *x == again[name]), "the seed decides");
    assert_ne!(one["cls_token"], other["cls_token"]);
    assert_ne!(one["blocks.0.attn.qkv.weight"], one["blocks.1.attn.qkv.weight"], "the name decides");
    // An encoder by itself starts as the one of an autoencoder of this seed.
    let store = VarStore::new(Device::Cpu);
    VisionTransformer::new(&store.root(), &config.encoder, 1).unwrap();
    assert!(store.variables().iter().all(|(name, x)| *x == one[name]));
    // Xavier: uniform within sqrt(6 / (rows + columns)), of variance bound^2 / 3.
    for (name, rows, columns) in [
        ("blocks.3.attn.qkv.weight", 576, 192),
        ("decoder_blocks.1.mlp.fc2.weight", 96, 384),
        ("patch_embed.proj.weight", 192, 16),
    ] {
        let (x, bound) = (one[name].to_kind(Kind::Double), (6.0 / f64::from(rows + columns)).sqrt());
        let greatest = x.abs().max().double_value(&[]);
        assert!(greatest <= bound * (1.0 + 1e-6) && greatest > 0.99 * bound, "{name}: {greatest} of {bound}");
        let variance = x.square().mean(None).double_value(&[]) / (bound * bound / 3.0);
        // Of n numbers it scatters by 2 / sqrt(5 n) around 1.
        assert!((variance - 1.0).abs() < 6.0 * 2.0 / (5.0 * x.numel() as f64).sqrt(), "{name}: {variance}");
    }
    for (name, width) in [("cls_token", 192.0), ("mask_token", 96.0)] {
        let deviation = one[name].to_kind(Kind::Double).square().mean(None).double_value(&[]).sqrt();
        assert!((deviation / 0.02 - 1.0).abs() < 5.0 / (2f64 * width).sqrt(), "{name}: {deviation}");
    }
    let constant = |name: &str, value: f64| assert!(bool::try_from(one[name].eq(value).all()).unwrap(), "{name}");
    one.keys().filter(|name| name.ends_with("bias")).for_each(|name| constant(name, 0.0));
    one.keys().filter(|name| name.contains("norm") && name.ends_with("weight")).for_each(|name| constant(name, 1.0));
    // 12 blocks of 12 w^2 + 13 w, the patch embedding, the class token and the last normalisation.
    let count: usize = store.trainable_variables().iter().map(Tensor::numel).sum();
    assert_eq!(count, 12 * (12 * 192 * 192 + 13 * 192) + 17 * 192 + 192 + 2 * 192);
}

#[test]
fn a_residual_network_starts_as_torchvision_s() {
    let store = VarStore::new(Device::Cpu);
    let config = ResNetConfig { zero_residual: true, ..ResNetConfig::of(Stem::Cifar, 3) };
    let network = ResNet::new(&store.root(), &config, 1).unwrap();
    let of = |name: &str| store.variables()[name].to_kind(Kind::Double);
    // He: variance 2 / (outputs 3 x 3), over 147,456 numbers.
    let variance = of("layer2.1.conv2.weight").square().mean(None).double_value(&[]) * 128.0 * 9.0 / 2.0;
    assert!((variance - 1.0).abs() < 0.02, "{variance}");
    assert_eq!(of("layer2.1.bn2.weight").abs().max().double_value(&[]), 0.0);
    assert_eq!(of("layer2.1.bn1.weight").min().double_value(&[]), 1.0);
    // torchvision's resnet18 has 11,689,512 weights; 513,000 are of its last layer, and its stem has 9,408 and not
    // 1,728.
    let count: usize = store.trainable_variables().iter().map(Tensor::numel).sum();
    assert_eq!(count, 11_689_512 - 513_000 - 9_408 + 1_728);
    assert_eq!(network.width(), 512);
}

#[test]
fn networks_that_cannot_be_are_refused() {
    let config = |image, patch, width, heads| VitConfig { image, channels: 1, patch, width, depth: 1, heads };
    let code = |config: VitConfig| config.check().unwrap_err().code;
    assert!(config([28, 14], 7, 24, 3).check().is_ok());
    assert_eq!(code(config([28, 28], 5, 24, 3)), Code::E1011);
    assert_eq!(code(config([28, 30], 4, 24, 3)), Code::E1011);
    assert_eq!(code(config([28, 28], 0, 24, 3)), Code::E1011);
    assert_eq!(code(config([28, 28], 4, 24, 5)), Code::E1012);
    assert_eq!(code(config([28, 28], 4, 24, 0)), Code::E1012);
    assert_eq!(code(config([28, 28], 4, 30, 3)), Code::E1012);
    assert_eq!(code(VitConfig { depth: 0, ..config([28, 28], 4, 24, 3) }), Code::E1012);
    assert_eq!("tinny".parse::<VitSize>().unwrap_err().help, ["did you mean 'tiny'?"]);
    let told = config([28, 28], 5, 24, 3).check().unwrap_err();
    assert_eq!(told.help, ["sides that do: 2, 4, 7, 14, 28"]);

    let mae = MaeConfig::of(VitSize::Tiny, [28, 28], 1, 4);
    assert!(mae.check().is_ok());
    for mask_ratio in [0.0, 1.0, 0.99, f64::NAN, -1.0] {
        assert_eq!(MaeConfig { mask_ratio, ..mae.clone() }.check().unwrap_err().code, Code::E1013, "{mask_ratio}");
    }
    assert_eq!(MaeConfig { decoder_heads: 5, ..mae.clone() }.check().unwrap_err().code, Code::E1012);
    let pixels = MaeConfig { encoder: VitConfig { patch: 1, ..mae.encoder.clone() }, ..mae };
    assert_eq!(pixels.check().unwrap_err().code, Code::E1012);
    let store = VarStore::new(Device::Cpu);
    let sizes = |sizes: Vec<usize>| HeadConfig { sizes, ..HeadConfig::simclr(2, 2) };
    for broken in [vec![], vec![3], vec![3, 0]] {
        assert_eq!(Head::new(&store.root(), &sizes(broken), 0).unwrap_err().code, Code::E1012);
    }
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let store = VarStore::new(Device::Cpu);
    let encoder = VitConfig { image: [8, 8], channels: 1, patch: 4, width: 8, depth: 1, heads: 2 };
    let config = MaeConfig {
        encoder,
        decoder_width: 8,
        decoder_depth: 1,
        decoder_heads: 2,
        mask_ratio: 0.5,
        normalized_target: true,
    };
    let network = MaskedAutoencoder::new(&store.root(), &config, 0).unwrap();
    let images = |shape: &[i64]| Tensor::zeros(shape, (Kind::Float, Device::Cpu));
    for shape in [&[2, 3, 8, 8][..], &[2, 1, 8, 4], &[1, 8, 8], &[0, 1, 8, 8]] {
        assert_eq!(network.features(&images(shape)).unwrap_err().code, Code::E1014, "{shape:?}");
    }
    let masked = |mask: Mask| network.forward(&images(&[2, 1, 8, 8]), &mask, Rows::All).map(|_| ()).map_err(|e| e.code);
    assert_eq!(masked(Mask::draw(0, 0, 2, 4, 0.5).unwrap()), Ok(()));
    assert_eq!(masked(Mask::draw(0, 0, 3, 4, 0.5).unwrap()), Err(Code::E1014));
    assert_eq!(masked(Mask::draw(0, 0, 2, 9, 0.5).unwrap()), Err(Code::E1014));
}

#[test]
fn sizes_can_be_kept_as_text() {
    let config = MaeConfig::of(VitSize::Base, [224, 224], 3, 16);
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<MaeConfig>(&text).unwrap(), config);
    assert_eq!((config.encoder.patches(), config.kept(), config.encoder.numbers()), (196, 49, 768));
}
