"""Exporters and trackers that know only scikit-learn's classes accept what `to_sklearn` and `coefs_` return."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from sknet import MLPClassifierScratch, MLPRegressorScratch
from sknet.export import to_sklearn

RNG = np.random.default_rng(0)
X = RNG.normal(size=(200, 3)) * [1.0, 10.0, 0.1] + [0.0, 5.0, 0.0]
LABELS, Y = (X[:, 0] + X[:, 2] > 0).astype(int), X @ [1.0, 0.3, 5.0]
QUICK = {"depth": 1, "width": 8, "max_iter": 5, "random_state": 0}
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def classifier():
    return MLPClassifierScratch(**QUICK).fit(X, LABELS)


def test_emlearn(classifier, tmp_path, monkeypatch):
    """C for microcontrollers."""
    emlearn = pytest.importorskip("emlearn")
    monkeypatch.chdir(tmp_path)  # emlearn compiles in the working directory
    converted = emlearn.convert(to_sklearn(classifier), method="inline", dtype="float")
    assert np.mean(converted.predict(X) == classifier.predict(X)) > 0.99
    assert "net_predict(const float" in converted.save(name="net")


def test_hummingbird(classifier):
    """Tensors of PyTorch."""
    ml = pytest.importorskip("hummingbird.ml")
    converted = ml.convert(to_sklearn(classifier), "torch", X)
    np.testing.assert_allclose(converted.predict_proba(X), classifier.predict_proba(X), atol=1e-5)


def test_m2cgen():
    """Source text in many languages, of linear models only: m2cgen supports no multi-layer perceptron."""
    m2cgen = pytest.importorskip("m2cgen")
    net = MLPRegressorScratch(depth=0, max_iter=5, random_state=0).fit(X, Y)
    linear = LinearRegression()
    linear.coef_, linear.intercept_ = net.coefs_[0][:, 0], net.intercepts_[0][0]
    namespace = {}
    exec(m2cgen.export_to_python(linear), namespace)
    np.testing.assert_allclose([namespace["score"](row) for row in X], net.predict(X), rtol=1e-9)
    with pytest.raises(NotImplementedError):
        m2cgen.export_to_python(to_sklearn(MLPRegressorScratch(**QUICK).fit(X, Y)))


@pytest.mark.slow
def test_mlflow(tmp_path, classifier):
    mlflow = pytest.importorskip("mlflow")
    pytest.importorskip("mlflow.sklearn")
    mlflow.sklearn.save_model(to_sklearn(classifier), str(tmp_path / "model"))
    found = mlflow.sklearn.load_model(str(tmp_path / "model"))
    np.testing.assert_array_equal(found.predict(X), classifier.predict(X))
    assert type(found).__module__.startswith("sklearn.")
