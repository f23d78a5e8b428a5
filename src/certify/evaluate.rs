//! The evaluation of a graph: nodes in the order of need, each with its enclosure and whether it certainly has a value.

use std::collections::HashMap;
use std::fmt;
use std::rc::Rc;

use num_rational::BigRational;
use num_traits::Zero;

use super::complex::{Complex, Entry};
use super::eigen::{self, Eigen};
use super::exact::{self, Exact};
use super::inputs::{Entries, Inputs};
use super::interval::Interval;
use super::matrix::{Matrix, Value};
use crate::ir::{Basis, Field, Graph, Kind, NodeId, Op, Property};

/// Why an input certainly has no value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CertifyError {
    /// A size of the node is not a number: the graph must be instantiated first.
    UnknownSize(NodeId),
    /// The raw input of this name was not given, or with an entry that is not finite.
    MissingInput(String),
    /// The raw input of this name was given with another number of entries or another field.
    WrongEntries(String),
    /// The operation is undefined at these inputs.
    Undefined(NodeId),
    /// The value certainly lacks a property that it is required to have.
    RequirementFailed(NodeId, Property),
    /// A required condition certainly fails.
    ConditionFailed(NodeId),
    /// The margin is not a real number.
    NotARealScalar(NodeId),
}

impl fmt::Display for CertifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertifyError::UnknownSize(_) => f.write_str("a size is not known"),
            CertifyError::MissingInput(name) => write!(f, "the input `{name}` has no finite value"),
            CertifyError::WrongEntries(name) => write!(f, "the input `{name}` has entries of another shape or field"),
            CertifyError::Undefined(_) => f.write_str("an operation is undefined at this input"),
            CertifyError::RequirementFailed(_, property) => write!(f, "a value is not {property}"),
            CertifyError::ConditionFailed(_) => f.write_str("a required condition does not hold"),
            CertifyError::NotARealScalar(_) => f.write_str("the margin is not a real number"),
        }
    }
}

impl std::error::Error for CertifyError {}

/// An enclosure, and whether the value certainly exists: every operation on the way is defined for certain and every
/// requirement is verified.
#[derive(Clone, Debug)]
pub(super) struct Known {
    pub value: Rc<Value>,
    pub sure: bool,
}

/// The exact values found so far, which do not depend on the precision.
pub(super) type ExactMemory = HashMap<NodeId, Option<Rc<Exact>>>;

/// One evaluation at one precision.
pub(super) struct Evaluator<'a> {
    pub graph: &'a Graph,
    pub inputs: &'a Inputs,
    pub precision: u64,
    exact: &'a mut ExactMemory,
    known: HashMap<NodeId, Result<Known, CertifyError>>,
    eigens: HashMap<(NodeId, bool), Option<Rc<Eigen>>>,
    /// What [`Evaluator::rank_bound`] found.
    pub ranks: HashMap<NodeId, usize>,
    /// What [`Evaluator::verify`] found.
    pub verified: HashMap<(NodeId, Property), Option<bool>>,
}

impl<'a> Evaluator<'a> {
    pub fn new(graph: &'a Graph, inputs: &'a Inputs, precision: u64, exact: &'a mut ExactMemory) -> Self {
        Evaluator {
            graph,
            inputs,
            precision,
            exact,
            known: HashMap::new(),
            eigens: HashMap::new(),
            ranks: HashMap::new(),
            verified: HashMap::new(),
        }
    }

    /// The number of rows of a node; the sizes were checked before.
    pub fn rows(&self, id: NodeId) -> usize {
        size(self.graph.ty(id).shape.rows().as_constant())
    }

    /// The number of columns of a node.
    pub fn cols(&self, id: NodeId) -> usize {
        size(self.graph.ty(id).shape.cols().as_constant())
    }

    /// Evaluates a node and what it needs. A choice needs its condition first, and then only the operands that the
    /// condition leaves possible.
    pub fn run(&mut self, root: NodeId) -> Result<Known, CertifyError> {
        let mut stack = vec![root];
        while let Some(id) = stack.last().copied() {
            if self.known.contains_key(&id) {
                stack.pop();
                continue;
            }
            let missing: Vec<NodeId> =
                self.needed(id).into_iter().filter(|arg| !self.known.contains_key(arg)).collect();
            if missing.is_empty() {
                let known = self.compute(id);
                self.known.insert(id, known);
                stack.pop();
            } else {
                stack.extend(missing);
            }
        }
        self.known[&root].clone()
    }

    /// The operands that a node needs now.
    fn needed(&self, id: NodeId) -> Vec<NodeId> {
        let args = self.graph.args(id);
        if *self.graph.op(id) != Op::Select {
            return args.to_vec();
        }
        match self.known.get(&args[0]) {
            None => vec![args[0]],
            Some(Err(_)) => vec![],
            Some(Ok(condition)) => match branch(condition) {
                Some(true) => vec![args[1]],
                Some(false) => vec![args[2]],
                None => vec![args[1], args[2]],
            },
        }
    }

    /// What is known of a node, where it was needed.
    pub fn known(&self, id: NodeId) -> Option<&Result<Known, CertifyError>> {
        self.known.get(&id)
    }

