"""Ladders that dissipate least under conditions on what they do, by exact gradients.

Everything is a logarithm: of sigma, of accuracy over time L' = ln(mu1 / |area|), and of the memory time
tau = mu2 / (2 mu1), the mean time of the response to a step. A problem weighs these three and sets limits to sums of
them. scipy's SLSQP takes the steps; whether it arrived is judged here, by the conditions of Karush, Kuhn and Tucker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from analysis._frontier_sweep import (
    ENERGY_STEP,
    GAMMA,
    PAPER_SIGNAL,
    PARAMETERS,
    RATE_FACTOR,
    SIGNAL,
    reference_bounds,
)
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import ConvergenceError, ThermoError
from thermo_cl.markov import Ladder, LadderObjective
from thermo_cl.markov.sensitivities import KERNEL_PARAMETERS, ladder_kernel_tangents
from thermo_cl.markov.sensitivities.objective import FreeParameter

FREE: tuple[FreeParameter, ...] = (  # in the order of PARAMETERS
    "log_gamma", "log_rate_factor", "energy_step", "reference_level", "log_signal",
)  # fmt: skip
REACHED = 1e-6  # how far a limit may be missed
AT_BOUND = 1e-7


@dataclass(frozen=True)
class Limit:
    """A condition: the weighted sum of (ln sigma, L', ln tau) is at least ``least``."""

    weights: tuple[float, float, float]
    least: float


@dataclass(frozen=True)
class Optimum:
    """A ladder at which the search ended.

    Attributes
    ----------
    value : float
        What was minimised; infinite if a limit is missed or the ladder does not adapt.
    numbers : ndarray, shape (3,)
        ln sigma, L' and ln tau (NaN where no problem needed it).
    parameters : ndarray, shape (5,)
        The ladder, as ``PARAMETERS``.
    residual : float
        Largest entry of the gradient that neither limits nor bounds balance.
    prices : ndarray, shape (limits,)
        Derivatives of the value by what the limits ask for.
    at_bound : ndarray of int, shape (5,)
        -1 and 1 where a parameter is at its lower and upper bound.
    """

    value: float
    numbers: FloatArray
    parameters: FloatArray
    residual: float
    prices: FloatArray
    at_bound: IntArray

    @property
    def minimum(self) -> float:
        """Exponential of the value; NaN if the search failed."""
        return float(np.exp(self.value)) if np.isfinite(self.value) else np.nan


class LogNumbers:
    """ln sigma, L' and ln tau of ladders of some number of levels, and their gradients by x.

    Values and gradients at the last points are kept, because objective and limits ask for the same.
    """

    def __init__(self, levels: int, *, free_step: bool, memory: bool) -> None:
        self.free = FREE if free_step else FREE[:-1]
        self.objective = LadderObjective(Ladder(0.1, n_levels=levels), signal=PAPER_SIGNAL, free=self.free)
        self.memory, self._values, self._slopes = memory, dict[bytes, FloatArray](), dict[bytes, FloatArray]()

    def values(self, x: FloatArray) -> FloatArray:
        """Shape (3,)."""
        if x.tobytes() not in self._values:
            self._values.clear()
            ladder, signal = self.objective.at(x)
            rate, tau = float(ladder.entropy_production_rate()), np.nan
            if self.memory:
                kernel = ladder.step_kernel(signal, moments=3)
                area, moment = kernel.area, float(kernel.first_moment)
                tau = float(kernel.moment(2)) / 2.0 / moment
            else:
                found = ladder.step_moments(signal)
                area, moment = found.area, float(found.first_moment)
            accuracy = abs(moment / float(area))
            self._values[x.tobytes()] = np.log([rate, accuracy, abs(tau)])
        return self._values[x.tobytes()]

    def slopes(self, x: FloatArray) -> FloatArray:
        """Shape (3, k)."""
        if x.tobytes() not in self._slopes:
            self._slopes.clear()
            (rate, area, moment), (by_rate, by_area, by_moment) = self.objective.value_and_gradient(x)
            by_tau = np.full(x.size, np.nan)
            if self.memory:
                ladder, signal = self.objective.at(x)
                second = ladder.step_kernel(signal, moments=3).moment(2)
                columns = [KERNEL_PARAMETERS.index(name.replace("log_signal", "signal")) for name in self.free]
                by_second = ladder_kernel_tangents(ladder, signal).moment(2)[columns] / second
                by_tau = by_second * np.where(np.array(self.free) == "log_signal", signal, 1.0) - by_moment / moment
            self._slopes[x.tobytes()] = np.array([by_rate / rate, by_moment / moment - by_area / area, by_tau])
        return self._slopes[x.tobytes()]

    def adapts(self, x: FloatArray) -> bool:
        """Whether the first moment is positive."""
        ladder, signal = self.objective.at(x)
        return float(ladder.step_moments(signal).first_moment) > 0.0


def bounds(levels: int, *, rate_factor_max: float = RATE_FACTOR[1]) -> FloatArray:
    """Lower and upper bounds of ``FREE``, shape (5, 2): those of the sweep."""
    factor = (RATE_FACTOR[0], rate_factor_max)
    return np.array([np.log(GAMMA), np.log(factor), ENERGY_STEP, reference_bounds(levels), np.log(SIGNAL)])


def to_x(parameters: FloatArray) -> FloatArray:
    """Coordinates of the optimisation, shape (5,), from ``PARAMETERS``."""
    x = np.array(parameters, dtype=float)
    x[[0, 1, 4]] = np.log(x[[0, 1, 4]])
    return x


def to_parameters(x: FloatArray) -> FloatArray:
    """``PARAMETERS`` from coordinates, shape (4,) or (5,)."""
    whole = np.append(x, np.log(PAPER_SIGNAL)) if x.size < len(PARAMETERS) else x.copy()
    whole[[0, 1, 4]] = np.exp(whole[[0, 1, 4]])
    return np.asarray(whole)


def optimise(
    levels: int,
    weights: tuple[float, float, float],
    limits: Sequence[Limit],
    starts: Iterable[FloatArray],
    *,
    free_step: bool = False,
    rate_factor_max: float = RATE_FACTOR[1],
) -> list[Optimum]:
    """Minimise a weighted sum of (ln sigma, L', ln tau) under limits, from several ladders; the best end first.

    Parameters
    ----------
    levels : int
    weights : tuple of float
    limits : sequence of Limit
    starts : iterable of ndarray, shape (5,)
        Ladders, as ``PARAMETERS``; those with entries that are not numbers are passed over.
    free_step : bool
        Whether the height of the step is free, too.
    rate_factor_max : float
        Upper bound of the rate factor.

    Raises
    ------
    ConvergenceError
        If no search ended, or there was no start.
    """
    rows = np.array([limit.weights for limit in limits]).reshape(-1, 3)
    memory = bool(weights[2]) or bool(rows[:, 2].any())
    numbers = LogNumbers(levels, free_step=free_step, memory=memory)
    size, goal = len(numbers.free), np.array(weights)
    keep = [0, 1, 2] if memory else [0, 1]
    low, high = bounds(levels, rate_factor_max=rate_factor_max)[:size].T
    below_critical = np.zeros(size)
    below_critical[[0, 2]] = -1.0, -0.5  # ln(1 / r) >= 0
    least = np.array([limit.least for limit in limits])
    constraints = [
        {
            "type": "ineq",
            "fun": lambda x: rows[:, keep] @ numbers.values(x)[keep] - least,
            "jac": lambda x: rows[:, keep] @ numbers.slopes(x)[keep],
        },
        {"type": "ineq", "fun": lambda x: below_critical @ x - AT_BOUND, "jac": lambda _: below_critical},
    ]
    ends = []
    for start in starts:
        if not np.isfinite(start).all():
            continue
        try:
            with np.errstate(all="ignore"):  # trial steps to where a moment vanishes
                found = minimize(
                    lambda x: float(goal[keep] @ numbers.values(x)[keep]), np.clip(to_x(start)[:size], low, high),
                    jac=lambda x: goal[keep] @ numbers.slopes(x)[keep], bounds=list(zip(low, high, strict=True)),
                    method="SLSQP", constraints=constraints, options={"maxiter": 200, "ftol": 1e-11},
                )  # fmt: skip
            ends.append(_judged(numbers, np.clip(found.x, low, high), goal, rows, least, (low, high), keep))
        except ThermoError:  # a step out of the range of floating point; other starts remain
            continue
    if not ends:
        raise ConvergenceError(f"no search for a ladder of {levels} levels ended: start from other ladders")
    return sorted(ends, key=lambda end: end.value)


def _judged(
    numbers: LogNumbers, x: FloatArray, goal: FloatArray, rows: FloatArray, least: FloatArray,
    box: tuple[FloatArray, FloatArray], keep: list[int],
) -> Optimum:  # fmt: skip
    """Value, prices of the limits and what is left of the gradient at the end of a search."""
    values, slopes = numbers.values(x), numbers.slopes(x)[keep]
    slack = rows[:, keep] @ values[keep] - least
    side = np.where(x - box[0] < AT_BOUND, -1, np.where(box[1] - x < AT_BOUND, 1, 0))
    gradient, normals = goal[keep] @ slopes, (rows[:, keep] @ slopes)[slack < 10 * REACHED]
    inside, prices = side == 0, np.zeros(least.size)
    solved = np.linalg.lstsq(normals[:, inside].T, gradient[inside], rcond=None)[0]
    prices[slack < 10 * REACHED] = solved
    left = gradient - solved @ normals
    outward = np.where(side == 0, np.abs(left), np.maximum(left * side, 0.0))
    residual = float(max(outward.max(), -prices.min(initial=0.0)))
    reached = bool((slack >= -REACHED).all()) and numbers.adapts(x)
    value = float(goal[keep] @ values[keep]) if reached else np.inf
    whole = np.zeros(len(PARAMETERS), np.int64)
    whole[: side.size] = side
    return Optimum(value, values, to_parameters(x), residual, prices, whole)
