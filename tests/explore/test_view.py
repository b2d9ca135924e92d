"""A view against the rates written down anew, quadrature, and the library asked one by one."""

from __future__ import annotations

import math
import warnings
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as effort
from numpy.testing import assert_allclose
from scipy.integrate import quad, solve_ivp
from scipy.linalg import expm, null_space

import thermo_cl as tcl
from tests.explore.test_settings import settings
from thermo_cl.explore import PRESETS, ExplorerSettings, compute
from thermo_cl.explore.columns import columns, limits
from thermo_cl.explore.path import occupancy_path

SMALL = ExplorerSettings(gamma=0.02, rate_factor=4.0, levels=3, reference_level=0.5, signal=60.0, fast=2.0, slow=7.0,
                         mean=3.0, amplitude=11.0, amplitude_max=20.0)  # fmt: skip


def generator(s: ExplorerSettings, signal: float) -> np.ndarray:
    """The ladder of PHYSICS.md, one rate after another."""
    n = s.levels
    w = np.zeros((2 * n, 2 * n))
    against = math.e * s.gamma
    for m in range(n - 1):
        w[m, m + 1], w[m + 1, m] = 1.0, against
        w[n + m + 1, n + m], w[n + m, n + m + 1] = 1.0, against
    for m in range(n):
        energy = 2.0 * (s.reference_level - m) + math.log((1 + signal / 18.2) / (1 + signal / 3000.0))
        w[m, n + m] = s.rate_factor * max(1.0, math.exp(-energy))
        w[n + m, m] = s.rate_factor * max(1.0, math.exp(energy))
    return w - np.diag(w.sum(axis=0))


def steady(s: ExplorerSettings, signal: float) -> np.ndarray:
    p = null_space(generator(s, signal))[:, 0]
    return p / p.sum()


def kernel_of(s: ExplorerSettings):
    w, start = generator(s, s.signal), steady(s, 0.0)
    top = np.repeat([1.0, 0.0], s.levels)
    return lambda t: float(top @ w @ expm(w * t) @ start)


@pytest.fixture(scope="module")
def view():
    return compute(SMALL)


def test_ladder(view) -> None:
    ladder, n = view.ladder, SMALL.levels
    before, after = steady(SMALL, 0.0), steady(SMALL, SMALL.signal)
    assert_allclose(ladder.before, before, rtol=1e-12)
    assert_allclose(ladder.after, after, rtol=1e-12)
    flux = generator(SMALL, SMALL.signal) * after
    net = flux - flux.T  # [i, j]: from j to i
    levels = np.arange(n)
    assert_allclose(ladder.currents.vertical, net[levels, levels + n], atol=1e-15)
    assert_allclose(ladder.currents.top, net[levels[1:], levels[:-1]], atol=1e-15)
    assert_allclose(ladder.currents.bottom, net[levels[1:] + n, levels[:-1] + n], atol=1e-15)
    for signal, p, sigma in ((0.0, before, ladder.dissipation), (SMALL.signal, after, ladder.dissipation_after)):
        flux = generator(SMALL, signal) * p
        upper = np.triu(flux > 0, 1)
        assert_allclose(sigma, ((flux - flux.T)[upper] * np.log(flux[upper] / flux.T[upper])).sum(), rtol=1e-10)


def test_memory(view) -> None:
    kernel, exact = view.kernel, kernel_of(SMALL)
    chosen = slice(None, None, 40)
    assert_allclose(kernel.weighted[chosen], [t * exact(t) for t in kernel.time[chosen]], rtol=1e-9, atol=1e-13)
    after = steady(SMALL, SMALL.signal)
    area = after[: SMALL.levels].sum() - steady(SMALL, 0.0)[: SMALL.levels].sum()
    assert_allclose(kernel.area, area, rtol=1e-9)
    assert_allclose(kernel.end - kernel.start, area, rtol=1e-9)
    moment = quad(lambda t: t * exact(t), 0.0, 60.0, limit=200, epsabs=1e-13)[0]
    assert_allclose(kernel.first_moment, moment, rtol=1e-8)
    assert_allclose(kernel.accuracy, np.log(moment / abs(area)), rtol=1e-8)
    for t, occupancy in zip(kernel.time[chosen], kernel.occupancy[chosen], strict=True):
        p = expm(generator(SMALL, SMALL.signal) * t) @ steady(SMALL, 0.0)
        assert_allclose(occupancy, p[: SMALL.levels].sum(), rtol=1e-12)


def test_lobes_by_quadrature(view) -> None:
    lobes, exact = view.kernel.lobes, kernel_of(SMALL)
    assert lobes.zeros.size == 1
    assert abs(exact(lobes.zeros[0])) < 1e-8
    assert exact(0.99 * lobes.zeros[0]) < 0 < exact(1.01 * lobes.zeros[0])
    ends = [0.0, *lobes.zeros, 60.0]
    areas = [quad(exact, a, b, limit=200, epsabs=1e-13)[0] for a, b in pairwise(ends)]
    assert_allclose(lobes.areas, areas, rtol=1e-8)
    assert_allclose((lobes.negative, lobes.positive), areas, rtol=1e-8)


