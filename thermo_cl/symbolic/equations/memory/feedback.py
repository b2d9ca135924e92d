"""Integral feedback, Eqs. 14-15 of Falk et al. 2025: elimination, general solution, kernels in all regimes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import sympy as sp
from scipy.linalg import expm

from thermo_cl._types import FloatArray
from thermo_cl.kernels import Kernel, integral_feedback_kernel
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.memory._integrals import evaluated, merged, solved
from thermo_cl.symbolic.equations.memory._responses import plain
from thermo_cl.symbolic.registry import register

_PAPER, _NUMBER = "Falk et al. 2025", "14-15"
DRAWS = 20
Compared = tuple[FloatArray, FloatArray]

t, x, lam, k, omega, p = sp.symbols("t x lambda k omega p", positive=True)
r_p, r_m, r = sp.symbols("r_+ r_- r", positive=True)
past = sp.Symbol("t'", positive=True)
u_0, s_0, v, U, M, S, C_1, C_2 = sp.symbols("u_0 s_0 v U M S C_1 C_2", real=True)
u, m, s = (sp.Function(name, real=True) for name in "ums")

_SYMBOLS = {
    t: "time",
    x: "time elapsed",
    past: "earlier time",
    lam: "damping of the output, per time",
    k: "gain of the integrator, per time squared",
    omega: "frequency of the oscillation, sqrt(k - lambda^2/4), rad per time",
    p: "Laplace variable, per time",
    r_p: "faster decay rate, per time",
    r_m: "slower decay rate, per time; r_+ + r_- = lambda, r_+ r_- = k",
    r: "decay rate at critical damping, lambda/2, per time",
    u_0: "set point of the output",
    s_0: "signal at time zero",
    v: "slope of the signal",
    C_1: "weight of the faster free decay, from the initial state",
    C_2: "weight of the slower free decay, from the initial state",
}
_OUTPUT = s(t) - m(t) - lam * u(t)  # Eq. 14: du/dt
_INTEGRATOR = k * (u(t) - u_0)  # Eq. 15: dm/dt
TRANSFER = p / (p**2 + lam * p + k)
OVER = (r_p * sp.exp(-r_p * t) - r_m * sp.exp(-r_m * t)) / (r_p - r_m)
CRITICAL = sp.exp(-r * t) * (1 - r * t)
UNDER = sp.exp(-lam * t / 2) * (sp.cos(omega * t) - lam / (2 * omega) * sp.sin(omega * t))


def equation(
    name: str,
    title: str,
    statement: sp.Eq,
    steps: tuple[Step, ...],
    compare: Callable[[np.random.Generator], Compared],
) -> Equation:
    """An equation of this room, with those of its symbols that the statement has."""
    symbols = {symbol: meaning for symbol, meaning in _SYMBOLS.items() if statement.has(symbol)}
    return Equation(name, _PAPER, _NUMBER, title, statement, symbols, steps, compare)


def roots(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Two well separated decay rates, the faster first."""
    slow = rng.uniform(0.2, 10.0, DRAWS)
    return slow * rng.uniform(1.5, 6.0, DRAWS), slow


def times_of(rng: np.random.Generator, rate: FloatArray) -> FloatArray:
    """Times on the scale of decay rates."""
    return rng.uniform(0.05, 3.0, DRAWS) / rate


def _each(kernel: Callable[[int], Kernel], times: FloatArray) -> FloatArray:
    """Every kernel of a batch at its own time."""
    return np.array([kernel(i)(time) for i, time in enumerate(times)])


