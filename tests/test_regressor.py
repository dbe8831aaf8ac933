"""The regressor: forms and sizes of targets, linear models, learning, `partial_fit` and early stopping."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from oracles import PlainRegressor, poisson, squared_error
from sklearn.base import is_regressor
from sklearn.datasets import load_diabetes
from sklearn.exceptions import DataConversionWarning
from sklearn.linear_model import LinearRegression, PoissonRegressor, Ridge
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split

from sknet import MLPRegressorScratch

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

SMALL = {"width": 8, "max_iter": 10, "random_state": 0, "learning_rate_init": 0.01}
RNG = np.random.default_rng(0)
N = 150
RAW = RNG.standard_normal((N, 4))
X = RAW * [1.0, 20.0, 0.1, 1.0] + [0.0, 100.0, 0.0, 5.0]
Y2 = RAW @ RNG.standard_normal((4, 2)) * [1.0, 50.0] + [3.0, -200.0] + 0.2 * RNG.standard_normal((N, 2)) * [1.0, 50.0]
Y = Y2[:, 0]
WEIGHTS = RNG.choice([0.0, 0.3, 1.0, 2.5], N)
SOLVER = pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
EXACT = {"depth": 0, "solver": "lbfgs", "tol": 1e-9, "max_iter": 5000}


# Outputs


@SOLVER
def test_shapes(solver):
    one = MLPRegressorScratch(solver=solver, **SMALL).fit(X, Y)
    assert one.predict(X).shape == (N,)
    assert one.n_outputs_ == 1
    assert one.out_activation_ == "identity"
    with pytest.warns(DataConversionWarning, match="column-vector"):
        column = MLPRegressorScratch(solver=solver, **SMALL).fit(X, Y[:, None])
    assert_array_equal(column.predict(X), one.predict(X))
    two = MLPRegressorScratch(solver=solver, **SMALL).fit(X, Y2)
    assert two.predict(X).shape == (N, 2)
    assert two.n_outputs_ == 2
    assert two.score(X, Y2) == r2_score(Y2, two.predict(X))


@pytest.mark.parametrize(
    "y", [Y2.tolist(), np.asfortranarray(Y2), Y2.astype(np.float32), np.repeat(Y2, 2, axis=1)[:, ::2]]
)
def test_targets_in_any_form(y):
    expected = MLPRegressorScratch(**SMALL).fit(X, Y2).predict(X)
    assert_allclose(MLPRegressorScratch(**SMALL).fit(X, y).predict(X), expected, rtol=1e-4)


def test_targets_as_frame_and_series():
    pd = pytest.importorskip("pandas")
    expected = MLPRegressorScratch(**SMALL).fit(X, Y2).predict(X)
    assert_allclose(MLPRegressorScratch(**SMALL).fit(X, pd.DataFrame(Y2)).predict(X), expected, rtol=1e-10)
    expected = MLPRegressorScratch(**SMALL).fit(X, Y).predict(X)
    assert_array_equal(MLPRegressorScratch(**SMALL).fit(X, pd.Series(Y)).predict(X), expected)


def test_integer_targets_are_numbers():
    y = np.rint(Y).astype(int)
    assert_array_equal(
        MLPRegressorScratch(**SMALL).fit(X, y).predict(X),
        MLPRegressorScratch(**SMALL).fit(X, y.astype(float)).predict(X),
    )


def test_it_is_a_regressor():
    assert is_regressor(MLPRegressorScratch())


# Against linear models


@pytest.mark.parametrize("standardize", [False, True])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("y", [Y, Y2], ids=["one", "two"])
def test_depth_0_is_least_squares(y, weights, standardize):
    data = X if standardize else RAW
    mlp = MLPRegressorScratch(alpha=0.0, standardize=standardize, **EXACT).fit(data, y, weights)
    ols = LinearRegression().fit(data, y, weights)
    # L-BFGS stops when the loss falls by less than 2e-9. The error of coefficients is then about the root of that.
    assert_allclose(mlp.predict(data), ols.predict(data), rtol=0, atol=2e-4 * y.std(axis=0).max())
    assert_allclose(
        mlp.coefs_[0].T.reshape(ols.coef_.shape) * data.std(axis=0),
        ols.coef_ * data.std(axis=0),
        atol=2e-4 * y.std(axis=0).max(),
    )
    best, reached = (
        np.average(
            squared_error(y.reshape(N, -1) / y.std(axis=0), m.predict(data).reshape(N, -1) / y.std(axis=0)),
            weights=weights,
        )
        for m in (ols, mlp)
    )
    assert reached == pytest.approx(best, rel=1e-5 if not standardize else 1e-7)


@pytest.mark.parametrize("alpha", [0.1, 30.0])
@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
def test_depth_0_is_ridge_regression(weights, alpha):
    mlp = MLPRegressorScratch(alpha=alpha, standardize=False, **EXACT).fit(RAW, Y, weights)
    ridge = Ridge(alpha=alpha, tol=1e-12).fit(RAW, Y, weights)
    assert_allclose(mlp.coefs_[0][:, 0], ridge.coef_, atol=1e-4)
    assert_allclose(mlp.intercepts_[0][0], ridge.intercept_, atol=2e-4)


@pytest.mark.parametrize("weights", [None, WEIGHTS], ids=["", "weighted"])
@pytest.mark.parametrize("alpha", [0.0, 0.05])
def test_depth_0_is_poisson_regression(alpha, weights):
    counts = np.random.default_rng(1).poisson(np.exp(0.4 * RAW[:, 0] - 0.2 * RAW[:, 1] + 1.0)).astype(float)
    total = N if weights is None else weights.sum()
    mlp = MLPRegressorScratch(loss="poisson", alpha=alpha * total, standardize=False, **EXACT).fit(RAW, counts, weights)
    glm = PoissonRegressor(alpha=alpha, tol=1e-10, max_iter=5000).fit(RAW, counts, weights)
    assert_allclose(mlp.predict(RAW), glm.predict(RAW), rtol=5e-4)
    assert mlp.score(RAW, counts) == pytest.approx(r2_score(counts, mlp.predict(RAW)))
    assert mlp.out_activation_ == "exp"
    z = np.log(mlp.predict(RAW))[:, None]
    data_loss = np.average(poisson(counts[:, None], z), weights=weights)
    assert mlp.loss_curve_[-1] - mlp.penalty_curve_[-1] == pytest.approx(data_loss, rel=1e-9)


@SOLVER
def test_poisson_predictions_are_positive(solver):
    counts = np.random.default_rng(1).poisson(0.3, (N, 2))  # two targets that are mostly zero
    mlp = MLPRegressorScratch(loss="poisson", solver=solver, **SMALL).fit(X, counts)
    assert mlp.predict(X).shape == (N, 2)
    assert mlp.predict(X).min() > 0.0
    mlp = MLPRegressorScratch(loss="poisson", solver=solver, **SMALL).fit(X, np.zeros(N))
    assert np.isfinite(mlp.predict(X)).all()


def test_at_depth_0_two_outputs_are_two_models():
    """At depth 0 and without a penalty, the outputs share no weights."""
    both = MLPRegressorScratch(alpha=0.0, **EXACT).fit(X, Y2)
    for k in range(2):
        alone = MLPRegressorScratch(alpha=0.0, **EXACT).fit(X, Y2[:, k])
        assert_allclose(both.predict(X)[:, k], alone.predict(X), atol=2e-4 * Y2[:, k].std())


# Standardized targets


def test_the_loss_is_that_of_standardized_targets():
    """The loss of predicting the mean is one half in these units, whatever the units of y."""
    mlp = MLPRegressorScratch(
        alpha=0.0, width=1, max_iter=1, learning_rate_init=1e-300, early_stopping=False, random_state=0
    )  # all rows are training rows
    for scale in (1e-8, 1.0, 1e8):
        mlp.fit(X, Y * scale + 7 * scale)
        z = (mlp.predict(X) / scale - 7 - Y.mean()) / Y.std()
        assert mlp.loss_ == pytest.approx(np.mean((z - (Y - Y.mean()) / Y.std()) ** 2) / 2, rel=1e-6)


@SOLVER
@pytest.mark.parametrize("value", [0.0, 7.0, -1e6, 1 / 3])
def test_constant_targets_are_predicted(solver, value):
    mlp = MLPRegressorScratch(solver=solver, **SMALL | {"max_iter": 200}).fit(X, np.full(N, value))
    assert_allclose(mlp.predict(X), value, atol=0.3)
    assert np.isfinite(mlp.loss_curve_).all()


@pytest.mark.parametrize(("scale", "offset"), [(1e-6, 0.0), (1e6, 1e9), (1e-3, -1e3)])
def test_targets_of_any_size_are_learned_equally_well(scale, offset):
    parameters = SMALL | {"max_iter": 40}
    expected = MLPRegressorScratch(**parameters).fit(X, Y).score(X, Y)
    y = Y * scale + offset
    assert MLPRegressorScratch(**parameters).fit(X, y).score(X, y) == pytest.approx(expected, abs=1e-4)


# Learning


def test_it_learns_with_defaults():
    Xd, yd = load_diabetes(return_X_y=True)
    X_train, X_test, y_train, y_test = train_test_split(Xd, yd, random_state=0)
    mlp = MLPRegressorScratch(random_state=0, max_iter=100).fit(X_train, y_train)
    linear = LinearRegression().fit(X_train, y_train)
    assert mlp.score(X_test, y_test) > linear.score(X_test, y_test) - 0.1 > 0.2


@pytest.mark.parametrize("activation", ["relu", "tanh", "silu"])
@SOLVER
def test_it_learns_a_nonlinear_function(solver, activation):
    x = np.linspace(-3, 3, 200)[:, None]
    y = np.sin(2 * x[:, 0])
    mlp = MLPRegressorScratch(
        solver=solver,
        activation=activation,
        width=30,
        depth=2,
        learning_rate_init=0.03,
        batch_size=32,
        max_iter=200,
        random_state=0,
    )
    assert mlp.fit(x, y).score(x, y) > 0.95 > 2 * LinearRegression().fit(x, y).score(x, y)


def test_partial_fit_learns_from_a_stream():
    mlp = PlainRegressor(**SMALL)
    for i in range(300):
        rows = np.random.default_rng(i).integers(0, N, 30)
        mlp.partial_fit(X[rows], Y2[rows])
    assert mlp.score(X, Y2) > 0.8
    assert mlp.n_iter_ == 300
    assert mlp.t_ == 9000


def test_early_stopping_uses_r2():
    mlp = MLPRegressorScratch(early_stopping=True, **SMALL | {"max_iter": 60}).fit(X, Y2)
    assert mlp.best_validation_score_ == max(mlp.validation_scores_) <= 1.0
    assert mlp.validation_scores_[0] < mlp.validation_scores_[-1]


def test_boolean_targets_are_numbers():
    data = np.random.default_rng(0).standard_normal((200, 3))
    truth = data[:, 0] > 0
    one, other = (MLPRegressorScratch(max_iter=3, random_state=0).fit(data, y) for y in (truth, truth * 1.0))
    assert_array_equal(one.predict(data), other.predict(data))
    assert one.validation_scores_ == other.validation_scores_
