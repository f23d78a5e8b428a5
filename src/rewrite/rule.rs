//! A rule: an identity, read from one side to the other, as patterns of the e-graph.

use std::collections::BTreeMap;
use std::sync::Arc;

use egg::{ENodeOrVar, Id, Pattern, PatternAst, RecExpr, Subst, Var};

use super::polynomial::Normalizer;
use super::store::{Known, Store};
use super::term::{Term, What, split};
use crate::ir::{Dim, Facts, Field, Graph, Identity, Input, Mismatch, NodeId, Op, Property, SizeVar, Type, Zip, solve};

/// Sizes of rules are numbered from here on, apart from those of what they are applied to.
const FIRST_SIZE: u32 = 1 << 30;

/// A side of a rule is tried in at most this many orders of its sums and products.
const MAX_ORDERS: usize = 24;

/// An identity, read from one side to the other.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The identity's name.
    pub name: String,
    /// Whether it is read from left to right.
    pub forward: bool,
    /// Whether it gives nothing new where all is real: its real case is a rule of its own, or known to the graph.
    pub only_complex: bool,
    /// The shared expressions.
    pub(super) body: Arc<Body>,
    /// The side that is looked for, in each order that its sums and products can stand in.
    pub(super) forms: Vec<Form>,
    /// What takes its place.
    pub(super) to: NodeId,
    /// Whether arithmetic decides it: such a rule proves nothing, and gives other forms to choose from.
    pub(super) arithmetic: bool,
}

/// The expressions of an identity, with a raw input for each variable.
#[derive(Debug)]
pub(super) struct Body {
    pub graph: Graph,
    pub variables: Vec<NodeId>,
    pub sizes: Vec<SizeVar>,
    pub conditions: Vec<NodeId>,
    /// Where it is proved.
    pub source: String,
}

/// A pattern, with the node that it was made from.
#[derive(Clone, Debug)]
pub(super) struct Form {
    pub node: NodeId,
    pub pattern: Pattern<Term>,
    /// The node that each part of the pattern stands for; sizes have none.
    pub parts: Vec<Option<NodeId>>,
    /// The sizes that stand in it, by variable.
    sizes: Vec<(Var, Dim)>,
}

/// What a match puts for the variables and sizes of a rule.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Binding {
    /// The node for each variable.
    pub values: BTreeMap<NodeId, NodeId>,
    /// The size for each size.
    pub sizes: BTreeMap<SizeVar, Dim>,
}

/// Why an identity is no rule.
#[derive(Clone, PartialEq, Debug)]
pub enum BadRule {
    /// The graph knows it already: both sides are one node.
    Trivial,
    /// The side that is replaced does not determine this variable.
    Unbound(String),
    /// It cannot be made outside its theorem.
    Mismatch(Mismatch),
}

impl From<Mismatch> for BadRule {
    fn from(mismatch: Mismatch) -> Self {
        BadRule::Mismatch(mismatch)
    }
}

impl Rule {
    /// The rules that an identity gives: one, or two where it may be used both ways.
    ///
    /// # Errors
    /// [`BadRule`].
    pub fn of(identity: &Identity) -> Result<Vec<Rule>, BadRule> {
        let renamed: BTreeMap<SizeVar, SizeVar> = identity
            .sizes
            .iter()
            .enumerate()
            .map(|(i, var)| (var.clone(), SizeVar { id: FIRST_SIZE + i as u32, ..var.clone() }))
            .collect();
        let sizes: BTreeMap<SizeVar, Dim> =
            renamed.iter().map(|(old, new)| (old.clone(), Dim::var(new.clone()))).collect();
        let new_size = |dim: &Dim| dim.substitute(&sizes).ok_or_else(|| Mismatch::BadSize(dim.clone()));
        let mut graph = Graph::new();
        let mut inputs = BTreeMap::new();
        for (i, variable) in identity.variables.iter().enumerate() {
            let ty = identity.graph.ty(*variable);
            let ty = Type { field: ty.field, shape: ty.shape.with_sizes(&new_size)? };
            let facts = identity.graph.facts(*variable).clone();
            inputs.insert(*variable, graph.input(Input { name: format!("v{i}"), ty, facts }));
        }
        let mut roots = vec![identity.left, identity.right];
        roots.extend(&identity.conditions);
        let made = graph.graft(&identity.graph, &roots, &inputs, &sizes)?;
        let (left, right) = (made[0], made[1]);
        if left == right {
            return Err(BadRule::Trivial);
        }
        let mut sides = vec![(left, right, true)];
        if identity.both_ways {
            sides.push((right, left, false));
        }
        let mut orders = Vec::new();
        let mut normalizer = Normalizer::default();
        let arithmetic = normalizer.polynomial(&mut graph, left)? == normalizer.polynomial(&mut graph, right)?;
        for (from, to, forward) in sides {
            let mut nodes = in_every_order(&mut graph, from)?;
            let normal = normalizer.normal(&mut graph, from)?;
            nodes.extend(in_every_order(&mut graph, normal)?);
            nodes.sort();
            nodes.dedup();
            orders.push((nodes, to, forward));
        }
        let body = Arc::new(Body {
            variables: inputs.values().copied().collect(),
            sizes: renamed.into_values().collect(),
            conditions: made[2..].to_vec(),
            source: identity.source.clone(),
            graph,
        });
        let mut rules = Vec::new();
        for (nodes, to, forward) in orders {
            let forms: Vec<Form> = nodes.into_iter().map(|node| Form::of(&body.graph, node)).collect();
            let name = identity.name.clone();
            let rule = Rule { name, forward, only_complex: false, body: body.clone(), forms, to, arithmetic };
            rule.check_bound()?;
            rules.push(rule);
        }
        Ok(rules)
    }

