//! Numbers for the parameters without a default. A hinge max(0, x) that is 0 at all random inputs hides its term, and all
//! that lint would find of it: where 1 leaves one so, a few other numbers are tried.

use num_rational::BigRational;

use super::draw::Draw;
use super::finding::Chosen;
use super::loss::Loss;
use super::subject::Subject;
use super::{Options, Request};
use crate::base::Diagnostic;
use crate::check::Session;

/// Numbers that take the place of 1, as fractions, in the order in which they are tried.
const OTHERS: [(i64, i64); 4] = [(1, 10), (10, 1), (1, 100), (100, 1)];

/// A subject and its loss, with numbers for all parameters, so that as few hinges as can be are off.
pub(super) fn settled<'a>(
    session: &'a Session,
    request: &Request,
    options: &Options,
) -> Result<(Subject<'a>, Loss), Vec<Diagnostic>> {
    let mut best = attempt(session, request, options, &[])?;
    let scalars = best.0.setting.scalars.iter();
    let free = scalars.filter(|(_, _, chosen)| *chosen == Chosen::Free).map(|(name, ..)| name.clone());
    for numbers in choices(&free.collect::<Vec<String>>()) {
        if best.0.setting.off == 0 {
            break;
        }
        // A number that the definition refuses is none for it.
        if let Ok(other) = attempt(session, request, options, &numbers)
            && other.0.setting.off < best.0.setting.off
        {
            best = other;
        }
    }
    Ok(best)
}

fn attempt<'a>(
    session: &'a Session,
    request: &Request,
    options: &Options,
    numbers: &[(String, BigRational)],
) -> Result<(Subject<'a>, Loss), Vec<Diagnostic>> {
    let mut subject = Subject::new(session, request, options, numbers)?;
    let loss = subject.at(&[])?;
    let points: Vec<_> = (0..options.draws).map(|i| Draw::new(&subject, &loss, i as u64).point()).collect();
    subject.setting.off = loss.off(&points);
    Ok((subject, loss))
}

/// One parameter moved, then two; the numbers that are next to 1 come first.
fn choices(names: &[String]) -> Vec<Vec<(String, BigRational)>> {
    let number = |(p, q): (i64, i64)| BigRational::new(p.into(), q.into());
    let moved: Vec<(String, BigRational)> =
        OTHERS.iter().flat_map(|other| names.iter().map(|name| (name.clone(), number(*other)))).collect();
    let one = moved.iter().map(|one| vec![one.clone()]);
    let two = moved.iter().enumerate().flat_map(|(i, one)| {
        let others = moved[i + 1..].iter().filter(|other| other.0 != one.0);
        others.map(|other| vec![one.clone(), other.clone()])
    });
    one.chain(two).collect()
}
