"""Checks every counterexample of proofs/information_flow/ in 80-digit arithmetic, independently of Loewner.

The near-misses of its best constants are checked alike.

Each row is a statement that is false, at exact rational inputs: the two sides of the claim as the paper prints it (or
as its words are read), and by how much the claim is violated. The inputs are the ones written out in the .lw files.
Run with `python counterexamples.py` (needs mpmath); the status is 1 if any row is not a violation.

Eigenvalues that are exactly zero are dropped by an exact rank over the rationals, not by a threshold: at alpha = 1/10
an eigenvalue of 1e-80 would weigh 1e-8.
"""

import sys
from fractions import Fraction as Q

from mpmath import eigsy, exp, inf, log, matrix, mp, mpf, nstr, sqrt

mp.dps = 80
DIGITS = 32


def real(q):
    """A rational as a multiprecision number."""
    return mpf(q.numerator) / mpf(q.denominator)


def rational(rows):
    return [[Q(x) for x in row] for row in rows]


def rank(a):
    """The rank of a rational matrix, by exact elimination."""
    a, r = [row[:] for row in a], 0
    for col in range(len(a[0])):
        pivot = next((i for i in range(r, len(a)) if a[i][col]), None)
        if pivot is None:
            continue
        a[r], a[pivot] = a[pivot], a[r]
        for i in range(r + 1, len(a)):
            f = a[i][col] / a[r][col]
            a[i] = [x - f * y for x, y in zip(a[i], a[r])]
        r += 1
    return r


def spectrum(k):
    """The nonzero eigenvalues of a rational PSD matrix; how many there are is decided exactly."""
    values = sorted(eigsy(matrix([[real(x) for x in row] for row in k]), eigvals_only=True), reverse=True)
    kept, dropped = values[: rank(k)], values[rank(k) :]
    assert all(v > mpf(10) ** -30 for v in kept) and all(abs(v) < mpf(10) ** -60 for v in dropped)
    return kept


def hadamard(a, b):
    return [[x * y for x, y in zip(r, s)] for r, s in zip(a, b)]


def product(a, b):
    return [[sum(x * y for x, y in zip(row, col)) for col in zip(*b)] for row in a]


def transpose(a):
    return [list(col) for col in zip(*a)]


def gram(z):
    return product(transpose(z), z)


def eye(n):
    return [[Q(int(i == j)) for j in range(n)] for i in range(n)]


def shannon(weights):
    return -sum(w * log(w) for w in weights if w)


def entropy(k, alpha):
    """H_alpha(K), Definition 3.1, with K normalised by its size."""
    weights = [v / len(k) for v in spectrum(k)]
    if alpha == 1:
        return shannon(weights)
    return log(sum(w ** real(alpha) for w in weights)) / (1 - real(alpha))


def joint(a, b, alpha):
    return entropy(hadamard(a, b), alpha)


def information(a, b, alpha):
    return entropy(a, alpha) + entropy(b, alpha) - joint(a, b, alpha)


def frobenius2(k):
    return real(sum(x * x for row in k for x in row))


def kl_to_identity(k):
    """KL(K || I) = tr K log K."""
    return sum(v * log(v) for v in spectrum(k))


def kl_from_identity(k):
    """KL(I || K) = -log det K, infinite where K is singular."""
    values = spectrum(k)
    return -sum(log(v) for v in values) if len(values) == len(k) else inf


def effective_rank(z):
    singular = [sqrt(v) for v in spectrum(gram(z))]
    return exp(shannon([s / sum(singular) for s in singular]))


def info_nce(z1, z2, tau=Q(1)):
    s = [[real(x / tau) for x in row] for row in product(transpose(z1), z2)]
    half = lambda m: sum(log(sum(exp(x) for x in row)) - row[i] for i, row in enumerate(m)) / len(m)
    return (half(s) + half(transpose(s))) / 2


def labelling(labels):
    return [[Q(int(a == b)) for b in labels] for a in labels]


def three_angles(c):
    """The Gram matrix of vectors at the angles 0, t, -t with cos t = c, and the order of its rows."""
    e = 2 * c * c - 1
    return [[Q(1), c, c], [c, Q(1), e], [c, e, Q(1)]]


def pick(k, order):
    return [[k[i][j] for j in order] for i in order]


ROWS = []


def falls(statement, where, relation, left, right):
    """Records `left relation right`, which is claimed and is false."""
    gap = {"<=": left - right, ">=": right - left, "==": abs(left - right)}[relation]
    ROWS.append((statement, where, relation, left, right, gap))


