"""The full response of the molecular synapse to sawtooths of its monomers, beside what its kernel predicts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError
from thermo_cl.feedback.molecular.dimer import DimerSynapse
from thermo_cl.feedback.reactions import ReactionNetwork, TimeCourse, integrate
from thermo_cl.feedback.reactions.ode import Signal
from thermo_cl.kernels import PeriodicSignal, periodic_response
from thermo_cl.synapse import Sawtooth

__all__ = ["DimerResponse", "dimer_response", "follow_monomers", "periodic_course"]

_CYCLES = 200  # at most, before a periodic state
_REPEATS = 1e-8  # relative change of a cycle within which it is periodic


@dataclass(frozen=True, eq=False)
class DimerResponse:
    """One cycle in the periodic state.

    Attributes
    ----------
    times : ndarray, shape (t,)
        From 0 to the period, in s.
    signal : ndarray, shape (t,)
        s = [A][B] in uM^2.
    output, predicted : ndarray, shape (t,)
        u = D* - D*_rest in uM: of the full equations, and by the small-signal kernel.
    course : TimeCourse
        Concentrations of all species.
    """

    times: FloatArray
    signal: FloatArray
    output: FloatArray
    predicted: FloatArray
    course: TimeCourse


def dimer_response(
    synapse: DimerSynapse, protocol: Sawtooth, amplitude: float, *, points: int = 401, rtol: float = 1e-10
) -> DimerResponse:
    """Periodic response to a sawtooth of the signal about the synapse's mean signal.

    Monomer A carries the sawtooth, B is at ``partner``. The protocol's own mean is added to the mean signal.

    Parameters
    ----------
    synapse : DimerSynapse
    protocol : Sawtooth
        Ramp times in s, single.
    amplitude : float
        Clamped-minus-free signal in uM^2, >= 0.
    points : int
        Number of times.
    rtol : float
        Relative tolerance of the integrator.

    Returns
    -------
    DimerResponse

    Raises
    ------
    InvalidParameterError
        If the signal would not stay above zero (or above where feedback acts), or an argument is out of range.
    StiffnessError, ConvergenceError
        If the equations cannot be followed, or no periodic state is reached.
    """
    if protocol.batch_shape:
        raise InvalidParameterError("protocol", f"a batch of shape {protocol.batch_shape}", "a single protocol")
    height = check.single("amplitude", check.non_negative("amplitude", amplitude))
    deviation = protocol.signal(height)
    lowest = synapse.mean_signal + float(deviation.values.min())
    if lowest <= synapse.least_signal:
        raise InvalidParameterError(
            "amplitude", height,
            f"such that the signal, now at least {lowest:g}, stays above {synapse.least_signal:g} uM^2",
        )  # fmt: skip
    monomer = PeriodicSignal(deviation.times, (synapse.mean_signal + deviation.values) / synapse.partner)
    network = synapse.network()
    corners = deviation.times
    times = np.unique(
        np.concatenate([np.linspace(0.0, corners[-1], check.integer_at_least("points", points, 2)), corners])
    )
    start = dict(synapse.rest)
    course = periodic_course(network, network.concentrations(start), {"A": monomer}, times, rtol=rtol)
    predicted = periodic_response(synapse.kernel, deviation)(times)
    output = course["D*"] - synapse.rest["D*"]
    return DimerResponse(times, course["A"] * course["B"], output, predicted, course)


def periodic_course(
    network: ReactionNetwork, start: FloatArray, signals: dict[str, PeriodicSignal], times: ArrayLike, *, rtol: float
) -> TimeCourse:
    """Concentrations over one cycle of periodic signals, once cycles repeat; times from 0 to the period."""
    t = check.finite("times", times)
    c, own = start, network.dynamic
    for _ in range(_CYCLES):
        course = integrate(network, c, t, signals=signals, rtol=rtol, atol=1e-3 * rtol)
        end = course.concentrations[-1]
        if (np.abs(end - c)[own] <= _REPEATS * np.abs(c)[own].max()).all():
            return course
        c = end
    raise ConvergenceError(
        f"no periodic state after {_CYCLES} cycles: the slowest reaction takes far longer than the period {t[-1]:g}. "
        "Take a longer period"
    )


def follow_monomers(
    synapse: DimerSynapse, times: ArrayLike, first: Signal, second: Signal, *, linkers: bool = False, rtol: float = 1e-9
) -> TimeCourse:
    """Concentrations under any signals of both monomers, in uM, from rest at the mean signal at the first time.

    Parameters
    ----------
    synapse : DimerSynapse
    times : array_like, shape (t,)
        Increasing, in s.
    first, second : PeriodicSignal or callable
        Concentrations of A and B as functions of time.
    linkers : bool
        Whether to count linkers, made by every active dimer, as well.
    rtol : float
        Relative tolerance of the integrator.

    Returns
    -------
    TimeCourse

    Raises
    ------
    StiffnessError
        If the equations cannot be followed, as where a removal of zero order has used up X.
    """
    network = synapse.network(linkers=linkers)
    return integrate(
        network, network.concentrations(dict(synapse.rest)), times, signals={"A": first, "B": second}, rtol=rtol
    )
