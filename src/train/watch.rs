//! Expressions that are looked at while a network is trained.

use tch::{Kind, Tensor};

use super::config::Config;
use super::method::Family;
use super::objective::{as_written, define, definition, session};
use super::origin::of_expression;
use super::tensors::Tensors;
use crate::api::{Error, Loewner};
use crate::base::{Code, Diagnostic};
use crate::check::{Data, Entries};
use crate::ir::{Dim, Shape};

/// What is looked at.
pub struct Watch {
    /// With the expressions as definitions, and everything that they may use but for the tensors.
    base: Loewner,
    expressions: Vec<Watched>,
}

/// One expression.
struct Watched {
    text: String,
    /// The call of its definition.
    call: String,
    /// The names in it that the network gives.
    names: Vec<String>,
    /// A sum by which another expression is told from this one.
    checksum: String,
}

impl Watch {
    /// The expressions of a run, each checked before the run begins.
    ///
    /// # Errors
    /// The mistakes in them, and what is no real number.
    pub fn new(config: &Config, family: Family) -> Result<Watch, Error> {
        let mut base = session(config)?;
        for (name, value) in &config.set {
            base.session().bind(name, value).map_err(|mistakes| base.error(mistakes))?;
        }
        let mut expressions = Vec::new();
        for (at, text) in config.watch.iter().enumerate() {
            let name = format!("watched_{}", at + 1);
            let definition = definition(&name, text, family, config);
            define(&mut base, "--watch", &definition, family)?;
            let source = base.loss_source(&name).map_err(|error| as_written(error, &name, text))?;
            let checksum = of_expression(&source);
            let names = family.parameters(text).into_iter().map(|(name, _)| name).collect();
            expressions.push(Watched { text: text.clone(), call: definition.call, names, checksum });
        }
        Ok(Watch { base, expressions })
    }

    /// The expressions, as they are written.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.expressions.iter().map(|watched| watched.text.as_str())
    }

    /// What each computes, as sums, in their order.
    pub fn checksums(&self) -> Vec<String> {
        self.expressions.iter().map(|watched| watched.checksum.clone()).collect()
    }

    /// Their values for a batch, in double precision; what has none says why.
    pub fn look(&self, tensors: &Tensors) -> Vec<Result<f64, Error>> {
        let refused = |error: tch::TchError| Error::from(Diagnostic::new(Code::E0812, error.to_string()));
        if self.expressions.is_empty() {
            return Vec::new();
        }
        let exact = tensors.exact();
        let value = |watched: &Watched| {
            let tensors = exact.as_ref().map_err(|error| refused(tch::TchError::Torch(error.to_string())))?;
            // A name that is bound stays with its session: every look has one of its own.
            let mut loewner = self.base.clone();
            for name in &watched.names {
                let data = data(&tensors.get(name).map_err(refused)?);
                loewner.session().bind_data(name, data, "what the network gave");
            }
            let value = loewner.evaluate(&watched.call)?.scalar();
            value.ok_or_else(|| Diagnostic::new(Code::E0501, "what is watched is one real number").into())
        };
        self.expressions.iter().map(value).collect()
    }
}

/// A tensor of double precision as numbers of the language: a matrix, or a vector where it has one dimension. What it was
/// computed from had single precision, which tests of requirements must allow for.
pub(super) fn data(tensor: &Tensor) -> Data {
    let size: Vec<usize> = tensor.size().iter().map(|n| usize::try_from(*n).unwrap_or(0)).collect();
    // Entries go column by column, which is row by row of the transpose.
    let turned = if tensor.dim() == 2 { tensor.tr() } else { tensor.shallow_clone() };
    let flat = turned.to_kind(Kind::Double).contiguous().reshape(-1);
    let mut entries = vec![0.0; flat.numel()];
    let count = entries.len();
    flat.copy_data(&mut entries, count);
    let dim = |n: usize| Dim::constant(n as i64);
    let shape = match size[..] {
        [n] => Shape::Vector(dim(n)),
        [m, n] => Shape::Matrix(dim(m), dim(n)),
        _ => Shape::Scalar,
    };
    Data { shape, entries: Entries::Real(entries), epsilon: f64::from(f32::EPSILON) }
}

/// Whether an expression has a word in it.
pub(super) fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}
