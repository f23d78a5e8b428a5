//! The search for a derivation of a comparison with 0.
//!
//! A value is at least 0 when arithmetic or known signs say so; when a nonnegative multiple of what a lemma says is, and the
//! rest is; or when it has the form F (f(u) − f(v)) + rest with F at least 0, f rising, u at least v, and the rest at least
//! 0. What is found is data, which [`super::check`] goes through again.

use num_rational::BigRational;
use num_traits::One;

use super::candidates::Candidate;
use super::goal::{Goal, Order};
use super::instance::Instance;
use super::store::{Key, Store};
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{Kind, Monotone, Op, Zip};

/// The most products of two terms that a search makes.
const MOST_WORK: u64 = 150_000;

/// The most ways that are followed to use a lemma for a part of a value.
const MOST_PARTS: usize = 12;

/// Why a goal holds.
#[derive(Clone, Debug)]
pub enum Derivation {
    /// Arithmetic: the value is 0.
    Arithmetic,
    /// The signs of its terms.
    Sign,
    /// value = factor · (what an instance says) + rest.
    Lemma {
        /// Which instance.
        instance: usize,
        /// The factor.
        factor: Terms,
        /// The goal that is left, and why it holds.
        rest: Box<(Goal, Derivation)>,
    },
    /// value = factor · (upper − lower) + rest, where upper and lower are one operation on values that compare so.
    Monotone {
        /// The factor.
        factor: Terms,
        /// The larger image.
        upper: Terms,
        /// The smaller image.
        lower: Terms,
        /// What puts the first above the second.
        rule: Rule,
        /// How the operands compare, and why.
        inner: Box<(Goal, Derivation)>,
        /// The goal that is left, and why it holds.
        rest: Box<(Goal, Derivation)>,
    },
    /// A factor is the smaller or larger of two values, or an absolute value: the goal holds with either put for it.
    Cases(Cases),
}

impl Derivation {
    /// Adds the numbers of the instances that are used.
    pub fn instances(&self, used: &mut Vec<usize>) {
        match self {
            Derivation::Arithmetic | Derivation::Sign => {}
            Derivation::Lemma { instance, rest, .. } => {
                used.push(*instance);
                rest.1.instances(used);
            }
            Derivation::Monotone { inner, rest, .. } => {
                inner.1.instances(used);
                rest.1.instances(used);
            }
            Derivation::Cases(cases) => cases.each.iter().for_each(|(_, why)| why.instances(used)),
        }
    }
}

/// A choice between two values.
#[derive(Clone, Debug)]
pub struct Cases {
    /// The factor that is one of them.
    pub factor: Factor,
    /// What is left to show for each, and why it holds.
    pub each: Vec<(Goal, Derivation)>,
}

/// What carries a comparison of operands over to a comparison of images.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Rule {
    /// An operation that rises in the operand with this number.
    Rises(usize),
    /// An operation that falls in it.
    Falls(usize),
    /// A power of a nonnegative base, in halves: it rises for a positive exponent and falls for a negative one.
    Power(i32),
    /// log u − log v has the sign of u − v.
    Logarithm,
    /// A sum over entries has the sign of its entries.
    Entries,
}

/// Why a derivation was nearly found: a lemma is named by its place among those of the step.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Miss {
    /// A lemma would do, but this is needed for it and not known.
    Need(usize, String),
    /// A lemma or a rising function would do, but a factor beside it is not known to be nonnegative.
    Factor(Option<usize>, Terms),
    /// A lemma says the opposite.
    Opposite(usize),
}

/// A search for derivations.
pub struct Search<'a> {
    /// The values.
    pub store: &'a mut Store,
    /// The instances of lemmas whose conditions hold.
    pub instances: Vec<Instance>,
    /// The instances of lemmas of which something is missing.
    pub blocked: Vec<(Instance, Vec<String>)>,
    /// What came near.
    pub misses: Vec<Miss>,
    /// How many lemmas the step names: instances of the hypotheses have this number.
    lemmas: usize,
    /// The store's work at which it ends.
    end: u64,
}

impl<'a> Search<'a> {
    /// A search with these instances.
    pub fn new(store: &'a mut Store, lemmas: usize) -> Self {
        let end = store.work + MOST_WORK;
        Search { store, instances: Vec::new(), blocked: Vec::new(), misses: Vec::new(), lemmas, end }
    }

