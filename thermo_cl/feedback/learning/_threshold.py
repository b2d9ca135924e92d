"""Compiled integrals of thresholded combinations of two tabulated functions.

A cell is settled by its ends where a bound on the curvature proves that the output stays on one side of the
threshold. Else it is halved, or cut at its extremum, until the pieces are monotone: each then crosses a level once at
most.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_DEPTH = 52  # halvings of a cell: what is narrower is below rounding


@njit(cache=True, inline="always", error_model="numpy")
def _value(p, y):
    total = p[-1]
    for n in range(p.shape[0] - 2, -1, -1):
        total = total * y + p[n]
    return total


@njit(cache=True, inline="always", error_model="numpy")
def _value_slope(p, y):
    total, slope = p[-1], 0.0
    for n in range(p.shape[0] - 2, -1, -1):
        slope = slope * y + total
        total = total * y + p[n]
    return total, slope


@njit(cache=True, error_model="numpy")
def _slope_curvature(p, y):
    total, slope, half = p[-1], 0.0, 0.0
    for n in range(p.shape[0] - 2, -1, -1):
        half = half * y + slope
        slope = slope * y + total
        total = total * y + p[n]
    return slope, 2.0 * half


@njit(cache=True, error_model="numpy")
def _between(p, low, high):
    """Integral of the polynomial from low to high."""
    above, below = 0.0, 0.0
    for n in range(p.shape[0] - 1, -1, -1):
        c = p[n] / (n + 1)
        above = above * high + c
        below = below * low + c
    return above * high - below * low


@njit(cache=True, error_model="numpy")
def _crossing(p, level, low, high, at_low, at_high):
    """Where the monotone polynomial passes the level: Newton steps in a shrinking bracket, from the secant."""
    rising = at_high > at_low
    x = low + (high - low) * (level - at_low) / (at_high - at_low)
    for _ in range(100):
        value, slope = _value_slope(p, x)
        miss = value - level
        if miss == 0.0:
            return x
        if (miss < 0.0) == rising:
            low = x
        else:
            high = x
        new = x - miss / slope if slope != 0.0 else 0.5 * (low + high)
        if not low <= new <= high:
            new = 0.5 * (low + high)
        if abs(new - x) <= 1e-16 or (new in (low, high) and abs(high - low) <= 3e-16):
            return new
        x = new
    return x


@njit(cache=True, error_model="numpy")
def _extremum(p, low, high):
    """The single root of the slope between low and high, by bracketed Newton steps."""
    falling = _slope_curvature(p, low)[0] > 0.0
    x = 0.5 * (low + high)
    for _ in range(100):
        slope, curvature = _slope_curvature(p, x)
        if slope == 0.0:
            return x
        if (slope > 0.0) == falling:
            low = x
        else:
            high = x
        new = x - slope / curvature if curvature != 0.0 else 0.5 * (low + high)
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - x) <= 1e-15 or new in (low, high):
            return new
        x = new
    return x


@njit(cache=True, error_model="numpy")
def _monotone(p, threshold, low, high, at_low, at_high):
    """Integral over the parts of a monotone piece that lie past the threshold on either side."""
    total = 0.0
    bottom, top = min(at_low, at_high), max(at_low, at_high)
    if bottom >= threshold or top <= -threshold:
        return _between(p, low, high)
    rising = at_high > at_low
    if top >= threshold:
        x = _crossing(p, threshold, low, high, at_low, at_high)
        total += _between(p, x, high) if rising else _between(p, low, x)
    if bottom <= -threshold:
        x = _crossing(p, -threshold, low, high, at_low, at_high)
        total += _between(p, low, x) if rising else _between(p, x, high)
    return total


@njit(cache=True, error_model="numpy")
def _cell(p, threshold, stack, depths):
    """Integral of g(p(y)) for y from -1 to 1; stack (_DEPTH + 2, 2)."""
    bend, twist, scale = 0.0, 0.0, abs(p[0])  # bounds of the second and the third derivative
    for n in range(1, p.shape[0]):
        size = abs(p[n])
        scale += size
        bend += size * n * (n - 1)
        twist += size * n * (n - 1) * (n - 2)
    total, size = 0.0, 1
    stack[0, 0], stack[0, 1], depths[0] = -1.0, 1.0, 0
    while size > 0:
        size -= 1
        low, high, depth = stack[size, 0], stack[size, 1], depths[size]
        width = high - low
        at_low, slope_low = _value_slope(p, low)
        at_high, slope_high = _value_slope(p, high)
        slack = 0.125 * width * width * bend
        bottom, top = min(at_low, at_high) - slack, max(at_low, at_high) + slack
        if bottom > -threshold and top < threshold:
            continue
        if bottom >= threshold or top <= -threshold:
            total += _between(p, low, high)
            continue
        same = (slope_low > 0.0) == (slope_high > 0.0)
        if same and abs(slope_low) + abs(slope_high) > width * bend:
            total += _monotone(p, threshold, low, high, at_low, at_high)
            continue
        curve_low, curve_high = _slope_curvature(p, low)[1], _slope_curvature(p, high)[1]
        if (curve_low > 0.0) == (curve_high > 0.0) and abs(curve_low) + abs(curve_high) > width * twist:
            if same:
                total += _monotone(p, threshold, low, high, at_low, at_high)
                continue
            x = _extremum(p, low, high)
            at = _value(p, x)
            total += _monotone(p, threshold, low, x, at_low, at)
            total += _monotone(p, threshold, x, high, at, at_high)
            continue
        middle = 0.5 * (low + high)
        if depth >= _DEPTH or slack <= 2e-16 * scale:  # flat to rounding, or too narrow to matter
            if abs(_value(p, middle)) >= threshold:
                total += _between(p, low, high)
            continue
        stack[size, 0], stack[size, 1], depths[size] = middle, high, depth + 1
        stack[size + 1, 0], stack[size + 1, 1], depths[size + 1] = low, middle, depth + 1
        size += 2
    return total


@njit(cache=True, nogil=True, error_model="numpy")
def integrals(begin, end, halves, coefficients, ends, bends, whole, first, second, bias, threshold, result):
    """Fill ``result`` from begin to end: the integral of g(first F1 + second F2 + bias) over the cells."""
    cells, size = coefficients.shape[0], coefficients.shape[2]
    p, stack, depths = np.empty(size), np.empty((_DEPTH + 4, 2)), np.empty(_DEPTH + 4, np.int64)
    for e in range(begin, end):
        a, b, c, limit = first[e], second[e], bias[e], threshold[e]
        total = 0.0
        for i in range(cells):
            at_low = a * ends[i, 0, 0] + b * ends[i, 1, 0] + c
            at_high = a * ends[i, 0, 1] + b * ends[i, 1, 1] + c
            slack = abs(a) * bends[i, 0] + abs(b) * bends[i, 1]
            bottom, top = min(at_low, at_high) - slack, max(at_low, at_high) + slack
            if bottom > -limit and top < limit:
                continue
            if bottom >= limit or top <= -limit:
                total += a * whole[i, 0] + b * whole[i, 1] + c * 2.0 * halves[i]
                continue
            for n in range(size):
                p[n] = a * coefficients[i, 0, n] + b * coefficients[i, 1, n]
            p[0] += c
            total += halves[i] * _cell(p, limit, stack, depths)
        result[e] = total
