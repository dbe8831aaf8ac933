# %% [markdown]
# # 8. Forward propagation and errors
#
# The course: forward propagation pushes the inputs through the net, layer by layer. The outputs are compared with the
# targets to form the errors. This is done in each epoch.

# %%
import warnings

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.exceptions import ConvergenceWarning

from sknet import ACTIVATIONS, MLPRegressorScratch

# 30 epochs are enough to see the loss fall, so the warning that training has not converged is silenced.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

X, y = load_diabetes(return_X_y=True)
# The net has one member and no embedding. There is no early stopping and no averaging, so all rows are training rows,
# and the weights are those after the last update.
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
# Forward propagation by hand. `coefs_` and `intercepts_` are all that this needs.

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
# The errors are outputs minus targets. The loss is one number: half the mean of their squares. The net is trained on
# standardized targets, so a prediction of the mean has a loss of 0.5.

# %%
errors = (a[:, 0] - y) / y.std()
print("\n   output   target    error")
for output, target in zip(a[:4, 0], y):
    print(f"{output:>9.1f}{target:>9.1f}{output - target:>9.1f}")
print(f"half the mean squared error, standardized: {0.5 * np.mean(errors**2):.4f}")

# %% [markdown]
# `loss_curve_` is the loss of each epoch, measured while the weights change, and including the small penalty on large
# weights. Its last number is close to the number above.

# %%
print("\nepoch    loss")
for epoch, loss in enumerate(net.loss_curve_, start=1):
    if epoch == 1 or epoch % 3 == 0:
        print(f"{epoch:>5}  {loss:.4f}  {'#' * round(80 * loss)}")
