"""A transformer that returns the outputs of a hidden layer can be used like any transformer of scikit-learn."""

import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from oracles import ACTIVATIONS, PlainRegressor
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_diabetes, load_wine
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import FeatureUnion, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from sknet import HiddenLayerTransformer, MLPClassifierScratch, MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, y = load_wine(return_X_y=True)
SMALL = {
    "hidden_layer_sizes": (6, 4),
    "max_iter": 15,
    "learning_rate_init": 0.02,
    "random_state": 0,
    "activation": ["tanh", "relu"],
}


def transformer(layer=-1, Estimator=MLPClassifierScratch, **changes):
    return HiddenLayerTransformer(Estimator(**SMALL | changes), layer=layer)


@pytest.mark.parametrize(("layer", "depth"), [(0, 1), (1, 2), (-1, 2), (-2, 1)])
@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_outputs_are_those_of_a_hidden_layer_of_the_network(Estimator, layer, depth):
    mlp = Estimator(**SMALL).fit(X, y)
    h = X
    for W, b, name in zip(mlp.coefs_[:depth], mlp.intercepts_, SMALL["activation"], strict=False):
        h = ACTIVATIONS[name](h @ W + b)
    hidden = transformer(layer, Estimator).fit(X, y)
    assert_allclose(hidden.transform(X), h, rtol=1e-9, atol=1e-12)
    assert_array_equal(hidden.fit_transform(X, y), hidden.transform(X))


def test_the_given_estimator_is_not_fitted():
    hidden = transformer().fit(X, y)
    assert not hasattr(hidden.estimator, "coefs_")
    assert hasattr(hidden.estimator_, "coefs_")
    assert hidden.estimator_ is not hidden.estimator


def test_in_a_pipeline_the_next_step_gets_its_outputs():
    model = make_pipeline(StandardScaler(), transformer(), LogisticRegression()).fit(X, y)
    h = model[1].transform(model[0].transform(X))
    assert_array_equal(model.predict(X), LogisticRegression().fit(h, y).predict(h))
    assert model.score(X, y) > 0.8


def test_its_parameters_can_be_searched():
    model = make_pipeline(StandardScaler(), transformer(), LogisticRegression())
    grid = {"hiddenlayertransformer__layer": [0, 1], "hiddenlayertransformer__estimator__alpha": [1e-4, 1.0]}
    search = GridSearchCV(model, grid, cv=2).fit(X, y)
    assert search.best_score_ > 0.5
    assert set(search.best_params_) == set(grid)


def test_names_of_the_outputs():
    hidden = transformer(layer=0).fit(X, y)
    names = [f"hiddenlayertransformer{i}" for i in range(6)]
    assert_array_equal(hidden.get_feature_names_out(), names)
    union = FeatureUnion([("a", transformer(0)), ("b", transformer(1))]).fit(X, y)
    assert len(union.get_feature_names_out()) == 6 + 4 == union.transform(X).shape[1]


@pytest.mark.parametrize("container", ["pandas", "polars"])
def test_outputs_as_a_frame(container):
    pytest.importorskip(container)
    frame = load_wine(as_frame=True).data
    hidden = transformer().set_output(transform=container).fit(frame, y)
    h = hidden.transform(frame)
    assert type(h).__module__.startswith(container)
    assert list(h.columns) == list(hidden.get_feature_names_out())
    assert_array_equal(h.to_numpy(), hidden.set_output(transform="default").transform(frame))
    if container == "pandas":
        shuffled = frame.sample(frac=1.0, random_state=0)
        assert_array_equal(hidden.set_output(transform="pandas").transform(shuffled).index, shuffled.index)


def test_names_and_number_of_features_are_checked():
    frame = load_wine(as_frame=True).data
    hidden = transformer().fit(frame, y)
    assert_array_equal(hidden.feature_names_in_, frame.columns)
    assert hidden.n_features_in_ == frame.shape[1]
    with pytest.raises(ValueError, match="feature names should match"):
        hidden.transform(frame.rename(columns={"alcohol": "water"}))
    nameless = transformer().fit(X, y)
    with pytest.raises(ValueError, match="expecting 13 features"):
        nameless.transform(X[:, :3])
    assert not hasattr(nameless, "feature_names_in_")


def test_a_second_fit_forgets_the_first():
    frame = load_wine(as_frame=True).data
    hidden = transformer().fit(frame, y).fit(X[:, :5], y)
    assert hidden.n_features_in_ == 5
    assert not hasattr(hidden, "feature_names_in_")


