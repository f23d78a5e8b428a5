//! A theorem as the verifier meets it: a typed graph, what the names in it range over, and what is claimed.

use std::sync::Arc;

use crate::base::Span;
use crate::ir::{Domain, Graph, InputId, Margin, NodeId, Range, Set, SizeVar};
use crate::syntax::ast::Relation;

/// A checked theorem.
#[derive(Clone, Debug)]
pub struct Theorem {
    /// The file that it stands in, as messages name it.
    pub file: String,
    /// Its name.
    pub name: String,
    /// Its documentation, one line after the other.
    pub doc: Vec<String>,
    /// Its place.
    pub span: Span,
    /// The expressions of all its statements. Sizes are symbolic; see [`Graph::instantiate`].
    pub graph: Graph,
    /// The quantified names, in the order of quantification: a range may use the names before it.
    pub variables: Vec<Variable>,
    /// The hypotheses, in order.
    pub assumptions: Vec<Assumption>,
    /// The claims, in order.
    pub claims: Vec<Claim>,
}

/// A quantified name.
#[derive(Clone, Debug)]
pub struct Variable {
    /// The name.
    pub name: String,
    /// Its place.
    pub span: Span,
    /// What it ranges over.
    pub range: Range,
    /// What stands for it in the graph.
    pub kind: VariableKind,
    /// Whether it is a size that nothing quantifies: then any size is meant, and the range is where it is sampled.
    pub implied: bool,
}

impl Variable {
    /// The raw input that takes the value of a real scalar directly; `None` for anything else.
    pub fn real_input(&self) -> Option<InputId> {
        match (&self.kind, &self.range) {
            (VariableKind::Scalar { input, .. }, _) => Some(*input),
            (VariableKind::Member { raw, .. }, Range::Domain(Domain { set: Set::Real, .. })) => raw.first().copied(),
            (VariableKind::Size(_) | VariableKind::Member { .. }, _) => None,
        }
    }
}

/// What stands for a quantified name in the graph.
#[derive(Clone, Debug)]
pub enum VariableKind {
    /// An integer, which is a size variable.
    Size(SizeVar),
    /// A real scalar from an interval or a finite set: a raw input that takes its value directly.
    Scalar {
        /// The raw input.
        input: InputId,
        /// The scalar with what its range says of it.
        value: NodeId,
    },
    /// A member of a named set: the chart's raw inputs, in the order of [`crate::ir::Domain::raw`], and its image.
    Member {
        /// The raw inputs.
        raw: Vec<InputId>,
        /// The member.
        value: NodeId,
    },
}

/// A hypothesis.
#[derive(Clone, Debug)]
pub struct Assumption {
    /// The condition.
    pub condition: NodeId,
    /// Its margin.
    pub margin: Margin,
    /// Its place.
    pub span: Span,
}

/// A claim.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Its label, or its number from 1.
    pub label: String,
    /// What it says, as its author wrote it, on one line: a witness names by it what it refutes.
    pub statement: String,
    /// Its place.
    pub span: Span,
    /// What its author expects.
    pub expected: Expected,
    /// What must all hold for the claim to hold. Of `sup(EXPR) <= inf` there is nothing.
    pub parts: Vec<Part>,
    /// The expression of a claim `sup(EXPR) <= C`, whose largest value is asked for.
    pub supremum: Option<Supremum>,
    /// The calculation that its author gives for it.
    pub proof: Option<Proof>,
}

/// A calculation: steps that go from one side of a claim's comparison to the other.
#[derive(Clone, Debug)]
pub struct Proof {
    /// What the claim says.
    pub claimed: Sides,
    /// The steps, in order: each begins where the one before ends.
    pub steps: Vec<ProofStep>,
    /// The claim's clause on when its sides are equal, as its author wrote it, on one line: the steps say nothing of it.
    pub clause: Option<String>,
    /// From `proof` to the closing brace.
    pub span: Span,
}

/// A step of a calculation.
#[derive(Clone, Debug)]
pub struct ProofStep {
    /// What it says.
    pub link: Sides,
    /// The same as a condition, so that it can be sampled like a claim.
    pub condition: NodeId,
    /// The margin of the condition.
    pub margin: Margin,
    /// The theorems that it rests on.
    pub by: Vec<Lemma>,
    /// Its place.
    pub span: Span,
    /// What it says, as its author wrote it, on one line.
    pub text: String,
}

/// A theorem that a step rests on.
#[derive(Clone, Debug)]
pub struct Lemma {
    /// Its name.
    pub name: String,
    /// Where the step names it.
    pub span: Span,
    /// What it says.
    pub theorem: Arc<Theorem>,
}

/// What a claim `sup(EXPR) <= C` asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Supremum {
    /// The expression, a real number. Its supremum is over all quantified names that meet the hypotheses.
    pub value: NodeId,
    /// Whether it is claimed to be finite, and no more: `sup(EXPR) < inf`.
    pub finite: bool,
}

/// What the author of a file expects of a claim.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Expected {
    /// It holds.
    #[default]
    Holds,
    /// It is false (`expect refuted`).
    Refuted,
    /// No input meets the hypotheses (`expect vacuous`).
    Vacuous,
}

/// A gap with values put for quantified names.
#[derive(Clone, Debug)]
pub struct Substituted {
    /// The gap.
    pub gap: NodeId,
    /// What was put for each name.
    pub values: Vec<(String, NodeId)>,
}

/// The two sides of a comparison, as they were written: of matrices and of complex numbers too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Sides {
    /// What stands on the left.
    pub left: NodeId,
    /// The relation.
    pub relation: Relation,
    /// What stands on the right.
    pub right: NodeId,
}

/// A part of a claim.
#[derive(Clone, Debug)]
pub enum Part {
    /// The margin is nonnegative (positive, if strict; zero, if an equality) wherever the hypotheses hold.
    Margin {
        /// The condition itself.
        condition: NodeId,
        /// Its margin.
        margin: Margin,
        /// What `equality at` puts for names that are no sizes: the sides are compared there.
        put: Vec<(String, NodeId)>,
        /// The sides of the condition, where it was written as a comparison.
        sides: Option<Sides>,
        /// What breaks where the condition fails, where it is that something put for a name lies in the name's set: that
        /// "`K = zeros(n, n)` is not of unit diagonal".
        member: Option<String>,
    },
    /// `gap == 0` exactly where a condition holds (`equality iff`, and the uniqueness of an extremum).
    Iff {
        /// The difference of the two sides, nonnegative where the claim holds.
        gap: NodeId,
        /// The condition's margin.
        condition: Margin,
        /// The gap with the condition put into effect, where it has the form `NAME == EXPR` and what is put for the name
        /// is certain to be one of its values under the hypotheses: then this must be 0.
        substituted: Option<Substituted>,
        /// The differences of the sides of the comparisons that the condition is made of, where it is more than equalities
        /// that all hold: where one is 0 the condition may change, or one of several cases may hold alone.
        edges: Vec<NodeId>,
    },
    /// `f ~ g + O(h) as x -> limit`
    Asymptotic {
        /// f − g
        difference: NodeId,
        /// h
        order: NodeId,
        /// The scalar that moves: a real input that takes its value directly.
        variable: InputId,
        /// Whether it goes to infinity, rather than to 0 from above.
        to_infinity: bool,
    },
}
