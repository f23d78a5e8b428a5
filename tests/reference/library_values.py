#!/usr/bin/env python3
"""Recomputes, with 50 digits, every value that the examples of src/library/*.lw quote.

Each entry of VALUES pairs an example's expression, as it stands in the doc comment, with the formula of the source it
cites, written here again from that source in mpmath (matrices small and explicit, sums as loops). Losses of code bases
follow that code's steps in its own layout, a row per sample. Nothing here reads the library's bodies; with `--check`
the doc comments are read to see that every example is in this table with the value that the table gives.

    library_values.py                     prints the table as JSON, 17 significant digits
    library_values.py --check src/library compares the examples there; status 1 where one is missing or differs
    library_values.py --fill src/library  writes the values into the examples
"""
import json
import re
import sys
from pathlib import Path

from mpmath import cos, det, e, exp, eye, inf, log, matrix, mp, mpf, norm, pi, sqrt, svd_r, eigsy

mp.dps = 50


def M(text):
    """A matrix from the language's notation, entries rational."""
    rows = [row.split(",") for row in text.split(";") if row.strip()]
    return matrix([[Q(x) for x in row] for row in rows])


def Q(text):
    top, _, bottom = text.strip().partition("/")
    return mpf(top) / mpf(bottom or 1)


def size(A):
    return A.rows, A.cols


def tr(A):
    return sum(A[i, i] for i in range(A.rows))


def eig(A):
    return sorted(eigsy(A, eigvals_only=True))


def f_of(A, f):
    w, V = eigsy(A)
    return V * matrix([[f(w[i]) if i == j else 0 for j in range(A.rows)] for i in range(A.rows)]) * V.T


def xlogx(x):
    return x * log(x) if x > mpf(10) ** -40 else mpf(0)


def dot(A, i, B, j):
    """Inner product of column i of A and column j of B."""
    return sum(A[k, i] * B[k, j] for k in range(A.rows))


def unit(A):
    """Columns divided by their norms."""
    return matrix([[A[i, j] / sqrt(dot(A, j, A, j)) for j in range(A.cols)] for i in range(A.rows)])


def energy(A):
    return sum(A[i, j] ** 2 for i in range(A.rows) for j in range(A.cols))


def off(A):
    return sum(A[i, j] ** 2 for i in range(A.rows) for j in range(A.cols) if i != j)


# Definition 3.1: kernels by their eigenvalues over n.


def H(K, alpha):
    n = K.rows
    w = [x / n for x in eig(K)]
    if alpha == 1:
        return -sum(xlogx(x) for x in w)
    if alpha == inf:
        return -log(max(w))
    return log(sum(x**alpha for x in w if x > mpf(10) ** -40)) / (1 - alpha)


def had(A, B):
    return matrix([[A[i, j] * B[i, j] for j in range(A.cols)] for i in range(A.rows)])


def MI(A, B, alpha):
    return H(A, alpha) + H(B, alpha) - H(had(A, B), alpha)


def shannon(q):
    return -sum(xlogx(mpf(x)) for x in q)


def renyi(q, alpha):
    if alpha == inf:
        return -log(max(mpf(x) for x in q))
    return shannon(q) if alpha == 1 else log(sum(mpf(x) ** alpha for x in q if x > 0)) / (1 - alpha)


def varentropy(q):
    """The variance of log q_i over the support."""
    logs = [(mpf(x), log(mpf(x))) for x in q if x > 0]
    mean = sum(x * y for x, y in logs)
    return sum(x * (y - mean) ** 2 for x, y in logs)


def erank(A):
    s = [x for x in svd_r(A, compute_uv=False)]
    return exp(shannon([x / sum(s) for x in s]))


def rank_me(A, eps):
    s = [x for x in svd_r(A, compute_uv=False)]
    return exp(-sum((x / sum(s) + eps) * log(x / sum(s) + eps) for x in s))


# Contrastive losses, one sample at a time.


