//! What an emitted function does, line by line: the calls of a program, and the exchanges between processes.

use crate::ir::Axis;
use crate::torch::call::Call;
use crate::torch::program::{Arg, Register, Step};

/// An exchange between processes, each of which holds a part of the batch.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(super) enum Exchange {
    /// The sum of what all processes hold.
    Sum,
    /// The entrywise maximum of what all processes hold.
    Maximum,
    /// The entrywise minimum of what all processes hold.
    Minimum,
    /// log Σ exp of what all processes hold, entry by entry.
    LogSumExp,
    /// The parts of all processes, in their order: rows below each other, or columns side by side.
    Gather(Axis),
    /// Of what every process holds whole, its own rows or columns. Nothing is sent.
    Own(Axis),
    /// The entries of the diagonal that lie in a process's own rows or columns. Nothing is sent.
    Diagonal(Axis),
    /// Of a square matrix by rows or columns and a number or a process's part of a vector: the sum of the matrix and the
    /// diagonal matrix. Nothing is sent.
    AddDiagonal(Axis),
}

/// One line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Line {
    /// A call.
    Call(Step),
    /// What tensors become by an exchange.
    Exchange(Exchange, Vec<Arg>, Register),
}

impl Line {
    /// The tensors that are read.
    pub fn reads(&self) -> Vec<Register> {
        let args = match self {
            Line::Call(step) => &step.args,
            Line::Exchange(_, args, _) => args,
        };
        let tensor = |arg: &Arg| match arg {
            Arg::Tensor(register) => Some(*register),
            Arg::Number(_) => None,
        };
        args.iter().filter_map(tensor).collect()
    }

    /// The tensors that are made.
    pub fn makes(&self) -> Vec<Register> {
        match self {
            Line::Call(step) => step.results.clone(),
            Line::Exchange(_, _, to) => vec![*to],
        }
    }

    /// The call, if it is one.
    pub fn call(&self) -> Option<&Call> {
        match self {
            Line::Call(step) => Some(&step.call),
            Line::Exchange(..) => None,
        }
    }
}

/// Lines that the same outputs need.
pub(super) struct Block {
    /// A bit for each output that needs them.
    pub needed_by: u64,
    /// The numbers of the lines, in their order.
    pub lines: Vec<usize>,
}

/// The lines in blocks: what the value needs first, then what several gradients share, then what is of one alone. A line
/// is needed by all that its users are needed by, so that nothing is read before it is made.
pub(super) fn blocks(lines: &[Line], registers: usize, outputs: &[Arg]) -> Vec<Block> {
    let mut needed = vec![0u64; registers];
    for (i, output) in outputs.iter().enumerate() {
        if let Arg::Tensor(register) = output {
            needed[register.index()] |= 1 << i.min(63);
        }
    }
    let mut of_line = vec![0u64; lines.len()];
    for (at, line) in lines.iter().enumerate().rev() {
        let set = line.makes().iter().fold(0, |set, made| set | needed[made.index()]);
        // What the value needs is there in any case.
        of_line[at] = if set & 1 == 1 { 1 } else { set };
        for read in line.reads() {
            needed[read.index()] |= set;
        }
    }
    let mut blocks: Vec<Block> = Vec::new();
    for (at, set) in of_line.iter().enumerate().filter(|(_, set)| **set != 0) {
        match blocks.iter_mut().find(|block| block.needed_by == *set) {
            Some(block) => block.lines.push(at),
            None => blocks.push(Block { needed_by: *set, lines: vec![at] }),
        }
    }
    blocks.sort_by_key(|block| (block.needed_by != 1, std::cmp::Reverse(block.needed_by.count_ones())));
    blocks
}