    /// A derivation of a goal, with at most so many uses of lemmas and rising functions inside each other.
    pub fn derive(&mut self, goal: &Goal, fuel: usize) -> Option<Derivation> {
        if let Some(found) = self.at_once(goal) {
            return Some(found);
        }
        if fuel == 0 || self.store.work > self.end {
            return None;
        }
        let mut parts = Vec::new();
        if let Some(found) = self.by_lemma(goal, &mut parts) {
            return Some(found);
        }
        if let Some(found) = self.by_rule(goal, fuel) {
            return Some(found);
        }
        // A lemma that leaves something over, the least first.
        parts.sort_by_key(|(_, _, rest): &(usize, Terms, Goal)| rest.value.0.len());
        parts.into_iter().take(MOST_PARTS).find_map(|(instance, factor, rest)| {
            let found = self.derive(&rest, fuel - 1)?;
            Some(Derivation::Lemma { instance, factor, rest: Box::new((rest, found)) })
        })
    }

    /// What arithmetic and signs say.
    fn at_once(&mut self, goal: &Goal) -> Option<Derivation> {
        holds_by_arithmetic(self.store, goal)
            .then_some(Derivation::Arithmetic)
            .or_else(|| holds_by_sign(self.store, goal).then_some(Derivation::Sign))
    }

    /// The views of a value in which a lemma's difference may be found.
    fn views(&mut self, value: &Terms) -> [Terms; 3] {
        [value.clone(), self.store.multiplied_out(value), self.store.open(value)]
    }

    /// A lemma that closes the goal; those that leave less of it are noted among the `parts`.
    fn by_lemma(&mut self, goal: &Goal, parts: &mut Vec<(usize, Terms, Goal)>) -> Option<Derivation> {
        let views = self.views(&goal.value);
        for number in 0..self.instances.len() + self.blocked.len() {
            let blocked = number.checked_sub(self.instances.len());
            let instance = match blocked {
                None => self.instances[number].clone(),
                Some(at) => self.blocked[at].0.clone(),
            };
            let says = self.views(&instance.says.value);
            let mut tried = Vec::new();
            for (value, delta) in views.iter().zip(&says) {
                for factor in quotients(value, delta) {
                    if self.store.work > self.end {
                        return None;
                    }
                    if tried.contains(&factor) {
                        continue;
                    }
                    tried.push(factor.clone());
                    if !divides_by_positive(self.store, &factor) {
                        continue;
                    }
                    let used = self.store.times(&factor, delta);
                    let rest = value.minus(&used);
                    let rest_goal = Goal { value: rest, order: rest_order(goal.order, instance.says.order) };
                    if !carries(self.store, &factor, instance.says.order, goal.order) {
                        if rest_goal.value.is_zero() || self.store.is_zero(&rest_goal.value) {
                            let minus = factor.scaled(&-BigRational::one());
                            let miss = match carries(self.store, &minus, instance.says.order, goal.order) {
                                true => Miss::Opposite(instance.lemma),
                                false => Miss::Factor(Some(instance.lemma), factor.clone()),
                            };
                            self.misses.push(miss);
                        }
                        continue;
                    }
                    let closes = self.at_once(&rest_goal);
                    if let Some(at) = blocked {
                        if closes.is_some() {
                            let missing =
                                self.blocked[at].1.iter().map(|need| Miss::Need(instance.lemma, need.clone()));
                            self.misses.extend(missing.collect::<Vec<_>>());
                        }
                        continue;
                    }
                    match closes {
                        Some(found) => {
                            let rest = Box::new((rest_goal, found));
                            return Some(Derivation::Lemma { instance: number, factor, rest });
                        }
                        // A hypothesis that leaves something over is rarely the way.
                        None if rest_goal.value.0.len() < value.0.len() && instance.lemma < self.lemmas => {
                            parts.push((number, factor, rest_goal));
                        }
                        None => {}
                    }
                }
            }
        }
        None
    }

