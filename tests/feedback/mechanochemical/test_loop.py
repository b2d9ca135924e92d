"""The saturating loop, against high-precision steady states, direct integration and its own linearisation."""

from dataclasses import replace

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose
from scipy.integrate import solve_ivp

from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.mechanochemical import Chemical, ChemicalLoop
from thermo_cl.feedback.nonlinear import linearised, operating_point

SLOW_DECADES = [1e-8, 1e-6, 1e-4, 1e-2]


def steady_mp(loop, signal):
    """Chemical and enzyme at rest, with c eliminated the other way round, as mpmath numbers."""
    r, b, lam, kappa = (mp.mpf(x) for x in (loop.release, loop.basal, loop.damping, loop.turnover))
    half, c0, km = (mp.mpf(x) for x in (loop.michaelis, loop.set_point, loop.saturation))
    source = b + r * mp.mpf(signal)

    def enzyme(c):
        return (source - lam * c) * (half + c) / (kappa * c)

    top = min(c0, source / lam) if lam else c0
    c = mp.findroot(lambda c: enzyme(c) * (c0 - c) - km * c, (top * mp.mpf("0.3"), top), solver="anderson", tol=1e-60)
    return c, enzyme(c)


@pytest.mark.parametrize("saturation", [1e-9, 1e-4, 1e-2, 0.3, 5.0])
@pytest.mark.parametrize("signal", [0.0, 0.005, 0.05])
def test_rest(saturation, signal):
    loop = ChemicalLoop(saturation=saturation)
    with mp.workdps(40):
        expected = [float(x) for x in steady_mp(loop, signal)]
    assert_allclose(loop.steady(signal), expected, rtol=1e-12)
    point = operating_point(loop.controller, signal, guess=expected)
    assert_allclose(point.state, expected, rtol=1e-11)


def test_rest_of_the_exact_integrator_is_the_set_point():
    loop = ChemicalLoop(saturation=0.0)
    for signal in (0.0, 0.01):
        c, m = loop.steady(signal)
        assert c == 0.5
        assert_allclose(loop.controller.rate(np.array([c, m]), signal), 0.0, atol=1e-13)
    assert loop.leak == 0.0
    assert loop.kernel.area == 0.0


@pytest.mark.parametrize("saturation", [0.0, 1e-3, 0.1])
def test_the_small_signal_kernel_is_the_closed_form(saturation):
    """Through the analytic Jacobian at the numerical rest, and through one by differences of the rates alone."""
    loop = ChemicalLoop(saturation=saturation)
    closed = loop.kernel
    linear = linearised(operating_point(loop.controller, loop.mean_signal))
    t = np.linspace(0.0, 2.0, 101)
    scale = np.abs(closed(t)).max()
    assert_allclose(linear.kernel()(t), closed(t), rtol=0.0, atol=1e-12 * scale)
    assert_allclose(linear.first_moment, closed.first_moment, rtol=1e-12)
    by_differences = linearised(operating_point(without_derivatives(loop.controller), loop.mean_signal))
    assert_allclose(by_differences.kernel()(t), closed(t), rtol=0.0, atol=1e-8 * scale)
    assert_allclose(-by_differences.state_matrix[1, 1], loop.leak, rtol=1e-6, atol=1e-9)
    assert bool(linear.area == 0.0) is (saturation == 0.0)


def without_derivatives(controller):
    from thermo_cl.feedback.nonlinear import NonlinearController

    return NonlinearController(
        controller.motion, controller.output, 2, typical_state=controller.typical_state,
        typical_signal=controller.typical_signal, lowest=0.0,
    )  # fmt: skip


def test_the_area_is_in_proportion_to_the_leak_over_decades():
    """The area is the slope of the resting chemical over the signal, here from steady states of 60 digits."""
    areas, leaks = [], []
    for saturation in SLOW_DECADES:
        loop = ChemicalLoop(saturation=saturation)
        with mp.workdps(60):
            h = mp.mpf(10) ** -12
            s = mp.mpf(loop.mean_signal)
            slope = float((steady_mp(loop, s + h)[0] - steady_mp(loop, s - h)[0]) / (2 * h))
        assert_allclose(loop.kernel.area, slope, rtol=1e-10)
        areas.append(float(loop.kernel.area))
        leaks.append(loop.leak)
    order = np.diff(np.log(areas)) / np.diff(np.log(leaks))
    assert_allclose(order, 1.0, atol=2e-3)
    order = np.diff(np.log(areas)) / np.diff(np.log(SLOW_DECADES))
    assert_allclose(order, 1.0, atol=5e-3)
    bare = ChemicalLoop(saturation=0.0).linear()
    limit = bare.release * bare.set_point / (bare.removal * bare.enzyme**2)
    assert_allclose(areas[0] / SLOW_DECADES[0], limit, rtol=1e-7)


def test_the_default_loop_is_near_the_default_chemical():
    linear, default = ChemicalLoop(saturation=0.0).linear(), Chemical()
    for name in Chemical.__dataclass_fields__:
        assert_allclose(getattr(linear, name), getattr(default, name), rtol=1e-14)


