"""The threads of BLAS as threadpoolctl sees them, and a fixture that gives it two."""

import pytest
from threadpoolctl import ThreadpoolController, threadpool_info


def threads_of_blas():
    return [library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"]


def set_threads(n):
    """From any thread: threadpoolctl now lets only the first one that sets a number set it again, until it lets go."""
    for library in ThreadpoolController().select(user_api="blas").lib_controllers:
        getattr(library, "clear_controlling_thread", lambda **_: None)(force=True)
        library.set_num_threads(n)
        getattr(library, "clear_controlling_thread", lambda **_: None)(force=True)


@pytest.fixture(name="two_threads")
def two_threads_fixture():
    """Two threads for each library, so that one is a limit, whatever the environment says."""
    before = threads_of_blas()[0]
    set_threads(2)
    if set(threads_of_blas()) != {2}:
        pytest.skip("this BLAS does not take two threads")
    yield
    set_threads(before)
