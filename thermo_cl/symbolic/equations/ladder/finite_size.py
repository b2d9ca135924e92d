"""Ladders around the critical drive: what their ends hold, the finite-size laws, and the cost of accuracy.

The profile of an endless ladder is left unspecified but for its ends, which fall by r a level, and its sum, which is
2 exp(-E) / (1 - r) in units in which a sharp balance of the rails would have E = 0; ``thermo_cl.markov.end_excess``
gives E for fast rungs. A ladder of n levels is that profile without its two tails, normalised.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import Ladder, markov
from thermo_cl._types import FloatArray
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.bulk import OURS, meaning, n, step
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder_draws import signal_of
from thermo_cl.symbolic.registry import register

distance, excess = sp.symbols("a E", real=True)
shift, levels_left, accuracy = sp.symbols("d N L", positive=True)
x = sp.Symbol("x", positive=True)
rate = sp.exp(-distance)

WORDS = {
    distance: "distance to the critical drive, ln(1/r)",
    excess: "excess of the ends, of fast rungs",
    shift: "levels by which the step moves the balance",
    x: "scaled distance n a, above zero",
    levels_left: "number of levels less those of the step, n - d",
    accuracy: "accuracy, ln of the size of the ends' occupation",
}


def _ladders(rng: np.random.Generator) -> tuple[Ladder, dict[sp.Expr, FloatArray]]:
    """Centred ladders of 120 levels with fast rungs on both sides of the critical drive, and their numbers."""
    steps, a = rng.uniform(0.5, 0.8, 8), rng.uniform(-0.1, 0.5, 8)
    d = rng.integers(1, 4, 8).astype(float)
    ladder = Ladder(np.exp(-a - steps / 2), 1e13, 120, (119 - d) / 2, steps)
    values = {distance: a, step: steps, shift: d, n: 120.0, excess: markov.end_excess(ladder.gamma, steps)}
    return ladder, {key: np.asarray(value, dtype=float) for key, value in values.items()}


def _end(side: sp.Expr) -> sp.Expr:
    """Occupation of an end from which the balance is n/2 + side levels away, over that at the balance."""
    return rate ** (n / 2 + side - 1)


def _normalised(side: sp.Expr) -> sp.Expr:
    """Weight of the profile: its endless sum less the tails beyond both ends."""
    tails = (_end(side) + _end(-side)) * rate / (1 - rate)
    return 1 / (2 * sp.exp(-excess) / (1 - rate) - tails)


@register
def ladder_finite_dissipation() -> Equation:
    """Exact for fast rungs but for exp(-2 pi^2 / epsilon) and exp(-n (epsilon + a) / 2), below 1e-10 in the check."""
    side = -shift / 2
    ends = sp.Symbol("q", positive=True)
    start = (distance + step / 2) * (1 - rate + rate * ends)
    closed = (
        (distance + step / 2) * (1 - rate) / (1 - sp.exp(excess - n * distance / 2) * sp.cosh(distance * shift / 2))
    )

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, values = _ladders(rng)
        return evaluate(closed, values), ladder.entropy_production_rate()

    sigma = sp.Symbol("sigma", positive=True)
    return Equation(
        "ladder-finite-dissipation", OURS, "", "Dissipation of a finite ladder at any drive, fast rungs",
        sp.Eq(sigma, closed, evaluate=False),
        {
            **{s: WORDS[s] for s in (distance, excess, shift)}, **meaning(step, n),
            sigma: "entropy production rate before the step, k_B per time",
        },
        (
            Step(start, "entropy production with its end terms (ladder-dissipation); q is what the two ends hold"),
            Step(
                start.subs(ends, _normalised(side) * (_end(side) + _end(-side))),
                "ends of the endless profile, normalised",
                lambda e: e.subs(ends, _normalised(side) * (_end(side) + _end(-side))),
            ),
            Step(closed, "collect exponentials"),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_finite_area() -> Equation:
    """Exact for fast rungs as ladder-finite-dissipation is; the ends' occupation before and after the step."""
    left, right = sp.symbols("q_l q_r", positive=True)

    def top(side: sp.Expr, low: sp.Expr = left, high: sp.Expr = right) -> sp.Expr:
        return sp.S.Half + rate * (low - high) * _normalised(side) / (2 * (1 - rate))

    side = shift / 2
    start = top(side) - top(-side, right, left)
    closed = -sp.sinh(distance * shift / 2) / (sp.exp(n * distance / 2 - excess) - sp.cosh(distance * shift / 2))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, values = _ladders(rng)
        return evaluate(closed, values), ladder.step_moments(signal_of(ladder, values[shift] * values[step])).area

    area = sp.Symbol("I", real=True)
    return Equation(
        "ladder-finite-area", OURS, "", "Area of a finite ladder at any drive, fast rungs",
        sp.Eq(area, closed, evaluate=False),
        {**{s: WORDS[s] for s in (distance, excess, shift)}, **meaning(n), area: "area of the step kernel"},
        (
            Step(start, "corner identity (ladder-corner-identity) after the step less before; the ends change places"),
            Step(
                start.subs({left: _end(side), right: _end(-side)}), "what the ends hold over the balance",
                lambda e: e.subs({left: _end(side), right: _end(-side)}),
            ),
            Step(closed, "collect exponentials"),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_excess_factor() -> Equation:
    """Each factor of the excess, (1 - r z)^2 / ((1 - z)(1 - r^2 z)) with z = exp(-k epsilon), exceeds one."""
    z, r = sp.symbols("z r", positive=True)
    whole = (1 - r * z) ** 2 / ((1 - z) * (1 - r**2 * z))
    closed = 1 + z * (1 - r) ** 2 / ((1 - z) * (1 - r**2 * z))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        steps, drive = rng.uniform(0.5, 2.0, 8), rng.uniform(0.05, 0.95, 8)
        against = drive * np.exp(steps / 2)
        product = np.prod([evaluate(whole, {r: against, z: np.exp(-k * steps)}) for k in range(1, 100)], axis=0)
        return np.log(product) + np.log(against) ** 2 / (2 * steps), markov.end_excess(drive, steps)

    factor = sp.Symbol("phi", positive=True)
    return Equation(
        "ladder-excess-factor", OURS, "", "The ends hold more than a sharp balance would leave them",
        sp.Eq(factor, closed, evaluate=False),
        {z: "exp(-k epsilon)", r: "rate against the drive", factor: "factor k of the excess"},
        (
            Step(whole, "factor k of Ramanujan's bilateral sum"),
            Step(closed, "(1 - rz)^2 - (1 - z)(1 - r^2 z) = z(1 - r)^2"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_scaling_dissipation() -> Equation:
    """Limit of many levels at fixed x of ladder-finite-dissipation; E and cosh(ad/2) - 1 fall as 1/n^2 and are gone."""
    closed = (x / 2) / (1 - sp.exp(-x / 2))
    start = sp.Limit(n * (1 - sp.exp(-x / n)) / (2 * (1 - sp.exp(-x / 2))), n, sp.oo)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        numbers = rng.uniform(0.1, 20.0, 8)
        return evaluate(closed, {x: numbers}), markov.finite_size_scaling(numbers).entropy_production_rate

    scaled = sp.Symbol("S", positive=True)
    return Equation(
        "ladder-scaling-dissipation", OURS, "", "Scaling function of dissipation around the critical drive",
        sp.Eq(scaled, closed, evaluate=False),
        {x: WORDS[x], scaled: "n sigma / (2 ln(1/gamma)) at many levels"},
        (Step(start, "ladder-finite-dissipation at a = x/n"), Step(closed, "limit", lambda e: e.doit())),
        compare,
    )  # fmt: skip


@register
def ladder_scaling_cost() -> Equation:
    """Product of the scaling functions of sigma and mu1 over its bulk value."""
    h = x / 2
    first = (h / (1 - sp.exp(-h))) * (1 - sp.exp(-x) - x * sp.exp(-h)) / (2 * x * (1 - sp.exp(-h)))
    closed = (sp.sinh(h) - h) / (sp.cosh(h) - 1)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        numbers = rng.uniform(0.5, 20.0, 8)
        return evaluate(closed, {x: numbers}), markov.finite_size_scaling(numbers).cost

    scaled = sp.Symbol("Y", positive=True)
    return Equation(
        "ladder-scaling-cost", OURS, "", "Scaling function of the cost of memory around the critical drive",
        sp.Eq(scaled, closed, evaluate=False),
        {x: WORDS[x], scaled: "2 epsilon sigma mu1 / (Delta_ell ln(1/gamma)) at many levels"},
        (
            Step(4 * first, "2 S and 2 M: sigma = 2 ln(1/gamma) S / n, mu1 = n d M, Delta_ell = d epsilon"),
            Step(closed, "in hyperbolic functions"),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_cost_law() -> Equation:
    """Leading order of long ladders: a Gaussian for a / epsilon levels, then r a level, to the nearer end."""
    b = sp.Symbol("b", positive=True)
    closed = sp.Rational(1, 4) + levels_left / 4 * (1 - sp.sqrt(1 - 8 * accuracy / (levels_left**2 * step)))
    gained = levels_left * b / 2 - b**2 / (2 * step)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        number, steps = rng.integers(10, 60, 8), rng.uniform(0.5, 4.0, 8)
        wanted = rng.uniform(0.05, 0.95, 8) * (number - 1.0) ** 2 * steps / 8
        values = {levels_left: number - 1.0, step: steps, accuracy: wanted}
        return evaluate(closed, values), markov.cost_law(wanted, number, steps)

    price = sp.Symbol("kappa", positive=True)
    return Equation(
        "ladder-cost-law", OURS, "", "Cost of memory at a given accuracy",
        sp.Eq(price, closed, evaluate=False),
        {**{s: WORDS[s] for s in (levels_left, accuracy)}, **meaning(step), price: "sigma mu1 / Delta_ell"},
        (
            Step(accuracy - gained, "L = N a/2 - a^2/(2 epsilon), the ends' occupation"),
            Step(
                levels_left * step / 2 * (1 - sp.sqrt(1 - 8 * accuracy / (levels_left**2 * step))),
                "the smaller root a",
                lambda e: min(sp.solve(e, b), key=lambda root: root.subs({accuracy: 1, step: 1, levels_left: 8})),
            ),
            Step(closed, "ladder-bulk-cost: 1/4 + a/(2 epsilon)", lambda e: sp.Rational(1, 4) + e / (2 * step)),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_cost_end() -> Equation:
    """Where the smaller root meets the larger: the Gaussian reaches the ends, and drive buys nothing more."""
    b = sp.Symbol("b", positive=True)
    gained = levels_left * b / 2 - b**2 / (2 * step)
    closed = levels_left**2 * step / 8

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        number, steps = rng.integers(10, 60, 8), rng.uniform(0.5, 4.0, 8)
        return evaluate(closed, {levels_left: number - 1.0, step: steps}), markov.cost_law_end(number, steps)

    most = sp.Symbol("L_max", positive=True)
    return Equation(
        "ladder-cost-end", OURS, "", "The largest accuracy that drive buys",
        sp.Eq(most, closed, evaluate=False),
        {levels_left: WORDS[levels_left], **meaning(step), most: "largest accuracy of the cost law"},
        (
            Step(gained, "L = N a/2 - a^2/(2 epsilon)"),
            Step(closed, "at dL/da = 0", lambda e: e.subs(b, sp.solve(sp.diff(e, b), b)[0])),
        ),
        compare,
    )  # fmt: skip
