"""Hard threshold of a Gaussian variable: variance and Hermite coefficients in closed form."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import scipy.special

from thermo_cl._types import FloatArray
from thermo_cl.synapse.gaussian_threshold import normal_density

__all__ = ["squared_coefficients", "thresholded_variance"]


def squared_coefficients(mean: FloatArray, threshold: float) -> Iterator[FloatArray]:
    r"""Squares :math:`a_n^2`, n = 1, 2, ..., of the expansion of g(m + X), X a standard normal variable.

    :math:`g(m + X) = \sum_n a_n He_n(X)/\sqrt{n!}` with g(y) = y where \|y\| >= threshold, else 0, so that
    :math:`\mathrm{Cov}[g(m + X), g(m + Y)] = \sum_{n \ge 1} a_n^2 \rho^n` for standard normal X, Y of correlation
    :math:`\rho` (Mehler's formula). By partial integration, with
    :math:`h_n(z) = \varphi(z) He_n(z)/\sqrt{n!}` and :math:`z_\pm = \pm\kappa - m`,

    .. math:: a_1 = P(|m + X| \ge \kappa) + \kappa [h_0(z_+) + h_0(z_-)], \quad
              a_n = \frac{h_{n-2}(z_+) - h_{n-2}(z_-)}{\sqrt{n (n - 1)}} +
              \kappa \frac{h_{n-1}(z_+) + h_{n-1}(z_-)}{\sqrt n}.

    Parameters
    ----------
    mean : ndarray, shape (k,)
        m, in standard deviations.
    threshold : float
        :math:`\kappa` >= 0, in standard deviations.

    Yields
    ------
    ndarray, shape (k,)
    """
    high, low = threshold - mean, -threshold - mean
    before = (np.zeros_like(mean), np.zeros_like(mean))
    now = (normal_density(high), normal_density(low))
    yield (scipy.special.ndtr(-high) + scipy.special.ndtr(low) + threshold * (now[0] + now[1])) ** 2
    n = 2
    while True:
        root = np.sqrt(n - 1.0)
        with np.errstate(under="ignore"):
            after = tuple(
                (z * h - np.sqrt(n - 2.0) * old) / root
                for z, h, old in zip((high, low), now, before, strict=True)
            )  # fmt: skip
            before, now = now, (after[0], after[1])
            value = (before[0] - before[1]) / (root * np.sqrt(n)) + threshold * (now[0] + now[1]) / np.sqrt(n)
            yield value**2
        n += 1


def thresholded_variance(mean: FloatArray, threshold: float) -> FloatArray:
    r"""Variance of g(m + X), the sum of all those squares, without cancellation far above the threshold."""
    high, low = threshold - mean, -threshold - mean
    upper, lower = normal_density(high), normal_density(low)
    outside = scipy.special.ndtr(-high) + scipy.special.ndtr(low)
    inside = scipy.special.ndtr(high) - scipy.special.ndtr(low)
    step = upper - lower
    return np.asarray(
        mean**2 * outside * inside + outside + 2.0 * mean * step * inside + high * upper - low * lower - step**2
    )
