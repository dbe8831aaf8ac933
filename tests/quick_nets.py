"""Networks that train fast and data sets of scikit-learn, for tests of the estimators together with scikit-learn."""

import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

from sknet import MLPClassifierScratch, MLPRegressorScratch

TRAINING = {"width": 8, "learning_rate_init": 0.01, "batch_size": 32, "max_iter": 30, "random_state": 0}


def classifier(**parameters):
    return MLPClassifierScratch(**{**TRAINING, **parameters})


def regressor(**parameters):
    return MLPRegressorScratch(**{**TRAINING, **parameters})


@pytest.fixture(scope="module", name="cancer")
def cancer_fixture():
    return load_breast_cancer(return_X_y=True)


@pytest.fixture(scope="module", name="wine")
def wine_fixture():
    return load_wine(return_X_y=True)


@pytest.fixture(scope="module", name="diabetes")
def diabetes_fixture():
    return load_diabetes(return_X_y=True)
