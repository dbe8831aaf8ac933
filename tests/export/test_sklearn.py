"""scikit-learn's own estimator makes the same predictions, without this package."""

import pickle
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import ACTIVATIONS, Activation, MLPClassifierScratch, MLPRegressorScratch, presets, schedules
from sknet.export import to_sklearn

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.standard_normal((120, 4)) * [1.0, 10.0, 0.1, 1.0] + [0.0, 5.0, -1.0, 100.0]
Y = np.column_stack([X[:, 0], X[:, 1] * X[:, 3]])
SMALL = {"depth": 2, "width": 6, "max_iter": 25, "batch_size": 20, "learning_rate_init": 0.02, "random_state": 0}
CODES = np.digitize(X[:, 0], [-1.0, 1.0])
FORMS = {
    "binary": CODES > 0,
    "two floats": (CODES > 0) * 1.0,
    "two strings": np.array(["no", "yes"])[(CODES > 0) * 1],
    "multiclass": CODES * 10 - 10,
    "strings": np.array(["a", "bb", "ccc"], dtype=object)[CODES],
    "multilabel": (X > [0.0, 5.0, -1.0, 100.0]).astype(int),
    "sparse labels": sp.csr_matrix(X > [0.0, 5.0, -1.0, 100.0]).astype(int),
}
HAS_POISSON = "loss" in MLPRegressor().get_params()
needs_poisson = pytest.mark.skipif(not HAS_POISSON, reason="needs scikit-learn 1.7")


def assert_same_classifier(twin, net, X=X, atol=1e-15):
    predicted, right = twin.predict(X), net.predict(X)
    assert sp.issparse(predicted) == sp.issparse(right)
    if sp.issparse(predicted):
        predicted, right = predicted.toarray(), right.toarray()
    assert_array_equal(predicted, right)
    assert len(np.unique(predicted)) > 1
    assert_allclose(twin.predict_proba(X), net.predict_proba(X), rtol=1e-6, atol=atol)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_classifier(form):
    net = MLPClassifierScratch(**SMALL).fit(X, FORMS[form])
    twin = to_sklearn(net)
    assert type(twin) is MLPClassifier
    assert_array_equal(twin.classes_, net.classes_)
    assert_same_classifier(twin, net)
    assert_same_classifier(pickle.loads(pickle.dumps(twin)), net)
    y = FORMS[form].toarray() if form == "sparse labels" else FORMS[form]
    assert twin.score(X, y) == net.score(X, y)


@pytest.mark.parametrize("columns", [0, slice(None)])
@pytest.mark.parametrize(
    ("parameters", "link"),
    [
        ({"loss": "squared_error"}, "identity"),
        ({"loss": "absolute_error"}, "identity"),
        ({"loss": "huber"}, "identity"),
        ({"loss": "quantile", "quantile": 0.8}, "identity"),
        pytest.param({"loss": "poisson"}, "exp", marks=needs_poisson),
        pytest.param({"loss": "gamma"}, "exp", marks=needs_poisson),
    ],
)
def test_every_form_of_regressor(parameters, link, columns):
    y = Y[:, columns]
    y = np.exp(y / np.abs(y).max()) if link == "exp" else y
    net = MLPRegressorScratch(**SMALL, **parameters).fit(X, y)
    twin = to_sklearn(net)
    assert type(twin) is MLPRegressor
    assert twin.out_activation_ == link
    assert twin.get_params().get("loss", "squared_error") == ("poisson" if link == "exp" else "squared_error")
    assert twin.predict(X).shape == y.shape
    assert_allclose(twin.predict(X), net.predict(X), rtol=1e-6)


@pytest.mark.skipif(HAS_POISSON, reason="scikit-learn before 1.7")
@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_a_log_link_needs_a_newer_release(loss):
    with pytest.raises(ValueError, match=r"has no log link before scikit-learn 1.7"):
        to_sklearn(MLPRegressorScratch(loss=loss, **SMALL).fit(X, np.exp(X[:, 0])))


