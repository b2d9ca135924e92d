"""Uncertainty relations: what the precision of a current costs in entropy and in jumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl._types import FloatArray
from thermo_cl.markov.fluctuations.cumulants import cumulants
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.currents import edge_flows

__all__ = ["UncertaintyRatios", "activity", "uncertainty_ratios"]


@dataclass(frozen=True, eq=False)
class UncertaintyRatios:
    """Precision of a current against its cost, shape batch. All are infinite for a current of zero mean.

    Attributes
    ----------
    mean, variance : ndarray
        First two scaled cumulants, per time.
    fano : ndarray
        Variance over absolute mean, in units of the increments.
    thermodynamic : ndarray
        Entropy production rate times variance over 2 mean**2: at least 1 (Barato and Seifert, Phys. Rev. Lett. 114,
        158101 (2015)), and 1 for the entropy current in the limit of equilibrium. Infinite if an edge is one-way.
    kinetic : ndarray
        Jumps per time times variance over mean**2: at least 1 (Di Terlizzi and Baiesi, J. Phys. A 52, 02LT03 (2019)).
    """

    mean: FloatArray
    variance: FloatArray
    fano: FloatArray
    thermodynamic: FloatArray
    kinetic: FloatArray


def activity(network: MarkovNetwork) -> FloatArray:
    """Jumps per unit time in the steady state, shape batch."""
    edges, steady = network.edges, network.steady_state()
    jumps = edges.forward * steady[..., edges.source] + edges.backward * steady[..., edges.target]
    return np.asarray(jumps.sum(axis=-1))[()]


def uncertainty_ratios(network: MarkovNetwork, increments: ArrayLike) -> UncertaintyRatios:
    """Thermodynamic and kinetic uncertainty ratios, and the Fano factor, of any current.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed.
    increments : array_like, shape (..., n, n)
        Entry (i, j) is counted at every jump j -> i. The thermodynamic bound holds for currents, antisymmetric
        increments, only; the kinetic one for all.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    InvalidParameterError
        If increments do not fit.
    """
    found = cumulants(network, increments, 2)
    mean, variance = found[..., 0], found[..., 1]
    dissipation = edge_flows(network).entropy_production().sum(axis=-1)
    moves = mean != 0
    size = np.where(moves, np.abs(mean), 1.0)
    fano = np.where(moves, variance / size, np.inf)
    thermodynamic = np.where(moves, 0.5 * (dissipation / size) * (variance / size), np.inf)
    kinetic = np.where(moves, (activity(network) / size) * (variance / size), np.inf)
    return UncertaintyRatios(mean[()], variance[()], fano[()], thermodynamic[()], kinetic[()])
