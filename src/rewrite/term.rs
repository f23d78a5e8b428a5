//! The language of the e-graph: the operations of the graph, with their sizes as operands.
//!
//! A size within an operation (the n of `eye(n)`) is data beside its operands in the graph. Here it is an operand, so that
//! a pattern can have a variable in its place.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use egg::Id;

use crate::ir::{Dim, NodeId, Op};

/// What a term is the application of. Matching compares and hashes little else, and an operation may have exact numbers and
/// sizes in it: so it is hashed once, and shared.
#[derive(Clone, Debug)]
pub struct Head {
    hash: u64,
    what: Arc<What>,
}

/// What stands at the head of a term.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum What {
    /// An operation, with 0 for each of its sizes: the sizes are the last operands, in the order in which they are written.
    Op(Op),
    /// A size.
    Size(Dim),
    /// A node of the graph that is taken as it is: an input, or what stands for a quantified name.
    Leaf(NodeId),
}

impl Head {
    /// The head that stands for this.
    pub fn new(what: What) -> Head {
        let mut hasher = DefaultHasher::new();
        what.hash(&mut hasher);
        Head { hash: hasher.finish(), what: Arc::new(what) }
    }

    /// What stands there.
    pub fn what(&self) -> &What {
        &self.what
    }
}

impl PartialEq for Head {
    fn eq(&self, other: &Head) -> bool {
        Arc::ptr_eq(&self.what, &other.what) || self.hash == other.hash && self.what == other.what
    }
}

impl Eq for Head {}

impl Hash for Head {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

impl PartialOrd for Head {
    fn partial_cmp(&self, other: &Head) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Head {
    fn cmp(&self, other: &Head) -> Ordering {
        if Arc::ptr_eq(&self.what, &other.what) { Ordering::Equal } else { self.what.cmp(&other.what) }
    }
}

/// A term: a head and its operands.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Term {
    /// What it is the application of.
    pub head: Head,
    /// To what.
    pub args: Vec<Id>,
}

impl Term {
    /// A term without operands.
    pub fn leaf(what: What) -> Self {
        Term { head: Head::new(what), args: Vec::new() }
    }
}

/// The head that stands for an operation, and the operation's sizes.
pub fn split(op: &Op) -> (Head, Vec<Dim>) {
    let (bare, sizes) = op.split_sizes();
    (Head::new(What::Op(bare)), sizes)
}

/// The operation with these sizes in the place of its zeros; `None` where there are too few or too many.
pub fn join(bare: &Op, sizes: &[Dim]) -> Option<Op> {
    let next = RefCell::new(sizes.iter());
    let op = bare.with_sizes(&|_| next.borrow_mut().next().cloned().ok_or(())).ok()?;
    next.into_inner().next().is_none().then_some(op)
}

impl egg::Language for Term {
    type Discriminant = Head;

    fn discriminant(&self) -> Head {
        self.head.clone()
    }

    fn matches(&self, other: &Self) -> bool {
        self.head == other.head && self.args.len() == other.args.len()
    }

    fn children(&self) -> &[Id] {
        &self.args
    }

    fn children_mut(&mut self) -> &mut [Id] {
        &mut self.args
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::Shape;

    #[test]
    fn sizes_come_off_and_go_back() {
        let op = Op::Fill(Shape::Matrix(Dim::constant(3), Dim::constant(5)));
        let (head, sizes) = split(&op);
        let What::Op(bare) = head.what() else { panic!("an operation was split into something else") };
        assert_eq!(sizes, [Dim::constant(3), Dim::constant(5)]);
        assert_eq!(join(bare, &sizes), Some(op));
        assert_eq!(join(bare, &sizes[..1]), None);
        assert_eq!(split(&Op::MatMul), (Head::new(What::Op(Op::MatMul)), vec![]));
    }
}
