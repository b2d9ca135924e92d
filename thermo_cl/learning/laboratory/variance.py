r"""Exact covariance of two-term and importance-sampled estimators, from the moments of the two phases.

ISD draws the positive phase with probability b and weighs it by 1/b, the negative phase by :math:`-1/(1-b)` (Williams
et al., ICML 2023, Theorems 3.2-3.4). With c taken off both phases' statistics Y,

.. math:: \hat g = \tfrac{B}{b}(Y_+ - c) - \tfrac{1-B}{1-b}(Y_- - c), \qquad E\,\hat g = \mu_+ - \mu_-

for every constant c, since :math:`E[B/b] = E[(1-B)/(1-b)] = 1`, and squares of different phases never meet:

.. math:: E\,\hat g\hat g^T = \tfrac1b E(Y_+-c)(Y_+-c)^T + \tfrac1{1-b}E(Y_--c)(Y_--c)^T.

The trace is :math:`M_+/b + M_-/(1-b) - |\mu_+-\mu_-|^2` for c = 0. In c it is a parabola of curvature
:math:`1/b + 1/(1-b)` with its minimum at :math:`c = (1-b)\mu_+ + b\mu_-`. There
:math:`\mu_+ - c = b\,(\mu_+-\mu_-)` and :math:`\mu_- - c = -(1-b)(\mu_+-\mu_-)`, so that all means cancel:
:math:`\mathrm{tr}\,\Sigma_+/b + \mathrm{tr}\,\Sigma_-/(1-b)`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.learning.laboratory.lengths import PhaseMoments

__all__ = [
    "best_baseline",
    "best_probability",
    "isd_covariance",
    "isd_excess",
    "isd_trace",
    "least_trace",
    "two_term_covariance",
]

Baseline = Literal["none", "best"]


def isd_covariance(
    positive: PhaseMoments, negative: PhaseMoments, probability: float, baseline: ArrayLike | None = None
) -> FloatArray:
    """Covariance of the one-phase estimator.

    Parameters
    ----------
    positive, negative : PhaseMoments
        Of what the phases measure, p numbers.
    probability : float
        b of the positive phase, in (0, 1).
    baseline : array_like, shape (p,), optional
        Constant taken off both phases' statistics, zero by default; see ``best_baseline``.

    Returns
    -------
    ndarray, shape (p, p)

    Raises
    ------
    InvalidParameterError
        If b is out of (0, 1), or a shape does not fit.
    """
    b = check.single("probability", check.positive("probability", probability, below=1.0))
    size = _same_size(positive, negative)
    c = np.zeros(size) if baseline is None else check.finite("baseline", baseline)
    if c.shape != (size,):
        raise InvalidParameterError("baseline.shape", c.shape, f"({size},), a number for each parameter")
    difference = positive.mean - negative.mean
    return _about(positive, c) / b + _about(negative, c) / (1.0 - b) - np.outer(difference, difference)


def two_term_covariance(positive: PhaseMoments, negative: PhaseMoments) -> FloatArray:
    """Covariance of the difference of two independent phases, shape (p, p)."""
    _same_size(positive, negative)
    return positive.covariance + negative.covariance


def isd_trace(
    positive: PhaseMoments, negative: PhaseMoments, probability: ArrayLike, baseline: Baseline = "none"
) -> FloatArray:
    r"""Trace of the one-phase estimator's covariance, :math:`M_+/b + M_-/(1-b) - |\mu_+ - \mu_-|^2`.

    With the best baseline, :math:`\mathrm{tr}\,\Sigma_+/b + \mathrm{tr}\,\Sigma_-/(1-b)`. Both are strictly convex in
    b, each term being so.

    Parameters
    ----------
    positive, negative : PhaseMoments
    probability : array_like, shape (...)
        b in (0, 1).
    baseline : {"none", "best"}

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    InvalidParameterError
        If b is out of (0, 1), or the baseline is neither.
    """
    b = check.positive("probability", probability, below=1.0)
    first, second, taken = _sizes(positive, negative, baseline)
    return first / b + second / (1.0 - b) - taken


def best_probability(positive: PhaseMoments, negative: PhaseMoments, baseline: Baseline = "none") -> float:
    r"""Probability b* of least trace, :math:`\sqrt{M_+}/(\sqrt{M_+}+\sqrt{M_-})` (Williams et al. 2023, Theorem 3.3).

    With the best baseline, traces of the covariances take the place of M. It is 0 or 1 where one of the phases does not
    vary at all, nan where neither does.
    """
    first, second, _ = _sizes(positive, negative, baseline)
    root, other = np.sqrt(first), np.sqrt(second)
    return float(root / (root + other)) if root + other else float("nan")


def least_trace(positive: PhaseMoments, negative: PhaseMoments, baseline: Baseline = "none") -> float:
    r"""Trace at b*, :math:`(\sqrt{M_+}+\sqrt{M_-})^2 - |\mu_+-\mu_-|^2`."""
    first, second, taken = _sizes(positive, negative, baseline)
    return float((np.sqrt(first) + np.sqrt(second)) ** 2 - taken)


def isd_excess(positive: PhaseMoments, negative: PhaseMoments, probability: ArrayLike) -> FloatArray:
    r"""Trace of one phase's covariance beyond that of two independent phases.

    :math:`M_+\frac{1-b}b + M_-\frac b{1-b} + 2\mu_+\cdot\mu_-`. Never negative: the first two terms are at least
    :math:`2\sqrt{M_+M_-} \ge 2|\mu_+||\mu_-|` (Williams et al. 2023, Theorem 3.4). It compares one phase with two: per
    phase, the two-term estimator has twice its trace.

    Parameters
    ----------
    positive, negative : PhaseMoments
    probability : array_like, shape (...)
        b in (0, 1).

    Returns
    -------
    ndarray, shape (...)
    """
    b = check.positive("probability", probability, below=1.0)
    _same_size(positive, negative)
    crossed = 2.0 * float(positive.mean @ negative.mean)
    return positive.size * (1.0 - b) / b + negative.size * b / (1.0 - b) + crossed


def best_baseline(positive: PhaseMoments, negative: PhaseMoments, probability: float) -> FloatArray:
    r"""Constant of least trace, :math:`(1-b)\mu_+ + b\mu_-`, shape (p,)."""
    b = check.single("probability", check.positive("probability", probability, below=1.0))
    _same_size(positive, negative)
    return (1.0 - b) * positive.mean + b * negative.mean


def _sizes(positive: PhaseMoments, negative: PhaseMoments, baseline: str) -> tuple[float, float, float]:
    _same_size(positive, negative)
    if baseline == "none":
        difference = positive.mean - negative.mean
        return positive.size, negative.size, float(difference @ difference)
    if baseline == "best":
        return float(np.trace(positive.covariance)), float(np.trace(negative.covariance)), 0.0
    raise InvalidParameterError("baseline", baseline, "none or best")


def _same_size(positive: PhaseMoments, negative: PhaseMoments) -> int:
    if positive.mean.size != negative.mean.size:
        raise InvalidParameterError("negative.mean.size", negative.mean.size, f"{positive.mean.size}, as positive")
    return positive.mean.size


def _about(phase: PhaseMoments, c: FloatArray) -> FloatArray:
    """Second moment of Y - c."""
    crossed = np.outer(phase.mean, c)
    return phase.second - crossed - crossed.T + np.outer(c, c)
