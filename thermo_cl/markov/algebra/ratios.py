"""Logarithms of ratios: the forces and affinities of edges."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import FloatArray

__all__ = ["log_ratio"]


def log_ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """``ln(above / below)`` of numbers >= 0: digits are kept where they are close, and range where they are not.

    Infinite where one of them is zero, 0 where both are.
    """
    both = (above > 0) & (below > 0)
    a, b = np.where(both, above, 1.0), np.where(both, below, 1.0)
    near = np.abs(a - b) < 0.5 * b  # there the difference of logarithms cancels, log1p does not
    finite = np.where(near, np.log1p(np.where(near, a - b, 0.0) / b), np.log(a) - np.log(b))
    return np.asarray(np.where(both, finite, np.where(above > 0, np.inf, np.where(below > 0, -np.inf, 0.0))))
