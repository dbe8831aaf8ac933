"""A bad value of a parameter raises an error that names the parameter and the value."""

import numpy as np
import pytest
from oracles import PlainClassifier, PlainRegressor
from plain_fits import X, target

from sknet import schedules

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

BAD = {
    "weight_decay": [-1e-9, np.inf, np.nan, "0.1", None, True],
    "dropout": [-0.1, 1.0, 1, np.nan, "half", None, [0.5, 1.0], [[0.1]], {0.1}, True],
    "normalization": ["none", "Batch", True, 0, ["batch"]],
    "max_grad_norm": [0.0, -1.0, np.inf, np.nan, "1", False],
    "scoring": ["no_such_scorer", 3, ["accuracy"], True],
    "learning_rate": ["linear", 0.1, None, schedules.Cosine, lambda clock: 1.0],
    "solver": ["adamw", "RMSprop", None, 1],
}
BAD_OF = {
    PlainClassifier: BAD | {
        "class_weight": ["auto", {0: -1.0}, {0: np.nan}, {0: np.inf}, {0: "1"}, 2.0, [1, 2, 3], True],
        "label_smoothing": [-0.1, 1.0, np.nan, None, "0.1", True],
    },
    PlainRegressor: BAD | {
        "loss": ["mae", "log_loss", None, 3],
        "quantile": [0.0, 1.0, -0.5, np.nan, [], [0.5, 0.1], [0.5, 0.5], [0.1, 1.0], "median", None, True],
        "huber_delta": [0.0, -1.0, np.inf, np.nan, None, "1"],
    },
}  # fmt: skip


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("Estimator", "name", "value"),
    [(e, name, value) for e, bad in BAD_OF.items() for name, values in bad.items() for value in values],
)
def test_bad_values_raise_an_error_and_change_nothing(Estimator, name, value):
    """The error names the parameter and the value; the estimator does not change."""
    mlp = Estimator(**{name: value})
    with pytest.raises(ValueError, match=rf"`{name}` must be .*, got ") as caught:
        mlp.fit(X, target(Estimator))
    assert repr(value) in str(caught.value)
    assert vars(mlp).keys() == mlp.get_params().keys()
