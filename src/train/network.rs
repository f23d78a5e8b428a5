//! The network of a run: what it makes of a batch, by the names that losses have for it.

use tch::nn::VarStore;
use tch::{Device, Tensor};

use super::config::{self, Config};
use super::method::{Family, Projector};
use super::nn::ema::cosine_momentum;
use super::nn::{
    self, Buffers, Encoder, Head, HeadConfig, MaeConfig, MaskedAutoencoder, MovingAverage, Reconstruction, ResNet,
    ResNetConfig, Rows, Stem, VisionTransformer, VitConfig,
};
use super::optimiser::Parameter;
use super::tensors::Tensors;
use crate::base::Diagnostic;

/// A network in training.
pub struct Network {
    /// What is trained, and what goes with it.
    store: VarStore,
    body: Body,
    family: Family,
}

/// How it is built.
enum Body {
    Masked(Box<MaskedAutoencoder>),
    Siamese(Box<Siamese>),
}

/// Encoder and projector for two views, and what some methods have besides.
struct Siamese {
    branch: Branch,
    predictor: Option<Head>,
    target: Option<Target>,
}

/// An encoder with a projector behind it.
struct Branch {
    encoder: Backbone,
    projector: Option<Head>,
}

/// An encoder of whole images.
enum Backbone {
    Vit(VisionTransformer),
    Resnet(ResNet),
}

/// The moving average of a branch.
struct Target {
    store: VarStore,
    branch: Branch,
    average: MovingAverage,
}

impl Network {
    /// The network of a run for images of these channels, rows and columns, as it starts.
    ///
    /// # Errors
    /// E1011 to E1013 where there is no network of these sizes, E0812 where torch refuses.
    pub fn new(config: &Config, shape: [usize; 3], device: Device) -> Result<Network, Diagnostic> {
        let method = config.method()?;
        let store = VarStore::new(device);
        let body = match method.family {
            Family::Masked => {
                let sizes = masked(&config.network, shape);
                Body::Masked(Box::new(MaskedAutoencoder::new(&store.root(), &sizes, config.seed)?))
            }
            Family::Siamese | Family::Predicting | Family::Momentum => {
                let branch = Branch::new(&store, config, method.projector, shape)?;
                let [hidden, last] = config.network.projector;
                let predictor = match method.family {
                    Family::Predicting => Some(HeadConfig::simsiam_predictor(last, (last / 4).max(1))),
                    Family::Momentum => Some(HeadConfig::byol(last, hidden, last)),
                    Family::Masked | Family::Siamese => None,
                };
                let path = store.root() / "predictor";
                let predictor = predictor.map(|sizes| Head::new(&path, &sizes, config.seed)).transpose()?;
                let target = match method.family {
                    Family::Momentum => {
                        let mut target = VarStore::new(device);
                        let branch = Branch::new(&target, config, method.projector, shape)?;
                        let average = MovingAverage::new(&mut target, &store)?;
                        Some(Target { store: target, branch, average })
                    }
                    Family::Masked | Family::Siamese | Family::Predicting => None,
                };
                Body::Siamese(Box::new(Siamese { branch, predictor, target }))
            }
        };
        Ok(Network { store, body, family: method.family })
    }

    /// What the network makes of the views of a batch (each B × C × H × W) at a step of training.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn forward(&self, views: &[Tensor], seed: u64, step: u64) -> Result<Tensors, Diagnostic> {
        match (&self.body, views) {
            (Body::Masked(network), [images]) => {
                let batch = usize::try_from(images.size()[0]).unwrap_or(0);
                let mask = network.config().mask(seed, step, batch)?;
                let Reconstruction { pred, target, mask, class_token, .. } =
                    network.forward(images, &mask, Rows::All)?;
                let features = class_token.shallow_clone();
                let given = [("pred", pred), ("target", target), ("mask", mask), ("F", class_token), ("E", features)];
                Ok(Tensors::new(self.family, given))
            }
            (Body::Siamese(network), [first, second]) => {
                let mut given = network.view(first, ["E1", "F1", "P1", "T1"])?;
                given.extend(network.view(second, ["E2", "F2", "P2", "T2"])?);
                Ok(Tensors::new(self.family, given))
            }
            (Body::Masked(_) | Body::Siamese(_), _) => unreachable!("a recipe makes as many views as its method has"),
        }
    }

    /// The target takes a step towards the network.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn follow(&mut self, start: f64, step: u64, steps: u64) -> Result<(), Diagnostic> {
        match &mut self.body {
            Body::Siamese(network) => match &mut network.target {
                Some(target) => target.average.update(cosine_momentum(start, step, steps), Buffers::Own),
                None => Ok(()),
            },
            Body::Masked(_) => Ok(()),
        }
    }

    /// What is trained. Vectors do not decay.
    pub fn parameters(&self) -> Vec<Parameter> {
        let trained = self.store.variables().into_iter().filter(|(_, tensor)| tensor.requires_grad());
        trained.map(|(name, tensor)| Parameter { decays: tensor.dim() > 1, name, tensor, scale: 1.0 }).collect()
    }

    /// How many numbers are trained.
    pub fn size(&self) -> usize {
        self.store.trainable_variables().iter().map(Tensor::numel).sum()
    }

    /// All its tensors: weights and buffers, those of the target as `target.NAME`.
    pub fn state(&self) -> Vec<(String, Tensor)> {
        let mut state: Vec<(String, Tensor)> = self.store.variables().into_iter().collect();
        if let Body::Siamese(network) = &self.body
            && let Some(target) = &network.target
        {
            let named = target.store.variables().into_iter();
            state.extend(named.map(|(name, tensor)| (format!("target.{name}"), tensor)));
        }
        state
    }

    /// What probes look at: B × width features of whole images by the encoder, without what is behind it. In training a residual
    /// network normalises by the batch.
    ///
    /// # Errors
    /// What torch refuses.
    pub fn features(&self, images: &Tensor, train: bool) -> Result<Tensor, Diagnostic> {
        match &self.body {
            Body::Masked(network) => network.encoder().features(images),
            Body::Siamese(network) => network.branch.encoder.forward(images, train),
        }
    }

    /// How many these are.
    pub fn width(&self) -> i64 {
        let width = match &self.body {
            Body::Masked(network) => network.width(),
            Body::Siamese(network) => match &network.branch.encoder {
                Backbone::Vit(encoder) => encoder.width(),
                Backbone::Resnet(encoder) => encoder.width(),
            },
        };
        width as i64
    }

    /// The weights and buffers of the encoder.
    pub fn encoder_weights(&self) -> Vec<(String, Tensor)> {
        let of_encoder = |name: &str| match &self.body {
            Body::Masked(_) => !name.starts_with("decoder") && name != "mask_token",
            Body::Siamese(_) => name.starts_with("encoder."),
        };
        self.store.variables().into_iter().filter(|(name, _)| of_encoder(name)).collect()
    }
}

