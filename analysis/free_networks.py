"""Least dissipation of adaptation by networks that are not ladders: the same states, readout and coupling, free rates.

At given I alone there is no least cost. The unit of time changes I, |area| / |mu1|, but not sigma |mu1|. And a network
that spends only a share of its time in its working part has sigma, mu1, area and gain in proportion to that share:
sigma |mu1| falls as its square while I stays. The infimum is zero, without any response. So the gain is held as well;
the cost is sigma tau, with tau the duration of the response, and the error |I| / A, over steps up and down
(``analysis._free_optimum``). Then the ladder, its edges with free rates, and all pairs of states joined are optimised
for each number of levels and each error. The ladder's rates are kept in the same range, and the step is split evenly
between both directions of a rung, for all networks alike.

Starts are ladders, perturbed ones, ladders of uneven levels, the optimum with one level less, and those at the
neighbouring errors, both ways. Local optima are upper bounds on the least cost and nothing else; a lower bound, with
the correlation time T of the readout in place of tau, is in ``analysis._free_bound``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr

from analysis._free_bound import estimate, linear_response
from analysis._free_networks import Jumps, all_jumps, ladder_jumps
from analysis._free_optimum import ABSENT, Found, Problem, best, least, least_ladder, numbers
from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov import MarkovNetwork
from thermo_cl.sweep import Quantity, label, provenance

FAMILIES = ("ladder", "ladder's edges", "all joined")
LEVELS = (3, 4, 5)
LOG_ERRORS = (-1.0, -2.0, -3.0, -4.0)
GAINS = (0.7, 0.6, 0.5, 0.3, 0.1, 0.03, 0.01)
VARIANTS: dict[str, dict[str, Any]] = {
    "as above": {}, "|ln k| <= 6": {"bound": 6.0}, "|ln k| <= 10": {"bound": 10.0},
    "dissipation at baseline": {"at_baseline": True}, "|mu1| for duration": {"signed": True},
    "free split": {"free_split": True}, "steps of 1/4": {"size": 0.25}, "steps of 2": {"size": 2.0},
}  # fmt: skip
WORDS = {
    "cost": ("entropy produced per duration of the response", "k_B"),
    "error": ("rms over steps of steady change over peak", "1"),
    "detuned_error": ("error if every log rate is off by 0.05, to leading order", "1"),
    "gain": ("mean over steps of peak over that of a two-state element", "1"),
    "ratio": ("sigma times first moment over step", "k_B"),
    "dissipation": ("entropy production rate at the baseline", "k_B / time"),
    "dissipation_change": ("largest relative change of the entropy production rate by a step", "1"),
    "memory_time": ("mean duration of the response over its peak", "time"),
    "overshoot": ("largest excess of duration over first moment, relative", "1"),
}


def compute(
    levels: Sequence[int] = LEVELS,
    log_errors: Sequence[float] = LOG_ERRORS,
    gains: Sequence[float] = GAINS,
    *,
    starts: int = 6,
    joined_starts: int = 1,
    varied: int = 4,
    variants: Sequence[str] = tuple(VARIANTS),
    rng: int = 0,
) -> xr.Dataset:
    """Least costs of every family, number of levels and error, and how they move with what is held.

    Parameters
    ----------
    levels : sequence of int
        Numbers of levels, >= 2, rising.
    log_errors : sequence of float
        Logarithms of the errors held, < 0, falling.
    gains : sequence of float
        Gains held for the study of the gain, in (0, 1), falling.
    starts, joined_starts : int
        Random starts for each number of levels and error, on the ladder's edges and with all states joined; those from
        known optima come on top.
    varied : int
        Number of levels, one of ``levels``, of the studies of gain and variants.
    variants : sequence of str
        What is held or counted otherwise: keys of ``VARIANTS``.
    rng : int
        Seed of the starts.

    Returns
    -------
    xarray.Dataset
        Takes about 15 minutes of one core.

    Raises
    ------
    InvalidParameterError
        If a number is out of its domain.
    """
    sizes = [check.integer_at_least("levels", n, 2) for n in levels]
    logs, held = np.asarray(check.finite("log_errors", log_errors)), np.asarray(check.positive("gains", gains))
    if not sizes or sorted(set(sizes)) != sizes:
        raise InvalidParameterError("levels", levels, "different numbers, rising")
    if logs.ndim != 1 or not logs.size or (logs >= 0).any() or (np.diff(logs) >= 0).any():
        raise InvalidParameterError("log_errors", log_errors, "numbers below zero, falling")
    if held.ndim != 1 or not held.size or (held >= 1).any() or (np.diff(held) >= 0).any():
        raise InvalidParameterError("gains", gains, "numbers between 0 and 1, falling")
    if varied not in sizes:
        raise InvalidParameterError("varied", varied, f"one of the levels {sizes}")
    if not variants or not set(variants) <= set(VARIANTS):
        raise InvalidParameterError("variants", variants, f"some of {', '.join(VARIANTS)}")
    check.integer_at_least("starts", starts, 0), check.integer_at_least("joined_starts", joined_starts, 0)
    generator = np.random.default_rng(check.integer_at_least("rng", rng, 0))
    problems = [Problem(error=float(np.exp(e))) for e in logs]

    shape = (len(FAMILIES), len(sizes), logs.size)
    found: dict[tuple[int, int, int], list[Found]] = {}
    for k, n in enumerate(sizes):
        ladders = _ladders(n, problems, generator)
        fewer = [found[1, k - 1, e] for e in range(logs.size)] if k else [[] for _ in problems]
        edges = _edges(n, problems, ladders, fewer, starts, generator)
        joined = _joined(n, problems, edges, joined_starts, generator)
        for e in range(logs.size):
            found[0, k, e], found[1, k, e], found[2, k, e] = ladders[e], edges[e], joined[e]
    values = {name: np.full(shape, np.nan) for name in WORDS}
    attempts, reached = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    states = 2 * max(sizes)
    correlation, tightness = np.full((2, *shape), np.nan)
    rates, currents = np.full((2, *shape, states, states), np.nan)
    occupancy = np.full((*shape, states), np.nan)
    for place, ends in found.items():
        family, k, e = place
        jumps = _jumps(family, sizes[k])
        costs = np.array([one.cost for one in ends])
        attempts[place], reached[place] = len(ends), int(np.sum(costs < costs.min() * 1.005))
        if np.isfinite(costs.min()):
            top = ends[int(np.argmin(costs))]
            for name, value in numbers(jumps, top.log_rates, problems[e]).items():
                values[name][place] = value
            rates[place][jumps.target, jumps.source] = top.log_rates
            linear = linear_response(jumps, top.log_rates)
            correlation[place], tightness[place] = linear.correlation_time, linear.tightness
            network = MarkovNetwork(jumps.rates(top.log_rates))
            occupancy[place][: network.n_states] = network.steady_state()
            flux = network.dense_generator() * network.steady_state()
            currents[place][: network.n_states, : network.n_states] = flux - flux.T
    k = sizes.index(varied)
    chosen = [e for e in (1, 3) if e < logs.size] or [0]
    by_gain = _by_gain(varied, problems[chosen[0]], held, best(found[1, k, chosen[0]], 2), generator)
    known = [best(found[1, k, e], 2) for e in chosen]
    other = _by_variant(varied, variants, [problems[e] for e in chosen], known, generator)
    each = ("family", "levels", "log_error")
    return label(
        {
            **{name: Quantity(each, values[name], *WORDS[name]) for name in WORDS},
            "attempts": Quantity(each, attempts, "number of minimisations", "1"),
            "reached": Quantity(each, reached, "minimisations that end within 0.5 % of the least cost", "1"),
            "log_rates": Quantity(
                (*each, "target", "source"), rates, "logarithms of the rates source -> target of the best network", "1"
            ),
            "correlation_time": Quantity(
                each, correlation, "integral of the readout's stationary autocorrelation, best network", "time"
            ),
            "tightness": Quantity(
                each, tightness, "least sigma T for weak signals over sigma T at the baseline, best network", "1"
            ),
            "estimate": Quantity(
                "log_error", estimate(np.full(logs.size, problems[0].gain), np.exp(logs)),
                "estimate of sigma times first moment over step, weak steps", "k_B",
            ),
            "gain_estimate": Quantity(
                "held_gain", estimate(held, np.full(held.size, problems[chosen[0]].error)),
                "estimate of sigma times first moment over step, weak steps", "k_B",
            ),
            "occupancy": Quantity((*each, "state"), occupancy, "steady probability at the baseline, best network", "1"),
            "current": Quantity(
                (*each, "target", "source"), currents, "net current source -> target at the baseline, best network",
                "1 / time",
            ),
            **{f"gain_{name}": Quantity("held_gain", by_gain[name], *WORDS[name]) for name in WORDS},
            **{
                f"variant_{name}": Quantity(("variant", "variant_log_error"), other[name], *WORDS[name])
                for name in WORDS
            },
        },
        {
            "family": Quantity("family", list(FAMILIES), "what is optimised", "1"),
            "levels": Quantity("levels", sizes, "number of levels", "1"),
            "log_error": Quantity("log_error", logs, "logarithm of the largest error allowed", "1"),
            "held_gain": Quantity("held_gain", held, "least gain allowed", "1"),
            "variant": Quantity("variant", list(variants), "what is held or counted otherwise", "1"),
            "variant_log_error": Quantity(
                "variant_log_error", logs[chosen], "logarithm of the largest error allowed", "1"
            ),
        },
        provenance(
            "networks of free rates against the ladder",
            {
                "starts": starts, "joined_starts": joined_starts, "varied": varied, "gain": problems[0].gain,
                "bound": problems[0].bound, "steps": problems[0].steps.tolist(),
                "gain_log_error": float(logs[chosen[0]]),
            },
            seed=rng,
        ),
    )  # fmt: skip


def _jumps(family: int, levels: int) -> Jumps:
    return all_jumps(levels) if family == 2 else ladder_jumps(levels)


def _ladders(levels: int, problems: list[Problem], rng: np.random.Generator) -> list[list[Found]]:
    """Ladders from random parameters and from the neighbouring errors, both ways."""
    ends: list[list[Found]] = [[] for _ in problems]
    low, high = np.array([0.3, 0.5, 0.0, -0.5, -4.0]), np.array([5.0, 6.0, 6.0, 0.5, -3.0])
    for k, problem in enumerate(problems):
        ends[k] += [least_ladder(levels, problem, rng.uniform(low, high)) for _ in range(12)]
    for order in (range(1, len(problems)), range(len(problems) - 2, -1, -1)):
        for k in order:
            neighbour = k - order.step
            ends[k] += [least_ladder(levels, problems[k], one.x) for one in best(ends[neighbour], 2)]
    return ends


def _uneven(levels: int, rng: np.random.Generator) -> FloatArray:
    """Log rates on a ladder's edges: fast rungs, rising energies at uneven distances, slow driven rails."""
    energy = -np.cumsum(rng.uniform(0.2, 5.0, levels))
    energy += rng.uniform(-1.0, 1.0) - energy.mean()
    rung, rail = rng.uniform(2.0, 6.0, levels), rng.uniform(-7.0, 0.0, (2, levels - 1))
    drive = rng.uniform(1.0, 6.0, (2, levels - 1))
    return np.concatenate([
        rung + energy / 2, rail[0] - drive[0] / 2, rail[1] + drive[1] / 2, rung - energy / 2,
        rail[0] + drive[0] / 2, rail[1] - drive[1] / 2,
    ])  # fmt: skip