def m12(A, B, tau):
    b = A.cols
    own = [exp(dot(A, i, B, i) / tau) / sum(exp(dot(A, i, B, j) / tau) for j in range(b)) for i in range(b)]
    return -sum(log(x) for x in own) / b


def info_nce(A, B, tau):
    return (m12(A, B, tau) + m12(B, A, tau)) / 2


def nt_xent(A, B, tau):
    """Chen et al. 2020, algorithm 1: 2B views, every other view a negative or the positive."""
    A, B, b = unit(A), unit(B), A.cols
    views = [(A, i) for i in range(b)] + [(B, i) for i in range(b)]
    s = [[exp(dot(X, i, Y, j) / tau) for (Y, j) in views] for (X, i) in views]
    loss = [-log(s[k][(k + b) % (2 * b)] / sum(s[k][l] for l in range(2 * b) if l != k)) for k in range(2 * b)]
    return sum(loss[:b]) / b, sum(loss[b:]) / b, sum(loss) / (2 * b)


def spectral_official(A, B, mu):
    """jhaochenz96/spectral_contrastive_learning, models/spectral.py, with rows as samples."""

    def clip(X):
        rows = [[X[i, j] for i in range(X.rows)] for j in range(X.cols)]
        norms = [sqrt(sum(x * x for x in r)) for r in rows]
        return [r if n < sqrt(mu) else [x / n * sqrt(mu) for x in r] for r, n in zip(rows, norms)]

    a, b = clip(A), clip(B)
    n, d = len(a), len(a[0])
    part1 = -2 * (sum(x * y for r, s in zip(a, b) for x, y in zip(r, s)) / (n * d)) * d
    square = [[sum(x * y for x, y in zip(r, s)) ** 2 for s in b] for r in a]
    part2 = sum(square[i][j] for i in range(n) for j in range(n) if i != j) / n**2 * n / (n - 1)
    return (part1 + part2) / mu


def uniformity(Z, t):
    """SsnL/align_uniform: pdist gives the pairs i < j."""
    pairs = [(i, j) for i in range(Z.cols) for j in range(i)]
    return log(sum(exp(-t * sum((Z[k, i] - Z[k, j]) ** 2 for k in range(Z.rows))) for i, j in pairs) / len(pairs))


# Decorrelation. rows() gives each feature as a list over the batch.


def rows(Z):
    return [[Z[i, j] for j in range(Z.cols)] for i in range(Z.rows)]


def mean(v):
    return sum(v) / len(v)


def var(v, ddof):
    return sum((x - mean(v)) ** 2 for x in v) / (len(v) - ddof)


def batch_norm(Z):
    """BatchNorm1d(affine=False) in training: variance over B, eps 1e-5."""
    return [[(x - mean(r)) / sqrt(var(r, 0) + mpf("1e-5")) for x in r] for r in rows(Z)]


def barlow(Y1, Y2, scale, lam):
    C = [[sum(x * y for x, y in zip(r, s)) * scale for s in Y2] for r in Y1]
    d = range(len(C))
    return sum((1 - C[i][i]) ** 2 for i in d) + lam * sum(C[i][j] ** 2 for i in d for j in d if i != j)


def barlow_paper(Z1, Z2, lam):
    def l2(r):
        return [x / sqrt(sum(y * y for y in r)) for x in r]

    return barlow([l2(r) for r in rows(Z1)], [l2(r) for r in rows(Z2)], 1, lam)


def barlow_official(Z1, Z2, lam=mpf("0.0051")):
    return barlow(batch_norm(Z1), batch_norm(Z2), mpf(1) / Z1.cols, lam)


