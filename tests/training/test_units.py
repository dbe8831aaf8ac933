"""Units are measured on the training rows, and the weights are changed with them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sknet import ACTIVATIONS
from sknet.core.batches import Values
from sknet.core.initializers import INITIALIZERS
from sknet.core.inputs import PeriodicEmbedding
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.preprocessing import Data
from sknet.preprocessing.moments import LogMean, Moments
from sknet.preprocessing.quartiles import Quartiles
from sknet.training.state import State
from sknet.training.stopping import Plateau
from sknet.training.units import change_units, rows_for, set_units, targets_for

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 3)) * [1.0, 100.0, 0.01] + [5.0, -7.0, 1.0]
Y = RNG.gamma(2.0, size=(60, 2)) + 1.0


def moments(seed, d):
    return Moments.of(np.random.default_rng(seed).standard_normal((20, d)) * 5 + 3, None)


def make_state(loss="squared_error", first=()):
    glorot = INITIALIZERS["glorot_uniform"]
    n = first[0].n_out if first else 3
    layers = Dense(n, 4, ACTIVATIONS["tanh"], glorot), Dense(4, 2, ACTIVATIONS["identity"], glorot, order="F")
    network = Network((*first, *layers), LOSSES[loss])
    rng = np.random.RandomState(0)
    state = State(network, network.initialize(rng, np.float64), None, None, None, rng)
    state.best = state.theta + 1.0
    return state


def data_of(X=X, Y=Y, weights=None):
    return Data(X, Y, Values(np.ascontiguousarray(Y.T)), weights)


def new(standardize=True, data=None, held_out=None, **options):
    state = make_state(**options)
    set_units(state, standardize, data or data_of(), held_out, new=True, merge=False)
    return state


def functions(state, x=X):
    found = []
    for theta in (state.theta, state.best):
        rows = rows_for(state, data_of(x)).take(slice(None))
        z = state.network.forward(Parameters(state.network.layout, theta).layers, rows)
        found.append(z if state.outputs is None else z * state.outputs.scale + state.outputs.shift)
    return found


KINDS = {
    "squared_error": Moments, "absolute_error": Quartiles, "huber": Quartiles, "quantile": Quartiles,
    "poisson": LogMean, "gamma": LogMean,
}  # fmt: skip


@pytest.mark.parametrize(("loss", "kind"), KINDS.items())
@pytest.mark.parametrize("standardize", [True, "robust"])
def test_each_loss_has_its_units(loss, kind, standardize):
    state = new(standardize, loss=loss)
    assert type(state.outputs) is kind
    assert type(state.inputs) is (Quartiles if standardize == "robust" else Moments)
    assert state.seen_inputs is state.inputs
    assert new(False, loss=loss).inputs is new(False, loss=loss).outputs is None


@pytest.mark.parametrize("loss", KINDS)
@pytest.mark.parametrize("standardize", [True, "robust"])
@pytest.mark.parametrize("weighted", [False, True])
def test_validation_rows_do_not_change_the_units(loss, standardize, weighted):
    held_out = np.arange(0, 60, 7)
    weights = RNG.uniform(0.5, 2.0, 60) if weighted else None
    wild_X, wild_Y = X.copy(), Y.copy()
    wild_X[held_out], wild_Y[held_out] = 1e9, 1e6
    one = new(standardize, data_of(weights=weights), held_out, loss=loss)
    other = new(standardize, data_of(wild_X, wild_Y, weights), held_out, loss=loss)
    rest = np.delete(np.arange(60), held_out)
    alone = data_of(X[rest], Y[rest], None if weights is None else weights[rest])
    without = new(standardize, alone, loss=loss)
    for name in ("inputs", "outputs"):
        a, b, c = (getattr(state, name) for state in (one, other, without))
        assert_allclose(b.shift, a.shift, rtol=1e-12)
        assert_allclose(b.scale, a.scale, rtol=1e-12)
        assert_allclose(c.shift, a.shift, rtol=1e-12)
        assert_allclose(c.scale, a.scale, rtol=1e-12)
    if weighted:
        assert np.all(weights > 0.0)  # the caller's weights are not changed


@pytest.mark.parametrize("inputs", [None, moments(7, 3)], ids=["raw", "other"])
@pytest.mark.parametrize("outputs", [None, moments(8, 2)], ids=["raw", "other"])
def test_change_units_keeps_the_function(inputs, outputs):
    state = make_state()
    state.inputs, state.outputs = moments(0, 3), moments(1, 2)
    before, theta = functions(state), state.theta.copy()
    change_units(state, inputs, outputs)
    assert state.inputs is inputs
    assert state.outputs is outputs
    assert_allclose(functions(state), before, rtol=1e-11, atol=1e-11)
    assert np.abs(theta - state.theta).max() > 0.1


def test_a_change_to_the_same_units_changes_no_bit():
    state = make_state()
    state.inputs, state.outputs = moments(0, 3), moments(1, 2)
    theta, best = state.theta.copy(), state.best.copy()
    change_units(state, moments(0, 3), moments(1, 2))
    assert_array_equal(state.theta, theta)
    assert_array_equal(state.best, best)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_targets_are_in_the_units_of_training(dtype):
    state, columns = make_state(), np.random.default_rng(0).normal(size=(2, 7))
    state.theta, state.outputs = state.theta.astype(dtype), moments(1, 2)
    found = targets_for(state, Values(columns)).columns
    expected = (columns - state.outputs.shift[:, None]) / state.outputs.scale[:, None]
    assert found.dtype == dtype
    assert_allclose(found, expected, rtol=1e-6)
    state.outputs = None
    assert_array_equal(targets_for(state, Values(columns)).columns, columns.astype(dtype))


# Streams


@pytest.mark.parametrize("standardize", [True, "robust"])
def test_units_in_use_are_kept_while_they_fit(standardize):
    state = new(standardize)
    used, theta, wider = (state.inputs, state.outputs), state.theta.copy(), 1.1 * X - 0.1 * X.mean(axis=0)
    set_units(state, standardize, data_of(wider, 1.1 * Y), None, new=False, merge=True)
    assert state.inputs is used[0]
    assert state.outputs is used[1]
    assert_array_equal(state.theta, theta)
    assert state.seen_inputs.weight == 120.0  # but the statistics of all rows are updated


CHANGES = {
    "wider": (lambda X: (X - X.mean(axis=0)) * 50.0 + X.mean(axis=0)),
    "moved": (lambda X: X + 20.0 * X.std(axis=0)),
    "one column": (lambda X: X * [1.0, 1.0, 1e4]),
}


@pytest.mark.parametrize("standardize", [True, "robust"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_units_that_do_not_fit_are_changed(change, standardize):
    state = new(standardize)
    more = change(X)
    set_units(state, standardize, data_of(more), None, new=False, merge=True)
    assert state.inputs is state.seen_inputs
    both = np.vstack([X, more])
    expected = both.std(axis=0) if standardize is True else np.subtract(*np.percentile(both, [75, 25], axis=0))
    assert_allclose(state.inputs.scale, expected, rtol=1e-12 if standardize is True else 0.2)


def test_weights_are_not_multiplied_by_the_growth_of_a_column():
    state = new(data=data_of(np.column_stack([X[:, :2], 1e-6 * X[:, 2]])))
    W = Parameters(state.network.layout, state.theta).layers[0][0].copy()
    set_units(state, True, data_of(), None, new=False, merge=True)
    found, b = Parameters(state.network.layout, state.theta).layers[0]
    assert_allclose(found[2], W[2])
    assert np.abs(b).max() < 10.0


@pytest.mark.parametrize("merge", [False, True])
@pytest.mark.parametrize("constant", [0.0, 3.0, 5000.0])
def test_weights_of_a_constant_column_are_kept_and_so_is_the_function_on_old_rows(merge, constant):
    old = np.column_stack([X[:, :2], np.full(60, constant)])
    state = new(data=data_of(old))
    W, before = Parameters(state.network.layout, state.theta).layers[0][0].copy(), functions(state, old)
    varied = old.copy()
    varied[:, 2] += 100.0 * RNG.normal(size=60)
    set_units(state, True, data_of(varied), None, new=False, merge=merge)
    assert_allclose(Parameters(state.network.layout, state.theta).layers[0][0][2], W[2])
    assert_allclose(functions(state, old), before, rtol=1e-9)


@pytest.mark.parametrize("loss", KINDS)
def test_new_units_of_targets_keep_the_function_and_forget_the_best_loss(loss):
    state = new(loss=loss)
    state.stops_by, state.plateau = "training loss", Plateau(-0.1, 3)
    before = functions(state)
    set_units(state, True, data_of(Y=Y), None, new=False, merge=True)
    assert state.plateau == Plateau(-0.1, 3)
    set_units(state, True, data_of(Y=1000.0 * Y), None, new=False, merge=True)
    assert_allclose(functions(state), before, rtol=1e-9)
    assert state.plateau == Plateau()


@pytest.mark.parametrize("first", [(), (PeriodicEmbedding(3, (0, 1, 2)),)], ids=["plain", "embedding"])
def test_a_warm_start_keeps_the_function_on_other_rows(first):
    for standardize in (True, "robust"):
        state = new(standardize, first=first)
        before = functions(state)
        set_units(state, standardize, data_of(50.0 * X + 3.0, 7.0 * Y), None, new=False, merge=False)
        assert_allclose(functions(state), before, rtol=1e-9)


@pytest.mark.parametrize(("was", "wanted"), [(True, "robust"), ("robust", True), ("robust", False)])
def test_a_smooth_clip_cannot_be_added_or_removed(was, wanted):
    with pytest.raises(ValueError, match="Restore `standardize`"):
        set_units(new(was), wanted, data_of(), None, new=False, merge=False)


@pytest.mark.parametrize("codes", [None, np.zeros((60, 1), dtype=np.intp)], ids=["numbers", "categories"])
@pytest.mark.parametrize("trained", [(), (0,)])
@pytest.mark.parametrize("gaps", [(), (0,), (1,)])
def test_codes_and_indicators_of_gaps_are_columns_of_the_rows(codes, trained, gaps):
    state = new()
    state.gaps = trained
    missing = X.copy()
    missing[:5, list(gaps)] = np.nan
    rows = rows_for(state, data_of(missing)._replace(codes=codes, gaps=gaps))
    assert rows.width == X.shape[1] + len(trained) + (0 if codes is None else 1)
    assert np.isfinite(rows.take(slice(None))).all()
