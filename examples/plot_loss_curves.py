# %% [markdown]
# # Loss curves
#
# The training loss keeps falling. The validation loss rises again when the network begins to overfit. (Dropout,
# label smoothing and weight decay would reduce overfitting; here they are off.) `LossCurveDisplay` draws both curves,
# marks the best epoch, and draws curves in another unit in a panel of their own. It needs matplotlib:
# `pip install -e ".[plot]"`.
#
# Run this script in `examples/images` to create the picture that the pages show.

# %%
from sklearn.datasets import load_breast_cancer
from sklearn.model_selection import train_test_split

from sknet import LossCurveDisplay, MLPClassifierScratch

X, y = load_breast_cancer(return_X_y=True)
X_train, X_val, y_train, y_val = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)

net = MLPClassifierScratch(
    depth=1, width=32, batch_size=32, learning_rate="cosine", learning_rate_init=0.01, max_iter=60, tol=0.0,
    n_iter_no_change=60, scoring="loss", dropout=0.0, label_smoothing=0.0, weight_decay=0.0, random_state=0,
).fit(X_train, y_train, X_val=X_val, y_val=y_val)  # fmt: skip

# %% [markdown]
# With `early_stopping=True`, the network would have the weights of the best epoch.

# %%
display = LossCurveDisplay.from_estimator(net)
display.figure_.savefig("loss_curves.png", dpi=100)

best, last = display.best_epoch_, net.n_iter_
print("epoch   training loss   validation loss")
for epoch in (1, best, last):
    print(f"{epoch:5d}{net.loss_curve_[epoch - 1]:16.4f}{net.validation_loss_curve_[epoch - 1]:18.4f}")
print(f"The best epoch is {best}. Picture: loss_curves.png")
