//! Every definition of the library against central differences, at random points.

use faer::Mat;
use loewner::Loewner;
use loewner::check::{Data, Entries, Origin, Session};
use loewner::eval::{self, Plan, Workspace};
use loewner::grad::gradient;
use loewner::ir::{Instance, NodeId};

use super::numeric::{Random, differences};

/// An expression and the name to differentiate by. What holds a gradient still has names of its own.
const CASES: &[(&str, &str)] = &[
    ("info_nce_one_way(Z1, Z2, 1/2)", "Z1"),
    ("info_nce(Z1, Z2)", "Z2"),
    ("info_nce(Z1, Z2, t)", "t"),
    ("nt_xent_one_way(Z1, Z2, 1)", "Z1"),
    ("simclr(Z1, Z2)", "Z2"),
    ("simclr_official(Z1, Z2)", "Z1"),
    ("simclr_solo_learn(Z1, Z2)", "Z1"),
    ("spectral_contrastive(Z1, Z2)", "Z1"),
    ("spectral_contrastive_official(Z1, Z2, mu = 1/2)", "Z2"),
    ("alignment(Z1, Z2)", "Z1"),
    ("alignment_power(Z1, Z2, 1)", "Z1"),
    ("alignment_power(Z1, Z2, t)", "t"),
    ("uniformity(Z1)", "Z1"),
    ("barlow_twins(Z1, Z2)", "Z1"),
    ("barlow_penalty(Z1 * Z2', 1/4)", "Z2"),
    ("barlow_twins_official(Z1, Z2)", "Z1"),
    ("barlow_twins_solo_learn(Z1, Z2)", "Z2"),
    ("vicreg_variance(Z1, 1, 1/4)", "Z1"),
    ("vicreg_covariance(Z1)", "Z1"),
    ("vicreg(Z1, Z2)", "Z1"),
    ("vicreg_official(Z1, Z2)", "Z1"),
    ("vicreg_solo_learn(Z1, Z2)", "Z1"),
    ("frossl(Z1, Z2)", "Z1"),
    ("frossl_official(Z1, Z2)", "Z2"),
    ("log_det_series(Z1' * Z2 / 10)", "Z1"),
    ("mec(Z1, Z2)", "Z1"),
    ("mec_official(Z1, Z2, P1, P2)", "Z1"),
    ("mcr2(Z1, members, 1/2)", "Z1"),
    ("mcr2_official(Z1, members)", "Z1"),
    ("emp_ssl(Z1, Z2)", "Z1"),
    ("emp_ssl_official(Z1, Z2)", "Z2"),
    ("emp_ssl_lightly(Z1, Z2)", "Z1"),
    ("sum(W3 .* cross_covariance(Z1, Z2))", "Z1"),
    ("matrix_ssl(Z1, Z2)", "Z1"),
    ("sum(W3 .* log_series(cov(Z1) / 10))", "Z1"),
    ("matrix_ssl_official(Z1, Z2, P1, P2)", "Z1"),
    ("matrix_ssl_direction(Z1, Z2, 1/2, 1/2, 1)", "Z1"),
    ("kl(gram(Z1) + eye(4), gram(Z2) + eye(4))", "Z1"),
    ("kl(gram(Z1) + eye(4), gram(Z2) + eye(4))", "Z2"),
    ("kl(gram(Z1), gram(Z2) + eye(4))", "Z1"),
    ("matrix_cross_entropy(gram(Z1), gram(Z2) + eye(4))", "Z2"),
    ("matrix_kl(gram(Z1) + eye(4), gram(Z2) + eye(4))", "Z2"),
    ("js(gram(Z1), gram(Z2))", "Z1"),
    ("eigen_js(gram(Z1), gram(Z2))", "Z2"),
    ("jensen_shannon(softmax(v), softmax(w))", "v"),
    ("f_divergence(xlogx, softmax(v), softmax(w))", "w"),
    ("f_divergence(js_generator, softmax(v), softmax(w))", "v"),
    ("f_divergence(chi_squared_generator, softmax(v), softmax(w))", "w"),
    ("f_divergence(hellinger_generator, softmax(v), softmax(w))", "v"),
    ("shannon(softmax(v))", "v"),
    ("varentropy(softmax(v))", "v"),
    ("renyi(softmax(v), 1/3)", "v"),
    ("renyi(softmax(v), 1)", "v"),
    ("renyi(softmax(v), 20)", "v"),
    ("renyi(softmax(v), t)", "t"),
    ("renyi(softmax(v), 1 + 1e-9)", "v"),
    ("von_neumann(gram(Z1))", "Z1"),
    ("entropy(gram(Z1), 1/4)", "Z1"),
    ("entropy(gram(Z1), 1)", "Z1"),
    ("entropy(gram(Z1), 3/2)", "Z1"),
    ("entropy(gram(Z1), 2)", "Z1"),
    ("entropy(gram(Z1), 3)", "Z1"),
    ("entropy(gram(Z1), 20)", "Z1"),
    ("entropy(gram(Z1), t)", "t"),
    ("entropy(gram(Z1), t)", "Z1"),
    ("H(cov(Z1), 1/2)", "Z1"),
    ("joint_entropy(gram(Z1), gram(Z2), 1)", "Z1"),
    ("mutual_information(gram(normalize_cols(Z1)), gram(normalize_cols(Z2)), 3/2)", "Z1"),
    ("mutual_information(gram(Z1), gram(Z2), t)", "t"),
    ("I(gram(Z1), gram(Z2), 1)", "Z2"),
    ("sum(W .* normalize_cols(Z1))", "Z1"),
    ("sum(W .* normalize_rows(Z1))", "Z1"),
    ("frobenius2(Z1)", "Z1"),
    ("offdiag_energy(gram(Z1))", "Z1"),
    ("sum(shift(v, 1/2) .* w)", "v"),
    ("sum(W .* center_rows(Z1))", "Z1"),
    ("sum(variance_rows(Z1) .* [1, 2, 3])", "Z1"),
    ("sum(W .* standardize_rows(Z1))", "Z1"),
    ("sum(W3 .* covariance(Z1))", "Z1"),
    ("sum(W3 .* cross_correlation(Z1, Z2))", "Z2"),
    ("sum(cosines(Z1, Z2) .* v)", "Z1"),
    ("sum(squared_distances(Z1) .* (Z2' * Z1))", "Z1"),
    ("sum(W .* clip_cols(Z1, 1))", "Z1"),
    ("mae(X, T, mask)", "X"),
    ("mae_sum(X, T, mask)", "T"),
    ("sum(X .* normalize_patches(T))", "T"),
    ("mae_norm_pix(X, T, mask)", "T"),
    ("u_mae_term(Z1)", "Z1"),
    ("u_mae(X, T, mask, Z1)", "Z1"),
    ("u_mae_official(X, T, mask, Z1)", "Z1"),
    ("m_mae_term(Z1)", "Z1"),
    ("m_mae(X, T, mask, Z1)", "Z1"),
    ("m_mae_official(X, T, mask, Z1)", "Z1"),
    ("m_mae_entropy(X, T, mask, Z1)", "Z1"),
    ("gaussian_nll(X, T)", "X"),
    ("gaussian_kl(Z1, Z2)", "Z2"),
    ("vae(X, T, T, X)", "X"),
    ("tcr(gram(Z1), 1/2)", "Z1"),
    ("coding_rate(Z1, t)", "t"),
    ("coding_rate(Z1, 1)", "Z1"),
    ("tcr_second_order(Z1, 3)", "Z1"),
    ("scaled_rate(Z1, 1/2)", "Z1"),
    ("rate_distortion(Z1, 1/2)", "Z1"),
    ("class_rate(Z1, members, [2, 2], 1/2)", "Z1"),
    ("effective_rank(Z1)", "Z1"),
    ("erank(Z1')", "Z1"),
    ("rank_me(Z1)", "Z1"),
    ("effective_rank_cov(Z1)", "Z1"),
    ("negative_cosine(Z1, P1)", "Z1"),
    ("byol(Z1, P1)", "Z1"),
    ("byol_symmetric(Z1, P1, Z2, P2)", "Z2"),
    ("simsiam(Z1, P1, Z2, P2)", "Z1"),
    ("sum(norm(Z1, 1) + norm(Z1, inf) + norm(Z1, \"nuclear\"))", "Z1"),
    ("sum((Z1 ⊗ [1, 2; 3, 4]) .* (Z2 ⊗ [4, 3; 2, 1]))", "Z1"),
    ("sum(W3 .* inv(cov(Z1) + eye(3))) + det(cov(Z1))", "Z1"),
    ("sum(W3 .* (cov(Z1) + eye(3)) ^ t)", "t"),
    ("lambda_max(gram(Z1)) - lambda_min(cov(Z1))", "Z1"),
];

