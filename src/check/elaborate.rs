//! From expressions to nodes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use num_traits::ToPrimitive;

use super::builtin::{self, Form};
use super::definitions::{Definition, Definitions, Module};
use super::extent::Extent;
use super::hint::a;
use super::scope::{Function, Scope, Value};
use super::theorem::Sides;
use crate::base::{Code, Diagnostic, Sources, Span};
use crate::ir::{Basis, Fact, Field, Graph, Mismatch, NodeId, Op, Property, ScalarFn, Shape, SizeVar, Zip};
use crate::syntax::ast::{Expr, ExprKind};

/// A mistake that has been reported already.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Reported;

/// What elaboration yields: a value, or nothing because a mistake was reported.
pub(super) type Checked<T> = Result<T, Reported>;

/// Calls unfold at most this deep; definitions cannot call themselves, so only very long chains of them get here.
const MAX_CALL_DEPTH: usize = 64;

/// One expression unfolds at most this many calls: definitions that each call the one before twice would otherwise
/// unfold without end.
const MAX_CALLS: usize = 20_000;

/// An operand with its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub node: NodeId,
    pub span: Span,
}

/// A call that is being unfolded.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub definition: Arc<Definition>,
    pub span: Span,
}

/// What kind of text is being checked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Place {
    Expression,
    Definition,
    Theorem,
}

/// Builds one graph from expressions.
pub(super) struct Elaborator<'a> {
    pub graph: Graph,
    pub scope: Scope,
    pub module: Module,
    /// The module of the text that is being checked; calls move `module` and leave this.
    pub root: Module,
    /// What kind of text the names stand in, for hints about unknown ones.
    pub place: Place,
    /// The names that the theorem binds anywhere, for hints about those used too early.
    pub later: Vec<(String, Span)>,
    pub definitions: &'a Definitions,
    pub sources: &'a Sources,
    pub diagnostics: Vec<Diagnostic>,
    pub frames: Vec<Frame>,
    /// Where each size variable was declared.
    pub size_places: BTreeMap<SizeVar, Span>,
    /// Results of calls with the same definition and the same nodes.
    pub unfolded: HashMap<(*const Definition, Vec<NodeId>), NodeId>,
    /// The comparisons made outside of definitions, with their sides.
    pub compared: Vec<(NodeId, Sides)>,
    /// Where the quantified names lie that are real numbers.
    pub extents: HashMap<NodeId, Extent>,
    /// How many choices that only the values of names decide lead to what is being checked.
    pub chosen: u32,
    /// How many calls were unfolded.
    calls: usize,
    next_size: u32,
}

impl<'a> Elaborator<'a> {
    pub fn new(sources: &'a Sources, definitions: &'a Definitions, module: Module) -> Self {
        Elaborator {
            graph: Graph::new(),
            scope: Scope::default(),
            module,
            root: module,
            place: Place::Expression,
            later: Vec::new(),
            definitions,
            sources,
            diagnostics: Vec::new(),
            frames: Vec::new(),
            size_places: BTreeMap::new(),
            unfolded: HashMap::new(),
            compared: Vec::new(),
            extents: HashMap::new(),
            chosen: 0,
            calls: 0,
            next_size: 0,
        }
    }

    /// A size variable that no other equals.
    pub fn fresh_size(&mut self, name: &str, least: i64, span: Span) -> SizeVar {
        let var = SizeVar { id: self.next_size, name: name.into(), least };
        self.next_size += 1;
        self.size_places.insert(var.clone(), span);
        var
    }

    /// Nodes made from now on come from this place, or from the outermost call that is being unfolded.
    fn mark(&mut self, span: Span) -> Option<Span> {
        let place = self.frames.first().map_or(span, |frame| frame.span);
        self.graph.set_origin(Some(place))
    }

    /// The node of an expression; it may be a condition.
    pub fn any(&mut self, expr: &Expr) -> Checked<NodeId> {
        let before = self.mark(expr.span);
        let result = self.any_here(expr);
        self.graph.set_origin(before);
        result
    }

