"""Kernels with an area: when a threshold separates the ramps, and what Eq. 45's does (Falk et al. 2025, Eqs. 39-45).

The published text kept only the words of these equations; the inequalities here are those the words ask for, solved.
Eqs. 39 and 40 there compare the two ramps: what is proved under their numbers is where each ramp comes closest to the
other. The entries on Eq. 45's threshold take its argument to be positive: the fall begins positive (tcl-43), which for
I > 2/tau_s every mean that is not negative ensures.
"""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl.kernels import chemotaxis_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.synapse.area_response import (
    AREA,
    DOWN,
    DOWN_HIGH,
    DOWN_LOW,
    UP,
    UP_LOW,
    Numbers,
    Pair,
    clamped,
    corner_values,
    entry,
    largest,
    respond,
    sawtooth,
)
from thermo_cl.symbolic.equations.synapse.protocol import FALL, SLOW, A, b, mean, t, tau_f, tau_s, theta
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.registry import register
from thermo_cl.synapse import adaptive_threshold


def _extreme(name: str, title: str, greater: sp.Expr, less: sp.Expr, gap: sp.Expr, ramp: int) -> Equation:
    """A ramp's response has its extreme at the ramp's beginning."""

    def one(numbers: Numbers) -> Pair:
        response = respond(numbers)
        begin, length = response.starts[ramp], numbers[tau_f]
        early, late = response(begin + np.array([0.6, 0.6 + 0.3]) * length)  # the affine law is exact at both
        return evaluate(gap, numbers | {t: 0.3 * length}), late - early if ramp == 0 else early - late

    return entry(
        name, name[-2:], title, sp.GreaterThan(greater, less),
        (
            Step(greater - less, "difference to the beginning of the ramp"),
            Step(gap, "the signal's own part rises or falls with it"),
        ),
        one,
    )  # fmt: skip


@register
def tcl_39() -> Equation:
    """Smallest response on the rise."""
    title = "The smallest response on the rise is at its beginning: A/tau_f + I (s_bar - A/2)"
    return _extreme("tcl-39", title, UP, UP_LOW, AREA * A * t / tau_f, 0)


@register
def tcl_40() -> Equation:
    """Largest response on the fall."""
    title = "The largest response on the fall is at its beginning: -A/tau_s + I (s_bar + A/2)"
    return _extreme("tcl-40", title, DOWN_HIGH, DOWN, AREA * A * t / tau_s, 1)


@register
def tcl_41() -> Equation:
    """A separating threshold exists for small areas."""
    limit = 1 / tau_f + 1 / tau_s
    statement = sp.Equivalent(sp.StrictGreaterThan(UP_LOW, DOWN_HIGH), sp.StrictGreaterThan(limit, AREA))

    def one(numbers: Numbers) -> Pair:
        corners = corner_values(numbers)
        return evaluate(A * (limit - AREA), numbers), corners[0] - corners[2]

    return entry(
        "tcl-41", "41", "A threshold separates the ramps if and only if I < 1/tau_f + 1/tau_s, for any mean", statement,
        (
            Step(
                (UP_LOW - DOWN_HIGH) / (limit - AREA),
                "smallest response on the rise less largest on the fall (tcl-39, tcl-40), over the area's margin",
            ),
            Step(A, "the mean cancels, and the amplitude is a factor"),
        ),
        one,
    )  # fmt: skip


@register
def tcl_42() -> Equation:
    """Critical area for an endless fall."""
    critical = sp.Symbol("I_c", positive=True)
    gap = (UP_LOW - DOWN_HIGH).subs(AREA, critical)

    def one(numbers: Numbers) -> Pair:
        def root(slow: float) -> float:
            areas, gaps = np.array([0.1, 0.2]) / numbers[tau_f], np.empty(2)
            for k in range(2):
                corners = corner_values(numbers | {AREA: areas[k], tau_s: slow})
                gaps[k] = corners[0] - corners[2]
            return float(areas[0] - gaps[0] * (areas[1] - areas[0]) / (gaps[1] - gaps[0]))  # linear in the area

        # and linear in 1/tau_s
        return 1.0 / numbers[tau_f], 2.0 * root(2.0 * numbers[tau_s]) - root(numbers[tau_s])

    return entry(
        "tcl-42", "42", "Largest area that leaves the ramps separable, for an endless fall: I < 1/tau_f",
        sp.Eq(critical, 1 / tau_f, evaluate=False),
        (
            Step(gap, "distance of the ranges of the two ramps (tcl-41)"),
            Step(1 / tau_f + 1 / tau_s, "zero at the critical area", lambda e: sp.solve(e, critical)[0]),
            Step(1 / tau_f, "tau_s -> oo", lambda e: sp.limit(e, tau_s, sp.oo)),
        ),
        one,
        I_c="area at which the ranges of the two ramps touch, tau_s -> oo (1/time)",
    )  # fmt: skip


