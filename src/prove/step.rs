//! The steps of a claim's proof, one after the other.

use super::check::stands;
use super::derive::{Derivation, Miss, Search};
use super::goal::{Compared, Goal, Order};
use super::ground::Ground;
use super::instance::{Instance, Need, Reach, instances};
use super::saturate;
use super::show::{self, Names};
use super::store::{Known, Store};
use crate::base::{Code, Diagnostic};
use crate::check::{Assumption, Claim, Lemma, Proof, ProofStep, Relation, Sides, Theorem, VariableKind};
use crate::ir::{Graph, NodeId, Op, Range};

/// How deep lemmas and rising functions go inside each other in one step, beside one for each lemma that is named.
const FUEL: usize = 3;

/// How often the conditions of lemmas are looked at anew, since what one lemma says may meet a condition of another.
const ROUNDS: usize = 3;

/// A proof that was checked.
#[derive(Clone, Debug)]
pub struct Proved {
    /// The names of the theorems that it rests on, each once.
    pub lemmas: Vec<String>,
}

/// A proof that was not.
#[derive(Clone, Debug)]
pub struct Refused {
    /// Which step, from 0; none where the steps do not join the sides of the claim.
    pub step: Option<usize>,
    /// What was needed and what is missing.
    pub diagnostic: Diagnostic,
}

/// Checks the proof of a claim, if it has one.
///
/// # Errors
/// [`Refused`] with the first step that does not follow, or where the steps lead elsewhere than the claim.
pub fn claim(theorem: &Theorem, claim: &Claim) -> Option<Result<Proved, Box<Refused>>> {
    let proof = claim.proof.as_ref()?;
    Some(Prover::new(theorem).proof(proof, claim).map_err(Box::new))
}

/// What arithmetic makes of a value of a theorem: the theorem's graph with two more nodes, the value as a sum of products,
/// and this sum opened. The prover takes values for equal where these are, so wherever the value is finite both have to
/// have it too; none where a part has no node. This is for tests, which hold the values against each other.
#[doc(hidden)]
pub fn views(theorem: &Theorem, value: NodeId) -> Option<(Graph, [NodeId; 2])> {
    let mut store = Prover::new(theorem).store;
    let shape = store.graph.ty(value).shape.clone();
    let written = store.written(value);
    let opened = store.open(&written);
    let nodes = [store.node_of(&written, &shape)?, store.node_of(&opened, &shape)?];
    Some((store.graph, nodes))
}

struct Prover {
    store: Store,
    names: Names,
    /// The hypotheses of the theorem, but those that may compare infinities: arithmetic does not know what these say.
    hypotheses: Vec<Goal>,
}

impl Prover {
    fn new(theorem: &Theorem) -> Self {
        let values = theorem.variables.iter().filter_map(|variable| match variable.kind {
            VariableKind::Size(_) => None,
            VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => {
                Some((value, variable.name.clone()))
            }
        });
        let names: Names = values.collect();
        let mut store = Store::new(theorem.graph.clone(), names.keys().copied());
        let mut hypotheses = Vec::new();
        for variable in &theorem.variables {
            let value = match &variable.kind {
                VariableKind::Size(var) => store.size(&crate::ir::Dim::var(var.clone())),
                VariableKind::Scalar { value, .. } | VariableKind::Member { value, .. } => store.written(*value),
            };
            match &variable.range {
                Range::Integers(lo, hi) if !variable.implied => {
                    let (lo, hi) = (store.size(lo), store.size(hi));
                    hypotheses.push(Goal { value: value.minus(&lo), order: Order::AtLeast });
                    hypotheses.push(Goal { value: hi.minus(&value), order: Order::AtLeast });
                }
                Range::Interval(interval) => {
                    let order = |closed| if closed { Order::AtLeast } else { Order::Above };
                    if *store.graph.op(interval.lo) != Op::Infinity {
                        let lo = store.written(interval.lo);
                        hypotheses.push(Goal { value: value.minus(&lo), order: order(interval.lo_closed) });
                    }
                    if *store.graph.op(interval.hi) != Op::Infinity {
                        let hi = store.written(interval.hi);
                        hypotheses.push(Goal { value: hi.minus(&value), order: order(interval.hi_closed) });
                    }
                }
                Range::Domain(_) | Range::Integers(..) | Range::Finite(_) => {}
            }
        }
        hypotheses.iter().for_each(|goal| suppose(&mut store, goal));
        let compared = |assumption: &Assumption| Compared::of(&store.graph, assumption.condition);
        let mut open: Vec<Compared> = theorem.assumptions.iter().filter_map(compared).collect();
        // What one hypothesis says may tell that the sides of another are finite.
        loop {
            let before = open.len();
            open.retain(|sides| {
                let both = [sides.larger, sides.smaller];
                let ground = Ground::new(&mut store, &both);
                let finite = both.into_iter().all(|side| ground.is_finite(&mut store, side));
                if finite {
                    let goal = sides.goal(&mut store);
                    suppose(&mut store, &goal);
                    hypotheses.push(goal);
                }
                !finite
            });
            if open.len() == before {
                break;
            }
        }
        Prover { store, names, hypotheses }
    }