def collect():
    # Proposition 4.7 (3): the joint entropy is at most the sum of the entropies.
    def subadditive(where, a, b, alpha):
        total = entropy(a, alpha) + entropy(b, alpha)
        falls("4.7 (3)", f"{where}, alpha = {alpha}", "<=", joint(a, b, alpha), total)

    four = labelling("0001"), labelling("0010")
    subadditive("labels 123|4, 124|3", *four, Q(2))
    assert abs(information(*four, Q(2)) - log(mpf(24) / 25)) < mpf(10) ** -60
    three = labelling("001"), labelling("010")
    assert abs(information(*three, Q(3))) < mpf(10) ** -60
    subadditive("labels 12|3, 13|2", *three, Q(4))
    assert abs(information(*three, Q(4)) + log(mpf(289) / 243) / 3) < mpf(10) ** -60
    ten = labelling("0000000111"), labelling("0000011001")
    subadditive("labels, pairs 5 2 2 1 times", *ten, Q(1, 2))
    closed = 2 * log((10 + 2 * sqrt(mpf(21))) / (sqrt(mpf(10)) * (1 + 2 * sqrt(mpf(2)) + sqrt(mpf(5)))))
    assert abs(information(*ten, Q(1, 2)) - closed) < mpf(10) ** -60
    block = labelling("011")
    for alpha in (Q(3, 2), Q(2), Q(3), Q(10), Q(20)):
        subadditive("n = 3, c = 9/10", block, three_angles(Q(9, 10)), alpha)
    subadditive("n = 3, c = 124/125", block, three_angles(Q(124, 125)), Q(5, 4))
    subadditive("n = 3, c = 1 - 1/50000", block, three_angles(Q(49999, 50000)), Q(11, 10))

    def star(c):
        return pick(three_angles(c), (0, 1, 2, 1, 2)), pick(three_angles(c), (0, 1, 1, 2, 2))

    for alpha in (Q(1, 10), Q(1, 4), Q(1, 2), Q(3, 4), Q(9, 10)):
        subadditive("n = 5, c = 12/13", *star(Q(12, 13)), alpha)
    subadditive("n = 5, c = 99/100", *star(Q(99, 100)), Q(99, 100))
    subadditive("n = 5, c = 4/5", *star(Q(4, 5)), Q(1, 2))
    subadditive("n = 5, c = 10/11", *star(Q(10, 11)), Q(9, 10))

    def two_and_two(c):
        return pick(three_angles(c), (0, 0, 1, 2)), pick(three_angles(c), (1, 2, 0, 0))

    subadditive("n = 4, c = 24/25", *two_and_two(Q(24, 25)), Q(11, 10))
    subadditive("n = 4, c = 4/5", *two_and_two(Q(4, 5)), Q(3, 2))
    least = {Q(2): ("6/7", "4/7"), Q(3): ("3/4", "1/4")}
    for alpha, (c, e) in least.items():
        subadditive(f"n = 3, {c} and {e}", block, rational([["1", c, c], [c, "1", e], [c, e, "1"]]), alpha)
    subadditive("labels 1|23, 12|3", block, labelling("001"), Q(10))
    half = labelling("000000abcdef"), labelling("abcdef000000")
    subadditive("n = 12, half of one label", *half, Q(2))
    assert abs(information(*half, Q(2)) - log(mpf(48) / 49)) < mpf(10) ** -60

    # Section 4.2: bigger entropies of the branches, bigger joint entropy.
    k = labelling("001")
    l1 = rational([["1", "1", "1/4"], ["1", "1", "1/4"], ["1/4", "1/4", "1"]])
    l2 = pick(l1, (0, 2, 1))
    for alpha in (Q(1, 2), Q(1), Q(2)):
        assert entropy(k, alpha) > entropy(l1, alpha) and entropy(k, alpha) > entropy(l2, alpha)
        falls("section 4.2", f"n = 3, alpha = {alpha}", ">=", joint(k, k, alpha), joint(l1, l2, alpha))

    # The same with other orders for 'bigger': of the spectra, of the likeness of samples.
    for alpha in (Q(1, 2), Q(1), Q(2)):
        other = labelling("010")
        falls("section 4.2, spectra", f"n = 3, alpha = {alpha}", ">=", joint(k, k, alpha), joint(k, other, alpha))
    equi = lambda c: rational([["1", c, c], [c, "1", c], [c, c, "1"]])
    for alpha, (a, b) in {Q(1, 2): ("-1/2", "1/2"), Q(1): ("-1/2", "1/2"), Q(3): ("1/2", "-1/2")}.items():
        where = f"n = 3, alpha = {alpha}"
        falls("section 4.2, likeness", where, ">=", entropy(equi(a), alpha), entropy(equi(b), alpha))

    def path(n, corner):
        near = {0: Q(1), 1: Q(1, 2), n - 1: corner}
        return [[near.get(abs(i - j), Q(0)) for j in range(n)] for i in range(n)]

    cases = [(3, Q(1, 16), alpha) for alpha in (Q(1, 2), Q(1), Q(3, 2))] + [(4, Q(1, 128), Q(5, 2))]
    for n, corner, alpha in cases:
        pair = entropy(path(n, Q(0)), alpha), entropy(path(n, corner), alpha)
        falls("4.2, nonnegative", f"path, n = {n}, alpha = {alpha}", ">=", *pair)

    # Theorem 4.4, the converse: I_alpha = log B at orthonormal columns that differ, whose loss is not zero.
    z1, z2 = [[Q(1)]], [[Q(-1)]]
    falls("4.4, converse", "B = 1, Z1 = 1, Z2 = -1", "<=", real((z1[0][0] - z2[0][0]) ** 2), mpf(0))

    # Proposition 4.11 with the same mu on both sides, d = 1.
    falls("4.11, one mu", "d = 1, mu = 1", ">=", log(mpf(2)), 2 * log(mpf(2)))

    # Section 5: one branch.
    two = rational([["1", "1/2"], ["1/2", "1"]])
    falls("section 5, I(K;K)", "n = 2, k = 1/2, alpha = 1", "==", information(two, two, 1), entropy(two, 1))
    falls("section 5, H(K,K)", "n = 2, k = 1/2, alpha = 1", "==", joint(two, two, 1), entropy(two, 1))

    # 5.1 for the factor.
    z = rational([["1", "1", "0"], ["0", "0", "1"]])
    y = rational([["1", "3/5"], ["0", "4/5"]])
    falls("5.1, of the factor", "two samples, cosine 3/5", "==", effective_rank(y), exp(entropy(gram(y), 1)))
    falls("5.1, of the factor", "columns e1, e1, e2", "==", effective_rank(z), exp(entropy(gram(z), 1)))

    # 5.2 at mu = 1: two equal samples in one dimension.
    rate, expansion = log(mpf(3)), 2 - frobenius2(gram(rational([["1", "1"]]))) / 2
    falls("5.2, mu = 1", "Z = [1, 1]", "<=", rate - expansion, rate / 2)

    # Section 5: the VAE's divergence, read literally.
    falls("section 5, VAE", "Z = [1]", "==", mpf(1) / 2, kl_to_identity([[Q(1)]]))

    # Equation 5 with the matrix mutual information of one batch.
    z = rational([["1", "-1"]])
    assert abs(information(gram(z), gram(z), 1)) < mpf(10) ** -60
    falls("eq. 5, matrix I", "Z1 = Z2 = [1, -1]", ">=", info_nce(z, z), log(mpf(2)) - information(gram(z), gram(z), 1))

    def bound(where, z1, z2, tau):
        z1, z2 = rational(z1), rational(z2)
        right = log(mpf(len(z1[0]))) - information(gram(z1), gram(z2), 1)
        falls("eq. 5, no sign lost", f"{where}, tau = {tau}", ">=", info_nce(z1, z2, tau), right)

    for tau in (Q(3, 10), Q(1, 2), Q(7, 10)):
        bound("4/5, 3/5 against e1, e2", [["4/5", "3/5"], ["3/5", "4/5"]], [["1", "0"], ["0", "1"]], tau)
    bound("5/13, 7/25 against 4/5, 0", [["5/13", "7/25"], ["12/13", "24/25"]], [["4/5", "0"], ["3/5", "1"]], Q(1))
    bound("one branch, 1, 12/13", [["1", "12/13"], ["0", "5/13"]], [["1", "12/13"], ["0", "5/13"]], Q(1, 2))

    # Lemmas A.12 and A.14 beyond their hypotheses.
    x = mpf(-1) / 2
    falls("A.12, x < 0", "x = -1/2, a = 0", ">=", log(1 + x), -x * x / 2 + x)
    falls("A.14, x > 1", "n = 2, x = y = 5", ">=", real(Q(7 * 7, 27)), mpf(2))
    falls("A.14, x > 1", "n = 4, x = y = 3", ">=", real(Q(7 * 7, 13)), mpf(4))

    # Appendix C.
    p, q, m = (Q(1), Q(0)), (Q(1, 2), Q(1, 2)), (Q(3, 4), Q(1, 4))
    xlogx = lambda t: t * log(t) if t else mpf(0)

    def generated(sign):
        f = lambda t: sign * (t + 1) * log((t + 1) / 2) + xlogx(t)
        return sum(real(b) * f(real(a / b)) for a, b in zip(p, q))

    twice_js = sum(xlogx(real(a)) + xlogx(real(b)) - 2 * xlogx(real(c)) for a, b, c in zip(p, q, m))
    assert abs(generated(-1) - twice_js) < mpf(10) ** -60
    falls("C, plus sign", "p = (1, 0), q = (1/2, 1/2)", "==", generated(1), twice_js)
    falls("C, KL symmetric", "n = 2, k = 1/2", "==", kl_to_identity(two), kl_from_identity(two))
    near = Q(1) - Q(1, 10**6)
    falls("C, KL bounded", "I and k = 1 - 1e-6", "<=", kl_from_identity([[Q(1), near], [near, Q(1)]]), mpf(10))
    other = rational([["1", "-1/2"], ["-1/2", "1"]])
    gap = max(abs(a - b) for a, b in zip(spectrum(two), spectrum(other)))
    assert gap < mpf(10) ** -60
    difference = [[a - b for a, b in zip(r, s)] for r, s in zip(two, other)]
    falls("C.3, zero only at equal", "k = 1/2 and k = -1/2", "<=", sqrt(frobenius2(difference)), mpf(0))


