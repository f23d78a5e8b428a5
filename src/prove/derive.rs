//! The search for a derivation of a comparison with 0.
//!
//! A value is at least 0 when arithmetic or known signs say so; when a nonnegative multiple of what a lemma says is, and the
//! rest is; or when it has the form F (f(u) − f(v)) + rest with F at least 0, f rising, u at least v, and the rest at least
//! 0. What is found is data, which [`super::check`] goes through again.

use num_bigint::BigInt;
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Signed, ToPrimitive, Zero};

use super::goal::{Goal, Order};
use super::instance::Instance;
use super::store::{Key, Store};
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{Axis, Monotone, Op, Reduction, Shape, Zip};

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

    /// The ways to see a value as F (f(u) − f(v)) + rest.
    fn candidates(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut found = Vec::new();
        found.extend(self.logarithms(value, order));
        found.extend(self.entry_sums(value, order));
        self.collected(value, order, &mut found);
        let terms: Vec<(Monomial, BigRational)> = value.0.iter().map(|(m, c)| (m.clone(), c.clone())).collect();
        for (up, c) in terms.iter().filter(|(_, c)| c.is_positive()) {
            for (down, d) in terms.iter().filter(|(_, c)| c.is_negative()) {
                let share = c.clone().min(d.abs());
                self.pairs(up, down, &share, order, &mut found);
            }
        }
        found
    }

    /// Two powers beside the same sum, with opposite signs.
    fn collected(&mut self, value: &Terms, order: Order, found: &mut Vec<Candidate>) {
        let mut beside: Vec<((Factor, i32), Terms)> = Vec::new();
        for (monomial, coefficient) in &value.0 {
            for power in &monomial.0 {
                let rest = monomial.over(&Monomial::power(power.0, power.1));
                match beside.iter_mut().find(|(known, _)| known == power) {
                    Some((_, sum)) => sum.insert(rest, coefficient.clone()),
                    None => beside.push((*power, Terms::term(rest, coefficient.clone()))),
                }
            }
        }
        beside.retain(|(_, sum)| sum.0.len() > 1);
        let minus = -BigRational::one();
        for (own, sum) in &beside {
            for (other, _) in beside.iter().filter(|(other, rest)| other != own && *rest == sum.scaled(&minus)) {
                self.powers(Some(*own), Some(*other), sum, order, found);
            }
        }
    }

    /// A positive term against a negative one that differs from it in one factor.
    fn pairs(&mut self, up: &Monomial, down: &Monomial, share: &BigRational, order: Order, found: &mut Vec<Candidate>) {
        let common = up.common(down);
        let (own, other) = (up.over(&common), down.over(&common));
        if own.0.len() <= 1 && other.0.len() <= 1 {
            let factor = Terms::term(common, share.clone());
            self.powers(own.0.first().copied(), other.0.first().copied(), &factor, order, found);
        }
    }

    /// f^a against g^a, f^a against 1, or 1 against g^a, beside a factor.
    fn powers(
        &mut self,
        own: Option<(Factor, i32)>,
        other: Option<(Factor, i32)>,
        factor: &Terms,
        order: Order,
        found: &mut Vec<Candidate>,
    ) {
        let one = Terms::integer(1);
        let term = |power: Option<(Factor, i32)>| match power {
            Some((factor, halves)) => Terms::term(Monomial::power(factor, halves), BigRational::one()),
            None => one.clone(),
        };
        let base = |power: Option<(Factor, i32)>| power.map_or(one.clone(), |(factor, _)| Terms::factor(factor));
        let exponent = match (own, other) {
            (Some((_, a)), Some((_, b))) if a == b => a,
            (Some((_, a)), None) | (None, Some((_, a))) => a,
            (Some(_), Some(_)) | (None, None) => return,
        };
        if exponent != 2 {
            let bases = [own, other].into_iter().flatten();
            if order != Order::Zero && !bases.into_iter().all(|(factor, _)| self.store.nonnegative_factor(factor)) {
                return;
            }
            let (upper, lower) = (term(own), term(other));
            let difference = base(own).minus(&base(other));
            let value = if exponent > 0 { difference } else { difference.scaled(&-BigRational::one()) };
            let inner = Goal { value, order: weakened(order) };
            found.push(Candidate { factor: factor.clone(), upper, lower, rule: Rule::Power(exponent), inner });
        } else if let (Some((f, _)), Some((g, _))) = (own, other) {
            self.operations(f, g, factor, order, found);
        }
    }

    /// f(u) − f(v) for one operation f.
    fn operations(&mut self, f: Factor, g: Factor, factor: &Terms, order: Order, found: &mut Vec<Candidate>) {
        let (own, other) = (self.store.entry(f).clone(), self.store.entry(g).clone());
        let (Key::Atom(op, _), Key::Atom(other_op, _)) = (&own.key, &other.key) else { return };
        if op != other_op {
            return;
        }
        let (args, others) = (self.store.graph.args(own.node).to_vec(), self.store.graph.args(other.node).to_vec());
        if args.len() != others.len() || self.store.graph.op(own.node) != op {
            return;
        }
        for position in 0..args.len() {
            let same =
                (0..args.len()).all(|i| i == position || self.store.opened(args[i]) == self.store.opened(others[i]));
            if !same {
                continue;
            }
            let (u, v) = (self.store.written(args[position]), self.store.written(others[position]));
            let Some((rises, inner_order)) = self.direction(op, position, &u, &v, order) else { continue };
            let value = if rises { u.minus(&v) } else { v.minus(&u) };
            let rule = if rises { Rule::Rises(position) } else { Rule::Falls(position) };
            let (upper, lower) = (Terms::factor(f), Terms::factor(g));
            let inner = Goal { value, order: inner_order };
            found.push(Candidate { factor: factor.clone(), upper, lower, rule, inner });
        }
    }

    fn direction(&mut self, op: &Op, position: usize, u: &Terms, v: &Terms, order: Order) -> Option<(bool, Order)> {
        direction(self.store, op, position, u, v, order)
    }

    /// Terms F c_i log f_i with one F, seen as F s (log Π f^k − log Π f^k).
    fn logarithms(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut groups: Vec<(Monomial, Vec<(Factor, BigRational)>)> = Vec::new();
        for (monomial, coefficient) in &value.0 {
            for (factor, halves) in &monomial.0 {
                let is_log = matches!(&self.store.entry(*factor).key, Key::Atom(Op::Map(crate::ir::ScalarFn::Log), _));
                if !is_log || *halves != 2 {
                    continue;
                }
                let rest = monomial.over(&Monomial::power(*factor, 2));
                match groups.iter_mut().find(|(known, _)| *known == rest) {
                    Some((_, logs)) => logs.push((*factor, coefficient.clone())),
                    None => groups.push((rest, vec![(*factor, coefficient.clone())])),
                }
            }
        }
        let mut found = Vec::new();
        for (rest, logs) in groups {
            // All multiples are integers of one share.
            let denominator = logs.iter().fold(BigInt::one(), |lcm, (_, c)| lcm.lcm(c.denom()));
            let whole = |c: &BigRational| (c * BigRational::from_integer(denominator.clone())).to_integer();
            let divisor = logs.iter().fold(BigInt::zero(), |gcd, (_, c)| gcd.gcd(&whole(c)));
            if divisor.is_zero() {
                continue;
            }
            let share = BigRational::new(divisor.clone(), denominator.clone());
            let (mut upper, mut lower) = (Terms::zero(), Terms::zero());
            let (mut over, mut under) = (Terms::integer(1), Terms::integer(1));
            let mut small = true;
            for (factor, c) in &logs {
                let Some(k) = (whole(c) / &divisor).to_i32().filter(|k| k.abs() <= 8) else {
                    small = false;
                    break;
                };
                let argument = self.store.graph.args(self.store.entry(*factor).node)[0];
                let argument = self.store.written(argument);
                let power = self.store.power(&argument, 2 * k.abs());
                let times = BigRational::from_integer(k.abs().into());
                let log = Terms::factor(*factor).scaled(&times);
                if k > 0 {
                    upper = upper.plus(&log);
                    over = self.store.times(&over, &power);
                } else {
                    lower = lower.plus(&log);
                    under = self.store.times(&under, &power);
                }
            }
            if small {
                let factor = Terms::term(rest, share);
                let inner = Goal { value: over.minus(&under), order: weakened(order) };
                found.push(Candidate { factor, upper, lower, rule: Rule::Logarithm, inner });
            }
        }
        found
    }

    /// Terms with sums over entries of one shape, seen as the sum of one value; multiples of the number of entries are sums
    /// of a constant.
    fn entry_sums(&mut self, value: &Terms, order: Order) -> Vec<Candidate> {
        let mut shapes: Vec<Shape> = Vec::new();
        for (factor, _) in value.0.keys().flat_map(|monomial| &monomial.0) {
            if let Key::Atom(Op::Reduce(Reduction::Sum, Axis::All), args) = &self.store.entry(*factor).key
                && !shapes.contains(&args[0].1)
            {
                shapes.push(args[0].1.clone());
            }
        }
        let mut found = Vec::new();
        for shape in shapes {
            let count = match &shape {
                Shape::Vector(n) => self.store.size(n).single().map(|(monomial, _)| monomial.clone()),
                Shape::Scalar | Shape::Matrix(..) => None,
            };
            for constants in [true, false] {
                let (mut entries, mut total) = (Terms::zero(), Terms::zero());
                for (monomial, coefficient) in &value.0 {
                    let sum = monomial.0.iter().find(|(factor, halves)| {
                        let key = &self.store.entry(*factor).key;
                        *halves == 2
                            && matches!(key, Key::Atom(Op::Reduce(Reduction::Sum, Axis::All), args) if args[0].1 == shape)
                    });
                    let counted = count.as_ref().filter(|_| constants);
                    let (rest, inner) = match (sum, counted) {
                        (Some((factor, _)), _) => {
                            let argument = self.store.graph.args(self.store.entry(*factor).node)[0];
                            let inner = self.store.written(argument);
                            (monomial.over(&Monomial::power(*factor, 2)), inner)
                        }
                        (None, Some(count))
                            if count.0.iter().all(|(size, halves)| monomial.exponent(*size) >= *halves) =>
                        {
                            (monomial.over(count), Terms::integer(1))
                        }
                        (None, _) => continue,
                    };
                    entries = entries.plus(&inner.shifted(&rest, coefficient));
                    total.insert(monomial.clone(), coefficient.clone());
                }
                if total.is_zero() {
                    continue;
                }
                let inner = Goal { value: entries, order: weakened(order) };
                let (factor, lower) = (Terms::integer(1), Terms::zero());
                found.push(Candidate { factor, upper: total, lower, rule: Rule::Entries, inner });
            }
        }
        found
    }
}