def test_output_is_that_of_the_driven_filter(view) -> None:
    """u = integral of K s, from the states of the linear system that K is the impulse response of."""
    synapse, cycle = view.synapse, view.cycle
    w, start, top = generator(SMALL, SMALL.signal), steady(SMALL, 0.0), np.repeat([1.0, 0.0], SMALL.levels)
    factor, period = -1.0 / abs(view.kernel.first_moment), SMALL.fast + SMALL.slow
    speed = 5.0  # ladder units in one of protocol time; K'(t) = K(5 t), then normalised to a first moment of 1
    factor *= speed**2

    def signal(t: float) -> float:
        phase = t % period
        rise = phase / SMALL.fast - 0.5 if phase < SMALL.fast else 0.5 - (phase - SMALL.fast) / SMALL.slow
        return SMALL.mean + SMALL.amplitude * rise

    times = np.arange(0.0, 2.0 * period, 0.5)
    early = 12 * period
    solved = solve_ivp(
        lambda t, x: speed * (w @ x) + (w @ start) * signal(t), (0.0, early + 2 * period), 0.0 * start,
        t_eval=early + times, method="LSODA", rtol=1e-9, atol=1e-11, max_step=0.2,
    )  # fmt: skip
    expected = factor * (top @ solved.y)
    assert_allclose(np.interp(times, cycle.time, synapse.output), expected, atol=3e-2 * np.abs(expected).max())
    exact = tcl.periodic_response(
        tcl.Ladder(0.02, 4.0, n_levels=3, reference_level=0.5).step_kernel(60.0).rescaled(5.0).normalized(),
        tcl.Sawtooth(fast=2.0, slow=7.0, mean=3.0).signal(11.0),
    )
    assert_allclose(exact(times), expected, atol=1e-5 * np.abs(expected).max())
    assert_allclose(synapse.output, exact(cycle.time), rtol=1e-12)
    assert_allclose(cycle.signal, [signal(t) for t in cycle.time - 1e-12 * (cycle.time > 0)], atol=1e-9)


def test_update_is_what_passes_the_threshold(view) -> None:
    synapse = view.synapse
    kernel = tcl.Ladder(0.02, 4.0, n_levels=3, reference_level=0.5).step_kernel(60.0).rescaled(5.0).normalized()
    protocol = tcl.Sawtooth(fast=2.0, slow=7.0, mean=3.0)
    theta = abs(-20.0 / 7.0 + float(kernel.area) * (3.0 + 10.0))  # Eq. 45
    assert_allclose(synapse.threshold, theta, rtol=1e-13)
    t = (np.arange(90000) + 0.5) * 1e-4
    for k in range(0, synapse.amplitude.size, 60):
        u = tcl.periodic_response(kernel, protocol.signal(synapse.amplitude[k]))(t)
        assert_allclose(synapse.update[k], 1e-4 * u[np.abs(u) >= theta].sum(), atol=2e-3)
    u = tcl.periodic_response(kernel, protocol.signal(11.0))(t)
    assert_allclose(synapse.update_here, 1e-4 * u[np.abs(u) >= theta].sum(), atol=2e-3)
    assert_allclose(synapse.cost_per_cycle, view.ladder.dissipation * 5.0 * 9.0, rtol=1e-14)


def test_the_papers_ladder() -> None:
    """To the digits of tests/oracles."""
    view = compute(ExplorerSettings())
    assert_allclose(view.ladder.dissipation, 6.6735047491057060743, rtol=1e-13)
    assert_allclose(view.kernel.area, -0.01700653901993908706, rtol=1e-13)
    assert_allclose(view.kernel.first_moment, 0.56579316868162807675, rtol=1e-13)
    assert_allclose(view.kernel.least_dissipation, 2.9, atol=0.05)


def test_a_threshold_set_by_hand_is_used() -> None:
    view = compute(SMALL.replaced(threshold=0.5))
    assert view.synapse.threshold == 0.5
    assert not np.array_equal(view.synapse.update, compute(SMALL).synapse.update)


def test_equilibrium_has_no_currents_and_no_place_on_the_frontier() -> None:
    view = compute(PRESETS["Equilibrium"])
    tables = columns(view)
    assert view.ladder.dissipation == 0.0
    assert np.abs(np.concatenate(list(view.ladder.currents))).max() == 0.0
    assert tables["arrows"]["x"].size == tables["point"]["accuracy"].size == 0
    assert tables["edges"]["x0"].size == 5 + 4 + 4
    assert np.isnan(view.kernel.accuracy)


def test_a_kernel_too_slow_for_its_sawtooth_is_told() -> None:
    view = compute(ExplorerSettings(gamma=1.0, levels=24, reference_level=10.0))
    assert view.synapse is None
    assert "slower than the period" in view.problem
    assert view.kernel is not None
    assert columns(view)["output"]["output"].size == 0
    assert "update" not in limits(view)


@given(settings())
@effort(max_examples=100)
def test_any_settings_have_a_view(chosen) -> None:
    """Without a warning, and never below the least dissipation of any ladder of so many levels."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        view = compute(chosen)
        tables, ends = columns(view), limits(view)
    assert view.synapse is not None or view.problem
    assert_allclose(view.ladder.after.sum(), 1.0, rtol=1e-12)
    for table in tables.values():
        assert len({values.shape for values in table.values()}) == 1
    for low, high in ends.values():
        assert math.isfinite(low)
        assert low < high
    if view.kernel is not None:
        assert_allclose(view.kernel.lobes.areas.sum(), view.kernel.area, rtol=1e-9, atol=1e-12)
        least = view.kernel.least_dissipation
        assert not least * 0.99 > view.ladder.dissipation  # the interpolation's one per cent


def test_the_way_after_the_step(view) -> None:
    times = np.array([0.0, 0.1, 2.0, 100.0])
    path = occupancy_path(SMALL, times)
    for p, t in zip(path, times, strict=True):
        assert_allclose(p, expm(generator(SMALL, SMALL.signal) * t) @ steady(SMALL, 0.0), atol=1e-12)
    assert_allclose(path[-1], view.ladder.after, rtol=1e-10)
