//! How fast this machine does each kind of work that `rewrite::cost` tells apart, through the evaluator.
//!
//! `cargo xtask calibrate` runs it: `-- --rates` prints the rates, `-- --check` compares what the model says with what is
//! measured, at shapes that the rates were not taken from. Without either, as under `cargo test`, small cases are tried.
//!
//! The least time of several runs counts: whatever else the machine does only adds to it.

use std::time::Instant;

use loewner::eval::{Entries, Plan, Workspace};
use loewner::ir::{Dim, Facts, Graph, Input, InputId, NodeId, Op, Property, ScalarFn, Shape, Type, Zip};
use loewner::rewrite::cost::{Class, Model};

/// The least time that the runs of one measurement take together, in seconds, and how many there are at least.
const TIME: f64 = 0.25;
const RUNS: usize = 3;

/// How many operations the fused chain has that the rate of arithmetic is taken from.
const CHAIN: usize = 9;

/// One thing to measure.
struct Case {
    class: Class,
    label: String,
    graph: Graph,
    root: NodeId,
}

impl Case {
    fn new(class: Class, (m, n): (i64, i64)) -> Case {
        let mut g = Graph::new();
        let root = build(&mut g, class, (m, n)).expect("the operands fit");
        Case { class, label: format!("{m}x{n}"), graph: g, root }
    }

    /// The seconds of one evaluation.
    fn seconds(&self) -> f64 {
        let plan = Plan::<f64>::compile(&self.graph, &[self.root]).expect("the sizes are known");
        let mut ws = Workspace::new(&plan);
        for (i, input) in self.graph.inputs().iter().enumerate() {
            let definite = input.facts.has(Property::Hermitian);
            let Some(target) = ws.input_mut(InputId(i as u32)) else { continue };
            let (rows, Entries::Real(x)) = (target.rows, target.entries) else { continue };
            fill(x, rows, definite, i as u64);
        }
        let (mut least, mut spent, mut runs) = (f64::INFINITY, 0.0, 0);
        // Short runs are timed together: the clock itself takes some time.
        let mut batch = 1;
        while spent < TIME || runs < RUNS {
            let start = Instant::now();
            for _ in 0..batch {
                plan.run(&mut ws).expect("the case has a value");
            }
            let time = start.elapsed().as_secs_f64();
            if time < 1e-4 && spent < TIME {
                batch *= 4;
                continue;
            }
            least = least.min(time / f64::from(batch));
            (spent, runs) = (spent + time, runs + 1);
        }
        least
    }
}

/// A deterministic matrix; a definite one is I plus something small and symmetric.
fn fill(x: &mut [f64], rows: usize, definite: bool, seed: u64) {
    let mut state = (seed + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    };
    x.iter_mut().for_each(|x| *x = next());
    if definite {
        for j in 0..rows {
            for i in 0..j {
                let entry = x[j * rows + i] / (rows as f64).sqrt();
                (x[j * rows + i], x[i * rows + j]) = (entry, entry);
            }
            x[j * rows + j] = 2.0;
        }
    } else {
        x.iter_mut().for_each(|x| *x += 1.0);
    }
}

