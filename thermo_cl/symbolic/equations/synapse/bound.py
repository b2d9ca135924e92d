"""The speed-accuracy bound: a hard threshold between the plateaus of the two ramps (Falk et al. 2025, Appendix A)."""

from __future__ import annotations

import numpy as np
import sympy as sp

from thermo_cl.kernels import Kernel, periodic_response
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.synapse.protocol import (
    FALL,
    FAST,
    MEANING,
    RISE,
    SLOW,
    A,
    fast_limit,
    filter_kernel,
    mean,
    passed,
    t,
    tau_f,
    tau_s,
    theta,
)
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.registry import register
from thermo_cl.synapse import Sawtooth, amplitude_window, weight_update

_PAPER = "Falk et al. 2025"
_low, _high = sp.symbols("A_min A_max", positive=True)
_above, _below = sp.symbols("x y", positive=True)  # how far inside the open window the threshold is
_WINDOW = {theta: SLOW + _above, tau_f: A / (SLOW + _above + _below)}


def _draw(rng: np.random.Generator, size: int = 6) -> tuple[np.ndarray, ...]:
    """Rise times, longer fall times, amplitudes, and thresholds strictly between the plateaus."""
    fast, height = rng.uniform(0.5, 2.0, size), rng.uniform(1.0, 50.0, size)
    slow = fast * rng.uniform(2.0, 20.0, size)
    floor = height / slow + rng.uniform(0.2, 0.8, size) * (height / fast - height / slow)
    return fast, slow, height, floor


def _meaning(*symbols: sp.Symbol) -> dict[sp.Symbol, str]:
    """Meanings of shared symbols."""
    return {s: MEANING[s] for s in symbols}


_RANGE = {
    _low: "smallest amplitude that the rise passes on (signal)",
    _high: "largest amplitude that the fall is silent at (signal)",
}


