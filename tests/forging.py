"""Read and write model files with a valid checksum, without code of the package."""

import hashlib
import json

import numpy as np

START = '{"__metadata__":{"sha256":"'


def unpack(path):
    """Return the header as a dict, the model as a dict, and the bytes of the arrays."""
    data = path.read_bytes()
    n = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + n])
    return header, json.loads(header["__metadata__"]["model"]), data[8 + n :]


def signed(head, body=b""):
    """Return the file with a valid checksum."""
    at = 8 + len(START)
    blank = head[:at] + b"0" * 64 + head[at + 64 :]
    return head[:at] + hashlib.sha256(blank + body).hexdigest().encode() + head[at + 64 :] + body


def pack(path, header, model, body, *, claimed=None):
    """Write a file with a valid checksum; ``claimed`` is the length of the header that the file gives."""
    metadata = {"sha256": "0" * 64, **{k: v for k, v in header["__metadata__"].items() if k != "sha256"}}
    metadata["model"] = model if isinstance(model, str) else json.dumps(model)
    others = {k: v for k, v in header.items() if k != "__metadata__"}
    encoded = json.dumps({"__metadata__": metadata, **others}, separators=(",", ":")).encode()
    length = len(encoded) if claimed is None else claimed
    path.write_bytes(signed(length.to_bytes(8, "little") + encoded, body))


def places(tree, path=()):
    """Yield the path of every value in a tree of JSON."""
    yield path
    for key, item in tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ():
        yield from places(item, (*path, key))


def at(tree, path):
    """Return the value at a path."""
    for key in path:
        tree = tree[key]
    return tree


def flip_bits(path, seed):
    """Write the file 1,000 times, each time with another bit flipped; yield after each."""
    data = path.read_bytes()
    for bit in np.random.default_rng(seed).integers(0, 8 * len(data), 1000):
        flipped = bytearray(data)
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(flipped)
        yield
