"""Compiled learning of a forward-forward network: a plan of phases, all arrays in one vector changed in place.

Inputs are mostly zero. Sums go over the rows of W whose input is not zero, and only those get a gradient. Adam moves
the others too, by what it remembers, but nobody reads them meanwhile: a row is left behind and takes all of its steps
when its input is on again, one after the other while they can be felt, so that the numbers are those of taking them
in turn and most of the memory is not touched.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_SUMS = {"contract", "reassoc", "nsz"}  # sums may be taken in lanes


@njit(cache=True, error_model="numpy", fastmath=_SUMS)
def _squares(x):
    total = x.dtype.type(0)
    for i in range(x.shape[0]):
        total += x[i] * x[i]
    return total


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _add_rows(weights, units, x, rows, out):
    """Add x @ W to ``out``, for the given rows of W, four at a time."""
    k, count = 0, rows.shape[0]
    while k + 4 <= count:
        i0, i1, i2, i3 = rows[k], rows[k + 1], rows[k + 2], rows[k + 3]
        x0, x1, x2, x3 = x[i0], x[i1], x[i2], x[i3]
        w0, w1 = weights[i0 * units : (i0 + 1) * units], weights[i1 * units : (i1 + 1) * units]
        w2, w3 = weights[i2 * units : (i2 + 1) * units], weights[i3 * units : (i3 + 1) * units]
        for j in range(units):
            out[j] += (x0 * w0[j] + x1 * w1[j]) + (x2 * w2[j] + x3 * w3[j])
        k += 4
    while k < count:
        i0 = rows[k]
        x0, w0 = x[i0], weights[i0 * units : (i0 + 1) * units]
        for j in range(units):
            out[j] += x0 * w0[j]
        k += 1


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _moved(p, m, v, g, rate, scale2, decay1, share1, decay2, share2, epsilon):
    """One step of Adam with gradient g."""
    for j in range(p.shape[0]):
        m[j] = decay1 * m[j] + share1 * g[j]
        v[j] = decay2 * v[j] + share2 * (g[j] * g[j])
        p[j] -= rate * m[j] / (np.sqrt(v[j] * scale2) + epsilon)


@njit(cache=True, error_model="numpy", fastmath={"contract"})
def _caught_up(p, m, v, root, first, last, rates, scales2, decay1, decay2, epsilon, felt):
    """Steps of Adam from first to last without a gradient, of which the first so many can be felt."""
    for j in range(p.shape[0]):
        root[j] = np.sqrt(v[j])
    left1, left2 = np.float64(1), np.float64(1)
    for t in range(first, min(last, first + felt)):
        left1 *= decay1
        left2 *= decay2
        rate, scale = p.dtype.type(left1 * rates[t]), p.dtype.type(np.sqrt(left2 * scales2[t]))
        for j in range(p.shape[0]):
            p[j] -= rate * m[j] / (scale * root[j] + epsilon)
    steps = np.float64(last - first)
    left1, left2 = p.dtype.type(decay1**steps), p.dtype.type(decay2**steps)
    for j in range(p.shape[0]):
        m[j] *= left1
        v[j] *= left2


@njit(cache=True, error_model="numpy")
def _slope(on, margin):
    """Derivative of the loss by the goodness; the margin is goodness less threshold."""
    one = np.float64(1)
    z = np.float64(-margin if on else margin)
    if z >= 0:
        s = one / (one + np.exp(-z))
    else:
        e = np.exp(z)
        s = e / (one + e)
    return -s if on else s


@njit(cache=True, nogil=True, error_model="numpy")
def follow_plan(
    theta, first, second, sizes, classes, threshold, floor, data, written, positive, length, example, paired, always,
    amounts, adam, rates, scales2, decay1, share1, decay2, share2, epsilon, felt, silent, taken, patience, dead,
):  # fmt: skip
    """Change parameters, moments and counts as the phases of a plan do.

    ``theta``, ``first`` and ``second`` hold W1, b1, W2, ... one after the other. ``written`` (steps, batch) are the
    labels of every step, ``amounts`` (2,) the factors on the slopes of negative and positive phases, with 1/batch and
    the signs of both loss and weight. ``rates`` and ``scales2`` (updates,) hold the bias corrections. ``silent``
    (chains, batch, layers) and ``taken`` (chains, batch) are counted on; ``dead`` (layers,) is filled with the first
    step at which each layer is found dead.
    """
    real = theta.dtype.type
    layers, batch = sizes.shape[0] - 1, example.shape[1]
    entries = 2 * batch if paired and not always else batch
    at_w, at_x, at_h = np.zeros(layers, np.int64), np.zeros(layers + 1, np.int64), np.zeros(layers + 1, np.int64)
    for n in range(layers):
        at_x[n + 1], at_h[n + 1] = at_x[n] + sizes[n], at_h[n] + sizes[n + 1]
        if n > 0:
            at_w[n] = at_w[n - 1] + (sizes[n - 1] + 1) * sizes[n]
    x, h = np.zeros((entries, at_x[layers]), theta.dtype), np.zeros((entries, at_h[layers]), theta.dtype)
    rows, gradient = np.empty(sizes.max(), np.int64), np.empty(sizes.max(), theta.dtype)
    root = np.empty(sizes.max(), theta.dtype)
    done = np.zeros(at_x[layers], np.int64)  # updates that each row of W has taken
    moving = np.zeros(at_x[layers], np.bool_)  # whether it remembers any gradient
    if adam:
        for n in range(layers):
            units = sizes[n + 1]
            for i in range(sizes[n]):
                a = at_w[n] + i * units
                for j in range(a, a + units):
                    if first[j] != 0 or second[j] != 0:
                        moving[at_x[n] + i] = True
    told = np.zeros(layers, np.bool_)
    update, step = 0, 0
    for p in range(positive.shape[0]):
        on = positive[p]
        chain = 1 if on and silent.shape[0] == 2 else 0
        base = batch if entries > batch and not on else 0
        for t in range(length[p]):
            learns = always or t == length[p] - 1
            for n in range(layers):
                told[n] = silent[chain, :, n].min() >= patience
            for r in range(batch):
                image, mine = data[example[p, r]], x[base + r]
                for i in range(sizes[0]):
                    mine[i] = image[i]
                for i in range(classes):
                    mine[i] = real(1) if i == written[step, r] else real(0)
                for n in range(layers):
                    inputs, units = sizes[n], sizes[n + 1]
                    below, above = mine[at_x[n] : at_x[n + 1]], h[base + r, at_h[n] : at_h[n + 1]]
                    w, b = at_w[n], at_w[n] + inputs * units
                    share = real(1) / (np.sqrt(_squares(below)) + floor)
                    count = 0
                    for i in range(inputs):
                        if below[i] != 0:
                            below[i] *= share
                            rows[count] = i
                            count += 1
                            k = at_x[n] + i
                            if adam and moving[k] and done[k] < update:
                                c, e = w + i * units, w + (i + 1) * units
                                _caught_up(
                                    theta[c:e], first[c:e], second[c:e], root[:units], done[k], update, rates,
                                    scales2, decay1, decay2, epsilon, felt,
                                )  # fmt: skip
                            done[k] = update
                    above[:] = theta[b : b + units]
                    _add_rows(theta[w:b], units, below, rows[:count], above)
                    active = False
                    for j in range(units):
                        if above[j] > 0:
                            active = True
                        else:
                            above[j] = real(0)
                    if active and not told[n]:
                        silent[chain, r, n] = 0
                    elif on:
                        silent[chain, r, n] += 1
                    if n + 1 < layers:
                        mine[at_x[n + 1] : at_x[n + 2]] = above
                    if learns:
                        goodness = _squares(above) / real(units)
                        factor = real(amounts[1 if on else 0] * 2.0 / units * _slope(on, goodness - threshold))
                        for j in range(units):
                            above[j] *= factor
                taken[chain, r] += 1
            step += 1
            if on:
                for n in range(layers):
                    if dead[n] == 0 and silent[chain, :, n].min() == patience:
                        dead[n] = taken[chain, 0]
            if not learns or (entries > batch and on):
                continue
            for n in range(layers):
                inputs, units = sizes[n], sizes[n + 1]
                w, b = at_w[n], at_w[n] + inputs * units
                g = gradient[:units]
                for i in range(inputs + 1):
                    c, e = w + i * units, w + (i + 1) * units
                    lit = i == inputs
                    g[:] = real(0)
                    for r in range(entries):
                        s = real(1) if i == inputs else x[r, at_x[n] + i]
                        if s != 0:
                            lit, slope = True, h[r, at_h[n] : at_h[n + 1]]
                            for j in range(units):
                                g[j] += s * slope[j]
                    if not lit:
                        continue
                    q = theta[c:e]
                    if adam:
                        _moved(
                            q, first[c:e], second[c:e], g, rates[update], scales2[update], decay1, share1, decay2,
                            share2, epsilon,
                        )  # fmt: skip
                        if i < inputs:
                            moving[at_x[n] + i], done[at_x[n] + i] = True, update + 1
                    else:
                        for j in range(units):
                            q[j] -= rates[update] * g[j]
            update += 1
    if adam:
        for n in range(layers):
            units = sizes[n + 1]
            for i in range(sizes[n]):
                k, c, e = at_x[n] + i, at_w[n] + i * units, at_w[n] + (i + 1) * units
                if moving[k] and done[k] < update:
                    _caught_up(
                        theta[c:e], first[c:e], second[c:e], root[:units], done[k], update, rates, scales2, decay1,
                        decay2, epsilon, felt,
                    )  # fmt: skip