    fn by_rule(&mut self, goal: &Goal, fuel: usize) -> Option<Derivation> {
        if goal.order == Order::Psd {
            return None;
        }
        let views = self.views(&goal.value);
        let mut tried: Vec<Terms> = Vec::new();
        for value in &views {
            if tried.contains(value) {
                continue;
            }
            tried.push(value.clone());
            for candidate in self.candidates(value, goal.order) {
                if let Some(found) = self.try_candidate(goal, value, candidate, fuel) {
                    return Some(found);
                }
            }
        }
        views.iter().find_map(|value| self.by_cases(goal, value, fuel))
    }

    fn by_cases(&mut self, goal: &Goal, value: &Terms, fuel: usize) -> Option<Derivation> {
        let mut factors: Vec<Factor> =
            value.0.keys().flat_map(|monomial| &monomial.0).map(|(factor, _)| *factor).collect();
        factors.sort();
        factors.dedup();
        for factor in factors {
            let Some(values) = choices(self.store, factor) else { continue };
            let mut each = Vec::new();
            for chosen in values {
                let Some(value) = put(self.store, value, factor, &chosen) else { break };
                let goal = Goal { value, order: goal.order };
                let Some(found) = self.derive(&goal, fuel - 1) else { break };
                each.push((goal, found));
            }
            if each.len() == 2 {
                return Some(Derivation::Cases(Cases { factor, each }));
            }
        }
        None
    }

    fn try_candidate(&mut self, goal: &Goal, value: &Terms, found: Candidate, fuel: usize) -> Option<Derivation> {
        let Candidate { factor, upper, lower, rule, inner } = found;
        let image = self.store.times(&factor, &upper.minus(&lower));
        let rest = Goal { value: value.minus(&image), order: rest_order(goal.order, Order::AtLeast) };
        // The part must be smaller than the whole.
        if rest.value.0.len() >= value.0.len() {
            return None;
        }
        let fits = goal.order == Order::Zero || self.store.nonnegative(&factor);
        let why_inner = self.derive(&inner, fuel - 1)?;
        if !fits {
            self.misses.push(Miss::Factor(None, factor));
            return None;
        }
        let why_rest = self.derive(&rest, fuel - 1)?;
        let (inner, rest) = (Box::new((inner, why_inner)), Box::new((rest, why_rest)));
        Some(Derivation::Monotone { factor, upper, lower, rule, inner, rest })
    }
}

/// The two values of which a factor is one, entry by entry.
pub fn choices(store: &mut Store, factor: Factor) -> Option<[Terms; 2]> {
    let entry = store.entry(factor).clone();
    let Key::Atom(op, _) = &entry.key else { return None };
    let args = store.graph.args(entry.node).to_vec();
    if let Op::Zip(Zip::Min | Zip::Max) = op {
        return Some([store.written(args[0]), store.written(args[1])]);
    }
    let Op::Map(crate::ir::ScalarFn::Abs) = op else { return None };
    let inner = store.written(args[0]);
    let minus = inner.scaled(&-BigRational::one());
    Some([inner, minus])
}

/// A value with another one put for a factor, where all its powers are whole and positive.
pub fn put(store: &mut Store, value: &Terms, factor: Factor, chosen: &Terms) -> Option<Terms> {
    let mut sum = Terms::zero();
    for (monomial, coefficient) in &value.0 {
        let halves = monomial.exponent(factor);
        let rest = Terms::term(monomial.over(&Monomial::power(factor, halves)), coefficient.clone());
        let term = match halves {
            0 => rest,
            halves if halves > 0 && halves % 2 == 0 => {
                let power = store.power(chosen, halves);
                store.times(&rest, &power)
            }
            _ => return None,
        };
        sum = sum.plus(&term);
    }
    Some(sum)
}

/// What operands must satisfy for their images to compare so.
pub(super) fn weakened(order: Order) -> Order {
    match order {
        Order::Zero => Order::Zero,
        Order::AtLeast | Order::Above | Order::Psd => Order::AtLeast,
    }
}

/// What is left to show beside a part that compares with 0 as `part` says.
pub fn rest_order(goal: Order, part: Order) -> Order {
    match (goal, part) {
        (Order::Above, Order::Above) => Order::AtLeast,
        (goal, _) => goal,
    }
}

