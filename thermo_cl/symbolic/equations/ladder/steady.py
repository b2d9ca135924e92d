"""Exact steady states and currents of ladders of two, three and four levels, for any rates of the rungs.

The matrix-tree theorem gives each state a sum over spanning trees (4, 15 and 56 of them); eliminating levels from
both ends collects the same sums into nested products.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.rates import MEANING as RATE_MEANING
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import (
    against,
    eliminated_weights,
    evaluate_determinants,
    ladder_generator,
    rung_meaning,
    rung_rates,
    tree_weights,
)
from thermo_cl.symbolic.ladder_draws import by_level, draw, rungs
from thermo_cl.symbolic.registry import register

r = against
gamma = sp.Symbol("gamma", positive=True)
OURS = "thermo_cl"


def _top_share(weights: list[sp.Expr]) -> sp.Expr:
    """Weight of the top rail over all weights."""
    return sp.Add(*weights[: len(weights) // 2]) / sp.Add(*weights)


def _steady(levels: int, written: sp.Expr) -> Equation:
    """Top-rail occupancy of so many levels, for any rates: matrix-tree theorem against elimination."""
    up, down = rung_rates(levels)
    trees = _top_share(tree_weights(ladder_generator(up, down)))
    occupancy = sp.Symbol("P_top", positive=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, levels)
        rates_up, rates_down = rungs(ladder, signal)
        values = {r: ladder.backward_rate} | by_level(up, rates_up) | by_level(down, rates_down)
        return evaluate(written, values), ladder.steady_state(signal)[..., :levels].sum(axis=-1)

    return Equation(
        f"ladder-steady-{levels}", OURS, "", f"Top-rail occupancy of {levels} levels, exactly",
        sp.Eq(occupancy, written, evaluate=False),
        {r: RATE_MEANING[r]} | rung_meaning(*up, *down) | {occupancy: "occupancy of the top rail"},
        (
            Step(trees, "matrix-tree theorem: minors of -W are the weights of the states"),
            Step(written, "sums over spanning trees, collected by eliminating levels", evaluate_determinants),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_steady_2() -> Equation:
    """Two levels in closed form: four spanning trees a state."""
    (u0, u1), (d0, d1) = rung_rates(2)
    top = u1 * (1 + u0 + d0 + r * (1 + u0)) + r * u0 * (1 + d1 + r)
    bottom = d0 * (1 + d1 + u1 + r * (1 + d1)) + r * d1 * (1 + u0 + r)
    return _steady(2, top / (top + bottom))


@register
def ladder_steady_3() -> Equation:
    """Three levels: 15 spanning trees a state."""
    return _steady(3, _top_share(eliminated_weights(*rung_rates(3))))


@register
def ladder_steady_4() -> Equation:
    """Four levels: 56 spanning trees a state."""
    return _steady(4, _top_share(eliminated_weights(*rung_rates(4))))


def _plaquette_current(levels: int, numerator: sp.Expr) -> Equation:
    """Current around the first plaquette; the rates down the rungs are free, those up follow from energies."""
    _, down = rung_rates(levels)
    w, y = sp.symbols("w y", positive=True)
    up = [d * w * y ** (2 * k) for k, d in enumerate(down)]
    trees = tree_weights(ladder_generator(up, down, gamma * y))
    written = (gamma**2 - 1) * numerator / sp.Add(*eliminated_weights(up, down, gamma * y))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, levels)
        rates_up, rates_down = rungs(ladder, signal)
        values = {gamma: ladder.gamma, y: np.exp(ladder.energy_step / 2)} | by_level(down, rates_down)
        values |= {w: rates_up[..., 0] / rates_down[..., 0]}
        return evaluate(written, values), ladder.plaquette_currents(signal)[..., 0]

    flow = sp.Symbol("J_0", real=True)
    meaning = {gamma: RATE_MEANING[gamma]}
    meaning |= {flow: "current from level 0 to 1 on the top rail", w: "exp(-Delta_E) at level 0", y: "exp(epsilon/2)"}
    return Equation(
        f"ladder-current-{levels}", OURS, "", f"Plaquette current of {levels} levels: none at gamma = 1",
        sp.Eq(flow, written, evaluate=False),
        rung_meaning(*down) | meaning,
        (
            Step((gamma * y * trees[0] - trees[1]) / sp.Add(*trees), "r p_t(0) - p_t(1) by the matrix-tree theorem"),
            Step(written, "trees in pairs: around the plaquette, and back", evaluate_determinants),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_current_2() -> Equation:
    """Two levels: the two trees of the four-state cycle that differ."""
    d0, d1, w, y = sp.symbols("d0 d1 w y", positive=True)
    return _plaquette_current(2, d0 * d1 * w * y**2)


@register
def ladder_current_3() -> Equation:
    """Three levels: gamma^2 - 1 times a sum of positive terms."""
    d0, d1, d2, w, y = sp.symbols("d0 d1 d2 w y", positive=True)
    inner = d1 * d2 * y * (gamma + w * y**3) + d1 * gamma * y + d2 * y**2 * (1 + gamma**2)
    return _plaquette_current(3, d0 * w * y**2 * inner)
