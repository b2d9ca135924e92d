"""The straightforward pipeline of the paper, to be timed against: a grid, and one amplitude at a time.

Written from the description in Falk et al., arXiv:2312.17723, appendices C to G: null space, ``odeint``, a
sampled derivative, a direct wrap-around convolution for every amplitude, and the trapezoid rule. One
amplitude of the Fig. 6B protocol takes about two seconds, so give ``naive_update_curve`` few of them. A
kernel takes some milliseconds, kinder than the half second reported for the authors' programs: it is
differentiated as one array and not point by point. Updates are good to about 3e-4 of the largest amplitude.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.integrate import odeint
from scipy.linalg import null_space
from scipy.ndimage import convolve1d

FloatArray = NDArray[np.float64]

LEVELS = 5
SAMPLES = 10_000
LADDER_WINDOW = 5.0  # ladder time units followed after the step
DT = 1.0 / SAMPLES  # those five units are relabelled as one unit of protocol time


class NaiveMetrics(NamedTuple):
    """Smallest amplitude that counts and intercept of the fitted line, both in units of amplitude."""

    amplitude_min: float
    offset: float


def naive_rate_matrix(gamma: float, rate_factor: float = 25.0, signal: float = 0.0) -> FloatArray:
    """Ladder generator, W[i, j] the rate j -> i, top rail first (PHYSICS section 1)."""
    rates = np.zeros((2 * LEVELS, 2 * LEVELS))
    for m in range(LEVELS):
        energy = 2.0 * (1 - m) + np.log((1 + signal / 18.2) / (1 + signal / 3000.0))
        rates[m, LEVELS + m] = rate_factor * max(1.0, np.exp(-energy))
        rates[LEVELS + m, m] = rate_factor * max(1.0, np.exp(energy))
    for m in range(LEVELS - 1):
        rates[m, m + 1] = 1.0
        rates[m + 1, m] = np.e * gamma
        rates[LEVELS + m + 1, LEVELS + m] = 1.0
        rates[LEVELS + m, LEVELS + m + 1] = np.e * gamma
    return rates - np.diag(rates.sum(axis=0))


def naive_steady_state(rates: FloatArray) -> FloatArray:
    """The first null vector, scaled to unit sum."""
    vector = null_space(rates)[:, 0]
    return np.asarray(vector / vector.sum())


def naive_dissipation(gamma: float, rate_factor: float = 25.0, signal: float = 0.0) -> float:
    """Entropy production rate of the steady state, edge by edge (Eq. 59)."""
    rates = naive_rate_matrix(gamma, rate_factor, signal)
    p = naive_steady_state(rates)
    total = 0.0
    for i in range(2 * LEVELS):
        for j in range(i):
            if rates[i, j] > 0:
                forward, backward = rates[i, j] * p[j], rates[j, i] * p[i]
                total += (forward - backward) * np.log(forward / backward)
    return total


def naive_step_kernel(gamma: float, rate_factor: float, signal: float) -> FloatArray:
    """Derivative of the top-rail occupancy after a step 0 -> signal; 10,000 samples, not normalised.

    The record begins in the steady state before the step, so that the central difference at the step is
    half the right-hand one: just the weight that a plain sum over samples must give to its first.
    """
    rates = naive_rate_matrix(gamma, rate_factor, signal)
    start = naive_steady_state(naive_rate_matrix(gamma, rate_factor))
    times = np.linspace(0.0, LADDER_WINDOW, SAMPLES)
    occupancy = np.vstack([start, odeint(lambda p, _: rates @ p, start, times)])
    return np.asarray(np.gradient(occupancy[:, :LEVELS].sum(axis=1), times[1])[1:])


def naive_moment(kernel: FloatArray, order: int) -> float:
    """Integral of t^order K(t) on the relabelled window [0, 1), as a sum over samples."""
    times = np.arange(kernel.size) * DT
    return float(np.sum(times**order * kernel) * DT)


def naive_kernel(gamma: float, rate_factor: float, signal: float) -> FloatArray:
    """The step kernel divided by minus the size of its first moment, as the paper does."""
    kernel = naive_step_kernel(gamma, rate_factor, signal)
    return -kernel / abs(naive_moment(kernel, 1))


def naive_chemotaxis_kernel(area: float = 0.0, decay_rate: float = 20.0) -> FloatArray:
    """a exp(-b t) (t - c t^2) sampled on [0, 1), with the given area and first moment -1 (Eqs. 32, 46-48)."""
    b, times = decay_rate, np.arange(SAMPLES) * DT
    a, c = b**3 + 3 * area * b**2, (b**2 + 2 * b * area) / (2 * b + 6 * area)
    return np.asarray(a * np.exp(-b * times) * (times - c * times**2))


def naive_sawtooth(tau_f: float, tau_s: float, mean: float, amplitude: float) -> FloatArray:
    """One period of the signal, sampled every 1e-4 (Eq. 5)."""
    times = np.arange(round((tau_f + tau_s) / DT)) * DT
    rise = mean + amplitude * (times / tau_f - 0.5)
    fall = mean + amplitude * (0.5 - (times - tau_f) / tau_s)
    return np.where(times < tau_f, rise, fall)


def naive_weight_update(signal: FloatArray, kernel: FloatArray, threshold: float) -> float:
    """Direct periodic convolution, hard threshold, trapezoid rule over the period."""
    # This origin puts the first kernel sample on the present one, so that the kernel looks only backwards.
    current = DT * convolve1d(signal, kernel, mode="wrap", origin=-(kernel.size // 2))
    passed = np.where(np.abs(current) >= threshold, current, 0.0)
    return float(np.trapezoid(np.append(passed, passed[0]), dx=DT))


def naive_update_curve(
    kernel: FloatArray,
    tau_f: float,
    tau_s: float,
    mean: float,
    amplitude_max: float,
    amplitudes: int | ArrayLike = 500,
    threshold: float | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Weight update for one amplitude after the other; returns (amplitudes, updates).

    ``amplitudes`` is a list of them or their number on [0, 1.25 amplitude_max), as for Fig. 6B. The
    threshold is that of Eq. 45 with the area of the kernel, unless one is given.
    """
    if isinstance(amplitudes, int):
        amplitudes = np.linspace(0.0, 1.25 * amplitude_max, amplitudes, endpoint=False)
    grid = np.atleast_1d(np.asarray(amplitudes, dtype=float))
    if threshold is None:
        threshold = abs(-amplitude_max / tau_s + naive_moment(kernel, 0) * (mean + amplitude_max / 2))
    updates = [naive_weight_update(naive_sawtooth(tau_f, tau_s, mean, a), kernel, threshold) for a in grid]
    return grid, np.array(updates)


