//! The text of a module.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::Plan;
use super::docs::{escaped, wrapped};
use super::helper::HELPERS;
use super::line::{Line, blocks};
use super::parallel::{Layout, layout_of, parted};
use super::shapes::{Parameter, Sizing, declared, sides};
use super::text::{Level, Names, camel, exact, filled};
use super::writer::{Uses, Writer};
use crate::base::{Code, Diagnostic};
use crate::ir::{Dim, Field, InputId, NodeId, Op, Shape, SizeVar, Type};
use crate::torch::call::Call;
use crate::torch::lower::lower;
use crate::torch::program::{Arg, Program, Register};

/// The parts of a module.
pub(super) struct Module<'a> {
    pub(super) plan: &'a Plan<'a>,
    function: String,
    class: String,
    pub(super) parameters: Vec<Parameter>,
    /// The sizes that are split over processes, with those of a part.
    pub(super) batch: BTreeMap<SizeVar, SizeVar>,
    sizing: Sizing,
    lines: Vec<Line>,
    types: Vec<Type>,
    /// The first output is the value, the others the gradients; `None` for one that is zero whatever the inputs are.
    pub(super) outputs: Vec<Option<Register>>,
    uses: Uses,
}

/// The whole text.
pub(super) fn module(plan: &Plan<'_>) -> Result<String, Diagnostic> {
    let mut names = Names::new();
    let function = names.named(&plan.source.name);
    let class = match camel(&plan.source.name) {
        class if class == function => class + "Loss",
        class => class,
    };
    names.take(&class);
    HELPERS.iter().for_each(|helper| names.take(helper.name));
    let batch = batch(plan)?;
    let parameters = parameters(plan, &batch, &mut names);
    if parameters.iter().all(|parameter| parameter.shape == Shape::Scalar) {
        let message = format!("`{}` has no matrix or vector among its inputs", plan.source.name);
        return Err(Diagnostic::new(Code::E0811, message));
    }
    let mut sizing = Sizing::new(&parameters, |name| names.named(name)).map_err(|var| {
        let message =
            format!("the size {} of `{}` does not follow from the shapes of its inputs", var.name, plan.source.name);
        Diagnostic::new(Code::E0811, message)
    })?;
    for var in batch.keys() {
        sizing.names.insert(var.clone(), names.named(&var.name));
    }
    let program = &plan.planned.program;
    let zero = |register: Register| {
        let made = program.steps.iter().find(|step| step.results.contains(&register));
        made.is_some_and(|step| match (&step.call, step.args.first()) {
            (Call::Full(_), Some(Arg::Number(number))) => number.known() == Some(0.0),
            _ => false,
        })
    };
    let outputs = program.outputs.iter().enumerate().map(|(i, output)| match output {
        Arg::Tensor(register) => Some(*register).filter(|register| i == 0 || !zero(*register)),
        Arg::Number(_) => None,
    });
    let mut outputs: Vec<Option<Register>> = outputs.collect();
    let (lines, types) = if batch.is_empty() {
        (program.steps.iter().cloned().map(Line::Call).collect(), program.types.clone())
    } else {
        let layout = |at: usize| match at.checked_sub(1) {
            None => Layout::Whole,
            Some(at) => {
                let shape = &plan.source.graph.inputs()[plan.by[at].0 as usize].ty.shape;
                layout_of(shape, &batch).unwrap_or(Layout::Whole)
            }
        };
        let with = outputs.iter().enumerate();
        let wanted: Vec<(Register, Layout)> = with.filter_map(|(i, out)| Some(((*out)?, layout(i)))).collect();
        let found = parted(program, &batch, &wanted);
        outputs.iter_mut().flatten().zip(found.outputs).for_each(|(output, found)| *output = found);
        (found.lines, found.types)
    };
    let mut module =
        Module { plan, function, class, parameters, batch, sizing, lines, types, outputs, uses: Uses::default() };
    let autograd = module.autograd(names);
    let call = module.call()?;
    module.uses.helpers.insert("_precision");
    let mut text = module.head();
    let of_helpers =
        HELPERS.iter().filter(|helper| module.uses.helpers.contains(helper.name)).map(|helper| helper.text);
    if [autograd.as_str(), call.as_str()].into_iter().chain(of_helpers).any(|text| text.contains("math.")) {
        text.push_str("import math\n\n");
    }
    text.push_str("import torch\n");
    if !module.batch.is_empty() {
        text.push_str("import torch.distributed as dist\n");
        module.uses.helpers.insert("_equal_parts");
        // Some helpers call others.
        if module.uses.helpers.contains("_all_logsumexp") {
            module.uses.helpers.insert("_gather");
        }
        if module.uses.helpers.contains("_add_own_diagonal") {
            module.uses.helpers.insert("_own_diagonal");
        }
    }
    text.push_str("from torch.autograd.function import once_differentiable\n");
    for helper in HELPERS.iter().filter(|helper| module.uses.helpers.contains(helper.name)) {
        let _ = write!(text, "\n\n{}", helper.text);
    }
    let _ = write!(text, "\n\n{autograd}\n\n{call}");
    Ok(text)
}

