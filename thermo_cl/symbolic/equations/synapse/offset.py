"""Kernels with an area: the response, and the offset of the update (Falk et al. 2025, Eqs. 10, 34-36, 38)."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import chemotaxis_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._responses import on_ramp
from thermo_cl.symbolic.equations.synapse.area_response import (
    AREA,
    AREA_MEANING,
    DOWN,
    DOWN_HIGH,
    DOWN_LOW,
    UP,
    UP_LOW,
    Numbers,
    Pair,
    entry,
    respond,
    sawtooth,
    time,
    update,
)
from thermo_cl.symbolic.equations.synapse.protocol import (
    FALL,
    FAST,
    RISE,
    SLOW,
    A,
    b,
    fast_limit,
    integrated,
    mean,
    t,
    tau_f,
    tau_s,
)
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.registry import register
from thermo_cl.synapse import weight_update

_PAPER = "Falk et al. 2025"
_past = sp.Symbol("t'", positive=True)


def _chemotaxis() -> sp.Expr:
    """Chemotaxis kernel of a given area and first moment -1 (Eqs. 32, 46-48)."""
    return sp.expand((b**2 * (b + 3 * AREA) * _past - b**3 * (b + 2 * AREA) / 2 * _past**2) * sp.exp(-b * _past))


@cache
def _rise_after_fall() -> tuple[sp.Expr, sp.Expr]:
    """Response on the rise, a long fall before it: as convolution and done."""
    begin = mean - A / 2
    kernel = _chemotaxis()
    start = sp.Integral(kernel * (begin + FAST * (time - _past)), (_past, 0, time))
    start += sp.Integral(kernel * (begin - SLOW * (time - _past)), (_past, time, sp.oo))
    left = (1 + (b + AREA) * time + (b + 2 * AREA) * b * time**2 / 2) * sp.exp(-b * time)
    return start, UP.subs(t, time) - (FAST + SLOW) * left


@register
def tcl_34() -> Equation:
    """Response to a line."""
    level, slope = sp.symbols("s v", real=True)
    start = sp.Integral(_chemotaxis() * (level - slope * _past), (_past, 0, sp.oo))
    result = AREA * level + slope

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        whole, rate, now, steep = *(rng.uniform(0.1, 2.0, (2, 5)) * [[1.0], [15.0]]), *rng.normal(size=(2, 5))
        numbers = {AREA: whole, level: now, slope: steep}
        return evaluate(result, numbers), on_ramp(chemotaxis_kernel(whole, rate), rate, now, steep, np.zeros(5))

    return Equation(
        "tcl-34", _PAPER, "34", "Response to a line: u = I s + ds/dt for mu_1 = -1 (chemotaxis kernel, any area)",
        sp.Eq(sp.Function("u")(level, slope), result, evaluate=False),
        {level: "signal now (signal)", slope: "slope of the signal (signal/time)", AREA: AREA_MEANING[AREA]},
        (
            Step(start, "the kernel with the coefficients of Eqs. 46-48, on s - v t'"),
            Step(result, "exponential integrals", integrated),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_35() -> Equation:
    """Response on the fast rise."""
    begin, done = _rise_after_fall()
    start = sp.Limit(done, b, sp.oo, "-")
    result = UP.subs(t, time)
    statement = sp.Eq(sp.Function("u")(time), result, evaluate=False)

    def one(numbers: Numbers) -> Pair:
        del numbers[b]
        early = numbers | {b: 20.0 / numbers[tau_f]}  # the transient is not over, nothing of the cycle before is left
        early[tau_s] = 100.0 * numbers[tau_f]
        full = evaluate(done, {time if s is t else s: x for s, x in early.items()})
        late = numbers | {b: 200.0 / numbers[tau_f]}
        ours = [full, evaluate(result, {time if s is t else s: x for s, x in late.items()})]
        return ours, [float(respond(x)(x[t])) for x in (early, late)]

    return entry(
        "tcl-35", "35", "Response on the rise, when the kernel has forgotten the fall: A/tau_f + I s", statement,
        (
            Step(begin, "chemotaxis kernel of area I, on the rise for t and on a long fall before"),
            Step(done, "exponential integrals", integrated),
            Step(start, "limit of a fast kernel", lambda e: sp.Limit(e, b, sp.oo, "-")),
            Step(
                result, "the transient decays faster than any power of b grows",
                lambda e: sp.Add(*(sp.limit(term, b, sp.oo) for term in sp.Add.make_args(sp.expand(e.args[0])))),
            ),
        ),
        one,
    )  # fmt: skip


@register
def tcl_36() -> Equation:
    """Update with an area."""
    integral = sp.Integral(UP, (t, 0, tau_f))
    result = A + AREA * mean * tau_f
    statement = sp.Eq(update, result, evaluate=False)

    def one(numbers: Numbers) -> Pair:
        low, high = evaluate(sp.Max(DOWN_HIGH, -DOWN_LOW), numbers), evaluate(UP_LOW, numbers)

        def library(rate: float) -> FloatArray:
            kernel = chemotaxis_kernel(numbers[AREA], rate / numbers[tau_f])
            return weight_update(kernel, sawtooth(numbers), numbers[A], threshold=0.5 * (low + high))

        return evaluate(result, numbers), fast_limit(library, 100.0)

    return entry(
        "tcl-36", "36", "Best-case update A + I s_bar tau_f: the rise passes whole, the fall is silent", statement,
        (
            Step(integral, "response on the rise (Eq. 35), integrated over it (Eq. 7)"),
            Step(result, "the signal averages to its mean on the rise", lambda e: e.doit()),
        ),
        one,
    )  # fmt: skip


@register
def tcl_10() -> Equation:
    """Offset as a limit of the response with its transient."""
    done = _rise_after_fall()[1]
    start = sp.Limit(sp.Integral(done, (time, 0, tau_f)), b, sp.oo, "-")
    result = A + AREA * mean * tau_f
    statement = sp.Eq(start, result, evaluate=False)

    def one(numbers: Numbers) -> Pair:
        nodes, weights = np.polynomial.legendre.leggauss(80)

        def library(rate: float) -> FloatArray:
            numbers[b] = rate / numbers[tau_f]
            edges = np.array([0.0, 60.0 / rate, 1.0]) * numbers[tau_f]  # the transient by itself, then a line
            half = 0.5 * np.diff(edges)[:, None]
            return np.asarray(np.sum(half * weights * respond(numbers)(edges[:-1, None] + half * (nodes + 1.0))))

        return evaluate(result, numbers), fast_limit(library, 120.0)

    return entry(
        "tcl-10", "10", "Offset I s_bar tau_f of the update as a limit of a fast kernel, with its transient", statement,
        (
            Step(start, "response on the rise with its transient (tcl-35), integrated over the rise"),
            Step(result, "the transient's part vanishes like 1/b", _limit_of_integral),
        ),
        one,
    )  # fmt: skip


def _limit_of_integral(expression: sp.Expr) -> sp.Expr:
    """Integrate, then let b grow, term by term."""
    done = sp.integrate(sp.expand(expression.args[0].function), *expression.args[0].limits)
    return sp.Add(*(sp.limit(term, b, sp.oo) for term in sp.Add.make_args(sp.expand(done))))


@register
def tcl_38() -> Equation:
    """Response on both ramps."""
    start = sp.ImmutableMatrix([AREA * s + sp.Derivative(s, t) for s in (RISE, FALL)])
    result = sp.ImmutableMatrix([UP, DOWN])
    statement = sp.Eq(start, result, evaluate=False)

    def one(numbers: Numbers) -> Pair:
        response = respond(numbers)
        return evaluate(result, numbers)[:, 0], response(numbers[t] + np.array([0.0, numbers[tau_f]]))

    return entry(
        "tcl-38", "38", "Response on the two ramps of the sawtooth", statement,
        (
            Step(start, "u = I s + ds/dt (Eq. 34) on the rise and on the fall (Eq. 37)"),
            Step(result, "slopes of the ramps", lambda e: e.doit()),
        ),
        one,
    )  # fmt: skip
