"""Compiled weight-update curves: level sets of one response shape for all amplitudes.

With u(t; A) = bias + A v(t), the threshold condition |u| >= theta is v >= (theta - bias)/A or
v <= (-theta - bias)/A. On a monotone piece of v each level is crossed at most once; the crossing is polished to
rounding and the part beyond it integrated in closed form.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.synapse._modes import evaluate, integrate, shift
from thermo_cl.synapse._pieces import monotone_nodes


@njit(cache=True, error_model="numpy")
def _live_modes(rates, poly):
    """Order of the modes that carry weight, slowest first; of a conjugate pair stored twice both are kept."""
    weight = np.zeros(rates.shape[0])
    for k in range(rates.shape[0]):
        for s in range(poly.shape[0]):
            for q in range(poly.shape[2]):
                weight[k] += abs(poly[s, k, q])
    order = np.argsort(-rates.real)
    return order[weight[order] > 0.0]


@njit(cache=True, error_model="numpy")
def _derivatives(rates, poly, order):
    """Coefficients of derivatives 0..3 of every segment's live modes, real and imaginary, (segment, 4, k, q)."""
    segments, degree = poly.shape[0], poly.shape[2] - 1
    stack = np.zeros((segments, 4, order.shape[0], degree + 1), np.complex128)
    for s in range(segments):
        for i in range(order.shape[0]):
            k = order[i]
            for q in range(degree + 1):
                stack[s, 0, i, q] = poly[s, k, q]
            for d in range(1, 4):
                for q in range(degree + 1):
                    stack[s, d, i, q] = rates[k] * stack[s, d - 1, i, q]
                    if q < degree:
                        stack[s, d, i, q] += (q + 1) * stack[s, d - 1, i, q + 1]
    return stack.real.copy(), stack.imag.copy()


@njit(cache=True, error_model="numpy")
def _crossing(level, low, high, rising, guess, alpha, beta, re, im, poly_re, poly_im, decays):
    """Local time in (low, high) at which the monotone piece passes ``level``; slope, curvature and decays there.

    Halley steps inside a shrinking bracket. A step is the last when the error it leaves, cubic in its length, is
    below rounding; from a good guess that is the first.
    """
    x = guess if low < guess < high else 0.5 * (low + high)
    slope, curvature = 0.0, 0.0
    for _ in range(200):
        value, slope, curvature, third = evaluate(x, alpha, beta, re, im, poly_re, poly_im, decays)
        miss = value - level
        if (miss < 0.0) == rising:
            low = x
        else:
            high = x
        if slope != 0.0:
            newton, bend = miss / slope, curvature / slope
            correction = 1.0 - 0.5 * newton * bend
            step = newton / correction if correction > 0.5 else newton
            new = x - step
            if low <= new <= high:
                left = abs(step) ** 3 * (bend * bend + abs(third / slope))
                if abs(step) <= 2e-16 * x or (correction > 0.9 and left <= 1e-16 * x):
                    shift(decays, re, -step)
                    return new, slope - step * curvature, curvature - step * third
                x = new
                continue
        new = 0.5 * (low + high)
        if new in (low, high):  # the bracket is one rounding wide
            break
        x = new
    return x, slope, curvature


