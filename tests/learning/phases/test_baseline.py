"""The mean over the draw is the two-term gradient, whatever b, baseline and adaptation; and where the two tend."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.learning.phases.toy import DATA, Toy
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.phases import (
    SGD,
    AdaptiveProbability,
    BothPhases,
    Carried,
    FixedLength,
    Phase,
    PhaseSchedule,
    RandomPhase,
    RunningMean,
    always_on,
    begin,
    follow,
    isd,
    learn,
)

PROBABILITIES = [0.001, 0.1, 0.3, 0.5, 0.7, 0.9, 0.999]


@pytest.mark.parametrize("b", PROBABILITIES)
@pytest.mark.parametrize("baseline", [None, RunningMean(0.2)], ids=repr)
@pytest.mark.parametrize("adaptation", [None, AdaptiveProbability(0.1, 1e-4, 0.9999)], ids=repr)
@pytest.mark.parametrize("steps", [1, 4])
def test_the_mean_over_the_draw_is_the_two_term_gradient(b: float, baseline: Any, adaptation: Any, steps: int) -> None:
    model, rng = Toy.drawn(1), np.random.default_rng(9)
    schedule = PhaseSchedule(RandomPhase(b, baseline, adaptation), FixedLength(steps), "end")
    plan = schedule.plan(1, len(DATA), 4, batch=2)
    carried = begin(model, schedule, plan, SGD(1.0))
    if baseline is not None:  # any baseline at all
        carried = replace(carried, baseline={n: rng.normal(size=v.shape) for n, v in model.parameters.items()})
    if adaptation is not None:
        carried = replace(carried, probability=0.37 * b + 0.2, second_moments=(0.7, 2.0))
    b = carried.probability
    mean = {name: 0.0 * value for name, value in model.parameters.items()}
    for uniform, chance in (
        (np.nextafter(b, 0), b),
        (b, 1 - b),
    ):  # the last draw that is positive, the first that is not
        drawn = replace(plan, uniform=np.array([uniform]))
        moved, _ = follow(model, schedule, drawn, DATA, SGD(1.0), carried)
        for name, value in moved.parameters.items():
            mean[name] += chance * (model.parameters[name] - value)
    both = PhaseSchedule(BothPhases(persistent=True), FixedLength(steps))
    pair = replace(
        plan, uniform=plan.uniform.repeat(2), length=plan.length.repeat(2), example=plan.example.repeat(2, axis=0),
        seed=plan.seed.repeat(2), paired=True,
    )  # fmt: skip
    start = Carried((carried.chains[0], carried.chains[0]), carried.moments, 0.5)
    two_term, _ = follow(model, both, pair, DATA, SGD(1.0), start)
    for name, value in two_term.parameters.items():
        assert_allclose(mean[name], model.parameters[name] - value, rtol=0, atol=1e-12)


@pytest.mark.parametrize("b", PROBABILITIES)
def test_the_baseline_rests_at_the_constant_of_least_variance(b: float) -> None:
    rule, rng = RunningMean(0.2), np.random.default_rng(0)
    up, down = rng.normal(size=5), rng.normal(size=5)
    best = {"w": (1 - b) * up + b * down}
    moved = b * rule.moved(best, {"w": up}, Phase.POSITIVE, b)["w"]
    moved += (1 - b) * rule.moved(best, {"w": down}, Phase.NEGATIVE, b)["w"]
    assert_allclose(moved, best["w"], rtol=0, atol=1e-14)
    steps = [rule.step(phase, b) for phase in Phase]
    assert max(steps) == 0.2
    assert min(steps) > 0
    assert_allclose(steps[1] / steps[0], ((1 - b) / b) ** 2)


@dataclass(frozen=True, eq=False)
class Noise:
    """Statistics of 100 independent normal entries, of one mean and spread in each phase, whatever the parameters."""

    parameters: dict[str, np.ndarray]
    means, spreads = (5.0, 6.0), (2.0, 1.0)  # of the negative and the positive phase

    def with_parameters(self, parameters: dict[str, np.ndarray]) -> Noise:
        return Noise(dict(parameters))

    def start(self, batch: int, *, seed: int) -> tuple[np.ndarray, ...]:
        return (np.zeros((batch, 100)),)

    def run(self, phase, state, inputs, labels, *, steps: int, seed: int) -> tuple[np.ndarray, ...]:
        return (np.random.default_rng(seed).normal(self.means[phase], self.spreads[phase], state[0].shape),)

    def statistic(self, phase, state, inputs, labels) -> dict[str, np.ndarray]:
        return {"w": state[0].mean(axis=0)}


@pytest.mark.parametrize(("updates", "adaptation"), [("always", None), ("end", AdaptiveProbability(0.02))])
def test_a_run_has_the_least_variance_and_the_mean_gradient(updates: Any, adaptation: Any) -> None:
    """tr Cov = tr Sigma_+/b + tr Sigma_-/(1 - b) with the baseline at rest, and least where b has adapted."""
    schedule = PhaseSchedule(RandomPhase(0.5, RunningMean(0.02), adaptation), FixedLength(1), updates)
    model = Noise({"w": np.zeros(100)})
    points = np.arange(500, 2501)
    rows: list[np.ndarray] = []
    found = learn(
        model, schedule, DATA, phases=2500, optimizer=SGD(1.0), probe_at=points.tolist(),
        probe=lambda m: rows.append(m.parameters["w"]) or 0.0,
    )  # fmt: skip
    steps = -np.diff([*rows], axis=0)
    b = float(found.metrics.probability[500:].mean())
    assert_allclose(b, 0.5 if adaptation is None else 1.0 / 3.0, atol=0.02)
    assert_allclose(steps.mean(), 1.0, atol=4 * steps.std() / math.sqrt(steps.size))
    assert_allclose((steps**2).mean() - 1.0, 1.0 / b + 4.0 / (1 - b), rtol=0.05)


def test_the_probability_tends_to_the_ratio_of_the_norms() -> None:
    rule, moments = AdaptiveProbability(0.3), (math.nan, math.nan)
    assert rule.probability(moments, 0.4) == 0.4
    moments = rule.moved(moments, Phase.POSITIVE, 9.0)
    assert rule.probability(moments, 0.4) == 0.4  # the negative one was not seen yet
    moments = rule.moved(moments, Phase.NEGATIVE, 1.0)
    assert moments == (1.0, 9.0)
    assert rule.probability(moments, 0.4) == 0.75
    assert rule.moved(moments, Phase.NEGATIVE, 2.0) == pytest.approx((1.3, 9.0))
    assert rule.moved(moments, Phase.POSITIVE, 2.0) == pytest.approx((1.0, 6.9))
    assert rule.probability((0.0, 0.0), 0.4) == 0.4
    assert rule.probability((0.0, 1.0), 0.4) == 0.95
    assert rule.probability((1.0, 0.0), 0.4) == 0.05


def test_baseline_and_probability_settle_where_both_are_best() -> None:
    rule, b = AdaptiveProbability(0.3, 1e-3, 0.999), 0.2
    traces, gap = (4.0, 1.0), 3.0  # of the negative and positive covariance, and |mu_+ - mu_-|
    for _ in range(2000):  # c at rest leaves the means at distances (1 - b) gap and b gap
        b = rule.probability((traces[0] + ((1 - b) * gap) ** 2, traces[1] + (b * gap) ** 2), b)
    assert_allclose(b, 1.0 / 3.0, rtol=1e-10)


def test_b_of_a_draw_is_known_before_it() -> None:
    schedule = PhaseSchedule(RandomPhase(0.5, None, AdaptiveProbability(0.5)), FixedLength(1))
    plan = schedule.plan(40, len(DATA), 3)
    model = Toy.drawn()
    carried, seen = begin(model, schedule, plan, SGD(0.1)), []
    for k in range(40):
        b, before = carried.probability, carried.second_moments
        model, carried = follow(model, schedule, plan.part(k, k + 1), DATA, SGD(0.1), carried)
        changed = [m for m in Phase if carried.second_moments[m] != before[m] and carried.second_moments[m] >= 0]
        assert changed == [Phase(int(plan.uniform[k] < b))]
        seen.append(b)
    assert len(set(seen)) > 20
    assert seen[0] == 0.5


@pytest.mark.parametrize("value", [0.0, -0.1, 1.1, math.nan, "slow", None])
def test_rates_of_running_means_are_in_range(value: Any) -> None:
    for make in (RunningMean, AdaptiveProbability):
        with pytest.raises(InvalidParameterError, match="rate"):
            make(value)
    assert RunningMean(1).rate == 1.0


@pytest.mark.parametrize(
    ("bounds", "name"),
    [
        ((0.0, 0.5), "lowest"),
        ((0.5, 1.0), "highest"),
        ((0.6, 0.4), "highest"),
        ((math.nan, 0.5), "lowest"),
        (("a", 0.5), "lowest"),
    ],
)
def test_bounds_are_in_range(bounds: Any, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        AdaptiveProbability(0.1, *bounds)


def test_one_step_always_on_is_an_update_at_the_end() -> None:
    for baseline in (None, RunningMean(0.3)):
        for adaptation in (None, AdaptiveProbability(0.3)):
            ends = []
            for plain in (isd(0.4, 1), always_on(0.4, 1), always_on(0.4, 1, geometric=True)):
                schedule = replace(plain, choice=RandomPhase(0.4, baseline, adaptation))
                plan, model = schedule.plan(30, len(DATA), 8, batch=2), Toy.drawn(3)
                moved, _ = follow(model, schedule, plan, DATA, SGD(0.05), begin(model, schedule, plan, SGD(0.05)))
                ends.append(moved.parameters)
            for other in ends[1:]:
                for name, value in ends[0].items():
                    assert_allclose(other[name], value, rtol=1e-13, atol=1e-15)
