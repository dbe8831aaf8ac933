"""Quick parameters and fits that crash, for tests of checkpoints."""

import pytest
from oracles import PLAIN
from sklearn.base import clone

import sknet

SMALL = PLAIN["regression"] | {
    "width": 6, "max_iter": 8, "batch_size": 16, "random_state": 0, "learning_rate_init": 0.01,
}  # fmt: skip


class Crash(Exception):
    pass


@pytest.fixture(name="crash")
def crash_fixture(monkeypatch):
    """Return a function that makes the next fit crash when the network computes its n-th gradient."""

    def arm(n):
        inner = sknet.core.network.Network.loss_and_gradient
        calls = []

        def gradient(network, *args):
            calls.append(0)
            if len(calls) == n:
                monkeypatch.undo()
                raise Crash
            return inner(network, *args)

        monkeypatch.setattr(sknet.core.network.Network, "loss_and_gradient", gradient)

    return arm


def crashing_fits(crash, mlp, *args, at=(3, 9, 17), **kwargs):
    """Fit clones that crash, each a little later than the one before, then one that does not crash."""
    for n in at:
        crash(n)
        with pytest.raises(Crash):
            clone(mlp).fit(*args, **kwargs)
    return clone(mlp).fit(*args, **kwargs)
