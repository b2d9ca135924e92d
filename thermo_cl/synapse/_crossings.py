"""Compiled derivatives of weight updates: what the response's own changes and the moving crossings contribute.

Where |u| >= theta the update is the integral of u; its end points, where u passes +-theta, move by -du / u' and take
theta du / |u'| along, whichever way they are passed.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.synapse._curve import _crossing, _derivatives, _live_modes
from thermo_cl.synapse._modes import evaluate, integrate
from thermo_cl.synapse._pieces import monotone_nodes


@njit(cache=True, error_model="numpy")
def _fill_decays(x, re, decays):
    """Decays exp(re x) of all modes, zero once dead, as ``integrate`` takes them."""
    for k in range(re.shape[0]):
        decays[k] = math.exp(re[k] * x) if re[k] * x > -46.0 else 0.0


@njit(cache=True, error_model="numpy")
def _one_curve(
    lengths, intercepts, slopes, poly, rates, bias, threshold, amplitudes,
    t_intercepts, t_slopes, t_poly, t_rates, t_bias, t_lengths, along, passed,
):  # fmt: skip
    """One batch entry: ``along`` (amplitude, direction), and ``passed`` (amplitude, 3)."""
    order = _live_modes(rates, poly)
    re, im = rates.real[order].copy(), rates.imag[order].copy()
    stack_re, stack_im = _derivatives(rates, poly, order)
    count, directions, decays = amplitudes.shape[0], t_bias.shape[0], np.empty(re.size)
    along[:], passed[:] = 0.0, 0.0
    # pieces past the threshold and crossings, by amplitude: amplitude, segment, start, stop; or time and 1/|u'|
    spans, points = [(0, 0, 0.0, 0.0)], [(0, 0, 0.0, 0.0)]
    spans.pop()
    points.pop()
    for s in range(lengths.shape[0]):
        if lengths[s] <= 0.0:
            continue
        shape = (intercepts[s], slopes[s], re, im, stack_re[s], stack_im[s])
        nodes = monotone_nodes(lengths[s], *shape)
        for i in range(nodes.shape[0] - 1):
            low, high = nodes[i], nodes[i + 1]
            first, last = evaluate(low, *shape, decays)[0], evaluate(high, *shape, decays)[0]
            for a in range(count):
                amplitude = amplitudes[a]
                if amplitude == 0.0:
                    if abs(bias) >= threshold:
                        spans.append((a, s, low, high))
                    continue
                levels = ((threshold - bias) / amplitude, (-threshold - bias) / amplitude)
                bottom, top, rising = min(first, last), max(first, last), last > first
                if bottom >= levels[0] or top <= levels[1]:
                    spans.append((a, s, low, high))
                    continue
                for side in range(2):
                    if bottom < levels[side] < top:
                        x, slope, _ = _crossing(levels[side], low, high, rising, math.nan, *shape, decays)
                        spans.append((a, s, x, high) if rising == (side == 0) else (a, s, low, x))
                        if slope != 0.0:
                            rate = 1.0 / (amplitude * abs(slope))
                            points.append((a, s, x, rate))
                            passed[a, 1 + side] += rate
        end = evaluate(lengths[s], *shape, decays)[0]
        for a in range(count):
            output = bias + amplitudes[a] * end
            if abs(output) >= threshold:
                for p in range(directions):
                    along[a, p] += output * t_lengths[p, s]
    for a, _, start, stop in spans:
        passed[a, 0] += stop - start
    for p in range(directions):
        order = _live_modes(t_rates[p], t_poly[p])
        re, im = t_rates[p].real[order].copy(), t_rates[p].imag[order].copy()
        stack_re, stack_im = _derivatives(t_rates[p], t_poly[p], order)
        begin_decays, end_decays = np.empty(re.size), np.empty(re.size)
        for a, s, start, stop in spans:
            shape = (t_intercepts[p, s], t_slopes[p, s], re, im, stack_re[s], stack_im[s])
            _fill_decays(start, re, begin_decays)
            _fill_decays(stop, re, end_decays)
            along[a, p] += t_bias[p] * (stop - start)
            along[a, p] += amplitudes[a] * integrate(start, stop, begin_decays, end_decays, *shape)
        for a, s, x, rate in points:
            shape = (t_intercepts[p, s], t_slopes[p, s], re, im, stack_re[s], stack_im[s])
            along[a, p] += threshold * rate * (t_bias[p] + amplitudes[a] * evaluate(x, *shape, begin_decays)[0])


@njit(cache=True, nogil=True, error_model="numpy")
def derivatives(
    begin, end, lengths, intercepts, slopes, poly, rates, bias, threshold, amplitudes,
    t_intercepts, t_slopes, t_poly, t_rates, t_bias, t_lengths, along, passed,
):  # fmt: skip
    """Fill batch entries from begin to end.

    ``along`` (batch, amplitude, direction) gets the derivatives along the tangents t_*, whose second axis is the
    direction; ``passed`` (batch, amplitude, 3) the time past the threshold and the sums of 1/|u'| over crossings of
    +theta and of -theta.
    """
    for b in range(begin, end):
        _one_curve(
            lengths[b], intercepts[b], slopes[b], poly[b], rates[b], bias[b], threshold[b], amplitudes[b],
            t_intercepts[b], t_slopes[b], t_poly[b], t_rates[b], t_bias[b], t_lengths[b], along[b], passed[b],
        )  # fmt: skip
