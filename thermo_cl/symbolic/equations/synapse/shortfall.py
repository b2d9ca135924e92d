"""Kernels of finite speed: the correction to the update in tau_K/tau_f, and why Fig. 8 lies below 1.

A kernel of area 0 and first moment -1 reports the slope as it was a random delay ago. Its remaining response R(t) after
a corner is the chance that the delay exceeds t, and decides how much of an update is lost.
"""

from __future__ import annotations

import numpy as np
import sympy as sp
from scipy.special import gammainccinv

from thermo_cl._types import FloatArray
from thermo_cl.kernels import chemotaxis_kernel, periodic_response
from thermo_cl.symbolic.equation import Equation, Step
from thermo_cl.symbolic.equations.synapse.protocol import (
    FAST,
    MEANING,
    SLOW,
    A,
    b,
    draw_fast,
    filter_kernel,
    integrated,
    library_update,
    n,
    passed,
    t,
    tau_f,
    tau_s,
    theta,
)
from thermo_cl.symbolic.evaluate import evaluate
from thermo_cl.symbolic.registry import register
from thermo_cl.synapse import Sawtooth, update_slope

_SUM = FAST + SLOW  # jump of the slope at a corner
_lost, _late = sp.symbols("t_c t_d", positive=True)
_update = sp.Symbol("Delta_w", real=True)
_past = sp.Symbol("t'", positive=True)  # integrals of powers and incomplete gamma functions need the sign of time
_PROTOCOL = {s: MEANING[s] for s in (A, tau_f, tau_s, theta, b)}
_CROSSINGS = {
    n: MEANING[n],
    _lost: "time at which the rise passes the threshold, R(t_c) = (A/tau_f - theta)/(A/tau_f + A/tau_s) (time)",
    _late: "time at which the fall drops below it, R(t_d) = (theta + A/tau_s)/(A/tau_f + A/tau_s) (time)",
    _update: "weight update of a cycle, up to exp(-b tau_f) (signal)",
}


def _gamma_tail(order: sp.Expr, x: sp.Expr) -> sp.Expr:
    """Remaining response of equal filters: upper incomplete gamma function over its whole."""
    return sp.uppergamma(order, x) / sp.gamma(order)


def _height(time: sp.Expr) -> sp.Expr:
    """Time t of a crossing times the delay density there, over b: what it costs per jump of the slope."""
    return (b * time) ** n * sp.exp(-b * time) / (b * sp.gamma(n))


@register
def ramp_transient() -> Equation:
    """Response on the rise after a long fall, chemotaxis kernel."""
    time, begin = sp.Symbol("t", positive=True), sp.Symbol("s_0", real=True)
    kernel = sp.expand(b**3 * (_past - b * _past**2 / 2) * sp.exp(-b * _past))
    start = sp.Integral(kernel * (begin + FAST * (time - _past)), (_past, 0, time))
    start += sp.Integral(kernel * (begin - SLOW * (time - _past)), (_past, time, sp.oo))
    result = FAST - _SUM * (1 + b * time + (b * time) ** 2 / 2) * sp.exp(-b * time)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        numbers = draw_fast(rng)
        numbers[time] = rng.uniform(0.0, 10.0, 4) / numbers[b]
        library = [
            periodic_response(chemotaxis_kernel(0.0, numbers[b][k]), protocol.signal(numbers[A][k]))(numbers[time][k])
            for k, protocol in enumerate(map(Sawtooth, numbers[tau_f], numbers[tau_s]))
        ]
        return evaluate(result, numbers), np.array(library)

    return Equation(
        "ramp-transient", "thermo_cl", "", "Response after a corner: A/tau_f - (A/tau_f + A/tau_s) R(t)",
        sp.Eq(sp.Function("u")(time), result, evaluate=False),
        {s: MEANING[s] for s in (A, tau_f, tau_s, b)} | {time: MEANING[t]},
        (
            Step(start, "chemotaxis kernel (Eqs. 32, 33) on the rise for t, and on a long fall before"),
            Step(result, "exponential integrals", integrated),
        ),
        compare,
    )  # fmt: skip


def _mean_delay() -> sp.Expr:
    """First moment of the gamma density: the whole integral of the remaining response."""
    return sp.Integral(_past * b * (b * _past) ** (n - 1) * sp.exp(-b * _past) / sp.gamma(n), (_past, 0, sp.oo))


def _losses() -> tuple[sp.Expr, sp.Expr]:
    """Update with equal filters: as integrals up to the crossings, and in closed form for any crossings."""
    remaining = _gamma_tail(n, b * _past)
    start = A - FAST * _lost - _SUM * (_mean_delay() - sp.Integral(remaining, (_past, 0, _lost)))
    start += -SLOW * _late + _SUM * sp.Integral(remaining, (_past, 0, _late))

    def area(time: sp.Expr) -> sp.Expr:
        return time * _gamma_tail(n, b * time) + (1 - _gamma_tail(n, b * time)) * n / b - _height(time)

    return start, A - FAST * _lost - _SUM * (n / b - area(_lost)) - SLOW * _late + _SUM * area(_late)