    /// Every form must determine every variable.
    fn check_bound(&self) -> Result<(), BadRule> {
        for form in &self.forms {
            let bound = self.body.graph.reachable(&[form.node]);
            for variable in self.body.graph.reachable(&[self.to]) {
                if let Some(input) = self.body.graph.as_input(variable)
                    && !bound.contains(&variable)
                {
                    return Err(BadRule::Unbound(self.body.graph.inputs()[input.0 as usize].name.clone()));
                }
            }
        }
        Ok(())
    }

    /// Where the identity is proved.
    pub fn source(&self) -> &str {
        &self.body.source
    }

    /// What a match of one of the forms puts for the variables and sizes, if the match meets the conditions.
    pub(super) fn binding(&self, store: &mut Store, form: &Form, subst: &Subst) -> Option<Binding> {
        let mut values = BTreeMap::new();
        for variable in &self.body.variables {
            // A variable that this form does not have does not occur in what takes its place either.
            let Some(id) = subst.get(var_of(*variable)) else { continue };
            values.insert(*variable, store.value_with(*id, self.body.graph.facts(*variable))?);
        }
        let mut equations = Vec::new();
        for (var, dim) in &form.sizes {
            match store.known(*subst.get(*var)?) {
                Known::Size(actual) => equations.push((dim.clone(), actual.clone())),
                Known::Value(..) => return None,
            }
        }
        self.complete(store.graph(), values, equations)
    }

    /// The sizes that the values determine, if the values are of the right types and meet the conditions.
    pub(super) fn complete(
        &self,
        graph: &mut Graph,
        values: BTreeMap<NodeId, NodeId>,
        mut equations: Vec<(Dim, Dim)>,
    ) -> Option<Binding> {
        use crate::ir::Shape::{Matrix, Scalar, Vector};
        let rule = &self.body.graph;
        for (variable, value) in &values {
            let (wanted, found) = (rule.ty(*variable), graph.ty(*value));
            if wanted.field != found.field && (wanted.field, found.field) != (Field::Complex, Field::Real) {
                return None;
            }
            match (&wanted.shape, &found.shape) {
                (Scalar, Scalar) => {}
                (Vector(n), Vector(m)) => equations.push((n.clone(), m.clone())),
                (Matrix(a, b), Matrix(c, d)) => {
                    equations.push((a.clone(), c.clone()));
                    equations.push((b.clone(), d.clone()));
                }
                (Scalar | Vector(_) | Matrix(..), _) => return None,
            }
        }
        for (variable, value) in &values {
            if !asked(rule.facts(*variable)).all(|property| graph.has(*value, property)) {
                return None;
            }
        }
        let sizes = solve(&equations, &self.body.sizes).ok()?;
        let conditions = graph.graft(rule, &self.body.conditions, &values, &sizes).ok()?;
        let holds = conditions.iter().all(|condition| *graph.op(*condition) == Op::Truth(true));
        holds.then_some(Binding { values, sizes })
    }

