"""Linearisation against controllers that are linear, and against closed forms."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import chemical_removal, linear, quadratic_sensor
from thermo_cl.feedback.linear import adaptation_test, integral_feedback
from thermo_cl.feedback.nonlinear import (
    NonlinearController,
    antithetic_feedback,
    linearised,
    operating_point,
    saturated_integral_feedback,
    small_signal_kernel,
)
from thermo_cl.kernels import high_pass_kernel, integral_feedback_kernel

TIMES = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 40)])


@given(st.floats(0.5, 5.0), st.floats(0.1, 5.0), st.floats(0.0, 2.0), st.floats(-3.0, 3.0))
def test_linear_equations_keep_their_kernel(damping: float, gain: float, leak: float, signal: float) -> None:
    controller = linear(damping, gain, leak)
    point = operating_point(controller, signal)
    found, exact = linearised(point), integral_feedback(damping, gain, leak, set_point=0.7)
    assert_allclose(found.kernel()(TIMES), exact.kernel()(TIMES), atol=1e-12)
    assert_allclose(point.output, exact.set_point + exact.area * signal, atol=1e-12)
    assert found.set_point == point.output
    if leak == 0.0:
        assert found.area == 0.0  # exactly, although the Jacobian is one of differences


def test_instantaneous_part_is_kept() -> None:
    kernel = small_signal_kernel(quadratic_sensor(), 5.0)
    expected = high_pass_kernel(1.0, 2.0)
    assert_allclose(kernel(TIMES), expected(TIMES), atol=1e-12)
    assert_allclose([kernel.feedthrough, kernel.area, kernel.first_moment], [1.0, 0.0, -2.0], atol=1e-12)


@given(
    st.floats(0.3, 3.0), st.floats(0.1, 3.0), st.floats(0.0, 1.0), st.floats(0.1, 3.0), st.floats(0.3, 3.0),
    st.floats(0.0, 0.5), st.floats(1.5, 10.0),
)  # fmt: skip
def test_saturated_feedback_in_closed_form(
    kappa: float, half: float, rate: float, k: float, c0: float, km: float, excess: float
) -> None:
    signal = rate * c0 * excess + 0.5
    controller = saturated_integral_feedback(kappa, half, rate, k, c0, km, typical_signal=signal)
    point = operating_point(controller, signal)
    c, m = point.state
    a, b = rate + kappa * m * half / (half + c) ** 2, kappa * c / (half + c)
    leak = k * c0 * km / (km + m) ** 2
    model = linearised(point)
    assert_allclose(model.area, leak / (a * leak + b * k), rtol=1e-12, atol=0.0)
    assert_allclose(model.first_moment, (leak**2 - b * k) / (a * leak + b * k) ** 2, rtol=1e-9, atol=1e-12 / (b * k))
    times = TIMES / (a + leak)
    linear_form = integral_feedback_kernel(a, b * k, leak)  # m in units of b
    assert_allclose(model.kernel()(times), linear_form(times), atol=1e-12)


def test_differences_give_the_kernel_of_the_derivatives() -> None:
    exact = saturated_integral_feedback(1.0, 0.5, 0.3, 0.4, 1.0, 0.0)
    given_kernel, by_differences = (small_signal_kernel(c, 2.0) for c in (exact, chemical_removal()))
    assert_allclose(by_differences(TIMES), given_kernel(TIMES), atol=1e-11)
    assert by_differences.area == given_kernel.area == 0.0


def test_area_is_proportional_to_the_leak() -> None:
    leaks = 10.0 ** np.arange(-8.0, -2.0)
    for make in (
        lambda leak: saturated_integral_feedback(saturation=leak),
        lambda leak: antithetic_feedback(dilution=leak),
    ):
        areas = np.array([float(small_signal_kernel(make(leak), 2.0).area) for leak in leaks])
        order = np.polyfit(np.log(leaks), np.log(areas), 1)[0]
        assert abs(order - 1.0) < 2e-3
        assert_allclose(areas[:3] / leaks[:3], areas[0] / leaks[0], rtol=1e-4)


def test_antithetic_integrator_is_the_difference_of_two_species() -> None:
    found = adaptation_test(linearised(operating_point(antithetic_feedback(annihilation=16.0), 2.0)))
    assert found.adapts and found.order == 1 and found.integrator is not None
    assert_allclose(found.integrator / found.integrator[2], [0.0, -1.0, 1.0], atol=1e-15)
    bare = antithetic_feedback(annihilation=16.0)
    bare = NonlinearController(bare.motion, bare.output, 3, typical_state=bare.typical_state)
    assert abs(float(small_signal_kernel(bare, 2.0).area)) < 1e-11
