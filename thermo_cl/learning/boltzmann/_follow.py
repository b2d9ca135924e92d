"""Compiled learning: one machine follows a plan of phases, its arrays changed in place (stochastic descent)."""

from __future__ import annotations

import numpy as np
from numba import njit

from thermo_cl.learning.boltzmann._draws import draw_row, keys, sigmoid_row, step_seed_of
from thermo_cl.learning.boltzmann._gibbs import hidden_inputs, negative_step


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _move(weights, b_h, b_v, couplings, with_b_v, v, s, amount):
    """Add amount times the products of the visibles v and the hidden statistics s to all parameters."""
    visible = v.shape[0]
    for j in range(s.shape[0]):
        x = amount * s[j]
        if x != 0:
            b_h[j] += x
            row = weights[j]
            for i in range(visible):
                row[i] += x * v[i]
    if with_b_v:
        for i in range(visible):
            b_v[i] += amount * v[i]
    for i in range(couplings.shape[0]):
        if v[i] != 0:
            row, own = couplings[i], couplings[i, i]
            for k in range(visible):
                row[k] += amount * v[k]
            row[i] = own


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _held_always(weights, b_h, b_v, couplings, with_b_v, averaged, v, h, s, into_h, seed, steps, amount):
    """A positive phase that learns at every step, of one chain: its inputs follow its weights in closed form."""
    total, power = np.zeros(h.shape[0], weights.dtype), weights.dtype.type(1)
    for i in range(v.shape[0]):
        power += v[i]
    hidden_inputs(weights, b_h, v, into_h)
    for t in range(steps):
        key0, key1 = keys(step_seed_of(seed, t), 0)
        draw_row(into_h, v.shape[0], key0, key1, h)
        if averaged:
            sigmoid_row(into_h, s)
        else:
            s[:] = h
        for j in range(h.shape[0]):
            total[j] += s[j]
            into_h[j] += amount * power * s[j]
    for j in range(h.shape[0]):
        x = amount * total[j]
        b_h[j] += x
        row = weights[j]
        for i in range(v.shape[0]):
            row[i] += x * v[i]
    s[:] = 0
    _move(weights, b_h, b_v, couplings, with_b_v, v, s, amount * weights.dtype.type(steps))


@njit(cache=True, nogil=True, error_model="numpy")
def follow_plan(
    weights, b_h, b_v, couplings, with_b_v, averaged, data, positive, length, example, seed, paired, always, rates,
    v, h, own_v, own_h,
):  # fmt: skip
    """Change one machine's arrays and chains as the phases of a plan do.

    Shapes: weights (hidden, visible), couplings (visible, visible) or (0, 0), data (examples, visible), positive and
    length and seed (phases,), example (phases, batch), rates (2,) of negative and positive statistics with their
    signs, all factors included; v (batch, visible) and h (batch, hidden) the chain of all phases or of the negative
    ones, own_v and own_h that of the positive ones (empty if they share it).
    """
    batch, hidden = h.shape
    s, kept_s, kept_v = np.empty_like(h), np.empty_like(h), np.empty_like(v)
    into_v, into_h = np.empty(v.shape[1], weights.dtype), np.empty(hidden, weights.dtype)
    for p in range(positive.shape[0]):
        on, steps, phase_seed = positive[p], length[p], seed[p]
        now_v, now_h = (own_v, own_h) if on and own_v.shape[0] > 0 else (v, h)
        amount = rates[1] if on else rates[0]
        if on:
            for r in range(batch):
                now_v[r] = data[example[p, r]]
        if always and on and batch == 1:
            _held_always(
                weights, b_h, b_v, couplings, with_b_v, averaged, now_v[0], now_h[0], s[0], into_h, phase_seed, steps,
                amount,
            )  # fmt: skip
            continue
        for stage in range(steps if always else 1):
            for r in range(batch):
                if on:
                    hidden_inputs(weights, b_h, now_v[r], into_h)
                    key0, key1 = keys(step_seed_of(phase_seed, stage if always else steps - 1), r)
                    draw_row(into_h, now_v.shape[1], key0, key1, now_h[r])
                else:
                    for t in range(1 if always else steps):
                        at = step_seed_of(phase_seed, stage + t)
                        negative_step(weights, b_h, b_v, couplings, now_v[r], now_h[r], into_v, into_h, at, r)
                if averaged:
                    sigmoid_row(into_h, s[r])
                else:
                    s[r] = now_h[r]
            if paired and on and not always:
                kept_v[:], kept_s[:] = now_v, s
                continue
            for r in range(batch):
                if paired and not always:
                    _move(weights, b_h, b_v, couplings, with_b_v, kept_v[r], kept_s[r], rates[1])
                _move(weights, b_h, b_v, couplings, with_b_v, now_v[r], s[r], amount)
