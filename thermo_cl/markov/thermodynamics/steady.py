"""The whole steady-state thermodynamics of one network: by edge, by fundamental cycle, in total."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.cycles import SpanningForest
from thermo_cl.markov.thermodynamics.kirchhoff import Method, solve_circuit

__all__ = ["SteadyThermodynamics", "steady_thermodynamics"]

_ROUNDING = 1e-11  # relative residual of both laws up to which, also in large networks, nothing but rounding is left


@dataclass(frozen=True, eq=False)
class SteadyThermodynamics:
    """Currents, forces and entropy production of a steady network. Entropy in k_B, rates in 1/time.

    Attributes
    ----------
    edges : Edges
        The m edges; positive is from source to target.
    currents, forces : ndarray, shape (m,)
        Net currents, and ln(J+/J-).
    edge_entropy_production : ndarray, shape (m,)
        Current times force, not negative.
    cycle_affinities, cycle_currents, cycle_entropy_production : ndarray, shape (c,)
        Of the fundamental cycles in ``cycles``; the last is the product of the first two and may be negative.
    entropy_production_rate : float
        The sum over edges, which the sum over cycles equals.
    method : str
        How the currents were found: "loop", "cut" or "direct".
    residual : float
        Largest violation of Kirchhoff's current and loop laws, relative to the terms that they sum.
    status : str
        "converged" if both laws hold to 1e-11; "cancelled" if fluxes were subtracted that have lost digits, or
        "stalled" if the iteration stopped above rounding.
    """

    edges: Edges
    currents: FloatArray
    forces: FloatArray
    edge_entropy_production: FloatArray
    cycle_affinities: FloatArray
    cycle_currents: FloatArray
    cycle_entropy_production: FloatArray
    entropy_production_rate: float
    method: Method
    residual: float
    status: str
    _forest: SpanningForest

    @cached_property
    def cycles(self) -> list[list[int]]:
        """Fundamental cycles as lists of states, each closed by the edge from its first to its second state."""
        return self._forest.cycles()


def steady_thermodynamics(network: MarkovNetwork, method: Method = "auto") -> SteadyThermodynamics:
    """Steady currents, forces and entropy production by edge, by cycle and in total: the same number three ways.

    Parameters
    ----------
    network : MarkovNetwork
        A single network, dense or sparse, of n states and m reversible edges.
    method : {"auto", "loop", "cut", "direct"}
        "direct" subtracts fluxes, and near equilibrium loses the digits that they share. The others start there and
        correct the currents by Kirchhoff's laws, with relative accuracy however close to equilibrium: "loop" solves
        for m - n + 1 currents, "cut" for n - 1 potentials, "auto" for whichever are fewer. The tree edges' currents
        are sums of the cycles' ones, so that a current can be small against those which cancel in it.

    Returns
    -------
    SteadyThermodynamics

    Raises
    ------
    InvalidParameterError
        If a batch is given or the method is unknown.
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    MemoryLimitError
        If the cycles have too many edges to be held.

    Notes
    -----
    Schnakenberg, Rev. Mod. Phys. 48, 571 (1976). The batched ``entropy_production_rate`` is the quicker one where
    nothing else is wanted.
    """
    if method not in get_args(Method):
        raise InvalidParameterError("method", method, f"one of {', '.join(get_args(Method))}")
    network.require_single()
    steady = network.steady_state()
    network.edges.require_reversible()
    circuit = solve_circuit(network.n_states, network.edges, steady, method)
    by_edge, by_cycle = circuit.currents * circuit.forces, circuit.cycle_currents * circuit.affinities
    status = "converged" if circuit.residual <= _ROUNDING else "cancelled" if method == "direct" else "stalled"
    return SteadyThermodynamics(
        network.edges, circuit.currents, circuit.forces, by_edge, circuit.affinities, circuit.cycle_currents, by_cycle,
        float(np.sum(by_edge)), circuit.method, circuit.residual, status, circuit.forest,
    )  # fmt: skip
