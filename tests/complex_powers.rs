//! Powers of complex numbers: principal values.

use loewner::Loewner;

/// Expected values from mpmath with 25 digits, `mpf`/`mpc` powers.
#[test]
fn powers_are_principal_values() {
    let mut loewner = Loewner::new();
    for (text, re, im) in [
        // mpc(1, 1)**0.5
        ("(1 + 1i)^(1/2)", 1.098_684_113_467_81, 0.455_089_860_562_227_3),
        // mpc(-8, 0)**(mpf(1)/3) = 1 + sqrt(3) i
        ("(-8 + 0i)^(1/3)", 1.0, 1.732_050_807_568_877_2),
        // mpc(0, 1)**mpc(0, 1) = exp(-pi/2)
        ("(1i)^(1i)", 0.207_879_576_350_761_9, 0.0),
        // mpf(2)**mpc(0, 1) = cos(log 2) + i sin(log 2)
        ("2^(1i)", 0.769_238_901_363_972_1, 0.638_961_276_313_634_8),
        ("(1i - 1i)^(3/2)", 0.0, 0.0),
        // Entry by entry: sqrt(i), sqrt(4), 0 of 0, and 2^i as above.
        ("([1i, 4] .^ (1/2))[1]", std::f64::consts::FRAC_1_SQRT_2, std::f64::consts::FRAC_1_SQRT_2),
        ("([1i, 4] .^ (1/2))[2]", 2.0, 0.0),
        ("([1i, 0; 0, 4] .^ (3/2))[1, 2]", 0.0, 0.0),
        ("([2, 3] .^ (1i))[1]", 0.769_238_901_363_972_1, 0.638_961_276_313_634_8),
        // An integer is still a product: (1 + i)^2 = 2i.
        ("(1 + 1i)^2", 0.0, 2.0),
    ] {
        for (part, expected) in [("real", re), ("imag", im)] {
            let found = loewner.evaluate(format!("{part}({text})")).map(|value| value.scalar());
            let near = matches!(found, Ok(Some(found)) if (found - expected).abs() < 1e-14);
            assert!(near, "{part}({text}): {found:?} instead of {expected}");
        }
    }
}

/// Powers of matrices that are not Hermitian, with exponents beyond any that is written out: by hand.
#[test]
fn large_powers_of_matrices_are_products() {
    let mut loewner = Loewner::new();
    for (text, expected) in [
        ("([1, 1; 0, 1]^100)[1, 2]", 100.0),
        ("([1, 1; 0, 1]^(-100))[1, 2]", -100.0),
        ("([1, 1; 0, 1]^1048576)[1, 2]", 1_048_576.0),
        ("([0, 1; 1, 0]^65)[1, 2]", 1.0),
        ("([0, -1; 1, 0]^1023)[1, 2]", 1.0),
    ] {
        let found = loewner.evaluate(text).map(|value| value.scalar());
        let near = matches!(found, Ok(Some(found)) if (found - expected).abs() < 1e-9);
        assert!(near, "{text}: {found:?} instead of {expected}");
    }
}
