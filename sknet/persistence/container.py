"""Container: stores a text and arrays in one file, and reads them without running anything in the file.

The layout is that of safetensors (https://github.com/huggingface/safetensors): eight bytes with the length of a JSON
header, the header, and the bytes of the arrays, uncompressed and without gaps. ``__metadata__`` in the header begins
with the SHA-256 of the file, computed with zeros in place of the digest, so every changed bit is detected. The size of
the file bounds the memory: what the header claims is compared with it first.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import stat
from typing import Any

import numpy as np

from .atomic import replace_file

VERSION = 1
_DTYPES = {
    "BOOL": "?", "U8": "u1", "I8": "i1", "U16": "<u2", "I16": "<i2", "F16": "<f2", "U32": "<u4", "I32": "<i4",
    "F32": "<f4", "U64": "<u8", "I64": "<i8", "F64": "<f8",
}  # fmt: skip
_CODES = {np.dtype(dtype).str: code for code, dtype in _DTYPES.items()}
_START = b'{"__metadata__":{"sha256":"'
_DIGEST = slice(8 + len(_START), 8 + len(_START) + 64)


class FileFormatError(ValueError):
    """Raised for a file that is damaged, is no model, has a newer version, or is not consistent."""


def can_hold(array: np.ndarray) -> bool:
    """Whether arrays of this dtype can be written."""
    return array.dtype.newbyteorder("<").str in _CODES


def write_container(path: Any, text: str, arrays: dict[str, np.ndarray]) -> None:
    """Write ``text`` and ``arrays`` to the file ``path``, which is replaced at once; see `replace_file`."""
    metadata = {"sha256": "0" * 64, "format": "sknet", "version": str(VERSION), "model": text}
    header: dict[str, Any] = {"__metadata__": metadata}
    body: list[np.ndarray] = []
    end = 0
    for name in sorted(arrays, key=lambda name: -arrays[name].itemsize):  # so that each array is aligned
        array = np.asarray(arrays[name], dtype=arrays[name].dtype.newbyteorder("<"), order="C")
        start, end = end, end + array.nbytes
        header[name] = {"dtype": _CODES[array.dtype.str], "shape": list(array.shape), "data_offsets": [start, end]}
        body.append(array.reshape(-1).view(np.uint8))
    encoded = json.dumps(header, separators=(",", ":")).encode("ascii")
    encoded += b" " * (-len(encoded) % 8)
    head = len(encoded).to_bytes(8, "little") + encoded
    digest = hashlib.sha256(head)
    for part in body:
        digest.update(part)
    replace_file(path, [head[: _DIGEST.start], digest.hexdigest().encode("ascii"), head[_DIGEST.stop :], *body])


def read_container(path: Any) -> tuple[str, dict[str, np.ndarray]]:
    """Return the text and the arrays of the file ``path``.

    Raises
    ------
    FileFormatError
        If the file was not written by `write_container`, has a newer version, or has changed by a single bit.
    OSError
        If the file cannot be read.
    """
    data = _checked_bytes(path)
    length = int.from_bytes(data[:8], "little")
    try:
        if length > len(data) - 8:
            raise ValueError(f"a header of {length} bytes in a file of {len(data)}")
        header = json.loads(data[8 : 8 + length])
        metadata = header.pop("__metadata__")
        if metadata["format"] != "sknet":
            raise ValueError(f"the format {metadata['format']!r}")
        newer = int(metadata["version"]) > VERSION
        text, arrays = metadata["model"], {} if newer else _arrays(header, data, 8 + length)
        if not isinstance(text, str):
            raise ValueError("a model that is no text")
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
        raise FileFormatError(f"{str(path)!r} is not consistent, so nothing of it was used: {error!r}.") from error
    if newer:
        raise FileFormatError(
            f"{str(path)!r} has version {metadata['version']} of the file format, and this release of sknet reads up "
            f"to version {VERSION}. Upgrade sknet to read it."
        )
    return text, arrays


def _checked_bytes(path: Any) -> bytes:
    """Return the content of a file, after a check of its digest."""
    with open(path, "rb") as file:
        regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        start = file.read(_DIGEST.stop) if regular else b""
        if len(start) < _DIGEST.stop or start[8 : _DIGEST.start] != _START:
            raise FileFormatError(f"{str(path)!r} was not written by sknet.save, or its beginning is damaged.")
        data = start + file.read()
    digest = hashlib.sha256(data[: _DIGEST.start] + b"0" * 64)
    digest.update(memoryview(data)[_DIGEST.stop :])
    if digest.hexdigest().encode("ascii") != data[_DIGEST]:
        raise FileFormatError(
            f"{str(path)!r} is damaged: its SHA-256 is not the one that was written into it, so the file was cut short "
            "or changed. Use another copy."
        )
    return data


def _arrays(header: dict[str, Any], data: bytes, start: int) -> dict[str, np.ndarray]:
    """Return the arrays that the header describes, which must fill the rest of ``data`` without a gap."""
    arrays, at = {}, start
    for name, entry in header.items():
        dtype, shape = np.dtype(_DTYPES[entry["dtype"]]), tuple(entry["shape"])
        if not all(type(n) is int and n >= 0 for n in shape):
            raise ValueError(f"{name} has shape {shape}")
        end = at + math.prod(shape) * dtype.itemsize
        if end > len(data) or entry["data_offsets"] != [at - start, end - start]:
            raise ValueError(f"{name} of shape {shape} does not lie at {entry['data_offsets']}")
        array = np.ndarray(shape, dtype, buffer=data, offset=at) if end > at else np.empty(shape, dtype)
        arrays[name] = array.astype(dtype.newbyteorder("="))  # a writable copy
        at = end
    if at != len(data):
        raise ValueError(f"{len(data) - at} bytes belong to no array")
    return arrays
