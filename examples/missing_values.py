# %% [markdown]
# # Missing values
#
# Missing values in X are an error: what should stand in for them depends on the data, so it is a step of its own in
# the pipeline. `SimpleImputer` fills them in; `add_indicator=True` keeps what was missing as further columns, which a
# network can learn from.

# %%
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.impute import SimpleImputer
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from sknet import MLPRegressorScratch

X, y = load_diabetes(return_X_y=True)
rng = np.random.default_rng(0)
X[rng.random(X.shape) < 0.1] = np.nan
net = MLPRegressorScratch(
    width=32, alpha=1.0, learning_rate="cosine", learning_rate_init=0.01, max_iter=60, random_state=0
)

try:
    net.fit(X, y)
except ValueError as error:
    print("Without a pipeline:", str(error).split("\n")[0])

# %%
for add_indicator in (False, True):
    model = make_pipeline(SimpleImputer(add_indicator=add_indicator), net)
    scores = cross_val_score(model, X, y, cv=5)
    print(f"SimpleImputer(add_indicator={add_indicator!s:5}): R2 {scores.mean():.3f} ± {scores.std():.3f}")
