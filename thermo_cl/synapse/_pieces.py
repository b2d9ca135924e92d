"""Cut a periodic response into pieces on which it is monotone.

Critical points are isolated, not sampled: an interval is discarded only when a bound on the second derivative
proves that the first one cannot vanish there, and accepted only when it holds a single root.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.synapse._modes import DEAD, bound, evaluate

_DEPTH = 48  # halvings of one segment: features narrower than 2**-48 of it cannot carry weight
_BUDGET = 100_000  # intervals looked at before the rest are taken as they are: a bound on time, never met in practice


@njit(cache=True, error_model="numpy")
def _fade(length, alpha, beta, re, poly_re, poly_im):
    """Local time after which all decaying terms together are below the rounding of the response."""
    if re.shape[0] == 0:
        return 0.0
    scale = abs(alpha) + abs(beta) * length + bound(0.0, 0.0, re, poly_re, poly_im, 0)
    last = 0.0
    for k in range(re.shape[0]):
        size, power = 0.0, 1.0
        for q in range(poly_re.shape[2]):
            size += power * math.hypot(poly_re[0, k, q], poly_im[0, k, q])
            power *= max(length, 1.0)
        if size <= 1e-18 * scale:
            continue
        if re[k] >= 0.0:
            return length
        last = max(last, min(math.log(size / (1e-18 * scale)), -DEAD) / -re[k])
    return min(last, length)


@njit(cache=True, error_model="numpy")
def _polish(low, high, alpha, beta, re, im, poly_re, poly_im):
    """The single root of the first derivative between low and high, by bracketed Newton steps."""
    decays = np.empty(re.shape[0])
    rising = evaluate(low, alpha, beta, re, im, poly_re, poly_im, decays)[1] < 0.0
    x = 0.5 * (low + high)
    for _ in range(100):
        _, slope, curvature, _ = evaluate(x, alpha, beta, re, im, poly_re, poly_im, decays)
        if slope == 0.0:
            return x
        if (slope < 0.0) == rising:
            low = x
        else:
            high = x
        step = -slope / curvature if curvature != 0.0 else math.inf
        new = x + step
        if not low < new < high:
            new = 0.5 * (low + high)
        if abs(new - x) <= 4e-16 * abs(x) or new in (low, high):
            return new
        x = new
    return x


@njit(cache=True, error_model="numpy")
def monotone_nodes(length, alpha, beta, re, im, poly_re, poly_im):
    """Local times 0 = x0 < x1 < ... = length between which the segment is monotone."""
    nodes, count = np.empty(16), 1
    nodes[0], decays = 0.0, np.empty(re.shape[0])
    fade = _fade(length, alpha, beta, re, poly_re, poly_im)
    lows, highs = np.empty(_DEPTH + 2), np.empty(_DEPTH + 2)
    depths = np.empty(_DEPTH + 2, np.int64)
    lows[0], highs[0], depths[0], size = 0.0, fade, 0, 1
    looked = 0
    while size > 0:
        size -= 1
        looked += 1
        low, high, depth = lows[size], highs[size], depths[size]
        width = high - low
        if width <= 0.0:
            continue
        _, slope_low, curve_low, _ = evaluate(low, alpha, beta, re, im, poly_re, poly_im, decays)
        _, slope_high, curve_high, _ = evaluate(high, alpha, beta, re, im, poly_re, poly_im, decays)
        opposite = (slope_low < 0.0) != (slope_high < 0.0)
        if not opposite and abs(slope_low) + abs(slope_high) >= width * bound(low, high, re, poly_re, poly_im, 2):
            continue  # the slope cannot reach zero and come back
        single = (curve_low < 0.0) == (curve_high < 0.0) and (
            abs(curve_low) + abs(curve_high) > width * bound(low, high, re, poly_re, poly_im, 3)
        )
        if single or depth >= _DEPTH or looked > _BUDGET:
            if opposite:
                if count + 2 >= nodes.shape[0]:
                    nodes = np.concatenate((nodes, np.empty(nodes.shape[0])))
                nodes[count] = _polish(low, high, alpha, beta, re, im, poly_re, poly_im)
                count += 1
            continue
        middle = 0.5 * (low + high)
        for a, b in ((middle, high), (low, middle)):  # the left half is taken off the stack first
            lows[size], highs[size], depths[size] = a, b, depth + 1
            size += 1
    if nodes[count - 1] < fade < length:
        nodes[count] = fade
        count += 1
    nodes[count] = length
    return nodes[: count + 1]
