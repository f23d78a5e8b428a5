//! Simplifications made while a program is written: those that the gradient of an expression brings about, and that no rule of
//! the expression itself could see.
//!
//! Factors that are numbers, or tensors without dimensions, move outwards through what is linear, until one pass multiplies
//! by all of them; a product whose transpose is there is that, transposed; the sum of two products with a common factor is
//! one product, a factor by itself counting as its product with the identity; and what is taken from itself leaves zeros,
//! which are written nowhere.

use super::call::{Call, Entrywise as E};
use super::program::{Arg, Builder, Number, Register, Value};
use crate::ir::{Field, Shape, Type};

fn is_scalar(value: &Value) -> bool {
    value.ty.shape == Shape::Scalar
}

/// Zeros of some shape, of which no tensor is made.
fn is_zeros(value: &Value) -> bool {
    !is_scalar(value) && value.known() == Some(0.0)
}

/// Factors that single precision has room for, and for the quotients by them.
fn is_moderate(factor: f64) -> bool {
    (1e-6..=1e6).contains(&factor.abs())
}

impl Number {
    /// The call on numbers, worked out exactly where it can be.
    pub(super) fn apply(call: E, operands: Vec<Number>) -> Number {
        if let [Number::Constant(x), Number::Constant(y)] = operands.as_slice() {
            match call {
                E::Add => return Number::Constant(x + y),
                E::Sub => return Number::Constant(x - y),
                E::Mul => return Number::Constant(x * y),
                E::Div if *y.numer() != 0.into() => return Number::Constant(x / y),
                _ => {}
            }
        }
        if let (E::Neg, [Number::Constant(x)]) = (call, operands.as_slice()) {
            return Number::Constant(-x);
        }
        Number::Apply(call, operands)
    }
}

impl Builder {
    /// How a tensor was made, where it is the only result of its call.
    fn made_by(&self, value: &Value) -> Option<(Call, Vec<Arg>)> {
        let Arg::Tensor(register) = value.arg else { return None };
        self.origin(register)
    }

    /// A tensor of the program as a value.
    fn of_register(&self, register: Register) -> Value {
        Value { arg: Arg::Tensor(register), ty: self.ty(register) }
    }

    fn of_arg(&self, arg: &Arg) -> Value {
        match arg {
            Arg::Tensor(register) => self.of_register(*register),
            Arg::Number(number) => Value::number(number.clone()),
        }
    }

    /// A tensor with dimensions as a scalar times another one, where it was made so.
    fn scaled(&mut self, value: &Value) -> Option<(Value, Value)> {
        if is_scalar(value) || value.ty.field == Field::Truth {
            return None;
        }
        let (call, args) = self.made_by(value)?;
        if call == Call::Entrywise(E::Neg) {
            return Some((Value::ratio(-1, 1), self.of_arg(&args[0])));
        }
        if call == Call::Transpose && value.ty.field == Field::Real {
            let inner = self.of_arg(&args[0]);
            let (factor, inner) = self.scaled(&inner)?;
            return Some((factor, self.transposed(&inner)));
        }
        if call != Call::Entrywise(E::Mul) {
            return None;
        }
        let (x, y) = (self.of_arg(&args[0]), self.of_arg(&args[1]));
        match (is_scalar(&x), is_scalar(&y)) {
            (true, false) => Some((x, y)),
            (false, true) => Some((y, x)),
            (true, true) | (false, false) => None,
        }
    }

