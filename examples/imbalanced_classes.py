# %% [markdown]
# # A rare class
#
# Four rows in a hundred belong to the class of interest. Then accuracy says little: a model that never predicts this
# class is right for 96 rows in a hundred. There are two remedies, with different effects on the probabilities:
#
# * With `class_weight`, the rare class has more weight in training. The model finds more rows of it, and its predicted
#   probabilities are too high.
# * A tuned threshold changes only the decision; training and probabilities stay the same.

# %%
import numpy as np
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, f1_score, log_loss, make_scorer, precision_score, recall_score
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split
from sklearn.utils.class_weight import compute_sample_weight

from sknet import MLPClassifierScratch

X, y = make_classification(
    6000, n_features=12, n_informative=6, n_clusters_per_class=3, weights=[0.97], class_sep=1.2, flip_y=0.02,
    random_state=0,
)  # fmt: skip
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
print(f"{len(y_train)} rows to train on, {y_train.sum()} of them of the rare class")

# No label smoothing, because it increases the predicted probability of a rare class.
net = MLPClassifierScratch(width=64, max_iter=30, label_smoothing=0.0, random_state=0)
models = {
    "no remedy": net.fit(X_train, y_train),
    "class weights": MLPClassifierScratch(**net.get_params() | {"class_weight": "balanced"}).fit(X_train, y_train),
    "tuned threshold": TunedThresholdClassifierCV(net, scoring="f1", cv=3, random_state=0).fit(X_train, y_train),
}

# %% [markdown]
# Average precision sums up the curve of precision against recall over all thresholds: it depends only on the order of
# the rows by probability, so a threshold does not change it. The log-loss measures the probabilities. Precision, recall
# and F1 measure the decisions.

# %%
print("\nOn new rows       average precision   log-loss   precision   recall      F1   mean probability")
for name, model in models.items():
    p, decision = model.predict_proba(X_test)[:, 1], model.predict(X_test)
    line = f"{name:<18}{average_precision_score(y_test, p):>17.3f}{log_loss(y_test, p):>11.3f}"
    line += f"{precision_score(y_test, decision):>12.3f}{recall_score(y_test, decision):>9.3f}"
    print(line + f"{f1_score(y_test, decision):>8.3f}{p.mean():>19.3f}")
print(f"{'true share of the rare class':<76}{y_test.mean():>18.3f}")
print(f"\nthe tuned threshold is {models['tuned threshold'].best_threshold_:.2f} instead of 0.5")

# %% [markdown]
# Class weights are sample weights: sample weights with the same number for each row of a class train the same network.
# With sample weights, each row can have a weight of its own, such as an amount of money.

# %%
by_rows = MLPClassifierScratch(**net.get_params())
by_rows.fit(X_train, y_train, sample_weight=compute_sample_weight("balanced", y_train))
difference = np.abs(by_rows.predict_proba(X_test) - models["class weights"].predict_proba(X_test)).max()
print(f"largest difference between class weights and the same sample weights: {difference:.0e}")
assert difference < 1e-12

# %% [markdown]
# If costs are known, tune the threshold for them. Here, a missed row of the rare class costs as much as twenty false
# alarms.


# %%
def minus_cost(y, decision):
    """Return minus the mean cost of the decisions, so that larger is better."""
    return -(20.0 * np.sum((y == 1) & (decision == 0)) + np.sum((y == 0) & (decision == 1))) / len(y)


by_cost = TunedThresholdClassifierCV(net, scoring=make_scorer(minus_cost), cv=3, random_state=0).fit(X_train, y_train)
print(f"\nMean cost of a row: {-minus_cost(y_test, net.predict(X_test)):.3f} with the threshold 0.5, ", end="")
print(f"{-minus_cost(y_test, by_cost.predict(X_test)):.3f} with the tuned threshold {by_cost.best_threshold_:.2f}")
