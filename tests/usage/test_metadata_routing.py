"""Sample weights reach the estimators through pipelines, validation and searches, with metadata routing and without."""

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose
from quick_nets import classifier, wine_fixture  # noqa: F401
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture
def routing():
    with sklearn.config_context(enable_metadata_routing=True):
        yield


@pytest.fixture(scope="module")
def weighted(wine):
    """Return rows and weights that leave out one class, so that a test notices if weights get lost."""
    X, y = wine
    return X, y, np.where(y == 2, 0.0, 1.0 + np.arange(len(y)) % 3)


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_pipeline(weighted):
    X, y, w = weighted
    net = classifier().set_fit_request(sample_weight=True)
    routed = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), net).fit(X, y, sample_weight=w)
    direct = classifier().fit(StandardScaler().fit_transform(X), y, sample_weight=w)
    assert_allclose(routed.predict_proba(X), direct.predict_proba(StandardScaler().fit_transform(X)), rtol=1e-6)
    assert not (routed.predict(X) == 2).any()


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_validation(weighted):
    X, y, w = weighted
    # No network learns class 2. With weights its rows do not count in the score; without, all of them are wrong.
    net = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    scores = cross_validate(net, X, y, params={"sample_weight": w}, cv=3, error_score="raise")["test_score"]
    assert (scores > 0.8).all()
    unweighted = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=False)
    scores = cross_validate(unweighted, X, y, params={"sample_weight": w}, cv=3, error_score="raise")["test_score"]
    assert (scores < 0.8).all()


@pytest.mark.usefixtures("routing")
def test_weights_are_routed_through_a_search(weighted):
    X, y, w = weighted
    net = classifier().set_fit_request(sample_weight=True).set_score_request(sample_weight=True)
    search = GridSearchCV(net, {"depth": [0, 1]}, cv=3, error_score="raise").fit(X, y, sample_weight=w)
    direct = classifier(**search.best_params_).fit(X, y, sample_weight=w)
    assert_allclose(search.predict_proba(X), direct.predict_proba(X), rtol=1e-6)
    assert search.best_score_ > 0.8  # if all rows counted in the score, class 2 would be wrong


@pytest.mark.usefixtures("routing")
def test_weights_that_are_not_requested_are_an_error(weighted):
    X, y, w = weighted
    with pytest.raises(sklearn.exceptions.UnsetMetadataPassedError, match="sample_weight"):
        cross_validate(classifier(), X, y, params={"sample_weight": w}, cv=3)


def test_weights_through_a_pipeline_without_routing(weighted):
    X, y, w = weighted
    pipeline = Pipeline([("scale", StandardScaler()), ("net", classifier())]).fit(X, y, net__sample_weight=w)
    assert not (pipeline.predict(X) == 2).any()
