"""The full response against exact responses, against waiting, and against its own linear limit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import chemical_removal, cubic, linear, quadratic_sensor
from tests.oracles.controller_ode import waited
from thermo_cl import Sawtooth
from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.nonlinear import (
    NonlinearController,
    antithetic_feedback,
    driven_response,
    saturated_integral_feedback,
)
from thermo_cl.feedback.nonlinear.flow import METHODS
from thermo_cl.kernels import PeriodicSignal, high_pass_kernel, integral_feedback_kernel, periodic_response

PROTOCOL = Sawtooth(fast=3.0, slow=20.0, mean=2.0)
WAVE = PeriodicSignal([0.0, 1.0, 1.5, 4.0, 9.0], [1.0, 3.0, 2.0, 2.5, 1.0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("signal", [PROTOCOL.signal(1.0), WAVE])
def test_linear_equations_have_the_exact_periodic_response(method: str, signal: PeriodicSignal) -> None:
    response = driven_response(linear(), signal, method=method, rtol=1e-10, samples=50)
    exact = 0.7 + periodic_response(integral_feedback_kernel(3.0, 2.0), signal)(response.times)
    size = np.abs(exact - 0.7).max()
    assert_allclose(response.output, exact, atol=1e-7 * size)
    assert_allclose(response.linear, exact, atol=1e-12)
    assert_allclose(response.signals, signal(response.times), atol=1e-13)
    assert response.multipliers is not None
    assert_allclose(
        np.sort(np.abs(response.multipliers)),
        np.exp(-np.array([2.0, 1.0]) * float(signal.period)),
        rtol=1e-6,
        atol=1e-24,
    )


@pytest.mark.parametrize("method", METHODS)
def test_quadratic_sensor_in_closed_form(method: str) -> None:
    response = driven_response(quadratic_sensor(0.3), WAVE, method=method, rtol=1e-10)
    straight = periodic_response(high_pass_kernel(1.0, 2.0), WAVE)(response.times)
    assert_allclose(response.output, straight + 0.3 * straight**2, atol=1e-7)
    assert_allclose(response.difference, 0.3 * straight**2, atol=1e-7)


@pytest.mark.parametrize(
    "controller", [chemical_removal(), saturated_integral_feedback(saturation=0.1), antithetic_feedback(), cubic()]
)
def test_periodic_state_is_what_waiting_ends_in(controller: NonlinearController) -> None:
    signal, share = PROTOCOL.signal(1.5), np.linspace(0.0, 1.0, 21)
    response = driven_response(controller, signal, rtol=1e-10, samples=20)
    signals, states = waited(controller.motion, signal.times, signal.values, response.point.state, 4, share)
    output = controller.outputs(states, signals)
    at = np.concatenate([share * 3.0, 3.0 + share * 20.0])
    size = np.abs(output - response.point.output).max()
    assert_allclose(response(at), output, atol=2e-8 * size)
    assert_allclose(response.states[0], states[0], atol=2e-8 * np.abs(states - response.point.state).max())
    assert np.abs(response.difference).max() > 0.05 * size  # far from linear


@pytest.mark.parametrize(
    ("controller", "mean", "order"),
    [
        (chemical_removal(), 2.0, 2.0),
        (saturated_integral_feedback(saturation=0.02), 2.0, 2.0),
        (antithetic_feedback(dilution=0.01), 2.0, 2.0),
        (cubic(), 0.5, 2.0),
        (cubic(), 0.0, 3.0),  # odd about its rest
        (quadratic_sensor(), 1.0, 2.0),
    ],
)
def test_order_of_convergence_to_the_linear_kernel(controller: NonlinearController, mean: float, order: float) -> None:
    amplitudes = 0.05 / 2.0 ** np.arange(4)
    protocol = Sawtooth(3.0, 20.0, mean)
    gaps = [np.abs(driven_response(controller, protocol.signal(a), rtol=1e-11).difference).max() for a in amplitudes]
    slopes = np.log2(np.array(gaps[:-1]) / gaps[1:])
    assert_allclose(slopes, order, atol=0.02)
    assert abs(slopes[-1] - order) < 2e-3


def test_motion_from_rest_and_its_linear_prediction() -> None:
    signal, share = PROTOCOL.signal(1.0), np.linspace(0.0, 1.0, 11)
    controller = linear()
    response = driven_response(controller, signal, 3, samples=10, rtol=1e-10)
    _, states = waited(controller.motion, signal.times, signal.values, response.point.state, 3, share)
    assert response.periods == 3 and response.multipliers is None and response.error == 0.0
    last = response.times >= 46.0 - 1e-9
    assert_allclose(response.output[last], np.delete(states[:, 0], 11), atol=1e-8)
    assert_allclose(response.output, response.linear, atol=1e-8)
    other = driven_response(controller, signal, 1, start=[1.0, -2.0], samples=10, rtol=1e-10)
    assert_allclose(other.output, other.linear, atol=1e-7)
    assert other.states[0].tolist() == [1.0, -2.0]
    with pytest.raises(InvalidParameterError, match="between 0 and 23"):
        other(24.0)
    periodic = driven_response(controller, signal)
    assert_allclose(periodic(24.0), periodic(1.0), atol=1e-12)


def test_slow_modes_need_not_be_waited_for() -> None:
    slow = NonlinearController(
        lambda x, s: [s - x[1] - 2.0 * x[0], 1e-5 * (x[0] ** 3 - 1.0)], lambda x, s: x[0], 2, typical_signal=3.0
    )
    response = driven_response(slow, Sawtooth(1.0, 5.0, 3.0).signal(1.0), rtol=1e-10)
    assert response.multipliers is not None
    assert 0.9999 < np.abs(response.multipliers).max() < 1.0  # a thousand periods and more to settle
    start, end = response.ramps[0].start, response.ramps[-1].end
    assert np.abs(end - start).max() < 1e-9
    assert_allclose(np.trapezoid(response.output**3, response.times) / 6.0, 1.0, atol=1e-4)  # what the integrator holds


def test_zero_amplitude_stays_at_rest() -> None:
    response = driven_response(chemical_removal(), PROTOCOL.signal(0.0))
    assert_allclose(response.output, 1.0, atol=1e-10)
    assert_allclose(response.linear, 1.0, atol=1e-12)


def test_stiff_equations_name_their_timescale() -> None:
    def motion(x: np.ndarray, s: float) -> list[float]:
        return [s - x[1] - x[0], x[0] - 1.0 - 0.1 * x[2], 1e16 * (x[1] - x[2])]

    stiff = NonlinearController(motion, lambda x, s: x[0], 3, names=("u", "m", "copy"))
    with pytest.raises(StiffnessError, match=r"fastest timescale is 1e-16 \(mostly 'copy'\)") as caught:
        driven_response(stiff, PROTOCOL.signal(0.1))
    assert_allclose(caught.value.fastest, 1e-16, rtol=1e-6)
    assert caught.value.slowest > 0.5
    short = NonlinearController(
        lambda x, s: [s - x[1] - x[0], 3e3 * (x[0] ** 3 - 1.0)], lambda x, s: x[0], 2, names=("u", "m"),
    )  # fmt: skip
    with pytest.raises(StiffnessError, match=r"has taken 40 steps .*fastest timescale is 0\.0\d+ \(mostly") as cut:
        driven_response(short, PROTOCOL.signal(0.5), max_steps=40)
    assert 0.0 < cut.value.fastest <= cut.value.slowest


@pytest.mark.parametrize("method", METHODS)
def test_stiff_equations_are_followed_where_they_can_be(method: str) -> None:
    def motion(x: np.ndarray, s: float) -> list[float]:
        return [s - x[2] - 3.0 * x[0], 2.0 * (x[0] - 0.7), 1e7 * (x[1] - x[2])]

    response = driven_response(
        NonlinearController(motion, lambda x, s: x[0], 3), PROTOCOL.signal(1.0), method=method, rtol=1e-8
    )
    exact = 0.7 + periodic_response(integral_feedback_kernel(3.0, 2.0), PROTOCOL.signal(1.0))(response.times)
    assert_allclose(response.output, exact, atol=1e-5 * np.abs(exact - 0.7).max())


@pytest.mark.parametrize("method", METHODS)
def test_runaway_is_told(method: str) -> None:
    barrier = NonlinearController(lambda x, s: [s - x[0] + x[0] ** 3], lambda x, s: x[0], 1, typical_state=[0.0])
    with pytest.raises((ConvergenceError, StiffnessError), match=r"left the finite range|cannot follow"):
        driven_response(barrier, Sawtooth(3.0, 20.0).signal(6.0), 1, method=method, max_steps=3000)


def test_unstable_periodic_state_is_told() -> None:
    def duffing(x: np.ndarray, s: float) -> list[float]:
        return [x[1], -0.1 * x[1] - x[0] ** 3 - x[0] + s]

    controller = NonlinearController(duffing, lambda x, s: x[1], 2, typical_state=[0.5, 0.0])
    calm = driven_response(controller, Sawtooth(3.0, 3.0, 0.5).signal(0.2))
    assert calm.multipliers is not None and np.abs(calm.multipliers).max() < 1.0
    parametric = NonlinearController(
        lambda x, s: [x[1], -0.05 * x[1] - (1.0 + s) * x[0]], lambda x, s: x[0], 2, typical_state=[0.0, 0.0]
    )
    with pytest.raises(ConvergenceError, match=r"unstable: deviations grow by .*period doubles"):
        driven_response(parametric, PeriodicSignal([0.0, 0.5 * np.pi, np.pi], [-0.8, 0.8, -0.8]))


def test_states_that_become_negative_are_refused() -> None:
    with pytest.raises(InvalidParameterError, match="m falls to -"):
        driven_response(
            NonlinearController(
                lambda x, s: [s - x[1] - x[0], 2.0 * (x[0] - 1.0)], lambda x, s: x[0], 2, names=("u", "m"), lowest=0.0
            ),
            PROTOCOL.signal(3.0),
        )


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signal": 3.0}, "PeriodicSignal"),
        ({"signal": Sawtooth([1.0, 2.0], 3.0).signal(1.0)}, "single PeriodicSignal"),
        ({"rtol": 1e-15}, "rtol"),
        ({"rtol": 0.5}, "rtol"),
        ({"method": "RK45"}, "LSODA, Radau, BDF"),
        ({"periods": 0}, "periods"),
        ({"samples": 0}, "samples"),
        ({"max_steps": 1}, "max_steps"),
        ({"about": np.inf}, "about"),
        ({"start": [1.0]}, "start"),
        ({"guess": [np.nan, 1.0]}, "guess"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        driven_response(**({"controller": linear(), "signal": PROTOCOL.signal(1.0)} | options))
