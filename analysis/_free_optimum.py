"""Least cost of adaptation at given error and gain, over the rates of a network or the parameters of a ladder.

Over steps d of a network (``analysis._free_networks``), with s the mean dissipation of the steady states before and
after them:

* cost s tau, entropy per duration of the response, with tau the mean of the steps' durations over peaks;
* error: root mean square of the steps' |I| / A, so that no chance zero of a single area counts;
* gain: mean of A / (tanh(|d|/2) / 2).

None changes with the unit of time. Minimised in its logarithm by sequential quadratic programming from many starts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.optimize import minimize

from analysis._free_networks import STEPS, Adaptation, Jumps, adaptation, ladder_jumps, ladder_log_rates
from thermo_cl._types import FloatArray

__all__ = ["ABSENT", "Found", "Problem", "best", "least", "least_ladder", "measures", "numbers"]

DETUNING = 0.05  # by which every log rate is off, in the error of a detuned network
ABSENT = -20.0  # logarithm of a rate that does nothing
_CLOSE = 1e-4  # by how much the logarithms of error and gain may miss
_LEAST = 1e-13  # areas over peaks that rounding leaves
_NOWHERE = (np.array([50.0, 5.0, -20.0]), np.inf)


@dataclass(frozen=True)
class Problem:
    """What is held, and how the cost is counted.

    Attributes
    ----------
    error, gain : float
        Largest error and least gain allowed.
    bound : float
        Largest magnitude of a log rate; those of edges that a ladder lacks may fall to ``ABSENT``.
    at_baseline : bool
        Count the dissipation at the baseline alone.
    signed : bool
        Count |mu1| instead of the duration.
    free_split : bool
        Every edge between the rails has its own split of the step, between 0 and 1.
    """

    error: float
    gain: float = 0.5
    bound: float = 8.0
    at_baseline: bool = False
    signed: bool = False
    free_split: bool = False
    size: float = 1.0

    @property
    def steps(self) -> FloatArray:
        """The four steps."""
        return self.size * np.array(STEPS)


@dataclass(frozen=True, eq=False)
class Found:
    """End of one minimisation: infinite cost if error or gain are missed."""

    cost: float
    x: FloatArray
    log_rates: FloatArray


def best_peaks(steps: FloatArray) -> FloatArray:
    """Peak of a two-state element of equal energies, tanh(|d|/2)/2: mean over d and -d, the largest of any energies."""
    return np.asarray(np.tanh(np.abs(steps) / 2.0) / 2.0)


def measures(found: Adaptation, problem: Problem) -> tuple[FloatArray, FloatArray]:
    """Logarithms of cost, error and gain, shape (3,), and their derivatives, shape (3, numbers)."""
    rows = slice(0, 1) if problem.at_baseline else slice(None)
    sigma, by_sigma = found.dissipation[rows].mean(), found.dissipation_by[rows].mean(axis=0)
    steps = problem.steps
    peak = np.maximum(found.peak, 1e-12)
    length, by_length = found.duration, found.duration_by
    if problem.signed:
        length, by_length = np.sign(steps) * found.first_moment, np.sign(steps)[:, None] * found.first_moment_by
    tau = length / peak
    by_tau = (by_length - tau[:, None] * found.peak_by) / peak[:, None]
    miss = found.area / peak
    by_miss = (found.area_by - miss[:, None] * found.peak_by) / peak[:, None]
    square, by_square = np.mean(miss**2) + _LEAST**2, np.mean(2.0 * miss[:, None] * by_miss, axis=0)
    best = best_peaks(steps)
    gain, by_gain = np.mean(peak / best), np.mean(found.peak_by / best[:, None], axis=0)
    s, t = max(float(sigma), 1e-14), max(float(tau.mean()), 1e-10)
    values = np.array([np.log(s) + np.log(t), 0.5 * np.log(square), np.log(gain)])
    return values, np.array([by_sigma / s + by_tau.mean(axis=0) / t, 0.5 * by_square / square, by_gain / gain])


def numbers(jumps: Jumps, log_rates: FloatArray, problem: Problem, split: FloatArray | None = None) -> dict[str, float]:
    """What a network reaches: cost, error, gain, y = sigma |mu1| / |d| and the like."""
    found = adaptation(jumps, log_rates, problem.steps, split)
    (cost, error, gain), _ = measures(found, problem)
    size, half = np.abs(problem.steps), jumps.source.size
    by_miss = (found.area_by - (found.area / found.peak)[:, None] * found.peak_by)[:, :half] / found.peak[:, None]
    off = np.mean((found.area / found.peak) ** 2 + DETUNING**2 * np.sum(by_miss**2, axis=1))
    sigma = float(found.dissipation[0])
    return {
        "cost": float(np.exp(cost)), "error": float(np.exp(error)), "gain": float(np.exp(gain)),
        "detuned_error": float(np.sqrt(off)), "ratio": sigma * float(np.mean(np.abs(found.first_moment) / size)),
        "dissipation": sigma, "dissipation_change": float(np.max(np.abs(found.dissipation / sigma - 1.0))),
        "memory_time": float(np.mean(found.duration / found.peak)),
        "overshoot": float(np.max(found.duration / np.abs(found.first_moment)) - 1.0),
    }  # fmt: skip


class _Once:
    """Measures at a point, kept until the next one: objective and constraints ask for the same."""

    def __init__(self, function: Callable[[FloatArray], tuple[FloatArray, FloatArray]]) -> None:
        self._function, self._key, self._kept = function, b"", (np.empty(0), np.empty(0))

    def __call__(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        if x.tobytes() != self._key:
            try:
                with np.errstate(all="ignore"):
                    values, slopes = self._function(x)
                sound = bool(np.isfinite(values).all() and np.isfinite(slopes).all())
            except np.linalg.LinAlgError:
                sound = False
            if not sound:
                values, slopes = _NOWHERE[0], np.zeros((3, x.size))
            self._key, self._kept = x.tobytes(), (values, slopes)
        return self._kept


def _minimise(
    at: _Once, start: FloatArray, bounds: list[tuple[float, float]], problem: Problem, iterations: int,
    further: Iterable[dict[str, Any]] = (),
) -> tuple[float, FloatArray]:  # fmt: skip
    held = np.log([problem.error, problem.gain])
    signs = np.array([-1.0, 1.0])
    constraint = {
        "type": "ineq",
        "fun": lambda x: signs * (at(x)[0][1:] - held),
        "jac": lambda x: signs[:, None] * at(x)[1][1:],
    }
    low, high = np.array(bounds).T
    done = minimize(
        lambda x: (at(x)[0][0], at(x)[1][0]), np.clip(start, low, high), jac=True, method="SLSQP", bounds=bounds,
        constraints=[constraint, *further], options={"maxiter": iterations, "ftol": 1e-7},
    )  # fmt: skip
    x = np.clip(done.x, low, high)
    values = at(x)[0]
    kept = (signs * (values[1:] - held) > -_CLOSE).all()
    return (float(np.exp(values[0])) if kept else np.inf), x


def least(jumps: Jumps, problem: Problem, start: FloatArray, iterations: int = 150) -> Found:
    """Free rates (and splits) from a start, log rates (and splits), to a local optimum."""
    size, half = jumps.source.size, jumps.source.size // 2
    low = np.full(size, ABSENT)
    few = 3 * jumps.levels - 2
    low[:few] = low[half : half + few] = -problem.bound
    bounds = [(float(least), problem.bound) for least in low] + [(0.0, 1.0)] * (half if problem.free_split else 0)

    def at(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        split = x[size:] if problem.free_split else None
        return measures(adaptation(jumps, x[:size], problem.steps, split), problem)

    cost, x = _minimise(_Once(at), start, bounds, problem, iterations)
    return Found(cost, x, x[:size])


def least_ladder(levels: int, problem: Problem, start: FloatArray, iterations: int = 150) -> Found:
    """Affinity, energy step, rate factor, offset and time unit of a ladder with the same bounds on its rates."""
    jumps = ladder_jumps(levels)

    def at(z: FloatArray) -> tuple[FloatArray, FloatArray]:
        log_rates, slopes = ladder_log_rates(levels, *z)
        values, by = measures(adaptation(jumps, log_rates, problem.steps), problem)
        return values, by @ slopes.T

    def room(z: FloatArray) -> FloatArray:
        log_rates, _ = ladder_log_rates(levels, *z)
        return np.concatenate([problem.bound - log_rates, problem.bound + log_rates])

    def by_room(z: FloatArray) -> FloatArray:
        _, slopes = ladder_log_rates(levels, *z)
        return np.vstack([-slopes.T, slopes.T])

    bounds = [(0.01, 16.0), (0.05, 16.0), (-8.0, 16.0), (-0.5, 0.5), (-16.0, 8.0)]
    cost, z = _minimise(_Once(at), start, bounds, problem, iterations, [{"type": "ineq", "fun": room, "jac": by_room}])
    if (room(z) < -1e-6).any():
        cost = np.inf
    return Found(cost, z, ladder_log_rates(levels, *z)[0])


def best(found: Iterable[Found], keep: int, apart: float = 2e-3) -> list[Found]:
    """The cheapest, one for each cost."""
    chosen: list[Found] = []
    for one in sorted(found, key=lambda f: f.cost):
        if np.isfinite(one.cost) and all(abs(np.log(one.cost / other.cost)) > apart for other in chosen):
            chosen.append(one)
    return chosen[:keep]
