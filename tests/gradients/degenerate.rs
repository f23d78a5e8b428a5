//! Gradients where spectra repeat or vanish, and at kinks, against closed forms that the language itself evaluates.

use loewner::Loewner;

/// Names with their values, an expression, the name to differentiate by, and the gradient.
type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str, &'a str);

#[track_caller]
fn holds((names, expr, wrt, expected): &Case, tolerance: f64) {
    let mut loewner = Loewner::new();
    for (name, text) in *names {
        loewner.session().bind(name, text).unwrap();
    }
    let found = loewner.gradient(expr, wrt).unwrap_or_else(|error| panic!("{expr}, {names:?}: {error}"));
    let expected = loewner.evaluate(*expected).unwrap_or_else(|error| panic!("{expected}: {error}"));
    let (loewner::Value::Data(a), loewner::Value::Data(b)) = (&found, &expected) else { panic!("conditions") };
    assert_eq!(a.shape, b.shape, "{expr}");
    let entries = |data: &loewner::check::Data| -> Vec<num_complex::Complex<f64>> {
        match &data.entries {
            loewner::check::Entries::Real(x) => x.iter().map(|x| (*x).into()).collect(),
            loewner::check::Entries::Complex(x) => x.clone(),
        }
    };
    let (a, b) = (entries(a), entries(b));
    let size = b.iter().map(|x| x.norm()).fold(1.0, f64::max);
    let off = a.iter().zip(&b).map(|(x, y)| (x - y).norm()).fold(0.0, f64::max);
    assert!(off <= tolerance * size, "{expr}, {names:?}: off by {off:e}\n{found:?}\n{expected:?}");
}

const EYE: &[(&str, &str)] = &[("K", "eye(3)")];
const ONES: &[(&str, &str)] = &[("K", "ones(3, 3)")];
const ONES_AT_ONE: &[(&str, &str)] = &[("K", "ones(3, 3)"), ("one", "1")];

#[test]
fn entropies_at_the_identity_and_at_all_ones() {
    // α/(1 − α)/n (K/n)^(α − 1)/tr (K/n)^α and −(log(K/n) + I)/n, on the support of K.
    for case in [
        (EYE, "entropy(K, 1)", "K", "(log(3) - 1) / 3 * eye(3)"),
        (ONES, "entropy(K, 1)", "K", "-ones(3, 3) / 9"),
        (EYE, "entropy(K, 2)", "K", "-2/3 * eye(3)"),
        (ONES, "entropy(K, 2)", "K", "-2/9 * ones(3, 3)"),
        (EYE, "entropy(K, 1/2)", "K", "eye(3) / 3"),
        (ONES, "entropy(K, 1/2)", "K", "ones(3, 3) / 9"),
        (EYE, "entropy(K, 5/2)", "K", "-5/9 * eye(3)"),
        (ONES, "entropy(K, 5/2)", "K", "-5/27 * ones(3, 3)"),
        (EYE, "tcr(K, 1/2)", "K", "2/3 * eye(3)"),
        (EYE, "effective_rank(K)", "K", "zeros(3, 3)"),
    ] {
        holds(&case, 1e-13);
    }
}

