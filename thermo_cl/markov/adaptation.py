"""How far the top-rail occupancy of a ladder moves, to full relative precision: the corner identity.

No net probability crosses a cut between two levels. Summed over all cuts this gives, with r the horizontal rate
against the drive,

    P_top = 1/2 - [p_bot(n-1) - p_top(0) - r (p_bot(0) - p_top(n-1))] / (2 (1 - r)),

so the occupancy misses 1/2 only through the four corner states, each of which subtraction-free elimination
knows to full precision. A plain difference of two sums near 1/2 would keep no digit below 1e-16.
"""

from __future__ import annotations

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.markov.elimination import eliminate

__all__ = ["occupancy_change", "occupancy_slope"]

_EPS = np.finfo(float).eps


def _corner_terms(p: Array, backward: FloatArray) -> tuple[Array, FloatArray]:
    """Deviation of the top-rail occupancy from 1/2, and the size of the terms it is a sum of."""
    n = p.shape[-1] // 2
    gap = np.where(backward == 1.0, _EPS, 1.0 - backward)  # at r = 1 the size below rules the form out
    terms = np.stack([p[..., 0], -p[..., 2 * n - 1], backward * p[..., n], -backward * p[..., n - 1]], axis=-1)
    return 0.5 * terms.sum(axis=-1) / gap, 0.5 * np.abs(terms.real).sum(axis=-1) / np.abs(gap)


def _plain_terms(p: Array) -> Array:
    n = p.shape[-1] // 2
    return 0.5 * (p[..., :n].sum(axis=-1) - p[..., n:].sum(axis=-1))


def occupancy_change(before: FloatArray, after: FloatArray, backward: FloatArray, solved: FloatArray) -> FloatArray:
    """Top-rail occupancy after minus before, by whichever form has the smallest rounding error.

    Parameters
    ----------
    before, after : ndarray, shape (..., 2n)
        Entrywise-accurate steady states.
    backward : ndarray, shape (...)
        Horizontal rate against the drive, r.
    solved : ndarray, shape (...)
        The same change by a linear solve: better for small steps, worse for good adaptation.
    """
    (first, size_first), (last, size_last) = _corner_terms(before, backward), _corner_terms(after, backward)
    plain = _plain_terms(after) - _plain_terms(before)
    by_corners, corner_error = last - first, size_first + size_last
    moved = np.abs(after - before).sum(axis=-1)  # size of the terms that the linear solve sums
    usable = (corner_error <= 1.0) & (corner_error <= 4.0 * moved)
    by_sums = np.where(moved < 0.25, solved, plain)
    return np.asarray(np.where(usable, by_corners, by_sums))


def occupancy_slope(rates: Array, backward: FloatArray, solved: FloatArray, step: float) -> FloatArray:
    """Derivative of the top-rail occupancy from rates with a complex step, by corners where they are usable."""
    p = eliminate(rates).steady_state()
    by_corners, size = _corner_terms(p, backward)
    usable = size <= 1.0
    return np.asarray(np.where(usable, by_corners.imag / step, solved))
