"""The fitted attributes describe the function on raw inputs, and the curves are copies."""

import math

import numpy as np
import pytest
from oracles import PlainRegressor

from sknet.core.folding import fold_units, is_plain
from sknet.core.losses import LOSSES
from sknet.core.rows import Rows
from sknet.preprocessing.scaling import Moments
from sknet.training.planning import plan_network
from sknet.training.publishing import fitted_attributes
from sknet.training.state import State

D, K, N = 4, 2, 15
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, D)) * [1.0, 10.0, 0.1, 3.0] + [5.0, -20.0, 0.0, 1.0]
INPUTS, OUTPUTS = Moments.of(X, None), Moments.of(RNG.normal(size=(N, K)) * 7.0 + 3.0, None)


def state_of(inputs=INPUTS, outputs=OUTPUTS, loss="squared_error", **changes):
    p = PlainRegressor(hidden_layer_sizes=(6, 5), activation=["tanh", "silu"]).get_params() | changes
    network = plan_network(p, D, K, LOSSES[loss])
    theta = np.random.default_rng(1).uniform(0.3, 1.2, network.layout.size)  # running variances are positive
    return State(network, theta, inputs, outputs, None, np.random.RandomState(0))


def publish(state, theta=None, *, stopped_by_score=False):
    theta = state.theta if theta is None else theta
    return fitted_attributes(state, theta, stopped_by_score=stopped_by_score)


def predicted(attributes, x):
    inputs, outputs = attributes["_units"]
    rows = Rows(x, inputs, attributes["_arrays"][0][0].dtype).take(slice(None))
    z = attributes["_network"].forward(attributes["_arrays"], rows)
    return z if outputs is None else outputs.restore(z, x.dtype)


def expected(state, theta):
    """Return predictions: standardize, run the trained network, and convert the outputs to the units of y."""
    x = X if state.inputs is None else (X - state.inputs.mean) / X.std(axis=0)
    z = state.network.forward(state.network.layout.views(theta), x)
    if state.outputs is None:
        return z
    return z * np.sqrt(state.outputs.squares / state.outputs.weight) + state.outputs.mean


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize(("inputs", "outputs"), [(None, None), (INPUTS, None), (INPUTS, OUTPUTS)])
def test_published_weights_compute_the_function_on_raw_inputs(inputs, outputs, normalization, dropout):
    state = state_of(inputs, outputs, normalization=normalization, dropout=dropout)
    other = state.theta + 0.5  # for example the best weights
    for theta in (state.theta, other):
        np.testing.assert_allclose(predicted(publish(state, theta), X), expected(state, theta), rtol=1e-10)


@pytest.mark.parametrize("dropout", [0.0, 0.5])
@pytest.mark.parametrize("normalization", [None, "batch"])
def test_coefs_and_intercepts_describe_plain_networks_completely(normalization, dropout):
    state = state_of(normalization=normalization, dropout=dropout)
    attributes = publish(state)
    assert is_plain(attributes["_network"])
    W, b = zip(*fold_units(attributes["_arrays"], *attributes["_units"]), strict=True)
    assert [array.shape for array in W] == [(D, 6), (6, 5), (5, K)]
    assert [array.shape for array in b] == [(6,), (5,), (K,)]
    h = np.tanh(X @ W[0] + b[0]) @ W[1] + b[1]
    z = (h / (1 + np.exp(-h))) @ W[2] + b[2]
    np.testing.assert_allclose(z, expected(state, state.theta), rtol=1e-10)


def test_coefs_are_computed_when_they_are_read():
    assert not {"coefs_", "intercepts_"} & publish(state_of()).keys()


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
def test_published_arrays_are_not_views_of_the_state(normalization):
    state = state_of(normalization=normalization)
    before = state.theta.copy()
    attributes = publish(state)
    for own in attributes["_arrays"]:
        for array in own:
            array += 1.0
    np.testing.assert_array_equal(state.theta, before)


