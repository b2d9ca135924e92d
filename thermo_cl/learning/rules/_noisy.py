"""Compiled mean and variance of noisy thresholded outputs over one cycle, for all synapses between two layers.

One synapse at a time: its outputs at all samples, then sums of what a table holds at them. The sums store nothing, so
that they compile to vector gathers.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.learning.rules._thresholded import _differences

_SUMS = {"contract", "reassoc", "nsz"}  # sums may be taken in lanes


@njit(cache=True, error_model="numpy", fastmath=_SUMS)
def _smeared(u, weights, start, step, per_step, last, means, mean_rises, powers, power_rises):
    """Weighted sums over samples of mean and power: linear between the table's entries, its asymptotes beyond."""
    none = weights[0] * 0
    mean = variance = none
    for j in range(u.shape[0]):
        value = u[j]
        place = (abs(value) - start) * per_step
        inside = last if not place < last else place  # nan is here too, and comes back with the distance past the last
        inside = inside if inside > 0 else none
        row = np.uint32(np.int32(inside))
        share = inside - np.int32(inside)
        size = means[row] + share * mean_rises[row] + step * (none if place < last else place - last)
        mean += weights[j] * (size if value > 0 else -size)
        variance += weights[j] * (powers[row] + share * power_rises[row])
    return mean, variance


@njit(cache=True, nogil=True, error_model="numpy", fastmath={"contract"})
def smear_rows(
    begin, end, outer, inner, inner_steps, scale, area, steps, peak, weights, total, start, step, per_step, table,
    mean, variance,
):  # fmt: skip
    """Fill the rows from begin to end of ``mean`` and ``variance`` (outer, n).

    Shapes: outer (outer, levels or 1, batch), inner (batch, levels, n), inner_steps (batch, levels - 1, n), steps
    (levels - 1, samples), peak (levels - 1,) their largest sizes, weights (samples,), total (1,) their sum, table
    (4, entries) of the mean, its rises, the power and its rises, the last rises being zero.
    """
    count, n = steps.shape[0], inner.shape[2]
    d, base, u = np.zeros((count, n), inner.dtype), np.empty(n, inner.dtype), np.empty(steps.shape[1], inner.dtype)
    last = u.dtype.type(table.shape[1] - 1)
    shape = (start, step, per_step, last, table[0], table[1], table[2], table[3])
    u[:] = 0
    quiet_mean, quiet_variance = _smeared(u[:1], total, *shape)
    for p in range(begin, end):
        states = outer[p]
        if not states.any():
            mean[p, :], variance[p, :] = quiet_mean, quiet_variance
            continue
        d[:] = 0
        _differences(states, inner, inner_steps, scale, d)
        base[:] = 0
        if area != 0:
            for b in range(states.shape[1]):
                x = area * (scale * states[0, b])
                for h in range(n):
                    base[h] += x * inner[b, 0, h]
        for h in range(n):
            swing = base[h] * 0
            for i in range(count):
                swing += peak[i] * abs(d[i, h])
            if swing == 0:  # a constant current, mostly none
                u[0] = base[h]
                mean[p, h], variance[p, h] = _smeared(u[:1], total, *shape)
            elif swing + abs(base[h]) < start:  # the table begins where mean and power vanish
                mean[p, h], variance[p, h] = quiet_mean, quiet_variance
            else:
                u[:] = base[h]
                for i in range(count):
                    x = d[i, h]
                    for j in range(u.shape[0]):
                        u[j] += x * steps[i, j]
                mean[p, h], variance[p, h] = _smeared(u, weights, *shape)
