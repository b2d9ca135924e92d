"""Compiled subtraction-free elimination of a banded generator, from the last state to the second.

``down[k, d]`` is the rate k -> k-1-d and ``up[k, d]`` the rate k-1-d -> k; both arrays have shape (n, b).
"""

from __future__ import annotations

import math

from numba import njit

NEVER = -(2**60)  # binary exponent of nothing
FADED = -1100  # binary exponent below which a term is nothing beside one


@njit(cache=True, nogil=True, error_model="numpy")
def fill_band(indptr, indices, data, place, down, up):
    """Rates of a generator in compressed columns, written to the places of their states in the band."""
    for source in range(indptr.size - 1):
        j = place[source]
        for t in range(indptr[source], indptr[source + 1]):
            i = place[indices[t]]
            if i < j:
                down[j, j - i - 1] = data[t]
            elif i > j:
                up[i, i - j - 1] = data[t]


@njit(cache=True, nogil=True, error_model="numpy")
def eliminate_band(down, up, outflow):
    """Eliminate in place; ``down`` ends as jump probabilities. Returns the state that cannot be left, or -1."""
    n, b = down.shape
    for k in range(n - 1, 0, -1):
        width = min(b, k)
        total = 0.0
        for d in range(width):
            total += down[k, d]
        outflow[k] = total
        if not total > 0.0:
            return k
        for d in range(width):
            down[k, d] /= total
        for d in range(width):  # detours over k between the states before it
            state = k - 1 - d
            entering, leaving = up[k, d], down[k, d]
            if entering != 0.0:
                for e in range(d + 1, width):
                    down[state, e - d - 1] += entering * down[k, e]
            if leaving != 0.0:
                for e in range(d + 1, width):
                    up[state, e - d - 1] += leaving * up[k, e]
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def substitute_band(up, outflow, mantissa, exponent):
    """Steady weights mantissa * 2**exponent by state. Returns the state that cannot be entered, or -1.

    An exponent for every state: no range is too wide, and a rare state between two likely ones is no trap.
    """
    n, b = up.shape
    mantissa[0], exponent[0] = 0.5, 0
    for k in range(1, n):
        largest = NEVER
        for d in range(min(b, k)):
            if up[k, d] != 0.0:
                largest = max(largest, exponent[k - 1 - d] + math.frexp(up[k, d])[1])
        if largest == NEVER:
            return k
        total = 0.0
        for d in range(min(b, k)):
            part, power = math.frexp(up[k, d])
            shift = exponent[k - 1 - d] + power - largest
            if part != 0.0 and shift > FADED:
                total += math.ldexp(part * mantissa[k - 1 - d], shift)
        over, under = math.frexp(outflow[k])
        part, shift = math.frexp(total / over)
        mantissa[k], exponent[k] = part, largest - under + shift
    return -1


@njit(cache=True, nogil=True, error_model="numpy")
def to_probabilities(mantissa, exponent, p):
    """Weights scaled to the largest exponent, into p: those 1e-308 below it underflow."""
    top = exponent[0]
    for k in range(1, exponent.size):
        top = max(top, exponent[k])
    for k in range(exponent.size):
        p[k] = math.ldexp(mantissa[k], exponent[k] - top) if exponent[k] - top > FADED else 0.0
