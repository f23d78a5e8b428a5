//! Lint against what is known otherwise: by a line of algebra, or by the definition itself.

use loewner::base::{Code, FileId};
use loewner::check::Session;
use loewner::lint::{
    Change, Chosen, Collapsed, Constants, Extremum, Growth, Law, Lint, Options, Outcome, Request, lint,
};
use loewner::report::lint::{lint_json, lint_row};
use loewner::syntax::parse_expr;

fn try_with(session: &Session, loss: &str, set: &[(&str, &str)], sizes: &[(&str, i64)]) -> Result<Lint, Code> {
    let value = |text: &str| parse_expr(FileId(0), text).value.unwrap();
    let request = Request {
        loss: loss.to_owned(),
        set: set.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect(),
        sizes: sizes.iter().map(|(name, n)| ((*name).to_owned(), *n)).collect(),
    };
    lint(session, &request, &Options::default()).map_err(|mistakes| mistakes[0].code)
}

fn of(loss: &str) -> Lint {
    try_with(&Session::new(), loss, &[], &[]).unwrap()
}

/// A loss of one's own.
fn own(text: &str) -> Lint {
    let mut session = Session::new();
    session.load_text("<own>", text).unwrap_or_else(|mistakes| panic!("{mistakes:#?}"));
    try_with(&session, "f", &[], &[]).unwrap()
}

fn place<'a>(lint: &'a Lint, name: &str) -> (&'a Outcome, &'a Outcome) {
    let place = lint.places.iter().find(|place| place.name == name).unwrap();
    (&place.value, &place.gradient)
}

/// A way to collapse, as what, and the range of its values.
#[track_caller]
fn collapsed(lint: &Lint, constants: Constants) -> (Extremum, f64, f64) {
    let state = lint.collapse.states.iter().find(|state| state.constants == constants);
    let Collapsed { kind, value, greatest, .. } = state.unwrap();
    (*kind, value.number().unwrap(), greatest.number().unwrap())
}

const LEAST: Extremum = Extremum::Least { alone: false };
const GREATEST: Extremum = Extremum::Greatest { alone: false };

/// One value at a way to collapse, by a closed form, and what it is.
#[track_caller]
fn collapses(lint: &Lint, constants: Constants, kind: Extremum, value: f64) {
    let (found, least, greatest) = collapsed(lint, constants);
    assert_eq!(found, kind, "{:?}", lint.collapse);
    let near = |x: f64| (x - value).abs() <= 1e-9 * value.abs().max(1.0);
    assert!(near(least) && near(greatest), "{value}: {:?}", lint.collapse);
}

#[track_caller]
fn unchanged(change: &Change) {
    assert!(matches!(change, Change::Invariant(_)), "{change:?}");
}

#[track_caller]
fn changes(change: &Change) {
    assert!(matches!(change, Change::Changed(relative) if *relative > 1e-6), "{change:?}");
}

#[track_caller]
fn power(growth: &Growth, expected: f64, tolerance: f64) {
    match growth.law {
        Law::Power { exponent, exact, .. } => {
            assert!((exponent - expected).abs() <= tolerance && exact == (tolerance == 0.0), "{growth:?}");
        }
        _ => panic!("{growth:?}"),
    }
}

/// Of more samples than features none are orthonormal. Those of a tight frame have ZZ' = (B/d) I, which is where the sum of
/// d logarithms with a given sum of their arguments is greatest.
#[test]
fn more_samples_than_features_are_a_tight_frame() {
    let lint = try_with(&Session::new(), "coding_rate", &[], &[("d", 3), ("B", 8)]).unwrap();
    let greatest = 3.0 * (11.0 / 3.0_f64).ln();
    assert!(lint.collapse.crowded && (lint.collapse.orthonormal.finite().unwrap() - greatest).abs() < 1e-12);
    assert!((lint.collapse.search.unwrap().1 - greatest).abs() < 1e-9, "{:?}", lint.collapse);
    assert!((place(&lint, "a tight frame").0.finite().unwrap() - greatest).abs() < 1e-12);
    assert!(lint_json(&lint).contains("\"orthonormal\":null"), "{}", lint_json(&lint));
    assert!(!of("coding_rate").collapse.crowded);
}

