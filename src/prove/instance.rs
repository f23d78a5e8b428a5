//! Lemmas put to use: values for the quantified names of a lemma, found by comparing its patterns with the terms of a step.

use std::collections::{BTreeMap, BTreeSet};

use super::derive::Derivation;
use super::goal::{Compared, Goal};
use super::store::Store;
use crate::check::{Expected, Part, Theorem, VariableKind};
use crate::ir::{Dim, Field, Graph, NodeId, Op, Property, Range, Set, Shape, SizeVar, Zip};

/// The most ways to put a lemma to use that are tried for one step.
const MOST_BINDINGS: usize = 100;

/// The most products of two terms that instances of one lemma may take.
const MOST_WORK: u64 = 300_000;

/// The most ways in which one part of a lemma is one term.
const MOST_MATCHES: usize = 16;

/// The most partial ways that are put together two by two.
const MOST_JOINED: usize = 60;

/// Which parts of a lemma are compared with the terms of a step: few at first, since most steps need no more.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Reach {
    /// Its two sides, and the terms and factors that these are made of by arithmetic.
    Sides,
    /// Every operation in it but arithmetic.
    Operations,
    /// All of it; what it leaves open is tried.
    Everything,
}

impl Reach {
    /// From the least to the most.
    pub const ALL: [Reach; 3] = [Reach::Sides, Reach::Operations, Reach::Everything];
}

/// What is put for the names of a lemma.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Binding {
    put: BTreeMap<NodeId, NodeId>,
    sizes: BTreeMap<SizeVar, Dim>,
}

/// A lemma with values put for its names.
#[derive(Clone, Debug)]
pub struct Instance {
    /// Which of the lemmas of a step.
    pub lemma: usize,
    /// What it says.
    pub says: Goal,
    /// The two sides that it compares, which must be finite for it to say something; none of a hypothesis whose sides are.
    pub sides: Option<[NodeId; 2]>,
    /// What must hold for that.
    pub needs: Vec<Need>,
    /// Why it holds, for each comparison among it.
    pub met: Vec<Derivation>,
}

/// A condition for the use of a lemma.
#[derive(Clone, Debug)]
pub enum Need {
    /// A comparison with 0, and the sides that it compares, where they are nodes.
    Goal(Goal, Option<Compared>),
    /// A property of a value.
    Property(NodeId, Property),
    /// A condition of a form that nothing derives.
    Other,
}

/// A lemma as patterns.
struct Pattern<'a> {
    theorem: &'a Theorem,
    /// The nodes of its quantified names but sizes.
    variables: BTreeSet<NodeId>,
    /// Whether it is about single numbers by operations on entries alone, so that it holds entry by entry.
    entrywise: bool,
}

/// Every instance of a lemma whose patterns occur below the given nodes.
pub fn instances(store: &mut Store, lemma: usize, theorem: &Theorem, places: &[NodeId], reach: Reach) -> Vec<Instance> {
    let pattern = Pattern::new(theorem);
    let claims: Vec<Compared> = theorem
        .claims
        .iter()
        .filter(|claim| claim.expected == Expected::Holds)
        .flat_map(|claim| &claim.parts)
        .filter_map(|part| match part {
            Part::Margin { condition, put, sides, .. } if put.is_empty() => {
                sides.and_then(Compared::written).or_else(|| Compared::of(&theorem.graph, *condition))
            }
            Part::Margin { .. } | Part::Iff { .. } | Part::Asymptotic { .. } => None,
        })
        .collect();
    let bindings = pattern.bindings(store, &claims, places, reach);
    let mut found = Vec::new();
    let end = store.work + MOST_WORK;
    for binding in bindings {
        if store.work > end {
            break;
        }
        for claim in &claims {
            if let Some(instance) = pattern.instance(store, lemma, &binding, claim) {
                found.push(instance);
            }
        }
    }
    found
}

