"""No net flux across a cut between levels: identities of ladders with any number of levels.

p_t, p_b are occupations of the top and bottom rail by level. Sums over the levels of a cut's flux leave the rails'
occupancies and the four corner states, with nothing known of the rungs.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from numpy.typing import ArrayLike

from thermo_cl import entropy_production_rate
from thermo_cl._types import FloatArray
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.ladder.rates import MEANING as RATE_MEANING
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.ladder import (
    against,
    flux,
    level,
    merge_sums,
    n_levels,
    on_rails,
    p_bottom,
    p_top,
    split_sums,
    sums_from_zero,
)
from thermo_cl.symbolic.ladder_draws import draw
from thermo_cl.symbolic.registry import register

r, m, n = against, level, n_levels
gamma = sp.Symbol("gamma", positive=True)
top_share = sp.Symbol("P_top", positive=True)
x_top, x_bottom = sp.Function("x_t", real=True), sp.Function("x_b", real=True)
mean_before, mean_after = sp.symbols("m_before m_after", real=True)

OURS = "thermo_cl"
MEANING = {
    **{s: RATE_MEANING[s] for s in (r, n, gamma)},
    top_share: "occupancy of the top rail",
    mean_before: "mean level before the step",
    mean_after: "mean level long after the step",
}


def corners(top: sp.Expr = p_top, bottom: sp.Expr = p_bottom) -> sp.Expr:
    """What the ends add to the drift of the mean level."""
    return top(0) - r * top(n - 1) + r * bottom(0) - bottom(n - 1)


# the library and the tests of other equations need these three as expressions
occupancy = sp.S.Half + corners() / (2 * (1 - r))
dissipation = sp.log(1 / gamma) * (1 - r - p_top(0) - p_bottom(n - 1) + r * (p_bottom(0) + p_top(n - 1)))
first_moment = (mean_after - mean_before + corners(x_top, x_bottom)) / (2 * (1 - r))


def corner_values(p: FloatArray, top: sp.Expr = p_top, bottom: sp.Expr = p_bottom) -> dict[sp.Expr, FloatArray]:
    """Numbers of the four corner states from values by state."""
    half = p.shape[-1] // 2
    return {
        top(0): p[..., 0],
        top(n - 1): p[..., half - 1],
        bottom(0): p[..., half],
        bottom(n - 1): p[..., -1],
    }


def _mean_of_changes(top: sp.Expr = p_top, bottom: sp.Expr = p_bottom) -> tuple[sp.Expr, sp.Expr]:
    """Sum over levels of level times (flux in - flux out), and the sum of all fluxes that it is."""
    gain = sp.Sum(m * flux(m - 1, top, bottom), (m, 1, n - 1))
    return gain - sp.Sum(m * flux(m, top, bottom), (m, 0, n - 2)), sp.Sum(flux(m, top, bottom), (m, 0, n - 2))


def _sum_by_parts(expression: sp.Expr) -> sp.Expr:
    return merge_sums(sums_from_zero(expression))


def _random_distribution(rng: np.random.Generator, levels: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rates against the drive, random occupations by state and their rates of change W p."""
    ladder, signal = draw(rng, levels, factor=rng.uniform(0.1, 1.0, 8))  # slow rungs: W p subtracts little
    p = rng.dirichlet(np.ones(2 * levels), signal.size)
    return ladder.backward_rate, p, np.einsum("kij,kj->ki", ladder.rate_matrix(signal), p)


