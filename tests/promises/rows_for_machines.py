"""Tables for sequences of calls: the same rows in several forms, with targets of each kind."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import scipy.sparse as sp

from sknet import MLPClassifierScratch, MLPRegressorScratch

N = 400
RNG = np.random.default_rng(0)
CODES = np.arange(N) % 3  # any three consecutive rows have all classes
NUMBERS = RNG.normal(size=(N, 4)) * [1.0, 2.0, 0.01, 1.0] + [0.0, 5.0, 0.0, 2.0]
NUMBERS[:, :2] += CODES[:, None]
NUMBERS[:, 3] *= RNG.random(N) < 0.3
NAMES = ["a", "b", "c", "d"]
FRAME = pd.DataFrame(NUMBERS, columns=NAMES).assign(
    plan=np.array(["free", "basic", "für Profis"])[(CODES + (RNG.random(N) < 0.2)) % 3],
    zone=pd.Categorical(RNG.choice([3, 11, 200], N)),
    active=RNG.random(N) < 0.5,
    gaps=np.where(RNG.random(N) < 0.1, np.nan, NUMBERS[:, 0]),
)
FORMS = {
    "array": lambda rows: NUMBERS[rows],
    "float32": lambda rows: NUMBERS[rows].astype(np.float32),
    "sparse": lambda rows: sp.csr_matrix(NUMBERS[rows]),
    "numbers in a frame": lambda rows: FRAME[NAMES].iloc[rows],
    "frame": lambda rows: FRAME.iloc[rows],
}
Y = np.sin(NUMBERS[:, 0]) + CODES + 10.0
TARGETS = {
    "three classes": (MLPClassifierScratch, np.array(["x", "yy", "z"])[CODES], {}),
    "two classes": (MLPClassifierScratch, CODES == 0, {}),
    "labels": (MLPClassifierScratch, np.column_stack([CODES == 0, NUMBERS[:, 0] > 0.5]).astype(int), {}),
    "numbers": (MLPRegressorScratch, Y, {}),
    "counts": (MLPRegressorScratch, np.rint(Y), {"loss": "poisson"}),
    "two columns": (MLPRegressorScratch, np.column_stack([Y, NUMBERS[:, 1]]), {}),
    "quantiles": (MLPRegressorScratch, Y, {"loss": "quantile", "quantile": [0.1, 0.5]}),
}
WEIGHTS = RNG.integers(1, 4, N).astype(float)
PROBE = np.arange(N - 50, N)


class Call(NamedTuple):
    """A call of `fit` or `partial_fit`, with all parameters of the estimator at that time."""

    method: str
    parameters: dict[str, Any]
    kind_of_y: str
    form: str
    rows: np.ndarray
    weighted: bool
    own_validation: int  # number of rows in the caller's validation set
    interrupted_at: int | None = None

    def __call__(self, mlp, **more):
        """Make the call."""
        Estimator, y, _ = TARGETS[self.kind_of_y]
        if self.own_validation:
            own = PROBE[: self.own_validation]
            more |= {"X_val": FORMS[self.form](own), "y_val": y[own]}
        if self.method == "partial_fit" and Estimator is MLPClassifierScratch and y.ndim == 1:
            more["classes"] = np.unique(y)
        weights = WEIGHTS[self.rows] if self.weighted else None
        return getattr(mlp, self.method)(FORMS[self.form](self.rows), y[self.rows], weights, **more)
