"""Updates of nonlinear controllers against exact linear ones, dense sampling and their linear limit."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from tests.feedback.nonlinear.systems import chemical_removal, linear, quadratic_sensor
from thermo_cl import Sawtooth
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear import (
    driven_response,
    nonlinear_update,
    saturated_integral_feedback,
    thresholded_update,
)
from thermo_cl.kernels import high_pass_kernel, integral_feedback_kernel, periodic_response
from thermo_cl.synapse import weight_update

PROTOCOL = Sawtooth(fast=4.0, slow=40.0, mean=2.0)
AMPLITUDES = np.array([3.0, 0.0, 0.5, 1.0, 8.0])


def test_linear_equations_have_the_exact_update() -> None:
    found = nonlinear_update(linear(), PROTOCOL, AMPLITUDES, threshold=0.08, rtol=1e-11)
    exact = weight_update(integral_feedback_kernel(3.0, 2.0), PROTOCOL, AMPLITUDES, threshold=0.08)
    assert_allclose(found.update, exact, atol=1e-8)
    assert_allclose(found.linear_update, exact, atol=1e-11)
    assert exact[0] > 0.0 and exact[1] == 0.0
    assert_allclose([found.reference, found.first_moment], [0.7, -0.5], atol=1e-12)
    single = nonlinear_update(linear(), PROTOCOL, 3.0, threshold=0.08, rtol=1e-11)
    assert np.shape(single.update) == ()
    assert_allclose(single.update, exact[0], atol=1e-8)


@pytest.mark.parametrize("threshold", [0.0, 0.05, 0.2, 0.4])
def test_quadratic_sensor_by_dense_sampling(threshold: float) -> None:
    response = driven_response(quadratic_sensor(0.3), PROTOCOL.signal(2.0), rtol=1e-11)
    straight = periodic_response(high_pass_kernel(1.0, 2.0), PROTOCOL.signal(2.0))
    total = 0.0
    for begin, length in ((0.0, 4.0), (4.0, 40.0)):
        middles = begin + (np.arange(400_000) + 0.5) * (length / 400_000)
        u = straight(middles) + 0.3 * straight(middles) ** 2
        total += length * float(np.mean(np.where(np.abs(u) >= threshold, u, 0.0)))
    assert_allclose(thresholded_update(response, threshold), total, atol=1e-4 * 2.0 * threshold + 1e-8)


def test_reference_shifts_the_output() -> None:
    response = driven_response(chemical_removal(), PROTOCOL.signal(1.0), rtol=1e-10)
    whole = thresholded_update(response, 0.0, reference=0.0)
    assert_allclose(whole - thresholded_update(response, 0.0), 44.0 * response.point.output, rtol=1e-12)
    assert abs(thresholded_update(response, 0.0)) < 1e-7  # the integrator's: c - c0 has no mean in a periodic state


@pytest.mark.parametrize("controller", [chemical_removal(), saturated_integral_feedback(saturation=0.02)])
def test_update_tends_to_the_linear_one(controller: object) -> None:
    amplitudes = 0.1 / 2.0 ** np.arange(5)
    # the threshold goes with the amplitude, so that the shape of the cycle stays the same
    relative = []
    for a in amplitudes:
        found = nonlinear_update(controller, PROTOCOL, a, threshold=0.08 * a, rtol=1e-11)  # type: ignore[arg-type]
        relative.append(abs(found.update - found.linear_update) / a)
    slopes = np.log2(np.array(relative[:-1]) / relative[1:])
    assert_allclose(slopes[-2:], 1.0, atol=0.03)


def test_refusals() -> None:
    with pytest.raises(InvalidParameterError, match="batch"):
        nonlinear_update(linear(), Sawtooth([1.0, 2.0], 10.0), 1.0, threshold=0.1)
    with pytest.raises(InvalidParameterError, match="amplitudes"):
        nonlinear_update(linear(), PROTOCOL, -1.0, threshold=0.1)
    with pytest.raises(InvalidParameterError, match="amplitudes"):
        nonlinear_update(linear(), PROTOCOL, [[1.0]], threshold=0.1)
    with pytest.raises(InvalidParameterError, match="threshold"):
        nonlinear_update(linear(), PROTOCOL, 1.0, threshold=-0.1)
    response = driven_response(linear(), PROTOCOL.signal(1.0))
    with pytest.raises(InvalidParameterError, match="reference"):
        thresholded_update(response, 0.1, reference=np.nan)
