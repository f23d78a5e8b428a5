//! The library: every quantity and loss, written in the language itself.

/// The files of the library, by name, with their texts.
pub const FILES: &[(&str, &str)] = &[
    ("kernels.lw", include_str!("kernels.lw")),
    ("entropy.lw", include_str!("entropy.lw")),
    ("rates.lw", include_str!("rates.lw")),
    ("divergence.lw", include_str!("divergence.lw")),
    ("contrastive.lw", include_str!("contrastive.lw")),
    ("decorrelation.lw", include_str!("decorrelation.lw")),
    ("siamese.lw", include_str!("siamese.lw")),
    ("masked.lw", include_str!("masked.lw")),
];

/// The rules of the rewriter: theorems whose claim is an equality, by group.
pub const RULES: &[(&str, &str)] = &[
    ("product", include_str!("rules/product.lw")),
    ("adjoint", include_str!("rules/adjoint.lw")),
    ("trace", include_str!("rules/trace.lw")),
    ("norm", include_str!("rules/norm.lw")),
    ("hadamard", include_str!("rules/hadamard.lw")),
    ("kronecker", include_str!("rules/kronecker.lw")),
    ("inverse", include_str!("rules/inverse.lw")),
    ("determinant", include_str!("rules/determinant.lw")),
    ("logarithm", include_str!("rules/logarithm.lw")),
    ("spectral", include_str!("rules/spectral.lw")),
];
