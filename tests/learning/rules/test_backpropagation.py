"""Backpropagation through the relaxation against complex steps, closed forms and equilibrium propagation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, distance, network
from tests.oracles import unrolled_gradient
from thermo_cl.learning.energy import ACTIVATIONS, Clip, EnergyNetwork, Relaxation, Tanh, relax
from thermo_cl.learning.rules import Backpropagation, EquilibriumPropagation

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3), (4, 3, 4, 2), (3, 3, 2, 3, 2)])
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("step_size", [0.5, 1.0])
def test_gradient_equals_complex_steps(name: str, sizes: tuple[int, ...], step_size: float) -> None:
    net = network(name, sizes, seed=1)
    inputs, targets, states = batch(net, 3, seed=2)
    rule = Backpropagation(Relaxation(free_steps=7, step_size=step_size))
    estimate = rule.estimate(net, inputs, targets, states, RNG)
    expected = unrolled_gradient.gradient(name, net.parameters, inputs, targets, states, 7, step_size)
    assert list(estimate.gradient) == list(net.parameters)
    for key, derivative in expected.items():
        assert_allclose(estimate.gradient[key], derivative, rtol=1e-11, atol=1e-14, err_msg=key)


def test_bounds_were_active_in_the_comparison_with_complex_steps() -> None:
    net = network("clip", (5, 4, 3), seed=1)
    inputs, targets, states = batch(net, 3, seed=2)
    free = Backpropagation(Relaxation(free_steps=7)).estimate(net, inputs, targets, states, RNG).states
    at_bound = np.concatenate([((x == 0) | (x == 1)).ravel() for x in free])
    assert at_bound.any() and not at_bound.all()


def test_one_step_of_one_neuron_in_closed_form() -> None:
    # x1 = (1 - e) x + e rho'(x) (w s + b), C = (x1 - y)^2, so dC/dw = 2 (x1 - y) e rho'(x) s
    net = EnergyNetwork([[[0.4]]], [[0.1]], Tanh())
    s, x, y, e = 0.7, 0.3, 0.9, 0.5
    slope = 1 - np.tanh(x) ** 2
    moved = (1 - e) * x + e * slope * (0.4 * s + 0.1)
    rule = Backpropagation(Relaxation(free_steps=1, step_size=e))
    estimate = rule.estimate(net, np.array([[s]]), np.array([[y]]), (np.array([[x]]),), RNG)
    assert_allclose(estimate.outputs, [[moved]], rtol=1e-14)
    assert_allclose(estimate.gradient["W1"], [[2 * (moved - y) * e * slope * s]], rtol=1e-14)
    assert_allclose(estimate.gradient["b1"], [2 * (moved - y) * e * slope], rtol=1e-14)


def test_no_derivative_passes_a_bound_that_is_active_or_reached_exactly() -> None:
    rule = Backpropagation(Relaxation(free_steps=1, step_size=0.5))
    for bias in (-0.6, 0.0):  # from 0 below the bound, and exactly on it
        net = EnergyNetwork([[[0.0]]], [[bias]], Clip())
        estimate = rule.estimate(net, np.ones((1, 1)), np.ones((1, 1)), (np.zeros((1, 1)),), RNG)
        assert_array_equal(estimate.outputs, [[0.0]])
        assert_array_equal(estimate.gradient["b1"], [0.0])


def test_without_steps_the_gradient_vanishes() -> None:
    net = network("sigmoid", (5, 4, 3))
    inputs, targets, states = batch(net, 3)
    estimate = Backpropagation(Relaxation(free_steps=0)).estimate(net, inputs, targets, states, RNG)
    for key, array in net.parameters.items():
        assert_array_equal(estimate.gradient[key], np.zeros(array.shape))
    assert estimate.states is states


def test_gradient_of_a_batch_is_the_mean_over_its_examples() -> None:
    net = network("soft-clip", (5, 4, 3))
    inputs, targets, states = batch(net, 4)
    rule = Backpropagation(Relaxation(free_steps=9))
    whole = rule.estimate(net, inputs, targets, states, RNG).gradient
    rows = [slice(k, k + 1) for k in range(4)]
    single = [rule.estimate(net, inputs[r], targets[r], tuple(x[r] for x in states), RNG).gradient for r in rows]
    for key in whole:
        assert_allclose(whole[key], np.mean([one[key] for one in single], axis=0), rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_float32_gradient_is_the_float64_one_to_rounding(name: str) -> None:
    net = network(name, (30, 40, 5), dtype=np.float32)
    double = EnergyNetwork(
        [w.astype(float) for w in net.weights], [b.astype(float) for b in net.biases], net.activation
    )
    inputs, targets, states = batch(net, 6)
    rule = Backpropagation()
    got = rule.estimate(net, inputs, targets, states, RNG).gradient
    exact = rule.estimate(
        double, inputs.astype(float), targets.astype(float), tuple(x.astype(float) for x in states), RNG
    ).gradient
    for key, derivative in exact.items():
        assert_allclose(got[key], derivative, rtol=0, atol=2e-5 * np.abs(derivative).max(), err_msg=key)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("steps", [1, 2, 3, 4, 7])
def test_steps_from_rest_equal_clamped_steps_of_a_vanishing_nudge(name: str, steps: int) -> None:
    # Ernoult et al. (2019), Theorem 1, for each number of steps: so every step's own share agrees too
    net = network(name, (4, 5, 4, 3), seed=3, scale=0.8)
    inputs, targets, states = batch(net, 3)
    rest = relax(net, inputs, states, steps=3000, step_size=0.3)
    exact = Backpropagation(Relaxation(free_steps=steps, step_size=0.3)).estimate(net, inputs, targets, rest, RNG)
    how = Relaxation(free_steps=0, clamped_steps=steps, step_size=0.3)
    for sides, order in (("one", 1), ("centred", 2)):
        nudges = 0.005 * 0.5 ** np.arange(4)
        errors = []
        for nudge in nudges:
            estimate = EquilibriumPropagation(nudge, sides, how).estimate(net, inputs, targets, rest, RNG)  # type: ignore[arg-type]
            errors.append(distance(estimate.gradient, exact.gradient))
        if max(errors) < 1e-10:  # one step moves the outputs alone, in proportion to the nudge: nothing is left over
            assert steps == 1
            continue
        assert errors[0] < 0.1
        assert_allclose(np.polyfit(np.log(nudges), np.log(errors), 1)[0], order, atol=0.05)
