"""The driven synapse against its linear limit, root finding with quadrature, and the cycles it is made of."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import thermo_cl as tcl
from tests.oracles.driven_ode import generator, integrate, ladder_rates, sawtooth_value, steady
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.driving import periodic_state
from thermo_cl.synapse import driven_update

LADDER = tcl.Ladder(gamma=1e-3)
PROTOCOL = tcl.Sawtooth(15.0, 75.0, mean=10.0)


def update_by_quadrature(output: Any, breaks: np.ndarray, threshold: float) -> float:
    """Crossings bracketed on a fine grid and polished, then adaptive quadrature between them."""
    grid = np.unique(np.concatenate([np.linspace(a, b, 41) for a, b in pairwise(breaks)]))
    u = output(grid)
    cuts = list(breaks)
    for level in (threshold, -threshold):
        shifted = partial(lambda t, level: float(output(t)) - level, level=level)
        crossed = np.flatnonzero((u[1:] - level) * (u[:-1] - level) < 0)
        cuts.extend(brentq(shifted, grid[k], grid[k + 1], xtol=1e-14) for k in crossed)
    total = 0.0
    for a, b in pairwise(np.unique(cuts)):
        if abs(float(output(0.5 * (a + b)))) >= threshold:
            total += quad(lambda t: float(output(t)), a, b, epsabs=1e-13)[0]
    return total


@pytest.mark.parametrize(("amplitude", "threshold"), [(20.0, 0.8), (20.0, 0.0), (8.0, 0.3), (14.0, 0.9), (5.0, 9.0)])
def test_update_against_root_finding_and_quadrature(amplitude: float, threshold: float) -> None:
    found = driven_update(LADDER, PROTOCOL, amplitude, threshold=threshold, tolerance=1e-12)
    cycle = periodic_state(LADDER, PROTOCOL.signal(amplitude), tolerance=1e-12)

    def output(t: Any) -> Any:
        return -(cycle(t) @ LADDER.top_rail - found.reference) / abs(found.first_moment)

    slow = update_by_quadrature(output, cycle.times, threshold)
    assert found.update == pytest.approx(slow, abs=2e-9 * amplitude)
    u = output(np.concatenate([np.linspace(a, b, 400) for a, b in pairwise(cycle.times)]))
    assert found.highest == pytest.approx(u.max(), abs=1e-6)
    assert found.lowest == pytest.approx(u.min(), abs=1e-6)


def test_output_is_that_of_brute_force_integration() -> None:
    """Nothing of this library but the two numbers compared: LSODA for three cycles, a sum on a grid."""
    value = sawtooth_value(15.0, 75.0, 10.0, 20.0)
    start = steady(generator(ladder_rates(1e-3, 25.0, 5, 1, 2.0, 0.0), 10))
    reference = steady(generator(ladder_rates(1e-3, 25.0, 5, 1, 2.0, 10.0), 10))[:5].sum()

    def rates(t: float) -> dict[tuple[int, int], float]:
        return ladder_rates(1e-3, 25.0, 5, 1, 2.0, value(t))

    for _ in range(2):
        start = integrate(rates, [0.0, 15.0, 90.0], start)
    top = integrate(rates, [0.0, 15.0, 90.0], start, lambda t, p, matrix: [float(p[:5].sum())], tolerance=1e-12)[10]
    moment = float(LADDER.small_signal_kernel(10.0).first_moment)
    found = driven_update(LADDER, PROTOCOL, 20.0, threshold=0.0)
    assert found.update == pytest.approx(-(top - 90.0 * reference) / moment, abs=1e-7)


def test_small_amplitudes_have_the_linear_response() -> None:
    """With the threshold in proportion, the driven update leaves the linear one by first order in the amplitude."""
    share, deviation = 0.07, []
    for amplitude in (0.4, 0.2, 0.1, 0.05):
        found = driven_update(LADDER, PROTOCOL, amplitude, threshold=share * amplitude, tolerance=1e-13)
        kernel = LADDER.small_signal_kernel(10.0).normalized()
        linear = tcl.weight_update(kernel, tcl.Sawtooth(15.0, 75.0), amplitude, threshold=share * amplitude)
        assert found.linear_update == pytest.approx(linear, rel=1e-12)
        deviation.append((found.update / linear - 1) / amplitude)
    assert abs(deviation[-1]) < 0.05
    assert deviation[-1] == pytest.approx(deviation[-2], rel=0.05)
    steps = np.abs(np.diff(deviation))
    assert steps[-1] < 0.7 * steps[0] or steps[0] < 1e-6


def test_step_kernel_of_a_small_step_is_the_same_scale() -> None:
    kernel = LADDER.step_kernel(10.001, 10.0)
    moment = float(kernel.first_moment) / 0.001
    by_step = driven_update(LADDER, PROTOCOL, [4.0, 9.0], threshold=0.15, first_moment=moment)
    by_slope = driven_update(LADDER, PROTOCOL, [4.0, 9.0], threshold=0.15)
    assert moment == pytest.approx(by_slope.first_moment, rel=1e-4)
    assert np.allclose(by_step.update, by_slope.update, rtol=1e-2)


def test_without_threshold_the_update_is_the_mean_output() -> None:
    found = driven_update(LADDER, PROTOCOL, [0.0, 6.0, 20.0], threshold=0.0, baseline=3.0)
    assert found.reference == pytest.approx(LADDER.steady_state(3.0)[:5].sum(), rel=1e-14)
    for k, amplitude in enumerate([0.0, 6.0, 20.0]):
        mean = periodic_state(LADDER, PROTOCOL.signal(amplitude), tolerance=1e-10).mean(LADDER.top_rail)
        expected = -90.0 * (mean - found.reference) / found.first_moment
        assert found.update[k] == pytest.approx(expected, abs=1e-8)


def test_costs_are_those_of_the_periodic_state() -> None:
    found = driven_update(LADDER, PROTOCOL, [6.0, 20.0], threshold=0.3)
    cycle = periodic_state(LADDER, PROTOCOL.signal(20.0), tolerance=1e-10)
    for name in ("entropy_production", "housekeeping", "excess", "heat", "work_signal", "work_drive", "residual"):
        assert getattr(found, name).shape == (2,)
        assert getattr(found, name)[1] == pytest.approx(getattr(cycle, name), rel=1e-12)
    assert found.status == "converged" and found.method == cycle.method


def test_scalars_and_rows() -> None:
    one, row = (driven_update(LADDER, PROTOCOL, a, threshold=0.3) for a in (6.0, [6.0]))
    assert np.ndim(one.update) == 0 and row.update.shape == (1,)
    assert one.update == row.update[0]
    silent = driven_update(LADDER, PROTOCOL, 0.0, threshold=0.1)
    assert silent.update == 0.0 and abs(silent.highest) < 1e-10


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"ladder": tcl.Ladder(gamma=[0.1, 0.2])}, "single ladder"),
        ({"protocol": tcl.Sawtooth([1.0, 2.0], 3.0, 10.0)}, "single protocol"),
        ({"amplitudes": [5.0, 21.0]}, "at most 20"),
        ({"amplitudes": -1.0}, "not negative"),
        ({"amplitudes": []}, "one or a row"),
        ({"amplitudes": [[1.0]]}, "one or a row"),
        ({"threshold": -1.0}, "not negative"),
        ({"threshold": [0.1, 0.2]}, r"threshold\.shape"),
        ({"baseline": -1.0}, "not negative"),
        ({"baseline": [1.0, 2.0]}, r"baseline\.shape"),
        ({"first_moment": [1.0, 2.0]}, r"first_moment\.shape"),
        ({"first_moment": 0.0}, "other than zero"),
        ({"first_moment": np.nan}, "finite"),
        ({"tolerance": 0.0}, "tolerance"),
    ],
)
def test_bad_input(change: dict[str, Any], message: str) -> None:
    arguments = {"ladder": LADDER, "protocol": PROTOCOL, "amplitudes": 5.0, "threshold": 0.1} | change
    with pytest.raises(InvalidParameterError, match=message):
        driven_update(**arguments)
