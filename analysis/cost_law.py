"""The law behind the frontier: finite size around the critical drive, and the cost of accuracy of all ladders.

Ladders near the critical drive are compared with the scaling functions of ``markov.finite_size_scaling``; then random
ladders of every kind with the cost laws, at their own accuracy L = ln(tanh(Delta l / 4) / (2 |I|)); then where the
first moment changes sign; and last the cheapest ladders at a given accuracy and gain, by exact gradients. The
logarithmic term of the energy difference is ln(1 + s): the active state binds nothing.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import brentq, minimize

from thermo_cl import Ladder, markov
from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.sweep import (
    FUNCTIONS,
    Design,
    Quantity,
    choice,
    integers,
    label,
    log_uniform,
    provenance,
    sweep,
    uniform,
)

LEVELS = (25, 50, 100, 200, 400, 800, 1600)
CASES = ((25.0, 0.8), (1.0, 0.8), (0.05, 0.8), (1000.0, 0.6), (25.0, 0.5))  # rate factor and energy step
TURNS = ((25.0, 0.5, 0.5), (25.0, 0.5, 2.0), (1000.0, 0.5, 2.0), (1.0, 0.5, 2.0), (25.0, 2.0, 2.0))  # and change
LAWS = ("line", "leading", "sharp")
FACTORS = (1e-2, 0.1, 1.0, 10.0, 1e3)  # edges of classes of the rate factor
REGIMES = ("x < 3", "3 < x < 10", "x > 10", "saturated")
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
LEAST = 1.0  # accuracy L from which a ladder is said to adapt
KEPT = 2000
SOLVED = 6000  # centred ladders for which the sharp law is solved
NO_BINDING = 1e300  # active dissociation constant, in units of the inactive one


def compute(
    designs: int = 100_000,
    levels: Sequence[int] = LEVELS,
    *,
    optima: int = 12,
    accuracies: Sequence[float] = (2.0, 4.0, 6.0, 8.0),
    changes: Sequence[float] = (0.2, 4.0),
    gain: float = 0.25,
    rng: int = 0,
) -> xr.Dataset:
    """Finite-size data, the collapse of random designs, the reversal of memory, and the cheapest ladders.

    Parameters
    ----------
    designs : int
        Random ladders.
    levels : sequence of int
        Numbers of levels of the finite-size data, >= 25 and increasing, at least three.
    optima : int
        Levels of the ladders that are optimised, >= 3.
    accuracies, changes : sequence of float
        Least ln(|mu1|/|I|), and steps of the logarithmic term, of these.
    gain : float
        Least mu1 over the step of the logarithmic term of these, in ladder time.
    rng : int
        Seed.

    Returns
    -------
    xarray.Dataset
        Takes about 20 s.
    """
    count = check.integer_at_least("designs", designs, 1)
    number = np.array([check.integer_at_least("levels", n, 25) for n in levels])
    if number.size < 3 or (np.diff(number) <= 0).any():
        raise InvalidParameterError("levels", list(levels), "at least three numbers that increase")
    check.integer_at_least("optima", optima, 3)
    wanted, steps = check.finite("accuracies", accuracies), check.positive("changes", changes)
    least = check.positive_number("gain", gain)
    parts = (_finite_size(number), _collapse(count, rng), _reversals(number), _cheapest(optima, wanted, steps, least))
    variables = {name: quantity for data, _ in parts for name, quantity in data.items()}
    coordinates = {name: quantity for _, axes in parts for name, quantity in axes.items()}
    parameters = {
        "designs": count, "levels": number.tolist(), "optima": optima, "gain": least, "least_accuracy": LEAST,
        "accuracies": wanted.tolist(), "changes": steps.tolist(),
    }  # fmt: skip
    return label(
        variables, coordinates,
        provenance("cost of accuracy of the ladder of Falk et al. 2025, App. F", parameters, seed=rng),
    )  # fmt: skip


Part = tuple[dict[str, Quantity], dict[str, Quantity]]


def _solved(margin: Any, n: int, step: Any, factor: Any, change: Any) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Sigma, area and first moment of centred ladders."""
    shift = np.asarray(change / step)
    ladder = Ladder(np.exp(-np.asarray(margin) - step / 2), factor, n, (n - 1 - shift) / 2, step, 1.0, NO_BINDING)
    moments = ladder.step_moments(np.expm1(change))
    return np.asarray(ladder.entropy_production_rate()), moments.area, moments.first_moment


