"""What a memory kernel makes of a ramp (Falk et al. 2025, Eqs. 3, 20-25)."""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.integrate import quad

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel, PeriodicSignal, chemotaxis_kernel, periodic_response
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, linear
from thermo_cl.symbolic.equations.memory._responses import on_ramp
from thermo_cl.symbolic.registry import register

PAPER, OURS = "Falk et al. 2025", "thermo_cl"
DRAWS = 20

t, past = sp.symbols("t t'", real=True)
s_0, v = sp.symbols("s_0 v", real=True)
x, b = sp.symbols("x b", positive=True)
a, c = sp.symbols("a c", real=True, nonzero=True)
I, mu_1 = sp.symbols("I mu_1", real=True)
omega = sp.Symbol("omega", positive=True)
K, s = sp.Function("K", real=True), sp.Function("s", real=True)

SYMBOLS = {
    t: "time",
    past: "earlier time",
    x: "time elapsed",
    s_0: "signal at time zero",
    v: "slope of the signal, signal per time",
}
_RAMP = s_0 + v * t
AREA, FIRST = sp.Integral(K(x), (x, 0, sp.oo)), sp.Integral(x * K(x), (x, 0, sp.oo))
_TAIL = (past, -sp.oo, t)
_MEMORY = sp.Integral(K(t - past) * (s_0 + v * past), _TAIL)
_LAGGED = sp.Integral(K(x) * (s_0 + v * (t - x)), (x, 0, sp.oo))
_FAMILY = a * sp.exp(-b * x) * (x - c * x**2)  # Eq. 32, where numbers for K are needed


def elapsed(expression: sp.Expr) -> sp.Expr:
    """Substitution x = t - t' in memory integrals."""
    return expression.replace(lambda e: isinstance(e, sp.Integral), lambda e: e.transform(past, (t - x, x)))


def concrete(expression: sp.Expr) -> sp.Expr:
    """The expression for the kernel family of Eq. 32, integrals carried out."""
    return expression.replace(K, lambda argument: _FAMILY.subs(x, argument)).doit()


def draw(rng: np.random.Generator, one_sign: bool = False) -> tuple[FloatArray, FloatArray, FloatArray, Kernel]:
    """Numbers for a, b and c, and the library's kernels with them; of one sign everywhere if wanted."""
    height, rate, curvature = rng.normal(size=DRAWS), rng.uniform(0.5, 30.0, DRAWS), rng.normal(size=DRAWS)
    if one_sign:
        curvature = -np.abs(curvature)
    weights = np.stack([height, -height * curvature], axis=-1)
    return height, rate, curvature, Kernel(weights, -np.stack([rate, rate], axis=-1), np.array([1, 2]))


