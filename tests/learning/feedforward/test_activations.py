"""Activations against their potentials: minimisers, conjugates, mpmath; slopes against differences."""

from __future__ import annotations

import itertools
import math

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize_scalar

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import ACTIVATIONS, HardSigmoid, Linear, Nonlinearity, ReLU, Tanh, activation

ALL = [Linear(), ReLU(), HardSigmoid(), Tanh()]
POINTS = np.array([-3.1, -1.2, -0.4, -1e-3, 0.02, 0.3, 0.7, 0.98, 1.3, 4.0])
DOMAINS = {"Linear": (-20, 20), "ReLU": (0, 20), "HardSigmoid": (0, 1), "Tanh": (-1, 1)}


def domain(f: Nonlinearity) -> tuple[float, float]:
    return DOMAINS[type(f).__name__]


@pytest.mark.parametrize("f", ALL)
def test_the_output_minimises_potential_less_input_times_state(f: Nonlinearity) -> None:
    for a in POINTS:
        found = minimize_scalar(
            lambda s, a=a: float(f.potential(np.array([s]))[0] - s * a),
            bounds=domain(f),
            method="bounded",
            options={"xatol": 1e-10},
        )
        best, least = f.value(np.array([a])), found.fun
        assert found.x == pytest.approx(float(best[0]), abs=2e-7)
        assert float(f.potential(best)[0] - best[0] * a) <= least + 1e-12


@pytest.mark.parametrize("f", ALL)
def test_potential_and_its_conjugate_meet_at_the_output_alone(f: Nonlinearity) -> None:
    """Fenchel: G(s) + G*(a) >= s a, with G* the integral of f from where it is known to be 0."""
    low, high = domain(f)
    inside = np.linspace(max(low, -3), min(high, 3), 41)
    nodes, weights = np.polynomial.legendre.leggauss(60)
    for a in POINTS:
        pieces = [0.0, *sorted(k for k in (min(a, 1.0), a) if a > 0), *([a] if a <= 0 else [])]  # kinks at 0 and 1
        conjugate = sum(
            (end - start) / 2 * float(weights @ f.value((end - start) * (nodes + 1) / 2 + start))
            for start, end in itertools.pairwise(pieces)
        )
        gap = f.potential(inside) + conjugate - inside * a
        assert gap.min() > -1e-12
        best = f.value(np.array([a]))
        assert float(f.potential(best)[0]) + conjugate == pytest.approx(float(best[0]) * a, abs=1e-12)


@pytest.mark.parametrize("f", ALL)
def test_slopes_and_curvatures_are_differences(f: Nonlinearity) -> None:
    h = 1e-4
    up, here, down = (f.value(POINTS + shift) for shift in (h, 0, -h))
    assert_allclose(f.slope(POINTS), (up - down) / (2 * h), atol=2e-8)
    assert_allclose(f.curvature(POINTS), (up - 2 * here + down) / h**2, atol=2e-6)
    assert (f.slope(POINTS) >= 0).all() and f.slope(np.linspace(-9, 9, 999)).max() <= f.largest_slope
    assert np.abs(f.curvature(np.linspace(-9, 9, 999))).max() <= f.largest_curvature


def test_slopes_at_kinks_count_as_zero() -> None:
    assert_allclose(ReLU().slope(np.array([-0.0, 0.0])), 0)
    assert_allclose(HardSigmoid().slope(np.array([0.0, 1.0])), 0)


@pytest.mark.parametrize("s", [0.0, 1e-12, -1e-7, 1e-3, 0.4999, 0.5, -0.73, 0.999999, 1 - 2**-53, -1.0, 1.0])
def test_tanh_potential_keeps_its_digits(s: float) -> None:
    with mpmath.workdps(60):
        parts = [(1 + sign * mpmath.mpf(s)) for sign in (1, -1)]
        exact = sum(p * mpmath.log(p) if p else mpmath.mpf(0) for p in parts) / 2
        found = float(Tanh().potential(np.array([s]))[0])
        assert abs(found - exact) <= 1e-14 * abs(exact)


@pytest.mark.parametrize("f", ALL)
def test_potentials_are_infinite_outside_and_finite_at_the_ends(f: Nonlinearity) -> None:
    low, high = f.outputs
    for end, beyond in ((low, -1e-6), (high, 1e-6)):
        if math.isfinite(end):
            assert f.potential(np.array([end + beyond]))[0] == np.inf
            assert np.isfinite(f.potential(np.array([end]))[0])
    assert np.isfinite(f.potential(np.array([0.0, 0.5]))).all()


@pytest.mark.parametrize("f", ALL)
def test_float32_stays_float32(f: Nonlinearity) -> None:
    x = POINTS.astype(np.float32)
    for method in (f.value, f.slope, f.curvature, f.potential):
        found = method(x)
        assert found.dtype == np.float32 and found.shape == x.shape
        assert_allclose(found, method(x.astype(float)), rtol=1e-6, atol=1e-6)


def test_names() -> None:
    assert [type(activation(name)) for name in ACTIVATIONS] == [ReLU, Tanh, Linear, HardSigmoid]
    for wrong in ("clip", "", None, 3, ["relu"]):
        with pytest.raises(InvalidParameterError, match="one of relu, tanh, linear, hard-sigmoid"):
            activation(wrong)
