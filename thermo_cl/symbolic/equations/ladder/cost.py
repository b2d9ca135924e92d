"""What accuracy costs: the small area of a long ladder, set by the occupation of its ends, against its dissipation.

With C the constant in I = C (1 - r) r^(n/2), the cost of memory is 1/4 + ln(C (1 - r) / I) / (n epsilon) exactly. With
fast rungs the ends' occupation is a finite product over levels, bounded here on both sides.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from thermo_cl._types import FloatArray
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.bulk import (
    MEANING,
    OURS,
    area,
    cost,
    cost_of_memory,
    drawn,
    far,
    gamma,
    long_ladders,
    m,
    meaning,
    n,
    r,
    step,
    whole,
)
from thermo_cl.symbolic.equations.ladder.cuts import occupancy
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import flux, p_bottom, p_top
from thermo_cl.symbolic.registry import register


@register
def ladder_end_decay() -> Equation:
    """Towards level 0, where only the bottom rail is occupied, for any rungs: from the flux through one cut."""
    here, ratio, share, next_share = sp.symbols("q R theta theta_next", positive=True)
    profile = {
        p_top(m): share * ratio * here, p_bottom(m): (1 - share) * ratio * here,
        p_top(m + 1): next_share * here, p_bottom(m + 1): (1 - next_share) * here,
    }  # fmt: skip
    exact = (r + (1 - r) * next_share) / (1 - (1 - r) * share)
    vanishing = {share: far * share, next_share: far * next_share}

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        p = ladder.steady_state(signal)
        levels = p[:, : ladder.n_levels] + p[:, ladder.n_levels :]
        return evaluate(r, drawn(ladder, count)), levels[:, 0] / levels[:, 1]

    decay = sp.Symbol("rho", positive=True)
    return Equation(
        "ladder-end-decay", OURS, "", "Occupation decays by r per level towards an end",
        sp.Eq(decay, r, evaluate=False),
        meaning(r) | {decay: "limit of the occupation of level m over that of level m + 1"},
        (
            Step(flux(m).subs(profile, simultaneous=True), "no net flux; theta is the top's share of a level"),
            Step(exact, "solve for the ratio", lambda e: sp.solve(e, ratio)[0]),
            Step(
                sp.Limit(exact.subs(vanishing), far, 0), "the top's shares vanish",
                lambda e: sp.Limit(e.subs(vanishing), far, 0),
            ),
            Step(r, "limit", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


def _fast_ratio(j: sp.Expr, rate: sp.Expr) -> sp.Expr:
    """Bottom level m_0 - j over m_0 - j + 1 with fast rungs at zero signal (ladder-fast-rungs)."""
    return (rate + sp.exp(-step * (j - 1))) / (1 + rate * sp.exp(-step * j))


def _fast_ratios(rng: np.random.Generator, values: sp.Expr) -> tuple[FloatArray, FloatArray]:
    """The same four ratios by the library, and an expression in r, epsilon and whole = j at its numbers."""
    ladder, count, _ = long_ladders(rng, factor=1e13)
    j, centre = np.arange(1.0, 5.0), ladder.n_levels + ladder.n_levels // 2 - 1
    p = ladder.steady_state()[:, centre - 4 : centre + 1][:, ::-1]
    numbers = {key: value[:, None] for key, value in drawn(ladder, count).items()} | {whole: j}
    drive = {sp.Symbol("b", positive=True): 1.0 / numbers[gamma] - 1.0}
    return evaluate(values, numbers | drive), p[:, 1:] / p[:, :-1]


@register
def ladder_end_lower() -> Equation:
    """Fast rungs: level by level the decay is slower than r whenever gamma = 1/(1 + b) < 1."""
    b = sp.Symbol("b", positive=True)
    rate = sp.exp(step / 2) / (1 + b)
    gap = sp.exp(-step * (whole - 1)) * (b * (2 + b) / (1 + b) ** 2) / (1 + rate * sp.exp(-step * whole))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ours, ratio = _fast_ratios(rng, rate + gap)
        return ours, ratio

    return Equation(
        "ladder-end-lower", OURS, "", "With fast rungs the end's occupation exceeds r to the number of levels",
        sp.StrictGreaterThan(_fast_ratio(whole, rate), rate, evaluate=False),
        {step: MEANING[step], b: "1/gamma - 1", whole: "levels from the reference level"},
        (
            Step(_fast_ratio(whole, rate) - rate, "exact ratio of neighbours less r"),
            Step(gap, "1 - gamma^2 = b (2 + b) / (1 + b)^2"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_end_upper() -> Equation:
    """Fast rungs: the excess over r falls as exp(-epsilon j), so that all levels together make a finite constant C."""
    bound = r + sp.exp(-step * (whole - 1))
    gap = bound * r * sp.exp(-step * whole) / (1 + r * sp.exp(-step * whole))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ours, ratio = _fast_ratios(rng, bound - gap)
        return ours, ratio

    return Equation(
        "ladder-end-upper", OURS, "", "With fast rungs the decay approaches r exponentially",
        sp.StrictLessThan(_fast_ratio(whole, r), bound, evaluate=False),
        {step: MEANING[step], r: MEANING[r], whole: "levels from the reference level"},
        (
            Step(bound - _fast_ratio(whole, r), "bound less exact ratio of neighbours"),
            Step(gap, "over a common denominator"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_bulk_area() -> Equation:
    """The step by k levels moves the profile: r^k less at level 0, r^-k more at level n - 1 (ladder-end-decay)."""
    left, right = p_bottom(0), p_top(n - 1)
    closed = -r * ((1 - r**whole) * left + (r**-whole - 1) * right) / (2 * (1 - r))
    others = {p_top(0): 0, p_bottom(n - 1): 0}

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, count, signal = long_ladders(rng)
        p = ladder.steady_state()
        values = drawn(ladder, count) | {left: p[:, ladder.n_levels], right: p[:, ladder.n_levels - 1]}
        return evaluate(closed, values), ladder.step_moments(signal).area

    raw = sp.Symbol("I_K", negative=True)
    return Equation(
        "ladder-bulk-area", OURS, "", "Area of a long ladder from the occupation of its ends, for a step by k levels",
        sp.Eq(raw, closed, evaluate=False),
        meaning(r, whole, n) | {raw: "area of the step kernel"},
        (
            Step(
                occupancy.subs({left: r**whole * left, right: r**-whole * right}, simultaneous=True) - occupancy,
                "occupancy of the top rail after less before, by the corner identity",
            ),
            Step(closed, "top level 0 and bottom level n - 1 are empty", lambda e: e.subs(others)),
        ),
        compare,
    )  # fmt: skip


def _area_law(constant: sp.Expr) -> sp.Expr:
    """Area of a centred ladder: the occupation of its ends, r per level; its constant depends on the rungs."""
    return constant * (1 - r) * r ** (n / 2)


@register
def ladder_cost_area() -> Equation:
    """Area I = C (1 - r) r^(n/2) with C kept; the check takes C from 60 levels and predicts the cost at 100."""
    constant = sp.Symbol("C", positive=True)
    closed = sp.Rational(1, 4) + (sp.log(constant) + sp.log(1 - r) - sp.log(area)) / (n * step)
    logarithm = sp.expand_log(sp.log(_area_law(constant))) - sp.log(area)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        state = rng.bit_generator.state
        ladder, count, signal = long_ladders(rng, 60, 0.5)
        rng.bit_generator.state = state  # the same drive and rungs with more levels
        longer, _, _ = long_ladders(rng, 100, 0.5)
        values = drawn(ladder, count)
        small = evaluate(1 / _area_law(sp.S.One), values | {n: 60.0}) * ladder.step_moments(signal).area
        values |= {n: 100.0, area: -longer.step_moments(signal).area, constant: -small}
        return evaluate(closed, values), cost_of_memory(longer, count, signal)

    return Equation(
        "ladder-cost-area", OURS, "", "Cost of memory by accuracy and number of levels",
        sp.Eq(cost, closed, evaluate=False),
        meaning(cost, step, n, r, area) | {constant: "prefactor of the area, set by rungs and signals"},
        (
            Step(sp.log(1 / gamma) / (2 * step), "bulk cost (ladder-bulk-cost)"),
            Step(
                sp.Rational(1, 4) - sp.log(r) / (2 * step), "gamma = r exp(-epsilon/2)",
                lambda e: sp.expand(sp.expand_log(e.subs(gamma, r * sp.exp(-step / 2)))),
            ),
            Step(
                closed, "the logarithm of I = C (1 - r) r^(n/2), solved for ln r",
                lambda e: e.subs(sp.log(r), sp.solve(logarithm, sp.log(r))[0]),
            ),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_cost_limit() -> Equation:
    """Limit n -> oo at fixed r < 1: then I falls exponentially, and C and (1 - r) no longer matter.

    Not n -> oo at fixed I: with r free, (1 - r) r^(n/2) is at most 2/(e n), so that a long ladder is this accurate
    at every drive. The check takes ln(1/I) per level from 60 and 100 levels.
    """
    constant, room = sp.symbols("C b", positive=True)
    rate = 1 / (1 + room)
    law = sp.Rational(1, 4) + sp.log(1 / _area_law(constant).subs(r, rate)) / (n * step)
    spread = sp.Rational(1, 4) + sp.log(1 + room) / (2 * step)
    spread -= (sp.log(constant) + sp.log(room) - sp.log(1 + room)) / (n * step)
    closed = sp.log(1 / (rate * sp.exp(-step / 2))) / (2 * step)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        state = rng.bit_generator.state
        ladder, count, signal = long_ladders(rng, 60, 0.5)
        rng.bit_generator.state = state
        longer, _, _ = long_ladders(rng, 100, 0.5)
        fall = np.log(ladder.step_moments(signal).area / longer.step_moments(signal).area)
        values = drawn(ladder, count) | {room: 1.0 / ladder.backward_rate - 1.0}
        return evaluate(closed, values), 0.25 + fall / (40.0 * ladder.energy_step)

    return Equation(
        "ladder-cost-limit", OURS, "", "1/4 + ln(1/I)/(n epsilon) tends to the cost of memory",
        sp.Eq(cost, closed, evaluate=False),
        meaning(cost, step) | {room: "1/r - 1"},
        (
            Step(sp.Limit(law, n, sp.oo), "cost law with I = C (1 - r) r^(n/2), r = 1/(1 + b)"),
            Step(
                sp.Limit(spread, n, sp.oo), "expand the logarithm",
                lambda e: sp.Limit(sp.expand(sp.expand_log(sp.factor(e.args[0]))), n, sp.oo),
            ),
            Step(sp.Rational(1, 4) + sp.log(1 + room) / (2 * step), "constants over n vanish", lambda e: e.doit()),
            Step(closed, "gamma = r exp(-epsilon/2): the bulk cost"),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_cost_crossover() -> Equation:
    """The drive at which (1 - r) r^(n/2) is largest; only from there on do levels and drive buy accuracy.

    At it the area is about 2 C / (e n): a ladder of n levels cannot have a given area I > 0 for every large n, so the
    cost law is a statement at fixed drive. Checked against the zero of its logarithm's numerical slope; the
    library has no function for it.
    """

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        def slope(x: float, k: float) -> float:
            """Derivative of the area's logarithm by a complex step, which cancels no digits."""
            z = x + 1e-30j
            return float((np.log(1 - z) + k / 2 * np.log(z)).imag * 1e30)

        levels = rng.integers(4, 200, 8).astype(float)
        best = [brentq(slope, 1e-3, 1 - 1e-6, (k,), xtol=1e-15) for k in levels]
        return evaluate(n / (n + 2), {n: levels}), best

    largest = sp.Symbol("r_c", positive=True)
    return Equation(
        "ladder-cost-crossover", OURS, "", "Drive from which a ladder of n levels buys accuracy",
        sp.Eq(largest, n / (n + 2), evaluate=False),
        meaning(n) | {largest: "horizontal rate against the drive at the largest area"},
        (
            Step(sp.Derivative(sp.log(1 - r) + n * sp.log(r) / 2, r), "derivative of the area's logarithm"),
            Step(n / (2 * r) - 1 / (1 - r), "differentiate", lambda e: e.doit()),
            Step(n / (n + 2), "solve derivative = 0", lambda e: sp.solve(e, r)[0]),
        ),
        compare,
    )  # fmt: skip
