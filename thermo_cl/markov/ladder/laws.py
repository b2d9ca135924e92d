r"""Closed laws of centred ladders: far ends, finite size around the critical drive, and the cost of accuracy.

Notation: :math:`r = \gamma e^{\epsilon/2}` is the rate against the drive, :math:`a = \ln(1/r)`, d the number of levels
by which the step moves the balance of the rails, :math:`d = \Delta\ell/\epsilon`, :math:`x = n a` and :math:`h = x/2`.
A ladder of n levels is centred if the rails balance at level (n - 1 - d)/2 before the step, and so at (n - 1 + d)/2
after it. The critical drive is a = 0; a > 0 adapts.

How the laws follow. Summed over a level, the master equation leaves one flux between levels, which vanishes in the
steady state; where one rail is empty the occupation therefore falls by r a level towards the end. The profile between
the ends is that of an endless ladder, whose sum is known, so that normalisation gives the occupation of the ends, and
the corner identities give sigma and the area. The first moment is the mean level's displacement and the solution of
Poisson's equation at the ends, in the continuum: a walker that drifts at speed 1 - r towards the balance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import exprel

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

__all__ = [
    "LadderLaws", "bulk_laws", "critical_gamma", "end_excess", "finite_size_laws", "finite_size_scaling",
]  # fmt: skip

_SERIES = 0.5  # below, sinh(t) - t by its series, nine terms of which are exact to rounding


@dataclass(frozen=True, eq=False)
class LadderLaws:
    r"""Laws at parameters, or their scaling functions, each of shape batch.

    Attributes
    ----------
    entropy_production_rate : ndarray
        Sigma before the step, in k_B per time.
    area : ndarray
        Area of the step kernel.
    first_moment : ndarray
        First moment of the step kernel, in time.
    cost : ndarray
        :math:`\sigma \mu_1 / \Delta\ell`.
    """

    entropy_production_rate: FloatArray
    area: FloatArray
    first_moment: FloatArray
    cost: FloatArray


def critical_gamma(energy_step: ArrayLike) -> FloatArray:
    r"""Drive at which adaptation sets in, :math:`\gamma_c = e^{-\epsilon/2}`; the drive per plaquette is then epsilon.

    Parameters
    ----------
    energy_step : array_like, shape batch
        :math:`\epsilon` > 0, in k_B T.
    """
    return np.asarray(np.exp(-0.5 * check.positive("energy_step", energy_step)))[()]


def bulk_laws(gamma: ArrayLike, energy_step: ArrayLike, shift: ArrayLike = 1.0) -> LadderLaws:
    r"""Laws of a ladder whose ends are far away: exact for whole d, whatever F, for gamma below the critical drive.

    .. math:: \sigma = (1 - r)\ln(1/\gamma), \quad I = 0, \quad \mu_1 = \frac{d}{2(1 - r)}, \quad
              \frac{\sigma\mu_1}{\Delta\ell} = \frac{\ln(1/\gamma)}{2\epsilon} = \frac14 + \frac{a}{2\epsilon}.

    Parameters
    ----------
    gamma : array_like, shape batch
        Drive parameter, 0 < gamma < exp(-energy_step / 2).
    energy_step : array_like, shape batch
        :math:`\epsilon` > 0, in k_B T.
    shift : array_like, shape batch
        d > 0, levels by which the step moves the balance.

    Returns
    -------
    LadderLaws

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its domain: at and above the critical drive there is no limit of long ladders.
    """
    drive, step, levels = _drive(gamma), check.positive("energy_step", energy_step), check.positive("shift", shift)
    check.broadcast(gamma=drive, energy_step=step, shift=levels)
    margin = -np.log(drive) - 0.5 * step
    if (margin <= 0).any():
        raise InvalidParameterError("gamma", drive, "below exp(-energy_step / 2), where ladders adapt")
    adapting = -np.expm1(-margin)
    return _packed(adapting * -np.log(drive), 0.0 * margin, levels / (2 * adapting), -np.log(drive) / (2 * step))


def end_excess(gamma: ArrayLike, energy_step: ArrayLike) -> FloatArray:
    r"""Logarithm of the factor by which the ends are fuller than a sharp balance of the rails would leave them.

    .. math:: E = \frac{a^2}{2\epsilon} + \sum_{k \ge 1} \ln\left(1 + \frac{(1 - r)^2 q^k}{(1 - q^k)(1 - r^2 q^k)}
              \right), \qquad q = e^{-\epsilon}.

    For rungs faster than all else (F -> infinity): the profile of an endless ladder is a product over levels, its sum
    Ramanujan's bilateral sum 1psi1, and its dependence on where between two levels the balance lies that of a theta
    function, of relative size :math:`e^{-2\pi^2/\epsilon}`, which is left out. For epsilon -> 0 it grows
    as :math:`[\pi^2/6 + a^2/2 + 2\,\mathrm{Li}_2(-e^{-a})]/\epsilon`.

    Parameters
    ----------
    gamma : array_like, shape batch
        Drive parameter, 0 < gamma < 1.
    energy_step : array_like, shape batch
        :math:`\epsilon` > 0, in k_B T.

    Returns
    -------
    ndarray, shape batch
        E >= 0; of order a^2 around the critical drive.
    """
    drive, step = _drive(gamma), check.positive("energy_step", energy_step)
    check.broadcast(gamma=drive, energy_step=step)
    return np.asarray(_excess(-np.log(drive) - 0.5 * step, step))[()]


def finite_size_scaling(x: ArrayLike) -> LadderLaws:
    r"""Scaling functions around the critical drive, of :math:`x = n \ln(1/r)` of any sign.

    With h = x/2,

    .. math::

        \frac{n\sigma}{2\ln(1/\gamma)} = \frac{h}{1 - e^{-h}}, \qquad -\frac{n I}{d} = \frac{h}{e^h - 1}, \qquad
        \frac{\mu_1}{n d} = \frac{1 - e^{-x} - x e^{-h}}{2x(1 - e^{-h})}, \qquad
        \frac{2\epsilon}{\ln(1/\gamma)} \frac{\sigma\mu_1}{\Delta\ell} = \frac{\sinh h - h}{\cosh h - 1}.

    The limit of many levels at fixed x, d and F, whatever F; corrections fall as 1/n, or as 1/n^2 with the prefactors
    of ``finite_size_laws``. The area and sigma are read with the sign of x as it is: x < 0 does not adapt.

    Parameters
    ----------
    x : array_like, shape batch

    Returns
    -------
    LadderLaws
        The four functions, the third negative for x < 0 and infinite where it overflows, below x = -1400.
    """
    h = 0.5 * check.finite("x", x)
    t = np.abs(h)
    quotient, mean = _sinh_less_argument(t), exprel(-t)
    with np.errstate(over="ignore", invalid="ignore"):
        cost = np.sign(h) * 2.0 * quotient / mean**2
        moment = np.sign(h) * quotient / (2.0 * mean) * np.exp(np.maximum(-h, 0.0))
        return _packed(1.0 / exprel(-h), 1.0 / exprel(h), moment, cost)


def finite_size_laws(
    gamma: ArrayLike, n_levels: ArrayLike, energy_step: ArrayLike, shift: ArrayLike = 1.0
) -> LadderLaws:
    r"""Laws of a centred ladder of n levels at any drive below gamma = 1, with fast rungs.

    With the excess E of ``end_excess`` and :math:`w = h - E - \ln\cosh(ad/2)`,

    .. math::

        \sigma = \frac{(1 - r)\ln(1/\gamma)}{1 - e^{-w}}, \qquad I = -\frac{\tanh(ad/2)}{e^w - 1}, \qquad
        \mu_1 = \frac{d}{2(1 - r)} \, \frac{1 - e^{-x} - x e^{E - h}}{1 - e^{E - h}}.

    Sigma and the area are exact for F -> infinity but for terms of relative size :math:`e^{-2\pi^2/\epsilon}` (where
    the balance lies between two levels) and :math:`e^{-\epsilon(n - d)/2 + a}` (ends that are not yet geometric). The
    latter sets the range: a well below :math:`\epsilon(n - d)/2`, beyond which the area saturates. The first moment
    is a continuum law, with a relative error of order :math:`a^2` where x is of order one; it becomes exact far below
    the critical drive for whole d. Rungs of a finite speed change E, by less than a tenth for F > 10.

    Parameters
    ----------
    gamma : array_like, shape batch
        Drive parameter, 0 < gamma < 1.
    n_levels : array_like, shape batch
        Number of levels, >= 2.
    energy_step : array_like, shape batch
        :math:`\epsilon` > 0, in k_B T.
    shift : array_like, shape batch
        0 < d < n, levels by which the step moves the balance.

    Returns
    -------
    LadderLaws
    """
    drive, step, d = _drive(gamma), check.positive("energy_step", energy_step), check.positive("shift", shift)
    n = check.finite("n_levels", n_levels)
    check.broadcast(gamma=drive, n_levels=n, energy_step=step, shift=d)
    if (n < 2).any() or (n != np.round(n)).any():
        raise InvalidParameterError("n_levels", n, "whole numbers of at least 2")
    if (d >= n).any():
        raise InvalidParameterError("shift", d, "fewer levels than the ladder has")
    a = -np.log(drive) - 0.5 * step
    h, z = 0.5 * n * a, 0.5 * a * d
    excess, slope = _slope(a, n, step, d)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        w = a * slope
        sigma = exprel(-a) / (slope * exprel(-w)) * -np.log(drive)
        area = -0.5 * d * np.where(z != 0, np.tanh(z) / z, 1.0) / (slope * exprel(w))
        t, less = np.abs(h), h - excess
        quotient = 2.0 * t**2 * _sinh_less_argument(t)
        adapts = quotient - 2.0 * t * np.exp(-t) * np.expm1(excess)
        other = (np.exp(t) * quotient - 2.0 * t * np.expm1(excess)) * np.exp(-excess)
        ratio = np.where(h > 0, adapts / -np.expm1(-less), -other / np.expm1(less))
        moment = np.where(a != 0, 0.5 * d * ratio / -np.expm1(-a), 0.0)
    return _packed(sigma, area, moment, sigma * moment / (d * step))


def _drive(gamma: ArrayLike) -> FloatArray:
    drive = check.positive("gamma", gamma)
    if (drive >= 1).any():
        raise InvalidParameterError("gamma", drive, "below 1, which is detailed balance")
    return drive


def log_area(a: FloatArray, n: FloatArray, step: FloatArray, d: FloatArray) -> FloatArray:
    """Logarithm of the size of the area of ``finite_size_laws`` at margins a, however small it is."""
    z = 0.5 * a * d
    w = a * _slope(a, n, step, d)[1]
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        near = np.log(np.where(z != 0, np.tanh(z) / np.expm1(w), d / n))
        return np.asarray(np.where(w > 1.0, np.log(np.tanh(np.abs(z))) - w - np.log1p(-np.exp(-w)), near))


def _slope(a: FloatArray, n: FloatArray, step: FloatArray, d: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Excess E of the ends, and w / a with w = h - E - ln cosh(ad/2)."""
    z, excess = 0.5 * np.abs(a * d), _excess(a, step)
    log_cosh = z + np.log1p(np.exp(-2.0 * z)) - np.log(2.0)
    log_cosh = np.where(z < 1e-2, np.log1p(2.0 * np.sinh(0.5 * np.minimum(z, 1.0)) ** 2), log_cosh)
    return excess, 0.5 * n - np.where(a != 0, (excess + log_cosh) / np.where(a != 0, a, 1.0), 0.0)


def _excess(a: FloatArray, step: FloatArray) -> FloatArray:
    r, total = np.exp(-a), a * a / (2.0 * step)
    factor = np.expm1(-a) ** 2
    for k in range(1, int(np.ceil(42.0 / np.min(step))) + 2):
        total = total + np.log1p(factor * np.exp(-k * step) / (-np.expm1(-k * step) * -np.expm1(-2.0 * a - k * step)))
    return np.where(r == 1.0, 0.0, total)


def _sinh_less_argument(t: FloatArray) -> FloatArray:
    """exp(-t) (sinh(t) - t) / t^2 for t >= 0, to all digits."""
    small, large = np.minimum(t, _SERIES), np.maximum(t, _SERIES)
    total = np.zeros_like(t)
    for k in range(9, 1, -1):
        total = (total + 1.0) * small**2 / (2 * k * (2 * k + 1))
    series = np.exp(-small) * small * (total + 1.0) / 6.0
    return np.asarray(np.where(t < _SERIES, series, (0.5 * -np.expm1(-2.0 * large) / large - np.exp(-large)) / large))


def _packed(*values: FloatArray) -> LadderLaws:
    return LadderLaws(*(np.asarray(value)[()] for value in np.broadcast_arrays(*values)))
