"""Mass-action equations of motion in time, under constant or changing reservoirs."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, StiffnessError
from thermo_cl.feedback.reactions.network import ReactionNetwork
from thermo_cl.kernels import PeriodicSignal

__all__ = ["Signal", "TimeCourse", "integrate", "timescales"]

Signal = PeriodicSignal | Callable[[float], float]
Method = Literal["LSODA", "BDF", "Radau"]


@dataclass(frozen=True, eq=False)
class TimeCourse:
    """Concentrations at given times.

    Attributes
    ----------
    species : tuple of str
    times : ndarray, shape (t,)
    concentrations : ndarray, shape (t, species)
        Held species included.
    steps : int
        That the integrator took.
    """

    species: tuple[str, ...]
    times: FloatArray
    concentrations: FloatArray
    steps: int

    def __getitem__(self, name: str) -> FloatArray:
        """Concentration of one species, shape (t,)."""
        if name not in self.species:
            raise InvalidParameterError("species", name, f"one of {', '.join(self.species)}")
        return self.concentrations[:, self.species.index(name)]


def timescales(network: ReactionNetwork, concentrations: ArrayLike) -> tuple[float, float, str]:
    """Fastest and slowest timescale of the linearised equations, and the species that moves in the fastest.

    Inverse sizes of the eigenvalues of the Jacobian of the species that are not held; the zero ones of conservation
    laws are left out. Infinite where nothing moves.
    """
    c = np.asarray(concentrations, dtype=float)
    own = network.dynamic
    rates, modes = np.linalg.eig(network.jacobian(c)[np.ix_(own, own)])
    order = np.argsort(-np.abs(rates))
    moving = order[: own.size - len(network.conservation_laws)]
    moving = moving[np.abs(rates[moving]) > 0]
    if not moving.size:
        return np.inf, np.inf, network.species[own[0]]
    largest = int(np.argmax(np.abs(modes[:, moving[0]])))
    return 1.0 / abs(rates[moving[0]]), 1.0 / abs(rates[moving[-1]]), network.species[own[largest]]


def integrate(
    network: ReactionNetwork,
    start: Mapping[str, float] | ArrayLike,
    times: ArrayLike,
    *,
    signals: Mapping[str, Signal] | None = None,
    method: Method = "LSODA",
    rtol: float = 1e-9,
    atol: float = 1e-12,
    max_steps: int = 200_000,
) -> TimeCourse:
    """Concentrations at given times, by an implicit integrator with the exact Jacobian.

    Linear conservation laws are kept to rounding, as by every linear multistep and Runge-Kutta method.

    Parameters
    ----------
    network : ReactionNetwork
    start : mapping of str to float, or array_like, shape (species,)
        Concentrations >= 0 at the first of the times; 0 where not named. Those of held species stay.
    times : array_like, shape (t,)
        Increasing, at least two.
    signals : mapping of str to callable, optional
        Concentration >= 0 of held species as functions of time. A ``PeriodicSignal`` starts its period at time 0, and
        the integrator starts afresh at each of its corners; other functions should be smooth.
    method : {"LSODA", "BDF", "Radau"}
        Of ``scipy.integrate``.
    rtol, atol : float
        Relative tolerance, and absolute one in concentration.
    max_steps : int
        Steps after which it gives up.

    Returns
    -------
    TimeCourse

    Raises
    ------
    InvalidParameterError
        If times do not increase, a start or a signal is negative or not finite, or a signal is given for a species
        that is not held.
    StiffnessError
        If the integrator cannot follow, as past a divergence or where a removal of zero order has used its species up;
        the message names the time, and the timescales there.

    Examples
    --------
    >>> network = ReactionNetwork.from_strings([("A -> B", 1.0)])
    >>> integrate(network, {"A": 1.0}, [0.0, 1.0])["A"]
    array([1.        , 0.36787944])
    """
    from scipy import integrate as solvers

    chosen = {"LSODA": solvers.LSODA, "BDF": solvers.BDF, "Radau": solvers.Radau}
    if method not in chosen:
        raise InvalidParameterError("method", method, f"one of {', '.join(chosen)}")
    tolerances = (check.positive_number("rtol", rtol), check.positive_number("atol", atol))
    budget = check.integer_at_least("max_steps", max_steps, 1)
    t = check.finite("times", times)
    if t.ndim != 1 or t.size < 2 or (np.diff(t) <= 0).any():
        raise InvalidParameterError("times", "an array that does not", "increasing, at least two of them")
    c = network.concentrations(start)
    if c.ndim != 1:
        raise InvalidParameterError("start.shape", c.shape, f"({len(network.species)},)")
    given = dict(signals or {})
    for name in given:
        if name not in network.held:
            raise InvalidParameterError("signals", name, f"held species, which are {network.held}")
    own, whole = network.dynamic, c.copy()
    driven = [(network.index(name), _fast(signal), name) for name, signal in given.items()]

    def at(time: float, y: FloatArray) -> FloatArray:
        for position, signal, name in driven:
            level = float(signal(time))
            if not (np.isfinite(level) and level >= 0):
                raise InvalidParameterError(f"signal of {name} at t = {time:g}", level, "finite and not negative")
            whole[position] = level
        whole[own] = y
        return whole

    def drift(time: float, y: FloatArray) -> FloatArray:
        return network.drift(at(time, y))[own]

    def jacobian(time: float, y: FloatArray) -> FloatArray:
        return network.jacobian(at(time, y))[np.ix_(own, own)]

    result, taken, y = np.empty((t.size, own.size)), 0, c[own]
    result[0] = y
    corners = _corners(given, t[0], t[-1])
    for begin, end in pairwise(corners.tolist()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                solver = chosen[method](drift, begin, y, end, rtol=tolerances[0], atol=tolerances[1], jac=jacobian)
                while solver.status == "running":
                    taken, last = taken + 1, (solver.t, solver.y.copy())
                    trouble = solver.step() if taken <= budget else f"it needs more than {budget} steps"
                    if trouble is not None or not np.isfinite(solver.y).all():
                        raise _stiff(network, at(*last), last[0], trouble or "numbers overflow")
                    _require_supply(network, at(solver.t, solver.y), solver.t)
                    inside = (t > solver.t_old) & (t <= solver.t)
                    if inside.any():
                        result[inside] = solver.dense_output()(t[inside]).T
            except (np.linalg.LinAlgError, ValueError, OverflowError) as problem:
                if isinstance(problem, InvalidParameterError):
                    raise
                raise _stiff(network, whole, begin, str(problem)) from problem
        y = solver.y
    full = np.empty((t.size, c.size))
    full[:] = c
    full[:, own] = result
    for position, signal, _ in driven:
        full[:, position] = [float(signal(time)) for time in t]
    return TimeCourse(network.species, t, full, taken)


def _fast(signal: Signal) -> Callable[[float], float]:
    """The signal as a function of a number; a periodic one by interpolation, which is faster than its own batches."""
    if not isinstance(signal, PeriodicSignal):
        return signal
    if signal.values.ndim > 1 or signal.times.ndim > 1:
        raise InvalidParameterError("signals", signal, "single, not batches")
    times, values, period = signal.times, signal.values, float(signal.period)
    return lambda t: float(np.interp(t % period, times, values))


def _corners(signals: Mapping[str, Signal], begin: float, end: float) -> FloatArray:
    """Begin, end and the corners of periodic signals between them."""
    points = [np.array([begin, end])]
    for signal in signals.values():
        if isinstance(signal, PeriodicSignal):
            period = float(signal.period)
            first, last = int(np.floor(begin / period)), int(np.ceil(end / period))
            every = (np.arange(first, last + 1)[:, None] * period + signal.times[:-1]).ravel()
            points.append(every[(every > begin) & (every < end)])
    merged = np.unique(np.concatenate(points))
    apart = np.concatenate([[True], np.diff(merged) > 1e-12 * max(abs(begin), abs(end))])
    kept = merged[apart]
    kept[-1] = end
    return np.asarray(kept)


def _require_supply(network: ReactionNetwork, c: FloatArray, time: float) -> None:
    """Refuse to slide along c = 0 of a species that is made more slowly than a removal of zero order takes it."""
    for i in network.zero_order:
        if c[i] > 0:
            continue
        without, with_removal = c.copy(), c.copy()
        without[i], with_removal[i] = 0.0, np.finfo(float).tiny
        if network.drift(without)[i] > 0 > network.drift(with_removal)[i]:
            fastest, slowest, _ = timescales(network, without)
            name = network.species[i]
            raise StiffnessError(
                f"the removal of {name}, of zero order, has used it up at t = {time:g}, and {name} is made more slowly "
                "than removed: no integrator can follow a jump of rate that it sits on. Give the removal a constant "
                "K > 0, or keep the signal where feedback acts",
                fastest, slowest,
            )  # fmt: skip


def _stiff(network: ReactionNetwork, c: FloatArray, time: float, trouble: str) -> StiffnessError:
    finite = np.where(np.isfinite(c), c, 0.0)
    fastest, slowest, name = timescales(network, finite)
    return StiffnessError(
        f"the integrator cannot follow the reactions past t = {time:g}: {trouble.strip().rstrip('.')}. There the "
        f"fastest timescale is {fastest:.3g}, in which {name} moves, and the slowest {slowest:.3g}. Lower the rates of "
        f"{name} or treat it as always in balance, check that nothing grows without bound, or loosen rtol",
        fastest, slowest,
    )  # fmt: skip
