//! What holds of every text and every tree: printing and parsing are inverse, and no text makes the parser panic.

use std::time::{Duration, Instant};

use loewner::base::FileId;
use loewner::syntax::ast::*;
use loewner::syntax::{
    CONTEXTUAL, KEYWORDS, OPERATORS, Spelling, parse_bindings, parse_expr, parse_program, print_expr, print_program,
    strip_spans,
};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn ident() -> impl Strategy<Value = Ident> {
    let usual = "[a-zA-Zα-ω_][a-zA-Z0-9_]{0,5}".prop_filter("a keyword", |name| !KEYWORDS.contains(&name.as_str()));
    prop_oneof![4 => usual, 1 => select(CONTEXTUAL).prop_map(str::to_string)]
        .prop_map(|name| Ident { name, span: Default::default() })
}

fn text() -> impl Strategy<Value = Text> {
    let quoted = "[ !#-~∘λ]{0,12}";
    prop_oneof![quoted.prop_map(String::from), ident().prop_map(|ident| ident.name)]
        .prop_map(|text| Text { text, span: Default::default() })
}

fn docs() -> impl Strategy<Value = Vec<Text>> {
    let line = "[ -~α-ω]{0,20}".prop_map(|line: String| line.trim_end().to_string());
    vec(line.prop_map(|text| Text { text, span: Default::default() }), 0..3)
}

fn place(kind: ExprKind) -> Expr {
    Expr { kind, span: Default::default() }
}

fn number() -> impl Strategy<Value = ExprKind> {
    (prop_oneof![0u64..100, any::<u64>()], -40i32..40, any::<bool>()).prop_map(|(digits, exponent, imaginary)| {
        let power = BigRational::from_integer(BigInt::from(10)).pow(exponent);
        ExprKind::Number { value: BigRational::from_integer(digits.into()) * power, imaginary }
    })
}

fn relations() -> impl Strategy<Value = Vec<Relation>> {
    use Relation::*;
    prop_oneof![
        vec(select(vec![Lt, Le, Eq]), 1..4),
        vec(select(vec![Gt, Ge, Eq]), 1..4),
        vec(select(vec![LoewnerLe, Eq]), 1..3),
        vec(select(vec![LoewnerGe, Eq]), 1..3),
        Just(vec![Ne]),
    ]
}

fn operators() -> impl Strategy<Value = Vec<Binary>> {
    use Binary::*;
    prop_oneof![vec(select(vec![Add, Sub]), 1..4), vec(select(vec![Mul, Div, Hadamard, EntryDiv, Kron]), 1..4)]
}

fn args(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<Arg>> {
    (vec(inner.clone(), 0..3), vec((ident(), inner), 0..2)).prop_map(|(positional, named)| {
        let positional = positional.into_iter().map(|value| Arg { name: None, value });
        positional.chain(named.into_iter().map(|(name, value)| Arg { name: Some(name), value })).collect()
    })
}

fn bindings(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<Binding>> {
    vec((ident(), inner).prop_map(|(name, value)| Binding { name, value }), 1..3)
}

/// Operands joined by operators: as many of them as there are operators, after the first.
fn joined<T: Copy + std::fmt::Debug>(
    operators: impl Strategy<Value = Vec<T>>,
    inner: BoxedStrategy<Expr>,
) -> impl Strategy<Value = (Box<Expr>, Vec<(T, loewner::base::Span, Expr)>)> {
    (operators, inner.clone(), vec(inner, 4)).prop_map(|(operators, first, operands)| {
        let links =
            operators.into_iter().zip(operands).map(|(operator, operand)| (operator, Default::default(), operand));
        (Box::new(first), links.collect())
    })
}

fn expr() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        number(),
        ident().prop_map(|ident| ExprKind::Name(ident.name)),
        select(vec!["rows", "cols", ""]).prop_map(|text| ExprKind::Str(text.into())),
    ]
    .prop_map(place);
    leaf.prop_recursive(5, 40, 4, |inner| {
        let inner = inner.boxed();
        let one = || inner.clone().prop_map(Box::new);
        prop_oneof![
            (ident(), args(inner.clone())).prop_map(|(callee, args)| ExprKind::Call { callee, args }),
            (one(), vec(inner.clone(), 1..3)).prop_map(|(base, indices)| ExprKind::Index { base, indices }),
            one().prop_map(ExprKind::Adjoint),
            (one(), one(), any::<bool>()).prop_map(|(base, exponent, entrywise)| ExprKind::Power {
                base,
                exponent,
                entrywise
            }),
            one().prop_map(ExprKind::Negate),
            joined(operators(), inner.clone()).prop_map(|(first, rest)| ExprKind::Chain { first, rest }),
            joined(relations(), inner.clone()).prop_map(|(first, rest)| ExprKind::Compare { first, rest }),
            one().prop_map(ExprKind::Not),
            vec(inner.clone(), 2..4).prop_map(ExprKind::And),
            vec(inner.clone(), 2..4).prop_map(ExprKind::Or),
            (one(), one()).prop_map(|(left, right)| ExprKind::Implies(left, right)),
            (one(), one(), one()).prop_map(|(condition, then, otherwise)| ExprKind::If { condition, then, otherwise }),
            (bindings(inner.clone()), one()).prop_map(|(bindings, body)| ExprKind::Let { bindings, body }),
            vec(inner.clone(), 1..4).prop_map(ExprKind::Vector),
            (1usize..4).prop_flat_map({
                let inner = inner.clone();
                move |columns| vec(vec(inner.clone(), columns), 1..3).prop_map(ExprKind::Matrix)
            }),
        ]
        .prop_map(place)
    })
    .boxed()
}

