"""Atomic: replaces a file at once, so a reader finds either the old content or the new one."""

from __future__ import annotations

import glob
import os
import secrets
from collections.abc import Iterable
from contextlib import suppress
from typing import Any


def replace_file(path: Any, parts: Iterable[Any]) -> None:
    """Write ``parts``, bytes or contiguous arrays of bytes, as the content of the file ``path``.

    The content is written to a temporary file in the same directory, which is renamed to ``path`` once it is on the
    disk. If this fails, the temporary file is removed, and an earlier file is unchanged.

    Raises
    ------
    OSError
        If the file cannot be written: no space, no permission, no such directory.
    """
    folder, name = os.path.split(os.path.realpath(path))
    temporary = os.path.join(folder, f"{_prefix(name)}{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb") as file:
            file.writelines(parts)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, os.path.join(folder, name))
        _sync(folder)
    except BaseException as error:
        with suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError):
            what = f"Writing {str(path)!r} failed, and an earlier file of that name is unchanged: {error.strerror}"
            raise OSError(error.errno, what) from error
        raise


def remove_leftovers(path: Any) -> None:
    """Remove the temporary files of writers of ``path`` that were killed."""
    folder, name = os.path.split(os.path.realpath(path))
    for leftover in glob.glob(glob.escape(os.path.join(folder, _prefix(name))) + "????????.tmp"):
        with suppress(OSError):
            os.unlink(leftover)


def _prefix(name: str) -> str:
    return f".{name[:200]}."  # names may be 255 bytes long


def _sync(folder: str) -> None:
    """Wait until the new name is on the disk too; Windows has no call for this, and does not need one."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