def _finite_size(number: Array) -> Part:
    """Scaled numbers of ladders at fixed x = n ln(1/r), and how they approach the scaling functions."""
    x = np.linspace(-5.75, 14.25, 21)  # gamma < 1 from 25 levels on
    law = markov.finite_size_scaling(x)
    functions = np.array([law.entropy_production_rate, law.area, law.first_moment, law.cost])
    scaled, uniform_gap = np.empty((4, len(CASES), number.size, x.size)), np.empty((4, len(CASES), number.size))
    for (c, (factor, step)), (k, n) in itertools.product(enumerate(CASES), enumerate(number.tolist())):
        sigma, area, moment = _solved(x / n, n, step, factor, step)
        drive = x / n + step / 2
        scaled[:, c, k] = n * sigma / (2 * drive), -n * area, moment / n, 2 * sigma * moment / drive
        finite = markov.finite_size_laws(np.exp(-drive), n, step)
        pairs = (finite.entropy_production_rate, finite.area, finite.first_moment, finite.cost)
        for q, (found, said) in enumerate(zip((sigma, area, moment, sigma * moment / step), pairs, strict=True)):
            uniform_gap[q, c, k] = np.abs(found / said - 1.0).max()
    gap = np.abs(scaled / functions[:, None, None] - 1.0).max(axis=-1)
    axes = ("quantity", "case", "levels")
    names = ["entropy production rate", "area", "first moment", "cost"]
    return {
        "scaled": Quantity((*axes, "x"), scaled, "scaled number of a ladder", "1"),
        "scaling_function": Quantity(("quantity", "x"), functions, "scaling function", "1"),
        "scaling_deviation": Quantity(axes, gap, "largest relative deviation from the scaling function", "1"),
        "scaling_order": Quantity(axes[:2], _order(number, gap), "order in 1/n of that deviation, fitted", "1"),
        "law_deviation": Quantity(axes, uniform_gap, "largest relative deviation from the finite-size law", "1"),
        "law_order": Quantity(axes[:2], _order(number, uniform_gap), "order in 1/n of that deviation, fitted", "1"),
    }, {
        "quantity": Quantity("quantity", names, "what is scaled", "1"),
        "levels": Quantity("levels", number.astype(float), "number of levels", "1"),
        "x": Quantity("x", x, "scaled distance to the critical drive, n ln(1/r)", "1"),
        "case_rate_factor": Quantity("case", [f for f, _ in CASES], "vertical over horizontal rates F", "1"),
        "case_energy_step": Quantity("case", [e for _, e in CASES], "energy difference gained per level", "k_B T"),
    }  # fmt: skip


def _order(number: Array, gap: FloatArray) -> FloatArray:
    """Exponent k of gap = C n^-k over the four longest ladders, along the last axis."""
    far = np.log(number[-4:].astype(float))
    far = far - far.mean()
    return np.asarray(-(np.log(gap[..., -4:]) @ far) / (far @ far))


# --------------------------------------------------------------------- collapse


