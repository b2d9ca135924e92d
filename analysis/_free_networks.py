"""Adaptation of any network to steps up and down: accuracy, gain, duration and dissipation, with exact gradients.

States 0 .. n - 1 are the top rail, n .. 2n - 1 the bottom rail, as in a ladder; the readout u is the occupancy of the
top rail. A step d adds d to the logarithm of rate down / rate up of every jump between the rails: split d/2, -d/2, or
theta d, -(1 - theta) d. Of each step (d = +-D/2, +-D from the same baseline) the response has

* a peak A: the largest change of u along the step, and the gain A / (tanh(|d|/2) / 2), relative to a two-state element
  centred on the baseline, whose answers to d and -d are, in their mean, the largest a coupling of energies gives;
* an area I = u(infinity) - u(0), and the error |I| / A;
* a first moment mu1 and a duration tau = integral of |u - u(infinity)| / A, which is |mu1| / A if nothing overshoots.

Peaks and durations are sums over the relaxation modes of the network after the step; their derivatives are divided
differences of functions of the eigenvalues (Daletskii and Krein, 1951), at fixed times, since the integrand vanishes
where its sign changes and the slope does at the peak.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np

from thermo_cl._types import Array, FloatArray, IntArray

__all__ = ["Adaptation", "Jumps", "adaptation", "all_jumps", "ladder_jumps", "ladder_log_rates"]

STEPS = (-1.0, -0.5, 0.5, 1.0)
_TIMES = 160  # points of the grid on which peaks and changes of sign are looked for
_TINY = 1e-300


@dataclass(frozen=True, eq=False)
class Jumps:
    """Which jumps there are: both directions of an edge lie half a table apart.

    Attributes
    ----------
    levels : int
    source, target : ndarray of int, shape (2 k,)
        Edge e has the jumps e and e + k; jumps from the top rail to the bottom come first.
    crossing : ndarray, shape (2 k,)
        1 for jumps from top to bottom, -1 back, 0 within a rail.
    """

    levels: int
    source: IntArray
    target: IntArray
    crossing: FloatArray

    def rates(self, log_rates: FloatArray) -> FloatArray:
        """Rate matrices W[i, j] = rate j -> i, shape (..., 2n, 2n), with zero diagonals."""
        n = 2 * self.levels
        found = np.zeros((*log_rates.shape[:-1], n, n))
        found[..., self.target, self.source] = np.exp(log_rates)
        return found

    @property
    def top(self) -> FloatArray:
        """The readout: 1 on the top rail."""
        return np.repeat([1.0, 0.0], self.levels)


def _jumps(levels: int, pairs: list[tuple[int, int]]) -> Jumps:
    first, second = np.array(pairs, dtype=np.int64).T
    crosses = ((first < levels) & (second >= levels)).astype(float)
    return Jumps(levels, np.append(first, second), np.append(second, first), np.append(crosses, -crosses))


def ladder_jumps(levels: int) -> Jumps:
    """The edges of a ladder: n rungs, then n - 1 along the top rail, then n - 1 along the bottom rail."""
    rungs = [(m, m + levels) for m in range(levels)]
    return _jumps(levels, rungs + [(m, m + 1) for m in range(2 * levels - 1) if m != levels - 1])


def all_jumps(levels: int) -> Jumps:
    """Every pair of states joined; the ladder's edges come first."""
    ladder = ladder_jumps(levels)
    half = ladder.source.size // 2
    pairs = list(zip(ladder.source[:half].tolist(), ladder.target[:half].tolist(), strict=True))
    others = [(i, j) for i in range(2 * levels) for j in range(i + 1, 2 * levels) if (i, j) not in set(pairs)]
    return _jumps(levels, pairs + others)


