"""The estimators accept data frames of pandas and polars, and texts, alone and in pipelines."""

import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose
from quick_nets import classifier, wine_fixture  # noqa: F401
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_wine
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, QuantileTransformer

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def mixed():
    """Return a frame with numbers, some of them missing, and text; and a target that depends on both."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    town = rng.choice(["Aachen", "Bonn", "Celle"], 400)
    frame = pd.DataFrame({"age": rng.normal(40.0, 10.0, 400), "town": town, "income": rng.lognormal(10.0, 1.0, 400)})
    y = np.where((frame["town"] == "Bonn") ^ (frame["age"] > 40.0), "yes", "no")
    return frame, y


def preprocessing(**encoder):
    return ColumnTransformer(
        [
            ("number", QuantileTransformer(n_quantiles=20), ["age", "income"]),
            ("text", OneHotEncoder(**encoder), ["town"]),
        ]
    )


@pytest.mark.parametrize("sparse", [False, True])
def test_column_transformer_and_pandas(mixed, sparse):
    X, y = mixed
    columns = preprocessing(sparse_output=sparse).set_params(sparse_threshold=float(sparse))
    pipeline = make_pipeline(columns, classifier(max_iter=60))
    scores = cross_val_score(pipeline, X, y, cv=3, error_score="raise")
    linear = cross_val_score(make_pipeline(columns, classifier(depth=0)), X, y, cv=3)
    assert scores.mean() > 0.85
    assert scores.mean() > linear.mean() + 0.1  # "exclusive or" needs a hidden layer


def test_set_output_passes_names_to_the_network(mixed):
    X, y = mixed
    pipeline = make_pipeline(preprocessing(sparse_output=False), classifier()).set_output(transform="pandas").fit(X, y)
    assert pipeline[-1].feature_names_in_.tolist() == [
        "number__age", "number__income", "text__town_Aachen", "text__town_Bonn", "text__town_Celle"
    ]  # fmt: skip


def test_feature_names_of_pandas(wine):
    pd = pytest.importorskip("pandas")
    X, y = load_wine(return_X_y=True, as_frame=True)
    net = classifier(max_iter=3).fit(X, y)
    assert net.feature_names_in_.tolist() == list(X.columns)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        named = net.predict_proba(X)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        nameless = net.predict_proba(X.to_numpy())
    assert_allclose(nameless, named)
    with pytest.raises(ValueError, match="feature names should match"):
        net.predict(X[X.columns[::-1]])
    assert isinstance(y, pd.Series)


def test_polars_frame(wine):
    pl = pytest.importorskip("polars")
    X, y = wine
    frame = pl.DataFrame({f"x{i}": column for i, column in enumerate(X.T)})
    net = classifier().fit(frame, pl.Series("y", y))
    assert net.feature_names_in_.tolist() == frame.columns
    assert_allclose(net.predict_proba(frame), classifier().fit(X, y).predict_proba(X))


def test_text_through_a_sparse_pipeline():
    positive, negative = ["good", "great", "fine", "lovely"], ["bad", "awful", "poor", "sad"]
    rng = np.random.default_rng(0)
    y = rng.integers(2, size=200)
    texts = [
        " ".join([*rng.choice(positive if k else negative, 2), *rng.choice(["film", "book", "plot"], 3)]) for k in y
    ]
    model = make_pipeline(TfidfVectorizer(), classifier()).fit(texts[:150], y[:150])
    assert model.score(texts[150:], y[150:]) > 0.95