impl<'a> Pattern<'a> {
    fn new(theorem: &'a Theorem) -> Self {
        let values = theorem.variables.iter().filter_map(|variable| match variable.kind {
            VariableKind::Size(_) => None,
            VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => Some(value),
        });
        let variables: BTreeSet<NodeId> = values.collect();
        let scalar = variables.iter().all(|id| theorem.graph.ty(*id).shape == Shape::Scalar);
        let roots: Vec<NodeId> = theorem.claims.iter().flat_map(|claim| &claim.parts).filter_map(condition).collect();
        let pattern = Pattern { theorem, variables, entrywise: false };
        let entries = pattern.below(&roots).into_iter().all(|id| {
            let graph = &theorem.graph;
            pattern.variables.contains(&id)
                || matches!(graph.op(id), Op::Map(_) | Op::Zip(_) | Op::Constant(_) | Op::Pi | Op::Compare(_))
        });
        Pattern { entrywise: scalar && entries && theorem.assumptions.is_empty(), ..pattern }
    }

    /// The nodes under some others, down to the quantified names.
    fn below(&self, roots: &[NodeId]) -> BTreeSet<NodeId> {
        let mut seen = BTreeSet::new();
        let mut stack = roots.to_vec();
        while let Some(id) = stack.pop() {
            if seen.insert(id) && !self.variables.contains(&id) {
                stack.extend(self.theorem.graph.args(id));
            }
        }
        seen
    }

    fn sizes(&self) -> impl Iterator<Item = &SizeVar> {
        self.theorem.variables.iter().filter_map(|variable| match &variable.kind {
            VariableKind::Size(var) => Some(var),
            VariableKind::Scalar { .. } | VariableKind::Member { .. } => None,
        })
    }

    /// The parts of the sides of claims that are compared with terms.
    fn telling(&self, sides: &[NodeId], reach: Reach) -> Vec<NodeId> {
        let graph = &self.theorem.graph;
        let arithmetic = |id: NodeId| {
            use crate::ir::ScalarFn::{Neg, Pow, Recip, Sqrt};
            matches!(
                graph.op(id),
                Op::Zip(Zip::Add | Zip::Sub | Zip::Mul | Zip::Div) | Op::Map(Neg | Pow | Recip | Sqrt)
            )
        };
        let parts: BTreeSet<NodeId> = match reach {
            Reach::Sides => {
                let mut parts = BTreeSet::new();
                let mut stack = sides.to_vec();
                while let Some(id) = stack.pop() {
                    parts.insert(bare(graph, id));
                    if arithmetic(id) && !self.variables.contains(&id) {
                        stack.extend(graph.args(id));
                    }
                }
                parts
            }
            Reach::Operations => self.below(sides).into_iter().filter(|id| !arithmetic(*id)).collect(),
            Reach::Everything => self.below(sides),
        };
        let tells = |id: &NodeId| {
            !self.variables.contains(id)
                && !matches!(graph.op(*id), Op::Constant(_) | Op::Size(_) | Op::Fill(_) | Op::Eye(_))
                && self.below(&[*id]).iter().any(|below| self.variables.contains(below))
        };
        parts.into_iter().filter(tells).collect()
    }

    /// What can be put for the names so that some part of the lemma occurs below the places.
    fn bindings(&self, store: &mut Store, claims: &[Compared], places: &[NodeId], reach: Reach) -> Vec<Binding> {
        let sides: Vec<NodeId> = claims.iter().flat_map(|claim| [claim.larger, claim.smaller]).collect();
        let used = self.below(&sides);
        let mut partial: BTreeSet<Binding> = BTreeSet::new();
        for id in self.telling(&sides, reach) {
            for place in places {
                partial.extend(self.matches(store, id, *place, &Binding::default()));
            }
        }
        let needed: Vec<NodeId> = self.variables.iter().copied().filter(|id| used.contains(id)).collect();
        let is_complete = |binding: &Binding| needed.iter().all(|id| binding.put.contains_key(id));
        let mut complete: BTreeSet<Binding> = BTreeSet::new();
        let mut open: Vec<Binding> = Vec::new();
        for binding in partial {
            match is_complete(&binding) {
                true => drop(complete.insert(binding)),
                false => open.push(binding),
            }
        }
        open.sort_by_key(|binding| std::cmp::Reverse(binding.put.len()));
        open.truncate(MOST_JOINED);
        // What one part leaves open, another one may tell.
        let alone = reach == Reach::Sides && !complete.is_empty();
        for first in open.iter().filter(|_| !alone) {
            for second in &open {
                if let Some(joined) = join(store, first, second).filter(is_complete) {
                    complete.insert(joined);
                }
            }
        }
        if reach == Reach::Everything {
            for binding in &open {
                let mut filled = vec![binding.clone()];
                for id in &needed {
                    let mut next = Vec::new();
                    for binding in &filled {
                        if binding.put.contains_key(id) {
                            next.push(binding.clone());
                            continue;
                        }
                        for place in places {
                            next.extend(self.bind(store, *id, *place, binding));
                        }
                    }
                    filled = next;
                    filled.truncate(MOST_BINDINGS);
                }
                complete.extend(filled);
                if complete.len() > MOST_BINDINGS {
                    break;
                }
            }
        }
        complete.into_iter().take(MOST_BINDINGS).collect()
    }

