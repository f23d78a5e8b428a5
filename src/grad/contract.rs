//! Adjoints of products and reductions.

use super::{Done, GradError, Sweep};
use crate::ir::{Axis, NodeId, Op, Property, Reduction, ScalarFn, Shape, Side, Zip};

impl Sweep<'_> {
    /// Y = A B: Ā = Ȳ B', B̄ = A' Ȳ (Giles 2008, §2.2.2), whatever of them are vectors, rows or scalars.
    pub(super) fn matmul(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let (a, b) = (args[0], args[1]);
        // X X' and X'X with a Hermitian Ȳ: the terms of both factors are one product, 2 Ȳ X and 2 X Ȳ. (With another Ȳ they
        // are that of Ȳ + Ȳ', which could not be split over processes by rows as Ȳ is.)
        let of_adjoint = |adjoint: NodeId, x: NodeId| {
            let mirrored = *self.g.op(adjoint) == Op::Adjoint && self.g.args(adjoint)[0] == x;
            mirrored && !self.wrt.contains(&adjoint) && self.g.has(y, Property::Hermitian)
        };
        let (first, last) = (of_adjoint(b, a), of_adjoint(a, b));
        if first || last {
            let both = self.g.add(y, y)?;
            let (x, term) = if first { (a, self.g.multiply(both, a)?) } else { (b, self.g.multiply(b, both)?) };
            return self.send(id, x, term);
        }
        if self.wants(a) {
            let right = self.g.adjoint(b)?;
            let term = self.g.multiply(y, right)?;
            let term = self.fit(term, a)?;
            self.send(id, a, term)?;
        }
        if self.wants(b) {
            let left = self.g.adjoint(a)?;
            let term = self.g.multiply(left, y)?;
            let term = self.fit(term, b)?;
            self.send(id, b, term)?;
        }
        Ok(())
    }

    /// Y = A ⊗ B: each factor's adjoint is the inner product of the blocks of Ȳ with the other factor.
    pub(super) fn kron(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        for (factor, other, side) in [(args[0], args[1], Side::Left), (args[1], args[0], Side::Right)] {
            if self.wants(factor) {
                let shape = self.g.ty(factor).shape.clone();
                let term = self.g.make(Op::PartialInner(side, shape), vec![y, other])?;
                self.send(id, factor, term)?;
            }
        }
        Ok(())
    }

    /// A = Σ_kl conj(b_kl) M_(·k)(·l): M̄ = Ā ⊗ B, and B̄ is the factor on the other side.
    pub(super) fn partial_inner(&mut self, id: NodeId, side: Side, args: &[NodeId], y: NodeId) -> Done {
        let (m, b) = (args[0], args[1]);
        if self.wants(m) {
            let factors = match side {
                Side::Left => vec![y, b],
                Side::Right => vec![b, y],
            };
            let term = self.g.make(Op::Kron, factors)?;
            let term = self.fit(term, m)?;
            self.send(id, m, term)?;
        }
        if self.wants(b) {
            let other = match side {
                Side::Left => Side::Right,
                Side::Right => Side::Left,
            };
            let shape = self.g.ty(b).shape.clone();
            let term = self.g.make(Op::PartialInner(other, shape), vec![m, y])?;
            self.send(id, b, term)?;
        }
        Ok(())
    }

    /// Sums pass the adjoint on; extremes to the entries that attain them, in equal shares (the subgradient of least
    /// norm); log Σ exp x to all in the shares of softmax.
    pub(super) fn reduce(&mut self, id: NodeId, reduction: Reduction, axis: Axis, args: &[NodeId], y: NodeId) -> Done {
        let x = args[0];
        let term = match reduction {
            Reduction::Sum => self.spread(axis, y, x)?,
            Reduction::Max | Reduction::Min => {
                let extreme = self.spread(axis, id, x)?;
                let distance = self.g.sub(x, extreme)?;
                let sign = self.g.map(ScalarFn::Sign, distance)?;
                let away = self.g.map(ScalarFn::Abs, sign)?;
                let attains = self.g.one_minus(away)?;
                let count = self.g.reduce(Reduction::Sum, axis, attains)?;
                let share = self.g.zip(Zip::Div, y, count)?;
                let share = self.spread(axis, share, x)?;
                self.g.zip(Zip::Mul, share, attains)?
            }
            Reduction::LogSumExp => {
                let log = self.spread(axis, id, x)?;
                let shifted = self.g.sub(x, log)?;
                let shares = self.g.map(ScalarFn::Exp, shifted)?;
                let y = self.spread(axis, y, x)?;
                self.g.zip(Zip::Mul, y, shares)?
            }
        };
        self.send(id, x, term)
    }

    /// The results of a reduction of `like`, each repeated where its entries were.
    fn spread(&mut self, axis: Axis, x: NodeId, like: NodeId) -> Result<NodeId, GradError> {
        let shape = self.g.ty(like).shape.clone();
        Ok(match (axis, &shape) {
            (Axis::All, _) => self.g.fill(x, shape)?,
            (Axis::Rows, Shape::Matrix(_, cols)) => self.g.make(Op::Broadcast(Axis::Rows, cols.clone()), vec![x])?,
            (Axis::Cols, Shape::Matrix(rows, _)) => self.g.make(Op::Broadcast(Axis::Cols, rows.clone()), vec![x])?,
            (Axis::Rows, Shape::Vector(_)) => x,
            // One value for the only column, or for a scalar.
            (Axis::Rows | Axis::Cols, Shape::Scalar) | (Axis::Cols, Shape::Vector(_)) => {
                let only = self.g.sum(x)?;
                self.g.fill(only, shape)?
            }
        })
    }
}
