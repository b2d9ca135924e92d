"""A kernel of two rates: its exact update at any speed, the limit of Eq. 8, and the first correction to it."""

from __future__ import annotations

from functools import cache

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel, chemotaxis_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.synapse.protocol import (
    FAST,
    MEANING,
    SLOW,
    A,
    b,
    draw_fast,
    fast_limit,
    library_update,
    t,
    tau_f,
    tau_s,
    theta,
)
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.registry import register

_SUM = FAST + SLOW  # jump of the slope at a corner
_PROTOCOL = {s: MEANING[s] for s in (A, tau_f, tau_s, theta, b)}
_update = sp.Symbol("Delta_w", real=True)


def _pair_kernel(rate: FloatArray) -> Kernel:
    """Integral feedback with one rate twice the other: 2 b^2 (2 exp(-2bt) - exp(-bt))."""
    return Kernel(np.stack([4.0 * rate**2, -2.0 * rate**2], axis=-1), np.stack([-2.0 * rate, -rate], axis=-1))


@cache
def _two_rates() -> tuple[Step, ...]:
    """Exact update of the pair kernel in the periodic state, as a derivation."""
    rise, fall = sp.symbols("y_c y_d", positive=True)  # exp(-b t) at the two crossings

    def corner(rate: sp.Expr, before: sp.Expr) -> sp.Expr:
        return (1 - sp.exp(-rate * before)) / (1 - sp.exp(-rate * (tau_f + tau_s)))

    e1, e2, f1, f2, below, above = sp.symbols("E_1 E_2 F_1 F_2 r_c r_d", positive=True)
    factors = {e1: corner(b, tau_s), e2: corner(2 * b, tau_s), f1: corner(b, tau_f), f2: corner(2 * b, tau_f)}
    factors |= {below: (FAST - theta) / _SUM, above: (SLOW + theta) / _SUM}

    def left(one: sp.Symbol, two: sp.Symbol, y: sp.Expr) -> sp.Expr:
        return 2 * one * y - two * y**2

    def area(one: sp.Symbol, two: sp.Symbol, y: sp.Expr) -> sp.Expr:
        return 2 * one * y / b - two * y**2 / (2 * b)

    begin, end, y = -sp.log(rise) / b, -sp.log(fall) / b, sp.exp(-b * t)
    definition = sp.Integral(FAST - _SUM * left(e1, e2, y), (t, begin, tau_f)) + sp.Integral(
        -SLOW + _SUM * left(f1, f2, y), (t, 0, end)
    )
    closed = FAST * (tau_f - begin) - _SUM * (area(e1, e2, rise) - area(e1, e2, sp.exp(-b * tau_f)))
    closed += -SLOW * end + _SUM * (area(f1, f2, sp.Integer(1)) - area(f1, f2, fall))
    conditions = {rise: left(e1, e2, rise) - below, fall: left(f1, f2, fall) - above}

    def cross(expression: sp.Expr) -> sp.Expr:
        # y falls from 1, beyond the top of a parabola that opens downwards: it is left at the smaller root
        roots = {s: sp.solve(sp.expand(-equation), s)[0] for s, equation in conditions.items()}
        return expression.subs(roots)

    solved = closed.subs(
        {
            rise: (e1 - sp.sqrt(e1**2 - e2 * below)) / e2,
            fall: (f1 - sp.sqrt(f1**2 - f2 * above)) / f2,
        }
    )
    return (
        Step(
            definition,
            "response above threshold: from t_c on the rise until t_d on the fall (periodic-mode)",
        ),
        Step(closed, "exponentials integrate; t_c = -ln(y_c)/b and t_d = -ln(y_d)/b", lambda e: e.doit()),
        Step(solved, "quadratic equations for y_c and y_d: the response equals theta there", cross),
        Step(
            solved.subs(factors),
            "corner factors of the two modes in the periodic state, levels of the remaining response",
            lambda e: e.subs(factors),
        ),
    )