def _conditions() -> dict[sp.Expr, sp.Expr]:
    """Incomplete gamma functions at the two crossings."""
    below, above = (FAST - theta) / _SUM, (SLOW + theta) / _SUM
    return {sp.uppergamma(n, b * _lost): sp.gamma(n) * below, sp.uppergamma(n, b * _late): sp.gamma(n) * above}


def _crossings(numbers: dict[sp.Symbol, FloatArray], filters: int) -> dict[sp.Symbol, FloatArray]:
    """The numbers, and the crossings for a count of filters."""
    fast, slow = numbers[A] / numbers[tau_f], numbers[A] / numbers[tau_s]
    below, above = (fast - numbers[theta]) / (fast + slow), (slow + numbers[theta]) / (fast + slow)
    order = np.full(fast.shape, float(filters))
    times = {_lost: gammainccinv(order, below) / numbers[b], _late: gammainccinv(order, above) / numbers[b]}
    return numbers | {n: order} | times


@register
def update_shortfall() -> Equation:
    """First and only correction, for a family of kernels and any threshold."""
    start, closed = _losses()
    result = A - theta * (_lost - _late) - _SUM * (_height(_lost) + _height(_late))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        ours, library = [], []
        for filters in (2, 3, 5):
            numbers = _crossings(draw_fast(rng), filters)
            ours.append(numbers[A] - evaluate(result, numbers))  # the loss itself: a stricter comparison
            library.append(numbers[A] - library_update(filter_kernel(filters, numbers[b]), numbers))
        return np.array(ours), np.array(library)

    return Equation(
        "update-shortfall", "thermo_cl", "",
        "Correction to the update in tau_K, for n equal filters (chemotaxis: n = 3) and any threshold",
        sp.Eq(_update, result, evaluate=False), _PROTOCOL | _CROSSINGS,
        (
            Step(start, "lost before t_c and on the approach after it, won until t_d; R(t) = Gamma(n, bt)/Gamma(n)"),
            Step(closed, "integrals of incomplete gamma functions", lambda e: e.doit()),
            Step(result, "the response equals theta at both crossings", lambda e: e.subs(_conditions())),
        ),
        compare,
    )  # fmt: skip


@register
def update_shortfall_median() -> Equation:
    """With the threshold midway the loss is the spread of the delay."""
    centre = sp.Symbol("t_m", positive=True)
    # E|T - t_m| = E[T] - t_m + 2 E[max(t_m - T, 0)], and the last is t_m less the integral of R up to it
    spread = _mean_delay() + centre - 2 * sp.Integral(_gamma_tail(n, b * _past), (_past, 0, centre))
    tail = _gamma_tail(n, b * centre)
    half = centre * (1 - tail) - (1 - tail) * n / b + _height(centre)
    result = 2 * _height(centre)
    loss = sp.Symbol("delta", positive=True)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        ours, library = [], []
        for filters in (2, 3, 4):
            numbers = draw_fast(rng)
            fast, slow = numbers[A] / numbers[tau_f], numbers[A] / numbers[tau_s]
            numbers[theta] = 0.5 * (fast - slow)
            order = np.full(4, float(filters))
            ours.append(evaluate(result, {b: numbers[b], n: order, centre: gammainccinv(order, 0.5) / numbers[b]}))
            library.append((numbers[A] - library_update(filter_kernel(filters, numbers[b]), numbers)) / (fast + slow))
        return np.array(ours), np.array(library)

    return Equation(
        "update-shortfall-median", "thermo_cl", "",
        "Threshold midway, tau_s > 3 tau_f: A - Delta_w is A/tau_f + A/tau_s times the delay's mean deviation",
        sp.Eq(loss, result, evaluate=False),
        {
            loss: "mean deviation of the kernel's delay from its median, (A - Delta_w)/(A/tau_f + A/tau_s) (time)",
            centre: "median delay, R(t_m) = 1/2, the time of both crossings (time)", b: MEANING[b], n: MEANING[n],
        },
        (
            Step(spread, "mean absolute deviation of a gamma-distributed delay from t_m"),
            Step(n / b - centre + 2 * half, "integrals of incomplete gamma functions", lambda e: e.doit()),
            Step(result, "t_m is the median; update-shortfall gives the same with t_c = t_d = t_m",
                 lambda e: e.subs(sp.uppergamma(n, b * centre), sp.gamma(n) / 2)),
        ),
        compare,
    )  # fmt: skip