def near_misses():
    """Constants slightly below the best ones of sharper.lw: bounds of H_2 or I_2 that are then false."""
    transposed = lambda z: transpose(rational(z))

    def columns(*vectors):
        return transposed(vectors)

    def loss(z1, z2, factor, weight):
        """weight * (sum over i != j of (z1_i.z2_j)^2) plus the sum of factor(z1_i.z2_i)."""
        m = product(transpose(z1), z2)
        n = len(m)
        return sum(weight * m[i][j] ** 2 if i != j else factor(m[i][i]) for i in range(n) for j in range(n))

    def contrastive(z1, z2, weight):
        return real(loss(z1, z2, lambda t: 2 * (1 - t), weight))

    def barlow(z1, z2, weight):
        return real(loss(z1, z2, lambda t: (1 - t) ** 2, weight))

    def turned(c, s):
        c, s = Q(c), Q(s)
        return [[c, s], [s, c]], [[c, -s], [-s, c]]

    def information_bound(name, where, z1, z2, excess):
        n = mpf(len(z1[0]))
        falls(name, where, ">=", information(gram(z1), gram(z2), Q(2)), log(n) - 2 * log(1 + excess))

    def joint_bound(name, where, z1, z2, excess):
        n = mpf(len(z1[0]))
        falls(name, where, ">=", joint(gram(z1), gram(z2), Q(2)), log(n) - log(1 + excess))

    percent = mpf(99) / 100
    for weight in (Q(1), Q(100)):
        pair = turned("1599/1601", "80/1601")
        l, w = contrastive(*pair, weight), f"turned pair, lambda = {weight}"
        information_bound("4.3 (1), 99 %", w, *pair, percent * l / 2)
        joint_bound("4.13 (1), L^2, 99 %", w, *pair, percent * l * l / 4)
        l = barlow(*pair, weight)
        information_bound("4.3 (2), 98 %", w, *pair, l / (2 * real(weight)) + 2 * mpf(49) / 100 * sqrt(2 * l))
        pair = turned("4/5", "3/5")
        joint_bound("4.13 (1), 99 %", w, *pair, percent * mpf(16) / 27 * contrastive(*pair, weight) / 2)
        pair = turned("180/181", "19/181")
        joint_bound("4.13 (2), 3.9 for 4", w, *pair, mpf(39) / 10 * barlow(*pair, weight) / 2)
    z = columns(("1", "0", "0"), ("19/181", "180/181", "0"), ("0", "0", "1"))
    for weight in (Q(1, 100), Q(1, 2)):
        excess = percent * contrastive(z, z, weight) / (3 * real(weight))
        information_bound("4.3 (1), 99 %", f"equal branches, lambda = {weight}", z, z, excess)
    z, weight = columns(("1", "0"), ("19/181", "180/181")), Q(1, 10**8)
    l = barlow(z, z, weight)
    information_bound("4.3 (2), 99 %", "equal branches", z, z, percent * l / (2 * real(weight)) + sqrt(2 * l))
    z1, z2 = columns(*[("1", "0")] * 6), columns(*[("4/5", "3/5")] * 6)
    l = contrastive(z1, z2, Q(1, 4))
    joint_bound("4.13 (1), 99.9 %", "collapsed, B = 6", z1, z2, mpf(999) / 1000 * 25 / 36 * l)
    z1, z2 = columns(*[("1", "0")] * 3), columns(*[("4/5", "3/5")] * 3)
    joint_bound("4.13 (2), 99.9 %", "collapsed, d = 3", z1, z2, mpf(999) / 100 * barlow(z1, z2, Q(1, 8)) / 3)


def main():
    collect()
    near_misses()
    print(f"{'statement':<26}{'where':<36}{'left':>38}   {'right':>38}  {'violated by':>12}")
    for statement, where, relation, left, right, gap in ROWS:
        numbers = f"{nstr(left, DIGITS):>38} {relation} {nstr(right, DIGITS):>38}"
        print(f"{statement:<26}{where:<36}{numbers} {nstr(gap, 5):>12}")
    wrong = [row[0] for row in ROWS if not row[5] > mpf(10) ** -30]
    print(f"{len(ROWS)} counterexamples, {len(ROWS) - len(wrong)} confirmed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
