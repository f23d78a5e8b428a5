//! Replaying a witness: its exact point is built anew, everything that it rests on is checked, and it is certified again.

use super::certificate::Certificate;
use super::certified;
use super::desk::Desk;
use super::member::{Stray, check};
use super::point::Point;
use super::read::WitnessFile;
use crate::base::{Code, Diagnostic, did_you_mean};
use crate::check::{Claim, Part, Theorem, Variable};
use crate::verify::limit::{self, Claimed};
use crate::verify::verdict::Witness;
use crate::verify::witness;

/// Replays a witness on the theorem that it names, among those of its file.
///
/// # Errors
/// [`Code::E0902`] when there is no such theorem or claim, [`Code::E0903`] when the claim says something else by now,
/// [`Code::E0904`] when names, sizes, shapes or numbers do not fit, [`Code::E0905`] when a value is outside its set,
/// [`Code::E0906`] when a hypothesis is broken, and [`Code::E0907`] when all that is well, but the claim is not certified
/// to fail there.
pub fn replay(theorems: &[Theorem], file: &WitnessFile) -> Result<Witness, Diagnostic> {
    let (theorem, claim) = find(theorems, file)?;
    let point = file.point(theorem)?;
    check(theorem, &point).map_err(|stray| outside(theorem, file, &stray))?;
    let mut desk = Desk::new(theorem, claim);
    if let Some(name) = &file.follows {
        return follow(&mut desk, file, &point, name);
    }
    let nothing = |why: &str| {
        Err(Diagnostic::new(Code::E0907, format!("'{}' refutes nothing: {why}", file.name))
            .at(theorem.claims[claim].span, "the claim that it was a witness against"))
    };
    match desk.certificate(&point) {
        Certificate::Violated(violation) => Ok(certified(&mut desk, &point, &violation)),
        Certificate::Holds => nothing("the claim holds at this input"),
        Certificate::Undefined => nothing("the claim has no value at this input"),
        Certificate::Open if desk.unmet(&point).is_some() => {
            nothing("no enclosure decides whether the hypotheses hold")
        }
        Certificate::Open => nothing("the enclosures of the margin do not decide its sign"),
        Certificate::Outside { hypothesis: None, .. } => nothing("a scalar is outside its range"),
        Certificate::Outside { hypothesis: Some(hypothesis), .. } => Err(broken(theorem, file, &point, hypothesis)),
    }
}

/// A hypothesis that fails.
fn broken(theorem: &Theorem, file: &WitnessFile, point: &Point, hypothesis: usize) -> Diagnostic {
    let message = format!("'{}' does not meet the hypotheses of its theorem", file.name);
    let assumption = &theorem.assumptions[hypothesis];
    let diagnostic = Diagnostic::new(Code::E0906, message).at(assumption.span, "this fails at the input");
    match (assumption.margin.equality, &point.loose) {
        (true, None) => diagnostic.note("an equality must hold exactly, between rational numbers"),
        (true, Some(_)) => {
            diagnostic.note("the sides of an equality must change places between the ends of the one number")
        }
        (false, _) => diagnostic,
    }
}

/// The theorem and the claim that a witness names.
fn find<'a>(theorems: &'a [Theorem], file: &WitnessFile) -> Result<(&'a Theorem, usize), Diagnostic> {
    let Some(theorem) = theorems.iter().find(|theorem| theorem.name == file.theorem) else {
        let near = did_you_mean(&file.theorem, theorems.iter().map(|theorem| theorem.name.as_str()));
        let message = format!("'{}' is about the theorem \"{}\", which is not there", file.name, file.theorem);
        return Err(Diagnostic::new(Code::E0902, message)
            .note(format!("{} theorems were read", theorems.len()))
            .maybe_help(near.map(|near| format!("did you mean \"{near}\"?"))));
    };
    let Some(number) = theorem.claims.iter().position(|claim| claim.label == file.claim) else {
        let near = did_you_mean(&file.claim, theorem.claims.iter().map(|claim| claim.label.as_str()));
        let message = format!("'{}' is about the claim `{}`, which the theorem does not have", file.name, file.claim);
        return Err(Diagnostic::new(Code::E0902, message)
            .at(theorem.span, "the theorem")
            .maybe_help(near.map(|near| format!("did you mean `{near}`?"))));
    };
    let claim: &Claim = &theorem.claims[number];
    if claim.statement != file.statement {
        return Err(Diagnostic::new(Code::E0903, format!("'{}' is about another statement", file.name))
            .at(claim.span, "the claim of that label")
            .note(format!("the witness is against: {}", file.statement))
            .note(format!("the file claims:        {}", claim.statement))
            .help("verify the file again with --out FOLDER, or replay on the file as it was: --theorems PATH"));
    }
    Ok((theorem, number))
}