fn domain() -> impl Strategy<Value = Domain> {
    prop_oneof![
        (ident(), vec(expr(), 0..3), any::<bool>()).prop_map(|(name, sizes, complex)| DomainKind::Named {
            name,
            sizes,
            complex: complex.then(Default::default),
        }),
        (expr(), expr()).prop_map(|(lo, hi)| DomainKind::Range { lo, hi }),
        (expr(), any::<bool>(), expr(), any::<bool>())
            .prop_map(|(lo, lo_closed, hi, hi_closed)| DomainKind::Interval { lo, lo_closed, hi, hi_closed }),
        vec(expr(), 1..4).prop_map(DomainKind::Finite),
    ]
    .prop_map(|kind| Domain { kind, span: Default::default() })
}

fn claim() -> impl Strategy<Value = Claim> {
    let kind = prop_oneof![
        3 => expr().prop_map(ClaimKind::Condition),
        1 => (expr(), expr(), expr(), ident(), expr())
            .prop_map(|(f, g, order, variable, limit)| ClaimKind::Asymptotic { f, g, order, variable, limit }),
    ];
    let equality = prop_oneof![expr().prop_map(Equality::Iff), bindings(expr()).prop_map(Equality::At)];
    (option::of(text()), kind, option::of(equality)).prop_map(|(label, kind, equality)| Claim {
        label,
        kind,
        equality,
        span: Default::default(),
    })
}

fn proof() -> impl Strategy<Value = Proof> {
    let step = (option::of(expr()), prop_oneof![relations()], expr(), vec(text(), 0..3));
    (expr(), vec(step, 1..4)).prop_map(|(first, steps)| {
        let mut steps: Vec<Step> = steps
            .into_iter()
            .map(|(left, relations, right, by)| Step {
                left,
                relation: relations[0],
                right,
                by,
                span: Default::default(),
            })
            .collect();
        // A step without lemmas is continued by the next one, and the first step stands on its own.
        for index in 1..steps.len() {
            if steps[index - 1].by.is_empty() {
                steps[index].left = None;
            }
        }
        steps[0].left = Some(first);
        Proof { steps, span: Default::default() }
    })
}

fn statement() -> impl Strategy<Value = Statement> {
    let group = (vec(ident(), 1..3), domain()).prop_map(|(names, domain)| Quantified { names, domain });
    prop_oneof![
        vec(group, 1..3).prop_map(Statement::Forall),
        bindings(expr()).prop_map(Statement::Let),
        expr().prop_map(Statement::Assume),
        claim().prop_map(|claim| Statement::Claim(Box::new(claim))),
        select(vec![Expect::Refuted, Expect::Vacuous]).prop_map(|expect| Statement::Expect(expect, Default::default())),
        proof().prop_map(Statement::Proof),
    ]
}

fn item() -> impl Strategy<Value = Item> {
    let param = (ident(), option::of(domain()), option::of(expr())).prop_map(|(name, domain, default)| Param {
        name,
        domain,
        default,
    });
    let def = (docs(), ident(), vec(param, 0..3), option::of(domain()), option::of(expr()), expr()).prop_map(
        |(doc, name, params, result, requires, body)| {
            Item::Def(Def { doc, name, params, result, requires, body, span: Default::default() })
        },
    );
    let theorem = (docs(), text(), vec(statement(), 0..4))
        .prop_map(|(doc, name, statements)| Item::Theorem(Theorem { doc, name, statements, span: Default::default() }));
    let import = text().prop_map(|path| Item::Import(Import { path, span: Default::default() }));
    prop_oneof![1 => import, 2 => def, 2 => theorem]
}