def ladder_log_rates(
    levels: int, affinity: float, energy_step: float, log_factor: float, offset: float, log_time: float = 0.0
) -> tuple[FloatArray, FloatArray]:
    """Log rates of a ladder on ``ladder_jumps``, and their derivatives by the five numbers, shape (5, jumps).

    ``affinity`` is ln(1/r) = ln(1/gamma) - energy_step/2, ``offset`` the level of equal energies less (levels - 1)/2,
    and ``log_time`` adds to all log rates.
    """
    n, m = levels, np.arange(levels)
    place = (levels - 1) / 2 + offset - m
    energy = energy_step * place  # of the top rail above the bottom rail
    along = np.zeros(n - 1)
    down, up = np.maximum(energy, 0.0), np.maximum(-energy, 0.0)
    values = np.concatenate([down, along - affinity, along, up, along, along - affinity])
    rises, falls = (energy > 0).astype(float), (energy < 0).astype(float)
    one, none = np.ones(n - 1), np.zeros(n - 1)
    slopes = np.array([
        np.concatenate([0 * place, -one, none, 0 * place, none, -one]),
        np.concatenate([rises * place, none, none, -falls * place, none, none]),
        np.concatenate([np.ones(n), none, none, np.ones(n), none, none]),
        np.concatenate([rises * energy_step, none, none, -falls * energy_step, none, none]),
        np.ones(values.size),
    ])  # fmt: skip
    return values + log_factor * slopes[2] + log_time, slopes


@dataclass(frozen=True, eq=False)
class Adaptation:
    """What a network does under several steps; with derivatives by log rates (and splits), shape + (numbers,).

    Attributes
    ----------
    dissipation : ndarray, shape (1 + steps,)
        Entropy production rates: at the baseline, and after each step.
    area, first_moment, peak, duration : ndarray, shape (steps,)
        Area and first moment of du/dt; peak of the response along the step; integral of |u - u(infinity)|.
    """

    dissipation: FloatArray
    area: FloatArray
    first_moment: FloatArray
    peak: FloatArray
    duration: FloatArray
    dissipation_by: FloatArray
    area_by: FloatArray
    first_moment_by: FloatArray
    peak_by: FloatArray
    duration_by: FloatArray


