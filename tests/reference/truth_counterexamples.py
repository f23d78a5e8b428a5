"""The counterexamples of tests/truth, each computed with 50 digits from the statement's own formula.

Shares no code with the project. Every theorem of tests/truth/*.lw that is marked `expect refuted` must have a margin here that
is negative beyond all rounding, or, where what is false is a claim about equality, a gap of 0 where the condition fails.
"""

import pathlib
import re
import sys
from fractions import Fraction

from mpmath import mp, mpf, matrix, mpc

mp.dps = 50


def M(*rows):
    """A matrix from rows of numbers, strings or fractions."""
    return matrix([[number(x) for x in row] for row in rows])


def number(x):
    if isinstance(x, str):
        x = Fraction(x)
    if isinstance(x, Fraction):
        return mpf(x.numerator) / x.denominator
    return mpc(x) if isinstance(x, complex) else mpf(x)


def diag(*d):
    return mp.diag([number(x) for x in d])


def eye(n):
    return mp.eye(n)


def ones(n):
    return mp.ones(n)


def T(A):
    return A.transpose_conj()


def hermitian(A):
    return (A + T(A)) / 2


def eig(A):
    """Ascending eigenvalues of a Hermitian matrix."""
    return sorted(mp.eighe(mp.matrix(hermitian(A)), eigvals_only=True))


def fun(A, f):
    """f of a Hermitian matrix."""
    values, vectors = mp.eighe(mp.matrix(hermitian(A)))
    return vectors * mp.diag([f(x) for x in values]) * T(vectors)


def power(A, p):
    """A real power of a PSD matrix; 0 at eigenvalues that are 0 up to rounding."""
    return fun(A, lambda x: mpf(0) if abs(x) < mpf(10) ** -40 else x**p)


def expm(A):
    return fun(A, mp.exp)


def logm(A):
    return fun(A, mp.log)


def absm(A):
    return fun(A, abs)


def root(A):
    return power(A, mpf(1) / 2)


def tr(A):
    return mp.re(sum(A[i, i] for i in range(A.rows)))


def svd(A):
    """Descending singular values."""
    return [mp.sqrt(max(x, 0)) for x in reversed(eig(T(A) * A))]


def frobenius(A):
    return mp.sqrt(sum(abs(x) ** 2 for x in A))


def nuclear(A):
    return sum(svd(A))


def spectral(A):
    return svd(A)[0]


def entries(A, B, f):
    return matrix(A.rows, A.cols) + matrix([[f(A[i, j], B[i, j]) for j in range(A.cols)] for i in range(A.rows)])


def had(A, B):
    return entries(A, B, lambda a, b: a * b)


def each(A, f):
    return entries(A, A, lambda a, _: f(a))


def kron(A, B):
    C = matrix(A.rows * B.rows, A.cols * B.cols)
    for i in range(A.rows):
        for j in range(A.cols):
            for k in range(B.rows):
                for l in range(B.cols):
                    C[i * B.rows + k, j * B.cols + l] = A[i, j] * B[k, l]
    return C


def least(A):
    """The least eigenvalue: the margin of 0 ⪯ A."""
    return eig(A)[0]


def xlogx(x):
    return mpf(0) if x < mpf(10) ** -40 else x * mp.log(x)


def shannon(p):
    return -sum(xlogx(x) for x in p)


def renyi(p, a):
    p = [x for x in p if x > mpf(10) ** -40]
    return shannon(p) if a == 1 else mp.log(sum(x**a for x in p)) / (1 - a)


def S(R):
    return shannon(eig(R))


def H(K, a):
    """The paper's entropy of a kernel of unit diagonal."""
    return renyi([x / K.rows for x in eig(K)], a)


def relative(R, Q):
    return tr(R * (logm(R) - logm(Q)))


def geometric(A, B):
    s = root(A)
    t = s**-1
    return s * root(t * B * t) * s


def partition(*blocks):
    """The kernel of ones and zeros of a partition, given by the block of each item."""
    n = len(blocks)
    return matrix([[mpf(blocks[i] == blocks[j]) for j in range(n)] for i in range(n)])


