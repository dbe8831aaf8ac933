"""Compare loss and score of validation rows with a formula written in this file."""

import numpy as np
import pytest
import scipy.sparse as sp
from oracles import ACTIVATIONS as FORMULAS
from oracles import log_loss, squared_error

import sknet.training.chunks
from sknet.core.activations import ACTIVATIONS
from sknet.core.batches import Codes, Values
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network
from sknet.core.rows import Rows, Units
from sknet.training.validation import Validation

N, D, K = 30, 4, 3
RNG = np.random.default_rng(0)
X, Y = RNG.normal(size=(N, D)), RNG.normal(size=(N, K))
CODES = RNG.permutation(np.arange(N) % K)
WEIGHTS = RNG.uniform(0.5, 2.0, N)
INDEX = RNG.permutation(N)[:11]
MEAN, SCALE = X.mean(axis=0), X.std(axis=0)
UNITS = Units(MEAN, SCALE)

indices = pytest.mark.parametrize("index", [None, INDEX], ids=["all", "some"])
weighted = pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["unweighted", "weighted"])


def network_of(loss="squared_error"):
    glorot = INITIALIZERS["glorot_normal"]
    layers = Dense(D, 5, ACTIVATIONS["tanh"], glorot), Dense(5, K, ACTIVATIONS["identity"], glorot, order="F")
    return Network(layers, LOSSES[loss])


def parameters_of(network, dtype=np.float64):
    return Parameters(network.layout, np.random.default_rng(1).normal(size=network.layout.size).astype(dtype))


def raw(parameters, x):
    (W, b), (V, c) = parameters.layers
    return FORMULAS["tanh"](((x - MEAN) / SCALE) @ W + b) @ V + c


def chosen(index, *arrays):
    return arrays if index is None else [None if array is None else array[index] for array in arrays]


@pytest.mark.parametrize("elements", [1, 20, 10**6])
@weighted
@indices
def test_loss_is_the_weighted_mean_without_penalty(monkeypatch, index, weights, elements):
    monkeypatch.setattr(sknet.training.chunks, "CHUNK_ELEMENTS", elements)
    monkeypatch.setattr(sknet.training.chunks, "LEAST_ROWS", 1)
    network = network_of()
    parameters = parameters_of(network)
    validation = Validation(network, Rows(X, UNITS, np.float64), Values(Y.T.copy()), weights, index, None)
    x, y, w = chosen(index, X, Y, weights)
    expected = np.average(squared_error(y, raw(parameters, x)), weights=w)
    loss, score = validation.evaluate(parameters.vector)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert score == -loss
    assert validation.n_rows == len(x)


@weighted
@indices
def test_the_loss_of_classes_is_their_log_loss(index, weights):
    network = network_of("log_loss")
    parameters = parameters_of(network)
    validation = Validation(network, Rows(X, UNITS, np.float64), Codes(CODES, K), weights, index, None)
    x, y, w = chosen(index, X, np.eye(K)[CODES], weights)
    expected = np.average(log_loss(y, raw(parameters, x)), weights=w)
    assert validation.evaluate(parameters.vector)[0] == pytest.approx(expected, rel=1e-12)


class Witness:
    """A judge that stores its arguments."""

    def start(self):
        self.seen = []

    def add(self, rows, z, weights, memory):
        self.seen.append((rows, z.copy(), weights, memory.work.copy()))

    def score(self):
        return 0.625


