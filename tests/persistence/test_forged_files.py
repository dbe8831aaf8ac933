"""Files in which single parts are forged, with a correct checksum: loading takes bounded memory and time.

It returns a model or raises a FileFormatError. There are 100 files of each of four kinds, the same in each run;
SKNET_FORGED=2500 forges 10,000 in all. ``pytest -s`` prints the results.
"""

import copy
import os
import random
import time
import tracemalloc
import warnings
from collections import Counter

import numpy as np
import pytest
from forging import at, pack, places, unpack
from frames import labels_for, mixed_frame, numbers_for
from model_files import CLF, REG

import sknet
from sknet import FileFormatError, presets

TIMES = int(os.environ.get("SKNET_FORGED", "100"))
MEMORY, SECONDS = 10, 5.0  # multiple of the size of the file; processor time
FRAME = mixed_frame()
SETTINGS = {"width": 64, "max_iter": 2, "batch_size": 32, "random_state": 0}
NUMBERS = [0, 1, -1, 2, 3, 7, 2**31, 2**53, 2**63, 10**30, 0.5, -0.0, 1e308, True, None, "1", [], {}]
DTYPES = ["F64", "F32", "F16", "I64", "I32", "I16", "I8", "U32", "U8", "BOOL", "BF16", "S8", "", None]


def fitted(kind, checkpoint=None):
    """Fit a model of a kind, so large that most of its file are arrays."""
    warnings.simplefilter("ignore")
    if kind == "classifier":
        clf = CLF(normalization="batch", dropout=0.2, early_stopping=True, **SETTINGS)
        return clf.fit(FRAME, labels_for(FRAME), checkpoint=checkpoint)
    return REG(**presets.tabular("regression") | SETTINGS | {"n_members": 2, "early_stopping": True}).fit(
        FRAME, numbers_for(FRAME), checkpoint=checkpoint
    )


def forge_array(draw, header, body):
    """Change the header's description of one array, change its bytes, or exchange two arrays."""
    names = [name for name in header if name != "__metadata__"]
    name, other = draw.choice(names), draw.choice(names)
    entry = header[name]
    match draw.choice(["dtype", "shape", "number", "offsets", "gone", "other name", "exchanged", "values", "shorter"]):
        case "dtype":
            entry["dtype"] = draw.choice(DTYPES)
        case "shape":
            n = int(np.prod(entry["shape"]))
            entry["shape"] = draw.choice([[n], [1, n], [n, 1], [n, 0], [], entry["shape"][::-1], [*entry["shape"], 1]])
        case "number" if entry["shape"]:
            entry["shape"][draw.randrange(len(entry["shape"]))] = draw.choice(NUMBERS)
        case "offsets":
            entry["data_offsets"][draw.randrange(2)] = draw.choice([*NUMBERS, *header[other]["data_offsets"]])
        case "gone":
            del header[name]
        case "other name":
            header[other + draw.choice(["", ".0", "x"])] = header.pop(name)
        case "exchanged":
            header[name], header[other] = header[other], header[name]
        case "values":
            start, end = entry["data_offsets"]
            some = draw.choice([b"\xff", b"\x00", b"\x7f", draw.randbytes(1), draw.randbytes(8)])
            body = body[:start] + (some * (end - start))[: end - start] + body[end:]
        case "shorter":
            body = body[: draw.randrange(len(body))] if draw.random() < 0.5 else body + draw.randbytes(8)
    return body


def forge_model(draw, header, model):
    """Change a number, a length, a reference or a key of the tree; or a field of the metadata."""
    everywhere = [place for place in places(model) if place]
    place = draw.choice(everywhere)
    where, key = at(model, place[:-1]), place[-1]
    match draw.choice(["number", "length", "reference", "key", "other place", "metadata"]):
        case "number":
            where[key] = draw.choice(NUMBERS)
        case "length" if isinstance(where[key], list) and where[key]:
            where[key] = where[key][: draw.randrange(len(where[key]))] if draw.random() < 0.5 else where[key] * 2
        case "reference":
            where[key] = {draw.choice(["array", "floats", "strings", "scalar"]): draw.choice([*header])}
        case "key" if isinstance(where, dict):
            where[draw.choice([p[-1] for p in everywhere if isinstance(p[-1], str)])] = where.pop(key)
        case "other place":
            where[key] = copy.deepcopy(at(model, draw.choice(everywhere)))
        case "metadata":
            name = draw.choice(["format", "version", "sha256"])
            header["__metadata__"][name] = draw.choice(["sknet", "", "0", "-1", "9" * 50, "1e3", None, 1, []])


def forged_files(original, path, seed):
    """Write forged files to ``path``, one after the other, and yield after each."""
    header, model, body = unpack(original)
    for number in range(TIMES):
        draw = random.Random(seed * 10**6 + number)
        forged = copy.deepcopy(header), copy.deepcopy(model), body
        for _ in range(draw.choice([1, 1, 2])):
            if draw.random() < 0.5 and len(forged[0]) > 1:
                forged = *forged[:2], forge_array(draw, forged[0], forged[2])
            else:
                forge_model(draw, *forged[:2])
        claimed = draw.choice(NUMBERS[:10]) if draw.random() < 0.02 else None
        pack(path, *forged, claimed=claimed if claimed is None or 0 <= claimed < 2**64 else None)
        yield number


def measured(call, size, number):
    """Return the result of a call; check that it takes little memory and time."""
    start = time.process_time()
    tracemalloc.start()
    try:
        return call()
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < MEMORY * size, number
        assert time.process_time() - start < SECONDS, number


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_models(tmp_path, kind):
    original, path, found = tmp_path / "model", tmp_path / "forged", Counter()
    sknet.save(fitted(kind), original)
    for number in forged_files(original, path, seed=1):
        try:
            mlp = measured(lambda: sknet.load(path), path.stat().st_size, number)
        except FileFormatError:
            found["refused"] += 1
            continue
        found["a model"] += 1
        try:
            assert len(mlp.predict(FRAME)) == len(FRAME)
        except ValueError:
            found["a model whose predict raises an error"] += 1
    print(f"\n{kind} of {original.stat().st_size} bytes: {dict(found)}")
    assert found["refused"] > 0.5 * TIMES


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_checkpoints(tmp_path, kind):
    """A fit that continues from a forged checkpoint ends as usual or raises an error of the file, in bounded memory."""
    original, path, found = tmp_path / "model", tmp_path / "forged", Counter()
    whole = fitted(kind, checkpoint=original)
    for number in forged_files(original, path, seed=2):
        try:
            mlp = measured(lambda: fitted(kind, checkpoint=path), path.stat().st_size, number)
        except (FileFormatError, ValueError):
            found["refused"] += 1
            continue
        assert mlp.n_iter_ >= 0, number
        found["the same model" if np.array_equal(mlp.predict(FRAME), whole.predict(FRAME)) else "another model"] += 1
    print(f"\ncheckpoint of a {kind} of {original.stat().st_size} bytes: {dict(found)}")
    assert found["refused"] > 0.5 * TIMES
