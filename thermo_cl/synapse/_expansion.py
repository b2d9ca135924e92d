"""Compiled Taylor polynomials of one segment of a periodic response, exact to rounding within a known radius.

Close crossings share one: a polynomial of the segment's integral costs a fraction of a sum over all modes, and its
derivatives are the segment's value, slope and curvature. What the polynomial leaves out is bounded mode by mode,
|b| |r h|^n / n! and twice that for all later terms, so that the radius h follows in closed form.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TERMS = 12  # of the Taylor polynomial of the segment; that of its integral has one more
STEEPEST_DEGREE = 4  # powers of time in the modes for which the bound on what is left out is a good one
_ROUNDING = 2e-17  # what may be left out, over the size of the terms
_INVERSE = 1.0 / np.arange(1.0, TERMS + 3.0)


@njit(cache=True, error_model="numpy")
def fading_times(length, alpha, beta, re, poly_re, poly_im, times):
    """Fill the local time from which each mode stays below rounding, infinite for one that does not decay."""
    scale = abs(alpha) + abs(beta) * length
    for k in range(re.shape[0]):
        size = 0.0
        for q in range(poly_re.shape[2] - 1, -1, -1):
            size = size * max(length, 1.0) + math.hypot(poly_re[0, k, q], poly_im[0, k, q])
        times[k] = size
        scale += size
    for k in range(re.shape[0]):
        if times[k] <= 1e-20 * scale:
            times[k] = 0.0
        else:
            times[k] = math.log(times[k] / (1e-20 * scale)) / -re[k] if re[k] < 0.0 else math.inf


@njit(cache=True, error_model="numpy")
def expand(x, alpha, beta, re, im, poly_re, poly_im, fading, decays, integral):
    """Fill the coefficients of the segment's integral from x on, and the modes' decays at x; returns the radius."""
    degree = poly_re.shape[2] - 1
    integral[:] = 0.0
    integral[1], integral[2] = alpha + beta * x, beta
    size, left, fastest, radius = abs(integral[1]), 0.0, 0.0, math.inf
    for k in range(re.shape[0]):
        if x >= 1.5 * fading[k]:
            decays[k] = 0.0
            if fading[k] > 0.0:
                radius = min(radius, x - fading[k])
            continue
        decay = decays[k] = math.exp(re[k] * x)
        if degree == 0 and im[k] == 0.0:
            term = decay * poly_re[0, k, 0]
            size += abs(term)
            for j in range(TERMS):
                integral[j + 1] += term
                term *= re[k] * _INVERSE[j]
            left += abs(term)
            fastest = max(fastest, abs(re[k]))
            continue
        rate, turn = complex(re[k], im[k]), decay * complex(math.cos(im[k] * x), math.sin(im[k] * x))
        fastest = max(fastest, abs(rate))
        for q in range(degree + 1):
            shifted, binomial, power = 0.0 + 0.0j, 1.0, 1.0
            for p in range(q, degree + 1):
                shifted += binomial * power * complex(poly_re[0, k, p], poly_im[0, k, p])
                binomial *= (p + 1) / (p + 1 - q)
                power *= x
            part = shifted * turn
            size += abs(part)
            for j in range(q, TERMS):
                integral[j + 1] += part.real
                part *= rate * _INVERSE[j - q]
            left += abs(part)
    for j in range(1, TERMS + 1):
        integral[j] *= _INVERSE[j - 1]
    if fastest > 0.0:
        radius = min(radius, 0.5 * (TERMS + 1 - degree) / fastest)  # later terms at most halve from one to the next
    if left > 0.0:
        radius = min(radius, (0.5 * _ROUNDING * size / left) ** (1.0 / TERMS))
    return radius


@njit(cache=True, error_model="numpy")
def follow(level, t, least, most, x, integral):
    """Where the polynomial about x passes a level, from a guess t between ``least`` and ``most``.

    Returns the time since x (not a number if there is no such place) and, there, integral from x and derivatives 1..3.
    """
    for _ in range(4):
        if not least <= t <= most:
            break
        total, value, slope, curvature, third = integral[TERMS], 0.0, 0.0, 0.0, 0.0
        for j in range(TERMS - 1, -1, -1):
            third = third * t + curvature
            curvature = curvature * t + slope
            slope = slope * t + value
            value = value * t + total
            total = total * t + integral[j]
        slope, curvature, third = 2.0 * slope, 6.0 * curvature, 24.0 * third
        miss = value - level
        newton, bend = miss / slope, curvature / slope
        correction = 1.0 - 0.5 * newton * bend
        if not correction > 0.5:
            break
        d = -newton / correction
        if correction > 0.9 and abs(d) ** 3 * (bend * bend + abs(third / slope)) <= 1e-16 * (x + t):
            passed = total + d * (value + d * (0.5 * slope + d * curvature * (1.0 / 6.0)))
            return t + d, passed, slope + d * (curvature + 0.5 * d * third), curvature + d * third, third
        t += d
    return math.nan, 0.0, 0.0, 0.0, 0.0