impl Siamese {
    /// What there is of one view, by the names of encoder, projector, predictor and target.
    fn view(&self, images: &Tensor, names: [&'static str; 4]) -> Result<Vec<(&'static str, Tensor)>, Diagnostic> {
        let [encoded_name, name, predicted_name, target_name] = names;
        let (encoded, projected) = self.branch.forward(images)?;
        let mut given = vec![(encoded_name, encoded)];
        if let Some(predictor) = &self.predictor {
            given.push((predicted_name, predictor.forward(&projected, true)?));
        }
        if let Some(target) = &self.target {
            given.push((target_name, tch::no_grad(|| target.branch.forward(images))?.1));
        }
        given.push((name, projected));
        Ok(given)
    }
}

impl Branch {
    fn new(store: &VarStore, config: &Config, projector: Projector, shape: [usize; 3]) -> Result<Branch, Diagnostic> {
        let (encoder, width) = Backbone::new(&(store.root() / "encoder"), config, shape)?;
        let last = config.network.projector[1];
        let sizes = match projector {
            Projector::None => None,
            Projector::Simclr => Some(HeadConfig::simclr(width, last)),
            Projector::BarlowTwins => Some(HeadConfig::barlow_twins(width, last)),
            Projector::Vicreg => Some(HeadConfig::vicreg(width, last)),
            Projector::Byol => Some(HeadConfig::byol(width, config.network.projector[0], last)),
            Projector::Simsiam => Some(HeadConfig::simsiam_projector(width, last)),
        };
        let path = store.root() / "projector";
        let projector = sizes.map(|sizes| Head::new(&path, &sizes, config.seed)).transpose()?;
        Ok(Branch { encoder, projector })
    }

    /// What encoder and projector make of images: B × e and B × d.
    fn forward(&self, images: &Tensor) -> Result<(Tensor, Tensor), Diagnostic> {
        let encoded = self.encoder.forward(images, true)?;
        let projected = match &self.projector {
            Some(projector) => projector.forward(&encoded, true)?,
            None => encoded.shallow_clone(),
        };
        Ok((encoded, projected))
    }
}

impl Backbone {
    /// The features of images, B × width: the class token, or the mean over what is left of the image.
    fn forward(&self, images: &Tensor, train: bool) -> Result<Tensor, Diagnostic> {
        match self {
            Backbone::Vit(encoder) => encoder.features(images),
            Backbone::Resnet(encoder) => encoder.forward(images, train),
        }
    }

    /// An encoder, and how many features it has.
    fn new(path: &tch::nn::Path, config: &Config, shape: [usize; 3]) -> Result<(Backbone, usize), Diagnostic> {
        let sizes = &config.network;
        match sizes.encoder {
            config::Encoder::Vit => {
                let encoder = VisionTransformer::new(path, &vit(sizes, shape), config.seed)?;
                Ok((Backbone::Vit(encoder), sizes.width))
            }
            config::Encoder::Resnet18 => {
                let of = ResNetConfig { width: sizes.width, ..ResNetConfig::of(Stem::Cifar, shape[0]) };
                let encoder = ResNet::new(path, &of, config.seed)?;
                let width = nn::Encoder::width(&encoder);
                Ok((Backbone::Resnet(encoder), width))
            }
        }
    }
}

fn vit(sizes: &config::Network, [channels, height, width]: [usize; 3]) -> VitConfig {
    VitConfig {
        image: [height, width],
        channels,
        patch: sizes.patch,
        width: sizes.width,
        depth: sizes.depth,
        heads: sizes.heads,
    }
}

fn masked(sizes: &config::Network, shape: [usize; 3]) -> MaeConfig {
    let [decoder_width, decoder_depth, decoder_heads] = sizes.decoder;
    MaeConfig {
        encoder: vit(sizes, shape),
        decoder_width,
        decoder_depth,
        decoder_heads,
        mask_ratio: sizes.mask,
        normalized_target: sizes.normalized_target,
    }
}
