"""High-pass units, spring and dashpot or resistor and capacitor in series: kernel, response to a sawtooth, energy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp

from thermo_cl._types import FloatArray
from thermo_cl.kernels import PeriodicSignal, high_pass_kernel, periodic_response
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, solved
from thermo_cl.symbolic.registry import register

OURS, _DRAWS = "thermo_cl", 20
Compared = tuple[FloatArray, FloatArray]

t, p, tau, G, A, tau_f, tau_s = sp.symbols("t p tau G A tau_f tau_s", positive=True)
x, y, z = sp.symbols("x y z", positive=True)
E, F = sp.exp(-tau_f / tau), sp.exp(-tau_s / tau)
TRANSFORM, SQUARES = sp.Symbol("K(p)"), sp.Symbol("W", positive=True)
S, U, D, C_f, C_s = sp.symbols("S U D C_f C_s", real=True)

_SYMBOLS = {
    SQUARES: "integral of the squared output over one cycle",
    TRANSFORM: "Laplace transform of the kernel",
    t: "time",
    p: "Laplace variable, per time",
    tau: "relaxation time of the unit",
    G: "instantaneous output per signal: spring constant, or 1 for the voltage of a resistor behind a capacitor",
    A: "amplitude of the sawtooth, signal",
    tau_f: "duration of the rise",
    tau_s: "duration of the fall",
    x: "duration of the rise, in relaxation times",
    y: "duration of the fall, in relaxation times",
    C_f: "transient at the start of the rise, output",
}
_TRANSFER = G * p * tau / (1 + p * tau)
_REGULAR = -G * sp.exp(-t / tau) / tau
_CORNER = G * tau * A * (1 / tau_f + 1 / tau_s)  # change of the straight-line output at a corner


def _equation(
    name: str, title: str, statement: sp.Eq, steps: tuple[Step, ...], compare: Callable[[np.random.Generator], Compared]
) -> Equation:
    symbols = {symbol: meaning for symbol, meaning in _SYMBOLS.items() if statement.has(symbol)}
    symbols |= dict.fromkeys(statement.free_symbols - set(symbols), "Laplace transform of the kernel")
    return Equation(name, OURS, "", title, statement, symbols, steps, compare)


def _unit(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    return rng.uniform(0.2, 5.0, _DRAWS), rng.uniform(0.1, 3.0, _DRAWS)


def _driven(rng: np.random.Generator) -> tuple[FloatArray, ...]:
    """Gain, time, amplitude and both ramp times."""
    return *_unit(rng), rng.uniform(0.5, 4.0, _DRAWS), rng.uniform(0.3, 2.0, _DRAWS), rng.uniform(0.3, 9.0, _DRAWS)


def _sawtooth(height: float, fast: float, slow: float) -> PeriodicSignal:
    return PeriodicSignal([0.0, fast, fast + slow], [-0.5 * height, 0.5 * height, -0.5 * height])


@register
def high_pass_transfer() -> Equation:
    """The transfer function, from what is taken up by the dashpot or the capacitor."""

    def compare(rng: np.random.Generator) -> Compared:
        (gain, time), omega = _unit(rng), rng.uniform(0.1, 10.0, _DRAWS)
        ours = sp.lambdify((G, tau, p), _TRANSFER)(gain, time, 1j * omega)
        return ours, np.diagonal(high_pass_kernel(gain, time).frequency_response(omega))

    conditions = sp.Matrix([U - G * (S - D), p * D - U / (G * tau)])
    return _equation(
        "high-pass-transfer", "Transfer function of a spring and a dashpot in series",
        sp.Eq(TRANSFORM, _TRANSFER, evaluate=False),
        (
            Step(conditions, "stress of the spring and flow of the dashpot of viscosity G tau, transformed: all zero"),
            Step(S * _TRANSFER, "solved for stress and flow", solved(U, (U, D))),
            Step(_TRANSFER, "per unit of strain", lambda e: sp.cancel(e / S)),
        ),
        compare,
    )  # fmt: skip


@register
def high_pass_memory() -> Equation:
    """The part of the kernel beside its instantaneous one."""

    def compare(rng: np.random.Generator) -> Compared:
        (gain, time), at = _unit(rng), rng.uniform(0.0, 3.0, _DRAWS)
        kernel = high_pass_kernel(gain, time)
        return sp.lambdify((G, tau, t), _REGULAR)(gain, time, at), np.diagonal(kernel(at))

    return _equation(
        "high-pass-memory", "Beside its instantaneous part G delta(t) the kernel is one decaying exponential",
        sp.Eq(sp.Function("K_mem")(t), _REGULAR, evaluate=False),
        (
            Step(_TRANSFER, "transfer function"),
            Step(-G / (1 + p * tau), "without the instantaneous part, its limit G for large p",
                 lambda e: e - sp.limit(e, p, sp.oo)),
            Step(_REGULAR, "inverse Laplace transform", lambda e: sp.inverse_laplace_transform(e, p, t)),
        ),
        compare,
    )  # fmt: skip


@register
def high_pass_area() -> Equation:
    """The unit forgets a constant signal entirely."""
    definition = G + sp.Integral(_REGULAR, (t, 0, sp.oo))

    def compare(rng: np.random.Generator) -> Compared:
        gain, time = _unit(rng)
        late = high_pass_kernel(gain, time).step_response(60.0 * time.max())
        return gain, gain + np.asarray(late)

    return _equation(
        "high-pass-area", "The kernel of a high-pass unit has no area", sp.Eq(definition, 0, evaluate=False),
        (Step(definition, "instantaneous part and memory"), Step(sp.S.Zero, "elementary integral", evaluated)), compare,
    )  # fmt: skip


@register
def high_pass_first_moment() -> Equation:
    """Minus gain times time: on a ramp the output is that much times the slope."""
    definition = sp.Integral(t * _REGULAR, (t, 0, sp.oo))

    def compare(rng: np.random.Generator) -> Compared:
        gain, time = _unit(rng)
        slope, late = rng.normal(size=_DRAWS), []
        for g, one, v in zip(gain, time, slope, strict=True):
            ramp = _sawtooth(v * 60.0 * one, 60.0 * one, 60.0 * one)
            late.append(periodic_response(high_pass_kernel(g, one), ramp)(55.0 * one))
        return sp.lambdify((G, tau), -G * tau)(gain, time), -np.array(late) / slope

    return _equation(
        "high-pass-first-moment", "The first moment of a high-pass unit is minus its gain times its time",
        sp.Eq(definition, -G * tau, evaluate=False),
        (Step(definition, "that of the memory alone"), Step(-G * tau, "elementary integral", evaluated)), compare,
    )  # fmt: skip


@register
def high_pass_corner() -> Equation:
    """The transient on the rise of a sawtooth, in the periodic state."""
    result = -_CORNER * (1 - F) / (1 - E * F)
    up, down = G * tau * A / tau_f, -G * tau * A / tau_s
    conditions = sp.Matrix([up + C_f - (down + C_s * F), down + C_s - (up + C_f * E)])

    def compare(rng: np.random.Generator) -> Compared:
        numbers, library = _driven(rng), []
        for g, one, height, fast, slow in zip(*numbers, strict=True):
            start = periodic_response(high_pass_kernel(g, one), _sawtooth(height, fast, slow))(0.0)
            library.append(start - g * one * height / fast)
        return sp.lambdify((G, tau, A, tau_f, tau_s), result)(*numbers), np.array(library)

    return _equation(
        "high-pass-corner", "Transient of a high-pass unit at the start of a sawtooth's rise",
        sp.Eq(C_f, result, evaluate=False),
        (
            Step(conditions, "the output is continuous at both corners: differences, both zero"),
            Step(result, "solved for both transients", solved(C_f, (C_f, C_s))),
        ),
        compare,
    )  # fmt: skip


@register
def high_pass_energy() -> Equation:
    """The integral of the squared output over a cycle: the dissipation is this over the viscosity G tau."""
    rise, fall = sp.exp(-x), sp.exp(-y)
    speed = 1 / x + 1 / y
    on_rise = 1 / x - speed * (1 - fall) / (1 - rise * fall) * sp.exp(-z)
    on_fall = -1 / y + speed * (1 - rise) / (1 - rise * fall) * sp.exp(-z)
    unit = tau * (G * A) ** 2
    definition = unit * (sp.Integral(on_rise**2, (z, 0, x)) + sp.Integral(on_fall**2, (z, 0, y)))
    result = unit * speed * (1 - speed * (1 - rise) * (1 - fall) / (1 - rise * fall))

    def squares(e: sp.Expr) -> sp.Expr:
        """Squares of a constant and a decaying part integrated, the constants held together."""

        def integrate(integral: sp.Integral) -> sp.Expr:
            line, decaying = integral.function.base.as_independent(z, as_Add=True)
            first, second = sp.Dummy(), sp.Dummy()
            whole = sp.expand((first + second * sp.exp(-z)) ** 2)
            return sp.integrate(whole, *integral.limits).subs({first: line, second: decaying / sp.exp(-z)})

        return e.replace(lambda part: isinstance(part, sp.Integral), integrate)

    def compare(rng: np.random.Generator) -> Compared:
        numbers, library = _driven(rng), []
        gain, time, height, fast, slow = numbers
        nodes, weights = np.polynomial.legendre.leggauss(40)
        for g, one, a, quick, long in zip(*numbers, strict=True):
            u, total = periodic_response(high_pass_kernel(g, one), _sawtooth(a, quick, long)), 0.0
            for start, length in ((0.0, quick), (quick, long)):
                edges = start + length * np.linspace(0.0, 1.0, 41)
                at = 0.5 * (edges[:-1] + edges[1:])[:, None] + 0.5 * length / 40 * nodes
                total += float(np.sum(u(at) ** 2 * weights) * 0.5 * length / 40)
            library.append(total)
        ours = sp.lambdify((G, tau, A, x, y), result)(gain, time, height, fast / time, slow / time)
        return ours, np.array(library)

    return _equation(
        "high-pass-energy", "Squared output of a high-pass unit over one cycle of a sawtooth",
        sp.Eq(SQUARES, result, evaluate=False),
        (
            Step(definition, "straight line and transient (entry high-pass-corner) on both ramps"),
            Step(result, "elementary integrals", squares),
        ),
        compare,
    )  # fmt: skip