/// The sizes that are split, each with that of a part.
fn batch(plan: &Plan<'_>) -> Result<BTreeMap<SizeVar, SizeVar>, Diagnostic> {
    let part = |(i, var): (usize, &SizeVar)| {
        let name = format!("{}_local", var.name).into();
        // No definition has so many sizes that these numbers are taken.
        (var.clone(), SizeVar { id: u32::MAX - i as u32, name, least: 1 })
    };
    let batch: BTreeMap<SizeVar, SizeVar> = plan.request.batch.iter().enumerate().map(part).collect();
    let refused = |message: String| Diagnostic::new(Code::E0811, message);
    if !batch.is_empty() && plan.fixed {
        return Err(refused(format!("`{}` has a form for given sizes only, and no part of a batch", plan.source.name)));
    }
    for input in plan.source.inputs.iter().map(|input| &plan.source.graph.inputs()[input.input.0 as usize]) {
        let shape = &input.ty.shape;
        let mentions = |size: &Dim| size.vars().iter().any(|var| batch.contains_key(var));
        let plain = |size: &Dim| !mentions(size) || batch.keys().any(|var| *size == Dim::var(var.clone()));
        if layout_of(shape, &batch).is_none() || ![shape.rows(), shape.cols()].iter().all(plain) {
            let message = format!(
                "`{}` of `{}` is {shape}: it has no part for a part of the batch",
                input.name, plan.source.name
            );
            return Err(
                refused(message).help("define the loss by features, as `def own(Z: Mat[d, B]) -> Real = ...` does")
            );
        }
    }
    Ok(batch)
}

fn parameters(plan: &Plan<'_>, batch: &BTreeMap<SizeVar, SizeVar>, names: &mut Names) -> Vec<Parameter> {
    let graph = &plan.source.graph;
    let inputs = plan.source.inputs.iter().filter(|input| !plan.constants.contains_key(&input.input));
    let parameter = |input: &crate::torch::SourceInput| {
        let ty = &graph.inputs()[input.input.0 as usize].ty;
        let known = |dim: &Dim| {
            let value = if plan.fixed { dim.eval(&plan.request.sizes) } else { None };
            let part = batch.iter().find(|(var, _)| *dim == Dim::var((*var).clone()));
            let open = part.map_or_else(|| dim.clone(), |(_, part)| Dim::var(part.clone()));
            Ok::<Dim, std::convert::Infallible>(value.map_or(open, Dim::constant))
        };
        let shape = ty.shape.with_sizes(&known).unwrap_or_else(|never| match never {});
        Parameter {
            name: input.name.clone(),
            python: names.named(&input.name),
            shape,
            complex: ty.field == Field::Complex,
            default: input.default.as_ref().map(|default| exact(default).text),
            gradient: plan.by.iter().position(|by| *by == input.input).map(|at| at + 1),
        }
    };
    inputs.map(parameter).collect()
}

/// The longest line.
const WIDTH: usize = 116;

