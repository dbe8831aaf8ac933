"""Better than scikit-learn: negative counts are an error, and labels of one class have one column of probabilities."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from oracles import PlainClassifier, PlainRegressor
from sklearn.neural_network import MLPClassifier, MLPRegressor
from thirteen_points import as_of_1_9, make_data

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

# 5. Targets that the loss does not allow


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
@pytest.mark.parametrize("method", ["fit", "partial_fit"])
def test_point_05_poisson_rejects_negative_targets(method, solver):
    if (method, solver) == ("partial_fit", "lbfgs"):
        return
    X, y = make_data()
    y = np.abs(y)
    y[3] = -0.5
    mlp = PlainRegressor(loss="poisson", solver=solver)
    with pytest.raises(ValueError, match=r"loss='poisson' needs targets y >= 0, got a smallest value of -0\.5"):
        getattr(mlp, method)(X, y)
    y[3] = 0.0
    assert np.isfinite(getattr(mlp, method)(X, y).predict(X)).all()


@as_of_1_9
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_point_05_sklearn_accepts_negative_counts():
    X, y = make_data()
    assert MLPRegressor(loss="poisson", max_iter=2).fit(X, y).n_iter_ == 2


# 12. One class


@pytest.mark.parametrize("label", [0, 1, "only", True])
@pytest.mark.parametrize("parameters", [{}, {"solver": "lbfgs"}, {"depth": 0}, {"early_stopping": True}], ids=str)
def test_point_12_one_class_has_one_column(parameters, label):
    X, _ = make_data()
    y = np.array([label] * len(X))
    mlp = PlainClassifier(random_state=0, max_iter=5, **parameters).fit(X, y)
    assert_array_equal(mlp.classes_, [label])
    assert_array_equal(mlp.predict_proba(X), np.ones((len(X), 1)))
    assert_array_equal(mlp.predict_log_proba(X), np.zeros((len(X), 1)))
    assert_array_equal(mlp.predict(X), y)
    assert mlp.score(X, y) == 1.0


@as_of_1_9
def test_point_12_sklearn_has_two_columns():
    X, y = make_data()
    mlp = MLPClassifier(max_iter=5).fit(X, np.ones(len(y)))
    assert len(mlp.classes_) == 1
    assert mlp.predict_proba(X).shape == (len(X), 2)
