"""Contrastive Hebbian learning against minimised energies, and as the limit of an infinite nudge."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.optimize import minimize

from tests.learning.networks import batch, distance, network
from thermo_cl.learning.energy import Clip, EnergyNetwork, Relaxation, relax
from thermo_cl.learning.rules import Backpropagation, ContrastiveHebbian, EquilibriumPropagation
from thermo_cl.learning.rules.phases import energy_gradient

RNG = np.random.default_rng(0)
HOW = Relaxation(free_steps=600, clamped_steps=600, step_size=0.3)


def mean_gap(net: EnergyNetwork, inputs: np.ndarray, targets: np.ndarray, states: tuple[np.ndarray, ...]) -> float:
    """Mean of min E with outputs at the targets less min E, by a general minimiser from the same states."""
    total = 0.0
    for k in range(len(inputs)):
        x, y = inputs[k : k + 1], targets[k : k + 1]
        ends = np.cumsum([s.shape[1] for s in states])[:-1]

        def split(z: np.ndarray, ends: np.ndarray = ends) -> tuple[np.ndarray, ...]:
            return tuple(part[None] for part in np.split(z, ends))

        hidden = np.concatenate([s[k] for s in states[:-1]])
        free = minimize(
            lambda z, x=x: net.energy(x, split(z))[0], np.concatenate([s[k] for s in states]), options={"gtol": 1e-7}
        )
        held = minimize(
            lambda z, x=x, y=y: net.energy(x, split(np.concatenate([z, y[0]])))[0], hidden, options={"gtol": 1e-7}
        )
        total += held.fun - free.fun
    return total / len(inputs)


@pytest.mark.parametrize("name", ["sigmoid", "tanh"])
@pytest.mark.parametrize("sizes", [(2, 3, 2), (2, 2, 2, 2)])
def test_estimate_is_the_gradient_of_the_gap_between_two_minima(name: str, sizes: tuple[int, ...]) -> None:
    net = network(name, sizes, seed=1, scale=0.8)
    inputs, targets, states = batch(net, 2)
    estimate = ContrastiveHebbian(HOW, gain=1.0).estimate(net, inputs, targets, states, RNG)
    h = 1e-3
    for key, array in net.parameters.items():
        entry = (0,) * array.ndim
        moved = []
        for sign in (1, -1):
            shifted = {k: v.copy() for k, v in net.parameters.items()}
            shifted[key][entry] += sign * h
            moved.append(mean_gap(net.with_parameters(shifted), inputs, targets, estimate.states))
        assert_allclose(estimate.gradient[key][entry], (moved[0] - moved[1]) / (2 * h), rtol=1e-4, atol=1e-8)


@pytest.mark.parametrize("name", ["clip", "sigmoid", "tanh", "soft-clip"])
def test_it_is_the_limit_of_equilibrium_propagation_as_the_nudge_grows(name: str) -> None:
    net = network(name, (4, 5, 4, 3), seed=2, scale=0.8)
    inputs, targets, states = batch(net, 3)
    rest = relax(net, inputs, states, steps=1000, step_size=0.3)
    limit = ContrastiveHebbian(HOW, gain=1.0).estimate(net, inputs, targets, rest, RNG).gradient
    nudges, found = np.array([20.0, 40.0, 80.0]), []
    for nudge in nudges:
        how = Relaxation(free_steps=0, clamped_steps=int(80 * nudge), step_size=0.8 / nudge)
        estimate = EquilibriumPropagation(nudge, "one", how).estimate(net, inputs, targets, rest, RNG).gradient
        found.append(distance({k: nudge * v for k, v in estimate.items()}, limit))
    assert_allclose(np.polyfit(np.log(nudges), np.log(found), 1)[0], -1, atol=0.05)
    assert found[-1] < 0.04


def test_with_the_default_gain_it_is_the_gradient_of_the_cost_where_feedback_is_weak() -> None:
    base = network("clip", (4, 6, 3), seed=5, scale=0.4)
    rng = np.random.default_rng(3)
    inputs, targets, states = batch(base, 3)
    top, scales, found = rng.normal(size=(6, 3)) / 6, 0.05 * 0.5 ** np.arange(4), []
    biases = [0.3 + 0 * base.biases[0], 0.5 + 0 * base.biases[1]]
    for scale in scales:
        net = EnergyNetwork([base.weights[0], scale * top], biases, Clip())
        rest = relax(net, inputs, states, steps=1000, step_size=0.3)
        assert all(((x > 0) & (x < 1)).all() for x in rest)
        exact = Backpropagation(HOW).estimate(net, inputs, targets, rest, RNG).gradient
        estimate = ContrastiveHebbian(HOW).estimate(net, inputs, targets, rest, RNG).gradient
        found.append([distance({k: estimate[k]}, {k: exact[k]}) for k in exact])
    orders = np.polyfit(np.log(scales), np.log(found), 1)[0]
    assert_allclose(orders, [2, 2, 1, 2], atol=0.05)  # W1, b1, W2, b2


def test_within_the_bounds_of_clip_the_gap_is_the_cost_weighted_by_the_feedback() -> None:
    net = network("clip", (4, 5, 4, 3), seed=3, scale=0.5)
    net = EnergyNetwork(net.weights, [0.35 + 0 * b for b in net.biases], Clip())
    inputs, targets, states = batch(net, 1)
    free = relax(net, inputs, states, steps=1000, step_size=0.3)
    held = (*free[:-1], targets)
    for _ in range(1000):
        held = (*relax(net, inputs, held, steps=1, step_size=0.3)[:-1], targets)
    assert all(((x > 0) & (x < 1)).all() for x in (*free, *held))
    among, up = np.zeros((9, 9)), np.vstack([np.zeros((5, 3)), net.weights[2]])
    among[:5, 5:], among[5:, :5] = net.weights[1], net.weights[1].T
    stiffness = np.eye(3) - up.T @ np.linalg.solve(np.eye(9) - among, up)
    gap = (free[-1] - targets)[0]
    assert_allclose(net.energy(inputs, held) - net.energy(inputs, free), gap @ stiffness @ gap / 2, rtol=1e-11)
    assert abs(gap @ stiffness @ gap / (gap @ gap) - 1) > 0.01  # feedback that matters
    estimate = ContrastiveHebbian(HOW, gain=3.0).estimate(net, inputs, targets, free, RNG)
    assert_allclose(estimate.gradient["b2"], 3 * (free[1] - held[1])[0], rtol=1e-10)
    assert_allclose(estimate.gradient["b3"], 3 * gap, rtol=1e-10)


def test_hidden_layers_follow_the_held_outputs_step_by_step() -> None:
    net = network("clip", (4, 5, 4, 3), seed=2)
    inputs, targets, states = batch(net, 3)
    how = Relaxation(free_steps=5, clamped_steps=2, step_size=0.5)
    got = ContrastiveHebbian(how, gain=1.0).estimate(net, inputs, targets, states, RNG)
    free = relax(net, inputs, states, steps=5)
    one, two, _ = free
    for _ in range(2):
        first = inputs @ net.weights[0] + net.biases[0] + two @ net.weights[1].T
        second = one @ net.weights[1] + net.biases[1] + targets @ net.weights[2].T
        one, two = np.clip(0.5 * one + 0.5 * first, 0, 1), np.clip(0.5 * two + 0.5 * second, 0, 1)
    high, low = (energy_gradient(net, inputs, x) for x in ((one, two, targets), free))
    for key in high:
        assert_allclose(got.gradient[key], high[key] - low[key], rtol=1e-11, atol=1e-15)


def test_without_hidden_layers_it_is_the_delta_rule_exactly() -> None:
    net = EnergyNetwork([np.full((4, 3), 0.1)], [np.full(3, 0.2)], Clip())
    inputs, targets, states = batch(net, 5)
    estimate = ContrastiveHebbian(HOW).estimate(net, inputs, targets, states, RNG)
    outputs = inputs @ net.weights[0] + net.biases[0]
    assert_allclose(estimate.gradient["W1"], 2 * inputs.T @ (outputs - targets) / 5, rtol=1e-12, atol=1e-15)
    exact = Backpropagation(HOW).estimate(net, inputs, targets, states, RNG)
    assert_allclose(estimate.gradient["b1"], exact.gradient["b1"], rtol=1e-12)


def test_targets_that_are_met_teach_nothing() -> None:
    net = network("tanh", (4, 5, 3))
    inputs, _, states = batch(net, 3)
    rest = relax(net, inputs, states, steps=3000, step_size=0.3)
    estimate = ContrastiveHebbian(HOW).estimate(net, inputs, rest[-1], rest, RNG)
    for key, array in estimate.gradient.items():
        assert_allclose(array, 0, atol=1e-14, err_msg=key)
    assert_array_equal(estimate.outputs, estimate.states[-1])
