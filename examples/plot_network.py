# %% [markdown]
# # The diagram of a network
#
# `NetworkDisplay` draws a column for each layer, a circle for each unit, and an arrow for each weight. For a network
# that is not fitted, it needs the number of features and outputs. It needs matplotlib: `pip install -e ".[plot]"`.
#
# Run this script in `examples/images` to create the picture that the pages show.

# %%
from sklearn.datasets import load_iris

from sknet import MLPClassifierScratch, NetworkDisplay

net = MLPClassifierScratch(depth=2, width=512, activation="relu")
display = NetworkDisplay.from_estimator(net, n_features=784, n_outputs=10, max_units=6)
display.figure_.savefig("network_unfitted.png", dpi=100)
print(f"{display.bracket_.get_text()}: {len(display.units_[1])} of 512 units are shown. Picture: network_unfitted.png")

# %% [markdown]
# After the fit, arrows show the weights: blue and solid if positive, orange and dashed if negative, thicker and
# stronger if larger. These are the weights for standardized inputs, so they are comparable.

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
