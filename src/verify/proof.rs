//! What is proved of claims: by saturation, or by the steps that their authors give, and what samples say of a step that does not follow.

use std::collections::BTreeSet;

use super::run::Options;
use super::verdict::{ClaimReport, ComparisonProof, RefusedProof, Verdict};
use crate::base::{Code, Diagnostic};
use crate::check::{Claim, Expected, Part, ProofStep, Theorem};
use crate::prove;

/// How many samples each step of an accepted proof is held against.
const GUARDING: u64 = 200;

/// What became of the proof of a claim.
pub enum Outcome {
    /// It has none that was found.
    None,
    /// It was checked, and shows all that is claimed: the theorems and rules that it rests on.
    Proved(Vec<String>),
    /// It was checked, and shows the claim's comparison, but not its clause on when the two sides are equal.
    Comparison(ComparisonProof),
    /// A step does not follow, or the steps lead elsewhere.
    Refused(Box<RefusedProof>),
}

/// Checks the proof of a claim. `attack` gives the verdict of samples and attacks on a theorem of one claim: a step that does
/// not follow is a claim under the same hypotheses, and may be false.
pub fn outcome(theorem: &Theorem, claim: &Claim, attack: impl FnOnce(&Theorem) -> Option<Verdict>) -> Outcome {
    let refused = match prove::claim(theorem, claim) {
        // Without steps of its own an equality may still be one by the rules of the library.
        None => return prove::equations(theorem, claim).map_or(Outcome::None, Outcome::Proved),
        Some(Ok(proved)) => {
            let clause = claim.proof.as_ref().and_then(|proof| proof.clause.clone());
            return match clause {
                Some(clause) => Outcome::Comparison(ComparisonProof { lemmas: proved.lemmas, clause }),
                None => Outcome::Proved(proved.lemmas),
            };
        }
        Some(Err(refused)) => refused,
    };
    let step = refused.step.and_then(|number| Some((number, claim.proof.as_ref()?.steps.get(number)?)));
    let counterexample = step.and_then(|(number, step)| {
        match attack(&Theorem { claims: vec![alone(number, step)], ..theorem.clone() })? {
            Verdict::Refuted(witness) => Some(witness),
            Verdict::Proved { .. } | Verdict::Holds | Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } => None,
        }
    });
    let step = step.map(|(number, step)| (number + 1, step.text.clone()));
    Outcome::Refused(Box::new(RefusedProof { step, diagnostic: refused.diagnostic, counterexample }))
}

impl Outcome {
    /// What is left of it when samples were held against the steps of what was accepted: see [`guard`]. `attack` is as for
    /// [`outcome`], `sample` gives the reports on the claims of a theorem. Returns the lemmas beside it where samples
    /// contradict what it shows.
    pub fn guarded(
        self,
        theorem: &Theorem,
        claim: &Claim,
        verdict: &Verdict,
        sample: impl FnOnce(&Theorem) -> Vec<ClaimReport>,
        attack: impl FnOnce(&Theorem) -> Option<Verdict>,
    ) -> (Outcome, Option<Vec<String>>) {
        let refuted = matches!(verdict, Verdict::Refuted(_));
        match self {
            // Where a lemma is false, samples may contradict what was derived from it, and they are right.
            Outcome::Proved(lemmas) if refuted => (Outcome::None, Some(lemmas)),
            Outcome::Comparison(proof) if refuted => {
                match attack(&Theorem { claims: vec![without_clause(claim)], ..theorem.clone() }) {
                    Some(Verdict::Refuted(_)) => (Outcome::None, Some(proof.lemmas)),
                    _ => (Outcome::Comparison(proof).sampled(theorem, claim, sample), None),
                }
            }
            accepted @ (Outcome::Proved(_) | Outcome::Comparison(_)) => {
                (accepted.sampled(theorem, claim, sample), None)
            }
            other @ (Outcome::None | Outcome::Refused(_)) => (other, None),
        }
    }

    /// What was accepted, unless samples contradict a step of it.
    fn sampled(self, theorem: &Theorem, claim: &Claim, sample: impl FnOnce(&Theorem) -> Vec<ClaimReport>) -> Outcome {
        match guard(theorem, claim, sample) {
            Some(refused) => Outcome::Refused(refused),
            None => self,
        }
    }
}

