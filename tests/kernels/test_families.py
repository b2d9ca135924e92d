"""The papers' kernel families against their formulas."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.integrate
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

import thermo_cl as tcl
from thermo_cl.errors import InvalidParameterError


@given(st.floats(-2.0, 5.0), st.floats(7.0, 60.0))
def test_chemotaxis_kernel(area: float, b: float) -> None:
    kernel = tcl.chemotaxis_kernel(area, b)
    a, c = b**3 + 3 * area * b**2, (b**2 + 2 * b * area) / (2 * b + 6 * area)
    t = np.array([0.0, 0.3, 1.0, 4.0]) / b
    assert_allclose(kernel(t), a * np.exp(-b * t) * (t - c * t**2), rtol=1e-11, atol=1e-12 * b**2)
    bare = tcl.Kernel(kernel.coefficients, kernel.rates, kernel.powers)  # from the terms, not from the known moments
    assert_allclose(bare.area, area, atol=1e-12 * (1 + abs(area)))
    assert_allclose(bare.first_moment, -1.0, rtol=1e-12)
    assert (kernel.area, kernel.first_moment) == (area, -1.0)


@pytest.mark.parametrize(
    ("damping", "gain"),
    [(3.0, 1.0), (2.0, 1.0), (2.0, 1.0 + 1e-9), (2.0, 0.99999), (2.0, 1.0002), (2.0, 5.0), (50.0, 1e-3)],
)
def test_integral_feedback_kernel_obeys_its_equations(damping: float, gain: float) -> None:
    kernel = tcl.integral_feedback_kernel(damping, gain)
    assert kernel.area == 0.0
    assert_allclose(kernel.first_moment, -1.0 / gain)
    bare = tcl.Kernel(kernel.coefficients, kernel.rates, kernel.powers)
    assert_allclose(bare.area, 0.0, atol=1e-12 / damping)
    assert_allclose(bare.first_moment, -1.0 / gain, rtol=1e-10)
    t = np.linspace(0, 6 / damping, 12)
    # unit step of s from rest with u0 = 0: u' = 1 - m - damping u, m' = gain u
    solution = scipy.integrate.solve_ivp(
        lambda _, y: [1 - y[1] - damping * y[0], gain * y[0]],
        (0, t[-1]),
        [0, 0],
        t_eval=t,
        rtol=1e-12,
        atol=1e-14,
        method="DOP853",
    )
    assert_allclose(kernel.step_response(t), solution.y[0], atol=1e-11)


def test_integral_feedback_is_continuous_through_critical_damping() -> None:
    gains = 1.0 + np.array([-2e-4, -1.01e-4, -0.99e-4, 0.0, 0.99e-4, 1.01e-4, 2e-4])
    values = tcl.integral_feedback_kernel(2.0, gains)([0.5, 2.0, 9.0])
    slopes = np.diff(values, axis=0) / np.diff(gains)[:, None]
    assert_allclose(slopes, slopes.mean(axis=0, keepdims=True) * np.ones_like(slopes), rtol=2e-3)


def test_sine_kernel() -> None:
    kernel = tcl.sine_kernel()
    t = np.array([0.0, 0.013, 0.05, 0.099, 0.1001])
    assert_allclose(kernel(t), np.where(t <= 0.1, np.sin(20 * np.pi * t) / 3, 0.0), atol=1e-15)
    assert_allclose(kernel.area, 0.0, atol=1e-17)
    assert_allclose(kernel.first_moment, -0.01 / (6 * np.pi), rtol=1e-13)


@pytest.mark.parametrize(
    ("family", "arguments", "name"),
    [
        (tcl.chemotaxis_kernel, {"decay_rate": 0.0}, "decay_rate"),
        (tcl.chemotaxis_kernel, {"area": np.nan}, "area"),
        (tcl.chemotaxis_kernel, {"area": -20 / 3, "decay_rate": 20.0}, "area"),
        (tcl.sine_kernel, {"duration": -0.1}, "duration"),
        (tcl.integral_feedback_kernel, {"damping": 0.0, "gain": 1.0}, "damping"),
        (tcl.integral_feedback_kernel, {"damping": 1.0, "gain": -1.0}, "gain"),
    ],
)
def test_bad_parameters_are_named(family: object, arguments: dict, name: str) -> None:
    with pytest.raises(InvalidParameterError, match=f"^{name} = "):
        family(**arguments)
