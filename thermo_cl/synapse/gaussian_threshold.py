"""Hard threshold of a Gaussian output: its mean, and how that follows the mean of the output."""

from __future__ import annotations

import numpy as np
import scipy.special

from thermo_cl._types import FloatArray

__all__ = ["normal_density", "thresholded_mean", "thresholded_slope"]


def thresholded_mean(u: FloatArray, sigma: FloatArray, threshold: float) -> FloatArray:
    r"""Mean of g(X) for Gaussian X of mean u and standard deviation :math:`\sigma`, shape of the two broadcast.

    g(y) = y where \|y\| >= threshold, else 0. With the normal distribution :math:`\Phi`, its density :math:`\varphi`
    and :math:`z_\pm = (\pm\theta - u)/\sigma` it is
    :math:`u\,[1 - \Phi(z_+) + \Phi(z_-)] + \sigma\,[\varphi(z_+) - \varphi(z_-)]`.
    """
    low, high, inside = _inside(u, sigma, threshold)
    return np.asarray(u * (1.0 - inside) + sigma * (normal_density(high) - normal_density(low)))


def thresholded_slope(u: FloatArray, sigma: FloatArray, threshold: float) -> FloatArray:
    """Derivative of ``thresholded_mean`` by u."""
    low, high, inside = _inside(u, sigma, threshold)
    return np.asarray(1.0 - inside + threshold / sigma * (normal_density(high) + normal_density(low)))


def normal_density(z: FloatArray) -> FloatArray:
    """Density of the standard normal distribution."""
    with np.errstate(under="ignore"):
        return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2.0 * np.pi))


def _inside(u: FloatArray, sigma: FloatArray, threshold: float) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Both thresholds in standard deviations from u, and the probability between them."""
    low, high = (-threshold - u) / sigma, (threshold - u) / sigma
    return low, high, np.asarray(scipy.special.ndtr(high) - scipy.special.ndtr(low))
