//! Words of other languages and papers, with what Loewner has for them; and the little grammar that messages need.

/// The text with its indefinite article: `an n × n matrix`, `a d × B matrix`, `an 8 × 8 matrix`.
pub(super) fn a(text: &str) -> String {
    let word: String = text.chars().take_while(|c| c.is_alphanumeric()).collect();
    let vowel = match word.chars().next() {
        // Numbers and single letters are read out: eight, eleven, eighteen; an n, an m.
        Some('8') => true,
        Some(c) if c.is_ascii_digit() => word == "11" || word == "18",
        Some(c) if word.chars().count() == 1 => "aefhilmnorsxAEFHILMNORSX".contains(c),
        Some(c) => "aeioAEIO".contains(c),
        None => false,
    };
    format!("{} {text}", if vowel { "an" } else { "a" })
}

/// `1 size`, `2 sizes`
pub(super) fn plural(count: usize, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

/// What a function of another language, or of a paper, is called here.
pub(super) fn function_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "matmul" | "mm" | "bmm" | "dot" => "the matrix product is `A * B`, the inner product of vectors `u' * v`",
        "outer" => "the outer product of vectors is `u * v'`",
        "einsum" => "write the product out: `A * B`, `A .* B`, `A ⊗ B`, `sum(A, \"rows\")`",
        "hadamard" | "multiply" | "mul" => "the entrywise product is `A ∘ B` or `A .* B`",
        "divide" | "div" => "the entrywise quotient is `A ./ B`",
        "t" | "ctranspose" | "dagger" => "the conjugate transpose is `A'`",
        "eig" | "eigh" | "eigvalsh" | "eigenvalues" | "spectrum" => {
            "`eigvals(A)` has the eigenvalues of a Hermitian matrix, ascending"
        }
        "svd" | "singular_values" => "`svdvals(A)` has the singular values, descending",
        "slogdet" | "log_det" => "`logdet(A)` is the logarithm of the determinant",
        "solve" | "lstsq" => "`inv(A) * B` solves a linear system",
        "pinv" => "`inv(gram(A)) * A'` is the pseudo-inverse where the columns are independent",
        "cholesky" => "no factors are needed here: `logdet`, `inv` and `sqrtm` use what fits the matrix",
        "identity" => "the identity matrix is `eye(n)`",
        "ln" => "the natural logarithm is `log(x)`",
        "log2" | "log10" => "entropies are in nats, and `log` is natural: `log(x) / log(2)`",
        "pow" | "power" => "a power is `x ^ p`; of every entry, `x .^ p`",
        "square" => "`x .^ 2`, or `abs2(x)` for the squared modulus",
        "frobenius" | "fro" | "frobenius_norm" => "`norm(A)` is the Frobenius norm, `frobenius2(A)` its square",
        "nuclear_norm" | "trace_norm" => "the nuclear norm is `norm(A, \"nuclear\")`",
        "spectral_norm" | "operator_norm" => "the spectral norm is `norm(A, \"spectral\")`",
        "normalize" | "normalise" | "l2_normalize" => {
            "`normalize_cols(Z)` makes columns of norm 1, `normalize_rows(Z)` rows"
        }
        "cosine_similarity" | "cosine" => "`cosines(Z1, Z2)` has the cosine of each pair of columns",
        "std" | "var" | "variance" => "`variance_rows(Z)` has one variance per row",
        "size" | "shape" | "len" | "length" => "`rows(A)`, `cols(A)` and `numel(A)` count",
        "conjugate" => "`conj(A)` conjugates every entry",
        "conditional" | "where" | "ifelse" => "a choice is `if CONDITION then A else B`",
        "detach" | "no_grad" => "`stop_gradient(A)` lets no gradient through",
        "array" | "tensor" | "matrix" => "a matrix is written `[1, 2; 3, 4]`, a vector `[1, 2, 3]`",
        "concatenate" | "concat" | "cat" | "hstack" | "vstack" => "blocks are joined in brackets: `[A, B]`, `[A; B]`",
        "prod" => "write `exp(sum(log(x)))` for a product of positive numbers",
        "shannon_entropy" => "`shannon(q)` is the entropy of a probability vector, in nats",
        "kl_divergence" | "kldiv" => "`kl(K1, K2)` is the divergence of kernels",
        "infonce" | "nt_xent" | "ntxent" => "`info_nce(Z1, Z2)` and `simclr(Z1, Z2)` are the contrastive losses",
        _ => return None,
    })
}

/// The parameter that is meant by another library's name for it, where the definition has it.
pub(super) fn parameter_elsewhere(name: &str, parameters: &[&str]) -> Option<&'static str> {
    let meant: &[&'static str] = match name.to_lowercase().as_str() {
        "temperature" | "temp" | "t" => &["tau", "t"],
        "lam" | "lamb" | "lambd" | "lmbda" | "weight" | "reg" | "λ" => &["lambda", "weight"],
        "order" | "a" | "α" => &["alpha"],
        "eps" | "epsilon" | "ε" => &["eps", "eps2", "mu"],
        "prediction" | "x_hat" | "recon" => &["pred", "xhat"],
        "μ" => &["mu"],
        _ => return None,
    };
    meant.iter().copied().find(|meant| parameters.contains(meant))
}

/// The domain that is meant by another name for it.
pub(super) fn domain_elsewhere(name: &str) -> Option<&'static str> {
    Some(match name.to_lowercase().as_str() {
        "matrix" | "array" | "tensor" => "any matrix is `Mat[m, n]`",
        "vector" | "column" => "any vector is `Vec[n]`",
        "symmetric" | "hermitian" | "herm" | "selfadjoint" => "Hermitian matrices are `Sym[n]`, or `Sym[n, complex]`",
        "spd" | "posdef" | "positivedefinite" => "positive definite matrices are `Pd[n]`, semi-definite ones `Psd[n]`",
        "kernel" | "gram" | "correlation" => "kernels of unit diagonal are `Corr[n]`, all kernels `Psd[n]`",
        "probability" | "prob" | "distribution" => "probability vectors are `Simplex[n]`",
        "state" | "densitymatrix" => "positive semi-definite matrices of trace 1 are `Density[n]`",
        "sphere" | "unit" => "unit columns are `UnitCols[d, B]`, unit rows `UnitRows[m, n]`",
        "int" | "integer" | "integers" | "nat" | "natural" => "integers are quantified with both ends: `n in 1..32`",
        "float" | "number" | "scalar" | "double" => "real numbers are `Real`",
        "positive" => "positive numbers are quantified `x in (0, inf)`; a parameter is `x: Real` with `where x > 0`",
        "bool" | "boolean" | "binary" => "zeros and ones are `Mask[n]` or `Mask[m, n]`",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::a;

    #[test]
    fn articles_follow_the_sound() {
        assert_eq!(a("n × n matrix"), "an n × n matrix");
        assert_eq!(a("d × B matrix"), "a d × B matrix");
        assert_eq!(a("8 × 8 matrix"), "an 8 × 8 matrix");
        assert_eq!(a("3 × 8 matrix"), "a 3 × 8 matrix");
        assert_eq!(a("scalar"), "a scalar");
        assert_eq!(a("argument"), "an argument");
    }
}
