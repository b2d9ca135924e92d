"""The full response to a periodic signal, beside the linear prediction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import ComplexArray, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.nonlinear import orbit as orbits
from thermo_cl.feedback.nonlinear.controller import NonlinearController
from thermo_cl.feedback.nonlinear.flow import METHODS, Ramp
from thermo_cl.feedback.nonlinear.rest import OperatingPoint, operating_point
from thermo_cl.feedback.nonlinear.small_signal import linearised
from thermo_cl.kernels import Kernel, PeriodicSignal, periodic_response

__all__ = ["DrivenResponse", "driven_response"]

_NOISE = 1e-14  # deviations over the states' scales that rounding of the equations leaves
_TIGHTEST = 1e-12


@dataclass(frozen=True, eq=False)
class DrivenResponse:
    """Response of a controller to a periodic signal; arrays over m times.

    Attributes
    ----------
    point : OperatingPoint
        Rest under the mean signal, about which the prediction is linear.
    kernel : Kernel
        Of small signals, there.
    signal : PeriodicSignal
    times : ndarray, shape (m,)
        From 0, so many on each ramp, corners included; one period, or the periods asked for.
    signals, output, linear : ndarray, shape (m,)
        Signal, output and its linear prediction.
    states : ndarray, shape (m, n)
    multipliers : ndarray of complex, shape (n,), or None
        Factors by which deviations from the periodic state change over a period; None for a motion from a start.
    error : float
        Of the periodic state, estimated, over the largest deviation of each variable; 0 for a motion from a start.
    ramps : tuple of Ramp
        The motion as the integrator found it.
    """

    point: OperatingPoint
    kernel: Kernel
    signal: PeriodicSignal
    times: FloatArray
    signals: FloatArray
    output: FloatArray
    linear: FloatArray
    states: FloatArray
    multipliers: ComplexArray | None
    error: float
    ramps: tuple[Ramp, ...]

    @property
    def difference(self) -> FloatArray:
        """Output less its linear prediction, shape (m,)."""
        return self.output - self.linear

    @property
    def periods(self) -> int:
        """Periods that the response covers."""
        return len(self.ramps) // (self.signal.times.size - 1)

    @property
    def steps(self) -> int:
        """Steps that the integrator took."""
        return sum(len(ramp.pieces) for ramp in self.ramps)

    def __call__(self, t: ArrayLike) -> FloatArray:
        """Output at any times of the response; a periodic state goes on for ever."""
        time = check.finite("t", t)
        end = self.times[-1]
        outside = (time < 0.0) | (time > end)
        if self.multipliers is not None:
            time = np.mod(time, end)
        elif outside.any():
            raise InvalidParameterError(
                "t", float(time[outside].flat[0]), f"between 0 and {end:g}, which the motion covers"
            )
        flat, starts = time.ravel(), np.cumsum([0.0] + [ramp.times[-1] for ramp in self.ramps])
        which = np.clip(np.searchsorted(starts, flat, side="right") - 1, 0, len(self.ramps) - 1)
        values = np.empty(flat.shape)
        for k in np.unique(which):
            here, ramp = which == k, self.ramps[k]
            local = np.minimum(flat[here] - starts[k], ramp.times[-1])
            values[here] = self.point.controller.outputs(ramp.states(local), ramp.signal(local))
        return values.reshape(time.shape)[()]


def driven_response(
    controller: NonlinearController,
    signal: PeriodicSignal,
    periods: int | None = None,
    *,
    about: float | None = None,
    start: ArrayLike | None = None,
    guess: ArrayLike | None = None,
    rtol: float = 1e-9,
    method: str = "LSODA",
    samples: int = 200,
    max_steps: int = 20_000,
) -> DrivenResponse:
    r"""Full response to a periodic piecewise-linear signal, beside the response of the small-signal kernel.

    By default the periodic state, by Newton's method on the map over one period from the linear prediction, so that
    slow modes need not be waited for; with ``periods`` the motion from a start. The integrator restarts at every
    corner. Of several periodic states the one found is that which grows out of the linear one.

    Parameters
    ----------
    controller : NonlinearController
    signal : PeriodicSignal
        A single one, for instance ``Sawtooth(...).signal(amplitude)``.
    periods : int, optional
        Follow so many periods from ``start`` instead.
    about : float, optional
        Constant signal of the operating point; the mean over time by default.
    start : array_like, shape (n,), optional
        State at time 0: where the motion begins (at rest by default), or a guess of the periodic state.
    guess : array_like, shape (n,), optional
        For the operating point.
    rtol : float, optional
        Of each step, relative to the deviations from rest; 1e-12 to 1e-2. The response is right to some 100 times that.
    method : str, optional
        "LSODA", "Radau" or "BDF". The interpolants of the others cost digits: prefer LSODA where it works.
    samples : int, optional
        Intervals on each ramp of the signal between the times returned.
    max_steps : int, optional
        Of the integrator, on each ramp.

    Returns
    -------
    DrivenResponse

    Raises
    ------
    StiffnessError
        If the integrator fails or takes too many steps; it names the fastest and the slowest timescale.
    ConvergenceError
        If there is no stable state of rest or stable periodic state near, or the state leaves the finite range.
    InvalidParameterError
        For a batch of signals, or if a state falls below its lowest value; for a term of the kernel too slow for its
        periodic response (see ``periodic_response``).

    Examples
    --------
    >>> from thermo_cl import Sawtooth
    >>> from thermo_cl.feedback.nonlinear import saturated_integral_feedback
    >>> protocol = Sawtooth(fast=20.0, slow=100.0, mean=2.0)
    >>> response = driven_response(saturated_integral_feedback(), protocol.signal(0.1))
    >>> float(abs(response.difference).max() / abs(response.linear - response.point.output).max()) < 0.1
    True
    """
    if not isinstance(signal, PeriodicSignal) or signal.times.ndim != 1 or signal.values.ndim != 1:
        raise InvalidParameterError(
            "signal", signal, "a single PeriodicSignal, for instance protocol.signal(amplitude)"
        )
    accuracy = check.positive_number("rtol", rtol)
    if not _TIGHTEST <= accuracy <= 1e-2:
        raise InvalidParameterError("rtol", rtol, f"from {_TIGHTEST:g} to 0.01")
    if method not in METHODS:
        raise InvalidParameterError("method", method, f"one of {', '.join(METHODS)}")
    count = None if periods is None else check.integer_at_least("periods", periods, 1)
    fine, most = check.integer_at_least("samples", samples, 1), check.integer_at_least("max_steps", max_steps, 10)
    mean = float(np.sum(np.diff(signal.times) * (signal.values[1:] + signal.values[:-1])) / (2.0 * signal.period))
    centre = mean if about is None else check.single("about", check.finite("about", about))
    point = operating_point(controller, centre, guess)
    model = linearised(point)
    kernel = model.kernel()
    first, size = orbits.linear_corners(model.state_matrix, model.input_vector, signal, centre)
    how = orbits.Tolerances(
        accuracy, np.maximum(accuracy * size, _NOISE * controller.scale(point.state)), point.state, method, most
    )
    if start is not None:
        begin = controller.checked_state("start", start)
    else:
        begin = np.maximum(point.state + first, controller.lowest) if count is None else point.state
    multipliers, error = None, 0.0
    ramps: tuple[Ramp, ...] = ()
    if count is None:
        found = orbits.periodic_orbit(controller, signal, begin, how)
        ramps, multipliers, error = found.ramps, found.multipliers, found.error
    else:
        for _ in range(count):
            ramps += orbits.follow(controller, signal, ramps[-1].end if ramps else begin, how)
    _require_allowed(controller, ramps)
    times, signals, states = _sampled(ramps, fine)
    output = controller.outputs(states, signals)
    if not np.isfinite(output).all():
        k = int(np.argmin(np.isfinite(output)))
        raise InvalidParameterError(
            "signal", f"one under which the output is {output[k]} at x = {states[k].tolist()}, s = {signals[k]:g}",
            "such that the output stays defined: a smaller amplitude",
        )  # fmt: skip
    shifted = PeriodicSignal(signal.times, signal.values - centre)
    linear = point.output + np.asarray(periodic_response(kernel, shifted)(times))
    if count is not None:
        linear = linear + _decaying(model.state_matrix, model.output_vector, begin - point.state - first, times)
    return DrivenResponse(
        point, kernel, signal, times, signals, output, linear, states, multipliers, error, ramps,
    )  # fmt: skip


def _sampled(ramps: tuple[Ramp, ...], samples: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Times, signals and states at so many intervals of each ramp, corners once."""
    fractions, begin = np.linspace(0.0, 1.0, samples + 1), 0.0
    times, signals, states = [], [], []
    for k, ramp in enumerate(ramps):
        local = fractions[: None if k == len(ramps) - 1 else -1] * ramp.times[-1]
        times.append(begin + local)
        signals.append(ramp.signal(local))
        states.append(ramp.states(local))
        begin += ramp.times[-1]
    return np.concatenate(times), np.concatenate(signals), np.concatenate(states)


def _decaying(matrix: FloatArray, output: FloatArray, start: FloatArray, times: FloatArray) -> FloatArray:
    """Output of a linear deviation that decays, C exp(A t) x, shape (m,)."""
    import scipy.linalg

    state, found = start, []
    for step in np.diff(times, prepend=0.0):
        state = scipy.linalg.expm(matrix * step) @ state
        found.append(output @ state)
    return np.array(found)


def _require_allowed(controller: NonlinearController, ramps: tuple[Ramp, ...]) -> None:
    for ramp in ramps:
        states = ramp.states(ramp.times)
        below = states < controller.lowest - 1e-6 * np.abs(states).max(axis=0)
        if below.any():
            i, k = np.argwhere(below)[0]
            raise InvalidParameterError(
                "signal", f"one under which {controller.names[k]} falls to {states[i, k]:.6g}",
                f"such that it stays at or above {controller.lowest[k]:g}: a smaller amplitude or slower ramps",
            )  # fmt: skip
