//! What a run is made from besides its configuration, by content: a run that is gone on with is the one that was begun.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::checksum::Checksum;
use super::config::Config;
use crate::base::{Code, Diagnostic};
use crate::ir::{Dim, Factor, NodeId, Op, SizeVar};
use crate::torch::Source;

/// Sums of what a run is made from. Names of files do not count: what they hold does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// Of the loss.
    pub loss: String,
    /// Of each watched expression, in their order.
    pub watch: Vec<String>,
    /// Of the images that are trained on.
    pub images: String,
}

impl Origin {
    /// Refuses to go on with a run that was begun from `self` where it would go on from something else.
    ///
    /// # Errors
    /// E1046 with everything that has changed.
    pub fn require(&self, now: &Origin, config: &Config) -> Result<(), Diagnostic> {
        let mut notes = Vec::new();
        let other = "computes another value than it did when the run was begun";
        if self.loss != now.loss {
            notes.push(format!("the loss `{}` {other}", config.loss));
        }
        for (text, _) in config.watch.iter().zip(self.watch.iter().zip(&now.watch)).filter(|(_, (was, is))| was != is) {
            notes.push(format!("what is watched, `{text}`, {other}"));
        }
        let expressions = !notes.is_empty();
        if self.images != now.images {
            notes.push(format!("'{}' holds other images, labels or classes than it did then", config.data));
        }
        if notes.is_empty() {
            return Ok(());
        }
        let mut refused = Diagnostic::new(Code::E1046, "what the run is made from has changed since it was begun");
        refused.notes = notes;
        if expressions {
            refused = refused
                .help("put the definitions back as they were: those of --loss and --import, and what these import");
        }
        if self.images != now.images {
            refused = refused.help("put the images back, or name the place where they are by now: --data");
        }
        Err(refused.help("or train anew, in another folder: --out"))
    }
}

/// The sum of an expression as it was checked: the operations with their operands, the inputs with what is known of them. Sizes
/// count by their places, in the order in which they were declared, and not by their names; what the expression does not use,
/// comments and the layout of the text do not count.
pub(super) fn of_expression(source: &Source) -> String {
    let roots: Vec<NodeId> = std::iter::once(source.root).chain(source.condition).collect();
    let nodes = source.graph.reachable(&roots);
    // The numbers of nodes count those that were made on the way, too.
    let place = |id: &NodeId| nodes.binary_search(id).unwrap_or(usize::MAX);
    let ops: Vec<(Op, Vec<Dim>)> = nodes.iter().map(|id| source.graph.op(*id).split_sizes()).collect();
    let inputs = source.inputs.iter().map(|input| (input, &source.graph.inputs()[input.input.0 as usize]));
    // The shape of an input is taken apart as an operation of that shape is.
    let inputs: Vec<_> =
        inputs.map(|(input, raw)| (input, raw, Op::Fill(raw.ty.shape.clone()).split_sizes())).collect();
    let all = ops.iter().chain(inputs.iter().map(|(_, _, shape)| shape)).flat_map(|(_, sizes)| sizes);
    let declared: BTreeSet<SizeVar> = all.flat_map(Dim::vars).collect();
    let written = |(op, sizes): &(Op, Vec<Dim>)| {
        let size = |dim: &Dim| {
            // Names do not count: a size that is no polynomial is told with its variables renamed to their places.
            let by_place = |factor: &Factor| match factor {
                Factor::Var(var) => format!("({}, {})", declared.range(..var).count(), var.least),
                Factor::Call(call) => {
                    let place = |var: &SizeVar| SizeVar {
                        id: declared.range(..var).count() as u32,
                        name: "".into(),
                        least: var.least,
                    };
                    let vars = call.operands().into_iter().flat_map(Dim::vars);
                    let placed = vars.map(|var| (var.clone(), Dim::var(place(&var)))).collect();
                    format!("{:?}", Dim::product(std::slice::from_ref(factor)).substitute(&placed))
                }
            };
            let term = |(coefficient, factors): (i64, &[Factor])| {
                format!("({coefficient}, [{}])", factors.iter().map(by_place).collect::<Vec<_>>().join(", "))
            };
            format!("[{}]", dim.monomials().map(term).collect::<Vec<_>>().join(", "))
        };
        format!("{op:?} [{}]", sizes.iter().map(size).collect::<Vec<_>>().join(", "))
    };
    let mut sum = Checksum::new();
    for (id, op) in nodes.iter().zip(&ops) {
        let operands: Vec<usize> = source.graph.args(*id).iter().map(place).collect();
        sum.add(format!("{} {operands:?}", written(op)));
    }
    sum.add(format!("{:?}", roots.iter().map(place).collect::<Vec<_>>()));
    for (input, raw, shape) in &inputs {
        let known: Vec<_> = raw.facts.held().collect();
        let (name, number, default, field) = (&input.name, input.input, &input.default, raw.ty.field);
        sum.add(format!("{name} {number:?} {default:?} {field:?} {} {known:?}", written(shape)));
    }
    sum.text()
}
