"""Write the model files that every later release must read, and beside each what it predicts.

``python tests/data/make_models.py`` writes those of a format version that are not there yet; it replaces none. The
predictions are computed from ``coefs_`` and ``intercepts_`` with loops over Python's numbers, not by the package.
"""

import json
import math
from pathlib import Path

import numpy as np
import pandas as pd

import sknet
from sknet.persistence.container import VERSION

HERE = Path(__file__).parent
RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 3)).round(3)
Y = (np.sin(X[:, 0]) + X[:, 1] * X[:, 2]).round(3)

COMMON = {"depth": 2, "width": 4, "batch_size": 20, "learning_rate_init": 0.02, "n_iter_no_change": 50}
LABELS = np.array(["low", "mid", "high"])[np.digitize(Y, [0.0, 1.0])]
MODELS = {
    "classifier": lambda: sknet.MLPClassifierScratch(
        activation="tanh", max_iter=12, early_stopping=True, dropout=0.1, normalization="batch", learning_rate="cosine",
        class_weight={"high": 1.0, "low": 2.0, "mid": 1.0}, random_state=0, **COMMON,
    ).fit(pd.DataFrame(X, columns=["length", "Breite", "高さ"]), LABELS),
    "regressor": lambda: sknet.MLPRegressorScratch(
        activation=["relu", "logistic"], max_iter=12, solver="sgd", learning_rate="adaptive", dtype="float32",
        random_state=np.random.RandomState(1), **COMMON,
    ).fit(X, np.stack([Y, 100.0 * Y**2], axis=1)),
}  # fmt: skip
FUNCTIONS = {
    "identity": lambda z: z,
    "relu": lambda z: max(z, 0.0),
    "tanh": math.tanh,
    "logistic": lambda z: 1.0 / (1.0 + math.exp(-z)),
}


def outputs(mlp, row):
    """The raw outputs of one row, by loops."""
    names = [mlp.activation] * mlp.depth_ if isinstance(mlp.activation, str) else list(mlp.activation)
    for W, b, name in zip(mlp.coefs_, mlp.intercepts_, [*names, "identity"], strict=True):
        sums = [float(b[j]) + sum(row[i] * float(W[i, j]) for i in range(len(row))) for j in range(len(b))]
        row = [FUNCTIONS[name](z) for z in sums]
    return row


def predictions(mlp):
    rows = [outputs(mlp, row) for row in X.tolist()]
    if isinstance(mlp, sknet.MLPRegressorScratch):
        return rows
    powers = [[math.exp(z - max(row)) for z in row] for row in rows]
    return [[p / sum(row) for p in row] for row in powers]


if __name__ == "__main__":
    for name, fit in MODELS.items():
        path = HERE / f"{name}_{VERSION}.safetensors"
        if not path.exists():
            model = fit()
            sknet.save(model, path)
            classes = model.classes_.tolist() if hasattr(model, "classes_") else None
            expected = {"X": X.tolist(), "classes": classes, "predictions": predictions(model)}
            path.with_suffix(".json").write_text(json.dumps(expected))
