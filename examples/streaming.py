# %% [markdown]
# # A stream
#
# Rows arrive in chunks, and no chunk is kept. A call of `partial_fit` trains for one pass over a chunk, and continues
# from the previous call. The first call needs the list of all classes, because the first chunk may lack some.
#
# To measure accuracy, each chunk is predicted before the network is trained on it, so all rows are new when they are
# scored.

# %%
import numpy as np

from sknet import MLPClassifierScratch

CLASSES = np.array(["left", "right", "rare"])


def chunks(n_chunks, n_rows=500, seed=0):
    """Yield chunks of rows. "rare" first occurs in the third chunk; halfway, "left" and "right" are exchanged."""
    rng = np.random.default_rng(seed)
    for i in range(n_chunks):
        X = rng.normal(size=(n_rows, 5))
        bend = X[:, 0] - np.sin(2.0 * X[:, 1]) > 0.0
        y = CLASSES[(bend if i < n_chunks // 2 else ~bend).astype(int)]
        if i >= 2:
            y[X[:, 2] > 1.5] = "rare"
        yield X, y


# %% [markdown]
# For comparison, a second network is not trained any further after half of the chunks. After the exchange, the accuracy
# of both falls. Only the network that is trained further recovers.

# %%
net = MLPClassifierScratch(width=64, learning_rate_init=0.005, batch_size=50, random_state=0)
frozen = MLPClassifierScratch(**net.get_params())

N = 40
accuracy, of_frozen = [], []
for i, (X, y) in enumerate(chunks(N)):
    if i:
        accuracy.append(net.score(X, y))
        of_frozen.append(frozen.score(X, y))
    known = {"classes": CLASSES} if i == 0 else {}
    net.partial_fit(X, y, **known)
    if i < N // 2:
        frozen.partial_fit(X, y, **known)

print("chunk   accuracy before training on it       without training after chunk 19")
for i in (1, 2, 3, 5, 10, 19, 20, 21, 22, 25, 30, 39):
    bar = "#" * round(30 * accuracy[i - 1])
    note = "   left and right are exchanged" if i == N // 2 else ""
    print(f"{i:>5}   {accuracy[i - 1]:.3f} {bar:<31}{of_frozen[i - 1]:.3f}{note}")
print(f"\n{net.t_:,} rows seen in {net.n_iter_} calls; classes {', '.join(map(str, net.classes_))}")
assert accuracy[-1] > 0.8 > of_frozen[-1]

# %% [markdown]
# The network can be saved between two chunks and trained further elsewhere, with the same bits: see
# `saving_and_serving.py`. A label that the first call did not list raises an error, and the network is unchanged.

# %%
try:
    net.partial_fit(X[:2], ["left", "unheard of"])
except ValueError as error:
    print(str(error).split("\n")[0])
