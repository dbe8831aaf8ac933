"""Views lie in the right places of the flat vector; buffers are shared, contiguous and made once."""

import numpy as np
import pytest

from sknet.core.memory import Buffer, Layout, Parameters, ParameterSpec, Workspace

# Between two dense layers, a layer whose first array is not penalized.
LAYERS = [
    (ParameterSpec("W", (2, 3)), ParameterSpec("b", (3,), penalized=False)),
    (ParameterSpec("gain", (3,), penalized=False), ParameterSpec("V", (3,))),
    (ParameterSpec("W", (3, 1)), ParameterSpec("b", (1,), penalized=False)),
]
BUFFERS = [
    (Buffer("a", 3), Buffer("mask", 3, boolean=True), Buffer("ones", None, training_only=True)),
    (Buffer("a", 2, order="F"), Buffer("column", 1)),
]


def test_layout_puts_penalized_arrays_first_and_layers_in_order():
    layout = Layout(LAYERS)
    assert layout.size == 6 + 3 + 3 + 3 + 3 + 1
    assert layout.n_penalized == 6 + 3 + 3
    (W0, b0), (gain, V), (W2, b2) = layout.views(np.arange(19))
    np.testing.assert_array_equal(W0, [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(V, [6, 7, 8])
    np.testing.assert_array_equal(W2, [[9], [10], [11]])
    np.testing.assert_array_equal(b0, [12, 13, 14])
    np.testing.assert_array_equal(gain, [15, 16, 17])
    np.testing.assert_array_equal(b2, [18])


def test_the_views_cover_the_vector_without_overlap():
    layout, vector = Layout(LAYERS), np.zeros(19)
    theta = Parameters(layout, vector)
    assert theta.vector is vector
    for i, array in enumerate(array for layer in theta.layers for array in layer):
        assert np.shares_memory(array, vector)
        assert array.flags.c_contiguous
        array += i + 1
    assert vector.all()  # each element belongs to a view
    assert vector.sum() == sum((i + 1) * size for i, size in enumerate((6, 3, 3, 3, 3, 1)))  # and to only one
    vector[:] = 7.0
    assert all((array == 7.0).all() for layer in theta.layers for array in layer)


def test_penalized_is_the_first_part_of_the_vector():
    theta = Parameters(Layout(LAYERS), np.arange(19.0))
    assert np.shares_memory(theta.penalized, theta.vector)
    np.testing.assert_array_equal(theta.penalized, np.arange(12.0))


@pytest.mark.parametrize("shape", [(18,), (20,), (19, 1), (1, 19)])
def test_a_vector_of_another_shape_is_an_error(shape):
    with pytest.raises(ValueError, match=r"must have shape \(19,\), got "):
        Layout(LAYERS).views(np.zeros(shape))
    with pytest.raises(ValueError, match=r"must have shape \(19,\), got "):
        Parameters(Layout(LAYERS), np.zeros(shape))


def test_a_network_without_parameters_has_an_empty_vector():
    layout = Layout([(), ()])
    assert (layout.size, layout.n_penalized) == (0, 0)
    assert layout.views(np.zeros(0)) == [(), ()]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("n", [5, 4, 1])
def test_buffers_have_the_shape_dtype_and_order_asked_for(n, dtype):
    first, second = Workspace(BUFFERS, 5, dtype).rows(n)
    assert (first.a.shape, first.mask.shape, first.ones.shape) == ((n, 3), (n, 3), (n,))
    assert (second.a.shape, second.column.shape) == ((n, 2), (n, 1))
    assert (first.a.dtype, first.mask.dtype, first.ones.dtype, second.a.dtype) == (dtype, bool, dtype, dtype)
    assert first.a.flags.c_contiguous
    assert first.mask.flags.c_contiguous
    assert second.a.flags.f_contiguous
    np.testing.assert_array_equal(first.ones, 1.0)


def test_fewer_rows_use_the_same_memory():
    workspace = Workspace(BUFFERS, 5, np.float64)
    for whole, part in zip(workspace.rows(5), workspace.rows(2), strict=True):
        assert vars(whole).keys() == vars(part).keys()
        for name, array in vars(whole).items():
            assert np.shares_memory(array, vars(part)[name])


def test_views_are_made_once():
    workspace = Workspace(BUFFERS, 5, np.float64)
    assert workspace.rows(3) is workspace.rows(3)
    assert workspace.rows(3)[0].a is workspace.rows(3)[0].a


@pytest.mark.parametrize("n", [5, 3])
def test_buffers_do_not_overlap(n):
    memory = Workspace(BUFFERS, 5, np.float64).rows(n)
    arrays = [array for layer in memory for array in vars(layer).values()]
    for i, array in enumerate(arrays):
        assert not any(np.shares_memory(array, other) for other in arrays[i + 1 :])


def test_two_workspaces_share_nothing():
    """So two threads can predict at the same time."""
    first, second = (Workspace(BUFFERS, 5, np.float64).rows(5) for _ in range(2))
    assert not np.shares_memory(first[0].a, second[0].a)


def test_more_rows_than_the_workspace_has_are_an_error():
    with pytest.raises(ValueError, match="cannot reshape"):
        Workspace(BUFFERS, 5, np.float64).rows(6)
