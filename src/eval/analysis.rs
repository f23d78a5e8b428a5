//! What a plan needs: which values are computed, which entrywise operations run in one program, and under which
//! conditions instructions run at all.

use std::collections::HashMap;

use super::fault::PlanError;
use crate::ir::{Axis, Basis, Dim, Field, Graph, Kind, NodeId, Op, Property, Reduction, ScalarFn, Zip};

/// The most operations that one program holds.
const MAX_PROGRAM: usize = 48;

/// A thing to schedule: a node, or the decomposition of the matrix that a node is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Unit {
    Node(NodeId),
    Decomposition(NodeId),
}

/// Rows and columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Size {
    pub rows: usize,
    pub cols: usize,
}

impl Size {
    pub(super) fn len(self) -> usize {
        self.rows * self.cols
    }
}

/// Where an entrywise operation takes an operand from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Source {
    /// A value of the same shape, or a scalar.
    Whole(NodeId),
    /// A scalar, for every entry.
    Splat(NodeId),
    /// A vector with an entry per row.
    OfRow(NodeId),
    /// A vector with an entry per column.
    OfColumn(NodeId),
}

impl Source {
    pub(super) fn node(self) -> NodeId {
        match self {
            Source::Whole(id) | Source::Splat(id) | Source::OfRow(id) | Source::OfColumn(id) => id,
        }
    }
}

/// What an operation on the entries of real values does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Entrywise {
    /// A function of each entry.
    Map(ScalarFn),
    /// Each entry is made of two.
    Zip(Zip),
    /// A scalar in every entry.
    Splat,
    /// An entry of a vector along each row.
    OfRow,
    /// An entry of a vector along each column.
    OfColumn,
}

/// A condition under which units run: the guard around it, the node of the condition, and its value.
pub(super) type GuardKey = (Option<usize>, NodeId, bool);

/// Who uses a unit, as far as fusion cares.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum User {
    Nobody,
    One(NodeId),
    Many,
}

/// The result of the analysis.
pub(super) struct Analysis<'g> {
    pub graph: &'g Graph,
    /// Whether every node gets a place of its own: no fusion and no operand taken transposed.
    pub plain: bool,
    pub sizes: Vec<Size>,
    /// The root of the program that a node runs in, for the nodes inside programs.
    pub home: Vec<Option<NodeId>>,
    /// The other nodes of a root's program, in the reverse order of their numbers.
    pub members: HashMap<NodeId, Vec<NodeId>>,
    pub guards: Vec<GuardKey>,
    guard_index: HashMap<GuardKey, usize>,
    guard: HashMap<Unit, Option<usize>>,
    /// Whether the vectors of a decomposition are needed.
    pub vectors: Vec<bool>,
    /// The first node that needs the decomposition of a matrix, which faults of the decomposition name.
    pub decomposed_for: HashMap<NodeId, NodeId>,
    user: Vec<User>,
    outputs: Vec<bool>,
}

impl<'g> Analysis<'g> {
    /// Analyses what the outputs need.
    pub(super) fn new(graph: &'g Graph, outputs: &[NodeId], plain: bool) -> Result<Self, PlanError> {
        let reachable = graph.reachable(outputs);
        let count = graph.len();
        let mut sizes = vec![Size { rows: 0, cols: 0 }; count];
        for id in &reachable {
            let known =
                |dim: Dim| dim.as_constant().and_then(|n| usize::try_from(n).ok()).ok_or(PlanError::UnknownSize(*id));
            let shape = &graph.ty(*id).shape;
            let size = Size { rows: known(shape.rows())?, cols: known(shape.cols())? };
            let entries = size.rows.checked_mul(size.cols).filter(|n| *n < isize::MAX as usize / 64);
            entries.ok_or(PlanError::TooLarge(*id))?;
            sizes[id.index()] = size;
        }
        let mut this = Analysis {
            graph,
            plain,
            sizes,
            home: vec![None; count],
            members: HashMap::new(),
            guards: Vec::new(),
            guard_index: HashMap::new(),
            guard: HashMap::new(),
            vectors: vec![false; count],
            decomposed_for: HashMap::new(),
            user: vec![User::Nobody; count],
            outputs: vec![false; count],
        };
        for id in outputs {
            let id = this.value(*id);
            this.outputs[id.index()] = true;
            this.guard.insert(Unit::Node(id), None);
        }
        for id in reachable.into_iter().rev() {
            this.visit(Unit::Decomposition(id));
            this.visit(Unit::Node(id));
        }
        Ok(this)
    }

