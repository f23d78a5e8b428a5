//! How two losses are related: equal, a line in each other, alike to second order near a point, or different.
//!
//! A relation is found by numbers and then checked as a statement of its own: `B == a * A + b` goes to the verifier like any
//! claim, which proves it where it can and samples and attacks it otherwise. The answer says which.
//!
//! ```text
//! names --frame--> a theorem --sample, measure--> lines --coefficient--> a guess --verify--> an answer
//! ```

mod coefficient;
mod frame;
mod local;
mod measure;
mod numeric;
mod range;
mod sample;

use crate::base::Diagnostic;
use crate::check::Session;
use crate::verify::{self, Options, Silent, Verdict, ViolationBound, Witness};

pub use coefficient::Coefficient;
pub use frame::{Frame, Given};
pub use local::Local;
pub use range::{Parameter, Size, moving_ends};
pub use sample::Place;

/// The samples of a claim that a relation makes, and the work of the attack on it against the default.
const SAMPLES: u64 = 4000;
const EFFORT: f64 = 0.03;

/// What an answer rests on.
#[derive(Clone, PartialEq, Debug)]
pub enum Basis {
    /// Both unfold to one expression.
    Unfolding,
    /// A proof from these lemmas.
    Proved(Vec<String>),
    /// No sample and no attack contradicts it.
    Samples(u64, Option<ViolationBound>),
    /// Values at random points; but this input contradicts it.
    Contradicted(Box<Witness>),
    /// Values at random points only: it could not be made a statement that the verifier decides, for this reason.
    Values(String),
}

/// How two losses A and B are related.
#[derive(Clone, PartialEq, Debug)]
pub enum Relation {
    /// A = B.
    Equal(Basis),
    /// B = slope · A + offset.
    Affine {
        /// The slope, as an expression in sizes and parameters.
        slope: Coefficient,
        /// The offset.
        offset: Coefficient,
        /// What it rests on.
        basis: Basis,
    },
    /// B is a line in A at each choice of sizes and parameters that was measured, and the coefficients were not recognised:
    /// some of them. There is no claim that could be checked.
    Lines(Vec<(Place, f64, f64)>),
    /// Neither: three inputs at one choice, by the values of A and B, that lie on no line; and an input where the two differ.
    Different {
        /// Sizes and parameters.
        place: Place,
        /// The values of (A, B).
        values: [(f64, f64); 3],
        /// A small input where A and B are not equal.
        witness: Option<Box<Witness>>,
    },
    /// Nothing could be compared.
    Unknown(String),
}

/// An answer.
#[derive(Clone, PartialEq, Debug)]
pub struct Answer {
    /// A and B, as expressions.
    pub losses: [String; 2],
    /// What the names range over, what is put for some, and what is required.
    pub ranges: Vec<String>,
    /// The names of sizes, then of parameters, in the order of [`Place`].
    pub names: Vec<String>,
    /// The relation.
    pub relation: Relation,
    /// Where two losses that are different agree to second order.
    pub local: Vec<Local>,
    /// The answer where columns have norm 1, if it says more.
    pub unit_columns: Option<Box<Answer>>,
}

/// What an answer comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// One loss is a line in the other: proved, or no sample and no attack says otherwise.
    Line,
    /// It is not.
    Different,
    /// Nothing was checked: values were measured only, or there were none.
    Open,
}

impl Answer {
    /// What the answer comes to.
    pub fn standing(&self) -> Standing {
        match &self.relation {
            Relation::Equal(basis) | Relation::Affine { basis, .. } => match basis {
                Basis::Unfolding | Basis::Proved(_) | Basis::Samples(..) => Standing::Line,
                Basis::Contradicted(_) => Standing::Different,
                Basis::Values(_) => Standing::Open,
            },
            Relation::Different { .. } => Standing::Different,
            Relation::Lines(_) | Relation::Unknown(_) => Standing::Open,
        }
    }

    /// Whether one loss looks like a line in the other, checked or not.
    pub fn is_affine(&self) -> bool {
        match &self.relation {
            Relation::Equal(basis) | Relation::Affine { basis, .. } => !matches!(basis, Basis::Contradicted(_)),
            Relation::Lines(_) => true,
            Relation::Different { .. } | Relation::Unknown(_) => false,
        }
    }
}

