"""Prediction uses the arrays of training in their units, unless the user has changed the weights for raw inputs."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknet import MLPRegressorScratch
from sknet.core.rows import Rows
from sknet.preprocessing import Inputs
from sknet.training.prediction import _into_one_buffer, acting, raw_outputs, units_of, weights_for_raw_inputs

RNG = np.random.default_rng(0)
X, Y = RNG.normal(3.0, 2.0, (50, 4)), RNG.normal(size=50)


def attributes_of(**parameters):
    return vars(MLPRegressorScratch(width=6, depth=2, max_iter=3, random_state=0, **parameters).fit(X, Y))


def test_the_arrays_of_training_are_used_with_their_units():
    attributes = attributes_of()
    arrays, inputs, outputs = acting(attributes)
    assert arrays is attributes["_arrays"]
    assert (inputs, outputs) == units_of(attributes) == attributes["_units"]
    z = attributes["_network"].forward(arrays, (X - inputs.shift) / inputs.scale)
    assert_allclose(raw_outputs(attributes, Inputs(X)), z * outputs.scale + outputs.shift, rtol=1e-12)


def test_reading_coefs_does_not_change_predictions():
    attributes = attributes_of()
    attributes |= weights_for_raw_inputs(attributes, "coefs_")
    assert acting(attributes)[0] is attributes["_arrays"]


@pytest.mark.parametrize("name", ["coefs_", "intercepts_"])
@pytest.mark.parametrize("alone", [False, True])
def test_changed_coefs_and_intercepts_are_applied_to_raw_rows(name, alone):
    attributes = attributes_of()
    weights = weights_for_raw_inputs(attributes, name)
    weights[name] = [2.0 * array for array in weights[name]]
    attributes |= {name: weights[name]} if alone else weights
    arrays, inputs, outputs = acting(attributes)
    assert inputs is outputs is None
    assert_array_equal(arrays[0][0], weights["coefs_"][0])
    assert_array_equal(arrays[-1][1], weights["intercepts_"][-1])


def test_a_model_without_units_includes_them_in_its_arrays():
    """Model files of release 0.1.0 are of this kind."""
    attributes = attributes_of()
    expected = raw_outputs(attributes, Inputs(X))
    weights = weights_for_raw_inputs(attributes, "coefs_")
    kept = {name: attributes[name] for name in ("_network", "_state")}
    old = {**kept, "_arrays": list(zip(*weights.values(), strict=True)), **weights}
    assert units_of(old) == (None, None)
    assert_allclose(raw_outputs(old, Inputs(X)), expected, rtol=1e-9)
    assert acting(old)[0] is old["_arrays"]


@pytest.mark.parametrize(
    "way", [{"standardize": "robust"}, {"embedding": "periodic"}, {"normalization": "layer"}], ids=str
)
def test_networks_without_weights_for_raw_inputs_raise_an_error(way):
    with pytest.raises(AttributeError, match=r"`intercepts_` does not exist for this network, .* Use predict"):
        weights_for_raw_inputs(attributes_of(**way), "intercepts_")


@pytest.mark.parametrize("way", [{}, {"standardize": "robust"}, {"embedding": "periodic"}, {"standardize": False}])
def test_networks_trained_on_dense_rows_predict_for_sparse_rows(way):
    attributes = attributes_of(**way)
    rows = np.where(RNG.uniform(size=X.shape) < 0.5, X, 0.0)
    assert_allclose(
        raw_outputs(attributes, Inputs(sp.csr_matrix(rows))), raw_outputs(attributes, Inputs(rows)), rtol=1e-9
    )


@pytest.mark.parametrize("rows", [X, sp.csr_matrix(X)], ids=["dense", "sparse"])
def test_chunks_of_dense_rows_share_one_buffer(rows):
    take = _into_one_buffer(Rows(rows, None, np.float32))
    for chunk in (slice(0, 20), slice(20, 40), slice(40, 50)):
        found = take(chunk)
        assert_array_equal(found.toarray() if sp.issparse(rows) else found, X[chunk].astype(np.float32))
        if not sp.issparse(rows):
            assert np.shares_memory(found, take(slice(0, 20)))


@pytest.mark.parametrize("missing", [False, True])
def test_categories_are_predicted_with_and_without_gaps_in_other_columns(missing):
    """A shift of one category is the only difference between the targets, and the model has learned it."""
    level, number = np.arange(200) % 2, np.random.default_rng(0).normal(size=200)
    if missing:
        number[:20] = np.nan
    table = pd.DataFrame({"level": pd.Categorical(np.array(["a", "b"])[level]), "number": number})
    reg = MLPRegressorScratch(depth=0, solver="lbfgs", random_state=0).fit(table, 5.0 * level)
    assert_allclose(reg.predict(table), 5.0 * level, atol=0.1)
