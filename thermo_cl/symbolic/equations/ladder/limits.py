"""The ladder far from equilibrium, gamma -> 0, and with fast rungs: what limits its accuracy.

Without jumps against the drive, probability circulates one way and the steady state is a product over levels. The
area then stays finite while dissipation grows without bound: accuracy saturates, and only levels buy more.
Write a, b, c ... for the ratios of top-rail occupations from level to level at gamma = 0.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import Ladder
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.rates import MEANING as RATE_MEANING
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import (
    against,
    eliminated_weights,
    flux,
    ladder_generator,
    level,
    p_bottom,
    p_top,
    rung_meaning,
    rung_rates,
)
from thermo_cl.symbolic.ladder_draws import by_level, draw, rungs
from thermo_cl.symbolic.registry import register

r, m = against, level
OURS = "thermo_cl"
UNDRIVEN, FAST = 1e-30, 1e13  # gamma and F that are 0 and infinite to double precision
MEANING = {r: RATE_MEANING[r], m: "level"}


def _ratios(levels: int) -> list[sp.Expr]:
    """Ratios of top-rail occupations at gamma = 0 from level to level; the last is bottom over top at the far end."""
    up, down = rung_rates(levels)
    inside = [(1 + d) / (1 + u) for u, d in zip(up[1:-1], down[1:-1], strict=True)]
    return [down[0] / (1 + up[0]), *inside, (1 + down[-1]) / up[-1]]


def _saturated(ratios: list[sp.Expr]) -> sp.Expr:
    """Top-rail occupancy at gamma = 0: the bottom of level m is occupied like the top of level m + 1."""
    top = [sp.Mul(*ratios[:k]) for k in range(len(ratios))]
    return sp.Add(*top) / sp.Add(*top, *top[1:], sp.Mul(*ratios))


def _without_drive(rng: np.random.Generator, levels: int) -> tuple[Ladder, np.ndarray, np.ndarray, np.ndarray]:
    """Ladders at gamma = 0 in all digits, a signal, and rates up and down."""
    ladder, signal = draw(rng, levels, gamma=UNDRIVEN)
    return ladder, signal, *rungs(ladder, signal)


@register
def ladder_saturated_profile() -> Equation:
    """Product form for any number of levels: the step of an induction, from level m to m + 1 (0 < m < n - 1).

    It begins with p_t(1) = p_t(0) d(0) / (1 + u(0)), the balance of level 0; the check includes that level.
    """
    k = sp.Symbol("k", integer=True, positive=True)
    up, down = sp.Function("u", positive=True), sp.Function("d", positive=True)
    inner = sp.Symbol("m", integer=True, positive=True)

    def profile(to: sp.Expr) -> sp.Expr:
        return p_top(0) * down(0) / (1 + up(0)) * sp.Product((1 + down(k)) / (1 + up(k)), (k, 1, to - 1))

    def take_in(e: sp.Expr) -> sp.Expr:
        product = next(iter(e.atoms(sp.Product)))
        longer = sp.Product(product.function, (k, 1, inner))  # one more factor, at k = m
        return e / product / product.function.subs(k, inner) * longer

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal, rates_up, rates_down = _without_drive(rng, 6)
        p = ladder.steady_state(signal)
        values = {p_top(0): p[..., 0]} | {up(j): rates_up[..., j] for j in range(6)}
        values |= {down(j): rates_down[..., j] for j in range(6)}
        return [evaluate(profile(j).doit(), values) for j in range(1, 6)], np.moveaxis(p[..., 1:6], -1, 0)

    inflow, here = sp.symbols("p_next p_here", positive=True)
    balance = inflow + up(inner) * inflow - (1 + down(inner)) * here
    return Equation(
        "ladder-saturated-profile", OURS, "", "Top-rail profile of any ladder at gamma = 0",
        sp.Eq(p_top(inner + 1), profile(inner + 1), evaluate=False),
        {inner: "level, 0 < m < n - 1"},
        (
            Step(balance, "gain less loss of top level m; with no flux through the cut p_b(m) = p_t(m + 1)"),
            Step((1 + down(inner)) / (1 + up(inner)) * here, "solve", lambda e: sp.solve(e, inflow)[0]),
            Step(
                (1 + down(inner)) / (1 + up(inner)) * profile(inner), "the profile up to level m",
                lambda e: e.subs(here, profile(inner)),
            ),
            Step(profile(inner + 1), "one factor more", take_in),
        ),
        compare,
    )  # fmt: skip


def _saturation(levels: int) -> Equation:
    """Limit of the exact occupancy; the check compares the area between two signals."""
    up, down = rung_rates(levels)
    weights = eliminated_weights(up, down)
    exact = sp.Add(*weights[:levels]) / sp.Add(*weights)
    closed = _saturated(_ratios(levels))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal, rates_up, rates_down = _without_drive(rng, levels)
        before_up, before_down = rungs(ladder, 0.0)
        after = evaluate(closed, by_level(up, rates_up) | by_level(down, rates_down))
        before = evaluate(closed, by_level(up, before_up) | by_level(down, before_down))
        area = ladder.step_moments(signal).area
        return 1.0 + after - before, 1.0 + area  # occupancies are of order one: so is their rounding

    occupancy = sp.Symbol("P_top", positive=True)
    return Equation(
        f"ladder-saturated-{levels}", OURS, "", f"Top-rail occupancy of {levels} levels as gamma -> 0",
        sp.Eq(occupancy, closed, evaluate=False),
        rung_meaning(*up, *down) | {occupancy: "occupancy of the top rail at gamma = 0"},
        (
            Step(sp.Limit(exact, r, 0), "the exact rational occupancy, as the rate against the drive vanishes"),
            Step(sp.cancel(exact.subs(r, 0)), "both polynomials are positive at r = 0", lambda e: e.args[0].subs(r, 0)),
            Step(closed, "collect ratios"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_saturated_2() -> Equation:
    """Two levels."""
    return _saturation(2)


@register
def ladder_saturated_3() -> Equation:
    """Three levels."""
    return _saturation(3)


@register
def ladder_saturated_4() -> Equation:
    """Four levels."""
    return _saturation(4)


def _area_sign(levels: int) -> Equation:
    """A signal raises every energy difference, and so every ratio: by factors 1 + x, x > 0, written out."""
    before = sp.symbols(f"a:{levels}", positive=True)
    rise = sp.symbols(f"x:{levels}", positive=True)
    area = _saturated([a + x for a, x in zip(before, rise, strict=True)]) - _saturated(list(before))
    top, bottom = (sp.expand(part) for part in sp.fraction(sp.together(-area)))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal, *after = _without_drive(rng, levels)
        up, down = rung_rates(levels)
        first, last = (
            np.stack([evaluate(e, by_level(up, x) | by_level(down, y)) for e in _ratios(levels)])
            for x, y in (rungs(ladder, 0.0), after)
        )
        values = dict(zip(before, first, strict=True)) | dict(zip(rise, last - first, strict=True))
        return evaluate(top / bottom, values), -ladder.step_moments(signal).area

    meaning = {a: f"ratio {k} of occupations before the step" for k, a in enumerate(before)}
    return Equation(
        f"ladder-saturated-area-{levels}", OURS, "", f"The area of {levels} levels stays below zero as gamma -> 0",
        sp.StrictLessThan(area, 0, evaluate=False),
        meaning | {x: f"rise of ratio {k}" for k, x in enumerate(rise)},
        (
            Step(-area, "occupancy before less that after, at gamma = 0"),
            Step(top / bottom, "over a common denominator every term is positive"),
        ),
        compare,
        1e-7,
    )  # fmt: skip


@register
def ladder_saturated_area_2() -> Equation:
    """Two levels: no drive makes them adapt perfectly."""
    return _area_sign(2)


@register
def ladder_saturated_area_3() -> Equation:
    """Three levels: no drive makes them adapt perfectly."""
    return _area_sign(3)


@register
def ladder_saturated_dissipation() -> Equation:
    """Three levels: while the area saturates, dissipation grows as ln(1/gamma) times a current that saturates."""
    up, down = rung_rates(3)
    gamma, y = sp.symbols("gamma y", positive=True)
    weights = eliminated_weights(up, down, gamma * y)
    flow = (weights[1] + weights[2] - gamma * y * (weights[0] + weights[1])) / sp.Add(*weights)
    a, b, c = _ratios(3)
    closed = 2 * a * (1 + b) / (1 + 2 * a + 2 * a * b + a * b * c)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal, rates_up, rates_down = _without_drive(rng, 3)
        ours = evaluate(closed, by_level(up, rates_up) | by_level(down, rates_down))
        return ours, ladder.entropy_production_rate(signal) / -np.log(ladder.gamma)

    slope = sp.Symbol("sigma_0", positive=True)
    start = sp.Limit(2 * sp.log(1 / gamma) * flow / sp.log(1 / gamma), gamma, 0)
    return Equation(
        "ladder-saturated-dissipation", OURS, "", "Dissipation of three levels grows as ln(1/gamma)",
        sp.Eq(slope, closed, evaluate=False),
        rung_meaning(*up, *down) | {slope: "limit of entropy production rate over ln(1/gamma)"},
        (
            Step(start, "exact dissipation (tcl-13) over ln(1/gamma)"),
            Step(2 * sp.cancel(flow.subs(gamma, 0)), "the currents saturate", lambda e: e.args[0].subs(gamma, 0)),
            Step(closed, "collect ratios"),
        ),
        compare,
    )  # fmt: skip


def _slope_without_drive(ladder: Ladder, signal: np.ndarray) -> np.ndarray:
    """Derivative of the top-rail occupancy by r from the generator: W dp/dr = -(dW/dr) p, solved densely."""
    n, p = ladder.n_levels, ladder.steady_state(signal)
    change = np.array(ladder_generator([0] * n, [0] * n, 1) - ladder_generator([0] * n, [0] * n, 0), dtype=float)
    right = np.concatenate([-p @ change.T, np.zeros((len(p), 1))], axis=-1)
    matrix = np.concatenate([ladder.rate_matrix(signal), np.ones((len(p), 1, 2 * n))], axis=-2)
    slopes = [np.linalg.lstsq(a, b)[0] for a, b in zip(matrix, right, strict=True)]
    return np.asarray(np.array(slopes)[:, :n].sum(axis=-1))


def _area_order(levels: int) -> Equation:
    """Coefficient of r in the occupancy; the area's is its change with the signal. Checked by perturbation theory."""
    up, down = rung_rates(levels)
    weights = eliminated_weights(up, down)
    top, bottom = (sp.Add(*half) for half in (weights[:levels], weights[levels:]))
    exact = top / (top + bottom)
    top_0, bottom_0 = top.subs(r, 0), bottom.subs(r, 0)
    top_1, bottom_1 = (sp.expand(part).coeff(r, 1) for part in (top, bottom))
    closed = (top_1 * bottom_0 - top_0 * bottom_1) / (top_0 + bottom_0) ** 2

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal, rates_up, rates_down = _without_drive(rng, levels)
        slope = evaluate(closed, by_level(up, rates_up) | by_level(down, rates_down))
        return slope, _slope_without_drive(ladder, signal)

    def vanish(e: sp.Expr) -> sp.Expr:
        over, below = sp.fraction(sp.together(e.args[0]))
        return sp.diff(over, r).subs(r, 0) / sp.diff(below, r).subs(r, 0)

    first = sp.Symbol("P_1", real=True)
    return Equation(
        f"ladder-area-order-{levels}", OURS, "", f"First order in gamma of the occupancy of {levels} levels",
        sp.Eq(first, closed, evaluate=False),
        rung_meaning(*up, *down) | {first: "coefficient of r in the occupancy of the top rail"},
        (
            Step(sp.Limit((exact - exact.subs(r, 0)) / r, r, 0), "difference quotient of the exact occupancy at r = 0"),
            Step(closed, "both vanish at r = 0: the ratio of their derivatives", vanish),
        ),
        compare,
        1e-7,
    )  # fmt: skip