def adaptation(jumps: Jumps, log_rates: FloatArray, steps: FloatArray, split: FloatArray | None = None) -> Adaptation:
    """Response to steps of a network given by its log rates at the baseline, shape (2 k,), with all derivatives.

    ``split``, shape (k,), is the share of a step that speeds an edge's jump from top to bottom (one half by default);
    where it is given, derivatives by it follow those by log rates.
    """
    k = jumps.source.size // 2
    share = np.full(k, 0.5) if split is None else split
    coupling = jumps.crossing * np.append(share, 1.0 - share)
    shifts = np.append(0.0, steps)
    logs = log_rates + shifts[:, None] * coupling
    rates = jumps.rates(logs)
    own, c = np.arange(rates.shape[-1]), jumps.top
    generator = rates.copy()
    generator[:, own, own] = -rates.sum(axis=1)
    p = _steady(generator)
    scale = np.exp(np.mean(log_rates))
    inverse = np.linalg.inv(generator - scale * p[:, :, None])
    displaced = p[0] - p[1:]
    sign = np.sign(steps)

    def by_steady(weights: Array, which: slice | int) -> Array:
        """Derivatives (n, n) by generators of weighted steady probabilities; columns are free by constants."""
        found = -np.einsum("...i,...ij->...j", weights, inverse[which])
        return np.asarray(found[..., :, None] * p[which][..., None, :])

    def by_logs(matrix: Array, which: slice | int) -> FloatArray:
        gained = matrix[..., jumps.target, jumps.source] - matrix[..., jumps.source, jumps.source]
        return np.asarray(gained * np.exp(logs[which]))

    dissipation, dissipation_by = _dissipation(
        jumps, logs, p, lambda w: by_logs(by_steady(w, slice(None)), slice(None))
    )
    area = -displaced @ c
    first_by = by_steady(c, 0)
    before = by_logs(first_by, 0)
    area_at, area_before = (
        by_logs(by_steady(np.broadcast_to(c, displaced.shape), slice(1, None)), slice(1, None)),
        -before,
    )

    values, right = np.linalg.eig(generator[1:])
    left = np.linalg.inv(right)
    still = np.argmin(np.abs(values), axis=1)
    live = np.ones(values.shape, dtype=bool)
    live[np.arange(steps.size), still] = False
    safe = np.where(live, values, -1.0)
    seen = (c @ right) * live
    held = np.einsum("kij,kj->ki", left, displaced) * live
    amplitude = -sign[:, None] * seen * held  # of r = (u(infinity) - u) along the step
    top_time, turns = _times(safe, amplitude, live)

    def functional(f: Array, slope: Array) -> tuple[FloatArray, FloatArray, FloatArray]:
        """c^T f(W) (p0 - p1), with derivatives by log rates after and before."""
        gap = safe[:, :, None] - safe[:, None, :]
        near = np.abs(gap) < 1e-9 * np.abs(safe[:, :, None])
        divided = np.where(near, 0.5 * (slope[:, :, None] + slope[:, None, :]),
                           (f[:, :, None] - f[:, None, :]) / np.where(near, 1.0, gap))  # fmt: skip
        inner = seen[:, :, None] * divided * held[:, None, :]
        matrix = np.real(np.einsum("kia,kij,kbj->kab", left, inner, right))
        weights = np.real(np.einsum("ki,kia->ka", seen * f, left))
        value = np.real(np.sum(seen * f * held, axis=1))
        after = by_logs(matrix + by_steady(-weights, slice(1, None)), slice(1, None))
        start = by_logs(by_steady(weights, 0), 0)
        return value, after, start

    with np.errstate(under="ignore"):
        grown = np.exp(safe * top_time[:, None])
        summit, summit_after, summit_before = functional(grown, top_time[:, None] * grown)
        f, slope = -1.0 / safe, 1.0 / safe**2
        moment, moment_after, moment_before = functional(f, slope)
        lobes, lobes_slope = f.astype(complex), slope.astype(complex)
        for k_step, (first_sign, moments) in enumerate(turns):
            total, total_slope, change = first_sign * f[k_step], first_sign * slope[k_step], -2.0 * first_sign
            for t in moments:
                e = np.exp(safe[k_step] * t)
                total = total + change * e * f[k_step]
                total_slope = total_slope + change * e * (slope[k_step] + t * f[k_step])
                change = -change
            lobes[k_step], lobes_slope[k_step] = total, total_slope
        lobe, lobe_after, lobe_before = functional(lobes, lobes_slope)
    s = -sign[:, None]
    parts = {
        "area": (area, area_at, area_before),
        "first_moment": (-moment, -moment_after, -moment_before),
        "peak": (-sign * (summit + area), s * (summit_after + area_at), s * (summit_before + area_before)),
        "duration": (-sign * lobe, s * lobe_after, s * lobe_before),
    }
    found: dict[str, FloatArray] = {"dissipation": dissipation, "dissipation_by": dissipation_by}
    if split is not None:
        found["dissipation_by"] = np.hstack([dissipation_by, _by_split(jumps, dissipation_by, shifts)])
    for name, (value, after, start) in parts.items():
        found[name] = np.asarray(value)
        total_by = after + start
        found[f"{name}_by"] = (
            total_by if split is None else np.hstack([total_by, _by_split(jumps, after, np.asarray(steps))])
        )
    return Adaptation(**{f.name: found[f.name] for f in fields(Adaptation)})


def _by_split(jumps: Jumps, by: FloatArray, steps: FloatArray) -> FloatArray:
    """Derivatives by the splits from those by the log rates after each step."""
    k = jumps.source.size // 2
    return np.asarray(steps[:, None] * jumps.crossing[:k] * (by[:, :k] + by[:, k:]))


def _steady(generator: FloatArray) -> FloatArray:
    """Steady states by elimination without subtraction (Grassmann, Taksar, Heyman, Oper. Res. 33, 1107 (1985))."""
    a = generator.copy()
    n = a.shape[-1]
    for k in range(n - 1, 0, -1):
        a[:, k, :k] /= a[:, :k, k].sum(axis=1)[:, None]
        a[:, :k, :k] += a[:, :k, k, None] * a[:, k, None, :k]
    p = np.ones(a.shape[:-1])
    for k in range(1, n):
        p[:, k] = np.einsum("ki,ki->k", a[:, k, :k], p[:, :k])
    return np.asarray(p / p.sum(axis=1)[:, None])


