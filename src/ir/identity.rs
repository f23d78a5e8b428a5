//! An equality between expressions, as the rewriter meets it: a rule of its table, a lemma, or a claim to be proved.

use super::dim::SizeVar;
use super::graph::{Graph, NodeId};

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
