"""One phase per update, drawn at random: importance sampling (ISD) of the contrastive gradient (Williams et al. 2023).

The estimator is (B/b) g+ - ((1 - B)/(1 - b)) g-, with B = 1 (positive phase) of probability b. Expectation values are
sums over B; the phases' statistics enter through their moments, so that any law of g+ and g- is meant. Vectors are
written in three components. The library has no learning rules yet: numbers are compared with an enumeration of every
outcome of B, g+ and g- of a small discrete law.
"""

from __future__ import annotations

import sympy as sp

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.learning._two_phases import (
    CROSS,
    M_MINUS,
    M_PLUS,
    MU_MINUS,
    MU_PLUS,
    ODDS,
    PHASE,
    PROBABILITY,
    S_MINUS,
    S_PLUS,
    SHARE,
    SQUARED_GRADIENT,
    V,
    estimate,
    phase_equation,
    to_odds,
)
from thermo_cl.symbolic.registry import register

__all__: list[str] = []

_VARIANCE = M_PLUS / SHARE + M_MINUS / (1 - SHARE) - SQUARED_GRADIENT  # proved in isd_variance
_MINIMUM = (sp.sqrt(M_PLUS) + sp.sqrt(M_MINUS)) ** 2 - SQUARED_GRADIENT
_OPTIMUM = sp.sqrt(M_PLUS) / (sp.sqrt(M_PLUS) + sp.sqrt(M_MINUS))
_EXCESS = M_PLUS * (1 - SHARE) / SHARE + M_MINUS * SHARE / (1 - SHARE) + 2 * MU_PLUS.dot(MU_MINUS)  # isd_excess
# mean square = spread + squared mean
_BY_SPREAD = {M_PLUS: S_PLUS + MU_PLUS.dot(MU_PLUS), M_MINUS: S_MINUS + MU_MINUS.dot(MU_MINUS)}


@register
def isd_mean() -> Equation:
    """The estimator is unbiased, whatever the probability of the phases."""
    total = sp.Sum(PROBABILITY * estimate(MU_PLUS[0], MU_MINUS[0]), (PHASE, 0, 1))
    return phase_equation(
        "isd-mean",
        "One phase at a time gives the contrastive gradient on average, for every b",
        sp.Eq(total, MU_PLUS[0] - MU_MINUS[0], evaluate=False),
        Step(total, "law of total expectation over the phase B; the estimator is linear in g+ and g-"),
        Step(MU_PLUS[0] - MU_MINUS[0], "the two terms of the sum", sp.Sum.doit),
        numbers=lambda law: law.mean()[0],
    )


@register
def isd_variance() -> Equation:
    """Trace of the covariance; the cross moment of the phases does not enter."""
    both = 2 * PHASE * (1 - PHASE) / (SHARE * (1 - SHARE)) * CROSS
    square = (PHASE / SHARE) ** 2 * M_PLUS + ((1 - PHASE) / (1 - SHARE)) ** 2 * M_MINUS - both
    second = sp.Sum(PROBABILITY * square, (PHASE, 0, 1))
    means = [sp.Sum(PROBABILITY * estimate(p, m), (PHASE, 0, 1)) for p, m in zip(MU_PLUS, MU_MINUS, strict=True)]
    return phase_equation(
        "isd-variance",
        "Trace of the covariance of the single-phase estimator",
        sp.Eq(V, _VARIANCE, evaluate=False),
        Step(second - sum(mean**2 for mean in means), "definition: E|g|^2 - |E g|^2, with C = E[g+ . g-]"),
        Step(_VARIANCE, "B (1 - B) = 0 removes C; the rest are two terms of each sum", sp.Add.doit),
        numbers=lambda law: law.trace(),
        also={CROSS: "E[g+ . g-], of any sign (gradient squared)"},
    )


@register
def isd_convexity() -> Equation:
    """Strictly convex in b: there is one best proportion of phases."""
    second = sp.Derivative(_VARIANCE, (SHARE, 2))
    curvature = 2 * M_PLUS / SHARE**3 + 2 * M_MINUS / (1 - SHARE) ** 3
    turned = curvature.subs(SHARE, ODDS / (1 + ODDS))
    return phase_equation(
        "isd-convexity",
        "The variance is strictly convex in the proportion of positive phases",
        sp.StrictGreaterThan(second, 0, evaluate=False),
        Step(second, "curvature"),
        Step(curvature, "differentiate twice", sp.Derivative.doit),
        Step(turned, "b = r/(1 + r): odds r > 0 cover 0 < b < 1 once", to_odds),
        Step(sp.factor(turned), "sum of positive terms"),
        numbers=lambda law: law.curvature(),
        value=curvature,
    )


