"""Validation of nonlinear controllers and their derivatives by differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import chemical_removal
from tests.strategies import decades
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear import NonlinearController, antithetic_feedback, saturated_integral_feedback
from thermo_cl.feedback.nonlinear.differences import difference_jacobian


def decay(x: np.ndarray, s: float) -> Any:
    return [s - x[0], x[0] - x[1] ** 2]


def first(x: np.ndarray, s: float) -> float:
    return float(x[0])


@given(decades(-3, 3), decades(-2, 2), st.floats(0.01, 100.0))
def test_differences_of_a_saturated_rate(c: float, half: float, misjudged: float) -> None:
    found, error = difference_jacobian(
        lambda x: [x[1] * x[0] / (half + x[0]), 3.0 * x[1]], [c, 2.0], [c * misjudged, 2.0 * misjudged]
    )
    expected = np.array([[2.0 * half / (half + c) ** 2, c / (half + c)], [0.0, 3.0]])
    rounding = 1e-11 * 2.0 * (c / (half + c)) / c / min(misjudged, 1.0)  # of the rate over the smallest step
    assert_allclose(found[0, 0], expected[0, 0], rtol=1e-9, atol=rounding)
    assert_allclose(found[:, 1], expected[:, 1], rtol=1e-12)
    assert found[1, 0] == 0.0
    assert (np.abs(found - expected) <= 100.0 * error + 1e-14).all()


@pytest.mark.parametrize(
    ("function", "slope"), [(np.exp, np.exp), (np.sin, np.cos), (np.tanh, lambda x: np.cosh(x) ** -2)]
)
@pytest.mark.parametrize("x", [0.1, 1.0, 3.0])
def test_differences_of_elementary_functions(function: Any, slope: Any, x: float) -> None:
    found, _ = difference_jacobian(lambda y: [function(y[0])], [x], [1.0])
    assert_allclose(found[0, 0], slope(x), atol=1e-12 * max(1.0, abs(function(x))))


def test_differences_keep_away_from_where_the_function_is_not_defined() -> None:
    found, _ = difference_jacobian(lambda y: [np.log(y[0])], [1e-3], [1.0])  # the first steps reach below 0
    assert_allclose(found[0, 0], 1e3, rtol=1e-3)
    nowhere, error = difference_jacobian(lambda y: [np.log(y[0])], [-1.0], [1.0])
    assert np.isnan(nowhere).all() and not np.isfinite(error).any()


@pytest.mark.parametrize("make", [saturated_integral_feedback, antithetic_feedback])
@given(st.data())
def test_shipped_derivatives_are_those_of_the_motion(make: Any, data: Any) -> None:
    controller = make()
    factors = data.draw(st.lists(st.floats(0.2, 5.0), min_size=controller.dimension, max_size=controller.dimension))
    x, s = controller.typical_state * factors, data.draw(st.floats(0.1, 5.0))
    bare = NonlinearController(controller.motion, controller.output, controller.dimension, typical_state=x)
    assert_allclose(controller.jacobian_at(x, s), bare.jacobian_at(x, s), rtol=1e-9, atol=1e-10)
    assert_allclose(controller.signal_gradient_at(x, s), bare.signal_gradient_at(x, s), atol=1e-12)
    assert_allclose(controller.output_gradient_at(x, s), bare.output_gradient_at(x, s), atol=1e-12)
    assert controller.output_slope_at(x, s) == bare.output_slope_at(x, s) == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"motion": lambda x, s: [s - x[0]]}, r"motion\(x, s\).shape"),
        ({"motion": lambda x, s: [np.log(-x[0]), x[1]]}, "finite at the typical state"),
        ({"motion": lambda x, s: [x[0], x[2]]}, "fails at x"),
        ({"motion": 3.0}, "a function of the state"),
        ({"output": lambda x, s: x}, r"output\(x, s\).shape"),
        ({"output": lambda x, s: float("nan")}, "finite at the typical state"),
        ({"jacobian": lambda x, s: [[-1.0, 0.0], [1.0, 2.0]]}, r"jacobian\(x, s\)\[1, 1\].*-2"),
        ({"jacobian": lambda x, s: [-1.0, 0.0]}, r"jacobian\(x, s\).shape"),
        ({"signal_gradient": lambda x, s: [2.0, 0.0]}, r"signal_gradient\(x, s\)\[0, 0\]"),
        ({"output_gradient": lambda x, s: [0.0, 1.0]}, r"output_gradient\(x, s\)"),
        ({"output_slope": lambda x, s: 1.0}, r"output_slope\(x, s\)"),
        ({"dimension": 0}, "dimension"),
        ({"names": ["a"]}, "2 different names"),
        ({"names": ["a", "a"]}, "2 different names"),
        ({"typical_state": [1.0]}, "typical_state.shape"),
        ({"typical_state": [1.0, np.inf]}, "finite"),
        ({"typical_signal": np.nan}, "typical_signal"),
        ({"lowest": [0.0, 0.0, 0.0]}, "lowest"),
        ({"lowest": np.nan}, "lowest"),
    ],
)
def test_refusals(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        NonlinearController(**({"motion": decay, "output": first, "dimension": 2} | options))


def test_output_along_a_path() -> None:
    controller = chemical_removal()
    states = np.arange(12.0).reshape(2, 3, 2)
    assert_allclose(controller.outputs(states, np.ones((2, 3))), states[..., 0])
    assert repr(controller) == "NonlinearController(c, m)"
