"""Writes gradient_cases.json: gradients at repeated, vanishing and nearly vanishing eigenvalues.

Each case is an expression, the matrices in it as rationals, the name that it is differentiated by, and the gradient. The
quantities are written anew here, from their definitions, and differentiated by central differences in 90 digits: the
even part of a kink cancels in those, so that they give the subgradient of least norm there.
Run as `python gradient_cases.py > gradient_cases.json`.
"""

import json
from fractions import Fraction

from mpmath import mp, mpf, eigsy, exp, log, matrix

mp.dps = 90
STEP = mpf(10) ** -25
# Eigenvalues below this are zeros: perturbations by the step make some of the order of its square.
ZERO = mpf(10) ** -70


def parse(text):
    rows = [[Fraction(entry.strip()) for entry in row.split(",")] for row in text.strip("[]").split(";")]
    return matrix([[mpf(x.numerator) / x.denominator for x in row] for row in rows])


def spectrum(a):
    return [x if x > ZERO else mpf(0) for x in eigsy((a + a.T) / 2, eigvals_only=True)]


def xlogx(x):
    return x * log(x) if x > 0 else mpf(0)


def entropy(k, alpha):
    """As printed: normalised by n."""
    n = k.rows
    values = [x / n for x in spectrum(k)]
    if alpha == 1:
        return -sum(xlogx(x) for x in values)
    return log(sum(x**alpha for x in values if x > 0)) / (1 - mpf(alpha.numerator) / alpha.denominator)


def hadamard(a, b):
    return matrix([[a[i, j] * b[i, j] for j in range(a.cols)] for i in range(a.rows)])


def gram(z):
    return z.T * z


def normalized(z):
    out = z.copy()
    for j in range(z.cols):
        norm = mp.sqrt(sum(z[i, j] ** 2 for i in range(z.rows)))
        for i in range(z.rows):
            out[i, j] = z[i, j] / norm
    return out


def effective_rank(a):
    values = [mp.sqrt(x) for x in spectrum(a.T * a if a.rows >= a.cols else a * a.T)]
    total = sum(values)
    return exp(-sum(xlogx(x / total) for x in values))


def kl(a, b):
    """tr a (log a - log b), b positive definite."""
    values, vectors = eigsy((b + b.T) / 2)
    logarithm = vectors * mp.diag([log(x) for x in values]) * vectors.T
    product = a * logarithm
    return sum(xlogx(x) for x in spectrum(a)) - sum(product[i, i] for i in range(a.rows))


Q = Fraction
RANDOM = "[1/2, -1/3, 2/5, 1; 3/4, 1/5, -1, 1/6; -2/3, 1, 1/7, 1/2]"
ZS = {
    "random": RANDOM,
    "orthonormal columns": "[1, 0, 0; 0, 1, 0; 0, 0, 1; 0, 0, 0]",
    "a repeated spectrum": "[2, 0, 0; 0, 2, 0; 0, 0, 1]",
    "a repeated spectrum, rotated": "[1, 2, 2; 2, 1, -2; 2, -2, 1]",
    "equal columns": "[1/2, 1/2, 1/2; 1, 1, 1]",
    "rank one": "[1, 2, 3; 2, 4, 6]",
    "rank two of three": "[1, 0, 1; 0, 1, 1; 1, 1, 2]",
    "more columns than rows": "[1, 0, 2, -1; 0, 1, 1, 1]",
    "nearly rank one": "[1, 2, 3; 2, 4, 6.0001]".replace("6.0001", "60001/10000"),
    "a tiny column": "[1, 0, 0; 0, 1, 1/1000; 0, 1/1000, 1]",
    "two equal columns": "[1, 1, 0; 2, 2, 1; 0, 0, 3]",
}
ORDERS = [Q(1, 4), Q(3, 4), Q(1), Q(3, 2), Q(2), Q(5), Q(19, 2)]


def cases():
    for z in ZS.values():
        for alpha in ORDERS:
            yield f"entropy(gram(Z), {alpha})", {"Z": z}, "Z", lambda v, a=alpha: entropy(gram(v["Z"]), a)
        for alpha in [Q(1, 2), Q(1), Q(3)]:
            yield (
                f"entropy(gram(normalize_cols(Z)), {alpha})",
                {"Z": z},
                "Z",
                lambda v, a=alpha: entropy(gram(normalized(v["Z"])), a),
            )
        yield "entropy(cov(Z), 1)", {"Z": z}, "Z", lambda v: entropy(v["Z"] * v["Z"].T, Q(1))
        yield "effective_rank(gram(Z))", {"Z": z}, "Z", lambda v: effective_rank(gram(v["Z"]))
        yield "entropy(gram(Z) .* gram(Z), 1)", {"Z": z}, "Z", lambda v: entropy(
            hadamard(gram(v["Z"]), gram(v["Z"])), Q(1)
        )
        yield "kl(gram(Z), eye(cols(Z)) + gram(Z) / 2)", {"Z": z}, "Z", lambda v: kl(
            gram(v["Z"]), mp.eye(v["Z"].cols) + gram(v["Z"]) / 2
        )
    for a, b in [("equal columns", "rank one"), ("orthonormal columns", "a tiny column"), ("rank one", "equal columns")]:
        for alpha in [Q(1, 2), Q(1), Q(2)]:
            yield (
                f"mutual_information(gram(Z), gram(Y), {alpha})",
                {"Z": ZS[a], "Y": ZS[b]},
                "Z",
                lambda v, a=alpha: entropy(gram(v["Z"]), a)
                + entropy(gram(v["Y"]), a)
                - entropy(hadamard(gram(v["Z"]), gram(v["Y"])), a),
            )


def gradient(f, values, wrt):
    z = values[wrt]
    out = []
    for i in range(z.rows):
        row = []
        for j in range(z.cols):
            kept = z[i, j]
            z[i, j] = kept + STEP
            above = f(values)
            z[i, j] = kept - STEP
            below = f(values)
            z[i, j] = kept
            row.append(mp.nstr((above - below) / (2 * STEP), 17))
        out.append(row)
    return out


def written(case):
    expr, names, wrt, f = case
    values = {name: parse(text) for name, text in names.items()}
    return json.dumps({"expr": expr, "names": names, "wrt": wrt, "gradient": gradient(f, values, wrt)})


print("[\n" + ",\n".join(" " + written(case) for case in cases()) + "\n]")
