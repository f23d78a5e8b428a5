"""Writes scalar_functions.csv: values of Loewner's scalar functions to 50 digits, computed by mpmath.

Each line is: function, argument, parameter (empty where there is none), value. The arguments are binary64 numbers,
printed so that they read back exactly. Run as `python scalar_functions.py > scalar_functions.csv`.
"""

from mpmath import mp, mpf, exp, expm1, inf, log, log1p, sqrt, tanh, sin, cos, power

mp.dps = 60

TINY = [1e-300, 1e-100, 1e-20, 1e-16, 1e-10, 1e-5]
NEAR_ONE = [1 - 2.0**-53, 1 + 2.0**-52, 1 - 1e-9, 1 + 1e-9, 0.999, 1.001]
MIDDLE = [0.01, 0.1, 0.3, 0.36787944117144233, 0.5, 0.9, 1.0, 1.1, 2.0, 2.718281828459045, 3.5, 10.0, 100.0]
LARGE = [1e5, 1e10, 1e100, 1e300]
POSITIVE = TINY + MIDDLE + NEAR_ONE + LARGE
SIGNED = [s * x for x in TINY + MIDDLE + [30.0, 300.0] for s in (1, -1)] + [0.0]
ABOVE = [x for x in SIGNED + [-0.999, -1 + 2.0**-53, 1e5, 1e100] if x > -1]
PARAMETERS = [-3.0, -1.0, -0.5, -1e-3, -1e-9, -1e-17, -1e-300, 0.0, 1e-300, 1e-17, 1e-9, 1e-3, 0.05, 0.5, 1.0, 2.0, 7.3]
ORDERS = [0.05, 0.5, 0.9, 1 - 1e-9, 1 - 2.0**-53, 1.0, 1 + 2.0**-52, 1 + 1e-9, 1.1, 1.5, 2.0, 3.0, 20.0, 1000.0]


def slope(u):
    if u == 0:
        return mpf(-1) / 2
    # Sixty digits lose at most forty in the difference for the arguments below, so more are used.
    with mp.workdps(800):
        u = mpf(u)
        return (u / (1 + u) - log(1 + u)) / u**2


def powlog(x, t):
    return log(x) if t == 0 else expm1(t * log(x)) / t


def tsallis(x, alpha):
    return x * log(x) if alpha == 1 else x * powlog(x, mpf(alpha) - 1)


def log1prel(u):
    return mpf(1) if u == 0 else log1p(u) / u


PLAIN = {
    "exp": (SIGNED, exp),
    "log": (POSITIVE, log),
    "sqrt": (POSITIVE, sqrt),
    "sin": (SIGNED, sin),
    "cos": (SIGNED, cos),
    "tanh": (SIGNED, tanh),
    "sigmoid": (SIGNED, lambda x: 1 / (1 + exp(-x))),
    "softplus": (SIGNED, lambda x: log1p(exp(x))),
    "expm1": (SIGNED, expm1),
    "log1p": (ABOVE, log1p),
    "log1prel": (ABOVE, log1prel),
    "log1prel_slope": (ABOVE, slope),
    "xlogx": (POSITIVE, lambda x: x * log(x)),
    "log_on_support": (POSITIVE, log),
    "recip_on_support": (POSITIVE, lambda x: 1 / x),
}
WITH_PARAMETER = {
    "pow": (POSITIVE, PARAMETERS, power),
    "powlog": (POSITIVE, PARAMETERS, powlog),
    "tsallis": (POSITIVE, ORDERS, tsallis),
}


def line(name, x, p, value):
    # Values that binary64 cannot hold to full precision say nothing about accuracy.
    if value != 0 and not mpf("1e-290") < abs(value) < mpf("1e308"):
        return
    print(f"{name},{x!r},{'' if p is None else repr(p)},{mp.nstr(value, 50)}")


print("function,x,p,value")
for name, (points, f) in PLAIN.items():
    for x in points:
        line(name, x, None, f(mpf(x)))
for name, (points, parameters, f) in WITH_PARAMETER.items():
    for p in parameters:
        for x in points:
            line(name, x, p, f(mpf(x), mpf(p)))
