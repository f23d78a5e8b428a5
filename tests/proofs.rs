//! Calculations: steps that follow and steps that do not, as texts in the language.

use loewner::check::Session;
use loewner::prove;
use loewner::verify::{Options, Silent, Verdict, verify};

/// What becomes of the proof of the last theorem of a text: the lemmas, or the words of the refusal.
fn outcome(text: &str) -> Result<Vec<String>, String> {
    let mut session = Session::new();
    let theorems = session.load_text("test", text).unwrap_or_else(|found| panic!("{found:?}"));
    let theorem = theorems.last().expect("a theorem");
    let outcome = prove::claim(theorem, &theorem.claims[0]).expect("a proof");
    outcome.map(|proved| proved.lemmas).map_err(|refused| {
        let diagnostic = refused.diagnostic;
        std::iter::once(diagnostic.message)
            .chain(diagnostic.notes)
            .chain(diagnostic.help)
            .collect::<Vec<_>>()
            .join("\n")
    })
}

/// One step of positive numbers x, y, vectors v, w, kernels K, L and matrices Z, W of unit columns.
fn one(left: &str, sign: &str, right: &str) -> Result<Vec<String>, String> {
    let relation = if sign == "=" { "==" } else { sign };
    outcome(&format!(
        "theorem \"one\" {{
            forall x, y in (0, inf)
            forall v, w: Vec[n]
            forall K, L: Corr[n]
            forall Z, W: UnitCols[d, n]
            claim {left} {relation} {right}
            proof {{ {left} {sign} {right} }}
        }}"
    ))
}

#[test]
fn arithmetic_makes_equal_what_is() {
    for (left, right) in [
        ("(x + y)^2", "x^2 + 2*x*y + y^2"),
        ("1/(1 + x) + x/(1 + x)", "1"),
        ("sqrt(x)*sqrt(x)", "x"),
        ("sqrt(8*x^2)", "2*x*sqrt(2)"),
        ("log(6*x/y)", "log(2) + log(3) + log(x) - log(y)"),
        ("norm(v + w)^2", "norm(v)^2 + 2*inner(v, w) + norm(w)^2"),
        ("trace(K)", "n"),
        ("sum(eigvals(K))", "n"),
        ("sum(eigvals(K) .* eigvals(K))", "norm(K)^2"),
        ("norm(Z - W)^2", "2*n - 2*inner(Z, W)"),
        ("offdiag_energy(K)", "norm(K)^2 - n"),
        ("max(x + y, x)", "x + y"),
        ("tcr(K ∘ L, x^2 + 2*x)", "logdet((x*eye(n) + K) ∘ (x*eye(n) + L))"),
        ("norm(Z'*(Z - W))^2", "norm(Z'*Z - Z'*W)^2"),
    ] {
        assert!(one(left, "=", right).is_ok(), "{left} = {right}: {:?}", one(left, "=", right));
    }
}

/// Of signed numbers, where powers of absolute values lose their signs.
#[test]
fn even_powers_of_absolute_values_are_those_powers() {
    for (left, right) in [
        ("abs(t)^2", "t^2"),
        ("abs(t)^4", "t^4"),
        ("abs(s*t)^2", "s^2*t^2"),
        ("(-abs(t))^2", "t^2"),
        ("abs(t)^3", "abs(t)*t^2"),
        ("abs(det(A))^2", "det(A)^2"),
        ("sum(abs(x) ∘ abs(x))", "norm(x)^2"),
        ("sqrt(t^4)", "t^2"),
    ] {
        let text = format!(
            "theorem \"signed\" {{
                forall s, t in [-2, 2]
                forall x: Vec[n]
                forall A: Mat[n, n]
                claim {left} == {right}
                proof {{ {left} = {right} }}
            }}"
        );
        assert!(outcome(&text).is_ok(), "{left} = {right}: {:?}", outcome(&text));
    }
}

#[test]
fn what_is_not_equal_stays_so() {
    for (left, right) in [("x", "y"), ("norm(v)", "norm(w)"), ("log(x + y)", "log(x) + log(y)"), ("sqrt(2)", "3/2")] {
        assert!(one(left, "=", right).is_err(), "{left} = {right}");
    }
}

