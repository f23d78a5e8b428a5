//! Values in words for messages: as the language writes them, as far as it does.

use num_rational::BigRational;
use num_traits::{One, Signed};

use super::goal::{Goal, Order};
use super::store::{Key, Store};
use super::terms::{Factor, Monomial, Terms};
use crate::ir::{Axis, NodeId, Op, Reduction, ScalarFn};

/// The names of nodes, by which messages call them.
pub type Names = std::collections::BTreeMap<NodeId, String>;

/// The longest text that a message quotes.
const LONGEST: usize = 160;

/// `value >= 0`, with the terms of either sign on their own side.
pub fn goal(store: &Store, names: &Names, goal: &Goal) -> String {
    let (mut larger, mut smaller) = (Terms::zero(), Terms::zero());
    for (monomial, coefficient) in &goal.value.0 {
        match coefficient.is_positive() {
            true => larger.insert(monomial.clone(), coefficient.clone()),
            false => smaller.insert(monomial.clone(), -coefficient.clone()),
        }
    }
    let sign = match goal.order {
        Order::Zero => "==",
        Order::AtLeast => ">=",
        Order::Above => ">",
        Order::Psd => "⪰",
    };
    format!("{} {sign} {}", terms(store, names, &larger), terms(store, names, &smaller))
}

/// A value.
pub fn terms(store: &Store, names: &Names, value: &Terms) -> String {
    let mut text = String::new();
    for (monomial, coefficient) in &value.0 {
        let sign = match (text.is_empty(), coefficient.is_negative()) {
            (true, true) => "-",
            (true, false) => "",
            (false, true) => " - ",
            (false, false) => " + ",
        };
        text.push_str(sign);
        text.push_str(&product(store, names, monomial, &coefficient.abs()));
    }
    if text.is_empty() {
        text.push('0');
    }
    if text.chars().count() > LONGEST {
        text = text.chars().take(LONGEST).chain(" …".chars()).collect();
    }
    text
}

fn product(store: &Store, names: &Names, monomial: &Monomial, coefficient: &BigRational) -> String {
    let mut over: Vec<String> = Vec::new();
    let mut under: Vec<String> = Vec::new();
    if !coefficient.numer().is_one() {
        over.push(coefficient.numer().to_string());
    }
    if !coefficient.denom().is_one() {
        under.push(coefficient.denom().to_string());
    }
    for (own, halves) in &monomial.0 {
        let base = factor(store, names, *own);
        let whole = halves.abs() / 2;
        let side = if *halves > 0 { &mut over } else { &mut under };
        match whole {
            0 => {}
            1 => side.push(base.clone()),
            _ => side.push(format!("{base}^{whole}")),
        }
        if halves % 2 != 0 {
            let inner = base.strip_prefix('(').and_then(|base| base.strip_suffix(')')).unwrap_or(&base);
            side.push(format!("sqrt({inner})"));
        }
    }
    let mut text = if over.is_empty() { "1".to_string() } else { over.join("*") };
    for divisor in under {
        text = format!("{text}/{divisor}");
    }
    text
}

fn factor(store: &Store, names: &Names, own: Factor) -> String {
    let entry = store.entry(own);
    match &entry.key {
        Key::Leaf(id) => names.get(id).cloned().unwrap_or_else(|| node(store, names, *id)),
        Key::Size(var) => var.name.to_string(),
        Key::Surd(n) => n.to_string(),
        Key::Sum(_) => {
            let written = store.written_of(own).unwrap_or_default();
            format!("({})", terms(store, names, &written))
        }
        Key::Atom(op, args) => {
            let args: Vec<String> = args.iter().map(|(arg, _)| terms(store, names, arg)).collect();
            operation(op, &args)
        }
    }
}

fn node(store: &Store, names: &Names, id: NodeId) -> String {
    let args: Vec<String> = store
        .graph
        .args(id)
        .iter()
        .map(|arg| names.get(arg).cloned().unwrap_or_else(|| node(store, names, *arg)))
        .collect();
    operation(store.graph.op(id), &args)
}

fn operation(op: &Op, args: &[String]) -> String {
    let list = args.join(", ");
    match op {
        Op::Constant(value) => value.to_string(),
        Op::Pi => "pi".into(),
        Op::Infinity => "inf".into(),
        Op::Map(ScalarFn::Pow) if args.len() == 2 => format!("({})^({})", args[0], args[1]),
        Op::Map(function) => format!("{function}({list})"),
        Op::Zip(crate::ir::Zip::Min) => format!("min({list})"),
        Op::Zip(crate::ir::Zip::Max) => format!("max({list})"),
        Op::Adjoint | Op::Transpose => format!("{list}'"),
        Op::DiagonalMatrix if list == "1" => "eye".into(),
        Op::DiagonalMatrix | Op::DiagonalOf => format!("diag({list})"),
        Op::MatMul => format!("({})", args.join(" × ")),
        Op::Kron => args.join(" ⊗ "),
        Op::Reduce(reduction, axis) => {
            let name = match reduction {
                Reduction::Sum => "sum",
                Reduction::Max => "max",
                Reduction::Min => "min",
                Reduction::LogSumExp => "logsumexp",
            };
            let axis = match axis {
                Axis::All => "",
                Axis::Rows => ", \"rows\"",
                Axis::Cols => ", \"cols\"",
            };
            format!("{name}({list}{axis})")
        }
        Op::Eigenvalues => format!("eigvals({list})"),
        Op::SingularValues => format!("svdvals({list})"),
        Op::LogDet => format!("logdet({list})"),
        Op::Det => format!("det({list})"),
        Op::Inverse => format!("inv({list})"),
        Op::Rank => format!("rank({list})"),
        Op::Select => match args {
            [condition, x, y] => format!("(if {condition} then {x} else {y})"),
            _ => list,
        },
        Op::Compare(comparison) => {
            let sign = match comparison {
                crate::ir::Comparison::Lt => "<",
                crate::ir::Comparison::Le => "<=",
                crate::ir::Comparison::Eq => "==",
                crate::ir::Comparison::Ne => "!=",
            };
            args.join(&format!(" {sign} "))
        }
        Op::Spectral(function) => match function.row().matrix_name {
            Some(name) => format!("{name}({list})"),
            None => format!("{function}({list})"),
        },
        Op::Input(_)
        | Op::Truth(_)
        | Op::ImaginaryUnit
        | Op::Size(_)
        | Op::Eye(_)
        | Op::Fill(_)
        | Op::Part(_)
        | Op::Complexify
        | Op::Zip(_)
        | Op::Conj
        | Op::Broadcast(..)
        | Op::Block(..)
        | Op::Stack
        | Op::Entry
        | Op::OneHot(_)
        | Op::Slice(..)
        | Op::PartialInner(..)
        | Op::EigenSum
        | Op::Frechet(_)
        | Op::SingularSum
        | Op::Adjugate
        | Op::And
        | Op::Or
        | Op::Not
        | Op::StopGradient
        | Op::Annotate(..)
        | Op::Require => format!("[{list}]"),
    }
}
