"""Blind search for the ladders that dissipate least at a given accuracy: a Sobol sequence, of which little is kept.

Accuracy is L' = ln(mu1 / |area|) of the step kernel, mu1 in units of the horizontal rate. A ladder counts if it adapts:
its first moment is positive, as in the paper, where the weight update follows the signal's rate of change. The
baseline is zero throughout: another one shifts the reference level and the height of the step, and adds no design.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from thermo_cl._types import Array, FloatArray
from thermo_cl.sweep import Design, log_uniform, sweep, uniform

GAMMA = (1e-6, 1.0)  # from the strongest drive that any target asks for to detailed balance
RATE_FACTOR = (1e-2, 1e3)  # the paper's 1 to 100 and a decade or two beyond; rungs of 1000 are as good as infinite
ENERGY_STEP = (0.1, 8.0)  # below, a ladder of 24 levels is flat; above, one level spans more than any step
SIGNAL = (5.0, 250.0)  # heights of the paper's steps (App. G.3), in micromolar
PAPER_SIGNAL = 200.0
STEPS = ("0 to 200", "free")
PARAMETERS = ("gamma", "rate_factor", "energy_step", "reference_level", "signal")
BLOCK = 2**17  # ladders in memory at a time
DENSITY = (np.linspace(-2.0, 14.0, 65), np.linspace(-7.0, 4.0, 56))  # edges of L' and of ln(sigma)


def reference_bounds(levels: int) -> tuple[float, float]:
    """Reference levels that are taken: the rails have equal energy somewhere on the ladder."""
    return -0.5, levels - 0.5


def design(levels: int, ladders: int, *, free_step: bool, rng: int) -> Design:
    """Sobol points over all that a ladder of so many levels can choose."""
    return Design.sobol(
        ladders, rng=rng, gamma=log_uniform(*GAMMA), rate_factor=log_uniform(*RATE_FACTOR),
        energy_step=log_uniform(*ENERGY_STEP), reference_level=uniform(*reference_bounds(levels)),
        signal=log_uniform(*SIGNAL) if free_step else PAPER_SIGNAL, n_levels=levels,
    )  # fmt: skip


@dataclass
class Found:
    """What is kept of a sweep; ladders are columns of ``PARAMETERS``.

    Attributes
    ----------
    rate : ndarray, shape (targets,)
        Least entropy production rate of all ladders with L' at or above the target; infinite if there is none.
    accuracy : ndarray, shape (targets,)
        L' of that ladder.
    parameters : ndarray, shape (targets, 5)
        That ladder.
    counts : ndarray of int, shape (targets,)
        Ladders at or above the target.
    density : ndarray of int
        Ladders in the bins of ``DENSITY``.
    sample : list of ndarray, shape (k, 5)
        The first ladders of the sequence with L' above ``sampled``.
    drawn, adapting, beyond : int
        Ladders drawn, those that adapt, and those of them above the critical drive gamma = exp(-energy_step / 2).
    """

    rate: FloatArray
    accuracy: FloatArray
    parameters: FloatArray
    counts: Array
    density: Array
    sample: list[FloatArray] = field(default_factory=list)
    drawn: int = 0
    adapting: int = 0
    beyond: int = 0


def search(
    levels: int, targets: FloatArray, ladders: int, *, free_step: bool, rng: int, sampled: float, sample: int
) -> Found:
    """Sweep ladders of one number of levels.

    Parameters
    ----------
    levels : int
    targets : ndarray, shape (targets,)
        Values of L', increasing.
    ladders : int
        How many.
    free_step : bool
        Whether the height of the step is drawn too.
    rng : int
        Seed.
    sampled : float
        L' above which ladders are sampled.
    sample : int
        Size of that sample at most.
    """
    size, points = targets.size, design(levels, ladders, free_step=free_step, rng=rng)
    found = Found(
        np.full(size, np.inf), np.full(size, np.nan), np.full((size, len(PARAMETERS)), np.nan),
        np.zeros(size, np.int64), np.zeros([edges.size - 1 for edges in DENSITY], np.int64),
    )  # fmt: skip
    for start in range(0, ladders, BLOCK):
        rows = points.points(start, min(start + BLOCK, ladders))
        block = Design.from_dataset(xr.Dataset({name: ("point", values) for name, values in rows.items()}))
        result = sweep(block, "ladder", chunk=BLOCK)
        moment, rate = result["first_moment"].values, result["entropy_production_rate"].values
        adapts = result["valid"].values & (moment > 0.0)
        columns = np.stack([np.asarray(rows[name], float) for name in PARAMETERS], axis=-1)[adapts]
        accuracy, rate = -np.log(np.abs(result["normalized_area"].values[adapts])), rate[adapts]
        _reduce(found, targets, accuracy, rate, columns)
        missing = sample - sum(map(len, found.sample))
        found.sample.append(columns[accuracy > sampled][: max(missing, 0)])
        found.drawn, found.adapting = found.drawn + moment.size, found.adapting + rate.size
        found.beyond += int((columns[:, 0] * np.exp(0.5 * columns[:, 2]) >= 1.0).sum())
    return found


def _reduce(found: Found, targets: FloatArray, accuracy: FloatArray, rate: FloatArray, columns: FloatArray) -> None:
    """Add a block of ladders to what is kept."""
    found.density += np.histogram2d(accuracy, np.log(rate), DENSITY)[0].astype(np.int64)
    order = np.argsort(rate, kind="stable")
    for k, target in enumerate(targets.tolist()):
        good = accuracy[order] >= target
        found.counts[k] += int(good.sum())
        if good.any():
            best = order[int(np.argmax(good))]
            if rate[best] < found.rate[k]:
                found.rate[k], found.accuracy[k], found.parameters[k] = rate[best], accuracy[best], columns[best]
