"""Integral feedback, Eqs. 14-15 of Falk et al. 2025: moments in all regimes, responses to steps and ramps."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.optimize import brentq

from thermo_cl.kernels import integral_feedback_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, linear
from thermo_cl.symbolic.equations.memory._responses import on_ramp, plain
from thermo_cl.symbolic.equations.memory.feedback import (
    CRITICAL,
    DRAWS,
    OVER,
    TRANSFER,
    UNDER,
    Compared,
    equation,
    k,
    lam,
    omega,
    p,
    r,
    r_m,
    r_p,
    roots,
    s_0,
    t,
    times_of,
    v,
    x,
)
from thermo_cl.symbolic.registry import register

# --------------------------------------------------------------------- moments


def _moment(name: str, regime: str, kernel: sp.Expr, order: int, result: sp.Expr) -> Equation:
    """A moment of one regime's kernel; the library's is computed from the kernel's terms."""

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        if regime == "overdamped":
            damping, gain = fast + slow, fast * slow
        elif regime == "critically damped":
            damping, gain = 2.0 * fast, fast**2
        else:
            damping, gain = slow, fast**2 + slow**2 / 4.0
        ours = sp.lambdify((r_p, r_m, r, lam, omega), result)(fast, slow, fast, slow, fast)
        # in units of the faster decay; the area, which is zero, is compared on the scale of its parts
        unit = fast ** -(order + 1)
        shift = 1.0 if order == 0 else 0.0
        return shift + ours / unit, shift + plain(integral_feedback_kernel(damping, gain)).moment(order) / unit

    definition = sp.Integral(t**order * kernel, (t, 0, sp.oo))
    what = "area" if order == 0 else "first moment"
    return equation(
        name, f"The {what} of the {regime} kernel", sp.Eq(definition, result, evaluate=False),
        (
            Step(definition, "definition"),
            Step(linear(definition), "the integral is linear", linear),
            Step(result, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_area() -> Equation:
    """No area, overdamped."""
    return _moment("feedback-area", "overdamped", OVER, 0, sp.S.Zero)


@register
def feedback_first_moment() -> Equation:
    """First moment -1/k, overdamped."""
    return _moment("feedback-first-moment", "overdamped", OVER, 1, -1 / (r_p * r_m))


@register
def feedback_critical_area() -> Equation:
    """No area, critical."""
    return _moment("feedback-critical-area", "critically damped", CRITICAL, 0, sp.S.Zero)


@register
def feedback_critical_moment() -> Equation:
    """First moment -1/k, critical."""
    return _moment("feedback-critical-moment", "critically damped", CRITICAL, 1, -1 / r**2)


@register
def feedback_underdamped_area() -> Equation:
    """No area, underdamped."""
    return _moment("feedback-underdamped-area", "underdamped", UNDER, 0, sp.S.Zero)


@register
def feedback_underdamped_moment() -> Equation:
    """First moment -1/k, underdamped."""
    return _moment("feedback-underdamped-moment", "underdamped", UNDER, 1, -1 / (omega**2 + lam**2 / 4))


@register
def feedback_second_moment() -> Equation:
    """The second moment, in every regime, from the transfer function."""
    definition, result = sp.Subs(sp.Derivative(TRANSFER, (p, 2)), p, 0), -2 * lam / k**2

    def compare(rng: np.random.Generator) -> Compared:
        damping, gain = rng.uniform(0.5, 5.0, (2, DRAWS))
        return sp.lambdify((lam, k), result)(damping, gain), integral_feedback_kernel(damping, gain).moment(2)

    return equation(
        "feedback-second-moment", "The second moment in every regime", sp.Eq(definition, result, evaluate=False),
        (Step(definition, "curvature of the transfer function at zero"), Step(result, "differentiated", evaluated)),
        compare,
    )  # fmt: skip


# ------------------------------------------------------------------- responses

_STEP = (sp.exp(-r_m * t) - sp.exp(-r_p * t)) / (r_p - r_m)


@register
def feedback_step() -> Equation:
    """The response to a step of signal."""
    definition = sp.Integral(OVER.subs(t, x), (x, 0, t))

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        times = times_of(rng, slow)
        kernel = integral_feedback_kernel(fast + slow, fast * slow)
        return sp.lambdify((r_p, r_m, t), _STEP)(fast, slow, times), np.diagonal(kernel.step_response(times))

    return equation(
        "feedback-step", "Response of overdamped integral feedback to a step", sp.Eq(definition, _STEP, evaluate=False),
        (
            Step(definition, "memory integral of a unit step"),
            Step(linear(definition), "the integral is linear", linear),
            Step(_STEP, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_peak() -> Equation:
    """When the response to a step is largest; compared with the zero of the library's kernel."""
    peak = sp.log(r_p / r_m) / (r_p - r_m)

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        kernels = [integral_feedback_kernel(q + w, q * w) for q, w in zip(fast, slow, strict=True)]
        zeros = [
            brentq(kernel, 1e-3 / q, 9.0 / w, xtol=1e-15) for kernel, q, w in zip(kernels, fast, slow, strict=True)
        ]
        return sp.lambdify((r_p, r_m), peak)(fast, slow), np.array(zeros)

    def logarithms(e: sp.Expr) -> sp.Expr:
        """Where two positive addends of opposite sign cancel, their logarithms are equal: solved for t."""
        first, second = sp.Add.make_args(e)
        difference = sp.expand(sp.expand_log(sp.log(first), force=False) - sp.expand_log(sp.log(-second), force=False))
        return sp.solve(difference, t)[0]

    return equation(
        "feedback-peak", "The response to a step is largest at ln(r_+/r_-)/(r_+ - r_-)", sp.Eq(t, peak, evaluate=False),
        (
            Step(_STEP.diff(t), "slope of the response: zero at the peak"),
            Step(
                r_p * sp.exp(-r_p * t) - r_m * sp.exp(-r_m * t), "a positive factor less",
                lambda e: sp.expand(e * (r_p - r_m)),
            ),
            Step(peak, "solved for the time", logarithms),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_excursion() -> Equation:
    """The whole excursion after a step is minus the first moment."""
    definition, result = sp.Integral(_STEP, (t, 0, sp.oo)), 1 / (r_p * r_m)

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        library = -plain(integral_feedback_kernel(fast + slow, fast * slow)).first_moment
        return sp.lambdify((r_p, r_m), result)(fast, slow), library

    return equation(
        "feedback-excursion", "The excursion after a unit step integrates to 1/k, minus the first moment",
        sp.Eq(definition, result, evaluate=False),
        (
            Step(definition, "integral of the response to a step"),
            Step(linear(definition), "the integral is linear", linear),
            Step(result, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_ramp() -> Equation:
    """Integral feedback measures the slope of a signal."""
    definition = sp.Integral(OVER.subs(t, x) * (s_0 + v * (t - x)), (x, 0, sp.oo))
    result = v / (r_p * r_m)

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        start, slope, time = rng.normal(size=(3, DRAWS))
        kernel = integral_feedback_kernel(fast + slow, fast * slow)
        return sp.lambdify((r_p, r_m, v), result)(fast, slow, slope), on_ramp(kernel, slow, start, slope, time)

    return equation(
        "feedback-ramp", "On a ramp the output deviates by its slope over the gain",
        sp.Eq(definition, result, evaluate=False),
        (
            Step(definition, "memory integral of a ramp"),
            Step(linear(definition), "the integral is linear", linear),
            Step(result, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip
