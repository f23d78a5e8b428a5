//! Chains of entrywise operations on real values, run in one pass over chunks that stay in the first-level cache.
//!
//! A program is a list of operations in single-assignment form. Each chunk goes through the whole list before the next
//! one starts, so that the temporaries are a few chunks, not matrices, and each operation is a loop that the compiler
//! turns into vector instructions.

use faer::Par;
use rayon::prelude::*;

use super::kernels::{Compensated, extreme, extreme_of, run_sum};
use super::real::Real;
use super::{scalar, threads};
use crate::ir::{NodeId, Op, Reduction, ScalarFn, Zip};

/// The entries of one chunk.
pub(super) const CHUNK: usize = 64;

/// Where an operand comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Arg {
    /// The result of an earlier operation of the program.
    Register(usize),
    /// A buffer with an entry for each entry of the result.
    Full(usize),
    /// One number for all entries.
    Splat(usize),
}

/// One operation.
#[derive(Clone, Copy, Debug)]
pub(super) enum Micro {
    /// A scalar function with its parameter.
    Map(ScalarFn, Arg, Option<Arg>),
    /// A binary operation.
    Zip(Zip, Arg, Arg),
    /// Entry i of a vector for every entry of row i.
    OfRow(usize),
    /// Entry j of a vector for every entry of column j.
    OfColumn(usize),
    /// The operand itself.
    Copy(Arg),
}

/// What becomes of the last operation's results.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Finish {
    /// They are the result.
    Store,
    /// Their sum is.
    Sum,
    /// The greatest (`true`) or the least of them is.
    Extreme(bool),
}

impl Finish {
    /// What a program ends with whose root is this operation.
    pub(super) fn of(root: &Op) -> Finish {
        let Op::Reduce(reduction, _) = root else { return Finish::Store };
        match reduction {
            Reduction::Max => Finish::Extreme(true),
            Reduction::Min => Finish::Extreme(false),
            Reduction::Sum | Reduction::LogSumExp => Finish::Sum,
        }
    }
}

/// A chain of operations.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// The operations, each with the node that it computes.
    pub ops: Vec<(Micro, NodeId)>,
    /// The rows of the entries.
    pub rows: usize,
    /// The number of entries.
    pub len: usize,
    /// Where the result goes; every operand lies before it.
    pub out: usize,
    /// How the results end.
    pub finish: Finish,
}

/// An operand resolved for one chunk.
#[derive(Clone, Copy)]
enum Chunk<'a, T> {
    Entries(&'a [T]),
    One(T),
}

impl<T: Copy> Chunk<'_, T> {
    fn first(self) -> T {
        match self {
            Chunk::Entries(entries) => entries[0],
            Chunk::One(x) => x,
        }
    }
}

fn resolve<'a, T: Copy>(arg: Arg, before: &'a [T], registers: &'a [T], start: usize, len: usize) -> Chunk<'a, T> {
    match arg {
        Arg::Register(k) => Chunk::Entries(&registers[k * CHUNK..k * CHUNK + len]),
        Arg::Full(at) => Chunk::Entries(&before[at + start..at + start + len]),
        Arg::Splat(at) => Chunk::One(before[at]),
    }
}

impl Program {
    /// Runs the program over the arena, with scratch for a chunk per operation. What is stored is shared out to threads where
    /// there is much of it: each entry is the same whoever works it out, while a sum is that of one order.
    pub(super) fn run<T: Real>(&self, arena: &mut [T], registers: &mut [T], par: Par) {
        let (before, out) = arena.split_at_mut(self.out);
        let before = &*before;
        match self.finish {
            Finish::Store => {
                let out = &mut out[..self.len];
                let parts = threads::for_entries(self.len, par);
                if parts == 1 {
                    return self.store(before, registers, 0, out);
                }
                let part = self.len.div_ceil(parts).next_multiple_of(CHUNK);
                out.par_chunks_mut(part).enumerate().for_each(|(number, out)| {
                    let mut registers = vec![T::of(0.0); self.ops.len() * CHUNK];
                    self.store(before, &mut registers, number * part, out);
                });
            }
            Finish::Sum if self.len <= CHUNK => self.each(before, registers, |results| out[0] = run_sum(results)),
            Finish::Sum => {
                let mut sum = Compensated::new();
                self.each(before, registers, |results| sum.add(run_sum(results)));
                out[0] = sum.value();
            }
            Finish::Extreme(greatest) => {
                let mut found = None;
                self.each(before, registers, |results| {
                    let here = extreme_of(results.iter().copied(), greatest);
                    found = Some(found.map_or(here, |found| extreme(found, here, greatest)));
                });
                out[0] = found.unwrap_or(T::neg_infinity());
            }
        }
    }

    /// Hands on the results, chunk by chunk.
    fn each<T: Real>(&self, before: &[T], registers: &mut [T], mut results: impl FnMut(&[T])) {
        let last = self.ops.len() - 1;
        for start in (0..self.len).step_by(CHUNK) {
            let len = CHUNK.min(self.len - start);
            for (k, (op, _)) in self.ops.iter().enumerate() {
                let (done, rest) = registers.split_at_mut(k * CHUNK);
                self.operate(*op, before, done, start, &mut rest[..len]);
            }
            results(&registers[last * CHUNK..last * CHUNK + len]);
        }
    }

