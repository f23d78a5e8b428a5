//! LaTeX: the cases of each sign, formulas read back as mathematics, and documents that compile.

#[path = "latex/reader.rs"]
mod reader;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use loewner::Loewner;
use loewner::base::FileId;
use loewner::report::latex::{display, latex_expression, latex_program, standalone};
use loewner::syntax::{parse_expr, parse_program};
use proptest::prelude::*;

fn formula(text: &str) -> String {
    let parsed = parse_expr(FileId(0), text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    latex_expression(&parsed.value.unwrap())
}

fn fragment(text: &str) -> String {
    let parsed = parse_program(FileId(0), text);
    assert_eq!(parsed.diagnostics, [], "{text}");
    latex_program(&parsed.value)
}

#[test]
fn signs_and_parentheses() {
    let cases = [
        ("A*B", r"A \, B"),
        ("A * (B + C)", r"A \cdot (B + C)"),
        ("f(B + C)", r"\operatorname{f}(B + C)"),
        ("2*3", r"2 \cdot 3"),
        ("a - (b - c)", "a - (b - c)"),
        ("a + (-b)", "a + (-b)"),
        ("-a*b", r"-a \, b"),
        ("(-a)^2", "(-a)^{2}"),
        ("-a^2", "-a^{2}"),
        ("a^-1", "a^{-1}"),
        ("a^(b/c)", "a^{b / c}"),
        ("a/b*c", r"\frac{a}{b} \, c"),
        ("a/(b*c)", r"\frac{a}{b \, c}"),
        ("(a/b)^2", r"\left( \frac{a}{b} \right)^{2}"),
        ("a/b/c", r"\frac{\frac{a}{b}}{c}"),
        ("A'", r"A^{\top}"),
        ("(A')^2", r"(A^{\top})^{2}"),
        ("(2i*A)'", r"(2\mathrm{i} \, A)^{\mathsf{H}}"),
        ("A*B'", r"A \, B^{\top}"),
        ("A ∘ B ∘ C", r"A \circ B \circ C"),
        ("A*B ∘ C", r"(A \, B) \circ C"),
        ("A ∘ (B*C)", r"A \circ (B \, C)"),
        ("A ⊗ B", r"A \otimes B"),
        ("A ./ B ./ C", r"(A \oslash B) \oslash C"),
        ("A .^ 2", r"A^{\circ 2}"),
        ("A ⪯ B", r"A \preceq B"),
        ("a <= b < c", r"a \le b < c"),
        ("a != b and c == d", r"a \ne b \text{ and } c = d"),
        ("(a < b or c < d) and p < q", r"(a < b \text{ or } c < d) \text{ and } p < q"),
        ("a < b implies c < d", r"a < b \implies c < d"),
        ("trace(A)^2", r"(\operatorname{tr}(A))^{2}"),
        ("logdet(eye(n) + K)", r"\log\det(I_{n} + K)"),
        ("norm(A)", r"\lVert A \rVert_{\mathrm{F}}"),
        ("norm(A, \"nuclear\")^2", r"\lVert A \rVert_{*}^{2}"),
        ("norm(A, inf)", r"\lVert A \rVert_{\infty}"),
        ("inner(A, B)", r"\langle A, B \rangle"),
        ("inv(A + B)", "(A + B)^{-1}"),
        ("K[i, j]", "K_{i, j}"),
        ("K1[1, 2]", "[K_{1}]_{1, 2}"),
        ("lambda_max(K)", r"\lambda_{\max}(K)"),
        ("sum(abs2(Z), \"cols\")", r"\operatorname{sum}_{\mathrm{cols}}(\lvert Z \rvert^{\circ 2})"),
        ("[1, 1/2; 1/2, 1]", r"\begin{bmatrix} 1 & 1 / 2 \\ 1 / 2 & 1 \end{bmatrix}"),
        ("[a, b]", r"\begin{bmatrix} a \\ b \end{bmatrix}"),
        ("1e-30*x", r"10^{-30} \, x"),
        ("ones(d + 1, B)", r"\mathbf{1}_{(d + 1) \times B}"),
        (
            "if x > 0 then a else if x == 0 then b else c",
            r"\begin{cases} a & \text{if } x > 0, \\ b & \text{if } x = 0, \\ c & \text{otherwise} \end{cases}",
        ),
        ("1 + (if p then a else b)", {
            r"1 + \left( \begin{cases} a & \text{if } p, \\ b & \text{otherwise} \end{cases} \right)"
        }),
    ];
    for (written, expected) in cases {
        assert_eq!(formula(written), expected, "{written}");
    }
}

const LEMMA: &str = r#"
## One half of `K1`, 100 % of {it}.
theorem "Lemma_1" {
    forall n in 1..4, mu in (0, 1/2], alpha in {1, 2}
    forall K1, K2: Corr[n], P: Mask[n]
    let J = K1 ∘ K2
    assume trace(K1) >= 0
    claim "up & down": trace(J) <= n equality iff K1 == K2
    expect refuted
    proof {
        trace(J) = n by "Lemma 2", schur
                 <= n + mu by positivity
    }
    claim maximizes(trace(K1), K1, eye(n))
    claim sup(trace(J) + 1) <= 9
    claim (1 + mu)^2 ~ 1 + 2*mu + O(mu^2) as mu -> 0
}
"#;

#[test]
fn what_holds_for_all_needs_no_then() {
    let text = fragment("theorem \"t\" { forall x in [0, 1] claim x <= 1 claim x >= 0 }");
    assert!(
        text.contains("For all real numbers $x \\in [0, 1]$,\n\\[\n  x \\le 1") && text.contains("\nand\n"),
        "{text}"
    );
    assert!(fragment("theorem \"t\" { forall x in [0, 1] assume x > 0 claim x <= 1 }").contains("\nthen\n"));
}

#[test]
fn a_theorem_is_told_in_words() {
    let text = fragment(LEMMA);
    let parts = [
        r"\begin{theorem}[Lemma\_1]",
        r"One half of \texttt{K1}, 100 \% of \{it\}.",
        r"For all integers $n \in \{1, \dots, 4\}$, real numbers $\mu \in (0, 1 / 2]$, real numbers $\alpha \in \{1, 2\}$,",
        r"positive semi-definite matrices $K_{1}, K_{2} \in \mathbb{R}^{n \times n}$ with unit diagonal",
        r"and arrays $P \in \{0, 1\}^{n}$,",
        r"J &= K_{1} \circ K_{2},",
        "suppose that",
        r"\operatorname{tr}(J) \le n, \tag{up \& down}",
        "with equality if and only if $K_{1} = K_{2}$,",
        r"\begin{remark}",
        r"Claim (up \& down) is expected to be refuted",
        r"\begin{proof}[Proof of (up \& down)]",
        r"\operatorname{tr}(J) &= n && \text{by Lemma 2 and schur} \\",
        r"&\le n + \mu && \text{by positivity}.",
        r"\operatorname{tr}(K_{1}) \text{ is largest over } K_{1} \text{ exactly at } K_{1} = I_{n}, \tag{2}",
        r"\sup (\operatorname{tr}(J) + 1) \le 9, \tag{3}",
        r"(1 + \mu)^{2} = 1 + 2 \, \mu + O\left(\mu^{2}\right) \quad \text{as } \mu \to 0. \tag{4}",
    ];
    for part in parts {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn complex_statements_have_conjugate_transposes() {
    let theorem = |domain: &str| {
        fragment(&format!("theorem \"t\" {{ forall n in 1..3 forall A: {domain} claim norm(A'*A) >= 0 }}"))
    };
    assert!(theorem("Mat[n, n]").contains(r"A^{\top} \, A"));
    assert!(theorem("Mat[n, n, complex]").contains(r"A^{\mathsf{H}} \, A"));
    assert!(theorem("Unitary[n]").contains(r"A^{\mathsf{H}} \, A"));
}

/// Arithmetic of a few letters, as text with every parenthesis.
fn arithmetic() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![Just("a"), Just("b"), Just("a1"), Just("mu"), Just("2"), Just("0.5"), Just("10")];
    leaf.prop_map(String::from).prop_recursive(5, 24, 2, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (two.clone(), prop_oneof![Just("+"), Just("-"), Just("*"), Just("/")])
                .prop_map(|((x, y), sign)| format!("({x}) {sign} ({y})")),
            (two, prop_oneof![Just("*"), Just("/"), Just("-")]).prop_map(|((x, y), sign)| format!("{x} {sign} {y}")),
            inner.clone().prop_map(|x| format!("-({x})")),
            (inner.clone(), prop_oneof![Just("2"), Just("(1/2)"), Just("-1"), Just("(-a)"), Just("(a - b)")])
                .prop_map(|(x, p)| format!("({x})^{p}")),
        ]
    })
}

