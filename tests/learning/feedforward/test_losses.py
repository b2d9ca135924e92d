"""Losses against mpmath; proximal maps against their own equation, general optimisation and high precision."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.optimize import minimize

from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.feedforward import LOSSES, Loss, SoftmaxCrossEntropy, SquaredError, loss

ALL = [SquaredError(), SoftmaxCrossEntropy()]
STEPS = (-1.999999, -1.9, -1.5, -1.0, -0.5, -1e-3, 0.0, 1e-6, 0.5, 1.0, 30.0, 1e4)


def batch(scale: float = 1.0, classes: int = 5, dtype: Any = np.float64) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    a = scale * rng.normal(size=(40, classes))
    y = np.eye(classes)[rng.integers(classes, size=40)]
    y[::4] = rng.dirichlet(np.ones(classes), 10)
    return a.astype(dtype), y.astype(dtype)


def exact(cost: Loss, a: np.ndarray, y: np.ndarray) -> tuple[mpmath.mpf, list[mpmath.mpf]]:
    """Loss and slope of one example with 50 digits."""
    with mpmath.workdps(50):
        s, t = ([mpmath.mpf(float(v)) for v in row] for row in (a, y))
        if isinstance(cost, SquaredError):
            return sum((p - q) ** 2 for p, q in zip(s, t, strict=True)) / 2, [p - q for p, q in zip(s, t, strict=True)]
        norm = mpmath.log(sum(mpmath.exp(v) for v in s))
        slopes = [mpmath.exp(v - norm) - q for v, q in zip(s, t, strict=True)]
        return sum(q * (norm - v) for v, q in zip(s, t, strict=True)), slopes


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [0.01, 1.0, 50.0, 3e4])
@pytest.mark.parametrize("cost", ALL)
def test_values_and_slopes_are_exact_also_for_large_outputs(cost: Loss, scale: float, dtype: Any) -> None:
    a, y = batch(scale, dtype=dtype)
    values, slopes = cost.value(a, y), cost.slope(a, y)
    assert values.dtype == slopes.dtype == dtype and values.shape == (40,)
    eps = 8 * np.finfo(dtype).eps
    for n in range(40):
        value, slope = exact(cost, a[n], y[n])
        assert abs(values[n] - float(value)) <= eps * (1 + abs(float(value)))
        assert_allclose(slopes[n], [float(v) for v in slope], rtol=eps, atol=eps)


@pytest.mark.parametrize("cost", ALL)
def test_hessians_are_differences_of_slopes_within_the_largest_curvature(cost: Loss) -> None:
    a, y = batch()
    vectors = np.random.default_rng(1).normal(size=a.shape)
    moved = (cost.slope(a + 1e-5 * vectors, y) - cost.slope(a - 1e-5 * vectors, y)) / 2e-5
    assert_allclose(cost.curved(a, vectors), moved, atol=1e-9)
    assert_allclose((moved * vectors).sum(axis=1) >= 0, True)
    tied = np.array([[0.0, 0.0, -60.0]])  # two equal classes have the largest curvature there is
    steepest = np.array([[1.0, -1.0, 0.0]]) / np.sqrt(2)
    assert float((cost.curved(tied, steepest) * steepest).sum()) == pytest.approx(cost.largest_curvature)
    assert ((moved * vectors).sum(axis=1) <= (cost.largest_curvature + 1e-9) * (vectors**2).sum(axis=1)).all()


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0, 1e3])
@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("cost", ALL)
def test_proximal_maps_solve_their_equation(cost: Loss, step: float, scale: float) -> None:
    if step * cost.largest_curvature <= -1:
        step = -1 / cost.largest_curvature * (1 + step / 4)  # as near to the limit of the squared error
    for dtype in (np.float64, np.float32):
        a, y = batch(scale, dtype=dtype)
        s = cost.proximal(a, y, step)
        assert s.dtype == dtype and s.shape == a.shape
        wide = s.astype(float)
        rest = wide + step * cost.slope(wide, y.astype(float)) - a
        # rounding of s, felt through 1 + t l'', and of the terms
        slopes = np.abs(cost.slope(wide, y.astype(float))).max()
        size = np.abs(wide).max() * (1 + abs(step) * cost.largest_curvature) + abs(step) * (1 + slopes)
        assert np.abs(rest).max() <= 16 * np.finfo(dtype).eps * size


@pytest.mark.parametrize("step", [-1.99, -1.0, -0.4, 0.3, 5.0])
@pytest.mark.parametrize("cost", ALL)
def test_proximal_maps_are_where_a_general_optimiser_goes(cost: Loss, step: float) -> None:
    step *= 0.5 / cost.largest_curvature if step < 0 else 1
    a, y = batch(2.0)
    found = cost.proximal(a, y, step)
    for n in range(0, 40, 5):

        def priced(s: np.ndarray, n: int = n) -> tuple[float, np.ndarray]:  # |s - a|^2/2 + t l(s), convex
            value = ((s - a[n]) ** 2).sum() / 2 + step * float(cost.value(s[None], y[n : n + 1])[0])
            return value, s - a[n] + step * cost.slope(s[None], y[n : n + 1])[0]

        best = minimize(priced, a[n] + 0.3, jac=True, method="BFGS", options={"gtol": 1e-11})
        assert priced(found[n])[0] <= best.fun + 1e-12 * (1 + abs(best.fun))
        # the smallest eigenvalue of the second derivatives is 1 + t l''
        assert_allclose(found[n], best.x, atol=1e-6 / min(1, 1 + step * cost.largest_curvature))


@pytest.mark.parametrize("step", [-1.9, -1.0, 0.5, 1e3])
def test_cross_entropys_proximal_map_has_the_digits_of_its_condition(step: float) -> None:
    a, y = batch(3.0)
    found = SoftmaxCrossEntropy().proximal(a, y, step)
    for n in range(0, 40, 8):
        with mpmath.workdps(40):
            start = [mpmath.mpf(float(v)) for v in found[n]]

            def rest(*s: Any, n: int = n) -> list[Any]:
                top = mpmath.log(sum(mpmath.exp(v) for v in s))
                return [
                    v + mpmath.mpf(step) * (mpmath.exp(v - top) - float(q)) - float(p)
                    for v, p, q in zip(s, a[n], y[n], strict=True)
                ]

            sure = mpmath.findroot(rest, start)
        assert_allclose(found[n], [float(v) for v in sure], rtol=1e-12, atol=1e-13 * max(1, abs(step)))


def test_confident_outputs_whose_probability_is_one_over_the_step_are_no_pole() -> None:
    """A matrix 1 + t p of the diagonal alone would be singular there."""
    a = np.array([[40.0, 0.0, 0.0], [-0.5, 0.0, 700.0]])
    y = np.eye(3)[:2]
    s = SoftmaxCrossEntropy().proximal(a, y, -1.0)
    assert_allclose(s - SoftmaxCrossEntropy().slope(s, y), a, atol=1e-12)


@pytest.mark.parametrize("cost", ALL)
def test_steps_without_a_largest_value_are_refused(cost: Loss) -> None:
    a, y = batch()
    limit = -1 / cost.largest_curvature
    for step in (limit, 2 * limit, np.nan, np.inf, -np.inf, "1", None):
        with pytest.raises(InvalidParameterError, match=rf"step = .* finite and greater than {limit:g}"):
            cost.proximal(a, y, step)
    assert np.isfinite(cost.proximal(a, y, limit * (1 - 1e-9))).all()


@pytest.mark.parametrize("cost", ALL)
def test_the_maps_change_nothing_that_they_are_given(cost: Loss) -> None:
    a, y = batch()
    kept = a.copy(), y.copy()
    for step in (-0.4, 0.0, 0.4):
        s = cost.proximal(a, y, step)
        s += 1
    cost.value(a, y), cost.slope(a, y), cost.curved(a, a)
    assert (a == kept[0]).all() and (y == kept[1]).all()


def test_names_and_protocol() -> None:
    assert [type(loss(name)) for name in LOSSES] == [SquaredError, SoftmaxCrossEntropy]
    assert all(isinstance(cost, Loss) for cost in ALL) and not isinstance("squared-error", Loss)
    for wrong in ("mse", None, 1, ["cross-entropy"]):
        with pytest.raises(InvalidParameterError, match="one of squared-error, cross-entropy"):
            loss(wrong)
