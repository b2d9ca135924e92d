"""The learner against a plain loop; in one go or in parts; probes; and what it refuses."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose, assert_array_equal

from tests.learning.phases.plain_loop import plain_sgd
from tests.learning.phases.toy import DATA, Toy
from thermo_cl.errors import DivergenceError, InvalidParameterError
from thermo_cl.learning.phases import (
    SGD,
    Adam,
    AdaptiveProbability,
    BothPhases,
    FixedLength,
    GeometricLength,
    Learned,
    Phase,
    PhaseModel,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    isd,
    learn,
    two_term,
)

CHOICES = [
    BothPhases(),
    BothPhases(persistent=True),
    RandomPhase(0.3),
    RandomPhase(0.6, RunningMean(0.2)),
    RandomPhase(0.6, None, AdaptiveProbability(0.2)),
    RandomPhase(0.3, RunningMean(0.1), AdaptiveProbability(0.1, 0.2, 0.8)),
]
SCHEDULES = [
    PhaseSchedule(choice, length, updates)  # type: ignore[arg-type]
    for choice, length, updates in itertools.product(CHOICES, [FixedLength(3), GeometricLength(2.5)], ["end", "always"])
]


def size(model: Toy) -> dict[str, float]:
    return {name: float(np.linalg.norm(value)) for name, value in model.parameters.items()}


def assert_same(one: Learned[Toy], other: Learned[Toy]) -> None:
    for name, value in one.model.parameters.items():
        assert_array_equal(other.model.parameters[name], value)
    for a, b in zip(one.state.chains, other.state.chains, strict=True):
        assert_array_equal(a[0], b[0])
    assert one.state.probability == other.state.probability
    assert_array_equal(one.state.second_moments, other.state.second_moments)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_the_learner_does_what_a_plain_loop_does(schedule: PhaseSchedule) -> None:
    model, plan = Toy.drawn(), schedule.plan(60, len(DATA), 3, batch=2)
    theta, probabilities = plain_sgd(model, schedule, plan, DATA, 0.05)
    points = range(0, 61, 2)
    found = learn(model, schedule, DATA, phases=plan, optimizer=SGD(0.05), probe=size, probe_at=points)
    for name, value in theta.items():
        assert_allclose(found.model.parameters[name], value, rtol=1e-11, atol=1e-13)
        assert (model.parameters[name] != value).any()
    if not schedule.paired:
        assert_allclose(found.metrics.probability[:-1], probabilities[::2], rtol=1e-12)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
@pytest.mark.parametrize("optimizer", [SGD(0.05), Adam(0.01)], ids=repr)
def test_a_run_in_parts_is_the_run(schedule: PhaseSchedule, optimizer: Any) -> None:
    plan = schedule.plan(40, len(DATA), 7, batch=2)
    whole = learn(Toy.drawn(), schedule, DATA, phases=plan, optimizer=optimizer)
    first = learn(Toy.drawn(), schedule, DATA, phases=plan.part(0, 14), optimizer=optimizer)
    second = learn(first.model, schedule, DATA, phases=plan.part(14, 40), optimizer=optimizer, state=first.state)
    assert_same(whole, second)
    assert second.state.moments.count == whole.state.moments.count > 0


def test_the_same_seed_gives_the_same_run_and_probes_change_nothing() -> None:
    schedule = always_on(0.4, 3, geometric=True)
    plain = learn(Toy.drawn(), schedule, DATA, phases=50, batch=2, rng=3)
    told: list[tuple[int, int]] = []
    probed = learn(
        Toy.drawn(), schedule, DATA, phases=50, batch=2, rng=3, optimizer=SGD(0.005), probe=size,
        probe_at=[0, 7, 50], progress=lambda done, all_: told.append((done, all_)),
    )  # fmt: skip
    assert_same(plain, probed)
    assert told[-1] == (50, 50)
    assert (7, 50) in told
    assert [done for done, _ in told] == sorted({done for done, _ in told})
    assert len(plain.metrics.data_vars) == 0
    other = learn(Toy.drawn(), schedule, DATA, phases=50, batch=2, rng=4)
    assert (other.model.parameters["A"] != plain.model.parameters["A"]).any()


class Linear(Toy):
    """Statistics that are multiples of the parameters, the same in both phases, whatever the state."""

    def statistic(self, phase, state, inputs, labels):
        return {name: 3.0 * value for name, value in self.parameters.items()}


def test_moving_parameters_add_a_drift_of_second_order_in_the_rate() -> None:
    b, eta = 0.3, 0.02
    for steps, updates in ((400, "always"), (1, "always"), (400, "end")):
        schedule = PhaseSchedule(RandomPhase(b), FixedLength(steps), updates)  # type: ignore[arg-type]
        plan = schedule.plan(1, len(DATA), 0)
        start, mean = Linear(Toy.drawn().parameters), np.zeros(3)
        for uniform, chance in ((0.0, b), (0.9, 1 - b)):
            drawn = replace(plan, uniform=np.array([uniform]))
            moved = learn(start, schedule, DATA, phases=drawn, optimizer=SGD(eta)).model
            mean += chance * moved.parameters["u"] / start.parameters["u"]
        up, down = (1 - eta * 3 / (b * steps)) ** steps, (1 + eta * 3 / ((1 - b) * steps)) ** steps
        exact = b * up + (1 - b) * down if updates == "always" else 1.0
        assert_allclose(mean, exact, rtol=1e-12)
        drift = 0.5 * eta**2 * 9 * (1 / b + 1 / (1 - b)) if (steps, updates) == (400, "always") else 0.0
        assert_allclose(mean - 1, drift, rtol=0.1, atol=1e-14)


def test_a_model_of_single_precision_stays_one() -> None:
    for schedule, optimizer in itertools.product(SCHEDULES, [SGD(0.05), Adam(0.01)]):
        found = learn(Toy.drawn(dtype=np.float32), schedule, DATA, phases=6, optimizer=optimizer)
        assert {value.dtype for value in found.model.parameters.values()} == {np.dtype(np.float32)}


def test_probes_are_labelled() -> None:
    model = Toy.drawn()
    found = learn(model, isd(0.3, 2), DATA, phases=6, probe=size, probe_at=[0, 2, 6]).metrics
    assert found.phase.values.tolist() == [0, 2, 6]
    assert_allclose(found["A"][0], np.linalg.norm(model.parameters["A"]))
    assert (found.probability == 0.3).all()
    assert all(found[name].attrs["long_name"] and found[name].attrs["units"] for name in found.variables)
    single = learn(model, two_term(2), DATA, phases=6, probe=lambda m: m.parameters["u"][0]).metrics
    assert isinstance(single, xr.Dataset)
    assert single.phase.values.tolist() == [6]
    assert list(single.data_vars) == ["value"]


class Counting(Toy):
    """A toy that follows plans itself, or does not want to."""

    asked: ClassVar[list[int]] = []
    able = True

    def follow(self, schedule, plan, data, optimizer, carried):
        self.asked.append(len(plan))
        moved = self.with_parameters({name: value + len(plan) for name, value in self.parameters.items()})
        return (moved, carried) if self.able else None


def test_a_model_with_a_way_of_its_own_is_asked() -> None:
    toy = Counting(Toy.drawn().parameters)
    found = learn(toy, isd(0.3, 2), DATA, phases=10)
    assert sum(Counting.asked) == 10
    assert_allclose(found.model.parameters["u"], toy.parameters["u"] + 10)
    Counting.able = False
    generic = learn(toy, isd(0.3, 2), DATA, phases=10)
    assert_array_equal(
        generic.model.parameters["A"], learn(Toy.drawn(), isd(0.3, 2), DATA, phases=10).model.parameters["A"]
    )


def test_going_on_with_another_schedule_keeps_what_it_has_in_common() -> None:
    quiet = PhaseSchedule(RandomPhase(0.3, RunningMean(0.1), AdaptiveProbability(0.5)), FixedLength(2))
    first = learn(Toy.drawn(), quiet, DATA, phases=20)
    assert first.state.probability != 0.3
    assert learn(
        first.model, quiet, DATA, phases=1, state=first.state, probe=size, probe_at=[0]
    ).metrics.probability == (first.state.probability)
    plain = learn(first.model, isd(0.7, 2), DATA, phases=4, state=first.state, probe=size)
    assert plain.metrics.probability == 0.7
    assert plain.state.baseline is None
    again = learn(plain.model, quiet, DATA, phases=4, state=plain.state)
    assert again.state.baseline is not None


def test_what_is_not_finite_is_told() -> None:
    with pytest.raises(DivergenceError, match=r"not finite after phase \d+ of 400"):
        learn(Toy.drawn(), always_on(0.5, 4), DATA, phases=400, optimizer=SGD(1e8))
    sick = Toy.drawn()
    sick.parameters["u"][1] = math.nan
    with pytest.raises(InvalidParameterError, match="u = 'an array'"):
        learn(sick, isd(0.5, 2), DATA, phases=4)


TOY = Toy.drawn()
PAIR, SINGLE = two_term(2).plan(4, 3), isd(0.5, 2).plan(4, 3)
STATE = learn(TOY, isd(0.5, 2), DATA, phases=4).state
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "model": ({"model": "rbm"}, "a PhaseModel"),
    "schedule": ({"schedule": "isd"}, "a PhaseSchedule"),
    "data": ({"data": DATA.inputs}, "a Dataset"),
    "optimizer": ({"optimizer": 0.1}, "SGD"),
    "phases": ({"phases": 0}, "at least 1"),
    "odd": ({"phases": 5, "schedule": two_term(2)}, "even"),
    "batch": ({"batch": 0}, "at least 1"),
    "rng": ({"rng": "seed"}, "Generator"),
    "probe": ({"probe": 3}, "a function"),
    "points only": ({"probe_at": [2]}, "given with probe_at"),
    "points": ({"probe": size, "probe_at": [2, 2]}, "increasing"),
    "late point": ({"probe": size, "probe_at": [5]}, "at most 4"),
    "odd point": ({"probe": size, "probe_at": [1], "schedule": two_term(2)}, "even"),
    "other plan": ({"phases": PAIR}, "this kind"),
    "large plan": ({"phases": replace(SINGLE, example=SINGLE.example + 3)}, "for 3"),
    "still plan": ({"phases": replace(SINGLE, length=0 * SINGLE.length)}, "at least 1 each"),
    "empty plan": ({"phases": SINGLE.part(0, 0)}, "at least 1"),
    "state": ({"state": "old"}, "an earlier run"),
    "chains": ({"state": STATE, "schedule": two_term(2, persistent=True)}, "an earlier run"),
    "other batch": ({"state": STATE, "batch": 2}, "1, as in the state"),
    "other optimizer": ({"state": STATE, "optimizer": Adam(0.1)}, "same kind"),
}


@pytest.mark.parametrize(("changes", "valid"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told(changes: dict[str, Any], valid: str) -> None:
    arguments: dict[str, Any] = {"model": TOY, "schedule": isd(0.5, 2), "data": DATA, "phases": 4} | changes
    with pytest.raises(InvalidParameterError, match=valid):
        learn(arguments.pop("model"), arguments.pop("schedule"), arguments.pop("data"), **arguments)


def test_the_toy_keeps_to_the_interface() -> None:
    model = Toy.drawn()
    assert isinstance(model, PhaseModel)
    x, y = DATA.inputs, DATA.labels
    two = model.run(Phase.POSITIVE, model.start(3, seed=1), x, y, steps=2, seed=5)
    once = model.run(Phase.POSITIVE, model.start(3, seed=1), x, y, steps=1, seed=5)
    again = model.run(Phase.POSITIVE, once, x, y, steps=1, seed=(5 + 0x9E3779B97F4A7C15) % 2**64)
    assert_array_equal(two[0], again[0])