/// log det(mu I + ZZ') of B unit columns has eigenvalues that sum to B: it is least, (d − 1) log mu + log(mu + B), where
/// there is one of them, and greatest, B log(1 + mu), where they are equal.
#[test]
fn the_coding_rate_is_least_at_collapse() {
    let lint = of("coding_rate");
    // A line does as well as a point.
    collapses(&lint, Constants::One, LEAST, 9f64.ln());
    assert_eq!(lint.collapse.states.len(), 1, "there is one argument");
    // No search gets past either end.
    let (low, high) = lint.collapse.search.unwrap();
    assert!((low - 9f64.ln()).abs() < 1e-9 && (high - 8.0 * 2f64.ln()).abs() < 1e-9, "{:?}", lint.collapse);
    assert!((lint.collapse.orthonormal.finite().unwrap() - 8.0 * 2f64.ln()).abs() < 1e-12);
    unchanged(&lint.permutation.jointly);
    unchanged(&lint.rotation.jointly);
    assert!(lint.permutation.apart.is_none(), "there is one argument");
    changes(&lint.split[0].mean);
    changes(&lint.split[1].sum);
    assert_eq!(lint.stationary.vanishes, Some(false));
    // Along the samples, 2/(mu + B), it only changes norms.
    assert_eq!(lint.stationary.tangent_vanishes, Some(true));
    assert!(matches!(lint.norm.law, Law::None(_)));
    assert_eq!(lint.setting.scalars[0].1, "1");
}

/// At collapse all inner products are equal, and each term is log B. At random it is log B and a number that is bounded.
#[test]
fn info_nce_sees_pairs() {
    let lint = of("info_nce");
    // Equal inner products, whatever they are.
    for constants in [Constants::One, Constants::Opposite, Constants::Own] {
        collapses(&lint, constants, Extremum::Neither, 8f64.ln());
    }
    unchanged(&lint.permutation.jointly);
    changes(lint.permutation.apart.as_ref().unwrap());
    unchanged(&lint.rotation.jointly);
    changes(lint.rotation.apart.as_ref().unwrap());
    assert_eq!(lint.stationary.vanishes, Some(true));
    assert!(
        matches!(lint.samples.law, Law::Logarithm { slope, .. } if (slope - 1.0).abs() < 0.05),
        "{:?}",
        lint.samples
    );
    assert!(matches!(of("simclr").norm.law, Law::Constant), "its columns are normalised inside");
}

#[test]
fn barlow_twins_has_its_own_axes() {
    let lint = of("barlow_twins");
    unchanged(&lint.permutation.jointly);
    changes(&lint.rotation.jointly);
    assert_eq!(lint.norm.law, Law::Constant);
    assert!(matches!(place(&lint, "zero").0, Outcome::Refused(_)), "rows of norm 0 have no direction");
    // Cross-correlations of ones: lambda d (d − 1).
    collapses(&lint, Constants::One, Extremum::Neither, 0.0051 * 12.0 * 11.0);
    // All correlations −1 on the diagonal, and of modulus 1 beside it: no more can be.
    let greatest = 4.0 * 12.0 + 0.0051 * 12.0 * 11.0;
    collapses(&lint, Constants::Opposite, GREATEST, greatest);
    // Signs are all that it sees of constants, so that no slope leads from some to others: opposite ones are among them.
    let (kind, _, most) = collapsed(&lint, Constants::Own);
    assert_eq!(kind, Extremum::Some { least: false, greatest: true });
    assert!((most - greatest).abs() < 1e-9);
}