proptest! {
    /// What is printed, read as mathematics, has the value of what was written.
    #[test]
    fn formulas_mean_what_was_written(written in arithmetic()) {
        let values = [("a", "a", 1.75), ("b", "b", 0.625), ("a1", "a_{1}", 1.25), ("mu", r"\mu", 0.375)];
        let mut loewner = Loewner::new();
        for (name, _, value) in values {
            loewner.set_scalar(name, value);
        }
        let printed = formula(&written);
        let letters: BTreeMap<String, f64> = values.iter().map(|(_, letter, x)| ((*letter).to_owned(), *x)).collect();
        let read = reader::value(&printed, &letters);
        prop_assert!(read.is_some(), "{written} is printed as {printed}");
        let read = read.unwrap();
        // A negative number to a real power has no value, in either reading.
        match loewner.evaluate(&written).ok().and_then(|value| value.scalar()) {
            Some(value) if value.is_finite() && value.abs() < 1e12 => {
                prop_assert!((value - read).abs() <= 1e-6 * (1.0 + value.abs()), "{written} = {value}, {printed} = {read}");
            }
            _ => {}
        }
    }
}

/// Every statement of the library and of the proofs.
fn everything() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src/library"), root.join("proofs"), root.join("examples")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "lw") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() > 15, "the files were not found");
    files.into_iter().map(|path| (path.clone(), fragment(&std::fs::read_to_string(path).unwrap()))).collect()
}