@register
def update_below_ideal() -> Equation:
    """A kernel with a remaining response between 0 and 1 loses at every moment of both ramps.

    Integrated from 0 to tau_f it is A less the update, if the fall is silent after tau_f: a kernel so fast, or theta
    so high, that it is. For slower kernels this is not a statement about the whole update.
    """
    fast, slow, odds = sp.symbols("p q x", positive=True)
    remaining = 1 / (1 + odds)

    rise, fall = fast - (fast + slow) * remaining, (fast + slow) * remaining - slow
    gap = fast - passed(rise) - passed(fall)

    def cases(expression: sp.Expr) -> sp.Expr:
        return sp.Piecewise(*((sp.factor(sp.together(e)), c) for e, c in sp.piecewise_fold(expression).args))

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        numbers = draw_fast(rng)
        time = rng.uniform(0.0, 8.0, 4) / numbers[b]
        ours, library = [], []
        for k in range(4):
            p, q, floor = numbers[A][k] / numbers[tau_f][k], numbers[A][k] / numbers[tau_s][k], numbers[theta][k]
            x = numbers[b][k] * time[k]
            left = (1.0 + x + 0.5 * x**2) * np.exp(-x)
            ours.append(evaluate(gap, {fast: p, slow: q, odds: 1.0 / left - 1.0, theta: floor}))
            protocol = Sawtooth(numbers[tau_f][k], numbers[tau_s][k])
            response = periodic_response(chemotaxis_kernel(0.0, numbers[b][k]), protocol.signal(numbers[A][k]))
            u = np.array([response(time[k]), response(numbers[tau_f][k] + time[k])])
            library.append(p - np.sum(np.where(np.abs(u) >= floor, u, 0.0)))
        return np.array(ours), np.array(library)

    return Equation(
        "update-below-ideal", "thermo_cl", "",
        "With 0 < R < 1 rise and fall give less than the ideal rate, at any threshold (why Fig. 8 lies below 1)",
        sp.StrictGreaterThan(fast, passed(rise) + passed(fall)),
        {
            fast: "steepness of the rise, A/tau_f (signal/time)", slow: "steepness of the fall, A/tau_s (signal/time)",
            odds: "1/R(t) - 1, positive while 0 < R(t) < 1, a time t after the rise and after the fall began (1)",
            theta: MEANING[theta],
        },
        (
            Step(gap, "ideal rate less what rise and fall give, t < tau_f after their corners"),
            Step(
                cases(gap),
                "(p + q) R if the rise alone passes, (p + q)(1 - R) if the fall does, q if both, p if none: positive",
                cases,
            ),
        ),
        compare,
    )  # fmt: skip


@register
def threshold_cost() -> Equation:
    """Raising the threshold loses accuracy."""
    crossing = [sp.Function(name)(theta) for name in ("t_c", "t_d")]
    names = dict(zip((_lost, _late), crossing, strict=True))
    rate = sp.Symbol("w'", real=True)
    start = _losses()[1].subs(names)
    levels = {crossing[0]: (FAST - theta) / _SUM, crossing[1]: (SLOW + theta) / _SUM}

    def implicit(expression: sp.Expr) -> sp.Expr:
        slopes = {
            x.diff(theta): sp.solve(sp.diff(_gamma_tail(n, b * x) - level, theta), x.diff(theta))[0]
            for x, level in levels.items()
        }
        return expression.doit().subs(slopes).subs(
            {sp.uppergamma(n, b * x): sp.gamma(n) * level for x, level in levels.items()}
        ).subs({x: s for s, x in names.items()})  # fmt: skip

    result = -theta / _SUM * (_lost / _height(_lost) + _late / _height(_late)) / b
    total = sp.Derivative(start, theta)

    def compare(rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
        ours, library = [], []
        for filters in (2, 3, 4):
            numbers = draw_fast(rng)
            ours.append(evaluate(result, _crossings(numbers, filters)))
            protocol, kernel = Sawtooth(numbers[tau_f], numbers[tau_s]), filter_kernel(filters, numbers[b])
            slope = update_slope(kernel, protocol, numbers[A][:, None], threshold=numbers[theta])[:, 0]
            # the update is homogeneous in amplitude and threshold (Euler)
            library.append((library_update(kernel, numbers) - numbers[A] * slope) / numbers[theta])
        return np.array(ours), np.array(library)

    return Equation(
        "threshold-cost", "thermo_cl", "",
        "The update falls with the threshold: the lowest admissible one is the most exact",
        sp.Eq(rate, result, evaluate=False),
        _PROTOCOL
        | {s: _CROSSINGS[s] for s in (n, _lost, _late)}
        | {rate: "derivative of the update with respect to the threshold (time)"},
        (
            Step(total, "derivative of update-shortfall, both crossings moving"),
            Step(result, "crossings move as R(t_c) and R(t_d) say", implicit),
        ),
        compare,
    )  # fmt: skip
