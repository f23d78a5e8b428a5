"""Values for tests/certify.rs, computed with mpmath to 120 digits by code that shares nothing with the evaluator.

Each entry is an expression of the language and its entries, column by column (complex ones as re, im in turn).
Run with Python 3 and mpmath; writes certify_values.json beside this file.
"""

import json
import pathlib

from mpmath import mp, mpf, mpc, matrix, eye, log, exp, sqrt, sin, cos, tanh, floor, pi, e, eighe, eigsy, svd_r, det, inverse

mp.dps = 260
values = []


def text(x):
    return mp.nstr(x, 120, strip_zeros=False)


def add(expr, *results, digits=100):
    entries = []
    for x in results:
        if isinstance(x, mpc):
            entries += [x.real, x.imag]
        elif isinstance(x, matrix):
            for j in range(x.cols):
                for i in range(x.rows):
                    z = x[i, j]
                    entries += [z.real, z.imag] if isinstance(z, mpc) else [z]
        else:
            entries.append(mpf(x))
    values.append({"expr": expr, "digits": digits, "values": [text(x) for x in entries]})


# Scalar functions, at points where the textbook formula is fine and where it cancels.
POINTS = ["1/3", "-7/5", "40", "-40", "1/1000000000000000000000", "-3/1000000000000000000000", "2.5", "17/16"]
for p in POINTS:
    x = mpf(p.split("/")[0]) / mpf(p.split("/")[1]) if "/" in p else mpf(p)
    q = f"({p})"
    add(f"exp({q})", exp(x))
    add(f"expm1({q})", mp.expm1(x), digits=90)
    add(f"sin({q})", sin(x))
    add(f"cos({q})", cos(x))
    add(f"tanh({q})", tanh(x))
    add(f"sigmoid({q})", 1 / (1 + exp(-x)))
    add(f"softplus({q})", mp.log1p(exp(x)))
    add(f"relu({q})", max(x, 0))
    add(f"abs({q})", abs(x))
    add(f"sign({q})", mp.sign(x))
    add(f"floor({q})", floor(x))
    if x > 0:
        add(f"log({q})", log(x))
        add(f"sqrt({q})", sqrt(x))
        add(f"xlogx({q})", x * log(x))
        add(f"log_on_support({q})", log(x))
        for a in ["1/20", "1.000000000001", "0.999999999999", "2", "1000", "5/2", "1", "-1/3"]:
            b = mpf(a.split("/")[0]) / mpf(a.split("/")[1]) if "/" in a else mpf(a)
            add(f"{q} ^ ({a})", x**b)
            if b > 0:
                t = x * log(x) if b == 1 else (x**b - x) / (b - 1)
                add(f"tsallis({q}, {a})", t)
    if x > -1:
        add(f"log1p({q})", mp.log1p(x), digits=90)
        add(f"log1prel({q})", mp.log1p(x) / x)
    # The same of an argument that is no rational number, so that nothing is exact.
    y = x * sqrt(mpf(2))
    add(f"exp({q} * sqrt(2))", exp(y))
    add(f"sin({q} * sqrt(2))", sin(y))
    add(f"cos({q} * sqrt(2))", cos(y))
    if x > 0:
        add(f"xlogx({q} * sqrt(2))", y * log(y))
        add(f"tsallis({q} * sqrt(2), 3/2)", (y ** mpf(1.5) - y) / mpf(0.5))
add("pi", pi)
add("xlogx(exp(-1))", -exp(mpf(-1)))
add("log(1 + 1/10^60)", mp.log1p(mpf(10) ** -60), digits=150)
add("exp(log(7))", 7)
add("sqrt(2) * sqrt(2)", 2)

# Complex scalars.
z = mpc(3, -2) / 7
for f, name in [(mp.exp, "exp"), (mp.log, "log"), (mp.sqrt, "sqrt"), (mp.sin, "sin"), (mp.cos, "cos"), (mp.tanh, "tanh")]:
    add(f"{name}((3 - 2i)/7)", f(z))
    add(f"{name}(sqrt(2) * (-3 + 2i)/7)", f(-z * sqrt(mpf(2))))
    add(f"{name}(sqrt(2) * (-1 - 1i))", f(mpc(-1, -1) * sqrt(mpf(2))))
add("abs((3 - 2i)/7)", abs(z))
add("real((3 - 2i) / (sqrt(2) * (1 + 5i)))", (mpc(3, -2) / (sqrt(mpf(2)) * mpc(1, 5))).real)