def vicreg(Z1, Z2, per_entry, half):
    """Bardes et al. 2022; per_entry divides s by d too (mse_loss), half averages the two hinges."""
    d, b = size(Z1)
    s = sum((Z1[i, j] - Z2[i, j]) ** 2 for i in range(d) for j in range(b)) / (b * (d if per_entry else 1))

    def v(Z):
        return mean([max(mpf(0), 1 - sqrt(var(r, 1) + mpf("0.0001"))) for r in rows(Z)])

    def c(Z):
        R = [[x - mean(r) for x in r] for r in rows(Z)]
        C = [[sum(x * y for x, y in zip(r, q)) / (b - 1) for q in R] for r in R]
        return sum(C[i][j] ** 2 for i in range(d) for j in range(d) if i != j) / d

    return 25 * s + 25 * (v(Z1) + v(Z2)) / (2 if half else 1) + c(Z1) + c(Z2)


def frossl_first(Z1, Z2):
    """OFSkean/FroSSL, frossl_loss_func: standardise over the batch, features to norm sqrt(D), mse."""

    def prepare(Z):
        out = []
        for r in rows(Z):
            r = [(x - mean(r)) / sqrt(var(r, 1)) for x in r]
            out.append([sqrt(mpf(Z.rows)) * x / sqrt(sum(y * y for y in r)) for x in r])
        return matrix(out)

    A, B = prepare(Z1), prepare(Z2)
    mse = energy(A - B) / (A.rows * A.cols)

    def ent(X):
        K = X * X.T
        return -2 * log(sqrt(energy(K / tr(K))))

    return mse - ent(A) - ent(B)


def frossl_multiview(views):
    """OFSkean/FroSSL, multiview_frossl_loss_func: features to norm 1, every view against the average."""
    views = [matrix([[x / sqrt(sum(y * y for y in r)) for x in r] for r in rows(Z)]) for Z in views]
    V, (d, n) = len(views), size(views[0])
    average = sum(views[1:], views[0]) / V
    total = mpf(0)
    for X in views:
        K = X * X.T / tr(X * X.T)
        total += 2 * log(sqrt(energy(K))) + V * energy(X - average) / (n * d) * d
    return total


def series(C):
    P, total = C, tr(C)
    for k in range(2, 5):
        P = P * C
        total += (-1) ** (k + 1) * tr(P) / k
    return total


def mec_official(P1, Z2, P2, Z1, eps):
    """xinliu20/MEC, main_pretrain.py: loss = -(f(p1, z2) + f(p2, z1)) / 2 / m * lamda_inv."""
    d, m = size(P1)
    lamda_inv = m * mpf(eps) / d

    def f(p, z):
        return series(unit(p).T * unit(z) / lamda_inv)

    return -(f(P1, Z2) + f(P2, Z1)) / 2 / m * lamda_inv


def half_logdet(Z, c):
    return log(det(eye(Z.rows) + c * Z * Z.T)) / 2


def rate(Z, eps2):
    return half_logdet(Z, mpf(Z.rows) / (Z.cols * mpf(eps2)))


def class_rate(Z, classes, eps2, extra=mpf(0)):
    """Class by class, on the feature side, as the formula is printed. classes: lists of the samples of each."""
    d, m = size(Z)
    total = mpf(0)
    for samples in classes:
        W = matrix([[Z[i, j] for j in samples] for i in range(d)])
        n = len(samples) + extra
        total += n / (2 * m) * log(det(eye(d) + d / (n * mpf(eps2)) * W * W.T))
    return total


def emp(Z1, Z2, eps, sign):
    """tsb0601/EMP-SSL, loss.py and main.py, two patches; sign +1 is lightly's."""
    A = (Z1 + Z2) / 2

    def similarity(Z):
        return mean([dot(Z, i, A, i) / sqrt(dot(Z, i, Z, i) * dot(A, i, A, i)) for i in range(Z.cols)])

    return sign * (rate(Z1, eps) + rate(Z2, eps)) / 2 - 200 * (similarity(Z1) + similarity(Z2)) / 2


def centred_product(Z1, Z2):
    b = Z1.cols
    J = eye(b) - matrix([[mpf(1) / b] * b for _ in range(b)])
    return Z1 * J * Z2.T / b


