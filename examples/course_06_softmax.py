# %% [markdown]
# # 6. Softmax
#
# The course: softmax turns any numbers into a probability distribution. Each result depends on all the numbers. The
# exponentials of `[-0.21, 0.47, 1.72]` sum to 8.0, and the softmax is `[0.1, 0.2, 0.7]`.

# %%
import numpy as np

from sknet import ACTIVATIONS

softmax = ACTIVATIONS["softmax"]
z = np.array([[-0.21, 0.47, 1.72]])
print("numbers             ", z[0])
print("exponentials        ", np.exp(z)[0].round(3))
print("their sum           ", f"{np.exp(z).sum():.4f}, or 8.0")
print("softmax             ", softmax(z)[0].round(4))
print("to one decimal      ", softmax(z)[0].round(1))
print("sum of softmax      ", softmax(z).sum())

# %% [markdown]
# Softmax depends only on differences: if the same number is added to all entries, the result is the same. So the
# largest entry can be subtracted first, and the exponentials of large entries do not overflow.

# %%
print("\nall numbers plus 100", softmax(z + 100.0)[0].round(4))

large = np.array([[1e4, 0.0, -1e4], [1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the formula overflows, to show it
    formula = np.exp(large) / np.exp(large).sum(axis=1, keepdims=True)
print(f"\n{'entries':<28}{'formula, not shifted':<26}softmax of sknet")
for row, naive, stable in zip(large, formula, softmax(large)):
    print(f"{row!s:<28}{naive.round(4)!s:<26}{stable.round(4)}")
