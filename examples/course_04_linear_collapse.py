# %% [markdown]
# # 4. Why non-linearities
#
# The course: without non-linearities, stacking layers is pointless. `h = x W1` followed by `y = h W2` is `y = x W` with
# `W = W1 W2`. With shapes 8x9 and 9x4 the product is 8x4.
#
# In sknet `activation="identity"` is a net without non-linearities, and `collapse_linear` merges its layers.

# %%
import warnings

import numpy as np
from sklearn.datasets import load_digits, make_circles
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from sknet import MLPClassifierScratch, collapse_linear

# Every net is trained for the same 60 epochs, so warnings that training has not converged are silenced. The nets have
# one member and no embedding; by default there would be four members, and an embedding, which is a non-linearity.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

rng = np.random.default_rng(0)
W1, W2 = rng.normal(size=(8, 9)), rng.normal(size=(9, 4))
b1, b2 = rng.normal(size=9), rng.normal(size=4)

(W,), (b,), hidden = collapse_linear([W1, W2], [b1, b2], "identity")

x = rng.normal(size=(5, 8))
deep, flat = (x @ W1 + b1) @ W2 + b2, x @ W + b
print(f"{W1.shape[0]}x{W1.shape[1]} times {W2.shape[0]}x{W2.shape[1]} is {W.shape[0]}x{W.shape[1]}")
print(f"largest difference of outputs: {np.abs(deep - flat).max():.0e}")

# %% [markdown]
# The same with a trained net on real data. A net of two hidden layers without non-linearity becomes one matrix with the
# same predictions.

# %%
PLAIN = {"n_members": 1, "embedding": None, "standardize": True, "dtype": None}
TRAINING = PLAIN | {"depth": 2, "width": 64, "learning_rate_init": 0.005, "max_iter": 60, "random_state": 0}


def halves(X, y):
    return train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)


digits = halves(*load_digits(return_X_y=True))
X_train, X_test, y_train, y_test = digits
net = MLPClassifierScratch(activation="identity", **TRAINING).fit(X_train, y_train)
(W,), (b,), hidden = collapse_linear(net.coefs_, net.intercepts_, net.activation)
flat = X_test @ W + b

print(f"\nidentity net: {' -> '.join(f'{w.shape[0]}x{w.shape[1]}' for w in net.coefs_)}")
print(f"collapsed:    {W.shape[0]}x{W.shape[1]}")
print(f"largest difference of raw outputs: {np.abs(flat - net.decision_function(X_test)).max():.0e}")
print(f"equal predictions: {(flat.argmax(axis=1) == net.predict(X_test)).mean():.0%}")

# %% [markdown]
# With a non-linearity between the layers, depth has an effect. The effect is small on the digits, which planes separate
# rather well. It is large on two rings, one inside the other, which no line separates.

# %%
rings = halves(*make_circles(1000, noise=0.1, factor=0.5, random_state=0))

print("\nAccuracy on new rows    identity      relu")
for name, (X_train, X_test, y_train, y_test) in (("digits", digits), ("two rings", rings)):
    line = f"  {name:<20}"
    for activation in ("identity", "relu"):
        net = MLPClassifierScratch(activation=activation, **TRAINING).fit(X_train, y_train)
        line += f"{net.score(X_test, y_test):>10.3f}"
    print(line)