    /// Stores the results from one entry on.
    fn store<T: Real>(&self, before: &[T], registers: &mut [T], first: usize, out: &mut [T]) {
        let last = self.ops.len() - 1;
        for (number, out) in out.chunks_mut(CHUNK).enumerate() {
            let start = first + number * CHUNK;
            for (k, (op, _)) in self.ops.iter().enumerate() {
                let (done, rest) = registers.split_at_mut(k * CHUNK);
                let target = if k == last { &mut *out } else { &mut rest[..out.len()] };
                self.operate(*op, before, done, start, target);
            }
        }
    }

    /// The node of the first operation that makes a NaN, with the program run once more on the chunks that have one.
    pub(super) fn first_nan<T: Real>(&self, arena: &mut [T], registers: &mut [T]) -> Option<NodeId> {
        let (before, _) = arena.split_at_mut(self.out);
        let mut first: Option<usize> = None;
        for start in (0..self.len).step_by(CHUNK) {
            let len = CHUNK.min(self.len - start);
            for (k, (op, _)) in self.ops.iter().enumerate() {
                let (done, rest) = registers.split_at_mut(k * CHUNK);
                self.operate(*op, before, done, start, &mut rest[..len]);
                if rest[..len].iter().any(|x| x.is_nan()) && first.is_none_or(|first| k < first) {
                    first = Some(k);
                }
            }
        }
        first.map(|k| self.ops[k].1)
    }

    fn operate<T: Real>(&self, op: Micro, before: &[T], done: &[T], start: usize, target: &mut [T]) {
        let len = target.len();
        match op {
            Micro::Map(function, x, p) => {
                let p = p.map_or(T::of(0.0), |p| resolve(p, before, done, 0, 1).first());
                match resolve(x, before, done, start, len) {
                    Chunk::Entries(x) => map(function, x, p, target),
                    Chunk::One(x) => target.fill(scalar::value(function, x, p)),
                }
            }
            Micro::Zip(zip, x, y) => {
                let (x, y) = (resolve(x, before, done, start, len), resolve(y, before, done, start, len));
                match zip {
                    Zip::Add => binary(x, y, target, |a, b| a + b),
                    Zip::Sub => binary(x, y, target, |a, b| a - b),
                    Zip::Mul => binary(x, y, target, |a, b| a * b),
                    Zip::Div => binary(x, y, target, |a, b| a / b),
                    Zip::Min => binary(x, y, target, |a, b| extreme(a, b, false)),
                    Zip::Max => binary(x, y, target, |a, b| extreme(a, b, true)),
                }
            }
            Micro::OfRow(at) => {
                let mut row = start % self.rows;
                for entry in target {
                    *entry = before[at + row];
                    row += 1;
                    if row == self.rows {
                        row = 0;
                    }
                }
            }
            Micro::OfColumn(at) => {
                let (mut row, mut col) = (start % self.rows, start / self.rows);
                for entry in target {
                    *entry = before[at + col];
                    row += 1;
                    if row == self.rows {
                        (row, col) = (0, col + 1);
                    }
                }
            }
            Micro::Copy(x) => match resolve(x, before, done, start, len) {
                Chunk::Entries(x) => target.copy_from_slice(x),
                Chunk::One(x) => target.fill(x),
            },
        }
    }
}

fn binary<T: Copy>(x: Chunk<T>, y: Chunk<T>, target: &mut [T], f: impl Fn(T, T) -> T) {
    match (x, y) {
        (Chunk::Entries(x), Chunk::Entries(y)) => {
            for ((out, a), b) in target.iter_mut().zip(x).zip(y) {
                *out = f(*a, *b);
            }
        }
        (Chunk::One(a), Chunk::Entries(y)) => {
            for (out, b) in target.iter_mut().zip(y) {
                *out = f(a, *b);
            }
        }
        (Chunk::Entries(x), Chunk::One(b)) => {
            for (out, a) in target.iter_mut().zip(x) {
                *out = f(*a, b);
            }
        }
        (Chunk::One(a), Chunk::One(b)) => target.fill(f(a, b)),
    }
}

/// A scalar function of many numbers. The cheap ones get a loop of their own, in which nothing is decided.
pub(super) fn map<T: Real>(function: ScalarFn, x: &[T], p: T, target: &mut [T]) {
    let mut each = |f: &dyn Fn(T) -> T| {
        for (out, x) in target.iter_mut().zip(x) {
            *out = f(*x);
        }
    };
    match function {
        ScalarFn::Neg => unary(x, target, |x| -x),
        ScalarFn::Abs => unary(x, target, |x| x.abs()),
        ScalarFn::Recip => unary(x, target, |x| T::of(1.0) / x),
        ScalarFn::Sqrt => unary(x, target, |x| x.sqrt()),
        ScalarFn::Exp
        | ScalarFn::Log
        | ScalarFn::Sign
        | ScalarFn::Step
        | ScalarFn::Floor
        | ScalarFn::Sin
        | ScalarFn::Cos
        | ScalarFn::Tanh
        | ScalarFn::Relu
        | ScalarFn::Sigmoid
        | ScalarFn::Softplus
        | ScalarFn::Expm1
        | ScalarFn::Log1p
        | ScalarFn::Log1pRel
        | ScalarFn::Log1pRelSlope
        | ScalarFn::XLogX
        | ScalarFn::LogOnSupport
        | ScalarFn::RecipOnSupport
        | ScalarFn::Pow
        | ScalarFn::PowOnSupport
        | ScalarFn::PowLog
        | ScalarFn::PowLogSlope
        | ScalarFn::Tsallis
        | ScalarFn::TsallisSlope => each(&|x| scalar::value(function, x, p)),
    }
}

fn unary<T: Copy>(x: &[T], target: &mut [T], f: impl Fn(T) -> T) {
    for (out, x) in target.iter_mut().zip(x) {
        *out = f(*x);
    }
}
