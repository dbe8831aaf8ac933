# %% [markdown]
# # Missing values
#
# NaN in X is taken as it is: the network sees the mean of the column in its place, and for each column that had gaps in
# training an input that says where they were. There is nothing to impute by hand.

# %%
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch

X, y = load_breast_cancer(return_X_y=True)
X = X[:, :8]
rng = np.random.default_rng(0)
at_random, with_reason = X.copy(), X.copy()
at_random[rng.random(X.shape) < 0.3] = np.nan  # that a value is missing says nothing
with_reason[(y == 1)[:, None] & (rng.random(X.shape) < 0.3)] = np.nan  # less is measured of what is benign

# %% [markdown]
# Two lines of model, and beside them the pipeline that does the same by hand: impute, mark what was missing, scale.

# %%
net = MLPClassifierScratch(width=32, max_iter=30, random_state=0)
by_hand = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), net)
without_marks = make_pipeline(SimpleImputer(), StandardScaler(), net)

print("Area under the ROC curve      missing at random   with a reason")
for name, model in (("the network alone", net), ("by hand", by_hand), ("by hand, without marks", without_marks)):
    scores = [cross_val_score(model, data, y, cv=5, scoring="roc_auc").mean() for data in (at_random, with_reason)]
    print(f"{name:<30}{scores[0]:>17.3f}{scores[1]:>16.3f}")

# %% [markdown]
# Gaps that come up only later, in a column that had none in training, are filled by the mean, with a warning that names
# the column. Infinite values stay an error.
