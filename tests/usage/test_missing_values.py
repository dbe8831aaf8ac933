"""Missing values are an error that says what to do."""

import numpy as np
import pytest
from plain_fits import BOTH, X, fitted, target

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("method", ["fit", "partial_fit", "predict", "hidden_activations", "sample_predictions"])
@BOTH
def test_missing_values_are_an_error_that_says_what_to_do(Estimator, method):
    missing, y = X.copy(), target(Estimator)
    missing[3, 1] = np.nan
    mlp = fitted(Estimator, dropout=0.1)
    with pytest.raises(ValueError, match=r"Input X contains NaN") as caught:
        getattr(mlp, method)(missing, y) if "fit" in method else getattr(mlp, method)(missing)
    if "fit" in method:
        assert "imputer" in str(caught.value).lower()