@register
def tcl_14() -> Equation:
    """The integrator eliminated; for a wave the result is compared with the library's frequency response."""
    definition = u(t).diff(t, 2) + lam * u(t).diff(t) + k * (u(t) - u_0)
    signal = s(t).diff(t)

    def compare(rng: np.random.Generator) -> Compared:
        wave = sp.exp(p * t)
        balance = (definition - signal).subs(u_0, 0).replace(u, lambda at: U * wave.subs(t, at))
        balance = balance.replace(s, lambda at: wave.subs(t, at)).doit()
        damping, gain, frequency = rng.uniform(0.1, 10.0, (3, DRAWS))
        ours = sp.lambdify((lam, k, p), sp.solve(balance, U)[0])(damping, gain, 1j * frequency)
        return ours, np.diagonal(integral_feedback_kernel(damping, gain).frequency_response(frequency))

    return equation(
        "tcl-14", "Integral feedback is a damped oscillator driven by ds/dt",
        sp.Eq(definition, signal, evaluate=False),
        (
            Step(definition, "acceleration, damping and restoring force of the output"),
            Step(
                _OUTPUT.diff(t) + lam * u(t).diff(t) + _INTEGRATOR, "the derivative of Eq. 14 for the acceleration",
                lambda e: e.subs(u(t).diff(t, 2), _OUTPUT.diff(t)),
            ),
            Step(signal, "Eq. 15 for dm/dt", lambda e: e.subs(m(t).diff(t), _INTEGRATOR)),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_15() -> Equation:
    """Perfect adaptation; the library's steady output follows from the area of its terms."""
    conditions = sp.Matrix([S - M - lam * U, k * (U - u_0)])

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        point, step = rng.uniform(1.0, 2.0, (2, DRAWS))
        return point, point + step * plain(integral_feedback_kernel(fast + slow, fast * slow)).area

    return Equation(
        "tcl-15", _PAPER, _NUMBER, "Under a constant signal the output returns to its set point",
        sp.Eq(U, u_0, evaluate=False), {U: "steady output", u_0: _SYMBOLS[u_0]},
        (
            Step(conditions, "du/dt and dm/dt, both zero in the steady state"),
            Step(u_0, "solved for output and integrator: neither signal nor gain is left", solved(U, (U, M))),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_transfer() -> Equation:
    """The Laplace transform of the kernel."""
    name = sp.Symbol("K(p)")
    conditions = sp.Matrix([p * U - (S - M - lam * U), p * M - k * U])

    def compare(rng: np.random.Generator) -> Compared:
        damping, gain, frequency = rng.uniform(0.1, 10.0, (3, DRAWS))
        ours = sp.lambdify((lam, k, p), TRANSFER)(damping, gain, 1j * frequency)
        return ours, np.diagonal(integral_feedback_kernel(damping, gain).frequency_response(frequency))

    return Equation(
        "feedback-transfer", _PAPER, _NUMBER, "Transfer function of integral feedback",
        sp.Eq(name, TRANSFER, evaluate=False),
        {name: "Laplace transform of the kernel", p: _SYMBOLS[p], lam: _SYMBOLS[lam], k: _SYMBOLS[k]},
        (
            Step(conditions, "Eqs. 14-15 transformed, for deviations from the set point: all zero"),
            Step(S * TRANSFER, "solved for output and integrator", solved(U, (U, M))),
            Step(TRANSFER, "per unit of signal", lambda e: sp.cancel(e / S)),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_roots() -> Equation:
    """The decay rates."""
    result = (lam + sp.sqrt(lam**2 - 4 * k)) / 2

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        rates = integral_feedback_kernel(fast + slow, fast * slow).rates
        return sp.lambdify((lam, k), result)(fast + slow, fast * slow), -rates[..., 0].real

    return equation(
        "feedback-roots", "The faster decay rate of overdamped integral feedback, lambda^2 > 4 k",
        sp.Eq(r_p, result, evaluate=False),
        (
            Step(r**2 - lam * r + k, "denominator of the transfer function at p = -r: zero"),
            Step(result, "the larger root", lambda e: max(sp.solve(e, r, check=False), key=_with_positive_root)),
        ),
        compare,
    )  # fmt: skip


def _with_positive_root(root: sp.Expr) -> bool:
    """Whether the square root is added, not subtracted."""
    return bool(root.coeff(sp.sqrt(lam**2 - 4 * k)).is_positive)


@register
def feedback_overdamped() -> Equation:
    """The kernel with two real decay rates."""
    name = sp.Function("K")(t)
    transfer = TRANSFER.subs({lam: r_p + r_m, k: r_p * r_m})
    fractions = (r_p / (p + r_p) - r_m / (p + r_m)) / (r_p - r_m)

    def compare(rng: np.random.Generator) -> Compared:
        fast, slow = roots(rng)
        times = times_of(rng, slow)
        ours = sp.lambdify((r_p, r_m, t), OVER)(fast, slow, times)
        return ours, _each(lambda i: integral_feedback_kernel(fast[i] + slow[i], fast[i] * slow[i]), times)

    return equation(
        "feedback-overdamped", "Kernel of overdamped integral feedback", sp.Eq(name, OVER, evaluate=False),
        (
            Step(transfer, "transfer function, with the roots in place of damping and gain"),
            Step(fractions, "partial fractions"),
            Step(OVER, "inverse Laplace transform", lambda e: sp.inverse_laplace_transform(sp.expand(e), p, t)),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_solution() -> Equation:
    """The general solution; compared, under a step of signal, with a matrix exponential of Eqs. 14-15 themselves."""
    memory = sp.Integral(OVER.subs(t, t - past) * s(past), (past, 0, t))
    solution = u_0 + C_1 * sp.exp(-r_p * t) + C_2 * sp.exp(-r_m * t) + memory
    definition = solution.diff(t, 2) + (r_p + r_m) * solution.diff(t) + r_p * r_m * (solution - u_0)

    def compare(rng: np.random.Generator) -> Compared:
        stepped = solution.replace(s, lambda _: S).doit()
        ours, direct = [], []
        for fast, slow in zip(*roots(rng), strict=True):
            point, step, one, two = rng.normal(size=4)
            time = rng.uniform(0.05, 3.0) / slow
            ours.append(sp.lambdify((r_p, r_m, u_0, S, C_1, C_2, t), stepped)(fast, slow, point, step, one, two, time))
            # deviations of u and m from (u_0, -lambda u_0), and the step of signal as a third, constant, state
            system = np.array([[-(fast + slow), -1.0, 1.0], [fast * slow, 0.0, 0.0], [0.0, 0.0, 0.0]])
            start = np.array([one + two, -(fast + slow) * (one + two) + fast * one + slow * two, step])
            direct.append(point + (expm(system * time) @ start)[0])
        return np.array(ours), np.array(direct)

    return equation(
        "feedback-solution", "Set point, two free decays and the memory of the signal solve Eqs. 14-15",
        sp.Eq(definition, s(t).diff(t), evaluate=False),
        (
            Step(definition, "the claimed u(t) in the oscillator equation (entry tcl-14)"),
            Step(s(t).diff(t), "the free decays cancel, and so does the integrand of what is left", merged),
        ),
        compare,
    )  # fmt: skip


@register
def feedback_critical() -> Equation:
    """Critical damping, from above."""
    definition = sp.Limit(OVER.subs(r_p, r), r_m, r, "-")

    def compare(rng: np.random.Generator) -> Compared:
        rate = rng.uniform(0.2, 10.0, DRAWS)
        times = times_of(rng, rate)
        ours = sp.lambdify((r, t), CRITICAL)(rate, times)
        return ours, _each(lambda i: integral_feedback_kernel(2.0 * rate[i], rate[i] ** 2), times)

    return equation(
        "feedback-critical", "Critically damped kernel, as the limit of equal decay rates",
        sp.Eq(definition, CRITICAL, evaluate=False),
        (Step(definition, "the decay rates approach each other"), Step(CRITICAL, "limit", evaluated)), compare,
    )  # fmt: skip


def _compare_underdamped(rng: np.random.Generator) -> Compared:
    damping, frequency = rng.uniform(0.2, 10.0, (2, DRAWS))
    times = times_of(rng, damping)
    ours = sp.lambdify((lam, omega, t), UNDER)(damping, frequency, times)
    gain = frequency**2 + damping**2 / 4.0
    return ours, _each(lambda i: integral_feedback_kernel(damping[i], gain[i]), times)


@register
def feedback_underdamped() -> Equation:
    """The kernel continued to complex decay rates."""
    definition = OVER.subs({r_p: lam / 2 + sp.I * omega, r_m: lam / 2 - sp.I * omega}, simultaneous=True)
    return equation(
        "feedback-underdamped", "Underdamped kernel, continued to complex decay rates",
        sp.Eq(definition, UNDER, evaluate=False),
        (
            Step(definition, "decay rates lambda/2 +- i omega, of sum lambda and product k"),
            Step(UNDER, "Euler's formula", lambda e: sp.expand(sp.powsimp(sp.expand(e))).rewrite(sp.cos)),
        ),
        _compare_underdamped,
    )  # fmt: skip


@register
def feedback_critical_below() -> Equation:
    """Critical damping, from below."""
    definition, result = sp.Limit(UNDER, omega, 0, "+"), CRITICAL.subs(r, lam / 2)

    def compare(rng: np.random.Generator) -> Compared:
        damping = rng.uniform(0.2, 10.0, DRAWS)
        times = times_of(rng, damping)
        ours = sp.lambdify((lam, t), result)(damping, times)
        return ours, _each(lambda i: integral_feedback_kernel(damping[i], damping[i] ** 2 / 4.0), times)

    return equation(
        "feedback-critical-below", "The critically damped kernel is also the limit of slow oscillation",
        sp.Eq(definition, result, evaluate=False),
        (Step(definition, "the oscillation slows down"), Step(result, "limit", evaluated)), compare,
    )  # fmt: skip
