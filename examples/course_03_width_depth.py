# %% [markdown]
# # 3. Width and depth
#
# The course: a deep net stacks layers. The width of a layer is its number of units. The width of the net is that of its
# biggest layer. The depth is the number of hidden layers. Both are hyperparameters, chosen by hand before training.
#
# In sknet `width` and `depth` are parameters of the constructor. After `fit`, the net has the attributes `width_`,
# `depth_` and `n_parameters_`.

# %%
import warnings

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV

from sknet import MLPClassifierScratch

# Every net is trained for the same 20 epochs, so warnings that training has not converged are silenced. The nets have
# one member and no embedding; by default there would be four members and an embedding of the inputs.
warnings.filterwarnings("ignore", category=ConvergenceWarning)

X, y = load_digits(return_X_y=True)
PLAIN = {"activation": "relu", "n_members": 1, "embedding": None, "standardize": True}
TRAINING = PLAIN | {"learning_rate_init": 0.01, "max_iter": 20, "random_state": 0}

net = MLPClassifierScratch(depth=2, width=32, **TRAINING).fit(X, y)

# %% [markdown]
# A diagram of the net as text: its layers, and the number of weights and biases between them. `NetworkDisplay` draws it
# with circles and arrows: see `plot_network.py`.


# %%
def diagram(net):
    """Return one line for each layer of a fitted net."""
    hidden = [f"hidden layer {i + 1}" for i in range(net.depth_)]
    lines = [f"{'inputs':<16}{net.n_features_in_:>4} units"]
    for name, W, b in zip([*hidden, "outputs"], net.coefs_, net.intercepts_):
        activation = net.out_activation_ if name == "outputs" else net.activation
        lines.append(f"  |  {W.shape[0]} x {W.shape[1]} weights, {len(b)} biases, {activation}")
        lines.append(f"{name:<16}{len(b):>4} units")
    return "\n".join(lines)


print(diagram(net))
print(f"\nwidth {net.width_}, depth {net.depth_}, {net.n_parameters_} weights and biases")

# %% [markdown]
# Layers may have different widths: `hidden_layer_sizes` lists them, and overrides `width` and `depth`.

# %%
mixed = MLPClassifierScratch(hidden_layer_sizes=(48, 16, 24), **PLAIN, max_iter=1).fit(X, y)
print(f"hidden layers of 48, 16 and 24 units: width {mixed.width_}, depth {mixed.depth_}")

# %% [markdown]
# No formula tells which width and depth are best. A search tries several by cross-validation.

# %%
grid = {"depth": [0, 1, 2, 3], "width": [8, 32]}
search = GridSearchCV(MLPClassifierScratch(**TRAINING), grid, cv=3).fit(X, y)

print("\nAccuracy by cross-validation")
print("depth   width 8  width 32")
scores = search.cv_results_["mean_test_score"].reshape(4, 2)
for depth, row in zip(grid["depth"], scores):
    note = "   (no hidden layer: width has no effect)" if depth == 0 else ""
    print(f"{depth:>5}{row[0]:>10.3f}{row[1]:>10.3f}{note}")
print(f"best: {search.best_params_}")
