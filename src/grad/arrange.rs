//! Adjoints of arrangements of entries: each puts the entries of the adjoint back where they came from.

use super::{Done, GradError, Sweep};
use crate::ir::{Axis, Dim, Mismatch, NodeId, Op, Reduction, Shape};

impl Sweep<'_> {
    /// y = x': x̄ = ȳ'. y = x^T: x̄ = ȳ^T.
    pub(super) fn transposed(&mut self, op: &Op, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let back = if *op == Op::Adjoint { self.g.adjoint(y)? } else { self.g.transpose(y)? };
        let term = self.fit(back, args[0])?;
        self.send(id, args[0], term)
    }

    /// The diagonal of a matrix, and the matrix of a diagonal, are each other's adjoints.
    pub(super) fn diagonal(&mut self, op: &Op, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let back = if *op == Op::DiagonalOf { Op::DiagonalMatrix } else { Op::DiagonalOf };
        let term = self.g.make(back, vec![y])?;
        self.send(id, args[0], term)
    }

    /// y = v 1' or 1 v^T: the sums over what was repeated.
    pub(super) fn broadcast(&mut self, id: NodeId, axis: Axis, args: &[NodeId], y: NodeId) -> Done {
        let term = self.g.reduce(Reduction::Sum, axis, y)?;
        self.send(id, args[0], term)
    }

    /// Each block gets its part.
    pub(super) fn blocks(&mut self, id: NodeId, cols: usize, args: &[NodeId], y: NodeId) -> Done {
        let mut row = Dim::default();
        for line in args.chunks(cols) {
            let mut col = Dim::default();
            for block in line {
                let shape = self.g.ty(*block).shape.clone();
                if self.wants(*block) {
                    let term = if shape == Shape::Scalar {
                        let (i, j) = (self.after(&row)?, self.after(&col)?);
                        self.g.make(Op::Entry, vec![y, i, j])?
                    } else {
                        self.g.make(Op::Slice(row.clone(), col.clone(), shape.clone()), vec![y])?
                    };
                    self.send(id, *block, term)?;
                }
                col = sum(&col, &shape.cols())?;
            }
            row = sum(&row, &self.g.ty(line[0]).shape.rows())?;
        }
        Ok(())
    }

    /// The index, from 1, after so many.
    fn after(&mut self, count: &Dim) -> Result<NodeId, GradError> {
        Ok(self.g.size(sum(count, &Dim::constant(1))?)?)
    }

    /// Each scalar of a vector gets its entry.
    pub(super) fn stack(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        for (k, arg) in args.iter().enumerate() {
            if self.wants(*arg) {
                let index = self.g.integer(k as i64 + 1)?;
                let term = self.g.make(Op::Entry, vec![y, index])?;
                self.send(id, *arg, term)?;
            }
        }
        Ok(())
    }

    /// The entry goes back to its place among zeros.
    pub(super) fn entry(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        if !self.wants(args[0]) {
            return Ok(());
        }
        let shape = self.g.ty(args[0]).shape.clone();
        let mut operands = vec![y];
        operands.extend(&args[1..]);
        let term = self.g.make(Op::OneHot(shape), operands)?;
        self.send(id, args[0], term)
    }

    /// The adjoint of the adjoint of an entry.
    pub(super) fn one_hot(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        if !self.wants(args[0]) {
            return Ok(());
        }
        let mut operands = vec![y];
        operands.extend(&args[1..]);
        let term = self.g.make(Op::Entry, operands)?;
        self.send(id, args[0], term)
    }

    /// The part goes back to its place among blocks of zeros.
    pub(super) fn slice(&mut self, id: NodeId, at: (&Dim, &Dim, &Shape), args: &[NodeId], y: NodeId) -> Done {
        let (row, col, part) = at;
        let whole = self.g.ty(args[0]).shape.clone();
        let rest = |first: &Dim, count: &Dim, size: &Dim| -> Result<[Dim; 3], Mismatch> {
            let last = sum(first, count)?;
            let after = size.sub(&last).ok_or(Mismatch::BadSize(last))?;
            Ok([first.clone(), count.clone(), after])
        };
        let heights = rest(row, &part.rows(), &whole.rows())?;
        let widths = rest(col, &part.cols(), &whole.cols())?;
        let empty = |size: &Dim| size.as_constant() == Some(0);
        let zero = self.g.integer(0)?;
        let mut blocks = Vec::new();
        for (i, height) in heights.iter().enumerate().filter(|(_, size)| !empty(size)) {
            for (j, width) in widths.iter().enumerate().filter(|(_, size)| !empty(size)) {
                blocks.push(if (i, j) == (1, 1) {
                    y
                } else {
                    self.g.fill(zero, Shape::Matrix(height.clone(), width.clone()))?
                });
            }
        }
        let count = |sizes: &[Dim; 3]| sizes.iter().filter(|size| !empty(size)).count() as u32;
        let matrix = self.g.make(Op::Block(count(&heights), count(&widths)), blocks)?;
        let term = self.fit(matrix, args[0])?;
        self.send(id, args[0], term)
    }

    /// The entries of `x` in the shape of `like`, which differs only in whether a single row or column is a matrix, a
    /// vector or a scalar.
    pub(super) fn fit(&mut self, x: NodeId, like: NodeId) -> Result<NodeId, GradError> {
        let one = || Dim::constant(1);
        let (from, to) = (self.g.ty(x).shape.clone(), self.g.ty(like).shape.clone());
        Ok(match (&from, &to) {
            _ if from == to => x,
            (_, Shape::Scalar) => self.g.sum(x)?,
            (Shape::Scalar, _) => self.g.fill(x, to)?,
            (Shape::Matrix(_, cols), Shape::Vector(_)) if cols.is_one() => {
                self.g.reduce(Reduction::Sum, Axis::Rows, x)?
            }
            (Shape::Matrix(..), Shape::Vector(_)) => self.g.reduce(Reduction::Sum, Axis::Cols, x)?,
            (Shape::Vector(_), Shape::Matrix(_, cols)) if cols.is_one() => {
                self.g.make(Op::Broadcast(Axis::Rows, one()), vec![x])?
            }
            (Shape::Vector(_), Shape::Matrix(..)) => self.g.make(Op::Broadcast(Axis::Cols, one()), vec![x])?,
            // Nothing else differs in that alone; adding it up reports the sizes.
            (Shape::Matrix(..) | Shape::Vector(_), _) => x,
        })
    }
}

fn sum(a: &Dim, b: &Dim) -> Result<Dim, Mismatch> {
    a.add(b).ok_or_else(|| Mismatch::BadSize(b.clone()))
}
