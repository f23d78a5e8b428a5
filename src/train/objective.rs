//! The loss of a run: an expression of the language, and what the network gives for its names.

use std::collections::BTreeMap;
use std::sync::Arc;

use num_traits::ToPrimitive;
use tch::Tensor;

use super::config::Config;
use super::method::Family;
use super::origin::of_expression;
use super::tensors::Tensors;
use super::watch;
use crate::api::{Error, Loewner};
use crate::base::{Code, Diagnostic, did_you_mean, significant};
use crate::prove;
use crate::torch::{CompiledLoss, Options, Source};

/// The name that an expression gets as a definition.
const NAME: &str = "training_loss";

/// How long the cheapest form may be searched for. The search ends by its own limits long before, which are the same on every
/// machine: were it ended by the clock, the sums of a run that is gone on with could be taken in another order.
const SEARCH: std::time::Duration = std::time::Duration::from_secs(600);

/// The loss, ready to be trained with.
pub struct Objective {
    loss: CompiledLoss,
    /// What it was compiled from, and the session that knows its texts: files may change while a network is trained.
    opened: (Loewner, Source),
    /// The names of its inputs that the network gives.
    inputs: Vec<String>,
    config: Config,
    family: Family,
}

impl Objective {
    /// The loss of a run.
    ///
    /// # Errors
    /// The mistakes in it, and E1044 where it needs what the network does not give, or what is set is no parameter of it.
    pub fn new(config: &Config, family: Family) -> Result<Objective, Error> {
        let (mut loewner, source) = opened(config, family)?;
        let loss = CompiledLoss::new(source.clone(), prove::rules())?;
        let mut loss = loss.with_options(Options { search: SEARCH, ..Options::default() });
        for (name, text) in &config.set {
            // An expression has the parameters that it names; one that only something else names is none of its own.
            if source.input(name).is_none() {
                if config.watch.iter().any(|watched| watch::mentions(watched, name)) {
                    continue;
                }
                let names: Vec<&str> = source.inputs.iter().map(|input| input.name.as_str()).collect();
                let near = did_you_mean(name, names.iter().copied());
                let diagnostic = Diagnostic::new(Code::E1044, format!("`{}` has no parameter `{name}`", config.loss));
                let diagnostic = diagnostic.note(format!("it has: {}", names.join(", ")));
                return Err(diagnostic.maybe_help(near.map(|near| format!("did you mean `{near}`?"))).into());
            }
            loss = loss.set(name, exact(&mut loewner, name, text)?).map_err(Error::from)?;
        }
        let mut inputs = Vec::new();
        for input in &source.inputs {
            if config.set.contains_key(&input.name) {
                continue;
            }
            let number = source.graph.inputs()[input.input.0 as usize].ty.is_real_scalar();
            match family.name(&input.name) {
                Some(_) if !number => inputs.push(input.name.clone()),
                Some(_) | None if input.default.is_some() => (),
                Some(_) | None => return Err(not_given(&config.loss, &input.name, family).into()),
            }
        }
        Ok(Objective { loss, opened: (loewner, source), inputs, config: config.clone(), family })
    }

    /// A sum by which another loss is told from this one.
    pub fn checksum(&self) -> String {
        of_expression(&self.opened.1)
    }

    /// The value for a batch, on which `backward` works.
    ///
    /// # Errors
    /// As [`CompiledLoss::forward`].
    pub fn value(&self, tensors: &Tensors) -> Result<Tensor, Diagnostic> {
        let given: Result<Vec<(&str, Tensor)>, Diagnostic> = self
            .inputs
            .iter()
            .map(|name| match tensors.get(name) {
                Ok(tensor) => Ok((name.as_str(), tensor)),
                Err(error) => Err(Diagnostic::new(Code::E0812, format!("torch refused `{name}`: {error}"))),
            })
            .collect();
        let given = given?;
        let given: Vec<(&str, &Tensor)> = given.iter().map(|(name, tensor)| (*name, tensor)).collect();
        self.loss.forward(&given)
    }

    /// What went wrong where the value is not finite: what the network gave, or the subexpression, looked for in double
    /// precision.
    pub fn blame(&self, tensors: &Tensors) -> Error {
        let in_network = tensors.broken().ok().flatten();
        if let Some(name) = in_network {
            let message = format!("`{name}`, which the network gave, is not finite");
            return Diagnostic::new(Code::E1045, message)
                .help("the network has diverged: a smaller --lr, a longer --warmup or --clip 1 may keep it")
                .into();
        }
        match self.again(tensors) {
            Err(error) => error,
            Ok(Some(infinite)) => infinite,
            Ok(None) => {
                let message = format!("`{}` is finite in double precision, and not in single", self.config.loss);
                Diagnostic::new(Code::E1045, message).into()
            }
        }
    }

    /// The subexpression that is not finite in double precision, worked out without torch: one that is infinite, or as an error one
    /// that is undefined. Here the conditions of all definitions are tested, which losses on tensors take as true.
    ///
    /// # Errors
    /// A condition that is broken, and what has no value.
    pub fn again(&self, tensors: &Tensors) -> Result<Option<Error>, Error> {
        let refused = |error: tch::TchError| Error::from(crate::torch::refused("the loss", &error));
        let (mut loewner, source) = self.opened.clone();
        let exact_tensors = tensors.exact().map_err(refused)?;
        let (mut set, mut data) = (BTreeMap::new(), Vec::new());
        for input in &source.inputs {
            if let Some(text) = self.config.set.get(&input.name) {
                set.insert(input.input, exact(&mut loewner, &input.name, text)?);
            } else if self.inputs.contains(&input.name) {
                let tensor = exact_tensors.get(&input.name).map_err(refused)?;
                data.push((input.input, Arc::new(watch::data(&tensor))));
            } else if let Some(default) = &input.default {
                set.insert(input.input, default.clone());
            }
        }
        loewner.not_finite(&source, set, &data)
    }