def test_attributes_of_sizes():
    attributes = publish(state_of(dropout=0.5))
    names = ("depth_", "width_", "n_layers_", "n_outputs_", "out_activation_")
    assert [attributes[name] for name in names] == [2, 6, 4, K, "identity"]
    assert publish(state_of(outputs=None, loss="poisson"))["out_activation_"] == "exp"


@pytest.mark.parametrize(
    ("changes", "more"),
    [({}, 0), ({"dropout": 0.5}, 0), ({"normalization": "batch"}, 22), ({"normalization": "layer"}, 22)],
)
def test_n_parameters_counts_learned_numbers(changes, more):
    """Weights and biases, and a gain and a shift for each unit; running averages are not learned."""
    assert publish(state_of(**changes))["n_parameters_"] == (4 * 6 + 6) + (6 * 5 + 5) + (5 * 2 + 2) + more


def test_attributes_of_sizes_without_a_hidden_layer():
    attributes = publish(state_of(hidden_layer_sizes=(), activation="relu"))
    assert [attributes[name] for name in ("depth_", "width_", "n_layers_", "n_parameters_")] == [0, 0, 2, 10]


def test_curves_are_copies_of_the_history():
    state = state_of()
    state.history.loss += [3.0, 1.0, 2.0]
    state.history.penalty += [0.3, 0.1, 0.2]
    state.history.rate += [0.1, 0.1, 0.05]
    state.n_epochs, state.clock.samples = 2, 45
    attributes = publish(state)
    assert attributes["loss_curve_"] == [3.0, 1.0, 2.0]
    assert attributes["penalty_curve_"] == [0.3, 0.1, 0.2]
    assert attributes["learning_rate_curve_"] == [0.1, 0.1, 0.05]
    assert (attributes["loss_"], attributes["best_loss_"]) == (2.0, 1.0)
    assert (attributes["n_iter_"], attributes["t_"]) == (2, 45)
    names = ("validation_scores_", "validation_loss_curve_", "best_validation_score_")
    assert [attributes[name] for name in names] == [None, None, None]
    state.history.loss.append(0.0)
    assert attributes["loss_curve_"] == [3.0, 1.0, 2.0]


@pytest.mark.parametrize(
    ("scores", "best"), [([0.1, 0.9, 0.4], 0.9), ([0.1, math.nan], 0.1), ([math.nan], None), ([], None)]
)
def test_the_best_score_is_the_largest_that_is_a_number(scores, best):
    state = state_of()
    state.history.loss += [1.0] * len(scores)
    state.history.scores, state.history.validation_loss = scores, [2.0] * len(scores)
    attributes = publish(state)
    assert attributes["best_validation_score_"] == best
    assert attributes["validation_loss_curve_"] == [2.0] * len(scores)
    assert attributes["validation_scores_"] is not scores


def test_the_best_loss_is_none_if_the_score_decides():
    state = state_of()
    state.history.loss += [1.0]
    assert publish(state, stopped_by_score=True)["best_loss_"] is None


def test_the_loss_is_infinite_before_the_first_epoch():
    attributes = publish(state_of())
    assert (attributes["loss_"], attributes["best_loss_"]) == (np.inf, np.inf)


def test_folded_weights_that_overflow_are_an_error():
    state = state_of(normalization="batch")
    state.theta = np.full_like(state.theta, 3e30, dtype=np.float32)
    with pytest.raises(ValueError, match=r"overflow float32 .* Rescale the data, or use dtype='float64'"):
        publish(state)


def test_the_width_is_that_of_the_widest_hidden_layer():
    p = PlainRegressor(hidden_layer_sizes=(3, 9)).get_params()
    network = plan_network(p, D, 12, LOSSES["squared_error"])
    state = State(network, np.ones(network.layout.size), None, None, None, np.random.RandomState(0))
    assert publish(state)["width_"] == 9
