//! What the program may be asked.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};

/// A small language for matrix information theory
///
/// Without a command: an interactive session.
#[derive(Parser, Debug)]
#[command(name = "loewner", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Option<Command>,
}

#[derive(Subcommand, Debug)]
pub(super) enum Command {
    Verify(Verify),
    Eval(Eval),
    Grad(Grad),
    Check(Check),
    Explain(Explain),
    Relate(Relate),
    Lint(Lint),
    Latex(Latex),
    Emit(Emit),
    Replay(Replay),
    Devices(Devices),
    Plot(Plot),
    Train(Box<Train>),
    Probe(Probe),
    /// Evaluate, define and verify interactively
    Repl,
}

/// Check every claim of theorem files on random and adversarial inputs
///
/// Ends with 0 if every claim came out as its file expects, 1 if some did not, 2 if a file could not be used.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// Files, or folders that are searched for .lw files
    #[arg(value_name = "PATH", default_value = "proofs")]
    pub paths: Vec<PathBuf>,
    /// How many inputs that meet the hypotheses each claim is tried on [default: 20000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub samples: Option<u64>,
    /// The seed of all randomness: one seed, one report, whatever the number of threads
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Sample a claim for at most this many seconds, and attack it until they are up [default: work that is the same on
    /// every machine]; the report then depends on the machine
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub budget: Option<Duration>,
    /// How much work goes into attacks, as a multiple of the default; 0 for samples alone
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = effort, conflicts_with = "budget")]
    pub effort: f64,
    /// Only theorems, files and claims with this text in their name, in any case
    #[arg(long, value_name = "TEXT")]
    pub only: Option<String>,
    /// How many threads to use [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Keep each counterexample as a file in this folder
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Draw what a loop over Gaussian samples would, and attack nothing: to see what that misses
    #[arg(long)]
    pub plain: bool,
    /// Print one JSON object in place of tables
    #[arg(long)]
    pub json: bool,
}

/// Evaluate an expression and print it with 17 significant digits
#[derive(Args, Debug)]
pub(super) struct Eval {
    /// The expression, such as 'entropy([1, 1/2; 1/2, 1], 2)'
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: String,
    #[command(flatten)]
    pub names: Names,
    /// Print {"shape": ..., "value": ...}; complex numbers as [re, im], infinities as "inf" and "-inf"
    #[arg(long)]
    pub json: bool,
}

/// Differentiate a real expression by a name, and print the gradient with 17 significant digits
///
/// The gradient has the shape of the name: entry (i, j) is the derivative by that entry, for complex entries by the real
/// part plus i times that by the imaginary part. The name is an independent variable; names given after it follow it.
///
/// Where there is no gradient, as at equal largest eigenvalues or at a singular matrix, this is one of the subgradients: by
/// each operation the one of least norm, or the slope on the support, and 0 for parts that do not move.
#[derive(Args, Debug)]
pub(super) struct Grad {
    /// The expression, such as 'entropy(gram(Z), 2)'
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: String,
    /// The name to differentiate by, given by --let or --load
    #[arg(long, value_name = "NAME")]
    pub wrt: String,
    #[command(flatten)]
    pub names: Names,
    /// Print {"shape": ..., "value": ...}; complex numbers as [re, im], infinities as "inf" and "-inf"
    #[arg(long)]
    pub json: bool,
}

/// What the names in an expression stand for.
#[derive(Args, Debug)]
pub(super) struct Names {
    /// Give a name to the value of an expression; it may use the names given before it
    #[arg(long = "let", value_name = "NAME=EXPR")]
    pub lets: Vec<String>,
    /// Give a name to the numbers of a .npy, .csv or .safetensors file (FILE.safetensors:TENSOR)
    #[arg(long = "load", value_name = "NAME=FILE")]
    pub loads: Vec<String>,
    /// Bring in the definitions of a .lw file
    #[arg(long = "import", value_name = "FILE.lw")]
    pub imports: Vec<PathBuf>,
}

/// Parse and type-check files without running them
#[derive(Args, Debug)]
pub(super) struct Check {
    /// Files, or folders that are searched for .lw files
    #[arg(value_name = "PATH", required_unless_present = "explain")]
    pub paths: Vec<PathBuf>,
    /// Tell the long story of a kind of mistake, such as E0301
    #[arg(long, value_name = "CODE", conflicts_with = "paths")]
    pub explain: Option<String>,
}