#[test]
fn signs_and_rising_functions_carry_inequalities() {
    for (left, sign, right) in [
        ("x + y", ">=", "x"),
        ("x + y", ">", "x"),
        ("log(1 + x + y)", ">=", "log(1 + x)"),
        ("1/(1 + x)", ">=", "1/(1 + x + y)"),
        ("y*sqrt(1 + x)", ">=", "y"),
        ("exp(-x)", "<=", "exp(y - x)"),
        ("n + offdiag_energy(K)", ">=", "n"),
        ("n*x", ">=", "x"),
    ] {
        assert!(one(left, sign, right).is_ok(), "{left} {sign} {right}: {:?}", one(left, sign, right));
    }
    for (left, sign, right) in [
        ("x + y", "<=", "x"),
        ("log(1 + x + y)", "<=", "log(1 + x)"),
        ("v[1]*x", ">=", "v[1]"),
        ("n*x", ">", "x"),
        ("x - y", ">=", "x"),
    ] {
        assert!(one(left, sign, right).is_err(), "{left} {sign} {right}");
    }
}

/// The paper's proofs, every one of them.
#[test]
fn the_calculations_of_the_paper_check() {
    let mut session = Session::new();
    let theorems = session.load_file("proofs/information_flow/chains.lw".as_ref());
    let theorems = theorems.unwrap_or_else(|found| panic!("{found:#?}"));
    for (theorem, claim) in theorems.iter().flat_map(|theorem| theorem.claims.iter().map(move |claim| (theorem, claim)))
    {
        let outcome = prove::claim(theorem, claim).unwrap_or_else(|| panic!("{} has no proof", theorem.name));
        if let Err(why) = outcome {
            let line = session.sources().line_column(why.diagnostic.labels[0].span).0;
            let (name, notes) = (&theorem.name, why.diagnostic.notes.join("\n"));
            panic!("{name}, claim {}, line {line}: {}\n{notes}", claim.label, why.diagnostic.message);
        }
    }
}

#[test]
fn a_lemma_may_stand_below_its_use_and_rests_on_no_theorem_that_cites_it() {
    let cited = "theorem \"cited\" { forall x in [0, 1] forall y: Real claim x*y^2 <= y^2 }";
    let citing = "theorem \"citing\" {
        forall x, y in [0, 1]
        claim 2*x*y^2 <= 2*y^2
        proof { 2*x*y^2 <= 2*y^2 by \"cited\" }
    }";
    let above = Session::new().load_text("above", &format!("{cited}\n{citing}")).unwrap();
    let below = Session::new().load_text("below", &format!("{citing}\n{cited}")).unwrap();
    let names = |theorems: &[loewner::check::Theorem]| theorems.iter().map(|t| t.name.clone()).collect::<Vec<_>>();
    // The order of a report is that of the file.
    assert_eq!(
        (names(&above), names(&below)),
        (vec!["cited".into(), "citing".into()], vec!["citing".into(), "cited".into()])
    );
    for theorem in [&above[1], &below[0]] {
        let proved = prove::claim(theorem, &theorem.claims[0]).unwrap();
        assert!(proved.is_ok(), "{proved:?}");
    }
    // Three that lead back to the first, and a fourth beside them.
    let by = |name: &str, lemma: &str| {
        format!("theorem \"{name}\" {{ forall x, y: Real claim x <= y proof {{ x <= y by \"{lemma}\" }} }}\n")
    };
    let text = [by("a", "b"), by("b", "c"), by("c", "a"), by("d", "a")].concat();
    let mistakes = Session::new().load_text("circle", &text).unwrap_err();
    assert_eq!(
        mistakes.iter().filter(|found| found.message.contains("rests on this theorem")).count(),
        3,
        "{mistakes:?}"
    );
    assert!(mistakes.iter().all(|found| found.code == loewner::base::Code::E0606), "{mistakes:?}");
    // Of what only cites one of them nothing is said.
    assert_eq!(mistakes.len(), 3, "{mistakes:?}");
}

/// The clause is refuted, and the proof of the inequality stands: the two are not mixed up.
#[test]
fn what_a_clause_puts_outside_speaks_against_no_proof() {
    let text = "
        theorem \"a square\" {
            forall x, y in [0, 1]
            claim (x - 2*y)^2 >= 0 equality at x = 2*y
            proof { (x - 2*y)^2 >= 0 }
        }";
    let theorems = Session::new().load_text("test", text).unwrap();
    let claim = verify(&theorems, &Options::default(), &Silent).unwrap().claims.remove(0);
    assert!(matches!(claim.verdict, Verdict::Refuted(_)), "{claim:?}");
    assert!(claim.comparison.is_some() && claim.refused.is_none(), "{claim:?}");
    assert!(!claim.notes.iter().any(|note| note.contains("a proof of it was accepted")), "{claim:?}");
}
