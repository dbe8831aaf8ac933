"""Compare gradient descent with descent written in this file, and L-BFGS with ridge regression by normal equations."""

import numpy as np
import pytest
from scipy import sparse
from small_training import (
    D,
    K,
    N,
    Recorder,
    batches_of,
    epochs_of,
    minimize,
    network_of,
    some_data,
    some_weights,
    start,
)

from sknet.core.activations import ACTIVATIONS
from sknet.core.dropout import Dropout
from sknet.core.layers import Dense
from sknet.core.network import Network
from sknet.core.optimizers import SGD, Adagrad, Adam, RMSprop
from sknet.core.schedules import Adaptive, Clock, Constant, Cosine, InverseScaling, Warmup
from sknet.core.training import lbfgs, shrink


def linear_descent(X, Y, weights, order, size, rate, alpha, n_epochs, decay=0.0, longest=np.inf):
    """Return W, b, and loss and penalty of each epoch of mini-batch gradient descent for linear least squares.

    Gradients, including the penalty, are clipped to the norm ``longest``; each update reduces W by ``rate * decay``.
    """
    W, b, records = *start(network_of(D, K)).layers[0], []
    W, b = W.copy(), b.copy()
    for _ in range(n_epochs):
        loss = penalty = 0.0
        for first in range(0, len(order), size):
            index = order[first : first + size]
            share, total = np.full(len(index), 1 / len(index)), len(index)
            if weights is not None:
                total = weights.mean() * len(index)
                share = weights[index] / total
            error = X[index] @ W + b - Y[index]
            batch_penalty = alpha / total / 2 * (W**2).sum()
            loss += len(index) * (0.5 * (share @ (error**2).mean(axis=1)) + batch_penalty)
            penalty += len(index) * batch_penalty
            delta = share[:, None] * error / K
            dW, db = X[index].T @ delta + alpha / total * W, delta.sum(axis=0)
            share = min(1.0, longest / np.sqrt((dW**2).sum() + (db**2).sum()))
            W = W - rate * decay * W - rate * share * dW
            b = b - rate * share * db
        records.append((loss / len(order), penalty / len(order)))
    return W, b, records