@register
def ladder_area_order_2() -> Equation:
    """Two levels: the area differs from its limit in proportion to gamma."""
    return _area_order(2)


@register
def ladder_area_order_3() -> Equation:
    """Three levels: the area differs from its limit in proportion to gamma."""
    return _area_order(3)


@register
def ladder_fast_rungs() -> Equation:
    """As F -> oo each rung is at equilibrium, p_t(m) = w p_b(m) with w = exp(-Delta_E), and the levels form a chain."""
    w, x, ratio, here = sp.symbols("w x q p", positive=True)
    closed = (1 + r * w) / (r + w * x)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 6, factor=FAST)
        p = ladder.steady_state(signal)
        weight = np.exp(-ladder.energy_difference(signal))[..., :-1]
        values = {w: weight, r: ladder.backward_rate[..., None], x: np.exp(ladder.energy_step)[..., None]}
        return evaluate(closed, values), p[..., 7:] / p[..., 6:-1]

    profile = {p_top(m): w * here, p_bottom(m): here, p_top(m + 1): w * x * ratio * here, p_bottom(m + 1): ratio * here}
    return Equation(
        "ladder-fast-rungs", OURS, "", "Steady profile of a ladder with fast rungs, from level to level",
        sp.Eq(ratio, closed, evaluate=False),
        {r: MEANING[r], w: "exp(-Delta_E) at level m", x: "exp(epsilon)", ratio: "p_b(m + 1) over p_b(m)"},
        (
            Step(flux(m), "net flux through a cut, zero in the steady state"),
            Step(
                here * (r * w - w * x * ratio + 1 - r * ratio), "rungs at equilibrium",
                lambda e: e.subs(profile, simultaneous=True),
            ),
            Step(closed, "solve for the ratio", lambda e: sp.solve(e, ratio)[0]),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_saturated_levels() -> Equation:
    """Fast rungs, gamma -> 0: bottom level 0 misses by a Gaussian in the number of levels, the ultimate accuracy."""
    step = sp.Symbol("epsilon", positive=True)
    reference, shift = sp.symbols("m_0 ell", real=True)
    k = sp.Symbol("k", integer=True, positive=True)
    closed = m * (step * reference + shift) - step * m * (m + 1) / 2
    ratio = (1 + r * sp.exp(-step * (reference - k + 1) - shift)) / (r + sp.exp(-step * (reference - k) - shift))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, _ = draw(rng, 6, gamma=UNDRIVEN, factor=FAST)
        p = ladder.steady_state()[..., 6:]
        levels = np.arange(1.0, 6.0)
        values = {step: ladder.energy_step[:, None], reference: ladder.reference_level[:, None], shift: 0.0, m: levels}
        return np.exp(evaluate(closed, values)), p[..., 1:] / p[..., :1]

    gain = sp.Symbol("g", real=True)
    return Equation(
        "ladder-saturated-levels", OURS, "", "Levels buy accuracy as a Gaussian once the drive is strong",
        sp.Eq(gain, closed, evaluate=False),
        {
            gain: "ln of p_b(m) over p_b(0), fast rungs, gamma = 0", m: "level", step: "energy step per level, k_B T",
            reference: "reference level", shift: "logarithmic term of the energy difference, k_B T",
        },
        (
            Step(sp.Sum(sp.log(ratio), (k, 1, m)), "profile of ladder-fast-rungs, level by level"),
            Step(
                sp.Sum(step * (reference - k) + shift, (k, 1, m)), "r -> 0, which each term allows",
                lambda e: sp.Sum(sp.expand(sp.expand_log(sp.powsimp(e.function.subs(r, 0)))), *e.limits),
            ),
            Step(closed, "sum", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip
