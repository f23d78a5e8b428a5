//! What a run is: everything that its weights depend on.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::data::Source;
use super::method::{Family, Method};
use crate::base::{Code, Diagnostic};
use crate::check::file_and_name;

/// A run, as it is kept in its folder and in its checkpoints.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The method, by its name in [`super::METHODS`].
    pub method: String,
    /// The loss: an expression, the name of a definition, or `FILE.lw:NAME`.
    pub loss: String,
    /// Parameters of the loss and of watched expressions, each an exact number as it was written.
    pub set: BTreeMap<String, String>,
    /// Files whose definitions the expressions may use.
    pub import: Vec<String>,
    /// The images, as `data::Source` reads them.
    pub data: String,
    /// How many images of the training set are used; all if there is no number.
    pub images: Option<usize>,
    /// The side of the images that the network sees, in pixels; that of the data if there is no number.
    pub image_size: Option<usize>,
    /// The network.
    pub network: Network,
    /// How often every image is seen.
    pub epochs: u64,
    /// Images in a batch.
    pub batch: usize,
    /// The largest learning rate, for a batch of 256: it is multiplied by batch/256 (Goyal et al. 2017).
    pub learning_rate: f64,
    /// The decay of weights that are matrices (AdamW; Loshchilov and Hutter 2019).
    pub weight_decay: f64,
    /// The second coefficient of AdamW; the first is 0.9.
    pub beta2: f64,
    /// Epochs in which the learning rate grows.
    pub warmup: f64,
    /// The largest norm of a gradient; larger ones are made as small.
    pub clip: Option<f64>,
    /// The seed of all randomness.
    pub seed: u64,
    /// Where torch computes: `cpu`, `cuda`, `cuda:1` or `mps`.
    pub device: String,
    /// Threads of torch: sums are taken in an order that depends on their number.
    pub threads: usize,
    /// Half precision where the device has it (CUDA), with a scaled loss.
    pub half: bool,
    /// Expressions that are looked at in training.
    pub watch: Vec<String>,
    /// Steps between two looks; the first and the last step are looked at all the same.
    pub watch_every: u64,
    /// Steps between two checkpoints; one is written after every epoch all the same.
    pub checkpoint_every: Option<u64>,
}

/// The sizes of a network. What a method does not have is not looked at.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Network {
    /// The architecture of the encoder.
    pub encoder: Encoder,
    /// Features of the encoder; of the first stage for a residual network.
    pub width: usize,
    /// Blocks of the encoder (vision transformer).
    pub depth: usize,
    /// Heads of attention.
    pub heads: usize,
    /// The side of a patch, in pixels.
    pub patch: usize,
    /// Features, blocks and heads of the decoder.
    pub decoder: [usize; 3],
    /// The share of patches that is hidden.
    pub mask: f64,
    /// Every patch of the target has mean 0 and variance 1 (He et al. 2022, section 4.1).
    pub normalized_target: bool,
    /// Hidden and last features of the projector (and hidden ones of the predictor).
    pub projector: [usize; 2],
    /// The momentum of the target network at the start (BYOL).
    pub momentum: f64,
}

/// What an encoder is.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoder {
    /// A vision transformer (Dosovitskiy et al. 2021).
    Vit,
    /// A residual network of 18 layers (He et al. 2016) with the stem for small images.
    Resnet18,
}

/// The most that a size of a network, or the number of threads, may be.
const LARGEST: usize = 1 << 16;

