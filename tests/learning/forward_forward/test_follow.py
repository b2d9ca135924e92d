"""Compiled learning gives the numbers of the plain one, and both warn of dead layers."""

from __future__ import annotations

import warnings
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.forward_forward.networks import blocks, network, pictures
from thermo_cl.errors import DeadLayerWarning, InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.forward_forward import ForwardForwardNetwork, error_rate, follow_network
from thermo_cl.learning.phases import (
    SGD,
    Adam,
    AdaptiveProbability,
    BothPhases,
    FixedLength,
    GeometricLength,
    Optimizer,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    begin,
    follow,
    isd,
    learn,
    two_term,
)

SCHEDULES = {
    "two-term": two_term(1),
    "two-term of three steps": two_term(3),
    "persistent": two_term(2, persistent=True),
    "isd": isd(0.3, 1),
    "always-on": always_on(0.6, 3),
    "always-on geometric": always_on(0.4, 2, geometric=True),
    "both always": PhaseSchedule(BothPhases(), GeometricLength(2.0), "always"),
    "isd geometric": PhaseSchedule(RandomPhase(0.5), GeometricLength(3.0), "end"),
}
OPTIMIZERS = {
    "sgd": SGD(0.1), "adam": Adam(0.01), "another adam": Adam(0.01, 0.5, 0.9, 1e-6), "no first": Adam(0.01, 0.0, 0.9),
    "slow first": Adam(0.01, 0.95, 0.9),
}  # fmt: skip


def _both(net: ForwardForwardNetwork, schedule: PhaseSchedule, optimizer: Optimizer, phases: int, batch: int = 1):
    data = pictures(20, net.sizes[0])
    plan = schedule.plan(phases, len(data), 5, batch=batch)
    start = begin(net, schedule, plan, optimizer)
    expected, plain = follow(net, schedule, plan, data, optimizer, start)
    result = net.follow(schedule, plan, data, optimizer, start)
    assert result is not None
    return expected, plain, *result


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("batch", [1, 3])
def test_compiled_and_plain_learning_agree(optimizer: str, schedule: str, batch: int) -> None:
    net = network(11, 7, 6, 5)
    expected, plain, found, compiled = _both(net, SCHEDULES[schedule], OPTIMIZERS[optimizer], 300, batch)
    assert max(np.abs(expected.weights[n] - net.weights[n]).max() for n in range(3)) > 0.05
    for name, value in expected.parameters.items():
        assert_allclose(found.parameters[name], value, rtol=1e-10, atol=1e-10)
    assert compiled.moments.count == plain.moments.count
    for kind in ("first", "second"):
        one, other = getattr(compiled.moments, kind), getattr(plain.moments, kind)
        assert set(one) == set(other)
        for name in one:
            assert_allclose(one[name], other[name], rtol=1e-9, atol=1e-12)
    for one, other in zip(compiled.chains, plain.chains, strict=True):
        for a, b in zip(one, other, strict=True):
            assert_array_equal(a, b)


@pytest.mark.parametrize("optimizer", [SGD(0.1), Adam(0.01)])
def test_single_precision_agrees_to_its_rounding(optimizer: Optimizer) -> None:
    net = network(11, 7, 6, dtype=np.float32)
    expected, _, found, _ = _both(net, isd(0.4, 1), optimizer, 60)
    for name, value in expected.parameters.items():
        assert found.parameters[name].dtype == np.float32
        assert_allclose(found.parameters[name], value, rtol=2e-4, atol=2e-4)


def test_rows_left_behind_for_long_are_caught_up() -> None:
    """An input that is on once in many phases: it moves long after, and settles, as with the plain optimizer."""
    net, rng = network(8, 6, 5), np.random.default_rng(0)
    data = pictures(40)
    inputs = data.inputs.copy()
    inputs[:, 5], inputs[:, 6], inputs[0, 5] = 0.0, 0.0, 1.0
    rare = type(data)(inputs, data.labels, classes=3, name="rare")
    schedule, optimizer = isd(0.5, 1), Adam(0.01)
    plan = schedule.plan(1500, 40, 1)
    plan.example[:] = rng.integers(1, 40, plan.example.shape)
    plan.example[[10, 300, 320]] = 0
    start = begin(net, schedule, plan, optimizer)
    expected, _ = follow(net, schedule, plan, rare, optimizer, start)
    found, _ = follow_network(net, schedule, plan, rare, optimizer, start)
    assert_allclose(found.weights[0], expected.weights[0], rtol=1e-10, atol=1e-10)
    assert_array_equal(found.weights[0][6], net.weights[0][6])
    assert np.abs(found.weights[0][5] - net.weights[0][5]).max() > 0.01


def test_parts_of_a_plan_in_turn_are_the_plan() -> None:
    net, data, schedule, optimizer = network(), pictures(), isd(0.5, 1), Adam(0.02)
    plan = schedule.plan(200, len(data), 3)
    start = begin(net, schedule, plan, optimizer)
    whole, _ = follow_network(net, schedule, plan, data, optimizer, start)
    part, state = follow_network(net, schedule, plan.part(0, 77), data, optimizer, start)
    part, _ = follow_network(part, schedule, plan.part(77, 200), data, optimizer, state)
    for name, value in whole.parameters.items():
        assert_allclose(part.parameters[name], value, rtol=1e-11, atol=1e-12)


