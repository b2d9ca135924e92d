"""Activations against mpmath, at the edges of float32, and the bounds they state of themselves."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from mpmath import mp
from numpy.testing import assert_allclose, assert_array_equal

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.energy import ACTIVATIONS, Activation, Clip, SoftClip, activation

EXACT = {
    "sigmoid": lambda x: 1 / (1 + mp.exp(2 - 4 * x)),
    "tanh": mp.tanh,
    "soft-clip": lambda x: mp.mpf(0.1) * mp.log((1 + mp.exp(x / mp.mpf(0.1))) / (1 + mp.exp((x - 1) / mp.mpf(0.1)))),
}
POINTS = np.array([-12.0, -2.5, -0.3, 0.0, 0.1, 0.25, 0.45, 0.8, 1.0, 1.2, 3.0, 9.0])
METHODS = ("value", "slope", "curvature")


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("order", [0, 1, 2])
def test_values_and_derivatives_equal_mpmath(name: str, order: int) -> None:
    with mp.workdps(80):
        expected = [float(mp.diff(EXACT[name], mp.mpf(float(x)), order)) for x in POINTS]
    got = getattr(activation(name), METHODS[order])(POINTS)
    tail = 1e-15 if name == "tanh" else 1e-40  # the others keep relative digits where they saturate
    assert_allclose(got, expected, rtol=1e-12, atol=tail)


def test_clip_by_table() -> None:
    x = np.array([-0.5, 0.0, 0.3, 1.0, 1.5])
    assert_array_equal(Clip().value(x), [0.0, 0.0, 0.3, 1.0, 1.0])
    assert_array_equal(Clip().slope(x), [0.0, 1.0, 1.0, 1.0, 0.0])
    assert_array_equal(Clip().curvature(x), np.zeros(5))


@pytest.mark.parametrize("rho", [*(activation(name) for name in ACTIVATIONS), SoftClip(np.float64(0.02))], ids=repr)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_precision_shape_and_input_are_kept(rho: Activation, dtype: Any) -> None:
    x = np.linspace(-1, 2, 12).astype(dtype).reshape(3, 4)
    before = x.copy()
    for method in METHODS:
        y = getattr(rho, method)(x)
        assert y.dtype == dtype and y.shape == x.shape
    assert_array_equal(x, before)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_extreme_states_saturate_without_warning(name: str) -> None:
    rho = activation(name)
    x = np.array([-1e30, -1e6, -1e3, 1e3, 1e6, 1e30], np.float32)
    assert_array_equal(rho.value(x), np.repeat(np.float32(rho.outputs), 3))
    assert_array_equal(rho.slope(x), np.zeros(6))
    assert_array_equal(rho.curvature(x), np.zeros(6))


def test_soft_clip_in_float32_is_as_exact_as_float32() -> None:
    x = np.linspace(-5, 50, 3000).astype(np.float32)
    assert_allclose(SoftClip(0.01).value(x), SoftClip(0.01).value(x.astype(float)), rtol=3e-6, atol=1e-7)


@pytest.mark.parametrize("rho", [*(activation(name) for name in ACTIVATIONS), SoftClip(0.02), SoftClip(3.0)], ids=repr)
def test_stated_bounds_hold_and_are_nearly_reached(rho: Activation) -> None:
    low, high = (max(rho.bounds[0], -8.0), min(rho.bounds[1], 8.0))
    x = np.linspace(low, high, 200_001)
    value = rho.value(x)
    assert rho.outputs[0] <= value.min() and value.max() <= rho.outputs[1]
    steepest, sharpest = np.abs(rho.slope(x)).max(), np.abs(rho.curvature(x)).max()
    assert 0.999 * rho.largest_slope <= steepest <= rho.largest_slope * (1 + 1e-12)
    slack = 0.1 if isinstance(rho, SoftClip) else 0.999  # the two corners of a wide clip partly cancel
    if rho != SoftClip(3.0):
        assert slack * rho.largest_curvature <= sharpest
    assert sharpest <= rho.largest_curvature * (1 + 1e-12)


def test_soft_clip_tends_to_clip() -> None:
    x = np.linspace(-1, 2, 301)
    gaps = [np.abs(SoftClip(w).value(x) - Clip().value(x)).max() for w in (0.1, 0.05, 0.025)]
    assert_allclose(gaps, [w * math.log(2) for w in (0.1, 0.05, 0.025)], rtol=1e-4)


@pytest.mark.parametrize("name", ["relu", "", "Clip", None, [], 3])
def test_unknown_names_are_refused(name: Any) -> None:
    with pytest.raises(InvalidParameterError, match="one of clip, sigmoid, tanh, soft-clip"):
        activation(name)


@pytest.mark.parametrize("width", [0.0, -1.0, math.nan, math.inf, "wide", [0.1, 0.2]])
def test_bad_widths_are_refused(width: Any) -> None:
    with pytest.raises(InvalidParameterError, match="width"):
        SoftClip(width)
