"""Row weights as the caller gives them."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sknet.preprocessing.weights import check_weights


def test_check_weights():
    assert check_weights(None, 3) is None
    assert_array_equal(check_weights([1, 0, 2], 3), [1.0, 0.0, 2.0])
    assert check_weights([1, 0, 2], 3).dtype == np.float64
    assert check_weights(np.ones(3, np.float32), 3).dtype == np.float64  # sums of weights lose no digits
    assert_array_equal(check_weights(2.5, 2), [2.5, 2.5])
    assert_array_equal(check_weights([True, False], 2), [1.0, 0.0])
    with pytest.raises(ValueError, match="shape"):
        check_weights(np.ones(2), 3)
