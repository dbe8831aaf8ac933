# %% [markdown]
# # 9. Backpropagation by hand
#
# The course: `dL/dw_ij = delta_j x_i`. For a unit of the output layer, `delta` is its error times the derivative of its
# activation. For a hidden sigmoid unit, `delta_j = (sum_k delta_k w_jk) y_j (1 - y_j)`: it is computed from the deltas
# of the next layer and the weights that lead there.
#
# This script uses a net of 2 inputs, 2 hidden sigmoid units and 1 sigmoid output, with the squared error
# `(y - t)^2 / 2`. Everything is computed with plain numbers first, and by sknet afterwards.

# %%
from math import exp

import numpy as np

from sknet import ACTIVATIONS
from sknet.core.batches import Batch
from sknet.core.gradcheck import loss_and_gradient, relative_error
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.losses import LOSSES
from sknet.core.memory import Parameters
from sknet.core.network import Network


def sigmoid(z):
    return 1.0 / (1.0 + exp(-z))


x1, x2, target = 1.0, 0.5, 1.0
w11, w12 = 0.4, -0.3  # from input 1 to hidden units 1 and 2
w21, w22 = 0.2, 0.6  # from input 2 to hidden units 1 and 2
b1, b2 = 0.1, -0.1
v1, v2, c = 0.7, -0.5, 0.2  # from the hidden units to the output, and its bias

# %% [markdown]
# Forward pass: from the inputs to the hidden units, the output, and the loss.

# %%
h1 = sigmoid(x1 * w11 + x2 * w21 + b1)
h2 = sigmoid(x1 * w12 + x2 * w22 + b2)
y = sigmoid(h1 * v1 + h2 * v2 + c)
loss = 0.5 * (y - target) ** 2

# %% [markdown]
# Backward pass: the delta of the output, and from it the deltas of the hidden units.

# %%
delta = (y - target) * y * (1 - y)
delta1 = delta * v1 * h1 * (1 - h1)
delta2 = delta * v2 * h2 * (1 - h2)

by_hand = {
    "w11": delta1 * x1, "w12": delta2 * x1, "w21": delta1 * x2, "w22": delta2 * x2, "v1": delta * h1, "v2": delta * h2,
    "b1": delta1, "b2": delta2, "c": delta,
}  # fmt: skip

# %% [markdown]
# The same by sknet: two layers, a loss, and one flat vector with all weights and biases.

# %%
layers = tuple(Dense(2, k, ACTIVATIONS["logistic"], INITIALIZERS["glorot_uniform"]) for k in (2, 1))
network = Network(layers, LOSSES["squared_error"])

theta = Parameters(network.layout, np.empty(network.layout.size))
(W1, B1), (W2, B2) = theta.layers
W1[...], B1[...] = [[w11, w12], [w21, w22]], [b1, b2]
W2[...], B2[...] = [[v1], [v2]], [c]

batch = Batch(np.array([[x1, x2]]), np.array([[target]]), None, 1.0)
loss_of_sknet, gradient = loss_and_gradient(network, theta.vector, batch)
(dW1, dB1), (dW2, dB2) = Parameters(network.layout, gradient).layers
by_sknet = [*dW1.ravel(), *dW2.ravel(), *dB1, *dB2]

print(f"hidden units  {h1:.6f}  {h2:.6f}\noutput        {y:.6f}")
print(f"deltas        {delta1:.6f}  {delta2:.6f}  (hidden)  {delta:.6f}  (output)")
print(f"\n{'':<10}{'by hand':>12}{'by sknet':>12}")
print(f"{'loss':<10}{loss:>12.8f}{loss_of_sknet:>12.8f}")
for (name, ours), theirs in zip(by_hand.items(), by_sknet):
    print(f"{'dL/d' + name:<10}{ours:>12.8f}{theirs:>12.8f}")
    assert abs(ours - theirs) < 1e-15

# %% [markdown]
# A numerical check: change each weight a little, and measure how the loss changes.

# %%
error = relative_error(network, theta.vector, batch)
print(f"\nlargest relative difference from numerical derivatives: {error:.0e}")
