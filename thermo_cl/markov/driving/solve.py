"""Periodic states and finite paths of driven networks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import Array, FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.kernels import PeriodicSignal
from thermo_cl.markov.algebra.elimination import eliminate
from thermo_cl.markov.driving.collocation import tableau
from thermo_cl.markov.driving.cycle import DrivenCycle, DrivenPath
from thermo_cl.markov.driving.mesh import Solution, resolve
from thermo_cl.markov.driving.path import Path, signal_path
from thermo_cl.markov.driving.system import DrivenNetwork, driven_network
from thermo_cl.markov.ladder import Ladder

__all__ = ["drive", "periodic_state"]

Result = TypeVar("Result", bound=DrivenPath)

_LEAST_TOLERANCE = 1e-13  # below, rounding decides


def periodic_state(
    system: Ladder | DrivenNetwork | Callable[[FloatArray], Array],
    signal: PeriodicSignal | Callable[[FloatArray], ArrayLike],
    *,
    period: float | None = None,
    breaks: ArrayLike = (),
    tolerance: float = 1e-9,
) -> DrivenCycle:
    """Periodic state of a network whose rates follow a periodic signal.

    The master equation is solved by collocation of order 13 on a mesh that adapts to signal and network; the state
    is the fixed point of the one-period propagator, by subtraction-free elimination, not by waiting.

    Parameters
    ----------
    system : Ladder, DrivenNetwork or callable
        A single ladder, or rates as a function of signals, (m,) -> (m, n, n). Up to about 50 states.
    signal : PeriodicSignal or callable
        For instance ``Sawtooth(...).signal(amplitude)``, or a continuous function that takes an array of times.
        Features of a function narrower than a thousandth of the period may be missed without a break beside them.
    period : float, optional
        Of a function.
    breaks : array_like, optional
        Times within [0, period] at which a function has kinks; only speed depends on them.
    tolerance : float
        Largest error of a probability, between 1e-13 and 1e-2. At the nodes of the mesh, and in averages, errors are
        some orders smaller; entropy production can be off by about the tolerance, relative to its size.

    Returns
    -------
    DrivenCycle
        Time is in the unit of the rates.

    Raises
    ------
    InvalidParameterError
        If the signal jumps, is not finite, leaves the domain of the system or does not close, or a number is
        out of range.
    ReducibleNetworkError
        If not all states reach each other over a cycle.
    ConvergenceError
        If the mesh cannot be made fine enough.

    Examples
    --------
    >>> from thermo_cl import Ladder, Sawtooth
    >>> cycle = periodic_state(Ladder(gamma=1e-3), Sawtooth(fast=15.0, slow=75.0, mean=10.0).signal(20.0))
    >>> cycle.entropy_production, cycle.housekeeping + cycle.excess
    (609.604741..., 609.604741...)
    """
    network, accuracy = driven_network(system), _tolerance(tolerance)
    path = signal_path(network, signal, period, breaks, periodic=True)

    def fixed_point(increments: FloatArray) -> FloatArray:
        return np.asarray(eliminate(_composed(increments)).steady_state())

    solution = resolve(network, path, accuracy, fixed_point, irreducible=True)
    return _result(DrivenCycle, system, path, solution, accuracy)


def drive(
    system: Ladder | DrivenNetwork | Callable[[FloatArray], Array],
    signal: PeriodicSignal | Callable[[FloatArray], ArrayLike],
    initial: ArrayLike,
    duration: float,
    *,
    breaks: ArrayLike = (),
    tolerance: float = 1e-9,
) -> DrivenPath:
    """Probabilities of a network that follows a signal for a finite time, from a given distribution.

    Parameters
    ----------
    system, signal, breaks, tolerance
        As for ``periodic_state``; the signal need not be periodic, and is followed on [0, duration].
    initial : array_like, shape (n,)
        Distribution at time 0.
    duration : float
        In the time unit of the rates.

    Returns
    -------
    DrivenPath

    Raises
    ------
    InvalidParameterError, ConvergenceError
        As for ``periodic_state``, and if ``initial`` is no distribution over the states.

    Examples
    --------
    >>> from thermo_cl import Ladder
    >>> ladder = Ladder(gamma=1e-3)
    >>> path = drive(ladder, lambda t: 10.0 + 5.0 * np.sin(t), ladder.steady_state(10.0), 3.0)
    >>> path.entropy_production, path.housekeeping + path.excess
    (20.40618..., 20.40618...)
    """
    network, accuracy = driven_network(system), _tolerance(tolerance)
    path = signal_path(network, signal, duration, breaks, periodic=False)
    n = network.n_states or network.generators(path.value(path.breaks[:1])).shape[-1]
    start = check.distribution("initial", initial, n)
    solution = resolve(network, path, accuracy, lambda _: start, irreducible=False)
    return _result(DrivenPath, system, path, solution, accuracy)


def _tolerance(tolerance: float) -> float:
    number = check.positive_number("tolerance", tolerance)
    if not _LEAST_TOLERANCE <= number <= 1e-2:
        raise InvalidParameterError("tolerance", tolerance, f"a number from {_LEAST_TOLERANCE:g} to 0.01")
    return number


def _composed(increments: FloatArray) -> FloatArray:
    """Propagator over all intervals, minus one; what is not added to one keeps its digits."""
    total = np.array(increments[0])
    for step in increments[1:]:
        total = total + step + step @ total
    return total


def _result(
    kind: type[Result],
    system: Ladder | DrivenNetwork | Callable[[FloatArray], Array],
    path: Path,
    solution: Solution,
    tolerance: float,
) -> Result:
    begin, end = solution.times[:-1], solution.times[1:]
    stage_times = begin[:, None] + (end - begin)[:, None] * tableau().points
    stage_times[:, -1] = end
    return kind(
        system=system,
        duration=path.duration,
        times=solution.times,
        probabilities=solution.nodes,
        stage_times=stage_times,
        stage_signals=solution.signals,
        start_signal=float(path.value(path.breaks[:1])[0]),
        stage_probabilities=solution.stages,
        tolerance=tolerance,
        residual=solution.error,
        method="radau collocation",
        status="converged",
        stage_generators=solution.generators,
        _slopes=None if path.slope is None else path.slope(0.5 * (begin + end)),
    )
