//! Calculations: the steps of `proof { ... }` as typed links, the lemmas that they name, and whether they lead from one
//! side of the claim to the other. Whether a step follows is not decided here.

use super::elaborate::{Checked, Reported};
use super::hint::a;
use super::statement::TheoremBuilder;
use super::theorem::{Expected, Lemma, Proof, ProofStep, Sides};
use crate::base::{Code, Diagnostic, Span, did_you_mean};
use crate::ir::{Comparison, NodeId};
use crate::syntax::ast::{self, ExprKind, Relation};
use crate::syntax::{Spelling, print_equality, print_expr};

impl TheoremBuilder<'_, '_> {
    /// The proof of the last claim.
    pub(super) fn proof(&mut self, written: &ast::Proof) -> Checked<()> {
        let Some((claim, condition)) = self.last.and_then(|claim| match &claim.kind {
            ast::ClaimKind::Condition(condition) => Some((claim, condition)),
            ast::ClaimKind::Asymptotic { .. } => None,
        }) else {
            return match self.broken {
                true => Err(Reported),
                false => self.elaborator.report(
                    Diagnostic::new(Code::E0603, "`proof` stands after the claim that it proves")
                        .at(written.span, "no claim of a comparison before it")
                        .help("move it below the claim `a <= b` or `a == b`"),
                ),
            };
        };
        let sides = match &condition.kind {
            ExprKind::Compare { first, rest } => match rest.as_slice() {
                [(relation, _, second)] if *relation != Relation::Ne => Some((first, *relation, second)),
                _ => None,
            },
            _ => None,
        };
        let Some((first, claimed, second)) = sides else {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, "a calculation proves one comparison")
                    .at(written.span, "this proof")
                    .because(claim.span, "this claim is none")
                    .help("claim each comparison by itself, and put its proof after it"),
            );
        };
        if self.claims.last().is_some_and(|claim| claim.proof.is_some()) {
            return self.elaborator.report(
                Diagnostic::new(Code::E0603, "two proofs are given of one claim")
                    .at(written.span, "the second")
                    .help("one is enough: leave the other out"),
            );
        }
        let left = self.elaborator.value(first)?;
        let right = self.elaborator.value(second)?;
        let claimed = Sides { left, relation: claimed, right };
        let mut steps: Vec<ProofStep> = Vec::new();
        let mut broken = false;
        for step in &written.steps {
            let before = steps.last().map(|step| step.link.right);
            match self.step(step, before) {
                Ok(step) => steps.push(step),
                Err(Reported) => broken = true,
            }
        }
        if broken {
            return Err(Reported);
        }
        self.composes(&claimed, &steps, written.span, claim.span)?;
        let clause = claim.equality.as_ref().map(|equality| print_equality(equality, Spelling::Ascii));
        let clause = clause.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
        if let Some(claim) = self.claims.last_mut() {
            claim.proof = Some(Proof { claimed, steps, clause, span: written.span });
        }
        Ok(())
    }

    fn step(&mut self, step: &ast::Step, before: Option<NodeId>) -> Checked<ProofStep> {
        let by = self.lemmas_of(step);
        let right = self.elaborator.value(&step.right);
        let left = match (&step.left, before) {
            (Some(left), _) => self.elaborator.value(left)?,
            (None, Some(before)) => before,
            // The step before was wrong, which was reported.
            (None, None) => return Err(Reported),
        };
        let (by, right) = (by?, right?);
        let relation = step.relation;
        if relation == Relation::Ne {
            return self.elaborator.report(
                Diagnostic::new(Code::E0607, "`!=` leads nowhere in a calculation")
                    .at(step.span, "this step")
                    .help("use `=`, `<=`, `<`, `>=`, `>`, or `⪯` and `⪰` of Hermitian matrices"),
            );
        }
        let link = Sides { left, relation, right };
        let condition = self.condition_of(&link, step)?;
        let margin = self.margin(condition, step.span)?;
        let left = step.left.as_ref().map(|left| print_expr(left, Spelling::Ascii)).unwrap_or_default();
        let right = print_expr(&step.right, Spelling::Ascii);
        let text = [&left, sign_of(relation), &right].map(|part| part.split_whitespace().collect::<Vec<_>>().join(" "));
        let text = text.join(" ").trim().to_string();
        Ok(ProofStep { link, condition, margin, by, span: step.span, text })
    }

    /// The step as a condition; the shapes and kinds of its sides are found wrong here.
    fn condition_of(&mut self, link: &Sides, step: &ast::Step) -> Checked<NodeId> {
        let Sides { left, relation, right } = *link;
        let real = [left, right].iter().all(|side| self.elaborator.graph.ty(*side).is_real_scalar());
        let ordered = matches!(relation, Relation::Le | Relation::Lt | Relation::Ge | Relation::Gt);
        if ordered && !real {
            let side = if self.elaborator.graph.ty(right).is_real_scalar() { left } else { right };
            let found = self.elaborator.describe(side);
            return self.elaborator.report(
                Diagnostic::new(Code::E0501, "an order compares real numbers")
                    .at(step.right.span, format!("one side of this step is {}", a(&found)))
                    .help("for the Löwner order of Hermitian matrices write `⪯` (ASCII `<<=`) or `⪰` (`>>=`)"),
            );
        }
        self.elaborator.built(step.span, "a step", &[], |g, _| match relation {
            Relation::Eq | Relation::Ne => g.equal(left, right),
            Relation::Le => g.compare(Comparison::Le, left, right),
            Relation::Lt => g.compare(Comparison::Lt, left, right),
            Relation::Ge => g.compare(Comparison::Le, right, left),
            Relation::Gt => g.compare(Comparison::Lt, right, left),
            Relation::LoewnerLe => g.loewner_le(left, right),
            Relation::LoewnerGe => g.loewner_le(right, left),
        })
    }

    /// The theorems that a step names.
    fn lemmas_of(&mut self, step: &ast::Step) -> Checked<Vec<Lemma>> {
        let mut found = Vec::new();
        for name in &step.by {
            if self.citable.circular.contains(&name.text.as_str()) {
                return self.elaborator.report(
                    Diagnostic::new(
                        Code::E0606,
                        format!("\"{}\" cannot be cited here: it rests on this theorem", name.text),
                    )
                    .at(name.span, "this would go in a circle")
                    .help("prove one of the two without the other"),
                );
            }
            // Its mistakes were reported.
            if self.citable.broken.contains(&name.text.as_str()) {
                return Err(Reported);
            }
            // Of two theorems of one name, the one in this file hides the imported one.
            let lemma = self.citable.lemmas.iter().rev().find(|lemma| lemma.name == name.text);
            let Some(theorem) = lemma.cloned() else {
                let names = self.citable.lemmas.iter().map(|lemma| lemma.name.as_str());
                let near = did_you_mean(&name.text, names).map(|near| format!("did you mean \"{near}\"?"));
                let help = near.unwrap_or_else(|| {
                    "a lemma is a theorem of this file, or of an imported one: `import \"lemmas.lw\"`".to_string()
                });
                return self.elaborator.report(
                    Diagnostic::new(Code::E0606, format!("no theorem is called \"{}\"", name.text))
                        .at(name.span, "not a theorem of this file, nor of an imported one")
                        .help(help),
                );
            };
            if theorem.claims.iter().all(|claim| claim.expected != Expected::Holds) {
                return self.elaborator.report(
                    Diagnostic::new(Code::E0608, format!("nothing follows from \"{}\"", name.text))
                        .at(name.span, "cited here")
                        .because(theorem.span, "its author expects its claims to be refuted or vacuous")
                        .help("cite a statement that is true"),
                );
            }
            found.push(Lemma { name: name.text.clone(), span: name.span, theorem });
        }
        Ok(found)
    }

    /// The steps must go in one direction, each from where the one before ends, and far enough for the claim.
    fn composes(&mut self, claimed: &Sides, steps: &[ProofStep], proof: Span, claim: Span) -> Checked<()> {
        let mut total = Relation::Eq;
        for (i, step) in steps.iter().enumerate() {
            if i > 0 && step.link.left != steps[i - 1].link.right {
                return self.elaborator.report(
                    Diagnostic::new(Code::E0607, "a step begins elsewhere than where the step before it ends")
                        .at(step.span, "this step")
                        .because(steps[i - 1].span, "the step before")
                        .help("leave its left side out, or add the step that leads to it: `= LEFT`"),
                );
            }
            let Some(next) = then(total, step.link.relation) else {
                let before = steps[..i].iter().rev().find(|before| before.link.relation != Relation::Eq);
                let mut diagnostic = Diagnostic::new(
                    Code::E0607,
                    format!(
                        "`{}` after `{}` says nothing of the two ends",
                        sign_of(step.link.relation),
                        sign_of(total)
                    ),
                )
                .at(step.span, format!("goes `{}`", sign_of(step.link.relation)));
                if let Some(before) = before {
                    diagnostic = diagnostic.because(before.span, format!("goes `{}`", sign_of(before.link.relation)));
                }
                let help = "all steps of a calculation go in one direction, with `=` among them";
                return self.elaborator.report(diagnostic.help(help));
            };
            total = next;
        }
        let ends = steps.first().zip(steps.last()).map(|(first, last)| (first.link.left, last.link.right));
        // Written from the claim's right side to its left one, it proves the relation the other way round.
        let turned = ends == Some((claimed.right, claimed.left)) && claimed.left != claimed.right;
        let needed = if turned { reversed(claimed.relation) } else { claimed.relation };
        if !implies(total, needed) {
            let help = match implies(needed, total) {
                true => format!("one of its steps must be `{}`", sign_of(needed)),
                false => "the steps must go in the claim's direction".to_string(),
            };
            return self.elaborator.report(
                Diagnostic::new(
                    Code::E0607,
                    format!("this calculation shows `{}` where `{}` is claimed", sign_of(total), sign_of(needed)),
                )
                .at(proof, format!("from its first side to its last one: `{}`", sign_of(total)))
                .because(claim, "the claim")
                .help(help),
            );
        }
        Ok(())
    }
}