# Matrices: rational ones, and the same times √2.
A = matrix([[mpf(1), mpf(1) / 2, mpf(1) / 4], [mpf(1) / 2, mpf(1), mpf(1) / 2], [mpf(1) / 4, mpf(1) / 2, mpf(1)]])
As = "[1, 1/2, 1/4; 1/2, 1, 1/2; 1/4, 1/2, 1]"
S = matrix([[mpf(2), -1, mpf(1) / 3], [-1, mpf(-1) / 2, 2], [mpf(1) / 3, 2, 1]])
Ss = "[2, -1, 1/3; -1, -1/2, 2; 1/3, 2, 1]"
M = matrix([[mpf(1), 2, -1], [mpf(1) / 2, -3, 4]])
Ms = "[1, 2, -1; 1/2, -3, 4]"
C = matrix([[mpc(2, 0), mpc(mpf(1) / 2, -1), mpc(0, mpf(1) / 3)],
            [mpc(mpf(1) / 2, 1), mpc(3, 0), mpc(1, mpf(1) / 5)],
            [mpc(0, -mpf(1) / 3), mpc(1, -mpf(1) / 5), mpc(1, 0)]])
Cs = "[2, 1/2 - 1i, 1i/3; 1/2 + 1i, 3, 1 + 1i/5; -1i/3, 1 - 1i/5, 1]"
r = sqrt(mpf(2))


def spectral(X, f):
    w, Q = eighe(X)
    n = X.rows
    D = matrix(n, n)
    for i in range(n):
        D[i, i] = f(w[i])
    return Q * D * Q.H


def values_of(X):
    w = eighe(X, eigvals_only=True)
    return sorted([mpf(w[i].real) if isinstance(w[i], mpc) else w[i] for i in range(X.rows)])


def singular(X):
    s = mp.svd(X, compute_uv=False)
    return sorted([mpf(x) for x in s], reverse=True)


def real(X):
    return X.apply(lambda z: mpf(z.real) if isinstance(z, mpc) else z)


def cplx(X):
    return X.apply(mpc)


def logdet(X):
    d = det(X)
    return log(d.real if isinstance(d, mpc) else d)


