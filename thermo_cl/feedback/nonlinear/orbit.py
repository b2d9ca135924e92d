"""Motion over whole periods of a signal, and the periodic state by Newton's method on the map over one period."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import ConvergenceError, StiffnessError
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.flow import Ramp, advance
from thermo_cl.kernels import PeriodicSignal

__all__ = ["Orbit", "Tolerances", "follow", "linear_corners", "periodic_orbit"]

_MOST_ROUNDS = 40
_NEUTRAL = 1e-6  # of a multiplier's distance from 1
_DIFFERENCE = 6e-6  # cube root of the rounding unit


@dataclass(frozen=True, eq=False)
class Tolerances:
    """How a motion is to be followed: relative and absolute (n,) tolerance of deviations from ``origin`` (n,)."""

    rtol: float
    atol: FloatArray
    origin: FloatArray
    method: str
    max_steps: int


@dataclass(frozen=True, eq=False)
class Orbit:
    """A periodic state.

    Attributes
    ----------
    ramps : tuple of Ramp
    multipliers : ndarray of complex, shape (n,)
        Factors by which deviations change over one period.
    error : float
        Estimated error of the state, over the largest deviation of each variable.
    """

    ramps: tuple[Ramp, ...]
    multipliers: ComplexArray
    error: float


def follow(
    controller: NonlinearController, signal: PeriodicSignal, start: FloatArray, how: Tolerances
) -> tuple[Ramp, ...]:
    """Motion over one period, one ramp for each straight piece of the signal: the integrator restarts at corners."""
    ramps: list[Ramp] = []
    state = start
    for length, first, last in zip(np.diff(signal.times), signal.values[:-1], signal.values[1:], strict=True):
        ramps.append(
            advance(
                controller, state, float(first), float(last), float(length), rtol=how.rtol, atol=how.atol,
                origin=how.origin, method=how.method, max_steps=how.max_steps,
            )
        )  # fmt: skip
        state = ramps[-1].end
    return tuple(ramps)


def periodic_orbit(
    controller: NonlinearController, signal: PeriodicSignal, start: FloatArray, how: Tolerances
) -> Orbit:
    r"""Periodic state by Newton's method on x -> P(x), the state one period later.

    The derivative of P is the product of exp(h J) over the integrator's steps, J the Jacobian in their middles: right
    to second order, which is enough to converge. Where a Newton step makes P(x) - x larger, one period is waited.

    Raises
    ------
    ConvergenceError
        If no periodic state is found, or the one found is unstable.
    StiffnessError
        As ``advance``.
    """
    ramps = follow(controller, signal, start, how)
    best, residual, correction = start, np.inf, np.inf
    waited: FloatArray | None = None
    for _ in range(_MOST_ROUNDS):
        ahead = ramps[-1].end - ramps[0].start
        size = np.maximum(_largest(ramps, how.origin), how.atol / how.rtol)
        now = float(np.max(np.abs(ahead) / size))
        if waited is not None and not now < residual:
            ramps, waited = follow(controller, signal, waited, how), None
            best, residual = ramps[0].start, np.inf
            continue
        product = _derivative(controller, ramps)
        try:
            step = np.linalg.solve(np.eye(controller.dimension) - product, ahead)
        except np.linalg.LinAlgError:
            step = ahead
        before, correction = correction, float(np.max(np.abs(step) / size))
        close = now <= 10.0 * how.rtol
        if close and (correction <= 10.0 * how.rtol or correction > 0.5 * before):
            multipliers = np.linalg.eigvals(product).astype(complex)
            _require_stable(multipliers, float(signal.period))
            return Orbit(ramps, multipliers, correction)
        best, residual, waited = ramps[0].start, now, ramps[-1].end
        proposal = np.maximum(best + step, np.minimum(controller.lowest, best))
        try:
            ramps = follow(controller, signal, proposal, how)
        except (ConvergenceError, StiffnessError):
            ramps, waited = follow(controller, signal, waited, how), None
            residual = np.inf
    raise ConvergenceError(
        f"no periodic state of {controller!r} was found: after {_MOST_ROUNDS} periods the state still changes by "
        f"{residual:.2g} of its range over a period. Start from the periodic state of a smaller amplitude (start=), or "
        "follow the motion from rest (periods=) to see what it does"
    )


def _largest(ramps: Sequence[Ramp], origin: FloatArray) -> FloatArray:
    """Largest deviation of each variable at the integrator's steps, shape (n,)."""
    found = [np.abs(ramp.states(ramp.times) - origin).max(axis=0) for ramp in ramps]
    return np.asarray(np.max(found, axis=0))