    /// The parameters that nothing is said of, with what they are.
    pub fn defaults(&self) -> impl Iterator<Item = (&str, String)> {
        self.opened.1.inputs.iter().filter_map(|input| {
            let given = self.config.set.contains_key(&input.name) || self.inputs.contains(&input.name);
            let default = input.default.as_ref().filter(|_| !given)?;
            Some((input.name.as_str(), significant(default.to_f64()?, 6)))
        })
    }

    /// The names that the network gives it, with their sets, for a line at the start of a run.
    pub fn inputs(&self) -> impl Iterator<Item = (&str, &'static str)> {
        self.inputs.iter().filter_map(|name| {
            let known = self.family.name(name)?;
            self.family.names().iter().find(|(row, _)| *row == known).map(|(_, set)| (name.as_str(), *set))
        })
    }
}

/// The loss of a run, and the session that knows its texts.
fn opened(config: &Config, family: Family) -> Result<(Loewner, Source), Error> {
    let mut loewner = session(config)?;
    let name = match named(&mut loewner, &config.loss)? {
        true => config.loss.as_str(),
        false => {
            define(&mut loewner, "--loss", &definition(NAME, &config.loss, family, config), family)?;
            NAME
        }
    };
    let source = loewner.loss_source(name).map_err(|error| as_written(error, name, &config.loss))?;
    Ok((loewner, source))
}

/// An error that speaks of an expression by its own text, and not by the name that it got as a definition.
pub(super) fn as_written(mut error: Error, name: &str, text: &str) -> Error {
    for mistake in &mut error.diagnostics {
        mistake.message = mistake.message.replace(&format!("`{name}`"), &format!("`{}`", text.trim()));
    }
    error
}

/// The library, and what the run imports.
pub(super) fn session(config: &Config) -> Result<Loewner, Error> {
    let mut loewner = Loewner::new();
    for path in &config.import {
        loewner.load(path)?;
    }
    Ok(loewner)
}

/// Whether a text names a definition; otherwise it is an expression.
fn named(loewner: &mut Loewner, text: &str) -> Result<bool, Error> {
    let opened = loewner.session().open(text).map(|(file, name)| (file, name.to_owned()));
    let (file, name) = opened.map_err(|mistakes| loewner.error(mistakes))?;
    Ok(file || loewner.session().definition(&name).is_some())
}

/// An expression as a definition, and the call of it.
pub(super) struct Defined {
    pub text: String,
    pub call: String,
}

/// An expression as a definition: what it names of the network's and of what is set are its parameters, so that it may name their
/// sizes too.
pub(super) fn definition(name: &str, body: &str, family: Family, config: &Config) -> Defined {
    let mut tensors = family.parameters(body);
    tensors.retain(|(name, _)| !config.set.contains_key(name));
    let numbers = config.set.keys().filter(|name| watch::mentions(body, name)).map(|name| (name.clone(), "Real"));
    let parameters: Vec<(String, &str)> = tensors.into_iter().chain(numbers).collect();
    let declared: Vec<String> = parameters.iter().map(|(name, set)| format!("{name}: {set}")).collect();
    let given: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    Defined {
        // In messages the expression has a line of its own.
        text: format!("def {name}({}) =\n{body}\n", declared.join(", ")),
        call: format!("{name}({})", given.join(", ")),
    }
}

/// Reads an expression that was given as an option, under the name of the option. A name in it that means nothing is told with
/// what the network gives: the expression has no parameters of its own.
pub(super) fn define(loewner: &mut Loewner, option: &str, made: &Defined, family: Family) -> Result<(), Error> {
    let Err(mut mistakes) = loewner.session().load_text(option, &made.text) else { return Ok(()) };
    let session = loewner.session();
    for mistake in mistakes.iter_mut().filter(|mistake| mistake.code == Code::E0201) {
        let Some(label) = mistake.labels.first() else { continue };
        let name = session.sources().text(label.span);
        let near = did_you_mean(name, family.names().iter().map(|(name, _)| *name));
        match near {
            Some(near) => mistake.help = vec![format!("did you mean `{near}`?")],
            // A function of a like name, say; but the definition is ours, and takes no parameters of its own.
            None => mistake.help.retain(|help| !help.starts_with("make it a parameter")),
        }
        mistake.help.push(format!("a number is given by --set {name}=VALUE"));
        mistake.notes = vec![given(family)];
    }
    Err(loewner.error(mistakes))
}

/// The exact number of a text.
fn exact(loewner: &mut Loewner, name: &str, text: &str) -> Result<num_rational::BigRational, Error> {
    let compiled = loewner.session().expression(text).map_err(|mistakes| loewner.error(mistakes))?;
    compiled.graph.constant_value(compiled.root).cloned().ok_or_else(|| {
        let message = format!("--set {name}={text}: an exact number was expected, such as 1/2");
        Diagnostic::new(Code::E1044, message).into()
    })
}

fn not_given(loss: &str, input: &str, family: Family) -> Diagnostic {
    Diagnostic::new(Code::E1044, format!("`{loss}` needs `{input}`, which this method does not give"))
        .note(given(family))
        .help(format!("a number is given by --set {input}=VALUE"))
}

/// What a network gives, for whoever used another name.
fn given(family: Family) -> String {
    let names: Vec<String> = family.names().iter().map(|(name, set)| format!("{name}: {set}")).collect();
    format!("the network gives {}", names.join(", "))
}