#[test]
fn entropies_of_rank_deficient_gram_matrices() {
    // −(2/B) (log(ZZ'/B) + I) Z on the row space.
    let von_neumann = "-(2/cols(Z)) * (log_on_supportm(cov(Z) / cols(Z)) * Z + Z)";
    for z in ["[1, 1, 1; 0, 0, 0]", "[1, 2, 3; 2, 4, 6]", "[1, 0, 2, -1; 0, 1, 1, 1]", "eye(3)", "[1, 1; 1, 1; 1, 1]"] {
        holds(&(&[("Z", z)], "entropy(gram(Z), 1)", "Z", von_neumann), 1e-13);
        holds(&(&[("Z", z)], "von_neumann(cov(Z) * rows(Z) / cols(Z))", "Z", von_neumann), 1e-12);
    }
    let z: &[(&str, &str)] = &[("Z", "[1, 1, 1; 0, 0, 0]")];
    for case in [
        (z, "entropy(gram(Z), 1/2)", "Z", "2/9 * Z * ones(3, 3)"),
        (z, "entropy(gram(Z), 1/20)", "Z", "2/19/9 * Z * ones(3, 3)"),
        (z, "entropy(gram(Z), 9)", "Z", "-2*9/8/9 * Z * ones(3, 3)"),
        (z, "sum(sqrtm(gram(Z)))", "Z", "Z * ones(3, 3) / sqrt(3)"),
    ] {
        holds(&case, 1e-13);
    }
    // Columns of norm 1 leave nothing to gain where all are equal, and everything to lose.
    holds(&(z, "entropy(gram(normalize_cols(Z)), 1)", "Z", "zeros(2, 3)"), 1e-14);
    holds(&(z, "mutual_information(gram(Z), gram(Z), 1)", "Z", "zeros(2, 3)"), 1e-13);
}

#[test]
fn entropies_by_their_order() {
    // dH_α/dα at 1 is −Var(log q)/2, for (3/4, 1/4) −(3/32) log² 3. Elsewhere mpmath's derivative, 30 digits.
    let q: &[(&str, &str)] =
        &[("q", "[3/4, 1/4]"), ("K", "[1, 1/2; 1/2, 1]"), ("one", "1"), ("two", "2"), ("order", "5/2")];
    let at_one = "-(3/32) * log(3) ^ 2";
    let uniform: &[(&str, &str)] = &[("K", "[1, 1, 0; 1, 1, 0; 0, 0, 1]"), ("one", "1")];
    for case in [
        (q, "renyi(q, one)", "one", at_one),
        (q, "entropy(K, one)", "one", at_one),
        (q, "entropy(K, two)", "two", "-0.072460327927143657072"),
        (q, "entropy(K, order)", "order", "-0.056073073188257853087"),
        // The spectrum (2/3, 1/3, 0): p (1 − p) log²(p/(1 − p)) is the variance.
        (uniform, "entropy(K, one)", "one", "-log(2) ^ 2 / 9"),
        (ONES_AT_ONE, "entropy(K, one)", "one", "0"),
        // Of a difference of entropies, as users write it.
        (q, "mutual_information(K, K, one)", "one", "-0.19572369368018176061"),
    ] {
        holds(&case, 1e-14);
    }
}

#[test]
fn divergences_at_singular_kernels() {
    let pair: &[(&str, &str)] = &[("K1", "ones(2, 2)"), ("K2", "eye(2)")];
    holds(&(pair, "js(K1, K2)", "K1", "-(1/4) * (logm((K1 + K2) / 4) + eye(2)) + (1/4) * K1 / 2"), 1e-14);
    holds(
        &(pair, "js(K1, K2)", "K2", "-(1/4) * (logm((K1 + K2) / 4) + eye(2)) + (1/4) * (logm(K2 / 2) + eye(2))"),
        1e-14,
    );
    let full: &[(&str, &str)] = &[("K1", "[1, 1/2; 1/2, 1]"), ("K2", "eye(2)")];
    holds(&(full, "kl(K1, K2)", "K1", "logm(K1) + eye(2)"), 1e-14);
    holds(&(full, "kl(K1, K2)", "K2", "-K1"), 1e-14);
    holds(&(full, "matrix_kl(K2, K1 + K2)", "K2", "logm(K2) - logm(K1 + K2) - (K2*inv(K1+K2)) + eye(2)"), 1e-13);
}

const M: (&str, &str) = ("M", "[1, 2, 3; 4, 5, 6; 7, 8, 9]");

