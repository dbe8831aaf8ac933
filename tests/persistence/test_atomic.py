"""Replacing a file at once: it has the old content or the new one, and no temporary file remains."""

import errno
import os
import stat

import numpy as np
import pytest

from sknet.persistence.atomic import remove_leftovers, replace_file


def test_content_is_written_and_replaced(tmp_path):
    path = tmp_path / "file"
    replace_file(path, [b"one ", np.frombuffer(b"two", np.uint8), np.empty(0, np.uint8)])
    assert path.read_bytes() == b"one two"
    replace_file(str(path), [b"three"])
    assert path.read_bytes() == b"three"
    assert os.listdir(tmp_path) == ["file"]


def test_a_bare_name_is_in_the_working_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replace_file("file", [b"content"])
    assert (tmp_path / "file").read_bytes() == b"content"


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_the_file_has_the_permissions_of_any_new_file(tmp_path):
    replace_file(tmp_path / "file", [b"content"])
    (tmp_path / "other").write_bytes(b"")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == stat.S_IMODE((tmp_path / "other").stat().st_mode)


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "far" / "file")
    replace_file(tmp_path / "link", [b"content"])
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "far" / "file").read_bytes() == b"content"


@pytest.mark.parametrize("name", ["n" * 255, "a[b]*?", "ä ö"])
def test_any_file_name(tmp_path, name):
    if os.name != "posix" and "?" in name:
        pytest.skip("not a valid name on this system")
    replace_file(tmp_path / name, [b"content"])
    assert (tmp_path / name).read_bytes() == b"content"
    remove_leftovers(tmp_path / name)
    assert os.listdir(tmp_path) == [name]


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()], ids=repr)
@pytest.mark.parametrize("call", ["fsync", "replace"])
@pytest.mark.parametrize("earlier", [False, True])
def test_an_earlier_file_survives_failures(tmp_path, monkeypatch, call, error, earlier):
    path = tmp_path / "file"
    if earlier:
        path.write_bytes(b"earlier")

    def fail(*args):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(os, call, fail)
        with pytest.raises(type(error)) as caught:
            replace_file(path, [b"new"])
    if isinstance(error, OSError):
        assert caught.value.errno == errno.ENOSPC
        assert str(path) in str(caught.value)
        assert "No space left" in str(caught.value)
    assert os.listdir(tmp_path) == ["file"] * earlier
    assert not earlier or path.read_bytes() == b"earlier"


def test_the_file_is_on_the_disk_before_it_takes_its_name(tmp_path, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        inner = getattr(os, name)

        def spy(*args, name=name, inner=inner):
            is_folder = name == "fsync" and stat.S_ISDIR(os.fstat(args[0]).st_mode)
            calls.append("fsync of the directory" if is_folder else name)
            return inner(*args)

        monkeypatch.setattr(os, name, spy)
    replace_file(tmp_path / "file", [b"content"])
    assert calls == ["fsync", "replace", *(["fsync of the directory"] if os.name == "posix" else [])]


def test_a_missing_directory_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="nowhere"):
        replace_file(tmp_path / "nowhere" / "file", [b"content"])


def test_leftovers_of_a_killed_writer_are_removed_and_nothing_else(tmp_path, monkeypatch):
    others = ["file", "file.tmp", ".file.0123456789.tmp", ".other.01234567.tmp", ".file.2.01234567.tmp"]
    for name in [*others, ".file.01234567.tmp"]:
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "file")
    assert sorted(os.listdir(tmp_path)) == sorted(others)
