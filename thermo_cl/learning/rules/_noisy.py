"""Compiled mean and variance of noisy thresholded outputs over one cycle, for all synapses between two layers.

One synapse at a time, its outputs then sums of what a table holds at them; from the first group of samples to the last
whose bound sum_i peaks[i] |d[i]| reaches where the table begins. The sums store nothing, so that they compile to vector
gathers; slices, not ranges of indices, since an index that might be negative would prevent that.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.learning.rules._currents import differences, steady_outputs

_SUMS = {"contract", "reassoc", "nsz"}  # sums may be taken in lanes


@njit(cache=True, error_model="numpy", fastmath=_SUMS)
def _smeared(u, weights, start, step, per_step, last, means, mean_rises, powers, power_rises):
    """Weighted sums over samples of mean and power: linear between the table's entries, its asymptotes beyond."""
    none = weights[0] * 0
    mean = variance = none
    for j in range(u.shape[0]):
        value, weight = u[j], weights[j]
        place = (abs(value) - start) * per_step
        inside = last if not place < last else place  # nan is here too, and comes back with the distance past the last
        inside = inside if inside > 0 else none
        row = np.uint32(np.int32(inside))
        share = inside - np.int32(inside)
        size = means[row] + share * mean_rises[row] + step * (none if place < last else place - last)
        mean += weight * (size if value > 0 else -size)
        variance += weight * (powers[row] + share * power_rises[row])
    return mean, variance


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def smear_rows(
    begin, end, outer, inner, inner_steps, scale, area, steps, edges, peaks, weights, total, start, step, per_step,
    table, mean, variance,
):  # fmt: skip
    """Fill the rows from begin to end of ``mean`` and ``variance`` (outer, n).

    Shapes: outer (outer, levels or 1, batch), inner (batch, levels, n), inner_steps (batch, levels - 1, n), steps
    (a multiple of 4 >= levels - 1, samples), edges (groups + 1,) of the groups of samples, peaks (groups, the same
    multiple) the largest sizes of their steps, weights (samples,), total (1,) their sum, table (4, entries) of the
    mean, its rises, the power and its rises, the last rises being zero.
    """
    count, samples, n, groups = steps.shape[0], steps.shape[1], inner.shape[2], peaks.shape[0]
    d, lines = np.zeros((count, n), inner.dtype), np.empty((3, n), inner.dtype)
    base, bound, swing = lines[0], lines[1], lines[2]
    begins, ends, u = np.empty(n, np.int64), np.empty(n, np.int64), np.zeros(samples, inner.dtype)
    last = u.dtype.type(table.shape[1] - 1)
    shape = (start, step, per_step, last, table[0], table[1], table[2], table[3])
    quiet_mean, quiet_variance = _smeared(u[:1], total, *shape)
    for p in range(begin, end):
        states = outer[p]
        if not states.any():
            mean[p, :], variance[p, :] = quiet_mean, quiet_variance
            continue
        differences(states, inner, inner_steps, scale, d)
        steady_outputs(states, inner, scale, area, base)
        swing[:] = 0
        for i in range(count):
            change = d[i]
            for h in range(n):
                swing[h] += abs(change[h])
        begins[:], ends[:] = groups, groups  # of the groups that a table beginning at ``start`` has anything for
        for g in range(groups):
            for h in range(n):
                bound[h] = abs(base[h])
            for i in range(count):
                top, change = peaks[g, i], d[i]
                for h in range(n):
                    bound[h] += top * abs(change[h])
            for h in range(n):
                loud = not bound[h] < start  # nan is loud
                begins[h] = min(begins[h], g) if loud else begins[h]
                ends[h] = g + 1 if loud else ends[h]
        for h in range(n):
            if swing[h] == 0:  # a constant current, mostly none
                u[0] = base[h]
                mean[p, h], variance[p, h] = _smeared(u[:1], total, *shape)
                continue
            part = slice(edges[begins[h]], edges[ends[h]])
            output = u[part]
            output[:] = base[h]
            for i in range(0, count, 4):
                x0, x1, x2, x3 = d[i, h], d[i + 1, h], d[i + 2, h], d[i + 3, h]
                s0, s1, s2, s3 = steps[i, part], steps[i + 1, part], steps[i + 2, part], steps[i + 3, part]
                for j in range(output.shape[0]):
                    output[j] += x0 * s0[j] + x1 * s1[j] + x2 * s2[j] + x3 * s3[j]
            mean[p, h], variance[p, h] = _smeared(output, weights[part], *shape)
