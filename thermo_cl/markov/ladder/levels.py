"""Steady thermodynamics of ladders, level by level: linear in the number of levels, without subtraction.

The general network solves any topology in the cube of the number of states. A ladder is a chain of levels with two
states each, for which elimination from both ends gives every probability, current and thermodynamic force with full
relative precision, however close to or far from detailed balance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._threads import over_batch
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError

if TYPE_CHECKING:
    from thermo_cl.markov.ladder.ladder import Ladder

__all__ = ["LadderEdges", "edge_entropy_production", "steady_currents", "steady_forces"]


@dataclass(frozen=True, eq=False)
class LadderEdges:
    """One number for every edge of a ladder, by kind of edge.

    Attributes
    ----------
    vertical : ndarray, shape batch + (n,)
        Rungs, bottom to top.
    top, bottom : ndarray, shape batch + (n - 1,)
        Rails, level m to m + 1.
    """

    vertical: FloatArray
    top: FloatArray
    bottom: FloatArray

    def __iter__(self) -> Iterator[FloatArray]:
        return iter((self.vertical, self.top, self.bottom))

    def sum(self) -> FloatArray:
        """Sum over all edges, shape batch."""
        return np.asarray(sum(part.sum(axis=-1) for part in self))[()]


@dataclass(frozen=True, eq=False)
class _Levels:
    """What the recursion gives; arrays that were not asked for are empty."""

    probabilities: FloatArray
    plaquette_currents: FloatArray
    entropy_production_rate: FloatArray
    vertical_currents: FloatArray
    forces: LadderEdges


def checked_signal(ladder: Ladder, name: str, signal: ArrayLike) -> FloatArray:
    """Signal >= 0 whose shape fits the batch of ladders."""
    level = check.non_negative(name, signal)
    check.broadcast(ladder=np.zeros(ladder.batch_shape), **{name: level})
    return level


def flat_parameters(ladder: Ladder, signal: FloatArray) -> tuple[tuple[int, ...], list[FloatArray]]:
    """Batch shape of ladder and signal, and all parameters as the compiled loops take them: one axis, contiguous."""
    values = (
        ladder.gamma, ladder.rate_factor, ladder.reference_level, ladder.energy_step, ladder.inactive_dissociation,
        ladder.active_dissociation, signal,
    )  # fmt: skip
    batch = np.broadcast_shapes(*(np.shape(value) for value in values))
    return batch, [np.array(np.broadcast_to(value, batch), dtype=float, order="C").reshape(-1) for value in values]


def ligand_shift(ladder: Ladder, start: FloatArray, end: FloatArray) -> FloatArray:
    """Change of every level's energy difference between two signals, in k_B T, to full relative precision."""
    inactive, active = np.asarray(ladder.inactive_dissociation), np.asarray(ladder.active_dissociation)
    change = (end - start) * ((active - inactive) / (inactive + start) / (active + end))
    whole = np.log1p(end / inactive) - np.log1p(end / active) - np.log1p(start / inactive) + np.log1p(start / active)
    return np.asarray(np.where(np.abs(change) < 0.5, np.log1p(np.maximum(change, -0.5)), whole))


def refuse_overflow(ladder: Ladder, signal: FloatArray) -> None:
    """``InvalidParameterError`` that names the energy at which rates overflow; called when they do."""
    ends = np.asarray(ladder.reference_level)[..., None] - np.array([0.0, ladder.n_levels - 1.0])
    with np.errstate(over="ignore"):
        ligand = np.log1p(signal / ladder.inactive_dissociation) - np.log1p(signal / ladder.active_dissociation)
    raise InvalidParameterError(
        "energy_step * (reference_level - level)",
        float(np.abs(np.asarray(ladder.energy_step)[..., None] * ends + np.asarray(ligand)[..., None]).max()),
        "below 700 k_B T, so that exp(energy) is a finite rate",
    )


def solve_levels(ladder: Ladder, signal: FloatArray, *, currents: bool = False, edges: bool = False) -> _Levels:
    """Steady state of ladders at a checked signal, with currents, or with everything known by edge.

    Raises
    ------
    InvalidParameterError
        If a rate overflows.
    """
    from thermo_cl.markov.ladder import _levels as compiled  # compiled code is imported where it is used

    n, (batch, parameters) = ladder.n_levels, flat_parameters(ladder, signal)
    size = parameters[0].size
    want = compiled.EDGES if edges else compiled.CURRENTS if currents else compiled.STEADY
    some, all_edges = (size if want >= level else 0 for level in (compiled.CURRENTS, compiled.EDGES))
    numbers = size * 2 * n + some * n + all_edges * 4 * n
    require_memory(f"the steady state of {size} ladders of {n} levels", 8 * numbers, "Take fewer ladders at a time.")
    refused = np.zeros(size, dtype=bool)
    results = [np.empty((size, 2 * n)), np.empty((some, n - 1)), np.empty(some)]
    results += [np.empty((all_edges, width)) for width in (n, n, n - 1, n - 1)]
    over_batch(lambda start, stop: compiled.levels(start, stop, want, n, *parameters, refused, *results), size)
    if refused.any():
        refuse_overflow(ladder, signal)
    p, currents_by_gap, sigma, vertical, *forces = (
        values.reshape((batch if len(values) == size else (0,)) + values.shape[1:]) for values in results
    )
    return _Levels(p, currents_by_gap, sigma, vertical, LadderEdges(*forces))


def steady_currents(ladder: Ladder, signal: ArrayLike = 0.0) -> LadderEdges:
    """Net probability currents of all edges in the steady state, in 1/time.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal : array_like, shape batch
        Constant signal >= 0, in micromolar.

    Returns
    -------
    LadderEdges
        Rungs from bottom to top, rails from level m to m + 1; the bottom rail carries the opposite of the top rail.
    """
    solved = solve_levels(ladder, checked_signal(ladder, "signal", signal), edges=True)
    return LadderEdges(solved.vertical_currents, solved.plaquette_currents, -solved.plaquette_currents)


def steady_forces(ladder: Ladder, signal: ArrayLike = 0.0) -> LadderEdges:
    r"""Thermodynamic force of all edges in the steady state, in k_B T.

    Parameters
    ----------
    ladder : Ladder
        Batch of ladders.
    signal : array_like, shape batch
        Constant signal >= 0, in micromolar.

    Returns
    -------
    LadderEdges
        :math:`\ln(W_{ij} \pi_j / W_{ji} \pi_i)` for j -> i: rungs from bottom to top, rails from level m to m + 1.
        Accurate where it vanishes with the drive, and where the probabilities themselves are below 1e-308.
    """
    return solve_levels(ladder, checked_signal(ladder, "signal", signal), edges=True).forces


def edge_entropy_production(ladder: Ladder, signal: ArrayLike = 0.0) -> LadderEdges:
    """Entropy production rate of all edges in the steady state: current times force, in k_B per time.

    Not negative anywhere; ``.sum()`` is the ladder's entropy production rate (Falk et al. 2025, Eq. 59).
    """
    solved = solve_levels(ladder, checked_signal(ladder, "signal", signal), edges=True)
    flow, forces = solved.plaquette_currents, solved.forces
    return LadderEdges(solved.vertical_currents * forces.vertical, flow * forces.top, -flow * forces.bottom)
