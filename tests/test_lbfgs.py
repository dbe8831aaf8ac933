"""What L-BFGS cannot do is an error, and the rest it does."""

import numpy as np
import pytest
from oracles import PlainRegressor
from plain_fits import BOTH, X, fitted, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", 0.1), ("dropout", [0.1]), ("dropout", np.array([0.1, 0.2])), ("weight_decay", 1e-3),
        ("normalization", "batch"), ("max_grad_norm", 1.0), ("early_stopping", True),
    ],
)  # fmt: skip
@BOTH
def test_what_lbfgs_cannot_do_is_an_error(Estimator, name, value):
    with pytest.raises(
        ValueError, match=rf"`{name}=.*` needs a solver that works in epochs.*Use solver='adam', or {name}="
    ):
        Estimator(solver="lbfgs", hidden_layer_sizes=(4, 3)[: np.size(value)], **{name: value}).fit(
            X, target(Estimator)
        )


@pytest.mark.parametrize("dropout", [0, 0.0, [0.0], np.array([0.0])], ids=repr)
def test_lbfgs_without_dropout_in_any_words(dropout):
    assert fitted(PlainRegressor, solver="lbfgs", dropout=dropout).n_iter_ > 0


@pytest.mark.parametrize("changes", [{"normalization": "layer"}, {"learning_rate": "cosine"}, {"scoring": "r2"}])
def test_what_lbfgs_can_do(changes):
    assert fitted(PlainRegressor, solver="lbfgs", **changes).n_iter_ > 0
