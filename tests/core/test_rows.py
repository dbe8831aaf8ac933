"""Rows have the same numbers in the units of the network for each type and precision of X."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
from numpy.testing import assert_allclose, assert_array_equal

from sknet.core.rows import Rows, Units, converted_once, smooth_clip

N, D = 40, 5
RNG = np.random.default_rng(0)
SHIFT, SCALE = np.array([3.0, -40.0, 0.0, 7.5, 1.0]), np.array([2.0, 10.0, 0.5, 1.0, 1e-3])
X = SHIFT + SCALE * RNG.normal(size=(N, D))
X[RNG.uniform(size=X.shape) < 0.4] = 0.0
ORDER = RNG.permutation(N)[:13]
INDICES = {"slice": slice(5, 21), "numbers": ORDER, "all": slice(None)}


def duplicated(X):
    """Return a CSR that stores each entry as the sum of two."""
    csr = sp.csr_matrix(X)
    data, indices = np.repeat(csr.data, 2) * np.tile([0.25, 0.75], csr.nnz), np.repeat(csr.indices, 2)
    return sp.csr_matrix((data, indices, 2 * csr.indptr), shape=X.shape)


FORMS = {
    "C": np.ascontiguousarray, "F": np.asfortranarray, "csr": sp.csr_matrix, "csr_array": sp.csr_array,
    "duplicates": duplicated,
}  # fmt: skip


@pytest.mark.parametrize("bound", [np.inf, 3.0])
@pytest.mark.parametrize("index", INDICES.values(), ids=list(INDICES))
@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("of_X", [np.float32, np.float64])
def test_every_form_gives_the_same_rows(of_X, dtype, form, index, bound):
    rows = Rows(form(X.astype(of_X)), Units(SHIFT, SCALE, bound), dtype)
    assert not rows.sparse
    found = rows.take(index)
    expected = (X.astype(of_X).astype(float)[index] - SHIFT) / SCALE
    expected = expected / np.sqrt(1.0 + (expected / bound) ** 2)
    assert found.dtype == dtype
    assert_allclose(found, expected, rtol=1e-12 if of_X == dtype == np.float64 else 1e-3, atol=1e-4)
    out = np.empty_like(found)
    assert rows.take(index, out) is out
    assert_array_equal(out, found)


@pytest.mark.parametrize("index", INDICES.values(), ids=list(INDICES))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [(), (1,), (0, 3)])
def test_sparse_rows_are_the_same_numbers_as_dense_ones(far, dtype, index):
    """Shifted columns get explicit entries, and other columns keep their zeros."""
    shift = np.zeros(D)
    shift[list(far)] = SHIFT[list(far)]
    units = Units(shift, SCALE, sparse=True)
    for kind in (sp.csr_matrix, sp.csr_array):
        sparse = Rows(kind(X.astype(dtype)), units, dtype)
        assert sparse.sparse
        found, dense = sparse.take(index), Rows(X.astype(dtype), units, dtype).take(index)
        assert found.dtype == dtype
        assert found.format == "csr"
        assert found.nnz == np.count_nonzero(dense)
        assert_allclose(found.toarray(), dense, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-4)
        needed = Rows(kind(X.astype(dtype)), units, dtype, dense=True)
        assert not needed.sparse
        assert_allclose(needed.take(index), dense, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("offset", [1e5, 1e8, -1e10])
@pytest.mark.parametrize("form", [np.asarray, sp.csr_matrix, lambda X: sp.csr_matrix(X)], ids=["C", "csr", "sparse"])
def test_float64_rows_are_centred_before_they_are_cast(offset, form):
    Z = RNG.normal(size=(N, D))
    for sparse in (False, True):
        units = Units(np.full(D, offset + 0.125), np.ones(D), sparse=sparse)
        found = Rows(form(Z + offset), units, np.float32).take(ORDER)
        assert_allclose(found.toarray() if sp.issparse(found) else found, Z[ORDER] - 0.125, atol=1e-5)


def test_float32_rows_are_centred_in_float64_if_float32_cannot_represent_the_shift():
    """The shift is then subtracted in float64."""
    rows = np.array([[1e8], [1e8 + 8.0]], dtype=np.float32)
    assert_allclose(Rows(rows, Units(np.array([1e8 + 3.0]), np.ones(1)), np.float32).take(slice(None)), [[-3.0], [5.0]])


@pytest.mark.parametrize("scale", [1e-300, 1e-42, 1e42, 1e300])
def test_scales_out_of_the_range_of_float32(scale):
    Z = RNG.normal(size=(N, 2))
    found = Rows(scale * Z, Units(np.zeros(2), np.full(2, scale)), np.float32).take(slice(None))
    assert_allclose(found, Z, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_clip_of_the_largest_numbers_is_its_bound(dtype):
    largest = np.finfo(dtype).max
    rows = np.array([[largest, -largest], [1.0, 0.0]], dtype=dtype)
    found = Rows(rows, Units(np.zeros(2), np.full(2, 1e-3), 3.0), dtype).take(slice(None))
    assert_allclose(found, [[3.0, -3.0], [3.0, 0.0]], rtol=1e-4)


def test_the_clip_keeps_the_order_and_is_the_identity_near_zero():
    u = np.linspace(-50.0, 50.0, 201)
    clipped = u.copy()
    smooth_clip(clipped, 3.0, np.empty_like(u))
    assert np.all(np.diff(clipped) > 0.0)
    assert np.abs(clipped).max() < 3.0
    small = np.array([1e-3])
    smooth_clip(small, 3.0, np.empty(1))
    assert_allclose(small, 1e-3, rtol=1e-6)


def test_rows_that_need_no_change_are_a_view_and_X_is_not_written():
    assert np.shares_memory(Rows(X, None, np.float64).take(slice(3, 9)), X)
    before = X.copy()
    Rows(X, Units(SHIFT, SCALE), np.float64).take(slice(None))
    assert_array_equal(X, before)


# From outputs to the units of the data.


def test_outputs_are_restored_in_float64():
    z = RNG.normal(size=(9, 2)).astype(np.float32)
    units = Units(np.array([1e8, -3.0]), np.array([1.0, 2.0]))
    found = units.restore(z, np.float32)
    assert found.dtype == np.float64  # float32 has steps of 8 there
    assert_array_equal(found, z.astype(float) * [1.0, 2.0] + [1e8, -3.0])


@pytest.mark.parametrize("of_rows", [np.float32, np.float64])
@pytest.mark.parametrize("of_z", [np.float32, np.float64])
def test_outputs_stay_float32_if_that_is_precise_enough(of_z, of_rows):
    units = Units(np.array([3.0, -3.0]), np.array([1.0, 2.0]))
    narrow = of_z == of_rows == np.float32
    assert units.restore(np.zeros((4, 2), of_z), of_rows).dtype == (np.float32 if narrow else np.float64)


def test_a_scale_of_zero_gives_a_constant_output():
    z = RNG.normal(size=(9, 2)) * 1e6
    found = Units(np.array([1e-9, 0.1]), np.array([0.0, 0.0])).restore(z, np.float64)
    assert_array_equal(found, np.tile([1e-9, 0.1], (9, 1)))


def test_a_copy_contains_no_cached_properties():
    units = Units(SHIFT, SCALE)
    before = pickle.dumps(units)
    Rows(X.astype(np.float32), units, np.float32)
    assert pickle.dumps(units) == before
    assert vars(copy.deepcopy(units)).keys() == {"shift", "scale", "bound", "sparse"}


def test_float32_rows_of_a_scale_whose_inverse_overflows():
    rows = np.array([[3e-40], [-6e-40]], dtype=np.float32)
    found = Rows(rows, Units(np.zeros(1), np.full(1, 3e-40)), np.float32).take(slice(None))
    assert_allclose(found, [[1.0], [-2.0]], rtol=1e-4)


@pytest.mark.parametrize("form", FORMS.values(), ids=list(FORMS))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_rows_that_are_converted_once_have_the_same_bits(form, dtype):
    original = form(X.copy())
    rows = Rows(original, Units(SHIFT, SCALE, 3.0), dtype)
    once = converted_once(rows)
    original *= 0.0  # these rows are not read again
    expected = Rows(form(X), Units(SHIFT, SCALE, 3.0), dtype)
    for index in INDICES.values():
        found = once.take(index)
        assert found.dtype == dtype
        assert_array_equal(found, expected.take(index))


@pytest.mark.parametrize("shape", [(2**10, 2**10 + 1), (2**20 + 1, 1)])
def test_rows_that_need_much_memory_are_not_converted_at_once(shape):
    rows = Rows(np.zeros(shape, dtype=np.float32), Units(np.zeros(shape[1]), np.ones(shape[1])), np.float32)
    assert converted_once(rows) is rows


def test_sparse_rows_are_not_converted():
    rows = Rows(sp.csr_matrix(X), Units(np.zeros(D), SCALE, sparse=True), np.float32)
    assert converted_once(rows) is rows
