# %% [markdown]
# # Prediction intervals with guaranteed coverage
#
# A network trained for the quantiles 0.05 and 0.95 predicts intervals that contain 90% of the targets of its training
# rows. They contain fewer targets of new rows, because a network fits its training rows better. Split conformal
# prediction sets rows aside, measures the errors of the predictions on them, and makes intervals of that length. On new
# rows of the same kind, these contain at least 90% of the targets on average, however good the network is. MAPIE does
# this for any scikit-learn regressor.

# %%
from importlib.util import find_spec

import numpy as np
from sklearn.datasets import load_diabetes, make_friedman1, make_friedman2
from sklearn.model_selection import train_test_split

from sknet import MLPRegressorScratch

CONFIDENCE = 0.9
SEEDS = range(3)
friedman1 = make_friedman1(1200, noise=2.0, random_state=0)
X, y = make_friedman2(1200, random_state=0)
SETS = {
    "diabetes": load_diabetes(return_X_y=True),
    "friedman1": friedman1,
    "friedman2, growing noise": (X, y + np.random.default_rng(0).normal(scale=0.2 * y)),
}


def held(low, high, y):
    """Return the share of the targets that lie in their intervals."""
    return np.mean((low <= y) & (y <= high))


def quantiles_alone(X, y, X_test, y_test, seed):
    """Return the share of new targets in the intervals between two predicted quantiles."""
    levels = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    net = MLPRegressorScratch(loss="quantile", quantile=levels, random_state=seed).fit(X, y)
    return held(*net.predict(X_test).T, y_test)


# %% [markdown]
# `SplitConformalRegressor` fits the network to some of the rows and measures its residuals on the others. Its score is
# the absolute residual, so all intervals have the same length. `ConformalizedQuantileRegressor` of MAPIE corrects
# predicted quantiles, so its intervals are longer where the noise is larger.


# %%
def conformal(X, y, X_test, y_test, seed):
    """Return the share of new targets in the intervals of split conformal prediction."""
    from mapie.regression import SplitConformalRegressor

    X_train, X_own, y_train, y_own = train_test_split(X, y, test_size=0.3, random_state=seed)
    mapie = SplitConformalRegressor(MLPRegressorScratch(random_state=seed), confidence_level=CONFIDENCE, prefit=False)
    mapie.fit(X_train, y_train).conformalize(X_own, y_own)
    _, intervals = mapie.predict_interval(X_test)
    return held(intervals[:, 0, 0], intervals[:, 1, 0], y_test)


# %%
METHODS = {"quantiles only": quantiles_alone}
if find_spec("mapie") is None:
    print("mapie is not installed, so only quantiles are shown: pip install mapie\n")
else:
    METHODS["conformal"] = conformal

print(f"Share of new targets in intervals of {CONFIDENCE:.0%}: mean over {len(SEEDS)} splits")
print(f"{'':<30}" + "".join(f"{name:>17}" for name in METHODS))
for name, (X, y) in SETS.items():
    splits = [train_test_split(X, y, test_size=0.4, random_state=seed) for seed in SEEDS]
    shares = [
        [
            method(X_train, y_train, X_test, y_test, seed)
            for seed, (X_train, X_test, y_train, y_test) in enumerate(splits)
        ]
        for method in METHODS.values()
    ]
    print(f"{name:<30}" + "".join(f"{np.mean(of_method):>17.3f}" for of_method in shares))
