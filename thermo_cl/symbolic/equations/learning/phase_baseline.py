"""A baseline for one-phase estimates: a constant subtracted from both statistics lowers the variance (our addition)."""

from __future__ import annotations

import sympy as sp

from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.learning._two_phases import (
    BASELINE,
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

_BEST = (1 - SHARE) * MU_PLUS + SHARE * MU_MINUS  # proved in isd_baseline_optimum


@register
def isd_baseline_mean() -> Equation:
    """A constant taken off both statistics leaves the mean alone."""
    total = sp.Sum(PROBABILITY * estimate(MU_PLUS[0] - BASELINE[0], MU_MINUS[0] - BASELINE[0]), (PHASE, 0, 1))
    return phase_equation(
        "isd-baseline-mean",
        "Subtracting one baseline from both phases keeps the estimator unbiased",
        sp.Eq(total, MU_PLUS[0] - MU_MINUS[0], evaluate=False),
        Step(total, "law of total expectation over the phase B"),
        Step(MU_PLUS[0] - MU_MINUS[0], "b/b - (1 - b)/(1 - b) = 0 takes the baseline out", sp.Sum.doit),
        numbers=lambda law: law.mean()[0],
        own=True,
    )


@register
def isd_baseline_optimum() -> Equation:
    """The baseline of least variance: each mean weighted by the other phase's probability."""
    slope = sp.Derivative(_with_baseline(), BASELINE[0])
    linear = (2 * (BASELINE[0] - MU_PLUS[0])) / SHARE + 2 * (BASELINE[0] - MU_MINUS[0]) / (1 - SHARE)
    return phase_equation(
        "isd-baseline-optimum",
        "The baseline of least variance, in each component",
        sp.Eq(BASELINE[0], _BEST[0], evaluate=False),
        Step(slope, "stationarity of the variance, a convex quadratic function of the baseline"),
        Step(linear, "differentiate", sp.Derivative.doit),
        Step(_BEST[0], "solve the linear equation", lambda e: sp.solve(e, BASELINE[0])[0]),
        numbers=lambda law: law.best_baseline()[0],
        own=True,
    )


@register
def isd_baseline_variance() -> Equation:
    """With the best baseline only the spreads of the phases remain."""
    closed = S_PLUS / SHARE + S_MINUS / (1 - SHARE)
    best = dict(zip(BASELINE, _BEST, strict=True))
    return phase_equation(
        "isd-baseline-variance",
        "With the best baseline only the spreads of the two phases remain",
        sp.Eq(V, closed, evaluate=False),
        Step(_with_baseline(), "variance with g+ - c and g- - c for g+ and g-; a shift leaves spreads alone"),
        Step(_with_baseline().subs(best), "baseline of isd-baseline-optimum", lambda e: e.subs(best)),
        Step(closed, "expand: every mean cancels"),
        numbers=lambda law: law.less(law.best_baseline()).trace(),
        own=True,
    )


@register
def isd_baseline_gain() -> Equation:
    """What any other baseline costs; c = 0 is plain ISD."""
    rest = BASELINE - _BEST
    gap = rest.dot(rest) / (SHARE * (1 - SHARE))
    vectors = zip(BASELINE, MU_PLUS, MU_MINUS, strict=True)
    turned = (1 + ODDS) ** 2 / ODDS * sum((c - (p + ODDS * m) / (1 + ODDS)) ** 2 for c, p, m in vectors)
    return phase_equation(
        "isd-baseline-gain",
        "No other baseline, and none at all, does better",
        sp.GreaterThan(_with_baseline(), S_PLUS / SHARE + S_MINUS / (1 - SHARE), evaluate=False),
        Step(_with_baseline() - S_PLUS / SHARE - S_MINUS / (1 - SHARE), "gap"),
        Step(gap, "complete the squares"),
        Step(turned, "b = r/(1 + r)", to_odds),
        numbers=lambda law: law.trace() - law.less(law.best_baseline()).trace(),
        value=gap,
        own=True,
    )


def _with_baseline() -> sp.Expr:
    """Trace of the covariance with a baseline: isd_variance for the shifted statistics."""
    plus = S_PLUS + (MU_PLUS - BASELINE).dot(MU_PLUS - BASELINE)
    minus = S_MINUS + (MU_MINUS - BASELINE).dot(MU_MINUS - BASELINE)
    return plus / SHARE + minus / (1 - SHARE) - SQUARED_GRADIENT
