# ruff: noqa: E501 - lines of the package, as they are
"""Random mutants that no test can catch, because they change no result: file and change, and the reason."""

SURVIVORS = {
    ('preprocessing/moments.py', 'chunks = in_chunks(X.shape[0], max(1, _CHUNK_ELEMENTS // max(X.shape[1], 1)))  ->  chunks = in_chunks(X.shape[0], max( 0, _CHUNK_ELEMENTS // max(X.shape[1], 1)))'): 'no table has more columns than a chunk has elements; then a chunk would be empty',
    ('preprocessing/values.py', 'for c in in_chunks(n, max(1, _CHUNK_ELEMENTS // max(d, 1))):  ->  for c in in_chunks(n, max( 0, _CHUNK_ELEMENTS // max(d, 1))):'): 'no table has more columns than a chunk has elements; then a chunk would be empty',
    ('training/validation.py', 'if self._folds is None or len(members) == 1:  ->  if self._folds is None or len(members) <= 1:'): 'the number of members is at least 1',
    ('core/losses.py', 'if w is not None and scale != 1.0:  ->  if w is not None and scale != 0.0:'): 'a product with 1 changes no bit',
    ('core/rows.py', 'return rows.astype(self.dtype, copy=False)  ->  return rows.astype(self.dtype, copy=True)'): 'one more copy of the same rows',
    ('core/dropout.py', '_PIECE = 2**16  # number of units drawn for at a time, which limits the memory  ->  _PIECE = 2** 15  # number of units drawn for at a time, which limits the memory'): 'the size of a piece does not change the drawn numbers',
    ('core/normalization.py', 'for array, value in zip(parameters, (1.0, 0.0), strict=True):  ->  for array, value in zip(parameters, (1.0, 0.0), strict=False):'): 'both have as many items: there are two of each',
    ('training/prediction.py', 'own = list(zip(attributes.get("coefs_", weights), attributes.get("intercepts_", biases), strict=True))  ->  own = list(zip(attributes.get("coefs_", weights), attributes.get("intercepts_", biases), strict=False))'): 'both have as many items: a layer has one of each',
    ('core/folding.py', 'for layer, own in zip(network.layers, parameters, strict=True):  ->  for layer, own in zip(network.layers, parameters, strict=False):'): 'both have as many items: one for each layer',
    ('core/network.py', 'for layer, parameters in zip(self.layers, theta.layers, strict=True):  ->  for layer, parameters in zip(self.layers, theta.layers, strict=False):'): 'both have as many items: one for each layer',
    ('core/piecewise.py', 'a[:, self.n_in :] = values.reshape(n, -1)  ->  a[:, self.n_in :] = values.reshape(n, - 2)'): 'NumPy computes the size of an axis for any negative number',
    ('preprocessing/quartiles.py', 'return np.zeros(self.shift.shape, dtype=bool) if self.ends is None else self.ends[0] == self.ends[1]  ->  return np.zeros(self.shift.shape, dtype=bool) if self.ends is None else self.ends[0] >= self.ends[1]'): 'the first end is never larger than the second',
    ('preprocessing/fingerprint.py', 'digest = hashlib.sha256(f"{n} {data.X.dtype} {data.weights is None}".encode())  ->  digest = hashlib.sha256(f"{n} {data.X.dtype} {data.weights is not None}".encode())'): 'the two texts are exchanged, but still differ',
    ('preprocessing/splitting.py', 'alone, rows, labels = rows[count[code] == 1], rows[count[code] > 1], labels[rows[count[code] > 1]]  ->  alone, rows, labels = rows[count[code] == 1], rows[count[code] > 1], labels[rows[count[code] != 1]]'): 'each class that occurs has at least one row',
    ('training/state.py', 'return rng if n == first_n else np.random.RandomState([rng.randint(2**31), n])  ->  return rng if n == first_n else np.random.RandomState([rng.randint( 3**31), n])'): 'another seed, and splits of other numbers of rows are random anyway',
}  # fmt: skip