fn outside(theorem: &Theorem, file: &WitnessFile, stray: &Stray) -> Diagnostic {
    let place = |name: &str| theorem.variables.iter().find(|variable| variable.name == name).map(|v| v.span);
    let unfit = |why: String| Diagnostic::new(Code::E0904, format!("'{}' does not fit the theorem: {why}", file.name));
    let strange = |why: String| Diagnostic::new(Code::E0905, format!("'{}': {why}", file.name));
    let (name, diagnostic) = match stray {
        Stray::Size(name, size, Some((lo, hi))) => {
            (name, strange(format!("the size {name} = {size} is outside {lo}..{hi}")))
        }
        Stray::Size(name, size, None) => (name, strange(format!("the size {name} = {size} is not in its range"))),
        Stray::Entries(name, expected) => (name, unfit(format!("`{name}` must have {expected}"))),
        Stray::Range(name) => (name, strange(format!("the value of `{name}` is outside its range"))),
        Stray::Undecided(name) => {
            (name, strange(format!("whether the value of `{name}` is in its range cannot be decided")))
        }
        Stray::Member(name, property, true) => (name, strange(format!("`{name}` is not {property}"))),
        Stray::Member(name, property, false) => {
            (name, strange(format!("whether `{name}` is {property} cannot be decided: its numbers are too long")))
        }
    };
    match place(name) {
        Some(span) => diagnostic.at(span, format!("`{name}` is quantified here")),
        None => diagnostic,
    }
}

/// Follows the input of a witness against a claim about a limit along the decades again.
fn follow(desk: &mut Desk<'_>, file: &WitnessFile, point: &Point, name: &str) -> Result<Witness, Diagnostic> {
    let theorem = desk.theorem;
    let claim = &theorem.claims[desk.claim];
    // What the enclosures leave open is met within rounding at most, which is as much as following a ratio tells.
    if let Some(Certificate::Outside { hypothesis: Some(hypothesis), .. }) = desk.unmet(point) {
        return Err(broken(theorem, file, point, hypothesis));
    }
    let scalar = theorem.variables.iter().find(|variable| variable.name == name).and_then(Variable::real_input);
    let mut slopes = claim.parts.iter().filter_map(|part| match part {
        Part::Asymptotic { difference, order, variable, to_infinity } if Some(*variable) == scalar => {
            let claimed = Claimed::new(&theorem.variables, *difference, *order, *variable, *to_infinity);
            let placed = desk.place(point)?;
            let mut instance = placed.instance(point);
            instance.constants.remove(variable);
            limit::grows(&theorem.graph, claimed, &placed.sample(point), &instance)
        }
        Part::Asymptotic { .. } | Part::Margin { .. } | Part::Iff { .. } => None,
    });
    let Some((slope, error)) = slopes.next() else {
        let message = format!("'{}' refutes nothing: the ratio does not grow along `{name}`", file.name);
        return Err(Diagnostic::new(Code::E0907, message).at(claim.span, "the claim that it was a witness against"));
    };
    drop(slopes);
    let witness = witness::witness(desk, point, &[], (-(slope + error), -(slope - error)));
    Ok(Witness { followed: Some(name.to_owned()), ..witness })
}
