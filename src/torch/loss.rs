//! A loss as a function of torch tensors, with its own gradient.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use num_rational::BigRational;
pub use tch::Tensor;
use tch::{Kind, TchError};

use super::machine::{Machine, Refusal, Setting};
use super::plan::{SEARCH, Source};
use super::program::Program;
use super::recent::Recent;
use crate::base::{Code, Diagnostic};
use crate::ir::{Field, InputId, Sizes};
use crate::rewrite::Rule;

/// How a loss is computed where there is a choice. Nothing here changes what it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Options {
    /// How long to search for a cheaper form when tensors of new shapes come, at most; none is searched for in no time.
    pub search: Duration,
    /// Eigenvalues and singular values are worked out in double precision, whatever the tensors are.
    pub double_decompositions: bool,
    /// What is added to the diagonal of a Hermitian matrix before its eigenvalues are worked out, 0 unless asked for. It is
    /// never needed for a finite gradient; it changes values by about as much.
    pub jitter: f64,
    /// Whether results may take the memory of tensors that nothing else needs. It makes no difference to any value, and is
    /// turned off only to see that.
    pub in_place: bool,
}

impl Default for Options {
    fn default() -> Self {
        Options { search: SEARCH, double_decompositions: false, jitter: 0.0, in_place: true }
    }
}

/// What a plan is good for: the shapes of the inputs, the precision, the device, and what is wanted.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct Key {
    shapes: Shapes,
    kind: Kind,
    device: tch::Device,
    wanted: Wanted,
}

/// What is wanted of a loss.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
enum Wanted {
    /// The value, and the gradients by these inputs.
    Gradients(Vec<InputId>),
    /// The derivatives of the gradients by these inputs, along vectors.
    Second(Vec<InputId>),
}

/// A loss that is ready to be trained with.
///
/// The first call with tensors of new shapes chooses the cheapest form for these and writes its gradient; later calls find
/// both. The value can be differentiated by [`Tensor::backward`] as usual, and gets the gradient of [`crate::grad`] and not
/// that of torch's operations: it is finite at repeated and at zero eigenvalues. That gradient is a constant to torch, which
/// refuses to differentiate it once more ("derivative for aten::_segment_reduce_backward is not implemented"): second
/// derivatives are those of [`CompiledLoss::hessian_vector_product`]. Under [`tch::no_grad`] no gradient is worked out.
///
/// Of shapes, precisions and devices the 64 that were used last are kept ready.
///
/// Requirements of the loss are not tested on tensors, since a test would make the processor wait for the device; what breaks
/// them has no meaningful value.
#[derive(Debug)]
pub struct CompiledLoss {
    source: Source,
    rules: &'static [Rule],
    constants: BTreeMap<InputId, BigRational>,
    by: Option<BTreeSet<InputId>>,
    options: Options,
    plans: Mutex<Plans>,
}

/// What has been made so far.
#[derive(Debug, Default)]
struct Plans {
    /// The search for the cheapest form depends on shapes and on the inputs that need gradients alone.
    programs: Recent<(Shapes, Wanted), Arc<Program>>,
    machines: Recent<Key, Arc<Machine>>,
}

type Shapes = Vec<(InputId, Vec<i64>)>;

/// The tensors of a call, ready to be computed with.
struct Given {
    tensors: HashMap<InputId, Tensor>,
    /// Those whose gradients are wanted.
    by: Vec<InputId>,
    shapes: Shapes,
    kind: Kind,
    device: tch::Device,
}

impl Given {
    fn key(&self, wanted: Wanted) -> Key {
        Key { shapes: self.shapes.clone(), kind: self.kind, device: self.device, wanted }
    }

    /// The precision of the tensors of an input.
    fn kind_of(&self, declared: Field) -> Kind {
        match (declared, self.kind) {
            (Field::Complex, Kind::Double) => Kind::ComplexDouble,
            (Field::Complex, _) => Kind::ComplexFloat,
            (Field::Real | Field::Truth, kind) => kind,
        }
    }
}