    fn proof(&mut self, proof: &Proof, claim: &Claim) -> Result<Proved, Refused> {
        let mut lemmas: Vec<String> = Vec::new();
        // What each step passes through: its own sides, and those of what it uses.
        let mut passed: Vec<Vec<NodeId>> = Vec::new();
        let Sides { left, right, .. } = proof.claimed;
        let ground = Ground::new(&mut self.store, &[left, right]);
        for (number, step) in proof.steps.iter().enumerate() {
            let used = self.step(step).map_err(|diagnostic| Refused { step: Some(number), diagnostic })?;
            passed.push([step.link.left, step.link.right].into_iter().chain(used.sides).collect::<Vec<NodeId>>());
            for name in used.lemmas {
                if !lemmas.contains(&name) {
                    lemmas.push(name);
                }
            }
        }
        self.joins(proof, claim).map_err(|diagnostic| Refused { step: None, diagnostic })?;
        if let Some(side) = [left, right].into_iter().find(|side| !ground.is_finite(&mut self.store, *side)) {
            let side = self.shown(side);
            let diagnostic = Diagnostic::new(Code::E0704, "this calculation says nothing of infinite sides")
                .at(proof.span, "this proof")
                .because(claim.span, "the claim")
                .note(format!("{side} is not known to be finite"))
                .help("arithmetic and lemmas are about numbers: give the hypothesis that excludes infinities");
            return Err(Refused { step: None, diagnostic });
        }
        for (number, (step, passed)) in proof.steps.iter().zip(&passed).enumerate() {
            let Some((value, lacks)) = ground.unfounded(&mut self.store, passed) else { continue };
            let value = self.shown(value);
            let diagnostic = Diagnostic::new(Code::E0704, format!("this step passes through what may be {lacks}"))
                .at(step.span, "this step")
                .note(format!("{value} is not known to be {}", if lacks == "undefined" { "defined" } else { "finite" }))
                .help("it must have a finite value wherever the claim's sides have one");
            return Err(Refused { step: Some(number), diagnostic });
        }
        Ok(Proved { lemmas })
    }

    /// The first and the last side must be the claim's.
    fn joins(&mut self, proof: &Proof, claim: &Claim) -> Result<(), Diagnostic> {
        let (Some(first), Some(last)) = (proof.steps.first(), proof.steps.last()) else { return Ok(()) };
        let (start, end) = (first.link.left, last.link.right);
        let Sides { left, relation, right } = proof.claimed;
        // That the steps go the claim's way was checked for these two ways to stand; ends that arithmetic alone makes those
        // of the claim, the other way round, would turn an inequality.
        let turned = (start, end) == (right, left)
            || relation == Relation::Eq && self.same(start, right) && self.same(end, left);
        if self.same(start, left) && self.same(end, right) || turned {
            return Ok(());
        }
        let side = |prover: &mut Self, id: NodeId| {
            let value = prover.store.written(id);
            show::terms(&prover.store, &prover.names, &value)
        };
        let mut diagnostic = Diagnostic::new(Code::E0607, "this calculation has other ends than its claim")
            .at(proof.span, "this proof")
            .because(claim.span, "the claim");
        for (own, other, name) in [(start, left, "left"), (end, right, "right")] {
            if !self.same(own, other) {
                let (own, other) = (side(self, own), side(self, other));
                diagnostic = diagnostic.note(format!("the claim's {name} side is {other}, the proof's is {own}"));
            }
        }
        Err(diagnostic.help("add the steps that lead from the claim's sides to these"))
    }

    /// A node in words.
    fn shown(&mut self, id: NodeId) -> String {
        let value = self.store.written(id);
        show::terms(&self.store, &self.names, &value)
    }

    fn same(&mut self, a: NodeId, b: NodeId) -> bool {
        a == b || {
            let difference = self.store.written(a).minus(&self.store.written(b));
            self.store.is_zero(&difference)
        }
    }

