"""Functions that fail, return something else or leave their domain while they are being followed."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl import Sawtooth
from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.linear import low_pass
from thermo_cl.feedback.nonlinear import NonlinearController, driven_response, nonlinear_update, operating_point

PROTOCOL = Sawtooth(3.0, 20.0, mean=2.0)


def lag(source: Any = lambda s: s, output: Any = lambda x, s: x[0]) -> NonlinearController:
    """Relaxation to a function of the signal."""
    return NonlinearController(lambda x, s: [source(s) - x[0]], output, 1)


def test_steps_out_of_the_domain_of_the_math_module_are_taken_back() -> None:
    root = NonlinearController(lambda x, s: [s - math.sqrt(x[0])], lambda x, s: x[0], 1)
    point = operating_point(root, 0.01)  # Newton's method from 1 would go to -0.98
    assert_allclose(point.state, 1e-4, rtol=1e-9)
    assert_allclose(point.state_matrix, -50.0, rtol=5e-3)
    assert np.isnan(root.rate(np.array([-1.0]), 1.0)).all()
    assert np.isnan(lag(output=lambda x, s: 1.0 / float(s - 2.0)).outputs([[1.0], [1.0]], [1.0, 2.0])).tolist() == [
        False, True,
    ]  # fmt: skip


@pytest.mark.parametrize("source", [math.sqrt, lambda s: s**0.5, math.log, lambda s: np.nan if s < 0.0 else s])
def test_equations_that_are_not_defined_on_the_way(source: Any) -> None:
    with pytest.raises(ConvergenceError, match="are not defined there"):
        driven_response(lag(source), PROTOCOL.signal(6.0))
    with pytest.raises(ConvergenceError, match="no state of rest"):
        operating_point(lag(source), -1.0)


def test_outputs_that_are_not_defined_on_the_way() -> None:
    controller = lag(output=lambda x, s: math.sqrt(2.5 - s))
    with pytest.raises(InvalidParameterError, match=r"the output is nan at x = .*s = 2.5"):
        driven_response(controller, PROTOCOL.signal(3.0))


def test_shapes_may_not_change() -> None:
    controller = NonlinearController(
        lambda x, s: [s - x[0]] if s < 2.5 else [s - x[0], 0.0], lambda x, s: x[0], 1, names=["x"]
    )
    with pytest.raises(InvalidParameterError, match=r"motion\(x, s\).shape = \(2,\).*s = 2.5"):
        driven_response(controller, PROTOCOL.signal(3.0))


@pytest.mark.parametrize("name", ["motion", "output"])
def test_functions_may_not_change_the_state(name: str) -> None:
    def careless(x: np.ndarray, s: float) -> Any:
        x *= 0.5
        return s - x if name == "motion" else x[0]

    functions = {"motion": lambda x, s: s - x, "output": lambda x, s: x[0]} | {name: careless}
    with pytest.raises(InvalidParameterError, match=f"{name} = 'a function that changes its argument"):
        NonlinearController(dimension=1, **functions)


def test_times_too_short_for_the_ramp_are_named_at_once() -> None:
    quick = NonlinearController(
        lambda x, s: [1e16 * (s - x[0]), x[0] - x[1]], lambda x, s: x[1], 2, names=("quick", "slow")
    )
    with pytest.raises(StiffnessError, match=r"fastest timescale is 1e-16 \(mostly 'quick'\).*too short") as caught:
        driven_response(quick, PROTOCOL.signal(1.0))
    assert_allclose([caught.value.fastest, caught.value.slowest], [1e-16, 1.0], rtol=1e-6)


def test_the_error_of_a_function_is_the_users_own() -> None:
    def broken(s: float) -> float:
        if s > 2.5:
            raise RuntimeError("the table ends at 2.5")
        return s

    with pytest.raises(RuntimeError, match="the table ends"):
        driven_response(lag(broken), PROTOCOL.signal(3.0))


def test_refusals() -> None:
    for other in (3.0, low_pass(1.0, 1.0)):
        with pytest.raises(InvalidParameterError, match="a NonlinearController"):
            operating_point(other, 1.0)  # type: ignore[arg-type]
        with pytest.raises(InvalidParameterError, match="a NonlinearController"):
            driven_response(other, PROTOCOL.signal(1.0))  # type: ignore[arg-type]
    for unknown in ({"foo": 1}, {"periods": 2}):
        with pytest.raises(InvalidParameterError, match=f"options = '{next(iter(unknown))}'"):
            nonlinear_update(lag(), PROTOCOL, 1.0, threshold=0.1, **unknown)
    periodic, motion = driven_response(lag(), PROTOCOL.signal(1.0)), driven_response(lag(), PROTOCOL.signal(1.0), 1)
    for response in (periodic, motion):
        with pytest.raises(InvalidParameterError, match="t = nan"):
            response([1.0, np.nan])
    with pytest.raises(InvalidParameterError, match=r"t = -4\.0"):
        motion([1.0, -4.0])