/// A way to see a value.
struct Candidate {
    factor: Terms,
    upper: Terms,
    lower: Terms,
    rule: Rule,
    inner: Goal,
}

/// The two values of which a factor is one, entry by entry.
pub fn choices(store: &mut Store, factor: Factor) -> Option<[Terms; 2]> {
    let entry = store.entry(factor).clone();
    let Key::Atom(op, _) = &entry.key else { return None };
    let args = store.graph.args(entry.node).to_vec();
    match op {
        Op::Zip(Zip::Min | Zip::Max) => Some([store.written(args[0]), store.written(args[1])]),
        Op::Map(crate::ir::ScalarFn::Abs) => {
            let inner = store.written(args[0]);
            let minus = inner.scaled(&-BigRational::one());
            Some([inner, minus])
        }
        _ => None,
    }
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
fn weakened(order: Order) -> Order {
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
    let entries = weakened(order);
    match op {
        // Equal operands have equal images under every operation.
        _ if order == Order::Zero => Some((true, Order::Zero)),
        Op::Map(function) => match (function.row().monotone, function) {
            (Some(direction), _) if position == 0 => Some((direction == Monotone::Rises, entries)),
            (None, crate::ir::ScalarFn::Recip) if store.positive(u) && store.positive(v) => Some((false, entries)),
            (Some(_) | None, _) => None,
        },
        Op::Zip(Zip::Min | Zip::Max) => Some((true, entries)),
        Op::Reduce(..) | Op::DiagonalOf | Op::Broadcast(..) | Op::Fill(_) if position == 0 => Some((true, entries)),
        // λ_i and with them det and log det rise in the Löwner order (Weyl).
        Op::Eigenvalues => Some((true, Order::Psd)),
        Op::LogDet | Op::Det if store.semidefinite(v) => Some((true, Order::Psd)),
        _ => None,
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
