"""Linear layers merge (C4 of the course): ``h = x W1``, ``y = h W2`` equals ``y = x W`` with ``W = W1 W2``."""

from itertools import pairwise

import numpy as np
import pytest

from sknet.core.collapse import collapse_linear


def some_layers(*sizes):
    rng = np.random.default_rng(0)
    shapes = list(pairwise(sizes))
    return [rng.normal(size=shape) for shape in shapes], [rng.normal(size=k) for _, k in shapes]


def predict(x, coefs, intercepts, activations):
    functions = {"identity": lambda z: z, "relu": lambda z: np.where(z > 0.0, z, 0.0), "tanh": np.tanh}
    for W, b, name in zip(coefs, intercepts, [*activations, "identity"], strict=True):
        x = functions[name](np.einsum("nd,dk->nk", x, W) + b)
    return x


def same_predictions(before, after):
    x = np.random.default_rng(1).normal(size=(20, len(before[0][0])))
    np.testing.assert_allclose(predict(x, *after), predict(x, *before), rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("activations", ["identity", ["identity"]])
def test_two_linear_layers_are_one(activations):
    """With the shapes of the course, 8x9 and 9x4 become 8x4."""
    coefs, intercepts = some_layers(8, 9, 4)
    W, b, hidden = collapse_linear(coefs, intercepts, activations)
    assert [w.shape for w in W] == [(8, 4)]
    assert [v.shape for v in b] == [(4,)]
    assert hidden == []
    np.testing.assert_allclose(W[0], np.einsum("ij,jk->ik", *coefs), rtol=1e-12)
    same_predictions((coefs, intercepts, ["identity"]), (W, b, hidden))


def test_activations_are_the_identity_by_default():
    assert len(collapse_linear(*some_layers(8, 9, 4))[0]) == 1


@pytest.mark.parametrize(
    ("activations", "shapes", "remaining"),
    [
        (["identity", "relu", "identity"], [(5, 3), (3, 2)], ["relu"]),
        (["relu", "identity", "identity"], [(5, 4), (4, 2)], ["relu"]),
        (["identity", "identity", "relu"], [(5, 6), (6, 2)], ["relu"]),
        (["relu", "identity", "tanh"], [(5, 4), (4, 6), (6, 2)], ["relu", "tanh"]),
        (["identity"] * 3, [(5, 2)], []),
        (["relu"] * 3, [(5, 4), (4, 3), (3, 6), (6, 2)], ["relu"] * 3),
    ],
)
def test_only_layers_without_non_linearity_between_them_merge(activations, shapes, remaining):
    coefs, intercepts = some_layers(5, 4, 3, 6, 2)
    W, b, hidden = collapse_linear(coefs, intercepts, activations)
    assert [w.shape for w in W] == shapes
    assert hidden == remaining
    same_predictions((coefs, intercepts, activations), (W, b, hidden))


def test_one_name_is_the_activation_of_all_hidden_layers():
    coefs, intercepts = some_layers(5, 4, 3, 2)
    assert collapse_linear(coefs, intercepts, "tanh")[2] == ["tanh", "tanh"]


def test_a_single_layer_is_returned():
    coefs, intercepts = some_layers(5, 2)
    W, b, hidden = collapse_linear(coefs, intercepts)
    np.testing.assert_array_equal(W[0], coefs[0])
    np.testing.assert_array_equal(b[0], intercepts[0])
    assert hidden == []


def test_the_arguments_are_not_changed():
    coefs, intercepts = some_layers(8, 9, 4)
    before = [array.copy() for array in (*coefs, *intercepts)]
    collapse_linear(coefs, intercepts)
    assert len(coefs) == len(intercepts) == 2
    for array, old in zip((*coefs, *intercepts), before, strict=True):
        np.testing.assert_array_equal(array, old)


@pytest.mark.parametrize(
    ("n_coefs", "n_intercepts", "activations"),
    [(2, 1, "identity"), (1, 2, "identity"), (2, 2, []), (2, 2, ["relu", "relu"]), (0, 0, "identity")],
)
def test_lengths_that_do_not_fit_raise(n_coefs, n_intercepts, activations):
    coefs, intercepts = some_layers(3, 3, 3)
    message = f"one activation fewer, got {n_coefs} coefs, {n_intercepts} intercepts"
    with pytest.raises(ValueError, match=message):
        collapse_linear(coefs[:n_coefs], intercepts[:n_intercepts], activations)
