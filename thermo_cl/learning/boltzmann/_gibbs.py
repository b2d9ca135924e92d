"""Compiled Gibbs sampling of single chains: sums over the units that are on, and one pass of draws per layer.

Units of a chain are numbered visibles first. ``couplings`` of shape (0, 0) stand for none.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.learning.boltzmann._draws import draw_row, keys, odds_against, step_seed_of, uniform

_SUMS = {"contract", "reassoc", "nsz"}  # sums may be taken in lanes
_ONE = np.float32(1.0)


@njit(cache=True, error_model="numpy", fastmath=_SUMS)
def hidden_inputs(weights, biases, v, out):
    """Fill ``out`` with biases + weights @ v."""
    hidden, visible = weights.shape
    none, j = weights.dtype.type(0), 0
    while j + 4 <= hidden:
        w0, w1, w2, w3 = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        s0, s1, s2, s3 = none, none, none, none
        for i in range(visible):
            s0 += w0[i] * v[i]
            s1 += w1[i] * v[i]
            s2 += w2[i] * v[i]
            s3 += w3[i] * v[i]
        out[j], out[j + 1] = biases[j] + s0, biases[j + 1] + s1
        out[j + 2], out[j + 3] = biases[j + 2] + s2, biases[j + 3] + s3
        j += 4
    while j < hidden:
        w0, s0 = weights[j], none
        for i in range(visible):
            s0 += w0[i] * v[i]
        out[j] = biases[j] + s0
        j += 1


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def visible_inputs(weights, biases, h, out):
    """Fill ``out`` with biases + h @ weights, taking the rows of the hidden units that are on, four at a time."""
    waiting, a, b, c = 0, 0, 0, 0
    out[:] = biases
    for j in range(h.shape[0]):
        if h[j] == 0:
            continue
        if waiting == 3:
            w0, w1, w2, w3 = weights[a], weights[b], weights[c], weights[j]
            for i in range(out.shape[0]):
                out[i] += (w0[i] + w1[i]) + (w2[i] + w3[i])
            waiting = 0
        else:
            a, b, c = b, c, j
            waiting += 1
    if waiting == 3:
        w0, w1, w2 = weights[a], weights[b], weights[c]
        for i in range(out.shape[0]):
            out[i] += (w0[i] + w1[i]) + w2[i]
    elif waiting == 2:
        w0, w1 = weights[b], weights[c]
        for i in range(out.shape[0]):
            out[i] += w0[i] + w1[i]
    elif waiting == 1:
        w0 = weights[c]
        for i in range(out.shape[0]):
            out[i] += w0[i]


@njit(cache=True, error_model="numpy", fastmath=_SUMS)
def sweep_visibles(couplings, v, inputs, key0, key1):
    """One sweep over coupled visibles in order, each drawn given the others; ``inputs`` are those of the hidden."""
    for i in range(v.shape[0]):
        row, total = couplings[i], inputs[i]
        for k in range(v.shape[0]):
            total += row[k] * v[k]
        on = uniform(np.uint32(i), key0, key1) * (_ONE + odds_against(total)) < _ONE
        v[i] = v.dtype.type(1) if on else v.dtype.type(0)


@njit(cache=True, error_model="numpy")
def negative_step(weights, b_h, b_v, couplings, v, h, into_v, into_h, seed, chain):
    """Draw the visibles given the hidden units, then these given the visibles; both inputs are left filled."""
    key0, key1 = keys(seed, chain)
    visible_inputs(weights, b_v, h, into_v)
    if couplings.shape[0] > 0:
        sweep_visibles(couplings, v, into_v, key0, key1)
    else:
        draw_row(into_v, 0, key0, key1, v)
    hidden_inputs(weights, b_h, v, into_h)
    draw_row(into_h, v.shape[0], key0, key1, h)


@njit(cache=True, nogil=True, error_model="numpy")
def run_negative(weights, b_h, b_v, couplings, v, h, start, stop, chain, seed, steps):
    """Run the chains from start to stop, numbered from ``chain`` on, in place: v (chains, visible), h."""
    into_v, into_h = np.empty(v.shape[1], weights.dtype), np.empty(h.shape[1], weights.dtype)
    for r in range(start, stop):
        for t in range(steps):
            at = step_seed_of(seed, t)
            negative_step(weights, b_h, b_v, couplings, v[r], h[r], into_v, into_h, at, chain + r)


@njit(cache=True, nogil=True, error_model="numpy")
def run_positive(weights, b_h, v, h, start, stop, chain, seed, steps):
    """The same with the visibles held, where only the last step's draw is left of all."""
    into_h = np.empty(h.shape[1], weights.dtype)
    at = step_seed_of(seed, steps - 1)
    for r in range(start, stop):
        hidden_inputs(weights, b_h, v[r], into_h)
        key0, key1 = keys(at, chain + r)
        draw_row(into_h, v.shape[1], key0, key1, h[r])
