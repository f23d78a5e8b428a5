//! The last touch to a program before it is run or written out: products take over what surrounds them.
//!
//! A library's product reads its factors transposed as well as not, and can add to a matrix that is there. So a product that
//! is only wanted transposed is made as the product of the transposes, and its rows lie as those of its surroundings do; a
//! factor is put into the smaller operand; and a matrix that is added to a product is what the product is added to. An inverse
//! that one product alone needs is not worked out.

use std::collections::HashMap;

use num_rational::BigRational;

use super::call::{Call, Entrywise};
use super::program::{Arg, Number, Program, Register, Step};
use crate::ir::{Field, Shape, Sizes, Type};

/// A program that computes the same with fewer passes over memory, of these sizes at least; without them no factor moves.
pub(super) fn tuned(program: &Program, sizes: &Sizes) -> Program {
    let mut uses = vec![0; program.types.len()];
    let args = program.steps.iter().flat_map(|step| &step.args).chain(&program.outputs);
    for register in args.filter_map(Arg::register) {
        uses[register.index()] += 1;
    }
    let tuned = Program { steps: Vec::new(), ..program.clone() };
    let mut tuner = Tuner { sizes, uses, tuned, origins: HashMap::new(), made: HashMap::new() };
    for step in &program.steps {
        if tuner.solved_product(step).is_none()
            && tuner.transposed_product(step).is_none()
            && tuner.scaled_product(step).is_none()
            && tuner.sum_with_product(step).is_none()
        {
            tuner.push(step.clone());
        }
    }
    tuner.tuned.pruned()
}

/// How many times as many columns as rows X has at most, where A^(−1) X is worked out without the inverse of A. Measured with
/// 64, 256, 512 and 768 rows on two threads: solves take 0.6 of the time of inverse and product at 1.3 times as many columns,
/// 1.1 of it at 16 times.
const MOST_COLUMNS: i64 = 8;

struct Tuner<'a> {
    sizes: &'a Sizes,
    /// How often the program that was given uses each tensor.
    uses: Vec<usize>,
    tuned: Program,
    /// What each tensor is the only result of.
    origins: HashMap<Register, (Call, Vec<Arg>)>,
    made: HashMap<(Call, Vec<Arg>), Register>,
}

