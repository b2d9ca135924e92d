"""Dissipation against how long a ladder remembers, and against the dynamic range it learns with."""

from __future__ import annotations

import numpy as np
import xarray as xr

from analysis._frontier_optima import Limit, Optimum, optimise
from analysis._frontier_sweep import PARAMETERS
from analysis.dissipation import LADDER_UNITS, PROTOCOL
from thermo_cl._types import FloatArray
from thermo_cl.sweep import FUNCTIONS, Design, sweep


def rows(levels: int, parameters: FloatArray) -> Design:
    """Design of the ladders that are rows of ``PARAMETERS``, shape (k, 5)."""
    columns = {name: ("point", parameters[:, k]) for k, name in enumerate(PARAMETERS)}
    return Design.from_dataset(xr.Dataset({**columns, "n_levels": levels}))


def memories(levels: int, parameters: FloatArray) -> dict[str, FloatArray]:
    """Sigma, L' and memory time of ladders, each of shape (k,); the last two NaN where they do not exist."""
    found = sweep(rows(levels, parameters), "ladder-memory")
    moment, tau = found["first_moment"].values, found["memory_time"].values
    works = found["valid"].values & (moment > 0.0) & (tau > 0.0)
    accuracy = -np.log(np.abs(np.where(works, found["normalized_area"].values, np.nan)))
    return {
        "rate": found["entropy_production_rate"].values, "accuracy": accuracy, "tau": np.where(works, tau, np.nan)
    }  # fmt: skip


def dynamic_ranges(levels: int, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Dynamic range A_max / A_min and offset under the protocol of Fig. 6B, each of shape (k,).

    NaN where no amplitude below A_max is learnt linearly, or where updates begin at amplitude zero.
    """
    function = FUNCTIONS["ladder-curves"].with_options(ladder_units=LADDER_UNITS, **PROTOCOL)
    found = sweep(rows(levels, parameters), function)
    smallest = found["exact_amplitude_min"].values
    works = found["valid"].values & found["exact_linear"].values & (smallest > 0.0)
    return PROTOCOL["amplitude_max"] / np.where(works, smallest, np.nan), np.where(
        works, found["exact_offset"].values, np.nan
    )


def longest(
    levels: int, target: float, budget: float, starts: list[FloatArray], sample: FloatArray,
    known: dict[str, FloatArray],
) -> tuple[Optimum, float]:  # fmt: skip
    """Longest memory time at L' >= target and sigma <= budget, by optimisation and among sampled ladders.

    Parameters
    ----------
    levels : int
    target, budget : float
    starts : list of ndarray, shape (5,)
        Ladders to start from, beside the best of the sample.
    sample : ndarray, shape (k, 5)
        Ladders.
    known : dict
        Their ``memories``.
    """
    good = np.flatnonzero((known["accuracy"] >= target) & (known["rate"] <= budget))
    best = good[np.argmax(known["tau"][good])] if good.size else None
    limits = [Limit((0.0, 1.0, 0.0), target), Limit((-1.0, 0.0, 0.0), -float(np.log(budget)))]
    more = [sample[best]] if best is not None else []
    found = optimise(levels, (0.0, 0.0, -1.0), limits, [*starts, *more])[0]
    return found, float(known["tau"][best]) if best is not None else np.nan


def cheapest(
    levels: int, target: float, starts: list[FloatArray], sample: FloatArray, known: dict[str, FloatArray]
) -> tuple[Optimum, float]:
    """Least sigma tau at ln(mu1 / (|area| tau)) >= target: no change of the unit of time alters either."""
    cost = known["rate"] * known["tau"]
    good = np.flatnonzero(known["accuracy"] - np.log(known["tau"]) >= target)
    best = good[np.argmin(cost[good])] if good.size else None
    more = [sample[best]] if best is not None else []
    found = optimise(levels, (1.0, 0.0, 1.0), [Limit((0.0, 1.0, -1.0), target)], [*starts, *more])[0]
    return found, float(cost[best]) if best is not None else np.nan
