"""Named controllers and connections against their equations, closed forms and transfer functions."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from numpy.testing import assert_allclose

from tests.strategies import decades
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import (
    LinearController,
    double_integral_feedback,
    feedback_loop,
    high_pass,
    integral_feedback,
    leaky_area,
    leaky_first_moment,
    low_pass,
    parallel,
    sensed_integral_feedback,
    series,
)
from thermo_cl.kernels import Kernel, high_pass_kernel, integral_feedback_kernel

POINTS = np.array([0.0, 0.2, 1.0 + 0.5j, 3j, 40j])


def response(motion: object, size: int, times: np.ndarray) -> np.ndarray:
    """First variable of an equation of motion from rest."""
    solution = scipy.integrate.solve_ivp(
        motion, (0.0, times[-1]), np.zeros(size), t_eval=times, rtol=1e-12, atol=1e-14, method="DOP853"
    )
    return solution.y[0]


@given(decades(-1, 1), decades(-2, 2), decades(-3, 2))
def test_leaky_feedback_in_closed_form(damping: float, gain: float, leak: float) -> None:
    controller, family = integral_feedback(damping, gain, leak), integral_feedback_kernel(damping, gain, leak)
    t = np.concatenate([[0.0], np.geomspace(1e-3 / damping, 30.0 * float(controller.timescale), 50)])
    assert_allclose(family(t), controller.kernel()(t), atol=1e-12)
    assert_allclose([leaky_area(damping, gain, leak), family.area], controller.area, rtol=1e-14)
    size = 1.0 / (damping * leak + gain)
    for first in (leaky_first_moment(damping, gain, leak), family.first_moment):
        assert_allclose(first, controller.first_moment, rtol=1e-12, atol=1e-14 * size)
    bare = Kernel(family.coefficients, family.rates, family.powers)
    assert_allclose(bare.area, controller.area, atol=1e-12 * float(controller.timescale))


@pytest.mark.parametrize("detune", [0.0, 1e-12, -1e-7, 1e-5, -1e-4, 1e-3, -0.05])
@pytest.mark.parametrize(("damping", "leak"), [(3.0, 0.5), (0.2, 4.0), (1.0, 0.0)])
def test_leaky_feedback_near_critical_damping(damping: float, leak: float, detune: float) -> None:
    gain = (damping - leak) ** 2 / 4.0 * (1.0 + detune)
    controller, family = integral_feedback(damping, gain, leak), integral_feedback_kernel(damping, gain, leak)
    t = np.concatenate([[0.0], np.geomspace(1e-2, 40.0, 50)])
    assert_allclose(family(t), controller.kernel()(t), atol=1e-12)


def test_area_is_proportional_to_a_small_leak() -> None:
    damping, gain, leaks = 3.0, 2.0, 10.0 ** np.arange(-12.0, -2.0)
    areas = integral_feedback(damping, gain, leaks).area
    assert_allclose(areas / leaks, 1.0 / (gain + damping * leaks), rtol=1e-14)
    assert_allclose(areas[:4] / leaks[:4], 1.0 / gain, rtol=1e-8)


def test_leaky_feedback_obeys_its_equations() -> None:
    damping, gain, leak, point = 2.0, 3.0, 0.4, 0.7
    controller, t = integral_feedback(damping, gain, leak, set_point=point), np.linspace(0.0, 6.0, 13)

    def motion(_: float, y: np.ndarray) -> list[float]:
        u, m = y[0] + controller.set_point, y[1] - damping * controller.set_point  # rest, where s = 0
        return [1.0 - m - damping * u, gain * (u - point) - leak * m]

    assert_allclose(controller.kernel().step_response(t), response(motion, 2, t), atol=1e-11)
    assert integral_feedback(damping, gain, set_point=point).set_point == point


def test_sensed_feedback_obeys_its_equations() -> None:
    controller, t = sensed_integral_feedback(2.0, 3.0, 0.2), np.linspace(0.0, 6.0, 13)
    step = response(lambda _, y: [1.0 - y[1] - 2.0 * y[0], 3.0 * y[2], (y[0] - y[2]) / 0.2], 3, t)
    assert_allclose(controller.kernel().step_response(t), step, atol=1e-11)
    assert (controller.area, controller.first_moment) == (0.0, -1.0 / 3.0)


def test_double_integral_feedback_adapts_to_ramps() -> None:
    controller, t = double_integral_feedback(2.0, 3.0, 1.5), np.linspace(0.0, 6.0, 13)
    step = response(lambda _, y: [1.0 - y[1] - 2.0 * y[0], 3.0 * y[0] + y[2], 1.5 * y[0]], 3, t)
    assert_allclose(controller.kernel().step_response(t), step, atol=1e-11)
    assert [float(controller.moment(n)) for n in range(3)] == [0.0, 0.0, 2.0 / 1.5]


@pytest.mark.parametrize(("gain", "time"), [(2.0, 0.5), (-0.3, 7.0), (1.0, 1e-6)])
def test_high_pass(gain: float, time: float) -> None:
    kernel, family = high_pass(gain, time).kernel(), high_pass_kernel(gain, time)
    t = time * np.array([0.0, 0.1, 1.0, 8.0])
    assert_allclose(kernel(t), family(t), rtol=1e-12)
    assert_allclose(kernel.step_response(t), family.step_response(t), rtol=1e-12)
    assert kernel.feedthrough == family.feedthrough == gain
    assert kernel.area == family.area == 0.0
    assert_allclose(kernel.first_moment, family.first_moment, rtol=1e-15)
    assert_allclose(high_pass(gain, time).timescale, time, rtol=1e-15)


def consistent(controller: LinearController, expected: np.ndarray) -> None:
    """Polynomials and matrices both have the transfer function."""
    assert_allclose(controller.transfer(POINTS), expected, rtol=1e-12, atol=1e-14)
    bare = LinearController(
        controller.state_matrix, controller.input_vector, controller.output_vector, controller.feedthrough
    )
    assert_allclose(bare.transfer(POINTS), expected, rtol=1e-12, atol=1e-14)
    omega = np.array([0.2, 3.0])
    assert_allclose(controller.kernel().frequency_response(omega), bare.transfer(1j * omega), rtol=1e-11, atol=1e-13)


PAIRS = [
    (integral_feedback(3.0, 2.0, 0.1), low_pass(2.0, 0.3)),
    (high_pass(1.5, 0.4), integral_feedback(1.0, 4.0)),
    (high_pass(1.5, 0.4), high_pass(0.5, 0.4)),
    (low_pass(0.7, 1.1), high_pass(-0.3, 2.0)),
]


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_connections(first: LinearController, second: LinearController) -> None:
    f, g = first.transfer(POINTS), second.transfer(POINTS)
    consistent(series(first, second), f * g)
    consistent(parallel(first, second), f + g)
    consistent(feedback_loop(first, second), f / (1.0 + f * g))


def test_moments_of_a_cascade() -> None:
    first, second = integral_feedback(3.0, 2.0, 0.1), low_pass(2.0, 0.3)
    both = series(first, second)
    assert_allclose(both.area, first.area * second.area, rtol=1e-14)
    mean = first.first_moment * second.area + first.area * second.first_moment
    assert_allclose(both.first_moment, mean, rtol=1e-13)
    assert both.set_point == second.set_point


def test_integral_feedback_is_a_loop_around_a_slow_lag() -> None:
    """A lag of gain g tau and time tau around one of 1/damping is the leaky integrator of leak 1/tau."""
    damping, gain, tau = 3.0, 2.0, 50.0
    loop = feedback_loop(low_pass(1.0 / damping, 1.0 / damping), low_pass(gain * tau, tau))
    t = np.array([0.0, 0.3, 1.0, 20.0])
    assert_allclose(loop.kernel()(t), integral_feedback_kernel(damping, gain, 1.0 / tau)(t), atol=1e-13)


def test_connected_batches() -> None:
    loop = series(low_pass(1.0, [0.1, 0.3]), integral_feedback([[3.0], [5.0], [7.0]], 2.0))
    assert loop.batch_shape == (3, 2)
    assert_allclose(loop.transfer(1j)[2, 1], series(low_pass(1.0, 0.3), integral_feedback(7.0, 2.0)).transfer(1j))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: integral_feedback(0.0, 1.0), "damping"),
        (lambda: integral_feedback(1.0, -1.0), "gain"),
        (lambda: integral_feedback(1.0, 1.0, -0.1), "leak"),
        (lambda: integral_feedback([1.0, 2.0], [1.0, 2.0, 3.0]), "shapes"),
        (lambda: integral_feedback_kernel(1.0, 1.0, -0.1), "leak"),
        (lambda: sensed_integral_feedback(1.0, 3.0, 0.5), "lag.*below 0.5"),
        (lambda: double_integral_feedback(1.0, 3.0, 3.0), "second_gain.*below 3"),
        (lambda: high_pass(0.0, 1.0), "gain"),
        (lambda: low_pass(1.0, -1.0), "time"),
        (lambda: feedback_loop(high_pass(1.0, 1.0), high_pass(-1.0, 1.0)), "around the loop"),
        (lambda: feedback_loop(low_pass(2.0, 1.0), low_pass(-1.0, 1.0)), r"exp\(0.414214 t\)"),
        (lambda: series(low_pass(1.0, [1.0, 2.0]), low_pass(1.0, [1.0, 2.0, 3.0])), "shapes"),
    ],
)
def test_bad_input_is_refused(call: object, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=name):
        call()


@pytest.mark.parametrize("lag", [0.499, 0.2])
def test_the_border_of_stability(lag: float) -> None:
    """T (k - damping**2) < damping: the slowest mode still decays just inside."""
    assert np.all(sensed_integral_feedback(1.0, 3.0, lag).poles.real < 0.0)


def test_set_points_of_connections() -> None:
    """A cascade rests where its second controller does, a sum at the sum, a loop where its forward one does."""
    first, second = integral_feedback(3.0, 2.0, set_point=0.7), integral_feedback(2.0, 1.0, set_point=[0.2, -0.4])
    assert series(first, second).set_point.tolist() == [0.2, -0.4]
    assert series(second, first).set_point.tolist() == [0.7, 0.7]
    assert_allclose(parallel(first, second).set_point, [0.9, 0.3], rtol=1e-15)
    assert feedback_loop(first, second).set_point.tolist() == [0.7, 0.7]
    assert feedback_loop(second, first).set_point.tolist() == [0.2, -0.4]
