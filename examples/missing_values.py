# %% [markdown]
# # Missing values
#
# X may contain NaN. The network replaces it by the mean of the column, and each column with missing values in training
# has an additional input that marks them. No imputer is needed.

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
at_random[rng.random(X.shape) < 0.3] = np.nan  # missing values do not depend on y
with_reason[(y == 1)[:, None] & (rng.random(X.shape) < 0.3)] = np.nan  # values are missing only in benign tumours

# %% [markdown]
# The network alone, compared with a pipeline that does the same by hand: impute, mark missing values, scale.

# %%
net = MLPClassifierScratch(width=32, max_iter=30, random_state=0)
by_hand = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler(), net)
without_marks = make_pipeline(SimpleImputer(), StandardScaler(), net)

print("Area under the ROC curve      missing at random    depends on y")
for name, model in (("the network alone", net), ("by hand", by_hand), ("by hand, without marks", without_marks)):
    scores = [cross_val_score(model, data, y, cv=5, scoring="roc_auc").mean() for data in (at_random, with_reason)]
    print(f"{name:<30}{scores[0]:>17.3f}{scores[1]:>16.3f}")

# %% [markdown]
# If a column without missing values in training has some in `predict`, they are replaced by the mean, with a warning
# that names the column. Infinite values are an error.
