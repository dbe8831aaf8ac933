"""Compare optimizers with the formulas of the papers, and run all of them on the same problem."""

import copy
import inspect
import pickle
import tracemalloc
from dataclasses import fields

import numpy as np
import pytest

from sknet.core.optimizers import SGD, STOCHASTIC_SOLVERS, Adagrad, Adam, RMSprop, clip_norm

CURVATURE = np.array([0.5, 1.0, 2.0, 4.0])
CENTRE = np.array([1.0, -2.0, 0.5, 3.0])

# name: (maker, learning rate that suits the quadratic problem, number of arrays of state)
OPTIMIZERS = {
    "plain": (lambda: SGD(momentum=0.0), 0.1, 0),
    "momentum": (lambda: SGD(momentum=0.9, nesterov=False), 0.02, 1),
    "nesterov": (lambda: SGD(momentum=0.9, nesterov=True), 0.02, 1),
    "adam": (Adam, 0.05, 2),
    "rmsprop": (RMSprop, 0.02, 2),
    "adagrad": (Adagrad, 1.0, 2),
}
every_optimizer = pytest.mark.parametrize("name", OPTIMIZERS)


def quadratic_gradient(theta):
    """Return the gradient of ``sum_i c_i (theta_i - centre_i)^2 / 2``."""
    return (CURVATURE * (theta - CENTRE)).astype(theta.dtype)


def descend(optimizer, theta, rate, n_steps):
    for _ in range(n_steps):
        optimizer.step(theta, quadratic_gradient(theta), rate)
    return theta


def some_gradients(n_steps=7, size=5):
    rng = np.random.default_rng(0)
    return rng.normal(size=size), rng.normal(size=(n_steps, size)), rng.uniform(0.01, 0.3, n_steps)


def compare(optimizer, expected):
    """Compare steps with ``expected``, an iterator of parameters, for given gradients and changing learning rates."""
    theta, gradients, rates = some_gradients()
    for gradient, rate, wanted in zip(gradients, rates, expected(theta.copy(), gradients, rates), strict=True):
        optimizer.step(theta, gradient.copy(), rate)
        np.testing.assert_allclose(theta, wanted, rtol=1e-12)


@pytest.mark.parametrize("nesterov", [False, True])
def test_without_momentum_sgd_is_gradient_descent(nesterov):
    def expected(theta, gradients, rates):
        for g, rate in zip(gradients, rates):
            theta = theta - rate * g
            yield theta

    optimizer = SGD(momentum=0.0, nesterov=nesterov)
    compare(optimizer, expected)
    assert optimizer.velocity is None  # plain gradient descent has no state


def test_momentum():
    """Sutskever et al. (2013), eq. 1-2."""

    def expected(theta, gradients, rates):
        v = np.zeros_like(theta)
        for g, rate in zip(gradients, rates):
            v = 0.8 * v - rate * g
            theta = theta + v
            yield theta

    compare(SGD(momentum=0.8, nesterov=False), expected)


def test_nesterov_update():
    def expected(theta, gradients, rates):
        v = np.zeros_like(theta)
        for g, rate in zip(gradients, rates):
            v = 0.8 * v - rate * g
            theta = theta + 0.8 * v - rate * g
            yield theta

    compare(SGD(momentum=0.8, nesterov=True), expected)


def test_nesterov_is_the_gradient_at_the_point_ahead():
    """Sutskever et al. (2013), eq. 3-4; our parameters are theta + momentum v of the paper."""
    rate, momentum = 0.03, 0.8
    ours, optimizer = np.zeros(4), SGD(momentum=momentum, nesterov=True)
    theta, v = np.zeros(4), np.zeros(4)
    for _ in range(10):
        v = momentum * v - rate * quadratic_gradient(theta + momentum * v)
        theta = theta + v
        optimizer.step(ours, quadratic_gradient(ours), rate)
        np.testing.assert_allclose(ours, theta + momentum * v, rtol=1e-12)


def test_adam():
    """Kingma and Ba (2015), algorithm 1, with ``epsilon / sqrt(1 - beta_2^t)`` for epsilon (section 2, last remark)."""
    beta_1, beta_2, epsilon = 0.85, 0.97, 1e-3

    def expected(theta, gradients, rates):
        m, v = np.zeros_like(theta), np.zeros_like(theta)
        for t, (g, rate) in enumerate(zip(gradients, rates), start=1):
            m = beta_1 * m + (1 - beta_1) * g
            v = beta_2 * v + (1 - beta_2) * g**2
            m_hat, v_hat = m / (1 - beta_1**t), v / (1 - beta_2**t)
            theta = theta - rate * m_hat / (np.sqrt(v_hat) + epsilon / np.sqrt(1 - beta_2**t))
            yield theta

    compare(Adam(beta_1, beta_2, epsilon), expected)