def _dissipation(
    jumps: Jumps, logs: FloatArray, p: FloatArray, through: Callable[[FloatArray], FloatArray]
) -> tuple[FloatArray, FloatArray]:
    k = jumps.source.size // 2
    log_flux = logs + np.log(np.maximum(p, _TINY))[:, jumps.source]
    flux = np.exp(log_flux)
    force = log_flux[:, :k] - log_flux[:, k:]
    current = flux[:, :k] - flux[:, k:]
    both = np.hstack([force, -force])
    weights = np.zeros(p.shape)
    for row in range(p.shape[0]):
        weights[row] = np.bincount(jumps.source, np.exp(logs[row]) * both[row], minlength=p.shape[1])
    direct = flux * both + np.hstack([current, -current])
    return np.sum(current * force, axis=1), np.asarray(direct + through(weights))


def _times(values: Array, amplitude: Array, live: Array) -> tuple[FloatArray, list[tuple[float, list[float]]]]:
    """Times of the peaks, and for every step the first sign of the response with the times at which it turns."""
    speed = np.abs(values)
    least = np.min(np.where(live, -values.real, np.inf), axis=1)
    most = np.max(np.where(live, speed, 0.0), axis=1)
    grid = np.exp(np.linspace(np.log(1e-3 / most), np.log(40.0 / least), _TIMES, axis=1))
    with np.errstate(under="ignore"):
        waves = np.exp(values[:, None, :] * grid[:, :, None])
        r = np.real(np.einsum("ktj,kj->kt", waves, amplitude))
    peaks, turns = np.empty(values.shape[0]), []
    start = np.real(amplitude.sum(axis=1))
    size = np.max(np.abs(r), axis=1)
    for k in range(values.shape[0]):
        peaks[k] = _summit(values[k], amplitude[k], grid[k], int(np.argmax(r[k])))
        series = np.append(start[k], r[k])
        big = np.abs(series) > 1e-9 * size[k]  # what is left of the tail is rounding
        kept, ticks = series[big], np.append(0.0, grid[k])[big]
        changes = np.nonzero(kept[1:] * kept[:-1] < 0)[0]
        found = [_crossing(values[k], amplitude[k], ticks[i], ticks[i + 1]) for i in changes]
        turns.append((float(np.sign(kept[0])) if kept.size else 1.0, found))
    return peaks, turns


def _summit(values: Array, amplitude: Array, grid: FloatArray, at: int) -> float:
    """Time of a largest value next to a point of the grid, by Newton steps in the logarithm of time."""
    t, low, high = grid[at], grid[max(at - 1, 0)], grid[min(at + 1, grid.size - 1)]
    for _ in range(5):
        e = amplitude * np.exp(values * t)
        slope, bend = float(np.real(np.sum(e * values))), float(np.real(np.sum(e * values**2)))
        by_log, curve = slope * t, bend * t * t + slope * t
        move = -by_log / curve if curve < 0 else np.sign(by_log) * 0.1
        t = min(max(t * np.exp(np.clip(move, -0.3, 0.3)), low), high)
    return float(t)


def _crossing(values: Array, amplitude: Array, low: float, high: float) -> float:
    """Time at which the response changes sign between two points: Newton steps, kept within them."""
    rising = float(np.real(np.sum(amplitude * np.exp(values * high)))) > 0
    t = 0.5 * (low + high)
    for _ in range(6):
        e = amplitude * np.exp(values * t)
        value, slope = float(np.real(e.sum())), float(np.real(np.dot(e, values)))
        if (value > 0) == rising:
            high = t
        else:
            low = t
        following = t - value / slope if slope else low
        t = following if low <= following <= high else 0.5 * (low + high)
    return t
