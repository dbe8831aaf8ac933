# %% [markdown]
# # 1. A layer
#
# The course: a layer is a linear combination of its inputs followed by a non-linearity. It is the building block of
# networks.
#
# In sknet a layer is one object, `Dense`: the combination `z = x W + b` and its activation `a = f(z)`. The object holds
# no weights. Weights and memory are arguments, so that one flat vector can hold the weights of a whole network.

# %%
import numpy as np

from sknet import ACTIVATIONS
from sknet.core.initializers import INITIALIZERS
from sknet.core.layers import Dense
from sknet.core.memory import Workspace

x = np.array([[1.0, 2.0]])  # one row, two inputs
W = np.array([[0.5, -1.0], [0.25, 0.25]])  # from each input (row) to each unit (column)
b = np.array([0.1, -0.2])  # one bias for each unit

# %% [markdown]
# Calculated on paper, for each unit:
#
#     z1 = 1 * 0.5  + 2 * 0.25 + 0.1 =  1.1
#     z2 = 1 * -1.0 + 2 * 0.25 - 0.2 = -0.7

# %%
z_on_paper = np.array([[1.1, -0.7]])
on_paper = {
    "identity": z_on_paper,
    "relu": np.array([[1.1, 0.0]]),
    "logistic": 1.0 / (1.0 + np.exp(-z_on_paper)),
    "tanh": np.tanh(z_on_paper),
}

# %% [markdown]
# Calculated by the layer. The identity shows the combination only; the others add the non-linearity.

# %%
print(f"{'layer':<16}{'on paper':>20}{'by the layer':>20}")
for name, expected in on_paper.items():
    layer = Dense(2, 2, ACTIVATIONS[name], INITIALIZERS["glorot_uniform"])
    memory = Workspace([layer.buffers()], len(x), x.dtype).rows(len(x))[0]
    a = layer.forward((W, b), x, memory)
    left, right = ("  ".join(f"{v:7.4f}" for v in row[0]) for row in (expected, a))
    print(f"{layer!s:<16}{left:>20}{right:>20}")
    assert np.allclose(a, expected)
