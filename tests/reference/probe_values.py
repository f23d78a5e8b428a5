"""What scikit-learn makes of a small fixed set of features: `probe_values.json`.

pip install scikit-learn; python tests/reference/probe_values.py > tests/reference/probe_values.json
"""

import json

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss, top_k_accuracy_score
from sklearn.neighbors import KNeighborsClassifier

CLASSES, WIDTH, TRAIN, TEST = 8, 6, 160, 80
rng = np.random.default_rng(7)
centres = rng.normal(size=(CLASSES, WIDTH))
scales = np.array([1.0, 3.0, 0.2, 1.0, 5.0, 1.0])


def draw(n):
    y = np.arange(n) % CLASSES
    x = (centres[y] + 0.8 * rng.normal(size=(n, WIDTH)) + 0.3) * scales
    return np.round(x, 4), y


(x, y), (u, v) = draw(TRAIN), draw(TEST)
labels = list(range(CLASSES))


def shares(scores):
    # Equal scores are told apart by the number of the class, the first before the others.
    order = np.argsort(-scores, axis=1, kind="stable")
    right = order == v[:, None]
    return [float(right[:, 0].mean()), float(right[:, :5].any(axis=1).mean())]


def neighbours(k, weights):
    found = KNeighborsClassifier(k, metric="cosine", algorithm="brute", weights=weights).fit(x, y).predict_proba(u)
    return {"k": k, "accuracy": shares(found)}


def logistic(strength):
    mean, deviation = x.mean(axis=0), np.sqrt(x.var(axis=0) + 1e-6)
    a, b = (x - mean) / deviation, (u - mean) / deviation
    model = LogisticRegression(C=1 / (strength * TRAIN), tol=1e-10, max_iter=10_000).fit(a, y)
    objective = log_loss(y, model.predict_proba(a), labels=labels) + strength / 2 * (model.coef_**2).sum()
    scores = model.decision_function(b)
    assert abs(top_k_accuracy_score(v, scores, k=5, labels=labels) - shares(scores)[1]) < 1e-12
    training = float((model.predict(a) == y).mean())
    # The decisions are so far from a tie that rounding changes none.
    gap = np.sort(scores, axis=1)
    assert (gap[:, -1] - gap[:, -2]).min() > 1e-5
    return {"strength": strength, "objective": objective, "accuracy": shares(scores), "train_top1": training}


print(
    json.dumps(
        {
            "train": {"features": x.tolist(), "labels": y.tolist()},
            "test": {"features": u.tolist(), "labels": v.tolist()},
            "majority": [neighbours(k, "uniform") for k in (1, 5, 20)],
            "weighted": [neighbours(k, lambda d: np.exp((1 - d) / 0.07)) for k in (5, 20, 160)],
            "logistic": [logistic(strength) for strength in (1e-1, 1e-2, 1e-3)],
        }
    )
)
