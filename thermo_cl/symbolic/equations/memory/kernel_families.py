"""The papers' kernels and a few more: their moments, and the coefficients that contrast needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel, chemotaxis_kernel, integral_feedback_kernel, sine_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, linear, solved
from thermo_cl.symbolic.equations.memory._responses import plain
from thermo_cl.symbolic.registry import register

_PAPER, _OURS = "Falk et al. 2025", "thermo_cl"
_DRAWS = 20

t, b, r_1, r_2, W = sp.symbols("t b r_1 r_2 W", positive=True)
tau = sp.Symbol("tau_K", positive=True)
I, a, c, a_1, a_2, alpha, beta = sp.symbols("I a c a_1 a_2 alpha beta", real=True)
m = sp.Symbol("m", integer=True, positive=True)

_SYMBOLS = {
    t: "time elapsed",
    tau: "window and period of the sine, time",
    b: "decay rate, per time",
    I: "wanted area",
    a: "height, output per signal and time squared",
    c: "curvature, per time",
    m: "power of time in the bracket, less one",
    r_1: "first decay rate, per time",
    r_2: "second decay rate, per time",
    a_1: "height of the first exponential, per time",
    a_2: "height of the second exponential, per time",
    W: "window, time",
    alpha: "any weight of the area",
    beta: "any weight of the first moment",
}
_CHEMOTAXIS = a * sp.exp(-b * t) * (t - c * t**2)
_COMPARED = tuple[FloatArray, FloatArray]


def _moment(kernel: sp.Expr, order: int, window: sp.Expr = sp.oo) -> sp.Integral:
    return sp.Integral(t**order * kernel, (t, 0, window))


def _elementary(
    name: str, number: str, title: str, definition: sp.Expr, result: sp.Expr,
    compare: Callable[[np.random.Generator], _COMPARED],
) -> Equation:  # fmt: skip
    """An integral of elementary functions."""
    return Equation(
        name, _PAPER if number else _OURS, number, title, sp.Eq(definition, result, evaluate=False), _SYMBOLS,
        (
            Step(definition, "definition"),
            Step(linear(definition), "the integral is linear", linear),
            Step(result, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip


def _coefficient(
    name: str, number: str, title: str, kernel: sp.Expr, unknowns: tuple[sp.Symbol, sp.Symbol], which: int,
    result: sp.Expr, compare: Callable[[np.random.Generator], _COMPARED], area: sp.Expr = sp.S.Zero,
) -> Equation:  # fmt: skip
    """A coefficient that a wanted area and first moment -1 determine."""
    conditions = sp.Matrix([_moment(kernel, 0) - area, _moment(kernel, 1) + 1])
    return Equation(
        name, _PAPER if number else _OURS, number, title, sp.Eq(unknowns[which], result, evaluate=False), _SYMBOLS,
        (
            Step(conditions, "what has to vanish: area less the wanted one, first moment plus 1"),
            Step(conditions.applyfunc(linear).doit(), "integrals carried out", lambda e: e.applyfunc(linear).doit()),
            Step(result, "both conditions solved for the coefficients", solved(unknowns[which], unknowns)),
        ),
        compare,
    )  # fmt: skip


def _rates(rng: np.random.Generator) -> FloatArray:
    return rng.uniform(0.5, 30.0, _DRAWS)


# ------------------------------------------------------------------- sine, Eq. 31


@register
def tcl_31() -> Equation:
    """The area of the sine kernel; one is added in the check, for both are zero."""

    def compare(rng: np.random.Generator) -> _COMPARED:
        return np.ones(_DRAWS), 1.0 + sine_kernel(rng.uniform(0.01, 2.0, _DRAWS)).area

    kernel = sp.sin(2 * sp.pi * t / tau) / 3
    return _elementary("tcl-31", "31", "One period of a sine has no area", _moment(kernel, 0, tau), sp.S.Zero, compare)


@register
def tcl_31_moment() -> Equation:
    """The first moment of the sine kernel."""
    result = -(tau**2) / (6 * sp.pi)

    def compare(rng: np.random.Generator) -> _COMPARED:
        length = rng.uniform(0.01, 2.0, _DRAWS)
        return sp.lambdify(tau, result)(length), sine_kernel(length).first_moment

    definition = _moment(sp.sin(2 * sp.pi * t / tau) / 3, 1, tau)
    return _elementary("tcl-31-moment", "31", "First moment of the sine kernel", definition, result, compare)


# ------------------------------------------- chemotaxis, Eqs. 32, 33 and 46-48


def _family_moment(name: str, title: str, order: int, result: sp.Expr) -> Equation:
    def compare(rng: np.random.Generator) -> _COMPARED:
        height, rate, curvature = rng.normal(size=_DRAWS), _rates(rng), rng.normal(size=_DRAWS)
        weights = np.stack([height, -height * curvature], axis=-1)
        library = Kernel(weights, -np.stack([rate, rate], axis=-1), np.array([1, 2])).moment(order)
        return sp.lambdify((a, b, c), result)(height, rate, curvature), library

    return _elementary(name, "32", title, _moment(_CHEMOTAXIS, order), result, compare)


@register
def tcl_32() -> Equation:
    """The area of the family of Eq. 32."""
    return _family_moment("tcl-32", "Area of the chemotaxis family", 0, a * (b - 2 * c) / b**3)


@register
def tcl_32_moment() -> Equation:
    """The first moment of the family of Eq. 32."""
    return _family_moment("tcl-32-moment", "First moment of the chemotaxis family", 1, 2 * a * (b - 3 * c) / b**4)


def _library_coefficient(which: int, area: FloatArray, rate: FloatArray) -> FloatArray:
    """Height a or curvature c of the library's chemotaxis kernels."""
    weights = chemotaxis_kernel(area, rate).coefficients.real
    return weights[..., 0] if which == 0 else -weights[..., 1] / weights[..., 0]