def _derivative(controller: NonlinearController, ramps: Sequence[Ramp]) -> FloatArray:
    """Derivative of the state at the end of a period by that at its start, shape (n, n)."""
    import scipy.linalg

    product = np.eye(controller.dimension)
    for ramp in ramps:
        middles = 0.5 * (ramp.times[1:] + ramp.times[:-1])
        pairs = zip(ramp.states(middles), ramp.signal(middles), strict=True)
        slopes = np.stack([_rough_jacobian(controller, x, float(s)) for x, s in pairs])
        for factor in scipy.linalg.expm(slopes * np.diff(ramp.times)[:, None, None]):
            product = factor @ product
    return product


def _rough_jacobian(controller: NonlinearController, x: FloatArray, s: float) -> FloatArray:
    """Jacobian, by one central difference if none was given."""
    if controller.jacobian is not None:
        return controller.jacobian_at(x, s)
    columns = []
    for k, step in enumerate(_DIFFERENCE * controller.scale(x)):
        ahead, behind = x.copy(), x.copy()
        ahead[k] += step
        behind[k] -= step
        columns.append((controller.rate(ahead, s) - controller.rate(behind, s)) / (ahead[k] - behind[k]))
    return np.stack(columns, axis=1)


def _require_stable(multipliers: ComplexArray, period: float) -> None:
    worst = complex(multipliers[np.argmax(np.abs(multipliers))])
    if abs(worst) <= 1.0 + _NEUTRAL:
        return
    if worst.imag:
        fate = f"turning by {abs(np.angle(worst)):.3g} rad a period, so that it comes to drift around another state"
    else:
        fate = "alternating in sign, so that the period doubles" if worst.real < 0 else "away from it on one side"
    raise ConvergenceError(
        f"the periodic state under a signal of period {period:.4g} is unstable: deviations grow by "
        f"{abs(worst):.4g} in each period, {fate}. Lower the amplitude, or follow the motion from rest (periods=)"
    )


def linear_corners(
    state_matrix: FloatArray, input_vector: FloatArray, signal: PeriodicSignal, about: float
) -> tuple[FloatArray, FloatArray]:
    """Linear deviations in the periodic state: at the start, shape (n,), and their largest size at corners and middles.

    The straight signal is two more states, so that each half ramp is one matrix exponential.
    """
    import scipy.linalg

    n = input_vector.size
    flows = []
    for length, slope in zip(np.diff(signal.times), signal.slopes, strict=True):
        whole = np.zeros((n + 2, n + 2))
        whole[:n, :n], whole[:n, n], whole[n, n + 1] = state_matrix, input_vector, slope
        flows += [scipy.linalg.expm(0.5 * length * whole)] * 2
    start = np.concatenate([np.zeros(n), [float(signal.values[0]) - about, 1.0]])
    product, end = np.eye(n), start
    for flow in flows:
        end, product = flow @ end, flow[:n, :n] @ product
    state = start
    state[:n] = np.linalg.solve(np.eye(n) - product, end[:n])
    first, largest = state[:n].copy(), np.abs(state[:n])
    for flow in flows:
        state = flow @ state
        largest = np.maximum(largest, np.abs(state[:n]))
    return first, largest
