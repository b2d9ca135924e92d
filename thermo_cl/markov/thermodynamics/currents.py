"""Currents and entropy production of a network, batched: steady, or at any distribution.

Fluxes are subtracted edge by edge, which is all that most networks need. Members of a batch so close to equilibrium
that this costs more than three digits of their entropy production are solved again by Kirchhoff's laws;
``steady_thermodynamics`` always does so, for one network, and gives the cycles as well.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray
from thermo_cl.markov.edges import Edges
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.cycles import cycle_affinity
from thermo_cl.markov.thermodynamics.kirchhoff import force_of_fluxes, solve_circuit

__all__ = [
    "EdgeFlows",
    "cycle_affinity",
    "edge_entropy_production",
    "edge_flows",
    "entropy_production_rate",
    "probability_currents",
]

_LOST = 1e3  # sum of |terms| over their sum above which fluxes are not just subtracted


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


def edge_flows(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> EdgeFlows:
    """Currents and forces of all edges; in the steady state, by default, without cancellation."""
    edges = network.edges
    p = network.steady_state() if probabilities is None else network.check_distribution(probabilities)
    check.broadcast(network=np.zeros(network.batch_shape), probabilities=p[..., 0])
    forward, backward = edges.forward * p[..., edges.source], edges.backward * p[..., edges.target]
    current, force = forward - backward, force_of_fluxes(forward, backward)
    if probabilities is not None:
        return EdgeFlows(current, force)
    # a flux between states that are empty to underflow is no one-way edge
    empty = edges.reversible & ((forward == 0) | (backward == 0))
    current, force = np.where(empty, 0.0, current), np.where(empty, 0.0, force)
    finite = np.isfinite(force).all(axis=-1)
    size = np.where(np.isfinite(force), np.abs(force), 0.0)
    terms, kept = (forward + backward) * size, np.abs(current) * size
    lost = finite & ~(terms.sum(axis=-1) < _LOST * kept.sum(axis=-1))
    for member in map(tuple, np.argwhere(lost)):
        occurs = (edges.forward[member] > 0) | (edges.backward[member] > 0)
        own = Edges(
            edges.source[occurs], edges.target[occurs], edges.forward[member][occurs], edges.backward[member][occurs]
        )
        circuit = solve_circuit(network.n_states, own, p[member])
        current[(*member, occurs)], force[(*member, occurs)] = circuit.currents, circuit.forces
    return EdgeFlows(current, force)


def probability_currents(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> Any:
    """Net probability current of every edge, shape (..., n, n), in 1/time; entry (i, j) counts j -> i as positive.

    ``probabilities`` is the steady state unless another distribution, shape (..., n), is given. A sparse network has a
    sparse array of currents. Where the network as a whole is far from equilibrium, the current of an edge that is
    itself near balance has the absolute accuracy of its fluxes; ``steady_thermodynamics`` keeps its digits.
    """
    return _by_pairs(network, edge_flows(network, probabilities).current, -1.0)


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
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    """
    return _by_pairs(network, _edge_production(network, probabilities), 1.0)


def entropy_production_rate(network: MarkovNetwork, probabilities: ArrayLike | None = None) -> FloatArray:
    """Total entropy production rate, shape batch, in k_B per time: the sum over edges, each counted once."""
    return np.asarray(_edge_production(network, probabilities).sum(axis=-1))[()]


def _edge_production(network: MarkovNetwork, probabilities: ArrayLike | None) -> FloatArray:
    flows = edge_flows(network, probabilities)  # first, so that a reducible network is called that
    network.edges.require_reversible()
    return flows.entropy_production()


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
