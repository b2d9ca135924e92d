"""States of rest: closed forms, guesses far away, unstable and missing states."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import cubic
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.nonlinear import (
    NonlinearController,
    antithetic_feedback,
    operating_point,
    saturated_integral_feedback,
    timescales,
)


@given(st.floats(0.8, 50.0), st.floats(-2.0, 2.0), st.floats(-2.0, 2.0))
def test_perfect_integrator_rests_at_its_set_point(signal: float, first: float, second: float) -> None:
    controller = saturated_integral_feedback(saturation=0.0)
    point = operating_point(controller, signal, controller.typical_state * 10.0 ** np.array([first, second]))
    assert_allclose(point.state, [1.0, 2.0 * (signal - 0.5)], rtol=1e-12)
    assert_allclose(point.output, 1.0, rtol=1e-12)
    assert point.error <= 1e-11


def test_antithetic_feedback_rests_in_closed_form() -> None:
    point = operating_point(antithetic_feedback(supply=2.0, sensing=4.0), 3.0)
    assert_allclose(point.state, [0.5, 2.0 / (10.0 * 5.5), 5.5], rtol=1e-13)
    assert (point.rates.real < 0.0).all() and point.method == "Newton"


def test_motion_is_followed_where_newton_fails() -> None:
    point = operating_point(cubic(), 10.0, [0.0])
    assert_allclose(point.state, [2.0], rtol=1e-14)
    flat = NonlinearController(lambda x, s: [s - np.arctan(x[0])], lambda x, s: x[0], 1)
    far = operating_point(flat, 1.0, [50.0])  # undamped Newton steps overshoot further and further
    assert_allclose(far.state, [np.tan(1.0)], rtol=1e-12)
    flat_start = NonlinearController(lambda x, s: [s - x[0] ** 3], lambda x, s: x[0], 1)
    found = operating_point(flat_start, 8.0, [0.0])
    assert found.method == "relaxation"
    assert_allclose(found.state, [2.0], rtol=1e-14)


def test_of_two_states_the_stable_one() -> None:
    toggled = NonlinearController(lambda x, s: [s * (x[0] - x[0] ** 3)], lambda x, s: x[0], 1)
    assert_allclose(operating_point(toggled, 1.0, [0.05]).state, [1.0], rtol=1e-12)
    assert_allclose(operating_point(toggled, 1.0, [-0.05]).state, [-1.0], rtol=1e-12)


def test_states_below_the_lowest_are_left() -> None:
    branches = NonlinearController(  # rests at +-1, but at -1 only for the equation's sake
        lambda x, s: [(s - x[0] ** 2) * x[0]], lambda x, s: x[0], 1, lowest=0.0
    )
    assert_allclose(operating_point(branches, 1.0, [0.2]).state, [1.0], rtol=1e-12)
    with pytest.raises(ConvergenceError, match="below its lowest value"):
        operating_point(branches, 1.0, [-0.8])


def test_unstable_rest_names_its_rate() -> None:
    focus = NonlinearController(
        lambda x, s: [0.25 * x[0] - x[1] + s, x[0]], lambda x, s: x[0], 2, names=("current", "charge")
    )
    with pytest.raises(ConvergenceError, match=r"unstable: the rate 0\.125, turning at 0\.992") as caught:
        operating_point(focus, 1.0)
    assert "guess" in str(caught.value)
    conserved = NonlinearController(lambda x, s: [x[1] - s * x[0], s * x[0] - x[1]], lambda x, s: x[0], 2)
    with pytest.raises(ConvergenceError, match=r"conserve"):
        operating_point(conserved, 1.0)


def test_missing_rest_says_what_to_try() -> None:
    overrun = NonlinearController(lambda x, s: [s - x[0] / (1.0 + x[0])], lambda x, s: x[0], 1)
    with pytest.raises(ConvergenceError, match="saturated removal has a largest rate"):
        operating_point(overrun, 2.0)
    runaway = NonlinearController(lambda x, s: [s + x[0] ** 2], lambda x, s: x[0], 1)
    with pytest.raises(ConvergenceError, match="left the finite range"):
        operating_point(runaway, 1.0)


def test_refusals() -> None:
    with pytest.raises(InvalidParameterError, match="signal"):
        operating_point(cubic(), np.nan)
    with pytest.raises(InvalidParameterError, match="guess"):
        operating_point(cubic(), 1.0, [1.0, 2.0])
    with pytest.raises(InvalidParameterError, match="tolerance"):
        operating_point(cubic(), 1.0, tolerance=0.0)


def test_timescales_name_the_states_whatever_their_units() -> None:
    def motion(x: np.ndarray, s: float) -> list[float]:
        return [1e-6 * (1e3 * s - x[0]), 1e4 * (1e-9 * x[0] - x[1])]

    controller = NonlinearController(
        motion, lambda x, s: x[1], 2, names=("store", "reading"), typical_state=[1e3, 1e-6]
    )
    found = operating_point(controller, 1.0).timescales
    assert (found.fastest_state, found.slowest_state) == ("reading", "store")
    assert_allclose([found.fastest, found.slowest], [1e-4, 1e6], rtol=1e-9)
    assert (
        timescales(NonlinearController(lambda x, s: [np.log(x[0])], lambda x, s: x[0], 1), np.array([-9.0]), 1.0)
        is None
    )