@weighted
@indices
@pytest.mark.parametrize("elements", [1, 10**6])
def test_a_judge_gets_each_row_once_with_its_weight_and_loss(monkeypatch, elements, index, weights):
    monkeypatch.setattr(sknet.training.chunks, "CHUNK_ELEMENTS", elements)
    monkeypatch.setattr(sknet.training.chunks, "LEAST_ROWS", 4)
    network, judge = network_of(), Witness()
    parameters = parameters_of(network)
    validation = Validation(network, Rows(X, UNITS, np.float64), Values(Y.T.copy()), weights, index, judge)
    for _ in range(2):
        loss, found = validation.evaluate(parameters.vector)
        assert found == 0.625
        assert loss > 0.0
        assert len(judge.seen) == (1 if elements > 1 else -(-validation.n_rows // 4))
        x, y, w = chosen(index, X, Y, weights)
        rows, z, own, terms = zip(*judge.seen, strict=True)
        assert [r for part in rows for r in range(part.start, part.stop)] == list(range(len(x)))
        np.testing.assert_allclose(np.concatenate(z), raw(parameters, x), rtol=1e-12)
        np.testing.assert_allclose(np.concatenate(terms), 0.5 * (raw(parameters, x) - y) ** 2, rtol=1e-9)
        assert own[0] is None if w is None else np.array_equal(np.concatenate(own), w)


def test_a_scorer_gets_the_parameters():
    network = network_of()
    parameters = parameters_of(network)
    rows, targets = Rows(X, UNITS, np.float64), Values(Y.T.copy())
    scorer = Validation(network, rows, targets, None, None, lambda theta: theta.sum())
    assert scorer.evaluate(parameters.vector)[1] == parameters.vector.sum()
    infinite = Validation(network, rows, targets, None, None, lambda theta: np.inf)
    assert np.isnan(infinite.evaluate(parameters.vector)[1])


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_raw_outputs_that_are_not_finite_score_nan(bad):
    """The scorer is not called with them, because it might raise an error."""
    network = network_of()
    parameters = parameters_of(network)
    parameters.layers[1][1][0] = bad
    validation = Validation(network, Rows(X, None, np.float64), Values(Y.T.copy()), None, None, lambda z: 1 / 0)
    with np.errstate(invalid="ignore"):
        loss, score = validation.evaluate(parameters.vector)
    assert not np.isfinite(loss)
    assert np.isnan(score)


@indices
@pytest.mark.parametrize("kind", [sp.csr_array, sp.csr_matrix])
def test_sparse_rows(kind, index):
    """Sparse rows are scaled but not shifted."""
    network = network_of()
    parameters = parameters_of(network)
    rows = np.where(RNG.uniform(size=X.shape) < 0.5, X, 0.0)
    scaled_only = Units(np.zeros(len(SCALE)), SCALE, sparse=True)
    ours = Validation(network, Rows(kind(rows), scaled_only, np.float64), Values(Y.T.copy()), WEIGHTS, index, None)
    dense = Validation(network, Rows(rows / SCALE, None, np.float64), Values(Y.T.copy()), WEIGHTS, index, None)
    assert ours.evaluate(parameters.vector)[0] == pytest.approx(dense.evaluate(parameters.vector)[0], rel=1e-12)


@weighted
def test_evaluating_twice_changes_nothing_and_gives_the_same_result(weights):
    network = network_of()
    parameters = parameters_of(network)
    parameters.vector.flags.writeable = False
    x = X.copy()
    x.flags.writeable = False
    validation = Validation(network, Rows(x, UNITS, np.float64), Values(Y.T.copy()), weights, None, None)
    assert validation.evaluate(parameters.vector) == validation.evaluate(parameters.vector)


@weighted
def test_float32_stays_float32(weights):
    network, judge = network_of(), Witness()
    rows, targets = Rows(X.astype(np.float32), UNITS, np.float32), Values(Y.T.astype(np.float32))
    loss, _ = Validation(network, rows, targets, weights, None, judge).evaluate(
        parameters_of(network, np.float32).vector
    )
    exact = Validation(network, Rows(X, UNITS, np.float64), Values(Y.T.copy()), weights, None, None)
    assert [(z.dtype, terms.dtype) for _, z, _, terms in judge.seen] == [(np.float32, np.float32)]
    assert loss == pytest.approx(exact.evaluate(parameters_of(network).vector)[0], rel=1e-4)


def test_the_scale_of_the_weights_makes_no_difference():
    network = network_of()
    parameters, rows, targets = parameters_of(network), Rows(X, UNITS, np.float64), Values(Y.T.copy())
    losses = [
        Validation(network, rows, targets, scale * WEIGHTS, None, None).evaluate(parameters.vector)[0]
        for scale in (1e-200, 1.0, 1e200)
    ]
    assert losses == pytest.approx([losses[1]] * 3, rel=1e-13)


@pytest.mark.filterwarnings("ignore:overflow:RuntimeWarning")
def test_rows_without_weight_may_overflow():
    network = Network((Dense(D, K, ACTIVATIONS["identity"], INITIALIZERS["he_normal"]),), LOSSES["poisson"])
    parameters, silent = parameters_of(network), np.arange(N) % 4 == 0
    weights, far = np.where(silent, 0.0, WEIGHTS), np.where(silent[:, None], 1e300 * X, X)
    targets = Values(np.abs(Y.T))

    def evaluate(data, index):
        rows = Rows(data, None, np.float64)
        judge = Witness()
        loss, _ = Validation(network, rows, targets, weights, index, judge).evaluate(parameters.vector)
        return loss, np.abs(judge.seen[0][1]).max()

    np.testing.assert_allclose(evaluate(far, None), evaluate(X, np.flatnonzero(~silent)), rtol=1e-12)