def matrix_ssl(Z1, Z2, gamma=1, mu=1):
    d = Z1.rows
    Q12, P, Q = (centred_product(*x) + mu * eye(d) for x in ((Z1, Z2), (Z1, Z1), (Z2, Z2)))
    return tr(Q12) - log(det(Q12)) / d + gamma * (tr(Q) - tr(P * f_of(Q, log)))


def matrix_ssl_official(P1, Z2, P2, Z1, lam=mpf("0.5"), mu=mpf("0.5"), gamma=1):
    """yifanzhang-pro/Matrix-SSL, main_pretrain.py, mce_loss_func four times."""
    d = P1.rows

    def log4(Q):
        X = Q - eye(d)
        return X - X * X / 2 + X * X * X / 3 - X * X * X * X / 4

    def f(p, z, correlation):
        p, z = unit(p), unit(z)
        if correlation:
            return tr(-lam * log4(centred_product(p, z) + mu * eye(d)))
        return tr(-(centred_product(p, p) + mu * eye(d)) * log4(centred_product(z, z) + mu * eye(d)))

    return (f(P2, Z1, True) + f(P1, Z2, True) + gamma * f(P2, Z1, False) + gamma * f(P1, Z2, False)) / 2


def kl(A, B):
    return tr(f_of(A, xlogx)) - tr(A * f_of(B, log))


A2, W1, I2 = M("1,1/2;1/2,1"), M("1,3/5;0,4/5"), eye(2)
X1, X2 = M("1,-1,3;0,2,1"), M("2,-2,1;1,0,4")
V1, V2 = M("1,3;0,4"), M("1,2;0,4")
T1, T2 = M("1,3/5,0;0,4/5,1"), M("4/5,1,0;3/5,0,1")
S1, S2 = M("2,3;0,4"), M("4,0;3,1")
ONES2, ONES3 = M("1,1;1,1"), M("1,1,1;1,1,1;1,1,1")
D21 = M("2,0;0,1")
E1 = M("1,1;0,0")
MAE = Q("5/2")
K2 = "[1, 1/2; 1/2, 1]"
Z2 = "[1, 3/5; 0, 4/5]"
XX = "[1, -1, 3; 0, 2, 1], [2, -2, 1; 1, 0, 4]"
PT = "[1, 2; 3, 4], [0, 0; 1, 2]"