#[test]
fn means_and_sums_split_as_they_do() {
    let mean = of("alignment");
    power(&mean.norm, 2.0, 0.0);
    unchanged(&mean.split[0].mean);
    changes(&mean.split[0].sum);
    collapses(&mean, Constants::One, LEAST, 0.0);
    collapses(&mean, Constants::Opposite, GREATEST, 4.0);
    // |u − w|² between them.
    let (kind, least, greatest) = collapsed(&mean, Constants::Own);
    assert_eq!(kind, Extremum::Some { least: true, greatest: true });
    assert!(least.abs() < 1e-6 && (greatest - 4.0).abs() < 1e-6, "{:?}", mean.collapse);
    let sum = of("mae_sum");
    unchanged(&sum.split[1].sum);
    changes(&sum.split[1].mean);
    // The mean of two halves that add up to the whole.
    assert!((sum.split[0].drift.unwrap() + 0.5).abs() < 1e-9, "{:?}", sum.split);
    assert_eq!(sum.setting.batch, "N");
    assert_eq!(sum.setting.labels, ["mask"]);
}

/// gamma sum over i ≠ j of (z_i'z_j)²: of degree 4; on independent unit vectors gamma B (B − 1)/d on average.
#[test]
fn the_sum_of_u_mae_grows_with_the_square_of_the_batch() {
    let lint = of("u_mae_term");
    power(&lint.norm, 4.0, 0.0);
    power(&lint.samples, 2.0, 0.1);
    power(lint.features.as_ref().unwrap(), -1.0, 0.1);
    collapses(&lint, Constants::One, GREATEST, 0.01 * 56.0);
}

#[test]
fn what_is_infinite_or_refused_is_told() {
    let kl = of("kl");
    assert_eq!(place(&kl, "K2 alone collapsed").0, &Outcome::Infinite(f64::INFINITY));
    assert!(place(&kl, "K1 alone collapsed").0.finite().is_some());
    power(&kl.norm, 1.0, 0.0);
    // Constant rows have no variance to divide by.
    assert!(of("frossl").collapse.states.iter().all(|state| state.kind == Extremum::Undefined));
    assert!(matches!(place(&of("entropy"), "zero").0, Outcome::Refused(why) if why.contains("trace(K) > 0")));
    // An entropy of kernels with unit diagonal is least, 0, at rank one and greatest, log n, at the identity.
    let entropy = of("entropy");
    collapses(&entropy, Constants::One, LEAST, 0.0);
    assert!((entropy.collapse.orthonormal.finite().unwrap() - 8f64.ln()).abs() < 1e-12);
}

#[test]
fn hinges_and_variances_of_vicreg() {
    let covariance = of("vicreg_covariance");
    power(&covariance.norm, 4.0, 0.0);
    assert_eq!(covariance.stationary.vanishes, Some(true));
    changes(&covariance.rotation.jointly);
    // At collapse the hinges are at their tops, 2 × 25 (1 − sqrt(eps)), and there is no covariance; one constant has the
    // least alignment, 0, and opposite ones the greatest, 25 × 4. Orthonormal samples are below both.
    let vicreg = of("vicreg");
    collapses(&vicreg, Constants::One, Extremum::Neither, 50.0 * (1.0 - 0.01));
    collapses(&vicreg, Constants::Opposite, Extremum::Greatest { alone: true }, 50.0 * (1.0 - 0.01) + 100.0);
    let (kind, _, greatest) = collapsed(&vicreg, Constants::Own);
    assert_eq!(kind, Extremum::Some { least: false, greatest: true });
    assert!((greatest - 149.5).abs() < 1e-4, "{greatest}");
    assert!(vicreg.collapse.orthonormal.finite().unwrap() < 49.5);
    // The official code has a twelfth of the alignment, and half of the hinges.
    collapses(&of("vicreg_official"), Constants::One, Extremum::Neither, 25.0 * (1.0 - 0.01));
    collapses(&of("vicreg_official"), Constants::Opposite, Extremum::Greatest { alone: true }, 24.75 + 100.0 / 12.0);
}

