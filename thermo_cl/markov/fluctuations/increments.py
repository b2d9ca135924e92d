"""What a jump adds to a counted quantity: plain arrays of increments, entry (i, j) for the jump j -> i.

An antisymmetric array counts a current, a symmetric one traffic; any mixture may be counted. Increments that differ by
f[i] - f[j] count the same quantity up to a bounded term, and have the same scaled cumulants.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._memory import require_memory
from thermo_cl._types import FloatArray
from thermo_cl.errors import InvalidParameterError, NotConnectedError
from thermo_cl.markov.algebra.ratios import log_ratio
from thermo_cl.markov.network import MarkovNetwork
from thermo_cl.markov.thermodynamics.currents import edge_flows

__all__ = ["as_dense", "checked_increments", "edge_current", "entropy_increments"]


def edge_current(network: MarkovNetwork, source: int, target: int) -> FloatArray:
    """Increments that count jumps source -> target minus jumps back, shape (n, n).

    Raises
    ------
    NotConnectedError
        If no jump joins the two states.
    """
    edges, source, target = (
        network.edges, check.integer_at_least("source", source, 0), check.integer_at_least("target", target, 0)
    )  # fmt: skip
    low, high = min(source, target), max(source, target)
    if not ((edges.source == low) & (edges.target == high)).any():
        raise NotConnectedError(
            f"no edge joins states {source} and {target}; choose one of the {len(edges)} edges in network.edges"
        )
    increments = _no_increments(network)
    increments[target, source], increments[source, target] = 1.0, -1.0
    return increments


def _no_increments(network: MarkovNetwork, batch: tuple[int, ...] = ()) -> FloatArray:
    shape = (*batch, network.n_states, network.n_states)
    require_memory(f"an array of increments of shape {shape}", 8 * math.prod(shape), "Sum over network.edges instead.")
    return np.zeros(shape)


def entropy_increments(network: MarkovNetwork, part: Literal["medium", "total"] = "medium") -> FloatArray:
    r"""Entropy that each jump produces, in k_B, shape (..., n, n).

    Parameters
    ----------
    network : MarkovNetwork
        Every edge must have rates in both directions.
    part : {"medium", "total"}
        "medium": :math:`\ln(W_{ij}/W_{ji})`, the entropy given to the surroundings. "total":
        :math:`\ln(W_{ij}p_j/W_{ji}p_i)` in the steady state p, which adds the system's own. Their scaled cumulants are
        the same; near equilibrium only "total" keeps the digits, for the parts that cancel around cycles are large
        against the affinities.

    Raises
    ------
    IrreversibleEdgeError
        If an edge has a rate in one direction only.
    """
    if part not in {"medium", "total"}:
        raise InvalidParameterError("part", part, "'medium' or 'total'")
    edges = network.edges
    edges.require_reversible()
    values = edge_flows(network).force if part == "total" else log_ratio(edges.forward, edges.backward)
    increments = _no_increments(network, network.batch_shape)
    increments[..., edges.target, edges.source] = values
    increments[..., edges.source, edges.target] = -values
    return increments


def checked_increments(network: MarkovNetwork, increments: ArrayLike) -> FloatArray:
    """Increments as finite floats of shape (..., n, n) with an empty diagonal."""
    d, n = np.array(check.finite("increments", increments)), network.n_states
    if d.ndim < 2 or d.shape[-2:] != (n, n):
        raise InvalidParameterError("increments.shape", d.shape, f"(..., {n}, {n}), entry (i, j) for the jump j -> i")
    check.broadcast(network=np.zeros(network.batch_shape), increments=d[..., 0, 0])
    d[..., np.arange(n), np.arange(n)] = 0.0
    return d


def as_dense(network: MarkovNetwork) -> MarkovNetwork:
    """The network with dense rates, which whole spectra and inverses need."""
    return MarkovNetwork(network.dense_generator(arrays=8)) if network.is_sparse else network
