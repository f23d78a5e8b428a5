//! The second look at a derivation: each part of it is gone through again, by arithmetic and signs alone. Nothing is searched
//! for here.

use super::derive::{
    Cases, Derivation, Rule, carries, choices, direction, holds_by_arithmetic, holds_by_sign, put, rest_order,
};
use super::goal::{Goal, Order};
use super::instance::{Instance, Need};
use super::store::{Key, Store};
use super::terms::{Factor, Terms};
use crate::ir::{Axis, Op, Reduction, ScalarFn};

/// Whether a derivation shows a goal, where every instance of a lemma that it uses, and that their conditions use, meets its
/// conditions. What an instance rests on stands before it.
pub fn stands(store: &mut Store, instances: &[Instance], goal: &Goal, derivation: &Derivation) -> bool {
    let mut used = Vec::new();
    derivation.instances(&mut used);
    shows(store, instances, goal, derivation)
        && used.into_iter().all(|number| {
            let Some(instance) = instances.get(number) else { return false };
            let mut met = instance.met.iter();
            instance.needs.iter().all(|need| match need {
                Need::Goal(goal, _) => met.next().is_some_and(|why| stands(store, &instances[..number], goal, why)),
                Need::Property(..) | Need::Other => false,
            })
        })
}

/// Whether a derivation shows a goal, given what the instances of lemmas say.
fn shows(store: &mut Store, instances: &[Instance], goal: &Goal, derivation: &Derivation) -> bool {
    match derivation {
        Derivation::Arithmetic => holds_by_arithmetic(store, goal),
        Derivation::Sign => holds_by_sign(store, goal),
        Derivation::Lemma { instance, factor, rest } => {
            let Some(instance) = instances.get(*instance) else { return false };
            let (left, why) = rest.as_ref();
            carries(store, factor, instance.says.order, goal.order)
                && left.order == rest_order(goal.order, instance.says.order)
                && is_sum(store, &goal.value, factor, &instance.says.value, &left.value)
                && shows(store, instances, left, why)
        }
        Derivation::Monotone { factor, upper, lower, rule, inner, rest } => {
            let (left, why) = rest.as_ref();
            (goal.order == Order::Zero || store.nonnegative(factor))
                && goal.order != Order::Psd
                && left.order == rest_order(goal.order, Order::AtLeast)
                && is_sum(store, &goal.value, factor, &upper.minus(lower), &left.value)
                && rises(store, goal.order, *rule, upper, lower, &inner.0)
                && shows(store, instances, &inner.0, &inner.1)
                && shows(store, instances, left, why)
        }
        Derivation::Cases(Cases { factor, each }) => {
            let Some(values) = choices(store, *factor) else { return false };
            goal.order != Order::Psd
                && each.len() == values.len()
                && values.iter().zip(each).all(|(chosen, (left, why))| {
                    let views = [goal.value.clone(), store.multiplied_out(&goal.value), store.open(&goal.value)];
                    left.order == goal.order
                        && views.iter().any(|view| {
                            let chosen = put(store, view, *factor, chosen);
                            chosen.is_some_and(|chosen| store.is_zero(&chosen.minus(&left.value)))
                        })
                        && shows(store, instances, left, why)
                })
        }
    }
}

/// whole = factor · part + rest
fn is_sum(store: &mut Store, whole: &Terms, factor: &Terms, part: &Terms, rest: &Terms) -> bool {
    let (factor, part) = (store.open(factor), store.open(part));
    let product = store.times(&factor, &part);
    store.is_zero(&whole.minus(rest).minus(&product))
}