@register
def tcl_43() -> Equation:
    """Area from which on the slow ramp's response is positive."""
    top = -SLOW + AREA * clamped
    statement = sp.Equivalent(sp.StrictGreaterThan(top, 0), sp.StrictGreaterThan(AREA, A / (tau_s * clamped)))

    def one(numbers: Numbers) -> Pair:
        signal = numbers[mean] + 0.5 * numbers[A]
        margin = evaluate(AREA - A / (tau_s * clamped), numbers | {clamped: signal})
        return signal * margin, corner_values(numbers)[2]

    return entry(
        "tcl-43", "43", "The response on the fall begins positive if and only if I > A/(tau_s s_clamped)", statement,
        (
            Step(top / (AREA - A / (tau_s * clamped)), "response at the beginning of the fall, over the area's margin"),
            Step(clamped, "the clamped signal is positive"),
        ),
        one,
    )  # fmt: skip


@register
def tcl_44() -> Equation:
    """Both conditions on the area leave room."""
    low, high = A / (tau_s * clamped), 1 / tau_f + 1 / tau_s
    statement = sp.Equivalent(
        sp.StrictGreaterThan(high, low), sp.StrictGreaterThan(tau_s * clamped, tau_f * (A - clamped))
    )

    def one(numbers: Numbers) -> Pair:
        signal = numbers[mean] + 0.5 * numbers[A]
        areas, found = np.array([0.1, 0.2]) / numbers[tau_f], np.empty((2, 2))
        for k in range(2):
            corners = corner_values(numbers | {AREA: areas[k]})
            found[k] = corners[0] - corners[2], corners[2]
        roots = areas[0] - found[0] * (areas[1] - areas[0]) / (found[1] - found[0])  # both are linear in the area
        return evaluate(high - low, numbers | {clamped: signal}), roots[0] - roots[1]

    return entry(
        "tcl-44", "44",
        "A/(tau_s s_clamped) < I < 1/tau_f + 1/tau_s leaves room if and only if tau_s s_clamped > -tau_f s_free",
        statement,
        (
            Step(
                (high - low) / (tau_s * clamped - tau_f * (A - clamped)),
                "upper less lower limit (tcl-41, tcl-43), over the margin of the fall; s_free = s_clamped - A",
            ),
            Step(1 / (tau_f * tau_s * clamped), "on one denominator"),
        ),
        one,
    )  # fmt: skip


def _threshold() -> sp.Expr:
    """Eq. 45 where its argument is positive."""
    return DOWN_HIGH.subs(A, largest)


@register
def tcl_45() -> Equation:
    """The adaptive threshold."""
    start = sp.Abs((AREA * FALL + sp.Derivative(FALL, t)).subs(A, largest))
    result = sp.Abs(-largest / tau_s + AREA * (mean + largest / 2))
    statement = sp.Eq(theta, result, evaluate=False)

    def one(numbers: Numbers) -> Pair:
        kernel, top = chemotaxis_kernel(numbers[AREA], 20.0), 1.7 * numbers[A]
        return evaluate(result, numbers | {largest: top}), adaptive_threshold(kernel, sawtooth(numbers), top)

    return entry(
        "tcl-45", "45", "Threshold from the response at the beginning of the largest fall", statement,
        (
            Step(start, "magnitude of the response on the fall (Eq. 34) at A_max"),
            Step(result, "at its beginning, where it is largest (tcl-40)", lambda e: e.doit().subs(t, 0)),
        ),
        one,
    )  # fmt: skip


@register
def threshold_silences_smaller() -> Equation:
    """Eq. 45 is enough for the smaller amplitudes only for a large area."""
    rest = sp.Symbol("a", positive=True)
    margin = (_threshold() - DOWN_HIGH).subs(largest, A + rest)
    statement = sp.Equivalent(
        sp.StrictGreaterThan(_threshold().subs(largest, A + rest), DOWN_HIGH), sp.StrictGreaterThan(AREA, 2 / tau_s)
    )

    def one(numbers: Numbers) -> Pair:
        numbers[AREA] = 2.6 * numbers[AREA]  # above 2/tau_s
        floor = adaptive_threshold(chemotaxis_kernel(numbers[AREA], 20.0), sawtooth(numbers), 1.5 * numbers[A])
        return evaluate(margin, numbers | {rest: 0.5 * numbers[A]}), floor - corner_values(numbers)[2]

    return entry(
        "threshold-silences-smaller", "",
        "Where the largest fall begins positive, Eq. 45 silences a smaller fall's begin if and only if I > 2/tau_s",
        statement,
        (
            Step(margin / (AREA - 2 / tau_s), "threshold less the response at the beginning of a smaller fall"),
            Step(rest / 2, "proportional to the margin of the area"),
        ),
        one,
        a="A_max - A, how much smaller the amplitude is (signal)",
    )  # fmt: skip