/// Tokens, whole and broken, to be strewn about.
fn soup() -> impl Strategy<Value = String> {
    let signs =
        "( ) [ ] { } , ; : = -> ' .. . ~ ! && @ \" ² ᵀ − ≼ “ | \n #x\n ##d\n 1 0.5 2i 1e 1. .5 x K f( O(h) as inf";
    let mut tokens: Vec<&'static str> = signs.split(' ').collect();
    tokens.extend(KEYWORDS);
    tokens.extend(CONTEXTUAL);
    tokens.extend(OPERATORS.iter().flat_map(|(.., spellings)| spellings.iter()));
    let spaced = vec((select(tokens), select(vec!["", " ", "\n"])), 0..60);
    spaced.prop_map(|parts| parts.into_iter().flat_map(|(token, space)| [token, space]).collect())
}

/// Parses in every way, and checks what holds of every text.
fn parse_all_ways(text: &str) -> Result<(), TestCaseError> {
    let file = FileId(0);
    let program = parse_program(file, text);
    let expr = parse_expr(file, text);
    let bindings = parse_bindings(file, text);
    let diagnostics = [&program.diagnostics, &expr.diagnostics, &bindings.diagnostics];
    for label in diagnostics.into_iter().flatten().flat_map(|diagnostic| &diagnostic.labels) {
        let (start, end) = (label.span.start as usize, label.span.end as usize);
        prop_assert!(text.get(start..end).is_some(), "{label:?} lies outside the text or splits a character");
    }
    prop_assert!(expr.value.is_some() || !expr.diagnostics.is_empty(), "no value and no reason");
    prop_assert!(!program.diagnostics.is_empty() || same_again(&program.value, Spelling::Unicode), "printed otherwise");
    Ok(())
}

fn same_again(program: &Program, spelling: Spelling) -> bool {
    let text = print_program(program, spelling);
    let again = parse_program(FileId(0), &text);
    let same = again.diagnostics.is_empty() && strip_spans(again.value) == strip_spans(program.clone());
    if !same {
        println!("{text}\n{:#?}", again.diagnostics);
    }
    same
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn parsing_inverts_printing_of_expressions(expr in expr(), spelling in select(vec![Spelling::Ascii, Spelling::Unicode])) {
        let text = print_expr(&expr, spelling);
        let parsed = parse_expr(FileId(0), &text);
        prop_assert_eq!(&parsed.diagnostics, &vec![], "{}", text);
        prop_assert_eq!(parsed.value.map(strip_spans), Some(expr), "{}", text);
    }

    #[test]
    fn parsing_inverts_printing_of_programs(
        items in vec(item(), 0..4),
        spelling in select(vec![Spelling::Ascii, Spelling::Unicode]),
    ) {
        let program = Program { items };
        prop_assert!(same_again(&program, spelling));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "\\PC{0,200}|.{0,200}") {
        parse_all_ways(&text)?;
    }

    #[test]
    fn no_bytes_make_the_parser_panic(bytes in vec(any::<u8>(), 0..300)) {
        parse_all_ways(&String::from_utf8_lossy(&bytes))?;
    }

    #[test]
    fn no_tokens_make_the_parser_panic(text in soup()) {
        parse_all_ways(&text)?;
        parse_all_ways(&format!("theorem \"t\" {{ claim {text} }}"))?;
        parse_all_ways(&format!("def f(x) = {text}"))?;
    }

    #[test]
    fn a_broken_statement_takes_no_other_with_it(text in soup()) {
        // Whatever the strewn text opens, the next `def` begins a definition.
        let text = format!("def first(x) = x\ndef broken(x) = {text}\ndef last(x) = x\n");
        let names: Vec<String> = parse_program(FileId(0), &text).value.items.into_iter().filter_map(|item| match item {
            Item::Def(def) => Some(def.name.name),
            Item::Import(_) | Item::Theorem(_) => None,
        }).collect();
        prop_assert!(names.contains(&"first".to_string()) && names.contains(&"last".to_string()), "{}", text);
    }
}