@register
def isd_optimum() -> Equation:
    """The proportion of least variance."""
    best = sp.Symbol("b_*", positive=True)
    slope = sp.Derivative(_VARIANCE, SHARE)
    return phase_equation(
        "isd-optimum",
        "The best proportion of positive phases: root mean squares decide",
        sp.Eq(best, _OPTIMUM, evaluate=False),
        Step(slope, "stationarity of the variance; the convex function has no other minimum"),
        Step(-M_PLUS / SHARE**2 + M_MINUS / (1 - SHARE) ** 2, "differentiate", sp.Derivative.doit),
        Step(_OPTIMUM, "the root between 0 and 1", lambda e: _interior_root(e, SHARE)),
        numbers=lambda law: law.stationary(),
        also={best: "proportion of positive phases of least variance"},
    )


@register
def isd_minimum() -> Equation:
    """Least variance."""
    return phase_equation(
        "isd-minimum",
        "The least variance of the single-phase estimator",
        sp.Eq(V, _MINIMUM, evaluate=False),
        Step(_VARIANCE, "variance at any b"),
        Step(_VARIANCE.subs(SHARE, _OPTIMUM), "at the optimum of isd-optimum", lambda e: e.subs(SHARE, _OPTIMUM)),
        Step(_MINIMUM, "collect"),
        numbers=lambda law: law.at(law.stationary()).trace(),
    )


@register
def isd_minimum_bound() -> Equation:
    """The least variance without calculus: the gap is a square."""
    gap = (SHARE * sp.sqrt(M_MINUS) - (1 - SHARE) * sp.sqrt(M_PLUS)) ** 2 / (SHARE * (1 - SHARE))
    turned = (ODDS * sp.sqrt(M_MINUS) - sp.sqrt(M_PLUS)) ** 2 / ODDS
    return phase_equation(
        "isd-minimum-bound",
        "No proportion of phases has a smaller variance",
        sp.GreaterThan(_VARIANCE, _MINIMUM, evaluate=False),
        Step(_VARIANCE - _MINIMUM, "gap"),
        Step(gap, "complete the square"),
        Step(turned, "b = r/(1 + r)", to_odds),
        numbers=lambda law: law.at(law.stationary()).trace(),
        value=_VARIANCE - gap,  # a gap may be too small to compare by itself
    )


@register
def isd_excess() -> Equation:
    """Price of locality in time: variance above the estimator that sees both phases."""
    excess = sp.Symbol("X", real=True)
    both = M_PLUS + M_MINUS - 2 * MU_PLUS.dot(MU_MINUS) - SQUARED_GRADIENT
    return phase_equation(
        "isd-excess",
        "Excess variance over the two-term estimator of independent phases",
        sp.Eq(excess, _EXCESS, evaluate=False),
        Step(_VARIANCE - both, "single-phase minus E|g+ - g-|^2 - |E(g+ - g-)|^2, E[g+ . g-] = mu+ . mu-"),
        Step(_EXCESS, "the squared mean gradient cancels; collect"),
        numbers=lambda law: law.trace() - law.both(),
        also={excess: "variance of the single-phase estimator minus that of the two-term one (gradient squared)"},
    )


@register
def isd_excess_sign() -> Equation:
    """Never better than two terms; equal only for noiseless statistics that oppose each other, (1-b) mu+ = -b mu-."""
    spread = _EXCESS.subs(_BY_SPREAD)
    summed = (1 - SHARE) * MU_PLUS + SHARE * MU_MINUS
    squares = (S_PLUS * (1 - SHARE) ** 2 + S_MINUS * SHARE**2 + summed.dot(summed)) / (SHARE * (1 - SHARE))
    turned = (S_PLUS + S_MINUS * ODDS**2 + sum(entry**2 for entry in MU_PLUS + ODDS * MU_MINUS)) / ODDS
    return phase_equation(
        "isd-excess-sign",
        "The single-phase estimator never has the smaller variance",
        sp.GreaterThan(spread, 0, evaluate=False),
        Step(spread, "excess, with M = S + |mu|^2 in both phases"),
        Step(squares, "Cauchy-Schwarz as a square: |(1-b) mu+ + b mu-|^2"),
        Step(turned, "b = r/(1 + r): a sum of squares and spreads", to_odds),
        numbers=lambda law: law.trace() - law.both(),
    )


def _interior_root(expression: sp.Expr, variable: sp.Symbol) -> sp.Expr:
    """The root that is certainly between 0 and 1; in root mean squares the equation splits into linear factors."""
    plus, minus = sp.symbols("s_+ s_-", positive=True)
    roots = sp.solve(expression.subs({M_PLUS: plus**2, M_MINUS: minus**2}), variable)
    root = next(root for root in roots if root.is_positive and sp.together(1 - root).is_positive)
    return root.subs({plus: sp.sqrt(M_PLUS), minus: sp.sqrt(M_MINUS)})
