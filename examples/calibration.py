# %% [markdown]
# # Are the probabilities right?
#
# Of the rows with a predicted probability of 0.8, eight in ten should belong to the class. A network that is trained
# for long and without regularization predicts probabilities that are too close to 0 and 1. The defaults (dropout,
# weight decay, early stopping by the loss, averages over updates and over four networks) reduce this.
# `CalibratedClassifierCV` corrects the probabilities of a network on rows that it was not trained on.

# %%
from importlib.util import find_spec

import numpy as np
from sklearn.calibration import CalibratedClassifierCV, calibration_curve
from sklearn.datasets import make_classification
from sklearn.metrics import brier_score_loss, log_loss
from sklearn.model_selection import train_test_split

from sknet import MLPClassifierScratch

X, y = make_classification(6000, n_features=12, n_informative=6, flip_y=0.3, class_sep=0.8, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=1000, random_state=0)

UNRESTRAINED = {
    "dropout": 0.0, "weight_decay": 0.0, "label_smoothing": 0.0, "alpha": 0.0, "early_stopping": False, "n_members": 1,
    "averaging": 0.0,
}  # fmt: skip
sure = MLPClassifierScratch(**UNRESTRAINED, max_iter=100, random_state=0)
models = {
    "no regularization": sure,
    "with the defaults": MLPClassifierScratch(random_state=0),
    "calibrated, sigmoid": CalibratedClassifierCV(sure, method="sigmoid", cv=4, ensemble=False),
    "calibrated, isotonic": CalibratedClassifierCV(sure, method="isotonic", cv=4, ensemble=False),
}
probabilities = {name: model.fit(X_train, y_train).predict_proba(X_test)[:, 1] for name, model in models.items()}

# %% [markdown]
# The log-loss and the Brier score measure the quality of probabilities; smaller is better. The last column sorts the
# rows by predicted probability into ten groups, and is the mean difference between predicted and true share of class 1.


# %%
def distance(p):
    """Return the mean difference between predicted and true share of class 1, in ten groups of equally many rows."""
    truth, promise = calibration_curve(y_test, p, n_bins=10, strategy="quantile")
    return np.abs(truth - promise).mean()


print("On new rows             accuracy   log-loss   Brier score         calibration error")
for name, p in probabilities.items():
    line = f"{name:<24}{np.mean((p > 0.5) == y_test):>8.3f}{log_loss(y_test, p):>11.3f}"
    print(line + f"{brier_score_loss(y_test, p):>14.3f}{distance(p):>26.3f}")

print("\nShare of class 1 among the rows with a predicted probability of 0.9 or more")
for name, p in probabilities.items():
    print(f"{name:<24}predicted {p[p >= 0.9].mean():.3f}, true {y_test[p >= 0.9].mean():.3f}")
assert distance(probabilities["calibrated, sigmoid"]) < distance(probabilities["no regularization"])

# %% [markdown]
# The picture needs matplotlib: `pip install -e ".[plot]"`. On the diagonal, the probabilities are right.


# %%
def picture(path):
    """Draw the curves of scikit-learn's display, one for each model."""
    from matplotlib.figure import Figure
    from sklearn.calibration import CalibrationDisplay

    figure = Figure(figsize=(6, 5), layout="constrained")
    ax = figure.subplots()
    for name, p in probabilities.items():
        CalibrationDisplay.from_predictions(y_test, p, n_bins=10, strategy="quantile", name=name, ax=ax)
    ax.set(xlabel="predicted probability", ylabel="true share of class 1")
    figure.savefig(path, dpi=100)


if find_spec("matplotlib") is None:
    print('\nmatplotlib is not installed: pip install -e ".[plot]"')
else:
    picture("calibration.png")
    print("\nPicture: calibration.png")