#[test]
fn deep_nesting_is_one_mistake_and_no_overflow() {
    let count = 100_000;
    let repeated = [
        "(",
        "[",
        "-",
        "not ",
        "if ",
        "let a = ",
        "a^",
        "a .^ ",
        "f(",
        "a[",
        "a implies ",
        "if a then b else ",
        "1+(",
        "let a = 1 in ",
        "a*[1;2,",
        "-(not ",
        "a - -(",
        "f(x = ",
    ];
    let mut texts: Vec<String> = repeated.iter().map(|part| part.repeat(count)).collect();
    texts.push(format!("a{}", "'".repeat(count)));
    texts.push(format!("a{}", "[1]".repeat(count)));
    texts.push(format!("{}a{}", "(".repeat(count), ")".repeat(count)));
    texts.push(format!("{}a{}", "(".repeat(150), "'')".repeat(150)));
    for text in texts {
        let start: String = text.chars().take(20).collect();
        // Two MB is what a thread of the test harness or of rayon has.
        let parsed = std::thread::Builder::new()
            .stack_size(2 << 20)
            .spawn(move || {
                let started = Instant::now();
                let codes =
                    |parsed: Vec<loewner::base::Diagnostic>| parsed.into_iter().map(|d| d.code).collect::<Vec<_>>();
                let expr = codes(parse_expr(FileId(0), &text).diagnostics);
                let def = codes(parse_program(FileId(0), &format!("def f(x) = {text}")).diagnostics);
                (expr, def, started.elapsed())
            })
            .expect("a thread can be started")
            .join()
            .expect("parsing neither panics nor overflows");
        assert_eq!(parsed.0, [loewner::base::Code::E0105], "{start}");
        assert_eq!(parsed.1, [loewner::base::Code::E0105], "{start}");
        assert!(parsed.2 < Duration::from_secs(2), "{start} took {:?}", parsed.2);
    }
}

#[test]
fn nesting_within_the_bound_is_fine() {
    for text in
        [format!("{}a{}", "(".repeat(199), ")".repeat(199)), format!("a{}", "'".repeat(198)), "-".repeat(198) + "a"]
    {
        assert_eq!(parse_expr(FileId(0), &text).diagnostics, [], "{text}");
    }
}

#[test]
fn long_flat_texts_take_linear_time() {
    let count = 100_000;
    let texts = [
        format!("a{}", " + a".repeat(count)),
        format!("a{}", " * 2".repeat(count)),
        format!("a{}", " and a".repeat(count)),
        format!("a{}", " <= a".repeat(count)),
        format!("[a{}]", ", a".repeat(count)),
        format!("[a{}]", "; a".repeat(count)),
        format!("f(a{})", ", a".repeat(count)),
        "9".repeat(1_000_000),
        format!("1e{}", "9".repeat(1_000_000)),
        ". ".repeat(count),
        "\"a".repeat(count),
        "? ".repeat(count),
        "\u{1f600}".repeat(count),
        "theorem \"t\" { forall x in (a ".repeat(count),
        format!("theorem \"t\" {{ {} }}", "forall x in (a ".repeat(count)),
        format!("def f({}", "x: (a, ".repeat(count)),
        "a".repeat(1_000_000),
        format!("a{}", "ᵀ".repeat(count)),
        format!("theorem {}", "a".repeat(1_000_000)),
        "claim ".repeat(count),
        "} ".repeat(count),
        "# ".repeat(count),
        "##\n".repeat(count),
        "\n".repeat(count),
        "1.2.3.".repeat(count),
        "1e".repeat(count),
    ];
    for text in texts {
        let started = Instant::now();
        for diagnostics in [parse_expr(FileId(0), &text).diagnostics, parse_program(FileId(0), &text).diagnostics] {
            assert!(diagnostics.len() <= 100, "{text:.20}");
            let longest = diagnostics.iter().flat_map(|d| d.help.iter().chain([&d.message])).map(String::len).max();
            assert!(longest < Some(300), "a message repeats the text {text:.20}");
        }
        assert!(started.elapsed() < Duration::from_secs(2), "{:.20} took {:?}", text, started.elapsed());
    }
}

#[test]
fn ten_thousand_lines_parse_quickly() {
    let theorem = "theorem \"t\" {\n    forall n in 1..32, mu in (0, 10]\n    forall K1, K2: Corr[n]\n    let J = K1 ∘ K2\n    \
                   claim tcr(J, mu^2 + 2*mu) >= tcr(K1, mu) + tcr(K2, mu)\n}\n\n## Doc.\ndef f(K: Psd[n], a = 0.5) =\n    \
                   if a > 1 then trace(K^a) else log(trace(K * K')) / (1 - a)\n\n";
    let text = theorem.repeat(10_000 / theorem.lines().count());
    let started = Instant::now();
    let parsed = parse_program(FileId(0), &text);
    let elapsed = started.elapsed();
    assert_eq!(parsed.diagnostics, []);
    println!("{} lines in {elapsed:?}", text.lines().count());
    // In release it takes a hundredth of this; the bound holds on a loaded machine and without optimisation.
    assert!(elapsed < Duration::from_secs(3), "{elapsed:?}");
}