    /// What a step's derivation uses.
    fn step(&mut self, step: &ProofStep) -> Result<Used, Diagnostic> {
        let Some(compared) = Compared::written(step.link) else { return Ok(Used::default()) };
        if let Some(note) = super::extent::too_much(&self.store.graph, &[step.link.left, step.link.right]) {
            let message = "there is too much to multiply out in this step";
            return Err(Diagnostic::new(Code::E0704, message).at(step.span, "not looked at").note(note));
        }
        let goal = compared.goal(&mut self.store);
        let fuel = FUEL + step.by.len();
        let hypotheses = self.hypotheses.clone();
        let from_hypotheses = hypotheses.into_iter().map(|says| Instance {
            lemma: step.by.len(),
            says,
            sides: None,
            needs: Vec::new(),
            met: Vec::new(),
        });
        let from_hypotheses: Vec<Instance> = from_hypotheses.collect();
        let (mut found, mut misses) = (None, Vec::new());
        let (mut instances, mut blocked) = (Vec::new(), Vec::new());
        for reach in Reach::ALL {
            let pending = self.pending(step, reach);
            let mut search = Search::new(&mut self.store, step.by.len());
            search.instances = from_hypotheses.clone();
            admit(&mut search, pending, &self.names);
            search.misses.clear();
            found = search.derive(&goal, fuel);
            misses.append(&mut search.misses);
            (instances, blocked) = (search.instances, search.blocked);
            if found.is_some() || step.by.is_empty() {
                break;
            }
        }
        // What arithmetic and the lemmas named leave open, the rules of the library may make equal.
        if found.is_none() && goal.order == Order::Zero {
            let leaves: Vec<NodeId> = self.names.keys().copied().collect();
            let sides = (step.link.left, step.link.right);
            // What it passes through is looked at with the whole calculation.
            if let Some(lemmas) = saturate::equal(&self.store.graph, sides, &leaves, (true, true)) {
                return Ok(Used { lemmas, sides: Vec::new() });
            }
        }
        match found {
            Some(derivation) if stands(&mut self.store, &instances, &goal, &derivation) => {
                let mut used = Used::default();
                used.add(&derivation, &instances, &step.by);
                Ok(used)
            }
            Some(_) => {
                let message = "this step was derived, but its derivation did not stand a second look";
                Err(Diagnostic::new(Code::E0704, message)
                    .at(step.span, "this step")
                    .help("this is a defect of loewner"))
            }
            None => {
                let seen: Vec<bool> = (0..step.by.len())
                    .map(|lemma| {
                        instances.iter().chain(blocked.iter().map(|(instance, _)| instance)).any(|i| i.lemma == lemma)
                    })
                    .collect();
                Err(self.refusal(step, &goal, misses, &seen))
            }
        }
    }

    /// The lemmas of a step with what may be put for their names: what occurs in the step, and in the conditions of lemmas
    /// so used.
    fn pending(&mut self, step: &ProofStep, reach: Reach) -> Vec<Instance> {
        let mut places = self.store.below(&[step.link.left, step.link.right]);
        let mut found: Vec<Instance> = Vec::new();
        for _ in 0..2 {
            for (number, lemma) in step.by.iter().enumerate() {
                for instance in instances(&mut self.store, number, &lemma.theorem, &places, reach) {
                    if !found.iter().any(|known| known.lemma == number && known.says == instance.says) {
                        found.push(instance);
                    }
                }
            }
            let needed: Vec<NodeId> = found
                .iter()
                .flat_map(|instance| &instance.needs)
                .filter_map(|need| match need {
                    Need::Goal(_, sides) => sides.map(|sides| [sides.larger, sides.smaller]),
                    Need::Property(..) | Need::Other => None,
                })
                .flatten()
                .take(200)
                .collect();
            let more: Vec<NodeId> =
                self.store.below(&needed).into_iter().filter(|place| !places.contains(place)).collect();
            if more.is_empty() || step.by.len() < 2 {
                break;
            }
            places = more;
        }
        found
    }