#[test]
fn the_library_and_the_proofs_are_plain_tex() {
    for (path, text) in everything() {
        assert!(
            text.is_ascii() || text.chars().all(|c| c.is_ascii() || ('\u{c0}'..='\u{17e}').contains(&c)),
            "{path:?}"
        );
        let mut depth = 0;
        let mut escaped = false;
        for c in text.chars() {
            match c {
                '{' if !escaped => depth += 1,
                '}' if !escaped => depth -= 1,
                _ => {}
            }
            assert!(depth >= 0, "{path:?}");
            escaped = c == '\\' && !escaped;
        }
        assert_eq!(depth, 0, "{path:?}");
        for environment in ["definition", "theorem", "remark", "proof", "align*", "aligned", "cases", "bmatrix"] {
            let count = |word: &str| text.matches(&format!("\\{word}{{{environment}}}")).count();
            assert_eq!(count("begin"), count("end"), "{path:?}: {environment}");
        }
    }
}

/// All of it in one document, through a LaTeX where one is installed.
#[test]
fn documents_compile() {
    if Command::new("pdflatex").arg("--version").output().is_err() {
        // Past the harness, which keeps to itself what a passing test prints.
        let told = "documents_compile: SKIPPED, pdflatex is not installed, so that no document was compiled\n";
        std::io::stderr().write_all(told.as_bytes()).unwrap();
        return;
    }
    let mut body: String = everything().into_iter().map(|(_, text)| text + "\n").collect();
    body += &fragment(LEMMA);
    for expression in ["[1, 1/2; 1/2, 1]'", "sum(abs(A), \"rows\")", "(A^(1/2))' .^ 2", "矩 + α_1 + _x", "2i*pi"] {
        body += &display(&formula(expression));
    }
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("all.tex"), standalone(&body)).unwrap();
    let arguments = ["-interaction=nonstopmode", "-halt-on-error", "all.tex"];
    let output = Command::new("pdflatex").args(arguments).current_dir(folder.path()).output().unwrap();
    let log = String::from_utf8_lossy(&output.stdout);
    let mistakes: Vec<&str> = log.lines().skip_while(|line| !line.starts_with('!')).take(12).collect();
    assert!(output.status.success() && folder.path().join("all.pdf").exists(), "{}", mistakes.join("\n"));
}

/// A sentence that begins with its first claim goes on with the second one.
#[test]
fn claims_without_quantifiers_are_one_sentence() {
    let text = fragment("theorem \"Numbers\" {\n    claim 1 <= 2\n    claim 2 <= 3\n}\n");
    assert!(text.contains("\nand") && !text.contains("And") && !text.contains("hen\n"), "{text}");
}
