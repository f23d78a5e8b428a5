"""The same four claims on stacks of samples: what NumPy can do when its user takes the trouble.

Drawing, products, eigenvalues and determinants are calls on arrays of shape (samples, n, n), so that Python's own time
is shared by a whole stack. Per sample the mathematics is that of numpy_loop.py.
"""
import numpy as np

from common import main

AXES = (1, 2)


def batch(n):
    """How many samples a stack holds: as many as keep it in the cache, where this was measured to be fastest."""
    return max(8, 32768 // n**2)


def unit_columns(rng, n):
    Z = rng.standard_normal((batch(n), n, n))
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    return Z


def gram(Z):
    return Z.transpose(0, 2, 1) @ Z


def corr(rng, n):
    return gram(unit_columns(rng, n))


def entropy1(K):
    q = np.maximum(np.linalg.eigvalsh(K), 0) / K.shape[-1]
    return -np.sum(q * np.log(np.where(q > 0, q, 1)), axis=-1)


def frobenius2(A):
    return np.einsum("sij,sij->s", A, A)


def entropy2(K):
    return 2 * np.log(K.shape[-1]) - np.log(frobenius2(K))


def tcr(K, mu):
    return np.linalg.slogdet(mu[:, None, None] * np.eye(K.shape[-1]) + K)[1]


def claim_4_1(rng, n):
    K1, K2 = corr(rng, n), corr(rng, n)
    J = K1 * K2
    left = entropy2(K1) + entropy2(K2) - entropy2(J)
    right = 2 * np.log(n) - np.log(frobenius2(K1) * frobenius2(K2) / frobenius2(J))
    return -np.abs(left - right)


def claim_4_5(rng, n):
    K1, K2 = corr(rng, n), corr(rng, n)
    return np.log(n) - (entropy1(K1) + entropy1(K2) - entropy1(K1 * K2))


def claim_4_11(rng, n):
    K1, K2, mu = corr(rng, n), corr(rng, n), rng.uniform(0, 10, batch(n))
    return tcr(K1 * K2, mu**2 + 2 * mu) - tcr(K1, mu) - tcr(K2, mu)


def claim_4_13(rng, n):
    Z1, Z2, lam = unit_columns(rng, n), unit_columns(rng, n), rng.uniform(0, 10, batch(n))
    S = Z1.transpose(0, 2, 1) @ Z2
    S[:, np.arange(n), np.arange(n)] = 0
    loss = frobenius2(Z1 - Z2) + lam * frobenius2(S)
    left = entropy2(gram(Z1) * gram(Z2))
    return left - (np.log(n) - np.log1p((2 + 2 / (n * lam)) * loss))


if __name__ == "__main__":
    claims = {"4.1": claim_4_1, "4.5": claim_4_5, "4.11": claim_4_11, "4.13": claim_4_13}
    main(claims, batch)
