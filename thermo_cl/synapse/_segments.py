"""Compiled global least squares of a continuous line of three segments, by sums over suffixes of the data."""

from __future__ import annotations

import numpy as np
from numba import njit, prange

_STARTS = 48  # candidate breaks along the data in the global scan
_ROUNDS = 28  # refinements, each shrinking the window around the best pair by 0.45


@njit(cache=True)
def _suffix_sums(x, y):  # type: ignore[no-untyped-def]
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


@njit(cache=True)
def _explained(x, sums, b1, b2):  # type: ignore[no-untyped-def]
    """Part of the sum of squares explained by 1, x, (x - b1)+, (x - b2)+: largest at the best breaks."""
    s0, s1, s2 = sums[0], sums[np.searchsorted(x, b1)], sums[np.searchsorted(x, b2)]
    a, g = np.empty((4, 4)), np.empty(4)
    a[0, 0], a[0, 1], a[1, 1] = s0[0], s0[1], s0[2]
    a[0, 2], a[1, 2], a[2, 2] = s1[1] - b1 * s1[0], s1[2] - b1 * s1[1], s1[2] - 2.0 * b1 * s1[1] + b1 * b1 * s1[0]
    a[0, 3], a[1, 3], a[3, 3] = s2[1] - b2 * s2[0], s2[2] - b2 * s2[1], s2[2] - 2.0 * b2 * s2[1] + b2 * b2 * s2[0]
    a[2, 3] = s2[2] - (b1 + b2) * s2[1] + b1 * b2 * s2[0]
    g[0], g[1], g[2], g[3] = s0[3], s0[4], s1[4] - b1 * s1[3], s2[4] - b2 * s2[3]
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


@njit(cache=True)
def _refine(x, sums, b1, b2, width):  # type: ignore[no-untyped-def]
    best = _explained(x, sums, b1, b2)
    low, high = x[0], x[-1]
    for _ in range(_ROUNDS):
        centre1, centre2 = b1, b2
        for i in range(-3, 4):
            for j in range(-3, 4):
                c1, c2 = centre1 + width * i / 3.0, centre2 + width * j / 3.0
                if low < c1 < c2 < high:
                    value = _explained(x, sums, c1, c2)
                    if value > best:
                        best, b1, b2 = value, c1, c2
        width *= 0.45
    return best, b1, b2


@njit(cache=True, parallel=True)
def best_breaks(x, y, breaks):  # type: ignore[no-untyped-def]
    """Fill ``breaks`` (batch, 2) with the inner breaks of the least-squares line of each row of ``y``."""
    step = (x[-1] - x[0]) / (_STARTS + 1)
    for row in prange(y.shape[0]):
        sums = _suffix_sums(x, y[row])
        tops, pairs = np.full(4, -np.inf), np.zeros((4, 2))  # a few best cells, refined each: the fit has local optima
        for i in range(1, _STARTS + 1):
            for j in range(i + 1, _STARTS + 1):
                value = _explained(x, sums, x[0] + i * step, x[0] + j * step)
                worst = np.argmin(tops)
                if value > tops[worst]:
                    tops[worst], pairs[worst, 0], pairs[worst, 1] = value, x[0] + i * step, x[0] + j * step
        best = -np.inf
        for k in range(4):
            value, b1, b2 = _refine(x, sums, pairs[k, 0], pairs[k, 1], 1.5 * step)
            if value > best:
                best, breaks[row, 0], breaks[row, 1] = value, b1, b2
