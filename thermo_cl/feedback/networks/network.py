"""Networks of edges that carry tension in proportion to strain: springs between nodes, or resistors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from thermo_cl import _validate as check
from thermo_cl._types import FloatArray, IntArray
from thermo_cl.errors import InvalidParameterError
from thermo_cl.feedback.networks.assembly import Assembly
from thermo_cl.feedback.networks.rigidity import require_held

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EdgeNetwork", "elastic_network", "resistor_network"]


@dataclass(frozen=True, eq=False, init=False, repr=False)
class EdgeNetwork:
    r"""Edges of strain (voltage) :math:`\varepsilon = Bx` that carry a tension (current) :math:`t = c\,\varepsilon`.

    Some degrees of freedom x are imposed. The others are where forces (currents) balance, :math:`B^T t` = loads. Made
    by ``elastic_network`` and ``resistor_network``.

    Attributes
    ----------
    compatibility : csr_array, shape (edges, dofs)
        B.
    coefficients : ndarray, shape (edges,)
        c > 0: stiffnesses or conductances.
    imposed : ndarray of int, shape (m,)
        Degrees of freedom whose values the world sets.
    edges : ndarray of int, shape (edges, 2)
        The nodes that each edge joins.
    positions : ndarray, shape (nodes, dim)
        Reference positions; for resistors only drawn.
    kind : {"elastic", "resistor"}
        Degree of freedom ``dim * node + axis`` of springs, ``node`` of resistors.
    """

    compatibility: Any
    coefficients: FloatArray
    imposed: IntArray
    edges: IntArray
    positions: FloatArray
    kind: Literal["elastic", "resistor"]
    assembly: Assembly = field(repr=False)

    def __init__(
        self, compatibility: Any, coefficients: ArrayLike, imposed: ArrayLike, edges: IntArray, positions: FloatArray,
        kind: Literal["elastic", "resistor"],
    ) -> None:  # fmt: skip
        n_edges, n_dofs = compatibility.shape
        held = _imposed(imposed, n_dofs)
        values = _coefficients(coefficients, n_edges)
        per_node = n_dofs // len(positions)
        assembly = Assembly(compatibility, held)
        require_held(assembly, edges, held, len(positions), per_node)
        check.freeze(
            self, compatibility=compatibility, coefficients=values, imposed=held, edges=edges, positions=positions,
            kind=kind, assembly=assembly,
        )  # fmt: skip

    def __repr__(self) -> str:
        return (
            f"EdgeNetwork({self.kind!r}, {len(self.positions)} nodes, {self.n_edges} edges, "
            f"{len(self.imposed)} of {self.n_dofs} degrees of freedom imposed)"
        )

    @property
    def n_edges(self) -> int:
        """Number of edges."""
        return int(self.compatibility.shape[0])

    @property
    def n_dofs(self) -> int:
        """Number of degrees of freedom, imposed ones included."""
        return int(self.compatibility.shape[1])

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.positions)

    def with_coefficients(self, coefficients: ArrayLike) -> EdgeNetwork:
        """The same edges with other coefficients, shape (edges,) or one for all; nothing else is made or checked anew.

        Raises
        ------
        InvalidParameterError
            If a coefficient is not positive and finite, or their shape is wrong.
        """
        values = _coefficients(coefficients, self.n_edges)
        changed: EdgeNetwork = object.__new__(EdgeNetwork)
        check.freeze(changed, **(vars(self) | {"coefficients": values}))
        return changed

    def with_imposed(self, imposed: ArrayLike) -> EdgeNetwork:
        """The same edges, held at other degrees of freedom; raises as on construction."""
        return EdgeNetwork(self.compatibility, self.coefficients, imposed, self.edges, self.positions, self.kind)


def elastic_network(positions: ArrayLike, edges: ArrayLike, stiffnesses: ArrayLike, imposed: ArrayLike) -> EdgeNetwork:
    r"""Springs at rest between nodes, for displacements small beside the springs' lengths.

    The strain of edge (i, j) is its elongation :math:`n_{ij}\cdot(x_i - x_j)`, n the unit vector from j to i: the first
    order in the displacements x (Calladine, Int. J. Solids Struct. 14, 161 (1978)).

    Parameters
    ----------
    positions : array_like, shape (nodes, dim)
        In 1, 2 or 3 dimensions.
    edges : array_like of int, shape (edges, 2)
    stiffnesses : array_like, shape (edges,) or ()
        > 0, force per elongation.
    imposed : array_like of int, shape (m,)
        Degrees of freedom ``dim * node + axis`` that are held or moved.

    Raises
    ------
    InvalidParameterError
        If an edge is a loop, twice there or of length 0, an index out of range, a stiffness not positive, or if nodes
        can move at no cost: the message says how many ways there are, and names a node.
    DisconnectedNetworkError
        If nothing holds some of the nodes.

    Examples
    --------
    >>> triangle = elastic_network([(0, 0), (1, 0), (0, 1)], [(0, 1), (1, 2), (2, 0)], 1.0, imposed=[0, 1, 2, 3])
    >>> triangle.n_edges, triangle.n_dofs
    (3, 6)
    """
    from scipy import sparse

    places = check.finite("positions", positions)
    if places.ndim != 2 or places.shape[1] not in (1, 2, 3) or not len(places):
        raise InvalidParameterError("positions.shape", places.shape, "(nodes, dim) with dim 1, 2 or 3")
    nodes, dim = places.shape
    pairs = _edges(edges, nodes)
    apart = places[pairs[:, 0]] - places[pairs[:, 1]]
    lengths = np.linalg.norm(apart, axis=1)
    if (lengths == 0).any():
        first = tuple(pairs[np.argmin(lengths)].tolist())
        raise InvalidParameterError("edges", first, "between nodes at different positions")
    unit = apart / lengths[:, None]
    columns = (dim * pairs[:, :, None] + np.arange(dim)).reshape(len(pairs), 2 * dim)
    compatibility = _rows(sparse, np.hstack([unit, -unit]), columns, nodes * dim)
    return EdgeNetwork(compatibility, stiffnesses, imposed, pairs, places, "elastic")


def resistor_network(
    edges: ArrayLike, conductances: ArrayLike, imposed: ArrayLike, positions: ArrayLike | None = None
) -> EdgeNetwork:
    """Resistors, or pipes of slow flow, between nodes; strains are voltages (pressure differences) x_i - x_j.

    Parameters
    ----------
    edges : array_like of int, shape (edges, 2)
        Every node from 0 to the largest must be there.
    conductances : array_like, shape (edges,) or ()
        > 0.
    imposed : array_like of int, shape (m,)
        Nodes whose voltage (pressure) is set: inputs, supplies and ground.
    positions : array_like, shape (nodes, dim), optional
        To draw the network; on a circle by default.

    Raises
    ------
    InvalidParameterError
        If an edge is a loop or twice there, an index out of range or a conductance not positive.
    DisconnectedNetworkError
        If no path leads from some of the nodes to an imposed one.

    Examples
    --------
    >>> divider = resistor_network([(0, 1), (1, 2)], [1.0, 3.0], imposed=[0, 2])
    >>> divider.compatibility.toarray()
    array([[ 1., -1.,  0.],
           [ 0.,  1., -1.]])
    """
    from scipy import sparse

    if positions is None:
        nodes = int(np.max(_integers("edges", edges), initial=-1)) + 1
        phase = 2.0 * np.pi * np.arange(nodes) / max(nodes, 1)
        places = np.stack([np.cos(phase), np.sin(phase)], axis=1)
    else:
        places = check.finite("positions", positions)
        if places.ndim != 2:
            raise InvalidParameterError("positions.shape", places.shape, "(nodes, dim)")
    pairs = _edges(edges, len(places))
    compatibility = _rows(sparse, np.tile([1.0, -1.0], (len(pairs), 1)), pairs, len(places))
    return EdgeNetwork(compatibility, conductances, imposed, pairs, places, "resistor")


def _rows(sparse: Any, entries: FloatArray, columns: IntArray, n_dofs: int) -> Any:
    """Sparse matrix with so many entries in every row; zeros are left out."""
    rows = np.repeat(np.arange(len(entries)), entries.shape[1])
    matrix = sparse.csr_array((entries.ravel(), (rows, columns.ravel())), shape=(len(entries), n_dofs))
    matrix.eliminate_zeros()
    return matrix


def _integers(name: str, value: ArrayLike) -> IntArray:
    array = check.real_array(name, value)
    if array.size and (array.dtype.kind not in "iu"):
        raise InvalidParameterError(name, f"an array of {array.dtype}", "whole numbers")
    whole: IntArray = array.astype(np.int64)
    return whole


def _edges(edges: ArrayLike | Sequence[Any], nodes: int) -> IntArray:
    pairs = _integers("edges", edges)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not len(pairs):
        raise InvalidParameterError("edges.shape", pairs.shape, "(edges, 2), at least one edge")
    outside = (pairs < 0) | (pairs >= nodes)
    if outside.any():
        raise InvalidParameterError("edges", int(pairs[outside][0]), f"a node from 0 to {nodes - 1}")
    loop = pairs[:, 0] == pairs[:, 1]
    if loop.any():
        raise InvalidParameterError("edges", tuple(pairs[loop][0].tolist()), "between two different nodes")
    ordered = np.sort(pairs, axis=1)
    _, first, counts = np.unique(ordered, axis=0, return_index=True, return_counts=True)
    if (counts > 1).any():
        twice = tuple(pairs[first[np.argmax(counts > 1)]].tolist())
        raise InvalidParameterError("edges", twice, "there once; add the coefficients of parallel edges")
    pairs.setflags(write=False)
    return pairs


def _imposed(imposed: ArrayLike, n_dofs: int) -> IntArray:
    held = _integers("imposed", imposed)
    if held.ndim != 1:
        raise InvalidParameterError("imposed.shape", held.shape, "(m,)")
    outside = (held < 0) | (held >= n_dofs)
    if outside.any():
        raise InvalidParameterError("imposed", int(held[outside][0]), f"degrees of freedom from 0 to {n_dofs - 1}")
    values, counts = np.unique(held, return_counts=True)
    if (counts > 1).any():
        raise InvalidParameterError("imposed", int(values[np.argmax(counts > 1)]), "degrees of freedom named once")
    if len(held) == n_dofs:
        raise InvalidParameterError("imposed", f"all {n_dofs} degrees of freedom", "fewer, so that some are free")
    held.setflags(write=False)
    return held


def _coefficients(coefficients: ArrayLike, n_edges: int) -> FloatArray:
    values = check.positive("coefficients", coefficients)
    if values.shape not in ((), (n_edges,)):
        raise InvalidParameterError("coefficients.shape", values.shape, f"({n_edges},), one for each edge")
    return np.broadcast_to(values, (n_edges,))