impl CompiledLoss {
    /// A loss, to be rewritten by these rules. Parameters that have a default are that until they are set or given.
    ///
    /// # Errors
    /// None with the feature `torch`; E0808 without.
    pub fn new(source: Source, rules: &'static [Rule]) -> Result<Self, Diagnostic> {
        Ok(CompiledLoss {
            source,
            rules,
            constants: BTreeMap::new(),
            by: None,
            options: Options::default(),
            plans: Mutex::default(),
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.source.name
    }

    /// The names of its inputs, in the order of its definition.
    pub fn inputs(&self) -> impl Iterator<Item = &str> {
        self.source.inputs.iter().map(|input| input.name.as_str())
    }

    /// The loss computed in another way.
    #[must_use]
    pub fn with_options(self, options: Options) -> Self {
        CompiledLoss { options, plans: Mutex::default(), ..self }
    }

    /// The loss with a real parameter put in, exactly: forms that hold for this value only are chosen.
    ///
    /// # Errors
    /// E0811 where there is no such parameter, it is no number, or it breaks what the loss requires.
    pub fn set(mut self, name: &str, value: impl Into<BigRational>) -> Result<Self, Diagnostic> {
        let input = self.input(name)?;
        if !self.source.graph.inputs()[input.0 as usize].ty.is_real_scalar() {
            return Err(Diagnostic::new(Code::E0811, format!("`{name}` of `{}` is no number", self.source.name)));
        }
        self.constants.insert(input, value.into());
        self.source.fits(&self.constants)?;
        self.plans = Mutex::default();
        Ok(self)
    }

    /// The loss with gradients by these inputs only. Without this call they are by every tensor that asks for one
    /// (`requires_grad`).
    ///
    /// # Errors
    /// E0811 where there is no such input.
    pub fn gradient_by(mut self, names: &[&str]) -> Result<Self, Diagnostic> {
        let inputs: Result<BTreeSet<InputId>, Diagnostic> = names.iter().map(|name| self.input(name)).collect();
        self.by = Some(inputs?);
        Ok(self)
    }

    fn input(&self, name: &str) -> Result<InputId, Diagnostic> {
        self.source.input(name).map(|input| input.input).ok_or_else(|| {
            let near = crate::base::did_you_mean(name, self.inputs());
            Diagnostic::new(Code::E0811, format!("`{}` has no input `{name}`", self.source.name))
                .note(format!("its inputs: {}", self.source.names()))
                .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
        })
    }

    /// The value, a tensor without dimensions that `backward()` works on. Tensors of half precision are computed with in
    /// single precision; one in double precision makes the computation double.
    ///
    /// # Errors
    /// E0811 where the tensors do not fit, the errors of [`Source::plan`], and E0812 where torch refuses an operation.
    pub fn forward(&self, inputs: &[(&str, &Tensor)]) -> Result<Tensor, Diagnostic> {
        let given = self.given(inputs, has_history)?;
        let mut outputs = self.run(&given, Wanted::Gradients(given.by.clone()))?;
        let gradients = outputs.split_off(1);
        // The machine gives the value and then a gradient for each input that wants one.
        let value = outputs.swap_remove(0);
        let by = given.by.iter().zip(&gradients);
        let terms: Result<Vec<Tensor>, TchError> = by
            .filter_map(|(input, gradient)| {
                let name = self.source.inputs.iter().find(|known| known.input == *input)?;
                let (_, tensor) = inputs.iter().find(|(given, _)| *given == name.name)?;
                Some(attached(tensor, gradient))
            })
            .collect();
        terms.and_then(|terms| carrying(&value, &terms)).map_err(|error| self.refused(&error.into()))
    }

    /// The value and the gradients by some inputs, as tensors that torch knows no history of.
    ///
    /// # Errors
    /// As [`CompiledLoss::forward`].
    pub fn value_and_gradients(
        &self,
        inputs: &[(&str, &Tensor)],
        names: &[&str],
    ) -> Result<(Tensor, Vec<Tensor>), Diagnostic> {
        let given = self.given(inputs, |_| false)?;
        let mut outputs = self.run(&given, Wanted::Gradients(self.variables(&given, names)?))?;
        let gradients = of_their_own(&outputs.split_off(1));
        Ok((outputs.swap_remove(0), gradients))
    }

    /// The matrix of second derivatives by some inputs, times vectors of their shapes: for each input the derivative of its
    /// gradient along all of them. torch knows no history of the results. Where the gradient is a subgradient, its derivative
    /// is that of the branch which was taken.
    ///
    /// # Errors
    /// As [`CompiledLoss::forward`], E0811 where the vectors are not of the inputs' shapes, and E0813 where the gradient is
    /// written with what is not differentiated once more: eigenvectors, singular vectors and their like.
    pub fn hessian_vector_product(
        &self,
        inputs: &[(&str, &Tensor)],
        names: &[&str],
        vectors: &[&Tensor],
    ) -> Result<Vec<Tensor>, Diagnostic> {
        let mut given = self.given(inputs, |_| false)?;
        let by = self.variables(&given, names)?;
        if names.len() != vectors.len() {
            let message = format!("{} vectors for {} inputs of `{}`", vectors.len(), names.len(), self.source.name);
            return Err(Diagnostic::new(Code::E0811, message));
        }
        for (i, place) in self.source.vectors(by.len()).enumerate() {
            let (tensor, vector) = (&given.tensors[&by[i]], vectors[i]);
            let declared = self.source.graph.inputs()[by[i].0 as usize].ty.field;
            let field = declared == Field::Complex || !vector.is_complex();
            if vector.size() != tensor.size() || vector.device() != given.device || !field {
                let name = names[i];
                let message = format!("the vector for `{name}` has another shape, device or field than `{name}`");
                return Err(Diagnostic::new(Code::E0811, message));
            }
            given.tensors.insert(place, vector.detach().to_kind(given.kind_of(declared)));
        }
        Ok(of_their_own(&self.run(&given, Wanted::Second(by))?))
    }

    /// The inputs of these names, which are tensors here.
    fn variables(&self, given: &Given, names: &[&str]) -> Result<Vec<InputId>, Diagnostic> {
        let by: Vec<InputId> = names.iter().map(|name| self.input(name)).collect::<Result<_, _>>()?;
        if let Some(at) = by.iter().position(|input| !given.tensors.contains_key(input)) {
            let message = format!("there is no gradient by `{}`, which is a constant here", names[at]);
            return Err(Diagnostic::new(Code::E0811, message).help("give it as a tensor"));
        }
        Ok(by)
    }

    /// The value as written, with the gradient that torch's own operations have: for comparisons. It is not finite at many
    /// points where that of [`CompiledLoss::forward`] is.
    ///
    /// # Errors
    /// As [`CompiledLoss::forward`].
    pub fn forward_by_autograd(&self, inputs: &[(&str, &Tensor)]) -> Result<Tensor, Diagnostic> {
        let given = self.given(inputs, |_| false)?;
        let written = CompiledLoss {
            source: self.source.clone(),
            rules: self.rules,
            constants: self.constants.clone(),
            by: None,
            options: Options { search: Duration::ZERO, ..self.options },
            plans: Mutex::default(),
        };
        let key = given.key(Wanted::Gradients(Vec::new()));
        let program = written.program(&key.shapes, &key.wanted)?;
        let setting = Setting { differentiable: true, ..self.setting(&key) };
        let machine = Machine::new(&program, &Sizes::new(), setting);
        let named = inputs.iter().map(|(name, tensor)| Ok((self.input(name)?, tensor.to_kind(given.kind))));
        let tensors: Result<HashMap<InputId, Tensor>, Diagnostic> = named.collect();
        let mut outputs = machine.run(&tensors?).map_err(|refusal| self.refused(&refusal))?;
        Ok(outputs.swap_remove(0))
    }

    fn run(&self, given: &Given, wanted: Wanted) -> Result<Vec<Tensor>, Diagnostic> {
        let machine = self.machine(&given.key(wanted))?;
        tch::no_grad(|| machine.run(&given.tensors)).map_err(|refusal| self.refused(&refusal))
    }

    fn refused(&self, refusal: &Refusal) -> Diagnostic {
        let diagnostic = refused(&format!("`{}`", self.source.name), &refusal.error);
        match &refusal.step {
            Some(step) => diagnostic.note(format!("the operation is {step}")),
            None => diagnostic,
        }
    }

    /// The machine for a key, made at its first use.
    fn machine(&self, key: &Key) -> Result<Arc<Machine>, Diagnostic> {
        let known = self.plans().machines.get(key);
        if let Some(machine) = known {
            return Ok(machine);
        }
        let of = (key.shapes.clone(), key.wanted.clone());
        let known = self.plans().programs.get(&of);
        let program = match known {
            Some(program) => program,
            None => {
                let program = Arc::new(self.program(&key.shapes, &key.wanted)?);
                self.plans().programs.insert(of, program.clone());
                program
            }
        };
        let machine = Arc::new(Machine::new(&program, &Sizes::new(), self.setting(key)));
        self.plans().machines.insert(key.clone(), machine.clone());
        Ok(machine)
    }

    fn setting(&self, key: &Key) -> Setting {
        Setting {
            kind: key.kind,
            device: key.device,
            double_decompositions: self.options.double_decompositions,
            jitter: self.options.jitter,
            in_place: self.options.in_place,
            differentiable: false,
        }
    }

    /// What has been made, which is whole also where a thread ended while it held the lock.
    fn plans(&self) -> MutexGuard<'_, Plans> {
        self.plans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The program for tensors of these shapes.
    fn program(&self, shapes: &Shapes, wanted: &Wanted) -> Result<Program, Diagnostic> {
        let sizes = self.source.sizes(shapes)?;
        let mut constants = self.constants.clone();
        for input in &self.source.inputs {
            let given = shapes.iter().any(|(shape, _)| *shape == input.input);
            if let Some(default) = &input.default
                && !given
            {
                constants.entry(input.input).or_insert_with(|| default.clone());
            }
        }
        let (rules, search) = (self.rules, self.options.search);
        let planned = match wanted {
            Wanted::Gradients(by) => self.source.plan(&sizes, &constants, by, rules, search),
            Wanted::Second(by) => self.source.plan_second(&sizes, &constants, by, rules, search),
        };
        Ok(planned?.program)
    }

    /// The tensors by their inputs, in one precision.
    fn given(&self, inputs: &[(&str, &Tensor)], needs: impl Fn(&Tensor) -> bool) -> Result<Given, Diagnostic> {
        let misfit = |message: String| Diagnostic::new(Code::E0811, message);
        let mut shapes = Vec::new();
        let mut by = Vec::new();
        for (name, tensor) in inputs {
            let input = self.input(name)?;
            if self.constants.contains_key(&input) {
                return Err(misfit(format!("`{name}` of `{}` is set to a constant", self.source.name)));
            }
            if shapes.iter().any(|(known, _)| *known == input) {
                return Err(misfit(format!("`{name}` is given twice")));
            }
            shapes.push((input, tensor.size()));
            let wanted = self.by.as_ref().is_none_or(|by| by.contains(&input));
            if wanted && needs(tensor) {
                by.push(input);
            }
        }
        let missing = self.source.inputs.iter().find(|input| {
            let given = shapes.iter().any(|(known, _)| *known == input.input);
            !given && input.default.is_none() && !self.constants.contains_key(&input.input)
        });
        if let Some(missing) = missing {
            return Err(misfit(format!("`{}` needs a tensor for `{}`", self.source.name, missing.name)));
        }
        let mut double = false;
        let mut device = None;
        for (name, tensor) in inputs {
            double |= matches!(tensor.kind(), Kind::Double | Kind::ComplexDouble);
            let place = tensor.device();
            if *device.get_or_insert(place) != place {
                return Err(misfit(format!("`{name}` lies on another device than the other tensors")));
            }
        }
        let kind = if double { Kind::Double } else { Kind::Float };
        shapes.sort();
        let device = device.unwrap_or(tch::Device::Cpu);
        let mut given = Given { tensors: HashMap::new(), by, shapes, kind, device };
        for (name, tensor) in inputs {
            let input = self.input(name)?;
            let declared = &self.source.graph.inputs()[input.0 as usize].ty;
            let field = match tensor.kind() {
                Kind::Float | Kind::Double | Kind::Half | Kind::BFloat16 | Kind::Bool => Some(Field::Real),
                Kind::ComplexFloat | Kind::ComplexDouble | Kind::ComplexHalf => Some(Field::Complex),
                _ => None,
            };
            match field.filter(|field| (*field == Field::Complex) == (declared.field == Field::Complex)) {
                Some(field) => {
                    let target = given.kind_of(field);
                    let converted = tensor.f_detach().and_then(|tensor| tensor.f_to_kind(target));
                    given.tensors.insert(input, converted.map_err(|error| self.refused(&error.into()))?);
                }
                None => {
                    let message = format!("`{name}` is {declared}, and the tensor holds {:?}", tensor.kind());
                    return Err(misfit(message).help("convert it: `to_kind(Kind::Float)`"));
                }
            }
        }
        Ok(given)
    }
}

/// What torch refused while something was worked out, E0812.
pub fn refused(of: &str, error: &TchError) -> Diagnostic {
    // torch writes its own call stack after the first line.
    let text = error.to_string();
    let first = text.lines().next().unwrap_or_default();
    Diagnostic::new(Code::E0812, format!("torch refused an operation of {of}: {first}"))
}

/// Whether torch is to know where a value that rests on this tensor comes from: it asks for a gradient, and is not used
/// under `no_grad`.
fn has_history(tensor: &Tensor) -> bool {
    // tch does not tell whether gradients are on; another name for the tensor has what is made of it.
    tensor.requires_grad() && tensor.f_alias().is_ok_and(|alias| alias.requires_grad())
}

/// A gradient may be one of the inputs, or be two gradients: what is handed out has memory of its own.
fn of_their_own(tensors: &[Tensor]) -> Vec<Tensor> {
    tensors.iter().map(Tensor::copy).collect()
}

/// ⟨g, x⟩, of which torch's gradient by x is g: the only function of a tensor that torch sees.
fn attached(tensor: &Tensor, gradient: &Tensor) -> Result<Tensor, TchError> {
    let kind = gradient.kind();
    // A batch × features tensor that is given transposed is read as it lies in memory.
    let turned = tensor.dim() == 2 && !tensor.is_contiguous();
    let (x, g) = if turned {
        (tensor.f_transpose(0, 1)?, gradient.f_transpose(0, 1)?)
    } else {
        (tensor.shallow_clone(), gradient.shallow_clone())
    };
    let (x, g) = (x.f_to_kind(kind)?.f_reshape(-1)?, g.f_detach()?.f_reshape(-1)?);
    if g.is_complex() { g.f_vdot(&x)?.f_real() } else { g.f_dot(&x) }
}

/// The value, with the gradients of the terms: their sum, with the value written over it. Neither products nor sums keep
/// their results for the way back, so that nothing of what they came to is left.
fn carrying(value: &Tensor, terms: &[Tensor]) -> Result<Tensor, TchError> {
    let Some((first, rest)) = terms.split_first() else { return value.f_detach() };
    let sum = rest.iter().try_fold(first.shallow_clone(), |sum, term| sum.f_add(term))?;
    // What comes next has a memory of its own, to write to.
    let sum = once_differentiable(&sum)?.f_add_scalar(0.0)?;
    tch::no_grad(|| sum.f_detach()?.f_copy_(value).map(|_| ()))?;
    Ok(sum)
}

/// The same number, through an operation whose gradient torch does not differentiate: the gradients that the terms carry are
/// constants, and a second derivative would lack what they rest on.
fn once_differentiable(x: &Tensor) -> Result<Tensor, TchError> {
    let one = Tensor::f_ones([1], (Kind::Int64, x.device()))?;
    // Nothing is tested of the lengths: that would make the processor wait for the device.
    let nothing = None::<&Tensor>;
    Tensor::f_segment_reduce(&x.f_reshape(1)?, "sum", Some(&one), nothing, nothing, 0, true, 0.0)?.f_reshape([0i64; 0])
}
