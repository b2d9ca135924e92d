"""The Hermite series of a hard threshold against quadrature in one and two dimensions."""

from __future__ import annotations

import math
from itertools import islice, pairwise

import numpy as np
import pytest
from numpy.testing import assert_allclose

from thermo_cl.learning.synapses.hermite import squared_coefficients, thresholded_variance

NODES, WEIGHTS = np.polynomial.legendre.leggauss(80)
CASES = [(0.0, 0.0), (0.7, 0.0), (0.0, 1.0), (0.4, 1.5), (2.0, 2.0), (-3.0, 2.5), (6.0, 4.0), (0.5, 4.0)]


def panels(mean: float, threshold: float, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights over 11 spreads about a mean, cut where the threshold jumps."""
    cuts = np.clip([-np.inf, -threshold, 0.0, threshold, np.inf, mean], mean - 11 * spread, mean + 11 * spread)
    parts = [(0.5 * (a + b) + 0.5 * (b - a) * NODES, 0.5 * (b - a) * WEIGHTS) for a, b in pairwise(np.sort(cuts))]
    return np.concatenate([x for x, _ in parts]), np.concatenate([w for _, w in parts])


def normal(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def kept(x: np.ndarray, threshold: float) -> np.ndarray:
    return np.where(np.abs(x) >= threshold, x, 0.0)


@pytest.mark.parametrize(("mean", "threshold"), CASES)
def test_coefficients_are_projections_on_hermite_polynomials(mean: float, threshold: float) -> None:
    y, w = panels(mean, threshold)
    weight = w * normal(y - mean) * kept(y, threshold)
    count = 12
    exact = [
        (weight @ np.polynomial.hermite_e.hermeval(y - mean, np.eye(n + 1)[n])) ** 2 / math.factorial(n)
        for n in range(1, count + 1)
    ]
    found = [a[0] for a in islice(squared_coefficients(np.array([mean]), threshold), count)]
    assert_allclose(found, exact, rtol=1e-10, atol=1e-22)


@pytest.mark.parametrize(("mean", "threshold"), CASES)
def test_variance(mean: float, threshold: float) -> None:
    y, w = panels(mean, threshold)
    weight = w * normal(y - mean)
    g = kept(y, threshold)
    exact = weight @ (g - weight @ g) ** 2
    assert_allclose(thresholded_variance(np.array([mean]), threshold), [exact], rtol=1e-11)


@pytest.mark.parametrize("rho", [-0.7, 0.05, 0.5, 0.9])
@pytest.mark.parametrize(("mean", "threshold"), CASES)
def test_mehler_series_is_the_covariance_of_two_correlated_outputs(mean: float, threshold: float, rho: float) -> None:
    """Against a double integral, the inner one over the second output given the first."""
    y, w = panels(mean, threshold)
    spread = math.sqrt(1.0 - rho**2)
    inner = []
    for first in y:
        centre = mean + rho * (first - mean)
        second, v = panels(centre, threshold, spread)
        inner.append(v @ (normal((second - centre) / spread) / spread * kept(second, threshold)))
    weight, g = w * normal(y - mean), kept(y, threshold)
    exact = weight @ (g * np.array(inner)) - (weight @ g) ** 2
    terms = np.array([a[0] for a in islice(squared_coefficients(np.array([mean]), threshold), 300)])
    assert_allclose(terms @ rho ** np.arange(1.0, 301.0), exact, rtol=1e-8, atol=1e-13)


@pytest.mark.parametrize("mean", [0.0, 0.3, 1.7])
def test_no_threshold_leaves_one_term(mean: float) -> None:
    found = np.array(list(islice(squared_coefficients(np.array([mean]), 0.0), 40)))[:, 0]
    assert_allclose(found, np.eye(40)[0], atol=1e-30)


def test_the_squares_add_up_to_the_variance() -> None:
    mean = np.array([0.0, 1.0, 2.0, 4.0])
    left = thresholded_variance(mean, 2.0)
    for count, square in enumerate(islice(squared_coefficients(mean, 2.0), 4000), start=1):
        left = left - square
        assert (left > -1e-12).all()
        if count == 1000:
            middle = left
    # a jump leaves terms that fall as n**(-3/2), so their rest as n**(-1/2)
    assert_allclose(left / middle, 0.5, rtol=0.02)
