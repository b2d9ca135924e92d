"""Compiled global least squares of a continuous line of three segments, by sums over suffixes of the data."""

from __future__ import annotations

import numpy as np
from numba import njit

_STARTS = 110  # candidate breaks along the data in the coarse scan
_KEPT = 6  # pairs carried from each scan to the next
_ROUNDS = 30  # refinements, each shrinking the window around a pair by 0.6


@njit(cache=True, error_model="numpy")
def _suffix_sums(x, y):
    """Row i holds the sums of 1, x, x^2, y, xy over the data from i on."""
    n = x.shape[0]
    sums = np.zeros((n + 1, 5))
    for i in range(n - 1, -1, -1):
        sums[i, 0] = sums[i + 1, 0] + 1.0
        sums[i, 1] = sums[i + 1, 1] + x[i]
        sums[i, 2] = sums[i + 1, 2] + x[i] * x[i]
        sums[i, 3] = sums[i + 1, 3] + y[i]
        sums[i, 4] = sums[i + 1, 4] + x[i] * y[i]
    return sums


@njit(cache=True, error_model="numpy")
def _explained(x, sums, b1, b2):
    """Part of the sum of squares that a line broken at b1 and b2 explains: largest at the best breaks.

    Columns 1, x, a ramp from 0 at b1 to 1 at b2, and (x - b2)+ span the same lines as two hinges do, and stay
    independent when the breaks meet, where the ramp becomes a step.
    """
    whole, after = sums[0], sums[np.searchsorted(x, b2)]
    between, d = sums[np.searchsorted(x, b1)] - after, b2 - b1
    a, g = np.empty((4, 4)), np.empty(4)
    a[0, 0], a[0, 1], a[1, 1] = whole[0], whole[1], whole[2]
    a[0, 2] = (between[1] - b1 * between[0]) / d + after[0]
    a[1, 2] = (between[2] - b1 * between[1]) / d + after[1]
    a[2, 2] = (between[2] - 2.0 * b1 * between[1] + b1 * b1 * between[0]) / (d * d) + after[0]
    a[0, 3] = a[2, 3] = after[1] - b2 * after[0]
    a[1, 3] = after[2] - b2 * after[1]
    a[3, 3] = after[2] - 2.0 * b2 * after[1] + b2 * b2 * after[0]
    g[0], g[1] = whole[3], whole[4]
    g[2] = (between[4] - b1 * between[3]) / d + after[3]
    g[3] = after[4] - b2 * after[3]
    total = 0.0
    for i in range(4):  # Cholesky with forward substitution; a dependent column explains nothing more
        pivot = a[i, i]
        for k in range(i):
            pivot -= a[k, i] * a[k, i]
        if pivot <= 1e-12 * a[i, i]:
            for j in range(i, 4):
                a[i, j] = 0.0
            g[i] = 0.0
            continue
        root = np.sqrt(pivot)
        value = g[i]
        for k in range(i):
            value -= a[k, i] * g[k]
        g[i] = value / root
        for j in range(i + 1, 4):
            entry = a[i, j]
            for k in range(i):
                entry -= a[k, i] * a[k, j]
            a[i, j] = entry / root
        total += g[i] * g[i]
    return total


@njit(cache=True, error_model="numpy")
def _keep(tops, pairs, value, b1, b2, apart):
    """Put a pair of breaks among the best seen so far, in place of a worse one nearby or of the worst of all."""
    place = int(np.argmin(tops))
    for k in range(tops.shape[0]):
        if abs(pairs[k, 0] - b1) < apart and abs(pairs[k, 1] - b2) < apart:
            place = k
            break
    if value > tops[place]:
        tops[place], pairs[place, 0], pairs[place, 1] = value, b1, b2


@njit(cache=True, error_model="numpy")
def _scan(x, sums, centre1, centre2, width, points, tops, pairs, apart):
    """Try a square grid of breaks of half-width ``width`` around a centre."""
    for i in range(-points, points + 1):
        b1 = centre1 + width * i / points
        for j in range(-points, points + 1):
            b2 = centre2 + width * j / points
            if x[0] < b1 < b2 < x[-1]:
                _keep(tops, pairs, _explained(x, sums, b1, b2), b1, b2, apart)


@njit(cache=True, nogil=True, error_model="numpy")
def best_breaks(begin, end, x, y, breaks):
    """Fill ``breaks`` (batch, 2) with the inner breaks of the least-squares line of rows begin to end of ``y``.

    The sum of squares has many local optima, one for nearly every pair of data intervals. A coarse scan of all pairs
    is followed by one at half the spacing of the data, and only then by refinement inside an interval.
    """
    length = x[-1] - x[0]
    step, spacing = length / (_STARTS + 1), length / (x.shape[0] - 1)
    for row in range(begin, end):
        sums = _suffix_sums(x, y[row])
        starts, from_pairs = np.full(_KEPT, -np.inf), np.full((_KEPT, 2), np.inf)
        for i in range(1, _STARTS + 1):
            for j in range(i, _STARTS + 1):
                b1, b2 = x[0] + i * step, x[0] + (j + 0.5) * step
                _keep(starts, from_pairs, _explained(x, sums, b1, b2), b1, b2, 1.9 * step)
        cells, cell_pairs = np.full(_KEPT, -np.inf), np.full((_KEPT, 2), np.inf)
        points = int(np.ceil(2.0 * step / spacing))
        for k in range(_KEPT):
            if starts[k] == -np.inf:
                continue
            _scan(
                x,
                sums,
                from_pairs[k, 0],
                from_pairs[k, 1],
                0.5 * spacing * points,
                points,
                cells,
                cell_pairs,
                0.9 * spacing,
            )
        best = -np.inf
        for k in range(_KEPT):
            if cells[k] == -np.inf:
                continue
            top, pair = np.full(1, cells[k]), cell_pairs[k : k + 1].copy()
            width = spacing
            for _ in range(_ROUNDS):
                _scan(x, sums, pair[0, 0], pair[0, 1], width, 3, top, pair, np.inf)
                width *= 0.6
            if top[0] > best:
                best, breaks[row, 0], breaks[row, 1] = top[0], pair[0, 0], pair[0, 1]