VALUES = {
    # kernels.lw
    "trace(gram([3, 0; 4, 5]))": 50,
    "gram([3/5, 0; 4/5, 1])[1, 2]": Q("4/5"),
    "cov([3, 0; 4, 5])[2, 2]": 41,
    "normalize_cols([3, 0; 4, 5])[2, 1]": Q("4/5"),
    "normalize_rows([3, 4; 0, 5])[1, 2]": Q("4/5"),
    f"frobenius2({K2})": Q("5/2"),
    f"offdiag_energy({K2})": Q("1/2"),
    "sum(shift([1, 2, 3], 1/2))": Q("15/2"),
    "center_rows([1, 3; 0, 4])[2, 1]": -2,
    "variance_rows([1, 3; 0, 4])[2]": 8,
    "variance_rows([1, 3; 0, 4], ddof = 0)[2]": 4,
    "standardize_rows([1, 3; 0, 4])[2, 1]": -1,
    "standardize_rows([0, 2; 0, 4], eps = 5/4)[1, 2]": Q("2/3"),
    "covariance([1, 3; 0, 4])[1, 2]": 4,
    "cross_correlation([3, 4; 0, 1], [4, 3; 1, 0])[1, 1]": Q("24/25"),
    "cosines([3, 1; 4, 0], [4, 0; 3, 2])[1]": Q("24/25"),
    "squared_distances([3, 0; 4, 5])[1, 2]": 10,
    "clip_cols([3, 1/2; 4, 0], 1)[2, 1]": Q("4/5"),
    "clip_cols([3, 1/2; 4, 0], 1)[1, 2]": Q("1/2"),
    # entropy.lw
    "shannon([1/2, 1/4, 1/4])": shannon([Q("1/2"), Q("1/4"), Q("1/4")]),
    "shannon([1, 0, 0])": 0,
    "renyi([1/2, 1/4, 1/4], 2)": log(Q("8/3")),
    "renyi([3/4, 1/4], 1)": renyi([Q("3/4"), Q("1/4")], 1),
    "renyi([3/4, 1/4], 1 + 1e-9)": renyi([Q("3/4"), Q("1/4")], 1 + mpf("1e-9")),
    "renyi([3/4, 1/4], 1000)": renyi([Q("3/4"), Q("1/4")], 1000),
    "varentropy([3/4, 1/4])": varentropy([Q("3/4"), Q("1/4")]),
    "varentropy([1/2, 1/2, 0])": varentropy([Q("1/2"), Q("1/2"), 0]),
    "renyi([3/4, 1/4], inf)": renyi([Q("3/4"), Q("1/4")], inf),
    "renyi([1, 0, 0], 1/20)": 0,
    f"von_neumann({K2})": log(4) - 3 * log(3) / 4,
    "von_neumann(ones(3, 3))": H(ONES3, 1),
    "von_neumann(2 * eye(2))": H(2 * I2, 1),
    f"entropy({K2}, 2)": log(Q("8/5")),
    f"entropy({K2}, 1)": log(4) - 3 * log(3) / 4,
    f"entropy({K2}, 1/2)": 2 * log((1 + sqrt(3)) / 2),
    f"entropy({K2}, 1/4)": H(A2, Q("1/4")),
    f"entropy({K2}, inf)": H(A2, inf),
    "entropy(2 * eye(2), inf)": H(2 * I2, inf),
    "entropy(ones(3, 3), 1/20)": H(ONES3, Q("1/20")),
    "entropy(eye(5), 7/3)": log(5),
    "entropy(2 * eye(2), 1/2)": H(2 * I2, Q("1/2")),
    f"H({K2}, 3)": H(A2, 3),
    f"joint_entropy({K2}, {K2}, 2)": log(Q("32/17")),
    f"joint_entropy(ones(2, 2), {K2}, 2)": log(Q("8/5")),
    f"mutual_information({K2}, {K2}, 2)": log(Q("34/25")),
    f"mutual_information({K2}, {K2}, 1)": MI(A2, A2, 1),
    "mutual_information(eye(3), ones(3, 3), 5/2)": 0,
    f"I({K2}, {K2}, 2)": MI(A2, A2, 2),
    # rates.lw
    f"tcr({K2}, 1)": log(Q("15/4")),
    "tcr(eye(3), 0)": 0,
    "tcr(ones(3, 3), 1)": log(4),
    f"coding_rate({Z2}, 1)": log(Q("91/25")),
    f"tcr_second_order({Z2}, 2)": 2 * log(2) + 1 - Q("34/100"),
    f"scaled_rate({Z2}, 1)": log(Q("91/25")) / 2,
    f"rate_distortion({Z2}, 1/2)": rate(W1, Q("1/2")),
    f"class_rate({Z2}, [1, 0; 0, 1], [1, 1], 1/2)": class_rate(W1, [[0], [1]], Q("1/2")),
    f"class_rate({Z2}, [1, 1;], [2], 2)": class_rate(W1, [[0, 1]], 2),
    "effective_rank(eye(4))": 4,
    "effective_rank([3, 0; 0, 1])": erank(M("3,0;0,1")),
    "erank([1, 1; 1, 1])": 1,
    "rank_me([3, 0; 0, 1])": rank_me(M("3,0;0,1"), mpf("1e-5")),
    "rank_me([3, 0; 0, 1], eps = 1e-7)": rank_me(M("3,0;0,1"), mpf("1e-7")),
    "rank_me(eye(4), eps = 0)": 4,
    "effective_rank_cov([3, 0; 0, 1])": erank(M("9,0;0,1")),
    # divergence.lw
    "kl([2, 0; 0, 1], eye(2))": kl(D21, I2),
    f"kl({K2}, eye(2))": kl(A2, I2),
    f"kl(eye(2), {K2})": kl(I2, A2),
    "kl([1, 1; 1, 1], eye(2))": kl(ONES2, I2),
    "kl(eye(2), [1, 1; 1, 1])": inf,
    "matrix_cross_entropy(eye(2), [2, 0; 0, 1])": tr(D21) - tr(f_of(D21, log)),
    "matrix_kl(eye(2), [2, 0; 0, 1])": kl(I2, D21) - 2 + 3,
    "js(eye(2), [1, 1; 1, 1])": H((I2 + ONES2) / 2, 1) - (H(I2, 1) + H(ONES2, 1)) / 2,
    f"js({K2}, {K2})": 0,
    "jensen_shannon([1, 0], [0, 1])": log(2),
    "jensen_shannon([1/2, 1/2], [1, 0])": shannon([Q("3/4"), Q("1/4")]) - log(2) / 2,
    "eigen_js(eye(2), [1, 1; 1, 1])": shannon([Q("3/4"), Q("1/4")]) - log(2) / 2,
    "eigen_js([2, 0; 0, 1], [1, 0; 0, 2])": 0,
    "f_divergence(xlogx, [1/2, 1/2], [1/4, 3/4])": (log(2) + log(Q("2/3"))) / 2,
    "f_divergence(chi_squared_generator, [1/2, 1/2], [1/4, 3/4])": Q("1/3"),
    "f_divergence(js_generator, [3/4, 1/4], [1/4, 3/4])": 2 * (log(2) - shannon([Q("3/4"), Q("1/4")])),
    "f_divergence(chi_squared_generator, [1/2, 1/2], [1/2, 1/2])": 0,
    "f_divergence(hellinger_generator, [1/4, 3/4], [1/2, 1/2])": 2 - 2 * (sqrt(Q("1/8")) + sqrt(Q("3/8"))),
    # contrastive.lw
    "info_nce_one_way(eye(2), eye(2))": log(1 + 1 / e),
    "info_nce_one_way([1, 1; 0, 0], eye(2))": log(1 + e) - Q("1/2"),
    "info_nce(eye(2), eye(2))": info_nce(I2, I2, 1),
    "info_nce([1, 1; 0, 0], eye(2))": info_nce(E1, I2, 1),
    "info_nce(eye(2), eye(2), tau = 1/2)": log(1 + exp(-2)),
    "nt_xent_one_way(eye(2), eye(2), 1)": log(1 + 2 / e),
    "nt_xent_one_way([1, 3; 0, 4], eye(2), 1/2)": nt_xent(V1, I2, Q("1/2"))[0],
    "simclr(eye(2), eye(2), 1)": log(1 + 2 / e),
    "simclr([2, 0; 0, 3], eye(2))": log(1 + 2 * exp(-2)),
    "simclr([1, 3; 0, 4], eye(2))": nt_xent(V1, I2, Q("1/2"))[2],
    "simclr_official([1, 3; 0, 4], eye(2))": sum(nt_xent(V1, I2, mpf("0.1"))[:2]),
    "simclr_solo_learn([1, 3; 0, 4], eye(2))": nt_xent(V1, I2, mpf("0.1"))[2],
    f"spectral_contrastive({Z2}, eye(2))": Q("19/25"),
    f"spectral_contrastive({Z2}, eye(2), lambda = 5)": Q("11/5"),
    f"spectral_contrastive_official({Z2}, eye(2))": spectral_official(W1, I2, 1),
    "spectral_contrastive_official([3, 0; 4, 1], [1, 0; 0, 1], mu = 4)": spectral_official(M("3,0;4,1"), I2, 4),
    f"alignment({Z2}, eye(2))": Q("1/5"),
    "alignment_power([1, 0; 0, 5], [4, 3; 4, 1], 1)": 5,
    "uniformity(eye(2))": uniformity(I2, 2),
    "uniformity(eye(3), t = 3)": uniformity(eye(3), 3),
    "uniformity([1, 3/5, 0; 0, 4/5, 1])": uniformity(T1, 2),
    # siamese.lw
    "negative_cosine([3, 0; 4, 2], [4, 0; 3, 1])": Q("-49/50"),
    "byol([3, 0; 4, 2], [4, 0; 3, 1])": Q("1/25"),
    "byol_symmetric([3, 0; 4, 2], [4, 0; 3, 1], eye(2), eye(2))": Q("1/25"),
    "simsiam([3, 0; 4, 2], [4, 0; 3, 1], eye(2), eye(2))": Q("-99/100"),
    # masked.lw
    f"mae({PT}, [1, 0])": MAE,
    f"mae({PT}, [1, 1])": Q("13/4"),
    f"mae_sum({PT}, [1, 1])": 13,
    "normalize_patches([1, 3; 0, 4])[2, 2]": 2 / sqrt(8 + mpf("1e-6")),
    "mae_norm_pix([0, 0; 0, 0], [1, 3; 0, 4], [0, 1])": 4 / (8 + mpf("1e-6")),
    f"u_mae_term({Z2}, 1/100)": Q("18/2500"),
    f"u_mae([1, 2;], [0, 0;], [1], {Z2})": MAE + Q("18/2500"),
    "u_mae_official([1, 2;], [0, 0;], [1], [2, 3; 0, 4])": MAE + energy(unit(S1).T * unit(S1)) / 4 / 100,
    f"m_mae_term({Z2})": -log(Q("91/25")) / 100,
    f"m_mae([1, 2;], [0, 0;], [1], {Z2})": MAE - log(Q("91/25")) / 100,
    "m_mae_official([1, 2;], [0, 0;], [1], [2, 3; 0, 4])": MAE - log(det(I2 + unit(S1) * unit(S1).T / 2)) / 100,
    f"m_mae_entropy([1, 2;], [0, 0;], [1], {Z2}, 1/100, 2)": MAE - H(W1.T * W1, 2) / 100,
    "gaussian_nll([1, 0; 2, 0], zeros(2, 2))": Q("5/4") + log(2 * pi),
    "gaussian_kl(eye(2), zeros(2, 2))": Q("1/2"),
    "gaussian_kl(zeros(2, 2), eye(2))": (e - 2) / 2,
    "vae([1, 0; 2, 0], zeros(2, 2), eye(2), zeros(2, 2))": Q("7/4") + log(2 * pi),
    # decorrelation.lw
    "barlow_twins(eye(2), [0, 1; 1, 0])": 2 + 2 * mpf("0.0051"),
    "barlow_twins([3, 4; 0, 1], [4, 3; 1, 0], lambda = 1)": barlow_paper(M("3,4;0,1"), M("4,3;1,0"), 1),
    "barlow_penalty([1/2, 1; 0, 1], 1/4)": Q("1/2"),
    f"barlow_twins_official({XX})": barlow_official(X1, X2),
    f"barlow_twins_solo_learn({XX})": mpf("0.025") * barlow_official(X1, X2, mpf("0.005")),
    "vicreg_variance([1, -1; 0, 0], 1, 1/4)": Q("1/4"),
    "vicreg_covariance([1, 3; 0, 4])": 16,
    "vicreg([1, 3; 0, 4], [1, 2; 0, 4])": vicreg(V1, V2, False, False),
    "vicreg_official([1, 3; 0, 4], [1, 2; 0, 4])": vicreg(V1, V2, True, True),
    "vicreg_solo_learn([1, 3; 0, 4], [1, 2; 0, 4])": vicreg(V1, V2, True, False),
    "frossl([1, -1; 1, -1], [1, -1; -1, 1])": 2,
    f"frossl({XX})": frossl_first(X1, X2),
    "frossl_official([1, 1; 3, 4], [1, 1; 3, 4])": 2 * log(Q("99/100")),
    f"frossl_official({XX})": frossl_multiview([X1, X2]),
    "log_det_series(eye(2) / 2)": series(I2 / 2),
    f"mec({Z2}, eye(2))": -2 * series(W1 / 64),
    "mec(eye(2), eye(2))": -2 * series(I2 / 64),
    "mec_official([2, 3; 0, 4], eye(2), eye(2), [4, 0; 3, 1], 2)": mec_official(S1, I2, I2, S2, 2),
    "mcr2(eye(2), eye(2))": log(3) - log(5) / 2,
    "mcr2([1, 3/5, 0; 0, 4/5, 1], [1, 1, 0; 0, 0, 1])": rate(T1, Q("1/2")) - class_rate(T1, [[0, 1], [2]], Q("1/2")),
    f"mcr2_official({Z2}, eye(2), 20, 1/20)": class_rate(W1, [[0], [1]], Q("1/2"), mpf("1e-8"))
    - half_logdet(W1, 20 * 2 / (2 * Q("1/2"))) / 20,
    "emp_ssl(eye(2), eye(2), eps = 1)": -log(2) - 200,
    f"emp_ssl({Z2}, eye(2))": emp(W1, I2, mpf("0.04"), -1),
    f"emp_ssl_official({Z2}, eye(2))": emp(W1, I2, mpf("0.2"), -1),
    f"emp_ssl_lightly({Z2}, eye(2))": emp(W1, I2, mpf("0.2"), 1),
    "cross_covariance([1, 3; 0, 4], [1, 3; 0, 4])[1, 2]": 2,
    "matrix_ssl([1, -1;], [1, -1;])": 4 - 3 * log(2),
    "matrix_ssl([1, 3/5, 0; 0, 4/5, 1], [4/5, 1, 0; 3/5, 0, 1])": matrix_ssl(T1, T2),
    "log_series([3/2, 0; 0, 1])[1, 1]": Q("1/2") - Q("1/8") + Q("1/24") - Q("1/64"),
    "matrix_ssl_official([2, 3; 0, 4], eye(2), eye(2), [4, 0; 3, 1])": matrix_ssl_official(S1, I2, I2, S2),
    "matrix_ssl_direction([1, -1;], [1, -1;], 1, 0, 1)": 0,
}