def marginal(p, keep):
    """The marginal of a distribution given as {bits: probability}."""
    out = {}
    for bits, x in p.items():
        key = tuple(bits[i] for i in keep)
        out[key] = out.get(key, mpf(0)) + x
    return list(out.values())


X = M([0, 1], [1, 0])
Y = M([0, -1j], [1j, 0])
Z = M([1, 0], [0, -1])
E11 = diag(1, 0)
J2 = ones(2)


def equality(gap, distance):
    """A gap of zero at a point that breaks the condition by a distance."""
    assert distance > mpf("0.1"), distance
    return -1 if abs(gap) < mpf(10) ** -45 else 1


def bounded(value, hypotheses):
    """A margin at a point that meets the hypotheses, given by their residuals."""
    for residual in hypotheses:
        assert abs(residual) < mpf(10) ** -45, residual
    return value


def midpoint(f, A, B):
    """The margin of operator convexity at the midpoint."""
    return least((f(A) + f(B)) / 2 - f((A + B) / 2))


def distribution(weights):
    """A distribution on bit strings, from weights in the order of the binary numbers."""
    n = (len(weights) - 1).bit_length()
    total = sum(weights)
    return {tuple((k >> (n - 1 - i)) & 1 for i in range(n)): mpf(w) / total for k, w in enumerate(weights)}


def unit_gram(*rows):
    """The kernel of the columns, normalised."""
    A = M(*rows)
    n = A.cols
    norm = [mp.sqrt(sum(A[i, j] ** 2 for i in range(A.rows))) for j in range(n)]
    G = A.T * A
    return matrix([[G[i, j] / norm[i] / norm[j] for j in range(n)] for i in range(n)])


def binary(t):
    return -xlogx(t) - xlogx(1 - t)


def renyi_part(p, keep, a):
    return renyi(marginal(p, keep), a)


def joint(K, L, a):
    return H(had(K, L), a)


def information(K, L, a):
    return H(K, a) + H(L, a) - joint(K, L, a)


def js(K, L):
    return H((K + L) / 2, 1) - (H(K, 1) + H(L, 1)) / 2


def spin(angle):
    return M([mp.cos(angle), mp.sin(angle)], [mp.sin(angle), -mp.cos(angle)])


def chsh(A, B, C, D):
    return spectral(kron(A, C + D) + kron(B, C - D))


def tsirelson():
    return chsh(spin(0), spin(mp.pi / 2), spin(mp.pi / 4), spin(2 * mp.pi - mp.pi / 4))


def projection(angle):
    c, s = mp.cos(angle), mp.sin(angle)
    return M([c * c, c * s], [c * s, s * s])


def shapiro(x):
    n = len(x)
    return sum(x[i] / (x[(i + 1) % n] + x[(i + 2) % n]) for i in range(n))


def carlen_lieb(A, B, C, D, p):
    def f(K, L):
        return tr(power(power(K, p) + power(L, p), 1 / p))

    return f(A, B) + f(C, D) - 2 * f((A + C) / 2, (B + D) / 2)


def sandwiched(R, X, a):
    Q = X / tr(X)
    R = R / tr(R)
    t = power(Q, (1 - a) / (2 * a))
    return tr(power(t * R * t, a)) - tr(power(R, a) * power(Q, 1 - a))


def word():
    A = M([1, 20, 210], [20, 402, 4240], [210, 4240, 44903])
    B = M([36501, -3820, 190], [-3820, 401, -20], [190, -20, 1])
    assert least(A) > 0 and least(B) > 0
    return tr(A * B * A * A * B * B)


def hadamard_powers(p, e):
    """The least eigenvalue of the entrywise power of 1 + e (i-1)(j-1)."""
    return least(matrix([[(1 + e * i * j) ** p for j in range(5)] for i in range(5)]))


def cycle():
    r = mp.sqrt(2)
    return matrix([[r, 1, 0, -1], [1, r, 1, 0], [0, 1, r, 1], [-1, 0, 1, r]]) / r


