"""Nodes of a network by where they are: sides, far ones, and their degrees of freedom."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.network import EdgeNetwork

__all__ = ["Side", "apart_nodes", "boundary_nodes", "node_dofs", "pair_strain"]

Side = Literal["left", "right", "bottom", "top"]
_SIDES: dict[str, tuple[int, float]] = {"left": (0, -1.0), "right": (0, 1.0), "bottom": (1, -1.0), "top": (1, 1.0)}


def node_dofs(network: EdgeNetwork, nodes: ArrayLike) -> IntArray:
    """All degrees of freedom of nodes, in their order, shape (nodes * per node,).

    Raises
    ------
    InvalidParameterError
        If a node is out of range.
    """
    chosen = np.atleast_1d(_nodes(network, nodes))
    per_node = network.n_dofs // network.n_nodes
    return np.asarray((per_node * chosen[:, None] + np.arange(per_node)).ravel())


def boundary_nodes(network: EdgeNetwork, side: Side | None = None) -> IntArray:
    """Nodes within half a typical edge of one side of the bounding box, or of any; in order along the side.

    Raises
    ------
    InvalidParameterError
        If the side is unknown, or positions are not in the plane.
    """
    if network.positions.shape[1] != 2:
        raise InvalidParameterError("network.positions.shape", network.positions.shape, "(nodes, 2), in the plane")
    if side is None:
        return np.unique(np.concatenate([boundary_nodes(network, name) for name in ("left", "right", "bottom", "top")]))
    if side not in _SIDES:
        raise InvalidParameterError("side", side, ", ".join(map(repr, _SIDES)))
    axis, sign = _SIDES[side]
    ends = network.positions[network.edges]
    typical = float(np.median(np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1)))
    outward = sign * network.positions[:, axis]
    near = np.flatnonzero(outward >= outward.max() - 0.5 * typical)
    return near[np.argsort(network.positions[near, 1 - axis], kind="stable")]


def apart_nodes(network: EdgeNetwork, count: int, rng: np.random.Generator | int | None = 0) -> IntArray:
    """So many nodes far from each other: the first at random, each next one farthest from those before.

    Raises
    ------
    InvalidParameterError
        If there are not so many nodes.
    """
    number = check.integer_at_least("count", count, 1)
    if number > network.n_nodes:
        raise InvalidParameterError("count", number, f"at most {network.n_nodes}, the network's nodes")
    chosen = [int(check.generator(rng).integers(network.n_nodes))]
    distance = np.full(network.n_nodes, np.inf)
    while len(chosen) < number:
        distance = np.minimum(distance, np.linalg.norm(network.positions - network.positions[chosen[-1]], axis=1))
        chosen.append(int(np.argmax(distance)))
    return np.array(chosen)


def pair_strain(network: EdgeNetwork, pairs: ArrayLike) -> Any:
    """Readout of the strain of pairs of nodes, joined or not: elongation over distance, csr_array (pairs, dofs).

    For resistors it is the voltage between the two.

    Parameters
    ----------
    network : EdgeNetwork
    pairs : array_like of int, shape (pairs, 2)

    Raises
    ------
    InvalidParameterError
        If a node is out of range, or the two of a pair are the same.
    """
    from scipy import sparse

    ends = np.atleast_2d(_nodes(network, pairs))
    if ends.ndim != 2 or ends.shape[1] != 2 or (ends[:, 0] == ends[:, 1]).any():
        raise InvalidParameterError("pairs", ends.tolist(), "pairs of two different nodes")
    per_node = network.n_dofs // network.n_nodes
    if network.kind == "elastic":
        apart = network.positions[ends[:, 0]] - network.positions[ends[:, 1]]
        direction = apart / np.sum(apart**2, axis=1, keepdims=True)
    else:
        direction = np.ones((len(ends), 1))
    columns = (per_node * ends[:, :, None] + np.arange(per_node)).reshape(len(ends), -1)
    rows = np.repeat(np.arange(len(ends)), columns.shape[1])
    entries = np.hstack([direction, -direction]).ravel()
    return sparse.csr_array((entries, (rows, columns.ravel())), shape=(len(ends), network.n_dofs))


def _nodes(network: EdgeNetwork, nodes: ArrayLike) -> IntArray:
    chosen = check.real_array("nodes", nodes)
    if chosen.dtype.kind not in "iu" or not chosen.size or chosen.min() < 0 or chosen.max() >= network.n_nodes:
        raise InvalidParameterError("nodes", chosen.tolist(), f"whole numbers from 0 to {network.n_nodes - 1}")
    whole: IntArray = chosen.astype(np.int64)
    return whole