def ladder_costs(
    n_levels: Array, energy_step: Array, rate_factor: Array, drive: Array, shift: Array, whole: Array, offset: Array,
    centred: Array,
) -> dict[str, Quantity]:  # fmt: skip
    """Cost and accuracy of ladders: drive as a share of epsilon n / 2, shift of n / 3, offset of (n - d) / 2."""
    d = 0.1 + shift * (n_levels / 3.0 - 0.1)
    d = np.where(whole == 1, np.maximum(1.0, np.round(d)), d)
    off = np.where(centred == 1, 0.0, 0.5 * offset * (n_levels - d))
    margin, change = 0.5 * drive * energy_step * n_levels, d * energy_step
    found = FUNCTIONS["ladder"](
        gamma=np.exp(-margin - 0.5 * energy_step), signal=np.expm1(change), rate_factor=rate_factor,
        n_levels=n_levels, reference_level=0.5 * (n_levels - 1 - d) + off, energy_step=energy_step,
        inactive_dissociation=1.0, active_dissociation=NO_BINDING,
    )  # fmt: skip
    sigma, moment = np.asarray(found["entropy_production_rate"].values), np.asarray(found["first_moment"].values)
    columns = {
        "margin": (margin, "distance to the critical drive, ln(1/r)"),
        "levels_shifted": (d, "levels by which the step moves the balance"),
        "off_centre": (off, "levels by which the ladder is off its centre"),
        "cost": (sigma * np.abs(moment) / change, "cost of memory, sigma abs(mu1) / Delta l"),
        "area": (np.asarray(found["area"].values), "area I of the step kernel"),
    }
    return {name: Quantity("point", values, words, "1") for name, (values, words) in columns.items()}


def _collapse(count: int, rng: int) -> Part:
    """Cost over the laws' by class of design, and a sample of designs."""
    design = Design.random(
        count, rng=rng, n_levels=integers(3, 65), energy_step=log_uniform(0.3, 6.0),
        rate_factor=log_uniform(FACTORS[0], FACTORS[-1]), drive=log_uniform(1e-3, 1.0), shift=uniform(0.0, 1.0),
        whole=choice([0, 1]), offset=uniform(-0.5, 0.5), centred=choice([0, 1]),
    )  # fmt: skip
    swept = sweep(design, ladder_costs)
    data = {str(name): np.asarray(v.values) for name, v in swept.variables.items()}
    size = np.abs(data["area"])
    usable = np.flatnonzero((size > 1e-290) & (data["cost"] > 0))
    data = {name: column[usable] for name, column in data.items()}
    n, step, d, off = data["n_levels"], data["energy_step"], data["levels_shifted"], data["off_centre"]
    accuracy = np.asarray(markov.log_accuracy(data["area"], d * step))
    adapts = accuracy > LEAST
    data, accuracy = {name: column[adapts] for name, column in data.items()}, accuracy[adapts]
    n, step, d, off = (v[adapts] for v in (n, step, d, off))
    room = d + 2.0 * np.abs(off)  # what a step and an off-centre leave of the ladder is its distance to the nearer end
    predicted = {
        "line": 0.25 - np.log(np.abs(data["area"])) / (n * step),
        "leading": np.asarray(markov.cost_law(accuracy, n, step, room)),
        "sharp": np.full(n.size, np.nan),
    }
    centred = np.flatnonzero(off == 0)[:SOLVED]
    predicted["sharp"][centred] = markov.sharp_cost_law(*(v[centred] for v in (accuracy, n, step, d)))
    x = n * data["margin"]
    saturated = data["margin"] > 0.8 * 0.5 * (n - room) * step
    regime = np.where(saturated, 3, np.digitize(x, (3.0, 10.0)))
    place = np.digitize(data["rate_factor"], FACTORS[1:-1]), data["centred"], data["whole"], regime
    shape = (len(FACTORS) - 1, 2, 2, len(REGIMES))
    index = np.ravel_multi_index(tuple(p.astype(int) for p in place), shape)
    ratios = np.array([data["cost"] / predicted[law] for law in LAWS])
    quantiles = np.full((len(LAWS), int(np.prod(shape)), len(QUANTILES)), np.nan)
    spread, answered = np.full(quantiles.shape[:2], np.nan), np.zeros(quantiles.shape[:2])
    for k, law in itertools.product(np.unique(index), range(len(LAWS))):
        of_class = ratios[law, index == k]
        asked = of_class[np.isin(np.flatnonzero(index == k), centred)] if LAWS[law] == "sharp" else of_class
        known = asked[asked > 0]  # a law says nothing beyond its end, and a negative cost is out of its range
        answered[law, k] = known.size / asked.size if asked.size else np.nan
        if known.size:
            quantiles[law, k] = np.quantile(known, QUANTILES)
            spread[law, k] = np.median(np.abs(np.log(known)))
    axes = ("factor_class", "centring", "step_class", "regime")
    kept = np.linspace(0, accuracy.size - 1, min(KEPT, accuracy.size)).astype(int)
    one = {
        "sample_levels": (n, "number of levels", "1"),
        "sample_energy_step": (step, "energy difference gained per level", "k_B T"),
        "sample_rate_factor": (data["rate_factor"], "vertical over horizontal rates F", "1"),
        "sample_shift": (d, "levels by which the step moves the balance", "1"),
        "sample_off_centre": (off, "levels by which the ladder is off its centre", "1"),
        "sample_room": (n - room, "levels between the balance and the nearer end, twice", "1"),
        "sample_margin": (data["margin"], "distance to the critical drive, ln(1/r)", "1"),
        "sample_accuracy": (accuracy, "accuracy L", "1"),
        "sample_cost": (data["cost"], "cost of memory, sigma abs(mu1) / Delta l", "1"),
        **{f"sample_{law}": (predicted[law], f"cost by the {law} law", "1") for law in LAWS},
    }
    ladders = np.bincount(index, minlength=int(np.prod(shape))).reshape(shape)
    return {
        "ratio": Quantity(
            ("law", *axes, "quantile"), quantiles.reshape(len(LAWS), *shape, -1), "cost over the law's, quantiles", "1"
        ),
        "spread": Quantity(("law", *axes), spread.reshape(len(LAWS), *shape), "median of abs(ln(cost / law))", "1"),
        "answered": Quantity(
            ("law", *axes), answered.reshape(len(LAWS), *shape), "share of ladders that the law has a cost for", "1"
        ),
        "adapting": Quantity(
            axes, ladders, "ladders with L above the least", "1"
        ),
        **{name: Quantity("sample", v[kept].astype(float), words, unit) for name, (v, words, unit) in one.items()},
    }, {
        "law": Quantity("law", list(LAWS), "law of the cost", "1"),
        "centring": Quantity("centring", ["off centre", "centred"], "balance of the rails", "1"),
        "step_class": Quantity("step_class", ["fractional", "whole"], "levels in the step", "1"),
        "regime": Quantity("regime", list(REGIMES), "distance to the critical drive, x = n ln(1/r)", "1"),
        "quantile": Quantity("quantile", list(QUANTILES), "share of ladders below", "1"),
        "factor_low": Quantity("factor_class", list(FACTORS[:-1]), "least rate factor F of the class", "1"),
    }  # fmt: skip


