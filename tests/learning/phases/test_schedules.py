"""What schedules plan: alternation, lengths, examples, seeds; and what they refuse."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy import stats

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.phases import (
    AdaptiveProbability,
    BothPhases,
    FixedLength,
    GeometricLength,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    isd,
    step_seed,
    two_term,
)

ARRAYS = ("uniform", "length", "example", "seed")
SCHEDULES = [
    two_term(3),
    two_term(2, persistent=True),
    isd(0.3, 4),
    always_on(0.6, 5),
    always_on(0.5, 4, geometric=True),
]


def test_shorthands_are_what_they_say() -> None:
    assert two_term(7) == PhaseSchedule(BothPhases(False), FixedLength(7), "end")
    assert two_term(7, persistent=True).chains == 2
    assert isd(0.25, 200) == PhaseSchedule(RandomPhase(0.25), FixedLength(200), "end")
    assert always_on(0.25, 9) == PhaseSchedule(RandomPhase(0.25), FixedLength(9), "always")
    assert always_on(0.25, 2.5, geometric=True).length == GeometricLength(2.5)
    assert [s.chains for s in SCHEDULES] == [1, 2, 1, 1, 1]
    assert [s.length.mean for s in SCHEDULES] == [3, 2, 4, 5, 4]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_a_plan_is_reproduced_and_begins_every_longer_one(schedule: PhaseSchedule) -> None:
    plan, again, longer = (schedule.plan(n, 11, 5, batch=3) for n in (20, 20, 64))
    other = schedule.plan(20, 11, 6, batch=3)
    for name in ARRAYS:
        assert_array_equal(getattr(plan, name), getattr(again, name))
        assert_array_equal(getattr(plan, name), getattr(longer, name)[:20])
        assert name == "length" or (getattr(plan, name) != getattr(other, name)).any()
    assert_array_equal(plan.start, longer.start)
    assert plan.seed.dtype == np.uint64
    assert len(plan) == 20
    assert plan.batch == 3
    generated = schedule.plan(20, 11, np.random.default_rng(5), batch=3)
    assert_array_equal(plan.seed, generated.seed)


@pytest.mark.parametrize("schedule", SCHEDULES, ids=repr)
def test_parts_of_a_plan_are_its_rows(schedule: PhaseSchedule) -> None:
    plan = schedule.plan(10, 4, 0, batch=2)
    part = plan.part(4, 8)
    for name in ARRAYS:
        assert_array_equal(getattr(part, name), getattr(plan, name)[4:8])
    assert len(plan.part(4, 4)) == 0
    for begin, end in ((-1, 2), (4, 2), (0, 12), (0.5, 2)):
        with pytest.raises(InvalidParameterError):
            plan.part(begin, end)  # type: ignore[arg-type]
    if schedule.paired:
        with pytest.raises(InvalidParameterError, match="even"):
            plan.part(1, 4)


def test_draws_have_their_distributions() -> None:
    plan = isd(0.5, 3).plan(20_000, 7, 0, batch=2)
    assert stats.kstest(plan.uniform, "uniform").pvalue > 1e-3
    counts = np.bincount(plan.example.ravel(), minlength=7)
    assert stats.chisquare(counts).pvalue > 1e-3
    pairs = np.bincount(7 * plan.example[:, 0] + plan.example[:, 1], minlength=49)
    assert stats.chisquare(pairs).pvalue > 1e-3  # of one phase: independent
    assert stats.kstest(plan.seed / 2.0**64, "uniform").pvalue > 1e-3
    assert len(np.unique(plan.seed)) == 20_000
    assert (plan.length == 3).all()
    assert abs(np.corrcoef(plan.uniform, plan.example[:, 0])[0, 1]) < 0.03


@pytest.mark.parametrize("mean", [1.5, 4.0, 30.0])
def test_geometric_lengths_have_their_distribution(mean: float) -> None:
    length = always_on(0.5, mean, geometric=True).plan(30_000, 5, 1).length
    assert length.min() == 1
    longest = int(1 + 3 * mean)
    chances = (1 / mean) * (1 - 1 / mean) ** np.arange(longest)
    chances = np.append(chances, 1 - chances.sum())
    counts = np.bincount(np.minimum(length, longest + 1), minlength=longest + 2)[1:]
    assert stats.chisquare(counts, 30_000 * chances).pvalue > 1e-3


def test_geometric_lengths_of_mean_one_are_one() -> None:
    assert (always_on(0.5, 1, geometric=True).plan(1000, 5, 1).length == 1).all()


def test_pairs_see_the_same_examples_with_their_own_seeds() -> None:
    plan = PhaseSchedule(BothPhases(), GeometricLength(5.0)).plan(400, 9, 2, batch=4)
    assert_array_equal(plan.example[::2], plan.example[1::2])
    assert (plan.seed[::2] != plan.seed[1::2]).all()
    assert (plan.length[::2] != plan.length[1::2]).any()
    assert stats.chisquare(np.bincount(plan.example[::2].ravel(), minlength=9)).pvalue > 1e-3


def test_steps_have_seeds_of_their_own() -> None:
    seed = 2**64 - 5
    assert step_seed(seed, 0) == seed
    assert step_seed(step_seed(seed, 3), 4) == step_seed(seed, 7)
    found = {step_seed(seed, t) for t in range(10_000)}
    assert len(found) == 10_000
    assert all(0 <= s < 2**64 for s in found)
    assert step_seed(np.uint64(seed), np.int64(1)) == (seed + 0x9E3779B97F4A7C15) % 2**64  # type: ignore[arg-type]


@pytest.mark.parametrize("b", [0.0, 1.0, -0.1, 1.5, math.nan, math.inf, "half", None, [0.2, 0.3], True])
def test_probabilities_outside_the_open_interval_are_refused(b: Any) -> None:
    for make in (RandomPhase, lambda p: isd(p, 3), lambda p: always_on(p, 3)):
        with pytest.raises(InvalidParameterError, match="probability"):
            make(b)


@pytest.mark.parametrize("steps", [0, -1, 2.5, math.nan, math.inf, "many", None, True])
def test_lengths_below_one_or_not_whole_are_refused(steps: Any) -> None:
    for make in (FixedLength, two_term, lambda n: isd(0.5, n), lambda n: always_on(0.5, n)):
        with pytest.raises(InvalidParameterError, match="steps"):
            make(steps)


@pytest.mark.parametrize("mean", [0.0, 0.99, -2, math.nan, math.inf, "long", None])
def test_geometric_means_below_one_are_refused(mean: Any) -> None:
    with pytest.raises(InvalidParameterError, match="mean"):
        GeometricLength(mean)


MISTAKES: dict[str, tuple[Any, str]] = {
    "updates": (lambda: PhaseSchedule(RandomPhase(), FixedLength(1), "often"), "end, always"),  # type: ignore[arg-type]
    "choice": (lambda: PhaseSchedule(0.5), "BothPhases"),  # type: ignore[arg-type]
    "length": (lambda: PhaseSchedule(RandomPhase(), 3), "FixedLength"),  # type: ignore[arg-type]
    "persistent": (lambda: BothPhases("yes"), "True or False"),  # type: ignore[arg-type]
    "baseline": (lambda: RandomPhase(0.5, 0.1), "a RunningMean"),  # type: ignore[arg-type]
    "adaptation": (lambda: RandomPhase(0.5, None, RunningMean()), "an AdaptiveProbability"),  # type: ignore[arg-type]
    "bounds": (lambda: RandomPhase(0.01, None, AdaptiveProbability(lowest=0.1)), "within 0.1"),
    "odd": (lambda: two_term(2).plan(5, 3), "even"),
    "no phase": (lambda: isd(0.5, 2).plan(0, 3), "at least 1"),
    "no example": (lambda: isd(0.5, 2).plan(3, 0), "at least 1"),
    "no batch": (lambda: isd(0.5, 2).plan(3, 3, batch=0), "at least 1"),
    "seed": (lambda: isd(0.5, 2).plan(3, 3, "x"), "Generator"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize(("make", "valid"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_are_told(make: Any, valid: str) -> None:
    with pytest.raises(InvalidParameterError, match=valid):
        make()
