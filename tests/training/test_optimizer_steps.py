"""The steps of each solver, with clipped gradients and weight decay, are those of its paper and of PyTorch."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainRegressor
from plain_fits import SOLVERS, D, N, X, Y, starting_point
from sklearn.preprocessing import StandardScaler

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def direction_of(solver):
    """Return the step of one array of parameters as a function of gradient and learning rate, as in the papers."""
    state = {"t": 0, "m": 0.0, "v": 0.0}

    def step(g, rate):
        state["t"] += 1
        if solver == "sgd":
            state["m"] = 0.9 * state["m"] - rate * g
            return 0.9 * state["m"] - rate * g
        if solver == "adagrad":
            state["v"] = state["v"] + g**2
            return -rate * g / (np.sqrt(state["v"]) + 1e-8)
        if solver == "rmsprop":
            state["v"] = 0.99 * state["v"] + 0.01 * g**2
            return -rate * g / (np.sqrt(state["v"]) + 1e-8)
        state["m"], state["v"] = 0.9 * state["m"] + 0.1 * g, 0.99 * state["v"] + 0.01 * g**2
        m, v = state["m"] / (1 - 0.9 ** state["t"]), state["v"] / (1 - 0.99 ** state["t"])
        return -rate * m / (np.sqrt(v) + 1e-8 / np.sqrt(1 - 0.99 ** state["t"]))

    return step


@pytest.mark.parametrize("weight_decay", [0.0, 0.3])
@pytest.mark.parametrize("longest", [None, 1.4])
@pytest.mark.parametrize("solver", SOLVERS)
def test_training_by_hand(solver, longest, weight_decay):
    """Compare with mini-batch linear regression in NumPy, with clipped gradients and decay of the weights only."""
    alpha, rate, n_epochs, Z, y = 0.2, 0.05, 4, StandardScaler().fit_transform(X), (Y / Y.std())[:, None]
    ((W, b),) = starting_point(0, D, 1)
    steps = direction_of(solver), direction_of(solver)
    lengths, losses = [], []
    for epoch in range(n_epochs):
        now, total = rate * 0.95**epoch, 0.0
        for start in range(0, N, 50):
            x, t = Z[start : start + 50], y[start : start + 50]
            n, error = len(x), x @ W + b - t
            total += 0.5 * (error**2).sum() + 0.5 * alpha * (W**2).sum()
            dW, db = (x.T @ error + alpha * W) / n, error.mean(axis=0)
            lengths.append(np.sqrt((dW**2).sum() + (db**2).sum()))
            share = 1.0 if longest is None else min(1.0, longest / lengths[-1])
            W = W * (1 - now * weight_decay) + steps[0](share * dW, now)
            b = b + steps[1](share * db, now)
        losses.append(total / N)
    ours = PlainRegressor(
        depth=0, solver=solver, alpha=alpha, learning_rate_init=rate, learning_rate="exponential", batch_size=50,
        max_iter=n_epochs, shuffle=False, random_state=0, standardize=False, beta_2=0.99, weight_decay=weight_decay,
        max_grad_norm=longest,
    ).fit(Z, y[:, 0])  # fmt: skip
    assert min(lengths) < 1.4 < max(lengths)  # some gradients are clipped, and some are not
    assert_allclose(ours.coefs_[0], W, rtol=1e-9)
    assert_allclose(ours.intercepts_[0], b, rtol=1e-9)
    assert_allclose(ours.loss_curve_, losses, rtol=1e-10)


PYTORCH = {
    "sgd": ("SGD", {"momentum": 0.9, "nesterov": True}),
    "adam": ("AdamW", {"betas": (0.9, 0.999), "eps": 1e-12}),
    "rmsprop": ("RMSprop", {"alpha": 0.999, "eps": 1e-12}),
    "adagrad": ("Adagrad", {"eps": 1e-12}),
}


@pytest.mark.parametrize("normalization", [None, "batch", "layer"])
@pytest.mark.parametrize("solver", SOLVERS)
def test_training_is_that_of_pytorch(solver, normalization):
    """Both train a network with a hidden layer from the same weights on the same mini-batches; AdamW decays weights."""
    torch = pytest.importorskip("torch")
    rate, decay, longest = 0.01, 0.1 if solver == "adam" else 0.0, 1.0
    (W, b), (V, c) = ([torch.nn.Parameter(torch.tensor(a)) for a in pair] for pair in starting_point(0, D, 6, 1))
    gain, shift = (torch.nn.Parameter(torch.full((6,), value, dtype=torch.float64)) for value in (1.0, 0.0))
    mean, variance = torch.zeros(6, dtype=torch.float64), torch.ones(6, dtype=torch.float64)
    name, options = PYTORCH[solver]
    groups = [{"params": [W, V]}, {"params": [b, c, gain, shift]}]
    if solver == "adam":
        groups[0]["weight_decay"], groups[1]["weight_decay"] = decay, 0.0
    optimizer = getattr(torch.optim, name)(groups, lr=rate, **options)

    def hidden(x, training):
        z = x @ W + b
        if normalization == "batch":
            z = torch.nn.functional.batch_norm(z, mean, variance, gain, shift, training=training)
        elif normalization == "layer":
            z = torch.nn.functional.layer_norm(z, (6,), gain, shift)
        return torch.tanh(z)

    data, targets = torch.tensor(X), torch.tensor(Y[:, None])
    for _ in range(5):
        for start in range(0, N, 25):  # the last mini-batch has 20 rows
            optimizer.zero_grad()
            error = hidden(data[start : start + 25], True) @ V + c - targets[start : start + 25]
            (0.5 * (error**2).mean()).backward()
            norm = torch.nn.utils.clip_grad_norm_([p for p in (W, b, V, c, gain, shift) if p.grad is not None], np.inf)
            for p in (W, b, V, c, gain, shift):
                if p.grad is not None:
                    p.grad *= min(1.0, longest / float(norm))
            optimizer.step()
    ours = PlainRegressor(
        width=6, activation="tanh", solver=solver, alpha=0.0, learning_rate_init=rate, batch_size=25, max_iter=5,
        shuffle=False, random_state=0, standardize=False, epsilon=1e-12, normalization=normalization,
        weight_decay=decay, max_grad_norm=longest,
    ).fit(X, Y)  # fmt: skip
    if normalization == "batch":
        # PyTorch corrects the running variance for degrees of freedom (`test_normalization.py`). The gradient of the
        # bias before it consists of rounding errors, which an optimizer that divides by their size amplifies.
        (W_, _), (gain_, shift_, *_), *_, (V_, c_) = ours._state.network.layout.views(ours._state.theta)
        pairs = [(W_, W), (gain_, gain), (shift_, shift), (V_, V), (c_, c)]
        for mine, yours in pairs:
            assert_allclose(mine, yours.detach().numpy(), rtol=1e-6, atol=1e-9)
    else:
        expected = (hidden(data, False) @ V + c).detach().numpy()[:, 0]
        assert_allclose(ours.predict(X), expected, rtol=1e-7)