for name, X, s in [(As, A, mpf(1)), (f"(sqrt(2) * {As})", A, r), (Ss, S, mpf(1)), (f"(sqrt(2) * {Ss})", S, r)]:
    Y = X * s
    add(f"eigvals({name})", *values_of(Y))
    add(f"svdvals({name})", *singular(Y))
    add(f"trace({name})", Y[0, 0] + Y[1, 1] + Y[2, 2])
    add(f"det({name})", det(Y))
    add(f"inv({name})", inverse(Y))
    add(f"expm({name})", real(spectral(Y, exp)))
    add(f"absm({name})", real(spectral(Y, abs)))
    add(f"{name} * {name}", Y * Y)
    add(f"{name} .* {name}", Y.apply(lambda x: x * x))
    add(f"kron({name}, [1, 2; 3, 4])", *[Y[i // 2, j // 2] * [[1, 2], [3, 4]][i % 2][j % 2] for j in range(6) for i in range(6)])
    add(f"norm({name}, \"nuclear\")", sum(singular(Y)))
    add(f"lambda_max({name})", values_of(Y)[-1])
    add(f"sum({name}, \"rows\")", *[sum(Y[i, j] for j in range(3)) for i in range(3)])
    add(f"max({name}, \"cols\")", *[max(Y[i, j] for i in range(3)) for j in range(3)])
    add(f"min({name})", min(Y[i, j] for i in range(3) for j in range(3)))
    add(f"logsumexp({name})", log(sum(exp(Y[i, j]) for i in range(3) for j in range(3))))
    add(f"logsumexp({name}, \"rows\")", *[log(sum(exp(Y[i, j]) for j in range(3))) for i in range(3)])
    add(f"softmax({name}, \"cols\")", *[exp(Y[i, j]) / sum(exp(Y[k, j]) for k in range(3)) for j in range(3) for i in range(3)])
    add(f"{name}[2, 3]", Y[1, 2])
    add(f"diag({name})", Y[0, 0], Y[1, 1], Y[2, 2])
    add(f"rank({name})", 3)
for name, X, s in [(As, A, mpf(1)), (f"(sqrt(2) * {As})", A, r)]:
    Y = X * s
    add(f"logdet({name})", logdet(Y))
    for f, g in [("logm", log), ("sqrtm", sqrt), ("xlogxm", lambda x: x * log(x)), ("log_on_supportm", log)]:
        add(f"{f}({name})", real(spectral(Y, g)))
    for a in ["1/20", "-1/2", "2.7", "1000"]:
        b = mpf(a.split("/")[0]) / mpf(a.split("/")[1]) if "/" in a else mpf(a)
        add(f"{name} ^ ({a})", real(spectral(Y, lambda x: x**b)), digits=60)
    add(f"tsallism({name}, 1.000000000001)", real(spectral(Y, lambda x: (x ** mpf("1.000000000001") - x) / mpf("1e-12"))))
for name, X, s in [(Ms, M, mpf(1)), (f"(sqrt(2) * {Ms})", M, r)]:
    Y = X * s
    add(f"svdvals({name})", *singular(Y))
    add(f"svdvals({name}')", *singular(Y))
    add(f"{name}' * {name}", Y.T * Y)
    add(f"norm({name})", sqrt(sum(Y[i, j] ** 2 for i in range(2) for j in range(3))))
    add(f"rank({name})", 2)
for name, s in [(Cs, mpf(1)), (f"(sqrt(2) * {Cs})", r)]:
    Y = C * s
    add(f"eigvals({name})", *values_of(Y))
    add(f"expm({name})", cplx(spectral(Y, exp)))
    add(f"inv({name})", cplx(inverse(Y)))
    # The literal is known to be Hermitian: its determinant is real.
    add(f"det({name})", det(Y).real)
    add(f"trace(expm({name}))", sum(exp(w) for w in values_of(Y)))
    add(f"logdet({name})", logdet(Y))
    add(f"logm({name})", cplx(spectral(Y, log)))
    add(f"svdvals({name} * (1 + 2i))", *[w * sqrt(mpf(5)) for w in reversed(values_of(Y))])
    add(f"abs({name})", *[abs(Y[i, j]) for j in range(3) for i in range(3)])

# Adversarial: nearly repeated eigenvalues, exact rank deficiency, Hilbert matrices, extreme orders.
N = "[1, 1/10^30, 0; 1/10^30, 1, 0; 0, 0, 2]"
add(f"eigvals({N})", 1 - mpf(10) ** -30, 1 + mpf(10) ** -30, 2, digits=95)
add(f"logm(sqrt(2) * {N})[1, 2]", (log(r * (1 + mpf(10) ** -30)) - log(r * (1 - mpf(10) ** -30))) / 2, digits=95)
n = 8
H = matrix(n, n)
for i in range(n):
    for j in range(n):
        H[i, j] = mpf(1) / (i + j + 1)
Hs = "[" + "; ".join(", ".join(f"1/{i + j + 1}" for j in range(n)) for i in range(n)) + "]"
add(f"eigvals({Hs})", *values_of(H))
add(f"logdet({Hs})", logdet(H))
add(f"logdet(sqrt(2) * {Hs})", logdet(H * r))
add(f"inv(sqrt(2) * {Hs})[8, 8]", inverse(H * r)[7, 7])
h = [w / sum(values_of(H)) for w in values_of(H)]
for a in ["1/20", "1000", "1.000000000001", "0.999999999999"]:
    b = mpf(a.split("/")[0]) / mpf(a.split("/")[1]) if "/" in a else mpf(a)
    add(f"entropy(8 * {Hs} / trace({Hs}), {a})", log(sum(x**b for x in h)) / (1 - b), digits=60)
# Rank 2 of order 4, with and without irrational entries: α = 0.05 sees eigenvalues that are almost 0.
W = matrix([[mpf(1), 2, -1, mpf(1) / 2], [mpf(1) / 3, -1, 1, 2]])
Ws = "[1, 2, -1, 1/2; 1/3, -1, 1, 2]"
G = W.T * W
g = [w for w in values_of(G) if w > mpf(10) ** -50]
t = sum(g)
for name in [f"({Ws}' * {Ws})", f"((sqrt(2) * {Ws})' * (sqrt(2) * {Ws}))"]:
    N = f"(4 * {name} / trace({name}))"
    for a in ["1/20", "3", "1.000000000001"]:
        b = mpf(a.split("/")[0]) / mpf(a.split("/")[1]) if "/" in a else mpf(a)
        add(f"entropy({N}, {a})", log(sum((w / t) ** b for w in g)) / (1 - b), digits=60)
    add(f"von_neumann({N})", -sum(w / t * log(w / t) for w in g))
    add(f"rank({name})", 2)
    s = 2 if "sqrt" in name else 1
    Q = [w * s for w in g]
    add(f"trace(sqrtm({name}))", sum(sqrt(w) for w in Q))
    add(f"{name} ^ (1/20)", real(spectral(G * s, lambda x: x ** (mpf(1) / 20) if x > mpf(10) ** -50 else mpf(0))), digits=60)
    add(f"log_on_supportm({name})", real(spectral(G * s, lambda x: log(x) if x > mpf(10) ** -50 else mpf(0))), digits=60)

path = pathlib.Path(__file__).with_name("certify_values.json")
path.write_text(json.dumps(values, indent=0) + "\n")
print(len(values), "values")
