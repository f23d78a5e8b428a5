//! Sets of numbers as domains of parameters and results: `a in (0, 20]` is a real number with a requirement.

use num_rational::BigRational;

use crate::base::Span;
use crate::syntax::ast::{Arg, Binary, Def, Domain, DomainKind, Expr, ExprKind, Ident, Relation};

/// What the result is called in the condition of its set: no name of the language.
pub(super) const RESULT: &str = "the result";

/// A definition whose condition says of each parameter that it lies in its set of numbers, before what follows `where`.
pub(super) fn with_ranges(mut def: Def) -> Def {
    let mut parts = Vec::new();
    for param in &def.params {
        if let Some(domain) = &param.domain {
            parts.extend(within(&param.name.name, domain, param.name.span.to(domain.span)));
        }
    }
    if parts.is_empty() {
        return def;
    }
    let mut span = parts[0].span;
    if let Some(requires) = def.requires.take() {
        span = requires.span;
        match requires.kind {
            ExprKind::And(more) => parts.extend(more),
            kind => parts.push(Expr { kind, span }),
        }
    }
    def.requires = Some(match <[Expr; 1]>::try_from(parts) {
        Ok([only]) => only,
        Err(parts) => Expr { kind: ExprKind::And(parts), span },
    });
    def
}

/// The conditions under which a name lies in a set of numbers, each in the place where the set is written; none for a named
/// set.
pub(super) fn within(name: &str, domain: &Domain, span: Span) -> Vec<Expr> {
    let made = |kind| Expr { kind, span };
    let x = || made(ExprKind::Name(name.to_owned()));
    let between = |lo: &Expr, lo_closed: bool, hi: &Expr, hi_closed: bool| {
        let relation = |closed: bool| if closed { Relation::Le } else { Relation::Lt };
        let rest = vec![(relation(lo_closed), span, x()), (relation(hi_closed), span, hi.clone())];
        made(ExprKind::Compare { first: Box::new(lo.clone()), rest })
    };
    let equal = |to: Expr| made(ExprKind::Compare { first: Box::new(x()), rest: vec![(Relation::Eq, span, to)] });
    match &domain.kind {
        DomainKind::Named { .. } => Vec::new(),
        DomainKind::Interval { lo, lo_closed, hi, hi_closed } => vec![between(lo, *lo_closed, hi, *hi_closed)],
        DomainKind::Range { lo, hi } => {
            let floor = builtin_call("floor", vec![x()], span);
            vec![between(lo, true, hi, true), equal(floor)]
        }
        DomainKind::Finite(values) => match values.as_slice() {
            [only] => vec![equal(only.clone())],
            values => vec![made(ExprKind::Or(values.iter().cloned().map(equal).collect()))],
        },
    }
}

/// The conditions under which a computed result lies in a set of numbers: as [`within`], but for rounding at closed ends.
pub(super) fn within_rounding(domain: &Domain) -> Vec<Expr> {
    let mut domain = domain.clone();
    if let DomainKind::Interval { lo, lo_closed, hi, hi_closed } = &mut domain.kind {
        for (end, closed, away) in [(lo, *lo_closed, Binary::Sub), (hi, *hi_closed, Binary::Add)] {
            if closed {
                *end = beyond(end.clone(), away);
            }
        }
    }
    within(RESULT, &domain, domain.span)
}

/// An end of an interval, by 10⁻⁹ of it (and at least of 1) farther out: a result is computed, and so much is taken for
/// rounding.
fn beyond(end: Expr, away: Binary) -> Expr {
    let span = end.span;
    let made = |kind| Expr { kind, span };
    let infinite = |expr: &Expr| matches!(&expr.kind, ExprKind::Name(name) if name == "inf");
    if infinite(&end) || matches!(&end.kind, ExprKind::Negate(inner) if infinite(inner)) {
        return end;
    }
    let number = |value| made(ExprKind::Number { value, imaginary: false });
    let modulus = builtin_call("abs", vec![end.clone()], span);
    let size = builtin_call("max", vec![number(BigRational::from_integer(1.into())), modulus], span);
    let part = number(BigRational::new(1.into(), 1_000_000_000.into()));
    let rounding = made(ExprKind::Chain { first: Box::new(part), rest: vec![(Binary::Mul, span, size)] });
    made(ExprKind::Chain { first: Box::new(end), rest: vec![(away, span, rounding)] })
}

/// A call of a builtin, whatever its name means to the file: an empty place says that nobody wrote the name.
fn builtin_call(name: &str, args: Vec<Expr>, span: Span) -> Expr {
    let args = args.into_iter().map(|value| Arg { name: None, value }).collect();
    let callee = Ident { name: name.to_owned(), span: Span { end: span.start, ..span } };
    Expr { kind: ExprKind::Call { callee, args }, span }
}
