"""Moments of kernels: by the Laplace transform, normalised, and under a window."""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, linear
from thermo_cl.symbolic.equations.memory.kernels import (
    DRAWS,
    FIRST,
    OURS,
    PAPER,
    SYMBOLS,
    K,
    a,
    b,
    c,
    concrete,
    draw,
    x,
)
from thermo_cl.symbolic.registry import register

p, r, W = sp.symbols("p r W", positive=True)


@register
def laplace_moment() -> Equation:
    """The transform generates the moments; for Eq. 32's kernel checked against the library's moment."""
    transform = sp.Integral(K(x) * sp.exp(-p * x), (x, 0, sp.oo))
    definition = sp.Subs(-sp.Derivative(transform, p), p, 0)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        height, rate, curvature, kernel = draw(rng)
        ours = sp.lambdify((a, b, c), sp.limit(-sp.diff(concrete(transform), p), p, 0))
        return ours(height, rate, curvature), kernel.first_moment

    return Equation(
        "laplace-moment", OURS, "", "The first moment is minus the slope of the Laplace transform at zero",
        sp.Eq(definition, FIRST, evaluate=False), {**SYMBOLS, p: "Laplace variable, per time"},
        (
            Step(definition, "slope of the transform"),
            Step(
                sp.Subs(-sp.Integral(-x * K(x) * sp.exp(-p * x), (x, 0, sp.oo)), p, 0),
                "differentiated under the integral",
                lambda e: sp.Subs(-e.expr.args[1].expr.diff(p), p, 0),
            ),
            Step(FIRST, "taken at zero", lambda e: linear(e.expr.subs(p, 0))),
        ),
        compare,
    )  # fmt: skip


@register
def laplace_term() -> Equation:
    """The Laplace transform of one term of the library's kernels."""
    n = sp.Symbol("n", integer=True, nonnegative=True)
    definition = sp.Integral(x**n * sp.exp(-b * x) * sp.exp(-p * x), (x, 0, sp.oo))
    result = sp.factorial(n) / (p + b) ** (n + 1)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        rate, omega, power = rng.uniform(0.5, 30.0, DRAWS), rng.uniform(0.1, 30.0, DRAWS), rng.integers(0, 6, DRAWS)
        ours = [complex(result.subs({p: 1j * w, b: q, n: int(k)})) for w, q, k in zip(omega, rate, power, strict=True)]
        library = [Kernel([1.0], [-q], [k]).frequency_response(w) for w, q, k in zip(omega, rate, power, strict=True)]
        return np.array(ours), np.array(library)

    return Equation(
        "laplace-term", OURS, "", "The Laplace transform of t^n exp(-b t)", sp.Eq(definition, result, evaluate=False),
        {**SYMBOLS, n: "power of time", b: "decay rate, per time", p: "Laplace variable, per time"},
        (
            Step(definition, "definition"),
            Step(sp.gamma(n + 1) / (p + b) ** (n + 1), "Euler's integral", lambda e: e.doit(conds="none")),
            Step(result, "the gamma function at whole numbers", lambda e: e.rewrite(sp.factorial)),
        ),
        compare,
    )  # fmt: skip


@register
def normalised_moment() -> Equation:
    """The paper's normalisation of a kernel."""
    kernel = c * sp.exp(-r * x)
    first = sp.Integral(x * kernel, (x, 0, sp.oo))
    definition = sp.Integral(x * (-kernel / sp.Abs(first)), (x, 0, sp.oo))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        height, rate = rng.normal(size=DRAWS), rng.uniform(0.5, 30.0, DRAWS)
        library = Kernel(height[:, None], -rate[:, None]).normalized().first_moment
        return sp.lambdify((c, r), -c / sp.Abs(c))(height, rate), library

    return Equation(
        "normalised-moment", PAPER, "F", "-K/|mu1| has first moment -1 where mu1 > 0, and +1 where mu1 < 0",
        sp.Eq(definition, -c / sp.Abs(c), evaluate=False),
        {c: "height of an exponential kernel, per time", r: "its decay rate, per time", x: "time elapsed"},
        (
            Step(definition, "first moment of -K/|mu1|"),
            Step(
                -first.doit() / sp.Abs(first.doit()), "mu1 does not depend on the time elapsed",
                lambda e: linear(e.subs(first, first.doit())).doit(),
            ),
            Step(-c / sp.Abs(c), "only the sign is left"),
        ),
        compare,
    )  # fmt: skip


def _window(name: str, title: str, definition: sp.Integral, result: sp.Expr, order: int) -> Equation:
    """A moment of a windowed exponential."""

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        height, rate, length = rng.normal(size=DRAWS), rng.uniform(0.5, 5.0, DRAWS), rng.uniform(0.2, 3.0, DRAWS)
        library = Kernel(height[:, None], -rate[:, None]).windowed(length).moment(order)
        return sp.lambdify((c, r, W), result)(height, rate, length), library

    return Equation(
        name, OURS, "", title, sp.Eq(definition, result, evaluate=False),
        {c: "height, per time", r: "decay rate, per time", W: "window, time", x: "time elapsed"},
        (Step(definition, "definition"), Step(result, "elementary integral", evaluated)),
        compare,
    )  # fmt: skip


@register
def window_area() -> Equation:
    """The area of a windowed exponential."""
    definition = sp.Integral(c * sp.exp(-r * x), (x, 0, W))
    return _window(
        "window-area", "A window takes exp(-r W) of an exponential's area",
        definition, c / r * (1 - sp.exp(-r * W)), 0,
    )  # fmt: skip


@register
def window_first_moment() -> Equation:
    """The first moment of a windowed exponential."""
    definition = sp.Integral(x * c * sp.exp(-r * x), (x, 0, W))
    result = c / r**2 * (1 - (1 + r * W) * sp.exp(-r * W))
    return _window(
        "window-first-moment", "A window takes more of the first moment: (1 + r W) exp(-r W)", definition, result, 1
    )
