"""Compare gradients with central differences for each kind of layer, activation and loss, in random directions.

`test_gradcheck` checks all coordinates of fewer combinations.
"""

import numpy as np
import pytest
from test_gradcheck import ALL, BLOCKS, TOLERANCE, D, K, N, SameNoise, deep_network_of, smooth_point, some_batch

from sknet.core.activations import ACTIVATIONS
from sknet.core.gradcheck import relative_error
from sknet.core.initializers import INITIALIZERS
from sknet.core.inputs import PeriodicEmbedding, Scaling
from sknet.core.layers import Dense
from sknet.core.memory import Parameters

INPUTS = {
    "scaling": (Scaling(D),),
    "clip": (Scaling(D, bound=3.0),),
    "embedding": (PeriodicEmbedding(D, (0, 2), n_frequencies=3, n_values=2),),
    "clip and embedding": (Scaling(D, bound=1.0), PeriodicEmbedding(D, (1,), n_frequencies=3, n_values=2)),
}
every_loss = pytest.mark.parametrize("loss", ALL)
weighted = pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weights"])
# These are thousands of networks; `test_gradcheck` is never left out.
pytestmark = pytest.mark.slow

NAMES = sorted({activation.name for activation in ACTIVATIONS.values()})


def behind(inputs, network):
    """Return the network behind other layers, with a dense layer between them to fit the number of inputs."""
    joint = Dense(inputs[-1].n_out, D, ACTIVATIONS["identity"], INITIALIZERS["glorot_normal"])
    return SameNoise((*inputs, joint, *network.layers), network.loss)


def directions_of(network):
    """Return three directions, which are zero for parameters that are not learned, as is their gradient."""
    directions = np.random.default_rng(4).normal(size=(3, network.layout.size))
    for direction in directions:
        for layer, own in zip(network.layers, Parameters(network.layout, direction).layers, strict=True):
            for spec, array in zip(layer.specs(), own, strict=True):
                if not spec.learned and isinstance(layer, Scaling):
                    array[...] = 0.0
    return directions


def worst(networks, batch, alpha=0.0):
    """Return the largest relative error over networks that differ in their activation."""
    return max(
        relative_error(
            network, smooth_point(network, batch), batch, alpha, step=4e-6, directions=directions_of(network)
        )
        for network in networks
    )


@weighted
@every_loss
@pytest.mark.parametrize(("normalization", "rates"), [(None, (0, 0)), *BLOCKS], ids=str)
def test_blocks_with_every_activation_and_loss(normalization, rates, loss, weighted):
    networks = [deep_network_of(name, loss, normalization, rates) for name in NAMES]
    assert worst(networks, some_batch(loss, weighted), 0.5) < TOLERANCE


@weighted
@every_loss
@pytest.mark.parametrize("inputs", INPUTS.values(), ids=list(INPUTS))
def test_inputs_with_every_activation_and_loss(inputs, loss, weighted):
    networks = [behind(inputs, deep_network_of(name, loss, "layer", (0.3,))) for name in NAMES]
    assert worst(networks, some_batch(loss, weighted), 0.5) < TOLERANCE


def test_the_networks_have_the_intended_layers():
    network = behind(INPUTS["clip and embedding"], deep_network_of("tanh", "groups", "batch", (0.3,)))
    assert network.layers[0].n_out == D
    assert network.layers[1].n_out == D + 2
    assert network.layers[-1].n_out == K
    assert some_batch("groups", weighted=True).y.shape == (N, K)