    /// The ways in which a pattern is a term.
    fn matches(&self, store: &mut Store, pattern: NodeId, term: NodeId, binding: &Binding) -> Vec<Binding> {
        let graph = &self.theorem.graph;
        if self.variables.contains(&pattern) {
            return self.bind(store, pattern, term, binding).into_iter().collect();
        }
        let pattern = bare(graph, pattern);
        let term = if store.is_leaf(term) { term } else { bare_in(store, term) };
        if self.variables.contains(&pattern) {
            return self.bind(store, pattern, term, binding).into_iter().collect();
        }
        if store.is_leaf(term) {
            return Vec::new();
        }
        // What holds entry by entry meets a number that is spread over entries.
        if self.entrywise && matches!(store.graph.op(term), Op::Fill(_)) {
            let inner = store.graph.args(term)[0];
            return self.matches(store, pattern, inner, binding);
        }
        let (op, other) = (graph.op(pattern).clone(), store.graph.op(term).clone());
        let Some(binding) = same_operation(&op, &other, binding) else { return Vec::new() };
        let (own, args) = (graph.args(pattern).to_vec(), store.graph.args(term).to_vec());
        if own.len() != args.len() {
            return Vec::new();
        }
        let mut found = self.match_all(store, &own, &args, &binding);
        let commutes = matches!(op, Op::Zip(Zip::Add | Zip::Mul | Zip::Min | Zip::Max));
        // A square matches a square in one way, not in two.
        if commutes && args.len() == 2 && own[0] != own[1] && args[0] != args[1] {
            found.extend(self.match_all(store, &own, &[args[1], args[0]], &binding));
        }
        found.sort();
        found.dedup();
        found.truncate(MOST_MATCHES);
        found
    }

    fn match_all(&self, store: &mut Store, own: &[NodeId], args: &[NodeId], binding: &Binding) -> Vec<Binding> {
        let mut found = vec![binding.clone()];
        let mut pairs: Vec<(&NodeId, &NodeId)> = own.iter().zip(args).collect();
        pairs.dedup();
        for (pattern, term) in pairs {
            let mut next = Vec::new();
            for binding in &found {
                next.extend(self.matches(store, *pattern, *term, binding));
            }
            found = next;
        }
        found
    }

    /// Puts a term for a name, if it fits.
    fn bind(&self, store: &mut Store, variable: NodeId, term: NodeId, binding: &Binding) -> Option<Binding> {
        if let Some(before) = binding.put.get(&variable).copied() {
            return (before == term || store.opened(before) == store.opened(term)).then(|| binding.clone());
        }
        let (own, ty) = (self.theorem.graph.ty(variable).clone(), store.graph.ty(term).clone());
        let fits = match own.field {
            Field::Real => ty.field == Field::Real,
            Field::Complex => ty.field != Field::Truth,
            Field::Truth => false,
        };
        if !fits {
            return None;
        }
        let mut binding = match (&own.shape, &ty.shape) {
            (Shape::Scalar, Shape::Scalar) => binding.clone(),
            (Shape::Scalar, _) if self.entrywise => binding.clone(),
            (Shape::Vector(n), Shape::Vector(m)) => unify(n, m, binding)?,
            (Shape::Matrix(a, b), Shape::Matrix(c, d)) => unify(b, d, &unify(a, c, binding)?)?,
            _ => return None,
        };
        binding.put.insert(variable, term);
        Some(binding)
    }

