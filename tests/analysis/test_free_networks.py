"""Adaptation of free networks: against the library, quadrature and 50 digits; what must hold; the stored optima."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose

from analysis import free_networks
from analysis._free_bound import estimate, linear_response
from analysis._free_networks import STEPS, Jumps, adaptation, all_jumps, ladder_jumps, ladder_log_rates
from analysis._free_optimum import Problem, best, best_peaks, least, least_ladder, measures, numbers
from tests.oracles import ladder_mp, sensitivity_mp
from thermo_cl import Ladder
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import (
    MarkovNetwork,
    entropy_production_rate,
    entropy_production_sensitivities,
    propagate,
    step_sensitivities,
)
from thermo_cl.sweep import load_netcdf

STEP = np.array(STEPS)
STORED = Path(__file__).parents[2] / "analysis" / "stored" / "free_networks.nc"
TINY: dict[str, Any] = {
    "levels": [3], "log_errors": [-1.0], "gains": [0.5], "starts": 0, "joined_starts": 0, "varied": 3,
    "variants": ["free split"],
}  # fmt: skip


def drawn(jumps: Jumps, seed: int, spread: float = 1.5) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.0, spread, jumps.source.size)


@pytest.mark.parametrize(("jumps", "seed"), [(ladder_jumps(3), 0), (all_jumps(3), 1), (ladder_jumps(5), 2)])
def test_adaptation_is_that_of_the_library_and_of_quadrature(jumps: Jumps, seed: int) -> None:
    x = drawn(jumps, seed)
    found = adaptation(jumps, x, STEP)
    before = MarkovNetwork(jumps.rates(x))
    assert_allclose(found.dissipation[0], entropy_production_rate(before), rtol=1e-12)
    by = entropy_production_sensitivities(before, log_rates=True)[jumps.target, jumps.source]
    assert_allclose(found.dissipation_by[0], by, atol=1e-12 * np.abs(by).max())
    times = np.append(0.0, np.geomspace(1e-5, 1e4, 40001))
    for k, step in enumerate(STEP):
        after = MarkovNetwork(jumps.rates(x + step * jumps.crossing / 2.0))
        known = step_sensitivities(before, after, jumps.top, log_rates=True)
        assert_allclose(found.dissipation[1 + k], entropy_production_rate(after), rtol=1e-12)
        for name in ("area", "first_moment"):
            assert_allclose(getattr(found, name)[k], getattr(known, name), rtol=1e-9, atol=1e-15)
            by = getattr(known, f"{name}_by_before") + getattr(known, f"{name}_by_after")
            by = by[jumps.target, jumps.source]
            assert_allclose(getattr(found, f"{name}_by")[k], by, atol=1e-11 * np.abs(by).max())
        u = propagate(after, before.steady_state(), times) @ jumps.top
        along = -np.sign(step) * (u - u[0])
        assert_allclose(found.peak[k], along.max(), rtol=1e-6)
        assert_allclose(found.duration[k], np.trapezoid(np.abs(u - after.steady_state() @ jumps.top), times), rtol=1e-5)


def overshooting() -> tuple[Jumps, np.ndarray]:
    """A network whose response passes its end value and comes back."""
    jumps = all_jumps(4)
    for seed in range(40):
        x = drawn(jumps, seed)
        found = adaptation(jumps, x, STEP)
        if (found.duration > 1.001 * np.abs(found.first_moment)).any():
            return jumps, x
    raise AssertionError("no network overshoots")


def test_derivatives_are_those_of_differences_also_where_responses_overshoot() -> None:
    jumps, x = overshooting()
    half = x.size // 2
    z = np.append(x, np.random.default_rng(1).uniform(0.2, 0.8, half))

    def at(z: np.ndarray) -> Any:
        return adaptation(jumps, z[: 2 * half], STEP, z[2 * half :])

    found, h = at(z), 1e-5
    for k in range(0, z.size, 5):
        up, down = at(z + h * np.eye(z.size)[k]), at(z - h * np.eye(z.size)[k])
        for name in ("dissipation", "area", "first_moment", "peak", "duration"):
            values = getattr(found, f"{name}_by")
            difference = (getattr(up, name) - getattr(down, name)) / (2 * h)
            assert_allclose(values[..., k], difference, atol=2e-6 * np.abs(values).max())


def test_gradients_of_what_is_optimised() -> None:
    jumps = ladder_jumps(4)
    x = ladder_log_rates(4, 2.0, 2.5, 3.0, 0.1)[0] + drawn(jumps, 3, 0.2)
    for problem in (Problem(0.1), Problem(0.1, at_baseline=True, signed=True, size=0.5)):

        def at(x: np.ndarray, problem: Problem = problem) -> tuple[np.ndarray, np.ndarray]:
            return measures(adaptation(jumps, x, problem.steps), problem)

        slopes, h = at(x)[1], 1e-5
        for k in range(x.size):
            move = h * np.eye(x.size)[k]
            assert_allclose(slopes[:, k], (at(x + move)[0] - at(x - move)[0]) / (2 * h), atol=1e-7)


def test_ladders_are_the_librarys() -> None:
    n, affinity, step, factor, offset = 5, 1.3, 2.2, 0.7, 0.3
    x, slopes = ladder_log_rates(n, affinity, step, factor, offset)
    ladder = Ladder(np.exp(-affinity - step / 2), np.exp(factor), n, (n - 1) / 2 + offset, step)
    rates = ladder.rate_matrix(0.0).copy()
    np.fill_diagonal(rates, 0.0)
    assert_allclose(ladder_jumps(n).rates(x), rates, rtol=1e-13)
    for k, h in enumerate(1e-6 * np.eye(5)):
        numbers_ = np.array([affinity, step, factor, offset, 0.0])
        difference = ladder_log_rates(n, *(numbers_ + h))[0] - ladder_log_rates(n, *(numbers_ - h))[0]
        assert_allclose(slopes[k], difference / 2e-6, atol=1e-8)


def test_two_states_answer_at_best_as_said() -> None:
    """Mean of the answers to d and -d of one rung with energy E is largest at E = 0."""
    energy = np.linspace(-8.0, 8.0, 2001)[:, None]
    occupied = [1.0 / (1.0 + np.exp(energy + k * np.abs(STEP))) for k in (-1.0, 1.0)]
    mean = (occupied[0] - occupied[1]) / 2.0
    assert_allclose(mean.max(axis=0), best_peaks(STEP), rtol=1e-12)
    assert (mean.argmax(axis=0) == 1000).all()


@pytest.mark.parametrize("seed", range(12))
def test_lower_bound_holds_and_is_made_of_what_it_says(seed: int) -> None:
    jumps = (ladder_jumps, all_jumps)[seed % 2](2 + seed % 4)
    x = drawn(jumps, seed, 2.0)
    found, d = linear_response(jumps, x), 1e-4
    areas = adaptation(jumps, x, np.array([-d, d])).area
    assert found.susceptibility == pytest.approx((areas[0] - areas[1]) / (2 * d), abs=1e-7)
    network = MarkovNetwork(jumps.rates(x))
    p, c = network.steady_state(), jumps.top
    u = p @ c
    assert found.variance == pytest.approx(u * (1.0 - u))
    times = np.append(0.0, np.geomspace(1e-6, 1e5, 20001))
    conditional = propagate(network, c * p / u, times) @ c
    fading = (conditional - u) / (1.0 - u)
    assert found.correlation_time == pytest.approx(np.trapezoid(fading, times), rel=1e-4)
    # the identity: currents within the rails, on differences of v
    generator = network.dense_generator()
    v = np.linalg.lstsq(np.vstack([generator.T, p]), np.append(-(c - u), 0.0), rcond=None)[0]
    flux = np.exp(x) * p[jumps.source]
    half = x.size // 2
    inside = jumps.crossing[:half] == 0
    rail = np.where(c[jumps.source[:half]] > 0, 1.0, -1.0)
    terms = (flux[:half] - flux[half:]) * (v[jumps.target] - v[jumps.source])[:half] * rail
    assert found.susceptibility == pytest.approx(found.variance + 0.5 * terms[inside].sum(), abs=1e-9)
    assert 0.0 < found.tightness <= 1.0


def test_estimate_is_the_least_over_variances() -> None:
    error, variance = 0.1, np.linspace(1e-6, 0.25, 400001)
    for gain in (0.2, 0.5, 0.8):
        g = gain / 4.0
        allowed = variance[variance > 1.001 * g]
        least_of_all = np.min(4.0 * g * (1.0 - error) * (allowed - error * g) ** 2 / (allowed - g))
        assert float(estimate(gain, error)) == pytest.approx(least_of_all, rel=1e-6)
    assert float(estimate(0.5, 0.0)) == pytest.approx(0.25)


@pytest.mark.parametrize("seed", range(5))
def test_without_dissipation_nothing_adapts(seed: int) -> None:
    """Detailed balance: the response to the readout's own energy is monotone, so that its peak is its end."""
    rng = np.random.default_rng(seed)
    jumps = all_jumps(3)
    energy, barrier = rng.normal(0.0, 2.0, 6), rng.normal(0.0, 2.0, jumps.source.size // 2)
    x = np.append(barrier, barrier) + energy[jumps.source]
    split = rng.uniform(0.0, 1.0, barrier.size)
    found = adaptation(jumps, x, STEP, split)
    assert_allclose(found.dissipation, 0.0, atol=1e-12 * np.exp(x.max()))
    assert_allclose(found.peak, np.abs(found.area), rtol=1e-9)
    assert (found.area * STEP < 0).all()


def test_nothing_depends_on_the_unit_of_time() -> None:
    jumps, problem = all_jumps(3), Problem(0.1)
    x = drawn(jumps, 7)
    one, other = numbers(jumps, x, problem), numbers(jumps, x + 1.7, problem)
    for name in ("cost", "error", "gain", "ratio"):
        assert other[name] == pytest.approx(one[name], rel=1e-10)


def test_a_share_of_the_time_at_work_lowers_the_ratio_and_keeps_the_normalised_area() -> None:
    """A state that takes all but a share of the time, by a slow exchange blind to the signal: sigma, mu1, area and gain
    are in proportion to the share, so that sigma |mu1| falls as its square and |area| / |mu1| stays."""
    module = ladder_jumps(3)
    x = ladder_log_rates(3, 2.4, 4.4, 5.0, 0.0)[0]
    inner, after = (MarkovNetwork(module.rates(x + step * module.crossing / 2.0)) for step in (0.0, 1.0))
    p, q, top = inner.steady_state(), 1e-9, np.append(module.top, 0.0)

    def extended(network: MarkovNetwork, share: float) -> MarkovNetwork:
        rates = np.zeros((7, 7))
        rates[:6, :6] = module.rates(x) if network is inner else module.rates(x + module.crossing / 2.0)
        rates[6, :6], rates[:6, 6] = q, q * share / (1.0 - share) * p
        return MarkovNetwork(rates)

    def reached(share: float) -> np.ndarray:
        old, new = extended(inner, share), extended(after, share)
        step = step_sensitivities(old, new, top)
        u = propagate(new, old.steady_state(), np.geomspace(1e-5, 1e2, 2001)) @ top
        return np.array([
            entropy_production_rate(old), step.area, step.first_moment, top @ old.steady_state() - u.min()
        ])  # fmt: skip

    assert_allclose(reached(0.1) / reached(0.5), 0.2, rtol=1e-5)


def test_free_rates_are_cheaper_than_the_ladders_and_hold_what_is_held() -> None:
    problem = Problem(float(np.exp(-2.0)))
    jumps, generator = ladder_jumps(3), np.random.default_rng(0)
    ladder = best((least_ladder(3, problem, np.array([2.5, step, 4.0, 0.1, -4.0])) for step in (3.0, 4.0, 5.0)), 1)[0]
    near = (ladder.log_rates + generator.normal(0.0, 0.3, jumps.source.size) for _ in range(8))  # one alone may fail
    free = best((least(jumps, problem, start, 250) for start in near), 1)[0]
    for found in (ladder, free):
        reached = numbers(ladder_jumps(3), found.log_rates, problem)
        assert reached["error"] <= problem.error * 1.001 and reached["gain"] >= problem.gain * 0.999
        assert reached["cost"] == pytest.approx(found.cost)
        assert np.abs(found.log_rates).max() <= problem.bound + 1e-6
    assert free.cost < 0.6 * ladder.cost
    assert [f.cost for f in best([ladder, free, free], 5)] == [free.cost, ladder.cost]


def in_digits(jumps: Jumps, x: np.ndarray) -> tuple[float, float, float]:
    """Error, sigma at the baseline and sigma |mu1| / |d| from 50 digits; peaks at the times of double precision."""
    n = 2 * jumps.levels
    with mp.workdps(50):

        def network(step: float) -> Any:
            matrix = mp.zeros(n)
            for value, crossing, i, j in zip(x, jumps.crossing, jumps.target, jumps.source, strict=True):
                matrix[int(i), int(j)] = mp.exp(mp.mpf(float(value)) + mp.mpf(step * crossing / 2.0))
            return matrix

        before = network(0.0)
        start = ladder_mp.steady_state(before, 50)
        sigma = sensitivity_mp.entropy_production(before)
        squares, ratio = mp.zero, mp.zero
        for step in STEPS:
            after = network(step)
            end = ladder_mp.steady_state(after, 50)
            area = mp.fsum(end[i] - start[i] for i in range(jumps.levels))
            moment = sensitivity_mp.first_moment(before, after, jumps.top)
            generator = after.copy()
            for j in range(n):
                generator[j, j] = -mp.fsum(after[i, j] for i in range(n) if i != j)
            double = MarkovNetwork(jumps.rates(x + step * jumps.crossing / 2.0))
            times = np.geomspace(1e-6, 1e6, 6001)
            u = propagate(double, np.array([float(v) for v in start]), times) @ jumps.top
            t = times[np.argmax(-np.sign(step) * u)]
            moved = mp.expm(generator * mp.mpf(float(t))) * mp.matrix(list(start))
            peak = mp.fsum(moved[i] - start[i] for i in range(jumps.levels))
            squares += (area / peak) ** 2 / len(STEPS)
            ratio += sigma * abs(moment) / abs(step) / len(STEPS)
        return float(mp.sqrt(squares)), float(sigma), float(ratio)


def test_stored_optima_are_no_rounding() -> None:
    data = load_netcdf(STORED)
    for levels in data["levels"].values:
        cell = data.sel(family="ladder's edges", levels=levels).isel(log_error=-1)
        jumps = ladder_jumps(int(levels))
        x = cell["log_rates"].values[jumps.target, jumps.source]
        error, sigma, ratio = in_digits(jumps, x)
        assert error == pytest.approx(float(cell["error"]), rel=1e-4)
        assert sigma == pytest.approx(float(cell["dissipation"]), rel=1e-9)
        # modes know the slowest relaxation to the rounding of the fastest rate
        rounding = 10.0 * np.finfo(float).eps * np.exp(x.max() - x.min())
        assert rounding < 1e-7
        assert ratio == pytest.approx(float(cell["ratio"]), rel=rounding)


def test_study_is_labelled_and_repeats() -> None:
    data = free_networks.compute(**TINY)
    assert dict(data.sizes) == {
        "family": 3, "levels": 1, "log_error": 1, "target": 6, "source": 6, "state": 6, "held_gain": 1, "variant": 1,
        "variant_log_error": 1,
    }  # fmt: skip
    assert float(data["cost"].sel(family="ladder's edges")[0, 0]) < float(data["cost"].sel(family="ladder")[0, 0])
    assert_allclose(data["occupancy"].sum("state"), 1.0)
    assert_allclose(data["current"].sum("source"), 0.0, atol=1e-12)
    for variable in (*data.data_vars.values(), *data.coords.values()):
        assert variable.attrs["long_name"] and variable.attrs["units"]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"levels": [4, 3]}, "levels"), ({"log_errors": [1.0]}, "log_errors"), ({"gains": [1.5]}, "gains"),
        ({"varied": 9}, "varied"), ({"starts": -1}, "starts"), ({"rng": -1}, "rng"), ({"variants": ["x"]}, "variants"),
    ],
)  # fmt: skip
def test_bad_input_is_named(change: dict[str, Any], name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        free_networks.compute(**(TINY | change))
