r"""Compiled moments of a ladder's step response, linear in the number of levels.

The displacement d = p0 - p1 of two steady states solves W1 d = (W1 - W0) p0, a flow h up each rung. Elimination from
the left turns a flow into a flow, h' = h + r h_left / D, so d is p1 times a number c that adds terms of one sign from
level to level, plus g (-1, r) with g of one sign too. The area is minus the top rail's share of d, by its sum or by
the corner identity, as for the first moment: the mean level moves by (1 - r)(1 - 2 P_top) but for the ends.

The first moment is the top rail's share of the x of zero sum with W1 x = d. The positive and the negative part of d
are sources of two walks that stop at the most probable state; residence times of both are sums of positive terms.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.markov.ladder._levels import eliminate, weights

_SMALL = 1e-280  # probabilities below are all but rounded to zero


@njit(cache=True, error_model="numpy")
def _flow(factor, before, shift, p_top, p_bottom):
    """Change of the flow up a rung of energy ``before`` when that grows by ``shift`` at the same probabilities."""
    total = 0.0
    for sign, p in ((-1.0, p_bottom), (1.0, -p_top)):
        old, new = sign * before, sign * (before + shift)
        if old >= 0.0 and new >= 0.0:
            total += factor * math.exp(old) * math.expm1(sign * shift) * p
        elif old > 0.0 or new > 0.0:
            total += factor * (math.expm1(max(new, 0.0)) - math.expm1(max(old, 0.0))) * p
    return total


@njit(cache=True, error_model="numpy")
def _displacement(n, r, mode, x, left_inverse, last_outflow, flow, p0, p1, g, c, d, error):
    """Fill d = p0 - p1 and the size of its terms; returns the area by the linear solve, and the size of its terms."""
    carried = flow[0]
    for m in range(n - 1):  # flow up the rungs with all to the left eliminated, over D
        g[m] = carried * x[m] * left_inverse[m]
        carried = flow[m + 1] + r * g[m]
    g[n - 1] = carried * x[n - 1] / last_outflow
    usable = True
    for m in range(n - 2, -1, -1):
        through = r * p1[m] + p1[n + m]
        share = 0.0
        if through > _SMALL:
            if r <= 1.0:
                share = r * (r + (1.0 - r) * (1.0 + r) * (p1[n + m + 1] / through))
            else:
                share = 1.0 + (r - 1.0) * (r + 1.0) * (p1[m + 1] / through)
        elif p0[m] + p0[n + m] > _SMALL or p0[m + 1] + p0[n + m + 1] > _SMALL:
            usable = False  # the old steady state sits where the new one has underflowed
        g[m] += share * x[m] * left_inverse[m] * g[m + 1]
    c[mode] = 0.0
    for m in range(mode - 1, -1, -1):
        through = r * p1[m] + p1[n + m]
        c[m] = c[m + 1] - ((1.0 - r) * (1.0 + r) * (g[m + 1] / through) if through > _SMALL else 0.0)
    for m in range(mode, n - 1):
        through = r * p1[m] + p1[n + m]
        c[m + 1] = c[m] + ((1.0 - r) * (1.0 + r) * (g[m + 1] / through) if through > _SMALL else 0.0)
    mean, mean_size = 0.0, 0.0
    for m in range(n):
        here = p1[m] + p1[n + m]
        mean += c[m] * here + (r - 1.0) * g[m]
        mean_size += abs(c[m]) * here + abs((r - 1.0) * g[m])
    area, size = 0.0, 0.0
    for m in range(n):
        terms = abs(c[m]) + mean_size
        for k, part in ((m, -g[m]), (n + m, r * g[m])):
            solved, error[k] = (c[m] - mean) * p1[k] + part, terms * p1[k] + abs(part)
            if m == k:
                area, size = area - solved, size + error[k]
            direct = not (usable and error[k] < p0[k] + p1[k])
            d[k] = p0[k] - p1[k] if direct else solved
            if direct:
                error[k] = p0[k] + p1[k]
    return area, size if usable and size < np.inf else np.inf


@njit(cache=True, error_model="numpy")
def _residence(n, r, mode, at_top, x, rates, sign, d, top, bottom):
    """Residence times by state for the part of d of one sign, in walks that stop at the most probable state."""
    left_up, left_down, left_inverse, right_up, right_down, right_inverse, up, down = rates
    for m in range(n):
        top[m], bottom[m] = max(sign * d[m], 0.0), max(sign * d[n + m], 0.0)
    for m in range(mode):  # arrivals that the levels to the left hand on
        a, b, z, s, t = left_up[m], left_down[m], x[m], top[m], bottom[m]
        top[m + 1] += r * ((z + a) * s + a * t) * left_inverse[m]
        bottom[m + 1] += (b * s + (r * z + b) * t) * left_inverse[m]
    for m in range(n - 1, mode, -1):
        a, b, z, s, t = right_up[m], right_down[m], x[m], top[m], bottom[m]
        top[m - 1] += ((r * z + a) * s + a * t) * right_inverse[m]
        bottom[m - 1] += r * (b * s + (z + b) * t) * right_inverse[m]
    if at_top:
        top[mode], bottom[mode] = 0.0, bottom[mode] * x[mode] / up
    else:
        top[mode], bottom[mode] = top[mode] * x[mode] / down, 0.0
    for m in range(mode - 1, -1, -1):
        a, b, z = left_up[m], left_down[m], x[m]
        s, t = top[m] + top[m + 1], bottom[m] + r * bottom[m + 1]
        top[m] = ((z + a) * s + a * t) * left_inverse[m]
        bottom[m] = (b * s + (r * z + b) * t) * left_inverse[m]
    for m in range(mode + 1, n):
        a, b, z = right_up[m], right_down[m], x[m]
        s, t = top[m] + r * top[m - 1], bottom[m] + bottom[m - 1]
        top[m] = ((r * z + a) * s + a * t) * right_inverse[m]
        bottom[m] = (b * s + (z + b) * t) * right_inverse[m]


@njit(cache=True, error_model="numpy", nogil=True)
def step_moments(
    start, stop, n, gamma, factor, reference, step, inactive, active, signal, baseline, shift, p0, p1, out
):
    """Fill rows of ``out``: area by solve, by corners, first moment by corners, by rails, each before its size."""
    w, x, flow, g, c = np.empty(n), np.empty(n), np.empty(n), np.empty(n), np.empty(n)
    d, error, gain, loss, size = np.empty(2 * n), np.empty(2 * n), np.empty(2 * n), np.empty(2 * n), np.empty(2 * n)
    left_up, left_down, left_inverse = np.empty(n), np.empty(n), np.empty(n)
    right_up, right_down, right_inverse = np.empty(n), np.empty(n), np.empty(n)
    for i in range(start, stop):
        f = factor[i]
        r = gamma[i] * math.exp(0.5 * step[i])
        before, after = p0[i], p1[i]
        mode = np.argmax(after)
        at_top = mode < n
        mode %= n
        offset = math.log1p(baseline[i] / inactive[i]) - math.log1p(baseline[i] / active[i])
        for m in range(n):
            energy = step[i] * (reference[i] - m) + offset
            flow[m] = _flow(f, energy, shift[i], before[m], before[n + m])
        weights(n, step[i], reference[i], (1.0 + signal[i] / inactive[i]) / (1.0 + signal[i] / active[i]), w)
        eliminate(n, r, 1.0 / f, w, x, left_up, left_down, left_inverse, right_up, right_down, right_inverse)
        last = r * left_up[n - 1] + left_down[n - 1]
        out[i, 0], out[i, 1] = _displacement(n, r, mode, x, left_inverse, last, flow, before, after, g, c, d, error)
        up, down = left_up[mode], left_down[mode]
        if mode < n - 1:
            up += x[mode] * (right_up[mode + 1] * right_inverse[mode + 1])
            down += r * x[mode] * (r * right_down[mode + 1] * right_inverse[mode + 1])
        rates = (left_up, left_down, left_inverse, right_up, right_down, right_inverse, up, down)
        _residence(n, r, mode, at_top, x, rates, 1.0, d, gain[:n], gain[n:])
        _residence(n, r, mode, at_top, x, rates, -1.0, d, loss[:n], loss[n:])
        _residence(n, r, mode, at_top, x, rates, 1.0, error, size[:n], size[n:])
        out[i, 2:] = _by_corners_and_rails(n, r, mode, d, error, after, gain, loss, size)


@njit(cache=True, error_model="numpy")
def _by_corners_and_rails(n, r, mode, d, error, p, gain, loss, size):
    """Area by corners, first moment by the displaced mean level and corners, and by rails; each with its terms."""
    p_top, p_bottom, moved, moved_size = 0.0, 0.0, 0.0, 0.0
    top, bottom, top_size, bottom_size = 0.0, 0.0, 0.0, 0.0
    for m in range(n):
        p_top, p_bottom = p_top + p[m], p_bottom + p[n + m]
        moved -= (m - mode) * (d[m] + d[n + m])
        moved_size += abs(m - mode) * (error[m] + error[n + m])
        top, top_size = top + (gain[m] - loss[m]), top_size + size[m]
        bottom, bottom_size = bottom + (gain[n + m] - loss[n + m]), bottom_size + size[n + m]
    by_rails, by_rails_size = p_top * bottom - p_bottom * top, p_top * bottom_size + p_bottom * top_size
    gap = 2.0 * (1.0 - r)
    if gap == 0.0:
        return 0.0, np.inf, 0.0, np.inf, by_rails, by_rails_size
    area, area_size, first, first_size, share, share_size = 0.0, 0.0, moved, moved_size, 0.0, 0.0
    for k, weight in ((0, 1.0), (n - 1, -r), (n, r), (2 * n - 1, -1.0)):  # of a rail's share, times 2 (1 - r)
        area, area_size = area - weight * d[k], area_size + abs(weight) * error[k]
        first, first_size = first - weight * (gain[k] - loss[k]), first_size + abs(weight) * size[k]
        share, share_size = share + weight * p[k], share_size + abs(weight) * p[k]
    first, first_size = first + share * (top + bottom), first_size + share_size * (top_size + bottom_size)
    return area / gap, area_size / abs(gap), first / gap, first_size / abs(gap), by_rails, by_rails_size
