r"""The frontier of accuracy against dissipation of ladders: least sigma at a given normalised offset, by two ways.

Accuracy is L' = ln(mu1 / |area|) of the kernel of a step from zero signal, with the horizontal rate as the clock; the
offset that a synapse learns with is its exponential, inverted. First a blind sweep of a million ladders and more for
each number of levels, of the paper's step (0 to 200) and of steps of any height; then optimisation with exact
gradients from its best, within the same bounds. No ladder of the sweep may lie below the optimum.

Then what the choice of F and the number of levels is worth, where the paper's ladder stands, the longest memory at a
given offset, the least entropy per memory time (in which no unit of time is left), and the dynamic range under the
protocol of Figs. 6B and 9B: rise 3, fall 15, mean 10, A_max 50, five ladder units for one of the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import xarray as xr

from analysis import _frontier_labels as labels
from analysis._frontier_law import asymptotic_slope, bulk_frontier
from analysis._frontier_memory import cheapest, dynamic_ranges, longest, memories
from analysis._frontier_optima import Limit, Optimum, optimise
from analysis._frontier_sweep import (
    DENSITY,
    ENERGY_STEP,
    GAMMA,
    PAPER_SIGNAL,
    PARAMETERS,
    RATE_FACTOR,
    SIGNAL,
    STEPS,
    Found,
    search,
)
from thermo_cl import Ladder
from thermo_cl import _validate as check
from thermo_cl._types import Array, BoolArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import label, provenance

LEVELS = (5, 8, 12, 16, 24)
TARGETS = tuple(np.arange(2.0, 10.25, 0.5).tolist())
FIT = (8.0, 10.0)  # range of L' over which slopes are fitted: strong enough drive for the bulk laws at 24 levels
MEMORY_LEVELS = (5, 8, 12)  # kernels of more levels cost many milliseconds each
MEMORY_TARGETS, BUDGETS = (4.0, 6.0), (1.02, 1.05, 1.1, 1.2, 1.5, 2.0, 3.0, 10.0)
RELATIVE_TARGETS = tuple(float(k) for k in range(1, 9))
FACTORS = (5.0, 25.0, 100.0, 1e3, 1e4)
FACTOR_TARGET = 6.0
SAMPLED = 2.0  # L' above which ladders are sampled for memory times and dynamic ranges
PICTURED = 1500  # ladders of that sample that are kept
PAPER_GAMMA = tuple(np.geomspace(0.3, 1e-10, 60).tolist())
PAPER = partial(Ladder, rate_factor=25.0, n_levels=5, reference_level=1.0, energy_step=2.0)


def compute(
    levels: Sequence[int] = LEVELS,
    ladders: int = 2**20,
    *,
    targets: Sequence[float] = TARGETS,
    memory_levels: Sequence[int] = MEMORY_LEVELS,
    budgets: Sequence[float] = BUDGETS,
    relative_targets: Sequence[float] = RELATIVE_TARGETS,
    sample: int = 8192,
    rng: int = 0,
) -> xr.Dataset:
    """Sweep, optimise, compare.

    Parameters
    ----------
    levels : sequence of int
        Numbers of levels, >= 2.
    ladders : int
        Ladders swept for each of them, twice: with the paper's step and with any.
    targets : sequence of float
        Values of L', increasing.
    memory_levels : sequence of int
        Those of the levels whose memory times and dynamic ranges are wanted.
    budgets : sequence of float
        Dissipation over the least, > 1, at which the longest memory is sought.
    relative_targets : sequence of float
        Values of ln(mu1 / (|area| tau)).
    sample : int
        Ladders of the sweep whose memory times are computed; a quarter of them for dynamic ranges.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Takes about five minutes on one core.
    """
    numbers = tuple(check.integer_at_least("levels", n, 2) for n in levels)
    count, kept = check.integer_at_least("ladders", ladders, 1), check.integer_at_least("sample", sample, 4)
    wanted = check.finite("targets", targets)
    if wanted.ndim != 1 or not wanted.size or (np.diff(wanted) <= 0).any():
        raise InvalidParameterError("targets", targets, "increasing numbers, at least one")
    if not set(memory_levels) <= set(numbers):
        raise InvalidParameterError("memory_levels", memory_levels, f"some of the levels {numbers}")
    if (check.finite("budgets", budgets) <= 1.0).any():
        raise InvalidParameterError("budgets", budgets, "greater than 1: nothing lies below the frontier")
    swept = [
        [search(n, wanted, count, free_step=free, rng=rng, sampled=SAMPLED, sample=kept) for free in (False, True)]
        for n in numbers
    ]
    optima = [
        [_frontier(n, wanted, found, free_step=bool(k)) for k, found in enumerate(pair)]
        for n, pair in zip(numbers, swept, strict=True)
    ]
    values = _swept(swept) | _optimal(optima, wanted) | _paper(numbers, optima, wanted) | _bulk(numbers, wanted)
    values |= _memory(numbers, tuple(memory_levels), swept, optima, wanted, budgets, relative_targets)
    ranges = {"gamma": GAMMA, "rate_factor": RATE_FACTOR, "energy_step": ENERGY_STEP, "signal": SIGNAL,
              "reference_level": "-0.5 to n - 0.5"}  # fmt: skip
    coordinates: dict[str, Array] = {
        "levels": np.array(numbers), "step": np.array(STEPS), "target": wanted, "parameter": np.array(PARAMETERS),
        "accuracy": 0.5 * (DENSITY[0][1:] + DENSITY[0][:-1]), "log_rate": 0.5 * (DENSITY[1][1:] + DENSITY[1][:-1]),
        "gamma": np.array(PAPER_GAMMA), "rate_factor_max": np.array(FACTORS),
        "memory_levels": np.array(memory_levels, np.int64), "memory_target": np.array(MEMORY_TARGETS),
        "budget": np.array(budgets, float), "relative_target": np.array(relative_targets, float),
    }  # fmt: skip
    return label(
        labels.labelled(values), labels.labelled(coordinates),
        provenance(
            "accuracy against dissipation of ladders, cf. Falk et al. 2025, Fig. 6B",
            {"ladders": count, "sample": kept, "ranges": ranges, "paper_signal": PAPER_SIGNAL, "fit": FIT,
             "factor_target": FACTOR_TARGET, "sampled": SAMPLED, "paper": PAPER.keywords, "baseline": 0.0},
            seed=rng,
        ),
    )  # fmt: skip


def _frontier(levels: int, targets: FloatArray, found: Found, *, free_step: bool) -> list[list[Optimum]]:
    """Optima of every target, the best first: from the sweep's best ladder and from the next target's optimum."""
    ends: list[list[Optimum]] = [[] for _ in targets]
    for k in reversed(range(targets.size)):
        starts = [found.parameters[k]] + ([ends[k + 1][0].parameters] if k + 1 < targets.size else [])
        if not np.isfinite(starts[0]).all() and len(starts) == 1:
            starts = [_guess(levels)]
        ends[k] = _least(levels, float(targets[k]), starts, free_step=free_step)
    return ends


def _least(
    levels: int, target: float, starts: list[FloatArray], *, free_step: bool = False, factor: float = RATE_FACTOR[1]
) -> list[Optimum]:
    limits = [Limit((0.0, 1.0, 0.0), target)]
    return optimise(levels, (1.0, 0.0, 0.0), limits, starts, free_step=free_step, rate_factor_max=factor)


def _guess(levels: int) -> FloatArray:
    """A centred ladder, for where the sweep has none."""
    return np.array([0.05, 100.0, 2.0, 0.5 * (levels - 2), PAPER_SIGNAL])


def _swept(swept: list[list[Found]]) -> dict[str, Array]:
    def of(name: str) -> Array:
        return np.array([[getattr(found, name) for found in pair] for pair in swept])

    rate = of("rate")
    return {
        "sweep_rate": np.where(np.isfinite(rate), rate, np.nan), "sweep_parameters": of("parameters"),
        "sweep_count": of("counts"), "sweep_adapting": of("adapting"), "sweep_beyond": of("beyond"),
        "density": of("density")[:, 0],
    }  # fmt: skip


def _optimal(optima: list[list[list[list[Optimum]]]], targets: FloatArray) -> dict[str, Array]:
    first = [[[ends[0] for ends in line] for line in pair] for pair in optima]

    def of(name: str) -> Array:
        return np.array([[[getattr(end, name) for end in line] for line in pair] for pair in first])

    rate, prices = of("minimum"), of("prices")[..., 0]
    spread = [[[_spread(ends) for ends in line] for line in pair] for pair in optima]
    return {
        "rate": rate, "slope": rate * prices, "parameters": of("parameters"), "at_bound": of("at_bound"),
        "residual": of("residual"), "spread": np.array(spread), "fitted_slope": _fitted(targets, rate),
    }  # fmt: skip


def _fitting(targets: FloatArray) -> BoolArray:
    return np.asarray((targets >= FIT[0]) & (targets <= FIT[1]))


def _fitted(targets: FloatArray, rate: FloatArray) -> FloatArray:
    """Slopes over the range of the fit, shape of the rates but for the last axis; NaN where it has too few targets."""
    inside = _fitting(targets)
    if inside.sum() < 2:  # a line has two ends
        return np.full(rate.shape[:-1], np.nan)
    x = targets[inside] - targets[inside].mean()
    return np.asarray((rate[..., inside] * x).sum(axis=-1) / (x * x).sum())


def _spread(ends: list[Optimum]) -> float:
    values = np.exp([end.value for end in ends if np.isfinite(end.value)])
    return float(values.max() / values.min() - 1.0)


def _paper(numbers: tuple[int, ...], optima: list[list[list[list[Optimum]]]], targets: FloatArray) -> dict[str, Array]:
    """The paper's ladder over gamma; what the best ladders spend for its accuracy, and what slower rungs cost."""
    ladder = PAPER(np.array(PAPER_GAMMA))
    moments = ladder.step_moments(PAPER_SIGNAL)
    adapts = moments.first_moment > 0.0
    accuracy = np.log(np.abs(moments.first_moment / moments.area))
    named = PAPER(1e-3).step_moments(PAPER_SIGNAL)
    same = float(np.log(named.first_moment / abs(named.area)))
    near, at = (int(np.argmin(np.abs(targets - value))) for value in (same, FACTOR_TARGET))
    equal, bounded = [], []
    for n, pair in zip(numbers, optima, strict=True):
        equal.append(_least(n, same, [pair[0][near][0].parameters])[0].minimum)
        start = [pair[0][at][0].parameters]
        bounded.append([_least(n, FACTOR_TARGET, start, factor=factor)[0].minimum for factor in FACTORS])
    return {
        "paper_rate": np.where(adapts, ladder.entropy_production_rate(), np.nan),
        "paper_accuracy": np.where(adapts, accuracy, np.nan), "same_accuracy": np.array(same),
        "same_accuracy_rate": np.array(equal), "bounded_rate": np.array(bounded),
    }  # fmt: skip


