"""Derivatives of the entropy production rate by every rate: directly, and through the steady state."""

from __future__ import annotations

import numpy as np

from thermo_cl._types import FloatArray
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.sensitivities.adjoint import by_log_rates, ordered_elimination
from thermo_cl.markov.thermodynamics.currents import edge_flows

__all__ = ["entropy_production_sensitivities", "production_parts"]


def entropy_production_sensitivities(network: MarkovNetwork, *, log_rates: bool = False) -> FloatArray:
    r"""Derivative of the steady entropy production rate by every rate, shape (..., n, n).

    With fluxes :math:`a_{ij} = W_{ij} p_j` and forces :math:`f_{ij} = \ln(a_{ij}/a_{ji})`,

    .. math:: \frac{d\sigma}{d\ln W_{ij}} = a_{ij} f_{ij} + (a_{ij} - a_{ji})
              + \sum_k \Big(\sum_l a_{lk} f_{lk}\Big) \frac{d\ln p_k}{d\ln W_{ij}},

    in which the net currents out of k have been dropped, because they sum to zero.

    Parameters
    ----------
    network : MarkovNetwork
        n states, batch axes allowed; every edge must have rates in both directions.
    log_rates : bool
        Derivatives by the logarithms of the rates, in k_B per time.

    Returns
    -------
    ndarray, shape (..., n, n)
        Entry (i, j) is the derivative by the rate j -> i, in k_B; accurate close to equilibrium too, where it
        vanishes with the forces. Pairs of states without an edge have zero: there sigma has no derivative (one
        rate alone makes it infinite).

    Raises
    ------
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    ReducibleNetworkError
        If the network lacks a unique steady state.
    ConvergenceError
        If rates are so many decades apart that steady currents are lost to rounding.
    """
    network.require_irreducible()
    network.edges.require_reversible()
    flows, edges, n = edge_flows(network), network.edges, network.n_states
    force, current = np.zeros((2, *network.batch_shape, n, n))
    for array, values in ((force, flows.force), (current, flows.current)):
        array[..., edges.target, edges.source], array[..., edges.source, edges.target] = values, -values
    weights, direct = production_parts(network, force, current)
    rates = network.dense_generator()
    through = ordered_elimination(network).weighted(weights)
    if log_rates:
        return direct + by_log_rates(rates, through)
    joined = rates > 0
    return np.asarray(np.where(joined, direct / np.where(joined, rates, 1.0) + through, 0.0))


def production_parts(network: MarkovNetwork, force: FloatArray, current: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Derivatives of sigma by the steady state (..., n), and directly by log rates (..., n, n).

    Forces and currents, (..., n, n), are antisymmetric: positive for j -> i at (i, j).
    """
    pull = network.dense_generator() * force
    direct = np.where(force != 0.0, pull * network.steady_state()[..., None, :] + current, 0.0)
    return np.asarray(pull.sum(axis=-2)), np.asarray(direct)