    fn instance(&self, store: &mut Store, lemma: usize, binding: &Binding, claim: &Compared) -> Option<Instance> {
        let graph = &self.theorem.graph;
        // Sizes that nothing tells leave the claim open.
        if self.sizes().any(|var| !binding.sizes.contains_key(var) && mentions(graph, claim, var, &self.variables)) {
            return None;
        }
        let roots = [claim.larger, claim.smaller];
        let made = store.graph.graft(graph, &roots, &binding.put, &binding.sizes).ok()?;
        let says = Compared { larger: made[0], smaller: made[1], order: claim.order }.goal(store);
        if says.value.is_zero() {
            return None;
        }
        let mut needs = Vec::new();
        for variable in &self.theorem.variables {
            let name = match &variable.kind {
                VariableKind::Size(var) => {
                    // A size that the match does not determine may have none in its range.
                    let Some(dim) = binding.sizes.get(var) else {
                        needs.push(Need::Other);
                        continue;
                    };
                    if variable.implied {
                        continue;
                    }
                    let value = store.size(dim);
                    self.range_needs(store, &variable.range, value, binding, &mut needs);
                    continue;
                }
                VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => value,
            };
            let Some(put) = binding.put.get(name).copied() else {
                // Of what the claim does not mention there must be one at all.
                let shape = &graph.ty(*name).shape;
                // A size such as n/2, 2^(n - m) or n - m is none at some sizes.
                let is_size = |dim: &Dim| dim.is_polynomial() && dim.least().is_some_and(|least| least >= 1);
                let sized = is_size(&shape.rows()) && is_size(&shape.cols());
                let some = sized && matches!(&variable.range, Range::Domain(domain) if domain.set != Set::Stiefel);
                if !some {
                    needs.push(Need::Other);
                }
                continue;
            };
            // The names of a lemma stand for numbers.
            if !store.shows(put, Property::Finite) {
                needs.push(Need::Property(put, Property::Finite));
            }
            let value = store.written(put);
            if let Range::Domain(domain) = &variable.range {
                for property in domain.properties() {
                    if !store.shows(put, *property) {
                        needs.push(Need::Property(put, *property));
                    }
                }
            } else {
                self.range_needs(store, &variable.range, value, binding, &mut needs);
            }
        }
        for assumption in &self.theorem.assumptions {
            let sides = Compared::of(graph, assumption.condition);
            let made = sides.and_then(|sides| {
                let roots = [sides.larger, sides.smaller];
                let made = store.graph.graft(graph, &roots, &binding.put, &binding.sizes).ok()?;
                Some(Compared { larger: made[0], smaller: made[1], order: sides.order })
            });
            needs.push(made.map_or(Need::Other, |sides| Need::Goal(sides.goal(store), Some(sides))));
        }
        Some(Instance { lemma, says, sides: Some([made[0], made[1]]), needs, met: Vec::new() })
    }

    /// What a scalar's or a size's range asks of the value that is put for it.
    fn range_needs(
        &self,
        store: &mut Store,
        range: &Range,
        value: super::terms::Terms,
        binding: &Binding,
        needs: &mut Vec<Need>,
    ) {
        use super::goal::Order;
        match range {
            Range::Domain(_) => {}
            Range::Integers(lo, hi) => {
                for (end, upper) in [(lo, false), (hi, true)] {
                    let Some(end) = end.substitute(&binding.sizes) else { continue };
                    let end = store.size(&end);
                    let value = if upper { end.minus(&value) } else { value.minus(&end) };
                    needs.push(Need::Goal(Goal { value, order: Order::AtLeast }, None));
                }
            }
            Range::Interval(interval) => {
                let ends = [(interval.lo, interval.lo_closed, false), (interval.hi, interval.hi_closed, true)];
                for (end, closed, upper) in ends {
                    if *self.theorem.graph.op(end) == Op::Infinity {
                        continue;
                    }
                    let made = store.graph.graft(&self.theorem.graph, &[end], &binding.put, &binding.sizes);
                    let Ok(made) = made else {
                        needs.push(Need::Other);
                        continue;
                    };
                    let end = store.written(made[0]);
                    let value = if upper { end.minus(&value) } else { value.minus(&end) };
                    let order = if closed { Order::AtLeast } else { Order::Above };
                    needs.push(Need::Goal(Goal { value, order }, None));
                }
            }
            Range::Finite(all) => {
                if !value.as_number().is_some_and(|value| all.contains(&value)) {
                    needs.push(Need::Other);
                }
            }
        }
    }
}