/// Show what rewriting makes of an expression: before and after, the rules used, modelled and measured cost
///
/// EXPR is the name of a definition, whose parameters are drawn at random from their sets, or an expression in names that
/// --forall, --let and --load give. Both forms are run in turn, values and gradients, and compared: the modelled times are of
/// one thread, the measured ones of all (RAYON_NUM_THREADS=1 asks for one). Ends with 0 if they agree to rounding, 1 if they
/// do not, 2 if the expression could not be used.
#[derive(Args, Debug)]
pub(super) struct Explain {
    /// The expression, or the name of a definition
    #[arg(value_name = "EXPR", allow_hyphen_values = true)]
    pub expression: String,
    /// The sizes, such as d=768,B=1024 [default: 64 each, or what is nearest to it in their ranges]
    #[arg(long = "size", value_name = "NAME=N,...")]
    pub sizes: Vec<String>,
    /// What names range over: 'Z: UnitCols[d, B]'
    #[arg(long = "forall", value_name = "NAMES: SET")]
    pub foralls: Vec<String>,
    #[command(flatten)]
    pub names: Names,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Find how two losses are related: equal, a line in each other, alike to second order somewhere, or different
///
/// A loss is the name of a definition, FILE.lw:NAME, or an expression. Parameters of one name are one; real parameters
/// range over (0, 10], sizes over 1..8. The coefficients of second = a * first + b are given as expressions in sizes and parameters,
/// and the answer tells whether it is proved or holds on samples. Ends with 0 if one is a line in the other, 1 if they are
/// different, 2 if a loss could not be used, 3 if values were measured and nothing could be checked.
#[derive(Args, Debug)]
pub(super) struct Relate {
    /// The first loss
    #[arg(value_name = "FIRST", allow_hyphen_values = true)]
    pub first: String,
    /// The second loss
    #[arg(value_name = "SECOND", allow_hyphen_values = true)]
    pub second: String,
    /// What names range over, in place of what the definitions say: 'Z: UnitCols[d, B]', 'mu in (0, 1]', 'd in 2..5'
    #[arg(long = "forall", value_name = "NAMES: SET")]
    pub foralls: Vec<String>,
    /// Sizes that are looked at alone, such as d=768,B=4
    #[arg(long = "size", value_name = "NAME=N,...")]
    pub sizes: Vec<String>,
    /// Put an expression for a parameter of both: 'mu=d/m'
    #[arg(long = "set", value_name = "NAME=EXPR")]
    pub sets: Vec<String>,
    /// Bring in the definitions of a .lw file
    #[arg(long = "import", value_name = "FILE.lw")]
    pub imports: Vec<PathBuf>,
    /// The seed of all randomness
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Tell how a loss behaves: collapse, symmetries, scaling, splitting, precision
///
/// The loss is tried on random and structured inputs, so that every finding is evidence and no proof. Features are d x B, a
/// column per sample, N x p is a row per patch, and a square matrix is a kernel of its samples; random samples have norm 1.
#[derive(Args, Debug)]
pub(super) struct Lint {
    /// A definition of the library, or FILE.lw:NAME
    #[arg(value_name = "LOSS", required_unless_present = "library")]
    pub loss: Option<String>,
    /// Give a parameter that is a number a value [default: its default, or 1, or what leaves no hinge off]
    #[arg(long, value_name = "NAME=EXPR")]
    pub set: Vec<String>,
    /// Sizes by name, such as d=4,B=8 [default: 8 samples, 12 features, 3 of anything else]
    #[arg(long = "size", value_name = "NAME=N,...")]
    pub sizes: Vec<String>,
    /// How many random inputs each finding rests on
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub draws: u16,
    /// The seed of all randomness
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
    /// Lint every definition of the library that can be, and print a table in Markdown
    #[arg(long, conflicts_with_all = ["loss", "set", "sizes", "json"])]
    pub library: bool,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Write an expression, or the definitions, theorems and calculations of a file, as LaTeX
///
/// A' is written with a transposition sign where a statement is about real matrices, and with an H where it is about complex
/// ones. Functions act on every entry under their usual names; the functions of a matrix keep theirs, such as logm. The
/// fragment of a file needs amsmath, amssymb, amsthm and the environments definition, theorem and remark.
#[derive(Args, Debug)]
pub(super) struct Latex {
    /// An expression, such as "tr(K1 * K2')", the name of a definition or FILE.lw:NAME, or a .lw file
    #[arg(value_name = "EXPR|NAME|FILE", allow_hyphen_values = true)]
    pub source: String,
    /// Write a whole document, which compiles as it is
    #[arg(long)]
    pub standalone: bool,
}

/// Write a loss as a module for another system: Python with PyTorch
///
/// The module needs torch alone. It computes the value and, where they are asked for, the gradients, which are finite at
/// repeated and zero eigenvalues; it works at all sizes and under torch.compile.
#[derive(Args, Debug)]
pub(super) struct Emit {
    /// What to write
    #[arg(value_name = "SYSTEM", value_parser = ["pytorch"])]
    pub system: String,
    /// A definition of the library, or FILE.lw:NAME
    #[arg(value_name = "LOSS")]
    pub loss: String,
    /// The sizes that the form is chosen for, such as d=768,B=1024
    #[arg(long = "size", value_name = "NAME=N,...")]
    pub sizes: Vec<String>,
    /// Put in a parameter that is a number: 'alpha=2'. Those that a formula depends on are put in with their defaults
    #[arg(long, value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    /// The inputs that gradients are wanted by [default: every matrix and vector that is no mask]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',')]
    pub by: Vec<String>,
    /// Split the batch over processes (torch.distributed): the sizes that are split [default: those of B and N it has]
    #[arg(long, value_name = "NAME,...", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub data_parallel: Option<String>,
    /// Write to this file, which is replaced at once or left as it was [default: standard output]
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// Train a network on images with a loss of the language
///
/// METHOD is mae, u-mae, m-mae, m-mae-entropy, simclr, info-nce, spectral-contrastive, barlow-twins, vicreg, simsiam or byol, or one
/// of them as its official code has it (m-mae-official, u-mae-official, barlow-twins-official). A loss and what is watched may use
/// what the network gives: pred, target and mask (a row per patch) where patches are hidden; Z, d x B, the features of
/// the batch as columns of norm 1; Y, Z with rows of norm 1; F, the features as the network gives them; E, those of the
/// encoder. With two views these are Z1, Z2 and so on; P1, P2 are the predictor's, T1, T2 the target's. Small letters
/// will do. Ends with 0 after the last step, 2 if something cannot be used or a loss is not finite, 130 on Ctrl-C or SIGTERM,
/// with a checkpoint.
#[derive(Args, Debug)]
#[command(allow_negative_numbers = true)]
pub(super) struct Train {
    /// What the network does, and the loss unless --loss says another
    #[arg(value_name = "METHOD", required_unless_present = "resume")]
    pub method: Option<String>,
    /// The images: fashion-mnist[:FOLDER], cifar10:FOLDER, cifar100:FOLDER, folder:FOLDER or idx:IMAGES,LABELS
    #[arg(long, value_name = "DATA")]
    pub data: Option<String>,
    /// The loss: an expression, the name of a definition, or FILE.lw:NAME
    #[arg(long, value_name = "LOSS", allow_hyphen_values = true)]
    pub loss: Option<String>,
    /// Give a parameter of the loss, or a name in what is watched, a number: 'mu=1'
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub sets: Vec<String>,
    /// Bring in the definitions of a .lw file
    #[arg(long = "import", value_name = "FILE.lw")]
    pub imports: Vec<PathBuf>,
    /// An expression to look at while training, such as 'effective_rank(z)'
    #[arg(long, value_name = "EXPR", allow_hyphen_values = true)]
    pub watch: Vec<String>,
    /// Steps between two looks, besides those at the first and the last step [default: 50]
    #[arg(long, value_name = "STEPS")]
    pub watch_every: Option<u64>,
    /// The folder of the run [default: runs/METHOD-seedS]
    #[arg(long, value_name = "FOLDER")]
    pub out: Option<PathBuf>,
    /// Go on with the run in this folder, or in that of --out; what else is given must be as it was
    #[arg(long, value_name = "FOLDER", num_args = 0..=1)]
    pub resume: Option<Option<PathBuf>>,
    /// The encoder: vit-micro, vit-tiny, vit-small, vit-base, vit-large, resnet18 or resnet18-narrow [default: vit-micro]
    #[arg(long, value_name = "NAME")]
    pub encoder: Option<String>,
    /// The side of a patch, in pixels [default: 4]
    #[arg(long, value_name = "PIXELS")]
    pub patch: Option<usize>,
    /// Features, blocks and heads of the decoder, such as 48,1,3 [default: in proportion to the encoder]
    #[arg(long, value_name = "WIDTH,DEPTH,HEADS", value_parser = numbers::<3>)]
    pub decoder: Option<[usize; 3]>,
    /// The share of patches that is hidden [default: 0.75]
    #[arg(long, value_name = "SHARE")]
    pub mask: Option<f64>,
    /// Predict pixels as they are, not with mean 0 and variance 1 in every patch
    #[arg(long)]
    pub raw_target: bool,
    /// Hidden and last features of the projector [default: 512,128]
    #[arg(long, value_name = "HIDDEN,LAST", value_parser = numbers::<2>)]
    pub projector: Option<[usize; 2]>,
    /// Train on this many images of the data, the same share of each class [default: all]
    #[arg(long, value_name = "N")]
    pub images: Option<usize>,
    /// The side of the images that the network sees, in pixels [default: that of the data]
    #[arg(long, value_name = "PIXELS")]
    pub image_size: Option<usize>,
    /// How often every image is seen [default: 10]
    #[arg(long, value_name = "N")]
    pub epochs: Option<u64>,
    /// Images in a batch [default: 256]
    #[arg(long, value_name = "N")]
    pub batch: Option<usize>,
    /// The largest learning rate for a batch of 256, multiplied by batch/256 [default: 0.001]
    #[arg(long = "lr", value_name = "RATE")]
    pub learning_rate: Option<f64>,
    /// The decay of weights [default: 0.05]
    #[arg(long, value_name = "DECAY")]
    pub weight_decay: Option<f64>,
    /// Epochs in which the learning rate grows [default: 0.5]
    #[arg(long, value_name = "EPOCHS")]
    pub warmup: Option<f64>,
    /// Make gradients of a larger norm as small as this
    #[arg(long, value_name = "NORM")]
    pub clip: Option<f64>,
    /// The seed of all randomness [default: 0]
    #[arg(long, value_name = "S")]
    pub seed: Option<u64>,
    /// Where to compute: cpu, cuda, cuda:1 or mps [default: cpu]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Compute in half precision (CUDA)
    #[arg(long)]
    pub half: bool,
    /// Threads of torch [default: one for each core]; the last bits of a run depend on their number
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Steps between two checkpoints; there is one after every epoch all the same
    #[arg(long, value_name = "STEPS")]
    pub checkpoint_every: Option<u64>,
}

/// Tell how good the representation of a trained network is
///
/// RUN is the folder of `loewner train`. The encoder is frozen, unless it is fine-tuned, and sees the test images of the data
/// that it was trained on, or of --data.
#[derive(Args, Debug)]
pub(super) struct Probe {
    /// The folder of the run
    #[arg(value_name = "RUN")]
    pub run: PathBuf,
    /// How many neighbours vote; may be given several times [default: 20]
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(i64).range(1..))]
    pub knn: Vec<i64>,
    /// Fit no linear classifier
    #[arg(long)]
    pub no_linear: bool,
    /// Train the whole network on with labels, over so many epochs
    #[arg(long, value_name = "EPOCHS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=100_000))]
    pub fine_tune: u64,
    /// Give the classifiers this many training images [default: all]
    #[arg(long, value_name = "N")]
    pub images: Option<usize>,
    /// Other images, or the same where they lie by now [default: those of the run]
    #[arg(long, value_name = "DATA")]
    pub data: Option<String>,
    /// Where to compute: cpu, cuda, cuda:1 or mps [default: that of the run]
    #[arg(long, value_name = "DEVICE")]
    pub device: Option<String>,
    /// Threads of torch [default: as many as the run had]
    #[arg(long, value_name = "N")]
    pub threads: Option<usize>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Certify saved counterexamples anew
///
/// Ends with 0 if every one contradicts its claim, certified again; 1 if one does not; 2 if one could not be used.
#[derive(Args, Debug)]
pub(super) struct Replay {
    /// Witnesses, as `loewner verify --out FOLDER` writes them
    #[arg(value_name = "WITNESS.json", required = true)]
    pub witnesses: Vec<PathBuf>,
    /// Look for the theorems in this file or folder, not in the file that the witness names
    #[arg(long, value_name = "PATH")]
    pub theorems: Vec<PathBuf>,
}

/// Tell which torch there is, and on which devices it can run
///
/// Ends with 0 if torch is there and so is every DEVICE asked for, 2 if not: the message says how to get it.
#[derive(Args, Debug)]
pub(super) struct Devices {
    /// Devices that must be there: cpu, cuda, cuda:1 or mps
    #[arg(value_name = "DEVICE")]
    pub devices: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub json: bool,
}

/// Draw columns of tables, such as the metrics.csv of training runs, as SVG or PNG
///
/// A TABLE is FILE.csv, or the folder of a run for its metrics.csv; NAME=TABLE names it in the legend, and tables of one name are one series. Rows of one series with
/// the same X are one point: their mean, with a band of one standard deviation to each side.
#[derive(Args, Debug)]
pub(super) struct Plot {
    /// The tables
    #[arg(value_name = "TABLE", required = true)]
    pub tables: Vec<String>,
    /// The column of the horizontal axis
    #[arg(long, value_name = "COLUMN", default_value = "step")]
    pub x: String,
    /// The column of the values; may be given several times
    #[arg(long, value_name = "COLUMN", required = true)]
    pub y: Vec<String>,
    /// The column that says which series a row belongs to [default: one series for each table]
    #[arg(long, value_name = "COLUMN")]
    pub by: Option<String>,
    /// Where to write the figure: a name that ends in .svg or .png
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// How to draw it: lines; bars at places with names; a heat map with a row for each series
    #[arg(long, value_name = "KIND", default_value = "lines", value_parser = ["lines", "bars", "heat"])]
    pub kind: String,
    /// A line above it
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub title: String,
    /// What the horizontal axis shows [default: its column]
    #[arg(long, value_name = "TEXT")]
    pub x_label: Option<String>,
    /// What the vertical axis shows [default: its column]
    #[arg(long, value_name = "TEXT")]
    pub y_label: Option<String>,
    /// Equal ratios are equally far apart on the horizontal axis
    #[arg(long)]
    pub log_x: bool,
    /// Equal ratios are equally far apart on the vertical axis
    #[arg(long)]
    pub log_y: bool,
}

/// As many numbers as are wanted, with commas between them.
fn numbers<const N: usize>(text: &str) -> Result<[usize; N], String> {
    let parts: Result<Vec<usize>, _> = text.split(',').map(|part| part.trim().parse()).collect();
    let found = parts.ok().and_then(|parts| <[usize; N]>::try_from(parts).ok());
    found.ok_or_else(|| format!("{N} numbers with commas between them were expected"))
}

fn effort(text: &str) -> Result<f64, String> {
    let effort = text.parse::<f64>().ok().filter(|effort| (0.0..=1e6).contains(effort));
    effort.ok_or_else(|| "a number from 0 to 1000000 was expected".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse::<f64>().ok().filter(|seconds| *seconds > 0.0);
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    // The verifier multiplies by the number of a theorem's claims: a year is as good as no budget.
    let year = Duration::from_secs(365 * 24 * 3600);
    duration.map(|duration| duration.min(year)).ok_or_else(|| "a positive number of seconds was expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_consistent() {
        use clap::CommandFactory;
        Arguments::command().debug_assert();
    }

    #[test]
    fn lists_of_sizes_are_read() {
        let train = |option: &str, value: &str| {
            let words = ["loewner", "train", "mae", "--data", "fashion-mnist", option, value];
            match Arguments::try_parse_from(words).map(|arguments| arguments.command) {
                Ok(Some(Command::Train(train))) => Some((train.decoder, train.projector)),
                Ok(_) => panic!("not train"),
                Err(_) => None,
            }
        };
        assert_eq!(train("--decoder", "48,1,3"), Some((Some([48, 1, 3]), None)));
        assert_eq!(train("--projector", "512, 128"), Some((None, Some([512, 128]))));
        assert_eq!((train("--decoder", "48,1"), train("--projector", "1,2,3")), (None, None));
    }

    #[test]
    fn an_expression_may_start_with_a_sign() {
        let arguments = Arguments::try_parse_from(["loewner", "eval", "-x", "--let", "x=-1"]).unwrap();
        let Some(Command::Eval(eval)) = arguments.command else { panic!("not eval") };
        assert_eq!((eval.expression.as_str(), eval.names.lets), ("-x", vec!["x=-1".to_owned()]));
    }
}
