"""Random phases as a rule: their mean is equilibrium propagation, and a configuration learns by them."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import Relaxation, load_configuration, run
from thermo_cl.learning.energy import relax
from thermo_cl.learning.phases import (
    AdaptiveProbability,
    FixedLength,
    PhaseSchedule,
    RandomPhase,
    RandomPhases,
    RunningMean,
    always_on,
    isd,
    two_term,
)
from thermo_cl.learning.rules import EquilibriumPropagation, Rule
from thermo_cl.learning.rules.phases import energy_gradient
from thermo_cl.learning.training.rule_tables import rule_from
from thermo_cl.learning.training.table import Table

STEPS = 3
HOW = Relaxation(free_steps=6, clamped_steps=STEPS, step_size=0.4)


def drawn(rule: RandomPhases, seed: int, examples: int) -> tuple[Any, ...]:
    """Side and phases that a seed gives."""
    rng = np.random.default_rng(seed)
    side = rng.choice([-1.0, 1.0]) if rule.sides == "random" else 1.0
    return (side, *(rng.random(examples if rule.draws == "example" else 1) < rule.schedule.choice.probability))


@pytest.mark.parametrize("b", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("sides", ["one", "random"])
@pytest.mark.parametrize("draws", ["minibatch", "example"])
@pytest.mark.parametrize("updates", ["end", "always"])
@pytest.mark.parametrize("sizes", [(5, 3), (5, 4, 3)])
def test_the_mean_over_draws_is_equilibrium_propagation(
    b: float, sides: Any, draws: Any, updates: Any, sizes: tuple[int, ...]
) -> None:
    net = network("clip" if updates == "end" else "sigmoid", sizes, scale=0.8)
    inputs, targets, states = batch(net, 3)
    rule = RandomPhases(PhaseSchedule(RandomPhase(b), FixedLength(STEPS), updates), 0.4, sides, draws, HOW)
    seeds: dict[tuple[Any, ...], int] = {}
    for seed in range(400):
        seeds.setdefault(drawn(rule, seed, 3), seed)
    patterns = list(itertools.product([False, True], repeat=3 if draws == "example" else 1))
    for side in (-1.0, 1.0) if sides == "random" else (1.0,):
        mean = {name: np.zeros_like(value) for name, value in net.parameters.items()}
        for pattern in patterns:
            chance = math.prod(b if up else 1 - b for up in pattern)
            rng = np.random.default_rng(seeds[(side, *pattern)])
            found = rule.estimate(net, inputs, targets, states, rng).gradient
            mean = {name: mean[name] + chance * found[name] for name in mean}
        exact = {name: np.zeros_like(value) for name, value in net.parameters.items()}
        clamped = range(1, STEPS + 1) if updates == "always" else [STEPS]
        for steps in clamped:
            ep = EquilibriumPropagation(0.4, sides, Relaxation(6, steps, 0.4))
            rng = np.random.default_rng(seeds[(side, *patterns[0])])
            term = ep.estimate(net, inputs, targets, states, rng).gradient
            exact = {name: exact[name] + term[name] / len(clamped) for name in exact}
        for name, value in exact.items():
            assert_allclose(mean[name], value, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_geometric_phases_add_up_their_steps(seed: int) -> None:
    b, tau, beta = 0.4, 2.5, 0.3
    net = network("tanh", (5, 4, 3))
    inputs, targets, states = batch(net, 4)
    rule = RandomPhases(always_on(b, tau, geometric=True), beta, "one", "example", HOW)
    found = rule.estimate(net, inputs, targets, states, np.random.default_rng(seed))
    rng = np.random.default_rng(seed)
    up, lengths = rng.random(4) < b, rng.geometric(1 / tau, 4)
    free = relax(net, inputs, states, steps=6, step_size=0.4)
    total = {name: np.zeros_like(value) for name, value in net.parameters.items()}
    for n in range(4):
        x, y, here = inputs[n : n + 1], targets[n : n + 1], tuple(s[n : n + 1] for s in free)
        for _ in range(lengths[n]):
            if up[n]:
                here = relax(net, x, here, steps=1, step_size=0.4, targets=y, nudge=beta)
            slope = energy_gradient(net, x, here)
            weight = 1 / b if up[n] else -1 / (1 - b)
            total = {name: total[name] + weight * slope[name] / (tau * beta * 4) for name in total}
    for name, value in total.items():
        assert_allclose(found.gradient[name], value, rtol=1e-11, atol=1e-13)
    for x, y in zip(found.states, free, strict=True):
        assert_array_equal(x, y)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("draws", ["minibatch", "example"])
@pytest.mark.parametrize("schedule", [isd(0.5, 2), always_on(0.5, 2.5, geometric=True)], ids=repr)
def test_estimates_have_the_networks_shapes_and_precision(schedule: PhaseSchedule, draws: Any, dtype: Any) -> None:
    net = network("clip", (5, 4, 3), dtype=dtype)
    inputs, targets, states = batch(net, 3)
    before = [x.copy() for x in (inputs, targets, *states)]
    rule = RandomPhases(schedule, np.float64(0.3), draws=draws, relaxation=HOW)  # type: ignore[arg-type]
    assert isinstance(rule, Rule)
    for seed in range(4):
        estimate = rule.estimate(net, inputs, targets, states, np.random.default_rng(seed))
        assert list(estimate.gradient) == list(net.parameters)
        for key, array in net.parameters.items():
            assert estimate.gradient[key].shape == array.shape
            assert estimate.gradient[key].dtype == dtype
            assert np.any(estimate.gradient[key])
        assert_array_equal(estimate.outputs, estimate.states[-1])
    for x, y in zip((inputs, targets, *states), before, strict=True):
        assert_array_equal(x, y)
    with pytest.raises(InvalidParameterError, match="targets"):
        rule.estimate(net, inputs, targets[1:], states, np.random.default_rng(0))


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "both": ({"schedule": two_term(3)}, "EquilibriumPropagation"),
    "none": ({"schedule": None}, "a RandomPhase"),
    "baseline": ({"schedule": PhaseSchedule(RandomPhase(0.5, RunningMean()))}, "EnergyPhases"),
    "adaptation": ({"schedule": PhaseSchedule(RandomPhase(0.5, None, AdaptiveProbability()))}, "EnergyPhases"),
    "nudge": ({"nudge": 0.0}, "greater than 0"),
    "sides": ({"sides": "centred"}, "one, random"),
    "draws": ({"draws": "epoch"}, "minibatch, example"),
    "relaxation": ({"relaxation": 20}, "a Relaxation"),
}


@pytest.mark.parametrize(("changes", "valid"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told(changes: dict[str, Any], valid: str) -> None:
    with pytest.raises(InvalidParameterError, match=valid):
        RandomPhases(**changes)


def made(**entries: Any) -> Any:
    return rule_from(Table({"name": "random-phases", **entries}, "rule"), HOW, ("W1", "b1"))


def test_it_has_a_table_of_its_own() -> None:
    assert made() == RandomPhases(isd(0.5, STEPS), relaxation=HOW)
    other = made(
        probability=0.3, steps=7.5, length="geometric", updates="always", nudge=2.0, sides="one", draws="example"
    )
    assert other == RandomPhases(always_on(0.3, 7.5, geometric=True), 2.0, "one", "example", HOW)


@pytest.mark.parametrize(
    ("entry", "value"),
    [
        ("probability", 1.0), ("probability", "half"), ("steps", 0.5), ("steps", 2.5), ("length", "random"),
        ("updates", "often"), ("nudge", -1.0), ("sides", "centred"), ("draws", "epoch"), ("samples", 3),
    ],
)  # fmt: skip
def test_mistakes_in_its_table_are_named(entry: str, value: Any) -> None:
    with pytest.raises(InvalidParameterError) as caught:
        made(**{entry: value})
    assert caught.value.name == f"rule.{entry}"


def test_the_shipped_digits_are_learnt(tmp_path: Any) -> None:
    configuration = load_configuration("digits-random-phases")
    run(configuration.replaced(epochs=2), tmp_path)
    trained = run(configuration.replaced(epochs=5), tmp_path, resume=True)
    assert trained.metrics.holdout_error[-1] < 0.6
    assert trained.metrics.holdout_error[-1] < trained.metrics.holdout_error[0] - 0.15
    again = run(configuration.replaced(epochs=5))
    xr.testing.assert_identical(again.metrics, trained.metrics)
