"""The estimators inside scikit-learn's ensembles, and its wrappers for calibration, several outputs and thresholds."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from oracles import PlainClassifier
from quick_nets import TRAINING, cancer_fixture, classifier, diabetes_fixture, regressor, wine_fixture  # noqa: F401
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import make_classification, make_multilabel_classification
from sklearn.ensemble import AdaBoostClassifier, BaggingClassifier, StackingClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import TunedThresholdClassifierCV, cross_val_predict, cross_val_score, train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.multioutput import MultiOutputClassifier, RegressorChain

# The networks train for a few epochs, to be fast. They need not converge.
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.parametrize("method", ["sigmoid", "isotonic"])
def test_calibrated_classifier(cancer, method):
    X_train, X_test, y_train, y_test = train_test_split(*cancer, random_state=0)
    # A network whose probabilities are too close to 0 and 1, so that calibration has an effect.
    net = PlainClassifier(**TRAINING | {"width": 32, "alpha": 0.0, "max_iter": 150})
    sure = clone(net).fit(X_train, y_train)
    calibrated = CalibratedClassifierCV(net, method=method, cv=3).fit(X_train, y_train)
    assert calibrated.score(X_test, y_test) > 0.93
    loss = log_loss(y_test, calibrated.predict_proba(X_test))
    assert loss < 0.25
    assert method == "isotonic" or loss < log_loss(y_test, sure.predict_proba(X_test))


def test_bagging(wine):
    X_train, X_test, y_train, y_test = train_test_split(*wine, stratify=wine[1], random_state=0)
    bag = BaggingClassifier(
        classifier(random_state=None), n_estimators=4, max_features=0.8, oob_score=False, random_state=0
    )
    bag.fit(X_train, y_train)
    assert bag.score(X_test, y_test) > 0.9
    members = [net.predict_proba(X_test[:, columns]) for net, columns in zip(bag.estimators_, bag.estimators_features_)]
    assert_allclose(bag.predict_proba(X_test), np.mean(members, axis=0), rtol=1e-10)
    assert len({net.random_state for net in bag.estimators_}) == 4


@pytest.mark.filterwarnings("ignore:The row weights sum to:UserWarning")  # those of AdaBoost sum to one
def test_boosting_passes_sample_weights_on(wine):
    X, y = wine
    stump = classifier(depth=0, max_iter=3, learning_rate="constant")  # weak, but better than chance
    boosted = AdaBoostClassifier(stump, n_estimators=5, random_state=0).fit(X, y)
    assert boosted.score(X, y) > boosted.estimators_[0].score(X, y)


def test_voting(wine):
    X_train, X_test, y_train, y_test = train_test_split(*wine, stratify=wine[1], random_state=0)
    members = [(f"depth {d}", classifier(depth=d)) for d in (0, 1, 2)]
    vote = VotingClassifier(members, voting="soft").fit(X_train, y_train)
    each = [clone(net).fit(X_train, y_train).predict_proba(X_test) for _, net in members]
    assert_allclose(vote.predict_proba(X_test), np.mean(each, axis=0), rtol=1e-6)
    assert vote.score(X_test, y_test) > 0.9


def test_stacking(wine):
    members = [("net", classifier()), ("linear", classifier(depth=0))]
    stack = StackingClassifier(members, LogisticRegression(), cv=3)
    assert cross_val_score(stack, *wine, cv=3, error_score="raise").mean() > 0.9


def test_multi_output_classifier_fits_one_network_for_each_column(wine):
    X, y = wine
    Y = np.column_stack([y, X[:, 0] > 13.0])
    both = MultiOutputClassifier(classifier()).fit(X, Y)
    for column, net in enumerate(both.estimators_):
        alone = classifier().fit(X, Y[:, column])
        assert_allclose(net.predict_proba(X), alone.predict_proba(X), rtol=1e-6)
    assert both.score(X, Y) > 0.9


def test_one_network_for_many_labels_is_better_than_guessing():
    X, Y = make_multilabel_classification(300, n_classes=4, random_state=0)
    p = cross_val_predict(classifier(max_iter=60), X, Y, cv=3, method="predict_proba")
    assert p.shape == Y.shape
    accuracy = ((p > 0.5) == Y).mean()
    assert accuracy > np.maximum(Y.mean(axis=0), 1.0 - Y.mean(axis=0)).mean() + 0.05


def test_one_versus_rest(wine):
    assert cross_val_score(OneVsRestClassifier(classifier()), *wine, cv=3, error_score="raise").mean() > 0.9


def test_regressor_chain_and_transformed_target(diabetes):
    X, y = diabetes
    Y = np.column_stack([y, X[:, 2] * 100.0])
    chain = RegressorChain(regressor(), order=[1, 0]).fit(X, Y)
    assert chain.score(X, Y) > 0.6
    log_scale = TransformedTargetRegressor(regressor(), func=np.log, inverse_func=np.exp)
    assert cross_val_score(log_scale, X, y, cv=3, error_score="raise").mean() > 0.3


@pytest.mark.slow
def test_a_tuned_threshold_finds_more_rows_of_the_rare_class():
    X, y = make_classification(600, weights=[0.9], flip_y=0.1, random_state=0)
    net = classifier(depth=0)
    tuned = TunedThresholdClassifierCV(net, scoring="balanced_accuracy", cv=3).fit(X, y)
    assert tuned.best_threshold_ < 0.5
    assert tuned.predict(X).sum() > net.fit(X, y).predict(X).sum()
