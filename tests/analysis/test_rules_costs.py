"""Multiply-adds by formula against those counted while the rules run; steps and memory of the rules."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from analysis import _rules_costs as costs
from analysis._rules_list import RULES
from tests.oracles.counted import Counted, Multiplier, Tally, counted, remembered
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import chemotaxis_kernel, sine_kernel
from thermo_cl.learning import (
    Backpropagation,
    ContrastiveHebbian,
    DualPropagation,
    EnergyNetwork,
    EquilibriumPropagation,
    FeedForwardNetwork,
    ForwardForwardNetwork,
    RandomPhases,
    Relaxation,
    TemporalContrast,
    always_on,
    isd,
    two_term,
)
from thermo_cl.learning.feedforward import ForwardBackpropagation, ReLU
from thermo_cl.learning.phases import Phase
from thermo_cl.learning.rules import backpropagation
from thermo_cl.synapse import Sawtooth

BATCH = 6
SHAPES = ((7, 5, 3), (7, 4, 5, 3), (6, 5, 4, 4, 3))
HOW = Relaxation(5, 3, 0.4)


class Numpy:
    """NumPy, whose new arrays are counted."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    @staticmethod
    def empty(shape: tuple[int, ...], dtype: Any) -> Counted:
        return counted(np.empty(shape, dtype))


class CountedReLU(ReLU):
    """Whose values stay counted arrays."""

    def value(self, x: Any) -> Counted:
        return counted(super().value(x))


@pytest.fixture
def tally(monkeypatch: pytest.MonkeyPatch) -> Iterator[Tally]:
    monkeypatch.setattr(Counted, "tally", Tally())
    monkeypatch.setattr(backpropagation, "np", Numpy())
    return Counted.tally


def energy(sizes: tuple[int, ...]) -> EnergyNetwork:
    network = EnergyNetwork.glorot(sizes, scale=1.0, dtype=np.float64, rng=1)
    return network.with_parameters({name: counted(a) for name, a in network.parameters.items()})


def forward(sizes: tuple[int, ...]) -> FeedForwardNetwork:
    network = FeedForwardNetwork.random(sizes[0], sizes[1:], activation=CountedReLU(), dtype=np.float64, rng=1)
    return network.with_parameters({name: counted(a) for name, a in network.parameters.items()})


def batch(network: Any) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(2)
    inputs = counted(rng.random((BATCH, network.sizes[0])))
    targets = counted(np.eye(network.sizes[-1])[rng.integers(0, network.sizes[-1], BATCH)])
    states = tuple(counted(rng.random((BATCH, n))) for n in network.sizes[1:])
    return inputs, targets, states if isinstance(network, EnergyNetwork) else ()


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize(
    "rule",
    [
        EquilibriumPropagation(0.5, "random", HOW), EquilibriumPropagation(0.5, "centred", HOW),
        ContrastiveHebbian(HOW), Backpropagation(HOW),
    ],
)  # fmt: skip
def test_formulas_count_what_rules_of_energy_networks_do(rule: Any, sizes: tuple[int, ...], tally: Tally) -> None:
    network = energy(sizes)
    rule.estimate(network, *batch(network), np.random.default_rng(3))
    assert tally.count == costs.multiply_adds(rule, sizes, BATCH) > 0


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("schedule", [isd(0.4, 3), always_on(0.4, 3)])
@pytest.mark.parametrize("seed", [1, 2, 5])
def test_formula_of_random_phases_for_what_was_drawn(
    schedule: Any, seed: int, sizes: tuple[int, ...], tally: Tally
) -> None:
    rule, network = RandomPhases(schedule, 1.0, "one", "example", HOW), energy(sizes)
    positive = np.mean(np.random.default_rng(seed).random(BATCH) < 0.4)
    assert 0 < positive < 1
    rule.estimate(network, *batch(network), np.random.default_rng(seed))
    assert_allclose(tally.count, costs.random_phases(rule, sizes, BATCH, float(positive)), rtol=1e-12)
    mean = 0.6 * costs.random_phases(rule, sizes, BATCH, 0.0) + 0.4 * costs.random_phases(rule, sizes, BATCH, 1.0)
    assert_allclose(costs.multiply_adds(rule, sizes, BATCH), mean, rtol=1e-12)


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize(
    "rule",
    [
        ForwardBackpropagation(), DualPropagation(0.0), DualPropagation(1.0), DualPropagation(0.5, sweeps=1),
        DualPropagation(0.5, sweeps=7), DualPropagation(0.0, 0.1, "plain", sweeps=4),
        DualPropagation(1.0, 0.1, "plain", sweeps=3),
    ],
)  # fmt: skip
def test_formulas_count_what_rules_of_feed_forward_networks_do(rule: Any, sizes: tuple[int, ...], tally: Tally) -> None:
    network = forward(sizes)
    rule.estimate(network, *batch(network), np.random.default_rng(3))
    assert tally.count == costs.multiply_adds(rule, sizes, BATCH) > 0