/// The condition of a part of a claim.
fn condition(part: &Part) -> Option<NodeId> {
    match part {
        Part::Margin { condition, .. } => Some(*condition),
        Part::Iff { .. } | Part::Asymptotic { .. } => None,
    }
}

/// Whether a size occurs in the sides of a claim or in the types of the names in it.
fn mentions(graph: &Graph, claim: &Compared, var: &SizeVar, variables: &BTreeSet<NodeId>) -> bool {
    let mut stack = vec![claim.larger, claim.smaller];
    let mut seen = BTreeSet::new();
    while let Some(id) = stack.pop() {
        if !seen.insert(id) {
            continue;
        }
        let shape = &graph.ty(id).shape;
        if shape.rows().vars().contains(var) || shape.cols().vars().contains(var) {
            return true;
        }
        if let Op::Size(dim) = graph.op(id)
            && dim.vars().contains(var)
        {
            return true;
        }
        if !variables.contains(&id) {
            stack.extend(graph.args(id));
        }
    }
    false
}

/// A node without the marks that do not change its value.
fn bare(graph: &Graph, mut id: NodeId) -> NodeId {
    while let Op::Annotate(properties, _) = graph.op(id) {
        if properties.is_empty() {
            break;
        }
        id = graph.args(id)[0];
    }
    if let Op::Require | Op::StopGradient | Op::Complexify = graph.op(id) { bare(graph, graph.args(id)[0]) } else { id }
}

fn bare_in(store: &Store, mut id: NodeId) -> NodeId {
    while !store.is_leaf(id)
        && matches!(store.graph.op(id), Op::Annotate(..) | Op::Require | Op::StopGradient | Op::Complexify)
    {
        id = store.graph.args(id)[0];
    }
    id
}

/// Whether two operations are one when sizes are put for the lemma's.
fn same_operation(own: &Op, other: &Op, binding: &Binding) -> Option<Binding> {
    let ((own, sizes), (other, actual)) = (own.split_sizes(), other.split_sizes());
    if own != other {
        return None;
    }
    sizes.iter().zip(&actual).try_fold(binding.clone(), |binding, (own, other)| unify(own, other, &binding))
}

fn unify(own: &Dim, other: &Dim, binding: &Binding) -> Option<Binding> {
    let vars = own.vars();
    if let [var] = vars.as_slice()
        && *own == Dim::var(var.clone())
    {
        let mut binding = binding.clone();
        return match binding.sizes.get(var) {
            Some(before) => (before == other).then_some(binding),
            None => {
                binding.sizes.insert(var.clone(), other.clone());
                Some(binding)
            }
        };
    }
    let all = vars.iter().all(|var| binding.sizes.contains_key(var));
    (all && own.substitute(&binding.sizes).as_ref() == Some(other)).then(|| binding.clone())
}

/// What two bindings put together, where they agree.
fn join(store: &mut Store, a: &Binding, b: &Binding) -> Option<Binding> {
    let mut joined = a.clone();
    for (var, dim) in &b.sizes {
        if joined.sizes.entry(var.clone()).or_insert_with(|| dim.clone()) != dim {
            return None;
        }
    }
    for (variable, term) in &b.put {
        match joined.put.get(variable).copied() {
            Some(before) if before != *term && store.opened(before) != store.opened(*term) => return None,
            Some(_) => {}
            None => drop(joined.put.insert(*variable, *term)),
        }
    }
    Some(joined)
}