    /// A scalar times a value, with the factors that the value has already.
    pub(super) fn scale(&mut self, factor: &Value, value: &Value) -> Value {
        if factor.known() == Some(1.0) && (factor.ty.field == Field::Real || value.ty.field == Field::Complex) {
            return value.clone();
        }
        if is_zeros(value) {
            return value.clone();
        }
        if is_scalar(value) || matches!(value.arg, Arg::Number(_)) || factor.ty.field != Field::Real {
            return self.entrywise_as_is(E::Mul, &[factor, value]);
        }
        if let Some((inner, rest)) = self.scaled(value) {
            let factor = self.entrywise(E::Mul, &[factor, &inner]);
            return self.scale(&factor, &rest);
        }
        if let Some((call, args)) = self.made_by(value) {
            // A number is multiplied into what is smaller: a diagonal, or a vector that is repeated.
            if call == Call::DiagonalMatrix {
                let diagonal = self.of_arg(&args[0]);
                let diagonal = self.scale(factor, &diagonal);
                return self.one(Call::DiagonalMatrix, &[&diagonal], value.ty.clone());
            }
            if let Call::Broadcast(..) = call {
                let vector = self.of_arg(&args[0]);
                let vector = self.scale(factor, &vector);
                return self.one(call, &[&vector], value.ty.clone());
            }
            // The diagonal of a multiple that is there is a look at it, and the matrix itself may be needed nowhere else.
            if call == Call::Diagonal
                && let Some(found) = self.known(&Call::Entrywise(E::Mul), &[factor.arg.clone(), args[0].clone()])
            {
                let found = self.of_register(found);
                return self.call(Call::Diagonal, &[&found], std::slice::from_ref(&value.ty)).remove(0);
            }
            if call == Call::Entrywise(E::Mul) {
                let (x, y) = (self.of_arg(&args[0]), self.of_arg(&args[1]));
                let repeated = |b: &Builder, v: &Value| matches!(b.made_by(v), Some((Call::Broadcast(..), _)));
                if repeated(self, &x) {
                    let x = self.scale(factor, &x);
                    return self.entrywise(E::Mul, &[&x, &y]);
                }
                if repeated(self, &y) {
                    let y = self.scale(factor, &y);
                    return self.entrywise(E::Mul, &[&x, &y]);
                }
            }
        }
        // The same multiple of the transpose may be there.
        if let Some(turned) = self.turned(value).filter(|turned| turned.arg != value.arg)
            && let Some(found) = self.known(&Call::Entrywise(E::Mul), &[factor.arg.clone(), turned.arg])
        {
            let found = self.of_register(found);
            return self.transposed_as_is(&found);
        }
        if factor.known() == Some(-1.0) {
            return self.entrywise_as_is(E::Neg, &[value]);
        }
        self.entrywise_as_is(E::Mul, &[factor, value])
    }

    fn transposed_as_is(&mut self, x: &Value) -> Value {
        let ty = Type { shape: Shape::Matrix(x.ty.shape.cols(), x.ty.shape.rows()), ..x.ty.clone() };
        self.call(Call::Transpose, &[x], &[ty]).remove(0)
    }

    /// An entrywise call in a simpler form, where there is one.
    pub(super) fn simpler_entrywise(&mut self, call: E, args: &[&Value]) -> Option<Value> {
        let tensors = args.iter().any(|arg| matches!(arg.arg, Arg::Tensor(_)));
        let real = args.iter().all(|arg| arg.ty.field == Field::Real);
        if !tensors || !real {
            return None;
        }
        let with_dimensions = |value: &Value| !is_scalar(value);
        match (call, args) {
            (E::Mul, [x, y]) if is_zeros(x) && with_dimensions(y) => Some((*x).clone()),
            (E::Mul, [x, y]) if is_zeros(y) && with_dimensions(x) => Some((*y).clone()),
            (E::Sub, [x, y]) if is_zeros(y) && with_dimensions(x) => Some((*x).clone()),
            (E::Sub, [x, y]) if with_dimensions(x) && x.arg == y.arg => {
                Some(Value { arg: Value::ratio(0, 1).arg, ty: x.ty.clone() })
            }
            (E::Mul, [x, y]) if is_scalar(x) && with_dimensions(y) => Some(self.scale(x, y)),
            (E::Mul, [x, y]) if is_scalar(y) && with_dimensions(x) => Some(self.scale(y, x)),
            (E::Mul, [x, y]) => self.product_of_multiples(x, y),
            (E::Neg, [x]) if with_dimensions(x) => Some(self.scale(&Value::ratio(-1, 1), x)),
            (E::Div, [x, y]) if is_scalar(y) && with_dimensions(x) && matches!(y.arg, Arg::Number(_)) => {
                let inverse = self.entrywise(E::Div, &[&Value::ratio(1, 1), y]);
                Some(self.scale(&inverse, x))
            }
            (E::Add, [x, y]) if with_dimensions(x) => self.simpler_sum(x, y, true),
            (E::Sub, [x, y]) if with_dimensions(x) => {
                let (factor, inner) = self.scaled(y)?;
                (factor.known() == Some(-1.0)).then(|| self.entrywise(E::Add, &[x, &inner]))
            }
            _ => None,
        }
    }

