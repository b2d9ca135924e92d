"""Temporal contrast the slow way: every current of every synapse at every time, in plain arrays of float64.

``sampled`` follows the description of the paper's program (Falk et al. 2025, App. B): linear interpolation, a sampled
kernel, a wrap-around convolution, the trapezoid rule. ``dense`` integrates kernel times current by Gauss-Legendre
quadrature between all their corners, as far back as the kernel reaches.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from scipy.interpolate import interp1d
from scipy.ndimage import convolve1d

Array = np.ndarray
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(24)


def currents(outputs: list[Array], visits: list[int]) -> dict[str, Array]:
    """Batch means of dE/dW and dE/db at every knot; outputs of all layers, shapes (levels, batch, n_l)."""
    found: dict[str, Array] = {}
    for n, (below, here) in enumerate(itertools.pairwise(outputs), start=1):
        found[f"W{n}"] = np.array([-below[i].T @ here[i] / len(here[i]) for i in visits], dtype=float)
        found[f"b{n}"] = np.array([-here[i].mean(axis=0) for i in visits], dtype=float)
    return found


def sampled(kernel: Callable[[Array], Array], length: float, times: Array, s: Array, samples: int) -> Array:
    """Output at times j * step by the discrete convolution, shape (samples, ...); ``length`` cuts the kernel."""
    step = times[-1] / samples
    grid = np.arange(samples) * step
    memory = kernel(np.arange(0.0, length - 1e-9 * step, step))
    return convolve1d(interp1d(times, s, axis=0)(grid), memory, axis=0, mode="wrap") * step


def dense(kernel: Callable[[Array], Array], length: float, times: Array, s: Array, samples: int) -> Array:
    """Output at times j * period / samples by quadrature, shape (samples, ...); the kernel is cut after ``length``."""
    period = times[-1]
    fast = np.geomspace(1e-7 * length, length, 40)  # kernels may begin with very fast terms
    rows = []
    for t in np.arange(samples) * period / samples:
        back = range(int(length / period) + 2)
        corners = np.concatenate([t - times + m * period for m in back] + [np.linspace(0.0, length, 30), fast])
        edges = np.unique(corners[(corners >= 0) & (corners <= length)])
        half, middle = 0.5 * np.diff(edges), 0.5 * (edges[1:] + edges[:-1])
        ages = (middle[:, None] + half[:, None] * _NODES).ravel()
        weights = (half[:, None] * _WEIGHTS).ravel() * kernel(ages)
        past = interp1d(times, s, axis=0)(np.clip(np.mod(t - ages, period), 0.0, period))
        rows.append(np.tensordot(weights, past, 1))
    return np.array(rows)


def integral(u: Array, period: float, threshold: float, *, closed: bool) -> Array:
    """Trapezoid rule over the thresholded output; ``closed`` returns to the first sample, the paper does not."""
    passed = np.where(np.abs(u) >= threshold, u, 0.0)
    if closed:
        passed = np.concatenate([passed, passed[:1]])
    return np.trapezoid(passed, dx=period / len(u), axis=0)