#[test]
fn matrix_functions_at_repeated_and_vanishing_eigenvalues() {
    let at = |k| [("K", k), M];
    for (k, function, expected) in [
        ("eye(3)", "expm", "exp(1) * (M + M') / 2"),
        ("4 * eye(3)", "sqrtm", "(M + M') / 8"),
        ("2 * eye(3)", "logm", "(M + M') / 4"),
        ("eye(3)", "xlogxm", "(M + M') / 2"),
        ("zeros(3, 3)", "sqrtm", "zeros(3, 3)"),
        ("zeros(3, 3)", "expm", "(M + M') / 2"),
        ("-eye(3)", "absm", "-(M + M') / 2"),
        // The Loewner matrix of x log x at 0, 0, 2: log 2 beside 0, log 2 + 1 at 2, and 0 for the infinite slope.
        ("[0, 0, 0; 0, 0, 0; 0, 0, 2]", "xlogxm", "[0, 0, 5*log(2); 0, 0, 7*log(2); 5*log(2), 7*log(2), 9*log(2) + 9]"),
        ("[0, 0, 0; 0, 0, 0; 0, 0, 4]", "sqrtm", "[0, 0, 5/2; 0, 0, 7/2; 5/2, 7/2, 9/4]"),
        (
            "[0, 0, 0; 0, 0, 0; 0, 0, 2]",
            "log_on_supportm",
            "[0, 0, 5*log(2)/2; 0, 0, 7*log(2)/2; 5*log(2)/2, 7*log(2)/2, 9/2]",
        ),
        ("[1, 0, 0; 0, -1, 0; 0, 0, 0]", "absm", "[1, 0, 5; 0, -5, -7; 5, -7, 0]"),
        // Eigenvalues that a difference quotient would confuse.
        (
            "[1, 0, 0; 0, 1 + 1e-9, 0; 0, 0, 3]",
            "logm",
            "[1, 3*log1prel(1e-9), 5*log(3)/2; 3*log1prel(1e-9), 5/(1 + 1e-9), 7*log(3/(1 + 1e-9))/(2 - 1e-9); 5*log(3)/2, 7*log(3/(1 + 1e-9))/(2 - 1e-9), 3]",
        ),
    ] {
        holds(&(&at(k), &format!("sum(M .* {function}(K))"), "K", expected), 1e-14);
    }
    holds(&(&at("eye(3)"), "trace(expm(K))", "K", "exp(1) * eye(3)"), 1e-14);
    holds(&(&at("eye(3)"), "trace(tsallism(K, 2))", "K", "eye(3)"), 1e-14);
    holds(&(&at("zeros(3, 3)"), "trace(expm(K))", "K", "eye(3)"), 1e-14);
}

