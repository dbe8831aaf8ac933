"""Small data and quick parameters, for tests of trained models."""

import numpy as np

SMALL = {"width": 6, "max_iter": 6, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01}

RNG = np.random.default_rng(0)
X = RNG.standard_normal((80, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, -1.0]
Y = np.sin(X[:, 0]) + X[:, 1] / 10
LABELS = np.array(["a", "b", "ccc"])[np.digitize(Y, [0.0, 1.0])]