def naive_metrics(amplitudes: FloatArray, updates: FloatArray, amplitude_max: float) -> NaiveMetrics:
    """First amplitude whose update exceeds 0.05 amplitude_max, and the intercept of a line from there on.

    The line is fitted by least squares up to amplitude_max. Both are NaN for a curve that never gets there,
    or that leaves fewer than two points to fit (App. G.3).
    """
    above = np.flatnonzero(updates / amplitude_max > 0.05)
    if above.size == 0:
        return NaiveMetrics(np.nan, np.nan)
    amplitude_min = float(amplitudes[above[0]])
    chosen = (amplitudes >= amplitude_min) & (amplitudes <= amplitude_max)
    if chosen.sum() < 2:
        return NaiveMetrics(amplitude_min, np.nan)
    return NaiveMetrics(amplitude_min, float(np.polyfit(amplitudes[chosen], updates[chosen], 1)[1]))


def plain_jumps(generator: FloatArray, duration: float, seed: int) -> int:
    """Number of jumps of one copy in some time by the textbook loop, compiled: logarithm and linear search."""
    return int(_compiled_jumps()(generator, duration, seed))


@cache
def _compiled_jumps() -> Callable[[FloatArray, float, int], int]:
    from numba import njit

    def loop(generator, duration, seed):  # type: ignore[no-untyped-def]
        np.random.seed(seed)  # noqa: NPY002 - the generator that compiled code offers
        state, time, jumps = 0, 0.0, 0
        while True:
            leaving = -generator[state, state]
            time += np.random.exponential(1.0 / leaving)  # noqa: NPY002
            if time > duration:
                return jumps
            left = np.random.random() * leaving  # noqa: NPY002
            target = 0
            while True:
                if target != state:
                    left -= generator[target, state]
                    if left < 0.0 or target == generator.shape[0] - 1:
                        break
                target += 1
            state = target
            jumps += 1

    compiled: Callable[[FloatArray, float, int], int] = njit(loop)
    return compiled