def _forget(expression: sp.Expr) -> sp.Expr:
    """Under the limit, drop exponentials that vanish faster than 1/b, each checked: the rest is analytic in them."""
    inner, *rest = expression.args
    gone = {x: sp.limit(b * x, b, sp.oo) for x in inner.atoms(sp.exp)}
    return sp.Limit(inner.xreplace(gone), *rest)


@register
def update_two_rates() -> Equation:
    """Exact update in the periodic state, for any speed of the kernel."""
    steps = _two_rates()
    formula = steps[-1].expression

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        numbers = draw_fast(rng)
        numbers[b] = rng.uniform(4.0, 20.0, 4) / numbers[tau_f]  # not fast at all: nothing is neglected here
        numbers[theta] = numbers[A] * (0.5 / numbers[tau_f] + 0.3 / numbers[tau_s])
        return evaluate(formula, numbers), library_update(_pair_kernel(numbers[b]), numbers)

    return Equation(
        "update-two-rates", "thermo_cl", "", "Exact update of the kernel 2 b^2 (2 exp(-2bt) - exp(-bt)), at any speed",
        sp.Eq(_update, formula, evaluate=False),
        _PROTOCOL | {_update: "weight update of a cycle, the fall silent but for its beginning (signal)"},
        steps, compare,
    )  # fmt: skip


@register
def tcl_8() -> Equation:
    """The contrastive update, as a limit."""
    update = _two_rates()[-1].expression
    start = sp.Limit(sp.Limit(update, b, sp.oo, "-"), tau_s, sp.oo, "-")
    bare = sp.Limit(_forget(sp.Limit(update, b, sp.oo, "-")), tau_s, sp.oo, "-")

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        numbers = draw_fast(rng)
        return numbers[A], fast_limit(
            lambda rate: library_update(chemotaxis_kernel(0.0, rate / numbers[tau_f]), numbers), 100.0
        )

    return Equation(
        "tcl-8", "Falk et al. 2025", "8", "Contrastive update A in the limit tau_K << tau_f << tau_s",
        sp.Eq(start, A, evaluate=False), _PROTOCOL,
        (
            Step(start, "exact update of a kernel of timescale 1/b (update-two-rates), theta between the plateaus"),
            Step(
                bare, "what is left of a cycle before is exponentially small in b",
                lambda e: sp.Limit(_forget(e.args[0]), *e.args[1:]),
            ),
            Step(
                A, "tau_K -> 0, then tau_s -> oo",
                lambda e: sp.limit(sp.limit(e.args[0].args[0], b, sp.oo), tau_s, sp.oo),
            ),
        ),
        compare,
    )  # fmt: skip


@register
def two_rates_shortfall() -> Equation:
    """First correction, elementary, for one kernel."""
    middle = (FAST - SLOW) / 2
    start = sp.Limit(b * (1 - _two_rates()[-1].expression.subs(theta, middle) / A), b, sp.oo, "-")
    result = (1 / tau_f + 1 / tau_s) * (1 - sp.sqrt(2) + sp.log(2 + sp.sqrt(2)))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        numbers = draw_fast(rng)
        numbers[theta] = 0.5 * numbers[A] * (1.0 / numbers[tau_f] - 1.0 / numbers[tau_s])

        def lost(rate: float) -> FloatArray:
            speed = rate / numbers[tau_f]
            return speed * (1.0 - library_update(_pair_kernel(speed), numbers) / numbers[A])

        return evaluate(result, {s: numbers[s] for s in (tau_f, tau_s)}), fast_limit(lost, 60.0, 3)

    return Equation(
        "two-rates-shortfall", "thermo_cl", "",
        "First correction to the update in tau_K, threshold midway, tau_s > 3 tau_f",
        sp.Eq(start, result, evaluate=False), {s: MEANING[s] for s in (A, tau_f, tau_s, b)},
        (
            Step(start, "part of A that is lost (update-two-rates), times b, theta midway between the plateaus"),
            Step(_forget(start), "what is left of a cycle before is exponentially small in b", _forget),
            Step(result, "tau_K -> 0", lambda e: sp.limit(sp.expand(e.args[0]), b, sp.oo)),
        ),
        compare,
    )  # fmt: skip
