# %% [markdown]
# # 6. Softmax
#
# The course: softmax turns any numbers into a probability distribution. It looks at the whole set. The exponentials of
# `[-0.21, 0.47, 1.72]` sum to 8.0, and softmax makes `[0.1, 0.2, 0.7]` of them.

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
# Only differences count: the same number added to all changes nothing. That is why large entries are no problem. The
# largest one is subtracted first, and no exponential overflows.

# %%
print("\nall numbers plus 100", softmax(z + 100.0)[0].round(4))

large = np.array([[1e4, 0.0, -1e4], [1e4, 1e4, -1e4], [-1e4, -1e4, -1e4]])
with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # the formula as it stands overflows: that is shown
    formula = np.exp(large) / np.exp(large).sum(axis=1, keepdims=True)
print(f"\n{'entries':<28}{'formula as it stands':<26}softmax of sknet")
for row, naive, stable in zip(large, formula, softmax(large)):
    print(f"{row!s:<28}{naive.round(4)!s:<26}{stable.round(4)}")