#[test]
fn singular_values_determinants_and_extremes() {
    for case in [
        (&[("A", "[1, 0; 0, 0]")][..], "sum(svdvals(A))", "A", "A"),
        (&[("A", "zeros(2, 3)")], "sum(svdvals(A))", "A", "zeros(2, 3)"),
        (&[("A", "[2, 1; 2, 1; 2, 1]")], "norm(A, \"nuclear\")", "A", "A / sqrt(15)"),
        (&[("A", "eye(2)")], "norm(A, \"spectral\")", "A", "eye(2) / 2"),
        (&[("A", "[3, 0; 0, -4]")], "norm(A, \"spectral\")", "A", "[0, 0; 0, -1]"),
        (&[("A", "[1, 2; 2, 4]")], "det(A)", "A", "[4, -2; -2, 1]"),
        (&[("A", "[1, 2, 3; 4, 5, 6; 7, 8, 9]")], "det(A)", "A", "[-3, 6, -3; 6, -12, 6; -3, 6, -3]"),
        (&[("A", "[1, 2, 3; 2, 4, 6; 3, 6, 9]")], "det(A)", "A", "zeros(3, 3)"),
        (&[("A", "[0, 1; 1, 0]")], "det(A)", "A", "[0, -1; -1, 0]"),
        (&[("A", "[1 + 1i, 2; 3, 4i]")], "real(det(A))", "A", "[-4i, -3; -2, 1 - 1i]"),
        (&[("A", "[2, 1; 1, 2]")], "logdet(A)", "A", "inv(A)"),
        (&[("A", "[2, 1i; -1i, 2]")], "logdet(A)", "A", "inv(A)"),
        (&[("A", "[2, 1i; -1i, 2]")], "entropy(A, 3/2)", "A", "-(3/2) * sqrtm(A / 2) / trace((A / 2) ^ (3/2))"),
        (&[("A", "[2, 1i; -1i, 2]")], "entropy(A, 1)", "A", "-(logm(A / 2) + eye(2)) / 2"),
        (EYE, "lambda_max(K)", "K", "eye(3) / 3"),
        (ONES, "lambda_max(K)", "K", "ones(3, 3) / 3"),
        (EYE, "rank(K)", "K", "zeros(3, 3)"),
        (&[("v", "[0, 0]")], "norm(v)", "v", "[0, 0]"),
        (&[("v", "[3, 4]")], "norm(v)", "v", "[3/5, 4/5]"),
        (&[("v", "[0, 2, -3]")], "sum(abs(v)) + sum(relu(v))", "v", "[0, 2, -1]"),
        (&[("v", "[1, 1, 0]")], "max(v)", "v", "[1/2, 1/2, 0]"),
        (&[("v", "[1, 1, 0, 0]")], "min(v)", "v", "[0, 0, 1/2, 1/2]"),
        (&[("v", "[1, 2]")], "sum(max(v, 1))", "v", "[1/2, 1]"),
        (&[("v", "[1, 2]")], "sum(min(v, 1))", "v", "[1/2, 0]"),
        (&[("v", "[0, 2 + 1i]")], "sum(abs(v))", "v", "[0, (2 + 1i) / sqrt(5)]"),
        (&[("v", "[1/2, 5/2]")], "sum(floor(v)) + sum(sign(v))", "v", "[0, 0]"),
        (&[("v", "[0, 1/4]")], "sum(sqrt(v)) + sum(xlogx(v))", "v", "[0, 2 - log(4)]"),
        (&[("v", "[1, 2]")], "sum(stop_gradient(v) .* v)", "v", "v"),
        // The branch that is not taken divides by zero, and is not asked.
        (&[("x", "0")], "if x == 0 then 3*x else sin(x) / x", "x", "3"),
        (&[("x", "2")], "if x < 1 then sqrt(x - 2) else x^2", "x", "4"),
        (&[("A", "[1, 2; 3, 4]"), ("x", "1")], "if x > 0 then A[1, 2]^2 else trace(inv(A - A))", "A", "[0, 4; 0, 0]"),
    ] {
        holds(&case, 2e-14);
    }
}

#[test]
fn parameters_of_scalar_functions() {
    for case in [
        (&[("a", "1")][..], "sum(tsallis([1/2, 1/4, 0], a))", "a", "(log(2)^2/2 + log(4)^2/4) / 2"),
        (&[("a", "2")], "tsallis(1/2, a)", "a", "log(1/2)/4 - 1/4 + 1/2"),
        (&[("a", "1")], "renyi([1/2, 1/4, 1/4], a)", "a", "-log(2)^2/8"),
        (&[("a", "2")], "sum([0, 1/2] .^ a)", "a", "-log(2)/4"),
        (&[("a", "0")], "sum([1, 1/2] .^ a)", "a", "-log(2)"),
        (&[("a", "1")], "trace(tsallism([1, 1/2; 1/2, 1] / 2, a))", "a", "(3/4*log(4/3)^2 + log(4)^2/4) / 2"),
        (&[("a", "3/2")], "trace(ones(2, 2) ^ a)", "a", "2^(3/2) * log(2)"),
        (&[("mu", "1")], "tcr(eye(2), mu)", "mu", "1"),
    ] {
        holds(&case, 1e-14);
    }
}