    /// (a x) ∘ (b y) = a b (x ∘ y): numbers go on to where a sum, or a vector that is repeated, takes them.
    fn product_of_multiples(&mut self, x: &Value, y: &Value) -> Option<Value> {
        let multiple = |b: &mut Builder, value: &Value| {
            b.scaled(value).filter(|(factor, _)| factor.known().is_some_and(is_moderate))
        };
        let one = || Value::ratio(1, 1);
        let (of_x, of_y) = (multiple(self, x), multiple(self, y));
        if of_x.is_none() && of_y.is_none() {
            return None;
        }
        let ((a, x), (b, y)) = (of_x.unwrap_or((one(), x.clone())), of_y.unwrap_or((one(), y.clone())));
        let factor = self.entrywise(E::Mul, &[&a, &b]);
        // Two moderate numbers may make one that is not.
        factor.known().filter(|factor| is_moderate(*factor))?;
        let product = self.entrywise(E::Mul, &[&x, &y]);
        Some(self.scale(&factor, &product))
    }

    fn simpler_sum(&mut self, x: &Value, y: &Value, twin: bool) -> Option<Value> {
        let two = Value::ratio(2, 1);
        if x.arg == y.arg {
            return Some(self.scale(&two, x));
        }
        // (a + y) + y
        for (sum, term) in [(x, y), (y, x)] {
            if let Some((Call::Entrywise(E::Add), args)) = self.made_by(sum) {
                let (a, b) = (self.of_arg(&args[0]), self.of_arg(&args[1]));
                let rest = if b.arg == term.arg { Some(a) } else { (a.arg == term.arg).then_some(b) };
                if let Some(rest) = rest {
                    let twice = self.scale(&two, term);
                    return Some(self.entrywise(E::Add, &[&rest, &twice]));
                }
            }
        }
        for (zero, rest) in [(x, y), (y, x)] {
            if zero.known() == Some(0.0) {
                return Some(rest.clone());
            }
        }
        let (of_x, of_y) = (self.scaled(x), self.scaled(y));
        if let (Some((a, p)), Some((b, q))) = (&of_x, &of_y) {
            if a.arg == b.arg {
                let sum = self.entrywise(E::Add, &[p, q]);
                return Some(self.scale(a, &sum));
            }
            if p.arg == q.arg {
                return Some(self.multiple(&[a, b], p));
            }
        }
        for (of, term) in [(&of_x, y), (&of_y, x)] {
            if let Some((factor, inner)) = of
                && inner.arg == term.arg
            {
                return Some(self.multiple(&[factor, &Value::ratio(1, 1)], inner));
            }
        }
        for (sum, term) in [(x, y), (y, x)] {
            if let Some((Call::DiagonalMatrix, args)) = self.made_by(term) {
                let diagonal = self.of_arg(&args[0]);
                return Some(self.one(Call::AddDiagonal, &[sum, &diagonal], sum.ty.clone()));
            }
        }
        if let Some(product) = self.absorbed(x, y).or_else(|| self.absorbed(y, x)) {
            return Some(product);
        }
        if let Some(product) = self.factored(x, y) {
            return Some(product);
        }
        // (x' + y')', unless it is that sum which is being written out.
        if twin
            && let (Some(a), Some(b)) = (self.turned(x), self.turned(y))
            && (a.arg != x.arg || b.arg != y.arg)
        {
            let call = Call::Entrywise(E::Add);
            let made =
                [[&a, &b], [&b, &a]].iter().find_map(|[a, b]| self.known(&call, &[a.arg.clone(), b.arg.clone()]));
            if let Some(found) = made {
                let found = self.of_register(found);
                return Some(self.transposed_as_is(&found));
            }
        }
        let minus = |of: &Option<(Value, Value)>| {
            of.as_ref().filter(|(factor, _)| factor.known() == Some(-1.0)).map(|(_, inner)| inner.clone())
        };
        if let Some(inner) = minus(&of_y) {
            return Some(self.entrywise_as_is(E::Sub, &[x, &inner]));
        }
        minus(&of_x).map(|inner| self.entrywise_as_is(E::Sub, &[y, &inner]))
    }