/// Whether an operation rises (`true`) or falls in an operand between two values of it, and how these must compare.
pub fn direction(
    store: &mut Store,
    op: &Op,
    position: usize,
    u: &Terms,
    v: &Terms,
    order: Order,
) -> Option<(bool, Order)> {
    // Equal operands have equal images under every operation.
    if order == Order::Zero {
        return Some((true, Order::Zero));
    }
    let entries = weakened(order);
    match (op.kind(), op) {
        (_, Op::Map(function)) => match (function.row().monotone, function) {
            (Some(direction), _) if position == 0 => Some((direction == Monotone::Rises, entries)),
            (None, crate::ir::ScalarFn::Recip) if store.positive(u) && store.positive(v) => Some((false, entries)),
            (Some(_) | None, _) => None,
        },
        (_, Op::Zip(Zip::Min | Zip::Max)) => Some((true, entries)),
        (_, Op::Reduce(..) | Op::DiagonalOf | Op::Broadcast(..) | Op::Fill(_)) if position == 0 => {
            Some((true, entries))
        }
        // λ_i and with them det and log det rise in the Löwner order (Weyl).
        (_, Op::Eigenvalues) => Some((true, Order::Psd)),
        (_, Op::LogDet | Op::Det) if store.semidefinite(v) => Some((true, Order::Psd)),
        (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
        (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
    }
}

/// Whether a goal is what arithmetic says.
pub fn holds_by_arithmetic(store: &mut Store, goal: &Goal) -> bool {
    goal.order != Order::Above && store.is_zero(&goal.value)
}

/// Whether a goal is what the signs of terms say.
pub fn holds_by_sign(store: &mut Store, goal: &Goal) -> bool {
    match goal.order {
        Order::Zero => false,
        Order::AtLeast => store.nonnegative(&goal.value),
        Order::Above => store.positive(&goal.value),
        Order::Psd => store.semidefinite(&goal.value),
    }
}

/// Whether nothing is divided by that may be 0.
fn divides_by_positive(store: &mut Store, factor: &Terms) -> bool {
    let divisors = factor.0.keys().flat_map(|monomial| &monomial.0).filter(|(_, halves)| *halves < 0);
    let divisors: Vec<Factor> = divisors.map(|(factor, _)| *factor).collect();
    divisors.into_iter().all(|divisor| store.positive_factor(divisor))
}

/// Whether a factor carries a comparison with 0 over to another.
pub fn carries(store: &mut Store, factor: &Terms, says: Order, goal: Order) -> bool {
    if !divides_by_positive(store, factor) {
        return false;
    }
    match (says, goal) {
        (Order::Zero, _) => true,
        (_, Order::Zero) => false,
        (Order::AtLeast, Order::AtLeast) | (Order::AtLeast, Order::Above) => store.nonnegative(factor),
        (Order::Above, Order::AtLeast) => store.nonnegative(factor),
        (Order::Above, Order::Above) => store.positive(factor),
        // A semi-definite matrix times a number, or entry by entry times another one.
        (Order::Psd, Order::Psd) => store.semidefinite(factor),
        (Order::Psd, Order::AtLeast | Order::Above) | (Order::AtLeast | Order::Above, Order::Psd) => false,
    }
}

/// The factors by which the second value may be part of the first: what stands beside a factor that only one term of the
/// second has, and the quotients by its richest term one by one.
fn quotients(value: &Terms, delta: &Terms) -> Vec<Terms> {
    let mut found: Vec<Terms> = Vec::new();
    for monomial in delta.0.keys() {
        for (factor, halves) in &monomial.0 {
            if delta.0.keys().any(|other| other != monomial && other.exponent(*factor) != 0) {
                continue;
            }
            let mut quotient = Terms::zero();
            for (own, c) in value.0.iter().filter(|(own, _)| own.exponent(*factor) == *halves) {
                quotient.insert(own.over(monomial), c / &delta.0[monomial]);
            }
            if quotient.0.len() > 1 && !found.contains(&quotient) {
                found.push(quotient);
            }
        }
    }
    let Some((monomial, coefficient)) = delta.0.iter().max_by_key(|(monomial, _)| monomial.0.len()) else {
        return found;
    };
    for (own, c) in &value.0 {
        let quotient = Terms::term(own.over(monomial), c / coefficient);
        if !found.contains(&quotient) {
            found.push(quotient);
        }
    }
    found
}