    /// The node whose value a node has, through the marks that compute nothing.
    pub(super) fn value(&self, mut id: NodeId) -> NodeId {
        while let Op::StopGradient | Op::Annotate(_, Basis::Construction) = self.graph.op(id) {
            id = self.graph.args(id)[0];
        }
        id
    }

    pub(super) fn size(&self, id: NodeId) -> Size {
        self.sizes[id.index()]
    }

    /// Whether a property is known of a node or of what it is a mark on.
    pub(super) fn has(&self, id: NodeId, property: Property) -> bool {
        self.graph.has(id, property) || self.graph.has(self.value(id), property)
    }

    fn real(&self, id: NodeId) -> bool {
        self.graph.ty(id).field == Field::Real
    }

    /// What a node does entry by entry, where it is such an operation on real values.
    pub(super) fn entrywise(&self, id: NodeId) -> Option<Entrywise> {
        let op = self.graph.op(id);
        match (op.kind(), op) {
            _ if !self.real(id) => None,
            (_, Op::Map(function)) => Some(Entrywise::Map(*function)),
            (_, Op::Zip(zip)) => Some(Entrywise::Zip(*zip)),
            (_, Op::Fill(_)) => Some(Entrywise::Splat),
            (_, Op::Broadcast(Axis::Rows, _)) => Some(Entrywise::OfRow),
            (_, Op::Broadcast(Axis::Cols | Axis::All, _)) => Some(Entrywise::OfColumn),
            // The compiler of plans has an instruction of its own for each of the others.
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => None,
            (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => None,
        }
    }

    /// Whether a node is a reduction of everything that can end a program.
    pub(super) fn closing(&self, id: NodeId) -> bool {
        let all = matches!(self.graph.op(id), Op::Reduce(Reduction::Sum | Reduction::Max | Reduction::Min, Axis::All));
        all && self.real(id) && !self.plain
    }

    /// The number of entries that a program with this root runs over.
    fn program_len(&self, root: NodeId) -> usize {
        let of = if self.closing(root) { self.value(self.graph.args(root)[0]) } else { root };
        self.size(of).len()
    }

    /// Where an entrywise operation takes an operand from: repeated scalars and vectors are not written out.
    pub(super) fn source(&self, operand: NodeId) -> Source {
        let id = self.value(operand);
        if self.plain || !self.real(id) {
            return Source::Whole(id);
        }
        let first = || self.value(self.graph.args(id)[0]);
        match self.entrywise(id) {
            Some(Entrywise::Splat) => Source::Splat(first()),
            Some(Entrywise::OfRow) => Source::OfRow(first()),
            Some(Entrywise::OfColumn) => Source::OfColumn(first()),
            Some(Entrywise::Map(_) | Entrywise::Zip(_)) | None => Source::Whole(id),
        }
    }

    /// The operands of an entrywise operation or of a closing reduction.
    pub(super) fn sources(&self, id: NodeId) -> Vec<Source> {
        let args = self.graph.args(id);
        let first = || self.value(args[0]);
        match self.entrywise(id) {
            Some(Entrywise::Map(_) | Entrywise::Zip(_)) => args.iter().map(|arg| self.source(*arg)).collect(),
            Some(Entrywise::Splat) => vec![Source::Splat(first())],
            Some(Entrywise::OfRow) => vec![Source::OfRow(first())],
            Some(Entrywise::OfColumn) => vec![Source::OfColumn(first())],
            // What a reduction ends is an operation of its program, even where that only repeats a value.
            None => vec![Source::Whole(first())],
        }
    }

    /// The matrix under conjugations and transpositions: (matrix, transposed, conjugated).
    pub(super) fn stripped(&self, operand: NodeId) -> (NodeId, bool, bool) {
        let (mut id, mut transposed, mut conjugated) = (self.value(operand), false, false);
        if self.plain {
            return (id, transposed, conjugated);
        }
        loop {
            match (self.graph.op(id).kind(), self.graph.op(id)) {
                (_, Op::Adjoint) => (transposed, conjugated) = (!transposed, !conjugated),
                (_, Op::Transpose) => transposed = !transposed,
                (_, Op::Conj) => conjugated = !conjugated,
                (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => break,
                (Kind::Decomposition | Kind::Condition | Kind::Mark, _) => break,
            }
            id = self.value(self.graph.args(id)[0]);
        }
        (id, transposed, conjugated && !self.real(id))
    }

    /// Whether the node is worked out from the decomposition of its operand.
    pub(super) fn uses_decomposition(&self, id: NodeId) -> bool {
        let hermitian = || self.has(self.graph.args(id)[0], Property::Hermitian);
        let psd = || self.has(self.graph.args(id)[0], Property::Psd);
        match (self.graph.op(id).kind(), self.graph.op(id)) {
            (_, Op::Eigenvalues | Op::Spectral(_) | Op::EigenSum | Op::Frechet(_)) => true,
            (_, Op::SingularValues | Op::Rank) => hermitian(),
            (_, Op::LogDet | Op::Det) => hermitian() && !psd(),
            (_, Op::SingularSum | Op::Inverse | Op::Adjugate) => false,
            (_, Op::Annotate(properties, Basis::Tested)) => needs_eigenvalues(properties),
            (Kind::Leaf | Kind::Entries | Kind::Arrangement | Kind::Contraction, _) => false,
            // A new decomposition is one of its operand, until it is said otherwise.
            (Kind::Decomposition, _) => true,
            (Kind::Condition | Kind::Mark, _) => false,
        }
    }

    /// What must be there before a unit runs.
    pub(super) fn operands(&self, unit: Unit) -> Vec<Unit> {
        let id = match unit {
            Unit::Decomposition(id) => return vec![Unit::Node(id)],
            Unit::Node(id) => id,
        };
        let args = self.graph.args(id);
        if self.members.contains_key(&id) || self.entrywise(id).is_some() {
            let inside: Vec<NodeId> = self.program(id);
            let mut found: Vec<Unit> = Vec::new();
            for source in inside.iter().flat_map(|member| self.sources(*member)) {
                let unit = Unit::Node(source.node());
                if self.home[source.node().index()] != Some(id) && !found.contains(&unit) {
                    found.push(unit);
                }
            }
            return found;
        }
        if *self.graph.op(id) == Op::MatMul {
            return args.iter().map(|arg| Unit::Node(self.stripped(*arg).0)).collect();
        }
        let mut found: Vec<Unit> = args.iter().map(|arg| Unit::Node(self.value(*arg))).collect();
        if self.uses_decomposition(id) {
            let matrix = self.value(args[0]);
            found.push(Unit::Decomposition(matrix));
            if !matches!(self.graph.op(id), Op::Annotate(..)) {
                found.retain(|unit| *unit != Unit::Node(matrix));
            }
        }
        found
    }

    /// The nodes of a root's program, operands first.
    pub(super) fn program(&self, root: NodeId) -> Vec<NodeId> {
        let mut inside: Vec<NodeId> = self.members.get(&root).cloned().unwrap_or_default();
        inside.reverse();
        inside.push(root);
        inside
    }

    pub(super) fn guard_of(&self, unit: Unit) -> Option<usize> {
        self.guard.get(&unit).copied().flatten()
    }

    pub(super) fn guard_index(&self, key: GuardKey) -> Option<usize> {
        self.guard_index.get(&key).copied()
    }

    /// Notes what a unit uses, users before what they use.
    fn visit(&mut self, unit: Unit) {
        let Some(guard) = self.guard.get(&unit).copied() else { return };
        let id = match unit {
            Unit::Node(id) => id,
            Unit::Decomposition(matrix) => {
                self.note(Unit::Node(matrix), None, guard);
                return;
            }
        };
        let home = self.choose_home(id).unwrap_or(id);
        if home != id {
            self.home[id.index()] = Some(home);
            self.members.entry(home).or_default().push(id);
        }
        let args = self.graph.args(id);
        if *self.graph.op(id) == Op::Select {
            let condition = self.value(args[0]);
            self.note(Unit::Node(condition), None, guard);
            for (branch, sense) in [(args[1], true), (args[2], false)] {
                let inner = self.intern((guard, condition, sense));
                let branch = self.value(branch);
                self.note(Unit::Node(branch), None, Some(inner));
            }
            return;
        }
        if self.uses_decomposition(id) {
            let matrix = self.value(args[0]);
            self.decomposed_for.insert(matrix, id);
        }
        if matches!(self.graph.op(id), Op::Spectral(_) | Op::EigenSum | Op::Frechet(_)) {
            let matrix = self.value(args[0]);
            self.vectors[matrix.index()] = true;
        }
        if self.entrywise(id).is_some() || self.closing(id) {
            for source in self.sources(id) {
                // A repeated vector is read from its place; a scalar can be computed on the way for a single entry.
                let fusable = match source {
                    Source::Whole(_) => true,
                    Source::Splat(_) => self.program_len(home) == 1,
                    Source::OfRow(_) | Source::OfColumn(_) => false,
                };
                self.note(Unit::Node(source.node()), fusable.then_some(home), guard);
            }
            return;
        }
        for operand in self.operands(unit) {
            self.note(operand, None, guard);
        }
    }

    /// Notes a use of a unit, by a program where that can take it in.
    fn note(&mut self, unit: Unit, program: Option<NodeId>, guard: Option<usize>) {
        let common = match self.guard.get(&unit) {
            None => guard,
            Some(before) => self.common(*before, guard),
        };
        self.guard.insert(unit, common);
        if let Unit::Node(id) = unit {
            let user = &mut self.user[id.index()];
            *user = match (*user, program) {
                (User::Nobody, Some(home)) => User::One(home),
                (User::One(before), Some(home)) if before == home => User::One(home),
                (User::Nobody | User::One(_) | User::Many, _) => User::Many,
            };
        }
    }

    /// The program that a node can be part of: that of all of its users, over as many entries.
    fn choose_home(&self, id: NodeId) -> Option<NodeId> {
        let User::One(home) = self.user[id.index()] else { return None };
        let inside = self.members.get(&home).map_or(0, Vec::len);
        let fits = !self.plain
            && self.entrywise(id).is_some()
            && !self.outputs[id.index()]
            && inside + 1 < MAX_PROGRAM
            && self.size(id).len() == self.program_len(home);
        fits.then_some(home)
    }

    fn intern(&mut self, key: GuardKey) -> usize {
        let guards = &mut self.guards;
        *self.guard_index.entry(key).or_insert_with(|| {
            guards.push(key);
            guards.len() - 1
        })
    }

    /// The innermost guard around both.
    fn common(&self, a: Option<usize>, b: Option<usize>) -> Option<usize> {
        let chain = |from: Option<usize>| std::iter::successors(from, |guard| self.guards[*guard].0);
        let around_a: Vec<usize> = chain(a).collect();
        chain(b).find(|guard| around_a.contains(guard))
    }
}

/// Whether one of the properties is about eigenvalues.
pub(super) fn needs_eigenvalues(properties: &[Property]) -> bool {
    properties.iter().any(|property| matches!(property, Property::Psd | Property::Pd))
}