/// Whether upper ≥ lower (or =) follows from how the operands compare.
fn rises(store: &mut Store, order: Order, rule: Rule, upper: &Terms, lower: &Terms, inner: &Goal) -> bool {
    let asked = if order == Order::Zero { Order::Zero } else { Order::AtLeast };
    match rule {
        Rule::Power(halves) => {
            let (Some(u), Some(v)) = (base(upper, halves), base(lower, halves)) else { return false };
            let nonnegative = order == Order::Zero || [&u, &v].into_iter().all(|base| store.nonnegative(base));
            let difference = if halves > 0 { u.minus(&v) } else { v.minus(&u) };
            nonnegative && inner.order == asked && store.is_zero(&difference.minus(&inner.value))
        }
        Rule::Rises(position) | Rule::Falls(position) => {
            let (Some(f), Some(g)) = (only(upper), only(lower)) else { return false };
            let (own, other) = (store.entry(f).clone(), store.entry(g).clone());
            let (Key::Atom(op, _), Key::Atom(other_op, _)) = (&own.key, &other.key) else { return false };
            let (args, others) = (store.graph.args(own.node).to_vec(), store.graph.args(other.node).to_vec());
            if op != other_op || args.len() != others.len() || position >= args.len() {
                return false;
            }
            let same = (0..args.len()).all(|i| i == position || store.opened(args[i]) == store.opened(others[i]));
            let (u, v) = (store.written(args[position]), store.written(others[position]));
            let Some((up, asked)) = direction(store, op, position, &u, &v, order) else { return false };
            let difference = if up { u.minus(&v) } else { v.minus(&u) };
            same && up == matches!(rule, Rule::Rises(_))
                && inner.order.implies(asked)
                && store.is_zero(&difference.minus(&inner.value))
        }
        Rule::Logarithm => {
            let (Some(u), Some(v)) = (product_of_logs(store, upper), product_of_logs(store, lower)) else {
                return false;
            };
            inner.order == asked && store.is_zero(&u.minus(&v).minus(&inner.value))
        }
        Rule::Entries => lower.is_zero() && inner.order == asked && sums_to(store, upper, &inner.value),
    }
}

/// The base of a power with this exponent; 1 is a power of 1.
fn base(power: &Terms, halves: i32) -> Option<Terms> {
    let (monomial, coefficient) = power.single()?;
    match monomial.0.as_slice() {
        _ if !num_traits::One::is_one(coefficient) => None,
        [] => Some(Terms::integer(1)),
        [(factor, own)] if *own == halves => Some(Terms::factor(*factor)),
        _ => None,
    }
}

/// The factor that a value is.
fn only(value: &Terms) -> Option<Factor> {
    match base(value, 2)?.single()?.0.0.as_slice() {
        [(factor, 2)] => Some(*factor),
        _ => None,
    }
}

/// Σ k log f with whole positive k, as Π f^k.
fn product_of_logs(store: &mut Store, value: &Terms) -> Option<Terms> {
    let mut product = Terms::integer(1);
    for (monomial, coefficient) in &value.0 {
        let [(factor, 2)] = monomial.0.as_slice() else { return None };
        let entry = store.entry(*factor).clone();
        let Key::Atom(Op::Map(ScalarFn::Log), _) = &entry.key else { return None };
        let times = coefficient.is_integer().then(|| num_traits::ToPrimitive::to_i32(&coefficient.to_integer()))??;
        let argument = store.written(store.graph.args(entry.node)[0]);
        if times <= 0 {
            return None;
        }
        let power = store.power(&argument, 2 * times);
        product = store.times(&product, &power);
    }
    Some(product)
}

/// Whether a value is the sum over the entries of another.
fn sums_to(store: &mut Store, total: &Terms, entries: &Terms) -> bool {
    let factors = total.0.keys().flat_map(|monomial| &monomial.0).copied().collect::<Vec<_>>();
    let shape = factors.into_iter().find_map(|(factor, _)| {
        let Key::Atom(Op::Reduce(Reduction::Sum, Axis::All), args) = &store.entry(factor).key else { return None };
        Some(args[0].1.clone())
    });
    let Some(shape) = shape else { return false };
    let open = store.open(entries);
    let sum = store.entry_sum(&open, Axis::All, &shape, true);
    store.is_zero(&total.minus(&sum))
}
