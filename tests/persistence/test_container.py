"""The container: what was written is read back, and other content raises an error before it takes memory."""

import json
import os
import struct
import tracemalloc
import zipfile

import numpy as np
import pytest
from forging import flip_bits, pack, signed, unpack
from numpy.testing import assert_array_equal

from sknet.persistence import container
from sknet.persistence.container import FileFormatError, can_hold, read_container, write_container

ARRAYS = {
    "bytes": np.arange(5, dtype=np.uint8),
    "matrix": np.arange(6.0).reshape(2, 3),
    "columns": np.asfortranarray(np.arange(6.0, dtype=np.float32).reshape(2, 3)),
    "strided": np.arange(10)[::3],
    "number": np.float16(1.5) * np.ones(()),
    "nothing": np.empty((0, 4)),
    "big-endian": np.arange(3, dtype=">i4"),
    "truth": np.array([True, False]),
    "special": np.array([np.nan, np.inf, -0.0, 5e-324]),
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "file"
    write_container(path, "téxt", ARRAYS)
    return path


def test_round_trip(path):
    text, arrays = read_container(path)
    assert text == "téxt"
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert_array_equal(arrays[name], array.astype(array.dtype.newbyteorder("=")), strict=True)
        assert arrays[name].flags.writeable
        assert arrays[name].flags.c_contiguous
    assert np.signbit(arrays["special"][2])


def test_round_trip_of_no_text_and_no_arrays(tmp_path):
    write_container(tmp_path / "file", "", {})
    assert read_container(tmp_path / "file") == ("", {})


def test_the_layout_is_that_of_safetensors(path):
    """The file is read by the specification of safetensors, with the standard library only."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    assert all(isinstance(value, str) for value in header.pop("__metadata__").values())
    assert data[8:9] == b"{"
    assert (8 + length) % 8 == 0
    end = 0
    for name, entry in header.items():
        start, stop = entry["data_offsets"]
        assert start == end
        assert start % ARRAYS[name].itemsize == 0  # aligned
        end = stop
        assert entry["shape"] == list(ARRAYS[name].shape)
    assert 8 + length + end == len(data)
    start, stop = header["matrix"]["data_offsets"]
    assert struct.unpack("<6d", data[8 + length + start : 8 + length + stop]) == (0.0, 1.0, 2.0, 3.0, 4.0, 5.0)


def test_safetensors_reads_it(path):
    safetensors = pytest.importorskip("safetensors.numpy")
    arrays = safetensors.load_file(path)
    for name, array in ARRAYS.items():
        assert_array_equal(arrays[name], array)


def test_what_can_be_held():
    assert all(can_hold(array) for array in ARRAYS.values())
    for array in (np.array(["a"]), np.array([None]), np.array([1j]), np.zeros(1, "M8[s]"), np.zeros(1, np.longdouble)):
        assert not can_hold(array)


def test_every_flipped_bit_is_caught(path):
    """1,000 random bits; ``pytest -s -k flipped`` prints how many were caught."""
    caught = 0
    for _ in flip_bits(path, seed=0):
        with pytest.raises(FileFormatError):
            read_container(path)
        caught += 1
    print(f"\n{caught} of 1000 flipped bits caught")


def test_every_truncation_is_caught(path):
    data = path.read_bytes()
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(FileFormatError):
            read_container(path)


def test_added_bytes_are_caught(path):
    data = path.read_bytes()
    for added in (b"\0", b" ", data):
        path.write_bytes(data + added)
        with pytest.raises(FileFormatError, match="damaged"):
            read_container(path)


def test_a_newer_version_is_an_error_that_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(container, "VERSION", 2)
    write_container(tmp_path / "file", "text", {"a": np.zeros(2)})
    monkeypatch.undo()
    with pytest.raises(FileFormatError, match=r"version 2 .* reads up to version 1\. Upgrade sknet"):
        read_container(tmp_path / "file")


@pytest.mark.parametrize("length", [0, 1, 10**4, 2**40, 2**63, 2**64 - 1])
def test_a_wrong_length_of_the_header_takes_no_memory(path, length):
    data = path.read_bytes()
    path.write_bytes(signed(length.to_bytes(8, "little") + data[8:]))
    tracemalloc.start()
    with pytest.raises(FileFormatError, match="a header of" if length > len(data) else "not consistent"):
        read_container(path)
    assert tracemalloc.get_traced_memory()[1] < 1e5
    tracemalloc.stop()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": [2**50]},
        {"shape": [2**50], "data_offsets": [0, 2**53]},
        {"shape": [2**40, 2**40]},
        {"shape": [0, 2**70], "data_offsets": [0, 0]},
        {"shape": [-1]},
        {"shape": [2.0, 3]},
        {"shape": [True, 6]},
        {"shape": "23"},
        {"shape": None},
        {"shape": 6},
        {"data_offsets": [8, 56]},
        {"data_offsets": [0]},
        {"data_offsets": [0, 40]},
        {"data_offsets": ["0", "48"]},
        {"dtype": "F128"},
        {"dtype": "O"},
        {"dtype": "object"},
        {"dtype": None},
        {"dtype": []},
    ],
    ids=str,
)
def test_arrays_that_the_file_does_not_contain_take_no_memory(tmp_path, change):
    path = tmp_path / "file"
    write_container(path, "text", {"a": np.arange(6.0).reshape(2, 3)})
    header, _, body = *unpack_text(path), path.read_bytes()[-48:]
    header["a"] |= change
    pack(path, header, "text", body)
    tracemalloc.start()
    claims = isinstance(change.get("shape"), list) and change["shape"][0] > 2
    with pytest.raises(FileFormatError, match="does not lie at" if claims else "not consistent"):
        read_container(path)
    assert tracemalloc.get_traced_memory()[1] < 1e5
    tracemalloc.stop()


def unpack_text(path):
    data = path.read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    return header, header["__metadata__"]["model"]


@pytest.mark.parametrize(
    "metadata",
    [
        {"format": "pt"},
        {"format": None},
        {"version": "one"},
        {"version": None},
        {"version": []},
        {"version": "9" * 9999},
    ],
    ids=lambda value: str(value)[:30],
)
def test_other_metadata_is_an_error(tmp_path, metadata):
    path = tmp_path / "file"
    write_container(path, "text", {})
    header, text = unpack_text(path)
    header["__metadata__"] |= metadata
    pack(path, header, text, b"")
    with pytest.raises(FileFormatError):
        read_container(path)


def test_a_deeply_nested_header_is_an_error(tmp_path):
    path = tmp_path / "file"
    start = b'{"__metadata__":{"sha256":"' + b"0" * 64 + b'","x":'
    encoded = start + b"[" * 200_000
    path.write_bytes(signed(len(encoded).to_bytes(8, "little") + encoded))
    with pytest.raises(FileFormatError, match="not consistent"):
        read_container(path)


def test_the_tests_write_correct_checksums(path):
    """Otherwise the tests above would only show that the checksum is compared."""
    header, text = unpack_text(path)
    data = path.read_bytes()
    pack(path, header, text, data[8 + int.from_bytes(data[:8], "little") :])
    assert read_container(path)[0] == text


@pytest.mark.parametrize("content", [b"", b"x", b"PK\x03\x04" * 50, b"\x80\x04\x95" * 99, bytes(200)], ids=len)
def test_files_of_other_kinds_are_an_error(tmp_path, content):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(FileFormatError, match=r"not written by sknet\.save"):
        read_container(tmp_path / "file")


def test_a_zip_bomb_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb", "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("coefs.npy", bytes(10**8))
    tracemalloc.start()
    with pytest.raises(FileFormatError, match=r"not written by sknet\.save"):
        read_container(tmp_path / "bomb")
    assert tracemalloc.get_traced_memory()[1] < 2e5
    tracemalloc.stop()


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_paths_that_are_no_regular_file_are_an_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_container(tmp_path / "nowhere")
    with pytest.raises(IsADirectoryError):
        read_container(tmp_path)
    with pytest.raises(FileFormatError):
        read_container("/dev/zero")


def test_unpack_reads_what_the_container_wrote(tmp_path):
    write_container(tmp_path / "file", json.dumps({"a": 1}), {"a": np.arange(2, dtype=np.uint8)})
    header, model, body = unpack(tmp_path / "file")
    assert header["a"]["shape"] == [2]
    assert model == {"a": 1}
    assert body == b"\0\1"
