# %% [markdown]
# # 7. Softmax in a hidden layer
#
# The course: softmax suits the output layer. As the activation of a hidden layer it loses information, and the results
# are worse. Its values sum to one, so the units of a layer compete, and little of the input gets through.
#
# In sknet `activation="softmax"` works in hidden layers, with its full Jacobian in the backward pass. Here it meets
# relu and tanh on the digits, each by cross-validation from several random starts. The nets are plain, as those of the
# course are: one network, with the digits alone as inputs, trained for a fixed number of epochs.

# %%
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from sknet import MLPClassifierScratch

# Every net gets the same number of epochs. That training could go on is known, and not worth a warning.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

X, y = load_digits(return_X_y=True)
SEEDS = range(3)
PLAIN = {"n_members": 1, "embedding": None, "standardize": True, "early_stopping": False, "max_iter": 30}

print("Accuracy on the digits: mean and standard deviation over 3 folds and 3 random starts")
print(f"{'hidden layers':<15}{'relu':>17}{'tanh':>17}{'softmax':>17}")
for depth in (1, 2, 3):
    line = f"{depth} of 32 units"
    for activation in ("relu", "tanh", "softmax"):
        net = MLPClassifierScratch(depth=depth, width=32, activation=activation, learning_rate_init=0.01, **PLAIN)
        scores = np.concatenate([cross_val_score(net.set_params(random_state=s), X, y, cv=3) for s in SEEDS])
        line += f"{scores.mean():>10.3f} ± {scores.std():.3f}"
    print(line)
