//! The expression graph: a hash-consed arena that only checked constructors fill.

use std::collections::HashMap;
use std::fmt;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use num_rational::BigRational;
use rustc_hash::FxBuildHasher;

use super::dim::Dim;
use super::fact::{Fact, Facts, Property};
use super::margin::Margin;
use super::op::{Basis, InputId, Kind, Op};
use super::scalar::ScalarFn;
use super::ty::{Field, Type};
use super::{fold, infer, rules};
use crate::base::Span;

/// A node of a [`Graph`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct NodeId(u32);

impl NodeId {
    /// The node's number; operands always have smaller numbers than what they are operands of.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operation with its operands, its type and what is known of it.
#[derive(Clone, Debug)]
pub struct Node {
    /// The operation.
    pub op: Op,
    /// The operands.
    pub args: Vec<NodeId>,
    /// Field and shape.
    pub ty: Type,
    /// What is known; shared, since a search keeps and compares thousands of them.
    pub facts: Arc<Facts>,
    /// Whether it rests on something that is tested on evaluation, so that what is known may turn out to be false.
    pub tested: bool,
    /// The place in the source that first made it, where there is one.
    pub origin: Option<Span>,
}

/// A raw input of a graph.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name, for messages.
    pub name: String,
    /// Field and shape.
    pub ty: Type,
    /// What holds for every value that it is given.
    pub facts: Facts,
}

/// Why a node cannot exist. Operands are named by their position from 0.
#[derive(Clone, PartialEq, Debug)]
pub enum Mismatch {
    /// The wrong number of operands.
    Arguments {
        /// How many the operation has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The wrong number of parameters of a scalar function.
    Parameters {
        /// How many the function has.
        expected: usize,
        /// How many were given.
        found: usize,
    },
    /// The operand must be a scalar.
    NeedsScalar(usize),
    /// The operand must be a vector.
    NeedsVector(usize),
    /// The operand must be a matrix.
    NeedsMatrix(usize),
    /// The operand must be a square matrix.
    NeedsSquare(usize),
    /// The operand must be real.
    NeedsReal(usize),
    /// The operand must be a condition.
    NeedsTruth(usize),
    /// The operand must be a value, not a condition.
    NeedsValue(usize),
    /// The operand must have a property, and is not known to.
    NeedsFact(usize, Property, Fact),
    /// Two shapes must be one, and are not.
    ShapesDiffer(usize, usize),
    /// The inner sizes of a product differ.
    InnerSizes(Dim, Dim),
    /// A scalar and a matrix do not add; the operand that is the scalar.
    ScalarPlusMatrix(usize),
    /// Blocks of one row differ in height, or of one column in width: the block, and the size that its neighbours have.
    BlockSize(usize, Dim),
    /// An index beyond the size: the operand, the index and the size.
    IndexOutside(usize, i64, Dim),
    /// An index that is not an integer.
    IndexNotInteger(usize),
    /// A size is too large to be computed, or not positive.
    BadSize(Dim),
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Mismatch::Arguments { expected, found } => write!(f, "{expected} operands were expected, not {found}"),
            Mismatch::Parameters { expected, found } => write!(f, "{expected} parameters were expected, not {found}"),
            Mismatch::NeedsScalar(i) => write!(f, "operand {} must be a scalar", i + 1),
            Mismatch::NeedsVector(i) => write!(f, "operand {} must be a vector", i + 1),
            Mismatch::NeedsMatrix(i) => write!(f, "operand {} must be a matrix", i + 1),
            Mismatch::NeedsSquare(i) => write!(f, "operand {} must be a square matrix", i + 1),
            Mismatch::NeedsReal(i) => write!(f, "operand {} must be real", i + 1),
            Mismatch::NeedsTruth(i) => write!(f, "operand {} must be a condition", i + 1),
            Mismatch::NeedsValue(i) => write!(f, "operand {} must be a value, not a condition", i + 1),
            Mismatch::NeedsFact(i, property, _) => write!(f, "operand {} must be {property}", i + 1),
            Mismatch::ShapesDiffer(i, j) => write!(f, "operands {} and {} must have one shape", i + 1, j + 1),
            Mismatch::InnerSizes(a, b) => write!(f, "the inner sizes {a} and {b} differ"),
            Mismatch::ScalarPlusMatrix(_) => f.write_str("a scalar and a matrix do not add"),
            Mismatch::BlockSize(i, size) => write!(f, "block {} must have size {size}", i + 1),
            Mismatch::IndexOutside(_, index, size) => write!(f, "the index {index} is outside 1..{size}"),
            Mismatch::IndexNotInteger(i) => write!(f, "operand {} must be an integer", i + 1),
            Mismatch::BadSize(size) => write!(f, "{size} is not a usable size"),
        }
    }
}