    fn refusal(&self, step: &ProofStep, goal: &Goal, mut misses: Vec<Miss>, seen: &[bool]) -> Diagnostic {
        let name = |lemma: usize| step.by.get(lemma).map_or("a hypothesis".into(), |by| format!("\"{}\"", by.name));
        let mut diagnostic = Diagnostic::new(Code::E0704, "this step does not follow")
            .at(step.span, "not derived")
            .note(format!("needed: {}", show::goal(&self.store, &self.names, goal)));
        misses.sort();
        misses.dedup();
        for (lemma, by) in step.by.iter().enumerate() {
            if !seen[lemma] {
                diagnostic = diagnostic.because(by.span, "nothing in this step has the form of this lemma");
            }
        }
        let mut told = 0;
        for miss in &misses {
            let note = match miss {
                Miss::Need(lemma, need) => format!("missing: {} needs {need}, which is not known", name(*lemma)),
                Miss::Factor(by, factor) => {
                    let factor = show::terms(&self.store, &self.names, factor);
                    let by = by.map_or("what is compared".to_string(), name);
                    format!(
                        "missing: {by} would do, but it stands beside {factor}, which is not known to be nonnegative"
                    )
                }
                Miss::Opposite(lemma) => format!("{} goes the other way: the step is turned round", name(*lemma)),
            };
            diagnostic = diagnostic.note(note);
            told += 1;
            if told == 3 {
                break;
            }
        }
        if told == 0 && step.by.is_empty() {
            let help = match goal.order {
                Order::Zero => {
                    "the two sides are not one by arithmetic: name the lemma that makes them equal with `by`"
                }
                Order::AtLeast | Order::Above | Order::Psd => {
                    "no sign of a term is known that shows it: name the lemma that does with `by`"
                }
            };
            diagnostic = diagnostic.help(help);
        } else if told == 0 {
            let help =
                "the two sides must differ by the two sides of the lemma, in a place where the whole grows with them";
            diagnostic = diagnostic.help(help);
        }
        diagnostic
    }
}

/// Lets those instances into a search whose conditions hold; the others are kept with what is missing.
fn admit(search: &mut Search<'_>, pending: Vec<Instance>, names: &Names) {
    let mut waiting: Vec<(Instance, Vec<String>)> =
        pending.into_iter().map(|instance| (instance, Vec::new())).collect();
    for _ in 0..ROUNDS {
        let before = waiting.len();
        let mut still = Vec::new();
        for (instance, _) in waiting {
            match conditions(search, &instance, names) {
                Ok(met) => search.instances.push(Instance { met, ..instance }),
                Err(missing) => still.push((instance, missing)),
            }
        }
        waiting = still;
        if waiting.len() == before || waiting.is_empty() {
            break;
        }
    }
    // An instance that asks for what its arguments are not by kind is of no interest.
    search.blocked = waiting.into_iter().take(200).collect();
}

/// Why the conditions of an instance hold, or what is missing.
fn conditions(search: &mut Search<'_>, instance: &Instance, names: &Names) -> Result<Vec<Derivation>, Vec<String>> {
    let (mut met, mut missing) = (Vec::new(), Vec::new());
    for need in &instance.needs {
        match need {
            Need::Goal(goal, _) => match search.derive(goal, 1) {
                Some(found) => met.push(found),
                None => missing.push(format!("`{}`", show::goal(search.store, names, goal))),
            },
            Need::Property(id, property) => {
                let value = search.store.written(*id);
                missing.push(format!("that {} is {property}", show::terms(search.store, names, &value)));
            }
            Need::Other => missing.push("one of its hypotheses".to_string()),
        }
    }
    if missing.is_empty() { Ok(met) } else { Err(missing) }
}

/// What a derivation uses.
#[derive(Default)]
struct Used {
    /// The names of the lemmas, each once.
    lemmas: Vec<String>,
    /// What the lemmas compare with these values put for their names, which must be finite.
    sides: Vec<NodeId>,
}

impl Used {
    /// Adds what a derivation uses, with what it takes to meet the conditions of lemmas.
    fn add(&mut self, derivation: &Derivation, instances: &[Instance], by: &[Lemma]) {
        let mut numbers = Vec::new();
        derivation.instances(&mut numbers);
        for instance in numbers.into_iter().filter_map(|number| instances.get(number)) {
            self.sides.extend(instance.sides.into_iter().flatten());
            for need in &instance.needs {
                if let Need::Goal(_, Some(sides)) = need {
                    self.sides.extend([sides.larger, sides.smaller]);
                }
            }
            if let Some(lemma) = by.get(instance.lemma)
                && !self.lemmas.contains(&lemma.name)
            {
                self.lemmas.push(lemma.name.clone());
            }
            for met in &instance.met {
                self.add(met, instances, by);
            }
        }
    }
}

/// Adds what a hypothesis says of a number to what is known.
fn suppose(store: &mut Store, goal: &Goal) {
    let value = store.open(&goal.value);
    match goal.order {
        Order::AtLeast | Order::Above => {
            let strict = goal.order == Order::Above;
            // The least entry is so: every entry is.
            if let Some(entries) = store.least_of(&value) {
                store.known.push(Known { value: entries, strict });
            }
            store.known.push(Known { value, strict });
        }
        Order::Zero | Order::Psd => {}
    }
}