    /// The sum of some scalars times a value.
    fn multiple(&mut self, factors: &[&Value], value: &Value) -> Value {
        let factor =
            factors[1..].iter().fold(factors[0].clone(), |sum, factor| self.entrywise(E::Add, &[&sum, factor]));
        if factor.known() == Some(0.0) {
            return Value { arg: factor.arg, ty: value.ty.clone() };
        }
        self.scale(&factor, value)
    }

    /// A tensor as a product of two matrices, where it was made as one, or as the transpose of one.
    fn factors(&mut self, value: &Value) -> Option<(Value, Value)> {
        let matrix = |value: &Value| matches!(value.ty.shape, Shape::Matrix(..));
        let (call, args) = self.made_by(value)?;
        if call == Call::MatMul {
            let (a, b) = (self.of_arg(&args[0]), self.of_arg(&args[1]));
            return (matrix(&a) && matrix(&b)).then_some((a, b));
        }
        if call != Call::Transpose {
            return None;
        }
        let inner = self.of_arg(&args[0]);
        let (Call::MatMul, args) = self.made_by(&inner)? else { return None };
        let (a, b) = (self.of_arg(&args[0]), self.of_arg(&args[1]));
        (matrix(&a) && matrix(&b)).then(|| (self.transposed(&b), self.transposed(&a)))
    }

    fn transposed(&mut self, x: &Value) -> Value {
        let ty = Type { shape: Shape::Matrix(x.ty.shape.cols(), x.ty.shape.rows()), ..x.ty.clone() };
        self.one(Call::Transpose, &[x], ty)
    }

    /// A B + A C = A (B + C), and A C + B C = (A + B) C: one product for two.
    fn factored(&mut self, x: &Value, y: &Value) -> Option<Value> {
        let ((a, b), (c, d)) = (self.factors(x)?, self.factors(y)?);
        if a.arg == c.arg {
            let sum = self.entrywise(E::Add, &[&b, &d]);
            return Some(self.one(Call::MatMul, &[&a, &sum], x.ty.clone()));
        }
        if b.arg == d.arg {
            let sum = self.entrywise(E::Add, &[&a, &c]);
            return Some(self.one(Call::MatMul, &[&sum, &b], x.ty.clone()));
        }
        None
    }

    /// c Z + b A Z = b (A + (c/b) I) Z, and Z on the left likewise: passes over the diagonal for passes over Z.
    fn absorbed(&mut self, x: &Value, y: &Value) -> Option<Value> {
        let one = Value::ratio(1, 1);
        let (c, z) = self.scaled(x).unwrap_or_else(|| (one.clone(), x.clone()));
        let (b, product) = self.scaled(y).unwrap_or_else(|| (one.clone(), y.clone()));
        let (left, right) = self.factors(&product)?;
        let (a, on_left) = if right.arg == z.arg {
            (left, true)
        } else if left.arg == z.arg {
            (right, false)
        } else {
            return None;
        };
        // A copy of a square matrix much greater than Z would cost more than it saves.
        let side = if on_left { z.ty.shape.cols() } else { z.ty.shape.rows() };
        if let (Some(n), Some(m)) = (a.ty.shape.rows().as_constant(), side.as_constant())
            && n > 2 * m
        {
            return None;
        }
        let (a, c, b) = match b.known() {
            Some(factor) if is_moderate(factor) => (a, self.entrywise(E::Div, &[&c, &b]), b),
            Some(_) | None => (self.scale(&b, &a), c, one),
        };
        let sum = self.one(Call::AddDiagonal, &[&a, &c], a.ty.clone());
        if self.is_symmetric(&a) {
            self.note_symmetric(&sum);
        }
        let factors = if on_left { [&sum, &z] } else { [&z, &sum] };
        let product = self.one(Call::MatMul, &factors, product.ty.clone());
        Some(self.scale(&b, &product))
    }

    /// The conjugate transpose of a matrix.
    pub(super) fn adjoint(&mut self, x: &Value) -> Value {
        if x.ty.field == Field::Real {
            return self.transposed(x);
        }
        let ty = Type { shape: Shape::Matrix(x.ty.shape.cols(), x.ty.shape.rows()), ..x.ty.clone() };
        self.one(Call::Adjoint, &[x], ty)
    }

