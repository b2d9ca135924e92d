r"""Compiled recursion over the levels of ladders: steady states, plaquette currents and forces without subtraction.

Write r for the horizontal rate against the drive, w = exp(-dE_m), F for the vertical factor. Level m seen from the
right, with all levels to its left eliminated, has effective vertical rates alpha (bottom to top) and beta (top to
bottom). With D = r + r alpha + beta the next level has

    alpha' = up' + r^2 alpha / D,    beta' = down' + beta / D,

and from the other side, with D = r + alpha + r beta,

    alpha' = up' + alpha / D,    beta' = down' + r^2 beta / D.

The steady state of a level is (top, bottom) = y (alpha, beta) with both sides eliminated, and no net flux across a cut,
y (r alpha + beta) = y' (alpha' + r beta'), joins the levels.

The violation of detailed balance, alpha - w beta, is zero for a bare level, so it is (gamma^2 - 1) q from the left and
(1 - gamma^2) q from the right with q a sum of positive terms, and so is the current through each cut.

All rates of a level are stored times v / F with v = min(w, 1/w): nothing overflows, the larger vertical rate is one.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

_RESTART = 16  # levels between two exponentials; powers in between lose less than 16 roundings
_STEEP = 40.0  # energy step from which every level takes its own exponential
_LARGEST = 1e307  # its inverse still has all its digits
_FAR = 1e50  # weights beyond this, or its inverse, carry an exponent of their own

STEADY, CURRENTS, EDGES = 0, 1, 2  # how much `levels` fills in


@njit(cache=True, error_model="numpy")
def weights(n, step, reference, ligand, w):
    """Fill w[m] = exp(-dE_m); ``ligand`` is the exponential of the signal's part of dE."""
    if abs(step) > _STEEP or abs(step * reference) + abs(step) * n > 690.0:
        offset = math.log(ligand)
        for m in range(n):
            w[m] = math.exp(step * (m - reference) - offset)
    else:
        inverse, growth = 1.0 / ligand, math.exp(step)
        for first in range(0, n, _RESTART):
            value = math.exp(step * (first - reference)) * inverse
            for m in range(first, min(first + _RESTART, n)):
                w[m] = value
                value *= growth


@njit(cache=True, error_model="numpy")
def eliminate(n, r, inverse_factor, w, x, left_up, left_down, left_inverse, right_up, right_down, right_inverse):
    """Eliminate from both ends; ``x`` is the scale v / F, ``*_inverse`` is 1/D in that scale. Both see level m."""
    for m in range(n):
        v = min(w[m], 1.0 / w[m])
        x[m] = v * inverse_factor
        rising = w[m] > 1.0
        left_up[m] = right_up[m] = 1.0 if rising else v
        left_down[m] = right_down[m] = v if rising else 1.0
    la, lb, ra, rb = left_up[0], left_down[0], right_up[n - 1], right_down[n - 1]
    for m in range(n - 1):  # two independent chains, which a processor runs side by side
        k = n - 1 - m
        flow = r * la
        inverse = 1.0 / (r * x[m] + flow + lb)
        left_inverse[m] = inverse
        la = left_up[m + 1] + r * x[m + 1] * (flow * inverse)
        lb = left_down[m + 1] + x[m + 1] * (lb * inverse)
        left_up[m + 1], left_down[m + 1] = la, lb
        flow = r * rb
        inverse = 1.0 / (r * x[k] + ra + flow)
        right_inverse[k] = inverse
        ra = right_up[k - 1] + x[k - 1] * (ra * inverse)
        rb = right_down[k - 1] + r * x[k - 1] * (flow * inverse)
        right_up[k - 1], right_down[k - 1] = ra, rb


@njit(cache=True, error_model="numpy")
def _times(c, k, factor):
    """Product of c 2^k with a factor, as a number and an exponent."""
    product = c * factor
    if 1.0 / _FAR < product < _FAR:
        return product, k
    c, first = math.frexp(c)
    factor, second = math.frexp(factor)
    return c * factor, k + first + second


@njit(cache=True, error_model="numpy")
def _far_weights(n, up, down, ratio, y):
    """Weights outwards from the most probable level, for ladders on which they leave the range of a double."""
    best, c, k = 0, 1.0, 0
    size, exponent = math.frexp(up[0] + down[0])
    for m in range(n - 1):
        c, k = _times(c, k, ratio[m])
        f, first = math.frexp(c)
        g, second = math.frexp(up[m + 1] + down[m + 1])
        f, third = math.frexp(f * g)
        e = k + first + second + third
        if e > exponent or (e == exponent and f > size):
            best, size, exponent = m + 1, f, e
    y[best] = 1.0
    c, k = 1.0, 0
    for m in range(best, n - 1):
        c, k = _times(c, k, ratio[m])
        y[m + 1] = c if k == 0 else math.ldexp(c, max(k, -4000))
    c, k = 1.0, 0
    for m in range(best - 1, -1, -1):
        c, k = _times(c, k, 1.0 / ratio[m])
        y[m] = c if k == 0 else math.ldexp(c, max(k, -4000))


