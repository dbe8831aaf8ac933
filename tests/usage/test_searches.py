"""The estimators in scikit-learn's searches: grids, random candidates, halving, two jobs."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quick_nets import cancer_fixture, classifier, diabetes_fixture, regressor, wine_fixture  # noqa: F401
from scipy.stats import loguniform, randint
from sklearn.dummy import DummyRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, HalvingGridSearchCV, RandomizedSearchCV, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


GRID = {"depth": [0, 1, 2], "width": [2, 8], "alpha": [1e-4, 1.0]}


def test_grid_search_of_classifier(cancer):
    search = GridSearchCV(classifier(n_members=1), GRID, cv=3, error_score="raise").fit(*cancer)
    assert len(search.cv_results_["params"]) == 12
    assert search.best_score_ > 0.95
    assert search.best_estimator_.depth_ == search.best_params_["depth"]
    assert search.best_estimator_.alpha == search.best_params_["alpha"]
    assert len(np.unique(search.cv_results_["mean_test_score"])) > 4  # the parameters have an effect


def test_grid_search_of_regressor_in_pipeline(diabetes):
    grid = {f"net__{name}": values for name, values in GRID.items()}
    pipeline = Pipeline([("scale", StandardScaler()), ("net", regressor())])
    search = GridSearchCV(pipeline, grid, cv=3, scoring="neg_mean_absolute_error", error_score="raise").fit(*diabetes)
    baseline = cross_val_score(DummyRegressor(), *diabetes, cv=3, scoring="neg_mean_absolute_error").mean()
    assert search.best_score_ > 0.8 * baseline
    assert search.best_estimator_["net"].depth_ == search.best_params_["net__depth"]


def test_grid_search_over_unordered_parameters(wine):
    grid = {"activation": ["tanh", ("relu", "identity")], "hidden_layer_sizes": [(8, 4)], "solver": ["adam", "lbfgs"]}
    search = GridSearchCV(classifier(), grid, cv=3, error_score="raise").fit(*wine)
    assert (search.cv_results_["mean_test_score"] > 0.9).all()
    assert search.best_estimator_.width_ == 8


def test_randomized_search(wine):
    distributions = {"depth": randint(0, 3), "width": randint(2, 12), "alpha": loguniform(1e-5, 10.0)}
    search = RandomizedSearchCV(classifier(), distributions, n_iter=6, cv=3, random_state=0, error_score="raise")
    search.fit(*wine)
    assert search.best_score_ > 0.9
    assert len({p["alpha"] for p in search.cv_results_["params"]}) == 6


@pytest.mark.slow
def test_halving_search_with_epochs_as_resource(cancer):
    search = HalvingGridSearchCV(
        classifier(), GRID, resource="max_iter", min_resources=2, max_resources=18, factor=3, cv=3, random_state=0,
        error_score="raise",
    ).fit(*cancer)  # fmt: skip
    assert search.n_resources_ == [2, 6, 18]
    assert search.n_candidates_ == [12, 4, 2]
    assert search.best_estimator_.n_iter_ == 18
    scores, rounds = search.cv_results_["mean_test_score"], search.cv_results_["iter"]
    assert scores[rounds == 2].max() > scores[rounds == 0].mean()


def test_two_jobs_give_the_result_of_one(cancer):
    one, two = (
        GridSearchCV(classifier(), {"depth": [1, 2]}, cv=2, scoring="neg_log_loss", n_jobs=n, error_score="raise").fit(
            *cancer
        )
        for n in (1, 2)
    )
    assert one.best_params_ == two.best_params_
    assert_allclose(two.cv_results_["mean_test_score"], one.cv_results_["mean_test_score"], rtol=1e-6)
    assert_allclose(two.predict_proba(cancer[0]), one.predict_proba(cancer[0]), atol=1e-6)
