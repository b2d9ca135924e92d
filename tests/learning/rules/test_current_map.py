"""The map from currents in the clamped states to convolved currents, against quadrature and the paper's program."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

import thermo_cl as tcl
from tests.oracles import naive_temporal_contrast as naive
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.learning.rules import ClampingCycle, CurrentMap

SAWTOOTH = ClampingCycle.sawtooth(tcl.Sawtooth(0.3, 1.5), stages=4)
IRREGULAR = ClampingCycle([0.0, 0.2, 0.5, 1.1, 1.8], [0.5, 1.0, 0.25, 1.0, 0.5])
LADDER = tcl.Ladder(1e-2).step_kernel(200.0).rescaled(5.0).normalized()
KERNELS = {
    "chemotaxis": (tcl.chemotaxis_kernel(), 2.5),
    "area": (tcl.chemotaxis_kernel(0.3), 2.5),
    "sine": (tcl.sine_kernel(), 0.1),
    "feedback": (tcl.integral_feedback_kernel(30.0, 150.0), 8.0),
    "underdamped": (tcl.integral_feedback_kernel(25.0, 900.0), 4.0),
    "ladder": (LADDER, 13.0),
    "cut ladder": (LADDER.windowed(1.0), 1.0),
    "slow": (tcl.chemotaxis_kernel(0.1, 3.0), 16.0),  # remembers several periods
    "several periods": (tcl.sine_kernel(4.1), 4.1),
}


@pytest.mark.parametrize("cycle", [SAWTOOTH, IRREGULAR], ids=["sawtooth", "irregular"])
@pytest.mark.parametrize("name", KERNELS)
def test_exact_map_against_quadrature(name: str, cycle: ClampingCycle) -> None:
    kernel, length = KERNELS[name]
    units = np.eye(cycle.levels.size)[cycle.visits]
    expected = naive.dense(kernel, length, cycle.times, units, 23)
    ours = CurrentMap.exact(kernel, cycle, 23)
    assert_allclose(ours.matrix, expected, atol=1e-12 * np.abs(expected).max())
    assert_array_equal(ours.times, np.arange(23) * (cycle.period / 23))
    assert_allclose(ours.weights.sum(), cycle.period)


@pytest.mark.parametrize("cycle", [SAWTOOTH, IRREGULAR], ids=["sawtooth", "irregular"])
@pytest.mark.parametrize("name", KERNELS)
def test_gauss_points_sample_the_same_response(name: str, cycle: ClampingCycle) -> None:
    kernel, _ = KERNELS[name]
    ours = CurrentMap.gauss(kernel, cycle)
    units = PeriodicSignal(cycle.times, np.eye(cycle.levels.size)[:, cycle.visits])
    assert_array_equal(ours.matrix, tcl.periodic_response(kernel, units)(ours.times).T)
    assert (np.diff(ours.times) > 0).all()
    assert 0 < ours.times[0] < ours.times[-1] < cycle.period
    assert (ours.weights > 0).all()
    assert_allclose(ours.weights.sum(), cycle.period, rtol=1e-13)
    assert ours.area == CurrentMap.exact(kernel, cycle).area


@pytest.mark.parametrize("cycle", [SAWTOOTH, IRREGULAR], ids=["sawtooth", "irregular"])
@pytest.mark.parametrize("name", KERNELS)
def test_gauss_points_integrate_the_response(name: str, cycle: ClampingCycle) -> None:
    """Over a period u gives the area times the integral of the current; its square is that of a fine sum."""
    kernel, _ = KERNELS[name]
    fine = CurrentMap.exact(kernel, cycle, 100_000)
    size, square = (fine.weights @ np.abs(fine.matrix)).max(), fine.weights @ fine.matrix**2
    hats = np.eye(cycle.levels.size)[:, cycle.visits]
    exact = float(kernel.area) * np.trapezoid(hats, cycle.times, axis=1)
    rings = name == "underdamped"
    for nodes, good in ((3, 1e-2 if rings else 4e-4), (5, 4e-4 if rings else 1e-4), (16, 1e-5)):
        ours = CurrentMap.gauss(kernel, cycle, nodes)
        assert_allclose(ours.weights @ ours.matrix, exact, rtol=0, atol=good * size)
        assert_allclose(ours.weights @ ours.matrix**2, square, rtol=0, atol=20 * good * square.max() + 1e-4 * size**2)


def test_gauss_points_see_a_kernel_that_falls_between_equal_times() -> None:
    kernel = tcl.chemotaxis_kernel(0.0, 3000.0)
    gauss = CurrentMap.gauss(kernel, SAWTOOTH)  # six points on the two short pieces after the corner at zero
    assert gauss.times[5] < 4e-3 < gauss.times[6]
    middles = (np.arange(20_000) + 0.5) * 2e-7
    units = PeriodicSignal(SAWTOOTH.times, np.eye(SAWTOOTH.levels.size)[:, SAWTOOTH.visits])
    expected = tcl.periodic_response(kernel, units)(middles).sum(axis=-1) * 2e-7
    assert_allclose(gauss.weights[:6].sum(), 4e-3, rtol=1e-12)
    assert_allclose(gauss.weights[:6] @ gauss.matrix[:6], expected, rtol=0, atol=2e-3 * np.abs(expected).max())
    assert np.abs(expected).max() > 1e-2  # 100 equal times see this stretch once, at its start


def test_a_kernel_without_a_first_moment_has_one_piece_for_each_stretch() -> None:
    blind = tcl.Kernel([5.0, -30.0, 40.0], [-5.0, -10.0, -20.0], known_moments=(0.0, 0.0))
    ours = CurrentMap.gauss(blind, SAWTOOTH, 7)
    assert ours.times.size == 7 * 8
    assert_allclose(ours.weights.sum(), 1.8, rtol=1e-13)


@pytest.mark.parametrize("cycle", [SAWTOOTH, IRREGULAR], ids=["sawtooth", "irregular"])
@pytest.mark.parametrize(("name", "samples"), [("sine", 180), ("sine", 100), ("cut ladder", 61)])
def test_sampled_map_against_the_program_of_the_paper(name: str, samples: int, cycle: ClampingCycle) -> None:
    kernel, length = KERNELS[name]
    units = np.eye(cycle.levels.size)[cycle.visits]
    expected = naive.sampled(kernel, length, cycle.times, units, samples)
    ours = CurrentMap.sampled(kernel, cycle, samples)
    assert_allclose(ours.matrix, expected, atol=1e-14 * np.abs(expected).max())
    integrals = np.trapezoid(expected, dx=cycle.period / samples, axis=0)
    assert_allclose(ours.weights @ ours.matrix, integrals, atol=1e-14 * np.abs(expected).max())


def test_a_kernel_without_a_window_is_sampled_to_its_end() -> None:
    kernel = tcl.integral_feedback_kernel(60.0, 2000.0)
    expected = naive.sampled(kernel, 1.8, SAWTOOTH.times, np.eye(5)[SAWTOOTH.visits], 50)
    ours = CurrentMap.sampled(kernel, SAWTOOTH, 50)
    shifts = [np.abs(np.roll(expected, k, axis=0) - ours.matrix).max() for k in range(50)]  # the cut sets the centre
    assert min(shifts) < 1e-14 * np.abs(expected).max()
    assert_allclose(ours.area, 1.8 / 50 * kernel(np.arange(50) * 1.8 / 50).sum(), rtol=1e-13)


def test_the_kernel_of_the_paper_has_ten_samples_that_sum_to_zero() -> None:
    paper = CurrentMap.sampled(tcl.sine_kernel(), ClampingCycle.sawtooth(tcl.Sawtooth(0.1, 0.9)))
    assert paper.matrix.shape == (100, 9)
    assert paper.area == 0.0
    one = np.zeros(100)
    one[50] = 1.0
    answer = naive.sampled(tcl.sine_kernel(), 0.1, np.append(np.arange(100), 100) / 100, np.append(one, 0.0), 100)
    assert np.count_nonzero(np.abs(answer) > 1e-18) == 8  # K(0) and K(0.05) vanish


@pytest.mark.parametrize("name", KERNELS)
def test_steps_are_the_map_on_differences(name: str) -> None:
    ours = CurrentMap.exact(KERNELS[name][0], SAWTOOTH, 40)
    s = np.random.default_rng(0).normal(size=(5, 7))
    differences = ours.area * s[0] + ours.steps @ np.diff(s, axis=0)
    assert_allclose(differences, ours.matrix @ s, atol=1e-13 * np.abs(ours.matrix).max())


def test_steps_vanish_where_a_window_has_passed() -> None:
    cycle = ClampingCycle.sawtooth(tcl.Sawtooth(0.1, 0.9), stages=8)
    ours = CurrentMap.exact(tcl.sine_kernel(), cycle, 100)
    seen = (ours.steps != 0).sum(axis=1)
    assert seen.max() == 8
    assert (seen[25:] <= 2).all()  # 0.1 of the slow ramp touches two of its intervals of 0.1125 at most
    assert ours.area == 0.0


def test_known_areas_are_kept_and_rounding_is_not() -> None:
    tiny = tcl.Ladder(1e-4, n_levels=12, reference_level=4).step_kernel(200.0).rescaled(5.0).normalized()
    assert 0 < abs(tiny.area) < 1e-8
    assert CurrentMap.exact(tiny, SAWTOOTH, 30).area == tiny.area
    assert CurrentMap.exact(tcl.integral_feedback_kernel(30.0, 150.0), SAWTOOTH, 30).area == 0.0


def test_kernels_longer_than_the_period_are_refused_when_sampled() -> None:
    for kernel in (tcl.sine_kernel(1.9), tcl.chemotaxis_kernel(decay_rate=5.0), LADDER.windowed(2.0)):
        with pytest.raises(InvalidParameterError, match=r"^kernel = .*no longer than the period"):
            CurrentMap.sampled(kernel, SAWTOOTH, 50)
    assert CurrentMap.sampled(tcl.sine_kernel(1.8), SAWTOOTH, 50).matrix.shape == (50, 5)


def test_bad_maps_are_named() -> None:
    batch = tcl.chemotaxis_kernel(np.array([0.0, 0.1]))
    with pytest.raises(InvalidParameterError, match=r"^kernel = .*single"):
        CurrentMap.gauss(batch, SAWTOOTH)
    with pytest.raises(InvalidParameterError, match=r"^nodes = 0"):
        CurrentMap.gauss(tcl.sine_kernel(), SAWTOOTH, 0)
    for make in (CurrentMap.exact, CurrentMap.sampled):
        with pytest.raises(InvalidParameterError, match=r"^kernel = .*single"):
            make(batch, SAWTOOTH)
        with pytest.raises(InvalidParameterError, match=r"^samples = 1"):
            make(tcl.sine_kernel(), SAWTOOTH, 1)
    with pytest.raises(InvalidParameterError, match=r"^samples = 10 .*resolve"):
        CurrentMap.sampled(tcl.sine_kernel(), SAWTOOTH, 10)
    with pytest.raises(InvalidParameterError, match=r"^shapes = "):
        CurrentMap(np.ones((3, 2)), np.ones(2), np.arange(3))
    with pytest.raises(InvalidParameterError, match=r"^matrix = "):
        CurrentMap([[1.0, 0.0], [1.0, 1.0]], [1.0, 1.0], [0.0, 1.0])
