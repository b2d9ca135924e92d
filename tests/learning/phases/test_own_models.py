"""Models that users write: the learner's mean update is the gradient, and what does not fit is told."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.data import Dataset
from thermo_cl.learning.phases import (
    SGD,
    Adam,
    AdaptiveProbability,
    Carried,
    FixedLength,
    Phase,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    follow,
    isd,
    learn,
    step_seed,
    two_term,
)

DATA = Dataset(np.linspace(0.2, 1.0, 9)[:, None], np.zeros(9, int), classes=2, name="a line")
ADAPTIVE = PhaseSchedule(RandomPhase(0.4, RunningMean(0.1), AdaptiveProbability(0.1)), FixedLength(2))


@dataclass(frozen=True, eq=False)
class Drawn:
    """Two binary units of energy -w v h - c h, whose state after a phase is the bits of the phase's seed."""

    parameters: dict[str, np.ndarray]

    def with_parameters(self, parameters: dict[str, np.ndarray]) -> Drawn:
        return Drawn(dict(parameters))

    def start(self, batch: int, *, seed: int) -> tuple[np.ndarray, ...]:
        return (np.zeros((batch, 2), np.int8),)

    def run(self, phase, state, inputs, labels, *, steps: int, seed: int) -> tuple[np.ndarray, ...]:
        return (np.array([[seed & 1, seed >> 1 & 1]], np.int8),)

    def statistic(self, phase, state, inputs, labels) -> dict[str, np.ndarray]:
        v, h = state[0].T
        return {"w": -v * h, "c": -h}  # whole numbers, as states are


SEEN = np.array([0.0, 1.0, 1.0])  # examples of the visible unit


def cost(w: float, c: float) -> float:
    """Negative log-likelihood of the examples."""
    weight = {(v, h): math.exp(w * v * h + c * h) for v in (0, 1) for h in (0, 1)}
    total = sum(weight.values())
    return -float(np.mean([math.log((weight[int(v), 0] + weight[int(v), 1]) / total) for v in SEEN]))


@pytest.mark.parametrize("b", [k / 10 for k in range(1, 10)])
@pytest.mark.parametrize("baseline", [None, RunningMean()], ids=repr)
@pytest.mark.parametrize("updates", ["end", "always"])
def test_updates_of_all_draws_sum_to_the_gradient_of_the_likelihood(b: float, baseline: Any, updates: Any) -> None:
    """Every phase and state with its probability in equilibrium, by the learner itself."""
    w, c = 0.7, -0.3
    model = Drawn({"w": np.array([w]), "c": np.array([c])})
    data = Dataset(SEEN[:, None], np.zeros(3, int), classes=2, name="bits")
    schedule = PhaseSchedule(RandomPhase(b, baseline), FixedLength(1), updates)
    plan = schedule.plan(1, 3, 0)
    taken = None if baseline is None else {"w": np.array([0.4]), "c": np.array([-1.1])}
    carried = Carried((model.start(1, seed=0),), SGD(1.0).start({}), b, taken)
    weight = {(v, h): math.exp(w * v * h + c * h) for v in (0, 1) for h in (0, 1)}
    mean = {"w": 0.0, "c": 0.0}
    for v, h in itertools.product((0, 1), (0, 1)):
        seen = float(np.mean(v == SEEN)) * weight[v, h] / (weight[v, 0] + weight[v, 1])
        free = weight[v, h] / sum(weight.values())
        for uniform, chance in ((0.0, b * seen), (np.nextafter(1.0, 0.0), (1 - b) * free)):
            one = replace(plan, uniform=np.array([uniform]), seed=np.array([v + 2 * h], np.uint64))
            moved, _ = follow(model, schedule, one, data, SGD(1.0), carried)
            for name in mean:
                mean[name] += chance * float((model.parameters[name] - moved.parameters[name])[0])
    step = 1e-3
    for name, shift in (("w", (step, 0.0)), ("c", (0.0, step))):
        near, far = (
            cost(w + k * shift[0], c + k * shift[1]) - cost(w - k * shift[0], c - k * shift[1]) for k in (1, 2)
        )
        assert mean[name] == pytest.approx((8 * near - far) / (12 * step), rel=0, abs=1e-10)


