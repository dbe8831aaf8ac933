"""Parameters that L-BFGS cannot use raise an error or a warning, and all others work."""

import numpy as np
import pytest
from oracles import PlainRegressor
from plain_fits import BOTH, X, fitted, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("dropout", 0.1), ("dropout", [0.1]), ("dropout", np.array([0.1, 0.2])), ("weight_decay", 1e-3),
        ("max_grad_norm", 1.0), ("early_stopping", True),
    ],
)  # fmt: skip
@BOTH
def test_a_parameter_that_lbfgs_cannot_use_gives_one_warning(Estimator, name, value):
    parameters = {"solver": "lbfgs", "hidden_layer_sizes": (4, 3)[: np.size(value)], "max_iter": 5, "random_state": 0}
    without = Estimator(**parameters).fit(X, target(Estimator))
    with pytest.warns(UserWarning, match=rf"`{name}=.*` has no effect: solver='lbfgs' has neither epochs") as seen:
        found = Estimator(**parameters, **{name: value}).fit(X, target(Estimator))
    assert sum("solver='lbfgs'" in str(warning.message) for warning in seen) == 1
    np.testing.assert_array_equal(found.coefs_[0], without.coefs_[0])
    assert found.loss_curve_ == without.loss_curve_


@BOTH
def test_several_parameters_that_lbfgs_cannot_use_give_one_warning(Estimator):
    with pytest.warns(UserWarning, match=r"`early_stopping=True` and `dropout=0.2` and .* have no effect") as seen:
        fitted(Estimator, solver="lbfgs", early_stopping=True, dropout=0.2, weight_decay=0.1, max_grad_norm=1.0)
    assert sum("no effect" in str(warning.message) for warning in seen) == 1


@BOTH
def test_batch_normalization_with_lbfgs_is_an_error(Estimator):
    with pytest.raises(ValueError, match=r"`normalization='batch'` needs a solver that works in epochs.*'adam'"):
        Estimator(solver="lbfgs", normalization="batch").fit(X, target(Estimator))


@pytest.mark.parametrize("dropout", [0, 0.0, [0.0], np.array([0.0])], ids=repr)
def test_lbfgs_with_a_dropout_of_zero_in_any_form_gives_no_warning(dropout):
    assert fitted(PlainRegressor, solver="lbfgs", dropout=dropout).n_iter_ > 0


@pytest.mark.parametrize("changes", [{"normalization": "layer"}, {"learning_rate": "cosine"}])
def test_other_parameters_work_with_lbfgs(changes):
    assert fitted(PlainRegressor, solver="lbfgs", **changes).n_iter_ > 0
