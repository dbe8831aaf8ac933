# %% [markdown]
# # 10. Gradient descent
#
# The course: gradient descent updates weights and biases by their contribution to the error. Each changes against its
# derivative: `w <- w - rate dL/dw`.
#
# In sknet that is `solver="sgd"` with `momentum=0`. This script trains a net with one hidden layer by the estimator,
# and the same net by ten lines of NumPy. Each epoch is one update on all rows (`batch_size` is the number of rows).

# %%
import numpy as np
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import scale

from sknet import MLPClassifierScratch

X, y = load_breast_cancer(return_X_y=True)
X = scale(X)
RATE = 0.5

net = MLPClassifierScratch(
    depth=1, width=8, activation="logistic", solver="sgd", momentum=0.0, learning_rate="constant",
    learning_rate_init=RATE, batch_size=len(X), alpha=0.0, weight_decay=0.0, label_smoothing=0.0, standardize=False,
    random_state=0,
)  # fmt: skip

# %% [markdown]
# One call of `partial_fit` is one epoch. The first call draws the initial weights; both nets continue from its result.

# %%
net.partial_fit(X, y, classes=[0, 1])
(W1, W2), (b1, b2) = net.coefs_, net.intercepts_


def sigmoid(z):
    return 1.0 / (1.0 + np.exp(-z))


print("epoch   loss by hand   loss by sknet   largest difference of weights")
for epoch in range(2, 11):
    # Forward pass.
    h = sigmoid(X @ W1 + b1)
    p = sigmoid(h @ W2 + b2)[:, 0]
    loss = -np.mean(np.log(np.where(y == 1, p, 1.0 - p)))

    # Backward pass: the deltas of the output and of the hidden layer, for the mean over the rows.
    delta2 = (p - y)[:, None] / len(X)
    delta1 = (delta2 @ W2.T) * h * (1.0 - h)

    # Update.
    W2, b2 = W2 - RATE * h.T @ delta2, b2 - RATE * delta2.sum(axis=0)
    W1, b1 = W1 - RATE * X.T @ delta1, b1 - RATE * delta1.sum(axis=0)

    net.partial_fit(X, y)
    ours = (W1, W2, b1, b2)
    difference = max(np.abs(a - b).max() for a, b in zip(ours, (*net.coefs_, *net.intercepts_)))
    print(f"{epoch:>5}{loss:>15.8f}{net.loss_:>16.8f}{difference:>18.0e}")
    assert difference < 1e-12

print(f"\naccuracy after {epoch} updates: {net.score(X, y):.3f}")
