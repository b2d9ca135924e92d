"""Integral feedback whose integrator leaks: transfer function, kernel, area and first moment."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import integral_feedback_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import solved
from thermo_cl.symbolic.equations.memory._responses import plain
from thermo_cl.symbolic.equations.memory.feedback import (
    DRAWS,
    Compared,
    M,
    S,
    U,
    k,
    lam,
    p,
    r_m,
    r_p,
    roots,
    t,
    times_of,
)
from thermo_cl.symbolic.registry import register

OURS = "thermo_cl"
ell = sp.Symbol("ell", nonnegative=True)
AREA, FIRST = sp.symbols("I mu_1", real=True)
TRANSFORM = sp.Symbol("K(p)")

_SYMBOLS = {
    TRANSFORM: "Laplace transform of the kernel",
    t: "time",
    p: "Laplace variable, per time",
    lam: "damping of the output, per time",
    k: "gain of the integrator, per time squared",
    ell: "leak of the integrator, per time",
    r_p: "faster decay rate, per time",
    r_m: "slower decay rate, per time; r_+ + r_- = lambda + ell, r_+ r_- = lambda ell + k",
    AREA: "area of the kernel, output per signal",
    FIRST: "first moment of the kernel, output per signal times time",
}
_CONDITIONS = sp.Matrix([p * U - (S - M - lam * U), p * M - (k * U - ell * M)])
_TRANSFER = (p + ell) / ((p + lam) * (p + ell) + k)


def _equation(
    name: str, title: str, statement: sp.Eq, steps: tuple[Step, ...], compare: Callable[[np.random.Generator], Compared]
) -> Equation:
    symbols = {symbol: meaning for symbol, meaning in _SYMBOLS.items() if statement.has(symbol)}
    return Equation(name, OURS, "", title, statement, symbols, steps, compare)


def _parameters(rng: np.random.Generator) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Damping, gain and leak of overdamped feedback, well away from critical damping."""
    fast, slow = roots(rng)
    leak = slow * rng.uniform(0.05, 0.8, DRAWS)
    return fast + slow - leak, (fast - leak) * (slow - leak), leak


@register
def leaky_transfer() -> Equation:
    """The transfer function; in the library the Laplace transform of the kernel's terms."""

    def compare(rng: np.random.Generator) -> Compared:
        damping, gain, leak = _parameters(rng)
        frequency = rng.uniform(0.1, 10.0, DRAWS)
        ours = sp.lambdify((lam, k, ell, p), _TRANSFER)(damping, gain, leak, 1j * frequency)
        return ours, np.diagonal(integral_feedback_kernel(damping, gain, leak).frequency_response(frequency))

    return _equation(
        "leaky-transfer", "Transfer function of integral feedback with a leak",
        sp.Eq(TRANSFORM, _TRANSFER, evaluate=False),
        (
            Step(_CONDITIONS, "Eqs. 14-15 with a leak of the integrator, transformed about rest: all zero"),
            Step(S * _TRANSFER, "solved for output and integrator", solved(U, (U, M))),
            Step(_TRANSFER, "per unit of signal", lambda e: sp.cancel(e / S)),
        ),
        compare,
    )  # fmt: skip


@register
def leaky_kernel() -> Equation:
    """The kernel with two real decay rates."""
    name = sp.Function("K")(t)
    result = ((r_p - ell) * sp.exp(-r_p * t) - (r_m - ell) * sp.exp(-r_m * t)) / (r_p - r_m)
    transfer = _TRANSFER.subs({lam: r_p + r_m - ell, k: (r_p - ell) * (r_m - ell)})
    fractions = ((r_p - ell) / (p + r_p) - (r_m - ell) / (p + r_m)) / (r_p - r_m)

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        leak, times = slow * rng.uniform(0.05, 0.8, DRAWS), times_of(rng, slow)
        kernel = integral_feedback_kernel(fast + slow - leak, (fast - leak) * (slow - leak), leak)
        return sp.lambdify((r_p, r_m, ell, t), result)(fast, slow, leak, times), np.diagonal(kernel(times))

    return _equation(
        "leaky-kernel", "Kernel of overdamped integral feedback with a leak", sp.Eq(name, result, evaluate=False),
        (
            Step(transfer, "transfer function, with the roots in place of damping and gain"),
            Step(fractions, "partial fractions"),
            Step(result, "inverse Laplace transform", lambda e: sp.inverse_laplace_transform(sp.expand(e), p, t)),
        ),
        compare,
    )  # fmt: skip


@register
def leaky_area() -> Equation:
    """The area that a leak leaves, proportional to it while it is small."""
    result = ell / (lam * ell + k)

    def compare(rng: np.random.Generator) -> Compared:
        damping, gain, leak = _parameters(rng)
        library = plain(integral_feedback_kernel(damping, gain, leak)).area
        return sp.lambdify((lam, k, ell), result)(damping, gain, leak), library

    return _equation(
        "leaky-area", "With a leak the output keeps a part of a constant signal", sp.Eq(AREA, result, evaluate=False),
        (
            Step(_CONDITIONS.subs(p, 0), "du/dt and dm/dt under a constant signal, both zero in the steady state"),
            Step(S * result, "solved for output and integrator", solved(U, (U, M))),
            Step(result, "per unit of signal", lambda e: sp.cancel(e / S)),
        ),
        compare,
    )  # fmt: skip


@register
def leaky_first_moment() -> Equation:
    """The first moment with a leak; it vanishes where the leak is the square root of the gain."""
    result = (ell**2 - k) / (lam * ell + k) ** 2

    def compare(rng: np.random.Generator) -> Compared:
        damping, gain, leak = _parameters(rng)
        library = plain(integral_feedback_kernel(damping, gain, leak)).first_moment
        return sp.lambdify((lam, k, ell), result)(damping, gain, leak), library

    slope = ((p + lam) * (p + ell) + k - (p + ell) * (2 * p + lam + ell)) / ((p + lam) * (p + ell) + k) ** 2
    return _equation(
        "leaky-first-moment", "First moment of integral feedback with a leak", sp.Eq(FIRST, result, evaluate=False),
        (
            Step(-sp.Derivative(_TRANSFER, p), "minus the slope of the Laplace transform, at p = 0"),
            Step(-slope, "derivative of the quotient", lambda e: e.doit()),
            Step(result, "at p = 0", lambda e: sp.factor(e.subs(p, 0))),
        ),
        compare,
    )  # fmt: skip