fn session(seed: u64) -> Loewner {
    let mut random = Random::new(seed);
    let mut loewner = Loewner::new();
    for (name, rows, cols) in
        [("Z1", 3, 4), ("Z2", 3, 4), ("P1", 3, 4), ("P2", 3, 4), ("W", 3, 4), ("W3", 3, 3), ("X", 4, 3), ("T", 4, 3)]
    {
        loewner.set(name, Mat::from_fn(rows, cols, |_, _| random.next()).as_ref());
    }
    loewner.session().bind("v", "[1/2, -1, 3/2, 1/4]").unwrap();
    loewner.session().bind("w", "[0, 1, -1/2, 3/4]").unwrap();
    loewner.session().bind("mask", "[1, 0, 1, 1]").unwrap();
    loewner.session().bind("members", "[1, 0, 1, 0; 0, 1, 0, 1]").unwrap();
    loewner.set_scalar("t", 0.5 + random.next().abs());
    loewner
}

#[track_caller]
fn agrees(loewner: &mut Loewner, expr: &str, wrt: &str) {
    let fail = |why: &dyn std::fmt::Debug| -> ! { panic!("{expr} by {wrt}: {why:?}") };
    let value = loewner.evaluate(wrt).unwrap_or_else(|error| fail(&error));
    let loewner::Value::Data(value) = value else { fail(&"a condition") };
    let session: &mut Session = loewner.session();
    let (compiled, variable) =
        session.expression_in(expr, wrt, value.clone(), &[]).unwrap_or_else(|error| fail(&error));
    let at = compiled.graph.input_node(variable).unwrap();
    let (mut graph, roots) = compiled.graph.instantiate(&[compiled.root, at], &Instance::default()).unwrap();
    let gradient = gradient(&mut graph, roots[0], &roots[1..]).unwrap_or_else(|error| fail(&error))[0];
    let run = |node: NodeId, changed: &Data| -> Vec<f64> {
        let plan = Plan::<f64>::compile(&graph, &[node]).unwrap();
        let mut ws = Workspace::new(&plan);
        for (input, data) in &compiled.data {
            let data = if *input == variable { changed } else { data.as_ref() };
            if let Some(target) = ws.input_mut(*input)
                && let (eval::Entries::Real(target), Entries::Real(values)) = (target.entries, &data.entries)
            {
                target.copy_from_slice(values);
            }
        }
        if let Err(fault) = plan.run(&mut ws) {
            fail(&(fault.kind, graph.op(fault.node)));
        }
        match ws.value(0).unwrap() {
            eval::ValueRef::Real { entries, .. } => entries.to_vec(),
            eval::ValueRef::Complex { .. } | eval::ValueRef::Truth(_) => fail(&"not real"),
        }
    };
    let found = run(gradient, &value);
    let Entries::Real(start) = &value.entries else { fail(&"complex") };
    let expected: Vec<f64> = (0..start.len())
        .map(|i| {
            differences(&mut |h: f64| {
                let mut entries = start.clone();
                entries[i] += h;
                run(roots[0], &Data { entries: Entries::Real(entries), ..value.clone() })[0]
            })
        })
        .collect();
    let size = expected.iter().fold(1e-3f64, |max, x| max.max(x.abs()));
    for (i, (x, y)) in found.iter().zip(&expected).enumerate() {
        assert!((x - y).abs() <= 1e-6 * size, "{expr} by {wrt}, entry {i}: {x}, by differences {y}");
    }
}

#[test]
fn the_library_agrees_with_differences() {
    for seed in [1, 2] {
        let mut loewner = session(seed);
        for (expr, wrt) in CASES {
            agrees(&mut loewner, expr, wrt);
        }
    }
}

#[test]
fn every_definition_of_the_library_has_a_case() {
    let session = Session::new();
    let called = |name: &str| {
        CASES.iter().any(|(expr, _)| expr.contains(&format!("{name}(")) || expr.contains(&format!("({name},")))
    };
    let missing: Vec<String> = session
        .library()
        .filter(|d| d.origin == Origin::Library)
        .map(|d| d.def.name.name.clone())
        .filter(|name| !called(name))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