    /// The node of an expression that must be a value.
    pub fn value(&mut self, expr: &Expr) -> Checked<NodeId> {
        let node = self.any(expr)?;
        if self.graph.ty(node).field == Field::Truth {
            return self.report(
                Diagnostic::new(Code::E0505, "a value was needed here, not a condition")
                    .at(expr.span, "this is a condition")
                    .help("choose between values with `if CONDITION then A else B`"),
            );
        }
        Ok(node)
    }

    /// The node of an expression that must be a condition.
    pub fn condition(&mut self, expr: &Expr) -> Checked<NodeId> {
        let node = self.any(expr)?;
        if self.graph.ty(node).field != Field::Truth {
            let found = self.describe(node);
            return self.report(
                Diagnostic::new(Code::E0503, format!("a condition was needed here, not {}", a(&found)))
                    .at(expr.span, format!("this is {}", a(&found)))
                    .help("compare it with something: `<=`, `<`, `==`, `>=`, `>`, `!=`, or `⪯` for the Löwner order"),
            );
        }
        Ok(node)
    }

    fn operand(&mut self, expr: &Expr) -> Checked<Operand> {
        Ok(Operand { node: self.value(expr)?, span: expr.span })
    }

    fn any_here(&mut self, expr: &Expr) -> Checked<NodeId> {
        match &expr.kind {
            ExprKind::Number { value, imaginary } => {
                let real = self.built(expr.span, "a number", &[], |g, _| g.number(value.clone()))?;
                if !imaginary {
                    return Ok(real);
                }
                self.built(expr.span, "an imaginary number", &[], |g, _| {
                    let i = g.make(Op::ImaginaryUnit, vec![])?;
                    g.multiply(real, i)
                })
            }
            ExprKind::Name(name) => self.name(name, expr.span),
            ExprKind::Str(_) => self.report(
                Diagnostic::new(Code::E0505, "a text in quotes is no value")
                    .at(expr.span, "only an option of a function, such as \"rows\", is written in quotes"),
            ),
            ExprKind::Call { callee, args } => self.call(callee, args, expr.span),
            ExprKind::Index { base, indices } => {
                let base = self.operand(base);
                let indices: Vec<_> = indices.iter().map(|index| self.operand(index)).collect();
                let mut operands = vec![base?];
                self.index_count(operands[0], indices.len())?;
                for index in indices {
                    operands.push(index?);
                }
                self.make(Op::Entry, &operands, expr.span, "an entry")
            }
            ExprKind::Adjoint(inner) => {
                let inner = self.operand(inner)?;
                self.built(expr.span, "the conjugate transpose", &[inner], |g, a| g.adjoint(a[0]))
            }
            ExprKind::Power { base, exponent, entrywise } => {
                let (base, exponent) = (self.operand(base), self.operand(exponent));
                self.power(base?, exponent?, *entrywise, expr.span)
            }
            ExprKind::Negate(inner) => {
                let inner = self.operand(inner)?;
                self.built(expr.span, "negation", &[inner], |g, a| g.neg(a[0]))
            }
            ExprKind::Chain { first, rest } => {
                let mut left = self.operand(first);
                for (binary, place, right) in rest {
                    let right = self.operand(right);
                    // Both sides are checked before either's mistake ends the chain, so that one run reports both.
                    left = match (left, right) {
                        (Ok(left), Ok(right)) => {
                            let span = left.span.to(right.span);
                            self.mark(span);
                            self.binary(*binary, *place, left, right).map(|node| Operand { node, span })
                        }
                        (Err(reported), _) | (_, Err(reported)) => Err(reported),
                    };
                }
                Ok(left?.node)
            }
            ExprKind::Compare { first, rest } => self.comparison(first, rest),
            ExprKind::Not(inner) => {
                let inner = self.condition(inner)?;
                self.built(expr.span, "not", &[], |g, _| g.negated(inner))
            }
            ExprKind::And(parts) => self.logic(Op::And, parts, expr.span),
            ExprKind::Or(parts) => self.choice(|e| e.logic(Op::Or, parts, expr.span)),
            ExprKind::Implies(premise, conclusion) => {
                let (premise, conclusion) = (self.condition(premise), self.choice(|e| e.condition(conclusion)));
                let (premise, conclusion) = (premise?, conclusion?);
                self.built(expr.span, "implies", &[], |g, _| {
                    let not = g.negated(premise)?;
                    g.make(Op::Or, vec![not, conclusion])
                })
            }
            ExprKind::If { condition, then, otherwise } => {
                let chosen = self.condition(condition)?;
                // A condition that is decided already (by sizes, or an exact argument) leaves one branch.
                if let Op::Truth(truth) = self.graph.op(chosen) {
                    return self.any(if *truth { then } else { otherwise });
                }
                let (x, y) = (self.choice(|e| e.any(then)), self.choice(|e| e.any(otherwise)));
                let operands = [
                    Operand { node: chosen, span: condition.span },
                    Operand { node: x?, span: then.span },
                    Operand { node: y?, span: otherwise.span },
                ];
                self.make(Op::Select, &operands, expr.span, "`if`")
            }
            ExprKind::Let { bindings, body } => {
                let before = self.scope.len();
                for binding in bindings {
                    let value = self.any(&binding.value).map_or(Value::Broken, Value::Node);
                    self.scope.bind(&binding.name.name, value, binding.name.span, "");
                }
                let result = self.any(body);
                self.scope.truncate(before);
                result
            }
            ExprKind::Vector(entries) => {
                let operands = self.operands(entries)?;
                if operands.iter().all(|o| self.graph.ty(o.node).shape == Shape::Scalar) {
                    self.make(Op::Stack, &operands, expr.span, "a vector")
                } else {
                    self.make(Op::Block(1, operands.len() as u32), &operands, expr.span, "a row of blocks")
                }
            }
            ExprKind::Matrix(rows) => {
                let flat: Vec<Expr> = rows.iter().flatten().cloned().collect();
                let operands = self.operands(&flat)?;
                let cols = rows.first().map_or(0, Vec::len);
                self.make(Op::Block(rows.len() as u32, cols as u32), &operands, expr.span, "a matrix")
            }
        }
    }

