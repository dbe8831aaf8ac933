"""The network itself: NumPy and SciPy only, no scikit-learn below this line.

Glossary, used everywhere in the core:

======== =====================================================================
theta    all parameters of a network in one flat vector, weights first
grad     their gradients, same layout
W, b     views of a layer's weights (d, k) and biases (k,); ``dW, db`` likewise
x        input rows of a layer, shape (n, d)
z        pre-activation ``x @ W + b``, shape (n, k)
a        activation ``f(z)``, shape (n, k)
delta    dL/da on its way in, dL/dz once the activation has been passed
n, d, k  rows, inputs, outputs
out      "written here": the caller owns the memory
======== =====================================================================
"""