fn build(g: &mut Graph, class: Class, (m, n): (i64, i64)) -> Result<NodeId, loewner::ir::Mismatch> {
    let mut input = |rows: i64, cols: i64, properties: &[Property]| {
        let mut facts = Facts::new();
        properties.iter().for_each(|property| facts.yes(*property, "the benchmark makes it so"));
        let ty = Type::real(Shape::Matrix(Dim::constant(rows), Dim::constant(cols)));
        g.input(Input { name: "A".into(), ty, facts })
    };
    match class {
        Class::Product => {
            let (a, b) = (input(m, n, &[]), input(n, m, &[]));
            g.multiply(a, b)
        }
        Class::HermitianProduct => {
            let z = input(m, n, &[]);
            let adjoint = g.adjoint(z)?;
            g.multiply(z, adjoint)
        }
        Class::Cholesky => {
            let a = input(m, m, &[Property::Pd]);
            g.make(Op::LogDet, vec![a])
        }
        Class::Lu => {
            // The logarithm would have no value where the determinant is negative.
            let a = input(m, m, &[]);
            g.make(Op::Det, vec![a])
        }
        Class::Eigenvalues => {
            let a = input(m, m, &[Property::Hermitian]);
            g.make(Op::Eigenvalues, vec![a])
        }
        Class::Eigenvectors => {
            let a = input(m, m, &[Property::Hermitian]);
            g.make(Op::Spectral(ScalarFn::Exp), vec![a])
        }
        Class::SingularValues => {
            let a = input(m, n, &[]);
            g.make(Op::SingularValues, vec![a])
        }
        Class::SingularVectors => {
            let a = input(m, n, &[]);
            let values = g.make(Op::SingularValues, vec![a])?;
            let one = g.integer(1)?;
            let weights = g.like(one, values)?;
            g.make(Op::SingularSum, vec![a, weights])
        }
        // One pass of sums: it gives the bandwidth; the chain below gives the arithmetic.
        Class::Arithmetic => {
            let (a, b) = (input(m, n, &[]), input(m, n, &[]));
            g.add(a, b)
        }
        Class::Function => {
            let a = input(m, n, &[]);
            g.map(ScalarFn::Exp, a)
        }
        Class::Arrange => {
            let a = input(m, n, &[]);
            g.adjoint(a)
        }
    }
}

/// A chain of sums and products in one pass.
fn chain((m, n): (i64, i64)) -> Case {
    let mut case = Case::new(Class::Arithmetic, (m, n));
    let g = &mut case.graph;
    let first = g.input_node(InputId(0)).expect("the case has two inputs");
    for i in 1..CHAIN {
        let zip = if i % 2 == 0 { Zip::Add } else { Zip::Mul };
        case.root = g.zip(zip, case.root, first).expect("one shape");
    }
    case
}

/// Rates of one class, from the least amount of work to the greatest.
fn rates(class: Class, sizes: &[(i64, i64)], model: &Model, known: &str) -> String {
    let mut text = String::new();
    let plain = Model::plain(f64::INFINITY);
    let known = Model::parse(known);
    for size in sizes {
        let case = Case::new(class, *size);
        let seconds = case.seconds();
        let cost = plain.cost(&case.graph, case.root);
        // What other classes take part in it, by the rates that are known by now, is not this one's.
        let own = operations(class, *size).unwrap_or(cost.flops);
        let rest = known.as_ref().map_or(0.0, |known| (cost.flops - own) / known.rate(Class::Product, cost.flops));
        let traffic = cost.bytes / model.bandwidth(cost.bytes);
        let arithmetic = f64::max(seconds - rest - traffic - model.overhead, 0.2 * seconds);
        text += &format!("{},{own:.4e},{:.4e}\n", class.name(), own / arithmetic);
        eprintln!("  {} {}: {seconds:.3e} s", class.name(), case.label);
    }
    text
}

/// The operations of the decomposition alone in a case that multiplies, too.
fn operations(class: Class, (m, n): (i64, i64)) -> Option<f64> {
    let (m, n) = (m as f64, n as f64);
    match class {
        Class::Eigenvectors => Some(9.0 * m * m * m),
        Class::SingularVectors => {
            let mut g = Graph::new();
            let root = build(&mut g, class, (m as i64, n as i64)).ok()?;
            Some(Model::plain(1.0).cost(&g, root).flops - 2.0 * m * n * m.min(n))
        }
        Class::Product
        | Class::HermitianProduct
        | Class::Cholesky
        | Class::Lu
        | Class::Eigenvalues
        | Class::SingularValues
        | Class::Arithmetic
        | Class::Function
        | Class::Arrange => None,
    }
}

fn squares(sizes: &[i64]) -> Vec<(i64, i64)> {
    sizes.iter().map(|n| (*n, *n)).collect()
}

