//! Theorems by hand, as the checker would make them.

use num_rational::BigRational;

use crate::base::{FileId, Span};
use crate::check::{Assumption, Claim, Expected, Part, Theorem, Variable, VariableKind};
use crate::ir::{
    Comparison, Dim, Domain, Facts, Field, Graph, Input, InputId, Interval, NodeId, Op, Range, Raw, Set, Shape,
    SizeVar, Type, Zip,
};

pub struct Build {
    pub theorem: Theorem,
    sizes: u32,
}

fn span() -> Span {
    Span { file: FileId(0), start: 0, end: 0 }
}

pub fn ratio(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

impl Build {
    pub fn new(name: &str) -> Self {
        let theorem = Theorem {
            file: "test.lw".to_string(),
            name: name.to_string(),
            doc: Vec::new(),
            span: span(),
            graph: Graph::new(),
            variables: Vec::new(),
            assumptions: Vec::new(),
            claims: Vec::new(),
        };
        Build { theorem, sizes: 0 }
    }

    pub fn g(&mut self) -> &mut Graph {
        &mut self.theorem.graph
    }

    pub fn size(&mut self, name: &str, lo: i64, hi: i64) -> Dim {
        self.size_between(name, Dim::constant(lo), Dim::constant(hi))
    }

    pub fn size_between(&mut self, name: &str, lo: Dim, hi: Dim) -> Dim {
        let var = SizeVar { id: self.sizes, name: name.into(), least: 0 };
        self.sizes += 1;
        let kind = VariableKind::Size(var.clone());
        self.variable(name, Range::Integers(lo, hi), kind);
        Dim::var(var)
    }

    fn variable(&mut self, name: &str, range: Range, kind: VariableKind) {
        self.theorem.variables.push(Variable { name: name.to_string(), span: span(), range, kind, implied: false });
    }

    pub fn member(&mut self, name: &str, set: Set, sizes: &[Dim], complex: bool) -> NodeId {
        let domain = Domain { set, sizes: sizes.to_vec(), complex };
        let mut nodes = Vec::new();
        let mut raw: Vec<InputId> = Vec::new();
        for Raw { role, ty } in domain.raw() {
            let node = self.g().input(Input { name: format!("{name}{role}"), ty, facts: Facts::new() });
            raw.push(self.theorem.graph.as_input(node).unwrap());
            nodes.push(node);
        }
        let value = domain.chart(self.g(), &nodes).unwrap();
        self.variable(name, Range::Domain(domain), VariableKind::Member { raw, value });
        value
    }

    fn scalar(&mut self, name: &str, range: Range) -> NodeId {
        let ty = Type { field: Field::Real, shape: Shape::Scalar };
        let value = self.g().input(Input { name: name.to_string(), ty, facts: Facts::new() });
        let input = self.theorem.graph.as_input(value).unwrap();
        self.variable(name, range, VariableKind::Scalar { input, value });
        value
    }

    /// The interval from `lo` to `hi`, each closed or not; no upper end for `None`.
    pub fn interval(&mut self, name: &str, lo: (BigRational, bool), hi: Option<(BigRational, bool)>) -> NodeId {
        let low = self.g().number(lo.0).unwrap();
        let (high, hi_closed) = match hi {
            Some((hi, closed)) => (self.g().number(hi).unwrap(), closed),
            None => (self.g().make(Op::Infinity, vec![]).unwrap(), false),
        };
        self.between(name, low, lo.1, high, hi_closed)
    }

    pub fn between(&mut self, name: &str, lo: NodeId, lo_closed: bool, hi: NodeId, hi_closed: bool) -> NodeId {
        self.scalar(name, Range::Interval(Interval { lo, lo_closed, hi, hi_closed }))
    }

    pub fn finite(&mut self, name: &str, values: &[BigRational]) -> NodeId {
        self.scalar(name, Range::Finite(values.to_vec()))
    }

    pub fn assume(&mut self, comparison: Comparison, a: NodeId, b: NodeId) {
        let condition = self.g().compare(comparison, a, b).unwrap();
        let margin = self.g().margin(condition).unwrap();
        self.theorem.assumptions.push(Assumption { condition, margin, span: span() });
    }

    pub fn claim(&mut self, condition: NodeId) {
        let margin = self.g().margin(condition).unwrap();
        self.claim_parts(vec![Part::Margin { condition, margin, put: Vec::new(), sides: None, member: None }]);
    }

    pub fn claim_parts(&mut self, parts: Vec<Part>) {
        let label = (self.theorem.claims.len() + 1).to_string();
        let statement = String::new();
        self.theorem.claims.push(Claim {
            label,
            statement,
            span: span(),
            expected: Expected::Holds,
            parts,
            supremum: None,
            proof: None,
        });
    }

    pub fn compare(&mut self, comparison: Comparison, a: NodeId, b: NodeId) {
        let condition = self.g().compare(comparison, a, b).unwrap();
        self.claim(condition);
    }

    pub fn hadamard(&mut self, a: NodeId, b: NodeId) -> NodeId {
        self.g().zip(Zip::Mul, a, b).unwrap()
    }

    /// The entropy of order two of a kernel of unit diagonal: 2 log n − log ‖K‖².
    pub fn entropy2(&mut self, k: NodeId, n: &Dim) -> NodeId {
        let g = self.g();
        let squares = g.abs2(k).unwrap();
        let f = g.sum(squares).unwrap();
        let log_f = g.map(crate::ir::ScalarFn::Log, f).unwrap();
        let n = g.size(n.clone()).unwrap();
        let log_n = g.map(crate::ir::ScalarFn::Log, n).unwrap();
        let two = g.integer(2).unwrap();
        let twice = g.multiply(two, log_n).unwrap();
        g.sub(twice, log_f).unwrap()
    }

    pub fn least_eigenvalue(&mut self, a: NodeId) -> NodeId {
        let g = self.g();
        let values = g.make(Op::Eigenvalues, vec![a]).unwrap();
        g.reduce(crate::ir::Reduction::Min, crate::ir::Axis::All, values).unwrap()
    }
}
