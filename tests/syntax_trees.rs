//! Which tree a text has: precedence, associativity, and the forms of statements, written as S-expressions.

use loewner::base::{Code, FileId, Sources};
use loewner::syntax::ast::*;
use loewner::syntax::{Spelling, parse_bindings, parse_expr, parse_program, print_expr, print_program};

/// A tree as an S-expression, every grouping visible.
fn shape(expr: &Expr) -> String {
    let list = |exprs: &[Expr]| exprs.iter().map(shape).collect::<Vec<_>>().join(" ");
    match &expr.kind {
        ExprKind::Number { value, imaginary } => format!("{value}{}", if *imaginary { "i" } else { "" }),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Str(text) => format!("{text:?}"),
        ExprKind::Call { callee, args } => {
            let args = args.iter().map(|arg| match &arg.name {
                Some(name) => format!(" {}={}", name.name, shape(&arg.value)),
                None => format!(" {}", shape(&arg.value)),
            });
            format!("(call {}{})", callee.name, args.collect::<String>())
        }
        ExprKind::Index { base, indices } => format!("(index {} {})", shape(base), list(indices)),
        ExprKind::Adjoint(inner) => format!("(' {})", shape(inner)),
        ExprKind::Power { base, exponent, entrywise } => {
            format!("({} {} {})", if *entrywise { ".^" } else { "^" }, shape(base), shape(exponent))
        }
        ExprKind::Negate(inner) => format!("(- {})", shape(inner)),
        ExprKind::Chain { first, rest } => {
            let rest = rest.iter().map(|(operator, _, operand)| format!(" {operator:?} {}", shape(operand)));
            format!("({}{})", shape(first), rest.collect::<String>())
        }
        ExprKind::Compare { first, rest } => {
            let rest = rest.iter().map(|(relation, _, operand)| format!(" {relation:?} {}", shape(operand)));
            format!("(cmp {}{})", shape(first), rest.collect::<String>())
        }
        ExprKind::Not(inner) => format!("(not {})", shape(inner)),
        ExprKind::And(operands) => format!("(and {})", list(operands)),
        ExprKind::Or(operands) => format!("(or {})", list(operands)),
        ExprKind::Implies(left, right) => format!("(implies {} {})", shape(left), shape(right)),
        ExprKind::If { condition, then, otherwise } => {
            format!("(if {} {} {})", shape(condition), shape(then), shape(otherwise))
        }
        ExprKind::Let { bindings, body } => format!("(let{} {})", bound(bindings), shape(body)),
        ExprKind::Vector(entries) => format!("(vec {})", list(entries)),
        ExprKind::Matrix(rows) => {
            format!("(mat {})", rows.iter().map(|row| format!("[{}]", list(row))).collect::<Vec<_>>().join(" "))
        }
    }
}

fn bound(bindings: &[Binding]) -> String {
    bindings.iter().map(|binding| format!(" {}={}", binding.name.name, shape(&binding.value))).collect()
}