@dataclass(frozen=True, eq=False)
class Gauss:
    """Energy (x - mu)^2 / 2; positive at the example, negative by a chain of its own."""

    mean: Any

    @property
    def parameters(self) -> dict[str, Any]:
        return {"mu": self.mean}

    def with_parameters(self, parameters: Any) -> Gauss:
        return type(self)(parameters["mu"])

    def start(self, batch: int, *, seed: int) -> tuple[np.ndarray, ...]:
        return (np.zeros((batch, 1)),)

    def run(self, phase, state, inputs, labels, *, steps: int, seed: int) -> tuple[np.ndarray, ...]:
        x = inputs.astype(float)
        if phase is Phase.NEGATIVE:
            x = state[0]
            for t in range(steps):
                kick = np.random.default_rng(step_seed(seed, t)).normal(size=x.shape)
                x = self.mean + 0.5 * (x - self.mean) + math.sqrt(0.75) * kick
        return (x,)

    def statistic(self, phase, state, inputs, labels) -> dict[str, Any]:
        return {"mu": (self.mean - state[0]).mean(axis=0)}


@pytest.mark.parametrize(
    "schedule",
    [
        two_term(2), two_term(2, persistent=True), isd(0.4, 4), always_on(0.4, 4),
        always_on(0.5, 4.0, geometric=True), ADAPTIVE,
    ],
    ids=repr,
)  # fmt: skip
def test_every_schedule_finds_the_mean_of_the_data(schedule: PhaseSchedule) -> None:
    seen: list[float] = []
    learn(
        Gauss(np.zeros(1)), schedule, DATA, phases=3000, batch=8, optimizer=SGD(0.02), rng=2,
        probe=lambda m: seen.append(float(m.mean[0])) or 0.0, probe_at=range(600, 3001, 2),
    )  # fmt: skip
    assert np.mean(seen) == pytest.approx(DATA.inputs.mean(), abs=0.06)


def test_each_phase_has_its_own_chain_negative_first() -> None:
    one = Dataset([[0.75]], [0], classes=2, name="one row")
    chains = learn(Gauss(np.zeros(1)), two_term(1, persistent=True), one, phases=2).state.chains
    assert chains[Phase.POSITIVE][0] == 0.75
    assert chains[Phase.NEGATIVE][0] != 0.75


def test_adapted_probability_of_a_run_to_go_on_from_is_kept_within_new_bounds() -> None:
    state = learn(Gauss(np.zeros(1)), ADAPTIVE, DATA, phases=4).state
    for old, kept in ((0.94, 0.6), (0.06, 0.4), (0.5, 0.5)):
        narrow = replace(ADAPTIVE, choice=RandomPhase(0.5, RunningMean(), AdaptiveProbability(0.1, 0.4, 0.6)))
        found = learn(
            Gauss(np.zeros(1)), narrow, DATA, phases=2, state=replace(state, probability=old),
            probe=lambda _: 0.0, probe_at=[0],
        )  # fmt: skip
        assert found.metrics.probability[0] == kept


class Whole(Gauss):
    def statistic(self, phase, state, inputs, labels) -> dict[str, Any]:
        return {"mu": np.array([3], np.int8)}


@pytest.mark.parametrize("updates", ["end", "always"])
def test_statistics_of_whole_numbers_keep_the_fraction_of_their_weight(updates: Any) -> None:
    schedule = PhaseSchedule(RandomPhase(0.4), FixedLength(1), updates)
    plan = schedule.plan(1, len(DATA), 0)
    for uniform, weight in ((0.0, 1 / 0.4), (0.9, -1 / 0.6)):
        drawn = replace(plan, uniform=np.array([uniform]))
        found = learn(Whole(np.zeros(1)), schedule, DATA, phases=drawn, optimizer=SGD(0.1)).model
        assert_allclose(found.mean, -0.1 * weight * 3, rtol=1e-14)


class Huge(Gauss):
    def statistic(self, phase, state, inputs, labels) -> dict[str, Any]:
        return {"mu": np.array([1e200])}


def test_squares_that_overflow_leave_the_probability() -> None:
    found = learn(Huge(np.zeros(1)), ADAPTIVE, DATA, phases=20)
    assert found.state.probability == 0.4
    rule = AdaptiveProbability(0.1)
    for moments in ((math.inf, 1.0), (1.0, math.inf), (math.inf, math.inf), (math.nan, 1.0), (1.0, math.nan)):
        assert rule.probability(moments, 0.37) == 0.37


class Wide(Gauss):
    def statistic(self, phase, state, inputs, labels) -> dict[str, Any]:
        return {"mu": np.ones((2, 3))}


class Other(Gauss):
    def statistic(self, phase, state, inputs, labels) -> dict[str, Any]:
        return {"nu": np.ones(1)}


class Empty(Gauss):
    @property
    def parameters(self) -> dict[str, Any]:
        return {}


