"""The number of BLAS threads that threadpoolctl reports, and a fixture that sets it to two."""

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info


def threads_of_blas():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def set_threads(n):
    """Set the number of threads from any thread, although newer threadpoolctl allows only one thread to do this."""
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        getattr(library, "clear_controlling_thread", lambda **_: None)(force=True)
        library.set_num_threads(n)
        getattr(library, "clear_controlling_thread", lambda **_: None)(force=True)


@pytest.fixture(name="two_threads")
def two_threads_fixture():
    """Set two threads for each library, so that a limit of one changes the number."""
    before = threads_of_blas()[0]
    set_threads(2)
    if set(threads_of_blas()) != {2}:
        pytest.skip("this BLAS does not take two threads")
    yield
    set_threads(before)
