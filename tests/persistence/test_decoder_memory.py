"""Loading a forged file takes memory bounded by the size of the file, however its parts refer to each other."""

import json
import tracemalloc

import numpy as np
import pytest

import sknet
from sknet.persistence.container import write_container

BOUND = 64  # bytes of memory per byte of JSON: an empty list in a list has 3 bytes of JSON, and takes 56 + 8
TWISTER = {"dict": [["bit_generator", "MT19937"], ["state", {"dict": [["key", {"array": "a"}], ["pos", 3]]}],
                    ["has_gauss", 0], ["gauss", 0.0]]}  # fmt: skip
PCG = {"dict": [["bit_generator", "PCG64"], ["state", {"dict": [["state", 1], ["inc", 1]]}], ["has_uint32", 0],
                ["uinteger", 0]]}  # fmt: skip
BYTES, KEY = np.zeros(60_000, np.uint8), np.zeros(624, np.uint32)


def nested(depth):
    value = 1
    for _ in range(depth):
        value = {"dict": [["a", value]]}
    return value


FORGED = {
    "floats of one array": ([{"floats": "a"}] * 600, BYTES),
    "floats of truth values": ({"floats": "a"}, np.zeros(60_000, bool)),
    "floats in dicts": ({"dict": [[str(i), {"floats": "a"}] for i in range(600)]}, BYTES),
    "floats in tuples": ([{"tuple": [{"floats": "a"}] * 20}] * 30, BYTES),
    "floats in objects": ({"objects": {"shape": [600], "items": [{"floats": "a"}] * 600}}, BYTES),
    "floats in records": ([{"Cosine": {"final": {"floats": "a"}}}] * 10 + [{"floats": "a"}] * 600, BYTES),
    "strings": ([{"strings": "a"}] * 3000, np.zeros((10, 6000), np.uint32)),
    "arrays": ([{"array": "a"}] * 3000, BYTES),
    "scalars": ([{"scalar": {"array": "a"}}] * 3000, BYTES),
    "random states": ([{"RandomState": TWISTER}] * 1000, KEY),
    "generators": ([{"Generator": PCG}] * 1000, BYTES),
    "nested dicts": ([nested(100)] * 100, BYTES),
    "empty lists": ([[]] * 100_000, BYTES),
    "empty dicts": ([{"dict": []}] * 30_000, BYTES),
    "empty objects": ([{"objects": {"shape": [0, 10**9], "items": []}}] * 10_000, BYTES),
    "records of defaults": ([{"History": {}}] * 10_000, BYTES),
    "records in records": ([{"Warmup": {}}] * 10_000, BYTES),
    "wide layers": ([{"Dropout": {"n_in": 10**15, "rate": 0.5}}] * 100, BYTES),
}


@pytest.mark.parametrize("name", FORGED)
def test_memory_is_bounded_by_the_size_of_the_file(tmp_path, name):
    value, array = FORGED[name]
    model = {"MLPClassifierScratch": {"parameters": {"class_weight": value}, "attributes": {}, "requests": {}}}
    path = tmp_path / "model.safetensors"
    write_container(path, json.dumps({"estimator": model}, separators=(",", ":")), {"a": array})
    tracemalloc.start()
    try:
        sknet.load(path)
    except sknet.FileFormatError:
        pass
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < BOUND * path.stat().st_size


def test_lists_of_floats_are_read_as_they_were_written(tmp_path):
    net = sknet.MLPClassifierScratch(class_weight=[{0: 0.5}, {0: 2.0}], dropout=[0.25, 0.5])
    sknet.save(net, tmp_path / "model")
    assert sknet.load(tmp_path / "model").dropout == [0.25, 0.5]
