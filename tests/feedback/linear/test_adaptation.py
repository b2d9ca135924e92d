"""Perfect adaptation decided exactly, and the integrator that makes it."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.linear import (
    LinearController,
    adaptation_test,
    double_integral_feedback,
    has_integrator,
    high_pass,
    integral_feedback,
    low_pass,
    parallel,
    sensed_integral_feedback,
    series,
)


def determinant(controller: LinearController) -> sp.Rational:
    """Determinant of ((A, B), (C, D)) by sympy, floats as rationals."""
    a, b, c = controller.state_matrix, controller.input_vector, controller.output_vector
    whole = np.block([[a, b[:, None]], [c[None], np.array([[float(controller.feedthrough)]])]])
    return sp.Matrix(*whole.shape, [sp.Rational(float(x)) for x in whole.ravel()]).det()


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.booleans())
def test_zero_area_is_a_vanishing_determinant(seed: int, order: int, integrates: bool) -> None:
    rng = np.random.default_rng(seed)
    a = np.round(rng.normal(size=(order, order)), 2) - 3.0 * order * np.eye(order)
    b, c, d = (np.round(rng.normal(size=size), 2) for size in (order, order, ()))
    if integrates:
        # an exact integrator of the error: powers of two, so that no product is rounded
        a[-1], b[-1] = -2.0 * c, -2.0 * d
        c[-1] += 4.0  # and a restoring force
        a[-1, -1] = -2.0 * c[-1]
    try:
        controller = LinearController(a, b, c, d)
    except InvalidParameterError:
        return
    assert bool(has_integrator(controller)) == (determinant(controller) == 0)
    assert bool(has_integrator(controller)) == (controller.area == 0.0)
    if integrates:
        found = adaptation_test(controller)
        assert found.adapts
        w, r = found.integrator, found.rate
        assert_allclose(w @ controller.state_matrix, r * controller.output_vector, atol=1e-14 * np.abs(a).max())
        assert_allclose(w @ controller.input_vector, r * controller.feedthrough, atol=1e-14 * np.abs(a).max())


def test_the_integrator_integrates_the_error() -> None:
    """Through the equations themselves, under a signal that has nothing to do with them."""
    controller = sensed_integral_feedback(damping=2.0, gain=1.5, lag=0.3, set_point=0.7)
    found = adaptation_test(controller)
    a, b, c = controller.state_matrix, controller.input_vector, controller.output_vector

    def motion(t: float, y: np.ndarray) -> np.ndarray:
        return np.append(a @ y[:3] + b * np.sin(1.3 * t) * t, c @ y[:3])  # and the integral of u - u0

    end = scipy.integrate.solve_ivp(motion, (0.0, 5.0), np.zeros(4), rtol=1e-11, atol=1e-13).y[:, -1]
    assert_allclose(found.integrator @ end[:3], found.rate * end[3], rtol=1e-9)
    assert abs(end[3]) > 0.1


def test_named_controllers() -> None:
    for controller, order, integrator in (
        (integral_feedback(3.0, 2.0), 1, [0.0, 1.0]),
        (high_pass(2.0, 0.3), 1, [1.0]),
        (sensed_integral_feedback(3.0, 2.0, 0.1), 1, None),
        (double_integral_feedback(3.0, 2.0, 0.7), 2, [0.0, 0.0, 1.0]),
        (series(high_pass(1.0, 0.3), high_pass(0.7, 1.1)), 2, None),
        (series(low_pass(0.3, 0.7), integral_feedback(0.3, 0.7)), 1, None),
        (parallel(high_pass(1.0, 0.3), integral_feedback(0.3, 0.7)), 1, None),
        (LinearController.from_transfer_function([0.3, 0.1, 0.0], [0.7, 0.3, 0.1]), 1, [0.0, 1.0]),
    ):
        found = adaptation_test(controller)
        assert (found.adapts, found.area, found.order) == (True, 0.0, order)
        assert float(controller.area) == 0.0
        if integrator is not None:
            assert_allclose(found.integrator, integrator, atol=0)
        w, r = found.integrator, found.rate
        assert_allclose(w @ controller.state_matrix, r * controller.output_vector, atol=1e-14)
        assert_allclose(w @ controller.input_vector, r * controller.feedthrough, atol=1e-14)


@pytest.mark.parametrize("leak", [1e-300, 1e-12, 0.1])
def test_the_smallest_leak_is_seen(leak: float) -> None:
    controller = integral_feedback(3.0, 2.0, leak)
    assert not has_integrator(controller)
    assert controller.area > 0.0
    found = adaptation_test(controller)
    assert (found.adapts, found.order, found.integrator, found.rate) == (False, 0, None, 0.0)


def test_adaptation_without_an_integrator() -> None:
    """What is not driven at all, and what is not seen, adapts; what a conserved quantity hides is not given."""
    silent = LinearController([[-1.0]], [0.0], [1.0])
    assert (float(silent.area), adaptation_test(silent).adapts) == (0.0, True)
    unseen = adaptation_test(LinearController([[-1.0]], [1.0], [0.0]))
    assert (unseen.adapts, unseen.integrator) == (True, None)
    conserved = adaptation_test(LinearController([[-1.0, 2.0], [1.0, -2.0]], [0.0, 0.0], [1.0, 0.0]))
    assert (conserved.adapts, conserved.integrator) == (True, None)


def test_batches() -> None:
    assert has_integrator(integral_feedback(3.0, 2.0, leak=[[0.0, 0.1]])).tolist() == [[True, False]]
    with pytest.raises(InvalidParameterError, match="batch"):
        adaptation_test(integral_feedback(3.0, [2.0, 1.0]))
