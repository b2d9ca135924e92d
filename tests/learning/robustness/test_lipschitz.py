"""Lipschitz products and bounds against explicit matrices and against the networks themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.robustness.networks import ACTIVATIONS, LOSSES, batch, convolutional, dense
from tests.oracles.linear_maps import chain_matrix, connection_matrix
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import FeedForwardNetwork, Linear, MaxPooling, MeanPooling, ReLU, SquaredError
from thermo_cl.learning.robustness import layer_norms, lipschitz_bound, lipschitz_product

NETWORKS = [
    dense((20, 15, 12, 4), ReLU(), SquaredError()),
    dense((30, 90, 80, 70), ReLU(), SquaredError()),
    dense((6, 3), ReLU(), SquaredError(), dtype=np.float32),
    convolutional(MeanPooling),
    convolutional(MeanPooling, dtype=np.float32),
]


@pytest.mark.parametrize("net", NETWORKS)
def test_product_and_norms_are_those_of_the_matrices(net: FeedForwardNetwork) -> None:
    product = chain_matrix(net.connections, net.weights, net.input_shape)
    assert_allclose(lipschitz_product(net), np.linalg.norm(product, 2), rtol=1e-8)
    layers = zip(net.connections, net.weights, net.shapes[:-1], strict=True)
    exact = [np.linalg.norm(connection_matrix(kind, w, shape), 2) for kind, w, shape in layers]
    assert_allclose(layer_norms(net), exact, rtol=1e-8)
    assert_allclose(lipschitz_bound(net), math.prod(exact), rtol=1e-7)
    assert lipschitz_product(net) <= lipschitz_bound(net) * (1 + 1e-7)


def test_product_is_the_largest_stretch_of_a_linear_network() -> None:
    net = dense((8, 6, 5, 3), Linear(), SquaredError())
    x, _ = batch(net, 50)
    shift = np.random.default_rng(0).normal(size=x.shape)
    stretch = np.linalg.norm(net.outputs(x + shift) - net.outputs(x), axis=1) / np.linalg.norm(shift, axis=1)
    assert stretch.max() <= lipschitz_product(net) * (1 + 1e-12)
    columns = net.outputs(np.eye(8)) - net.outputs(np.zeros((1, 8)))
    worst = np.linalg.svd(columns.T)[2][0]
    reached = np.linalg.norm(net.outputs(x + worst) - net.outputs(x), axis=1)
    assert_allclose(reached, lipschitz_product(net), rtol=1e-12)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("size", [1e-3, 1.0, 30.0])
def test_no_outputs_are_further_apart_than_the_bound_says(activation: Any, size: float) -> None:
    for net in (dense((6, 9, 8, 3), activation, LOSSES[0]), convolutional(MeanPooling), convolutional(MaxPooling)):
        x, _ = batch(net, 300)
        shift = size * np.random.default_rng(1).normal(size=x.shape)
        apart = np.linalg.norm(net.outputs(x + shift) - net.outputs(x), axis=1)
        assert (apart <= lipschitz_bound(net) * np.linalg.norm(shift, axis=1) * (1 + 1e-7)).all()


class Steep(Linear):
    """f(a) = 3 a."""

    largest_slope = 3.0

    def value(self, x: Any) -> Any:
        return 3.0 * x


def test_bound_counts_the_slope_of_the_activation_once_a_hidden_layer() -> None:
    net = FeedForwardNetwork([1, 1, 1], [[[2.0]], [[0.5]], [[1.0]]], [[0.0]] * 3, 1, activation=Steep())
    assert_allclose(net.outputs(np.array([[1.0]])), 9.0)
    assert_allclose(lipschitz_bound(net), 9.0)


def test_bound_of_max_pooling_is_reached() -> None:
    """One pixel of each square that stays the largest: the connection is linear there, with the norm of its weights."""
    net = FeedForwardNetwork.random((1, 4, 4), [_pooled(3)], dtype=np.float64, rng=0)
    chosen = np.zeros((4, 4))
    chosen[::2, 1::2] = np.linalg.svd(net.weights[0].T)[2][0].reshape(2, 2)
    x = np.zeros((1, 4, 4))
    x[0, ::2, 1::2] = 5.0
    apart = np.linalg.norm(net.outputs((x + chosen)[None]) - net.outputs(x[None]))
    assert_allclose(apart, lipschitz_bound(net), rtol=1e-10)


def _pooled(units: int) -> Any:
    from thermo_cl.learning.feedforward import Dense

    return Dense(units, pooling=MaxPooling(2))


def test_biases_and_activations_leave_the_product() -> None:
    net = dense((20, 15, 4), ReLU(), SquaredError())
    moved = net.with_parameters({name: a + (name[0] == "b") for name, a in net.parameters.items()})
    assert lipschitz_product(net) == lipschitz_product(moved)


def test_product_refuses_max_pooling_and_other_networks() -> None:
    with pytest.raises(InvalidParameterError, match="MaxPooling"):
        lipschitz_product(convolutional(MaxPooling))
    for function in (lipschitz_product, layer_norms, lipschitz_bound):
        with pytest.raises(InvalidParameterError, match="network"):
            function("network")  # type: ignore[arg-type]
    with pytest.raises(InvalidParameterError, match="tolerance"):
        layer_norms(NETWORKS[0], tolerance=-1)
    broken = NETWORKS[0].with_parameters({name: a * np.nan for name, a in NETWORKS[0].parameters.items()})
    with pytest.raises(InvalidParameterError, match="finite"):
        lipschitz_product(broken)
