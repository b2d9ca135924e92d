"""Compiled learning with a baseline or with a probability that adapts gives the numbers of the plain one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.boltzmann.machines import KINDS, machine, rows
from thermo_cl.learning.boltzmann import BoltzmannMachine, learn_replicas
from thermo_cl.learning.data import Dataset, bars_and_stripes
from thermo_cl.learning.phases import (
    SGD,
    AdaptiveProbability,
    Carried,
    FixedLength,
    GeometricLength,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    begin,
    follow,
    learn,
)

CHOICES = {
    "baseline": RandomPhase(0.3, RunningMean(0.1)),
    "adapted": RandomPhase(0.4, adaptation=AdaptiveProbability(0.05, 0.1, 0.8)),
    "both": RandomPhase(0.6, RunningMean(0.1), AdaptiveProbability(0.05)),
}
WAYS = {
    "end": (FixedLength(3), "end"),
    "end, geometric": (GeometricLength(3.0), "end"),
    "always": (FixedLength(4), "always"),
    "always, geometric": (GeometricLength(3.0), "always"),
}
SCHEDULES = {(c, w): PhaseSchedule(CHOICES[c], *WAYS[w]) for c in CHOICES for w in WAYS}
SGD_RATE = SGD(0.03)


def _data() -> Dataset:
    return Dataset(rows(20, 9, seed=3), np.zeros(20, int), classes=2, name="bits")


def _assert_same(found: Carried, expected: Carried, tolerance: float) -> None:
    assert found.moments.count == expected.moments.count
    assert_allclose(found.probability, expected.probability, rtol=tolerance)
    assert_allclose(found.second_moments, expected.second_moments, rtol=tolerance)
    for one, other in zip(found.chains, expected.chains, strict=True):
        assert_array_equal(np.hstack(one), np.hstack(other))
    if expected.baseline is None:
        assert found.baseline is None
        return
    assert found.baseline is not None and set(found.baseline) == set(expected.baseline)
    for name, value in expected.baseline.items():
        assert_allclose(found.baseline[name], value, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=["; ".join(pair) for pair in SCHEDULES])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch", [1, 3])
def test_compiled_and_plain_learning_agree(kind: str, schedule: PhaseSchedule, batch: int) -> None:
    m, data = machine(kind, 9, 6, size=0.3), _data()
    plan = schedule.plan(100, len(data), 5, batch=batch)
    start = begin(m, schedule, plan, SGD_RATE)
    expected, plain = follow(m, schedule, plan, data, SGD_RATE, start)
    result = m.follow(schedule, plan, data, SGD_RATE, start)
    assert result is not None
    found, compiled = result
    assert np.abs(expected.weights - m.weights).max() > 0.02
    tolerance = 1e-5 if kind == "averaged" else 1e-11  # its means are of single precision
    for name, value in expected.parameters.items():
        assert_allclose(found.parameters[name], value, rtol=tolerance, atol=tolerance)
    _assert_same(compiled, plain, tolerance)
    choice = schedule.choice
    assert isinstance(choice, RandomPhase)
    assert (plain.probability != choice.probability) == (choice.adaptation is not None)
    assert (start.baseline is None) == (choice.baseline is None)
    if start.baseline is not None:
        assert not start.baseline["W"].any()  # what a run starts from is left as it was


@pytest.mark.parametrize("way", WAYS)
def test_a_run_goes_on_from_its_state(way: str) -> None:
    m, data, schedule = machine("coupled", 9, 6, size=0.3, dtype=np.float32), _data(), SCHEDULES["both", way]
    plan = schedule.plan(90, len(data), 8)
    whole = learn(m, schedule, data, phases=plan, optimizer=SGD_RATE)
    model, state = m, None
    for first, last in pairwise((0, 1, 40, 90)):
        part = learn(model, schedule, data, phases=plan.part(first, last), optimizer=SGD_RATE, state=state)
        model, state = part.model, part.state
    assert state is not None
    for name, value in whole.model.parameters.items():
        assert value.dtype == np.float32
        assert_array_equal(model.parameters[name], value)
    _assert_same(state, whole.state, 0.0)


def test_replicas_have_baselines_and_probabilities_of_their_own() -> None:
    data, schedule = bars_and_stripes(2), SCHEDULES["both", "end"]
    machines = [BoltzmannMachine.random(4, 3, rng=k) for k in range(4)]
    learned = learn_replicas(machines, schedule, data, phases=600, rate=0.05, rng=7)
    streams = np.random.default_rng(7).spawn(4)
    for k, start in enumerate(machines):
        alone = learn(start, schedule, data, phases=600, optimizer=SGD(0.05), rng=streams[k])
        assert_array_equal(learned.machines[k].weights, alone.model.weights)
        _assert_same(learned.states[k], alone.state, 0.0)
    assert len({state.probability for state in learned.states}) == 4
