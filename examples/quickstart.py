# %% [markdown]
# # Quickstart
#
# Three bundled data sets. For each: search depth and width by `GridSearchCV`, then score the winner by
# `cross_validate`. Beside it, scikit-learn's own multi-layer perceptron under the same protocol: the same nets to
# choose from, the same epochs, initial learning rate and penalty, the same folds, and a `StandardScaler` in both
# pipelines; the rest is what each package does by itself.

# %%
import os
import time
import warnings

from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch

# All nets get the same 50 epochs. That training could go on is known, and not worth a warning: neither here nor from
# the worker processes, which take their filters from the environment.
warnings.filterwarnings("ignore", category=ConvergenceWarning)
os.environ["PYTHONWARNINGS"] = "ignore:Stochastic Optimizer"

TRAINING = {"max_iter": 50, "learning_rate_init": 0.005, "alpha": 1.0, "random_state": 0}

# %% [markdown]
# The same five nets: `depth` and `width` for sknet, a list of sizes for scikit-learn. Without a hidden layer the width
# plays no part.

# %%
OURS = [{"net__depth": [0]}, {"net__depth": [1, 2], "net__width": [16, 64]}]
SIZES = [(), (16,), (64,), (16, 16), (64, 64)]

classifiers = {
    "sknet": (MLPClassifierScratch(**TRAINING), OURS),
    "scikit-learn": (MLPClassifier(**TRAINING), {"net__hidden_layer_sizes": SIZES}),
}

# sknet's regressor standardizes the targets itself; scikit-learn's needs a wrapper for that, and fails without it.
wrapped = TransformedTargetRegressor(MLPRegressor(**TRAINING), transformer=StandardScaler())
regressors = {
    "sknet": (MLPRegressorScratch(**TRAINING), OURS),
    "scikit-learn": (wrapped, {"net__regressor__hidden_layer_sizes": SIZES}),
}

tasks = {
    "breast cancer": (load_breast_cancer, classifiers, "accuracy", StratifiedKFold),
    "digits": (load_digits, classifiers, "accuracy", StratifiedKFold),
    "diabetes": (load_diabetes, regressors, "r2", KFold),
}


# %%
def size(parameters):
    """Return the winner of a search as depth x width."""
    if "net__depth" in parameters:
        depth, width = parameters["net__depth"], parameters.get("net__width")
    else:
        (sizes,) = parameters.values()
        depth, width = len(sizes), max(sizes, default=None)
    return f"{depth} x {width}" if depth else "linear"


def search_and_validate(net, grid, X, y, metric, Folds):
    """Return three cells of the table: size of the winner, score, seconds of a fit."""
    model = Pipeline([("scale", StandardScaler()), ("net", net)])
    folds = Folds(n_splits=3, shuffle=True, random_state=0)
    search = GridSearchCV(model, grid, scoring=metric, cv=folds, n_jobs=2).fit(X, y)
    # Other folds than those of the search: the winner won partly by luck on those.
    folds = Folds(n_splits=5, shuffle=True, random_state=1)
    result = cross_validate(search.best_estimator_, X, y, scoring=metric, cv=folds, n_jobs=2)
    score = result["test_score"]
    return size(search.best_params_), f"{score.mean():.3f} ± {score.std():.3f}", f"{result['fit_time'].mean():.3f}"


# %%
started = time.perf_counter()
rows = []
for name, (load, packages, metric, Folds) in tasks.items():
    X, y = load(return_X_y=True)
    print(f"{name}: {len(X)} rows, {X.shape[1]} features, 5 nets to choose from ...", flush=True)
    cells = [search_and_validate(net, grid, X, y, metric, Folds) for net, grid in packages.values()]
    rows.append((name, metric, *cells[0], *cells[1]))

print(f"\n{'':<26}{'sknet':<40}scikit-learn")
heads = ("data", "metric", *("depth x width", "score", "fit [s]") * 2)
for row in (heads, *rows):
    print("{:<15}{:<11}{:<15}{:<16}{:<9}{:<15}{:<16}{}".format(*row))
print(f"\nScores are means ± standard deviations over 5 folds. {time.perf_counter() - started:.0f} seconds in all.")
