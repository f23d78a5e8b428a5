//! Adjoints of operations on entries.

use super::{Done, GradError, Sweep};
use crate::ir::{NodeId, Op, Part, Reduction, ScalarFn, Shape, Zip};

impl Sweep<'_> {
    /// y = s 1: s̄ = Σ ȳ.
    pub(super) fn fill(&mut self, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let sum = self.g.sum(y)?;
        self.send(id, args[0], sum)
    }

    /// y = f(x, p): x̄ = ȳ conj(f'(x)) for holomorphic f, p̄ = Σ ȳ ∂f/∂p.
    pub(super) fn map(&mut self, id: NodeId, function: ScalarFn, args: &[NodeId], y: NodeId) -> Done {
        let row = function.row();
        let (x, parameter) = (args[0], args.get(1).copied());
        if self.wants(x) {
            let derivative =
                row.derivative.ok_or(GradError::NoDerivative { node: id, function, in_parameter: false })?;
            let slope = derivative(self.g, x, parameter)?;
            // Of a step function nothing is left, however large what is above it.
            if !self.is_zero(slope) {
                let slope = self.conj(slope)?;
                let term = self.g.zip(Zip::Mul, y, slope)?;
                self.send(id, x, term)?;
            }
        }
        let Some(p) = parameter.filter(|p| self.wants(*p)) else { return Ok(()) };
        let derivative =
            row.parameter_derivative.ok_or(GradError::NoDerivative { node: id, function, in_parameter: true })?;
        let slope = derivative(self.g, x, parameter)?;
        let both = self.g.zip(Zip::Mul, y, slope)?;
        let sum = self.g.sum(both)?;
        self.send(id, p, sum)
    }

    fn is_zero(&self, id: NodeId) -> bool {
        self.g.constant_value(id).is_some_and(num_traits::Zero::is_zero)
    }

    /// y = Re x: x̄ = ȳ. y = Im x: x̄ = i ȳ. y = |x|: x̄ = ȳ x/|x|, 0 at 0. y = |x|²: x̄ = 2 ȳ x.
    pub(super) fn part(&mut self, id: NodeId, part: Part, args: &[NodeId], y: NodeId) -> Done {
        let x = args[0];
        let term = match part {
            Part::Re => y,
            Part::Im => {
                let i = self.g.make(Op::ImaginaryUnit, vec![])?;
                self.g.zip(Zip::Mul, i, y)?
            }
            Part::Abs => {
                let inverse = self.g.map(ScalarFn::RecipOnSupport, id)?;
                let scaled = self.g.zip(Zip::Mul, y, inverse)?;
                self.g.zip(Zip::Mul, scaled, x)?
            }
            Part::Abs2 => {
                let two = self.g.integer(2)?;
                let twice = self.g.zip(Zip::Mul, two, y)?;
                self.g.zip(Zip::Mul, twice, x)?
            }
        };
        self.send(id, x, term)
    }

    /// y = x as a complex value: x̄ = Re ȳ, which sending to a real operand takes. y = conj x: x̄ = conj ȳ.
    pub(super) fn complex(&mut self, op: &Op, id: NodeId, args: &[NodeId], y: NodeId) -> Done {
        let term = if *op == Op::Conj { self.conj(y)? } else { y };
        self.send(id, args[0], term)
    }

    /// Sums, products, quotients and extremes of two values, of which one may be a scalar.
    pub(super) fn zip(&mut self, id: NodeId, zip: Zip, args: &[NodeId], y: NodeId) -> Done {
        let (a, b) = (args[0], args[1]);
        match zip {
            Zip::Add => {
                self.send(id, a, y)?;
                self.send(id, b, y)
            }
            Zip::Sub => {
                self.send(id, a, y)?;
                if !self.wants(b) {
                    return Ok(());
                }
                let term = self.g.neg(y)?;
                self.send(id, b, term)
            }
            // ā = ȳ conj(b), b̄ = ȳ conj(a)
            Zip::Mul => {
                for (x, other) in [(a, b), (b, a)] {
                    if self.wants(x) {
                        let other = self.conj(other)?;
                        let term = self.g.zip(Zip::Mul, y, other)?;
                        self.send_folded(id, x, term)?;
                    }
                }
                Ok(())
            }
            // ā = ȳ/conj(b), b̄ = −ȳ/conj(b) conj(a/b)
            Zip::Div => {
                let divisor = self.conj(b)?;
                let share = self.g.zip(Zip::Div, y, divisor)?;
                if self.wants(a) {
                    self.send_folded(id, a, share)?;
                }
                if self.wants(b) {
                    let quotient = self.conj(id)?;
                    let both = self.g.zip(Zip::Mul, share, quotient)?;
                    let term = self.g.neg(both)?;
                    self.send_folded(id, b, term)?;
                }
                Ok(())
            }
            // The greater (the lesser) takes all; where both are equal each takes half.
            Zip::Max | Zip::Min => {
                for (x, other) in [(a, b), (b, a)] {
                    if self.wants(x) {
                        let lead = if zip == Zip::Max { (x, other) } else { (other, x) };
                        let weight = self.lead(id, lead.0, lead.1)?;
                        let term = self.g.zip(Zip::Mul, y, weight)?;
                        self.send_folded(id, x, term)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// (1 + sign(x − y))/2, in the shape of `like`.
    fn lead(&mut self, like: NodeId, x: NodeId, y: NodeId) -> Result<NodeId, GradError> {
        let shape = self.g.ty(like).shape.clone();
        let whole = |this: &mut Self, id: NodeId| match this.g.ty(id).shape {
            Shape::Scalar => this.g.fill(id, shape.clone()),
            Shape::Vector(_) | Shape::Matrix(..) => Ok(id),
        };
        let (x, y) = (whole(self, x)?, whole(self, y)?);
        let difference = self.g.sub(x, y)?;
        let sign = self.g.map(ScalarFn::Sign, difference)?;
        let one = self.g.integer(1)?;
        let ones = self.g.like(one, like)?;
        let sum = self.g.add(ones, sign)?;
        let two = self.g.integer(2)?;
        Ok(self.g.zip(Zip::Div, sum, two)?)
    }

    /// As [`Sweep::send`], with the terms of all entries added up where the operand is a scalar that met them all.
    fn send_folded(&mut self, user: NodeId, arg: NodeId, term: NodeId) -> Done {
        let repeated = self.g.ty(arg).shape == Shape::Scalar && self.g.ty(term).shape != Shape::Scalar;
        let term = if repeated { self.g.reduce(Reduction::Sum, crate::ir::Axis::All, term)? } else { term };
        self.send(user, arg, term)
    }
}