@register
def threshold_silences_end() -> Equation:
    """Eq. 45 is enough for the end of the largest fall only for a slow fall."""
    end, margin = -DOWN_LOW.subs(A, largest), AREA * mean - largest / tau_s
    statement = sp.Equivalent(
        sp.StrictGreaterThan(_threshold(), end), sp.StrictGreaterThan(AREA * mean, largest / tau_s)
    )

    def one(numbers: Numbers) -> Pair:
        numbers[AREA] = 2.6 * numbers[AREA]
        floor = adaptive_threshold(chemotaxis_kernel(numbers[AREA], 20.0), sawtooth(numbers), numbers[A])
        return evaluate(_threshold() - end, numbers | {largest: numbers[A]}), floor + corner_values(numbers)[3]

    return entry(
        "threshold-silences-end", "",
        "Where the largest fall begins positive, Eq. 45 silences its end if and only if I s_bar > A_max/tau_s",
        statement,
        (
            Step((_threshold() - end) / margin, "threshold plus the response at the fall's end, over the margin"),
            Step(sp.Integer(2), "twice the margin"),
        ),
        one,
    )  # fmt: skip


def _smallest() -> tuple[sp.Expr, sp.Expr]:
    """Dynamic range with Eq. 45: as an open ratio and solved."""
    return largest / A, (2 / tau_f - AREA) / (AREA - 2 / tau_s)


def _opening(expression: sp.Expr) -> sp.Expr:
    """With the amplitude at which the whole rise reaches the threshold."""
    return expression.subs(A, sp.solve(UP_LOW - _threshold(), A)[0])


def _range_of(numbers: Numbers, top: float) -> float:
    """The library's dynamic range: the rise's smallest response is affine in the amplitude."""
    floor = adaptive_threshold(chemotaxis_kernel(numbers[AREA], numbers[b]), sawtooth(numbers), top)
    low, high = (corner_values(numbers | {A: x})[0] for x in (1.0, 2.0))
    return float(top / (1.0 + (floor - low) / (high - low)))


_RATIO = sp.Symbol("rho", positive=True)


@register
def offset_dynamic_range() -> Equation:
    """Dynamic range of a kernel with an area."""
    start, result = _smallest()

    def one(numbers: Numbers) -> Pair:
        numbers[AREA] = 2.6 * numbers[AREA]
        return evaluate(result, numbers), _range_of(numbers, numbers[A])

    statement = sp.Eq(_RATIO, result, evaluate=False)
    return entry(
        "offset-dynamic-range", "",
        "Dynamic range with Eq. 45 for 2/tau_s < I < 1/tau_f + 1/tau_s, whatever the mean s_bar >= 0", statement,
        (
            Step(start, "largest amplitude over the one at which the whole rise passes"),
            Step(result, "A_min solved from A/tau_f + I (s_bar - A/2) = theta of Eq. 45", _opening),
        ),
        one,
        rho="A_max/A_min, the whole rise above the threshold from A_min on (1)",
    )  # fmt: skip


@register
def offset_dynamic_range_limit() -> Equation:
    """With an area a slower fall does not help: the range shrinks to this limit (it has tau_s in a denominator)."""
    start, result = _smallest()
    capped = 2 / (AREA * tau_f) - 1

    def one(numbers: Numbers) -> Pair:
        def inverse(slow: float) -> float:
            return 1.0 / _range_of(numbers | {tau_s: slow}, numbers[A])

        numbers[AREA] = 2.6 * numbers[AREA]
        # the inverse is linear in 1/tau_s
        return evaluate(capped, numbers), 1.0 / (2.0 * inverse(2.0 * numbers[tau_s]) - inverse(numbers[tau_s]))

    statement = sp.Eq(_RATIO, capped, evaluate=False)
    return entry(
        "offset-dynamic-range-limit", "", "Dynamic range with Eq. 45 and an area for an endless fall, s_bar >= 0",
        statement,
        (
            Step(start, "largest amplitude over the one at which the whole rise passes"),
            Step(result, "dynamic range (offset-dynamic-range)", _opening),
            Step(capped, "tau_s -> oo", lambda e: sp.limit(e, tau_s, sp.oo)),
        ),
        one,
        rho="A_max/A_min for tau_s -> oo (1)",
    )  # fmt: skip