def _one_more(fewer: FloatArray, levels: int, bound: float) -> FloatArray:
    """A network of one level less with a further level that is hardly ever visited."""
    old, new = ladder_jumps(levels - 1), ladder_jumps(levels)
    known = {
        (s + s // (levels - 1), t + t // (levels - 1)): value
        for s, t, value in zip(old.source.tolist(), old.target.tolist(), fewer.tolist(), strict=True)
    }
    last = (levels - 1, 2 * levels - 1)
    return np.array([
        known.get((s, t), 0.0 if s in last and t in last else -bound if t in last else 2.0)
        for s, t in zip(new.source.tolist(), new.target.tolist(), strict=True)
    ])  # fmt: skip


def _edges(
    levels: int, problems: list[Problem], ladders: list[list[Found]], fewer: list[list[Found]], starts: int,
    rng: np.random.Generator,
) -> list[list[Found]]:  # fmt: skip
    """Free rates on the ladder's edges."""
    jumps = ladder_jumps(levels)
    ends: list[list[Found]] = [[] for _ in problems]
    size = jumps.source.size

    def from_(k: int, start: FloatArray, iterations: int = 150) -> None:
        ends[k].append(least(jumps, problems[k], start, iterations))

    for k, problem in enumerate(problems):
        for one in best(ladders[k], 1):
            for spread in (0.0, 0.3, 1.0):
                from_(k, one.log_rates + rng.normal(0.0, spread, size))
        for one in best(fewer[k], 1):
            for spread in (0.0, 0.3):
                from_(k, _one_more(one.log_rates, levels, problem.bound) + rng.normal(0.0, spread, size))
        for _ in range(starts):
            from_(k, _uneven(levels, rng), 60)
        if k:
            for one in best(ends[k - 1], 2):
                from_(k, one.log_rates)
    for k in range(len(problems) - 2, -1, -1):
        for one in best(ends[k + 1], 2):
            from_(k, one.log_rates)
    for k in range(len(problems)):
        neighbours = best(ends[k], 1) + (best(ends[k - 1], 1) if k else [])
        for one in neighbours:
            for spread in (0.3,):
                from_(k, one.log_rates + rng.normal(0.0, spread, size), 200)
    return ends


def _joined(
    levels: int, problems: list[Problem], edges: list[list[Found]], starts: int, rng: np.random.Generator
) -> list[list[Found]]:
    """Every pair of states joined, from the best on the ladder's edges and from the neighbouring error."""
    jumps, few = all_jumps(levels), ladder_jumps(levels).source.size // 2
    half = jumps.source.size // 2
    ends: list[list[Found]] = [[] for _ in problems]

    def grown(log_rates: FloatArray, others: float) -> FloatArray:
        x = np.full(2 * half, others)
        x[:few], x[half : half + few] = log_rates[:few], log_rates[few:]
        return x

    for k, problem in enumerate(problems):
        known = best(edges[k], 2)
        for one in known[:1]:
            for others in (ABSENT, -9.0):
                ends[k].append(least(jumps, problem, grown(one.log_rates, others), 120))
        for j in range(starts):
            base = known[j % len(known)].log_rates if known else _uneven(levels, rng)
            x = grown(base, -6.0) + rng.normal(0.0, (0.3, 1.0, 2.0)[j % 3], 2 * half)
            ends[k].append(least(jumps, problem, x, 120))
        if k:
            ends[k] += [least(jumps, problem, one.log_rates, 120) for one in best(ends[k - 1], 1)]
    return ends


def _by_gain(
    levels: int, problem: Problem, gains: FloatArray, known: list[Found], rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Free rates on the ladder's edges while the gain held falls."""
    jumps, rows = ladder_jumps(levels), []
    for gain in gains:
        held = replace(problem, gain=float(gain))
        ends = [
            least(jumps, held, one.log_rates + rng.normal(0.0, spread, jumps.source.size), 300)
            for one in known
            for spread in (0.0, 0.3)
        ]
        top = best(ends, 2)
        known = top or known
        rows.append(numbers(jumps, top[0].log_rates, held) if top else {})
    return _table(rows)


def _by_variant(
    levels: int, variants: Sequence[str], problems: list[Problem], known: list[list[Found]], rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Free rates on the ladder's edges with one thing held or counted otherwise, from the known optima."""
    jumps, rows = ladder_jumps(levels), []
    size = jumps.source.size
    for changes in (VARIANTS[name] for name in variants):
        for problem, starts in zip(problems, known, strict=True):
            other = replace(problem, **changes)
            even = np.full(size // 2 if other.free_split else 0, 0.5)
            ends = [
                least(jumps, other, np.append(one.log_rates + rng.normal(0.0, spread, size), even), 250)
                for one in starts
                for spread in (0.0, 0.3)
            ]
            top = best(ends, 1)
            split = top[0].x[size:] if top and other.free_split else None
            rows.append(numbers(jumps, top[0].log_rates, other, split) if top else {})
    return {name: values.reshape(len(variants), len(problems)) for name, values in _table(rows).items()}


def _table(rows: list[dict[str, float]]) -> dict[str, FloatArray]:
    return {name: np.array([row.get(name, np.nan) for row in rows]) for name in WORDS}
