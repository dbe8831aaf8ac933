"""BLAS threads: one if the matrix products are small, otherwise as many as the user allows.

Threads that wait for each other inside products of some 100 to 300 microseconds cost more than they save, and far more
when another process keeps a core busy. The wheels of NumPy and SciPy bring a BLAS each; SciPy's only adds vectors here,
which never pays for threads.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import scipy.linalg.blas  # noqa: F401  its library can be found only once it is loaded
from threadpoolctl import ThreadpoolController

_LARGE_PRODUCT = 16_000_000  # multiply-adds, some 300 microseconds on one core: two were slower for up to as many

_lock = threading.Lock()
_limited: dict[int, list[int]] = {}


@cache
def _libraries() -> list[tuple[Any, bool]]:
    """Return each loaded BLAS, and whether it is SciPy's own."""
    controller = ThreadpoolController().select(user_api="blas")
    return [(lib, Path(lib.filepath).parent.name == "scipy.libs") for lib in controller.lib_controllers]


def is_large(n_rows: int, widths: Sequence[int]) -> bool:
    """Whether a step on ``n_rows`` rows through layers of these widths has a product that pays for threads."""
    return n_rows * max(a * b for a, b in pairwise(widths)) > _LARGE_PRODUCT


def _set(library: Any, n: int) -> None:
    """Set the number of threads of a library, from whichever thread.

    Newer threadpoolctl lets only the thread that set it first set it again, until that one lets go; here the last
    thread out is seldom the first one in.
    """
    let_go = getattr(library, "clear_controlling_thread", lambda **_: None)
    let_go(force=True)
    library.set_num_threads(n)
    let_go(force=True)


@contextmanager
def limit_threads(*, large: bool) -> Iterator[None]:
    """Run BLAS on one thread; with ``large`` products, all but SciPy's on as many threads as before.

    The setting belongs to the process. Fits in several threads share it: the first one in saves the number of threads
    of a library, the last one out restores it, whatever ends them.
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
