"""Four claims of 'Information Flow in Self-Supervised Learning' as a researcher tests them today: a loop over samples.

Each sample draws its inputs from an n x n Gaussian factor with unit columns, evaluates both sides and gives the margin
by which the claim holds. Every formula is the cheapest that the claim allows: Frobenius norms at order 2, eigenvalues
without eigenvectors at order 1, log det by LU.
"""
import numpy as np

from common import main


def unit_columns(rng, n):
    Z = rng.standard_normal((n, n))
    return Z / np.linalg.norm(Z, axis=0)


def corr(rng, n):
    Z = unit_columns(rng, n)
    return Z.T @ Z


def entropy1(K):
    q = np.linalg.eigvalsh(K) / len(K)
    q = q[q > 0]
    return -np.sum(q * np.log(q))


def entropy2(K):
    return -np.log(np.sum(np.square(K / len(K))))


def tcr(K, mu):
    return np.linalg.slogdet(mu * np.eye(len(K)) + K)[1]


def claim_4_1(rng, n):
    """I_2(K1; K2) = 2 log n - log(F(K1) F(K2) / F(K1 o K2))"""
    K1, K2 = corr(rng, n), corr(rng, n)
    J = K1 * K2
    left = entropy2(K1) + entropy2(K2) - entropy2(J)
    F = lambda K: np.linalg.norm(K) ** 2
    right = 2 * np.log(n) - np.log(F(K1) * F(K2) / F(J))
    return -abs(left - right)


def claim_4_5(rng, n):
    """I_1(K1; K2) <= log n"""
    K1, K2 = corr(rng, n), corr(rng, n)
    return np.log(n) - (entropy1(K1) + entropy1(K2) - entropy1(K1 * K2))


def claim_4_11(rng, n):
    """TCR_{mu^2 + 2 mu}(K1 o K2) >= TCR_mu(K1) + TCR_mu(K2)"""
    K1, K2, mu = corr(rng, n), corr(rng, n), rng.uniform(0, 10)
    return tcr(K1 * K2, mu**2 + 2 * mu) - tcr(K1, mu) - tcr(K2, mu)


def claim_4_13(rng, n):
    """H_2(Z1'Z1, Z2'Z2) >= log B - log(1 + (2 + 2/(B lambda)) L_SC), B = n"""
    Z1, Z2, lam = unit_columns(rng, n), unit_columns(rng, n), rng.uniform(0, 10)
    S = Z1.T @ Z2
    np.fill_diagonal(S, 0)
    loss = np.sum(np.square(Z1 - Z2)) + lam * np.sum(np.square(S))
    left = entropy2((Z1.T @ Z1) * (Z2.T @ Z2))
    return left - (np.log(n) - np.log1p((2 + 2 / (n * lam)) * loss))


if __name__ == "__main__":
    claims = {"4.1": claim_4_1, "4.5": claim_4_5, "4.11": claim_4_11, "4.13": claim_4_13}
    main(claims, batch=lambda n: 1)
