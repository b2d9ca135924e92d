"""Compiled parts of multilevel aggregation: sweeps, pairs, coarse rates. Graphs as in ``_sparse``, with both rates.

A row lists the neighbours of a state with the rates ``outwards`` to and ``inwards`` from each.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(cache=True, nogil=True, error_model="numpy")
def sweep(indptr, indices, inwards, outflow, p, times, backwards):
    """Gauss-Seidel: every state in turn takes the probability that balances its flows. Only adds."""
    n = outflow.size
    for _ in range(times):
        for s in range(n):
            i = n - 1 - s if backwards else s
            entering = 0.0
            for t in range(indptr[i], indptr[i + 1]):
                entering += inwards[t] * p[indices[t]]
            p[i] = entering / outflow[i]


@njit(cache=True, nogil=True, error_model="numpy")
def imbalance(indptr, indices, inwards, outflow, p):
    """Largest relative difference of inflow and outflow of a state."""
    worst = 0.0
    for i in range(outflow.size):
        entering = 0.0
        for t in range(indptr[i], indptr[i + 1]):
            entering += inwards[t] * p[indices[t]]
        off = abs(entering / (outflow[i] * p[i]) - 1.0)
        if not off <= worst:  # catches NaN
            worst = off
    return worst


@njit(cache=True, nogil=True, error_model="numpy")
def pair(indptr, indices, outwards, inwards, p, group):
    """Group every state with the free neighbour it trades most with, or else with that neighbour's group."""
    n = p.size
    group[:] = -1
    count = 0
    for i in range(n):
        if group[i] >= 0:
            continue
        best, most, free, freely = -1, -1.0, -1, -1.0
        for t in range(indptr[i], indptr[i + 1]):
            j = indices[t]
            traffic = outwards[t] * p[i] + inwards[t] * p[j]
            if traffic > most:
                best, most = j, traffic
            if group[j] < 0 and traffic > freely:
                free, freely = j, traffic
        if free >= 0 and freely >= 0.25 * most:
            group[i] = group[free] = count
            count += 1
        elif best >= 0 and group[best] >= 0:
            group[i] = group[best]
        else:
            group[i] = count
            count += 1
    return count


@njit(cache=True, nogil=True, error_model="numpy")
def coarse_rates(indptr, indices, outwards, inwards, p, group, entry, weight, coarse_out, coarse_in, coarse_flow,
                 coarse_row):  # fmt: skip
    """Rates between groups whose members keep their shares of p, by the places ``entry`` of the coarse entries."""
    weight[:] = 0.0
    coarse_out[:] = 0.0
    coarse_in[:] = 0.0
    coarse_flow[:] = 0.0
    for i in range(p.size):
        weight[group[i]] += p[i]
    for i in range(p.size):
        share = p[i] / weight[group[i]]
        for t in range(indptr[i], indptr[i + 1]):
            if entry[t] >= 0:
                j = indices[t]
                coarse_out[entry[t]] += outwards[t] * share
                coarse_in[entry[t]] += inwards[t] * (p[j] / weight[group[j]])
    for group_row in range(weight.size):
        for t in range(coarse_row[group_row], coarse_row[group_row + 1]):
            coarse_flow[group_row] += coarse_out[t]


@njit(cache=True, nogil=True, error_model="numpy")
def spread(group, weight, before, p):
    """Scale the members of each group to its new weight."""
    for i in range(p.size):
        p[i] *= weight[group[i]] / before[group[i]]


@njit(cache=True, nogil=True, error_model="numpy")
def solve_coarsest(indptr, indices, outwards, p):
    """Dense subtraction-free elimination of the last, small level, into p with its sum kept."""
    n = p.size
    rate, flow, total = np.zeros((n, n)), np.ones(n), p.sum()
    for j in range(n):
        for t in range(indptr[j], indptr[j + 1]):
            rate[indices[t], j] = outwards[t]
    for k in range(n - 1, 0, -1):
        flow[k] = rate[:k, k].sum()
        for i in range(k):
            rate[i, k] /= flow[k]
        for i in range(k):
            for j in range(k):
                rate[i, j] += rate[i, k] * rate[k, j]
    p[0] = 1.0
    for k in range(1, n):
        p[k] = 0.0
        for j in range(k):
            p[k] += rate[k, j] * p[j]
        p[k] /= flow[k]
    p *= total / p.sum()