/// Relates two losses: names of definitions, `FILE.lw:NAME`, or expressions. The same seed gives the same answer.
///
/// # Errors
/// The mistakes in the losses and in what is given.
pub fn relate(
    session: &mut Session,
    left: &str,
    right: &str,
    given: &Given,
    seed: u64,
) -> Result<Answer, Vec<Diagnostic>> {
    let frame = Frame::new(session, left, right, given)?.at_sizes(session, &given.sizes)?;
    let mut answer = within(session, &frame, seed)?;
    let loose = frame.representations();
    if !answer.is_affine() && !loose.is_empty() {
        let given = given.with_unit_columns(&loose);
        let frame = Frame::new(session, left, right, &given)?.at_sizes(session, &given.sizes)?;
        let narrow = within(session, &frame, seed)?;
        if narrow.is_affine() || narrow.local.len() > answer.local.len() {
            answer.unit_columns = Some(Box::new(narrow));
        }
    }
    Ok(answer)
}

fn within(session: &mut Session, frame: &Frame, seed: u64) -> Result<Answer, Vec<Diagnostic>> {
    let (theorem, left, right) = frame.both(session)?;
    let pair = sample::Pair::new(&theorem, left, right);
    let mut rng = sample::generator(seed);
    let mut local = Vec::new();
    let relation = if left == right {
        Relation::Equal(Basis::Unfolding)
    } else {
        match measure::measure(&pair, &mut rng).map_err(|giant| vec![giant])? {
            measure::Shown::Nothing => Relation::Unknown("no input was found where both have a value".to_owned()),
            measure::Shown::Equal(_) => {
                Relation::Equal(basis(session, frame, &format!("{} == {}", frame.left, frame.right), seed)?)
            }
            measure::Shown::Lines(lines) => {
                let found = measure::coefficients(&pair, &lines, &mut rng);
                match (found.slope, found.offset) {
                    (Some(slope), Some(offset)) => {
                        let claim = line(frame, &slope, &offset);
                        Relation::Affine { basis: basis(session, frame, &claim, seed)?, slope, offset }
                    }
                    _ => Relation::Lines(
                        lines
                            .into_iter()
                            .filter_map(|line| Some((line.place, line.slope?, line.offset)))
                            .take(6)
                            .collect(),
                    ),
                }
            }
            measure::Shown::Apart(place, values) => {
                local = local::near(&pair, &mut rng);
                let claim = format!("{} == {}", frame.left, frame.right);
                Relation::Different { place, values, witness: witness(session, frame, &claim, seed)? }
            }
        }
    };
    let mut ranges = frame.ranges.clone();
    ranges.extend(frame.lets.iter().cloned());
    ranges.extend(frame.conditions.iter().cloned());
    let losses = [frame.left.clone(), frame.right.clone()];
    Ok(Answer { losses, ranges, names: pair.names(), relation, local, unit_columns: None })
}

/// `B == slope * A + offset`
fn line(frame: &Frame, slope: &Coefficient, offset: &Coefficient) -> String {
    let left = match slope {
        slope if slope.is_one() => format!("({})", frame.left),
        slope => format!("({slope}) * ({})", frame.left),
    };
    let offset = if offset.is_zero() { String::new() } else { format!(" + ({offset})") };
    format!("{} == {left}{offset}", frame.right)
}

fn verdict(
    session: &mut Session,
    frame: &Frame,
    claim: &str,
    seed: u64,
) -> Result<verify::ClaimReport, Vec<Diagnostic>> {
    let theorem = frame.theorem(session, &[claim.to_owned()])?;
    let options = Options { samples: SAMPLES, seed, attack: EFFORT, ..Options::default() };
    let mut report = verify::verify(&[theorem], &options, &Silent).map_err(|mistake| vec![mistake])?;
    report.claims.pop().ok_or_else(Vec::new)
}

/// What a claim that the values suggest rests on.
fn basis(session: &mut Session, frame: &Frame, claim: &str, seed: u64) -> Result<Basis, Vec<Diagnostic>> {
    let report = verdict(session, frame, claim, seed)?;
    Ok(match report.verdict {
        Verdict::Proved { lemmas } => Basis::Proved(lemmas),
        Verdict::Holds => Basis::Samples(report.samples, report.violation_bound),
        // Inputs that are rarely drawn tell the two apart.
        Verdict::Refuted(witness) => Basis::Contradicted(witness),
        Verdict::Vacuous { .. } => Basis::Values("no sample met what both require".to_owned()),
        Verdict::Inconclusive { reason } => Basis::Values(reason),
    })
}

/// A small input where two losses differ.
fn witness(
    session: &mut Session,
    frame: &Frame,
    claim: &str,
    seed: u64,
) -> Result<Option<Box<Witness>>, Vec<Diagnostic>> {
    let report = verdict(session, frame, claim, seed)?;
    Ok(match report.verdict {
        Verdict::Refuted(witness) => Some(witness),
        Verdict::Proved { .. } | Verdict::Holds | Verdict::Vacuous { .. } | Verdict::Inconclusive { .. } => None,
    })
}

#[cfg(test)]
mod tests;
