//! What is proved of claims: by saturation, or by the steps that their authors give, and what samples say of a step that does not follow.

use std::collections::BTreeSet;

use super::run::Options;
use super::verdict::{ClaimReport, RefusedProof, Verdict};
use crate::check::{Claim, Expected, Part, Theorem};
use crate::prove;

/// What became of the proof of a claim.
pub enum Outcome {
    /// It has none that was found.
    None,
    /// It was checked: the theorems and rules that it rests on.
    Proved(Vec<String>),
    /// A step does not follow, or the steps lead elsewhere.
    Refused(Box<RefusedProof>),
}

/// Checks the proof of a claim. `attack` gives the verdict of samples and attacks on a theorem of one claim: a step that does
/// not follow is a claim under the same hypotheses, and may be false.
pub fn outcome(theorem: &Theorem, claim: &Claim, attack: impl FnOnce(&Theorem) -> Option<Verdict>) -> Outcome {
    let refused = match prove::claim(theorem, claim) {
        // Without steps of its own an equality may still be one by the rules of the library.
        None => return prove::equations(theorem, claim).map_or(Outcome::None, Outcome::Proved),
        Some(Ok(proved)) => return Outcome::Proved(proved.lemmas),
        Some(Err(refused)) => refused,
    };
    let step = refused.step.and_then(|number| Some((number, claim.proof.as_ref()?.steps.get(number)?)));
    let counterexample = step.and_then(|(number, step)| {
        let parts = vec![Part::Margin { condition: step.condition, margin: step.margin, put: Vec::new(), sides: None }];
        let alone = Claim {
            label: format!("step {}", number + 1),
            statement: format!("claim {}", step.text),
            span: step.span,
            expected: Expected::Holds,
            parts,
            supremum: None,
            proof: None,
        };
        match attack(&Theorem { claims: vec![alone], ..theorem.clone() })? {
            Verdict::Refuted(witness) => Some(witness),
            Verdict::Proved { .. } | Verdict::Holds | Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } => None,
        }
    });
    let step = step.map(|(number, step)| (number + 1, step.text.clone()));
    Outcome::Refused(Box::new(RefusedProof { step, diagnostic: refused.diagnostic, counterexample }))
}

/// Takes back proofs that rest on a theorem of the same run that is refuted or could not be decided: what samples say of the
/// claims is left.
pub fn withdraw(claims: &mut [ClaimReport]) {
    let falls = |claim: &&ClaimReport| matches!(claim.verdict, Verdict::Refuted(_) | Verdict::Inconclusive { .. });
    // A claim that its author knows to be false is no part of what a lemma says.
    let unexpected = |claim: &&ClaimReport| claim.expected == Expected::Holds;
    let fallen: BTreeSet<String> =
        claims.iter().filter(falls).filter(unexpected).map(|claim| claim.theorem.clone()).collect();
    for claim in claims {
        let Verdict::Proved { lemmas } = &claim.verdict else { continue };
        if let Some(lemma) = lemmas.iter().find(|lemma| fallen.contains(*lemma)) {
            claim.notes.push(format!("its proof rests on {lemma}, which does not stand"));
            claim.verdict = Verdict::Holds;
        }
    }
}

/// The options for the search for an input at which a step is false.
pub fn of_a_step(options: &Options) -> Options {
    Options { samples: options.samples.min(5_000), out: None, only: None, ..options.clone() }
}
