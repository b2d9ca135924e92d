"""Cut a periodic response into pieces on which it is monotone.

Critical points are isolated, not sampled: an interval is discarded only when a bound on the second derivative
proves that the first one cannot vanish there, and accepted only when it holds a single root.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from thermo_cl.synapse._modes import DEAD, bound, evaluate, largest

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
def _polish(low, high, rising, alpha, beta, re, im, poly_re, poly_im, decays):
    """The single root of the first derivative between low and high, by bracketed Newton steps."""
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
    shape = (alpha, beta, re, im, poly_re, poly_im)
    nodes, count, modes = np.empty(16), 1, re.shape[0]
    nodes[0] = 0.0
    fade = _fade(length, alpha, beta, re, poly_re, poly_im)
    sizes = np.hypot(poly_re[2:], poly_im[2:])  # bounds of the second and third derivative need no signs
    # a stack of intervals, and at both of their ends: time, slope, curvature, then the modes' decays
    lows, highs = np.empty((_DEPTH + 2, 3 + modes)), np.empty((_DEPTH + 2, 3 + modes))
    depths, size, looked = np.zeros(_DEPTH + 2, np.int64), 0, 0
    if fade > 0.0:
        size = 1
        for end, x in ((lows[0], 0.0), (highs[0], fade)):
            end[0] = x
            _, end[1], end[2], _ = evaluate(x, *shape, end[3:])
    while size > 0:
        top = size - 1
        looked += 1
        low, high, depth = lows[top], highs[top], depths[top]
        width = high[0] - low[0]
        opposite = (low[1] < 0.0) != (high[1] < 0.0)
        if not opposite and abs(low[1]) + abs(high[1]) >= width * largest(high[0], low[3:], high[3:], re, sizes[0]):
            size -= 1
            continue  # the slope cannot reach zero and come back
        single = (low[2] < 0.0) == (high[2] < 0.0) and (
            abs(low[2]) + abs(high[2]) > width * largest(high[0], low[3:], high[3:], re, sizes[1])
        )
        if single or depth >= _DEPTH or looked > _BUDGET:
            if opposite:
                if count + 2 >= nodes.shape[0]:
                    nodes = np.concatenate((nodes, np.empty(nodes.shape[0])))
                nodes[count] = _polish(low[0], high[0], low[1] < 0.0, *shape, np.empty(modes))
                count += 1
            size -= 1
            continue
        lows[size], depths[size], depths[top] = low, depth + 1, depth + 1  # the left half is taken off the stack first
        middle = highs[size]
        middle[0] = 0.5 * (low[0] + high[0])
        _, middle[1], middle[2], _ = evaluate(middle[0], *shape, middle[3:])
        lows[top] = middle
        size += 1
    if nodes[count - 1] < fade < length:
        nodes[count] = fade
        count += 1
    nodes[count] = length
    return nodes[: count + 1]