/// A claim without its clause on when the two sides are equal: the last of its parts, and before it that what the clause puts
/// for names lies in their sets.
fn without_clause(claim: &Claim) -> Claim {
    let mut claim = claim.clone();
    claim.proof = None;
    claim.parts.pop();
    while let Some(Part::Margin { member: Some(_), .. }) = claim.parts.last() {
        claim.parts.pop();
    }
    claim
}

/// A step as a claim under the hypotheses of its theorem.
fn alone(number: usize, step: &ProofStep) -> Claim {
    Claim {
        label: format!("step {}", number + 1),
        statement: format!("claim {}", step.text),
        span: step.span,
        expected: Expected::Holds,
        parts: vec![Part::Margin {
            condition: step.condition,
            margin: step.margin,
            put: Vec::new(),
            sides: None,
            member: None,
        }],
        supremum: None,
        proof: None,
    }
}

/// Samples the steps of a proof that was accepted: a step that a sample contradicts, or that has no value where the claim has
/// one, shows a defect of the prover or a false lemma, and the proof is none. `sample` gives the reports on a theorem's
/// claims. A single step is the claim itself, which is sampled anyhow.
pub fn guard(
    theorem: &Theorem,
    claim: &Claim,
    sample: impl FnOnce(&Theorem) -> Vec<ClaimReport>,
) -> Option<Box<RefusedProof>> {
    let steps = &claim.proof.as_ref().filter(|proof| proof.steps.len() > 1)?.steps;
    let mut claims: Vec<Claim> = steps.iter().enumerate().map(|(number, step)| alone(number, step)).collect();
    claims.push(Claim { proof: None, ..claim.clone() });
    let mut reports = sample(&Theorem { claims, ..theorem.clone() });
    let whole = reports.pop()?;
    reports.into_iter().zip(steps).enumerate().find_map(|(number, (report, step))| {
        let (message, counterexample) = match report.verdict {
            Verdict::Refuted(witness) => ("this step was derived, and an input contradicts it", Some(witness)),
            _ if report.dropped > whole.dropped => {
                ("this step was derived, and it has no value at inputs at which the claim has one", None)
            }
            _ => return None,
        };
        let diagnostic = Diagnostic::new(Code::E0704, message)
            .at(step.span, "this step")
            .help("a lemma that it rests on is false, or this is a defect of loewner");
        let step = Some((number + 1, step.text.clone()));
        Some(Box::new(RefusedProof { step, diagnostic, counterexample }))
    })
}

/// The options for the samples of the steps of a proof that was accepted.
pub fn of_a_guard(options: &Options) -> Options {
    Options { samples: options.samples.min(GUARDING), attack: 0.0, out: None, only: None, ..options.clone() }
}

/// Takes back proofs that rest on a theorem of the same run that is refuted or could not be decided: what samples say of the
/// claims is left.
pub fn withdraw(claims: &mut [ClaimReport]) {
    let falls = |claim: &&ClaimReport| matches!(claim.verdict, Verdict::Refuted(_) | Verdict::Inconclusive { .. });
    // A claim that its author knows to be false is no part of what a lemma says.
    let unexpected = |claim: &&ClaimReport| claim.expected == Expected::Holds;
    let mut fallen: BTreeSet<String> =
        claims.iter().filter(falls).filter(unexpected).map(|claim| claim.theorem.clone()).collect();
    // What rests on a theorem whose proof is taken back falls with it.
    while withdrawn(claims, &mut fallen) {}
}

/// Takes back the proofs that rest on what has fallen, which adds to that; whether there were any.
fn withdrawn(claims: &mut [ClaimReport], fallen: &mut BTreeSet<String>) -> bool {
    let mut any = false;
    for claim in claims {
        let lemmas = match (&claim.verdict, &claim.comparison) {
            (Verdict::Proved { lemmas }, _) | (_, Some(ComparisonProof { lemmas, .. })) => lemmas,
            (_, None) => continue,
        };
        if let Some(lemma) = lemmas.iter().find(|lemma| fallen.contains(*lemma)) {
            claim.notes.push(format!("its proof rests on {lemma}, which does not stand"));
            claim.comparison = None;
            if let Verdict::Proved { .. } = claim.verdict {
                claim.verdict = Verdict::Holds;
            }
            fallen.insert(claim.theorem.clone());
            any = true;
        }
    }
    any
}

/// The options for the search for an input at which a step is false.
pub fn of_a_step(options: &Options) -> Options {
    Options { samples: options.samples.min(5_000), out: None, only: None, ..options.clone() }
}
