# %% [markdown]
# # 5. Activations
#
# The course: an activation has a formula, a derivative, a graph and a range. The course calls sigmoid, tanh, ReLU and
# softmax monotonic, continuous and differentiable.
#
# Two of them need a remark. ReLU has no derivative at 0; 0 is used there. Softmax is not elementwise: each value
# depends on the whole row, so its derivative is a matrix, the Jacobian.
#
# In sknet each activation is an object with formula, derivative and range. `sknet.ACTIVATIONS` is the table of them.

# %%
from importlib.util import find_spec

import numpy as np

from sknet import ACTIVATIONS

print(f"{'name':<12}{'formula':<42}{'derivative':<33}{'range':<18}note")
for name, f in ACTIVATIONS.items():
    note = f.note if f.name == name else f"Another name of {f.name}."
    low, high = f.range
    print(f"{name:<12}{f.formula:<42}{f.derivative_formula:<33}{f'{low:.3f} to {high:.3f}':<18}{note}".rstrip())
print("a is the linear combination, s the sigmoid, Phi and phi distribution and density of the standard normal.")

# %% [markdown]
# The values and derivatives of the activations at three points.

# %%
points = np.array([[-1.0, 0.0, 1.0]])
columns = "".join(f"{f'{what}({x:g})':>9}" for what in ("f", "f'") for x in points[0])
print(f"\n{'name':<12}{columns}")
for name, f in ACTIVATIONS.items():
    if f.elementwise:
        numbers = np.concatenate([f(points)[0], f.derivative(points)[0]])
        print(f"{name:<12}" + "".join(f"{v:>9.4f}" for v in numbers))

# %% [markdown]
# Softmax depends on the whole row. A change of one entry changes all values, as the Jacobian shows.

# %%
softmax = ACTIVATIONS["softmax"]
print("\nsoftmax(-1, 0, 1) =", softmax(points)[0].round(4))
print("its Jacobian, da_i / dz_j:")
print(softmax.derivative(points)[0].round(4))

# %% [markdown]
# The slope of ReLU is 0 left of 0 and 1 right of 0. At 0 itself, 0 is used.

# %%
relu = ACTIVATIONS["relu"]
slopes = relu.derivative(np.array([[-1e-9, 0.0, 1e-9]]))[0]
print(f"\nslope of relu just below 0, at 0, just above 0: {slopes}")

# %% [markdown]
# A picture shows the graph of each function with its derivative. It needs matplotlib: `pip install -e ".[plot]"`.

# %%
if find_spec("matplotlib") is None:
    print('\nmatplotlib is not installed: pip install -e ".[plot]"')
else:
    from sknet import ActivationDisplay

    ActivationDisplay.from_names().figure_.savefig("activations.png", dpi=80)
    print("\nPicture: activations.png")