@pytest.mark.parametrize(("beta_1", "beta_2"), [(0.9, 0.999), (0.5, 0.3), (0.0, 0.9), (0.9, 0.0), (0.0, 0.0)])
def test_the_settled_state_of_adam_is_m_and_v(beta_1, beta_2):
    """After `settle`, the state is m and v of the formulas, whatever the number of steps."""
    _, gradients, rates = some_gradients(n_steps=300)
    once, often = Adam(beta_1, beta_2), Adam(beta_1, beta_2)
    thetas, m, v = np.ones((2, gradients.shape[1])), 0.0, 0.0
    for step, (g, rate) in enumerate(zip(gradients, rates, strict=True)):
        once.step(thetas[0], g.copy(), rate)
        often.step(thetas[1], g.copy(), rate)
        if step % 7 == 0:
            often.settle()
        m, v = beta_1 * m + (1.0 - beta_1) * g, beta_2 * v + (1.0 - beta_2) * g**2
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-11)
    for optimizer in (once, often):
        optimizer.settle()
        np.testing.assert_allclose(optimizer.m, m, rtol=1e-11, atol=1e-14)
        np.testing.assert_allclose(optimizer.v, v, rtol=1e-11)


def test_rmsprop():
    """Tieleman and Hinton (2012), slide 29; epsilon outside of the root."""
    decay, epsilon = 0.9, 1e-2

    def expected(theta, gradients, rates):
        mean_square = np.zeros_like(theta)
        for g, rate in zip(gradients, rates):
            mean_square = decay * mean_square + (1 - decay) * g**2
            theta = theta - rate * g / (np.sqrt(mean_square) + epsilon)
            yield theta

    compare(RMSprop(decay, epsilon), expected)


def test_adagrad():
    """Duchi, Hazan and Singer (2011), figure 1: divided by the root of the sum of all squares so far."""
    epsilon = 1e-2

    def expected(theta, gradients, rates):
        for t, rate in enumerate(rates, start=1):
            theta = theta - rate * gradients[t - 1] / (np.linalg.norm(gradients[:t], axis=0) + epsilon)
            yield theta

    compare(Adagrad(epsilon), expected)


def test_first_step_of_adagrad_has_the_length_of_the_learning_rate():
    theta = np.zeros(3)
    Adagrad(epsilon=0.0).step(theta, np.array([1e-6, -3.0, 1e6]), 0.01)
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=1e-12)


def test_first_step_of_adam_has_the_length_of_the_learning_rate():
    """Section 2.1: the step does not depend on the scale of the gradient."""
    theta = np.zeros(3)
    Adam(epsilon=0.0).step(theta, np.array([1e-6, -3.0, 1e6]), 0.01)
    np.testing.assert_allclose(theta, [-0.01, 0.01, -0.01], rtol=1e-12)


def test_defaults_are_those_of_scikit_learn():
    assert (SGD().momentum, SGD().nesterov) == (0.9, True)
    assert (Adam().beta_1, Adam().beta_2, Adam().epsilon) == (0.9, 0.999, 1e-8)


def test_defaults_are_those_of_pytorch():
    assert (RMSprop().decay, RMSprop().epsilon) == (0.99, 1e-8)
    assert Adagrad().epsilon == 1e-10


def test_every_solver_is_tested_here():
    assert set(STOCHASTIC_SOLVERS) == OPTIMIZERS.keys() - {"plain", "momentum", "nesterov"} | {"sgd"}


@every_optimizer
def test_minimizes_a_quadratic(name):
    make, rate, _ = OPTIMIZERS[name]
    np.testing.assert_allclose(descend(make(), np.zeros(4), rate, 1500), CENTRE, rtol=1e-6)


@every_optimizer
def test_float32_stays_float32(name):
    make, rate, n_arrays = OPTIMIZERS[name]
    optimizer = make()
    theta = descend(optimizer, np.zeros(4, dtype=np.float32), rate, 20)
    assert theta.dtype == np.float32
    np.testing.assert_allclose(theta, descend(make(), np.zeros(4), rate, 20), rtol=1e-4)
    state = [value for value in vars(optimizer).values() if isinstance(value, np.ndarray)]
    assert [array.dtype for array in state] == [np.float32] * n_arrays


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda o: pickle.loads(pickle.dumps(o))], ids=["copy", "pickle"])
@pytest.mark.parametrize("done", [0, 5])
@every_optimizer
def test_a_copy_continues_exactly_like_the_original(name, done, duplicate):
    make, rate, _ = OPTIMIZERS[name]
    optimizer = make()
    theta = descend(optimizer, np.zeros(4), rate, done)
    twin, twin_theta = duplicate(optimizer), theta.copy()
    descend(optimizer, theta, rate, 5)  # must not change the copy
    np.testing.assert_array_equal(descend(twin, twin_theta, rate, 5), theta)


