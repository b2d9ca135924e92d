"""Perfect adaptation with an integrator, and errors in proportion to the leak without."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import chemical_removal, linear
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.nonlinear import adaptation_error, antithetic_feedback, saturated_integral_feedback

SIGNALS = np.linspace(1.0, 10.0, 19)


@pytest.mark.parametrize(
    "controller", [chemical_removal(), saturated_integral_feedback(saturation=0.0), antithetic_feedback()]
)
def test_integrators_adapt_perfectly(controller: object) -> None:
    found = adaptation_error(controller, SIGNALS, set_point=1.0)  # type: ignore[arg-type]
    assert found.largest < 1e-13
    assert np.abs(found.areas).max() < 1e-13
    assert found.states.shape == (19, found.states.shape[1])


def test_leaky_linear_feedback_errs_by_its_area() -> None:
    found = adaptation_error(linear(3.0, 2.0, 0.5), [-1.0, 0.0, 4.0])
    assert_allclose(found.errors, (0.5 / 3.5) * np.array([0.0, 1.0, 5.0]), atol=1e-12)
    assert_allclose(found.areas, 0.5 / 3.5, rtol=1e-11)


def test_errors_are_proportional_to_the_leak() -> None:
    leaks = 10.0 ** np.arange(-7.0, -2.0)
    for make in (
        lambda leak: saturated_integral_feedback(saturation=leak),
        lambda leak: antithetic_feedback(dilution=leak),
    ):
        errors = np.array([adaptation_error(make(leak), SIGNALS, set_point=1.0).largest for leak in leaks])
        order = np.polyfit(np.log(leaks), np.log(errors), 1)[0]
        assert abs(order - 1.0) < 5e-3
        assert_allclose(errors[:3] / leaks[:3], errors[0] / leaks[0], rtol=1e-3)


def test_areas_are_the_slopes_of_the_outputs() -> None:
    signals = np.linspace(1.5, 2.5, 101)
    found = adaptation_error(saturated_integral_feedback(saturation=0.1), signals)
    assert_allclose(np.gradient(found.outputs, signals)[1:-1], found.areas[1:-1], rtol=1e-4)


def test_refusals() -> None:
    controller = saturated_integral_feedback()
    with pytest.raises(InvalidParameterError, match="signals"):
        adaptation_error(controller, 1.0)
    with pytest.raises(InvalidParameterError, match="signals"):
        adaptation_error(controller, [1.0, np.nan])
    with pytest.raises(InvalidParameterError, match="set_point"):
        adaptation_error(controller, [1.0], set_point=np.inf)
    with pytest.raises(ConvergenceError, match="was found"):
        adaptation_error(controller, [2.0, -3.0])