    /// A call with one result in a simpler form, where there is one.
    pub(super) fn simpler(&mut self, call: &Call, args: &[&Value], ty: &Type) -> Option<Value> {
        if args.iter().any(|arg| arg.ty.field != Field::Real) {
            return None;
        }
        match (call, args) {
            (Call::Transpose, [x]) => {
                if self.is_symmetric(x) {
                    return Some((*x).clone());
                }
                if let Some((Call::Transpose, inner)) = self.made_by(x) {
                    return Some(self.of_arg(&inner[0]));
                }
                // (a + b)' = a' + b', where a or b is a transpose itself.
                if let Some((Call::Entrywise(E::Add), args)) = self.made_by(x) {
                    let terms = [self.of_arg(&args[0]), self.of_arg(&args[1])];
                    let all = terms.iter().all(|term| term.ty.shape == x.ty.shape);
                    let known = |b: &mut Builder, term: &Value| match b.scaled(term) {
                        Some((_, inner)) => b.turned(&inner).is_some(),
                        None => b.turned(term).is_some(),
                    };
                    if all && terms.iter().any(|term| known(self, term)) {
                        let [a, b] = [self.transposed(&terms[0]), self.transposed(&terms[1])];
                        let sum = self.simpler_sum(&a, &b, false);
                        return Some(sum.unwrap_or_else(|| self.entrywise_as_is(E::Add, &[&a, &b])));
                    }
                }
                let (factor, inner) = self.scaled(x)?;
                let turned = self.one(Call::Transpose, &[&inner], ty.clone());
                Some(self.scale(&factor, &turned))
            }
            (Call::Diagonal, [x]) => {
                if let Some((factor, inner)) = self.scaled(x) {
                    let diagonal = self.one(Call::Diagonal, &[&inner], ty.clone());
                    return Some(self.scale(&factor, &diagonal));
                }
                match self.made_by(x)? {
                    (Call::DiagonalMatrix, inner) => Some(self.of_arg(&inner[0])),
                    (Call::Transpose, inner) => {
                        let inner = self.of_arg(&inner[0]);
                        Some(self.one(Call::Diagonal, &[&inner], ty.clone()))
                    }
                    (Call::AddDiagonal, inner) => {
                        let (a, d) = (self.of_arg(&inner[0]), self.of_arg(&inner[1]));
                        let diagonal = self.one(Call::Diagonal, &[&a], ty.clone());
                        Some(self.entrywise(E::Add, &[&diagonal, &d]))
                    }
                    _ => None,
                }
            }
            (Call::Sum(_), [x]) => {
                let (factor, inner) = self.scaled(x)?;
                let sum = self.one(call.clone(), &[&inner], ty.clone());
                Some(self.entrywise(E::Mul, &[&factor, &sum]))
            }
            (Call::AddDiagonal, [x, d]) => {
                let (factor, inner) = self.scaled(x)?;
                factor.known().filter(|factor| is_moderate(*factor))?;
                let share = self.entrywise(E::Div, &[d, &factor]);
                let sum = self.one(Call::AddDiagonal, &[&inner, &share], ty.clone());
                Some(self.scale(&factor, &sum))
            }
            (Call::Dot, [x, y]) => self.simpler_dot(x, y, ty),
            (Call::MatMul, [x, y]) => self.simpler_product(x, y, ty),
            _ => None,
        }
    }

    fn simpler_dot(&mut self, x: &Value, y: &Value, ty: &Type) -> Option<Value> {
        for (a, b) in [(x, y), (y, x)] {
            if let Some((factor, inner)) = self.scaled(a) {
                let inner = self.one(Call::Dot, &[&inner, b], ty.clone());
                return Some(self.entrywise(E::Mul, &[&factor, &inner]));
            }
            if let Some((Call::DiagonalMatrix, args)) = self.made_by(a) {
                let v = self.of_arg(&args[0]);
                let w = self.one(Call::Diagonal, &[b], v.ty.clone());
                return Some(self.one(Call::Dot, &[&v, &w], ty.clone()));
            }
        }
        let (Some((Call::Transpose, a)), Some((Call::Transpose, b))) = (self.made_by(x), self.made_by(y)) else {
            return None;
        };
        let (a, b) = (self.of_arg(&a[0]), self.of_arg(&b[0]));
        Some(self.one(Call::Dot, &[&a, &b], ty.clone()))
    }