@register
def tcl_5() -> Equation:
    """The sawtooth averages to the mean of free and clamped."""
    whole = (sp.Integral(RISE, (t, 0, tau_f)) + sp.Integral(FALL, (t, 0, tau_s))) / (tau_f + tau_s)

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, height, _ = _draw(rng)
        middle = rng.uniform(1.0, 9.0, fast.size)
        signal = Sawtooth(fast, slow, middle).signal(height)
        area = np.sum(np.diff(signal.times) * (signal.values[:, 1:] + signal.values[:, :-1]) / 2.0, axis=-1)
        return middle, area / (fast + slow)

    return Equation(
        "tcl-5", _PAPER, "5", "The sawtooth averages to the mean of the free and the clamped signal",
        sp.Eq(whole, mean, evaluate=False), _meaning(A, tau_f, tau_s, mean, t),
        (
            Step(whole, "average of the rise and the fall over a cycle"),
            Step(mean, "each ramp averages to its midpoint", lambda e: sp.expand(sp.together(e.doit()))),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_17() -> Equation:
    """Slopes of the sawtooth."""
    slopes = sp.ImmutableMatrix([sp.Derivative(RISE, t), sp.Derivative(FALL, t)])
    steep = sp.ImmutableMatrix([FAST, -SLOW])

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, height, _ = _draw(rng)
        ours = evaluate(steep, {A: height[0], tau_f: fast[0], tau_s: slow[0]})[:, 0]
        return ours, Sawtooth(fast[0], slow[0], rng.normal()).signal(height[0]).slopes

    return Equation(
        "tcl-17", _PAPER, "17", "Slopes of the two ramps",
        sp.Eq(slopes, steep, evaluate=False), _meaning(A, tau_f, tau_s, mean, t),
        (
            Step(slopes, "derivatives of the rise and of the fall"),
            Step(steep, "both are linear", lambda e: e.doit()),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_26() -> Equation:
    """Update of a kernel so fast that it reports the slope."""
    update = sp.Symbol("Delta_w", real=True)
    cycle = sp.Integral(passed(FAST), (t, 0, tau_f)) + sp.Integral(passed(-SLOW), (t, 0, tau_s))

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, height, floor = _draw(rng)
        protocol = Sawtooth(fast, slow)

        def library(rate: float) -> np.ndarray:
            return np.asarray(
                weight_update(filter_kernel(2, rate / fast), protocol, height[:, None], threshold=floor)[:, 0]
            )

        return height, fast_limit(library, 100.0)

    return Equation(
        "tcl-26", _PAPER, "26", "Update from the plateaus ds/dt of the response, threshold between them",
        sp.Eq(update, A, evaluate=False),
        _meaning(A) | {update: "weight update of a cycle (signal)"},
        (
            Step(cycle, "the update (Eq. 7) with u = ds/dt, constant on each ramp (Eq. 24 with I = 0, mu_1 = -1)"),
            Step(
                cycle.subs(_WINDOW),
                "theta lies above A/tau_s by x > 0 and below A/tau_f by y > 0",
                lambda e: e.subs(_WINDOW),
            ),
            Step(A, "then the rise passes whole and the fall is silent", lambda e: sp.simplify(e.doit())),
        ),
        compare,
    )  # fmt: skip


def _window(name: str, number: str, title: str, plateau: sp.Expr, passes: bool) -> Equation:
    """Condition of one ramp on the threshold, solved for the amplitude."""
    time = A / plateau
    first, second = (plateau, theta) if passes else (theta, plateau)
    solved = sp.GreaterThan(A, theta * time) if passes else sp.GreaterThan(theta * time, A)
    start = (first - second) / (solved.lhs - solved.rhs)

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, height, floor = _draw(rng)
        edges = amplitude_window(filter_kernel(3, 100.0 / fast), Sawtooth(fast, slow), threshold=floor)
        ours = evaluate(theta * time, {tau_f: fast, tau_s: slow, theta: floor, A: height})
        return ours, edges[0 if passes else 1]

    return Equation(
        name, _PAPER, number, title,
        sp.Equivalent(sp.GreaterThan(first, second), solved), _meaning(A, tau_f if passes else tau_s, theta),
        (
            Step(start, "the two margins, one over the other"),
            Step(1 / time, "they differ by the ramp's duration, which is positive"),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_27() -> Equation:
    """The rise passes the threshold from A = theta tau_f on."""
    return _window("tcl-27", "27-28", "The rise passes: A/tau_f >= theta, solved for the amplitude", FAST, True)


@register
def tcl_28() -> Equation:
    """The fall is silent up to A = theta tau_s."""
    return _window("tcl-28", "27-28", "The fall is silent: theta >= A/tau_s, solved for the amplitude", SLOW, False)


@register
def tcl_9() -> Equation:
    """The speed-accuracy bound."""
    slack, gap = sp.symbols("x y", nonnegative=True)
    rest = sp.Symbol("z", positive=True)
    bound = tau_s / tau_f - _high / _low
    inside = {_high: tau_s * rest, _low: tau_f * (rest + slack + gap)}

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, _, floor = _draw(rng)
        opening, breakthrough = amplitude_window(filter_kernel(3, 100.0 / fast), Sawtooth(fast, slow), threshold=floor)
        # amplitudes inside the exact window: the gap that is left is what they leave unused of it
        low, high = opening * rng.uniform(1.0, 1.5, fast.size), breakthrough * rng.uniform(0.6, 1.0, fast.size)
        return evaluate(bound, {tau_f: fast, tau_s: slow, _low: low, _high: high}), breakthrough / opening - high / low

    return Equation(
        "tcl-9", _PAPER, "9", "Speed-accuracy bound: the dynamic range is at most tau_s/tau_f",
        sp.GreaterThan(tau_s / tau_f, _high / _low),
        _meaning(tau_f, tau_s) | _RANGE,
        (
            Step(bound, "what is left to the bound"),
            Step(
                bound.subs(inside),
                "A_max/tau_s = z = theta - x and A_min/tau_f = theta + y with x, y >= 0 (Eqs. 27, 28)",
                lambda e: e.subs(inside),
            ),
            Step(
                tau_s * (slack + gap) / (tau_f * (rest + slack + gap)),
                "on one denominator: zero only if theta touches both plateaus",
            ),
        ),
        compare,
    )  # fmt: skip


@register
def tcl_9_saturated() -> Equation:
    """The bound is reached by the threshold that touches both plateaus."""
    widest = sp.Symbol("R", positive=True)
    limits = [_high / tau_s - theta, _low / tau_f - theta]

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        fast, slow, _, floor = _draw(rng)
        opening, breakthrough = amplitude_window(filter_kernel(4, 100.0 / fast), Sawtooth(fast, slow), threshold=floor)
        return slow / fast, breakthrough / opening

    return Equation(
        "tcl-9-saturated", _PAPER, "28", "A threshold that touches both plateaus saturates the bound",
        sp.Eq(widest, tau_s / tau_f, evaluate=False),
        _meaning(tau_f, tau_s) | _RANGE | {widest: "dynamic range if the threshold touches both plateaus"},
        (
            Step(_high / _low, "dynamic range"),
            Step(
                tau_s / tau_f,
                "with A_max and A_min solved from A_max/tau_s = theta = A_min/tau_f",
                lambda e: e.subs(sp.solve(limits, [_high, _low], dict=True)[0]),
            ),
        ),
        compare,
    )  # fmt: skip


@register
def periodic_mode() -> Equation:
    """Periodic state of one exponential of a kernel under the sawtooth."""
    rate, start = sp.Symbol("lambda", positive=True), sp.Symbol("z_0", real=True)
    mode = sp.Function("z")(t)
    past = sp.Symbol("t'", nonnegative=True)
    fast, slow = FAST / rate, SLOW / rate

    def relaxed(initial: sp.Expr, plateau: sp.Expr, time: sp.Expr) -> sp.Expr:
        return plateau + (initial - plateau) * sp.exp(-rate * time)

    first = start * sp.exp(-rate * t) + sp.Integral(sp.exp(-rate * (t - past)) * FAST, (past, 0, t))
    closing = relaxed(relaxed(start, fast, tau_f), -slow, tau_s) - start
    corner = (1 - sp.exp(-rate * tau_s)) / (1 - sp.exp(-rate * (tau_f + tau_s)))
    result = fast - (fast + slow) * corner * sp.exp(-rate * t)

    def compare(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        length, long, height, _ = _draw(rng)
        decay, middle, part = rng.uniform(0.5, 5.0, 6), rng.uniform(1.0, 9.0, 6), rng.uniform(0.0, 1.0, 6)
        numbers = {t: part * length, rate: decay, tau_f: length, tau_s: long, A: height}
        time = part * length
        responses = [
            periodic_response(Kernel([1.0], [-decay[k]]), Sawtooth(length[k], long[k], middle[k]).signal(height[k]))
            for k in range(6)
        ]
        memory = np.array([response(time[k]) for k, response in enumerate(responses)])
        return evaluate(result, numbers), middle + height * (part - 0.5) - decay * memory

    return Equation(
        "periodic-mode", "thermo_cl", "", "Periodic state of one exponential mode, driven by ds/dt, on the rise",
        sp.Eq(mode, result, evaluate=False),
        _meaning(t, A, tau_f, tau_s) | {rate: "decay rate of the mode (1/time)"},
        (
            Step(first, "memory of the cycles before, z_0, and of this rise, under exp(-lambda t)"),
            Step(relaxed(start, fast, t), "the slope is constant", lambda e: e.doit()),
            Step(
                result,
                "z_0 must come back after the fall, which begins where the rise ends",
                lambda e: e.subs(start, sp.solve(closing, start)[0]),
            ),
        ),
        compare,
    )  # fmt: skip
