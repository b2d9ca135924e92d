"""The ladder's rates, affinities and entropy production.

Eqs. 49-52 and 59 of Falk et al. (2025); the horizontal rate against the drive is r = gamma exp(step / 2), which makes
gamma = 1 detailed balance. u_m, d_m are the rates up and down rung m.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import cycle_affinity, entropy_production_rate
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import (
    against,
    boltzmann,
    ladder_generator,
    level,
    merge_sums,
    n_levels,
    p_bottom,
    p_top,
    rung_meaning,
    rung_rates,
    split_sums,
    sums_from_zero,
)
from thermo_cl.symbolic.ladder_draws import draw, rungs
from thermo_cl.symbolic.registry import register

r, m, n = against, level, n_levels
gamma, step, factor = sp.symbols("gamma epsilon F", positive=True)
reference, shift, energy = sp.symbols("m_0 ell Delta_E", real=True)
current = sp.Function("J", real=True)

PAPER = "Falk et al. 2025"
MEANING = {
    r: "horizontal rate against the drive, over that along it",
    gamma: "drive parameter, 1 at detailed balance",
    step: "energy step per level, k_B T",
    factor: "vertical over horizontal rates",
    reference: "reference level, where the rails have equal energy",
    shift: "logarithmic term of the energy difference, k_B T",
    energy: "energy difference of the rails at a level, k_B T",
    n: "number of levels",
}


def _meaning(*names: sp.Symbol) -> dict[sp.Symbol, str]:
    return {s: MEANING[s] for s in names}


def _energy_at(m: sp.Expr) -> sp.Expr:
    """Energy difference of the rails at level m (Eq. 51)."""
    return step * (reference - m) + shift


@register
def tcl_52() -> Equation:
    """Both cases of the maximum give the same ratio of rates up and down a rung."""
    up, down = factor * sp.Max(1, sp.exp(-energy)), factor * sp.Max(1, sp.exp(energy))
    absolute = sp.Abs(sp.exp(energy) - 1)
    same = (absolute * sp.exp(-energy) + 1 + sp.exp(-energy)) / (sp.exp(energy) + absolute + 1)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        rates, i = ladder.rate_matrix(signal), np.arange(5)
        ratio = evaluate(sp.exp(-energy), {energy: ladder.energy_difference(signal)})
        return ratio, rates[..., i, i + 5] / rates[..., i + 5, i]

    return Equation(
        "tcl-52", PAPER, "52", "Rates up and down a rung are in the ratio of Boltzmann weights",
        sp.Eq(up / down, sp.exp(-energy), evaluate=False),
        _meaning(factor, energy),
        (
            Step(up / down, "the rates of Eq. 52, the larger of 1 and an exponential"),
            Step(same, "max(1, a) = (1 + a + |a - 1|) / 2", lambda e: _pull_out(e.rewrite(sp.Abs))),
            Step(sp.exp(-energy), "the denominator is exp(Delta_E) times the numerator"),
        ),
        compare,
    )  # fmt: skip


def _pull_out(expression: sp.Expr) -> sp.Expr:
    """Take exp(-Delta_E) > 0 out of absolute values: |1 - a| = a |1/a - 1|."""
    a = sp.exp(-energy)
    return expression.replace(sp.Abs, lambda x: a * sp.Abs(sp.expand(x / a)) if x.has(a) else sp.Abs(x))


@register
def tcl_49() -> Equation:
    """Columns of the generator of the paper's five levels sum to zero; the check compares all its entries."""
    up, down = rung_rates(5)
    rates = ladder_generator(up, down)
    ones = sp.ones(1, 10).as_immutable()

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        rates_up, rates_down = rungs(ladder, signal)
        numbers = (ladder.backward_rate, *np.moveaxis(rates_up, -1, 0), *np.moveaxis(rates_down, -1, 0))
        matrix = sp.lambdify((r, *up, *down), rates)
        ours = [matrix(*(value[k] for value in numbers)) for k in range(ladder.gamma.size)]
        return np.array(ours, dtype=float), ladder.rate_matrix(signal)

    return Equation(
        "tcl-49", PAPER, "49-52", "The ladder's generator conserves probability",
        sp.Eq(sp.MatMul(ones, rates), sp.zeros(1, 10).as_immutable(), evaluate=False),
        _meaning(r) | rung_meaning(*up, *down),
        (
            Step(sp.MatMul(ones, rates), "sum over the states that a jump leads to"),
            Step(sp.zeros(1, 10).as_immutable(), "each rate enters once as gain and once as loss", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_affinity() -> Equation:
    """Any plaquette of any ladder, whatever signal and F: top m -> m+1, down, bottom m+1 -> m, up."""
    fraction = r * r * sp.exp(-_energy_at(m)) / sp.exp(-_energy_at(m + 1))
    driven = fraction.subs(r, gamma * sp.exp(step / 2))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        network = ladder.network(signal)
        affinity = [cycle_affinity(network, [k, k + 1, k + 6, k + 5]) for k in range(4)]
        return evaluate(2 * sp.log(gamma), {gamma: ladder.gamma}) * np.ones((4, 1)), affinity

    return Equation(
        "ladder-affinity", "thermo_cl", "", "Affinity of every plaquette, for every signal and F",
        sp.Eq(sp.log(driven), 2 * sp.log(gamma), evaluate=False),
        _meaning(gamma, step, reference, shift) | {m: "level"},
        (
            Step(sp.log(driven), "rates around over rates back; each rung counts by its ratio, Eq. 52"),
            Step(sp.log(gamma**2), "energies cancel", lambda e: sp.log(sp.powsimp(sp.expand(e.args[0])))),
            Step(2 * sp.log(gamma), "gamma is positive", sp.expand_log),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_detailed_balance() -> Equation:
    """Five levels at gamma = 1: the flux of every jump is that of the jump back, for any rates down the rungs."""
    _, down = rung_rates(5)
    x, w = sp.Symbol("x", positive=True), sp.Symbol("w_0", positive=True)
    up = [d * w * x ** (2 * k) for k, d in enumerate(down)]
    rates, weights = ladder_generator(up, down, x), sp.diag(*boltzmann(up, down, x)).as_immutable()
    forward, backward = sp.MatMul(rates, weights), sp.MatMul(weights, rates.T)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5, gamma=1.0)
        values = {x: np.exp(ladder.energy_step / 2), w: np.exp(-ladder.energy_difference(signal)[..., 0])}
        ours = np.stack([evaluate(e, values) * np.ones(signal.size) for e in weights.diagonal()], axis=-1)
        return ours / ours.sum(axis=-1, keepdims=True), ladder.steady_state(signal)

    return Equation(
        "ladder-detailed-balance", "thermo_cl", "", "Without drive every flux is balanced",
        sp.Eq(forward, backward, evaluate=False),
        rung_meaning(*down) | {x: "exp(epsilon/2), rate against the drive at gamma = 1", w: "exp(-Delta_E) at level 0"},
        (
            Step(forward, "fluxes W p of the Boltzmann weights"),
            Step(backward, "their transpose", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_59() -> Equation:
    """Any number of levels. Logarithms of probabilities and of rung rates telescope: only the drive remains."""
    rung = sp.log(sp.exp(-_energy_at(m)) * p_bottom(m) / p_top(m))
    top = sp.log(r * p_top(m) / p_top(m + 1))
    bottom = sp.log(p_bottom(m) / (r * p_bottom(m + 1)))
    rails = sp.Sum(current(m) * (top - bottom), (m, 0, n - 2))
    edges = rails + sp.Sum(current(m) * rung, (m, 0, n - 2)) - sp.Sum(current(m - 1) * rung, (m, 1, n - 1))
    shifted = rails + sp.Sum(current(m) * rung, (m, 0, n - 2))
    shifted -= sp.Sum(current(m) * rung.subs(m, m + 1), (m, 0, n - 2))
    total = sp.Sum(current(m), (m, 0, n - 2))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        sums = ladder.plaquette_currents(signal).sum(axis=-1)
        ours = evaluate(2 * sp.log(gamma) * sp.Symbol("S"), {gamma: ladder.gamma, sp.Symbol("S"): sums})
        return ours, entropy_production_rate(ladder.network(signal))

    def telescope(e: sp.Expr) -> sp.Expr:
        return split_sums(e.replace(lambda x: isinstance(x, sp.log), lambda x: sp.expand(sp.expand_log(x))))

    sigma = sp.Symbol("sigma", nonnegative=True)
    return Equation(
        "tcl-59", PAPER, "59", "Entropy production of n levels is the drive times the plaquette currents",
        sp.Eq(sigma, 2 * sp.log(gamma) * total, evaluate=False),
        _meaning(gamma, n) | {sigma: "entropy production rate, k_B per time"},
        (
            Step(edges, "Eq. 59: current times ln(J+/J-), by edge; rung m carries J(m) - J(m-1), by Kirchhoff's law"),
            Step(shifted, "shift the sum over rungs", sums_from_zero),
            Step((2 * sp.log(r) - step) * total, "one sum; its logarithms cancel", lambda e: telescope(merge_sums(e))),
            Step(
                2 * sp.log(gamma) * total, "r = gamma exp(epsilon/2)",
                lambda e: sp.expand(sp.expand_log(e.subs(r, gamma * sp.exp(step / 2)))),
            ),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_13() -> Equation:
    """Eq. 13 is an image in the text at hand: this is the same dissipation from occupations of the top rail."""
    term = p_top(m + 1) - r * p_top(m)
    total = 2 * sp.log(1 / gamma) * sp.Sum(term, (m, 0, n - 2))
    start = 2 * sp.log(gamma) * sp.Sum(current(m), (m, 0, n - 2))
    sigma = sp.Symbol("sigma", nonnegative=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        p = np.moveaxis(ladder.steady_state(signal)[..., :5], -1, 0)
        values = {r: ladder.backward_rate, gamma: ladder.gamma} | {p_top(k): p[k] for k in range(5)}
        return evaluate(total.subs(n, 5).doit(), values), entropy_production_rate(ladder.network(signal))

    return Equation(
        "tcl-13", PAPER, "13", "Dissipation from the occupations of the top rail",
        sp.Eq(sigma, total, evaluate=False),
        _meaning(gamma, r, n) | {sigma: "entropy production rate, k_B per time"},
        (
            Step(start, "drive times currents, Eq. 59"),
            Step(total, "the current from top level m to m + 1", lambda e: e.subs(current(m), -term)),
        ),
        compare,
        1e-8,
    )  # fmt: skip
