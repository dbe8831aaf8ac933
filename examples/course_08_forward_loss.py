# %% [markdown]
# # 8. Forward propagation and the errors
#
# The course: forward propagation pushes the inputs through the net, layer by layer. The outputs are compared with the
# targets to form the errors. This is done in each epoch.

# %%
import warnings

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning

from sknet import ACTIVATIONS, MLPRegressorScratch

# 30 epochs are enough to see the loss fall. That training could go on is known, and not worth a warning.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

X, y = load_diabetes(return_X_y=True)
# A plain net: one, and nothing between the inputs and its first layer. Without early stopping and averages all rows are
# trained on, and the weights are those of the last epoch.
PLAIN = {
    "n_members": 1,
    "embedding": None,
    "standardize": True,
    "averaging": 0.0,
    "early_stopping": False,
    "dtype": None,
}
net = MLPRegressorScratch(depth=2, width=16, activation="tanh", **PLAIN, max_iter=30, random_state=0).fit(X, y)

# %% [markdown]
# Forward propagation by hand. `coefs_` and `intercepts_` are all there is to a net.

# %%
f = ACTIVATIONS[net.activation]
a = X
print("Forward propagation")
print(f"  inputs          {a.shape}")
for i, (W, b) in enumerate(zip(net.coefs_, net.intercepts_)):
    z = a @ W + b
    a = f(z) if i < net.depth_ else z
    print(f"  after layer {i + 1}   {a.shape}")
print(f"  largest difference from net.predict: {np.abs(a[:, 0] - net.predict(X)).max():.0e}")

# %% [markdown]
# The errors are outputs minus targets. The loss makes one number of them: half the mean square. The net learns on
# standardized targets, so that a loss of 0.5 is as good as predicting the mean.

# %%
errors = (a[:, 0] - y) / y.std()
print("\n   output   target    error")
for output, target in zip(a[:4, 0], y):
    print(f"{output:>9.1f}{target:>9.1f}{output - target:>9.1f}")
print(f"half the mean squared error, standardized: {0.5 * np.mean(errors**2):.4f}")

# %% [markdown]
# `loss_curve_` is the loss of each epoch, taken while the weights move, with the small penalty on large weights
# included. Its last number is close to the one above.

# %%
print("\nepoch    loss")
for epoch, loss in enumerate(net.loss_curve_, start=1):
    if epoch == 1 or epoch % 3 == 0:
        print(f"{epoch:>5}  {loss:.4f}  {'#' * round(80 * loss)}")