/// |z1 − z2|² is 0 at one constant and 4 at opposite ones, and all B (B − 1) squared inner products are 1 at both.
/// Orthonormal views that agree have nothing of either.
#[test]
fn the_spectral_loss_is_greatest_at_opposite_constants_only() {
    let lint = of("spectral_contrastive");
    collapses(&lint, Constants::One, Extremum::Neither, 56.0);
    collapses(&lint, Constants::Opposite, GREATEST, 32.0 + 56.0);
    assert!(lint.collapse.orthonormal.finite().unwrap().abs() < 1e-12);
    assert!(lint.collapse.search.unwrap().0.abs() < 1e-9);
}

/// At one constant all cosines are 1, log(2B − 1); at opposite ones the pairs are at −1, log(B + (B − 1) exp(2/tau)).
#[test]
fn the_negatives_of_simclr_tell_opposite_constants_from_one() {
    let lint = of("simclr");
    collapses(&lint, Constants::One, Extremum::Neither, 15f64.ln());
    collapses(&lint, Constants::Opposite, GREATEST, (8.0 + 7.0 * 4f64.exp()).ln());
}

/// The mean of the inner products is 1, −1, and anything between. Neither a random input nor a structured one has 1/2: the
/// least value is found by descent alone.
#[test]
fn extremes_that_no_drawn_input_has_are_searched_for() {
    let lint = own("def f(Z1: Mat[d, B], Z2: Mat[d, B]) -> Real = (sum(Z1 .* Z2) / B - 1/2)^2");
    collapses(&lint, Constants::One, Extremum::Neither, 0.25);
    collapses(&lint, Constants::Opposite, GREATEST, 2.25);
    let (kind, least, greatest) = collapsed(&lint, Constants::Own);
    assert_eq!(kind, Extremum::Some { least: true, greatest: true });
    assert!(least.abs() < 1e-6 && (greatest - 2.25).abs() < 1e-6);
    assert!(lint.collapse.random.unwrap().0 > 1e-3 && lint.collapse.search.unwrap().0 < 1e-12);
    // What training holds still is moved all the same.
    let still = own("def f(Z1: Mat[d, B], Z2: Mat[d, B]) -> Real = (sum(stop_gradient(Z1 .* Z2)) / B - 1/2)^2");
    assert!(still.collapse.search.unwrap().0 < 1e-12, "{:?}", still.collapse);
    assert_eq!(still.stationary.gradient, Outcome::Finite(0.0));
}

/// B |W'u|² is greatest at the first singular vector of W, and least at the last: some constants are extremes, most are not.
#[test]
fn a_loss_with_directions_of_its_own_has_its_constants() {
    let lint = own("def f(Z: Mat[2, B]) -> Real = sum(abs2([3, 0; 0, 1] * Z))");
    let (kind, least, greatest) = collapsed(&lint, Constants::One);
    assert_eq!(kind, Extremum::Some { least: true, greatest: true });
    assert!((least - 8.0).abs() < 1e-6 && (greatest - 72.0).abs() < 1e-6, "{:?}", lint.collapse);
    assert!(lint.features.is_none(), "their number is fixed");
}

/// sqrt(var + 1) is above 1: with 1 for both numbers the hinge is off, and nothing would be seen of it.
#[test]
fn numbers_are_chosen_that_leave_no_hinge_off() {
    let lint = of("vicreg_variance");
    assert_eq!(lint.setting.off, 0);
    let scalars: Vec<(&str, &str, Chosen)> =
        lint.setting.scalars.iter().map(|(name, value, chosen)| (name.as_str(), value.as_str(), *chosen)).collect();
    assert!(scalars.iter().all(|(_, _, chosen)| *chosen == Chosen::Free), "{scalars:?}");
    collapses(&lint, Constants::One, Extremum::Greatest { alone: true }, 1.0 - 0.1f64.sqrt());
    // What is given is kept, and what then is off is counted.
    let session = Session::new();
    let given = try_with(&session, "vicreg_variance", &[("gamma", "1"), ("eps", "1")], &[]).unwrap();
    assert_eq!(given.setting.off, 1);
    assert!(given.setting.scalars.iter().all(|(_, value, chosen)| value == "1" && *chosen == Chosen::Given));
    assert_eq!(of("vicreg").setting.off, 0);
}

