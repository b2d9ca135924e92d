"""Compiled integral of thresholded outputs over one cycle, for all synapses between two layers.

A row holds the synapses of one outer neuron. Its outputs are u_j = base + sum_i steps[j, i] d[i] with d the differences
of the currents of successive levels. Samples come in groups. Synapses whose bound sum_i peak[i] |d[i]| stays below the
threshold, over all samples and then over a group, are left out: they contribute exactly nothing. The others are packed
together, so that every inner loop runs over contiguous synapses.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.learning.rules._currents import differences, steady_outputs

_LANES = 32  # loops over synapses run to a multiple of this: the rest of a vector costs more than a vector
_PACKS = 8  # synapses are packed when at most one in so many is loud


@njit(cache=True, error_model="numpy")
def _whole(count):
    return (count + _LANES - 1) // _LANES * _LANES


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _audible(d, base, count, peak, begin, end, silent, bound, marks):
    """Mark the synapses whose bound is not below the threshold, and count them; nan counts as loud."""
    for k in range(count):
        bound[k] = abs(base[k])
    for i in range(begin, end):
        top, change = peak[i], d[i]
        for k in range(count):
            bound[k] += top * abs(change[k])
    found = 0
    for k in range(count):
        loud = not bound[k] < silent
        marks[k] = loud
        found += loud
    return found


@njit(cache=True, error_model="numpy")
def _pack(d, base, begin, end, marks, count, packed_d, packed_base, chosen):
    """Copy the marked synapses next to each other, with all their steps from begin to end; ``chosen`` lists them."""
    found = 0
    for k in range(count):  # without a branch, which would mostly be predicted wrongly
        chosen[found] = k
        found += marks[k]
    for k in range(found):
        packed_base[k] = base[chosen[k]]
    for i in range(begin, end):
        source, target = d[i], packed_d[i]
        for k in range(found):
            target[k] = source[chosen[k]]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _accumulate(begin, end, d, base, count, steps, low, high, weights, threshold, sums, total):
    """Add the quadrature of the samples from begin to end to ``total``, for the first ``count`` synapses.

    Four steps are taken in one pass over the synapses, the last two or four together with the threshold; those beyond
    a sample's own have factor zero.
    """
    width, silence = _whole(count), threshold - threshold  # a zero of the arrays' own precision
    for j in range(begin, end):
        row, weight, i, start = steps[j], weights[j], low[j], base
        while high[j] - i > 4:
            a0, a1, a2, a3 = row[i], row[i + 1], row[i + 2], row[i + 3]
            d0, d1, d2, d3 = d[i], d[i + 1], d[i + 2], d[i + 3]
            u = sums[(i - low[j]) // 4 % 2]  # never the array it is made from, or the loop could not be vectorised
            for k in range(width):
                u[k] = start[k] + a0 * d0[k] + a1 * d1[k] + a2 * d2[k] + a3 * d3[k]
            i, start = i + 4, u
        a0, a1, d0, d1 = row[i], row[i + 1], d[i], d[i + 1]
        if high[j] - i <= 2:
            for k in range(width):
                value = start[k] + a0 * d0[k] + a1 * d1[k]
                total[k] += weight * (silence if abs(value) < threshold else value)
        else:
            a2, a3, d2, d3 = row[i + 2], row[i + 3], d[i + 2], d[i + 3]
            for k in range(width):
                value = start[k] + a0 * d0[k] + a1 * d1[k] + a2 * d2[k] + a3 * d3[k]
                total[k] += weight * (silence if abs(value) < threshold else value)


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def integrate_rows(
    begin, end, outer, inner, inner_steps, scale, area, steps, low, high, edges, spans, peaks, peak, weights, threshold,
    silent, integral,
):  # fmt: skip
    """Fill the rows from begin to end of ``integral`` (outer, n).

    Shapes: outer (outer, levels or 1, batch), inner (batch, levels, n), inner_steps (batch, levels - 1, n), steps
    (samples, levels + 2) with entries outside low <= i < high zero, edges (groups + 1,), spans (groups, 2), peaks
    (groups, levels + 2). The last three steps are padding.
    """
    count, n = steps.shape[1], inner.shape[2]
    room = _whole(n)
    arrays, lines = np.zeros((3, count, room), inner.dtype), np.zeros((8, room), inner.dtype)
    d, packed, repacked = arrays[0], arrays[1], arrays[2]
    base, packed_base, repacked_base, bound = lines[0], lines[1], lines[2], lines[3]
    sums, total, part = lines[4:6], lines[6], lines[7]
    loud, louder, marks = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n, np.uint8)
    for p in range(begin, end):
        integral[p, :] = 0
        states = outer[p]
        if not states.any():
            continue
        differences(states, inner, inner_steps, scale, d)
        steady_outputs(states, inner, scale, area, base)
        size = _audible(d, base, n, peak, 0, count, silent, bound, marks)
        if size == 0:
            continue
        pack = _PACKS * size <= n
        if pack:
            _pack(d, base, 0, count, marks, n, packed, packed_base, loud)
            near, near_base = packed, packed_base
        else:  # packing would cost more than it saves; the silent ones add exactly nothing
            size, near, near_base = n, d, base
        total[:] = 0
        for g in range(edges.shape[0] - 1):
            first, last = spans[g, 0], spans[g, 1]
            some = _audible(near, near_base, size, peaks[g], first, last, silent, bound, marks)
            if some == 0:
                continue
            if _PACKS * some > size:
                _accumulate(
                    edges[g], edges[g + 1], near, near_base, size, steps, low, high, weights, threshold, sums, total
                )
                continue
            _pack(near, near_base, first, last, marks, size, repacked, repacked_base, louder)
            for k in range(some):
                part[k] = total[louder[k]]
            _accumulate(
                edges[g], edges[g + 1], repacked, repacked_base, some, steps, low, high, weights, threshold, sums, part
            )
            for k in range(some):
                total[louder[k]] = part[k]
        if pack:
            for k in range(size):
                integral[p, loud[k]] = total[k]
        else:
            integral[p, :] = total[:n]
