"""Compiled jump loops: waiting times by ziggurat, next states by alias tables, statistics as each loop needs them.

The alias row of state j has 2**k slots from ``row >> 6`` on, ``row & 63`` being k: the upper k bits of one random
number choose the slot, the others decide between its two entries (Walker's method). An entry holds the number of
the transition in its upper half and the next state in its lower half. One row after the last state draws the
state to start from. Every loop draws the same numbers in the same order, so that all see the same copies.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.markov.trajectories._random import exponential, following, stream

_U = np.uint64
_LOWER = _U(0xFFFFFFFF)
_FULL = 2.0**64


@njit(cache=True, error_model="numpy")
def fill_tables(starts, weights, entries, rows, thresholds, choices):
    """Alias rows from weights grouped by state (Vose's construction)."""
    widest = 0
    for j in range(rows.size):
        widest = max(widest, 1 << (rows[j] & _U(63)))
    share, own, alias = np.empty(widest), np.empty(widest, np.uint64), np.empty(widest, np.uint64)
    small, large = np.empty(widest, np.int64), np.empty(widest, np.int64)
    for j in range(rows.size):
        first, slots = np.int64(rows[j] >> _U(6)), 1 << np.int64(rows[j] & _U(63))
        count = starts[j + 1] - starts[j]
        total = weights[starts[j] : starts[j + 1]].sum()
        n_small = n_large = 0
        for i in range(slots):
            if i < count:
                share[i], own[i] = weights[starts[j] + i] / total * slots, entries[starts[j] + i]
            else:
                share[i], own[i] = 0.0, entries[starts[j]] if count else _U(min(j, rows.size - 2))
            alias[i] = own[i]
            if share[i] < 1.0:
                small[n_small] = i
                n_small += 1
            else:
                large[n_large] = i
                n_large += 1
        while n_small > 0 and n_large > 0:
            n_small -= 1
            low, high = small[n_small], large[n_large - 1]
            alias[low] = own[high]
            share[high] -= 1.0 - share[low]
            if share[high] < 1.0:
                n_large -= 1
                small[n_small] = high
                n_small += 1
        for i in range(n_small):  # full up to rounding
            alias[small[i]] = own[small[i]]
        for i in range(slots):
            kept = share[i] * _FULL
            thresholds[first + i] = _U(kept) if kept < _FULL else _U(0xFFFFFFFFFFFFFFFF)
            choices[2 * (first + i)] = own[i]
            choices[2 * (first + i) + 1] = alias[i] if share[i] < 1.0 else own[i]


@njit(cache=True, inline="always")
def choose(number, state, rows, thresholds, choices):
    """Entry of the alias table that a random number picks for a state."""
    row = rows[state]
    bits = row & _U(63)
    slot = (row >> _U(6)) + ((number >> _U(1)) >> (_U(63) - bits))
    return choices[_U(2) * slot + _U((number << bits) >= thresholds[slot])]


@njit(cache=True, nogil=True, error_model="numpy")
def count(
    begin, end, key0, key1, first, dwells, rows, thresholds, choices, duration, initial, final, residence, counts
):
    """Residence time in every state and number of jumps along every transition, copy by copy."""
    for copy in range(begin, end):
        a, b, c, d = stream(key0, key1, first + copy)
        number, a, b, c, d = following(a, b, c, d)
        state = choose(number, _U(dwells.size), rows, thresholds, choices) & _LOWER
        initial[copy] = state
        time, stay, taken = 0.0, residence[copy], counts[copy]
        while True:
            wait, a, b, c, d = exponential(a, b, c, d)
            wait *= dwells[state]
            after = time + wait
            if after > duration:
                stay[state] += duration - time
                break
            stay[state] += wait
            time = after
            number, a, b, c, d = following(a, b, c, d)
            entry = choose(number, state, rows, thresholds, choices)
            taken[entry >> _U(32)] += 1
            state = entry & _LOWER
        final[copy] = state


@njit(cache=True, nogil=True, error_model="numpy")
def accumulate(
    begin, end, key0, key1, first, dwells, rows, thresholds, choices, duration, initial, final, increments, sums, jumps
):
    """Sums of increments, shape (transitions, k), along every copy, and its number of jumps."""
    for copy in range(begin, end):
        a, b, c, d = stream(key0, key1, first + copy)
        number, a, b, c, d = following(a, b, c, d)
        state = choose(number, _U(dwells.size), rows, thresholds, choices) & _LOWER
        initial[copy] = state
        time, made, total = 0.0, 0, sums[copy]
        while True:
            wait, a, b, c, d = exponential(a, b, c, d)
            time += wait * dwells[state]
            if time > duration:
                break
            number, a, b, c, d = following(a, b, c, d)
            entry = choose(number, state, rows, thresholds, choices)
            for i in range(total.size):
                total[i] += increments[entry >> _U(32), i]
            state = entry & _LOWER
            made += 1
        final[copy], jumps[copy] = state, made


@njit(cache=True, nogil=True, error_model="numpy")
def sample(begin, end, key0, key1, first, dwells, rows, thresholds, choices, times, states):
    """State of every copy at increasing times."""
    for copy in range(begin, end):
        a, b, c, d = stream(key0, key1, first + copy)
        number, a, b, c, d = following(a, b, c, d)
        state = choose(number, _U(dwells.size), rows, thresholds, choices) & _LOWER
        time, at = 0.0, 0
        while True:
            wait, a, b, c, d = exponential(a, b, c, d)
            time += wait * dwells[state]
            while at < times.size and times[at] < time:
                states[copy, at] = state
                at += 1
            if at == times.size:
                break
            number, a, b, c, d = following(a, b, c, d)
            state = choose(number, state, rows, thresholds, choices) & _LOWER


@njit(cache=True, nogil=True, error_model="numpy")
def record(begin, end, key0, key1, first, dwells, rows, thresholds, choices, offsets, times, states):
    """Every jump of every copy; ``offsets`` says where each copy's record begins, its start included."""
    for copy in range(begin, end):
        a, b, c, d = stream(key0, key1, first + copy)
        number, a, b, c, d = following(a, b, c, d)
        state = choose(number, _U(dwells.size), rows, thresholds, choices) & _LOWER
        time = 0.0
        times[offsets[copy]], states[offsets[copy]] = time, state
        for i in range(offsets[copy] + 1, offsets[copy + 1]):
            wait, a, b, c, d = exponential(a, b, c, d)
            time += wait * dwells[state]
            number, a, b, c, d = following(a, b, c, d)
            state = choose(number, state, rows, thresholds, choices) & _LOWER
            times[i], states[i] = time, state