def _bulk(numbers: tuple[int, ...], targets: FloatArray) -> dict[str, Array]:
    """The frontier by the bulk laws, over the range in which slopes are fitted."""
    shift = float(np.log1p(PAPER_SIGNAL / 18.2) - np.log1p(PAPER_SIGNAL / 3000.0))
    rate = np.full((len(numbers), targets.size), np.nan)
    for k in np.flatnonzero(_fitting(targets)).tolist():
        rate[:, k] = [bulk_frontier(n, float(targets[k]), shift) for n in numbers]
    return {
        "bulk_rate": rate, "bulk_slope": _fitted(targets, rate),
        "asymptotic_slope": asymptotic_slope(np.array(numbers, float)),
    }  # fmt: skip


def _memory(
    numbers: tuple[int, ...], chosen: tuple[int, ...], swept: list[list[Found]],
    optima: list[list[list[list[Optimum]]]], targets: FloatArray, budgets: Sequence[float],
    relative_targets: Sequence[float],
) -> dict[str, Array]:  # fmt: skip
    """Memory times and dynamic ranges of sampled ladders, of those on the frontier, and of the best for memory."""
    found: dict[str, list[Array]] = {}

    def keep(**values: Array) -> None:
        for name, value in values.items():
            found.setdefault(name, []).append(value)

    for n in chosen:
        line = [ends[0] for ends in optima[numbers.index(n)][0]]
        on_frontier = np.array([end.parameters for end in line])
        sample = np.concatenate(swept[numbers.index(n)][0].sample)
        known = memories(n, sample)
        few = sample[: max(sample.shape[0] // 4, 1)]
        range_, offset = dynamic_ranges(n, few)
        frontier_range, frontier_offset = dynamic_ranges(n, on_frontier)
        keep(
            sample_rate=_cut(known["rate"]), sample_accuracy=_cut(known["accuracy"]),
            sample_memory_time=_cut(known["tau"]), sample_dynamic_range=_cut(range_), sample_offset=_cut(offset),
            frontier_dynamic_range=frontier_range, frontier_offset=frontier_offset,
            frontier_memory_time=memories(n, on_frontier)["tau"],
        )  # fmt: skip
        long = [_longer(n, target, budgets, line, targets, sample, known) for target in MEMORY_TARGETS]
        keep(
            memory_time=np.array([[1.0 / end.minimum for end, _ in row] for row in long]),
            memory_rate=np.array([[np.exp(end.numbers[0]) for end, _ in row] for row in long]),
            sweep_memory_time=np.array([[other for _, other in row] for row in long]),
            memory_residual=np.array([[end.residual for end, _ in row] for row in long]),
        )
        cheap, start = list[tuple[Optimum, float]](), line[-1].parameters
        for target in reversed(list(relative_targets)):
            cheap.append(cheapest(n, target, [start], sample, known))
            start = cheap[-1][0].parameters if np.isfinite(cheap[-1][0].value) else start
        cheap.reverse()
        keep(
            memory_cost=np.array([end.minimum for end, _ in cheap]),
            sweep_memory_cost=np.array([other for _, other in cheap]),
            memory_cost_time=np.array([np.exp(end.numbers[2]) for end, _ in cheap]),
            memory_cost_parameters=np.array([end.parameters for end, _ in cheap]),
            memory_cost_residual=np.array([end.residual for end, _ in cheap]),
        )
    return {name: np.array(parts) for name, parts in found.items()}


def _longer(
    levels: int, target: float, budgets: Sequence[float], line: list[Optimum], targets: FloatArray, sample: FloatArray,
    known: dict[str, FloatArray],
) -> list[tuple[Optimum, float]]:  # fmt: skip
    """Longest memories for growing budgets, each from the one before."""
    near = line[int(np.argmin(np.abs(targets - target)))].parameters
    least = _least(levels, target, [near])[0]
    rate, start, found = least.minimum, least.parameters, list[tuple[Optimum, float]]()
    for budget in budgets:
        found.append(longest(levels, target, budget * rate, [start], sample, known))
        start = found[-1][0].parameters
    return found


def _cut(values: FloatArray) -> FloatArray:
    """The first of a sample, filled up with NaN."""
    kept = np.full(PICTURED, np.nan)
    kept[: min(values.size, PICTURED)] = values[:PICTURED]
    return kept