@pytest.mark.parametrize("schedule", [two_term(1), isd(0.3, 1)])
def test_formula_counts_what_a_phase_of_forward_forward_does(schedule: Any, tally: Tally) -> None:
    sizes = (12, 5, 4)
    network = ForwardForwardNetwork.random(sizes, classes=3, dtype=np.float64, rng=1)
    network = network.with_parameters({name: counted(a) for name, a in network.parameters.items()})
    rng = np.random.default_rng(2)
    inputs, labels = rng.random((BATCH, 12)), rng.integers(0, 3, BATCH)
    for phase in (Phase.POSITIVE, Phase.NEGATIVE)[: 2 if schedule.paired else 1]:
        network.statistic(phase, (labels, labels, labels), inputs, labels)
    assert tally.count == costs.multiply_adds(schedule, sizes, BATCH) > 0


@pytest.mark.parametrize("sizes", [(4, 3, 2), (4, 2, 3, 2)])
@pytest.mark.parametrize(("length", "samples"), [(0.1, 100), (0.05, 40), (0.6, 12)])
def test_formula_counts_the_relaxations_and_memories_of_temporal_contrast(
    sizes: tuple[int, ...], length: float, samples: int, tally: Tally
) -> None:
    """Loops over synapses that take as many multiplications as the formula give the rule's own estimate."""
    threshold = 0.1
    rule = TemporalContrast(
        sine_kernel(length).normalized(), Sawtooth(0.1, 0.9), threshold, nudge=0.7, sides="one", stages=3,
        samples=samples, relaxation=HOW,
    )  # fmt: skip
    assert rule.current_map is not None
    network, times = energy(sizes), Multiplier()
    inputs, targets, states = batch(network)
    _, levels = rule.visited_states(network, inputs, targets, states, 0.7)
    relaxed, seen = tally.count, [network.activation.value(np.asarray(x)).transpose(2, 1, 0) for x in levels]
    below, found = [np.asarray(inputs).T[:, None, :], *seen[:-1]], {}
    how = (rule.current_map.steps, rule.current_map.weights, threshold, times)
    for n, (under, here) in enumerate(zip(below, seen, strict=True), start=1):
        found[f"W{n}"] = np.array([[remembered(a, b, *how) for b in here] for a in under])
        found[f"b{n}"] = np.array([remembered(np.ones((1, BATCH)), b, *how) for b in here])
    expected = rule.estimate(network, inputs, targets, states, np.random.default_rng(0)).gradient
    for name, value in found.items():
        assert_allclose(value * rule.factor / 0.7, expected[name], rtol=1e-9, atol=1e-12)
    assert any(np.any(value) for value in found.values()) and not all(np.all(value) for value in found.values())
    assert relaxed + times.count == costs.multiply_adds(rule, sizes, BATCH)


def test_steps_are_those_of_the_schedules_study_and_of_the_algorithms() -> None:
    found = {name: costs.steps(entry.way) for name, entry in RULES.items()}
    assert found == {
        "temporal contrast": 20 + 8 * 4, "equilibrium propagation": 24, "contrastive Hebbian": 24,
        "random phases (ISD)": 22, "always on": 22, "DP, alpha = 0": 11, "DP, alpha = 1": 11, "DP, alpha = 1/2": 11,
        "DPT, alpha = 0": 2, "DPT, alpha = 1": 2, "forward-forward": 2, "forward-forward, ISD": 1,
        "backpropagation, relaxation": 40, "backpropagation": 2,
    }  # fmt: skip
    assert costs.steps(EquilibriumPropagation(sides="centred")) == 28


def test_memory_follows_the_kernel_the_phases_and_the_states() -> None:
    ramps = Sawtooth(0.1, 0.9)

    def synapse(kernel: Any, stages: int) -> float:
        return costs.memory(TemporalContrast(kernel, ramps, 0.0, stages=stages)).synapse

    assert [synapse(sine_kernel(t), 8) for t in (0.0125, 0.02, 0.1, 0.8)] == [1, 2, 8, 16]
    assert synapse(sine_kernel(0.1), 4) == 4
    assert synapse(chemotaxis_kernel(0.0, 20.0), 8) == 16  # no window: what a cycle has
    assert costs.memory(EquilibriumPropagation()) == costs.memory(two_term(1)) == (1, 1)
    assert costs.memory(RandomPhases()) == costs.memory(isd(0.5, 1)) == (0, 1)
    assert costs.memory(Backpropagation(HOW)) == (1, HOW.free_steps + 2)
    assert costs.memory(DualPropagation()) == costs.memory(ForwardBackpropagation()) == (0, 2)


@pytest.mark.parametrize(
    ("way", "name"),
    [
        (DualPropagation(carry=True), "rule"), (DualPropagation(form="damped"), "rule"),
        (DualPropagation(order="forward"), "rule"), (DualPropagation(tolerance=1e-3), "rule"), (object(), "rule"),
        (replace(RULES["temporal contrast"].way, samples=None), "samples"),
    ],
)  # fmt: skip
def test_what_takes_no_known_number_is_refused(way: Any, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        costs.multiply_adds(way, (7, 5, 3), 4)