    /// What takes the place of a match of a form, if it is of the same field: put for complex variables, real values may make
    /// something real on one side only.
    pub(super) fn replacement(&self, graph: &mut Graph, form: &Form, binding: &Binding) -> Option<NodeId> {
        let (from, to) = (self.put(graph, form.node, binding)?, self.put(graph, self.to, binding)?);
        match (graph.ty(from).field, graph.ty(to).field) {
            (Field::Complex, Field::Real) => graph.make(Op::Complexify, vec![to]).ok(),
            (one, other) => (one == other).then_some(to),
        }
    }

    /// A node of the rule's graph with values put for the variables.
    pub(super) fn put(&self, graph: &mut Graph, node: NodeId, binding: &Binding) -> Option<NodeId> {
        graph.graft(&self.body.graph, &[node], &binding.values, &binding.sizes).ok().map(|nodes| nodes[0])
    }
}

/// What a rule asks of the values of its variables. That they are finite is for a proof to show ([`super::proof`]): a search
/// follows what is equal where all is finite.
pub(super) fn asked(facts: &Facts) -> impl Iterator<Item = Property> + '_ {
    facts.held().filter(|property| *property != Property::Finite)
}

/// The pattern variable for a variable of a rule.
pub(super) fn var_of(variable: NodeId) -> Var {
    Var::from_u32(variable.index() as u32)
}

impl Form {
    fn of(graph: &Graph, root: NodeId) -> Form {
        let mut made = PatternMaker { graph, ast: RecExpr::default(), made: BTreeMap::new(), sizes: Vec::new() };
        made.node(root);
        let mut parts = vec![None; made.ast.len()];
        for (node, id) in made.made {
            parts[usize::from(id)] = Some(node);
        }
        Form { node: root, pattern: Pattern::new(made.ast), parts, sizes: made.sizes }
    }
}

struct PatternMaker<'a> {
    graph: &'a Graph,
    ast: PatternAst<Term>,
    made: BTreeMap<NodeId, Id>,
    sizes: Vec<(Var, Dim)>,
}

impl PatternMaker<'_> {
    fn node(&mut self, node: NodeId) -> Id {
        if let Some(id) = self.made.get(&node) {
            return *id;
        }
        let op = self.graph.op(node).clone();
        let id = if let Op::Input(_) = op {
            self.ast.add(ENodeOrVar::Var(var_of(node)))
        } else {
            let mut args: Vec<Id> = self.graph.args(node).to_vec().into_iter().map(|arg| self.node(arg)).collect();
            let (head, sizes) = split(&op);
            args.extend(sizes.into_iter().map(|dim| self.size(dim)));
            self.ast.add(ENodeOrVar::ENode(Term { head, args }))
        };
        self.made.insert(node, id);
        id
    }

    fn size(&mut self, dim: Dim) -> Id {
        if dim.as_constant().is_some() {
            return self.ast.add(ENodeOrVar::ENode(Term::leaf(What::Size(dim))));
        }
        let known = self.sizes.iter().find(|(_, other)| *other == dim).map(|(var, _)| *var);
        let var = known.unwrap_or_else(|| {
            let var = Var::from_u32(FIRST_SIZE + self.sizes.len() as u32);
            self.sizes.push((var, dim));
            var
        });
        self.ast.add(ENodeOrVar::Var(var))
    }
}

/// A node with its sums, products, least and greatest values in every order of their two operands.
fn in_every_order(graph: &mut Graph, node: NodeId) -> Result<Vec<NodeId>, Mismatch> {
    let args = graph.args(node).to_vec();
    let op = graph.op(node).clone();
    let mut lists: Vec<Vec<NodeId>> = vec![Vec::new()];
    for arg in args {
        let orders = in_every_order(graph, arg)?;
        lists = lists
            .iter()
            .flat_map(|list| orders.iter().map(|order| list.iter().copied().chain([*order]).collect()))
            .take(MAX_ORDERS)
            .collect();
    }
    let commutes = matches!(op, Op::Zip(Zip::Add | Zip::Mul | Zip::Min | Zip::Max));
    let mut nodes = Vec::new();
    for list in lists {
        if list.is_empty() {
            return Ok(vec![node]);
        }
        if commutes {
            nodes.push(graph.make(op.clone(), vec![list[1], list[0]])?);
        }
        nodes.push(graph.make(op.clone(), list)?);
    }
    nodes.sort();
    nodes.dedup();
    nodes.truncate(MAX_ORDERS);
    Ok(nodes)
}