@pytest.mark.parametrize("size", [5, N, 100])
@pytest.mark.parametrize("weights", [None, some_weights()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_linear_descent_by_hand(size, weights, alpha):
    (X, Y), network = some_data(), network_of(D, K)
    theta = start(network)
    order = np.random.default_rng(2).permutation(N)
    epochs = epochs_of(network, theta, batches_of(X, Y, size, weights, order.copy()), alpha=alpha)
    ours = [next(epochs) for _ in range(3)]
    W, b, records = linear_descent(X, Y, weights, order, size, 0.1, alpha, 3)
    np.testing.assert_allclose(theta.layers[0][0], W, rtol=1e-11)
    np.testing.assert_allclose(theta.layers[0][1], b, rtol=1e-11)
    np.testing.assert_allclose([(epoch.loss, epoch.penalty) for epoch in ours], records, rtol=1e-12)


@pytest.mark.parametrize("weights", [None, some_weights()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize(("decay", "longest"), [(0.4, np.inf), (0.0, 0.3), (0.4, 0.3)])
@pytest.mark.parametrize("alpha", [0.0, 0.7])
def test_weight_decay_and_clipping_by_hand(decay, longest, weights, alpha):
    """The decay changes weights only, independently of the gradient: Loshchilov and Hutter (2019), algorithm 1."""
    (X, Y), network = some_data(), network_of(D, K)
    theta, order = start(network), np.arange(N)
    longest_or_none = None if longest == np.inf else longest
    epochs = epochs_of(
        network, theta, batches_of(X, Y, 5, weights), alpha=alpha, weight_decay=decay, max_grad_norm=longest_or_none
    )
    ours = [next(epochs) for _ in range(4)]
    W, b, records = linear_descent(X, Y, weights, order, 5, 0.1, alpha, 4, decay, longest)
    np.testing.assert_allclose(theta.layers[0][0], W, rtol=1e-11)
    np.testing.assert_allclose(theta.layers[0][1], b, rtol=1e-11)
    np.testing.assert_allclose([(epoch.loss, epoch.penalty) for epoch in ours], records, rtol=1e-12)
    assert linear_descent(X, Y, weights, order, 5, 0.1, alpha, 4)[0][0, 0] != pytest.approx(W[0, 0], rel=1e-3)


def test_shrinking_does_not_change_biases():
    network = network_of(D, 3, K)
    theta = start(network)
    theta.vector[:] = 2.0
    shrink(theta, 0.25)
    for W, b in theta.layers:
        np.testing.assert_array_equal(W, 1.5)
        np.testing.assert_array_equal(b, 2.0)


@pytest.mark.parametrize("first_epoch", [0, 2])
@pytest.mark.parametrize("schedule", [Cosine(0.1), Warmup(Cosine(), 0.5)], ids=str)
def test_a_schedule_that_uses_progress_is_called_before_each_update(schedule, first_epoch):
    """Update s of S in epoch e has progress ``(e + s / S) / n_epochs``; the record has the last learning rate."""
    (X, Y), network, recorder, clock = some_data(), network_of(D, K), Recorder(), Clock()
    epochs = epochs_of(
        network, start(network), batches_of(X, Y, 5), recorder, schedule=schedule, clock=clock, rate=0.2,
        first_epoch=first_epoch, n_epochs=4,
    )  # fmt: skip
    expected = [0.2 * schedule(Clock(progress=min(1.0, u / 20))) for u in range(5 * first_epoch, 30)]
    rates = [next(epochs).rate for _ in range(6 - first_epoch)]
    assert recorder.rates == pytest.approx(expected, rel=1e-13, abs=1e-17)
    assert rates == pytest.approx(expected[4::5], rel=1e-13, abs=1e-17)


def test_noise_reaches_the_layers():
    """It differs between mini-batches, is the same with the same seed, and is absent without a source."""
    X, Y = some_data()
    dense = network_of(D, 8, K)
    network = Network((dense.layers[0], Dropout(8, 0.5), dense.layers[1]), dense.loss)
    vectors = []
    for noise in (None, np.random.default_rng(0), np.random.default_rng(0), np.random.default_rng(1)):
        theta = start(network)
        epochs = epochs_of(network, theta, batches_of(X, Y, 5), rate=0.0 if noise is None else 0.1, noise=noise)
        losses = [next(epochs).loss for _ in range(3)]
        vectors.append(theta.vector)
        if noise is None:
            assert losses[0] == losses[1] == losses[2]
    np.testing.assert_array_equal(vectors[1], vectors[2])
    assert np.abs(vectors[1] - vectors[3]).max() > 1e-3


def test_each_epoch_yields_a_record_and_advances_the_clock():
    (X, Y), network, clock = some_data(), network_of(D, 3, K), Clock(samples=100, epochs=4)
    epochs = epochs_of(network, start(network), batches_of(X, Y, 5), clock=clock)
    for i in range(1, 4):
        epoch = next(epochs)
        assert (epoch.samples, epoch.rate) == (N, 0.1)
        assert clock == Clock(samples=100 + i * N, epochs=4 + i)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize(("make", "rate"), [(SGD, 0.01), (Adam, 0.01), (RMSprop, 0.01), (Adagrad, 0.1)])
def test_the_loss_falls(activation, make, rate):
    (X, Y), network = some_data(), network_of(D, 8, K, activation=activation)
    epochs = epochs_of(
        network,
        start(network),
        batches_of(X, Y, 5, order=np.arange(N)),
        make(),
        rate=rate,
        rng=np.random.RandomState(0),
    )
    losses = [next(epochs).loss for _ in range(40)]
    assert np.mean(losses[-5:]) < 0.8 * losses[0]


@pytest.mark.parametrize("schedule", [Constant(), InverseScaling(0.5), Adaptive()], ids=str)
def test_each_update_has_the_learning_rate_of_its_epoch(schedule):
    (X, Y), network, recorder, clock = some_data(), network_of(D, K), Recorder(), Clock()
    epochs = epochs_of(network, start(network), batches_of(X, Y, 5), recorder, schedule=schedule, clock=clock, rate=0.2)
    expected = []
    for i in range(3):
        clock.reductions = i
        expected.append(0.2 * schedule(Clock(samples=i * N, epochs=i, reductions=i)))
        assert next(epochs).rate == pytest.approx(expected[-1], rel=1e-14)
    assert recorder.rates == pytest.approx(np.repeat(expected, 5), rel=1e-14)


def test_rows_are_shuffled_again_in_each_epoch():
    (X, Y), network, order = some_data(), network_of(D, K), np.arange(N)
    epochs = epochs_of(network, start(network), batches_of(X, Y, 5, order=order), rng=np.random.RandomState(4))
    rng, expected = np.random.RandomState(4), np.arange(N)
    for _ in range(3):
        next(epochs)
        expected = expected[rng.permutation(N)]
        np.testing.assert_array_equal(order, expected)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_loss_that_is_not_finite_ends_the_epoch_at_once(bad):
    (X, Y), network, recorder = some_data(), network_of(D, K), Recorder()
    Y[12, 0] = bad  # in the third of five mini-batches
    with np.errstate(invalid="ignore"):
        epoch = next(epochs_of(network, start(network), batches_of(X, Y, 5), recorder))
    assert not np.isfinite(epoch.loss)
    assert len(recorder.rates) <= 3


def test_a_mini_batch_without_weight_makes_no_update():
    (X, Y), network, recorder = some_data(), network_of(D, K), Recorder()
    weights = np.ones(N)
    weights[5:10] = 0.0
    X[5:10] = 1e9
    theta, without = start(network), start(network)
    epochs = epochs_of(network, theta, batches_of(X, Y, 5, weights), recorder, alpha=0.3)
    kept = np.delete(np.arange(N), np.arange(5, 10))
    others = epochs_of(network, without, batches_of(X, Y, 5, order=kept), alpha=0.3)
    for _ in range(2):
        epoch, other = next(epochs), next(others)
        assert epoch.loss == pytest.approx(other.loss, rel=1e-13)
        assert epoch.penalty == pytest.approx(other.penalty, rel=1e-13)
    assert len(recorder.rates) == 2 * 4
    np.testing.assert_allclose(theta.vector, without.vector, rtol=1e-13)


@pytest.mark.parametrize("size", [5, N])
def test_rows_without_any_weight_make_no_update_and_no_nan(size):
    (X, Y), network, recorder = some_data(), network_of(D, K), Recorder()
    theta = start(network)
    before = theta.vector.copy()
    epoch = next(epochs_of(network, theta, batches_of(X, Y, size, np.zeros(N)), recorder, alpha=0.3))
    assert np.isfinite(epoch.loss)
    assert recorder.rates == []
    np.testing.assert_array_equal(theta.vector, before)


@pytest.mark.parametrize("size", [5, N])
@pytest.mark.parametrize("weights", [None, some_weights()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array])
def test_lbfgs_reaches_the_minimizer_of_ridge_regression(kind, weights, size):
    """``(X' S X + k alpha I) W = X' S Y`` without penalty on the intercept; the loss is a mean over the k outputs."""
    (X, Y), network, alpha = some_data(), network_of(D, K), 0.8
    theta = start(network)
    minimize(network, theta, batches_of(kind(X), Y, size, weights), alpha=alpha, tol=1e-12)
    S = np.diag(np.ones(N) if weights is None else weights)
    X1, penalized = np.column_stack([X, np.ones(N)]), np.diag([1.0] * D + [0.0])
    expected = np.linalg.solve(X1.T @ S @ X1 + K * alpha * penalized, X1.T @ S @ Y)
    np.testing.assert_allclose(np.vstack(theta.layers[0]), expected, rtol=1e-6)


def test_lbfgs_uses_the_rows_of_the_order_and_does_not_change_it():
    (X, Y), network = some_data(), network_of(D, K)
    order = np.array([3, 17, 5, 8, 0, 11, 2])
    ours, theirs = start(network), start(network)
    minimize(network, ours, batches_of(X, Y, 3, order=order), alpha=0.3, max_iter=3)
    minimize(network, theirs, batches_of(X[order], Y[order], 3), alpha=0.3, max_iter=3)
    np.testing.assert_array_equal(ours.vector, theirs.vector)
    np.testing.assert_array_equal(order, [3, 17, 5, 8, 0, 11, 2])


@pytest.mark.parametrize("weights", [None, some_weights()], ids=["unweighted", "weighted"])
@pytest.mark.parametrize("size", [1, 5, 22])
def test_lbfgs_in_mini_batches_is_lbfgs_in_one_mini_batch(size, weights):
    (X, Y), network = some_data(), network_of(D, 5, K)
    curves, vectors = [], []
    for rows in (size, N):
        theta, curve = start(network), []
        minimize(
            network,
            theta,
            batches_of(X, Y, rows, weights),
            alpha=0.3,
            max_iter=5,
            observe=lambda epoch, curve=curve: curve.append((epoch.loss, epoch.penalty)),
        )
        curves.append(curve)
        vectors.append(theta.vector)
    np.testing.assert_allclose(*curves, rtol=1e-10)
    np.testing.assert_allclose(*vectors, rtol=1e-8)


def test_lbfgs_leaves_out_mini_batches_without_weight():
    (X, Y), network = some_data(), network_of(D, K)
    weights = some_weights()
    weights[5:10] = 0.0
    kept = np.delete(np.arange(N), np.arange(5, 10))
    ours, theirs = start(network), start(network)
    minimize(network, ours, batches_of(X, Y, 5, weights), alpha=0.3, max_iter=4)
    minimize(network, theirs, batches_of(X[kept], Y[kept], 18, weights[kept]), alpha=0.3, max_iter=4)
    np.testing.assert_allclose(ours.vector, theirs.vector, rtol=1e-9)


def penalized_loss(theta, X, Y, weights, alpha):
    """Return the loss of a D-3-K tanh network with its penalty, and the penalty alone."""
    (W1, b1), (W2, b2) = theta.layers
    error = np.tanh(X @ W1 + b1) @ W2 + b2 - Y
    penalty = alpha / weights.sum() / 2 * ((W1**2).sum() + (W2**2).sum())
    return weights @ (error**2).mean(axis=1) / 2 / weights.sum() + penalty, penalty


def test_lbfgs_reports_each_iteration_and_stops_if_observe_returns_true():
    (X, Y), network, weights, records = some_data(), network_of(D, 3, K), some_weights(), []
    theta = start(network)

    def observe(epoch):
        records.append(epoch)
        return len(records) == 4

    result = minimize(network, theta, batches_of(X, Y, 5, weights), alpha=0.3, observe=observe)
    assert len(records) == result.nit == 4
    losses = [epoch.loss for epoch in records]
    assert losses == sorted(losses, reverse=True)
    assert all(np.isnan(epoch.rate) and epoch.samples == N for epoch in records)
    np.testing.assert_array_equal(theta.vector, result.x)
    expected = penalized_loss(theta, X, Y, weights, 0.3)
    np.testing.assert_allclose((records[-1].loss, records[-1].penalty), expected, rtol=1e-12)


def test_lbfgs_obeys_max_iter():
    (X, Y), network, records = some_data(), network_of(D, 3, K), []
    result = minimize(network, start(network), batches_of(X, Y, N), max_iter=3, observe=records.append)
    assert len(records) == result.nit == 3
    assert not result.success


def test_lbfgs_obeys_max_fun():
    (X, Y), network = some_data(), network_of(D, 3, K)
    theta, batches = start(network), batches_of(X, Y, N)
    result = lbfgs(network, theta, batches, alpha=0.0, max_iter=100, max_fun=5, tol=0.0, observe=lambda epoch: False)
    assert 5 <= result.nfev < 30
    assert not result.success


def test_lbfgs_stops_on_a_small_gradient():
    (X, Y), network = some_data(), network_of(D, 3, K)
    loose, strict = (minimize(network, start(network), batches_of(X, Y, N), alpha=1.0, tol=tol) for tol in (1e-1, 1e-6))
    assert loose.success
    assert np.abs(loose.jac).max() <= 1e-1
    assert loose.nit < strict.nit


def test_an_interruption_leaves_the_last_accepted_point():
    (X, Y), network, records = some_data(), network_of(D, 3, K), []
    theta = start(network)

    def observe(epoch):
        records.append(epoch)
        if len(records) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        minimize(network, theta, batches_of(X, Y, N), alpha=0.3, observe=observe)
    assert len(records) == 3
    expected = penalized_loss(theta, X, Y, np.ones(N), 0.3)
    np.testing.assert_allclose((records[-1].loss, records[-1].penalty), expected, rtol=1e-12)


@pytest.mark.parametrize("n_evaluations", [1, 2, 9])
def test_an_interruption_inside_an_evaluation_leaves_the_last_accepted_point(n_evaluations, monkeypatch):
    (X, Y), network, losses, count = some_data(), network_of(D, 3, K), [], 0
    theta = start(network)
    losses.append(penalized_loss(theta, X, Y, np.ones(N), 0.3)[0])
    forward = Dense.forward

    def interrupted(self, *args):
        nonlocal count
        count += 1
        if count == 2 * n_evaluations:  # in the second layer of that evaluation
            raise KeyboardInterrupt
        return forward(self, *args)

    monkeypatch.setattr(Dense, "forward", interrupted)
    with pytest.raises(KeyboardInterrupt):
        minimize(network, theta, batches_of(X, Y, N), alpha=0.3, observe=lambda epoch: losses.append(epoch.loss))
    assert penalized_loss(theta, X, Y, np.ones(N), 0.3)[0] == pytest.approx(losses[-1], rel=1e-12)


def test_training_begins_with_the_first_epoch():
    """Without ``first_epoch``, the first update has progress 0 and the schedule its first value."""
    (X, Y), network, recorder = some_data(), network_of(D, K), Recorder()
    epochs = epochs_of(
        network, start(network), batches_of(X, Y, 5), recorder, schedule=Cosine(0.1), rate=0.2, n_epochs=4
    )
    next(epochs)
    assert recorder.rates[0] == pytest.approx(0.2 * Cosine(0.1)(Clock(progress=0.0)), rel=1e-13)
