"""The motion along one straight ramp of the signal, step by step, so that its cost and its failures are seen."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.timescales import timescales

__all__ = ["METHODS", "Ramp", "advance"]

METHODS = ("LSODA", "Radau", "BDF")
_BEYOND = 1e50  # a state that runs away
_FINEST_TIME = 1e-13  # timescale, over the length of a ramp, that its times still resolve


@dataclass(frozen=True, eq=False)
class Ramp:
    """The motion while the signal goes straight from one value to another.

    Attributes
    ----------
    times : ndarray, shape (k + 1,)
        Of the integrator's own steps, from 0 to the ramp's length.
    signals : tuple of float
        At both ends.
    start, end : ndarray, shape (n,)
    pieces : tuple of callable
        The integrator's interpolant on each step, from local time to deviations from ``origin``.
    origin : ndarray, shape (n,)
    """

    times: FloatArray
    signals: tuple[float, float]
    start: FloatArray
    end: FloatArray
    pieces: tuple[Callable[[FloatArray], FloatArray], ...]
    origin: FloatArray

    def signal(self, local: FloatArray) -> FloatArray:
        """Signal at local times."""
        first, last = self.signals
        return np.asarray(first + (last - first) * (local / self.times[-1]))

    def states(self, local: FloatArray) -> FloatArray:
        """States at increasing local times of shape (m,), shape (m, n)."""
        which = np.clip(np.searchsorted(self.times, local, side="right") - 1, 0, len(self.pieces) - 1)
        found = np.empty((local.size, self.origin.size))
        for k in np.unique(which):
            here = which == k
            found[here] = self.on_step(int(k), local[here])
        return found

    def on_step(self, k: int, local: FloatArray) -> FloatArray:
        """States at local times of shape (m,) on one of the integrator's steps, shape (m, n)."""
        return self.origin + np.asarray(self.pieces[k](np.asarray(local))).T


def advance(
    controller: NonlinearController,
    start: FloatArray,
    first: float,
    last: float,
    length: float,
    *,
    rtol: float,
    atol: FloatArray,
    origin: FloatArray | None = None,
    method: str = "LSODA",
    max_steps: int = 20_000,
) -> Ramp:
    """Follow the motion while the signal goes straight from ``first`` to ``last`` in a time ``length``.

    Tolerances are those of the deviation from ``origin``, so that small responses keep their digits.

    Raises
    ------
    StiffnessError
        If the integrator fails or needs more steps than allowed; the message names the timescales.
    ConvergenceError
        If the state leaves the finite range.
    """
    centre = np.zeros(controller.dimension) if origin is None else origin
    slope = (last - first) / length
    known = timescales(controller, start, first)
    if known is not None and known.fastest < _FINEST_TIME * length:
        raise StiffnessError(
            f"the motion of {controller!r} cannot be followed along a ramp of length {length:.4g}: {known}, too short "
            "for the times of the ramp to resolve. Replace the fast variable by its value at rest, or shorten the ramp",
            known.fastest, known.slowest,
        )  # fmt: skip
    integrator = _integrator(method)(
        lambda t, y: controller.rate(centre + y, first + slope * t),
        0.0, np.asarray(start - centre, dtype=float), length, rtol=rtol, atol=atol,
        jac=None if controller.jacobian is None else lambda t, y: controller.jacobian_at(centre + y, first + slope * t),
    )  # fmt: skip
    times, pieces = [0.0], []
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", UserWarning)  # the reason of a failure is told by the error instead
        while integrator.status == "running":
            message = integrator.step()
            state = centre + integrator.y
            if not (np.abs(state) < _BEYOND).all():
                raise _left(controller, state, times[-1], length)
            if integrator.status == "failed":
                why = str(message)
                raise _cannot_follow(controller, state, first + slope * integrator.t, integrator.t, length, method, why)
            times.append(float(integrator.t))
            pieces.append(integrator.dense_output())
            if len(pieces) >= max_steps and integrator.status == "running":
                why = f"it has taken {max_steps} steps without coming to the end"
                raise _cannot_follow(controller, state, first + slope * integrator.t, integrator.t, length, method, why)
    return Ramp(np.array(times), (first, last), np.asarray(start), state, tuple(pieces), centre)


def _integrator(method: str) -> Any:
    if method not in METHODS:
        raise InvalidParameterError("method", method, f"one of {', '.join(METHODS)}")
    import scipy.integrate

    return getattr(scipy.integrate, method)


def _left(controller: NonlinearController, state: FloatArray, t: float, length: float) -> ConvergenceError:
    if np.isnan(state).any():
        return ConvergenceError(
            f"the motion of {controller!r} is not a number after {t:.4g} of a ramp of length {length:.4g}: the "
            "equations are not defined there, as a root or a logarithm below 0. Lower the amplitude of the signal"
        )
    return ConvergenceError(
        f"the state of {controller!r} left the finite range after {t:.4g} of a ramp of length {length:.4g}. The "
        "equations have no bounded motion here: lower the amplitude of the signal, or check the signs of the feedback"
    )


def _cannot_follow(
    controller: NonlinearController, state: FloatArray, s: float, t: float, length: float, method: str, why: str
) -> StiffnessError:
    known = timescales(controller, state, s)
    size = ", ".join(f"{name} = {value:.4g}" for name, value in zip(controller.names, state, strict=True))
    return StiffnessError(
        f"{method} cannot follow the motion of {controller!r} along a ramp of length {length:.4g}: at {t:.6g} {why}. "
        f"There {known or 'the motion has no finite derivative'}, and {size}. "
        "Replace the fastest variable by its value at rest, try another method, a larger rtol or more max_steps",
        known.fastest if known else 0.0, known.slowest if known else 0.0,
    )  # fmt: skip
