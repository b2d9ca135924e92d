"""Steady concentrations of a reaction network, with given conserved amounts."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError, InvalidParameterError, StiffnessError
from thermo_cl.feedback.reactions.network import ReactionNetwork
from thermo_cl.feedback.reactions.ode import integrate, timescales

__all__ = ["steady_concentrations"]

_HORIZONS = 14  # lengths of time, each ten times the last, from the fastest timescale on
_STEPS = 5000  # of the integrator over each of them; an approach to rest takes a few hundred
_NEAR = 1e-2  # relative move of the solution by Newton steps within which it is the state that was approached
_SOLVED = 1e-12  # net rate of change over gross rate


def steady_concentrations(network: ReactionNetwork, start: Mapping[str, float] | ArrayLike) -> FloatArray:
    """Steady state that the network comes to from given concentrations.

    The equations are followed until Newton's method takes over, in the stoichiometric class of the start: the totals
    of all conservation laws are those of the start.

    Parameters
    ----------
    network : ReactionNetwork
    start : mapping of str to float, or array_like, shape (species,)
        Concentrations >= 0; 0 where not named. Held ones stay.

    Returns
    -------
    ndarray, shape (species,)

    Raises
    ------
    InvalidParameterError
        If a start is negative or of the wrong shape.
    ConvergenceError
        If no steady state is approached: it grows without bound, oscillates, or takes too long.
    StiffnessError
        If the equations cannot be followed.

    Examples
    --------
    >>> network = ReactionNetwork.from_strings([("A + B <-> D", 1.0, 1.0)])
    >>> steady_concentrations(network, {"A": 2.0, "B": 2.0})
    array([1., 1., 1.])
    """
    c = network.concentrations(start)
    if c.ndim != 1:
        raise InvalidParameterError("start.shape", c.shape, f"({len(network.species)},)")
    own = network.dynamic
    laws = np.array([law.coefficients[own] for law in network.conservation_laws]).reshape(-1, own.size)
    totals = laws @ c[own]
    fastest = timescales(network, c)[0]
    length = fastest if np.isfinite(fastest) else 1.0 / max(float(np.abs(network.drift(c)).max()), 1e-300)
    for _ in range(_HORIZONS):
        found = _newton(network, c, laws, totals)
        if found is not None:
            return found
        try:
            course = integrate(
                network, c, [0.0, length], rtol=1e-8, atol=1e-12 * max(1.0, float(c.max())), max_steps=_STEPS
            )
        except StiffnessError as trouble:
            if "steps" in str(trouble):  # it neither rests nor diverges
                break
            raise
        c = np.where(course.concentrations[-1] < 0, 0.0, course.concentrations[-1])  # by rounding of the integrator
        length *= 10.0
    drift = network.drift(c)
    worst = int(np.argmax(np.abs(drift)))
    raise ConvergenceError(
        f"no steady state was reached in a time of {length:.3g}: {network.species[worst]} still changes at a rate of "
        f"{drift[worst]:.3g}. Check that everything made is also removed, and that the network does not oscillate"
    )


def _newton(network: ReactionNetwork, c: FloatArray, laws: FloatArray, totals: FloatArray) -> FloatArray | None:
    """Root of the drift close by, with the given totals; None if it is far or not there."""
    own, now = network.dynamic, c.copy()
    scale = max(float(c[own].max()), 1e-300)
    best, best_defect = None, np.inf
    for _ in range(30):
        forward, backward = network.one_way_rates(now)
        gross = np.abs(network.changes) @ (forward + backward)
        defect = float(np.max(np.abs(network.drift(now)[own]) / np.where(gross[own] > 0, gross[own], 1.0)))
        if defect < best_defect:
            best, best_defect = now.copy(), defect
        elif best_defect < _SOLVED:
            break
        matrix = np.concatenate([network.jacobian(now)[np.ix_(own, own)], laws])
        right = np.concatenate([network.drift(now)[own], laws @ now[own] - totals])
        if not np.isfinite(matrix).all():
            return None
        size = np.abs(matrix).max(axis=1, keepdims=True)
        size[size == 0] = 1.0
        step = np.linalg.lstsq(matrix / size, right / size[:, 0], rcond=None)[0]
        now[own] -= step
        if (now < -_NEAR * scale).any() or np.abs(now - c).max() > _NEAR * scale:
            return None
    if best is None or best_defect > _SOLVED or (best < -1e-12 * scale).any():
        return None
    if _unstable(network, best, len(laws)):
        return None
    return np.where(best < 0, 0.0, best)


def _unstable(network: ReactionNetwork, c: FloatArray, laws: int) -> bool:
    """Whether a mode of the linearised equations grows."""
    own = network.dynamic
    rates = np.linalg.eigvals(network.jacobian(c)[np.ix_(own, own)])
    moving = rates[np.argsort(-np.abs(rates))][: own.size - laws]
    return bool((moving.real > 1e-9 * np.abs(rates).max()).any())
