//! A graph at known sizes: every size becomes a number, and everything folds that this decides.

use std::collections::BTreeMap;

use num_rational::BigRational;

use super::dim::{Dim, Sizes};
use super::graph::{Graph, Input, Mismatch, NodeId};
use super::op::{InputId, Op};
use super::ty::{Shape, Type};

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
    /// cause.
    pub fn instantiate(&self, roots: &[NodeId], instance: &Instance) -> Result<(Graph, Vec<NodeId>), Mismatch> {
        let known =
            |dim: &Dim| dim.eval(&instance.sizes).map(Dim::constant).ok_or_else(|| Mismatch::BadSize(dim.clone()));
        let shape = |shape: &Shape| {
            Ok(match shape {
                Shape::Scalar => Shape::Scalar,
                Shape::Vector(n) => Shape::Vector(known(n)?),
                Shape::Matrix(m, n) => Shape::Matrix(known(m)?, known(n)?),
            })
        };
        let needed = self.reachable(roots);
        // Inputs that nothing here rests on may have sizes that nothing determines; they keep their types.
        let used: Vec<InputId> = needed.iter().filter_map(|id| self.as_input(*id)).collect();
        let mut inputs: Vec<Input> = Vec::with_capacity(self.inputs().len());
        for (i, input) in self.inputs().iter().enumerate() {
            let mut input = input.clone();
            if used.contains(&InputId(i as u32)) {
                input.ty = Type { field: input.ty.field, shape: shape(&input.ty.shape)? };
                for size in [input.ty.shape.rows(), input.ty.shape.cols()] {
                    if size.as_constant().is_some_and(|n| n < 1) {
                        return Err(Mismatch::BadSize(size));
                    }
                }
            }
            inputs.push(input);
        }
        let mut graph = Graph::with_inputs(inputs);
        let mut made: BTreeMap<NodeId, NodeId> = BTreeMap::new();
        for id in needed {
            let node = self.node(id);
            graph.set_origin(node.origin);
            let args: Vec<NodeId> = node.args.iter().map(|arg| made[arg]).collect();
            let op = match &node.op {
                Op::Size(dim) => Op::Size(known(dim)?),
                Op::Eye(dim) => Op::Eye(known(dim)?),
                Op::Fill(old) => Op::Fill(shape(old)?),
                Op::Broadcast(axis, dim) => Op::Broadcast(*axis, known(dim)?),
                Op::Input(input) => match instance.constants.get(input) {
                    Some(value) => Op::Constant(value.clone()),
                    None => Op::Input(*input),
                },
                Op::Constant(_)
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
                | Op::LogDet
                | Op::Det
                | Op::Inverse
                | Op::Rank
                | Op::Compare(_)
                | Op::And
                | Op::Or
                | Op::Not
                | Op::Select
                | Op::StopGradient
                | Op::Annotate(..)
                | Op::Require => node.op.clone(),
            };
            let new = graph.make(op, args)?;
            made.insert(id, new);
        }
        let roots = roots.iter().map(|id| made[id]).collect();
        Ok((graph, roots))
    }

    /// The number of a raw input, if the node is one.
    pub fn as_input(&self, id: NodeId) -> Option<InputId> {
        match self.op(id) {
            Op::Input(input) => Some(*input),
            _ => None,
        }
    }
}
