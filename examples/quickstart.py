# %% [markdown]
# # Quickstart
#
# This script compares three learners on four data sets: a survey of people (numbers, eight columns of text, missing
# values), and three sets that scikit-learn contains. The protocol is the same for all. `GridSearchCV` with three folds
# chooses one of four candidates: depth and width of networks, learning rate and size of trees. Then `cross_validate`
# scores the choice in five other folds. All other parameters have the defaults of each package. Seeds are 0 for
# learners and for the folds of the search, and 1 for the folds of the scores.

# %%
import os
import time
import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from sklearn.compose import TransformedTargetRegressor, make_column_transformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV, KFold, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

from sknet import LossCurveDisplay, MLPClassifierScratch, MLPRegressorScratch

# scikit-learn's network warns if 200 epochs were too few. The warning is silenced here and in the worker processes,
# which read their filters from the environment.
warnings.filterwarnings("ignore", category=ConvergenceWarning)
os.environ["PYTHONWARNINGS"] = "ignore:Stochastic Optimizer"

# %% [markdown]
# The grids: `depth` and `width` for sknet, the same sizes as tuples for scikit-learn's network.

# %%
OURS = {"net__depth": [1, 2], "net__width": [32, 64]}
SIZES = [(32,), (64,), (32, 32), (64, 64)]
THEIRS = {"net__hidden_layer_sizes": SIZES}
TREES = {"net__learning_rate": [0.05, 0.1], "net__max_leaf_nodes": [15, 31]}

# %% [markdown]
# For numbers, all learners have the same pipeline. scikit-learn's regressor also needs a scaled target, and fails
# without; sknet's regressor standardizes the target itself.

# %%
scaled = StandardScaler()
classifiers = {
    "sknet": (scaled, MLPClassifierScratch(random_state=0), OURS),
    "scikit-learn MLP": (scaled, MLPClassifier(random_state=0), THEIRS),
    "boosted trees": (scaled, HistGradientBoostingClassifier(random_state=0), TREES),
}
wrapped = TransformedTargetRegressor(MLPRegressor(random_state=0), transformer=StandardScaler())
regressors = {
    "sknet": (scaled, MLPRegressorScratch(random_state=0), OURS),
    "scikit-learn MLP": (scaled, wrapped, {"net__regressor__hidden_layer_sizes": SIZES}),
    "boosted trees": (scaled, HistGradientBoostingRegressor(random_state=0), TREES),
}

# %% [markdown]
# The data set with text: does a person earn more than 50,000 dollars a year? sknet takes the text without encoding (of
# a data frame, it would also recognize the text columns itself). The other learners need encoded text.

# %%
path = Path(__file__).parent / "data" / "adult_sample.csv"
table = np.loadtxt(path, dtype=object, delimiter=",", skiprows=1, encoding="utf-8")
people, earns_more = table[:, :-1], table[:, -1] == ">50K"
text = np.ones(people.shape[1], dtype=bool)
text[[0, 2, 4, 10, 11, 12]] = False  # age, weight in the survey, years of education, capital gain and loss, hours
people[:, ~text] = people[:, ~text].astype(float)
people[people == ""] = None

one_hot = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), text), (StandardScaler(), ~text))
codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
coded = make_column_transformer((codes, text), ("passthrough", ~text))
trees = HistGradientBoostingClassifier(categorical_features=np.arange(text.sum()), random_state=0)
for_text = {
    "sknet": ("passthrough", MLPClassifierScratch(categorical_features=text, random_state=0), OURS),
    "scikit-learn MLP": (one_hot, MLPClassifier(random_state=0), THEIRS),
    "boosted trees": (coded, trees, TREES),
}

tasks = {
    "adult, a sample": (people, earns_more, for_text),
    "breast cancer": (*load_breast_cancer(return_X_y=True), classifiers),
    "wine": (*load_wine(return_X_y=True), classifiers),
    "diabetes": (*load_diabetes(return_X_y=True), regressors),
}


# %%
def search_and_judge(prepare, net, grid, X, y):
    """Return the search, the two scores of its choice in each fold, and the seconds of one fit of the choice."""
    classify = hasattr(net, "predict_proba")
    Folds = StratifiedKFold if classify else KFold
    scoring = ("accuracy", "neg_log_loss") if classify else ("r2", "neg_root_mean_squared_error")
    model = Pipeline([("prepare", prepare), ("net", net)])
    folds = Folds(n_splits=3, shuffle=True, random_state=0)
    search = GridSearchCV(model, grid, scoring=scoring[1], cv=folds, n_jobs=2).fit(X, y)
    # Other folds than in the search, because the choice was partly luck on the folds of the search.
    folds = Folds(n_splits=5, shuffle=True, random_state=1)
    result = cross_validate(search.best_estimator_, X, y, scoring=scoring, cv=folds, n_jobs=2)
    return search, [result[f"test_{name}"] for name in scoring], result["fit_time"].mean()


started = time.perf_counter()
searches = {}
for name, (X, y, learners) in tasks.items():
    score, loss = ("R2", "RMSE") if y.dtype == float else ("accuracy", "log-loss")
    print(f"\n{f'{name}: {X.shape[0]} x {X.shape[1]}':<27}{'choice':<12}{score:<13}{loss:>9}{'fit [s]':>10}")
    for learner, parts in learners.items():
        search, (scores, losses), seconds = search_and_judge(*parts, X, y)
        choice = " ".join(str(value) for value in search.best_params_.values())
        cells = f"{choice:<12}{scores.mean():.3f} ± {scores.std():.3f}{-losses.mean():9.3f}{seconds:10.2f}"
        print(f"  {learner:<25}{cells}", flush=True)
        searches[name, learner] = search
print(f"\nMeans ± standard deviations over 5 folds. {time.perf_counter() - started:.0f} seconds in all.")

# %% [markdown]
# A picture shows how the chosen network was trained on the data set with text: its loss on training and on validation
# rows, and the epoch whose weights were kept. It needs matplotlib: `pip install -e ".[plot]"`.

# %%
if find_spec("matplotlib") is None:
    print('matplotlib is not installed, so there is no picture: pip install -e ".[plot]"')
else:
    winner = searches["adult, a sample", "sknet"].best_estimator_
    LossCurveDisplay.from_estimator(winner).figure_.savefig("quickstart.png", dpi=100)
    print("Picture of the loss curves of sknet on adult: quickstart.png")
