"""Compiled thinning of the ladder under a periodic, piecewise-linear signal.

Every segment of the signal is split into bins. Within a bin the vertical rates are monotone, so that their values
at its two ends bound them (Lewis and Shedler, Nav. Res. Logist. Q. 26, 403 (1979)). Candidates come at the bound;
one is taken with the share that the rate has of it at that moment. What is left of an exponential variate at the
end of a bin is spent in the next one, so that bins cost no random numbers.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.markov.trajectories._jumps import choose
from thermo_cl.markov.trajectories._random import exponential, following, stream, unit

_U = np.uint64
_LOWER = _U(0xFFFFFFFF)


@njit(cache=True, inline="always", error_model="numpy")
def _binding(signal, inactive, active):
    """Exponential of the signal's part of the energy difference."""
    return (1.0 + signal / inactive) / (1.0 + signal / active)


@njit(cache=True, inline="always", error_model="numpy")
def _level_change(state, n, u):
    """State after a horizontal candidate, from a number u between 0 and the horizontal exit rate."""
    top = state < n
    level = state if top else state - n
    along = level > 0 if top else level < n - 1  # the drive lowers the level on the top rail, raises it below
    if along and u < 1.0:
        return state - 1 if top else state + 1, -1.0
    return state + 1 if top else state - 1, 1.0


@njit(cache=True, nogil=True, error_model="numpy")
def sample_driven(
    begin, end, key0, key1, first, rows, thresholds, choices, horizontal, factor, boltzmann, inactive, active,
    starts, stops, signals, bounds, times, log_backward, states, entropy,
):  # fmt: skip
    """State of every copy at increasing times, and the entropy its jumps have given to the medium until then."""
    n, n_bins = boltzmann.size, starts.size
    track = entropy.size > 0
    for copy in range(begin, end):
        a, b, c, d = stream(key0, key1, first + copy)
        number, a, b, c, d = following(a, b, c, d)
        state = np.int64(choose(number, _U(2 * n), rows, thresholds, choices) & _LOWER)
        left, a, b, c, d = exponential(a, b, c, d)
        at, i, time, cycle, base, flow = 0, 0, 0.0, 0, 0.0, 0.0
        while at < times.size:
            bound = horizontal[state] + bounds[i, state]
            after = time + left / bound
            inside = after < stops[i]
            now = base + (after if inside else stops[i])
            while at < times.size and times[at] < now:
                states[copy, at] = state
                if track:
                    entropy[copy, at] = flow
                at += 1
            if not inside:
                left = max(left - (stops[i] - time) * bound, 0.0)
                i, time = i + 1, stops[i]
                if i == n_bins:
                    i, time, cycle = 0, 0.0, cycle + 1
                    base = cycle * stops[n_bins - 1]
                continue
            time = after
            left, a, b, c, d = exponential(a, b, c, d)
            number, a, b, c, d = following(a, b, c, d)
            u = unit(number) * bound
            if u < horizontal[state]:
                state, against = _level_change(state, n, u)
                flow += against * log_backward
                continue
            share = (time - starts[i]) / (stops[i] - starts[i])
            signal = signals[i, 0] + share * (signals[i, 1] - signals[i, 0])
            level = state if state < n else state - n
            weight = boltzmann[level] * _binding(signal, inactive, active)
            rate = factor * max(1.0, weight if state < n else 1.0 / weight)
            if u - horizontal[state] < rate:
                if track:
                    flow += math.log(weight) if state < n else -math.log(weight)
                state = state + n if state < n else state - n


@njit(cache=True, nogil=True, error_model="numpy")
def thresholded_output(
    begin, end, key0, key1, rows, thresholds, choices, horizontal, factor, boltzmann, inactive, active,
    starts, stops, signals, bounds, copies, warm_up, outputs, updates,
):  # fmt: skip
    """Integral over every cycle of an output given by the number of copies on the top rail.

    The copies are merged: what jumps is one of all those in a state, chosen by their joint bounds.
    ``outputs`` has shape (q, copies + 1), ``updates`` (replicas, cycles, q).
    """
    n, n_bins = boltzmann.size, starts.size
    width, q = 2 * n, outputs.shape[0]
    weights = np.empty(width)
    for replica in range(begin, end):
        a, b, c, d = stream(key0, key1, replica)
        held = np.zeros(width, np.int64)
        for _ in range(copies):
            number, a, b, c, d = following(a, b, c, d)
            held[choose(number, _U(width), rows, thresholds, choices) & _LOWER] += 1
        top = held[:n].sum()
        left, a, b, c, d = exponential(a, b, c, d)
        for cycle in range(-warm_up, updates.shape[1]):
            since = 0.0
            for i in range(n_bins):
                total = 0.0  # summed anew in each bin, so that its rounding does not pile up
                for j in range(width):
                    weights[j] = horizontal[j] + bounds[i, j]
                    total += held[j] * weights[j]
                time = starts[i]
                while True:
                    after = time + left / total
                    if after >= stops[i]:
                        left = max(left - (stops[i] - time) * total, 0.0)
                        break
                    time = after
                    left, a, b, c, d = exponential(a, b, c, d)
                    number, a, b, c, d = following(a, b, c, d)
                    u = unit(number) * total
                    state = -1
                    for j in range(width):
                        if held[j] > 0:
                            state = j
                            if u < held[j] * weights[j]:
                                break
                            u -= held[j] * weights[j]
                    u = min(u / held[state], weights[state])  # rounding may leave a little more than the last holds
                    if u < horizontal[state]:
                        target, _ = _level_change(state, n, u)
                    else:
                        share = (time - starts[i]) / (stops[i] - starts[i])
                        signal = signals[i, 0] + share * (signals[i, 1] - signals[i, 0])
                        weight = boltzmann[state if state < n else state - n] * _binding(signal, inactive, active)
                        rate = factor * max(1.0, weight if state < n else 1.0 / weight)
                        if u - horizontal[state] >= rate:
                            continue
                        target = state + n if state < n else state - n
                        if cycle >= 0:
                            for k in range(q):
                                updates[replica, cycle, k] += outputs[k, top] * (time - since)
                        since = time
                        top += -1 if state < n else 1
                    held[state] -= 1
                    held[target] += 1
                    total += weights[target] - weights[state]
            if cycle >= 0:
                for k in range(q):
                    updates[replica, cycle, k] += outputs[k, top] * (stops[n_bins - 1] - since)
