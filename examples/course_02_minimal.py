# %% [markdown]
# # 2. The minimal example
#
# The course: the smallest network has an input layer and an output layer only. It has no depth. Its output is a linear
# combination of the inputs.
#
# In sknet that is `depth=0`. The regressor is then ordinary least squares, and the classifier is logistic regression.
# This script compares both with scikit-learn's linear models, on data that scikit-learn contains.

# %%
import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sknet import MLPClassifierScratch, MLPRegressorScratch

LINEAR = {"depth": 0, "solver": "lbfgs", "tol": 1e-8, "max_iter": 1000, "random_state": 0}

# %% [markdown]
# Without penalty (`alpha=0`), the regressor is ordinary least squares.

# %%
X, y = load_diabetes(return_X_y=True)
net = MLPRegressorScratch(**LINEAR, alpha=0.0).fit(X, y)
theirs = LinearRegression().fit(X, y)
difference = np.abs(net.predict(X) - theirs.predict(X)).max()

print("Largest difference of predictions")
print(f"  diabetes       LinearRegression    {difference:.1e}   (targets from {y.min():.0f} to {y.max():.0f})")

# %% [markdown]
# `alpha` is the inverse of the `C` of `LogisticRegression`. The effect of a penalty depends on the scale of the inputs.
# The net standardizes its inputs; `LogisticRegression` needs a `StandardScaler`.

# %%
for name, load in (("breast cancer", load_breast_cancer), ("wine", load_wine)):
    X, y = load(return_X_y=True)
    net = MLPClassifierScratch(**LINEAR, alpha=1.0).fit(X, y)
    theirs = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, tol=1e-8, max_iter=1000)).fit(X, y)
    difference = np.abs(net.predict_proba(X) - theirs.predict_proba(X)).max()
    print(f"  {name:<13}  LogisticRegression  {difference:.1e}   (probabilities)")

# %% [markdown]
# The network has one matrix of weights and one vector of biases, for raw inputs.

# %%
print(f"\nThe net on wine: depth {net.depth_}, weights {net.coefs_[0].shape}, biases {net.intercepts_[0].shape}")