impl std::error::Error for Mismatch {}

/// What the arena finds a node by.
fn hash(op: &Op, args: &[NodeId]) -> u64 {
    FxBuildHasher.hash_one((op, args))
}

/// The arena.
#[derive(Clone, Debug, Default)]
pub struct Graph {
    nodes: Vec<Node>,
    /// The nodes by the hash of their operation and operands: a graph that grows by thousands of terms keeps no second copy.
    index: HashTable<NodeId>,
    inputs: Vec<Input>,
    here: Option<Span>,
    /// The margins and the negations of conditions, each made once.
    pub(super) margins: HashMap<NodeId, Margin>,
    pub(super) negations: HashMap<NodeId, NodeId>,
}

impl Graph {
    /// An empty graph.
    pub fn new() -> Self {
        Self::default()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// The operation of a node.
    pub fn op(&self, id: NodeId) -> &Op {
        &self.node(id).op
    }

    /// The operands of a node.
    pub fn args(&self, id: NodeId) -> &[NodeId] {
        &self.node(id).args
    }

    /// The type of a node.
    pub fn ty(&self, id: NodeId) -> &Type {
        &self.node(id).ty
    }

    /// What is known of a node.
    pub fn facts(&self, id: NodeId) -> &Facts {
        &self.node(id).facts
    }

    /// The same, to be kept.
    pub fn shared_facts(&self, id: NodeId) -> Arc<Facts> {
        self.node(id).facts.clone()
    }

    /// Whether a property of a node is known to hold.
    pub fn has(&self, id: NodeId, property: Property) -> bool {
        self.facts(id).has(property)
    }

    /// Whether a property is known to hold without a test on evaluation: only then may what it decides take the place
    /// of the node, since nothing would be left to be tested.
    pub fn certain(&self, id: NodeId, property: Property) -> bool {
        self.has(id, property) && !self.node(id).tested
    }

    /// The number of nodes.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// The nodes from this number on, in order.
    pub fn ids_from(&self, number: usize) -> impl Iterator<Item = NodeId> + use<> {
        (number as u32..self.nodes.len() as u32).map(NodeId)
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The raw inputs, in the order of their numbers.
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// The value of a node that is an exact real constant.
    pub fn constant_value(&self, id: NodeId) -> Option<&BigRational> {
        if let Op::Constant(value) = self.op(id) { Some(value) } else { None }
    }

    /// Sets the place in the source that nodes made from now on come from, and returns the place before.
    pub fn set_origin(&mut self, span: Option<Span>) -> Option<Span> {
        std::mem::replace(&mut self.here, span)
    }

    /// A new raw input.
    pub fn input(&mut self, input: Input) -> NodeId {
        let id = InputId(self.inputs.len() as u32);
        let ty = input.ty.clone();
        let mut facts = input.facts.clone();
        // Numbers that were read from a file have been looked at.
        facts.yes(Property::Finite, "an input is a number");
        self.inputs.push(input);
        self.push(Op::Input(id), Vec::new(), ty, facts)
    }

    /// Starts a graph with the same raw inputs, under the same numbers, as another.
    pub(super) fn with_inputs(inputs: Vec<Input>) -> Self {
        Graph { inputs, ..Graph::default() }
    }

    /// The node for an operation on operands: an existing one where there is one, a simpler one where the operation
    /// folds, a new one otherwise.
    ///
    /// # Errors
    /// [`Mismatch`] when the operands do not fit the operation.
    pub fn make(&mut self, op: Op, args: Vec<NodeId>) -> Result<NodeId, Mismatch> {
        let args = self.one_field(&op, args)?;
        if let Some(id) = self.existing(&op, &args) {
            return Ok(id);
        }
        let ty = infer::infer(self, &op, &args)?;
        if let Some(simpler) = fold::fold(self, &op, &args, &ty)? {
            return Ok(simpler);
        }
        let facts = rules::facts(self, &op, &args, &ty);
        Ok(self.push(op, args, ty, facts))
    }

    /// The node of an operation on operands, where there is one.
    pub(super) fn existing(&self, op: &Op, args: &[NodeId]) -> Option<NodeId> {
        let same = |id: &NodeId| self.op(*id) == op && self.args(*id) == args;
        self.index.find(hash(op, args), same).copied()
    }

    fn push(&mut self, op: Op, args: Vec<NodeId>, ty: Type, facts: Facts) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        let tests = matches!(op, Op::Annotate(_, Basis::Tested) | Op::Require);
        let tested = tests || args.iter().any(|arg| self.node(*arg).tested);
        let hashed = hash(&op, &args);
        self.nodes.push(Node { op, args, ty, facts: Arc::new(facts), tested, origin: self.here });
        let nodes = &self.nodes;
        self.index.insert_unique(hashed, id, |id| hash(&nodes[id.index()].op, &nodes[id.index()].args));
        id
    }

    /// Makes real operands complex where an operation mixes them with complex ones, so that every treatment meets
    /// operations of one field only.
    fn one_field(&mut self, op: &Op, args: Vec<NodeId>) -> Result<Vec<NodeId>, Mismatch> {
        // Which operands are of one field.
        let mixing = match (op.kind(), op) {
            (_, Op::Zip(_) | Op::Block(..) | Op::Stack | Op::MatMul | Op::Kron | Op::PartialInner(..)) => 0..args.len(),
            (_, Op::Select) => 1..args.len(),
            (_, Op::Frechet(_)) => 0..args.len().min(2),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => return Ok(args),
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => return Ok(args),
        };
        let complex = |g: &Graph, id: &NodeId| g.ty(*id).field == Field::Complex;
        if !args[mixing.clone()].iter().any(|id| complex(self, id)) {
            return Ok(args);
        }
        let mut promoted = Vec::with_capacity(args.len());
        for (i, id) in args.into_iter().enumerate() {
            let real = self.ty(id).field == Field::Real;
            promoted.push(if mixing.contains(&i) && real { self.make(Op::Complexify, vec![id])? } else { id });
        }
        Ok(promoted)
    }

    /// The nodes that the given ones rest on, the given ones included, in an order where operands come first.
    pub fn reachable(&self, roots: &[NodeId]) -> Vec<NodeId> {
        let mut seen = vec![false; self.nodes.len()];
        let mut stack: Vec<NodeId> = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !std::mem::replace(&mut seen[id.index()], true) {
                stack.extend(self.args(id));
            }
        }
        (0..self.nodes.len() as u32).map(NodeId).filter(|id| seen[id.index()]).collect()
    }

    /// `1 − x`, entry by entry.
    ///
    /// # Errors
    /// When `x` is a condition.
    pub fn one_minus(&mut self, x: NodeId) -> Result<NodeId, Mismatch> {
        let one = self.integer(1)?;
        let one = self.like(one, x)?;
        self.zip(super::op::Zip::Sub, one, x)
    }

    /// A scalar function of every entry.
    ///
    /// # Errors
    /// When the function has a parameter, or `x` is of a field that it does not take.
    pub fn map(&mut self, function: ScalarFn, x: NodeId) -> Result<NodeId, Mismatch> {
        self.make(Op::Map(function), vec![x])
    }

    /// A scalar function with a parameter, of every entry.
    ///
    /// # Errors
    /// When the function has no parameter, or the operands do not fit it.
    pub fn map_with(&mut self, function: ScalarFn, x: NodeId, parameter: NodeId) -> Result<NodeId, Mismatch> {
        self.make(Op::Map(function), vec![x, parameter])
    }
}
