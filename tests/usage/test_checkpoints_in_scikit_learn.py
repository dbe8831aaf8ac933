"""Checkpoints through scikit-learn's pipelines, metadata routing and searches, and together with its callbacks."""

import pytest
import sklearn
from checkpoints import SMALL, crash_fixture, crashing_fits  # noqa: F401
from model_files import REG
from numpy.testing import assert_array_equal
from same_state import assert_same_state
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from small_data import X, Y

from sknet import load

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_through_a_pipeline(tmp_path, crash):
    model = make_pipeline(StandardScaler(), REG(**SMALL))
    whole = clone(model).fit(X, Y)
    path = {"mlpregressorscratch__checkpoint": tmp_path / "checkpoint"}
    assert_same_state(crashing_fits(crash, model, X, Y, **path)[-1], whole[-1])


def test_through_metadata_routing(tmp_path, crash):
    with sklearn.config_context(enable_metadata_routing=True):
        model = make_pipeline(StandardScaler(), REG(**SMALL).set_fit_request(checkpoint=True))
        whole = clone(model).fit(X, Y)
        resumed = crashing_fits(crash, model, X, Y, checkpoint=tmp_path / "checkpoint")
        assert_array_equal(resumed.predict(X), whole.predict(X))
        assert len(cross_val_score(REG(**SMALL), X, Y, cv=2)) == 2  # without any request for metadata


def test_a_search_whose_fits_share_one_file_is_an_error(tmp_path):
    search = GridSearchCV(REG(**SMALL), {"width": [3, 4]}, cv=2, error_score="raise")
    with pytest.raises(ValueError, match="another fit"):
        search.fit(X, Y, checkpoint=tmp_path / "checkpoint")


def test_with_callbacks(tmp_path, crash):
    pytest.importorskip("sklearn.callback")
    from sklearn.callback import ScoringMonitor

    whole = REG(**SMALL).fit(X, Y)
    mlp = REG(**SMALL).set_callbacks(ScoringMonitor(scoring="r2"))
    resumed = crashing_fits(crash, mlp, X, Y, checkpoint=tmp_path / "checkpoint")
    assert_array_equal(resumed.coefs_[0], whole.coefs_[0])
    assert_array_equal(load(tmp_path / "checkpoint").predict(X), whole.predict(X))
