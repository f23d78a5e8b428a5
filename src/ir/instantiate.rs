//! A graph at known sizes: every size becomes a number, and everything folds that this decides.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use num_rational::BigRational;

use super::dim::{Dim, SizeVar, Sizes};
use super::graph::{Graph, Input, Mismatch, NodeId};
use super::op::{InputId, Op};
use super::ty::Type;

/// Values of size variables, and of those scalar inputs that are known beforehand.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instance {
    /// Values of size variables.
    pub sizes: Sizes,
    /// Exact values of scalar inputs.
    pub constants: BTreeMap<InputId, BigRational>,
}

impl Graph {
    /// The part of the graph under `roots` with every size known, in a new graph with the same raw inputs, and the
    /// roots' nodes there.
    ///
    /// # Errors
    /// [`Mismatch::BadSize`] when a size has no value or is not positive, and whatever other mismatch the actual sizes
    /// cause. A mismatch in a branch that the sizes rule out is none.
    pub fn instantiate(&self, roots: &[NodeId], instance: &Instance) -> Result<(Graph, Vec<NodeId>), Mismatch> {
        let known =
            |dim: &Dim| dim.eval(&instance.sizes).map(Dim::constant).ok_or_else(|| Mismatch::BadSize(dim.clone()));
        self.made_anew(roots, &instance.constants, self.inputs().to_vec(), &known)
    }

    /// The part of the graph under `roots` with some scalar inputs known and every size as it is, in a new graph with the
    /// same raw inputs, and the roots' nodes there.
    ///
    /// # Errors
    /// Whatever mismatch the constants cause.
    pub fn with_constants(
        &self,
        roots: &[NodeId],
        constants: &BTreeMap<InputId, BigRational>,
    ) -> Result<(Graph, Vec<NodeId>), Mismatch> {
        self.made_anew(roots, constants, self.inputs().to_vec(), &|dim: &Dim| Ok(dim.clone()))
    }

    /// The part of the graph under `roots` in a new graph whose raw inputs are these, of the same types: more may be known of
    /// them.
    ///
    /// # Errors
    /// Whatever mismatch that causes.
    pub fn with_known_inputs(&self, roots: &[NodeId], inputs: Vec<Input>) -> Result<(Graph, Vec<NodeId>), Mismatch> {
        self.made_anew(roots, &BTreeMap::new(), inputs, &|dim: &Dim| Ok(dim.clone()))
    }

    fn made_anew(
        &self,
        roots: &[NodeId],
        constants: &BTreeMap<InputId, BigRational>,
        mut inputs: Vec<Input>,
        known: &impl Fn(&Dim) -> Result<Dim, Mismatch>,
    ) -> Result<(Graph, Vec<NodeId>), Mismatch> {
        let needed = self.reachable(roots);
        // Inputs that nothing here rests on may have sizes that nothing determines; they keep their types.
        let used: Vec<InputId> = needed.iter().filter_map(|id| self.as_input(*id)).collect();
        for (i, input) in inputs.iter_mut().enumerate() {
            if used.contains(&InputId(i as u32)) {
                input.ty = Type { field: input.ty.field, shape: input.ty.shape.with_sizes(known)? };
                for size in [input.ty.shape.rows(), input.ty.shape.cols()] {
                    if size.as_constant().is_some_and(|n| n < 1) {
                        return Err(Mismatch::BadSize(size));
                    }
                }
            }
        }
        let mut graph = Graph::with_inputs(inputs);
        let mut made: BTreeMap<NodeId, Result<NodeId, Mismatch>> = BTreeMap::new();
        for id in needed {
            let node = self.node(id);
            graph.set_origin(node.origin);
            let new = if let Op::Input(input) = &node.op {
                let constant = constants.get(input).map(|value| Op::Constant(value.clone()));
                graph.make(constant.unwrap_or(Op::Input(*input)), vec![])
            } else {
                node.op.with_sizes(known).and_then(|op| graph.remake(op, &node.args, &made))
            };
            made.insert(id, new);
        }
        let roots = roots.iter().map(|id| made[id].clone()).collect::<Result<_, _>>()?;
        Ok((graph, roots))
    }

    /// The nodes `roots` with some nodes replaced by others of the same graph, and some sizes by others.
    ///
    /// # Errors
    /// When a replacement does not fit where the replaced node stood.
    pub fn substitute(
        &mut self,
        roots: &[NodeId],
        replacements: &BTreeMap<NodeId, NodeId>,
        sizes: &BTreeMap<SizeVar, Dim>,
    ) -> Result<Vec<NodeId>, Mismatch> {
        let new_size = |dim: &Dim| dim.substitute(sizes).ok_or_else(|| Mismatch::BadSize(dim.clone()));
        let mut made: BTreeMap<NodeId, Result<NodeId, Mismatch>> = BTreeMap::new();
        for id in self.reachable(roots) {
            let node = self.node(id);
            let (op, args) = (node.op.clone(), node.args.clone());
            let new = match replacements.get(&id) {
                Some(replacement) => Ok(*replacement),
                None if matches!(op, Op::Input(_)) => Ok(id),
                None => op.with_sizes(&new_size).and_then(|op| self.remake(op, &args, &made)),
            };
            made.insert(id, new);
        }
        roots.iter().map(|id| made[id].clone()).collect()
    }

