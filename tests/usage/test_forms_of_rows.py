"""The same numbers in any form, dense or sparse, give the same training, validation and predictions."""

import tracemalloc

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose
from sklearn.base import is_classifier

from sknet import MLPClassifierScratch, MLPRegressorScratch

RNG = np.random.default_rng(0)
N = 200
RARE, PARTLY = RNG.uniform(size=N) < 0.05, np.where(RNG.uniform(size=N) < 0.2, 3.5, 0.0)
YEARS = 2000.0 + RNG.integers(0, 15, N)
X = np.column_stack([RNG.normal(size=N), YEARS, RARE, PARTLY, RNG.normal(5.0, 1.0, N)])
SIGNAL = X[:, 0] + (X[:, 1] - 2007.0) / 5.0 + X[:, 2]
BOTH = pytest.mark.parametrize("Estimator", [MLPClassifierScratch, MLPRegressorScratch])
SMALL = {"width": 12, "depth": 1, "max_iter": 15, "batch_size": 64, "random_state": 0}


def duplicated(X):
    """Write each entry as the sum of two, in random order."""
    csr = sp.csr_matrix(X)
    data, indices = np.repeat(csr.data, 2) * np.tile([0.25, 0.75], csr.nnz), np.repeat(csr.indices, 2)
    return sp.csr_matrix((data, indices, 2 * csr.indptr), shape=X.shape)


FORMS = {
    "C": np.asarray, "F": np.asfortranarray, "csr": sp.csr_matrix, "csc": sp.csc_matrix, "coo": sp.coo_array,
    "duplicates": duplicated,
}  # fmt: skip
EVERY_FORM = pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))


def target(Estimator):
    return (SIGNAL > 0).astype(int) if Estimator is MLPClassifierScratch else SIGNAL


def outputs(mlp, X):
    return mlp.predict_proba(X) if is_classifier(mlp) else mlp.predict(X)


@EVERY_FORM
@pytest.mark.parametrize("trained_on", [np.asarray, sp.csr_matrix], ids=["dense", "sparse"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@BOTH
def test_validation_and_prediction_of_every_form(Estimator, dtype, trained_on, form):
    y, rows = target(Estimator), X.astype(dtype)
    one, other = (
        Estimator(**SMALL).fit(trained_on(rows), y, X_val=as_form(rows[100:]), y_val=y[100:])
        for as_form in (np.asarray, form)
    )
    rtol = 1e-8 if dtype == np.float64 else 1e-3
    assert_allclose(other.validation_loss_curve_, one.validation_loss_curve_, rtol=rtol)
    assert_allclose(other.validation_scores_, one.validation_scores_, rtol=rtol, atol=1e-6)
    assert_allclose(outputs(one, form(rows)), outputs(one, rows), rtol=rtol, atol=1e-5)


@pytest.mark.parametrize("form", [sp.csc_matrix, sp.coo_array, duplicated])
@BOTH
def test_training_on_every_sparse_form(Estimator, form):
    y = target(Estimator)
    one, other = Estimator(**SMALL).fit(sp.csr_matrix(X), y), Estimator(**SMALL).fit(form(X), y)
    assert_allclose(outputs(other, X), outputs(one, X), rtol=1e-7)


@pytest.mark.parametrize("offset", [0.0, 100.0, -1e6])
def test_sparse_rows_with_an_offset_are_learned_like_dense_ones(offset):
    rows, y = RNG.normal(size=(600, 3)), RNG.normal(size=600)
    y = rows[:, 0] * rows[:, 1] + 0.1 * y
    scores = [
        MLPRegressorScratch(random_state=0, max_iter=60).fit(form(rows + offset), y).score(form(rows + offset), y)
        for form in (np.asarray, sp.csr_matrix)
    ]
    assert min(scores) > 0.9


@pytest.mark.parametrize("first", [np.asarray, sp.csr_matrix], ids=["dense first", "sparse first"])
@BOTH
def test_a_stream_of_dense_and_sparse_rows(Estimator, first):
    y = target(Estimator)
    classes = {"classes": [0, 1]} if Estimator is MLPClassifierScratch else {}
    found = []
    for second in (np.asarray, sp.csr_matrix):
        mlp = Estimator(**SMALL).partial_fit(first(X[:66]), y[:66], **classes)
        for i in (66, 132):
            mlp.partial_fit(second(X[i : i + 66]), y[i : i + 66])
        found.append(outputs(mlp, X))
    assert_allclose(found[1], found[0], rtol=1e-6)


@pytest.mark.parametrize("offset", [1e6, 1e8, -1e9])
@pytest.mark.parametrize("way", [{}, {"standardize": "robust"}, {"embedding": "periodic"}], ids=str)
@BOTH
def test_single_precision_of_rows_with_an_offset(Estimator, way, offset):
    """The offset is subtracted in the precision of the rows."""
    rows, y = X[:, [0, 4]], target(Estimator)
    near, far = (Estimator(**SMALL, **way, dtype="float32").fit(rows + o, y) for o in (0.0, offset))
    assert_allclose(outputs(far, rows + offset), outputs(near, rows), rtol=2e-2, atol=2e-2)


@pytest.mark.parametrize("way", [{"standardize": "robust"}, {"embedding": "periodic"}], ids=str)
def test_a_network_trained_on_dense_rows_predicts_sparse_rows_in_bounded_memory(way):
    n, d = 60_000, 400
    mlp = MLPRegressorScratch(**SMALL, **way).fit(RNG.normal(size=(100, d)), np.arange(100.0))
    rows = sp.random(n, d, density=0.001, format="csr", random_state=0)
    tracemalloc.start()
    mlp.predict(rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 0.5 * n * d * 8
