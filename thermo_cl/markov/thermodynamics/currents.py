"""Currents and entropy production of a network, batched: steady, or at any distribution.

Fluxes are subtracted edge by edge, which is all that most networks need. Members of a batch for which this costs more
than three digits of the entropy production (close to equilibrium), or where currents are asked for six of the largest
one (rates many decades apart), are solved again by Kirchhoff's laws; ``steady_thermodynamics`` always does so, for one
network, and gives the cycles as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.errors import ConvergenceError
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.kirchhoff import solve_circuit

__all__ = [
    "EdgeFlows",
    "edge_entropy_production",
    "edge_flows",
    "entropy_production_rate",
    "probability_currents",
]

_LOST = 1e3  # sum of |terms| over their sum above which fluxes are not just subtracted
_LOST_CURRENT = 1e6  # the same for the largest flux over the largest current
_NOTHING_LEFT = 1e10  # the same, where there is no other way
_ACCEPTED = 1e-8  # relative residual of Kirchhoff's laws


class EdgeFlows(NamedTuple):
    """Net currents and forces ln(J+/J-) of the edges, shape (..., m), positive from source to target.

    The force of an edge without current is zero, that of a one-way edge infinite.
    """

    current: FloatArray
    force: FloatArray

    def entropy_production(self) -> FloatArray:
        """Current times force of every edge."""
        carries = self.current != 0
        return np.asarray(np.where(carries, self.current * np.where(carries, self.force, 0.0), 0.0))


def edge_flows(
    network: MarkovNetwork, probabilities: ArrayLike | None = None, *, weak_currents: bool = False
) -> EdgeFlows:
    """Currents and forces of all edges; in the steady state, by default, without cancellation.

    The entropy production is accurate in any case; with ``weak_currents`` the largest current is, too, where it is
    far below the largest flux.

    Raises
    ------
    ConvergenceError
        If rates are so many decades apart that steady currents are lost to rounding.
    """
    edges = network.edges
    if probabilities is None:
        p = network.steady_state()
    else:
        p = check.distributions("probabilities", probabilities, network.n_states)
    check.broadcast(network=np.zeros(network.batch_shape), probabilities=p[..., 0])
    forward, backward = edges.forward * p[..., edges.source], edges.backward * p[..., edges.target]
    current, force = forward - backward, log_ratio(forward, backward)
    if probabilities is not None:
        return EdgeFlows(current, force)
    # a flux between states that are empty to underflow is no one-way edge
    empty = edges.reversible & ((forward == 0) | (backward == 0))
    current, force = np.where(empty, 0.0, current), np.where(empty, 0.0, force)
    finite = np.isfinite(force).all(axis=-1)
    size = np.where(np.isfinite(force), np.abs(force), 0.0)
    terms, kept = (forward + backward) * size, np.abs(current) * size
    lost = ~(terms.sum(axis=-1) < _LOST * kept.sum(axis=-1))
    largest, net = np.max(forward + backward, axis=-1), np.max(np.abs(current), axis=-1)
    if weak_currents and (~finite & (largest > _NOTHING_LEFT * net)).any():
        raise ConvergenceError(
            f"the net currents are below {1 / _NOTHING_LEFT:g} of the fluxes that they are differences of, and are "
            "lost to rounding. Give every edge rates in both directions, so that Kirchhoff's laws can find them"
        )
    if weak_currents:
        lost |= largest > _LOST_CURRENT * net
    for member in map(tuple, np.argwhere(finite & lost)):
        occurs = (edges.forward[member] > 0) | (edges.backward[member] > 0)
        own = Edges(
            edges.source[occurs], edges.target[occurs], edges.forward[member][occurs], edges.backward[member][occurs]
        )
        circuit = solve_circuit(network.n_states, own, p[member])
        if circuit.residual > _ACCEPTED:
            raise ConvergenceError(
                f"the currents leave a relative residual of {circuit.residual:.1e} in Kirchhoff's laws: the rates are "
                "too many decades apart"
            )
        current[(*member, occurs)], force[(*member, occurs)] = circuit.currents, circuit.forces
    return EdgeFlows(current, force)


def probability_currents(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> Any:
    """Net probability current of every edge, shape (..., n, n), in 1/time; entry (i, j) counts j -> i as positive.

    ``probabilities`` is the steady state unless another distribution, shape (..., n), is given. A sparse network has a
    sparse array of currents. Steady currents are accurate beside the largest one; ``steady_thermodynamics`` keeps
    the digits of small ones too.

    Raises
    ------
    ReducibleNetworkError
        If the network lacks a unique steady state.
    ConvergenceError
        If rates are so many decades apart that steady currents are lost to rounding.
    InvalidParameterError
        If ``probabilities`` are not distributions over the n states.
    """
    return _by_pairs(network, edge_flows(network, probabilities, weak_currents=True).current, -1.0)


def edge_entropy_production(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> Any:
    r"""Entropy production rate of every edge, in k_B per time.

    Parameters
    ----------
    network : MarkovNetwork
        n states; every edge must have rates in both directions.
    probabilities : array_like, shape (..., n), optional
        The steady state by default.

    Returns
    -------
    ndarray, shape (..., n, n)
        Symmetric and not negative: :math:`(J^+ - J^-) \ln(J^+/J^-)` at (i, j) and (j, i)
        (Schnakenberg, Rev. Mod. Phys. 48, 571 (1976); Falk et al. 2025, Eq. 59); infinite at an edge into a state
        whose given probability is zero. A sparse array for a sparse network.

    Raises
    ------
    ReducibleNetworkError
        If the steady state is asked for, and there are several communicating classes.
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    InvalidParameterError
        If ``probabilities`` are not distributions over the n states.
    """
    return _by_pairs(network, _edge_production(network, probabilities), 1.0)


def entropy_production_rate(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> FloatArray:
    """Total entropy production rate, shape batch, in k_B per time: the sum over edges, each counted once.

    Arguments and errors are those of ``edge_entropy_production``.
    """
    return np.asarray(_edge_production(network, probabilities).sum(axis=-1))[()]


def _edge_production(network: MarkovNetwork, probabilities: ArrayLike | None) -> FloatArray:
    if probabilities is None:
        network.require_irreducible()  # first, so that a reducible network is called that
    network.edges.require_reversible()
    return edge_flows(network, probabilities).entropy_production()


def _by_pairs(network: MarkovNetwork, values: FloatArray, mirrored: float) -> Any:
    """Values of edges as an array (..., n, n) with ``mirrored`` times them at the swapped pair."""
    source, target, n = network.edges.source, network.edges.target, network.n_states
    if network.is_sparse:
        entries = np.concatenate([values, mirrored * values])
        at = np.concatenate([target, source]), np.concatenate([source, target])
        return scipy.sparse.coo_array((entries, at), shape=(n, n)).tocsr()
    pairs = np.zeros((*values.shape[:-1], n, n))
    pairs[..., target, source], pairs[..., source, target] = values, mirrored * values
    return pairs