def _chemotaxis(name: str, number: str, title: str, which: int, result: sp.Expr, area: sp.Expr) -> Equation:
    def compare(rng: np.random.Generator) -> _COMPARED:
        rate = _rates(rng)
        wanted = rng.uniform(-0.2, 2.0, _DRAWS) * rate if area == I else np.zeros(_DRAWS)
        return sp.lambdify((I, b), result)(wanted, rate), _library_coefficient(which, wanted, rate)

    return _coefficient(name, number, title, _CHEMOTAXIS, (a, c), which, result, compare, area)


@register
def tcl_33() -> Equation:
    """Eq. 33, the height."""
    return _chemotaxis("tcl-33", "33", "Height of the chemotaxis kernel without area", 0, b**3, sp.S.Zero)


@register
def tcl_33_curvature() -> Equation:
    """Eq. 33, the curvature."""
    return _chemotaxis("tcl-33-curvature", "33", "Curvature of the chemotaxis kernel without area", 1, b / 2, sp.S.Zero)


@register
def tcl_46() -> Equation:
    """Eqs. 46-48, the height."""
    return _chemotaxis("tcl-46", "46-48", "Height of the chemotaxis kernel of area I", 0, b**3 + 3 * I * b**2, I)


@register
def tcl_47() -> Equation:
    """Eqs. 46-48, the curvature."""
    result = (b**2 + 2 * b * I) / (2 * b + 6 * I)
    return _chemotaxis("tcl-47", "46-48", "Curvature of the chemotaxis kernel of area I", 1, result, I)


@register
def tcl_48() -> Equation:
    """The coefficients of Eqs. 46-48 put back; any mixture of area and first moment proves both."""
    height, curvature = b**3 + 3 * I * b**2, (b**2 + 2 * b * I) / (2 * b + 6 * I)
    kernel = sp.exp(-b * t) * (height * t - sp.cancel(height * curvature) * t**2)
    definition, result = sp.Integral((alpha + beta * t) * kernel, (t, 0, sp.oo)), alpha * I - beta

    def compare(rng: np.random.Generator) -> _COMPARED:
        rate, (weight, other) = _rates(rng), rng.normal(size=(2, _DRAWS))
        wanted = rng.uniform(-0.2, 2.0, _DRAWS) * rate
        library = plain(chemotaxis_kernel(wanted, rate))
        ours = sp.lambdify((I, alpha, beta), result)(wanted, weight, other)
        return ours, weight * library.area + other * library.first_moment

    title = "The chemotaxis kernel of Eqs. 46-47 has area I and first moment -1"
    return _elementary("tcl-48", "46-48", title, definition, result, compare)