@pytest.mark.parametrize("name", ["identity", "logistic", "sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("spelling", ["name", "sequence", "object"])
def test_every_activation(name, spelling):
    activation = {"name": name, "sequence": [name, name], "object": ACTIVATIONS[name]}[spelling]
    net = MLPRegressorScratch(activation=activation, **SMALL).fit(X, Y)
    twin = to_sklearn(net)
    assert twin.activation == ("logistic" if name == "sigmoid" else name)
    assert_allclose(twin.predict(X), net.predict(X), rtol=1e-6)


@pytest.mark.parametrize(
    "parameters",
    [
        {"depth": 0},
        {"depth": 0, "activation": "gelu"},  # there is no hidden layer to have it
        {"hidden_layer_sizes": (7, 3, 5)},
        {"hidden_layer_sizes": 9},
        {"standardize": False, "solver": "lbfgs"},
        {"normalization": "batch", "dropout": 0.2},
        {"dtype": "float64", "early_stopping": True},
    ],
)
def test_every_architecture(parameters):
    net = MLPRegressorScratch(**SMALL | parameters).fit(X, Y)
    twin = to_sklearn(net)
    assert_allclose(twin.predict(X), net.predict(X), rtol=1e-6)
    assert twin.hidden_layer_sizes == tuple(W.shape[1] for W in net.coefs_[:-1])
    assert twin.n_layers_ == net.n_layers_ == len(net.coefs_) + 1


def test_sparse_inputs_and_a_network_of_float32():
    rows = X.astype(np.float32) - X.mean(axis=0, dtype=np.float32)
    net = MLPClassifierScratch(**SMALL).fit(rows, CODES)
    twin = to_sklearn(net)
    assert_allclose(twin.predict_proba(rows), net.predict_proba(rows), atol=1e-6)
    assert twin.predict_proba(rows).dtype == np.float32
    assert_same_classifier(twin, MLPClassifierScratch(**SMALL).fit(rows, CODES), sp.csr_matrix(rows), atol=1e-6)


def refused(pattern, Estimator, y, X=X, **parameters):
    net = Estimator(**SMALL | parameters).fit(X, y)
    with pytest.raises(ValueError, match=pattern):
        to_sklearn(net)


def test_networks_that_scikit_learn_cannot_compute_are_an_error():
    clf, reg = MLPClassifierScratch, MLPRegressorScratch
    refused("MLPClassifier has no activation 'gelu', only 'identity', 'logistic'", clf, CODES, activation="gelu")
    refused("MLPRegressor has no activation 'softmax'", reg, Y, activation=["relu", "softmax"])
    refused(r"different activations, \['relu', 'tanh'\]", reg, Y, activation=["relu", "tanh"])
    refused("has no layer normalization", reg, Y, normalization="layer")
    refused("has no smooth clip of inputs at 3", reg, Y, standardize="robust")
    refused("has no periodic embedding", reg, Y, embedding="periodic")
    refused("several multiclass targets", clf, np.column_stack([CODES, CODES[::-1]]))
    refused("has no probabilities for a single class", clf, np.zeros(120))
    refused("several quantiles", reg, Y[:, 0], loss="quantile", quantile=(0.1, 0.9))
    own = Activation("relu", "2 a", "2", (-np.inf, np.inf), ACTIVATIONS["tanh"].forward, ACTIVATIONS["tanh"].backward)
    refused("has no activation 'relu'", reg, Y, activation=own)


def test_other_objects_are_an_error():
    with pytest.raises(TypeError, match=r"got Pipeline. If it is a pipeline, convert its last step"):
        to_sklearn(make_pipeline(StandardScaler(), MLPClassifierScratch(**SMALL)).fit(X, CODES))
    with pytest.raises(NotFittedError):
        to_sklearn(MLPClassifierScratch())


@pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
def test_parameters_and_attributes_are_kept(Estimator):
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    given = {"alpha": 0.5, "solver": "sgd", "momentum": 0.7, "learning_rate": "adaptive", "early_stopping": True,
             "n_iter_no_change": 7, "tol": 1e-3}  # fmt: skip
    net = Estimator(**SMALL, **given, activation="tanh", validation_fraction=0.2).fit(frame, CODES)
    twin = to_sklearn(net)
    shared = twin.get_params().keys() & net.get_params().keys() - {"hidden_layer_sizes"}
    assert {name: getattr(twin, name) for name in shared} == {name: getattr(net, name) for name in shared}
    assert len(shared) >= 20
    assert twin.feature_names_in_.tolist() == ["a", "b", "c", "d"]
    assert (twin.n_iter_, twin.t_, twin.loss_, twin.loss_curve_) == (net.n_iter_, net.t_, net.loss_, net.loss_curve_)


@pytest.mark.parametrize("early_stopping", [False, True])
def test_a_clone_trains_as_scikit_learn_does(early_stopping):
    plain = presets.scikit_learn("regression") | {"hidden_layer_sizes": None, "early_stopping": early_stopping}
    net = MLPRegressorScratch(**plain | SMALL).fit(X, Y[:, 0])
    again = clone(to_sklearn(net)).fit(X, Y[:, 0])
    reference = {name: value for name, value in SMALL.items() if name not in ("depth", "width")}
    own = MLPRegressor(hidden_layer_sizes=(6, 6), early_stopping=early_stopping, **reference).fit(X, Y[:, 0])
    assert_array_equal(again.predict(X), own.predict(X))


@pytest.mark.parametrize(
    "parameters",
    [
        {"solver": "rmsprop"},
        {"learning_rate": "cosine"},
        {"learning_rate": schedules.Cosine()},
        {"max_iter": "auto"},
        {"early_stopping": "auto"},
    ],
)
def test_values_unknown_to_scikit_learn_become_its_defaults(parameters):
    net = MLPClassifierScratch(**SMALL | parameters).fit(X, CODES)
    twin = to_sklearn(net)
    (name,) = parameters
    assert getattr(twin, name) == getattr(MLPClassifier(), name)
    clone(twin).set_params(max_iter=2).fit(X, CODES)  # fit checks the parameters


@pytest.mark.parametrize("form", ["binary", "multiclass", "multilabel"])
def test_scikit_learn_continues_training(form):
    net = MLPClassifierScratch(**SMALL).fit(X, FORMS[form])
    before = net.predict_proba(X)
    twin = to_sklearn(net).set_params(learning_rate_init=1e-9, tol=10.0).partial_fit(X, FORMS[form])
    assert len(twin.loss_curve_) == len(net.loss_curve_) + 1
    columns = 1 if before.shape[1] == 2 else before.shape[1]
    truth = np.eye(3)[CODES] if form == "multiclass" else FORMS[form].reshape(120, columns)
    likelihood = np.log(before[:, -columns:] ** truth)
    if form != "multiclass":
        likelihood += np.log((1.0 - before[:, -columns:]) ** (1 - truth))
    assert_allclose(twin.loss_, -likelihood.sum(axis=1).mean(), rtol=0.05)  # training did not start again
    assert any(np.any(W != V) for W, V in zip(twin.coefs_, net.coefs_, strict=True))
    assert_array_equal(net.predict_proba(X), before)  # the two share no arrays


@pytest.mark.parametrize("form", ["strings", "regression"])
def test_the_pickle_loads_without_this_package(tmp_path, form):
    if form == "regression":
        net = MLPRegressorScratch(learning_rate=schedules.Cosine(), activation=ACTIVATIONS["tanh"], **SMALL).fit(X, Y)
    else:
        net = MLPClassifierScratch(**SMALL).fit(X, FORMS[form])
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(to_sklearn(net)))
    np.save(tmp_path / "X.npy", X)
    script = (
        "import sys, pickle, numpy as np\n"
        "sys.modules['sknet'] = None  # importing it is an error\n"
        "model = pickle.load(open('model.pkl', 'rb'))\n"
        "np.save('found.npy', model.predict(np.load('X.npy')))\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, timeout=120)
    found = np.load(tmp_path / "found.npy", allow_pickle=True)
    if form == "regression":
        assert_allclose(found, net.predict(X), rtol=1e-6)
    else:
        assert_array_equal(found, net.predict(X))


def test_categories_and_missing_values_are_an_error():
    codes = X.copy()
    codes[:, 1] = np.arange(len(X)) % 4
    refused("has no categories, as in columns 1. Try", MLPClassifierScratch, CODES, X=codes, categorical_features=[1])
    codes[::5, 2] = np.nan
    refused("has no missing values, which this network has learned from", MLPRegressorScratch, Y, X=codes)