    /// The enclosure of a node that was evaluated.
    pub fn value_of(&self, id: NodeId) -> Option<Value> {
        match self.known.get(&id) {
            Some(Ok(known)) => Some((*known.value).clone()),
            Some(Err(_)) | None => None,
        }
    }

    /// The exact value of a node, where it and its operands have a closed form.
    pub fn exact(&mut self, id: NodeId) -> Option<Rc<Exact>> {
        self.exact.get(&id).cloned().flatten()
    }

    fn compute_exact(&mut self, id: NodeId) -> Option<Rc<Exact>> {
        if let Some(found) = self.exact.get(&id) {
            return found.clone();
        }
        let graph = self.graph;
        let args = graph.args(id);
        let (rows, cols) = (self.rows(id), self.cols(id));
        let op = graph.op(id);
        let found = match (op.kind(), op) {
            (_, Op::Input(input)) => {
                let complex = graph.ty(id).field == Field::Complex;
                let fitting = self.inputs.get(*input, complex).filter(|entries| {
                    entries.len() == rows * cols && complex == matches!(entries, Entries::Complex(_))
                });
                fitting.map(|entries| {
                    Rc::new(match entries {
                        Entries::Real(data) => Exact::Real(Matrix { rows, cols, data }),
                        Entries::Complex(data) => Exact::Complex(Matrix { rows, cols, data }),
                    })
                })
            }
            (_, Op::Constant(value)) => Some(Rc::new(Exact::scalar(value.clone()))),
            (_, Op::Select) => match self.exact(args[0]).and_then(|condition| condition.as_truth()) {
                Some(true) => self.exact(args[1]),
                Some(false) => self.exact(args[2]),
                None => None,
            },
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _)
            | (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => {
                let operands: Option<Vec<Rc<Exact>>> = args.iter().map(|arg| self.exact(*arg)).collect();
                operands.and_then(|operands| {
                    let operands: Vec<&Exact> = operands.iter().map(|x| &**x).collect();
                    exact::operate(op, &operands, rows, cols).map(Rc::new)
                })
            }
        };
        // What is real of a Hermitian matrix has a real type.
        let found = found.and_then(|exact| match (&*exact, graph.ty(id).field) {
            (Exact::Complex(x), Field::Real) => Some(Rc::new(Exact::Real(x.map(|x| x.re.clone())))),
            (Exact::Real(x), Field::Complex) => {
                Some(Rc::new(Exact::Complex(x.map(|x| num_complex::Complex::new(x.clone(), BigRational::zero())))))
            }
            // Complex numbers are rational or left to the intervals.
            (Exact::Closed(_), Field::Complex) => None,
            (Exact::Real(_) | Exact::Closed(_) | Exact::Complex(_) | Exact::Truth(_), _) => Some(exact),
        });
        // The enclosures of a choice that an enclosure decides are exact on one path and not on another.
        if found.is_some() || *op != Op::Select {
            self.exact.insert(id, found.clone());
        }
        found
    }

    fn compute(&mut self, id: NodeId) -> Result<Known, CertifyError> {
        let graph = self.graph;
        if *graph.op(id) == Op::Select {
            self.compute_exact(id);
            return self.select(id);
        }
        let mut operands = Vec::with_capacity(graph.args(id).len());
        for arg in graph.args(id) {
            operands.push(self.known[arg].clone()?);
        }
        let mut sure = operands.iter().all(|known| known.sure);
        let exact = self.compute_exact(id);
        let op = graph.op(id);
        // What a construction promises of a raw input is promised of numbers that the caller chose.
        if let Op::Annotate(properties, basis) = op
            && (*basis == Basis::Tested || graph.as_input(graph.args(id)[0]).is_some())
        {
            // In the order of the table, where the weaker properties come before the stronger ones that rest on them.
            for property in properties {
                match self.verify(graph.args(id)[0], *property) {
                    Some(true) => {}
                    Some(false) if sure => return Err(CertifyError::RequirementFailed(id, *property)),
                    Some(false) | None => sure = false,
                }
            }
        }
        if *op == Op::Require {
            match *operands[1].value {
                Value::Truth(Some(true)) => {}
                Value::Truth(Some(false)) if sure => return Err(CertifyError::ConditionFailed(id)),
                Value::Truth(_) | Value::Real(_) | Value::Complex(_) => sure = false,
            }
        }
        let mark = matches!(op, Op::StopGradient | Op::Annotate(..) | Op::Require);
        let value = match exact {
            Some(exact) => Rc::new(enclose(&exact, self.precision)),
            None if mark => operands[0].value.clone(),
            None => {
                let values: Vec<&Value> = operands.iter().map(|known| &*known.value).collect();
                match self.operate(id, &values) {
                    Ok(value) => Rc::new(value),
                    Err(error) if sure => return Err(error),
                    Err(_) => return Ok(Known { value: Rc::new(self.unknown(id)), sure: false }),
                }
            }
        };
        sure &= !value.has_unknown();
        let value = if sure { self.tighten(id, value) } else { value };
        Ok(Known { value, sure })
    }

