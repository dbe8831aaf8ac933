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
complete = X.copy()
X[rng.random(X.shape) < 0.1] = np.nan  # at random: that a value is missing says nothing
net = MLPRegressorScratch(
    width=32, alpha=1.0, learning_rate="cosine", learning_rate_init=0.01, max_iter=60, random_state=0
)

try:
    net.fit(X, y)
except ValueError as error:
    print("Without a pipeline:", str(error).split("\n")[0])

# %% [markdown]
# Whether the indicators help depends on why values are missing. At random, they are noise. Where a measurement is left
# out for a reason, here a blood serum of half of those whom the disease has got far with, they tell of the reason.

# %%
with_reason = complete
with_reason[(y > 200) & (rng.random(len(y)) < 0.5), 5] = np.nan

print("\nR2                                      missing at random   with a reason")
for add_indicator in (False, True):
    model = make_pipeline(SimpleImputer(add_indicator=add_indicator), net)
    line = f"SimpleImputer(add_indicator={add_indicator!s:5})"
    for data in (X, with_reason):
        line += f"{cross_val_score(model, data, y, cv=5).mean():>19.3f}"
    print(line)
