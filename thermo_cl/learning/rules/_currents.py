"""Compiled currents of the synapses of one outer neuron, as outputs of the first level and steps between levels."""

from __future__ import annotations

from numba import njit


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def differences(states, inner, inner_steps, scale, d):
    """Fill the first n entries of d (steps, room) with the differences of -mean(outer * inner) of successive levels."""
    still, n = states.shape[0] == 1, inner.shape[2]
    d[:] = 0
    for b in range(states.shape[1]):
        for i in range(inner_steps.shape[1]):
            row = d[i]  # contiguous, which a part of all rows would not be
            x = scale * states[0 if still else i, b]
            if x != 0:
                change = inner_steps[b, i]
                for h in range(n):
                    row[h] += x * change[h]
            if not still:
                x = scale * (states[i + 1, b] - states[i, b])
                if x != 0:
                    after = inner[b, i + 1]
                    for h in range(n):
                        row[h] += x * after[h]


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def steady_outputs(states, inner, scale, area, base):
    """Fill the first n entries of base with the area times -mean(outer * inner) of the first level."""
    base[:] = 0
    if area != 0:
        for b in range(states.shape[1]):
            x = area * (scale * states[0, b])
            for h in range(inner.shape[2]):
                base[h] += x * inner[b, 0, h]