    /// Nodes of another graph, made in this one with some of its nodes replaced by nodes of this one, and its sizes by
    /// others. Raw inputs of the other graph must all be below replaced nodes. A scalar that is then added to entries is
    /// added to each of them.
    ///
    /// # Errors
    /// When a replacement does not fit where the replaced node stood, or an input is left over.
    pub fn graft(
        &mut self,
        other: &Graph,
        roots: &[NodeId],
        replacements: &BTreeMap<NodeId, NodeId>,
        sizes: &BTreeMap<SizeVar, Dim>,
    ) -> Result<Vec<NodeId>, Mismatch> {
        let new_size = |dim: &Dim| dim.substitute(sizes).ok_or_else(|| Mismatch::BadSize(dim.clone()));
        let mut made: BTreeMap<NodeId, Result<NodeId, Mismatch>> = BTreeMap::new();
        for id in other.reachable_above(roots, replacements) {
            let node = other.node(id);
            let new = match replacements.get(&id) {
                Some(replacement) => Ok(*replacement),
                None if matches!(node.op, Op::Input(_)) => Err(Mismatch::Arguments { expected: 0, found: 1 }),
                None => node.op.with_sizes(&new_size).and_then(|op| self.remake_spread(op, &node.args, &made)),
            };
            made.insert(id, new);
        }
        roots.iter().map(|id| made[id].clone()).collect()
    }

    /// The nodes that the given ones rest on, in order, without what lies below the nodes of `floor`.
    fn reachable_above(&self, roots: &[NodeId], floor: &BTreeMap<NodeId, NodeId>) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if seen.insert(id) && !floor.contains_key(&id) {
                stack.extend(self.args(id));
            }
        }
        seen
    }

    /// Like [`Graph::remake`], with a scalar spread over the entries that it is added to or compared with.
    fn remake_spread(
        &mut self,
        op: Op,
        args: &[NodeId],
        made: &BTreeMap<NodeId, Result<NodeId, Mismatch>>,
    ) -> Result<NodeId, Mismatch> {
        match self.remake(op.clone(), args, made) {
            Err(Mismatch::ScalarPlusMatrix(scalar)) => {
                let mut operands = [made[&args[0]].clone()?, made[&args[1]].clone()?];
                operands[scalar] = self.like(operands[scalar], operands[1 - scalar])?;
                self.make(op, operands.to_vec())
            }
            other => other,
        }
    }

    /// Makes an operation anew on the new versions of its operands; a choice that is decided by now needs only the
    /// operand that it chooses.
    fn remake(
        &mut self,
        op: Op,
        args: &[NodeId],
        made: &BTreeMap<NodeId, Result<NodeId, Mismatch>>,
    ) -> Result<NodeId, Mismatch> {
        if op == Op::Select
            && let Op::Truth(truth) = self.op(made[&args[0]].clone()?)
        {
            return made[&args[if *truth { 1 } else { 2 }]].clone();
        }
        let args = args.iter().map(|arg| made[arg].clone()).collect::<Result<_, _>>()?;
        self.make(op, args)
    }

    /// The node of a raw input.
    pub fn input_node(&self, input: InputId) -> Option<NodeId> {
        self.existing(&Op::Input(input), &[])
    }

    /// The number of a raw input, if the node is one.
    pub fn as_input(&self, id: NodeId) -> Option<InputId> {
        if let Op::Input(input) = self.op(id) { Some(*input) } else { None }
    }
}

impl Op {
    /// The operation with 0 for each of its sizes, and the sizes, in the order in which they are written.
    pub fn split_sizes(&self) -> (Op, Vec<Dim>) {
        let sizes = RefCell::new(Vec::new());
        let bare: Result<Op, std::convert::Infallible> = self.with_sizes(&|dim| {
            sizes.borrow_mut().push(dim.clone());
            Ok(Dim::default())
        });
        match bare {
            Ok(bare) => (bare, sizes.into_inner()),
        }
    }

    /// The operation with every size in it replaced, in the order in which they are written.
    ///
    /// # Errors
    /// What `new` gives.
    pub fn with_sizes<E>(&self, new: &impl Fn(&Dim) -> Result<Dim, E>) -> Result<Op, E> {
        Ok(match self {
            Op::Size(dim) => Op::Size(new(dim)?),
            Op::Eye(dim) => Op::Eye(new(dim)?),
            Op::Fill(shape) => Op::Fill(shape.with_sizes(new)?),
            Op::OneHot(shape) => Op::OneHot(shape.with_sizes(new)?),
            Op::Slice(row, col, shape) => Op::Slice(new(row)?, new(col)?, shape.with_sizes(new)?),
            Op::PartialInner(side, shape) => Op::PartialInner(*side, shape.with_sizes(new)?),
            Op::Broadcast(axis, dim) => Op::Broadcast(*axis, new(dim)?),
            Op::Input(_)
            | Op::Constant(_)
            | Op::Truth(_)
            | Op::ImaginaryUnit
            | Op::Pi
            | Op::Infinity
            | Op::Map(_)
            | Op::Part(_)
            | Op::Complexify
            | Op::Zip(_)
            | Op::Adjoint
            | Op::Transpose
            | Op::Conj
            | Op::DiagonalOf
            | Op::DiagonalMatrix
            | Op::Block(..)
            | Op::Stack
            | Op::Entry
            | Op::MatMul
            | Op::Kron
            | Op::Reduce(..)
            | Op::Eigenvalues
            | Op::SingularValues
            | Op::Spectral(_)
            | Op::EigenSum
            | Op::Frechet(_)
            | Op::SingularSum
            | Op::LogDet
            | Op::Det
            | Op::Inverse
            | Op::Adjugate
            | Op::Rank
            | Op::Compare(_)
            | Op::And
            | Op::Or
            | Op::Not
            | Op::Select
            | Op::StopGradient
            | Op::Annotate(..)
            | Op::Require => self.clone(),
        })
    }
}