# ------------------------------------------------------------------- full response


@pytest.mark.parametrize("saturation", [0.0, 0.05])
def test_the_response_tends_to_the_linear_one_with_second_order(saturation):
    loop, protocol = ChemicalLoop(saturation=saturation), Sawtooth(1.0, 10.0)
    gaps = []
    for amplitude in (2e-3, 1e-3, 5e-4, 2.5e-4):
        response = loop.response(protocol, amplitude, rtol=1e-11)
        linear = replace(loop.linear(), threshold=1.0).response(protocol, amplitude)[0]
        assert_allclose(response.linear - loop.rest.chemical, linear(response.times), rtol=0.0, atol=1e-12)
        gaps.append(np.abs(response.difference).max())
    order = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert_allclose(order, 2.0, atol=0.06)
    assert abs(order[-1] - 2.0) < abs(order[0] - 2.0)


def test_the_response_is_that_of_an_integration_over_many_cycles():
    loop, amplitude = ChemicalLoop(saturation=0.02), 0.008  # not small: the enzyme loses half
    fast, slow = 0.7, 3.0

    def motion(t, x):
        phase = t % (fast + slow)
        s = 0.005 + amplitude * (phase / fast - 0.5 if phase < fast else 0.5 - (phase - fast) / slow)
        c, m = x
        removal = 20.0 * m * c / (0.5 + c) + 5.0 * c
        return [12.5 + 2000.0 * s - removal, 10.0 * (c - 0.5 * m / (0.02 + m))]

    state, period = np.array(loop.rest), fast + slow
    for cycle in range(15):
        runs = []
        for begin, end in ((0.0, fast), (fast, period)):
            run = solve_ivp(
                motion, (cycle * period + begin, cycle * period + end - 1e-12), state, method="DOP853", rtol=1e-11,
                atol=1e-13, dense_output=True,
            )  # fmt: skip
            state = run.y[:, -1]
            runs.append(run.sol)
    response = loop.response(Sawtooth(fast, slow), amplitude, rtol=1e-10)
    t = np.linspace(0.01, period - 0.01, 40)
    expected = [runs[int(x >= fast)](14 * period + x)[0] for x in t]
    assert_allclose(response(t), expected, rtol=1e-8)
    assert np.abs(response.difference).max() > 0.1 * np.abs(response.linear - loop.rest.chemical).max()


def test_mean_fluxes_of_the_full_loop_balance():
    """As much is removed as is released over a cycle, and an exact integrator holds the mean at its set point."""
    loop, amplitude = ChemicalLoop(saturation=0.0), 0.008
    response = loop.response(Sawtooth(1.0, 8.0), amplitude, rtol=1e-11, samples=4000)
    c, m = response.states.T
    removed = loop.turnover * m * c / (loop.michaelis + c) + loop.damping * c

    def mean(values):
        return np.sum(np.diff(response.times) * (values[1:] + values[:-1])) / (2.0 * 9.0)

    assert_allclose(mean(removed), loop.basal + loop.release * loop.mean_signal, rtol=1e-6)
    assert_allclose(mean(c), loop.set_point, rtol=1e-6)
    assert_allclose(mean(m), loop.rest.enzyme, rtol=0.05)


def test_concentrations_stay_positive_where_the_linear_form_refuses():
    loop, protocol = ChemicalLoop(), Sawtooth(0.7, 0.2)
    deep = replace(loop, release=8000.0, basal=0.0, saturation=0.002)
    largest = deep.linear().largest_amplitude(protocol)
    amplitude = 0.009
    assert largest < amplitude
    with pytest.raises(InvalidParameterError, match="negative"):
        deep.linear().response(protocol, amplitude)
    assert deep.response(protocol, amplitude).states.min() > 0.0


# ------------------------------------------------------------------------ refusals


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"release": 0.0}, "release"),
        ({"basal": -1.0}, "basal"),
        ({"michaelis": 0.0}, "michaelis"),
        ({"saturation": -0.1}, "saturation"),
        ({"mean_signal": -0.1}, "mean_signal"),
        ({"saturation": 0.0, "basal": 0.0, "mean_signal": 0.001}, r"mean_signal.*above 0\.00125"),
    ],
)
def test_constants_out_of_range_are_refused(changed, named):
    with pytest.raises(InvalidParameterError, match=named):
        ChemicalLoop(**changed)


def test_signals_without_feedback_are_refused():
    loop = ChemicalLoop(saturation=0.0, basal=0.0)
    with pytest.raises(InvalidParameterError, match=r"signal.*above 0\.00125"):
        loop.steady(0.001)
    with pytest.raises(InvalidParameterError, match="amplitude"):
        loop.response(Sawtooth(1.0, 10.0), 0.009)
    with pytest.raises(InvalidParameterError, match="amplitude"):
        ChemicalLoop().response(Sawtooth(1.0, 10.0), 0.011)
    with pytest.raises(InvalidParameterError, match="protocol"):
        ChemicalLoop().response(Sawtooth([1.0, 2.0], 10.0), 0.001)
    assert ChemicalLoop(basal=0.0).steady(0.0) == (0.0, 0.0)