    /// A matrix has two indices and a vector one.
    fn index_count(&mut self, base: Operand, count: usize) -> Checked<()> {
        let (needed, example) = match self.graph.ty(base.node).shape {
            Shape::Matrix(..) => (2, "i, j"),
            Shape::Vector(_) => (1, "i"),
            Shape::Scalar => return Ok(()),
        };
        if count == needed {
            return Ok(());
        }
        let found = self.describe(base.node);
        let text = self.bare(base.span, "A");
        let needs = if needed == 2 {
            "an entry of a matrix has two indices, its row and its column"
        } else {
            "an entry of a vector has one index"
        };
        let diagnostic = Diagnostic::new(Code::E0203, needs)
            .at(base.span, format!("this is {}", a(&found)))
            .help(format!("an entry is `{text}[{example}]`; rows, columns and ranges cannot be taken out so"));
        self.report(diagnostic)
    }

    /// Elaborates all before it fails for one.
    fn operands(&mut self, exprs: &[Expr]) -> Checked<Vec<Operand>> {
        let operands: Vec<_> = exprs.iter().map(|expr| self.operand(expr)).collect();
        operands.into_iter().collect()
    }

    /// What counts only for some values of the quantified names.
    fn choice<T>(&mut self, part: impl FnOnce(&mut Self) -> T) -> T {
        self.chosen += 1;
        let result = part(self);
        self.chosen -= 1;
        result
    }

    fn logic(&mut self, op: Op, parts: &[Expr], span: Span) -> Checked<NodeId> {
        // What comes after another part counts only where that one leaves it open.
        let condition = |(i, part)| if i == 0 { self.condition(part) } else { self.choice(|e| e.condition(part)) };
        let nodes: Vec<_> = parts.iter().enumerate().map(condition).collect();
        let nodes = nodes.into_iter().collect::<Checked<Vec<_>>>()?;
        self.all_of(op, nodes, span)
    }

