//! Lint against what is known otherwise: by a line of algebra, or by the definition itself.

use loewner::base::{Code, FileId};
use loewner::check::Session;
use loewner::lint::{Change, Extremum, Growth, Law, Lint, Options, Outcome, Request, lint};
use loewner::report::lint::{lint_json, lint_row};
use loewner::syntax::parse_expr;

fn try_with(session: &Session, loss: &str, set: &[(&str, &str)], sizes: &[(&str, usize)]) -> Result<Lint, Code> {
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

/// log det(mu I + ZZ') of B unit columns has eigenvalues that sum to B: it is least, (d − 1) log mu + log(mu + B), where
/// there is one of them, and greatest, B log(1 + mu), where they are equal.
#[test]
fn the_coding_rate_is_least_at_collapse() {
    let lint = of("coding_rate");
    // A line does as well as a point.
    assert_eq!(lint.collapse.kind, Extremum::Least { alone: false });
    assert!((lint.collapse.value.finite().unwrap() - 9f64.ln()).abs() < 1e-12);
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
    assert_eq!(lint.collapse.kind, Extremum::Neither);
    assert!((lint.collapse.value.finite().unwrap() - 8f64.ln()).abs() < 1e-12);
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
    let one = of("barlow_twins").collapse.value.finite().unwrap();
    assert!((one - 0.0051 * 12.0 * 11.0).abs() < 1e-12, "{one}");
}

#[test]
fn means_and_sums_split_as_they_do() {
    let mean = of("alignment");
    power(&mean.norm, 2.0, 0.0);
    unchanged(&mean.split[0].mean);
    changes(&mean.split[0].sum);
    assert_eq!(mean.collapse.kind, Extremum::Least { alone: false });
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
    assert_eq!(lint.collapse.kind, Extremum::Greatest { alone: false });
    assert!((lint.collapse.value.finite().unwrap() - 0.01 * 56.0).abs() < 1e-12);
}

#[test]
fn what_is_infinite_or_refused_is_told() {
    let kl = of("kl");
    assert_eq!(place(&kl, "K2 alone collapsed").0, &Outcome::Infinite(f64::INFINITY));
    assert!(place(&kl, "K1 alone collapsed").0.finite().is_some());
    power(&kl.norm, 1.0, 0.0);
    // Constant rows have no variance to divide by.
    assert_eq!(of("frossl").collapse.kind, Extremum::Undefined);
    assert!(matches!(place(&of("entropy"), "zero").0, Outcome::Refused(why) if why.contains("trace(K) > 0")));
    // An entropy of kernels with unit diagonal is least, 0, at rank one and greatest, log n, at the identity.
    let entropy = of("entropy");
    assert!(entropy.collapse.value.finite().unwrap().abs() < 1e-12);
    assert!((entropy.collapse.orthonormal.finite().unwrap() - 8f64.ln()).abs() < 1e-12);
}

#[test]
fn hinges_and_variances_of_vicreg() {
    let covariance = of("vicreg_covariance");
    power(&covariance.norm, 4.0, 0.0);
    assert_eq!(covariance.stationary.vanishes, Some(true));
    changes(&covariance.rotation.jointly);
    // At collapse the hinges are at their tops, 2 × 25 (1 − sqrt(eps)).
    let vicreg = of("vicreg");
    assert!((vicreg.collapse.value.finite().unwrap() - 50.0 * (1.0 - 0.01)).abs() < 1e-9);
}

/// log sum_{i<j} exp(−t |z_i − z_j|²) is 0 where all are equal, and nowhere greater.
#[test]
fn uniformity_is_greatest_at_collapse() {
    let lint = of("uniformity");
    assert_eq!(lint.collapse.kind, Extremum::Greatest { alone: true });
    assert!(lint.collapse.value.finite().unwrap().abs() < 1e-12);
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
    assert_eq!(constant.collapse.kind, Extremum::Constant);
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
    let code = |loss: &str, set: &[(&str, &str)], sizes: &[(&str, usize)]| {
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
    for name in ["alignment", "coding_rate", "info_nce", "barlow_twins", "mae", "uniformity", "kl"] {
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
