# %% [markdown]
# # Quantile regression
#
# One network predicts several quantiles: it has an output for each, and outputs are sorted, so that they never cross.
# The band between the 5% and the 95% quantile should contain nine targets in ten, also of new rows, and be wide where
# the noise is large.

# %%
import numpy as np
from sklearn.model_selection import train_test_split

from sknet import MLPRegressorScratch

rng = np.random.default_rng(0)
x = rng.uniform(0, 10, 4000)
y = np.sin(x) + (0.1 + 0.08 * x) * rng.standard_normal(x.size)  # the noise grows with x
x_train, x_test, y_train, y_test = train_test_split(x[:, None], y, random_state=0)

net = MLPRegressorScratch(
    loss="quantile", quantile=(0.05, 0.5, 0.95), depth=2, width=32, activation="tanh",
    learning_rate="cosine", learning_rate_init=0.01, max_iter=100, random_state=0,
).fit(x_train, y_train)  # fmt: skip
low, median, high = net.predict(x_test).T

print(f"below the lower quantile  {np.mean(y_test < low):.3f}   (should be 0.05)")
print(f"below the median          {np.mean(y_test < median):.3f}   (0.50)")
print(f"below the upper quantile  {np.mean(y_test < high):.3f}   (0.95)")
print(f"quantiles that cross      {np.sum((low > median) | (median > high))}")

# %% [markdown]
# For normal noise of standard deviation s, the band should be 3.29 s wide.

# %%
print("\n   x   width of the band   3.29 s")
for value in (1.0, 5.0, 9.0):
    a, _, b = net.predict([[value]])[0]
    print(f"{value:4.0f}{b - a:17.2f}{3.29 * (0.1 + 0.08 * value):11.2f}")