/// A named size of encoder: name, encoder, width, depth, heads.
type Preset = (&'static str, Encoder, usize, usize, usize);

/// The encoders that have a name. `vit-micro` is for processors; the others are Touvron et al.'s and Dosovitskiy et al.'s.
pub const ENCODERS: &[Preset] = &[
    ("vit-micro", Encoder::Vit, 96, 4, 3),
    ("vit-tiny", Encoder::Vit, 192, 12, 3),
    ("vit-small", Encoder::Vit, 384, 12, 6),
    ("vit-base", Encoder::Vit, 768, 12, 12),
    ("vit-large", Encoder::Vit, 1024, 24, 16),
    ("resnet18", Encoder::Resnet18, 64, 18, 1),
    ("resnet18-narrow", Encoder::Resnet18, 16, 18, 1),
];

/// The decoder of He et al. 2022 for encoders of full size, and one in proportion for small ones.
fn decoder(width: usize) -> [usize; 3] {
    match width {
        0..=128 => [48, 1, 3],
        129..=256 => [96, 2, 3],
        257..=512 => [256, 4, 8],
        _ => [512, 8, 16],
    }
}

impl Network {
    /// A network with an encoder of this name.
    ///
    /// # Errors
    /// E1042 for a name that no encoder has.
    pub fn named(name: &str) -> Result<Network, Diagnostic> {
        let found = ENCODERS.iter().find(|(known, ..)| *known == name);
        let (_, encoder, width, depth, heads) = *found.ok_or_else(|| {
            let names: Vec<&str> = ENCODERS.iter().map(|(name, ..)| *name).collect();
            Diagnostic::new(Code::E1042, format!("there is no encoder '{name}'"))
                .note(format!("encoders: {}", names.join(", ")))
        })?;
        Ok(Network {
            encoder,
            width,
            depth,
            heads,
            patch: 4,
            decoder: decoder(width),
            mask: 0.75,
            normalized_target: true,
            projector: [512, 128],
            momentum: 0.99,
        })
    }
}

impl Network {
    /// Whether the encoder is that of another network.
    pub fn has_encoder_of(&self, other: &Network) -> bool {
        let of = |network: &Network| (network.encoder, network.width, network.depth, network.heads);
        of(self) == of(other)
    }
}

impl Config {
    /// A run of a method as it is where nothing else is asked for: sizes that a processor can train.
    pub fn of(method: &Method, data: &str) -> Config {
        let masked = method.family == Family::Masked;
        let set = method.parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        // The first row of the table is an encoder.
        let network = Network::named(ENCODERS[0].0).unwrap_or_else(|_| unreachable!("the first encoder has a name"));
        Config {
            method: method.name.to_owned(),
            loss: method.loss.to_owned(),
            set,
            import: Vec::new(),
            data: data.to_owned(),
            images: None,
            image_size: None,
            network,
            epochs: 10,
            batch: 256,
            learning_rate: 1e-3,
            weight_decay: 0.05,
            beta2: if masked { 0.95 } else { 0.999 },
            warmup: 0.5,
            clip: None,
            seed: 0,
            device: "cpu".to_owned(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            half: false,
            watch: Vec::new(),
            watch_every: 50,
            checkpoint_every: None,
        }
    }

    /// The method.
    ///
    /// # Errors
    /// E1041 where a file names one that there is not.
    pub fn method(&self) -> Result<&'static Method, Diagnostic> {
        Method::named(&self.method)
    }

    /// What cannot be, before anything is built.
    ///
    /// # Errors
    /// E1042 with the first number that is out of its range.
    pub fn check(&self) -> Result<(), Diagnostic> {
        let refused = |message: String| Err(Diagnostic::new(Code::E1042, message));
        let numbers = [
            ("--batch", self.batch as f64, 1.0),
            ("--epochs", self.epochs as f64, 1.0),
            ("--watch-every", self.watch_every as f64, 1.0),
            ("--threads", self.threads as f64, 1.0),
            ("--checkpoint-every", self.checkpoint_every.unwrap_or(1) as f64, 1.0),
            ("--warmup", self.warmup, 0.0),
            ("--lr", self.learning_rate, 0.0),
            ("--weight-decay", self.weight_decay, 0.0),
        ];
        for (option, value, least) in numbers {
            if !(value >= least && value.is_finite()) {
                return refused(format!("{option} {value}: a finite number of at least {least} is needed"));
            }
        }
        let network = &self.network;
        if !(network.mask > 0.0 && network.mask < 1.0) {
            return refused(format!("--mask {}: a share between 0 and 1 is needed", network.mask));
        }
        let [width, depth, heads] = network.decoder;
        let [hidden, last] = network.projector;
        let sizes = [network.width, network.depth, network.heads, network.patch, width, depth, heads, hidden, last];
        if let Some(size) = sizes.iter().find(|size| !(1..=LARGEST).contains(*size)) {
            return refused(format!("a network with a size of {size}: 1 to {LARGEST} is possible"));
        }
        if self.threads > LARGEST {
            return refused(format!("--threads {}: at most {LARGEST} are possible", self.threads));
        }
        if let Some(twice) = self.watch.iter().enumerate().find(|(at, text)| self.watch[..*at].contains(text)) {
            return refused(format!("--watch '{}' is given twice", twice.1));
        }
        if self.clip.is_some_and(|clip| !(clip > 0.0 && clip.is_finite())) {
            return refused("--clip: a positive number is needed".to_owned());
        }
        if self.method()?.family == Family::Masked && network.encoder != Encoder::Vit {
            return refused(format!("{} hides patches, which a residual network has not", self.method));
        }
        Ok(())
    }

    /// The same run with absolute paths: it can be gone on with and looked at from any folder.
    pub fn located(&self) -> Config {
        let absolute = |path: &str| match std::path::absolute(path) {
            // What is not UTF-8 cannot be written here, and stays as it is.
            Ok(found) => found.to_str().unwrap_or(path).to_owned(),
            Err(_) => path.to_owned(),
        };
        let loss = match file_and_name(&self.loss) {
            Some((file, name)) => format!("{}:{name}", absolute(file)),
            None => self.loss.clone(),
        };
        let data = self.data.parse().map_or_else(|_| self.data.clone(), |source: Source| source.absolute());
        Config { loss, data, import: self.import.iter().map(|path| absolute(path)).collect(), ..self.clone() }
    }

    /// What differs in another run, for a run that is gone on with under other options: everything but where files lie, the
    /// contents of which are compared where they are read.
    pub fn differences(&self, other: &Config) -> Vec<String> {
        let object = |config: &Config| match serde_json::to_value(config) {
            Ok(serde_json::Value::Object(object)) => object,
            Ok(_) | Err(_) => serde_json::Map::new(),
        };
        let (mut ours, mut theirs) = (object(self), object(other));
        for config in [&mut ours, &mut theirs] {
            ["data", "import", "loss"].iter().for_each(|place| drop(config.remove(*place)));
            // The sizes of a network are told one by one.
            if let Some(serde_json::Value::Object(network)) = config.remove("network") {
                config.extend(network.into_iter().map(|(name, value)| (format!("network.{name}"), value)));
            }
        }
        let differing = ours.iter().filter(|(name, value)| theirs.get(*name) != Some(value));
        differing.map(|(name, value)| format!("{name}: {} before, {value} now", theirs[name])).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(method: &str) -> Config {
        Config::of(Method::named(method).unwrap(), "fashion-mnist")
    }

    #[test]
    fn a_run_can_be_read_back() {
        let config = Config { watch: vec!["effective_rank(z)".to_owned()], clip: Some(0.1), ..config("m-mae") };
        let text = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<Config>(&text).unwrap(), config);
    }

    #[test]
    fn what_cannot_be_is_refused() {
        assert!(config("byol").check().is_ok());
        let resnet = Network::named("resnet18").unwrap();
        assert!(Config { network: resnet.clone(), ..config("byol") }.check().is_ok());
        assert_eq!(Config { network: resnet, ..config("mae") }.check().unwrap_err().code, Code::E1042);
        for broken in [
            Config { batch: 0, ..config("mae") },
            Config { learning_rate: f64::NAN, ..config("mae") },
            Config { clip: Some(0.0), ..config("mae") },
            Config { watch: vec!["1".to_owned(), "1".to_owned()], ..config("mae") },
            Config { network: Network { projector: [512, usize::MAX], ..config("mae").network }, ..config("mae") },
            Config { network: Network { mask: 1.0, ..config("mae").network }, ..config("mae") },
        ] {
            assert_eq!(broken.check().unwrap_err().code, Code::E1042);
        }
        assert_eq!(Network::named("vit-huge").unwrap_err().code, Code::E1042);
    }

    #[test]
    fn differences_are_named() {
        let (before, now) = (config("mae"), Config { epochs: 11, ..config("mae") });
        assert_eq!(now.differences(&before), ["epochs: 10 before, 11 now"]);
        let network = Network { patch: 7, ..before.network.clone() };
        let now = Config { network, ..before.clone() };
        assert_eq!(now.differences(&before), ["network.patch: 4 before, 7 now"]);
        assert!(before.differences(&before).is_empty());
        // What files hold counts, not where they lie.
        assert!(Config { data: "fashion-mnist:data".to_owned(), ..config("mae") }.differences(&before).is_empty());
    }

    #[test]
    fn paths_are_made_absolute_and_nothing_else() {
        let here = std::env::current_dir().unwrap();
        let at = |path: &str| here.join(path).display().to_string();
        let run = Config {
            loss: "my losses/a.lw:mine".to_owned(),
            data: "idx:a.gz,../b,/c,d".to_owned(),
            import: vec!["a.lw".to_owned(), "/b.lw".to_owned()],
            ..config("mae")
        };
        let located = run.located();
        assert_eq!(located.loss, format!("{}:mine", at("my losses/a.lw")));
        assert_eq!(located.data, format!("idx:{},{},/c,{}", at("a.gz"), at("../b"), at("d")));
        assert_eq!(located.import, [at("a.lw"), "/b.lw".to_owned()]);
        assert_eq!(located.located(), located);
        assert_eq!(config("m-mae").located(), config("m-mae"));
    }
}