@every_optimizer
def test_steps_write_in_place_and_allocate_nothing(name):
    make, rate, _ = OPTIMIZERS[name]
    optimizer, theta, grad = make(), np.zeros(200_000), np.ones(200_000)
    optimizer.step(theta, grad, rate)
    tracemalloc.start()
    try:
        optimizer.step(theta, grad, rate)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20_000
    assert theta.all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("norm", "largest"), [(5.0, 2.0), (5.0, 5.0), (5.0, 7.0), (0.0, 1.0), (1e15, 1e-3)])
def test_a_gradient_is_scaled_down_to_the_largest_norm(norm, largest, dtype):
    direction = np.array([3.0, 0.0, -4.0]) / 5.0
    grad = (norm * direction).astype(dtype)
    clip_norm(grad, largest)
    np.testing.assert_allclose(grad, min(norm, largest) * direction, rtol=4 * np.finfo(dtype).eps)
    assert grad.dtype == dtype


@pytest.mark.parametrize(("dtype", "norm"), [(np.float32, 1e25), (np.float64, 1e200)])
def test_a_gradient_whose_square_overflows_keeps_its_direction(dtype, norm):
    """Such gradients are the reason for clipping."""
    grad = (norm * np.array([0.6, 0.0, -0.8])).astype(dtype)
    with np.errstate(over="ignore"):
        clip_norm(grad, 1.0)
    np.testing.assert_allclose(grad, [0.6, 0.0, -0.8], rtol=1e-6)


def test_a_short_gradient_is_not_changed():
    grad = np.random.default_rng(0).normal(size=50)
    before = grad.copy()
    clip_norm(grad, 1e6)
    np.testing.assert_array_equal(grad, before)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_gradient_that_is_not_finite_stays_so(bad):
    """Clipping must not hide it from the check of the loss."""
    grad = np.array([1.0, bad])
    with np.errstate(invalid="ignore"):
        clip_norm(grad, 1.0)
    assert not np.isfinite(grad).all()


# Our optimizer, and the arguments of PyTorch's class with the same update.
PYTORCH = {
    "plain": (lambda: SGD(momentum=0.0), "SGD", {}),
    "momentum": (lambda: SGD(momentum=0.8, nesterov=False), "SGD", {"momentum": 0.8}),
    "nesterov": (lambda: SGD(momentum=0.8), "SGD", {"momentum": 0.8, "nesterov": True}),
    "adam": (lambda: Adam(0.8, 0.95, 1e-14), "Adam", {"betas": (0.8, 0.95), "eps": 1e-14}),
    "rmsprop": (lambda: RMSprop(0.9, 1e-3), "RMSprop", {"alpha": 0.9, "eps": 1e-3}),
    "adagrad": (lambda: Adagrad(1e-3), "Adagrad", {"eps": 1e-3}),
}


@pytest.mark.parametrize("name", PYTORCH)
def test_updates_are_those_of_pytorch(name):
    """The learning rate is constant; Adam's epsilon is tiny, because PyTorch corrects it for bias."""
    torch = pytest.importorskip("torch")
    make, theirs, options = PYTORCH[name]
    ours, (theta, gradients, _) = make(), some_gradients(n_steps=50)
    parameter = torch.nn.Parameter(torch.tensor(theta.copy()))
    optimizer = getattr(torch.optim, theirs)([parameter], lr=0.07, **options)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient.copy())
        optimizer.step()
        ours.step(theta, gradient.copy(), 0.07)
        np.testing.assert_allclose(theta, parameter.detach().numpy(), rtol=1e-11)


def test_clipping_is_that_of_pytorch():
    """PyTorch adds 1e-6 to the norm."""
    torch = pytest.importorskip("torch")
    grad = 1000.0 * np.random.default_rng(0).normal(size=30)
    parameter = torch.nn.Parameter(torch.zeros(30, dtype=torch.float64))
    parameter.grad = torch.tensor(grad.copy())
    torch.nn.utils.clip_grad_norm_(parameter, 3.0)
    clip_norm(grad, 3.0)
    np.testing.assert_allclose(grad, parameter.grad.numpy(), rtol=1e-8)


@every_optimizer
def test_arrays_of_state_are_neither_printed_nor_passed(name):
    optimizer = OPTIMIZERS[name][0]()
    optimizer.step(np.ones(1000), np.ones(1000), 0.1)
    arrays = {f.name for f in fields(optimizer) if isinstance(getattr(optimizer, f.name), np.ndarray)}
    assert not any(f"{array}=" in repr(optimizer) for array in arrays)
    assert arrays.isdisjoint(inspect.signature(type(optimizer)).parameters)