/// Sizes may be numbers and sums, as long as the number of samples has a name.
#[test]
fn sizes_need_not_be_names() {
    let sum = own("def f(Z: Mat[d, B], W: Mat[d, d + 1]) -> Real = sum(abs2(W' * Z))");
    assert_eq!((sum.setting.batch.as_str(), sum.setting.held.as_slice()), ("B", &["W".to_owned()][..]));
    // A sum over the samples, whatever W is.
    unchanged(&sum.split[0].sum);
    let twice = own("def f(Z: Mat[d, B], W: Mat[d, 2 * B]) -> Real = sum(abs2(W' * Z))");
    assert!(matches!(&twice.split[0].sum, Change::Undefined(why) if why.contains("the size of W")), "{twice:?}");
    let refused = |text: &str| {
        let mut session = Session::new();
        session.load_text("<own>", text).unwrap();
        try_with(&session, "f", &[], &[]).unwrap_err().to_string()
    };
    assert_eq!(refused("def f(Z: Mat[3, 5]) -> Real = sum(abs2(Z))"), "E0705");
    assert_eq!(refused("def f(Z: Mat[d, d + 1]) -> Real = sum(abs2(Z))"), "E0705");
}

/// log sum_{i<j} exp(−t |z_i − z_j|²) is 0 where all are equal, and nowhere greater.
#[test]
fn uniformity_is_greatest_at_collapse() {
    let lint = of("uniformity");
    collapses(&lint, Constants::One, Extremum::Greatest { alone: true }, 0.0);
    assert_eq!((lint.collapse.ways.all, lint.collapse.ways.rise), (8, 8));
}

#[test]
fn laws_and_bounds_of_small_losses() {
    let logarithm = own("def f(Z: Mat[d, B]) -> Real = log(sum(abs2(Z)))");
    assert!(
        matches!(logarithm.norm.law, Law::Logarithm { slope, exact: true, .. } if (slope - 2.0).abs() < 1e-9),
        "{:?}",
        logarithm.norm
    );
    assert!(!logarithm.least.as_ref().unwrap().falling);
    let square = own("def f(Z: UnitCols[d, B]) -> Real = -norm(gram(Z))^2");
    assert!(matches!(square.norm.law, Law::Undefined(_)), "scaled columns are not allowed");
    let below = own("def f(Z: Mat[d, B]) -> Real = -norm(gram(Z))^2");
    assert!(below.least.as_ref().unwrap().falling);
    let above = own("def f(Z: Mat[d, B]) -> Real = norm(gram(Z))^2");
    assert!(!above.least.as_ref().unwrap().falling);
    // Not symmetric in the samples.
    changes(&own("def f(Z: Mat[d, B]) -> Real = Z[1, 1]").permutation.jointly);
    // The columns have norm 1 and their squares the sum B: constant until the norm changes.
    let constant = own("def f(Z: Mat[d, B]) -> Real = sum(abs2(Z))");
    collapses(&constant, Constants::One, Extremum::Constant, 8.0);
    power(&constant.samples, 1.0, 0.0);
}

/// Next to 10^9 single precision has steps of 64, which swallow a sum of 8; double precision keeps 7 digits of it.
#[test]
fn digits_that_cancel_are_lost_in_single_precision_alone() {
    let lint = own("def f(Z: Mat[d, B]) -> Real = (1e9 + sum(abs2(Z) .^ 2)) - 1e9");
    let random = &lint.precision[0];
    let (single, rounded) = (random.single.value.unwrap(), random.rounded.value.unwrap());
    assert!(single.1 < 0.5, "{single:?}");
    assert!(rounded.0 > 5.0, "{rounded:?}");
    let plain = own("def f(Z: Mat[d, B]) -> Real = sum(abs2(Z) .^ 2)");
    assert!(plain.precision[0].single.value.unwrap().0 > 5.5);
}

