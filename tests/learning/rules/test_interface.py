"""What every rule with a free phase keeps to: precision, given arrays, free states, and what is refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import ACTIVATIONS, Relaxation, relax
from thermo_cl.learning.rules import Backpropagation, ContrastiveHebbian, EquilibriumPropagation, Rule

SIZES = (5, 4, 3)
HOW = Relaxation(free_steps=6, clamped_steps=3, step_size=np.float64(0.4))
RULES: list[Any] = [
    Backpropagation(HOW),
    ContrastiveHebbian(HOW, gain=np.float64(1.5)),
    *(EquilibriumPropagation(np.float64(0.3), sides, HOW) for sides in ("one", "random", "centred")),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_estimates_have_the_networks_shapes_and_precision(rule: Rule, name: str, dtype: Any) -> None:
    net = network(name, SIZES, dtype=dtype)
    inputs, targets, states = batch(net, 3)
    before = [x.copy() for x in (inputs, targets, *states)]
    estimate = rule.estimate(net, inputs, targets, states, np.random.default_rng(0))
    assert isinstance(rule, Rule)
    assert list(estimate.gradient) == list(net.parameters)
    for key, array in net.parameters.items():
        assert estimate.gradient[key].shape == array.shape
        assert estimate.gradient[key].dtype == dtype
        assert np.any(estimate.gradient[key])
    for x, y in zip(estimate.states, relax(net, inputs, states, steps=6, step_size=0.4), strict=True):
        assert_array_equal(x, y)
    assert_array_equal(estimate.outputs, estimate.states[-1])
    for x, y in zip((inputs, targets, *states), before, strict=True):
        assert_array_equal(x, y)


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_minibatches_that_do_not_fit_are_refused(rule: Rule) -> None:
    net, rng = network("clip", SIZES), np.random.default_rng(0)
    inputs, targets, states = batch(net, 3)
    bad: list[tuple[Any, Any, Any, str]] = [
        (inputs[:, 1:], targets, states, "inputs"),
        (inputs.astype(np.float32), targets, states, "inputs"),
        (inputs, targets[:1], states, "targets"),
        (inputs, None, states, "targets"),
        (inputs, np.array([0, 1, 2]), states, "targets"),
        (inputs, targets, states[1:], "states"),
        (inputs, targets, tuple(x[:2] for x in states), "states"),
    ]
    for x, y, kept, name in bad:
        with pytest.raises(InvalidParameterError, match=name):
            rule.estimate(net, x, y, kept, rng)


@pytest.mark.parametrize("kind", [Backpropagation, ContrastiveHebbian, EquilibriumPropagation])
@pytest.mark.parametrize("relaxation", [None, 20, Relaxation])
def test_a_relaxation_has_to_be_one(kind: Any, relaxation: Any) -> None:
    with pytest.raises(InvalidParameterError, match="a Relaxation"):
        kind(relaxation=relaxation)


@pytest.mark.parametrize("value", [0.0, -0.5, math.nan, math.inf, "big", None, [0.1, 0.2]])
def test_bad_nudges_and_gains_are_refused(value: Any) -> None:
    with pytest.raises(InvalidParameterError, match="nudge"):
        EquilibriumPropagation(nudge=value)
    with pytest.raises(InvalidParameterError, match="gain"):
        ContrastiveHebbian(gain=value)


@pytest.mark.parametrize("sides", ["two", "", None, "One"])
def test_unknown_sides_are_refused(sides: Any) -> None:
    with pytest.raises(InvalidParameterError, match="one of one, random, centred"):
        EquilibriumPropagation(sides=sides)