    /// Conditions joined by `and` or `or`, in halves: what goes down into a condition must not go down as many levels as
    /// there are parts.
    pub fn all_of(&mut self, op: Op, mut nodes: Vec<NodeId>, span: Span) -> Checked<NodeId> {
        while nodes.len() > 1 {
            let mut joined = Vec::with_capacity(nodes.len().div_ceil(2));
            for pair in nodes.chunks(2) {
                joined.push(match *pair {
                    [a, b] => self.built(span, "a condition", &[], |g, _| g.make(op.clone(), vec![a, b]))?,
                    _ => pair[0],
                });
            }
            nodes = joined;
        }
        match nodes.pop() {
            Some(node) => Ok(node),
            None => self.built(span, "a condition", &[], |g, _| g.truth(true)),
        }
    }

    fn name(&mut self, name: &str, span: Span) -> Checked<NodeId> {
        if let Some(binding) = self.scope.get(name) {
            return match &binding.value {
                Value::Node(node) => Ok(*node),
                Value::Broken => Err(Reported),
                Value::Function(_) => self.function_as_value(name, span),
                Value::Text(_) => {
                    self.report(Diagnostic::new(Code::E0505, "a text in quotes is no value").at(span, "used here"))
                }
            };
        }
        match name {
            "pi" => return self.built(span, "π", &[], |g, _| g.make(Op::Pi, vec![])),
            "inf" => return self.built(span, "∞", &[], |g, _| g.make(Op::Infinity, vec![])),
            "true" | "false" => return self.built(span, "a truth value", &[], |g, _| g.truth(name == "true")),
            _ => {}
        }
        if self.definitions.get(self.module, name).is_some() || builtin::builtin(name).is_some() {
            return self.function_as_value(name, span);
        }
        self.unknown_name(name, span)
    }

    /// The function that a name stands for, if it stands for one.
    pub fn function(&self, name: &str) -> Option<Function> {
        match self.scope.get(name).map(|binding| &binding.value) {
            Some(Value::Function(function)) => return Some(function.clone()),
            Some(Value::Node(_) | Value::Text(_) | Value::Broken) => return None,
            None => {}
        }
        if let Some(definition) = self.definitions.get(self.module, name) {
            return Some(Function::Definition(definition.clone()));
        }
        let builtin = builtin::builtin(name)?;
        Some(match builtin.form {
            Form::Entrywise(function) if function.row().parameters == 0 => Function::Entrywise(function),
            Form::Entrywise(_) | Form::Spectral(_) | Form::Reduce(_) | Form::Special(_) => {
                Function::Builtin(builtin.name)
            }
        })
    }

    /// Whether the calls that are being unfolded leave room for one more of this definition.
    pub fn enter(&mut self, definition: &Arc<Definition>, span: Span) -> Checked<()> {
        let name = definition.def.name.name.clone();
        if self.frames.iter().any(|frame| Arc::ptr_eq(&frame.definition, definition)) {
            return self.report(
                Diagnostic::new(Code::E0206, format!("`{name}` calls itself"))
                    .at(span, "this call leads back to its own definition")
                    .because(definition.def.name.span, format!("`{name}` is defined here"))
                    .help("a call unfolds into its definition, so a definition cannot be recursive"),
            );
        }
        if self.frames.len() >= MAX_CALL_DEPTH {
            return self.report(
                Diagnostic::new(Code::E0105, format!("calls are nested more than {MAX_CALL_DEPTH} deep"))
                    .at(span, "unfolding this call would go deeper"),
            );
        }
        self.calls += 1;
        if self.calls > MAX_CALLS {
            // What comes after the first call too many fails for the same reason and need not say so again.
            if self.calls > MAX_CALLS + 1 {
                return Err(Reported);
            }
            let outermost = self.frames.first().map_or(span, |frame| frame.span);
            return self.report(
                Diagnostic::new(Code::E0105, format!("this unfolds into more than {MAX_CALLS} calls"))
                    .at(outermost, "unfolding it would go on")
                    .help("name what several calls share with `let`, or make fewer calls in each definition"),
            );
        }
        self.frames.push(Frame { definition: definition.clone(), span });
        Ok(())
    }

