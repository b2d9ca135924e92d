"""Backpropagation through the relaxation against complex steps, closed forms and equilibrium propagation."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from tests.oracles import unrolled_gradient
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import ACTIVATIONS, Clip, EnergyNetwork, Relaxation, relax
from thermo_cl.learning.rules import Backpropagation, EquilibriumPropagation, Rule

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