fn indented(lines: &[String], by: usize) -> String {
    let mut text = String::new();
    for line in lines {
        let outer = by + line.len() - line.trim_start().len();
        let message = line.trim_start().strip_prefix("raise ValueError(").and_then(|rest| rest.strip_suffix(')'));
        // The result of writing to a text is always that it was written.
        let _ = match message {
            Some(message) if by + line.chars().count() > WIDTH => {
                let inner = outer + 4;
                writeln!(text, "{:outer$}raise ValueError(\n{:inner$}{message}\n{:outer$})", "", "", "")
            }
            _ if line.is_empty() => writeln!(text),
            _ => writeln!(text, "{:by$}{line}", ""),
        };
    }
    text
}

impl Module<'_> {
    fn names(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|parameter| parameter.python.as_str()).collect();
        names.join(", ")
    }

    fn tensors(&self) -> impl Iterator<Item = &Parameter> {
        self.parameters.iter().filter(|parameter| parameter.shape != Shape::Scalar)
    }

    /// The parameters that have a gradient which is not zero, with its output.
    fn differentiated(&self) -> Vec<(usize, &Parameter, Register)> {
        let with = self.parameters.iter().enumerate();
        with.filter_map(|(i, parameter)| Some((i, parameter, self.outputs[parameter.gradient?]?))).collect()
    }

    /// The `torch.autograd.Function`.
    fn autograd(&mut self, mut names: Names) -> String {
        let program = &self.plan.planned.program;
        let mut inputs = Vec::new();
        let by_input = self.plan.source.inputs.iter().filter(|input| !self.plan.constants.contains_key(&input.input));
        for (input, parameter) in by_input.zip(&self.parameters) {
            let register = program.inputs.iter().find(|(id, _)| *id == input.input);
            inputs.extend(register.map(|(_, register)| (*register, parameter.python.clone())));
        }
        let mut given: BTreeMap<Register, String> = BTreeMap::new();
        given.extend(self.outputs[0].map(|value| (value, "value".to_owned())));
        let differentiated: Vec<(usize, usize, String, Register)> = self
            .differentiated()
            .into_iter()
            .map(|(i, parameter, register)| (i, parameter.gradient.unwrap_or(0), parameter.python.clone(), register))
            .collect();
        for (.., python, register) in &differentiated {
            given.entry(*register).or_insert_with(|| names.named(&format!("grad_{python}")));
        }
        let named: BTreeSet<Register> = inputs.iter().map(|(register, _)| *register).collect();
        let optional: Vec<String> = given
            .iter()
            .filter(|(register, name)| *name != "value" && !named.contains(register))
            .map(|(_, name)| name.clone())
            .collect();
        let outputs: Vec<Arg> = self
            .outputs
            .iter()
            .map(|output| output.map_or(Arg::Number(crate::torch::Number::Nan), Arg::Tensor))
            .collect();
        let blocks = blocks(&self.lines, self.types.len(), &outputs);
        let mut writer = Writer::new(&self.lines, &self.types, names, &self.sizing.names, &inputs, given);
        let mut body = Vec::new();
        let mut before = true;
        for block in &blocks {
            let lines = writer.block(block);
            if block.needed_by == 1 {
                body.extend(lines);
                continue;
            }
            if std::mem::take(&mut before) && !optional.is_empty() {
                body.push(format!("{} = None", optional.join(" = ")));
            }
            let needs = differentiated
                .iter()
                .filter(|(_, output, ..)| block.needed_by >> (*output).min(63) & 1 == 1)
                .map(|(i, ..)| format!("ctx.needs_input_grad[{i}]"));
            let needs: Vec<String> = needs.collect();
            if lines.is_empty() {
                continue;
            }
            body.push(format!("if {}:", needs.join(" or ")));
            body.extend(lines.into_iter().map(|line| format!("    {line}")));
        }
        let saved: Vec<String> = differentiated.iter().map(|(.., register)| writer.output(*register)).collect();
        body.push(format!("ctx.save_for_backward({})", saved.join(", ")));
        body.push(format!(
            "return {}",
            self.outputs[0].map_or_else(|| "None".to_owned(), |value| writer.output(value))
        ));
        self.uses = writer.uses;
        let of_part = |var: &SizeVar| self.batch.iter().any(|(all, part)| part == var && self.uses.sizes.contains(all));
        let mut head = self.sizing.set(&self.parameters, |var| self.uses.sizes.contains(var) || of_part(var));
        head.extend(self.whole_sizes(|var| self.uses.sizes.contains(var)));
        if !self.batch.is_empty() {
            head.push("ctx.factor = dist.get_world_size(group) if average else 1".to_owned());
        }
        head.extend(self.locals());
        head.extend(body);
        let mut returned: Vec<String> = (0..self.parameters.len())
            .map(|i| match differentiated.iter().position(|(parameter, ..)| *parameter == i) {
                Some(at) => format!("grads[{at}]"),
                None => "None".to_owned(),
            })
            .collect();
        let mut backward = Vec::new();
        if self.batch.is_empty() {
            backward
                .push("grads = [None if grad is None else grad_value * grad for grad in ctx.saved_tensors]".to_owned());
        } else {
            // The gradient by an input that is whole everywhere is whole everywhere, whether it is averaged or not.
            let parts = differentiated.iter().map(|(i, ..)| {
                let vars = sides(&self.parameters[*i].shape).into_iter().flat_map(|side| side.vars());
                let split = vars.into_iter().any(|var| self.batch.values().any(|part| *part == var));
                if split { "ctx.factor" } else { "1" }
            });
            let parts: Vec<&str> = parts.collect();
            let comma = if parts.len() == 1 { "," } else { "" };
            backward.push(format!("factors = ({}{comma})", parts.join(", ")));
            backward.push("scales = [factor * grad_value for factor in factors]".to_owned());
            backward.push(
                "grads = [None if grad is None else scale * grad for scale, grad in zip(scales, ctx.saved_tensors)]"
                    .to_owned(),
            );
            returned.extend(["None".to_owned(), "None".to_owned()]);
        }
        if differentiated.is_empty() {
            backward.clear();
        }
        backward.push(format!("return {}", returned.join(", ")));
        let arguments = if self.batch.is_empty() { self.names() } else { format!("{}, group, average", self.names()) };
        format!(
            "class {}(torch.autograd.Function):\n    \"\"\"The value, and its gradients by formulas of their own: those of \
             torch's operations are not used.\"\"\"\n\n    @staticmethod\n    def forward(ctx, {}):\n{}\n    @staticmethod\n    \
             @once_differentiable\n    def backward(ctx, grad_value):\n{}",
            self.class,
            arguments,
            indented(&head, 8),
            indented(&backward, 8),
        )
    }

    /// Lines that set the sizes of the whole batch.
    fn whole_sizes(&self, wanted: impl Fn(&SizeVar) -> bool) -> Vec<String> {
        let wanted = self.batch.iter().filter(|(var, _)| wanted(var));
        let names = &self.sizing.names;
        wanted.map(|(var, part)| format!("{} = dist.get_world_size(group) * {}", names[var], names[part])).collect()
    }

    /// Lines that set what the body uses besides sizes.
    fn locals(&self) -> Vec<String> {
        let first = self.tensors().next().map_or_else(String::new, |parameter| parameter.python.clone());
        let complex = self.tensors().next().is_some_and(|parameter| parameter.complex);
        let uses = |name: &str| self.uses.locals.contains(name);
        let mut lines = Vec::new();
        if uses("real") || uses("eps") || uses("complex_") {
            lines.push(format!("real = {first}.dtype{}", if complex { ".to_real()" } else { "" }));
        }
        if uses("complex_") {
            lines.push("complex_ = real.to_complex()".to_owned());
        }
        if uses("device") {
            lines.push(format!("device = {first}.device"));
        }
        if uses("eps") {
            lines.push("eps = torch.finfo(real).eps".to_owned());
        }
        lines
    }

    /// The function that is called.
    fn call(&self) -> Result<String, Diagnostic> {
        let function = &self.function;
        let mut lines = self.sizing.checked(function, &self.parameters);
        let parts: Vec<&str> = self.batch.values().map(|part| self.sizing.names[part].as_str()).collect();
        if !parts.is_empty() {
            let first = self.tensors().next().map_or("", |parameter| parameter.python.as_str());
            lines.push("if check:".to_owned());
            lines.push(format!("    _equal_parts([{}], {first}.device, group)", parts.join(", ")));
        }
        let requirements = self.requirements()?;
        if !requirements.is_empty() {
            lines.extend(self.whole_sizes(|_| true));
        }
        lines.extend(requirements);
        let list = |names: Vec<&str>| names.join(", ");
        let constant: Vec<String> = self
            .parameters
            .iter()
            .filter(|parameter| parameter.gradient.is_none())
            .map(|parameter| format!("(\"{0}\", {0})", parameter.python))
            .collect();
        if !constant.is_empty() {
            let comma = if constant.len() == 1 { "," } else { "" };
            lines.push(format!("for name, x in ({}{comma}):", constant.join(", ")));
            lines.push("    if isinstance(x, torch.Tensor) and x.requires_grad:".to_owned());
            lines.push(format!(
                "        raise ValueError(f\"{function}: there is no gradient by {{name}} here; emit it with --by {{name}}\")"
            ));
        }
        let real: Vec<&str> = self.tensors().filter(|p| !p.complex).map(|p| p.python.as_str()).collect();
        let complex: Vec<&str> = self.tensors().filter(|p| p.complex).map(|p| p.python.as_str()).collect();
        let all: Vec<&str> = self.tensors().map(|parameter| parameter.python.as_str()).collect();
        if complex.is_empty() {
            let condition: Vec<String> = real.iter().map(|name| format!("{name}.is_complex()")).collect();
            lines.push(format!("if {}:", condition.join(" or ")));
            lines.push(format!("    raise ValueError(\"{function}: its tensors are real\")"));
        }
        lines.push(format!("real = _precision({})", list(all.clone())));
        let converted = |names: &[&str], to: &str| match names {
            [only] => Some(format!("{only} = {only}.to({to})")),
            [] => None,
            several => Some(format!("{0} = (x.to({to}) for x in ({0}))", several.join(", "))),
        };
        lines.extend(converted(&real, "real"));
        lines.extend(converted(&complex, "real.to_complex()"));
        for parameter in self.parameters.iter().filter(|parameter| parameter.shape == Shape::Scalar) {
            let to = if parameter.complex { "real.to_complex()" } else { "real" };
            let name = &parameter.python;
            lines.push(format!("{name} = torch.as_tensor({name}, dtype={to}, device={}.device)", all[0]));
        }
        lines.push(format!("with torch.autocast({}.device.type, enabled=False):", all[0]));
        let rest = if self.batch.is_empty() { "" } else { ", group, average" };
        lines.push(format!("    return {}.apply({}{rest})", self.class, self.names()));
        let doc = self.plan.source.doc.iter().find(|line| !line.trim().is_empty());
        let shapes: Vec<String> = self
            .parameters
            .iter()
            .map(|parameter| format!("{}: {}", parameter.python, declared(&parameter.shape)))
            .collect();
        let mut text = format!("def {function}({}):\n", self.signature());
        let first = doc.map_or_else(|| format!("The loss `{function}`."), |line| line.trim().to_owned());
        let mut doc = wrapped(&format!("\"\"\"{}", escaped(&first)), 108);
        doc.push(String::new());
        doc.extend(wrapped(&format!("{}.", shapes.join(", ")), 108));
        doc.extend(wrapped(
            "Returns a tensor without dimensions: float64 if an input is, otherwise float32, which half precision is \
             computed in.",
            108,
        ));
        if !self.batch.is_empty() {
            doc.extend(wrapped(
                "Every process of `group` gives its part of the batch, as much as the others, and gets the value of the \
                 whole and the gradient of that by its part. Gradients by parts are to be summed over the processes; \
                 `average=True` where they are averaged instead, as DistributedDataParallel does. `check=False` leaves \
                 out the test that the parts are of one size, for which the device is waited for.",
                108,
            ));
        }
        doc.push("\"\"\"".to_owned());
        text.push_str(&indented(&doc, 4));
        text.push_str(&indented(&lines, 4));
        Ok(text)
    }

    fn signature(&self) -> String {
        let mut parts = Vec::new();
        let first = self.parameters.iter().position(|parameter| parameter.default.is_some());
        let after = first.is_some_and(|first| self.parameters[first..].iter().any(|p| p.default.is_none()));
        for (i, parameter) in self.parameters.iter().enumerate() {
            if after && first == Some(i) {
                parts.push("*".to_owned());
            }
            parts.push(match &parameter.default {
                Some(default) => format!("{}={default}", parameter.python),
                None => parameter.python.clone(),
            });
        }
        if !self.batch.is_empty() {
            parts.extend(["group=None", "average=False", "check=True"].map(str::to_owned));
        }
        parts.join(", ")
    }

    /// Tests of what the definition requires of the sizes. What it requires of entries is not tested: a device would have to
    /// be waited for.
    fn requirements(&self) -> Result<Vec<String>, Diagnostic> {
        let source = &self.plan.source;
        let conditions: Vec<NodeId> = source.requirements.iter().map(|requirement| requirement.condition).collect();
        let unfit = |mismatch: crate::ir::Mismatch| Diagnostic::new(Code::E0811, mismatch.to_string());
        let (graph, parts) = source.graph.with_constants(&conditions, &self.plan.constants).map_err(unfit)?;
        let mut lines = Vec::new();
        for part in parts {
            let below = graph.reachable(&[part]);
            let inputs: Vec<InputId> = below.iter().filter_map(|id| graph.as_input(*id)).collect();
            let number = |input: &&InputId| graph.inputs()[input.0 as usize].ty.is_real_scalar();
            let nothing = inputs.is_empty() && !below.iter().any(|id| matches!(graph.op(*id), Op::Size(_)));
            if nothing || !inputs.iter().all(|input| number(&input)) {
                continue;
            }
            let Some((text, names)) = self.condition(&lower(&graph, &[], &[part])) else { continue };
            let given: Vec<String> =
                names.iter().map(|name| format!("not isinstance({name}, torch.Tensor) and ")).collect();
            lines.push(format!("if {}not ({text}):", given.join("")));
            lines.push(format!("    raise ValueError(\"{}: {text} is required\")", self.function));
        }
        Ok(lines)
    }

    /// A condition of numbers and sizes as Python's own numbers have it, and the names of the numbers.
    fn condition(&self, program: &Program) -> Option<(String, Vec<String>)> {
        let graph = &self.plan.source.graph;
        let named = program.inputs.iter().map(|(input, register)| {
            let name = &graph.inputs()[input.0 as usize].name;
            let parameter = self.parameters.iter().find(|parameter| parameter.name == *name)?;
            Some((*register, parameter.python.clone()))
        });
        let named: BTreeMap<Register, String> = named.collect::<Option<_>>()?;
        let mut writer = Writer::new(&[], &[], Names::new(), &self.sizing.names, &[], BTreeMap::new());
        let text = match program.steps.as_slice() {
            // A condition of sizes alone.
            [step] if matches!(step.call, Call::Full(_)) => match &step.args[0] {
                Arg::Number(number) => writer.number(number).text,
                Arg::Tensor(_) => return None,
            },
            [step] => {
                let Call::Entrywise(call) = step.call else { return None };
                let operands = step.args.iter().map(|arg| match arg {
                    Arg::Number(number) => Some(writer.number(number).at(Level::Sum)),
                    Arg::Tensor(register) => named.get(register).cloned(),
                });
                filled(call.python_of_numbers(), &operands.collect::<Option<Vec<_>>>()?)
            }
            _ => return None,
        };
        Some((text, named.into_values().collect()))
    }
}
