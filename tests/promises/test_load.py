"""A small load check passes, and the check counts wrong answers."""

import json
import sys
from http.client import HTTPConnection

import joblib
import load
import pytest

SMALL = ["--requests", "400", "--large", "64", "--rows", "300"]
pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux's /proc")


@pytest.mark.slow
def test_all_answers_are_right_and_memory_is_flat(capsys):
    assert not load.main(SMALL)
    printed = capsys.readouterr().out
    assert printed.count(": 0 wrong answers") == 2
    assert "4 of 4 processes alive, 4 with the model mapped into memory" in printed


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Start one process of the service; yield its address, and the model and rows for it."""
    path = tmp_path_factory.mktemp("load") / "model.joblib"
    model, X = load.fitted(1000)
    joblib.dump(model, path)
    with load.service(path, n_processes=1, n_threads=2) as (address, _):
        yield address, model, X


def test_other_answers_are_counted(served):
    address, model, X = served
    right = load.questions(model, X, 2, 3)
    assert load.ask(address, right, 6, 0).wrong == 0
    other = [(body, answer.replace(b"1", b"2")) for body, answer in right]
    assert load.ask(address, other, 6, 0).wrong == 6
    assert load.ask_in_threads(address, [right[0], other[1]], [5, 5], 0).wrong == 5


@pytest.mark.parametrize("body", [b"", b"[[1]]", b"no JSON", b'{"rows": 1}', b'[["a"]]', b"[[1e999]]", b"[]"])
def test_a_wrong_body_is_refused_and_the_next_request_is_answered(served, body):
    address, model, X = served
    connection = HTTPConnection(*address, timeout=60)
    connection.request("POST", "/", body)
    answer = connection.getresponse()
    assert answer.status == 400
    assert json.loads(answer.read())["error"]
    ((body, right),) = load.questions(model, X, 1, 1)
    connection.request("POST", "/", body)
    assert connection.getresponse().read() == right
    connection.close()
