"""What noise makes of a hard threshold: mean and zero-frequency power of g(u + noise), as tables over u."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.learning.synapses.hermite import squared_coefficients, thresholded_variance
from thermo_cl.learning.synapses.output_noise import OutputNoise
from thermo_cl.synapse.gaussian_threshold import thresholded_mean

__all__ = ["ThresholdNoise"]

_REACH = 8  # standard deviations around the threshold that are tabulated; beyond, both asymptotes hold to 1e-13
_STEPS = 128  # entries of the table for each standard deviation
_MOST_TERMS = 10_000


@dataclass(frozen=True, eq=False, init=False)
class ThresholdNoise:
    r"""Statistics of :math:`g(u + \xi)` for Gaussian noise :math:`\xi` of a known autocorrelation.

    g(y) = y where \|y\| >= threshold, else 0. At fixed u the mean is a closed form, and the power

    .. math:: V(u) = 2 \int_0^\infty \mathrm{Cov}[g(u + \xi_0), g(u + \xi_t)]\, dt
              = 2 \sigma^2 \sum_{n \ge 1} a_n(u)^2 \int_0^\infty \rho(t)^n dt

    a Mehler series. Far above the threshold the mean is u and V the power of the noise itself; far below both are zero.
    Where the noise is much larger than the threshold, :math:`\sigma \gg \theta`, it does not rectify any more: the mean
    is u for every u, both ramps of a cycle count alike, and the mean update of a contrastive cycle tends to zero.

    Parameters
    ----------
    noise : OutputNoise
        Standard deviation :math:`\sigma`, autocorrelation :math:`\sigma^2 \rho(t)`.
    threshold : float
        Hard threshold :math:`\theta` >= 0, in units of the output.
    tolerance : float
        Of the power, relative to its largest value over u.

    Attributes
    ----------
    terms : int
        Terms of the series that were summed.
    bound : float
        Most that the rest can change the power by, over the largest power.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    ConvergenceError
        If 10,000 terms leave more than the tolerance.

    Notes
    -----
    The table is linear between entries :math:`\sigma/128` apart, which keeps it monotone where the function is, and
    positive; the error is below 2e-5 of the largest value of either within the table (8 standard deviations on both
    sides of the threshold). The rest of the series after n terms lies between 0 and the variance they leave times the
    next overlap; a third of it, what the law :math:`a_n^2 \sim n^{-3/2}` of a jump leaves, is added.

    Examples
    --------
    >>> smeared = ThresholdNoise(OutputNoise([0.01], [-2.0]), threshold=0.2)
    >>> smeared.mean([0.0, 0.1, 0.2, 1.0])
    array([0.        , 0.039754..., 0.139887..., 1.        ])
    >>> smeared.power([0.0, 1.0])
    array([0.001..., 0.01      ])
    """

    noise: OutputNoise
    threshold: float
    tolerance: float
    terms: int
    bound: float
    table: FloatArray = field(repr=False)

    def __init__(self, noise: OutputNoise, threshold: float, *, tolerance: float = 1e-6) -> None:
        level = check.single("threshold", check.non_negative("threshold", threshold))
        accuracy = check.positive_number("tolerance", tolerance)
        sigma = noise.standard_deviation
        ratio = level / sigma
        start = max(ratio - _REACH, 0.0)
        u = start + np.arange(math.ceil((ratio + _REACH - start) * _STEPS) + 1) / _STEPS
        power, terms, bound = _powers(noise, u, ratio, accuracy)
        table = np.stack([sigma * thresholded_mean(u, np.ones_like(u), ratio), noise.variance * power], axis=-1)
        if start > 0:
            table[0] = 0.0  # 1e-15 of the largest, and so it joins what is left out below it
        table.setflags(write=False)
        check.freeze(
            self, noise=noise, threshold=level, tolerance=accuracy, terms=terms, bound=bound, table=table
        )  # fmt: skip

    @property
    def start(self) -> float:
        """Output of the table's first row; rows are ``step`` apart and columns mean and power."""
        return max(self.threshold - _REACH * self.noise.standard_deviation, 0.0)

    @property
    def step(self) -> float:
        """Output between rows of the table."""
        return self.noise.standard_deviation / _STEPS

    def mean(self, u: ArrayLike) -> FloatArray:
        r"""Mean of :math:`g(u + \xi)`, in units of the output, shape of u."""
        value = check.finite("u", u)
        return np.asarray(np.copysign(self._read(value, 0, np.abs(value)), value))[()]

    def power(self, u: ArrayLike) -> FloatArray:
        r"""Power V(u) of :math:`g(u + \xi)` at zero frequency, in (output)^2 time, shape of u."""
        value = check.finite("u", u)
        return self._read(value, 1, np.full_like(value, self.noise.power))[()]

    def _read(self, u: FloatArray, column: int, above: FloatArray) -> FloatArray:
        rows = (np.abs(u) - self.start) / self.step
        inside = np.interp(rows, np.arange(len(self.table)), self.table[:, column])
        inside = np.where(rows < 0, 0.0, inside)
        return np.asarray(np.where(rows >= len(self.table) - 1, above, inside))

    def update(self, u: ArrayLike, weights: ArrayLike) -> tuple[FloatArray, FloatArray]:
        r"""Mean and variance of a cycle's update :math:`\int g(u(t) + \xi_t) dt`, which is nearly Gaussian.

        Locally stationary: the noise is taken as short against the time in which u moves by :math:`\sigma` and against
        the time that u stays on one side of the threshold, so that the variance is the integral of V(u(t)). The ends of
        that time, where half of a correlation is outside, are left out: relative to the time above the threshold,
        mostly that of the fast ramp, they take the mean lag of the autocorrelation off the variance (some per cent at
        20 of a ladder's time units). The draws of successive cycles are then independent.

        Parameters
        ----------
        u : array_like, shape (..., samples)
            Output without noise at the samples of a cycle.
        weights : array_like, shape (samples,)
            Weights of the quadrature over the cycle, in time.

        Returns
        -------
        mean, variance : ndarray, shape (...)
            In (output * time) and its square.
        """
        w = check.non_negative("weights", weights)
        return np.asarray(self.mean(u) @ w)[()], np.asarray(self.power(u) @ w)[()]


def _powers(noise: OutputNoise, u: FloatArray, ratio: float, tolerance: float) -> tuple[FloatArray, int, float]:
    """Power over the variance at outputs in standard deviations, terms of the series, and bound on the rest."""
    squares, overlaps = squared_coefficients(u, ratio), noise.overlaps()
    left, total = thresholded_variance(u, ratio), np.zeros_like(u)
    for n in range(1, _MOST_TERMS + 1):
        square, (overlap, size) = next(squares), next(overlaps)
        total += square * overlap
        left = np.maximum(left - square, 0.0)
        rest = left * size  # the terms to come are positive, add up to what is left, and overlap no more than this one
        bound = float(rest.max() / (total + rest).max())
        if bound <= tolerance:
            return 2.0 * (total + rest / 3.0), n, bound
    raise ConvergenceError(
        f"the series for the power of a thresholded noise is accurate to {bound:.1g} after {_MOST_TERMS} terms; "
        "ask for a larger tolerance"
    )
