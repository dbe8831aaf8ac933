"""Threads: limit BLAS to one thread if the matrix products are small, else to as many as the user allows.

In products of about 100 to 300 microseconds, threads cost more time than they save, because they wait for each other.
They cost far more if another process uses one of the cores. NumPy and SciPy each come with their own BLAS. The core
uses SciPy's only to add vectors, which is never faster with threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import scipy.linalg.blas  # noqa: F401  threadpoolctl finds only libraries that are loaded
from threadpoolctl import ThreadpoolController

_LARGE_PRODUCT = 16_000_000  # multiply-adds, about 300 microseconds on one core; up to this, two cores were slower

_lock = threading.Lock()
_limited: dict[int, list[int]] = {}


@cache
def _libraries() -> list[tuple[Any, bool]]:
    """Return each loaded BLAS, and whether it is SciPy's own."""
    controller = ThreadpoolController().select(user_api="blas")
    return [(lib, Path(lib.filepath).parent.name == "scipy.libs") for lib in controller.lib_controllers]


def is_large(n_rows: int, widths: Sequence[int]) -> bool:
    """Whether an update with ``n_rows`` rows and layers of these widths has a product that is faster with threads."""
    return n_rows * max(a * b for a, b in pairwise(widths)) > _LARGE_PRODUCT


def _set(library: Any, n: int) -> None:
    """Set the number of threads of a library; any thread may call this.

    In newer threadpoolctl, only the thread that has set the number first may set it again, until it gives up control.
    Here the thread that restores the number is often another one.
    """
    let_go = getattr(library, "clear_controlling_thread", lambda **_: None)
    let_go(force=True)
    library.set_num_threads(n)
    let_go(force=True)


@contextmanager
def limit_threads(*, large: bool) -> Iterator[None]:
    """Run BLAS on one thread; with ``large`` products, all but SciPy's on as many threads as before.

    The number of threads is a setting of the whole process, so fits in several threads share it. The fit that begins
    first saves the number, and the fit that ends last restores it, also after an error.
    """
    chosen = [(i, lib) for i, (lib, is_scipys) in enumerate(_libraries()) if is_scipys or not large]
    with _lock:
        for i, lib in chosen:
            holders = _limited.setdefault(i, [0, lib.get_num_threads()])
            holders[0] += 1
            _set(lib, 1)
    try:
        yield
    finally:
        with _lock:
            for i, lib in chosen:
                _limited[i][0] -= 1
                if _limited[i][0] == 0:
                    _set(lib, _limited.pop(i)[1])
