"""Derivatives by extrapolated differences, with an estimate of their error."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray

__all__ = ["difference_jacobian"]

_LARGEST_STEP = 0.25  # over the scale of a variable
_LEVELS = 14


def difference_jacobian(
    function: Callable[[FloatArray], ArrayLike], point: ArrayLike, scale: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    r"""Jacobian of a smooth function by central differences extrapolated to step 0.

    The quotient at step h errs by a series in :math:`h^2`; steps that are halved time after time give a triangle of
    extrapolations (Richardson, Phil. Trans. R. Soc. A 226, 299 (1927)), of which every entry takes the one that differs
    least from its neighbours (Ridders, Adv. Eng. Software 4, 75 (1982)). Rounding leaves 10 to 14 digits. A variable
    that a component does not depend on gives exactly 0.

    Parameters
    ----------
    function : callable
        From shape (n,) to shape (m,).
    point, scale : array_like, shape (n,)
        Where, and over which distances the function changes; any that is right to a factor of 100 will do.

    Returns
    -------
    derivative, error : ndarray, shape (m, n)
        The error is estimated; both are not a number where the function was never finite.
    """
    x, size = np.asarray(point, dtype=float), np.asarray(scale, dtype=float)
    columns = [_column(function, x, k, _LARGEST_STEP * float(size[k])) for k in range(x.size)]
    return np.stack([c[0] for c in columns], axis=1), np.stack([c[1] for c in columns], axis=1)


def _column(
    function: Callable[[FloatArray], ArrayLike], x: FloatArray, k: int, step: float
) -> tuple[FloatArray, FloatArray]:
    """Derivative along one variable, and its error, each of shape (m,)."""
    rows: list[list[FloatArray]] = []
    best: FloatArray | None = None
    error = np.empty(0)
    for level in range(_LEVELS):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += step / 2.0**level
        behind[k] -= step / 2.0**level
        with np.errstate(all="ignore"):
            upper, lower = (np.asarray(function(end), dtype=float) for end in (ahead, behind))
            row = [(upper - lower) / (ahead[k] - behind[k])]
            for order in range(1, level + 1):
                row.append(row[-1] + (row[-1] - rows[-1][order - 1]) / (4.0**order - 1.0))
        rows.append(row)
        if best is None:
            best, error = np.full(row[0].shape, np.nan), np.full(row[0].shape, np.inf)
        # rounding of the quotient is carried along, so that chance agreement is not taken for accuracy
        rounding = 4.0 * np.finfo(float).eps * (np.abs(upper) + np.abs(lower)) / (ahead[k] - behind[k])
        for order in range(1, level + 1):
            spread = np.maximum(np.abs(row[order] - row[order - 1]), np.abs(row[order] - rows[-2][order - 1]))
            spread = spread + rounding
            better = spread < error  # never where it is not a number
            best, error = np.where(better, row[order], best), np.where(better, spread, error)
        if (error <= rounding).all():
            break  # smaller steps only lose digits
    assert best is not None
    return best, error
