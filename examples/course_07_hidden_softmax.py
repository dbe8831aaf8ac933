# %% [markdown]
# # 7. Softmax in a hidden layer
#
# The course: softmax suits the output layer. As the activation of a hidden layer it loses information, and the results
# are worse. Its values sum to one, so if one unit of a layer is large, the others are small.
#
# In sknet `activation="softmax"` works in hidden layers, with its full Jacobian in the backward pass. This script
# compares it with relu and tanh on the digits, by cross-validation from several random starts. As in the course, there
# is one network without embedding, trained for a fixed number of epochs.

# %%
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import cross_val_score

from sknet import MLPClassifierScratch

# Every net is trained for the same number of epochs, so warnings that training has not converged are silenced.
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
