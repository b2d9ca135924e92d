"""Compiled learning: one machine follows a plan of phases, its arrays changed in place (stochastic descent).

``follow_plan`` adds products of few units to the parameters. ``follow_drawn``, with a baseline or a probability that
adapts, takes whole statistics, all parameters in one row: weights, hidden biases, visible biases and couplings.
"""

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


@njit(cache=True, error_model="numpy")
def _draw(weights, b_h, b_v, couplings, averaged, on, v, h, s, into_v, into_h, seed, first, steps):
    """Run the chains for so many steps of a phase from its step ``first`` on; s becomes their hidden statistics."""
    for r in range(h.shape[0]):
        if on:
            hidden_inputs(weights, b_h, v[r], into_h)
            key0, key1 = keys(step_seed_of(seed, first + steps - 1), r)
            draw_row(into_h, v.shape[1], key0, key1, h[r])
        else:
            for t in range(first, first + steps):
                negative_step(weights, b_h, b_v, couplings, v[r], h[r], into_v, into_h, step_seed_of(seed, t), r)
        if averaged:
            sigmoid_row(into_h, s[r])
        else:
            s[r] = h[r]


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
            first, count = (stage, 1) if always else (0, steps)
            _draw(weights, b_h, b_v, couplings, averaged, on, now_v, now_h, s, into_v, into_h, phase_seed, first, count)
            if paired and on and not always:
                kept_v[:], kept_s[:] = now_v, s
                continue
            for r in range(batch):
                if paired and not always:
                    _move(weights, b_h, b_v, couplings, with_b_v, kept_v[r], kept_s[r], rates[1])
                _move(weights, b_h, b_v, couplings, with_b_v, now_v[r], s[r], amount)


@njit(cache=True, error_model="numpy")
def _parts(row, visible, hidden, with_b_v, coupled):
    """Views of a row of all parameters by kind; zeros, and an empty array, where there are none."""
    at = hidden * visible
    weights, b_h = row[:at].reshape((hidden, visible)), row[at : at + hidden]
    at += hidden
    b_v, couplings = np.zeros(visible, row.dtype), np.empty((0, 0), row.dtype)
    if with_b_v:
        b_v = row[at : at + visible]
        at += visible
    if coupled:
        couplings = row[at : at + visible * visible].reshape((visible, visible))
    return weights, b_h, b_v, couplings


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _statistic(weights, b_h, b_v, couplings, v, s):
    """Fill all arrays with the batch mean of the energy's derivatives at the visibles v, hidden statistics s."""
    share = weights.dtype.type(-1.0 / v.shape[0])
    weights[:], b_h[:], b_v[:], couplings[:] = 0, 0, 0, 0
    for r in range(v.shape[0]):
        _move(weights, b_h, b_v, couplings, True, v[r], s[r], share)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _descend(row, g, c, amount, total):
    """Move all parameters down g - c and add g to its total."""
    for i in range(row.shape[0]):
        row[i] -= amount * (g[i] - c[i])
        total[i] += g[i]


@njit(cache=True, error_model="numpy")
def _settle(c, total, steps, share):
    """Move the baseline towards the mean over a phase's steps; returns the squared norm of mean less baseline."""
    square, part = 0.0, c.dtype.type(1.0 / steps)
    for i in range(c.shape[0]):
        x = part * total[i] - c[i]
        square += np.float64(x) * np.float64(x)
        c[i] += share * x
    return square


@njit(cache=True, error_model="numpy")
def _adapt(now, on, square, rate, lowest, highest):
    """As ``AdaptiveProbability.moved`` and ``probability``; ``now`` is b and the two running moments."""
    k = 2 if on else 1
    now[k] = square if np.isnan(now[k]) else now[k] + rate * (square - now[k])
    low, high = np.sqrt(now[1]), np.sqrt(now[2])
    if 0 < low + high < np.inf:  # nan before both were seen
        now[0] = min(max(high / (low + high), lowest), highest)


@njit(cache=True, nogil=True, error_model="numpy")
def follow_drawn(
    row, c, now, with_b_v, coupled, averaged, data, uniform, length, example, seed, always, tau, rate, baseline,
    adaptation, v, h,
):  # fmt: skip
    """Change one machine's parameters, baseline, probability and chain as random phases of a plan do.

    Shapes: row and c (parameters,), now (3,) of b and the running moments of negative and positive statistics, uniform
    and length and seed (phases,), example (phases, batch), adaptation (3,) of its rate and bounds, v (batch, visible),
    h (batch, hidden). A rate of 0 means that baseline or probability stay.
    """
    batch, hidden, visible, real = h.shape[0], h.shape[1], v.shape[1], row.dtype.type
    weights, b_h, b_v, couplings = _parts(row, visible, hidden, with_b_v, coupled)
    g, total, s = np.zeros_like(row), np.zeros_like(row), np.empty_like(h)
    g_weights, g_b_h, g_b_v, g_couplings = _parts(g, visible, hidden, with_b_v, coupled)
    into_v, into_h = np.empty(visible, row.dtype), np.empty(hidden, row.dtype)
    for p in range(uniform.shape[0]):
        b, steps = now[0], length[p]
        on = uniform[p] < b
        factor = rate / (tau if always else 1.0) * (1.0 / b if on else -1.0 / (1.0 - b))
        stages = steps if always else 1
        if on:
            for r in range(batch):
                v[r] = data[example[p, r]]
        total[:] = 0
        for stage in range(stages):
            first, count = (stage, 1) if always else (0, steps)
            _draw(weights, b_h, b_v, couplings, averaged, on, v, h, s, into_v, into_h, seed[p], first, count)
            _statistic(g_weights, g_b_h, g_b_v, g_couplings, v, s)
            _descend(row, g, c, real(factor), total)
        odds = (1.0 - b) / b if on else b / (1.0 - b)
        square = _settle(c, total, stages, real(baseline * min(1.0, odds) ** 2))
        if adaptation[0] > 0:
            whole = steps / tau if always else 1.0
            _adapt(now, on, whole * whole * square, adaptation[0], adaptation[1], adaptation[2])