fn tree(text: &str) -> String {
    let parsed = parse_expr(FileId(0), text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    shape(&parsed.value.expect("an expression without mistakes has a value"))
}

fn statements(text: &str) -> Vec<Statement> {
    let parsed = parse_program(FileId(0), &format!("theorem \"t\" {{\n{text}\n}}"));
    assert_eq!(parsed.diagnostics, [], "{text}");
    match parsed.value.items.into_iter().next() {
        Some(Item::Theorem(theorem)) => theorem.statements,
        other => panic!("expected a theorem, found {other:?}"),
    }
}

#[test]
fn every_level_binds_as_the_table_says() {
    let cases = [
        // Calls, indices and adjoints bind tightest, and apply from left to right.
        ("f(x)'[1]", "(index (' (call f x)) 1)"),
        ("K[i, j]^2", "(^ (index K i j) 2)"),
        ("A'^2", "(^ (' A) 2)"),
        ("A^B'", "(^ A (' B))"),
        ("A''", "(' (' A))"),
        // Powers bind tighter than the minus before them, and group to the right.
        ("-A^2", "(- (^ A 2))"),
        ("2^-x^2", "(^ 2 (- (^ x 2)))"),
        ("a^b^c", "(^ a (^ b c))"),
        ("a^b .^ c", "(^ a (.^ b c))"),
        ("A^-1*B", "((^ A (- 1)) Mul B)"),
        // Negation binds tighter than products, on either side.
        ("-a*b", "((- a) Mul b)"),
        ("a*-b", "(a Mul (- b))"),
        ("a - -b", "(a Sub (- b))"),
        ("--a", "(- (- a))"),
        // All products are one level, to the left.
        ("a*b/c", "(a Mul b Div c)"),
        ("a .* b ∘ c ./ d ⊗ e", "(a Hadamard b Hadamard c EntryDiv d Kron e)"),
        ("a*(b*c)", "(a Mul (b Mul c))"),
        ("(a*b)*c", "((a Mul b) Mul c)"),
        // Sums are one level, to the left.
        ("a + b*c - d", "(a Add (b Mul c) Sub d)"),
        ("a - (b - c)", "(a Sub (b Sub c))"),
        // Relations chain.
        ("a + 1 <= b < c == d", "(cmp (a Add 1) Le b Lt c Eq d)"),
        ("a ≤ b", "(cmp a Le b)"),
        ("A ⪯ B <<= C", "(cmp A LoewnerLe B LoewnerLe C)"),
        ("A ⪰ B >>= C", "(cmp A LoewnerGe B LoewnerGe C)"),
        ("a ≠ b", "(cmp a Ne b)"),
        ("a ≥ b > c", "(cmp a Ge b Gt c)"),
        // `not` reaches over relations, `and` over `not`, `or` over `and`, `implies` over all.
        ("not a == b and c", "(and (not (cmp a Eq b)) c)"),
        ("not not a", "(not (not a))"),
        ("a and b or c and d", "(or (and a b) (and c d))"),
        ("a and not b", "(and a (not b))"),
        ("a or b implies c implies d", "(implies (or a b) (implies c d))"),
        // `if` and `let` reach as far as they can.
        ("if a then b else c + d", "(if a b (c Add d))"),
        ("1 + if a then b else c + d", "(1 Add (if a b (c Add d)))"),
        ("if a then b else if c then d else e", "(if a b (if c d e))"),
        ("let x = a, y = x in x + y", "(let x=a y=x (x Add y))"),
        ("f(let x = 1 in x, 2)", "(call f (let x=1 x) 2)"),
        ("a implies let x = 1 in x > 0 and b", "(implies a (let x=1 (and (cmp x Gt 0) b)))"),
        // Numbers, strings, calls.
        ("0.1 + 1e-3 + 2.5i", "(1/10 Add 1/1000 Add 5/2i)"),
        ("2i*i", "(2i Mul i)"),
        ("1 ./ v", "(1 EntryDiv v)"),
        ("1./v", "(1 EntryDiv v)"),
        ("2.^v", "(.^ 2 v)"),
        ("1.*A", "(1 Hadamard A)"),
        ("f()", "(call f)"),
        ("norm(A, \"nuclear\", p = 1)", "(call norm A \"nuclear\" p=1)"),
        ("f(x == y)", "(call f (cmp x Eq y))"),
        ("λ_1 * α + K1", "((λ_1 Mul α) Add K1)"),
        // Words that mean something elsewhere are names here.
        ("at + iff*equality", "(at Add (iff Mul equality))"),
        ("complex(as)", "(call complex as)"),
        // Vectors are columns; a semicolon makes a matrix.
        ("[1, 2, 3]", "(vec 1 2 3)"),
        ("[1, 2, 3;]", "(mat [1 2 3])"),
        ("[1, 1/2; 1/2, 1]", "(mat [1 (1 Div 2)] [(1 Div 2) 1])"),
        ("[1; 2]", "(mat [1] [2])"),
        ("[1; 2;]", "(mat [1] [2])"),
        ("[-1, -x']", "(vec (- 1) (- (' x)))"),
        ("# a comment\n a # another\n ## and one more\n + b", "(a Add b)"),
    ];
    for (text, expected) in cases {
        assert_eq!(tree(text), expected, "{text}");
    }
}

#[test]
fn printing_uses_only_the_parentheses_that_are_needed() {
    let cases = [
        "a + b*c - (d - e)",
        "(-A)^2 - A^-1",
        "-A^2",
        "(a + b)'",
        "not (a and b) or c",
        "(a <= b) == c",
        "(if a then b else c) + 1",
        "(a implies b) implies c",
        "f(if a then b else c, x = let y = 1 in y)",
        "[1, 2;]",
        "0.0051 * x .^ 2",
        "-1/2 + 2*mu",
    ];
    for text in cases {
        let parsed = parse_expr(FileId(0), text).value.expect("these texts are right");
        assert_eq!(print_expr(&parsed, Spelling::Ascii), text);
    }
    let parsed = parse_expr(FileId(0), "A .* B <<= C").value.expect("this text is right");
    assert_eq!(print_expr(&parsed, Spelling::Unicode), "A ∘ B ⪯ C");
}

#[test]
fn a_theorem_is_printed_as_the_reference_writes_it() {
    let text = "## Superadditivity.\ntheorem \"Proposition 4.11\" {\n    forall d in 1..32, mu in (0, 10]\n    \
                forall K1, K2: Corr[d]\n    let J = K1 ∘ K2\n    \
                claim tcr(J, mu^2 + 2*mu) ≥ tcr(K1, mu) + tcr(K2, mu) equality iff K1 == K2\n    \
                expect refuted\n    proof {\n        a = b by lemma_1\n            ≥ c by \"Lemma 2\", other\n    }\n}\n";
    let parsed = parse_program(FileId(0), text);
    assert_eq!(parsed.diagnostics, []);
    assert_eq!(print_program(&parsed.value, Spelling::Unicode), text);
}

#[test]
fn domains_stand_after_in_and_after_a_colon() {
    let kinds = |text: &str| -> Vec<(usize, DomainKind)> {
        let Some(Statement::Forall(groups)) = statements(text).into_iter().next() else { panic!("expected a forall") };
        groups.into_iter().map(|group| (group.names.len(), group.domain.kind)).collect()
    };
    let found =
        kinds("forall n, m in 1..2*k, a: (0, inf), b in [0, 1), c in {0.5, 1}, K: Psd[2*m, n + 1, complex], x: Real");
    let described: Vec<String> = found
        .iter()
        .map(|(names, kind)| match kind {
            DomainKind::Named { name, sizes, complex } => {
                let sizes: Vec<String> = sizes.iter().map(shape).collect();
                format!(
                    "{names} {}[{}]{}",
                    name.name,
                    sizes.join(", "),
                    if complex.is_some() { " complex" } else { "" }
                )
            }
            DomainKind::Range { lo, hi } => format!("{names} {}..{}", shape(lo), shape(hi)),
            DomainKind::Interval { lo, lo_closed, hi, hi_closed } => {
                format!("{names} {lo_closed} {} {} {hi_closed}", shape(lo), shape(hi))
            }
            DomainKind::Finite(values) => format!("{names} {} values", values.len()),
        })
        .collect();
    assert_eq!(
        described,
        [
            "2 1..(2 Mul k)",
            "1 false 0 inf false",
            "1 true 0 1 false",
            "1 2 values",
            "1 Psd[(2 Mul m), (n Add 1)] complex",
            "1 Real[]",
        ]
    );
    assert!(matches!(&kinds("forall n in (k + 1)..(2*k)")[0].1, DomainKind::Range { .. }));
    assert!(matches!(&kinds("forall n in (k + 1, 2*k)")[0].1, DomainKind::Interval { .. }));
    assert!(matches!(&kinds("forall n in f(k, 1)..g(k)")[0].1, DomainKind::Range { .. }));
}

#[test]
fn claims_have_labels_orders_and_clauses() {
    let claims: Vec<Claim> = statements(
        "claim upper: a <= b equality at K = eye(n), x = 1\n claim \"(1)\": a <= b equality iff a == 1\n \
         claim f(x) ~ 1 - 1/x + O(1/x^2) as x -> inf\n claim maximizes(f, K, X)\n claim equality",
    )
    .into_iter()
    .map(|statement| match statement {
        Statement::Claim(claim) => *claim,
        other => panic!("expected a claim, found {other:?}"),
    })
    .collect();
    assert_eq!(claims[0].label.as_ref().map(|label| label.text.as_str()), Some("upper"));
    assert!(matches!(&claims[0].equality, Some(Equality::At(bindings)) if bound(bindings) == " K=(call eye n) x=1"));
    assert_eq!(claims[1].label.as_ref().map(|label| label.text.as_str()), Some("(1)"));
    assert!(matches!(&claims[1].equality, Some(Equality::Iff(condition)) if shape(condition) == "(cmp a Eq 1)"));
    let ClaimKind::Asymptotic { f, g, order, variable, limit } = &claims[2].kind else { panic!("expected an order") };
    let shapes = [f, g, order, limit].map(shape);
    assert_eq!(shapes, ["(call f x)", "(1 Sub (1 Div x))", "(1 Div (^ x 2))", "inf"]);
    assert_eq!(variable.name, "x");
    assert!(matches!(&claims[3].kind, ClaimKind::Condition(call) if shape(call) == "(call maximizes f K X)"));
    assert!(matches!(&claims[4].kind, ClaimKind::Condition(name) if shape(name) == "equality"));
}

#[test]
fn a_proof_is_a_list_of_steps() {
    let found = statements("claim a >= c\nproof {\n a = b by schur\n >= c by \"Lemma 2\", positivity\n c == d }");
    let Some(Statement::Proof(proof)) = found.last() else { panic!("expected a proof") };
    let steps: Vec<String> = proof
        .steps
        .iter()
        .map(|step| {
            let by: Vec<&str> = step.by.iter().map(|lemma| lemma.text.as_str()).collect();
            format!("{:?} {:?} {} {by:?}", step.left.as_ref().map(shape), step.relation, shape(&step.right))
        })
        .collect();
    assert_eq!(
        steps,
        ["Some(\"a\") Eq b [\"schur\"]", "None Ge c [\"Lemma 2\", \"positivity\"]", "Some(\"c\") Eq d []",]
    );
}

#[test]
fn a_definition_keeps_its_documentation_and_its_parts() {
    let text = "## A heading of the file.\n\n## Entropy.\n##\n## >>> f(1) == 2  # by hand\n\
                def f(K: Psd[n], alpha in (0, inf) = 1, g) -> Real where alpha > 0 = g(K)\n";
    let parsed = parse_program(FileId(0), text);
    assert_eq!(parsed.diagnostics, []);
    let Some(Item::Def(def)) = parsed.value.items.first() else { panic!("expected a definition") };
    let doc: Vec<&str> = def.doc.iter().map(|line| line.text.as_str()).collect();
    assert_eq!(doc, ["Entropy.", "", ">>> f(1) == 2  # by hand"]);
    let params: Vec<_> =
        def.params.iter().map(|p| (p.name.name.as_str(), p.domain.is_some(), p.default.is_some())).collect();
    assert_eq!(params, [("K", true, false), ("alpha", true, true), ("g", false, false)]);
    assert_eq!(def.requires.as_ref().map(shape).as_deref(), Some("(cmp alpha Gt 0)"));
    assert!(text[def.span.start as usize..def.span.end as usize].starts_with("def f("));
}

#[test]
fn spans_cover_exactly_their_expression() {
    let mut sources = Sources::new();
    let text = "theorem \"t\" { claim (a + b)*λ' <= f(x, 1)[2] }";
    let file = sources.add("t.lw", text);
    let parsed = parse_program(file, text);
    let Some(Item::Theorem(theorem)) = parsed.value.items.first() else { panic!("expected a theorem") };
    let Some(Statement::Claim(claim)) = theorem.statements.first() else { panic!("expected a claim") };
    let ClaimKind::Condition(Expr { kind: ExprKind::Compare { first, rest }, span }) = &claim.kind else {
        panic!("expected a comparison")
    };
    assert_eq!(sources.text(*span), "(a + b)*λ' <= f(x, 1)[2]");
    assert_eq!(sources.text(first.span), "(a + b)*λ'");
    assert_eq!(sources.text(rest[0].1), "<=");
    assert_eq!(sources.text(rest[0].2.span), "f(x, 1)[2]");
    let ExprKind::Chain { first, rest } = &first.kind else { panic!("expected a product") };
    assert_eq!(sources.text(first.span), "a + b");
    assert_eq!(sources.text(rest[0].2.span), "λ'");
    assert_eq!(sources.text(claim.span), "claim (a + b)*λ' <= f(x, 1)[2]");
}

#[test]
fn a_text_that_breaks_off_is_incomplete_and_a_wrong_one_is_not() {
    for text in
        ["theorem \"t\" {", "def f(x) =", "def f(x", "theorem", "## Documentation.", "theorem \"t\" { claim a <="]
    {
        assert!(parse_program(FileId(0), text).incomplete, "{text}");
    }
    for text in ["def f(x) = x", "def f(x) = )", "# comment", "", "def f(x) = x + ;", "import \"a"] {
        assert!(!parse_program(FileId(0), text).incomplete, "{text}");
    }
    for (text, incomplete) in [("f(1,", true), ("1 +", true), ("(1", true), ("1 + )", false), ("1", false), ("", true)]
    {
        assert_eq!(parse_expr(FileId(0), text).incomplete, incomplete, "{text}");
    }
}

#[test]
fn bindings_are_read_with_and_without_let() {
    for text in ["K = [1, 1/2; 1/2, 1], x = 2", "let K=[1,1/2;1/2,1], x=2"] {
        let parsed = parse_bindings(FileId(0), text);
        assert_eq!(parsed.diagnostics, []);
        assert_eq!(parsed.value.as_deref().map(bound).as_deref(), Some(" K=(mat [1 (1 Div 2)] [(1 Div 2) 1]) x=2"));
    }
    assert!(parse_bindings(FileId(0), "K").value.is_none());
}

#[test]
fn the_statements_around_a_mistake_are_kept() {
    let text = "def f(x) = (x\ntheorem \"t\" {\n    forall x in {1, , 2}\n    claim a > (b\n    let y = 1\n    claim c\n}\ndef g() = 1";
    let parsed = parse_program(FileId(0), text);
    assert_eq!(parsed.diagnostics.len(), 3);
    assert_eq!(parsed.value.items.len(), 2);
    let Some(Item::Theorem(theorem)) = parsed.value.items.first() else { panic!("expected a theorem") };
    assert_eq!(theorem.statements.len(), 2);
}

#[test]
fn every_long_story_of_the_grammar_shows_its_own_mistake() {
    let codes = Code::ALL.iter().filter(|code| code.to_string().starts_with("E01"));
    for code in codes {
        let story = code.explanation();
        assert!(story.starts_with(&format!("# {code}: {}\n", code.title())), "{code} begins with its title");
        let example = story.split("```").nth(1).unwrap_or_else(|| panic!("{code} has no example"));
        // Lines of `^` and `-` point at the mistake and are no part of the text.
        let annotates = |line: &&str| !line.trim_start().starts_with(['^', '-']);
        let text = example.lines().filter(annotates).collect::<Vec<_>>().join("\n").replace("...", &"(".repeat(300));
        let found: Vec<Code> = parse_program(FileId(0), &text).diagnostics.into_iter().map(|d| d.code).collect();
        assert!(found.contains(code), "the example of {code} gives {found:?}");
    }
}