# ------------------------------------------------------------- reversal, optima


def _reversals(number: Array) -> Part:
    """Margin at which the first moment changes sign, over numbers of levels."""
    found = np.empty((len(TURNS), number.size))
    said = np.empty_like(found)
    for (t, (factor, step, change)), (k, n) in itertools.product(enumerate(TURNS), enumerate(number.tolist())):
        said[t, k] = markov.reversal_margin(n, factor, change)
        if 0.5 * step * n > 690.0:  # rates overflow
            found[t, k] = np.nan
            continue

        def moment(
            log_margin: float, n: int = n, step: float = step, factor: float = factor, change: float = change
        ) -> float:
            return float(_solved(np.exp(log_margin), n, step, factor, change)[2])

        guess = float(np.log(said[t, k]))
        found[t, k] = np.exp(brentq(moment, guess - 1.5, guess + 1.5, xtol=1e-12))
    exponents = [_order(number[np.isfinite(row)], row[np.isfinite(row)]) for row in found]
    return {
        "reversal_margin": Quantity(("turn", "levels"), found, "ln(1/r) at which mu1 changes sign", "1"),
        "reversal_law": Quantity(("turn", "levels"), said, "the same by the law for fast rungs", "1"),
        "reversal_exponent": Quantity("turn", exponents, "its fall with the number of levels, fitted exponent", "1"),
    }, {
        "turn_rate_factor": Quantity("turn", [f for f, _, _ in TURNS], "vertical over horizontal rates F", "1"),
        "turn_energy_step": Quantity("turn", [e for _, e, _ in TURNS], "energy difference gained per level", "k_B T"),
        "turn_change": Quantity("turn", [c for _, _, c in TURNS], "step of the logarithmic term", "k_B T"),
    }


