//! The interface of losses on torch in a program that was built without it: every way in answers with one diagnostic.

use num_rational::BigRational;

use super::available::not_built_in;
use super::plan::Source;
use crate::base::Diagnostic;
use crate::rewrite::Rule;

/// What stands for torch's tensors. There are none.
#[derive(Clone, Copy, Debug)]
pub enum Tensor {}

/// How a loss is computed where there is a choice.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Options {
    /// How long to search for a cheaper form.
    pub search: std::time::Duration,
    /// Eigenvalues and singular values in double precision.
    pub double_decompositions: bool,
    /// What is added to the diagonal of a Hermitian matrix before its eigenvalues are worked out.
    pub jitter: f64,
    /// Whether results may take the memory of tensors that nothing else needs.
    pub in_place: bool,
}

/// A loss on torch. There is none in this program.
#[derive(Clone, Copy, Debug)]
pub enum CompiledLoss {}

impl CompiledLoss {
    /// Nothing.
    ///
    /// # Errors
    /// E0808, always.
    pub fn new(_: Source, _: &'static [Rule]) -> Result<Self, Diagnostic> {
        Err(not_built_in())
    }

    /// Its name.
    pub fn name(&self) -> &str {
        match *self {}
    }

    /// The names of its inputs.
    pub fn inputs(&self) -> std::iter::Empty<&str> {
        match *self {}
    }

    /// The loss computed in another way.
    #[must_use]
    pub fn with_options(self, _: Options) -> Self {
        match self {}
    }

    /// The loss with a parameter put in.
    ///
    /// # Errors
    /// None: there is no loss.
    pub fn set(self, _: &str, _: impl Into<BigRational>) -> Result<Self, Diagnostic> {
        match self {}
    }

    /// The loss with gradients by these inputs only.
    ///
    /// # Errors
    /// None: there is no loss.
    pub fn gradient_by(self, _: &[&str]) -> Result<Self, Diagnostic> {
        match self {}
    }

    /// The value.
    ///
    /// # Errors
    /// None: there is no loss.
    pub fn forward(&self, _: &[(&str, &Tensor)]) -> Result<Tensor, Diagnostic> {
        match *self {}
    }

    /// Products with the matrix of second derivatives.
    ///
    /// # Errors
    /// None: there is no loss.
    pub fn hessian_vector_product(
        &self,
        _: &[(&str, &Tensor)],
        _: &[&str],
        _: &[&Tensor],
    ) -> Result<Vec<Tensor>, Diagnostic> {
        match *self {}
    }

    /// The value and the gradients by some inputs.
    ///
    /// # Errors
    /// None: there is no loss.
    pub fn value_and_gradients(&self, _: &[(&str, &Tensor)], _: &[&str]) -> Result<(Tensor, Vec<Tensor>), Diagnostic> {
        match *self {}
    }
}