EXAMPLE = re.compile(r"^(## >>> )(.*) == (.*?)(  # .*)$")


def written(value):
    """The value as the examples quote it: 17 significant digits, thirds and the like as they stand there."""
    if value == inf:
        return "inf"
    value = mpf(value)
    if abs(value) < mpf(10) ** -40:
        return "0"
    text = mp.nstr(value, 17, strip_zeros=True)
    return text[:-2] if text.endswith(".0") else text


def agrees(quoted, value):
    if quoted == "inf" or value == inf:
        return quoted == "inf" and value == inf
    try:
        return abs(Q(quoted) - value) <= mpf(10) ** -16 * max(abs(value), mpf(10) ** -3)
    except ValueError:
        return False


def main():
    if len(sys.argv) == 1:
        print(json.dumps({name: written(value) for name, value in VALUES.items()}, indent=1))
        return 0
    mode, folder = sys.argv[1:]
    faults, seen = [], set()
    for path in sorted(Path(folder).glob("*.lw")):
        lines = path.read_text(encoding="utf-8").split("\n")
        for number, line in enumerate(lines):
            if not line.startswith("## >>> "):
                continue
            example = EXAMPLE.match(line)
            if not example or example[2] not in VALUES:
                faults.append(f"{path.name}:{number + 1}: not in the table: {line}")
                continue
            seen.add(example[2])
            value = VALUES[example[2]]
            if not agrees(example[3], value):
                if mode == "--fill":
                    lines[number] = f"{example[1]}{example[2]} == {written(value)}{example[4]}"
                else:
                    faults.append(f"{path.name}:{number + 1}: {example[2]} is {written(value)}, not {example[3]}")
        if mode == "--fill":
            path.write_text("\n".join(lines), encoding="utf-8")
    faults += [f"no example uses {name}" for name in VALUES if name not in seen]
    print("\n".join(faults) or f"{len(seen)} examples agree")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