    /// Powers: of a scalar, of a square matrix, and entry by entry.
    fn power(&mut self, base: Operand, exponent: Operand, entrywise: bool, span: Span) -> Checked<NodeId> {
        if self.graph.ty(exponent.node).shape != Shape::Scalar {
            let found = self.describe(exponent.node);
            let (x, p) = (self.bare(base.span, "x"), self.bare(exponent.span, "A"));
            let help = match &self.graph.ty(exponent.node).shape {
                shape if shape.is_square() => Some(format!("for Hermitian `{p}` it is `expm(log({x}) * {p})`")),
                shape if entrywise && *shape == self.graph.ty(base.node).shape => {
                    Some(format!("entry by entry it is `exp({p} .* log({x}))`"))
                }
                _ => None,
            };
            return self.report(
                Diagnostic::new(Code::E0501, "an exponent must be a scalar")
                    .at(exponent.span, format!("this is {}", a(&found)))
                    .maybe_help(help),
            );
        }
        let scalar = self.graph.ty(base.node).shape == Shape::Scalar;
        if scalar || entrywise {
            let integer = self.small_integer(exponent.node);
            return match integer {
                Some(p) if self.graph.is_complex(base.node) => self.built(span, "a power", &[base], |g, a| {
                    let power = repeated_entrywise(g, a[0], p.unsigned_abs())?;
                    if p < 0 { g.map(ScalarFn::Recip, power) } else { Ok(power) }
                }),
                _ if scalar && [base, exponent].iter().any(|operand| self.graph.is_complex(operand.node)) => {
                    self.built(span, "a power", &[base, exponent], |g, a| principal_power(g, a[0], a[1]))
                }
                _ if [base, exponent].iter().any(|operand| self.graph.is_complex(operand.node)) => {
                    self.built(span, "a power", &[base, exponent], |g, a| principal_entrywise(g, a[0], a[1]))
                }
                _ => self.make(Op::Map(ScalarFn::Pow), &[base, exponent], span, "a power"),
            };
        }
        if self.graph.power_of_products(base.node, exponent.node).is_some() {
            return self.built(span, "a matrix power", &[base, exponent], |g, a| g.matrix_power(a[0], a[1]));
        }
        // An exponent that is one of a few integers has a power of products for each.
        if let Some(few) = self.few_integers(exponent.node).filter(|_| !self.graph.has(base.node, Property::Psd)) {
            return self.built(span, "a matrix power", &[base, exponent], |g, a| {
                let power = |g: &mut Graph, p: i64| {
                    let p = g.integer(p)?;
                    Ok((g.equal(a[1], p)?, g.matrix_power(a[0], p)?))
                };
                let (_, mut chosen) = power(g, *few.end())?;
                for p in few.rev().skip(1) {
                    let (condition, value) = power(g, p)?;
                    chosen = g.make(Op::Select, vec![condition, value, chosen])?;
                }
                Ok(chosen)
            });
        }
        let base = self.needs(base, Property::Hermitian, "a real power of a matrix")?;
        let base = self.needs(base, Property::Psd, "a real power of a matrix")?;
        self.built(span, "a matrix power", &[base, exponent], |g, a| g.matrix_power(a[0], a[1]))
    }

    fn small_integer(&self, id: NodeId) -> Option<i64> {
        let value = self.graph.constant_value(id)?;
        value.is_integer().then(|| value.to_integer().to_i64()).flatten().filter(|p| (-64..=64).contains(p))
    }

    /// The operand with a property: as it is where that is known, tested on evaluation where it is not, refused where
    /// it is known not to have it.
    pub fn needs(&mut self, operand: Operand, property: Property, by: &str) -> Checked<Operand> {
        let fact = self.graph.facts(operand.node).get(property);
        match fact {
            Fact::Yes => Ok(operand),
            Fact::No => {
                let mismatch = Mismatch::NeedsFact(0, property, fact);
                let diagnostic = self.explain(&mismatch, by, &[operand], operand.span);
                self.report(diagnostic)
            }
            Fact::Unknown => {
                if property == Property::Hermitian && !self.graph.ty(operand.node).shape.is_square() {
                    let diagnostic = self.explain(&Mismatch::NeedsSquare(0), by, &[operand], operand.span);
                    return self.report(diagnostic);
                }
                let node =
                    self.built(operand.span, by, &[operand], |g, a| g.annotate(a[0], &[property], Basis::Tested))?;
                Ok(Operand { node, ..operand })
            }
        }
    }