@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix, sp.csc_matrix, sp.coo_matrix, sp.coo_array])
def test_sparse_inputs(kind):
    rows = np.where(X.mean(axis=0) < X, X, 0.0)
    dense = transformer(standardize=False).fit(rows, y).transform(rows)
    assert_allclose(
        transformer(standardize=False).fit(kind(rows), y).transform(kind(rows)), dense, rtol=1e-6, atol=1e-9
    )


def test_it_works_in_a_column_transformer():
    model = ColumnTransformer([("some", transformer(), [0, 1, 2]), ("rest", "passthrough", [5])]).fit(X, y)
    assert model.transform(X).shape == (178, 5)


def test_regression_and_several_targets():
    data, target = load_diabetes(return_X_y=True)
    targets = np.column_stack([target, -target])
    assert transformer(Estimator=PlainRegressor).fit(data, targets).transform(data).shape == (442, 4)


def test_weights_and_validation_rows_reach_the_network():
    weights = np.random.default_rng(0).uniform(0.1, 2.0, 178)
    hidden = transformer().fit(X, y, sample_weight=weights, X_val=X[::5], y_val=y[::5])
    mlp = MLPClassifierScratch(**SMALL).fit(X, y, weights, X_val=X[::5], y_val=y[::5])
    assert_array_equal(hidden.transform(X), mlp.hidden_activations(X))
    assert hidden.estimator_.validation_scores_ == mlp.validation_scores_


def test_weights_through_a_pipeline():
    weights = np.random.default_rng(0).uniform(0.1, 2.0, 178)
    model = make_pipeline(transformer(), LogisticRegression())
    model.fit(X, y, hiddenlayertransformer__sample_weight=weights)
    assert_array_equal(model[0].transform(X), transformer().fit(X, y, sample_weight=weights).transform(X))


def test_weights_and_validation_rows_are_routed_through_a_pipeline():
    weights = np.random.default_rng(0).uniform(0.1, 2.0, 178)
    with sklearn.config_context(enable_metadata_routing=True):
        hidden = HiddenLayerTransformer(MLPClassifierScratch(**SMALL))
        hidden.set_fit_request(sample_weight=True, X_val=True, y_val=True)
        others = [step.set_fit_request(sample_weight=False) for step in (StandardScaler(), LogisticRegression())]
        model = make_pipeline(others[0], hidden, others[1], transform_input=["X_val"])
        model.fit(X, y, sample_weight=weights, X_val=X[::5], y_val=y[::5])
    scaled = StandardScaler().fit(X)
    alone = MLPClassifierScratch(**SMALL).fit(
        scaled.transform(X), y, weights, X_val=scaled.transform(X[::5]), y_val=y[::5]
    )
    assert_array_equal(model[1].transform(scaled.transform(X)), alone.hidden_activations(scaled.transform(X)))


def test_dropout_and_normalization():
    hidden = transformer(dropout=0.5, normalization="layer").fit(X, y)
    assert_array_equal(hidden.transform(X), hidden.transform(X))
    assert hidden.transform(X).shape == (178, 4)


@pytest.mark.parametrize("duplicate", [clone, lambda h: pickle.loads(pickle.dumps(h))], ids=["clone", "pickle"])
def test_copies(duplicate):
    hidden = transformer().fit(X, y)
    copy = duplicate(hidden)
    if not hasattr(copy, "estimator_"):
        copy.fit(X, y)
    assert_array_equal(copy.transform(X), hidden.transform(X))


def test_before_fit_it_is_an_error():
    with pytest.raises(NotFittedError):
        transformer().transform(X)
    with pytest.raises(NotFittedError):
        transformer().get_feature_names_out()


@pytest.mark.parametrize("layer", [2, -3, 0.5, "last", None])
def test_a_layer_that_does_not_exist_is_an_error(layer):
    """A failed fit does not change the transformer."""
    hidden = transformer(layer)
    with pytest.raises(ValueError, match=r"`layer` must be an integer from -2 to 1: .* has 2 hidden layers, got"):
        hidden.fit(X, y)
    assert not hasattr(hidden, "estimator_")


def test_a_network_without_hidden_layers_is_an_error():
    with pytest.raises(ValueError, match="has 0 hidden layers"):
        HiddenLayerTransformer(MLPClassifierScratch(depth=0, max_iter=2)).fit(X, y)


def each_check(estimator, **kwargs):
    """Parametrize as `parametrize_with_checks` does, but with a list, because pytest 9 warns of a generator."""
    mark = parametrize_with_checks([estimator], **kwargs)
    return pytest.mark.parametrize(mark.args[0], list(mark.args[1]), ids=mark.kwargs["ids"])


@pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix for nan or inf:UserWarning")
@each_check(HiddenLayerTransformer(MLPClassifierScratch(width=10, max_iter=20, random_state=0)))
def test_checks_of_scikit_learn(estimator, check):
    check(estimator)
