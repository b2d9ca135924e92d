"""Laws of ladders whose ends are far away: adaptation, dissipation, memory, and the cost of memory.

They are the identities of ``ladder_cuts`` with the corner states gone. Moments need a step of the logarithmic term by
a whole number of levels, which moves the steady profile by that number; between whole numbers the mean level moves by
slightly more or less, and with it mu1: at epsilon = 4, gamma = 0.12, F = 1, m_0 = 80 of 160 levels and a step to
s = 20, sigma mu1 / Delta_ell is 0.229, below the floor of 1/4 that holds for whole numbers.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import Ladder
from thermo_cl._types import FloatArray
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.cuts import (
    dissipation,
    first_moment,
    mean_after,
    mean_before,
    occupancy,
    x_bottom,
    x_top,
)
from thermo_cl.symbolic.equations.ladder.rates import MEANING as RATE_MEANING
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import against, level, merge_sums, n_levels, p_bottom, p_top, split_sums
from thermo_cl.symbolic.ladder_draws import signal_of
from thermo_cl.symbolic.registry import register

r, m, n = against, level, n_levels
gamma, step, margin, far = sp.symbols("gamma epsilon a delta", positive=True)
change = sp.Symbol("Delta_ell", positive=True)
whole = sp.Symbol("k", integer=True, positive=True)
moment, shift, reference = sp.symbols("mu_1 ell m_0", real=True)
sigma, cost, area = sp.symbols("sigma kappa I", positive=True)

OURS = "thermo_cl"
MEANING = {
    **{s: RATE_MEANING[s] for s in (r, gamma, step, shift, reference, n)},
    margin: "margin below the critical drive, 1/r - 1",
    change: "step of the logarithmic term of the energy difference, a whole number of levels, k_B T",
    whole: "levels by which the step moves the profile",
    moment: "first moment of the step kernel",
    sigma: "entropy production rate, k_B per time",
    cost: "sigma mu1 / Delta_ell",
    area: "size of the step kernel's area",
    m: "level",
}


def meaning(*names: sp.Symbol) -> dict[sp.Symbol, str]:
    """Meanings of the symbols of this module."""
    return {s: MEANING[s] for s in names}


def _ends_vanish(expression: sp.Expr) -> sp.Limit:
    """The expression with the corner states shrinking together as their common scale goes to zero."""
    states = [f(k) for f in (p_top, p_bottom, x_top, x_bottom) for k in (0, n - 1)]
    return sp.Limit(expression.subs({state: far * state for state in states}), far, 0)


def long_ladders(
    rng: np.random.Generator, levels: int = 120, fastest: float = 0.6, factor: ArrayLike | None = None
) -> tuple[Ladder, FloatArray, FloatArray]:
    """Long ladders that adapt, a step by one or two whole levels, and the signal that makes it."""
    size = 8
    steps, rate = rng.uniform(0.8, 2.4, size), rng.uniform(0.05, fastest, size)
    count = rng.integers(1, 3, size).astype(float)
    ladder = Ladder(
        gamma=rate * np.exp(-steps / 2),
        rate_factor=10.0 ** rng.uniform(-0.5, 1.5, size) if factor is None else factor,
        n_levels=levels,
        reference_level=levels // 2 - 1,
        energy_step=steps,
    )
    return ladder, count, signal_of(ladder, count * steps)


def drawn(ladder: Ladder, count: FloatArray) -> dict[sp.Expr, FloatArray]:
    """Numbers of the symbols of this module."""
    rate, steps = ladder.backward_rate, np.asarray(ladder.energy_step)
    values = {r: rate, gamma: ladder.gamma, step: steps, whole: count, change: count * steps}
    return {key: np.asarray(value, dtype=float) for key, value in values.items()} | {margin: 1.0 / rate - 1.0}


def cost_of_memory(ladder: Ladder, count: FloatArray, signal: FloatArray) -> FloatArray:
    """Dissipation times first moment over the step, by the library."""
    product = ladder.entropy_production_rate() * ladder.step_moments(signal).first_moment
    return np.asarray(product / (count * ladder.energy_step))


@register
def ladder_critical_drive() -> Equation:
    """Where the drift of the mean level changes sign.

    The check takes the zero of that drift, which is linear in gamma, from the library's rates and any occupation of
    inner levels, and the sign of mu1 on both sides of it.
    """
    critical = sp.Symbol("gamma_c", positive=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        steps = rng.uniform(1.0, 3.0, 8)
        at = evaluate(sp.exp(-step / 2), {step: steps})
        side = np.where(np.arange(8) % 2, 0.8, 1.2)
        ladder = Ladder(gamma=at * side, n_levels=40, reference_level=19, energy_step=steps)
        inner = np.zeros((8, 2, 5))
        inner[..., 1:-1] = rng.dirichlet(np.ones(6), 8).reshape(8, 2, 3)
        levels, drift = np.tile(np.arange(5.0), 2), np.empty((2, 8))
        for row, drive in zip(drift, (0.2, 0.7), strict=True):
            rates = Ladder(gamma=drive, rate_factor=1e-3, reference_level=2, energy_step=steps).rate_matrix(0.0)
            row[:] = np.einsum("kij,kj->ki", rates, inner.reshape(8, 10)) @ levels
        zero = 0.2 + 0.5 * drift[0] / (drift[0] - drift[1])
        signs = np.sign(1.0 - side), np.sign(ladder.step_moments(200.0).first_moment)
        return np.stack([at, signs[0]]), np.stack([zero, signs[1]])

    return Equation(
        "ladder-critical-drive", OURS, "", "The drive at which adaptation sets in",
        sp.Eq(critical, sp.exp(-step / 2), evaluate=False),
        meaning(step) | {critical: "critical drive parameter"},
        (
            Step(1 - gamma * sp.exp(step / 2), "drift of the mean level per unit of 1 - 2 P_top"),
            Step(sp.exp(-step / 2), "solve drift = 0", lambda e: sp.solve(e, gamma)[0]),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_critical_affinity() -> Equation:
    """At the critical drive a turn around a plaquette dissipates one energy step."""

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        steps = rng.uniform(1.0, 3.0, 8)
        ladder = Ladder(gamma=np.exp(-steps / 2), energy_step=steps)
        return evaluate(step, {step: steps}), -ladder.plaquette_affinities()[:, 0]

    affinity = sp.Symbol("A_c", positive=True)
    start = 2 * sp.log(1 / gamma)
    return Equation(
        "ladder-critical-affinity", OURS, "", "Drive per plaquette equals the energy step at the critical drive",
        sp.Eq(affinity, step, evaluate=False),
        meaning(step) | {affinity: "drive per plaquette at the critical drive, k_B T"},
        (
            Step(start, "affinity of a plaquette along the drive (ladder-affinity)"),
            Step(step, "at gamma_c = exp(-epsilon/2)", lambda e: e.subs(gamma, sp.exp(-step / 2))),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_translation() -> Equation:
    """A step of the logarithmic term by k levels' energy gives the same rates k levels on, but for the ends."""
    at, moved = step * (reference - m) + shift + whole * step, step * (reference - (m - whole)) + shift

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        values = drawn(ladder, count) | {reference: ladder.reference_level, m: 7.0, shift: 0.0}
        return evaluate(moved, values), ladder.energy_difference(signal)[:, 7]

    return Equation(
        "ladder-translation", OURS, "", "A step by whole levels shifts the ladder",
        sp.Eq(at, moved, evaluate=False),
        meaning(step, reference, m, shift, whole),
        (Step(at, "energy difference at level m after the step"), Step(moved, "that of level m - k before it")),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_adaptation() -> Equation:
    """For r < 1; for r > 1 the ends are occupied however far they are."""

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, _, signal = long_ladders(rng)
        return 0.5, ladder.steady_state(signal)[..., : ladder.n_levels].sum(axis=-1)

    share = sp.Symbol("P_top", positive=True)
    return Equation(
        "ladder-bulk-adaptation", OURS, "", "Perfect adaptation without ends",
        sp.Eq(share, sp.S.Half, evaluate=False),
        {share: "occupancy of the top rail"},
        (
            Step(_ends_vanish(occupancy), "corner identity, ends far away"),
            Step(sp.S.Half, "limit", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_dissipation() -> Equation:
    """Whatever the rungs."""
    closed = (1 - r) * sp.log(1 / gamma)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        return evaluate(closed, drawn(ladder, count)), ladder.entropy_production_rate(signal)

    return Equation(
        "ladder-bulk-dissipation", OURS, "", "Dissipation without ends, for every F and signal",
        sp.Eq(sigma, closed, evaluate=False),
        meaning(sigma, r, gamma),
        (
            Step(_ends_vanish(dissipation), "entropy production with its end terms, ends far away"),
            Step(closed, "limit", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_shift() -> Equation:
    """Mean level before and after a step that shifts the ladder by k levels; any profile p(m), normalised."""
    j = sp.Symbol("j", integer=True)
    p = sp.Function("p", positive=True)
    before, everything = sp.Sum(j * p(j), (j, -sp.oo, sp.oo)), sp.Sum(p(j), (j, -sp.oo, sp.oo))
    after = sp.Sum(j * p(j - whole), (j, -sp.oo, sp.oo))
    relabelled = sp.Sum((j + whole) * p(j), (j, -sp.oo, sp.oo)) - before

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        levels = np.tile(np.arange(float(ladder.n_levels)), 2)
        moved = (ladder.steady_state(signal) - ladder.steady_state()) @ levels
        return evaluate(change / step, drawn(ladder, count)), moved

    rise = sp.Symbol("Delta_m", positive=True)
    return Equation(
        "ladder-bulk-shift", OURS, "", "A step by whole levels moves the mean level by their number",
        sp.Eq(rise, change / step, evaluate=False),
        meaning(change, step) | {rise: "rise of the mean level"},
        (
            Step(after - before, "the profile after the step is that before it, k levels on (ladder-translation)"),
            Step(
                relabelled, "relabel levels: j + k for j",
                lambda e: e.subs(after, sp.Sum(after.function.subs(j, j + whole), after.limits[0])),
            ),
            Step(whole * everything, "one sum", lambda e: split_sums(merge_sums(e))),
            Step(whole, "normalisation", lambda e: e.subs(everything, 1)),
            Step(change / step, "Delta_ell = k epsilon", lambda e: e.subs(whole, change / step)),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_moment() -> Equation:
    """Exact where the step is a whole number of levels."""
    closed = change / (2 * step * (1 - r))
    moved = _ends_vanish(first_moment.subs(mean_after, mean_before + change / step))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        return evaluate(closed, drawn(ladder, count)), ladder.step_moments(signal).first_moment

    return Equation(
        "ladder-bulk-moment", OURS, "", "First moment without ends, for a step by whole levels",
        sp.Eq(moment, closed, evaluate=False),
        meaning(moment, change, step, r),
        (
            Step(moved, "first moment with its end terms, ends far away; the mean level moves by Delta_ell / epsilon"),
            Step(closed, "limit", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_cost() -> Equation:
    """Dissipation times memory per unit of signal: only the drive and the energy step enter."""
    closed = sp.log(1 / gamma) / (2 * step)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        return evaluate(closed, drawn(ladder, count)), cost_of_memory(ladder, count, signal)

    return Equation(
        "ladder-bulk-cost", OURS, "", "Cost of memory, for a step by whole levels",
        sp.Eq(cost, closed, evaluate=False),
        meaning(cost, gamma, step),
        (
            Step(sigma * moment / change, "its definition"),
            Step(
                (1 - r) * sp.log(1 / gamma) / (2 * step * (1 - r)), "bulk laws of sigma and mu1",
                lambda e: e.subs({sigma: (1 - r) * sp.log(1 / gamma), moment: change / (2 * step * (1 - r))}),
            ),
            Step(closed, "the drift cancels"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_floor() -> Equation:
    """Adaptation needs r < 1, written r = 1/(1 + a), and so gamma = exp(-epsilon/2) / (1 + a)."""
    price = sp.log(1 / (sp.exp(-step / 2) / (1 + margin))) / (2 * step)
    gap = sp.log(1 + margin) / (2 * step)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        return evaluate(gap, drawn(ladder, count)), cost_of_memory(ladder, count, signal) - 0.25

    return Equation(
        "ladder-bulk-floor", OURS, "", "The cost of memory exceeds 1/4, for a step by whole levels",
        sp.StrictGreaterThan(price, sp.Rational(1, 4), evaluate=False),
        meaning(step, margin),
        (
            Step(price - sp.Rational(1, 4), "cost ln(1/gamma) / (2 epsilon) above the floor"),
            Step(gap, "expand the logarithm: epsilon/2 of it is the floor", lambda e: sp.expand(sp.expand_log(e))),
        ),
        compare,
        1e-8,
    )  # fmt: skip