@register
def ladder_cut() -> Equation:
    """The n levels left of a cut change only by the flux through it, which is therefore zero in a steady state."""
    up, down = sp.Function("u", positive=True)(m), sp.Function("d", positive=True)(m)
    rung = up * p_bottom(m) - down * p_top(m)
    top = p_top(m + 1) + r * p_top(m - 1) - (1 + r) * p_top(m) + rung
    bottom = p_bottom(m - 1) + r * p_bottom(m + 1) - (1 + r) * p_bottom(m) - rung
    end = p_top(1) - r * p_top(0) - p_bottom(0) + r * p_bottom(1)
    inside = sp.Sum(top + bottom, (m, 1, n - 1))
    rails = sp.symbols("S_top S_bottom", positive=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        rate, p, change = _random_distribution(rng, 4)
        values = {r: rate, p_top(n - 1): p[:, 1], p_top(n): p[:, 2], p_bottom(n - 1): p[:, 5], p_bottom(n): p[:, 6]}
        return evaluate(-flux(n - 1), values), change[:, [0, 1, 4, 5]].sum(axis=-1)

    rate_of_change = sp.Symbol("Q", real=True)
    return Equation(
        "ladder-cut", OURS, "", "Levels left of a cut gain and lose only through the cut",
        sp.Eq(rate_of_change, -flux(n - 1), evaluate=False),
        {r: MEANING[r], n: "levels left of the cut", rate_of_change: "rate of change of their occupation, 1/time"},
        (
            Step(end + inside, "master equation of both rails, summed; level 0 has no left neighbour"),
            Step(
                -flux(n - 1), "rungs cancel within a level, rails telescope",
                lambda e: on_rails(split_sums(e), dict(zip((p_top, p_bottom), rails, strict=True))),
            ),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_corner_identity() -> Equation:
    """Top-rail occupancy from the four corner states; n, the rungs and r are arbitrary."""

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 6)
        p = ladder.steady_state(signal)
        return evaluate(occupancy, {r: ladder.backward_rate} | corner_values(p)), p[..., :6].sum(axis=-1)

    cuts = sp.Sum(flux(m), (m, 0, n - 2))
    whole = (1 - r) * (1 - 2 * top_share) + corners()
    return Equation(
        "ladder-corner-identity", OURS, "", "The top rail misses one half only through the four corner states",
        sp.Eq(top_share, occupancy, evaluate=False),
        {s: MEANING[s] for s in (r, n, top_share)},
        (
            Step(cuts, "net fluxes through all cuts, each zero in the steady state"),
            Step(whole, "sum each rail", lambda e: on_rails(e, {p_top: top_share, p_bottom: 1 - top_share})),
            Step(occupancy, "solve sum = 0 for P_top", lambda e: sp.solve(e, top_share)[0]),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_drift() -> Equation:
    """Holds at any time, for any distribution: integral feedback with the mean level as its memory."""
    weighed, summed = _mean_of_changes()
    drift = (1 - r) * (1 - 2 * top_share) + corners()
    velocity = sp.Symbol("v", real=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        rate, p, change = _random_distribution(rng, 4)
        values = {r: rate, top_share: p[:, :4].sum(axis=-1)} | corner_values(p)
        return evaluate(drift, values), change @ np.tile(np.arange(4.0), 2)

    return Equation(
        "ladder-drift", OURS, "", "Drift of the mean level: (1 - r)(1 - 2 P_top) but for the ends",
        sp.Eq(velocity, drift, evaluate=False),
        {s: MEANING[s] for s in (r, n, top_share)} | {velocity: "rate of change of the mean level, 1/time"},
        (
            Step(weighed, "level times its gain, the flux through the cut before less that after"),
            Step(summed, "sum by parts", _sum_by_parts),
            Step(drift, "sum each rail", lambda e: on_rails(e, {p_top: top_share, p_bottom: 1 - top_share})),
        ),
        compare,
    )  # fmt: skip


@register
def ladder_first_moment() -> Equation:
    """Here x = -int_0^oo (p(t) - p(oo)) dt, which solves W x = p(0) - p(oo); mu1 is its top sum (ladder-relaxation)."""
    moment = sp.Symbol("mu_1", real=True)
    weighed, summed = _mean_of_changes(x_top, x_bottom)
    change = mean_before - mean_after

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 5)
        before, after = ladder.steady_state(), ladder.steady_state(signal)
        matrix = np.concatenate([ladder.rate_matrix(signal), np.ones((signal.size, 1, 10))], axis=-2)
        right = np.concatenate([before - after, np.zeros((signal.size, 1))], axis=-1)
        x = np.stack([np.linalg.lstsq(a, b)[0] for a, b in zip(matrix, right, strict=True)])
        levels = np.tile(np.arange(5.0), 2)
        values = {r: ladder.backward_rate, mean_before: before @ levels, mean_after: after @ levels}
        ours = evaluate(first_moment, values | corner_values(x, x_top, x_bottom))
        return ours, ladder.step_moments(signal).first_moment

    return Equation(
        "ladder-first-moment", OURS, "", "First moment of the step kernel from the mean level and four corners",
        sp.Eq(moment, first_moment, evaluate=False),
        {s: MEANING[s] for s in (r, n, mean_before, mean_after)} | {moment: "first moment of the step kernel"},
        (
            Step(weighed - change, "W x = p(0) - p(oo), weighed with the level: zero"),
            Step(summed - change, "sum by parts", _sum_by_parts),
            Step(
                -2 * (1 - r) * moment + corners(x_top, x_bottom) - change, "x sums to mu1 and -mu1 over the rails",
                lambda e: on_rails(e, {x_top: moment, x_bottom: -moment}),
            ),
            Step(first_moment, "solve for mu1", lambda e: sp.solve(e, moment)[0]),
        ),
        compare,
        1e-8,
    )  # fmt: skip


@register
def ladder_relaxation() -> Equation:
    """One mode of a relaxation; modes add up. The check sums over all modes of a ladder."""
    t, rate = sp.symbols("t lambda", positive=True)
    amplitude, moment = sp.symbols("c mu_1", real=True)
    mode = amplitude * sp.exp(-rate * t)
    missing = -sp.Integral(mode, (t, 0, sp.oo))

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 3)
        values, vectors = np.linalg.eig(ladder.rate_matrix(signal))
        shares = np.linalg.solve(vectors, (ladder.steady_state() - ladder.steady_state(signal))[..., None])[..., 0]
        slow = np.argmin(np.abs(values), axis=-1)[..., None]  # the steady state: no mode
        np.put_along_axis(values, slow, -1.0, axis=-1)
        np.put_along_axis(shares, slow, 0.0, axis=-1)
        modes = {amplitude: shares * vectors[..., :3, :].sum(axis=-2), rate: -values}
        return evaluate(missing.doit(), modes).sum(axis=-1), ladder.step_moments(signal).first_moment

    return Equation(
        "ladder-relaxation", OURS, "", "First moment of a step kernel from what the response still lacks",
        sp.Eq(moment, missing, evaluate=False),
        {
            moment: "first moment of the kernel K = du/dt", amplitude: "amplitude of a mode of u(t) - u(oo)",
            rate: "its relaxation rate, 1/time",
        },
        (
            Step(sp.Integral(t * sp.Derivative(mode, t), (t, 0, sp.oo)), "first moment of K = du/dt (Eq. 58)"),
            Step(-amplitude / rate, "integrate", lambda e: e.doit()),
            Step(missing, "the area under the mode"),
        ),
        compare,
        1e-7,
    )  # fmt: skip


@register
def ladder_dissipation() -> Equation:
    """The bulk law (1 - r) ln(1/gamma) with its exact end corrections."""
    current = p_top(m + 1) - r * p_top(m)
    half = (1 - r) * top_share - p_top(0) + r * p_top(n - 1)
    sigma = sp.Symbol("sigma", nonnegative=True)

    def compare(rng: np.random.Generator) -> tuple[ArrayLike, ArrayLike]:
        ladder, signal = draw(rng, 6)
        values = {r: ladder.backward_rate, gamma: ladder.gamma} | corner_values(ladder.steady_state(signal))
        return evaluate(dissipation, values), entropy_production_rate(ladder.network(signal))

    return Equation(
        "ladder-dissipation", OURS, "", "Entropy production from the four corner states",
        sp.Eq(sigma, dissipation, evaluate=False),
        {s: MEANING[s] for s in (r, n, gamma)} | {sigma: "entropy production rate, k_B per time"},
        (
            Step(2 * sp.log(1 / gamma) * sp.Sum(current, (m, 0, n - 2)), "drive times currents (tcl-13)"),
            Step(2 * sp.log(1 / gamma) * half, "sum the rail", lambda e: on_rails(e, {p_top: top_share})),
            Step(dissipation, "corner identity", lambda e: e.subs(top_share, occupancy)),
        ),
        compare,
        1e-8,
    )  # fmt: skip
