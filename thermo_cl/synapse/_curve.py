"""Compiled weight-update curves: level sets of one response shape for all amplitudes.

With u(t; A) = bias + A v(t), the threshold condition |u| >= theta is v >= (theta - bias)/A or
v <= (-theta - bias)/A. On a monotone piece of v each level is crossed at most once; the crossing is polished to
rounding and the part beyond it integrated in closed form.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.synapse._expansion import TERMS, expand, fading_times, follow
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
def _next_guess(x, move, slope, curvature, third):
    """Where a function passes a level that is ``move * slope`` further on: the inverse function to third order."""
    bend = 0.5 * move * curvature / slope
    return x + move * (1.0 - bend + 2.0 * bend * bend - move * move * third / (6.0 * slope))


@njit(cache=True, error_model="numpy")
def _cross_piece(
    low, high, rising, side, levels, bottom, top, bias, threshold, amplitudes, shape, fading, low_decays, high_decays,
    update, gradient,
):  # fmt: skip
    """Add to all updates, and to their derivatives, what one monotone piece gives beyond its crossing of one level."""
    modes, count = shape[2].shape[0], amplitudes.shape[0]
    decays, integral = np.empty(modes), np.empty(TERMS + 1)
    beyond = rising == (side == 0)  # whether the part after the crossing counts, or the one before it
    centre, radius, kept, guess, reach = math.nan, 0.0, 0.0, math.nan, math.inf
    for a in range(count):
        amplitude, level = amplitudes[a], levels[a]
        if not (amplitude > 0.0 and bottom < level < top):
            guess = math.nan
            continue
        x, part, slope, curvature, third = math.nan, 0.0, 0.0, 0.0, 0.0
        if low < guess < high and reach < math.inf:
            if not abs(guess - centre) <= 0.9 * radius:  # a new polynomial, ahead on the way
                ahead = guess + (0.6 * radius if reach > 0.0 else -0.6 * radius)
                centre = min(max(ahead, low), high)
                radius = expand(centre, *shape, fading, decays, integral)
                if abs(guess - centre) > radius:
                    centre = guess
                    radius = expand(centre, *shape, fading, decays, integral)
                if beyond:
                    kept = integrate(centre, high, decays, high_decays, *shape)
                else:
                    kept = integrate(low, centre, low_decays, decays, *shape)
            ends = (max(low - centre, -radius), min(high - centre, radius))
            t, part, slope, curvature, third = follow(level, guess - centre, ends[0], ends[1], centre, integral)
            x, part = centre + t, kept - part if beyond else kept + part
        if math.isnan(x):
            x, slope, curvature = _crossing(level, low, high, rising, guess, *shape, decays)
            third = 0.0
            if beyond:
                part = integrate(x, high, decays, high_decays, *shape)
            else:
                part = integrate(low, x, low_decays, decays, *shape)
        update[a] += bias * (high - x if beyond else x - low) + amplitude * part
        gradient[a] += part
        guess = math.nan
        if slope != 0.0:
            gradient[a] += threshold * level / (amplitude * abs(slope))
            if a + 1 < count and amplitudes[a + 1] > 0.0:
                reach = level * (amplitude / amplitudes[a + 1] - 1.0) / slope
                guess = _next_guess(x, reach, slope, curvature, third)


@njit(cache=True, error_model="numpy")
def _one_curve(lengths, intercepts, slopes, poly, rates, bias, threshold, amplitudes, update, gradient):
    """Weight update and its derivative with respect to amplitude, for one kernel and protocol."""
    order = _live_modes(rates, poly)
    re, im = rates.real[order].copy(), rates.imag[order].copy()
    stack_re, stack_im = _derivatives(rates, poly, order)
    count = amplitudes.shape[0]
    above, below = (threshold - bias) / amplitudes, (-threshold - bias) / amplitudes
    update[:], gradient[:] = 0.0, 0.0
    fading = np.empty(re.size)
    low_decays, high_decays = np.empty(re.size), np.empty(re.size)
    for s in range(lengths.shape[0]):
        if lengths[s] <= 0.0:
            continue
        shape = (intercepts[s], slopes[s], re, im, stack_re[s], stack_im[s])
        nodes = monotone_nodes(lengths[s], *shape)
        fading_times(lengths[s], intercepts[s], slopes[s], re, stack_re[s], stack_im[s], fading)
        last = evaluate(nodes[0], *shape, high_decays)[0]
        for i in range(nodes.shape[0] - 1):
            low, high, first = nodes[i], nodes[i + 1], last
            low_decays[:] = high_decays
            last = evaluate(high, *shape, high_decays)[0]
            bottom, top = min(first, last), max(first, last)
            whole = integrate(low, high, low_decays, high_decays, *shape)
            for a in range(count):
                if amplitudes[a] > 0.0 and (bottom >= above[a] or top <= below[a]):
                    update[a] += bias * (high - low) + amplitudes[a] * whole
                    gradient[a] += whole
            for side in range(2):
                _cross_piece(
                    low, high, last > first, side, above if side == 0 else below, bottom, top, bias, threshold,
                    amplitudes, shape, fading, low_decays, high_decays, update, gradient,
                )  # fmt: skip
    for a in range(count):
        if amplitudes[a] == 0.0 and abs(bias) >= threshold:
            update[a] = bias * lengths.sum()


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