@njit(cache=True, error_model="numpy")
def _steady(n, r, x, left_up, left_down, right_up, right_down, right_inverse, up, down, ratio, y):
    """Rates with both sides eliminated, and weights y of the levels, which are normalised."""
    for m in range(n - 1):
        up[m] = left_up[m] + x[m] * (right_up[m + 1] * right_inverse[m + 1])
        down[m] = left_down[m] + r * x[m] * (r * right_down[m + 1] * right_inverse[m + 1])
    up[n - 1], down[n - 1] = left_up[n - 1], left_down[n - 1]
    c, total, near = 1.0, up[0] + down[0], True
    y[0] = 1.0
    for m in range(n - 1):
        ratio[m] = (r * up[m] + down[m]) / (up[m + 1] + r * down[m + 1])
        c *= ratio[m]
        near = near and 1.0 / _FAR < c < _FAR
        y[m + 1] = c
        total += c * (up[m + 1] + down[m + 1])
    if not near:
        _far_weights(n, up, down, ratio, y)
        total = 0.0
        for m in range(n):
            total += y[m] * (up[m] + down[m])
    scale = 1.0 / total
    for m in range(n):
        y[m] *= scale


@njit(cache=True, error_model="numpy")
def _violations(n, r, w, x, left_down, left_inverse, right_down, right_inverse, left_q, right_q):
    """Violations q of detailed balance by the effective rates, not scaled: sums of positive terms."""
    left_q[0] = right_q[n - 1] = 0.0
    for m in range(n - 1):
        k = n - 1 - m
        left_q[m + 1] = (r * (r * left_q[m] * x[m]) + w[m + 1] * left_down[m]) * left_inverse[m]
        right_q[k - 1] = (right_q[k] * x[k] + w[k] * right_down[k]) * right_inverse[k]


@njit(cache=True, error_model="numpy")
def _force(change, forward, backward):
    """Logarithm of forward over backward, whose relative change is known without subtracting them."""
    return math.log1p(change) if abs(change) < 0.5 else math.log(forward) - math.log(backward)


@njit(cache=True, error_model="numpy", nogil=True)
def levels(
    start, stop, want, n, gamma, factor, reference, step, inactive, active, signal,
    refused, p, currents, sigma, vertical, vertical_force, top_force, bottom_force,
):  # fmt: skip
    """Fill in ladders ``start`` to ``stop``: p (2n), then plaquette currents (n - 1) and sigma, then rungs and forces.

    ``want`` is STEADY, CURRENTS or EDGES; arrays that are not wanted are not touched. ``refused`` marks ladders whose
    rates overflow.
    """
    w, x, up, down, ratio, y = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    left_up, left_down, left_inverse, left_q = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    right_up, right_down, right_inverse, right_q = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    for i in range(start, stop):
        f = factor[i]
        r = gamma[i] * math.exp(0.5 * step[i])
        ligand = (1.0 + signal[i] / inactive[i]) / (1.0 + signal[i] / active[i])
        weights(n, step[i], reference[i], ligand, w)
        # energies are linear in the level: the extreme rates are at the ends
        largest = max(w[0], 1.0 / w[0], w[n - 1], 1.0 / w[n - 1])
        refused[i] = not (largest < _LARGEST and f * largest < np.inf and 0.0 < r < np.inf)
        if refused[i]:
            continue
        eliminate(n, r, 1.0 / f, w, x, left_up, left_down, left_inverse, right_up, right_down, right_inverse)
        _steady(n, r, x, left_up, left_down, right_up, right_down, right_inverse, up, down, ratio, y)
        for m in range(n):
            p[i, m], p[i, n + m] = up[m] * y[m], down[m] * y[m]
        if want == STEADY:
            continue
        _violations(n, r, w, x, left_down, left_inverse, right_down, right_inverse, left_q, right_q)
        drive, total = (gamma[i] - 1.0) * (gamma[i] + 1.0), 0.0
        for m in range(n - 1):
            flow = (left_down[m] * left_inverse[m]) * (w[m + 1] * right_down[m + 1] + right_q[m + 1] * x[m + 1])
            flow += (r * left_q[m] * x[m] * left_inverse[m]) * (r * right_down[m + 1])
            flow *= drive
            currents[i, m] = flow * y[m + 1]
            total += currents[i, m]
            if want == EDGES:
                a, b = up[m + 1], r * down[m + 1]
                top_force[i, m] = _force(flow / a, r * up[m] * (1.0 / ratio[m]), a)
                bottom_force[i, m] = _force(-flow / b, down[m] * (1.0 / ratio[m]), b)
        sigma[i] = 2.0 * math.log(gamma[i]) * total
        if want == EDGES:
            for m in range(n):
                flow = drive * (right_q[m] - left_q[m])
                vertical[i, m] = flow * y[m] * min(1.0, 1.0 / w[m])
                vertical_force[i, m] = _force(flow * x[m] / up[m], w[m] * down[m], up[m])