def hilbert(x):
    return sum(x[i] * x[j] / mpf(i + j + 1) for i in range(4) for j in range(4))


def golden_thompson_three():
    A, B, C = M([-1, 1], [1, 0]), diag(0, -1), M([0, -1], [-1, 0])
    return tr(expm(A) * expm(B) * expm(C)) - tr(expm(A + B + C))


def rational(p):
    return mpf(Fraction(p).numerator) / Fraction(p).denominator


half = mpf(1) / 2
r2 = mp.sqrt(2)
N = M([0, 1], [0, 0])
U = M([1, -1], [-1, 1])
K3, L3 = unit_gram([-3, -2, -2, 3, 2], [1, 2, 2, -1, -3]), unit_gram([2, 3, 0, 0, -1], [2, 1, -2, -2, -3])
bell = M([1, 0, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0], [1, 0, 0, 1]) / 2
three = distribution([0, 3, 0, 0, 0, 3, 3, 3])
two = distribution([4, 19, 1, 4])
hilbert_vector = [mpf("0.7926"), mpf("0.4519"), mpf("0.3224"), mpf("0.2522")]
lap = eye(3) - ones(3) / 3

# Each margin as the statement has it: negative where the statement fails.
MARGINS = {
    # norms_and_traces.lw
    "trace of a product by one Frobenius norm": lambda: frobenius(eye(2)) * spectral(eye(2)) - tr(eye(2)),
    "Araki, Lieb and Thirring, r from 9/10": lambda: tr(power(E11, rational("9/10")) * power(J2 / 2, rational("9/10")))
    - tr(power(E11 * J2 / 2 * E11, rational("9/10"))),
    "Araki, Lieb and Thirring turned round": lambda: tr(power(E11 * J2 * E11, 2)) - tr(E11 * J2 * J2),
    "Golden and Thompson for three": golden_thompson_three,
    "Golden and Thompson, equality for equal matrices only": lambda: equality(
        mp.exp(0) * mp.exp(1) - mp.exp(1), mpf(1)
    ),
    "Böttcher and Wenzel, constant 1.4128": lambda: mpf("1.4128") - frobenius(N * T(N) - T(N) * N),
    "commutator of positive matrices, constant 0.4995": lambda: mpf("0.4995") - spectral(E11 * J2 / 2 - J2 / 2 * E11),
    "two letters, four places, not Hermitian": lambda: tr(N * N * T(N) * T(N)) - tr(N * T(N) * N * T(N)),
    "trace of three positive matrices": lambda: tr(
        projection(0) * projection(mp.pi / 3) * projection(2 * mp.pi / 3)
    ),
    "trace of three Hermitian matrices and its reverse": lambda: -abs(
        sum((X * Y * Z - Z * Y * X)[i, i] for i in range(2))
    ),
    "a word in two positive matrices": word,
    "Clarkson and McCarthy, p from 1.95": lambda: 2 ** mpf("0.95") - 2,
    "norms of AB and of BA": lambda: spectral(diag(0, 1) * N) - spectral(N * diag(0, 1)),
    "modulus of Hermitian matrices, spectral": lambda: spectral(E11 - M([1, -1], [-1, 0]))
    - spectral(absm(E11) - absm(M([1, -1], [-1, 0]))),
    "overlap against the lesser trace": lambda: mpf(1) - mp.sqrt(4),
    "arithmetic and geometric mean, spectral norm, Hermitian": lambda: mpf(0) - 4,
    "triangle inequality, equality for equal matrices only": lambda: equality(mpf(1) + 2 - 3, mpf(1)),
    "orthogonal supports, singular sum": lambda: bounded(
        -mp.det(E11 + diag(0, 1)), [frobenius(E11 * diag(0, 1))]
    ),
    "third against second moment, trace one": lambda: bounded(mpf("0.999") - tr(E11), [tr(E11) - 1]),
    # determinants.lw
    "Hadamard's determinant inequality, equality for I only": lambda: equality(mp.log(2) - mp.log(2), mpf(1)),
    "Hadamard's determinant inequality, Hermitian": lambda: 2 * mp.log(mpf("0.1"))
    - mp.log(abs(mp.det(M(["0.1", 1], [1, "0.1"])))),
    "Minkowski's determinant inequality, constant 1.001": lambda: mp.det(2 * eye(3)) ** (mpf(1) / 3) - mpf("2.002"),
    "Minkowski with a smaller exponent": lambda: mp.det(2 * eye(3)) ** (mpf("0.99") / 3) - 2,
    "determinant of a sum from above": lambda: 2 - mp.det(2 * eye(2)),
    "Oppenheim and Schur, a term lost": lambda: mpf(1) - 2,
    "Oppenheim without the diagonal": lambda: half - 1,
    "log det is not supermodular": lambda: mp.log(3) - 2 * mp.log(2),
    "determinant of one plus a product, other order": lambda: -mp.log(2),
    "Ostrowski and Taussky, indefinite": lambda: abs(mp.det(diag(2, "-1/2") + M([0, 1], [-1, 0])))
    - abs(mp.det(diag(2, "-1/2"))),
    "matrices that annihilate the ones, singular sum": lambda: bounded(-mp.det(U + J2), [frobenius(U * ones(2))]),
    "diagonal of a matrix that annihilates the ones, constant 1.005": lambda: bounded(
        2 * eig(lap)[-1] - mpf("1.005") * 3 * lap[0, 0], [frobenius(lap * ones(3))]
    ),
    # loewner_order.lw
    "monotone powers up to 1.02": lambda: least(power(E11 + U, mpf("1.02")) - power(E11, mpf("1.02"))),
    "the square is monotone": lambda: least((J2 + E11) * (J2 + E11) - J2 * J2),
    "the exponential is monotone": lambda: least(expm(X + E11) - expm(X)),
    "convex powers up to 2.05": lambda: midpoint(
        lambda A: power(A, mpf("2.05")), diag(0, 1), M([1, -1], [-1, 2])
    ),
    "the cube is convex": lambda: midpoint(lambda A: A**3, diag(0, 1), M([1, 1], [1, 2])),
    "the fourth power is convex": lambda: midpoint(lambda A: A**4, -X, diag(-1, -2)),
    "the exponential is convex": lambda: midpoint(expm, M([1, 1], [1, 0]), diag(0, -1)),
    "triangle inequality in the Löwner order": lambda: least(absm(X) + absm(E11) - absm(X + E11)),
    "square of the arithmetic mean in the Löwner order": lambda: least(
        (J2 + diag(0, 1)) ** 2 / 4 - root(J2) * diag(0, 1) * root(J2)
    ),
    "geometric and log-Euclidean mean in the Löwner order": lambda: least(
        expm((logm(diag(2, 1)) + logm(M([2, 1], [1, 2]))) / 2) - geometric(diag(2, 1), M([2, 1], [1, 2]))
    ),
    "the symmetrised product is positive": lambda: least(E11 * J2 + J2 * E11),
    "Furuta beyond the range": lambda: least(
        power(
            root(M([5, 2], [2, 1])) * M([6, 2], [2, 1]) ** 2 * root(M([5, 2], [2, 1])),
            mpf(3) / 4,
        )
        - power(M([5, 2], [2, 1]), mpf(9) / 4)
    ),
    "Kadison with cubes": lambda: least(
        (M([1, -1, 0], [-1, 2, 1], [0, 1, 2]) ** 3)[0:2, 0:2] - M([1, -1], [-1, 2]) ** 3
    ),
    "real part of a positive matrix, constant 1.99": lambda: least(mpf("1.99") * eye(2) - M([1, 1j], [-1j, 1])),
    "Kantorovich, constant 0.99": lambda: 1 + mpf("0.99") * 9 / 16 - mpf(25) / 16,
    "Wielandt, constant 0.995": lambda: mpf("0.995") * 9 * mpf(25) / 4 - 25 * mpf(9) / 4,
    "the square root of commuting matrices is superadditive": lambda: r2 - 2,
    # hadamard.lw
    "cube of a Hadamard product": lambda: least(
        had(M([2, -1], [-1, 1]) ** 3, M([2, 1], [1, 1]) ** 3) - had(M([2, -1], [-1, 1]), M([2, 1], [1, 1])) ** 3
    ),
    "Fiedler for two matrices, constant 2.002": lambda: mpf(2) - mpf("2.002"),
    "Hadamard multiplication by a matrix of nonnegative diagonal": lambda: least(had(J2, M([1, 2], [2, 1]))),
    "Hadamard against the ordinary product": lambda: spectral(J2 * U) - spectral(had(J2, U)),
    "entrywise modulus": lambda: bounded(least(each(cycle(), abs)), [min(mpf(0), least(cycle()))]),
    "entrywise square root": lambda: least(each(M([1, 1, 0], [1, 2, 1], [0, 1, 1]), mp.sqrt)),
    "entrywise power 3/2": lambda: hadamard_powers(mpf(3) / 2, mpf(1) / 10),
    "entrywise hyperbolic tangent": lambda: least(
        each(unit_gram([-1, 1, 0, 0], [0, 0, 0, -1], [2, 0, 1, 0]), mp.tanh)
    ),
    # entropies.lw
    "second eigenvalue of a sum": lambda: mpf(0) - 1,
    "Hoffman and Wielandt, one spectrum turned round": lambda: mpf(0) - r2,
    "Cordes up to 1.01": lambda: spectral(E11 * J2 / 2) ** mpf("1.01")
    - spectral(power(E11, mpf("1.01")) * power(J2 / 2, mpf("1.01"))),
    "entropy of a mixture from above, constant 0.99": lambda: mpf("0.99") * binary(half) - S(eye(2) / 2),
    "collision entropy is concave": lambda: renyi([mpf(1) / 20, mpf(1) / 20, mpf(9) / 10], 2)
    - renyi([mpf(1) / 10, mpf(1) / 10, mpf(8) / 10], 2) / 2,
    "Rényi's entropy of two outcomes is concave up to order 2.1": lambda: renyi(
        [mpf(14) / 400, mpf(386) / 400], mpf("2.1")
    )
    - renyi([mpf(28) / 400, mpf(372) / 400], mpf("2.1")) / 2,
    "Pinsker, constant 0.505": lambda: relative(diag("0.51", "0.49"), eye(2) / 2) - mpf("0.505") * mpf("0.02") ** 2,
    "relative entropy exchanged": lambda: relative(diag("1/4", "3/4"), eye(2) / 2)
    - relative(eye(2) / 2, diag("1/4", "3/4")),
    "Fannes and Audenaert, constant 0.99": lambda: mp.log(2) / 3
    + mpf("0.99") * binary(mpf(1) / 3)
    - S(diag("2/3", "1/6", "1/6")),
    "a part has the lesser entropy": lambda: S(bell) - S(eye(2) / 2),
    "strong subadditivity, a part on the wrong side": lambda: S(kron(E11, bell))
    + S(E11)
    - S(kron(E11, eye(2) / 2))
    - S(eye(2) / 2),
    "strong subadditivity of order 2": lambda: renyi_part(three, (0, 1), 2)
    + renyi_part(three, (1, 2), 2)
    - renyi_part(three, (0, 1, 2), 2)
    - renyi_part(three, (1,), 2),
    "subadditivity of orders near one": lambda: renyi_part(two, (0,), mpf("0.9"))
    + renyi_part(two, (1,), mpf("0.9"))
    - renyi_part(two, (0, 1), mpf("0.9")),
    "Lieb's concavity, exponents of sum 1.05": lambda: 2 * half ** mpf("1.05") - 1,
    "Carlen and Lieb above two": lambda: carlen_lieb(diag(0, 1), M([1, 1], [1, 2]), diag(0, 4), diag(0, 5), mpf(3)),
    "sandwiched against Petz": lambda: sandwiched(E11, J2 + eye(2), mpf(2)),
    # kernels.lw
    "joint entropy from below, any diagonal": lambda: bounded(
        renyi([1, 0], 1) - H(eye(2), 1), [tr(diag(2, 0)) - 2, tr(eye(2)) - 2]
    ),
    "joint entropy from above, orders up to 1.1": lambda: H(K3, mpf("1.1"))
    + H(L3, mpf("1.1"))
    - joint(K3, L3, mpf("1.1")),
    "mutual information of order 2 grows": lambda: information(
        partition(0, 0, 0, 1), had(partition(0, 0, 1, 1), partition(0, 1, 0, 0)), 2
    )
    - information(partition(0, 0, 0, 1), partition(0, 0, 1, 1), 2),
    "mutual information against the entropies, constant 0.999": lambda: mpf("0.999") * mp.log(2)
    - information(eye(2), eye(2), 1),
    "coding rate of a kernel, constant 0.995": lambda: mp.log(mpf("1.995")) - mp.log(2),
    "effective rank of a sum, constant 0.998": lambda: mpf("1.996") - mp.exp(S(eye(2) / 2)),
    "Jensen-Shannon divergence, triangle": lambda: js(eye(2), (eye(2) + J2) / 2)
    + js((eye(2) + J2) / 2, J2)
    - js(eye(2), J2),
    "least entropy": lambda: equality(H(U, 2), frobenius(U - J2)),
    # scalars.lw
    "Buzano, constant 0.498": lambda: mpf("0.996") - 1,
    "Cauchy and Schwarz, a factor lost": lambda: mpf(2) - 4,
    "Chebyshev's sum without its order": lambda: mpf(0) - 1,
    "Bell": lambda: 2 - tsirelson(),
    "Tsirelson, constant 2.828": lambda: mpf("2.828") - tsirelson(),
    "Tsirelson with involutions, constant 2.8": lambda: bounded(
        mpf("2.8") - chsh(X, Z, (X + Z) / r2, (X - Z) / r2),
        [frobenius(((X + Z) / r2) ** 2 - eye(2)), frobenius(((X - Z) / r2) ** 2 - eye(2))],
    ),
    "Hilbert's form of order 4, constant 1.5": lambda: mpf("1.5") * sum(x * x for x in hilbert_vector)
    - hilbert(hilbert_vector),
    "Motzkin, raised a little": lambda: mpf("2.9999") - mpf("3.0001"),
    "Jordan's inequality too far": lambda: mp.sin(mpf("1.58")) - mpf("3.16") / mp.pi,
    "the tangent of the exponential": lambda: mp.e - mpf("2.7183"),
    "powers exchanged": lambda: mpf("1e-6") ** half + half ** mpf("1e-6") - mpf("1.01"),
    "the logarithm's third polynomial from below": lambda: mp.log(mpf("1.5"))
    - (half - half**2 / 2 + mpf("0.332") / 8),
    "the logarithm's third polynomial, constant 0.332": lambda: (
        lambda x: x - x**2 / 2 + mpf("0.332") * x**3 - mp.log(1 + x)
    )(mpf(1) / 500),
    "Shapiro's sum of fourteen": lambda: shapiro(
        [x or mpf(1) / 1000 for x in map(mpf, [0, 42, 2, 42, 4, 41, 5, 39, 4, 38, 2, 38, 0, 40])]
    )
    - 7,
}


def false_statements(folder):
    for path in sorted(pathlib.Path(folder).glob("*.lw")):
        for name, body in re.findall(r'^theorem "([^"]*)" \{\n(.*?)^\}', path.read_text(), re.S | re.M):
            if "expect refuted" in body:
                yield name


def main():
    names = list(false_statements(sys.argv[1] if len(sys.argv) > 1 else "tests/truth"))
    wrong = [f"{name}: no counterexample" for name in names if name not in MARGINS]
    wrong += [f"{name}: no such statement" for name in MARGINS if name not in names]
    for name, margin in MARGINS.items():
        value = margin()
        print(f"{mp.nstr(value, 12):>20}  {name}")
        if not mp.re(value) < -mpf(10) ** -30:
            wrong.append(f"{name}: the margin is {value}")
    for line in wrong:
        print(f"wrong: {line}")
    print(f"{len(MARGINS)} counterexamples, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
