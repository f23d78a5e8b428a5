"""Writes scalar_slopes.csv: derivatives and divided differences of Loewner's scalar functions, computed by mpmath.

Each line is: kind, function, x, y, parameter, value. The kinds are `x` (the derivative in the argument), `p` (in the
parameter) and `pair` (the divided difference at x and y). Numbers are binary64, printed so that they read back exactly.
Run as `python scalar_slopes.py > scalar_slopes.csv`.
"""

from mpmath import mp, mpf, cos, diff, exp, expm1, log, log1p, power, sin, sqrt, tanh

mp.dps = 60

POSITIVE = [1e-8, 0.01, 0.3, 0.36787944117144233, 0.9, 1.0, 1.0000001, 1.7, 6.5, 1e4]
SIGNED = [-6.5, -1.0, -0.3, -1e-8] + POSITIVE[:-1]
ABOVE = [-0.99, -0.3, -1e-8] + POSITIVE
PARAMETERS = [-2.0, -0.5, -1e-9, 0.0, 1e-9, 0.5, 1.0, 1.5, 2.0, 3.0]
ORDERS = [0.05, 0.5, 1 - 1e-9, 1.0, 1 + 1e-9, 1.5, 2.0, 3.0, 20.0]
GAPS = [0.0, 2.0**-52, 1e-13, 1e-9, 1e-6, 1e-3, 0.05, 0.1, 0.7]


def powlog(x, t):
    return log(x) if t == 0 else expm1(t * log(x)) / t


def tsallis(x, alpha):
    return x * powlog(x, alpha - 1)


def tsallis_slope(x, alpha):
    return power(x, alpha - 1) + powlog(x, alpha - 1)


def powlog_slope(x, t):
    """By its series, which converges fast enough at 60 digits for all arguments here."""
    y = t * log(x)
    if abs(y) > 1:
        return log(x) ** 2 * (y * exp(y) - expm1(y)) / y**2
    return log(x) ** 2 * mp.nsum(lambda k: (k + 1) * y**k / mp.factorial(k + 2), [0, mp.inf]) if y != 0 else log(x) ** 2 / 2


def log1prel(u):
    return mpf(1) if u == 0 else log1p(u) / u


PLAIN = {
    "neg": (SIGNED, lambda x: -x),
    "exp": (SIGNED, exp),
    "log": (POSITIVE, log),
    "sqrt": (POSITIVE, sqrt),
    "recip": (POSITIVE + [-0.3, -6.5], lambda x: 1 / x),
    "abs": (SIGNED, abs),
    "sign": (SIGNED, lambda x: mp.sign(x)),
    "step": (SIGNED, lambda x: mpf(x > 0)),
    "floor": ([0.3, -0.3, 1.7, 6.5], mp.floor),
    "sin": (SIGNED, sin),
    "cos": (SIGNED, cos),
    "tanh": (SIGNED, tanh),
    "relu": (SIGNED, lambda x: max(x, mpf(0))),
    "sigmoid": (SIGNED, lambda x: 1 / (1 + exp(-x))),
    "softplus": (SIGNED, lambda x: log1p(exp(x))),
    "expm1": (SIGNED, expm1),
    "log1p": (ABOVE, log1p),
    "log1prel": (ABOVE, log1prel),
    "xlogx": (POSITIVE, lambda x: x * log(x)),
    "log_on_support": (POSITIVE, log),
    "recip_on_support": (POSITIVE, lambda x: 1 / x),
}
WITH_PARAMETER = {
    "pow": (POSITIVE, PARAMETERS, power),
    "pow_on_support": (POSITIVE, PARAMETERS, power),
    "powlog": (POSITIVE, PARAMETERS, powlog),
    "powlog_slope": (POSITIVE, PARAMETERS, powlog_slope),
    "tsallis": (POSITIVE, ORDERS, tsallis),
    "tsallis_slope": (POSITIVE, ORDERS, tsallis_slope),
}


def line(kind, name, x, y, p, value):
    show = lambda number: "" if number is None else repr(float(number))
    print(f"{kind},{name},{show(x)},{show(y)},{show(p)},{mp.nstr(mpf(value), 25)}")


def slope(f, x):
    # One-sided differences would be needed only at kinks, where no derivative is asked for.
    return diff(f, mpf(x), h=mpf(10) ** -25)


def pairs(points):
    for x in points:
        for gap in GAPS:
            yield x, x * (1 + gap) if x > 0 else x * (1 - gap / 2)
    yield points[0], points[-1]


def difference(f, x, y):
    x, y = mpf(x), mpf(y)
    return slope(f, x) if x == y else (f(x) - f(y)) / (x - y)


print("kind,function,x,y,p,value")
for name, (points, f) in PLAIN.items():
    for x in points:
        line("x", name, x, None, None, slope(f, x))
    for x, y in pairs(points):
        line("pair", name, x, y, None, difference(f, x, y))
for name, (points, parameters, f) in WITH_PARAMETER.items():
    for p in parameters:
        p = mpf(p)
        for x in points:
            line("x", name, x, None, p, slope(lambda x: f(x, p), x))
            if name != "powlog_slope":
                line("p", name, x, None, p, diff(lambda p: f(mpf(x), p), p, h=mpf(10) ** -25))
        for x, y in pairs(points[1:-1]):
            line("pair", name, x, y, p, difference(lambda x: f(x, p), x, y))
