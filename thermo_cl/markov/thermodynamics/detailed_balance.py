"""Kolmogorov's test of detailed balance, which names a cycle that breaks it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from thermo_cl import _validate as check
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.cycles import spanning_forest

__all__ = ["Violation", "detailed_balance_violation", "is_detailed_balanced"]

_PER_EDGE = 16 * np.finfo(float).eps  # two rates, each a rounded exponential of energies of some k_B T


@dataclass(frozen=True)
class Violation:
    """A cycle that breaks detailed balance.

    Attributes
    ----------
    cycle : tuple of int
        Its states in order; two states for an edge that runs one way only.
    affinity : float
        In k_B, positive or negative along that order; infinite for a one-way edge.
    """

    cycle: tuple[int, ...]
    affinity: float


def detailed_balance_violation(network: MarkovNetwork, tolerance: float | None = None) -> Violation | None:
    """The worst violation of detailed balance, or None if there is none.

    By Kolmogorov's criterion: the products of the rates along every cycle and against it are the same. It is enough to
    test the cycles of one basis. States need not all reach each other.

    Parameters
    ----------
    network : MarkovNetwork
        A single network, dense or sparse.
    tolerance : float, optional
        Affinity, in k_B per edge of the cycle, below which a cycle counts as balanced. By default the rounding of the
        rates, 16 times the machine epsilon; 0 takes the rates at their exact values.

    Raises
    ------
    InvalidParameterError
        If a batch is given, or the tolerance is negative.
    """
    network.require_single()
    allowed = _PER_EDGE if tolerance is None else check.single("tolerance", check.non_negative("tolerance", tolerance))
    edges = network.edges
    one_way = np.flatnonzero(~edges.reversible)
    if one_way.size:
        source, target = int(edges.source[one_way[0]]), int(edges.target[one_way[0]])
        runs_forward = edges.forward[one_way[0]] > 0
        return Violation((source, target) if runs_forward else (target, source), np.inf)
    forest = spanning_forest(network.n_states, edges)
    if not forest.chords.size:
        return None
    length = np.abs(forest.cycle_matrix()).sum(axis=0)
    affinities = forest.affinities()
    broken = np.flatnonzero(np.abs(affinities) > allowed * length)
    if not broken.size:
        return None
    worst = int(broken[np.argmax(np.abs(affinities[broken]) / length[broken])])
    return Violation(tuple(forest.cycles()[worst]), float(affinities[worst]))


def is_detailed_balanced(network: MarkovNetwork, tolerance: float | None = None) -> bool:
    """Whether ``detailed_balance_violation`` finds none."""
    return detailed_balance_violation(network, tolerance) is None
