//! An equality between expressions, as the rewriter meets it: a rule of its table, a lemma, or a claim to be proved.

use std::collections::{BTreeMap, BTreeSet};

use super::dim::{Dim, SizeVar, solve};
use super::graph::{Graph, NodeId};
use super::op::Op;

/// `left == right` for all values of the variables that meet the conditions.
#[derive(Clone, Debug)]
pub struct Identity {
    /// Its name.
    pub name: String,
    /// Where it is proved: a paper or a book, with the number.
    pub source: String,
    /// The group that it belongs to: the file of the table that it stands in, without the ending.
    pub group: String,
    /// The expressions. Sizes are symbolic.
    pub graph: Graph,
    /// The nodes that stand for the quantified scalars, vectors and matrices. What a name's range says of it (its type and
    /// facts) is a condition on what may be put for it.
    pub variables: Vec<NodeId>,
    /// The sizes that are quantified.
    pub sizes: Vec<SizeVar>,
    /// What is assumed besides: conditions that must be known to hold of what is put for the variables.
    pub conditions: Vec<NodeId>,
    /// The left side.
    pub left: NodeId,
    /// The right side.
    pub right: NodeId,
    /// Whether the right side may be replaced by the left one as well.
    pub both_ways: bool,
}

/// Why an equality is of no use as a rule.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Useless {
    /// The two sides are one node: the graph knows the equality by itself.
    Known,
    /// What is put for a variable is not determined by the side that is to be replaced.
    Variable(NodeId),
    /// A size is not.
    Size(SizeVar),
}

impl Identity {
    /// Whether matching the left side determines everything in the right side and in the conditions, and the other way
    /// round for what may be used in both directions.
    ///
    /// # Errors
    /// What makes it useless.
    pub fn usable(&self) -> Result<(), Useless> {
        if self.left == self.right {
            return Err(Useless::Known);
        }
        let sides = [(self.left, self.right), (self.right, self.left)];
        for (from, to) in &sides[..if self.both_ways { 2 } else { 1 }] {
            let (matched, needed) = (self.parts(&[*from]), self.parts(&[&[*to][..], &self.conditions].concat()));
            if let Some(variable) = needed.variables.difference(&matched.variables).next() {
                return Err(Useless::Variable(*variable));
            }
            // Each size stands for another one, which the equations between the dimensions must give back.
            let own: BTreeSet<SizeVar> = matched.dims.iter().flat_map(Dim::vars).collect();
            let first = self.sizes.iter().chain(&own).map(|size| size.id + 1).max().unwrap_or(0);
            let theirs = |size: &SizeVar| Dim::var(SizeVar { id: size.id + first, ..size.clone() });
            let other: BTreeMap<SizeVar, Dim> = own.iter().map(|size| (size.clone(), theirs(size))).collect();
            let equations = matched.dims.iter().filter_map(|dim| Some((dim.clone(), dim.substitute(&other)?)));
            let open: Vec<SizeVar> = own.iter().cloned().collect();
            let solved = solve(&equations.collect::<Vec<_>>(), &open).unwrap_or_default();
            let missing = needed.dims.iter().flat_map(Dim::vars).find(|size| !solved.contains_key(size));
            if let Some(size) = missing {
                return Err(Useless::Size(size));
            }
        }
        Ok(())
    }

    /// The variables under some nodes, and every dimension there, without looking into the variables.
    fn parts(&self, roots: &[NodeId]) -> Parts {
        let mut parts = Parts::default();
        let mut seen = BTreeSet::new();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if !seen.insert(id) {
                continue;
            }
            let shape = &self.graph.ty(id).shape;
            parts.dims.extend([shape.rows(), shape.cols()]);
            if self.variables.contains(&id) {
                parts.variables.insert(id);
                continue;
            }
            if let Op::Size(dim) = self.graph.op(id) {
                parts.dims.push(dim.clone());
            }
            stack.extend(self.graph.args(id));
        }
        parts
    }
}

/// What a side is made of.
#[derive(Default)]
struct Parts {
    variables: BTreeSet<NodeId>,
    dims: Vec<Dim>,
}