    fn select(&mut self, id: NodeId) -> Result<Known, CertifyError> {
        let args = self.graph.args(id);
        let condition = self.known[&args[0]].clone()?;
        match branch(&condition) {
            Some(true) => self.known[&args[1]].clone(),
            Some(false) => self.known[&args[2]].clone(),
            None => Ok(match (&self.known[&args[1]], &self.known[&args[2]]) {
                (Ok(x), Ok(y)) => {
                    Known { value: Rc::new(x.value.hull(&y.value)), sure: condition.sure && x.sure && y.sure }
                }
                (Err(_), _) | (_, Err(_)) => Known { value: Rc::new(self.unknown(id)), sure: false },
            }),
        }
    }

    /// The value of which nothing is known.
    fn unknown(&self, id: NodeId) -> Value {
        let (rows, cols) = (self.rows(id), self.cols(id));
        match self.graph.ty(id).field {
            Field::Real => Value::Real(Matrix::from_fn(rows, cols, |_, _| Interval::entire())),
            Field::Complex => Value::Complex(Matrix::from_fn(rows, cols, |_, _| Complex::entire())),
            Field::Truth => Value::Truth(None),
        }
    }

    /// The enclosure met with what is known of the node.
    fn tighten(&self, id: NodeId, value: Rc<Value>) -> Rc<Value> {
        let facts = self.graph.facts(id);
        let has = |property| facts.has(property);
        let unit = has(Property::UnitDiagonal);
        let hermitian = has(Property::Hermitian);
        let nonnegative = has(Property::Nonnegative);
        if !(unit || hermitian || nonnegative) {
            return value;
        }
        fn apply<E: Entry>(x: &Matrix<E>, unit: bool, hermitian: bool, psd: bool) -> Matrix<E> {
            let mut x = x.clone();
            if hermitian && x.rows == x.cols {
                for j in 0..x.cols {
                    for i in 0..=j {
                        let met = x.at(i, j).meet(&x.at(j, i).conj());
                        x.set(j, i, met.conj());
                        x.set(i, j, met);
                    }
                    let diagonal = x.at(j, j).re().clone();
                    let diagonal = if psd { diagonal.meet(&Interval::nonnegative()) } else { diagonal };
                    x.set(j, j, E::from_real(diagonal));
                }
            }
            if unit {
                for i in 0..x.rows.min(x.cols) {
                    x.set(i, i, E::one());
                }
            }
            x
        }
        let psd = has(Property::Psd);
        Rc::new(match &*value {
            Value::Real(x) => {
                let mut x = apply(x, unit, hermitian, psd);
                if nonnegative {
                    x = x.map(|x| x.meet(&Interval::nonnegative()));
                }
                Value::Real(x)
            }
            Value::Complex(x) => Value::Complex(apply(x, unit, hermitian, psd)),
            Value::Truth(truth) => Value::Truth(*truth),
        })
    }

    /// The decomposition of a Hermitian node; `gram` asks for that of A'A, or of AA' where that is smaller.
    pub fn eigen(&mut self, id: NodeId, gram: bool) -> Option<Rc<Eigen>> {
        if let Some(found) = self.eigens.get(&(id, gram)) {
            return found.clone();
        }
        let p = self.precision;
        let value = self.value_of(id)?;
        let psd = gram || self.graph.has(id, Property::Psd);
        let mut rank = || self.rank_bound(id);
        let found = match value {
            Value::Real(x) => {
                let x = if gram { gram_of(&x, p) } else { x };
                eigen::decompose(&x, false, psd, &mut rank, p)
            }
            Value::Complex(x) => {
                let x = if gram { gram_of(&x, p) } else { x };
                eigen::decompose(&eigen::embed(&x), true, psd, &mut rank, p)
            }
            Value::Truth(_) => None,
        };
        let found = found.map(Rc::new);
        self.eigens.insert((id, gram), found.clone());
        found
    }
}

fn gram_of<E: Entry>(x: &Matrix<E>, p: u64) -> Matrix<E> {
    let q = p + 8;
    if x.rows >= x.cols { x.adjoint().matmul(x, q) } else { x.matmul(&x.adjoint(), q) }
}

fn size(size: Option<i64>) -> usize {
    size.and_then(|n| usize::try_from(n).ok()).unwrap_or(0)
}

/// Which branch a condition takes for certain.
fn branch(condition: &Known) -> Option<bool> {
    match *condition.value {
        Value::Truth(truth) if condition.sure => truth,
        Value::Truth(_) | Value::Real(_) | Value::Complex(_) => None,
    }
}

/// The enclosure of an exact value.
fn enclose(exact: &Exact, p: u64) -> Value {
    let real = |x: &BigRational| if x.is_zero() { Interval::zero() } else { Interval::from_rational(x, p) };
    match exact {
        Exact::Real(x) => Value::Real(x.map(real)),
        Exact::Closed(x) => Value::Real(x.map(|x| x.enclose(p))),
        Exact::Complex(x) => Value::Complex(x.map(|z| Complex { re: real(&z.re), im: real(&z.im) })),
        Exact::Truth(truth) => Value::Truth(Some(*truth)),
    }
}