def _cheapest(n: int, accuracies: FloatArray, changes: FloatArray, gain: float) -> Part:
    """Least cost of memory at a given accuracy and gain, over drive, rate factor, energy step and reference level."""
    names = ("cost", "gamma", "rate_factor", "energy_step", "gain", "accuracy")
    best = np.full((len(names), changes.size, accuracies.size), np.nan)
    bounds = [(-18.0, -1e-3), (np.log(1e-2), np.log(1e3)), (0.2, 8.0), (-1.0, float(n))]
    for j, change in enumerate(changes.tolist()):
        ladder = Ladder(0.1, 1.0, n, 0.0, 1.0, 1.0, NO_BINDING)
        objective = markov.LadderObjective(ladder, signal=float(np.expm1(change)))
        start = first = np.array([-2.0, np.log(30.0), 2.0, (n - 1 - change / 2.0) / 2])
        for k, wanted in enumerate(accuracies.tolist()):
            for begin in (start, first):
                x, (sigma, area, moment) = _optimum(objective, change, wanted, gain, bounds, begin)
                reached = np.log(moment / abs(area)) if moment > 0 and area != 0 else -np.inf
                if reached > wanted - 1e-5 and moment / change > gain * (1 - 1e-5):
                    cost = sigma * moment / change
                    best[:, j, k] = cost, np.exp(x[0]), np.exp(x[1]), x[2], moment / change, reached
                    start = x
                    break
    words = (
        "least cost of memory, sigma mu1 / Delta l", "its drive parameter gamma", "its rate factor F",
        "its energy step", "its gain, mu1 / Delta l", "its accuracy ln(mu1 / abs(I))",
    )  # fmt: skip
    units = ("1", "1", "1", "k_B T", "ladder time / k_B T", "1")
    return {
        f"cheapest_{name}": Quantity(("change", "wanted"), values, text, unit)
        for name, values, text, unit in zip(names, best, words, units, strict=True)
    }, {
        "change": Quantity("change", changes, "step of the logarithmic term", "k_B T"),
        "wanted": Quantity("wanted", accuracies, "least accuracy ln(mu1 / abs(I))", "ln(ladder time)"),
    }


def _optimum(
    objective: markov.LadderObjective, change: float, wanted: float, gain: float, bounds: list[tuple[float, float]],
    start: FloatArray,
) -> tuple[FloatArray, FloatArray]:  # fmt: skip
    """Ladder of least sigma mu1 at least accuracy and gain, from a start; x, and its sigma, area and first moment."""

    @lru_cache(maxsize=4)
    def solved(x: tuple[float, ...]) -> tuple[FloatArray, FloatArray]:
        return objective.value_and_gradient(np.array(x))

    def cost(x: FloatArray) -> tuple[float, FloatArray]:
        (sigma, _, moment), (by_sigma, _, by_moment) = solved(tuple(x.tolist()))
        return float(np.log(sigma) + np.log(abs(moment))), by_sigma / sigma + by_moment / moment

    def room(x: FloatArray) -> tuple[FloatArray, FloatArray]:
        (_, area, moment), (_, by_area, by_moment) = solved(tuple(x.tolist()))
        # the gain as it is, not its logarithm: it has a slope where it is negative too
        values = np.array([moment / (gain * change) - 1.0, np.log(abs(moment / area)) - wanted])
        return values, np.array([by_moment / (gain * change), by_moment / moment - by_area / area])

    constraint: Any = {"type": "ineq", "fun": lambda x: room(x)[0], "jac": lambda x: room(x)[1]}
    done = minimize(
        cost, start, jac=True, method="SLSQP", bounds=bounds, constraints=constraint,
        options={"maxiter": 40, "ftol": 1e-8},
    )  # fmt: skip
    x = np.clip(done.x, *np.transpose(bounds))
    return x, objective.value_and_gradient(x)[0]
