"""Mean of a thresholded Gaussian against quadrature, and its slope against differences."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.integrate
from numpy.testing import assert_allclose

from thermo_cl.synapse.gaussian_threshold import normal_density, thresholded_mean, thresholded_slope

OUTPUTS = np.array([-3.0, -0.4, 0.0, 0.1, 0.4, 0.9, 5.0])


@pytest.mark.parametrize("threshold", [0.0, 0.4, 2.0])
@pytest.mark.parametrize("sigma", [0.05, 0.3, 2.0])
def test_mean_against_quadrature(sigma: float, threshold: float) -> None:
    expected = []
    for u in OUTPUTS:
        cuts = np.unique(np.clip([-np.inf, -threshold, threshold, u, np.inf], u - 12 * sigma, u + 12 * sigma))
        parts = [
            scipy.integrate.quad(lambda y, u=u: y * normal_density((y - u) / sigma) / sigma, a, b, epsabs=1e-15)[0]
            for a, b in itertools.pairwise(cuts)
            if abs(0.5 * (a + b)) >= threshold
        ]
        expected.append(sum(parts))
    found = thresholded_mean(OUTPUTS, np.full(OUTPUTS.shape, sigma), threshold)
    assert_allclose(found, expected, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("threshold", [0.0, 0.4, 2.0])
def test_slope_is_the_derivative_of_the_mean(threshold: float) -> None:
    sigma, h = np.linspace(0.2, 1.0, OUTPUTS.size), 1e-5
    ahead, behind = (thresholded_mean(OUTPUTS + s * h, sigma, threshold) for s in (1, -1))
    assert_allclose(thresholded_slope(OUTPUTS, sigma, threshold), (ahead - behind) / (2 * h), rtol=1e-8, atol=1e-9)


def test_far_tails_underflow_silently() -> None:
    with np.errstate(all="raise"):
        assert normal_density(np.array([60.0])) == 0.0
        assert_allclose(normal_density(np.array([0.0])), 0.3989422804014327, rtol=1e-15)