/// The relation with its sides exchanged.
fn reversed(relation: Relation) -> Relation {
    match relation {
        Relation::Eq => Relation::Eq,
        Relation::Ne => Relation::Ne,
        Relation::Le => Relation::Ge,
        Relation::Lt => Relation::Gt,
        Relation::Ge => Relation::Le,
        Relation::Gt => Relation::Lt,
        Relation::LoewnerLe => Relation::LoewnerGe,
        Relation::LoewnerGe => Relation::LoewnerLe,
    }
}

/// What `a R b S c` says of `a` and `c`, where it says anything: R and S go in one direction, and one strict relation makes
/// the whole strict.
fn then(first: Relation, next: Relation) -> Option<Relation> {
    use Relation::{Eq, Ge, Gt, Le, LoewnerGe, LoewnerLe, Lt};
    match (first, next) {
        (Eq, other) | (other, Eq) => Some(other),
        (Le, Le) => Some(Le),
        (Le | Lt, Lt) | (Lt, Le) => Some(Lt),
        (Ge, Ge) => Some(Ge),
        (Ge | Gt, Gt) | (Gt, Ge) => Some(Gt),
        (LoewnerLe, LoewnerLe) => Some(LoewnerLe),
        (LoewnerGe, LoewnerGe) => Some(LoewnerGe),
        _ => None,
    }
}

/// Whether one relation says all that another does.
fn implies(relation: Relation, other: Relation) -> bool {
    use Relation::{Eq, Ge, Gt, Le, LoewnerGe, LoewnerLe, Lt};
    relation == other
        || match other {
            Le => matches!(relation, Eq | Lt),
            Ge => matches!(relation, Eq | Gt),
            LoewnerLe | LoewnerGe => relation == Eq,
            Eq | Lt | Gt | Relation::Ne => false,
        }
}

/// The sign of a relation in a calculation.
fn sign_of(relation: Relation) -> &'static str {
    match relation {
        Relation::Eq => "=",
        Relation::Ne => "!=",
        Relation::Le => "<=",
        Relation::Lt => "<",
        Relation::Ge => ">=",
        Relation::Gt => ">",
        Relation::LoewnerLe => "⪯",
        Relation::LoewnerGe => "⪰",
    }
}