def _compare_ramp(expression: sp.Expr, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """The expression for Eq. 32's kernels, and the library's response to the ramp."""
    height, rate, curvature, kernel = draw(rng)
    start, slope, time = rng.normal(size=(3, DRAWS))
    ours = sp.lambdify((a, b, c, s_0, v, t), concrete(expression))(height, rate, curvature, start, slope, time)
    return ours, on_ramp(kernel, rate, start, slope, time)


@register
def tcl_20() -> Equation:
    """A kernel of area 0 and first moment -1 reads the slope of a ramp."""
    kernel = b**3 * sp.exp(-b * x) * (x - b * x**2 / 2)
    definition = sp.Integral(kernel * (s_0 + v * (t - x)), (x, 0, sp.oo))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        rate, start, slope, time = rng.uniform(0.5, 30.0, DRAWS), *rng.normal(size=(3, DRAWS))
        return slope, on_ramp(chemotaxis_kernel(0.0, rate), rate, start, slope, time)

    return Equation(
        "tcl-20", PAPER, "20", "The kernel of Eqs. 32-33 differentiates a ramp",
        sp.Eq(definition, v, evaluate=False), {**SYMBOLS, b: "decay rate of the kernel, per time"},
        (
            Step(definition, "memory integral of a ramp, in elapsed time"),
            Step(linear(definition), "the integral is linear", linear),
            Step(v, "elementary integrals", evaluated),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_21() -> Equation:
    """A ramp under the memory integral."""
    whole = s_0 * sp.Integral(K(t - past), _TAIL) + v * sp.Integral(past * K(t - past), _TAIL)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        return _compare_ramp(linear(elapsed(whole)), rng)

    return Equation(
        "tcl-21", PAPER, "21", "The memory of a ramp, as two integrals",
        sp.Eq(_MEMORY, whole, evaluate=False), SYMBOLS,
        (Step(_MEMORY, "definition (Eq. 3)"), Step(whole, "the integral is linear", linear)),
        compare,
    )  # fmt: skip


@register
def tcl_22() -> Equation:
    """Elapsed time as the variable, for any signal; checked by quadrature for a wave against the library's response."""
    definition = sp.Integral(K(t - past) * s(past), _TAIL)
    lagged = sp.Integral(K(x) * s(t - x), (x, 0, sp.oo))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        height, rate, curvature, kernel = draw(rng)
        frequency, time = rng.uniform(0.1, 3.0, DRAWS), rng.normal(size=DRAWS)
        integrand = lagged.function.replace(K, lambda arg: _FAMILY.subs(x, arg)).replace(
            s, lambda arg: sp.cos(omega * arg)
        )
        function = sp.lambdify((x, a, b, c, t, omega), integrand)
        ours = [
            quad(function, 0.0, 60.0 / number[1], number, epsabs=1e-14, epsrel=1e-12, limit=400)[0]
            for number in zip(height, rate, curvature, time, frequency, strict=True)
        ]
        transfer = np.diagonal(kernel.frequency_response(frequency))
        return np.array(ours), np.real(transfer * np.exp(1j * frequency * time))

    return Equation(
        "tcl-22", PAPER, "22", "The output is an integral over the time elapsed",
        sp.Eq(definition, lagged, evaluate=False), SYMBOLS,
        (Step(definition, "definition (Eq. 3)"), Step(lagged, "substitution x = t - t'", elapsed)),
        compare,
    )  # fmt: skip


@register
def tcl_23() -> Equation:
    """Area and first moment are all that a ramp sees of a kernel."""
    result = _RAMP * AREA - v * FIRST
    return Equation(
        "tcl-23", PAPER, "23", "The memory of a ramp, in area and first moment",
        sp.Eq(_LAGGED, result, evaluate=False), SYMBOLS,
        (Step(_LAGGED, "the integral over the time elapsed (Eq. 22)"), Step(result, "the integral is linear", linear)),
        lambda rng: _compare_ramp(result, rng),
    )  # fmt: skip


@register
def tcl_24() -> Equation:
    """The output on a ramp, from the definition of the memory."""
    signal = sp.Lambda(t, _RAMP)
    result = AREA * signal(t) - FIRST * sp.diff(signal(t), t)
    return Equation(
        "tcl-24", PAPER, "24", "On a ramp the output is I s - mu1 ds/dt",
        sp.Eq(_MEMORY, result, evaluate=False), SYMBOLS,
        (
            Step(_MEMORY, "definition (Eq. 3), with s = s_0 + v t"),
            Step(_LAGGED, "substitution x = t - t'", elapsed),
            Step(result, "the integral is linear; its parts are area I and first moment mu1", linear),
        ),
        lambda rng: _compare_ramp(result, rng),
    )  # fmt: skip


def _contrast(name: str, title: str, unknown: sp.Symbol, value: int) -> Equation:
    """Either half of Eq. 25: the residual u - ds/dt vanishes for all ramps and times."""
    residual = I * _RAMP - mu_1 * v - v

    def conditions(e: sp.Expr) -> sp.Matrix:
        return sp.Matrix(sp.Poly(e, t, s_0, v).coeffs())

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        """What the library's response needs to be the slope, by the secant: exact, for the residual is linear."""
        rate, start, slope, time, size = rng.uniform(0.5, 30.0, DRAWS), *rng.normal(size=(4, DRAWS))
        tried = (np.zeros(DRAWS) + 0.1, np.zeros(DRAWS) + 0.3)
        members = [
            chemotaxis_kernel(q, rate) if unknown == I else chemotaxis_kernel(0.0, rate).scaled(q * size) for q in tried
        ]
        first, second = (on_ramp(kernel, rate, start, slope, time) - slope for kernel in members)
        weight = first / (first - second)
        low, high = (kernel.area if unknown == I else kernel.first_moment for kernel in members)
        return np.array(2.0 + value), 2.0 + low + weight * (high - low)  # 2 + x, for x may be zero

    return Equation(
        name, PAPER, "25", title, sp.Eq(unknown, value, evaluate=False),
        {I: "area of the kernel", mu_1: "first moment of the kernel, time"},
        (
            Step(residual, "output of a ramp (Eq. 24) minus its slope: zero for every ramp at every time"),
            Step(sp.Matrix([I, I, -mu_1 - 1]), "a polynomial vanishes with all its coefficients", conditions),
            Step(sp.S(value), "solved", lambda e: sp.solve(list(e), [I, mu_1], dict=True)[0][unknown]),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_25() -> Equation:
    """Contrast needs a kernel without area."""
    return _contrast("tcl-25", "The output is the slope of every ramp only if the area is 0", I, 0)


@register
def tcl_25_moment() -> Equation:
    """Contrast needs first moment -1."""
    return _contrast("tcl-25-moment", "The output is the slope of every ramp only if the first moment is -1", mu_1, -1)


@register
def ramp_corner() -> Equation:
    """The first moments after a corner; checked with the kernel family of Eq. 32."""
    begun = sp.Integral(K(x) * (t - x), (x, 0, t))
    later = sp.Integral((x - t) * K(x), (x, t, sp.oo))
    result = t * AREA - FIRST + later

    def to_infinity(e: sp.Expr) -> sp.Expr:
        """The integral up to t is the whole minus the rest."""
        function = e.function
        return linear(sp.Integral(function, (x, 0, sp.oo))) + sp.Integral(-function, (x, t, sp.oo))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        height, rate, curvature, kernel = draw(rng, one_sign=True)  # the output then has no zeros
        time = rng.uniform(0.5, 4.0, DRAWS) / rate
        positive = sp.Symbol("t", positive=True)
        ours = sp.lambdify((a, b, c, positive), concrete(result.subs(t, positive)))(height, rate, curvature, time)
        rise = 80.0 / rate  # flat for long, then the ramp
        corners = np.stack([0.0 * rise, rise, 2.0 * rise, 3.0 * rise], -1)
        signal = PeriodicSignal(corners, np.stack([0.0 * rise, 0.0 * rise, rise, 0.0 * rise], -1))
        response = periodic_response(kernel, signal)
        return ours, np.array([response(rise[i] + time[i])[i] for i in range(DRAWS)])

    return Equation(
        "ramp-corner", OURS, "", "After a corner the straight-line law is missed by an integral over later lags",
        sp.Eq(begun, result, evaluate=False), SYMBOLS,
        (
            Step(begun, "output at time t of the ramp s = t that begins at time 0, from rest"),
            Step(result, "the integral up to t is the whole one minus the rest", to_infinity),
        ),
        compare,
    )  # fmt: skip
