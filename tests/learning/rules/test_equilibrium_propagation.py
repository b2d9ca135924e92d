"""Equilibrium propagation tends to the exact gradient, with the order that its sides promise."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.networks import batch, distance, network
from thermo_cl.learning.energy import EnergyNetwork, Relaxation, SoftClip, relax
from thermo_cl.learning.rules import Backpropagation, EquilibriumPropagation
from thermo_cl.learning.rules.phases import energy_gradient

HOW = Relaxation(free_steps=600, clamped_steps=600, step_size=0.3)  # to rest, to rounding
NUDGES = 0.01 * 0.5 ** np.arange(5)


def errors(name: str, sizes: tuple[int, ...], sides: Any) -> tuple[list[float], float]:
    """Distances to the exact gradient, and how far the free states are from rest."""
    net = network(name, sizes, seed=2, scale=0.8)
    inputs, targets, states = batch(net, 4)
    rest = relax(net, inputs, states, steps=600, step_size=0.3)
    rng = np.random.default_rng(0)
    exact = Backpropagation(HOW).estimate(net, inputs, targets, rest, rng)
    drift = max(float(np.abs(x - y).max()) for x, y in zip(exact.states, rest, strict=True))
    found = []
    for nudge in NUDGES:
        estimate = EquilibriumPropagation(nudge, sides, HOW).estimate(net, inputs, targets, rest, rng)
        found.append(distance(estimate.gradient, exact.gradient))
    return found, drift


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "soft-clip"])
@pytest.mark.parametrize("sizes", [(5, 3), (4, 5, 3), (4, 5, 4, 3)])
@pytest.mark.parametrize(("sides", "order"), [("one", 1), ("random", 1), ("centred", 2)])
def test_error_to_the_exact_gradient_has_the_order_promised(
    name: str, sizes: tuple[int, ...], sides: str, order: int
) -> None:
    found, drift = errors(name, sizes, sides)
    assert drift < 1e-13
    assert_allclose(np.polyfit(np.log(NUDGES), np.log(found), 1)[0], order, atol=0.05)
    assert found[0] < 0.1


@pytest.mark.parametrize("steps", [1, 4])
def test_random_signs_average_to_the_centred_estimate(steps: int) -> None:
    net = network("clip", (5, 4, 3))
    inputs, targets, states = batch(net, 3)
    how = Relaxation(clamped_steps=steps)
    rule = EquilibriumPropagation(0.5, "random", how)
    drawn = [rule.estimate(net, inputs, targets, states, np.random.default_rng(seed)).gradient for seed in range(12)]
    sums = np.array([g["b2"].sum() for g in drawn])
    up = [g for g, s in zip(drawn, sums, strict=True) if s == sums[0]]
    down = [g for g, s in zip(drawn, sums, strict=True) if s != sums[0]]
    assert up and down and len(np.unique(sums)) == 2  # two signs, each drawn
    centred = EquilibriumPropagation(0.5, "centred", how).estimate(
        net, inputs, targets, states, np.random.default_rng(0)
    )
    one = EquilibriumPropagation(0.5, "one", how).estimate(net, inputs, targets, states, np.random.default_rng(0))
    assert min(distance(one.gradient, up[0]), distance(one.gradient, down[0])) == 0
    for key, estimate in centred.gradient.items():
        assert_allclose((up[0][key] + down[0][key]) / 2, estimate, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize(("sides", "below"), [("one", 0.0), ("centred", -0.4)])
def test_estimate_is_the_contrast_of_currents_over_the_nudge(sides: Literal["one", "centred"], below: float) -> None:
    net = EnergyNetwork.glorot((6, 5, 4, 3), activation=SoftClip(), scale=2.0, dtype=np.float64, rng=1)
    inputs, targets, states = batch(net, 3)
    how = Relaxation(free_steps=8, clamped_steps=5, step_size=0.25)
    got = EquilibriumPropagation(0.4, sides, how).estimate(net, inputs, targets, states, np.random.default_rng(0))
    free = relax(net, inputs, states, steps=8, step_size=0.25)
    ends = [
        relax(net, inputs, free, steps=5 if nudge else 0, step_size=0.25, targets=targets, nudge=nudge)
        for nudge in (0.4, below)
    ]
    high, low = (energy_gradient(net, inputs, x) for x in ends)
    for key in high:
        assert_allclose(got.gradient[key], (high[key] - low[key]) / (0.4 - below), rtol=1e-10, atol=1e-14)
