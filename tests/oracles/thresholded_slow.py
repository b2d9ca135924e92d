"""A cycle the slow way: responses by quadrature of the convolution, thresholds by a dense search and quadrature."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from mpmath import mp


def sawtooth_at(t: Any, fast: float, slow: float, mean: float) -> Any:
    """Sawtooth of amplitude 1 at a time, as an mpmath number."""
    fast, slow = mp.mpf(fast), mp.mpf(slow)
    phase = t - mp.floor(t / (fast + slow)) * (fast + slow)
    return mean - mp.mpf("0.5") + (phase / fast if phase < fast else 1 - (phase - fast) / slow)


def driven_mp(
    terms: Sequence[tuple[Any, int, Any]], feedthrough: float, ramps: tuple[float, float, float], power: int, t: float
) -> float:
    """Response of D delta(t) + Re sum c t^n exp(lambda t) to the sawtooth to a power: the convolution itself."""
    with mp.workdps(30):
        fast, slow, _ = ramps
        period, t = mp.mpf(fast) + mp.mpf(slow), mp.mpf(t)
        end = 90 / min(-mp.re(rate) for _, _, rate in terms)
        corners = [
            t - b - k * period
            for b in (mp.zero, mp.mpf(fast))
            for k in range(int(mp.floor((t - end) / period)) - 1, int(mp.ceil(t / period)) + 1)
        ]
        scales = [end * mp.mpf(2) ** -k for k in range(1, 14)]
        points = sorted({mp.zero, end, *scales, *(x for x in corners if 0 < x < end)})

        def kernel(x: Any) -> Any:
            return mp.fsum(mp.re(c * x**n * mp.exp(rate * x)) for c, n, rate in terms)

        total = mp.quad(lambda x: kernel(x) * sawtooth_at(t - x, *ramps) ** power, points, method="gauss-legendre")
        return float(total + feedthrough * sawtooth_at(t, *ramps) ** power)


def thresholded(
    output: Callable[[np.ndarray], np.ndarray], breaks: Sequence[float], threshold: float, points: int = 8_000
) -> float:
    """Integral of output where its size is at least the threshold, between breaks inside which it is smooth.

    Sign changes of |u| - threshold on a dense grid, crowded after every break, are bisected to rounding; every part
    that is left is integrated by Gauss-Legendre quadrature on many panels. Crossings closer than the grid are missed.
    """
    nodes, weights = np.polynomial.legendre.leggauss(12)
    total = 0.0
    for begin, end in itertools.pairwise(breaks):
        inside = np.union1d(np.linspace(0.0, 1.0, points), np.geomspace(1e-7, 1.0, points))[1:-1]
        t = begin + (end - begin) * inside
        past = np.abs(output(t)) >= threshold
        low, high = t[:-1][past[1:] != past[:-1]], t[1:][past[1:] != past[:-1]]
        side = past[:-1][past[1:] != past[:-1]]
        for _ in range(60):
            middle = 0.5 * (low + high)
            same = (np.abs(output(middle)) >= threshold) == side
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        cuts = np.array([begin, *low, end])
        for a, b in itertools.pairwise(cuts):
            if abs(float(output(np.array([0.5 * (a + b)]))[0])) < threshold:
                continue
            panels = np.union1d(np.linspace(a, b, 200), begin + (end - begin) * np.geomspace(1e-7, 1.0, 200))
            panels = np.array([a, *panels[(panels > a) & (panels < b)], b])
            half = 0.5 * np.diff(panels)[:, None]
            x = panels[:-1, None] + half * (1.0 + nodes)
            inner = np.clip(x, np.nextafter(begin, end), np.nextafter(end, begin))
            total += float(np.sum(half * weights * output(inner.ravel()).reshape(x.shape)))
    return total