#[test]
fn what_cannot_be_linted_is_refused() {
    let session = Session::new();
    let code = |loss: &str, set: &[(&str, &str)], sizes: &[(&str, i64)]| {
        try_with(&session, loss, set, sizes).err().map(|code| code.to_string())
    };
    assert_eq!(code("f_divergence", &[], &[]).as_deref(), Some("E0705"));
    assert_eq!(code("shannon", &[], &[]).as_deref(), Some("E0705"));
    assert_eq!(code("gram", &[], &[]).as_deref(), Some("E0501"));
    assert_eq!(code("info_nec", &[], &[]).as_deref(), Some("E0202"));
    assert_eq!(code("info_nce", &[("nu", "1")], &[]).as_deref(), Some("E0204"));
    assert_eq!(code("info_nce", &[("Z1", "1")], &[]).as_deref(), Some("E0807"));
    assert_eq!(code("info_nce", &[("tau", "-1")], &[]).as_deref(), Some("E0404"));
    assert_eq!(code("info_nce", &[], &[("n", 3)]).as_deref(), Some("E0807"));
    assert_eq!(code("info_nce", &[("tau", "1/2")], &[("B", 6)]), None);
}

#[test]
fn one_seed_is_one_lint() {
    let loss = |seed: u64| {
        let request = Request { loss: "m_mae".to_owned(), ..Request::default() };
        lint(&Session::new(), &request, &Options { seed, ..Options::default() }).unwrap()
    };
    assert_eq!(loss(3), loss(3));
    assert_ne!(loss(3), loss(4));
    let json: serde_json::Value = serde_json::from_str(&lint_json(&loss(3))).unwrap();
    assert_eq!(json["held"], serde_json::json!(["pred", "target", "mask"]));
}

/// The committed table, against a few losses that are quick; numbers may differ a little between processors.
#[test]
fn the_table_of_the_library_is_current() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/library/LINT.md");
    let table = std::fs::read_to_string(path).unwrap();
    let row = |name: &str| -> Vec<String> {
        let line = table.lines().find(|line| line.starts_with(&format!("| `{name}` |")));
        let line = line.unwrap_or_else(|| panic!("`{name}` has no row: run `cargo xtask lint`"));
        line.trim_matches('|').split(" | ").map(|cell| cell.trim().to_owned()).collect()
    };
    let quick = [
        "alignment",
        "coding_rate",
        "info_nce",
        "barlow_twins",
        "mae",
        "uniformity",
        "kl",
        "vicreg",
        "vicreg_variance",
        // More samples than features in one argument.
        "vae",
    ];
    for name in quick {
        let (found, expected) = (row(name), lint_row(&of(name)));
        assert_eq!(found.len(), expected.len(), "{name}");
        for (found, expected) in found.iter().zip(&expected) {
            assert!(alike(found, expected), "{name}: {found}, not {expected}: run `cargo xtask lint`");
        }
    }
    let library = Session::new();
    for definition in library.library() {
        assert!(table.contains(&format!("`{}`", definition.def.name.name)), "run `cargo xtask lint`");
    }
}

/// The same words, whole numbers that differ by one at most, and others that differ by a twentieth.
fn alike(a: &str, b: &str) -> bool {
    let words = |text: &str| -> Vec<String> {
        text.split([' ', '^', ';']).filter(|word| !word.is_empty()).map(String::from).collect()
    };
    // Exponents and percentages have a point, digits are whole.
    let near = |a: &String, b: &String| match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) if a.contains('.') || b.contains('.') => (x - y).abs() <= 0.05 * x.abs().max(y.abs()).max(1.0),
        (Ok(x), Ok(y)) => (x - y).abs() <= 1.0,
        _ => false,
    };
    let (a, b) = (words(a), words(b));
    a.len() == b.len() && a.iter().zip(&b).all(|(a, b)| a == b || near(a, b))
}