# ---------------------------------------------------------- higher polynomials


def _polynomial(name: str, title: str, which: int, power: sp.Expr, result: sp.Expr) -> Equation:
    """Coefficients of a exp(-b t)(t - c t**power); the library's kernel with them has area 0 and first moment -1."""

    def compare(rng: np.random.Generator) -> _COMPARED:
        """The coefficient that makes the library's moments right, from its moments of the two terms alone."""
        ours, library = [], []
        for rate in rng.uniform(0.5, 10.0, 5):
            for degree in [int(power)] if power.is_Integer else [2, 3, 5, 7]:
                low, high = Kernel([1.0], [-rate], [1]), Kernel([1.0], [-rate], [degree])
                curvature = low.area / high.area
                height = -1.0 / (low.first_moment - curvature * high.first_moment)
                ours.append(float(result.subs({b: rate, m: degree - 1})))
                library.append(float((height, curvature)[which]))
        return np.array(ours), np.array(library)

    kernel = a * sp.exp(-b * t) * (t - c * t**power)
    return _coefficient(name, "", title, kernel, (a, c), which, result, compare)


@register
def cubic_height() -> Equation:
    """A cubic in place of the square of Eq. 32."""
    return _polynomial("cubic-height", "Height of a exp(-b t)(t - c t^3) for contrast", 0, sp.S(3), b**3 / 2)


@register
def cubic_curvature() -> Equation:
    """A cubic in place of the square of Eq. 32."""
    return _polynomial("cubic-curvature", "Coefficient c of a exp(-b t)(t - c t^3) for contrast", 1, sp.S(3), b**2 / 6)


@register
def polynomial_height() -> Equation:
    """Any higher power in place of the square of Eq. 32."""
    return _polynomial("polynomial-height", "Height of a exp(-b t)(t - c t^(m+1)) for contrast", 0, m + 1, b**3 / m)


@register
def polynomial_curvature() -> Equation:
    """Any higher power in place of the square of Eq. 32."""
    return _polynomial(
        "polynomial-curvature", "Coefficient c of a exp(-b t)(t - c t^(m+1)) for contrast", 1, m + 1,
        b**m / sp.factorial(m + 1),
    )  # fmt: skip


# ------------------------------------------------------------ two exponentials


def _two_exponentials(name: str, which: int, result: sp.Expr) -> Equation:
    """They make the library's integral-feedback kernel, times its gain."""

    def compare(rng: np.random.Generator) -> _COMPARED:
        slow = _rates(rng)
        fast = slow * rng.uniform(1.5, 5.0, _DRAWS)
        library = integral_feedback_kernel(fast + slow, fast * slow).scaled(fast * slow).coefficients.real
        return sp.lambdify((r_1, r_2), result)(fast, slow), library[..., which]

    kernel = a_1 * sp.exp(-r_1 * t) + a_2 * sp.exp(-r_2 * t)
    title = f"Two exponentials for contrast, height of the {'first' if which == 0 else 'second'}"
    return _coefficient(name, "", title, kernel, (a_1, a_2), which, result, compare)


@register
def two_exponentials_first() -> Equation:
    """The height of the first exponential."""
    return _two_exponentials("two-exponentials-first", 0, r_1**2 * r_2 / (r_1 - r_2))


@register
def two_exponentials_second() -> Equation:
    """The height of the second exponential."""
    return _two_exponentials("two-exponentials-second", 1, -r_1 * r_2**2 / (r_1 - r_2))


# ---------------------------------------------------------------------- window


@register
def window_chemotaxis() -> Equation:
    """What a window leaves of a kernel without area, as in the paper's numerical kernels (App. C)."""
    kernel = _CHEMOTAXIS.subs({a: b**3, c: b / 2})
    result = b**3 * W**2 * sp.exp(-b * W) / 2

    def compare(rng: np.random.Generator) -> _COMPARED:
        rate = _rates(rng)
        length = rng.uniform(0.3, 6.0, _DRAWS) / rate
        library = chemotaxis_kernel(0.0, rate).windowed(length).area
        return sp.lambdify((b, W), result)(rate, length), library

    title = "Area that a window leaves of the chemotaxis kernel without area"
    return _elementary("window-chemotaxis", "", title, _moment(kernel, 0, W), result, compare)