    /// The transpose of a matrix, if it needs no call or has been made.
    fn turned(&self, x: &Value) -> Option<Value> {
        if self.is_symmetric(x) {
            return Some(x.clone());
        }
        if let Some((Call::Transpose, inner)) = self.made_by(x) {
            return Some(self.of_arg(&inner[0]));
        }
        self.known(&Call::Transpose, std::slice::from_ref(&x.arg)).map(|register| self.of_register(register))
    }

    fn simpler_product(&mut self, x: &Value, y: &Value, ty: &Type) -> Option<Value> {
        let matrices = matches!((&x.ty.shape, &y.ty.shape), (Shape::Matrix(..), Shape::Matrix(..)));
        if let Some((factor, inner)) = self.scaled(x) {
            let product = self.one(Call::MatMul, &[&inner, y], ty.clone());
            return Some(self.scale(&factor, &product));
        }
        if let Some((factor, inner)) = self.scaled(y) {
            let product = self.one(Call::MatMul, &[x, &inner], ty.clone());
            return Some(self.scale(&factor, &product));
        }
        if !matrices {
            return None;
        }
        // (B' A')' = A B
        let (a, b) = (self.turned(x)?, self.turned(y)?);
        let found = self.known(&Call::MatMul, &[b.arg.clone(), a.arg.clone()])?;
        if a.arg == x.arg && b.arg == y.arg {
            return None;
        }
        let found = self.of_register(found);
        Some(self.one(Call::Transpose, &[&found], ty.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::Step;
    use super::*;
    use crate::ir::{Axis, Dim, InputId};

    /// The gradient of a matrix with rows of norm 1 has 3 (A B), repeated numbers times it, and sums of its products: all of
    /// them without a pass that multiplies A B by 3.
    #[test]
    fn a_factor_of_a_product_reaches_the_vectors_around_it() {
        let matrix = Type::real(Shape::Matrix(Dim::constant(2), Dim::constant(2)));
        let vector = Type::real(Shape::Vector(Dim::constant(2)));
        let mut b = Builder::default();
        let [a, x, y] = [0, 1, 2].map(|i| b.input(InputId(i), matrix.clone()));
        let v = b.input(InputId(3), vector.clone());
        let product = b.one(Call::MatMul, &[&a, &x], matrix.clone());
        let tripled = b.entrywise(E::Mul, &[&Value::ratio(3, 1), &product]);
        let repeated = b.one(Call::Broadcast(Axis::Rows, Dim::constant(2)), &[&v], matrix.clone());
        let scaled = b.entrywise(E::Mul, &[&tripled, &repeated]);
        let entries = b.entrywise(E::Mul, &[&tripled, &y]);
        let sums = b.one(Call::Sum(Axis::Rows), &[&entries], vector);
        let program = b.finish(&[scaled, sums]);
        let of_numbers = |step: &&Step| step.args.iter().any(|arg| matches!(arg, Arg::Number(_)));
        let multiplied: Vec<&Shape> =
            program.steps.iter().filter(of_numbers).map(|step| &program.types[step.results[0].index()].shape).collect();
        assert_eq!(multiplied, [&Shape::Vector(Dim::constant(2)); 2]);
    }

    /// 3 A + diag(v) has no matrix of v, and 3 diag(A) is read off 3 A where that is there.
    #[test]
    fn diagonals_cost_a_look_at_the_diagonal() {
        let matrix = Type::real(Shape::Matrix(Dim::constant(2), Dim::constant(2)));
        let vector = Type::real(Shape::Vector(Dim::constant(2)));
        let mut b = Builder::default();
        let (a, v) = (b.input(InputId(0), matrix.clone()), b.input(InputId(1), vector.clone()));
        let tripled = b.entrywise(E::Mul, &[&Value::ratio(3, 1), &a]);
        let diagonal = b.one(Call::Diagonal, &[&a], vector);
        let read = b.entrywise(E::Mul, &[&Value::ratio(3, 1), &diagonal]);
        let of_v = b.one(Call::DiagonalMatrix, &[&v], matrix);
        let sum = b.entrywise(E::Add, &[&of_v, &a]);
        let program = b.finish(&[tripled, read, sum]);
        let calls: Vec<&Call> = program.steps.iter().map(|step| &step.call).collect();
        assert_eq!(calls, [&Call::Entrywise(E::Mul), &Call::Diagonal, &Call::AddDiagonal]);
        assert_eq!(program.steps[1].args, [Arg::Tensor(program.steps[0].results[0])]);
    }
}
