# %% [markdown]
# # A stream
#
# Rows come in chunks, and no chunk is kept. `partial_fit` takes one pass over each, and goes on where the last call
# left off. The first call has to name all classes that may ever come: the first chunk need not show them all.
#
# A stream is judged by testing first and training after: each chunk is predicted before the network learns from it, so
# that all rows are new rows when they count.

# %%
import numpy as np

from sknet import MLPClassifierScratch

CLASSES = np.array(["left", "right", "rare"])


def chunks(n_chunks, n_rows=500, seed=0):
    """Yield chunks of rows; "rare" is not seen before the third one, and halfway left and right change places."""
    rng = np.random.default_rng(seed)
    for i in range(n_chunks):
        X = rng.normal(size=(n_rows, 5))
        bend = X[:, 0] - np.sin(2.0 * X[:, 1]) > 0.0
        y = CLASSES[(bend if i < n_chunks // 2 else ~bend).astype(int)]
        if i >= 2:
            y[X[:, 2] > 1.5] = "rare"
        yield X, y


# %% [markdown]
# Beside it runs a network that stops learning halfway. The change costs both the same at first; only the one that goes
# on learning finds its way back.

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

print("chunk   accuracy before learning from it   of the one that stopped at 20")
for i in (1, 2, 3, 5, 10, 19, 20, 21, 22, 25, 30, 39):
    bar = "#" * round(30 * accuracy[i - 1])
    note = "   left and right change places" if i == N // 2 else ""
    print(f"{i:>5}   {accuracy[i - 1]:.3f} {bar:<31}{of_frozen[i - 1]:.3f}{note}")
print(f"\n{net.t_:,} rows seen in {net.n_iter_} calls; classes {', '.join(map(str, net.classes_))}")
assert accuracy[-1] > 0.8 > of_frozen[-1]

# %% [markdown]
# The network may be saved between two chunks and go on elsewhere, bit for bit: see `saving_and_serving.py`. A label
# that was not announced is an error, and the network stays as it was.

# %%
try:
    net.partial_fit(X[:2], ["left", "unheard of"])
except ValueError as error:
    print(str(error).split("\n")[0])
