"""The frontier of accuracy against dissipation: two ways agree, gradients are exact, the laws are the ladder's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from numpy.testing import assert_allclose
from scipy.optimize import approx_fprime

from analysis import _frontier_law as law
from analysis import frontier
from analysis._frontier_memory import dynamic_ranges, memories
from analysis._frontier_optima import Limit, LogNumbers, optimise, to_x
from analysis._frontier_sweep import PARAMETERS, design, search
from tests.analysis.test_datasets import SMALL
from thermo_cl import Ladder, Sawtooth, adaptive_threshold, weight_update
from thermo_cl.errors import ConvergenceError, InvalidParameterError

STEP = float(np.log1p(200.0 / 18.2) - np.log1p(200.0 / 3000.0))
LADDER = np.array([0.05, 40.0, 1.8, 2.7, 120.0])  # as PARAMETERS, of eight levels


@pytest.fixture(scope="module")
def data() -> xr.Dataset:
    return frontier.compute(**SMALL["frontier"], rng=1)


def ladder_of(parameters: np.ndarray, levels: int) -> tuple[Ladder, float]:
    gamma, factor, step, reference, signal = parameters.tolist()
    return Ladder(gamma, factor, levels, reference, step), signal


def test_no_swept_ladder_lies_below_the_optimum(data: xr.Dataset) -> None:
    ratio = data["sweep_rate"] / data["rate"]
    assert float(ratio.min()) >= 1.0 - 1e-6
    assert float(ratio.max()) < 1.5  # a few thousand ladders
    assert (data["sweep_memory_time"].fillna(0.0) <= data["memory_time"] * (1.0 + 1e-6)).all()
    assert (data["sweep_memory_cost"].fillna(np.inf) >= data["memory_cost"] * (1.0 - 1e-6)).all()
    assert (data["rate"].sel(step="free") <= data["rate"].sel(step="0 to 200") * (1.0 + 1e-6)).all()


def test_optima_are_ladders_that_reach_the_target(data: xr.Dataset) -> None:
    for levels in data["levels"].values.tolist():
        for target in data["target"].values.tolist():
            for step in data["step"].values:
                one = data.sel(levels=levels, target=target, step=step)
                ladder, signal = ladder_of(one["parameters"].values, levels)
                kernel = ladder.step_kernel(signal)
                assert kernel.first_moment > 0.0
                assert np.log(kernel.first_moment / abs(kernel.area)) == pytest.approx(target, abs=1e-5)
                assert_allclose(ladder.entropy_production_rate(), one["rate"], rtol=1e-9)
    assert float(data["residual"].max()) < 1e-4
    assert (data["at_bound"].sel(parameter="rate_factor") == 1).all()  # rungs as fast as allowed
    assert (data["at_bound"].sel(parameter="signal", step="free") == -1).all()  # and small steps


def test_slopes_are_those_of_the_frontier(data: xr.Dataset) -> None:
    rate, start = data["rate"].sel(levels=5, step="0 to 200", target=8.0), data["parameters"].sel(levels=5, target=8.0)
    ends = [
        optimise(5, (1.0, 0.0, 0.0), [Limit((0.0, 1.0, 0.0), 8.0 + h)], [start.sel(step="0 to 200").values])[0].minimum
        for h in (-0.05, 0.05)
    ]
    assert ends[0] < float(rate) < ends[1]
    slope = float(data["slope"].sel(levels=5, step="0 to 200", target=8.0))
    assert (ends[1] - ends[0]) / 0.1 == pytest.approx(slope, rel=1e-3)
    line = data["rate"].sel(step="0 to 200", target=slice(8, 10)).polyfit("target", 1)["polyfit_coefficients"]
    assert_allclose(data["fitted_slope"].sel(step="0 to 200"), line.sel(degree=1), rtol=1e-10)


def test_paper_ladder_is_above_the_frontier(data: xr.Dataset) -> None:
    assert float(data["same_accuracy"]) == pytest.approx(np.log(0.56579316868162807675 / 0.01700653901993908706))
    assert float(data["same_accuracy_rate"].sel(levels=5)) < 0.5 * 6.6735045047491057061
    best = float(data["paper_accuracy"].max())
    assert best == pytest.approx(np.log(0.56579848308555283030 / 0.01659174039677017682), abs=1e-6)  # it saturates


def test_rungs_of_a_thousand_are_as_good_as_infinite(data: xr.Dataset) -> None:
    rate = data["bounded_rate"]
    assert (rate.diff("rate_factor_max") <= 1e-6).all()
    assert_allclose(rate.sel(rate_factor_max=1e3), rate.sel(rate_factor_max=1e4), rtol=1e-3)


@pytest.mark.parametrize("memory", [False, True])
def test_gradients_are_exact(memory: bool) -> None:
    numbers, x = LogNumbers(8, free_step=True, memory=memory), to_x(LADDER)
    kept = 3 if memory else 2
    expected = [approx_fprime(x, lambda y, k=k: numbers.values(y)[k], 1e-7) for k in range(kept)]
    assert_allclose(numbers.slopes(x)[:kept], expected, atol=2e-6)
    ladder, signal = ladder_of(LADDER, 8)
    kernel = ladder.step_kernel(signal)
    tau = kernel.moment(2) / (2.0 * kernel.first_moment) if memory else np.nan
    accuracy = kernel.first_moment / abs(kernel.area)
    assert_allclose(numbers.values(x), np.log([ladder.entropy_production_rate(), accuracy, tau]), rtol=1e-9)


def test_search_keeps_the_best_of_all_its_ladders() -> None:
    targets = np.array([3.0, 5.0])
    found = search(6, targets, 700, free_step=True, rng=4, sampled=4.0, sample=20)
    rows = design(6, 700, free_step=True, rng=4).points()
    ladder = Ladder(rows["gamma"], rows["rate_factor"], 6, rows["reference_level"], rows["energy_step"])
    moments, rate = ladder.step_moments(rows["signal"]), ladder.entropy_production_rate()
    adapts = moments.first_moment > 0.0
    accuracy = np.where(adapts, np.log(np.abs(moments.first_moment / moments.area)), -np.inf)
    for k, target in enumerate(targets):
        best = np.flatnonzero(accuracy >= target)[np.argmin(rate[accuracy >= target])]
        assert found.rate[k] == rate[best]
        assert found.counts[k] == (accuracy >= target).sum()
        assert_allclose(found.parameters[k], [rows[name][best] for name in PARAMETERS])
    kept = np.concatenate(found.sample)
    assert_allclose(kept[:, 0], rows["gamma"][accuracy > 4.0][:20])
    assert (found.drawn, found.adapting) == (700, adapts.sum())


def test_bulk_laws_are_those_of_a_long_ladder() -> None:
    levels, drive, step = 40, 0.9, 0.6
    ladder = Ladder(np.exp(-drive - step / 2), 1e4, levels, 0.5 * (levels - 1) - 0.5 * STEP / step, step)
    assert_allclose(ladder.entropy_production_rate(), law.bulk_rate(drive, step), rtol=1e-4)

    def accuracy(n: int, centre: float) -> float:
        moments = Ladder(np.exp(-drive - step / 2), 1e4, n, centre, step).step_moments(200.0)
        return float(np.log(moments.first_moment / abs(moments.area)))

    # the constant that the law leaves out goes with the difference
    longer = accuracy(levels + 10, 0.5 * (levels + 9) - 0.5 * STEP / step)
    shorter = accuracy(levels, 0.5 * (levels - 1) - 0.5 * STEP / step)
    predicted = [law.bulk_accuracy(n, drive, step, STEP) for n in (levels, levels + 10)]
    assert longer - shorter == pytest.approx(predicted[1] - predicted[0], rel=0.01)


def test_bulk_frontier_is_near_the_frontier(data: xr.Dataset) -> None:
    assert_allclose(data["bulk_slope"], data["fitted_slope"].sel(step="0 to 200"), rtol=0.06)
    u = data["asymptotic_slope"] ** -0.5
    assert_allclose(u * u + u, data["levels"] / 2.0)


def test_memory_times_and_dynamic_ranges_are_the_librarys() -> None:
    parameters = np.array([[0.01, 50.0, 2.0, 2.9, 200.0], [0.05, 30.0, 1.8, 2.7, 150.0]])
    known, (wide, offset) = memories(8, parameters), dynamic_ranges(8, parameters)
    for k, row in enumerate(parameters):
        ladder, signal = ladder_of(row, 8)
        kernel = ladder.step_kernel(signal)
        assert known["tau"][k] == pytest.approx(kernel.moment(2) / 2.0 / kernel.first_moment)
        protocol, used = Sawtooth(fast=3.0, slow=15.0, mean=10.0), kernel.rescaled(5.0).normalized()
        threshold = adaptive_threshold(used, protocol, 50.0)
        smallest = 50.0 / wide[k]
        update = weight_update(used, protocol, np.array([0.999, 1.001]) * smallest, threshold=threshold)
        assert update[0] == 0.0
        assert update[1] != 0.0
        assert np.isfinite(offset[k])


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"ladders": 0}, "ladders"), ({"levels": (1,)}, "levels"), ({"targets": (4.0, 3.0)}, "targets"),
        ({"targets": ()}, "targets"), ({"memory_levels": (7,)}, "memory_levels"), ({"budgets": (1.0,)}, "budgets"),
        ({"sample": 1}, "sample"), ({"targets": (np.nan,)}, "targets"),
    ],
)  # fmt: skip
def test_bad_input_is_named(changed: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name}"):
        frontier.compute(**(SMALL["frontier"] | changed))


def test_search_without_a_start_says_so() -> None:
    with pytest.raises(ConvergenceError, match="start"):
        optimise(5, (1.0, 0.0, 0.0), [Limit((0.0, 1.0, 0.0), 4.0)], [np.full(5, np.nan)])
