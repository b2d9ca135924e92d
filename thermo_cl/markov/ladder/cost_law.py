r"""What accuracy costs a ladder, and where its memory turns: laws in the accuracy instead of the drive.

Accuracy is :math:`L = \ln(A_0/|I|)`, with :math:`A_0 = \tanh(\Delta\ell/4)/2` the area of a ladder without levels, and
cost :math:`y = \sigma\mu_1/\Delta\ell`. See ``laws`` for the notation.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.ladder.laws import finite_size_laws, log_area

__all__ = ["cost_law", "cost_law_end", "log_accuracy", "reversal_margin", "sharp_cost_law"]


def log_accuracy(area: ArrayLike, change: ArrayLike) -> FloatArray:
    r"""Accuracy of a step response, :math:`L = \ln[\tanh(\Delta\ell/4) / (2|I|)]`.

    Parameters
    ----------
    area : array_like, shape batch
        Area I of the step kernel, not zero.
    change : array_like, shape batch
        :math:`\Delta\ell` > 0, what the step adds to the logarithmic term of the energy difference, in k_B T.
    """
    size, step = np.abs(check.finite("area", area)), check.positive("change", change)
    check.positive("|area|", size)
    check.broadcast(area=size, change=step)
    return np.asarray(np.log(np.tanh(0.25 * step)) - np.log(2.0 * size))[()]


def cost_law_end(n_levels: ArrayLike, energy_step: ArrayLike, shift: ArrayLike = 1.0) -> FloatArray:
    r"""Largest accuracy of a ladder in the law of ``cost_law``, :math:`L_{max} = N^2\epsilon/8` with N = n - d.

    The drive :math:`a = N\epsilon/2` is then so strong that the profile is a Gaussian all the way to the ends; more
    drive costs more and buys nothing.
    """
    levels, step = _range(n_levels, energy_step, shift)
    return np.asarray(levels**2 * step / 8.0)[()]


def cost_law(accuracy: ArrayLike, n_levels: ArrayLike, energy_step: ArrayLike, shift: ArrayLike = 1.0) -> FloatArray:
    r"""Cost of memory at a given accuracy of a centred ladder, in leading order of long ladders.

    .. math:: y = \frac14 + \frac N4 \left[1 - \sqrt{1 - \frac{8L}{N^2\epsilon}}\right], \qquad N = n - d.

    The profile falls as a Gaussian for :math:`a/\epsilon` levels and then by r a level, so that the ends hold
    :math:`e^{-L}` with :math:`L = Na/2 - a^2/2\epsilon`; the bulk laws give :math:`y = 1/4 + a/2\epsilon`, and a is
    eliminated. For :math:`L \ll N^2\epsilon` it is the line :math:`1/4 + L/(N\epsilon)`. Terms of order one in L are
    left out, as are corrections within :math:`x \lesssim 10` of the critical drive; ``sharp_cost_law`` has both. For a
    ladder off its centre by c levels, d + 2|c| in place of d.

    Parameters
    ----------
    accuracy : array_like, shape batch
        L, as ``log_accuracy``.
    n_levels : array_like, shape batch
        Number of levels.
    energy_step : array_like, shape batch
        :math:`\epsilon` > 0, in k_B T.
    shift : array_like, shape batch
        0 < d < n, levels by which the step moves the balance.

    Returns
    -------
    ndarray, shape batch
        NaN beyond ``cost_law_end``: no drive buys that.
    """
    levels, step = _range(n_levels, energy_step, shift)
    wanted = check.finite("accuracy", accuracy)
    check.broadcast(accuracy=wanted, levels=levels, energy_step=step)
    share = 8.0 * wanted / (levels**2 * step)
    with np.errstate(invalid="ignore"):
        # 1 - sqrt(1 - s) without cancellation
        return np.asarray(0.25 + 0.25 * levels * share / (1.0 + np.sqrt(1.0 - share)))[()]


def sharp_cost_law(
    accuracy: ArrayLike, n_levels: ArrayLike, energy_step: ArrayLike, shift: ArrayLike = 1.0
) -> FloatArray:
    """Cost of memory at a given accuracy by ``finite_size_laws``: the drive at which they have it, and its cost there.

    Same arguments, result and range as ``cost_law``, but with all terms and through the critical drive; the cost is
    negative where the first moment is. NaN also where the accuracy is below that at gamma = 1.
    """
    from scipy.optimize import elementwise  # takes a moment to import

    levels, step = _range(n_levels, energy_step, shift)
    wanted = check.finite("accuracy", accuracy)
    n, d = check.finite("n_levels", n_levels), check.finite("shift", shift)
    check.broadcast(accuracy=wanted, levels=levels, energy_step=step)
    values = np.broadcast_arrays(wanted, n, step, d, 0.5 * levels * step)
    wanted, n, step, d, end = (np.asarray(v, dtype=float) for v in values)

    def missing(a: FloatArray, wanted: FloatArray, n: FloatArray, step: FloatArray, d: FloatArray) -> FloatArray:
        return np.asarray(np.log(0.5 * np.tanh(0.25 * d * step)) - log_area(a, n, step, d) - wanted)

    found = elementwise.find_root(missing, (-0.499 * step, end), args=(wanted, n, step, d))
    a = np.where(found.success, found.x, 0.0)
    cost = finite_size_laws(np.exp(-a - 0.5 * step), n, step, d).cost
    return np.asarray(np.where(found.success, cost, np.nan))[()]


def reversal_margin(n_levels: ArrayLike, rate_factor: ArrayLike, change: ArrayLike) -> FloatArray:
    r"""Margin a = ln(1/r) at which the first moment of a centred ladder changes sign.

    .. math:: a^* = \frac{24}{F n^3} \frac{f(\Delta\ell)}{\Delta\ell}, \qquad
              f = \frac{(1 + b)\ln\frac{2}{1 + b} + b \ln b}{1 - b}, \qquad b = e^{-\Delta\ell},

    which is :math:`6/(Fn^3)` for small steps. At r = 1 the levels stay evenly occupied and each rung relaxes by
    itself, which gives mu1 = -f/(n F epsilon); around it mu1 = n^2 d a/24 by the scaling functions. For F well above
    one, energy steps below one, many levels, and a step well within the ladder.

    Parameters
    ----------
    n_levels : array_like, shape batch
        Number of levels.
    rate_factor : array_like, shape batch
        F > 0, vertical over horizontal rates.
    change : array_like, shape batch
        :math:`\Delta\ell` > 0, what the step adds to the logarithmic term of the energy difference, in k_B T.
    """
    n, factor = check.positive("n_levels", n_levels), check.positive("rate_factor", rate_factor)
    step = check.positive("change", change)
    check.broadcast(n_levels=n, rate_factor=factor, change=step)
    b, u = np.exp(-step), -0.5 * np.expm1(-step)  # (1 + b) / 2 = 1 - u
    small = np.minimum(step, 0.1)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(
            step < 0.1, 0.25 - small**2 / 96.0, -(2.0 * (1.0 - u) * np.log1p(-u) + b * step) / (2.0 * u * step)
        )
    return np.asarray(24.0 * share / (factor * n**3))[()]


def _range(n_levels: ArrayLike, energy_step: ArrayLike, shift: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """N = n - d, and the energy step."""
    n, step, d = (
        check.finite("n_levels", n_levels),
        check.positive("energy_step", energy_step),
        check.positive("shift", shift),
    )
    check.broadcast(n_levels=n, energy_step=step, shift=d)
    if (d >= n).any():
        raise InvalidParameterError("shift", d, "fewer levels than the ladder has")
    return n - d, step