@njit(cache=True, error_model="numpy")
def _one_curve(lengths, intercepts, slopes, poly, rates, bias, threshold, amplitudes, update, gradient):
    """Weight update and its derivative with respect to amplitude, for one kernel and protocol."""
    order = _live_modes(rates, poly)
    re, im = rates.real[order].copy(), rates.imag[order].copy()
    stack_re, stack_im = _derivatives(rates, poly, order)
    segment, low, high = [0], [0.0], [0.0]
    segment.pop()
    low.pop()
    high.pop()
    for s in range(lengths.shape[0]):
        if lengths[s] > 0.0:
            nodes = monotone_nodes(lengths[s], intercepts[s], slopes[s], re, im, stack_re[s], stack_im[s])
            for i in range(nodes.shape[0] - 1):
                segment.append(s)
                low.append(nodes[i])
                high.append(nodes[i + 1])
    count = len(segment)
    first, last, whole = np.empty(count), np.empty(count), np.empty(count)
    low_decays, high_decays, decays = np.empty((count, re.size)), np.empty((count, re.size)), np.empty(re.size)
    for i in range(count):
        s = segment[i]
        shape = (intercepts[s], slopes[s], re, im, stack_re[s], stack_im[s])
        first[i] = evaluate(low[i], *shape, low_decays[i])[0]
        last[i] = evaluate(high[i], *shape, high_decays[i])[0]
        whole[i] = integrate(low[i], high[i], low_decays[i], high_decays[i], *shape)
    period = lengths.sum()
    guesses = np.full((count, 2), math.nan)
    for a in range(amplitudes.shape[0]):
        amplitude = amplitudes[a]
        update[a], gradient[a] = 0.0, 0.0
        if amplitude == 0.0:
            if abs(bias) >= threshold:
                update[a] = bias * period
            continue
        levels = ((threshold - bias) / amplitude, (-threshold - bias) / amplitude)
        for i in range(count):
            bottom, top = min(first[i], last[i]), max(first[i], last[i])
            if bottom >= levels[0] or top <= levels[1]:
                update[a] += bias * (high[i] - low[i]) + amplitude * whole[i]
                gradient[a] += whole[i]
                continue
            s, rising = segment[i], last[i] > first[i]
            for side in range(2):
                level = levels[side]
                if not bottom < level < top:
                    continue
                shape = (intercepts[s], slopes[s], re, im, stack_re[s], stack_im[s])
                x, slope, curvature = _crossing(level, low[i], high[i], rising, guesses[i, side], *shape, decays)
                if rising == (side == 0):
                    start, stop, part = x, high[i], integrate(x, high[i], decays, high_decays[i], *shape)
                else:
                    start, stop, part = low[i], x, integrate(low[i], x, low_decays[i], decays, *shape)
                update[a] += bias * (stop - start) + amplitude * part
                gradient[a] += part
                if slope != 0.0:
                    gradient[a] += threshold * level / (amplitude * abs(slope))
                    if a + 1 < amplitudes.shape[0] and amplitudes[a + 1] > 0.0:
                        move = (
                            level * (amplitude / amplitudes[a + 1] - 1.0) / slope
                        )  # to the next level, to first order
                        guesses[i, side] = x + move * (1.0 - 0.5 * move * curvature / slope)  # and to second


@njit(cache=True, nogil=True, error_model="numpy")
def curves(begin, end, lengths, intercepts, slopes, poly, rates, bias, threshold, amplitudes, update, gradient):
    """Fill ``update`` and ``gradient`` (batch, amplitude) for the batch entries from begin to end."""
    for b in range(begin, end):
        _one_curve(
            lengths[b], intercepts[b], slopes[b], poly[b], rates[b], bias[b], threshold[b], amplitudes[b],
            update[b], gradient[b],
        )  # fmt: skip


@njit(cache=True, nogil=True, error_model="numpy")
def extremes(begin, end, lengths, intercepts, slopes, poly, rates, lowest, highest):
    """Fill the smallest and largest value (batch,) that each periodic response takes, from begin to end."""
    for b in range(begin, end):
        order = _live_modes(rates[b], poly[b])
        re, im = rates[b].real[order].copy(), rates[b].imag[order].copy()
        stack_re, stack_im = _derivatives(rates[b], poly[b], order)
        decays = np.empty(re.size)
        lowest[b], highest[b] = math.inf, -math.inf
        for s in range(lengths.shape[1]):
            if lengths[b, s] > 0.0:
                shape = (intercepts[b, s], slopes[b, s], re, im, stack_re[s], stack_im[s])
                for x in monotone_nodes(lengths[b, s], *shape):
                    value = evaluate(x, *shape, decays)[0]
                    lowest[b], highest[b] = min(lowest[b], value), max(highest[b], value)
