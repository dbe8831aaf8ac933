# %% [markdown]
# # The diagram of a network
#
# A column for each layer, a circle for each unit, an arrow for each weight. `NetworkDisplay` draws it for a network
# before it is fitted, from its parameters and the number of features and outputs. It needs matplotlib:
# `pip install -e ".[plot]"`.
#
# Run in `examples/images`, this script creates the picture that the pages show.

# %%
from sklearn.datasets import load_iris

from sknet import MLPClassifierScratch, NetworkDisplay

net = MLPClassifierScratch(depth=2, width=512, activation="relu")
display = NetworkDisplay.from_estimator(net, n_features=784, n_outputs=10, max_units=6)
display.figure_.savefig("network_unfitted.png", dpi=100)
print(f"{display.bracket_.get_text()}: {len(display.units_[1])} of 512 units are shown. Picture: network_unfitted.png")

# %% [markdown]
# After the fit, arrows show the weights: blue and solid where positive, orange and dashed where negative, the thicker
# and stronger the larger. They are those for inputs in units of their standard deviations, so that they compare.

# %%
iris = load_iris(as_frame=True)
net = MLPClassifierScratch(depth=2, width=3, activation="tanh", alpha=1.0, solver="lbfgs", max_iter=500, random_state=0)
net.fit(iris.data, iris.target_names[iris.target])
display = NetworkDisplay.from_estimator(net)
display.figure_.savefig("network.png", dpi=90)

print(f"{display.bracket_.get_text()}, accuracy {net.score(iris.data, iris.target_names[iris.target]):.3f}")
for layer, arrows in enumerate(display.arrows_, 1):
    print(f"layer {layer}: {len(arrows.get_segments())} arrows")
print("Picture: network.png")