impl Tuner<'_> {
    fn push(&mut self, step: Step) {
        if let [result] = step.results.as_slice() {
            self.origins.insert(*result, (step.call.clone(), step.args.clone()));
            self.made.entry((step.call.clone(), step.args.clone())).or_insert(*result);
        }
        self.tuned.steps.push(step);
    }

    fn ty(&self, register: Register) -> &Type {
        &self.tuned.types[register.index()]
    }

    fn entries(&self, register: Register) -> Option<i64> {
        let shape = &self.ty(register).shape;
        shape.rows().eval(self.sizes)?.checked_mul(shape.cols().eval(self.sizes)?)
    }

    fn is_real_matrix(&self, arg: &Arg) -> bool {
        let matrix = |ty: &Type| ty.field == Field::Real && matches!(ty.shape, Shape::Matrix(..));
        arg.register().is_some_and(|register| matrix(self.ty(register)))
    }

    /// The factors of a product of real matrices that one call alone uses.
    fn product(&self, arg: &Arg) -> Option<(Register, Register)> {
        let register = arg.register().filter(|register| self.uses[register.index()] == 1)?;
        let (Call::MatMul, args) = self.origins.get(&register)? else { return None };
        let all = args.iter().all(|arg| self.is_real_matrix(arg)) && self.is_real_matrix(&Arg::Tensor(register));
        all.then(|| args[0].register().zip(args[1].register())).flatten()
    }

    /// The result of a call that is put in between.
    fn make(&mut self, call: Call, args: Vec<Arg>, ty: Type) -> Register {
        let key = (call, args);
        if let Some(found) = self.made.get(&key) {
            return *found;
        }
        let register = Register(self.tuned.types.len() as u32);
        self.tuned.types.push(ty);
        // What is made here serves any number of calls.
        self.uses.push(usize::MAX);
        self.push(Step { call: key.0, args: key.1, results: vec![register] });
        register
    }

    fn transposed(&mut self, x: Register) -> Register {
        if let Some((Call::Transpose, args)) = self.origins.get(&x)
            && let Some(inner) = args[0].register()
        {
            return inner;
        }
        let ty = self.ty(x).clone();
        let turned = Type { shape: Shape::Matrix(ty.shape.cols(), ty.shape.rows()), ..ty };
        self.make(Call::Transpose, vec![Arg::Tensor(x)], turned)
    }

    /// (A B)' = B' A'
    fn transposed_product(&mut self, step: &Step) -> Option<()> {
        if step.call != Call::Transpose {
            return None;
        }
        let (a, b) = self.product(&step.args[0])?;
        let args = vec![Arg::Tensor(self.transposed(b)), Arg::Tensor(self.transposed(a))];
        self.push(Step { call: Call::MatMul, args, results: step.results.clone() });
        Some(())
    }

    /// (L L')^(−1) X by two triangular solves, where nothing else needs the inverse, and X (L L')^(−1) likewise. Where X has
    /// many more columns than rows the inverse is no loss, and products are faster than solves.
    fn solved_product(&mut self, step: &Step) -> Option<()> {
        if step.call != Call::MatMul {
            return None;
        }
        let [a, b] = [step.args[0].register()?, step.args[1].register()?];
        let (factor, x, left) = match (self.factor_of_inverse(a), self.factor_of_inverse(b)) {
            (Some(factor), _) => (factor, b, true),
            (None, Some(factor)) => (factor, a, false),
            (None, None) => return None,
        };
        if !self.is_real_matrix(&Arg::Tensor(factor)) || !self.is_real_matrix(&Arg::Tensor(x)) {
            return None;
        }
        if self.entries(x)? > MOST_COLUMNS.saturating_mul(self.entries(factor)?) {
            return None;
        }
        let solve = |x: Register| vec![Arg::Tensor(factor), Arg::Tensor(x)];
        if left {
            self.push(Step { call: Call::CholeskySolve, args: solve(x), results: step.results.clone() });
        } else {
            let x = self.transposed(x);
            let solution = self.make(Call::CholeskySolve, solve(x), self.ty(x).clone());
            let args = vec![Arg::Tensor(solution)];
            self.push(Step { call: Call::Transpose, args, results: step.results.clone() });
        }
        Some(())
    }

    /// The factor L of an inverse (L L')^(−1) that one call alone uses.
    fn factor_of_inverse(&self, register: Register) -> Option<Register> {
        match self.origins.get(&register) {
            Some((Call::CholeskyInverse, args)) if self.uses[register.index()] == 1 => args[0].register(),
            Some(_) | None => None,
        }
    }

    /// s (A B) = (s A) B, where A has at most half as many entries as the product, or with B likewise.
    fn scaled_product(&mut self, step: &Step) -> Option<()> {
        let (factor, product) = match (&step.call, step.args.as_slice()) {
            (Call::Entrywise(Entrywise::Neg), [product]) => {
                (Arg::Number(Number::Constant(BigRational::from_integer((-1).into()))), product)
            }
            (Call::Entrywise(Entrywise::Mul), [x, y]) if self.is_factor(x) => (x.clone(), y),
            (Call::Entrywise(Entrywise::Mul), [x, y]) if self.is_factor(y) => (y.clone(), x),
            _ => return None,
        };
        let (a, b) = self.product(product)?;
        let whole = self.entries(step.results[0])?;
        let args = if self.entries(a)? <= whole / 2 {
            [self.scaled(&factor, a), b]
        } else if self.entries(b)? <= whole / 2 {
            [a, self.scaled(&factor, b)]
        } else {
            return None;
        };
        self.push(Step { call: Call::MatMul, args: args.map(Arg::Tensor).to_vec(), results: step.results.clone() });
        Some(())
    }

    fn is_factor(&self, arg: &Arg) -> bool {
        match arg {
            Arg::Tensor(register) => *self.ty(*register) == Type::real(Shape::Scalar),
            Arg::Number(_) => true,
        }
    }

    /// A multiple of a factor, transposed where the factor is.
    fn scaled(&mut self, factor: &Arg, x: Register) -> Register {
        let inner = match self.origins.get(&x) {
            Some((Call::Transpose, args)) => args[0].register(),
            Some(_) | None => None,
        };
        let of = inner.unwrap_or(x);
        let args = vec![factor.clone(), Arg::Tensor(of)];
        let made = self.make(Call::Entrywise(Entrywise::Mul), args, self.ty(of).clone());
        if inner.is_some() { self.transposed(made) } else { made }
    }

    /// C + A B in one call.
    fn sum_with_product(&mut self, step: &Step) -> Option<()> {
        if step.call != Call::Entrywise(Entrywise::Add) {
            return None;
        }
        let (x, y) = (&step.args[0], &step.args[1]);
        let whole = self.ty(step.results[0]).clone();
        let fits = |arg: &Arg| arg.register().is_some_and(|register| *self.ty(register) == whole);
        if !fits(x) || !fits(y) {
            return None;
        }
        let (c, (a, b)) = match self.product(y) {
            Some(factors) => (x, factors),
            None => (y, self.product(x)?),
        };
        let args = vec![c.clone(), Arg::Tensor(a), Arg::Tensor(b)];
        self.push(Step { call: Call::AddMatMul, args, results: step.results.clone() });
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::{Builder, Value};
    use super::*;
    use crate::ir::{Dim, InputId, SizeVar};

    fn matrix(m: i64, n: i64) -> Type {
        Type::real(Shape::Matrix(Dim::constant(m), Dim::constant(n)))
    }

    fn calls(program: &Program) -> Vec<Call> {
        program.steps.iter().map(|step| step.call.clone()).collect()
    }

    /// 3 (P X')' + C, with P 2 × 2 and X 9 × 2, is C + X (3 P').
    #[test]
    fn a_product_takes_over_what_surrounds_it() {
        let mut b = Builder::default();
        let (p, x) = (b.input(InputId(0), matrix(2, 2)), b.input(InputId(1), matrix(9, 2)));
        let c = b.input(InputId(2), matrix(9, 2));
        let turned = b.one(Call::Transpose, &[&x], matrix(2, 9));
        let product = b.one(Call::MatMul, &[&p, &turned], matrix(2, 9));
        let back = b.one(Call::Transpose, &[&product], matrix(9, 2));
        let scaled = b.entrywise(Entrywise::Mul, &[&Value::ratio(3, 1), &back]);
        let sum = b.entrywise(Entrywise::Add, &[&scaled, &c]);
        let program = b.finish(&[sum]);
        let multiplied = Call::Entrywise(Entrywise::Mul);
        assert_eq!(calls(&tuned(&program, &Sizes::new())), [multiplied, Call::Transpose, Call::AddMatMul]);
        assert_eq!(tuned(&program, &Sizes::new()).steps[0].args[1], p.arg);
    }

    /// A product that is wanted as it is, too, stays: it is not worked out twice.
    #[test]
    fn a_product_with_other_uses_stays() {
        let mut b = Builder::default();
        let (p, x) = (b.input(InputId(0), matrix(2, 2)), b.input(InputId(1), matrix(2, 9)));
        let product = b.one(Call::MatMul, &[&p, &x], matrix(2, 9));
        let back = b.one(Call::Transpose, &[&product], matrix(9, 2));
        let program = b.finish(&[product, back]);
        assert_eq!(calls(&tuned(&program, &Sizes::new())), [Call::MatMul, Call::Transpose]);
    }

    /// An inverse is solved with where one product needs it, from either side, and worked out where two do, or where the
    /// product has many more columns.
    #[test]
    fn an_inverse_for_one_product_is_not_worked_out() {
        let calls_for = |columns: i64, left: bool, products: usize| {
            let mut b = Builder::default();
            let (factor, holds) = (b.input(InputId(0), matrix(3, 3)), b.input(InputId(1), Type::truth()));
            let inverse = b.one(Call::CholeskyInverse, &[&factor, &holds], matrix(3, 3));
            let made: Vec<Value> = (0..products)
                .map(|i| match left {
                    true => {
                        let x = b.input(InputId(2 + i as u32), matrix(3, columns));
                        b.one(Call::MatMul, &[&inverse, &x], matrix(3, columns))
                    }
                    false => {
                        let x = b.input(InputId(2 + i as u32), matrix(columns, 3));
                        b.one(Call::MatMul, &[&x, &inverse], matrix(columns, 3))
                    }
                })
                .collect();
            calls(&tuned(&b.finish(&made), &Sizes::new()))
        };
        assert_eq!(calls_for(24, true, 1), [Call::CholeskySolve]);
        assert_eq!(calls_for(24, false, 1), [Call::Transpose, Call::CholeskySolve, Call::Transpose]);
        assert_eq!(calls_for(25, true, 1), [Call::CholeskyInverse, Call::MatMul]);
        assert_eq!(calls_for(24, true, 2), [Call::CholeskyInverse, Call::MatMul, Call::MatMul]);
    }

    /// Which operand is the smaller, the sizes that a program is written for say.
    #[test]
    fn open_sizes_are_looked_up() {
        let mut b = Builder::default();
        let [d, n] = [1, 2].map(|id| SizeVar { id, name: "n".into(), least: 1 });
        let open = |m: &SizeVar, n: &SizeVar| Type::real(Shape::Matrix(Dim::var(m.clone()), Dim::var(n.clone())));
        let (p, x) = (b.input(InputId(0), open(&d, &d)), b.input(InputId(1), open(&d, &n)));
        let product = b.one(Call::MatMul, &[&p, &x], open(&d, &n));
        let c = b.input(InputId(2), Type::real(Shape::Scalar));
        let scaled = b.entrywise(Entrywise::Mul, &[&c, &product]);
        let program = b.finish(&[scaled]);
        let multiplied = Call::Entrywise(Entrywise::Mul);
        let last = |sizes: &[i64]| {
            let sizes = [d.clone(), n.clone()].into_iter().zip(sizes.iter().copied()).collect();
            calls(&tuned(&program, &sizes)).pop()
        };
        assert_eq!(last(&[2, 9]), Some(Call::MatMul));
        assert_eq!(last(&[9, 2]), Some(multiplied.clone()));
        assert_eq!(last(&[2]), Some(multiplied));
    }
}
