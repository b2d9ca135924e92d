"""How far the top-rail occupancy of a ladder moves, to full relative precision: the corner identity.

No net probability crosses a cut between two levels. Summed over all cuts this gives, with r the horizontal rate
against the drive,

    P_top = 1/2 - [p_bot(n-1) - p_top(0) - r (p_bot(0) - p_top(n-1))] / (2 (1 - r)),

so the occupancy misses 1/2 only through the four corner states, each of which subtraction-free elimination
knows to full precision. A plain difference of two sums near 1/2 would keep no digit below 1e-16.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from thermo_cl._types import Array, FloatArray
from thermo_cl.markov.algebra.elimination import eliminate

__all__ = ["occupancy_change", "occupancy_slope", "smallest_terms"]

_EPS = np.finfo(float).eps


def _corner_terms(p: Array, backward: FloatArray) -> tuple[Array, FloatArray]:
    """Deviation of the top-rail occupancy from 1/2, and the size of the terms it is a sum of."""
    n = p.shape[-1] // 2
    gap = np.where(backward == 1.0, _EPS, 1.0 - backward)  # at r = 1 the size below rules the form out
    terms = np.stack([p[..., 0], -p[..., 2 * n - 1], backward * p[..., n], -backward * p[..., n - 1]], axis=-1)
    return 0.5 * terms.sum(axis=-1) / gap, 0.5 * np.abs(terms.real).sum(axis=-1) / np.abs(gap)


def occupancy_change(
    before: FloatArray, after: FloatArray, backward: FloatArray, solved: FloatArray, solved_size: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Top-rail occupancy after minus before, in the form that adds up the smallest terms, and their size.

    Parameters
    ----------
    before, after : ndarray, shape (..., 2n)
        Entrywise-accurate steady states.
    backward : ndarray, shape (...)
        Horizontal rate against the drive, r.
    solved, solved_size : ndarray, shape (...)
        The same change by a linear solve, and the size of the terms it sums: best for small steps.

    Notes
    -----
    Corners are best where the ladder adapts, the sum over one rail where the other is nearly always occupied.
    """
    n = before.shape[-1] // 2
    (first, first_size), (last, last_size) = _corner_terms(before, backward), _corner_terms(after, backward)
    top = [p[..., :n].sum(axis=-1) for p in (before, after)]
    bottom = [p[..., n:].sum(axis=-1) for p in (before, after)]
    return smallest_terms(
        [last - first, top[1] - top[0], bottom[0] - bottom[1], solved],
        [first_size + last_size, top[0] + top[1], bottom[0] + bottom[1], solved_size],
    )


def smallest_terms(forms: Sequence[FloatArray], sizes: Sequence[FloatArray]) -> tuple[FloatArray, FloatArray]:
    """Of several forms of one number, entry by entry the one with the smallest terms, and their size."""
    values, size = np.stack(np.broadcast_arrays(*forms)), np.stack(np.broadcast_arrays(*sizes))
    best = np.argmin(size, axis=0)[None]
    value, terms = (np.take_along_axis(a, best, axis=0)[0] for a in (values, size))
    return np.asarray(value), np.asarray(terms)


def occupancy_slope(rates: Array, backward: FloatArray, solved: FloatArray, step: float) -> FloatArray:
    """Derivative of the top-rail occupancy from rates with a complex step, by corners where they are usable."""
    p = eliminate(rates).steady_state()
    by_corners, size = _corner_terms(p, backward)
    usable = size <= 1.0
    return np.asarray(np.where(usable, by_corners.imag / step, solved))
