"""An energy network under phase schedules: its two terms are equilibrium propagation, and it learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.networks import batch, network
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning import EnergyNetwork, Relaxation, evaluate, split
from thermo_cl.learning.data import Dataset, bars_and_stripes
from thermo_cl.learning.phases import (
    SGD,
    EnergyPhases,
    FixedLength,
    Phase,
    PhaseModel,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    isd,
    learn,
    two_term,
)
from thermo_cl.learning.rules import EquilibriumPropagation

LABELS = np.array([0, 2, 1])
UP, DOWN = Phase.POSITIVE, Phase.NEGATIVE


@pytest.mark.parametrize("name", ["clip", "sigmoid", "tanh"])
@pytest.mark.parametrize("sizes", [(5, 3), (4, 5, 3), (4, 5, 4, 3)])
def test_two_terms_are_equilibrium_propagation(name: str, sizes: tuple[int, ...]) -> None:
    net = network(name, sizes, seed=2, scale=0.8)
    inputs, _, states = batch(net, 3)
    model = EnergyPhases(net, 0.3, 0.4)
    free = model.run(DOWN, states, inputs, LABELS, steps=9)
    held = model.run(UP, free, inputs, LABELS, steps=5)
    up, down = model.statistic(UP, held, inputs, LABELS), model.statistic(DOWN, free, inputs, LABELS)
    rule = EquilibriumPropagation(0.3, "one", Relaxation(9, 5, 0.4))
    exact = rule.estimate(net, inputs, np.eye(3)[LABELS], states, np.random.default_rng(0)).gradient
    for key, value in exact.items():
        assert_allclose(up[key] - down[key], value, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("phase", Phase)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_it_keeps_to_the_interface(phase: Phase, dtype: Any) -> None:
    net = network("clip", (4, 5, 3), dtype=dtype)
    inputs, _, states = batch(net, 3)
    model = EnergyPhases(net)
    assert isinstance(model, PhaseModel)
    two = model.run(phase, states, inputs, LABELS, steps=2, seed=1)
    again = model.run(phase, model.run(phase, states, inputs, LABELS, steps=1), inputs, LABELS, steps=1)
    for x, y in zip(two, again, strict=True):
        assert_array_equal(x, y)
        assert x.dtype == dtype
    assert {v.dtype for v in model.statistic(phase, two, inputs.astype(np.float32), LABELS).values()} == {
        np.dtype(dtype)
    }
    assert [x.shape for x in model.start(7, seed=3)] == [(7, 5), (7, 3)]
    moved = model.with_parameters({k: v + dtype(1) for k, v in model.parameters.items()})
    assert (moved.nudge, moved.step_size) == (model.nudge, model.step_size)
    assert_array_equal(moved.parameters["b1"], model.parameters["b1"] + dtype(1))


def test_phases_that_differ_in_the_nudge_only_agree_where_the_target_is_met() -> None:
    net = EnergyNetwork([np.zeros((2, 3))], [np.array([1.0, 0.0, 0.0])], network("clip", (2, 3)).activation)
    x, y = np.zeros((1, 2)), np.array([0])
    model = EnergyPhases(net)
    assert_allclose(
        model.run(UP, model.start(1), x, y, steps=60)[0], model.run(DOWN, model.start(1), x, y, steps=60)[0], atol=1e-12
    )
    other = model.run(UP, model.start(1), x, np.array([1]), steps=60)[0]
    assert_allclose(other, [[0.5, 0.5, 0.0]], atol=1e-12)  # x - 1 + 2 beta (x - y) = 0 with beta = 1/2


@pytest.mark.parametrize(
    ("schedule", "rate", "phases", "reached"),
    [
        (two_term(10), 0.1, 200, 0.35),
        (PhaseSchedule(RandomPhase(0.5, RunningMean(0.05)), FixedLength(10)), 0.003, 600, 0.5),
    ],
    ids=["two-term", "random"],
)
def test_it_learns_digits(schedule: PhaseSchedule, rate: float, phases: int, reached: float) -> None:
    training, holdout = split("digits", 1400, 397)
    found = learn(
        EnergyPhases(EnergyNetwork.glorot([64, 100, 10], rng=0)), schedule, training, phases=phases, batch=20,
        optimizer=SGD(rate), probe=lambda model: evaluate(model.network, holdout, Relaxation()).error,
        probe_at=[0, phases],
    )  # fmt: skip
    before, after = found.metrics["value"].values
    assert before > 0.8
    assert after < reached


@pytest.mark.parametrize("labels", [[0, 3, 1], [0, -1, 1]])
def test_labels_outside_the_outputs_are_refused(labels: list[int]) -> None:
    net = network("clip", (4, 5, 3))
    inputs, _, states = batch(net, 3)
    with pytest.raises(InvalidParameterError, match=r"in 0 \.\.\. 2"):
        EnergyPhases(net).run(UP, states, inputs, np.array(labels), steps=1)


def test_data_that_do_not_fit_are_refused_before_anything_runs() -> None:
    model = EnergyPhases(network("clip", (9, 5, 2)))
    data = bars_and_stripes(3)
    fits = Dataset(data.inputs, data.labels % 2, classes=2, name="two")
    learn(model, isd(0.5, 2), fits, phases=2)
    for other in (
        Dataset(data.inputs, data.labels, classes=5, name="five"),
        Dataset([[0.5]], [1], classes=2, name="one"),
    ):
        with pytest.raises(InvalidParameterError, match="of 9, 2"):
            learn(model, isd(0.5, 2), other, phases=2)


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, "x", None])
def test_mistakes_are_told(value: Any) -> None:
    net = network("clip", (4, 5, 3))
    for name in ("nudge", "step_size"):
        with pytest.raises(InvalidParameterError, match=name):
            EnergyPhases(net, **{name: value})
    with pytest.raises(InvalidParameterError, match="an EnergyNetwork"):
        EnergyPhases(value)
