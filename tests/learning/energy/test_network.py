"""Energy networks: energy by brute force, ranges of the weights, precision, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from tests.oracles.unrolled_gradient import brute_energy
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import ACTIVATIONS, Clip, EnergyNetwork, Tanh, clamped_energy, output_cost


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("sizes", [(3, 2), (5, 4, 3), (3, 4, 2, 3)])
def test_energy_equals_the_sum_over_neurons_and_couplings(name: str, sizes: tuple[int, ...]) -> None:
    net = network(name, sizes)
    inputs, _, states = batch(net, 3)
    expected = [
        brute_energy(name, net.parameters, [inputs[k], *(x[k] for x in states)]).real for k in range(len(inputs))
    ]
    assert_allclose(net.energy(inputs, states), expected, rtol=1e-13)


def test_energy_of_a_float32_network_is_computed_in_double_precision() -> None:
    net = network("tanh", (30, 40, 5), dtype=np.float32)
    inputs, targets, states = batch(net, 4)
    exact = EnergyNetwork([w.astype(float) for w in net.weights], [b.astype(float) for b in net.biases], Tanh())
    double = tuple(x.astype(float) for x in states)
    assert net.energy(inputs, states).dtype == np.float64
    assert_allclose(net.energy(inputs, states), exact.energy(inputs.astype(float), double), rtol=1e-14)
    assert_allclose(output_cost(states, targets), ((double[-1] - targets) ** 2).sum(axis=1), rtol=1e-14)


def test_clamped_energy_adds_the_cost_with_one_nudge_or_one_an_example() -> None:
    net = network("clip", (4, 3, 2))
    inputs, targets, states = batch(net, 3)
    cost = np.array(
        [sum((a - b) ** 2 for a, b in zip(x, y, strict=True)) for x, y in zip(states[-1], targets, strict=True)]
    )
    assert_allclose(clamped_energy(net, inputs, states, targets, -0.3), net.energy(inputs, states) - 0.3 * cost)
    nudge = np.array([[0.0], [1.0], [-2.0]])
    got = clamped_energy(net, inputs, states, targets, nudge)
    assert_allclose(got, net.energy(inputs, states) + nudge[:, 0] * cost)


@pytest.mark.parametrize("scale", [0.5, 1.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_glorot_fills_its_range_evenly(scale: float, dtype: Any) -> None:
    net = EnergyNetwork.glorot((80, 70, 60), scale=scale, dtype=dtype, rng=4)
    assert net.sizes == (80, 70, 60) and net.dtype == dtype and net.activation == Clip()
    for w, b in zip(net.weights, net.biases, strict=True):
        limit = scale * math.sqrt(6 / sum(w.shape))
        assert np.abs(w).max() <= limit * (1 + 1e-7)
        assert np.abs(w).max() > 0.99 * limit
        assert_allclose(w.std(), limit / math.sqrt(3), rtol=0.03)
        assert abs(w.mean()) < 4 * limit / math.sqrt(3 * w.size)
        assert_array_equal(b, 0)
    again = EnergyNetwork.glorot((80, 70, 60), scale=scale, dtype=dtype, rng=np.random.default_rng(4))
    assert_array_equal(net.weights[1], again.weights[1])


def test_parameters_by_name_are_read_only_and_can_be_replaced() -> None:
    net = network("sigmoid", (4, 3, 2))
    assert list(net.parameters) == ["W1", "b1", "W2", "b2"]
    with pytest.raises(ValueError, match="read-only"):
        net.weights[0][0, 0] = 1.0
    with pytest.raises(TypeError):
        net.parameters["W1"] = np.zeros((4, 3))  # type: ignore[index]
    moved = net.with_parameters({name: array + 1 for name, array in net.parameters.items()})
    assert_array_equal(moved.weights[1], net.weights[1] + 1)
    assert moved.activation == net.activation and moved.sizes == net.sizes


def test_arrays_are_copied_and_mixed_types_become_float64() -> None:
    w, b = np.ones((2, 3), np.float32), np.zeros(3, np.float32)
    net = EnergyNetwork([w], [b], Clip())
    w[0, 0] = 7
    assert net.weights[0][0, 0] == 1 and net.dtype == np.float32
    assert EnergyNetwork([w], [[0, 0, 0]], Clip()).dtype == np.float64
    assert EnergyNetwork([w.astype(np.float16)], [b], Clip()).dtype == np.float64


W, B = np.zeros((3, 2)), np.zeros(2)


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ([], [], "at least one"),
        ([W], [B, B], "as many as biases"),
        ([W], [np.zeros(3)], "shapes"),
        ([W, W], [B, B], "shapes"),
        ([B], [B], "shapes"),
        ([W], [0.0], "shapes"),
        ([np.zeros((0, 2))], [B], "none of them 0"),
        ([np.zeros((3, 0))], [np.zeros(0)], "none of them 0"),
        ([np.full((3, 2), np.nan)], [B], "W1 = .* finite"),
        ([W], [[0.0, np.inf]], "b1 = .* finite"),
        ([W + 1j], [B], "real numbers"),
        ([W], [["a", "b"]], "real numbers"),
        ([[[1.0], [1.0, 2.0]]], [B], "different lengths"),
    ],
)
def test_bad_networks_are_refused(weights: Any, biases: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        EnergyNetwork(weights, biases, Clip())


@pytest.mark.parametrize("rho", ["clip", Clip, None])
def test_an_activation_has_to_be_one(rho: Any) -> None:
    with pytest.raises(InvalidParameterError, match=r'activation\("clip"\)'):
        EnergyNetwork([W], [B], rho)


@pytest.mark.parametrize(
    ("sizes", "options", "message"),
    [
        ((3,), {}, "at least two"),
        (5, {}, "at least two"),
        ((3, 0), {}, "at least 1"),
        ((3, 2.5), {}, "at least 1"),
        ((3, 2), {"scale": 0}, "scale"),
        ((3, 2), {"scale": math.nan}, "scale"),
        ((3, 2), {"dtype": np.float16}, "float32 or float64"),
        ((3, 2), {"dtype": int}, "float32 or float64"),
        ((3, 2), {"rng": -1}, "rng"),
    ],
)
def test_bad_glorot_arguments_are_refused(sizes: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        EnergyNetwork.glorot(sizes, **options)


@pytest.mark.parametrize(
    "change",
    [
        {"W1": np.zeros((4, 2))},
        {"W1": np.zeros((3, 2), np.float32)},
        {"W1": [[0.0, 0.0]] * 3},
        {"W9": np.zeros((3, 2))},
    ],
)
def test_parameters_that_do_not_fit_are_refused(change: dict[str, Any]) -> None:
    net = EnergyNetwork([W], [B], Clip())
    with pytest.raises(InvalidParameterError):
        net.with_parameters({**net.parameters, **change})


@pytest.mark.parametrize("examples", [0, -1, 2.5])
def test_initial_states_need_an_example(examples: Any) -> None:
    with pytest.raises(InvalidParameterError, match="batch"):
        network("clip", (3, 2)).initial_states(examples)