def test_what_remembers_more_is_learnt_plainly() -> None:
    net, data = network(), pictures()
    for choice in (RandomPhase(0.5, baseline=RunningMean(0.1)), RandomPhase(0.5, adaptation=AdaptiveProbability())):
        schedule = PhaseSchedule(choice, FixedLength(1))
        plan = schedule.plan(4, len(data), 0)
        start = begin(net, schedule, plan, SGD(0.1))
        assert net.follow(schedule, plan, data, SGD(0.1), start) is None
        with pytest.raises(InvalidParameterError, match=r"^optimizer, schedule = "):
            follow_network(net, schedule, plan, data, SGD(0.1), start)
        assert np.isfinite(learn(net, schedule, data, phases=40).model.weights[0]).all()


@pytest.mark.parametrize(("schedule", "phases"), [(two_term(1), 3000), (isd(0.5, 1), 4000), (always_on(0.5, 2), 8000)])
def test_a_separable_set_is_learnt(schedule: PhaseSchedule, phases: int) -> None:
    net = ForwardForwardNetwork.random((15, 30, 30), classes=3, rng=1)
    train, test = blocks(), blocks(seed=9)
    assert error_rate(net, test) > 0.3
    learnt = learn(net, schedule, train, phases=phases, optimizer=Adam(0.003), batch=4, rng=2).model
    assert error_rate(learnt, test) < 0.02


def _dying(layer: int) -> ForwardForwardNetwork:
    """A network in which all units of one layer are far below zero."""
    net = network()
    biases = [b - (100.0 if n == layer else 0.0) for n, b in enumerate(net.biases)]
    return ForwardForwardNetwork(net.weights, biases, classes=3)


@pytest.mark.parametrize("layer", [0, 1])
def test_dead_layers_are_told_alike_and_change_no_number(layer: int) -> None:
    net, data, schedule = _dying(layer), pictures(), isd(0.5, 1)
    plan = schedule.plan(300, len(data), 0)
    start = begin(net, schedule, plan, SGD(0.01))
    messages = []
    for run in (follow, follow_network):
        with pytest.warns(DeadLayerWarning, match=f"^layer {layer + 1} is dead at step ") as caught:
            moved, _ = run(net, schedule, plan, data, SGD(0.01), start)
        messages.append([str(w.message) for w in caught])
        assert_array_equal(moved.weights[layer], net.weights[layer])
    assert messages[0] == messages[1]
    assert len(messages[0]) == 1
    step = int(messages[0][0].split("step ")[1].split(" ")[0])
    assert np.sum(plan.uniform[:step] < 0.5) == 100  # so many positive examples
    assert plan.uniform[step - 1] < 0.5


def test_the_learner_warns_once_and_says_what_to_change() -> None:
    with pytest.warns(DeadLayerWarning) as caught:
        learn(_dying(1), two_term(1), pictures(), phases=2000, optimizer=Adam(0.01))
    assert len(caught) == 1
    for word in ("lower rate", "batches", "probability b", "seed"):
        assert word in str(caught[0].message)


@pytest.mark.parametrize("run", [follow, follow_network])
def test_a_layer_that_is_silent_on_wrong_labels_only_is_alive(run) -> None:
    """One unit for each label, far below zero unless its label is written in and its pixel is on."""
    weights = np.zeros((6, 3))
    weights[:3], weights[3:] = 4.0 * np.eye(3) - 2.0, 4.0 * np.eye(3) - 2.0
    net = ForwardForwardNetwork([weights], [np.full(3, -1.5)], classes=3)
    data = _one_pixel()
    schedule = isd(0.2, 1)
    plan = schedule.plan(2000, len(data), 0)
    start = begin(net, schedule, plan, SGD(1e-12))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, state = run(net, schedule, plan, data, SGD(1e-12), start)
    for phase, active in ((data.labels, True), ((data.labels + 1) % 3, False)):
        assert (net.activities(data.inputs, phase)[0][1] > 0).any() == active
    assert state.chains[0][1].max() == 0


def _one_pixel() -> Dataset:
    return Dataset(np.hstack([np.zeros((3, 3)), np.eye(3)]), [0, 1, 2], classes=3, name="pixel")


def test_a_layer_that_dies_again_is_told_once() -> None:
    """Silent on one example, active on the other: 150 of one, then the other, then 150 again, whole and in parts."""
    weights = np.zeros((6, 2))
    weights[3:5] = [[-1.0, -1.0], [5.0, 5.0]]
    net = ForwardForwardNetwork([weights], [np.full(2, -0.5)], classes=3)
    data = Dataset(np.hstack([np.zeros((2, 3)), np.eye(3)[:2]]), [0, 1], classes=3, name="pixel")
    schedule = isd(0.999, 1)
    drawn = schedule.plan(302, 2, 0)
    rows = np.repeat([0, 1, 0], [150, 2, 150])[:, None]
    plan = replace(drawn, uniform=np.zeros(302), example=rows)
    start = begin(net, schedule, plan, SGD(1e-12))
    for run in (follow, follow_network):
        for cuts in ([0, 302], [0, 120, 151, 302]):
            moved, state = net, start
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                for first, last in pairwise(cuts):
                    moved, state = run(moved, schedule, plan.part(first, last), data, SGD(1e-12), state)
            assert [(w.category, w.message.step) for w in caught] == [(DeadLayerWarning, 100)]
            assert state.chains[0][1].min() == 302  # once dead it counts on


def test_data_of_another_size_are_refused() -> None:
    net, schedule = network(), isd(0.5, 1)
    plan = schedule.plan(4, 9, 0)
    for wrong in (pictures(9, 7), pictures(9, 8, 4)):
        with pytest.raises(InvalidParameterError, match="features"):
            follow_network(net, schedule, plan, wrong, SGD(0.1), begin(net, schedule, plan, SGD(0.1)))