class Unfinished:
    parameters = {"mu": np.zeros(1)}  # noqa: RUF012

    def run(self) -> None: ...


GAUSS, RANDOM = Gauss(np.zeros(1)), isd(0.4, 2)
PLAN, STATE = RANDOM.plan(4, 9, 0), learn(GAUSS, ADAPTIVE, DATA, phases=2).state


def changing() -> Any:
    names = iter("abcdef")
    return lambda _: {next(names): 1.0}


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "class": ({"model": Gauss}, "a PhaseModel"),
    "unfinished": ({"model": Unfinished()}, "this has no with_parameters, start, statistic"),
    "float": ({"model": Gauss(0.0)}, "floating point"),
    "whole": ({"model": Gauss(np.zeros(1, int))}, "floating point"),
    "complex": ({"model": Gauss(np.zeros(1, complex))}, "floating point"),
    "text": ({"model": Gauss(np.array(["a"]))}, "floating point"),
    "empty": ({"model": Empty(0)}, "at least one"),
    "wide": ({"model": Wide(np.zeros(1))}, r"\(1,\), as the parameter"),
    "other name": ({"model": Other(np.zeros(1))}, "every parameter's name"),
    "optimizer class": ({"optimizer": SGD}, "SGD"),
    "progress": ({"progress": 3}, "a function"),
    "one point": ({"probe": len, "probe_at": 4}, "a sequence"),
    "no points": ({"probe": len, "probe_at": None}, "a sequence"),
    "part of a point": ({"probe": len, "probe_at": [1.5]}, "whole number"),
    "nothing measured": ({"probe": lambda _: None}, "a number"),
    "text measured": ({"probe": lambda _: "x"}, "a number"),
    "array measured": ({"probe": lambda _: np.ones(3)}, "a number"),
    "taken": ({"probe": lambda _: {"probability": 1.0}, "schedule": two_term(1)}, "other than"),
    "coordinate": ({"probe": lambda _: {"phase": 1.0}}, "other than"),
    "number as name": ({"probe": lambda _: {3: 1.0}}, "a text"),
    "changing": ({"probe": changing(), "probe_at": [0, 4]}, "same names"),
    "negative example": ({"phases": replace(PLAN, example=PLAN.example - 9)}, "from 0"),
    "nan draw": ({"phases": replace(PLAN, uniform=PLAN.uniform * math.nan)}, r"in \[0, 1\)"),
    "odd plan": (
        {"phases": replace(RANDOM.plan(3, 9, 0), paired=True), "schedule": two_term(1)}, "even"
    ),
    "other model": ({"model": Gauss(np.zeros(3)), "state": STATE, "schedule": ADAPTIVE}, "of this model"),
    "other moments": (
        {
            "model": Gauss(np.zeros(3)), "optimizer": Adam(0.1),
            "state": learn(GAUSS, RANDOM, DATA, phases=2, optimizer=Adam(0.1)).state,
        },
        "of this model",
    ),
    "nan probability": ({"state": replace(STATE, probability=math.nan), "schedule": ADAPTIVE}, "below 1"),
}  # fmt: skip


@pytest.mark.parametrize(("changes", "valid"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told(changes: dict[str, Any], valid: str) -> None:
    arguments: dict[str, Any] = {"model": GAUSS, "schedule": RANDOM, "data": DATA, "phases": 4} | changes
    with pytest.raises(InvalidParameterError, match=valid):
        learn(arguments.pop("model"), arguments.pop("schedule"), arguments.pop("data"), **arguments)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("length.shape", lambda p: {"length": p.length[:2]}),
        ("length", lambda p: {"length": p.length * 1.0}),
        ("example.shape", lambda p: {"example": p.example[:, 0]}),
        ("example.shape", lambda p: {"example": p.example[:, :0]}),
        ("example", lambda p: {"example": p.example * 1.0}),
        ("uniform", lambda p: {"uniform": list(p.uniform)}),
        ("seed", lambda p: {"seed": p.length}),
        ("start.shape", lambda p: {"start": p.start[:1]}),
    ],
)
def test_plans_of_arrays_that_do_not_fit_are_refused(name: str, change: Any) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        replace(PLAN, **change(PLAN))


def test_what_a_refused_run_was_given_is_as_it_was() -> None:
    before = GAUSS.mean.copy()
    with pytest.raises(InvalidParameterError, match="progress"):
        learn(GAUSS, RANDOM, DATA, phases=4, progress=3)  # type: ignore[arg-type]
    assert_array_equal(GAUSS.mean, before)