fn print_rates() {
    let mut text = String::new();
    let scalar = Case::new(Class::Arithmetic, (1, 1));
    let overhead = scalar.seconds();
    text += &format!("overhead,1,{overhead:.4e}\n");
    let passes = squares(&[8, 24, 72, 200, 512, 1024, 2048]);
    let mut arithmetic = String::new();
    for size in &passes {
        let one = Case::new(Class::Arithmetic, *size);
        let (one_pass, several) = (one.seconds(), chain(*size).seconds());
        let entries = (size.0 * size.1) as f64;
        let bytes = 24.0 * entries;
        let each = f64::max((several - one_pass) / (CHAIN - 1) as f64, 0.02 * one_pass);
        let traffic = f64::max(one_pass - overhead - each, 0.1 * one_pass);
        text += &format!("bandwidth,{bytes:.4e},{:.4e}\n", bytes / traffic);
        arithmetic += &format!("arithmetic,{entries:.4e},{:.4e}\n", entries / each);
    }
    text += &arithmetic;
    // The classes that are not measured yet do not matter for what is asked of the model below.
    let stub: String = Class::ALL.iter().map(|class| format!("{},1,1e10\n", class.name())).collect();
    let model = Model::parse(&format!("{text}{stub}")).expect("bandwidth, overhead and arithmetic are measured");
    text += &rates(Class::Arrange, &squares(&[8, 32, 128, 512, 1024, 2048]), &model, "");
    text += &rates(Class::Function, &squares(&[8, 32, 128, 512]), &model, "");
    let products = squares(&[8, 16, 24, 32, 64, 128, 256, 512, 1024, 2048]);
    text += &rates(Class::Product, &products, &model, "");
    text += &rates(Class::HermitianProduct, &products, &model, "");
    text += &rates(Class::Cholesky, &squares(&[8, 16, 32, 48, 64, 128, 256, 512, 1024, 2048]), &model, "");
    text += &rates(Class::Lu, &squares(&[8, 16, 32, 64, 128, 256, 512, 1024]), &model, "");
    let known = format!("{text}{stub}");
    let most = squares(&[8, 16, 32, 64, 128, 256, 512, 1024]);
    text += &rates(Class::Eigenvalues, &most, &model, "");
    text += &rates(Class::Eigenvectors, &most, &model, &known);
    text += &rates(Class::SingularValues, &most, &model, "");
    text += &rates(Class::SingularVectors, &squares(&[8, 16, 32, 64, 128, 256, 512]), &model, &known);
    println!("class,operations,per_second\n{}", text.trim_end());
}

/// Shapes between and beside those that the rates were taken from.
fn print_check() {
    let all = squares(&[12, 48, 100, 400, 768]);
    let mut wide = all.clone();
    wide.extend([(128, 1024), (1024, 128), (768, 1024)]);
    println!("class,size,flops,bytes,modelled_seconds,measured_seconds,ratio");
    for class in Class::ALL {
        let square = matches!(
            class,
            Class::Cholesky | Class::Lu | Class::Eigenvalues | Class::Eigenvectors | Class::SingularVectors
        );
        for size in if square { &all } else { &wide } {
            let case = Case::new(*class, *size);
            let (cost, measured) = (Model::builtin().total(&case.graph, &[case.root]), case.seconds());
            println!(
                "{},{},{:.3e},{:.3e},{:.3e},{measured:.3e},{:.2}",
                case.class.name(),
                case.label,
                cost.flops,
                cost.bytes,
                cost.seconds,
                cost.seconds / measured
            );
        }
    }
}

fn main() {
    let has = |name: &str| std::env::args().any(|argument| argument == name);
    if has("--rates") {
        print_rates();
    } else if has("--check") {
        print_check();
    } else {
        for class in Class::ALL {
            let case = Case::new(*class, (6, 4));
            let plan = Plan::<f64>::compile(&case.graph, &[case.root]);
            assert!(plan.is_ok_and(|plan| !plan.is_empty()), "{} is not evaluated", class.name());
        }
        println!("each kind of work has a case");
    }
}