    /// A node of an operation on operands; operands that must be Hermitian and are not known to be are tested.
    pub fn make(&mut self, op: Op, operands: &[Operand], span: Span, by: &str) -> Checked<NodeId> {
        let mut operands = operands.to_vec();
        loop {
            match self.graph.make(op.clone(), operands.iter().map(|o| o.node).collect()) {
                Ok(node) => return Ok(node),
                Err(Mismatch::NeedsFact(i, property, Fact::Unknown)) => {
                    operands[i] = self.needs(operands[i], property, by)?;
                }
                Err(mismatch) => {
                    let diagnostic = self.explain(&mismatch, by, &operands, span);
                    return self.report(diagnostic);
                }
            }
        }
    }

    /// A node built by hand from operands.
    pub fn built(
        &mut self,
        span: Span,
        by: &str,
        operands: &[Operand],
        build: impl FnOnce(&mut Graph, &[NodeId]) -> Result<NodeId, Mismatch>,
    ) -> Checked<NodeId> {
        let nodes: Vec<NodeId> = operands.iter().map(|o| o.node).collect();
        match build(&mut self.graph, &nodes) {
            Ok(node) => Ok(node),
            Err(mismatch) => {
                let diagnostic = self.explain(&mismatch, by, operands, span);
                self.report(diagnostic)
            }
        }
    }
}

/// The principal value exp(p log z) of a power of complex numbers, and 0 of 0 where p is a positive number.
fn principal_power(g: &mut Graph, z: NodeId, p: NodeId) -> Result<NodeId, Mismatch> {
    let z = if g.is_complex(z) { z } else { g.make(Op::Complexify, vec![z])? };
    let log = g.map(ScalarFn::Log, z)?;
    let product = g.multiply(p, log)?;
    let power = g.map(ScalarFn::Exp, product)?;
    if !g.certain(p, Property::Positive) {
        return Ok(power);
    }
    let (modulus, zero) = (g.abs(z)?, g.integer(0)?);
    let vanishes = g.compare(crate::ir::Comparison::Eq, modulus, zero)?;
    let zero = g.make(Op::Complexify, vec![zero])?;
    g.make(Op::Select, vec![vanishes, zero, power])
}

/// The principal value of a power of every entry. There is no choice by entry: what is 0 is taken for 1, whose logarithm is
/// finite, and its power is multiplied by 0.
fn principal_entrywise(g: &mut Graph, z: NodeId, p: NodeId) -> Result<NodeId, Mismatch> {
    let z = if g.is_complex(z) { z } else { g.make(Op::Complexify, vec![z])? };
    let exp_of_log = |g: &mut Graph, z: NodeId| {
        let log = g.map(ScalarFn::Log, z)?;
        let product = g.multiply(p, log)?;
        g.map(ScalarFn::Exp, product)
    };
    if !g.certain(p, Property::Positive) {
        return exp_of_log(g, z);
    }
    let modulus = g.abs(z)?;
    let support = g.map(ScalarFn::Step, modulus)?;
    let rest = g.one_minus(support)?;
    let base = g.add(z, rest)?;
    let power = exp_of_log(g, base)?;
    g.zip(Zip::Mul, support, power)
}

/// x^p entry by entry, as products.
fn repeated_entrywise(g: &mut Graph, x: NodeId, p: u64) -> Result<NodeId, Mismatch> {
    if p == 0 {
        let one = g.integer(1)?;
        let one = g.like(one, x)?;
        return g.make(Op::Complexify, vec![one]);
    }
    let mut power = x;
    for _ in 1..p {
        power = g.zip(Zip::Mul, power, x)?;
    }
    Ok(power)
}
